"""What was done about many accounts: contacts and steps, demands, disputes, holds, pauses and court."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

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
    firsts,
    highest,
    last_of,
    ranges,
    rank_in,
    running_by,
)

__all__ = ["contacts", "court", "demands", "leave_alone", "pauses_of", "states"]

_NO_DEMAND, _SENT, _FAILED, _DELIVERED, _EXPIRED = range(5)
_NO_COURT, _FILED, _SCHEDULED, _AWAITING, _DECIDED = range(5)


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
    reach = running_by(acc, end)
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
    foreign = highest(history.limits.day, history.limits.acc, count)
    facts.since("days_since_attempt", np.maximum(last, foreign))
    facts.texts["last_channel"] = _texts(calls.chosen(last_of(calls.acc)), "channel", count)
    _how_it_ended(history, calls, facts, given)


def _how_it_ended(history: History, calls: Events, facts: Facts, given: dict[str, Ints]) -> None:
    """A contact whose outcome nobody wrote down, such as a message sent, says nothing here."""
    count, terms = history.count, history.terms
    has = calls.rows.has("outcome")
    told = calls.chosen(has)
    last = told.chosen(last_of(told.acc))
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


# Demands


def demands(history: History, folded: Folded, for_debt: Ints, facts: Facts) -> Bools:
    """The state of the last demand for this debt that stands, and which charges all cover that were delivered and
    have expired."""
    facts.zeros("demand_state")
    facts.nothing("demand_age_days")
    charges, as_of, count = history.charges, history.as_of, history.count
    events = history.events.chosen(history.are_demands)
    events = events.chosen(_standing(events, np.full(len(events), ENDLESS, np.int64)))
    delivered, ends = events.ints("delivered"), events.ints("ends")
    last_day = np.where(ends == NONE, events.day + _periods(history, events), ends)
    expired = as_of > last_day
    last = np.flatnonzero(last_of(events.acc) & (events.day >= for_debt[events.acc]))
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
    steps_, usual = history.terms.steps, history.terms.demand_period
    of_step = events.rows.codes("step_id", [step.id for step in steps_])
    periods = (usual if step.period is None else step.period for step in steps_)
    found: Ints = np.array([*periods, usual], np.int64)[of_step]
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
    names = events.rows.texts("charge_ids")
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
    facts.texts["hold_reason"] = _texts(last.chosen(last_of(last.acc)), "reason", count)


def leave_alone(history: History) -> None:
    """Charges that events name which stand do not count, where the policy says so of their sort."""
    if not history.terms.exclude_named_by:
        return
    rows = [_left(history, sort)[0].rows.at for sort in history.terms.exclude_named_by]
    named = np.isin(history.named_events, np.concatenate(rows))
    cells = history.named_charges[named]
    cells = cells[cells >= 0]
    counts, bears = history.charges.counts.copy(), history.charges.bears.copy()
    counts[cells] = bears[cells] = False
    history.charges = replace(history.charges, counts=counts, bears=bears)
    history.left_alone = distinct(cells)


def _left(history: History, name: str) -> tuple[Events, Ints]:
    """The events of a sort that stand on the day, neither closed nor at their end; and their ends."""
    events = history.of_type(name)
    ends = events.ints("ends")
    ends = np.where(ends == NONE, ENDLESS, ends)
    left = _standing(events, ends) & (history.as_of < ends)
    return events.chosen(left), ends[left]


def _open(history: History, name: str, facts: Facts) -> Events:
    """The same, and when they end."""
    left, ends = _left(history, name)
    facts.note(left.acc, ends)
    return left


# Court


def court(history: History, facts: Facts) -> None:
    """The state of the last proceeding that stands: `ends_on` is the day of the hearing, `outcome` what the court said."""
    facts.zeros("court_state")
    facts.nothing("hearing_on")
    events, as_of = history.of_type("court"), history.as_of
    if not len(events):
        return
    stands, hearing, decided = _proceedings(events)
    last = highest(np.flatnonzero(stands), events.acc[stands], history.count, -1)
    acc = np.flatnonzero(last >= 0)
    hearing, decided = hearing[last[acc]], decided[last[acc]]
    facts.numbers["hearing_on"][acc] = hearing
    pending = np.where(hearing == NONE, _FILED, np.where(hearing >= as_of, _SCHEDULED, _AWAITING))
    facts.numbers["court_state"][acc] = np.where(decided, _DECIDED, pending)
    set_ = ~decided & (hearing != NONE)
    facts.note(acc[set_], hearing[set_] + 1)


def _proceedings(events: Events) -> tuple[Bools, Ints, Bools]:
    """Which events began a proceeding that stands; its hearing (NONE: not set), and whether it is decided.

    What tells neither a hearing nor an outcome is filed anew; other events carry on the latest.
    """
    hearing, decided = events.ints("ends"), events.rows.has("outcome")
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
