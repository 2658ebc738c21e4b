"""What a fee costs, in words: one price for each row of its tables and each band of its tiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from feerules.citations import titles
from feerules.documents.charging import (
    Adjustment,
    Charge,
    FactQuantity,
    FeesQuantity,
    Limit,
    Started,
    Tax,
    Tiers,
)
from feerules.documents.formulas import Formula
from feerules.documents.schedule import Fee
from feerules.documents.tables import Row
from feerules.documents.values import FactValue, GuidedValue, SumValue, TableValue
from feerules.notices.in_words import RuleWords, plain_number
from feerules.plan.lookups import NOTES
from feerules.plan.outputs import read_output
from feerules.plan.tariffs import NO_END, UP_TO
from feerules.wording import counted, sentence

__all__ = ["Price", "Pricing"]


@dataclass(frozen=True, slots=True)
class Price:
    """One price: for whom, in words, with its number and unit where it is a plain one."""

    applies: str
    text: str
    rate: Decimal | None = None
    unit: str = ""
    note: str = ""


TIERS = {
    "graduated": sentence("Each part of the quantity at the price of its tier."),
    "volume": sentence("All of the quantity at the price of the tier that is reached."),
    "step": sentence("The sum of the tier that is reached."),
    "surcharge": sentence("What is above a norm costs the surcharge beside the price."),
    "package": sentence("Charged by packages begun."),
}
OVER = {
    "month": sentence("The quantity is that of a month."),
    "season": sentence("The quantity is that of a season."),
    "year": sentence("The quantity is that of a year."),
}
DAYS = counted("{number} day", "{number} days")
HOURS = counted("{number} hour", "{number} hours")
MINUTES = counted("{number} minute", "{number} minutes")
Cells = Mapping[str, Any]
Applies = tuple[Cells, ...]  # conditions that must all hold


class Pricing:
    """The prices and remarks of one fee."""

    def __init__(self, said: RuleWords, fee: Fee) -> None:
        self.said, self.fee, self.words = said, fee, said.words

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
        own = {name for each in (charge.per, charge.pass_through) if isinstance(each, Formula) for name in each.names()}
        return {name: cell for name, cell in charge.applies.items() if not (name in own and str(cell) in ("> 0", ">0"))}

    def _named(self, name: str, price: Price, part: Charge) -> Price:
        title = self.words.title(titles(part.title, name))
        return replace(price, text=self.words.text("{name}: {price}", name=title, price=price.text))

    def _of(self, charge: Charge, applies: Applies) -> Iterator[Price]:
        words = self.words
        if charge.pass_through is not None:
            yield self._plain(applies, words.text("passed on at cost, without mark-up"))
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
        match value:
            case Formula():
                yield self._at(charge, value, applies)
            case TableValue():
                yield from self._rows(charge, value, applies)
            case FactValue():
                text = words.text("as agreed: {fact}", fact=said.title(value.fact))
                if value.times != 1:
                    text = f"{text} × {words.number(value.times)}"
                yield self._plain(applies, text)
            case SumValue():
                for name, each in value.sum.items():
                    for price in self._rated(charge, each, applies):
                        yield replace(price, text=words.text("{name}: {price}", name=said.title(name), price=price.text))
            case GuidedValue():
                for price in self._rated(charge, value.base, applies):
                    yield replace(price, text=self._guided(value, price.text))

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

    def _where(self, heads: Sequence[str], subjects: Sequence[int], row: Row) -> Cells:
        return {heads[n]: str(row.cells[n]) for n in subjects}

    def _output(self, row: Row, at: int) -> Formula | Decimal:
        told = read_output(self.said.names, row.cells[at])
        assert not isinstance(told, tuple)  # a book is loaded without problems
        return told

    def _note(self, heads: Sequence[str], row: Row) -> str:
        told = [str(row.cells[n]) for n, head in enumerate(heads) if head.lower() in NOTES]
        return self._sentence("; ".join(each for each in told if each.strip("-")))

    def _sentence(self, text: str) -> str:
        if not text or text.endswith(("。", ".", "！", "!")):
            return text
        return self.words.text("{reason}.", reason=text)

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
        if isinstance(value, Formula) and (number := plain_number(value)) is not None:
            value = number
        per = charge.per
        if isinstance(per, FeesQuantity):
            fees = words.listed(map(said.fee, per.fees))
            share = words.percent(value) if isinstance(value, Decimal) else said.formula(value)
            return Price(self._for(applies), words.text("{share} of {fees}", share=share, fees=fees), None, "", note)
        unit = said.per(self._quantity(charge), self._time(charge))
        rate = value if isinstance(value, Decimal) else None
        price = said.formula(value) if isinstance(value, Formula) else words.money(value, said.schedule.currency)
        if isinstance(per, Started):
            text = words.text("{price} for each {time} begun", price=price, time=unit)
        else:
            text = said.priced(price, unit)
        if counted := self._number_of(charge):
            text = words.text("{price} × {quantity}", price=text, quantity=counted)
        return Price(self._for(applies), text, rate, unit, note)

    def _number_of(self, charge: Charge) -> str:
        """What the price is multiplied by, where that counts nothing that has a unit."""
        per = charge.per
        name = per.fact if isinstance(per, FactQuantity) else self.said.name_of(per) if isinstance(per, Formula) else ""
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
                return self._duration(per.started)
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
        names = {per.fact} if isinstance(per, FactQuantity) else per.names() if isinstance(per, Formula) else set()
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

    def _guided(self, value: GuidedValue, price: str) -> str:
        """The base price, and how far from it the price may lie."""
        words, told = self.words, []
        told.append(words.text("base price {price}", price=price))
        if value.up is not None and (up := self._share(value.up)):
            told.append(words.text("at most {share} above", share=up))
        if value.down == "without_limit":
            told.append(words.text("any price below"))
        elif value.down is not None and (down := self._share(value.down)):
            told.append(words.text("at most {share} below", share=down))
        return words.listed(told)

    def _share(self, value: Any) -> str:
        if not isinstance(value, Formula):
            return ""
        number = plain_number(value)
        return self.said.formula(value) if number is None else self.words.percent(number)

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
        outputs = [n for n in range(len(heads)) if n not in (*subjects, end) and heads[n].lower() not in NOTES]
        unit, before = self._quantity(charge), dict[tuple[str, ...], str]()
        if tiers.base is not None:
            yield from self._rated(charge, tiers.base, applies)
        for row in table.rows:
            where = tuple(str(row.cells[n]) for n in subjects)
            last = str(row.cells[end])
            band = self._band(before.get(where), last, unit)
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
        return price

    def _register(self, head: str, charge: Charge) -> str:
        formula = charge.registers.get(head)
        return head if formula is None else self.said.name_of(formula) or head

    def _band(self, before: str | None, last: str, unit: str) -> str:
        words = self.words

        def told(bound: str) -> str:
            number: str
            try:
                number = words.number(Decimal(bound))
            except ArithmeticError:
                number = self.said.formula_text(bound)
            return f"{number} {unit}".strip()

        if last.lower() in NO_END:
            return words.text("over {lo}", lo=told(before)) if before is not None else ""
        if before is None:
            return words.text("{hi} or less", hi=told(last))
        return words.text("over {lo}, up to {hi}", lo=told(before), hi=told(last))

    # Remarks

    def remarks(self) -> list[str]:
        """What changes or limits the price, as sentences."""
        return [*self._about_tiers(), *self._about_times(), *map(self._adjustment, self.fee.adjustments),
                *self._limits(), *self._about_kind(), *self._tax(), *self._written()]  # fmt: skip

    def _charges(self) -> list[Charge]:
        return [self.fee, *self.fee.parts.values()]

    def _about_tiers(self) -> Iterator[str]:
        for charge in self._charges():
            if (tiers := charge.tiers) is None:
                continue
            yield self.words.text(TIERS[tiers.kind])
            if tiers.over is not None and tiers.over.counts in OVER:
                yield self.words.text(OVER[tiers.over.counts])
            for raised in tiers.raise_bounds:
                when = self.said.clauses(self.said.conditions(raised.when)) if raised.when else self.words.text("any")
                by = raised.by or raised.times
                if by is not None:
                    told = self.said.formula(by) if raised.by else f"× {self.said.formula(by)}"
                    yield self.words.text("Where {when}, the bounds are raised: {by}.", when=when, by=told)

    def _about_times(self) -> Iterator[str]:
        words = self.words
        for charge in self._charges():
            per = charge.per
            if isinstance(per, FactQuantity) and per.times != 1:
                yield words.text("The quantity is {fact} × {times}.", fact=self.said.title(per.fact), times=words.number(per.times))
            if isinstance(per, Started):
                if per.free:
                    yield words.text("The first {time} are free.", time=self._duration(per.free))
                if per.cap is not None:
                    cap = self._sum(per.cap)
                    yield words.text("At most {amount} in {time}.", amount=cap, time=self._duration(per.cap_per or 1440))

    def _adjustment(self, each: Adjustment) -> str:
        words, said = self.words, self.said
        change = self._change(each)
        title = words.title(titles(each.title, ""))
        told = words.text("{name} ({change})", name=title, change=change) if title and change else title or change
        conditions = said.conditions(each.when)
        if not conditions:
            return words.text("{reason}.", reason=told)
        return words.text("Where {when}: {change}.", when=said.clauses(conditions), change=told)

    def _change(self, each: Adjustment) -> str:
        words, said = self.words, self.said
        if each.times is not None and isinstance(each.times, Formula):
            return f"× {said.formula(each.times)}"
        for sign, value in (("+", each.plus), ("−", each.minus)):
            if isinstance(value, Formula):
                return f"{sign} {self._sum(value)}"
        if isinstance(each.at_most, Formula):
            return words.text("at most {amount}", amount=self._sum(each.at_most))
        if isinstance(each.at_least, Formula):
            return words.text("at least {amount}", amount=self._sum(each.at_least))
        if each.free_months is not None:
            return words.text("{months} months free", months=said.formula(each.free_months))
        if each.per_unit is not None:
            return self._per_unit(each)
        return ""

    def _per_unit(self, each: Adjustment) -> str:
        words, said, per = self.words, self.said, each.per_unit
        assert per is not None
        change = f"+ {self._share(per.times)}" if per.times is not None else f"+ {self._sum(per.plus)}" if per.plus else ""
        return words.text(
            "{change} for each {unit} of {fact} over {above}",
            change=change, unit=said.unit(said.name_of(per.of)) or "1", fact=said.formula(per.of), above=said.formula(per.above),
        )  # fmt: skip

    def _sum(self, value: Formula) -> str:
        number = plain_number(value)
        if number is None:
            return self.said.formula(value)
        return self.words.money(number, self.said.schedule.currency)

    def _limits(self) -> Iterator[str]:
        for message, limit in ((sentence("Minimum: {amount}."), self.fee.minimum), (sentence("Maximum: {amount}."), self.fee.maximum)):
            if isinstance(limit, Limit) and isinstance(limit.amount, Formula):
                yield self.words.text(message, amount=self._sum(limit.amount))
        ceiling = self.fee.ceiling
        if ceiling is not None and isinstance(ceiling.rate, Formula):
            yield self.words.text("Highest price: {amount}.", amount=self._sum(ceiling.rate))

    def _about_kind(self) -> Iterator[str]:
        if self.fee.kind == "deposit":
            yield self.words.text("A deposit, which is given back.")

    def _tax(self) -> Iterator[str]:
        tax = self.fee.tax
        if isinstance(tax, Tax) and isinstance(tax.rate, Formula):
            rate = self._share(tax.rate)
            message = sentence("VAT of {rate} is included.") if tax.included else sentence("Plus VAT of {rate}.")
            yield self.words.text(message, rate=rate)

    def _written(self) -> Iterator[str]:
        if self.fee.note is not None:
            yield self._sentence(self.words.title(titles(self.fee.note, "")))

    def _duration(self, minutes: int) -> str:
        for forms, size in ((DAYS, 1440), (HOURS, 60)):
            if minutes % size == 0:
                return self.words.count(forms, str(minutes // size))
        return self.words.count(MINUTES, str(minutes))
