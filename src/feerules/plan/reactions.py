"""A policy's reactions → the patterns that engines of events look for; and what cannot be right with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from feerules.documents.cells import Cell, CellError
from feerules.documents.policy import DunningPolicy
from feerules.documents.reactions import Counted, Followed, Happening, Reaction
from feerules.errors import Problem, did_you_mean
from feerules.plan.conditions import Conditions, Subject
from feerules.plan.ledgers import LedgerTerms
from feerules.plan.names import Names, Refused, place_of
from feerules.plan.patterns import (
    ALONE,
    COMES,
    COUNT,
    WITHOUT,
    CellTerms,
    Form,
    HappeningTerms,
    ReactionsTerms,
    ReactionTerms,
)
from feerules.vocabulary import HAPPENINGS, MOST_MONEY, TOLD

__all__ = ["parts_of", "patterns_of", "unsound_reactions"]

Parts = tuple[tuple[Happening, ...], tuple[Happening, ...], tuple[Happening, ...]]
_BOOLEAN = {"true": 1, "false": 0}


def patterns_of(policy: DunningPolicy, names: Names, terms: LedgerTerms) -> ReactionsTerms:
    """What engines look for; what is wrong with a cell is noted among the problems of the policy."""
    asked = [each for reaction in policy.reactions for part in parts_of(reaction) for each in part]
    codes = _codes(asked)
    reading = _Reading(names, codes)
    return ReactionsTerms(
        reactions=tuple(reading.reaction(each) for each in policy.reactions),
        fields=frozenset(name for each in asked for name, _ in each.cells()),
        codes=codes,
        connected=terms.connected,
        unreachable=terms.unreachable,
        promise_tolerance=terms.promise_tolerance,
    )


def parts_of(reaction: Reaction) -> Parts:
    """What begins the pattern, what follows in it, and what ends the wait."""
    match reaction.when:
        case Counted() as counted:
            return counted.count, (), counted.unless
        case Followed() as followed:
            return followed.after, (*followed.comes, *followed.without), followed.unless
        case Happening() as alone:
            return (alone,), (), ()


def _form_of(reaction: Reaction) -> Form:
    if isinstance(reaction.when, Counted):
        return COUNT
    if isinstance(reaction.when, Followed):
        return WITHOUT if reaction.when.without else COMES
    return ALONE


def _codes(asked: Iterable[Happening]) -> Mapping[str, Mapping[str, int]]:
    """A code for each word that some cell names, of every text that is asked."""
    words: dict[str, set[str]] = {}
    for each in asked:
        for name, cell in each.cells():
            if TOLD[name].kind == "text":
                words.setdefault(name, set()).update(_literals(cell))
    return {name: {word: code for code, word in enumerate(sorted(said))} for name, said in words.items()}


def _literals(text: str) -> set[str]:
    try:
        return {str(each) for each in Cell.parse(text, type="string", bare=True).literals}
    except CellError:
        return set()  # told where the cell is read


class _Reading:
    """Reads reactions into patterns, noting what cannot be right."""

    def __init__(self, names: Names, codes: Mapping[str, Mapping[str, int]]) -> None:
        self.conditions = Conditions(names)
        self.about = {name: _subject(name, tuple(codes.get(name, ()))) for name in TOLD}

    def reaction(self, reaction: Reaction) -> ReactionTerms:
        first, second, unless = (tuple(map(self._happening, part)) for part in parts_of(reaction))
        when = reaction.when
        return ReactionTerms(
            id=reaction.id,
            form=_form_of(reaction),
            first=first,
            second=second,
            unless=unless,
            at_least=when.at_least if isinstance(when, Counted) else 1,
            within=0 if isinstance(when, Happening) else when.within,
        )

    def _happening(self, happening: Happening) -> HappeningTerms:
        tests = []
        for name, cell in happening.cells():
            with suppress(Refused):
                where = place_of(cell, happening.where)
                found = self.conditions.read(cell, self.about[name], where)
                tests.append(CellTerms(name, found.bands, found.null))
        return HappeningTerms(happening.event, tuple(tests))


def _subject(name: str, codes: tuple[str, ...]) -> Subject:
    """What an entry may tell under a name; anything may be left untold."""
    match TOLD[name].kind:
        case "boolean":
            return Subject(name, "boolean", 0, 0, 1, True, (), _BOOLEAN)
        case "decimal":
            return Subject(name, "decimal", 2, -MOST_MONEY, MOST_MONEY, True, (), {})
        case "text":
            return Subject(name, "text", 0, 0, len(codes), True, codes, {})


# What cannot be right


def unsound_reactions(policy: DunningPolicy) -> Iterator[Problem]:
    """Every problem of a policy's reactions, in the order written."""
    seen: set[str] = set()
    steps = [step.id for step in policy.ladder.steps] if policy.ladder else []
    for reaction in policy.reactions:
        if reaction.id in seen:
            yield reaction.problem(
                "defined_twice", found=f'the reaction "{reaction.id}" a second time', expected="each reaction once",
                hint="rename one of them", key="id",
            )  # fmt: skip
        seen.add(reaction.id)
        for part in parts_of(reaction):
            for happening in part:
                yield from _untold(happening)
        if isinstance(reaction.when, Followed):
            yield from _two_ends(reaction.when)
        yield from _of_deeds(reaction, steps)


def _untold(happening: Happening) -> Iterator[Problem]:
    """Cells over what no entry of this sort ever tells."""
    kind = HAPPENINGS[happening.event]
    for name, _ in happening.cells():
        if name not in kind.tells:
            asked = ", ".join(kind.tells)
            yield happening.problem(
                "unknown_key", found=f"the key {name} of {kind.name}, which tells none", expected=f"one of: {asked}",
                hint=did_you_mean(name, kind.tells) or "delete it", key=name,
            )  # fmt: skip


def _two_ends(when: Followed) -> Iterator[Problem]:
    if when.comes and when.without:
        yield when.problem(
            "contradiction", found="comes: and without: in one pattern", expected="what follows, or what does not",
            hint="make two reactions of it, or put what ends the wait under unless:", key="without",
        )  # fmt: skip
    elif not when.comes and not when.without:
        yield when.problem(
            "missing_key", found="a pattern that says neither what comes nor what does not",
            expected="comes: or without: beside after:", hint="write without: payment", key="after",
        )  # fmt: skip


def _of_deeds(reaction: Reaction, steps: Sequence[str]) -> Iterator[Problem]:
    if "escalate" in reaction.then and reaction.to is None:
        yield reaction.problem(
            "missing_key", found=f"{reaction.id}, which escalates to nobody", expected="to: with the role that takes over",
            hint="write to: manager", key="then",
        )  # fmt: skip
    if "step" in reaction.then and reaction.step is None:
        example = steps[-1] if steps else "demand"
        yield reaction.problem(
            "missing_key", found=f"{reaction.id}, which takes a step and names none", expected="step: with a step of the ladder",
            hint=f"write step: {example}", key="then",
        )  # fmt: skip
    if reaction.step is None:
        return
    if "step" not in reaction.then:
        yield reaction.problem(
            "contradiction", found=f"{reaction.id}, which names a step and does not take it", expected="then: step beside step:",
            hint="write then: step", key="step",
        )  # fmt: skip
    if reaction.step not in steps:
        yield reaction.problem(
            "unknown_step", found=f'the step "{reaction.step}"', expected=f"a step of the ladder: {', '.join(steps) or 'none'}",
            hint=did_you_mean(reaction.step, steps), key="step",
        )  # fmt: skip
