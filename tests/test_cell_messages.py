"""What people write in cells, and what they are told."""

from __future__ import annotations

import pickle

import pytest

from feerules.documents.cells import Cell, CellError
from feerules.documents.tree import Lines, Text


def parse(text: str, kind: str) -> Cell:
    """`choice` stands for a choice column: strings without quotes."""
    return Cell.parse(text, type="string" if kind == "choice" else kind, bare=kind == "choice")


# Type, cell, code, offset, hint.
WRONG = [
    ("number", "", "empty_cell", 0, "write -"),
    ("number", "[10..5]", "inverted_range", 0, "write [5..10]"),
    ("number", "(5..5]", "empty_range", 0, "write 5"),
    ("number", "[..5]", "missing_bound", 0, "write <= 5"),
    ("number", "(5..null)", "missing_bound", 0, "write > 5"),
    ("number", "[5..10", "missing_bracket", 6, "write [5..10]"),
    ("number", "(1, 2", "missing_bracket", 5, "write (1, 2)"),
    ("number", "1, 2)", "missing_bracket", 4, "write 1, 2"),
    ("number", "not(5", "missing_bracket", 5, "write not(5)"),
    ("number", "[1,5)", "range_form", 0, "write [1..5)"),  # a half-open interval, as in mathematics
    ("number", "5-10", "range_form", 0, "write [5..10]"),
    ("number", "1~3", "range_form", 0, "write [1..3]"),
    ("number", "１～３层", "range_form", 0, "write [1..3]"),
    ("number", "5..10", "range_form", 0, "write [5..10]"),
    ("number", "5至10", "range_form", 0, "write [5..10]"),
    ("number", ">= 6 and < 10", "range_form", 0, "write [6..10)"),
    ("number", "> 6 <= 10", "range_form", 0, "write (6..10]"),
    ("number", "1...3", "range_form", 0, "write [1..3]"),
    ("number", ">= 6, < 10", "always_true", 0, "write [6..10)"),  # a comma is "or"
    ("number", "<= 5, > 5", "always_true", 0, "write -"),
    ("number", "!= 1, != 2", "always_true", 0, "write not(1, 2)"),
    ("number", "not(>= 6, < 10)", "never_true", 0, "write not([6..10))"),
    ("number", "=> 6", "wrong_sign", 0, "write >= 6"),
    ("number", "≥ 6", "wrong_sign", 0, "write >= 6"),
    ("number", "<> 6", "wrong_sign", 0, "write != 6"),
    ("number", "1；2", "wrong_sign", 0, "write 1,2"),
    ("number", "6以上", "wrong_word", 0, "write >= 6"),  # 以上 counts the number itself (Civil Code 1259)
    ("number", "６层（含）以上", "wrong_word", 0, "write >= 6"),
    ("number", "90平方米以下", "wrong_word", 0, "write <= 90"),
    ("number", "超过100", "wrong_word", 0, "write > 100"),
    ("number", "不超过100", "wrong_word", 0, "write <= 100"),
    ("number", "5 or 6", "wrong_word", 0, "write 5, 6"),
    ("number", "not 5", "wrong_word", 0, "write not(5)"),
    ("number", "*", "wrong_word", 0, "write -"),
    ("number", "任意", "wrong_word", 0, "write -"),
    ("number", "2.80元", "unit", 0, "write 2.80"),
    ("number", "1.5万", "unit", 0, "write 15000"),
    ("number", "6%", "percent", 0, "write 0.06"),
    ("number", "? > 6 and ? <= 10", "range_form", 0, "write (6..10]"),
    ("number", "? between 10 and 5", "inverted_range", 2, "write [5..10]"),
    ("number", "? between 1 and null", "missing_bound", 2, "write >= 1"),
    ("number", "? between 5", "missing_value", 11, ""),
    ("number", "?", "missing_value", 1, ""),
    ("number", "? in " * 800, "unexpected", 5, ""),
    ("number", "in [5..10]", "unknown_word", 0, "write [5..10]"),
    ("number", "5.", "unexpected", 1, "write 5"),
    ("number", "1e38", "number_too_long", 0, ""),
    ("number", "1e-999999999999", "number_too_long", 0, ""),
    ("number", "1,000", "thousands_separator", 0, "write 1000"),
    ("number", ">= 1,500", "thousands_separator", 0, "write >= 1500"),
    ("number", "007", "leading_zero", 0, "write 7"),
    ("number", "1" * 39, "number_too_long", 0, ""),
    ("number", "１", "full_width", 0, "write 1"),
    ("number", "（1，2）", "full_width", 0, "write (1,2)"),
    ("number", "> ６", "full_width", 2, "write > 6"),
    ("number", "1 2", "missing_comma", 2, "write 1, 2"),
    ("number", "1,,2", "missing_value", 2, "write 1,2"),
    ("number", ">=", "missing_value", 2, ""),
    ("number", "5, -", "dash_in_list", 3, "leave it out, or let it stand alone"),
    ("number", "1, not(2)", "not_inside", 3, ""),
    ("number", "< null", "no_order", 0, ""),
    ("number", "(" * 21 + "1" + ")" * 21, "too_deep", 20, ""),
    ("number", "1," * 2_001, "cell_too_long", 0, "split the row"),
    ("number", "floor", "unknown_word", 0, ""),
    ("number", '"6"', "wrong_type", 0, "write 6"),
    ("number", "2018-12-08", "wrong_type", 0, ""),
    ("boolean", "ture", "unknown_word", 0, 'did you mean "true"?'),
    ("boolean", "nott(true)", "unknown_word", 0, 'did you mean "not"?'),
    ("boolean", "Yes", "wrong_word", 0, "write true"),
    ("boolean", "无", "wrong_word", 0, "write false"),
    ("boolean", "TRUE", "wrong_word", 0, "write true"),
    ("boolean", "< true", "no_order", 0, ""),
    ("string", "shop", "unknown_word", 0, 'write "shop"'),
    ("string", '"shop', "unterminated_string", 0, 'write "shop"'),
    ("string", "“a”，“b”", "full_width", 0, 'write "a","b"'),
    ("string", "'a'", "unexpected", 0, 'write "a"'),
    ("string", "= 6", "wrong_type", 2, 'write = "6"'),
    ("string", r'"\d"', "bad_escape", 0, r"for a backslash write \\"),
    ("string", r'"\uD83D"', "bad_escape", 0, ""),
    ("choice", "住宅，商铺", "full_width", 2, "write 住宅,商铺"),
    ("choice", "住宅（高层）", "quotes_needed", 0, 'write "住宅（高层）"'),
    ("choice", "not shop", "wrong_word", 0, "write not(shop)"),
    ("choice", "shop; parking", "wrong_sign", 0, "write shop, parking"),
    ("choice", "[a..b]", "no_order", 1, "list the words: a, b"),
    ("choice", "< shop", "no_order", 0, ""),
    ("date", "2018/1/5", "wrong_date", 0, "write 2018-01-05"),
    ("date", ">= 2018年1月5日", "wrong_date", 0, "write >= 2018-01-05"),
    ("date", "2018-02-30", "wrong_date", 0, ""),
    ("date", "date(2018, 12, 8)", "wrong_date", 0, "write 2018-12-08"),
    ("date", "date('2018-12-08')", "wrong_date", 0, "write 2018-12-08"),
    ("date", '"2018-12-08"', "wrong_type", 0, "write 2018-12-08"),
    ("date", "2018-01-01~2018-12-31", "range_form", 0, "write [2018-01-01..2018-12-31]"),
    ("datetime", "<= 2018-12-08", "wrong_type", 3, "write <= 2018-12-08T00:00:00"),
    ("datetime", "2018-12-08T10:30:00+08:00", "time_zone", 0, "write 2018-12-08T10:30:00"),
    ("duration", "[P5D..P1Y]", "wrong_type", 6, ""),  # a year has no length in days
]


