"""How old is what is open: every open charge in one bucket by its days overdue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import ceil, floor
from typing import Any, Literal, get_args

import polars as pl

from feerules.clocks import read_day, read_known
from feerules.documents.cells import Cell
from feerules.frames import to_decimal
from feerules.reports.entries import Entries, total
from feerules.reports.events import Events
from feerules.reports.kinds import OWED
from feerules.reports.results import Report

__all__ = ["AgeFrom", "aged", "open_charges"]

AgeFrom = Literal["due_on", "issued_on", "period_end"]
MOST_DAYS = 1_000_000
NOT_OVERDUE = "not_overdue"
Band = tuple[int, int]  # half-open, of whole days


def aged(
    charges: Any,
    payments: Any,
    allocations: Any,
    as_of: str | date,
    *,
    by: str | Sequence[str],
    buckets: Mapping[str, str],
    grace: int,
    age_from: AgeFrom,
    events: Any,
    kinds: Sequence[str],
    units: Any,
    known_at: Any,
    strict: bool,
) -> Report:
    """See `feerules.ageing_report`."""
    bands = _bands(buckets)
    if age_from not in get_args(AgeFrom):
        raise ValueError(f"found age_from={age_from!r}, expected one of {', '.join(get_args(AgeFrom))}")
    needs = [age_from] if events is None else [age_from, "account_id"]
    entries = Entries(
        charges, payments, allocations, by=by, units=units, known_at=read_known(known_at), needs=needs
    )
    day = read_day(as_of)
    entries.check_applied(day)
    pauses = None if events is None else Events(events, day, read_known(known_at))
    if pauses is not None:
        entries.problems.extend(pauses.problems)
    found = open_charges(entries, pauses, day, grace, age_from, kinds)
    days, amount = pl.col("days_overdue"), pl.col("open")
    inside = {name: _inside(days, each) for name, each in bands.items()}
    columns = {
        "open": amount,
        NOT_OVERDUE: amount.filter(~pl.any_horizontal(pl.lit(False), *inside.values())),
        **{f"bucket_{name}": amount.filter(test) for name, test in inside.items()},
    }
    rows = (
        found.group_by(entries.keys)
        .agg(total(column).alias(name) for name, column in columns.items())
        .sort(entries.keys, nulls_last=True)
        .select(*entries.keys, *(to_decimal(pl.col(name), 2).alias(name) for name in columns))
    )
    return Report(*entries.told(rows, strict=strict))


def open_charges(
    entries: Entries, events: Events | None, day: date, grace: int, age_from: AgeFrom, kinds: Sequence[str]
) -> pl.LazyFrame:
    """The charges that are open at the end of a day, with how many days they are overdue.

    Days overdue are days past due less grace and paused days; only above 0 is overdue.
    """
    if unknown := [each for each in kinds if each not in OWED]:
        raise ValueError(f"found the kind {unknown[0]!r}, expected some of {', '.join(OWED)}")
    rows = entries.standing(day).filter((pl.col("open") > 0) & pl.col("kind").is_in(list(kinds)))
    paused: pl.Expr = pl.lit(0)
    if events is not None:
        rows = _with_paused(rows, events, day, age_from)
        paused = pl.col("_paused").fill_null(0)
    past = (pl.lit(day) - pl.col(age_from)).dt.total_days()
    return rows.with_columns(days_overdue=past - grace - paused)


def _with_paused(rows: pl.LazyFrame, events: Events, day: date, age_from: AgeFrom) -> pl.LazyFrame:
    """Counts the paused days from the day that a charge ages from up to, not including, the day of the question."""
    first = pl.max_horizontal("_from", age_from)
    last = pl.min_horizontal("_to", pl.lit(day))
    days = (last - first).dt.total_days()
    paused = (
        rows.select("charge_id", "account_id", age_from)
        .join(events.pauses(), on="account_id", how="inner")
        .group_by("charge_id")
        .agg(_paused=days.clip(0).sum())
    )
    return rows.join(paused, on="charge_id", how="left", maintain_order="left")


# Buckets


def _bands(buckets: Mapping[str, str]) -> dict[str, list[Band]]:
    """The whole days of each bucket; ValueError where a day overdue is in none or in two."""
    bands = {name: list(_days_of(Cell.parse(cell, type="number"))) for name, cell in buckets.items()}
    reached, before = 1, ""
    for first, end, name in sorted((*band, name) for name, each in bands.items() for band in each):
        if before and first < reached:
            raise ValueError(
                f"the buckets {before} and {name} overlap: both hold {max(first, 1)} days overdue"
            )
        if first > reached:
            raise ValueError(f"no bucket holds {reached} days overdue: before {name}, declare one that does")
        reached, before = max(reached, end), name
    if reached < MOST_DAYS:
        raise ValueError(f'no bucket holds {reached} days overdue: declare one, such as ">= {reached}"')
    return bands


def _days_of(cell: Cell) -> Iterator[Band]:
    for each in cell.ranges() or ():
        first = -MOST_DAYS if each.lo is None else floor(each.lo) + 1 if each.lo_open else ceil(each.lo)
        end = MOST_DAYS if each.hi is None else ceil(each.hi) if each.hi_open else floor(each.hi) + 1
        if first < end:
            yield first, end


def _inside(days: pl.Expr, bands: Sequence[Band]) -> pl.Expr:
    return pl.any_horizontal(
        pl.lit(False), *(days.is_between(first, end, closed="left") for first, end in bands)
    )
