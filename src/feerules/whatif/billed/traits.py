"""What some units have in common that others have not: a condition or two on what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from feerules.periods import Period
from feerules.whatif.billed.trials import Mask

__all__ = ["Test", "all_hold", "told_apart"]

ENOUGH = 0.98  # of the units, those that a condition must hold for; and of those for which it holds, the right ones
FEW_VALUES = 50
FEW = 3  # units have something in common by chance
SOME = 5  # units: fewer say nothing about a number or a day
MOST_TESTS = 3


@dataclass(frozen=True)
class Test:
    """A condition on one fact: `test` is =, in, >=, <=, null, known, in_period, before_period or after_period."""

    fact: str
    test: str
    value: Any = None

    def holds(self, facts: pl.DataFrame) -> Mask:
        """For which units it holds; never where the fact is not told, but for `null`."""
        return facts.select(self._expression(facts.schema[self.fact]).fill_null(False)).to_series().to_numpy()

    def _expression(self, dtype: pl.DataType) -> pl.Expr:
        column = self._column(dtype)
        match self.test:
            case "null":
                return column.is_null()
            case "known":
                return column.is_not_null()
            case "=":
                return column.eq(self.value)
            case "in":
                return column.is_in(pl.Series(self.value, dtype=dtype).implode())
            case ">=":
                return column.ge(self.value)
            case "<=":
                return column.le(self.value)
        day, period = column.cast(pl.Date), Period.parse(self.value)
        if self.test == "before_period":
            return day < period.start
        return (
            day >= period.end
            if self.test == "after_period"
            else day.is_between(period.start, period.end, closed="left")
        )

    def _column(self, dtype: pl.DataType) -> pl.Expr:
        """The fact as the condition takes it: among other units, a text may be no number or day."""
        column = pl.col(self.fact)
        if dtype != pl.String or (
            isinstance(self.value, str | bool | tuple) and not self.test.endswith("_period")
        ):
            return column
        if isinstance(self.value, int | float):
            return column.cast(pl.Float64, strict=False)
        return column if self.value is None else column.str.to_date(strict=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        value = [*map(_plain, self.value)] if isinstance(self.value, tuple) else _plain(self.value)
        return {"fact": self.fact, "test": self.test, "value": value}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def all_hold(tests: Sequence[Test], facts: pl.DataFrame) -> Mask:
    """For which units every condition holds."""
    found: Mask = np.ones(len(facts), np.bool_)
    for test in tests:
        found = found & test.holds(facts)
    return found


def told_apart(facts: pl.DataFrame, these: Mask, others: Mask, period: Period) -> tuple[Test, ...]:
    """Up to three conditions that hold for `these` rows and for none of the `others`; () where there are none."""
    if these.sum() < FEW or not others.any():
        return ()
    tests = [(test, test.holds(facts)) for test in _tests(facts.filter(pl.Series(these)), period)]
    tests = [(test, holds) for test, holds in tests if _share(holds & these, these) >= ENOUGH]
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


def _tests(own: pl.DataFrame, period: Period) -> Iterator[Test]:
    """What can be said of some units."""
    for name in own.columns:
        column = own[name].drop_nulls()
        if len(column) * 2 <= len(own):
            yield Test(name, "null")
        if len(column):
            yield Test(name, "known")
            yield from _about(name, column, period)


def _about(name: str, own: pl.Series, period: Period) -> Iterator[Test]:
    dtype = own.dtype
    if dtype in (pl.Date, pl.Datetime):
        for test in ("in_period", "before_period", "after_period"):
            yield Test(name, test, str(period))
    if (dtype.is_numeric() or dtype == pl.Date) and len(own) >= SOME:
        yield Test(name, ">=", own.min())
        yield Test(name, "<=", own.max())
    if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.String, pl.Categorical, pl.Enum)):
        return
    values = own.unique().sort()
    if len(values) == 1 and (not dtype.is_numeric() or len(own) >= SOME):
        yield Test(name, "=", values[0])
    elif not dtype.is_numeric() and 1 < len(values) <= FEW_VALUES and len(values) * 4 <= len(own):
        yield Test(name, "in", tuple(values))
