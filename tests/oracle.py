"""A second opinion on bills: naive arithmetic with fractions, written from the design and not from the code.

`test_second_opinion.py` holds bills to it. It knows a part of the language: fees per unit, per area or by
usage, with a rate or tiers, in every kind of cycle, from and until a day of the unit, prorated by every rule,
under one or two versions, for one owner or several, rounded once. A day is a `date`, an amount a `Fraction`
until it is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

Days = tuple[date, date]  # from the first up to, and not including, the last
ADDITIVE = ("calendar_days", "thirty_day_months", "cycle_days")
LENGTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Tiers:
    kind: str
    ends: tuple[Fraction, ...]
    prices: tuple[Fraction, ...]
    year_from: tuple[int, int] | None = None

    def cost(self, used: Fraction) -> Fraction:
        """What so much costs from nothing on; a band holds its upper bound."""
        bounds = [*self.ends, None]
        if self.kind == "graduated":
            lows = [Fraction(0), *self.ends]
            slices = [
                max(min(used, end if end is not None else used) - low, Fraction(0))
                for low, end in zip(lows, bounds, strict=True)
            ]
            return sum((part * price for part, price in zip(slices, self.prices, strict=True)), Fraction(0))
        price = next(p for end, p in zip(bounds, self.prices, strict=True) if end is None or used <= end)
        return price if self.kind == "step" else used * price


@dataclass(frozen=True)
class Fee:
    """A fee of the subset; `months` is None for a season and for a one-off (`kind` says which)."""

    kind: str  # calendar, anniversary, season, once
    months: int | None
    starts_on: tuple[int, int] = (1, 1)
    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    billed: str = "in_advance"
    per: str = ""  # area or used, or nothing
    rates: Mapping[str, Fraction] | Fraction = Fraction(0)  # by the unit's type, or one
    rate_per: str = "cycle"
    tiers: Tiers | None = None
    prorate: str = "calendar_days"
    before: str | None = None  # who pays before the handover: a payer, nobody; None: no handover
    after: str | None = None
    unit: Fraction = Fraction(1, 100)
    mode: str = "half_up"
    later: tuple[date, Fraction] | None = None  # a second version: its first day, and what its rate is times


@dataclass(frozen=True)
class Line:
    start: date
    end: date
    payer: str
    amount: Fraction


# Calendars


def month_length(year: int, month: int) -> int:
    return ((date(year + month // 12, month % 12 + 1, 1)) - date(year, month, 1)).days


def day_in(year: int, month: int, day: int) -> date:
    """A day of a month, or its last day; months count on beyond 12."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day, month_length(year, month)))


@dataclass(frozen=True)
class Cycle:
    months: tuple[date, ...]  # the first day of each month, and the day after the last

    @property
    def start(self) -> date:
        return self.months[0]

    @property
    def end(self) -> date:
        return self.months[-1]


def cycles(fee: Fee, unit: Mapping[str, Any]) -> Iterator[Cycle]:
    """Every cycle of the years around the tests."""
    for year in range(2018, 2032):
        if fee.kind == "season":
            assert fee.season is not None
            (month, day), (last_month, last_day) = fee.season
            over = (last_month, last_day) < (month, day)
            yield Cycle((day_in(year, month, day), day_in(year + over, last_month, last_day) + DAY))
        elif fee.kind == "once":
            if unit["paid_on"].year == year:
                yield Cycle((unit["paid_on"], unit["paid_on"] + DAY))
        else:
            yield from month_cycles(fee, unit, year)


def month_cycles(fee: Fee, unit: Mapping[str, Any], year: int) -> Iterator[Cycle]:
    assert fee.months is not None
    if fee.kind == "anniversary":
        anchor = unit["handover"]
        origin, first, day = anchor.year, anchor.month, anchor.day
    else:
        origin, (first, day) = 2000, fee.starts_on
    for month in range(1, 13):
        apart = (year - origin) * 12 + month - first
        if apart % fee.months == 0 and (fee.kind == "calendar" or apart >= 0):
            yield Cycle(tuple(day_in(year, month + k, day) for k in range(fee.months + 1)))


