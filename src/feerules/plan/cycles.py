"""The cycles of a fee in a period, and how far into a cycle a day is, in parts of a month."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from math import lcm

from feerules.documents.charging import Every, Prorate
from feerules.periods import (
    Period,
    add_months,
    cycles_ending,
    cycles_starting,
    day_number,
    prorate,
    seasons_ending,
    seasons_starting,
)
from feerules.plan.bounds import Builder
from feerules.plan.days import day_of_month, month_number, month_of_year, over_days
from feerules.plan.nodes import Leaf, Node
from feerules.plan.terms import Moment

__all__ = ["Cycle", "Progress", "anniversaries", "calendar_cycles", "judged_on", "line_moment", "occasion"]


@dataclass(frozen=True, slots=True, eq=False)
class Cycle:
    """One cycle of a fee: from `start` to the day before `end`, where `exists` holds.

    `months` is None for a one-off or a use, which has no length in time; a season counts as one month.
    `period` is set where the cycle is the same for every unit.
    """

    key: str
    start: Node
    end: Node
    exists: Node
    months: int | None
    month_starts: tuple[Node, ...]
    period: Period | None = None
    season: bool = False
    leaves: tuple[Leaf, ...] = ()  # the facts that its days come from


def calendar_cycles(b: Builder, every: Every, period: Period, billed: str) -> list[Cycle]:
    """The cycles on days of the calendar that start in the period, or end in it when in arrears."""
    if every.season is not None:
        seasons = seasons_ending if billed == "in_arrears" else seasons_starting
        found = seasons(period, every.season.from_, every.season.through)
        return [_fixed(b, each, 1, season=True) for each in found]
    month, day = every.starts_on or (1, 1)
    months = every.length or 1
    cycles = cycles_ending if billed == "in_arrears" else cycles_starting
    return [_fixed(b, each, months) for each in cycles(period, months, date(2000, month, day))]


def _fixed(b: Builder, period: Period, months: int, *, season: bool = False) -> Cycle:
    starts = [period.start] if season else [add_months(period.start, k) for k in range(months)]
    nodes = tuple(b.const(day_number(day)) for day in (*starts, period.end))
    return Cycle(
        period.start.isoformat(), nodes[0], nodes[-1], b.true, 1 if season else months, nodes, period, season
    )


def anniversaries(b: Builder, anchor: Node, months: int, period: Period, billed: str) -> list[Cycle]:
    """The cycles that begin on anniversaries of each unit's own day; none begins before that day."""
    in_arrears = billed == "in_arrears"
    cycles, month = [], period.start.replace(day=1)
    # A cycle whose last day ends the period has its end on the first of the month after it.
    while month < period.end or (in_arrears and month == period.end):
        cycles.append(_anniversary(b, anchor, months, month, period, in_arrears=in_arrears))
        month = add_months(month, 1)
    return cycles


def _anniversary(
    b: Builder, anchor: Node, months: int, month: date, period: Period, *, in_arrears: bool
) -> Cycle:
    """The cycle that starts (or, in arrears, ends) in one calendar month, where there is one."""
    first = add_months(month, -months) if in_arrears else month
    starts = tuple(_day_in(b, anchor, add_months(first, k)) for k in range(months + 1))
    elapsed = b.sub(b.const(first.year * 12 + first.month - 1), month_number(b, anchor))
    whole = b.max(elapsed, b.const(0))
    rest = b.sub(whole, b.mul(b.div_round(whole, b.const(months), "down"), b.const(months)))
    # The last day decides whether a cycle ends in the period.
    told = b.sub(starts[-1], b.const(1)) if in_arrears else starts[0]
    inside = b.inside(told, day_number(period.start), day_number(period.end) - 1)
    exists = b.all_of((b.compare("<=", b.const(0), elapsed), b.compare("==", rest, b.const(0)), inside))
    return Cycle(f"{month:%Y-%m}", starts[0], starts[-1], exists, months, starts)


def _day_in(b: Builder, anchor: Node, month: date) -> Node:
    """The anchor's day in a month, or the month's last day where it is shorter."""
    length = (add_months(month, 1) - month).days
    day = b.min(day_of_month(b, anchor), b.const(length))
    return b.add(b.const(day_number(month) - 1), day)


def occasion(b: Builder, day: Node, period: Period) -> Cycle:
    """The one day of a one-off or a use, where it lies in the period."""
    start, end = day_number(period.start), day_number(period.end)
    exists = b.inside(day, start, end - 1)
    # Where it does not exist its day is never told: the clamp keeps calendars short.
    day = b.clamp(day, b.const(start), b.const(end - 1))
    return Cycle("use", day, b.add(day, b.const(1)), exists, None, (day,))


def line_moment(b: Builder, cycle: Cycle, start: Node, end: Node, judged: Node | None = None) -> Moment:
    """The built-in names of a line, judged on its first day unless told otherwise."""
    judged = start if judged is None else judged
    return Moment(
        {
            "judged_on": judged,
            "month": month_of_year(b, judged),
            "line_start": start,
            "line_end": end,
            "cycle_start": cycle.start,
            "cycle_end": cycle.end,
            "cycle_months": b.const(cycle.months or 0),
        }
    )


def judged_on(b: Builder, moment: Moment, day: Node) -> Moment:
    """The same line, judged on another day."""
    return Moment({**moment.nodes, "judged_on": day, "month": month_of_year(b, day)})


# Progress


