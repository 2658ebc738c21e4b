"""What the conditions around a fee leave of its rows and adjustments: none of it, or everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from feerules.checks.findings import Finding, finding
from feerules.checks.readings import Reading, reading_of
from feerules.checks.valuation import Cells, read_cell
from feerules.documents.charging import Charge, Tiers
from feerules.documents.schedule import values_in
from feerules.documents.values import TableValue
from feerules.errors import Where
from feerules.plan.grid import Condition
from feerules.plan.lines import Version
from feerules.plan.names import Names
from feerules.wording import sentence

__all__ = ["excluded_rows", "holds_for_all", "narrowed"]

Around = Mapping[str, Condition]  # what is left of facts, by their own names


def narrowed(names: Names, every: Sequence[Cells]) -> dict[str, Condition]:
    """What conditions that hold together leave of each fact that they ask, by its own name."""
    left: dict[str, Condition] = {}
    for cells in every:
        for name, cell in cells.items():
            told, known = read_cell(names, name, cell), names.aliases.get(name, name)
            if told is not None:
                left[known] = _both(left[known], told) if known in left else told
    return left


def _both(one: Condition, other: Condition) -> Condition:
    bands = ((max(a, c), min(b, d)) for a, b in one.bands for c, d in other.bands)
    return Condition(tuple((lo, hi) for lo, hi in bands if lo < hi), one.null and other.null)


def _is_nothing(left: Condition) -> bool:
    return not left.bands and not left.null


# Adjustments for everybody


def holds_for_all(names: Names, cells: Cells, around: Around) -> bool:
    """Whether conditions hold for whatever unit the conditions around them leave."""
    return all(_covers(names, name, cell, around) for name, cell in cells.items())


def _covers(names: Names, name: str, cell: str, around: Around) -> bool:
    told, known = read_cell(names, name, cell), names.aliases.get(name, name)
    about = names.subjects.get(name) or names.subjects.get(known)
    if told is None or about is None:
        return False
    left = around.get(known, Condition(((about.lo, about.hi + 1),), about.nullable))
    reached = all(_is_inside(band, told) for band in left.bands)
    return reached and (told.null or not left.null)


def _is_inside(band: tuple[int, int], told: Condition) -> bool:
    at, end = band
    for lo, hi in sorted(told.bands):
        if lo <= at < hi:
            at = hi
    return at >= end


# Rows for nobody


def excluded_rows(version: Version) -> Iterator[Finding]:
    """Rows of tables that no fee can use, since conditions around it leave none of their units; a note explains."""
    for reading, every in _uses(version):
        for row in range(len(reading.said)):
            facts = [_left_out(reading, row, around) for around in every]
            if None in facts or row in reading.shadowed or reading.is_noted(row):
                continue
            yield finding(
                "unreachable_row", "warning", reading.row(row).where,
                sentence("row {row} never decides: it is for units whose {fact} the conditions around the table exclude"),
                sentence("delete row {row}, mend the conditions on {fact}, or say in a column note why it stands there"),
                document=reading.document, row=reading.number(row), fact=str(facts[0]),
            )  # fmt: skip


def _uses(version: Version) -> Iterator[tuple[Reading, list[Around]]]:
    """The tables that stand in fees, each with the conditions of every charge that uses it."""
    found: dict[Where, tuple[Reading, list[Around]]] = {}
    schedule, names = version.schedule, version.names
    for fee in map(schedule.complete, schedule.fees):
        for charge in (fee, *fee.parts.values()):
            around = narrowed(names, (schedule.applies, fee.applies, charge.applies))
            for part in _tables_of(charge):
                reading = reading_of(part, names, schedule.id)
                if reading is not None:
                    found.setdefault(reading.row(0).where, (reading, []))[1].append(around)
    yield from found.values()


def _tables_of(charge: Charge) -> Iterator[TableValue | Tiers]:
    """The tables of a charge; of a fee without those of its parts, which have conditions of their own."""
    for key in type(charge).model_fields:
        for part in () if key == "parts" else values_in(getattr(charge, key)):
            if isinstance(part, TableValue | Tiers):
                yield part


def _left_out(reading: Reading, row: int, around: Around) -> str | None:
    """A fact of which a row and the conditions around it leave nothing."""
    for at, about in enumerate(reading.subjects):
        known = reading.names.aliases.get(about.name, about.name)
        if known in around and _is_nothing(_both(around[known], reading.conditions[row][at])):
            return reading.headed(at)
    return None
