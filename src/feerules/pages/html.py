"""Pages as one HTML file that needs nothing else: no request, no font, no library; it reads and prints without its script too."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from itertools import groupby
from pkgutil import get_data
from typing import Any, assert_never

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from feerules.pages.charts import drawn, legend, spelled
from feerules.pages.labels import width_of
from feerules.pages.page import Block, Chart, Page, Prose, Section, Table
from feerules.pages.reader import Reader
from feerules.wording import sentence

__all__ = ["MOST_ROWS", "charts_of", "html_of"]

MOST_ROWS = 1_000
MOST_PRINTED = 50
FOLDED_FROM = 25  # rows from which a table gets a box of its own to scroll in
WIDE, WIDEST = 10, 14  # columns
SHORT, MOST_LEAD = 36, 120  # letters
RIGHTWARD = ("money", "number", "share")
Cells = list[tuple[str, str]]
LANGUAGES = {"zh": ("zh-CN", "中文"), "en": ("en", "English")}
# What the template says.
LABELS = {
    "summary": sentence("Summary"),
    "numbers": sentence("The numbers"),
    "series": sentence("Of which"),
    "none": sentence("None."),
    "cut": sentence(
        "Shown are the first {shown} of {count} rows; all of them stand in this report as a workbook (.xlsx)."
    ),
    "paper": sentence("On paper the first {shown} rows that are shown."),
    "filter": sentence("Filter rows"),
    "every": sentence("all"),
    "rows": sentence("{shown} of {count} rows"),
    "sum": sentence("Sum"),
    "rests": sentence("What this rests on"),
    "signatures": sentence("Signed"),
    "day": sentence("Date:"),
}


class _Templates(BaseLoader):
    """The templates of the package, from wherever it is installed: a folder or a zip."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Any]:
        return _asset(template), None, None


@cache
def _asset(name: str) -> str:
    content = get_data("feerules.pages", f"templates/{name}")
    if content is None:
        raise TemplateNotFound(name)
    return content.decode("utf-8")


def html_of(pages: Sequence[tuple[Page, Reader]], *, most_rows: int = MOST_ROWS) -> str:
    """The pages, each in its own language, as one file; readers switch between them where there are several."""
    environment = Environment(
        loader=_Templates(), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    script = _asset("tables.js")
    told = [_Told(page, reader, most_rows) for page, reader in pages]
    return environment.get_template("report.html").render(
        pages=told,
        style=Markup(_asset("report.css")),
        script=Markup(script),
        script_digest=b64encode(sha256(script.encode()).digest()).decode(),
    )


def charts_of(page: Page) -> list[str]:
    """Each chart of a page as HTML that needs nothing around it: title, legend, picture, sentence."""
    blocks = [block for section in page.sections for block in section.blocks]
    return [str(_figure(block)) for block in blocks if isinstance(block, Chart)]


def _figure(chart: Chart) -> Markup:
    spot = Markup('<span style="color: {}">■</span> {}\u2002')
    colours = Markup("").join(spot.format(colour, name) for colour, name in legend(chart))
    said = Markup("<figcaption><b>{}</b><br>{}</figcaption>{}<small>{}</small>")
    frame = Markup('<figure style="margin: 0; max-width: 44em; background: #fff; color: #1F2933">{}</figure>')
    return frame.format(said.format(chart.title, colours, drawn(chart), chart.told))


@dataclass(frozen=True)
class _Told:
    """A page with what the template asks of it."""

    page: Page
    reader: Reader
    most_rows: int
    most_printed: int = MOST_PRINTED
    folded_from: int = FOLDED_FROM
    rightward: tuple[str, ...] = RIGHTWARD

    @property
    def language(self) -> str:
        return self.reader.words.language

    @property
    def tag(self) -> str:
        return LANGUAGES[self.language][0]

    @property
    def language_name(self) -> str:
        return LANGUAGES[self.language][1]

    def label(self, name: str, **fields: str) -> str:
        return self.reader.words.text(LABELS[name], **fields)

    def day(self, day: date) -> str:
        return self.reader.words.day(day)

    def count(self, number: int) -> str:
        return self.reader.number(number)

    def groups(self, section: Section) -> Iterator[tuple[str, list[Block]]]:
        """The blocks of a section, charts that follow each other together: they stand side by side."""
        for kind, blocks in groupby(section.blocks, key=_kind):
            yield kind, list(blocks)

    def svg(self, chart: Chart) -> Markup:
        return drawn(chart)

    def legend(self, chart: Chart) -> list[tuple[str, str]]:
        return legend(chart)

    def chart_rows(self, chart: Chart) -> list[tuple[str, str, str]]:
        return [(point.label, point.series, spelled(point.value, chart.kind)) for point in chart.points]

    def has_series(self, chart: Chart) -> bool:
        return any(point.series for point in chart.points)

    def lead(self, section: Section) -> str:
        """How a section of words alone begins, for the summary."""
        prose = [each for block in section.blocks if isinstance(block, Prose) for each in block.paragraphs]
        text = next(iter(prose), "")
        return text if len(text) <= MOST_LEAD else f"{text[:MOST_LEAD]}…"

    # Tables

    def shown(self, table: Table) -> int:
        return min(table.count, self.most_rows)

    def cut(self, table: Table) -> str:
        return self.label("cut", shown=self.count(self.most_rows), count=self.count(table.count))

    def breadth(self, table: Table) -> str:
        """Tables of many columns are printed across the sheet."""
        columns = len(table.columns)
        return " widest" if columns > WIDEST else " wide" if columns > WIDE else ""

    def rows(self, table: Table) -> Iterator[Cells]:
        for row in table.rows.head(self.most_rows).collect(engine="streaming").iter_rows():
            yield self._cells(table, row)

    def totals(self, table: Table) -> Cells:
        cells = self._cells(table, [table.totals.get(column.name, "") for column in table.columns])
        return [("text", cells[0][1] or self.label("sum")), *cells[1:]]

    def _cells(self, table: Table, row: Sequence[Any]) -> Cells:
        columns = zip(row, table.columns, strict=True)
        return [_cell(column.kind, self.reader.written(value, column.kind)) for value, column in columns]


def _cell(kind: str, text: str) -> tuple[str, str]:
    """A cell and its class: what is short is not broken on a screen."""
    short = kind in ("text", "place") and width_of(text) <= SHORT and "\n" not in text
    return (f"{kind} short" if short else kind), text


def _kind(block: Block) -> str:
    match block:
        case Chart():
            return "charts"
        case Prose():
            return "prose"
        case Table():
            return "tables"
    assert_never(block)
