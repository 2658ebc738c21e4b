"""How an amount came about, as a person checks it with a calculator: 89.50 m² × 2.80 × 15/31 months."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from feerules.money import ROUNDING_MODES, Rounding, from_scaled
from feerules.wording import Wording, counted, sentence

__all__ = ["UNITS", "Reckoning", "Step", "Told"]

STEP_NUMBERS = ("quantity", "rate", "amount")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that went into an amount: a component of the rate, a slice of the tiers, an adjustment …

    `kind` is one of component, slice, part, register, counted (what tiers had counted before), guided
    (the base and the float of a guided price), adjustment, month, limit; `quantity`, `rate` and `amount`
    are given where they mean something, in the line's currency and its unit (a part has its own `unit`).
    `action` is what an adjustment does: times (its `rate`), plus, minus, at_most, at_least (its
    `amount`), free_months (its `quantity`), per_unit; `source` is its legal source; `on` is the month of
    a fee that is judged month by month.
    """

    kind: str
    name: str
    title: Mapping[str, str] = field(default_factory=dict)
    quantity: Decimal | None = None
    rate: Decimal | None = None
    amount: Decimal | None = None
    on: date | None = None
    action: str = ""
    unit: str = ""
    source: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON of what is given."""
        plain: dict[str, Any] = {"kind": self.kind, "name": self.name}
        if self.action:
            plain["action"] = self.action
        if self.title:
            plain["title"] = dict(self.title)
        for name in STEP_NUMBERS:
            value = getattr(self, name)
            if value is not None:
                plain[name] = format(value, "f")
        if self.on is not None:
            plain["on"] = self.on.isoformat()
        if self.unit:
            plain["unit"] = self.unit
        if self.source:
            plain["source"] = dict(self.source)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Step:
        """The step that `to_dict` gave."""
        numbers = {name: Decimal(plain[name]) for name in STEP_NUMBERS if name in plain}
        on = date.fromisoformat(plain["on"]) if "on" in plain else None
        title, source = plain.get("title", {}), plain.get("source", {})
        action, unit = plain.get("action", ""), plain.get("unit", "")
        return cls(
            plain["kind"], plain["name"], title, **numbers, on=on, action=action, unit=unit, source=source
        )


class Figure(NamedTuple):
    """A number or a calculation as it is written, and what the numbers written come to."""

    text: str
    value: Fraction
    form: Literal["number", "product", "sum"] = "number"
    name: str = ""


class Told(NamedTuple):
    """How an amount came about: whether a calculation explains it, and whether that leaves out the tax."""

    text: str
    explained: bool = False
    before_tax: bool = False


UNITS = {
    "day": counted("{number} day", "{number} days"),
    "half_year": counted("{number} half-year", "{number} half-years"),
    "hour": counted("{number} hour", "{number} hours"),
    "household": counted("{number} household", "{number} households"),
    "month": counted("{number} month", "{number} months"),
    "person": counted("{number} person", "{number} persons"),
    "quarter": counted("{number} quarter", "{number} quarters"),
    "started_time": counted("{number} started unit", "{number} started units"),
    "year": counted("{number} year", "{number} years"),
}
BASES = {
    "pass_through": sentence("passed on at cost"),
    "share": sentence("a share of a common cost"),
    "volume": sentence("all at the price of the tier reached"),
    "step": sentence("the sum of the tier reached"),
    "package": sentence("by started packages"),
    "registers": sentence("by time of use"),
    "started_time": sentence("by started units of time"),
}
# Beyond these, a fraction tells a person less than decimals do, and exact decimals less than rounded ones.
LARGEST_DENOMINATOR = 366
MOST_PLACES = 12


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The numbers of a bill line on the way to its amount.

    A calculation is told with "=" only where the numbers as they are written come to the amount, if need
    be after the fee's `rounding`. Where they do not (rounding on the way, limits, prices that are no
    product) they are named, and the amount beside them.
    """

    words: Wording
    basis: str
    quantity: Decimal | None
    unit: str
    rate: Decimal | None
    factor: Fraction
    rate_per: str
    currency: str
    rounding: str
    steps: Sequence[Step]

    def told(self, amount: Decimal, net: Decimal) -> Told:
        """How the amount came about, or that part of it which is not tax."""
        whole = self.money(amount)
        before_tax = self.words.text("{amount} before tax", amount=self.money(net))
        for figure in self._calculations():
            if text := self._equation(figure, Fraction(amount), whole):
                return Told(text, explained=True)
            if text := self._equation(figure, Fraction(net), before_tax):
                return Told(text, explained=True, before_tax=True)
        details = [*self._details()]
        if not details:
            return Told(whole)
        return Told(
            self.words.text("{details}; amount: {amount}", details=self.words.listed(details), amount=whole)
        )

    def money(self, amount: Decimal) -> str:
        return self.words.money(amount, self.currency)

    # Equations

    def _equation(self, figure: Figure, target: Fraction, result: str) -> str:
        """The calculation with its result, where it comes to the target; else ""."""
        words = self.words
        if figure.value == target:
            if figure.form != "number":
                return words.text("{formula} = {result}", formula=figure.text, result=result)
            return words.text("{name} {amount}", name=figure.name, amount=result) if figure.name else result
        if self._rounded(figure.value) != target:
            return ""
        unrounded = figure.text if figure.form == "number" else self._unrounded(figure, target)
        message = sentence("{calculation}, rounded to {amount}")
        if self.rounding:
            message = sentence("{calculation}, by the rounding of this fee {amount}")
        return unrounded and words.text(message, calculation=unrounded, amount=result)

    def _unrounded(self, figure: Figure, target: Fraction) -> str:
        """The calculation with its exact result, or with enough decimals to see how it is rounded."""
        words, value = self.words, figure.value
        exact = _decimal(value, MOST_PLACES)
        if exact is not None:
            return words.text("{formula} = {result}", formula=figure.text, result=words.number(exact))
        for places in range(4, MOST_PLACES):
            near = _round(value, Rounding.to_places(places))
            if self._rounded(Fraction(near)) == target:
                return words.text("{formula} ≈ {result}", formula=figure.text, result=words.number(near, 4))
        return ""

    def _rounded(self, value: Fraction) -> Fraction:
        """A number after the roundings of the fee's line, as the amount is rounded."""
        for rounding in _roundings(self.rounding):
            value = Fraction(_round(value, rounding))
        return value

    # Calculations, of which the first that comes to the amount is told

    def _calculations(self) -> Iterator[Figure]:
        if named := self._sums():
            yield _sum(named)
            if not self._of("month"):
                yield self._adjusted(_sum(named), ("times", "plus", "minus"))
        elif (price := self._price()) is not None:
            figure = _product([price, *self._factors()])
            yield figure
            yield self._adjusted(figure, ("plus", "minus"))
            free = sum(Fraction(step.quantity or 0) for step in self._of("adjustment"))
            if free and self.rate_per == "month":
                yield _product([price, *self._factors(less=Fraction(free))])

    def _sums(self) -> list[Figure]:
        """The months of a fee judged month by month, or the parts of a fee in parts: those that cost anything."""
        months = [step for step in self._of("month") if step.on]
        steps = months or self._of("part")
        steps = [step for step in steps if step.amount] or steps[:1]
        return [
            self._named(self.words.month(step.on) if step.on else self.name(step), step.amount)
            for step in steps
        ]

    def _price(self) -> Figure | None:
        """The quantity at its price or prices, before any factor."""
        product = self._at_rate(self.quantity, self.rate)
        slices = [self._slice(step) for step in self._slices()]
        if self.basis == "surcharge" and product is not None:
            slices.insert(0, product)
        return _sum([each for each in slices if each is not None]) if slices else product

    def _slices(self) -> Sequence[Step]:
        """The slices of the tiers, where they are slices of this line's quantity."""
        slices = self._of("slice")
        whole = sum(Fraction(step.quantity or 0) for step in slices)
        return slices if self.quantity is not None and whole == Fraction(self.quantity) else ()

    def _slice(self, step: Step) -> Figure | None:
        figure = self._at_rate(step.quantity, step.rate)
        if figure is None or self.basis != "registers":
            return figure
        text = self.words.text("{name} {amount}", name=self.name(step), amount=figure.text)
        return Figure(text, figure.value, figure.form)

    def _at_rate(self, quantity: Decimal | None, rate: Decimal | None) -> Figure | None:
        if quantity is None or rate is None:
            return None
        price = Figure(self.rate_text(rate), Fraction(rate))
        # One of something without a unit is a fixed price.
        if quantity == 1 and not self.unit:
            return price
        return _product([Figure(self.quantity_text(quantity), Fraction(quantity)), price])

    def _factors(self, less: Fraction = Fraction(0)) -> list[Figure]:
        """The factor as the time charged, but for `less`, and, each for itself, the adjustments that multiply."""
        times = [step for step in self._of("adjustment") if step.action == "times"]
        known = [Fraction(step.rate) for step in times if step.rate]
        time, unit = self.factor, self.rate_per
        if len(known) < len(times):
            known, unit = [], ""
        for each in known:
            time /= each
        time -= less
        figures = [] if time == 1 else [self._time(time, unit)]
        return figures + [self._ratio(each) for each in known]

    def _time(self, time: Fraction, unit: str) -> Figure:
        figure = self._ratio(time)
        if unit not in UNITS:
            return figure
        return Figure(self.words.count(UNITS[unit], figure.text), figure.value)

    def _ratio(self, value: Fraction) -> Figure:
        exact = _decimal(value, 6)
        if exact is None and value.denominator <= LARGEST_DENOMINATOR:
            return Figure(f"{value.numerator}/{value.denominator}", value)
        written = _round(value, Rounding.to_places(6)) if exact is None else exact
        return Figure(self.words.number(written), Fraction(written))

    def _adjusted(self, figure: Figure, actions: Sequence[str]) -> Figure:
        """A calculation with the adjustments that are plain numbers, in the order written."""
        for step in self._of("adjustment"):
            if step.action not in actions:
                continue
            if step.rate is not None:
                figure = _product([figure, self._ratio(Fraction(step.rate))])
            elif step.amount is not None:
                change = Fraction(step.amount)
                less = step.action == "minus"
                text = f"{figure.text} {'−' if less else '+'} {self.money(step.amount)}"
                figure = Figure(text, figure.value - change if less else figure.value + change, "sum")
        return figure

    # What stands beside an amount that no calculation gives

    def _details(self) -> Iterator[str]:
        sums = self._sums()
        yield from (figure.text for figure in sums)
        # The quantity of a capped visit is that of its last day.
        if not sums and self.basis != "started_time":
            yield from self._quantities()
        if self.basis in BASES:
            yield self.words.text(BASES[self.basis])

    def _quantities(self) -> Iterator[str]:
        if slices := self._slices():
            for step in slices:
                yield self.at_text(step.quantity, step.rate)
        elif self.quantity is not None:
            yield self.at_text(self.quantity, self.rate)
        if self.factor != 1:
            yield self.words.text("factor {factor}", factor=self._ratio(self.factor).text)

    def step_text(self, step: Step) -> str:
        """What a part or a register is of, by its name: basic charge 100 m² at 12.00."""
        of = replace(self, unit=step.unit if step.kind == "part" else self.unit)
        return self.words.text(
            "{name} {amount}", name=self.name(step), amount=of.at_text(step.quantity, step.rate)
        )

    def at_text(self, quantity: Decimal | None, rate: Decimal | None) -> str:
        assert quantity is not None
        if rate is None:
            return self.quantity_text(quantity)
        if quantity == 1 and not self.unit:
            return self.words.text("rate {rate}", rate=self.rate_text(rate))
        return self.words.text(
            "{quantity} at {rate}", quantity=self.quantity_text(quantity), rate=self.rate_text(rate)
        )

    # Texts

    def _of(self, kind: str) -> list[Step]:
        return [step for step in self.steps if step.kind == kind]

    def name(self, step: Step) -> str:
        return self.words.title(step.title, step.name.replace("_", " "))

    def _named(self, name: str, amount: Decimal | None) -> Figure:
        amount = amount or Decimal("0.00")
        text = self.words.text("{name} {amount}", name=name, amount=self.money(amount))
        return Figure(text, Fraction(amount), name=name)

    @property
    def _of_money(self) -> bool:
        return self.basis == "percentage" or self.unit in ("CNY", self.currency)

    def quantity_text(self, quantity: Decimal) -> str:
        """A quantity with its unit; money where the quantity is an amount."""
        if self._of_money:
            return self.money(quantity)
        # 89.50 m², but 10 m³: two decimals are how areas are written, none how whole numbers are.
        places = 0 if quantity == quantity.to_integral_value() else min(2, -int(quantity.as_tuple().exponent))
        number = self.words.number(quantity, places)
        if self.unit in UNITS:
            return self.words.count(UNITS[self.unit], number)
        return f"{number} {self.unit}".rstrip()

    def rate_text(self, rate: Decimal) -> str:
        """A price with at least two decimals; a percentage where it is a share of an amount."""
        return self.words.percent(rate) if self._of_money else self.words.number(rate, 2)


