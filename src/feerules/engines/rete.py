"""Reactions on durable-rules: what happened is sorted by one set of rules, what waits is joined by another.

Measured on 2.0.28, and designed around:

- One fact is followed into 64 rules at most: rules are spread over rulesets of so many. A condition has room for 32
  comparisons and operators: what does not fit is judged beside, and told as one more fact.
- A context is found by a hash of 32 bits of its name, and there is room for 1,024: there is one, under a lock, deleted
  after each history. One in which nothing ever fired is freed wrongly, which ends the process: the first thing that
  each context is told always fires.
- What fires goes to one rule if it is an event, and to every rule if it is a fact: here all are facts. To retract a fact
  that has fired reads what is freed: none is ever retracted, they end with their context. A batch with a fact that
  nobody wants is dropped whole: facts are told one by one.
- A condition whose last part fails reads past its own end, until it finds one or the process ends: each ends with a part
  that holds. `none` holds only where it stands last; numbers are whole; a day is a fact that is told, and no timer runs.
- What is given is changed, so it is given what nobody else has. Errors in actions come back as data, and an action that
  takes ten seconds has no answer at all: both are raised here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from threading import Lock
from typing import Any, Final

from durable import engine

from feerules.errors import FeeRulesError
from feerules.plan.patterns import (
    ALONE,
    COMES,
    COUNT,
    MORNING,
    WITHOUT,
    CellTerms,
    Happened,
    Match,
    OneOf,
    ReactionTerms,
    Used,
    holds,
    in_order,
)

__all__ = ["EngineFailed", "Rete"]

MOST_RULES: Final = 64
MOST_COMPARED: Final = 20  # of 32, which the operators between them share
SID: Final = "1"
FIRST, SECOND, UNLESS, TICK = range(4)
GREETING: Final = -1

Rule = Mapping[str, Any]
Label = tuple[int, int]  # a reaction, and what it takes a happening for
Fact = dict[str, Any]


class EngineFailed(FeeRulesError, RuntimeError):
    """An action of durable-rules failed, or gave no answer; nothing was decided."""


class _Host(engine.Host):  # type: ignore[misc]
    """One without threads beside: they would now and then take an action away from the caller that waits for it."""

    def _run(self) -> None:
        """Timers are off: days are told."""


class Rete:
    """The reactions of one policy as rulesets. `matches` gives what the reference gives, for one history at a time."""

    def __init__(self, reactions: Sequence[ReactionTerms]) -> None:
        self.reactions = tuple(reactions)
        self.labels: set[Label] = set()
        self.fired: list[tuple[int, int, int]] = []  # reaction, first, last
        self._lock = Lock()
        self._kinds = _kinds_of(reactions)
        self._marks: dict[CellTerms, str] = {}  # cells that are too long for a condition
        self._rulesets: dict[str, dict[str, Rule]] = {}
        self._sorting = self._spread("sorting", self._sorts())
        self._waiting = self._spread("waiting", self._waits())
        self._greeted: set[str] = set()
        # What is given is changed.
        self._host = _Host({name: dict(rules) for name, rules in self._rulesets.items()})

    def matches(self, history: Sequence[Happened], until: int, used: Used | None = None) -> list[Match]:
        """Every reaction that fires by the evening of a day, in order."""
        with self._lock, self._context():
            return in_order(_Run(self, history, used).matches(until))

    @property
    def contexts(self) -> int:
        """How many contexts are there now: one for each ruleset while a history is looked at, else none."""
        return len(self._greeted)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of rules in each ruleset."""
        return tuple(map(len, self._rulesets.values()))

    # Rules

    def _sorts(self) -> Iterator[tuple[str, int, Rule]]:
        """For each happening that a reaction asks for, a rule: name, kind, rule."""
        for number, reaction in enumerate(self.reactions):
            for role, some in _roles(reaction):
                for nth, each in enumerate(some):
                    code = self._kinds[each.kind]
                    conditions = [{"kind": code}, *self._told(each.tests)]
                    rule = {"all": [{"m": {"$and": conditions}}], "run": self._sorted_as(number, role)}
                    yield f"r{number}_{role}_{nth}", code, rule

    def _told(self, tests: Sequence[CellTerms]) -> Iterator[Rule]:
        """The conditions of some cells. Those that would make them too long are judged beside, and told by a mark."""
        rest = [*tests]
        marked: list[CellTerms] = []
        while 1 + len(marked) + sum(map(_cost, rest)) > MOST_COMPARED:
            longest = max(rest, key=_cost)
            rest.remove(longest)
            marked.append(longest)
        yield from (condition for test in rest for condition in _conditions(test))
        for test in marked:
            yield {self._marks.setdefault(test, f"mark_{len(self._marks)}"): 1}

    def _sorted_as(self, number: int, role: int) -> Callable[[Any], None]:
        def run(c: Any) -> None:
            self.labels.add((number, role))

        return run

    def _waits(self) -> Iterator[tuple[str, int, Rule]]:
        """For each reaction that waits, a rule that joins what it waits for: name, number, rule."""
        joins = {COUNT: _all_there, COMES: _has_come, WITHOUT: _is_over}
        for number, reaction in enumerate(self.reactions):
            if reaction.form in joins:
                rule = {"all": joins[reaction.form](number, reaction), "run": self._joined(number)}
                yield f"r{number}", number, rule

    def _joined(self, number: int) -> Callable[[Any], None]:
        def run(c: Any) -> None:
            self.fired.append((number, c.first.at, c.last.at))

        return run

    def _spread(self, name: str, rules: Iterable[tuple[str, int, Rule]]) -> Mapping[int, tuple[str, ...]]:
        """Puts rules into rulesets, and tells which of them know a kind, or a reaction."""
        found: dict[int, list[str]] = {}
        for at, (rule_name, key, rule) in enumerate(sorted(rules, key=lambda each: each[1])):
            ruleset = f"{name}_{at // (MOST_RULES - 1)}"
            known = self._rulesets.setdefault(ruleset, {"greeting": _greeting()})
            known[rule_name] = rule
            if ruleset not in found.setdefault(key, []):
                found[key].append(ruleset)
        return {key: tuple(names) for key, names in found.items()}

    # What the host is told

    @contextmanager
    def _context(self) -> Iterator[None]:
        """A context for one history, which nothing of it outlives."""
        self.labels.clear()
        self.fired.clear()
        try:
            yield
        finally:
            greeted, self._greeted = self._greeted, set()
            for ruleset in greeted:
                self._host.delete_state(ruleset, SID)

    def sort(self, at: int, happened: Happened) -> set[Label]:
        """What the reactions take a happening for."""
        code = self._kinds.get(happened.kind)
        self.labels.clear()
        if code is None:
            return self.labels
        marks = {name: 1 for test, name in self._marks.items() if holds(happened, test)}
        for ruleset in self._sorting[code]:
            self._tell(ruleset, {"id": f"h{at}", "sid": SID, "kind": code, **happened.told, **marks})
        return self.labels

    def join(self, number: int, fact: Fact) -> list[tuple[int, int]]:
        """The pairs of numbers that a reaction joins, now that a fact is there too."""
        self.fired.clear()
        for ruleset in self._waiting[number]:
            self._tell(ruleset, dict(fact))
        return [(first, last) for _, first, last in self.fired]

    def _tell(self, ruleset: str, fact: Fact) -> None:
        if ruleset not in self._greeted:
            self._greeted.add(ruleset)
            self._heard(self._host.assert_fact(ruleset, {"id": "greeting", "sid": SID, "kind": GREETING}))
        # That nobody waits for it is an answer.
        with suppress(engine.MessageNotHandledException):
            self._heard(self._host.assert_fact(ruleset, fact))

    def _heard(self, state: Any) -> None:
        """The state after the actions: None where there was none to run, 0 where one never ended."""
        if state is None:
            return
        if not isinstance(state, dict) or "exception" in state:
            told = state.get("exception", "") if isinstance(state, dict) else "no answer within ten seconds"
            raise EngineFailed(f"durable-rules: {told}")


