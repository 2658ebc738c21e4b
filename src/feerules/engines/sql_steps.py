"""Nodes of a plan as expressions of SQL, layer by layer: what is used more than once becomes a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from feerules.engines.dialects import BIGINT, BOOLEAN, WIDE, Dialect
from feerules.engines.sql_columns import width
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
    Max,
    Min,
    Mul,
    Node,
    Not,
    Or,
    Present,
    Sub,
    children,
    in_order,
)
from feerules.sql_trees import column, number, operated, selected, table, whole

__all__ = ["Layer", "Steps", "Value"]

SQL = exp.Expr
DEEPEST = 16  # nesting of one expression: what writes and reads SQL walks it by recursion


@dataclass(frozen=True, slots=True)
class Value:
    """An expression of a kind, which reads columns of at most `layer`, nested so deep."""

    expr: SQL
    kind: str
    layer: int = 0
    depth: int = 0
    constant: int | None = None

    def number(self, kind: str) -> SQL:
        """As a whole number; one of 64 bits stands for a wide one wherever another is wide."""
        if self.constant is not None:
            return number(self.constant)
        if self.kind == BOOLEAN:
            return exp.Case().when(self.expr.copy(), number(1), copy=False).else_(number(0), copy=False)
        return self.expr.copy()

    @property
    def truth(self) -> SQL:
        if self.constant is not None:
            return exp.true() if self.constant else exp.false()
        return self.expr.copy() if self.kind == BOOLEAN else operated(exp.NEQ, self.expr.copy(), number(0))


@dataclass
class Layer:
    """Columns that one query adds, of its own and from tables that are joined to it by their places."""

    columns: list[SQL] = field(default_factory=list)
    tables: list[tuple[str, SQL]] = field(default_factory=list)
    joined: list[tuple[str, SQL, SQL]] = field(default_factory=list)  # a table, the place in it, its column

    def over(self, last: str) -> exp.Select:
        query = selected(whole(last), *(told for _, _, told in self.joined)).from_(table(last), copy=False)
        for name, place, _ in self.joined:
            at = operated(exp.EQ, exp.column("i", table=exp.to_identifier(name, quoted=True)), place)
            query = query.join(table(name), on=at, join_type="LEFT", copy=False)
        return query


class Steps:
    """Turns nodes into expressions, layer by layer: what is used more than once becomes a column."""

    def __init__(self, dialect: Dialect, facts: Mapping[int, tuple[Value, Value]]) -> None:
        self._dialect, self._facts = dialect, facts
        self._values: dict[int, Value] = {}
        self._columns = 0
        self._kept: list[Node] = []  # so that their ids stay their own

    def copy(self) -> Steps:
        other = Steps(self._dialect, self._facts)
        other._values, other._columns, other._kept = dict(self._values), self._columns, [*self._kept]
        return other

    def take(self, roots: Sequence[Node], uses: Mapping[int, int]) -> tuple[list[Layer], list[Value]]:
        """The layers of columns that the roots need, and the roots over them."""
        layers: list[Layer] = []
        for node in in_order(roots):
            if id(node) not in self._values:
                self._kept.append(node)
                value = self._value(node, [self._values[id(child)] for child in children(node)], layers)
                if value.depth and (uses[id(node)] > 1 or value.depth > DEEPEST):
                    value = self._column(value, layers)
                self._values[id(node)] = value
        self._values = {node: replace(value, layer=0) for node, value in self._values.items()}
        return layers, [self._values[id(root)] for root in roots]

    def _layer(self, place: int, layers: list[Layer]) -> Layer:
        layers.extend(Layer() for _ in range(place + 1 - len(layers)))
        return layers[place]

    def _column(self, value: Value, layers: list[Layer]) -> Value:
        name = self._name()
        typed = value.expr if value.kind == BOOLEAN else self._dialect.as_kind(value.expr, value.kind)
        self._layer(value.layer, layers).columns.append(exp.alias_(typed, name, quoted=True, copy=False))
        return Value(column(name), value.kind, value.layer + 1)

    def _name(self) -> str:
        self._columns += 1
        return f"~{self._columns}"

    def _value(self, node: Node, parts: Sequence[Value], layers: list[Layer]) -> Value:
        match node:
            case Const(value=value):
                return Value(exp.null(), BIGINT, constant=value)
            case Fact(leaf=leaf):
                return self._facts[id(leaf)][0]
            case Present(leaf=leaf):
                return self._facts[id(leaf)][1]
            case Gather(table=entries) if self._dialect.joins(
                len(entries), width(min(entries), max(entries))
            ):
                return self._joined(entries, parts[0], layers)
            case Band() if parts[0].depth:
                parts = [self._column(parts[0], layers)]
        expr, kind = self._expression(node, parts)
        return Value(expr, kind, max(part.layer for part in parts), 1 + max(part.depth for part in parts))

    def _joined(self, entries: Sequence[int], place: Value, layers: list[Layer]) -> Value:
        """The entry of a large table, which is joined by its places."""
        kind, told = width(min(entries), max(entries)), self._name()
        name = f"{told}table"
        layer = self._layer(place.layer, layers)
        layer.tables.append((name, self._dialect.listed(entries, kind)))
        entry = exp.column("v", table=exp.to_identifier(name, quoted=True))
        layer.joined.append((name, place.number(BIGINT), exp.alias_(entry, told, quoted=True, copy=False)))
        return Value(column(told), kind, place.layer + 1)

    def _expression(self, node: Node, parts: Sequence[Value]) -> tuple[SQL, str]:
        """What a node computes from its operands, and of which kind."""
        match node:
            case And():
                return operated(exp.And, parts[0].truth, parts[1].truth), BOOLEAN
            case Or():
                return operated(exp.Or, parts[0].truth, parts[1].truth), BOOLEAN
            case Not():
                return exp.not_(parts[0].truth, copy=False), BOOLEAN
            case Compare(op=op):
                kind = _common(parts)
                return operated(_COMPARED[op], *(part.number(kind) for part in parts)), BOOLEAN
            case Choose(then=then, other=other):
                kind = width(min(then.lo, other.lo), max(then.hi, other.hi))
                one, two = (part.number(kind) for part in parts[1:])
                # Two short literals would be short numbers, which a product can overflow.
                return self._dialect.as_kind(
                    exp.Case().when(parts[0].truth, one, copy=False).else_(two, copy=False), kind
                ), kind
            case Gather(table=entries):
                kind = width(min(entries), max(entries))
                return self._dialect.entry(
                    self._dialect.numbers(entries, kind), parts[0].number(BIGINT)
                ), kind
            case Band(cuts=cuts):
                return self._banded(cuts, parts[0]), BIGINT
        kind = width(
            min(node.lo, *(each.lo for each in children(node))),
            max(node.hi, *(each.hi for each in children(node))),
        )
        return self._computed(node, [self._of_kind(part, kind) for part in parts], kind)

    def _of_kind(self, part: Value, kind: str) -> SQL:
        # A wide number whose bounds are narrow again is made narrow: what divides whole numbers of 64 bits in
        # PostgreSQL would leave a fraction of a decimal.
        if part.kind != kind and not (part.constant is not None and kind == BIGINT):
            return self._dialect.as_kind(part.number(kind), kind)
        return part.number(kind)

    def _computed(self, node: Node, parts: Sequence[SQL], kind: str) -> tuple[SQL, str]:
        match node:
            case Add():
                return operated(exp.Add, *parts), kind
            case Sub():
                return operated(exp.Sub, *parts), kind
            case Mul():
                return operated(exp.Mul, *parts), kind
            case DivRound():
                # A rewritten division is of a number that is not negative, by a positive one, without its rest.
                return self._dialect.quotient(parts[0], parts[1], kind, node.hi), kind
            case Min():
                return self._dialect.least(*parts), kind
            case Max():
                return self._dialect.greatest(*parts), kind
        raise TypeError(type(node).__name__)

    def _banded(self, cuts: Sequence[int], of: Value) -> SQL:
        """How many of the cuts are at most a value, by halves."""

        def among(first: int, last: int) -> SQL:
            if first == last:
                return number(first)
            middle = (first + last) // 2
            below = operated(exp.LT, of.number(BIGINT), number(cuts[middle]))
            return (
                exp.Case()
                .when(below, among(first, middle), copy=False)
                .else_(among(middle + 1, last), copy=False)
            )

        return among(0, len(cuts))


_COMPARED: dict[str, type[SQL]] = {"<": exp.LT, "<=": exp.LTE, "==": exp.EQ, "!=": exp.NEQ}


def _common(parts: Sequence[Value]) -> str:
    return WIDE if any(part.kind == WIDE for part in parts) else BIGINT
