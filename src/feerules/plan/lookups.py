"""Decision tables → gathers: which row decides, and what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import islice

from feerules.documents.formulas import Formula
from feerules.documents.sheets import MAX_PROBLEMS
from feerules.documents.tables import Row, Table
from feerules.documents.tree import Text
from feerules.documents.values import TableValue
from feerules.errors import Where, did_you_mean
from feerules.plan.bounds import Builder
from feerules.plan.conditions import Conditions, Subject, subject
from feerules.plan.grid import Condition, Grid, GridTooLarge, build
from feerules.plan.hits import ADDING, Hits, Said, canonical
from feerules.plan.names import Refused
from feerules.plan.nodes import Node
from feerules.plan.outputs import chosen, read_output
from feerules.plan.terms import Scope, Term

__all__ = ["NOTES", "Decision", "Found", "decide"]

NOTES = (
    "note",
    "notes",
    "source",
    "remark",
    "备注",
    "说明",
    "依据",
)  # columns that people read, not machines

MOST_TOLD = 5  # gaps of one table, and overlaps


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """A table read against its facts: a grid, and what each of its leaves says.

    `outputs` holds for each output column a whole number per leaf, and how many places these have; 0 stands
    where no row matches or a formula does. `formulas` has for a column with formulas each of them, and per leaf
    which holds, counted from 1; 0 for none. `matched` is 1 where a row does. `rows` names the deciding rows of each leaf, counted
    from 1: "3", "1,4", or "" for none; `decided` has them as numbers from 0. `conditions` are the cells of each row.
    Made once, so that every plan shares the same tables.
    """

    where: Where
    heads: tuple[tuple[str, Where], ...]
    subjects: tuple[Subject, ...]
    grid: Grid
    outputs: Mapping[str, tuple[tuple[int, ...], int]]
    formulas: Mapping[str, tuple[tuple[Formula, ...], tuple[int, ...]]]
    matched: tuple[int, ...]
    rows: tuple[str, ...]
    decided: tuple[tuple[int, ...], ...]
    conditions: tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a table says of a record: its outputs, whether a row matches, and the leaf it reached."""

    outputs: Mapping[str, Node]
    matched: Node
    leaf: Node
    decision: Decision
    terms: tuple[Term, ...]


def decide(
    scope: Scope, spec: TableValue, outputs: Sequence[str], words: Sequence[str] = (), *, marked: bool = True
) -> Found:
    """Lowers a table; `outputs` are the names its output columns may have, the first being usual.

    With `words`, outputs are closed words and come out as their position. `marked` tells its rows apart, where
    a plan is to tell which rules decide. Raises `Refused`.
    """
    return scope.once(id(spec), _decided, scope, spec, decision(scope, spec, outputs, words), marked)


def _decided(scope: Scope, spec: TableValue, made: Decision, marked: bool) -> Found:
    b = scope.b
    terms = [scope.term(name, where) for name, where in made.heads]
    leaf = _leaf_reached(b, made.grid, terms)
    matched = b.gather(made.matched, leaf)
    nodes = {name: b.gather(table, leaf, scale) for name, (table, scale) in made.outputs.items()}
    for name, (formulas, which) in made.formulas.items():
        number = b.gather(which, leaf)
        tests = {each: b.compare("==", number, b.const(n)) for n, each in enumerate(formulas, 1)}
        nodes[name] = chosen(scope, nodes[name], tests)
    found = Found(nodes, b.compare("==", matched, b.const(1)), leaf, made, tuple(terms))
    if marked:
        _mark_rows(scope, spec, found)
    return found


def _mark_rows(scope: Scope, spec: TableValue, found: Found) -> None:
    scope.mark("row", spec, found.leaf, found.decision.decided, found)
    if spec.otherwise not in (None, "problem") and 0 in found.decision.matched:
        scope.mark("otherwise", spec, found.matched, ((0,), ()), found)


