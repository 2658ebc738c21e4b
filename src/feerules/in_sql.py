"""The rules as statements of SQL, for a database that runs them itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args

from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.errors import MissingExtra
from feerules.periods import Period
from feerules.statements.statement import Statement

__all__ = ["to_sql"]


Verb = Literal["price_estate", "classify_estate", "next_actions"]
_OF_OTHERS = {
    "price_estate": "classify_estate or next_actions",
    "classify_estate": "price_estate",
    "next_actions": "price_estate",
}


def to_sql(
    book: Book,
    verb: Verb,
    dialect: str,
    table: str,
    *,
    period: str | Period | Sequence[str | Period] | None = None,
    as_of: date | datetime | str | tuple[date | str, date | str] | None = None,
    known_at: date | datetime | str | None = None,
    calendar: WorkdayCalendar | None = None,
    columns: Mapping[str, str] | None = None,
    form: Literal["wide", "long"] = "wide",
    key: str | None = None,
    accrue: bool = False,
    unique: bool = False,
    pools: str | None = None,
    pool_columns: Mapping[str, str] | None = None,
) -> Statement:
    """The answers for an estate as SQL: the same fen as the verb of that name gives, worked out inside a database.

    `dialect` is "duckdb", "postgres" or "spark"; every other is refused, with the reason. `table` is the
    name of a table, or a query in its place; `columns` its columns and their types, as the database tells
    them ({"area": "numeric(10,2)"}): without it, every fact is taken from a column of its own name and
    kind. With a list of periods the statement takes one of them as its parameter, as text: by the name
    `period`, in PostgreSQL as $1. `unique` says that the table itself keeps keys from repeating, so that
    nothing looks for repeats. `pools` is the table, or query, of the totals that fees with `share:` divide,
    `pool_columns` its columns and their types. `form`, `key` and `accrue` are those of `price_estate`.

    "classify_estate" and "next_actions" are asked of a table with the columns of `positions`, each position under
    the policy that it names; what accounts bring of their own stands in further columns, or in a struct `facts`.
    `as_of`, `known_at`, `calendar` and `key` are those of these verbs; with `unique`, nothing looks for two positions
    of one account on one day. With a first and a last day as `as_of`, each
    position is judged as of the day in its own column `as_of`. A list of texts may be JSON in a column of text,
    as `contradictions` is in PostgreSQL. A position of a day that is not asked about is a problem.

    Raises `ValueError` for what cannot be asked. Needs the extra `sql`.

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
    _refuse_kinds(book, dialect, table, key=key, pools=pools, columns=columns, pool_columns=pool_columns)
    if verb not in get_args(Verb):
        raise ValueError(f"found the verb {verb!r}, expected one of {', '.join(get_args(Verb))}")
    written: Statement
    if verb == "price_estate":
        if period is None:
            raise ValueError('found no period, expected one such as period="2026-11"')
        _refuse_period(period)
        _asks_nothing_else(verb, as_of=as_of, known_at=known_at, calendar=calendar)
        written = _statements(verb).price_statement(
            book, dialect, table, period, columns=columns, form=form, key=key or "unit_id", accrue=accrue, unique=unique,
            pools=pools, pool_columns=pool_columns,
        )  # fmt: skip
    else:
        if as_of is None:
            raise ValueError('found no day, expected one such as as_of="2026-11-25"')
        if isinstance(as_of, tuple | list) and len(as_of) != 2:
            raise ValueError(
                f"found {len(as_of)} days as as_of, expected one, or the first and the last of several"
            )
        _asks_nothing_else(
            verb,
            period=period,
            form=None if form == "wide" else form,
            accrue=accrue or None,
            pools=pools,
            pool_columns=pool_columns,
        )
        written = _statements(verb).decision_statement(
            book, verb, dialect, table,
            columns=columns, as_of=as_of, known_at=known_at, calendar=calendar, key=key or "account_id", unique=unique,
        )  # fmt: skip
    return written


def _refuse_kinds(book: Book, dialect: str, table: str, **given: object) -> None:
    """`ValueError` for an argument of another kind than it must be."""
    if not isinstance(book, Book):
        raise ValueError(f"found book={book!r}, expected a Book, as load gives it")
    for name, value in {"dialect": dialect, "table": table, **given}.items():
        if name.endswith("columns"):
            fits = value is None or (
                isinstance(value, Mapping)
                and all(isinstance(each, str) for pair in value.items() for each in pair)
            )
            expected = 'the columns with their types, such as {"area": "numeric(10,2)"}'
        else:
            fits, expected = isinstance(value, str) or (value is None and name in given), "a text"
        if not fits:
            raise ValueError(f"found {name}={value!r}, expected {expected}")


def _refuse_period(period: object) -> None:
    several = [period] if isinstance(period, str | Period) else period
    if not isinstance(several, list | tuple) or not all(isinstance(each, str | Period) for each in several):
        raise ValueError(f'found period={period!r}, expected one such as "2026-11", or a list of them')


def _asks_nothing_else(verb: Verb, **given: object) -> None:
    """`ValueError` for what only another verb asks: left out in silence, it would seem to be answered."""
    found = ", ".join(f"{name}=" for name, value in given.items() if value is not None)
    if found:
        raise ValueError(f"found {found} with {verb}, expected it with {_OF_OTHERS[verb]}: leave it out")


def _statements(verb: Verb) -> Any:
    """The module that needs the extra `sql` for a verb."""
    try:
        if verb == "price_estate":
            from feerules.statements import asking as module
        else:
            from feerules.statements import decisions as module  # type: ignore[no-redef]
    except ModuleNotFoundError as error:
        raise MissingExtra("to_sql", "sql", error.name or "") from error
    return module
