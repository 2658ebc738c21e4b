"""What a cause says to people: one sentence for each sort, in the words of a locale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from feerules.wording import Wording, sentence

__all__ = ["tests_told", "title_of"]

MODES = {
    "half_up": sentence("half up"),
    "half_even": sentence("half to even"),
    "half_down": sentence("half down"),
    "up": sentence("up"),
    "down": sentence("down"),
}
STAGES = {
    "month_fraction": sentence("the part of a month"),
    "rate": sentence("the rate"),
    "component": sentence("each component"),
    "register": sentence("each register"),
    "slice": sentence("each band of the tiers"),
    "month": sentence("the amount of each month"),
    "fee_line": sentence("the amount"),
}
WORDS = {
    "calendar_days": sentence("the days of each month"),
    "thirty_day_months": sentence("months of 30 days"),
    "half_months": sentence("half months"),
    "whole_months": sentence("months, any day of which makes a whole one"),
    "full_months": sentence("full months alone"),
    "next_month": sentence("months from the one after the first day"),
    "days_365": sentence("days of a year of 365"),
    "days_of_year": sentence("days of the year"),
    "cycle_days": sentence("days of the whole cycle"),
    "none": sentence("no part: all or nothing"),
    "at_start": sentence("at the start of the cycle"),
    "each_month": sentence("month by month"),
    "month": sentence("a month"),
    "quarter": sentence("a quarter"),
    "half_year": sentence("half a year"),
    "year": sentence("a year"),
    "day": sentence("a day"),
    "cycle": sentence("the whole cycle"),
    "graduated": sentence("each band at its own rate"),
    "volume": sentence("all of it at the rate of the highest band"),
    "step": sentence("a fixed sum for the highest band"),
    "1": sentence("units, each alike"),
    "table": sentence("the weights of a table"),
    "decimal_half_even": sentence("to the nearest of two decimals"),
    "scaled_half_up": sentence("times 100, half up"),
    "scaled_half_even": sentence("times 100, half to even"),
}
# By code, or code and name: what is told with the fields of `_fields`.
TITLES = {
    "rounding": sentence("Rounded otherwise: {theirs}; the book rounds {ours}"),
    "float_arithmetic": sentence("Worked out in binary floating point, and rounded {theirs}"),
    "prorate": sentence("A part of a cycle counted by {theirs}, and not by {ours}"),
    "judged": sentence("Conditions judged {theirs}, and not {ours}"),
    "rate_per": sentence("The rate taken for {theirs}, and not for {ours}"),
    "start": sentence("Days before {fact} billed too"),
    "start.before": sentence("Days before {fact} not billed to whoever paid until then"),
    "end": sentence("Days from {fact} on billed too"),
    "end.after": sentence("Days from {fact} on not billed to whoever pays from then on"),
    "version.earlier": sentence("Still billed by the version {theirs}"),
    "version.later": sentence("Already billed by the version {theirs}"),
    "condition": sentence("Billed without regard to the condition {cells}"),
    "minimum": sentence("The minimum not applied"),
    "minimum.whole": sentence("The minimum of a part of a cycle taken otherwise"),
    "maximum": sentence("The maximum not applied"),
    "maximum.whole": sentence("The maximum of a part of a cycle taken otherwise"),
    "ceiling": sentence("The ceiling of the rate not applied"),
    "adjustment": sentence('The adjustment "{title}" left out'),
    "adjustment.all": sentence("Every adjustment left out"),
    "adjustment_twice": sentence('The adjustment "{title}" applied twice'),
    "adjustment_when": sentence('The adjustment "{title}" applied without regard to {cells}'),
    "tax.on_top": sentence("Tax added on top of an amount that includes it"),
    "tax.included": sentence("Tax on top not added"),
    "tax.None": sentence("Billed without the tax in the amount"),
    "tax_added": sentence("Tax of {theirs} added"),
    "tax_taken_off": sentence("Tax of {ours} taken off"),
    "row": sentence("Billed by row {theirs} of the table ({cells}) instead of row {ours} ({own_cells})"),
    "row.none": sentence("Billed by row {theirs} of the table ({cells}), where no row holds"),
    "part": sentence("The part {ours} left out"),
    "component": sentence("The component {ours} left out"),
    "float": sentence("The base price, without its float"),
    "rate": sentence("Billed at a rate of {theirs}"),
    "used_before": sentence("Usage earlier in the tier year not counted"),
    "tier_year": sentence("The tier year begins on {theirs}, and not on {ours}"),
    "tier_year.none": sentence("Tiers begin anew with every bill"),
    "raise_bounds": sentence("Bounds of tiers not raised"),
    "raise_bounds.whole": sentence("Bounds of tiers not cut to the months in force"),
    "tiers": sentence("Tiers priced otherwise: {theirs}"),
    "quantity": sentence("Quantity taken from the column {theirs}, and not from {ours}"),
    "quantity_rounded": sentence("{ours} rounded to {theirs} decimals"),
    "quantity_off": sentence("{ours} off by {theirs}"),
    "quantity_times": sentence("The factor {ours} of the quantity left out"),
    "share": sentence("Shared by {theirs}, and not by {ours}"),
    "share_rounding": sentence("Every share rounded by itself ({theirs}), so that shares miss their total"),
    "period.before": sentence("The bill of the period before"),
    "period.before-beside": sentence("The period before billed again"),
    "period.after": sentence("The bill of the next period"),
    "period.after-beside": sentence("The next period billed too"),
    "times": sentence("Billed {theirs} times"),
    "slip": sentence("The decimal point slipped: {theirs} times the amount"),
    "sign": sentence("The sign turned round"),
    "missing": sentence("Not billed"),
    "missing.never": sentence("Never billed"),
    "extra": sentence("Billed, though not owed"),
    "unknown_fee": sentence("A fee that the book does not have"),
    "unknown_unit": sentence("Units that the estate does not have"),
    "renamed": sentence("Billed under the name {theirs}"),
}
TESTS = {
    "=": sentence("{fact} = {value}"),
    "in": sentence("{fact} in {value}"),
    ">=": sentence("{fact} ≥ {value}"),
    "<=": sentence("{fact} ≤ {value}"),
    "null": sentence("{fact} not told"),
    "known": sentence("{fact} told"),
    "in_period": sentence("{fact} in the period"),
    "before_period": sentence("{fact} before the period"),
    "after_period": sentence("{fact} after the period"),
}


def title_of(code: str, name: str, of: str, fee: str, change: Mapping[str, Any], words: Wording) -> str:
    """One sentence on a cause, without its end."""
    if code == "combination":
        told = [
            title_of(each["code"], each["name"], of, of, {k: v for k, v in each.items() if k not in ("code", "name")}, words)
            for each in change["all_of"]
        ]  # fmt: skip
        text = words.text("{one}; and: {other}", one=told[0], other=told[1])
    else:
        text = words.text(_message(code, name, change), **_fields(code, change, words))
    return text if of == fee else words.text("{title} (in {fee})", title=text, fee=of)


def _message(code: str, name: str, change: Mapping[str, Any]) -> str:
    if code == "row" and not change.get("own_row"):
        return TITLES["row.none"]
    if code == "tax":
        return TITLES[f"tax.{change['tax'][1]}"]
    sort = name.rpartition("whole")[1] or name
    return TITLES.get(f"{code}.{sort}") or TITLES[code]


def _fields(code: str, change: Mapping[str, Any], words: Wording) -> dict[str, str]:
    """Every field that a title may have; most have one or two of them."""
    ours, theirs = _pair(change)
    fields = {"ours": _told(ours, words), "theirs": _told(theirs, words), "fact": _told(ours, words)}
    if code == "rounding":
        fields |= {"ours": _rounding(ours, theirs, words), "theirs": _rounding(theirs, ours, words)}
    if code in ("start", "end"):
        fields["fact"] = str(change.get("fact", ours))
    if code == "row":
        own, cells = change.get("own_cells", {}), change["cells"]
        keys = [key for key in cells if cells[key] != own.get(key)] or [*cells]
        fields |= {"theirs": str(change["row"]), "ours": str(change.get("own_row", ""))}
        fields |= {
            "cells": _cells(cells, words, keys),
            "own_cells": _cells(own, words, [k for k in keys if k in own]),
        }
    conditions = change.get("applies") or change.get("when")
    if isinstance(conditions, Mapping):
        fields["cells"] = _cells({key: cell for key, (cell, _) in conditions.items()}, words)
    if "title" in change:
        fields["title"] = words.title(change["title"], str(change.get("adjustment", "")))
    return fields


def _pair(change: Mapping[str, Any]) -> tuple[Any, Any]:
    """What the book has, and what the other system: [ours, theirs], or the other's alone."""
    for key, value in change.items():
        if isinstance(value, list) and len(value) == 2 and key != "all_of":
            return value[0], value[1]
    alone = [value for key, value in change.items() if key in ("factor", "rate", "rounding", "name")]
    return "", alone[0] if alone else ""


