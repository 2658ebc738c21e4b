"""Sets of whole numbers as sorted intervals: what a number may be."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import itemgetter

__all__ = [
    "FAR",
    "Interval",
    "Wanted",
    "around",
    "divided",
    "holds",
    "joined",
    "meet",
    "nearest",
    "only",
    "outside",
    "shifted",
]

Interval = tuple[int, int]  # both ends included
Wanted = tuple[Interval, ...]
FAR = 10**40  # beyond every number of a plan


def only(value: int) -> Wanted:
    return ((value, value),)


def holds(wanted: Wanted, value: int) -> bool:
    if len(wanted) == 1:
        return wanted[0][0] <= value <= wanted[0][1]
    return any(lo <= value <= hi for lo, hi in wanted)


def joined(intervals: Iterable[Interval]) -> Wanted:
    """The same numbers, with neighbours as one interval.

    >>> joined([(4, 6), (1, 3), (8, 9)])
    ((1, 6), (8, 9))
    """
    found: list[Interval] = []
    for lo, hi in sorted(each for each in intervals if each[0] <= each[1]):
        if found and lo <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], hi))
        else:
            found.append((lo, hi))
    return tuple(found)


def meet(some: Wanted, others: Wanted) -> Wanted:
    """The numbers in both.

    >>> meet(((1, 6), (8, 9), (12, 20)), ((5, 14),))
    ((5, 6), (8, 9), (12, 14))
    """
    if len(others) == 1:
        return _inside(some, *others[0])
    if len(some) == 1:
        return _inside(others, *some[0])
    return joined((max(a, c), min(b, d)) for a, b in some for c, d in others)


def _inside(wanted: Wanted, lo: int, hi: int) -> Wanted:
    """What lies between two numbers: found by search, since tables of days have thousands of intervals."""
    first = bisect_left(wanted, lo, key=itemgetter(1))
    last = bisect_right(wanted, hi, key=itemgetter(0))
    parts = wanted[first:last]
    if not parts or (lo <= parts[0][0] and parts[-1][1] <= hi):
        return parts
    if len(parts) == 1:
        return ((max(lo, parts[0][0]), min(hi, parts[0][1])),)
    return ((max(lo, parts[0][0]), parts[0][1]), *parts[1:-1], (parts[-1][0], min(hi, parts[-1][1])))


def outside(wanted: Wanted) -> Wanted:
    """Every other number."""
    edges = [-FAR - 1, *(edge for each in wanted for edge in each), FAR + 1]
    return joined((a + 1, b - 1) for a, b in zip(edges[::2], edges[1::2], strict=True))


def shifted(wanted: Wanted, by: int) -> Wanted:
    return tuple((lo + by, hi + by) for lo, hi in wanted)


def divided(wanted: Wanted, by: int) -> Wanted:
    """The numbers that are wanted once they are multiplied; `by` is not 0.

    >>> divided(((5, 9),), 4)
    ((2, 2),)
    """
    if by < 0:
        wanted, by = tuple((-hi, -lo) for lo, hi in reversed(wanted)), -by
    return joined((-(-lo // by), hi // by) for lo, hi in wanted)


def nearest(wanted: Wanted, value: int) -> int:
    """The number that is nearest to one; `wanted` is not empty."""
    return min((min(max(value, lo), hi) for lo, hi in wanted), key=lambda each: (abs(each - value), each))


def around(wanted: Wanted, value: int, most: int) -> Wanted:
    """At most so many of the intervals, those nearest to a number."""
    if len(wanted) <= most:
        return wanted
    at = bisect_left(wanted, (value,))
    first = min(max(at - most // 2, 0), max(len(wanted) - most, 0))
    return wanted[first : first + most]
