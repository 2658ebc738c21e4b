"""Regions of units: boxes over the axes of a table, cut out of each other and put together again.

A box has for each axis the encoded values inside it, as sorted disjoint half-open bands; an absent fact
is the value `axis.hi + 1`, as in the decision grid.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from feerules.plan.grid import Axis, Column, Condition, Grid

__all__ = [
    "Bands",
    "Box",
    "TooManyBoxes",
    "bands_of",
    "boxes_of",
    "joined",
    "meet",
    "merged",
    "minus",
    "without",
]

Bands = tuple[tuple[int, int], ...]
Box = tuple[Bands, ...]
K = TypeVar("K", bound=Hashable)


class TooManyBoxes(Exception):
    """A region that no person would read as boxes."""


def bands_of(axis: Axis, condition: Condition) -> Bands:
    """The values of a cell, an absent fact among them."""
    absent = [(axis.hi + 1, axis.hi + 2)] if condition.null and axis.nullable else []
    return joined([*condition.bands, *absent])


def joined(bands: Iterable[tuple[int, int]]) -> Bands:
    """The same values, neighbours made one."""
    found: list[tuple[int, int]] = []
    for lo, hi in sorted(bands):
        if found and found[-1][1] >= lo:
            found[-1] = (found[-1][0], max(found[-1][1], hi))
        else:
            found.append((lo, hi))
    return tuple(found)


def _shared(one: Bands, other: Bands) -> Bands:
    cut = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple((lo, hi) for lo, hi in cut if lo < hi)


def without(one: Bands, other: Bands) -> Bands:
    """The values of one that the other does not have.

    >>> without(((1, 10),), ((3, 5), (8, 12)))
    ((1, 3), (5, 8))
    """
    left = list(one)
    for c, d in other:
        pieces = ((lo, hi) for a, b in left for lo, hi in ((a, min(b, c)), (max(a, d), b)))
        left = [(lo, hi) for lo, hi in pieces if lo < hi]
    return tuple(left)


def meet(one: Box, other: Box) -> Box | None:
    """What lies in both; None where nothing does."""
    found = tuple(_shared(a, b) for a, b in zip(one, other, strict=True))
    return found if all(found) else None


def minus(box: Box, others: Iterable[Box]) -> list[Box]:
    """What lies in none of the others, as boxes apart from each other."""
    left = [box]
    for other in others:
        left = [piece for each in left for piece in _cut(each, other)]
    return left


def _cut(box: Box, other: Box) -> Iterator[Box]:
    inside = meet(box, other)
    if inside is None:
        yield box
        return
    for at, bands in enumerate(box):
        if rest := without(bands, inside[at]):
            yield (*inside[:at], rest, *box[at + 1 :])


def merged(boxes: Sequence[Box]) -> list[Box]:
    """The same region in fewer boxes: two that differ on one axis alone become one."""
    found = list(dict.fromkeys(boxes))
    before = len(found) + 1
    while 1 < len(found) < before:
        before = len(found)
        for at in range(len(found[0])):
            found = _merged_along(found, at)
    return found


def _merged_along(boxes: Sequence[Box], at: int) -> list[Box]:
    groups: dict[tuple[Bands, ...], list[tuple[int, int]]] = {}
    for box in boxes:
        groups.setdefault((*box[:at], *box[at + 1 :]), []).extend(box[at])
    return [(*rest[:at], joined(bands), *rest[at:]) for rest, bands in groups.items()]


def boxes_of(grid: Grid, keys: Sequence[K | None], most: int) -> dict[K, list[Box]]:
    """The boxes of the leaves that share a key; leaves whose key is None are left out.

    Raises TooManyBoxes beyond `most`.
    """
    alive = _alive(grid, keys)
    start: Box = tuple(((axis.lo, axis.end),) for axis in grid.axes)
    found: dict[K, list[Box]] = {}
    waiting: list[tuple[int, int, Box]] = [(0, 0, start)] if 0 in alive[0] else []
    count = 0
    while waiting:
        depth, state, box = waiting.pop()
        if depth == len(grid.columns):
            key = keys[state]
            if key is not None:
                found.setdefault(key, []).append(box)
                count += 1
            continue
        column = grid.columns[depth]
        for after, bands in _ways(column, state).items():
            if after in alive[depth + 1]:
                waiting.append((depth + 1, after, (*box[: column.at], bands, *box[column.at + 1 :])))
        if len(waiting) + count > most:
            raise TooManyBoxes
    return found


def _ways(column: Column, state: int) -> dict[int, Bands]:
    """From a state, the values that lead to each next one."""
    intervals = column.intervals(state)
    ends = [start for start, _ in intervals[1:]] + [column.axis.end]
    ways: dict[int, list[tuple[int, int]]] = {}
    for (start, after), end in zip(intervals, ends, strict=True):
        ways.setdefault(after, []).append((start, end))
    return {after: joined(bands) for after, bands in ways.items()}


def _alive(grid: Grid, keys: Sequence[Hashable | None]) -> list[set[int]]:
    """For each depth, the states from which a leaf that is wanted can be reached."""
    levels = [{leaf for leaf, key in enumerate(keys) if key is not None}]
    for column in reversed(grid.columns):
        levels.append(
            {
                state
                for state in range(column.states)
                if any(after in levels[-1] for _, after in column.intervals(state))
            }
        )
    return levels[::-1]
