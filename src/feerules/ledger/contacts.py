"""Contacts and the steps of the ladder: how often and when the party was reached, and what was done."""

from __future__ import annotations

from collections.abc import Sequence

from feerules.ledger.agreements import Changes, Values
from feerules.ledger.rows import EventRow, elapsed
from feerules.ledger.seen import Seen
from feerules.periods import Stamp
from feerules.plan.ledgers import LedgerTerms, StepTerms

__all__ = ["contacts_of", "steps_of", "week_of"]


def week_of(day: int) -> int:
    """The Monday of a day's week. 1970-01-01 was a Thursday."""
    return day - (day + 3) % 7


def contacts_of(seen: Seen, terms: LedgerTerms, as_of: int, values: Values, changes: Changes) -> None:
    """The facts of contacts: a demand is one too, as far as limits and gaps go."""
    contacts = [event for event in seen.events.get("contact", ()) if not event.closing]
    demands = [event for event in seen.events.get("demand", ()) if not event.closing]
    attempts = [*contacts, *demands, *(seen.limits if terms.limits_per_party else ())]
    if attempts:
        _count(attempts, terms, as_of, values, changes)
        values["days_since_attempt"] = as_of - max(event.day for event in attempts)
    if contacts or demands:
        last = max((*contacts, *demands), key=_when)
        values["last_contact_on"] = last.day
        values["days_since_contact"] = as_of - last.day
    if contacts:
        values["last_channel"] = contacts[-1].channel
        _how_it_ended(contacts, terms, values)


def _when(event: EventRow) -> tuple[int, int, str]:
    return event.day, event.time, event.id


def _count(
    attempts: list[EventRow], terms: LedgerTerms, as_of: int, values: Values, changes: Changes
) -> None:
    monday = week_of(as_of)
    week = [event for event in attempts if event.day >= monday]
    if not week:
        return
    today = [event for event in week if event.day == as_of]
    values["attempts_week"] = len(week)
    values["contacts_week"] = sum(_is_reached(event, terms) for event in week)
    values["attempts_today"] = len(today)
    values["contacts_today"] = sum(_is_reached(event, terms) for event in today)
    changes.append(as_of + 1 if today else monday + 7)


def _is_reached(event: EventRow, terms: LedgerTerms) -> bool:
    return event.delivered is True or event.outcome in terms.connected


def _how_it_ended(contacts: list[EventRow], terms: LedgerTerms, values: Values) -> None:
    """A contact whose outcome nobody wrote down, such as a message sent, says nothing here."""
    told = [event for event in contacts if event.outcome is not None]
    if told:
        outcome = told[-1].outcome
        values["last_outcome"] = outcome
        values["away"] = values["away"] or int(outcome in terms.away)
        values["refuses"] = values["refuses"] or int(outcome in terms.refused)
    streak = 0
    for event in reversed(contacts):
        if event.delivered is True or (event.outcome is not None and event.outcome not in terms.unreachable):
            break
        streak += event.outcome is not None
    values["unreachable_streak"] = streak


def steps_of(
    seen: Seen,
    terms: LedgerTerms,
    as_of: int,
    moment: Stamp | None,
    since_day: int,
    values: Values,
    changes: Changes,
) -> None:
    """How often each step of the ladder was done for the debt since `since_day` and is in force, and the last of them."""
    values |= terms.untried
    approvals = {event.step_id for event in seen.events.get("approval", ())}
    if not (seen.steps or approvals):
        return
    attempts: dict[str | None, list[EventRow]] = {}
    before: dict[str | None, list[EventRow]] = {}
    for event in seen.steps:
        (attempts if event.day >= since_day else before).setdefault(event.step_id, []).append(event)
    last: EventRow | None = None
    for step in terms.steps:
        if step.id not in attempts and step.id not in before and step.id not in approvals:
            continue
        done, since = _told_apart(attempts.get(step.id, ()), step)
        mine = [event for event in done if step.in_force is None or as_of - event.day <= step.in_force]
        latest = mine[-1] if mine else None
        held = _holding(since, step)
        if held is None and not done:
            held = _last_before(before.get(step.id, ()), step)
        values[f"steps.{step.id}.count"] = len(mine)
        values[f"steps.{step.id}.days"] = as_of - latest.day if latest else None
        values[f"steps.{step.id}.failed"] = _failures(since)
        values[f"steps.{step.id}.approved"] = int(_is_approved(seen, terms, step, done[-1:], since_day))
        if step.in_turn:
            values[f"steps.{step.id}.turns"] = len(done)
        if step.holds:
            values[f"steps.{step.id}.tried"] = as_of - held.day if held else None
        if step.more_than is not None:
            rested = _has_rested(held or latest, step.more_than, as_of, moment, changes)
            values[f"steps.{step.id}.rested"] = int(rested)
        if latest is None:
            continue
        if step.in_force is not None:
            changes.append(mine[0].day + step.in_force + 1)
        if last is None or _when(latest) > _when(last):
            last = latest
    if last is not None:
        values["last_step"] = last.step_id
        values["days_since_step"] = as_of - last.day


def _told_apart(tries: Sequence[EventRow], step: StepTerms) -> tuple[list[EventRow], list[EventRow]]:
    """The tries that count as done, and those since the last of them."""
    done: list[EventRow] = []
    since: list[EventRow] = []
    for event in tries:
        since.append(event)
        if _is_done(since, step):
            done.append(event)
            since = []
    return done, since


def _is_done(since: Sequence[EventRow], step: StepTerms) -> bool:
    """Whether the last of the tries since the step was done counts as done: one that failed does only where
    every channel has failed."""
    if step.delivered:
        return since[-1].delivered is True
    return since[-1].delivered is not False or len(since) >= step.channels


def _failures(since: Sequence[EventRow]) -> int:
    return sum(event.delivered is False for event in since)


def _holding(since: Sequence[EventRow], step: StepTerms) -> EventRow | None:
    """The last try at a step that must be delivered, where no other channel is due: it may still arrive, or
    the last channel failed."""
    if not step.delivered or not since:
        return None
    gives_way = since[-1].delivered is False and _failures(since) < step.channels
    return None if gives_way else since[-1]


def _last_before(tries: Sequence[EventRow], step: StepTerms) -> EventRow | None:
    """What holds the step back of all that was tried for a debt that is paid: who pays is not pressed sooner for it."""
    done, since = _told_apart(tries, step)
    return _holding(since, step) or (done[-1] if done else None)


def _is_approved(
    seen: Seen, terms: LedgerTerms, step: StepTerms, done: Sequence[EventRow], since_day: int
) -> bool:
    """Whether the last approval of the step is one, for this debt, and not yet used: given after the step was last done."""
    approvals = seen.events.get("approval")
    if approvals is None:
        return False
    given = [
        event
        for event in approvals
        if event.step_id == step.id
        and event.day >= since_day
        and all(_is_after(event, each) for each in done)
    ]
    return bool(given) and not given[-1].closing and given[-1].outcome in (None, *terms.approved)


def _is_after(event: EventRow, done: EventRow) -> bool:
    """On one day only the hours tell, where both have one."""
    return event.day > done.day or (event.day == done.day and 0 < done.time < event.time)


def _has_rested(last: EventRow | None, gap: int, as_of: int, moment: Stamp | None, changes: Changes) -> bool:
    """Whether more than so many times 24 hours have passed since a step was done or tried, to the second."""
    if last is None:
        return True
    changes += [last.day + gap, last.day + gap + 1]
    return elapsed(last.happened, moment, as_of - last.day) > elapsed(None, None, gap)
