"""Promises to pay and payment plans: whether they are kept."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from feerules.ledger.allocation import Folded
from feerules.ledger.history import agreed_on, open_before, owed_at
from feerules.ledger.pauses import Span
from feerules.ledger.rows import EventRow
from feerules.ledger.treatment import Treatment
from feerules.periods import add_months, day_number, from_day_number

__all__ = ["Changes", "Values", "plan_of", "promises_of"]

Values = dict[str, int | str | None]
Changes = list[int]  # days on which a fact may change though nothing is entered

_STEP_DAYS = {"weekly": 7, "two_weekly": 14, "four_weekly": 28}


class _Promise(NamedTuple):
    day: int
    last_day: int  # with the policy's tolerance
    amount: int
    kept: bool
    closed_on: int | None

    def state(self, as_of: int) -> str:
        if self.kept:
            return "kept"
        return "due" if as_of <= self.last_day else "broken"

    def is_broken(self, as_of: int) -> bool:
        """A promise that was closed is judged by the day before."""
        judged = as_of if self.closed_on is None else self.closed_on - 1
        return self.state(judged) == "broken"


def promises_of(
    treatment: Treatment, folded: Folded, as_of: int, pauses: Sequence[Span], values: Values, changes: Changes
) -> None:
    """The facts of promises; the last one decides, those before it count where they were broken."""
    events = treatment.seen.events.get("promise")
    if not events:
        return
    promises = _promises(treatment, folded, events, pauses)
    values["broken_promises"] = sum(promise.is_broken(as_of) for promise in promises)
    changes += [p.last_day + 1 for p in promises if p.closed_on is None and p.state(as_of) == "due"]
    if not promises or promises[-1].closed_on is not None:
        return
    last = promises[-1]
    state = last.state(as_of)
    values["promise_state"] = state
    values["promised_on"] = last.day
    values["promised"] = last.amount
    values["promise_in_days"] = last.day - as_of if state == "due" else None


def _promises(
    treatment: Treatment, folded: Folded, events: Sequence[EventRow], pauses: Sequence[Span]
) -> list[_Promise]:
    promises: list[_Promise] = []
    money = _money(treatment)
    for event in events:
        if not event.closing:
            promises.append(_promise(treatment, folded, event, money, pauses))
        elif promises and promises[-1].closed_on is None:
            promises[-1] = promises[-1]._replace(closed_on=event.day)
    return promises


def _money(treatment: Treatment) -> list[int]:
    """What of each payment may keep a promise: all but what is meant for what the policy leaves alone."""
    seen, counts, fees = treatment.seen, treatment.counts, treatment.terms.exclude_fees
    rest = [row[2] for row in seen.payments]
    mine = [0] * len(rest)
    for payment, charge, amount in seen.allocations:
        rest[payment] -= amount
        mine[payment] += amount if counts[charge] else 0
    for p, (_, _, _, target, fee) in enumerate(seen.payments):
        is_meant = counts[target] if target >= 0 else fee not in fees
        mine[p] += rest[p] if is_meant else 0
    return mine


def _promise(
    treatment: Treatment, folded: Folded, event: EventRow, money: Sequence[int], pauses: Sequence[Span]
) -> _Promise:
    """Kept by the money of later days, or where by its last day nothing is left of what was owed."""
    assert event.promised is not None
    last_day = event.promised + treatment.terms.promise_tolerance
    # What came in on the day of a promise came before it, unless the promise is for that very day.
    since = event.day if event.promised == event.day else event.day + 1
    days = treatment.seen.paid_days
    paid = sum(money[bisect_left(days, since) : bisect_right(days, last_day)])
    amount = event.amount
    if amount is not None and paid >= amount:
        return _Promise(event.promised, last_day, amount, True, None)
    owed = owed_at(treatment, folded, event.day, since, pauses)
    if amount is None:
        amount = open_before(folded, owed, since)
    is_cleared = bool(owed) and not open_before(folded, owed, last_day + 1)
    return _Promise(event.promised, last_day, amount, is_cleared or paid >= amount, None)


def plan_of(treatment: Treatment, folded: Folded, as_of: int, values: Values, changes: Changes) -> None:
    """The facts of the last plan: what may still be open by now, against what is."""
    events = treatment.seen.events.get("plan")
    if not events or events[-1].closing:
        return
    plan = events[-1]
    assert plan.amount is not None
    covered = agreed_on(treatment, folded, plan.charge_ids, plan.day)
    if not covered:
        return
    balance = plan.balance if plan.balance is not None else open_before(folded, covered, plan.day)
    now = sum(folded.open[i] for i in covered)
    start = plan.day if plan.promised is None else plan.promised
    # On its own day an instalment may still come.
    patience = max(1, treatment.terms.plan_tolerance)
    done = _instalments(plan.frequency, start, as_of - patience)
    expected = max(0, balance - plan.amount * done)
    values["plan_state"] = "completed" if not now else "broken" if now > expected else "live"
    values["plan_expected"] = expected
    values["plan_shortfall"] = max(0, now - expected)
    if expected:
        coming = _instalment_day(plan.frequency, start, done)
        if coming is not None:
            changes.append(coming + patience)


def _instalments(frequency: str | None, start: int, day: int) -> int:
    """How many instalments fell due by a day, the first of them on `start`."""
    if day < start:
        return 0
    if frequency == "one_off":
        return 1
    if frequency in _STEP_DAYS:
        return (day - start) // _STEP_DAYS[frequency] + 1
    first, last = from_day_number(start), from_day_number(day)
    months = (last.year - first.year) * 12 + last.month - first.month
    return months + 1 if day_number(add_months(first, months)) <= day else months


def _instalment_day(frequency: str | None, start: int, number: int) -> int | None:
    """The day of an instalment, counted from 0."""
    if frequency == "one_off":
        return start if number == 0 else None
    if frequency in _STEP_DAYS:
        return start + number * _STEP_DAYS[frequency]
    first = from_day_number(start)
    # No plan runs out of the calendar, but one may be dated at its end.
    if first.year + (first.month - 1 + number) // 12 > date.max.year:
        return None
    return day_number(add_months(first, number))
