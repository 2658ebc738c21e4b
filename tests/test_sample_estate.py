"""The sample estate in rules/sample-estate: it loads, every case comes out to the fen, and it is told in two languages."""

from __future__ import annotations

import pickle
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import feerules
from feerules.calendars import Calendar

RULES = Path(__file__).parents[1] / "rules" / "sample-estate"
HOME = {
    "kind": "home", "area": "89.50", "floor": 7, "lift": True, "handover": "2026-11-11", "water_used": 18,
}  # fmt: skip
SHARES = {"lift_energy": "12.34", "common_energy": "5.00"}


@pytest.fixture(scope="module")
def book() -> feerules.Book:
    return feerules.load(RULES)


def test_every_case_comes_out_to_the_fen(book: feerules.Book) -> None:
    results = feerules.run_cases(book)
    assert len(results) > 70
    assert [str(result) for result in results if not result.passed] == []


def test_every_fee_is_proven_by_a_case_that_charges_it(book: feerules.Book) -> None:
    fees = {fee for schedule in book.schedules for fee in schedule.fees}
    proven = {
        str(fee)
        for _, each in book.cases
        for case in each.cases
        for fee, amount in case.expect.items()
        if amount != "none"
    }
    assert fees <= proven


def test_every_schedule_and_fee_is_named_in_chinese_and_english(book: feerules.Book) -> None:
    titles = {schedule.id: schedule.title for schedule in book.schedules}
    titles |= {
        f"{schedule.id}.{fee_id}": fee.title
        for schedule in book.schedules
        for fee_id, fee in schedule.fees.items()
    }
    assert [
        name
        for name, title in titles.items()
        if title is None or not title.en.isascii() or title.zh.isascii()
    ] == []


def test_every_schedule_says_that_it_is_made_up(book: feerules.Book) -> None:
    assert all(schedule.source and "made-up" in str(schedule.source.document) for schedule in book.schedules)


def test_the_versions_differ_only_in_the_price_of_management(book: feerules.Book) -> None:
    old, new = (each for each in book.schedules if each.id == "sample-estate")
    assert (old.version_name, new.version_name) == ("2026-01-01", "2027-01-01")
    assert [fee for fee in old.fees if old.fees[fee] != new.fees[fee]] == ["management"]


def test_a_pickled_book_prices_the_same(book: feerules.Book) -> None:
    again = pickle.loads(pickle.dumps(book))
    assert again.digest == book.digest
    bills = [feerules.price(HOME, each, "2026-11", shares=SHARES) for each in (book, again)]
    assert bills[0].to_dict() == bills[1].to_dict()


def test_parts_for_developer_and_owner_add_up_to_the_month(book: feerules.Book) -> None:
    cut = feerules.price(HOME, book, "2026-11", shares=SHARES)
    whole = feerules.price({**HOME, "handover": "2020-01-01"}, book, "2026-11", shares=SHARES)
    assert {line.payer for line in cut} == {"developer", "owner"}
    assert cut.amounts == whole.amounts


def test_a_year_in_advance_is_a_quote_of_twelve_months(book: feerules.Book) -> None:
    services = book.only("sample-estate")
    home = {**HOME, "handover": "2020-01-01", "prepaid_months": 12}
    quote = feerules.price(home, services, "2027")
    assert quote.amounts["management"] == 12 * Decimal("250.82")  # 2.95×89.50×0.95 = 250.82375


def test_the_calendar_knows_2026_and_guesses_no_other_holiday(book: feerules.Book) -> None:
    calendar = book.calendar
    assert isinstance(calendar, Calendar)
    assert calendar.years == {2026}
    assert len(calendar.holidays) == 33
    assert calendar.next_workday(date(2026, 10, 1)) == date(2026, 10, 8)
    assert calendar.is_workday(date(2026, 10, 10))  # a Saturday that is worked
    assert calendar.next_workday(date(2027, 10, 1)) == date(2027, 10, 1)  # not yet announced: weekends alone


def test_the_calendar_is_the_one_that_was_announced(book: feerules.Book) -> None:
    constants = pytest.importorskip(
        "chinese_calendar.constants", reason="the package chinesecalendar is not installed"
    )
    assert book.calendar is not None
    assert book.calendar.holidays == {day for day in constants.holidays if day.year == 2026}
    assert book.calendar.workdays == {day for day in constants.workdays if day.year == 2026}
