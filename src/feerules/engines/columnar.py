"""A plan as Polars expressions, lazy and streaming: the scalar engine's answers for a frame of any size.

Polars wraps integers silently. Nothing wraps here, because every operation runs in an integer type that
holds the bounds of its operands and of its result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from feerules.engines.encoding import Reading, read, width
from feerules.engines.rewriting import Rewriter
from feerules.plan.nodes import (
    Add,
    And,
    Band,
    Choose,
    Compare,
    Const,
    DivRound,
    Fact,
    Gather,
    Guard,
    Max,
    Min,
    Mul,
    Node,
    Not,
    Or,
    Plan,
    Present,
    Sub,
    children,
    in_order,
    use_counts,
)

__all__ = ["Columnar", "Prepared"]

DEEPEST = 40  # nesting of one expression: Polars walks them by recursion
BOOLEAN = pl.Boolean()
INDEX = {8: pl.UInt8(), 16: pl.UInt16(), 32: pl.UInt32()}
_BITS: dict[pl.DataType, int] = {
    pl.Int8(): 8, pl.Int16(): 16, pl.Int32(): 32, pl.Int64(): 64, pl.Int128(): 128,
}  # fmt: skip


class Columnar:
    """A plan, ready for frames."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def prepare(self, frame: pl.LazyFrame, columns: Mapping[str, str]) -> Prepared:
        """Reads facts by `columns`: the name of a leaf → the frame's column; without one, nothing was said."""
        return Prepared(self.plan, frame, columns)


class Prepared:
    """A plan over a frame: the rows that have answers, and the problems of the others.

    Both are lazy and begin with the same steps, so that `pl.collect_all` scans and checks once.
    """

    def __init__(self, plan: Plan, frame: pl.LazyFrame, columns: Mapping[str, str]) -> None:
        schema = frame.collect_schema()
        self._mark = "#"
        while any(name.startswith(self._mark) for name in schema):
            self._mark += "#"
        self._good = f"{self._mark}good"
        self._rewriter = Rewriter()
        readings = []
        for number, leaf in enumerate(plan.leaves):
            column = columns.get(leaf.name)
            dtype = pl.Null() if column is None else schema[column]
            readings.append(read(leaf, column, dtype, f"{self._mark}{number}raw"))
        self._checked(plan, frame, readings)

    def _checked(self, plan: Plan, frame: pl.LazyFrame, readings: Sequence[Reading]) -> None:
        """Reads the facts and judges every guard, once for the answers and the problems."""
        mark, columns = self._mark, range(len(readings))
        frame = frame.with_columns(readings[n].raw.alias(f"{mark}{n}raw") for n in columns)
        encoded = [readings[n].encoded.alias(f"{mark}{n}") for n in columns]
        present = [readings[n].present.alias(f"{mark}{n}present") for n in columns if readings[n].leaf.optional]
        frame = frame.with_columns(encoded + present)
        facts = {
            id(reading.leaf): (_Value(pl.col(f"{mark}{n}"), reading.dtype), _Value(pl.col(f"{mark}{n}present"), BOOLEAN))
            for n, reading in enumerate(readings)
        }
        self._steps = _Steps(facts, mark)
        self._judged(plan, frame, {id(reading.leaf): reading for reading in readings})

    def _judged(self, plan: Plan, frame: pl.LazyFrame, readings: Mapping[int, Reading]) -> None:
        guards = _complete(plan)
        roots = [root for guard in guards for root in (guard.need, guard.ok) if root is not None]
        answers = [node for slot in plan.slots for node in (slot.active, *slot.values.values())]
        # What the answers need as well is kept, not computed again.
        rewritten = self._rewriter.rewrite([*roots, *answers, *plan.totals.values()])
        frame, values = self._steps.taken(frame, rewritten[: len(roots)], use_counts(rewritten))
        found = iter(values)
        self._failures = [_Failure.of(guard, next(found), readings, found) for guard in guards]
        passes = [failure.passes for failure in self._failures]
        good = pl.all_horizontal(passes).fill_null(False) if passes else pl.lit(True)
        self._frame = frame.with_columns(good.alias(self._good))
