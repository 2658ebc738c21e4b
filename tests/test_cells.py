"""Cells: what they match, what they say when they are wrong, and that they can be written back."""

from __future__ import annotations

import csv
import pickle
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feerules.documents.cells import Cell, CellError, CellType, Range
from feerules.documents.source import read

DMN = list(csv.DictReader((Path(__file__).parent / "data" / "dmn_unary_tests.csv").open(encoding="utf-8")))
TYPES: tuple[CellType, ...] = ("number", "string", "boolean", "date", "datetime", "time", "duration")


def parse(text: str, kind: str) -> Cell:
    """`choice` stands for a choice column: strings without quotes."""
    return Cell.parse(text, type="string" if kind == "choice" else kind, bare=kind == "choice")


@pytest.mark.parametrize("row", DMN, ids=lambda row: row["id"])
def test_a_cell_decides_as_the_dmn_conformance_tests_say(row: dict[str, str]) -> None:
    cell = Cell.parse(row["unary_test"], type=row["type"])
    assert cell.matches(row["value"]) is (row["expected"] == "true")


MATCHES: list[tuple[str, str, list[Any], list[Any]]] = [
    ("number", "-", [0, -5, "2.80", None], []),
    ("number", "6", [6, "6", "6.00", Decimal("6.0"), 6.0], [5, None, "-6"]),
    ("number", ".5", [Decimal("0.5"), ".5", 0.5], [5, 0]),
    ("number", "-5", [-5, "-5"], [5]),
    ("number", "0.1", [0.1], ["0.1000000000000000055511151231257827"]),  # a float is its shortest text
    ("number", "]2..4[", [3], [2, 4]),
    ("number", "[-5..-1]", [-5, -1], [0, -6]),
    ("number", "[90..144)", ["143.99", 90], [144, "89.99"]),
    ("number", "not(1, [5..7])", [0, 8], [1, 5, 7, None]),  # null is matched by null and - only
    ("number", "!= 5", [4], [5, None]),
    ("number", "null", [None, "null"], [0]),
    ("number", "null, >= 5", [None, 5], [4]),
    ("number", "not(null)", [0], [None]),
    ("number", "!= null", [0], [None]),
    ("number", "= null", [None], [0]),
    ("number", "((1), ([2..3], 7))", [1, 3, 7], [4]),
    ("number", "[1, [5..7], > 9]", [1, 6, 10], [8]),
    ("number", '[1, "2"]', [1], [2]),  # a value of another type in a FEEL list equals nothing
    ("boolean", "[false, 2, 3]", [False], [True, None]),
    ("boolean", "true", [True, "true"], [False, "false"]),
    ("boolean", "not(true)", [False], [True, None]),
    ("string", '"a"', ["a", '"a"'], ["b", '"b"', "A", None]),
    ("string", r'"\"a\" \u4e2d\n\\"', ['"a" 中\n\\'], ["a"]),
    ("string", r'"\uD83D\uDC0E\U01F40E"', ["🐎🐎"], []),
    ("string", '"a, b|c)"', ["a, b|c)"], ["a"]),
    ("string", '["b".."d")', ["b", "czz", "中"[:0] + "c"], ["d", "a", "B"]),
    ("string", 'not("a", "b")', ["c", ""], ["a", None]),
    ("choice", "residential, shop", ["shop"], ["parking", None]),
    ("choice", 'not((住宅), "商铺")', ["车位"], ["住宅", "商铺"]),
    ("choice", "一居室 甲/乙·A_1㎡, 3-5", ["一居室 甲/乙·A_1㎡", "3-5"], ["一居室"]),
    ("choice", '"null", null', ["null", None], ["x"]),
    ("choice", "!= shop", ["x"], ["shop", None]),
    ("date", "2018-12-08", [date(2018, 12, 8), "2018-12-08", 'date("2018-12-08")', '@"2018-12-08"'], ["2018-12-09"]),
    ("date", '[date("2018-12-08")..2019-01-01)', ["2018-12-31"], ["2019-01-01"]),
    ("datetime", "< 2018-12-08T10:30:08", [datetime(2018, 12, 8, 10, 30, 7)], ["2018-12-08T10:30:08"]),
    ("datetime", 'date and time("2018-12-08T10:30")', ["2018-12-08T10:30:00"], []),
    ("date and time", 'date and time("2018-12-08")', ["2018-12-08T00:00:00"], []),
    ("time", '[time("09:30:00")..12:00)', [time(9, 30), '@"11:59:59.5"'], ["12:00:00", time(9)]),
    ("duration", "> P5D", [timedelta(5, 1), "P6D", "PT121H"], [timedelta(5), "P5D", "P1Y"]),
    ("duration", 'duration("P1Y2M"), P20M', ["P14M", "P1Y8M"], ["P13M", "P400D"]),
    ("duration", "-P1DT2H3M4.5S", [-timedelta(1, 4.5, hours=2, minutes=3)], [timedelta(1)]),
]


@pytest.mark.parametrize(("kind", "text", "yes", "no"), MATCHES, ids=lambda part: str(part)[:40])
def test_a_cell_matches_these_values_and_not_those(kind: str, text: str, yes: list[Any], no: list[Any]) -> None:
    cell = parse(text, kind)
    assert [value for value in yes if not cell.matches(value)] == []
    assert [value for value in no if cell.matches(value)] == []


CANONICAL = [
    ("number", " ( 2.80 , [1..3] ) ", "2.8, [1..3]"),
    ("number", "]2 .. 4[", "(2..4)"),
    ("number", "[5..5], = 6, -0.0, - 7", "5, 6, 0, -7"),
    ("number", "not( null ,>=.5)", "not(null, >= 0.5)"),
    ("number", "0.0000001", "0.0000001"),
    ("number", "!= null", "!= null"),
    ("string", r'"中\u4e2d\t\"", <"b"', r'"中中\t\"", < "b"'),
    ("choice", '"shop", "a b", "null", "a,b", not', 'shop, a b, "null", "a,b", not'),
    ("date", 'date("2018-12-08"), @"2018-12-09"', "2018-12-08, 2018-12-09"),
    ("datetime", '<= date and time("2018-12-08T10:30")', "<= 2018-12-08T10:30:00"),
    ("time", "10:30", "10:30:00"),
    ("duration", 'duration("P14M"), >= P0M', "P1Y2M, >= P0M"),
    ("duration", "PT36H, PT0S, -PT90.50S", "P1DT12H, P0D, -PT1M30.5S"),
    ("boolean", "(not)", ""),
]


@pytest.mark.parametrize(("kind", "text", "canonical"), CANONICAL[:-1])
def test_the_canonical_text_says_the_same(kind: str, text: str, canonical: str) -> None:
    cell = parse(text, kind)
    assert str(cell) == canonical
    assert parse(canonical, kind) == cell
