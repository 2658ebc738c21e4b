"""What cannot be right with a policy, whatever the account: ladders that never start or never end, stops without a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from feerules.documents.model import Part
from feerules.documents.policy import DunningPolicy, Step, Stop
from feerules.errors import Problem, did_you_mean
from feerules.plan.names import place_of
from feerules.plan.soundness import check_effective
from feerules.vocabulary import ALIASES, POSITION

__all__ = ["is_amount", "unsound_policy"]

Span = tuple[int, int]

# Delivery can be proved on these.
PROVABLE = ("in_person", "courier", "post", "court", "email", "visit", "sms", "wechat", "app")


def unsound_policy(policy: DunningPolicy) -> list[Problem]:
    """Every problem of a policy's stops and ladder, in the order written."""
    steps = policy.ladder.steps if policy.ladder else ()
    return [
        *_twice("stop", policy.stops),
        *_twice("step", steps),
        *(problem for stop in policy.stops for problem in _of_stop(stop, steps)),
        *(problem for step in steps for problem in _of_step(step, policy)),
        *_of_applies(policy),
        *_of_amounts(policy, steps),
        *_of_late_fee(policy),
        *_of_parameters(policy),
        *_of_hours(policy),
        *check_effective(policy),
        *_rings(steps),
        *_never_reached(policy, steps),
    ]


def _twice(what: str, parts: Sequence[Stop | Step]) -> Iterator[Problem]:
    seen: set[str] = set()
    for part in parts:
        if part.id in seen:
            yield part.problem(
                "defined_twice", found=f'the {what} "{part.id}" a second time', expected=f"each {what} once",
                hint="rename one of them", key="id",
            )  # fmt: skip
        seen.add(part.id)


def _of_stop(stop: Stop, steps: Sequence[Step]) -> Iterator[Problem]:
    if not stop.when and not stop.any:
        yield stop.problem(
            "always_true", found=f"the stop {stop.id} without a condition", expected="when: or any:",
            hint="write when: {dispute: open}",
        )  # fmt: skip
    if stop.then in ("hold", "wait") and not stop.until and stop.review is None:
        yield stop.problem(
            "no_review", found=f"the stop {stop.id}, which nothing ends", expected="review: or until:",
            hint="write review: 30 days, or until: {promised_on: 0 days}",
        )  # fmt: skip
    ids = [step.id for step in steps]
    for name in stop.lets_through:
        if name not in ids:
            where, expected = place_of(name, stop.where), f"a step of the ladder: {', '.join(ids) or 'none'}"
            yield Problem("unknown_step", where, f'the step "{name}"', expected, did_you_mean(name, ids))


def _of_step(step: Step, policy: DunningPolicy) -> Iterator[Problem]:
    if step.channels and step.at_most is None and step.gap is None and policy.limits.week.at_most is None:
        yield step.problem(
            "endless_step", found=f"the step {step.id}, which is done every day without an end",
            expected="gap: or at_most:, or limits: with a week's at_most", hint="write gap: 5 days, at_most: 6",
        )  # fmt: skip
    channels = [each.channel for each in step.channels]
    if step.must_be and not any(each in PROVABLE for each in channels):
        yield step.problem(
            "not_provable", found=f"the step {step.id}, which must be delivered by {', '.join(channels) or 'no channel'}",
            expected="a channel on which delivery can be proved", hint="add courier to its channels",
        )  # fmt: skip
    if step.period is not None and step.must_be is None:
        yield step.problem(
            "not_provable", found=f"the period of {step.id}, which begins although nothing is delivered",
            expected="must_be: delivered beside period:", hint="add must_be: delivered", key="period",
        )  # fmt: skip
    if step.in_force is not None and step.gap is not None and step.gap > step.in_force:
        yield _odd(step, "gap", f"a gap of {step.gap} days, when it is in force for {step.in_force}")


def _of_applies(policy: DunningPolicy) -> Iterator[Problem]:
    """The account's own facts alone: its position is not known before its policy is."""
    for name in policy.applies:
        told = ALIASES.get(name, name)
        if told in POSITION or told.startswith(("steps.", "bucket_")):
            yield Problem(
                "unknown_account_fact", place_of(name, policy.where), f'"{name}" in applies, a fact of the position',
                "facts that the account itself tells", "declare a fact, or ask it in a stop",
            )  # fmt: skip


def is_amount(policy: DunningPolicy, step: Step) -> bool:
    """Whether a step asks for the result of a formula, or for a fact that may be an amount."""
    name = ALIASES.get(step.amount_name, step.amount_name)
    return name in ("", *_amounts(policy), *policy.facts, *policy.derived)


