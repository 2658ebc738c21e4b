"""A book: the checked documents of a folder, and the plans compiled from them as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from operator import attrgetter
from threading import RLock
from typing import Any, TypeVar

from feerules.calendars import Calendar
from feerules.documents.law import LawProfile
from feerules.documents.others import CasesDocument
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import FactLibrary, FeeSchedule
from feerules.errors import Problem, RuleErrors
from feerules.folders import with_excerpts
from feerules.periods import Period, day_number
from feerules.plan.claims import check_claims
from feerules.plan.dunning import Compiled, PolicyVersion, compile_policy, policy_names
from feerules.plan.ladders import unsound_policy
from feerules.plan.lines import Options, Version
from feerules.plan.names import LAST_DAY, Names, names_of
from feerules.plan.nodes import Leaf, Plan
from feerules.plan.pricing import check_prices, compile_prices
from feerules.plan.soundness import unsound

__all__ = ["Book"]

Loaded = tuple[FeeSchedule, FactLibrary]
Policies = Sequence[tuple[DunningPolicy, FactLibrary]]
D = TypeVar("D", FeeSchedule, DunningPolicy)
Rebuild = Callable[[dict[str, bytes]], "Book"]


@dataclass(frozen=True, eq=False)
class Book:
    """Fee schedules and dunning policies in all their versions, and law to check them by; made by `feerules.load`.

    A book is immutable and safe to share between threads; it pickles as its documents, and compiles
    them again where it is unpickled. `digest` is the SHA-256 of the documents.
    """

    versions: tuple[tuple[Version, ...], ...]
    policies: tuple[tuple[PolicyVersion, ...], ...]
    laws: tuple[LawProfile, ...]
    calendar: Calendar | None
    mapping: Mapping[str, str]
    cases: tuple[tuple[str, CasesDocument], ...]
    files: Mapping[str, bytes]
    digest: str

    @classmethod
    def assemble(
        cls,
        schedules: Sequence[Loaded],
        policies: Policies,
        laws: tuple[LawProfile, ...],
        calendar: Calendar | None,
        mapping: Mapping[str, str],
        cases: tuple[tuple[str, CasesDocument], ...],
        files: Mapping[str, bytes],
        digest: str,
        rebuild: Rebuild,
    ) -> Book:
        """Orders the versions of each schedule and gives each its days."""
        versions = tuple(
            tuple(
                Version(each, names_of(each, library, mapping), first, until)
                for each, library, first, until in ordered
            )
            for ordered in _by_id(schedules)
        )
        _share_leaves(version.names for each in versions for version in each)
        policed = tuple(
            tuple(
                PolicyVersion(each, policy_names(each, library, mapping), first, until)
                for each, library, first, until in ordered
            )
            for ordered in _by_id(policies)
        )
        book = cls(versions, policed, laws, calendar, dict(mapping), cases, dict(files), digest)
        _equip(book, rebuild)
        return book

    def only(self, document_id: str) -> Book:
        """The book with one schedule or policy alone, in all its versions; ValueError where it has none."""
        books: dict[str, Book] = self._only  # type: ignore[attr-defined]  # set by assemble
        if document_id not in books:
            versions = tuple(each for each in self.versions if each[0].schedule.id == document_id)
            policies = tuple(each for each in self.policies if each[0].policy.id == document_id)
            if not versions and not policies:
                raise ValueError(f"the book has no document {document_id!r}")
            book = replace(self, versions=versions, policies=policies)
            _equip(book, partial(_only, self._rebuild, document_id))  # type: ignore[attr-defined]
            books[document_id] = book
        return books[document_id]

    def without(self, document_ids: Container[str]) -> Book:
        """The book less some schedules and policies, in all their versions."""
        versions = tuple(each for each in self.versions if each[0].schedule.id not in document_ids)
        policies = tuple(each for each in self.policies if each[0].policy.id not in document_ids)
        book = replace(self, versions=versions, policies=policies)
        _equip(book, partial(_without, self._rebuild, document_ids))  # type: ignore[attr-defined]
        return book

    def with_versions(self, versions: tuple[tuple[Version, ...], ...]) -> Book:
        """The book with other schedules and no policy; each version needs names that no other book has."""
        _share_leaves(version.names for each in versions for version in each)
        book = replace(self, versions=versions, policies=())
        _equip(book, self._rebuild)  # type: ignore[attr-defined]
        return book

    def problems(self) -> list[Problem]:
        """What reading every schedule and compiling every fee once finds; empty for a loaded book."""
        for version in self._every_version():
            version.names.note(unsound(version, has_calendar=self.calendar is not None))
        check_prices(self.versions, self.calendar)
        check_claims(self.versions)
        for policy in self._every_policy():
            compile_policy(policy)
            policy.names.note(unsound_policy(policy.policy, policy.names))
        return self._noted()

    def _every_version(self) -> list[Version]:
        return [version for each in self.versions for version in each]

    def _every_policy(self) -> list[PolicyVersion]:
        return [version for each in self.policies for version in each]

    def _noted(self) -> list[Problem]:
        every: list[Version | PolicyVersion] = [*self._every_version(), *self._every_policy()]
        return [problem for version in every for problem in version.names.problems]

    def compiled_policies(self, day: int) -> list[Compiled]:
        """The policies in force on a day (by its number), each compiled once."""
        made: dict[int, Compiled] = self._compiled_policies  # type: ignore[attr-defined]  # set by assemble
        found = []
        for version in self._every_policy():
            if version.first <= day < version.until:
                if id(version) not in made:
                    compiled = compile_policy(version)
                    assert compiled is not None  # a book is loaded without problems
                    made.setdefault(id(version), compiled)
                found.append(made[id(version)])
        return found

    def marked_policy(self, policy: DunningPolicy) -> Compiled:
        """A version of a policy of this book, compiled with marks that tell which rules decide."""
        made: dict[int, Compiled] = self._marked_policies  # type: ignore[attr-defined]  # set by assemble
        if id(policy) not in made:
            version = next(each for each in self._every_policy() if each.policy is policy)
            compiled = compile_policy(version, marked=True)
            assert compiled is not None  # a book is loaded without problems
            made.setdefault(id(policy), compiled)
        return made[id(policy)]

    def policies_change_after(self, day: int) -> int | None:
        """The first later day on which a version of a policy begins, or is no longer in force."""
        edges = (edge for version in self._every_policy() for edge in (version.first, version.until))
        return min((edge for edge in edges if day < edge < LAST_DAY), default=None)

    def plan(
        self, period: Period, *, accrue: bool = False, dated: bool = False, marked: bool = False
    ) -> Plan:
        """The plan of a period, compiled once; `RuleErrors` where the calendar does not know its days.

        `marked` adds the marks that tell which rules decide.
        """
        key = (period, accrue, dated, marked)
        plans: dict[Any, Plan] = self._plans  # type: ignore[attr-defined]  # set by assemble
        plan = plans.get(key)
        if plan is None:
            with self._lock:  # type: ignore[attr-defined]
                if key not in plans:
                    plans[key] = self._compiled(Options(period, accrue, dated, self.calendar, marked))
                plan = plans[key]
        return plan

    def _compiled(self, options: Options) -> Plan:
        plan = compile_prices(self.versions, options)
        problems = self._noted()
        if problems:
            # Only days can be a problem of one period and not of another: the next one starts afresh.
            for version in self._every_version():
                version.names.problems.clear()
            raise RuleErrors(with_excerpts(problems, self.files))
        return plan

    @property
    def schedules(self) -> tuple[FeeSchedule, ...]:
        """Every schedule in every version, by id and then by first day."""
        return tuple(version.schedule for each in self.versions for version in each)

    def shared_fees(self) -> tuple[str, ...]:
        """The fees that divide a pool, in any version of any schedule."""
        fees = [(name, fee) for schedule in self.schedules for name, fee in schedule.fees.items()]
        return tuple(
            sorted({name for name, fee in fees if any(each.share for each in (fee, *fee.parts.values()))})
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return self._rebuild, (dict(self.files),)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        policies = [each.policy for each in self._every_policy()]
        documents: list[FeeSchedule | DunningPolicy] = [*self.schedules, *policies]
        names = ", ".join(f"{each.id} {each.version_name}" for each in documents)
        return f"<Book {names}>"


def _equip(book: Book, rebuild: Rebuild) -> None:
    """Gives a book what it works with and is not made of."""
    for name, value in (
        ("_plans", {}),
        ("_compiled_policies", {}),
        ("_marked_policies", {}),
        ("_only", {}),
        ("_lock", RLock()),
        ("_rebuild", rebuild),
    ):
        object.__setattr__(book, name, value)


def _only(rebuild: Rebuild, document_id: str, files: dict[str, bytes]) -> Book:
    """What a part of a book pickles as: the whole, less the rest again."""
    return rebuild(files).only(document_id)


def _without(rebuild: Rebuild, document_ids: Container[str], files: dict[str, bytes]) -> Book:
    return rebuild(files).without(document_ids)


def _share_leaves(documents: Iterable[Names]) -> None:
    """Makes a fact that several documents declare alike one fact: it is read once, and reported once."""
    known: dict[tuple[object, ...], Leaf] = {}
    said = attrgetter(*(each.name for each in fields(Leaf)))
    for names in documents:
        for name, leaf in names.leaves.items():
            names.leaves[name] = known.setdefault(said(leaf), leaf)


def _by_id(loaded: Sequence[tuple[D, FactLibrary]]) -> list[list[tuple[D, FactLibrary, int, int]]]:
    """The versions of each document in order of time, each with its first day and the day it ends before."""
    by_id: dict[str, list[tuple[D, FactLibrary]]] = {}
    for each in loaded:
        by_id.setdefault(each[0].id, []).append(each)
    return [_in_time(each) for _, each in sorted(by_id.items())]


def _in_time(versions: Sequence[tuple[D, FactLibrary]]) -> list[tuple[D, FactLibrary, int, int]]:
    ordered = sorted(versions, key=lambda each: each[0].effective.from_)
    placed = []
    for number, (document, library) in enumerate(ordered):
        effective = document.effective
        until = LAST_DAY if effective.through is None else day_number(effective.through) + 1
        if number + 1 < len(ordered):
            until = min(until, day_number(ordered[number + 1][0].effective.from_))
        placed.append((document, library, day_number(effective.from_), until))
    return placed
