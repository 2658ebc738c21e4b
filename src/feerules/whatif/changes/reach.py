"""Which fees a name of a schedule reaches: those whose amounts ask for it, by whatever way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from feerules.documents.charging import FeesQuantity
from feerules.documents.formulas import Formula, FormulaError, parse_formula
from feerules.documents.model import Part
from feerules.documents.schedule import FeeSchedule, values_in
from feerules.documents.tables import Table
from feerules.documents.values import TableValue
from feerules.plan.conditions import read_number
from feerules.whatif.changes.sides import Side

__all__ = ["Reach"]


class Reach:
    """For each name of a version (a fact, a formula, a table, fees.x) the fees whose lines it can move."""

    def __init__(self, side: Side) -> None:
        self.side, names = side, side.names
        self.named = {**names.derived, **names.parameters, **names.tables}
        self._direct: dict[str, frozenset[str]] = {}
        schedule = side.document
        self.fees: dict[str, frozenset[str]] = {}
        if isinstance(schedule, FeeSchedule):
            every = self._asked_by([schedule.applies, schedule.defaults])
            self.fees = {
                fee: self._whole(self._asked_by([schedule.complete(fee)]) | every) for fee in schedule.fees
            }

    def of(self, name: str) -> tuple[str, ...]:
        return tuple(fee for fee, names in self.fees.items() if name in names)

    def _whole(self, names: Iterable[str]) -> frozenset[str]:
        """The names, and all that these ask for in turn."""
        found: set[str] = set()
        waiting = [*names]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._names_of(name)
        return frozenset(found)

    def _names_of(self, name: str) -> frozenset[str]:
        if name not in self._direct:
            schedule = self.side.document
            values: list[Any] = [self.named[name]] if name in self.named else []
            if name.startswith("fees.") and isinstance(schedule, FeeSchedule):
                values = [schedule.complete(name.removeprefix("fees."))]
            self._direct[name] = self._asked_by(values)
        return self._direct[name]

    def _asked_by(self, values: Iterable[Any]) -> frozenset[str]:
        known = self.side.names.is_number
        names = (
            self.side.name(name) for value in values for part in values_in(value) for name in _texts(part)
        )
        return frozenset(name for name in names if name.startswith("fees.") or known(name))


def _texts(part: Any) -> Iterator[str]:
    """Every text of a part that may be a name."""
    match part:
        case Formula():
            yield from part.names()
        case FeesQuantity():
            yield from (f"fees.{fee}" for fee in part.fees)
        case TableValue(table=Table() as table):
            yield from (head.name for head in table.header)
            cells = {
                cell for row in table.rows for cell in row.cells if cell != "-" and read_number(cell) is None
            }
            yield from (name for cell in cells for name in _formula_names(cell))
        case Part():
            for value in vars(part).values():
                yield from _words(value)


def _words(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from (key for key in value if isinstance(key, str))
        case tuple():
            for each in value:
                yield from _words(each) if isinstance(each, str | dict) else ()


def _formula_names(cell: str) -> Iterable[str]:
    try:
        return parse_formula(cell).names()
    except FormulaError:
        return ()
