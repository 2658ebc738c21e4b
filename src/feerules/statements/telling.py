"""What a description tells of positions, as SQL: each value an expression over the columns of its nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import assert_never

from sqlglot import exp

from feerules.deciding.told import (
    Case,
    Column,
    Constant,
    Contradictions,
    Count,
    Day,
    Description,
    Lists,
    Minute,
    Money,
    Own,
    Part,
    Told,
    Truth,
    Words,
    as_json,
)
from feerules.plan.nodes import And, Compare, Const, Node, Not, Or, Present
from feerules.sql_trees import alias, call, cast, column, decimal, named, number, operated, selected, text
from feerules.statements.engine import Column as TableColumn
from feerules.statements.engine import Dialect
from feerules.statements.values import Values, case
from feerules.vocabulary import MOST_MONEY

__all__ = ["Telling"]

EPOCH = datetime(1970, 1, 1)


class Telling:
    """The columns of a description over a query in which its nodes stand.

    `columns` are those of the positions by name, as the query has them.
    """

    def __init__(
        self,
        description: Description,
        dialect: Dialect,
        columns: Mapping[str, TableColumn],
        as_of: date,
        key: str,
    ) -> None:
        self.description, self.dialect, self.columns, self.key = description, dialect, columns, key
        self.values = Values(dialect)
        self.clock = as_of if isinstance(as_of, datetime) else None

    def over(self, rows: exp.Select, keep: Iterable[str] = ()) -> exp.Select:
        """What is kept, and the columns that are told."""
        told = [alias(self._column(each), name) for name, each in self.description.columns.items()]
        kept = [alias(self.columns[name].expr(), name) for name in keep]
        return selected(*kept, *told).from_(named(rows, "~rows"), copy=False)

    # Nodes

    def _number(self, node: Node) -> exp.Expr:
        if isinstance(node, Const):
            return number(node.value)
        return column(self.description.name_of(node))

    def _flag(self, node: Node) -> exp.Expr:
        if isinstance(node, Const):
            return exp.true() if node.value else exp.false()
        at = self._number(node)
        is_truth = isinstance(node, Compare | And | Or | Not | Present)
        return at if is_truth else operated(exp.NEQ, at, number(0))

    # Values

    def _column(self, told: Column) -> exp.Expr:
        match told.kind:
            case "reasons":
                codes = (self._where(each.when, text(each.code)) for each in self.description.reasons)
                return self.values.given([*codes])
            case "reasons_json":
                return self._reasons()
            case "message":
                return self._message()
        zoned = self.clock is not None and self.clock.tzinfo is not None
        first = self._first_of(told.cases)
        is_key = [each.told.column for each in told.cases if isinstance(each.told, Own)] == [self.key]
        return first if is_key else self.values.typed(first, told.kind, zoned=zoned)

    def _first_of(self, cases: Sequence[Case]) -> exp.Expr:
        pairs: list[tuple[exp.Expr, exp.Expr]] = []
        for each in cases:
            if isinstance(each.when, Const):
                if each.when.value:
                    return case(pairs, self._value(each.told))
                continue
            pairs.append((self._flag(each.when), self._value(each.told)))
        return case(pairs)

    def _where(self, when: Node, told: exp.Expr) -> exp.Expr:
        """What is told where a node holds, null elsewhere."""
        return told if isinstance(when, Const) else case([(self._flag(when), told)])

    def _value(self, told: Told) -> exp.Expr:
        match told:
            case Constant(value=value):
                return self._constant(value)
            case Words(table=table, at=at):
                return self._entry(table, at)
            case Lists(table=lists, at=at):
                return self._listed(lists, at)
            case Truth(of=node):
                return self._flag(node)
            case Count(of=node):
                return self._number(node)
            case Money(fen=node):
                return decimal(self._number(node), 2, 2, MOST_MONEY)
            case Day(number=node):
                return self.dialect.day(self._number(node))
            case Minute(number=node):
                return self._minute(node)
            case Own(column=name, kind=kind):
                return self._own(name, kind)
            case Contradictions():
                return self.values.contradictions(self.columns["contradictions"])
        assert_never(told)

    def _constant(self, value: str | date | None) -> exp.Expr:
        if isinstance(value, datetime):
            return self.values.moment(value)
        if isinstance(value, date):
            return cast(text(value.isoformat()), "DATE")
        return exp.null() if value is None else text(value)

    def _entry(self, table: Sequence[str | None], at: Node) -> exp.Expr:
        if isinstance(at, Const):
            return self._constant(table[at.value])
        return self.dialect.entry(self.dialect.texts(table), self._number(at))

    def _listed(self, lists: Sequence[Sequence[str]], at: Node) -> exp.Expr:
        return case(
            (
                (number(place), cast(exp.Array(expressions=[text(word) for word in each]), "ARRAY<TEXT>"))
                for place, each in enumerate(lists)
            ),
            of=self._number(at),
        )

    def _minute(self, node: Node) -> exp.Expr:
        if isinstance(node, Const):
            return self.values.moment(self._moment(node))
        if self.clock is None or self.clock.tzinfo is None:
            return self.values.minute(self._number(node))
        zone = getattr(self.clock.tzinfo, "key", None)
        offset = self.clock.isoformat()[-6:] if zone is None else f" {zone}"
        return self.values.zoned(self._number(node), offset)

    def _moment(self, minute: Const) -> datetime:
        """A moment that is the same for all, on the clock of the question."""
        zone = None if self.clock is None else self.clock.tzinfo
        return EPOCH.replace(tzinfo=zone) + timedelta(minutes=minute.value)

    def _own(self, name: str, kind: str) -> exp.Expr:
        held = self.columns[name]
        if kind == "texts":
            return self.values.texts(held)
        return held.expr() if name == self.key else self.values.typed(held.expr(), kind)

    # JSON

    def _text(self, parts: Sequence[Part]) -> exp.Expr:
        return self.values.joined_text(
            *(text(part) if isinstance(part, str) else self._json(part) for part in parts)
        )

    def _json(self, told: Told) -> exp.Expr:
        values = self.values
        match told:
            case Contradictions():
                return self._value(told)
            case Words(table=table, at=at):
                return self._entry([*map(as_json, table)], at)
            case Minute(number=Const() as node):
                return text(as_json(self._moment(node).isoformat()))
            case Minute():
                return values.quoted(values.moment_text(self._value(told)))
            case Count() | Own(kind="count"):
                return cast(self._value(told), "TEXT")
            case Money() | Own(kind="money"):
                return values.quoted(cast(self._value(told), "TEXT"))
            case Day() | Own(kind="day"):
                return values.quoted(values.day_text(self._value(told)))
        return values.json_text(cast(self._value(told), "TEXT"))

    def _message(self) -> exp.Expr:
        """The fields of the message as JSON, where there is one."""
        acts, fields = self.description.acts, self.description.fields
        assert acts is not None
        told = [self._where(each.when, self._text(each.parts)) for each in fields if each.when.hi]
        joined = self.values.joined(self.values.given(told), ", ")
        return (
            self._where(acts, call("CONCAT", text("{"), joined, text("}")))
            if acts.hi
            else self.values.nothing("text")
        )

    def _reasons(self) -> exp.Expr:
        told = [self._where(each.when, self._text(each.parts)) for each in self.description.reasons]
        return call("CONCAT", text("["), self.values.joined(self.values.given(told), ", "), text("]"))
