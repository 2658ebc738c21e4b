"""The decision grid: which rows of a table match, as one gather per condition column.

Each column maps (state, encoded value) to the next state; a state is the set of rows that still can
match, and equal sets are one state. A record costs as many steps as the table has columns, however
many rows. Values are integers; an absent fact is the value `hi + 1`, an interval like any other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby, islice, pairwise
from operator import itemgetter, xor

__all__ = ["Axis", "Band", "Column", "Condition", "Grid", "GridTooLarge", "Witness", "build"]

MAX_ENTRIES = 4_000_000
WORDS_PER_ENTRY = 4  # the row sets themselves may take so many times the entries left
SMALL = 4_096  # a dense table of this size is always worth its one gather
FAST = 4  # and so is one of so many times the size of a joint table
MAX_KEY = 2**63 - 1

Band = tuple[int, int]  # half-open [a, b) of encoded values
Witness = dict[str, int | None]  # the name of each axis → one encoded value, None where the fact is absent
State = tuple[int, int]  # a set of rows: the first of them, and a bit for each row from there
Paths = list[list[tuple[int, int]]]  # for each depth and state, one (state before, value) that leads to it
Edges = tuple[int, ...]  # where membership flips, ascending: in at the first, out at the second, ...
Runs = tuple[tuple[int, ...], tuple[int, ...]]  # the intervals of one state: (starts, next states)


class GridTooLarge(Exception):
    """A table whose row sets multiply beyond the limit; `columns` are those built until it was given up."""

    def __init__(self, columns: tuple[str, ...], entries: int) -> None:
        super().__init__(columns, entries)
        self.columns, self.entries = columns, entries

    def __str__(self) -> str:
        return f"{' × '.join(self.columns)}: given up at {self.entries:,} entries"


@dataclass(frozen=True, slots=True)
class Axis:
    """A condition column: the fact `name`, encoded as `lo`..`hi` inclusive, and absent if `nullable`."""

    name: str
    lo: int
    hi: int
    nullable: bool = False

    @property
    def end(self) -> int:
        """The first value beyond the axis; `end - 1` stands for an absent fact where it is nullable."""
        return self.hi + 1 + self.nullable

    def decode(self, value: int) -> int | None:
        return None if value > self.hi else value


@dataclass(frozen=True, slots=True)
class Condition:
    """A cell: sorted disjoint bands inside [lo, hi + 1), and whether an absent fact matches."""

    bands: tuple[Band, ...]
    null: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One step: the state before it and the value of an axis give the state after it.

    band(cuts, x) counts the cuts that are at most x; an absent fact is read as x = `axis.hi + 1`.
    dense: table[state * step + band(cuts, x)], where step is the number of intervals.
    joint: table[band(cuts, state * step + x - axis.lo)], where step is the number of values.
    """

    at: int  # the position of its axis among those of the grid
    axis: Axis
    states: int
    joint: bool
    step: int
    cuts: tuple[int, ...]
    table: tuple[int, ...]

    @property
    def direct(self) -> bool:
        """Whether band(cuts, x) is just x - lo, so that no search is needed."""
        return not self.joint and self.step == self.axis.end - self.axis.lo

    def follow(self, state: int, value: int) -> int:
        if self.joint:
            return self.table[bisect_right(self.cuts, state * self.step + value - self.axis.lo)]
        return self.table[state * self.step + bisect_right(self.cuts, value)]

    def intervals(self, state: int) -> list[tuple[int, int]]:
        """(first value, next state) of each interval of one state, ascending."""
        if self.joint:
            first, shift = state * self.step, self.axis.lo - state * self.step
            a, b = bisect_right(self.cuts, first), bisect_right(self.cuts, first + self.step - 1)
            starts = [self.axis.lo, *(cut + shift for cut in self.cuts[a:b])]
            return list(zip(starts, self.table[a : b + 1], strict=True))
        nexts = self.table[state * self.step : (state + 1) * self.step]
        return _merged(zip((self.axis.lo, *self.cuts), nexts, strict=True))


