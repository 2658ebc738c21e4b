"""The facts of a position as nodes, by name: their values, and whether there are any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
        return self._beside.get(name) or self.compiled.leaves[name]

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

    def plan(self, outputs: dict[str, Node]) -> Plan:
        """The plan of the policy with these outputs; what they alone ask for is taken as it stands."""
        plan = self.compiled.plan
        known = {id(leaf) for leaf in plan.leaves}
        asked = {leaf.name: leaf for leaf in _asked(outputs.values()) if id(leaf) not in known}
        checked = {"as_of": self.today.leaf} if self.today.checked else {}
        more = (asked | checked).values()
        guards = [*plan.guards, *(self._guard(leaf) for leaf in more)]
        return Plan((*plan.leaves, *more), tuple(guards), (), outputs)

    def _guard(self, leaf: Leaf) -> Guard:
        """A position of a day that is not asked about is a problem."""
        need = self.b.true if leaf is self.today.leaf else self.b.false
        return Guard("unreadable", need, None, leaf)


def _asked(nodes: Iterable[Node]) -> Iterator[Leaf]:
    found = {id(each.leaf): each.leaf for each in in_order(nodes) if isinstance(each, Fact | Present)}
    yield from found.values()
