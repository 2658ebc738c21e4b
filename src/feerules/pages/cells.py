"""Values in the cells of a sheet: as numbers where a sheet holds them whole, else as text that stays text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from feerules.pages.labels import width_of
from feerules.pages.page import Kind
from feerules.pages.reader import Reader

__all__ = ["BROADEST", "Cells", "lines_of"]

# What a sheet can hold: letters in a cell, digits of a number, and days from this year on.
MOST_LETTERS, MOST_DIGITS, FIRST_YEAR = 32_767, 15, 1900
BROADEST = 60  # letters of a column; longer texts are wrapped
# What makes a formula of a text when somebody edits the cell.
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
FORMATS: Mapping[Kind, str] = MappingProxyType(
    {"money": "#,##0.00", "share": "0.00%", "day": "yyyy-mm-dd", "number": "#,##0.######"}
)


class Cells:
    """Writes values into the cells of one workbook, each in the form of its kind."""

    def __init__(self, book: xlsxwriter.Workbook, reader: Reader) -> None:
        self.reader = reader
        top = {"valign": "top"}
        self.head = book.add_format(
            {**top, "bold": True, "bg_color": "#EEF1F4", "bottom": 1, "text_wrap": True}
        )
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.strong = book.add_format({"bold": True})
        self.line = book.add_format({"bottom": 1})
        self.sums = {
            kind: book.add_format({"num_format": form, "bold": True, "top": 1})
            for kind, form in FORMATS.items()
        }
        self._whole = book.add_format({**top, "num_format": "#,##0"})
        self._forms = {kind: book.add_format({**top, "num_format": form}) for kind, form in FORMATS.items()}
        self.plain = book.add_format(top)
        self._wrapped = book.add_format({**top, "text_wrap": True})
        self._quoted = book.add_format({**top, "quote_prefix": True})
        self._right = book.add_format({**top, "align": "right"})

    def put(
        self, sheet: Worksheet, row: int, place: int, value: Any, kind: Kind, form: Format | None = None
    ) -> None:
        """A value of any type; nothing leaves the cell empty."""
        match value:
            case None:
                return
            case bool():
                self.text(sheet, row, place, self.reader.written(value, kind), form)
            case float() | int() | Decimal() if _is_held(value):
                whole = kind == "number" and value == int(value)
                number = self._whole if whole else self._forms.get(kind, self._forms["number"])
                sheet.write_number(row, place, float(value), form or number)
            case float() | int() | Decimal():
                self.text(sheet, row, place, self.reader.written(value, kind), form or self._right)
            case date() if not isinstance(value, datetime) and value.year >= FIRST_YEAR:
                sheet.write_datetime(
                    row, place, datetime(value.year, value.month, value.day), form or self._forms["day"]
                )
            case _:
                self.text(sheet, row, place, self.reader.written(value, kind), form)

    def text(self, sheet: Worksheet, row: int, place: int, text: str, form: Format | None = None) -> None:
        """Text as text: neither a formula nor a link, whatever it begins with, also when the cell is edited."""
        if not text:
            sheet.write_blank(row, place, None, form)
            return
        if len(text) > MOST_LETTERS:
            text = f"{text[: MOST_LETTERS - 1]}…"
        if text.startswith(ACTIVE):
            form = self._quoted
        sheet.write_string(row, place, text, form or (self._wrapped if lines_of(text) > 1 else self.plain))


def lines_of(value: Any) -> int:
    """How many lines a value takes in the broadest column."""
    if not isinstance(value, str) or (len(value) * 2 <= BROADEST and "\n" not in value):
        return 1
    return sum(max(1, -(-width_of(line) // BROADEST)) for line in value.split("\n"))


def _is_held(value: float | Decimal) -> bool:
    """Whether the numbers of a sheet, which have fifteen digits, hold it whole."""
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")
    number = Decimal(value)
    return number.is_finite() and len(number.as_tuple().digits) <= MOST_DIGITS
