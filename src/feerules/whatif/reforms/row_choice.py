"""Which rows of a table are meant by a condition: those that hold for nothing but what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from feerules.documents.cells import Cell, CellError
from feerules.documents.tables import Row, Table
from feerules.errors import Problem, RuleErrors, Where, did_you_mean
from feerules.periods import day_number
from feerules.plan.lookups import NOTES
from feerules.plan.names import Names

__all__ = ["chosen_rows", "outputs_of"]

BOUND = "up to"
TYPES = {
    "decimal": "number", "integer": "number", "boolean": "boolean", "date": "date", "datetime": "datetime",
    "choice": "string", "text": "string",
}  # fmt: skip
FAR = 10**40
NULL, OTHER = object(), object()
PLACES = 9  # of a derived fact, which declares none


def outputs_of(table: Table, names: Names) -> dict[str, int]:
    """The columns that say something, and their places: neither conditions nor notes nor bounds."""
    heads = {str(head.name): at for at, head in enumerate(table.header)}
    return {
        name: at for name, at in heads.items()
        if name not in NOTES and name != BOUND and not names.is_subject(names.aliases.get(name, name))
    }  # fmt: skip


def chosen_rows(
    table: Table,
    when: Mapping[str, Any],
    names: Names,
    where: Where,
    *,
    alone: bool,
    applies: Sequence[Mapping[str, str]] = (),
) -> list[int]:
    """The places of the rows that lie inside the condition, among the units that `applies` leaves.

    `alone` says that no unit may match two rows: one that reaches beyond the condition is then an error, since
    some of what is meant would stay as it was. Raises `RuleErrors`.
    """
    heads = {str(head.name): at for at, head in enumerate(table.header)}
    asked = [(_column(name, heads, names, where), _cell_text(value)) for name, value in when.items()]
    held = _held(names, applies)
    inside, beyond = [], []
    for at, row in enumerate(table.rows):
        cells = [(name, str(row.cells[heads[name]]), cell) for name, cell in asked]
        found = [
            _relation(names, name, mine, theirs, held.get(_meant(names, name), ()), where)
            for name, mine, theirs in cells
        ]
        if all(each.inside for each in found):
            inside.append(at)
        elif all(each.meets for each in found):
            beyond.append(row)
    if beyond and alone:
        raise _refused("reaches_beyond", beyond[0].where, _told(table, beyond[0], asked),
                       f"rows that hold for nothing but {_said(asked)}", "divide the row first, or widen when=")  # fmt: skip
    if not inside:
        place = table.rows[0].where
        told = "; ".join(dict.fromkeys(_told(table, row, asked) for row in table.rows))
        raise _refused("no_row", place, f"no row for {_said(asked)}", "a row that lies inside of it",
                       f"there is {told:.120}")  # fmt: skip
    return inside


@dataclass(frozen=True, slots=True)
class _Relation:
    """How a row's cell lies to the cell that was asked for: wholly inside, or at least in touch."""

    inside: bool
    meets: bool


