"""What the alternatives of a fee come to, for the lines that differ and for a sample of those that match."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from feerules.errors import FeeRulesError
from feerules.estate import price_frame
from feerules.periods import Period, add_months
from feerules.plan.lines import Options
from feerules.whatif.billed.altered import FeeAlone
from feerules.whatif.billed.alternatives import Alternative
from feerules.whatif.billed.batches import Batch

__all__ = ["Asked", "Lines", "Trial", "details_of", "tried"]

Fen = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Tick = Callable[[int], object]  # told how many alternatives were taken in hand
AT_ONCE = 40  # alternatives that are computed together


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
        differs: Mask = self.ours != self.billed
        return differs

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


def _nothing(_count: int) -> None: ...


def tried(
    alone: FeeAlone, alternatives: Sequence[Alternative], asked: Asked, lines: Lines, tick: Tick = _nothing
) -> Iterator[Trial]:
    """Each alternative that can be right at all, over the lines; those that change none are left out."""
    keys = pl.LazyFrame({"unit_id": lines.units})
    apart = asked.dated or alone.shares
    for some in _grouped(alternatives, apart=apart):
        tick(len(some))
        found = _priced_apart(alone, some, asked) if apart else _priced_together(alone, some, asked)
        if found is None:
            continue
        names, frame = found
        amounts = keys.join(frame, on="unit_id", how="left", maintain_order="left").collect()
        for alternative, name in names:
            yield from _trial(alternative, amounts[name], lines)


def _grouped(alternatives: Sequence[Alternative], *, apart: bool) -> Iterator[list[Alternative]]:
    """Alternatives that are computed together: of the same period and the same facts."""
    plain = [each for each in alternatives if not (apart or each.months or each.facts)]
    for at in range(0, len(plain), AT_ONCE):
        yield plain[at : at + AT_ONCE]
    yield from ([each] for each in alternatives if apart or each.months or each.facts)


def _trial(alternative: Alternative, column: pl.Series, lines: Lines) -> Iterator[Trial]:
    known = column.is_not_null().to_numpy()
    amounts = _fen(column)
    if alternative.beside:
        amounts = amounts + lines.ours
    if (known & (amounts != lines.ours)).any():
        yield Trial(alternative, amounts, known)


Priced = tuple[list[tuple[Alternative, str]], pl.LazyFrame]


def _priced_together(alone: FeeAlone, some: Sequence[Alternative], asked: Asked) -> Priced | None:
    """The amounts of each unit in one pass, where each row is a unit that owes nothing to the others."""
    facts = some[0].facts
    units = asked.units if facts is None else facts(asked.units)
    batch = Batch(alone, Options(_period(alone, some[0]), asked.accrue, False, alone.book.calendar))
    names = []
    for each in some:
        documents = alone.altered(each.patches) if each.patches else alone.documents
        name = None if documents is None else batch.add(documents)
        if name is not None:
            names.append((each, name))
    try:
        return (names, batch.rows(units, asked.key)) if names else None
    except (FeeRulesError, ValueError):  # a column that is no such fact
        return None


def _priced_apart(alone: FeeAlone, some: Sequence[Alternative], asked: Asked) -> Priced | None:
    """The same by way of `price_estate`, which knows dated facts and shares."""
    (each,) = some
    units = asked.units if each.facts is None else each.facts(asked.units)
    documents = alone.altered(each.patches) if each.patches else alone.documents
    if documents is None:
        return None
    try:
        rows = price_frame(
            units, alone.book.with_versions(documents), _period(alone, each),
            form="wide", key=asked.key, accrue=asked.accrue, pools=asked.pools, billed=None, strict=False,
        ).rows  # fmt: skip
    except (FeeRulesError, ValueError):
        return None
    amount = pl.lit(0, pl.Int64)
    if alone.fee_id in rows.collect_schema():
        amount = pl.col(alone.fee_id).reinterpret(dtype=pl.Int128).cast(pl.Int64).fill_null(0)
    return [(each, "0")], rows.select(pl.col(asked.key).cast(pl.String).alias("unit_id"), amount.alias("0"))


def _period(alone: FeeAlone, each: Alternative) -> Period:
    start, end = (add_months(day, each.months) for day in (alone.period.start, alone.period.end))
    return Period(start, end) if each.months else alone.period


def details_of(alone: FeeAlone, asked: Asked) -> pl.DataFrame:
    """For every unit with one line of the fee: its quantity, rate, factor, tax and table row."""
    rows = price_frame(
        asked.units, alone.own, alone.period,
        form="long", key=asked.key, accrue=asked.accrue, pools=asked.pools, billed=None, strict=False,
    ).rows  # fmt: skip
    own = rows.filter(pl.col("fee") == alone.fee_id)
    told = [pl.col(name).first() for name in ("quantity", "rate", "factor", "table_row")]
    unit_id = pl.col(asked.key).cast(pl.String).alias("unit_id")
    lines: pl.LazyFrame = own.group_by(unit_id).agg(pl.len().alias("lines"), pl.col("tax").sum(), *told)
    return lines.collect()
