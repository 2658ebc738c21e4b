"""Periods as people write them, months, and the cycles and seasons that a period holds."""

from __future__ import annotations

import pickle
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feerules.periods import (
    Period,
    PeriodError,
    add_months,
    cycles_ending,
    cycles_starting,
    day_number,
    from_day_number,
    months_between,
    seasons_ending,
    seasons_starting,
)

DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31))
MONTHS = st.integers(-1200, 1200)
CALENDAR = date(2000, 1, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


# text, first day, end, days, months
PERIODS = [
    ("2026-11", "2026-11-01", "2026-12-01", 30, 1),
    ("2024-02", "2024-02-01", "2024-03-01", 29, 1),
    ("2026-Q1", "2026-01-01", "2026-04-01", 90, 3),
    ("2026-Q4", "2026-10-01", "2027-01-01", 92, 3),
    ("2026-H1", "2026-01-01", "2026-07-01", 181, 6),
    ("2026-H2", "2026-07-01", "2027-01-01", 184, 6),
    ("2026", "2026-01-01", "2027-01-01", 365, 12),
    ("2026-11-01/2027-02-01", "2026-11-01", "2027-02-01", 92, 3),
    ("2026-02-01/2026-05-01", "2026-02-01", "2026-05-01", 89, 3),
    ("2026-04-01/2026-10-01", "2026-04-01", "2026-10-01", 183, 6),
    ("2026-01-31/2026-02-28", "2026-01-31", "2026-02-28", 28, 1),
    ("2026-11-15/2027-03-16", "2026-11-15", "2027-03-16", 121, None),
    ("2024-04-15/2024-07-15", "2024-04-15", "2024-07-15", 91, 3),
    ("2026-11-01/2026-11-02", "2026-11-01", "2026-11-02", 1, None),
    ("0001", "0001-01-01", "0002-01-01", 365, 12),
]


@pytest.mark.parametrize(("text", "start", "end", "days", "months"), PERIODS)
def test_a_period_is_read_as_people_write_it_and_written_back_in_its_shortest_form(
    text: str, start: str, end: str, days: int, months: int | None
) -> None:
    period = Period.parse(text)
    assert (period.start, period.end) == (day(start), day(end))
    assert (period.days, period.months) == (days, months)
    assert str(period) == text
    assert Period.parse(f"{start}/{end}") == period


FORMS = "expected 2026-11, 2026-Q4, 2026-H1, 2026 or 2026-11-01/2027-02-01 (the end is not included)"
EXIST = "expected days that exist, from year 0001 to 9998"
ONE_DAY = "the end is not included: for one day, end on the day after"
UNREADABLE = [
    ("", f'found "", {FORMS}'),
    ("2026-13", f'found "2026-13", {FORMS}'),
    ("2026-Q5", f'found "2026-Q5", {FORMS}'),
    ("next month", f'found "next month", {FORMS}'),
    ("2026-5", f'found "2026-5", {FORMS}; write "2026-05"'),
    ("2026/11", f'found "2026/11", {FORMS}; write "2026-11"'),
    ("202611", f'found "202611", {FORMS}; write "2026-11"'),
    ("2026年11月", f'found "2026年11月", {FORMS}; write "2026-11"'),
    ("2026年度", f'found "2026年度", {FORMS}; write "2026"'),
    ("2026q4", f'found "2026q4", {FORMS}; write "2026-Q4"'),
    (" 2026-11", f'found " 2026-11", {FORMS}; write "2026-11"'),
    ("２０２６-1１", f'found "２０２６-1１", {FORMS}; full-width ２ ０ ６ １: write "2026-11"'),
    ("２０２６的", f'found "２０２６的", {FORMS}; full-width ２ ０ ６: write half-width digits and signs'),
    ("2026-11-01..2026-11-30", f'found "2026-11-01..2026-11-30", {FORMS}; write "2026-11-01/2026-12-01"'),
    ("2026-11/2027-01", f'found "2026-11/2027-01", {FORMS}; write "2026-11-01/2027-02-01"'),
    ("2026-11-01", f'found "2026-11-01", {FORMS}; write "2026-11-01/2026-11-02"'),
    (
        "2026-11-01~2027-02-01",
        f'found "2026-11-01~2027-02-01", {FORMS}; write "2026-11-01/2027-02-01"',
    ),
    ("0000", f'found "0000", {EXIST}; year 0 is out of range'),
    ("9999", f'found "9999", {EXIST}; year 10000 is out of range'),
    ("9999-12-31", f'found "9999-12-31", {FORMS}'),
    ("2026/9999", f'found "2026/9999", {FORMS}'),
    ("2026-02-29/2026-03-01", f'found "2026-02-29/2026-03-01", {EXIST}; day is out of range for month'),
    ("2026-11-01/2026-11-01", f"found 2026-11-01/2026-11-01, expected an end after the start; {ONE_DAY}"),
    ("2026-12-01/2026-11-01", f"found 2026-12-01/2026-11-01, expected an end after the start; {ONE_DAY}"),
    ("x" * 500, f'found "{"x" * 60}", {FORMS}'),
]


@pytest.mark.parametrize(("text", "told"), UNREADABLE)
def test_a_period_that_cannot_be_read_is_told_the_forms_and_what_to_write(text: str, told: str) -> None:
    with pytest.raises(PeriodError) as caught:
        Period.parse(text)
    assert str(caught.value) == told
    assert isinstance(caught.value, ValueError)


def test_a_time_of_day_is_no_day() -> None:
    with pytest.raises(PeriodError, match="expected dates without a time of day"):
        Period(datetime(2026, 1, 1), datetime(2026, 2, 1))


@given(start=DATES, days=st.integers(1, 4000))
def test_every_period_is_read_back_from_its_text_and_its_pickle(start: date, days: int) -> None:
    period = Period(start, start + timedelta(days))
    assert Period.parse(str(period)) == period
    assert pickle.loads(pickle.dumps(period)) == period
    assert period.days == days


@given(a=DATES, b=DATES, x=st.integers(1, 400), y=st.integers(1, 400), probe=DATES)
def test_the_intersection_has_exactly_the_days_of_both(a: date, b: date, x: int, y: int, probe: date) -> None:
    first, second = Period(a, a + timedelta(x)), Period(b, b + timedelta(y))
    both = first.intersect(second)
    assert both == second.intersect(first)
    for there in (probe, a, b, first.end, second.end):
        expected = first.contains(there) and second.contains(there)
        assert (both is not None and both.contains(there)) == expected


@given(DATES)
def test_a_day_has_a_number_counted_from_1970(there: date) -> None:
    assert day_number(there) == (there - date(1970, 1, 1)).days
    assert from_day_number(day_number(there)) == there


LATER = [
    ("2026-01-31", 1, "2026-02-28"),
    ("2024-01-31", 1, "2024-02-29"),
    ("2024-02-29", 12, "2025-02-28"),
    ("2026-03-31", -1, "2026-02-28"),
    ("2026-12-15", 1, "2027-01-15"),
    ("2026-01-15", -1, "2025-12-15"),
    ("2000-02-29", 1200, "2100-02-28"),
    ("2026-05-31", 0, "2026-05-31"),
]


@pytest.mark.parametrize(("start", "months", "end"), LATER)
def test_months_later_is_the_corresponding_day_or_the_end_of_the_month(
    start: str, months: int, end: str
) -> None:
    assert add_months(day(start), months) == day(end)


BETWEEN = [
    ("2026-01-15", "2026-02-14", 0),
    ("2026-01-15", "2026-02-15", 1),
    ("2026-01-31", "2026-02-27", 0),
    ("2026-01-31", "2026-02-28", 1),
    ("2026-02-28", "2026-03-28", 1),
    ("2026-02-15", "2026-01-15", -1),
    ("2026-02-14", "2026-01-15", 0),
    ("2024-02-29", "2025-02-28", 12),
    ("2024-02-29", "2028-02-28", 47),
    ("2026-05-05", "2026-05-05", 0),
]


@pytest.mark.parametrize(("a", "b", "months"), BETWEEN)
def test_months_between_are_completed_months(a: str, b: str, months: int) -> None:
    assert months_between(day(a), day(b)) == months


@given(a=DATES, b=DATES)
def test_months_between_mirrors_and_is_the_most_months_that_fit(a: date, b: date) -> None:
    a, b = min(a, b), max(a, b)
    count = months_between(a, b)
    assert months_between(b, a) == -count
    assert add_months(a, count) <= b < add_months(a, count + 1)


@given(start=DATES, months=MONTHS)
def test_so_many_months_later_are_so_many_months_between(start: date, months: int) -> None:
    there = add_months(start, months)
    assert there.day in (start.day, (there + timedelta(1)).day == 1 and there.day)
    if months >= 0:
        assert months_between(start, there) == months


# period, months, anchor, cycles that start, cycles that end
CYCLES = [
    # handed over on 15 March 2019, billed by the year of handover
    ("2026-03", 12, "2019-03-15", ["2026-03-15/2027-03-15"], ["2025-03-15/2026-03-15"]),
    ("2026-02", 12, "2024-02-29", ["2026-02-28/2027-02-28"], ["2025-02-28/2026-02-28"]),
    ("2028-02", 12, "2024-02-29", ["2028-02-29/2029-02-28"], ["2027-02-28/2028-02-29"]),
    ("2026-07", 3, "2000-01-01", ["2026-Q3"], []),
    ("2026-06", 3, "2000-01-01", [], ["2026-Q2"]),
    ("2024-04", 3, "2024-04-15", ["2024-04-15/2024-07-15"], ["2024-01-15/2024-04-15"]),
    ("2026-H1", 3, "2000-01-01", ["2026-Q1", "2026-Q2"], ["2026-Q1", "2026-Q2"]),
    ("2026-11", 1, "2000-01-01", ["2026-11"], ["2026-11"]),
    ("2026", 12, "2026-01-01", ["2026"], ["2026"]),
    ("2026-Q1", 1, "2026-01-31", ["2026-01-31/2026-02-28", "2026-02-28/2026-03-31", "2026-03-31/2026-04-30"],
     ["2025-12-31/2026-01-31", "2026-01-31/2026-02-28", "2026-02-28/2026-03-31"]),
    # before the anchor too: whoever asks knows when liability begins
    ("2018-03", 12, "2019-03-15", ["2018-03-15/2019-03-15"], ["2017-03-15/2018-03-15"]),
    ("2026-08-03/2027-08-03", 12, "2026-08-03", ["2026-08-03/2027-08-03"], ["2026-08-03/2027-08-03"]),
]  # fmt: skip


@pytest.mark.parametrize(("period", "months", "anchor", "starting", "ending"), CYCLES)
def test_a_period_is_asked_for_the_cycles_that_start_or_end_in_it(
    period: str, months: int, anchor: str, starting: list[str], ending: list[str]
) -> None:
    within = Period.parse(period)
    assert [str(c) for c in cycles_starting(within, months, day(anchor))] == starting
    assert [str(c) for c in cycles_ending(within, months, day(anchor))] == ending


@given(start=DATES, days=st.integers(1, 1500), months=st.integers(1, 36), anchor=DATES, cut=st.data())
def test_cycles_follow_each_other_and_each_belongs_to_one_of_two_adjoining_periods(
    start: date, days: int, months: int, anchor: date, cut: st.DataObject
) -> None:
    period = Period(start, start + timedelta(days))
    for find in (cycles_starting, cycles_ending):
        cycles = find(period, months, anchor)
        assert all(a.end == b.start for a, b in pairwise(cycles))
        if days > 1:
            middle = start + timedelta(cut.draw(st.integers(1, days - 1)))
            halves = Period(start, middle), Period(middle, period.end)
            assert cycles == [c for half in halves for c in find(half, months, anchor)]


def test_a_cycle_has_at_least_one_month() -> None:
    with pytest.raises(PeriodError, match="found cycles of 0 months, expected at least 1 month"):
        cycles_starting(Period.parse("2026"), 0, CALENDAR)


SEASONS = [
    ("2026", (11, 15), (3, 15), ["2026-11-15/2027-03-16"], ["2025-11-15/2026-03-16"]),
    ("2026-11", (11, 15), (3, 15), ["2026-11-15/2027-03-16"], []),
    ("2026-03", (11, 15), (3, 15), [], ["2025-11-15/2026-03-16"]),
    # the last day decides: it is 15 March, not the 16th
    ("2026-03-16/2026-04-01", (11, 15), (3, 15), [], []),
    ("2026", (6, 1), (8, 31), ["2026-06-01/2026-09-01"], ["2026-06-01/2026-09-01"]),
    ("2027", (11, 1), (2, 29), ["2027-11-01/2028-03-01"], ["2026-11-01/2027-03-01"]),
    ("2028", (11, 1), (2, 28), ["2028-11-01/2029-03-01"], ["2027-11-01/2028-02-29"]),
    ("2027", (2, 29), (2, 28), ["2027-02-28/2028-02-29"], ["2026-02-28/2027-02-28"]),
    ("0001", (1, 1), (12, 31), ["0001"], ["0001"]),
]


@pytest.mark.parametrize(("period", "from_", "through", "starting", "ending"), SEASONS)
def test_a_season_runs_through_its_last_day_of_this_year_or_the_next(
    period: str, from_: tuple[int, int], through: tuple[int, int], starting: list[str], ending: list[str]
) -> None:
    within = Period.parse(period)
    assert [str(s) for s in seasons_starting(within, from_, through)] == starting
    assert [str(s) for s in seasons_ending(within, from_, through)] == ending


@pytest.mark.parametrize("wrong", [(2, 30), (11, 31), (13, 1), (1, 0)])
def test_a_season_begins_on_a_day_that_exists(wrong: tuple[int, int]) -> None:
    with pytest.raises(PeriodError, match="expected a day of the year such as 11-15"):
        seasons_starting(Period.parse("2026"), wrong)
