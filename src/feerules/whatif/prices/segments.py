"""Changes by what the units are: by columns, by bands of a number, by fee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.documents.cells import Cell
from feerules.documents.ranges import Range
from feerules.errors import did_you_mean
from feerules.frames import Back, FrameError, to_decimal
from feerules.keys import key_of
from feerules.plan.nodes import Leaf
from feerules.prepared import encoded, mark_of
from feerules.whatif.prices.unit_changes import CHANGE, UNIT, pair

__all__ = ["segmented"]

PLACES = 9  # of a number that no rule declares
FEE = "fee"
COUNTS = ("units", "more", "less", "same")
MONEY = ("old", "new", "change", "raised", "lowered")


def segmented(
    units: pl.LazyFrame,
    moved: pl.DataFrame,
    fees: Sequence[str],
    sides: Sequence[Any],
    back: Back,
    columns: Sequence[str],
    bands: Mapping[str, Sequence[str]],
) -> Any:
    """See `Comparison.by_segment`."""
    named = [name for name in columns if name != FEE]
    taken = next((name for name in (*named, *bands) if name in (*COUNTS, *MONEY)), None)
    if taken is not None:
        raise FrameError(f'the column "{taken}" is also one of the answer: rename it')
    if len({*columns, *bands}) < len(columns) + len(bands):
        raise FrameError(f"found {', '.join([*columns, *bands])}, expected each column once")
    rows = moved.lazy()
    if named or bands:
        held = _Columns(units, sides)
        told = held.told([*named, *bands], bands)
        rows = rows.rename({UNIT: held.unit}).join(told, on=held.unit, how="left")
    by = [*columns, *bands]
    if FEE in columns:
        rows = pl.concat(
            [_of_fee(moved, rows, fee, [*named, *bands]) for fee in fees]
            or [rows.with_columns(fee=pl.lit(""))]
        )
    found = rows.group_by(by).agg(_figures()) if by else rows.select(_figures())
    found = found.with_columns(to_decimal(pl.col(name), 2).alias(name) for name in MONEY)
    return back(_in_order(found, by, bands))


def _of_fee(moved: pl.DataFrame, rows: pl.LazyFrame, fee: str, named: Sequence[str]) -> pl.LazyFrame:
    """The units that a fee is charged to on either side."""
    old, new = pair(moved, fee)
    both = rows.select(pl.lit(fee).alias(FEE), *named, old.alias("old"), new.alias("new"))
    some = both.filter(pl.col("old").is_not_null() | pl.col("new").is_not_null())
    return some.with_columns(pl.col("old", "new").fill_null(0))


def _figures() -> list[pl.Expr]:
    up, down = pl.max_horizontal(CHANGE, 0), pl.min_horizontal(CHANGE, 0)
    counts = {"more": CHANGE > 0, "less": CHANGE < 0, "same": CHANGE == 0}
    sums = {"old": pl.col("old"), "new": pl.col("new"), "change": CHANGE, "raised": up, "lowered": down}
    return [
        pl.len().alias("units"),
        *(test.sum().alias(name) for name, test in counts.items()),
        *(number.cast(pl.Int128).sum().alias(name) for name, number in sums.items()),
    ]


def _in_order(found: pl.LazyFrame, by: Sequence[str], bands: Mapping[str, Sequence[str]]) -> pl.LazyFrame:
    """By the columns as given; bands as they were written, what is in none last."""
    if not by:
        return found
    order = [
        pl.col(name).replace_strict(
            list(bands[name]), range(len(bands[name])), default=None, return_dtype=pl.Int64
        )
        if name in bands
        else pl.col(name)
        for name in by
    ]
    return found.sort(order, nulls_last=True, maintain_order=True)


class _Columns:
    """Finds what is asked for among the columns of the units."""

    def __init__(self, units: pl.LazyFrame, sides: Sequence[Any]) -> None:
        self.schema = units.collect_schema()
        self.leaves: dict[str, Leaf] = {}
        for version in (v for side in sides for each in side.book.versions for v in each):
            names = version.names
            for name, leaf in names.leaves.items():
                self.leaves.setdefault(name, leaf)
                for alias in leaf.aliases:
                    self.leaves.setdefault(alias, leaf)
        key = sides[0].estate.key
        self.mark = mark_of(self.schema)
        self.unit = f"{self.mark}unit"
        self.units = units.with_columns(key_of(key, self.schema[key]).alias(self.unit))

    def told(self, names: Sequence[str], bands: Mapping[str, Sequence[str]]) -> pl.LazyFrame:
        """For each unit, once, what its last row says."""
        held = {name: self._column(name) for name in names}
        plain = [pl.col(held[name]).alias(name) for name in names if name not in bands]
        found = self._once(self.units.select(self.unit, *plain))
        for name, cells in bands.items():
            found = found.join(self._banded(name, held[name], cells), on=self.unit, how="left")
        return found

    def _once(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.unique(self.unit, keep="last", maintain_order=False)

    def _column(self, name: str) -> str:
        leaf = self.leaves.get(name)
        held = [name, *((leaf.name, *leaf.aliases) if leaf else ())]
        found = next((each for each in held if each in self.schema), None)
        if found is None:
            hint = did_you_mean(name, [*self.schema, *self.leaves, FEE])
            told = f"found {', '.join(self.schema)}{'; ' + hint if hint else ''}"
            raise FrameError(f'no column "{name}" in the units: {told}')
        return found

    def _banded(self, name: str, column: str, cells: Sequence[str]) -> pl.LazyFrame:
        """The first cell that the number of each unit matches; what cannot be read is in none."""
        leaf = self.leaves.get(name)
        if leaf is None or leaf.kind not in ("decimal", "integer"):
            leaf = Leaf(name, "decimal", PLACES, -(10**17), 10**17)
        read = Leaf(column, leaf.kind, leaf.places, leaf.lo, leaf.hi)
        rows = encoded(self.units.select(self.unit, column), (read,), f"{self.mark}n", readable=True)
        band = _band(pl.col(f"{self.mark}n0"), leaf.places, cells)
        return self._once(rows.select(self.unit, band.alias(name)))


def _band(value: pl.Expr, places: int, cells: Sequence[str]) -> pl.Expr:
    """The first cell that a number matches."""
    tests: Any = pl
    for text in cells:
        ranges = Cell.parse(text, type="number").ranges() or ()
        tests = tests.when(
            pl.any_horizontal(pl.lit(False), *(_inside(value, each, places) for each in ranges))
        ).then(pl.lit(text))
    return tests.otherwise(pl.lit(None, pl.String)) if cells else pl.lit(None, pl.String)


def _inside(value: pl.Expr, part: Range, places: int) -> pl.Expr:
    tests = [pl.lit(True)]
    if part.lo is not None:
        low, exact = _scaled(part.lo, places)
        tests.append(value > low if part.lo_open or not exact else value >= low)
    if part.hi is not None:
        high, exact = _scaled(part.hi, places)
        tests.append(value < high if part.hi_open and exact else value <= high)
    return pl.all_horizontal(*tests)


def _scaled(bound: Any, places: int) -> tuple[int, bool]:
    """A bound in whole numbers, rounded down, and whether it is exactly that."""
    scaled = Decimal(bound).scaleb(places)
    whole = int(scaled.to_integral_value(rounding="ROUND_FLOOR"))
    return whole, scaled == whole
