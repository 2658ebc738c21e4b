"""The decision tables of a book as checks look at them: rows as conditions, what each says, and their grid."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from feerules.book import Book
from feerules.documents.charging import Tiers
from feerules.documents.facts import Derived, Fact
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import FeeSchedule, values_in
from feerules.documents.tables import Row, Table
from feerules.documents.values import TableValue
from feerules.errors import Where
from feerules.plan.conditions import Conditions, Subject, read_number
from feerules.plan.grid import Condition, Grid, Witness
from feerules.plan.hits import ADDING, ranks_of
from feerules.plan.lookups import NOTES, Decision
from feerules.plan.names import Names
from feerules.plan.tariffs import Group

__all__ = ["Reading", "documents_of", "inside", "readings", "titles_of", "told"]

Said = tuple[tuple[Hashable, ...], tuple[int, ...]]  # what each row says, and its place in the table

RECORDS: Mapping[str, Mapping[str, str]] = {
    "unit": {"zh": "房屋", "en": "unit"},
    "account": {"zh": "账户", "en": "account"},
}


@dataclass(frozen=True, eq=False)
class Reading:
    """A table of a document that loads. Rows count from 0; `said` is what each says, as values that compare.

    With `groups`, a row stands for a group of bands of tiers; `first` gives for each row the place in the table.
    """

    document: str
    names: Names
    spec: TableValue
    table: Table
    decision: Decision
    conditions: tuple[tuple[Condition, ...], ...]
    said: tuple[Hashable, ...]
    first: tuple[int, ...]
    groups: bool = False

    @property
    def hit(self) -> str:
        return self.spec.hit

    @property
    def grid(self) -> Grid:
        return self.decision.grid

    @property
    def subjects(self) -> tuple[Subject, ...]:
        return self.decision.subjects

    @property
    def record(self) -> Mapping[str, str]:
        """What the table is asked about: a unit, or an account."""
        return RECORDS[self.names.about[1]]

    def row(self, number: int) -> Row:
        return self.table.rows[self.first[number]]

    def number(self, row: int) -> str:
        """A row as people count it."""
        return str(self.first[row] + 1)

    def numbers(self, rows: Iterable[int]) -> dict[str, str]:
        told = [*map(self.number, rows)]
        return {"zh": "、".join(told), "en": ", ".join(told)}

    @cached_property
    def remarks(self) -> tuple[int, ...]:
        """The columns for readers."""
        return tuple(at for at, head in enumerate(self.table.header) if head.name.lower() in NOTES)

    @cached_property
    def codes(self) -> list[tuple[int, ...]]:
        """The conditions of each row as numbers: equal ones have one."""
        columns = []
        for column in zip(*self.conditions, strict=True):
            known: dict[Condition, int] = {}
            by_place = {id(each): each for each in column}
            number = {place: known.setdefault(each, len(known)) for place, each in by_place.items()}
            columns.append([number[id(each)] for each in column])
        return list(zip(*columns, strict=True)) if columns else [() for _ in self.said]

    def is_noted(self, row: int) -> bool:
        """Whether a row says in a column for readers why it stands there."""
        return any(self.row(row).cells[at] for at in self.remarks)

    def headed(self, at: int) -> str:
        """What the column of a subject is called in the table: a fact has other names."""
        where = self.decision.heads[at][1]
        return next(str(head.name) for head in self.table.header if head.where == where)

    def output(self, row: int) -> str:
        """What a row says, as it is written."""
        cells = self.row(row).cells
        return ", ".join(
            str(cell)
            for head, cell in zip(self.table.header, cells, strict=True)
            if head.name in self.decision.outputs
        )

    def answers(self) -> list[Hashable]:
        """What each leaf of the grid comes to, whichever row says so; None where no row matches."""
        made, every = self.decision, range(len(self.grid.leaves))
        if self.groups:
            return [self.said[leaf[0]] if leaf else None for leaf in self.grid.leaves]
        columns = [values for values, _ in made.outputs.values()]
        columns += [which for _, which in made.formulas.values()]
        return [tuple(column[leaf] for column in columns) if made.matched[leaf] else None for leaf in every]

    @property
    def order(self) -> list[int]:
        """The rows from the one that goes first to the one that goes last."""
        rows = range(len(self.said))
        ranks = self.ranks
        return sorted(rows, key=lambda row: (ranks[row], row)) if ranks else list(rows)

    @cached_property
    def ranks(self) -> list[int]:
        """The place in `priority:` of what each row says; nothing where rows have none."""
        if self.hit != "priority":
            return []
        column = next(iter(self.decision.outputs))
        at = next(at for at, head in enumerate(self.table.header) if head.name == column)
        texts = [row.cells[at] for row in self.table.rows]
        numbers = [read_number(text) for text in texts]
        said = [text if number is None else number for text, number in zip(texts, numbers, strict=True)]
        return ranks_of(self.spec, said)

    @cached_property
    def shadowed(self) -> dict[int, tuple[int, ...]]:
        """The rows that match and never decide, and the rows that do in their place."""
        return {} if self.hit in ADDING else self.grid.shadowed(self.order)

    @cached_property
    def idle(self) -> tuple[str, ...]:
        """The columns that decide nothing."""
        return self.grid.idle(self.answers()) if self.subjects else ()

    def witness(self, point: Witness) -> dict[str, str]:
        """A point of the grid as the facts of a unit."""
        return told(self.subjects, point)


def told(subjects: Iterable[Subject], point: Witness) -> dict[str, str]:
    return {about.name: about.text(point[about.name]) for about in subjects}


def inside(one: tuple[Condition, ...], other: tuple[Condition, ...]) -> bool:
    """Whether a row matches only where another one does."""
    return all(a is b or _within(a, b) for a, b in zip(one, other, strict=True))


def _within(one: Condition, other: Condition) -> bool:
    bands = all(any(lo <= a and b <= hi for lo, hi in other.bands) for a, b in one.bands)
    return bands and (other.null or not one.null)


def documents_of(book: Book) -> Iterator[tuple[FeeSchedule | DunningPolicy, Names]]:
    """Every schedule and policy in every version, with its names."""
    yield from ((each.schedule, each.names) for versions in book.versions for each in versions)
    yield from ((each.policy, each.names) for versions in book.policies for each in versions)


def titles_of(names: Names) -> dict[str, Mapping[str, str]]:
    """What facts are called, in each language that they have a title in, by their names and aliases."""
    every: dict[str, Fact | Derived] = {**names.facts, **names.derived}
    aliases = {alias: every[name] for alias, name in names.aliases.items() if name in every}
    return {
        name: {"zh": fact.title.zh, "en": fact.title.en}
        for name, fact in (*every.items(), *aliases.items())
        if fact.title is not None
    }


def readings(book: Book) -> Iterator[Reading]:
    """Every table of a book that could be read, once, wherever it is used."""
    seen: set[Where] = set()
    for document, names in documents_of(book):
        parts = [part for part in values_in(document) if isinstance(part, TableValue | Tiers)]
        for part in (*parts, *names.tables.values()):
            where = part.table.where if isinstance(part, Tiers) else part.where
            found = None if where in seen else reading_of(part, names, document.id)
            if found is not None:
                seen.add(where)
                yield found


def reading_of(part: TableValue | Tiers, names: Names, document: str) -> Reading | None:
    """A table as it was compiled; None for one that no fee asks for, or that could not be read.

    Kept beside what was compiled, so that the checks of one document read each table once.
    """
    groups: Sequence[Group] = ()
    spec: TableValue | None = None
    if isinstance(part, Tiers):
        groups, spec = names.cache.get(id(part)) or ((), None)
    else:
        spec = names.completed.get(id(part), part)
    made: Decision | None = names.cache.get(id(spec))
    table = part.table.table if isinstance(part, Tiers) else part.table
    if spec is None or table is None or not isinstance(made, Decision):
        return None
    known: Reading | None = names.cache.get(id(made))
    if known is None:
        said, first = _of_groups(groups) if groups else _of_rows(table, made)
        conditions = _conditions(table, made, names, [table.rows[at] for at in first])
        known = Reading(document, names, spec, table, made, conditions, said, first, bool(groups))
        names.cache[id(made)] = known
    return known


def _of_rows(table: Table, made: Decision) -> Said:
    columns = [at for at, head in enumerate(table.header) if head.name in made.outputs]
    canonical: dict[str, Any] = {}
    said = tuple(tuple([_canonical(row.cells[at], canonical) for at in columns]) for row in table.rows)
    return said, tuple(range(len(table.rows)))


def _of_groups(groups: Sequence[Group]) -> Said:
    return tuple((each.ends, *each.prices.values()) for each in groups), tuple(
        each.rows[0] - 1 for each in groups
    )


def _canonical(text: str, known: dict[str, Any]) -> Any:
    """One value for one output: 3 and 3.00 are the same."""
    if text not in known:
        number = read_number(text)
        known[text] = str(text) if number is None else number.normalize()
    return known[text]


def _conditions(
    table: Table, made: Decision, names: Names, rows: Iterable[Row]
) -> tuple[tuple[Condition, ...], ...]:
    """The cells of each row, as they were read when the table was loaded."""
    read = Conditions(names).read
    places = {head.where: at for at, head in enumerate(table.header)}
    columns = []
    rows = list(rows)
    for (_, where), about in zip(made.heads, made.subjects, strict=True):
        at, known = places[where], dict[str, Condition]()
        for row in rows:
            text = row.cells[at]
            if text not in known:
                known[text] = read(text, about)
        columns.append([known[row.cells[at]] for row in rows])
    return tuple(zip(*columns, strict=True)) if columns else tuple(() for _ in rows)
