"""Findings on dunning policies: stops, classes and steps that can come to nothing, ladders that end in nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from feerules.book import Book
from feerules.checks.findings import Finding, finding
from feerules.checks.ladders import (
    idle_limits,
    ladder_ends,
    never_again,
    never_due,
    never_so_often,
    odd_order,
)
from feerules.checks.reactions import never_fired, unknown_steps
from feerules.checks.readings import Reading as TableReading
from feerules.checks.readings import inside, reading_of
from feerules.checks.sending import never_sent
from feerules.documents.cells import Cell
from feerules.documents.policy import DunningPolicy, Step, Stop
from feerules.plan.alternatives import Reading, covers
from feerules.plan.dunning import CLASS, PolicyVersion
from feerules.plan.hits import ADDING
from feerules.plan.names import Names
from feerules.vocabulary import ALIASES
from feerules.wording import sentence

__all__ = ["check_policies"]


def check_policies(book: Book) -> Iterator[Finding]:
    """Every finding on a book's dunning policies, in all versions."""
    for versions in book.policies:
        for version in versions:
            policy, reading = version.policy, Reading(version.policy, version.names)
            yield from shadowed_stops(policy, reading)
            yield from two_classes(version)
            yield from unused_classes(version)
            yield from untitled_classes(version)
            yield from ladder_ends(policy)
            yield from never_again(policy)
            yield from never_due(policy, reading)
            yield from never_so_often(policy, reading)
            yield from odd_order(policy, reading)
            yield from idle_limits(policy)
            yield from never_sent(policy, reading, book.calendar)
            yield from no_limits(policy)
            yield from unheeded(policy, version.names)
            yield from never_fired(version)
            yield from unknown_steps(policy)


# Stops


def shadowed_stops(policy: DunningPolicy, reading: Reading) -> Iterator[Finding]:
    """Stops that never decide, since one before them holds wherever they do."""
    for number, stop in enumerate(policy.stops):
        asked = reading.possible(stop)
        wider = next(
            (each for each in policy.stops[:number] if asked and covers(reading.possible(each), asked)), None
        )
        if wider is not None:
            yield finding(
                "shadowed_stop", "warning", stop.where,
                sentence("the stop {stop} never decides: {other} stands above it, and holds wherever it does"),
                sentence("move {stop} above {other}, or delete it"),
                witness=[reading.example(asked[0])], document=policy.id, stop=stop.id, other=wider.id,
            )  # fmt: skip


# Classes


def two_classes(version: PolicyVersion) -> Iterator[Finding]:
    """Accounts for which rows say different classes, where nothing but the order of the rows decides."""
    spec = version.policy.classes
    reading = None if spec is None else reading_of(spec, version.names, version.policy.id)
    if reading is None:
        return
    for rows, point in reading.grid.overlaps():
        pair = _crossing(reading, rows)
        if pair is None:
            continue
        adding = reading.hit in ADDING
        one, other = pair
        message = (  # of what adds up, nothing is a class
            sentence(
                "rows {row} and {other} match the same account, as {one_class} and {other_class}, and hit: {hit} adds up what cannot be added"
            )
            if adding
            else sentence(
                "rows {row} and {other} match the same account, as {one_class} and {other_class}: row {row} decides, as the first"
            )
        )
        yield finding(
            "two_classes", "error" if adding else "note", reading.row(other).where, message,
            sentence("say hit: first, and in a column note of row {row} why it goes first"),
            witness=[reading.witness(point)], document=version.policy.id, row=reading.number(one),
            other=reading.number(other), hit=reading.hit,
            one_class=reading.output(one), other_class=reading.output(other),
        )  # fmt: skip
        return


def _crossing(reading: TableReading, rows: Sequence[int]) -> tuple[int, int] | None:
    """The first of some rows and one that says something else; a narrower row above a wider one is an order that
    everybody sees, and a note explains another."""
    first = rows[0]
    for row in rows[1:]:
        if reading.said[row] == reading.said[first]:
            continue
        if reading.hit in ADDING:
            return first, row
        plain = inside(reading.conditions[first], reading.conditions[row])
        if reading.hit == "first" and not plain and not reading.is_noted(first):
            return first, row
    return None


