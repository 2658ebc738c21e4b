"""What every engine's bill lines look like: their columns, and how each number is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from feerules.plan.nodes import Slot

__all__ = ["LINE_COLUMNS", "LINE_TYPES", "Shape", "shapes_of"]

MONEY, NUMBER = "DECIMAL(18, 2)", "DECIMAL(18, 6)"
# Every column of a bill line where nothing is charged, beside the key, which stands after the payer.
LINE_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("charge_id", "account_id", "payer_id", "payer"), "TEXT"),
    **dict.fromkeys(("fee", "kind"), "TEXT"),
    **dict.fromkeys(("period_start", "period_end", "issued_on", "due_on"), "DATE"),
    "quantity": NUMBER,
    "unit": "TEXT",
    "rate": NUMBER,
    "factor": NUMBER,
    "net": MONEY,
    "tax_rate": NUMBER,
    "tax": MONEY,
    "amount": MONEY,
    **dict.fromkeys(("currency", "document", "version", "table_row", "source"), "TEXT"),
}
LINE_COLUMNS = (*LINE_TYPES, "corrects_charge_id", "cycle_start")
Shape = tuple[int, int]  # the decimals of a number column, and a bound of its scaled values


def shapes_of(slots: Sequence[Slot]) -> dict[str, Shape]:
    """How each number column is written: decimals enough for every fee (six at least), and its bound."""
    shapes = {}
    for name in ("quantity", "rate", "factor", "tax_rate", "tax", "amount"):
        nodes = [slot.values[name] for slot in slots if name in slot.values]
        least = 2 if name in ("tax", "amount") else 6
        places = max([least, *(node.scale for node in nodes)])
        bounds = [max(abs(node.lo), abs(node.hi)) * 10 ** (places - node.scale) for node in nodes]
        shapes[name] = (places, max([0, *bounds]))
    return shapes
