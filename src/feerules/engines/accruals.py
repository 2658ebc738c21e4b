"""The late fee that has accrued on each charge of many accounts: money × days × rate, exact, rounded once per charge."""

from __future__ import annotations

from math import lcm
from typing import Any, Final

import numpy as np

from feerules.engines.daywise import Folded
from feerules.engines.histories import LATE_FEE, History
from feerules.engines.segments import Ints, adding, highest, thirty
from feerules.plan.ledgers import LateFeeTerms
from feerules.plan.nodes import Mode

__all__ = ["late_fee_facts", "late_fees"]

Spans = tuple[Ints, Ints]
_SAFE: Final = 1 << 61
MOST_FEE: Final = 1 << 62  # what is more is told as this: far outside of what any account may owe


def late_fees(history: History, folded: Folded, pauses: Spans) -> Ints:
    """The late fee of each charge in fen; the formula is that of `ledger.late_fees`."""
    charges, terms = history.charges, history.terms.late_fee
    fees = np.zeros(len(charges), np.int64)
    if terms is None or not charges.bears.any():
        return fees
    due = np.maximum(charges.due, charges.day)
    over = due + terms.grace
    charge, day, part = folded.cuts
    last_cut = highest(day, charge, len(charges))
    late = charges.bears & (history.as_of > over) & ((folded.open > 0) | (last_cut > over))
    bearing = np.flatnonzero(late)
    start = due[bearing] + (0 if terms.back_dated else terms.grace)
    place = np.full(len(charges), -1, np.int64)
    place[bearing] = np.arange(len(bearing))
    cut = np.flatnonzero(place[charge] >= 0)
    of = np.concatenate([place[charge[cut]], np.arange(len(bearing))])
    until = np.concatenate([day[cut], np.full(len(bearing), history.as_of)])
    money = np.concatenate([part[cut], folded.open[bearing]])
    counts = until > start[of]
    of, until, money = of[counts], until[counts], money[counts]
    principal = charges.amount[bearing] - folded.credited[bearing]
    fees[bearing] = _fees(
        terms, _Clock(terms, pauses), charges.acc[bearing], start, of, until, money, principal
    )
    return fees


def _fees(
    terms: LateFeeTerms,
    clock: _Clock,
    acc: Ints,
    start: Ints,
    of: Ints,
    until: Ints,
    money: Ints,
    principal: Ints,
) -> Ints:
    """In 64 bits where no sum can pass them, else in whole numbers of any size."""
    days = clock.days(acc[of], until) - clock.days(acc, start)[of]
    weights = clock.weights(acc[of], until) - clock.weights(acc, start)[of]
    pieces = int(np.bincount(of, minlength=1).max(initial=0)) + 1
    factor = max(
        int(np.abs(weights).max(initial=1)), int(np.abs(days).max(initial=1)) * _num(terms.cap_annual), 1
    )
    most = _SAFE // (2 * factor * pieces)
    wide = np.zeros(len(acc), np.bool_)
    wide[of[money > most]] = True
    wide |= principal > _SAFE // _num(terms.cap_share)
    wide |= clock.scale >= _SAFE
    found = np.zeros(len(acc), np.int64)
    for some, kind in ((~wide, np.int64), (wide, object)):
        if some.any():
            mine = some[of]
            at = np.cumsum(some) - 1
            sums = [
                _sum(
                    (money[mine].astype(kind)) * each[mine].astype(kind), at[of[mine]], int(some.sum()), kind
                )
                for each in (days, weights)
            ]
            fee = _rounded(terms, clock.scale, sums[0], sums[1], principal[some].astype(kind))
            found[some] = np.minimum(fee, MOST_FEE).astype(np.int64)
    return found


def _num(share: tuple[int, int] | None) -> int:
    return 1 if share is None else max(1, share[0])


def _sum(values: Any, at: Ints, count: int, kind: Any) -> Any:
    sums = np.zeros(count, kind)
    np.add.at(sums, at, values)
    return sums


def _rounded(terms: LateFeeTerms, scale: int, money_days: Any, owed: Any, principal: Any) -> Any:
    fee = _divided(owed, scale, terms.mode) + terms.flat
    if terms.cap_annual is not None:
        num, den = terms.cap_annual
        fee = np.minimum(fee, money_days * num // (365 * den))
    fee = np.where(money_days > 0, fee, 0)
    if terms.cap_amount is not None:
        fee = np.minimum(fee, terms.cap_amount)
    if terms.cap_share is not None:
        num, den = terms.cap_share
        fee = np.minimum(fee, principal * num // den)
    return fee


def _divided(num: Any, den: int, mode: Mode) -> Any:
    """num/den as whole numbers; a late fee may be below zero where its rate is, and mirrors then."""
    size = np.abs(num)
    whole, rest = size // den, size % den
    match mode:
        case "half_up":
            up = 2 * rest >= den
        case "half_even":
            up = (2 * rest > den) | ((2 * rest == den) & (whole % 2 == 1))
        case "half_down":
            up = 2 * rest > den
        case "up":
            up = rest > 0
        case _:
            up = rest < 0
    whole = whole + up
    return np.where(num >= 0, whole, -whole)


class _Clock:
    """Days that count, and the rates of them, up to a day: on a clock that stands still in a pause."""

    def __init__(self, terms: LateFeeTerms, pauses: Spans) -> None:
        self.terms, self.pauses = terms, pauses
        self.scale = lcm(*(rate.den for rate in terms.rates))
        rates = [rate.num * (self.scale // rate.den) for rate in terms.rates]
        self.first = rates[0]
        # The day before a new rate is the last of the old one.
        self.changes = [
            (rate.day - 1, new - old)
            for rate, old, new in zip(terms.rates[1:], rates[:-1], rates[1:], strict=True)
        ]

    def _span(self, day: Ints) -> Ints:
        return thirty(day) if self.terms.thirty_day_months else day

    def days(self, acc: Ints, day: Ints) -> Ints:
        starts, ends = self.pauses
        found = self._span(day).copy()
        for number in range(starts.shape[1]):
            start, end = starts[acc, number], ends[acc, number]
            stood = start < day
            a, b = np.where(stood, start, 0), np.where(stood, np.minimum(end, day), 0)
            found -= self._span(b) - self._span(a)
        return found

    def weights(self, acc: Ints, day: Ints) -> Any:
        """The sum of the rates of the days up to a day, in 1/scale, less a number of its own for each account."""
        count = self.days(acc, day)
        if abs(self.first) + sum(abs(more) for _, more in self.changes) >= 1 << 36:
            count = count.astype(object)
        total = self.first * count
        for since, more in self.changes:
            before = self.days(acc, np.full(len(acc), since, np.int64))
            total = total + more * np.maximum(count - before, 0)
        return total


def late_fee_facts(history: History, folded: Folded, fees: Ints) -> dict[str, Ints]:
    """What has accrued, and what is left of it after what was charged and waived."""
    charges, count = history.charges, history.count
    accrued = adding(fees, charges.acc, count)
    on_bearing = np.where(charges.debt < 0, True, charges.bears[charges.debt] if len(charges) else False)
    posted = np.flatnonzero((charges.kind == LATE_FEE) & on_bearing)
    charged = adding((charges.amount - folded.credited)[posted], charges.acc[posted], count)
    due = np.where(accrued > 0, np.maximum(0, accrued - charged - history.late_waived), 0)
    return {"late_fee_accrued": accrued, "late_fee_due": due}
