"""Visits priced by started time: in some hours of each day, and with a most for each day of a visit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from bills import Case, cases, check, schedule


def stay(entered: str, left: str) -> dict[str, str]:
    """A visit that begins on 5 November at an hour, and ends on a day of it at another."""
    day, hour = left.split()
    return {"entered": f"2026-11-05T{entered}", "left": f"2026-11-{day}T{hour}"}


def visit(more: str, price: str = "rate: 2", unit: str = "1 hour") -> str:
    return f"fee: {{every: {{use: left}}, per: {{started: {unit}, between: [entered, left]{more}}}, {price}}}"


def day_and_night(more: str = "") -> str:
    parts = ", ".join(
        f"{name}: {{per: {{started: 1 hour, between: [entered, left], during: '{hours}'}}, rate: {rate}}}"
        for name, hours, rate in (("day", "08:00-20:00", 3), ("night", "20:00-08:00", 1))
    )
    return f"fee: {{every: {{use: left}}, parts: {{{parts}}}{more}}}"


DAYTIME = ", during: '08:00-20:00'"
BANDS = r'tiers: {table: "| up to | rate |\n|--|--|\n| 2 | 1 |\n| above | 3 |"}'
STEPS = r'tiers: {kind: step, table: "| up to | amount |\n|--|--|\n| 2 | 5 |\n| above | 9 |"}'
HOURS = [
    Case("only the hours of the day count", visit(DAYTIME), stay("07:00", "05 09:30"), [{"amount": "4.00", "quantity": "2"}]),
    Case("what is begun at their end is a started unit", visit(DAYTIME), stay("18:30", "05 23:00"), "4.00"),
    Case("each day begins its own", visit(DAYTIME), stay("19:30", "06 08:30"), "4.00"),
    Case("whole days between count whole", visit(DAYTIME), stay("19:30", "08 08:30"), "52.00"),
    Case("a visit outside the hours costs nothing", visit(DAYTIME), stay("20:00", "06 08:00"), "0.00"),
    Case("a visit of no time costs nothing", visit(DAYTIME), stay("09:00", "05 09:00"), "0.00"),
    Case("hours may go over midnight", visit(", during: '20:00-08:00'"), stay("19:00", "06 09:00"), "24.00"),
    Case("and are one night's on both sides of it", visit(", during: '20:00-08:00'"), stay("23:30", "06 00:30"), "2.00"),
    Case("a cap is for each day's hours", visit(DAYTIME + ", cap: 10"), stay("09:00", "06 09:30"), "14.00"),
    Case("a day of the calendar may be the hours", visit(", during: '00:00-24:00', cap: 10"), stay("22:00", "07 01:00"), "16.00"),
    Case("a night may have one price", visit(", during: '20:00-08:00'", "rate: 6", "12 hours"), stay("19:00", "07 21:00"), "18.00"),
    Case("free time is the beginning of the stay", visit(DAYTIME + ", free: 1 hour"), stay("07:30", "05 09:30"), "2.00"),
    Case("a longer stay may pay from its start", visit(DAYTIME + ", free: 1 hour, beyond_free: from_the_start"), stay("07:30", "05 09:30"), "4.00"),
    Case("a stay within the free time pays nothing", visit(DAYTIME + ", free: 2 hours, beyond_free: from_the_start"), stay("07:30", "05 09:30"), "0.00"),
    # 2 + 3 in the evening and the same in the morning; or 2 + 4 × 3
    Case("bands begin anew each day", visit(DAYTIME, BANDS), stay("17:00", "06 11:00"), "10.00"),
    Case("or count on", visit(DAYTIME + ", next_day: counts_on", BANDS), stay("17:00", "06 11:00"), [{"amount": "14.00", "quantity": "6"}]),
    Case("free time costs nothing, whatever a step does", visit(", free: 30 minutes", STEPS), stay("08:00", "05 08:30"), "0.00"),
    Case("nor does the rest of a capped day that is none", visit(", cap: 7", STEPS), stay("08:00", "06 08:00"), "7.00"),
]  # fmt: skip
MOST = [
    Case("day and night have their prices", day_and_night(), stay("18:00", "06 09:30"), "24.00"),
    # 2 × 3 + 12 × 1 + 10 × 3 in 24 hours, and 2 × 3 more
    Case("a visit may have a most", day_and_night(", maximum: 40"), stay("18:00", "06 20:00"), "40.00"),
    Case("or one for each day of it", day_and_night(", maximum: {amount: 40, each: 1 day}"), stay("18:00", "06 20:00"), "46.00"),
    Case("of which there may be several", day_and_night(", maximum: {amount: 40, each: 1 day}"), stay("18:00", "08 20:00"), "126.00"),
    Case("a shorter visit has less", day_and_night(", maximum: {amount: 40, each: 1 day}"), stay("18:00", "05 20:30"), "7.00"),
    Case("free time is the first day's", visit(", free: 1 hour", "rate: 2, maximum: {amount: 20, each: 1 day}"), stay("18:00", "06 19:30"), "24.00"),
    Case("a least of the visit comes after it", visit("", "rate: 2, minimum: 30, maximum: {amount: 20, each: 1 day}"), stay("18:00", "05 19:30"), "30.00"),
]  # fmt: skip


@cases(HOURS, MOST)
def test_a_visit_costs_what_a_person_works_out_by_hand(case: Case) -> None:
    check(case)


WRONG = [
    ("no hours", visit(", during: '08:00-08:00'"), "wrong_type"),
    ("no hour of a day", visit(", during: '8-20'"), "wrong_type"),
    ("a cap for other hours than its own", visit(DAYTIME + ", cap: 10, cap_per: 1 day"), "contradiction"),
    ("a cap where days count on", visit(DAYTIME + ", cap: 10, next_day: counts_on"), "contradiction"),
    ("a next day without hours", visit(", next_day: counts_on"), "contradiction"),
    ("hours of minutes alone", "fee: {every: {use: left}, per: {started: 1 hour, minutes: number, during: '08:00-20:00'}, rate: 1}", "missing_key"),
    ("a most for a part of a day", visit("", "rate: 2, maximum: {amount: 20, each: 6 hours}"), "out_of_range"),
    ("a least for each day", visit("", "rate: 2, minimum: {amount: 20, each: 1 day}"), "contradiction"),
    ("a most for each day of a month", "fee: {rate: 1, maximum: {amount: 20, each: 1 day}}", "contradiction"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "fee", "code"), WRONG, ids=[title for title, _, _ in WRONG])
def test_a_visit_that_contradicts_itself_is_refused(title: str, fee: str, code: str) -> None:
    with pytest.raises(feerules.RuleErrors) as refused:
        feerules.load_files({"first.yaml": schedule(fee)})
    assert [problem.code for problem in refused.value.problems] == [code]


def minute_by_minute(entered: datetime, left: datetime, hours: tuple[int, int], unit: int, cap: int) -> int:
    """The price of a visit at 3 for each started unit, counted as a clerk with a clock would."""
    start, length = hours
    inside: dict[int, int] = {}
    moment = entered
    while moment < left:
        minute = int((moment - datetime(2026, 1, 1)).total_seconds()) // 60 - start
        if minute % 1440 < length:
            inside[minute // 1440] = inside.get(minute // 1440, 0) + 1
        moment += timedelta(minutes=1)
    return sum(min(-(-minutes // unit) * 3, cap) for minutes in inside.values())


TIMES = [("08:00-20:00", (480, 720)), ("21:30-07:15", (1290, 585)), ("00:00-24:00", (0, 1440))]


@settings(max_examples=60)
@given(st.sampled_from(TIMES), st.integers(0, 1439), st.integers(0, 5000), st.sampled_from([15, 60, 120]))
def test_hours_of_the_day_are_counted_as_a_clerk_with_a_clock_would(
    times: tuple[str, tuple[int, int]], minute: int, minutes: int, unit: int
) -> None:
    entered = datetime(2026, 11, 5) + timedelta(minutes=minute)
    left = entered + timedelta(minutes=minutes)
    found = feerules.price({"entered": entered, "left": left}, book_of(times[0], unit), "2026-11").total
    assert found == minute_by_minute(entered, left, times[1], unit, 40)


def book_of(hours: str, unit: int) -> Any:
    fee = visit(f", during: '{hours}', cap: 40", "rate: 3", f"{unit} minutes")
    return feerules.load_files({"first.yaml": schedule(fee)})


def test_a_most_for_each_day_of_a_visit_is_told_as_a_limit() -> None:
    fee = day_and_night(", maximum: {amount: 40, each: 1 day}")
    book = feerules.load_files({"first.yaml": schedule(fee)})
    (line,) = feerules.price(stay("18:00", "06 20:00"), book, "2026-11").lines
    told = "fee (November 6, 2026): day ¥42.00, night ¥12.00; amount: ¥46.00. A maximum applies."
    assert line.explain("en").startswith(told)
