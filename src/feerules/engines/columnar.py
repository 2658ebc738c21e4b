"""A plan as Polars expressions, lazy and streaming: the scalar engine's answers for a frame of any size.

Polars wraps integers silently. Nothing wraps here, because every operation runs in an integer type that
holds the bounds of its operands and of its result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import add, eq, floordiv, ge, gt, le, lt, mul, ne, sub

import polars as pl

from feerules.engines.encoding import Reading, read, width
from feerules.engines.guarding import CODES, guards_of
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
FIRST_MARK = 0x4E00  # from here, 20,000 characters follow each other


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
        self._which = f"{self._mark}which"
        self._rewriter = Rewriter()
        self._readings: dict[int, Reading] = {}
        for number, leaf in enumerate(plan.leaves):
            column = columns.get(leaf.name)
            dtype = pl.Null() if column is None else schema[column]
            self._readings[id(leaf)] = read(leaf, column, dtype, f"{self._mark}raw{number}")
        self._guards = [*guards_of(plan)]
        self._judge(self._encoded(frame), plan)

    def rows(self, outputs: Mapping[str, Node], keep: Sequence[str]) -> pl.LazyFrame:
        """The rows that pass every guard, in order: the columns to keep as they came, then the outputs.

        A comparison, a connective or a presence comes out as Boolean, any other node as Int64. ValueError
        for an output that Int64 does not hold.
        """
        for name, node in outputs.items():
            if width(node.lo, node.hi) == pl.Int128:
                raise ValueError(f"{name} can pass 64 bits: {node.lo}..{node.hi}")
        nodes = self._rewriter.rewrite([*outputs.values()])
        good = self._frame.filter(pl.col(self._good))
        frame, values = self._steps.copy().take(good, nodes, use_counts(nodes))
        pairs = zip(outputs.items(), values, strict=True)
        found = [_output(node, value).alias(name) for (name, node), value in pairs]
        return frame.with_columns(found).select(*keep, *outputs)

    def problems(self, keep: Sequence[str]) -> pl.LazyFrame:
        """The other rows, once for each guard that they fail: the columns to keep, then fact, value, code, fee.

        `value` is the text of what the row said, null where nothing, or where the guard judges several facts.
        """
        bad = self._frame.filter(~pl.col(self._good))
        # One character for each guard that failed: Polars builds lists of numbers ten times slower.
        marks = [chr(FIRST_MARK + number) for number in range(len(self._guards))]
        texts = [
            pl.when(test).then(pl.lit(mark)).otherwise(pl.lit(""))
            for mark, test in zip(marks, self._failures(), strict=True)
        ]
        failed = pl.concat_str(texts or [pl.lit("")]).str.split("").alias(self._which)
        which = pl.col(self._which).cast(pl.Enum(marks)).to_physical().cast(pl.Int32)
        bad = bad.with_columns(failed).explode(self._which).with_columns(which)
        at = pl.col(self._which)
        codes = [*CODES, *(guard.code for guard in self._guards)]
        told = {
            "fact": _entry([guard.fact.name if guard.fact else None for guard in self._guards], at),
            "value": self._by_reading(lambda reading: reading.said, pl.lit(None, pl.String)),
            "code": _entry(codes, self._by_reading(lambda reading: reading.code, at + len(CODES))),
            "fee": _entry([guard.fee for guard in self._guards], at),
        }
        return bad.with_columns(**told).select(*keep, *told)

    # Reading and judging

    def _encoded(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The frame with every fact as the plan takes it."""
        mark, columns, facts = self._mark, [], {}
        readings = self._readings.values()
        for number, reading in enumerate(readings):
            value, present = f"{mark}fact{number}", f"{mark}present{number}"
            columns += [reading.encoded.alias(value), reading.present.alias(present)]
            facts[id(reading.leaf)] = _Value(pl.col(value), reading.dtype), _Value(pl.col(present), BOOLEAN)
        self._steps = _Steps(facts, mark)
        frame = frame.with_columns(reading.raw.alias(f"{mark}raw{n}") for n, reading in enumerate(readings))
        return frame.with_columns(columns)

    def _judge(self, frame: pl.LazyFrame, plan: Plan) -> None:
        """Adds whether a row passes every guard, and what the guards compute that the answers need too."""
        roots = [node for guard in self._guards for node in (guard.need, guard.ok) if node is not None]
        answers = [node for slot in plan.slots for node in (slot.active, *slot.values.values())]
        nodes = self._rewriter.rewrite([*roots, *answers, *plan.totals.values()])
        frame, values = self._steps.take(frame, nodes[: len(roots)], use_counts(nodes))
        given = iter(values)
        self._passes = [self._passed(guard, given) for guard in self._guards]
        good = pl.all_horizontal(self._passes).fill_null(False) if self._passes else pl.lit(True)
        self._frame = frame.with_columns(good.alias(self._good))

    def _passed(self, guard: Guard, values: Iterator[_Value]) -> pl.Expr:
        need = next(values)
        ok = self._readings[id(guard.fact)].sound if guard.ok is None else next(values).truth
        return ok if need.constant else ~need.truth | ok

    def _failures(self) -> list[pl.Expr]:
        """For each guard whether a row fails it; those that compute are silent where a fact cannot be read."""
        failed = [~test.fill_null(False) for test in self._passes]
        unread = [test for guard, test in zip(self._guards, failed, strict=True) if guard.ok is None]
        readable = ~pl.any_horizontal(unread or [pl.lit(False)])
        pairs = zip(self._guards, failed, strict=True)
        return [test if guard.ok is None else test & readable for guard, test in pairs]

    def _by_reading(self, told: Callable[[Reading], pl.Expr], otherwise: pl.Expr) -> pl.Expr:
        """What the reading of the fact tells where a row failed to be read, else `otherwise`."""
        for number, guard in enumerate(self._guards):
            if guard.ok is None:
                reading = self._readings[id(guard.fact)]
                otherwise = pl.when(pl.col(self._which) == number).then(told(reading)).otherwise(otherwise)
        return otherwise


