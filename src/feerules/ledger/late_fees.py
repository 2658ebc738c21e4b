"""The late fee that has accrued on each charge: money × days × rate, exact, rounded once per charge."""

from __future__ import annotations

from collections.abc import Sequence
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
    clock = None if _is_plain(terms, pauses) else _Clock(terms, pauses)
    rate, grace, flat = terms.rates[0], terms.grace, terms.flat
    lead = 0 if terms.back_dated else grace
    num, den = 2 * rate.num, 2 * rate.den
    uncapped = terms.cap_amount is None and terms.cap_share is None
    open_, cuts, charges = folded.open, folded.cuts, treatment.seen.charges
    for i, due in treatment.bearing:
        over = due + grace
        if as_of <= over:
            continue
        start, left = due + lead, open_[i]
        is_late = left > 0
        money_days = left * (as_of - start)
        for day, part in cuts[i] or ():
            if day > start:
                money_days += part * (day - start)
                if day > over:
                    is_late = True
        if not is_late:
            continue
        if clock is None:
            fee = (money_days * num + rate.den) // den + flat
        else:
            fee = clock.fee([*(cuts[i] or ()), (as_of, left)], start)
        fees[i] = fee if uncapped else min(fee, _cap(terms, charges[i].amount - folded.credited.get(i, 0)))
    return fees


def _is_plain(terms: LateFeeTerms, pauses: Sequence[Span]) -> bool:
    """Whether every day of the calendar bears one rate: so it is for the bulk of all accounts."""
    one_rate = len(terms.rates) == 1 and not terms.thirty_day_months and not pauses
    return one_rate and terms.cap_annual is None and terms.mode == "half_up"


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


class _Clock:
    """Days that count, and the rates of them, where pauses, changes of the rate or 30-day months matter."""

    def __init__(self, terms: LateFeeTerms, pauses: Sequence[Span]) -> None:
        self.terms, self.pauses = terms, pauses
        self.span = _thirty if terms.thirty_day_months else _same
        self.scale = lcm(*(rate.den for rate in terms.rates))
        rates = [rate.num * (self.scale // rate.den) for rate in terms.rates]
        self.first = rates[0]
        self.weights: dict[int, int] = {}  # days come again: a payment pays several charges
        # The day before a new rate is the last of the old one.
        since = [self.days(rate.day - 1) for rate in terms.rates[1:]]
        self.changes = [(day, new - old) for day, old, new in zip(since, rates[:-1], rates[1:], strict=True)]

    def days(self, day: int) -> int:
        """The days up to a day, on a clock that stands still in a pause."""
        span = self.span
        if not self.pauses:
            return span(day)
        stood = sum(span(min(end, day)) - span(start) for start, end in self.pauses if start < day)
        return span(day) - stood

    def weight(self, day: int) -> int:
        """The sum of the rates of the days up to a day, in 1/scale."""
        found = self.weights.get(day)
        if found is None:
            count = self.days(day)
            found = self.first * count
            for since, more in self.changes:
                if count > since:
                    found += more * (count - since)
            self.weights[day] = found
        return found

    def fee(self, parts: Sequence[tuple[int, int]], start: int) -> int:
        """The late fee of parts that were open from `start` to their days; no more than a year's cap allows."""
        terms, from_days, from_weight = self.terms, self.days(start), self.weight(start)
        money_days = owed = 0
        for day, part in parts:
            if day > start:
                money_days += part * (self.days(day) - from_days)
                owed += part * (self.weight(day) - from_weight)
        if not money_days:
            return 0
        fee = round_div(owed, self.scale, terms.mode) + terms.flat
        if terms.cap_annual is None:
            return fee
        num, den = terms.cap_annual
        return min(fee, money_days * num // (365 * den))
