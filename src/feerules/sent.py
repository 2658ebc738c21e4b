"""Bills that were sent, by this book or by another system: what they say to the fen, and what cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from feerules.frames import columns_of, into_lazy, lacking
from feerules.keys import key_of
from feerules.plan.names import FIRST_DAY, LAST_DAY
from feerules.plan.nodes import Fact, Leaf, Node, Plan, Present
from feerules.prepared import prepare
from feerules.problems import problem_rows

__all__ = ["Sent", "sent_bills"]

AMOUNT = Leaf("amount", "decimal", 2, -(10**15), 10**15)
UNIT = Leaf("unit_id", "text", 0, 0, 0)
BEGINS = Leaf("period_start", "date", 0, FIRST_DAY, LAST_DAY)
ENDS = Leaf("period_end", "date", 0, FIRST_DAY, LAST_DAY, optional=True)
NOISE = 1e-6  # yuan: more than sums of floats are off by, less than amounts differ by


@dataclass(frozen=True)
class Sent:
    """`rows` has for each bill its `unit`, `fee` and fen (`sent`); `problems` tells those that cannot be read.

    With days also `charge_id`, and as day numbers `begins` and `ends` (null where it is not told).
    """

    rows: pl.LazyFrame
    problems: pl.LazyFrame


def sent_bills(billed: Any, key: str, *, days: bool, fees: Sequence[str] = ()) -> Sent:
    """Reads the bills of a frame of any kind; `fees` are all that a bill may be for, without them any is good."""
    bills = into_lazy(billed)[0]
    schema = bills.collect_schema()
    needed = ("unit_id", "fee", "amount", *(("charge_id", "period_start") if days else ()))
    held = columns_of(schema, {name: (key,) if name == "unit_id" else () for name in needed})
    missing = [name for name in needed if name not in held]
    if missing:
        raise lacking("bill lines", missing, schema)
    unit = held["unit_id"]
    columns = [
        key_of(unit, schema[unit]).cast(pl.String).alias("unit"),
        pl.col("fee").cast(pl.String).alias("of"),
        pl.col("charge_id").cast(pl.String) if days else pl.lit(None, pl.String).alias("charge_id"),
        _without_noise("amount", schema["amount"]),
        *(pl.col(name) for name in ("period_start", "period_end") if days and name in schema),
    ]
    plan = _plan(fees, days=days)
    prepared = prepare(plan, bills.select(columns), {"unit_id": "unit", "fee": "of"})
    outputs: dict[str, Node] = {"sent": _fact(AMOUNT)}
    if days:
        outputs |= {"begins": _fact(BEGINS), "ends": _fact(ENDS), "has_end": Present(0, 1, 0, ENDS)}
    rows = prepared.rows(outputs, ["unit", "of", "charge_id"]).rename({"of": "fee"})
    if days:
        rows = rows.with_columns(ends=pl.when("has_end").then("ends")).drop("has_end")
    keep = ["unit", "of", "charge_id"]
    names = {"row_id": pl.col("charge_id"), "unit_id": pl.col("unit"), "fee": pl.col("of")}
    return Sent(rows, problem_rows(prepared.problems(keep), plan, "billed", **names))


def _plan(fees: Sequence[str], *, days: bool) -> Plan:
    """What a bill must say."""
    fee = Leaf("fee", "text", 0, 0, 0)
    if fees:
        fee = Leaf("fee", "choice", 0, 0, len(fees) - 1, tuple(fees))
    return Plan((UNIT, fee, AMOUNT, *((BEGINS, ENDS) if days else ())), (), ())


def _fact(leaf: Leaf) -> Node:
    return Fact(leaf.lo, leaf.hi, leaf.places, leaf)


def _without_noise(name: str, dtype: pl.DataType) -> pl.Expr:
    """The amount; a float that is all but a number of whole fen, as sums of floats are, is that number."""
    amount = pl.col(name)
    if not dtype.is_float():
        return amount
    amount = amount.cast(pl.Float64)
    near = (amount - amount.round(2)).abs() < NOISE
    return pl.when(near).then(amount.round(2)).otherwise(amount).alias(name)
