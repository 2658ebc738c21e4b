"""An account again, of its rows in a batch: for the verbs that answer about one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import polars as pl

from feerules.estate_ledgers import words_of
from feerules.ledger.accounts import Account
from feerules.money import from_scaled
from feerules.periods import from_day_number
from feerules.streaming import Entries

__all__ = ["account_at"]


def account_at(place: int, entries: Entries, facts: Mapping[str, Any], policy: str | None = None) -> Account:
    """The account at a place of a batch; `facts` are what it brings beside its entries."""
    rows = {name: getattr(entries, name).filter(pl.col("acc") == place) for name in _SORTS}
    return Account.model_validate({
        "account_id": entries.ids[place],
        "currency": entries.currencies[place],
        "facts": facts,
        "policy": policy,
        **{name: [_entry(row, name) for row in frame.iter_rows(named=True)] for name, frame in rows.items()},
    })  # fmt: skip


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
