"""Generated cases of a policy: positions at the edges of its stops, classes and steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from feerules.book import Book
from feerules.calendars import UnknownYear
from feerules.decisions import Decision, Wait
from feerules.dunning import next_action
from feerules.errors import UnitErrors
from feerules.ledger.position import Position
from feerules.periods import day_number, from_day_number
from feerules.plan.dunning import PolicyVersion
from feerules.plan.nodes import Leaf, Mark
from feerules.proving.account_cases import ASKED
from feerules.proving.marks import Rule
from feerules.proving.naming import Naming
from feerules.proving.settings import Setting
from feerules.proving.unit_settings import problems_of
from feerules.proving.values import plain_value, text_of
from feerules.proving.witnesses import Record
from feerules.proving.writing import WrittenCase

__all__ = ["position_settings"]

MOST_DAYS = 40
# What a day tells by itself, and what stands beside a debt that is nothing special.
OF_THE_DAY = ("as_of", "weekday", "day_of_month")
OWED: Mapping[str, int] = {
    "outstanding": 30_000, "overdue": 30_000, "days_overdue": 30, "days_past_due": 30, "unpaid_count": 1,
    "overdue_count": 1, "unpaid_periods": 1,
}  # fmt: skip
TABLES = ("row", "otherwise")
SHOWN = ("outstanding", "overdue", "days_overdue")
# What a case says of a decision beside its sort, where there is anything to say.
BESIDE = ("class", "week_target")  # reasons that are none to wait
TOLD = ("stop", "step", "channel", "role", "approval", "until", "by", "fee")


def position_settings(book: Book, version: PolicyVersion) -> Iterator[Setting]:
    """The days on which a version is asked: a Monday, then others; `book` has its policy alone."""
    naming = Naming(version.names, {})
    first = from_day_number(version.first)
    monday = first + timedelta(days=-first.weekday() % 7)
    for n in range(MOST_DAYS):
        day = monday + timedelta(days=n)
        if day_number(day) < version.until:
            yield PositionSetting(book, version, day, naming)


class PositionSetting(Setting):
    """One day under one version of a policy."""

    def __init__(self, book: Book, version: PolicyVersion, day: date, naming: Naming) -> None:
        self.book, self.version, self.day = book, version, day
        compiled = book.marked_policy(version.policy)
        self.own = compiled.own
        plain = Position.given({}, day, version.policy.currency).values
        told = {leaf: self._usual(leaf, plain) for leaf in compiled.plan.leaves}
        self._plain = {**told}
        owed = {leaf: OWED[leaf.name] for leaf in told if leaf.name in OWED}
        fixed = [leaf for leaf in told if leaf.name in OF_THE_DAY]
        super().__init__(compiled.plan, {**told, **owed}, naming, fixed)

    def _usual(self, leaf: Leaf, values: Mapping[str, Any]) -> int | None:
        if leaf.name not in self.own:
            return plain_value(leaf, self.day)
        value = values.get(leaf.name)
        if isinstance(value, str):
            return leaf.codes.index(value) if value in leaf.codes else len(leaf.codes)
        return value

    def decided(self, mark: Mark, record: Record) -> frozenset[Rule]:
        if not isinstance(self._answer(record), Decision):
            return frozenset()
        acting = () if mark.fee == "class" else ("stop", "step")
        return frozenset(rule for rule in self.reaches(record) if rule.kind in (*acting, "class", *TABLES))

    def write(self, mark: Mark, record: Record) -> WrittenCase | None:
        answer = self._answer(record)
        if isinstance(answer, UnitErrors):
            expect: Mapping[str, Any] = problems_of(answer)
        elif answer is None:
            return None
        else:
            expect = {"class": answer.kind} if mark.fee == "class" else _of(answer)
            if expect == {"class": ""}:  # of who owes nothing
                return None
        return WrittenCase({}, ("position", self._facts(record)), ("as_of", str(self.day)), expect, {})

    def _answer(self, record: Record) -> Decision | UnitErrors | None:
        """What is decided; None where the calendar does not know the day."""
        facts = self._facts(record)
        names = {leaf.name for leaf in self.plan.leaves if leaf.name not in self.own}
        brought = {name: facts.pop(name) for name in names & facts.keys()}
        given = replace(Position.given(facts, self.day, self.version.policy.currency), brought=brought)
        try:
            return next_action(given, self.book, self.day)
        except UnitErrors as error:
            return error
        except UnknownYear:
            return None

    def _facts(self, record: Record) -> dict[str, str]:
        """What a case says of a position: what is not as it is where nothing is told."""
        told = {}
        for leaf in sorted(self.plan.leaves, key=lambda leaf: (leaf.name not in SHOWN, leaf.name in OWED)):
            value = record[leaf]
            if value is None or leaf.name in OF_THE_DAY:
                continue
            if value != self._plain[leaf] or (leaf.name not in self.own and value != leaf.default):
                told[leaf.name] = text_of(leaf, value)
        return told


def _of(decision: Decision) -> dict[str, Any]:
    told: dict[str, Any] = {"decision": decision.decision}
    for key in TOLD:
        value = getattr(decision, ASKED[key], None)
        if value is not None and value != "" and value != Decimal(0):
            told[key] = value.isoformat() if isinstance(value, date) else str(value)
    codes = [reason.code for reason in decision.reasons if reason.code not in BESIDE]
    if isinstance(decision, Wait) and codes:
        told["reason"] = codes[-1]
    return told
