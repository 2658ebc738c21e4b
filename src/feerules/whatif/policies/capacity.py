"""How much a day holds: so many actions by each channel, or by each role."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TypeAlias

from feerules.book import Book
from feerules.documents.policy import CHANNELS
from feerules.errors import did_you_mean

__all__ = ["Capacity", "Given", "Room"]

Given: TypeAlias = Mapping[str, int] | Callable[[date], Mapping[str, int]] | None


class Capacity:
    """What people can do in a day. `given`: a number by channel or role, or a function of the day that says it."""

    def __init__(self, given: Given, books: Iterable[Book]) -> None:
        self.given = given
        self.names = sorted({*CHANNELS, *(role for book in books for role in _roles(book))})
        if isinstance(given, Mapping):
            self._check(given)

    def room(self, day: date) -> Room:
        if self.given is None:
            return Room({})
        if isinstance(self.given, Mapping):
            return Room(self.given)
        said = self.given(day)
        self._check(said)
        return Room(said)

    def _check(self, said: Mapping[str, int]) -> None:
        if not isinstance(said, Mapping):
            raise ValueError(
                f'found capacity {said!r}, expected numbers by channel or role, such as {{"phone": 200}}'
            )
        for name, most in said.items():
            if name not in self.names:
                hint = did_you_mean(str(name), self.names)
                raise ValueError(
                    f"found capacity for {name!r}, expected a channel or a role of the policies: "
                    f"{', '.join(self.names)}{f'; {hint}' if hint else ''}"
                )
            if type(most) is not int or most < 0:
                raise ValueError(f"found capacity {most!r} for {name}, expected a whole number from 0 up")


class Room:
    """What is left of one day."""

    def __init__(self, most: Mapping[str, int]) -> None:
        self.left = dict(most)

    def take(self, channel: str | None, role: str | None) -> bool:
        """Takes one action on a channel by a role, where each of them that is limited has one left."""
        asked = {name for name in (channel, role) if name in self.left}
        if any(self.left[str(name)] == 0 for name in asked):
            return False
        for name in asked:
            self.left[str(name)] -= 1
        return True


def _roles(book: Book) -> Iterable[str]:
    for versions in book.policies:
        for version in versions:
            ladder = version.policy.ladder
            for step in ladder.steps if ladder else ():
                yield from filter(None, (step.role, step.escalate.to if step.escalate else None))
