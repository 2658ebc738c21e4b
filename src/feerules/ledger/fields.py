"""How the values of an entry are read: money, days, moments and closed words, never a float and never a guess."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_plain_validator_function

from feerules.errors import did_you_mean
from feerules.money import NumberError, from_scaled, to_scaled
from feerules.vocabulary import MOST_MONEY

__all__ = ["Day", "Id", "Moment", "Money", "word"]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_MONEY = re.compile(r"-?[0-9]{1,11}(?:\.[0-9]{1,2})?").fullmatch
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*").fullmatch
_SORT: Final = "entry"  # pydantic's name for the sort of these errors; their text says all


def _refused(found: str, expected: str, hint: str = "") -> PydanticCustomError:
    text = f"found {found}, expected {expected}"
    # Braces would be taken for fields of the template.
    return PydanticCustomError(_SORT, "{text}", {"text": f"{text}; {hint}" if hint else text})


def _short(value: object) -> str:
    if isinstance(value, str):
        return f'"{value if len(value) <= 60 else value[:57] + "..."}"'
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"


def _money(value: object) -> Decimal:
    if type(value) is str and _MONEY(value):
        return Decimal(value)
    if isinstance(value, float):
        raise _refused(f"the float {value!r}", 'money as Decimal, int or text such as "250.60"')
    try:
        fen = to_scaled(value, 2)
    except NumberError as error:
        raise _refused(error.found, error.expected, error.hint) from None
    if abs(fen) > MOST_MONEY:
        raise _refused(_short(str(value)), f"at most {from_scaled(MOST_MONEY, 2)}")
    return from_scaled(fen, 2)


def _day(value: object) -> date:
    if type(value) is date:
        return value
    if isinstance(value, str):
        return _day_of(value)
    if isinstance(value, datetime):
        raise _refused(f"the moment {value.isoformat()}", "a day", f"its day is {value.date()}")
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    raise _refused(_short(value), "a date, or a day as text such as 2026-11-30")


# A pure function remembered: the entries of many accounts share their days.
@lru_cache(maxsize=8192)
def _day_of(text: str) -> date:
    if not _DAY(text):
        raise _refused(_short(text), "a date, or a day as text such as 2026-11-30")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _refused(_short(text), "a day that exists", str(error)) from None


def _moment(value: object) -> date:
    """A day, or a day with its time: what a clock of another system wrote."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _MOMENT(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise _refused(_short(value), "a moment that exists", str(error)) from None
    try:
        return _day(value)
    except PydanticCustomError:
        expected = "a date, a datetime, or text such as 2026-11-30 or 2026-11-30T09:30+08:00"
        raise _refused(_short(value), expected) from None


def word(*words: str) -> Any:
    """A text that is one of the words."""
    known = frozenset(words)

    def read(value: object) -> str:
        if isinstance(value, str) and value in known:
            return value
        hint = did_you_mean(value, words) if isinstance(value, str) else ""
        raise _refused(_short(value), f"one of {', '.join(words)}", hint)

    return _ReadBy(read, {"type": "string", "enum": list(words)})


class _ReadBy:
    """Reads a value with a function; in JSON it is text, as money and days are everywhere."""

    def __init__(self, read: Callable[[object], Any], schema: dict[str, Any]) -> None:
        self.read, self.schema = read, schema

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: Any) -> dict[str, Any]:
        return self.schema


def _id(value: object) -> object:
    """Databases number their rows; here an id is text."""
    return str(value) if type(value) is int else value


Id = Annotated[str, BeforeValidator(_id), Field(min_length=1)]
Money = Annotated[
    Decimal, _ReadBy(_money, {"type": ["string", "integer"], "pattern": r"^-?\d+(\.\d{1,2})?$"})
]
Day = Annotated[date, _ReadBy(_day, {"type": "string", "format": "date"})]
Moment = Annotated[date, _ReadBy(_moment, {"type": "string", "format": "date-time"})]
