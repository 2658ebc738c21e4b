"""Whatever an explanation says a calculation comes to, it comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import feerules
from claims import Claim, claims
from feerules.bill import Bill, BillLine
from how_often import often
from rulebooks import books, periods, units

RULES = Path(__file__).parent.parent / "rules"


@pytest.mark.parametrize(
    "text",
    [
        "A (May 1, 2026): 10 m² × 2.00 = ¥20.01. Due.",  # another product
        "A (May 1, 2026): 10 m² × 2.00 + ¥1.00 = ¥20.00. Due.",  # an addend forgotten
        "A (May 1, 2026): 10 m² × 1/3 months = ¥3.33. Due.",  # rounded without saying so
        "A (May 1, 2026): 3 m² × 1.115 = 3.345, rounded to ¥3.34. Due.",  # rounded the wrong way
        "A (May 1, 2026): 3 m² × 1.115 = 3.35, rounded to ¥3.35. Due.",  # not the exact product
        "A (May 1, 2026): 10 m² × 1/3 months ≈ 3.3334, rounded to ¥3.33. Due.",  # not even nearly
        "A (May 1, 2026): ¥200.00 × 5% = ¥100.00. Due.",  # a percentage taken for a factor
        "A (May 1, 2026): (1 m³ × 2.00 + 2 m³ × 3.00) × 0.5 = ¥8.00. Due.",  # brackets ignored
    ],
)
def test_the_reader_of_claims_finds_the_false_ones(text: str) -> None:
    assert [claim.is_true for claim in claims(text)] == [False]


def assert_claims_are_true(line: BillLine) -> None:
    found: list[Claim] = list(claims(line.explain("en")))
    # What is given back is told with the other sign.
    owed = {sign * amount for sign in (1, -1) for amount in (line.amount, line.net)}
    assert all(claim.is_true and claim.amount in owed for claim in found), line.explain("en")


def priced(record: dict[str, Any], book: feerules.Book, period: str, **more: Any) -> Bill | None:
    """The bill of a record that can be billed; what cannot be is not the matter here."""
    try:
        return feerules.price(record, book, period, **more)
    except (feerules.UnitErrors, feerules.RuleErrors):
        return None


@settings(max_examples=often(25))
@given(books(), units(2), periods)
def test_whatever_a_book_says_each_calculation_told_is_true(
    files: dict[str, str], records: list[dict[str, Any]], period: str
) -> None:
    try:
        book = feerules.load_files(files)
    except feerules.RuleErrors:
        return
    for bill in filter(None, (priced(record, book, period) for record in records)):
        for line in bill:
            assert_claims_are_true(line)
        again = Bill.from_dict(json.loads(json.dumps(bill.to_dict())))
        assert (again.explain(), again.explain("en")) == (bill.explain(), bill.explain("en"))


def bills_of(folder: Path) -> list[Bill]:
    """The bills of every case of a book."""
    book = feerules.load(folder)
    cases = [(document.for_, case) for _, document in book.cases for case in document.cases]
    bills = [
        priced(
            json.loads(json.dumps(case.unit)),
            book.only(name),
            case.period,
            accrue=bool(case.accrue),
            shares=case.shares,
        )
        for name, case in cases
    ]
    return [bill for bill in bills if bill is not None]


@pytest.mark.parametrize("name", ["cn", "sample-estate"])
def test_the_published_cases_are_told_truly(name: str) -> None:
    bills = bills_of(RULES / name)
    assert sum(len(bill) for bill in bills) > 10
    for bill in bills:
        assert bill.explain().endswith("。")
        for line in bill:
            assert_claims_are_true(line)
