"""Workdays: which days people work, as data that is given in, never looked up from a clock or a network."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol, get_args, runtime_checkable

from feerules.errors import FeeRulesError

__all__ = [
    "UNKNOWN_YEAR_CHOICES",
    "Calendar",
    "UnknownYear",
    "UnknownYearChoice",
    "WorkdayCalendar",
    "from_chinesecalendar",
]

UnknownYearChoice = Literal["weekends_only", "refuse"]
UNKNOWN_YEAR_CHOICES: Final[tuple[UnknownYearChoice, ...]] = get_args(UnknownYearChoice)

_DAY: Final = timedelta(1)
_SATURDAY_SUNDAY: Final = frozenset({5, 6})


@runtime_checkable
class WorkdayCalendar(Protocol):
    """What a policy asks of a calendar; bring your own wherever a `Calendar` is taken.

    `is_holiday` tells a holiday on whichever day of the week it falls; a weekend is none.
    """

    def is_workday(self, day: date, /) -> bool: ...

    def is_holiday(self, day: date, /) -> bool: ...

    def next_workday(self, day: date, /) -> date: ...

    def previous_workday(self, day: date, /) -> date: ...


class UnknownYear(FeeRulesError, LookupError):
    """A day of a year whose holidays the calendar does not know, where guessing was declined."""

    def __init__(self, day: date, known: AbstractSet[int]) -> None:
        self.day, self.known = day, frozenset(known)
        super().__init__(day, self.known)

    def __str__(self) -> str:
        return (
            f"found {self.day}, expected a day of {_spans(self.known)}; add the holidays of {self.day.year} "
            'to the calendar, or declare unknown_year "weekends_only"'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Holidays, and the weekend days that are worked instead (调休), of the years that it knows.

    `weekend` counts from Monday = 0. Of a year that is not in `years`, either weekends alone decide,
    or UnknownYear is raised: holidays are decreed each autumn, and a guess would move a deadline.

    >>> spring = Calendar(holidays=frozenset({date(2026, 2, 17)}), years=frozenset({2026}))
    >>> spring.next_workday(date(2026, 2, 17))
    datetime.date(2026, 2, 18)
    """

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    weekend: frozenset[int] = _SATURDAY_SUNDAY
    years: frozenset[int] = frozenset()
    unknown_year: UnknownYearChoice = "refuse"

    def __post_init__(self) -> None:
        for name in ("holidays", "workdays", "weekend", "years"):
            object.__setattr__(self, name, frozenset(getattr(self, name)))
        if self.unknown_year not in UNKNOWN_YEAR_CHOICES:
            raise ValueError(f'found unknown_year "{self.unknown_year}", expected weekends_only or refuse')
        if not self.weekend < set(range(7)):
            found = sorted(self.weekend)
            raise ValueError(f"found the weekend {found}, expected some of 0 (Monday) to 6, and not all")
        if both := self.holidays & self.workdays:
            raise ValueError(f"found {min(both)} as a holiday and as a workday, expected one of them")
        for day in self.holidays | self.workdays:
            _check_date(day)

    def is_workday(self, day: date, /) -> bool:
        """UnknownYear where the calendar does not know, and was told not to guess."""
        _check_date(day)
        if day.year not in self.years and self.unknown_year == "refuse":
            raise UnknownYear(day, self.years)
        return day in self.workdays or (day.weekday() not in self.weekend and day not in self.holidays)

    def is_holiday(self, day: date, /) -> bool:
        return day in self.holidays

    def next_workday(self, day: date, /) -> date:
        """The day itself if it is a workday, else the first one after it."""
        while not self.is_workday(day):
            day += _DAY
        return day

    def previous_workday(self, day: date, /) -> date:
        """The day itself if it is a workday, else the last one before it."""
        while not self.is_workday(day):
            day -= _DAY
        return day


def from_chinesecalendar(unknown_year: UnknownYearChoice = "refuse") -> Calendar:
    """The State Council's holidays and make-up days, from the package chinesecalendar (2004 and later).

    The result is plain data: it pickles, and no longer needs the package.
    """
    try:
        from chinese_calendar import constants  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as error:
        raise ImportError(
            'the calendar of China needs the package chinesecalendar: pip install "feerules[calendar]"',
            name="chinese_calendar",
        ) from error
    return Calendar(
        holidays=frozenset(constants.holidays),
        workdays=frozenset(constants.workdays),
        years=frozenset(day.year for day in constants.holidays),
        unknown_year=unknown_year,
    )


def _check_date(day: object) -> None:
    # A datetime is a date, but never equal to one: every holiday would silently be a workday.
    if not isinstance(day, date) or isinstance(day, datetime):
        raise TypeError(f"found {day!r}, expected a date without a time of day")


def _spans(years: AbstractSet[int]) -> str:
    """Years as people write them: 2024–2026, 2030."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(f"{a}–{b}" if a < b else str(a) for a, b in runs) or "no year (the calendar has none)"
