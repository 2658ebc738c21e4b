"""What would change under other rules: an estate under two books."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from feerules.book import Book
from feerules.errors import MissingExtra
from feerules.periods import Period
from feerules.whatif.reforms.reform import Reform

if TYPE_CHECKING:
    from feerules.whatif.prices.comparison import Comparison

__all__ = ["compare", "grid"]


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
    _refuse_others(old, new)
    result: Comparison = _extra("compare").compare_frames(
        old, new, units, period,
        new_period=new_period, key=key, accrue=accrue, pools=pools, new_pools=new_pools, worst=worst,
        attribute=attribute, progress=progress,
    )  # fmt: skip
    return result


def grid(
    book: Book,
    units: Any,
    period: str | Period,
    reform: Callable[..., Reform | Book],
    values: Mapping[str, Sequence[Any]],
    *,
    key: str = "unit_id",
    accrue: bool = False,
    pools: Any = None,
    progress: bool | None = None,
) -> Any:
    """What an estate would come to under every combination of some values: a frame with a row for each.

    `reform` makes a `Reform` (or a book) of them: `grid(book, units, "2026-11", lambda rate, vacancy:
    Reform().rate("management", to=rate).adjustment("management", 1, to=vacancy), {"rate": ["2.80", "2.95"],
    "vacancy": ["0.5", "0.7"]})`. Each row has the values, compared, more, less, same, newly_priced,
    no_longer_priced, old, new, change, raised and lowered, as in the `summary` of `compare`. The frame is of the
    kind that came in. Needs the extra `estate`.
    """
    _refuse_others(book)
    return _extra("grid").grid_frame(
        book, units, period, reform, values, key=key, accrue=accrue, pools=pools, progress=progress
    )


def _refuse_others(*books: object) -> None:
    for each in books:
        if not isinstance(each, Book):
            hint = "apply it to a book" if isinstance(each, Reform) else "feerules.load gives one"
            raise TypeError(f"found {type(each).__name__}, expected a Book: {hint}")


def _extra(function: str) -> Any:
    """The module that needs the extra `estate` for a function."""
    try:
        if function == "grid":
            from feerules.whatif.prices import grids as module
        else:
            from feerules.whatif.prices import compare as module  # type: ignore[no-redef]
    except ModuleNotFoundError as error:
        raise MissingExtra(function, "estate", error.name or "") from error
    return module
