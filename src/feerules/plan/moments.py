"""The built-in names: where in a line, a cycle or a month something is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feerules.plan.bounds import Builder
from feerules.plan.names import FIRST_DAY, LAST_DAY
from feerules.plan.nodes import Leaf, Node

__all__ = ["Moment", "anytime"]


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """The values of the built-in names: where in a line or a month conditions are judged."""

    nodes: Mapping[str, Node]


_DAYS = ("judged_on", "line_start", "line_end", "cycle_start", "cycle_end")
_LEAVES = (
    *(Leaf(name, "date", 0, FIRST_DAY, LAST_DAY) for name in _DAYS),
    Leaf("month", "integer", 0, 1, 12),
    Leaf("cycle_months", "integer", 0, 0, 60),
)


def anytime(b: Builder) -> Moment:
    """No moment in particular: every built-in name with all the values it can ever have."""
    return Moment({leaf.name: b.fact(leaf) for leaf in _LEAVES})
