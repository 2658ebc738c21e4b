"""What cannot be right with a policy, whatever the account: ladders that never start or never end, stops without a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from feerules.documents.durations import told_hours
from feerules.documents.model import Part
from feerules.documents.policy import DatedValue, DunningPolicy, Escalation, ParameterRate, Step, Stop
from feerules.errors import Problem, did_you_mean
from feerules.plan.alternatives import Reading
from feerules.plan.ends import endless_stops
from feerules.plan.names import Names, place_of
from feerules.plan.reach import is_endless, most_of, unreached
from feerules.plan.reactions import unsound_reactions
from feerules.plan.soundness import check_effective
from feerules.vocabulary import ALIASES, POSITION

__all__ = ["is_amount", "unsound_policy"]

Span = tuple[int, int]

# Delivery can be proved on these.
PROVABLE = ("in_person", "courier", "post", "court", "email", "visit", "sms", "wechat", "app")

# What is told of demands, whoever sent them.
DEMANDS = frozenset(("demand_state", "demand_age_days", "demand_covers"))


def unsound_policy(policy: DunningPolicy, names: Names) -> list[Problem]:
    """Every problem of a policy's stops, ladder and reactions, in the order written."""
    steps = policy.ladder.steps if policy.ladder else ()
    reading = Reading(policy, names)
    return [
        *_twice("stop", policy.stops),
        *_twice("step", steps),
        *(problem for stop in policy.stops for problem in _of_stop(stop, steps)),
        *endless_stops(policy.stops, reading),
        *(problem for step in steps for problem in _of_step(step, policy)),
        *_of_applies(policy),
        *_of_amounts(policy, steps),
        *_of_late_fee(policy),
        *_of_parameters(policy),
        *_of_hours(policy),
        *check_effective(policy),
        *_of_legal_steps(steps),
        *_of_limits(policy, steps),
        *_of_classes(policy, names),
        *unreached(policy, reading),
        *unsound_reactions(policy),
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
    ids = [step.id for step in steps]
    for name in stop.lets_through:
        if name not in ids:
            where, expected = place_of(name, stop.where), f"a step of the ladder: {', '.join(ids) or 'none'}"
            yield Problem("unknown_step", where, f'the step "{name}"', expected, did_you_mean(name, ids))


def _of_step(step: Step, policy: DunningPolicy) -> Iterator[Problem]:
    if is_endless(step, policy):
        yield step.problem(
            "endless_step", found=f"the step {step.id}, which is done every day without an end",
            expected="gap: or at_most:", hint="write gap: 5 days, at_most: 6",
        )  # fmt: skip
    if step.escalate is not None:
        yield from _of_escalation(step.id, step.escalate, most_of(step, policy))
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


def _of_escalation(step: str, escalate: Escalation, most: int | None) -> Iterator[Problem]:
    """Somebody else takes over when it is done once more than so often."""
    if most is not None and most <= escalate.after:
        times = "once" if most == 1 else f"{most} times"
        lower = f"write after: {most - 1}, or " if most > 1 else "write "
        yield escalate.problem(
            "contradiction", found=f"{step}, which is escalated after {escalate.after} and done {times} at most",
            expected="an at_most that is more than the after of escalate", hint=f"{lower}at_most: {escalate.after + 1}",
            key="after",
        )  # fmt: skip


def _of_legal_steps(steps: Sequence[Step]) -> Iterator[Problem]:
    """Unless one looks at demands itself, which others may send."""
    if any(step.must_be for step in steps):
        return
    for step in steps:
        asked = {ALIASES.get(name, name) for cells in (step.when, *step.any) for name in cells}
        if step.legal and not asked & DEMANDS:
            yield step.problem(
                "no_demand", found=f"{step.id}, a legal step, and no step that demands",
                expected="a demand: a legal step counts only charges that a delivered, expired demand covered",
                hint="add a step with must_be: delivered and period: 15 days", key="legal",
            )  # fmt: skip


def _of_limits(policy: DunningPolicy, steps: Sequence[Step]) -> Iterator[Problem]:
    week, windows = policy.limits.week, policy.windows
    if week.target is not None and week.at_most is not None and week.target > week.at_most:
        yield week.problem(
            "contradiction", found=f"a target of {week.target} contacts a week, of which {week.at_most} are allowed",
            expected="a target of at most at_most", hint=f"write target: {week.at_most}, or at_most: {week.target}",
            key="target",
        )  # fmt: skip
    sent = [step.id for step in steps if step.channels]
    if windows is not None and sent and not (windows.workday or windows.weekend or windows.holiday):
        yield windows.problem(
            "contradiction", found=f"windows without hours, so that {sent[0]} is never sent",
            expected="hours on some day", hint='write workday: ["09:00-18:00"], or take windows: out',
        )  # fmt: skip


def _of_classes(policy: DunningPolicy, names: Names) -> Iterator[Problem]:
    """Rows below one that holds for every account."""
    spec = policy.classes
    if spec is None or spec.table is None or spec.hit != "first":
        return
    heads = [head.name for head in spec.table.header]
    asked = [
        at
        for at, name in enumerate(heads)
        if name != "class" and names.is_subject(names.aliases.get(name, name))
    ]
    rows = spec.table.rows
    for number, row in enumerate(rows[:-1], 1):
        if all(row.cells[at] == "-" for at in asked):
            below = rows[number]
            yield Problem(
                "unreachable_row", below.where, f"row {number + 1}, below row {number}, which holds for every account",
                "a row of - as the last one", f"move row {number} to the end",
            )  # fmt: skip
            return


def _of_applies(policy: DunningPolicy) -> Iterator[Problem]:
    """The account's own facts alone: its position is not known before its policy is."""
    for name in policy.applies:
        told = ALIASES.get(name, name)
        if told in POSITION or told == "class" or told.startswith(("steps.", "bucket_")):
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
    if fee is not None and not (fee.flat or fee.daily) and isinstance(fee.rate, Decimal) and fee.rate <= 0:
        yield fee.problem(
            "no_rate", found=f"a late fee at the rate {fee.rate}, without a fixed sum", expected="rate:, flat: or daily:",
            hint="write rate: 0.0005, or leave late_fee out", key="rate",
        )  # fmt: skip
    if fee is not None and isinstance(fee.rate, ParameterRate):
        yield from _below_zero(fee.rate, policy.parameters.get(fee.rate.parameter, ()))


def _below_zero(rate: ParameterRate, values: Sequence[DatedValue]) -> Iterator[Problem]:
    """A parameter may be below zero where enough is added to it."""
    for each in values:
        total = each.value * rate.times + rate.plus
        if total < 0:
            yield each.problem(
                "out_of_range", found=f"{rate.parameter} from {each.from_}, which makes a rate of {total:f}",
                expected="a rate of at least 0", hint="mend the value, or plus:", key="value",
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
    for kind in ("workday", "weekend", "holiday") if windows and quiet else ():
        spans: Sequence[Span] = getattr(windows, kind)
        for span in sorted(spans):
            if windows and quiet and _is_silent(span, quiet):
                yield windows.problem(
                    "contradiction", found=f"{told_hours(span)} of {kind}, which the quiet hours {told_hours(quiet)} silence",
                    expected="hours outside of them", hint="change one of the two", key=kind,
                )  # fmt: skip


def _is_silent(span: Span, quiet: Span) -> bool:
    """Quiet hours that end before they begin reach over midnight."""
    (start, end), (hush, wake) = span, quiet
    return hush <= start and end <= wake if hush < wake else end <= wake or hush <= start


def _odd(part: Part, key: str, found: str) -> Problem:
    hint = "shorten the gap, or lengthen in_force"
    return part.problem("contradiction", found=found, expected="a gap inside in_force", hint=hint, key=key)
