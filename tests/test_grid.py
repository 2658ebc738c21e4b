"""The decision grid says what trying every row would say, and its findings hold at their witnesses."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise, product
from math import prod

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feerules.plan import grid as module
from feerules.plan.grid import Axis, Column, Condition, Grid, GridTooLarge, build

Row = tuple[Condition, ...]
Table = tuple[list[Axis], list[Row]]
Point = tuple[int | None, ...]

DENSE, JOINT = {"SMALL": 10**9}, {"SMALL": 0, "FAST": 0}
LAYOUTS = pytest.mark.parametrize("layout", [{}, DENSE, JOINT], ids=["chosen", "dense", "joint"])


@contextmanager
def limits(values: dict[str, int]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setattr(module, name, value)
        yield


# Tables


def every(axis: Axis) -> Condition:
    return Condition(((axis.lo, axis.hi + 1),), null=True)


def only(*values: int) -> Condition:
    return Condition(tuple((value, value + 1) for value in values))


def but(axis: Axis, value: int) -> Condition:
    return Condition(
        tuple(band for band in ((axis.lo, value), (value + 1, axis.hi + 1)) if band[0] < band[1])
    )


def band(start: int, end: int) -> Condition:
    return Condition(((start, end),))


def axes() -> st.SearchStrategy[Axis]:
    return st.builds(
        lambda lo, size, nullable: Axis("", lo, lo + size, nullable),
        st.integers(-3, 3),
        st.integers(0, 7),
        st.booleans(),
    )


@st.composite
def conditions(draw: st.DrawFn, axis: Axis) -> Condition:
    """Any cell: everything, a few bands (adjacent ones too), null alone, or nothing at all."""
    if draw(st.integers(0, 3)) == 0:
        return every(axis)
    cuts = sorted(draw(st.sets(st.integers(axis.lo, axis.hi + 1), max_size=4)))
    bands = [pair for pair in pairwise(cuts) if draw(st.integers(0, 2))]
    return Condition(tuple(bands), draw(st.booleans()))


@st.composite
def tables(draw: st.DrawFn, most_rows: int = 7) -> Table:
    named = [
        Axis(f"fact_{at}", axis.lo, axis.hi, axis.nullable)
        for at, axis in enumerate(draw(st.lists(axes(), max_size=4)))
    ]
    row = st.tuples(*(conditions(axis) for axis in named))
    return named, draw(st.lists(row, max_size=most_rows))


def cross(*sizes: int) -> Table:
    """One row for each combination of choices."""
    named = [Axis(f"choice_{at}", 0, size - 1) for at, size in enumerate(sizes)]
    return named, [tuple(only(code) for code in codes) for codes in product(*map(range, sizes))]


def bands_per_estate(estates: int, bands: int) -> Table:
    """Each estate has its own area thresholds, none like those of another."""
    rows: list[Row] = []
    for estate in range(estates):
        inner = sorted((estate * 7_919 + k * 1_299_709) % 9_999_991 + 1 for k in range(1, bands))
        rows += [(band(a, b), only(estate)) for a, b in pairwise([0, *inner, 10_000_001])]
    return [Axis("area", 0, 10_000_000), Axis("estate", 0, estates - 1)], rows


# Brute force


def holds(axis: Axis, cell: Condition, value: int | None) -> bool:
    if value is None:
        return cell.null
    return any(a <= value < b for a, b in cell.bands)


def brute(table: Table, point: Sequence[int | None]) -> tuple[int, ...]:
    named, rows = table
    return tuple(at for at, row in enumerate(rows) if all(map(holds, named, row, point)))


def points(named: Sequence[Axis]) -> list[Point]:
    """Every point of small axes; where they multiply, evenly spread ones."""
    values = [[*range(axis.lo, axis.hi + 1), *([None] if axis.nullable else [])] for axis in named]
    stride = 1 + prod(map(len, values)) // 300
    return list(product(*values))[::stride]


def representatives(table: Table) -> Iterator[Point]:
    """The smallest point of every elementary box: nothing about the table is hidden from these."""
    named, rows = table
    values = []
    for at, axis in enumerate(named):
        cuts = {axis.lo, *(cut for row in rows for band in row[at].bands for cut in band)} - {axis.hi + 1}
        values.append([*sorted(cuts), *([None] if axis.nullable else [])])
    return product(*values)


def at(grid: Grid, witness: dict[str, int | None]) -> tuple[int | None, ...]:
    assert list(witness) == [axis.name for axis in grid.axes]
    return tuple(witness.values())


# Matching


@LAYOUTS
@given(tables())
def test_a_grid_matches_the_rows_that_trying_each_row_matches(layout: dict[str, int], table: Table) -> None:
    with limits(layout):
        grid = build(*table)
    assert [grid.match(point) for point in points(table[0])] == [brute(table, p) for p in points(table[0])]


@LAYOUTS
@given(table=tables())
def test_two_primitives_are_all_that_an_engine_needs(layout: dict[str, int], table: Table) -> None:
    with limits(layout):
        grid = build(*table)

    def follow(column: Column, state: int, value: int | None) -> int:
        x = column.axis.hi + 1 if value is None else value
        if column.joint:
            key = state * column.step + x - column.axis.lo
            return column.table[sum(cut <= key for cut in column.cuts)]
        code = x - column.axis.lo if column.direct else sum(cut <= x for cut in column.cuts)
        return column.table[state * column.step + code]

    for point in points(table[0]):
        state = 0
        for column in grid.columns:
            state = follow(column, state, point[column.at])
        assert grid.leaves[state] == brute(table, point)


@LAYOUTS
@given(table=tables())
def test_each_column_leads_into_the_states_of_the_next(layout: dict[str, int], table: Table) -> None:
    with limits(layout):
        grid = build(*table)
    states = [*(column.states for column in grid.columns), len(grid.leaves)]
    assert states[0] == 1
    for column, after in zip(grid.columns, states[1:], strict=True):
        assert set(column.table) == set(range(after))
        assert list(column.cuts) == sorted(set(column.cuts))
        assert len(column.table) == (len(column.cuts) + 1 if column.joint else column.states * column.step)
        for state in range(column.states):
            starts, nexts = zip(*column.intervals(state), strict=True)
            assert starts[0] == column.axis.lo
            assert all(a < b for a, b in pairwise(starts))
            assert all(a != b for a, b in pairwise(nexts))
            assert [column.follow(state, start) for start in starts] == list(nexts)


def test_an_absent_fact_matches_null_and_the_dash_only() -> None:
    axis = Axis("vacant_months", 0, 600, nullable=True)
    grid = build([axis], [[band(0, 601)], [Condition((), null=True)], [every(axis)]])
    assert grid.match([0]) == (0, 2)
    assert grid.match([600]) == (0, 2)
    assert grid.match([None]) == (1, 2)


def test_a_column_of_dashes_is_no_column() -> None:
    area, floor, lift = Axis("area", 0, 10_000_000), Axis("floor", -5, 120, nullable=True), Axis("lift", 0, 1)
    grid = build([area, floor, lift], [[band(0, 9_000), every(floor), every(lift)]])
    assert [column.axis for column in grid.columns] == [area]
    assert grid.match([8_999, None, 1]) == (0,)


def test_a_table_without_conditions_matches_everywhere() -> None:
    grid = build([], [[], []])
    assert (grid.columns, grid.match([]), list(grid.gaps())) == ((), (0, 1), [])


def test_a_table_without_rows_matches_nowhere() -> None:
    grid = build([Axis("floor", -5, 120)], [])
    assert (grid.match([3]), grid.first_gap()) == ((), {"floor": -5})


def test_values_with_the_same_rows_share_a_state() -> None:
    kind, lift = Axis("kind", 0, 3), Axis("lift", 0, 1)
    grid = build([kind, lift], [[only(0, 2), only(0)], [only(0, 2), only(1)], [only(1, 3), only(1)]])
    assert [(column.axis.name, column.states) for column in grid.columns] == [("lift", 1), ("kind", 2)]
    assert grid.columns[1].table == (0, 1, 0, 1, 2, 3, 2, 3)


def test_a_column_that_tells_rows_apart_comes_before_one_whose_bands_differ_by_row() -> None:
    grid = build(*bands_per_estate(50, 8))
    assert [column.axis.name for column in grid.columns] == ["estate", "area"]


def test_thresholds_of_their_own_per_estate_cost_their_number_not_their_product() -> None:
    table = bands_per_estate(300, 8)
    grid = build(*table)
    assert [column.joint for column in grid.columns] == [False, True]
    assert grid.entries == 300 + 300 * 8
    for row, (area, estate) in enumerate(table[1]):
        (low, high), code = area.bands[0], estate.bands[0][0]
        assert grid.match([low, code]) == grid.match([high - 1, code]) == (row,)


def test_neighbouring_choices_that_differ_are_looked_up_without_a_search() -> None:
    grid = build(*cross(10, 40))
    assert [(column.direct, column.step) for column in grid.columns] == [(True, 10), (True, 40)]
    assert grid.entries == 10 + 400


def test_choices_are_looked_up_without_a_search_even_where_two_neighbours_agree() -> None:
    grid = build([Axis("kind", 0, 5)], [[only(0)], [only(2)], [only(5)]])
    assert [(column.direct, column.step) for column in grid.columns] == [(True, 6)]


def test_a_number_is_never_looked_up_value_by_value() -> None:
    grid = build([Axis("floor", -5, 120)], [[band(-5, 1)], [band(1, 121)]])
    assert [(column.direct, column.cuts) for column in grid.columns] == [(False, (1,))]


def test_a_joint_key_never_passes_63_bits() -> None:
    amount, estate = Axis("amount", 0, 2**62), Axis("estate", 0, 2)
    table: Table = (
        [amount, estate],
        [(band(10**k + code, 2**62), only(code)) for code in range(3) for k in range(6)],
    )
    with limits(JOINT):
        grid = build(*table)
    assert not grid.columns[-1].joint
    assert grid.match([10**5 + 1, 1]) == brute(table, [10**5 + 1, 1])


def test_the_same_table_gives_the_same_grid() -> None:
    assert build(*bands_per_estate(20, 4)) == build(*bands_per_estate(20, 4))


def test_a_grid_survives_pickling() -> None:
    grid = build(*cross(3, 4))
    assert pickle.loads(pickle.dumps(grid)) == grid


# What is wrong with a table


@LAYOUTS
@given(table=tables())
def test_no_row_matches_at_the_witness_of_a_gap(layout: dict[str, int], table: Table) -> None:
    with limits(layout):
        grid = build(*table)
    for gap in grid.gaps():
        assert brute(table, at(grid, gap)) == ()


@given(tables())
@example(([Axis("a", 0, 1), Axis("b", 0, 1)], [(only(0), only(0, 1)), (only(1), only(1))]))
def test_a_table_without_a_gap_matches_everywhere(table: Table) -> None:
    unmatched = any(not brute(table, point) for point in representatives(table))
    assert unmatched == (build(*table).first_gap() is not None)


@LAYOUTS
@given(table=tables())
def test_exactly_the_named_rows_match_at_the_witness_of_an_overlap(
    layout: dict[str, int], table: Table
) -> None:
    with limits(layout):
        grid = build(*table)
    for rows, point in grid.overlaps():
        assert len(rows) > 1
        assert brute(table, at(grid, point)) == rows


@given(tables())
def test_every_set_of_rows_that_match_together_is_named_once(table: Table) -> None:
    named = [rows for rows, _ in build(*table).overlaps()]
    met = {brute(table, point) for point in representatives(table)}
    assert sorted(named) == sorted(rows for rows in met if len(rows) > 1)


def test_gaps_are_named_one_by_one_at_the_smallest_value_where_each_begins() -> None:
    kind, area = Axis("kind", 0, 2), Axis("area", 0, 10_000_000, nullable=True)
    rows = [[only(0), Condition(((0, 9_000), (14_400, 10_000_001)))], [only(1), every(area)]]
    assert list(build([kind, area], rows).gaps()) == [
        {"kind": 2, "area": 0},
        {"kind": 0, "area": 9_000},
        {"kind": 0, "area": None},
    ]


def test_the_only_gap_among_a_thousand_million_million_million_points_is_found() -> None:
    named = [Axis(f"fact_{k}", 0, 999) for k in range(8)]
    rows = [[*map(only, [5] * k), but(named[k], 5), *map(every, named[k + 1 :])] for k in range(8)]
    grid = build(named, rows)
    assert list(grid.gaps()) == [{axis.name: 5 for axis in named}]
    assert grid.first_overlap() is None


def test_an_overlap_names_its_rows_and_a_point() -> None:
    floor = Axis("floor", -5, 120)
    assert build([floor], [[band(1, 5)], [band(-5, 2)]]).first_overlap() == ((0, 1), {"floor": 1})


@given(tables())
def test_a_row_is_unreachable_when_one_of_its_cells_is_empty(table: Table) -> None:
    named, rows = table

    def is_empty(axis: Axis, cell: Condition) -> bool:
        return not cell.bands and not (cell.null and axis.nullable)

    empty = tuple(row for row, cells in enumerate(rows) if any(map(is_empty, named, cells)))
    assert build(named, rows).unreachable() == empty


@given(tables(), st.permutations(range(7)))
def test_a_shadowed_row_matches_but_never_first(table: Table, order: list[int]) -> None:
    named, rows = table
    met = [brute(table, point) for point in representatives(table)]
    first = {min(hit, key=order.index) for hit in met if hit}
    shadowed = build(named, rows).shadowed(order)
    assert set(shadowed) == {row for hit in met for row in hit} - first
    for row, by in shadowed.items():
        assert set(by) == {min(hit, key=order.index) for hit in met if row in hit}


def test_a_row_below_rows_that_cover_it_is_shadowed_by_them_all() -> None:
    floor = Axis("floor", 1, 30)
    grid = build([floor], [[band(1, 10)], [band(10, 31)], [band(5, 20)]])
    assert grid.shadowed() == {2: (0, 1)}
    assert grid.shadowed([2, 1, 0]) == {}


# Reduction by what the rows say


@LAYOUTS
@given(table=tables(), says=st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_a_reduced_grid_says_the_same_at_every_point(
    layout: dict[str, int], table: Table, says: list[int]
) -> None:
    def said(rows: tuple[int, ...]) -> int | None:
        return says[rows[0]] if rows else None

    with limits(layout):
        grid = build(*table)
        small = grid.reduced(said)
    assert small.entries <= grid.entries
    for point in points(table[0]):
        assert said(small.match(point)) == said(brute(table, point))


@given(tables(), st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_no_two_states_of_a_reduced_grid_have_the_same_future(table: Table, says: list[int]) -> None:
    small = build(*table).reduced(lambda rows: says[rows[0]] if rows else None)
    for column in small.columns:
        futures = [tuple(column.intervals(state)) for state in range(column.states)]
        assert len(set(futures)) == len(futures)


def test_a_column_that_changes_nothing_said_is_reduced_away() -> None:
    table = cross(4, 3, 5)
    grid = build(*table).reduced(lambda rows: rows[0] // 15)
    assert [column.axis.name for column in grid.columns] == ["choice_0"]


def test_rows_that_all_say_the_same_reduce_to_nothing() -> None:
    grid = build(*cross(4, 3)).reduced(lambda rows: "2.00")
    assert (grid.columns, grid.entries, len(grid.leaves)) == ((), 0, 1)


# Tables that are too large


def boxes(count: int) -> Table:
    """Rows that all overlap each other differently: row sets multiply."""
    named = [Axis(name, 0, 10_000) for name in ("area", "age")]
    return named, [(band(row, 9_000 - row), band(row * 3, 10_001 - row * 2)) for row in range(count)]


def test_a_table_that_does_not_fit_is_refused_by_its_columns() -> None:
    with limits({"MAX_ENTRIES": 500}), pytest.raises(GridTooLarge) as refused:
        build(*boxes(60))
    assert set(refused.value.columns) == {"area", "age"}
    assert refused.value.entries > 500
    assert str(refused.value).endswith(f": given up at {refused.value.entries:,} entries")


def test_row_sets_that_are_too_large_are_refused_before_they_fill_the_memory() -> None:
    with limits({"MAX_ENTRIES": 10_000, "WORDS_PER_ENTRY": 1}), pytest.raises(GridTooLarge) as refused:
        build([Axis("area", 0, 10_000)], [[band(row, 9_000 - row)] for row in range(1_000)])
    assert refused.value.columns == ("area",)


def test_a_refusal_survives_pickling() -> None:
    refused = pickle.loads(pickle.dumps(GridTooLarge(columns=("area", "age"), entries=4_000_001)))
    assert str(refused) == "area × age: given up at 4,000,001 entries"


# What a caller must not ask


@pytest.mark.parametrize(
    "bands",
    [
        ((3, 3),),  # empty
        ((5, 3),),  # backwards
        ((4, 6), (1, 2)),  # not sorted
        ((1, 4), (3, 6)),  # not disjoint
        ((-1, 4),),  # below the axis
        ((4, 12),),  # beyond the axis
    ],
)
def test_bands_that_are_not_sorted_disjoint_and_inside_the_axis_are_refused(
    bands: tuple[tuple[int, int], ...],
) -> None:
    with pytest.raises(ValueError, match=r"floor: bands .* are not sorted, disjoint and inside the axis"):
        build([Axis("floor", 0, 10)], [[Condition(bands)]])


def test_two_axes_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two axes have one name"):
        build([Axis("floor", 0, 1), Axis("floor", 0, 1)], [])
