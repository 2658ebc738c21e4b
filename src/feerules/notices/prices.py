"""What a fee costs, in words: one price for each row of its tables and each band of its tiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from feerules.citations import titles
from feerules.documents.charging import Charge, FactQuantity, FeesQuantity, Started, Tiers
from feerules.documents.formulas import Formula
from feerules.documents.schedule import Fee
from feerules.documents.tables import Row
from feerules.documents.values import FactValue, GuidedValue, SumValue, TableValue
from feerules.notices.in_words import RuleWords, plain_number
from feerules.plan.lookups import NOTES
from feerules.plan.outputs import read_output
from feerules.plan.tariffs import NO_END, UP_TO
from feerules.wording import Wording

__all__ = ["Price", "Pricing"]


@dataclass(frozen=True, slots=True)
class Price:
    """One price: for whom, in words, with its number and unit where it is a plain one."""

    applies: str
    text: str
    rate: Decimal | None = None
    unit: str = ""
    note: str = ""


Cells = Mapping[str, Any]
Applies = tuple[Cells, ...]  # conditions that must all hold


class Pricing:
    """The prices of one fee."""

    def __init__(self, said: RuleWords, fee: Fee) -> None:
        self.said, self.fee = said, fee
        self.words: Wording = said.words

    def prices(self) -> list[Price]:
        applies = (self.said.schedule.applies, self._without_nothing(self.fee))
        if self.fee.parts:
            return [
                self._named(name, price, part)
                for name, part in self.fee.parts.items()
                for price in self._of(part, (*applies, self._without_nothing(part)))
            ]
        return list(self._of(self.fee, applies))

    def _without_nothing(self, charge: Charge) -> Cells:
        """For whom a charge is; that nothing is charged for nothing need not be said."""
        own = {
            name
            for each in (charge.per, charge.pass_through)
            if isinstance(each, Formula)
            for name in each.names()
        }
        return {
            name: cell
            for name, cell in charge.applies.items()
            if not (name in own and str(cell) in ("> 0", ">= 0"))
        }

    def _named(self, name: str, price: Price, part: Charge) -> Price:
        title = self.words.title(titles(part.title, name))
        return replace(price, text=self.words.text("{name}: {price}", name=title, price=price.text))

    def _of(self, charge: Charge, applies: Applies) -> Iterator[Price]:
        words = self.words
        if charge.pass_through is not None and self.fee.kind == "charge":
            yield self._plain(applies, words.text("passed on at cost, without mark-up"))
        elif charge.pass_through is not None:
            yield self._plain(applies, words.text("as reckoned in each case"))
        elif charge.share is not None:
            yield self._plain(applies, self._shared(charge))
        elif charge.tiers is not None:
            yield from self._tiered(charge, charge.tiers, applies)
        elif charge.rate is not None:
            yield from self._rated(charge, charge.rate, applies)

    def _plain(self, applies: Applies, text: str) -> Price:
        return Price(self._for(applies), text)

    def _for(self, applies: Applies, *more: str) -> str:
        told = [*self.said.conditions(*applies), *filter(None, more)]
        return self.said.clauses(told) if told else ""

    # Prices

    def _rated(self, charge: Charge, value: Any, applies: Applies) -> Iterator[Price]:
        words, said = self.words, self.said
        if (table := said.table(value)) is not None:
            yield from self._rows(charge, table, applies)
            return
        match value:
            case Formula():
                yield self._at(charge, value, applies)
            case FactValue():
                text = words.text("as agreed: {fact}", fact=said.title(value.fact))
                if value.times != 1:
                    text = f"{text} × {words.number(value.times)}"
                yield self._plain(applies, text)
            case SumValue():
                for name, each in value.sum.items():
                    for price in self._rated(charge, each, applies):
                        yield replace(
                            price, text=words.text("{name}: {price}", name=said.title(name), price=price.text)
                        )
            case GuidedValue():
                for price in self._rated(charge, value.base, applies):
                    yield replace(price, note=self._guided(value, price.note))

    def _rows(self, charge: Charge, table: TableValue, applies: Applies) -> Iterator[Price]:
        if table.table is None:
            return
        heads = [str(head.name) for head in table.table.header]
        subjects = [n for n, head in enumerate(heads) if self.said.names.is_subject(self.said.known(head))]
        outputs = [n for n in range(len(heads)) if n not in subjects and heads[n].lower() not in NOTES]
        if table.components:
            outputs = [n for n, head in enumerate(heads) if head in table.components]
        for row in table.table.rows:
            rows, note = (*applies, self._where(heads, subjects, row)), self._note(heads, row)
            prices = [self._at(charge, self._output(row, n), rows, note) for n in outputs]
            yield prices[0] if len(prices) == 1 else self._added(prices, [heads[n] for n in outputs])
        other = charge.otherwise if table.otherwise is None else table.otherwise
        if isinstance(other, Decimal):
            price = self._at(charge, other, applies)
            yield replace(price, applies=self._for(applies, self.words.text("all others")))

    def _where(self, heads: Sequence[str], subjects: Sequence[int], row: Row) -> Cells:
        return {heads[n]: str(row.cells[n]) for n in subjects}

    def _output(self, row: Row, at: int) -> Formula | Decimal:
        told = read_output(self.said.names, row.cells[at])
        assert not isinstance(told, tuple)  # a book is loaded without problems
        return told

    def _note(self, heads: Sequence[str], row: Row) -> str:
        told = (str(row.cells[n]) for n, head in enumerate(heads) if head.lower() in NOTES)
        return "; ".join(each for each in told if each.strip("-"))

    def _added(self, prices: Sequence[Price], heads: Sequence[str]) -> Price:
        """A price in components, each with its name."""
        words = self.words
        told = [words.text("{name}: {price}", name=self.said.title(head), price=price.text)
                for head, price in zip(heads, prices, strict=True)]  # fmt: skip
        known = [price.rate for price in prices if price.rate is not None]
        total = sum(known, Decimal(0)) if len(known) == len(prices) else None
        return Price(prices[0].applies, words.listed(told), total, prices[0].unit, prices[0].note)

    def _at(self, charge: Charge, value: Formula | Decimal, applies: Applies, note: str = "") -> Price:
        words, said = self.words, self.said
        if isinstance(value, Formula) and (number := plain_number(said.resolved(value))) is not None:
            value = number
        per = charge.per
        if isinstance(per, FeesQuantity):
            fees = words.listed(map(said.fee, per.fees))
            share = words.percent(value) if isinstance(value, Decimal) else said.formula(value)
            return Price(
                self._for(applies), words.text("{share} of {fees}", share=share, fees=fees), None, "", note
            )
        unit = said.per(self._quantity(charge), self._time(charge))
        rate = value if isinstance(value, Decimal) else None
        if isinstance(value, Decimal):
            price = words.money(value, said.schedule.currency)
        else:
            price = said.formula(value)
            price = f"({price})" if unit and not said.name_of(value) else price
        if isinstance(per, Started):
            text = words.text("{price} for each {time} begun", price=price, time=unit)
        else:
            text = said.priced(price, unit)
        if counted := self._number_of(charge):
            text = words.text("{price} × {quantity}", price=text, quantity=counted)
        return Price(self._for(applies), text, rate, unit, note)

    def _number_of(self, charge: Charge) -> str:
        """What the price is multiplied by, where that counts nothing that has a unit."""
        match charge.per:
            case FactQuantity(fact=name):
                pass
            case Formula() as per:
                name = self.said.name_of(per)
            case _:
                name = ""
        return self.said.title(name) if name and not self.said.unit(name) else ""

    def _quantity(self, charge: Charge) -> str:
        """What the price is for one of; "" where it is for the unit itself."""
        said, per = self.said, charge.per
        match per:
            case None:
                registers = [said.unit(said.name_of(each)) for each in charge.registers.values()]
                return next(filter(None, registers), "")
            case FactQuantity():
                return said.unit(per.fact)
            case Started():
                return self.said.duration(per.started)
            case Formula():
                name = said.name_of(per)
                if name:
                    return said.unit(name)
                units = [unit for each in sorted(per.names()) if (unit := said.unit(each))]
                return units[0] if units else said.formula(per)
        return ""

    def _time(self, charge: Charge) -> str:
        """The time that a price is for; "" where it is for what was used, however long that took."""
        fee, per = self.fee, charge.per
        if charge.registers or isinstance(per, Started | FeesQuantity):
            return ""
        names = {per.fact} if isinstance(per, FactQuantity) else set[str]()
        names |= per.names() if isinstance(per, Formula) else set()
        facts = [self.said.names.facts.get(self.said.known(name)) for name in names]
        if any(fact is not None and fact.usage for fact in facts):
            return ""
        if charge.rate_per is not None and charge.rate_per != "cycle":
            return charge.rate_per
        every = fee.every
        if every is None:
            return "month"
        if every.season is not None:
            return "season"
        return {1: "month", 3: "quarter", 6: "half_year", 12: "year"}.get(every.length or 0, "")

    def _guided(self, value: GuidedValue, note: str) -> str:
        """How far from the base price the price may lie, after what the table notes."""
        words, share = self.words, self.said.share
        told = [note, words.text("base price")]
        if value.up is not None and (up := share(value.up)):
            told.append(words.text("at most {share} above", share=up))
        if value.down == "without_limit":
            told.append(words.text("any price below"))
        elif value.down is not None and (down := share(value.down)):
            told.append(words.text("at most {share} below", share=down))
        return words.listed(filter(None, told))

    def _shared(self, charge: Charge) -> str:
        assert charge.share is not None
        by = charge.share.by
        text = self.words.text("a share of the actual cost")
        if isinstance(by, Formula) and by.names():
            return self.words.text("{text}, by {weight}", text=text, weight=self.said.formula(by))
        return text

    # Tiers

    def _tiered(self, charge: Charge, tiers: Tiers, applies: Applies) -> Iterator[Price]:
        table = tiers.table.table
        if table is None:
            return
        heads = [str(head.name) for head in table.header]
        end = next(n for n, head in enumerate(heads) if head.lower() in UP_TO)
        subjects = [
            n for n, head in enumerate(heads) if n != end and head not in charge.registers
            and self.said.names.is_subject(self.said.known(head))
        ]  # fmt: skip
        outputs = [
            n for n in range(len(heads)) if n not in (*subjects, end) and heads[n].lower() not in NOTES
        ]
        unit, before = self._quantity(charge), dict[tuple[str, ...], str]()
        if tiers.base is not None:
            yield from self._rated(charge, tiers.base, applies)
        for row in table.rows:
            where = tuple(str(row.cells[n]) for n in subjects)
            last = str(row.cells[end])
            band = self._band(charge.per, before.get(where), last, unit)
            before[where] = last
            rows = (*applies, self._where(heads, subjects, row))
            prices = [self._in_band(charge, tiers, row, n, rows) for n in outputs]
            names = [self._register(heads[n], charge) for n in outputs]
            price = prices[0] if len(prices) == 1 else self._added(prices, names)
            yield replace(price, applies=self._for(rows, band), note=self._note(heads, row))

    def _in_band(self, charge: Charge, tiers: Tiers, row: Row, at: int, applies: Applies) -> Price:
        price = self._at(charge, self._output(row, at), applies)
        if tiers.kind == "step" and price.rate is not None:
            text = self.words.money(price.rate, self.said.schedule.currency)
            return replace(price, text=text, unit="")
        if tiers.kind == "package" and price.rate is not None:
            amount = self.words.money(price.rate, self.said.schedule.currency)
            size = f"{self.words.number(tiers.size or Decimal(1))} {self._quantity(charge)}".strip()
            return replace(
                price,
                text=self.words.text("{price} for each {time} begun", price=amount, time=size),
                unit=size,
            )
        return price

    def _register(self, head: str, charge: Charge) -> str:
        formula = charge.registers.get(head)
        return head if formula is None else self.said.name_of(formula) or head

    def _band(self, per: object, before: str | None, last: str, unit: str) -> str:
        words = self.words

        def told(bound: str) -> str:
            number: str
            try:
                number = words.number(Decimal(bound))
            except ArithmeticError:
                number = self.said.formula_text(bound)
            return f"{number} × {unit}" if isinstance(per, Started) else f"{number} {unit}".strip()

        if last.lower() in NO_END:
            return words.text("over {lo}", lo=told(before)) if before is not None else ""
        if before is None:
            return words.text("{hi} or less", hi=told(last))
        return words.text("over {lo}, up to {hi}", lo=told(before), hi=told(last))
