"""Loading, which checks everything: a city's documents, and one very long table."""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from books import city_book, pipe_table
from turns import in_turn

import feerules

DOCUMENTS = int(os.environ.get("FEERULES_DOCUMENTS", "200"))
HEAD = """\
kind: fee-schedule
id: long
effective: {{from: 2026-01-01}}
facts:
  district: {{choice: [{districts}]}}
  grade: {{integer: true, min: 1, max: 40}}
  block: {{integer: true, min: 1, max: 40}}
fees:
  management:
    every: month
    rate: |
"""


def long_table() -> str:
    """16,000 rows: one for each district, grade and block, each with a price of its own."""
    districts = [f"d{number}" for number in range(10)]
    rows = (
        f"| {district} | {grade} | {block} | {number + 1}.50 |"
        for number, (district, grade, block) in enumerate(product(districts, range(1, 41), range(1, 41)))
    )
    return HEAD.format(districts=", ".join(districts)) + pipe_table(
        "| district | grade | block | rate |", rows, 6
    )


@pytest.mark.benchmark(group="load and check")
def test_a_city_is_loaded_and_checked(benchmark: Any, tell: Any) -> None:
    files = city_book(DOCUMENTS)
    assert len(feerules.load_files(files).schedules) == DOCUMENTS
    ways = {"load": lambda: feerules.load_files(files)}
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": 2}, rounds=1)["load"]
    tell(
        f"load and check {DOCUMENTS} documents of 100 lines, half of them rows of tables",
        f"{spent.clock:.2f} s, {spent.processor:.2f} s of processor time",
        "2 s for 200 documents",
    )


@pytest.mark.benchmark(group="load and check")
def test_a_city_is_loaded_and_its_findings_are_told(benchmark: Any, tell: Any) -> None:
    files = city_book(DOCUMENTS)
    book = feerules.load_files(files)
    assert feerules.check(book)
    ways = {"check": lambda: feerules.check(book)}
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": 3}, rounds=1)["check"]
    tell(
        f"the findings on {DOCUMENTS} documents of 100 lines that are loaded already",
        f"{spent.clock:.2f} s, {spent.processor:.2f} s of processor time, {len(feerules.check(book)):,} findings",
        "2 s with loading",
    )


@pytest.mark.benchmark(group="load and check")
def test_a_table_of_16_000_rows_is_checked(benchmark: Any, tell: Any) -> None:
    book = feerules.load_files({"long.yaml": long_table()})
    assert {each.code for each in feerules.check(book)} == {"missing_publication"}
    ways = {"check": lambda: feerules.check(book)}
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": 3}, rounds=1)["check"]
    told = f"{spent.clock:.2f} s, {spent.processor:.2f} s of processor time"
    tell("the findings on a table of 16,000 rows that is loaded already", told, "that it can be")


@pytest.mark.benchmark(group="load and check")
def test_a_table_of_16_000_rows_is_loaded_analysed_and_matched(benchmark: Any, tell: Any) -> None:
    files = {"long.yaml": long_table()}
    book = feerules.load_files(files)
    bill = feerules.price({"district": "d9", "grade": 40, "block": 40}, book, "2026-11")
    assert bill.total == Decimal("16000.50")
    ways = {"load": lambda: feerules.load_files(files)}
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": 2}, rounds=1)["load"]
    told = f"{spent.clock:.2f} s, {spent.processor:.2f} s of processor time"
    tell("a table of 16,000 rows, loaded and analysed", told, "that it can be")
