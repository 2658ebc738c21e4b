"""Every engine that prices an estate, so that one law holds for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

import feerules
from databases import Database

__all__ = ["Engine", "frames", "inside"]

Records = list[dict[str, Any]]
Priced = Callable[..., tuple[Records, Records]]


@dataclass(frozen=True)
class Engine:
    """`price` takes what `price_estate` takes, a frame of Polars among it, and gives rows and problems.

    One example takes it as long as `cost` of them take frames.
    """

    name: str
    price: Priced
    cost: int = 1


def frames() -> Engine:
    def price(frame: pl.DataFrame, *asked: Any, **how: Any) -> tuple[Records, Records]:
        result = feerules.price_estate(frame, *asked, **how)
        return result.rows.to_dicts(), result.problems.to_dicts()

    return Engine("frames", price)


def inside(database: Database) -> Engine:
    """Statements that a database runs."""

    def price(frame: pl.DataFrame, book: feerules.Book, period: str, **how: Any) -> tuple[Records, Records]:
        columns = database.load(frame, "units")
        statement = feerules.to_sql(
            book, "price_estate", database.dialect, "units", period=period, columns=columns, **how
        )
        return database.records(statement.rows), database.records(statement.problems)

    return Engine(database.dialect, price, database.cost)
