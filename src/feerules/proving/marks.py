"""Which rules of the documents decide, for one record: the marks of a plan, ready to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from feerules.book import Book
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import FeeSchedule
from feerules.documents.tables import Table
from feerules.errors import Where
from feerules.plan.nodes import Mark, Plan
from feerules.plan.pricing import marks_in
from feerules.reference import function

__all__ = ["Marks", "Rule", "marks_of", "rule_of", "rules_of"]

TABLES = ("row", "band")
NUMBERED = ("adjustment", "raise", "part")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that a person wrote: a row of a table, a band, an adjustment, a fee, a stop, a step …

    `name` is the fee, stop or step that it belongs to, `number` that of a row, a band, an adjustment, a part …, from 1.
    A table that several fees use has its rows once.
    """

    kind: str
    where: Where
    name: str = field(compare=False)
    number: int | None


class Marks:
    """The marks of one plan as a function of a record's arguments."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        nodes = [node for mark in plan.marks for node in (mark.need, mark.at)]
        self._run = function(plan.leaves, nodes)

    def decided(self, arguments: Sequence[int]) -> Iterator[tuple[Mark, int]]:
        """Each rule that decides for a record, as its mark and its number there."""
        numbers = self._run(*arguments)
        for mark, need, at in zip(self.plan.marks, numbers[::2], numbers[1::2], strict=True):
            if need:
                yield from ((mark, number) for number in mark.rules[at])


_ready: WeakKeyDictionary[Plan, Marks] = WeakKeyDictionary()


def marks_of(plan: Plan) -> Marks:
    found = _ready.get(plan)
    if found is None:
        found = _ready[plan] = Marks(plan)
    return found


def rule_of(mark: Mark, number: int) -> Rule:
    """The rule that a mark has under a number, whichever plan the mark is of."""
    table = _table_of(mark)
    kind = "class" if mark.kind == "row" and mark.fee == "class" else mark.kind
    if table is not None:
        return Rule(kind, table.rows[number].where, mark.fee, number + 1)
    if mark.kind == "otherwise":
        return Rule(kind, mark.rule.where_of("otherwise"), mark.fee, None)
    name = mark.fee or getattr(mark.rule, "id", "")
    return Rule(kind, mark.rule.where, name, number + 1 if kind in NUMBERED else None)


def _table_of(mark: Mark) -> Table | None:
    if mark.kind not in TABLES:
        return None
    spec = mark.rule.table if mark.kind == "band" else mark.rule
    table: Table = spec.table
    return table


def rules_of(book: Book) -> Iterator[tuple[FeeSchedule | DunningPolicy, Mapping[Rule, bool]]]:
    """For each version of each document of a book its rules, and whether anything can reach each of them."""
    for versions in book.versions:
        for version, marks in zip(versions, marks_in(versions, book.calendar), strict=True):
            yield version.schedule, _reachable(marks)
    for policies in book.policies:
        for each in policies:
            yield each.policy, _reachable(book.marked_policy(each.policy).plan.marks)


def _reachable(marks: Sequence[Mark]) -> dict[Rule, bool]:
    found: dict[Rule, bool] = {}
    for mark in marks:
        table = _table_of(mark)
        numbers = {number for rules in mark.rules for number in rules}
        for number in range(len(table.rows)) if table is not None else numbers:
            rule = rule_of(mark, number)
            found[rule] = found.get(rule, False) or number in numbers
    return found
