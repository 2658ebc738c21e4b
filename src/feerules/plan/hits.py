"""The hit policy of a table: which of the rows that match decide, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from feerules.documents.formulas import Formula
from feerules.documents.values import TableValue
from feerules.plan.conditions import read_number

__all__ = ["ADDING", "Hits", "Said", "canonical", "ranks_of"]

ADDING = ("collect", "collect+", "collect<", "collect>", "collect#", "rule_order")

Said = Decimal | Formula | str


class Hits:
    """The hit policy of one table over what its rows say, column by column."""

    def __init__(self, spec: TableValue, values: Mapping[str, Sequence[Said]]) -> None:
        self.hit, self.values = spec.hit, values
        self.ranks = ranks_of(spec, next(iter(values.values()))) if spec.hit == "priority" else []

    def deciding(self, leaf: tuple[int, ...]) -> tuple[int, ...]:
        """The rows that decide, of those that match."""
        if not leaf:
            return ()
        column = next(iter(self.values.values()))
        match self.hit:
            case "unique" | "any" | "first":
                return leaf[:1]
            case "priority":
                return (min(leaf, key=lambda row: (self.ranks[row], row)),)
            case "collect<":
                return (min(leaf, key=lambda row: (_number(column[row]), row)),)
            case "collect>":
                return (max(leaf, key=lambda row: (_number(column[row]), -row)),)
        return leaf

    def said(self, column: Sequence[Said], leaf: tuple[int, ...], rows: tuple[int, ...]) -> Said | None:
        """What a column says where the rows `leaf` match and `rows` decide; None where none does."""
        if self.hit == "collect#":
            return Decimal(len({column[row] for row in leaf}))
        if len(rows) <= 1:
            return column[rows[0]] if rows else None
        return sum((_number(column[row]) for row in rows), Decimal(0))


def ranks_of(spec: TableValue, values: Iterable[Said]) -> list[int]:
    """The place in `priority:` of each of these outputs; one beyond the last for what is not listed."""
    numbers = [read_number(text) for text in spec.priority]
    listed = [text if number is None else number for text, number in zip(spec.priority, numbers, strict=True)]
    order = {canonical(value): rank for rank, value in enumerate(listed)}
    return [order.get(canonical(value), len(listed)) for value in values]


def _number(value: Said) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)


def canonical(value: Said) -> str:
    """One text for one value: 3 and 3.00 are the same output."""
    if isinstance(value, Formula):
        return value.text
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
