"""A decision from its rules in YAML to the report that is signed: dearer lifts, less off for vacant homes, a gentler ladder.

    python examples/decision.py decision                   writes the new rules, the price list and the report
    python examples/decision.py decision --units 20_000    for a larger estate

pine-court/ has what people wrote: the rules of today, the proposal for 2027 as two reforms, and what it must come
to for some homes. The ladder is that of rules/dunning/standard-cn.yaml. decision_notebook.py tries other numbers.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import sample_estate

import feerules
from feerules import Book, Reform

HERE = Path(__file__).parent
WRITTEN = HERE / "pine-court"
LADDER = HERE.parent / "rules" / "dunning" / "standard-cn.yaml"
FROM, MONTH = "2027-01-01", "2027-01"
FLOORS = ["<= 1", "[2..6]", "[7..12]", "> 12"]
# What may be decided instead: yuan more per m², and the part of the price that a vacant home pays.
SURCHARGES, SHARES = ["0.00", "0.10", "0.15", "0.20"], ["0.50", "0.60", "0.70", "0.80"]
# The ladder is tried on the unpaid bills of three months, with so many calls and visits a day. That four of ten
# reach nobody and three end with a promise is an assumption; that money comes of it is not assumed.
BILLED, PAID_ON, TRIED_FROM = ("2026-10", "2026-11", "2026-12"), date(2026, 12, 28), date(2027, 1, 4)
CAPACITY = {"phone": 24, "visit": 12}
OUTCOMES = [
    {"channel": channel, **outcome}
    for channel in ("phone", "visit")
    for outcome in (
        {"outcome": "no_answer", "rate": "0.4"},
        {"outcome": "promised", "promised_in": 4, "rate": "0.3"},
        {"outcome": "answered", "rate": "0.3"},
    )
]
SENDER = {
    "name": {"zh": "松庭物业服务有限公司", "en": "Pine Court Property Services"},
    "hotline": "010-5555 0100",
}
SIGNED_BY = [
    {"zh": "业主委员会主任", "en": "Chair of the owners' committee"},
    {"zh": "物业项目经理", "en": "Estate manager"},
    {"zh": "财务负责人", "en": "Head of finance"},
]
TITLE = {"zh": "松庭小区2027年收费与催缴调整", "en": "Fees and dunning of Pine Court from 2027"}
ASKED = {
    "zh": "自2027年1月1日起：电梯附加费每平方米每月上调0.15元；空置满六个月的住宅由付五成改为付七成；"
    "电话与上门催缴由每三天一次改为每七天一次，违约金宽限期由15天延长至30天。",
    "en": "From January 1, 2027: the lift surcharge rises by 0.15 yuan per m² and month; homes that have been vacant for "
    "six months pay 70 % of the price instead of 50 %; calls and visits come every seventh day instead of every third, "
    "and the grace of the late fee is 30 days instead of 15.",
}


@dataclass(frozen=True)
class Rules:
    """The rules of one side: what is charged, and how arrears are collected."""

    fees: Book
    ladder: Book


def of_today() -> Rules:
    return Rules(feerules.load(WRITTEN / "rules"), feerules.load(LADDER))


def proposed(today: Rules, folder: Path) -> Rules:
    """The rules as they would be: written as YAML into a folder, and read from there, as they will be used."""
    fees = Reform.load(WRITTEN / "dearer-lifts.yaml").apply(today.fees)
    ladder = Reform.load(WRITTEN / "gentler-ladder.yaml").apply(today.ladder)
    cases = (WRITTEN / "dearer-lifts.cases.yaml").read_bytes()
    return Rules(
        written({**fees.files, "dearer-lifts.cases.yaml": cases}, folder / "fees"),
        written(ladder.files, folder / "dunning"),
    )


def written(files: Mapping[str, bytes], folder: Path) -> Book:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return feerules.load(folder)


# The same reforms with other numbers


def dearer(surcharge: str, share: str) -> Reform:
    """So much more for lifts, and such a part of the price from vacant homes."""
    return (
        Reform(document="pine-court", effective=FROM)
        .rate("lift", by=surcharge)
        .adjustment("management", "空置优惠", to=share)
        .adjustment("lift", "空置优惠", to=share)
    )


def gentler(gap: int, grace: int) -> Reform:
    """So many days between calls and visits, and before a late fee."""
    return (
        Reform(document="standard-cn", effective=FROM)
        .set("ladder.steps.call-or-visit.gap", f"{gap} days")
        .set("late_fee.grace", f"{grace} days")
    )


# What is asked of them


def homes_and_shops(units: int, month: str = MONTH) -> pl.DataFrame:
    return sample_estate.make(units, month=month).units.filter(pl.col("kind").is_in(["home", "shop"]))


def new_errors(old: Book, new: Book) -> list[feerules.Finding]:
    """The errors of the new rules that the old ones do not have."""
    known = {(each.code, each.message["en"]) for each in feerules.check(old)}
    found = [each for each in feerules.check(new) if each.severity == "error"]
    return [each for each in found if (each.code, each.message["en"]) not in known]


def grid(today: Rules, units: pl.DataFrame) -> pl.DataFrame:
    """Every surcharge with every share: who pays more, and what it brings in a month."""
    values = {"surcharge": SURCHARGES, "share": SHARES}
    table: pl.DataFrame = feerules.grid(today.fees, units, MONTH, dearer, values)
    return table.select("surcharge", "share", "more", "less", "change")


def ledger(fees: Book, units: int) -> dict[str, pl.DataFrame]:
    """The bills of three months; every fifth account has paid none of them."""
    charges = pl.concat(
        feerules.price_estate(homes_and_shops(units, month), fees, month, form="long").rows
        for month in BILLED
    )
    sums = charges.group_by("account_id", maintain_order=True).agg(pl.col("amount").sum())
    paid = sums.filter(pl.int_range(pl.len()) % 5 != 0)
    return {
        "charges": charges,
        "payments": paid.with_columns(payment_id="P-" + pl.col("account_id"), effective_on=PAID_ON),
    }


def tried(old: Book, new: Book, entries: Mapping[str, pl.DataFrame], days: int) -> Any:
    """Both ladders, followed for some days with the people there are."""
    return feerules.compare_policies(
        old, new, None, TRIED_FROM, days=days, capacity=CAPACITY, outcome=OUTCOMES, **entries
    )  # fmt: skip


# From YAML to what is signed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--units", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=30, help="how long the ladders are tried")
    options = parser.parse_args()
    folder: Path = options.folder

    # 1. The rules of today, the proposal, and what it changes
    today = of_today()
    new = proposed(today, folder)
    changes = feerules.diff(today.fees, new.fees), feerules.diff(today.ladder, new.ladder)
    for each in changes:
        print(each.explain("en"))

    # 2. Nothing is wrong that was right before, and every case comes out
    errors = new_errors(today.fees, new.fees) + new_errors(today.ladder, new.ladder)
    cases, covered = feerules.run_cases(new.fees), feerules.coverage(new.fees)
    passed = sum(case.passed for case in cases)
    print(f"New errors: {len(errors)}. Cases: {passed} of {len(cases)}. Rules without one: {len(covered.missed)}.")  # fmt: skip

    # 3. Who pays more, who less, and which change is why; and with other numbers
    units = homes_and_shops(options.units)
    result = feerules.compare(today.fees, new.fees, units, MONTH)
    print(result.explain("en"))
    table = grid(today, units)
    print(table)

    # 4. The gentler ladder, tried
    trial = tried(today.ladder, new.ladder, ledger(today.fees, options.units), options.days)
    print(trial)

    # 5. What owners will read
    for locale in ("zh_CN", "en"):
        prices = feerules.price_table(new.fees, SENDER, on=FROM, locale=locale)
        print(prices.write(folder / f"prices.{locale}.html").name)

    # 6. What is signed
    parts = (
        ({"zh": "提请决定的事项", "en": "What is to be decided"}, ASKED),
        ({"zh": "收费标准的变化", "en": "What changes in the fees"}, changes[0]),
        ({"zh": "谁多交，谁少交", "en": "Who pays more and who less"}, result),
        ({"zh": "按类型和楼层", "en": "By type and floor"}, result.by_segment("kind", floor=FLOORS)),
        ({"zh": "空置与在用", "en": "Vacant and lived in"}, result.by_segment("vacant")),
        ({"zh": "其他幅度的测算", "en": "With other numbers"}, table),
        ({"zh": "催缴政策的变化", "en": "What changes in the ladder"}, changes[1]),
        ({"zh": f"两种催缴阶梯试行{options.days}天", "en": f"Both ladders for {options.days} days"}, trial),
        ({"zh": "校验案例", "en": "Cases"}, cases),
        ({"zh": "案例覆盖", "en": "What the cases reach"}, covered),
        ({"zh": "新收费标准的检查", "en": "A check of the new fees"}, feerules.check(new.fees)),
        ({"zh": "新催缴政策的检查", "en": "A check of the new ladder"}, feerules.check(new.ladder)),
        ({"zh": "新收费标准", "en": "The new fees"}, new.fees),
    )
    for name in ("decision.html", "decision.xlsx"):
        path = feerules.report(folder / name, *parts, title=TITLE, on="2026-11-27", locale="both", signed_by=SIGNED_BY)  # fmt: skip
        print(path.name)


if __name__ == "__main__":
    main()
