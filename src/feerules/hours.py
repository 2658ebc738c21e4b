"""When people may be contacted: the hours of a day, its quiet hours, and the next day that has any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo

from feerules.calendars import Calendar, UnknownYear, WorkdayCalendar
from feerules.documents.policy import Windows

__all__ = ["Hours", "Opening"]

DAY = 24 * 60
FARTHEST = 60  # days without any hours, after which a policy's hours are taken for none at all
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Opening:
    """The first time that is allowed: from `start` until `end`; None for all day."""

    day: date
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours that a policy allows, over a calendar. A policy without windows allows all but quiet hours."""

    windows: Windows | None
    quiet: Span | None
    calendar: WorkdayCalendar
    guesses: bool = False  # weekends alone decide where a calendar of one's own does not know
    _known: dict[date, tuple[Span, ...]] = field(default_factory=dict, repr=False, compare=False)
    _changes: dict[date, date | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, windows: Windows | None, quiet: Span | None, calendar: WorkdayCalendar | None) -> Hours:
        """With the book's calendar, or with weekends alone; of a year that it does not know, as the policy declares."""
        declared = windows.unknown_year if windows else None
        if calendar is None:
            calendar = Calendar(unknown_year=declared or "weekends_only")
        elif declared is not None and isinstance(calendar, Calendar):
            calendar = replace(calendar, unknown_year=declared)
        return cls(windows, quiet, calendar, guesses=declared == "weekends_only")

    @property
    def limited(self) -> bool:
        return self.windows is not None or self.quiet is not None

    def spans(self, day: date) -> tuple[Span, ...]:
        """The minutes of a day that are allowed. UnknownYear where the calendar declines to guess."""
        if day not in self._known:
            self._known[day] = self._spans(day)
        return self._known[day]

    def _spans(self, day: date) -> tuple[Span, ...]:
        if self.windows is None:
            spans: tuple[Span, ...] = ((0, DAY),)
        else:
            spans = getattr(self.windows, self._kind(day))
        return tuple(_without(sorted(spans), self.quiet)) if self.quiet else tuple(sorted(spans))

    def _kind(self, day: date) -> str:
        calendar: WorkdayCalendar = self.calendar
        try:
            works = calendar.is_workday(day)
        except UnknownYear:
            if not self.guesses:
                raise
            calendar = Calendar(unknown_year="weekends_only")
            works = calendar.is_workday(day)
        if works:
            return "workday"
        return "weekend" if day.weekday() >= 5 and not calendar.is_holiday(day) else "holiday"

    def is_open(self, day: date) -> bool:
        return not self.limited or bool(self.spans(day))

    def first(self, as_of: date | datetime) -> Opening | None:
        """The first opening at or after a moment, or on or after a day; None where there is none in reach."""
        day, minute, zone = _moment(as_of)
        if not self.limited:
            return Opening(day, None, None)
        for _ in range(FARTHEST):
            for start, end in self.spans(day):
                if end > minute:
                    return Opening(day, _at(day, max(start, minute), zone), _at(day, end, zone))
            day, minute = day + timedelta(days=1), 0
        return None

    def changes_after(self, day: date) -> date | None:
        """The first later day that is open where this one is not, or the other way round."""
        if not self.limited:
            return None
        if day not in self._changes:
            now = self.is_open(day)
            days = (day + timedelta(days=number) for number in range(1, FARTHEST))
            self._changes[day] = next((each for each in days if self._differs(each, now)), None)
        return self._changes[day]

    def _differs(self, day: date, now: bool) -> bool:
        """A day that the calendar declines to know is neither open nor closed."""
        try:
            return self.is_open(day) != now
        except UnknownYear:
            return True


def _moment(as_of: date | datetime) -> tuple[date, int, tzinfo | None]:
    if isinstance(as_of, datetime):
        return as_of.date(), as_of.hour * 60 + as_of.minute, as_of.tzinfo
    return as_of, 0, None


def _at(day: date, minute: int, zone: tzinfo | None) -> datetime:
    # 24:00 is the first minute of the next day.
    return datetime.combine(day, time(0), zone) + timedelta(minutes=minute)


def _without(spans: list[Span], quiet: Span) -> Iterator[Span]:
    start, end = quiet
    silent = [(start, end)] if start < end else [(0, end), (start, DAY)]
    for span in spans:
        lo, hi = span
        for a, b in silent:
            if a <= lo < b:
                lo = b
            if a < hi <= b:
                hi = a
        if lo >= hi:
            continue
        inner = [(a, b) for a, b in silent if lo < a and b < hi]
        for a, b in inner:
            yield lo, a
            lo = b
        yield lo, hi
