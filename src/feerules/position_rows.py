"""Positions of a batch as rows: from the kernel over arrays, and where it says so, account by account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import polars as pl

from feerules.estate_ledgers import KNOWN, words_of
from feerules.ledger.accounts import Account
from feerules.ledger.position import Position, position_of
from feerules.money import from_scaled
from feerules.periods import day_number, from_day_number
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


# An account again, of its rows


def _exactly(
    place: int,
    entries: Entries,
    terms: LedgerTerms,
    as_of: date,
    known_at: date | None,
    given: Mapping[str, Any],
) -> Position:
    rows = {name: getattr(entries, name).filter(pl.col("acc") == place) for name in _SORTS}
    account = Account.model_validate({
        "account_id": entries.ids[place],
        "currency": entries.currencies[place],
        "facts": {name: bool(flags[place]) for name, flags in given.items()},
        **{name: [_entry(row, name) for row in frame.iter_rows(named=True)] for name, frame in rows.items()},
    })  # fmt: skip
    return position_of(account, terms, as_of, known_at)


_SORTS = ("parties", "charges", "payments", "allocations", "events")
_MONEY = ("amount", "balance", "tax")
_DAYS = ("issued_on", "due_on", "period_start", "period_end", "effective_on", "ends_on", "promised_on", "review_on",
         "liable_from", "liable_to")  # fmt: skip


def _entry(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An entry as its model takes it; what the kernel added is dropped."""
    long, coded = words_of(name)
    told: dict[str, Any] = {}
    for field, short in long.items():
        value = row.get(short)
        if value is None:
            continue
        if field in coded:
            value = coded[field][value]
        elif field in _MONEY:
            value = from_scaled(value, 2)
        elif field in _DAYS:
            value = from_day_number(value)
        elif field in ("recorded_at", "occurred_at"):
            value = _moment(value, row.get(f"{short}.utc"))
        elif field == "delivered":
            value = bool(value)
        told[field] = value
    if row.get("foreign"):
        told["account_id"] = row["of"]
    return told


def _moment(wall: int, utc: int | None) -> Any:
    moment = datetime(1970, 1, 1) + timedelta(microseconds=wall)
    return moment if utc is None else moment.replace(tzinfo=timezone(timedelta(microseconds=wall - utc)))
