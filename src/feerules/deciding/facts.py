"""The facts of a position as nodes, by name: their values, and whether there are any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from feerules.deciding.questions import Today
from feerules.documents.policy import Step
from feerules.periods import day_number
from feerules.plan.bounds import Builder
from feerules.plan.dunning import Compiled
from feerules.plan.nodes import Fact, Guard, Leaf, Node, Plan, Present, in_order

__all__ = ["DRAWN", "Facts"]

# What a position tells beside its facts, under names that no fact of an account can have.
CONTRADICTORY, STRAY_CREDIT = "@contradictory", "@stray_credit"
EVER = day_number(date.min), day_number(date.max)
DRAWN = {CONTRADICTORY: ("contradictions", None), STRAY_CREDIT: ("warnings", "stray_credit")}


class Facts:
    """The facts of a position under a policy, over the leaves of its plan and more."""

    def __init__(self, b: Builder, compiled: Compiled, today: Today) -> None:
        self.b, self.compiled, self.today = b, compiled, today
        self._asked = {leaf.name for leaf in compiled.plan.leaves}
        ids = tuple(step.id for step in compiled.policy.ladder.steps) if compiled.policy.ladder else ()
        self._beside = {
            leaf.name: leaf
            for leaf in (
                Leaf(CONTRADICTORY, "boolean", 0, 0, 1),
                Leaf(STRAY_CREDIT, "boolean", 0, 0, 1),
                Leaf("@changes_on", "date", 0, *EVER, optional=True),
                Leaf("@hold_reason", "text", 0, 0, 0, optional=True),
                Leaf("@later_step", "text", 0, 0, len(ids), ids, optional=True),
            )
        }

    def _leaf(self, name: str) -> Leaf:
        found = self._beside.get(name) or self.compiled.leaves[name]
        if found.kind == "date" and name not in self._asked and name not in self._beside:
            # Of a day that no rule compares, only its being there matters.
            found = self._beside[name] = replace(found, lo=EVER[0], hi=EVER[1])
        return found

    def __contains__(self, name: str) -> bool:
        return name in self.compiled.leaves

    def value(self, name: str) -> Node:
        """Its value; where it has none, whatever its kind begins with."""
        return self.b.fact(self._leaf(name))

    def present(self, name: str) -> Node:
        return self.b.present(self._leaf(name))

    # Of the step that is taken

    def of_step(self, step: Step, name: str) -> Node:
        return self.value(f"steps.{step.id}.{name}")

    def plan(self, outputs: dict[str, Node], told: Iterable[str]) -> Plan:
        """The plan of the policy with these outputs, `told` being the columns that are told as they stand.

        What they alone ask for is taken as it is; where positions are checked, it must be readable.
        """
        plan, checked = self.compiled.plan, self.today.checked
        known = {id(leaf) for leaf in plan.leaves}
        more = {leaf.name: leaf for leaf in _leaves_of(outputs.values()) if id(leaf) not in known}
        if checked:
            leaves = (self._leaf(name) for name in sorted(told) if name in self and name not in self._asked)
            more |= {leaf.name: leaf for leaf in leaves if not leaf.optional}
            more["as_of"] = self.today.leaf
        need = plan.totals["owes"] if checked else self.b.false
        guards = (
            Guard("unreadable", need, None, leaf) for leaf in more.values() if leaf is not self.today.leaf
        )
        day = (
            Guard("unreadable", self.b.true, None, leaf) for leaf in more.values() if leaf is self.today.leaf
        )
        return Plan((*plan.leaves, *more.values()), (*plan.guards, *guards, *day), (), outputs)


def _leaves_of(nodes: Iterable[Node]) -> Iterator[Leaf]:
    found = {id(each.leaf): each.leaf for each in in_order(nodes) if isinstance(each, Fact | Present)}
    yield from found.values()
