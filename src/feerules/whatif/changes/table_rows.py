"""A table of a document as rows: the cells under the facts they are about, and what each row says."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from feerules.documents.formulas import Formula
from feerules.documents.tables import Row
from feerules.documents.tree import Text
from feerules.documents.values import Otherwise, TableValue
from feerules.errors import Where
from feerules.plan.hits import Hits
from feerules.plan.lookups import NOTES, Decision
from feerules.plan.outputs import read_output
from feerules.plan.tariffs import Group
from feerules.whatif.changes.sides import Side

__all__ = ["Bandings", "TableRow", "TableRows", "rows_of", "rows_of_groups", "rows_of_value"]


@dataclass(frozen=True, slots=True, eq=False)
class TableRow:
    """One row: its cells in the order of the heads, what it says by column, its place, its number on bills."""

    cells: tuple[str, ...]
    says: Mapping[str, Hashable]
    where: Where
    number: str
    notes: tuple[str, ...] = ()  # what people read; of tiers, of each band
    bands: tuple[Where, ...] = ()  # of tiers, where each band stands
    percent: bool = False  # written as a share: 5%


@dataclass(frozen=True, eq=False)
class TableRows:
    """The rows of one table, and which of those that match decide."""

    heads: tuple[str, ...]
    rows: tuple[TableRow, ...]
    columns: tuple[str, ...]
    spec: TableValue | None
    otherwise: Any = None
    where: Where | None = None

    @property
    def hit(self) -> str:
        return self.spec.hit if self.spec is not None else "unique"

    @cached_property
    def _values(self) -> Mapping[str, Sequence[Any]]:
        return {column: [row.says.get(column) for row in self.rows] for column in self.columns}

    @cached_property
    def _hits(self) -> Hits | None:
        return None if self.spec is None else Hits(self.spec, self._values)

    def deciding(self, matching: tuple[int, ...]) -> tuple[int, ...]:
        return matching[:1] if self._hits is None else self._hits.deciding(matching)

    def said(self, column: str, matching: tuple[int, ...], deciding: tuple[int, ...]) -> Any:
        """What a column says there; what holds otherwise where no row matches."""
        if not deciding:
            return self.otherwise
        if column not in self._values:
            return None
        if self._hits is None or (len(deciding) == 1 and self.hit != "collect#"):
            return self._values[column][deciding[0]]
        return self._hits.said(self._values[column], matching, deciding)


def rows_of(
    side: Side, spec: TableValue, otherwise: Otherwise | None = None, *, words: bool = False
) -> TableRows:
    """The rows of a table; with `words`, it says closed words."""
    table = spec.table
    if table is None:
        return TableRows((), (), (), spec)
    outputs, heads = _columns(side, spec)
    notes = [at for at, head in enumerate(table.header) if head.name.lower() in NOTES]
    said: dict[str, Hashable] = {}
    rows = tuple(
        TableRow(
            tuple(row.cells[at] for at, _ in heads),
            {name: _said(side, row.cells[at], words, said) for at, name in outputs},
            row.cells[outputs[0][0]].where if outputs else row.where,
            str(number),
            _notes(row, notes),
            (),
            any(row.cells[at].endswith("%") for at, _ in outputs),
        )
        for number, row in enumerate(table.rows, 1)
    )
    holds = spec.otherwise if spec.otherwise is not None else otherwise
    return TableRows(
        tuple(name for _, name in heads), rows, tuple(name for _, name in outputs), spec, holds, spec.where
    )


def _notes(row: Row, columns: Sequence[int]) -> tuple[str, ...]:
    """What a row says to people, in one text."""
    return (", ".join(row.cells[at] for at in columns),)


def _columns(side: Side, spec: TableValue) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The output columns and the condition columns, each with its place."""
    assert spec.table is not None
    made = _decision(side, spec)
    said = (
        set(made.outputs) if made is not None else {*spec.components, *([spec.output] if spec.output else [])}
    )
    outputs, heads = [], []
    for at, head in enumerate(spec.table.header):
        name = side.name(head.name)
        if head.name in said or (not side.names.is_subject(name) and head.name.lower() not in NOTES):
            outputs.append((at, str(head.name)))
        elif head.name.lower() not in NOTES or side.names.is_subject(name):
            heads.append((at, name))
    if len(outputs) == 1 and not spec.components:
        outputs = [(outputs[0][0], "")]  # one column is the price, however it is called
    return outputs, heads


def _decision(side: Side, spec: TableValue) -> Decision | None:
    """The table as it was compiled, where that says which of its columns are outputs."""
    completed = side.names.completed.get(id(spec), spec)
    found = side.names.cache.get(id(completed)) or side.names.cache.get(id(spec))
    return found if isinstance(found, Decision) else None


def _said(side: Side, cell: Text, words: bool, known: dict[str, Hashable]) -> Hashable:
    if words:
        return str(cell)
    if cell not in known:
        read = read_output(side.names, cell)
        known[str(cell)] = (
            side.formula(read)
            if isinstance(read, Formula)
            else str(cell)
            if isinstance(read, tuple)
            else read
        )
    return known[cell]


def rows_of_value(value: Any, where: Where) -> TableRows:
    """One value for all, as a table of one row."""
    row = TableRow((), {"": value}, where, "")
    return TableRows((), (row,), ("",), None, None, where)


# Tiers


@dataclass(frozen=True, slots=True)
class Bandings:
    """The bands of a group of rows: the end of each but the last, and prices by column; with their places."""

    ends: tuple[Hashable, ...]
    prices: tuple[tuple[str, tuple[Hashable, ...]], ...]


def rows_of_groups(side: Side, groups: Sequence[Group], chooser: TableValue, spec: TableValue) -> TableRows:
    """Tiers as a table that says for each group of units which bands hold."""
    assert chooser.table is not None
    assert spec.table is not None
    names = [head.name for head in chooser.table.header[:-1]]
    at = [place for place, head in enumerate(spec.table.header) if head.name in names]
    notes = [place for place, head in enumerate(spec.table.header) if head.name.lower() in NOTES]
    members: dict[tuple[str, ...], list[Row]] = {}
    for row in spec.table.rows:
        members.setdefault(tuple(row.cells[n] for n in at), []).append(row)
    rows = tuple(
        TableRow(
            tuple(chosen.cells[:-1]), {"": _bandings(side, group)}, bands[0].where, f"{group.rows[0]}-{group.rows[-1]}",
            tuple(_notes(each, notes)[0] for each in bands), tuple(each.where for each in bands),
            any(row.cells[n].endswith("%") for row in bands for n in range(len(row.cells)) if n not in at),
        )
        for chosen, group, bands in zip(chooser.table.rows, groups, members.values(), strict=True)
    )  # fmt: skip
    return TableRows(tuple(map(side.name, names)), rows, ("",), chooser, spec.otherwise, spec.where)


def _bandings(side: Side, group: Group) -> Bandings:
    return Bandings(
        tuple(map(side.value, group.ends)),
        tuple(
            (_column(group, name), tuple(map(side.value, prices))) for name, prices in group.prices.items()
        ),
    )


def _column(group: Group, name: str) -> str:
    """The name of a price column; one alone needs none."""
    return "" if len(group.prices) == 1 else name