def _kinds_of(reactions: Sequence[ReactionTerms]) -> dict[str, int]:
    parts = (each for one in reactions for each in (*one.first, *one.second, *one.unless))
    return {kind: code for code, kind in enumerate(sorted({each.kind for each in parts}))}


def _roles(reaction: ReactionTerms) -> Iterator[tuple[int, OneOf]]:
    """What a reaction takes happenings for, as far as its form asks."""
    yield FIRST, reaction.first
    if reaction.form in (COMES, WITHOUT):
        yield SECOND, reaction.second
    if reaction.form != ALONE:
        yield UNLESS, reaction.unless


# Conditions on one happening


def _greeting() -> Rule:
    def run(c: Any) -> None:
        """What fires first keeps the context sound."""

    return {"all": [{"m": {"$and": [{"kind": GREETING}]}}], "run": run}


def _cost(test: CellTerms) -> int:
    """How many comparisons and operators a cell takes."""
    ways = len(test.bands) + test.null
    return 2 * len(test.bands) + test.null + (1 + len(test.bands) if ways > 1 else 0)


def _conditions(test: CellTerms) -> list[Rule]:
    """Conditions that hold together; where there are several ways, one condition for all of them."""
    ways = [_band(test.field, lo, hi) for lo, hi in test.bands]
    if test.null:
        ways.append([{"$nex": {test.field: 1}}])
    if len(ways) == 1:
        return ways[0]
    return [{"$or": [way[0] if len(way) == 1 else {"$and": way} for way in ways]}]


