"""One small result of every kind, for the tests that make reports of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import polars as pl

import feerules

EVIL = '<img src="http://example.invalid/leak.png" onerror="document.title=1"><script>document.title = "ran"</script>'
RULES = """
kind: fee-schedule
id: garden
title: {zh: 花园小区收费标准, en: Garden estate fees}
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop, bay]}
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
fees:
  management: {title: {zh: 物业管理费, en: Management fee}, per: area, rate: 2.80}
  waste: {title: {zh: 垃圾清运费, en: Waste}, applies: {type: home}, rate: 8}
"""
CASES = """
kind: cases
for: garden
cases:
  - {name: {zh: 住宅整月, en: a home}, unit: {type: home, area: 89.50}, period: 2026-11, expect: {total: 258.60}}
  - {name: {zh: 算错的, en: a wrong one}, unit: {type: home, area: 89.50}, period: 2026-11, expect: {total: 1.00}}
"""
POLICY = """
kind: dunning-policy
id: garden-dunning
effective: {from: 2026-01-01}
classes:
  hit: first
  table: |
    | overdue | class |
    | > 500   | large |
    | > 0     | small |
    | -       | none  |
ladder:
  steps:
    - {id: reminder, when: {days_overdue: "[1..60)"}, channels: [wechat, sms], gap: 5 days}
    - {id: call, title: {zh: 电话催缴, en: A call}, when: {days_overdue: ">= 60"}, channels: [phone], gap: 3 days}
