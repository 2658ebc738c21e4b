"""The year, month, day and weekday of a day or a moment, and the minutes between two moments."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import feerules
from bills import schedule

FACTS = "facts: {a_day: {date: true}, from: {datetime: true}, until: {datetime: true}}"
PARTS = ("year", "month", "day", "weekday")
FEES = "\n".join(
    [f"{part}_{fact}: {{rate: {part}_of({fact})}}" for part in PARTS for fact in ("a_day", "until")]
    + ["stay: {rate: 'minutes_between(from, until)'}"]
)
HEAD = "kind: fee-schedule\nid: parts\neffective: {from: 2000-01-01}\n"
BOOK = feerules.load_files(
    {"parts.yaml": f"{HEAD}{FACTS}\nfees:\n" + "\n".join(f"  {line}" for line in FEES.splitlines())}
)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), MOMENTS, st.integers(0, 100_000))
def test_the_parts_of_a_day_are_those_of_the_calendar(day: date, moment: datetime, minutes: int) -> None:
    until = min(moment + timedelta(minutes=minutes), datetime(2199, 12, 31, 23, 59))
    unit = {"a_day": day, "from": moment, "until": until}
    amounts = feerules.price(unit, BOOK, "2026-11").amounts
    for name, when in (("a_day", day), ("until", until.date())):
        told = [int(amounts[f"{part}_{name}"]) for part in PARTS]
        assert told == [when.year, when.month, when.day, when.isoweekday()]
    assert int(amounts["stay"]) == (until - moment) // timedelta(minutes=1)


WRONG = [
    ("day_of(area)", "wrong_type", '"area", a number'),
    ("minutes_between(handover, entered)", "wrong_type", '"handover", a day'),
    ("day(handover)", "unknown_function", '"day(...)"'),
    ("weekday_of(handover, entered)", "wrong_arguments", "weekday_of with 2 arguments"),
]


@pytest.mark.parametrize(("formula", "code", "found"), WRONG, ids=[each[0] for each in WRONG])
def test_what_has_no_such_part_is_told(formula: str, code: str, found: str) -> None:
    with pytest.raises(feerules.RuleErrors) as refused:
        feerules.load_files({"first.yaml": schedule(f"fee: {{rate: '{formula}'}}")})
    (problem,) = refused.value.problems
    assert (problem.code, problem.found) == (code, found)
