"""Two documents must not charge one fee of one unit for one day: told while loading where their words show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import feerules

FACTS = """\
facts:
  estate: {text: true}
  type: {choice: [home, shop], words: {住宅: home}}
  area: {decimal: 2, min: 0, max: 1000, unit: m²}
  lift: {boolean: true}
  sold: {date: true, optional: true}
"""


def document(
    name: str, applies: str = "", days: str = "from: 2026-01-01", fee: str = "rate: 10", facts: str = FACTS
) -> str:
    applies = f"applies: {{{applies}}}\n" if applies else ""
    head = f"kind: fee-schedule\nid: {name}\neffective: {{{days}}}\n"
    return f"{head}{applies}{facts}fees:\n  cleaning: {{{fee}}}\n"


def book_of(*documents: str) -> feerules.Book:
    return feerules.load_files({f"{at}.yaml": text for at, text in enumerate(documents)})


HOME = {"estate": "east", "type": "home", "area": "80", "lift": True, "sold": "2020-05-01"}


def told(book: feerules.Book, unit: Mapping[str, Any], period: str = "2026") -> list[tuple[str, str | None]]:
    with pytest.raises(feerules.UnitErrors) as caught:
        feerules.price(unit, book, period)
    return [(problem.code, problem.fee) for problem in caught.value.problems]


# What the words of both documents show

OVERLAP = [
    ("ranges that overlap", 'area: "<= 90"', 'area: ">= 90"', "area 90.00"),
    ("a word that stands in both", "type: home", 'type: "home, shop"', "type home"),
    ("another spelling of a word", "type: 住宅", 'type: "home, shop"', "type home"),
    ("two facts that overlap both", 'type: home, area: "< 60"', 'type: "-", area: "< 90"', "type home, area 0.00"),
    ("a text, and every text but another", "estate: east", "estate: not(west)", "estate east"),
    ("a fact that is absent", 'sold: "null"', 'sold: "null, < 2020-01-01"', "sold null"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "first", "second", "witness"), OVERLAP, ids=[case[0] for case in OVERLAP])
def test_documents_that_tell_their_units_apart_and_overlap_are_refused_with_a_witness(
    title: str, first: str, second: str, witness: str
) -> None:
    with pytest.raises(feerules.RuleErrors) as caught:
        book_of(document("first", first), document("second", second))
    (problem,) = caught.value.problems
    assert (problem.code, str(problem.where)) == ("fee_claimed_twice", "1.yaml:4:10")
    assert problem.found == f"the fee cleaning of a unit with {witness}, which first claims too"


APART = [
    ("ranges that touch", 'area: "<= 90"', 'area: "> 90"'),
    ("other words", "type: home", "type: shop"),
    ("other texts", "estate: east", "estate: west"),
    ("a text, and any other", "estate: east", "estate: not(east)"),
    ("one of two facts", 'type: home, area: "< 90"', 'type: shop, area: "< 90"'),
]


@pytest.mark.parametrize(("title", "first", "second"), APART, ids=[case[0] for case in APART])
def test_documents_for_different_units_stand_in_one_book(title: str, first: str, second: str) -> None:
    book = book_of(document("first", first), document("second", second))
    assert feerules.price(HOME, book, "2026-05").total == 10


def test_conditions_of_the_fee_itself_tell_units_apart_too() -> None:
    first = document("first", "type: home", fee="rate: 10, applies: {lift: true}")
    second = document("second", 'type: "home, shop"', fee="rate: 20, applies: {lift: false}")
    assert feerules.price(HOME, book_of(first, second), "2026-05").total == 10


def test_documents_may_declare_a_fact_differently() -> None:
    coarse = FACTS.replace("decimal: 2, min: 0, max: 1000", "integer: true, min: 10, max: 90")
    assert book_of(document("first", 'area: "<= 50"', facts=coarse), document("second", 'area: "> 50"'))
    with pytest.raises(feerules.RuleErrors, match="area 50"):
        book_of(document("first", 'area: "<= 50"', facts=coarse), document("second", 'area: "> 49.50"'))
    # Between 50 and 51 the first document knows no area.
    assert book_of(document("first", 'area: "<= 50"', facts=coarse), document("second", 'area: "(50..51)"'))


def test_one_document_may_follow_another() -> None:
    first = document("first", "type: home", days="from: 2020-01-01, through: 2026-05-31")
    second = document("second", 'type: "home, shop"', days="from: 2026-06-01", fee="rate: 20")
    bill = feerules.price(HOME, book_of(first, second), "2026")
    assert bill.total == 5 * 10 + 7 * 20


def test_versions_of_one_document_do_not_claim_twice() -> None:
    later = document("garden", 'type: "home, shop"', days="from: 2026-06-01", fee="rate: 20")
    assert (
        feerules.price(HOME, book_of(document("garden", "type: home"), later), "2026").total
        == 5 * 10 + 7 * 20
    )


# What only a unit shows


def test_tariffs_of_many_places_load_as_one_book_and_a_unit_of_two_is_a_problem() -> None:
    book = book_of(document("hangzhou"), document("jinan"))
    assert told(book, HOME) == [("fee_claimed_twice", "cleaning")]
    assert feerules.price(HOME, book.only("jinan"), "2026-05").total == 10


def test_documents_that_ask_for_different_facts_are_a_problem_of_the_units_that_both_claim() -> None:
    book = book_of(document("first", "type: home"), document("second", "lift: true"))
    assert told(book, HOME) == [("fee_claimed_twice", "cleaning")]
    assert feerules.price({**HOME, "lift": False}, book, "2026-05").total == 10
    assert feerules.price({**HOME, "type": "shop"}, book, "2026-05").total == 10


def test_documents_with_the_same_conditions_are_alternatives_until_a_unit_has_both() -> None:
    book = book_of(document("first", "type: home"), document("second", "type: home"))
    assert told(book, HOME) == [("fee_claimed_twice", "cleaning")]


def test_only_days_that_both_charge_are_charged_twice() -> None:
    first = document("first", fee="rate: 10, ends: sold")
    second = document("second", fee="rate: 20, starts: sold")
    unit = {**HOME, "sold": "2026-05-11"}
    assert feerules.price(unit, book_of(first, second), "2026-04").total == 10
    assert feerules.price(unit, book_of(first, second), "2026-06").total == 20
    assert len(feerules.price(unit, book_of(first, second), "2026-05").lines) == 2
    assert told(book_of(first, document("third", fee="rate: 20")), unit) == [
        ("fee_claimed_twice", "cleaning")
    ]


def test_two_hundred_estates_stand_in_one_book() -> None:
    book = book_of(*(document(f"estate-{n}", f"estate: e{n}", fee=f"rate: {n}") for n in range(200)))
    assert feerules.price({**HOME, "estate": "e77"}, book, "2026").total == 12 * 77


# What only a period shows


def test_a_due_day_in_a_year_that_the_calendar_does_not_know_is_told_when_that_period_is_priced() -> None:
    calendar = "kind: calendar\nid: workdays\nyears: [2026]\n"
    book = book_of(document("garden", fee="rate: 10, due: {day: 10, roll: next_workday}"), calendar)
    for _ in range(2):
        with pytest.raises(feerules.RuleErrors) as caught:
            feerules.price(HOME, book, "2027-01")
        assert str(caught.value) == (
            "1 problem in the rules\n"
            "0.yaml:11:45: unknown_year\n"
            "  11 |   cleaning: {rate: 10, due: {day: 10, roll: next_workday}}\n"
            "     |                                             ^\n"
            "  found:    a due day in 2027, which the calendar does not know\n"
            "  expected: a calendar of that year, or unknown_year: weekends_only\n"
            "  hint:     add 2027 to years: of the calendar, and its holidays"
        )
    assert feerules.price(HOME, book, "2026-05").total == 10
