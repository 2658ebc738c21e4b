"""The values of rules in words: numbers, days, and the closed words of documents as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from feerules.wording import Wording, counted, sentence

__all__ = ["CLOSED", "SPAN", "Numbered", "Spoken", "in_words"]


@runtime_checkable
class Spoken(Protocol):
    """What says itself in the words of a locale."""

    def in_words(self, words: Wording) -> str: ...


@dataclass(frozen=True, slots=True)
class Numbered:
    """One of several that have no name."""

    number: int

    def in_words(self, words: Wording) -> str:
        return words.text("no. {number}", number=str(self.number))


SPAN = "span"  # of days, the last one included

COUNTED: Mapping[str, tuple[str, str]] = {
    "days": counted("{number} day", "{number} days"),
    "minutes": counted("{number} minute", "{number} minutes"),
    "months": counted("{number} month", "{number} months"),
    "years": counted("{number} year", "{number} years"),
}

# The closed words of documents that people have other words for; the rest is told as it is written.
CLOSED: Mapping[str, str] = {
    "not_charged": sentence("not charged"),
    "problem": sentence("not priced, a problem"),
    "owner": sentence("the owner"),
    "tenant": sentence("the tenant"),
    "developer": sentence("the developer"),
    "heir": sentence("the heir"),
    "nobody": sentence("nobody"),
    "month": sentence("each month"),
    "quarter": sentence("each quarter"),
    "half_year": sentence("each half-year"),
    "year": sentence("each year"),
    "in_advance": sentence("in advance"),
    "in_arrears": sentence("in arrears"),
    "calendar_days": sentence("by calendar days"),
    "thirty_day_months": sentence("by months of 30 days"),
    "half_months": sentence("by half-months"),
    "whole_months": sentence("by whole months"),
    "full_months": sentence("by full months"),
    "next_month": sentence("from the next month on"),
    "days_365": sentence("by days of 365"),
    "days_of_year": sentence("by days of the year"),
    "cycle_days": sentence("by days of the cycle"),
    "half_up": sentence("half up"),
    "half_even": sentence("half to even"),
    "half_down": sentence("half down"),
    "up": sentence("up"),
    "down": sentence("down"),
    "next_workday": sentence("the next workday"),
    "previous_workday": sentence("the workday before"),
    "hold": sentence("hold"),
    "wait": sentence("wait"),
    "review": sentence("a person decides"),
    "clear": sentence("nothing to do"),
    "first": sentence("the first that is due"),
    "severest_first": sentence("the severest first"),
    "one_step_at_a_time": sentence("one step at a time"),
    "oldest_due_first": sentence("the oldest due first"),
    "newest_due_first": sentence("the newest due first"),
    "civil_code_560": sentence("as Civil Code 560 has it"),
    "principal_first": sentence("principal first"),
    "interest_first": sentence("interest first"),
}


def in_words(words: Wording, value: Any, unit: str = "") -> str:
    """A value as people say it; `unit` is "%" for shares, "span" for days from the first to the last, or what a whole number counts."""
    match value:
        case None:
            return words.text("nothing")
        case bool():
            return words.text("yes") if value else words.text("no")
        case int() if unit in COUNTED:
            return words.count(COUNTED[unit], str(value))
        case int():
            return words.number(Decimal(value))
        case Decimal() if unit == "%":
            return words.percent(value)
        case Decimal():
            told = words.number(value, max(-int(value.as_tuple().exponent), 0))
            return f"{told} {unit}" if unit else told
        case date():
            return words.day(value)
        case (date() as first, date() as last) if unit == SPAN:
            return words.days(first, last)
        case tuple() | list():
            return words.listed(in_words(words, each) for each in value) if value else words.text("nothing")
        case Mapping():
            return words.text("“{text}”", text=words.title(value))
        case Spoken():
            return value.in_words(words)
    text = str(value)
    return words.text(CLOSED[text]) if text in CLOSED else text
