"""What the alternatives of a fee come to, for the lines that differ and for a sample of those that match."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from feerules.book import Book
from feerules.errors import FeeRulesError
from feerules.estate import price_frame
from feerules.periods import Period, add_months
from feerules.plan.nodes import Const, Plan
from feerules.prepared import prepare
from feerules.telling import about_of
from feerules.whatif.altered import FeeAlone
from feerules.whatif.alternatives import Alternative

__all__ = ["Asked", "Lines", "Trial", "details_of", "tried"]

Fen = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Tick = Callable[[int], object]  # told how many alternatives were taken in hand
AT_ONCE = 12  # alternatives that are computed together


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of one fee: the fen of both sides (none is 0), and whether they differ.

    `charged` and `billed_at_all` tell a line of 0.00 from no line.
    """

    units: pl.Series
    ours: Fen
    billed: Fen
    charged: Mask
    sent: Mask

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Lines:
        ours, billed = rows["ours"], rows["billed"]
        return cls(
            rows["unit_id"], _fen(ours), _fen(billed), ours.is_not_null().to_numpy(), billed.is_not_null().to_numpy()
        )  # fmt: skip

    @property
    def differs(self) -> Mask:
        return self.ours != self.billed

    def __len__(self) -> int:
        return len(self.units)

    def some(self, at: Any) -> Lines:
        """The lines at some places."""
        kept = pl.Series(np.flatnonzero(at) if at.dtype == bool else at)
        places = kept.to_numpy()
        return Lines(
            self.units.gather(kept), self.ours[places], self.billed[places], self.charged[places], self.sent[places]
        )  # fmt: skip


def _fen(amounts: pl.Series) -> Fen:
    return amounts.fill_null(0).cast(pl.Int64).to_numpy()


@dataclass(frozen=True, eq=False)
class Trial:
    """What an alternative comes to for each line, and where it says so at all."""

    alternative: Alternative
    amounts: Fen
    known: Mask


@dataclass(frozen=True)
class Asked:
    """How an estate is priced: its units, and what `price_estate` was told beside them."""

    units: pl.LazyFrame
    key: str  # the column that tells units apart
    dated: bool
    accrue: bool
    pools: Any

    def amounts(self, book: Book, fee: str, period: Period, alternative: Alternative) -> pl.LazyFrame:
        """unit_id and `amount` (fen, 0 where nothing is charged) of every unit that can be priced."""
        units = self.units if alternative.facts is None else alternative.facts(self.units)
        plan = book.plan(period, accrue=self.accrue, dated=self.dated)
        if not self.dated and not any(about_of(slot).shown.pool for slot in plan.slots):
            return self._amounts_alone(plan, fee, units)
        rows = price_frame(
            units, book, period, form="wide", key=self.key, accrue=self.accrue, pools=self.pools, billed=None, strict=False
        ).rows  # fmt: skip
        columns = rows.collect_schema().names()
        amount = pl.lit(0, pl.Int64)
        if fee in columns:
            amount = pl.col(fee).reinterpret(dtype=pl.Int128).cast(pl.Int64).fill_null(0)
        return rows.select(pl.col(self.key).cast(pl.String).alias("unit_id"), amount.alias("amount"))

    def _amounts_alone(self, plan: Plan, fee: str, units: pl.LazyFrame) -> pl.LazyFrame:
        """The same where each row is a unit that owes nothing to the others: no more than this fee is computed."""
        amount = plan.totals.get(f"fee.{fee}", Const(0, 0, 2, 0))
        rows = prepare(replace(plan, slots=(), totals={}), units).rows({"amount": amount}, [self.key])
        return rows.select(pl.col(self.key).cast(pl.String).alias("unit_id"), "amount")


def _nothing(_count: int) -> None: ...


def tried(
    alone: FeeAlone, alternatives: Sequence[Alternative], asked: Asked, lines: Lines, tick: Tick = _nothing
) -> Iterator[Trial]:
    """Each alternative that can be right at all, over the lines; those that change none are left out."""
    keys = pl.LazyFrame({"unit_id": lines.units})
    waiting: list[tuple[Alternative, pl.LazyFrame]] = []
    for each in alternatives:
        tick(1)
        frame = _laid_out(alone, each, asked)
        if frame is not None:
            waiting.append((each, keys.join(frame, on="unit_id", how="left", maintain_order="left")))
        if len(waiting) == AT_ONCE:
            yield from _computed(waiting, lines)
            waiting = []
    yield from _computed(waiting, lines)


def _laid_out(alone: FeeAlone, each: Alternative, asked: Asked) -> pl.LazyFrame | None:
    period = alone.period
    if each.months:
        start, end = add_months(period.start, each.months), add_months(period.end, each.months)
        period = Period(start, end)
    book = alone.altered(each.patches) if each.patches else alone.own
    if book is None:
        return None
    try:
        return asked.amounts(book, alone.fee_id, period, each)
    except (FeeRulesError, ValueError):  # these rules cannot be, or not with these facts
        return None


def _computed(waiting: Sequence[tuple[Alternative, pl.LazyFrame]], lines: Lines) -> Iterator[Trial]:
    frames = pl.collect_all([frame for _, frame in waiting])
    for (alternative, _), frame in zip(waiting, frames, strict=True):
        known = frame["amount"].is_not_null().to_numpy()
        amounts = _fen(frame["amount"])
        if alternative.beside:
            amounts = amounts + lines.ours
        if (known & (amounts != lines.ours)).any():
            yield Trial(alternative, amounts, known)


def details_of(alone: FeeAlone, asked: Asked) -> pl.DataFrame:
    """For every unit with one line of the fee: its quantity, rate, factor, tax and table row."""
    rows = price_frame(
        asked.units, alone.own, alone.period,
        form="long", key=asked.key, accrue=asked.accrue, pools=asked.pools, billed=None, strict=False,
    ).rows  # fmt: skip
    own = rows.filter(pl.col("fee") == alone.fee_id)
    told = [pl.col(name).first() for name in ("quantity", "rate", "factor", "table_row")]
    lines = own.group_by(pl.col(asked.key).cast(pl.String).alias("unit_id")).agg(
        pl.len().alias("lines"), pl.col("tax").sum(), *told
    )
    return lines.collect()
