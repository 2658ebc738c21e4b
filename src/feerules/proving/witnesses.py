"""Facts for which a plan comes to what is asked: found backwards, from a node to the facts that it rests on.

A record that is right already is changed as little as possible. What a rule asks narrows what a fact may be; where
several facts make one number, all but one of them stay as they are, in turn. Nothing is tried at random, and what
was found is run through the reference engine before anybody relies on it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from feerules.plan.nodes import (
    Add,
    And,
    Band,
    Choose,
    Compare,
    Const,
    DivRound,
    Fact,
    Gather,
    Leaf,
    Max,
    Min,
    Mul,
    Node,
    Not,
    Or,
    Plan,
    Present,
    Sub,
)
from feerules.proving.intervals import (
    FAR,
    Wanted,
    around,
    holds,
    joined,
    meet,
    nearest,
    only,
    shifted,
)
from feerules.proving.inverses import dividend, factor, left_of, right_of
from feerules.proving.numbers import Record, numbers_of

__all__ = ["Goal", "Record", "Search"]

Goal = tuple[Node, Wanted]
TRUE, FALSE = only(1), only(0)
MOST_STEPS = 6_000
MOST_TRIES = 60
MOST_ROUNDS = 6
MOST_PARTS = 16


@dataclass(frozen=True, slots=True)
class Room:
    """What a fact may be: some numbers, and whether it may have no value, or any."""

    numbers: Wanted
    absent: bool
    present: bool = True


@dataclass(slots=True, eq=False)
class State:
    """A record, what its facts may still be, and what nodes come to for it."""

    record: Record
    rooms: Mapping[Leaf, Room]
    known: dict[int, int] = field(default_factory=dict)
    arguments: tuple[int, ...] = ()


class Exhausted(Exception):
    """No more steps: a goal is given up."""


class Search:
    """Looks for records of one plan that fail none of its guards; `fixed` facts stay as they are."""

    def __init__(self, plan: Plan, fixed: Iterable[Leaf] = ()) -> None:
        self.leaves = plan.leaves
        self.fixed = frozenset(fixed)
        self.numbers = numbers_of(plan)
        self._steps = 0
        self.spent = 0  # steps in all

    # What nodes come to

    def arguments(self, record: Record) -> tuple[int, ...]:
        return self.numbers.arguments(record)

    def value(self, record: Record, node: Node) -> int:
        return self.numbers.value(self.numbers.arguments(record), node)

    def _now(self, state: State, node: Node) -> int:
        if isinstance(node, Const):
            return node.value
        found = state.known.get(id(node))
        if found is None:
            if not state.arguments:
                state.arguments = self.numbers.arguments(state.record)
            found = state.known[id(node)] = self.numbers.value(state.arguments, node)
        return found

    # Looking

    def find(self, goals: Sequence[Goal], start: Record, *, guarded: bool = True) -> Record | None:
        """A record for which every goal holds and no guard fails, near `start`; None where none was found."""
        more: list[Goal] = []
        for _ in range(MOST_ROUNDS):
            found = self._solved([*goals, *more], start)
            failing = self._failing(found) if found is not None and guarded else []
            if not failing:
                return found
            if all(goal in more for goal in failing):
                return None
            more += [goal for goal in failing if goal not in more]
        return None

    def _failing(self, record: Record) -> list[Goal]:
        kept = self.numbers.all_kept(*self.arguments(record))
        return [(node, TRUE) for node, is_kept in zip(self.numbers.guards, kept, strict=True) if not is_kept]

    def hold(self, goals: Sequence[Goal], record: Record) -> bool:
        """Whether a record is right as it is."""
        return not self._failing(record) and all(
            holds(wanted, self.value(record, node)) for node, wanted in goals
        )

    def _solved(self, goals: Sequence[Goal], start: Record) -> Record | None:
        self._steps, tries = 0, 0
        rooms = {leaf: self._room(leaf, start[leaf]) for leaf in self.leaves}
        try:
            for state in self._all(goals, State(start, rooms)):
                if all(holds(wanted, self._now(state, node)) for node, wanted in goals):
                    return state.record
                tries += 1
                if tries > MOST_TRIES:
                    return None
        except (Exhausted, RecursionError):
            return None
        return None

    def _room(self, leaf: Leaf, value: int | None) -> Room:
        if leaf in self.fixed:
            return Room(only(leaf.lo if value is None else value), value is None, value is not None)
        return Room(((leaf.lo, leaf.hi),), leaf.optional and leaf.default is None)

    def _all(self, goals: Sequence[Goal], state: State) -> Iterator[State]:
        if not goals:
            yield state
            return
        for after in self._want(*goals[0], state):
            yield from self._all(goals[1:], after)

    def _want(self, node: Node, wanted: Wanted, state: State) -> Iterator[State]:
        """States near this one in which a node is what is wanted."""
        self._steps += 1
        self.spent += 1
        if self._steps > MOST_STEPS:
            raise Exhausted
        wanted = meet(wanted, ((node.lo, node.hi),))
        if not wanted:
            return
        if wanted == ((node.lo, node.hi),):
            yield state
            return
        match node:
            case Const(value=value):
                yield from [state] if holds(wanted, value) else []
            case Fact(leaf=leaf):
                yield from self._number(leaf, wanted, state)
            case Present(leaf=leaf):
                yield from self._presence(leaf, holds(wanted, 1), state)
            case Not(of=of):
                yield from self._want(of, FALSE if holds(wanted, 1) else TRUE, state)
            case And(left=left, right=right):
                yield from (
                    self._both(left, right, TRUE, state)
                    if holds(wanted, 1)
                    else self._either(left, right, FALSE, state)
                )
            case Or(left=left, right=right):
                yield from (
                    self._either(left, right, TRUE, state)
                    if holds(wanted, 1)
                    else self._both(left, right, FALSE, state)
                )
            case Compare():
                yield from self._compared(node, holds(wanted, 1), state)
            case Choose(test=test, then=then, other=other):
                now = self._now(state, test)
                for which in (now, 1 - now):
                    for tested in self._want(test, only(which), state):
                        yield from self._want(then if which else other, wanted, tested)
            case Gather(table=table, index=index):
                yield from self._want(index, self.numbers.places_of(table, wanted), state)
            case Band(cuts=cuts, of=of):
                edges = (-FAR, *cuts, FAR + 1)
                yield from self._want(of, joined((edges[a], edges[b + 1] - 1) for a, b in wanted), state)
            case _:
                yield from self._reckoned(node, wanted, state)

    # Facts

    def _number(self, leaf: Leaf, wanted: Wanted, state: State) -> Iterator[State]:
        room, value = state.rooms[leaf], state.record[leaf]
        if value is None and room.absent and holds(wanted, leaf.lo):
            yield self._changed(state, leaf, None, Room(room.numbers, absent=True, present=False))
        numbers = meet(room.numbers, wanted)
        if numbers and room.present:
            near = nearest(numbers, leaf.lo if value is None else value)
            yield self._changed(state, leaf, near, Room(numbers, absent=False))

    def _presence(self, leaf: Leaf, present: bool, state: State) -> Iterator[State]:
        room, value = state.rooms[leaf], state.record[leaf]
        if present and room.present:
            number = _plain(leaf, room.numbers) if value is None else value
            yield self._changed(state, leaf, number, Room(room.numbers, absent=False))
        if not present and room.absent:
            yield self._changed(state, leaf, None, Room(room.numbers, absent=True, present=False))

    def _changed(self, state: State, leaf: Leaf, value: int | None, room: Room) -> State:
        rooms = {**state.rooms, leaf: room}
        if value == state.record[leaf]:
            return State(state.record, rooms, state.known, state.arguments)
        return State({**state.record, leaf: value}, rooms)

    def _pinned(self, leaves: Iterable[Leaf], state: State) -> State:
        """Where some facts stay as they are."""
        rooms = dict(state.rooms)
        for leaf in leaves:
            value = state.record[leaf]
            rooms[leaf] = Room(only(leaf.lo if value is None else value), value is None, value is not None)
        return State(state.record, rooms, state.known, state.arguments)

    # Truths

    def _both(self, left: Node, right: Node, wanted: Wanted, state: State) -> Iterator[State]:
        for after in self._want(left, wanted, state):
            yield from self._want(right, wanted, after)

    def _either(self, left: Node, right: Node, wanted: Wanted, state: State) -> Iterator[State]:
        one, other = (left, right) if holds(wanted, self._now(state, left)) else (right, left)
        yield from self._want(one, wanted, state)
        yield from self._want(other, wanted, state)

    def _compared(self, node: Compare, truth: bool, state: State) -> Iterator[State]:
        left, right = node.left, node.right
        if self._now(state, node) == truth and not (isinstance(left, Const) or isinstance(right, Const)):
            yield state  # what is true already is left alone, until it is seen to be false
        yield from self._on_one_side(left, right, lambda value: left_of(node.op, value, truth), state)
        yield from self._on_one_side(right, left, lambda value: right_of(node.op, value, truth), state)

    def _on_one_side(
        self, moved: Node, kept: Node, wanted: Callable[[int], Wanted], state: State
    ) -> Iterator[State]:
        """Changes one operand, while the other stays; a fact that both rest on may stay or change."""
        if isinstance(moved, Const):
            return
        asked = wanted(self._now(state, kept))
        below = self.numbers.leaves_below(kept)
        yield from self._want(moved, asked, self._pinned(below, state))
        shared = {*below} & {*self.numbers.leaves_below(moved)}
        if shared:
            others = [leaf for leaf in below if leaf not in shared]
            yield from self._want(moved, asked, self._pinned(others, state))

    # Numbers

    def _reckoned(self, node: Node, wanted: Wanted, state: State) -> Iterator[State]:
        match node:
            case Add(left=Mul(left=Gather() as place, right=Const(value=step)), right=right) if (
                0 <= right.lo <= right.hi < step
            ):
                yield from self._placed(place, step, right, wanted, state)
            case _:
                # A table of days has thousands of places that are alike: those nearby will do.
                yield from self._of_operands(node, around(wanted, self._now(state, node), MOST_PARTS), state)

    def _of_operands(self, node: Node, wanted: Wanted, state: State) -> Iterator[State]:
        match node:
            case _ if (leaf := self._only_free(node, state)) is not None and (
                numbers := self._bisected(node, wanted, leaf, state)
            ):
                yield from self._number(leaf, numbers, state)
            case Add(left=left, right=right):
                yield from self._one_of(
                    node,
                    wanted,
                    state,
                    (left, right, lambda x: shifted(wanted, -x)),
                    (right, left, lambda x: shifted(wanted, -x)),
                )
            case Sub(left=left, right=right):
                negative = tuple((-hi, -lo) for lo, hi in reversed(wanted))
                yield from self._one_of(
                    node,
                    wanted,
                    state,
                    (left, right, lambda x: shifted(wanted, x)),
                    (right, left, lambda x: shifted(negative, x)),
                )
            case Mul(left=left, right=right):
                yield from self._one_of(
                    node,
                    wanted,
                    state,
                    (left, right, lambda x: factor(wanted, x)),
                    (right, left, lambda x: factor(wanted, x)),
                )
            case DivRound(left=left, right=right):
                yield from self._one_of(
                    node, wanted, state, (left, right, lambda x: dividend(node, wanted, x))
                )
            case Min(left=left, right=right) | Max(left=left, right=right):
                yield from self._extreme(node, left, right, wanted, state)
                yield from self._extreme(node, right, left, wanted, state)

    def _only_free(self, node: Node, state: State) -> Leaf | None:
        """The one fact below a node that may change."""
        rooms = state.rooms
        below = ((leaf, rooms[leaf].numbers) for leaf in self.numbers.leaves_below(node))
        free = [leaf for leaf, numbers in below if any(lo < hi for lo, hi in numbers) or len(numbers) > 1]
        return free[0] if len(free) == 1 else None

    def _bisected(self, node: Node, wanted: Wanted, leaf: Leaf, state: State) -> Wanted:
        """What a fact must be, where a node rises or falls with it; nothing where it does neither."""
        numbers: list[tuple[int, int]] = []
        arguments, at = [*self.numbers.arguments(state.record)], self.leaves.index(leaf)
        arguments[at + len(self.leaves)] = 1

        def come_to(value: int) -> int:
            arguments[at] = value
            return self.numbers.value(tuple(arguments), node)

        for lo, hi in state.rooms[leaf].numbers:
            sign = 1 if come_to(lo) <= come_to(hi) else -1
            for least, most in wanted if sign > 0 else [(-b, -a) for a, b in wanted]:
                first = bisect_left(range(lo, hi + 1), least, key=lambda value: sign * come_to(value)) + lo
                last = bisect_right(range(lo, hi + 1), most, key=lambda value: sign * come_to(value)) + lo - 1
                if first <= last and all(least <= sign * come_to(value) <= most for value in (first, last)):
                    numbers.append((first, last))
        return joined(numbers)

    def _one_of(
        self,
        node: Node,
        wanted: Wanted,
        state: State,
        *ways: tuple[Node, Node, Callable[[int], Wanted]],
    ) -> Iterator[State]:
        """One operand after the other, where more than one of them can change."""
        if holds(wanted, self._now(state, node)) and not any(isinstance(kept, Const) for _, kept, _ in ways):
            yield state
        for moved, kept, of in ways:
            yield from self._on_one_side(moved, kept, of, state)

    def _placed(self, place: Node, step: int, within: Node, wanted: Wanted, state: State) -> Iterator[State]:
        """An entry of a table of rows: which row, and where in it."""
        rows: dict[int, list[tuple[int, int]]] = {}
        for lo, hi in wanted:
            for row in range(max(lo // step, place.lo), min(hi // step, place.hi) + 1):
                rows.setdefault(row, []).append((max(lo - row * step, 0), min(hi - row * step, step - 1)))
        now = self._now(state, place)
        for row in sorted(rows, key=lambda each: (abs(each - now), each)):
            for after in self._want(place, only(row), state):
                yield from self._want(within, joined(rows[row]), after)

    def _extreme(self, node: Node, one: Node, other: Node, wanted: Wanted, state: State) -> Iterator[State]:
        """One operand as wanted, and the other not in its way."""
        for after in self._want(one, wanted, state):
            value = self._now(after, one)
            beyond = ((value, FAR),) if isinstance(node, Min) else ((-FAR, value),)
            yield from self._want(other, beyond, after)


def _plain(leaf: Leaf, numbers: Wanted) -> int:
    return nearest(numbers, max(leaf.lo, min(leaf.hi, 0)))
