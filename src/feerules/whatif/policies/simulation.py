"""What a policy comes to over days: actions, fees, what stays undone; as frames, and as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.frames import Back
from feerules.whatif.policies.trial_words import Names, plain_rows, titled
from feerules.wording import Wording, translate

__all__ = ["Simulation"]


@dataclass(frozen=True)
class Simulation:
    """A policy followed from `first_day` to `last_day`, both included, under a stated assumption.

    Frames of the kind that came in: `days` (day, step_id, channel, role, currency, actions, connected, fees, undone),
    `undone` (day, why, step_id, channel, role, currency, accounts, overdue), `decisions` (day, class, decision,
    accounts: how the accounts stand each morning), `done` (each action), `accounts` (what each account had, and how
    it stands on the last morning), `never` (who was in arrears on some day and had no action), `legal` (legal
    steps and their days), `approvals` (asked_on, granted_on), `events` and `payments` (the entries that came of
    it, which may be given to other verbs beside those of the ledger), `totals` (a row for each currency),
    `problems` (with the first day of each). `digest` names the rules.
    """

    first_day: date
    last_day: date
    known_at: date | datetime | None
    digest: str
    days: Any
    undone: Any
    decisions: Any
    done: Any
    accounts: Any
    never: Any
    legal: Any
    approvals: Any
    events: Any
    payments: Any
    totals: Any
    problems: Any
    frames: Mapping[str, pl.DataFrame] = field(repr=False)
    names: Names = field(repr=False)

    @classmethod
    def of(
        cls, frames: Mapping[str, pl.DataFrame], back: Back, days: tuple[date, date],
        known_at: date | datetime | None, digest: str, names: Names,
    ) -> Simulation:  # fmt: skip
        given = {name: back(frame.lazy()) for name, frame in frames.items()}
        return cls(*days, known_at, digest, **given, frames=frames, names=names)

    def titles(self, locale: str = "zh_CN") -> dict[str, str]:
        """The words for the ids in the frames: classes, steps, stops, decisions, channels, and why something is undone.

        Where one id is several things, the step says, then the class.
        """
        told = titled(self.names, translate(locale))
        return {id_: word for kind in reversed(told) for id_, word in told[kind].items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: the days, what stays undone, the legal steps and the totals; not the rows of accounts."""
        told = {
            name: plain_rows(self.frames[name]) for name in ("days", "undone", "decisions", "legal", "totals")
        }
        head = {"schema": 1, "first_day": self.first_day.isoformat(), "last_day": self.last_day.isoformat()}
        known = None if self.known_at is None else self.known_at.isoformat()
        return head | {"known_at": known, "digest": self.digest} | told

    def __str__(self) -> str:
        return self.explain("en")

    def explain(self, locale: str = "zh_CN") -> str:
        """The run in some lines: what is done, what is not, who is reached and who is not; `locale` as in `Bill.explain`."""
        words = translate(locale)
        return "\n".join(self._lines(words, titled(self.names, words)))

    def _lines(self, words: Wording, titles: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
        yield words.text("{days}:", days=words.days(self.first_day, self.last_day))
        for row in self.frames["totals"].iter_rows(named=True):
            yield _sums(words, row)
        steps = self.frames["done"].group_by("step_id").len().sort("len", "step_id", descending=[True, False])
        each = [f"{titles['step'].get(step, step)} {count:,}" for step, count in steps.iter_rows()]
        if each:
            yield words.text("Steps: {steps}.", steps=words.listed(each))
        left = (
            self.frames["undone"]
            .group_by("why")
            .agg(pl.col("accounts").sum())
            .sort("accounts", "why", descending=[True, False])
        )
        whys = [f"{titles['why'][why]} {count:,}" for why, count in left.iter_rows()]
        if whys:
            yield words.text("Undone, counted each day: {whys}.", whys=words.listed(whys))
        failed = self.frames["problems"]["account_id"].drop_nulls().n_unique()
        if failed:
            yield words.text("Accounts with problems: {count}.", count=f"{failed:,}")


def _sums(words: Wording, row: Mapping[str, Any]) -> str:
    """The totals of a currency in a line."""
    told = {name: f"{value:,}" for name, value in row.items() if isinstance(value, int)}
    money = {
        name: words.money(value, row["currency"]) for name, value in row.items() if isinstance(value, Decimal)
    }
    said = [
        words.text("Actions: {actions}, of them contacts {contacts}, connected {connected}; fees of steps {fees}.",
                   fees=money["fees"], **{name: told[name] for name in ("actions", "contacts", "connected")}),
        words.text("Accounts with an action: {acted_on} of {accounts}.", acted_on=told["acted_on"], accounts=told["accounts"]),
        words.text("In arrears and never with an action: {never}.", never=told["never"]),
    ]  # fmt: skip
    if row["legal"]:
        said.append(words.text("Legal steps: {count}.", count=told["legal"]))
    if row["approvals_waiting"]:
        said.append(words.text("Approvals that still wait: {count}.", count=told["approvals_waiting"]))
    if row["paid"]:
        said.append(words.text("Came in by assumption: {amount}.", amount=money["paid"]))
    return words.told(said)
