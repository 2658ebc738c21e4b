"""Edges that adjustments make: a reduction from some quantity on, after which the larger unit pays less in all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from feerules.checks.exclusions import narrowed
from feerules.checks.findings import Finding
from feerules.checks.steepness import cliff_at, quantity_of
from feerules.checks.valuation import Point, constant, is_meant, points, read_cell, valued
from feerules.documents.charging import Adjustment
from feerules.documents.schedule import Fee
from feerules.plan.conditions import Subject
from feerules.plan.grid import Condition
from feerules.plan.lines import Version
from feerules.plan.names import Names
from feerules.wording import sentence

__all__ = ["adjusted_cliffs"]

MEND_THE_REDUCTION = sentence(
    "bound the amount from below by at_least: or minimum:, price by graduated tiers, or say in note: why it falls"
)
MOST_RATES = 500  # of one fee, at which an edge is looked at
ACTIONS: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "times": lambda amount, by: amount * by,
    "plus": lambda amount, by: amount + by,
    "minus": lambda amount, by: amount - by,
    "at_most": min,
    "at_least": max,
}


def adjusted_cliffs(version: Version, fee: Fee) -> Iterator[Finding]:
    """Adjustments that a larger unit has and a smaller one has not, so that it pays less; a note says that it is meant."""
    name, _ = quantity_of(version.names, fee)
    about, rate = version.names.subjects.get(name), valued(fee.rate, version.names)
    if about is None or rate is None or fee.parts or about.kind not in ("decimal", "integer"):
        return
    asked = (version.schedule.applies, fee.applies)
    meant, around = is_meant(version.names, asked), narrowed(version.names, asked)
    for rule in fee.adjustments:
        conditions = narrowed(version.names, (*asked, rule.when))
        told = _of_the_quantity(version.names, rule, name)
        if rule.note is not None or told is None or not all(each.bands for each in conditions.values()):
            continue
        others = {each: left.bands[0][0] for each, left in conditions.items() if each != name}
        known = ({**point, **others} for point in points(rate, around=around))
        found = (
            sides
            for point in islice(known, MOST_RATES)
            for edge in sorted({edge for band in told.bands for edge in band})
            if (sides := _sides(version.names, fee, point, about, edge, meant)) is not None
        )
        for (one, less), (other, more) in islice(found, 1):
            units = [_unit(version.names, each) for each in (one, other)]
            yield from cliff_at(version, fee, rule.where, units, (less, more), MEND_THE_REDUCTION)


def _of_the_quantity(names: Names, rule: Adjustment, name: str) -> Condition | None:
    """What an adjustment asks of the quantity itself."""
    cells = (cell for each, cell in rule.when.items() if names.aliases.get(each, each) == name)
    return next((told for cell in cells if (told := read_cell(names, name, cell)) is not None), None)


Priced = tuple[Point, Decimal]


def _sides(
    names: Names, fee: Fee, point: Point, about: Subject, edge: int, meant: Callable[[Point], bool]
) -> tuple[Priced, Priced] | None:
    """Two units on either side of an edge, of one rate, of which the larger pays less."""
    rate = valued(fee.rate, names)
    if rate is None or not about.lo < edge <= about.hi:
        return None
    units = [{**point, about.name: value} for value in (edge - 1, edge)]
    rates = [rate.at(unit) for unit in units]
    if rates[0] is None or rates[0] != rates[1] or not all(map(meant, units)):
        return None
    whole = [rates[0] * Decimal(value).scaleb(-about.scale) for value in (edge - 1, edge)]
    less, more = (_adjusted(names, fee.adjustments, *each) for each in zip(units, whole, strict=True))
    if less is None or more is None or more >= less:
        return None
    return (units[0], less), (units[1], more)


def _adjusted(names: Names, rules: Sequence[Adjustment], unit: Point, amount: Decimal) -> Decimal | None:
    """An amount after the adjustments that a unit has; None where one of them is no number for everybody."""
    for rule in rules:
        if not all(_holds(names, name, cell, unit) for name, cell in rule.when.items()):
            continue
        if rule.free_months is not None or rule.per_unit is not None:
            return None
        for action, change in ACTIONS.items():
            value = getattr(rule, action)
            number = constant(value, names)
            if value is not None and number is None:
                return None
            amount = amount if number is None else change(amount, number)
    return amount


def _holds(names: Names, name: str, cell: str, unit: Point) -> bool:
    """Whether a condition holds for a unit; of facts that it does not have, none does."""
    told, known = read_cell(names, name, cell), names.aliases.get(name, name)
    value = unit.get(known)
    return told is not None and value is not None and any(lo <= value < hi for lo, hi in told.bands)


def _unit(names: Names, point: Point) -> dict[str, str]:
    return {name: about.text(value) for name, value in point.items() if (about := names.subjects.get(name))}
