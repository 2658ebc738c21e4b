"""Where records of one plan are looked for: a period or a day, and what stands beside the rule that is asked about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from feerules.plan.conditions import Subject
from feerules.plan.nodes import Leaf, Mark, Plan
from feerules.plan.tariffs import BandAsked
from feerules.proving.edges import Side, all_ways, band_goals, decides, edges_of, ways_of
from feerules.proving.marks import Rule, marks_of, rule_of
from feerules.proving.witnesses import Goal, Record, Search
from feerules.proving.writing import WrittenCase

__all__ = ["At", "Found", "Setting", "generate"]

MOST_MARKS = 6  # of one rule in one plan: lines of several cycles and payers ask alike


@dataclass(frozen=True, slots=True)
class At:
    """Where a record stands: at an edge of a fact, at a bound; or anywhere in the rule (`side` None)."""

    subject: Subject | None
    value: int | str | None
    side: Side | None


class Setting(ABC):
    """One plan, and records of it."""

    def __init__(self, plan: Plan, start: Record, fixed: Iterable[Leaf] = ()) -> None:
        self.plan = plan
        self.search = Search(plan, fixed)
        self.start = self.search.find((), start) or start

    @abstractmethod
    def write(self, mark: Mark, rule: Rule, at: At, record: Record) -> WrittenCase | None:
        """A record as a case, with what comes out now; None where nothing can be asked of it."""

    @abstractmethod
    def decided(self, mark: Mark, record: Record) -> frozenset[Rule]:
        """The rules that decide what a case at a mark expects."""

    @cached_property
    def by_rule(self) -> Mapping[Rule, list[tuple[Mark, int]]]:
        found: dict[Rule, list[tuple[Mark, int]]] = {}
        for mark in self.plan.marks:
            for number in sorted({number for rules in mark.rules for number in rules}):
                found.setdefault(rule_of(mark, number), []).append((mark, number))
        return found

    def witness(self, rule: Rule) -> Found | None:
        """A record for which a rule decides."""
        for mark, number in self.by_rule.get(rule, ())[:MOST_MARKS]:
            for goals in self._goals(mark, number):
                record = self.search.find(goals, self.start)
                if record is not None and rule in self.decided(mark, record):
                    return Found(self, mark, number, rule, record)
        return None

    def _goals(self, mark: Mark, number: int) -> Iterator[Sequence[Goal]]:
        for way in ways_of(mark, number):
            for cells in all_ways(way):
                yield (*cells, *decides(mark, number))

    def reaches(self, mark: Mark, record: Record) -> Iterator[Rule]:
        """Every rule of the plan that decides for a record."""
        yield from (rule_of(*each) for each in marks_of(self.plan).decided(self.search.arguments(record)))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A rule, and a record for which it decides."""

    setting: Setting
    mark: Mark
    number: int
    rule: Rule
    record: Record

    def records(self) -> Iterator[tuple[At, Record]]:
        """Records at the edges of the rule, from inside and outside; last, the one where it decides."""
        if isinstance(self.mark.asked, BandAsked):
            yield from self._bounds()
        else:
            yield from self._edges()
        yield At(None, None, None), self.record

    def _edges(self) -> Iterator[tuple[At, Record]]:
        search = self.setting.search
        for edge in edges_of(self.mark, self.number):
            record = search.find(edge.goals, self.record)
            if record is None and not edge.inside:
                record = search.find(edge.goals, self.record, guarded=False)
            if record is not None:
                yield At(edge.subject, edge.value, edge.side), record

    def _bounds(self) -> Iterator[tuple[At, Record]]:
        asked, search = self.mark.asked, self.setting.search
        if asked.high is None:
            return
        end = search.value(self.record, asked.high)
        sides: tuple[Side, Side] = ("upper", "above")
        for beyond, side in zip((False, True), sides, strict=True):
            for goals in band_goals(self.mark, self.number, end, beyond=beyond):
                record = search.find(goals, self.record)
                if record is not None:
                    counted = asked.counted
                    yield At(None, _decimal(search.value(record, counted), counted.scale), side), record
                    break


def _decimal(value: int, scale: int) -> str:
    from_point = f"{value:0{scale + 1}d}"
    text = f"{from_point[:-scale]}.{from_point[-scale:]}" if scale else from_point
    return text.rstrip("0").rstrip(".") if scale else text


@dataclass(slots=True)
class Written:
    """The cases of one version of a document, and the rules that they do not reach."""

    cases: list[WrittenCase]
    missed: list[Rule]


def generate(rules: Mapping[Rule, bool], settings: Iterable[Setting], at_most: int) -> Written:
    """Cases for the rules that can be reached, each at its edges, in the order of the rules.

    Where there are more rules than cases, they are chosen evenly; the room that is left is for further edges.
    """
    wanted = [rule for rule, reachable in rules.items() if reachable]
    asked = wanted if len(wanted) <= at_most else [wanted[n * len(wanted) // at_most] for n in range(at_most)]
    found: dict[Rule, Found] = {}
    for setting in settings:
        for rule in asked:
            if rule not in found and (one := setting.witness(rule)) is not None:
                found[rule] = one
        if len(found) == len(asked):
            break
    room = max(at_most // len(found), 1) if found else 0
    cases: dict[object, WrittenCase] = {}
    reached: set[Rule] = set()
    for rule in asked:
        if rule in found:
            _write(found[rule], cases, reached, room)
    return Written([*cases.values()], [rule for rule in wanted if rule not in reached])


def _write(found: Found, cases: dict[object, WrittenCase], reached: set[Rule], room: int) -> None:
    """At most so many cases of one rule, of which one at least reaches it."""
    setting, before = found.setting, len(cases)
    for at, record in found.records():
        full = len(cases) - before >= room
        if at.side is None and found.rule in reached:
            return
        if full and not (at.side is None and found.rule not in reached):
            continue
        case = setting.write(found.mark, found.rule, at, record)
        if case is None:
            continue
        key = (*case.asked, str(case.given), str(case.shares), *case.expect)
        if key not in cases:
            cases[key] = case
        reached |= setting.decided(found.mark, record)
