"""Every alternative of a fee."""

from __future__ import annotations

from feerules.whatif.billed.altered import FeeAlone
from feerules.whatif.billed.alternatives import Alternative
from feerules.whatif.billed.price_alternatives import PRICES
from feerules.whatif.billed.rule_alternatives import RULES

__all__ = ["alternatives_of", "shared_alternatives"]

SHARED = ("share", "adjustment", "tax", "condition", "prorate", "start", "end")


def alternatives_of(alone: FeeAlone) -> list[Alternative]:
    """Every alternative of a fee's rules, and of the rules of the fees that it needs."""
    found: dict[str, Alternative] = {}
    for name in alone.fees():
        for version in alone.versions():
            if name in version.schedule.fees:
                for family in (*RULES, *PRICES):
                    for each in family(alone, version, name, version.schedule.fees[name]):
                        found.setdefault(each.key, each)
    return [*found.values()]


def shared_alternatives(alone: FeeAlone) -> list[Alternative]:
    """Of a fee that is a part of a pool, those that say how the pool is divided and what is done to the part."""
    every = alternatives_of(alone)
    return [each for each in every if each.code in SHARED or each.name.startswith(("0.", "1-"))]
