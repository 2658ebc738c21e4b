"""From the numbers of a plan to what a bill line tells: the fee, its days, and each step to the amount."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import gcd
from typing import Any

from feerules.bill import BillLine, Step
from feerules.documents.arithmetic import Num
from feerules.documents.charging import Adjustment, FeesQuantity, Source, Started
from feerules.documents.fields import Words
from feerules.documents.formulas import Formula
from feerules.documents.schedule import Fee
from feerules.money import from_scaled
from feerules.periods import from_day_number
from feerules.plan.lines import PAYERS, LineAbout
from feerules.plan.nodes import Node, Slot

__all__ = ["Teller", "about_of", "charge_id", "source_of", "source_text"]

Numbers = Sequence[int]


class Teller:
    """Makes the lines of one slot; its `nodes` stand in the numbers from `first` on."""

    def __init__(self, slot: Slot, first: int) -> None:
        self.about = about_of(slot)
        self.nodes: list[Node] = []
        self._first = first
        self._at = {name: self._add(node) for name, node in slot.values.items()}
        self._scales = {name: node.scale for name, node in slot.values.items()}
        self._factor = self._fraction() if "factor" in slot.values else None
        self._steps = list(self._stepping())
        self._same = self._what_never_changes()

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return self._first + len(self.nodes) - 1

    def _what_never_changes(self) -> dict[str, Any]:
        about, fee, schedule = self.about, self.about.fee, self.about.schedule
        return {
            "fee": about.fee_id,
            "title": titles(fee.title, about.fee_id),
            "kind": fee.kind,
            "unit": about.shown.unit,
            "currency": schedule.currency,
            "document": schedule.id,
            "version": schedule.version_name,
            "where": str(fee.where),
            "source": source_of(fee.source or schedule.source),
            "document_title": titles(schedule.title, ""),
            "basis": basis_of(fee),
            "rate_per": _rate_per(about),
            "rounding": _rounding(fee),
        }

    # Numbers

    def _number(self, name: str, numbers: Numbers) -> Decimal | None:
        at = self._at.get(name)
        return None if at is None else from_scaled(numbers[at], self._scales[name])

    def _day(self, name: str, numbers: Numbers) -> date:
        return from_day_number(numbers[self._at[name]])

    def _fraction(self) -> tuple[int, int, int, int] | None:
        """Where the factor's numerator and denominator stand, each with what brings it to one scale."""
        factor = self.about.shown.factor
        if factor is None:
            return None
        num, den = factor.num, factor.den
        return self._add(num), 10**den.scale, self._add(den), 10**num.scale

    def _factor_exact(self, numbers: Numbers) -> str:
        """The factor as a fraction, where six decimals do not hold it."""
        if self._factor is None:
            return ""
        at, up, den_at, down = self._factor
        num, den = numbers[at] * up, numbers[den_at] * down
        if den <= 0 or num * 1_000_000 % den == 0:
            return ""
        shared = gcd(num, den)
        return f"{num // shared}/{den // shared}"

    def line(self, record: Mapping[str, Any], numbers: Numbers) -> BillLine:
        """The line of one record."""
        start = self._day("start", numbers)
        amount, tax = numbers[self._at["amount"]], numbers[self._at["tax"]]
        payer = PAYERS[numbers[self._at["payer"]]]
        unit_id, account_id = record.get("unit_id"), record.get("account_id")
        payer_id = record.get(f"{payer}_id")
        about = self.about
        return BillLine(
            charge_id=charge_id(unit_id, about.fee_id, start, payer, about.schedule.version_name),
            unit_id=None if unit_id is None else str(unit_id),
            account_id=None if account_id is None else str(account_id),
            payer=payer,
            payer_id=None if payer_id is None else str(payer_id),
            period_start=start,
            period_end=self._day("end", numbers),
            issued_on=self._day("issued", numbers),
            due_on=self._day("due", numbers),
            quantity=self._number("quantity", numbers),
            rate=self._number("rate", numbers),
            factor=self._number("factor", numbers),
            net=from_scaled(amount - tax, 2),
            tax_rate=self._number("tax_rate", numbers),
            tax=from_scaled(tax, 2),
            amount=from_scaled(amount, 2),
            table_row=about.rows[numbers[self._at["row"]]] if about.rows else "",
            steps=tuple(step for step in (make(numbers) for make in self._steps) if step is not None),
            factor_exact=self._factor_exact(numbers),
            **self._same,
        )

    # Steps

    def _stepping(self) -> Sequence[Callable[[Numbers], Step | None]]:
        shown, makers = self.about.shown, list[Callable[[Numbers], Step | None]]()
        for name, rate in shown.components:
            makers.append(self._step("component", name, rate=rate))
        for column, piece in shown.slices:
            makers.append(self._slice(column, piece.quantity, piece.price))
        for name, amount in shown.parts:
            makers.append(self._step("part", name, amount=amount))
        for day, amount in shown.months:
            makers.append(self._month(day, amount))
        months = self._months_applied()
        for place, (number, holds) in enumerate(shown.applied):
            makers.append(self._adjustment(number, holds, months[place] if months else None))
        fee = self.about.fee
        for name, limit in (("minimum", fee.minimum), ("maximum", fee.maximum)):
            if limit is not None:
                makers.append(self._always(Step("limit", name, amount=constant(limit.amount))))
        return makers

    def _months_applied(self) -> list[Node]:
        """The month of each adjustment in `applied`, where a fee is judged month by month: they take turns."""
        shown = self.about.shown
        days = [day for day, _ in shown.months]
        each = len(shown.applied) // len(days) if days else 0
        if not each or each * len(days) != len(shown.applied):
            return []
        return [day for day in days for _ in range(each)]

    def _step(self, kind: str, name: str, **nodes: Node) -> Callable[[Numbers], Step | None]:
        part = self.about.fee.parts.get(name)
        title = titles(part.title, name) if part is not None else {}
        places = {key: (self._add(node), node.scale) for key, node in nodes.items()}

        def make(numbers: Numbers) -> Step:
            values: dict[str, Any] = {
                key: from_scaled(numbers[at], scale) for key, (at, scale) in places.items()
            }
            return Step(kind, name, title, **values)

        return make

    def _slice(self, column: str, quantity: Node, price: Node) -> Callable[[Numbers], Step | None]:
        at, price_at = self._add(quantity), self._add(price)

        def make(numbers: Numbers) -> Step | None:
            if not numbers[at]:
                return None
            rate = from_scaled(numbers[price_at], price.scale)
            return Step("slice", column, quantity=from_scaled(numbers[at], quantity.scale), rate=rate)

        return make

    def _month(self, day: Node, amount: Node) -> Callable[[Numbers], Step | None]:
        at, amount_at = self._add(day), self._add(amount)

        def make(numbers: Numbers) -> Step:
            on = from_day_number(numbers[at])
            return Step("month", f"{on:%Y-%m}", amount=from_scaled(numbers[amount_at], amount.scale), on=on)

        return make

    def _adjustment(self, number: int, holds: Node, month: Node | None) -> Callable[[Numbers], Step | None]:
        at, rule = self._add(holds), self.about.fee.adjustments[number]
        step = Step("adjustment", str(number + 1), titles(rule.title, ""), **_change(rule))
        if month is None:
            return lambda numbers: step if numbers[at] else None
        month_at = self._add(month)
        return lambda numbers: replace(step, on=from_day_number(numbers[month_at])) if numbers[at] else None

    def _always(self, step: Step) -> Callable[[Numbers], Step | None]:
        return lambda numbers: step


