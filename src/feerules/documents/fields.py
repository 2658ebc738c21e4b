"""The types of single values: each reads a text strictly, and says what to write instead."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import (
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from feerules.documents.lookalikes import half, wide
from feerules.documents.synonyms import key_for
from feerules.documents.tree import Map, Seq, Text, describe, quote
from feerules.errors import Problem, Where, did_you_mean

__all__ = [
    "UNPLACED",
    "Day",
    "DocId",
    "Flag",
    "Id",
    "MonthDay",
    "Number",
    "Phrase",
    "Plain",
    "Whole",
    "Words",
    "meant_day",
    "problem_with",
    "read_day",
    "refused",
]

UNPLACED = Where("<python>", 1, 1)
"""The place of a value that no file holds; `validate` puts the place it knows instead."""

MAX_DIGITS = 40
MAX_ID = 64


def refused(problems: Iterable[Problem]) -> PydanticCustomError:
    """What a validator raises to report problems of its own; `validate` hands them on as they are."""
    kept = list(problems)
    summary = "; ".join(f"found {p.found}, expected {p.expected}" for p in kept)
    return PydanticCustomError("refused", "{summary}", {"summary": summary, "problems": kept})


def problem_with(value: object, code: str, *, found: str = "", expected: str, hint: str = "") -> Problem:
    """A problem at the place of a value; `found` is the value itself unless said."""
    found = found or describe(value)
    if isinstance(value, Text | Map | Seq):
        return value.problem(code, found=found, expected=expected, hint=hint)
    return Problem(code, UNPLACED, found, expected, hint)


# Numbers

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?%?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_A_NUMBER = "a number such as 12, 0.05 or 5%"
_UNIT = re.compile(r"(.*[0-9%.])\s*[^0-9\s.%][^0-9.%]{0,11}")


def _read_number(value: Any) -> Decimal:
    if isinstance(value, str):
        if _NUMBER.fullmatch(value) and len(value) <= MAX_DIGITS:
            # Through text, because Decimal arithmetic would round to the precision of a context.
            return Decimal(value[:-1] + "e-2") if value.endswith("%") else Decimal(value)
        raise refused([_not_a_number(value, _A_NUMBER, _NUMBER)])
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    hint = f'give Decimal("{value}"): a float is not exact' if isinstance(value, float) else ""
    raise refused([problem_with(value, "wrong_type", expected=_A_NUMBER, hint=hint)])


def _read_whole(value: Any) -> int:
    if isinstance(value, str):
        if _WHOLE.fullmatch(value) and len(value) <= MAX_DIGITS:
            return int(value)
        raise refused([_not_a_number(value, "a whole number such as 12", _WHOLE)])
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise refused([problem_with(value, "wrong_type", expected="a whole number such as 12")])


def _not_a_number(text: str, expected: str, pattern: re.Pattern[str]) -> Problem:
    if len(text) > MAX_DIGITS and _NUMBER.fullmatch(text):
        found, most = f"a number of {len(text)} characters", f"at most {MAX_DIGITS} characters"
        return problem_with(
            text, "wrong_type", found=found, expected=most, hint="write the digits that matter"
        )
    reason, meant = _meant_number(text)
    if pattern.fullmatch(meant):
        code = "full_width" if reason == _FULL_WIDTH else "wrong_type"
        found = f"{describe(text)} {reason}"
        return problem_with(
            text, code, found=found, expected=expected, hint=_meant_share(text) or f"write {meant}"
        )
    hint = _meant_share(text) or "write digits, and a point before decimals"
    if pattern is _WHOLE:
        hint = "write a number without decimals" if _NUMBER.fullmatch(meant) else "write digits"
    return problem_with(text, "wrong_type", expected=expected, hint=hint)


# A rate as contracts write it: 0.05%/day, 每日万分之五.
_PER_TIME = re.compile(r"([0-9.]+%?)\s*(?:/|per |a |每)\s*(day|month|year|日|天|月|年)")
_SHARE = re.compile(r"(?:每?日|每?月|每?年)?(百|千|万)分之([一二三四五六七八九])")
_TIMES = {"日": "day", "天": "day", "月": "month", "年": "year"}


def _meant_share(text: str) -> str:
    if found := _PER_TIME.fullmatch(text):
        return f"write {found[1]}, and per: {_TIMES.get(found[2], found[2])} beside it"
    if found := _SHARE.fullmatch(text):
        parts = {"百": 0, "千": 1, "万": 2}[found[1]]
        number = "一二三四五六七八九".index(found[2]) + 1
        return f"write {Decimal(number).scaleb(-parts):f}%"
    return ""


_FULL_WIDTH = "in full-width characters"
_SLIPS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    ("with a unit", re.compile(r"[¥$]\s*(.+)"), lambda m: m[1]),
    ("with a unit", _UNIT, lambda m: m[1]),
    ("with a thousands separator", re.compile(r"[+-]?[0-9]{1,3}([,_ '][0-9]{3})+(\.[0-9]+)?"),
     lambda m: re.sub("[,_ ']", "", m[0])),
    ("with _ between digits", re.compile(r"[+-]?[0-9]+(_[0-9]+)+"), lambda m: m[0].replace("_", "")),
    ("with a comma for the point", re.compile(r"([+-]?[0-9]+),([0-9]{1,2})"), lambda m: f"{m[1]}.{m[2]}"),
    ("with an exponent", re.compile(r"[+-]?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]{1,2}"), lambda m: f"{Decimal(m[0]):f}"),
    ("in base 16", re.compile(r"0[xX][0-9a-fA-F]{1,12}"), lambda m: str(int(m[0], 16))),
    ("without a digit before the point", re.compile(r"([+-]?)(\.[0-9]+%?)"), lambda m: f"{m[1]}0{m[2]}"),
    ("without a digit after the point", re.compile(r"([+-]?[0-9]+)\.(%?)"), lambda m: m[1] + m[2]),
    ("with a space", re.compile(r"\s*([+-]?)\s*([0-9]+(?:\.[0-9]+)?)\s*(%?)\s*"), lambda m: m[1] + m[2] + m[3]),
)  # fmt: skip


def _meant_number(text: str) -> tuple[str, str]:
    """Why a text is no number, and the number that was likely meant (or what is left of the text)."""
    reason = ""
    if wide(text):
        reason, text = _FULL_WIDTH, half(text)
    for why, pattern, meant in (*_SLIPS[2:], *_SLIPS):
        if _NUMBER.fullmatch(text):
            break
        if len(text) <= MAX_DIGITS and (match := pattern.fullmatch(text)):
            reason, text = reason or why, meant(match)
    return reason, text


Number = Annotated[
    Decimal,
    BeforeValidator(_read_number),
    WithJsonSchema({"type": ["number", "string"], "pattern": r"^[+-]?[0-9]+(\.[0-9]+)?%?$"}),
]
"""A number read digit by digit from the text: 0.0005 is never a float. "5%" is 0.05."""

Whole = Annotated[int, BeforeValidator(_read_whole)]
"""A whole number; its JSON Schema is that of int, with the bounds of its field."""


# Days

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LOOSE_DAY = re.compile(
    r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?(?:[T ].*)?|([0-9]{4})([0-9]{2})([0-9]{2})"
)
_LOOSE_MONTH = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*月?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_A_DAY = "a day such as 2026-01-31"
_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")
_LOOSE_MONTH_DAY = re.compile(r"(?:[0-9]{4}\s*[-/.年])?\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?")
_A_MONTH_DAY = "a month and a day such as 11-15"


def read_day(value: Any) -> date:
    """A day as `Day` reads it; raises what a validator raises."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise refused([problem_with(value, "wrong_type", expected=_A_DAY)])
    if not (found := _DAY.fullmatch(value)):
        meant = meant_day(value)
        code = "full_width" if meant and wide(value) else "wrong_type"
        raise refused([problem_with(value, code, expected=_A_DAY, hint=meant)])
    year, month, day = map(int, found.groups())
    if 1 <= day <= _days_in(year, month):
        return date(year, month, day)
    raise refused([_no_such_day(value, month, _days_in(year, month), f"{year:04}-{month:02}")])


