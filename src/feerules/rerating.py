"""Re-rating: what was billed against what is right now, as charges and credits that name what they correct."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from feerules.frames import FrameError, columns_of, fen, into_lazy, to_decimal
from feerules.periods import Period
from feerules.plan.nodes import Slot
from feerules.telling import about_of

__all__ = ["cycle_of", "differences"]

NEEDED = ("charge_id", "unit_id", "fee", "period_start", "amount")


def cycle_of(slot: Slot, period: Period) -> tuple[date, date]:
    """The days whose bills a slot's lines answer for: its cycle, or the period where cycles differ by unit."""
    cycle = about_of(slot).cycle.period or period
    return cycle.start, cycle.end


def differences(
    lines: pl.LazyFrame, unpriced: pl.LazyFrame, billed: Any, slots: Sequence[Slot], key: str, period: Period
) -> pl.LazyFrame:
    """The lines that bring what was billed to what is right.

    Lines and bills are compared by unit, fee and cycle; a bill line belongs to the cycle in which its
    days begin. A difference is one line of kind charge or credit with `corrects_charge_id`, told by the
    first line that is right now, or by the bill where nothing is. Units that cannot be priced
    (`unpriced`) are left as they were billed.
    """
    right = _right(lines, key)
    sent = _sent(billed, key, _windows(slots, period))
    sent = sent.join(unpriced.select(pl.col("unit_id").alias("unit")), on="unit", how="anti")
    joined = right.join(sent, on=["unit", "fee", "cycle_start"], how="full", coalesce=True)
    change = pl.col("right").fill_null(0) - pl.col("sent").fill_null(0)
    joined = joined.with_columns(change.alias("change")).filter(pl.col("change") != 0)
    return _as_lines(joined, lines.collect_schema(), key)


def _windows(slots: Sequence[Slot], period: Period) -> pl.LazyFrame:
    rows = {(about_of(slot).fee_id, *cycle_of(slot, period)) for slot in slots}
    columns = {"fee": pl.String, "cycle_start": pl.Date, "cycle_end": pl.Date}
    return pl.LazyFrame(sorted(rows), schema=columns, orient="row")


def _right(lines: pl.LazyFrame, key: str) -> pl.LazyFrame:
    amount = pl.col("amount").reinterpret(dtype=pl.Int128).cast(pl.Int64).alias("right")
    lines = lines.with_columns(amount, pl.col(key).cast(pl.String).alias("unit"))
    by = ["unit", "fee", "cycle_start"]
    return lines.group_by(by, maintain_order=True).agg(
        pl.col("right").sum(), pl.all().exclude("right", *by).first()
    )


def _sent(billed: Any, key: str, windows: pl.LazyFrame) -> pl.LazyFrame:
    """What was billed in each window: its fen, the first bill's id and days."""
    bills = into_lazy(billed)[0]
    schema = bills.collect_schema()
    columns = columns_of(schema, {name: (key,) if name == "unit_id" else () for name in NEEDED})
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise FrameError(f"billed without the column {', '.join(missing)}: found {', '.join(schema)}")
    day = pl.col("period_start")
    day = day.str.to_date() if schema["period_start"] == pl.String else day.cast(pl.Date)
    found = bills.select(
        pl.col(columns["unit_id"]).cast(pl.String).alias("unit"),
        "fee",
        pl.col("charge_id").cast(pl.String).alias("corrects_charge_id"),
        day.alias("billed_from"),
        fen(columns["amount"], schema).alias("sent"),
    )
    placed = found.join(windows, on="fee").filter(
        pl.col("billed_from").is_between(pl.col("cycle_start"), pl.col("cycle_end"), closed="left")
    )
    return placed.group_by("unit", "fee", "cycle_start", maintain_order=True).agg(
        pl.col("sent").sum(), pl.col("corrects_charge_id").first(), pl.col("billed_from").first()
    )


def _as_lines(joined: pl.LazyFrame, schema: pl.Schema, key: str) -> pl.LazyFrame:
    """Each change as a bill line: no quantity and rate of its own, all of it net."""
    change = to_decimal(pl.col("change"), 2)
    blank = ("quantity", "rate", "factor", "tax_rate")
    corrected = pl.col("corrects_charge_id")
    identity = pl.coalesce(corrected + pl.lit("~"), pl.lit(""))
    identity = pl.concat_str(
        identity, pl.coalesce("charge_id", "unit"), pl.lit("~"), pl.col("change").cast(pl.String)
    )
    replaced = {
        "charge_id": identity,
        key: pl.coalesce(pl.col(key), pl.col("unit").cast(schema[key], strict=False)),
        "kind": pl.when(pl.col("change") > 0).then(pl.lit("charge")).otherwise(pl.lit("credit")),
        "period_start": pl.coalesce("period_start", "billed_from"),
        "net": change,
        "tax": to_decimal(pl.lit(0, pl.Int64), 2),
        "amount": change,
        **{name: pl.lit(None, schema[name]) for name in blank},
    }
    columns = [
        replaced.get(name, pl.col(name)).alias(name) for name in schema if name not in ("cycle_start",)
    ]
    return joined.select(*columns, corrected)
