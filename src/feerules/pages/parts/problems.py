"""What could not be answered, as a section shows it: by code, and every row."""

from __future__ import annotations

from typing import Any

from feerules.frames import into_lazy
from feerules.pages.page import Figure, Table
from feerules.pages.reader import Reader
from feerules.pages.tables import counted_by, table_of

__all__ = ["problem_figure", "problem_tables"]


def problem_tables(reader: Reader, problems: Any) -> list[Table]:
    """The problems of a result, none where there are none."""
    if problems is None:
        return []
    rows = into_lazy(problems)[0]
    text = reader.words.text
    every = table_of(reader, text("Problems, row by row"), rows)
    if not every.count:
        return []
    by_code = counted_by(rows, *(name for name in ("code", "fact") if name in rows.collect_schema()))
    return [table_of(reader, text("Problems by code"), by_code), every]


def problem_figure(reader: Reader, tables: list[Table]) -> list[Figure]:
    """How many problems there are, where there are any."""
    return [
        Figure(reader.words.text("Problems"), reader.number(table.count), tone="alert")
        for table in tables[1:]
    ]
