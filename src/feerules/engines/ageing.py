"""Sums, ages and limitation of what is open, for many accounts, and the facts of a position as they are found."""

from __future__ import annotations

import numpy as np
import polars as pl

from feerules.engines.daywise import Folded
from feerules.engines.entries import EVENT_TYPES
from feerules.engines.histories import CHARGE, History
from feerules.engines.segments import (
    ENDLESS,
    LAST_DAY,
    NONE,
    Bools,
    Ints,
    add_months,
    adding,
    by_day,
    distinct,
    elapsed,
    firsts,
    highest,
    lowest,
    month_of,
    offsets,
    paused,
    running_by,
)
from feerules.periods import MICROSECONDS, Stamp
from feerules.plan.ledgers import BY_DEBTOR, RESTARTING, THREE_YEARS_SINCE

__all__ = ["Facts", "age_of_ledger", "ages", "limitation", "money", "owed_since"]

Spans = tuple[Ints, Ints]

# Until then the general period was two years; what had run out stayed so.


class Facts:
    """The facts of many accounts by name: numbers (NONE where there is nothing to tell of) and texts.

    `changes` is the first day after `as_of` on which a fact may change though nothing is entered.
    """

    def __init__(self, count: int, as_of: int) -> None:
        self.count, self.as_of = count, as_of
        self.numbers: dict[str, Ints] = {}
        self.texts: dict[str, pl.Series] = {}
        self.changes = np.full(count, ENDLESS, np.int64)

    def note(self, acc: Ints, day: Ints) -> None:
        """A day on which a fact of the account may change."""
        coming = (day > self.as_of) & (day <= LAST_DAY)
        np.minimum.at(self.changes, acc[coming], day[coming])

    def zeros(self, *names: str) -> None:
        for name in names:
            self.numbers[name] = np.zeros(self.count, np.int64)

    def nothing(self, *names: str) -> None:
        for name in names:
            self.numbers[name] = np.full(self.count, NONE, np.int64)

    def since(self, name: str, days: Ints) -> None:
        """The days since each day that is told."""
        self.numbers[name] = np.where(days == NONE, NONE, self.as_of - days)


