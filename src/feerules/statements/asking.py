"""From a book and a question to statements of SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

from sqlglot import exp

from feerules.book import Book
from feerules.periods import Period
from feerules.reasons import reason
from feerules.sql_trees import cast, operated, selected, text
from feerules.statements.engine import Dialect, dialect_of
from feerules.statements.prices import Prices
from feerules.statements.sources import Source, SourceError
from feerules.statements.statement import Statement

__all__ = ["price_statement"]

When = str | Period | Sequence[str | Period]
PERIOD = "period"  # the name of the parameter
PROBLEM_COLUMNS = ("frame", "row_id", "unit_id", "fee", "fact", "value", "code", "reason")


def price_statement(
    book: Book,
    dialect: str,
    table: str,
    period: When,
    *,
    columns: Mapping[str, str] | None,
    form: Literal["wide", "long"],
    key: str,
    accrue: bool,
    unique: bool,
    pools: str | None = None,
    pool_columns: Mapping[str, str] | None = None,
) -> Statement:
    """See `feerules.to_sql`."""
    if form not in ("wide", "long"):
        raise ValueError(f'found form={form!r}, expected "wide" or "long"')
    kind = dialect_of(dialect)
    source = Source(table, columns, kind, book.mapping)
    one = isinstance(period, str | Period)
    if not one and kind.parameter(PERIOD, 1).name in source.left_open:
        raise SourceError(
            f"found the parameter of the period in the query {table!r} too: give yours another {'number' if kind.name == 'postgres' else 'name'}"
        )
    key = source.called(key)
    shared = None if pools is None else Source(pools, pool_columns, kind, book.mapping)
    made = partial(Prices, book, source=source, key=key, accrue=accrue, unique=unique, pools=shared)
    rows, problems = _trees(made, source, period, form)
    parameters = (*(() if one else (PERIOD,)), *source.left_open)
    return Statement(kind.sql(rows), kind.sql(problems), kind.name, book.digest, parameters)


def _trees(
    made: Callable[..., Prices], source: Source, period: When, form: str
) -> tuple[exp.Query, exp.Query]:
    if isinstance(period, str | Period):
        one = made(period=_read(period))
        return (one.wide() if form == "wide" else one.long()), one.problems()
    periods = {str(_read(each)): _read(each) for each in period}
    if not periods:
        raise SourceError("found no period, expected at least one that the parameter can be")
    asked = {
        name: made(period=each, only_if=_is_asked(name, source.dialect)) for name, each in periods.items()
    }
    every_fee = [*dict.fromkeys(fee for prices in asked.values() for fee in prices.fees)]
    rows = [prices.wide(every_fee) if form == "wide" else prices.long() for prices in asked.values()]
    problems = [prices.problems() for prices in asked.values()]
    return _all(rows), _all([*problems, _other_period(periods, source.dialect)])


def _read(period: str | Period) -> Period:
    return Period.parse(period) if isinstance(period, str) else period


def _is_asked(name: str, dialect: Dialect) -> exp.Expr:
    return operated(exp.EQ, _asked(dialect), text(name))


def _asked(dialect: Dialect) -> exp.Expr:
    return cast(dialect.parameter(PERIOD, 1), "TEXT")


def _all(queries: Sequence[exp.Query]) -> exp.Query:
    """The rows of all queries."""
    every: exp.Query | None = None
    for number, query in enumerate(queries):
        inner = selected().from_(query.subquery(f"q{number}", copy=False), copy=False)
        every = inner if every is None else exp.Union(this=every, expression=inner, distinct=False)
    assert every is not None  # there is at least one period
    return every


def _other_period(periods: Mapping[str, Period], dialect: Dialect) -> exp.Select:
    """One problem, where the parameter is a period that the statement was not written for."""
    told: dict[str, exp.Expr] = {
        "frame": text("units"), "value": _asked(dialect), "code": text("other_period"), "reason": text(reason("other_period")),
    }  # fmt: skip
    columns = [
        exp.alias_(cast(told.get(name, exp.null()), "TEXT"), name, quoted=True) for name in PROBLEM_COLUMNS
    ]
    known = exp.In(this=_asked(dialect), expressions=[text(name) for name in periods])
    return selected(*columns).where(exp.not_(known), copy=False)
