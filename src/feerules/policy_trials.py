"""Trying dunning policies before rollout: what another policy changes, what one comes to over days, which of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.errors import MissingExtra

if TYPE_CHECKING:
    from feerules.whatif.policies.policy_comparison import PolicyComparison
    from feerules.whatif.policies.policy_grid import PolicyGrid
    from feerules.whatif.policies.simulation import Simulation

__all__ = ["compare_policies", "simulate", "try_policies"]

Moment = str | date | datetime
Room = Mapping[str, int] | Callable[[date], Mapping[str, int]] | None
First = Literal["waiting", "amount"]


def compare_policies(
    old: Book,
    new: Book,
    accounts: Any,
    as_of: Moment,
    *,
    charges: Any,
    payments: Any = None,
    allocations: Any = None,
    events: Any = None,
    parties: Any = None,
    known_at: Moment | None = None,
    key: str = "account_id",
    strict: bool = False,
    calendar: WorkdayCalendar | None = None,
    largest: int = 20,
    days: int | None = None,
    capacity: Room = None,
    outcome: Any = None,
    approval_days: int | None = 1,
    first: First = "waiting",
) -> PolicyComparison:
    """What changes where the policies of `new` stand in place of those of `old`: classes, actions, fees.

    The frames are those of `next_actions`. An account that either book cannot answer about is in `problems`;
    all others are compared. The `largest` accounts with another action come with both decisions. With `days`,
    both policies are followed for so many days from `as_of`, as `simulate` does with the same keywords.
    Needs the extra `estate`.
    """
    trial = _trial("compare_policies", accounts, known_at, key, strict, calendar, capacity, outcome, approval_days, first,
                   charges=charges, payments=payments, allocations=allocations, events=events, parties=parties)  # fmt: skip
    _check({"old": old, "new": new})
    result: PolicyComparison = _extra("compare_policies").compared(old, new, trial, as_of, days, largest)
    return result


def simulate(
    accounts: Any,
    book: Book,
    first_day: str | date,
    last_day: str | date,
    *,
    charges: Any,
    payments: Any = None,
    allocations: Any = None,
    events: Any = None,
    parties: Any = None,
    known_at: Moment | None = None,
    key: str = "account_id",
    strict: bool = False,
    calendar: WorkdayCalendar | None = None,
    capacity: Room = None,
    outcome: Any = None,
    approval_days: int | None = 1,
    first: First = "waiting",
) -> Simulation:
    """Follows a policy over days: every action of `next_actions` is done, and is an event of the next morning.

    `capacity` is what a day holds, by channel or role ({"phone": 200, "visit": 40}), or a function of the day
    that says it; what finds no room stays undone, who has waited longest comes `first`, or with "amount" who
    owes most. `outcome` says what comes of a contact: a word for calls and visits, a mapping (outcome, delivered,
    promised_in, pays_in: days), rows of rates (those, step_id, channel, rate), or a function of the action. Without it nobody
    answers and every message arrives. Nothing is drawn by chance. An approval comes `approval_days` after it was
    asked for, or never (None). Entries of later days count on their days. Needs the extra `estate`.
    """
    trial = _trial("simulate", accounts, known_at, key, strict, calendar, capacity, outcome, approval_days, first,
                   charges=charges, payments=payments, allocations=allocations, events=events, parties=parties)  # fmt: skip
    _check({"book": book})
    result: Simulation = _extra("simulate").simulated(book, trial, first_day, last_day)
    return result


def try_policies(
    policies: Mapping[str, Book],
    accounts: Any,
    as_of: Moment,
    *,
    charges: Any,
    payments: Any = None,
    allocations: Any = None,
    events: Any = None,
    parties: Any = None,
    known_at: Moment | None = None,
    key: str = "account_id",
    strict: bool = False,
    calendar: WorkdayCalendar | None = None,
    days: int | None = None,
    capacity: Room = None,
    outcome: Any = None,
    approval_days: int | None = 1,
    first: First = "waiting",
) -> PolicyGrid:
    """Several policies about the same accounts, by name: a row for each with what it comes to.

    With `days`, each is followed for so many days from `as_of`, as `simulate` does with the same keywords.
    Needs the extra `estate`.
    """
    trial = _trial("try_policies", accounts, known_at, key, strict, calendar, capacity, outcome, approval_days, first,
                   charges=charges, payments=payments, allocations=allocations, events=events, parties=parties)  # fmt: skip
    _check(policies)
    result: PolicyGrid = _extra("try_policies").gridded(policies, trial, as_of, days)
    return result


def _check(books: Any) -> None:
    if not isinstance(books, Mapping) or not books:
        raise TypeError(
            f'found {books!r:.80} as policies, expected books by name, such as {{"gentler": book}}'
        )
    for name, book in books.items():
        if not isinstance(book, Book):
            raise TypeError(
                f"found {type(book).__name__} as {name}, expected a book, as feerules.load gives it"
            )


def _trial(function: str, accounts: Any, *asked: Any, **entries: Any) -> Any:
    return _extra(function).Trial(accounts, entries, *asked)


def _extra(function: str) -> Any:
    """The module that needs the extra `estate`."""
    try:
        from feerules.whatif.policies import policy_trials
    except ModuleNotFoundError as error:
        raise MissingExtra(function, "estate", error.name or "") from error
    return policy_trials
