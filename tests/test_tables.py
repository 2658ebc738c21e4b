"""Tables from Markdown and CSV: cells with exact places, and what is said of what is no table."""

from __future__ import annotations

import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feerules.documents.cells import Cell, CellError
from feerules.documents.source import read
from feerules.documents.tables import MAX_ROWS, Table, TableError, parse_table, read_table_file

DOCUMENT = """kind: fee-schedule
rate: |
  | 类型 (type) | lift  | floor  | rate |
  |:------------|:-----:|--------|-----:|
  | 住宅        | true  | [1..3] | 2.00 |

  | 商铺        | -     | 6以上  | 6.50 |
"""


def table_of(document: str) -> Table:
    tree, problems = read(document, "fees.yaml")
    assert tree is not None
    assert not problems
    return parse_table(tree["rate"])


def texts(table: Table) -> list[list[str]]:
    return [[str(cell) for cell in row.cells] for row in table.rows]


def test_a_pipe_table_becomes_names_and_rows_of_trimmed_texts() -> None:
    table = table_of(DOCUMENT)
    assert [str(head.name) for head in table.header] == ["类型 (type)", "lift", "floor", "rate"]
    assert texts(table) == [["住宅", "true", "[1..3]", "2.00"], ["商铺", "-", "6以上", "6.50"]]
    assert [row.number for row in table.rows] == [1, 2]


def test_the_line_of_dashes_may_be_left_out() -> None:
    table = parse_table("| 楼层 | rate |\n| - | 2.00 |\n| 3 | 2.80 |")
    assert [str(head.name) for head in table.header] == ["楼层", "rate"]
    assert texts(table) == [["-", "2.00"], ["3", "2.80"]]
    assert [row.number for row in table.rows] == [1, 2]


def test_every_place_counts_characters_however_wide_they_are() -> None:
    table = table_of(DOCUMENT)
    assert str(table.header[1].where) == "fees.yaml:3:17"
    assert str(table.rows[1].where) == "fees.yaml:7:5"
    assert [str(cell.where) for cell in table.rows[1].cells[2:]] == ["fees.yaml:7:25", "fees.yaml:7:32"]
    assert DOCUMENT.splitlines()[6][24:28] == "6以上 "


def test_a_wrong_cell_is_shown_in_its_line() -> None:
    cell = table_of(DOCUMENT).rows[1].cells[2]
    with pytest.raises(CellError) as caught:
        Cell.parse(cell, type="number")
    (problem,) = caught.value.problems_in(cell)
    assert str(problem) == (
        "fees.yaml:7:25: wrong_word\n"
        "  7 |   | 商铺        | -     | 6以上  | 6.50 |\n"
        "    |     \u3000\u3000                  ^\n"
        '  found:    "6以上"\n'
        "  expected: a sign: >=, >, <=, < or !=\n"
        "  hint:     write >= 6"
    )


def test_a_pipe_in_quotes_or_escaped_belongs_to_its_cell() -> None:
    table = parse_table('| a | b |\n|--|--|\n| "x|\\"y" | p\\|q \\| [ |\n| "s\\|t" | \\\\ |')
    assert texts(table) == [['"x|\\"y"', "p|q | ["], ['"s|t"', "\\\\"]]
    escaped = table.rows[0].cells[1]
    assert str(escaped.where) == "<text>:3:13"
    assert str(escaped.at(0, 6)) == "<text>:3:21"  # the bracket, behind two backslashes


@pytest.mark.parametrize("style", ['"{}"', "'{}'"])
def test_a_table_in_another_scalar_is_read_at_the_place_of_the_scalar(style: str) -> None:
    lines = ["| a |", "|---|", "| 1 |"]
    text = "\\n".join(lines) if '"' in style else "\n\n  ".join(lines)
    table = table_of("kind: x\nrate: " + style.format(text))
    assert texts(table) == [["1"]]
    assert table.rows[0].cells[0].where.line == 2


def test_tables_survive_pickling_with_their_places() -> None:
    table = table_of(DOCUMENT)
    again = pickle.loads(pickle.dumps(table))
    assert again == table
    assert again.rows[1].cells[2].where == table.rows[1].cells[2].where


