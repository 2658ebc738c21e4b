"""Laws of the checks over random tables: each finding is confirmed by the engine that prices, and none is made up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from feerules import Finding, Problem, RuleErrors
from how_often import often

TYPES, FLOORS = ("home", "shop", "bay"), range(1, 7)
UNITS = [
    {"type": kind, "floor": str(floor), "lift": lift}
    for kind, floor, lift in product(TYPES, FLOORS, ("true", "false"))
]
HEADS = ("type", "floor", "lift")
HEAD = """\
kind: fee-schedule
id: random
effective: {from: 2026-01-01}
source: {document: made up}
facts:
  type: {choice: [home, shop, bay]}
  floor: {integer: true, min: 1, max: 6}
  lift: {boolean: true}
fees:
  management:
    rate:
"""
FIRST_ROW = HEAD.count("\n") + 6  # below hit, otherwise, table, its head and its dashes; without priority

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of three cells and an output."""

    rows: tuple[Row, ...]
    hit: str = "unique"
    otherwise: str = "problem"
    heads: Row = HEADS

    def document(self) -> str:
        lines = [(*self.heads, "rate"), ("---",) * (len(self.heads) + 1), *self.rows]
        table = "".join(f"        | {' | '.join(line)} |\n" for line in lines)
        said = f"      hit: {self.hit}\n"
        said += "      priority: [3, 1, 2]\n" * (
            self.hit == "priority"
        ) + f"      otherwise: {self.otherwise}\n" * bool(self.otherwise)
        return HEAD + said + "      table: |\n" + table

    def book(self) -> feerules.Book:
        return book_of(self)

    def findings(self) -> list[Finding]:
        """What is told of the table: the facts that it leaves out are another matter."""
        found = feerules.check(self.book(), profile="none")
        return [each for each in found if each.code not in ("unused_name", "nobody_pays")]

    def without(self, row: int) -> Table:
        return replace(self, rows=self.rows[:row] + self.rows[row + 1 :])


@lru_cache(maxsize=64)
def book_of(table: Table) -> feerules.Book:
    return feerules.load_files({"random.yaml": table.document()})


@lru_cache(maxsize=64)
def answers(table: Table) -> tuple[Any, ...]:
    return tuple(answer(table.book(), unit) for unit in UNITS)


def answer(book: feerules.Book, unit: dict[str, str]) -> Any:
    """The amount of a unit; None where no row matches."""
    try:
        return feerules.price(unit, book, "2026-11").total
    except feerules.UnitErrors as error:
        if {problem.code for problem in error.problems} != {"no_row"}:
            raise
        return None


def rows_that_match(table: Table, unit: dict[str, str]) -> set[int]:
    """By the engine: rows that add up are all told."""
    adding = replace(table, hit="collect+", otherwise="0")
    (line,) = feerules.price(_whole(unit), adding.book(), "2026-11").lines
    return {int(number) - 1 for number in str(line.table_row or "").split(",") if number}


def _whole(unit: dict[str, str]) -> dict[str, str]:
    return {**UNITS[0], **unit}


def row_of(found: Finding) -> int:
    return found.where.line - FIRST_ROW


TYPE_CELLS = st.sampled_from(["-", *TYPES, "home, shop", "not(bay)", "not(home)"])
FLOOR_CELLS = st.one_of(
    st.sampled_from(["-", "<= 2", "> 2", "> 4", "[3..4]", "1", "not(3)"]),
    st.tuples(st.sampled_from(FLOORS), st.sampled_from(FLOORS)).map(lambda x: f"[{min(x)}..{max(x)}]"),
)
LIFT_CELLS = st.sampled_from(["-", "-", "true", "false"])
RATES = st.sampled_from(["1", "1.00", "2", "3"])
ROWS = st.lists(st.tuples(TYPE_CELLS, FLOOR_CELLS, LIFT_CELLS, RATES), min_size=1, max_size=6).map(tuple)


@st.composite
def apart(draw: Any) -> Table:
    """Rows that leave nothing out, never match together, and each say something else."""
    rows = []
    for lift in draw(st.sampled_from([("-",), ("true", "false")])):
        for types in draw(st.sampled_from([("-",), ("home", "shop, bay"), TYPES])):
            cut = draw(st.integers(1, 5))
            floors = draw(st.sampled_from([("-",), (f"<= {cut}", f"> {cut}")]))
            rows += [(types, floor, lift) for floor in floors]
    return Table(tuple((*cells, str(number + 1)) for number, cells in enumerate(rows)), otherwise="")


laws = settings(max_examples=often(60), deadline=None)


