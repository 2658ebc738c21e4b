"""What was done about many accounts: contacts and steps, demands, disputes, holds, pauses and court."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from feerules.engines.ageing import Facts, Spans
from feerules.engines.agreements import covered_cells
from feerules.engines.daywise import Folded
from feerules.engines.histories import CHARGE, History
from feerules.engines.rows import Events
from feerules.engines.segments import (
    ENDLESS,
    NONE,
    Bools,
    Ints,
    adding,
    distinct,
    elapsed,
    firsts,
    highest,
    lowest,
    rank_in,
)
from feerules.periods import MICROSECONDS, Stamp
from feerules.plan.ledgers import StepTerms

__all__ = ["contacts", "court", "demands", "pauses_of", "states", "steps"]

_NO_DEMAND, _SENT, _FAILED, _DELIVERED, _EXPIRED = range(5)
_NO_COURT, _FILED, _SCHEDULED, _AWAITING, _DECIDED = range(5)
_REFUSALS: Final = ("refused", "rejected")


def _last_of(acc: Ints) -> Bools:
    """Whether a row is the last of its account."""
    last = np.ones(len(acc), np.bool_)
    last[:-1] = acc[1:] != acc[:-1]
    return last


def _texts(events: Events, name: str, count: int) -> pl.Series:
    """The text of one event of each account, null for accounts without."""
    if not len(events):
        return pl.Series([None], dtype=pl.String).new_from_index(0, count)
    at = np.full(count, -1, np.int64)
    at[events.acc] = events.rows.at
    places = pl.Series(at)
    return events.rows.frame[name].gather(places.set(places < 0, None))


# Pauses


def pauses_of(history: History) -> Spans:
    """The spans of the pause events side by side, apart and in order; one that is ended later is cut short."""
    events = history.of_type("pause")
    none = np.full((history.count, 0), ENDLESS, np.int64), np.full((history.count, 0), ENDLESS, np.int64)
    if not len(events):
        return none
    ends = events.ints("ends")
    ends = np.where(ends == NONE, ENDLESS, ends)
    # The next closing event of the account is the first to cut.
    last = np.arange(len(events), dtype=np.int64)
    closes = np.where(events.closing, last, len(events))
    following = np.minimum.accumulate(closes[::-1])[::-1]
    cut = following < len(events)
    cut[cut] = events.acc[following[cut]] == events.acc[cut]
    ends[cut] = np.minimum(ends[cut], events.day[following[cut]])
    real = ~events.closing & (events.day < ends)
    acc, start, end = events.acc[real], events.day[real], ends[real]
    places = np.lexsort((end, start, acc))
    acc, start, end = acc[places], start[places], end[places]
    reach = _running_by(acc, end)
    new = firsts(acc)
    new[1:] |= start[1:] > reach[:-1]
    group = np.cumsum(new) - 1
    acc, start, end = acc[new], start[new], highest(end, group, int(new.sum()))
    rank = rank_in(acc)
    starts, stops = (
        np.full((history.count, int(rank.max(initial=-1)) + 1), ENDLESS, np.int64) for _ in range(2)
    )
    starts[acc, rank], stops[acc, rank] = start, end
    return starts, stops


def _running_by(acc: Ints, values: Ints) -> Ints:
    """The highest value so far of each account."""
    found: Ints = np.maximum.accumulate((acc << 32) + values + (1 << 31)) - (acc << 32) - (1 << 31)
    return found


# Contacts


def contacts(history: History, facts: Facts, given: dict[str, Ints]) -> None:
    """The facts of contacts: a demand is one too, as far as limits and gaps go."""
    count, as_of, terms = history.count, history.as_of, history.terms
    own = history.of_type("contact", "demand")
    own = own.chosen(~own.closing)
    calls = history.of_type("contact")
    calls = calls.chosen(~calls.closing)
    monday = as_of - (as_of + 3) % 7
    for events in (own, history.limits):
        reached = events.flags("delivered") | events.rows.among("outcome", terms.connected)
        week, today = events.day >= monday, events.day == as_of
        counted = {
            "attempts_week": week,
            "contacts_week": week & reached,
            "attempts_today": today,
            "contacts_today": today & reached,
        }
        for name, some in counted.items():
            found = np.bincount(events.acc[some], minlength=count).astype(np.int64)
            facts.numbers[name] = facts.numbers.get(name, 0) + found
    busy, today_ = facts.numbers["attempts_week"] > 0, facts.numbers["attempts_today"] > 0
    ends = np.where(today_, as_of + 1, monday + 7)
    facts.note(np.flatnonzero(busy), ends[busy])
    last = highest(own.day, own.acc, count)
    facts.numbers["last_contact_on"] = last
    facts.since("days_since_contact", last)
    facts.texts["last_channel"] = _texts(calls.chosen(_last_of(calls.acc)), "channel", count)
    _how_it_ended(history, calls, facts, given)


def _how_it_ended(history: History, calls: Events, facts: Facts, given: dict[str, Ints]) -> None:
    """A contact whose outcome nobody wrote down, such as a message sent, says nothing here."""
    count, terms = history.count, history.terms
    has = calls.rows.has("outcome")
    told = calls.chosen(has)
    last = told.chosen(_last_of(told.acc))
    facts.texts["last_outcome"] = _texts(last, "outcome", count)
    for name, words in (("away", terms.away), ("refuses", terms.refused)):
        facts.numbers[name] = given.get(name, np.zeros(count, np.int64)).copy()
        facts.numbers[name][last.acc[last.rows.among("outcome", words)]] = 1
    # What breaks a streak: somebody was reached.
    breaks = calls.flags("delivered") | (has & ~calls.rows.among("outcome", terms.unreachable))
    at = np.arange(len(calls), dtype=np.int64)
    since = highest(at[breaks], calls.acc[breaks], count, -1)
    failed = has & (at > since[calls.acc])
    facts.numbers["unreachable_streak"] = np.bincount(calls.acc[failed], minlength=count).astype(np.int64)


# The steps of the ladder


def steps(history: History, moment: Stamp | None, facts: Facts) -> None:
    """How often each step of the ladder was done and is in force, and the last of them."""
    count, as_of = history.count, history.as_of
    done = history.of_type("contact", "demand", "action")
    names = [step.id for step in history.terms.steps]
    which_step = done.rows.codes("step_id", names)
    done, which_step = (
        done.chosen(~done.closing & (which_step >= 0)),
        which_step[~done.closing & (which_step >= 0)],
    )
    given = history.of_type("approval")
    given_for = given.rows.codes("step_id", names)
    delivered = done.ints("delivered")
    latest = np.full(count, -1, np.int64)
    which = np.full(count, -1, np.int64)
    for number, step in enumerate(history.terms.steps):
        mine = np.flatnonzero(which_step == number)
        forced = mine[_in_force(done, delivered, step, mine, as_of)]
        acc = done.acc[forced]
        last = highest(forced, acc, count, -1)
        first = lowest(done.day[forced], acc, count, ENDLESS)
        has = last >= 0
        numbers = facts.numbers
        numbers[f"steps.{step.id}.count"] = np.bincount(acc, minlength=count).astype(np.int64)
        day = np.where(has, done.day[last] if len(done) else NONE, NONE)
        facts.since(f"steps.{step.id}.days", day)
        later = mine[(mine > last[done.acc[mine]]) & (delivered[mine] == 0)]
        numbers[f"steps.{step.id}.failed"] = np.bincount(done.acc[later], minlength=count).astype(np.int64)
        time = np.where(has, done.time[last] if len(done) else 0, 0)
        numbers[f"steps.{step.id}.approved"] = _approved(given, given_for == number, day, time, count)
        if step.more_than is not None:
            rested = _has_rested(done, last, step.more_than, as_of, moment)
            numbers[f"steps.{step.id}.rested"] = rested.astype(np.int64)
            at = np.flatnonzero(has)
            for more in (step.more_than, step.more_than + 1):
                facts.note(at, day[at] + more)
        if step.in_force is not None:
            facts.note(np.flatnonzero(has), first[has] + step.in_force + 1)
        newer = has & (last > latest)
        which[newer], latest[newer] = number, last[newer]
    # The last of the names is where no step was done.
    facts.texts["last_step"] = pl.Series([*names, None], dtype=pl.String).gather(
        pl.Series(which % (len(names) + 1))
    )
    facts.since("days_since_step", np.where(latest >= 0, done.day[latest] if len(done) else NONE, NONE))


def _has_rested(done: Events, last: Ints, gap: int, as_of: int, moment: Stamp | None) -> Bools:
    """Whether more than so many times 24 hours have passed since a step was done, to the second."""
    if not len(done):
        return np.ones(len(last), np.bool_)
    happened, utc = done.ints("occurred_at")[last], done.ints("occurred_at.utc")[last]
    passed = elapsed(happened, utc, moment, as_of - done.day[last])
    found: Bools = (last < 0) | (passed > gap * MICROSECONDS)
    return found


def _in_force(done: Events, delivered: Ints, step: StepTerms, mine: Ints, as_of: int) -> Bools:
    counts = np.ones(len(mine), np.bool_)
    if step.delivered:
        counts &= delivered[mine] == 1
    if step.in_force is not None:
        counts &= as_of - done.day[mine] <= step.in_force
    return counts


def _approved(given: Events, mine: Bools, day: Ints, time: Ints, count: int) -> Ints:
    """Whether the last approval of a step, given since that was last done, is one."""
    approved = np.zeros(count, np.int64)
    if not mine.any():
        return approved
    since, at = day[given.acc], time[given.acc]
    fresh = (given.day > since) | ((given.day == since) & (given.time >= at))
    found = given.chosen(mine & fresh)
    last = found.chosen(_last_of(found.acc))
    approved[last.acc[~last.closing & ~last.rows.among("outcome", _REFUSALS)]] = 1
    return approved


# Demands


def demands(history: History, folded: Folded, facts: Facts) -> Bools:
    """The state of the last demand, and which charges demands cover that were delivered and have expired."""
    facts.zeros("demand_state")
    facts.nothing("demand_age_days")
    charges, as_of, count = history.charges, history.as_of, history.count
    events = history.of_type("demand")
    delivered, ends = events.ints("delivered"), events.ints("ends")
    last_day = np.where(ends == NONE, events.day + _periods(history, events), ends)
    expired = as_of > last_day
    last = np.flatnonzero(_last_of(events.acc) & ~events.closing)
    state = np.where(
        delivered == NONE, _SENT, np.where(delivered == 0, _FAILED, np.where(expired, _EXPIRED, _DELIVERED))
    )
    facts.numbers["demand_state"][events.acc[last]] = state[last]
    facts.numbers["demand_age_days"][events.acc[last]] = as_of - events.day[last]
    stands = _standing(events) & (delivered == 1)
    runs = stands & ~expired
    facts.note(events.acc[runs], last_day[runs] + 1)
    covering = events.chosen(stands & expired)
    covered = np.zeros(len(charges), np.bool_)
    covered[covered_cells(history, covering, covering.day)[0]] = True
    covered &= charges.kind == CHARGE
    facts.numbers["demand_covers"] = adding(folded.open[covered], charges.acc[covered], count)
    return covered


def _periods(history: History, events: Events) -> Ints:
    """The days that a demand gives by its step, where it does not say itself."""
    steps_ = history.terms.steps
    of_step = events.rows.codes("step_id", [step.id for step in steps_])
    found: Ints = np.array([*(step.period for step in steps_), 0], np.int64)[of_step]
    return found


def _standing(events: Events) -> Bools:
    """The events without those that were closed: a closing one takes away the latest before it that stands."""
    stands = ~events.closing
    closed = distinct(events.acc[events.closing])
    if not len(closed):
        return stands
    some = np.flatnonzero(np.isin(events.acc, closed))
    turn = rank_in(events.acc[some][::-1])[::-1]
    owed = np.zeros(int(events.acc.max()) + 1, np.int64)
    # From the last to the first: each closing waits for the next that was open before it.
    for number in range(int(turn.max()) + 1):
        now = some[turn == number]
        acc, closing = events.acc[now], events.closing[now]
        taken = ~closing & (owed[acc] > 0)
        stands[now[taken]] = False
        owed[acc] += closing.astype(np.int64) - taken
    return stands


# Disputes, hardship, death, holds


def states(history: History, facts: Facts) -> None:
    """Each from its day, until it is closed or its end comes."""
    count = history.count
    for name in ("hardship", "death", "hold"):
        facts.numbers[name] = _open(history, name, facts)[1]
    seen, open_ = _open(history, "dispute", facts)
    facts.numbers["dispute_state"] = np.where(seen, np.where(open_ == 1, 1, 2), 0)
    holds = history.of_type("hold")
    held = holds.chosen(_last_of(holds.acc) & (facts.numbers["hold"][holds.acc] == 1))
    facts.nothing("hold_review_on")
    facts.numbers["hold_review_on"][held.acc] = held.ints("review")
    facts.texts["hold_reason"] = _texts(held, "reason", count)


def _open(history: History, name: str, facts: Facts) -> tuple[Bools, Ints]:
    """Whether there was such an event, and whether the last stands."""
    events = history.of_type(name)
    seen = np.zeros(history.count, np.bool_)
    seen[events.acc] = True
    last = events.chosen(_last_of(events.acc) & ~events.closing)
    ends = last.ints("ends")
    stands = (ends == NONE) | (history.as_of < ends)
    ending = stands & (ends != NONE)
    facts.note(last.acc[ending], ends[ending])
    found = np.zeros(history.count, np.int64)
    found[last.acc[stands]] = 1
    return seen, found


# Court


def court(history: History, facts: Facts) -> None:
    """The state of proceedings: `ends_on` is the day of the hearing, `outcome` what the court said."""
    facts.zeros("court_state")
    events, as_of = history.of_type("court"), history.as_of
    if not len(events):
        return
    ends, outcome = events.ints("ends"), events.rows.has("outcome")
    # What a closing event ended is another case.
    case = np.cumsum(firsts(events.acc) | np.append(False, events.closing[:-1]))
    at = np.arange(len(events), dtype=np.int64)
    named = (ends != NONE) & ~events.closing
    latest = _running_by(case, np.where(named, at, -1))
    hearing = np.where(latest >= 0, ends[latest], NONE)
    odd = events.chosen(~events.closing & outcome & (hearing == NONE))
    history.findings.add("outcome_without_hearing", "event", odd.acc, odd.rows.texts("id"))
    pending = np.where(hearing == NONE, _FILED, np.where(hearing >= as_of, _SCHEDULED, _AWAITING))
    state = np.where(outcome, _DECIDED, pending)
    last = np.flatnonzero(_last_of(events.acc) & ~events.closing)
    facts.numbers["court_state"][events.acc[last]] = state[last]
    set_ = last[state[last] == _SCHEDULED]
    facts.note(events.acc[set_], hearing[set_] + 1)
