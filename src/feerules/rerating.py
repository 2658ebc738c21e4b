"""Re-rating: what was billed against what is right now, as charges and credits that name what they correct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import polars as pl

from feerules.book import Book
from feerules.frames import to_decimal
from feerules.periods import Period, day_number
from feerules.plan.nodes import Slot
from feerules.telling import about_of

__all__ = ["Cycles", "billed_fees", "cycle_of", "cycles_of", "differences"]

Window = tuple[str, str, int, int]  # fee, document, first day, day after the last


def cycle_of(slot: Slot, period: Period, *, accrue: bool) -> tuple[int, int] | None:
    """The days whose bills a slot's lines answer for; None where they differ from unit to unit.

    What has no length in time answers for the period, and so does a cycle where only the days of the
    period are priced.
    """
    cycle = about_of(slot).cycle
    days = cycle.period
    if days is None:
        if cycle.months is not None:
            return None
        days = period
    elif accrue:
        days = days.intersect(period) or days
    return day_number(days.start), day_number(days.end)


@dataclass(frozen=True)
class Cycles:
    """Which bills the lines of a run answer for.

    `fixed` are the same for every unit; `own` has for each unit the cycles that only it has. Bills of
    `gone` fees, which no schedule in force knows, are answered for by their day in the period.
    """

    fixed: tuple[Window, ...]
    own: pl.LazyFrame | None
    gone: tuple[str, ...]
    period: Period


def cycles_of(slots: Sequence[Slot], period: Period, *, accrue: bool) -> tuple[Window, ...]:
    """The cycles that are the same for every unit."""
    found = set[Window]()
    for slot in slots:
        days = cycle_of(slot, period, accrue=accrue)
        if days is not None:
            found.add((about_of(slot).fee_id, about_of(slot).schedule.id, *days))
    return tuple(sorted(found))


def billed_fees(book: Book, slots: Sequence[Slot], period: Period) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(every fee that a bill may be for, those of them that no schedule in force in the period knows)."""
    start, end = day_number(period.start), day_number(period.end)
    versions = [version for each in book.versions for version in each]
    told = {about_of(slot).fee_id for slot in slots}
    every = told | {fee for version in versions for fee in version.schedule.fees}
    in_force = [version for version in versions if version.first < end and start < version.until]
    known = told | {fee for version in in_force for fee in version.schedule.fees}
    return tuple(sorted(every)), tuple(sorted(every - known))


def differences(
    lines: pl.LazyFrame, unpriced: pl.LazyFrame, bills: pl.LazyFrame, cycles: Cycles, key: str
) -> pl.LazyFrame:
    """The lines that bring what was billed to what is right.

    Lines and bills are compared by unit, fee and cycle; a bill belongs to the cycle in which its days
    begin. A difference is one line of kind charge or credit with `corrects_charge_id`, told by the
    first line that is right now, or by the bill where nothing is. Units that cannot be priced or whose
    bills cannot be read (`unpriced`) are left as they were billed.
    """
    unpriced = unpriced.select(pl.col("unit_id").alias("#unit")).drop_nulls().unique()
    lines = lines.with_columns(pl.col(key).cast(pl.String).alias("#unit"))
    right = _right(lines.join(unpriced, on="#unit", how="anti", maintain_order="left"))
    bills = bills.rename({"unit": "#unit"}).join(unpriced, on="#unit", how="anti", maintain_order="left")
    sent = _sent(_placed(bills.with_row_index("#bill"), lines, cycles))
    joined = right.join(sent, on=["#unit", "fee", "cycle_start"], how="full", coalesce=True)
    change = pl.col("#right").fill_null(0) - pl.col("#sent").fill_null(0)
    joined = joined.with_columns(change.alias("#change")).filter(pl.col("#change") != 0)
    return _as_lines(joined, lines.collect_schema(), key)


# Which bill belongs where


