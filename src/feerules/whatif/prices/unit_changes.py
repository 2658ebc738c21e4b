"""Two amounts for each unit, told as frames and figures: by fee, by quantile, in bins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np
import polars as pl

from feerules.frames import to_decimal
from feerules.keys import refuse_name
from feerules.money import from_scaled
from feerules.whatif.prices.comparison import Bin, FeeChange, Quantile

__all__ = [
    "CHANGE",
    "UNIT",
    "amount_of",
    "bins_of",
    "fees_of",
    "fen_of",
    "pair",
    "percent_of",
    "quantiles_of",
    "rows_of",
    "sides_of",
]

UNIT = "unit"
AT = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
BINS = 10  # on either side of no change
NICE = (1, 2, 5)
CHANGE = pl.col("new") - pl.col("old")


def sides_of(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """The units that both sides price, in the order of the old: unit, old, new, and each fee as old.… and new.…, in fen."""
    before = old.rename({"total": "old"} | {name: f"old.{name[4:]}" for name in old.columns[2:]})
    after = new.rename({"total": "new"} | {name: f"new.{name[4:]}" for name in new.columns[2:]})
    if before.height == after.height and before[UNIT].equals(after[UNIT]):
        return pl.concat([before, after.drop(UNIT)], how="horizontal")
    return before.join(after, on=UNIT, how="inner", maintain_order="left")


def pair(moved: pl.DataFrame, fee: str) -> tuple[pl.Expr, pl.Expr]:
    """What a fee was and is; null where it is not charged."""
    sides = (f"{side}.{fee}" for side in ("old", "new"))
    old, new = (pl.col(name) if name in moved.columns else pl.lit(None, pl.Int64) for name in sides)
    return old, new


def rows_of(moved: pl.DataFrame, fees: Sequence[str], key: str) -> pl.DataFrame:
    """Amounts as people have them: the key, both sums and the change, then of each fee."""
    columns: dict[str, pl.Expr] = {"old": pl.col("old"), "new": pl.col("new"), "change": CHANGE}
    for fee in fees:
        old, new = pair(moved, fee)
        columns |= {
            f"{fee}.old": old,
            f"{fee}.new": new,
            f"{fee}.change": new.fill_null(0) - old.fill_null(0),
        }
    refuse_name(key, [*columns])
    told = (to_decimal(column, 2).alias(name) for name, column in columns.items())
    return moved.select(pl.col(UNIT).alias(key), *told)


def fees_of(moved: pl.DataFrame, titles: Mapping[str, Mapping[str, str]]) -> tuple[FeeChange, ...]:
    return tuple(_fee(moved, fee, title) for fee, title in titles.items())


def _fee(moved: pl.DataFrame, fee: str, title: Mapping[str, str]) -> FeeChange:
    old, new = pair(moved, fee)
    change = new.fill_null(0) - old.fill_null(0)
    found = moved.lazy().select(o=old, n=new, c=change).select(
        pl.col("o").count().alias("units_old"), pl.col("n").count().alias("units_new"),
        (pl.col("c") > 0).sum().alias("more"), (pl.col("c") < 0).sum().alias("less"),
        *(pl.col(name).cast(pl.Int128).sum() for name in ("o", "n", "c")),
    ).collect().row(0)  # fmt: skip
    return FeeChange(fee, title, *found[:4], *(from_scaled(int(fen), 2) for fen in found[4:]))


def fen_of(amounts: pl.Series) -> int:
    """The sum of some fen; that of many passes 63 bits."""
    return int(amounts.cast(pl.Int128).sum())


def amount_of(amounts: pl.Series) -> Decimal:
    return from_scaled(fen_of(amounts), 2)


def percent_of(change: int, old: int) -> Decimal | None:
    """A change in per cent of what it was, with two decimals, half up."""
    if old == 0:
        return None
    part = (20_000 * abs(change) + abs(old)) // (2 * abs(old))
    return from_scaled(part if change >= 0 else -part, 2)


# How it is spread


def quantiles_of(moved: pl.DataFrame) -> tuple[Quantile, ...]:
    """The changes of the units in order, at some per cents of the way: the nearest one that is there."""
    if moved.is_empty():
        return ()
    change = np.sort(moved.select(CHANGE).to_series().to_numpy())
    paid = (
        moved.lazy()
        .filter(pl.col("old") != 0)
        .select(_share().alias("share"))
        .sort("share")
        .collect()["share"]
    )
    return tuple(
        Quantile(at, from_scaled(int(change[_rank(at, len(change))]), 2), _at(paid, at)) for at in AT
    )


def _share() -> pl.Expr:
    """A change in hundredths of a per cent of what it was, half up."""
    change, old = CHANGE.cast(pl.Int128), pl.col("old").cast(pl.Int128).abs()
    part = (20_000 * change.abs() + old) // (2 * old)
    return pl.when(change >= 0).then(part).otherwise(0 - part)


def _at(values: pl.Series, at: int) -> Decimal | None:
    return None if values.is_empty() else from_scaled(int(values[_rank(at, len(values))]), 2)


def _rank(at: int, count: int) -> int:
    return max(-(-at * count // 100) - 1, 0)


def bins_of(moved: pl.DataFrame) -> tuple[Bin, ...]:
    """Falls, no change, raises, in steps of a round amount; the last one on either side is open."""
    change = moved.select(CHANGE).to_series().to_numpy()
    moving = np.sort(np.abs(change[change != 0]))
    if not len(change):
        return ()
    width = _nice(int(moving[_rank(99, len(moving))]) if len(moving) else 1)
    numbers = np.sign(change) * np.minimum((np.abs(change) - 1) // width + 1, BINS + 1)
    found = pl.DataFrame({"bin": numbers, "change": change}).group_by("bin").agg(
        pl.len().alias("units"), pl.col("change").cast(pl.Int128).sum()
    )  # fmt: skip
    return tuple(_bins({row[0]: (row[1], int(row[2])) for row in found.iter_rows()}, width))


def _nice(most: int) -> int:
    """The least of 1, 2, 5, 10, 20 … fen of which so many reach as far."""
    step = 1
    while True:
        for times in NICE:
            if times * step * BINS >= most:
                return times * step
        step *= 10


def _bins(found: Mapping[int, tuple[int, int]], width: int) -> Iterator[Bin]:
    for number in range(min(0, *found), max(0, *found) + 1):
        units, change = found.get(number, (0, 0))
        near, far = (abs(number) - 1) * width, abs(number) * width
        outer = None if abs(number) > BINS else from_scaled(far if number > 0 else -far, 2)
        inner = from_scaled(near if number > 0 else -near, 2)
        if number == 0:
            yield Bin(Decimal("0.00"), Decimal("0.00"), units, from_scaled(change, 2))
        elif number > 0:
            yield Bin(inner, outer, units, from_scaled(change, 2))
        else:
            yield Bin(outer, inner, units, from_scaled(change, 2))