def age_of_ledger(history: History, moment: Stamp | None, facts: Facts) -> None:
    """How long ago the newest entry was recorded: in days, and in minutes begun."""
    told = history.recorded != NONE
    days = np.where(told, history.as_of - history.recorded // MICROSECONDS, NONE)
    passed = elapsed(history.recorded, history.recorded_utc, moment, np.where(told, days, 0))
    facts.numbers["ledger_age_days"] = days
    facts.numbers["ledger_age_minutes"] = np.where(told, np.maximum(0, -(-passed // 60_000_000)), NONE)


def money(history: History, folded: Folded, facts: Facts) -> None:
    charges, count = history.charges, history.count
    monday = history.as_of - (history.as_of + 3) % 7
    last = highest(history.pay_day, history.pay_acc, count)
    week = history.pay_day >= monday
    facts.numbers |= {
        "credit": folded.credit,
        "in_transit": history.in_transit,
        "payment_in_transit": (history.in_transit > 0).astype(np.int64),
        "waived": adding(folded.waived, charges.acc, count),
        "written_off": adding(folded.written_off, charges.acc, count),
        "last_payment_on": last,
        "paid_this_week": adding(history.paid[week], history.pay_acc[week], count),
    }
    facts.since("days_since_payment", last)
    facts.note(history.pay_acc[week], np.full(int(week.sum()), monday + 7, np.int64))


def ages(history: History, folded: Folded, pauses: Spans, facts: Facts) -> Ints:
    """What is open by age; the days overdue of each charge."""
    charges, terms, count, day = history.charges, history.terms, history.count, history.as_of
    overdue = (
        day
        - charges.basis
        - terms.grace
        - paused(pauses, charges.acc, charges.basis, np.full(len(charges), day))
    )
    left = np.flatnonzero((folded.open > 0) & charges.counts)
    acc, age, open_ = charges.acc[left], overdue[left], folded.open[left]
    late = age > 0
    periods = np.where(charges.kind == CHARGE, charges.start, NONE)[left]
    numbers = facts.numbers
    for bucket in terms.buckets:
        inside = np.zeros(len(left), np.bool_)
        for first, last in bucket.bands:
            inside |= (first <= age) & (age < last)
        numbers[f"bucket_{bucket.name}"] = adding(open_[inside], acc[inside], count)
    numbers["outstanding"] = adding(open_, acc, count)
    alone = history.left_alone
    numbers["left_alone"] = adding(folded.open[alone], charges.acc[alone], count)
    numbers["overdue"] = adding(open_[late], acc[late], count)
    numbers["unpaid_count"] = np.bincount(acc, minlength=count).astype(np.int64)
    numbers["overdue_count"] = np.bincount(acc[late], minlength=count).astype(np.int64)
    told = late & (charges.kind == CHARGE)[left]
    months = month_of(np.where(periods == NONE, charges.due[left], periods)[told])
    months = distinct((acc[told] << 20) + months + (1 << 19))
    numbers["unpaid_periods"] = np.bincount(months >> 20, minlength=count).astype(np.int64)
    facts.since("days_past_due", _none_if(lowest(charges.basis[left], acc, count, ENDLESS)))
    numbers["days_overdue"] = highest(age, acc, count)
    numbers["oldest_due_on"] = _none_if(lowest(charges.due[left], acc, count, ENDLESS))
    numbers["paid_to"] = _paid_to(history, periods, acc)
    edges = np.array(terms.edges)
    ahead = np.searchsorted(edges, age, side="right")
    some = ahead < len(edges)
    facts.note(acc[some], day + edges[ahead[some]] - age[some])
    _note_pauses(pauses, numbers["unpaid_count"] > 0, facts)
    # Only from the day on which a charge begins to age does a pause hold its age.
    held = pauses[0].min(axis=1, initial=ENDLESS)[acc] < ENDLESS
    facts.note(acc[held], charges.basis[left][held])
    return overdue


def _none_if(days: Ints) -> Ints:
    return np.where(days == ENDLESS, NONE, days)


def _paid_to(history: History, periods: Ints, acc: Ints) -> Ints:
    """The first day of the oldest open period, else the last day that any period covers."""
    charges, count = history.charges, history.count
    billed = (charges.kind == CHARGE) & charges.counts & (charges.end != NONE)
    covered = highest(charges.end[billed], charges.acc[billed], count)
    told = periods != NONE
    oldest = lowest(periods[told], acc[told], count, ENDLESS)
    return np.where(oldest == ENDLESS, covered, oldest)


def _note_pauses(pauses: Spans, owes: Bools, facts: Facts) -> None:
    starts, ends = pauses
    for number in range(starts.shape[1]):
        now = np.flatnonzero(owes & (starts[:, number] <= facts.as_of) & (facts.as_of < ends[:, number]))
        facts.note(now, ends[now, number])


# Limitation


def limitation(history: History, folded: Folded, facts: Facts) -> None:
    """Until when the first open charge can be claimed: `ledger.limitation` for many accounts."""
    charges, terms, count = history.charges, history.terms, history.count
    left = np.flatnonzero((folded.open > 0) & charges.counts)
    events = history.events
    others = np.isin(events.types, [EVENT_TYPES.index(name) for name in RESTARTING])
    acts = events.chosen(~events.closing & (others | history.are_demands & events.flags("delivered")))
    creditor = ~np.isin(acts.types, [EVENT_TYPES.index(name) for name in BY_DEBTOR])
    places = np.lexsort((creditor, acts.day, acts.acc))
    bounds, day = offsets(acts.acc, count), acts.day[places]
    creditor, rows = creditor[places], acts.rows.at[places]
    named = np.isin(rows, history.named_events)
    pairs = np.sort(history.named_events * (len(charges) + 1) + history.named_charges)
    if terms.limitation_separate:
        acc, due, paid = charges.acc[left], charges.due[left], folded.paid_on[left]
    else:
        # One debt in instalments: it starts with the last of them, and what is done for a part is for all.
        acc = distinct(charges.acc[left])
        counted = charges.counts
        due = highest(charges.due[counted], charges.acc[counted], count)[acc]
        paid = highest(folded.paid_on[counted], charges.acc[counted], count)[acc]
    end = _years_after(due, terms.limitation_years)
    waits = paid > due
    for number in range(int(np.diff(bounds)[acc].max(initial=0))):
        at = bounds[acc] + number
        has = np.flatnonzero(at < bounds[acc + 1])
        at = at[has]
        if terms.limitation_separate:
            pair = rows[at] * (len(charges) + 1) + left[has]
            covered = np.where(named[at], _among(pairs, pair), due[has] <= day[at])
            has, at = has[covered], at[covered]
        # A payment counts in its turn: on one day what the payer does comes first.
        before = has[waits[has] & ((paid[has] < day[at]) | ((paid[has] == day[at]) & creditor[at]))]
        _restart(end, before, paid[before], terms.limitation_years)
        waits[before] = False
        acting = (day[at] > due[has]) & ((day[at] <= end[has]) | ~creditor[at])
        _restart(end, has[acting], day[at][acting], terms.limitation_years)
    rest = np.flatnonzero(waits)
    _restart(end, rest, paid[rest], terms.limitation_years)
    first = _none_if(lowest(end, acc, count, ENDLESS))
    facts.numbers["limitation_on"] = first
    facts.numbers["limitation_in_days"] = np.where(first == NONE, NONE, first - history.as_of)


def _among(ordered: Ints, values: Ints) -> Bools:
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    found: Bools = ordered[at] == values
    return found


def _restart(end: Ints, rows: Ints, day: Ints, years: int) -> None:
    end[rows] = np.maximum(end[rows], _years_after(day, years))


def _years_after(start: Ints, years: int) -> Ints:
    def later(start: Ints) -> Ints:
        found = add_months(start, 12 * years)
        if years != 3:
            return found
        short = add_months(start, 24)
        return np.where(short < THREE_YEARS_SINCE, short, found)

    return by_day(later, start)


def owed_since(history: History, folded: Folded, facts: Facts) -> Ints:
    """Since when something that counts was open every evening; and for each account the day from which on what
    was done counts for its debt: of a debt that was wholly paid, nothing counts for the next."""
    charges, count = history.charges, history.count
    charge, day, _ = folded.cuts
    end = np.where(folded.open > 0, ENDLESS, highest(day, charge, len(charges)))
    some = np.flatnonzero(charges.counts & (charges.amount > 0) & (end > charges.day))
    some = some[np.lexsort((charges.day[some], charges.acc[some]))]
    acc, first, last = charges.acc[some], charges.day[some], end[some]
    new = firsts(acc)
    new[1:] |= first[1:] > running_by(acc, last)[:-1]
    start = np.full(count, NONE, np.int64)
    start[acc[new]] = first[new]  # the last of an account stays
    is_open = np.zeros(count, np.bool_)
    is_open[acc[last == ENDLESS]] = True
    facts.numbers["owed_since"] = np.where(is_open, start, NONE)
    follows = np.bincount(acc[new], minlength=count) > is_open
    counts_from = np.where(is_open, start, history.as_of + 1)
    return np.where(follows & history.terms.restarts, counts_from, NONE)
