"""Rows of text from CSV files and workbooks, each cell with its place."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from feerules.documents.literals import write
from feerules.documents.tree import LINE_BREAK, Lines, Text, quote
from feerules.errors import Problem, Where, did_you_mean

__all__ = ["EXTRA", "MAX_PROBLEMS", "Escaped", "read_sheet"]

EXTRA = "tables"
# One slip repeated in every row need not be said fifty thousand times.
MAX_PROBLEMS = 100
_MAX_BYTES = 16_000_000
# A workbook is a zip archive: what counts is how large it becomes.
_MAX_UNPACKED = 128_000_000
# Formats without content make a sheet large too: more places than 50,000 rows of 200 columns.
_MAX_PLACES = 10_000_000

Rows = list[list[Text]]


class Escaped(Text):
    """A cell that its file writes with more characters than it has: \\| for |, or a quote doubled."""

    __slots__ = ()

    def at(self, line: int, column: int = 0) -> Where:
        source = self.lines.line(self._line)
        at = self._column
        for character in self[:column]:
            at += 1 + (source[at : at + 1] != character)
        if column < len(self) and source[at : at + 1] != self[column]:
            at += 1
        return self.lines.where(self._line + line, at)


class _SheetCell(Text):
    """A cell of a workbook: its place is its row and column, whichever character is meant."""

    __slots__ = ()

    def at(self, line: int, column: int = 0) -> Where:
        return self.lines.where(self._line, self._column)


def read_sheet(path: str, content: bytes) -> tuple[Rows, list[Problem]]:
    """The rows that are not empty, the head first; or what is wrong with the file."""
    name, _, sheet = path.partition("#")
    lines = Lines(path, "")
    if len(content) > _MAX_BYTES:
        return [], [_refused(lines, "file_too_large", f"{len(content)} bytes", f"at most {_MAX_BYTES}")]
    if name.lower().endswith(".csv"):
        return _read_csv(path, content)
    if name.lower().endswith(".xlsx"):
        return _read_workbook(lines, sheet, content)
    return [], [
        _refused(lines, "wrong_file_type", quote(name), "a .csv or .xlsx file", "save it as .xlsx or .csv")
    ]


def _refused(lines: Lines, code: str, found: str, expected: str, hint: str = "") -> Problem:
    return lines.problem(code, 0, 0, found, expected, hint)


def _read_csv(path: str, content: bytes) -> tuple[Rows, list[Problem]]:
    text = _decode(content)
    if text is None:
        expected = "text in UTF-8 or GB 18030"
        return [], [
            _refused(Lines(path, ""), "wrong_encoding", "other bytes", expected, "save it as CSV UTF-8")
        ]
    lines = Lines(path, text)
    rows: Rows = []
    problems: list[Problem] = []
    for at, line in enumerate(lines.all()):
        try:
            cells = _csv_cells(lines, at, line)
        except csv.Error:
            quoted = line.rfind('"')
            problems.append(lines.problem("unterminated_string", at, quoted, quote(line[quoted:]), _ONE_LINE))
            cells = []
        _keep(cells, rows)
        if len(problems) >= MAX_PROBLEMS:
            break
    if rows and len(rows[0]) == 1 and (other := re.search("[;\t，]", rows[0][0])):
        found = {"\t": "tabs", ";": "semicolons", "，": "full-width commas"}[other[0]]
        return [], [_refused(lines, "wrong_separator", found, "commas between cells", "save it as CSV UTF-8")]
    # After a quote that stays open, what looks like rows need not be any.
    return ([] if problems else rows), problems


_ONE_LINE = 'each " closed on its own line, and a " inside quotes doubled'
_CSV_CELL = re.compile(r'("(?:[^"]|"")*"|[^,]*)(?:,|$)')


# The frequent characters of GB 2312, of which a few look like rare ones of UTF-8: 住宅 is also סլ.
_FREQUENT = re.compile(rb"(?:[\x00-\x7f]|[\xb0-\xd7][\xa1-\xfe])*")
_RARE = re.compile("[\u0500-\u07ff]")


def _decode(content: bytes) -> str | None:
    if b"\0" in content:
        return None  # UTF-16, or no text at all
    if _FREQUENT.fullmatch(content) and _RARE.search(content.decode(errors="ignore")):
        return content.decode("gb18030")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _csv_cells(lines: Lines, at: int, line: str) -> list[Text]:
    if '"' not in line:
        cells, column = [], 0
        for part in line.split(","):
            cells.append(Text(part.strip(), lines, at, column + len(part) - len(part.lstrip())))
            column += len(part) + 1
        return cells
    values = next(csv.reader([line], strict=True))
    cells, column = [], 0
    for value in values:
        match = _CSV_CELL.match(line, column)
        raw = match[1] if match else ""
        lead = len(value) - len(value.lstrip()) + raw.startswith('"')
        cells.append(Escaped(value.strip(), lines, at, column + lead))
        column += len(raw) + 1
    return cells


def _keep(cells: list[Text], rows: Rows) -> None:
    """Leaves out rows without content, and the empty cells that spreadsheets add at the right."""
    while cells and not cells[-1] and (not rows or len(cells) > len(rows[0])):
        cells.pop()
    if any(cells):
        rows.append(cells)


def _read_workbook(lines: Lines, sheet: str, content: bytes) -> tuple[Rows, list[Problem]]:
    try:
        sheets = _sheets(content)
    except ImportError:
        expected = "openpyxl, which reads .xlsx files"
        hint = f'pip install "feerules[{EXTRA}]"'
        return [], [_refused(lines, "missing_dependency", "no openpyxl", expected, hint)]
    except _TooLarge as error:
        return [], [_refused(lines, "file_too_large", str(error), f"at most {_MAX_UNPACKED} bytes unpacked")]
    except Exception as error:  # noqa: BLE001  (openpyxl raises whatever its XML gives it)
        found = "no workbook" if isinstance(error, BadZipFile) else f"what openpyxl cannot read: {error}"
        return [], [
            _refused(lines, "unreadable_file", f"{found:.160}", "a workbook", "save it again as .xlsx")
        ]
    page = sheets.get(sheet) if sheet else next(iter(sheets.values()), None)
    if page is None:
        expected = f"one of the sheets: {', '.join(sheets):.160}"
        name = lines.file.partition("#")[0].rpartition("/")[2]
        hint = did_you_mean(sheet, sheets) or f"write {name}#{next(iter(sheets), 'Sheet1')}"
        return [], [_refused(lines, "unknown_sheet", quote(sheet), expected, hint)]
    return _read_page(lines, page)


class _TooLarge(Exception):
    """Says how large the content would become."""


def _sheets(content: bytes) -> dict[str, Any]:
    """The sheets by name; formulas stay formulas, and links to other files are not followed."""
    import openpyxl  # type: ignore[import-untyped]

    with ZipFile(BytesIO(content)) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > _MAX_UNPACKED:
        raise _TooLarge(f"{unpacked} bytes unpacked")
    book = openpyxl.load_workbook(BytesIO(content), keep_links=False)
    return {page.title: page for page in book.worksheets}


def _read_page(lines: Lines, page: Any) -> tuple[Rows, list[Problem]]:
    if page.max_row * page.max_column > _MAX_PLACES:
        found = f"{page.max_row} rows of {page.max_column} columns"
        hint = "delete the empty rows and columns"
        return [], [_refused(lines, "file_too_large", found, "a smaller sheet", hint)]
    problems = [_merged(lines, merged) for merged in page.merged_cells.ranges]
    rows: Rows = []
    for row in page.iter_rows():
        _keep([_cell(lines, cell, problems) for cell in row], rows)
        if len(problems) >= MAX_PROBLEMS:
            break
    return rows, problems


def _cell(lines: Lines, cell: Any, problems: list[Problem]) -> Text:
    text, code, hint = _text_of(cell)
    made = _SheetCell(text, lines, cell.row - 1, cell.column - 1)
    if code:
        found = f"{quote(text)} in {cell.coordinate}"
        problems.append(made.problem(code, found=found, expected="a value", hint=hint))
    return made


def _merged(lines: Lines, merged: Any) -> Problem:
    found = f"the merged cells {merged.coord}"
    hint = "unmerge them, and repeat the value in each"
    return lines.problem(
        "merged_cells", merged.min_row - 1, merged.min_col - 1, found, "a value in each cell", hint
    )


def _text_of(cell: Any) -> tuple[str, str, str]:
    """The text of a cell; a code and a hint where that is no value."""
    value = cell.value
    if cell.data_type == "f":
        # A formula over several cells is an object that has its text.
        formula = value if isinstance(value, str) else str(getattr(value, "text", None) or "=…")
        return formula, "formula_cell", "paste it as a value"
    if cell.data_type == "e":
        return str(value), "error_cell", "mend the formula, and paste its value"
    text = _written(value)
    return (text, "line_break", "write the cell on one line") if LINE_BREAK.search(text) else (text, "", "")


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        # A spreadsheet shows 15 digits; more are noise of its binary numbers, as in 0.30000000000000004.
        value = Decimal(format(value, ".15g"))
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, bool | Decimal | date | time | timedelta):
        return write(value)
    return str(value).strip()
