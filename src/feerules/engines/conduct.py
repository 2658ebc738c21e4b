"""What was done about many accounts: contacts and steps, demands, disputes, holds, pauses and court."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from feerules.engines.ageing import Facts, Spans
from feerules.engines.agreements import covered_cells
from feerules.engines.daywise import Folded
from feerules.engines.histories import CHARGE, Events, History
from feerules.engines.segments import (
    ENDLESS,
    NONE,
    Bools,
    Ints,
    adding,
    elapsed,
    firsts,
    highest,
    lowest,
    ranges,
    rank_in,
    running,
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
    at = np.full(count, -1, np.int64)
    at[events.acc] = np.arange(len(events))
    places = pl.Series(at)
    return (
        events.frame[name].gather(places.set(places < 0, None))
        if len(events)
        else pl.Series([None], dtype=pl.String).gather([0] * count)
    )


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
        reached = events.flags("delivered") | _outcome_in(events, terms.connected)
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


def _outcome_in(events: Events, words: frozenset[str]) -> Bools:
    found: Bools = events.frame["outcome"].is_in([*words]).fill_null(False).to_numpy()
    return found


def _how_it_ended(history: History, calls: Events, facts: Facts, given: dict[str, Ints]) -> None:
    """A contact whose outcome nobody wrote down, such as a message sent, says nothing here."""
    count, terms = history.count, history.terms
    has = calls.frame["outcome"].is_not_null().to_numpy()
    told = calls.chosen(has)
    last = told.chosen(_last_of(told.acc))
    facts.texts["last_outcome"] = _texts(last, "outcome", count)
    for name, words in (("away", terms.away), ("refuses", terms.refused)):
        facts.numbers[name] = given.get(name, np.zeros(count, np.int64)).copy()
        facts.numbers[name][last.acc[_outcome_in(last, words)]] = 1
    # What breaks a streak: somebody was reached.
    breaks = calls.flags("delivered") | (has & ~_outcome_in(calls, terms.unreachable))
    at = np.arange(len(calls), dtype=np.int64)
    since = highest(at[breaks], calls.acc[breaks], count, -1)
    failed = has & (at > since[calls.acc])
    facts.numbers["unreachable_streak"] = np.bincount(calls.acc[failed], minlength=count).astype(np.int64)


# The steps of the ladder


def steps(history: History, moment: Stamp | None, facts: Facts) -> None:
    """How often each step of the ladder was done and is in force, and the last of them."""
    count, as_of, numbers = history.count, history.as_of, facts.numbers
    tries = history.of_type("contact", "demand", "action")
    tries = tries.chosen(~tries.closing & tries.frame["step_id"].is_not_null().to_numpy())
    given = history.of_type("approval")
    delivered = tries.ints("delivered")
    latest = np.full(count, -1, np.int64)
    ids: list[str | None] = [None]
    which = np.zeros(count, np.int64)
    for step in history.terms.steps:
        mine = np.flatnonzero((tries.frame["step_id"] == step.id).to_numpy())
        done = mine[_is_done(tries.acc[mine], delivered[mine], step)]
        later = mine[mine > highest(done, tries.acc[done], count, -1)[tries.acc[mine]]]
        failed = np.bincount(tries.acc[later[delivered[later] == 0]], minlength=count).astype(np.int64)
        held = _holding(later, tries.acc, delivered, failed, step)
        if step.in_force is not None:
            done = done[as_of - tries.day[done] <= step.in_force]
        acc = tries.acc[done]
        last = highest(done, acc, count, -1)
        has, day = last >= 0, _at(tries.day, last, NONE)
        numbers[f"steps.{step.id}.count"] = np.bincount(acc, minlength=count).astype(np.int64)
        facts.since(f"steps.{step.id}.days", day)
        numbers[f"steps.{step.id}.failed"] = failed
        numbers[f"steps.{step.id}.approved"] = _approved(given, step, day, _at(tries.time, last, 0), count)
        if step.delivered:
            facts.since(f"steps.{step.id}.tried", _at(tries.day, held, NONE))
        if step.more_than is not None:
            since = np.where(held >= 0, held, last)
            rested = _has_rested(tries, since, step.more_than, as_of, moment)
            numbers[f"steps.{step.id}.rested"] = rested.astype(np.int64)
            at = np.flatnonzero(since >= 0)
            for more in (step.more_than, step.more_than + 1):
                facts.note(at, tries.day[since[at]] + more)
        if step.in_force is not None:
            first = lowest(tries.day[done], acc, count, ENDLESS)
            facts.note(np.flatnonzero(has), first[has] + step.in_force + 1)
        newer = has & (last > latest)
        ids.append(step.id)
        which[newer], latest[newer] = len(ids) - 1, last[newer]
    facts.texts["last_step"] = pl.Series(ids, dtype=pl.String).gather(pl.Series(which))
    facts.since("days_since_step", _at(tries.day, latest, NONE))


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


def _has_rested(tries: Events, last: Ints, gap: int, as_of: int, moment: Stamp | None) -> Bools:
    """Whether more than so many times 24 hours have passed since a step was done or tried, to the second."""
    if not len(tries):
        return np.ones(len(last), np.bool_)
    happened, utc = tries.ints("occurred_at")[last], tries.ints("occurred_at.utc")[last]
    passed = elapsed(happened, utc, moment, as_of - tries.day[last])
    found: Bools = (last < 0) | (passed > gap * MICROSECONDS)
    return found


def _approved(given: Events, step: StepTerms, day: Ints, time: Ints, count: int) -> Ints:
    """Whether the last approval of the step, given since it was last done, is one."""
    since, at = day[given.acc], time[given.acc]
    fresh = (given.day > since) | ((given.day == since) & (given.time >= at))
    mine = given.chosen((given.frame["step_id"] == step.id).fill_null(False).to_numpy() & fresh)
    last = mine.chosen(_last_of(mine.acc))
    approved = np.zeros(count, np.int64)
    approved[last.acc[~last.closing & ~_outcome_in(last, frozenset(_REFUSALS))]] = 1
    return approved


# Demands


def demands(history: History, folded: Folded, facts: Facts) -> Bools:
    """The state of the last demand that stands, and which charges all cover that were delivered and have expired."""
    facts.zeros("demand_state")
    facts.nothing("demand_age_days")
    charges, as_of, count = history.charges, history.as_of, history.count
    events = history.events.chosen(history.are_demands)
    events = events.chosen(_standing(events, np.full(len(events), ENDLESS, np.int64)))
    delivered, ends = events.ints("delivered"), events.ints("ends")
    last_day = np.where(ends == NONE, events.day + _periods(history, events), ends)
    expired = as_of > last_day
    last = np.flatnonzero(_last_of(events.acc))
    state = np.where(
        delivered == NONE, _SENT, np.where(delivered == 0, _FAILED, np.where(expired, _EXPIRED, _DELIVERED))
    )
    facts.numbers["demand_state"][events.acc[last]] = state[last]
    facts.numbers["demand_age_days"][events.acc[last]] = as_of - events.day[last]
    runs = (delivered == 1) & ~expired
    facts.note(events.acc[runs], last_day[runs] + 1)
    covering = events.chosen((delivered == 1) & expired)
    covered = np.zeros(len(charges), np.bool_)
    covered[covered_cells(history, covering, covering.day)[0]] = True
    covered &= charges.kind == CHARGE
    facts.numbers["demand_covers"] = adding(folded.open[covered], charges.acc[covered], count)
    return covered


def _periods(history: History, events: Events) -> Ints:
    """The days that a demand gives by its step, else by the policy, where it does not say itself."""
    found = np.full(len(events), history.terms.demand_period, np.int64)
    for step in reversed(history.terms.steps):
        if step.period is not None:
            found[(events.frame["step_id"] == step.id).fill_null(False).to_numpy()] = step.period
    return found


# What stands until it is closed


def _standing(events: Events, ends: Ints) -> Bools:
    """The events without those that were closed, each by the latest that stood; `ends`: to their end at most."""
    stands = ~events.closing
    sets = _charges_named(events, events.closing)
    for now in _in_turn(events, events.closing):
        closed = _latest(events, stands, now, sets, ends)
        stands[closed[closed >= 0]] = False
    return stands


def _in_turn(events: Events, some: Bools) -> Iterator[Ints]:
    """The first of some events of each account, then the second, and so on."""
    at = np.flatnonzero(some)
    rank = rank_in(events.acc[at])
    return (at[rank == number] for number in range(int(rank.max(initial=-1)) + 1))


def _latest(events: Events, stands: Bools, now: Ints, sets: Ints, ends: Ints) -> Ints:
    """The latest before each of these events that stands, -1 where there is none; where charges are named,
    the latest that names exactly these."""
    first = np.searchsorted(events.acc, events.acc[now])
    before, of = ranges(first, now)
    by = now[of]
    fits = stands[before] & (ends[before] > events.day[by]) & ((sets[by] == 0) | (sets[by] == sets[before]))
    return highest(before[fits], of[fits], len(now), -1)


def _charges_named(events: Events, asking: Bools) -> Ints:
    """A number for the charges that an event names, the same for the same; 0 for none, or where none asks for it."""
    found = np.zeros(len(events), np.int64)
    names = events.frame["charge_ids"]
    naming = (names.list.len() > 0).fill_null(False).to_numpy()
    at = np.flatnonzero(naming & np.isin(events.acc, events.acc[naming & asking]))
    numbers: dict[frozenset[str], int] = {}
    for place, each in zip(at, names.gather(pl.Series(at)), strict=True):
        found[place] = numbers.setdefault(frozenset(each), len(numbers) + 1)
    return found


# Disputes, hardship, death, holds


def states(history: History, facts: Facts) -> None:
    """Each while any of them stands."""
    count = history.count
    open_ = {name: _open(history, name, facts) for name in ("hardship", "death", "hold", "dispute")}
    for name in ("hardship", "death", "hold"):
        facts.zeros(name)
        facts.numbers[name][open_[name].acc] = 1
    facts.zeros("dispute_state")
    facts.numbers["dispute_state"][history.of_type("dispute").acc] = 2
    facts.numbers["dispute_state"][open_["dispute"].acc] = 1
    holds = open_["hold"]
    review = holds.ints("review")
    looked_at = highest(review, holds.acc, count)
    facts.numbers["hold_review_on"] = looked_at
    ends = holds.ints("ends")
    facts.numbers["hold_until"] = highest(np.where(ends == NONE, review, ends), holds.acc, count)
    # Nobody is pressed before the last of them has been looked at: that one tells why.
    last = holds.chosen(review == looked_at[holds.acc])
    facts.texts["hold_reason"] = _texts(last.chosen(_last_of(last.acc)), "reason", count)


def _open(history: History, name: str, facts: Facts) -> Events:
    """The events of a sort that stand on the day: neither closed nor at their end."""
    events = history.of_type(name)
    ends = events.ints("ends")
    ends = np.where(ends == NONE, ENDLESS, ends)
    left = _standing(events, ends) & (history.as_of < ends)
    facts.note(events.acc[left], ends[left])
    return events.chosen(left)


# Court


def court(history: History, facts: Facts) -> None:
    """The state of the last proceeding that stands: `ends_on` is the day of the hearing, `outcome` what the court said."""
    facts.zeros("court_state")
    events, as_of = history.of_type("court"), history.as_of
    if not len(events):
        return
    stands, hearing, decided = _proceedings(events)
    last = highest(np.flatnonzero(stands), events.acc[stands], history.count, -1)
    acc = np.flatnonzero(last >= 0)
    hearing, decided = hearing[last[acc]], decided[last[acc]]
    pending = np.where(hearing == NONE, _FILED, np.where(hearing >= as_of, _SCHEDULED, _AWAITING))
    facts.numbers["court_state"][acc] = np.where(decided, _DECIDED, pending)
    set_ = ~decided & (hearing != NONE)
    facts.note(acc[set_], hearing[set_] + 1)


def _proceedings(events: Events) -> tuple[Bools, Ints, Bools]:
    """Which events began a proceeding that stands; its hearing (NONE: not set), and whether it is decided.

    What tells neither a hearing nor an outcome is filed anew; other events carry on the latest.
    """
    hearing, decided = events.ints("ends"), events.frame["outcome"].is_not_null().to_numpy()
    told = hearing.copy(), decided.copy()
    stands = ~events.closing & (hearing == NONE) & ~decided
    rest = ~stands
    sets = _charges_named(events, rest)
    for now in _in_turn(events, rest):
        case = _latest(events, stands, now, sets, np.full(len(events), ENDLESS, np.int64))
        found, closing = case >= 0, events.closing[now]
        stands[case[found & closing]] = False
        stands[now[~found & ~closing]] = True
        goes_on = found & ~closing
        to, by = case[goes_on], now[goes_on]
        told[0][to] = np.where(hearing[by] == NONE, told[0][to], hearing[by])
        told[1][to] = decided[by]
    return stands, *told
