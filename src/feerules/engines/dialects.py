"""Where the dialects of SQL differ: whole division, look-ups in arrays, days, texts, lists turned into rows.

Subscripts of arrays count from 1 in two of them and from 0 in the third; whole division goes by three names,
and in Spark that of decimals gives wrong digits. So no such node of a tree is left to a translation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import sqlglot
from sqlglot import exp

from feerules.sql_trees import NotInSql, call, cast, number, operated, selected, table, text, whole

__all__ = ["BIGINT", "BOOLEAN", "TEXT", "WIDE", "Dialect", "dialect_of"]

Kind = str
BOOLEAN, BIGINT, WIDE, TEXT = "boolean", "bigint", "wide", "text"
MOST_DIGITS = 38
TOO_LONG = 10**32  # a quotient of Spark's decimals has six decimals, and 38 digits in all


# The dialects


class Dialect(ABC):
    """One dialect, by the name that sqlglot has for it."""

    name: str
    widest: str  # the type of whole numbers of up to 38 digits
    longest_name = 0  # the bytes that are kept of a name; 0 for no bound
    most_columns = 0  # of a row on its way; 0 for no bound

    def kind(self, kind: Kind) -> str:
        return {BIGINT: "BIGINT", WIDE: self.widest, BOOLEAN: "BOOLEAN", TEXT: "TEXT"}[kind]

    def as_kind(self, part: exp.Expr, kind: Kind) -> exp.Expr:
        return cast(part, self.kind(kind))

    def sql(self, tree: exp.Expr, *, pretty: bool = True) -> str:
        return tree.sql(dialect=self.name, pretty=pretty, copy=False)

    def adding(self, last: str, columns: Sequence[exp.Expr]) -> exp.Select:
        """The rows of a query with more columns, each computed once for a row, however often it is used."""
        return selected(whole(last), *columns).from_(table(last), copy=False)

    @abstractmethod
    def quotient(self, left: exp.Expr, right: exp.Expr, kind: Kind, most: int) -> exp.Expr:
        """left ÷ right without its rest, for left >= 0 and right > 0; the quotient is at most `most`."""

    @abstractmethod
    def numbers(self, table: Sequence[int], kind: Kind) -> exp.Expr:
        """A constant array."""

    @abstractmethod
    def texts(self, words: Sequence[str | None]) -> exp.Expr:
        """A constant array."""

    @abstractmethod
    def entry(self, array: exp.Expr, place: exp.Expr) -> exp.Expr:
        """The entry at a place, which counts from 0; null beyond the end."""

    @abstractmethod
    def listed(self, table: Sequence[int], kind: Kind) -> exp.Expr:
        """A query of the entries `v` of a table, by their places `i`."""

    def joins(self, entries: int, kind: Kind) -> bool:
        """Whether a table is so large that it is joined by its places, and does not stand in an expression."""
        return entries > 4_000

    @abstractmethod
    def matches(self, part: exp.Expr, pattern: str) -> exp.Expr:
        """Whether a whole text is of a pattern, which knows no backslash."""

    @abstractmethod
    def day_number(self, day: exp.Expr) -> exp.Expr:
        """The days of a date since 1970-01-01."""

    def day_number_of(self, written: exp.Expr) -> exp.Expr:
        """The days since 1970-01-01 of a text that is written as 2026-11-01; null where there is no such day."""
        return self.day_number(exp.TryCast(this=written, to=exp.DataType.build("DATE")))

    @abstractmethod
    def day(self, number_: exp.Expr) -> exp.Expr:
        """The date of a day number."""

    @abstractmethod
    def compact_day(self, day: exp.Expr) -> exp.Expr:
        """A date as 20261101."""

    @abstractmethod
    def plain_day(self, day: exp.Expr) -> exp.Expr:
        """A date as 2026-11-01."""

    def clock_of(self, day: exp.Expr, *, zoned: bool) -> exp.Expr:
        """The first moment of a date."""
        return cast(day, "TIMESTAMPTZ" if zoned else "TIMESTAMP")

    @abstractmethod
    def said(self, places: Sequence[exp.Expr]) -> exp.Expr:
        """A row for each of the places that is not null."""

    def by_bytes(self, part: exp.Expr) -> exp.Expr:
        """A text, to be put in order by its bytes."""
        return part

    def latest(self, part: exp.Expr, by: exp.Expr) -> exp.Expr:
        """Of a group, what stands where `by` is highest."""
        return call("MAX_BY", part, by)

    def is_finite(self, part: exp.Expr) -> exp.Expr:
        """Whether a date or moment is a day at all: some databases know an endless one."""
        return call("ISFINITE", part)

    def is_nan(self, part: exp.Expr) -> exp.Expr:
        return call("ISNAN", part)

    def parameter(self, name: str, place: int) -> exp.Expr:
        """What a statement leaves open, as the database itself writes it: by its name, or by its place."""
        return exp.Placeholder(this=name)

    def nearest(self, part: exp.Expr) -> exp.Expr:
        """The whole number nearest to a float; at a tie either will do."""
        return call("ROUND", part)

    def least(self, *parts: exp.Expr) -> exp.Expr:
        return call("LEAST", *parts)

    def greatest(self, *parts: exp.Expr) -> exp.Expr:
        return call("GREATEST", *parts)

    def query(self, written: str, *parts: exp.Expr) -> exp.Expr:
        """A query written in this dialect, with the parts in place of its question marks."""
        return exp.replace_placeholders(sqlglot.parse_one(written, dialect=self.name), *parts)


class _DuckDB(Dialect):
    name = "duckdb"
    widest = "INT128"

    def quotient(self, left: exp.Expr, right: exp.Expr, kind: Kind, most: int) -> exp.Expr:
        return operated(exp.IntDiv, left, right)

    def numbers(self, table: Sequence[int], kind: Kind) -> exp.Expr:
        return cast(text(f"[{','.join(map(str, table))}]"), f"{self.kind(kind)}[]")

    def texts(self, words: Sequence[str | None]) -> exp.Expr:
        return cast(
            exp.Array(expressions=[exp.null() if word is None else text(word) for word in words]), "TEXT[]"
        )

    def entry(self, array: exp.Expr, place: exp.Expr) -> exp.Expr:
        return call("LIST_EXTRACT", array, operated(exp.Add, place, number(1)))

    def listed(self, table: Sequence[int], kind: Kind) -> exp.Expr:
        return self.query(
            f"SELECT unnest(range({len(table)})) AS i, unnest(?) AS v", self.numbers(table, kind)
        )

    def matches(self, part: exp.Expr, pattern: str) -> exp.Expr:
        return call("REGEXP_FULL_MATCH", part, text(pattern))

    def latest(self, part: exp.Expr, by: exp.Expr) -> exp.Expr:
        # MAX_BY would pass over a row that says nothing.
        return call("ARG_MAX_NULL", part, by)

    def day_number(self, day: exp.Expr) -> exp.Expr:
        return operated(exp.Sub, day, _EPOCH.copy())

    def day(self, number_: exp.Expr) -> exp.Expr:
        return operated(exp.Add, _EPOCH.copy(), cast(number_, "INT"))

    def compact_day(self, day: exp.Expr) -> exp.Expr:
        return call("STRFTIME", day, text("%Y%m%d"))

    def plain_day(self, day: exp.Expr) -> exp.Expr:
        return call("STRFTIME", day, text("%Y-%m-%d"))

    def said(self, places: Sequence[exp.Expr]) -> exp.Expr:
        # Each place comes once; without repeats a list is without nulls too, and a lambda is written in
        # another way in each version.
        return call("UNNEST", call("LIST_DISTINCT", exp.Array(expressions=list(places))))


class _Postgres(Dialect):
    name = "postgres"
    widest = "DECIMAL"
    longest_name = 63
    most_columns = 1_600

    def adding(self, last: str, columns: Sequence[exp.Expr]) -> exp.Select:
        # An offset, even of none, keeps the planner from writing a column out at each of its uses; beside the
        # rows, and not around them, it leaves a condition on a key to an index.
        more = exp.Subquery(this=selected(*columns).offset(0, copy=False))
        alias = exp.TableAlias(this=exp.to_identifier("~more", quoted=True))
        both = selected(whole(last), whole("~more")).from_(table(last), copy=False)
        return both.join(exp.Lateral(this=more, alias=alias), join_type="CROSS", copy=False)

    def quotient(self, left: exp.Expr, right: exp.Expr, kind: Kind, most: int) -> exp.Expr:
        if kind == WIDE:
            return call("DIV", left, right)
        return operated(exp.Div, left, right, typed=True, safe=False)

    def numbers(self, table: Sequence[int], kind: Kind) -> exp.Expr:
        return cast(text(f"{{{','.join(map(str, table))}}}"), f"{self.kind(kind)}[]")

    def texts(self, words: Sequence[str | None]) -> exp.Expr:
        return cast(
            exp.Array(expressions=[exp.null() if word is None else text(word) for word in words]), "TEXT[]"
        )

    def entry(self, array: exp.Expr, place: exp.Expr) -> exp.Expr:
        place = cast(operated(exp.Add, place, number(1)), "INT")
        return exp.Bracket(this=exp.Paren(this=array), expressions=[place], offset=1)

    def listed(self, table: Sequence[int], kind: Kind) -> exp.Expr:
        return self.query(
            "SELECT t.n - 1 AS i, t.v FROM unnest(?) WITH ORDINALITY AS t(v, n)", self.numbers(table, kind)
        )

    def joins(self, entries: int, kind: Kind) -> bool:
        # An array of 64 bits is reached by its place at once, one of decimals is walked along; and what a join
        # gives is thought to be far more rows than come.
        return kind == WIDE and entries > 1_000

    def matches(self, part: exp.Expr, pattern: str) -> exp.Expr:
        return operated(exp.RegexpLike, part, text(f"^(?:{pattern})$"))

    def day_number(self, day: exp.Expr) -> exp.Expr:
        return operated(exp.Sub, day, _EPOCH.copy())

    def day(self, number_: exp.Expr) -> exp.Expr:
        return operated(exp.Add, _EPOCH.copy(), cast(number_, "INT"))

    def compact_day(self, day: exp.Expr) -> exp.Expr:
        return call("TO_CHAR", day, text("YYYYMMDD"))

    def plain_day(self, day: exp.Expr) -> exp.Expr:
        return call("TO_CHAR", day, text("YYYY-MM-DD"))

    def day_number_of(self, written: exp.Expr) -> exp.Expr:
        # A cast of a day that is none would be an error.
        year, month, day = (
            cast(call("SUBSTRING", written.copy(), number(at), number(size)), "INT")
            for at, size in ((1, 4), (6, 2), (9, 2))
        )
        leap = self.query(
            "CASE WHEN ? % 400 = 0 THEN 1 WHEN ? % 100 = 0 THEN 0 WHEN ? % 4 = 0 THEN 1 ELSE 0 END",
            *[year.copy() for _ in range(3)],
        )
        longest = self.query(
            "CASE WHEN ? = 2 THEN 28 + ? WHEN ? IN (4, 6, 9, 11) THEN 30 ELSE 31 END",
            month.copy(),
            leap,
            month.copy(),
        )
        known = self.query("? BETWEEN 1 AND 12 AND ? BETWEEN 1 AND ?", month.copy(), day, longest)
        return (
            exp.Case()
            .when(known, self.day_number(cast(written, "DATE")), copy=False)
            .else_(exp.null(), copy=False)
        )

    def said(self, places: Sequence[exp.Expr]) -> exp.Expr:
        return call("UNNEST", call("ARRAY_REMOVE", exp.Array(expressions=list(places)), exp.null()))

    def by_bytes(self, part: exp.Expr) -> exp.Expr:
        return exp.Collate(this=part, expression=exp.to_identifier("C", quoted=True))

    def latest(self, part: exp.Expr, by: exp.Expr) -> exp.Expr:
        return self.query("(array_agg(? ORDER BY ? DESC))[1]", part, by)

    def is_nan(self, part: exp.Expr) -> exp.Expr:
        return operated(exp.EQ, part, cast(text("NaN"), "DOUBLE"))

    def parameter(self, name: str, place: int) -> exp.Expr:
        return exp.Parameter(this=exp.Literal.number(place))


class _Spark(Dialect):
    name = "spark"
    widest = "DECIMAL(38, 0)"

    def quotient(self, left: exp.Expr, right: exp.Expr, kind: Kind, most: int) -> exp.Expr:
        if kind != WIDE:
            return operated(exp.IntDiv, left, right)
        if most < TOO_LONG:
            return self._exactly(left, right)
        # Long division in two halves of 19 digits, for each of which the quotient is short enough.
        half = exp.cast(number(10**19), self.widest)
        high = self._exactly(left.copy(), half.copy())
        low = operated(exp.Mod, left.copy(), half.copy())
        rest = operated(
            exp.Add, operated(exp.Mul, operated(exp.Mod, high.copy(), right.copy()), half.copy()), low
        )
        first = operated(exp.Mul, self._exactly(high, right.copy()), half)
        return operated(exp.Add, first, self._exactly(rest, right))

    def _exactly(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        whole = operated(exp.Sub, left.copy(), operated(exp.Mod, left, right.copy()))
        return self.as_kind(operated(exp.Div, whole, right, typed=True, safe=False), WIDE)

    def numbers(self, table: Sequence[int], kind: Kind) -> exp.Expr:
        listed = text(f"[{','.join(map(str, table))}]")
        return call("FROM_JSON", listed, text(f"array<{self.kind(kind).lower().replace(' ', '')}>"))

    def texts(self, words: Sequence[str | None]) -> exp.Expr:
        return exp.Array(
            expressions=[cast(exp.null(), "TEXT") if word is None else text(word) for word in words]
        )

    def entry(self, array: exp.Expr, place: exp.Expr) -> exp.Expr:
        return call("GET", array, cast(place, "INT"))

    def listed(self, table: Sequence[int], kind: Kind) -> exp.Expr:
        return self.query(
            "SELECT t.i, t.v FROM (SELECT posexplode(?) AS (i, v)) AS t", self.numbers(table, kind)
        )

    def matches(self, part: exp.Expr, pattern: str) -> exp.Expr:
        # Java's $ is also before a line break at the end.
        return operated(exp.RegexpLike, part, text(f"(?s)^(?:{pattern})(?!.)"))

    def day_number(self, day: exp.Expr) -> exp.Expr:
        return call("UNIX_DATE", day)

    def day(self, number_: exp.Expr) -> exp.Expr:
        return call("DATE_FROM_UNIX_DATE", cast(number_, "INT"))

    def compact_day(self, day: exp.Expr) -> exp.Expr:
        return call("DATE_FORMAT", day, text("yyyyMMdd"))

    def plain_day(self, day: exp.Expr) -> exp.Expr:
        return call("DATE_FORMAT", day, text("yyyy-MM-dd"))

    def said(self, places: Sequence[exp.Expr]) -> exp.Expr:
        return call("EXPLODE", call("ARRAY_COMPACT", exp.Array(expressions=list(places))))

    def day_number_of(self, written: exp.Expr) -> exp.Expr:
        moment = call("TRY_TO_TIMESTAMP", written, text("yyyy-MM-dd"))
        return self.day_number(cast(moment, "DATE"))

    def is_finite(self, part: exp.Expr) -> exp.Expr:
        return exp.Not(this=exp.Is(this=part, expression=exp.null()))

    def nearest(self, part: exp.Expr) -> exp.Expr:
        return call("RINT", part)


_EPOCH = cast(text("1970-01-01"), "DATE")
_DIALECTS: dict[str, Dialect] = {each.name: each for each in (_DuckDB(), _Postgres(), _Spark())}
_DOUBLES = "whole numbers divide through doubles there, and the last fen would be a guess"
_NO_ARRAYS = "it knows no arrays in which a table could be looked up"
_REFUSED = {
    "clickhouse": _DOUBLES,
    "trino": _DOUBLES,
    "presto": _DOUBLES,
    "sqlite": f"{_DOUBLES}, and {_NO_ARRAYS}",
    "tsql": f"{_DOUBLES}, and {_NO_ARRAYS}",
    "mysql": _NO_ARRAYS,
    "oracle": f"{_NO_ARRAYS}, and an empty text is none there",
}


def dialect_of(name: str) -> Dialect:
    """The dialect of a name; `NotInSql` that says why for every other."""
    known = "postgres" if name.lower() == "postgresql" else name.lower()
    if known in _DIALECTS:
        return _DIALECTS[known]
    why = _REFUSED.get(known, "of these alone every operation is proved to give the same fen")
    raise NotInSql(f"found the dialect {name!r}, expected one of {', '.join(_DIALECTS)}: {why}")
