"""Where amounts are rounded, to what and how: each stage and each mode changes a fen that another leaves."""

from __future__ import annotations

from typing import Any

import pytest

import feerules
from bills import Case, cases, check, schedule

HALVES = ["2.5", "3.5", "2.51", "2.49", "-2.5", "-3.5", "-2.51", "0.5", "-0.5"]
# mode, what each of the above becomes as a whole number
MODES = [
    ("half_up", ["3", "4", "3", "2", "-3", "-4", "-3", "1", "-1"]),
    ("half_even", ["2", "4", "3", "2", "-2", "-4", "-3", "0", "0"]),
    ("half_down", ["2", "3", "3", "2", "-2", "-3", "-3", "0", "0"]),
    ("up", ["3", "4", "3", "3", "-3", "-4", "-3", "1", "-1"]),
    ("down", ["2", "3", "2", "2", "-2", "-3", "-2", "0", "0"]),
]


@pytest.mark.parametrize(("mode", "whole"), MODES)
def test_each_mode_rounds_halves_its_own_way_and_mirrors_negatives(mode: str, whole: list[str]) -> None:
    fee = f"fee: {{per: number, rate: 1, rounding: [{{unit: 1, mode: {mode}}}]}}"
    for number, expected in zip(HALVES, whole, strict=True):
        check(Case("", fee, {"number": number}, f"{expected}.00"))
        # a refund has its sign put on after it was rounded
        refund = fee.replace("{per", "{kind: refund, per")
        mirrored = f"{int(expected) * -1}.00"
        check(Case("", refund, {"number": number}, mirrored))


# unit, what 12.345 becomes, and 12.375 and -12.35
UNITS = [
    ("0.01", "12.35", "12.38", "-12.35"),
    ("0.1", "12.30", "12.40", "-12.40"),
    ("0.05", "12.35", "12.40", "-12.35"),
    ("0.5", "12.50", "12.50", "-12.50"),
    ("1", "12.00", "12.00", "-12.00"),
    ("5", "10.00", "10.00", "-10.00"),
    ("0.25", "12.25", "12.50", "-12.25"),
]


@pytest.mark.parametrize(("unit", "a", "b", "c"), UNITS)
def test_a_line_is_rounded_to_a_multiple_of_its_unit(unit: str, a: str, b: str, c: str) -> None:
    fee = f"fee: {{per: number, rate: 1, rounding: [{{unit: {unit}}}]}}"
    for number, expected in (("12.345", a), ("12.375", b), ("-12.35", c)):
        check(Case("", fee, {"number": number}, expected))


def table(*rates: str) -> str:
    rows = "".join(f"| {end} | {rate} |\\n" for end, rate in zip((10, 20, "above"), rates, strict=True))
    return f'"| up to | rate |\\n|---|---|\\n{rows}"'


THREE = table("0.333", "0.333", "0.333")
QUARTER = "rate_per: month, every: quarter"
REGISTERS = 'registers: {peak: peak, valley: valley}, at_a_change: by_days, tiers: {table: "| up to | peak | valley |\\n|---|---|---|\\n| above | 0.335 | 0.335 |"}'

