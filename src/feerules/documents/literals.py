"""The values that a cell names: read exactly from text, written back as one canonical text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Integral
from typing import Any, Literal, get_args

from feerules.errors import did_you_mean

__all__ = [
    "TYPE_NAMES",
    "CellProblem",
    "CellType",
    "Months",
    "NotALiteral",
    "as_value",
    "cell_type",
    "read_bare",
    "read_call",
    "read_number",
    "read_string",
    "write",
]

CellType = Literal["number", "string", "boolean", "date", "datetime", "time", "duration"]
TYPE_NAMES: dict[CellType, str] = {
    "number": "a number",
    "string": "text in quotes",
    "boolean": "true or false",
    "date": "a date",
    "datetime": "a date and time",
    "time": "a time of day",
    "duration": "a duration",
}
_ALIASES: dict[str, CellType] = {
    "date and time": "datetime",
    "days and time duration": "duration",
    "years and months duration": "duration",
}
# More digits than any quantity has; longer ones would only slow down what compiles the cell.
_MAX_DIGITS = 38

_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(_CLOCK)
_DATETIME = re.compile(rf"{_DATE.pattern}T{_CLOCK}")
_ZONED = re.compile(rf"(.*{_CLOCK})(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}}|@.+)")
_MONTHS = re.compile(r"(-?)P(?=.)(?:([0-9]{1,6})Y)?(?:([0-9]{1,6})M)?")
_DAYS = re.compile(
    r"(-?)P(?=.)(?:([0-9]{1,8})D)?"
    r"(?:T(?=.)(?:([0-9]{1,8})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,8})(?:\.([0-9]{1,6}))?S)?)?"
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_WRITTEN = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One thing wrong with a cell; `offset` counts characters of the cell from 0."""

    code: str
    offset: int
    found: str
    expected: str
    hint: str = ""


class NotALiteral(Exception):
    """A literal that cannot be read: what was expected, and perhaps a hint. Caught by the reader of cells."""

    def __init__(self, code: str, expected: str, hint: str = "") -> None:
        super().__init__(code, expected, hint)
        self.code, self.expected, self.hint = code, expected, hint


@dataclass(frozen=True, slots=True, order=True)
class Months:
    """A duration of years and months, which has no length in days: `P1Y2M` is Months(14)."""

    months: int


def cell_type(name: str) -> CellType:
    """The type of that name, or DMN's longer name for it.

    >>> cell_type("date and time")
    'datetime'
    """
    for known in get_args(CellType):
        if name == known:
            return known  # type: ignore[no-any-return]
    if name in _ALIASES:
        return _ALIASES[name]
    hint = did_you_mean(name, TYPE_NAMES)
    raise ValueError(f"no cell type {name!r}; there are {', '.join(TYPE_NAMES)}. {hint}".rstrip())


def read_number(text: str) -> Decimal:
    """The exact number, without the zeros that say nothing: 2.80 is read as 2.8, and 1.2e3 as 1200."""
    digits = _without_exponent(text.replace(" ", ""))
    if len(digits) > _MAX_DIGITS:
        raise NotALiteral("number_too_long", f"at most {_MAX_DIGITS} digits")
    if re.match("-?0[0-9]", digits):
        raise NotALiteral("leading_zero", "a number without leading zeros or thousands separators")
    if not Decimal(digits):
        return Decimal(0)  # a minus before zero says nothing either
    return Decimal(digits.rstrip("0").rstrip(".") if "." in digits else digits)


def _without_exponent(digits: str) -> str:
    head, sign, power = digits.lower().partition("e")
    if sign and abs(int(power[:9])) > _MAX_DIGITS:
        raise NotALiteral("number_too_long", f"at most {_MAX_DIGITS} digits")
    return format(Decimal(digits), "f") if sign and len(head) <= _MAX_DIGITS else digits


def read_string(literal: str) -> str:
    """The text inside a quoted literal, its escapes resolved."""
    inside = literal[1:-1]
    if "\\" not in inside and inside.isascii():
        return inside
    # A character beyond the first plane may be written as two \\u, its UTF-16 surrogates.
    utf16 = _ESCAPE.sub(_unescaped, inside).encode("utf-16-le", "surrogatepass")
    try:
        return utf16.decode("utf-16-le")
    except UnicodeDecodeError:
        raise NotALiteral(
            "bad_escape", "a whole character: \\u is followed by four digits, \\U by six"
        ) from None


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code and int(code, 16) <= 0x10FFFF:
        return chr(int(code, 16))
    if match[3] in _ESCAPES:
        return _ESCAPES[match[3]]
    expected = 'one of \\" \\\\ \\n \\r \\t \\u0041'
    raise NotALiteral("bad_escape", expected, "for a backslash write \\\\")


def read_call(name: str, text: str) -> tuple[CellType, Any]:
    """What `date("…")`, `time("…")`, `date and time("…")`, `duration("…")` or `@"…"` says."""
    if name == "@":
        return read_bare(text)
    kind = cell_type(" ".join(name.split()))
    if kind == "datetime" and _DATE.fullmatch(text):
        text += "T00:00:00"  # as DMN reads date and time("2018-12-08")
    return kind, _read_temporal(kind, text)


