"""The schedules of two books side by side in time, and books that have some rules of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from feerules.book import Book
from feerules.documents.schedule import FactLibrary, FeeSchedule
from feerules.periods import Period, day_number
from feerules.plan.lines import LineAbout, Version
from feerules.plan.names import LAST_DAY, Names, names_of
from feerules.plan.nodes import Plan
from feerules.whatif.prices.blending import ABSENT, Rule, blended, rules_between

__all__ = ["WHOLE", "Blends", "Pair", "frozen", "reach_of", "standing"]

Reach = tuple[int, int]
Picked = Collection[tuple[int, tuple[str, ...]]]
WHOLE = ("schedule",)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """The old and the new version of one document on the days `first` ≤ day < `until`; None where one has none."""

    old: Version | None
    new: Version | None
    first: int
    until: int

    @property
    def either(self) -> Version:
        found = self.new or self.old
        assert found is not None
        return found


def frozen(book: Book, period: Period) -> tuple[tuple[Version, ...], ...]:
    """The versions that were in force by the end of a period, the last of each going on without end."""
    end = day_number(period.end)
    kept = [[each for each in versions if each.first < end] for versions in book.versions]
    return tuple((*some[:-1], replace(some[-1], until=LAST_DAY)) for some in kept if some)


def standing(versions: Iterable[Sequence[Version]], book: Book) -> Book:
    """Some versions, with all that a book has beside its schedules."""
    return book.with_versions(tuple(tuple(map(_afresh, each)) for each in versions))


def reach_of(plans: Iterable[Plan], period: Period) -> Reach:
    """The days that the lines of some plans lie in, cycles that begin or end outside the period included."""
    first, until = day_number(period.start), day_number(period.end)
    for plan in plans:
        for slot in plan.slots:
            if isinstance(slot.about, LineAbout) and slot.about.cycle.months is not None:
                cycle = slot.about.cycle
                first, until = min(first, cycle.start.lo), max(until, cycle.end.hi)
    return first, until


class Blends:
    """Books between an old and a new one: of the rules that differ, each may be as it was or as it is.

    Documents that are the same on both sides on all days of `reach` are left out of such books. `rules` are
    those that differ, each with the number of its pair, in the order in which they take effect.
    """

    def __init__(self, old: Sequence[Sequence[Version]], new: Book, reach: Reach) -> None:
        self._new = new
        self._documents = [paired(*sides) for sides in _side_by_side(old, new.versions)]
        self.pairs: list[Pair] = []
        self.rules: list[tuple[int, Rule]] = []
        self._of_pair: dict[int, list[Rule]] = {}
        self._numbers: dict[tuple[int, int], int] = {}
        for pair in self._relevant(reach):
            key = (id(pair.old), id(pair.new))
            if key not in self._numbers:
                number = self._numbers[key] = len(self.pairs)
                self.pairs.append(pair)
                self._of_pair[number] = _differing(pair)
                self.rules += [(number, rule) for rule in self._of_pair[number]]
        # Who gives up a fee comes before who takes it over: two documents may not claim it at once.
        self.rules.sort(key=lambda each: each[1].path == WHOLE and each[1].new is not ABSENT)
        changed = {id(pair) for pair in self._relevant(reach) if self._of_pair[self._number(pair)]}
        self.left_out = sum(not any(id(p) in changed for p in each) for each in self._documents)
        self._documents = [each for each in self._documents if any(id(p) in changed for p in each)]
        self._made: dict[tuple[int, frozenset[tuple[str, ...]]], FeeSchedule] = {}

    def _relevant(self, reach: Reach) -> Iterator[Pair]:
        first, until = reach
        for pairs in self._documents:
            yield from (pair for pair in pairs if pair.first < until and first < pair.until)

    def _number(self, pair: Pair) -> int:
        return self._numbers.get((id(pair.old), id(pair.new)), -1)

    def book(self, picked: Picked) -> Book:
        """The book in which the picked rules, by pair and path, are as the new one has them."""
        chosen: dict[int, set[tuple[str, ...]]] = {}
        for number, path in picked:
            chosen.setdefault(number, set()).add(path)
        made = (self._timeline(pairs, chosen) for pairs in self._documents)
        return self._new.with_versions(tuple(each for each in made if each))

    def _timeline(
        self, pairs: Sequence[Pair], chosen: dict[int, set[tuple[str, ...]]]
    ) -> tuple[Version, ...]:
        found: list[Version] = []
        for pair in pairs:
            version = self._version(pair, chosen.get(self._number(pair), set()))
            if version is None:
                continue
            before = found[-1] if found else None
            if before is not None and before.schedule is version.schedule and before.until == pair.first:
                found[-1] = replace(before, until=pair.until)
            else:
                found.append(replace(version, first=pair.first, until=pair.until))
        return tuple(found)

    def _version(self, pair: Pair, chosen: set[tuple[str, ...]]) -> Version | None:
        """What holds of a pair, with names of its own."""
        number = self._number(pair)
        every = self._of_pair.get(number, [])
        if not chosen or len(chosen) == len(every):
            version = pair.new if len(chosen) == len(every) else pair.old
            return None if version is None else _afresh(version)
        assert pair.old is not None
        assert pair.new is not None
        key = (number, frozenset(chosen))
        if key not in self._made:
            schedule = blended(pair.old, pair.new, lambda rule: rule.path in chosen)
            # Lines are told apart by their version: a blend is none of the two.
            name = f"{pair.new.schedule.version_name}~{number}"
            self._made[key] = schedule.model_copy(update={"version": name})
        schedule = self._made[key]
        mapping = {**pair.old.names.mapping, **pair.new.names.mapping}
        return replace(pair.new, schedule=schedule, names=names_of(schedule, _no_library(), mapping))


def _differing(pair: Pair) -> list[Rule]:
    if pair.old is not None and pair.new is not None:
        return [] if pair.old.schedule is pair.new.schedule else rules_between(pair.old, pair.new)
    old = ABSENT if pair.old is None else pair.old.schedule
    new = ABSENT if pair.new is None else pair.new.schedule
    return [Rule(WHOLE, old, new)]


def _afresh(version: Version) -> Version:
    """The version with names that nothing has been compiled with."""
    known = version.names
    names = Names(
        known.facts, known.derived, known.parameters, known.tables, known.fees,
        texts=known.texts, mapping=known.mapping,
    )  # fmt: skip
    return replace(version, names=names)


def _no_library() -> FactLibrary:
    return FactLibrary.model_construct(
        kind="facts", id="none", include=(), facts={}, parameters={}, derived={}, tables={}
    )


def _side_by_side(
    old: Sequence[Sequence[Version]], new: Sequence[Sequence[Version]]
) -> Iterator[tuple[Sequence[Version], Sequence[Version]]]:
    """The versions of each document in both books, by its id; a single one on either side is renamed."""
    before = {each[0].schedule.id: each for each in old if each}
    after = {each[0].schedule.id: each for each in new if each}
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    if len(gone) == len(come) == 1:
        before[come[0]] = before.pop(gone[0])
    for name in sorted(before.keys() | after.keys()):
        yield before.get(name, ()), after.get(name, ())


def paired(old: Sequence[Version], new: Sequence[Version]) -> list[Pair]:
    """The spans of days on which both sides stay the same, in order; days with no version on either side left out."""
    days = sorted({day for each in (*old, *new) for day in (each.first, each.until)})
    found: list[Pair] = []
    for first, until in pairwise(days):
        before, after = _in_force(old, first), _in_force(new, first)
        if before is None and after is None:
            continue
        last = found[-1] if found else None
        if last is not None and last.until == first and last.old is before and last.new is after:
            found[-1] = replace(last, until=until)
        else:
            found.append(Pair(before, after, first, until))
    return found


def _in_force(versions: Sequence[Version], day: int) -> Version | None:
    return next((each for each in versions if each.first <= day < each.until), None)
