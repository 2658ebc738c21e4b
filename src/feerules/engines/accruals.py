"""The late fee that has accrued on each charge of many accounts: money × days × rate, exact, rounded once per charge."""

from __future__ import annotations

from math import lcm
from typing import Any, Final, NamedTuple

import numpy as np

from feerules.engines.daywise import Folded
from feerules.engines.histories import LATE_FEE, History
from feerules.engines.segments import Bools, Ints, adding, highest, thirty
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
    start = due if terms.back_dated else over
    # What was paid before a charge bears anything costs nothing.
    cut = np.flatnonzero(late[charge] & (day > start[charge]))
    place = np.cumsum(late) - 1
    acc, since = charges.acc[bearing], start[bearing]
    clock = _Clock(terms, pauses)
    pieces = _Pieces(place[charge[cut]], day[cut], part[cut])
    principal = charges.amount[bearing] - folded.credited[bearing]
    fees[bearing] = _fees(clock, acc, since, pieces, folded.open[bearing], history.as_of, principal)
    return fees


class _Pieces(NamedTuple):
    """What was paid of bearing charges while they did: of which, on which day, how much."""

    of: Ints
    day: Ints
    money: Ints


def _fees(
    clock: _Clock, acc: Ints, since: Ints, pieces: _Pieces, rest: Ints, as_of: int, principal: Ints
) -> Ints:
    """In 64 bits where no sum can pass them, else in whole numbers of any size. `rest` bears until `as_of`."""
    terms, of = clock.terms, pieces.of
    until = np.full(len(acc), as_of, np.int64)
    measured = []
    for measure in (clock.days, clock.weights):
        begun = measure(acc, since)
        measured.append((measure(acc[of], pieces.day) - begun[of], measure(acc, until) - begun))
    factors = [max((int(np.abs(each).max(initial=1)) for each in pair), default=1) for pair in measured]
    factor = max(factors[1], factors[0] * _num(terms.cap_by_days), 1)
    most = _SAFE // (2 * factor * (int(np.bincount(of, minlength=1).max(initial=0)) + 2))
    wide = (rest > most) | (principal > _SAFE // _num(terms.cap_share)) | (clock.scale * terms.unit >= _SAFE)
    wide[of[pieces.money > most]] = True
    (paid_days, days), found = measured[0], np.zeros(len(acc), np.int64)
    days = np.where(rest > 0, days, 0)
    np.maximum.at(days, of, paid_days)
    for some, kind in ((~wide, np.int64), (wide, object)):
        if some.any():
            sums = [_summed(pieces, rest, some, each, kind) for each in measured]
            more = terms.flat + terms.daily * days[some].astype(kind, copy=False)
            fee = _rounded(
                terms, clock.scale, sums[0], sums[1], more, principal[some].astype(kind, copy=False)
            )
            found[some] = np.minimum(fee, MOST_FEE).astype(np.int64)
    return found


def _summed(pieces: _Pieces, rest: Ints, some: Bools, measured: tuple[Any, Any], kind: Any) -> Any:
    """Money times what each of its days bears, of some of the charges: of what was paid, and of the rest."""
    of, money, (cuts, end) = pieces.of, pieces.money, measured
    if not some.all():
        mine = some[of]
        of, money, cuts = (np.cumsum(some) - 1)[of[mine]], money[mine], cuts[mine]
        rest, end = rest[some], end[some]
    sums = rest.astype(kind, copy=False) * end.astype(kind, copy=False)
    np.add.at(sums, of, money.astype(kind, copy=False) * cuts.astype(kind, copy=False))
    return sums


def _num(share: tuple[int, int] | None) -> int:
    return 1 if share is None else max(1, share[0])


def _rounded(terms: LateFeeTerms, scale: int, money_days: Any, owed: Any, more: Any, principal: Any) -> Any:
    """`more` is what is added once and for each day."""
    fee = _divided(owed, scale * terms.unit, terms.mode) * terms.unit + more
    if terms.cap_by_days is not None:
        num, den = terms.cap_by_days
        fee = np.minimum(fee, money_days * num // den)
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
        found = self._span(day)
        for number in range(starts.shape[1]):
            start, end = starts[acc, number], ends[acc, number]
            stood = start < day
            a, b = np.where(stood, start, 0), np.where(stood, np.minimum(end, day), 0)
            found = found - (self._span(b) - self._span(a))
        return found

    def weights(self, acc: Ints, day: Ints) -> Any:
        """The sum of the rates of the days up to a day, in 1/scale, less a number of its own for each account."""
        count = self.days(acc, day)
        if abs(self.first) + sum(abs(more) for _, more in self.changes) >= 1 << 36:
            count = count.astype(object)
        total = self.first * count
        for since, more in self.changes:
            before = self.days(acc, np.full(len(acc) if self.pauses[0].shape[1] else 1, since, np.int64))
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
    return {"late_fee_accrued": accrued, "late_fee_posted": charged, "late_fee_due": due}
