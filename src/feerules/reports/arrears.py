"""The arrears ledger (欠费台账): who owes how much since when, why, and when they were last spoken to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from feerules.clocks import read_day, read_known
from feerules.frames import to_decimal
from feerules.reports.ageing import open_charges
from feerules.reports.entries import Entries, total
from feerules.reports.events import Events
from feerules.reports.results import Report

__all__ = ["ledger_of_arrears"]

TOLD = ("reason_type", "reason", "reason_on", "last_contact_on", "last_channel", "last_outcome")


def ledger_of_arrears(
    charges: Any,
    payments: Any,
    allocations: Any,
    as_of: str | date,
    *,
    events: Any,
    by: str | Sequence[str],
    grace: int,
    kinds: Sequence[str],
    units: Any,
    known_at: Any,
    strict: bool,
) -> Report:
    """See `feerules.arrears_ledger`."""
    if "account_id" not in ([by] if isinstance(by, str) else by):
        raise ValueError(f"found by={by!r}, expected account_id among the columns: arrears are an account's")
    day = read_day(as_of)
    needs = ("account_id", "due_on")
    entries = Entries(
        charges, payments, allocations, by=by, units=units, known_at=read_known(known_at), needs=needs
    )
    entries.check_applied(day)
    happened = None if events is None else Events(events, day, read_known(known_at))
    if happened is not None:
        entries.problems.extend(happened.problems)
    overdue = open_charges(entries, happened, day, grace, "due_on", kinds).filter(pl.col("days_overdue") > 0)
    rows = _by_account(overdue, entries.keys)
    rows = rows.join(_last_payments(entries, day), on=["account_id", "currency"], how="left")
    if happened is None:
        rows = rows.with_columns(
            pl.lit(None, pl.Date if each.endswith("_on") else pl.String).alias(each) for each in TOLD
        )
    else:
        for told in (happened.reasons(), happened.contacts()):
            rows = rows.join(told, on="account_id", how="left")
    rows = rows.sort(entries.keys, nulls_last=True).select(
        *entries.keys, to_decimal(pl.col("amount"), 2), *COUNTED, *TOLD, "last_payment_on"
    )
    return Report(*entries.told(rows, strict=strict))


COUNTED = ("charges", "periods", "oldest_due_on", "days_overdue", "first_period_start", "last_period_end")


def _by_account(overdue: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
    months = pl.col("period_start").filter(pl.col("kind") == "charge").dt.month_start().drop_nulls()
    return overdue.group_by(keys).agg(
        total(pl.col("open")).alias("amount"),
        pl.len().cast(pl.Int64).alias("charges"),
        months.n_unique().cast(pl.Int64).alias("periods"),
        pl.col("due_on").min().alias("oldest_due_on"),
        pl.col("days_overdue").max(),
        pl.col("period_start").min().alias("first_period_start"),
        pl.col("period_end").max().alias("last_period_end"),
    )


def _last_payments(entries: Entries, day: date) -> pl.LazyFrame:
    """When money last came in on each account."""
    kept = pl.col("_counts") & (pl.col("_void").is_null() | (pl.col("_void") > day))
    paid = entries.payments.filter(kept & (pl.col("effective_on") <= day))
    return paid.group_by("account_id", "currency").agg(last_payment_on=pl.col("effective_on").max())
