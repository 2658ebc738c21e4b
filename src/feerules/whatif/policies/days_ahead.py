"""A policy followed over days: every morning its actions, what is done of them, and what comes of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.estate_ledgers import Batch
from feerules.periods import day_number
from feerules.plan.dunning import Compiled
from feerules.whatif.policies.capacity import Capacity
from feerules.whatif.policies.mornings import Mornings
from feerules.whatif.policies.outcomes import Outcome, Outcomes
from feerules.whatif.policies.party_limits import PartyLimits
from feerules.whatif.policies.run_log import DONE, EVENTS, ID, MONEY, PAYMENTS, UNDONE, RunLog

__all__ = ["Assumed", "follow"]

ONE_DAY = timedelta(days=1)
Row = dict[str, Any]


@dataclass(frozen=True)
class Assumed:
    """What is taken for granted in a run. `approval_days`: after how many days a leave is given (None: never)."""

    outcomes: Outcomes
    capacity: Capacity
    approval_days: int | None
    largest_first: bool


def follow(
    book: Book,
    batches: Iterable[Batch],
    members: pl.DataFrame,
    days: tuple[date, date],
    known_at: date | datetime | None,
    key: str,
    calendar: WorkdayCalendar | None,
    assumed: Assumed,
) -> RunLog:
    """Goes from the first of the days to the last. `members`: the accounts (member) of each party (party_id)."""
    log = RunLog()
    mornings = Mornings(book, batches, members, known_at, key, calendar, log)
    following = _Following(mornings, assumed, log)
    day, last = days
    while day <= last:
        following.day(day, last)
        day += ONE_DAY
    return log


class _Following:
    def __init__(self, mornings: Mornings, assumed: Assumed, log: RunLog) -> None:
        self.mornings, self.assumed, self.log = mornings, assumed, log
        self.waiting: dict[str, date] = {}  # since when accounts wait to have done what is due
        self.asked: dict[tuple[str, str], Row] = {}
        self.coming: dict[date, dict[str, list[Row]]] = {}  # entries of later days
        self.roles = {
            f"{version.policy.id} {step.id}": step.role
            for each in mornings.book.policies
            for version in each
            for step in (version.policy.ladder.steps if version.policy.ladder else ())
        }

    def day(self, day: date, last: date) -> None:
        coming = self.coming.pop(day, {})
        for name in sorted(coming):
            self._enter(name, coming[name], day)
        acts = self.mornings.actions(day, last)
        self._bar(day)
        self._carry_out(acts, day)

    def _bar(self, day: date) -> None:
        """Logs the steps that are due and must wait: for the limits, or for hours."""
        role = pl.concat_str("policy", pl.lit(" "), "due").replace_strict(
            [*self.roles], [*self.roles.values()], default=None, return_dtype=pl.String
        )
        told = {
            "day": pl.lit(day),
            "step_id": pl.col("due"),
            "channel": pl.lit(None, pl.String),
            "role": role,
        }
        told |= {"overdue": pl.col("overdue").cast(MONEY)}
        barred = self.log.state.filter(pl.col("why").is_not_null()).with_columns(**told)
        self.log.undone.append(barred.select(*UNDONE))

    # What is done, and what is not

    def _carry_out(self, acts: pl.DataFrame, day: date) -> None:
        """Does what there is room for, whoever waits longest first, and enters what comes of it."""
        compiled = self.mornings.book.compiled_policies(day_number(day))
        policies = {(each.policy.id, each.policy.version_name): each for each in compiled}
        limits, room = PartyLimits(self.mornings.partners), self.assumed.capacity.room(day)
        waiting, undone, done, entered = dict[str, date](), list[Row](), list[Row](), list[Row]()
        for act in self._in_order(acts, day):
            policy, id_ = policies[act["policy"], act["version"]], act[ID]
            why = None if self._is_approved(act, day) else "approval"
            why = why or limits.used_up(id_, act, policy)
            if why is None and not room.take(act["channel"], act["role"]):
                why = "capacity"
            if why is not None:
                waiting[id_] = self.waiting.get(id_, day)
                undone.append(act | {"day": day, "why": why})
                continue
            row, entries = self._do(act, policy, day)
            if act["channel"] is not None:
                limits.note(act["party_id"], reached=row["connected"])
            done.append(row)
            entered += entries
        self.waiting = waiting
        self.log.undone.append(_frame(undone, UNDONE))
        self.log.done.append(_frame(done, DONE))
        self._enter("events", entered, day)

    def _in_order(self, acts: pl.DataFrame, day: date) -> list[Row]:
        waiting = {} if self.assumed.largest_first else self.waiting
        return sorted(acts.to_dicts(), key=lambda act: (waiting.get(act[ID], day), -act["amount"], act[ID]))

    def _is_approved(self, act: Row, day: date) -> bool:
        """Whether the step may be done; else leave for it is asked for, once."""
        if act["needs_approval"] is None:
            return True
        after, at = self.assumed.approval_days, (act[ID], act["step_id"])
        before = self.asked.get(at)
        if before is not None and (before["granted_on"] is None or before["granted_on"] > day):
            return False
        granted = None if after is None else day + timedelta(days=after)
        told = {name: act[name] for name in (ID, "currency", "step_id")}
        self.asked[at] = told | {"role": act["needs_approval"], "asked_on": day, "granted_on": granted}
        self.log.approvals.append(self.asked[at])
        if granted is not None:
            self._later("events", _event(act, "approval", granted), granted, day)
        return after == 0

    def _do(self, act: Row, compiled: Compiled, day: date) -> tuple[Row, list[Row]]:
        """An action as it was done, and the entries that come of it today."""
        if act["channel"] is None:
            row = act | {"day": day, "outcome": None, "delivered": None, "connected": False}
            return row, [_event(act, "action", day)]
        said = self._outcome(act, compiled, day)
        ended = {"outcome": said.outcome, "delivered": said.delivered}
        reached = said.delivered is True or said.outcome in compiled.terms.connected
        contact = {"channel": act["channel"], "charge_ids": act["charge_ids"]} | ended
        entries = [_event(act, "contact", day) | contact]
        if said.promised_in is not None:
            promise = {"step_id": None, "promised_on": day + timedelta(days=said.promised_in)}
            entries.append(_event(act, "promise", day) | promise)
        if said.pays_in is not None and act["amount"] > 0:
            self._pay(act, day, day + timedelta(days=said.pays_in))
        return act | ended | {"day": day, "connected": reached}, entries

    def _outcome(self, act: Row, compiled: Compiled, day: date) -> Outcome:
        words = compiled.policy.ledger.outcomes.unreachable
        told = {"account_id": act[ID], "as_of": day} | {name: act[name] for name in act if name != ID}
        return self.assumed.outcomes.of(told, day, compiled.terms, words[0] if words else "no_answer")

    def _pay(self, act: Row, day: date, paid_on: date) -> None:
        """What the action asks for comes in on a day."""
        row = {"payment_id": f"{act[ID]}:{day:%Y%m%d}:payment", "account_id": act[ID], "amount": act["amount"],
               "currency": act["currency"], "effective_on": paid_on}  # fmt: skip
        self._later("payments", row, paid_on, day)

    # Entries

    def _later(self, name: str, row: Row, day: date, today: date) -> None:
        """An entry that comes on its own day; one of today is there tomorrow morning."""
        self.coming.setdefault(max(day, today + ONE_DAY), {}).setdefault(name, []).append(row)

    def _enter(self, name: str, rows: list[Row], day: date) -> None:
        if not rows:
            return
        kept, columns = (self.log.events, EVENTS) if name == "events" else (self.log.payments, PAYMENTS)
        kept.append(_frame(rows, columns))
        self.mornings.enter(name, kept[-1], day)


def _event(act: Row, type_: str, day: date) -> Row:
    """An entry of the run; its id says where it comes from, and is the same in every run."""
    told = {"event_id": f"{act[ID]}:{day:%Y%m%d}:{type_}:{act['step_id']}", "account_id": act[ID],
            "party_id": act["party_id"], "type": type_, "step_id": act["step_id"], "effective_on": day}  # fmt: skip
    return dict.fromkeys(EVENTS) | told


def _frame(rows: list[Row], columns: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{name: row[name] for name in columns} for row in rows], schema=columns)
