"""Generated cases of a schedule: units at the edges of its tables, bands and conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from feerules.bill import Bill
from feerules.book import Book
from feerules.documents.schedule import FeeSchedule
from feerules.errors import RuleErrors, UnitErrors
from feerules.periods import Period, add_months, from_day_number
from feerules.plan.lines import Version
from feerules.plan.nodes import Leaf, Mark
from feerules.plan.pricing import marks_in
from feerules.pricing import price
from feerules.proving.edges import ways_of
from feerules.proving.marks import Rule
from feerules.proving.naming import Naming
from feerules.proving.settings import Setting
from feerules.proving.values import plain_value, text_of
from feerules.proving.witnesses import Record
from feerules.proving.writing import WrittenCase
from feerules.reference import function

__all__ = ["problems_of", "unit_settings"]

MOST_PERIODS = 60
# A day that a condition names may be that of a season or a year, which ends much later.
NEAR = (0, -1, *range(1, 16))
SHARE = "share."


def unit_settings(book: Book, version: Version) -> Iterator[Setting]:
    """The months in which a version is asked, until each of its fees had a cycle; `book` has its schedule alone."""
    naming = Naming(version.names, {name: fee.title for name, fee in version.schedule.fees.items()})
    for period in _months(book, version):
        try:
            yield UnitSetting(book, version, period, naming)
        except RuleErrors:  # days that the calendar of the book does not know
            continue


def _months(book: Book, version: Version) -> Iterator[Period]:
    """Whole months in which the version is in force, or the one in which it begins; then those near days that it names."""
    first, until = from_day_number(version.first), from_day_number(version.until)
    start = first.replace(day=1)
    if start < first and version.first + 31 < version.until:
        start = add_months(start, 1)
    named = _days_named(marks_in([version], book.calendar)[0])
    months = {start: None}
    for n in NEAR:
        months |= dict.fromkeys(add_months(day.replace(day=1), n) for day in named)
        months |= {} if n < 0 else {add_months(start, n): None}
    for month in islice(months, MOST_PERIODS):
        if month == start or first <= month < until:
            yield Period(month, add_months(month, 1))


def _days_named(marks: Sequence[Mark]) -> list[date]:
    """The days on which a condition changes that asks when something is charged, and not what a unit is."""
    days = set[int]()
    for mark in marks:
        for number in {number for rules in mark.rules for number in rules}:
            for subject, term, condition in (told for way in ways_of(mark, number) for told in way):
                if subject.kind == "date" and term.leaf is None:
                    edges = {edge for band in condition.bands for edge in band}
                    days |= edges - {subject.lo, subject.hi + 1}
    return [from_day_number(day) for day in sorted(days)]


class UnitSetting(Setting):
    """One month under one version of a schedule."""

    def __init__(self, book: Book, version: Version, period: Period, naming: Naming) -> None:
        self.book, self.version, self.period = book, version, period
        plan = book.plan(period, marked=True)
        super().__init__(plan, {leaf: plain_value(leaf, period.start) for leaf in plan.leaves}, naming)
        needs = {guard.fact: guard.need for guard in plan.guards if guard.ok is None and guard.fact}
        self._needed = function(plan.leaves, [needs[leaf] for leaf in plan.leaves])
        self._fees: dict[str, frozenset[str]] = {}

    def decided(self, mark: Mark, record: Record) -> frozenset[Rule]:
        try:
            self._bill(record)
        except UnitErrors:
            return frozenset()
        fees = self._rests_on(mark.fee)
        return frozenset(rule for rule in self.reaches(record) if rule.name in fees)

    def _rests_on(self, fee: str) -> frozenset[str]:
        """A fee, and those whose amounts it needs."""
        if fee not in self._fees:
            found, waiting = set[str](), [fee]
            while waiting:
                one = waiting.pop()
                found.add(one)
                waiting += [each for each in self._schedule.fees_needed_by(one) if each not in found]
            self._fees[fee] = frozenset(found)
        return self._fees[fee]

    @property
    def _schedule(self) -> FeeSchedule:
        return self.version.schedule

    def write(self, mark: Mark, record: Record) -> WrittenCase | None:
        facts, shares = self._facts(record)
        try:
            expect = _amount(self._bill(record), mark.fee)
        except UnitErrors as error:
            expect = problems_of(error)
        return WrittenCase({}, ("unit", facts), ("period", str(self.period)), expect, shares)

    def _bill(self, record: Record) -> Bill:
        facts, shares = self._facts(record)
        bill = price(facts, self.book, self.period, shares=shares)
        return bill

    def _facts(self, record: Record) -> tuple[dict[str, str], dict[str, str]]:
        """The facts that a record needs, in the order of the schedule, and its shares of pools."""
        needed = self._needed(*self.search.arguments(record))
        told = {leaf.name: leaf for leaf, need in zip(self.plan.leaves, needed, strict=True) if need}
        shares = {name: leaf for name, leaf in told.items() if name.startswith(SHARE)}
        order = [name for name in self.version.names.facts if name in told]
        names = [*order, *(name for name in told if name not in order and name not in shares)]
        facts = {
            name: text_of(told[name], value)
            for name in names
            if (value := _said(told[name], record)) is not None
        }
        given = {name.split(".")[1]: text_of(leaf, record[leaf] or 0) for name, leaf in shares.items()}
        return facts, given


def _said(leaf: Leaf, record: Record) -> int | None:
    """What a case must say of a fact: nothing, where that means the same."""
    value = record[leaf]
    return None if value == leaf.default else value


def _amount(bill: Bill, fee: str) -> Mapping[str, Any]:
    lines = [line for line in bill.lines if line.fee == fee]
    if not lines:
        return {fee: "none"}
    amounts = [format(line.amount, "f") for line in lines]
    return {fee: amounts[0] if len(amounts) == 1 else amounts}


def problems_of(error: UnitErrors) -> Mapping[str, Any]:
    """The problems of a unit, as a case expects them."""
    told = [
        {
            key: value
            for key, value in (("problem", each.code), ("fact", each.fact), ("fee", each.fee))
            if value
        }
        for each in error.problems
    ]
    return told[0] if len(told) == 1 else {"problems": told}
