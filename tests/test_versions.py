"""Two versions of a schedule: every day is priced once, by the version in force on it."""

from __future__ import annotations

from decimal import Decimal

import pytest

import feerules

YEARLY = """
kind: fee-schedule
id: yearly
effective: {{from: {first_day}}}
facts: {{handover: {{date: true}}}}
fees:
  care: {{every: {{months: 12, {begins}}}, rate: {rate}, rate_per: month}}
"""


def two_versions(begins: str) -> feerules.Book:
    """10 a month until 2026, 20 from 2027 on."""
    old = YEARLY.format(first_day="2020-01-01", begins=begins, rate=10)
    new = YEARLY.format(first_day="2027-01-01", begins=begins, rate=20)
    return feerules.load_files({"old.yaml": old, "new.yaml": new})


def months_of(book: feerules.Book, handover: str, period: str) -> list[tuple[str, str]]:
    """The first day and the version of each line."""
    bill = feerules.price({"handover": handover}, book, period)
    return [(line.period_start.isoformat(), line.version) for line in bill]


@pytest.mark.parametrize(
    ("handover", "period", "expected"),
    [
        ("2020-01-01", "2026", [("2026-01-01", "2020-01-01")]),
        ("2020-03-15", "2026", [("2026-03-15", "2020-01-01"), ("2027-01-01", "2027-01-01")]),
        ("2020-03-15", "2027", [("2027-03-15", "2027-01-01")]),  # begins and ends in the new version
        ("2026-12-31", "2026", [("2026-12-31", "2020-01-01"), ("2027-01-01", "2027-01-01")]),
        ("2020-03-15", "2028", [("2028-03-15", "2027-01-01")]),
    ],
)
def test_a_year_from_handover_is_priced_once_and_cut_at_the_new_version(
    handover: str, period: str, expected: list[tuple[str, str]]
) -> None:
    assert months_of(two_versions("anniversary_of: handover"), handover, period) == expected


def test_a_calendar_year_has_the_price_of_its_version() -> None:
    book = two_versions("starts_on: 01-01")
    totals = [
        feerules.price({"handover": "2020-01-01"}, book, year).total for year in ("2026", "2027", "2028")
    ]
    assert totals == [Decimal("120.00"), Decimal("240.00"), Decimal("240.00")]
