"""Frames as tables: which columns, called what, of which kind, and how many rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.frames import into_lazy
from feerules.pages.page import Column, Kind, Table
from feerules.pages.reader import Reader

__all__ = ["Columns", "counted_by", "listed", "summed", "table_of"]


Columns = Sequence[tuple[str, Kind]]


def table_of(
    reader: Reader,
    title: str,
    frame: Any,
    *,
    only: Sequence[str] | None = None,
    without: Iterable[str] = (),
    kinds: Mapping[str, Kind] | None = None,
    titles: Mapping[str, str] | None = None,
    totals: Iterable[str] = (),
    note: str = "",
) -> Table:
    """A frame of any kind as a table; `kinds` and `titles` are for columns that do not say it themselves."""
    rows = into_lazy(frame)[0]
    schema = rows.collect_schema()
    names = [name for name in (only or schema) if name in schema and name not in {*without}]
    columns = tuple(
        Column(
            name,
            (titles or {}).get(name) or reader.column(name),
            (kinds or {}).get(name) or _kind_of(schema[name]),
        )
        for name in names
    )
    rows = rows.select(names)
    asked = [pl.len().alias("#rows"), *(pl.col(name).sum() for name in totals if name in names)]
    sums = rows.select(asked).collect(engine="streaming").row(0, named=True)
    count = sums.pop("#rows")
    return Table(title, columns, reader.translated(rows), count, note, sums)


def _kind_of(kind: pl.DataType) -> Kind:
    match kind:
        case pl.Decimal(scale=2):
            return "money"
        case pl.Date():
            return "day"
    return "number" if kind.is_numeric() else "text"


def listed(title: str, columns: Columns, rows: Iterable[Sequence[Any]], note: str = "") -> Table:
    """A table of values that stand in no frame: (title, kind) of each column, and the rows."""
    every = [tuple(row) for row in rows]
    told = tuple(Column(f"{number}", name, kind) for number, (name, kind) in enumerate(columns))
    values = [[row[number] for row in every] for number in range(len(told))]
    series = [_series(column, each) for column, each in zip(told, values, strict=True)]
    return Table(title, told, pl.DataFrame(series).lazy(), len(every), note)


def _series(column: Column, values: Sequence[Any]) -> pl.Series:
    if column.kind == "day":
        return pl.Series(column.name, values, pl.Date)
    if column.kind in ("text", "place"):
        texts = [None if value is None else str(value) for value in values]
        return pl.Series(column.name, texts, pl.String)
    if all(value is None or isinstance(value, int) for value in values) and column.kind == "number":
        return pl.Series(column.name, values, pl.Int64)
    numbers = [None if value is None else Decimal(value) for value in values]
    places = [max(0, -int(number.as_tuple().exponent)) for number in numbers if number is not None]
    least = 2 if column.kind == "money" else 0
    return pl.Series(column.name, numbers, pl.Decimal(38, max([least, *places])))


# Sums


def summed(rows: pl.LazyFrame, column: str) -> dict[str, Decimal]:
    """The sum of a column by currency; "" where rows do not tell theirs."""
    schema = rows.collect_schema()
    currency = pl.col("currency").cast(pl.String) if "currency" in schema else pl.lit("")
    found = rows.group_by(currency.fill_null("").alias("currency")).agg(pl.col(column).sum())
    pairs = found.sort("currency").collect(engine="streaming").iter_rows()
    return {currency: Decimal(amount) for currency, amount in pairs}


def counted_by(rows: pl.LazyFrame, *columns: str, **sums: pl.Expr) -> pl.DataFrame:
    """How many rows there are of each kind, and sums of them; most first, ties by name."""
    found = rows.group_by(*columns).agg(pl.len().alias("count"), **sums)
    return found.sort("count", *columns, descending=[True, *[False] * len(columns)], nulls_last=True).collect(
        engine="streaming"
    )
