"""The plan: what a machine does, in about a dozen kinds of node, on integers and booleans only.

Every node knows its bounds (`lo`, `hi`, inclusive; a boolean is 0..1) and its `scale`: the number
of decimal places that its integer carries. No null enters: an optional fact is (`Present`, `Fact`).
Nodes are compared by identity; build them with `plan.bounds.Builder`, which shares equal ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, dataclass_transform

__all__ = [
    "Add",
    "And",
    "Band",
    "Choose",
    "Compare",
    "Const",
    "DivRound",
    "Fact",
    "Gather",
    "Guard",
    "Leaf",
    "Mark",
    "Max",
    "Min",
    "Mul",
    "Node",
    "Not",
    "Or",
    "Plan",
    "Present",
    "Slot",
    "Sub",
    "children",
    "in_order",
    "use_counts",
]

Kind = Literal["decimal", "integer", "boolean", "date", "datetime", "choice", "text"]
Mode = Literal["half_up", "half_even", "half_down", "up", "down"]
Comparison = Literal["<", "<=", "==", "!="]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A fact as the engines read it: `lo`..`hi` bound its encoded value.

    decimal: the value times 10**places; date: days since 1970-01-01; datetime: minutes since then;
    boolean: 0 or 1; choice and text: the position in `codes`, and for text `len(codes)` means any
    other text. `words` are further spellings of a code. A `default` stands where nothing is given.
    """

    name: str
    kind: Kind
    places: int
    lo: int
    hi: int
    codes: tuple[str, ...] = ()
    words: tuple[tuple[str, int], ...] = ()
    optional: bool = False
    default: int | None = None
    aliases: tuple[str, ...] = ()
    unit: str = ""


@dataclass_transform(eq_default=False, frozen_default=True)
def node(kind: type[T]) -> type[T]:
    """A record that nothing may change; mypy sees to it.

    A dataclass that refuses while running takes twice as long to make, and a plan has thousands of nodes.
    """
    return dataclass(slots=True, eq=False)(kind)


@node
class Node:
    lo: int
    hi: int
    scale: int


@node
class Fact(Node):
    """The encoded value of a fact; where an optional fact is absent, its `lo`."""

    leaf: Leaf


@node
class Present(Node):
    """Whether an optional fact has a value."""

    leaf: Leaf


@node
class Const(Node):
    value: int


@node
class Add(Node):
    left: Node
    right: Node


@node
class Sub(Node):
    left: Node
    right: Node


@node
class Mul(Node):
    left: Node
    right: Node


@node
class DivRound(Node):
    """The whole number nearest to left ÷ right by `mode`; right is always positive."""

    left: Node
    right: Node
    mode: Mode


@node
class Min(Node):
    left: Node
    right: Node


@node
class Max(Node):
    left: Node
    right: Node


@node
class Compare(Node):
    op: Comparison
    left: Node
    right: Node


@node
class And(Node):
    left: Node
    right: Node


@node
class Or(Node):
    left: Node
    right: Node


@node
class Not(Node):
    of: Node


@node
class Choose(Node):
    """`then` where `test` holds, else `other`."""

    test: Node
    then: Node
    other: Node


@node
class Gather(Node):
    """The entry of `table` at `index`, which is always inside it."""

    table: tuple[int, ...]
    index: Node


@node
class Band(Node):
    """How many of the sorted `cuts` are at most `of`: which elementary interval it lies in."""

    cuts: tuple[int, ...]
    of: Node


def children(node: Node) -> tuple[Node, ...]:
    """The nodes that `node` is computed from, in order."""
    match node:
        case Fact() | Present() | Const():
            return ()
        case Not(of=of) | Band(of=of):
            return (of,)
        case Gather(index=index):
            return (index,)
        case Choose(test=test, then=then, other=other):
            return (test, then, other)
        case (
            Add(left=left, right=right)
            | Sub(left=left, right=right)
            | Mul(left=left, right=right)
            | DivRound(left=left, right=right)
            | Min(left=left, right=right)
            | Max(left=left, right=right)
            | Compare(left=left, right=right)
            | And(left=left, right=right)
            | Or(left=left, right=right)
        ):
            return (left, right)
    raise TypeError(type(node).__name__)


def in_order(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs need, each after the nodes that it is computed from."""
    done: dict[int, Node] = {}
    stack = [(node, False) for node in reversed(list(outputs))]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        if ready:
            done[id(node)] = node
            continue
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(children(node)))
    return list(done.values())


def use_counts(outputs: Sequence[Node]) -> dict[int, int]:
    """How often each node, by its id, is an operand or an output."""
    uses: dict[int, int] = {}
    operands = (child for node in in_order(outputs) for child in children(node))
    for used in (*outputs, *operands):
        uses[id(used)] = uses.get(id(used), 0) + 1
    return uses


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """A record for which `need` holds and `ok` does not is a problem with this code.

    `ok` is None for "the fact itself can be read": present where required, of its type, in its domain.
    """

    code: str
    need: Node
    ok: Node | None = None
    fact: Leaf | None = None
    fee: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One output record that a row may give: it exists where `active` holds.

    `values` are its named integers; `about` is what is the same for every row, as plain data that
    only the verb reads.
    """

    key: str
    active: Node
    values: dict[str, Node] = field(default_factory=dict)
    about: object = None


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Where rules that a person wrote decide: where `need` holds, those that `rules` has at the number `at`.

    `rule` is the part of the document (a table, tiers, an adjustment, a stop …), of which `rules` counts the
    rows from 0; `asked` is what it asks of a record, as plain data that only what writes cases reads.
    """

    kind: str
    rule: Any
    need: Node
    at: Node
    rules: Sequence[tuple[int, ...]]
    asked: Any = None
    fee: str = ""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Plan:
    """Row expressions over `leaves`: guards first, then the slots, then `totals` over all slots.

    `marks` tell which rules decide; a plan has them only where they were asked for.
    """

    leaves: tuple[Leaf, ...]
    guards: tuple[Guard, ...]
    slots: tuple[Slot, ...]
    totals: dict[str, Node] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
