"""Two causes on one line: which two alternatives, taken together, are likely to come to what was billed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

import numpy as np

from feerules.whatif.billed.alternatives import Alternative
from feerules.whatif.billed.trials import Fen, Lines, Mask, Trial

__all__ = ["PAIRED", "likely_pairs"]

# What can be altered together with something else; a bill that is all wrong is no part of a pair.
PAIRED = frozenset(
    (
        "adjustment", "adjustment_twice", "adjustment_when", "ceiling",
        "component", "condition", "end",
        "float", "judged", "maximum", "minimum",
        "part",
        "prorate", "quantity", "quantity_off", "quantity_rounded", "quantity_times", "raise_bounds", "rounding", "start",
        "tax", "tier_year", "tiers", "used_before", "version",
    )
)  # fmt: skip
LINES = 500  # that are looked at
MOST = 16  # pairs that are worked out
ENOUGH = 0.05  # of the lines, those that a pair must come near


def likely_pairs(
    alternatives: Sequence[Alternative], trials: Sequence[Trial], lines: Lines, left: Mask
) -> list[Alternative]:
    """The pairs that come nearest to lines that no single alternative explains.

    What both come to is guessed from what each comes to: their changes add up, or their factors multiply.
    """
    left = left & lines.charged & lines.sent
    if not left.any():
        return []
    places = np.flatnonzero(left)[:: -(-int(left.sum()) // LINES)]
    ours, billed = lines.ours[places], lines.billed[places]
    amounts = {each.alternative.key: each.amounts[places] for each in trials if each.known[places].any()}
    known = [
        each
        for each in alternatives
        if each.code in PAIRED and (each.code == "rounding" or each.key in amounts)
    ]
    scored = []
    for number, (one, other) in enumerate(_pairs(known)):
        near = _near(
            amounts.get(one.key, ours), amounts.get(other.key, ours), ours, billed, _tolerance(one, other)
        )
        if near >= max(1.0, ENOUGH * len(places)):
            scored.append((-near, one.cost + other.cost, number, one, other))
    return [one.joined(other) for *_, one, other in sorted(scored, key=lambda each: each[:3])[:MOST]]


def _pairs(known: Sequence[Alternative]) -> Iterator[tuple[Alternative, Alternative]]:
    for one, other in combinations(known, 2):
        if (one.code, one.of) != (other.code, other.of):
            # What is rounded comes last: it is the smallest change.
            yield (other, one) if one.code == "rounding" else (one, other)


def _tolerance(one: Alternative, other: Alternative) -> int:
    """How many fen a guess may be off: as far as a rounding may move an amount."""
    units = [_unit(each.change) for each in (one, other) if each.code == "rounding"]
    return max([2, *units])


def _unit(change: Mapping[str, list[list[dict[str, str]]]]) -> int:
    theirs = change["rounding"][1]
    return max(
        (int(Decimal(rule["unit"]) * 100) for rule in theirs if rule["stage"] in ("fee_line", "month")),
        default=2,
    )


def _near(one: Fen, other: Fen, ours: Fen, billed: Fen, tolerance: int) -> float:
    """How many lines the guess comes near; a guess that one of the two makes alone is none."""
    moved = (one != ours) & ((other != ours) | (tolerance <= 200))
    slack = tolerance + np.abs(billed) // 2_000
    added = np.abs(one + other - ours - billed) <= slack
    product = np.abs(one.astype(np.float64) * other / np.where(ours == 0, 1, ours) - billed) <= slack
    return float((moved & (added | product)).sum()) * (1.0 if tolerance <= 2 else 0.9)
