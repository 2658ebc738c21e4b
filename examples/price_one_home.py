"""One home, one month: what it owes, line by line, and why; or every fact that is missing or wrong."""

from __future__ import annotations

import json
from pathlib import Path

import feerules

RULES = Path(__file__).parents[1] / "rules" / "sample-estate"

HOME = {
    "unit_id": "3-1203",
    "kind": "home",
    "area": "89.50",  # text, int and Decimal are exact; a float only where it says what it means
    "floor": 12,
    "lift": True,
    "handover": "2026-11-11",  # in the middle of the month: the developer pays the days before
    "water_used": 18,
    "water_before": 215,  # five cubic metres below the second tier
}
# The home's part of what the building shares; `price_estate` works it out over all units.
SHARES = {"lift_energy": "12.34", "common_energy": "5.00"}


def main() -> None:
    book = feerules.load(RULES)
    bill = feerules.price(HOME, book, "2026-11", shares=SHARES)
    for line in bill:
        print(
            f"{line.fee:14} {line.period_start} to {line.period_end}  {line.payer:10} {line.amount:>8}  due {line.due_on}"
        )
    print(f"{'total':52} {bill.total:>8}\n")

    water = [line for line in bill if line.fee == "water"][-1]
    print(water.explain("en"))
    print(water.explain("zh_CN"))
    print(json.dumps(bill.to_dict(), ensure_ascii=False)[:120], "…\n")

    # Nothing is priced at zero because something was missing: all that is wrong is said at once.
    wrong = {**HOME, "area": "89.505", "floor": 199, "lift": None}
    try:
        feerules.price(wrong, book, "2026-11", shares=SHARES)
    except feerules.UnitErrors as error:
        print(error)


if __name__ == "__main__":
    main()
