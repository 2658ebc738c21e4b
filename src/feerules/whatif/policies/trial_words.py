"""Words for trials of policies: titles of classes, steps and decisions, and rows of frames as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.book import Book
from feerules.citations import titles
from feerules.wording import Wording, sentence

__all__ = ["DECISIONS", "Names", "names_of_rules", "plain_rows", "titled"]

Names = Mapping[str, Mapping[str, Mapping[str, str]]]

DECISIONS: Mapping[str, str] = {
    "act": sentence("to do"),
    "wait": sentence("to wait"),
    "hold": sentence("on hold"),
    "review": sentence("for a person"),
    "clear": sentence("nothing to be done"),
}

CHANNELS: Mapping[str, str] = {
    "phone": sentence("by phone"),
    "sms": sentence("by text message"),
    "wechat": sentence("by WeChat"),
    "app": sentence("in the app"),
    "email": sentence("by e-mail"),
    "visit": sentence("by visit"),
    "in_person": sentence("in person"),
    "courier": sentence("by courier"),
    "post": sentence("by post"),
    "notice": sentence("by a notice at the door"),
    "group": sentence("in the owners' group"),
    "board": sentence("on the notice board"),
    "court": sentence("through the court"),
}
WHYS: Mapping[str, str] = {
    "capacity": sentence("no room on that day"),
    "approval": sentence("not yet approved"),
    "day_limit": sentence("limit of a day"),
    "week_limit": sentence("limit of a week"),
    "contact_gap": sentence("too soon after the last contact"),
    "outside_hours": sentence("no hours for contacts on that day"),
    "no_hours": sentence("no hours for contacts at all"),
    "unknown_year": sentence("the calendar does not know the year"),
}


def names_of_rules(books: Iterable[Book]) -> dict[str, dict[str, dict[str, str]]]:
    """The titles of every class, step and stop, by id; where books differ, the last says."""
    found: dict[str, dict[str, dict[str, str]]] = {"step": {}, "class": {}, "stop": {}}
    for book in books:
        for policy in (version.policy for each in book.policies for version in each):
            steps = policy.ladder.steps if policy.ladder else ()
            found["step"] |= {step.id: titles(step.title, step.id) for step in steps}
            found["stop"] |= {stop.id: titles(stop.title, stop.id) for stop in policy.stops}
            found["class"] |= {name: titles(words, name) for name, words in policy.class_titles.items()}
    return found


def titled(names: Names, words: Wording) -> dict[str, dict[str, str]]:
    """The words for what stands in a column: classes, steps, stops, decisions, channels, and why something is undone."""
    told = {kind: {id_: words.title(each, id_) for id_, each in some.items()} for kind, some in names.items()}
    fixed = {"decision": DECISIONS, "channel": CHANNELS, "why": WHYS}
    return told | {
        kind: {id_: words.text(said) for id_, said in some.items()} for kind, some in fixed.items()
    }


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
