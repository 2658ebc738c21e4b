"""Parts of a tree of SQL, built so that nothing in them is translated, reordered or read as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from feerules.errors import FeeRulesError

__all__ = [
    "NotInSql",
    "alias",
    "anything",
    "call",
    "cast",
    "column",
    "decimal",
    "every",
    "is_null",
    "named",
    "number",
    "of",
    "operated",
    "selected",
    "table",
    "text",
    "whole",
]


class NotInSql(FeeRulesError, ValueError):
    """What cannot be asked of a database in SQL."""


def number(value: int) -> exp.Expr:
    return (
        exp.Literal.number(value) if value >= 0 else exp.Paren(this=exp.Neg(this=exp.Literal.number(-value)))
    )


def text(value: str) -> exp.Expr:
    """A literal; `NotInSql` for what no database takes in a text."""
    if "\0" in value:
        raise NotInSql(f"found a NUL character in {value!r}, expected text that a database can hold")
    return exp.Literal.string(value)


def operated(kind: type[exp.Expr], left: exp.Expr, right: exp.Expr, **more: Any) -> exp.Expr:
    """left and right joined by an operator, each in parentheses where it is itself an operation."""
    return kind(this=_closed(left), expression=_closed(right), **more)


def _closed(part: exp.Expr) -> exp.Expr:
    open_ = isinstance(part, exp.Binary | exp.Connector | exp.Not | exp.Neg | exp.Between | exp.Is | exp.In)
    return exp.Paren(this=part) if open_ else part


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function by its own name, never translated."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(part: exp.Expr, kind: str) -> exp.Expr:
    return exp.Cast(this=part, to=exp.DataType.build(kind))


def anything(tests: Sequence[exp.Expr]) -> exp.Expr:
    """Whether one of the tests holds."""
    return _joined(exp.Or, tests) if tests else exp.false()


def every(tests: Sequence[exp.Expr]) -> exp.Expr:
    return _joined(exp.And, tests) if tests else exp.true()


def _joined(kind: type[exp.Expr], tests: Sequence[exp.Expr]) -> exp.Expr:
    """A balanced tree: writers of SQL walk it by recursion."""
    if len(tests) == 1:
        return tests[0]
    half = len(tests) // 2
    return operated(kind, _joined(kind, tests[:half]), _joined(kind, tests[half:]))


def table(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def selected(*columns: exp.Expr) -> exp.Select:
    """A query of some columns, or of all."""
    return exp.Select(expressions=[*columns] or [exp.Star()])


def column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def of(source: str, name: str) -> exp.Expr:
    """A column of a query."""
    return exp.column(name, table=exp.to_identifier(source, quoted=True), quoted=True)


def alias(part: exp.Expr, name: str) -> exp.Expr:
    return exp.Alias(this=part, alias=exp.to_identifier(name, quoted=True))


def named(query: exp.Query, name: str) -> exp.Subquery:
    """A query as it stands behind FROM."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def is_null(part: exp.Expr) -> exp.Expr:
    return exp.Is(this=part, expression=exp.null())


def decimal(scaled: exp.Expr, scale: int, places: int, most: int) -> exp.Expr:
    """A whole number of `scale` decimals as a decimal of `places`: by a product with a power of ten, never a quotient.

    `most` bounds the decimal's own digits: what fits 18 of them is stored in half the space.
    """
    # A sum of many has more digits than 64 bits; with its decimals it must fit 38.
    exact = cast(scaled, "DECIMAL(19, 0)" if most < 10**18 else f"DECIMAL({38 - scale}, 0)")
    if scale:
        exact = operated(exp.Mul, exact, exp.Literal.number(f"0.{'1'.rjust(scale, '0')}"))
    return cast(exact, f"DECIMAL({18 if most < 10**18 else 38}, {places})")


def whole(name: str) -> exp.Expr:
    """Every column of a query."""
    return exp.Column(this=exp.Star(), table=exp.to_identifier(name, quoted=True))
