"""What a policy's reactions look for, as integers: all that the reference and the engine of events obey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

__all__ = [
    "ALONE",
    "COMES",
    "COUNT",
    "WITHOUT",
    "CellTerms",
    "Form",
    "Happened",
    "HappeningTerms",
    "Match",
    "OneOf",
    "ReactionTerms",
    "ReactionsTerms",
    "Used",
    "fits",
    "holds",
    "in_order",
]

Form = Literal["alone", "count", "comes", "without"]
ALONE: Form = "alone"
COUNT: Form = "count"
COMES: Form = "comes"
WITHOUT: Form = "without"

MORNING = -1  # what a day brings by itself comes before all that happens on it


class CellTerms(NamedTuple):
    """A cell: the half-open bands of codes that it matches, and whether it matches what is not told."""

    field: str
    bands: tuple[tuple[int, int], ...]
    null: bool


@dataclass(frozen=True, slots=True)
class HappeningTerms:
    """One sort of happening, and what must be told of it."""

    kind: str
    tests: tuple[CellTerms, ...] = ()


OneOf: TypeAlias = tuple[HappeningTerms, ...]


@dataclass(frozen=True, slots=True)
class ReactionTerms:
    """What one reaction looks for.

    `alone`: each of `first`. `count`: `at_least` of `first` within `within` days. `comes`: for each of `first`, the
    first of `second` that follows within the days. `without`: each of `first` that none of `second` follows within
    them, on the day after. Whatever fits `unless` ends all that waits.
    """

    id: str
    form: Form
    first: OneOf
    second: OneOf = ()
    unless: OneOf = ()
    at_least: int = 1
    within: int = 0


@dataclass(frozen=True, slots=True)
class ReactionsTerms:
    """The reactions of a policy, and how what entries tell is coded for them.

    `codes`: for each text that a cell asks, the code of each word that any cell names; any other has the next.
    `connected` and `unreachable` are the outcomes of contacts, `promise_tolerance` the days that a promise may be late.
    """

    reactions: tuple[ReactionTerms, ...] = ()
    fields: frozenset[str] = frozenset()
    codes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    connected: frozenset[str] = frozenset()
    unreachable: frozenset[str] = frozenset()
    promise_tolerance: int = 0

    @property
    def kinds(self) -> frozenset[str]:
        """The happenings that any reaction asks for."""
        parts = (each for one in self.reactions for each in (*one.first, *one.second, *one.unless))
        return frozenset(each.kind for each in parts)

    @property
    def longest(self) -> int:
        """For so many days what has happened may still matter."""
        return max((each.within + 1 for each in self.reactions), default=0)


class Happened(NamedTuple):
    """Something that happened: the day, what, which entry says so, and what it tells, coded.

    `takes_back` is the number, in the history, of the payment that never was, -1 for none.
    """

    day: int
    kind: str
    id: str
    told: Mapping[str, int]
    takes_back: int = -1


class Match(NamedTuple):
    """A reaction that fires: by its number, the day, and the numbers of what fired it, in the history.

    `at` is the number of what it fired on, -1 where the day alone did.
    """

    day: int
    at: int
    reaction: int
    by: tuple[int, ...]


Used: TypeAlias = Sequence[frozenset[int]]
"""For each reaction, the numbers of those happenings that have fired it before: it leaves them aside."""


def fits(happened: Happened, some: OneOf) -> bool:
    """Whether what happened is one of some."""
    # Asked of every happening by every reaction: as loops, which are the fastest.
    for each in some:
        if happened.kind == each.kind:
            for test in each.tests:
                if not holds(happened, test):
                    break
            else:
                return True
    return False


def holds(happened: Happened, test: CellTerms) -> bool:
    """Whether a cell matches what is told."""
    code = happened.told.get(test.field)
    if code is None:
        return test.null
    return any(lo <= code < hi for lo, hi in test.bands)


def in_order(matches: Iterable[Match]) -> list[Match]:
    """By day; of one day what the morning brings first; then as the policy has its reactions."""
    return sorted(matches)
