"""Classes and next actions as statements over a table of positions: each position under the policy that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import reduce
from typing import Final, Literal

from sqlglot import exp

from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.clocks import read_day, read_known, read_moment
from feerules.deciding.actions import actions_under, classes_under
from feerules.deciding.questions import Question
from feerules.deciding.told import Description, columns_in
from feerules.plan.dunning import Compiled
from feerules.plan.nodes import Plan
from feerules.reasons import reason
from feerules.sql_trees import alias, call, cast, column, is_null, named, selected, text
from feerules.statements.engine import TEXT, Column, Prepared, dialect_of
from feerules.statements.positions import Positions
from feerules.statements.reasoning import reason_of
from feerules.statements.sources import NATURAL, SourceError
from feerules.statements.statement import Statement
from feerules.statements.telling import Telling
from feerules.statements.values import Values

__all__ = ["decision_statement"]

Verb = Literal["classify_estate", "next_actions"]
AsOf = date | datetime | str | tuple[date | str, date | str]
OWN: Final = "@"  # before the name of what a position tells beside its facts
# What a class is told with, beside the facts of its position.
HEAD: Final = ("party_id", "as_of", "known_at", "currency")
TAIL: Final = ("hold_reason", "changes_on", "contradictions", "warnings", "open_charge_ids")
# What a position says that no class rests on.
OF_POSITIONS: Final = (
    "overdue_charge_ids",
    "covered_charge_ids",
    "later_step",
    "later_on",
    "policy",
    "version",
    "facts",
)


def decision_statement(
    book: Book,
    verb: Verb,
    dialect: str,
    positions: str,
    *,
    columns: Mapping[str, str] | None,
    as_of: AsOf,
    known_at: date | datetime | str | None,
    calendar: WorkdayCalendar | None,
    key: str,
    unique: bool,
) -> Statement:
    """See `feerules.to_sql`."""
    spoken = dialect_of(dialect)
    first, last = as_of if isinstance(as_of, tuple | list) else (read_moment(as_of), None)
    until = None if last is None else read_day(last)
    asked = Question(
        read_moment(first) if until is None else read_day(first),
        read_known(known_at), calendar or book.calendar, book.policies_change_after, until, checked=True,
    )  # fmt: skip
    if not asked.days:
        raise SourceError(f"found the days from {first} to {last}, expected the first one first")
    table = Positions(spoken, positions, columns, book.mapping)
    rows, problems = _Decisions(book, verb, table, asked, key, unique=unique).queries()
    return Statement(spoken.sql(rows), spoken.sql(problems), spoken.name, book.digest, table.source.left_open)


class _Decisions:
    def __init__(
        self, book: Book, verb: Verb, positions: Positions, asked: Question, key: str, *, unique: bool
    ) -> None:
        self.book, self.verb, self.positions, self.asked, self.key = book, verb, positions, asked, key
        self.unique = unique
        self.policies = self._in_force()
        if not self.policies:
            raise SourceError(f"no dunning policy is in force on {asked.as_of}, and a position names one")
        self.kept = self._kept()

    def _in_force(self) -> list[Compiled]:
        """Every version of a policy that is in force on one of the days."""
        found: dict[int, Compiled] = {}
        day: int | None = self.asked.days[0]
        while day is not None and day in self.asked.days:
            found |= {id(each): each for each in self.book.compiled_policies(day)}
            day = self.book.policies_change_after(day)
        return [*found.values()]

    def queries(self) -> tuple[exp.Query, exp.Query]:
        """The answers, and the problems of the positions that have none."""
        rows, problems = zip(*map(self._under, self.policies), strict=True)
        return _all(rows), _all([*problems, *self._lacking()])

    def _under(self, compiled: Compiled) -> tuple[exp.Query, exp.Query]:
        described = (
            actions_under(compiled, self.asked, self.key)
            if self.verb == "next_actions"
            else classes_under(compiled, self.asked)
        )
        own = self._told(described)
        facts, columns = self._facts(compiled, described)
        kept = {name: each for name, each in self.kept.items() if name not in described.columns}
        told = (alias(each.expr(), held.name) for each, held in own.values())
        source = self.positions.source.rows(*told, *facts).where(self.positions.is_of(compiled), copy=False)
        source = source.where(exp.not_(self._nameless()), copy=False)
        source = source.where(self.positions.is_known_by(self.asked.known_at), copy=False)
        if not self.unique:
            source = source.where(exp.not_(self._is_again()), copy=False)
        prepared = Prepared(described.plan, self.positions.dialect, source, columns)
        held = {name: each for name, (_, each) in own.items()}
        telling = Telling(described, self.positions.dialect, held, self.asked.as_of, self.key)
        rows = prepared.rows(described.plan.totals, [each.name for each in held.values()])
        return telling.over(rows, kept), self._reasoned(prepared, described.plan, held[self.key].name)

    def _told(self, described: Description) -> dict[str, tuple[Column, Column]]:
        """The columns of the positions that are told as they stand, and what the statement calls them: numbers,
        since databases cut long names."""
        names = dict.fromkeys((self.key, *sorted(columns_in(described)), *self.kept))
        self.positions.need(names)
        own = {name: self.positions.column(name) for name in names}
        return {
            name: (each, replace(each, name=f"@{place}")) for place, (name, each) in enumerate(own.items())
        }

    def _kept(self) -> dict[str, Column]:
        """The columns of a position that a class is told with, as they stand: the same under every policy."""
        if self.verb == "next_actions":
            return {}
        known = self.positions.types
        if known is None:
            facts = dict.fromkeys(name for each in self.policies for name in each.leaves)
            known = dict.fromkeys((self.key, *HEAD, *facts, *TAIL), "")
        brought = {
            name
            for each in self.policies
            for leaf in each.plan.leaves
            if leaf.name not in each.own
            for name in (leaf.name, *leaf.aliases)
        }
        left_out = brought | {*OF_POSITIONS}
        return {name: self.positions.column(name) for name in known if name not in left_out}

    def _facts(self, compiled: Compiled, described: Description) -> tuple[list[exp.Expr], dict[str, Column]]:
        """What the plan reads, and under which name each fact stands then; all that a position tells must be there."""
        values = Values(self.positions.dialect)
        told, brought = [], []
        columns: dict[str, Column] = {}
        for place, leaf in enumerate(described.plan.leaves):
            name = f"~own{place}"
            if leaf.name in described.drawn:
                listed, entry = described.drawn[leaf.name]
                told.append(alias(values.has(self.positions.column(listed), entry), name))
                columns[leaf.name] = Column(name, "boolean")
            elif leaf.name in compiled.own or leaf.name.startswith(OWN):
                held = self.positions.column(leaf.name.removeprefix(OWN), NATURAL[leaf.kind])
                told.append(alias(held.expr(), name))
                columns[leaf.name] = replace(held, name=name)
            else:
                self.positions.need_one(leaf.name, *leaf.aliases)
                brought.append(leaf)
        more, theirs = self.positions.source.taken(brought)
        return [*told, *more], columns | theirs

    # Problems

    def _reasoned(self, prepared: Prepared, plan: Plan, key: str) -> exp.Select:
        fact = call("REPLACE", column("fact"), text(OWN), text(""))
        told = (fact, column("value"), column("code"), reason_of(plan))
        # A day may be read for what is judged by it and for what is told of it: it is one problem.
        problem = _problem(column(key), *told).distinct(copy=False)
        return problem.from_(named(prepared.problems([key]), "~problems"), copy=False)

    def _lacking(self) -> Iterator[exp.Select]:
        """The positions that no policy is for, those of nobody, of what was known by another day, and those that
        stand there twice."""
        one = exp.func("COALESCE", exp.or_(*map(self.positions.is_of, self.policies)), exp.false())
        yield self._problem_where("no_policy", None, exp.not_(one))
        yield self._problem_where("null_key", self.key, exp.and_(one.copy(), self._nameless()))
        of_another = exp.and_(one.copy(), exp.not_(self.positions.is_known_by(self.asked.known_at)))
        yield self._problem_where("other_known_at", "known_at", of_another, self.positions.said("known_at"))
        if not self.unique:
            is_asked = self.positions.is_known_by(self.asked.known_at)
            again = exp.and_(exp.not_(self._nameless()), is_asked, self._is_again())
            yield self._problem_where(
                "duplicate_key", self.key, again, self.positions.column(self.key).expr()
            )

    def _is_again(self) -> exp.Expr:
        return self.positions.is_again(self.key, self.asked.known_at)

    def _nameless(self) -> exp.Expr:
        return is_null(self.positions.source.key(self.key))

    def _problem_where(
        self, code: str, fact: str | None, where: exp.Expr, value: exp.Expr | None = None
    ) -> exp.Select:
        said = exp.null() if fact is None else text(fact)
        id_ = self.positions.column(self.key).expr()
        problem = _problem(id_, said, value or exp.null(), text(code), text(reason(code)))
        return self.positions.source.rows(*problem.expressions).where(where, copy=False)


def _problem(id_: exp.Expr, *told: exp.Expr) -> exp.Select:
    names = ("frame", "row_id", "account_id", "fact", "value", "code", "reason")
    parts = (text("accounts"), id_, id_.copy(), *told)
    return selected(*(alias(cast(part, TEXT), name) for name, part in zip(names, parts, strict=True)))


def _all(queries: Iterable[exp.Query]) -> exp.Query:
    return reduce(lambda one, other: exp.union(one, other, distinct=False, copy=False), queries)