@pytest.mark.parametrize(("kind", "text", "code", "offset", "hint"), WRONG)
def test_a_slip_is_named_placed_and_mended(kind: str, text: str, code: str, offset: int, hint: str) -> None:
    with pytest.raises(CellError) as caught:
        parse(text, kind)
    assert [(p.code, p.offset, p.hint) for p in caught.value.problems] == [(code, offset, hint)]
    if hint.startswith("write "):
        parse(hint.removeprefix("write "), kind)


AMBIGUOUS = [
    "5万元以上",  # 5 would be wrong by a factor of ten thousand
    "2018-01-01以前",  # with or without the day itself
    "10-5",
    "1-2-3",
    "6左右",
]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_nothing_is_suggested_where_the_meaning_is_in_doubt(text: str) -> None:
    with pytest.raises(CellError) as caught:
        Cell.parse(text, type="number")
    assert [problem.hint for problem in caught.value.problems] == [""]


SAID = [
    (
        "[10..5]",
        """<text>:1:1: inverted_range
  1 | [10..5]
    | ^
  found:    "[10..5]"
  expected: the smaller bound first
  hint:     write [5..10]""",
    ),
    (
        '6, "a", 7.5.1, ２',
        """<text>:1:4: wrong_type
  1 | 6, "a", 7.5.1, ２
    |    ^
  found:    "a"
  expected: a number, not text in quotes
<text>:1:12: missing_comma
  1 | 6, "a", 7.5.1, ２
    |            ^
  found:    ".1"
  expected: a comma between two tests
<text>:1:16: full_width
  1 | 6, "a", 7.5.1, ２
    |                ^
  found:    "２"
  expected: half-width: 2""",
    ),
    (
        ">= floor",
        """<text>:1:4: unknown_word
  1 | >= floor
    |    ^
  found:    "floor"
  expected: a number: 6, >= 6, [6..10), not(6), or - for any""",
    ),
    (
        "[5..10",
        """<text>:1:7: missing_bracket
  1 | [5..10
    |       ^
  found:    the end of the cell
  expected: ] or ) closes the range
  hint:     write [5..10]""",
    ),
]


@pytest.mark.parametrize(("text", "said"), SAID)
def test_the_message_shows_place_found_expected_and_hint(text: str, said: str) -> None:
    with pytest.raises(CellError) as caught:
        Cell.parse(text, type="number")
    assert str(caught.value) == said
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == said


def test_problems_are_placed_in_the_file_that_holds_the_cell() -> None:
    line = "    when: {floor: '6以上'}"
    cell = Text("6以上", Lines("fees.yaml", line), 0, line.index("6"))
    with pytest.raises(CellError) as caught:
        Cell.parse(cell, type="number")
    (problem,) = caught.value.problems_in(cell)
    assert str(problem.where) == "fees.yaml:1:20"
    assert problem.excerpt == line
