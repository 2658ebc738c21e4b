"""Parts as a page in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from feerules.book import Book
from feerules.citations import titles
from feerules.documents.fields import Words
from feerules.pages.page import Page
from feerules.pages.parts import books_in, section_of
from feerules.pages.reader import Reader, Told
from feerules.wording import CHINESE, translate

__all__ = ["page_of"]


def page_of(
    parts: Sequence[Any], locale: str, *, title: Told, on: date | None, note: Told, signed_by: Sequence[Told]
) -> tuple[Page, Reader]:
    """The page of some parts, and for whom it is."""
    words = translate(locale)
    books = books_in(parts)
    reader = Reader(words, _fees(parts), _names(books), *_facts(books))
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


def _facts(books: Sequence[Book]) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """What schedules call their facts, and how their values are spelled in Chinese."""
    called: dict[str, dict[str, str]] = {}
    spelled: dict[str, dict[str, str]] = {}
    for names in (version.names for book in books for each in book.versions for version in each):
        for name, fact in names.facts.items():
            called[name] = titles(fact.title, name)
            spelled[name] = {
                value: word for word, value in reversed(fact.words.items()) if CHINESE.search(word)
            }
        called |= {name: titles(derived.title, name) for name, derived in names.derived.items()}
    return called, spelled


def _names(books: Sequence[Book]) -> Mapping[str, Mapping[str, str]]:
    """What policies call their steps, classes and stops; where one id is several things, the step says."""
    told: dict[str, Words | None] = {}
    for policy in (version.policy for book in books for each in book.policies for version in each):
        told |= {stop.id: stop.title for stop in policy.stops}
        told |= policy.class_titles
        told |= {step.id: step.title for step in (policy.ladder.steps if policy.ladder else ())}
    return {id_: {"zh": title.zh, "en": title.en} for id_, title in told.items() if title}