def _told(value: Any, words: Wording) -> str:
    text = str(value)
    if text in WORDS:
        return words.text(WORDS[text])
    if text in MODES:
        return words.text(MODES[text])
    return text


def _rounding(rules: Sequence[Mapping[str, str]], others: Sequence[Mapping[str, str]], words: Wording) -> str:
    """The rules of one side that the other has not; all of them where it has them all."""
    if not isinstance(rules, list):
        return ""
    own = [each for each in rules if each not in others] or rules
    return words.listed(
        words.text(
            "{stage} to {unit}, {mode}",
            stage=words.text(STAGES[each["stage"]]),
            unit=each["unit"],
            mode=words.text(MODES[each["mode"]]),
        )
        for each in own
    )


def _cells(cells: Mapping[str, str], words: Wording, keys: Sequence[str] | None = None) -> str:
    told = [f"{key}: {cells[key]}" for key in (cells if keys is None else keys)]
    return words.listed(told) if told else "-"


def tests_told(tests: Sequence[Mapping[str, Any]], words: Wording) -> str:
    """Conditions as people read them, such as "vacant = true, floor ≥ 7"."""
    return words.listed(
        words.text(TESTS[each["test"]], fact=each["fact"], value=_value(each["value"], words))
        for each in tests
    )


def _value(value: Any, words: Wording) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return words.listed(_value(each, words) for each in value)
        case float() | Decimal():
            return f"{Decimal(str(value)).normalize():f}"
    return str(value)
