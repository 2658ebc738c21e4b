"""Positions, classes and decisions of an estate on Spark: the batches of one machine, where the data is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from feerules.account_answers import Asked, Pair
from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.clocks import read_known, read_moment
from feerules.estate_dunning import Answering, refuse_differing
from feerules.estate_ledgers import Ledgers
from feerules.estate_positions import Standing
from feerules.spark.answers import SparkAnswers, ddl, refuse_strict
from feerules.spark.columns import plain
from feerules.spark.ledgers import SparkLedgers
from feerules.spark.packing import Packing
from feerules.spark.shipping import shipped
from feerules.spark.workers import Task

__all__ = ["SparkAnswers", "answers"]


def answers(
    question: str,
    accounts: Any,
    book: Book,
    as_of: date | datetime | str,
    known_at: date | datetime | str | None,
    key: str,
    strict: bool,
    calendar: WorkdayCalendar | None,
    entries: Mapping[str, Any],
) -> SparkAnswers:
    """See `feerules.next_actions`."""
    refuse_strict(strict=strict)
    asked = Asked(question, book.digest, read_moment(as_of), read_known(known_at), key)
    standing = Standing(book, asked.as_of, asked.known_at, key, every=question == "positions")
    told = Answering(asked, standing, calendar or book.calendar).of
    if isinstance(accounts, SparkAnswers):
        refuse_differing(accounts.asked, asked, entries)
        given = accounts.schemas
        none = pl.DataFrame(schema=given[0]), pl.DataFrame(schema=given[1])
        task = Task(book, asked, calendar, None, given, _schemas(told(none)))
        return _asked_of(accounts.answers, task)
    ledgers = SparkLedgers(accounts, entries, book.mapping, key, standing.facts, share=standing.shares)
    frames = ledgers.nothing()
    none = standing.of(Ledgers(frames.pop("accounts", None), frames, book.mapping, key).nothing())
    sorts = ledgers.sorts()
    packing = Packing.of(sorts)
    task = Task(book, asked, calendar, packing, None, _schemas(told(none)))
    return _asked_of(packing.packed(sorts), task)


def _schemas(nothing: Pair) -> tuple[pl.Schema, pl.Schema]:
    rows, problems = (
        pl.Schema({name: plain(kind) for name, kind in frame.schema.items()}) for frame in nothing
    )
    return rows, problems


def _asked_of(rows: Any, task: Task) -> SparkAnswers:
    return SparkAnswers.of(rows.mapInArrow(shipped(task), ddl(task.told)), task.asked, task.told)
