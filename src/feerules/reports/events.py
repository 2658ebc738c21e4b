"""What happened to accounts: the contacts, the reasons that were told, the days on which time stood still."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import polars as pl

from feerules.frames import into_lazy
from feerules.ledger.standing import standing
from feerules.periods import day_number
from feerules.reports.kinds import CLOSING, CONTACTS, EVENTS, STANDING, TELLING
from feerules.reports.reading import Fact, Known, hour_of, problem_rows, read_frame

__all__ = ["Events"]

FACTS = (
    *(Fact("event_id"), Fact("account_id", needed=True)),
    Fact("type", "word", needed=True, words=EVENTS),
    *(Fact("status"), Fact("effective_on", "day", needed=True), Fact("ends_on", "day")),
    *(Fact("reason"), Fact("outcome"), Fact("channel"), Fact("charge_ids", "list")),
)
Pause = list[Any]  # its first day, and the day on which it is over (None: it is not)


class _Told(NamedTuple):
    """What tells whether an event stands, and its place among the rows."""

    place: int
    day: int
    closing: bool
    ends: int | None
    charge_ids: tuple[str, ...]


class Events:
    """The events of accounts that have happened by a day, in order."""

    def __init__(self, events: Any, as_of: date, known_at: Known | None) -> None:
        schema = into_lazy(events)[0].collect_schema()
        timed = "occurred_at" in schema and schema["occurred_at"] != pl.Null
        read = read_frame(
            "events",
            events,
            FACTS,
            key="event_id",
            known_at=known_at,
            log="amount",
            carry=["occurred_at"] * timed,
        )
        hour = hour_of(pl.col("occurred_at"), schema["occurred_at"]) if timed else pl.lit(0)
        self._as_of = day_number(as_of)
        ends = pl.col("ends_on")
        backwards = ends < pl.col("effective_on")
        wrong = problem_rows(
            "events", read.rows.filter(backwards).collect(), Fact("ends_on", "day"),
            pl.when(backwards).then(pl.lit("ends_before_start")),
            row_id=pl.col("event_id"), value=ends.cast(pl.String), account_id=pl.col("account_id"),
        )  # fmt: skip
        self.problems = (read.problems, wrong)
        self._rows = (
            read.rows.filter((pl.col("effective_on") <= as_of) & ~backwards.fill_null(False))
            .sort("account_id", "effective_on", hour, "event_id")
            .with_row_index("#")
        )

    def contacts(self) -> pl.LazyFrame:
        """The last contact of each account."""
        contacts = self._rows.filter(pl.col("type").is_in(CONTACTS))
        return contacts.group_by("account_id").agg(
            pl.col("effective_on").last().alias("last_contact_on"),
            pl.col("channel").last().alias("last_channel"),
            pl.col("outcome").last().alias("last_outcome"),
        )

    def reasons(self) -> pl.LazyFrame:
        """Why an account is not paid: what was last told and still holds."""
        told = self._rows.filter(pl.col("type").is_in(TELLING) & pl.col("reason").is_not_null())
        columns = ("account_id", "type", "reason", "effective_on", "#")
        return (
            pl.concat([self._standing().select(columns), told.select(columns)])
            .sort("#")
            .group_by("account_id")
            .agg(
                pl.col("type").last().alias("reason_type"),
                pl.col("reason").last(),
                pl.col("effective_on").last().alias("reason_on"),
            )
        )

    def _standing(self) -> pl.LazyFrame:
        """The disputes, hardship, deaths and holds that are neither closed nor at their end."""
        rows = self._rows.filter(pl.col("type").is_in(STANDING)).collect()
        by_sort: dict[tuple[str, str], list[_Told]] = {}
        told = rows.select("account_id", "type", "effective_on", "status", "ends_on", "charge_ids")
        for place, (account, type_, day, status, ends_on, ids) in enumerate(told.iter_rows()):
            ends = None if ends_on is None else day_number(ends_on)
            event = _Told(place, day_number(day), status in CLOSING, ends, _ids(ids))
            by_sort.setdefault((account, type_), []).append(event)
        left = [
            event.place
            for events in by_sort.values()
            for event in standing(events)
            if event.ends is None or self._as_of < event.ends
        ]
        return rows[sorted(left)].lazy()

    def pauses(self) -> pl.LazyFrame:
        """The days on which an account's debts did not age, each once: from `_from` up to, not including, `_to`."""
        rows = self._rows.filter(pl.col("type") == "pause").collect()
        by_account: dict[str, list[Pause]] = {}
        for account, day, ends_on, status in rows.select(
            "account_id", "effective_on", "ends_on", "status"
        ).iter_rows():
            pauses = by_account.setdefault(account, [])
            if status in CLOSING:
                _cut_short(pauses, day)
            else:
                pauses.append([day, ends_on])
        merged = [
            (account, first, end) for account, each in by_account.items() for first, end in _apart(each)
        ]
        schema = {"account_id": pl.String, "_from": pl.Date, "_to": pl.Date}
        return pl.DataFrame(merged, schema=schema, orient="row").lazy()


def _ids(told: Any) -> tuple[str, ...]:
    """The charges that an event names, as a list or as one text with commas."""
    parts = told.split(",") if isinstance(told, str) else told or ()
    return tuple(str(part).strip() for part in parts if part is not None and str(part).strip())


def _cut_short(pauses: list[Pause], day: date) -> None:
    """Ends the latest pause that has not ended by a day."""
    running = [pause for pause in pauses if pause[1] is None or pause[1] > day]
    if running:
        running[-1][1] = day


def _apart(pauses: list[Pause]) -> list[Pause]:
    """The same days without overlaps; the pauses are in order of their first day."""
    apart: list[Pause] = []
    for first, ends_on in pauses:
        end = ends_on or date.max
        if apart and first <= apart[-1][1]:
            apart[-1][1] = max(end, apart[-1][1])
        else:
            apart.append([first, end])
    return apart
