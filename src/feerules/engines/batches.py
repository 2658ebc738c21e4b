"""The readable entries of a batch of accounts."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

__all__ = ["Entries"]


@dataclass(frozen=True)
class Entries:
    """The readable entries of some accounts: a frame of each sort, with `acc`, the account's place among `ids`."""

    ids: pl.Series
    currencies: pl.Series
    parties: pl.DataFrame
    charges: pl.DataFrame
    payments: pl.DataFrame
    allocations: pl.DataFrame
    events: pl.DataFrame

    def of(self, accounts: pl.Series) -> Entries:
        """The entries of some of the accounts, by their places in ascending order."""
        if len(accounts) == len(self.ids):
            return self
        places = pl.DataFrame({"acc": accounts.cast(pl.Int32)}).with_row_index("#new")

        def chosen(frame: pl.DataFrame) -> pl.DataFrame:
            found = frame.join(places, on="acc", how="inner", maintain_order="left")
            return found.with_columns(pl.col("#new").cast(pl.Int32).alias("acc")).drop("#new")

        frames = [self.parties, self.charges, self.payments, self.allocations, self.events]
        return Entries(self.ids.gather(accounts), self.currencies.gather(accounts), *map(chosen, frames))

    def without(self, accounts: pl.Series) -> Entries:
        """The same accounts, some of them (by their places) without any entry."""
        other = ~pl.col("acc").is_in(accounts.implode())
        frames = [self.parties, self.charges, self.payments, self.allocations, self.events]
        return Entries(self.ids, self.currencies, *(frame.filter(other) for frame in frames))
