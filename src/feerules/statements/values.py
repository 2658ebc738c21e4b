"""How each dialect writes the values of an answer: amounts, days, moments, lists, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlglot import exp

from feerules.ledger.contradictions import CONTRADICTIONS
from feerules.sql_trees import call, cast, number, operated, text
from feerules.statements.engine import Column, Dialect

__all__ = ["Values", "case"]

CONTROL: Final = [*range(1, 32)]  # characters that JSON writes by their numbers; a database has no NUL
SHORT: Final = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"}

# Where functions differ by more than a name: each with its question marks in the order of its arguments.
WRITTEN: Final[Mapping[str, Mapping[str, str]]] = {
    "duckdb": {
        "given": "list_filter(?, x -> x IS NOT NULL)",
        "minute": "make_timestamp(? * 60000000)",
        "contradicting": "array_to_string(list_transform(?, x -> ?), ?)",
        "id": "x.id",
        "code": "x.code",
        "texts": "from_json(?, '[\"VARCHAR\"]')",
        "entries": "from_json(?, '[{\"code\": \"VARCHAR\", \"entry\": \"VARCHAR\", \"id\": \"VARCHAR\"}]')",
    },
    "postgres": {
        "given": "array_remove(?, NULL)",
        "minute": "TIMESTAMP '1970-01-01 00:00:00' + ? * INTERVAL '1 minute'",
        "contradicting": "(SELECT string_agg(?, ? ORDER BY x.n) FROM jsonb_array_elements(?) WITH ORDINALITY AS x(e, n))",
        "id": "x.e ->> 'id'",
        "code": "x.e ->> 'code'",
        "texts": "ARRAY(SELECT jsonb_array_elements_text(CAST(? AS JSONB)))",
        "entries": "CAST(? AS JSONB)",
    },
    "spark": {
        "given": "array_compact(?)",
        "contradicting": "array_join(transform(?, x -> ?), ?)",
        "id": "x.id",
        "code": "x.code",
    },
}  # fmt: skip
DAY: Final = {"duckdb": "%Y-%m-%d", "postgres": "YYYY-MM-DD", "spark": "yyyy-MM-dd"}
CLOCK: Final = {"duckdb": "%H:%M:%S", "postgres": "HH24:MI:SS", "spark": "HH:mm:ss"}
FORMATS: Final = {"duckdb": "STRFTIME", "postgres": "TO_CHAR", "spark": "DATE_FORMAT"}


def case(
    pairs: Iterable[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr | None = None, of: exp.Expr | None = None
) -> exp.Expr:
    """The value of the first test that holds, or whose word `of` is; else the last one, or null."""
    found = [exp.If(this=test, true=value) for test, value in pairs]
    last = exp.null() if otherwise is None else otherwise
    return exp.Case(this=of, ifs=found, default=last) if found else last


class Values:
    """The values of answers in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect, self.name = dialect, dialect.name

    def _written(self, what: str, *parts: exp.Expr) -> exp.Expr:
        return self.dialect.query(WRITTEN[self.name][what], *parts)

    # Types

    def nothing(self, kind: str) -> exp.Expr:
        return self.typed(exp.null(), kind)

    def typed(self, part: exp.Expr, kind: str, *, zoned: bool = False) -> exp.Expr:
        """As a column of answers has it; `zoned`: of moments on a clock with a zone."""
        types = {
            "text": "TEXT", "flag": "BOOLEAN", "count": "BIGINT", "money": "DECIMAL(18, 2)", "day": "DATE",
            "texts": "ARRAY<TEXT>", "moment": "TIMESTAMPTZ" if zoned else "TIMESTAMPNTZ",
        }  # fmt: skip
        return cast(part, types[kind])

    def minute(self, minutes: exp.Expr) -> exp.Expr:
        """A moment by its minutes since 1970-01-01, on a clock without a zone."""
        if self.name == "spark":
            start = cast(text("1970-01-01 00:00:00"), "TIMESTAMPNTZ")
            passed = call("MAKE_DT_INTERVAL", number(0), number(0), cast(minutes, "INT"))
            return operated(exp.Add, start, passed)
        return self._written("minute", minutes)

    def moment(self, at: datetime) -> exp.Expr:
        return self.typed(text(at.isoformat(sep=" ")), "moment", zoned=at.tzinfo is not None)

    def zoned(self, minutes: exp.Expr, zone: str) -> exp.Expr:
        """The moment at which a clock with a zone shows these minutes since 1970-01-01."""
        shown = self.moment_text(self.minute(minutes), " ")
        return self.typed(call("CONCAT", shown, text(zone)), "moment", zoned=True)

    def day_text(self, day: exp.Expr) -> exp.Expr:
        return call(FORMATS[self.name], day, text(DAY[self.name]))

    def moment_text(self, moment: exp.Expr, between: str = "T") -> exp.Expr:
        """The day and the time of a moment, as the clock shows them."""
        clock = call(FORMATS[self.name], moment.copy(), text(CLOCK[self.name]))
        return call("CONCAT", self.day_text(moment), text(between), clock)

    def joined_text(self, *parts: exp.Expr) -> exp.Expr:
        return call("CONCAT", *parts) if len(parts) > 1 else parts[0]

    # Lists

    def given(self, parts: Sequence[exp.Expr]) -> exp.Expr:
        """A list of those that are not null."""
        if not parts:
            return self.nothing("texts")
        return self._written("given", cast(exp.Array(expressions=list(parts)), "ARRAY<TEXT>"))

    def joined(self, texts: exp.Expr, separator: str) -> exp.Expr:
        return call("ARRAY_JOIN" if self.name == "spark" else "ARRAY_TO_STRING", texts, text(separator))

    def texts(self, column: Column) -> exp.Expr:
        """A column of lists of texts; where it is itself a text, it is JSON."""
        if column.carries != "text":
            return self.typed(column.expr(), "texts")
        if self.name == "spark":
            return call("FROM_JSON", _said(column), text("array<string>"))
        return self._written("texts", _said(column))

    def has(self, column: Column, entry: str | None) -> exp.Expr:
        """Whether a list has an entry, for None whether it has any; of contradictions and warnings."""
        if entry is None:
            return operated(exp.GT, self._count(self._entries(column)), number(0))
        return call("COALESCE", self._holds(self.texts(column), entry), exp.false())

    def _holds(self, texts: exp.Expr, entry: str) -> exp.Expr:
        if self.name == "postgres":
            return operated(exp.EQ, text(entry), exp.Any(this=exp.Paren(this=texts)))
        return call("LIST_CONTAINS" if self.name == "duckdb" else "ARRAY_CONTAINS", texts, text(entry))

    def _count(self, entries: exp.Expr) -> exp.Expr:
        names = {"duckdb": "LEN", "postgres": "JSONB_ARRAY_LENGTH", "spark": "SIZE"}
        return call("COALESCE", call(names[self.name], entries), number(0))

    def _entries(self, column: Column) -> exp.Expr:
        if self.name == "postgres":
            return self._written("entries", _said(column))
        if column.carries != "text":
            return column.expr()
        if self.name == "spark":
            return call("FROM_JSON", _said(column), text("array<struct<code:string,entry:string,id:string>>"))
        return self._written("entries", _said(column))

    # JSON

    def json_text(self, said: exp.Expr) -> exp.Expr:
        """A text as JSON, `null` where there is none."""
        if self.name == "postgres":
            return call("COALESCE", cast(call("TO_JSON", said), "TEXT"), text("null"))
        # Others write numbers of characters in capital letters.
        plain = call("REPLACE", call("REPLACE", said, text("\\"), text("\\\\")), text('"'), text('\\"'))
        written = plain.copy()
        for code in CONTROL:
            by = SHORT.get(code, f"\\u{code:04x}")
            written = call("REPLACE", written, call("CHR", number(code)), text(by))
        odd = call("CONCAT", *(call("CHR", number(code)) for code in CONTROL))
        is_plain = operated(exp.EQ, call("TRANSLATE", said.copy(), odd, text("")), said.copy())
        is_null = exp.Is(this=said.copy(), expression=exp.null())
        return case([(is_null, text("null")), (is_plain, self.quoted(plain))], self.quoted(written))

    def quoted(self, part: exp.Expr) -> exp.Expr:
        return call("CONCAT", text('"'), part, text('"'))

    def contradictions(self, column: Column) -> exp.Expr:
        """What contradicts what, in both languages, as JSON."""
        zh, en = (self.json_text(self._contradicting(column, number_)) for number_ in range(2))
        return call("CONCAT", text('{"zh":'), zh, text(',"en":'), en, text("}"))

    def _contradicting(self, column: Column, language: int) -> exp.Expr:
        code, name = self._written("code"), self._written("id")
        pairs = [(text(word), text(words[language])) for word, words in CONTRADICTIONS.items()]
        said = case(pairs, self._written("code"), of=code)
        told = (
            call("CONCAT", name, text(": "), said)
            if language
            else call("CONCAT", said, text("（"), name, text("）"))
        )
        separator = text("; " if language else "、")
        entries = self._entries(column)
        if self.name == "postgres":
            return self._written("contradicting", told, separator, entries)
        return self._written("contradicting", entries, told, separator)


def _said(column: Column) -> exp.Expr:
    """A column of JSON as a text that says something: an empty one says nothing."""
    return call("NULLIF", cast(column.expr(), "TEXT"), text(""))
