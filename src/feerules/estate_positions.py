"""The positions of an estate: batch by batch, each account under the terms of the policy that applies to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl

from feerules.account_answers import Pair
from feerules.book import Book
from feerules.clocks import day_of
from feerules.estate_ledgers import Batch
from feerules.estate_policies import BROUGHT, Policy, problem_of, problems_of
from feerules.moment_columns import told_at
from feerules.periods import day_number
from feerules.plan.ledgers import LedgerTerms
from feerules.position_rows import placed
from feerules.streaming import Entries

__all__ = ["Standing"]

HEAD = ("party_id", "as_of", "known_at", "currency")


class Standing:
    """Where accounts stand on a day: the policies that may apply, and the position of each account under its own.

    With `every`, an account that no policy is for has its position too, under plain terms; else that is a
    problem.
    """

    def __init__(
        self, book: Book, as_of: date | datetime, known_at: date | datetime | None, key: str, *, every: bool
    ) -> None:
        self.as_of, self.known_at, self.key, self.every = as_of, known_at, key, every
        day = day_number(day_of(as_of))
        self.policies = [Policy(each) for each in book.compiled_policies(day)]
        self.policies_change_on = book.policies_change_after(day)
        self.brought = set[str]().union(*(policy.brought() for policy in self.policies))

    @property
    def facts(self) -> set[str]:
        """Every column that policies may ask an account for."""
        return set[str]().union(*(policy.asks() for policy in self.policies))

    @property
    def shares(self) -> bool:
        return any(each.compiled.policy.limits.per == "party" for each in self.policies)

    def of(self, batch: Batch) -> Pair:
        """The positions of a batch of accounts, and the problems of those that have none."""
        which, found = self._policies_of(batch)
        # Without any row, the columns are those of every policy all the same.
        rows = [
            self._under(number, batch, np.flatnonzero(which == number))
            for number in range(len(self.policies))
        ]
        plain = np.flatnonzero(which == -1)
        if len(plain) or not rows:
            rows += self._plainly(batch, plain)
        told = pl.concat(rows, how="diagonal_relaxed")
        # Under one policy they stand in order already.
        told = told.sort("#acc") if len(rows) > 1 else told
        told = told.drop("#acc").with_columns(pl.col(self.key).cast(batch.id_type))
        return told, pl.concat([batch.problems, found])

    # Policies

    def _policies_of(self, batch: Batch) -> tuple[Any, pl.DataFrame]:
        """For each account the number of its policy (-1: none, -2: it has a problem)."""
        count = batch.accounts.height
        claims = np.zeros(count, np.int64)
        which = np.full(count, -1, np.int64)
        failed = np.zeros(count, np.bool_)
        named = batch.policies.is_not_null().to_numpy()
        problems = []
        for number, policy in enumerate(self.policies):
            claimed = (batch.policies == policy.compiled.policy.id).fill_null(False).to_numpy() & named
            own = (batch.entries.currencies == policy.compiled.policy.currency).to_numpy()
            loose = ~named & ~failed & own
            applies, found = policy.applies(batch.accounts)
            bad = np.isin(np.arange(count), found["#acc"].to_numpy()) & loose
            problems.append(found.filter(pl.col("#acc").is_in(pl.Series(np.flatnonzero(bad)).implode())))
            failed |= bad
            claimed |= applies & loose & ~bad
            which[claimed] = number
            claims += claimed
        which[failed] = -2
        # One that names a policy which is not there has no position either.
        lacking = (claims == 0) & ~failed & (named | (not self.every))
        which[lacking | (claims > 1)] = -2
        ids = pl.DataFrame({"account_id": batch.entries.ids}).with_row_index("#acc")
        told = [problems_of(each, ids) for each in problems]
        for code, some in (("no_policy", lacking), ("policy_claimed_twice", (claims > 1) & ~failed)):
            mine = pl.Series(some)
            told.append(problem_of(batch.entries.ids.filter(mine), batch.policies.filter(mine), code))
        return which, pl.concat(told)

    # Positions

    def _under(self, number: int, batch: Batch, places: Any) -> pl.DataFrame:
        policy = self.policies[number].compiled
        accounts, entries = _some(batch, places)
        if policy.policy.limits.per != "party" and entries.events["foreign"].any():
            entries = Entries(entries.ids, entries.currencies, entries.parties, entries.charges, entries.payments,
                              entries.allocations, entries.events.filter(~pl.col("foreign")))  # fmt: skip
        named = policy.policy.id, policy.policy.version_name
        return self._told(accounts, entries, policy.terms, places, named)

    def _plainly(self, batch: Batch, places: Any) -> list[pl.DataFrame]:
        """Positions under no policy, in the currency of each account."""
        currencies = batch.entries.currencies.gather(pl.Series(places, dtype=pl.Int64))
        found = [
            self._told(*_some(batch, mine), LedgerTerms(str(currency)), mine, None)
            for currency in currencies.unique()
            for mine in [places[(currencies == currency).to_numpy()]]
        ]
        return found or [self._told(*_some(batch, places), LedgerTerms(), places, None)]

    def _told(
        self,
        accounts: pl.DataFrame,
        entries: Entries,
        terms: LedgerTerms,
        places: Any,
        policy: tuple[str, str] | None,
    ) -> pl.DataFrame:
        """The columns of a position: who and when first, the facts, and under which policy; `#acc` is its place."""
        found = placed(accounts, entries, terms, self.as_of, self.known_at)
        id_, version = policy or (None, None)
        more = {name: accounts[name] for name in accounts.columns if name in self.brought}
        return found.select(
            pl.Series("#acc", places, dtype=pl.UInt32),
            entries.ids.alias(self.key),
            *(told_at(self.known_at).alias(name) if name == "known_at" else pl.col(name) for name in HEAD),
            pl.exclude(HEAD),
            pl.lit(id_, pl.String).alias("policy"),
            pl.lit(version, pl.String).alias("version"),
            *([pl.DataFrame(more).to_struct(BROUGHT)] if more else []),
        )


def _some(batch: Batch, places: Any) -> tuple[pl.DataFrame, Entries]:
    if len(places) == batch.accounts.height:
        return batch.accounts, batch.entries
    some = pl.Series(places, dtype=pl.Int64)
    return batch.accounts[some], batch.entries.of(some)
