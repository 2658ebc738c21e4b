"""Cells: what they match, what they say when they are wrong, and that they can be written back."""

from __future__ import annotations

import csv
import pickle
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feerules.documents.cells import Cell, CellError
from feerules.documents.literals import write

DATA = Path(__file__).parent / "data" / "dmn_unary_tests.csv"
DMN = list(csv.DictReader(DATA.read_text(encoding="utf-8").splitlines()))


def parse(text: str, kind: str) -> Cell:
    """`choice` stands for a choice column: strings without quotes."""
    return Cell.parse(text, type="string" if kind == "choice" else kind, bare=kind == "choice")


@pytest.mark.parametrize("row", DMN, ids=lambda row: row["id"])
def test_a_cell_decides_as_the_dmn_conformance_tests_say(row: dict[str, str]) -> None:
    assert decided(row) == row["expected"]


def decided(row: dict[str, str]) -> str:
    """What the cell says of the value; `error` is what DMN calls null: the two cannot be compared."""
    try:
        return str(Cell.parse(row["unary_test"], type=row["type"]).matches(row["value"])).lower()
    except CellError:
        return "error"


MATCHES: list[tuple[str, str, list[Any], list[Any]]] = [
    ("number", "-", [0, -5, "2.80", None], []),
    ("number", "6", [6, "6", "6.00", Decimal("6.0"), 6.0], [5, None, "-6"]),
    ("number", ".5", [Decimal("0.5"), ".5", 0.5], [5, 0]),
    ("number", "-5", [-5, "-5"], [5]),
    ("number", "1.5e3, 2E-1", [1500, "0.2", "15e2"], [1.5]),
    ("number", "? between 1 and 3, ? in (5, [7..9]), ? > 10", [1, 3, 5, 8, 11], [0, 4, 10]),
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
    ("string", '["b".."d")', ["b", "czz"], ["d", "a", "B"]),
    ("string", 'not("a", "b")', ["c", ""], ["a", None]),
    ("choice", "residential, shop", ["shop"], ["parking", None]),
    ("choice", 'not((住宅), "商铺")', ["车位"], ["住宅", "商铺"]),
    ("choice", "一居室 甲/乙·A_1㎡, 3-5", ["一居室 甲/乙·A_1㎡", "3-5"], ["一居室"]),
    ("choice", '"null", null', ["null", None], ["x"]),
    ("choice", "!= shop", ["x"], ["shop", None]),
    (
        "date",
        "2018-12-08",
        [date(2018, 12, 8), "2018-12-08", 'date("2018-12-08")', '@"2018-12-08"'],
        ["2018-12-09"],
    ),
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
def test_a_cell_matches_these_values_and_not_those(
    kind: str, text: str, yes: list[Any], no: list[Any]
) -> None:
    cell = parse(text, kind)
    assert [value for value in yes if not cell.matches(value)] == []
    assert [value for value in no if cell.matches(value)] == []


CANONICAL = [
    ("number", " ( 2.80 , [1..3] ) ", "2.8, [1..3]"),
    ("number", "]2 .. 4[", "(2..4)"),
    ("number", "[5..5], = 6, -0.0, - 7", "5, 6, 0, -7"),
    ("number", "not( null ,>=.5)", "not(null, >= 0.5)"),
    ("number", "0.0000001", "0.0000001"),
    ("number", "1.50e3, 2E-1, -1e+2", "1500, 0.2, -100"),
    ("number", "not(? between 1 and 3, ? >= 5)", "not([1..3], >= 5)"),
    ("number", "!= null", "!= null"),
    ("string", r'"中\u4e2d\t\"", <"b"', r'"中中\t\"", < "b"'),
    ("choice", '"shop", "a b", "null", "a,b", not', 'shop, a b, "null", "a,b", "not"'),
    ("date", 'date("2018-12-08"), @"2018-12-09"', "2018-12-08, 2018-12-09"),
    ("datetime", '<= date and time("2018-12-08T10:30")', "<= 2018-12-08T10:30:00"),
    ("time", "10:30", "10:30:00"),
    ("duration", 'duration("P14M"), >= P0M', "P1Y2M, >= P0M"),
    ("duration", "PT36H, PT0S, -PT90.50S", "P1DT12H, P0D, -PT1M30.5S"),
]


@pytest.mark.parametrize(("kind", "text", "canonical"), CANONICAL)
def test_the_canonical_text_says_the_same(kind: str, text: str, canonical: str) -> None:
    cell = parse(text, kind)
    assert str(cell) == canonical
    assert parse(canonical, kind) == cell


def test_equal_cells_are_one_key_and_survive_pickling() -> None:
    cell = Cell.parse("[1..3], 5", type="number")
    assert {cell: "row"}[Cell.parse("[1..3],5.0", type="number")] == "row"
    assert pickle.loads(pickle.dumps(cell)) == cell
    assert repr(cell) == "Cell('[1..3], 5', type='number')"


RANGES = [
    ("number", "-", [(None, None)]),
    ("number", "null", []),
    ("number", "not(null)", [(None, None)]),
    ("number", "[3..5), [1..3], 9", [(1, 5), (9, 9)]),
    ("number", "< 5, > 5", [(None, 5), (5, None)]),
    ("number", "!= 5", [(None, 5), (5, None)]),
    ("number", "not(< 5, > 5)", [(5, 5)]),
    ("date", "not([2018-01-01..2018-01-02])", [(None, date(2018, 1, 1)), (date(2018, 1, 2), None)]),
]


@pytest.mark.parametrize(("kind", "text", "bounds"), RANGES)
def test_ranges_are_disjoint_and_in_order(kind: str, text: str, bounds: list[tuple[Any, Any]]) -> None:
    ranges = parse(text, kind).ranges()
    assert ranges is not None
    assert [(each.lo, each.hi) for each in ranges] == bounds


def test_a_grid_learns_from_a_text_cell_which_words_it_names() -> None:
    cell = parse("not(shop, 住宅)", "choice")
    assert cell.literals == {"shop", "住宅"}
    assert cell.ranges() is None


NULL = [
    ("-", True),
    ("null", True),
    ("null, 5", True),
    ("not(null)", False),
    ("not(5)", False),
    ("!= 5", False),
]


@pytest.mark.parametrize(("text", "expected"), NULL)
def test_null_is_matched_by_null_and_the_dash_only(text: str, expected: bool) -> None:
    cell = Cell.parse(text, type="number")
    assert cell.matches_null is expected
    assert cell.matches(None) is expected


VALUES = [("number", True), ("number", "abc"), ("number", float("nan")), ("number", Decimal("NaN")),
          ("number", date(2018, 1, 1)), ("string", 5), ("boolean", 1), ("boolean", "yes"),
          ("date", datetime(2018, 1, 1)), ("date", "2018-02-30"), ("date", 'time("10:30:00")'),
          ("datetime", date(2018, 1, 1)), ("duration", 5)]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_a_value_of_another_type_is_refused_and_never_just_unequal(kind: str, value: Any) -> None:
    with pytest.raises(CellError, match=r"wrong_type|wrong_date"):
        Cell.parse("not(null)", type=kind).matches(value)


def test_an_unknown_type_is_named_with_the_types_there_are() -> None:
    with pytest.raises(
        ValueError, match=r"no cell type 'numbr'; there are number, .*did you mean \"number\"\?"
    ):
        Cell.parse("6", type="numbr")


NUMBERS = st.decimals(-100, 100, allow_nan=False, places=1)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
LITERALS: dict[str, st.SearchStrategy[Any]] = {
    "number": NUMBERS,
    "string": WORDS,
    "choice": WORDS,
    "boolean": st.booleans(),
    "date": st.dates(),
    "datetime": st.datetimes(),
    "time": st.times(),
    "duration": st.timedeltas(timedelta(-9999), timedelta(9999)),
}


def conditions_of(kind: str) -> st.SearchStrategy[str]:
    values = LITERALS[kind]
    texts = values.map(write)
    equal = st.one_of(texts, st.builds("{}{}".format, st.sampled_from(["= ", "!="]), texts), st.just("null"))
    if kind in ("boolean", "choice"):
        return equal
    compared = st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">="]), texts)
    pairs = st.tuples(values, values).filter(lambda pair: pair[0] != pair[1]).map(sorted)
    ranges = st.builds(
        lambda a, pair, b: f"{a}{write(pair[0])}..{write(pair[1])}{b}",
        st.sampled_from("([]"), pairs, st.sampled_from(")]["),
    )  # fmt: skip
    return st.one_of(equal, compared, ranges)


