"""The names of one schedule: its own facts and formulas, those it includes, and the texts it mentions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from feerules.documents.cells import Cell, CellError
from feerules.documents.facts import Fact
from feerules.documents.schedule import FactLibrary, FeeSchedule, values_in
from feerules.documents.values import TableValue
from feerules.plan.terms import FRAME_FACTS, Names

__all__ = ["names_of"]


def names_of(schedule: FeeSchedule, library: FactLibrary, mapping: Mapping[str, str]) -> Names:
    """What the formulas, cells and columns of a schedule may name.

    `mapping` gives for a fact the ERP's own column name, which is one alias more.
    """
    facts = {**library.facts, **schedule.facts}
    names = Names(
        facts=facts,
        derived={**library.derived, **schedule.derived},
        parameters={**library.parameters, **schedule.parameters},
        tables={**library.tables, **schedule.tables},
        fees=frozenset(schedule.fees),
        texts=_texts(schedule, library, facts),
        mapping=mapping,
    )
    for key in ("facts", "derived", "parameters", "tables"):
        for name in set(getattr(library, key)) & set(getattr(schedule, key)):
            names.problem(
                schedule.where, "defined_twice", f'"{name}" of {key}, which an included document defines too',
                "one definition", "rename one of them",
            )  # fmt: skip
    return names


def _texts(schedule: FeeSchedule, library: FactLibrary, facts: Mapping[str, Fact]) -> dict[str, set[str]]:
    """For each text fact, the texts that some cell of the schedule names."""
    known = {name: name for name in FRAME_FACTS}
    for name, fact in facts.items():
        if fact.kinds == ["text"]:
            known |= {alias: name for alias in (name, *fact.aliases)}
        else:
            known.pop(name, None)
    texts: dict[str, set[str]] = {name: set() for name in known.values()}
    for name, cell in _cells(schedule, library):
        if name in known:
            texts[known[name]] |= _literals(cell)
    return texts


def _literals(text: str) -> set[str]:
    try:
        return set(map(str, Cell.parse(text, type="string", bare=True).literals))
    except CellError:
        return set()  # reported where the cell is lowered


def _cells(*documents: Any) -> Iterator[tuple[str, str]]:
    """Every (column or key, cell) of the tables and conditions in some documents."""
    for document in documents:
        for part in values_in(document):
            if isinstance(part, TableValue) and part.table is not None:
                heads = [str(head.name) for head in part.table.header]
                for row in part.table.rows:
                    yield from zip(heads, row.cells, strict=True)
            for key in ("applies", "when"):
                yield from getattr(part, key, {}).items()
