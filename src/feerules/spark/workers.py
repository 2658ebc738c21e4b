"""What runs where the data is: batches of accounts become answers, one after the other, in bounded memory."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from feerules.account_answers import Asked, Pair
from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.estate_dunning import Answering
from feerules.estate_ledgers import Batch, Ledgers, columns_in, told_to_members
from feerules.estate_positions import Standing
from feerules.spark.columns import batches_of, from_batches
from feerules.spark.packing import KEY, Packing
from feerules.streaming import Sheet

__all__ = ["CONTACTS", "LOST", "MEMBER", "PROBLEM", "ROW", "Task", "answered", "gathered", "told_as"]

# Sorts of rows beside those of a ledger, and what the first of them has beside an event.
CONTACTS, LOST, MEMBER = "contacts", "lost", "#member"
ROW, PROBLEM = "row", "problem"  # of a frame of answers: in each of its rows one is told, and the other null
# A batch takes 0.3 s however small it is, and 0.3 kB for each entry.
ENTRIES = 500_000
POSITIONS = 50_000


@dataclass(frozen=True)
class Task:
    """A question about accounts, whole: it is pickled, and compiled once in each worker.

    `packing` tells entries apart; without it positions are given, whose frames have the columns of `given`.
    `told` are the columns of both answers.
    """

    book: Book
    asked: Asked
    calendar: WorkdayCalendar | None
    packing: Packing | None
    given: tuple[pl.Schema, pl.Schema] | None
    told: tuple[pl.Schema, pl.Schema]


def answered(task: bytes, batches: Iterable[Any]) -> Iterator[Any]:
    """The answers about one part of the data, as batches of Arrow; whole accounts are together in it, one by one."""
    worker = _worker(task)
    for pair in worker.answers(batches):
        for frame in told_as(pair, worker.task.told):
            yield from batches_of(frame)


@lru_cache(maxsize=4)
def _worker(task: bytes) -> _Worker:
    return _Worker(pickle.loads(task))  # noqa: S301  # the driver's own


def told_as(pair: Pair, schemas: tuple[pl.Schema, pl.Schema]) -> Iterator[pl.DataFrame]:
    """Rows, then problems, where there are any: each told whole in one column, and null in the other."""
    for number, name in enumerate((ROW, PROBLEM)):
        frame = pair[number]
        if frame.height:
            whole = pl.struct(_as(kind, column, frame) for column, kind in schemas[number].items())
            none = pl.lit(None, pl.Struct(schemas[1 - number]))
            both = (whole, none) if name == ROW else (none, whole)
            yield frame.select(both[0].alias(ROW), both[1].alias(PROBLEM))


def _as(kind: Any, column: str, frame: pl.DataFrame) -> pl.Expr:
    """A column in its type; some policies tell more than others, and a batch may have none of them."""
    found = pl.col(column).cast(kind) if column in frame.columns else pl.lit(None, kind)
    return found.alias(column)


class _Worker:
    def __init__(self, task: Task) -> None:
        self.task, asked = task, task.asked
        every = asked.question == "positions"
        self.standing = Standing(task.book, asked.as_of, asked.known_at, asked.key, every=every)
        self.told = Answering(asked, self.standing, task.calendar or task.book.calendar).of

    def answers(self, batches: Iterable[Any]) -> Iterator[Pair]:
        if self.task.packing is None:
            return (self.told(self._positions(rows)) for rows in gathered(batches, POSITIONS, None))
        found = (self._ledgers(rows, self.task.packing) for rows in gathered(batches, ENTRIES, KEY))
        return (self.told(self.standing.of(batch)) for batch in found)

    def _positions(self, rows: pl.DataFrame) -> Pair:
        assert self.task.given is not None
        told, bad = (
            rows.lazy()
            .filter(pl.col(name).is_not_null())
            .select(pl.col(name).struct.unnest())
            .collect()
            .cast(schema)
            for name, schema in zip((ROW, PROBLEM), self.task.given, strict=True)
        )
        return told, bad

    def _ledgers(self, rows: pl.DataFrame, packing: Packing) -> Batch:
        """The accounts of some entries; all that is about an account is among these."""
        frames: dict[str, pl.DataFrame] = packing.unpacked(rows)
        contacts, lost = frames.pop(CONTACTS, None), frames.pop(LOST, None)
        accounts, book = frames.pop("accounts", None), self.task.book
        foreign = None if contacts is None else _foreign(contacts, book.mapping, self.task.asked.key)
        return Ledgers(accounts, frames, book.mapping, self.task.asked.key).whole(foreign, lost)


def _foreign(contacts: pl.DataFrame, mapping: Mapping[str, str], key: str) -> pl.DataFrame:
    """Contacts of a party's other accounts, each with the account (member) that it counts for too."""
    sheet = Sheet("events", contacts.lazy(), columns_in("events", contacts.columns, mapping, key))
    read = sheet.encoded(sheet.frame).collect().with_columns(contacts[MEMBER].alias("member"))
    return told_to_members(read.lazy()).collect()


def gathered(batches: Iterable[Any], most: int, key: str | None) -> Iterator[pl.DataFrame]:
    """Rows in frames of about so many; by a key, those of one key are never in two frames."""
    held: list[Any] = []
    rest: list[pl.DataFrame] = []
    for batch in batches:
        held.append(batch)
        if sum(each.num_rows for each in held) < most:
            continue
        frame, held = pl.concat([*rest, from_batches(held)]), []
        cut = frame.height if key is None else _last_run(frame[key])
        rest = [frame[cut:]]
        if cut:
            yield frame[:cut]
    if held or rest:
        yield pl.concat([*rest, *([from_batches(held)] if held else [])])


def _last_run(keys: pl.Series) -> int:
    """Where the rows of the last key begin; the keys are in order."""
    return len(keys) - int((keys == keys[-1:]).sum())