def _held(names: Names, applies: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """For each fact the cells that every unit matches which the table is asked for."""
    held: dict[str, list[str]] = {}
    for each in applies:
        for name, cell in each.items():
            held.setdefault(_meant(names, name), []).append(str(cell))
    return held


def _meant(names: Names, name: str) -> str:
    return names.aliases.get(name, name)


def _relation(names: Names, name: str, cell: str, asked: str, held: Sequence[str], where: Where) -> _Relation:
    if name == BOUND:
        same = cell == asked or _number(cell) == _number(asked) is not None
        return _Relation(same, same)
    try:
        mine, theirs = _set_of(names, name, cell), _set_of(names, name, asked)
        for each in held:
            mine = _both(mine, _set_of(names, name, each))
    except CellError as error:
        told = error.problems[0]
        raise _refused(told.code, where, f"{name} {asked}", told.expected, told.hint) from error
    if isinstance(mine, frozenset):
        return _Relation(bool(mine) and mine <= theirs, bool(mine & theirs))
    inside = bool(mine) and all(any(lo <= low and high <= hi for lo, hi in theirs) for low, high in mine)
    meets = any(lo <= high and low <= hi for low, high in mine for lo, hi in theirs)
    return _Relation(inside, meets)


def _both(mine: Any, other: Any) -> Any:
    """What is in two sets."""
    if isinstance(mine, frozenset):
        return mine & other
    pairs = [(max(a, c), min(b, d)) for a, b in mine for c, d in other]
    return [(lo, hi) for lo, hi in pairs if lo <= hi]


def _set_of(names: Names, name: str, text: str) -> Any:
    """The values of a cell: a set of words, or spans of whole numbers; a missing value is one more."""
    leaf = names.leaves.get(names.aliases.get(name, name))
    kind = TYPES[leaf.kind] if leaf is not None else "number"
    cell = Cell.parse(text, type=kind, bare=kind == "string")
    if kind in ("string", "boolean"):
        return _words_of(cell, leaf)
    places = leaf.places if leaf is not None else PLACES
    spans = [_span(each, places) for each in cell.ranges() or ()]
    return [*((lo, hi) for lo, hi in spans if lo <= hi), *([(FAR * 2, FAR * 2)] if cell.matches_null else [])]


def _words_of(cell: Cell, leaf: Any) -> frozenset[Any]:
    words = dict(leaf.words)
    known: set[Any] = {0, 1} if leaf.kind == "boolean" else {*range(len(leaf.codes)), OTHER}
    said = {_code(value, leaf, words) for value in cell.literals}
    found = known | said if cell.any else (known - said if cell.negated else said)
    return frozenset(found | ({NULL} if cell.matches_null else set()))


def _code(value: Any, leaf: Any, words: Mapping[str, int]) -> Any:
    if isinstance(value, bool):
        return int(value)
    return leaf.codes.index(value) if value in leaf.codes else words.get(value, value)


def _span(part: Any, places: int) -> tuple[int, int]:
    lo = -FAR if part.lo is None else _whole(part.lo, places, up=True, beyond=part.lo_open)
    hi = FAR if part.hi is None else _whole(part.hi, places, up=False, beyond=part.hi_open)
    return lo, hi


def _whole(bound: Any, places: int, *, up: bool, beyond: bool) -> int:
    """The first whole number on the inner side of a bound."""
    if not isinstance(bound, int | Decimal):
        scaled = Decimal(day_number(bound.date() if hasattr(bound, "date") else bound))
        if hasattr(bound, "hour"):
            scaled = scaled * 1440 + bound.hour * 60 + bound.minute
    else:
        scaled = Decimal(bound).scaleb(places)
    whole = int(scaled.to_integral_value(rounding="ROUND_CEILING" if up else "ROUND_FLOOR"))
    return whole + (1 if up else -1) if beyond and whole == scaled else whole


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def _column(name: str, heads: Mapping[str, int], names: Names, where: Where) -> str:
    meant = names.aliases.get(name, name)
    for head in heads:
        if names.aliases.get(head, head) == meant:
            return head
    told = ", ".join(heads)
    raise _refused(
        "unknown_column",
        where,
        f'"{name}" in when=',
        f"a column of the table: {told}",
        did_you_mean(name, heads),
    )


def _cell_text(value: Any) -> str:
    """A condition as a cell says it: a word, a number, a truth, or several."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(_cell_text, value))
    return str(value)


def _said(asked: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {cell}" for name, cell in asked)


def _told(table: Table, row: Row, asked: Sequence[tuple[str, str]]) -> str:
    names = {name for name, _ in asked}
    cells = zip(table.header, row.cells, strict=True)
    return "the row " + ", ".join(f"{head.name} {cell}" for head, cell in cells if str(head.name) in names)


def _refused(code: str, where: Where, found: str, expected: str, hint: str = "") -> RuleErrors:
    return RuleErrors([Problem(code, where, found, expected, hint)])