@dataclass(frozen=True, slots=True)
class Grid:
    """The chain of columns; the last state is an index into `leaves`, the rows (from 0) that match."""

    axes: tuple[Axis, ...]
    rows: range
    columns: tuple[Column, ...]
    leaves: tuple[tuple[int, ...], ...]

    @property
    def entries(self) -> int:
        return sum(len(column.table) for column in self.columns)

    def match(self, values: Sequence[int | None]) -> tuple[int, ...]:
        """The rows that match one value per axis, in the order of `axes`; None is an absent fact."""
        return self.leaves[self.leaf(values)]

    def leaf(self, values: Sequence[int | None]) -> int:
        """The leaf that such values reach."""
        state = 0
        for column in self.columns:
            value = values[column.at]
            state = column.follow(state, column.axis.hi + 1 if value is None else value)
        return state

    def gaps(self) -> Iterator[Witness]:
        """A point that no row matches, for each interval at which the last row that could match is lost."""
        if all(self.leaves):
            return
        paths, dead = self._paths(), self._dead()
        if 0 in dead[0]:
            yield self._witness(paths, 0, 0)
        for depth, column in enumerate(self.columns):
            axis = column.axis
            for state in sorted(set(range(column.states)) - dead[depth]):
                for start, after in column.intervals(state):
                    if after in dead[depth + 1]:
                        yield self._witness(paths, depth, state) | {axis.name: axis.decode(start)}

    def first_gap(self) -> Witness | None:
        return next(self.gaps(), None)

    def overlaps(self) -> Iterator[tuple[tuple[int, ...], Witness]]:
        """Every set of two or more rows that match together, each with one point where they do."""
        shared = [(leaf, rows) for leaf, rows in enumerate(self.leaves) if len(rows) > 1]
        paths = self._paths() if shared else []
        for leaf, rows in shared:
            yield rows, self._witness(paths, len(self.columns), leaf)

    def first_overlap(self) -> tuple[tuple[int, ...], Witness] | None:
        return next(self.overlaps(), None)

    def unreachable(self) -> tuple[int, ...]:
        """The rows that match nothing even alone, because one of their cells is empty."""
        return tuple(sorted(set(self.rows).difference(*self.leaves)))

    def shadowed(self, order: Sequence[int] | None = None) -> dict[int, tuple[int, ...]]:
        """The rows that match but never first, and the rows that do in their place; `order` lists all rows."""
        rank = {row: place for place, row in enumerate(self.rows if order is None else order)}
        winners: dict[int, set[int]] = {}
        for leaf in self.leaves:
            first = min(leaf, key=rank.__getitem__, default=-1)
            for row in leaf:
                winners.setdefault(row, set()).add(first)
        return {row: tuple(sorted(by)) for row, by in sorted(winners.items()) if row not in by}

    def reduced(self, leaf_key: Callable[[tuple[int, ...]], Hashable]) -> Grid:
        """The smallest chain, in this order of columns, whose leaves have the same keys.

        A leaf is then one of the row sets that share its key: look for gaps and overlaps before.
        """
        keys = [leaf_key(leaf) for leaf in self.leaves]
        leaves = dict(zip(reversed(keys), reversed(self.leaves), strict=True))
        index = {key: at for at, key in enumerate(leaves)}
        renumber = [index[key] for key in keys]
        columns: list[Column] = []
        for column in reversed(self.columns):
            runs, renumber = _minimal(column, renumber)
            if all(len(starts) == 1 for starts, _ in runs):
                renumber = [runs[state][1][0] for state in renumber]
            else:
                columns.append(_lower(column.at, column.axis, runs, max(SMALL, len(column.table))))
        return Grid(self.axes, self.rows, tuple(reversed(columns)), tuple(leaves.values()))

    def idle(self, keys: Sequence[Hashable]) -> tuple[str, ...]:
        """The axes on which nothing depends, where each leaf says what its key says; in the order of `axes`."""
        index: dict[Hashable, int] = {}
        renumber = [index.setdefault(key, len(index)) for key in keys]
        deciding: set[str] = set()
        for column in reversed(self.columns):
            if len(index) == len(keys) and any(
                len(column.intervals(state)) > 1 for state in range(column.states)
            ):
                deciding.add(column.axis.name)  # states differ by their rows, and all rows by what they say
                continue
            runs, renumber = _minimal(column, renumber)
            if any(len(starts) > 1 for starts, _ in runs):
                deciding.add(column.axis.name)
            else:
                renumber = [runs[state][1][0] for state in renumber]
        return tuple(axis.name for axis in self.axes if axis.name not in deciding)

    def witnesses(self, leaves: Iterable[int]) -> dict[int, Witness]:
        """A point that reaches each of these leaves."""
        asked = list(leaves)
        paths = self._paths() if asked else []
        return {leaf: self._witness(paths, len(self.columns), leaf) for leaf in asked}

    def _paths(self) -> Paths:
        levels = [[(0, 0)]]
        for column in self.columns:
            found: dict[int, tuple[int, int]] = {}
            for state in range(column.states):
                for start, after in column.intervals(state):
                    found.setdefault(after, (state, start))
            levels.append([found[state] for state in range(len(found))])
        return levels

    def _dead(self) -> list[set[int]]:
        """For each depth, the states from which no row can be reached."""
        levels = [{leaf for leaf, rows in enumerate(self.leaves) if not rows}]
        for column in reversed(self.columns):
            nexts = (dict(column.intervals(state)).values() for state in range(column.states))
            levels.append({state for state, after in enumerate(nexts) if levels[-1].issuperset(after)})
        return levels[::-1]

    def _witness(self, paths: Paths, depth: int, state: int) -> Witness:
        point: Witness = {axis.name: axis.lo for axis in self.axes}
        for level in range(depth, 0, -1):
            state, value = paths[level][state]
            axis = self.columns[level - 1].axis
            point[axis.name] = axis.decode(value)
        return point