def _entry(texts: Sequence[str | None], at: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(texts or [None], dtype=pl.String)).gather(at)


def _output(node: Node, value: _Value) -> pl.Expr:
    truth = isinstance(node, Compare | And | Or | Not | Present)
    return value.truth if truth else value.number(pl.Int64())


# Expressions


@dataclass(frozen=True, slots=True)
class _Value:
    """An expression of a type, which reads columns of at most `layer`, nested so deep."""

    expr: pl.Expr
    dtype: pl.DataType
    layer: int = 0
    depth: int = 0
    constant: int | None = None

    def number(self, dtype: pl.DataType) -> pl.Expr:
        if self.constant is not None:
            return pl.lit(self.constant, dtype)
        if self.dtype == BOOLEAN:
            return pl.when(self.expr).then(pl.lit(1, dtype)).otherwise(pl.lit(0, dtype))
        # A checked cast costs as much as ten additions; the bounds are the check.
        return self.expr if self.dtype == dtype else self.expr.cast(dtype, wrap_numerical=True)

    @property
    def truth(self) -> pl.Expr:
        if self.constant is not None:
            return pl.lit(bool(self.constant))
        return self.expr if self.dtype == BOOLEAN else self.expr != pl.lit(0, self.dtype)


class _Steps:
    """Turns nodes into expressions, layer by layer: what is used more than once becomes a column.

    Expressions are trees: without such columns, what many fees share would be computed for each.
    """

    def __init__(self, facts: Mapping[int, tuple[_Value, _Value]], mark: str) -> None:
        self._facts = facts
        self._mark = mark
        self._values: dict[int, _Value] = {}
        self._columns = 0

    def copy(self) -> _Steps:
        other = _Steps(self._facts, self._mark)
        other._values, other._columns = dict(self._values), self._columns
        return other

    def take(
        self, frame: pl.LazyFrame, roots: Sequence[Node], uses: Mapping[int, int]
    ) -> tuple[pl.LazyFrame, list[_Value]]:
        """The frame with the columns that the roots need, and the roots over it."""
        layers: list[list[pl.Expr]] = []
        for node in in_order(roots):
            if id(node) not in self._values:
                value = self._value(node, [self._values[id(child)] for child in children(node)])
                if value.depth and (uses[id(node)] > 1 or value.depth > DEEPEST):
                    value = self._column(value, layers)
                self._values[id(node)] = value
        for layer in layers:
            frame = frame.with_columns(layer)
        self._values = {node: replace(value, layer=0) for node, value in self._values.items()}
        return frame, [self._values[id(root)] for root in roots]

    def _column(self, value: _Value, layers: list[list[pl.Expr]]) -> _Value:
        name = f"{self._mark}{self._columns}"
        self._columns += 1
        layers.extend([] for _ in range(value.layer + 1 - len(layers)))
        layers[value.layer].append(value.expr.alias(name))
        return _Value(pl.col(name), value.dtype, value.layer + 1)

    def _value(self, node: Node, parts: Sequence[_Value]) -> _Value:
        match node:
            case Const(value=value):
                return _Value(pl.lit(bool(value)), BOOLEAN, constant=value)
            case Fact(leaf=leaf):
                return self._facts[id(leaf)][0]
            case Present(leaf=leaf):
                return self._facts[id(leaf)][1]
        expr, dtype = _expression(node, parts)
        return _Value(expr, dtype, max(part.layer for part in parts), 1 + max(part.depth for part in parts))