# Text, then of each problem: code, place, hint.
WRONG = [
    ("", [("empty_table", "1:1", "")]),
    ("| a |\n|---|", [("empty_table", "1:3", "")]),
    ("| a | b |\n|---|\n| 1 | 2 |", [("wrong_width", "2:1", "write |---|---|")]),
    ("| a | b |\n|---|---|\n| 1 |", [("wrong_width", "3:3", "- stands for any value")]),
    ("| a |\n|---|\n| 1 | 2 |", [("wrong_width", "3:7", "for a | inside a cell write \\|")]),
    (
        "| a | a |\n|--|--|\n| 1 | 2 |",
        [("duplicate_column", "1:7", "rename one of them, or take one column out")],
    ),
    ("| a |  |\n|--|--|\n| 1 | 2 |", [("empty_name", "1:6", "")]),
    (
        '| a |\n|---|\n| "x |\n| y" |',
        [("unterminated_string", "3:3", 'type "x"'), ("unterminated_string", "4:4", "")],
    ),
    ("| a |\n|---|\n| 1 | 2", [("missing_pipe", "3:8", "")]),
    ('| a |\n|---|\n| "1"', [("missing_pipe", "3:6", "")]),
    ("| a |\n|---|\n|", [("missing_pipe", "3:2", "")]),
    ("| a |\n|---|\n| 1 |\n# note", [("not_a_row", "4:1", "take it out of the table")]),
    ("a | b\n--|--\n1 | 2", [("not_a_row", "1:1", "write | a | b |")]),
    ("a, b\n1, 2", [("not_a_row", "1:1", "write | a | b |")]),
    ("| a | b | |---|---| | 1 | 2 |", [("not_a_row", "1:1", "type | after the key, and not >")]),
    (
        "| a | b |\n|---|---|\n| 1 ｜ 2 |\n｜ 1 | 2 |",
        [
            ("wrong_width", "3:3", "type | with the keyboard in English: ｜ is another character"),
            ("not_a_row", "4:1", "type | with the keyboard in English: ｜ is another character"),
        ],
    ),
    ("|" + "a|" * 201 + "\n|" + "-|" * 201, [("too_many_columns", "1:2", "")]),
]


@pytest.mark.parametrize(("text", "problems"), WRONG, ids=lambda part: str(part)[:30])
def test_what_is_no_table_is_told_with_every_problem_at_once(
    text: str, problems: list[tuple[str, str, str]]
) -> None:
    with pytest.raises(TableError) as caught:
        parse_table(text)
    told = [(p.code, f"{p.where.line}:{p.where.column}", p.hint) for p in caught.value.problems]
    assert told == problems


def test_the_message_of_a_row_too_long_points_at_the_first_cell_too_many() -> None:
    with pytest.raises(TableError) as caught:
        parse_table("| floor | rate |\n|-------|------|\n| - | 2.00 | 元 |")
    assert str(caught.value) == (
        "1 problem in the rules\n"
        "<text>:3:14: wrong_width\n"
        "  3 | | - | 2.00 | 元 |\n"
        "    |              ^\n"
        "  found:    3 cells\n"
        "  expected: 2, one for each of floor, rate\n"
        "  hint:     for a | inside a cell write \\|"
    )
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_rows_beyond_the_limit_are_refused_and_not_dropped() -> None:
    table = "| a |\n|---|\n" + "| 1 |\n" * MAX_ROWS
    assert len(parse_table(table).rows) == MAX_ROWS
    with pytest.raises(TableError, match="too_many_rows"):
        parse_table(table + "| 1 |\n")
    with pytest.raises(TableError, match="too_many_rows"):
        read_table_file("a.csv", b"a\n" + b"1\n" * (MAX_ROWS + 1))


CSV = '类型,floor,note\r\n住宅,"[1..3], 5","""a"" ≥"\r\n,,\r\n 商铺 , - ,x,,\r\n'


@pytest.mark.parametrize("text", ["type,rate\n住宅,2.80", "type,rate\nshop,2.80元"])
def test_characters_of_gb_18030_that_are_utf8_too_are_read_as_what_they_are(text: str) -> None:
    content = text.encode("gb18030")
    assert content.decode("utf-8") != text
    cells = read_table_file("prices.csv", content).rows[0].cells
    assert ",".join(cells) == text.partition("\n")[2]


