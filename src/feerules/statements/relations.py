"""Estates and positions as relations of DuckDB: the answers are relations too, worked out when they are asked for, on disk if need be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.errors import UnitErrors, UnitProblem
from feerules.periods import Period
from feerules.statements.asking import price_statement
from feerules.statements.decisions import decision_statement
from feerules.statements.statement import Statement

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

__all__ = ["RelationResult", "decision_relation", "price_relation", "through_memory"]

UNITS, POSITIONS = (
    "feerules_units",
    "feerules_positions",
)  # the relation, by the name that a statement has for it


@dataclass(frozen=True)
class RelationResult:
    """The answers for an estate, and apart from them the rows that have none: both relations of DuckDB.

    Each is worked out anew whenever it is asked; `collect` does it once. `digest` names the rules.
    """

    rows: DuckDBPyRelation
    problems: DuckDBPyRelation
    digest: str

    def collect(self) -> RelationResult:
        """The same with both worked out, and kept in DuckDB's memory."""
        rows, problems = _held(self.rows.materialize()), _held(self.problems.materialize())
        return RelationResult(rows, problems, self.digest)

    def sink(
        self, path: str | Path, problems: str | Path | None = None, *, progress: bool | None = None
    ) -> None:
        """Writes the rows to a Parquet file, and the problems beside it, in the memory that DuckDB is allowed.

        The problems go to `problems`, by default to the name of `path` with `.problems` before its ending.
        DuckDB shows its own `progress`.
        """
        path = Path(path)
        beside = Path(problems) if problems else path.with_suffix(f".problems{path.suffix}")
        if path.resolve() == beside.resolve():
            raise ValueError(f"found {path} for the rows and for the problems, expected two files")
        self.rows.write_parquet(str(path), compression="zstd")
        self.problems.write_parquet(str(beside), compression="zstd")


def price_relation(
    units: DuckDBPyRelation,
    book: Book,
    period: str | Period,
    *,
    form: Any,
    key: str,
    accrue: bool,
    strict: bool,
) -> RelationResult:
    """See `feerules.price_estate`."""
    columns = dict(zip(units.columns, map(str, units.types), strict=True))
    statement = price_statement(
        book, "duckdb", UNITS, period, columns=columns, form=form, key=key, accrue=accrue, unique=False
    )
    return _asked(units, UNITS, statement, strict=strict)


def decision_relation(
    positions: DuckDBPyRelation,
    book: Book,
    verb: Any,
    *,
    as_of: date | datetime | str,
    known_at: date | datetime | str | None,
    calendar: WorkdayCalendar | None,
    key: str,
    strict: bool,
) -> RelationResult:
    """See `feerules.classify_estate` and `feerules.next_actions`."""
    columns = dict(zip(positions.columns, map(str, positions.types), strict=True))
    statement = decision_statement(
        book, verb, "duckdb", POSITIONS, columns=columns, as_of=as_of, known_at=known_at, calendar=calendar, key=key,
        unique=False,
    )  # fmt: skip
    return _asked(positions, POSITIONS, statement, strict=strict)


def _asked(given: DuckDBPyRelation, name: str, statement: Statement, *, strict: bool) -> RelationResult:
    rows, problems = (_held(given.query(name, sql)) for sql in (statement.rows, statement.problems))
    if strict:
        found = [dict(zip(problems.columns, row, strict=True)) for row in problems.fetchall()]
        if found:
            raise UnitErrors(map(_problem, found))
    return RelationResult(rows, problems, statement.digest)


def _problem(told: Mapping[str, Any]) -> UnitProblem:
    return UnitProblem(
        told.get("unit_id"), told["fact"], told["value"], told["code"], told["reason"],
        told.get("fee"), told.get("account_id"),
    )  # fmt: skip


def through_memory(given: DuckDBPyRelation, answered: Callable[[], Any]) -> RelationResult:
    """What no statement answers, worked out in memory, as relations beside the one that was given."""
    result = answered()
    answers, lacking = result.rows, result.problems
    rows = _held(given.query(UNITS, "SELECT * FROM answers"))
    problems = _held(given.query(UNITS, "SELECT * FROM lacking"))
    del answers, lacking  # DuckDB has found both by their names
    return RelationResult(rows, problems, result.digest)


def _held(found: DuckDBPyRelation | None) -> DuckDBPyRelation:
    """The relation that a query gives; only a statement that is no query gives none."""
    assert found is not None
    return found