class Progress:
    """Running totals of a proration rule, in 1/`denominator` of a month, at any day of a cycle.

    `opens` is read where liability begins, `closes` where it ends, `cuts` where only rules or facts
    change. A day outside the cycle counts as its nearest end.
    """

    def __init__(self, b: Builder, cycle: Cycle, rule: Prorate) -> None:
        self.b = b
        self.cycle = cycle
        # Liability that skips its first month begins on a month's first day: from there by calendar days.
        self.rule: Prorate = "calendar_days" if rule == "next_month" else rule
        if cycle.period is not None:
            proration = prorate(self.rule, cycle.period, cycle.months or 1)
            self.denominator = proration.denominator
            self._tables = {name: getattr(proration, name) for name in ("opens", "closes", "cuts")}
        else:
            self.denominator = _denominator(self.rule, cycle)
        self.whole = (cycle.months or 1) * self.denominator
        self.daily = self.rule in ("days_365", "days_of_year")  # a day has a price; a cycle is not their sum

    def opens(self, day: Node) -> Node:
        return self._read("opens", day)

    def closes(self, day: Node) -> Node:
        return self._read("closes", day)

    def cuts(self, day: Node) -> Node:
        return self._read("cuts", day)

    def _read(self, name: str, day: Node) -> Node:
        b, cycle = self.b, self.cycle
        day = b.clamp(day, cycle.start, cycle.end)
        if cycle.period is not None:
            return b.gather(self._tables[name], b.sub(day, cycle.start))
        if self.rule == "none":
            test = b.compare("<=", cycle.end, day) if name == "opens" else b.compare("<", cycle.start, day)
            return b.choose(test, b.const(self.whole), b.const(0))
        if self.rule == "cycle_days":
            return self._by_length(day)
        if self.daily:
            return self._by_daily_price(name, day)
        parts = [self._in_month(name, day, *month) for month in pairwise(cycle.month_starts)]
        return b.within(b.total(parts), 0, self.whole)

    def _in_month(self, name: str, day: Node, start: Node, end: Node) -> Node:
        """What the days of one month before `day` are worth: a table over its length and the days."""
        b = self.b
        length = b.within(b.sub(end, start), 28, 31)
        # Both ends clamp, so the difference lies between no day and the whole month.
        days = b.within(b.sub(b.clamp(day, start, end), start), 0, 31)
        index = b.add(b.mul(b.sub(length, b.const(28)), b.const(32)), days)
        return b.gather(_month_table(self.rule, name), index)

    def _by_length(self, day: Node) -> Node:
        b, cycle = self.b, self.cycle
        shortest = _shortest(cycle)
        lengths = b.within(b.sub(cycle.end, cycle.start), shortest, shortest + 3)
        shares = tuple(self.denominator // (shortest + extra) * (cycle.months or 1) for extra in range(4))
        factor = b.gather(shares, b.sub(lengths, b.const(shortest)))
        days = b.within(b.sub(day, cycle.start), 0, shortest + 3)
        return b.within(b.mul(days, factor), 0, self.whole)

    def _by_daily_price(self, name: str, day: Node) -> Node:
        b, whole = self.b, self.b.const(self.whole)
        if name == "opens":
            inside = b.max(b.sub(whole, self._priced(day, self.cycle.end)), b.const(0))
            return b.choose(b.compare("<=", day, self.cycle.start), b.const(0), b.min(inside, whole))
        since = b.clamp(self._priced(self.cycle.start, day), b.const(0), whole)
        return b.choose(b.compare("<=", self.cycle.end, day), whole, since)

    def _priced(self, start: Node, end: Node) -> Node:
        """What the days between are worth, each by itself: twelve months divided by the days of its year."""
        b, days = self.b, self.b.sub(end, start)
        if self.rule == "days_365":
            return b.mul(days, b.const(12))
        leap = b.sub(over_days(b, _leap_days, end), over_days(b, _leap_days, start))
        return b.sub(b.mul(days, b.const(12 * 366)), b.mul(leap, b.const(12)))


def _leap_days(month: int, days: int) -> Sequence[int]:
    """How many days in leap years lie before each day of a month."""
    year, years = month // 12, month // 12 - 1
    before = (years // 4 - years // 100 + years // 400) * 366
    if not isleap(year):
        return [before] * days
    first = before + (date(year, month % 12 + 1, 1) - date(year, 1, 1)).days
    return range(first, first + days)


def _shortest(cycle: Cycle) -> int:
    """The fewest days that so many months can have; at most three more are possible."""
    months = cycle.months or 1
    return min((add_months(date(2025, m, 1), months) - date(2025, m, 1)).days for m in range(1, 13))


def _denominator(rule: Prorate, cycle: Cycle) -> int:
    match rule:
        case "none":
            return 1
        case "days_365":
            return 365
        case "days_of_year":
            return 365 * 366
        case "cycle_days":
            return lcm(*(_shortest(cycle) + extra for extra in range(4)))
    return prorate(rule, _MONTHS[0], 1).denominator


_MONTHS = [
    Period(day, add_months(day, 1))
    for day in (date(2025, 2, 1), date(2024, 2, 1), date(2025, 4, 1), date(2025, 1, 1))
]


@cache
def _month_table(rule: Prorate, name: str) -> tuple[int, ...]:
    """By length (28 to 31) and days passed (0 to 31): what a month's first days are worth."""
    rows: list[int] = []
    for month in _MONTHS:
        totals: Sequence[int] = getattr(prorate(rule, month, 1), name)
        rows += [*totals, *[totals[-1]] * (32 - len(totals))]
    return tuple(rows)
