"""What a schedule may know about a unit: facts with types, domains, aliases and words."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from feerules.documents.model import Flag, Number, Part, Phrase, Plain, Whole, Words
from feerules.documents.values import Formula

__all__ = ["BUILT_IN", "KINDS", "KIND_WORDS", "Derived", "Fact", "FactKind"]

FactKind = Literal["decimal", "integer", "boolean", "date", "datetime", "choice", "text"]
KINDS: tuple[FactKind, ...] = ("decimal", "integer", "boolean", "date", "datetime", "choice", "text")

KIND_WORDS: dict[FactKind, str] = {
    "decimal": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "date": "a day",
    "datetime": "a minute of a day",
    "choice": "a word",
    "text": "a text",
}

BUILT_IN = {
    "judged_on": "the day on which conditions are judged: the first day of the line, or of each month",
    "month": "the month, 1 to 12, of judged_on",
    "line_start": "the first day of the line",
    "line_end": "the day after the last day of the line",
    "cycle_start": "the first day of the cycle",
    "cycle_end": "the day after the last day of the cycle",
    "cycle_months": "the number of months of the cycle",
}


class Fact(Part):
    """One fact about a unit. Exactly one of the type keys is given."""

    decimal: Whole | None = Field(None, ge=0, le=9, description="the decimal places of a number")
    integer: Flag | None = Field(None, description="a whole number")
    boolean: Flag | None = Field(None, description="true or false")
    date: Flag | None = Field(None, description="a day")
    datetime: Flag | None = Field(None, description="a minute of a day, local time")
    choice: tuple[Plain, ...] | None = Field(None, min_length=1, description="one of these words")
    text: Flag | None = Field(None, description="any text, such as the name of an estate")
    min: Plain | None = Field(None, description="the smallest number or the first day that can be right")
    max: Plain | None = Field(None, description="the largest number or the last day that can be right")
    unit: Phrase | None = Field(None, description="what a number counts: m², m³, kWh, month …")
    usage: Flag = Field(False, description="measured over the billing cycle, like a meter's consumption")
    optional: Flag = Field(False, description="a unit may have no value; cells match that with null or -")
    default: Plain | None = Field(None, description="the value where a unit gives none")
    title: Words | None = None
    aliases: tuple[Phrase, ...] = Field((), description="other names of the column, such as 建筑面积")
    words: dict[Phrase, Plain] = Field({}, description="other spellings of a value: {有电梯: true}")
    note: Words | None = None

    @property
    def kinds(self) -> list[FactKind]:
        # Not by equality: no decimal places are a type, and 0 equals False.
        said = vars(self)
        return [kind for kind in KINDS if not (said[kind] is None or said[kind] is False)]

    @property
    def kind(self) -> FactKind:
        return self.kinds[0]


class Derived(Part):
    """A fact worked out from other facts by a formula; a value outside `min`..`max` is a problem."""

    short = {"type": ["string", "number"]}

    formula: Formula
    min: Number | None = None
    max: Number | None = None
    unit: Phrase | None = None
    title: Words | None = None
    note: Words | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"formula": value} if isinstance(value, str) else value
