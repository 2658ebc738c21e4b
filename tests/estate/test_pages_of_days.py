"""Charts of days: every day has its place, charts beside each other have one scale."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from feerules.pages.page import Chart
from feerules.pages.parts.days import MOST_DAYS, per_day
from feerules.pages.reader import Reader
from feerules.wording import translate

EN = Reader(translate("en"))
FIRST = date(2026, 2, 27)


def charts(*rows: tuple[int, str | None, int, int]) -> list[Chart]:
    """Charts of rows of (days after the first, step, before, after)."""
    told = [(FIRST + timedelta(days=after), step, old, new) for after, step, old, new in rows]
    frame = pl.LazyFrame(told, schema=["day", "step_id", "old", "new"], orient="row")
    return per_day(EN, frame, {"old": "before", "new": "after"})


def test_a_day_without_any_has_its_place() -> None:
    (before, _) = charts((0, "call", 2, 1), (3, "call", 1, 1))
    assert [(point.label, point.value) for point in before.points] == [
        ("02-27", 2), ("02-28", 0), ("03-01", 0), ("03-02", 1),
    ]  # fmt: skip
    assert before.told == "3 actions on 4 days."


def test_charts_beside_each_other_have_one_scale_and_the_same_colours() -> None:
    before, after = charts((0, "call", 2, 0), (0, "visit", 1, 0), (1, "visit", 0, 7))
    assert before.top == after.top == Decimal(7)
    tones = [{point.series: point.tone for point in each.points if point.value} for each in (before, after)]
    assert tones[0]["visit"] == tones[1]["visit"]


def test_steps_beyond_the_colours_stand_together() -> None:
    (before, _) = charts(*((day, f"step {number}", 10 - number, 1) for number in range(8) for day in (0, 1)))
    assert {point.series for point in before.points} == {"step 0", "step 1", "step 2", "step 3", "others"}
    assert sum(point.value for point in before.points) == 2 * sum(10 - number for number in range(8))


def test_long_spans_are_told_by_the_week() -> None:
    (before, _) = charts((0, None, 1, 1), (MOST_DAYS + 30, None, 1, 1), (2, None, 4, 1))
    assert before.labels == "Week from"
    assert before.points[0].label == "02-23"
    assert sum(point.value for point in before.points) == 6
    assert len({point.label for point in before.points}) == 19


def test_one_day_is_no_chart() -> None:
    assert charts((0, "call", 2, 1)) == []


def test_years_are_told_where_there_are_two() -> None:
    before = per_day(
        EN, pl.LazyFrame({"day": [date(2026, 12, 31), date(2027, 1, 1)], "n": [1, 2]}), {"n": "t"}
    )[0]
    assert [point.label for point in before.points] == ["2026-12-31", "2027-01-01"]
