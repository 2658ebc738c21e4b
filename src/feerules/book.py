"""A book: the checked documents of a folder, and the plans compiled from them as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from threading import RLock
from typing import Any

from feerules.calendars import Calendar
from feerules.documents.others import CasesDocument
from feerules.documents.schedule import FactLibrary, FeeSchedule
from feerules.errors import Problem, RuleErrors
from feerules.folders import with_excerpts
from feerules.periods import Period, day_number
from feerules.plan.claims import check_claims
from feerules.plan.lines import Options, Version
from feerules.plan.names import LAST_DAY, Names, names_of
from feerules.plan.nodes import Leaf, Plan
from feerules.plan.pricing import check_prices, compile_prices
from feerules.plan.soundness import unsound

__all__ = ["Book"]

Loaded = tuple[str, FeeSchedule, FactLibrary]


@dataclass(frozen=True, eq=False)
class Book:
    """Fee schedules in all their versions, ready to price; made by `feerules.load`.

    A book is immutable and safe to share between threads; it pickles as its documents, and compiles
    them again where it is unpickled. `digest` is the SHA-256 of the documents.
    """

    versions: tuple[tuple[Version, ...], ...]
    calendar: Calendar | None
    mapping: Mapping[str, str]
    cases: tuple[tuple[str, CasesDocument], ...]
    files: Mapping[str, bytes]
    digest: str

    @classmethod
    def assemble(
        cls,
        schedules: Sequence[Loaded],
        calendar: Calendar | None,
        mapping: Mapping[str, str],
        cases: tuple[tuple[str, CasesDocument], ...],
        files: Mapping[str, bytes],
        digest: str,
        rebuild: Callable[[dict[str, bytes]], Book],
    ) -> Book:
        """Orders the versions of each schedule and gives each its days."""
        by_id: dict[str, list[Loaded]] = {}
        for each in schedules:
            by_id.setdefault(each[1].id, []).append(each)
        versions = tuple(_versions(each, mapping) for _, each in sorted(by_id.items()))
        _share_leaves(version.names for each in versions for version in each)
        book = cls(versions, calendar, dict(mapping), cases, dict(files), digest)
        _equip(book, rebuild)
        return book

    def only(self, document_id: str) -> Book:
        """The book with one schedule alone, in all its versions; ValueError where it has none."""
        books: dict[str, Book] = self._only  # type: ignore[attr-defined]  # set by assemble
        if document_id not in books:
            versions = tuple(each for each in self.versions if each[0].schedule.id == document_id)
            if not versions:
                raise ValueError(f"the book has no schedule {document_id!r}")
            books[document_id] = self._with(versions)
        return books[document_id]

    def _with(self, versions: tuple[tuple[Version, ...], ...]) -> Book:
        book = replace(self, versions=versions)
        _equip(book, self._rebuild)  # type: ignore[attr-defined]
        return book

    def problems(self) -> list[Problem]:
        """What reading every schedule and compiling every fee once finds; empty for a loaded book."""
        for version in self._every_version():
            version.names.note(unsound(version, has_calendar=self.calendar is not None))
        check_prices(self.versions, self.calendar)
        check_claims(self.versions)
        return self._noted()

    def _every_version(self) -> list[Version]:
        return [version for each in self.versions for version in each]

    def _noted(self) -> list[Problem]:
        return [problem for version in self._every_version() for problem in version.names.problems]

    def plan(self, period: Period, *, accrue: bool = False, dated: bool = False) -> Plan:
        """The plan of a period, compiled once; `RuleErrors` where the calendar does not know its days."""
        key = (period, accrue, dated)
        plans: dict[Any, Plan] = self._plans  # type: ignore[attr-defined]  # set by assemble
        plan = plans.get(key)
        if plan is None:
            with self._lock:  # type: ignore[attr-defined]
                if key not in plans:
                    plans[key] = self._compiled(Options(period, accrue, dated, self.calendar))
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

    def __reduce__(self) -> tuple[Any, ...]:
        return self._rebuild, (dict(self.files),)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        names = ", ".join(f"{each.id} {each.version_name}" for each in self.schedules)
        return f"<Book {names}>"


def _equip(book: Book, rebuild: Callable[[dict[str, bytes]], Book]) -> None:
    """Gives a book what it works with and is not made of."""
    for name, value in (("_plans", {}), ("_only", {}), ("_lock", RLock()), ("_rebuild", rebuild)):
        object.__setattr__(book, name, value)


def _share_leaves(documents: Iterable[Names]) -> None:
    """Makes a fact that several documents declare alike one fact: it is read once, and reported once."""
    known: dict[tuple[object, ...], Leaf] = {}
    said = attrgetter(*(each.name for each in fields(Leaf)))
    for names in documents:
        for name, leaf in names.leaves.items():
            names.leaves[name] = known.setdefault(said(leaf), leaf)


def _versions(loaded: Sequence[Loaded], mapping: Mapping[str, str]) -> tuple[Version, ...]:
    ordered = sorted(loaded, key=lambda each: each[1].effective.from_)
    versions = []
    for number, (_, schedule, library) in enumerate(ordered):
        effective = schedule.effective
        until = LAST_DAY if effective.through is None else day_number(effective.through) + 1
        if number + 1 < len(ordered):
            until = min(until, day_number(ordered[number + 1][1].effective.from_))
        names = names_of(schedule, library, mapping)
        versions.append(Version(schedule, names, day_number(effective.from_), until))
    return tuple(versions)
