"""What is asked about positions: as of which day, known by when, with which hours of contact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from feerules.calendars import UnknownYear, WorkdayCalendar
from feerules.clocks import day_of
from feerules.documents.policy import DunningPolicy
from feerules.hours import Hours
from feerules.periods import day_number, from_day_number
from feerules.plan.bounds import Builder
from feerules.plan.nodes import Leaf, Node

__all__ = ["FREE", "NO_HOURS", "OUTSIDE_HOURS", "UNKNOWN_YEAR", "Openings", "Question", "Today"]

FREE, UNKNOWN_YEAR, NO_HOURS, OUTSIDE_HOURS = range(4)  # what bars a contact now
DAY = 24 * 60


@dataclass(frozen=True)
class Question:
    """As of a day or a moment; or, with `until`, as of the day of each position, from `as_of` to `until`.

    `checked`: a position of another day is a problem. `changes_after` tells the number of the first later day on which a version of a policy begins or ends.
    """

    as_of: date | datetime
    known_at: date | datetime | None
    calendar: WorkdayCalendar | None
    changes_after: Callable[[int], int | None]
    until: date | None = None
    checked: bool = False

    @property
    def days(self) -> range:
        """The numbers of the days that may be asked about."""
        first = day_number(day_of(self.as_of))
        return range(first, first + 1 if self.until is None else day_number(self.until) + 1)


class Today:
    """The day that is asked about, as a node: one day, or the one on which each position stands."""

    def __init__(self, b: Builder, question: Question) -> None:
        self.b, self.days, self.checked = b, question.days, question.checked
        self.leaf = Leaf("as_of", "date", 0, self.days[0], self.days[-1])
        is_one = len(self.days) == 1
        self.number = b.const(self.days[0]) if is_one else b.fact(self.leaf)

    def told(self, of: Callable[[int], int]) -> Node:
        """What is told of the day that is asked about, from a table of all those that may be."""
        return self.b.gather(tuple(map(of, self.days)), self.b.sub(self.number, self.b.const(self.days[0])))

    def after(self, days: Node | int) -> Node:
        return self.b.add(self.number, self.b.const(days) if isinstance(days, int) else days)


@dataclass(frozen=True)
class _Opening:
    """The first hours of a day or later: what bars a contact now, days from then, minutes of that day."""

    bar: int
    days: int = 0
    start: int = 0
    end: int = DAY


class Openings:
    """From when to when contacts are allowed: `bar`, the `day`, and the minutes since 1970 where hours are limited.

    `changes_on` is the first later day that is open where this one is not, or the other way round; 0 for none.
    """

    def __init__(self, today: Today, policy: DunningPolicy, question: Question) -> None:
        b, self._as_of = today.b, question.as_of
        self._hours = Hours.of(policy.windows, policy.limits.quiet, question.calendar)
        steps = policy.ladder.steps if policy.ladder else ()
        self._asked = any(step.channels for step in steps)
        self.limited = self._hours.limited
        found = {day: self._first(day) for day in today.days}
        self.bar = today.told(lambda day: found[day].bar)
        self.day = today.after(today.told(lambda day: found[day].days))
        minutes = b.mul(self.day, b.const(DAY))
        self.start = b.add(minutes, today.told(lambda day: found[day].start))
        self.end = b.add(minutes, today.told(lambda day: found[day].end))
        self.changes_on = today.told(lambda day: self._changes_after(day, found[day]))

    def _first(self, number: int) -> _Opening:
        # Where nothing is ever sent, no calendar is asked.
        if not self._asked:
            return _Opening(FREE)
        day = from_day_number(number)
        as_of = self._as_of if isinstance(self._as_of, datetime) else day
        try:
            opening = self._hours.first(as_of)
        except UnknownYear:
            return _Opening(UNKNOWN_YEAR)
        if opening is None:
            return _Opening(NO_HOURS)
        late = isinstance(as_of, datetime) and opening.start is not None and opening.start > as_of
        bar = OUTSIDE_HOURS if late or opening.day != day else FREE
        start, end = (_minutes(opening.day, at) for at in (opening.start, opening.end))
        return _Opening(bar, (opening.day - day).days, start or 0, DAY if end is None else end)

    def _changes_after(self, day: int, opening: _Opening) -> int:
        if not self._asked or opening.bar != FREE:
            return 0
        later = self._hours.changes_after(from_day_number(day))
        return 0 if later is None else day_number(later)


def _minutes(day: date, at: datetime | None) -> int | None:
    """The minutes from the beginning of a day to a moment, by the clock on the wall."""
    if at is None:
        return None
    return (at.replace(tzinfo=None) - datetime(day.year, day.month, day.day)) // timedelta(minutes=1)