def _leaf_reached(b: Builder, grid: Grid, terms: Sequence[Term]) -> Node:
    state: Node = b.const(0)
    for column in grid.columns:
        term, axis = terms[column.at], column.axis
        value = term.node
        if term.present is not None and axis.nullable:
            value = b.choose(term.present, value, b.const(axis.hi + 1, value.scale))
        if column.joint:
            key = b.add(b.mul(state, b.const(column.step)), b.sub(b.unscaled(value), b.const(axis.lo)))
            index = b.band(column.cuts, key)
        else:
            index = b.add(b.mul(state, b.const(column.step)), b.band(column.cuts, value))
        state = b.gather(column.table, index)
    return state


def decision(scope: Scope, spec: TableValue, outputs: Sequence[str], words: Sequence[str] = ()) -> Decision:
    """The grid of a table, made once for its document; raises `Refused` after noting every problem."""
    cache = scope.names.cache
    key = id(spec)
    if key not in cache:
        try:
            cache[key] = _Reading(scope, spec, outputs, words).decision()
        except Refused:
            cache[key] = None
    made = cache[key]
    if made is None:
        raise Refused
    return made  # type: ignore[no-any-return]


class _Reading:
    """Reads the text of one table against the names of its document."""

    def __init__(self, scope: Scope, spec: TableValue, outputs: Sequence[str], words: Sequence[str]) -> None:
        self.scope = scope
        self.names = scope.names
        self.spec = spec
        self.words = tuple(words)
        if spec.table is None and spec.file is not None:
            raise Refused  # the file is a problem already
        if spec.table is None:
            raise self.names.refuse(
                spec.where, "missing_key", "a table without rows", "table: | or file:", "write a pipe table"
            )
        self.table: Table = spec.table
        self.wanted = spec.components or ((spec.output,) if spec.output else tuple(outputs))
        self.reader = Conditions(self.names)
        self.failed = 0  # how many cells and columns are wrong

    def decision(self) -> Decision:
        conditions, found = self._columns()
        subjects = [subject(self.scope, name, where) for _, name, where in conditions]
        rows: list[list[Condition]] = []
        outputs: dict[str, list[Said]] = {name: [] for _, name in found}
        for row in self.table.rows:
            if self.failed >= MAX_PROBLEMS:
                raise self.names.refuse(
                    row.where, "too_many_problems", f"{MAX_PROBLEMS} wrong cells in one table",
                    "a table that can be read to its end", "mend those above, then look again",
                )  # fmt: skip
            rows.append(self._conditions(row, conditions, subjects))
            for at, name in found:
                outputs[name].append(self._value(row, at))
        if self.failed:
            raise Refused
        grid = self._grid(subjects, rows)
        heads = tuple((name, where) for _, name, where in conditions)
        made = Resolved(self, grid, subjects, outputs)
        said = made.outputs()
        columns = {name: _encoded(values, self.words) for name, values in said.items()}
        formulas = {name: told for name, values in said.items() if (told := _formulas(values))[0]}
        matched = tuple(1 if leaf else 0 for leaf in grid.leaves)
        return Decision(
            self.spec.where, heads, tuple(subjects), grid, columns, formulas, matched, made.rows(),
            tuple(made.decided), tuple(map(tuple, rows)),
        )  # fmt: skip

    def _columns(self) -> tuple[list[tuple[int, str, Where]], list[tuple[int, str]]]:
        """The condition columns (position, fact, place) and the output columns (position, name)."""
        conditions, found = [], []
        unknown = []
        for at, head in enumerate(self.table.header):
            name = self.names.aliases.get(head.name, head.name)
            if head.name in self.wanted:
                found.append((at, str(head.name)))
            elif self.names.is_subject(name):
                conditions.append((at, name, head.where))
            elif head.name.lower() not in NOTES and head.name != self.spec.printed:
                unknown.append((at, head))
        if not found and len(unknown) == 1 and not self.spec.components:
            (at, head), unknown = unknown[0], []
            found.append((at, str(head.name)))
        for _, head in unknown:
            self.failed += 1
            self.names.problem(
                head.where, "unknown_fact", f'the column "{head.name}"',
                f"a fact{self.names.some_facts()}, or the output {' or '.join(self.wanted)}",
                self.names.hint(head.name, self.wanted),
            )  # fmt: skip
        self._check_twice(conditions)
        heads = [head.name for head in self.table.header]
        asked = (*self.spec.components, *filter(None, [self.spec.printed]))
        missing = [name for name in asked if name not in heads]
        if missing or not (found or unknown):
            lacking = ", ".join(missing or self.wanted[:1])
            raise self.names.refuse(
                self.table.header[-1].where, "missing_column", f"no column {lacking}",
                f"an output column, headed {lacking}", f'head the last column "{lacking}"',
            )  # fmt: skip
        return conditions, found

    def _check_twice(self, conditions: Sequence[tuple[int, str, Where]]) -> None:
        """Two columns are one fact where an alias heads one of them."""
        seen: dict[str, int] = {}
        for at, name, where in conditions:
            if name in seen:
                self.failed += 1
                both = f'"{self.table.header[seen[name]].name}" and "{self.table.header[at].name}"'
                self.names.problem(
                    where, "duplicate_column", f"{both}, two columns for {name}", "one column for each fact",
                    "write both conditions in one cell, or take one column out",
                )  # fmt: skip
            seen.setdefault(name, at)

    def _conditions(
        self, row: Row, columns: Sequence[tuple[int, str, Where]], subjects: Sequence[Subject]
    ) -> list[Condition]:
        conditions = []
        for (at, _, _), about in zip(columns, subjects, strict=True):
            text = row.cells[at]
            try:
                conditions.append(self.reader.read(text, about))
            except Refused:
                self.failed += 1
        return conditions

    def _value(self, row: Row, at: int) -> Said:
        text = row.cells[at]
        if self.words:
            if text in self.words:
                return str(text)
            expected, hint = f"one of {', '.join(self.words)}", did_you_mean(text, self.words)
            self._not_an_output(text, "unknown_word", f'the cell "{text}"', expected, hint)
            return self.words[0]
        read = read_output(self.names, text)
        if isinstance(read, tuple):
            code, found, expected, hint = read
            if not hint and not any(map(str.isdigit, text)):
                hint = "leave the row out, and say otherwise: not_charged, or otherwise: problem"
            self._not_an_output(text, code, found, expected, hint)
            return Decimal(0)
        if isinstance(read, Formula) and self.spec.hit in ADDING:
            found = f"a formula in a table with hit: {self.spec.hit}"
            hint = "write a table for each of what adds up, and add them in a formula"
            self._not_an_output(text, "unsupported", found, "numbers, which add up and compare", hint)
        return read

    def _not_an_output(self, text: Text, code: str, found: str, expected: str, hint: str) -> None:
        self.failed += 1
        self.names.problem(text.where, code, found, expected, hint)

    def _grid(self, subjects: Sequence[Subject], rows: Sequence[Sequence[Condition]]) -> Grid:
        try:
            return build([about.axis for about in subjects], rows)
        except GridTooLarge as error:
            raise self.names.refuse(
                self.spec.where, "table_too_large",
                f"{error.entries:,} entries from the columns {', '.join(error.columns)}",
                "a table that needs at most 4,000,000", "split it into several fees or schedules",
            ) from None  # fmt: skip