def _band(name: str, lo: int, hi: int) -> list[Rule]:
    if hi == lo + 1:
        return [{name: lo}]
    return [{"$gte": {name: lo}}, {"$lt": {name: hi}}]


# Joins. A fact that waits has a label (`kind`), its number in the history (`at`), its day, and among those that wait for
# one reaction its number (`nth`); `one` is 1. What waits no longer is left where it is: what comes later has another
# `run`, and is not joined with it.


def _label(number: int, role: int) -> int:
    return number * (TICK + 1) + role


def _later(of: str, name: str, more: int) -> Rule:
    return {"$add": {"$l": {of: name}, "$r": more}}


def _wait_for(number: int, role: int, *joins: Rule) -> Rule:
    """A fact with a label that is joined with what began. The last part of a condition must not fail: where it does,
    durable-rules reads past the end of it. So the last is one that always holds."""
    run = {"run": {"first": "run"}}
    return {"$and": [{"kind": _label(number, role)}, run, *joins, {"$gte": {"one": {"first": "one"}}}]}


def _began(number: int) -> Rule:
    return {"first": {"$and": [{"kind": _label(number, FIRST)}]}}


def _all_there(number: int, reaction: ReactionTerms) -> list[Rule]:
    """The first and the last of so many, close enough together."""
    nth = {"nth": _later("first", "nth", reaction.at_least - 1)}
    day = {"$lte": {"day": _later("first", "day", reaction.within)}}
    return [_began(number), {"last": _wait_for(number, FIRST, nth, day)}]


def _has_come(number: int, reaction: ReactionTerms) -> list[Rule]:
    day = {"$lte": {"day": _later("first", "day", reaction.within)}}
    return [_began(number), {"last": _wait_for(number, SECOND, day)}]


def _is_over(number: int, reaction: ReactionTerms) -> list[Rule]:
    """What began, on the day after its days are over, and no answer: which must stand last."""
    day = {"day": _later("first", "day", reaction.within + 1)}
    later = {"$gt": {"at": {"first": "at"}}}
    return [
        _began(number),
        {"last": _wait_for(number, TICK, day)},
        {"none$not": _wait_for(number, SECOND, later)},
    ]


# One history


@dataclass(slots=True)
class _Waiting:
    """What waits for one reaction: what began and what answers, numbers in the history with their days; its run."""

    first: dict[int, int] = field(default_factory=dict)
    second: dict[int, int] = field(default_factory=dict)
    run: int = 0
    nth: int = 0

    def clear(self) -> None:
        self.first.clear()
        self.second.clear()
        self.run += 1


