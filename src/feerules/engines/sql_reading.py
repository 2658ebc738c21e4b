"""How the columns of a table carry facts: for each, SQL for its value and for what is wrong with it.

As `encoding` does for frames, code for code. The type of a column, as its database tells it, decides once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from feerules.engines.dialects import WIDE, Dialect
from feerules.engines.guarding import CODES
from feerules.engines.sql_columns import Column, width
from feerules.plan.nodes import Leaf
from feerules.sql_trees import call, cast, is_null, number, operated, text

__all__ = ["Reading", "read"]

FLOAT_EXACT = 2**53 - 1
MAX_DIGITS = 1000  # longer texts are no numbers, as in money
NUMBER = "[+-]?[0-9]+([.][0-9]+)?"
DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = DATE + "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)?"

SQL = exp.Expr


# Readings


@dataclass(frozen=True)
class Reading:
    """How one column carries one fact: as `encoding.Reading`, over a query that holds `raw` as a column."""

    leaf: Leaf
    raw: SQL | None
    value: SQL
    ok: SQL
    missing: SQL
    problems: tuple[tuple[SQL, str], ...]
    said: SQL
    kind: str

    @property
    def encoded(self) -> SQL:
        """The value for the plan: never null, and inside the domain even where nothing can be read."""
        case = exp.Case()
        if self.leaf.default is not None:
            case = case.when(self.missing.copy(), number(self.leaf.default), copy=False)
        return case.when(self.ok.copy(), self.value.copy(), copy=False).else_(
            number(self.leaf.lo), copy=False
        )

    @property
    def present(self) -> SQL:
        return exp.true() if self.leaf.default is not None else exp.not_(self.missing.copy(), copy=False)

    @property
    def sound(self) -> SQL:
        """Whether the fact can be used: given and readable, or absent where that is allowed."""
        if self.leaf.optional or self.leaf.default is not None:
            return operated(exp.Or, self.missing.copy(), self.ok.copy())
        return self.ok.copy()

    @property
    def code(self) -> SQL:
        """The position of the problem's code in `CODES`, where the fact is not sound."""
        case = exp.Case().when(self.missing.copy(), number(CODES.index("missing")), copy=False)
        for test, problem in self.problems:
            case = case.when(test.copy(), number(CODES.index(problem)), copy=False)
        return case.else_(number(CODES.index("out_of_domain")), copy=False)


def read(leaf: Leaf, column: Column | None, raw: str, dialect: Dialect) -> Reading:
    """How a column carries the fact, what is read of it being kept in the column `raw`; without one, nothing was said."""
    if column is None or column.carries == "nothing":
        nothing = cast(exp.null(), "TEXT")
        return Reading(
            leaf, None, number(leaf.lo), exp.false(), exp.true(), (), nothing, width(leaf.lo, leaf.hi)
        )
    return _Reader(leaf, column, raw, dialect).reading()


