"""What an ERP does every month: bill, post each charge once, correct what was learned too late.

The charges stand in a dict here, where an ERP has a table with `charge_id` as its key.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from sample_estate import make

import feerules

RULES = Path(__file__).parents[1] / "rules" / "sample-estate"
MONTH = "2026-11"


def main() -> None:
    # A rule book that does not prove its own cases is not used.
    book = feerules.load(RULES)
    failed = [result for result in feerules.run_cases(book) if not result.passed]
    assert not failed, failed

    estate = make(300, month=MONTH)
    charges: dict[str, dict[str, Any]] = {}
    result = feerules.price_estate(estate.units, book, MONTH, form="long", pools=estate.pools)
    print(f"billed: {post(charges, result.rows)} new charges, {result.problems.height} problems")

    # The batch fails half-way and runs again: a charge has the same id whenever it is priced.
    again = feerules.price_estate(estate.units, book, MONTH, form="long", pools=estate.pools)
    print(f"run again: {post(charges, again.rows)} new charges")

    # In December somebody approves a vacancy since March: only the differences are posted.
    late = pl.col("unit_id") == "E001-B01-H30"
    corrected = estate.units.with_columns(
        pl.when(late).then(True).otherwise("vacant").alias("vacant"),
        pl.when(late).then(date(2026, 3, 1)).otherwise("vacant_since").alias("vacant_since"),
    )
    billed = pl.DataFrame(list(charges.values()))
    changes = feerules.price_estate(corrected, book, MONTH, pools=estate.pools, billed=billed)
    for line in changes.rows.filter(late).iter_rows(named=True):
        print(f"{line['kind']}: {line['fee']} {line['amount']} corrects {line['corrects_charge_id']}")
    others = changes.rows.filter(~late)
    print(f"and {others.height} neighbours now share {others['amount'].sum()} more of the common energy")
    post(charges, changes.rows)

    overdue = [charge for charge in charges.values() if charge["due_on"] < date(2026, 12, 1)]
    print(f"due before December: {sum(charge['amount'] for charge in overdue):,}")


def post(charges: dict[str, dict[str, Any]], lines: pl.DataFrame) -> int:
    """Inserts the charges that are not there yet."""
    new = {
        line["charge_id"]: line for line in lines.iter_rows(named=True) if line["charge_id"] not in charges
    }
    charges |= new
    return len(new)


if __name__ == "__main__":
    main()
