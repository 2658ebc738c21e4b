"""Workdays: holidays, make-up days, weekends, and years that a calendar does not know."""

from __future__ import annotations

import pickle
import sys
from datetime import date, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feerules.calendars import Calendar, UnknownYear, WorkdayCalendar, from_chinesecalendar
from feerules.errors import FeeRulesError


def days(*texts: str) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, texts))


# Spring Festival 2026, as decreed: off from 15 to 23 February, worked on two days of weekends.
SPRING = Calendar(
    holidays=frozenset(date(2026, 2, day) for day in range(15, 24)),
    workdays=days("2026-02-14", "2026-02-28"),
    years=frozenset({2026}),
)

WORKDAYS = [
    ("2026-02-13", True),  # a Friday
    ("2026-02-14", True),  # a Saturday, worked instead
    ("2026-02-15", False),  # a Sunday
    ("2026-02-17", False),  # a Tuesday, New Year
    ("2026-02-23", False),  # the last day off
    ("2026-02-24", True),
    ("2026-03-01", False),  # a Sunday
]


@pytest.mark.parametrize(("day", "worked"), WORKDAYS)
def test_holidays_are_off_and_make_up_days_are_worked(day: str, worked: bool) -> None:
    assert SPRING.is_workday(date.fromisoformat(day)) is worked


ROLLS = [
    ("2026-02-13", "2026-02-13", "2026-02-13"),
    ("2026-02-15", "2026-02-14", "2026-02-24"),
    ("2026-02-23", "2026-02-14", "2026-02-24"),
    ("2026-03-01", "2026-02-28", "2026-03-02"),
]


@pytest.mark.parametrize(("day", "previous", "following"), ROLLS)
def test_a_due_date_rolls_to_the_nearest_workday_on_the_side_asked_for(
    day: str, previous: str, following: str
) -> None:
    assert str(SPRING.previous_workday(date.fromisoformat(day))) == previous
    assert str(SPRING.next_workday(date.fromisoformat(day))) == following


def test_a_weekend_may_be_other_days_or_none() -> None:
    friday, saturday = date(2026, 11, 6), date(2026, 11, 7)
    gulf = Calendar(weekend=frozenset({4, 5}), unknown_year="weekends_only")
    never = Calendar(weekend=frozenset(), unknown_year="weekends_only")
    assert [c.is_workday(friday) for c in (gulf, never)] == [False, True]
    assert [c.is_workday(saturday) for c in (gulf, never)] == [False, True]


def test_an_unknown_year_is_refused_unless_weekends_were_declared_enough() -> None:
    with pytest.raises(UnknownYear) as caught:
        SPRING.is_workday(date(2027, 1, 4))
    assert str(caught.value) == (
        "found 2027-01-04, expected a day of 2026; add the holidays of 2027 to the calendar, "
        'or declare unknown_year "weekends_only"'
    )
    assert isinstance(caught.value, FeeRulesError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    weekends = Calendar(years=frozenset({2026}), unknown_year="weekends_only")
    assert weekends.is_workday(date(2027, 1, 4))
    assert not weekends.is_workday(date(2027, 1, 3))


def test_a_search_that_runs_into_an_unknown_year_is_refused_too() -> None:
    year_end = Calendar(holidays=days("2026-12-31"), years=frozenset({2026}))
    with pytest.raises(UnknownYear, match="found 2027-01-01"):
        year_end.next_workday(date(2026, 12, 31))
    assert year_end.previous_workday(date(2026, 12, 31)) == date(2026, 12, 30)


@pytest.mark.parametrize(
    ("years", "told"),
    [
        ({2024, 2025, 2026, 2030}, "expected a day of 2024–2026, 2030;"),
        ({2026}, "expected a day of 2026;"),
        (set(), "expected a day of no year (the calendar has none);"),
    ],
)
def test_the_years_that_a_calendar_knows_are_told_as_spans(years: set[int], told: str) -> None:
    with pytest.raises(UnknownYear) as caught:
        Calendar(years=frozenset(years)).is_workday(date(2000, 1, 1))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"holidays": days("2026-02-14"), "workdays": days("2026-02-14")},
            "found 2026-02-14 as a holiday and as a workday, expected one of them",
        ),
        (
            {"weekend": frozenset(range(7))},
            "found the weekend [0, 1, 2, 3, 4, 5, 6], expected some of 0 (Monday) to 6, and not all",
        ),
        ({"weekend": {6, 7}}, "found the weekend [6, 7], expected some of 0 (Monday) to 6, and not all"),
        ({"unknown_year": "guess"}, 'found unknown_year "guess", expected weekends_only or refuse'),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match="found") as caught:
        Calendar(**fields)
    assert str(caught.value) == told


def test_a_time_of_day_is_refused_because_it_would_miss_every_holiday() -> None:
    with pytest.raises(TypeError, match="expected a date without a time of day"):
        SPRING.is_workday(datetime(2026, 2, 17, 9, 30))
    with pytest.raises(TypeError, match="expected a date without a time of day"):
        Calendar(holidays=frozenset({datetime(2026, 2, 17)}))


def test_a_calendar_is_a_value_and_one_of_the_calendars_that_a_policy_takes() -> None:
    assert pickle.loads(pickle.dumps(SPRING)) == SPRING
    assert hash(SPRING) == hash(pickle.loads(pickle.dumps(SPRING)))
    assert isinstance(SPRING, WorkdayCalendar)
    assert Calendar(holidays={date(2026, 10, 1)}).holidays == frozenset({date(2026, 10, 1)})  # type: ignore[arg-type]


@given(day=st.dates(date(2026, 1, 10), date(2026, 12, 20)))
def test_no_workday_lies_between_a_day_and_the_workdays_around_it(day: date) -> None:
    before, after = SPRING.previous_workday(day), SPRING.next_workday(day)
    assert before <= day <= after
    assert SPRING.is_workday(before)
    assert SPRING.is_workday(after)
    between = [before + timedelta(n) for n in range(1, (after - before).days)]
    assert not any(map(SPRING.is_workday, between))
    assert (before == after) == SPRING.is_workday(day)


def test_the_calendar_of_china_is_read_into_plain_data(monkeypatch: pytest.MonkeyPatch) -> None:
    package: Any = ModuleType("chinese_calendar")
    package.constants = SimpleNamespace(
        holidays={date(2025, 10, 1): "National Day", date(2026, 10, 1): "National Day"},
        workdays={date(2026, 10, 10): "National Day"},
    )
    monkeypatch.setitem(sys.modules, "chinese_calendar", package)
    china = from_chinesecalendar()
    assert china == Calendar(
        holidays=days("2025-10-01", "2026-10-01"),
        workdays=days("2026-10-10"),
        years=frozenset({2025, 2026}),
    )
    assert from_chinesecalendar("weekends_only").unknown_year == "weekends_only"


def test_without_its_package_the_calendar_of_china_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "chinese_calendar", None)
    with pytest.raises(ImportError) as caught:
        from_chinesecalendar()
    assert str(caught.value) == (
        'the calendar of China needs the package chinesecalendar: pip install "feerules[calendar]"'
    )


def test_the_calendar_of_china_agrees_with_its_package() -> None:
    package = pytest.importorskip("chinese_calendar")
    china = from_chinesecalendar()
    first = date(min(china.years), 1, 1)
    span = [first + timedelta(n) for n in range((date(max(china.years), 12, 31) - first).days + 1)]
    assert [day for day in span if china.is_workday(day) != package.is_workday(day)] == []
