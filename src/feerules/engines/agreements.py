"""Promises to pay and payment plans of many accounts: whether they are kept."""

from __future__ import annotations

from typing import Final

import numpy as np

from feerules.engines.ageing import Facts, Spans
from feerules.engines.daywise import Folded
from feerules.engines.entries import FREQUENCIES
from feerules.engines.histories import History
from feerules.engines.rows import Events
from feerules.engines.segments import (
    ENDLESS,
    NONE,
    Bools,
    Ints,
    add_months,
    adding,
    day_keys,
    distinct,
    month_of,
    paused,
    ranges,
)

__all__ = ["covered_cells", "plans", "promises"]

_DAYS: Final = {"weekly": 7, "two_weekly": 14, "four_weekly": 28}
_LAST_MONTH: Final = (9999 - 1970) * 12 + 11
NO_STATE, DUE, KEPT, BROKEN = range(4)
_LIVE, _PLAN_BROKEN, _COMPLETED = 1, 2, 3


def promises(history: History, folded: Folded, pauses: Spans, facts: Facts) -> None:
    """The facts of promises; the last one decides, those before it count where they were broken."""
    facts.zeros("broken_promises", "promise_state", "promised")
    facts.nothing("promised_on", "promise_in_days")
    events, as_of, count = history.of_type("promise"), history.as_of, history.count
    if not len(events):
        return
    following = np.zeros(len(events), np.bool_)
    following[:-1] = (events.acc[1:] == events.acc[:-1]) & events.closing[1:]
    closed_on = np.full(len(events), NONE, np.int64)
    closed_on[:-1] = np.where(following[:-1], events.day[1:], NONE)
    made = ~events.closing
    closed_on, events = closed_on[made], events.chosen(made)
    promised, amount = events.ints("promised"), events.ints("amount").copy()
    last_day = promised + history.terms.promise_tolerance
    silent = np.flatnonzero(amount == NONE)
    amount[silent] = _owed_at(history, folded, events.acc[silent], events.day[silent], pauses)
    paid = _paid_between(history, events.acc, events.day, last_day)
    open_ = closed_on == NONE
    judged = np.where(open_, as_of, closed_on - 1)
    kept = paid >= amount
    broken = ~kept & (judged > last_day)
    facts.numbers["broken_promises"] = np.bincount(events.acc[broken], minlength=count).astype(np.int64)
    due = open_ & ~kept & (as_of <= last_day)
    facts.note(events.acc[due], last_day[due] + 1)
    last = np.flatnonzero(np.append(events.acc[1:] != events.acc[:-1], True)[: len(events)])
    last = last[open_[last]]
    acc = events.acc[last]
    state = np.where(kept[last], KEPT, np.where(due[last], DUE, BROKEN))
    facts.numbers["promise_state"][acc] = state
    facts.numbers["promised_on"][acc] = promised[last]
    facts.numbers["promised"][acc] = amount[last]
    facts.numbers["promise_in_days"][acc] = np.where(state == DUE, promised[last] - as_of, NONE)


def _paid_between(history: History, acc: Ints, first: Ints, last: Ints) -> Ints:
    keys = day_keys(history.pay_acc, history.pay_day)
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(history.paid)])
    start, end = (
        np.searchsorted(keys, day_keys(acc, first)),
        np.searchsorted(keys, day_keys(acc, last), side="right"),
    )
    found: Ints = sums[np.maximum(end, start)] - sums[start]
    return found


def _owed_at(history: History, folded: Folded, acc: Ints, day: Ints, pauses: Spans) -> Ints:
    """What was overdue in the evening of a day; where nothing was, all that was open."""
    charges = history.charges
    cells, of = ranges(charges.bounds[acc], charges.bounds[acc + 1])
    issued = charges.counts[cells] & (charges.day[cells] <= day[of])
    cells, of = cells[issued], of[issued]
    on = day[of]
    basis = charges.basis[cells]
    overdue = on - basis - history.terms.grace - paused(pauses, charges.acc[cells], basis, on) > 0
    open_ = _open_before(folded, cells, on + 1)
    late = adding(open_[overdue], of[overdue], len(acc))
    return np.where(late > 0, late, adding(open_, of, len(acc)))