def _formulas(values: Sequence[Said | None]) -> tuple[tuple[Formula, ...], tuple[int, ...]]:
    """The formulas of a column, and for each leaf which of them holds, counted from 1."""
    found = {
        value: n for n, value in enumerate(dict.fromkeys(v for v in values if isinstance(v, Formula)), 1)
    }
    return tuple(found), tuple(found[value] if isinstance(value, Formula) else 0 for value in values)


def _encoded(values: Sequence[Said | None], words: Sequence[str]) -> tuple[tuple[int, ...], int]:
    """The values of the leaves as whole numbers, and the places of these."""
    if words:
        return tuple(words.index(value) if isinstance(value, str) else 0 for value in values), 0
    numbers = [value if isinstance(value, Decimal) else Decimal(0) for value in values]
    scale = max(max(-int(number.as_tuple().exponent), 0) for number in numbers)
    return tuple(int(number.scaleb(scale)) for number in numbers), scale


class Resolved:
    """The hit policy applied to every leaf; gaps and forbidden overlaps become problems."""

    def __init__(
        self,
        reading: _Reading,
        grid: Grid,
        subjects: Sequence[Subject],
        values: Mapping[str, Sequence[Said]],
    ) -> None:
        self.spec, self.names, self.grid = reading.spec, reading.names, grid
        self.subjects, self.values = subjects, values
        self.hits = Hits(self.spec, values)
        self.table = reading.table
        self.record = self.names.about[1]
        self._check()
        self.decided = [self.hits.deciding(leaf) for leaf in grid.leaves]

    def witness(self, point: Mapping[str, int | None]) -> tuple[tuple[str, str], ...]:
        return tuple((about.name, about.text(point[about.name])) for about in self.subjects)

    def told(self, point: Mapping[str, int | None]) -> str:
        return ", ".join(f"{name} {text}" for name, text in self.witness(point)) or f"any {self.record}"

    def _check(self) -> None:
        """Every gap and every pair of rows that overlap, up to so many of each; raises `Refused` after them."""
        gaps = [] if self.spec.otherwise is not None else list(islice(self.grid.gaps(), MOST_TOLD))
        overlaps = list(islice(self._forbidden(), MOST_TOLD))
        for point in gaps:
            self._tell_gap(point)
        for rows, shared in overlaps:
            self._tell_overlap(rows, shared)
        if gaps or overlaps:
            raise Refused

    def _tell_gap(self, point: Mapping[str, int | None]) -> None:
        outputs = ["…"] * len(self.values)
        row = " | ".join([*(about.text(point[about.name]) for about in self.subjects), *outputs])
        otherwise = self.record == "unit"
        self.names.problem(
            self.spec.where, "gap", f"no row for {self.told(point)}",
            f"a row for every {self.record}" + ", or otherwise:" * otherwise,
            f"add a row such as | {row} |" + ", or say otherwise: not_charged, or otherwise: problem" * otherwise,
            self.witness(point),
        )  # fmt: skip

    def _forbidden(self) -> Iterator[tuple[tuple[int, ...], Mapping[str, int | None]]]:
        """Rows that may not match together and do: each pair once."""
        known: set[tuple[int, ...]] = set()
        for rows, point in self.grid.overlaps() if self.spec.hit in ("unique", "any") else ():
            pair = rows[:2]
            if self.spec.hit == "any":
                other = next((row for row in rows if self._says(row) != self._says(rows[0])), None)
                if other is None:
                    continue
                pair = (rows[0], other)
            if pair not in known:
                known.add(pair)
                yield (*pair, *(row for row in rows if row not in pair)), point

    def _tell_overlap(self, rows: Sequence[int], point: Mapping[str, int | None]) -> None:
        numbers = " and ".join(str(row + 1) for row in rows[:3])
        outputs: dict[str, str] = {}
        for row in rows:
            outputs.setdefault(self._says(row), ", ".join(map(str, self._said(row))))
        said = [*outputs.values()]
        expected, hint = f"at most one row for each {self.record}", "narrow a row, or say hit: first"
        if self.spec.hit == "any":
            found = f"{' and '.join(said[:3])} from rows that both match {self.told(point)}"
            expected = "the same output wherever rows overlap (hit: any)"
        elif len(said) == 1:
            found = f"rows {numbers} both match {self.told(point)}, and say the same: {said[0]}"
            hint = "delete a row, or say hit: any"
        else:
            found = f"rows {numbers} both match {self.told(point)}, and say {' and '.join(said[:3])}"
        self.names.problem(
            self.table.rows[rows[1]].where, "overlap", found, expected, hint, self.witness(point)
        )

    def _says(self, row: int) -> str:
        """What a row says, as one text for 3 and for 3.00."""
        return ", ".join(map(canonical, self._said(row)))

    def _said(self, row: int) -> tuple[Said, ...]:
        return tuple(column[row] for column in self.values.values())

    def outputs(self) -> dict[str, tuple[Said | None, ...]]:
        return {
            name: tuple(map(partial(self.hits.said, column), self.grid.leaves, self.decided))
            for name, column in self.values.items()
        }

    def rows(self) -> tuple[str, ...]:
        return tuple(",".join([str(row + 1) for row in rows]) for rows in self.decided)
