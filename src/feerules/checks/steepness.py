"""How a price grows with the quantity: tiers that fall where they should rise, and edges across which more costs less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from feerules.checks.findings import Finding, finding
from feerules.checks.readings import Reading, reading_of
from feerules.documents.arithmetic import Name
from feerules.documents.charging import Charge, FactQuantity, Tiers
from feerules.documents.formulas import Formula
from feerules.documents.tables import Row
from feerules.documents.values import TableValue
from feerules.plan.lines import Version
from feerules.plan.lookups import NOTES
from feerules.plan.names import Names
from feerules.plan.tariffs import SIZE, Group
from feerules.wording import sentence

__all__ = ["cliffs", "falling_tiers"]

RISING = ("graduated", "surcharge", "package")
HUNDREDTH = Decimal("0.01")


# Tiers that fall


def falling_tiers(version: Version, charge: Charge) -> Iterator[Finding]:
    """Slices of what is consumed that cost less than the slice before; a note on the row says that this is meant."""
    tiers = charge.tiers
    if tiers is None or tiers.kind not in RISING or not _is_usage(version, charge):
        return
    for group in _groups(version.names, tiers):
        for column in sorted(group.prices.keys() - {SIZE}):
            prices = [_each(group, column, n) for n in range(len(group.prices[column]))]
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


def _groups(names: Names, tiers: Tiers) -> Sequence[Group]:
    found = names.cache.get(id(tiers))
    return () if found is None else found[0]


def _each(group: Group, column: str, n: int) -> Decimal | None:
    """What one unit costs in a band, where that is a number."""
    price, sizes = group.prices[column][n], group.prices.get(SIZE)
    size = sizes[n] if sizes is not None else Decimal(1)
    if isinstance(price, Formula) or isinstance(size, Formula) or not size:
        return None
    return price / size if sizes is not None else price


def _row(tiers: Tiers, group: Group, n: int) -> Row:
    assert tiers.table.table is not None
    return tiers.table.table.rows[group.first - 1 + n]


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
    end = group.ends[n]
    if isinstance(end, Formula):
        return []
    name, step = _quantity(names, charge)
    return [{name: f"{end:f}"}, {name: f"{end + step:f}"}]


def _quantity(names: Names, charge: Charge) -> tuple[str, Decimal]:
    """What the quantity of a charge is called, and the smallest amount by which it can grow."""
    match charge.per:
        case Formula(root=Name(name=name)) | FactQuantity(fact=name):
            leaf = names.leaves.get(names.aliases.get(name, name))
            return str(name), HUNDREDTH if leaf is None else Decimal(1).scaleb(-leaf.places)
    return "quantity", HUNDREDTH


# Edges across which more costs less


def cliffs(version: Version, charge: Charge) -> Iterator[Finding]:
    """Bands across whose edge the larger unit pays less in all."""
    if charge.tiers is not None and charge.tiers.kind in ("volume", "step"):
        yield from _of_tiers(version, charge, charge.tiers)
    elif isinstance(charge.rate, TableValue):
        yield from _of_table(version, charge, charge.rate)


def _of_tiers(version: Version, charge: Charge, tiers: Tiers) -> Iterator[Finding]:
    name, step = _quantity(version.names, charge)
    for group in _groups(version.names, tiers):
        for column, prices in sorted(group.prices.items()):
            for n, end in enumerate(group.ends):
                low, high, row = prices[n], prices[n + 1], _row(tiers, group, n + 1)
                if isinstance(end, Formula) or isinstance(low, Formula) or isinstance(high, Formula):
                    continue
                beyond = end + step
                amounts = (end * low, beyond * high) if tiers.kind == "volume" else (low, high)
                if column != SIZE and amounts[1] < amounts[0] and not _is_noted(tiers, row):
                    units = [{name: f"{end:f}"}, {name: f"{beyond:f}"}]
                    yield _cliff(version, row, units, amounts)


def _of_table(version: Version, charge: Charge, spec: TableValue) -> Iterator[Finding]:
    """A table by a fact that is the quantity as well: the rate by area, of an area."""
    reading, (name, _) = (
        reading_of(spec, version.names, version.schedule.id),
        _quantity(version.names, charge),
    )
    if reading is None or reading.hit not in ("unique", "any", "first") or reading.decision.formulas:
        return
    at = next((n for n, about in enumerate(reading.subjects) if about.name == name), None)
    if at is None or len(reading.decision.outputs) != 1:
        return
    told: set[tuple[int, int]] = set()
    for row, conditions in enumerate(reading.conditions):
        base = [each.bands[0][0] if each.bands else None for each in conditions]
        for edge in {edge for band in conditions[at].bands for edge in band}:
            found = _falls(reading, base, at, edge)
            if found is not None and found[0] not in told and row in found[0]:
                told.add(found[0])
                yield _cliff(version, reading.row(found[0][1]), found[1], found[2])


Fall = tuple[tuple[int, int], list[dict[str, str]], tuple[Decimal, Decimal]]


def _falls(reading: Reading, base: Sequence[int | None], at: int, edge: int) -> Fall | None:
    """Two units on either side of an edge of which the larger pays less: by which rows, and how much."""
    about = reading.subjects[at]
    if not about.lo < edge <= about.hi:
        return None
    sides = []
    for value in (edge - 1, edge):
        point = [*base[:at], value, *base[at + 1 :]]
        leaf = reading.grid.leaf(point)
        rows = reading.grid.leaves[leaf]
        if not rows or reading.is_noted(rows[0]):
            return None
        ((outputs, places),) = reading.decision.outputs.values()
        amount = Decimal(value).scaleb(-about.scale) * Decimal(outputs[leaf]).scaleb(-places)
        facts = {each.name: each.text(x) for each, x in zip(reading.subjects, point, strict=True)}
        sides.append((rows[0], facts, amount))
    (low, one, less), (high, other, more) = sides
    return ((low, high), [one, other], (less, more)) if more < less else None


def _cliff(
    version: Version, row: Row, units: Sequence[Mapping[str, str]], amounts: tuple[Decimal, Decimal]
) -> Finding:
    less, more = (f"{amount:f}" for amount in amounts)
    return finding(
        "cliff", "warning", row.where,
        sentence("across this edge the larger pays less in all: {more} after {less}"),
        sentence("price by graduated tiers, bound the amount from below, or say in a column note why it falls"),
        witness=[{**unit, "amount": amount} for unit, amount in zip(units, (less, more), strict=True)],
        document=version.schedule.id, less=less, more=more,
    )  # fmt: skip
