"""Pages as a workbook for finance: a summary, and a sheet for each table and chart; nothing that calculates on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from feerules.pages.cells import BROADEST, Cells, lines_of
from feerules.pages.charts import COLOURS
from feerules.pages.labels import width_of
from feerules.pages.page import Chart, Column, Kind, Page, Prose, Section, Table
from feerules.pages.reader import Reader
from feerules.pages.tables import listed

__all__ = ["MOST_SHEET_ROWS", "write_workbook"]

MOST_SHEET_ROWS = 1_048_575  # below the heading
MOST_NAME = 31  # letters in the name of a sheet
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
NARROWEST, LOOKED_AT = 8, 300  # letters, and rows by which widths are chosen
A4, LINE, HIGHEST = 9, 15, 400  # the size of paper; points of a line, and of the highest row
# Texts are what they are. Rows are written as they come, so that a million of them needs no memory.
KEPT = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
}
# The day on which a file was made would make two files of one report.
NO_DAY = datetime(2000, 1, 1)


def write_workbook(path: Path, pages: Sequence[tuple[Page, Reader]]) -> None:
    """Writes the pages one after the other: for each a summary, then a sheet for each table and chart.

    A table of more rows than a sheet holds goes on in further sheets.
    """
    book = xlsxwriter.Workbook(str(path), KEPT)
    book.set_properties({"title": pages[0][0].title, "created": NO_DAY})
    names = _Names()
    for page, reader in pages:
        _Writer(book, page, reader, names).write()
    book.close()


class _Names:
    """The names of sheets: short, without what a workbook refuses, and each once."""

    def __init__(self) -> None:
        self._taken = {"history"}

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
        self.cells = Cells(book, reader)

    def write(self) -> None:
        # The first sheet is written last: it names those that follow.
        summary = self.book.add_worksheet(self.names.of(self.text("Summary")))
        sheets = [(section, list(self._sheets(section))) for section in self.page.sections]
        self._summary(_Lines(summary, self.cells), sheets)

    def _sheets(self, section: Section) -> Iterator[str]:
        for block in section.blocks:
            if isinstance(block, Table) and block.count:
                yield from self._table(block)
            elif isinstance(block, Chart):
                yield self._chart(block)

    # The summary

    def _summary(self, lines: _Lines, sheets: Sequence[tuple[Section, list[str]]]) -> None:
        lines.put(self.page.title, form=self.cells.title)
        if self.page.on:
            lines.put(self.reader.words.day(self.page.on))
        for line in self.page.note.splitlines():
            lines.put(line)
        for section, names in sheets:
            lines.skip()
            lines.put(section.title, form=self.cells.strong)
            self._section(lines, section, names)
        self._foot(lines)

    def _section(self, lines: _Lines, section: Section, names: Sequence[str]) -> None:
        for figure in section.figures:
            lines.put(figure.label, figure.value, figure.note)
        for block in section.blocks:
            for paragraph in block.paragraphs if isinstance(block, Prose) else ():
                lines.put(paragraph)
        for name in names:
            lines.link(name)

    def _foot(self, lines: _Lines) -> None:
        if digests := self.page.digests:
            lines.skip()
            lines.put(self.text("What this rests on"), form=self.cells.strong)
            for label, digest in digests:
                lines.put(label, f"SHA-256 {digest}")
        if self.page.signatures:
            lines.skip()
            lines.put(self.text("Signed"), form=self.cells.strong)
            for line in self.page.signatures:
                lines.skip()
                lines.put(line, self.text("Date:"), form=self.cells.line)

    # Tables

    def _table(self, table: Table) -> Iterator[str]:
        rows = table.rows.collect(engine="streaming")
        for start in range(0, rows.height, MOST_SHEET_ROWS):
            part = rows.slice(start, MOST_SHEET_ROWS)
            name = self.names.of(table.title)
            sheet = self.book.add_worksheet(name)
            self._lay_out(sheet, table.columns, part)
            self._fill(sheet, table.columns, part)
            if table.totals and start + part.height == rows.height and part.height < MOST_SHEET_ROWS:
                self._sum(sheet, table, part.height + 1)
            yield name

    def _lay_out(self, sheet: Worksheet, columns: Sequence[Column], rows: pl.DataFrame) -> None:
        """A heading that stays, a filter, widths by what is in the first rows, and how it is printed."""
        for place, column in enumerate(columns):
            seen = rows.get_column(column.name).head(LOOKED_AT)
            widest = max((width_of(self.reader.written(value, column.kind)) for value in seen), default=0)
            width = min(max(NARROWEST, widest, width_of(column.title)) + 3, BROADEST)
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, column.title, self.cells.head)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows.height, len(columns) - 1)
        sheet.repeat_rows(0)
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def _fill(self, sheet: Worksheet, columns: Sequence[Column], rows: pl.DataFrame) -> None:
        kinds = [column.kind for column in columns]
        texts = [place for place, kind in enumerate(kinds) if kind in ("text", "place")]
        for number, row in enumerate(rows.iter_rows(), 1):
            lines = max((lines_of(row[place]) for place in texts), default=1)
            if lines > 1:
                sheet.set_row(number, min(lines * LINE, HIGHEST))
            for place, (value, kind) in enumerate(zip(row, kinds, strict=True)):
                self.cells.put(sheet, number, place, value, kind)

    def _sum(self, sheet: Worksheet, table: Table, row: int) -> None:
        for place, column in enumerate(table.columns):
            if column.name in table.totals:
                form = self.cells.sums.get(column.kind)
                self.cells.put(sheet, row, place, table.totals[column.name], column.kind, form)
            elif place == 0:
                self.cells.text(sheet, row, place, self.text("Sum"), self.cells.strong)

    # Charts: their numbers, and a drawing of the workbook's own

    def _chart(self, chart: Chart) -> str:
        table = _numbers_of(chart)
        (name,) = self._table(table)
        if chart.shape != "waterfall":
            drawing = self._drawing(name, chart, table)
            self.book.get_worksheet_by_name(name).insert_chart(1, len(table.columns) + 1, drawing)
        return name

    def _drawing(self, name: str, chart: Chart, table: Table) -> Any:
        stacked, lying = len(table.columns) > 2, chart.shape == "bars"
        kind = {"type": "bar" if lying else "column"} | ({"subtype": "stacked"} if stacked else {})
        drawing = self.book.add_chart(kind)
        for place in range(1, len(table.columns)):
            span = {
                what: [name, 1, at, table.count, at] for what, at in (("categories", 0), ("values", place))
            }
            drawing.add_series({"name": [name, 0, place], "gap": 40, **span, **_colours(chart, place - 1)})
        drawing.set_title({"name": chart.title, "name_font": {"size": 12}})
        if not stacked:
            drawing.set_legend({"none": True})
        if lying:
            drawing.set_y_axis({"reverse": True, "label_position": "low"})
        drawing.set_size({"width": 760, "height": max(320, 26 * table.count if lying else 0)})
        return drawing


def _colours(chart: Chart, number: int) -> dict[str, Any]:
    """The colours of the page: of a series, or where there is one alone of each point."""
    series = list(dict.fromkeys(point.series for point in chart.points))
    if len(series) > 1:
        tone = next(point.tone for point in chart.points if point.series == series[number])
        return {"fill": {"color": COLOURS[tone]}}
    return {"points": [{"fill": {"color": COLOURS[point.tone]}} for point in chart.points]}


def _numbers_of(chart: Chart) -> Table:
    """The numbers of a chart: a row for each label, a column for each series."""
    series = list(dict.fromkeys(point.series for point in chart.points))
    values = {(point.label, point.series): point.value for point in chart.points}
    first: tuple[str, Kind] = (chart.labels or chart.title, "text")
    # Labels of which one comes twice, as in a waterfall, have a row for each time.
    if len(series) < 2 or len(values) < len(chart.points):
        rows = [(point.label, point.value) for point in chart.points]
        return listed(chart.title, [first, (chart.values or chart.title, chart.kind)], rows)
    labels = dict.fromkeys(point.label for point in chart.points)
    table = [(label, *(values.get((label, each)) for each in series)) for label in labels]
    return listed(chart.title, [first, *((each, chart.kind) for each in series)], table)


class _Lines:
    """The summary, written from top to bottom."""

    def __init__(self, sheet: Worksheet, cells: Cells) -> None:
        self.sheet, self.cells, self.row = sheet, cells, 0
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 2, 30)
        sheet.hide_gridlines(2)
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)

    def put(self, *texts: str, form: Format | None = None) -> None:
        for place, text in enumerate(texts):
            if text:
                self.cells.text(self.sheet, self.row, place, text, form or self.cells.plain)
        self.row += 1

    def link(self, name: str) -> None:
        quoted = name.replace("'", "''")
        self.sheet.write_url(self.row, 0, f"internal:'{quoted}'!A1", string=f"→ {name}")
        self.row += 1

    def skip(self) -> None:
        self.row += 1
