"""A plan as SQL: the scalar engine's answers inside a database, for a table of any size.

One tree serves all dialects; what differs between them stands in `dialects`. Every whole number is computed in
64 bits, or in 38 digits where its bounds need them, so that no database overflows, rounds or guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlglot import exp

from feerules.engines.dialects import BIGINT, BOOLEAN, TEXT, WIDE, Dialect, dialect_of
from feerules.engines.guarding import CODES, guards_of
from feerules.engines.rewriting import Rewriter
from feerules.engines.sql_columns import Column, column_of, width
from feerules.engines.sql_reading import Reading, read
from feerules.engines.sql_steps import Layer, Steps, Value
from feerules.plan.nodes import (
    And,
    Compare,
    Guard,
    Node,
    Not,
    Or,
    Plan,
    Present,
    use_counts,
)
from feerules.sql_trees import (
    NotInSql,
    alias,
    anything,
    call,
    cast,
    column,
    every,
    number,
    operated,
    selected,
    table,
)

__all__ = ["BIGINT", "TEXT", "WIDE", "Column", "Dialect", "Prepared", "column_of", "dialect_of", "truth"]

SQL = exp.Expr


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
        bits. NotInSql for an output that these do not hold.
        """
        for name, node in outputs.items():
            if width(node.lo, node.hi) == WIDE:
                raise NotInSql(f"{name} can pass 64 bits: {node.lo}..{node.hi}")
        nodes = self._rewriter.rewrite([*outputs.values()])
        good = selected().from_(table(self._judged), copy=False).where(column("~good"), copy=False)
        layers, values = self._steps.copy().take(nodes, use_counts(nodes))
        self._refuse_wide(self._columns_of(layers), len(keep) + len(outputs))
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

    def read(self, names: Mapping[str, str], keep: Sequence[str]) -> exp.Select:
        """Every row: the columns to keep, and by its new name the number of each fact, null where it cannot be read."""
        told = []
        for place, leaf in enumerate(self._plan.leaves):
            if leaf.name in names:
                sound = call("COALESCE", self._readings[id(leaf)].sound, exp.false())
                value = exp.Case().when(sound, column(f"~fact{place}"), copy=False)
                told.append(alias(value, names[leaf.name]))
        query = selected(*map(column, keep), *told).from_(table(self._judged), copy=False)
        return _with(query, self._ctes)

    def _columns_of(self, layers: Sequence[Layer]) -> int:
        """How many columns a row has after the last of the layers."""
        read = 4 * len(self._plan.leaves) + len(self._guards)
        return read + sum(len(layer.columns) + len(layer.joined) for layer in [*self._judging, *layers])

    def _refuse_wide(self, *counts: int) -> None:
        most = self.dialect.most_columns
        if most and max(counts) > most:
            raise NotInSql(
                f"found {max(counts):,} columns between two steps, and {self.dialect.name} has room for {most:,}: "
                "ask for a shorter period, or for fewer rules"
            )

    # Steps of a statement

    def _named(self, source: exp.Select) -> str:
        return self._fresh(source, "~given", self._ctes)

    def _fresh(self, query: exp.Select, name: str, ctes: list[tuple[str, SQL]]) -> str:
        ctes.append((name, query))
        return name

    def _adding(self, columns: Sequence[SQL], last: str, name: str, ctes: list[tuple[str, SQL]]) -> str:
        return self._fresh(self.dialect.adding(last, columns), name, ctes) if columns else last

    def _layered(self, name: str, last: str, layers: Sequence[Layer], ctes: list[tuple[str, SQL]]) -> str:
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
            facts[id(each.leaf)] = Value(column(value), each.kind), Value(column(present), BOOLEAN)
        self._steps = Steps(self.dialect, facts)
        return self._adding(told, last, "~facts", self._ctes)

    def _judge(self, last: str) -> None:
        """Adds whether a row passes every guard, and what the guards compute that the answers need too."""
        plan = self._plan
        roots = [node for guard in self._guards for node in (guard.need, guard.ok) if node is not None]
        answers = [node for slot in plan.slots for node in (slot.active, *slot.values.values())]
        nodes = self._rewriter.rewrite([*roots, *answers, *plan.totals.values()])
        layers, values = self._steps.take(nodes[: len(roots)], use_counts(nodes))
        self._judging = layers
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

    def _passed(self, guard: Guard, values: Iterator[Value]) -> SQL:
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

    def _output(self, node: Node, value: Value) -> SQL:
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