def read_bare(text: str) -> tuple[CellType, Any]:
    """A date, time or duration that stands without quotes, by its form."""
    if text.lstrip("-")[:1] == "P":
        kind: CellType = "duration"
    elif "T" in text:
        kind = "datetime"
    else:
        kind = "time" if ":" in text else "date"
    return kind, _read_temporal(kind, text)


def _read_temporal(kind: CellType, text: str) -> Any:
    if kind == "duration":
        return _read_duration(text)
    if zoned := _ZONED.fullmatch(text):
        raise NotALiteral("time_zone", "a local time without a zone", f"write {zoned[1]}")
    pattern, read, form = _TEMPORAL[kind]
    if not pattern.fullmatch(text):
        raise NotALiteral("wrong_date", f"{TYPE_NAMES[kind]} as {form}")
    try:
        return read(text)
    except ValueError:
        raise NotALiteral("wrong_date", f"{TYPE_NAMES[kind]} that exists, as {form}") from None


_TEMPORAL: dict[CellType, tuple[re.Pattern[str], Any, str]] = {
    "date": (_DATE, date.fromisoformat, "2018-12-08"),
    "time": (_TIME, time.fromisoformat, "10:30:00"),
    "datetime": (_DATETIME, datetime.fromisoformat, "2018-12-08T10:30:00"),
}


def _read_duration(text: str) -> Months | timedelta:
    if found := _MONTHS.fullmatch(text):
        months = int(found[2] or 0) * 12 + int(found[3] or 0)
        return Months(-months if found[1] else months)
    if found := _DAYS.fullmatch(text):
        days, hours, minutes, seconds = (int(found[i] or 0) for i in range(2, 6))
        length = timedelta(days, seconds, int((found[6] or "").ljust(6, "0")), 0, minutes, hours)
        return -length if found[1] else length
    raise NotALiteral(
        "wrong_date", "a duration of days and time, as P5DT2H, or of years and months, as P1Y2M"
    )


def write(value: Any) -> str:
    """The canonical text of a value, as a cell of its type reads it back.

    >>> write(Decimal("0.0000010")), write("it's 5\\""), write(timedelta(days=1, hours=2))
    ('0.0000010', '"it\\'s 5\\\\""', 'P1DT2H')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str):
        return '"' + "".join(map(_escaped, value)) + '"'
    if isinstance(value, Months):
        years, months = divmod(abs(value.months), 12)
        return _written("-" * (value.months < 0) + "P", {"Y": years, "M": months}, "0M")
    return _write_days(value) if isinstance(value, timedelta) else str(value.isoformat())


def _escaped(character: str) -> str:
    if character in _WRITTEN:
        return _WRITTEN[character]
    return character if character.isprintable() else f"\\U{ord(character):06X}"


def _write_days(value: timedelta) -> str:
    size = abs(value)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if value < timedelta(0) else ""
    fraction = f".{size.microseconds:06d}".rstrip("0") if size.microseconds else ""
    clock = _written("T", {"H": hours, "M": minutes}, "")
    if seconds or fraction:
        clock += f"{seconds}{fraction}S"
    days = _written(f"{sign}P", {"D": size.days}, "" if clock != "T" else "0D")
    return days + (clock if clock != "T" else "")


def _written(head: str, parts: dict[str, int], otherwise: str) -> str:
    return head + ("".join(f"{count}{unit}" for unit, count in parts.items() if count) or otherwise)


def as_value(value: object, kind: CellType) -> Any:
    """A caller's value as a cell of that type compares it; None is null.

    Takes Python values and the text of a literal. For `string`, text that is a complete quoted literal
    is read as that literal; any other text is itself. Raises NotALiteral.
    """
    if value is None:
        return None
    if kind == "string":
        if not isinstance(value, str):
            raise NotALiteral("wrong_type", "text")
        return read_string(value) if _STRING.fullmatch(value) else str(value)
    if isinstance(value, str):
        return None if value.strip() == "null" else _value_of_text(value.strip(), kind)
    if kind == "number":
        return _as_number(value)
    # A datetime is a date to Python, and true is a number; to a rule they are not.
    if type(value) in _PYTHON[kind] and getattr(value, "tzinfo", None) is None:
        return value
    raise NotALiteral("wrong_type", TYPE_NAMES[kind])


_PYTHON: dict[CellType, tuple[type, ...]] = {
    "boolean": (bool,),
    "date": (date,),
    "datetime": (datetime,),
    "time": (time,),
    "duration": (timedelta, Months),
}
_CALL = re.compile(r'(date\s+and\s+time|date|time|duration|@)(\s*\()?\s*"([^"]*)"\s*(?(2)\))')


def _value_of_text(text: str, kind: CellType) -> Any:
    found: tuple[CellType, Any] | None = None
    if kind == "number" and _NUMBER.fullmatch(text):
        return Decimal(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind not in ("number", "boolean"):
        call = _CALL.fullmatch(text)
        found = read_call(call[1], call[3]) if call else read_bare(text)
    if not found or found[0] != kind:
        raise NotALiteral("wrong_type", TYPE_NAMES[kind])
    return found[1]


def _as_number(value: object) -> Decimal:
    if isinstance(value, float):
        # The shortest text that names this float, which is what a person would have written.
        value = Decimal(float.__repr__(value))
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, Integral) and not isinstance(value, bool):
        return Decimal(int(value))
    raise NotALiteral("wrong_type", TYPE_NAMES["number"])
