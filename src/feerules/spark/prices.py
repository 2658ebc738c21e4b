"""What an estate on Spark owes: one statement of SQL, so that no row ever passes through Python."""

from __future__ import annotations

from typing import Any, Literal

from feerules.book import Book
from feerules.dated import DATED
from feerules.errors import FrameError
from feerules.periods import Period
from feerules.spark.answers import SparkResult, refuse_strict
from feerules.spark.statements import answered
from feerules.statements.asking import price_statement
from feerules.statements.statement import Statement

__all__ = ["price_units"]


def price_units(
    units: Any,
    book: Book,
    period: str | Period,
    *,
    form: Literal["wide", "long"],
    key: str,
    accrue: bool,
    pools: Any,
    billed: Any,
    strict: bool,
) -> SparkResult:
    """See `feerules.price_estate`."""
    _refuse(units, pools=pools, billed=billed)
    refuse_strict(strict=strict)

    def write(name: str, columns: dict[str, str]) -> Statement:
        return price_statement(
            book, "spark", name, period, columns=columns, form=form, key=key, accrue=accrue, unique=False
        )

    return answered(units, book, write)


def _refuse(units: Any, *, pools: Any, billed: Any) -> None:
    """Refuses what one machine does and Spark does not."""
    told = {"pools=": pools is not None, "billed=": billed is not None}
    told |= {f"the column {name}": name in units.columns for name in DATED}
    found = [name for name, given in told.items() if given]
    if found:
        raise FrameError(
            f"found {', '.join(found)}, which on Spark is not worked out: give units as the path of their "
            "Parquet files, so that one machine prices them in bounded memory"
        )
