"""What another system may do instead of a rule: for each fee, the same fee with one rule altered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any, get_args

import polars as pl

from feerules.documents.charging import Adjustment, Charge, FactQuantity, Mode, Prorate, Rounding, Tiers
from feerules.documents.fields import MonthDay
from feerules.documents.formulas import Formula, parse_formula
from feerules.documents.schedule import Fee
from feerules.documents.values import TableValue
from feerules.money import ROUNDING_MODES
from feerules.plan.lines import Version
from feerules.whatif.altered import FeeAlone, Patch

__all__ = ["Alternative", "Facts", "alternatives_of", "cells_of", "shared_alternatives"]

Facts = Callable[[pl.LazyFrame], pl.LazyFrame]
MODES: tuple[Mode, ...] = ROUNDING_MODES
PRORATIONS: tuple[Prorate, ...] = get_args(Prorate)
ZERO = parse_formula("0")
FEN = Decimal("0.01")
COARSE = (Decimal("0.1"), Decimal(1))
YEARS = tuple(MonthDay(month, 1) for month in (1, 4, 7, 10))
MOST_ROWS = 40  # rates of a table that are tried one by one


@dataclass(frozen=True)
class Alternative:
    """One other way to come to the amounts of a fee.

    `change` says it as data: for a rule the book's and the other, [ours, theirs]. `of` is the fee whose
    rule differs: a fee on other fees' amounts differs where they do. `cost` is how far-fetched it is.
    """

    code: str
    name: str
    of: str
    change: Mapping[str, Any]
    cost: int = 1
    patches: Mapping[str, tuple[Patch, ...]] = field(default_factory=dict)
    facts: Facts | None = None
    months: int = 0  # how many months another period is away
    beside: bool = False  # whether the book's own amount is billed too
    row: str = ""  # the row of the table that holds for everybody; =3 for another rate in row 3

    @property
    def key(self) -> str:
        return f"{self.of}/{self.code}/{self.name}"

    @property
    def general(self) -> str:
        """The key without the row that a unit stands in by the book, which is told after a |."""
        return self.key.partition("|")[0]

    @property
    def own_row(self) -> str:
        return self.name.partition("|")[2]

    def may_replace(self, own: str) -> bool:
        """Whether it says something of units that stand in a row by the book."""
        return self.row == f"={own}" if self.row.startswith("=") else self.row != own

    def joined(self, other: Alternative) -> Alternative:
        """Both at once."""
        patches = {
            name: (*self.patches.get(name, ()), *other.patches.get(name, ()))
            for name in (*self.patches, *other.patches)
        }
        facts = [each for each in (self.facts, other.facts) if each is not None]
        return Alternative(
            "combination", f"{self.code}:{self.name}+{other.code}:{other.name}", self.of,
            {"all_of": [{"code": each.code, "name": each.name, **each.change} for each in (self, other)]},
            self.cost + other.cost + 2, patches, _one_after_another(facts) if facts else None,
        )  # fmt: skip


def _one_after_another(facts: list[Facts]) -> Facts:
    def both(frame: pl.LazyFrame) -> pl.LazyFrame:
        for each in facts:
            frame = each(frame)
        return frame

    return both


def alternatives_of(alone: FeeAlone) -> list[Alternative]:
    """Every alternative of a fee's rules, and of the rules of the fees that it needs."""
    found: dict[str, Alternative] = {}
    for name in alone.fees():
        for version in alone.versions():
            if name in version.schedule.fees:
                for family in FAMILIES:
                    for each in family(alone, version, name, version.schedule.fees[name]):
                        found.setdefault(each.key, each)
    return [*found.values()]


def shared_alternatives(alone: FeeAlone) -> list[Alternative]:
    """Of a fee that is a part of a pool, those that say how the pool is divided and what is done to the part."""
    codes = ("rounding", "share", "adjustment", "tax", "condition", "prorate")
    return [each for each in alternatives_of(alone) if each.code in codes]


def _setting(name: str, value: Any) -> Patch:
    return lambda _version, fee: None if getattr(fee, name) == value else fee.model_copy(update={name: value})


def _simple(
    code: str, name: str, of: str, key: str, ours: Any, theirs: Any, value: Any, cost: int
) -> Alternative:
    """The same rule with another value, told as [ours, theirs]."""
    return Alternative(code, name, of, {key: [ours, theirs]}, cost, {of: (_setting(key, value),)})


# Rounding


