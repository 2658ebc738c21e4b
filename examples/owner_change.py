"""A month in which everything changes: handover, a new measurement, and a sale. The bill is cut at each day.

The same dated facts are a list of `changes` for one home, and several rows with `valid_from` in a frame.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

import feerules

RULES = Path(__file__).parents[1] / "rules" / "sample-estate"

HOME = {
    "unit_id": "3-1203",
    "kind": "home",
    "area": "89.50",
    "floor": 12,
    "lift": True,
    "handover": "2026-11-06",
    "developer_id": "Builder Ltd",
    "owner_id": "Li",
}
CHANGES = [
    {"from": "2026-11-16", "facts": {"area": "91.20"}},  # measured again
    {"from": "2026-11-21", "facts": {"owner_id": "Wang"}},  # sold
]


def main() -> None:
    book = feerules.load(RULES).only("sample-estate")
    bill = feerules.price({**HOME, "changes": CHANGES}, book, "2026-11")
    for line in sorted(bill, key=lambda line: (line.fee, line.period_start)):
        days = f"{line.period_start:%d.%m.} to {line.period_end:%d.%m.}"
        print(
            f"{line.fee:12} {days}  {line.payer:10} {line.payer_id:12} {line.quantity:>7} {line.unit:3} {line.amount:>7}"
        )
    print(f"total {bill.total}")

    # Parts that differ only in who pays are rounded together: they add up to the uncut amount.
    unsold = feerules.price({**HOME, "changes": CHANGES[:1]}, book, "2026-11")
    print(f"without the sale {unsold.amounts['management']}, with it {bill.amounts['management']}")

    rows = [
        {**HOME, "valid_from": None},
        {**HOME, "valid_from": "2026-11-16", "area": "91.20"},
        {**HOME, "valid_from": "2026-11-21", "area": "91.20", "owner_id": "Wang"},
    ]
    result = feerules.price_estate(pl.DataFrame(rows), book, "2026-11", form="long")
    print(f"as a frame: {result.rows.height} lines, total {result.rows['amount'].sum()}")


if __name__ == "__main__":
    main()