@laws
@given(ROWS)
def test_each_unit_that_shows_a_gap_or_an_overlap_is_confirmed_by_its_price(rows: tuple[Row, ...]) -> None:
    table = Table(rows, otherwise="")
    problems = problems_of(table)
    for problem in problems:
        matching = rows_that_match(table, dict(problem.witness))
        numbers = re.findall(r"\d+", problem.found.partition(" both")[0])
        told = {int(number) - 1 for number in numbers} if problem.code == "overlap" else set()
        assert told <= matching
        assert (problem.code, matching == set()) in {("gap", True), ("overlap", False)}
    assert problems or all(len(rows_that_match(table, unit)) == 1 for unit in UNITS)


def problems_of(table: Table) -> tuple[Problem, ...]:
    try:
        table.book()
    except RuleErrors as error:
        return error.problems
    return ()


def idle(found: list[Finding]) -> Iterator[Finding]:
    return (each for each in found if each.code in ("swallowed_row", "unreachable_row"))


@laws
@given(ROWS)
def test_a_row_that_is_told_to_decide_nothing_can_be_deleted(rows: tuple[Row, ...]) -> None:
    table = Table(rows, hit="first")
    for found in idle(table.findings()):
        assert answers(table.without(row_of(found))) == answers(table)


@laws
@given(ROWS)
def test_the_unit_of_a_row_that_never_decides_matches_it_and_is_decided_by_another(
    rows: tuple[Row, ...],
) -> None:
    table = Table(rows, hit="first")
    for found in idle(table.findings()):
        for unit in found.witness:
            assert row_of(found) in rows_that_match(table, dict(unit))
            (line,) = feerules.price(_whole(dict(unit)), table.book(), "2026-11").lines
            assert line.table_row != str(row_of(found) + 1)


@laws
@given(ROWS)
def test_a_row_that_never_decides_is_told(rows: tuple[Row, ...]) -> None:
    table = Table(rows, hit="first")
    deciding = {min(matching) for unit in UNITS if (matching := rows_that_match(table, unit))}
    told = {row_of(found) for found in idle(table.findings())}
    assert set(range(len(rows))) - deciding <= told


@laws
@given(ROWS, st.sampled_from(["first", "priority", "collect+", "collect<", "collect#"]))
def test_the_answers_do_not_depend_on_a_column_that_is_told_to_decide_nothing(
    rows: tuple[Row, ...], hit: str
) -> None:
    table = Table(rows, hit=hit)
    for found in table.findings():
        if found.code == "idle_column":
            column = found.message["en"].split()[2]
            alike: dict[tuple[str, ...], set[Any]] = {}
            for unit, said in zip(UNITS, answers(table), strict=True):
                rest = tuple(value for name, value in unit.items() if name != column)
                alike.setdefault(rest, set()).add(said)
            assert all(len(said) == 1 for said in alike.values())


@laws
@given(ROWS)
def test_a_column_that_is_told_to_decide_nothing_can_be_taken_out(rows: tuple[Row, ...]) -> None:
    table = Table(rows, hit="first" if problems_of(Table(rows, hit="any")) else "any")
    for found in table.findings():
        if found.code == "idle_column":
            at = HEADS.index(found.message["en"].split()[2])
            heads, cut = HEADS[:at] + HEADS[at + 1 :], tuple(row[:at] + row[at + 1 :] for row in rows)
            assert answers(replace(table, heads=heads, rows=cut)) == answers(table)


@laws
@given(ROWS)
def test_rows_that_are_told_to_be_one_give_the_same_answers_as_one(rows: tuple[Row, ...]) -> None:
    table = Table(rows, hit="first")
    for found in table.findings():
        if found.code == "mergeable_rows":
            told = re.match(r"rows ([\d, ]+) differ in (\w+)", found.message["en"])
            cell = re.match(r"write one row for them, with (.+) as \w+, or", found.hint["en"])
            assert told is not None
            assert cell is not None
            first, *others = [int(number) - 1 for number in told[1].split(",")]
            at = HEADS.index(told[2])
            merged = (*rows[first][:at], cell[1], *rows[first][at + 1 :])
            kept = [merged if n == first else row for n, row in enumerate(rows) if n not in others]
            assert answers(replace(table, rows=tuple(kept))) == answers(table)


@laws
@given(ROWS)
def test_a_better_hit_policy_gives_the_same_answers(rows: tuple[Row, ...]) -> None:
    table = Table(rows, hit="first")
    for found in table.findings():
        if found.code == "better_hit":
            better = "unique" if "unique" in found.hint["en"] else "any"
            assert answers(replace(table, hit=better)) == answers(table)


@laws
@given(apart())
def test_nothing_is_told_of_rows_that_are_apart_complete_and_different(table: Table) -> None:
    asked = {head for at, head in enumerate(HEADS) if any(row[at] != "-" for row in table.rows)}
    told = [each for each in table.findings() if each.code != "idle_column"]
    idle_columns = {each.message["en"].split()[2] for each in table.findings() if each.code == "idle_column"}
    assert (told, idle_columns) == ([], set(HEADS) - asked)
