"""Findings on ladders: those that end in nothing, steps that never come again, limits that never hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feerules.checks.findings import Finding, finding
from feerules.documents.policy import DunningPolicy, Step, Stop
from feerules.plan.alternatives import Alternative, Reading, covers
from feerules.plan.dunning import CLASS
from feerules.plan.grid import Condition
from feerules.plan.reach import most_of
from feerules.wording import sentence

__all__ = ["idle_limits", "ladder_ends", "never_again", "never_due", "never_so_often", "odd_order"]

AGES = ("days_overdue", "days_past_due")


def ladder_ends(policy: DunningPolicy) -> Iterator[Finding]:
    """A ladder all of whose steps are used up while the debt goes on, and nobody is told.

    Steps that a person does (without channels), that lead to a court or that somebody else takes over are an end.
    """
    if policy.ladder is None:
        return
    steps = policy.ladder.steps
    if any(_goes_on(step, policy) for step in steps) or _is_looked_at(policy):
        return
    last = steps[-1]
    done = {f"steps.{step.id}.count": str(most_of(step, policy)) for step in steps}
    yield finding(
        "ladder_ends", "warning", policy.ladder.where,
        sentence("every step of the ladder is used up in the end, and nothing says what then: the debt goes on"),
        sentence("add a step that a person does, without channels, or a stop such as {stop}"),
        witness=[{**done, "days_overdue": "1000"}], document=policy.id,
        stop=f'{{id: used-up, when: {{steps.{last.id}.count: ">= {most_of(last, policy)}"}}, then: review, review: 30 days}}',
    )  # fmt: skip


def _goes_on(step: Step, policy: DunningPolicy) -> bool:
    ends = most_of(step, policy) is not None and step.in_force is None
    return not ends or not step.channels or step.legal or step.escalate is not None


def _is_looked_at(policy: DunningPolicy) -> bool:
    """Whether a stop goes to a person by what was done."""
    return any(
        stop.then == "review"
        and any(name.startswith("steps.") for cells in (stop.when, *stop.any) for name in cells)
        for stop in policy.stops
    )


def never_again(policy: DunningPolicy) -> Iterator[Finding]:
    """Steps that are done so often in the life of an account, where the ladder never begins anew."""
    if policy.ladder is None or policy.ladder.restart != "never":
        return
    for step in policy.ladder.steps:
        most = most_of(step, policy)
        if most is not None and step.in_force is None:
            yield finding(
                "never_again", "warning", step.where,
                sentence("{step} is done {most} times in all, whatever is owed later: restart: never, and no in_force"),
                sentence("add in_force: 365 days to {step}, or say restart: when_paid"),
                witness=[{f"steps.{step.id}.count": str(most)}], document=policy.id, step=step.id, most=str(most),
            )  # fmt: skip


def never_due(policy: DunningPolicy, reading: Reading) -> Iterator[Finding]:
    """Steps for a class whose rows exclude what else they ask, or hold only where a stop does."""
    for step in policy.ladder.steps if policy.ladder else ():
        asked, paths = reading.possible(step), reading.paths(step)
        if not any(CLASS in each for each in asked):
            continue  # told when it is loaded, if it can never be
        where, name = step.where_of("any" if step.any else "when"), step.id
        if not paths:
            yield finding(
                "never_due", "warning", where,
                sentence("{step} asks for a class, and for what the rows of that class exclude: it is never due"),
                sentence("mend the conditions of {step}, or the rows of the class"), document=policy.id, step=name,
            )  # fmt: skip
            continue
        stop = _stop_in_front(policy, step, paths, reading)
        if stop is not None:
            yield finding(
                "never_due", "warning", where,
                sentence("{step} is for a class that is given only where the stop {stop} holds: it is never due"),
                sentence("write lets_through: [{step}] at {stop}"), witness=[reading.example(paths[0])],
                document=policy.id, step=name, stop=stop.id,
            )  # fmt: skip


def never_so_often(policy: DunningPolicy, reading: Reading) -> Iterator[Finding]:
    """Steps that wait until another was done more often than it is done."""
    steps = policy.ladder.steps if policy.ladder else ()
    most = {f"steps.{each.id}.count": most_of(each, policy) for each in steps}
    for step in steps:
        asked = reading.possible(step)
        for name, times in most.items():
            if times is None:
                continue
            ways = [each[name] for each in asked if name in each]
            if ways and len(ways) == len(asked) and all(_least(each) > times for each in ways):
                yield finding(
                    "never_due", "warning", step.where_of("any" if step.any else "when"),
                    sentence("{step} asks that {count} is {least} or more, and the step is done {most} times at most: it is never due"),
                    sentence("mend the condition of {step}, or raise at_most"),
                    document=policy.id, step=step.id, count=name, least=str(min(map(_least, ways))), most=str(times),
                )  # fmt: skip
                break


def _least(condition: Condition) -> int:
    return 0 if condition.null else min((lo for lo, _ in condition.bands), default=0)


def _stop_in_front(
    policy: DunningPolicy, step: Step, paths: Sequence[Alternative], reading: Reading
) -> Stop | None:
    """A stop that holds wherever a step can be due, and does not let it through; nor does one before it."""
    for stop in policy.stops:
        if step.id in stop.lets_through:
            return None
        if covers(reading.possible(stop), paths):
            return stop
    return None


def odd_order(policy: DunningPolicy, reading: Reading) -> Iterator[Finding]:
    """Steps of a ladder that climbs, of which a later one is due at a lower age than one before it."""
    if policy.ladder is None or policy.ladder.order == "first":
        return
    oldest: tuple[int, Step] | None = None
    for step in policy.ladder.steps:
        age = _least_age(step, reading)
        if age is None:
            continue
        if oldest is not None and age < oldest[0]:
            yield finding(
                "odd_order", "warning", step.where,
                sentence("{step} is due from day {age} on, and stands after {other}, which is due from day {later} on"),
                sentence("write the steps from the mildest to the most severe, or mend the days"),
                document=policy.id, step=step.id, age=str(age), other=oldest[1].id, later=str(oldest[0]),
            )  # fmt: skip
        if oldest is None or age > oldest[0]:
            oldest = age, step


def _least_age(step: Step, reading: Reading) -> int | None:
    """The least age at which a step is due; None where its conditions name none, or it follows another step."""
    if step.after is not None:
        return None
    ages = [
        min((lo for lo, _ in each[name].bands), default=0)
        for each in reading.possible(step)
        for name in AGES
        if name in each
    ]
    return min(ages, default=None)


def idle_limits(policy: DunningPolicy) -> Iterator[Finding]:
    """A most, or an escalation, that never comes to bear: so few are in force whenever the gap has passed."""
    for step in policy.ladder.steps if policy.ladder else ():
        gap = max(step.gap or 1, (policy.limits.gap or 0) if step.channels else 0)
        if step.in_force is None:
            continue
        reached = step.in_force // gap
        wanted = step.at_most if step.at_most is not None else step.escalate.after if step.escalate else None
        if wanted is not None and reached < wanted:
            key = "at_most" if step.at_most is not None else "escalate"
            yield finding(
                "idle_limit", "warning", step.where_of(key),
                sentence("{key}: {wanted} of {step} never comes to bear: when its gap of {gap} days has passed, at most {reached} are in force"),
                sentence("lengthen in_force to {days} days, shorten the gap, or lower {key}"),
                document=policy.id, step=step.id, key=key, wanted=str(wanted), gap=str(gap), reached=str(reached),
                days=str(wanted * gap),
            )  # fmt: skip
