"""How a price grows with the quantity: tiers that fall where they should rise, and edges across which more costs less."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice, pairwise
from typing import NamedTuple

from feerules.checks.findings import Finding, finding
from feerules.checks.readings import Reading, reading_of
from feerules.checks.valuation import Point, constant, named_table
from feerules.documents.arithmetic import Name
from feerules.documents.charging import Charge, FactQuantity, Tiers
from feerules.documents.formulas import Formula
from feerules.documents.tables import Row
from feerules.documents.values import TableValue
from feerules.errors import Where
from feerules.plan.lines import Version
from feerules.plan.lookups import NOTES, Decision
from feerules.plan.names import Names
from feerules.plan.outputs import Output
from feerules.plan.tariffs import SIZE, Group
from feerules.wording import sentence

__all__ = ["cliff_at", "cliffs", "falling_tiers", "groups_of", "number_of", "quantity_of"]

RISING = ("graduated", "surcharge")
MOST_TOLD = 5  # cliffs of one table
HUNDREDTH = Decimal("0.01")


# Tiers that fall


def falling_tiers(version: Version, charge: Charge) -> Iterator[Finding]:
    """Slices of what is consumed that cost less than the slice before; a note on the row says that this is meant."""
    tiers = charge.tiers
    if tiers is None or tiers.kind not in RISING or not _is_usage(version, charge):
        return
    for group in groups_of(version.names, tiers):
        for column in sorted(group.prices.keys() - {SIZE}):
            prices = [number_of(price, version.names) for price in group.prices[column]]
            for n, (low, high) in enumerate(pairwise(prices)):
                row = _row(tiers, group, n + 1)
                if low is not None and high is not None and high < low and not _is_noted(tiers, row):
                    yield finding(
                        "falling_tiers", "warning", row.where,
                        sentence("{column} falls from {low} to {high}: who consumes more pays less for it"),
                        sentence("mend the rows, or say in a column note why it falls"),
                        witness=_around(version.names, charge, group, n), document=version.schedule.id,
                        column=column, low=f"{low:f}", high=f"{high:f}",
                    )  # fmt: skip


def number_of(output: Output, names: Names) -> Decimal | None:
    """What a bound or a price comes to for everybody."""
    return constant(output, names) if isinstance(output, Formula) else output


def groups_of(names: Names, tiers: Tiers) -> Sequence[Group]:
    """The groups of bands of tiers, as they were compiled."""
    found = names.cache.get(id(tiers))
    return () if found is None else found[0]


def _row(tiers: Tiers, group: Group, n: int) -> Row:
    assert tiers.table.table is not None
    return tiers.table.table.rows[group.rows[n] - 1]


def _is_noted(tiers: Tiers, row: Row) -> bool:
    assert tiers.table.table is not None
    header = tiers.table.table.header
    return any(cell for head, cell in zip(header, row.cells, strict=True) if head.name.lower() in NOTES)


def _is_usage(version: Version, charge: Charge) -> bool:
    """Whether what is priced was consumed: a fact that a meter gives."""
    names = version.names
    asked = version.schedule.names_in((charge.per, charge.registers))
    facts = [names.facts.get(names.aliases.get(name, name)) for name in asked]
    return any(fact is not None and fact.usage for fact in facts)


def _around(names: Names, charge: Charge, group: Group, n: int) -> list[dict[str, str]]:
    """A quantity on the edge of a band, and the next one beyond it."""
    end = number_of(group.ends[n], names)
    if end is None:
        return []
    name, step = quantity_of(names, charge)
    return [{name: f"{end:f}"}, {name: f"{end + step:f}"}]


def quantity_of(names: Names, charge: Charge) -> tuple[str, Decimal]:
    """What the quantity of a charge is called, and the smallest amount by which it can grow."""
    match charge.per:
        case Formula(root=Name(name=name)) | FactQuantity(fact=name):
            fact = names.aliases.get(name, str(name))
            leaf = names.leaves.get(fact)
            return fact, HUNDREDTH if leaf is None else Decimal(1).scaleb(-leaf.places)
    return "quantity", HUNDREDTH


# Edges across which more costs less


def cliffs(version: Version, charge: Charge, meant: Callable[[Point], bool]) -> Iterator[Finding]:
    """Bands across whose edge the larger unit pays less in all, where units are meant on both sides of it."""
    if charge.tiers is not None and charge.tiers.kind in ("volume", "step"):
        yield from _of_tiers(version, charge, charge.tiers)
    elif isinstance(table := named_table(charge.rate, version.names), TableValue):
        yield from islice(_of_table(version, charge, table, meant), MOST_TOLD)


def _of_tiers(version: Version, charge: Charge, tiers: Tiers) -> Iterator[Finding]:
    name, step = quantity_of(version.names, charge)
    for group in groups_of(version.names, tiers):
        for column, prices in sorted(group.prices.items()):
            for n, bound in enumerate(group.ends):
                row = _row(tiers, group, n + 1)
                end, low, high = (number_of(each, version.names) for each in (bound, *prices[n : n + 2]))
                if end is None or low is None or high is None:
                    continue
                beyond = end + step
                amounts = (end * low, beyond * high) if tiers.kind == "volume" else (low, high)
                if column != SIZE and not _is_noted(tiers, row):
                    units = ({name: f"{end:f}"}, {name: f"{beyond:f}"})
                    yield from cliff_at(version, charge, row.where, units, amounts)


def _of_table(
    version: Version, charge: Charge, spec: TableValue, meant: Callable[[Point], bool]
) -> Iterator[Finding]:
    """A table by a fact that is the quantity as well: the rate by area, of an area."""
    name, _ = quantity_of(version.names, charge)
    made = version.names.cache.get(id(version.names.completed.get(id(spec), spec)))
    if not isinstance(made, Decision) or made.formulas:
        return
    at = next((n for n, about in enumerate(made.subjects) if about.name == name), None)
    reading = None if at is None else reading_of(spec, version.names, version.schedule.id)
    if reading is None or at is None or reading.hit not in ("unique", "any", "first"):
        return
    told: set[tuple[int, int]] = set()
    for base, edge in _edges(reading, at):
        sides = _sides(reading, base, at, edge)
        if sides is None or (rows := (sides[0].row, sides[1].row)) in told or reading.is_noted(rows[1]):
            continue
        told.add(rows)
        points = [side.point(reading, base, at) for side in sides]
        if all(map(meant, points)):
            amounts = (sides[0].amount, sides[1].amount)
            units = [reading.witness(point) for point in points]
            yield from cliff_at(version, charge, reading.row(rows[1]).where, units, amounts)


def _edges(reading: Reading, at: int) -> Iterator[tuple[Sequence[int | None], int]]:
    """Where the bands of a column begin and end, each with a unit that has the other facts of its row."""
    asked: set[tuple[Hashable, int]] = set()
    for conditions in reading.conditions:
        base = [each.bands[0][0] if each.bands else None for each in conditions]
        around = (*base[:at], *base[at + 1 :])
        for edge in sorted({edge for band in conditions[at].bands for edge in band}):
            if (around, edge) not in asked:
                asked.add((around, edge))
                yield base, edge


class Side(NamedTuple):
    """A unit at the edge of a band: its quantity, encoded, the row that prices it, and what it pays."""

    value: int
    row: int
    amount: Decimal

    def point(self, reading: Reading, base: Sequence[int | None], at: int) -> dict[str, int | None]:
        values = [*base[:at], self.value, *base[at + 1 :]]
        return {about.name: value for about, value in zip(reading.subjects, values, strict=True)}


def _sides(reading: Reading, base: Sequence[int | None], at: int, edge: int) -> tuple[Side, Side] | None:
    """Two units on either side of an edge, of which the larger pays less."""
    about = reading.subjects[at]
    if not about.lo < edge <= about.hi:
        return None
    values, leaves = [*base], []
    for values[at] in (edge - 1, edge):
        leaf = reading.grid.leaf(values)
        if not reading.grid.leaves[leaf]:
            return None
        leaves.append(leaf)
    low, high = (_said(reading, leaf) for leaf in leaves)
    if edge * high >= (edge - 1) * low:
        return None
    step = Decimal(1).scaleb(-about.scale)
    ends = zip((edge - 1, edge), leaves, (low, high), strict=True)
    first, second = (
        Side(value, reading.grid.leaves[leaf][0], value * rate * step) for value, leaf, rate in ends
    )
    return first, second


def _said(reading: Reading, leaf: int) -> Decimal:
    """What a table says at a leaf of its grid: its one output, or its components together."""
    columns = reading.decision.outputs.values()
    return sum((Decimal(outputs[leaf]).scaleb(-places) for outputs, places in columns), Decimal(0))


MEND_THE_BANDS = sentence(
    "price by graduated tiers, bound the amount from below, or say in a column note why it falls"
)


def cliff_at(
    version: Version,
    charge: Charge,
    where: Where,
    units: Sequence[Mapping[str, str]],
    amounts: tuple[Decimal, Decimal],
    hint: str = MEND_THE_BANDS,
) -> Iterator[Finding]:
    """Of two units, the larger one that pays less; a minimum may keep it from that."""
    times = charge.per.times if isinstance(charge.per, FactQuantity) else Decimal(1)
    least = constant(charge.minimum.amount, version.names) if charge.minimum is not None else None
    less, more = (max(amount * times, amount * times if least is None else least) for amount in amounts)
    if more >= less or times < 0:
        return
    one, other = _money(less), _money(more)
    yield finding(
        "cliff", "warning", where,
        sentence("across this edge the larger pays less in all: {more} after {less}"),
        hint,
        witness=[{**units[0], "amount": one}, {**units[1], "amount": other}],
        document=version.schedule.id, less=one, more=other,
    )  # fmt: skip


def _money(amount: Decimal) -> str:
    """An amount with two decimals, and those beyond that it has."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"
