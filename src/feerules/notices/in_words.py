"""Rules in words: conditions, formulas, units and times as people read them on a price list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from feerules.citations import titles
from feerules.documents.arithmetic import Name, Num, Unary
from feerules.documents.cells import Cell, CellError, Range, Unequal
from feerules.documents.charging import Every
from feerules.documents.facts import FactKind
from feerules.documents.formulas import Formula
from feerules.documents.schedule import FeeSchedule
from feerules.plan.conditions import CELL_TYPES
from feerules.plan.names import Names
from feerules.reckoning import UNITS
from feerules.wording import Wording, sentence

__all__ = ["RuleWords", "plain_number"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_SIGNS = {"*": "×", "-": "−"}
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


def plain_number(formula: Formula) -> Decimal | None:
    """The number that a formula is; None where there is something to reckon."""
    match formula.root:
        case Num(value=value):
            return value
        case Unary(op="-", operand=Num(value=value)):
            return -value
    return None


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
        return name

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
        return [self._said(name, self.words.listed(self._spelling(name, word) for word in left))] if left else []

    def condition(self, name: str, text: str) -> str:
        """A cell in words; "" where it holds for every value."""
        kind = self._kind(name)
        try:
            cell = Cell.parse(text, type=CELL_TYPES[kind], bare=kind in ("choice", "text"))
        except CellError:
            # Another fact, or a formula, stands in the cell.
            return self._said(name, self.formula_text(text))
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
            lambda several, another: self.words.text("{several}; {another}", several=several, another=another), told
        )

    def _kind(self, name: str) -> FactKind:
        fact = self.names.facts.get(self.known(name))
        if fact is not None:
            return fact.kind
        return "text" if self.known(name) in self.names.leaves else "decimal"

    def _test(self, name: str, kind: FactKind, test: Range | Unequal) -> str:
        words = self.words
        if isinstance(test, Unequal):
            return words.text("other than {values}", values=self._value(name, kind, test.value))
        if test.is_point:
            return self._value(name, kind, test.lo)
        lo, hi = (None if each is None else self._value(name, kind, each) for each in (test.lo, test.hi))
        if lo is None and hi is None:
            return words.text("any")
        if hi is None:
            message = sentence("over {lo}") if test.lo_open else sentence("{lo} or more")
            return words.text(message, lo=lo or "")
        if lo is None:
            message = sentence("under {hi}") if test.hi_open else sentence("{hi} or less")
            return words.text(message, hi=hi)
        return words.text(_BETWEEN[test.lo_open, test.hi_open], lo=lo, hi=hi)

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
        return next((each for each in spellings if bool(_CHINESE.search(each)) == chinese), value)

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
        number = plain_number(formula)
        return self.formula_text(str(formula)) if number is None else self.words.number(number)

    def formula_text(self, text: str) -> str:
        named = _NAME.sub(lambda found: self.title(found[0]), text)
        return "".join(_SIGNS.get(each, each) for each in named)

    # Units and times

    def per(self, quantity: str, time: str) -> str:
        """What a price is for: m² · month."""
        told = [*filter(None, [quantity, self.words.text(TIMES[time]) if time in TIMES else ""])]
        if len(told) == 2:
            return self.words.text("{quantity} and {time}", quantity=told[0], time=told[1])
        return told[0] if told else ""

    def priced(self, price: str, per: str) -> str:
        return self.words.text("{price} per {unit}", price=price, unit=per) if per else price

    def name_of(self, formula: Formula) -> str:
        """The one name that a formula is; "" where it is more."""
        return formula.root.name if isinstance(formula.root, Name) else ""

    def cycle(self, every: Every | None) -> str:
        words = self.words
        every = every or Every(cycle="month")
        if every.season is not None:
            first, last = (words.text("{month}/{day}", month=str(month), day=str(day)) for month, day in _ends(every))
            return words.text("each season, {first} to {last}", first=first, last=last)
        if every.once is not None:
            return words.text("once")
        if every.use is not None:
            return words.text("for each use")
        if every.months is not None and every.months not in (1, 3, 6, 12):
            return words.text("every {months}", months=words.count(UNITS["month"], str(every.months)))
        return words.text(CYCLES[{1: "month", 3: "quarter", 6: "half_year", 12: "year"}[every.length or 1]])


_BETWEEN = {
    (False, False): sentence("{lo} to {hi}"),
    (True, False): sentence("over {lo}, up to {hi}"),
    (False, True): sentence("{lo} or more, under {hi}"),
    (True, True): sentence("over {lo}, under {hi}"),
}


def _ends(every: Every) -> Iterator[tuple[int, int]]:
    assert every.season is not None
    yield every.season.from_
    yield every.season.through
