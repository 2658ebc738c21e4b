"""Amounts that another system makes of the right ones: taken twice, with a slip of the point, without tax, in floats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl

from feerules.errors import FeeRulesError
from feerules.frames import into_lazy
from feerules.whatif.billed.altered import FeeAlone
from feerules.whatif.billed.alternatives import Alternative
from feerules.whatif.billed.trials import Asked, Fen, Lines, Mask, Trial, tried

__all__ = ["flawed", "periods_of", "rounded_shares"]

TIMES = (2, 3, 6, 12, Fraction(1, 2), Fraction(1, 3), Fraction(1, 12))
SLIPS = (10, 100, 1000, Fraction(1, 10), Fraction(1, 100), Fraction(1, 1000))
TAXES = (1, 3, 5, 6, 9, 13)  # the rates of value-added tax in China
FINE = 1000  # pools are divided so much finer, to see a share before it is rounded


def flawed(lines: Lines, details: pl.DataFrame, of: str) -> Iterator[Trial]:
    """What is wrong with whole amounts, whatever rule they come from."""
    for code, factors in (("times", TIMES), ("slip", SLIPS)):
        for factor in factors:
            yield _trial(code, str(factor), of, {"factor": str(factor)}, _times(lines.ours, Fraction(factor)))
    yield _trial("sign", "turned", of, {}, -lines.ours)
    told = pl.DataFrame({"unit_id": lines.units}).join(
        details, on="unit_id", how="left", maintain_order="left"
    )
    tax = told["tax"].fill_null(0).to_physical().cast(pl.Int64).to_numpy()
    if tax.any():
        yield _trial("tax", "none", of, {"tax": ["included", None]}, lines.ours - tax)
    else:
        for rate in TAXES:
            yield _trial(
                "tax_added",
                f"{rate}%",
                of,
                {"tax": [None, f"{rate}%"]},
                _times(lines.ours, 1 + Fraction(rate, 100)),
            )
            yield _trial(
                "tax_taken_off",
                f"{rate}%",
                of,
                {"tax": [f"{rate}%", None]},
                _times(lines.ours, 1 / (1 + Fraction(rate, 100))),
            )
    yield from _in_floats(lines, told, of)


def _trial(
    code: str, name: str, of: str, change: dict[str, Any], amounts: Fen, known: Mask | None = None
) -> Trial:
    alternative = Alternative(code, name, of, change, 2)
    return Trial(alternative, amounts, np.ones(len(amounts), np.bool_) if known is None else known)


def _times(amounts: Fen, factor: Fraction) -> Fen:
    """Half up, away from zero."""
    up, by = factor.numerator, factor.denominator
    size: Fen = (2 * np.abs(amounts) * up + by) // (2 * by)
    return np.where(amounts < 0, -size, size)


FLOATS: dict[str, Callable[[Fen], Fen]] = {
    "decimal_half_even": lambda x: (
        np.array([round(each, 2) * 100 for each in x.tolist()]).round().astype(np.int64)
    ),
    "scaled_half_up": lambda x: np.floor(x * 100 + 0.5).astype(np.int64),
    "scaled_half_even": lambda x: np.rint(x * 100).astype(np.int64),
}


def _in_floats(lines: Lines, told: pl.DataFrame, of: str) -> Iterator[Trial]:
    """quantity × rate × factor in binary floating point, rounded as programming languages do."""
    factor = pl.col("factor").fill_null(1)
    exact = (factor * 10_000 == (factor * 10_000).floor()) & (pl.col("lines") == 1)
    known = told.select(exact & pl.col("quantity").is_not_null() & pl.col("rate").is_not_null())
    sound = known.to_series().fill_null(False).to_numpy()
    product = told.select(
        pl.col("quantity").cast(pl.Float64).fill_null(0)
        * pl.col("rate").cast(pl.Float64).fill_null(0)
        * factor.cast(pl.Float64)
    )
    amounts = product.to_series().to_numpy()
    sound &= np.abs(amounts * 100 - lines.ours) <= 0.75  # the fee is no more than this product
    for name, rounding in FLOATS.items():
        if sound.any():
            yield _trial("float_arithmetic", name, of, {"rounding": name}, rounding(amounts), sound)


def periods_of(alone: FeeAlone) -> list[Alternative]:
    """The bill of another period, alone or beside the right one."""
    months = alone.period.months
    if not months:
        return []
    found = []
    for away, name in ((-months, "before"), (months, "after")):
        for beside in (False, True):
            change = {"period": name, "beside": beside}
            label = f"{name}-beside" if beside else name
            found.append(Alternative("period", label, alone.fee_id, change, 2, months=away, beside=beside))
    return found


def rounded_shares(alone: FeeAlone, asked: Asked, lines: Lines) -> Iterator[Trial]:
    """Every share of a pool rounded by itself, so that the shares need not add up."""
    try:
        pools = _finer(asked.pools)
    except (FeeRulesError, pl.exceptions.PolarsError, TypeError):
        return
    whole = Alternative("share_rounding", "", alone.fee_id, {}, 1)
    for fine in tried(alone, [whole], replace(asked, pools=pools), lines):
        size, sign = np.abs(fine.amounts), np.sign(fine.amounts)
        for name, amounts in (
            ("half_up", (2 * size + FINE) // (2 * FINE)),
            ("down", size // FINE),
            ("up", -(-size // FINE)),
        ):
            change = {"share_rounding": ["largest_remainder", name]}
            yield _trial("share_rounding", name, alone.fee_id, change, sign * amounts, fine.known)


def _finer(pools: Any) -> pl.DataFrame:
    frame = pl.DataFrame(pools) if isinstance(pools, list | tuple) else into_lazy(pools)[0].collect()
    amounts = [None if each is None else str(Decimal(str(each)) * FINE) for each in frame["amount"]]
    return frame.with_columns(pl.Series("amount", amounts, pl.String))
