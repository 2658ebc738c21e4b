"""The frames of a run over days, from what was kept of each day; sums of money exact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import reduce

import polars as pl

from feerules.whatif.policies.run_log import ASKED, EVENTS, ID, MONEY, PAYMENTS, UNDONE, RunLog

__all__ = ["frames_of"]

BY = ("day", "step_id", "channel", "role", "currency")
OF_A_DAY = ("actions", "connected", "fees", "undone")


def frames_of(log: RunLog, last: date, key: str, id_type: pl.DataType) -> dict[str, pl.DataFrame]:
    """Every frame of a `Simulation` by its name."""
    undone, done = pl.concat([pl.DataFrame(schema=UNDONE), *log.undone]), pl.concat(log.done)
    approvals = pl.DataFrame(log.approvals, schema=ASKED)
    events, payments = (
        pl.concat([pl.DataFrame(schema=schema), *parts])
        for schema, parts in ((EVENTS, log.events), (PAYMENTS, log.payments))
    )
    accounts = _accounts(log.state, done, undone)
    frames = {
        "days": _days(done, undone),
        "undone": _undone(undone),
        "decisions": pl.concat(log.decisions).sort("day", "class", "decision"),
        "done": done.sort("day", ID),
        "accounts": accounts.drop("owed", "reasons"),
        "never": _never(accounts),
        "legal": done.filter("legal").select(ID, "step_id", "day", "amount").sort("day", ID),
        "approvals": approvals.sort("asked_on", ID, "step_id"),
        "events": events.sort("effective_on", "event_id"),
        "payments": payments.sort("effective_on", "payment_id"),
        "totals": _totals(accounts, done, approvals, payments, last),
        "problems": _problems(log.problems),
    }
    return {name: _keyed(frame, key, id_type) for name, frame in frames.items()}


def _keyed(frame: pl.DataFrame, key: str, id_type: pl.DataType) -> pl.DataFrame:
    """The account by the name and the type that it came with; problems name it as text."""
    if ID in frame.columns:
        return frame.rename({ID: key}).with_columns(pl.col(key).cast(id_type))
    if "account_id" in frame.columns and "code" not in frame.columns:
        return frame.with_columns(pl.col("account_id").cast(id_type)).rename({"account_id": key})
    return frame


def _days(done: pl.DataFrame, undone: pl.DataFrame) -> pl.DataFrame:
    one, none, nothing = pl.lit(1, pl.Int64), pl.lit(0, pl.Int64), pl.lit(0, MONEY)
    acted = {
        "actions": one,
        "connected": pl.col("connected").cast(pl.Int64),
        "fees": pl.col("fee"),
        "undone": none,
    }
    left = {"actions": none, "connected": none, "fees": nothing, "undone": one}
    both = pl.concat([done.select(*BY, **acted), undone.select(*BY, **left)])
    return both.group_by(BY).agg(pl.col(OF_A_DAY).sum()).select(*BY, *OF_A_DAY).sort(BY, nulls_last=True)


def _undone(undone: pl.DataFrame) -> pl.DataFrame:
    by = ["day", "why", "step_id", "channel", "role", "currency"]
    told = undone.group_by(by).agg(pl.len().cast(pl.Int64).alias("accounts"), pl.col("overdue").sum())
    return told.sort(by, nulls_last=True)


def _accounts(state: pl.DataFrame, done: pl.DataFrame, undone: pl.DataFrame) -> pl.DataFrame:
    """A row for each account that had an answer."""
    acted = done.sort("day").group_by(ID).agg(
        pl.len().cast(pl.Int64).alias("actions"), pl.col("channel").count().cast(pl.Int64).alias("contacts"),
        pl.col("connected").cast(pl.Int64).sum(), pl.col("fee").sum().alias("fees"),
        pl.col("day").min().alias("first_on"), pl.col("day").max().alias("last_on"), pl.col("step_id").last().alias("last_step"),
    )  # fmt: skip
    left = undone.group_by(ID).agg(pl.len().cast(pl.Int64).alias("undone"))
    counts = ("actions", "contacts", "connected", "undone")
    told = state.join(acted, on=ID, how="left").join(left, on=ID, how="left")
    told = told.with_columns(pl.col(counts).fill_null(0), pl.col("fees").fill_null(pl.lit(0).cast(MONEY)))
    return told.select(
        ID, "currency", "actions", "contacts", "connected", "fees", "undone", "first_on", "last_on", "last_step", "class",
        "decision", "overdue", "owed", "reasons",
    ).sort(ID)  # fmt: skip


def _never(accounts: pl.DataFrame) -> pl.DataFrame:
    """Who was in arrears on some day, and never had an action."""
    some = accounts.filter(pl.col("owed") & (pl.col("actions") == 0))
    return some.select(ID, "currency", "class", "decision", "reasons", "undone", "overdue")


def _totals(
    accounts: pl.DataFrame, done: pl.DataFrame, approvals: pl.DataFrame, payments: pl.DataFrame, last: date
) -> pl.DataFrame:
    """A row for each currency."""
    never = pl.col("owed") & (pl.col("actions") == 0)
    waits = (pl.col("granted_on") > last).fill_null(True)
    parts = [
        accounts.group_by("currency").agg(
            pl.len().alias("accounts"), (pl.col("actions") > 0).sum().alias("acted_on"), never.sum().alias("never"),
            pl.col("actions", "contacts", "connected").sum(), pl.col("fees").sum(), pl.col("undone").sum(),
        ),
        done.filter("legal").group_by("currency").agg(pl.len().alias("legal")),
        approvals.group_by("currency").agg(
            pl.len().alias("approvals_asked"), waits.sum().alias("approvals_waiting")
        ),
        payments.group_by("currency").agg(pl.col("amount").sum().alias("paid")),
    ]  # fmt: skip
    told = reduce(lambda found, more: found.join(more, on="currency", how="left"), parts)
    counts = [name for name in told.columns if name not in ("currency", "fees", "paid")]
    return told.with_columns(
        pl.col(counts).fill_null(0).cast(pl.Int64), pl.col("paid").fill_null(pl.lit(0, MONEY))
    ).sort("currency")


def _problems(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Each problem once, with the first day of it."""
    found = pl.concat(parts)
    told = [name for name in found.columns if name != "day"]
    return found.unique(told, keep="first", maintain_order=True)