def meant_day(text: str) -> str:
    """What to type for a day in another form; "" where that is in doubt.

    >>> meant_day("2026年1月1日"), meant_day("31/12/2026"), meant_day("01/02/2026")
    ('write 2026-01-01', 'write 2026-12-31', '')
    """
    plain = half(text).strip()
    if found := _LOOSE_DAY.fullmatch(plain):
        year, month, day = [int(part) for part in found.groups() if part]
        return f"write {year:04}-{month:02}-{day:02}" if _days_in(year, month) >= day > 0 else ""
    if found := _LOOSE_MONTH.fullmatch(plain):
        year, month = map(int, found.groups())
        return f"write the day too, such as {year:04}-{month:02}-01" if _days_in(year, month) else ""
    if found := _DAY_FIRST.fullmatch(plain):
        first, second, year = map(int, found.groups())
        readings = {(second, first), (first, second)}  # as most write it, and as Americans do
        days = [(month, day) for month, day in readings if _days_in(year, month) >= day > 0]
        if len(days) == 1:
            return f"write {year:04}-{days[0][0]:02}-{days[0][1]:02}"
    return ""


def _days_in(year: int, month: int) -> int:
    return monthrange(year, month)[1] if year > 0 and 1 <= month <= 12 else 0


def _no_such_day(value: str, month: int, days: int, name: str) -> Problem:
    hint = f"{name} has {days} days" if days else "months are 01 to 12"
    if 1 <= month <= 12 and not days:
        hint = "years begin with 0001"
    return problem_with(value, "no_such_day", expected="a day that the calendar has", hint=hint)


