"""Problem rows: for each row of a frame and each reason why it has no answer, one row."""

from __future__ import annotations

import polars as pl

from feerules.plan.nodes import Plan
from feerules.reasons import reasons_of

__all__ = ["PROBLEMS", "problem_rows"]

PROBLEMS = ("frame", "row_id", "unit_id", "fee", "fact", "value", "code", "reason")


def problem_rows(
    bad: pl.LazyFrame, plan: Plan, frame: str, *, row_id: pl.Expr, unit_id: pl.Expr, fee: pl.Expr
) -> pl.LazyFrame:
    """What an engine says of the bad rows of `frame`, as problem rows."""
    found = {
        "frame": pl.lit(frame),
        "row_id": row_id.cast(pl.String),
        "unit_id": unit_id.cast(pl.String),
        "fee": fee.cast(pl.String),
        "fact": pl.col("fact"),
        "value": pl.col("value"),
        "code": pl.col("code"),
        "reason": _reasons(plan),
    }
    return bad.select(*(each.alias(name) for name, each in found.items()))


def _reasons(plan: Plan) -> pl.Expr:
    told = reasons_of(plan)
    at = pl.concat_str(pl.col("code"), pl.lit("|"), pl.col("fact").fill_null(""))
    return at.replace_strict(list(told), list(told.values()), default=None, return_dtype=pl.String)
