"""Arrays of many accounts: rows in order of account and day, sums and edges of each account, days of the calendar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from feerules.periods import MICROSECONDS, Stamp

__all__ = [
    "ENDLESS",
    "LAST_DAY",
    "NONE",
    "Bools",
    "Ints",
    "add_months",
    "adding",
    "by_day",
    "day_keys",
    "distinct",
    "elapsed",
    "firsts",
    "highest",
    "ints",
    "kept",
    "last_of",
    "lowest",
    "month_of",
    "offsets",
    "order",
    "paused",
    "ranges",
    "rank_in",
    "running",
    "running_by",
    "sums_of",
    "thirty",
]

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

NONE: Final = -(10**12)  # no day, where one could be
ENDLESS: Final = 10**9
DAY_BITS: Final = 22
_SHIFT: Final = 1_000_000  # with it, every day of the years 1 to 9999 is a number of 22 bits
LAST_DAY: Final = 2_932_896  # 9999-12-31


def ints(series: pl.Series, none: int = NONE) -> Ints:
    """A column of whole numbers; `none` where it has none. What comes back is not to be written to."""
    if series.null_count() == len(series):
        return np.full(len(series), none, np.int64)
    if series.null_count():
        series = series.cast(pl.Int64).fill_null(none)
    return series.to_numpy().astype(np.int64, copy=False)


def offsets(acc: Ints, count: int) -> Ints:
    """Where the rows of each account begin, and the end of the last; rows stand in order of account."""
    starts = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(acc, minlength=count), out=starts[1:])
    return starts


def adding(values: Ints, at: Ints, count: int) -> Ints:
    """The sum of the values at each place."""
    sums = np.zeros(count, np.int64)
    np.add.at(sums, at, values)
    return sums


def sums_of(values: Ints, at: Ints, count: int) -> Ints:
    """The sum at each place, or 2**62 where it is larger than numbers of 64 bits can be sure of."""
    if int(values.max(initial=0)) < (1 << 62) // max(len(values), 1):
        return adding(values, at, count)
    # In units of 2**20, rounded up: no sum of a million rows passes 64 bits.
    rough = adding((values >> 20) + 1, at, count)
    return np.where(rough >= 1 << 42, 1 << 62, adding(values, at, count))


def lowest(values: Ints, at: Ints, count: int, none: int) -> Ints:
    found = np.full(count, none, np.int64)
    if none == NONE:
        found[at] = np.iinfo(np.int64).max
    np.minimum.at(found, at, values)
    return found


def highest(values: Ints, at: Ints, count: int, none: int = NONE) -> Ints:
    found = np.full(count, none, np.int64)
    np.maximum.at(found, at, values)
    return found


def firsts(*keys: Ints) -> Bools:
    """Whether a row is the first of its key, of one column or several; equal keys stand together."""
    first = np.ones(len(keys[0]), np.bool_)
    for number, key in enumerate(keys):
        other = key[1:] != key[:-1]
        first[1:] = first[1:] | other if number else other
    return first


def distinct(values: Ints) -> Ints:
    """The values in order, each once."""
    ordered = np.sort(values)
    return ordered[firsts(ordered)]


def rank_in(keys: Ints) -> Ints:
    """The place of each row among those of its key, from 0."""
    at = np.arange(len(keys), dtype=np.int64)
    return at - running(np.where(firsts(keys), at, 0))


def running(values: Ints) -> Ints:
    """The highest value so far."""
    return np.maximum.accumulate(values) if len(values) else values


def running_by(acc: Ints, values: Ints) -> Ints:
    """The highest value so far of each account; values are days, or what is as small."""
    return running((acc << 32) + values + (1 << 31)) - (acc << 32) - (1 << 31)


def last_of(acc: Ints) -> Bools:
    """Whether a row is the last of its account."""
    last = np.ones(len(acc), np.bool_)
    last[:-1] = acc[1:] != acc[:-1]
    return last


def ranges(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Every index of each half-open range, one after the other, and which range it is of."""
    lengths = np.maximum(ends - starts, 0)
    of = np.repeat(np.arange(len(starts), dtype=np.int64), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(of), dtype=np.int64) - before[of] + starts[of], of