class _Cells:
    """The cells of one axis, row by row, as the values where each flips between matching and not."""

    def __init__(self, at: int, axis: Axis, cells: Sequence[Condition]) -> None:
        self.at, self.axis = at, axis
        # By identity: cells that say the same are mostly one, and those that are not have the same edges.
        edges = {key: _edges(axis, cell) for key, cell in {id(cell): cell for cell in cells}.items()}
        self.rows = [edges[id(cell)] for cell in cells]
        self.distinct = Counter(self.rows)

    def order(self) -> tuple[int, int, int]:
        """Columns that tell rows apart come first: the fewest (row, interval) pairs, then intervals."""
        cuts = sorted({self.axis.lo}.union(*self.distinct))
        place = {cut: i for i, cut in enumerate(cuts)}
        pairs = 0
        for edges, count in self.distinct.items():
            flips = [*(place[edge] for edge in edges), len(cuts)]
            pairs += count * sum(b - a for a, b in zip(flips[::2], flips[1::2], strict=False))
        return pairs, len(cuts), self.at

    def split(self, low: int, bits: int) -> tuple[list[int], list[State]]:
        """Where each interval of a state starts, and the rows of the state that match there."""
        flips = {self.axis.lo: 0}
        for edges, part in self._parts(low, bits):
            for edge in edges:
                flips[edge] = flips.get(edge, 0) ^ part
        starts = sorted(edge for edge, part in flips.items() if part or edge == self.axis.lo)
        sets = accumulate((flips[edge] for edge in starts), xor)
        return starts, [_state(low, here) for here in sets]

    def _parts(self, low: int, bits: int) -> Iterable[tuple[Edges, int]]:
        """The edges that occur in a state, with the rows that have them."""
        if 2 * len(self.distinct) > bits.bit_count():
            return ((self.rows[low + at], 1 << at) for at in _members(bits))
        return ((edges, part >> low & bits) for edges, part in self._groups.items())

    @cached_property
    def _groups(self) -> dict[Edges, int]:
        groups = dict.fromkeys(self.distinct, 0)
        for row, edges in enumerate(self.rows):
            groups[edges] |= 1 << row
        return groups


def build(axes: Sequence[Axis], rows: Sequence[Sequence[Condition]]) -> Grid:
    """The grid of a table: one condition per axis in each row. Raises GridTooLarge.

    >>> grid = build([Axis("floor", 1, 30)], [[Condition(((1, 4),))], [Condition(((6, 31),))]])
    >>> grid.match([12]), grid.first_gap()
    ((1,), {'floor': 4})
    """
    if len({axis.name for axis in axes}) < len(axes):
        raise ValueError("two axes have one name: no point could be told")
    every = [_Cells(at, axis, [row[at] for row in rows]) for at, axis in enumerate(axes)]
    cells = sorted((c for c in every if c.distinct.keys() - {(c.axis.lo,)}), key=_Cells.order)
    # Rows that go on together stand together, so that the bit sets of states stay short.
    order = sorted(range(len(rows)), key=lambda at: [cell.rows[at] for cell in cells])
    for cell in cells:
        cell.rows = [cell.rows[at] for at in order]
    states: list[State] = [(0, (1 << len(rows)) - 1)]
    columns: list[Column] = []
    room = MAX_ENTRIES
    for cell in cells:
        runs, states = _step(cell, states, columns, room)
        columns.append(_lower(cell.at, cell.axis, runs, room))
        room -= len(columns[-1].table)
    leaves = (sorted([order[low + at] for at in _members(bits)]) for low, bits in states)
    return Grid(tuple(axes), range(len(rows)), tuple(columns), tuple(map(tuple, leaves)))