def _sum(figures: Sequence[Figure]) -> Figure:
    if len(figures) == 1:
        return figures[0]
    total = sum((each.value for each in figures), Fraction(0))
    return Figure(" + ".join(each.text for each in figures), total, "sum")


def _product(figures: Sequence[Figure]) -> Figure:
    if len(figures) == 1:
        return figures[0]
    value = Fraction(1)
    for each in figures:
        value *= each.value
    texts = (f"({each.text})" if each.form == "sum" else each.text for each in figures)
    return Figure(" × ".join(texts), value, "product")


def _decimal(value: Fraction, places: int) -> Decimal | None:
    """The same number as a Decimal, where so many places hold it."""
    scaled = value * 10**places
    return from_scaled(scaled.numerator, places) if scaled.denominator == 1 else None


def _round(value: Fraction, rounding: Rounding) -> Decimal:
    return from_scaled(rounding.divide(value.numerator, value.denominator), rounding.places)


def _roundings(text: str) -> Iterator[Rounding]:
    """What "0.1 half_up, 1 down" says, in order; whatever it is, an amount is whole fen in the end."""
    for each in text.split(", ") if text else ():
        unit, _, word = each.partition(" ")
        yield Rounding(Decimal(unit), next(mode for mode in ROUNDING_MODES if mode == word))
    yield Rounding()
