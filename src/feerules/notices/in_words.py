"""Rules in words: conditions, formulas, units and times as people read them on a price list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from feerules.citations import titles
from feerules.documents.arithmetic import Binary, Name, Num, Unary, walk
from feerules.documents.cells import Cell, CellError, Range, Unequal
from feerules.documents.charging import Every
from feerules.documents.facts import FactKind
from feerules.documents.formulas import Formula
from feerules.documents.schedule import FeeSchedule
from feerules.documents.values import TableValue
from feerules.plan.conditions import CELL_TYPES
from feerules.plan.names import Names
from feerules.reckoning import UNITS
from feerules.wording import CHINESE, Wording, counted, sentence

__all__ = ["RuleWords", "is_sum", "plain_number"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")
_SIGNS = {"*": "×", "-": "−"}
MINUTES = counted("{number} minute", "{number} minutes")
TIMES = {
    "day": sentence("day"),
    "month": sentence("month"),
    "quarter": sentence("quarter"),
    "half_year": sentence("half-year"),
    "year": sentence("year"),
    "season": sentence("season"),
}
CYCLES = {
    "month": sentence("every month"),
    "quarter": sentence("every quarter"),
    "half_year": sentence("every half-year"),
    "year": sentence("every year"),
}


BETWEEN = {
    (False, False): sentence("{lo} to {hi}"),
    (True, False): sentence("over {lo}, up to {hi}"),
    (False, True): sentence("{lo} or more, under {hi}"),
    (True, True): sentence("over {lo}, under {hi}"),
}
# By whether the bound itself is left out.
OVER = {False: sentence("{lo} or more"), True: sentence("over {lo}")}
UNDER = {False: sentence("{hi} or less"), True: sentence("under {hi}")}
AFTER = {False: sentence("from {lo} on"), True: sentence("after {lo}")}
BEFORE = {False: sentence("up to {hi}"), True: sentence("before {hi}")}
# What no fact of a unit is, and conditions may ask all the same.
DAY_WORDS = {
    "judged_on": sentence("day of the charge"),
    "line_start": sentence("first day charged"),
    "cycle_start": sentence("first day of the cycle"),
    "month": sentence("month"),
}


def plain_number(formula: Formula) -> Decimal | None:
    """The number that a formula is; None where there is something to reckon."""
    match formula.root:
        case Num(value=value):
            return value
        case Unary(op="-", operand=Num(value=value)):
            return -value
    return None


def is_sum(formula: Formula) -> bool:
    """Whether a formula is a sum or product that anybody can read, without functions and comparisons."""
    return all(
        isinstance(node, Num | Name) or (isinstance(node, Binary | Unary) and node.op in ("+", "-", "*"))
        for node in walk(formula.root)
    )


class RuleWords:
    """The words for the rules of one schedule."""

    def __init__(self, schedule: FeeSchedule, names: Names, words: Wording) -> None:
        self.schedule, self.names, self.words = schedule, names, words

    # Names

    def known(self, name: str) -> str:
        """The name of a fact by which the schedule knows it."""
        return self.names.aliases.get(name, name)

    def title(self, name: str) -> str:
        """What people call a fact, a formula, a fee; else its name."""
        if name.startswith("fees."):
            return self.fee(name.removeprefix("fees."))
        name = self.known(name)
        for kind in (self.names.facts, self.names.derived):
            if name in kind:
                return self.words.title(titles(kind[name].title, name), name)
        return self.words.text(DAY_WORDS[name]) if name in DAY_WORDS else name

    def fee(self, name: str) -> str:
        fee = self.schedule.fees.get(name)
        return name if fee is None else self.words.title(titles(fee.title, name), name)

    def unit(self, name: str) -> str:
        """What a fact counts, in the words of the language."""
        name = self.known(name)
        told = self.names.facts.get(name) or self.names.derived.get(name)
        unit = "" if told is None else told.unit or ""
        return self.words.text(TIMES[unit]) if unit in TIMES else unit

    # Conditions

    def conditions(self, *cells: Mapping[str, Any]) -> list[str]:
        """What all of several conditions ask for, each fact once."""
        asked: dict[str, list[str]] = {}
        for each in cells:
            for name, cell in each.items():
                asked.setdefault(self.known(name), []).append(str(cell))
        told = [each for name, texts in asked.items() for each in self._asked(name, texts)]
        return [*dict.fromkeys(filter(None, told))]

    def _asked(self, name: str, texts: list[str]) -> list[str]:
        """What several cells on one fact come to: of a choice, the words that satisfy all of them."""
        fact = self.names.facts.get(name)
        if len(texts) == 1 or fact is None or not fact.choice:
            return [self.condition(name, text) for text in texts]
        cells = [Cell.parse(text, type="string", bare=True) for text in texts]
        left = [str(word) for word in fact.choice if all(cell.matches(str(word)) for cell in cells)]
        return (
            [self._said(name, self.words.listed(self._spelling(name, word) for word in left))] if left else []
        )

    def condition(self, name: str, text: str) -> str:
        """A cell in words; "" where it holds for every value."""
        read = self._read(name, text)
        if read is None:
            # Another fact, or a formula, stands in the cell.
            return self._said(name, self.formula_text(text))
        kind, cell = read
        if cell.any:
            return ""
        said = [self._test(name, kind, test) for test in cell.tests]
        if cell.null:
            said.insert(0, self.words.text("not given"))
        values = self.words.listed(said)
        if cell.negated:
            values = self.words.text("other than {values}", values=values)
        return self._said(name, values)

    def _said(self, name: str, values: str) -> str:
        """What a fact must be; of what a unit is, the word alone says it."""
        if self.known(name) in ("kind", "type"):
            return values
        return self.words.text("{fact}: {values}", fact=self.title(name), values=values)

    def clauses(self, told: Iterable[str]) -> str:
        """Several conditions, each of which may list values."""
        return reduce(
            lambda several, another: self.words.text(
                "{several}; {another}", several=several, another=another
            ),
            told,
        )

    def _read(self, name: str, text: str) -> tuple[FactKind, Cell] | None:
        """A cell, and of what kind its values are: what the plan works out itself says that by its cells."""
        fact = self.names.facts.get(self.known(name))
        kinds: tuple[FactKind, ...] = ("decimal", "date", "datetime", "boolean", "text")
        if fact is not None:
            kinds = (fact.kind,)
        elif self.known(name) in self.names.leaves:
            kinds = ("text",)
        for kind in kinds:
            with suppress(CellError):
                return kind, Cell.parse(text, type=CELL_TYPES[kind], bare=kind in ("choice", "text"))
        return None

    def _test(self, name: str, kind: FactKind, test: Range | Unequal) -> str:
        words = self.words
        if isinstance(test, Unequal):
            return words.text("other than {values}", values=self._value(name, kind, test.value))
        if test.is_point:
            return self._value(name, kind, test.lo)
        lo, hi = (None if each is None else self._value(name, kind, each) for each in (test.lo, test.hi))
        if lo is None and hi is None:
            return words.text("any")
        days = kind in ("date", "datetime")
        if hi is None:
            return words.text((AFTER if days else OVER)[test.lo_open], lo=lo or "")
        if lo is None:
            return words.text((BEFORE if days else UNDER)[test.hi_open], hi=hi)
        if days and not test.lo_open:
            return self.clauses([words.text(AFTER[False], lo=lo), words.text(BEFORE[test.hi_open], hi=hi)])
        return words.text(BETWEEN[test.lo_open, test.hi_open], lo=lo, hi=hi)

    def _value(self, name: str, kind: FactKind, value: Any) -> str:
        words = self.words
        match value:
            case bool():
                return words.text("yes") if value else words.text("no")
            case Decimal():
                return self.counted(words.number(value), name)
            case datetime():
                return words.moment(value)
            case date():
                return words.day(value)
        return self._spelling(name, str(value))

    def _spelling(self, name: str, value: str) -> str:
        """A word of a choice as the language spells it, where the fact tells that spelling."""
        fact = self.names.facts.get(self.known(name))
        if fact is None:
            return value
        chinese = self.words.language == "zh"
        spellings = [value, *(said for said, meant in fact.words.items() if str(meant) == value)]
        return next((each for each in spellings if bool(CHINESE.search(each)) == chinese), value)

    def counted(self, number: str, name: str) -> str:
        """A number of what a fact counts: 90 m², 6 months."""
        name = self.known(name)
        told = self.names.facts.get(name) or self.names.derived.get(name)
        unit = "" if told is None else told.unit or ""
        if unit in UNITS:
            return self.words.count(UNITS[unit], number)
        return number if unit == self.schedule.currency else f"{number} {unit}".strip()

    # Formulas

    def formula(self, formula: Formula) -> str:
        """A number, or arithmetic over what people call its facts."""
        formula = self.resolved(formula)
        number = plain_number(formula)
        return self.formula_text(str(formula)) if number is None else self.words.number(number)

    def resolved(self, formula: Formula) -> Formula:
        """What a parameter stands for, where a formula is nothing but its name."""
        seen: set[str] = set()
        while (name := self.name_of(formula)) in self.names.parameters and name not in seen:
            seen.add(name)
            formula = self.names.parameters[name]
        return formula

    def formula_text(self, text: str) -> str:
        named = _NAME.sub(lambda found: self._number_or_title(found[0]), text)
        return "".join(_SIGNS.get(each, each) for each in named)

    def _number_or_title(self, name: str) -> str:
        parameter = self.names.parameters.get(name)
        number = None if parameter is None else plain_number(self.resolved(parameter))
        return self.title(name) if number is None else self.words.number(number)

    def share(self, value: Any) -> str:
        """A formula as a percentage."""
        if not isinstance(value, Formula):
            return ""
        number = plain_number(self.resolved(value))
        return self.formula(value) if number is None else self.words.percent(number)

    def sum(self, value: Formula) -> str:
        """A formula as an amount of money."""
        number = plain_number(self.resolved(value))
        return self.formula(value) if number is None else self.words.money(number, self.schedule.currency)

    # Units and times

    def duration(self, minutes: int) -> str:
        for unit, size in (("day", 1440), ("hour", 60)):
            if minutes % size == 0:
                return self.words.count(UNITS[unit], str(minutes // size))
        return self.words.count(MINUTES, str(minutes))

    def per(self, quantity: str, time: str) -> str:
        """What a price is for: m² · month."""
        told = [*filter(None, [quantity, self.words.text(TIMES[time]) if time in TIMES else ""])]
        if len(told) == 2:
            return self.words.text("{quantity} and {time}", quantity=told[0], time=told[1])
        return told[0] if told else ""

    def priced(self, price: str, per: str) -> str:
        return self.words.text("{price} per {unit}", price=price, unit=per) if per else price

    def table(self, value: Any) -> TableValue | None:
        """The table that a value is, or that it names."""
        if isinstance(value, Formula):
            return self.names.tables.get(self.name_of(value))
        return value if isinstance(value, TableValue) else None

    def name_of(self, formula: Formula) -> str:
        """The one name that a formula is; "" where it is more."""
        return formula.root.name if isinstance(formula.root, Name) else ""

    def cycle(self, every: Every | None) -> str:
        words = self.words
        every = every or Every(cycle="month")
        if every.season is not None:
            first, last = (
                words.text("{month}/{day}", month=str(month), day=str(day)) for month, day in _ends(every)
            )
            return words.text("each season, {first} to {last}", first=first, last=last)
        if every.once is not None:
            return words.text("once")
        if every.use is not None:
            return words.text("for each use")
        if every.months is not None and every.months not in (1, 3, 6, 12):
            return words.text("every {months}", months=words.count(UNITS["month"], str(every.months)))
        return words.text(CYCLES[{1: "month", 3: "quarter", 6: "half_year", 12: "year"}[every.length or 1]])


def _ends(every: Every) -> Iterator[tuple[int, int]]:
    assert every.season is not None
    yield every.season.from_
    yield every.season.through
