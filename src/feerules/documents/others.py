"""The documents that stand beside schedules: the book itself, calendars, and cases that prove a schedule."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from feerules.documents.model import (
    Day,
    DocId,
    Number,
    Part,
    Phrase,
    Plain,
    Whole,
    Words,
    problem_with,
    refused,
)
from feerules.documents.tree import Map, Seq
from feerules.errors import Problem
from feerules.periods import Period, PeriodError

__all__ = ["BookDocument", "CalendarDocument", "Case", "CasesDocument"]


class BookDocument(Part):
    """What holds for the whole folder: its name, and the columns under which an ERP keeps the facts."""

    kind: Literal["book"]
    id: DocId
    title: Words | None = None
    note: Words | None = None
    mapping: dict[Phrase, Phrase] = Field({}, description="a fact or frame column: the ERP's own column name")


class CalendarDocument(Part):
    """Holidays and make-up workdays, year by year."""

    kind: Literal["calendar"]
    id: DocId
    title: Words | None = None
    note: Words | None = None
    holidays: tuple[Day, ...] = ()
    workdays: tuple[Day, ...] = Field((), description="weekend days on which people work")
    years: tuple[Annotated[Whole, Field(ge=1900, le=2199)], ...] = Field(
        min_length=1, description="the years that are complete here"
    )
    unknown_year: Literal["refuse", "weekends_only"] = "refuse"

    def both(self, day: date) -> Problem:
        """What is wrong with a workday that is a holiday too."""
        found = f"{day}, a workday and a holiday"
        problem = self.problem(
            "contradiction", found=found, expected="one of them", hint="take it out of one list"
        )
        days = self._from.get("workdays") if isinstance(self._from, Map) else None
        texts = days if isinstance(days, Seq) else []
        place = next((text for text in texts if text == day.isoformat()), None)
        return problem if place is None else replace(problem, where=place.where, excerpt="")


def _a_period(value: Any) -> Any:
    if isinstance(value, str):
        try:
            Period.parse(value)
        except PeriodError as error:
            raise refused(
                [
                    problem_with(
                        value, "wrong_form", found=error.found, expected=error.expected, hint=error.hint
                    )
                ]
            ) from None
    return value


PeriodText = Annotated[Plain, BeforeValidator(_a_period)]


def _a_moment(value: Any) -> Any:
    if isinstance(value, str) and not (_MOMENT.fullmatch(value) and _is_moment(value)):
        expected = "a day such as 2026-11-30, or a minute such as 2026-11-30T09:30"
        hint = "such a day, or minute, does not exist" if _MOMENT.fullmatch(value) else _meant_moment(value)
        raise refused([problem_with(value, "wrong_form", expected=expected, hint=hint)])
    return value


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _meant_moment(text: str) -> str:
    found = re.match(
        r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]+([0-9]{1,2}):([0-9]{2}))?$", text
    )
    if found is None:
        return "write the year first"
    year, month, day, hour, minute = found.groups()
    return f"write {year}-{month:0>2}-{day:0>2}" + (f"T{hour:0>2}:{minute}" if hour else "")


_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?([+-][0-9]{2}:[0-9]{2})?)?")
MomentText = Annotated[Plain, BeforeValidator(_a_moment)]


class Case(Part):
    """A unit and a period, or an account and a day; and what comes out, to the fen, or the problem that it must be.

    `position` gives the facts of an account's position themselves, where its entries do not matter.
    """

    name: Words
    unit: dict[Phrase, Any] | None = None
    period: PeriodText | None = None
    accrue: bool | None = None
    shares: dict[Phrase, Number] = {}
    account: dict[Phrase, Any] | None = None
    position: dict[Phrase, Any] | None = None
    as_of: MomentText | None = None
    known_at: MomentText | None = None
    expect: dict[Phrase, Any] = Field(min_length=1)
    published: Plain | None = Field(None, description="an amount that was published and is wrong")
    source: Words | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _is_about_one_thing(self) -> Self:
        given = [name for name in ("unit", "account", "position") if getattr(self, name) is not None]
        day = "period" if given == ["unit"] else "as_of"
        if len(given) != 1:
            expected = "one of unit, account, position"
            if given:
                raise refused(
                    [self._wrong(" and ".join(given), expected, f"make two cases, or take {given[-1]}: out")]
                )
            hint = "give account: and as_of:, or unit: and period:"
            raise refused([self._wrong("no unit, account or position", expected, hint)])
        if getattr(self, day) is None:
            example = "period: 2026-11" if day == "period" else "as_of: 2026-11-30"
            raise refused([self._wrong(f"{given[0]}: without {day}:", f"{day}:", f"write {example}")])
        return self

    def _wrong(self, found: str, expected: str, hint: str) -> Problem:
        return problem_with(self._from or "", "missing_key", found=found, expected=expected, hint=hint)


class CasesDocument(Part):
    """Cases for one schedule or policy, with tolerance zero."""

    kind: Literal["cases"]
    for_: DocId = Field(alias="for")
    title: Words | None = None
    note: Words | None = None
    cases: tuple[Case, ...] = Field(min_length=1)
