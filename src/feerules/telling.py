"""From the numbers of a plan to what a bill line tells: the fee, its days, and each step to the amount.

A line is told as plain JSON; `BillLine.from_dict` makes the object of it for those who ask for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from math import gcd
from typing import Any

from feerules.bill_line import LINE_FIELDS, Step
from feerules.citations import source_of, titles
from feerules.documents.arithmetic import Num
from feerules.documents.charging import Adjustment, FeesQuantity, Started
from feerules.documents.formulas import Formula
from feerules.documents.schedule import Fee
from feerules.money import scaled_text
from feerules.periods import from_day_number
from feerules.plan.figures import ShownPart
from feerules.plan.lines import PAYERS, LineAbout
from feerules.plan.nodes import Const, Node, Slot

__all__ = ["Teller", "about_of", "parties_of", "source_text"]

Numbers = Sequence[int]
Plain = dict[str, Any]
Making = Callable[[Numbers], Plain | None]

# The keys of a line that are days and numbers of its slot, and what the slot calls them.
DAYS = {"period_start": "start", "period_end": "end", "issued_on": "issued", "due_on": "due"}
NUMBERS = ("quantity", "rate", "factor", "tax_rate")
WORDS = ("title", "source", "document_title")
PAYER_IDS = tuple((payer, f"{payer}_id") for payer in PAYERS)


class Teller:
    """Makes the lines of one slot; its `nodes` stand in the numbers from `first` on."""

    def __init__(self, slot: Slot, first: int) -> None:
        self.about = about_of(slot)
        self.nodes: list[Node] = []
        self._first = first
        self._at = {name: self._add(node) for name, node in slot.values.items()}
        self._factor = self._fraction() if "factor" in slot.values else None
        self._steps = list(self._stepping())
        self._same: Plain = {**dict.fromkeys(LINE_FIELDS), **self._what_never_changes()}
        # A month's days and many a rate are constants: they become text once, not for every record.
        self._days = self._what_differs(slot, DAYS, lambda number, _: _day(number))
        self._numbers = self._what_differs(slot, dict(zip(NUMBERS, NUMBERS, strict=True)), scaled_text)
        self._paid_by = self._what_differs(slot, {"payer": "payer"}, lambda number, _: PAYERS[number])
        known = not self._paid_by and self._same["period_start"] is not None
        self._ending = self._id_ending(self._same) if known else ""

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return self._first + len(self.nodes) - 1

    def _what_differs(
        self, slot: Slot, names: Mapping[str, str], text: Callable[[int, int], str]
    ) -> list[tuple[str, int, int]]:
        """For each key that differs from record to record, where its number stands, and its places."""
        differing = []
        for key, name in names.items():
            node = slot.values.get(name)
            if isinstance(node, Const):
                self._same[key] = text(node.value, node.scale)
            elif node is not None:
                differing.append((key, self._at[name], node.scale))
        return differing

    def _what_never_changes(self) -> Plain:
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
            "tax": "0.00",
            "table_row": "",
            "factor_exact": "",
            "basis": basis_of(fee),
            "rate_per": _rate_per(about),
            "rounding": _rounding(fee),
        }

    # Numbers

    def _fraction(self) -> tuple[int, int, int, int] | None:
        """Where the factor's numerator and denominator stand, each with what brings it to one scale."""
        factor = self.about.shown.factor
        if factor is None:
            return None
        num, den = factor.num, factor.den
        return self._add(num), 10**den.scale, self._add(den), 10**num.scale

    def _factor_exact(self, numbers: Numbers) -> str:
        """The factor as a fraction, where six decimals do not hold it."""
        assert self._factor is not None
        at, up, den_at, down = self._factor
        num, den = numbers[at] * up, numbers[den_at] * down
        if den <= 0 or num * 1_000_000 % den == 0:
            return ""
        shared = gcd(num, den)
        return f"{num // shared}/{den // shared}"

    def line(self, parties: Mapping[str, str | None], numbers: Numbers) -> Plain:
        """The line of one record, as `BillLine.to_dict` gives it."""
        about, at, plain = self.about, self._at, self._same.copy()
        for key in WORDS:
            plain[key] = plain[key].copy()
        for key, place, _ in self._days:
            plain[key] = _day(numbers[place])
        for key, place, places in self._numbers:
            plain[key] = scaled_text(numbers[place], places)
        for key, place, _ in self._paid_by:
            plain[key] = PAYERS[numbers[place]]
        amount, tax = numbers[at["amount"]], numbers[at["tax"]]
        plain["amount"] = plain["net"] = scaled_text(amount, 2)
        if tax:
            plain["tax"], plain["net"] = scaled_text(tax, 2), scaled_text(amount - tax, 2)
        plain["unit_id"], plain["account_id"] = parties["unit_id"], parties["account_id"]
        plain["payer_id"] = parties[plain["payer"]]
        plain["charge_id"] = (parties["unit_id"] or "") + (self._ending or self._id_ending(plain))
        if about.rows:
            plain["table_row"] = about.rows[numbers[at["row"]]]
        plain["steps"] = [step for make in self._steps if (step := make(numbers)) is not None]
        if self._factor is not None:
            plain["factor_exact"] = self._factor_exact(numbers)
        return plain

    def _id_ending(self, plain: Plain) -> str:
        """What follows the unit in a charge_id, by which a rerun inserts nothing twice."""
        start, payer = plain["period_start"].replace("-", ""), plain["payer"]
        return f":{self.about.fee_id}:{start}:{payer}:{plain['version']}"

    # Steps

    def _stepping(self) -> Sequence[Making]:
        shown, makers = self.about.shown, list[Making]()
        for name, rate in shown.components:
            makers.append(self._step("component", name, rate=rate))
        for column, piece in shown.slices:
            makers.append(self._slice(column, piece.quantity, piece.price))
        for part in shown.parts:
            makers.append(self._part(part))
        if not self.about.fee.parts:
            makers += self._metered()
        for day, amount in shown.months:
            makers.append(self._month(day, amount))
        months = self._months_applied()
        for place, (number, holds) in enumerate(shown.applied):
            makers.append(self._adjustment(number, holds, months[place] if months else None))
        fee = self.about.fee
        for name, limit in (("minimum", fee.minimum), ("maximum", fee.maximum)):
            if limit is not None:
                # A most for each day of a visit is no most of the line.
                most = constant(limit.amount) if limit.each is None else None
                makers.append(self._always(Step("limit", name, amount=most)))
        return makers

    def _part(self, part: ShownPart) -> Making:
        told = {"amount": part.amount, "quantity": part.quantity, "rate": part.rate}
        made = self._step("part", part.name, part.unit, **{key: node for key, node in told.items() if node})
        at = self._add(part.holds)
        return lambda numbers: made(numbers) if numbers[at] else None

    def _metered(self) -> Iterator[Making]:
        """What was read where, what had been counted before, and what a guided price is made of."""
        shown = self.about.shown
        for name, quantity in shown.registers:
            yield self._step("register", name, quantity=quantity)
        if shown.counted is not None:
            yield self._step("counted", "before", quantity=shown.counted)
        for name, rate in shown.guided:
            yield self._step("guided", name, rate=rate)

    def _months_applied(self) -> list[Node]:
        """The month of each adjustment in `applied`, where a fee is judged month by month: they take turns."""
        shown = self.about.shown
        days = [day for day, _ in shown.months]
        each = len(shown.applied) // len(days) if days else 0
        if not each or each * len(days) != len(shown.applied):
            return []
        return [day for day in days for _ in range(each)]

    def _step(self, kind: str, name: str, unit: str = "", **nodes: Node) -> Making:
        part = self.about.fee.parts.get(name)
        title = titles(part.title, name) if part is not None else {}
        told = {"kind": kind, "name": name} | ({"title": title} if title else {})
        told |= {"unit": unit} if unit else {}
        places = [(key, self._add(node), node.scale) for key, node in nodes.items()]

        def make(numbers: Numbers) -> Plain:
            step: Plain = told | ({"title": title.copy()} if title else {})
            for key, at, scale in places:
                step[key] = scaled_text(numbers[at], scale)
            return step

        return make

    def _slice(self, column: str, quantity: Node, price: Node) -> Making:
        at, made = self._first + len(self.nodes), self._step("slice", column, quantity=quantity, rate=price)
        return lambda numbers: made(numbers) if numbers[at] else None

    def _month(self, day: Node, amount: Node) -> Making:
        at, amount_at = self._add(day), self._add(amount)

        def make(numbers: Numbers) -> Plain:
            on = _day(numbers[at])
            text = scaled_text(numbers[amount_at], amount.scale)
            return {"kind": "month", "name": on[:7], "amount": text, "on": on}

        return make

    def _adjustment(self, number: int, holds: Node, month: Node | None) -> Making:
        at, rule = self._add(holds), self.about.fee.adjustments[number]
        titled, source = titles(rule.title, ""), source_of(rule.source)
        step = Step("adjustment", str(number + 1), titled, **_change(rule), source=source)
        if month is None:
            return lambda numbers: step.to_dict() if numbers[at] else None
        month_at = self._add(month)
        return lambda numbers: step.to_dict() | {"on": _day(numbers[month_at])} if numbers[at] else None

    def _always(self, step: Step) -> Making:
        return lambda numbers: step.to_dict()


def parties_of(record: Mapping[str, Any]) -> dict[str, str | None]:
    """Whom a record is about, and who pays: its unit_id and account_id, and the id of each payer."""
    given: dict[str, Any] = {"unit_id": record.get("unit_id"), "account_id": record.get("account_id")}
    given |= {payer: record.get(column) for payer, column in PAYER_IDS}
    return {name: None if value is None else str(value) for name, value in given.items()}


# A batch of bills tells few days.
@lru_cache(maxsize=4096)
def _day(number: int) -> str:
    return from_day_number(number).isoformat()


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


def source_text(about: LineAbout) -> str:
    """The legal source of a line in one text: document, clause, address."""
    told = source_of(about.fee.source or about.schedule.source)
    return " ".join(told[name] for name in ("document", "clause", "address") if name in told)
