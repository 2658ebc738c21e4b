"""What a policy can never come to: stops that hold for everybody, steps that can never be due or never be taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feerules.documents.policy import After, DunningPolicy, Step, Stop
from feerules.errors import Problem
from feerules.plan.alternatives import Alternative, Reading, covers, is_empty

__all__ = ["is_endless", "most_of", "unreached"]

# Facts that a step itself moves, when it is done.
OF_WHAT_WAS_DONE = {
    "attempts_today", "attempts_week", "contacts_today", "contacts_week", "days_since_attempt", "days_since_contact",
    "days_since_step", "demand", "demand_state", "demand_age_days", "last_channel", "last_outcome", "last_step",
}  # fmt: skip


def unreached(policy: DunningPolicy, reading: Reading) -> Iterator[Problem]:
    """Told only where it is certain, whatever the account."""
    if policy.ladder is None:
        return
    steps, order = policy.ladder.steps, policy.ladder.order
    parts: list[Stop | Step] = [*policy.stops, *steps]
    for part in parts:
        yield from _never_holds(part, reading)
    always = [stop for stop in policy.stops if covers(reading.possible(stop), [{}])]
    for stop in always:
        yield from _always_holds(stop, steps)
    yield from _kept_back([stop for stop in policy.stops if stop not in always], steps, reading)
    yield from _rings(steps)
    if order == "one_step_at_a_time":
        yield from _before_what_it_waits_for(steps)
        return
    asked = steps if order == "first" else steps[::-1]
    for number, step in enumerate(asked):
        yield from _overtaken(policy, step, asked[:number], reading)


def is_endless(step: Step, policy: DunningPolicy) -> bool:
    """Whether a step is done every day for ever: nothing says how often or how soon, and no condition that must
    hold asks what was done."""
    return most_of(step, policy) is None and not step.gap and not _asks_what_was_done(step)


def _asks_what_was_done(step: Step) -> bool:
    own = f"steps.{step.id}."
    return any(
        all(any(name in OF_WHAT_WAS_DONE or name.startswith(own) for name in cells) for cells in part)
        for part in ([step.when], step.any)
        if part
    )


def most_of(step: Step, policy: DunningPolicy) -> int | None:
    """How often a step may be done while it is in force; one at a time, once unless it says more."""
    one_by_one = policy.ladder is not None and policy.ladder.order == "one_step_at_a_time"
    return 1 if step.at_most is None and one_by_one else step.at_most


# Conditions that exclude each other


def _never_holds(part: Stop | Step, reading: Reading) -> Iterator[Problem]:
    every = reading.of(part)
    empty = [next((name for name, told in each.items() if is_empty(told)), None) for each in every or ()]
    first = next(iter(empty), None)
    if first is None or None in empty:
        return
    if isinstance(part, Step) and part.after is not None and reading.waits_in_vain(part):
        yield _waits_in_vain(part.id, part.after, reading.steps[part.after.step])
        return
    what = "step" if isinstance(part, Step) else "stop"
    yield part.problem(
        "unreachable_step" if what == "step" else "contradiction",
        found=f"the {what} {part.id}, which asks of {first} what can never be",
        expected="conditions that can hold together", hint=f"change what it asks of {first}, or take one of them out",
        key="any" if part.any else "when",
    )  # fmt: skip


def _waits_in_vain(step: str, after: After, other: Step) -> Problem:
    key = "days" if after.days != "-" else "months"
    force = "" if other.in_force is None else f", and that is in force for {_days(other.in_force)}"
    return after.problem(
        "unreachable_step", found=f'{step}, which waits until {after.step} was done "{getattr(after, key)}" {key} ago{force}',
        expected=f"a time in which {after.step} is in force", hint=f"wait less, or lengthen in_force of {after.step}",
        key=key,
    )  # fmt: skip


def _days(number: int) -> str:
    return f"{number} day{'s' * (number != 1)}"


# Stops in front of the ladder


def _always_holds(stop: Stop, steps: Sequence[Step]) -> Iterator[Problem]:
    kept = [step.id for step in steps if step.id not in stop.lets_through]
    if (stop.when or stop.any) and kept:
        yield stop.problem(
            "always_true", found=f"the stop {stop.id}, which holds for every account that owes, so that {kept[0]} is never done",
            expected="a condition that does not always hold", hint="write when: {dispute: open}",
            key="any" if stop.any else "when",
        )  # fmt: skip


def _kept_back(stops: Sequence[Stop], steps: Sequence[Step], reading: Reading) -> Iterator[Problem]:
    """Steps whose condition is that of a stop; one before it may let them through all the same."""
    for step in steps:
        asked, known = reading.possible(step), [reading.possible(stop) for stop in stops]
        for stop, holds in zip(stops, known, strict=True):
            if step.id in stop.lets_through:
                break
            if asked and covers(holds, asked):
                yield step.problem(
                    "unreachable_step", found=f"{step.id}, which is due only where the stop {stop.id} holds",
                    expected="a step that the stop lets through", hint=f"write lets_through: [{step.id}] at {stop.id}",
                )  # fmt: skip
                break


# Steps in front of steps


def _overtaken(
    policy: DunningPolicy, step: Step, before: Sequence[Step], reading: Reading
) -> Iterator[Problem]:
    """A step that is never the first of those that are due, since another one is due whenever it is."""
    asked = reading.possible(step)
    for other in before:
        if (
            asked
            and not is_endless(other, policy)  # a problem of its own, and mended with that
            and not _is_let_through_without(other, step, policy.stops)
            and _is_ready_whenever(other, asked, reading)
        ):
            down = "above" if policy.ladder and policy.ladder.order == "first" else "below"
            yield step.problem(
                "unreachable_step", found=f"{step.id}, before which {other.id} is due each time",
                expected="a step that is sometimes the first of those that are due",
                hint=f"write at_most: 1 at {other.id}, or move {step.id} {down} it",
            )  # fmt: skip
            return


def _is_let_through_without(other: Step, step: Step, stops: Sequence[Stop]) -> bool:
    return any(step.id in stop.lets_through and other.id not in stop.lets_through for stop in stops)


def _is_ready_whenever(other: Step, asked: Sequence[Alternative], reading: Reading) -> bool:
    """Whether a step is due, and has rested, wherever these alternatives hold."""
    if other.at_most is not None or other.must_be is not None or other.gap_by == "clock":
        return False
    gap = max(other.gap or 0, 1)
    # What rests until tomorrow gives way to nobody, but to a step that is meant for the same day.
    unasked = gap == 1 and all(f"steps.{other.id}.days" not in each for each in asked)
    has_rested = unasked or reading.have_passed(other, gap, asked)
    return has_rested and covers(reading.possible(other), asked)


def _before_what_it_waits_for(steps: Sequence[Step]) -> Iterator[Problem]:
    ids = [step.id for step in steps]
    for number, step in enumerate(steps):
        if step.after and step.after.step in ids[number + 1 :]:
            yield step.problem(
                "unreachable_step", found=f"{step.id}, which comes before {step.after.step} and waits for it",
                expected="steps in the order in which they are done", hint=f"move it below {step.after.step}",
                key="after",
            )  # fmt: skip


def _rings(steps: Sequence[Step]) -> Iterator[Problem]:
    """Steps that wait for each other can never start."""
    needs = {step.id: step.after.step for step in steps if step.after}
    for step in steps:
        path = [step.id]
        while needs.get(path[-1]) and needs[path[-1]] not in path:
            path.append(needs[path[-1]])
        if needs.get(path[-1]) == step.id and step.id == min(path):
            ring = " → ".join([*path, step.id]) + ", steps that wait for each other"
            found = ring if len(path) > 1 else f"{step.id}, which waits for itself"
            yield step.problem(
                "unreachable_step", found=found, expected="a step that can begin",
                hint=f"take after: out of {step.id}", key="after",
            )  # fmt: skip
