"""What is kept of a run over days: its columns, and the frames of each day as they come up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

__all__ = ["ASKED", "DONE", "EVENTS", "ID", "MONEY", "PAYMENTS", "UNDONE", "RunLog"]

ID: Final = "#id"  # the account as text, until it goes out by its own name
MONEY: Final = pl.Decimal(38, 2)
Columns = Mapping[str, Any]

UNDONE: Final[Columns] = {
    "day": pl.Date, ID: pl.String, "why": pl.String, "step_id": pl.String, "channel": pl.String, "role": pl.String,
    "currency": pl.String, "overdue": MONEY,
}  # fmt: skip
DONE: Final[Columns] = {
    ID: pl.String, "party_id": pl.String, "day": pl.Date, "step_id": pl.String, "channel": pl.String, "role": pl.String,
    "legal": pl.Boolean, "currency": pl.String, "amount": MONEY, "fee": MONEY, "outcome": pl.String,
    "delivered": pl.Boolean, "connected": pl.Boolean, "class": pl.String, "policy": pl.String, "version": pl.String,
}  # fmt: skip
EVENTS: Final[Columns] = {
    "event_id": pl.String, "account_id": pl.String, "party_id": pl.String, "type": pl.String, "step_id": pl.String,
    "channel": pl.String, "outcome": pl.String, "delivered": pl.Boolean, "effective_on": pl.Date,
    "promised_on": pl.Date, "charge_ids": pl.List(pl.String),
}  # fmt: skip
PAYMENTS: Final[Columns] = {
    "payment_id": pl.String, "account_id": pl.String, "amount": MONEY, "currency": pl.String, "effective_on": pl.Date,
}  # fmt: skip
ASKED: Final[Columns] = {
    ID: pl.String, "currency": pl.String, "step_id": pl.String, "role": pl.String, "asked_on": pl.Date,
    "granted_on": pl.Date,
}  # fmt: skip


@dataclass
class RunLog:
    """What a run came to: `state` has each account as its last morning left it, the lists a frame for each day."""

    state: pl.DataFrame = field(default_factory=pl.DataFrame)
    decisions: list[pl.DataFrame] = field(default_factory=list)
    undone: list[pl.DataFrame] = field(default_factory=list)
    problems: list[pl.DataFrame] = field(default_factory=list)
    done: list[pl.DataFrame] = field(default_factory=list)
    events: list[pl.DataFrame] = field(default_factory=list)
    payments: list[pl.DataFrame] = field(default_factory=list)
    approvals: list[dict[str, Any]] = field(default_factory=list)
