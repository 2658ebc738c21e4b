"""When people may be contacted: windows, quiet hours, weekends, holidays and the days worked instead."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from feerules.calendars import Calendar, UnknownYear
from feerules.documents.policy import Windows
from feerules.hours import Hours

WINDOWS = Windows(workday=((570, 720), (900, 1080)), weekend=((630, 720), (900, 1080)))
QUIET = (22 * 60, 8 * 60)
YEAR_2026 = Calendar(
    holidays=frozenset({date(2026, 2, 17), date(2026, 10, 3)}),
    workdays=frozenset({date(2026, 2, 28)}),
    years=frozenset({2026}),
)
HOURS = Hours.of(WINDOWS, QUIET, YEAR_2026)

# the day or moment that is asked about, the first opening
OPENINGS = [
    ("2026-11-25", "2026-11-25T09:30", "2026-11-25T12:00"),  # a Wednesday
    ("2026-11-28", "2026-11-28T10:30", "2026-11-28T12:00"),  # a Saturday
    ("2026-02-28", "2026-02-28T09:30", "2026-02-28T12:00"),  # a Saturday on which people work
    ("2026-02-17", "2026-02-18T09:30", "2026-02-18T12:00"),  # a holiday has no hours
    ("2026-10-03", "2026-10-04T10:30", "2026-10-04T12:00"),  # a holiday on a Saturday is a holiday
    ("2026-11-25T08:00", "2026-11-25T09:30", "2026-11-25T12:00"),
    ("2026-11-25T10:10", "2026-11-25T10:10", "2026-11-25T12:00"),
    ("2026-11-25T12:00", "2026-11-25T15:00", "2026-11-25T18:00"),  # hours end before their last minute
    ("2026-11-25T18:00", "2026-11-26T09:30", "2026-11-26T12:00"),
    ("2026-11-27T19:00", "2026-11-28T10:30", "2026-11-28T12:00"),
]


@pytest.mark.parametrize(("asked", "start", "end"), OPENINGS)
def test_the_first_opening_is_on_that_day_or_after_that_moment(asked: str, start: str, end: str) -> None:
    as_of = date.fromisoformat(asked) if len(asked) == 10 else datetime.fromisoformat(asked)
    opening = HOURS.first(as_of)
    assert opening is not None
    assert (opening.start, opening.end) == (datetime.fromisoformat(start), datetime.fromisoformat(end))


SPANS = [
    ("quiet hours over midnight cut both ends", None, (1320, 480), [(480, 1320)]),
    ("quiet hours at noon cut a day in two", None, (720, 840), [(0, 720), (840, 1440)]),
    ("quiet hours trim the windows", WINDOWS, (700, 950), [(570, 700), (950, 1080)]),
    ("quiet hours can leave nothing", WINDOWS, (500, 1100), []),
    ("without quiet hours the windows stand", WINDOWS, None, [(570, 720), (900, 1080)]),
]


@pytest.mark.parametrize(("title", "windows", "quiet", "spans"), SPANS, ids=[each[0] for each in SPANS])
def test_quiet_hours_are_taken_out_of_the_hours_of_a_day(
    title: str, windows: Windows | None, quiet: tuple[int, int] | None, spans: list[tuple[int, int]]
) -> None:
    assert list(Hours.of(windows, quiet, YEAR_2026).spans(date(2026, 11, 25))) == spans


def test_without_windows_and_quiet_hours_every_moment_is_allowed() -> None:
    opening = Hours.of(None, None, None).first(datetime(2026, 11, 25, 3, 0))
    assert opening is not None
    assert (opening.start, opening.end) == (None, None)


def test_a_year_that_no_calendar_knows_is_what_the_policy_declares() -> None:
    assert Hours.of(WINDOWS, None, None).is_open(date(2031, 10, 1))
    strict = WINDOWS.model_copy(update={"unknown_year": "refuse"})
    with pytest.raises(UnknownYear, match="2031-10-01"):
        Hours.of(strict, None, None).is_open(date(2031, 10, 1))


def test_hours_on_no_day_at_all_are_no_opening() -> None:
    assert Hours.of(Windows(holiday=((600, 700),)), None, None).first(date(2026, 11, 25)) is None


def test_the_next_day_that_is_closed_or_open_again_is_told() -> None:
    assert HOURS.changes_after(date(2026, 2, 10)) == date(2026, 2, 17)
    assert HOURS.changes_after(date(2026, 2, 17)) == date(2026, 2, 18)


@pytest.mark.parametrize(("policy", "calendar", "guesses"), [
    ("refuse", "weekends_only", False), ("weekends_only", "refuse", True),
    (None, "weekends_only", True), (None, "refuse", False),
])  # fmt: skip
def test_of_an_unknown_year_the_policy_decides_and_else_the_calendar(
    policy: Any, calendar: Any, guesses: bool
) -> None:
    given = Calendar(years=frozenset({2026}), unknown_year=calendar)
    hours = Hours.of(WINDOWS.model_copy(update={"unknown_year": policy}), None, given)
    try:
        found = hours.first(date(2027, 3, 1))
    except UnknownYear:
        found = None
    assert (found is not None) == guesses


def test_a_calendar_of_ones_own_tells_holidays_too() -> None:
    class Works:
        """Monday to Friday, but for a holiday that is a Saturday."""

        def is_workday(self, day: date, /) -> bool:
            return day.weekday() < 5

        def is_holiday(self, day: date, /) -> bool:
            return day == date(2026, 10, 3)

        def next_workday(self, day: date, /) -> date:
            return day

        previous_workday = next_workday

    found = Hours.of(WINDOWS, None, Works()).first(date(2026, 10, 3))
    assert found is not None
    assert found.day == date(2026, 10, 4)
