"""Where records of one plan are looked for: a period or a day, and what stands beside the rule that is asked about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from feerules.plan.nodes import Leaf, Mark, Plan
from feerules.plan.tariffs import BandAsked
from feerules.proving.edges import all_ways, band_goals, decides, edges_of, ways_of
from feerules.proving.marks import Rule, marks_of, rule_of
from feerules.proving.naming import At, Naming
from feerules.proving.witnesses import Goal, Record, Search
from feerules.proving.writing import WrittenCase

__all__ = ["Found", "Setting", "Written", "generate"]

MOST_MARKS = 6  # of one rule in one plan: lines of several cycles and payers ask alike
MOST_SPENT = 20_000  # steps in which a rule is looked for, in all settings
A_SETTING = 400  # steps that a setting counts for by itself


class Setting(ABC):
    """One plan, and records of it."""

    def __init__(self, plan: Plan, start: Record, naming: Naming, fixed: Iterable[Leaf] = ()) -> None:
        self.plan, self.naming = plan, naming
        self.search = Search(plan, fixed)
        self.start = self.search.find((), start) or start

    @abstractmethod
    def write(self, mark: Mark, record: Record) -> WrittenCase | None:
        """A record as a case without a name, with what comes out now; None where nothing can be asked of it."""

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
        # A line that is there already is more like what people know than one that must be brought about.
        marks = sorted(
            self.by_rule.get(rule, ()), key=lambda each: -self.search.value(self.start, each[0].need)
        )
        for mark, number in marks[:MOST_MARKS]:
            for goals in self._goals(mark, number):
                record = self.search.find(goals, self.start)
                if record is not None and rule in self.decided(mark, record):
                    return Found(self, mark, number, rule, record)
        return None

    def _goals(self, mark: Mark, number: int) -> Iterator[Sequence[Goal]]:
        for way in ways_of(mark, number):
            for cells in all_ways(way):
                yield (*cells, *decides(mark, number))

    def reaches(self, record: Record) -> Iterator[Rule]:
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

    def records(self, *, inside: bool) -> Iterator[tuple[At, Record]]:
        """Records at the edges of the rule, from inside, or the first outside."""
        if isinstance(self.mark.asked, BandAsked):
            yield from self._at_bound(beyond=not inside)
            return
        search = self.setting.search
        for edge in edges_of(self.mark, self.number, inside=inside):
            record = search.find(edge.goals, self.record)
            if record is None and not inside:  # where what is outside is a problem
                record = search.find(edge.goals, self.record, guarded=False)
            if record is not None:
                yield At(edge.subject, edge.text, edge.side), record

    def _at_bound(self, *, beyond: bool) -> Iterator[tuple[At, Record]]:
        asked, search = self.mark.asked, self.setting.search
        if asked.high is None:
            return
        end = search.value(self.record, asked.high)
        for goals in band_goals(self.mark, self.number, end, beyond=beyond):
            record = search.find(goals, self.record)
            if record is not None:
                text = _decimal(search.value(record, asked.counted), asked.counted.scale)
                yield At(None, text, "above" if beyond else "upper"), record
                return


def _decimal(value: int, scale: int) -> str:
    from_point = f"{value:0{scale + 1}d}"
    text = f"{from_point[:-scale]}.{from_point[-scale:]}" if scale else from_point
    return text.rstrip("0").rstrip(".") if scale else text


@dataclass(frozen=True, slots=True)
class Written:
    """The cases of one version of a document, and the rules that they do not reach."""

    cases: tuple[WrittenCase, ...]
    missed: tuple[Rule, ...]


def generate(rules: Mapping[Rule, bool], settings: Iterable[Setting], at_most: int) -> Written:
    """Cases for the rules that can be reached, each at its edges, in the order of the rules.

    Where there are more rules than cases, they are chosen evenly, of a long table fewer than of the rules beside it;
    the room that is left is for further edges.
    """
    wanted = [rule for rule, reachable in rules.items() if reachable]
    writing = _Writing(_found(_evenly(wanted, at_most), settings), at_most)
    return Written(writing.cases(), tuple(rule for rule in wanted if rule not in writing.reached))


def _evenly(rules: Sequence[Rule], at_most: int) -> list[Rule]:
    """So many rules, in their order; what a short table or a fee does not need of its share goes to the long ones."""
    if len(rules) <= at_most:
        return [*rules]
    parts: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        parts.setdefault((rule.kind, rule.name if rule.number is not None else ""), []).append(rule)
    chosen: set[Rule] = set()
    for left, each in zip(range(len(parts), 0, -1), sorted(parts.values(), key=len), strict=True):
        share = min((at_most - len(chosen)) // left, len(each))
        chosen.update(each[n * len(each) // share] for n in range(share))
    return [rule for rule in rules if rule in chosen]


def _found(rules: Sequence[Rule], settings: Iterable[Setting]) -> list[Found]:
    """A record for each rule that has one, in the order of the rules."""
    found: dict[Rule, Found] = {}
    room = dict.fromkeys(rules, MOST_SPENT)  # for the rules that are looked for still
    for setting in settings:
        for rule in [rule for rule in room if rule in setting.by_rule]:
            before = setting.search.spent
            one = setting.witness(rule)
            room[rule] -= setting.search.spent - before + A_SETTING
            if one is not None:
                found[rule] = one
            if one is not None or room[rule] < 0:
                del room[rule]
        if not room:
            break
    return [found[rule] for rule in rules if rule in found]


class _Writing:
    """Goes over the rules twice: what is outside of one rule is mostly inside of another, and better called so."""

    def __init__(self, found: Sequence[Found], at_most: int) -> None:
        self.found, self.at_most = found, at_most
        self.room = max(at_most // len(found), 1) if found else 0
        self.reached: set[Rule] = set()
        self._drafts: dict[object, _Draft] = {}

    def cases(self) -> tuple[WrittenCase, ...]:
        # Whether a fee is charged is seen in each of its rows: what remains of that is mostly outside.
        rules = sorted(enumerate(self.found), key=lambda each: each[1].rule.kind == "fee")
        for place, each in rules:
            self._inside(place, each)
        for place, each in rules:
            for at, record in each.records(inside=False) if len(self._drafts) < self.at_most else ():
                if len(self._drafts) < self.at_most:
                    self._add(place, each, at, record)
        drafts = sorted(self._drafts.values(), key=lambda draft: draft.place)
        return tuple(draft.named() for draft in drafts)

    def _inside(self, place: int, found: Found) -> None:
        before = len(self._drafts)
        for at, record in found.records(inside=True):
            self._add(place, found, at, record)
            if len(self._drafts) - before >= self.room:
                break
        if found.rule not in self.reached:
            self._add(place, found, None, found.record)

    def _add(self, place: int, found: Found, at: At | None, record: Record) -> None:
        case = found.setting.write(found.mark, record)
        if case is None:
            return
        key = (case.asked, str(case.given), str(case.shares), *case.expect)
        draft = self._drafts.setdefault(key, _Draft(place, found, case))
        if at is not None and draft.found is found:
            draft.edges.append(at)
        self.reached |= found.setting.decided(found.mark, record)


@dataclass(slots=True)
class _Draft:
    """A case that has no name yet: it may stand at several edges of its rule."""

    place: int
    found: Found
    case: WrittenCase
    edges: list[At] = field(default_factory=list)

    def named(self) -> WrittenCase:
        found = self.found
        return replace(self.case, name=found.setting.naming.of(found.mark, found.rule, self.edges))
