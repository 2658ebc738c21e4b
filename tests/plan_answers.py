"""What the scalar engine says of a plan over a frame, for the engines that are held to it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.engines.scalar import Scalar, function
from feerules.plan.nodes import Node, Plan
from random_plans import plain

__all__ = ["exact", "one_by_one", "said", "told_alike"]


def said(value: Any) -> str | None:
    """What a row said, as text, where all engines write it alike; of other values only that there was one."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return plain(value)
    alike = isinstance(value, str | int) or type(value) is date
    return str(value) if alike else "something"


def one_by_one(plan: Plan, outputs: dict[str, Node], frame: pl.DataFrame) -> tuple[list[Any], list[Any]]:
    """The rows that have answers, and the problems of the others."""
    engine, answers = Scalar(plan), function(plan.leaves, [*outputs.values()])
    rows, problems = [], []
    for record in frame.to_dicts():
        arguments, bad = engine.read(record)
        failures = engine.failures(arguments, bad)
        for guard, code, value in failures:
            fact = guard.fact.name if guard.fact else None
            problems.append((record["id"], fact, said(value), code, guard.fee))
        if not failures:
            rows.append((record["id"], *answers(*arguments)))
    return rows, problems


def told_alike(frame: pl.DataFrame, problems: list[Any]) -> list[Any]:
    """Problems of an engine of many rows, of their values what all engines write alike."""
    return [
        (key, fact, text if exact(frame, fact) or text is None else "something", code, fee)
        for key, fact, text, code, fee in problems
    ]


def exact(frame: pl.DataFrame, fact: str | None) -> bool:
    dtype = frame.schema.get(fact or "", pl.Null())
    return dtype.is_integer() or dtype in (
        pl.String,
        pl.Categorical,
        pl.Enum,
        pl.Boolean,
        pl.Date,
        pl.Decimal,
    )
