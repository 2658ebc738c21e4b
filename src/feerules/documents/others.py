"""The documents that stand beside schedules: the book itself, calendars, and cases that prove a schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

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


class Case(Part):
    """A unit, a period, and what it must owe to the fen; or the problem that it must be."""

    name: Words
    unit: dict[Phrase, Any]
    period: PeriodText
    accrue: bool | None = None
    shares: dict[Phrase, Number] = {}
    expect: dict[Phrase, Any] = Field(min_length=1)
    published: Plain | None = Field(None, description="an amount that was published and is wrong")
    source: Words | None = None
    note: Words | None = None


class CasesDocument(Part):
    """Cases for one schedule, with tolerance zero."""

    kind: Literal["cases"]
    for_: DocId = Field(alias="for")
    title: Words | None = None
    note: Words | None = None
    cases: tuple[Case, ...] = Field(min_length=1)
