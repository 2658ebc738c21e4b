"""When an answer can change: the values of each fact at which something in a plan changes its mind."""

from __future__ import annotations

from collections.abc import Mapping

from feerules.plan.nodes import (
    Band,
    Choose,
    Compare,
    Const,
    Fact,
    Leaf,
    Node,
    Plan,
    Present,
    children,
    in_order,
)

__all__ = ["Cuts", "cuts_of"]

Cuts = Mapping[str, tuple[int, ...] | None]


def cuts_of(plan: Plan) -> Cuts:
    """For each fact the sorted values c such that the answers of c - 1 and of c may differ.

    None for a fact that is added, multiplied or compared with another: any value may matter.
    """
    nodes = in_order(plan.totals.values())
    facts = _facts(nodes)
    found: dict[str, set[int] | None] = {leaf.name: set() for leaf in plan.leaves}
    for node in nodes:
        for child in children(node):
            leaf = facts.get(id(child))
            if leaf is None or facts.get(id(node)) is not None:
                continue
            cuts, known = _cuts(node, child), found.get(leaf.name)
            found[leaf.name] = None if cuts is None or known is None else known | cuts
    # An output that is the fact itself changes whenever the fact does.
    found |= {facts[id(node)].name: None for node in plan.totals.values() if id(node) in facts}
    # Beyond what a fact can be, there is nothing that could differ.
    bounds = {leaf.name: (leaf.lo, leaf.hi) for leaf in plan.leaves}
    return {
        name: None
        if cuts is None
        else tuple(sorted(cut for cut in cuts if bounds[name][0] < cut <= bounds[name][1]))
        for name, cuts in found.items()
    }


def _facts(nodes: list[Node]) -> dict[int, Leaf]:
    """The nodes that stand for the value of a fact: itself, or itself with a constant where it is absent."""
    facts: dict[int, Leaf] = {}
    for node in nodes:
        match node:
            case Fact(leaf=leaf):
                facts[id(node)] = leaf
            case Choose(test=Present(leaf=leaf), then=Fact(leaf=same), other=Const()) if leaf is same:
                facts[id(node)] = leaf
    return facts


def _cuts(node: Node, child: Node) -> set[int] | None:
    match node:
        case Band(cuts=cuts):
            return set(cuts)
        case Compare(op=op, left=left, right=Const(value=value)) if left is child:
            return {"<": {value}, "<=": {value + 1}}.get(op, {value, value + 1})
        case Compare(op=op, left=Const(value=value), right=right) if right is child:
            return {"<": {value + 1}, "<=": {value}}.get(op, {value, value + 1})
    return None
