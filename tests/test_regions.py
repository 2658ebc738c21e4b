"""Regions of units: boxes cut out of each other hold what they should, point by point."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from feerules.plan.grid import Axis, Condition, build
from feerules.whatif.changes.regions import (
    Bands,
    Box,
    bands_of,
    boxes_of,
    joined,
    meet,
    merged,
    minus,
    without,
)

AXES = (Axis("floor", 0, 6), Axis("area", 1, 5, nullable=True))
POINTS = [*product(*(range(axis.lo, axis.end) for axis in AXES))]


def bands(axis: Axis) -> st.SearchStrategy[Bands]:
    values = st.sets(st.integers(axis.lo, axis.end - 1), min_size=1)
    return values.map(lambda chosen: joined((n, n + 1) for n in chosen))


boxes: st.SearchStrategy[Box] = st.tuples(*map(bands, AXES))


def inside(box: Box | None) -> set[tuple[int, ...]]:
    return {
        point
        for point in POINTS
        if box and all(any(lo <= n < hi for lo, hi in each) for n, each in zip(point, box, strict=True))
    }


@given(boxes, boxes)
def test_two_boxes_meet_in_what_both_have(one: Box, other: Box) -> None:
    assert inside(meet(one, other)) == inside(one) & inside(other)


@given(boxes, st.lists(boxes, max_size=4))
def test_what_is_left_of_a_box_is_what_no_other_has(box: Box, others: list[Box]) -> None:
    left = minus(box, others)
    assert set[tuple[int, ...]]().union(*map(inside, left)) == inside(box).difference(*map(inside, others))
    assert sum(len(inside(each)) for each in left) == len({p for each in left for p in inside(each)})


@given(st.lists(boxes, min_size=1, max_size=6))
def test_boxes_put_together_hold_the_same_in_fewer(several: list[Box]) -> None:
    fewer = merged(several)
    assert set().union(*map(inside, fewer)) == set().union(*map(inside, several))
    assert len(fewer) <= len(several)


@given(bands(AXES[0]), bands(AXES[0]))
def test_bands_without_others_are_what_those_do_not_have(one: Bands, other: Bands) -> None:
    def values(each: Bands) -> set[int]:
        return {n for lo, hi in each for n in range(lo, hi)}

    assert values(without(one, other)) == values(one) - values(other)


@given(st.lists(st.tuples(bands(AXES[0]), bands(AXES[1])), min_size=1, max_size=5))
def test_the_boxes_of_a_grid_are_the_points_of_its_leaves(cells: list[Box]) -> None:
    conditions = [[_condition(axis, each) for axis, each in zip(AXES, row, strict=True)] for row in cells]
    grid = build(AXES, conditions)
    found = boxes_of(grid, [leaf or None for leaf in grid.leaves], 10_000)
    for point in POINTS:
        rows = tuple(n for n, row in enumerate(cells) if point in inside(row))
        holding = [leaf for leaf, several in found.items() if any(point in inside(box) for box in several)]
        assert holding == ([rows] if rows else [])


def _condition(axis: Axis, each: Bands) -> Condition:
    null = any(lo <= axis.hi + 1 < hi for lo, hi in each) and axis.nullable
    inner = without(each, ((axis.hi + 1, axis.hi + 2),))
    made = Condition(inner, null)
    assert bands_of(axis, made) == each
    return made