def _amounts(policy: DunningPolicy) -> list[str]:
    known = [name for name, fact in POSITION.items() if fact.kind == "decimal"]
    return [*known, *(f"bucket_{bucket}" for bucket in policy.buckets)]


def _of_amounts(policy: DunningPolicy, steps: Sequence[Step]) -> Iterator[Problem]:
    known = _amounts(policy)
    for step in steps:
        if not is_amount(policy, step):
            yield step.problem(
                "unknown_fact", found=f'"{step.amount}" as the amount of {step.id}',
                expected=f"an amount of the position: {', '.join(known)}", hint=did_you_mean(step.amount_name, known),
                key="amount",
            )  # fmt: skip


def _of_late_fee(policy: DunningPolicy) -> Iterator[Problem]:
    fee = policy.late_fee
    if fee is not None and not fee.flat and isinstance(fee.rate, Decimal) and fee.rate <= 0:
        yield fee.problem(
            "no_rate", found=f"a late fee at the rate {fee.rate}, without a flat sum", expected="rate: or flat:",
            hint="write rate: 0.0005, or leave late_fee out", key="rate",
        )  # fmt: skip


def _of_parameters(policy: DunningPolicy) -> Iterator[Problem]:
    for name, values in policy.parameters.items():
        seen: set[date] = set()
        for value in values:
            if value.from_ in seen:
                yield value.problem(
                    "defined_twice", found=f"{name} from {value.from_} a second time", expected="one value from each day",
                    hint="change the day, or take one of them out", key="from",
                )  # fmt: skip
            seen.add(value.from_)


def _of_hours(policy: DunningPolicy) -> Iterator[Problem]:
    windows, quiet = policy.windows, policy.limits.quiet
    for kind in ("workday", "weekend", "holiday") if windows else ():
        spans: Sequence[tuple[int, int]] = getattr(windows, kind)
        before = (0, 0)
        for span in sorted(spans):
            found = _odd_hours(span, before, quiet)
            if found and windows:
                yield windows.problem(
                    "contradiction", found=f"{_told(span)} of {kind}, {found[0]}", expected=found[1], hint=found[2],
                    key=kind,
                )  # fmt: skip
            before = span


def _odd_hours(span: Span, before: Span, quiet: Span | None) -> tuple[str, str, str] | None:
    start, end = span
    if start > end:
        return (
            "which end before they begin",
            "hours of one day",
            f'write "{_told((end, start))}", or hours up to 24:00',
        )
    if start < before[1]:
        return f"which overlap {_told(before)}", "hours apart from each other", "make them one"
    if quiet and _is_silent(span, quiet):
        return (
            f"which the quiet hours {_told(quiet)} silence",
            "hours outside of them",
            "change one of the two",
        )
    return None


def _is_silent(span: Span, quiet: Span) -> bool:
    """Quiet hours that end before they begin reach over midnight."""
    (start, end), (hush, wake) = span, quiet
    return hush <= start and end <= wake if hush < wake else end <= wake or hush <= start


def _told(span: Span) -> str:
    (a, b), (c, d) = divmod(span[0], 60), divmod(span[1], 60)
    return f"{a:02}:{b:02}-{c:02}:{d:02}"


def _odd(part: Part, key: str, found: str) -> Problem:
    hint = "shorten the gap, or lengthen in_force"
    return part.problem("contradiction", found=found, expected="a gap inside in_force", hint=hint, key=key)


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


def _never_reached(policy: DunningPolicy, steps: Sequence[Step]) -> Iterator[Problem]:
    order = policy.ladder.order if policy.ladder else "first"
    ids = [step.id for step in steps]
    if order == "one_step_at_a_time":
        for number, step in enumerate(steps):
            if step.after and step.after.step in ids[number + 1 :]:
                yield step.problem(
                    "unreachable_step", found=f"{step.id}, which comes before {step.after.step} and waits for it",
                    expected="steps in the order in which they are done", hint=f"move it below {step.after.step}",
                    key="after",
                )  # fmt: skip
        return
    for number, step in enumerate(steps if order == "first" else reversed(steps)):
        others = steps[number + 1 :] if order == "first" else steps[: len(steps) - 1 - number]
        if others and not step.channels and _always_ready(step):
            yield step.problem(
                "unreachable_step", found=f"{step.id}, which is always due, so that {others[0].id} never is",
                expected="a condition, a gap or at_most", hint="write when: {…} or at_most: 1",
            )  # fmt: skip


def _always_ready(step: Step) -> bool:
    return not (step.when or step.any or step.after or step.at_most or step.gap)
