"""Two versions of a law profile compared: what is forbidden or asked, how grave it is, by which law."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from feerules.documents.law import LawProfile
from feerules.plan.names import Names
from feerules.whatif.changes.change import Change, Versions
from feerules.whatif.changes.keys import LABELS
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
    common = {"document": told.document, "effective": told.first}
    if old is None or new is None:
        there = old or new
        assert there is not None
        verb, said = ("added", (None, there.as_of)) if old is None else ("removed", (there.as_of, None))
        places = (None, there.where) if old is None else (there.where, None)
        change = Change(
            code=f"law_profile_{verb}", kind="condition", path="law_profile", subject=(LABELS["law_profile"],),
            before=said[0], after=said[1], old=places[0], new=places[1], **common,
        )  # fmt: skip
        return [change]
    comparing = Comparing(Pair(_side(old), _side(new)), common)
    comparing.part(Spot(), old, new, skip=("kind", "id"))
    found = (replace(each, kind=_kind(each.path)) for each in comparing.found)
    return sorted(found, key=lambda each: each.kind)


def _side(profile: LawProfile) -> Side:
    return Side(profile, Names({}, {}, {}, {}, frozenset()))


def _kind(path: str) -> str:
    return "condition" if TOLD.isdisjoint(path.split(".")) else "words"
