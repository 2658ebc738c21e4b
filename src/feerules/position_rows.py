"""Positions of a batch as rows: from the kernel over arrays, and where it says so, account by account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

__all__ = ["Placed", "placed"]


@dataclass(frozen=True)
class Placed:
    """`facts`: a row of every fact for each account, in their order. `charges`: acc, id, and whether a charge is
    `overdue` and whether `covered` by demands, in the order of each account's charges."""

    facts: pl.DataFrame
    charges: pl.DataFrame


def placed(
    accounts: pl.DataFrame, entries: Entries, terms: LedgerTerms, as_of: date, known_at: date | None
) -> Placed:
    given = {
        name: accounts[name].fill_null(0).cast(pl.Int64).to_numpy()
        for name in KNOWN
        if name in accounts.columns
    }
    found = positions_of(entries, terms, as_of, known_at, given)
    charges = found.charges.filter(pl.col("open") > 0).select(
        "acc", "id", overdue=pl.col("counts") & (pl.col("days_overdue") > 0), covered="covered"
    )
    later = _later_steps(entries, terms, day_number(as_of))
    if not found.exact.any():
        return Placed(found.facts.hstack(later), charges)
    places = np.flatnonzero(found.exact)
    told = {int(place): _exactly(int(place), entries, terms, as_of, known_at, given) for place in places}
    rows = [_row(position, terms) for position in told.values()]
    exact = pl.DataFrame(rows, schema=found.facts.schema).with_columns(pl.Series("#", places))
    others = (
        found.facts.with_row_index("#")
        .with_columns(pl.col("#").cast(pl.Int64))
        .filter(pl.Series(~found.exact))
    )
    facts = pl.concat([others, exact.select(others.columns)]).sort("#").drop("#")
    mine = [row for place, position in told.items() for row in _charges(place, position)]
    kept = charges.filter(~pl.col("acc").is_in(pl.Series(places).implode()))
    return Placed(
        facts.hstack(later), pl.concat([kept, pl.DataFrame(mine, schema=charges.schema, orient="row")])
    )


def _later_steps(entries: Entries, terms: LedgerTerms, day: int) -> pl.DataFrame:
    """The last step of the ladder that was done after the day, which nothing but its order asks about."""
    ids = [step.id for step in terms.steps]
    later = entries.events.filter(pl.col("step_id").is_in(ids) & (pl.col("day") > day)).sort(
        "acc", "day", "id"
    )
    last = later.unique("acc", keep="last").select("acc", "step_id", "day")
    every = pl.DataFrame({"acc": np.arange(len(entries.ids), dtype=np.int32)})
    found = every.join(last, on="acc", how="left", maintain_order="left")
    return found.select(
        pl.col("step_id").alias("~later_step"), pl.col("day").cast(pl.Date).alias("~later_on")
    )


def _charges(place: int, position: Position) -> list[tuple[int, str, bool, bool]]:
    overdue, covered = position.overdue_charge_ids, position.covered_charge_ids
    ids = dict.fromkeys([*overdue, *covered])
    order = [each.charge_id for each in position.charges if each.charge_id in ids]
    return [(place, name, name in overdue, name in covered) for name in order]


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