def on_the_bill(fee: Fee, cycle: Cycle, period: Days, accrue: bool) -> bool:
    if fee.kind != "once" and accrue:
        return cycle.start < period[1] and period[0] < cycle.end
    told = cycle.end - DAY if fee.billed == "in_arrears" and fee.kind != "once" else cycle.start
    return period[0] <= told < period[1]


# Proration: how many months the days from `start` to `end` of a cycle are worth


def worth(rule: str, cycle: Cycle, start: date, end: date) -> Fraction:
    months = list(zip(cycle.months, cycle.months[1:], strict=False))
    whole = Fraction(len(months))
    if start >= end:
        return Fraction(0)
    if (start, end) == (cycle.start, cycle.end):
        return whole
    match rule:
        case "calendar_days":
            return sum((Fraction(overlap(start, end, m), (m[1] - m[0]).days) for m in months), Fraction(0))
        case "thirty_day_months":
            return sum((Fraction(thirtieths(start, end, m), 30) for m in months), Fraction(0))
        case "half_months":
            return sum((halves(start, end, m) for m in months), Fraction(0))
        case "whole_months":
            return Fraction(sum(overlap(start, end, m) > 0 for m in months))
        case "full_months":
            return Fraction(sum(start <= m[0] and m[1] <= end for m in months))
        case "days_365":
            return min(whole, Fraction(12 * (end - start).days, 365))
        case "days_of_year":
            days = (start + timedelta(n) for n in range((end - start).days))
            return min(whole, sum((Fraction(12, 337 + month_length(d.year, 2)) for d in days), Fraction(0)))
        case "cycle_days":
            return whole * Fraction((end - start).days, (cycle.end - cycle.start).days)
        case "none":
            return whole
    raise AssertionError(rule)


def overlap(start: date, end: date, days: Days) -> int:
    return max((min(end, days[1]) - max(start, days[0])).days, 0)


def thirtieths(start: date, end: date, month: Days) -> int:
    """Days of a month of thirty: the 31st is none, the last day of a February fills it up."""
    length = (month[1] - month[0]).days
    worth_of = [1] * min(length, 30) + [0] * (length - 30)
    worth_of[min(length, 30) - 1] += 30 - min(length, 30)
    return sum(worth_of[n] for n in range(length) if start <= month[0] + timedelta(n) < end)


def halves(start: date, end: date, month: Days) -> Fraction:
    if overlap(start, end, month) == 0:
        return Fraction(0)
    late = (max(start, month[0]) - month[0]).days >= 15
    early = (min(end, month[1]) - month[0]).days <= 15
    return Fraction(1, 2) if late or early else Fraction(1)


# Lines


def lines(fee: Fee, unit: Mapping[str, Any], period: Days, *, accrue: bool = False) -> list[Line]:
    """The lines of one fee for a unit: its type, area, used, before, handover, moved_out, paid_on, owners."""
    found: list[Line] = []
    for cycle in cycles(fee, unit):
        if on_the_bill(fee, cycle, period, accrue):
            for first, until, times in windows(fee, cycle, period, accrue):
                found += in_window(fee, unit, cycle, (first, until), times)
    return sorted(found, key=lambda line: (line.start, line.end))


def windows(fee: Fee, cycle: Cycle, period: Days, accrue: bool) -> Iterator[tuple[date, date, Fraction]]:
    """The days of each version inside the cycle."""
    first, last = (
        (max(cycle.start, period[0]), min(cycle.end, period[1])) if accrue else (cycle.start, cycle.end)
    )
    if fee.later is None:
        yield first, last, Fraction(1)
        return
    day, times = fee.later
    if first < day:
        yield first, min(day, last), Fraction(1)
    if day < last:
        yield max(first, day), last, times


def in_window(fee: Fee, unit: Mapping[str, Any], cycle: Cycle, window: Days, times: Fraction) -> list[Line]:
    """Each payer's line; the amounts of several are rounded together, one after the other."""
    found, told, exact = [], Fraction(0), Fraction(0)
    for start, end, payer, months in pieces(fee, unit, cycle, window):
        part = amount(fee, unit, cycle, (start, end), months) * times
        if months == 0 and fee.per != "used":
            continue
        exact += part
        rounded = round_to(exact, fee.unit, fee.mode)
        found.append(Line(start, end, payer, rounded - told))
        told = rounded
    return found