class _Run:
    """Tells a history day by day, and keeps account of what waits."""

    def __init__(self, rete: Rete, history: Sequence[Happened], used: Used | None) -> None:
        self.rete, self.history = rete, history
        self.used = used or [frozenset()] * len(rete.reactions)
        self.waiting = [_Waiting() for _ in rete.reactions]
        self.ends: list[tuple[int, int]] = []  # the day on which a wait is over, and the reaction

    def matches(self, until: int) -> Iterator[Match]:
        for at, happened in enumerate(self.history):
            yield from self._mornings(happened.day)
            if happened.takes_back >= 0:
                self._take_back(happened.takes_back)
            # Of one reaction, what ends the wait comes first, and nothing follows upon itself.
            labels = sorted(self.rete.sort(at, happened), key=lambda label: (label[0], -label[1]))
            for number, role in labels:
                yield from self._hear(number, role, at, happened.day)
        yield from self._mornings(until)

    def _hear(self, number: int, role: int, at: int, day: int) -> Iterator[Match]:
        reaction = self.rete.reactions[number]
        if role == UNLESS:
            self.waiting[number].clear()
        elif role == SECOND:
            yield from self._answer(number, reaction, at, day)
        elif at in self.used[number]:
            return
        elif reaction.form == ALONE:
            yield Match(day, at, number, (at,))
        else:
            yield from self._begin(number, reaction, at, day)

    def _join(self, number: int, role: int, at: int, day: int) -> list[tuple[int, int]]:
        """The pairs of numbers that are joined, now that this is told too."""
        waiting, label = self.waiting[number], _label(number, role)
        waiting.nth += 1
        nth, run = waiting.nth, waiting.run
        fact = {
            "id": f"w{number}_{nth}",
            "sid": SID,
            "kind": label,
            "at": at,
            "day": day,
            "nth": nth,
            "run": run,
            "one": 1,
        }
        return self.rete.join(number, fact)

    def _begin(self, number: int, reaction: ReactionTerms, at: int, day: int) -> Iterator[Match]:
        waiting = self.waiting[number]
        waiting.first[at] = day
        for first, last in self._join(number, FIRST, at, day):
            by = tuple(each for each in waiting.first if first <= each <= last)
            waiting.clear()
            yield Match(day, at, number, by)
        if reaction.form == WITHOUT:
            end = day + reaction.within + 1, number
            if end not in self.ends:
                heappush(self.ends, end)

    def _answer(self, number: int, reaction: ReactionTerms, at: int, day: int) -> Iterator[Match]:
        waiting = self.waiting[number]
        if not waiting.first:
            return
        joined = self._join(number, SECOND, at, day)
        if reaction.form == WITHOUT:
            waiting.second[at] = day
            return
        waiting.clear()
        yield from (Match(day, at, number, (first, at)) for first, _ in joined)

    def _mornings(self, day: int) -> Iterator[Match]:
        """Every day until this one on which a wait is over."""
        while self.ends and self.ends[0][0] <= day:
            end, number = heappop(self.ends)
            waiting, within = self.waiting[number].first, self.rete.reactions[number].within
            over = [at for at, began in waiting.items() if began + within < end]
            if over:
                joined = self._join(number, TICK, MORNING, end)
                yield from (Match(end, MORNING, number, (first,)) for first, _ in joined)
            for at in over:
                del waiting[at]

    def _take_back(self, at: int) -> None:
        """A payment never was: it neither waits nor answers, and what waits is told anew without it."""
        for number, waiting in enumerate(self.waiting):
            began, answered = waiting.first.pop(at, None), waiting.second.pop(at, None)
            if began is not None or answered is not None:
                self._tell_anew(number)

    def _tell_anew(self, number: int) -> None:
        waiting = self.waiting[number]
        told = [(at, day, FIRST) for at, day in waiting.first.items()]
        told += [(at, day, SECOND) for at, day in waiting.second.items()]
        waiting.run += 1
        for at, day, role in sorted(told):
            self._join(number, role, at, day)
