"""Two versions of a law profile compared: what is forbidden or asked, how grave it is, by which law."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from feerules.documents.law import LawProfile
from feerules.plan.names import Names
from feerules.whatif.changes.change import Change, Versions
from feerules.whatif.changes.keys import LABELS, Kind
from feerules.whatif.changes.part_changes import Comparing, Spot
from feerules.whatif.changes.sides import Pair, Side

__all__ = ["changes_of_laws"]

# What is said to people; all else says what a check finds. No bill or decision asks a profile.
TOLD = frozenset(("title", "note", "hint", "basis", "jurisdiction", "as_of"))


def changes_of_laws(
    old: Iterable[LawProfile], new: Iterable[LawProfile]
) -> Iterator[tuple[Versions, list[Change]]]:
    """Each profile of two books, by its id, with what changes from the one to the other."""
    before, after = ({each.id: each for each in profiles} for profiles in (old, new))
    for id_ in dict.fromkeys((*after, *before)):
        one, other = before.get(id_), after.get(id_)
        told = _versions(one, other)
        yield told, _compared(told, one, other)


def _versions(old: LawProfile | None, new: LawProfile | None) -> Versions:
    shown = new or old
    assert shown is not None
    title = {} if shown.title is None else {"zh": shown.title.zh, "en": shown.title.en}
    names = [None if each is None else each.as_of.isoformat() for each in (old, new)]
    return Versions(shown.id, title, names[0], names[1], shown.as_of, None)


def _compared(told: Versions, old: LawProfile | None, new: LawProfile | None) -> list[Change]:
    if old is None or new is None:
        return [_whole(told, old, new)]
    comparing = Comparing(Pair(_side(old), _side(new)), {"document": told.document, "effective": told.first})
    comparing.part(Spot(), old, new, skip=("kind", "id"))
    return sorted(
        (replace(each, kind=_kind(each.path)) for each in comparing.found), key=lambda each: each.kind
    )


def _whole(told: Versions, old: LawProfile | None, new: LawProfile | None) -> Change:
    """A profile that one book alone has."""
    return Change(
        code="law_profile_added" if old is None else "law_profile_removed", kind="condition",
        document=told.document, path="law_profile", effective=told.first, subject=(LABELS["law_profile"],),
        before=old.as_of if old else None, after=new.as_of if new else None,
        old=old.where if old else None, new=new.where if new else None,
    )  # fmt: skip


def _side(profile: LawProfile) -> Side:
    return Side(profile, Names({}, {}, {}, {}, frozenset()))


def _kind(path: str) -> Kind:
    return "condition" if TOLD.isdisjoint(path.split(".")) else "words"
