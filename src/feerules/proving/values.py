"""The values of facts in cases: plain ones to start from, and as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from feerules.money import scaled_text
from feerules.periods import day_number, from_day_number
from feerules.plan.nodes import Leaf

__all__ = ["plain_value", "text_of"]

MINUTES = 1440
# What identifies a unit or an account, and what stands for one that no rule names.
IDS: Mapping[str, str] = {
    "unit_id": "A-1", "building_id": "B-1", "estate_id": "E-1", "account_id": "A-1", "parent_unit_id": "P-1",
}  # fmt: skip
NUMBERS = (100, 10, 1, 0)
COUNTS = (1, 2, 3, 0)
YEARS_BEFORE = 5


def plain_value(leaf: Leaf, day: date) -> int | None:
    """A value that is nothing special; for a date one long before `day`. None for a fact that may be left out."""
    if leaf.default is not None:
        return leaf.default
    if leaf.optional:
        return None
    match leaf.kind:
        case "decimal":
            return next((x for n in NUMBERS if leaf.lo <= (x := n * 10**leaf.places) <= leaf.hi), leaf.lo)
        case "integer":
            return next((n for n in COUNTS if leaf.lo <= n <= leaf.hi), leaf.lo)
        case "date":
            return min(max(day_number(date(max(day.year - YEARS_BEFORE, 1900), 1, 1)), leaf.lo), leaf.hi)
        case "datetime":
            return min(max(day_number(day) * MINUTES + 480, leaf.lo), leaf.hi)
        case "text":
            return leaf.hi  # none that a rule names
        case _:
            return leaf.lo


def text_of(leaf: Leaf, value: int) -> str:
    """An encoded value as a case gives it."""
    match leaf.kind:
        case "decimal" | "integer":
            text = scaled_text(value, leaf.places)
            return text.rstrip("0").rstrip(".") if leaf.places else text
        case "boolean":
            return "true" if value else "false"
        case "date":
            return from_day_number(value).isoformat()
        case "datetime":
            day, minute = divmod(value, MINUTES)
            return f"{from_day_number(day).isoformat()}T{minute // 60:02}:{minute % 60:02}"
    return leaf.codes[value] if value < len(leaf.codes) else _another(leaf)


def _another(leaf: Leaf) -> str:
    """A text that no rule names."""
    word = IDS.get(leaf.name, "other")
    while word in leaf.codes:
        word += "-1"
    return word
