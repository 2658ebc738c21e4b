"""Decision tables as text: a head and rows of cells, from a Markdown pipe table, a CSV file or a sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from unicodedata import east_asian_width

from pydantic_core import CoreSchema, core_schema

from feerules.documents.sheets import MAX_PROBLEMS, Escaped, read_sheet
from feerules.documents.tree import LINE_BREAK, Lines, Text, quote
from feerules.errors import Problem, RuleErrors, Where

__all__ = ["MAX_ROWS", "Head", "Row", "Table", "TableError", "is_table", "parse_table", "read_table_file"]

MAX_ROWS = 50_000
_MAX_COLUMNS = 200
_NO_WIDE_PIPE = "type | with the keyboard in English: ｜ is another character"


class TableError(RuleErrors, ValueError):
    """Everything wrong with the form of one table."""

    def __reduce__(self) -> tuple[Any, ...]:
        return TableError, (self.problems,)


@dataclass(frozen=True, slots=True)
class Head:
    """The name of a column."""

    name: Text

    @property
    def where(self) -> Where:
        return self.name.where


@dataclass(frozen=True, slots=True)
class Row:
    """A row below the head, with a cell for each column; `number` counts these rows from 1."""

    number: int
    cells: tuple[Text, ...]

    @property
    def where(self) -> Where:
        return self.cells[0].where


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts, each of which knows its place.

    >>> table = parse_table("| floor  | rate |\\n|--------|------|\\n| [1..3] | 2.00 |")
    >>> [str(head.name) for head in table.header], str(table.rows[0].cells[1].where)
    (['floor', 'rate'], '<text>:3:12')
    """

    header: tuple[Head, ...]
    rows: tuple[Row, ...]

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        # A table that was read is right: pydantic need not look inside.
        return core_schema.is_instance_schema(cls)


_SEPARATOR = re.compile(r"[ \t]*[|,\t][ \t]*")
_NAMES = re.compile(r"[^\W\d][\w ]*(?:[|,\t] *[^\W\d][\w ]*)+")


def is_table(text: str) -> bool:
    """Whether a text was meant for a table, also where its rows are written in another form."""
    first, _, more = text.strip().partition("\n")
    return first.startswith(("|", "｜")) or (bool(more) and _NAMES.fullmatch(first.rstrip()) is not None)


def parse_table(text: str) -> Table:
    """Reads a Markdown pipe table: the names, a line of dashes that may be left out, the rows.

    A | in double quotes belongs to its cell, as does \\| anywhere. Places are exact in a literal block (|)
    and in plain Python text; in another scalar, whose lines YAML changes, they are where it begins.
    Raises TableError with every problem.
    """
    return _PipeReader(text if isinstance(text, Text) else Text(text)).read()


def read_table_file(path: str, content: bytes) -> Table:
    """Reads a .csv or .xlsx file whose first row has the names; `path` says so in messages.

    CSV is UTF-8 or GB 18030 and separated by commas. `prices.xlsx#2026` names a sheet; without a name it
    is the first. In a workbook the line of a Where is the row, its column the number of the column.
    .xlsx needs the extra `tables`. Raises TableError with every problem.
    """
    rows, problems = read_sheet(path, content)
    return _assemble(rows, problems, Where(path, 1, 1))


_ROW_CELL = re.compile(r'((?:[^|"\\]|\\.|"(?:[^"\\]|\\.)*")*)\|')
_OPEN_QUOTE = re.compile(r'(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*+")*+(")')
_DASHES = re.compile(r"\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?")
_DASH_CELL = re.compile(r"\|\s*:?-{3,}:?\s*\|")
_ESCAPED_PIPE = re.compile(r"\\(.)")


