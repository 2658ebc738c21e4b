"""Numbers and cells of rules, moved: what is written where something else was written."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from feerules.documents.editing import Steps, replaced
from feerules.documents.tables import Table
from feerules.documents.tree import Text

__all__ = ["moved_number", "number_text", "with_cells"]

MOST_PLACES = 12


def with_cells(text: str, at: Steps, node: Text, table: Table, cells: Mapping[tuple[int, int], str]) -> str:
    """The document with other cells in a table: in their places where the table stands below its key."""
    if not node.block:
        rows = [
            [str(head.name) for head in table.header],
            *([str(c) for c in row.cells] for row in table.rows),
        ]
        for (row, column), told in cells.items():
            rows[row + 1][column] = told
        lines = ["| " + " | ".join(_piped(cell) for cell in row) + " |" for row in rows]
        lines.insert(1, "|" + "---|" * len(table.header))
        return replaced(text, at, "\n".join(lines))
    lines = text.split("\n")
    for (row, column), told in sorted(cells.items(), reverse=True):
        cell = table.rows[row].cells[column]
        place, old = cell.where, str(cell)
        line = lines[place.line - 1]
        begin, end = place.column - 1, place.column - 1 + len(old)
        room = len(line[end:]) - len(line[end:].lstrip(" "))
        spare = max(len(old) + room - 1 - len(told), 0)
        lines[place.line - 1] = line[:begin] + told + " " * spare + " " + line[end + room :]
    return "\n".join(lines)


def _piped(cell: str) -> str:
    return cell if '"' in cell else cell.replace("|", "\\|")


def moved_number(text: str, by: str | None, times: str | None, places: int | None) -> str:
    percent = text.endswith("%")
    number = Decimal(text.rstrip("%"))
    least = max(-int(number.as_tuple().exponent), 0)
    if times is not None:
        number *= Decimal(times)
    if by is not None:
        number += Decimal(by) * (100 if percent else 1)
    if places is not None:
        number = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    told = format(number, "f")
    if "." in told:
        whole, _, digits = told.rstrip("0").partition(".")
        digits = digits.ljust(least, "0")
        told = f"{whole}.{digits}" if digits else whole
    return told + "%" * percent


def number_text(value: Any) -> str:
    """A number as rules are written; ValueError for a float that shows more than anybody typed."""
    if isinstance(value, Decimal):
        return format(value, "f")
    text = str(value)
    if isinstance(value, float) and ("e" in text or len(text.partition(".")[2]) > MOST_PLACES):
        raise ValueError(
            f'found {text}, expected a number as it is written: type it in quotes, such as "2.95"'
        )
    return text