def cells_of(kind: str) -> st.SearchStrategy[str]:
    """Texts of cells, a few of which hold for every value and are refused."""
    listed = st.lists(conditions_of(kind), min_size=1, max_size=4).map(", ".join)
    nested = listed.map("({})".format) | listed.map("[{}]".format)
    return st.one_of(st.just("-"), listed, nested, listed.map("not({})".format), nested.map("not({})".format))


@given(st.sampled_from(sorted(LITERALS)).flatmap(lambda kind: st.tuples(st.just(kind), cells_of(kind))))
def test_any_cell_reads_back_from_its_canonical_text(case: tuple[str, str]) -> None:
    kind, text = case
    try:
        cell = parse(text, kind)
    except CellError as error:
        assert {problem.code for problem in error.problems} <= {"always_true", "never_true"}  # noqa: PT017
    else:
        assert parse(str(cell), kind) == cell


@given(cells_of("number"), NUMBERS)
def test_matching_and_ranges_agree(text: str, value: Decimal) -> None:
    try:
        cell = Cell.parse(text, type="number")
    except CellError:
        return
    ranges = cell.ranges()
    assert ranges is not None
    assert cell.matches(value) == any(value in each for each in ranges)
    for left, right in pairwise(ranges):
        assert left.hi < right.lo or (left.hi == right.lo and left.hi_open and right.lo_open)


SCRAPS = st.sampled_from(
    [
        *'0123456789.<>=!,()[]-"\\ a中',
        "..",
        "not(",
        "null",
        'date("2018-01-01")',
        "≥",
        "，",
        "6以上",
        "@",
        "?",
        " in ",
        "? between ",
        " and ",
        "1e5",
    ]
)


@given(
    st.one_of(st.text(max_size=20), st.lists(SCRAPS, max_size=12).map("".join)),
    st.sampled_from(sorted(LITERALS)),
)
def test_any_text_is_a_cell_or_gives_problems_with_hints_that_can_be_read(text: str, kind: str) -> None:
    try:
        cell = parse(text, kind)
    except CellError as error:
        assert error.problems  # noqa: PT017
        for problem in error.problems:
            assert 0 <= problem.offset <= len(text)
            if problem.hint.startswith("write "):
                parse(problem.hint.removeprefix("write "), kind)
    else:
        assert parse(str(cell), kind) == cell


def test_hostile_cells_are_refused_quickly() -> None:
    for text in ("(" * 4_000, '"\\' * 2_000, "1," * 1_999, "，" * 4_000, " " * 3_999 + "x", "1" * 4_000):
        with pytest.raises(CellError):
            Cell.parse(text, type="number")
