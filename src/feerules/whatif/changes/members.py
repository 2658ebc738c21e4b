"""Which member of a list of rules was which: by its id, its day, or what it is most like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from feerules.documents.policy import DatedValue

__all__ = ["name_of", "paired"]


def name_of(member: Any, number: int) -> str:
    if isinstance(member, DatedValue):
        return member.from_.isoformat()
    return str(getattr(member, "id", number + 1))


def paired(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Each member with the one that it was: by its id or day, else by what it is most like."""
    if any(isinstance(each, DatedValue) or hasattr(each, "id") for each in (*old, *new)):
        mine = {name_of(each, 0): each for each in old}
        theirs = {name_of(each, 0): each for each in new}
        yield from ((mine.get(name), theirs.get(name)) for name in dict.fromkeys((*theirs, *mine)))
        return
    left_old, left_new = [*old], [*new]
    found: dict[int, Any] = {}
    for alike in (_equal, _titled, _asks_alike, _does_alike):
        for other in [*left_new]:
            one = next((each for each in left_old if alike(each, other)), None)
            if one is not None:
                _take(left_old, one)
                _take(left_new, other)
                found[id(other)] = one
    yield from ((found.get(id(other)), other) for other in new)
    yield from ((one, None) for one in left_old)


def _take(members: list[Any], member: Any) -> None:
    del members[next(n for n, each in enumerate(members) if each is member)]


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)


def _titled(one: Any, other: Any) -> bool:
    titles = [getattr(each, "title", None) for each in (one, other)]
    return titles[0] is not None and titles[0] == titles[1]


def _asks_alike(one: Any, other: Any) -> bool:
    asks = [getattr(each, "when", None) for each in (one, other)]
    return bool(asks[0]) and asks[0] == asks[1]


def _does_alike(one: Any, other: Any) -> bool:
    """Two that have titles and ask for other things are two, though both are a factor."""
    if all(getattr(each, "title", None) is not None for each in (one, other)):
        return False
    does = [
        {key for key, value in vars(each).items() if value not in (None, (), {})}
        - {"title", "when", "note", "source"}
        for each in (one, other)
    ]
    return does[0] == does[1]
