"""Scales, magnitudes and the overflow proof: every node is built here, with its bounds computed.

A node whose magnitude can pass `WIDEST` is refused while compiling, so no engine can overflow;
an engine runs a node in 64 bits where `fits_int64` holds for it and its operands, else in 128.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from math import lcm
from typing import TypeVar

from feerules.money import round_div
from feerules.plan.nodes import (
    Add,
    And,
    Band,
    Choose,
    Compare,
    Comparison,
    Const,
    DivRound,
    Fact,
    Gather,
    Leaf,
    Max,
    Min,
    Mode,
    Mul,
    Node,
    Not,
    Or,
    Present,
    Sub,
)

__all__ = ["INT64", "WIDEST", "Builder", "Exact", "TooLarge", "fits_int64"]

INT64 = 2**63 - 1
WIDEST = 10**38 - 1  # what HUGEINT, NUMERIC and DECIMAL(38,0) all hold
CLOSE = 10**30  # the days of another cycle may bring a denominator up to 366 in, more than once

N = TypeVar("N", bound=Node)


class TooLarge(Exception):
    """An intermediate number can pass ±(10**38 - 1); `magnitude` is how large it can get."""

    def __init__(self, magnitude: int, operation: str) -> None:
        self.magnitude = magnitude
        self.operation = operation
        super().__init__(f"{operation} can reach {magnitude}")


def fits_int64(*values: int) -> bool:
    return all(-INT64 <= value <= INT64 for value in values)


class Builder:
    """Builds nodes: folds constants, shares equal nodes, aligns scales, proves magnitudes.

    Most nodes that are asked for are there already, so bounds are reckoned only where they are not.
    """

    def __init__(self) -> None:
        self._shared: dict[tuple[object, ...], Node] = {}
        self._constants: dict[tuple[int, int], Const] = {}
        self.is_close = False  # a number came so close to the limit that other days could pass it
        self.true: Node = self.const(1)
        self.false: Node = self.const(0)

    def _keep(self, node: N, operation: str, key: tuple[object, ...]) -> N:
        if not (node.lo >= -CLOSE and node.hi <= CLOSE):
            self.is_close = True
            if max(-node.lo, node.hi) > WIDEST:
                raise TooLarge(max(abs(node.lo), abs(node.hi)), operation)
        self._shared[key] = node
        return node

    # Leaves

    def const(self, value: int, scale: int = 0) -> Const:
        return self._constants.get((value, scale)) or self._constant(value, scale)

    def _constant(self, value: int, scale: int) -> Const:
        node = self._keep(Const(value, value, scale, value), "a constant", (Const, scale, value))
        self._constants[value, scale] = node
        return node

    def decimal(self, value: Decimal) -> Const:
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int)
        over, under = value.as_integer_ratio()
        places = max(-exponent, 0)
        return self.const(over * 10**places // under, places)

    def fact(self, leaf: Leaf) -> Node:
        return self._shared.get(key := (Fact, leaf)) or self._keep(
            Fact(leaf.lo, leaf.hi, leaf.places, leaf), f"the fact {leaf.name}", key
        )

    def present(self, leaf: Leaf) -> Node:
        if not leaf.optional or leaf.default is not None:
            return self.true
        return self._shared.get(key := (Present, leaf)) or self._keep(
            Present(0, 1, 0, leaf), f"the fact {leaf.name}", key
        )

    # Arithmetic

    def raised(self, node: Node, scale: int) -> Node:
        """The same number with `scale` places, which are at least those it has."""
        if node.scale == scale:
            return node
        factor = 10 ** (scale - node.scale)
        if isinstance(node, Const):
            return self.const(node.value * factor, scale)
        other = self.const(factor, scale - node.scale)
        return self._shared.get(key := (Mul, node, other)) or self._keep(
            Mul(node.lo * factor, node.hi * factor, scale, node, other), "a change of scale", key
        )

    def _aligned(self, left: Node, right: Node) -> tuple[Node, Node]:
        if left.scale < right.scale:
            return self.raised(left, right.scale), right
        return left, self.raised(right, left.scale)

    def add(self, left: Node, right: Node) -> Node:
        if left.scale != right.scale:
            left, right = self._aligned(left, right)
        if isinstance(left, Const):
            if isinstance(right, Const):
                return self.const(left.value + right.value, left.scale)
            if left.value == 0:
                return right
        elif isinstance(right, Const) and right.value == 0:
            return left
        return self._shared.get(key := (Add, left, right)) or self._keep(
            Add(left.lo + right.lo, left.hi + right.hi, left.scale, left, right), "a sum", key
        )

    def sub(self, left: Node, right: Node) -> Node:
        if left.scale != right.scale:
            left, right = self._aligned(left, right)
        if isinstance(right, Const):
            if isinstance(left, Const):
                return self.const(left.value - right.value, left.scale)
            if right.value == 0:
                return left
        if left is right:
            return self.const(0, left.scale)
        return self._shared.get(key := (Sub, left, right)) or self._keep(
            Sub(left.lo - right.hi, left.hi - right.lo, left.scale, left, right), "a difference", key
        )

    def mul(self, left: Node, right: Node) -> Node:
        scale = left.scale + right.scale
        known, other = (left, right) if isinstance(left, Const) else (right, left)
        if isinstance(known, Const):
            if isinstance(other, Const):
                return self.const(known.value * other.value, scale)
            if known.value == 0:
                return self.const(0, scale)
            if known.value == 1 and known.scale == 0:
                return other
        if (found := self._shared.get(key := (Mul, left, right))) is not None:
            return found
        corners = (left.lo * right.lo, left.lo * right.hi, left.hi * right.lo, left.hi * right.hi)
        return self._keep(Mul(min(corners), max(corners), scale, left, right), "a product", key)

    def div_round(self, left: Node, right: Node, mode: Mode = "half_up", scale: int = 0) -> Node:
        """left ÷ right as plain integers, whatever their scales; the caller says the result's scale."""
        if right.lo <= 0:
            raise ValueError("a divisor must be positive")
        if isinstance(left, Const) and isinstance(right, Const):
            return self.const(round_div(left.value, right.value, mode), scale)
        if isinstance(right, Const) and right.value == 1 and left.scale == scale:
            return left
        if (found := self._shared.get(key := (DivRound, scale, left, right, mode))) is not None:
            return found
        # The engines add half a divisor, doubled for the even and down modes, before they divide.
        widest = 2 * max(abs(left.lo), abs(left.hi)) + right.hi
        self.is_close = self.is_close or widest > CLOSE
        if widest > WIDEST:
            raise TooLarge(widest, "a division")
        corners = [round_div(a, b, mode) for a in (left.lo, left.hi) for b in (right.lo, right.hi)]
        return self._keep(DivRound(min(corners), max(corners), scale, left, right, mode), "a division", key)

    def rounded(self, node: Node, scale: int, mode: Mode = "half_up") -> Node:
        """The number with `scale` places, rounded where it has more."""
        if node.scale <= scale:
            return self.raised(node, scale)
        return self.div_round(node, self.const(10 ** (node.scale - scale)), mode, scale)

    def min(self, left: Node, right: Node) -> Node:
        if left.scale != right.scale:
            left, right = self._aligned(left, right)
        if left.hi <= right.lo:
            return left
        if right.hi <= left.lo:
            return right
        return self._shared.get(key := (Min, left, right)) or self._keep(
            Min(min(left.lo, right.lo), min(left.hi, right.hi), left.scale, left, right), "a minimum", key
        )

    def max(self, left: Node, right: Node) -> Node:
        if left.scale != right.scale:
            left, right = self._aligned(left, right)
        if left.lo >= right.hi:
            return left
        if right.lo >= left.hi:
            return right
        return self._shared.get(key := (Max, left, right)) or self._keep(
            Max(max(left.lo, right.lo), max(left.hi, right.hi), left.scale, left, right), "a maximum", key
        )

    def clamp(self, node: Node, lo: Node, hi: Node) -> Node:
        return self.max(self.min(node, hi), lo)

    def within(self, node: Node, lo: int, hi: int) -> Node:
        """The same node with bounds that the caller has proved some other way."""
        if isinstance(node, Const) or (node.lo >= lo and node.hi <= hi):
            return node
        key = ("within", node, lo, hi)
        known = self._shared.get(key)
        if known is None:
            narrower = replace(node, lo=max(lo, node.lo), hi=min(hi, node.hi))
            known = self._keep(narrower, "a proved bound", key)
        return known

    def unscaled(self, node: Node) -> Node:
        """The encoded integer itself, as a key or an index: the same number without places."""
        if node.scale == 0:
            return node
        if isinstance(node, Const):
            return self.const(node.value)
        return self._shared.get(key := ("unscaled", node)) or self._keep(replace(node, scale=0), "a key", key)

    def total(self, nodes: Iterable[Node]) -> Node:
        start: Node = self.const(0)
        return reduce(self.add, nodes, start)

    # Truth

    def compare(self, op: Comparison, left: Node, right: Node) -> Node:
        if left.scale != right.scale:
            left, right = self._aligned(left, right)
        if (found := self._shared.get(key := (Compare, op, left, right))) is not None:
            return found
        known = _known(op, left, right)
        if known is not None:
            return self.true if known else self.false
        return self._keep(Compare(0, 1, 0, op, left, right), "a comparison", key)

    def all_of(self, tests: Iterable[Node]) -> Node:
        held = self.true
        for test in tests:
            held = test if held is self.true else self._and(held, test)
        return held

    def any_of(self, tests: Iterable[Node]) -> Node:
        held = self.false
        for test in tests:
            held = test if held is self.false else self._or(held, test)
        return held

    def _and(self, left: Node, right: Node) -> Node:
        if left is self.false or right is self.false:
            return self.false
        if left is self.true or left is right:
            return right
        if right is self.true:
            return left
        return self._shared.get(key := (And, left, right)) or self._keep(
            And(0, 1, 0, left, right), "and", key
        )

    def _or(self, left: Node, right: Node) -> Node:
        if left is self.true or right is self.true:
            return self.true
        if left is self.false or left is right:
            return right
        if right is self.false:
            return left
        return self._shared.get(key := (Or, left, right)) or self._keep(Or(0, 1, 0, left, right), "or", key)

    def negate(self, test: Node) -> Node:
        if isinstance(test, Const):
            return self.false if test.value else self.true
        if isinstance(test, Not):
            return test.of
        return self._shared.get(key := (Not, test)) or self._keep(Not(0, 1, 0, test), "not", key)

    def inside(self, node: Node, lo: int, hi: int) -> Node:
        """Whether lo <= node <= hi, in the node's own scale."""
        at_least = self.compare("<=", self.const(lo, node.scale), node)
        return self._and(at_least, self.compare("<=", node, self.const(hi, node.scale)))

    # Choice

    def choose(self, test: Node, then: Node, other: Node) -> Node:
        if then.scale != other.scale:
            then, other = self._aligned(then, other)
        if isinstance(test, Const):
            return then if test.value else other
        if then is other:
            return then
        if (found := self._shared.get(key := (Choose, test, then, other))) is not None:
            return found
        lo, hi = min(then.lo, other.lo), max(then.hi, other.hi)
        return self._keep(Choose(lo, hi, then.scale, test, then, other), "a choice", key)

    def gather(
        self, table: tuple[int, ...], index: Node, scale: int = 0, bounds: tuple[int, int] | None = None
    ) -> Node:
        """`bounds` are those of the whole table, where it is too long to be searched for them every time."""
        if isinstance(index, Const):
            return self.const(table[index.value], scale)
        if index.lo < 0 or index.hi >= len(table):
            raise AssertionError(f"a gather of {len(table)} entries at {index.lo}..{index.hi}")
        # Long tables (calendars) are made once and shared, so that their identity will do.
        key = (Gather, scale, table if len(table) < 256 else id(table), index)
        known = self._shared.get(key)
        if known is not None:
            return known
        lo, hi = bounds or _bounds(table[index.lo : index.hi + 1])
        if lo == hi:
            # Not kept: no node would hold the table, and its identity could become another's.
            return self.const(lo, scale)
        self._shared[key] = Gather(lo, hi, scale, table, index)
        return self._shared[key]

    def band(self, cuts: tuple[int, ...], of: Node) -> Node:
        """How many `cuts` are at most `of`; cuts that it cannot reach are counted beforehand."""
        below = sum(1 for cut in cuts if cut <= of.lo)
        reachable = tuple(cut for cut in cuts[below:] if cut <= of.hi)
        if not reachable:
            return self.const(below)
        node = self._shared.get(key := (Band, reachable, of)) or self._keep(
            Band(0, len(reachable), 0, reachable, of), "a band", key
        )
        return self.add(node, self.const(below))


