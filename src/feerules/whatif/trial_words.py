"""Words for trials of policies: titles of classes, steps and decisions, and rows of frames as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.book import Book
from feerules.citations import titles
from feerules.documents.policy import Step, Stop
from feerules.wording import Wording, sentence

__all__ = ["DECISIONS", "names_of_rules", "plain_rows", "titled"]

DECISIONS: Mapping[str, str] = {
    "act": sentence("to do"),
    "wait": sentence("to wait"),
    "hold": sentence("on hold"),
    "review": sentence("for a person"),
    "clear": sentence("nothing to do"),
}


def names_of_rules(books: Iterable[Book]) -> dict[str, dict[str, str]]:
    """The titles of every class, step and stop, by id; where books differ, the last says."""
    found: dict[str, dict[str, str]] = {}
    for book in books:
        for policy in (version.policy for each in book.policies for version in each):
            rules: list[Stop | Step] = [*policy.stops, *(policy.ladder.steps if policy.ladder else ())]
            found |= {rule.id: titles(rule.title, rule.id) for rule in rules}
            found |= {name: titles(words, name) for name, words in policy.class_titles.items()}
    return found


def titled(names: Mapping[str, Mapping[str, str]], words: Wording) -> dict[str, str]:
    told = {name: words.title(each, name) for name, each in names.items()}
    return told | {decision: words.text(said) for decision, said in DECISIONS.items()}


def plain_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain JSON: money as text, days in ISO."""
    return [*_plain(frame)]


def _plain(frame: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for row in frame.iter_rows(named=True):
        yield {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    match value:
        case Decimal():
            return format(value, "f")
        case date() | datetime():
            return value.isoformat()
    return value
