"""The same numbers by cheaper nodes, for an engine that works by columns.

Such an engine computes every branch for every row; its arithmetic and choices are fast, its look-ups slow.
So roundings become plain divisions, short tables become choices, a table of a table becomes one table,
and what is computed alike is computed once. Every node keeps the values that the scalar engine gives it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from itertools import islice, pairwise
from math import gcd
from operator import add, eq, le, lt, ne, sub
from typing import TypeVar, assert_never

from feerules.plan.nodes import (
    Add,
    And,
    Band,
    Choose,
    Compare,
    Comparison,
    Const,
    DivRound,
    Gather,
    Max,
    Min,
    Mode,
    Mul,
    Node,
    Not,
    Or,
    Present,
    Sub,
    children,
    in_order,
)

__all__ = ["Rewriter"]

N = TypeVar("N", bound=Node)

FEW = 4  # so many choices cost less than one look-up
WIDE = 65_536  # a table over so many values stays in the cache
LONG = 2**62  # beyond, a rewritten intermediate might pass what the plan was proved for
CROWD = 2  # with more cuts in one bucket, a binary search costs less

_HOLDS: dict[Comparison, Callable[[int, int], bool]] = {"<": lt, "<=": le, "==": eq, "!=": ne}
_FOLDED: dict[type[Node], Callable[[int, int], int]] = {Add: add, Sub: sub, Min: min, Max: max}


class Rewriter:
    """Rewrites nodes, remembering what it made of each; equal nodes come out as one."""

    def __init__(self) -> None:
        # By the id of a node: the node itself, so that its id stays its own, and what was made of it.
        self._made: dict[int, tuple[Node, Node]] = {}
        self._shared: dict[tuple[object, ...], Node] = {}
        self._tables: dict[tuple[int, ...], tuple[int, ...]] = {}

    def rewrite(self, roots: Sequence[Node]) -> list[Node]:
        for node in in_order(roots):
            if id(node) not in self._made:
                parts = [self._made[id(child)][1] for child in children(node)]
                self._made[id(node)] = node, self._bounded(self._rewritten(node, parts), node)
        return [self._made[id(root)][1] for root in roots]

    def _bounded(self, made: Node, node: Node) -> Node:
        """What was made of a node, within the bounds that the plan has proved for it."""
        if isinstance(made, Const) or (node.lo <= made.lo and made.hi <= node.hi):
            return made
        return self._share(replace(made, lo=max(made.lo, node.lo), hi=min(made.hi, node.hi)))

    def _rewritten(self, node: Node, parts: Sequence[Node]) -> Node:
        match node:
            case DivRound():
                return self._division(node, *parts)
            case Gather(table=table):
                return self._gather(table, parts[0])
            case Band(cuts=cuts):
                return self._band(cuts, parts[0])
            case Mul():
                return self._product(node.lo, node.hi, *parts)
            case Compare(op=op):
                return self._compare(op, *parts)
            case And():
                return self._and(*parts)
            case Or():
                return self._or(*parts)
            case Not():
                return self._not(parts[0])
            case Choose():
                test, then, other = parts
                return self._choose(test, then, other, (node.lo, node.hi))
            case Add() | Sub() | Min() | Max():
                left, right = parts
                if isinstance(left, Const) and isinstance(right, Const):
                    return self._const(_FOLDED[type(node)](left.value, right.value))
                if isinstance(left, Const) and not isinstance(node, Sub):
                    left, right = right, left
                return self._share(replace(node, left=left, right=right))
        return self._share(node)

    def _share(self, node: N) -> N:
        """The one node that is computed like this; its scale does not matter to an engine."""
        parts = tuple(map(id, children(node)))
        own = tuple(getattr(node, name, None) for name in ("value", "op", "mode", "leaf", "cuts"))
        table = id(node.table) if isinstance(node, Gather) else None
        key = (type(node), node.lo, node.hi, own, table, parts)
        return self._shared.setdefault(key, replace(node, scale=0))  # type: ignore[return-value]  # the key holds the type

    # Sums and products

    def _const(self, value: int) -> Const:
        return self._share(Const(value, value, 0, value))

    def _add(self, left: Node, right: Node) -> Node:
        if isinstance(left, Const) and isinstance(right, Const):
            return self._const(left.value + right.value)
        if isinstance(right, Const) and right.value == 0:
            return left
        return self._share(Add(left.lo + right.lo, left.hi + right.hi, 0, left, right))

    def _sub(self, left: Node, right: Node) -> Node:
        if isinstance(right, Const):
            return self._add(left, self._const(-right.value))
        return self._share(Sub(left.lo - right.hi, left.hi - right.lo, 0, left, right))

    def _negative(self, node: Node) -> Node:
        return self._sub(self._const(0), node)

    def _mul(self, left: Node, right: Node) -> Node:
        corners = [a * b for a in (left.lo, left.hi) for b in (right.lo, right.hi)]
        return self._product(min(corners), max(corners), left, right)

    def _product(self, lo: int, hi: int, left: Node, right: Node) -> Node:
        """A product within lo..hi, its constant factors gathered on the right."""
        if isinstance(left, Const):
            left, right = right, left
        if isinstance(right, Const):
            if isinstance(left, Const):
                return self._const(left.value * right.value)
            if right.value in (0, 1):
                return left if right.value else right
            if isinstance(left, Choose) and isinstance(left.then, Const) and isinstance(left.other, Const):
                then, other = (self._const(each.value * right.value) for each in (left.then, left.other))
                return self._choose(left.test, then, other)
            if isinstance(left, Mul) and isinstance(left.right, Const):
                factor = left.right.value * right.value
                # A larger factor can only make 0 of 0, and no type may hold it.
                if abs(factor) <= max(-lo, hi):
                    return self._product(lo, hi, left.left, self._const(factor))
        return self._share(Mul(lo, hi, 0, left, right))

    # Truth

    def _compare(self, op: Comparison, left: Node, right: Node) -> Node:
        if isinstance(left, Const) and isinstance(right, Const):
            return self._const(int(_HOLDS[op](left.value, right.value)))
        if left is right:
            return self._const(int(op in ("<=", "==")))
        # A choice between constants is compared before it is made.
        if isinstance(right, Const) and (parts := self._constant_parts(left)):
            test, then, other = parts
            return self._choose(test, self._compare(op, then, right), self._compare(op, other, right))
        if isinstance(left, Const) and (parts := self._constant_parts(right)):
            test, then, other = parts
            return self._choose(test, self._compare(op, left, then), self._compare(op, left, other))
        return self._share(Compare(0, 1, 0, op, left, right))

    def _constant_parts(self, node: Node) -> tuple[Node, Node, Node] | None:
        if isinstance(node, Choose) and (isinstance(node.then, Const) or isinstance(node.other, Const)):
            return node.test, node.then, node.other
        if _is_truth(node):
            return node, self._const(1), self._const(0)
        return None

    def _and(self, left: Node, right: Node) -> Node:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Const):
                return other if one.value else one
        return left if left is right else self._share(And(0, 1, 0, left, right))

    def _or(self, left: Node, right: Node) -> Node:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Const):
                return one if one.value else other
        return left if left is right else self._share(Or(0, 1, 0, left, right))

    def _not(self, node: Node) -> Node:
        if isinstance(node, Const):
            return self._const(1 - node.value)
        return node.of if isinstance(node, Not) else self._share(Not(0, 1, 0, node))

    def _choose(self, test: Node, then: Node, other: Node, within: tuple[int, int] | None = None) -> Node:
        if isinstance(test, Const):
            return then if test.value else other
        if then is other:
            return then
        if _is_bit(then) and _is_bit(other):
            return self._chosen_bit(test, then, other)
        lo, hi = within or (min(then.lo, other.lo), max(then.hi, other.hi))
        return self._share(Choose(lo, hi, 0, test, then, other))

    def _chosen_bit(self, test: Node, then: Node, other: Node) -> Node:
        if isinstance(then, Const):
            return self._or(test, other) if then.value else self._and(self._not(test), other)
        if isinstance(other, Const):
            return self._or(self._not(test), then) if other.value else self._and(test, then)
        return self._or(self._and(test, then), self._and(self._not(test), other))

    # Divisions

    def _division(self, node: DivRound, left: Node, right: Node) -> Node:
        left, right = self._reduced(left, right)
        if isinstance(right, Const) and right.value == 1:
            return left
        if left.lo >= 0:
            return self._rounded(node.mode, left, right)
        negative = self._compare("<", left, self._const(0))
        most = max(abs(left.lo), abs(left.hi))
        size = self._choose(negative, self._negative(left), left, (0, most))
        quotient = self._rounded(node.mode, size, right)
        return self._choose(negative, self._negative(quotient), quotient)

    def _reduced(self, left: Node, right: Node) -> tuple[Node, Node]:
        """The same fraction in lower terms, where a constant factor stands on both sides."""
        if not (isinstance(right, Const) and isinstance(left, Mul) and isinstance(left.right, Const)):
            return left, right
        common = gcd(left.right.value, right.value)
        factor = self._const(left.right.value // common)
        left = self._product(left.lo // common, -(-left.hi // common), left.left, factor)
        return left, self._const(right.value // common)

    def _quotient(self, left: Node, right: Node) -> Node:
        """left ÷ right without its rest, for left >= 0."""
        if isinstance(left, Const) and isinstance(right, Const):
            return self._const(left.value // right.value)
        return self._share(DivRound(left.lo // right.hi, left.hi // right.lo, 0, left, right, "down"))

    def _rounded(self, mode: Mode, left: Node, right: Node) -> Node:
        match mode:
            case "down":
                return self._quotient(left, right)
            case "half_even":
                return self._half_even(left, right)
            case "up":
                added = self._sub(right, self._const(1))
            case "half_up":
                added = self._half(right)
            case "half_down":
                added = self._half(self._sub(right, self._const(1)))
            case _:
                assert_never(mode)
        return self._quotient(self._add(left, added), right)

    def _half(self, node: Node) -> Node:
        if isinstance(node, Const):
            return self._const(node.value // 2)
        return self._quotient(node, self._const(2))

    def _half_even(self, left: Node, right: Node) -> Node:
        """The quotient, and one more where the rest is more than its half, or is that and the quotient odd."""
        quotient = self._quotient(left, right)
        whole = self._product(0, left.hi, quotient, right)
        rest = self._share(Sub(0, right.hi - 1, 0, left, whole))
        lacking = self._share(Sub(1, right.hi, 0, right, rest))
        two = self._const(2)
        odd = self._compare("!=", self._mul(self._half(quotient), two), quotient)
        tie = self._and(self._compare("==", rest, lacking), odd)
        return self._add(quotient, self._or(self._compare("<", lacking, rest), tie))

    # Tables

    def _gather(self, table: Sequence[int], index: Node) -> Node:
        values = table[index.lo : index.hi + 1] if index.lo or index.hi + 1 < len(table) else table
        deeper = self._through(values, index)
        if deeper is not None:
            return deeper
        index = self._sub(index, self._const(index.lo))
        step = values[-1] - values[-2] if len(values) > 1 else 0
        if abs(step) * len(values) < LONG and all(b - a == step for a, b in pairwise(values)):
            return self._add(self._mul(index, self._const(step)), self._const(values[0]))
        changes = list(islice((at for at, (a, b) in enumerate(pairwise(values), 1) if a != b), FEW + 1))
        if len(changes) <= FEW:
            return self._chain(values, index, changes)
        shared = self._tables.setdefault(tuple(values), tuple(values))
        return self._share(Gather(min(values), max(values), 0, shared, index))

    def _through(self, values: Sequence[int], index: Node) -> Node | None:
        """The same entry, looked up by what the index was itself looked up by."""
        match index:
            case Gather(table=table, index=by) if len(table) <= WIDE:
                reached = table[by.lo : by.hi + 1]
            case Band(cuts=cuts, of=by) if by.hi - by.lo < WIDE:
                reached = tuple(bisect_right(cuts, value) for value in range(by.lo, by.hi + 1))
            case _:
                return None
        if min(reached) < index.lo or max(reached) > index.hi:
            return None
        by = self._sub(by, self._const(by.lo))
        return self._gather([values[at - index.lo] for at in reached], by)

    def _chain(self, values: Sequence[int], index: Node, changes: Sequence[int]) -> Node:
        result: Node = self._const(values[-1])
        for at in reversed(changes):
            below = self._compare("<", index, self._const(at))
            result = self._choose(below, self._const(values[at - 1]), result)
        return result

    def _band(self, cuts: tuple[int, ...], of: Node) -> Node:
        if isinstance(of, Const):
            return self._const(bisect_right(cuts, of.value))
        if len(cuts) <= FEW:
            if len(cuts) == of.hi - of.lo and of.lo < cuts[0] and cuts[-1] <= of.hi:
                return self._sub(of, self._const(of.lo))
            return self._reached(of, [self._const(cut) for cut in cuts])
        if of.hi - of.lo < WIDE:
            offset = self._sub(of, self._const(of.lo))
            return self._gather([bisect_right(cuts, value) for value in range(of.lo, of.hi + 1)], offset)
        return self._bucketed(cuts, of) or self._share(Band(0, len(cuts), 0, cuts, of))

    def _reached(self, of: Node, cuts: Sequence[Node]) -> Node:
        """How many of the cuts are at most `of`."""
        return reduce(self._add, (self._compare("<=", cut, of) for cut in cuts))

    def _bucketed(self, cuts: tuple[int, ...], of: Node) -> Node | None:
        """A look-up by equal buckets, each with its few cuts; None where some bucket has too many."""
        span = of.hi - of.lo
        if span >= LONG or len(cuts) > CROWD * WIDE:
            return None
        least = max(span.bit_length() - WIDE.bit_length() + 1, 0)
        most = max(span.bit_length() - len(cuts).bit_length(), least)
        for shift in range(most, least - 1, -1):
            fullest = max(Counter((cut - of.lo) >> shift for cut in cuts).values())
            if fullest == 1 or (fullest <= CROWD and shift == least):
                break
        else:
            return None
        return self._in_buckets(cuts, of, shift, fullest)

    def _in_buckets(self, cuts: tuple[int, ...], of: Node, shift: int, fullest: int) -> Node:
        starts = [of.lo + (at << shift) for at in range(((of.hi - of.lo) >> shift) + 2)]
        before = [bisect_left(cuts, start) for start in starts]
        bucket = self._quotient(self._sub(of, self._const(of.lo)), self._const(1 << shift))
        inside = []
        for nth in range(fullest):
            nexts = [cuts[a + nth] if a + nth < b else of.hi + 1 for a, b in pairwise(before)]
            inside.append(self._gather(nexts, bucket))
        return self._add(self._gather(before[:-1], bucket), self._reached(of, inside))


def _is_truth(node: Node) -> bool:
    return isinstance(node, Compare | And | Or | Not | Present)


def _is_bit(node: Node) -> bool:
    """Whether a node is a truth, or a constant that stands for one."""
    return _is_truth(node) or (isinstance(node, Const) and node.value in (0, 1))
