"""Another quantity or rate than the book's: another column, a rounded one, one that is off by the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.documents.charging import FactQuantity
from feerules.documents.formulas import Formula, parse_formula
from feerules.documents.schedule import Fee
from feerules.frames import columns_of
from feerules.plan.lines import Version
from feerules.plan.names import FRAME_FACTS
from feerules.whatif.billed.altered import FeeAlone
from feerules.whatif.billed.alternatives import Alternative, Facts
from feerules.whatif.billed.trials import Lines

__all__ = ["implied_alternatives", "quantity_alternatives"]

SEEN = 1_000  # rows that show what a column of texts holds
COMMON = 5  # lines that must be off by the same
MOST_IMPLIED = 3
NUMBER = r"^\s*-?[0-9]+(\.[0-9]+)?\s*$"


def quantity_alternatives(
    alone: FeeAlone, units: pl.LazyFrame, key: str, lines: Lines, details: pl.DataFrame
) -> list[Alternative]:
    """Every other column of numbers that may be the quantity, and the quantity rounded."""
    numbers = _near(_numeric(units), units, key, _implied(lines, details))
    found: dict[str, Alternative] = {}
    of = alone.fee_id
    for fact, column in _measured(alone, units):
        for other in numbers:
            if other != column:
                change = {"quantity": [column, other]}
                each = Alternative(
                    "quantity", f"{fact}-{other}", of, change, 2, facts=_taken(fact, column, pl.col(other))
                )
                found.setdefault(each.key, each)
        for places in (0, 1):
            value = pl.col(column).cast(pl.Float64, strict=False).round(places, "half_away_from_zero")
            change = {"quantity_rounded": [column, str(places)]}
            each = Alternative(
                "quantity_rounded", f"{fact}-{places}", of, change, 2, facts=_taken(fact, column, value)
            )
            found.setdefault(each.key, each)
    return [*found.values()]


def _measured(alone: FeeAlone, units: pl.LazyFrame) -> Iterator[tuple[str, str]]:
    """(fact, column) of every fact that is a quantity of the fee, or a part of one."""
    schema = units.collect_schema()
    for version in alone.versions():
        for name in _facts_of(version, version.schedule.fees.get(alone.fee_id)):
            fact = version.names.aliases.get(name, name)
            leaf = version.names.leaves.get(fact)
            if leaf is not None and leaf.kind in ("decimal", "integer"):
                held = columns_of(schema, {fact: leaf.aliases})
                if held:
                    yield fact, held[fact]


def _facts_of(version: Version, fee: Fee | None) -> list[str]:
    if fee is None:
        return []
    values: list[Any] = []
    for charge in (fee, *fee.parts.values()):
        values += [charge.pass_through, *charge.registers.values()]
        if isinstance(charge.per, Formula | FactQuantity):
            values.append(charge.per)
    return [name for each in values if each is not None for name in version.schedule.names_in(each)]


def _numeric(units: pl.LazyFrame) -> list[str]:
    """The columns that hold numbers, also those written as texts."""
    schema = units.collect_schema()
    texts = [name for name, dtype in schema.items() if dtype == pl.String and name not in FRAME_FACTS]
    head = units.select(texts).head(SEEN).collect()
    written = [
        name
        for name in texts
        if (said := head[name].drop_nulls().filter(head[name].drop_nulls() != "")).len()
        and said.str.contains(NUMBER).mean() == 1
    ]
    return [name for name, dtype in schema.items() if dtype.is_numeric() or name in written]


def _near(names: list[str], units: pl.LazyFrame, key: str, told: pl.DataFrame) -> list[str]:
    """The columns that come near the quantity that some bill implies; all where bills do not imply one."""
    told = told.drop_nulls("implied")
    if told.is_empty() or not names:
        return names
    numbers = [pl.col(name).cast(pl.Float64, strict=False).alias(f"{name}#") for name in names]
    rows = units.select(pl.col(key).cast(pl.String).alias("unit_id"), *numbers).collect()
    rows = told.select("unit_id", "implied").join(rows, on="unit_id")
    slack = pl.col("implied").abs() * 0.003 + 0.02
    near = rows.select(
        ((pl.col(f"{name}#") - pl.col("implied")).abs() <= slack).any().alias(name) for name in names
    )
    return [name for name in names if near[name][0]]


def _taken(fact: str, column: str, value: pl.Expr) -> Facts:
    """The units with another value in the column of a fact."""
    return lambda frame: frame.with_columns(value.alias(column))


# What the bills themselves imply


def implied_alternatives(
    alone: FeeAlone, units: pl.LazyFrame, lines: Lines, details: pl.DataFrame
) -> list[Alternative]:
    """The quantity that is off by one number, and the rate, that most bills would imply."""
    told = _implied(lines, details)
    if told.is_empty():
        return []
    found = [*_off(alone, units, told)]
    for row, rate in _most_common(told, "table_row", "implied_rate"):
        found += _at_rate(alone, row, rate)
    return found


def _implied(lines: Lines, details: pl.DataFrame) -> pl.DataFrame:
    """For each line that differs by no more than its quantity or rate: what these would be."""
    frame = pl.DataFrame({"unit_id": lines.units, "ours": lines.ours, "billed": lines.billed})
    frame = frame.filter(
        (pl.col("ours") != pl.col("billed")) & (pl.col("ours") != 0) & (pl.col("billed") != 0)
    )
    frame = frame.join(details.filter(pl.col("lines") == 1), on="unit_id")
    ratio = pl.col("billed") / pl.col("ours")
    quantity, rate = pl.col("quantity").cast(pl.Float64), pl.col("rate").cast(pl.Float64)
    return frame.with_columns(
        implied=quantity * ratio, off=(quantity * ratio - quantity).round(2), implied_rate=(rate * ratio).round(2), table_row=pl.col("table_row").fill_null("")
    )  # fmt: skip


def _most_common(told: pl.DataFrame, by: str, name: str) -> list[tuple[Any, Any]]:
    counted = told.drop_nulls(name).group_by(by, name).len().filter(pl.col("len") >= COMMON)
    return (
        counted.sort("len", by, name, descending=[True, False, False])
        .head(MOST_IMPLIED)
        .select(by, name)
        .rows()
    )


def _off(alone: FeeAlone, units: pl.LazyFrame, told: pl.DataFrame) -> Iterator[Alternative]:
    measured = [*dict.fromkeys(_measured(alone, units))]
    for _, off in _most_common(told.with_columns(all=pl.lit("")), "all", "off"):
        by = Decimal(str(off))
        for fact, column in measured:
            value = pl.col(column).cast(pl.Decimal(38, 6), strict=False) + pl.lit(by, pl.Decimal(38, 6))
            change = {"quantity_off": [column, str(by)]}
            yield Alternative(
                "quantity_off", f"{fact}{by:+}", alone.fee_id, change, 3, facts=_taken(fact, column, value)
            )


def _at_rate(alone: FeeAlone, row: str, rate: float) -> Iterator[Alternative]:
    """The rate that the bills of one row imply."""
    value = parse_formula(f"{Decimal(str(rate)).normalize():f}")

    def patch(_version: Version, fee: Fee) -> Fee | None:
        return None if fee.rate is None else fee.model_copy(update={"rate": value})

    patches = {alone.fee_id: (patch,)}
    yield Alternative("rate", f"{row}-{value}", alone.fee_id, {"rate": str(value)}, 3, patches, row=f"={row}")
