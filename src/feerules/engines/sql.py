"""A plan as SQL: the scalar engine's answers inside a database, for a table of any size.

One tree serves all dialects; what differs between them stands in `dialects`. Every whole number is computed in
64 bits, or in 38 digits where its bounds need them, so that no database overflows, rounds or guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from feerules.engines.dialects import (
    BIGINT,
    BOOLEAN,
    WIDE,
    Dialect,
    anything,
    call,
    cast,
    column,
    every,
    number,
    operated,
    selected,
    table,
    whole,
)
from feerules.engines.guarding import CODES, guards_of
from feerules.engines.rewriting import Rewriter
from feerules.engines.sql_reading import Column, Reading, column_of, read, width
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

__all__ = ["Column", "Prepared", "column_of", "truth"]

SQL = exp.Expr
DEEPEST = 16  # nesting of one expression: what writes and reads SQL walks it by recursion
INLINE = 4_000  # entries of a table that stand in the statement's expressions; larger ones are joined


class Prepared:
    """A plan over a query: the rows that have answers, and the problems of the others, each as a query.

    `source` is a named table or a query, `columns` the column of each fact by the name of its leaf; without one,
    nothing was said. What is kept of a row stands in columns of the source too.
    """

    def __init__(
        self, plan: Plan, dialect: Dialect, source: exp.Select, columns: Mapping[str, Column]
    ) -> None:
        self.dialect, self._plan = dialect, plan
        self._ctes: list[tuple[str, SQL]] = []
        self._rewriter = Rewriter()
        self._guards = [*guards_of(plan)]
        self._readings: dict[int, Reading] = {}
        for place, leaf in enumerate(plan.leaves):
            self._readings[id(leaf)] = read(leaf, columns.get(leaf.name), f"~raw{place}", dialect)
        self._judge(self._encoded(self._named(source)))

    def rows(self, outputs: Mapping[str, Node], keep: Sequence[str]) -> exp.Select:
        """The rows that pass every guard: the columns to keep as they came, then the outputs.

        A comparison, a connective or a presence comes out as a boolean, any other node as a whole number of 64
        bits. ValueError for an output that these do not hold.
        """
        for name, node in outputs.items():
            if width(node.lo, node.hi) == WIDE:
                raise ValueError(f"{name} can pass 64 bits: {node.lo}..{node.hi}")
        nodes = self._rewriter.rewrite([*outputs.values()])
        good = selected().from_(table(self._judged), copy=False).where(column("~good"), copy=False)
        layers, values = self._steps.copy().take(nodes, use_counts(nodes))
        ctes = [*self._ctes]
        last = self._layered("~answer", self._fresh(good, "~sound", ctes), layers, ctes)
        told = [
            exp.alias_(self._output(node, value), name, quoted=True, copy=False)
            for (name, node), value in zip(outputs.items(), values, strict=True)
        ]
        return _with(selected(*map(column, keep), *told).from_(table(last), copy=False), ctes)

    def problems(self, keep: Sequence[str]) -> exp.Select:
        """The other rows, once for each guard that they fail: the columns to keep, then fact, value, code, fee."""
        failed = [
            exp.Case().when(test, number(place), copy=False).else_(exp.null(), copy=False)
            for place, test in enumerate(self._failures())
        ]
        bad = (
            selected()
            .from_(table(self._judged), copy=False)
            .where(exp.not_(column("~good"), copy=False), copy=False)
        )
        ctes = [*self._ctes]
        last = self._fresh(bad, "~bad", ctes)
        which = selected(
            exp.Star(),
            exp.alias_(
                self.dialect.said(failed or [cast(exp.null(), "INT")]), "~which", quoted=True, copy=False
            ),
        )
        last = self._fresh(which.from_(table(last), copy=False), "~failed", ctes)
        at = column("~which")
        codes = [*CODES, *(guard.code for guard in self._guards)]
        code = self._by_reading(lambda reading: reading.code, operated(exp.Add, at, number(len(CODES))))
        told = {
            "fact": self._entry([guard.fact.name if guard.fact else None for guard in self._guards], at),
            "value": self._by_reading(lambda reading: reading.said, cast(exp.null(), "TEXT")),
            "code": self._entry(codes, code),
            "fee": self._entry([guard.fee for guard in self._guards], at),
        }
        columns = [exp.alias_(told_, name, quoted=True, copy=False) for name, told_ in told.items()]
        return _with(selected(*map(column, keep), *columns).from_(table(last), copy=False), ctes)

    # Steps of a statement

    def _named(self, source: exp.Select) -> str:
        return self._fresh(source, "~given", self._ctes)

    def _fresh(self, query: exp.Select, name: str, ctes: list[tuple[str, SQL]]) -> str:
        ctes.append((name, query))
        return name

    def _adding(self, columns: Sequence[SQL], last: str, name: str, ctes: list[tuple[str, SQL]]) -> str:
        return self._fresh(self.dialect.adding(last, columns), name, ctes) if columns else last

    def _layered(self, name: str, last: str, layers: Sequence[_Layer], ctes: list[tuple[str, SQL]]) -> str:
        for place, layer in enumerate(layers):
            ctes += layer.tables
            if layer.joined:
                last = self._fresh(layer.over(last), f"{name}{place}joined", ctes)
            last = self._adding(layer.columns, last, f"{name}{place}", ctes)
        return last

    # Reading and judging

    def _encoded(self, last: str) -> str:
        """The rows with every fact as the plan takes it."""
        readings = [*self._readings.values()]
        raw = [
            exp.alias_(each.raw, f"~raw{place}", quoted=True, copy=False)
            for place, each in enumerate(readings)
            if each.raw is not None
        ]
        last = self._adding(raw, last, "~read", self._ctes)
        told, facts = [], {}
        for place, each in enumerate(readings):
            value, present = f"~fact{place}", f"~has{place}"
            told.append(
                exp.alias_(self.dialect.as_kind(each.encoded, each.kind), value, quoted=True, copy=False)
            )
            told.append(exp.alias_(each.present, present, quoted=True, copy=False))
            facts[id(each.leaf)] = _Value(column(value), each.kind), _Value(column(present), BOOLEAN)
        self._steps = _Steps(self.dialect, facts)
        return self._adding(told, last, "~facts", self._ctes)

    def _judge(self, last: str) -> None:
        """Adds whether a row passes every guard, and what the guards compute that the answers need too."""
        plan = self._plan
        roots = [node for guard in self._guards for node in (guard.need, guard.ok) if node is not None]
        answers = [node for slot in plan.slots for node in (slot.active, *slot.values.values())]
        nodes = self._rewriter.rewrite([*roots, *answers, *plan.totals.values()])
        layers, values = self._steps.take(nodes[: len(roots)], use_counts(nodes))
        last = self._layered("~guard", last, layers, self._ctes)
        given = iter(values)
        self._passes = [self._passed(guard, given) for guard in self._guards]
        told = [
            exp.alias_(each, f"~pass{place}", quoted=True, copy=False)
            for place, each in enumerate(self._passes)
        ]
        last = self._adding(told, last, "~passed", self._ctes)
        good = every([self._pass(place) for place in range(len(told))])
        self._judged = self._adding(
            [exp.alias_(good, "~good", quoted=True, copy=False)], last, "~judged", self._ctes
        )

    def _pass(self, place: int) -> SQL:
        return call("COALESCE", column(f"~pass{place}"), exp.false())

    def _passed(self, guard: Guard, values: Iterator[_Value]) -> SQL:
        need = next(values)
        ok = self._readings[id(guard.fact)].sound if guard.ok is None else next(values).truth
        return ok if need.constant else operated(exp.Or, exp.not_(need.truth, copy=False), ok)

    def _failures(self) -> list[SQL]:
        """For each guard whether a row fails it; those that compute are silent where a fact cannot be read."""
        failed = [exp.not_(self._pass(place), copy=False) for place in range(len(self._guards))]
        pairs = [*zip(self._guards, failed, strict=True)]
        unread = [test.copy() for guard, test in pairs if guard.ok is None]
        readable = exp.not_(exp.Paren(this=anything(unread)), copy=False)
        return [
            test if guard.ok is None else operated(exp.And, test, readable.copy()) for guard, test in pairs
        ]

    def _by_reading(self, told: Callable[[Reading], SQL], otherwise: SQL) -> SQL:
        """What the reading of the fact tells where a row failed to be read, else `otherwise`."""
        case = exp.Case(this=column("~which"))
        for place, guard in enumerate(self._guards):
            if guard.ok is None:
                case = case.when(number(place), told(self._readings[id(guard.fact)]).copy(), copy=False)
        return case.else_(otherwise, copy=False) if case.args.get("ifs") else otherwise

    def _entry(self, words: Sequence[str | None], at: SQL) -> SQL:
        return self.dialect.entry(self.dialect.texts(words or [None]), at.copy())

    def _output(self, node: Node, value: _Value) -> SQL:
        return value.truth if _is_truth(node) else self.dialect.as_kind(value.number(BIGINT), BIGINT)


def truth(name: str, node: Node) -> SQL:
    """An output that is a truth, as one: some nodes give it as 0 or 1."""
    return column(name) if _is_truth(node) else operated(exp.EQ, column(name), number(1))


def _is_truth(node: Node) -> bool:
    return isinstance(node, Compare | And | Or | Not | Present)


def _with(query: exp.Select, ctes: Sequence[tuple[str, SQL]]) -> exp.Select:
    for name, each in ctes:
        query = query.with_(exp.to_identifier(name, quoted=True), each.copy(), copy=False)
    return query


# Expressions


@dataclass(frozen=True, slots=True)
class _Value:
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
class _Layer:
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


class _Steps:
    """Turns nodes into expressions, layer by layer: what is used more than once becomes a column."""

    def __init__(self, dialect: Dialect, facts: Mapping[int, tuple[_Value, _Value]]) -> None:
        self._dialect, self._facts = dialect, facts
        self._values: dict[int, _Value] = {}
        self._columns = 0
        self._kept: list[Node] = []  # so that their ids stay their own

    def copy(self) -> _Steps:
        other = _Steps(self._dialect, self._facts)
        other._values, other._columns, other._kept = dict(self._values), self._columns, [*self._kept]
        return other

    def take(self, roots: Sequence[Node], uses: Mapping[int, int]) -> tuple[list[_Layer], list[_Value]]:
        """The layers of columns that the roots need, and the roots over them."""
        layers: list[_Layer] = []
        for node in in_order(roots):
            if id(node) not in self._values:
                self._kept.append(node)
                value = self._value(node, [self._values[id(child)] for child in children(node)], layers)
                if value.depth and (uses[id(node)] > 1 or value.depth > DEEPEST):
                    value = self._column(value, layers)
                self._values[id(node)] = value
        self._values = {node: replace(value, layer=0) for node, value in self._values.items()}
        return layers, [self._values[id(root)] for root in roots]

    def _layer(self, place: int, layers: list[_Layer]) -> _Layer:
        layers.extend(_Layer() for _ in range(place + 1 - len(layers)))
        return layers[place]

    def _column(self, value: _Value, layers: list[_Layer]) -> _Value:
        name = self._name()
        typed = value.expr if value.kind == BOOLEAN else self._dialect.as_kind(value.expr, value.kind)
        self._layer(value.layer, layers).columns.append(exp.alias_(typed, name, quoted=True, copy=False))
        return _Value(column(name), value.kind, value.layer + 1)

    def _name(self) -> str:
        self._columns += 1
        return f"~{self._columns}"

    def _value(self, node: Node, parts: Sequence[_Value], layers: list[_Layer]) -> _Value:
        match node:
            case Const(value=value):
                return _Value(exp.null(), BIGINT, constant=value)
            case Fact(leaf=leaf):
                return self._facts[id(leaf)][0]
            case Present(leaf=leaf):
                return self._facts[id(leaf)][1]
            case Gather(table=entries) if len(entries) > INLINE:
                return self._joined(entries, parts[0], layers)
            case Band() if parts[0].depth:
                parts = [self._column(parts[0], layers)]
        expr, kind = self._expression(node, parts)
        return _Value(expr, kind, max(part.layer for part in parts), 1 + max(part.depth for part in parts))

    def _joined(self, entries: Sequence[int], place: _Value, layers: list[_Layer]) -> _Value:
        """The entry of a large table, which is joined by its places."""
        kind, told = width(min(entries), max(entries)), self._name()
        name = f"{told}table"
        layer = self._layer(place.layer, layers)
        layer.tables.append((name, self._dialect.listed(entries, kind)))
        entry = exp.column("v", table=exp.to_identifier(name, quoted=True))
        layer.joined.append((name, place.number(BIGINT), exp.alias_(entry, told, quoted=True, copy=False)))
        return _Value(column(told), kind, place.layer + 1)

    def _expression(self, node: Node, parts: Sequence[_Value]) -> tuple[SQL, str]:
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

    def _of_kind(self, part: _Value, kind: str) -> SQL:
        if part.kind == BIGINT and kind == WIDE:
            return self._dialect.as_kind(part.number(kind), WIDE)
        if part.kind == BOOLEAN and part.constant is None:
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

    def _banded(self, cuts: Sequence[int], of: _Value) -> SQL:
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


def _common(parts: Sequence[_Value]) -> str:
    return WIDE if any(part.kind == WIDE for part in parts) else BIGINT