def _placed(bills: pl.LazyFrame, lines: pl.LazyFrame, cycles: Cycles) -> pl.LazyFrame:
    """Each bill with the first day of its cycle; bills of other cycles are left out."""
    start, end = day_number(cycles.period.start), day_number(cycles.period.end)
    gone = [(fee, "", start, end) for fee in cycles.gone]
    schema = {"fee": pl.String, "document": pl.String, "cycle_start": pl.Int64, "cycle_end": pl.Int64}
    windows = pl.LazyFrame([*cycles.fixed, *gone], schema=schema, orient="row")
    begins = pl.col("begins")
    inside = begins.is_between(pl.col("cycle_start"), pl.col("cycle_end"), closed="left")
    fixed = bills.join(windows, on="fee").filter(inside)
    if _overlap(cycles.fixed):
        fixed = _by_schedule(fixed, lines)
    if cycles.own is None:
        return fixed
    own = bills.join(cycles.own, on=["#unit", "fee"])
    # A bill of a cycle that began on another day is one of this cycle where it reaches into it.
    reaches = begins.is_between(start, end, closed="left") & (pl.col("ends") > pl.col("cycle_start"))
    own = own.filter(inside | (reaches & (begins < pl.col("cycle_start"))))
    own = own.unique("#bill", keep="first", maintain_order=True)
    lost = bills.join(cycles.own.select("fee").unique(), on="fee", how="semi")
    lost = lost.join(cycles.own, on=["#unit", "fee"], how="anti")
    lost = lost.filter(begins.is_between(start, end, closed="left")).with_columns(
        cycle_start=pl.lit(start, pl.Int64)
    )
    names = [*bills.collect_schema(), "cycle_start"]
    return pl.concat([fixed.select(names), own.select(names), lost.select(names)])


def _overlap(windows: Sequence[Window]) -> bool:
    pairs = combinations(windows, 2)
    return any(a[0] == b[0] and a[2] < b[3] and b[2] < a[3] for a, b in pairs)


def _by_schedule(placed: pl.LazyFrame, lines: pl.LazyFrame) -> pl.LazyFrame:
    """Where schedules have cycles of their own for a fee: those by which the unit is billed now, else the shortest."""
    by = ["#unit", "fee", "document"]
    mine = lines.select(by).unique()
    theirs = placed.join(lines.select(by[:2]).unique(), on=by[:2], how="anti")
    placed = pl.concat([placed.join(mine, on=by, how="semi"), theirs])
    return placed.sort("#bill", "cycle_end", "cycle_start").unique("#bill", keep="first", maintain_order=True)


def _sent(placed: pl.LazyFrame) -> pl.LazyFrame:
    """What was billed in each cycle: its fen, how many bills, the first bill's id and day."""
    return (
        placed.sort("begins", "charge_id", "#bill")
        .group_by("#unit", "fee", "cycle_start", maintain_order=True)
        .agg(
            pl.col("sent").sum().alias("#sent"),
            pl.len().alias("#bills"),
            pl.col("charge_id").first().alias("corrects_charge_id"),
            pl.col("begins").first().cast(pl.Int32).cast(pl.Date).alias("#begins"),
        )
    )


# Lines


def _right(lines: pl.LazyFrame) -> pl.LazyFrame:
    """What is right in each cycle: its fen, and the first line."""
    amount = pl.col("amount").reinterpret(dtype=pl.Int128).cast(pl.Int64).alias("#right")
    by = ["#unit", "fee", "cycle_start"]
    return (
        lines.with_columns(amount)
        .group_by(by, maintain_order=True)
        .agg(pl.col("#right").sum(), pl.all().exclude("#right", *by).first())
    )


def _as_lines(joined: pl.LazyFrame, schema: pl.Schema, key: str) -> pl.LazyFrame:
    """Each change as a bill line: no quantity and rate of its own, all of it net."""
    change = to_decimal(pl.col("#change"), 2)
    blank = ("quantity", "rate", "factor", "tax_rate")
    corrected = pl.col("corrects_charge_id")
    # The number of bills so far tells one correction from another of the same amount.
    identity = pl.concat_str(
        pl.coalesce(corrected + pl.lit("~"), pl.lit("")),
        pl.coalesce(pl.col("charge_id"), pl.concat_str(pl.col("#unit"), pl.lit(":"), pl.col("fee"))),
        pl.lit("~"),
        pl.col("#bills").fill_null(0).cast(pl.String),
        pl.lit("~"),
        pl.col("#change").cast(pl.String),
    )
    replaced = {
        "charge_id": identity,
        key: pl.coalesce(pl.col(key), pl.col("#unit").cast(schema[key], strict=False)),
        "kind": pl.when(pl.col("#change") > 0).then(pl.lit("charge")).otherwise(pl.lit("credit")),
        "period_start": pl.coalesce("period_start", "#begins"),
        "net": change,
        "tax": to_decimal(pl.lit(0, pl.Int64), 2),
        "amount": change,
        **{name: pl.lit(None, schema[name]) for name in blank},
    }
    names = [name for name in schema if name not in ("cycle_start", "#unit")]
    return joined.select(*(replaced.get(name, pl.col(name)).alias(name) for name in names), corrected)
