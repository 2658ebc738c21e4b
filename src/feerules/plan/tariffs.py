"""Tiers: what a quantity costs up to a point, as sums of minima and maxima."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from feerules.documents.charging import Over, ProrateBounds, Tiers
from feerules.documents.formulas import Formula
from feerules.documents.tables import Head, Row, Table
from feerules.documents.tree import Text
from feerules.documents.values import TableValue
from feerules.periods import Period, add_months, day_number, seasons_starting
from feerules.plan.bounds import Builder, Exact
from feerules.plan.conditions import number_hint, read_number
from feerules.plan.cycles import Cycle
from feerules.plan.lookups import NOTES, Found, decide
from feerules.plan.names import Names, Refused
from feerules.plan.nodes import Node
from feerules.plan.outputs import Output, chosen, read_output
from feerules.plan.terms import Scope

__all__ = [
    "BandAsked",
    "Bands",
    "Group",
    "Slice",
    "begins_year",
    "cumulative",
    "find_bands",
    "mark_bands",
    "months_in_force",
    "resets",
    "slices",
]

UP_TO = ("up to", "up_to", "至")
NO_END = ("above", "-", "以上")
SIZE = "size"


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The bands that hold together: the number of each one's row, the end of each but the last, prices by column."""

    rows: tuple[int, ...]
    ends: tuple[Output, ...]
    prices: Mapping[str, tuple[Output, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """The bands of a record: `ends` (one fewer than the bands) and a price per band by column.

    `may_fall` says that a bound may be below the one before it, which leaves its band empty. `rows` has for each
    leaf of `found` the rows of the table that are its bands, counted from 1.
    """

    ends: tuple[Node, ...]
    prices: Mapping[str, tuple[Node, ...]]
    found: Found
    texts: tuple[str, ...]
    may_fall: bool
    rows: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class BandAsked:
    """What a band asks of a record: that the quantity `counted` so far is beyond its `low` end, and up to its `high` one."""

    found: Found
    counted: Node
    low: Node | None
    high: Node | None


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """The part of a quantity that falls into one band, and the band's price."""

    quantity: Node
    price: Node


def find_bands(scope: Scope, tiers: Tiers, columns: Sequence[str]) -> Bands:
    """The bands that hold for a record; condition columns choose among groups. Raises `Refused`."""
    cache = scope.names.cache
    if id(tiers) not in cache:
        try:
            cache[id(tiers)] = _Reading(scope.names, tiers, columns).result()
        except Refused:
            cache[id(tiers)] = None
    if cache[id(tiers)] is None:
        raise Refused
    groups, chooser = cache[id(tiers)]
    return scope.once(id(tiers), _lowered, scope, groups, chooser)


def _lowered(scope: Scope, groups: Sequence[Group], chooser: TableValue) -> Bands:
    found = decide(scope, chooser, ("group",), marked=False)
    count = max(len(each.ends) for each in groups)
    ends = tuple(_of_group(scope, [_padded(each.ends, n) for each in groups], found) for n in range(count))
    prices = {
        column: tuple(
            _of_group(scope, [_padded(each.prices[column], n) for each in groups], found)
            for n in range(count + 1)
        )
        for column in groups[0].prices
    }
    texts = tuple(_rows_of(groups, row) for row in found.decision.rows)
    may_fall = any(isinstance(end, Formula) for each in groups for end in each.ends)
    rows = tuple(groups[int(row) - 1].rows if row else () for row in found.decision.rows)
    return Bands(ends, prices, found, texts, may_fall, rows)


def _rows_of(groups: Sequence[Group], row: str) -> str:
    return f"{groups[int(row) - 1].rows[0]}-{groups[int(row) - 1].rows[-1]}" if row else ""


def _padded(values: Sequence[Output], n: int) -> Output:
    # A group with fewer bands repeats its last one: a band from a bound to itself holds nothing.
    return values[min(n, len(values) - 1)] if values else Decimal(0)


def _of_group(scope: Scope, values: Sequence[Output], found: Found) -> Node:
    """What stands at one place in the bands of the group that holds for a record."""
    b, group = scope.b, found.outputs["group"]
    numbers = [Decimal(0) if isinstance(value, Formula) else value for value in values]
    scale = max(max(-int(number.as_tuple().exponent), 0) for number in numbers)
    number = b.gather(tuple(int(each.scaleb(scale)) for each in numbers), group, scale)
    tests: dict[Formula, Node] = {}
    for n, value in enumerate(values):
        if isinstance(value, Formula):
            holds = b.all_of((found.matched, b.compare("==", group, b.const(n))))
            tests[value] = b.any_of((tests.get(value, b.false), holds))
    return chosen(scope, number, tests)


class _Reading:
    """Splits a tier table into its condition columns and, for each group of rows, the bands."""

    def __init__(self, names: Names, tiers: Tiers, columns: Sequence[str]) -> None:
        self.names = names
        self.spec = tiers.table
        self.failed = False
        if self.spec.table is None and self.spec.file is not None:
            raise Refused  # the file is a problem already
        if self.spec.table is None:
            raise names.refuse(self.spec.where, "missing_key", "tiers without rows", "a pipe table or a file")
        self.table: Table = self.spec.table
        heads = [head.name for head in self.table.header]
        self.end = next((at for at, name in enumerate(heads) if name.lower() in UP_TO), None)
        if self.end is None:
            raise names.refuse(
                self.table.header[0].where, "missing_column", "tiers without a column for the bounds",
                'a column "up to"', "its cells are the upper bounds of the bands, the last one above",
            )  # fmt: skip
        wanted = [*columns, SIZE]
        self.prices = {str(name): at for at, name in enumerate(heads) if name in wanted}
        missing = [column for column in columns if column not in self.prices]
        if missing:
            raise names.refuse(
                self.table.header[-1].where, "missing_column", f"tiers without {', '.join(missing)}",
                f"the columns up to, {', '.join(columns)}", f'head the price column "{missing[0]}"',
            )  # fmt: skip
        if tiers.kind == "package" and tiers.size is None and SIZE not in self.prices:
            raise names.refuse(
                tiers.where, "missing_key", "packages without a size", "size: for all bands, or a column size",
                "add size: 1000 for packages of a thousand",
            )  # fmt: skip
        taken = {self.end, *self.prices.values()}
        self.conditions = [
            at for at, name in enumerate(heads) if at not in taken and name.lower() not in NOTES
        ]

    def result(self) -> tuple[list[Group], TableValue]:
        rows: dict[tuple[str, ...], list[Row]] = {}
        for row in self.table.rows:
            rows.setdefault(tuple(row.cells[at] for at in self.conditions), []).append(row)
        groups = [self._group(each) for each in rows.values()]
        self._check_heads()
        if self.failed:
            raise Refused
        return groups, self._chooser(list(rows.values()))

    def _check_heads(self) -> None:
        for at in self.conditions:
            name = self.table.header[at].name
            if not self.names.is_subject(self.names.aliases.get(name, name)):
                expected = f"up to, {', '.join(self.prices)}, or a fact{self.names.some_facts()}"
                hint = self.names.hint(name, [UP_TO[0], *self.prices])
                self._tell(name, "unknown_fact", f'the column "{name}"', expected, hint)

    def _chooser(self, groups: Sequence[Sequence[Row]]) -> TableValue:
        """A table of the condition columns alone that gives the group's number."""
        header = tuple(self.table.header[at] for at in self.conditions)
        rows = []
        for number, members in enumerate(groups):
            first = members[0]
            cells = tuple(first.cells[at] for at in self.conditions)
            rows.append(Row(number + 1, (*cells, Text(str(number)))))
        table = Table((*header, Head(Text("group"))), tuple(rows))
        return self.spec.with_table(table)

    def _group(self, rows: Sequence[Row]) -> Group:
        assert self.end is not None
        ends = [self._end(row, last=row is rows[-1]) for row in rows]
        bounds = [end for end in ends if end is not None]
        for (low, high), row in zip(pairwise(ends), rows[1:], strict=True):
            if isinstance(low, Decimal) and isinstance(high, Decimal) and high <= low:
                self._tell(
                    row.cells[self.end], "overlapping_tiers", f"a band up to {high} after one up to {low}",
                    "bounds that rise from row to row", "sort the rows, or mend the bound",
                )  # fmt: skip
        prices = {name: tuple(self._price(row.cells[at]) for row in rows) for name, at in self.prices.items()}
        return Group(tuple(row.number for row in rows), tuple(bounds), prices)

    def _tell(self, cell: Text, code: str, found: str, expected: str, hint: str) -> None:
        self.failed = True
        self.names.problem(cell.where, code, found, expected, hint)

    def _end(self, row: Row, *, last: bool) -> Output | None:
        assert self.end is not None
        cell = row.cells[self.end]
        read = read_output(self.names, cell)
        number = read_number(cell) if isinstance(read, tuple) else read
        if cell.lower() in NO_END:
            if not last:
                hint = "only the last band has no end"
                self._tell(cell, "overlapping_tiers", f'"{cell}" before the last band', "a bound", hint)
        elif last:
            found, expected = f"a last band that ends at {cell}", "a last band without end"
            hint = f"add the row | {NO_END[0]} | … |" if number is not None else f"write {NO_END[0]}"
            self._tell(cell, "tier_gap", found, expected, hint)
        elif number is None or (isinstance(number, Decimal) and number <= 0):
            self._tell(cell, "not_a_number", f'the bound "{cell}"', "a number above 0", _bound_hint(cell))
        else:
            return number
        return None

    def _price(self, cell: Text) -> Output:
        read = read_output(self.names, cell)
        if isinstance(read, tuple):
            self._tell(cell, *read)
            return Decimal(0)
        return read


_BAND = re.compile(r"(?:[\[(]?\s*[\d.]+\D*(?:-|~|～|至|到|\.\.|,)|<=?|≤|不超过)\s*([\d.]+)\D*")


def _bound_hint(cell: str) -> str:
    """A band is written by its upper end alone: 0-220 is 220."""
    band = _BAND.fullmatch(cell) if len(cell) <= 40 else None
    return f"write {band[1]}: the band begins where the one above ends" if band else number_hint(cell)


# The years and seasons that tiers count over


def resets(scope: Scope, tiers: Tiers, cycle: Cycle) -> list[int]:
    """The days inside a cycle on which the counted usage starts again from nothing."""
    over = tiers.over
    if over is None or over.counts not in ("year", "season"):
        return []
    if cycle.period is None:
        if cycle.months is None:
            return []
        raise scope.names.refuse(
            tiers.where, "unsupported", f"tiers over a {over.counts} with cycles that differ from unit to unit",
            "cycles on days of the calendar", "say every: month, quarter or year without anniversary_of",
        )  # fmt: skip
    days = _reset_days(over, cycle.period)
    return [day_number(day) for day in days if cycle.period.start < day < cycle.period.end]


def begins_year(tiers: Tiers, cycle: Cycle) -> bool:
    """Whether a cycle begins on the first day of a tier year or season."""
    if tiers.over is None or cycle.period is None or tiers.over.counts not in ("year", "season"):
        return False
    return cycle.period.start in _reset_days(tiers.over, cycle.period)


def _reset_days(over: Over, period: Period) -> list[date]:
    years = range(period.start.year - 1, period.end.year + 2)
    if over.season is None:
        month, day = over.year_from or (1, 1)
        return [_day(year, month, day) for year in years]
    near = Period(date(years[0], 1, 1), date(years[-1] + 1, 1, 1))
    found = seasons_starting(near, over.season.from_, over.season.through)
    return sorted(day for season in found for day in (season.start, season.end))


def _day(year: int, month: int, day: int) -> date:
    first = date(year, month, 1)
    return first.replace(day=min(day, (add_months(first, 1) - first).days))


def months_in_force(scope: Scope, tiers: Tiers, rule: ProrateBounds, cycle: Cycle) -> tuple[Node, int]:
    """How many months (or days) of the tier year are in force from `since` on, and of how many."""
    b = scope.b
    since = _since(scope, rule)
    if cycle.period is None or tiers.over is None or tiers.over.counts != "year":
        raise scope.names.refuse(
            rule.where, "unsupported", "prorated bounds without a tier year",
            "over: {year_from: …} with cycles on days of the calendar",
        )  # fmt: skip
    start = max(day for day in _reset_days(tiers.over, cycle.period) if day <= cycle.period.start)
    starts = [add_months(start, n) for n in range(13)]
    first, last = day_number(starts[0]), day_number(starts[-1])
    if rule.by == "days":
        days = b.sub(b.const(last), b.clamp(since, b.const(first), b.const(last - 1)))
        return days, last - first
    passed = b.band(tuple(day_number(day) for day in starts[1:12]), since)
    return b.sub(b.const(12), passed), 12


def _since(scope: Scope, rule: ProrateBounds) -> Node:
    if isinstance(rule.since, date):
        return scope.b.const(day_number(rule.since))
    term = scope.number(rule.since, rule.where)
    if term.kind != "date":
        raise scope.names.refuse(rule.where, "wrong_type", f"since: {rule.since}", "a day, or a date fact")
    return term.node


# Prices


def mark_bands(
    scope: Scope, tiers: Tiers, bands: Bands, ends: Sequence[Node], low: Node, high: Node, holds: Node
) -> None:
    """Notes which bands decide what a usage from `low` to `high` costs, where a plan is to tell that."""
    b, alone = scope.b, tiers.kind in ("volume", "step")
    for n in range(len(ends) + 1 if scope.marks is not None else 0):
        start, end = ends[n - 1] if n else None, ends[n] if n < len(ends) else None
        # A slice decides with the others; of a whole quantity or a sum, one band alone does.
        tests = [holds] if start is None else [holds, b.compare("<", start, high)]
        if end is not None:
            tests.append(b.compare("<=", high, end) if alone else b.compare("<", low, end))
        if not alone:
            tests.append(b.compare("!=", low, high))
        # As in `_padded`: a group with fewer bands has its last one at the end.
        rules = tuple((rows[min(n, len(rows) - 1)] - 1,) if rows else () for rows in bands.rows)
        with scope.needing(b.all_of(tests)):
            scope.mark("band", tiers, bands.found.leaf, rules, BandAsked(bands.found, high, start, end))


def slices(b: Builder, bands: Bands, column: str, ends: Sequence[Node], low: Node, high: Node) -> list[Slice]:
    """How much of the usage from `low` to `high` falls into each band."""
    whole = b.sub(high, low)
    marks = [b.const(0), *ends]
    found = []
    for n, price in enumerate(bands.prices[column]):
        start = marks[n]
        if n < len(ends):
            upto = [b.clamp(x, start, ends[n]) for x in (low, high)]
        else:
            upto = [b.max(x, start) for x in (low, high)]
        part = b.sub(upto[1], upto[0])
        # The part of a band between two points is never more than the distance between them.
        scale_up = 10 ** (part.scale - whole.scale)
        found.append(Slice(b.within(part, min(whole.lo, 0) * scale_up, max(whole.hi, 0) * scale_up), price))
    return found


def cumulative(
    b: Builder, kind: str, bands: Bands, column: str, ends: Sequence[Node], x: Node, size: Node | None
) -> Exact:
    """What a usage of `x` costs in all, for the kinds whose price is not a sum over slices."""
    prices = bands.prices[column]
    if kind == "package":
        return _packages(b, bands, column, ends, x, size)
    price = prices[-1]
    for end, lower in reversed(list(zip(ends, prices[:-1], strict=True))):
        price = b.choose(b.compare("<=", x, end), lower, price)
    return Exact(b, price if kind == "step" else b.mul(price, x))


def _packages(
    b: Builder, bands: Bands, column: str, ends: Sequence[Node], x: Node, size: Node | None
) -> Exact:
    total = Exact(b, b.const(0))
    for n, part in enumerate(slices(b, bands, column, ends, b.const(0), x)):
        holds = bands.prices[SIZE][n] if SIZE in bands.prices else size
        assert holds is not None
        scale = max(part.quantity.scale, holds.scale)
        quantity, each = b.raised(part.quantity, scale), b.raised(holds, scale)
        started = b.div_round(quantity, b.max(each, b.const(1, scale)), "up")
        total = total.plus(Exact(b, b.mul(started, part.price)))
    return total
