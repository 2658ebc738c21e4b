"""Accounts of models as the frames of an estate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.ledger.accounts import Account

SORTS = ("charges", "payments", "allocations", "events", "parties")
DAYS = ("period_start", "period_end", "liable_from", "liable_to")
LISTS = ("tags", "charge_ids")


def frames(accounts: Iterable[Account]) -> dict[str, pl.DataFrame]:
    """A frame of each sort of entries, where there are any; the accounts stand in one of their own."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SORTS}
    for account in accounts:
        for name in SORTS:
            rows[name] += [
                {**entry.model_dump(), "account_id": account.account_id} for entry in getattr(account, name)
            ]
    return {name: frame(entries) for name, entries in rows.items() if entries}


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame(
        [{name: plain(name, row.get(name)) for name in names} for row in rows],
        schema={name: kind(name) for name in names},
    )


def plain(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) and kind(name) == pl.String else value


def kind(name: str) -> Any:
    if name in LISTS:
        return pl.List(pl.String)
    if name == "delivered":
        return pl.Boolean
    return pl.Date if name.endswith("_on") or name in DAYS else pl.String


def renamed(accounts: Iterable[Account]) -> list[Account]:
    """The accounts with ids of their own, their entries without."""
    made = []
    for number, account in enumerate(accounts):
        given = account.model_dump()
        for name in SORTS:
            for entry in given[name]:
                entry["account_id"] = None
        made.append(Account.model_validate({**given, "account_id": f"A-{number}"}))
    return made
