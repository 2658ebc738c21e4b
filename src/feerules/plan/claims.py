"""Two documents that claim one fee of one unit on one day.

Where two documents tell their units apart by the same facts and overlap, the decision grid shows it while
loading. Where both say the same, or ask for different facts, they may be alternatives: the tariffs of many
places can stand in one book. Then only a unit that both claim is a problem, by a guard of the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from feerules.plan.bounds import Builder
from feerules.plan.conditions import Conditions, Subject, subject_of
from feerules.plan.grid import Condition, Grid, GridTooLarge, Witness, build
from feerules.plan.lines import LineAbout, Version
from feerules.plan.names import Refused, place_of
from feerules.plan.nodes import Guard, Node, Slot

__all__ = ["check_claims", "claim_guards"]


def check_claims(documents: Sequence[Sequence[Version]]) -> None:
    """Notes each document whose `applies` names the same facts as another's, and can hold beside it."""
    for fee_id, versions in _claimants(documents).items():
        groups: dict[frozenset[str], list[Version]] = {}
        for version in versions:
            facts = frozenset(_canonical(version, version.schedule.applies))
            if facts:
                groups.setdefault(facts, []).append(version)
        for group in groups.values():
            told = set[frozenset[Version]]()
            for first, second, witness in _collisions(group, fee_id):
                if frozenset((first, second)) not in told:
                    told.add(frozenset((first, second)))
                    _tell(fee_id, first, second, witness)


def _tell(fee_id: str, first: Version, second: Version, witness: str) -> None:
    second.names.problem(
        second.schedule.where_of("applies"), "fee_claimed_twice",
        f"the fee {fee_id} of a unit with {witness}, which {first.schedule.id} claims too",
        "one document for each fee of a unit on a day",
        "narrow applies in one of them, or end one before the other begins",
    )  # fmt: skip


def _claimants(documents: Sequence[Sequence[Version]]) -> dict[str, list[Version]]:
    """The versions that have a fee, for each fee that several documents have."""
    found: dict[str, list[Version]] = {}
    for version in (version for document in documents for version in document):
        for fee_id in version.schedule.fees:
            found.setdefault(fee_id, []).append(version)
    return {fee_id: each for fee_id, each in found.items() if len({v.schedule.id for v in each}) > 1}


def _canonical(version: Version, cells: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    aliases = version.names.aliases
    return {aliases.get(name, name): (name, text) for name, text in cells.items()}


def _collisions(versions: Sequence[Version], fee_id: str) -> Iterator[tuple[Version, Version, str]]:
    """Two documents that are in force on one day, and a unit for which the conditions of both hold."""
    claims = [claim for version in versions if (claim := _claim(version, fee_id))]
    space = _Space(claims, exact=True)
    claims = [claim for claim in claims if claim.conditions.keys() <= space.facts.keys()]
    with suppress(GridTooLarge):  # then a plan's guard has to show it
        for rows, point in space.grid(claims).overlaps():
            for at, row in enumerate(rows):
                for other in rows[:at]:
                    first, second = claims[other].version, claims[row].version
                    if _on_one_day(first, second) and first.schedule.applies != second.schedule.applies:
                        yield first, second, space.told(point)


def _on_one_day(first: Version, second: Version) -> bool:
    apart = first.until <= second.first or second.until <= first.first
    return not apart and first.schedule.id != second.schedule.id


# What one document claims


@dataclass(frozen=True, slots=True)
class _Claim:
    """The conditions for a unit to be charged: by fact, as the document itself encodes that fact."""

    version: Version
    conditions: Mapping[str, tuple[Subject, Condition]]


def _claim(version: Version, fee_id: str) -> _Claim | None:
    """None where the conditions are not about facts alone, or are problems already."""
    conditions: dict[str, tuple[Subject, Condition]] = {}
    names = version.names
    for cells in (version.schedule.applies, version.schedule.fees[fee_id].applies):
        for name, (written, text) in _canonical(version, cells).items():
            if name not in names.leaves:
                return None
            about = subject_of(names, names.leaves[name], name)
            where = place_of(written, version.schedule.where)
            try:
                condition = Conditions(names).read(text, about, where)
            except Refused:
                return None
            known = conditions.get(name)
            conditions[name] = about, _meet(known[1], condition) if known else condition
    return _Claim(version, conditions)


def _meet(first: Condition, second: Condition) -> Condition:
    """What satisfies both of two conditions."""
    bands = [(max(a, c), min(b, d)) for a, b in first.bands for c, d in second.bands]
    return Condition(tuple(sorted(band for band in bands if band[0] < band[1])), first.null and second.null)


# What several documents claim, on common axes


class _Space:
    """The facts that some documents ask for, each with all the values that any of them gives it.

    Where numbers have different places, `exact` takes the fewest: such values all documents can read. Else
    it is the most, so that no value is left out.
    """

    def __init__(self, claims: Sequence[_Claim], *, exact: bool) -> None:
        asked: dict[str, list[Subject]] = {}
        for claim in claims:
            for name, (about, _) in claim.conditions.items():
                asked.setdefault(name, []).append(about)
        joint = {name: _joint(name, subjects, exact) for name, subjects in asked.items()}
        self.facts = {name: about for name, about in joint.items() if about is not None}

    def grid(self, claims: Sequence[_Claim]) -> Grid:
        axes = [about.axis for about in self.facts.values()]
        return build(axes, [[self._on(name, claim) for name in self.facts] for claim in claims])

    def _on(self, name: str, claim: _Claim) -> Condition:
        about = self.facts[name]
        if name in claim.conditions:
            return _translated(*claim.conditions[name], about)
        return Condition(((about.lo, about.hi + 1),), about.nullable)

    def told(self, point: Witness) -> str:
        return ", ".join(f"{name} {about.text(point[name])}" for name, about in self.facts.items())


def _joint(name: str, subjects: Sequence[Subject], exact: bool) -> Subject | None:
    """One fact as several documents declare it; None where they do not mean the same."""
    kinds = {about.kind for about in subjects}
    nullable = any(about.nullable for about in subjects)
    if kinds <= {"choice", "text"}:
        codes = tuple(dict.fromkeys(code for about in subjects for code in about.codes))
        return Subject(name, "text", 0, 0, len(codes), nullable, codes, {})
    if len(kinds) > 1 and not kinds <= {"decimal", "integer"}:
        return None
    scale = (min if exact else max)(about.scale for about in subjects)
    ends = [_scaled((about.lo, about.hi + 1), about.scale, scale) for about in subjects]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends) - 1
    return Subject(name, subjects[0].kind, scale, low, high, nullable, (), {}) if low <= high else None


