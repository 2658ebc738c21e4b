"""Cells of several rows as the one cell that a row in their place has."""

from __future__ import annotations

from collections.abc import Sequence

from feerules.checks.readings import Reading
from feerules.documents.cells import Cell
from feerules.documents.ranges import union, write_test
from feerules.plan.conditions import CELL_TYPES, Subject
from feerules.plan.grid import Condition

__all__ = ["joined"]


def joined(reading: Reading, rows: Sequence[int], at: int) -> str:
    """The cell that matches where the cells of these rows do, in one column, as it is written."""
    about = reading.subjects[at]
    conditions = [reading.conditions[row][at] for row in rows]
    null = any(each.null for each in conditions)
    if _is_everything(conditions, about) and null == about.nullable:
        return "-"
    if about.kind in ("choice", "text", "boolean"):
        told = _words(conditions, about)
    else:
        told = _ranges(reading, rows, at)
    return ", ".join([*(["null"] if null else []), *told])


def _is_everything(conditions: Sequence[Condition], about: Subject) -> bool:
    reached = about.lo
    for lo, hi in sorted(band for each in conditions for band in each.bands):
        if lo > reached:
            return False
        reached = max(reached, hi)
    return reached > about.hi


def _words(conditions: Sequence[Condition], about: Subject) -> list[str]:
    values = sorted({v for each in conditions for lo, hi in each.bands for v in range(lo, hi)})
    if about.kind != "text" or about.hi not in values:
        return [about.text(value) for value in values]
    others = [about.text(value) for value in range(about.lo, about.hi) if value not in values]
    return [f"not({', '.join(others)})"]


def _ranges(reading: Reading, rows: Sequence[int], at: int) -> list[str]:
    head = reading.decision.heads[at][1]
    column = next(n for n, each in enumerate(reading.table.header) if each.where == head)
    kind = CELL_TYPES[reading.subjects[at].kind]
    cells = [Cell.parse(reading.row(row).cells[column], type=kind) for row in rows]
    return [write_test(each) for each in union(part for cell in cells for part in cell.ranges() or ())]
