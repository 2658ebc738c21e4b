"""Tables from .xlsx files, as people keep them in spreadsheets."""

from __future__ import annotations

from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
import pytest

import feerules
from feerules.documents.tables import Table, TableError, read_table_file


def workbook(*rows: list[Any], title: str = "2026", more: Any = None) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = title
    for row in rows:
        page.append(row)
    if more:
        more(book)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def texts(table: Table) -> list[list[str]]:
    return [[str(cell) for cell in row.cells] for row in table.rows]


def refused(path: str, content: bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(TableError) as caught:
        read_table_file(path, content)
    return [(p.code, str(p.where), p.found) for p in caught.value.problems]


VALUES = [
    (2.8, "2.8"),
    (0.1 + 0.2, "0.3"),  # the sheet shows 0.3
    (5.0, "5"),
    (1e-7, "0.0000001"),
    (1e20, "100000000000000000000"),
    (12, "12"),
    (True, "true"),
    (date(2026, 11, 1), "2026-11-01"),
    (datetime(2026, 11, 1), "2026-11-01"),
    (datetime(2026, 11, 1, 9, 30), "2026-11-01T09:30:00"),
    (time(9, 30), "09:30:00"),
    (" [1..3] ", "[1..3]"),
    ("住宅", "住宅"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_a_value_of_a_sheet_becomes_the_text_a_person_would_write(value: Any, text: str) -> None:
    table = read_table_file("a.xlsx", workbook(["a"], [value]))
    assert texts(table) == [[text]]


def test_a_place_is_the_row_and_the_number_of_the_column() -> None:
    table = read_table_file("a.xlsx", workbook(["a", "b"], [None, None], [1, ">= 6"]))
    cell = table.rows[0].cells[1]
    assert str(cell.where) == str(cell.at(0, 3)) == "a.xlsx:3:2"


def test_the_first_sheet_is_read_unless_one_is_named() -> None:
    content = workbook(
        ["a"], [1], more=lambda book: book.create_sheet("旧").append(["b"]) or book["旧"].append([2])
    )
    assert texts(read_table_file("a.xlsx", content)) == [["1"]]
    assert texts(read_table_file("a.xlsx#旧", content)) == [["2"]]
    assert refused("a.xlsx#2025", content) == [("unknown_sheet", "a.xlsx#2025:1:1", '"2025"')]


def test_formulas_are_refused_with_their_address() -> None:
    content = workbook(["a", "b"], [1, "=[1]Sheet1!A1"], ["=A2*2", 2])
    assert refused("a.xlsx", content) == [
        ("formula_cell", "a.xlsx:2:2", '"=[1]Sheet1!A1" in B2'),
        ("formula_cell", "a.xlsx:3:1", '"=A2*2" in A3'),
    ]


def test_merged_cells_are_refused_with_their_address() -> None:
    content = workbook(["a", "b"], [1, 2], [None, 3], more=lambda book: book.active.merge_cells("A2:A3"))
    assert ("merged_cells", "a.xlsx:2:1", "the merged cells A2:A3") in refused("a.xlsx", content)


def test_errors_and_line_breaks_in_cells_are_refused() -> None:
    content = workbook(["a", "b"], ["#N/A", "1\n2"])
    assert refused("a.xlsx", content) == [
        ("error_cell", "a.xlsx:2:1", '"#N/A" in A2'),
        ("line_break", "a.xlsx:2:2", '"1…" in B2'),
    ]


def test_what_is_no_workbook_is_refused() -> None:
    assert refused("a.xlsx", b"a,b") == [("unreadable_file", "a.xlsx:1:1", "no workbook")]
    assert refused("a.xlsx", workbook()) == [("empty_table", "a.xlsx:1:1", "nothing")]


def test_a_sheet_of_formatted_emptiness_is_refused_before_it_fills_the_memory() -> None:
    content = workbook(
        ["a"], [1], more=lambda book: book.active.cell(1_048_576, 16_384).__setattr__("value", 1)
    )
    assert [code for code, _, _ in refused("a.xlsx", content)] == ["file_too_large"]


def test_a_finding_on_a_table_of_a_workbook_is_told_at_its_row() -> None:
    schedule = """
kind: fee-schedule
id: prices
effective: {from: 2026-01-01}
source: {document: 业主大会决议}
facts: {floor: {integer: true, min: -3, max: 60}}
fees: {management: {rate: {file: "prices.xlsx#2026", hit: first}}}
"""
    content = workbook(["floor", "rate"], ["<= 9", 2.8], ["> 9", 3.1], ["> 20", 3.5])
    book = feerules.load_files({"prices.yaml": schedule, "prices.xlsx": content})
    found = feerules.check(book, profile="none")
    assert [(each.code, str(each.where)) for each in found] == [("swallowed_row", "prices.xlsx#2026:4:1")]
