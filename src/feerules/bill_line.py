"""One line of a bill: its numbers, its JSON, and the sentences that explain it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from feerules.money import Rounding
from feerules.reckoning import UNITS, Reckoning, Step, Told
from feerules.wording import Wording, sentence, translate

__all__ = ["LINE_FIELDS", "BillLine", "Step", "cited", "in_force"]


@dataclass(frozen=True, slots=True)
class BillLine:
    """One amount: a fee, for the days `period_start` ≤ day < `period_end`, owed by `payer`.

    `amount` is what is owed, tax included; net + tax = amount, in `currency`, to the fen. `factor` is
    the time and the multipliers that counted, where quantity × rate × factor tells the amount.
    `charge_id` is the same whenever the same unit, fee, days and version are priced. What `explain` needs
    besides: `basis` says how the amount comes about (rate, percentage, a kind of tiers, parts …),
    `rate_per` what time the rate is for, `rounding` how the line is rounded where that is not half up to
    the fen ("0.1 half_up"), and `factor_exact` the factor as a fraction ("15/31") where it is no decimal.
    """

    charge_id: str
    unit_id: str | None
    account_id: str | None
    payer: str
    payer_id: str | None
    fee: str
    title: Mapping[str, str]
    kind: str
    period_start: date
    period_end: date
    issued_on: date
    due_on: date
    quantity: Decimal | None
    unit: str
    rate: Decimal | None
    factor: Decimal | None
    net: Decimal
    tax_rate: Decimal | None
    tax: Decimal
    amount: Decimal
    currency: str
    document: str
    version: str
    table_row: str
    where: str
    source: Mapping[str, str]
    steps: tuple[Step, ...] = ()
    document_title: Mapping[str, str] = field(default_factory=dict)
    basis: str = ""
    rate_per: str = ""
    rounding: str = ""
    factor_exact: str = ""

    def explain(self, locale: str = "zh_CN") -> str:
        """What a clerk reads to the payer: how the amount came about, who pays it when, and by which rule.

        `locale` is zh_CN or en (also as zh, zh_Hans_CN, en_US, en_GB, with _ or -); ValueError for others.
        A calculation is told with "=" only where its numbers, as written, come to the amount.
        """
        words = translate(locale)
        return words.told(_Explanation(self, words).sentences())

    def calculation(self, locale: str = "zh_CN") -> str:
        """How the amount came about, and nothing else: 89.50 m² × 2.80 = ¥250.60."""
        return _Explanation(self, translate(locale)).told().text

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: money and numbers as strings, days as ISO text."""
        plain = {name: getattr(self, name) for name in LINE_FIELDS}
        for name in _LINE_NUMBERS:
            if plain[name] is not None:
                plain[name] = format(plain[name], "f")
        for name in _LINE_DAYS:
            plain[name] = plain[name].isoformat()
        for name in _LINE_WORDS:
            plain[name] = dict(plain[name])
        plain["steps"] = [step.to_dict() for step in self.steps]
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> BillLine:
        """The line that `to_dict` gave."""
        values = {name: plain[name] for name in LINE_FIELDS}
        for name in _LINE_NUMBERS:
            values[name] = None if values[name] is None else Decimal(values[name])
        for name in _LINE_DAYS:
            values[name] = date.fromisoformat(values[name])
        values["steps"] = tuple(map(Step.from_dict, values["steps"]))
        return cls(**values)


LINE_FIELDS = tuple(each.name for each in fields(BillLine))
_LINE_NUMBERS = ("quantity", "rate", "factor", "net", "tax_rate", "tax", "amount")
_LINE_DAYS = ("period_start", "period_end", "issued_on", "due_on")
_LINE_WORDS = ("title", "source", "document_title")


HEADS = {
    "charge": sentence("{fee} ({period}): {reckoning}."),
    "deposit": sentence("Refundable deposit, {fee} ({period}): {reckoning}."),
    "refund": sentence("Refund, {fee} ({period}): {reckoning}."),
    "credit": sentence("Credit, {fee} ({period}): {reckoning}."),
}
GIVEN_BACK = ("refund", "credit")
PAYERS = {
    "developer": sentence("the developer"),
    "heir": sentence("the heir"),
    "tenant": sentence("the tenant"),
}
ADJUSTMENTS = {
    "times": sentence("by a factor"),
    "plus": sentence("an addition"),
    "minus": sentence("a deduction"),
    "at_most": sentence("an upper limit"),
    "at_least": sentence("a lower limit"),
    "free_months": sentence("free months"),
    "per_unit": sentence("an addition per unit"),
}
OF_WHAT = {"part": sentence("Of which: {steps}."), "register": sentence("Registers: {steps}.")}
LIMITS = {
    "minimum": (sentence("Minimum: {amount}."), sentence("A minimum applies.")),
    "maximum": (sentence("Maximum: {amount}."), sentence("A maximum applies.")),
}


