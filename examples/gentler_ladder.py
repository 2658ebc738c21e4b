"""A gentler ladder, tried before it is used: calls every fifth day instead of every third, with the people there are."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import polars as pl
from month_of_dunning import CAPACITY, OUTCOMES, billed

import feerules

POLICY = Path(__file__).parents[1] / "rules" / "dunning" / "standard-cn.yaml"
FIRST, DAYS = date(2026, 11, 2), 14


def main() -> None:
    charges, payments = billed(random.Random(7))
    text = POLICY.read_text(encoding="utf-8")
    old = feerules.load_files({"policy.yaml": text})
    # As a person would change it in the file.
    new = feerules.load_files({"policy.yaml": text.replace("gap: 3 days", "gap: 5 days")})
    change = feerules.compare_policies(
        old, new, None, FIRST,
        charges=charges, payments=payments, days=DAYS, capacity=CAPACITY, outcome=OUTCOMES,
    )  # fmt: skip
    print(change)
    counts = [f"{side}_{name}" for name in ("actions", "undone") for side in ("old", "new")]
    weeks = change.days.group_by(pl.col("day").dt.truncate("1w")).agg(pl.col(counts).sum()).sort("day")
    for day, before, after, left, left_now in weeks.iter_rows():
        print(f"Week of {day}: {before} actions, now {after}; {left} times undone, now {left_now}")


if __name__ == "__main__":
    main()
