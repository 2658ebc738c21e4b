"""When a decision must be looked at again: the first day on which, with no new entry, it can be another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from feerules.assessing import Assessed
from feerules.periods import from_day_number
from feerules.vocabulary import STEP_DAYS

__all__ = ["next_review"]

TODAY = ("attempts_today", "contacts_today")
THIS_WEEK = ("attempts_week", "contacts_week", "paid_this_week")
DAILY = ("weekday", "day_of_month", "as_of", "ledger_age_minutes")
ACCRUING = ("late_fee_accrued", "late_fee_due")
# What counts up by one a day, beside the days of each step.
COUNTING_UP = (
    "days_past_due", "days_overdue", "days_since_payment", "days_since_contact", "days_since_step",
    "demand_age_days", "ledger_age_days",
)  # fmt: skip
COUNTING_DOWN = ("promise_in_days", "limitation_in_days")


def next_review(assessed: Assessed, today: date, ends: Iterable[date]) -> date | None:
    """The earliest of: the days in `ends`, the day on which an entry that is known takes effect, a state of
    the position ends or a version of a policy begins, and the day on which a fact that the policy asks for
    crosses one of its cuts."""
    position = assessed.position
    facts: Mapping[str, Any] = position.values
    days = [*ends, *_crossings(assessed, today)]
    if position.changes_on is not None:
        days.append(position.changes_on)
    if assessed.policies_change_on is not None:
        days.append(from_day_number(assessed.policies_change_on))
    stale = assessed.compiled.policy.ledger.stale_after
    age = facts["ledger_age_days"]
    if stale is not None and age is not None:
        # By the clock it can be stale on any day.
        most = stale[0] if stale[1] == "days" else age
        days.append(today + timedelta(days=most - age + 1))
    return min((day for day in days if day > today), default=None)


def _crossings(assessed: Assessed, today: date) -> Iterator[date]:
    values: Mapping[str, Any] = assessed.position.values
    tomorrow = today + timedelta(days=1)
    monday = today + timedelta(days=7 - today.weekday())
    for name, cuts in assessed.compiled.cuts.items():
        value = values.get(name)
        if cuts == ():
            continue  # no answer asks for it
        if name in DAILY or (name in ACCRUING and values["overdue"]) or (name in TODAY and value):
            yield tomorrow
        elif name in THIS_WEEK and value:
            yield monday
        elif value is not None and (name in COUNTING_UP or name.endswith(STEP_DAYS)):
            ahead = [value + 1] if cuts is None else [cut for cut in cuts if cut > value]
            yield from (today + timedelta(days=min(ahead) - value) for _ in ahead[:1])
        elif value is not None and name in COUNTING_DOWN:
            below = [value] if cuts is None else [cut for cut in cuts if cut <= value]
            yield from (today + timedelta(days=value - max(below) + 1) for _ in below[:1])
