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
    amount, kept = _kept(history, folded, events, amount, last_day, pauses)
    open_ = closed_on == NONE
    judged = np.where(open_, as_of, closed_on - 1)
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


def _kept(
    history: History, folded: Folded, events: Events, amount: Ints, last_day: Ints, pauses: Spans
) -> tuple[Ints, Bools]:
    """What each promise is of, and whether it is kept: by the money of later days, or where by its last day
    nothing is left of what was owed."""
    # What came in on the day of a promise came before it, unless the promise is for that very day.
    since = np.where(events.ints("promised") == events.day, events.day, events.day + 1)
    paid = _paid_between(history, events.acc, since, last_day)
    kept = (amount != NONE) & (paid >= amount)
    at = np.flatnonzero(~kept)
    cells, of = _owed_cells(history, folded, events.acc[at], events.day[at], since[at], pauses)
    owed = adding(_open_before(folded, cells, since[at][of]), of, len(at))
    left = adding(_open_before(folded, cells, last_day[at][of] + 1), of, len(at))
    amount = amount.copy()
    amount[at] = np.where(amount[at] == NONE, owed, amount[at])
    kept[at] = (paid[at] >= amount[at]) | ((owed > 0) & (left == 0))
    return amount, kept


def _paid_between(history: History, acc: Ints, first: Ints, last: Ints) -> Ints:
    keys = day_keys(history.pay_acc, history.pay_day)
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(_money(history))])
    start, end = (
        np.searchsorted(keys, day_keys(acc, first)),
        np.searchsorted(keys, day_keys(acc, last), side="right"),
    )
    found: Ints = sums[np.maximum(end, start)] - sums[start]
    return found


def _money(history: History) -> Ints:
    """What of each payment may keep a promise: all but what is meant for what the policy leaves alone."""
    payment, charge, part = history.posted
    counts, target = np.append(history.charges.counts, True), history.pay_target
    money = history.paid.copy()
    np.subtract.at(money, payment, part)
    other_fee = history.pay_rows.among("fee", history.terms.exclude_fees)
    money[~counts[target] | ((target < 0) & other_fee)] = 0
    mine = counts[charge]
    np.add.at(money, payment[mine], part[mine])
    return money


def _owed_cells(
    history: History, folded: Folded, acc: Ints, day: Ints, morning: Ints, pauses: Spans
) -> tuple[Ints, Ints]:
    """The charges that were overdue on a day, of those open on a morning, and whose they are; where none was,
    all that were open."""
    charges = history.charges
    cells, of = ranges(charges.bounds[acc], charges.bounds[acc + 1])
    issued = charges.counts[cells] & (charges.day[cells] <= day[of])
    cells, of = cells[issued], of[issued]
    left = _open_before(folded, cells, morning[of]) > 0
    cells, of = cells[left], of[left]
    on, basis = day[of], charges.basis[cells]
    overdue = on - basis - history.terms.grace - paused(pauses, charges.acc[cells], basis, on) > 0
    return _foremost(cells, of, overdue, len(acc))


def _foremost(cells: Ints, of: Ints, first: Bools, count: int) -> tuple[Ints, Ints]:
    """Of each the charges that come first; where it has none of those, all."""
    has = np.zeros(count, np.bool_)
    has[of[first]] = True
    mine = first | ~has[of]
    return cells[mine], of[mine]


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
    facts.zeros("plan_state", "plan_shortfall", "plan_expected")
    events, as_of = history.of_type("plan"), history.as_of
    last = np.append(events.acc[1:] != events.acc[:-1], True)[: len(events)]
    events = events.chosen(last & ~events.closing)
    if not len(events):
        return
    amount, balance, first = events.ints("amount"), events.ints("balance"), events.ints("promised")
    cell, of = _agreed_cells(history, folded, events)
    now = adding(folded.open[cell], of, len(events))
    agreed = adding(_open_before(folded, cell, events.day[of]), of, len(events))
    balance = np.where(balance == NONE, agreed, balance)
    start, frequency = np.where(first == NONE, events.day, first), events.ints("frequency")
    # On its own day an instalment may still come.
    patience = max(1, history.terms.plan_tolerance)
    done = _instalments(frequency, start, np.full(len(events), as_of - patience, np.int64))
    # More instalments than would pay any balance pay it; so that the product stays in 64 bits.
    enough = np.minimum(done, balance // np.maximum(amount, 1) + 1)
    expected = np.maximum(0, balance - amount * enough)
    of_any = np.bincount(of, minlength=len(events)) > 0
    state = np.where(now == 0, _COMPLETED, np.where(now > expected, _PLAN_BROKEN, _LIVE))
    facts.numbers["plan_state"][events.acc[of_any]] = state[of_any]
    facts.numbers["plan_expected"][events.acc[of_any]] = expected[of_any]
    facts.numbers["plan_shortfall"][events.acc] = np.maximum(0, now - expected)
    one_off = frequency == FREQUENCIES.index("one_off")
    goes_on = np.flatnonzero(of_any & (expected > 0) & ~(one_off & (done > 0)))
    coming = _instalment_day(frequency[goes_on], start[goes_on], done[goes_on])
    facts.note(events.acc[goes_on], coming + patience)


def _agreed_cells(history: History, folded: Folded, events: Events) -> tuple[Ints, Ints]:
    """The charges of each plan, as (charge, plan): those that it names, else what was open and due on its day;
    where nothing was due, what was open."""
    charges, named = history.charges, np.isin(events.rows.at, history.named_events)
    cell, of = covered_cells(history, events.chosen(named), events.day[named])
    at = np.flatnonzero(~named)
    acc = events.acc[at]
    cells, by = ranges(charges.bounds[acc], charges.bounds[acc + 1])
    day = events.day[at][by]
    left = charges.counts[cells] & (charges.day[cells] <= day) & (_open_before(folded, cells, day) > 0)
    cells, by, day = cells[left], by[left], day[left]
    cells, by = _foremost(cells, by, charges.due[cells] <= day, len(at))
    return np.concatenate([cell, cells]), np.concatenate([np.flatnonzero(named)[of], at[by]])


def _instalments(frequency: Ints, start: Ints, day: Ints) -> Ints:
    """How many instalments fell due by a day, the first of them on `start`."""
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
