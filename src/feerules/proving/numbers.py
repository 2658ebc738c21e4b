"""What the nodes of a plan come to for a record, and which facts they rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

from feerules.plan.nodes import Fact, Guard, Leaf, Node, Not, Or, Plan, Present, in_order
from feerules.proving.intervals import Wanted, holds, joined
from feerules.reference import function

__all__ = ["Numbers", "Record", "numbers_of"]

Record = Mapping[Leaf, int | None]  # the encoded value of each fact, None where it has none


class Numbers:
    """What the nodes of one plan come to, and which facts they rest on: worked out as it is asked for."""

    def __init__(self, plan: Plan) -> None:
        self.leaves = plan.leaves
        self.guards = [_kept(guard, guard.ok) for guard in plan.guards if guard.ok is not None]
        self.all_kept = function(plan.leaves, self.guards)
        self._functions: dict[int, Callable[..., tuple[int, ...]]] = {}
        self._below: dict[int, tuple[Leaf, ...]] = {}
        self._places: dict[tuple[int, Wanted], Wanted] = {}
        self._kept: list[object] = []  # what has its id as a key stays alive

    def arguments(self, record: Record) -> tuple[int, ...]:
        """The record as the functions of a plan take it."""
        values = [record[leaf] for leaf in self.leaves]
        numbers = [
            leaf.lo if value is None else value for leaf, value in zip(self.leaves, values, strict=True)
        ]
        return (*numbers, *[int(value is not None) for value in values])

    def value(self, arguments: tuple[int, ...], node: Node) -> int:
        if id(node) not in self._functions:
            self._functions[id(node)] = function(self.leaves, [node])
            self._kept.append(node)
        return self._functions[id(node)](*arguments)[0]

    def leaves_below(self, node: Node) -> tuple[Leaf, ...]:
        if id(node) not in self._below:
            found = (each.leaf for each in in_order([node]) if isinstance(each, Fact | Present))
            self._below[id(node)] = tuple(dict.fromkeys(found))
            self._kept.append(node)
        return self._below[id(node)]

    def places_of(self, table: tuple[int, ...], wanted: Wanted) -> Wanted:
        """Where a table has what is wanted."""
        key = (id(table), wanted)
        if key not in self._places:
            self._places[key] = joined((at, at) for at, entry in enumerate(table) if holds(wanted, entry))
            self._kept.append(table)
        return self._places[key]


def _kept(guard: Guard, ok: Node) -> Node:
    """What must hold so that a guard does not fail; that a fact can be read is always so here."""
    return Or(0, 1, 0, Not(0, 1, 0, guard.need), ok)


_ready: WeakKeyDictionary[Plan, Numbers] = WeakKeyDictionary()


def numbers_of(plan: Plan) -> Numbers:
    return _ready.get(plan) or _ready.setdefault(plan, Numbers(plan))
