"""Other ways to round, to count days, to judge conditions, to adjust and to tax."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

from feerules.documents.charging import Adjustment, Mode, Prorate, Rounding
from feerules.documents.schedule import Fee
from feerules.documents.values import TableValue
from feerules.money import ROUNDING_MODES
from feerules.plan.lines import Version
from feerules.whatif.billed.altered import FeeAlone
from feerules.whatif.billed.alternatives import Alternative, other_value, setting

__all__ = ["RULES"]

MODES: tuple[Mode, ...] = ROUNDING_MODES
PRORATIONS: tuple[Prorate, ...] = get_args(Prorate)
FEN = Decimal("0.01")
COARSE = (Decimal("0.1"), Decimal(1))

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
    return other_value("rounding", name, of, "rounding", ours, theirs, rules, cost)


def _told(rule: Rounding) -> dict[str, str]:
    return {"stage": rule.stage, "unit": str(rule.step), "mode": rule.mode}


# Days


def _days(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    season = fee.every is not None and fee.every.season is not None
    ours = fee.prorate or ("cycle_days" if season else "calendar_days")
    for each in PRORATIONS:
        if each != ours:
            yield other_value("prorate", each, of, "prorate", ours, each, each, 1)
    for code, key, side in (("start", "starts", "before"), ("end", "ends", "after")):
        rule = getattr(fee, key)
        if rule is not None:
            yield other_value(code, "ignored", of, key, str(rule.fact), None, None, 2)
            if getattr(rule, side) != "nobody":
                value = rule.model_copy(update={side: "nobody"})
                change = {"fact": str(rule.fact), f"{key}.{side}": [getattr(rule, side), "nobody"]}
                yield Alternative(code, side, of, change, 2, {of: (setting(key, value),)})
    judged = "each_month" if fee.judged == "at_start" else "at_start"
    if fee.every is not None and fee.every.length != 1:
        yield other_value("judged", judged, of, "judged", fee.judged, judged, judged, 2)
    if fee.rate_per is not None:
        for per in ("month", "quarter", "year", "day", "cycle"):
            if per != fee.rate_per:
                yield other_value("rate_per", per, of, "rate_per", fee.rate_per, per, per, 3)


# Whom it is for, and what changes the amount


def _conditions(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    for name, cell in fee.applies.items():
        left = {key: value for key, value in fee.applies.items() if key != name}
        change: dict[str, Any] = {"applies": {name: [str(cell), None]}}
        yield Alternative("condition", f"{name}-ignored", of, change, 2, {of: (setting("applies", left),)})
    for place in ("minimum", "maximum", "ceiling"):
        if getattr(fee, place) is not None:
            yield other_value(place, "ignored", of, place, True, None, None, 1)
    for place in ("minimum", "maximum"):
        limit = getattr(fee, place)
        if limit is not None:
            other = limit.model_copy(update={"whole": not limit.whole})
            change = {f"{place}.whole": [limit.whole, not limit.whole]}
            yield Alternative(place, "whole", of, change, 1, {of: (setting(place, other),)})


def _adjustments(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    rules = fee.adjustments
    for number, rule in enumerate(rules):
        about = {"adjustment": number + 1, "title": _titled(rule)}
        for code, cost, value in (
            ("adjustment", 1, rules[:number] + rules[number + 1 :]),
            ("adjustment_twice", 2, (*rules[: number + 1], *rules[number:])),
        ):
            yield Alternative(code, str(number + 1), of, about, cost, {of: (setting("adjustments", value),)})
        for name, cell in rule.when.items():
            when = {key: value for key, value in rule.when.items() if key != name}
            value = (*rules[:number], rule.model_copy(update={"when": when}), *rules[number + 1 :])
            change = {**about, "when": {name: [str(cell), None]}}
            patches = {of: (setting("adjustments", value),)}
            yield Alternative("adjustment_when", f"{number + 1}-{name}", of, change, 2, patches)
    if len(rules) > 1:
        change = {"adjustment": None, "title": {}}
        yield Alternative("adjustment", "all", of, change, 2, {of: (setting("adjustments", ()),)})


def _titled(rule: Adjustment) -> dict[str, str]:
    return {} if rule.title is None else {"zh": rule.title.zh, "en": rule.title.en}


def _taxes(alone: FeeAlone, version: Version, of: str, fee: Fee) -> Iterator[Alternative]:
    if fee.tax is not None and of == alone.fee_id:
        other = fee.tax.model_copy(update={"included": not fee.tax.included})
        told = ["included", "on_top"] if fee.tax.included else ["on_top", "included"]
        yield Alternative("tax", told[1], of, {"tax": told}, 1, {of: (setting("tax", other),)})


RULES = (_rounding, _days, _conditions, _adjustments, _taxes)
