"""Lengths of time and hours of the day: each is read strictly, and says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from feerules.documents.fields import problem_with, refused
from feerules.documents.lookalikes import half
from feerules.errors import Problem

__all__ = ["DAY", "Age", "Days", "Gap", "Hours", "HoursOfDay", "Offset", "told_hours"]

# Days

_DAYS = re.compile(r"([+-]?[0-9]{1,5}) (day|week)s?")
# How people write the same: 5天, 2周, 3 months, five days, 三天.
_LOOSE = re.compile(r"([+-]?[0-9]{1,5}|[a-z]+|[一二两三四五六七八九十]+)?\s*(\w*)")
_NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        ("one 一", "two 二 两", "three 三", "four 四", "five 五", "six 六", "seven 七", "eight 八", "nine 九", "ten 十"), 1
    )
    for word in words.split()
}  # fmt: skip
_UNITS = {"d": 1, "day": 1, "天": 1, "日": 1, "w": 7, "wk": 7, "week": 7, "周": 7, "星期": 7, "m": 30, "month": 30, "月": 30, "个月": 30, "y": 365, "year": 365, "年": 365}  # fmt: skip


def _read_days(value: Any, of_months: str = "") -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _DAYS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        expected = "a number of days such as 15 days or 2 weeks"
        hint = _meant_days(half(value).strip().lower(), of_months) if isinstance(value, str) else ""
        raise refused([problem_with(value, "wrong_type", expected=expected, hint=hint)])
    return int(found[1]) * (7 if found[2] == "week" else 1)


def _read_gap(value: Any) -> Any:
    return _read_days(
        value, ', or ask for months in when: {{steps.ID.months: "null, >= {number}"}}, with its own id'
    )


def _meant_days(text: str, of_months: str) -> str:
    if re.fullmatch(r"[+-]?[0-9]+[.,][0-9]+.*", text):
        return "write whole days"
    found = _LOOSE.fullmatch(text)
    number = found and (_NUMBERS.get(found[1], found[1]) or "")
    if not found or not number or not number.lstrip("+-").isdecimal():
        return "write digits, a space and days"
    unit = found[2] if found[2] in _UNITS else found[2].removesuffix("s")
    if unit and unit not in _UNITS:
        return f"only days of the calendar and weeks are known: write {_days(int(number))}"
    if _UNITS.get(unit) == 7:
        return f"write {number} week{'' if number == '1' else 's'}"
    return f"write {_days(int(number) * _UNITS.get(unit, 1))}" + of_months.format(number=number) * (
        _UNITS.get(unit) == 30
    )


def _days(number: int) -> str:
    return f"{number} day{'' if abs(number) == 1 else 's'}"


_DAYS_SCHEMA = WithJsonSchema({"type": "string", "pattern": r"^[+-]?[0-9]{1,5} (day|week)s?$"})
Days = Annotated[int, BeforeValidator(_read_days), Field(ge=0), _DAYS_SCHEMA]
"""A length of time in whole days: "15 days", "2 weeks"."""
Gap = Annotated[int, BeforeValidator(_read_gap), Field(ge=0), _DAYS_SCHEMA]
"""The same between two days on which a step is done, which may be asked for in months too."""
Offset = Annotated[int, BeforeValidator(_read_days), _DAYS_SCHEMA]
"""The same, before or after a day: "-1 day"."""

_AGE = re.compile(r"([0-9]{1,5}) (minute|hour)s?")


def _read_age(value: Any) -> tuple[int, str]:
    found = _AGE.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        return int(found[1]) * (60 if found[2] == "hour" else 1), "minutes"
    days = value if isinstance(value, tuple) else _read_days(value)
    if isinstance(days, int) and days < 0:
        hint = f"write {_days(-days)}"
        raise refused([problem_with(value, "wrong_type", expected="a length of time", hint=hint)])
    return days if isinstance(days, tuple) else (days, "days")


Age = Annotated[
    tuple[int, str],
    PlainValidator(_read_age),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,5} (minute|hour|day|week)s?$"}),
]
"""How old something may be: in whole days, or by the clock: "3 days", "60 minutes"."""

# Hours

DAY = 24 * 60
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
# How people write the same: 9:30-12:00, 22-8, 15点-18点半 (less the half), 15：00至18：00.
_LOOSE_HOURS = re.compile(r"([0-9]{1,2})(?:[:.点时]([0-9]{2})?)?分?\s*(?:-|–|—|~|至|到|to)\s*([0-9]{1,2})(?:[:.点时]([0-9]{2})?)?分?")  # fmt: skip


def _read_hours(value: Any) -> tuple[int, int]:
    if isinstance(value, tuple):
        return value
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    start, end = _minutes(found) if found else (0, 0)
    if start == end or end > DAY:
        expected = 'hours of a day such as "09:30-12:00", at most to 24:00'
        hint = _meant_hours(half(value).strip()) if isinstance(value, str) else ""
        raise refused([problem_with(value, "wrong_type", expected=expected, hint=hint)])
    return start, end


def _minutes(found: re.Match[str]) -> tuple[int, int]:
    one, two, three, four = (int(part or 0) for part in found.groups())
    return one * 60 + two, three * 60 + four


def _meant_hours(text: str) -> str:
    found = _LOOSE_HOURS.fullmatch(text)
    start, end = _minutes(found) if found else (0, 0)
    if found and start == end:
        return "let them end later than they begin"
    if not found or start >= DAY or end > DAY:
        return "write two digits for hours and for minutes, and quotes around them"
    return f'write "{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"'


Hours = Annotated[
    tuple[int, int],
    PlainValidator(_read_hours),
    WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$"}),
]
"""Minutes of a day, half-open; quiet hours may reach over midnight, and then end before they start."""


Span = tuple[int, int]


def told_hours(span: Span) -> str:
    """Hours as they are written.

    >>> told_hours((570, 720))
    '09:30-12:00'
    """
    (a, b), (c, d) = divmod(span[0], 60), divmod(span[1], 60)
    return f"{a:02}:{b:02}-{c:02}:{d:02}"


def _read_hours_of_a_day(value: Any) -> Any:
    """Reads each by itself, so that hours which overlap are told beside some that cannot be read."""
    if not isinstance(value, list | tuple):
        return value
    problems: list[Problem] = []
    spans: list[tuple[Span, Any]] = []
    for each in value:
        try:
            spans.append((_read_hours(each), each))
        except PydanticCustomError as error:
            problems += (error.context or {})["problems"]
    before = (0, 0)
    for span, text in sorted(spans, key=lambda told: told[0]):
        problems += _odd_hours(span, before, text)
        before = span
    if problems:
        raise refused(problems)
    return tuple(span for span, _ in spans)


def _odd_hours(span: Span, before: Span, text: Any) -> Iterator[Problem]:
    start, end = span
    if start > end:
        hint = f'write "{told_hours((end, start))}", or hours up to 24:00'
        found, expected = f"{told_hours(span)}, which end before they begin", "hours of one day"
        yield problem_with(text, "contradiction", found=found, expected=expected, hint=hint)
    elif start < before[1]:
        found = f"{told_hours(span)}, which overlap {told_hours(before)}"
        expected = "hours apart from each other"
        yield problem_with(text, "contradiction", found=found, expected=expected, hint="make them one")


HoursOfDay = Annotated[tuple[Hours, ...], BeforeValidator(_read_hours_of_a_day)]
"""The hours of one sort of day, apart from each other."""
