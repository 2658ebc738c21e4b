"""Does the book reproduce the bills that the old system sent? Matched, different, missing, extra, and why."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from feerules.book import Book
from feerules.dated import DATED
from feerules.estate import EstateResult, price_frame
from feerules.frames import into_lazy, to_decimal, told
from feerules.keys import key_of
from feerules.money import from_scaled
from feerules.periods import Period
from feerules.progress import counting
from feerules.sent import sent_bills
from feerules.whatif.billed.causes import Cause
from feerules.whatif.billed.placing import Estate, PriceOne, causes_of
from feerules.whatif.billed.reconciliation import STATES, Reconciliation
from feerules.whatif.billed.trials import Asked

__all__ = ["reconcile_frames"]

APART = ("different", "missing", "extra")


def reconcile_frames(
    book: Book,
    units: Any,
    billed: Any,
    period: str | Period,
    *,
    key: str,
    accrue: bool,
    pools: Any,
    causes: bool,
    progress: bool | None,
    price: PriceOne,
) -> Reconciliation:
    """See `feerules.reconcile`; `price` is the verb for one unit, which explains examples."""
    period = Period.parse(period) if isinstance(period, str) else period
    source = str(units) if isinstance(units, str | Path) else f"the {type(units).__name__}"
    with told(source):
        lazy, back = into_lazy(units)
        result = price_frame(
            lazy, book, period, form="wide", key=key, accrue=accrue, pools=pools, billed=None, strict=False
        ).collect()
    name = key if key in result.rows.columns else book.mapping.get(key, key)
    with told(billed):
        sent = sent_bills(billed, name, days=False)
        bills, unread = pl.collect_all([_by_fee(sent.rows), sent.problems])
    problems = pl.concat([result.problems, unread])
    rows = _compared(result, name, bills, problems)
    found: list[Cause] = []
    cause_of: pl.DataFrame | None = None
    if causes and rows["state"].is_in(APART).any():
        schema = lazy.collect_schema()
        asked = Asked(
            lazy.with_columns(key_of(name, schema[name]).alias(name)), name,
            any(each in schema for each in DATED), accrue, pools,
        )  # fmt: skip
        estate = Estate(book, period, asked, result.rows[name].cast(pl.String), price)
        with told(source), counting(progress, "alternatives") as tick:
            found, cause_of = causes_of(estate, rows, tick)
    rows = (
        rows.with_columns(cause=pl.lit(None, pl.String)) if cause_of is None else _with_causes(rows, cause_of)
    )
    left = rows.filter(pl.col("state").is_in(APART) & pl.col("cause").is_null())
    return Reconciliation(
        back(_told(rows).lazy()), back(problems.lazy()), _summary(rows), result.digest, str(period), tuple(found),
        _sums(len(left), int(left["ours"].sum()), int(left["billed"].sum())),
    )  # fmt: skip


def _compared(result: EstateResult, name: str, bills: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """Both sides of each unit and fee, and their state."""
    ours = pl.concat(_charged(result.rows, name))
    unpriced = problems.lazy().select("unit_id").drop_nulls().unique().with_columns(problem=pl.lit(True))
    return (
        ours.join(bills.lazy(), on=["unit_id", "fee"], how="full", coalesce=True)
        .join(unpriced, on="unit_id", how="left")
        .with_columns(_state())
        .sort("unit_id", "fee")
        .collect()
    )


def _charged(wide: pl.DataFrame, key: str) -> Iterator[pl.LazyFrame]:
    """The fen of each fee, for the units that are charged it."""
    unit_id = pl.col(key).cast(pl.String).alias("unit_id")
    none = {"unit_id": pl.String, "fee": pl.String, "ours": pl.Int128}
    yield pl.LazyFrame(schema=none)
    for fee in wide.columns:
        if fee not in (key, "account_id", "total"):
            fen = pl.col(fee).reinterpret(dtype=pl.Int128).alias("ours")
            yield wide.lazy().filter(pl.col(fee).is_not_null()).select(unit_id, pl.lit(fee).alias("fee"), fen)


def _by_fee(sent: pl.LazyFrame) -> pl.LazyFrame:
    """The fen that were sent for each unit and fee."""
    fen = pl.col("sent").cast(pl.Int128).alias("billed")
    lines = sent.select(pl.col("unit").cast(pl.String).alias("unit_id"), "fee", fen)
    return lines.group_by("unit_id", "fee").agg(pl.col("billed").sum())


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


def _with_causes(rows: pl.DataFrame, cause_of: pl.DataFrame) -> pl.DataFrame:
    return rows.join(cause_of, on=["unit_id", "fee"], how="left", maintain_order="left")


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    ours, theirs = pl.col("ours"), pl.col("billed")
    return rows.select(
        "unit_id",
        "fee",
        to_decimal(ours, 2).alias("ours"),
        to_decimal(theirs, 2).alias("billed"),
        to_decimal(ours.fill_null(0) - theirs.fill_null(0), 2).alias("difference"),
        "state",
        "cause",
    )


def _summary(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    found = rows.group_by("state").agg(pl.len().alias("count"), pl.col("ours").sum(), pl.col("billed").sum())
    by_state = {row["state"]: row for row in found.iter_rows(named=True)}
    states = [*STATES, *(["problem"] if "problem" in by_state else [])]
    nothing = {"count": 0, "ours": 0, "billed": 0}
    return {
        state: _sums(*(by_state.get(state, nothing)[each] for each in ("count", "ours", "billed")))
        for state in states
    }


def _sums(count: int, ours: int, billed: int) -> dict[str, Any]:
    sums: dict[str, Decimal] = {
        "ours": from_scaled(ours, 2), "billed": from_scaled(billed, 2), "difference": from_scaled(ours - billed, 2)
    }  # fmt: skip
    return {"count": count, **sums}