def _bounds(reachable: tuple[int, ...]) -> tuple[int, int]:
    return min(reachable), max(reachable)


_COMPARE: dict[str, Callable[[Node, Node], bool | None]] = {
    "<": lambda a, b: True if a.hi < b.lo else False if a.lo >= b.hi else None,
    "<=": lambda a, b: True if a.hi <= b.lo else False if a.lo > b.hi else None,
    "==": lambda a, b: True if a.lo == a.hi == b.lo == b.hi else False if _apart(a, b) else None,
    "!=": lambda a, b: False if a.lo == a.hi == b.lo == b.hi else True if _apart(a, b) else None,
}


def _apart(a: Node, b: Node) -> bool:
    return a.hi < b.lo or b.hi < a.lo


def _known(op: Comparison, left: Node, right: Node) -> bool | None:
    if left is right:
        return op in ("<=", "==")
    return _COMPARE[op](left, right)


class Exact:
    """An exact fraction while compiling: the node `num` (with its scale) over the positive `den`."""

    __slots__ = ("b", "den", "num")

    def __init__(self, b: Builder, num: Node, den: Node | int = 1) -> None:
        self.b = b
        self.num = num
        self.den: Node = b.const(den) if isinstance(den, int) else den

    def times(self, node: Node) -> Exact:
        return Exact(self.b, self.b.mul(self.num, node), self.den)

    def over(self, den: Node | int) -> Exact:
        right = self.b.const(den) if isinstance(den, int) else den
        return Exact(self.b, self.num, self.b.mul(self.den, right))

    def plus(self, other: Exact) -> Exact:
        mine, theirs, den = self.common(other)
        return Exact(self.b, self.b.add(mine, theirs), den)

    def minus(self, other: Exact) -> Exact:
        mine, theirs, den = self.common(other)
        return Exact(self.b, self.b.sub(mine, theirs), den)

    def at_most(self, other: Exact) -> Exact:
        mine, theirs, den = self.common(other)
        return Exact(self.b, self.b.min(mine, theirs), den)

    def at_least(self, other: Exact) -> Exact:
        mine, theirs, den = self.common(other)
        return Exact(self.b, self.b.max(mine, theirs), den)

    def where(self, test: Node, other: Exact) -> Exact:
        """This where `test` holds, else `other`."""
        mine, theirs, den = self.common(other)
        return Exact(self.b, self.b.choose(test, mine, theirs), den)

    def is_at_most(self, other: Exact) -> Node:
        mine, theirs, _ = self.common(other)
        return self.b.compare("<=", mine, theirs)

    def common(self, other: Exact) -> tuple[Node, Node, Node]:
        """Both numerators over one denominator, and that denominator."""
        a, b = self.den, other.den
        if a is b:
            return self.num, other.num, a
        if isinstance(a, Const) and isinstance(b, Const):
            den = lcm(a.value, b.value)
            mine = self.b.mul(self.num, self.b.const(den // a.value))
            return mine, self.b.mul(other.num, self.b.const(den // b.value)), self.b.const(den)
        return self.b.mul(self.num, b), self.b.mul(other.num, a), self.b.mul(a, b)

    def beside(self, other: Exact) -> tuple[Node, Node]:
        """Both as plain integers that stand to each other as the numbers do."""
        mine, theirs, _ = self.common(other)
        scale = max(mine.scale, theirs.scale)
        return tuple(self.b.unscaled(self.b.raised(each, scale)) for each in (mine, theirs))  # type: ignore[return-value]

    def rounded(self, unit: Decimal, mode: Mode) -> Node:
        """The multiple of `unit` nearest by `mode`, with as many places as `unit` shows."""
        places = max(-int(unit.as_tuple().exponent), 0)
        steps = int(unit.scaleb(places))
        num, scale = self.num, self.num.scale
        if scale < places:
            num, scale = self.b.raised(num, places), places
        den = self.b.mul(self.den, self.b.const(steps * 10 ** (scale - places)))
        count = self.b.div_round(num, den, mode, places)
        return self.b.mul(count, self.b.const(steps))
