"""Classes and next actions from a frame of positions: one statement of SQL over it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.spark.answers import SparkResult, refuse_strict
from feerules.spark.statements import answered
from feerules.statements.decisions import decision_statement
from feerules.statements.statement import Statement

__all__ = ["decide_positions"]


def decide_positions(
    positions: Any,
    book: Book,
    verb: Any,
    *,
    as_of: date | datetime | str,
    known_at: date | datetime | str | None,
    calendar: WorkdayCalendar | None,
    key: str,
    strict: bool,
) -> SparkResult:
    """See `feerules.classify_estate` and `feerules.next_actions`."""
    refuse_strict(strict=strict)

    def write(name: str, columns: dict[str, str]) -> Statement:
        return decision_statement(
            book, verb, "spark", name, columns=columns, as_of=as_of, known_at=known_at, calendar=calendar, key=key,
            unique=False,
        )  # fmt: skip

    return answered(positions, book, write)
