"""Calendar arithmetic as gathers: a function of a day becomes a table over the days that can occur."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from feerules.periods import add_months, from_day_number
from feerules.plan.bounds import Builder
from feerules.plan.nodes import Node

__all__ = ["day_of_month", "days_in_month", "month_number", "month_of_year", "months_between", "over_days"]


@lru_cache(maxsize=256)
def _table(of: Callable[[date], int], lo: int, hi: int) -> tuple[tuple[int, ...], tuple[int, int]]:
    """`of` for each of the days, and its least and its greatest value."""
    first = from_day_number(lo).toordinal()
    table = tuple(of(date.fromordinal(first + offset)) for offset in range(hi - lo + 1))
    return table, (min(table), max(table))


def over_days(b: Builder, of: Callable[[date], int], day: Node) -> Node:
    """`of` applied to a day number; `of` must be a module-level function, so that tables are shared."""
    table, bounds = _table(of, day.lo, day.hi)
    return b.gather(table, b.sub(day, b.const(day.lo)), bounds=bounds)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _day_of_month(day: date) -> int:
    return day.day


def _days_in_month(day: date) -> int:
    first = day.replace(day=1)
    return (add_months(first, 1) - first).days


def month_number(b: Builder, day: Node) -> Node:
    """Months since year 0: its differences count calendar months."""
    return over_days(b, _month_number, day)


def _month_of_year(day: date) -> int:
    return day.month


def month_of_year(b: Builder, day: Node) -> Node:
    return over_days(b, _month_of_year, day)


def day_of_month(b: Builder, day: Node) -> Node:
    return over_days(b, _day_of_month, day)


def days_in_month(b: Builder, day: Node) -> Node:
    return over_days(b, _days_in_month, day)


def months_between(b: Builder, start: Node, end: Node) -> Node:
    """Completed months; a month ends on the corresponding day or, where there is none, on month end."""
    forward = _completed(b, start, end)
    backward = b.sub(b.const(0), _completed(b, end, start))
    return b.choose(b.compare("<=", start, end), forward, backward)


def _completed(b: Builder, start: Node, end: Node) -> Node:
    needed = b.min(day_of_month(b, start), days_in_month(b, end))
    short = b.compare("<", day_of_month(b, end), needed)
    return b.sub(b.sub(month_number(b, end), month_number(b, start)), short)