# A format alone is a remark to most validators.
_DAY_SCHEMA = {
    "type": "string",
    "format": "date",
    "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
}
Day = Annotated[date, BeforeValidator(read_day), WithJsonSchema(_DAY_SCHEMA)]
"""A day of the calendar, written 2026-01-31."""


class MonthDay(NamedTuple):
    """A day of every year, written 11-15; 02-29 is allowed."""

    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read_month_day, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"}


def _read_month_day(value: Any) -> MonthDay:
    if isinstance(value, MonthDay):
        return value
    if not isinstance(value, str):
        raise refused([problem_with(value, "wrong_type", expected=_A_MONTH_DAY)])
    # 2000 is a leap year.
    if not (found := _MONTH_DAY.fullmatch(value)):
        loose = _LOOSE_MONTH_DAY.fullmatch(half(value).strip())
        month, day = map(int, loose.groups()) if loose else (0, 0)
        code = "full_width" if loose and wide(value) else "wrong_type"
        hint = f"write {month:02}-{day:02}" if 0 < day <= _days_in(2000, month) else ""
        raise refused([problem_with(value, code, expected=_A_MONTH_DAY, hint=hint)])
    month, day = map(int, found.groups())
    if 1 <= day <= _days_in(2000, month):
        return MonthDay(month, day)
    raise refused([_no_such_day(value, month, _days_in(2000, month), f"month {month:02}")])


# Words

_TRUE = frozenset(["true", "yes", "on", "y", "t", "1", "是", "有", "真"])
_FALSE = frozenset(["false", "no", "off", "n", "f", "0", "否", "无", "没有", "假"])


def _read_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value in ("true", "false"):
            return value == "true"
        word = half(value).strip().lower()
        hint = "write true" if word in _TRUE else "write false" if word in _FALSE else "write true or false"
        raise refused([problem_with(value, "wrong_type", expected="true or false", hint=hint)])
    raise refused([problem_with(value, "wrong_type", expected="true or false")])


Flag = Annotated[bool, BeforeValidator(_read_flag), WithJsonSchema({"type": "boolean"})]
"""true or false, and no other word for them."""


