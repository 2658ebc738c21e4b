"""Ranges of ordered values, and what they cover together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from feerules.documents.literals import write

__all__ = ["Range", "Unequal", "complement", "union", "write_test"]


@dataclass(frozen=True, slots=True)
class Range:
    """The values between two bounds of one type; None is no bound, and a bound that is open is not in it."""

    lo: Any = None
    lo_open: bool = True
    hi: Any = None
    hi_open: bool = True

    @classmethod
    def of(cls, value: Any) -> Range:
        return cls(value, False, value, False)

    @property
    def is_point(self) -> bool:
        return self.lo is not None and self.lo == self.hi

    def __contains__(self, value: Any) -> bool:
        lo, hi = self.lo, self.hi
        above = lo is None or (lo < value if self.lo_open else lo <= value)
        return bool(above and (hi is None or (value < hi if self.hi_open else value <= hi)))

    def parts(self) -> tuple[Range, ...]:
        return (self,)


@dataclass(frozen=True, slots=True)
class Unequal:
    """Every value but one."""

    value: Any

    def __contains__(self, value: Any) -> bool:
        return bool(value != self.value)

    def parts(self) -> tuple[Range, ...]:
        return Range(hi=self.value), Range(lo=self.value)


def union(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same values in ranges that are in order and neither overlap nor touch.

    >>> [(r.lo, r.hi) for r in union([Range(3, True, 5, False), Range(1, False, 3, False), Range(8, False)])]
    [(1, 5), (8, None)]
    """
    merged: list[Range] = []
    for each in sorted(ranges, key=_start):
        if merged and _meets(merged[-1], each):
            first, furthest = merged[-1], max(merged[-1], each, key=_end)
            merged[-1] = Range(first.lo, first.lo_open, furthest.hi, furthest.hi_open)
        else:
            merged.append(each)
    return tuple(merged)


def complement(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The values outside ranges that are already disjoint and in order."""
    gaps: list[Range] = []
    lo, lo_open = None, True
    for each in ranges:
        if each.lo is not None:
            gaps.append(Range(lo, lo_open, each.lo, not each.lo_open))
        lo, lo_open = each.hi, not each.hi_open
        if lo is None:
            return tuple(gaps)
    return (*gaps, Range(lo, lo_open))


def _start(each: Range) -> tuple[Any, ...]:
    return (0,) if each.lo is None else (1, each.lo, each.lo_open)


def _end(each: Range) -> tuple[Any, ...]:
    return (2,) if each.hi is None else (1, each.hi, not each.hi_open)


def _meets(left: Range, right: Range) -> bool:
    if left.hi is None or right.lo is None:
        return True
    return bool(right.lo < left.hi or (right.lo == left.hi and not (left.hi_open and right.lo_open)))


def write_test(test: Range | Unequal, literal: Callable[[Any], str] = write) -> str:
    """The canonical text of one test."""
    if isinstance(test, Unequal):
        return f"!= {literal(test.value)}"
    if test.lo is None and test.hi is None:
        return "!= null"
    if test.lo is None:
        return f"{'<' if test.hi_open else '<='} {literal(test.hi)}"
    if test.hi is None:
        return f"{'>' if test.lo_open else '>='} {literal(test.lo)}"
    if test.is_point:
        return literal(test.lo)
    return f"{'[('[test.lo_open]}{literal(test.lo)}..{literal(test.hi)}{'])'[test.hi_open]}"
