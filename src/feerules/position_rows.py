"""Positions of a batch as rows: from the kernel over arrays, and where it says so, account by account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from feerules.account_rows import account_at
from feerules.estate_ledgers import KNOWN
from feerules.ledger.position import Position, position_of
from feerules.periods import day_number
from feerules.plan.ledgers import LedgerTerms
from feerules.streaming import Entries, facts_of, positions_of

__all__ = ["placed"]


def placed(
    accounts: pl.DataFrame, entries: Entries, terms: LedgerTerms, as_of: date, known_at: date | None
) -> pl.DataFrame:
    """A row for each account, in their order: every fact, and the last step of the ladder that was done later."""
    given = {
        name: accounts[name].fill_null(0).cast(pl.Int64).to_numpy()
        for name in KNOWN
        if name in accounts.columns
    }
    found = positions_of(entries, terms, as_of, known_at, given)
    facts = found.facts
    places = np.flatnonzero(found.exact)
    if len(places):
        told = [_exactly(int(place), entries, terms, as_of, known_at, given) for place in places]
        exact = pl.DataFrame([_row(position, terms) for position in told], schema=facts.schema)
        rows = np.arange(len(found.exact))
        rows[places] = len(rows) + np.arange(len(places))
        facts = pl.concat([facts, exact])[pl.Series(rows)]
    return facts.hstack(_later_steps(entries, terms, day_number(as_of)))


def _later_steps(entries: Entries, terms: LedgerTerms, day: int) -> pl.DataFrame:
    """The last step of the ladder that was done after the day, which nothing but its order asks about."""
    ids = [step.id for step in terms.steps]
    later = entries.events.lazy().filter(
        pl.col("day") > day, pl.col("step_id").is_in(ids), pl.col("status") == 0, ~pl.col("foreign")
    )
    last = later.select("acc", "day", "id", "step_id").sort("acc", "day", "id").unique("acc", keep="last")
    every = pl.LazyFrame({"acc": np.arange(len(entries.ids), dtype=np.int32)})
    found = every.join(last, on="acc", how="left", maintain_order="left")
    return found.select(later_step="step_id", later_on=pl.col("day").cast(pl.Date)).collect()


def _row(position: Position, terms: LedgerTerms) -> dict[str, Any]:
    return {fact.name: position[fact.name] for fact in facts_of(terms)} | {
        "hold_reason": position.hold_reason,
        "changes_on": position.changes_on,
        "currency": position.currency,
        "party_id": position.party_id,
        "contradictions": [
            dict(zip(("code", "entry", "id"), each, strict=True)) for each in position.contradictions
        ],
        "warnings": list(position.warnings),
        "open_charge_ids": list(position.open_charge_ids),
        "overdue_charge_ids": list(position.overdue_charge_ids),
        "covered_charge_ids": list(position.covered_charge_ids),
    }


def _exactly(
    place: int,
    entries: Entries,
    terms: LedgerTerms,
    as_of: date,
    known_at: date | None,
    given: Mapping[str, Any],
) -> Position:
    facts = {name: bool(flags[place]) for name, flags in given.items()}
    return position_of(account_at(place, entries, facts), terms, as_of, known_at)
