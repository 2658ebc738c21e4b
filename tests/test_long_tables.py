"""Tables of hundreds and thousands of rows: every row decides for its own units."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, StrEnum

import pytest

import feerules


def book_of(facts: str, column: str, rows: Iterable[str]) -> feerules.Book:
    """A fee by a table with one condition column and a rate; the first row that matches decides."""
    lines = [f"| {column} | rate |", "|---|---|", *(f"| {row} |" for row in rows)]
    table = "\n".join(f"        {line}" for line in lines)
    return feerules.load_files(
        {
            "city.yaml": "kind: fee-schedule\nid: city\neffective: {from: 2026-01-01}\n"
            f"facts:\n  {facts}\nfees:\n  management:\n    every: month\n"
            f"    rate:\n      hit: first\n      table: |\n{table}\n"
        }
    )


def total(book: feerules.Book, **unit: object) -> str:
    return str(feerules.price(unit, book, "2026-11").total)


@pytest.mark.parametrize("rows", [3, 255, 256, 400, 2_000])
def test_each_row_of_a_long_table_prices_its_own_units(rows: int) -> None:
    # Whole yuan and no gap: as numbers, "a row matches" and the rates are tables of one length and scale.
    zone = f"zone: {{integer: true, min: 1, max: {rows}}}"
    book = book_of(zone, "zone", (f"{n} | {5 + 3 * n}" for n in range(1, rows + 1)))
    for n in (1, rows // 2, rows):
        assert total(book, zone=n) == f"{5 + 3 * n}.00"


def test_texts_are_told_apart_however_many_there_are() -> None:
    book = book_of(
        "estate: {text: true}", "estate", [*(f"e{n:04} | {n}.50" for n in range(1_500)), "not(e0000) | 0.25"]
    )
    assert total(book, estate="e0000") == "0.50"
    assert total(book, estate="e1499") == "1499.50"
    assert total(book, estate="elsewhere") == "0.25"


@pytest.mark.parametrize(
    ("cell", "matching"),
    [
        ("home", ["home"]),
        ("住宅", ["home"]),
        ("住宅, shop", ["home", "shop"]),
        ("not(home)", ["shop", "bay"]),
        ("not(住宅)", ["shop", "bay"]),
        ("not(shop)", ["home", "bay"]),
        ("not(home, bay)", ["shop"]),
        ("-", ["home", "shop", "bay"]),
        ("!= shop", ["home", "bay"]),
    ],
)
def test_a_cell_names_values_by_any_of_their_words(cell: str, matching: list[str]) -> None:
    book = book_of("type: {choice: [home, shop, bay], words: {住宅: home}}", "type", [f"{cell} | 1", "- | 2"])
    assert [kind for kind in ("home", "shop", "bay") if total(book, type=kind) == "1.00"] == matching


class Kind(str, Enum):  # noqa: UP042  # both forms are in use
    HOME = "home"


class StrKind(StrEnum):
    HOME = "home"


@pytest.mark.parametrize("kind", ["home", Kind.HOME, StrKind.HOME])
@pytest.mark.parametrize("fact", ["{choice: [bay, home]}", "{text: true}"])
def test_the_members_of_an_enumeration_are_their_texts(kind: str, fact: str) -> None:
    book = book_of(f"type: {fact}", "type", ["home | 2", "- | 3"])
    assert total(book, type=kind) == "2.00"


HEAD = "kind: fee-schedule\nid: city\neffective: {from: 2026-01-01}\nfacts:\n  area: {decimal: 2, min: 0, max: 100}\n"
WRONG = {
    "cells of a condition": "\n".join(f">> {n} | 1" for n in range(3_000)),
    "cells of a price": "\n".join(f"{n} | x{n}" for n in range(3_000)),
}


@pytest.mark.parametrize("rows", WRONG.values(), ids=WRONG)
def test_of_thousands_of_wrong_cells_the_first_hundred_are_told(rows: str) -> None:
    with pytest.raises(feerules.RuleErrors) as caught:
        book_of("area: {decimal: 2, min: 0, max: 100000}", "area", rows.split("\n"))
    problems = caught.value.problems
    assert len(problems) == 101
    assert problems[-1].code == "too_many_problems"
    assert problems[-1].where.line == problems[-2].where.line + 1


def test_of_thousands_of_unknown_keys_the_first_hundred_are_told() -> None:
    keys = ", ".join(f"k{n}: 1" for n in range(3_000))
    with pytest.raises(feerules.RuleErrors) as caught:
        feerules.load_files({"city.yaml": f"{HEAD}fees:\n  one: {{rate: 1, {keys}}}\n  two: {{rates: 1}}\n"})
    problems = caught.value.problems
    assert [problem.code for problem in problems].count("unknown_key") == 101
    assert [problem.code for problem in problems].count("too_many_problems") == 1
    assert {problem.where.line for problem in problems} == {7, 8}
