"""The steps of the ladder that were tried on many accounts: what counts as done, what holds a step back."""

from __future__ import annotations

import numpy as np
import polars as pl

from feerules.engines.ageing import Facts
from feerules.engines.histories import History
from feerules.engines.rows import Events
from feerules.engines.segments import (
    ENDLESS,
    NONE,
    Bools,
    Ints,
    elapsed,
    firsts,
    highest,
    last_of,
    lowest,
    running,
)
from feerules.periods import MICROSECONDS, Stamp
from feerules.plan.ledgers import DOING, StepTerms

__all__ = ["steps"]


def steps(history: History, moment: Stamp | None, for_debt: Ints, facts: Facts) -> None:
    """How often each step was done and is in force, and the last of them; `for_debt` is for each account the day
    from which on what was done counts for its debt."""
    count, as_of, numbers = history.count, history.as_of, facts.numbers
    names = [step.id for step in history.terms.steps]
    tries, of_step = _named(history.of_type(*DOING), names, closing=False)
    given, given_for = _named(history.of_type("approval"), names, closing=True)
    delivered, is_now = tries.ints("delivered"), tries.day >= for_debt[tries.acc]
    latest = np.full(count, -1, np.int64)
    which = np.full(count, -1, np.int64)
    for number, step in enumerate(history.terms.steps):
        every = np.flatnonzero(of_step == number)
        mine, before = every[is_now[every]], every[~is_now[every]]
        done = mine[_is_done(tries.acc[mine], delivered[mine], step)]
        last_done = highest(done, tries.acc[done], count, -1)
        later = mine[mine > last_done[tries.acc[mine]]]
        failed = np.bincount(tries.acc[later[delivered[later] == 0]], minlength=count).astype(np.int64)
        held = _holding(later, tries.acc, delivered, failed, step)
        if len(before):
            earlier = _last_before(before, tries.acc, delivered, count, step)
            held = np.where((held < 0) & (last_done < 0), earlier, held)
        numbers[f"steps.{step.id}.failed"] = failed
        numbers[f"steps.{step.id}.approved"] = _approved(
            history, given, given_for == number, tries, last_done, for_debt
        )
        if step.in_turn:
            numbers[f"steps.{step.id}.turns"] = np.bincount(tries.acc[done], minlength=count).astype(np.int64)
        if step.in_force is not None:
            done = done[as_of - tries.day[done] <= step.in_force]
        acc = tries.acc[done]
        last = highest(done, acc, count, -1)
        numbers[f"steps.{step.id}.count"] = np.bincount(acc, minlength=count).astype(np.int64)
        facts.since(f"steps.{step.id}.days", _at(tries.day, last, NONE))
        if step.holds:
            facts.since(f"steps.{step.id}.tried", _at(tries.day, held, NONE))
        if step.more_than is not None:
            since = np.where(held >= 0, held, last)
            rested = _has_rested(tries, since, step.more_than, as_of, moment)
            numbers[f"steps.{step.id}.rested"] = rested.astype(np.int64)
            at = np.flatnonzero(since >= 0)
            for more in (step.more_than, step.more_than + 1):
                facts.note(at, tries.day[since[at]] + more)
        if step.in_force is not None:
            has, first = last >= 0, lowest(tries.day[done], acc, count, ENDLESS)
            facts.note(np.flatnonzero(has), first[has] + step.in_force + 1)
        newer = last > latest
        which[newer], latest[newer] = number, last[newer]
    # The last of the names is where no step was done.
    facts.texts["last_step"] = pl.Series([*names, None], dtype=pl.String).gather(
        pl.Series(which % (len(names) + 1))
    )
    facts.since("days_since_step", _at(tries.day, latest, NONE))


def _named(events: Events, names: list[str], *, closing: bool) -> tuple[Events, Ints]:
    """The events of steps of the ladder, and the numbers of these; without those that close, unless `closing`."""
    of_step = events.rows.codes("step_id", names)
    some = of_step >= 0
    if not closing:
        some &= ~events.closing
    return events.chosen(some), of_step[some]


def _at(values: Ints, places: Ints, none: int) -> Ints:
    """The value at the place of each account; `none` where it has no place."""
    found = np.full(len(places), none, np.int64)
    some = places >= 0
    found[some] = values[places[some]]
    return found


def _is_done(acc: Ints, delivered: Ints, step: StepTerms) -> Bools:
    """Which tries of a step count as done: one that failed does only where every channel has failed."""
    if step.delivered:
        proved: Bools = delivered == 1
        return proved
    at = np.arange(len(acc), dtype=np.int64)
    # The last try before a run of failures: one that did not fail, or of the account before.
    before = running(np.where(delivered != 0, at, np.where(firsts(acc), at - 1, -1)))
    done: Bools = (at - before) % max(step.channels, 1) == 0
    return done


def _holding(later: Ints, acc: Ints, delivered: Ints, failed: Ints, step: StepTerms) -> Ints:
    """The last try at a step that must be delivered, where no other channel is due: it may still arrive, or
    the last channel failed."""
    last = highest(later, acc[later], len(failed), -1)
    if not step.delivered:
        return np.full_like(last, -1)
    gives_way = (_at(delivered, last, NONE) == 0) & (failed < step.channels)
    return np.where(gives_way, -1, last)


def _last_before(before: Ints, acc: Ints, delivered: Ints, count: int, step: StepTerms) -> Ints:
    """What holds the step back of all that was tried for a debt that is paid."""
    done = before[_is_done(acc[before], delivered[before], step)]
    last_done = highest(done, acc[done], count, -1)
    later = before[before > last_done[acc[before]]]
    failed = np.bincount(acc[later[delivered[later] == 0]], minlength=count).astype(np.int64)
    held = _holding(later, acc, delivered, failed, step)
    return np.where(held >= 0, held, last_done)


def _has_rested(tries: Events, last: Ints, gap: int, as_of: int, moment: Stamp | None) -> Bools:
    """Whether more than so many times 24 hours have passed since a step was done or tried, to the second."""
    if not len(tries):
        return np.ones(len(last), np.bool_)
    happened, utc = tries.ints("occurred_at")[last], tries.ints("occurred_at.utc")[last]
    passed = elapsed(happened, utc, moment, as_of - tries.day[last])
    found: Bools = (last < 0) | (passed > gap * MICROSECONDS)
    return found


def _approved(
    history: History, given: Events, mine: Bools, tries: Events, last_done: Ints, for_debt: Ints
) -> Ints:
    """Whether the last approval of a step is one, for this debt, and not yet used: given after that was last done."""
    approved = np.zeros(history.count, np.int64)
    if not mine.any():
        return approved
    day, time = _at(tries.day, last_done, NONE)[given.acc], _at(tries.time, last_done, 0)[given.acc]
    # On one day only the hours tell, where both have one.
    after = (given.day > day) | ((given.day == day) & (time > 0) & (given.time > time))
    found = given.chosen(mine & after & (given.day >= for_debt[given.acc]))
    last = found.chosen(last_of(found.acc))
    says = ~last.rows.has("outcome") | last.rows.among("outcome", history.terms.approved)
    approved[last.acc[~last.closing & says]] = 1
    return approved
