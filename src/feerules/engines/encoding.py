"""How the columns of a frame carry facts: for each, expressions for its value and for what is wrong with it.

Decided by the column's type when a plan is prepared, so that a batch costs a few vector operations. A
row means the same here as one record means to the scalar engine's `encode`, code for code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from feerules.plan.nodes import Leaf

__all__ = ["WIDTHS", "Reading", "read", "width"]

WIDTHS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128)
FLOAT_EXACT = 2**53 - 1
MAX_DIGITS = 1000  # longer texts are no numbers, as in money
CHAIN = 12  # up to so many words, comparing costs less than a look-up
CATEGORIES = 100  # comparing categories costs a tenth of that
LATEST = 10**12  # microseconds beyond any calendar are no concern: only the order of magnitude counts

INTEGERS = (
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.UInt128,
)  # fmt: skip
PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)?$"


def width(lo: int, hi: int) -> pl.DataType:
    """The narrowest integer type that holds lo..hi."""
    bits = max(lo.bit_length() if lo >= 0 else (~lo).bit_length(), hi.bit_length() if hi >= 0 else 0)
    return next(each() for each, most in zip(WIDTHS, (7, 15, 31, 63, 127), strict=True) if bits <= most)


@dataclass(frozen=True)
class Reading:
    """Expressions over the frame's columns and, in all but `raw`, over the column `name` that holds `raw`.

    `ok` holds where the fact was given and can be read, and is false or null elsewhere; `value` is the
    encoded fact where `ok`, and anything or null elsewhere. `codes` are (test, problem code) for what was
    given and is not `ok`, in order; where no test holds, it is out of the domain.
    """

    raw: pl.Expr
    value: pl.Expr
    ok: pl.Expr
    missing: pl.Expr
    codes: tuple[tuple[pl.Expr, str], ...]
    said: pl.Expr

    @property
    def code(self) -> pl.Expr:
        chain = pl.when(self.missing).then(pl.lit("missing"))
        for test, code in self.codes:
            chain = chain.when(test).then(pl.lit(code))
        return chain.otherwise(pl.lit("out_of_domain"))


def read(leaf: Leaf, column: str | None, dtype: pl.DataType, name: str) -> Reading:
    """How `column` of this type carries the fact; without a column nothing was said in any row."""
    if column is None or dtype == pl.Null:
        nothing = pl.lit(None, pl.Int8)
        false = pl.lit(False)
        return Reading(nothing, pl.col(name), false, pl.lit(True), (), pl.lit(None, pl.String))
    return _Column(leaf, pl.col(column), dtype, pl.col(name)).reading()


class _Column:
    def __init__(self, leaf: Leaf, column: pl.Expr, dtype: pl.DataType, raw: pl.Expr) -> None:
        self.leaf, self.column, self.dtype, self.raw = leaf, column, dtype, raw
        self.worded = dtype in (pl.String, pl.Categorical, pl.Enum)

    def reading(self) -> Reading:
        match self.leaf.kind:
            case "decimal" | "integer":
                return self._number()
            case "boolean" | "choice" | "text":
                return self._word()
            case "date":
                return self._date()
            case "datetime":
                return self._datetime()

    def _made(
        self, raw: pl.Expr, value: pl.Expr, ok: pl.Expr, *codes: tuple[pl.Expr, str]
    ) -> Reading:
        return Reading(raw, value.cast(self.type, wrap_numerical=True), ok, self._missing(), codes, self._said())

    @property
    def type(self) -> pl.DataType:
        return width(self.leaf.lo, self.leaf.hi)

    def _wrong(self) -> Reading:
        """A type that can never carry this fact: whatever is given is wrong."""
        no = pl.lit(False)
        return Reading(
            pl.lit(None, pl.Int8), self.raw, no, self._missing(), ((pl.lit(True), "wrong_type"),), self._said()
        )

    def _missing(self) -> pl.Expr:
        if self.dtype in (pl.Float64, pl.Float32):
            return self.column.is_null() | self.column.is_nan()
        if self.dtype == pl.Enum:
            return self.column.is_null() | (self.column.cast(pl.String) == "")
        if self.worded:
            return self.column.is_null() | (self.column == "")
        return self.column.is_null()

    def _said(self) -> pl.Expr:
        if self.dtype.is_nested() or self.dtype in (pl.Binary, pl.Object):
            kind = pl.lit(f"a value of type {self.dtype}")
            return pl.when(self.column.is_not_null()).then(kind)
        return self.column.cast(pl.String)

    def _inside(self, value: pl.Expr, lo: int, hi: int, type: pl.DataType) -> pl.Expr:
        """lo <= value <= hi for a column of an integer type, which may not reach the bounds."""
        least, most = _limits(type)
        if lo > most or hi < least or lo > hi:
            return pl.lit(False)
        if lo <= least and most <= hi:
            return value.is_not_null()
        if lo <= least:
            return value <= pl.lit(hi, type)
        if hi >= most:
            return value >= pl.lit(lo, type)
        return value.is_between(pl.lit(lo, type), pl.lit(hi, type))

    # Numbers

    def _number(self) -> Reading:
        if self.dtype in INTEGERS:
            return self._scaled(self.column, self.dtype, self.leaf.places)
        if self.dtype == pl.Decimal:
            return self._decimal()
        if self.dtype in (pl.Float64, pl.Float32):
            return self._float()
        if self.worded:
            return self._number_text()
        return self._wrong()

    def _scaled(self, raw: pl.Expr, type: pl.DataType, places: int, *codes: tuple[pl.Expr, str]) -> Reading:
        """An integer that lacks `places` of the fact's: its domain is checked before it is multiplied."""
        factor = 10**places
        ok = self._inside(self.raw, -(-self.leaf.lo // factor), self.leaf.hi // factor, type)
        value = self.raw.cast(self.type, wrap_numerical=True)
        return self._made(raw, value * pl.lit(factor, self.type) if places else value, ok, *codes)

    def _decimal(self) -> Reading:
        precision, scale = self.dtype.precision or 38, self.dtype.scale
        raw, type = self.column.to_physical(), pl.Int128()
        if precision <= 18:
            raw, type = raw.cast(pl.Int64, wrap_numerical=True), pl.Int64()
        if scale <= self.leaf.places:
            return self._scaled(raw, type, self.leaf.places - scale)
        factor = 10 ** (scale - self.leaf.places)
        exact = self.raw % pl.lit(factor, type) == pl.lit(0, type)
        ok = exact & self._inside(self.raw, self.leaf.lo * factor, self.leaf.hi * factor, type)
        return self._made(raw, self.raw // pl.lit(factor, type), ok, (~exact, "imprecise"))

    def _float(self) -> Reading:
        given = self.column.cast(pl.Float64)
        scale = float(10**self.leaf.places)
        # Polars divides by a constant through its reciprocal, which is off by a bit in one of eight numbers;
        # by a column it divides.
        exact = self.raw / (self.raw * 0.0 + scale) == given
        lo, hi = max(self.leaf.lo, -FLOAT_EXACT), min(self.leaf.hi, FLOAT_EXACT)
        ok = exact & self.raw.is_between(float(lo), float(hi)) if lo <= hi else pl.lit(False)
        precise = exact & (self.raw.abs() <= float(FLOAT_EXACT))
        codes = (given.is_infinite(), "wrong_type"), (~precise, "imprecise")
        value = self.raw.cast(pl.Int64, strict=False)
        return self._made((given * scale).round(), value, ok, *codes)

    def _number_text(self) -> Reading:
        text = self.column.cast(pl.String).str.strip_chars(" ")
        places = self.leaf.places
        short = text.str.len_bytes() <= MAX_DIGITS
        exact = text.str.contains(rf"^[+-]?[0-9]+(\.[0-9]{{1,{places}}}0*|\.0+)?$" if places else r"^[+-]?[0-9]+(\.0+)?$")
        # The pattern leaves nothing to round; what has over 38 digits becomes null.
        number = text.cast(pl.Decimal(38, places), strict=False).to_physical()
        ok = self._inside(self.raw, self.leaf.lo, self.leaf.hi, pl.Int128())
        codes = (~(short & text.str.contains(NUMBER)), "wrong_type"), (~exact, "imprecise")
        return self._made(pl.when(short & exact).then(number), self.raw, ok, *codes)

    # Words

    def _word(self) -> Reading:
        if self.leaf.kind == "boolean" and self.dtype == pl.Boolean:
            raw = pl.when(self.column).then(pl.lit(1, pl.Int8)).when(~self.column).then(pl.lit(0, pl.Int8))
            ok = self._inside(self.raw, self.leaf.lo, self.leaf.hi, pl.Int8())
            return self._made(raw, self.raw, ok)
        if self.leaf.kind == "text" and self.dtype in INTEGERS:
            return self._coded(self._looked_up(self.column.cast(pl.String), self._words()))
        if not self.worded:
            return self._wrong()
        return self._coded(self._raw_word())

    def _coded(self, raw: pl.Expr) -> Reading:
        ok = self._inside(self.raw, self.leaf.lo, self.leaf.hi, self._code_type)
        if (self.leaf.lo, self.leaf.hi) == self._codes:
            ok = self.raw.is_not_null()
        unknown = "unknown_value" if self.leaf.kind == "choice" else "wrong_type"
        return self._made(raw, self.raw, ok, (self.raw.is_null(), unknown))

    def _words(self) -> dict[str, int]:
        """Every spelling and its code; the empty text is no word, it says nothing."""
        words: dict[str, int] = {}
        if self.leaf.kind != "boolean":
            words = {word: code for code, word in reversed(list(enumerate(self.leaf.codes)))}
        if self.leaf.kind != "text":
            for word, code in self.leaf.words:
                words.setdefault(word, code)
        words.pop("", None)
        return words

    @property
    def _codes(self) -> tuple[int, int]:
        """The codes that a word can have, at most."""
        codes = [*self._words().values(), *([len(self.leaf.codes)] if self.leaf.kind == "text" else ())]
        return min(codes, default=0), max(codes, default=0)

    @property
    def _code_type(self) -> pl.DataType:
        return width(*self._codes)

    def _raw_word(self) -> pl.Expr:
        words = self._words()
        if self.dtype == pl.Enum:
            return self._by_category(words)
        if self.dtype == pl.Categorical and len(words) > CATEGORIES:
            return self._looked_up(self.column.cast(pl.String), words)
        if len(words) > CHAIN and self.dtype == pl.String:
            return self._looked_up(self.column, words)
        return self._compared(words)

    def _compared(self, words: Mapping[str, int]) -> pl.Expr:
        chain = pl.when(pl.lit(False)).then(pl.lit(None, self._code_type))
        for word, code in words.items():
            chain = chain.when(self.column == word).then(pl.lit(code, self._code_type))
        if self.leaf.kind == "text":
            chain = chain.when(self.column != "").then(pl.lit(len(self.leaf.codes), self._code_type))
        return chain.otherwise(pl.lit(None, self._code_type))

    def _looked_up(self, text: pl.Expr, words: Mapping[str, int]) -> pl.Expr:
        found = text.cast(pl.Enum(list(words)), strict=False).to_physical()
        return self._with_others(text, found, list(words.values()))

    def _by_category(self, words: Mapping[str, int]) -> pl.Expr:
        assert isinstance(self.dtype, pl.Enum)
        other = len(self.leaf.codes) if self.leaf.kind == "text" else None
        codes = [words.get(word, other if word else None) for word in self.dtype.categories]
        return self._gathered(codes, self.column.to_physical())

    def _with_others(self, text: pl.Expr, found: pl.Expr, codes: Sequence[int | None]) -> pl.Expr:
        code = self._gathered(codes, found)
        if self.leaf.kind != "text":
            return code
        other = pl.when(text != "").then(pl.lit(len(self.leaf.codes), self._code_type))
        return pl.coalesce(code, other)

    def _gathered(self, codes: Sequence[int | None], index: pl.Expr) -> pl.Expr:
        table = pl.Series(codes or [None], dtype=self._code_type)
        return pl.lit(table).gather(index)

    # Days and moments

    def _date(self) -> Reading:
        if self.dtype == pl.Date:
            return self._scaled(self.column.to_physical(), pl.Int32(), 0)
        if isinstance(self.dtype, pl.Datetime):
            return self._whole(self._wall_clock(), 86_400 * PER_SECOND[self.dtype.time_unit])
        if self.worded:
            return self._parsed(DATE, 86_400)
        return self._wrong()

    def _datetime(self) -> Reading:
        if isinstance(self.dtype, pl.Datetime) and self.dtype.time_zone is None:
            return self._whole(self._wall_clock(), 60 * PER_SECOND[self.dtype.time_unit])
        if self.worded:
            return self._parsed(MOMENT, 60)
        return self._wrong()

    def _wall_clock(self) -> pl.Expr:
        assert isinstance(self.dtype, pl.Datetime)
        local = self.column if self.dtype.time_zone is None else self.column.dt.replace_time_zone(None)
        return local.to_physical()

    def _whole(self, raw: pl.Expr, unit: int, *codes: tuple[pl.Expr, str]) -> Reading:
        """A count of which `unit` make one of the fact's days or minutes."""
        rest = self.raw % pl.lit(unit, pl.Int64)
        count = self.raw // pl.lit(unit, pl.Int64)
        exact = rest == 0
        ok = exact & self._inside(count, self.leaf.lo, self.leaf.hi, pl.Int64())
        return self._made(raw, count, ok, *codes, (~exact, "imprecise"))

    def _parsed(self, pattern: str, unit: int) -> Reading:
        text = self.column.cast(pl.String)
        # There is no year 0000, but Polars would read it.
        fits = text.str.contains(pattern) & ~text.str.starts_with("0000")
        day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).to_physical().cast(pl.Int64)
        seconds = day * 86_400
        if pattern is MOMENT:
            for start, worth in ((11, 3_600), (14, 60), (17, 1)):
                seconds += text.str.slice(start, 2).cast(pl.Int64, strict=False).fill_null(0) * worth
        return self._whole(pl.when(fits).then(seconds), unit, (self.raw.is_null(), "wrong_type"))


def _limits(type: pl.DataType) -> tuple[int, int]:
    bits = int(str(type).lstrip("UInt"))
    return (0, 2**bits - 1) if str(type).startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