class _Explanation:
    """The sentences on one bill line, from nothing but what the line carries."""

    def __init__(self, line: BillLine, words: Wording) -> None:
        self.line, self.words = line, words
        self.given_back = line.kind in GIVEN_BACK
        factor = Fraction(1) if line.factor is None else Fraction(line.factor_exact or line.factor)
        # A sum to be given back is not passed on.
        basis = line.basis if line.kind == "charge" or line.basis != "pass_through" else ""
        unit = line.unit or ("started_time" if basis == "started_time" else "")
        self.reckoning = Reckoning(
            words, basis, line.quantity, unit, line.rate, factor, line.rate_per,
            line.currency, line.rounding, line.steps,
        )  # fmt: skip

    def sentences(self) -> Iterator[str]:
        line, words, told = self.line, self.words, self.told()
        last = line.period_end - timedelta(days=1)
        head = HEADS.get(line.kind, HEADS["charge"])
        fee, period = words.title(line.title, line.fee), words.days(line.period_start, last)
        yield words.text(head, fee=fee, period=period, reckoning=told.text)
        yield from self._steps(told)
        if line.tax_rate is not None:
            yield self._tax(told)
        if line.payer != "owner":
            message = sentence("Returned to {payer}.") if self.given_back else sentence("Payable by {payer}.")
            yield words.text(message, payer=words.text(PAYERS[line.payer]))
        message = sentence("To be returned by {day}.") if self.given_back else sentence("Due on {day}.")
        yield words.text(message, day=words.day(line.due_on))
        yield words.text("Rule: {rule}.", rule=self._rule())
        if source := self._source(line.source):
            yield words.text("Source: {source}.", source=source)

    def told(self) -> Told:
        return self.reckoning.told(self._given(self.line.amount), self._given(self.line.net))

    def _given(self, amount: Decimal) -> Decimal:
        """What is given back is told as the positive sum that comes back."""
        return amount.copy_negate() if self.given_back and amount else amount

    def _steps(self, told: Told) -> Iterator[str]:
        words, steps = self.words, self.line.steps
        components = {(step.name, step.rate): step for step in steps if step.kind == "component"}
        if components:
            told_ones = words.listed(map(self._component, components.values()))
            yield words.text("Rate components: {components}.", components=told_ones)
        yield from self._metered()
        adjustments = [*self._adjusted([step for step in steps if step.kind == "adjustment"])]
        if adjustments:
            yield words.text("Adjustments: {adjustments}.", adjustments=words.listed(adjustments))
        if not told.explained:
            yield from (
                self._limit(step) for step in steps if step.kind == "limit" and self._may_decide(step)
            )

    def _metered(self) -> Iterator[str]:
        """What the parts and registers are of, what was counted before, and how a price was guided."""
        words, reckoning = self.words, self.reckoning
        for kind, message in OF_WHAT.items():
            steps = [step for step in self.line.steps if step.kind == kind and step.quantity is not None]
            # A part that costs nothing is no part of the amount; a register may well show nothing.
            steps = [step for step in steps if step.amount or kind == "register"]
            texts = dict.fromkeys(map(reckoning.step_text, steps))
            if texts:
                yield words.text(message, steps=words.listed(texts))
        for step in self.line.steps:
            if step.kind == "counted" and step.quantity is not None:
                yield words.text(
                    "Counted before: {quantity}.", quantity=reckoning.quantity_text(step.quantity)
                )
        yield from self._guided()

    def _guided(self) -> Iterator[str]:
        """The base prices and the floats, each pair once: a fee judged month by month may have several."""
        words = self.words
        rates = [step.rate for step in self.line.steps if step.kind == "guided" and step.rate is not None]
        for base, chosen in dict.fromkeys(zip(rates[::2], rates[1::2], strict=True)):
            yield words.text(
                "Guided price: base {base}, float {float}.",
                base=self.reckoning.rate_text(base), float=words.percent(chosen),
            )  # fmt: skip

    def _may_decide(self, limit: Step) -> bool:
        """Whether the amount may be that of a limit, or the part of it that part of a cycle gets."""
        if limit.amount is None:
            return True
        least, most = sorted((self._given(self.line.amount), self._given(self.line.net)))
        reached = Rounding()(limit.amount)
        whole = self.reckoning.factor == 1 and not any(step.kind == "month" for step in self.line.steps)
        return reached in (least, most) or (reached > least and (limit.name == "minimum" or not whole))

    def _component(self, step: Step) -> str:
        rate = self.reckoning.rate_text(step.rate or Decimal(0))
        return self.words.text("{name} {amount}", name=self.reckoning.name(step), amount=rate)

    def _adjusted(self, steps: Sequence[Step]) -> Iterator[str]:
        """Each adjustment once, with the months that it is for where the fee is judged month by month."""
        words = self.words
        charged = {step.on for step in self.line.steps if step.kind == "month" and step.amount}
        for number in dict.fromkeys(step.name for step in steps if step.on is None or step.on in charged):
            same = [step for step in steps if step.name == number]
            text = self._adjustment(same[0])
            months = dict.fromkeys(words.month(step.on) for step in same if step.on in charged and step.on)
            if months:
                text = words.text("{adjustment} in {months}", adjustment=text, months=words.listed(months))
            if source := self._source(same[0].source):
                text = words.text("{adjustment} (source: {source})", adjustment=text, source=source)
            yield text

    def _adjustment(self, step: Step) -> str:
        title, change = self.words.title(step.title), self._change(step)
        if title and change:
            return self.words.text("{name} ({change})", name=title, change=change)
        return title or change or self.words.text(ADJUSTMENTS[step.action])

    def _change(self, step: Step) -> str:
        """What an adjustment does, where it is a plain number."""
        words = self.words
        if step.action == "times" and step.rate is not None:
            return f"× {words.number(step.rate)}"
        if step.action == "free_months" and step.quantity is not None:
            months = words.count(UNITS["month"], words.number(step.quantity))
            return words.text("{months} free", months=months)
        if step.amount is None:
            return ""
        amount = self.reckoning.money(step.amount)
        messages = {
            "plus": f"+ {amount}",
            "minus": f"− {amount}",
            "at_most": words.text("at most {amount}", amount=amount),
            "at_least": words.text("at least {amount}", amount=amount),
        }
        return messages.get(step.action, "")

    def _limit(self, step: Step) -> str:
        known, unknown = LIMITS[step.name]
        if step.amount is None:
            return self.words.text(unknown)
        return self.words.text(known, amount=self.reckoning.money(step.amount))

    def _tax(self, told: Told) -> str:
        line, money = self.line, self.reckoning.money
        fields = {
            "tax": money(self._given(line.tax)),
            "rate": self.words.percent(line.tax_rate or Decimal(0)),
        }
        if told.before_tax:
            return self.words.text(
                "Plus VAT at {rate} of {tax}, in all {amount}.",
                **fields,
                amount=money(self._given(line.amount)),
            )
        return self.words.text(
            "Of this, {tax} is VAT at {rate}, and {net} is without tax.",
            **fields,
            net=money(self._given(line.net)),
        )

    def _rule(self) -> str:
        line, words = self.line, self.words
        rule = in_force(words.title(line.document_title, line.document), line.version, words)
        if not line.table_row:
            return rule
        message = (
            sentence("{rule}, table row {row}")
            if line.table_row.isdigit()
            else sentence("{rule}, table rows {row}")
        )
        return words.text(message, rule=rule, row=line.table_row)

    def _source(self, source: Mapping[str, str]) -> str:
        return cited(source, self.words)


def in_force(document: str, version: str, words: Wording) -> str:
    """A document and its version, which is its first day unless it has a name."""
    try:
        told = words.text("in force from {day}", day=words.day(date.fromisoformat(version)))
    except ValueError:
        told = words.text("version {version}", version=version)
    return words.text("{document} ({version})", document=document, version=told)


def cited(source: Mapping[str, str], words: Wording) -> str:
    """The document and clause of a legal source; "" where there is none."""
    document, clause = (source.get(name, "") for name in ("document", "clause"))
    if document and clause:
        return words.text("{document}, {clause}", document=document, clause=clause)
    return document or clause