"""


@cache
def book() -> feerules.Book:
    files = {"garden.yaml": RULES, "garden.cases.yaml": CASES, "dunning.yaml": POLICY}
    return feerules.load_files(files)


@cache
def units(count: int = 60) -> pl.DataFrame:
    """Units of three types; the first has a name that no page may run, and two cannot be priced."""
    names = [EVIL, "=1+2", *(f"U-{number:03}" for number in range(2, count))]
    areas = [None, "1.234", *(f"{50 + number}.50" for number in range(2, count - 1)), "50.00"]
    types = [("home", "shop", "bay")[number % 3] for number in range(count)]
    return pl.DataFrame({"unit_id": names, "type": types, "area": areas})


def bills(**more: Any) -> Any:
    return feerules.price_estate(units(), book(), "2026-11", **more)


def billed() -> pl.DataFrame:
    """What another system sent: a third of the management fees without their fen, one line of nobody."""
    lines = bills(form="long").rows.select("unit_id", "fee", "amount").sort("fee", "unit_id")
    cut = pl.col("amount").cast(pl.Int64).cast(pl.Decimal(18, 2))
    third = (pl.int_range(pl.len()) % 3 == 0) & (pl.col("fee") == "management")
    told = lines.with_columns(pl.when(third).then(cut).otherwise("amount").alias("amount"))
    extra = pl.DataFrame({"unit_id": ["NOBODY"], "fee": ["waste"], "amount": ["8.00"]}).with_columns(
        pl.col("amount").cast(told.schema["amount"])
    )
    return pl.concat([told, extra])


@cache
def ledger() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    charges = pl.DataFrame(
        [
            ("c1", "A", "management", "charge", "2025-12-01", "2025-12-01", "2025-12-31", "600.00", None),
            ("c2", "A", "management", "charge", "2026-01-01", "2026-01-01", "2026-01-31", "100.00", None),
            ("c3", "B", "waste", "charge", "2026-01-01", "2026-01-01", "2026-01-31", "300.10", None),
            ("k1", "A", "management", "credit", "2026-01-01", "2026-01-20", None, "-30.00", "c2"),
        ],
        schema=["charge_id", "account_id", "fee", "kind", "period_start", "issued_on", "due_on", "amount", "corrects_charge_id"],
        orient="row",
    ).with_columns(estate_id=pl.lit("E"))  # fmt: skip
    payments = pl.DataFrame(
        {"payment_id": ["p1"], "account_id": ["A"], "amount": ["150.00"], "effective_on": ["2026-01-15"]}
    )
    allocations = pl.DataFrame({"payment_id": ["p1"], "charge_id": ["c1"], "amount": ["150.00"]})
    return charges, payments, allocations


@cache
def proposed() -> feerules.Book:
    """The book with other rates, and with a call that comes sooner."""
    fees = RULES.replace("rate: 2.80", "rate: 2.95").replace("rate: 8", "rate: 6")
    policy = POLICY.replace(">= 60", ">= 45").replace("[1..60)", "[1..45)").replace("> 500", "> 300")
    return feerules.load_files({"garden.yaml": fees, "dunning.yaml": policy})


def entries() -> dict[str, Any]:
    """The ledger as the verbs of accounts take it."""
    charges, payments, allocations = ledger()
    return {"charges": charges.drop("estate_id"), "payments": payments, "allocations": allocations}


def accounts() -> pl.DataFrame:
    return pl.DataFrame({"account_id": ["A", "B", "C"]})


def segments() -> pl.DataFrame:
    """As `Comparison.by_segment` gives them."""
    rows = [("home", 20, 18, 1, 1, "1000.00", "1090.00", "90.00", "100.00", "-10.00"), ("shop", 10, 0, 10, 0, "900.00", "850.00", "-50.00", "0.00", "-50.00")]  # fmt: skip
    names = ["type", "units", "more", "less", "same", "old", "new", "change", "raised", "lowered"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        pl.col(names[5:]).cast(pl.Decimal(18, 2))
    )


def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "名称": [EVIL, "=HYPERLINK(1)", "@b", "-1+1", "+1", None],
            "n": [3, None, 10, 2, 1, 0],
            "amount": ["1234.50", "-0.01", None, "99999999999999999.99", "20.00", "3.00"],
            "share": [0.5, float("nan"), 1.0, float("inf"), 2.25, None],
            "yes": [True, False, None, True, True, True],
            "many": [[1, 2], [], None, [3], [4], [5]],
        }
    ).with_columns(pl.col("amount").cast(pl.Decimal(38, 2)))


def _try_policies() -> Any:
    return feerules.try_policies({"as it is": book(), "sooner": proposed()}, accounts(), DAY, **entries())


DAY = "2026-02-20"
UNIT = {"unit_id": "U-1", "type": "home", "area": "89.50"}
MAKERS: dict[str, Callable[[], Any]] = {
    "rules": book,
    "findings": lambda: feerules.check(book()),
    "bills": bills,
    "lines": lambda: bills(form="long"),
    "bill": lambda: feerules.price(UNIT, book(), "2026-11"),
    "reconciliation": lambda: feerules.reconcile(book(), units(), billed(), "2026-11"),
    "ageing": lambda: feerules.ageing_report(*ledger(), "2026-03-31", by="fee"),
    "rate": lambda: feerules.collection_rate(*ledger(), "2026-01", by="account_id"),
    "arrears": lambda: feerules.arrears_ledger(*ledger(), "2026-03-31"),
    "moved": lambda: feerules.roll_forward(*ledger(), "2026-01"),
    "workload": lambda: feerules.workload(pl.DataFrame({"account_id": ["A", "B", "C"]}), ["李", "王"]),
    "actions": lambda: feerules.next_actions(accounts(), book(), DAY, **entries()),
    "classes": lambda: feerules.classify_estate(accounts(), book(), DAY, **entries()),
    "segments": segments,
    "frame": lambda: (EVIL, frame()),
    "text": lambda: ({"zh": "说明", "en": "Words"}, {"zh": "第一段。\n第二段。", "en": "One.\nTwo."}),
    # What proves one book against another
    "coverage": lambda: feerules.coverage(book()),
    "cases": lambda: feerules.run_cases(book()),
    "changes": lambda: feerules.diff(book(), proposed()),
    "comparison": lambda: feerules.compare(book(), proposed(), units(), "2026-11"),
    "by fee": lambda: PARTS["comparison"].by_segment("fee"),
    "policies": lambda: feerules.compare_policies(book(), proposed(), accounts(), DAY, days=20, **entries()),
    "simulation": lambda: feerules.simulate(accounts(), proposed(), DAY, "2026-03-10", **entries()),
    "several policies": _try_policies,
}


class Parts(Mapping[str, Any]):
    """A part of every kind, by what it is; each is made when it is first asked for."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self.made:
            self.made[name] = MAKERS[name]()
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(MAKERS)

    def __len__(self) -> int:
        return len(MAKERS)


PARTS = Parts()
