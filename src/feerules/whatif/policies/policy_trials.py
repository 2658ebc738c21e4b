"""Policies tried on the accounts of an estate: one over days, two side by side, several in a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import polars as pl

from feerules.account_answers import ahead, refuse
from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.clocks import day_of, read_day, read_known, read_moment
from feerules.dunning import next_action
from feerules.estate_ledgers import Batch, Ledgers
from feerules.periods import PeriodError
from feerules.whatif.policies.capacity import Capacity
from feerules.whatif.policies.days_ahead import Assumed, follow
from feerules.whatif.policies.outcomes import Outcomes
from feerules.whatif.policies.policy_changes import Changes, changes_of, merged
from feerules.whatif.policies.policy_comparison import PolicyChange, PolicyComparison
from feerules.whatif.policies.policy_grid import PolicyGrid, grid_frames, grid_part
from feerules.whatif.policies.policy_sides import Side, Sides
from feerules.whatif.policies.run_frames import frames_of
from feerules.whatif.policies.simulation import Simulation
from feerules.whatif.policies.trial_words import names_of_rules

__all__ = ["Trial", "compared", "gridded", "simulated"]

ORDERS = ("waiting", "amount")
RUNS = ("actions", "connected", "fees", "undone")
T = TypeVar("T")


@dataclass(frozen=True)
class Trial:
    """What is asked about accounts, whichever policies answer: their frames, the clocks, and what days assume."""

    accounts: Any
    entries: Mapping[str, Any]
    known_at: date | datetime | str | None
    key: str
    strict: bool
    calendar: WorkdayCalendar | None
    capacity: Any
    outcome: Any
    approval_days: int | None
    first: str

    def assumed(self, books: Sequence[Book]) -> Assumed:
        if self.first not in ORDERS:
            raise ValueError(f"found first={self.first!r}, expected one of {', '.join(ORDERS)}")
        days = self.approval_days
        if days is not None and (type(days) is not int or days < 0):
            raise ValueError(
                f"found approval_days={days!r}, expected a whole number from 0 up, or None for never"
            )
        policies = [version.policy for book in books for each in book.policies for version in each]
        return Assumed(
            Outcomes(self.outcome, policies), Capacity(self.capacity, books), days, self.first == "amount"
        )

    def ledgers(self, books: Sequence[Book]) -> Ledgers:
        """The frames as ledgers; all books call their columns alike."""
        mapping: dict[str, str] = {}
        for book in books:
            for name, column in book.mapping.items():
                if mapping.setdefault(name, column) != column:
                    raise ValueError(
                        f"found {name} mapped to {mapping[name]} and to {column}, expected one column for all books"
                    )
        return Ledgers(self.accounts, self.entries, mapping, self.key)

    @property
    def known(self) -> date | datetime | None:
        return read_known(self.known_at)

    def side(self, book: Book, as_of: date | datetime) -> Side:
        return Side(book, as_of, self.known, self.key, self.calendar)


Reads = Sequence[Callable[[], Batch]]


# One policy over days


def simulated(book: Book, trial: Trial, first_day: date | str, last_day: date | str) -> Simulation:
    """See `feerules.simulate`."""
    days = read_day(first_day), read_day(last_day)
    if days[0] > days[1]:
        raise PeriodError(
            f"the last day {days[1]} before the first, {days[0]}", "a first day and a later one"
        )
    assumed, ledgers = trial.assumed([book]), trial.ledgers([book])
    reads = [*ledgers.reads(share=_shares([book]))]
    return _run(book, trial, assumed, ledgers, reads, days)


def _shares(books: Sequence[Book]) -> bool:
    return any(v.policy.limits.per == "party" for book in books for each in book.policies for v in each)


def _run(
    book: Book, trial: Trial, assumed: Assumed, ledgers: Ledgers, reads: Reads, days: tuple[date, date]
) -> Simulation:
    batches, members = [read() for read in reads], ledgers.members().collect()
    log = follow(book, batches, members, days, trial.known, trial.key, trial.calendar, assumed)
    frames = frames_of(log, days[1], trial.key, batches[0].id_type)
    refuse(frames["problems"], strict=trial.strict)
    return Simulation.of(frames, ledgers.back, days, trial.known, book.digest, names_of_rules([book]))


def _days(as_of: date | datetime, days: int | None) -> tuple[date, date] | None:
    if days is None:
        return None
    if type(days) is not int or days < 1:
        raise ValueError(f"found days={days!r}, expected a whole number from 1 up")
    if isinstance(as_of, datetime):
        raise PeriodError(f"the moment {as_of} with days=", f"a day such as {day_of(as_of)}")
    return as_of, as_of + timedelta(days=days - 1)


def _asked(
    books: Sequence[Book], trial: Trial, day: date | datetime, *, again: bool
) -> tuple[Ledgers, Sides, Reads]:
    """The ledgers, the sides, and how their batches are read: once, where they are asked for `again`."""
    ledgers = trial.ledgers(books)
    accounts = ledgers.sheets.get("accounts")
    named = accounts is not None and "policy" in accounts.columns
    sides = Sides([trial.side(book, day) for book in books], named=named)
    reads: Reads = [*ledgers.reads(share=_shares(books))]
    return ledgers, sides, [partial(_there, read()) for read in reads] if again else reads


def _there(batch: Batch) -> Batch:
    return batch


def _each(reads: Reads, part: Callable[[Batch], T]) -> Iterator[Callable[[], T]]:
    """The same of each batch, to be worked out when it is called for."""
    for read in reads:
        yield partial(_then, read, part)


def _then(read: Callable[[], Batch], part: Callable[[Batch], T]) -> T:
    return part(read())


# Two, side by side


def compared(
    old: Book, new: Book, trial: Trial, as_of: date | datetime | str, days: int | None, largest: int
) -> PolicyComparison:
    """See `feerules.compare_policies`."""
    day, books = read_moment(as_of), (old, new)
    span, assumed = _days(day, days), trial.assumed(books)
    ledgers, sides, reads = _asked(books, trial, day, again=span is not None)
    parts = ahead(_each(reads, partial(changes_of, sides, key=trial.key, largest=largest)))
    found = merged(parts, trial.key, largest)
    refuse(found.problems, strict=trial.strict)
    names = ("classes", "moved", "actions", "changed", "totals", "problems")
    frames: dict[str, pl.DataFrame] = {name: getattr(found, name) for name in names}
    runs: list[Simulation | None] = [None, None]
    if span is not None:
        told = [_run(book, trial, assumed, ledgers, reads, span) for book in books]
        frames["days"] = _side_by_side(*(run.frames["days"] for run in told))
        runs = [*told]
    given = {name: ledgers.back(frame.lazy()) for name, frame in frames.items()}
    return PolicyComparison(
        as_of=day,
        known_at=trial.known,
        old_digest=old.digest,
        new_digest=new.digest,
        counts=_counts(found),
        **{"days": None} | given,
        largest=tuple(_explained(found, old, new, trial, day)),
        old_run=runs[0],
        new_run=runs[1],
        frames=frames,
        names=names_of_rules(books),
    )


def _counts(found: Changes) -> dict[str, int]:
    return {
        "accounts": found.accounts,
        "compared": found.compared,
        "problems": found.accounts - found.compared,
        "moved": found.moved.height,
        "changed": found.changed.height,
    }


def _explained(
    found: Changes, old: Book, new: Book, trial: Trial, day: date | datetime
) -> Iterator[PolicyChange]:
    """The decisions about the largest, account by account."""
    for each in found.largest:
        decisions = [
            next_action(each.account, book, day, known_at=trial.known, calendar=trial.calendar)
            for book in (old, new)
        ]
        yield PolicyChange(each.account.account_id, each.overdue, each.account.currency, *decisions)


def _side_by_side(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """The days of two runs in one frame, nought where one has nothing."""
    by = [name for name in old.columns if name not in RUNS]
    sides = [
        frame.rename({name: f"{side}_{name}" for name in RUNS})
        for side, frame in (("old", old), ("new", new))
    ]
    both = sides[0].join(sides[1], on=by, how="full", coalesce=True, nulls_equal=True)
    told = [f"{side}_{name}" for name in RUNS for side in ("old", "new")]
    return both.select(*by, *(pl.col(name).fill_null(0).cast(both.schema[name]) for name in told)).sort(
        by, nulls_last=True
    )


# Several


def gridded(
    books: Mapping[str, Book], trial: Trial, as_of: date | datetime | str, days: int | None
) -> PolicyGrid:
    """See `feerules.try_policies`."""
    day = read_moment(as_of)
    span, assumed = _days(day, days), trial.assumed([*books.values()])
    ledgers, sides, reads = _asked([*books.values()], trial, day, again=span is not None)
    parts = [*ahead(_each(reads, partial(grid_part, sides, key=trial.key)))]
    runs = {}
    if span is not None:
        runs = {name: _run(book, trial, assumed, ledgers, reads, span) for name, book in books.items()}
    frames = grid_frames([*books], parts, {name: run.frames for name, run in runs.items()})
    refuse(frames["problems"], strict=trial.strict)
    given = {name: ledgers.back(frame.lazy()) for name, frame in frames.items()}
    return PolicyGrid(day, **{"days": None} | given, runs=runs, frames=frames)
