"""Which versions of two books meet, and what changes from the one to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, pairwise
from typing import Any

from feerules.book import Book
from feerules.documents.law import LawProfile
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import FeeSchedule
from feerules.errors import did_you_mean
from feerules.periods import from_day_number
from feerules.plan.names import LAST_DAY, Names
from feerules.whatif.changes.change import Change, Diff, Versions
from feerules.whatif.changes.document_changes import Meeting, changes_of
from feerules.whatif.changes.keys import LABELS
from feerules.whatif.changes.law_changes import changes_of_laws
from feerules.whatif.changes.sayings import SPAN

__all__ = ["diff"]


@dataclass(frozen=True, slots=True, eq=False)
class _InForce:
    """One version of a document, in force on first ≤ day < until."""

    document: FeeSchedule | DunningPolicy
    names: Names
    first: int
    until: int


Timelines = Mapping[str, Sequence[_InForce]]
Pairing = tuple[_InForce | None, _InForce | None, int, int]


def diff(
    old: Book,
    new: Book | None = None,
    *,
    document_id: str | tuple[str, str] | None = None,
    old_version: str | None = None,
    new_version: str | None = None,
) -> Diff:
    """What changes from the old rules to the new: the policy, not the text.

    Of two books, the versions in force on the same days are compared, day by day: a version edited in place,
    a later version that was added, a folder for each year. Of one book (`new` left out), the last two
    versions of each document. `old_version` and `new_version` name versions to compare instead, by their
    `version` or first day; `document_id` one document, or (old id, new id) where it has another one now.

    Two tables are compared by what they say of units, two formulas by what they reckon. An empty `Diff`
    means: the same bills and decisions, in the same words. Raises ValueError for a document or version that
    a book does not have.

    >>> from feerules.load import load_files
    >>> text = "kind: fee-schedule\\nid: a\\neffective: {from: 2026-01-01}\\nfees: {card: {rate: 15.00}}"
    >>> print(diff(load_files({"a.yaml": text}), load_files({"a.yaml": text.replace("15.00", "18.00")}))[0])
    From January 1, 2026, card, rate: 15.00 → 18.00.
    """
    ids = (document_id, document_id) if isinstance(document_id, str) or document_id is None else document_id
    before, after = _timelines(old, ids[0]), _timelines(new or old, ids[1])
    chosen = old_version is not None or new_version is not None
    met: list[Pairing] = []
    for one, other in _documents(before, after):
        one_book = chosen or new is None
        met += _chosen(one, other, old_version, new_version) if one_book else _meeting(one, other)
    if chosen and not met:
        raise ValueError(_no_version(before, after, old_version, new_version))
    met.sort(key=lambda pairing: None in pairing[:2])  # what only one book has comes last
    versions = [_versions(*pairing) for pairing in met]
    found = [change for told, each in zip(versions, met, strict=True) for change in _compared(told, *each)]
    if new is not None and not chosen:
        for told, changed in changes_of_laws(_laws(old, ids[0]), _laws(new, ids[1])):
            versions.append(told)
            found += changed
    if new is not None and document_id is None:
        found += [*_of_calendars(old, new), *_of_mappings(old, new)]
    return Diff(tuple(_distinct(_once(found))), tuple(versions))


# Documents


def _timelines(book: Book, document_id: str | None) -> Timelines:
    found: dict[str, list[_InForce]] = {}
    for versions in book.versions:
        found[versions[0].schedule.id] = [_InForce(v.schedule, v.names, v.first, v.until) for v in versions]
    for policies in book.policies:
        found[policies[0].policy.id] = [_InForce(p.policy, p.names, p.first, p.until) for p in policies]
    if document_id is None:
        return found
    if document_id in found:
        return {document_id: found[document_id]}
    laws = [each.id for each in book.laws]
    if document_id not in laws:
        known = [*found, *laws]
        hint = did_you_mean(document_id, known) or f"it has {', '.join(known)}"
        raise ValueError(f"the book has no document {document_id!r}: {hint}")
    return {}


def _laws(book: Book, document_id: str | None) -> list[LawProfile]:
    return [each for each in book.laws if document_id in (None, each.id)]


def _documents(
    before: Timelines, after: Timelines
) -> Iterator[tuple[Sequence[_InForce], Sequence[_InForce]]]:
    """Each document with the one that it was: by its id, or the only one of its kind in both books."""
    renamed = {}
    for kind in (FeeSchedule, DunningPolicy):
        ids = [
            [id_ for id_, line in each.items() if isinstance(line[0].document, kind)]
            for each in (before, after)
        ]
        if len(ids[0]) == len(ids[1]) == 1:
            renamed[ids[1][0]] = ids[0][0]
    for id_ in dict.fromkeys((*after, *before)):
        if id_ in after:
            yield before.get(renamed.get(id_, id_), ()), after[id_]
        elif id_ not in renamed.values():
            yield before[id_], ()


# Versions


def _meeting(old: Sequence[_InForce], new: Sequence[_InForce]) -> Iterator[Pairing]:
    """The versions in force on the same days, neighbouring days with the same pair made one."""
    edges = sorted({edge for each in (*old, *new) for edge in (each.first, each.until)})
    last: Pairing | None = None
    for first, until in pairwise(edges):
        one, other = (_on(first, each) for each in (old, new))
        if one is None and other is None:
            continue
        if last is not None and last[:2] == (one, other) and last[3] == first:
            last = (one, other, last[2], until)
            continue
        if last is not None:
            yield last
        last = (one, other, first, until)
    if last is not None:
        yield last


def _on(day: int, versions: Sequence[_InForce]) -> _InForce | None:
    return next((each for each in versions if each.first <= day < each.until), None)


def _chosen(
    old: Sequence[_InForce], new: Sequence[_InForce], old_version: str | None, new_version: str | None
) -> list[Pairing]:
    """The versions that were named; of one that was not, the last before or the last of all."""
    after = _named(new, new_version) if new_version else (new[-1] if new else None)
    if after is None:
        return []
    earlier = [each for each in old if each.first < after.first]
    before = _named(old, old_version) if old_version else (earlier[-1] if earlier else None)
    if before is None or before.document is after.document:
        return []
    return [(before, after, after.first, after.until)]


def _named(versions: Sequence[_InForce], name: str) -> _InForce | None:
    return next(
        (v for v in versions if name in (v.document.version_name, v.document.effective.from_.isoformat())),
        None,
    )


def _no_version(before: Timelines, after: Timelines, old: str | None, new: str | None) -> str:
    for name, lines in ((old, before), (new, after)):
        known = [v.document.version_name for line in lines.values() for v in line]
        if name is not None and not any(_named(line, name) for line in lines.values()):
            return f"no document has a version {name!r}: found {', '.join(sorted(set(known)))}"
    return f"no document has both versions, {old or 'an earlier one'} and {new or 'a later one'}"


def _versions(old: _InForce | None, new: _InForce | None, first: int, until: int) -> Versions:
    shown = new or old
    assert shown is not None
    title = shown.document.title
    titles = {"zh": title.zh, "en": title.en} if title is not None else {}
    names = [None if each is None else each.document.version_name for each in (old, new)]
    end = None if until >= LAST_DAY else from_day_number(until)
    return Versions(shown.document.id, titles, names[0], names[1], from_day_number(first), end)


def _compared(
    told: Versions, old: _InForce | None, new: _InForce | None, first: int, until: int
) -> list[Change]:
    if old is not None and new is not None:
        return changes_of(Meeting(old.document, new.document, old.names, new.names, told.first))
    there = new or old
    assert there is not None
    holds = (told.first, None if told.until is None else from_day_number(until - 1))
    days: Any = holds if holds[1] is not None else told.first
    place = there.document.where
    fees = tuple(there.document.fees) if isinstance(there.document, FeeSchedule) else ()
    is_new = old is None
    return [
        Change(
            code="days_added" if is_new else "days_removed", kind="amount" if fees else "condition", document=told.document,
            path="effective", effective=told.first, fees=fees, subject=(LABELS["in_force_days"],), unit=SPAN,
            before=None if is_new else days, after=days if is_new else None,
            old=None if is_new else place, new=place if is_new else None,
        )
    ]  # fmt: skip


# What holds for a whole book


def _of_calendars(old: Book, new: Book) -> Iterator[Change]:
    for key in ("holidays", "workdays", "years"):
        before, after = (set(getattr(book.calendar, key, ())) for book in (old, new))
        for verb, days in (("removed", before - after), ("added", after - before)):
            if days:
                told: Any = tuple(sorted(days))
                first = told[0]
                if key == "years":
                    first, told = date(first, 1, 1), tuple(map(str, told))
                yield _of_book(
                    f"calendar_{key}_{verb}", "calendar_years" if key == "years" else key, f"calendar.{key}.{verb}", first,
                    told if verb == "removed" else None, told if verb == "added" else None,
                )  # fmt: skip
    unknown = [getattr(book.calendar, "unknown_year", None) for book in (old, new)]
    if unknown[0] != unknown[1]:
        yield _of_book(
            "calendar_unknown_year_changed",
            "unknown_year",
            "calendar.unknown_year",
            _first_day(new),
            *unknown,
        )


def _of_mappings(old: Book, new: Book) -> Iterator[Change]:
    for fact, column in old.mapping.items():
        after = new.mapping.get(fact)
        if after != column:
            yield _of_book(
                "column_changed",
                "mapping",
                f"mapping.{fact}",
                _first_day(new),
                f"{fact}: {column}",
                after and f"{fact}: {after}",
            )


def _of_book(code: str, label: str, path: str, first: date, before: Any, after: Any) -> Change:
    return Change(
        code=code, kind="condition", document="", path=path, effective=first,
        subject=(LABELS[label],), before=before, after=after,
    )  # fmt: skip


def _first_day(book: Book) -> date:
    schedules, policies = chain(*book.versions), chain(*book.policies)
    return from_day_number(min(each.first for each in chain[Any](schedules, policies)))


# One change told once


def _once(changes: Sequence[Change]) -> list[Change]:
    """A change of what several documents include is one change."""
    found: dict[Any, Change] = {}
    for each in changes:
        key: Any = (each.code, each.id.partition("/")[2], each.old, each.new, each.fee)
        if each.old is None and each.new is None:
            key = id(each)
        known = found.setdefault(key, each)
        if known is not each:
            found[key] = _both(known, each)
    return [*found.values()]


def _both(known: Change, each: Change) -> Change:
    """One change of what two versions or documents share; it holds from the earlier day on."""
    first, other = (known, each) if known.effective <= each.effective else (each, known)
    also = dict.fromkeys((*known.also, *each.also, known.document, each.document))
    also.pop(first.document)
    return replace(first, also=tuple(also), fees=tuple(dict.fromkeys((*first.fees, *other.fees))))


def _distinct(changes: Sequence[Change]) -> Iterator[Change]:
    """The changes, each with an id of its own."""
    seen: dict[str, int] = {}
    for each in changes:
        count = seen[each.id] = seen.get(each.id, 0) + 1
        yield each if count == 1 else replace(each, path=f"{each.path}#{count}")
