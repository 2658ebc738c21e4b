"""The rules as statements of SQL, for a database that runs them itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from feerules.book import Book
from feerules.errors import MissingExtra
from feerules.periods import Period
from feerules.statements.statement import Statement

__all__ = ["to_sql"]


Verb = Literal["price_estate"]


def to_sql(
    book: Book,
    verb: Verb,
    dialect: str,
    table: str,
    *,
    period: str | Period | Sequence[str | Period],
    columns: Mapping[str, str] | None = None,
    form: Literal["wide", "long"] = "wide",
    key: str = "unit_id",
    accrue: bool = False,
    unique: bool = False,
) -> Statement:
    """The answers for an estate as SQL: the same fen as the verb of that name gives, worked out inside a database.

    `dialect` is "duckdb", "postgres" or "spark"; every other is refused, with the reason. `table` is the
    name of a table, or a query in its place; `columns` its columns and their types, as the database tells
    them ({"area": "numeric(10,2)"}): without it, every fact is taken from a column of its own name and
    kind. With a list of periods the statement takes one of them as its parameter, as text: by the name
    `period`, in PostgreSQL as $1. `unique` says that the table itself keeps keys from repeating, so that
    nothing looks for repeats. `form`, `key` and `accrue` are those of `price_estate`. Raises `ValueError`
    for what cannot be asked. Needs the extra `sql`.

    >>> import feerules
    >>> book = feerules.load_files({"tiny.yaml": '''
    ... kind: fee-schedule
    ... id: tiny
    ... effective: {from: 2026-01-01}
    ... facts: {area: {decimal: 2, min: 0, max: 10000, unit: m²}}
    ... fees: {management: {per: area, rate: 2.80, every: month}}
    ... '''})
    >>> to_sql(book, "price_estate", "postgres", "homes", period="2026-11").digest == book.digest
    True
    """
    if verb != "price_estate":
        raise ValueError(f'found the verb {verb!r}, expected "price_estate"')
    statement: Statement = _statements("to_sql").price_statement(
        book, dialect, table, period, columns=columns, form=form, key=key, accrue=accrue, unique=unique
    )
    return statement


def _statements(function: str) -> Any:
    """The module that needs the extra `sql`."""
    try:
        from feerules.statements import asking
    except ModuleNotFoundError as error:
        raise MissingExtra(function, "sql", error.name or "") from error
    return asking