class _PipeReader:
    """Goes through the lines of a pipe table, and notes what is wrong with each."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.lines = text.lines
        self.start = text.where
        self.problems: list[Problem] = []

    def read(self) -> Table:
        content = [(at, line) for at, line in enumerate(LINE_BREAK.split(self.text)) if line.strip()]
        rows: list[list[Text]] = []
        for number, (at, line) in enumerate(content):
            if number == 1 and self.dashes(at, line, rows):
                continue
            if number == 0 and (dashes := _DASH_CELL.search(line)) and line[dashes.end() :].strip(" |:-"):
                found, expected = "rows that run into one line", "each row on a line of its own"
                self.tell(
                    *self.place(at, line), "not_a_row", found, expected, "type | after the key, and not >"
                )
                break
            rows += self.row(at, line)
            if not rows or len(rows) > MAX_ROWS + 1 or len(self.problems) >= MAX_PROBLEMS:
                break
        return _assemble(rows, self.problems, self.start)

    def tell(self, at: int, column: int, code: str, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(self.lines.problem(code, at, column, found, expected, hint))

    def place(self, at: int, line: str) -> tuple[int, int]:
        """Where a line of the text begins in the file, counted from 0."""
        above, column = self.start.line - 1, self.start.column - 1
        source = self.lines.line(above + at)
        for indent in (column, 0):
            if source[indent:] == line or source[indent:].rstrip() == line.rstrip():
                return above + at, indent
        return above, column

    def dashes(self, at: int, line: str, rows: list[list[Text]]) -> bool:
        """Whether the second line is one of dashes, a cell for each name, and no row."""
        if _DASHES.fullmatch(line.strip()) is None:
            return False
        if rows and line.strip().strip("|").count("|") != len(rows[0]) - 1:
            place, indent = self.place(at, line)
            wanted = "|" + "|".join("-" * (_columns(name) + 2) for name in rows[0]) + "|"
            self.tell(place, indent, "wrong_width", quote(line), "dashes below each name", f"write {wanted}")
        return True

    def row(self, at: int, line: str) -> list[list[Text]]:
        """The row of a line; no row where the line is none, which is noted."""
        row = line.strip()
        place, indent = self.place(at, line)
        begin = indent + len(line) - len(line.lstrip())
        if not row.startswith("|"):
            hint = _NO_WIDE_PIPE if row.startswith("｜") else "take it out of the table" if at else ""
            if _NAMES.fullmatch(row):
                hint = f"write | {_SEPARATOR.sub(' | ', row)} |"
            self.tell(place, begin, "not_a_row", quote(row), "a row that begins and ends with |", hint)
            return []
        plain = '"' not in row and "\\" not in row
        parts = row[1:].split("|") if plain else self.split(row, place, begin)
        if parts and (parts.pop().strip() or not parts):
            end = "the end of the line"
            self.tell(place, begin + len(row), "missing_pipe", end, "a | after the last cell")
            return []
        return [self.cells(parts, place, begin + 1)] if parts else []

    def cells(self, parts: list[str], line: int, column: int) -> list[Text]:
        cells = []
        for part in parts:
            value = part.strip()
            start = column + part.find(value)
            column += len(part) + 1
            make = _escaped if "\\" in value else Text
            cells.append(make(value, self.lines, line, start))
        return cells

    def split(self, row: str, place: int, begin: int) -> list[str]:
        """The cells as written, and what follows the last |; nothing where a quote stays open."""
        parts, position = [], 1
        while match := _ROW_CELL.match(row, position):
            parts.append(match[1])
            position = match.end()
        rest = row[position:]
        if opened := _OPEN_QUOTE.match(rest):
            text = rest[opened.start(1) :]
            word = text[1:].partition("|")[0].strip()
            expected, hint = 'a closing " before the end of the line', f'type "{word}"' if word else ""
            self.tell(
                place, begin + position + opened.start(1), "unterminated_string", _shown(text), expected, hint
            )
            return []
        return [*parts, rest]


def _shown(text: str) -> str:
    """Text that begins with a quote of its own, without further quotes around it."""
    return quote(text.rstrip())[1:-1]


def _escaped(value: str, lines: Lines, line: int, column: int) -> Text:
    read = _ESCAPED_PIPE.sub(lambda match: "|" if match[1] == "|" else match[0], value)
    return Text(value, lines, line, column) if read == value else Escaped(read, lines, line, column)


def _columns(name: str) -> int:
    """How wide a name is in a fixed-width font, where a Chinese character takes two columns."""
    return sum(1 + (east_asian_width(character) in "WF") for character in name)


def _assemble(rows: Sequence[list[Text]], problems: list[Problem], start: Where) -> Table:
    if not rows and not problems:
        problems.append(Problem("empty_table", start, "nothing", "a line of names, then rows"))
    if rows:
        problems += [*_check_head(rows[0]), *_check_rows(rows[0], rows[1:])]
    if len(rows) == 1 and not problems:
        problems.append(
            rows[0][0].problem("empty_table", found="names and no rows", expected="a row or more")
        )
    if problems:
        raise TableError(problems)
    made = (Row(number, tuple(cells)) for number, cells in enumerate(rows[1:], 1))
    return Table(tuple(map(Head, rows[0])), tuple(made))


def _check_head(head: list[Text]) -> list[Problem]:
    if len(head) > _MAX_COLUMNS:
        found = f"{len(head)} columns"
        return [head[0].problem("too_many_columns", found=found, expected=f"at most {_MAX_COLUMNS}")]
    problems = []
    seen: set[str] = set()
    for name in head:
        if not name:
            problems.append(name.problem("empty_name", found="a column without a name", expected="a name"))
        elif name in seen:
            problems.append(
                name.problem(
                    "duplicate_column",
                    found=f"{quote(name)} twice",
                    expected="each name once",
                    hint="rename one of them, or take one column out",
                )
            )
        seen.add(name)
    return problems


def _check_rows(head: list[Text], rows: Sequence[list[Text]]) -> list[Problem]:
    wrong = (_wrong_width(row, head) for row in rows if len(row) != len(head))
    problems = list(islice(wrong, MAX_PROBLEMS))
    if len(rows) > MAX_ROWS:
        found = f"more than {MAX_ROWS} rows"
        problems.append(
            rows[MAX_ROWS][0].problem("too_many_rows", found=found, expected=f"at most {MAX_ROWS}")
        )
    return problems


def _wrong_width(row: list[Text], head: list[Text]) -> Problem:
    names = ", ".join(head)
    expected = f"{len(head)}, one for each of {names:.120}"
    many = len(row) > len(head)
    at = row[len(head)] if many else row[-1]
    found = f"{len(row)} cell{'s' * (len(row) != 1)}"
    return at.problem("wrong_width", found=found, expected=expected, hint=_width_hint(row, head))


def _width_hint(row: list[Text], head: list[Text]) -> str:
    if any("｜" in cell for cell in row):
        return _NO_WIDE_PIPE
    if len(row) < len(head):
        return "- stands for any value"
    file = row[0].lines.file.partition("#")[0].lower()
    if len(head) == 1 and file.endswith((".csv", ".xlsx")):
        return "begin with the names of the columns: take out a title above them"
    if file.endswith(".csv"):
        return 'put a cell with a comma in it into double quotes: "[90..144)"'
    if file.endswith(".xlsx"):
        return "take out what stands beside the table, or give its column a name"
    return "for a | inside a cell write \\|"
