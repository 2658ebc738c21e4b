"""From the numbers of a plan to what a bill line tells: the fee, its days, and each step to the amount."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from feerules.bill import BillLine, Step
from feerules.documents.charging import Source
from feerules.documents.fields import Words
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
        }

    # Numbers

    def _number(self, name: str, numbers: Numbers) -> Decimal | None:
        at = self._at.get(name)
        return None if at is None else from_scaled(numbers[at], self._scales[name])

    def _day(self, name: str, numbers: Numbers) -> date:
        return from_day_number(numbers[self._at[name]])

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
        for number, holds in shown.applied:
            makers.append(self._adjustment(number, holds))
        return makers

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

    def _adjustment(self, number: int, holds: Node) -> Callable[[Numbers], Step | None]:
        at, rule = self._add(holds), self.about.fee.adjustments[number]
        step = Step("adjustment", str(number + 1), titles(rule.title, ""))
        return lambda numbers: step if numbers[at] else None


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