def _step(cell: _Cells, states: list[State], done: list[Column], room: int) -> tuple[list[Runs], list[State]]:
    """The intervals of each state, and the states that they lead to."""
    ids: dict[State, int] = {}
    runs: list[Runs] = []
    entries = words = 0
    for state in states:
        starts, after = cell.split(*state)
        known = len(ids)
        runs.append((tuple(starts), tuple([ids.setdefault(rows, len(ids)) for rows in after])))
        entries += len(starts)
        new = islice(reversed(ids), len(ids) - known)
        words += sum(bits.bit_count() + bits.bit_length() // 64 for _, bits in new)
        if entries > room or words > WORDS_PER_ENTRY * room:
            raise GridTooLarge((*(c.axis.name for c in done), cell.axis.name), MAX_ENTRIES - room + entries)
    return runs, list(ids)


def _state(low: int, bits: int) -> State:
    zeros = (bits & -bits).bit_length() - 1
    return (low + zeros, bits >> zeros) if bits else (0, 0)


def _edges(axis: Axis, cell: Condition) -> Edges:
    flat = [axis.lo, *(value for band in cell.bands for value in band), axis.hi + 1]
    if flat != sorted(flat) or any(a == b for a, b in cell.bands):
        raise ValueError(f"{axis.name}: bands {cell.bands} are not sorted, disjoint and inside the axis")
    flips = set[int]()
    for band in (*cell.bands, *([(axis.hi + 1, axis.hi + 2)] if cell.null and axis.nullable else [])):
        flips ^= set(band)
    return tuple(sorted(flips - {axis.end}))


def _members(rows: int) -> Iterator[int]:
    digits = bin(rows)[:1:-1]
    at = -1
    while (at := digits.find("1", at + 1)) >= 0:
        yield at


def _merged(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbours with the same next state made one."""
    return [next(same) for _, same in groupby(intervals, key=itemgetter(1))]


def _minimal(column: Column, renumber: list[int]) -> tuple[list[Runs], list[int]]:
    """The distinct states of a column once its next states are renumbered, and which each one became."""
    ids: dict[Runs, int] = {}
    became = []
    for state in range(column.states):
        renumbered = ((start, renumber[after]) for start, after in column.intervals(state))
        starts, nexts = zip(*_merged(renumbered), strict=True)
        became.append(ids.setdefault((starts, nexts), len(ids)))
    return list(ids), became


def _lower(at: int, axis: Axis, runs: list[Runs], room: int) -> Column:
    """The smaller of the two layouts, dense in doubt: it is faster."""
    span = axis.end - axis.lo
    cuts = sorted(set[int]().union(*(starts for starts, _ in runs)) - {axis.lo})
    width = len(cuts) + 1
    wide = len(runs) * span > MAX_KEY  # no joint key would fit 63 bits
    limit = room if wide else min(room, max(SMALL, FAST * sum(len(starts) for starts, _ in runs)))
    if span <= 2 * width and len(runs) * span <= limit:
        cuts, width = list(range(axis.lo + 1, axis.end)), span
    if len(runs) * width <= limit:
        return Column(at, axis, len(runs), False, width, tuple(cuts), _dense(axis, cuts, runs))
    if wide:
        raise GridTooLarge((axis.name,), len(runs) * width)
    return Column(at, axis, len(runs), True, span, *_joint(axis, span, runs))


def _dense(axis: Axis, cuts: list[int], runs: list[Runs]) -> tuple[int, ...]:
    code = {cut: i for i, cut in enumerate((axis.lo, *cuts))}
    table: list[int] = []
    for starts, nexts in runs:
        codes = [*(code[start] for start in starts), len(code)]
        for after, (a, b) in zip(nexts, pairwise(codes), strict=True):
            table += [after] * (b - a)
    return tuple(table)


def _joint(axis: Axis, span: int, runs: list[Runs]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    cuts: list[int] = []
    table: list[int] = []
    for state, (starts, nexts) in enumerate(runs):
        shift = state * span - axis.lo
        skip = 1 if table and table[-1] == nexts[0] else 0
        cuts += [start + shift for start in starts[skip:]]
        table += nexts[skip:]
    return tuple(cuts[1:]), tuple(table)
