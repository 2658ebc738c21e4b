"""One fee of a book by itself, and the same with a rule of it altered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import replace

from feerules.book import Book
from feerules.documents.schedule import Fee, FeeSchedule
from feerules.errors import FeeRulesError
from feerules.periods import Period
from feerules.plan.bounds import Builder
from feerules.plan.lines import Options, Version
from feerules.plan.names import Names
from feerules.plan.nodes import Plan
from feerules.plan.pricing import compile_prices

__all__ = ["Documents", "FeeAlone", "Patch"]

Documents = tuple[tuple[Version, ...], ...]
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
        self.own = book.with_versions(self.documents)
        self.shares = bool(set(self.fees()) & set(self.own.shared_fees()))  # whether units owe parts of pools

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

    def altered(self, patches: Mapping[str, tuple[Patch, ...]]) -> Documents | None:
        """The versions with patches of fees; None where they alter nothing."""
        changed = False
        documents = []
        for versions in self.documents:
            found = []
            for version in versions:
                fees = _patched(version, patches)
                changed = changed or fees is not None
                found.append(version if fees is None else with_fees(version, fees))
            documents.append(tuple(found))
        return tuple(documents) if changed else None

    def compiled(self, documents: Documents, options: Options, builder: Builder) -> Plan | None:
        """The plan of altered versions; None where their rules cannot be right together."""
        every = [version for versions in documents for version in versions]
        for version in every:
            version.names.problems.clear()
        try:
            plan = compile_prices(documents, options, builder)
        except FeeRulesError:
            return None
        return None if any(version.names.problems for version in every) else plan


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


def with_fees(version: Version, fees: Mapping[str, Fee]) -> Version:
    """A version with other fees; what was worked out of the old ones is forgotten."""
    return replace(version, schedule=version.schedule.with_fees(fees), names=_afresh(version.names))


def _afresh(names: Names) -> Names:
    """The same names, with nothing remembered of the parts of a document, which are known by their ids."""
    found = copy(names)
    found.problems, found.cache, found.cells, found.subjects = {}, {}, {}, {}
    found.completed, found.checked, found.of_fees = {}, {}, {}
    found.shares, found.rings = {}, set()
    return found