def _open_before(folded: Folded, cells: Ints, day: Ints) -> Ints:
    """What was open of each charge in the morning of a day, before what came in on it."""
    _, on, part = folded.cuts
    at, of = ranges(folded.bounds[cells], folded.bounds[cells + 1])
    later = on[at] >= day[of]
    return folded.open[cells] + adding(part[at[later]], of[later], len(cells))


def covered_cells(history: History, events: Events, day: Ints) -> tuple[Ints, Ints]:
    """The charges that each event covers, as (charge, event): those named, else those due and issued by its day."""
    charges = history.charges
    rows = events.rows.at
    named = np.isin(rows, history.named_events)
    at = np.flatnonzero(~named)
    acc = events.acc[at]
    cells, of = ranges(charges.bounds[acc], charges.bounds[acc + 1])
    old = np.maximum(charges.due[cells], charges.day[cells]) <= day[at][of]
    by_name = np.argsort(history.named_events, kind="stable")
    names = history.named_events[by_name]
    has = np.flatnonzero(named)
    at_name, event = ranges(
        np.searchsorted(names, rows[has]), np.searchsorted(names, rows[has], side="right")
    )
    told = history.named_charges[by_name][at_name]
    cell = np.concatenate([cells[old], told])
    event = np.concatenate([at[of[old]], has[event]])
    counts: Bools = cell >= 0
    counts[counts] = charges.counts[cell[counts]]
    pairs = distinct(event[counts] * (len(charges) + 1) + cell[counts])
    return pairs % (len(charges) + 1), pairs // (len(charges) + 1)


def plans(history: History, folded: Folded, facts: Facts) -> None:
    """The facts of the last plan: what may still be open by now, against what is."""
    facts.zeros("plan_state", "plan_shortfall")
    events, as_of = history.of_type("plan"), history.as_of
    last = np.append(events.acc[1:] != events.acc[:-1], True)[: len(events)]
    events = events.chosen(last & ~events.closing)
    if not len(events):
        return
    amount, balance, first = events.ints("amount"), events.ints("balance"), events.ints("promised")
    start = np.where(first == NONE, events.day, first)
    cell, of = covered_cells(history, events, start)
    now = adding(folded.open[cell], of, len(events))
    at_start = adding(_open_before(folded, cell, start[of]), of, len(events))
    balance = np.where(balance == NONE, at_start, balance)
    tolerance, frequency = history.terms.plan_tolerance, events.ints("frequency")
    done = _instalments(frequency, start, np.full(len(events), as_of - tolerance, np.int64))
    # More instalments than would pay any balance pay it; so that the product stays in 64 bits.
    enough = np.minimum(done, balance // np.maximum(amount, 1) + 1)
    expected = np.maximum(0, balance - amount * enough)
    facts.numbers["plan_state"][events.acc] = np.where(
        now == 0, _COMPLETED, np.where(now > expected, _PLAN_BROKEN, _LIVE)
    )
    facts.numbers["plan_shortfall"][events.acc] = np.maximum(0, now - expected)
    goes_on = np.flatnonzero(
        (expected > 0) & (now > 0) & ~((frequency == FREQUENCIES.index("one_off")) & (done > 0))
    )
    coming = _instalment_day(frequency[goes_on], start[goes_on], done[goes_on])
    facts.note(events.acc[goes_on], coming + tolerance)


def _instalments(frequency: Ints, start: Ints, day: Ints) -> Ints:
    """How many instalments fell due by a day; the first on the first day of the plan."""
    months = month_of(day) - month_of(start)
    found = np.where(add_months(start, months) <= day, months + 1, months)
    for name, length in _DAYS.items():
        found = np.where(frequency == FREQUENCIES.index(name), (day - start) // length + 1, found)
    found = np.where(frequency == FREQUENCIES.index("one_off"), 1, found)
    return np.where(day < start, 0, found)


def _instalment_day(frequency: Ints, start: Ints, number: Ints) -> Ints:
    """The day of an instalment, counted from 0."""
    # No plan runs out of the calendar, but one may be dated at its end.
    found = np.where(month_of(start) + number > _LAST_MONTH, ENDLESS, add_months(start, number))
    for name, length in _DAYS.items():
        found = np.where(frequency == FREQUENCIES.index(name), start + number * length, found)
    return np.where(frequency == FREQUENCIES.index("one_off"), start, found)
