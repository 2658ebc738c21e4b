"""The conditions of a policy as alternatives: for each way in which a stop or step can hold, what its facts are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from feerules.documents.cells import Cell, CellError
from feerules.documents.policy import DunningPolicy, Step, Stop
from feerules.plan.conditions import Conditions, Subject, subject_of
from feerules.plan.elapsed import months_fact
from feerules.plan.grid import Condition
from feerules.plan.names import Names, Refused
from feerules.vocabulary import MOST_DAYS

__all__ = ["Alternative", "Reading", "covers", "is_empty", "within"]

Alternative = Mapping[str, Condition]
"""What each fact must be, where it must be anything; a fact that no value satisfies is empty."""

CLASS = "class"
# What a policy works out has no bounds of its own here: wider and finer than any cell.
FINEST, WIDEST = 12, 10**24


def is_empty(condition: Condition) -> bool:
    return not condition.bands and not condition.null


def within(one: Condition, other: Condition) -> bool:
    """Whether the other holds wherever the one does."""
    return _meet(one, other) == one


def covers(some: Iterable[Alternative], others: Iterable[Alternative]) -> bool:
    """Whether in each of the others, one of some holds too."""
    known = list(some)
    return all(any(_implies(other, each) for each in known) for other in others)


def _implies(one: Alternative, other: Alternative) -> bool:
    return all(name in one and within(one[name], condition) for name, condition in other.items())


def _meet(one: Condition, other: Condition) -> Condition:
    bands = ((max(a, c), min(b, d)) for a, b in one.bands for c, d in other.bands)
    return Condition(tuple((lo, hi) for lo, hi in bands if lo < hi), one.null and other.null)


class Reading:
    """Reads conditions against the facts of one policy; what is wrong with a cell is told where it is compiled."""

    def __init__(self, policy: DunningPolicy, names: Names) -> None:
        self.policy, self.names = policy, names
        self.steps = {step.id: step for step in (policy.ladder.steps if policy.ladder else ())}
        self.conditions = Conditions(Names({}, {}, {}, {}, frozenset()))
        self._subjects: dict[str, Subject] = {}
        self._read: dict[int, list[Alternative] | None] = {}
        self._owed = {
            # Nothing is asked where nothing is open, or less than the minimum is overdue.
            "outstanding": ((1, None),),
            "overdue": ((0, 1), (max(int(policy.minimum * 100), 1), None)),
        }

    def of(self, part: Stop | Step) -> list[Alternative] | None:
        """Every way in which its conditions hold, impossible ones too; None where they cannot be read."""
        if id(part) not in self._read:
            try:
                always = self._all_of([part.when, _since(part)])
                found = [self._asked(self._all_of([each], always)) for each in part.any or [{}]]
            except Refused:
                found = None
            self._read[id(part)] = found
        return self._read[id(part)]

    def possible(self, part: Stop | Step) -> list[Alternative]:
        """The same without those that can never be; none where they cannot be read."""
        found = self.of(part) or []
        return [each for each in found if not any(map(is_empty, each.values()))]

    def paths(self, part: Stop | Step) -> list[Alternative]:
        """The same, each with the conditions of a row that gives the class which it asks for."""
        found: list[Alternative] = []
        for each in self.possible(part):
            asked = each.get(CLASS)
            found += [each] if asked is None else self._with_rows(each, asked)
        return [each for each in found if not any(map(is_empty, each.values()))]

    def _with_rows(self, known: Alternative, asked: Condition) -> Iterator[Alternative]:
        for name, cells in self._rows:
            number = self._classes.index(name) if name in self._classes else len(self._classes)
            if any(lo <= number < hi for lo, hi in asked.bands):
                try:
                    yield self._all_of([cells], known)
                except Refused:  # a formula, say: the row may hold for anybody
                    yield known

    @cached_property
    def _rows(self) -> list[tuple[str, Mapping[str, str]]]:
        """The rows of the classes: what each gives, and its cells by the facts that they ask."""
        spec = self.policy.classes
        if spec is None or spec.table is None:
            return []
        heads = [str(head.name) for head in spec.table.header]
        asked = [at for at, name in enumerate(heads) if name != CLASS and self._is_asked(name)]
        given = heads.index(CLASS) if CLASS in heads else max(set(range(len(heads))) - set(asked), default=0)
        return [
            (str(row.cells[given]), {heads[at]: row.cells[at] for at in asked}) for row in spec.table.rows
        ]

    def _is_asked(self, name: str) -> bool:
        return bool(self.names.is_subject(self.names.aliases.get(name, name)))

    def example(self, alternative: Alternative) -> dict[str, str]:
        """A value of each fact that an alternative names, as a cell would have it."""
        return {
            name: self._about(name).text(condition.bands[0][0] if condition.bands else None)
            for name, condition in alternative.items()
        }

    def waits_in_vain(self, step: Step) -> bool:
        """Whether the step that it comes after is no longer in force when it has waited so long."""
        return any(map(is_empty, self._all_of([_since(step)]).values()))

    def have_passed(self, step: Step, days: int, alternatives: Iterable[Alternative]) -> bool:
        """Whether in each of these, a step was never done, or so many days ago."""
        told = [each.get(f"steps.{step.id}.days") for each in alternatives]
        return all(each is not None and all(days <= lo for lo, _ in each.bands) for each in told)

    def _all_of(self, every: Iterable[Mapping[str, str]], known: Alternative | None = None) -> Alternative:
        found = dict(known or {})
        for cells in every:
            for name, text in cells.items():
                fact = self.names.aliases.get(name, str(name))
                about = self._about(fact)
                here = _meet(self.conditions.read(text, about), self._domain(about))
                found[fact] = _meet(found[fact], here) if fact in found else here
        return found

    def _asked(self, known: Alternative) -> Alternative:
        """Less the facts of which every value that comes up at all will do."""
        return {name: told for name, told in known.items() if not within(self._owing(name), told)}

    def _about(self, fact: str) -> Subject:
        if fact not in self._subjects:
            self._subjects[fact] = self._subject(fact)
        return self._subjects[fact]

    def _subject(self, fact: str) -> Subject:
        leaf = self.names.leaves.get(fact)
        if leaf is not None:
            return subject_of(self.names, leaf, fact)
        if fact == CLASS:
            words = self._classes
            return Subject(fact, "text", 0, 0, len(words), False, words, {})
        if fact in self.names.derived or fact in self.names.computed:
            return Subject(fact, "decimal", FINEST, -WIDEST, WIDEST, True, (), {})
        raise Refused

    @cached_property
    def _classes(self) -> tuple[str, ...]:
        """Every class that a condition names: all others are alike to it."""
        parts: list[Stop | Step] = [*self.policy.stops, *self.steps.values()]
        every = [cells for part in parts for cells in (part.when, *part.any)]
        return tuple(sorted({word for cells in every for word in _words(cells.get(CLASS, "-"))}))

    def _domain(self, about: Subject) -> Condition:
        """What a fact can be; a step that is no longer in force was never done."""
        lo, hi = about.lo, about.hi + 1
        step = self.steps.get(about.name.removeprefix("steps.").rpartition(".")[0])
        if step is not None and about.name == f"steps.{step.id}.days":
            lo, hi = 0, (MOST_DAYS if step.in_force is None else step.in_force) + 1
        if step is not None and about.name == months_fact(step.id) and step.in_force is not None:
            lo, hi = 0, (step.in_force // 28 + 1) * 10**FINEST
        return Condition(((lo, hi),), about.nullable)

    def _owing(self, fact: str) -> Condition:
        """What a fact can be of an account that owes."""
        domain = self._domain(self._about(fact))
        if fact not in self._owed:
            return domain
        ((_, end),) = domain.bands
        return Condition(tuple((lo, end if hi is None else hi) for lo, hi in self._owed[fact]), domain.null)


def _since(part: Stop | Step) -> Mapping[str, str]:
    """What `after` says of the step that it names, as cells."""
    if not isinstance(part, Step) or part.after is None:
        return {}
    since = {f"steps.{part.after.step}.days": part.after.days if part.after.days != "-" else "not(null)"}
    return since if part.after.months == "-" else {**since, months_fact(part.after.step): part.after.months}


def _words(text: str) -> frozenset[str]:
    try:
        return frozenset(map(str, Cell.parse(text, type="string", bare=True).literals))
    except CellError:
        return frozenset()  # told where the cell is compiled