def _scaled(band: tuple[int, int], scale: int, to: int) -> tuple[int, int]:
    """The whole numbers of one scale that lie in a half-open band of another."""
    if to >= scale:
        factor = 10 ** (to - scale)
        return band[0] * factor, (band[1] - 1) * factor + 1
    factor = 10 ** (scale - to)
    return -(-band[0] // factor), -(-band[1] // factor)


def _translated(own: Subject, condition: Condition, joint: Subject) -> Condition:
    """A condition in the encoding of the common axis."""
    if joint.kind == "text":
        return Condition(tuple((at, at + 1) for at in _positions(own, condition, joint)), condition.null)
    bands = (_scaled(band, own.scale, joint.scale) for band in condition.bands)
    return Condition(tuple(band for band in bands if band[0] < band[1]), condition.null)


def _positions(own: Subject, condition: Condition, joint: Subject) -> Iterator[int]:
    matching = {at for low, high in condition.bands for at in range(low, high)}
    codes = {own.codes[at] for at in matching if at < len(own.codes)}
    others = len(own.codes) in matching  # any text that this document does not name
    if not others:
        yield from sorted(joint.numbers[code] for code in codes)
        return
    for at, code in enumerate(joint.codes):
        if code in codes or code not in own.codes:
            yield at
    yield len(joint.codes)


# Where it bites: the plan


def claim_guards(b: Builder, versions: Sequence[Version], slots: Sequence[Slot]) -> list[Guard]:
    """For each fee of several documents, a guard that no two of them charge the same day."""
    by_fee: dict[str, list[tuple[Version, Slot]]] = {}
    owners = {id(version.schedule): version for version in versions}
    for slot in slots:
        about = slot.about
        if isinstance(about, LineAbout) and about.fee_id in about.schedule.fees:
            by_fee.setdefault(about.fee_id, []).append((owners[id(about.schedule)], slot))
    guards = []
    for fee_id, claims in by_fee.items():
        twice = _twice(b, fee_id, claims)
        if twice is not b.false:
            guards.append(Guard("fee_claimed_twice", b.true, b.negate(twice), None, fee_id))
    return guards


def _twice(b: Builder, fee_id: str, claims: Sequence[tuple[Version, Slot]]) -> Node:
    """Whether two documents charge one fee for the same day."""
    versions = list(dict.fromkeys(version for version, _ in claims))
    if len({version.schedule.id for version in versions}) < 2:
        return b.false
    pairs = {frozenset((first, second)) for first, second in _possible(versions, fee_id)}
    twice = b.false
    ordered = sorted(claims, key=lambda claim: claim[1].values["start"].lo)
    for at, (version, slot) in enumerate(ordered):
        last = slot.values["end"].hi
        for other, later in ordered[at + 1 :]:
            if later.values["start"].lo >= last or twice is b.true:
                break
            if frozenset((version, other)) in pairs:
                twice = b.any_of((twice, _both_on_one_day(b, slot, later)))
    return twice


def _both_on_one_day(b: Builder, first: Slot, second: Slot) -> Node:
    one, two = first.values, second.values
    days = (b.compare("<", one["start"], two["end"]), b.compare("<", two["start"], one["end"]))
    return b.all_of((first.active, second.active, *days))


def _possible(versions: Sequence[Version], fee_id: str) -> Iterator[tuple[Version, Version]]:
    """The pairs of versions of different documents whose conditions do not exclude each other."""
    claims = {version: _claim(version, fee_id) for version in versions}
    known = [claim for claim in claims.values() if claim]
    apart = _exclusive(known)
    for at, second in enumerate(versions):
        for first in versions[:at]:
            if _on_one_day(first, second) and frozenset((first, second)) not in apart:
                yield first, second


def _exclusive(claims: Sequence[_Claim]) -> set[frozenset[Version]]:
    space = _Space(claims, exact=False)
    claims = [claim for claim in claims if claim.conditions.keys() <= space.facts.keys()]
    try:
        leaves = space.grid(claims).leaves
    except GridTooLarge:
        return set()
    together = {
        frozenset((claims[row].version, claims[other].version))
        for leaf in leaves
        for at, row in enumerate(leaf)
        for other in leaf[:at]
    }
    versions = [claim.version for claim in claims]
    every = {frozenset((first, second)) for at, second in enumerate(versions) for first in versions[:at]}
    return every - together
