"""The names of one schedule: its own facts and formulas, those it includes, and the texts it mentions."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from feerules.documents.cells import Cell, CellError
from feerules.documents.facts import BUILT_IN, Derived, Fact, FactKind
from feerules.documents.facts import Fact as FactSpec
from feerules.documents.fields import meant_day
from feerules.documents.formulas import Formula
from feerules.documents.model import Part
from feerules.documents.numerals import is_free, number_in
from feerules.documents.schedule import FactLibrary, FeeSchedule, values_in
from feerules.documents.tree import Text
from feerules.documents.values import Otherwise, TableValue
from feerules.errors import Problem, Where, did_you_mean
from feerules.money import NumberError, to_scaled
from feerules.periods import day_number
from feerules.plan.nodes import Leaf

__all__ = [
    "FIRST_DAY",
    "FRAME_FACTS",
    "LAST_DAY",
    "WIDEST",
    "Names",
    "Refused",
    "names_of",
    "place_of",
    "texts_in",
]

FIRST_DAY, LAST_DAY = day_number(date(1900, 1, 1)), day_number(date(2199, 12, 31))
MINUTES = 1440
WIDEST = 10**9  # the domain of a number that declares none
MOST = 10**18  # what a fact may be at most, without its point: it must fit 64 bits

# Columns that an ERP gives for every unit: any document may use them as text facts.
FRAME_FACTS = ("unit_id", "estate_id", "building_id", "parent_unit_id", "account_id", "kind")


Witness = tuple[tuple[str, str], ...]  # the facts of a unit or account, by name


class Refused(Exception):
    """A problem was noted: the thing in hand cannot be built."""


def place_of(text: object, otherwise: Where) -> Where:
    """Where a text of a document stands; of one that was made in Python, the place of what holds it."""
    return text.where if isinstance(text, Text) else otherwise


# What a fact is likely to be by its name, and how that is declared.
_EXAMPLES = (
    ("handover|(?:^|_)(?:date|day|since|from|until|on)$|moved", "{date: true}"),
    ("(?:_at|time)$", "{datetime: true}"),
    ("^(?:type|kind|grade|class|category|use)$|_(?:type|kind|grade|class)$", "{choice: [residential, shop]}"),
    ("^(?:is|has)_|^(?:lift|vacant|balcony|sold|occupied)$", "{boolean: true}"),
    ("floor|storey|rooms|people|household|(?:^|_)count", "{integer: true, min: 0, max: 100}"),
    ("", "{decimal: 2, min: 0, max: 100000}"),
)


def _example(word: str) -> str:
    return next(example for pattern, example in _EXAMPLES if re.search(pattern, word))


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
    subjects: dict[str, Any] = field(default_factory=dict)
    completed: dict[int, TableValue] = field(default_factory=dict)
    shares: dict[str, Leaf] = field(default_factory=dict)
    rings: set[frozenset[str]] = field(default_factory=set)
    checked: dict[int, bool] = field(default_factory=dict)
    computed: frozenset[str] = frozenset()  # what the plan itself works out, such as the class of arrears
    said: Mapping[str, str] = field(default_factory=dict)  # what people call a fact that is no name here
    about: tuple[str, str] = ("schedule", "unit")  # what the document is, and what it asks about
    of_fees: dict[int, bool] = field(default_factory=dict)  # by the part of the document that says so

    def __post_init__(self) -> None:
        for name, spec in self.facts.items():
            leaf = self._leaf(name, spec)
            if leaf is not None:
                self.leaves[name] = leaf
            self._add_aliases(name, spec)
        self._check_once()
        for name in FRAME_FACTS:
            codes = tuple(sorted(self.texts.get(name, ())))
            aliases = (self.mapping[name],) if name in self.mapping else ()
            self.leaves.setdefault(name, Leaf(name, "text", 0, 0, len(codes), codes, aliases=aliases))

    def _add_aliases(self, name: str, spec: FactSpec) -> None:
        for alias in spec.aliases:
            other = alias if alias in self.facts else self.aliases.get(alias, name)
            if other != name:
                self.problem(
                    place_of(alias, spec.where), "defined_twice", f'the alias "{alias}" of {name}, which is {other} too',
                    "one fact for a column", "take it out of one of them",
                )  # fmt: skip
            self.aliases[alias] = name

    def _check_once(self) -> None:
        """A name means one thing, whichever key of the document it stands under."""
        known = dict.fromkeys(BUILT_IN, "built in")
        for kind in ("facts", "parameters", "derived", "tables"):
            names: Mapping[str, Any] = getattr(self, kind)
            for name, what in names.items():
                if name in known:
                    where = place_of(name, getattr(what, "where", Where("", 1, 1)))
                    said = known[name] if name in BUILT_IN else f"one of {known[name]}"
                    self.problem(
                        where, "defined_twice", f'"{name}" of {kind}, which is {said} already',
                        "one meaning for a name", "rename one of them",
                    )  # fmt: skip
                known.setdefault(name, kind)

    def problem(
        self, where: Where, code: str, found: str, expected: str, hint: str = "", witness: Witness = ()
    ) -> None:
        self.problems[Problem(code, where, found, expected, hint, witness=witness)] = None

    def note(self, problems: Iterable[Problem]) -> None:
        self.problems |= dict.fromkeys(problems)

    def refuse(self, where: Where, code: str, found: str, expected: str, hint: str = "") -> Refused:
        self.problem(where, code, found, expected, hint)
        return Refused()

    def known(self) -> list[str]:
        """Every name that a formula or a column may use."""
        own = [*self.leaves, *self.aliases, *self.derived, *self.parameters, *self.tables, *self.computed]
        own += BUILT_IN
        return own + [f"fees.{fee}" for fee in sorted(self.fees)]

    def is_subject(self, name: str) -> bool:
        """Whether a column of a table may be headed so, once an alias is read as its fact."""
        named = (self.leaves, self.facts, self.derived, self.computed, BUILT_IN)
        return any(name in names for names in named)

    def is_number(self, name: str) -> bool:
        """Whether a name may stand for a number by itself."""
        return self.is_subject(name) or any(
            name in names for names in (self.aliases, self.parameters, self.tables)
        )

    def means(self, name: str) -> bool:
        """Whether a formula may say so: a name, or a word of a choice."""
        if self.is_number(name):
            return True
        if name.startswith("fees."):
            return name.removeprefix("fees.") in self.fees
        return any(
            leaf.kind == "choice" and (name in leaf.codes or name in dict(leaf.words))
            for leaf in self.leaves.values()
        )

    def hint(self, word: str, others: Iterable[str] = ()) -> str:
        """What was likely meant by an unknown name, or how to make it known."""
        if word in self.said:
            return f"write {self.said[word]}"
        near = did_you_mean(word, [*others, *self.known()])
        if near:
            return near
        if self.about[0] == "policy" and word.startswith("bucket_"):
            return f'declare it, for example buckets: {{{word.removeprefix("bucket_")}: "[31..90]"}}'
        if is_free(word):
            return "write 0 for a line of 0.00, or say with applies: who pays"
        if meant := number_in(word):
            return f"write {meant}"
        if re.match("[0-9]", word):
            return "write the name of a fact: what holds for every unit from a day on stands under effective:"
        if not re.fullmatch("[a-z][a-z0-9_]*", word):
            return f"add aliases: [{word}] to the fact that it is"
        return f"declare it under facts, for example {word}: {_example(word)}"

    def some_facts(self) -> str:
        """The facts that the document declares, as many as one reads."""
        told = ", ".join([*self.facts][:8])
        return f" ({told}{', …' if len(self.facts) > 8 else ''})" if told else ""

    def unknown(self, name: str, where: Where) -> Refused:
        """Notes a name that means nothing here."""
        fees = self.fees
        if name.startswith("fees."):
            fee, expected = name.removeprefix("fees."), f"a fee of this schedule: {', '.join(sorted(fees))}"
            return self.refuse(where, "unknown_fee", f'the fee "{fee}"', expected, did_you_mean(fee, fees))
        if name in BUILT_IN:
            found, hint = (
                f'"{name}", which differs from line to line',
                "ask it where a fee says when or applies",
            )
            return self.refuse(where, "unknown_fact", found, f"a fact{self.some_facts()}", hint)
        document = self.about[0]
        if document == "policy" and name == "class":
            return self.refuse(
                where, "unknown_fact", '"class", and the policy declares no classes', "classes: with a table of them",
                "add classes:, or ask the facts that make a class",
            )  # fmt: skip
        expected = f"a fact{self.some_facts()}, a derived fact, a parameter or a table of this {document}"
        return self.refuse(where, "unknown_fact", f'the name "{name}"', expected, self.hint(name))

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
        return self._typed_leaf(name, spec)

    def _typed_leaf(self, name: str, spec: FactSpec) -> Leaf:
        kind, places, codes = spec.kind, spec.decimal or 0, tuple(spec.choice or ())
        if kind == "text":
            codes = tuple(sorted(self.texts.get(name, ())))
        lo, hi = self._domain(name, spec)
        words = self._words(name, spec)
        if kind == "boolean":
            words += (("true", 1), ("false", 0))
        return Leaf(
            name, kind, places, lo, hi, codes, words,
            optional=spec.optional, default=self._default(spec, codes, lo, hi),
            aliases=tuple(spec.aliases) + ((self.mapping[name],) if name in self.mapping else ()),
            unit=spec.unit or "",
        )  # fmt: skip

    def _words(self, name: str, spec: FactSpec) -> tuple[tuple[str, int], ...]:
        """The other spellings of the values of a choice or a boolean."""
        values = {"choice": tuple(spec.choice or ()), "boolean": ("false", "true")}.get(spec.kind, ())
        for word, target in spec.words.items():
            if target not in values:
                expected = (
                    f"a value of {name}: {', '.join(values)}" if values else "words for a choice or a boolean"
                )
                self.problem(
                    place_of(target, spec.where), "unknown_word", f'"{word}" as another word for "{target}"',
                    expected, did_you_mean(target, values),
                )  # fmt: skip
        return tuple((word, values.index(to)) for word, to in spec.words.items() if to in values)

    def _default(self, spec: FactSpec, codes: tuple[str, ...], lo: int, hi: int) -> int | None:
        if spec.default is None:
            return None
        value = _encoded(spec.kind, spec.decimal or 0, codes, spec.default)
        if value is not None and lo <= value <= hi:
            return value
        allowed = f"one of {', '.join(codes)}" if codes else _FORMS[spec.kind].format(spec.decimal)
        least = "" if spec.min is None else f" from {spec.min}"
        most = "" if spec.max is None else f" up to {spec.max}"
        self.problem(
            spec.where_of("default"), "outside_domain", f'the default "{spec.default}"', allowed + least + most,
            did_you_mean(spec.default, codes),
        )  # fmt: skip
        return None

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
        lo, hi = (
            self._bound(spec, key, default) for key, default in zip(("min", "max"), widest, strict=True)
        )
        if lo > hi:
            self.problem(
                spec.where_of("min"), "inverted_range", f"{name}: min {spec.min} and max {spec.max}",
                "a min that is not above the max", f"write min: {spec.max}, max: {spec.min}",
            )  # fmt: skip
            return hi, lo
        return lo, hi

    def _bound(self, spec: FactSpec, key: str, default: int) -> int:
        """The encoded min or max of a fact; the default where it says none, or none that can be."""
        text, kind = getattr(spec, key), spec.kind
        if text is None:
            return default
        if kind in ("boolean", "choice", "text"):
            self.problem(
                spec.where_of(key), "unknown_key", f"the {key} of a {kind}", f"{key} for numbers and days alone",
                "delete it",
            )  # fmt: skip
            return default
        value = _encoded(kind, spec.decimal or 0, (), text)
        least, most = _REACH[kind]
        if value is None:
            code, expected = "wrong_type", _FORMS[kind].format(spec.decimal)
        elif not least <= value <= most:
            days = "days from 1900-01-01 to 2199-12-31"
            expected = days if "date" in kind else "at most 18 digits, decimals included"
            code = "out_of_range"
        else:
            return value
        hint = "look at the year" if "date" in kind else "look at the digits"
        if code == "wrong_type":
            meant = "" if "date" in kind else number_in(text)
            hint = meant_day(text) if kind == "date" else f"write {meant}" if meant else ""
        self.problem(spec.where_of(key), code, f'{key}: "{text}"', expected, hint)
        return default


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MINUTE = re.compile(_DAY.pattern + r"(?:[T ][0-9]{2}:[0-9]{2})?")
_FORMS: dict[FactKind, str] = {
    "decimal": "a number with at most {} decimals",
    "integer": "a whole number",
    "boolean": "true or false",
    "date": "a day such as 2026-01-31",
    "datetime": "a minute such as 2026-01-31T08:30",
    "choice": "one of its words",
    "text": "a text",
}
_REACH: dict[FactKind, tuple[int, int]] = {
    "decimal": (-MOST, MOST),
    "integer": (-MOST, MOST),
    "date": (FIRST_DAY, LAST_DAY),
    "datetime": (FIRST_DAY * MINUTES, (LAST_DAY + 1) * MINUTES - 1),
}


def _encoded(kind: FactKind, places: int, codes: tuple[str, ...], text: str) -> int | None:
    """The encoded value of a text in a document, or None where it is no such value."""
    with suppress(NumberError, ValueError):
        match kind:
            case "decimal" | "integer":
                return to_scaled(str(text), places)
            case "boolean":
                return {"true": 1, "false": 0}.get(text)
            case "date":
                return day_number(date.fromisoformat(text)) if _DAY.fullmatch(text) else None
            case "datetime":
                return _minutes(text) if _MINUTE.fullmatch(text) else None
            case "choice":
                return codes.index(text) if text in codes else None
            case "text":
                return codes.index(text) if text in codes else len(codes)
    return None


def _minutes(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return day_number(moment.date()) * MINUTES + moment.hour * 60 + moment.minute


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
        texts=texts_in(facts, schedule, library),
        mapping=mapping,
    )
    for key in ("facts", "derived", "parameters", "tables"):
        for name in getattr(schedule, key):
            if name in getattr(library, key):
                names.problem(
                    place_of(name, schedule.where), "defined_twice",
                    f'"{name}" of {key}, which an included document defines too',
                    "one definition", "rename one of them",
                )  # fmt: skip
    return names


def texts_in(facts: Mapping[str, Fact], *documents: Part, more: Iterable[str] = ()) -> dict[str, set[str]]:
    """For each text fact, and each of `more`, the texts that some cell of the documents names."""
    known = {name: name for name in (*FRAME_FACTS, *more)}
    for name, fact in facts.items():
        if fact.kinds == ["text"]:
            known |= dict.fromkeys((name, *fact.aliases), name)
        else:
            known.pop(name, None)
    texts: dict[str, set[str]] = {name: set() for name in known.values()}
    for name, cell in _cells(known, *documents):
        texts[known[name]] |= _literals(cell)
    return texts


def _literals(text: str) -> set[str]:
    try:
        return set(map(str, Cell.parse(text, type="string", bare=True).literals))
    except CellError:
        return set()  # reported where the cell is lowered


def _cells(names: Container[str], *documents: Part) -> Iterator[tuple[str, str]]:
    """Every (column or key, cell) of these names in the tables and conditions of some documents."""
    for part in values_in(documents):
        if isinstance(part, TableValue) and part.table is not None:
            for at, head in enumerate(part.table.header):
                if head.name in names:
                    yield from ((head.name, row.cells[at]) for row in part.table.rows)
        for cells in _conditions(part):
            yield from ((name, cell) for name, cell in cells.items() if name in names)


def _conditions(part: Any) -> Iterator[Mapping[str, str]]:
    if isinstance(part, Part):
        said = vars(part)
        # The `when` of a reaction is a part of its own, and no cells.
        yield from (said[key] for key in ("applies", "when") if isinstance(said.get(key), dict))
        yield from said.get("any", ())