STAGES = [
    # 1.255 × 89.50 = 112.3225
    Case("once, at the end, unless something else is said", "fee: {per: area, rate: 1.255}", {"area": "89.50"}, "112.32"),
    # 1.26 × 89.50 = 112.77
    Case("the rate, before it is multiplied", "fee: {per: area, rate: 1.255, rounding: [{stage: rate, places: 2}]}", {"area": "89.50"}, [{"rate": "1.26", "amount": "112.77"}]),
    # 2.555 × 0.9 = 2.2995 → 2.30 × 100
    Case("the rate that a formula gives", "fee: {per: area, rate: contract_rate * 0.9, rounding: [{stage: rate, places: 2}]}", {"area": "100", "contract_rate": "2.555"}, "230.00"),
    # 1.005 + 1.005 = 2.01
    Case("a sum is rounded as one rate", "fee: {per: area, rate: {sum: {a: 1.005, b: 1.005}}, rounding: [{stage: rate, places: 2}]}", {"area": "100"}, "201.00"),
    # a rounded guided price is held against its ceiling
    Case("a rate is rounded before it meets its ceiling", "fee: {per: area, rate: 2.004, ceiling: 2, rounding: [{stage: rate, places: 2}]}", {"area": "100"}, "200.00"),
    # 0.335 and 0.335: 0.34 + 0.34
    Case("each component of a sum", "fee: {rate: {sum: {a: 0.335, b: 0.335}}, rounding: [{stage: component}]}", {}, "0.68"),
    Case("or their sum", "fee: {rate: {sum: {a: 0.335, b: 0.335}}}", {}, "0.67"),
    Case("each part", "fee: {parts: {a: {rate: 0.335}, b: {rate: 0.335}}, rounding: [{stage: component}]}", {}, "0.68"),
    Case("or the parts together", "fee: {parts: {a: {rate: 0.335}, b: {rate: 0.335}}}", {}, "0.67"),
    # 1.675 and 1.675 in proportion
    Case("each register", f"fee: {{{REGISTERS}, assign: proportional, rounding: [{{stage: register}}]}}", {"peak": "5", "valley": "5"}, "3.36"),
    Case("each register in order", f"fee: {{{REGISTERS}, assign: in_order, rounding: [{{stage: register}}]}}", {"peak": "5", "valley": "5"}, "3.36"),
    Case("or the registers together", f"fee: {{{REGISTERS}}}", {"peak": "5", "valley": "5"}, "3.35"),
    # 3.33 + 3.33 + 0.33 for 10, 10, 1 at 0.333: 0.333 × 21 = 6.993
    Case("each slice of tiers", f"fee: {{per: used, at_a_change: by_days, tiers: {{table: {table('0.3335', '0.3335', '0.3335')}}}, rounding: [{{stage: slice}}]}}", {"used": "20"}, "6.68"),
    Case("or the slices together", f"fee: {{per: used, at_a_change: by_days, tiers: {{table: {table('0.3335', '0.3335', '0.3335')}}}}}", {"used": "20"}, "6.67"),
    # 10.005 a month: 10.01 × 3
    Case("each month of a quarter", f"fee: {{rate: 10.005, {QUARTER}, rounding: [{{stage: month}}]}}", {}, "30.03", "2026-Q4"),
    Case("or the quarter", f"fee: {{rate: 10.005, {QUARTER}}}", {}, "30.02", "2026-Q4"),
    # handed over on 5 November: 26/30 = 0.8667 of a month
    Case("the part of a month to two places", "fee: {rate: 100, starts: handover, rounding: [{stage: month_fraction, places: 2}]}", {"handover": "2026-11-05"}, "87.00"),
    Case("to four places", "fee: {rate: 100, starts: handover, rounding: [{stage: month_fraction, places: 4}]}", {"handover": "2026-11-05"}, "86.67"),
    Case("to four places, cut off", "fee: {rate: 1000, starts: handover, rounding: [{stage: month_fraction, places: 4, mode: down}]}", {"handover": "2026-11-05"}, "866.60"),
    Case("both ends of a quarter have a rounded part", f"fee: {{rate: 10000, {QUARTER}, starts: handover, ends: moved_out, rounding: [{{stage: month_fraction, places: 2}}]}}", {"handover": "2026-10-12", "moved_out": "2026-12-16"}, "21300.00", "2026-Q4"),  # 20/31 = 0.65, 1, 15/31 = 0.48
    # 3333.3333 → 3333.3 → 3333
    Case("one after the other at the end", "fee: {per: number, rate: 1, rounding: [{unit: 0.1}, {unit: 1}]}", {"number": "0.45"}, "1.00"),
    Case("which is not the same as at once", "fee: {per: number, rate: 1, rounding: [{unit: 1}]}", {"number": "0.45"}, "0.00"),
    Case("to three places by one mode, to two by another", "fee: {per: number, rate: 1, rounding: [{places: 3, mode: half_down}, {places: 2}]}", {"number": "711.3145"}, "711.31"),
    Case("an amount is whole fen, whatever its last stage says", "fee: {per: number, rate: 1, rounding: [{places: 3, mode: down}]}", {"number": "1.2359"}, "1.24"),
    Case("several stages in one fee", f"fee: {{per: area, rate: 1.255, {QUARTER}, rounding: [{{stage: rate, places: 2}}, {{stage: month, unit: 0.1}}, {{unit: 1}}]}}", {"area": "89.50"}, "338.00", "2026-Q4"),  # 112.77 → 112.8 × 3 = 338.4
    # rounding to whole yuan, then the least of 250.50
    Case("a limit comes before the line is rounded", "fee: {rate: 250, minimum: 250.50, rounding: [{unit: 1}]}", {}, "251.00"),
    Case("an adjustment comes before it too", "fee: {rate: 250, adjustments: [{times: 0.999}], rounding: [{unit: 1}]}", {}, "250.00"),
    # quarter, 20 off: a stage that rounds months changes fen, not the meaning of a sum
    Case("a sum off a quarter", f"fee: {{rate: 100, {QUARTER}, adjustments: [{{minus: 20}}]}}", {}, "280.00", "2026-Q4"),
    Case("is the same where months are rounded", f"fee: {{rate: 100, {QUARTER}, adjustments: [{{minus: 20}}], rounding: [{{stage: month, unit: 0.0001}}]}}", {}, "280.00", "2026-Q4"),
    Case("and where months are judged", f"fee: {{rate: 100, {QUARTER}, judged: each_month, adjustments: [{{minus: 20}}]}}", {}, "280.00", "2026-Q4"),
    Case("a part's minimum is the cycle's where months are judged", f"fee: {{{QUARTER}, judged: each_month, parts: {{a: {{rate: 1, minimum: 30}}}}}}", {}, "30.00", "2026-Q4"),
    Case("a maximum of a quarter is not one of a month", f"fee: {{rate: 100, {QUARTER}, maximum: 250, rounding: [{{stage: month}}]}}", {}, "250.00", "2026-Q4"),
    # 100.01 × 1/3 = 33.336…: months of 33.34
    Case("a month's fraction and a month's amount", "fee: {rate: 100.01, rate_per: quarter, every: quarter, rounding: [{stage: month}]}", {}, "100.02", "2026-Q4"),
    Case("tax is rounded to the fen whatever the line is", "fee: {rate: 99.50, tax: 6%, rounding: [{unit: 1}]}", {}, [{"amount": "100.00", "tax": "5.66", "net": "94.34"}]),
]  # fmt: skip