def _expression(node: Node, parts: Sequence[_Value]) -> tuple[pl.Expr, pl.DataType]:
    """What a node computes from its operands, and in which type."""
    match node:
        case And():
            return parts[0].truth & parts[1].truth, BOOLEAN
        case Or():
            return parts[0].truth | parts[1].truth, BOOLEAN
        case Not():
            return ~parts[0].truth, BOOLEAN
        case Compare(op=op, left=left, right=right):
            dtype = _common(parts, left, right)
            one, other = (part.number(dtype) for part in parts)
            # Polars compares a constant with a constant column once, not for every row, if it stands first.
            turned = parts[0].constant is not None
            return _TURNED[op](other, one) if turned else _COMPARED[op](one, other), BOOLEAN
        case Choose():
            dtype = _common(parts[1:], node.then, node.other)
            one, other = (part.number(dtype) for part in parts[1:])
            return pl.when(parts[0].truth).then(one).otherwise(other), dtype
        case Gather(table=table):
            return _looked_up(table, parts[0]), width(min(table), max(table))
        case Band(cuts=cuts, of=of):
            dtype = width(min(of.lo, cuts[0]), max(of.hi, cuts[-1]))
            count = pl.lit(pl.Series(cuts, dtype=dtype)).search_sorted(parts[0].number(dtype), side="right")
            return count.cast(pl.Int32, wrap_numerical=True), pl.Int32()
    operation = _OPERATIONS[type(node)]
    dtype = _common(parts, node, *children(node))
    return operation(*(part.number(dtype) for part in parts)), dtype


_COMPARED: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {"<": lt, "<=": le, "==": eq, "!=": ne}
_TURNED: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {"<": gt, "<=": ge, "==": eq, "!=": ne}
# A rewritten division is of a number that is not negative, by a positive one, without its rest.
_OPERATIONS: dict[type[Node], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    Add: add, Sub: sub, Mul: mul, DivRound: floordiv, Min: pl.min_horizontal, Max: pl.max_horizontal,
}  # fmt: skip


def _common(parts: Sequence[_Value], *nodes: Node) -> pl.DataType:
    """The type in which to compute: it holds all the nodes, and no operand is cast down to it but from 128 bits."""
    need = width(min(node.lo for node in nodes), max(node.hi for node in nodes))
    held = [part.dtype for part in parts if part.constant is None and part.dtype not in (BOOLEAN, pl.Int128)]
    return max([need, *held], key=_bits)


def _bits(dtype: pl.DataType) -> int:
    return int(str(dtype).removeprefix("Int"))


def _looked_up(table: Sequence[int], index: _Value) -> pl.Expr:
    # Polars takes unsigned indices as they are, and signed ones at twice the price.
    last = len(table) - 1
    unsigned = pl.UInt8() if last < 2**8 else pl.UInt16() if last < 2**16 else pl.UInt32()
    # Only in a branch that is not chosen can an index miss the table.
    series = pl.Series(table, dtype=width(min(table), max(table)))
    return pl.lit(series).gather(index.number(unsigned), null_on_oob=True)