def _rounding(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    ours = [_told(each) for each in fee.rounding] or [_told(Rounding())]
    own = [each for each in fee.rounding if each.stage == "fee_line"]
    others = tuple(each for each in fee.rounding if each.stage != "fee_line")
    tries = [(FEN, mode) for mode in MODES]
    tries += [(unit, mode) for unit in COARSE for mode in ("half_up", "down", "up")]
    current = [(each.step, each.mode) for each in own] or [(FEN, "half_up")]
    for unit, mode in tries:
        if [(unit, mode)] != current:
            rule = Rounding(stage="fee_line", unit=unit, mode=mode)
            yield _rounded(of, f"{unit}-{mode}", ours, (*others, rule), 1 if unit == FEN else 2)
    for stage, unit in _stages(fee):
        kept = tuple(each for each in fee.rounding if each.stage != stage)
        if kept != fee.rounding:
            yield _rounded(of, f"no-{stage}", ours, kept, 1)
        for mode in ("half_up", "down"):
            rule = Rounding(stage=stage, unit=unit, mode=mode)
            if rule not in fee.rounding:
                yield _rounded(of, f"{stage}-{unit}-{mode}", ours, (rule, *kept), 2)


def _stages(fee: Fee) -> Iterator[tuple[Any, Decimal]]:
    """The stages before the line at which a fee may be rounded, and to what."""
    charges = (fee, *fee.parts.values())
    yield "month", FEN
    yield "rate", FEN
    if any(each.tiers for each in charges):
        yield "slice", FEN
    if any(each.registers for each in charges):
        yield "register", FEN
    if fee.parts or isinstance(fee.rate, TableValue):
        yield "component", FEN
    for places in (2, 3, 4):
        yield "month_fraction", Decimal(1).scaleb(-places)


def _rounded(of: str, name: str, ours: Any, rules: tuple[Rounding, ...], cost: int) -> Alternative:
    theirs = [_told(each) for each in rules] or [_told(Rounding())]
    return _simple("rounding", name, of, "rounding", ours, theirs, rules, cost)


def _told(rule: Rounding) -> dict[str, str]:
    return {"stage": rule.stage, "unit": str(rule.step), "mode": rule.mode}


# Days


def _days(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    season = fee.every is not None and fee.every.season is not None
    ours = fee.prorate or ("cycle_days" if season else "calendar_days")
    for each in PRORATIONS:
        if each != ours:
            yield _simple("prorate", each, of, "prorate", ours, each, each, 1)
    for code, key, side in (("start", "starts", "before"), ("end", "ends", "after")):
        rule = getattr(fee, key)
        if rule is not None:
            yield _simple(code, "ignored", of, key, str(rule.fact), None, None, 2)
            if getattr(rule, side) != "nobody":
                value = rule.model_copy(update={side: "nobody"})
                change = {"fact": str(rule.fact), f"{key}.{side}": [getattr(rule, side), "nobody"]}
                yield Alternative(code, side, of, change, 2, {of: (_setting(key, value),)})
    judged = "each_month" if fee.judged == "at_start" else "at_start"
    if fee.every is not None and fee.every.length != 1:
        yield _simple("judged", judged, of, "judged", fee.judged, judged, judged, 2)
    if fee.rate_per is not None:
        for per in ("month", "quarter", "year", "day", "cycle"):
            if per != fee.rate_per:
                yield _simple("rate_per", per, of, "rate_per", fee.rate_per, per, per, 3)


# Whom it is for, and what changes the amount


def _conditions(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    for name, cell in fee.applies.items():
        left = {key: value for key, value in fee.applies.items() if key != name}
        change: dict[str, Any] = {"applies": {name: [str(cell), None]}}
        yield Alternative("condition", f"{name}-ignored", of, change, 2, {of: (_setting("applies", left),)})
    for place in ("minimum", "maximum", "ceiling"):
        if getattr(fee, place) is not None:
            yield _simple(place, "ignored", of, place, True, None, None, 1)
    for place in ("minimum", "maximum"):
        limit = getattr(fee, place)
        if limit is not None:
            other = limit.model_copy(update={"whole": not limit.whole})
            change = {f"{place}.whole": [limit.whole, not limit.whole]}
            yield Alternative(place, "whole", of, change, 1, {of: (_setting(place, other),)})


def _adjustments(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    rules = fee.adjustments
    for number, rule in enumerate(rules):
        about = {"adjustment": number + 1, "title": _titled(rule)}
        for code, cost, value in (
            ("adjustment", 1, rules[:number] + rules[number + 1 :]),
            ("adjustment_twice", 2, (*rules[: number + 1], *rules[number:])),
        ):
            yield Alternative(code, str(number + 1), of, about, cost, {of: (_setting("adjustments", value),)})
        for name, cell in rule.when.items():
            when = {key: value for key, value in rule.when.items() if key != name}
            value = (*rules[:number], rule.model_copy(update={"when": when}), *rules[number + 1 :])
            change = {**about, "when": {name: [str(cell), None]}}
            patches = {of: (_setting("adjustments", value),)}
            yield Alternative("adjustment_when", f"{number + 1}-{name}", of, change, 2, patches)
    if len(rules) > 1:
        change = {"adjustment": None, "title": {}}
        yield Alternative("adjustment", "all", of, change, 2, {of: (_setting("adjustments", ()),)})


def _titled(rule: Adjustment) -> dict[str, str]:
    return {} if rule.title is None else {"zh": rule.title.zh, "en": rule.title.en}


def _taxes(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    if fee.tax is not None and of == alone.fee_id:
        other = fee.tax.model_copy(update={"included": not fee.tax.included})
        told = ["included", "on_top"] if fee.tax.included else ["on_top", "included"]
        yield Alternative("tax", told[1], of, {"tax": told}, 1, {of: (_setting("tax", other),)})


# Prices


def _charges(fee: Fee) -> Iterator[tuple[str, Charge]]:
    yield "", fee
    yield from fee.parts.items()


def _charging(part: str, name: str, value: Any) -> Patch:
    """Sets a key of the fee itself, or of one of its parts."""
    if not part:
        return _setting(name, value)

    def patch(_version: Version, fee: Fee) -> Fee | None:
        if part not in fee.parts:
            return None
        changed = fee.parts[part].model_copy(update={name: value})
        return fee.model_copy(update={"parts": {**fee.parts, part: changed}})

    return patch


def _in_part(part: str, change: dict[str, Any]) -> dict[str, Any]:
    return {"part": part, **change} if part else change


def _rows(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    """Every rate of a price table, for every unit."""
    for part, charge in _charges(fee):
        rates = _rates(charge)
        for rate, (number, cells) in [*rates.items()][:MOST_ROWS]:
            value: Any = parse_formula(rate)

            def patch(of_version: Version, each: Fee, *, value: Any = value, part: str = part) -> Fee | None:
                return _charging(part, "rate", value)(of_version, each) if of_version is version else None

            change = _in_part(part, {"row": number, "cells": cells, "rate": rate})
            name = f"{part}{number}-{version.schedule.version_name}"
            yield Alternative("row", name, of, change, 2, {of: (patch,)}, row=str(number))


def _rates(charge: Charge) -> dict[str, tuple[int, dict[str, str]]]:
    """The rates of a table with one column of them: each with the first row that has it, and its cells."""
    spec = charge.rate
    if not isinstance(spec, TableValue) or spec.table is None or spec.components:
        return {}
    names = [str(head.name) for head in spec.table.header]
    output = str(spec.output) if spec.output else "rate"
    if output not in names:
        return {}
    at, told = names.index(output), ("note", output)
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for row in spec.table.rows:
        cells = {name: str(cell) for name, cell in zip(names, row.cells, strict=True) if name not in told}
        if _is_number(str(row.cells[at])):
            found.setdefault(str(row.cells[at]), (row.number, cells))
    return found


def _is_number(text: str) -> bool:
    try:
        parse_formula(text)
    except ValueError:
        return False
    return not parse_formula(text).names()


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
    for part, charge in _charges(fee):
        if charge.tiers is not None:
            for code, name, change, value, cost in _other_tiers(charge.tiers):
                patches = {of: (_charging(part, "tiers", charge.tiers.model_copy(update=value)),)}
                yield Alternative(code, f"{part}{name}", of, _in_part(part, change), cost, patches)


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
    for part, charge in _charges(fee):
        per = charge.per
        if isinstance(per, FactQuantity) and per.times != 1:
            value = per.model_copy(update={"times": Decimal(1)})
            change = _in_part(part, {"times": [str(per.times), "1"]})
            patches = {of: (_charging(part, "per", value),)}
            yield Alternative("quantity_times", f"{part}ignored", of, change, 1, patches)


def _shares(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    for part, charge in _charges(fee):
        if charge.share is None:
            continue
        numbers = [name for name, fact in version.names.facts.items() if fact.kind == "decimal"]
        ours = str(charge.share.by) if isinstance(charge.share.by, Formula) else "table"
        for by in ("1", *[name for name in numbers if name in ("area", "floor_area", "built_area")]):
            if by != ours:
                value = charge.share.model_copy(update={"by": parse_formula(by)})
                change = _in_part(part, {"share": [ours, by]})
                yield Alternative(
                    "share", f"{part}{by}", of, change, 1, {of: (_charging(part, "share", value),)}
                )


FAMILIES: tuple[Callable[[FeeAlone, Version, str, Fee], Iterator[Alternative]], ...] = (
    _rounding, _days, _conditions, _adjustments, _taxes, _rows, _versions, _tiers, _quantities, _shares
)  # fmt: skip


def cells_of(alone: FeeAlone, of: str, number: str) -> dict[str, str]:
    """The cells of a row of a fee's price table, by its number; none where no row holds."""
    for version in alone.versions():
        fee = version.schedule.fees.get(of)
        table = fee.rate.table if fee is not None and isinstance(fee.rate, TableValue) else None
        if table is not None and number.isdigit() and 0 < int(number) <= len(table.rows):
            cells = table.rows[int(number) - 1].cells
            names = [str(head.name) for head in table.header]
            return {name: str(cell) for name, cell in zip(names, cells, strict=True) if name != "note"}
    return {}
