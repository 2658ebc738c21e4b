"""Cells → conditions: which whole numbers of a fact a cell matches, and whether it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

from feerules.documents.cells import Cell, CellError
from feerules.documents.facts import FactKind
from feerules.documents.literals import CellType
from feerules.documents.numerals import is_free, number_in
from feerules.errors import Where, did_you_mean
from feerules.periods import day_number, from_day_number
from feerules.plan.bounds import Builder
from feerules.plan.grid import Axis, Condition
from feerules.plan.names import Names, Refused, place_of
from feerules.plan.nodes import Leaf, Node
from feerules.plan.terms import Scope, Term

__all__ = [
    "CELL_TYPES",
    "MAX_DECIMALS",
    "Asked",
    "Conditions",
    "Subject",
    "asked_by",
    "cells_hold",
    "decimals_of",
    "number_hint",
    "read_number",
    "subject",
    "subject_of",
    "wrong_number",
]

CELL_TYPES: dict[FactKind, CellType] = {
    "decimal": "number",
    "integer": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "choice": "string",
    "text": "string",
}
MAX_DECIMALS = 6
NOWHERE = Where("", 1, 1)  # of a text that was made in Python
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,20})?%?")


@dataclass(frozen=True, eq=False)
class Subject:
    """What a cell is about: its kind, its scale, and the whole numbers it can be."""

    name: str
    kind: FactKind
    scale: int
    lo: int
    hi: int
    nullable: bool
    codes: tuple[str, ...]
    words: Mapping[str, int]

    @property
    def axis(self) -> Axis:
        return Axis(self.name, self.lo, self.hi, self.nullable)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """What stands for each word that a cell may name."""
        codes = {code: number for number, code in enumerate(self.codes)}
        return {**self.words, **codes} if self.kind == "choice" else codes

    def text(self, value: int | None) -> str:
        """An encoded value as a person would write it in a cell."""
        if value is None:
            return "null"
        match self.kind:
            case "boolean":
                return "true" if value else "false"
            case "choice" | "text":
                return self.codes[value] if value < len(self.codes) else "any other"
            case "date":
                return from_day_number(value).isoformat()
            case "datetime":
                day, minute = divmod(value, 1440)
                return f"{from_day_number(day)}T{minute // 60:02}:{minute % 60:02}"
        return str(Decimal(value).scaleb(-self.scale))


def subject(scope: Scope, name: str, where: Where) -> Subject:
    """What a name can be at any moment at all: a cell is right if it can hold at some time.

    Made once for a document, but for what is reckoned from other fees' amounts: those have bounds in each line.
    """
    names = scope.names
    if name in names.subjects:
        return names.subjects[name]  # type: ignore[no-any-return]
    leaf = names.leaves.get(names.aliases.get(name, name))
    if leaf is not None:
        return subject_of(names, leaf, name)
    wide = scope.widened()
    term = wide.term(name, where)
    node, codes = term.node, term.leaf.codes if term.leaf else ()
    words = dict(term.leaf.words) if term.leaf else {}
    about = Subject(name, term.kind, node.scale, node.lo, node.hi, term.present is not None, codes, words)
    if not wide.of_fees:
        names.subjects[name] = about
    return about


def subject_of(names: Names, leaf: Leaf, name: str) -> Subject:
    """What a fact can be, by the name that a document has for it."""
    if name not in names.subjects:
        nullable = leaf.optional and leaf.default is None
        names.subjects[name] = Subject(
            name, leaf.kind, leaf.places, leaf.lo, leaf.hi, nullable, leaf.codes, dict(leaf.words)
        )
    return names.subjects[name]  # type: ignore[no-any-return]


# Numbers in cells


def read_number(text: str) -> Decimal | None:
    """The number of an output cell, such as 2.80 or 5%; None where it is none."""
    if not _NUMBER.fullmatch(text):
        return None
    return Decimal(text[:-1] + "e-2") if text.endswith("%") else Decimal(text)


def decimals_of(number: Decimal) -> int:
    """How many decimals it takes to write the number."""
    digits = f"{number:f}".partition(".")[2]
    return len(digits.rstrip("0"))


def wrong_number(text: str) -> tuple[str, str, str, str] | None:
    """What is wrong with an output cell: code, found, expected, hint; None where it is a number."""
    number = read_number(text)
    if number is None:
        expected = f"a number with at most {MAX_DECIMALS} decimals"
        return "not_a_number", f'the cell "{text}"' if text else "an empty cell", expected, number_hint(text)
    if decimals_of(number) > MAX_DECIMALS:
        found = f'the cell "{text}", {decimals_of(number)} decimals'
        hint = f"write {number:.{MAX_DECIMALS}f}"
        return "too_many_decimals", found, f"at most {MAX_DECIMALS} decimals", hint
    return None


def number_hint(text: str) -> str:
    """What to type instead of a cell that is no number; "" where that is in doubt."""
    if is_free(text):
        return "write 0 if nothing is to be paid"
    meant = number_in(text)
    return f"write {meant}" if meant else ""


def _new_word(word: str, fact: str) -> str:
    if word.isascii():
        return f"add it to the choice of {fact}, or to its words"
    return f"add words: {{{word}: …}} to the fact {fact}, with the word of the choice that it stands for"


# Cells


class Conditions:
    """Reads cells into conditions over a subject, noting what cannot be right."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def read(self, text: str, about: Subject, otherwise: Where = NOWHERE) -> Condition:
        """The condition of a cell, made once for its document; raises `Refused` after noting what is wrong."""
        known: Condition | None = self.names.cells.get((text, about))
        if known is None:
            known = self.condition(self.parse(text, about.kind), place_of(text, otherwise), about)
            self.names.cells[text, about] = known
        return known

    def parse(self, text: str, kind: FactKind) -> Cell:
        try:
            return Cell.parse(text, type=CELL_TYPES[kind], bare=kind in ("choice", "text"))
        except CellError as error:
            for problem in error.problems_in(text):
                self.names.problems[problem] = None
            raise Refused from None

    def condition(self, cell: Cell, where: Where, about: Subject) -> Condition:
        if about.kind in ("choice", "text", "boolean"):
            bands = self._worded(cell, where, about)
        else:
            bands = self._numeric(cell, about)
        null = cell.matches(None) and about.nullable
        if not bands and not null:
            raise self._outside(cell, where, about)
        return Condition(bands, null)

    def _outside(self, cell: Cell, where: Where, about: Subject) -> Refused:
        values = f"values from {about.text(about.lo)} to {about.text(about.hi)}"
        if about.kind in ("boolean", "choice", "text"):
            values = f"one of {', '.join(about.text(value) for value in range(about.lo, about.hi + 1)[:20])}"
        if about.kind in ("decimal", "integer") and any(decimals_of(x) > about.scale for x in cell.literals):
            values += f" with at most {about.scale} decimals" if about.scale else " without decimals"
        optional = not about.nullable and cell.matches(None)
        return self.names.refuse(
            where, "outside_domain", f'"{cell}", which no {about.name} can match', values,
            f"declare {about.name} as optional: true" if optional else f"mend the cell, or the domain of {about.name}",
        )  # fmt: skip

    def _hint_for(self, literal: str, about: Subject) -> str:
        near = did_you_mean(literal, about.codes)
        # What a position tells, nobody can add to.
        if near or about.name not in self.names.facts:
            return near
        return _new_word(literal, about.name)

    def _worded(self, cell: Cell, where: Where, about: Subject) -> tuple[tuple[int, int], ...]:
        if about.kind == "boolean":
            return _runs([number for number, value in enumerate((False, True)) if cell.matches(value)])
        literals = cell.literals
        if about.kind == "choice":
            for literal in sorted(map(str, literals)):
                if literal not in about.numbers:
                    self.names.problem(
                        where, "unknown_word", f'"{literal}", which is no {about.name}',
                        "one of " + ", ".join(about.codes),
                        self._hint_for(literal, about),
                    )  # fmt: skip
                    raise Refused
        # All that a cell does not name is alike to it, so the words that it names decide, however many
        # others there are. A word of the same value stands for it: not(…) must exclude every spelling.
        said: dict[int, bool] = {}
        for literal in literals & about.numbers.keys():
            number = about.numbers[literal]
            said[number] = said.get(number, True) and cell.matches(literal)
        if not cell.matches("\x00any other"):
            return _runs(sorted(number for number, holds in said.items() if holds))
        end = len(about.codes) + (about.kind == "text")
        edges = [-1, *sorted(number for number, holds in said.items() if not holds), end]
        return tuple((before + 1, edge) for before, edge in pairwise(edges) if before + 1 < edge)

    def _numeric(self, cell: Cell, about: Subject) -> tuple[tuple[int, int], ...]:
        bands = []
        for part in cell.ranges() or ():
            lo = about.lo if part.lo is None else _first(part.lo, about, after=part.lo_open)
            hi = about.hi + 1 if part.hi is None else _first(part.hi, about, after=not part.hi_open)
            lo, hi = max(lo, about.lo), min(hi, about.hi + 1)
            if lo < hi:
                bands.append((lo, hi))
        return _joined(bands)


