"""What changes or limits a price, as sentences: tiers, free time, adjustments, limits, tax."""

from __future__ import annotations

from collections.abc import Iterator

from feerules.bill_line import ADJUSTMENTS, LIMITS
from feerules.citations import titles
from feerules.documents.charging import Adjustment, Charge, FactQuantity, Limit, Started, Tax
from feerules.documents.formulas import Formula
from feerules.documents.schedule import Fee, values_in
from feerules.notices.in_words import RuleWords, is_sum, plain_number
from feerules.wording import sentence

__all__ = ["Remarks"]

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


FREE = {
    "from_its_end": sentence("The first {time} are free."),
    "from_the_start": sentence("Up to {time} are free; what is longer pays from its start."),
}
# Which of several rows of a table holds.
HITS = {
    "first": sentence("Of several rows that fit, the first holds."),
    "priority": sentence("Of several rows that fit, the first by rank holds."),
    "collect": sentence("All rows that fit add up."),
    "collect+": sentence("All rows that fit add up."),
    "collect<": sentence("Of several rows that fit, the lowest holds."),
    "collect>": sentence("Of several rows that fit, the highest holds."),
}


def _action(each: Adjustment) -> str:
    return next((name for name in ADJUSTMENTS if getattr(each, name) is not None), "times")


class Remarks:
    """What is to be said of the prices of one fee."""

    def __init__(self, said: RuleWords, fee: Fee) -> None:
        self.said, self.fee, self.words = said, fee, said.words

    def sentences(self) -> list[str]:
        return [*self._about_rows(), *self._about_tiers(), *self._about_times(), *map(self._adjustment, self.fee.adjustments),
                *self._limits(), *self._about_kind(), *self._tax(), *self._written()]  # fmt: skip

    def _charges(self) -> list[Charge]:
        return [self.fee, *self.fee.parts.values()]

    def _about_rows(self) -> Iterator[str]:
        rates = (self.said.table(charge.rate) for charge in self._charges())
        hits = (table.hit for table in rates if table is not None)
        yield from dict.fromkeys(self.words.text(HITS[hit]) for hit in hits if hit in HITS)

    def _about_tiers(self) -> Iterator[str]:
        for charge in self._charges():
            if (tiers := charge.tiers) is None:
                continue
            yield self.words.text(TIERS[tiers.kind])
            if tiers.over is not None and tiers.over.counts in OVER:
                yield self.words.text(OVER[tiers.over.counts])
            for raised in tiers.raise_bounds:
                when = (
                    self.said.clauses(self.said.conditions(raised.when))
                    if raised.when
                    else self.words.text("any")
                )
                by = raised.by or raised.times
                if by is not None:
                    told = self.said.formula(by) if raised.by else f"× {self.said.formula(by)}"
                    yield self.words.text("Where {when}, the bounds are raised: {by}.", when=when, by=told)

    def _about_times(self) -> Iterator[str]:
        words = self.words
        for charge in self._charges():
            per = charge.per
            if isinstance(per, FactQuantity) and per.times != 1:
                yield words.text(
                    "The quantity is {fact} × {times}.",
                    fact=self.said.title(per.fact),
                    times=words.number(per.times),
                )
            if isinstance(per, Started):
                if per.free:
                    yield words.text(FREE[per.beyond_free], time=self.said.duration(per.free))
                if per.cap is not None:
                    cap = self.said.sum(per.cap)
                    yield words.text(
                        "At most {amount} in {time}.",
                        amount=cap,
                        time=self.said.duration(per.cap_per or 1440),
                    )

    def _adjustment(self, each: Adjustment) -> str:
        words, said = self.words, self.said
        change = self._change(each)
        title = words.title(titles(each.title, ""))
        if title and not all(is_sum(value) for value in values_in(each) if isinstance(value, Formula)):
            change = ""  # the title says it better than a formula with functions
        told = title or change or words.text(ADJUSTMENTS[_action(each)])
        if title and change:
            told = words.text("{name} ({change})", name=title, change=change)
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
                return f"{sign} {said.sum(value)}"
        if isinstance(each.at_most, Formula):
            return words.text("at most {amount}", amount=said.sum(each.at_most))
        if isinstance(each.at_least, Formula):
            return words.text("at least {amount}", amount=said.sum(each.at_least))
        if each.free_months is not None:
            return words.text("{months} months free", months=said.formula(each.free_months))
        if each.per_unit is not None:
            return self._per_unit(each)
        return ""

    def _per_unit(self, each: Adjustment) -> str:
        words, said, per = self.words, self.said, each.per_unit
        assert per is not None
        change = f"+ {said.share(per.times)}" if per.times is not None else ""
        if per.plus is not None:
            change = f"+ {said.sum(per.plus)}"
        return words.text(
            "{change} for each {unit} of {fact} over {above}",
            change=change, unit=said.unit(said.name_of(per.of)) or "1", fact=said.formula(per.of), above=said.formula(per.above),
        )  # fmt: skip

    def _limits(self) -> Iterator[str]:
        for name, limit in (("minimum", self.fee.minimum), ("maximum", self.fee.maximum)):
            if isinstance(limit, Limit):
                known, unknown = LIMITS[name]
                if isinstance(limit.amount, Formula):
                    yield self.words.text(known, amount=self.said.sum(limit.amount))
                else:
                    yield self.words.text(unknown)
        ceiling = self.fee.ceiling
        if ceiling is not None and isinstance(ceiling.rate, Formula):
            yield self.words.text("Highest price: {amount}.", amount=self.said.sum(ceiling.rate))

    def _about_kind(self) -> Iterator[str]:
        if self.fee.kind == "deposit":
            yield self.words.text("A deposit, which is given back.")

    def _tax(self) -> Iterator[str]:
        tax = self.fee.tax
        if isinstance(tax, Tax):
            number = plain_number(self.said.resolved(tax.rate)) if isinstance(tax.rate, Formula) else None
            if number is None:
                yield self.words.text("VAT is included.") if tax.included else self.words.text("Plus VAT.")
            else:
                message = (
                    sentence("VAT of {rate} is included.")
                    if tax.included
                    else sentence("Plus VAT of {rate}.")
                )
                yield self.words.text(message, rate=self.words.percent(number))

    def _written(self) -> Iterator[str]:
        if self.fee.note is not None:
            yield self._sentence(self.words.title(titles(self.fee.note, "")))

    def _sentence(self, text: str) -> str:
        if not text or text.endswith(("。", ".", "！", "!")):
            return text
        return self.words.text("{reason}.", reason=text)
