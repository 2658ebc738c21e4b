"""The guards of a plan as engines of many rows judge them: those that some row can fail, in order."""

from __future__ import annotations

from collections.abc import Iterator

from feerules.plan.nodes import Const, Guard, Plan

__all__ = ["CODES", "guards_of"]

# Why a fact cannot be read.
CODES = ("missing", "wrong_type", "imprecise", "out_of_domain", "unknown_value")


def guards_of(plan: Plan) -> Iterator[Guard]:
    """The guards that some row can fail: first for every fact, in order, whether it can be read."""
    by_fact = {id(guard.fact): guard for guard in plan.guards if guard.ok is None}
    always = Const(1, 1, 0, 1)
    for leaf in plan.leaves:
        guard = by_fact.get(id(leaf)) or Guard("unreadable", always, None, leaf)
        if guard.need.hi:
            yield guard
    for guard in plan.guards:
        if guard.ok is not None and guard.need.hi and not guard.ok.lo:
            yield guard
