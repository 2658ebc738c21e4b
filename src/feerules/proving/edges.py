"""The edges of rules: for each row, band and condition the last values inside and the first outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from feerules.plan.conditions import Asked, Subject
from feerules.plan.grid import Condition
from feerules.plan.lookups import Found
from feerules.plan.nodes import Mark
from feerules.plan.tariffs import BandAsked
from feerules.plan.terms import Term
from feerules.proving.intervals import Wanted, joined, only
from feerules.proving.witnesses import Goal

__all__ = ["Edge", "Side", "Told", "all_ways", "band_goals", "decides", "edges_of", "ways_of"]

Side = Literal["lower", "upper", "only", "below", "above", "value", "other", "absent"]
Told = tuple[Subject, Term, Condition]  # what a cell asks, and of what
MOST_WORDS = 12
TRUE = only(1)


@dataclass(frozen=True, slots=True)
class Edge:
    """A value of one fact at the edge of a rule, and the goals that put a record there."""

    subject: Subject
    value: int | None
    side: Side
    goals: tuple[Goal, ...]

    @property
    def text(self) -> str:
        """The value as a cell says it, "" for none."""
        return "" if self.value is None else self.subject.text(self.value)


def decides(mark: Mark, number: int) -> tuple[Goal, ...]:
    """That a rule decides."""
    places = joined((at, at) for at, rules in enumerate(mark.rules) if number in rules)
    return (mark.need, TRUE), (mark.at, places)


def ways_of(mark: Mark, number: int) -> list[tuple[Told, ...]]:
    """What a rule asks of each fact, in each way in which it can hold."""
    asked = mark.asked
    if isinstance(asked, Asked):
        return list(asked.alternatives)
    if isinstance(asked, Found) and mark.kind == "row":
        decision = asked.decision
        return [tuple(zip(decision.subjects, asked.terms, decision.conditions[number], strict=True))]
    return [()]


def edges_of(mark: Mark, number: int, *, inside: bool) -> Iterator[Edge]:
    """The edges of a rule: inside it, where it decides, or just outside, where all else stays as it asks."""
    decide = decides(mark, number)
    # Who is not charged at all has no line in which a rule could decide; a stop asks only of those who owe.
    need = () if mark.kind == "fee" else decide[:1]
    for way in ways_of(mark, number):
        for at, (subject, term, condition) in enumerate(way):
            others = [goals_of(each) for n, each in enumerate(way) if n != at]
            for value, side, within in _values(subject, condition):
                if within == inside:
                    goals = (*_at(term, value), *(goal for each in others for goal in each[0]))
                    yield Edge(subject, value, side, (*goals, *(decide if within else need)))


def goals_of(told: Told) -> list[tuple[Goal, ...]]:
    """The ways in which a cell holds: with a value that it names, or with none."""
    _, term, condition = told
    ways: list[tuple[Goal, ...]] = []
    if condition.bands:
        wanted: Wanted = tuple((lo, hi - 1) for lo, hi in condition.bands)
        here = () if term.present is None else ((term.present, TRUE),)
        ways.append((*here, (term.node, wanted)))
    if condition.null and term.present is not None:
        ways.append(((term.present, only(0)),))
    return ways or [()]


def all_ways(way: Sequence[Told]) -> Iterator[tuple[Goal, ...]]:
    """The goals of every cell at once: first as the cells name values."""
    for each in product(*map(goals_of, way)):
        yield tuple(goal for goals in each for goal in goals)


def _at(term: Term, value: int | None) -> tuple[Goal, ...]:
    if value is None:
        return () if term.present is None else ((term.present, only(0)),)
    here = () if term.present is None else ((term.present, TRUE),)
    return (*here, (term.node, only(value)))


def _values(subject: Subject, condition: Condition) -> Iterator[tuple[int | None, Side, bool]]:
    """(value, which side of the cell it is on, whether the cell holds there)."""
    bands, everything = condition.bands, condition.bands == ((subject.lo, subject.hi + 1),)
    if subject.kind in ("choice", "text", "boolean"):
        yield from _words(subject, condition)
    elif not everything:
        yield from _ends(subject, bands)
    if subject.nullable and not (everything and condition.null):
        yield None, "absent", condition.null


def _ends(subject: Subject, bands: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Side, bool]]:
    for lo, hi in bands:
        if hi - lo == 1:
            yield lo, "only", True
        else:
            if lo > subject.lo:
                yield lo, "lower", True
            if hi <= subject.hi:
                yield hi - 1, "upper", True
    for lo, hi in bands:
        if lo > subject.lo:
            yield lo - 1, "below", False
        if hi <= subject.hi:
            yield hi, "above", False


def _words(subject: Subject, condition: Condition) -> Iterator[tuple[int, Side, bool]]:
    named = [value for lo, hi in condition.bands for value in range(lo, min(hi, lo + MOST_WORDS))]
    others = [value for value in range(subject.lo, subject.hi + 1) if not _is_in(condition, value)]
    if not others:
        return
    yield from ((value, "value", True) for value in named[:MOST_WORDS])
    yield others[0], "other", False


def _is_in(condition: Condition, value: int) -> bool:
    return any(lo <= value < hi for lo, hi in condition.bands)


# Bands


def band_goals(mark: Mark, number: int, end: int, *, beyond: bool) -> Iterator[tuple[Goal, ...]]:
    """That so much is counted as the bound of a band, or a step more: exactly, or as near as facts can say."""
    asked: BandAsked = mark.asked
    assert asked.high is not None
    shift = asked.counted.scale - asked.high.scale
    bound = end * 10**shift if shift >= 0 else end // 10**-shift
    group = decides(mark, number)[1]
    for digits in range(7):
        room = 10**digits
        wanted = (bound + 1, bound + room) if beyond else (bound - room + 1, bound)
        yield (group, (asked.counted, (wanted,)))
