"""The documents that stand beside schedules: the book itself, calendars, and cases that prove a schedule."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from feerules.documents.model import Day, DocId, Number, Part, Phrase, Plain, Words

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
    years: tuple[Plain, ...] = Field(min_length=1, description="the years that are complete here")
    unknown_year: Literal["refuse", "weekends_only"] = "refuse"


class Case(Part):
    """A unit, a period, and what it must owe to the fen; or the problem that it must be."""

    name: Words
    unit: dict[Phrase, Any]
    period: Plain
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
