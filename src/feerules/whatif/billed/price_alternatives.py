"""Other prices: another row of the table, a part left out, another version, other tiers, another share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from feerules.documents.charging import FactQuantity, Tiers
from feerules.documents.fields import MonthDay
from feerules.documents.formulas import Formula, parse_formula
from feerules.documents.schedule import Fee
from feerules.documents.tables import Row
from feerules.documents.values import GuidedValue, SumValue, TableValue
from feerules.plan.lines import Version
from feerules.whatif.billed.altered import FeeAlone, Patch
from feerules.whatif.billed.alternatives import (
    Alternative,
    charges_of,
    charging,
    in_part,
    other_value,
    prefixed,
)

__all__ = ["PRICES", "cells_of"]

ZERO = parse_formula("0")
YEARS = tuple(MonthDay(month, 1) for month in (1, 4, 7, 10))
MOST_ROWS = 40  # rates of a table that are tried one by one


def _rows(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    """Every rate of a price table, for every unit."""
    for part, charge in charges_of(fee):
        spec, remade = _table_of(charge.rate)
        for rate, (number, cells) in [*_rates(spec).items()][:MOST_ROWS]:
            patch = _in_version(version, charging(part, "rate", remade(parse_formula(rate))))
            change = in_part(part, {"row": number, "cells": cells, "rate": rate})
            name = f"{prefixed(part)}{number}-{version.schedule.version_name}"
            # A line tells in which row of the fee's own table it stands.
            row = "" if part else str(number)
            yield Alternative("row", name, of, change, 2, {of: (patch,)}, row=row)


def _in_version(only: Version, patch: Patch) -> Patch:
    return lambda version, fee: patch(version, fee) if version is only else None


def _table_of(rate: Any) -> tuple[TableValue | None, Callable[[Any], Any]]:
    """The table that a rate is read from, and how a rate is made of a number in its place."""
    if isinstance(rate, GuidedValue) and isinstance(rate.base, TableValue):
        return rate.base, lambda value: rate.model_copy(update={"base": value})
    return (rate if isinstance(rate, TableValue) else None), lambda value: value


def _rates(spec: TableValue | None) -> dict[str, tuple[int, dict[str, str]]]:
    """The rates of a table with one column of them: each with the first row that has it, and its cells."""
    if spec is None or spec.table is None or spec.components:
        return {}
    names = [str(head.name) for head in spec.table.header]
    output = next((name for name in (spec.output, "rate", "base") if name in names), None)
    if output is None:
        return {}
    at = names.index(str(output))
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for row in spec.table.rows:
        if _is_number(str(row.cells[at])):
            found.setdefault(str(row.cells[at]), (row.number, _cells(names, row)))
    return found


def _cells(names: list[str], row: Row) -> dict[str, str]:
    """The conditions of a row; what its table has for people is none."""
    told = zip(names, row.cells, strict=True)
    return {name: str(cell) for name, cell in told if name not in ("note", "rate", "base", "说明", "备注")}


def _is_number(text: str) -> bool:
    try:
        parse_formula(text)
    except ValueError:
        return False
    return not parse_formula(text).names()


def _components(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    """A part, a component of the rate, or the float of a guided price, left out."""
    for name in fee.parts if len(fee.parts) > 1 else ():
        left = {key: part for key, part in fee.parts.items() if key != name}
        yield other_value("part", name, of, "parts", name, None, left, 1)
    for part, charge in charges_of(fee):
        for code, name, told, value in _with_less(charge.rate):
            patches = {of: (charging(part, "rate", value),)}
            yield Alternative(code, f"{prefixed(part)}{name}", of, in_part(part, told), 1, patches)


def _with_less(rate: Any) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    """(code, name, change, rate) of a rate without each of what it is a sum of."""
    if isinstance(rate, SumValue) and len(rate.sum) > 1:
        for name in rate.sum:
            left = {key: each for key, each in rate.sum.items() if key != name}
            yield "component", name, {"component": [name, None]}, rate.model_copy(update={"sum": left})
    if isinstance(rate, GuidedValue) and rate.float is not None:
        yield "float", "ignored", {"float": [True, None]}, rate.model_copy(update={"float": None})


def _versions(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    """The fee as the version before or after has it."""
    for versions in alone.documents:
        for before, after in pairwise(versions):
            for now, other, name in ((after, before, "earlier"), (before, after, "later")):
                if now is version and of in other.schedule.fees:
                    value = other.schedule.fees[of]
                    told = [now.schedule.version_name, other.schedule.version_name]
                    yield Alternative("version", name, of, {"version": told}, 1, {of: (_whole(now, value),)})


def _whole(now: Version, value: Fee) -> Patch:
    def patch(version: Version, _fee: Fee) -> Fee | None:
        return value if version.first == now.first and version.schedule.id == now.schedule.id else None

    return patch


def _tiers(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    for part, charge in charges_of(fee):
        if charge.tiers is not None:
            for code, name, change, value, cost in _other_tiers(charge.tiers):
                patches = {of: (charging(part, "tiers", charge.tiers.model_copy(update=value)),)}
                yield Alternative(code, f"{prefixed(part)}{name}", of, in_part(part, change), cost, patches)


Try = tuple[str, str, dict[str, Any], dict[str, Any], int]


def _other_tiers(tiers: Tiers) -> Iterator[Try]:
    over = tiers.over
    if over is not None and over.used_before is not None:
        told = {"used_before": [str(over.used_before), None]}
        yield "used_before", "ignored", told, {"over": over.model_copy(update={"used_before": ZERO})}, 1
    if over is not None and over.year_from is not None:
        ours = str(over.year_from)
        for day in YEARS:
            if day != over.year_from:
                other = over.model_copy(update={"year_from": day})
                yield "tier_year", str(day), {"year_from": [ours, str(day)]}, {"over": other}, 1
        yield "tier_year", "none", {"year_from": [ours, None]}, {"over": None}, 2
    if tiers.raise_bounds:
        yield "raise_bounds", "ignored", {"raise_bounds": [True, None]}, {"raise_bounds": ()}, 1
    if tiers.prorate_bounds is not None:
        yield "raise_bounds", "whole", {"prorate_bounds": [True, None]}, {"prorate_bounds": None}, 1
    for kind in ("graduated", "volume", "step"):
        if kind != tiers.kind and tiers.kind in ("graduated", "volume", "step"):
            yield "tiers", kind, {"kind": [tiers.kind, kind]}, {"kind": kind}, 2


# Quantities, shares


def _quantities(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    for part, charge in charges_of(fee):
        per = charge.per
        if isinstance(per, FactQuantity) and per.times != 1:
            value = per.model_copy(update={"times": Decimal(1)})
            change = in_part(part, {"times": [str(per.times), "1"]})
            patches = {of: (charging(part, "per", value),)}
            yield Alternative("quantity_times", f"{prefixed(part)}ignored", of, change, 1, patches)


def _shares(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    for part, charge in charges_of(fee):
        if charge.share is None:
            continue
        numbers = [name for name, fact in version.names.facts.items() if fact.kind == "decimal"]
        ours = str(charge.share.by) if isinstance(charge.share.by, Formula) else "table"
        for by in ("1", *[name for name in numbers if name in ("area", "floor_area", "built_area")]):
            if by != ours:
                value = charge.share.model_copy(update={"by": parse_formula(by)})
                change = in_part(part, {"share": [ours, by]})
                yield Alternative(
                    "share", f"{prefixed(part)}{by}", of, change, 1, {of: (charging(part, "share", value),)}
                )


def cells_of(alone: FeeAlone, of: str, number: str) -> dict[str, str]:
    """The cells of a row of a fee's price table, by its number; none where no row holds."""
    for version in alone.versions():
        fee = version.schedule.fees.get(of)
        spec = None if fee is None else _table_of(fee.rate)[0]
        table = None if spec is None else spec.table
        if table is not None and number.isdigit() and 0 < int(number) <= len(table.rows):
            return _cells([str(head.name) for head in table.header], table.rows[int(number) - 1])
    return {}


PRICES = (_rows, _components, _versions, _tiers, _quantities, _shares)
