"""A month of dunning for the sample estate: what is done each week, what comes of it, and today's list for each collector.

The estate is billed for three months, most accounts pay, and every day the policy says what is
due. What comes of each contact is drawn at random, from a seed: nobody answers, a day is promised, money comes.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from sample_estate import make

import feerules

RULES = Path(__file__).parents[1] / "rules"
BILLED = ("2026-08", "2026-09", "2026-10")
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 30)
CONTACTS = (
    "account_id",
    "event_id",
    "type",
    "effective_on",
    "step_id",
    "channel",
    "outcome",
    "delivered",
    "promised_on",
)


class Ledger:
    """What an ERP keeps in its tables: entries are added, never changed."""

    def __init__(self, charges: pl.DataFrame) -> None:
        self.charges = charges
        self.payments: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def pay(self, account: str, day: date, amount: Any) -> None:
        name = f"P-{len(self.payments) + 1}"
        self.payments.append(
            {"payment_id": name, "account_id": account, "effective_on": day, "amount": amount}
        )

    def note(self, account: str, day: date, type_: str, **more: Any) -> None:
        event = dict.fromkeys(CONTACTS) | {"account_id": account, "effective_on": day, "type": type_, **more}
        self.events.append({**event, "event_id": f"E-{len(self.events) + 1}"})

    def frames(self) -> dict[str, Any]:
        days = {"effective_on": pl.Date, "promised_on": pl.Date}
        events = pl.DataFrame(
            self.events, schema=dict.fromkeys(CONTACTS, pl.String) | days | {"delivered": pl.Boolean}
        )
        return {"charges": self.charges, "payments": pl.DataFrame(self.payments), "events": events}


def main() -> None:
    chance = random.Random(7)
    ledger = billed(chance)
    policy = feerules.load(RULES / "dunning" / "standard-cn.yaml")
    day = FIRST
    while day <= LAST:
        answer = feerules.next_actions(None, policy, day, **ledger.frames())
        done = [act for act in answer.rows.iter_rows(named=True) if act["decision"] == "act"]
        if day == LAST:
            break
        for act in done:
            carry_out(ledger, act, day, chance)
        day += timedelta(days=1)
    for monday, steps in weeks(ledger.events):
        print(f"Week of {monday}:", ", ".join(f"{step} {count}" for step, count in steps))
    counts = answer.rows["decision"].value_counts(sort=True)
    print(f"On {day}:", ", ".join(f"{decision} {count}" for decision, count in counts.iter_rows()))
    show(answer.rows.filter(pl.col("decision") == "act"))


def weeks(events: list[dict[str, Any]]) -> list[tuple[date, list[tuple[str, int]]]]:
    """How often each step was done, week by week."""
    done = pl.DataFrame(events, infer_schema_length=None).filter(
        pl.col("step_id").is_not_null() & (pl.col("type") != "approval")
    )
    told = (
        done.group_by(pl.col("effective_on").dt.truncate("1w"), "step_id")
        .len()
        .sort("effective_on", "step_id")
    )
    return [
        (monday[0], [*part.select("step_id", "len").iter_rows()])
        for monday, part in told.group_by("effective_on", maintain_order=True)
    ]


def billed(chance: random.Random) -> Ledger:
    """Three months of management fees; four accounts of five have paid them all."""
    book = feerules.load(RULES / "sample-estate")
    lines = []
    for month in BILLED:
        estate = make(200, month=month)
        lines.append(feerules.price_estate(estate.units, book, month, form="long", pools=estate.pools).rows)
    fees = pl.concat(lines).filter(pl.col("fee") == "management", pl.col("amount") > 0)
    ledger = Ledger(fees)
    for account, charges in fees.group_by("account_id", maintain_order=True):
        if chance.random() < 0.8:
            ledger.pay(str(account[0]), date(2026, 10, 25), charges["amount"].sum())
    return ledger


def carry_out(ledger: Ledger, act: dict[str, Any], day: date, chance: random.Random) -> None:
    """What a collector does, and what comes of it."""
    account, step = act["account_id"], act["step_id"]
    if act["needs_approval"]:
        ledger.note(account, day, "approval", step_id=step, outcome="granted")
        return
    if act["channel"] is None:
        ledger.note(account, day, "action", step_id=step)
        return
    luck = chance.random()
    outcome = "no_answer" if luck < 0.4 else "promised" if luck < 0.7 else "answered"
    is_demand = step == "demand"
    ledger.note(
        account, day, "demand" if is_demand else "contact",
        step_id=step, channel=act["channel"], outcome=outcome, delivered=True if is_demand or luck >= 0.4 else None,
    )  # fmt: skip
    if outcome == "promised":
        ledger.note(account, day, "promise", promised_on=day + timedelta(days=chance.randint(2, 6)))
    if luck > 0.95:
        ledger.pay(account, day + timedelta(days=2), act["amount"])


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
