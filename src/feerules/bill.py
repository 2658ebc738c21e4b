"""A bill: what a unit owes for a period, line by line, and the reason for every number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from feerules.bill_line import BillLine, Step
from feerules.money import from_scaled, to_scaled
from feerules.periods import Period
from feerules.wording import sentence, translate

__all__ = ["Bill", "BillLine", "Step"]

SCHEMA = 1


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

    def explain(self, locale: str = "zh_CN") -> str:
        """What a clerk reads to an owner: a line of text for each line of the bill, then the total.

        `locale` is as for `BillLine.explain`.
        """
        words = translate(locale)
        if not self.lines:
            last = self.period.end - timedelta(days=1)
            return words.text("Nothing is charged for {period}.", period=words.days(self.period.start, last))
        texts = [line.explain(locale) for line in self.lines]
        fen: dict[str, int] = {}
        for line in self.lines:
            fen[line.currency] = fen.get(line.currency, 0) + to_scaled(line.amount, 2)
        for currency, total in fen.items():
            amount = words.money(from_scaled(abs(total), 2), currency)
            message = (
                sentence("Total: {amount}.") if total >= 0 else sentence("Total to be returned: {amount}.")
            )
            texts.append(words.text(message, amount=amount))
        return "\n".join(texts)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a `schema` number; `Bill.from_dict` gives the bill back."""
        lines = [line.to_dict() for line in self.lines]
        return {
            "schema": SCHEMA,
            "unit_id": self.unit_id,
            "period": str(self.period),
            "total": format(self.total, "f"),
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