def day_keys(acc: Ints, *days: Ints) -> Ints:
    """Account and one or two days as one number that sorts as they do."""
    key = acc
    for day in days:
        key = (key << DAY_BITS) + (day + _SHIFT)
    return key


def order(keys: Ints, ids: Callable[[Ints], pl.Series], *before: Ints) -> Ints:
    """The places of the rows in order of key, then of `before`, then of the bytes of their ids.

    Of the ids, which `ids` tells by their places, only those of equal keys are asked for.
    """
    if (keys[1:] >= keys[:-1]).all():
        places, ordered = np.arange(len(keys), dtype=np.int64), keys
    else:
        places = np.argsort(keys, kind="stable")
        ordered = keys[places]
    same = np.zeros(len(keys), np.bool_)
    same[1:] = ordered[1:] == ordered[:-1]
    tied = same.copy()
    tied[:-1] |= same[1:]
    at = np.flatnonzero(tied)
    if len(at):
        rows = places[at]
        by_id = ids(rows).rank("dense").to_numpy()
        places[at] = rows[np.lexsort((by_id, *(each[rows] for each in reversed(before)), ordered[at]))]
    return places


def kept(frame: pl.DataFrame, rows: pl.Expr) -> pl.DataFrame:
    """The rows for which something holds; where it holds for all, they are not copied."""
    some = frame.select(rows.fill_null(False).alias("#")).to_series()
    return frame if len(some) == frame.height and some.all() else frame.filter(rows)


# Days of the calendar


def by_day(function: Callable[[Ints], Ints], days: Ints) -> Ints:
    """A function of days: once for each day of the calendar, where many entries share few days."""
    if not len(days):
        return function(days)
    first, last = int(days.min()), int(days.max())
    if last - first >= len(days) // 2:
        return function(days)
    return function(np.arange(first, last + 1, dtype=np.int64))[days - first]


def month_of(days: Ints) -> Ints:
    """Months since 1970-01."""
    return by_day(_month_of, days)


def _month_of(days: Ints) -> Ints:
    found: Ints = days.astype("M8[D]").astype("M8[M]").astype(np.int64)
    return found


def _day_of_month(days: Ints, months: Ints) -> Ints:
    return days - months.astype("M8[M]").astype("M8[D]").astype(np.int64)


def add_months(days: Ints, months: Any) -> Ints:
    """The corresponding day so many months later; the month's last day where it has none."""
    month = month_of(days)
    day = _day_of_month(days, month)
    target = month + months
    start = target.astype("M8[M]").astype("M8[D]").astype(np.int64)
    following = (target + 1).astype("M8[M]").astype("M8[D]").astype(np.int64)
    found: Ints = np.minimum(start + day, following - 1)
    return np.minimum(found, LAST_DAY)


def thirty(days: Ints) -> Ints:
    """Days where every month has thirty, the 31st being the 30th."""
    return by_day(_thirty, days)


def _thirty(days: Ints) -> Ints:
    month = _month_of(days)
    return (
        (month + 1970 * 12) // 12 * 360
        + ((month + 1970 * 12) % 12 + 1) * 30
        + np.minimum(_day_of_month(days, month) + 1, 30)
    )


# Moments


def elapsed(since: Ints, since_utc: Ints, moment: Stamp | None, days: Ints) -> Ints:
    """Microseconds from a moment (NONE: a whole day) to another; by UTC where both tell it, else by the wall."""
    whole = days * MICROSECONDS
    if moment is None:
        return whole
    wall, utc = moment
    passed = wall - since
    if utc is not None:
        passed = np.where(since_utc == NONE, passed, utc - since_utc)
    found: Ints = np.where(since == NONE, whole, passed)
    return found


# Pauses: for each account its spans side by side, of which those that it does not have begin at ENDLESS


def paused(spans: tuple[Ints, Ints], acc: Ints, first: Ints, last: Ints) -> Ints:
    """How many of the days that pass from `first` to `last` are paused."""
    starts, ends = spans
    days = np.zeros(len(acc), np.int64)
    for number in range(starts.shape[1]):
        start, end = starts[acc, number], ends[acc, number]
        days += np.maximum(0, np.minimum(end, last) - np.maximum(start, first))
    return days
