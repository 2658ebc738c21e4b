"""What some units have in common that others have not: a condition or two on what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from feerules.periods import Period
from feerules.whatif.trials import Mask

__all__ = ["Test", "told_apart"]

ENOUGH = 0.98  # of the units, those that a condition must hold for; and of those for which it holds, the right ones
FEW_VALUES = 50
SOME = 5  # units: fewer say nothing about a number or a day
FEW = 3  # units have something in common by chance
MOST_TESTS = 3


@dataclass(frozen=True)
class Test:
    """A condition on one fact: `test` is one of =, in, >=, <=, null, known, in_period, before_period."""

    fact: str
    test: str
    value: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        value = [*map(_plain, self.value)] if isinstance(self.value, tuple) else _plain(self.value)
        return {"fact": self.fact, "test": self.test, "value": value}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def told_apart(facts: pl.DataFrame, these: Mask, others: Mask, period: Period) -> tuple[Test, ...]:
    """Up to three conditions that hold for `these` rows and for none of the `others`; () where there are none."""
    if these.sum() < FEW or not others.any():
        return ()
    tests = [
        (test, holds) for test, holds in _tests(facts, these, period) if _share(holds & these, these) >= ENOUGH
    ]
    found: list[Test] = []
    left, inside = others.copy(), these.copy()
    while tests and len(found) < MOST_TESTS:
        test, holds = max(tests, key=lambda each: int((left & ~each[1]).sum()))
        if not (left & ~holds).any():
            break
        found.append(test)
        left, inside = left & holds, inside & holds
        if inside.sum() >= ENOUGH * (inside.sum() + left.sum()):
            return tuple(found) if _share(inside, these) >= ENOUGH else ()
    return ()


def _share(part: Mask, whole: Mask) -> float:
    return float(part.sum()) / max(1, int(whole.sum()))


def _tests(facts: pl.DataFrame, these: Mask, period: Period) -> Iterator[tuple[Test, Mask]]:
    for name in facts.columns:
        column = facts[name]
        known = column.is_not_null().to_numpy()
        own = column.filter(pl.Series(these))
        if known.all() or not known.any():
            pass
        else:
            yield Test(name, "null"), ~known
            yield Test(name, "known"), known
        if own.null_count() == len(own):
            continue
        yield from _on(name, column, own.drop_nulls(), known, period)


def _on(
    name: str, column: pl.Series, own: pl.Series, known: Mask, period: Period
) -> Iterator[tuple[Test, Mask]]:
    if column.dtype.is_temporal():
        days = column.cast(pl.Date, strict=False) if column.dtype != pl.Time else column
        if days.dtype == pl.Date:
            inside = days.is_between(period.start, period.end, closed="left").fill_null(False).to_numpy()
            before = (days < period.start).fill_null(False).to_numpy()
            yield Test(name, "in_period", str(period)), inside
            yield Test(name, "before_period", str(period)), before
            yield Test(name, "after_period", str(period)), (days >= period.end).fill_null(False).to_numpy()
            if len(own) >= SOME:
                yield from _bounded(name, days, own.cast(pl.Date).drop_nulls(), known)
    elif column.dtype.is_numeric():
        if len(own) >= SOME:
            yield from _bounded(name, column, own, known)
        if own.n_unique() == 1 and len(own) >= SOME:
            yield from _among(name, column, own)
    elif column.dtype in (pl.Boolean, pl.String, pl.Categorical, pl.Enum):
        yield from _among(name, column, own)


def _bounded(name: str, column: pl.Series, own: pl.Series, known: Mask) -> Iterator[tuple[Test, Mask]]:
    least, most = own.min(), own.max()
    yield Test(name, ">=", least), (column >= least).fill_null(False).to_numpy()
    yield Test(name, "<=", most), (column <= most).fill_null(False).to_numpy()


def _among(name: str, column: pl.Series, own: pl.Series) -> Iterator[tuple[Test, Mask]]:
    values = own.unique().sort()
    if len(values) == 1:
        yield Test(name, "=", values[0]), (column == values[0]).fill_null(False).to_numpy()
    elif len(values) <= FEW_VALUES and len(values) * 4 <= len(own):
        yield Test(name, "in", tuple(values)), column.is_in(values.implode()).fill_null(False).to_numpy()
