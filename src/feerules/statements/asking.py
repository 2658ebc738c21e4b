"""From a book and a question to statements of SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from feerules.book import Book
from feerules.periods import Period
from feerules.statements.engine import dialect_of
from feerules.statements.prices import Prices
from feerules.statements.sources import Source
from feerules.statements.statement import Statement

__all__ = ["price_statement"]


def price_statement(
    book: Book,
    dialect: str,
    table: str,
    period: str | Period,
    *,
    columns: Mapping[str, str] | None = None,
    form: Literal["wide", "long"] = "wide",
    key: str = "unit_id",
    accrue: bool = False,
    unique: bool = False,
) -> Statement:
    """See `feerules.to_sql`."""
    kind = dialect_of(dialect)
    period = Period.parse(period) if isinstance(period, str) else period
    source = Source(table, columns, kind, book.mapping)
    prices = Prices(book, period, source, key, accrue=accrue, unique=unique)
    rows = prices.wide() if form == "wide" else prices.long()
    return Statement(kind.sql(rows), kind.sql(prices.problems()), kind.name, book.digest)
