"""When a decision must be looked at again: the first day on which, with no new entry, it can be another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from feerules.assessing import Assessed
from feerules.ledger.contacts import week_of
from feerules.periods import day_number, from_day_number
from feerules.plan.dunning import Compiled
from feerules.vocabulary import STEP_DAYS

__all__ = ["is_counting_up", "next_review"]

TODAY = ("attempts_today", "contacts_today")
THIS_WEEK = ("attempts_week", "contacts_week", "paid_this_week")
DAILY = ("weekday", "day_of_month", "as_of", "ledger_age_minutes")
ACCRUING = ("late_fee_accrued", "late_fee_due")
# What counts up by one a day, beside the days since each step.
COUNTING_UP = (
    "days_past_due", "days_overdue", "days_since_payment", "days_since_contact", "days_since_attempt", "days_since_step",
    "demand_age_days", "ledger_age_days",
)  # fmt: skip
COUNTING_DOWN = ("promise_in_days", "limitation_in_days")


def is_counting_up(name: str) -> bool:
    return name in COUNTING_UP or name.endswith(STEP_DAYS)


def next_review(assessed: Assessed, today: date, ends: Iterable[date]) -> date | None:
    """The earliest of: the days in `ends`, the day on which an entry that is known takes effect, a state of
    the position ends or a version of a policy begins, and the day on which a fact that the policy asks for
    crosses one of its cuts."""
    position, day = assessed.position, day_number(today)
    facts: Mapping[str, Any] = position.values
    days = [day_number(end) for end in ends]
    days += _watching(assessed.compiled).crossings(facts, day)
    if position.changes_on is not None:
        days.append(day_number(position.changes_on))
    if assessed.policies_change_on is not None:
        days.append(assessed.policies_change_on)
    stale = assessed.compiled.policy.ledger.stale_after
    age = facts["ledger_age_days"]
    if stale is not None and age is not None:
        # By the clock it can be stale on any day.
        most = stale[0] if stale[1] == "days" else age
        days.append(day + most - age + 1)
    coming = [each for each in days if each > day]
    return from_day_number(min(coming)) if coming else None


class _Watching:
    """The facts that a policy asks for and that move from day to day, by how they do; counting ones with their cuts."""

    def __init__(self, compiled: Compiled) -> None:
        asked = {name: cuts for name, cuts in compiled.cuts.items() if cuts != () and name in compiled.own}
        self.daily = any(name in DAILY for name in asked)
        self.accruing = any(name in ACCRUING for name in asked)
        self.today = [name for name in asked if name in TODAY]
        self.this_week = [name for name in asked if name in THIS_WEEK]
        self.up = [(name, cuts) for name, cuts in asked.items() if is_counting_up(name)]
        self.down = [(name, cuts) for name, cuts in asked.items() if name in COUNTING_DOWN]

    def crossings(self, values: Mapping[str, Any], day: int) -> Iterator[int]:
        if self.daily or (self.accruing and values["overdue"]) or any(values[name] for name in self.today):
            yield day + 1
        if any(values[name] for name in self.this_week):
            yield week_of(day) + 7
        for name, cuts in self.up:
            value = values.get(name)
            if value is not None:
                at = 0 if cuts is None else bisect_right(cuts, value)
                if cuts is None or at < len(cuts):
                    yield day + (1 if cuts is None else cuts[at] - value)
        for name, cuts in self.down:
            value = values.get(name)
            if value is not None:
                at = 1 if cuts is None else bisect_right(cuts, value)
                if at:
                    yield day + (1 if cuts is None else value - cuts[at - 1] + 1)


_watched: WeakKeyDictionary[Compiled, _Watching] = WeakKeyDictionary()


def _watching(compiled: Compiled) -> _Watching:
    found = _watched.get(compiled)
    if found is None:
        found = _watched[compiled] = _Watching(compiled)
    return found
