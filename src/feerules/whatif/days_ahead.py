"""A policy followed over days: every morning its actions, what is done of them, and what comes of that.

The ledger stays in memory. An account is asked again when an entry has come, when it had something to do, and on
the day that its last answer named as the first on which it can be another: so a day costs what happens on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.estate_ledgers import PROBLEMS, Batch, read_entries, shared_contacts
from feerules.estate_policies import Policy
from feerules.periods import day_number, from_day_number
from feerules.plan.dunning import Compiled
from feerules.whatif.capacity import Capacity
from feerules.whatif.outcomes import Outcome, Outcomes
from feerules.whatif.policy_sides import Side

__all__ = ["Assumed", "Followed", "follow"]

ID = "#id"
ONE_DAY = timedelta(days=1)
# Why a step that is due waits, among the reasons of its answer.
BARS = ("day_limit", "week_limit", "contact_gap", "outside_hours", "no_hours", "unknown_year")
STALE = ("stale", "stale_by_clock")
UNDONE = {
    "day": pl.Date, ID: pl.String, "why": pl.String, "step_id": pl.String, "channel": pl.String, "role": pl.String,
    "currency": pl.String, "overdue": pl.Decimal(38, 2),
}  # fmt: skip
DONE = {
    ID: pl.String, "party_id": pl.String, "day": pl.Date, "step_id": pl.String, "channel": pl.String, "role": pl.String,
    "legal": pl.Boolean, "currency": pl.String, "amount": pl.Decimal(38, 2), "fee": pl.Decimal(38, 2), "outcome": pl.String,
    "delivered": pl.Boolean, "connected": pl.Boolean, "class": pl.String, "policy": pl.String, "version": pl.String,
}  # fmt: skip
EVENTS = {
    "event_id": pl.String, "account_id": pl.String, "party_id": pl.String, "type": pl.String, "step_id": pl.String,
    "channel": pl.String, "outcome": pl.String, "delivered": pl.Boolean, "effective_on": pl.Date,
    "promised_on": pl.Date, "charge_ids": pl.List(pl.String),
}  # fmt: skip
PAYMENTS = {
    "payment_id": pl.String, "account_id": pl.String, "amount": pl.Decimal(38, 2), "currency": pl.String,
    "effective_on": pl.Date,
}  # fmt: skip
ASKED = {
    ID: pl.String, "currency": pl.String, "step_id": pl.String, "role": pl.String, "asked_on": pl.Date,
    "granted_on": pl.Date,
}  # fmt: skip
# What an action needs to be done.
ACTED = (
    "party_id", "step_id", "channel", "role", "needs_approval", "legal", "charge_ids", "amount", "fee", "class",
    "policy", "version", "currency", "overdue", "attempts_today", "contacts_today", "attempts_week",
)  # fmt: skip


@dataclass(frozen=True)
class Assumed:
    """What is taken for granted in a run. `approval_days`: after how many days a leave is given (None: never)."""

    outcomes: Outcomes
    capacity: Capacity
    approval_days: int | None
    largest_first: bool


@dataclass
class Followed:
    """What a run came to: a row of `state` for each account as its last morning left it, and what was kept of each day."""

    state: pl.DataFrame = field(default_factory=pl.DataFrame)
    decisions: list[pl.DataFrame] = field(default_factory=list)
    undone: list[pl.DataFrame] = field(default_factory=list)
    problems: list[pl.DataFrame] = field(default_factory=list)
    done: list[pl.DataFrame] = field(default_factory=list)
    events: list[pl.DataFrame] = field(default_factory=list)
    payments: list[pl.DataFrame] = field(default_factory=list)
    approvals: list[dict[str, Any]] = field(default_factory=list)


def follow(
    book: Book,
    batches: Iterable[Batch],
    members: pl.DataFrame,
    days: tuple[date, date],
    known_at: date | datetime | None,
    key: str,
    calendar: WorkdayCalendar | None,
    assumed: Assumed,
) -> Followed:
    """Goes from the first of the days to the last. `members`: the accounts (member) of each party (party_id)."""
    run = _Following(book, [*batches], members, known_at, key, calendar, assumed)
    day, last = days
    while day <= last:
        run.day(day, last)
        day += ONE_DAY
    return run.found


class _Following:
    def __init__(
        self, book: Book, batches: list[Batch], members: pl.DataFrame, known_at: date | datetime | None, key: str,
        calendar: WorkdayCalendar | None, assumed: Assumed,
    ) -> None:  # fmt: skip
        self.book, self.batches, self.known_at, self.key = book, batches, known_at, key
        self.calendar, self.assumed = calendar, assumed
        counted = members.group_by("party_id").agg("member").filter(pl.col("member").list.len() > 1)
        self.members = members.join(counted.select("party_id"), on="party_id", how="semi")
        self.partners: dict[str, list[str]] = dict(counted.iter_rows())
        self.found = Followed()
        self.wake: dict[str, int] = {}  # the next day on which each account is asked, by its number
        self.waiting: dict[str, date] = {}  # since when accounts wait for a day with room
        self.asked: dict[tuple[str, str], dict[str, Any]] = {}
        self.coming: dict[date, dict[str, list[dict[str, Any]]]] = {}  # entries of later days
        self.fresh: dict[int, Compiled] = {}

    def day(self, day: date, last: date) -> None:
        is_first = not self.found.decisions
        coming = self.coming.pop(day, {})
        for name in sorted(coming):
            self._enter(name, coming[name], day)
        rows, asked = self._answers(day, is_first)
        self._note(rows, asked, day, last)
        acts = rows.filter(pl.col("decision") == "act")
        self._barred(day)
        self._carry_out(acts, day)
        if is_first:
            self._let_go(last)

    # The morning

    def _answers(self, day: date, is_first: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The answers of the day about all accounts that can have another one than before, and whom was asked about."""
        side = Side(self.book, day, self.known_at, self.key, self.calendar)
        if not is_first:
            side.standing.policies = [Policy(self._kept_fresh(each.compiled)) for each in side.standing.policies]
        number, rows, asked = day_number(day), [pl.DataFrame(schema=_SCHEMA)], [pl.Series(ID, [], pl.String)]
        for batch in self.batches:
            due = batch if is_first else self._due(batch, number)
            if due is None:
                continue
            told, problems = side.of(due)
            for id_ in due.entries.ids:
                self.wake[id_] = number + 1  # who has a problem is asked every day
            asked.append(due.entries.ids.alias(ID))
            rows.append(told.select(pl.col(self.key).cast(pl.String).alias(ID), *_kept(told)))
            self.found.problems.append(problems.select(pl.lit(day).alias("day"), *PROBLEMS))
        return pl.concat(rows), pl.concat(asked).to_frame()

    def _due(self, batch: Batch, number: int) -> Batch | None:
        ids = batch.entries.ids
        due = [at for at, id_ in enumerate(ids) if self.wake[id_] <= number]
        return batch.of(pl.Series(due, dtype=pl.Int64)) if due else None

    def _kept_fresh(self, compiled: Compiled) -> Compiled:
        """The policy without its question for a newer entry: days that are assumed have none that was recorded."""
        if id(compiled) not in self.fresh:
            rules = compiled.policy.ledger.model_copy(update={"stale_after": None})
            self.fresh[id(compiled)] = replace(compiled, policy=compiled.policy.model_copy(update={"ledger": rules}))
        return self.fresh[id(compiled)]

    def _note(self, rows: pl.DataFrame, asked: pl.DataFrame, day: date, last: date) -> None:
        """Takes up the answers, and when each account is asked again."""
        number, never = day_number(day), day_number(last) + 1
        stale = pl.col("reasons").list.eval(pl.element().is_in(STALE)).list.any()
        ahead = pl.when(pl.col("decision") == "act").then(number + 1).otherwise(
            pl.when(stale).then(None).otherwise(pl.col("next_review_on").to_physical())
        )  # fmt: skip
        for id_, wake in rows.select(ID, ahead.fill_null(never)).iter_rows():
            self.wake[id_] = wake
        state = rows.select(*_STATE)
        before = self.found.state
        if before.height:
            owed = before.select(ID, pl.col("owed").alias("#owed"))
            state = state.join(owed, on=ID, how="left").with_columns(pl.col("owed") | pl.col("#owed").fill_null(False))
            kept = before.join(asked, on=ID, how="anti")
            # Who had an answer and has a problem now: what became of the account stays.
            lost = before.join(asked, on=ID, how="semi").join(state, on=ID, how="anti")
            lost = lost.with_columns(pl.lit(None, pl.String).alias(name) for name in ("decision", "why", "due"))
            state = pl.concat([kept, lost, state.drop("#owed")])
        self.found.state = state
        told = state.filter(pl.col("decision").is_not_null())
        told = told.group_by("class", "decision").agg(pl.len().cast(pl.Int64).alias("accounts"))
        self.found.decisions.append(told.select(pl.lit(day).alias("day"), "class", "decision", "accounts"))

    def _barred(self, day: date) -> None:
        """Steps that are due and must wait: for the limits, or for hours."""
        barred = self.found.state.filter(pl.col("why").is_not_null())
        told = barred.select(
            pl.lit(day).alias("day"), ID, "why", pl.col("due").alias("step_id"), pl.lit(None, pl.String).alias("channel"),
            self._role_of_due().alias("role"), "currency", pl.col("overdue").cast(pl.Decimal(38, 2)),
        )  # fmt: skip
        self.found.undone.append(told)

    def _role_of_due(self) -> pl.Expr:
        roles = {(p.policy.id, s.id): s.role for p in self._versions for s in (p.policy.ladder.steps if p.policy.ladder else ())}
        at = pl.concat_str("policy", pl.lit("\x1f"), "due")
        names = [f"{policy}\x1f{step}" for policy, step in roles]
        return at.replace_strict(names, [*roles.values()], default=None, return_dtype=pl.String)

    @cached_property
    def _versions(self) -> list[Any]:
        return [version for each in self.book.policies for version in each]

    # The day

    def _carry_out(self, acts: pl.DataFrame, day: date) -> None:
        """Does what there is room for, whoever waits longest first, and enters what comes of it."""
        policies = {(c.policy.id, c.policy.version_name): c for c in self.book.compiled_policies(day_number(day))}
        room, tallies = self.assumed.capacity.room(day), dict[str, _Tally]()
        waiting: dict[str, date] = {}
        undone, done, entered = [], list[dict[str, Any]](), list[dict[str, Any]]()
        for act in self._in_order(acts, day):
            id_, compiled = act[ID], policies[act["policy"], act["version"]]
            why = None if self._is_approved(act, day) else "approval"
            why = why or _full(act, compiled, tallies.get(id_))
            if why is None and not room.take(act["channel"], act["role"]):
                why = "capacity"
                waiting[id_] = self.waiting.get(id_, day)
            if why is not None:
                undone.append({"day": day, "why": why} | {name: act[name] for name in UNDONE if name not in ("day", "why")})
                continue
            row, entries = self._do(act, compiled, day, tallies)
            done.append(row)
            entered += entries
        self.waiting = waiting
        self.found.undone.append(pl.DataFrame(undone, schema=UNDONE))
        self.found.done.append(pl.DataFrame(done, schema=DONE))
        self._enter("events", entered, day)

    def _in_order(self, acts: pl.DataFrame, day: date) -> list[dict[str, Any]]:
        told = acts.select(ID, *ACTED).to_dicts()
        if self.assumed.largest_first:
            return sorted(told, key=lambda act: (-act["amount"], act[ID]))
        return sorted(told, key=lambda act: (self.waiting.get(act[ID], day), -act["amount"], act[ID]))

    def _is_approved(self, act: Mapping[str, Any], day: date) -> bool:
        """Whether the step may be done; else leave for it is asked for, once."""
        if act["needs_approval"] is None:
            return True
        after = self.assumed.approval_days
        before = self.asked.get((act[ID], act["step_id"]))
        if before is not None and (before["granted_on"] is None or before["granted_on"] > day):
            return False
        granted = None if after is None else day + timedelta(days=after)
        row = {ID: act[ID], "currency": act["currency"], "step_id": act["step_id"], "role": act["needs_approval"],
               "asked_on": day, "granted_on": granted}  # fmt: skip
        self.asked[act[ID], act["step_id"]] = row
        self.found.approvals.append(row)
        if granted is not None:
            event = self._event(act, "approval", granted, outcome=None)
            self._later("events", event, granted, day)
        return after == 0

    def _do(
        self, act: dict[str, Any], compiled: Compiled, day: date, tallies: dict[str, _Tally]
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """An action as it was done, and the entries that come of it today."""
        said, terms = Outcome(), compiled.terms
        if act["channel"] is not None:
            words = compiled.policy.ledger.outcomes.unreachable
            told = {"account_id": act[ID], "as_of": day, **act}
            said = self.assumed.outcomes.of(told, day, terms, words[0] if words else "no_answer")
        reached = said.delivered is True or said.outcome in terms.connected
        ended = {"outcome": said.outcome, "delivered": said.delivered}
        row = {name: act.get(name) for name in DONE} | {"day": day, "connected": reached} | ended
        if act["channel"] is None:
            return row, [self._event(act, "action", day)]
        for other in self.partners.get(act["party_id"] or "", ()):
            tallies.setdefault(other, _Tally()).add(reached)
        entries = [self._event(act, "contact", day, channel=act["channel"], charge_ids=act["charge_ids"], **ended)]
        if said.promised_in is not None:
            promised = day + timedelta(days=said.promised_in)
            entries.append(self._event(act, "promise", day, step_id=None, promised_on=promised))
        if said.pays_in is not None and act["amount"] > 0:
            self._pay(act, day, day + timedelta(days=said.pays_in))
        return row, entries

    def _pay(self, act: Mapping[str, Any], day: date, paid_on: date) -> None:
        """What the action asks for comes in on a day."""
        row = {"payment_id": f"{act[ID]}:{day:%Y%m%d}:payment", "account_id": act[ID], "amount": act["amount"],
               "currency": act["currency"], "effective_on": paid_on}  # fmt: skip
        self._later("payments", row, paid_on, day)

    def _event(self, act: Mapping[str, Any], type_: str, day: date, **more: Any) -> dict[str, Any]:
        """An entry of the run; its id says where it comes from, and is the same in every run."""
        told = {"event_id": f"{act[ID]}:{day:%Y%m%d}:{type_}:{act['step_id']}", "account_id": act[ID],
                "party_id": act["party_id"], "type": type_, "step_id": act["step_id"], "effective_on": day}  # fmt: skip
        return dict.fromkeys(EVENTS) | told | more

    # Entries

    def _later(self, name: str, row: dict[str, Any], day: date, today: date) -> None:
        """An entry that comes on its own day; one of today is there tomorrow morning."""
        self.coming.setdefault(max(day, today + ONE_DAY), {}).setdefault(name, []).append(row)

    def _enter(self, name: str, rows: list[dict[str, Any]], day: date) -> None:
        """Puts entries into the ledger; their accounts, and others of the same party, are asked the next time."""
        if not rows:
            return
        kept, schema = (self.found.events, EVENTS) if name == "events" else (self.found.payments, PAYMENTS)
        told = pl.DataFrame(rows, schema=schema)
        kept.append(told)
        read = read_entries(name, told)
        if name == "events" and self.members.height:
            shared = shared_contacts(read.lazy(), self.members.lazy()).collect()
            read = pl.concat([read, shared], how="diagonal")
        self.batches = [batch.with_entries(name, read) for batch in self.batches]
        soon = day_number(day)
        for id_ in read["account_id"].unique():
            if id_ in self.wake:
                self.wake[id_] = min(self.wake[id_], soon)

    def _let_go(self, last: date) -> None:
        """Forgets the entries of accounts that nothing can wake: who owes nothing, mostly."""
        end = day_number(last)
        tied = {each for some in self.partners.values() for each in some}
        kept = []
        for batch in self.batches:
            places = [at for at, id_ in enumerate(batch.entries.ids) if self.wake[id_] <= end or id_ in tied]
            if places:
                kept.append(batch.of(pl.Series(places, dtype=pl.Int64)))
        self.batches = kept


# Limits within a day, where a party has several accounts


@dataclass
class _Tally:
    """Contacts of this day with a party about its accounts."""

    attempts: int = 0
    connected: int = 0

    def add(self, reached: bool) -> None:
        self.attempts += 1
        self.connected += reached


def _full(act: Mapping[str, Any], compiled: Compiled, tally: _Tally | None) -> str | None:
    """The limit that contacts of this day have used up since its morning."""
    if tally is None or act["channel"] is None or not compiled.terms.limits_per_party:
        return None
    limits = compiled.policy.limits
    week, day = limits.week.at_most, limits.day
    if week is not None and act["attempts_week"] + tally.attempts >= week:
        return "week_limit"
    if day.connected is not None and act["contacts_today"] + tally.connected >= day.connected:
        return "day_limit"
    if day.attempts is not None and act["attempts_today"] + tally.attempts >= day.attempts:
        return "day_limit"
    return "contact_gap" if limits.gap else None


# Columns

_BARRED = pl.col("reasons").list.contains("due") & (pl.col("decision") != "act")
_STATE = (
    pl.col(ID), "currency", "class", "decision", "policy", "overdue", "reasons",
    (pl.col("decision") != "clear").alias("owed"),
    pl.when(_BARRED).then(pl.col("reasons").list.eval(pl.element().filter(pl.element().is_in(BARS))).list.first()).alias("why"),
    pl.when(_BARRED).then(pl.col("reasons_json").str.json_path_match("$[?(@.code=='due')].rule")).alias("due"),
)  # fmt: skip
_READ = ("decision", "next_review_on", "reasons", "reasons_json", *ACTED)
_SCHEMA = {ID: pl.String} | dict.fromkeys(_READ, pl.String) | {
    "next_review_on": pl.Date, "reasons": pl.List(pl.String), "charge_ids": pl.List(pl.String), "legal": pl.Boolean,
    "amount": pl.Decimal(18, 2), "fee": pl.Decimal(18, 2), "overdue": pl.Decimal(18, 2),
} | dict.fromkeys(("attempts_today", "contacts_today", "attempts_week"), pl.Int64)  # fmt: skip


def _kept(told: pl.DataFrame) -> list[pl.Expr]:
    """The columns that a day needs; of a book without any policy there are none."""
    return [
        (pl.col(name) if name in told.columns else pl.lit(None)).cast(_SCHEMA[name]).alias(name)
        for name in _READ
    ]
