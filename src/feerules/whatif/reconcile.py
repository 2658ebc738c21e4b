"""Does the book reproduce the bills that the old system sent? Matched, different, missing, extra."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.book import Book
from feerules.estate import price_frame
from feerules.frames import FrameError, columns_of, fen, into_lazy, to_decimal
from feerules.money import from_scaled
from feerules.periods import Period

__all__ = ["Reconciliation", "reconcile_frames"]

STATES = ("matched", "different", "missing", "extra")


@dataclass(frozen=True)
class Reconciliation:
    """How a book's bills compare with those that were sent, by unit and fee.

    `rows` has unit_id, fee, `ours`, `billed`, `difference` (ours − billed) and state: matched,
    different, missing (we charge, they did not) or extra (they charged, we do not). `summary` gives
    for each state its count and sums. Units that could not be priced stand in `problems`, and what was
    billed to them under state "problem".
    """

    rows: Any
    problems: Any
    summary: dict[str, dict[str, Any]]
    digest: str

    def __str__(self) -> str:
        head = f"{'':10}{'count':>10}{'ours':>18}{'billed':>18}{'difference':>18}"
        told = [
            f"{state:10}{each['count']:>10,}{each['ours']:>18,}{each['billed']:>18,}{each['difference']:>18,}"
            for state, each in self.summary.items()
        ]
        return "\n".join([head, *told])


def reconcile_frames(
    book: Book, units: Any, billed: Any, period: str | Period, *, key: str, accrue: bool, pools: Any
) -> Reconciliation:
    """See `feerules.reconcile`."""
    lazy, back = into_lazy(units)
    result = price_frame(
        lazy, book, period, form="long", key=key, accrue=accrue, pools=pools, billed=None, strict=False
    ).collect()
    problems = result.problems
    ours = _by_fee(result.rows.lazy(), key, "ours")
    theirs = _by_fee(into_lazy(billed)[0], key, "billed")
    unpriced = problems.select("unit_id").unique().with_columns(problem=pl.lit(True)).lazy()
    rows = (
        ours.join(theirs, on=["unit_id", "fee"], how="full", coalesce=True)
        .join(unpriced, on="unit_id", how="left")
        .with_columns(_state())
        .sort("unit_id", "fee")
        .collect()
    )
    return Reconciliation(back(_told(rows).lazy()), back(problems.lazy()), _summary(rows), result.digest)


def _by_fee(lines: pl.LazyFrame, key: str, name: str) -> pl.LazyFrame:
    """The fen of each unit and fee."""
    schema = lines.collect_schema()
    columns = columns_of(schema, {"unit_id": (key,), "fee": (), "amount": ()})
    missing = {"unit_id", "fee", "amount"} - set(columns)
    if missing:
        raise FrameError(
            f"bill lines without the column {', '.join(sorted(missing))}: found {', '.join(schema)}"
        )
    unit_id = pl.col(columns["unit_id"]).cast(pl.String).alias("unit_id")
    return (
        lines.select(unit_id, pl.col(columns["fee"]).alias("fee"), fen(columns["amount"], schema).alias(name))
        .group_by("unit_id", "fee")
        .agg(pl.col(name).sum())
    )


def _state() -> pl.Expr:
    ours, theirs = pl.col("ours"), pl.col("billed")
    return (
        pl.when(pl.col("problem"))
        .then(pl.lit("problem"))
        .when(theirs.is_null())
        .then(pl.when(ours == 0).then(pl.lit("matched")).otherwise(pl.lit("missing")))
        .when(ours.is_null())
        .then(pl.lit("extra"))
        .when(ours == theirs)
        .then(pl.lit("matched"))
        .otherwise(pl.lit("different"))
        .alias("state")
    )


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    ours, theirs = pl.col("ours"), pl.col("billed")
    return rows.select(
        "unit_id",
        "fee",
        to_decimal(ours, 2).alias("ours"),
        to_decimal(theirs, 2).alias("billed"),
        to_decimal(ours.fill_null(0) - theirs.fill_null(0), 2).alias("difference"),
        "state",
    )


def _summary(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    found = rows.group_by("state").agg(pl.len().alias("count"), pl.col("ours").sum(), pl.col("billed").sum())
    by_state = {row["state"]: row for row in found.iter_rows(named=True)}
    states = [*STATES, *(["problem"] if "problem" in by_state else [])]
    return {state: _sums(by_state.get(state)) for state in states}


def _sums(row: dict[str, Any] | None) -> dict[str, Any]:
    count, ours, billed = (row["count"], row["ours"], row["billed"]) if row else (0, 0, 0)
    sums: dict[str, Decimal] = {
        "ours": from_scaled(ours, 2), "billed": from_scaled(billed, 2), "difference": from_scaled(ours - billed, 2)
    }  # fmt: skip
    return {"count": count, **sums}