@cases(STAGES)
def test_a_stage_rounds_what_it_names(case: Case) -> None:
    check(case)


# the total of 10.05 and what it becomes; a second line makes it negative
BILLS: list[tuple[str, str, str, str | None]] = [
    ("unit: 0.1", "10.05", "10.10", "0.05"),
    ("unit: 0.1, mode: half_down", "10.05", "10.00", "-0.05"),
    ("unit: 0.1, mode: half_even", "10.05", "10.00", "-0.05"),
    ("unit: 1, mode: up", "10.05", "11.00", "0.95"),
    ("unit: 1, mode: down", "10.05", "10.00", "-0.05"),
    ("unit: 1, mode: down", "-10.05", "-10.00", "0.05"),
    ("unit: 0.1", "-10.05", "-10.10", "-0.05"),
    ("unit: 0.5", "10.25", "10.50", "0.25"),
    ("unit: 1", "10", "10.00", None),
]


@pytest.mark.parametrize(("rule", "number", "total", "difference"), BILLS)
def test_a_bill_is_rounded_with_a_line_of_its_own(
    rule: str, number: str, total: str, difference: str | None
) -> None:
    rules = schedule("a: {per: number, rate: 1}\nb: {rate: 0}", more=f"bill: {{{rule}}}")
    bill = feerules.price({"number": number}, feerules.load_files({"first.yaml": rules}), "2026-11")
    assert str(bill.total) == total
    assert [str(line.amount) for line in bill if line.fee == "rounding"] == (
        [] if difference is None else [difference]
    )


# what is wrong with a list of roundings
WRONG: list[tuple[str, str]] = [
    ("a stage but the last stands twice", "[{stage: rate}, {stage: rate, places: 3}]"),
    ("a unit and places", "[{unit: 0.1, places: 1}]"),
    ("a unit of nothing", "[{unit: 0}]"),
    ("a mode that does not exist", "[{mode: ceiling}]"),
    ("a stage that does not exist", "[{stage: bill}]"),
]


@pytest.mark.parametrize(("title", "rounding"), WRONG, ids=[title for title, _ in WRONG])
def test_a_rounding_that_means_nothing_is_refused(title: str, rounding: str) -> None:
    with pytest.raises(feerules.RuleErrors):
        feerules.load_files({"first.yaml": schedule(f"fee: {{rate: 1, rounding: {rounding}}}")})


def test_a_rounding_may_be_the_default_of_a_schedule() -> None:
    more = "defaults: {rounding: [{unit: 1}]}"
    fees = "a: {rate: 1.60}\nb: {rate: 1.60, rounding: [{unit: 0.1}]}"
    check(Case("", fees, {}, {"a": "2.00", "b": "1.60"}, more=more))


def test_rounding_a_line_makes_its_parts_sum_to_it() -> None:
    """Whole yuan, two owners, three cuts: no yuan is lost and none is made."""
    unit: dict[str, Any] = {
        "owner_id": "A",
        "changes": [
            {"from": f"2026-11-{day}", "facts": {"owner_id": f"B{day}"}} for day in ("08", "15", "22")
        ],
    }
    for mode in ("half_up", "half_even", "half_down", "up", "down"):
        fee = f"fee: {{rate: 10, rounding: [{{unit: 1, mode: {mode}}}]}}"
        book = feerules.load_files({"first.yaml": schedule(fee)})
        assert str(feerules.price(unit, book, "2026-11").total) == "10.00"