def _read_phrase(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise refused([problem_with(value, "wrong_type", expected="a text")])


def _id_reader(pattern: str, joint: str, example: str, kind: str) -> Callable[[Any], str]:
    shape = re.compile(pattern)

    def read(value: Any) -> str:
        if not isinstance(value, str):
            hint = f"write {example}, or another name"
            raise refused([problem_with(value, "wrong_id", expected=f"{kind}, such as {example}", hint=hint)])
        if shape.fullmatch(value) and len(value) <= MAX_ID:
            return value
        # Words of managementFee and of "Management fee" alike.
        parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", half(value)).lower()
        meant = joint.join(re.findall("[a-z0-9]+", parts))
        hint = "write an English word here, and the name that people read in title"
        if parts.isascii() and shape.fullmatch(meant):
            hint = f"write {meant}" if len(meant) <= MAX_ID else f"at most {MAX_ID} characters"
        raise refused([problem_with(value, "wrong_id", expected=f"{kind}, such as {example}", hint=hint)])

    return read


_SNAKE = "[a-z][a-z0-9_]*"
_KEBAB = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*"

Phrase = Annotated[str, PlainValidator(_read_phrase), WithJsonSchema({"type": "string", "minLength": 1})]
"""A text that is not empty. Like the ids, it stays the `Text` it was, with its place."""

Plain = Annotated[Phrase, WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""The same for values that YAML may take for numbers, days or truth: true, 100000, 2026-01-31."""

Id = Annotated[
    str,
    PlainValidator(_id_reader(_SNAKE, "_", "management_fee", "lower-case letters, digits and _")),
    WithJsonSchema({"type": "string", "pattern": f"^{_SNAKE}$", "maxLength": MAX_ID}),
]
"""The name of a fact or a fee, in snake_case."""

DocId = Annotated[
    str,
    PlainValidator(_id_reader(_KEBAB, "-", "jinxiu-garden", "lower-case letters and digits, joined by -")),
    WithJsonSchema({"type": "string", "pattern": f"^{_KEBAB}$", "maxLength": MAX_ID}),
]
"""The name of a document or of a step, in kebab-case."""


@dataclass(frozen=True, slots=True)
class Words:
    """What people read, in Chinese and in English; one text serves both where only one is given."""

    zh: str
    en: str

    def in_(self, locale: str) -> str:
        """The words for a locale such as zh_CN or en.

        >>> Words("物业费", "Management fee").in_("en_GB")
        'Management fee'
        """
        return self.zh if locale.lower().startswith("zh") else self.en

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read_words, serialization=core_schema.plain_serializer_function_ser_schema(_plain_words)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        text = {"type": "string", "minLength": 1}
        both = {"type": "object", "properties": {"zh": text, "en": text}}
        return {"anyOf": [text, {**both, "additionalProperties": False, "minProperties": 1}]}


_LANGUAGES = ("zh", "en")
_SOME_WORDS = "a text, or {zh: …, en: …}"


def _read_words(value: Any) -> Words:
    if isinstance(value, Words):
        return value
    if isinstance(value, str) and value.strip():
        return Words(value, value)
    if not isinstance(value, dict) or not value:
        raise refused([problem_with(value, "wrong_type", expected=_SOME_WORDS)])
    problems = [_unknown_language(value, key) for key in value if key not in _LANGUAGES]
    for key in _LANGUAGES:
        if key in value and not (isinstance(value[key], str) and value[key].strip()):
            place = key if value[key] is None else value[key]
            place = next((k for k in value if k == key), key) if value[key] is None else place
            problems.append(problem_with(place, "wrong_type", found=describe(value[key]), expected="a text"))
    if problems:
        raise refused(problems)
    zh, en = (value.get(key, "") for key in _LANGUAGES)
    return Words(zh or en, en or zh)


def _unknown_language(value: dict[str, Any], key: str) -> Problem:
    meant = key_for(key, _LANGUAGES)
    hint = f'write "{meant}"' if meant else did_you_mean(key, _LANGUAGES)
    return problem_with(
        key, "unknown_key", found=f"the key {quote(key)}", expected="one of: zh, en", hint=hint
    )


def _plain_words(words: Words) -> str | dict[str, str]:
    return words.zh if words.zh == words.en else {"zh": words.zh, "en": words.en}