class _Reader:
    def __init__(self, leaf: Leaf, column: Column, raw: str, dialect: Dialect) -> None:
        self.leaf, self.column, self.dialect = leaf, column, dialect
        self.raw = exp.column(raw, quoted=True)
        self.kind = width(leaf.lo, leaf.hi)
        self.lo, self.hi = leaf.lo, leaf.hi

    def reading(self) -> Reading:
        match self.leaf.kind:
            case "decimal" | "integer":
                return self._number()
            case "boolean" | "choice" | "text":
                return self._word()
            case "date":
                return self._date()
            case "datetime":
                return self._moment()

    def _made(self, raw: SQL | None, value: SQL, ok: SQL, *problems: tuple[SQL, str]) -> Reading:
        return Reading(self.leaf, raw, value, ok, self._missing(), problems, self._said(), self.kind)

    def _wrong(self) -> Reading:
        """A type that never carries such a fact: whatever is given is wrong."""
        return self._made(None, number(self.lo), exp.false(), (exp.true(), "wrong_type"))

    def _text(self) -> SQL:
        return cast(self.column.expr(), "TEXT")

    def _missing(self) -> SQL:
        null = is_null(self.column.expr())
        if self.column.carries == "float":
            return operated(exp.Or, null, self.dialect.is_nan(self.column.expr()))
        if self.column.carries == "decimal" and self.dialect.name == "postgres":
            return operated(exp.Or, null, operated(exp.EQ, self.column.expr(), cast(text("NaN"), "DECIMAL")))
        if self.column.carries == "text":
            return operated(exp.Or, null, operated(exp.EQ, self._text(), text("")))
        return null

    def _said(self) -> SQL:
        told = text("a value of another type") if self.column.carries == "other" else self._text()
        return (
            exp.Case()
            .when(exp.not_(self._missing(), copy=False), told, copy=False)
            .else_(cast(exp.null(), "TEXT"), copy=False)
        )

    # Numbers

    def _number(self) -> Reading:
        match self.column.carries:
            case "integer":
                return self._whole()
            case "decimal":
                bounds = max(abs(self.lo), abs(self.hi))
                fits = self.dialect.name != "duckdb" or self.column.compares(bounds, self.leaf.places)
                return self._decimal() if fits else self._number_text()
            case "float":
                return self._float()
            case "text":
                return self._number_text()
        return self._wrong()

    def _whole(self) -> Reading:
        factor = 10**self.leaf.places
        lo, hi = -(-self.lo // factor), self.hi // factor
        ok = _between(self.column.expr(), lo, hi) if lo <= hi else exp.false()
        value = self.dialect.as_kind(self.column.expr(), self.kind)
        return self._made(None, value if factor == 1 else operated(exp.Mul, value, self._factor(factor)), ok)

    def _factor(self, factor: int) -> SQL:
        return self.dialect.as_kind(number(factor), WIDE) if self.kind == WIDE else number(factor)

    def _decimal(self) -> Reading:
        places, given = self.leaf.places, self.column.places
        value = self.column.expr()
        most = max(abs(self.lo), abs(self.hi))
        inside = exp.Between(
            this=value, low=self._decimal_literal(self.lo), high=self._decimal_literal(self.hi)
        )
        kept = self._held(value.copy(), most)
        if given is not None and given <= places:
            return self._made(None, kept, inside)
        precise = operated(exp.EQ, value.copy(), self._cut(value.copy()))
        ok = operated(exp.And, inside, precise)
        problems: list[tuple[SQL, str]] = [(exp.not_(precise.copy(), copy=False), "imprecise")]
        if self.dialect.name == "postgres" and given is None:
            endless = operated(exp.EQ, call("ABS", value.copy()), cast(text("Infinity"), "DECIMAL"))
            problems.insert(0, (endless, "wrong_type"))
        return self._made(None, kept, ok, *problems)

    def _cut(self, value: SQL) -> SQL:
        """A decimal without what it has beyond the fact's places."""
        if self.dialect.name == "postgres":
            return call("TRUNC", value, number(self.leaf.places))
        rest = operated(exp.Mod, value.copy(), self._decimal_literal(1))
        return operated(exp.Sub, value, rest)

    def _decimal_literal(self, scaled: int) -> SQL:
        """A scaled value of the fact as a decimal."""
        places = self.leaf.places
        digits = str(abs(scaled)).rjust(places + 1, "0")
        whole, part = (digits[:-places], digits[-places:]) if places else (digits, "")
        written = f"{'-' if scaled < 0 else ''}{whole}{'.' if part else ''}{part}"
        return cast(text(written), f"DECIMAL({max(len(whole) + places, 1)}, {places})")

    def _held(self, value: SQL, most: int) -> SQL:
        """A decimal in the domain as the scaled whole number."""
        factor = 10**self.leaf.places
        if self.dialect.name != "postgres":
            digits = 18 if most * factor < 10**18 else 38
            if most * factor >= 10**38:
                return self._digits(cast(value, "TEXT"), self.kind)
            value = cast(value, f"DECIMAL({digits}, {self.leaf.places})")
        scaled = operated(exp.Mul, value, number(factor)) if factor > 1 else value
        return self.dialect.as_kind(scaled, self.kind)

    def _float(self) -> Reading:
        given = cast(self.column.expr(), "DOUBLE")
        lo, hi = max(self.lo, -FLOAT_EXACT), min(self.hi, FLOAT_EXACT)
        factor = 10**self.leaf.places
        # A product of larger ones could pass what a double holds, which is an error in some databases.
        small = _between(given.copy(), -FLOAT_EXACT, FLOAT_EXACT)
        product = operated(exp.Mul, given.copy(), _double(factor)) if factor > 1 else given.copy()
        raw = (
            exp.Case()
            .when(small, self.dialect.nearest(product), copy=False)
            .else_(cast(exp.null(), "DOUBLE"), copy=False)
        )
        back = operated(exp.Div, self.raw.copy(), _double(factor), typed=True, safe=False)
        exact = operated(
            exp.And,
            operated(exp.EQ, back, given.copy()),
            _between(self.raw.copy(), -FLOAT_EXACT, FLOAT_EXACT),
        )
        inside = _between(self.raw.copy(), lo, hi) if lo <= hi else exp.false()
        endless = operated(exp.EQ, call("ABS", given.copy()), cast(text("Infinity"), "DOUBLE"))
        value = self.dialect.as_kind(cast(self.raw.copy(), "BIGINT"), self.kind)
        unclear = exp.not_(call("COALESCE", exact.copy(), exp.false()), copy=False)
        return self._made(
            raw, value, operated(exp.And, exact, inside), (endless, "wrong_type"), (unclear, "imprecise")
        )

    def _number_text(self) -> Reading:
        places = self.leaf.places
        said = call("TRIM", self._text())
        if self.dialect.name != "spark":
            said = call("BTRIM" if self.dialect.name == "postgres" else "TRIM", self._text(), text(" "))
        decimals = f"[.][0-9]{{1,{places}}}0*|[.]0+" if places else "[.]0+"
        short = operated(
            exp.LTE,
            call("OCTET_LENGTH" if self.dialect.name == "postgres" else "LENGTH", self.raw.copy()),
            number(MAX_DIGITS),
        )
        shape = operated(exp.And, short.copy(), self.dialect.matches(self.raw.copy(), NUMBER))
        exact = self.dialect.matches(self.raw.copy(), f"[+-]?[0-9]+({decimals})?")
        most = max(abs(self.lo), abs(self.hi))
        # Fewer digits first: only what has no more than the domain can be cast.
        few = operated(exp.LTE, call("LENGTH", self._significant(self.raw.copy())), number(len(str(most))))
        readable = operated(exp.And, operated(exp.And, short, exact.copy()), few)
        # As many digits can be more than the domain, and more than 64 bits.
        kind = width(0, 10 ** len(str(most)) - 1)
        value: SQL = (
            exp.Case()
            .when(readable, self._digits(self.raw.copy(), kind), copy=False)
            .else_(_null(self.dialect, kind), copy=False)
        )
        ok = _between(value.copy(), self.lo, self.hi)
        if kind != self.kind:
            value = self.dialect.as_kind(value, self.kind)
        return self._made(
            said,
            value,
            ok,
            (exp.not_(shape, copy=False), "wrong_type"),
            (exp.not_(exact, copy=False), "imprecise"),
        )

    def _significant(self, said: SQL) -> SQL:
        """The digits of a number's text, down to the fact's places, without zeros before."""
        plain = call("REPLACE", call("REPLACE", said, text("-"), text("")), text("+"), text(""))
        whole = call("SPLIT_PART", plain, text("."), number(1))
        places = self.leaf.places
        if places:
            part = call(
                "RPAD",
                call(
                    "SUBSTRING",
                    call("SPLIT_PART", plain.copy(), text("."), number(2)),
                    number(1),
                    number(places),
                ),
                number(places),
                text("0"),
            )
            whole = call("CONCAT", whole, part)
        if self.dialect.name == "spark":
            # Spark's LTRIM names what is taken away first.
            return call("LTRIM", text("0"), whole)
        return call("LTRIM", whole, text("0"))

    def _digits(self, said: SQL, kind: str) -> SQL:
        digits = call("COALESCE", call("NULLIF", self._significant(said.copy()), text("")), text("0"))
        size = self.dialect.as_kind(digits, kind)
        negative = operated(exp.EQ, call("SUBSTRING", said, number(1), number(1)), text("-"))
        # By a difference: Spark's own minus keeps 34 digits of a decimal.
        return (
            exp.Case()
            .when(negative, operated(exp.Sub, number(0), size.copy()), copy=False)
            .else_(size, copy=False)
        )

    # Words

    def _word(self) -> Reading:
        carries = self.column.carries
        if self.leaf.kind == "boolean" and carries == "boolean":
            coded = exp.Case().when(self.column.expr(), number(1), copy=False).else_(number(0), copy=False)
            ok = operated(
                exp.And,
                exp.not_(is_null(self.column.expr()), copy=False),
                _between(coded.copy(), self.lo, self.hi),
            )
            return self._made(None, coded, ok)
        whole = carries == "integer" or (carries == "decimal" and self.column.places == 0)
        if not (carries == "text" or (self.leaf.kind == "text" and whole)):
            return self._wrong()
        unknown = "unknown_value" if self.leaf.kind == "choice" else "wrong_type"
        known = exp.not_(is_null(self.raw.copy()), copy=False)
        ok = operated(exp.And, known, _between(self.raw.copy(), self.lo, self.hi))
        value = self.dialect.as_kind(self.raw.copy(), self.kind)
        return self._made(self._coded(), value, ok, (is_null(self.raw.copy()), unknown))

    def _coded(self) -> SQL:
        other = len(self.leaf.codes) if self.leaf.kind == "text" else None
        last = exp.null() if other is None else number(other)
        case = exp.Case(this=self._plain())
        case = case.when(text(""), exp.null(), copy=False)
        for word, code in self._words().items():
            case = case.when(text(word), number(code), copy=False)
        null = (
            exp.Case()
            .when(is_null(self.column.expr()), exp.null(), copy=False)
            .else_(case.else_(last, copy=False), copy=False)
        )
        return cast(null, "BIGINT")

    def _plain(self) -> SQL:
        """The text, compared by its bytes."""
        said = self._text()
        if self.dialect.name == "postgres":
            return exp.Collate(this=said, expression=exp.to_identifier("C", quoted=True))
        return said

    def _words(self) -> Mapping[str, int]:
        """Every spelling and its code; the empty text is no word, it says nothing."""
        words: dict[str, int] = {}
        if self.leaf.kind != "boolean":
            words.update((word, code) for code, word in reversed([*enumerate(self.leaf.codes)]))
        if self.leaf.kind != "text":
            for word, code in self.leaf.words:
                words.setdefault(word, code)
        words.pop("", None)
        return words

    # Days and moments

    def _date(self) -> Reading:
        match self.column.carries:
            case "date":
                return self._counted(self._finite(self.dialect.day_number(self.column.expr())))
            case "moment" | "zoned":
                day = cast(self.column.expr(), "DATE")
                exact = operated(exp.EQ, self.column.expr(), self._same_clock(day.copy()))
                return self._counted(self._finite(self.dialect.day_number(day)), exact=exact)
            case "text":
                return self._counted(self._day_of(DATE), (is_null(self.raw.copy()), "wrong_type"))
        return self._wrong()

    def _same_clock(self, part: SQL) -> SQL:
        if self.column.carries == "zoned":
            return cast(part, "TIMESTAMPTZ")
        kind = "TIMESTAMPNTZ" if self.dialect.name != "spark" else "TIMESTAMP"
        return cast(part, kind)

    def _finite(self, count: SQL) -> SQL:
        return (
            exp.Case()
            .when(self.dialect.is_finite(cast(self.column.expr(), "DATE")), cast(count, "BIGINT"), copy=False)
            .else_(exp.null(), copy=False)
        )

    def _counted(self, raw: SQL, *problems: tuple[SQL, str], exact: SQL | None = None) -> Reading:
        ok = _between(self.raw.copy(), self.lo, self.hi)
        if exact is None:
            return self._made(raw, self.raw.copy(), ok, *problems)
        return self._made(
            raw,
            self.raw.copy(),
            operated(exp.And, ok, exact),
            *problems,
            (exp.not_(exact.copy(), copy=False), "imprecise"),
        )

    def _moment(self) -> Reading:
        column = self.column
        if column.carries == "moment":
            minute = call("DATE_TRUNC", text("minute"), column.expr())
            minutes = self._minutes(
                self.dialect.day_number(cast(column.expr(), "DATE")), self._part("HOUR"), self._part("MINUTE")
            )
            return self._counted(self._finite(minutes), exact=operated(exp.EQ, column.expr(), minute))
        if column.carries != "text":
            return self._wrong()
        hour, minute, second = (self._clock(at) for at in (12, 15, 18))
        days = self._day_of(MOMENT)
        whole = operated(exp.EQ, second, number(0))
        return self._counted(
            self._minutes(days, hour, minute), (is_null(self.raw.copy()), "wrong_type"), exact=whole
        )

    def _part(self, name: str) -> SQL:
        return cast(exp.Extract(this=exp.var(name), expression=self.column.expr()), "BIGINT")

    def _minutes(self, days: SQL, hours: SQL, minutes: SQL) -> SQL:
        total = operated(
            exp.Add,
            operated(exp.Mul, cast(days, "BIGINT"), number(1440)),
            operated(exp.Mul, hours, number(60)),
        )
        return operated(exp.Add, total, minutes)

    def _clock(self, at: int) -> SQL:
        digits = call("NULLIF", call("SUBSTRING", self._text(), number(at), number(2)), text(""))
        shaped = self.dialect.matches(self._text(), MOMENT)
        return (
            exp.Case()
            .when(shaped, call("COALESCE", cast(digits, "BIGINT"), number(0)), copy=False)
            .else_(number(0), copy=False)
        )

    def _day_of(self, pattern: str) -> SQL:
        """The day number that a text of this pattern begins with; null for any other, and for a day that is none."""
        first = call("SUBSTRING", self._text(), number(1), number(10))
        # Some databases read a year 0000, which is none.
        year_0 = operated(exp.EQ, call("SUBSTRING", self._text(), number(1), number(4)), text("0000"))
        shaped = operated(exp.And, self.dialect.matches(self._text(), pattern), exp.not_(year_0, copy=False))
        return (
            exp.Case()
            .when(shaped, self.dialect.day_number_of(first), copy=False)
            .else_(exp.null(), copy=False)
        )


def _between(part: SQL, lo: int, hi: int) -> SQL:
    return exp.Between(this=part, low=number(lo), high=number(hi))


def _double(value: int) -> SQL:
    return cast(number(value), "DOUBLE")


def _null(dialect: Dialect, kind: str) -> SQL:
    return dialect.as_kind(exp.null(), kind)
