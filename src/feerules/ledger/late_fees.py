"""The late fee that has accrued on each charge: money × days × rate, exact, rounded once per charge."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import lcm

from feerules.ledger.allocation import Folded
from feerules.ledger.pauses import Span
from feerules.ledger.treatment import Treatment
from feerules.money import round_div
from feerules.periods import from_day_number
from feerules.plan.ledgers import LateFeeTerms

__all__ = ["late_fees"]


def late_fees(treatment: Treatment, folded: Folded, as_of: int, pauses: Sequence[Span]) -> list[int]:
    """The late fee of each charge in fen, by index.

    A part of the principal that is paid on day p bears it for the days from the day after due to p; what
    is still open, to `as_of`. So with F(d) = the sum of the rates of all days up to d, a charge bears
    Σ part × (F(p) - F(due)) + open × (F(as_of) - F(due)). Nothing where grace has not passed, or where
    nothing was open at its end.
    """
    terms = treatment.terms.late_fee
    fees = [0] * len(treatment.counts)
    if terms is None or not treatment.bearing:
        return fees
    clock = _Clock(terms, pauses) if pauses else _steady(terms)
    now, scale, grace, unit = clock[as_of], clock.scale * terms.unit, terms.grace, terms.unit
    lead = 0 if terms.back_dated else grace
    needs_days = bool(terms.flat or terms.daily) or terms.cap_by_days is not None
    half_up = terms.mode == "half_up"
    uncapped = terms.cap_amount is None and terms.cap_share is None
    open_, cuts, charges = folded.open, folded.cuts, treatment.seen.charges
    for i, due in treatment.bearing:
        over = due + grace
        if as_of <= over:
            continue
        start, left, paid = due + lead, open_[i], cuts[i] or ()
        since, is_late = clock[start], left > 0
        owed = left * (now - since)
        for day, part in paid:
            if day > start:
                owed += part * (clock[day] - since)
                if day > over:
                    is_late = True
        if not is_late:
            continue
        if half_up and owed >= 0:
            fee = (2 * owed + scale) // (2 * scale) * unit
        else:
            fee = round_div(owed, scale, terms.mode) * unit
        if needs_days:
            fee = _by_days(terms, fee, *clock.money_days(left, paid, start, as_of))
        if not uncapped:
            most = _cap(terms, charges[i].amount - folded.credited.get(i, 0))
            fee = most if most < fee else fee
        fees[i] = fee
    return fees


def _by_days(terms: LateFeeTerms, fee: int, money_days: int, days: int) -> int:
    """What is added where any day counts, once and for each; and no more than a cap allows for the days that do."""
    if not money_days:
        return 0
    fee += terms.flat + terms.daily * days
    if terms.cap_by_days is None:
        return fee
    num, den = terms.cap_by_days
    return min(fee, money_days * num // den)


def _cap(terms: LateFeeTerms, principal: int) -> int:
    """The most that a charge may bear; a cap is not passed by the fraction of a fen."""
    if terms.cap_share is None:
        return terms.cap_amount or 0
    num, den = terms.cap_share
    share = principal * num // den
    return share if terms.cap_amount is None else min(share, terms.cap_amount)


# Days and rates, summed up to a day


def _same(day: int) -> int:
    return day


def _thirty(day: int) -> int:
    """Days where every month has thirty, the 31st being the 30th."""
    date = from_day_number(day)
    return date.year * 360 + date.month * 30 + min(date.day, 30)


class _Clock(dict[int, int]):
    """By day the sum of the rates of all days up to it, in 1/scale, on a clock that stands still in a pause."""

    def __init__(self, terms: LateFeeTerms, pauses: Sequence[Span]) -> None:
        self.pauses = pauses
        self.span = _thirty if terms.thirty_day_months else _same
        self.scale = lcm(*(rate.den for rate in terms.rates))
        rates = [rate.num * (self.scale // rate.den) for rate in terms.rates]
        self.first = rates[0]
        # The day before a new rate is the last of the old one.
        since = [self.days(rate.day - 1) for rate in terms.rates[1:]]
        self.changes = [(day, new - old) for day, old, new in zip(since, rates[:-1], rates[1:], strict=True)]

    def __missing__(self, day: int) -> int:
        count = self.days(day)
        found = self.first * count
        for since, more in self.changes:
            if count > since:
                found += more * (count - since)
        self[day] = found
        return found

    def days(self, day: int) -> int:
        """The days up to a day that count."""
        span = self.span
        if not self.pauses:
            return span(day)
        stood = sum(span(min(end, day)) - span(start) for start, end in self.pauses if start < day)
        return span(day) - stood

    def money_days(
        self, left: int, paid: Sequence[tuple[int, int]], start: int, as_of: int
    ) -> tuple[int, int]:
        """The sum of money × days, and the days on which any of it was open."""
        since = self.days(start)
        parts = [(as_of, left), *((day, part) for day, part in paid if day > start)]
        days = [(self.days(day) - since, part) for day, part in parts if part]
        return sum(part * count for count, part in days), max(count for count, _ in days)


# A pure function remembered: one policy is asked of many accounts, about the same days.
@lru_cache(maxsize=64)
def _steady(terms: LateFeeTerms) -> _Clock:
    return _Clock(terms, ())
