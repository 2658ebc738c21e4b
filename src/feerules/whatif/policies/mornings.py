"""The accounts of a run over days: their ledger in memory, and whom to ask on which morning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.estate_ledgers import PROBLEMS, Batch, read_entries, shared_contacts
from feerules.estate_policies import Policy
from feerules.periods import day_number
from feerules.plan.dunning import Compiled
from feerules.whatif.policies.policy_sides import ACTION, FACTS, Side
from feerules.whatif.policies.run_log import ID, RunLog

__all__ = ["ACTED", "Mornings"]

# What an action needs to be done.
ACTED: Final = (
    "party_id", "step_id", "channel", "role", "needs_approval", "legal", "charge_ids", "amount", "fee", "class",
    "policy", "version", "currency", "overdue", "attempts_today", "contacts_today", "attempts_week",
)  # fmt: skip
READ: Final = ("decision", "next_review_on", "reasons", "reasons_json", *ACTED)
SCHEMA: Final[Mapping[str, Any]] = {ID: pl.String} | {name: {**ACTION, **FACTS}[name] for name in READ}
# Why a step that is due waits, among the reasons of its answer.
BARS: Final = ("day_limit", "week_limit", "contact_gap", "outside_hours", "no_hours", "unknown_year")
BARRED = pl.col("reasons").list.contains("due") & (pl.col("decision") != "act")
STATE = (
    pl.col(ID), "currency", "class", "decision", "policy", "overdue", "reasons",
    ((pl.col("decision") != "clear") & (pl.col("overdue") > 0)).alias("owed"),
    pl.when(BARRED).then(pl.col("reasons").list.eval(pl.element().filter(pl.element().is_in(BARS))).list.first()).alias("why"),
    pl.when(BARRED).then(pl.col("reasons_json").str.json_path_match("$[?(@.code=='due')].rule")).alias("due"),
)  # fmt: skip


class Mornings:
    """The answers of each morning, from the entries there are by then.

    An account is asked again when an entry has come, when it had something to do, and on the day that its last
    answer named as the first on which it can be another: so a day costs what happens on it. Whether the newest
    entry is too old is asked on the first morning only: days that are assumed have no entries to be late.
    """

    def __init__(
        self, book: Book, batches: Iterable[Batch], members: pl.DataFrame, known_at: date | datetime | None, key: str,
        calendar: WorkdayCalendar | None, log: RunLog,
    ) -> None:  # fmt: skip
        self.book, self.batches, self.known_at, self.key = book, [*batches], known_at, key
        self.calendar, self.log = calendar, log
        several = members.group_by("party_id").agg("member").filter(pl.col("member").list.len() > 1)
        self.partners: Mapping[str, list[str]] = dict(several.iter_rows())
        self.members = members.join(several.select("party_id"), on="party_id", how="semi")
        self.asks: dict[str, int] = {}  # the number of the next day on which each account is asked
        self.stale: set[str] = set()
        self.fresh: dict[int, Compiled] = {}

    def actions(self, day: date, last: date) -> pl.DataFrame:
        """What is to be done on a day, before the `last`; how all accounts stand is logged."""
        is_first = not self.log.decisions
        rows, asked = self._answers(day, is_first)
        self._again(rows, day, last)
        self._note(rows, asked, day)
        if is_first:
            self._let_go(last)
        return rows.filter(pl.col("decision") == "act").select(ID, *ACTED)

    def enter(self, name: str, told: pl.DataFrame, day: date) -> None:
        """Puts entries of a day into the ledger; their accounts, and others of the party, are asked the next time."""
        read = read_entries(name, told)
        if name == "events" and self.members.height:
            shared = shared_contacts(read.lazy(), self.members.lazy()).collect()
            read = pl.concat([read, shared], how="diagonal")
        self.batches = [batch.with_entries(name, read) for batch in self.batches]
        number = day_number(day)
        for id_ in read["account_id"].unique():
            if id_ in self.asks:
                self.asks[id_] = min(self.asks[id_], number)

    # Asking

    def _answers(self, day: date, is_first: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The answers about all accounts that can have another one than before, and which accounts these are."""
        side = Side(self.book, day, self.known_at, self.key, self.calendar)
        if not is_first:
            policies = side.standing.policies
            side.standing.policies = [Policy(self._unhurried(each.compiled)) for each in policies]
        rows, asked = [pl.DataFrame(schema=SCHEMA)], [pl.Series(ID, [], pl.String)]
        for batch in self.batches:
            due = batch if is_first else self._due(batch, day_number(day))
            if due is None:
                continue
            told, problems = side.of(due)
            asked.append(due.entries.ids.alias(ID))
            rows.append(told.select(pl.col(self.key).cast(pl.String).alias(ID), *READ))
            self.log.problems.append(problems.select(pl.lit(day).alias("day"), *PROBLEMS))
        ids = pl.concat(asked)
        # Who has a problem is asked every day.
        self.asks |= dict.fromkeys(ids, day_number(day) + 1)
        return pl.concat(rows), ids.to_frame()

    def _due(self, batch: Batch, number: int) -> Batch | None:
        ids = enumerate(batch.entries.ids)
        due = [at for at, id_ in ids if self.asks[id_] <= number and id_ not in self.stale]
        return batch.of(pl.Series(due, dtype=pl.Int64)) if due else None

    def _unhurried(self, compiled: Compiled) -> Compiled:
        """The policy without its question for a newer entry."""
        if id(compiled) not in self.fresh:
            policy = compiled.policy
            ledger = policy.ledger.model_copy(update={"stale_after": None})
            unhurried = replace(compiled, policy=policy.model_copy(update={"ledger": ledger}))
            self.fresh[id(compiled)] = unhurried
        return self.fresh[id(compiled)]

    def _again(self, rows: pl.DataFrame, day: date, last: date) -> None:
        """Notes when each account is asked again: of a ledger that is too old, never."""
        tomorrow, never = day_number(day) + 1, day_number(last) + 1
        stale = pl.col("reasons").list.contains("stale") | pl.col("reasons").list.contains("stale_by_clock")
        self.stale |= {*rows.filter(stale)[ID]}
        review = pl.col("next_review_on").to_physical().fill_null(never)
        ahead = pl.when(pl.col("decision") == "act").then(tomorrow).otherwise(review)
        self.asks |= dict(rows.select(ID, ahead).iter_rows())

    def _let_go(self, last: date) -> None:
        """Forgets the entries of accounts that nothing can change: who owes nothing, mostly."""
        end = day_number(last)
        tied = {each for some in self.partners.values() for each in some}
        kept = []
        for batch in self.batches:
            places = [at for at, id_ in enumerate(batch.entries.ids) if self.asks[id_] <= end or id_ in tied]
            if places:
                kept.append(batch.of(pl.Series(places, dtype=pl.Int64)))
        self.batches = kept

    # How the accounts stand

    def _note(self, rows: pl.DataFrame, asked: pl.DataFrame, day: date) -> None:
        state, before = rows.select(*STATE), self.log.state
        if before.height:
            state = _after(before, state, asked)
        self.log.state = state
        told = state.filter(pl.col("decision").is_not_null()).group_by("class", "decision")
        counts = told.agg(pl.len().cast(pl.Int64).alias("accounts"))
        self.log.decisions.append(counts.select(pl.lit(day).alias("day"), "class", "decision", "accounts"))


def _after(before: pl.DataFrame, state: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """How accounts stand once some were asked anew."""
    owed = before.select(ID, pl.col("owed").alias("#owed"))
    state = state.join(owed, on=ID, how="left").with_columns(
        pl.col("owed") | pl.col("#owed").fill_null(False)
    )
    kept = before.join(asked, on=ID, how="anti")
    # Who had an answer and has a problem now: what became of the account stays.
    lost = before.join(asked, on=ID, how="semi").join(state, on=ID, how="anti")
    lost = lost.with_columns(pl.lit(None, pl.String).alias(name) for name in ("decision", "why", "due"))
    return pl.concat([kept, lost, state.drop("#owed")])
