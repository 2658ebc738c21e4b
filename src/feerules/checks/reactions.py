"""Findings on reactions: those that can never fire, and happenings of steps that the ladder does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feerules.checks.findings import Finding, finding
from feerules.documents.cells import Cell
from feerules.documents.policy import DunningPolicy
from feerules.documents.reactions import Happening, Reaction
from feerules.plan.alternatives import within
from feerules.plan.dunning import PolicyVersion
from feerules.plan.grid import Condition
from feerules.plan.ledgers import LedgerTerms
from feerules.plan.patterns import COMES, COUNT, HappeningTerms, OneOf
from feerules.plan.reactions import parts_of, patterns_of
from feerules.wording import sentence

__all__ = ["never_fired", "unknown_steps"]


def never_fired(version: PolicyVersion) -> Iterator[Finding]:
    """Reactions whose `unless` takes in all that is counted, or all that is to follow: it always comes first."""
    policy = version.policy
    terms = patterns_of(policy, version.names, LedgerTerms())
    for reaction, one in zip(policy.reactions, terms.reactions, strict=True):
        awaited = {COUNT: one.first, COMES: one.second}.get(one.form, ())
        if awaited and _are_covered(awaited, one.unless):
            yield finding(
                "never_fires", "warning", reaction.where_of("when"),
                sentence("the reaction {reaction} never fires: its unless takes in all that it waits for"),
                sentence("ask less of unless, or take it out"), document=policy.id, reaction=reaction.id,
            )  # fmt: skip


def _are_covered(some: OneOf, unless: OneOf) -> bool:
    return all(any(_covers(wide, each) for wide in unless) for each in some)


def _covers(wide: HappeningTerms, narrow: HappeningTerms) -> bool:
    """Whether all that one happening takes in, another does too."""
    asked = {test.field: Condition(test.bands, test.null) for test in narrow.tests}
    return wide.kind == narrow.kind and all(
        test.field in asked and within(asked[test.field], Condition(test.bands, test.null))
        for test in wide.tests
    )


def unknown_steps(policy: DunningPolicy) -> Iterator[Finding]:
    """Happenings of steps that the ladder does not have, so that no entry of this policy tells of them."""
    steps = {str(step.id) for step in policy.ladder.steps} if policy.ladder else set()
    for reaction in policy.reactions:
        for happening in _happenings(reaction):
            cell = (
                None if happening.step_id is None else Cell.parse(happening.step_id, type="string", bare=True)
            )
            words = cell.literals if cell is not None and not cell.negated and not cell.null else frozenset()
            if words and not words & steps:
                yield finding(
                    "never_fires", "warning", happening.where_of("step_id"),
                    sentence("the reaction {reaction} asks for the step {step}, which the ladder does not have"),
                    sentence("name a step of the ladder: {steps}"),
                    document=policy.id, reaction=reaction.id, step=", ".join(sorted(map(str, words))),
                    steps=", ".join(sorted(steps)) or "-",
                )  # fmt: skip


def _happenings(reaction: Reaction) -> Iterable[Happening]:
    return (each for part in parts_of(reaction) for each in part)
