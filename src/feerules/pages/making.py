"""Parts as a page in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from feerules.book import Book
from feerules.documents.fields import Words
from feerules.pages.page import Page
from feerules.pages.parts import books_in, section_of
from feerules.pages.reader import Reader, Told
from feerules.wording import translate

__all__ = ["page_of"]


def page_of(
    parts: Sequence[Any], locale: str, *, title: Told, on: date | None, note: Told, signed_by: Sequence[Told]
) -> tuple[Page, Reader]:
    """The page of some parts, and for whom it is."""
    words = translate(locale)
    reader = Reader(words, _fees(parts), _names(books_in(parts)))
    sections = tuple(section_of(part, reader) for part in parts)
    called = reader.said(title) or (sections[0].title if len(sections) == 1 else words.text("Report"))
    signatures = tuple(reader.said(each) for each in signed_by)
    return Page(called, locale, sections, on, reader.said(note), signatures), reader


def _fees(parts: Sequence[Any]) -> Mapping[str, Mapping[str, str]]:
    """What the books and comparisons among the parts call their fees."""
    told: dict[str, Mapping[str, str]] = {}
    for part in parts:
        result = part[1] if isinstance(part, tuple) and len(part) == 2 else part
        titles = getattr(result, "titles", None)
        if type(result).__name__ == "Comparison" and isinstance(titles, Mapping):
            told |= titles
    for book in books_in(parts):
        for schedule in book.schedules:
            for fee_id in schedule.fees:
                title = schedule.complete(fee_id).title
                told |= {fee_id: {"zh": title.zh, "en": title.en}} if title else {}
    return told


def _names(books: Sequence[Book]) -> Mapping[str, Mapping[str, str]]:
    """What policies call their steps, classes and stops; where one id is several things, the step says."""
    told: dict[str, Words | None] = {}
    for policy in (version.policy for book in books for each in book.policies for version in each):
        told |= {stop.id: stop.title for stop in policy.stops}
        told |= policy.class_titles
        told |= {step.id: step.title for step in (policy.ladder.steps if policy.ladder else ())}
    return {id_: {"zh": title.zh, "en": title.en} for id_, title in told.items() if title}