ACTIONS = {
    "times": "rate",
    "plus": "amount",
    "minus": "amount",
    "at_most": "amount",
    "at_least": "amount",
    "free_months": "quantity",
    "per_unit": "",
}


def _change(rule: Adjustment) -> dict[str, Any]:
    """What an adjustment does, and the number that it does it with, where that is written down."""
    action = next((name for name in ACTIONS if getattr(rule, name) is not None), "")
    number = constant(getattr(rule, action)) if ACTIONS.get(action) else None
    return {"action": action} if number is None else {"action": action, ACTIONS[action]: number}


def constant(value: object) -> Decimal | None:
    """The number that stands where a formula may; None for what depends on anything."""
    return value.root.value if isinstance(value, Formula) and isinstance(value.root, Num) else None


def basis_of(fee: Fee) -> str:
    """How the amount of a fee comes about, in a word."""
    known: Mapping[str, object] = {
        "parts": fee.parts,
        "pass_through": fee.pass_through,
        "share": fee.share,
        "registers": fee.registers,
        "started_time": isinstance(fee.per, Started),
        "percentage": isinstance(fee.per, FeesQuantity),
        fee.tiers.kind if fee.tiers else "": fee.tiers,
        "rate": fee.rate,
    }
    return next((basis for basis, value in known.items() if value), "")


def _rate_per(about: LineAbout) -> str:
    """The time that the rate is for, where it has a name that people use."""
    per = about.fee.rate_per or "cycle"
    if per == "cycle":
        return "month" if about.cycle.months == 1 and not about.cycle.season else ""
    return per


def _rounding(fee: Fee) -> str:
    """How the line is rounded, where that is not half up to the fen."""
    told = ", ".join(f"{each.step:f} {each.mode}" for each in fee.rounding if each.stage == "fee_line")
    return "" if told == "0.01 half_up" else told


def about_of(slot: Slot) -> LineAbout:
    """What the plan says of a slot beside its numbers."""
    assert isinstance(slot.about, LineAbout)
    return slot.about


def charge_id(unit_id: object, fee: str, start: date, payer: str, version: str) -> str:
    """The same for the same unit, fee, days, payer and version: a rerun inserts nothing twice."""
    return f"{'' if unit_id is None else unit_id}:{fee}:{start:%Y%m%d}:{payer}:{version}"


def titles(words: Words | None, otherwise: str) -> dict[str, str]:
    """A title in both languages."""
    if words is None:
        return {"zh": otherwise, "en": otherwise} if otherwise else {}
    return {"zh": words.zh or words.en or otherwise, "en": words.en or words.zh or otherwise}


def source_text(about: LineAbout) -> str:
    """The legal source of a line in one text: document, clause, address."""
    told = source_of(about.fee.source or about.schedule.source)
    return " ".join(told[name] for name in ("document", "clause", "address") if name in told)


def source_of(source: Source | None) -> dict[str, str]:
    """The legal source of a rule as plain text."""
    if source is None:
        return {}
    told = {name: getattr(source, name) for name in ("document", "clause", "address", "confidence")}
    return {name: str(value) for name, value in told.items() if value is not None}
