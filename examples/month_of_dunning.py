"""A month of dunning for the sample estate: what is done each week, what stays undone, and today's list for each collector.

The estate is billed for three months, and most accounts pay. Then the policy is followed for a month: every
morning it says what is due, and as much of that is done as a day has room for. What comes of a call or visit is
an assumption, in shares: nobody answers, a day is promised, money comes.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from sample_estate import make

import feerules

RULES = Path(__file__).parents[1] / "rules"
BILLED = ("2026-08", "2026-09", "2026-10")
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 30)
CAPACITY = {"phone": 6, "visit": 3}
# Of ten calls or visits four reach nobody, three end with a promise; of messages, which arrive, nothing comes.
OUTCOMES = [
    {"channel": channel, **outcome}
    for channel in ("phone", "visit")
    for outcome in (
        {"outcome": "no_answer", "rate": "0.40"},
        {"outcome": "promised", "promised_in": 3, "rate": "0.20"},
        {"outcome": "promised", "promised_in": 6, "rate": "0.10"},
        {"outcome": "answered", "pays_in": 2, "rate": "0.05"},
        {"outcome": "answered", "rate": "0.25"},
    )
]


def main() -> None:
    charges, payments = billed(random.Random(7))
    policy = feerules.load(RULES / "dunning" / "standard-cn.yaml")
    run = feerules.simulate(
        None, policy, FIRST, LAST - timedelta(days=1),
        charges=charges, payments=payments, capacity=CAPACITY, outcome=OUTCOMES,
    )  # fmt: skip
    for monday, steps in weeks(run.done):
        print(f"Week of {monday}:", ", ".join(f"{step} {count}" for step, count in steps))
    print(run)
    # What came of it stands beside the ledger's own entries.
    payments = pl.concat([payments, run.payments], how="diagonal_relaxed")
    answer = feerules.next_actions(
        None, policy, LAST, charges=charges, payments=payments, events=run.events
    ).rows
    counts = answer["decision"].value_counts(sort=True)
    print(f"On {LAST}:", ", ".join(f"{decision} {count}" for decision, count in counts.iter_rows()))
    show(answer.filter(pl.col("decision") == "act"))


def weeks(done: pl.DataFrame) -> list[tuple[date, list[tuple[str, int]]]]:
    """How often each step was done, week by week."""
    told = done.group_by(pl.col("day").dt.truncate("1w"), "step_id").len().sort("day", "step_id")
    return [
        (monday[0], [*part.select("step_id", "len").iter_rows()])
        for monday, part in told.group_by("day", maintain_order=True)
    ]


def billed(chance: random.Random) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Three months of management fees; four accounts of five have paid them all."""
    book = feerules.load(RULES / "sample-estate")
    lines = []
    for month in BILLED:
        estate = make(200, month=month)
        lines.append(feerules.price_estate(estate.units, book, month, form="long", pools=estate.pools).rows)
    fees = pl.concat(lines).filter(pl.col("fee") == "management", pl.col("amount") > 0)
    sums = fees.group_by("account_id", maintain_order=True).agg(pl.col("amount").sum())
    paid = sums.filter(pl.Series([chance.random() < 0.8 for _ in range(sums.height)]))
    return fees, paid.select(
        "account_id", "amount", payment_id="P-" + pl.col("account_id"), effective_on=date(2026, 10, 25)
    )


def show(due: pl.DataFrame) -> None:
    """The table that each collector works from today."""
    split = feerules.workload(due.select("account_id", "channel"), ["王", "李"])
    today = due.join(split.rows.select("account_id", "collector_id"), on="account_id").sort(
        "collector_id", "account_id"
    )
    for row in today.head(8).iter_rows(named=True):
        hours = f"{row['not_before']:%H:%M}-{row['not_after']:%H:%M}" if row["not_before"] else "any time"
        print(
            f"{row['collector_id']}  {row['account_id']:16} {row['step_id']:14} {row['channel'] or '-':6} {hours:12} {row['amount']:>10}"
        )


if __name__ == "__main__":
    main()
