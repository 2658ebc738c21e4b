"""Values of rules in one form: what means the same is the same, and what is told is data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from feerules.documents.arithmetic import Name, Num, Unary
from feerules.documents.cells import Cell
from feerules.documents.charging import Every, FactQuantity, Liability, Over, Rounding
from feerules.documents.durations import told_hours
from feerules.documents.fields import MonthDay, Words
from feerules.documents.formulas import Formula
from feerules.documents.model import Part
from feerules.documents.policy import After, Channel, DatedValue, ParameterRate
from feerules.documents.reactions import Happening
from feerules.documents.schedule import Fee
from feerules.documents.values import TableValue
from feerules.whatif.changes.keys import UNITS
from feerules.whatif.changes.sides import Side

__all__ = ["data_of", "form_of", "implied", "number_of", "unit_of"]

LONGEST = 160  # of a text that stands for a whole part


# What means the same


def implied(fee: Fee) -> Fee:
    """A fee with what it leaves unsaid: by the month, in advance, by calendar days."""
    every = fee.every or Every(cycle="month")
    said = {
        "every": _every(every),
        "billed": fee.billed or "in_advance",
        "prorate": fee.prorate or ("cycle_days" if every.season else "calendar_days"),
    }
    return fee.model_copy(update=said)


def _every(every: Every) -> Every:
    """Three months are a quarter, and years begin on January 1."""
    words: Mapping[int | None, str] = {1: "month", 3: "quarter", 6: "half_year", 12: "year"}
    months, cycle = every.months, every.cycle
    if every.length in words:
        months, cycle = None, words[every.length]  # type: ignore[assignment]
    starts = None if every.starts_on == MonthDay(1, 1) else every.starts_on
    if (months, cycle, starts) == (every.months, every.cycle, every.starts_on):
        return every
    return every.model_copy(update={"months": months, "cycle": cycle, "starts_on": starts})


def form_of(side: Side, keys: tuple[str, ...], value: Any) -> Any:
    """A value in the one form that its meaning has."""
    match value:
        case After():
            cells = {"days": _cell(value.days), "months": _cell(value.months)}
            return value.model_copy(update=cells)
        case str() if keys[-1] == "buckets":
            return _cell(value)
        case FactQuantity(times=times) if times == 1:
            return Formula(Name(side.name(value.fact)), value.fact)
        case tuple() if keys[-1] == "rounding" and [*map(_stage, value)] == [_stage(Rounding())]:
            return ()
        case (Happening() as happening,):  # a single one needs no list
            return happening
    return side.value(value)


def _cell(text: str) -> str:
    """A cell over a number of days as it would be written back."""
    return str(Cell.parse(text, type="number"))


def _stage(rounding: Rounding) -> tuple[str, Decimal, str]:
    return rounding.stage, rounding.step, rounding.mode


def number_of(value: Any) -> Any:
    """A formula that is one number as that number."""
    match value:
        case Formula(root=Num(value=number)):
            return number
        case Formula(root=Unary(op="-", operand=Num(value=number))):
            return -number
    return value


# What is told


def data_of(value: Any, key: str = "") -> Any:
    """A value as data: a number, a day, a truth, a word, or the text that rules have for it; None for none."""
    value = number_of(value)
    if value is None or value == () or value == {}:
        return None
    match value:
        case bool() | int() | Decimal() | date() | Mapping() if not isinstance(value, dict):
            return value
        case Words():
            return {"zh": value.zh, "en": value.en}
        case ParameterRate():
            return _of_parameter(value)
        case Part() if _is_short(value):
            return data_of(getattr(value, _main(value)))
        case MonthDay():
            return str(value)
        case (int(), int()):
            return told_hours((value[0], (value[0] + value[1]) % 1440 or 1440) if key == "during" else value)
        case (int(), str()):
            return " ".join(map(str, value))
        case tuple():
            return tuple(data_of(each) for each in value)
        case dict() if value.keys() == {"zh", "en"} and all(isinstance(each, str) for each in value.values()):
            return value
        case Part() | dict():
            return _cut(_flow(value))
    return str(value) if not hasattr(value, "in_words") else value


# The key that alone says what most such parts say.
MAIN: Mapping[type[Part], str] = {
    Every: "cycle",
    Liability: "fact",
    Over: "each",
    After: "step",
    Channel: "channel",
    Happening: "event",
    DatedValue: "value",
}


def _main(part: Part) -> str:
    return part.short if isinstance(part.short, str) else MAIN.get(type(part), "")


def _is_short(part: Part) -> bool:
    """Whether its main key says all of it; the day of a dated value is its name."""
    if isinstance(part, DatedValue):
        return True
    fields = type(part).model_fields.items()
    said = {
        key for key, field in fields if getattr(part, key) != field.get_default(call_default_factory=True)
    }
    return said == {_main(part)}


def _of_parameter(rate: ParameterRate) -> str:
    times = "" if rate.times == 1 else f" * {rate.times:f}"
    return f"{rate.parameter}{times}" + (f" + {rate.plus:f}" if rate.plus else "")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _flow(value: Any) -> str:
    """A part in one line, nearly as YAML would have it; tables by their heads and the number of their rows."""
    match value:
        case TableValue(table=table) if table is not None:
            return "|" + "|".join(head.name for head in table.header) + f"| × {len(table.rows)}"
        case Words():
            return value.zh
        case Part():
            return "{" + ", ".join(_said(value)) + "}"
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
        case tuple() if not isinstance(value, MonthDay):
            return "[" + ", ".join(map(_flow, value)) + "]"
        case Decimal():
            return f"{value:f}"
        case bool():
            return "true" if value else "false"
    return str(value)


def _said(part: Part) -> list[str]:
    """The keys of a part that say more than what holds without them; titles and remarks left out."""
    fields = type(part).model_fields
    said = {
        field.alias or key: getattr(part, key)
        for key, field in fields.items()
        if key not in ("title", "note", "source", "id")
        and getattr(part, key) not in (None, (), {}, field.default)
    }
    return [f"{key}: {_measured(key, value)}" for key, value in said.items()]


def _measured(key: str, value: Any) -> str:
    """A whole number with what it counts, hours of the day as hours."""
    if isinstance(value, int) and not isinstance(value, bool) and key in UNITS:
        return f"{value} {UNITS[key] if value != 1 else UNITS[key].removesuffix('s')}"
    told = data_of(value, key) if key in ("quiet", "during", "stale_after") else value
    if (
        isinstance(value, tuple)
        and value
        and isinstance(value[0], tuple)
        and not isinstance(value[0], MonthDay)
    ):
        told = tuple(data_of(each) for each in value)
    return _flow(told)


def unit_of(keys: tuple[str, ...], *values: Any, written: Iterable[str] = ()) -> str:
    """What a number counts; "%" where it was written as a share."""
    if any(text.endswith("%") for text in written):
        return "%"
    for value in values:
        told = value
        if isinstance(value, Part) and _is_short(value):
            told = getattr(value, _main(value))
            if value.as_written(_main(value)).endswith("%"):
                return "%"
        if isinstance(told, Formula) and told.text.strip().endswith("%"):
            return "%"
        if isinstance(told, int) and not isinstance(told, bool) and keys and keys[-1] in UNITS:
            return UNITS[keys[-1]]
    return ""
