"""Does the book reproduce the bills that the old system sent? Matched, different, missing, extra."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from feerules.book import Book
from feerules.estate import price_frame
from feerules.frames import into_lazy, to_decimal, told
from feerules.money import from_scaled
from feerules.periods import Period
from feerules.sent import sent_bills

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
    source = str(units) if isinstance(units, str | Path) else f"the {type(units).__name__}"
    with told(source):
        lazy, back = into_lazy(units)
        result = price_frame(
            lazy, book, period, form="long", key=key, accrue=accrue, pools=pools, billed=None, strict=False
        ).collect()
    mapped = book.mapping.get(key, key)
    with told(billed):
        sent = sent_bills(billed, key if key in result.rows.columns else mapped, days=False)
        bills, unread = pl.collect_all([_by_fee(sent.rows, "unit", "sent", "billed"), sent.problems])
    problems = pl.concat([result.problems, unread])
    name = key if key in result.rows.columns else mapped
    ours = _by_fee(result.rows.lazy().with_columns(_fen("amount")), name, "amount", "ours")
    unpriced = problems.lazy().select("unit_id").drop_nulls().unique().with_columns(problem=pl.lit(True))
    rows = (
        ours.join(bills.lazy(), on=["unit_id", "fee"], how="full", coalesce=True)
        .join(unpriced, on="unit_id", how="left")
        .with_columns(_state())
        .sort("unit_id", "fee")
        .collect()
    )
    return Reconciliation(back(_told(rows).lazy()), back(problems.lazy()), _summary(rows), result.digest)


def _fen(name: str) -> pl.Expr:
    return pl.col(name).reinterpret(dtype=pl.Int128).cast(pl.Int64)


def _by_fee(lines: pl.LazyFrame, key: str, amount: str, name: str) -> pl.LazyFrame:
    """The fen of each unit and fee."""
    unit_id = pl.col(key).cast(pl.String).alias("unit_id")
    fen = pl.col(amount).cast(pl.Int128).alias(name)
    return lines.select(unit_id, "fee", fen).group_by("unit_id", "fee").agg(pl.col(name).sum())


def _state() -> pl.Expr:
    ours, theirs = pl.col("ours"), pl.col("billed")
    return (
        pl.when(pl.col("problem"))
        .then(pl.lit("problem"))
        .when(ours.fill_null(0) == theirs.fill_null(0))  # nothing is as good as a bill of 0.00
        .then(pl.lit("matched"))
        .when(theirs.is_null())
        .then(pl.lit("missing"))
        .when(ours.is_null())
        .then(pl.lit("extra"))
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
