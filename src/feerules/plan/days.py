"""Calendar arithmetic as gathers: a function of a day becomes a table over the days that can occur."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from functools import lru_cache

from feerules.periods import from_day_number
from feerules.plan.bounds import Builder
from feerules.plan.nodes import Node

__all__ = [
    "PARTS_OF_DAYS",
    "day_of_moment",
    "day_of_month",
    "days_in_month",
    "month_end",
    "month_number",
    "month_of_year",
    "months_between",
    "over_days",
]

# From a month, counted from year 0, and its number of days to a value for each of them.
OfMonth = Callable[[int, int], Sequence[int]]


@lru_cache(maxsize=256)
def _table(of: OfMonth, lo: int, hi: int) -> tuple[tuple[int, ...], tuple[int, int]]:
    """The values of the days from `lo` to `hi`, and the least and the greatest of them."""
    first, last = from_day_number(lo), from_day_number(hi)
    values: list[int] = []
    # Month by month: three centuries have 3,600 months, and thirty times as many days.
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        values += of(month, monthrange(month // 12, month % 12 + 1)[1])
    table = tuple(values[first.day - 1 : first.day + hi - lo])
    return table, (min(table), max(table))


def over_days(b: Builder, of: OfMonth, day: Node) -> Node:
    """`of` applied to a day number; `of` must be a module-level function, so that tables are shared."""
    table, bounds = _table(of, day.lo, day.hi)
    return b.gather(table, b.sub(day, b.const(day.lo)), bounds=bounds)


def _month_number(month: int, days: int) -> Sequence[int]:
    return [month] * days


def _month_of_year(month: int, days: int) -> Sequence[int]:
    return [month % 12 + 1] * days


def _day_of_month(month: int, days: int) -> Sequence[int]:
    return range(1, days + 1)


def _days_in_month(month: int, days: int) -> Sequence[int]:
    return [days] * days


def month_number(b: Builder, day: Node) -> Node:
    """Months since year 0: its differences count calendar months."""
    return over_days(b, _month_number, day)


def month_of_year(b: Builder, day: Node) -> Node:
    return over_days(b, _month_of_year, day)


def day_of_month(b: Builder, day: Node) -> Node:
    return over_days(b, _day_of_month, day)


def days_in_month(b: Builder, day: Node) -> Node:
    return over_days(b, _days_in_month, day)


def month_end(b: Builder, day: Node) -> Node:
    """The last day of the month in which a day falls."""
    return b.add(day, b.sub(days_in_month(b, day), day_of_month(b, day)))


def year(b: Builder, day: Node) -> Node:
    return b.div_round(month_number(b, day), b.const(12), "down")


def weekday(b: Builder, day: Node) -> Node:
    """1 for Monday to 7 for Sunday."""
    days = b.sub(day, b.const(_aligned(day.lo, 7, -3)))  # day -3 was a Monday
    weeks = b.div_round(days, b.const(7), "down")
    return b.add(b.within(b.sub(days, b.mul(weeks, b.const(7))), 0, 6), b.const(1))


def day_of_moment(b: Builder, minute: Node) -> Node:
    """The day that holds a minute."""
    first = _aligned(minute.lo, 1440)
    passed = b.div_round(b.sub(minute, b.const(first)), b.const(1440), "down")
    return b.add(passed, b.const(first // 1440))


def _aligned(least: int, step: int, offset: int = 0) -> int:
    """The greatest multiple of a step, from an offset, that is at most `least`."""
    return (least - offset) // step * step + offset


def months_between(b: Builder, start: Node, end: Node) -> Node:
    """Completed months; a month ends on the corresponding day or, where there is none, on month end."""
    forward = _completed(b, start, end)
    backward = b.sub(b.const(0), _completed(b, end, start))
    return b.choose(b.compare("<=", start, end), forward, backward)


def _completed(b: Builder, start: Node, end: Node) -> Node:
    needed = b.min(day_of_month(b, start), days_in_month(b, end))
    short = b.compare("<", day_of_month(b, end), needed)
    return b.sub(b.sub(month_number(b, end), month_number(b, start)), short)


PARTS_OF_DAYS: dict[str, Callable[[Builder, Node], Node]] = {
    "year_of": year,
    "month_of": month_of_year,
    "day_of": day_of_month,
    "weekday_of": weekday,
}