def pieces(
    fee: Fee, unit: Mapping[str, Any], cycle: Cycle, window: Days
) -> Iterator[tuple[date, date, str, Fraction]]:
    """(from, until, payer, months) of everybody who pays a part of the window."""
    whole = Fraction(len(cycle.months) - 1)
    start, end = cycle.start, cycle.end
    if fee.kind != "once":
        if fee.before is not None:
            start = min(max(begin(fee, unit, cycle), cycle.start), cycle.end)
        if fee.after is not None and unit.get("moved_out"):
            end = min(max(unit["moved_out"], start), cycle.end)
    own = worth(rule_of(fee), cycle, start, end) if fee.kind != "once" else whole
    left = worth(rule_of(fee), cycle, start, cycle.end) if fee.kind != "once" else whole
    sides = [
        (cycle.start, start, fee.before, whole - left),
        (start, end, "owner", own),
        (end, cycle.end, fee.after, left - own),
    ]
    for first, last, payer, months in sides:
        if payer in (None, "nobody"):
            continue
        for a, b in cut(max(first, window[0]), min(last, window[1]), unit.get("owners", ())):
            yield a, b, payer, months if (a, b) == (first, last) else worth(rule_of(fee), cycle, a, b)


def rule_of(fee: Fee) -> str:
    """Liability that skips the month of handover begins on the first of one: from there it is by calendar days."""
    return "calendar_days" if fee.prorate == "next_month" else fee.prorate


def cut(start: date, end: date, days: Sequence[date]) -> Iterator[Days]:
    marks = [start, *(day for day in sorted(days) if start < day < end), end]
    if start < end:
        yield from pairwise(marks)


def begin(fee: Fee, unit: Mapping[str, Any], cycle: Cycle) -> date:
    """The first day that is charged; the month of handover is free under next_month."""
    day: date = unit["handover"]
    if fee.prorate != "next_month" or day < cycle.start:
        return day
    return next((month for month in cycle.months if month > day), cycle.end)


def amount(fee: Fee, unit: Mapping[str, Any], cycle: Cycle, days: Days, months: Fraction) -> Fraction:
    if fee.per == "used":
        return by_usage(fee, unit, cycle)
    rate = fee.rates[unit["type"]] if isinstance(fee.rates, Mapping) else fee.rates
    quantity = Fraction(unit["area"]) if fee.per == "area" else Fraction(1)
    price = fee.tiers.cost(quantity) if fee.tiers else quantity * rate
    if fee.kind == "once":
        return price
    if fee.rate_per == "day":
        return price * (days[1] - days[0]).days
    return price * months / (len(cycle.months) - 1 if fee.rate_per == "cycle" else LENGTHS[fee.rate_per])


def by_usage(fee: Fee, unit: Mapping[str, Any], cycle: Cycle) -> Fraction:
    """All of the usage, which is divided by days where a tier year begins inside the cycle."""
    used, before = Fraction(unit["used"]), Fraction(0)
    if fee.tiers is None:
        rate = fee.rates[unit["type"]] if isinstance(fee.rates, Mapping) else fee.rates
        return used * rate
    total = Fraction(0)
    if fee.tiers.year_from is not None:
        before = Fraction(unit["before"])
        for year in range(cycle.start.year - 1, cycle.end.year + 1):
            reset = day_in(year, *fee.tiers.year_from)
            if cycle.start < reset < cycle.end:
                part = used * (reset - cycle.start).days / (cycle.end - cycle.start).days
                total += fee.tiers.cost(before + part) - fee.tiers.cost(before)
                used, before = used - part, Fraction(0)
    return total + fee.tiers.cost(before + used) - (fee.tiers.cost(before) if before else 0)


def round_to(exact: Fraction, unit: Fraction, mode: str) -> Fraction:
    steps = abs(exact) / unit
    whole = floor(steps)
    rest = steps - whole
    half = Fraction(1, 2)
    up = {
        "half_up": rest >= half,
        "half_down": rest > half,
        "half_even": rest > half or (rest == half and whole % 2 == 1),
        "up": rest > 0,
        "down": False,
    }[mode]
    return (whole + up) * unit * (1 if exact >= 0 else -1)
