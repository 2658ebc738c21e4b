"""How the columns of a frame carry facts: for each, expressions for its value and for what is wrong with it.

The column's type decides, once, when a frame is prepared. A row means here what a record means to the
scalar engine's `encoder`, code for code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from feerules.engines.guarding import CODES
from feerules.plan.nodes import Leaf

__all__ = ["Reading", "read", "width"]

FLOAT_EXACT = 2**53 - 1
ROUNDS = 1.5 * 2**52
MAX_DIGITS = 1000  # longer texts are no numbers, as in money
CHAIN = 12  # so many comparisons of texts cost less than one look-up
CATEGORIES = 100  # those of categories cost a tenth
DAY = 86_400  # seconds
PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)?$"

Problem = tuple[pl.Expr, str]  # where the test holds, this is the problem's code


def width(lo: int, hi: int) -> pl.DataType:
    """The narrowest signed integer type that holds lo..hi."""
    bits = max((lo if lo >= 0 else ~lo).bit_length(), (hi if hi >= 0 else ~hi).bit_length())
    types = (pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Int128())
    return next(each for each, most in zip(types, (7, 15, 31, 63, 127), strict=True) if bits <= most)


@dataclass(frozen=True)
class Reading:
    """How one column carries one fact.

    `raw` is an expression over the frame; the others are over the frame and a column that holds `raw`.
    `ok` holds where the fact was given and can be read, and is false or null elsewhere; there, `value`
    is anything or null. The first of `problems` that holds tells why a given fact is not `ok`; where none
    does, it is out of its domain.
    """

    leaf: Leaf
    raw: pl.Expr
    value: pl.Expr
    ok: pl.Expr
    missing: pl.Expr
    problems: tuple[Problem, ...]
    said: pl.Expr

    @property
    def dtype(self) -> pl.DataType:
        return width(self.leaf.lo, self.leaf.hi)

    @property
    def encoded(self) -> pl.Expr:
        """The value for the plan: never null, and inside the domain even where nothing can be read."""
        value = self.value.cast(self.dtype, wrap_numerical=True)
        filled = pl.when(self.ok).then(value).otherwise(pl.lit(self.leaf.lo, self.dtype))
        if self.leaf.default is None:
            return filled
        return pl.when(self.missing).then(pl.lit(self.leaf.default, self.dtype)).otherwise(filled)

    @property
    def present(self) -> pl.Expr:
        return pl.lit(True) if self.leaf.default is not None else ~self.missing

    @property
    def sound(self) -> pl.Expr:
        """Whether the fact can be used: given and readable, or absent where that is allowed."""
        may_lack = self.leaf.optional or self.leaf.default is not None
        return self.missing | self.ok if may_lack else self.ok

    @property
    def code(self) -> pl.Expr:
        """The position of the problem's code in `CODES`, where the fact is not sound."""
        code: pl.Expr = _position("out_of_domain")
        for test, problem in reversed(self.problems):
            code = pl.when(test).then(_position(problem)).otherwise(code)
        return pl.when(self.missing).then(_position("missing")).otherwise(code)


def _position(code: str) -> pl.Expr:
    return pl.lit(CODES.index(code), pl.UInt8)


