"""What the numbers of a schedule come to that need no arithmetic over facts: constants, tables and sums of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, product
from operator import add, mul, sub
from types import MappingProxyType

from feerules.documents.arithmetic import Binary, Name, Node, Num, Unary
from feerules.documents.formulas import Formula
from feerules.documents.tables import Row
from feerules.documents.values import FactValue, GuidedValue, SumValue, TableValue, Value
from feerules.errors import Where
from feerules.plan.conditions import Conditions
from feerules.plan.grid import Condition, Grid
from feerules.plan.lookups import Decision
from feerules.plan.names import Names, Refused

__all__ = [
    "MOST_POINTS",
    "Cells",
    "Point",
    "Valued",
    "constant",
    "excluded",
    "folded",
    "is_meant",
    "named_table",
    "points",
    "read_cell",
    "valued",
]

Point = Mapping[str, int | None]
Cells = Mapping[str, str]
MOST_POINTS = 20_000
NOTHING_AROUND: Mapping[str, Condition] = MappingProxyType({})
OPERATIONS: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {"+": add, "-": sub, "*": mul}


def constant(value: object, names: Names | None = None) -> Decimal | None:
    """The number that a value comes to for everybody: one that is written, or worked out from parameters that are."""
    return folded(value.root, names, ()) if isinstance(value, Formula) else None


def folded(node: Node, names: Names | None, asked: tuple[str, ...] = ()) -> Decimal | None:
    """The number that a part of a formula comes to for everybody."""
    match node:
        case Num(value=number):
            return number
        case Name(name=name) if names is not None and name in names.parameters and name not in asked:
            return folded(names.parameters[name].root, names, (*asked, name))
        case Unary(op="-", operand=operand):
            positive = folded(operand, names, asked)
            return None if positive is None else -positive
        case Binary(op=op, left=left, right=right) if op in OPERATIONS:
            one, other = folded(left, names, asked), folded(right, names, asked)
            return None if one is None or other is None else OPERATIONS[op](one, other).normalize()
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Valued:
    """A value that can be told at a point of the facts that its tables ask: a number, and tables that add up to it.

    `rows` are those of its table, where it is one.
    """

    number: Decimal
    tables: tuple[tuple[Decision, Decimal | None], ...]
    rows: tuple[Row, ...] = ()

    def at(self, point: Point) -> Decimal | None:
        """What it comes to; None where a table has no row and no number for that."""
        total = self.number
        for made, otherwise in self.tables:
            grid = made.grid
            leaf = grid.leaf([point[axis.name] for axis in grid.axes])
            if made.matched[leaf]:
                total += sum(
                    (Decimal(values[leaf]).scaleb(-places) for values, places in made.outputs.values()),
                    Decimal(0),
                )
            elif otherwise is None:
                return None
            else:
                total += otherwise
        return total

    def place(self, point: Point) -> Where | None:
        """The row that says so, of a value that is one table."""
        if not self.rows:
            return None
        made = self.tables[0][0]
        number = made.rows[made.grid.leaf([point[axis.name] for axis in made.grid.axes])]
        return self.rows[int(number) - 1].where if number.isdecimal() else None

    def text(self, point: Point) -> dict[str, str]:
        """The point as the facts of a unit, in the order of the tables."""
        subjects = {about.name: about for made, _ in self.tables for about in made.subjects}
        return {name: about.text(point[name]) for name, about in subjects.items()}


def valued(value: Value | None, names: Names) -> Valued | None:
    """A value without arithmetic over facts; None for others."""
    number = constant(value, names)
    if number is not None:
        return Valued(number, ())
    value = named_table(value, names)
    if isinstance(value, TableValue):
        spec = names.completed.get(id(value), value)
        made = names.cache.get(id(spec))
        if not isinstance(made, Decision) or made.formulas or spec.table is None:
            return None
        otherwise = spec.otherwise if isinstance(spec.otherwise, Decimal) else None
        return Valued(Decimal(0), ((made, otherwise),), spec.table.rows)
    if isinstance(value, SumValue):
        parts = [valued(each, names) for each in value.sum.values()]
        known = [each for each in parts if each is not None]
        if len(known) == len(parts):
            total = sum((each.number for each in known), Decimal(0))
            return Valued(total, tuple(table for each in known for table in each.tables))
    if isinstance(value, GuidedValue) and value.float is None:
        return valued(value.base, names)
    assert value is None or isinstance(value, Formula | FactValue | SumValue | GuidedValue)
    return None


def named_table(value: Value | None, names: Names) -> Value | None:
    """The table of which a value is nothing but the name; any other value as it is."""
    match value:
        case Formula(root=Name(name=name)) if name in names.tables:
            return names.tables[name]
    return value


def points(
    *values: Valued | None, around: Mapping[str, Condition] = NOTHING_AROUND
) -> Iterator[dict[str, int | None]]:
    """A point of every combination of what the tables of these values tell apart, up to so many.

    `around` are conditions on facts, which tell units apart too.
    """
    axes: dict[str, dict[int | None, None]] = {}
    for value in values:
        for made, _ in value.tables if value is not None else ():
            for name, starts in _starts(made.grid):
                axes.setdefault(name, {}).update(dict.fromkeys(starts))
                if name in around:
                    axes[name].update(dict.fromkeys(lo for lo, _ in around[name].bands))
    every = product(*axes.values())
    return (dict(zip(axes, each, strict=True)) for each in islice(every, MOST_POINTS))


def _starts(grid: Grid) -> Iterator[tuple[str, Iterable[int | None]]]:
    """For each axis, the values at which the answer of a table may change."""
    told = {axis.name: {axis.lo} for axis in grid.axes}
    for column in grid.columns:
        for state in range(column.states):
            told[column.axis.name] |= {start for start, _ in column.intervals(state)}
    for axis in grid.axes:
        yield axis.name, [axis.decode(value) for value in sorted(told[axis.name])]


def is_meant(names: Names, every: Iterable[Cells]) -> Callable[[Point], bool]:
    """Whether a point satisfies conditions, as far as they ask the facts that it tells."""
    read = [
        (name, found)
        for cells in every
        for name, cell in cells.items()
        if (found := read_cell(names, name, cell))
    ]

    def holds(point: Point) -> bool:
        return all(_matches(found, point[name]) for name, found in read if name in point)

    return holds


def excluded(names: Names, cells: Cells, others: Cells) -> str | None:
    """A fact of which two conditions that must both hold leave nothing."""
    for name, cell in cells.items():
        one = read_cell(names, name, cell)
        other = read_cell(names, name, others[name]) if name in others else None
        if one is not None and other is not None:
            meet = any(a < d and c < b for a, b in one.bands for c, d in other.bands)
            if not meet and not (one.null and other.null):
                return name
    return None


def read_cell(names: Names, name: str, cell: str) -> Condition | None:
    """The condition of a cell on a fact; None where the fact is none of the document."""
    about = names.subjects.get(name)
    try:
        return None if about is None else Conditions(names).read(cell, about)
    except Refused:
        return None  # told where the cell is compiled


def _matches(condition: Condition, value: int | None) -> bool:
    return condition.null if value is None else any(lo <= value < hi for lo, hi in condition.bands)
