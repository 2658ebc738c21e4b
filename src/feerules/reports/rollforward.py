"""What was owed, what happened, what is owed: opening to closing, by what a manager answers for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from feerules.clocks import read_known
from feerules.frames import to_decimal
from feerules.periods import Period
from feerules.reports.entries import Entries, total
from feerules.reports.kinds import REDUCED
from feerules.reports.results import RollForward

__all__ = ["rolled_forward"]

FLOWS = ("received", *REDUCED.values())
MOVES = ("opening", "billed", *FLOWS, "closing")


def rolled_forward(
    charges: Any,
    payments: Any,
    allocations: Any,
    period: str | Period,
    *,
    by: str | Sequence[str],
    units: Any,
    known_at: Any,
    strict: bool,
) -> RollForward:
    """See `feerules.roll_forward`."""
    period = Period.parse(period) if isinstance(period, str) else period
    entries = Entries(charges, payments, allocations, by=by, units=units, known_at=read_known(known_at))
    entries.check_applied(period.end - timedelta(days=1))
    moved = _moved(entries, period)
    held = _held(entries, moved.filter(pl.col("kind") == "deposit"), period)
    answers = entries.told(
        _summed(moved.filter(pl.col("kind") != "deposit"), entries.keys, MOVES),
        _summed(held, entries.keys, (*MOVES, "held_opening", "refunded", "held_closing")),
        _summed(_prepaid(entries, period), entries.places, PREPAID),
        strict=strict,
    )
    return RollForward(*answers)


def _moved(entries: Entries, period: Period) -> pl.LazyFrame:
    """Each charge with how it stood on the eve of the period and at its end, and so what happened between."""
    after = entries.standing(period.end - timedelta(days=1))
    before = entries.standing(period.start - timedelta(days=1)).select(
        "charge_id", opening="open", **{f"{flow}_before": flow for flow in FLOWS}
    )
    new = pl.col("_day") >= period.start
    return (
        after.join(before, on="charge_id", how="left", maintain_order="left")
        .with_columns(pl.col("opening", *(f"{flow}_before" for flow in FLOWS)).fill_null(0))
        .with_columns(billed=pl.when(new).then(pl.col("amount")).otherwise(0), closing="open")
        .with_columns(pl.col(flow) - pl.col(f"{flow}_before") for flow in FLOWS)
    )


def _held(entries: Entries, deposits: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """Deposits with what is held of them: what was received and not yet given back."""
    day = pl.col("_day")
    given_back = (
        entries.refunds.filter((pl.col("_target") == "deposit") & (day < period.end))
        .group_by(charge_id="corrects_charge_id")
        .agg(
            _back_before=pl.col("_fen").filter(day < period.start).sum(),
            refunded=pl.col("_fen").filter(day >= period.start).sum(),
        )
    )
    back = pl.col("_back_before", "refunded")
    return (
        deposits.join(given_back, on="charge_id", how="left", maintain_order="left")
        .with_columns(back.fill_null(0))
        .with_columns(held_opening=pl.col("received_before") - pl.col("_back_before"))
        .with_columns(held_closing=pl.col("held_opening") + pl.col("received") - pl.col("refunded"))
    )


# Money that is the payer's own: received, and not yet applied to a charge

PREPAID = ("opening", "received", "credited", "applied", "refunded", "closing")
SIGNS = {"received": 1, "credited": 1, "applied": -1, "refunded": -1}


def _prepaid(entries: Entries, period: Period) -> pl.LazyFrame:
    """Its entries as they are known on the eve of the period, and again at its end: what differs, happened."""
    eve = _own_money(entries, period.start - timedelta(days=1)).with_columns(_after=pl.lit(False))
    end = _own_money(entries, period.end - timedelta(days=1)).with_columns(_after=pl.lit(True))
    after, what, fen = pl.col("_after"), pl.col("_what"), pl.col("_fen")
    signed = fen * what.replace_strict(SIGNS, return_dtype=pl.Int64)
    happened = pl.when(after).then(fen).otherwise(-fen)
    return pl.concat([eve, end]).with_columns(
        pl.when(after).then(0).otherwise(signed).alias("opening"),
        *(pl.when(what == name).then(happened).otherwise(0).alias(name) for name in SIGNS),
        pl.when(after).then(signed).otherwise(0).alias("closing"),
    )


def _own_money(entries: Entries, as_of: date) -> pl.LazyFrame:
    """What makes up the payers' own money at the end of a day, entry by entry."""
    places, seen = entries.places, pl.col("_day") <= as_of
    kept = pl.col("_void").is_null() | (pl.col("_void") > as_of)
    paid = entries.payments.filter("_counts").with_columns(_day=pl.col("effective_on"), _fen="amount")
    refunded = entries.refunds.filter((pl.col("_target") != "deposit").fill_null(True))
    applied = entries.applied(as_of)
    payers = entries.payments.select(*places, _ref="payment_id")
    charged = entries.owed.select("charge_id", *places)
    to_charges = applied.filter(pl.col("_what") == "received").with_columns(_fen="_applied")
    # A credit for more than was open is the payer's money.
    beyond = applied.filter(pl.col("_what") == "credited").with_columns(
        _fen=pl.col("_fen") - pl.col("_applied")
    )
    parts = (
        ("received", paid.filter(seen & kept)),
        ("credited", entries.credits.filter(seen)),
        ("credited", beyond.join(charged, on="charge_id", how="inner")),
        ("applied", to_charges.join(payers, on="_ref", how="inner")),
        ("refunded", refunded.filter(seen)),
    )
    return pl.concat(rows.select(*places, "_fen", _what=pl.lit(what)) for what, rows in parts)


def _summed(rows: pl.LazyFrame, keys: Sequence[str], columns: Sequence[str]) -> pl.LazyFrame:
    """The sums by key, without the keys of which nothing is and nothing happened."""
    sums = rows.group_by(keys).agg(total(pl.col(column)).alias(column) for column in columns)
    return (
        sums.filter(pl.any_horizontal(pl.col(column) != 0 for column in columns))
        .sort(keys, nulls_last=True)
        .select(*keys, *(to_decimal(pl.col(column), 2).alias(column) for column in columns))
    )
