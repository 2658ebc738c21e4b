"""One fee of a book by itself, and the same with a rule of it altered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import replace

from feerules.book import Book
from feerules.documents.schedule import Fee, FeeSchedule
from feerules.errors import FeeRulesError
from feerules.periods import Period
from feerules.plan.lines import Version
from feerules.plan.names import Names
from feerules.plan.nodes import Plan

__all__ = ["FeeAlone", "Patch"]

Patch = Callable[[Version, Fee], Fee | None]
"""A fee of a version with another rule; None where the version has nothing to alter."""


class FeeAlone:
    """The versions of a book with one fee and those whose amounts it needs, each said in full."""

    def __init__(self, book: Book, fee_id: str, period: Period) -> None:
        self.book, self.fee_id, self.period = book, fee_id, period
        documents = [
            tuple(each for each in versions if fee_id in each.schedule.fees) for versions in book.versions
        ]
        self.documents = tuple(tuple(map(self._alone, versions)) for versions in documents if versions)
        self.own = book.altered(self.documents)

    def _alone(self, version: Version) -> Version:
        fees = {name: version.schedule.complete(name) for name in _needed(version.schedule, self.fee_id)}
        return with_fees(version, fees)

    def versions(self) -> Iterator[Version]:
        for versions in self.documents:
            yield from versions

    def fees(self) -> list[str]:
        """The fee, and after it those that it needs."""
        names = dict.fromkeys(name for version in self.versions() for name in version.schedule.fees)
        return sorted(names, key=lambda name: name != self.fee_id)

    def altered(self, patches: Mapping[str, tuple[Patch, ...]]) -> Book | None:
        """The book with patches of fees; None where they alter nothing, or what comes of them is no rule."""
        changed = False
        documents = []
        for versions in self.documents:
            found = []
            for version in versions:
                fees = _patched(version, patches)
                changed = changed or fees is not None
                found.append(version if fees is None else with_fees(version, fees))
            documents.append(tuple(found))
        return self.book.altered(tuple(documents)) if changed else None

    def plan_of(self, book: Book, *, accrue: bool, dated: bool) -> Plan | None:
        """The plan of an altered book; None where its rules cannot be right together."""
        try:
            return book.plan(self.period, accrue=accrue, dated=dated)
        except FeeRulesError:
            return None


def _needed(schedule: FeeSchedule, fee_id: str) -> list[str]:
    """A fee and, before it, every fee that it needs, in the order of the schedule."""
    found: set[str] = set()
    waiting = [fee_id]
    while waiting:
        name = waiting.pop()
        if name not in found and name in schedule.fees:
            found.add(name)
            waiting += schedule.fees_needed_by(name)
    return [name for name in schedule.fees if name in found]


def _patched(version: Version, patches: Mapping[str, tuple[Patch, ...]]) -> dict[str, Fee] | None:
    """The fees of a version after their patches; None where every patch leaves it as it is."""
    fees = dict(version.schedule.fees)
    for name, several in patches.items():
        for patch in several:
            changed = patch(version, fees[name]) if name in fees else None
            fees = fees if changed is None else {**fees, name: changed}
    return fees if any(fee is not version.schedule.fees[name] for name, fee in fees.items()) else None


def with_fees(version: Version, fees: Mapping[str, Fee], applies: Mapping[str, str] | None = None) -> Version:
    """A version with other fees; what was worked out of the old ones is forgotten."""
    update = {"fees": dict(fees), "bill": None}
    if applies is not None:
        update["applies"] = dict(applies)
    schedule = version.schedule.model_copy(update=update)
    schedule._complete = {}  # a copy shares what its original has made
    return replace(version, schedule=schedule, names=_afresh(version.names))


def _afresh(names: Names) -> Names:
    """The same names, with nothing remembered of the parts of a document, which are known by their ids."""
    found = copy(names)
    found.problems, found.cache, found.cells, found.subjects = {}, {}, {}, {}
    found.completed, found.checked, found.of_fees = {}, {}, {}
    found.shares, found.rings = {}, set()
    return found
