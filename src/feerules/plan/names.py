"""The names of one schedule: its own facts and formulas, those it includes, and the texts it mentions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from feerules.documents.cells import Cell, CellError
from feerules.documents.facts import BUILT_IN, Derived, Fact, FactKind
from feerules.documents.facts import Fact as FactSpec
from feerules.documents.formulas import Formula
from feerules.documents.schedule import FactLibrary, FeeSchedule, values_in
from feerules.documents.values import Otherwise, TableValue
from feerules.errors import Problem, Where, did_you_mean
from feerules.money import NumberError, to_scaled
from feerules.periods import day_number
from feerules.plan.nodes import Leaf

__all__ = ["FIRST_DAY", "LAST_DAY", "WIDEST", "Names", "Refused", "names_of"]

FIRST_DAY, LAST_DAY = day_number(date(1900, 1, 1)), day_number(date(2199, 12, 31))
MINUTES = 1440
WIDEST = 10**9  # the domain of a number that declares none

# Columns that an ERP gives for every unit: any document may use them as text facts.
FRAME_FACTS = ("unit_id", "estate_id", "building_id", "parent_unit_id", "account_id", "kind")


class Refused(Exception):
    """A problem was noted: the thing in hand cannot be built."""


@dataclass(eq=False)
class Names:
    """The names that one document may use, and the problems found with it."""

    facts: Mapping[str, FactSpec]
    derived: Mapping[str, Derived]
    parameters: Mapping[str, Formula]
    tables: Mapping[str, TableValue]
    fees: frozenset[str]
    leaves: dict[str, Leaf] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    problems: dict[Problem, None] = field(default_factory=dict)
    texts: Mapping[str, Iterable[str]] = field(default_factory=dict)
    mapping: Mapping[str, str] = field(default_factory=dict)
    cache: dict[int, Any] = field(default_factory=dict)
    cells: dict[Any, Any] = field(default_factory=dict)
    completed: dict[int, TableValue] = field(default_factory=dict)
    shares: dict[str, Leaf] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, spec in self.facts.items():
            leaf = self._leaf(name, spec)
            if leaf is not None:
                self.leaves[name] = leaf
            self.aliases.update((alias, name) for alias in spec.aliases)
        for name in FRAME_FACTS:
            codes = tuple(sorted(self.texts.get(name, ())))
            aliases = (self.mapping[name],) if name in self.mapping else ()
            self.leaves.setdefault(name, Leaf(name, "text", 0, 0, len(codes), codes, aliases=aliases))

    def problem(self, where: Where, code: str, found: str, expected: str, hint: str = "") -> None:
        self.problems[Problem(code, where, found, expected, hint)] = None

    def refuse(self, where: Where, code: str, found: str, expected: str, hint: str = "") -> Refused:
        self.problem(where, code, found, expected, hint)
        return Refused()

    def known(self) -> list[str]:
        """Every name that a formula or a column may use."""
        own = [*self.leaves, *self.aliases, *self.derived, *self.parameters, *self.tables, *BUILT_IN]
        return own + [f"fees.{fee}" for fee in sorted(self.fees)]

    def otherwise(self, spec: TableValue, says: Otherwise) -> TableValue:
        """The same table with the `otherwise` of the fee that it stands in, made once."""
        key = id(spec)
        if key not in self.completed:
            self.completed[key] = spec.model_copy(update={"otherwise": says})
        return self.completed[key]

    def _leaf(self, name: str, spec: FactSpec) -> Leaf | None:
        kinds = spec.kinds
        if len(kinds) != 1:
            found = " and ".join(kinds) or "no type"
            self.problem(
                spec.where, "wrong_type", f"the fact {name} with {found}",
                "exactly one of decimal, integer, boolean, date, datetime, choice, text",
                "for example {decimal: 2, min: 0, max: 100000, unit: m²}",
            )  # fmt: skip
            return None
        try:
            return self._typed_leaf(name, spec)
        except NumberError as error:
            self.problem(spec.where, "wrong_type", f"{name}: {error}", "bounds of the fact's own type")
        except ValueError as error:
            self.problem(spec.where, "wrong_type", f"{name}: {error}", "days written 2026-01-31")
        return None

    def _typed_leaf(self, name: str, spec: FactSpec) -> Leaf:
        kind, places, codes = spec.kind, spec.decimal or 0, tuple(spec.choice or ())
        if kind == "text":
            codes = tuple(sorted(self.texts.get(name, ())))
        lo, hi = self._domain(name, spec)
        words = tuple((word, _code(kind, codes, target)) for word, target in spec.words.items())
        if kind == "boolean":
            words += (("true", 1), ("false", 0))
        for (word, code), target in zip(words, spec.words.values(), strict=False):
            if code < 0:
                self.problem(
                    spec.where, "unknown_word", f'{name}: the word "{word}" for "{target}"',
                    "a value of the fact: " + ", ".join(codes or ("true", "false")),
                    did_you_mean(target, codes),
                )  # fmt: skip
        return Leaf(
            name, kind, places, lo, hi, codes, tuple(w for w in words if w[1] >= 0),
            optional=spec.optional, default=self._default(kind, spec, codes, lo, hi),
            aliases=tuple(spec.aliases) + ((self.mapping[name],) if name in self.mapping else ()),
            unit=spec.unit or "",
        )  # fmt: skip

    def _default(
        self, kind: FactKind, spec: FactSpec, codes: tuple[str, ...], lo: int, hi: int
    ) -> int | None:
        if spec.default is None:
            return None
        value = _encoded(kind, spec.decimal or 0, codes, spec.default)
        if value is None or not lo <= value <= hi:
            self.problem(
                spec.where, "outside_domain", f'the default "{spec.default}"', "a value that the fact allows"
            )
            return None
        return value

    def _domain(self, name: str, spec: FactSpec) -> tuple[int, int]:
        kind, codes = spec.kind, spec.choice or ()
        widest = {
            "decimal": (-WIDEST * 10 ** (spec.decimal or 0), WIDEST * 10 ** (spec.decimal or 0)),
            "integer": (-WIDEST, WIDEST),
            "boolean": (0, 1),
            "date": (FIRST_DAY, LAST_DAY),
            "datetime": (FIRST_DAY * MINUTES, (LAST_DAY + 1) * MINUTES - 1),
            "choice": (0, len(codes) - 1),
            "text": (0, len(tuple(self.texts.get(name, ())))),
        }[kind]
        if kind in ("boolean", "choice", "text"):
            return widest
        lo, hi = (
            default if text is None else _bound(kind, spec.decimal or 0, text)
            for text, default in zip((spec.min, spec.max), widest, strict=True)
        )
        if lo > hi:
            self.problem(
                spec.where, "inverted_range", f"{name}: min {spec.min} and max {spec.max}",
                "a min that is not above the max", "swap them",
            )  # fmt: skip
            return hi, lo
        return lo, hi


def _bound(kind: FactKind, places: int, text: str) -> int:
    value = _encoded(kind, places, (), text)
    if value is None:
        raise ValueError(f'"{text}" is no {kind}')
    return value


def _code(kind: FactKind, codes: tuple[str, ...], target: str) -> int:
    value = _encoded(kind, 0, codes, target)
    return -1 if value is None else value


def _encoded(kind: FactKind, places: int, codes: tuple[str, ...], text: str) -> int | None:
    """The encoded value of a text in a document, or None where it is no such value."""
    match kind:
        case "decimal" | "integer":
            return to_scaled(str(text), places)
        case "boolean":
            return {"true": 1, "false": 0}.get(text)
        case "date":
            return day_number(date.fromisoformat(text))
        case "datetime":
            return day_number(date.fromisoformat(text[:10])) * MINUTES
        case "choice":
            return codes.index(text) if text in codes else None
        case "text":
            return None


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
            known |= dict.fromkeys((name, *fact.aliases), name)
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