def read(leaf: Leaf, column: str | None, dtype: pl.DataType, name: str) -> Reading:
    """How `column` of this type carries the fact, its `raw` being kept in the column `name`.

    Without a column, nothing was said in any row.
    """
    if column is None or dtype == pl.Null:
        nothing = pl.lit(None, pl.Int8)
        return Reading(leaf, nothing, pl.col(name), pl.lit(False), pl.lit(True), (), pl.lit(None, pl.String))
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

    def _made(self, raw: pl.Expr, value: pl.Expr, ok: pl.Expr, *problems: Problem) -> Reading:
        return Reading(self.leaf, raw, value, ok, self._missing(), problems, self._said())

    def _wrong(self) -> Reading:
        """A type that never carries such a fact: whatever is given is wrong."""
        return self._made(pl.lit(None, pl.Int8), self.raw, pl.lit(False), (pl.lit(True), "wrong_type"))

    def _missing(self) -> pl.Expr:
        null = self.column.is_null()
        if self.dtype.is_float():
            return null | self.column.is_nan()
        if not self.worded:
            return null
        # An Enum refuses to be compared with a text that is not among its categories.
        text = self.column.cast(pl.String) if self.dtype == pl.Enum else self.column
        return null | (text == "")

    def _said(self) -> pl.Expr:
        days = (pl.Date, pl.Datetime, pl.Time)
        if self.worded or self.dtype.is_numeric() or self.dtype in (pl.Boolean, *days):
            text = self.column.cast(pl.String)
        else:
            text = pl.lit(f"a value of type {self.dtype}")
        return pl.when(~self._missing()).then(text)

    def _inside(self, value: pl.Expr, lo: int, hi: int, dtype: pl.DataType) -> pl.Expr:
        """lo <= value <= hi, for an integer type that may not reach the bounds."""
        least, most = _limits(dtype)
        if lo > min(hi, most) or hi < least:
            return pl.lit(False)
        if lo <= least and most <= hi:
            return value.is_not_null()
        if lo <= least:
            return value <= pl.lit(hi, dtype)
        if most <= hi:
            return value >= pl.lit(lo, dtype)
        return value.is_between(pl.lit(lo, dtype), pl.lit(hi, dtype))

    # Numbers

    def _number(self) -> Reading:
        if self.dtype.is_integer():
            return self._scaled(self.column, self.dtype, self.leaf.places)
        if isinstance(self.dtype, pl.Decimal):
            return self._decimal(self.dtype)
        if self.dtype.is_float():
            return self._float()
        return self._number_text() if self.worded else self._wrong()

    def _scaled(self, raw: pl.Expr, dtype: pl.DataType, places: int, *problems: Problem) -> Reading:
        """An integer with `places` fewer than the fact: its domain is checked before it is multiplied."""
        factor = 10**places
        ok = self._inside(self.raw, -(-self.leaf.lo // factor), self.leaf.hi // factor, dtype)
        if not places:
            return self._made(raw, self.raw, ok, *problems)
        wide = width(self.leaf.lo, self.leaf.hi)
        if factor > max(-self.leaf.lo, self.leaf.hi):
            factor = 0  # 0 is the only such integer in the domain, and the type may not hold the factor
        return self._made(raw, self.raw.cast(wide, wrap_numerical=True) * pl.lit(factor, wide), ok, *problems)

    def _decimal(self, given: pl.Decimal) -> Reading:
        dtype: pl.DataType = pl.Int128()
        raw = self.column.to_physical()
        if given.precision <= 18:
            dtype = pl.Int64()
            raw = raw.cast(dtype, wrap_numerical=True)
        if given.scale <= self.leaf.places:
            return self._scaled(raw, dtype, self.leaf.places - given.scale)
        factor = 10 ** (given.scale - self.leaf.places)
        exact = self.raw % pl.lit(factor, dtype) == 0
        ok = exact & self._inside(self.raw, self.leaf.lo * factor, self.leaf.hi * factor, dtype)
        return self._made(raw, self.raw // pl.lit(factor, dtype), ok, (~exact, "imprecise"))

    def _float(self) -> Reading:
        given = self.column.cast(pl.Float64)
        product = given * float(10**self.leaf.places)
        lo, hi = max(self.leaf.lo, -FLOAT_EXACT), min(self.leaf.hi, FLOAT_EXACT)
        inside = self.raw.is_between(float(lo), float(hi)) if lo <= hi else pl.lit(False)
        nearest = product.round()
        precise = self._is_exact(nearest, given) & (nearest.abs() <= float(FLOAT_EXACT))
        # Adding and taking away 1.5 * 2**52 rounds to the nearest integer too, up to 2**51, in half the time.
        raw = product + ROUNDS - ROUNDS if max(-lo, hi) <= 2**51 else nearest
        value = self.raw.cast(width(lo, hi) if lo <= hi else pl.Int8(), wrap_numerical=True)
        problems = (given.is_infinite(), "wrong_type"), (~precise, "imprecise")
        return self._made(raw, value, self._is_exact(self.raw, given) & inside, *problems)

    def _is_exact(self, scaled: pl.Expr, given: pl.Expr) -> pl.Expr:
        """Whether the float is the one nearest to that integer over 10**places."""
        if not self.leaf.places:
            return scaled == given
        # Polars divides by a constant through its reciprocal, which is wrong in the last bit for one number
        # in eight; by a column it divides.
        return scaled / (scaled * 0.0 + float(10**self.leaf.places)) == given

    def _number_text(self) -> Reading:
        text = self.column.cast(pl.String).str.strip_chars(" ")
        places = self.leaf.places
        decimals = rf"\.[0-9]{{1,{places}}}0*|\.0+" if places else r"\.0+"
        short = text.str.len_bytes() <= MAX_DIGITS
        exact = text.str.contains(rf"^[+-]?[0-9]+({decimals})?$")
        # The pattern leaves the cast nothing to round; more than 38 digits become null.
        number = text.cast(pl.Decimal(38, places), strict=False).to_physical()
        shape = short & text.str.contains(NUMBER)
        ok = self._inside(self.raw, self.leaf.lo, self.leaf.hi, pl.Int128())
        raw = pl.when(short & exact).then(number)
        return self._made(raw, self.raw, ok, (~shape, "wrong_type"), (~exact, "imprecise"))

    # Words

    def _word(self) -> Reading:
        if self.leaf.kind == "boolean" and self.dtype == pl.Boolean:
            value = pl.when(self.raw).then(pl.lit(1, pl.Int8)).otherwise(pl.lit(0, pl.Int8))
            return self._made(self.column, value, self._coded_ok(value))
        text = self.column
        if self.leaf.kind == "text" and self.dtype.is_integer():
            text = self.column.cast(pl.String)
        elif not self.worded:
            return self._wrong()
        unknown = "unknown_value" if self.leaf.kind == "choice" else "wrong_type"
        return self._made(
            self._code_of(text), self.raw, self._coded_ok(self.raw), (self.raw.is_null(), unknown)
        )

    def _coded_ok(self, code: pl.Expr) -> pl.Expr:
        codes = [0, 1] if self.dtype == pl.Boolean else [*self._words().values(), self._other or 0]
        if all(self.leaf.lo <= each <= self.leaf.hi for each in codes):
            return self.raw.is_not_null()
        return self.raw.is_not_null() & self._inside(code, self.leaf.lo, self.leaf.hi, self._dtype)

    @property
    def _other(self) -> int | None:
        """The code of a text that no rule mentions."""
        return len(self.leaf.codes) if self.leaf.kind == "text" else None

    def _words(self) -> dict[str, int]:
        """Every spelling and its code; the empty text is no word, it says nothing."""
        words: dict[str, int] = {}
        if self.leaf.kind != "boolean":
            words.update((word, code) for code, word in reversed([*enumerate(self.leaf.codes)]))
        if self.leaf.kind != "text":
            for word, code in self.leaf.words:
                words.setdefault(word, code)
        words.pop("", None)
        return words

    @property
    def _dtype(self) -> pl.DataType:
        return width(0, max([*self._words().values(), self._other or 0], default=0))

    def _code_of(self, text: pl.Expr) -> pl.Expr:
        words = self._words()
        if isinstance(self.dtype, pl.Enum):
            codes = [words.get(word, self._other) if word else None for word in self.dtype.categories]
            return self._gathered(codes, text.to_physical())
        if len(words) > (CATEGORIES if self.dtype == pl.Categorical else CHAIN):
            return self._looked_up(text, words)
        return self._compared(text, words)

    def _compared(self, text: pl.Expr, words: Mapping[str, int]) -> pl.Expr:
        code = pl.lit(None, self._dtype)
        if self._other is not None:
            code = pl.when(text != "").then(pl.lit(self._other, self._dtype))
        for word, each in words.items():
            code = pl.when(text == word).then(pl.lit(each, self._dtype)).otherwise(code)
        return code

    def _looked_up(self, text: pl.Expr, words: Mapping[str, int]) -> pl.Expr:
        category = text.cast(pl.Enum(list(words)), strict=False).to_physical()
        code = self._gathered(list(words.values()), category)
        if self._other is None:
            return code
        return pl.coalesce(code, pl.when(text != "").then(pl.lit(self._other, self._dtype)))

    def _gathered(self, codes: Sequence[int | None], index: pl.Expr) -> pl.Expr:
        return pl.lit(pl.Series(codes or [None], dtype=self._dtype)).gather(index)

    # Days and moments

    def _date(self) -> Reading:
        if self.dtype == pl.Date:
            return self._scaled(self.column.to_physical(), pl.Int32(), 0)
        if isinstance(self.dtype, pl.Datetime):
            return self._counted(_wall_clock(self.column, self.dtype), DAY * PER_SECOND[self.dtype.time_unit])
        if not self.worded:
            return self._wrong()
        days = _day_of(self.column.cast(pl.String), DATE)
        return self._scaled(days, pl.Int32(), 0, (self.raw.is_null(), "wrong_type"))

    def _datetime(self) -> Reading:
        if isinstance(self.dtype, pl.Datetime) and self.dtype.time_zone is None:
            return self._counted(self.column.to_physical(), 60 * PER_SECOND[self.dtype.time_unit])
        if not self.worded:
            return self._wrong()
        text = self.column.cast(pl.String)
        seconds = _day_of(text, MOMENT).cast(pl.Int64) * DAY
        for at, worth in ((11, 3_600), (14, 60), (17, 1)):
            seconds += text.str.slice(at, 2).cast(pl.Int64, strict=False).fill_null(0) * worth
        return self._counted(seconds, 60, (self.raw.is_null(), "wrong_type"))

    def _counted(self, raw: pl.Expr, unit: int, *problems: Problem) -> Reading:
        """A count of which `unit` make one of the fact's days or minutes."""
        exact = self.raw % unit == 0
        ok = exact & self._inside(self.raw, self.leaf.lo * unit, self.leaf.hi * unit, pl.Int64())
        return self._made(raw, self.raw // unit, ok, *problems, (~exact, "imprecise"))


def _wall_clock(column: pl.Expr, dtype: pl.Datetime) -> pl.Expr:
    return (column if dtype.time_zone is None else column.dt.replace_time_zone(None)).to_physical()


def _day_of(text: pl.Expr, pattern: str) -> pl.Expr:
    """The day number that a text of this pattern begins with; null for any other."""
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).to_physical()
    # Polars reads a year 0000, which is none.
    return pl.when(text.str.contains(pattern) & ~text.str.starts_with("0000")).then(day)


def _limits(dtype: pl.DataType) -> tuple[int, int]:
    bits = int(str(dtype).lstrip("UInt"))
    return (0, 2**bits - 1) if dtype.is_unsigned_integer() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