def _first(value: Any, about: Subject, *, after: bool) -> int:
    """The first encoded value that is at least `value`, or greater than it where `after`."""
    if isinstance(value, datetime):
        minutes = day_number(value.date()) * 1440 + value.hour * 60 + value.minute
        exact = Decimal(minutes) + Decimal(value.second) / 60
    elif isinstance(value, date):
        exact = Decimal(day_number(value))
    else:
        exact = Decimal(value).scaleb(about.scale)
    whole = int(exact.to_integral_value(ROUND_FLOOR if after else ROUND_CEILING))
    return whole + 1 if after else whole


def _runs(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return _joined([(number, number + 1) for number in numbers])


def _joined(bands: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for lo, hi in sorted(bands):
        if joined and joined[-1][1] >= lo:
            joined[-1] = (joined[-1][0], max(hi, joined[-1][1]))
        else:
            joined.append((lo, hi))
    return tuple(joined)


def cells_hold(scope: Scope, cells: Mapping[str, str]) -> Node:
    """Whether every cell of `applies` or `when` holds; a cell's fact is needed where those before it hold."""
    holds = scope.b.true
    for name, text in cells.items():
        try:
            with scope.needing(holds):
                holds = scope.b.all_of((holds, scope.once((name, text), _cell_holds, scope, name, text)))
        except Refused:
            continue
    return holds


def _cell_holds(scope: Scope, name: str, text: str) -> Node:
    named_at = place_of(name, NOWHERE)
    term = scope.term(str(name), named_at)
    about = subject(scope, str(name), named_at)
    return _holds(scope.b, term, Conditions(scope.names).read(text, about))


def _holds(b: Builder, term: Term, condition: Condition) -> Node:
    inside = b.any_of(b.inside(term.node, lo, hi - 1) for lo, hi in condition.bands)
    if term.present is None:
        return inside
    if condition.null:
        return b.any_of((inside, b.negate(term.present)))
    return b.all_of((inside, term.present))


# What a rule asks, as data


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a rule asks of a record: one of some alternatives, each as (subject, term, condition) for every cell."""

    alternatives: tuple[tuple[tuple[Subject, Term, Condition], ...], ...]


def asked_by(scope: Scope, alternatives: Sequence[Mapping[str, str]]) -> Asked | None:
    """What cells ask, where a plan is to tell its rules; a cell that cannot be read is told where it is lowered."""
    if scope.marks is None:
        return None
    apart = scope.apart()  # to ask here must need nothing of a record
    every = (tuple(_asked(apart, name, text) for name, text in cells.items()) for cells in alternatives)
    return Asked(tuple(every))


def _asked(scope: Scope, name: str, text: str) -> tuple[Subject, Term, Condition]:
    named_at = place_of(name, NOWHERE)
    about = subject(scope, str(name), named_at)
    return about, scope.term(str(name), named_at), Conditions(scope.names).read(text, about)
