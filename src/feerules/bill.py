"""A bill: what a unit owes for a period, line by line, and the reason for every number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from feerules.periods import Period

__all__ = ["Bill", "BillLine", "Step"]

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that went into an amount: a component of the rate, a slice of the tiers, an adjustment …

    `kind` is one of component, slice, part, adjustment, month; `quantity`, `rate` and `amount` are
    given where they mean something, in the line's units and currency.
    """

    kind: str
    name: str
    title: Mapping[str, str] = field(default_factory=dict)
    quantity: Decimal | None = None
    rate: Decimal | None = None
    amount: Decimal | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class BillLine:
    """One amount: a fee, for the days `period_start` ≤ day < `period_end`, owed by `payer`.

    `amount` is what is owed, tax included; net + tax = amount, in `currency`, to the fen. `factor` is
    the time and the multipliers that counted, where quantity × rate × factor tells the amount.
    `charge_id` is the same whenever the same unit, fee, days and version are priced.
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

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: money and numbers as strings, days as ISO text."""
        plain = {name: _plain(getattr(self, name)) for name in _LINE_FIELDS}
        plain["title"], plain["source"] = dict(self.title), dict(self.source)
        plain["steps"] = [_step_to_dict(step) for step in self.steps]
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> BillLine:
        """The line that `to_dict` gave."""
        values = {name: plain[name] for name in _LINE_FIELDS}
        for name in _LINE_NUMBERS:
            values[name] = None if values[name] is None else Decimal(values[name])
        for name in _LINE_DAYS:
            values[name] = date.fromisoformat(values[name])
        return cls(
            **values, title=plain["title"], source=plain["source"], steps=tuple(map(_step, plain["steps"]))
        )


_LINE_FIELDS = tuple(each.name for each in fields(BillLine) if each.name not in ("title", "source", "steps"))
_LINE_NUMBERS = ("quantity", "rate", "factor", "net", "tax_rate", "tax", "amount")
_LINE_DAYS = ("period_start", "period_end", "issued_on", "due_on")
_STEP_NUMBERS = ("quantity", "rate", "amount")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def _step_to_dict(step: Step) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": step.kind, "name": step.name}
    if step.title:
        plain["title"] = dict(step.title)
    for name in (*_STEP_NUMBERS, "on"):
        value = getattr(step, name)
        if value is not None:
            plain[name] = _plain(value)
    return plain


def _step(plain: Mapping[str, Any]) -> Step:
    numbers = {name: Decimal(plain[name]) for name in _STEP_NUMBERS if name in plain}
    on = date.fromisoformat(plain["on"]) if "on" in plain else None
    return Step(plain["kind"], plain["name"], plain.get("title", {}), **numbers, on=on)


class LinesOnDemand(Sequence[BillLine]):
    """The lines of a bill that has just been priced: made when they are first looked at."""

    __slots__ = ("_lines", "_make", "amounts")

    def __init__(
        self, make: Callable[[], tuple[BillLine, ...]], amounts: Callable[[], dict[str, Decimal]]
    ) -> None:
        self._make = make
        self._lines: tuple[BillLine, ...] | None = None
        self.amounts = amounts

    def _all(self) -> tuple[BillLine, ...]:
        if self._lines is None:
            self._lines = self._make()
        return self._lines

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all() == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._all(),)


@dataclass(frozen=True)
class Bill:
    """What a unit owes for a period.

    >>> bill = Bill("A-1", Period.parse("2026-11"), ())
    >>> bill.total, len(bill)
    (Decimal('0.00'), 0)
    """

    unit_id: str | None
    period: Period
    lines: Sequence[BillLine]
    digest: str = ""

    @property
    def total(self) -> Decimal:
        """The sum of all lines, deposits and refunds included."""
        return sum(self.amounts.values(), Decimal("0.00"))

    @property
    def amounts(self) -> dict[str, Decimal]:
        """The amount of each fee."""
        if isinstance(self.lines, LinesOnDemand):
            return self.lines.amounts()
        amounts: dict[str, Decimal] = {}
        for line in self.lines:
            amounts[line.fee] = amounts.get(line.fee, Decimal("0.00")) + line.amount
        return amounts

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[BillLine]:
        return iter(self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a `schema` number; `Bill.from_dict` gives the bill back."""
        lines = [line.to_dict() for line in self.lines]
        return {
            "schema": SCHEMA,
            "unit_id": self.unit_id,
            "period": str(self.period),
            "total": _plain(self.total),
            "digest": self.digest,
            "lines": lines,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Bill:
        """The bill that `to_dict` gave; ValueError for another schema."""
        if plain.get("schema") != SCHEMA:
            raise ValueError(f"a bill of schema {plain.get('schema')!r}: expected {SCHEMA}")
        lines = tuple(map(BillLine.from_dict, plain["lines"]))
        return cls(plain["unit_id"], Period.parse(plain["period"]), lines, plain["digest"])