def unused_classes(version: PolicyVersion) -> Iterator[Finding]:
    """Classes that no rule asks, in a policy whose rules ask for others."""
    policy, spec = version.policy, version.policy.classes
    reading = None if spec is None else reading_of(spec, version.names, policy.id)
    parts: list[Stop | Step] = [*(policy.ladder.steps if policy.ladder else ()), *policy.stops]
    told = [cells[CLASS] for part in parts for cells in (part.when, *part.any) if CLASS in cells]
    if reading is None or not told:
        return
    asked = [Cell.parse(cell, type="string", bare=True) for cell in told]
    seen = set(policy.class_titles)
    for row in range(len(reading.said)):
        name = reading.output(row)
        if name not in seen and not any(cell.matches(name) or name in cell.literals for cell in asked):
            seen.add(name)
            yield finding(
                "unused_class", "note", reading.row(row).where,
                sentence("the class {name}, which no step asks, and which has no title"),
                sentence("ask it in a step, or give it a title under class_titles"),
                document=policy.id, name=name,
            )  # fmt: skip


def untitled_classes(version: PolicyVersion) -> Iterator[Finding]:
    """Classes that `class_titles` leaves out: people read their names for machines beside the titles of others."""
    policy, spec = version.policy, version.policy.classes
    reading = None if spec is None else reading_of(spec, version.names, policy.id)
    seen = set(policy.class_titles)
    for row in range(len(reading.said)) if reading is not None and seen else ():
        assert reading is not None
        name = reading.output(row)
        if name not in seen:
            seen.add(name)
            yield finding(
                "outside_list", "note", reading.row(row).where,
                sentence("the class {name}, which has no title, and others have"),
                sentence("add {name} to class_titles"), document=policy.id, name=name,
            )  # fmt: skip


# What a policy does not look at


HEEDED: Mapping[str, tuple[str, ...]] = {
    "promise": ("promise_state", "promised_on", "promise_in_days", "broken_promises", "promised"),
    "plan": ("plan_state", "plan_shortfall", "plan_expected"),
    "payment_in_transit": ("payment_in_transit", "in_transit"),
    "dispute": ("dispute_state",),
}


STOPS: Mapping[str, str] = {
    "promise": '{id: promised, when: {promise_in_days: ">= 0"}, then: wait, review: 3 days}',
    "plan": "{id: plan-kept, when: {plan: live}, then: wait, review: 7 days}",
    "payment_in_transit": "{id: in-transit, when: {payment_in_transit: true}, then: hold, review: 3 days}",
    "dispute": "{id: disputed, when: {dispute: open}, then: review, review: 10 days}",
}
LIMITS = 'limits: {day: {attempts: 6}, week: {at_most: 5}, quiet: "22:00-08:00"}'


def unheeded(policy: DunningPolicy, names: Names) -> Iterator[Finding]:
    """What a person said or did that should stop the pressing, and that the policy never asks."""
    if policy.ladder is None or not any(step.channels for step in policy.ladder.steps):
        return
    asked = _asked(policy, names)
    left = [name for name, facts in HEEDED.items() if not asked.intersection(facts)]
    if left:
        yield finding(
            "unheeded", "note", policy.ladder.where,
            sentence("no stop, class or step asks {facts}: whom they protect is pressed all the same"),
            sentence("add a stop such as {stop}"),
            document=policy.id, facts=", ".join(left), stop=STOPS[left[0]],
        )  # fmt: skip


def _asked(policy: DunningPolicy, names: Names) -> set[str]:
    """Every fact that stops, classes and steps ask, also by way of derived facts."""
    parts: list[Stop | Step] = [*policy.stops, *(policy.ladder.steps if policy.ladder else ())]
    found = {str(name) for part in parts for cells in (part.when, *part.any) for name in cells}
    if policy.classes is not None and policy.classes.table is not None:
        found |= {str(head.name) for head in policy.classes.table.header}
    for name in [*found]:
        if name in names.derived:
            found |= names.derived[name].formula.names()
    if policy.ledger.exclude.disputed:
        found.add("dispute_state")
    return {ALIASES.get(name, name) for name in found}


def no_limits(policy: DunningPolicy) -> Iterator[Finding]:
    """Contacts without a most per day or week, or at any hour."""
    if policy.ladder is None or not any(step.channels for step in policy.ladder.steps):
        return
    limits = policy.limits
    often = (limits.day.attempts, limits.day.connected, limits.week.at_most, limits.gap)
    missing = [] if any(each is not None for each in often) else ["limits: day, limits: week"]
    if limits.quiet is None and policy.windows is None:
        missing.append("limits: quiet, windows")
    if missing:
        yield finding(
            "no_limits", "note", policy.ladder.where,
            sentence("nothing limits how often or when people are contacted: {missing}"),
            sentence("write {limits}"),
            document=policy.id, missing="; ".join(missing), limits=LIMITS,
        )  # fmt: skip
