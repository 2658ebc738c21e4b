"""Problem rows: for each row of a frame and each reason why it has no answer, one row."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from feerules.plan.nodes import Leaf, Plan
from feerules.reasons import reason

__all__ = ["PROBLEMS", "problem_rows"]

PROBLEMS = ("frame", "row_id", "unit_id", "fee", "fact", "value", "code", "reason")
READING_CODES = ("missing", "wrong_type", "imprecise", "out_of_domain", "unknown_value")


def problem_rows(
    bad: pl.LazyFrame, plan: Plan, frame: str, *, row_id: pl.Expr, unit_id: pl.Expr, fee: pl.Expr
) -> pl.LazyFrame:
    """What an engine says of the bad rows of `frame`, as problem rows."""
    leaves = [(guard.code, guard.fact, guard.ok is None) for guard in plan.guards]
    leaves += [("unreadable", leaf, True) for leaf in plan.leaves]
    found = {
        "frame": pl.lit(frame),
        "row_id": row_id.cast(pl.String),
        "unit_id": unit_id.cast(pl.String),
        "fee": fee.cast(pl.String),
        "fact": pl.col("fact"),
        "value": pl.col("value"),
        "code": pl.col("code"),
        "reason": _reasons(leaves),
    }
    return bad.select(*(each.alias(name) for name, each in found.items()))


def _reasons(judged: Sequence[tuple[str, Leaf | None, bool]]) -> pl.Expr:
    """The sentence for each code and fact: (code, fact, whether it is about reading the fact)."""
    told: dict[str, str] = {}
    for code, leaf, reading in judged:
        name = "" if leaf is None else leaf.name
        told |= {f"{each}|{name}": reason(each, leaf) for each in (READING_CODES if reading else (code,))}
    at = pl.concat_str(pl.col("code"), pl.lit("|"), pl.col("fact").fill_null(""))
    return at.replace_strict(list(told), list(told.values()), default=None, return_dtype=pl.String)
