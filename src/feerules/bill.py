"""A bill: what a unit owes for a period, line by line, and the reason for every number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from feerules.bill_line import BillLine, Step
from feerules.money import from_scaled, scaled_text, to_scaled
from feerules.periods import Period
from feerules.wording import sentence, translate

__all__ = ["Bill", "BillLine", "Step"]

SCHEMA = 1


class LinesOnDemand(Sequence[BillLine]):
    """The lines of a bill that has just been priced: made when they are first looked at.

    `plain` makes them as `BillLine.to_dict` gives them, `fen` the amount of each fee in fen.
    """

    __slots__ = ("_lines", "fen", "plain")

    def __init__(self, plain: Callable[[], list[dict[str, Any]]], fen: Callable[[], dict[str, int]]) -> None:
        self._lines: tuple[BillLine, ...] | None = None
        self.plain = plain
        self.fen = fen

    def _all(self) -> tuple[BillLine, ...]:
        if self._lines is None:
            self._lines = tuple(map(BillLine.from_dict, self.plain()))
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
        return from_scaled(sum(self._fen().values()), 2)

    @property
    def amounts(self) -> dict[str, Decimal]:
        """The amount of each fee."""
        return {fee: from_scaled(fen, 2) for fee, fen in self._fen().items()}

    def _fen(self) -> dict[str, int]:
        if isinstance(self.lines, LinesOnDemand):
            return self.lines.fen()
        fen: dict[str, int] = {}
        for line in self.lines:
            fen[line.fee] = fen.get(line.fee, 0) + to_scaled(line.amount, 2)
        return fen

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
        given = self.lines
        lines = given.plain() if isinstance(given, LinesOnDemand) else [line.to_dict() for line in given]
        return {
            "schema": SCHEMA,
            "unit_id": self.unit_id,
            "period": str(self.period),
            "total": scaled_text(sum(self._fen().values()), 2),
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
