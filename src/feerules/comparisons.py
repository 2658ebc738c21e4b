"""What would change under other rules: an estate under two books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from feerules.book import Book
from feerules.errors import MissingExtra
from feerules.periods import Period

if TYPE_CHECKING:
    from feerules.whatif.comparison import Comparison

__all__ = ["compare"]


def compare(
    old: Book,
    new: Book,
    units: Any,
    period: str | Period,
    *,
    new_period: str | Period | None = None,
    key: str = "unit_id",
    accrue: bool = False,
    pools: Any = None,
    new_pools: Any = None,
    worst: int = 20,
    attribute: Literal["in_order", "averaged", "no"] = "in_order",
    progress: bool | None = None,
) -> Comparison:
    """Who pays more and less when an estate is priced by `new` instead of `old`, and which rules do it.

    `units`, `period`, `key`, `accrue` and `pools` are as for `price_estate`. With `new_period` (and
    `new_pools`), the new rules price another period: `compare(book, book, units, "2026-12",
    new_period="2027-01")` compares two versions of one book. `worst` units of each direction come with both
    bills. The whole change is put down to the rules that differ, and adds up to the fen: `"in_order"` switches
    one after the other (连环替代法), `"averaged"` takes the mean over all orders (at most six rules). A unit
    that either side cannot price is told in `problems` and counted. `progress` shows a bar; by default where
    the standard error is a terminal. Needs the extra `estate`.
    """
    result: Comparison = _extra("compare").compare_frames(
        old, new, units, period,
        new_period=new_period, key=key, accrue=accrue, pools=pools, new_pools=new_pools, worst=worst,
        attribute=attribute, progress=progress,
    )  # fmt: skip
    return result


def _extra(function: str) -> Any:
    """The module that needs the extra `estate` for a function."""
    try:
        from feerules.whatif import compare as module
    except ModuleNotFoundError as error:
        raise MissingExtra(function, "estate", error.name or "") from error
    return module
