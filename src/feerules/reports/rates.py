"""The collection rate, which says nothing unless it says of what: each base has its own two sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Literal, get_args

import polars as pl

from feerules.clocks import read_day, read_known
from feerules.frames import to_decimal
from feerules.periods import Period
from feerules.reports.entries import Entries, total
from feerules.reports.results import Report

__all__ = ["Base", "Belongs", "rated"]

Base = Literal["amount", "household", "arrears"]
Belongs = Literal["period_start", "issued_on", "due_on"]
MOST_PLACES = 12


def rated(
    charges: Any,
    payments: Any,
    allocations: Any,
    period: str | Period,
    *,
    base: Base,
    by: str | Sequence[str],
    belongs: Belongs,
    as_of: str | date | None,
    known_at: Any,
    places: int,
    units: Any,
    strict: bool,
) -> Report:
    """See `feerules.collection_rate`."""
    period = Period.parse(period) if isinstance(period, str) else period
    last = period.end - timedelta(days=1) if as_of is None else read_day(as_of)
    _check(base, belongs, places, period, last)
    needs = {"account_id"} if base == "household" else set()
    needs |= {belongs} - {"period_start"}
    entries = Entries(
        charges, payments, allocations, by=by, units=units, known_at=read_known(known_at), needs=sorted(needs)
    )
    entries.check_applied(last)
    sums = SUMS[base](entries, period, last, belongs)
    if len(entries.keys) == 1:
        sums = pl.concat([sums, _nothing(sums)])
    rows = sums.sort(entries.keys, nulls_last=True).select(*entries.keys, *_told(base, last, places))
    return Report(*entries.told(rows, strict=strict))


def _check(base: str, belongs: str, places: int, period: Period, last: date) -> None:
    for name, said, words in (("base", base, get_args(Base)), ("belongs", belongs, get_args(Belongs))):
        if said not in words:
            raise ValueError(f"found {name}={said!r}, expected one of {', '.join(words)}")
    if not 0 <= places <= MOST_PLACES:
        raise ValueError(f"found places={places}, expected 0 to {MOST_PLACES}")
    if last < period.start:
        raise ValueError(f"found as_of={last}, expected a day of the period {period} or a later one")


def _day(belongs: Belongs) -> pl.Expr:
    """The day that decides to which period a charge belongs; one without a period belongs where it is issued."""
    return pl.coalesce("period_start", "_day") if belongs == "period_start" else pl.col(belongs)


def _current(entries: Entries, period: Period, last: date, belongs: Belongs) -> pl.LazyFrame:
    """What is receivable for the period and what came in for it; charges of other periods count nothing."""
    mine = _day(belongs).is_between(period.start, period.end, closed="left")
    owed = pl.col("amount") - pl.col("credited") - pl.col("waived")
    standing = entries.standing(last).filter(pl.col("kind") == "charge")
    return standing.with_columns(
        _receivable=pl.when(mine).then(owed).otherwise(0),
        _received=pl.when(mine).then(pl.col("received")).otherwise(0),
    )


def _by_amount(entries: Entries, period: Period, last: date, belongs: Belongs) -> pl.LazyFrame:
    return (
        _current(entries, period, last, belongs)
        .group_by(entries.keys)
        .agg(numerator=total(pl.col("_received")), denominator=total(pl.col("_receivable")))
    )


def _by_household(entries: Entries, period: Period, last: date, belongs: Belongs) -> pl.LazyFrame:
    """Households that have paid all that is receivable from them, of those from whom something is."""
    sums = (
        _current(entries, period, last, belongs)
        .group_by(*entries.keys, _household="account_id")
        .agg(total(pl.col("_receivable")), total(pl.col("_received")))
    )
    owes = pl.col("_receivable") > 0
    paid = owes & (pl.col("_received") == pl.col("_receivable"))
    return sums.group_by(entries.keys).agg(numerator=total(paid), denominator=total(owes))


def _of_arrears(entries: Entries, period: Period, last: date, belongs: Belongs) -> pl.LazyFrame:
    """What came in during the period for charges of earlier ones, of what was open of them when it began."""
    old = entries.owed.filter(
        (pl.col("kind") == "charge") & (_day(belongs) < period.start) & (pl.col("_day") <= last)
    )
    before = pl.col("_day") < period.start
    received, written_off = pl.col("_what") == "received", pl.col("_what") == "written_off"
    # A waiver in the period makes the arrears less; a write-off gives them up, and does not.
    lessened = before | ~(received | written_off)
    applied = (
        entries.applied(last)
        .group_by("charge_id")
        .agg(
            _received=pl.col("_applied").filter(received & ~before).sum(),
            _lessened=pl.col("_applied").filter(lessened).sum(),
        )
    )
    sums = old.join(applied, on="charge_id", how="left").with_columns(
        pl.col("_received", "_lessened").fill_null(0)
    )
    return sums.group_by(entries.keys).agg(
        numerator=total(pl.col("_received")), denominator=total(pl.col("amount") - pl.col("_lessened"))
    )


SUMS = {"amount": _by_amount, "household": _by_household, "arrears": _of_arrears}


def _nothing(sums: pl.LazyFrame) -> pl.LazyFrame:
    """One row for all of nothing: a question that is not asked by group has an answer."""
    zero = pl.lit(0, pl.Int128)
    none = sums.select(_rows=pl.len()).filter(pl.col("_rows") == 0)
    # As added columns: a selection of constants alone would always have a row.
    told = none.with_columns(currency=pl.lit(None, pl.String), numerator=zero, denominator=zero)
    return told.drop("_rows")


def _told(base: Base, last: date, places: int) -> list[pl.Expr]:
    numerator, denominator = pl.col("numerator"), pl.col("denominator")
    rounded = (numerator * (2 * 10**places) + denominator) // (2 * denominator)
    money = base != "household"
    return [
        pl.lit(base).alias("base"),
        pl.lit(last).alias("as_of"),
        to_decimal(numerator, 2) if money else numerator.cast(pl.Int64),
        to_decimal(denominator, 2) if money else denominator.cast(pl.Int64),
        pl.when(denominator > 0).then(to_decimal(rounded, places)).alias("rate"),
    ]
