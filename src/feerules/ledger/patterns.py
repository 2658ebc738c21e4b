"""The reference of reactions: which patterns the history of an account has. It is the meaning; engines are held to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feerules.plan.patterns import (
    ALONE,
    COUNT,
    MORNING,
    WITHOUT,
    Happened,
    Match,
    ReactionTerms,
    Used,
    fits,
    in_order,
)

__all__ = ["matches"]


def matches(
    history: Sequence[Happened], reactions: Sequence[ReactionTerms], until: int, used: Used | None = None
) -> list[Match]:
    """Every reaction that fires by the evening of a day, in order.

    What has `used` up already is not looked at again by the reaction that it has fired.
    """
    found: list[Match] = []
    for number, reaction in enumerate(reactions):
        gone = used[number] if used else frozenset()
        look = {ALONE: _alone, COUNT: _counted}.get(reaction.form, _followed)
        found += look(history, reaction, number, until, gone)
    return in_order(found)


def _alone(
    history: Sequence[Happened], reaction: ReactionTerms, number: int, until: int, gone: frozenset[int]
) -> Iterator[Match]:
    for at, happened in enumerate(history):
        if at not in gone and fits(happened, reaction.first):
            yield Match(happened.day, at, number, (at,))


def _counted(
    history: Sequence[Happened], reaction: ReactionTerms, number: int, until: int, gone: frozenset[int]
) -> Iterator[Match]:
    """The last so many, as soon as they lie close enough together; each counts once."""
    waiting: list[int] = []
    for at, happened in enumerate(history):
        if happened.takes_back in waiting:
            waiting.remove(happened.takes_back)
        if fits(happened, reaction.unless):
            waiting.clear()
        if at in gone or not fits(happened, reaction.first):
            continue
        waiting = [each for each in waiting if history[each].day >= happened.day - reaction.within]
        waiting.append(at)
        if len(waiting) == reaction.at_least:
            yield Match(happened.day, at, number, tuple(waiting))
            waiting = []


def _followed(
    history: Sequence[Happened], reaction: ReactionTerms, number: int, until: int, gone: frozenset[int]
) -> Iterator[Match]:
    """Each of the first sort, with the first that follows; or alone, on the day after the days are over."""
    waiting: dict[int, set[int]] = {}  # what began, and what has answered it
    for at, happened in enumerate(history):
        yield from _over(history, reaction, number, waiting, happened.day)
        waiting.pop(happened.takes_back, None)
        for answers in waiting.values():
            answers.discard(happened.takes_back)
        if fits(happened, reaction.unless):
            waiting.clear()
        if fits(happened, reaction.second):
            if reaction.form == WITHOUT:
                for answers in waiting.values():
                    answers.add(at)
            else:
                yield from (Match(happened.day, at, number, (first, at)) for first in waiting)
                waiting.clear()
        if at not in gone and fits(happened, reaction.first):
            waiting[at] = set()
    yield from _over(history, reaction, number, waiting, until)


def _over(
    history: Sequence[Happened], reaction: ReactionTerms, number: int, waiting: dict[int, set[int]], day: int
) -> Iterator[Match]:
    """What has waited so long that on the morning of a day its days are over."""
    for first in [each for each in waiting if history[each].day + reaction.within < day]:
        answers = waiting.pop(first)
        if reaction.form == WITHOUT and not answers:
            yield Match(history[first].day + reaction.within + 1, MORNING, number, (first,))
