"""What building and analysing decision grids costs, from a page of a table to a whole city's schedule."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product
from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from feerules.plan.grid import Axis, Condition, Grid, build

Table = tuple[list[Axis], list[tuple[Condition, ...]]]

AREA = 10_000_000  # 0.01 m²


def only(code: int) -> Condition:
    return Condition(((code, code + 1),))


def between(cuts: list[int]) -> list[Condition]:
    return [Condition((pair,)) for pair in pairwise(cuts)]


def schedule() -> Table:
    """360 rows: type, lift, floor, area and age of the building."""
    named = [
        Axis("type", 0, 9),
        Axis("lift", 0, 1),
        Axis("floor", -5, 120),
        Axis("area", 0, AREA),
        Axis("age", 0, 1_200, nullable=True),
    ]
    floors, areas = between([-5, 4, 11, 121]), between([0, 9_000, 14_400, AREA + 1])
    ages = [Condition(((0, 60),), null=True), Condition(((60, 1_201),))]
    return named, list(product(map(only, range(10)), map(only, range(2)), floors, areas, ages))


def cross() -> Table:
    """16,000 rows: one for each combination of three choices."""
    sizes = (10, 40, 40)
    named = [Axis(f"choice_{at}", 0, size - 1) for at, size in enumerate(sizes)]
    return named, list(product(*(map(only, range(size)) for size in sizes)))


def city(estates: int = 2_000) -> Table:
    """16,000 rows: eight area bands for each estate, at thresholds of its own."""
    random = Random(1)  # noqa: S311  # a made-up city, no secret
    rows: list[tuple[Condition, ...]] = []
    for estate in range(estates):
        cuts = [0, *sorted(random.sample(range(1, AREA + 1), 7)), AREA + 1]
        rows += [(only(estate), cell) for cell in between(cuts)]
    return [Axis("estate", 0, estates), Axis("area", 0, AREA)], rows


def book() -> list[Table]:
    """10,000 rows: 200 tables of 50 overlapping rows with dashes."""
    random = Random(2)  # noqa: S311  # a made-up book, no secret
    named = [Axis("type", 0, 9), Axis("lift", 0, 1), Axis("floor", -5, 120), Axis("area", 0, AREA)]

    def row() -> tuple[Condition, ...]:
        floors = tuple(sorted(random.sample([-5, 1, 4, 7, 11, 19, 121], 2)))
        areas = tuple(sorted(random.sample([0, 6_000, 9_000, 14_400, 20_000, AREA + 1], 2)))
        lift = random.choice([only(0), only(1), Condition(((0, 2),))])
        area = random.choice([areas, (0, AREA + 1)])
        return (
            only(random.randrange(10)),
            lift,
            Condition(((floors[0], floors[1]),)),
            Condition(((area[0], area[1]),)),
        )

    return [(named, [row() for _ in range(50)]) for _ in range(200)]


def findings(grid: Grid) -> tuple[int, int, int]:
    return sum(1 for _ in grid.gaps()), sum(1 for _ in grid.overlaps()), len(grid.shadowed())


@pytest.mark.benchmark(group="grid: build")
@pytest.mark.parametrize(
    ("make", "milliseconds", "entries"),
    [(schedule, 10, 1_000), (cross, 300, 17_000), (city, 2_000, 100_000)],
    ids=["360 rows", "16,000 rows crossed", "16,000 rows by estate"],
)
def test_a_grid_is_built_within_its_budget(
    benchmark: BenchmarkFixture, make: Callable[[], Table], milliseconds: int, entries: int
) -> None:
    table = make()
    grid = benchmark.pedantic(build, args=table, rounds=5, warmup_rounds=1)
    benchmark.extra_info["entries"] = grid.entries
    assert grid.entries <= entries
    assert benchmark.stats.stats.min * 1_000 <= milliseconds


@pytest.mark.benchmark(group="grid: build")
def test_the_grids_of_a_large_book_are_built_within_400_milliseconds(benchmark: BenchmarkFixture) -> None:
    tables = book()
    grids = benchmark.pedantic(lambda: [build(*table) for table in tables], rounds=5, warmup_rounds=1)
    benchmark.extra_info["entries"] = sum(grid.entries for grid in grids)
    assert benchmark.stats.stats.min * 1_000 <= 400


@pytest.mark.benchmark(group="grid: analyse")
@pytest.mark.parametrize("make", [schedule, cross, city])
def test_a_grid_is_analysed_within_300_milliseconds(
    benchmark: BenchmarkFixture, make: Callable[[], Table]
) -> None:
    grid = build(*make())
    gaps, overlaps, shadows = benchmark.pedantic(findings, args=[grid], rounds=5, warmup_rounds=1)
    benchmark.extra_info.update(gaps=gaps, overlaps=overlaps, shadows=shadows)
    assert benchmark.stats.stats.min <= 0.3


@pytest.mark.benchmark(group="grid: reduce")
def test_a_rate_that_is_a_sum_of_surcharges_shrinks_its_table_six_times(benchmark: BenchmarkFixture) -> None:
    grid = build(*cross())

    def rate(rows: tuple[int, ...]) -> int:
        first, rest = divmod(rows[0], 1_600)
        return first + rest // 40 + rest % 40

    small = benchmark.pedantic(grid.reduced, args=[rate], rounds=5, warmup_rounds=1)
    benchmark.extra_info.update(entries=grid.entries, reduced=small.entries)
    assert small.entries * 6 <= grid.entries