@pytest.mark.parametrize(
    "text", ["тип,rate\nдом,2.80", "τύπος,rate\nσπίτι,2.80", "סוג,rate\nדירה,2.80", "m²,rate\n¥,2.80"]
)
def test_other_alphabets_stay_what_they_are_in_utf8(text: str) -> None:
    table = read_table_file("prices.csv", text.encode())
    assert "".join(head.name for head in table.header) == text.partition("\n")[0].replace(",", "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_is_read_in_the_encodings_that_spreadsheets_write(encoding: str) -> None:
    table = read_table_file("prices.csv", CSV.encode(encoding))
    assert [str(head.name) for head in table.header] == ["类型", "floor", "note"]
    assert texts(table) == [["住宅", "[1..3], 5", '"a" ≥'], ["商铺", "-", "x"]]


def test_a_csv_cell_knows_its_line_and_column() -> None:
    table = read_table_file("prices.csv", CSV.encode())
    assert str(table.rows[0].cells[1].where) == "prices.csv:2:5"
    assert str(table.rows[0].cells[2].where) == "prices.csv:2:17"
    assert str(table.rows[0].cells[2].at(0, 4)) == "prices.csv:2:23"  # behind four quotes
    assert str(table.rows[1].cells[0].where) == "prices.csv:4:2"


WRONG_FILES = [
    ("a.csv", b"", "empty_table"),
    ("a.csv", b"a,b\n", "empty_table"),
    ("a.csv", b"a;b\n1;2\n", "wrong_separator"),
    ("a.csv", b"a\tb\n1\t2\n", "wrong_separator"),
    ("a.csv", "a,b\n1,2\n".encode("utf-16"), "wrong_encoding"),
    ("a.csv", b"a,b\n1,\xff\xff\n", "wrong_encoding"),
    ("a.csv", b'a,b\n1,"2\n3"\n', "unterminated_string"),  # a cell is one line
    ("a.csv", b'a,b\n1,"2"3\n', "unterminated_string"),
    ("a.csv", b"a,b\n1\n", "wrong_width"),
    ("a.csv", b"a,b\n1,2,3\n", "wrong_width"),
    ("a.csv", b"a,a\n1,2\n", "duplicate_column"),
    ("a.csv", b"a\n" + b"1" * 16_000_000, "file_too_large"),
    ("a.xls", b"", "wrong_file_type"),
]


@pytest.mark.parametrize(("path", "content", "code"), WRONG_FILES, ids=lambda part: str(part)[:20])
def test_a_file_that_is_no_table_is_refused_by_name(path: str, content: bytes, code: str) -> None:
    with pytest.raises(TableError) as caught:
        read_table_file(path, content)
    assert {problem.code for problem in caught.value.problems} == {code}
    assert {problem.where.file for problem in caught.value.problems} == {path}


def test_a_workbook_without_openpyxl_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(TableError) as caught:
        read_table_file("prices.xlsx", b"")
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("missing_dependency", 'pip install "feerules[tables]"')


CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters='"\\|'), max_size=8
)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_any_cell_is_found_at_the_place_it_names(rows: list[list[str]]) -> None:
    text = "\n".join(["|a|b|", "|-|-|", *(f"|{first}|{second}|" for first, second in rows)])
    table = parse_table(text)
    assert texts(table) == [[cell.strip() for cell in row] for row in rows]
    lines = text.split("\n")
    for row in table.rows:
        for cell in row.cells:
            where = cell.where
            assert lines[where.line - 1][where.column - 1 :].startswith(cell)


@given(st.text(max_size=60) | st.lists(st.sampled_from([*'|-"\\ \na｜:'])).map("".join))
def test_any_text_is_a_table_or_gives_problems(text: str) -> None:
    for read_it in (lambda: parse_table(text), lambda: read_table_file("a.csv", text.encode())):
        try:
            read_it()
        except TableError as error:
            assert error.problems  # noqa: PT017


@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_give_problems(content: bytes) -> None:
    for path in ("a.csv", "a.xlsx"):
        try:
            read_table_file(path, content)
        except TableError as error:
            assert error.problems  # noqa: PT017
