"""Pages as a workbook for finance: a sheet for each table, money as numbers, nothing that calculates on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from feerules.pages.labels import width_of
from feerules.pages.page import Chart, Column, Kind, Page, Prose, Section, Table
from feerules.pages.reader import Reader
from feerules.pages.tables import listed
from feerules.wording import sentence

__all__ = ["MOST_SHEET_ROWS", "write_workbook"]

# What Excel can hold: rows below the heading, letters in a cell and in the name of a sheet, digits of a number.
MOST_SHEET_ROWS = 1_048_575
MOST_LETTERS, MOST_NAME, MOST_DIGITS = 32_767, 31, 15
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
NARROWEST, BROADEST, LOOKED_AT = 8, 60, 300
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
FORMATS: Mapping[Kind, str] = MappingProxyType(
    {"money": "#,##0.00", "share": "0.00%", "day": "yyyy-mm-dd", "number": "General"}
)
SUMMARY = sentence("Summary")


def write_workbook(path: Path, pages: Sequence[tuple[Page, Reader]]) -> None:
    """Writes the pages one after the other: for each a summary, then a sheet for each table and chart.

    A table of more rows than a sheet holds goes on in further sheets. Text stays text, whatever it begins with.
    """
    kept = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), {**kept, "constant_memory": True, "nan_inf_to_errors": True})
    # The day on which a file was made would make the same report two files.
    book.set_properties({"title": pages[0][0].title, "created": datetime(2000, 1, 1)})
    names = _Names()
    for page, reader in pages:
        _Writer(book, page, reader, names).write()
    book.close()


class _Names:
    """The names of sheets: short, without what Excel refuses, and each once."""

    def __init__(self) -> None:
        self._taken: set[str] = {"history"}

    def of(self, title: str) -> str:
        plain = NOT_IN_NAMES.sub(" ", title).strip().strip("'").strip() or "-"
        name, number = plain[:MOST_NAME].rstrip(), 1
        while name.lower() in self._taken:
            number += 1
            end = f" ({number})"
            name = plain[: MOST_NAME - len(end)].rstrip() + end
        self._taken.add(name.lower())
        return name


class _Writer:
    """One page, sheet by sheet."""

    def __init__(self, book: xlsxwriter.Workbook, page: Page, reader: Reader, names: _Names) -> None:
        self.book, self.page, self.reader, self.names = book, page, reader, names
        self.text = reader.words.text
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.head = book.add_format({"bold": True, "bg_color": "#EEF1F4", "bottom": 1, "text_wrap": True, "valign": "top"})
        self.strong = book.add_format({"bold": True})
        self.plain = book.add_format({"valign": "top"})
        self.wrapped = book.add_format({"valign": "top", "text_wrap": True})
        self.quoted = book.add_format({"valign": "top", "quote_prefix": True})
        self.right = book.add_format({"valign": "top", "align": "right"})
        self.line = book.add_format({"bottom": 1})
        self.formats = {kind: book.add_format({"num_format": form, "valign": "top"}) for kind, form in FORMATS.items()}
        self.sums = {kind: book.add_format({"num_format": form, "bold": True, "top": 1}) for kind, form in FORMATS.items()}

    def write(self) -> None:
        summary = self.book.add_worksheet(self.names.of(self.text(SUMMARY)))
        sheets = [(section, list(self._sheets(section))) for section in self.page.sections]
        self._summary(summary, sheets)

    def _sheets(self, section: Section) -> Iterator[str]:
        for block in section.blocks:
            match block:
                case Table() if block.count:
                    yield from self._table(section, block)
                case Chart():
                    yield self._chart(section, block)

    # The summary

    def _summary(self, sheet: Worksheet, sheets: Sequence[tuple[Section, list[str]]]) -> None:
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 1, 24)
        sheet.set_column(2, 2, 44)
        sheet.hide_gridlines(2)
        row = _Rows(sheet, self)
        row.put(self.page.title, form=self.title)
        if self.page.on:
            row.put(self.reader.words.day(self.page.on))
        for line in self.page.note.splitlines():
            row.put(line)
        for section, names in sheets:
            row.skip()
            row.put(section.title, form=self.strong)
            for figure in section.figures:
                row.put(figure.label, figure.value, figure.note)
            for block in section.blocks:
                if isinstance(block, Prose):
                    for paragraph in block.paragraphs:
                        row.put(paragraph)
            for name in names:
                row.link(name)
        self._rest(row)

    def _rest(self, row: _Rows) -> None:
        digests = dict.fromkeys(pair for section in self.page.sections for pair in section.digests if pair[1])
        if digests:
            row.skip()
            row.put(self.text("What this rests on"), form=self.strong)
            for label, digest in digests:
                row.put(label, f"SHA-256 {digest}")
        if self.page.signatures:
            row.skip()
            row.put(self.text("Signed"), form=self.strong)
            for line in self.page.signatures:
                row.skip()
                row.sign(line, self.text("Date:"))

    # Tables

    def _table(self, section: Section, table: Table) -> Iterator[str]:
        rows = table.rows.collect(engine="streaming")
        for start in range(0, rows.height, MOST_SHEET_ROWS):
            part = rows.slice(start, MOST_SHEET_ROWS)
            name = self.names.of(table.title)
            sheet = self.book.add_worksheet(name)
            last = start + part.height == rows.height
            self._fill(sheet, table, part, sums=last and rows.height < MOST_SHEET_ROWS)
            yield name

    def _fill(self, sheet: Worksheet, table: Table, rows: Any, *, sums: bool) -> None:
        kinds = [column.kind for column in table.columns]
        self._lay_out(sheet, table.columns, rows)
        for number, row in enumerate(rows.iter_rows(), 1):
            for place, (value, kind) in enumerate(zip(row, kinds, strict=True)):
                self._put(sheet, number, place, value, kind)
        if sums and table.totals:
            self._sum(sheet, table, rows.height + 1)

    def _lay_out(self, sheet: Worksheet, columns: Sequence[Column], rows: Any) -> None:
        """Widths by what is in the first rows, a heading that stays, a filter, and how it is printed."""
        for place, column in enumerate(columns):
            seen = rows.get_column(column.name).head(LOOKED_AT)
            widest = max((width_of(self.reader.written(value, column.kind)) for value in seen), default=0)
            sheet.set_column(place, place, min(max(NARROWEST, widest, width_of(column.title)) + 3, BROADEST))
            sheet.write_string(0, place, column.title, self.head)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows.height, max(len(columns) - 1, 0))
        sheet.repeat_rows(0)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def _sum(self, sheet: Worksheet, table: Table, row: int) -> None:
        for place, column in enumerate(table.columns):
            if column.name in table.totals:
                self._put(sheet, row, place, table.totals[column.name], column.kind, self.sums.get(column.kind))
            else:
                self._put(sheet, row, place, self.text("Sum") if place == 0 else "", "text", self.strong)

    def _put(self, sheet: Worksheet, row: int, place: int, value: Any, kind: Kind, form: Format | None = None) -> None:
        """A value in its cell: what Excel can hold whole as a number, all else as text."""
        match value:
            case None:
                return
            case bool():
                self._text(sheet, row, place, self.reader.written(value, kind), form)
            case float() | int() | Decimal() if _is_whole(value):
                sheet.write_number(row, place, float(value), form or self.formats.get(kind, self.formats["number"]))
            case float() | int() | Decimal():
                self._text(sheet, row, place, self.reader.written(value, kind), form or self.right)
            case date() if not isinstance(value, datetime) and value.year >= 1900:
                sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), form or self.formats["day"])
            case _:
                self._text(sheet, row, place, self.reader.written(value, kind), form)

    def _text(self, sheet: Worksheet, row: int, place: int, text: str, form: Format | None = None) -> None:
        """Text as text: neither a formula nor a link, whatever it begins with; also when somebody edits the cell."""
        if not text:
            sheet.write_blank(row, place, None, form)
            return
        if len(text) > MOST_LETTERS:
            text = f"{text[: MOST_LETTERS - 1]}…"
        own = self.quoted if text.startswith(ACTIVE) else self.wrapped if "\n" in text else self.plain
        sheet.write_string(row, place, text, own if form is None or own is self.quoted else form)

    # Charts: the numbers, and Excel's own drawing of them

    def _chart(self, section: Section, chart: Chart) -> str:
        series = list(dict.fromkeys(point.series for point in chart.points))
        labels = list(dict.fromkeys(point.label for point in chart.points))
        values = {(point.label, point.series): point.value for point in chart.points}
        if chart.shape == "waterfall" or len(values) < len(chart.points) or len(series) < 2:
            columns: list[tuple[str, Kind]] = [(chart.labels or chart.title, "text"), (chart.values or chart.title, chart.kind)]
            table = listed(chart.title, columns, [(point.label, point.value) for point in chart.points])
        else:
            columns = [(chart.labels or chart.title, "text"), *((each or chart.values, chart.kind) for each in series)]
            table = listed(chart.title, columns, [(label, *(values.get((label, each)) for each in series)) for label in labels])
        (name,) = self._table(section, table)
        if chart.shape != "waterfall":
            self._draw(name, chart, table)
        return name

    def _draw(self, name: str, chart: Chart, table: Table) -> None:
        stacked = len(table.columns) > 2
        kind = "bar" if chart.shape == "bars" else "column"
        drawing = self.book.add_chart({"type": kind, **({"subtype": "stacked"} if stacked else {})})
        for place in range(1, len(table.columns)):
            drawing.add_series(
                {
                    "name": [name, 0, place],
                    "categories": [name, 1, 0, table.count, 0],
                    "values": [name, 1, place, table.count, place],
                    "gap": 40,
                }
            )
        drawing.set_title({"name": chart.title, "name_font": {"size": 12}})
        if not stacked:
            drawing.set_legend({"none": True})
        if kind == "bar":
            drawing.set_y_axis({"reverse": True, "label_position": "low"})
        drawing.set_size({"width": 760, "height": max(320, 26 * table.count if kind == "bar" else 320)})
        self.book.get_worksheet_by_name(name).insert_chart(1, len(table.columns) + 1, drawing)


def _is_whole(value: float | Decimal) -> bool:
    """Whether a sheet's numbers, which have fifteen digits, hold it."""
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")
    digits = Decimal(value).as_tuple().digits
    return Decimal(value).is_finite() and len(digits) <= MOST_DIGITS


class _Rows:
    """A sheet that is written from top to bottom."""

    def __init__(self, sheet: Worksheet, writer: _Writer) -> None:
        self.sheet, self.writer, self.row = sheet, writer, 0

    def put(self, *texts: str, form: Format | None = None) -> None:
        for place, text in enumerate(texts):
            if text:
                self.writer._text(self.sheet, self.row, place, text, form)
        self.row += 1

    def link(self, name: str) -> None:
        quoted = name.replace("'", "''")
        self.sheet.write_url(self.row, 0, f"internal:'{quoted}'!A1", string=f"→ {name}")
        self.row += 1

    def sign(self, line: str, day: str) -> None:
        self.writer._text(self.sheet, self.row, 0, line, self.writer.line)
        self.writer._text(self.sheet, self.row, 1, day, self.writer.line)
        self.row += 1

    def skip(self) -> None:
        self.row += 1
