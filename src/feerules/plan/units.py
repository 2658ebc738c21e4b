"""Units of measure: what a number counts, and which numbers can be added."""

from __future__ import annotations

from dataclasses import dataclass

from feerules.documents.facts import FactKind
from feerules.plan.nodes import Leaf, Node

__all__ = ["Term", "Unit", "joined", "product", "unlike"]

Unit = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Term:
    """A node with what the language knows of it: kind, unit, and whether it can be absent.

    `priced` says that a number without a unit is a factor of it: area × 2.80 may be money, not m².
    """

    node: Node
    kind: FactKind
    unit: Unit = None
    leaf: Leaf | None = None
    present: Node | None = None
    usage: bool = False
    priced: bool = False


def product(node: Node, left: Term, right: Term) -> Term:
    """The term of a product that has been built."""
    priced = left.unit is None or right.unit is None or left.priced or right.priced
    unit = tuple(sorted(left.unit + right.unit)) if left.unit and right.unit else left.unit or right.unit
    return Term(node, "decimal", unit, usage=left.usage or right.usage, priced=priced)


def unlike(left: Term, right: Term) -> bool:
    """Whether two numbers cannot be added or compared: both count something, and not the same."""
    return bool(left.unit and right.unit and left.unit != right.unit and not (left.priced and right.priced))


def joined(node: Node, left: Term, right: Term) -> Term:
    """The term of a sum, a minimum or a choice of two terms that has been built."""
    alike = left.unit == right.unit or not (left.unit and right.unit)
    priced = all(term.priced or term.unit is None for term in (left, right))
    unit = left.unit or right.unit if alike else None
    return Term(node, "decimal", unit, usage=left.usage or right.usage, priced=priced)
