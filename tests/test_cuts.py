"""Where the price, the unit's facts, its owner or its vacancy change inside a cycle, the line is cut at that day."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel

import feerules
from bills import Case, bill_of, cases, check, schedule


def then(first: str, **facts: Any) -> dict[str, Any]:
    """A change of a unit's facts."""
    return {"from": first, "facts": facts}


def owned(*changes: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {"owner_id": "A", **facts, "changes": list(changes)}


VERSIONS = [
    Case(
        "a bill that crosses a price change is cut at that day",
        "fee: {per: area, rate: 2.00}",
        {"area": "100"},
        [
            {"amount": "100.00", "period_start": "2026-11-01", "period_end": "2026-11-16", "version": "2000-01-01", "rate": "2"},
            {"amount": "130.00", "period_start": "2026-11-16", "period_end": "2026-12-01", "version": "2026-11-16", "rate": "2.6"},
        ],
        later=[("2026-11-16", "fee: {per: area, rate: 2.60}")],
    ),
    Case(
        "a bill may cross two of them",
        "fee: {rate: 30}",
        {},
        ["10.00", "20.00", "30.00"],
        later=[("2026-11-11", "fee: {rate: 60}"), ("2026-11-21", "fee: {rate: 90}")],
    ),
    Case("a price that changes on the first cuts nothing", "fee: {rate: 30}", {}, "60.00", later=[("2026-11-01", "fee: {rate: 60}")]),
    Case("a price of later months changes nothing yet", "fee: {rate: 30}", {}, "30.00", later=[("2026-12-01", "fee: {rate: 60}")]),
    Case(
        "each part of a price change is rounded by itself",
        "fee: {rate: 1.01}",  # 0.505 and 0.505
        {},
        ["0.51", "0.51"],
        later=[("2026-11-16", "fee: {rate: 1.01}")],
    ),
    Case("a fee that is new begins with its version", "old: {rate: 30}", {}, {"old": "15.00", "new": "30.00"}, later=[("2026-11-16", "new: {rate: 60}")]),
    Case("a one-off takes the price of its day", "fee: {every: {once: paid_on}, rate: 30}", {"paid_on": "2026-11-16"}, "60.00", later=[("2026-11-16", "fee: {every: {once: paid_on}, rate: 60}")]),
    Case("and the eve that of the eve", "fee: {every: {once: paid_on}, rate: 30}", {"paid_on": "2026-11-15"}, "30.00", later=[("2026-11-16", "fee: {every: {once: paid_on}, rate: 60}")]),
    Case(
        "a percentage is of the parts of its own days",
        "a: {rate: 300}\nfee: {per: {fees: [a]}, rate: 3%}",
        {},
        {"a": ["150.00", "200.00"], "fee": ["4.50", "10.00"]},
        later=[("2026-11-16", "a: {rate: 400}\nfee: {per: {fees: [a]}, rate: 5%}")],
    ),
    Case(
        "a quarter in arrears is cut too",
        "fee: {rate: 92, rate_per: cycle, every: quarter, billed: in_arrears, prorate: cycle_days}",
        {},
        ["46.00", "92.00"],
        "2026-12",
        later=[("2026-11-16", "fee: {rate: 184, rate_per: cycle, every: quarter, billed: in_arrears, prorate: cycle_days}")],
    ),
    Case(
        "a year from handover is cut too",
        "fee: {rate: 365, rate_per: year, every: {anniversary_of: handover}, prorate: cycle_days}",
        {"handover": "2020-11-20"},
        ["42.00", "646.00"],  # 20 November to 31 December are 42 days
        later=[("2027-01-01", "fee: {rate: 730, rate_per: year, every: {anniversary_of: handover}, prorate: cycle_days}")],
    ),
    Case("a price change long ago is not counted twice", "fee: {rate: 365, rate_per: year, every: {anniversary_of: handover}}", {"handover": "2020-11-20"}, "730.00", later=[("2021-03-01", "fee: {rate: 730, rate_per: year, every: {anniversary_of: handover}}")]),
    Case(
        "from months to quarters no day is lost",
        "fee: {rate: 300}",
        {},
        [
            {"amount": "300.00", "period_end": "2026-11-01"},
            {"amount": "150.00", "period_end": "2026-11-16"},
            {"amount": "450.00", "period_end": "2027-01-01"},  # of the quarter one month and a half
        ],
        "2026-Q4",
        later=[("2026-11-16", "fee: {rate: 900, rate_per: cycle, every: quarter}")],
    ),
    Case(
        "from quarters to months no day is charged twice",
        "fee: {rate: 900, rate_per: cycle, every: quarter}",
        {},
        [
            {"amount": "450.00", "period_end": "2026-11-16"},
            {"amount": "200.00", "period_end": "2026-12-01"},
            {"amount": "400.00", "period_end": "2027-01-01"},
        ],
        "2026-Q4",
        later=[("2026-11-16", "fee: {rate: 400}")],
    ),
    Case(
        "from bills in arrears to bills in advance",
        "fee: {rate: 900, rate_per: cycle, every: quarter, billed: in_arrears}",
        {},
        [{"amount": "450.00", "period_end": "2026-11-16"}],
        "2026-12",
        later=[("2026-11-16", "fee: {rate: 900, rate_per: cycle, every: quarter}")],
    ),
    Case(
        "the rest of that quarter is in advance on October's bill",
        "fee: {rate: 900, rate_per: cycle, every: quarter, billed: in_arrears}",
        {},
        [{"amount": "450.00", "period_start": "2026-11-16"}],
        "2026-10",
        later=[("2026-11-16", "fee: {rate: 900, rate_per: cycle, every: quarter}")],
    ),
]  # fmt: skip

ON_PRICE = [
    # 15 m³ before the change, 15 after it
    ("by_days", "30", [], ["45.00", "60.00"]),
    ("all_to_the_later", "30", [], ["120.00"]),
    ("by_reading", "30", [], "no_reading_at_change"),
    ("by_reading", "12", [then("2026-11-16", used="18")], ["36.00", "72.00"]),
    ("by_reading", "12", [then("2026-11-17", used="18")], "no_reading_at_change"),
]


LATER = "at_a_change: all_to_the_later"
READ = "at_a_change: by_reading"
TWO_PARTS = f"fee: {{{LATER}, parts: {{basic: {{rate: %d}}, metered: {{per: used, rate: %d}}}}}}"
MIXED = [
    # 15 days at 30 a month; 15 days at 60, and all of the usage at 2
    Case("a basic price keeps its days where usage goes to the later", TWO_PARTS % (30, 1), {"used": "30"}, ["15.00", "90.00"], later=[("2026-11-16", TWO_PARTS % (60, 2))]),
    Case("with the usage goes its minimum", f"fee: {{per: used, rate: 1, minimum: 60, {LATER}}}", {"used": "30"}, "60.00", later=[("2026-11-16", f"fee: {{per: used, rate: 1, minimum: 60, {LATER}}}")]),
    Case("and what is taken off", f"fee: {{per: used, rate: 1, adjustments: [{{minus: 5}}], {LATER}}}", {"used": "30"}, "25.00", later=[("2026-11-16", f"fee: {{per: used, rate: 1, adjustments: [{{minus: 5}}], {LATER}}}")]),
    Case("a percentage keeps its days", f"a: {{rate: 300}}\nfee: {{per: {{fees: [a]}}, rate: 3%, {LATER}}}", {}, {"a": ["150.00", "200.00"], "fee": ["4.50", "10.00"]}, later=[("2026-11-16", f"a: {{rate: 400}}\nfee: {{per: {{fees: [a]}}, rate: 5%, {LATER}}}")]),
    Case("and needs no reading", f"a: {{rate: 300}}\nfee: {{per: {{fees: [a]}}, rate: 3%, {READ}}}", {}, {"a": ["150.00", "200.00"], "fee": ["4.50", "10.00"]}, later=[("2026-11-16", f"a: {{rate: 400}}\nfee: {{per: {{fees: [a]}}, rate: 5%, {READ}}}")]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "used", "changes", "expected"), ON_PRICE)
def test_usage_goes_where_the_rule_says_at_a_change_of_price(
    rule: str, used: str, changes: list[dict[str, Any]], expected: str | list[str]
) -> None:
    fee = "fee: {per: used, rate: %d, at_a_change: " + rule + "}"
    unit = {"used": used, "changes": changes} if changes else {"used": used}
    check(Case("", fee % 3, unit, expected, later=[("2026-11-16", fee % 4)]))


def tiers(low: str, high: str, rule: str = "by_days") -> str:
    table = f'"| up to | rate |\\n|---|---|\\n| 10 | {low} |\\n| above | {high} |"'
    return f"fee: {{per: used, at_a_change: {rule}, tiers: {{over: {{each: year, used_before: before}}, table: {table}}}}}"


# Used before: 4. Of 24 in November, 12 before the change: old(16) - old(4) = 6 × 1 + 6 × 2;
# after it new(28) - new(16) = 12 × 4, the tiers counted on from 16.
TIERED = [
    Case("a tier crossing a price change is new(before + use) - new(before)", tiers("1", "2"), {"used": "24", "before": "4"}, ["18.00", "48.00"], later=[("2026-11-16", tiers("3", "4"))]),
    Case("with all of it at the new price where the rule says so", tiers("1", "2", "all_to_the_later"), {"used": "24", "before": "4"}, "90.00", later=[("2026-11-16", tiers("3", "4", "all_to_the_later"))]),
    Case(
        "readings at the change tell what was used before",
        tiers("1", "2", "by_reading"),
        {"used": "9", "before": "4", "changes": [then("2026-11-16", used="15", before="13")]},
        ["12.00", "60.00"],  # 6 × 1 + 3 × 2; 15 × 4
        later=[("2026-11-16", tiers("3", "4", "by_reading"))],
    ),
    # the owner changes on the 16th: together old(28) - old(4) = 6 + 36 = 42
    Case("two owners share one count", tiers("1", "2"), owned(then("2026-11-16", owner_id="B"), used="24", before="4"), ["18.00", "24.00"]),
]  # fmt: skip

OWNERS = [
    Case(
        "owners of a month sum to the uncut amount",
        "fee: {rate: 100}",
        owned(then("2026-11-11", owner_id="B"), then("2026-11-21", owner_id="C")),
        [{"amount": "33.33", "payer_id": "A"}, {"amount": "33.34", "payer_id": "B"}, {"amount": "33.33", "payer_id": "C"}],
    ),
    Case("each part of two halves of an odd fen", "fee: {rate: 1.01}", owned(then("2026-11-16", owner_id="B")), ["0.51", "0.50"]),
    Case("a change on the first day cuts nothing", "fee: {rate: 100}", owned(then("2026-11-01", owner_id="B")), [{"amount": "100.00", "payer_id": "B"}]),
    Case("a change after the cycle cuts nothing", "fee: {rate: 100}", owned(then("2026-12-01", owner_id="B")), [{"amount": "100.00", "payer_id": "A"}]),
    Case("usage is spread over the days of both", "fee: {per: used, rate: 3, at_a_change: by_days}", owned(then("2026-11-11", owner_id="B"), used="30"), ["30.00", "60.00"]),
    Case("or belongs to the later", "fee: {per: used, rate: 3, at_a_change: all_to_the_later}", owned(then("2026-11-11", owner_id="B"), used="30"), [{"amount": "90.00", "payer_id": "B"}]),
    Case("or was read when the owner changed", "fee: {per: used, rate: 3, at_a_change: by_reading}", owned(then("2026-11-11", owner_id="B", used="12"), used="18"), ["54.00", "36.00"]),
    Case("both may have used as much", "fee: {per: used, rate: 3, at_a_change: by_reading}", owned(then("2026-11-11", owner_id="B", used="18"), used="18"), ["54.00", "54.00"]),
    Case("and is a problem where nobody read it", "fee: {per: used, rate: 3, at_a_change: by_reading}", owned(then("2026-11-11", owner_id="B"), used="18"), "no_reading_at_change"),
    Case("what is passed on is spread like usage", "fee: {pass_through: company_bill, at_a_change: by_days}", owned(then("2026-11-16", owner_id="B"), company_bill="0.01"), ["0.01", "0.00"]),
    Case("a minimum of a month is shared by its owners", "fee: {rate: 1, minimum: 30.01}", owned(then("2026-11-16", owner_id="B")), ["15.01", "15.00"]),
    Case("a whole minimum is the uncut line's", "fee: {rate: 1, minimum: {amount: 30, whole: true}}", owned(then("2026-11-16", owner_id="B")), ["30.00", "0.00"]),
    # 1 % of 3.00 is 0.03; of 1.50 it is 0.015
    Case("a percentage sums to that of the uncut amounts", "a: {rate: 3}\nfee: {per: {fees: [a]}, rate: 1%}", owned(then("2026-11-16", owner_id="B")), {"a": ["1.50", "1.50"], "fee": ["0.02", "0.01"]}),
    Case("a formula over another fee too", "a: {rate: 3}\nfee: {rate: 0.01 * fees.a}", owned(then("2026-11-16", owner_id="B")), {"a": ["1.50", "1.50"], "fee": ["0.02", "0.01"]}),
    # judged on 1 October for all of it
    Case(
        "a change of owner judges nothing anew",
        'fee: {rate: "if(month < 12, 3, 6)", rate_per: month, every: quarter}',
        owned(then("2026-12-01", owner_id="B")),
        ["6.00", "3.00"],
        "2026-Q4",
    ),
    Case("one of two changes is of the facts", "fee: {per: area, rate: 0.01}", owned(then("2026-11-11", owner_id="B"), then("2026-11-21", area="200"), area="100"), ["0.33", "0.34", "0.67"]),
    Case("what changes on one day is one change", "fee: {per: area, rate: 3}", owned(then("2026-11-11", owner_id="B"), then("2026-11-11", area="200"), area="100"), [{"amount": "100.00", "payer_id": "A"}, {"amount": "400.00", "payer_id": "B"}]),
    Case("and told twice it is told once", "fee: {per: area, rate: 3}", owned(then("2026-11-11", area="200"), then("2026-11-11", area="200", owner_id="B"), area="100"), ["100.00", "400.00"]),
    Case("two areas on one day are a problem", "fee: {per: area, rate: 3}", owned(then("2026-11-11", area="200"), then("2026-11-11", area="300"), area="100"), "ends_before_start"),
    Case("free months are shared", "fee: {rate: 30, rate_per: month, every: quarter, adjustments: [{free_months: 1}]}", owned(then("2026-11-01", owner_id="B")), ["20.00", "40.00"], "2026-Q4"),
    Case("a sum taken off is shared", "fee: {rate: 30, adjustments: [{minus: 10.01}]}", owned(then("2026-11-16", owner_id="B")), ["10.00", "9.99"]),
    Case("a tax is of each part", "fee: {rate: 1.01, tax: 6%}", owned(then("2026-11-16", owner_id="B")), [{"amount": "0.51", "tax": "0.03"}, {"amount": "0.50", "tax": "0.03"}]),
    Case("whole yuan go to the days before", "fee: {rate: 10, rounding: [{unit: 1, mode: up}]}", owned(then("2026-11-02", owner_id="B")), ["1.00", "9.00"]),
]  # fmt: skip

DEVELOPER = [
    Case(
        "the developer pays the days before handover",
        "fee: {per: area, rate: 3, starts: {fact: handover, before: developer}}",
        {"area": "100", "handover": "2026-11-11", "owner_id": "O", "developer_id": "D"},
        [
            {"amount": "100.00", "payer": "developer", "payer_id": "D", "period_end": "2026-11-11"},
            {"amount": "200.00", "payer": "owner", "payer_id": "O", "period_start": "2026-11-11"},
        ],
    ),
    Case("a home handed over long ago is the owner's", "fee: {rate: 3, starts: {fact: handover, before: developer}}", {"handover": "2020-01-01"}, [{"amount": "3.00", "payer": "owner"}]),
    Case("a home not handed over is the developer's", "fee: {rate: 3, starts: {fact: handover, before: developer}}", {"handover": "2026-12-01"}, [{"amount": "3.00", "payer": "developer"}]),
    Case(
        "the month of handover is the developer's, even from its first day",
        "fee: {rate: 3, prorate: next_month, starts: {fact: handover, before: developer}}",
        {"handover": "2026-11-01"},
        [{"amount": "3.00", "payer": "developer"}],
    ),
    Case(
        "a tenant pays the days of the lease",
        "fee: {rate: 3, payer: tenant, starts: {fact: handover, before: owner}, ends: {fact: moved_out, after: owner}}",
        {"handover": "2026-11-11", "moved_out": "2026-11-21"},
        [{"amount": "1.00", "payer": "owner"}, {"amount": "1.00", "payer": "tenant"}, {"amount": "1.00", "payer": "owner"}],
    ),
    Case("usage before handover is the developer's by days", "fee: {per: used, rate: 3, at_a_change: by_days, starts: {fact: handover, before: developer}}", {"used": "30", "handover": "2026-11-11"}, ["30.00", "60.00"]),
    Case("without anybody before, all of it is the owner's", "fee: {per: used, rate: 3, at_a_change: by_days, starts: handover}", {"used": "30", "handover": "2026-11-11"}, "90.00"),
    Case("usage by reading must have been read at handover", "fee: {per: used, rate: 3, at_a_change: by_reading, starts: {fact: handover, before: developer}}", {"used": "30", "handover": "2026-11-11"}, "no_reading_at_change"),
    Case(
        "and has been, where the facts are dated",
        "fee: {per: used, rate: 3, at_a_change: by_reading, starts: {fact: handover, before: developer}}",
        {"used": "4", "handover": "2026-11-11", "changes": [then("2026-11-11", used="26")]},
        [{"amount": "12.00", "payer": "developer"}, {"amount": "78.00", "payer": "owner"}],
    ),
    Case("a meter read over the owner's days alone needs no reading before", "fee: {per: used, rate: 3, at_a_change: by_reading, starts: handover}", {"used": "30", "handover": "2026-11-11"}, "90.00"),
    Case(
        "a percentage is of the same payer's amount",
        "a: {rate: 300, starts: {fact: handover, before: developer}}\nfee: {per: {fees: [a]}, rate: 10%, starts: {fact: handover, before: developer}}",
        {"handover": "2026-11-11"},
        {"a": ["100.00", "200.00"], "fee": [{"amount": "10.00", "payer": "developer"}, {"amount": "20.00", "payer": "owner"}]},
    ),
]  # fmt: skip

# an odd price, the rule, and the day of handover and of moving out
PAYERS = [
    *product(
        [
            "calendar_days",
            "thirty_day_months",
            "cycle_days",
            "days_365",
            "half_months",
            "whole_months",
            "next_month",
            "none",
        ],
        ["2026-10-01", "2026-10-07", "2026-11-30", "2026-12-31"],
    )
]


@pytest.mark.parametrize(("rule", "handover"), PAYERS)
def test_owner_and_developer_parts_sum_to_the_uncut_amount(rule: str, handover: str) -> None:
    keys = f"rate: 100.01, rate_per: month, every: quarter, prorate: {rule}"
    cut = f"fee: {{{keys}, starts: {{fact: handover, before: developer}}, ends: {{fact: moved_out, after: heir}}}}"
    for moved_out in (None, "2026-11-15", "2026-12-31"):
        unit = {"handover": handover, "moved_out": moved_out}
        if moved_out is None or handover <= moved_out:
            assert str(bill_of(Case("", cut, unit, "", "2026-Q4")).total) == "300.03"


FACTS = [
    Case("a re-measured area counts from its day", "fee: {per: area, rate: 3}", {"area": "100", "changes": [then("2026-11-11", area="110")]}, ["100.00", "220.00"]),
    Case("and back again", "fee: {per: area, rate: 3}", {"area": "100", "changes": [then("2026-11-11", area="110"), then("2026-11-21", area="100")]}, ["100.00", "110.00", "100.00"]),
    Case("changes may be written in any order", "fee: {per: area, rate: 3}", {"area": "100", "changes": [then("2026-11-21", area="100"), then("2026-11-11", area="110")]}, ["100.00", "110.00", "100.00"]),
    Case("a shop that becomes a home is charged as each", "fee: {applies: {type: home}, rate: 30}\nother: {applies: {type: shop}, rate: 60}", {"type": "shop", "changes": [then("2026-11-11", type="home")]}, {"fee": "20.00", "other": "20.00"}),
    Case("a change of one month leaves the next whole", "fee: {per: area, rate: 3}", {"area": "100", "changes": [then("2026-11-11", area="110")]}, ["100.00", "220.00", "330.00"], "2026-11-01/2027-01-01"),
    Case("the fact of the day decides the price of a one-off", "fee: {every: {once: paid_on}, per: area, rate: 1}", {"area": "100", "paid_on": "2026-11-16", "changes": [then("2026-11-11", area="110")]}, "110.00"),
    Case("a record that ends is charged until then", "fee: {rate: 30}", {"valid_to": "2026-11-11"}, "10.00"),
    Case("and one that begins, from then", "fee: {rate: 30}", {"valid_from": "2026-11-11"}, "20.00"),
    Case("a record without days is a problem", "fee: {rate: 30}", {"valid_from": "2026-11-11", "valid_to": "2026-11-11"}, "ends_before_start"),
]  # fmt: skip

EMPTY = "adjustments: [{when: {vacant: true}, times: 0.7}]"
SINCE = "adjustments: [{when: {vacant_since: not(null), empty_months: '>= 6'}, times: 0.7}]"
MONTHS = "derived: {empty_months: 'months_between(vacant_since, judged_on)'}"
VACANCY = [
    Case("vacancy is cut at the day on which it begins", f"fee: {{rate: 30, {EMPTY}}}", {"vacant": False, "changes": [then("2026-11-11", vacant=True)]}, ["10.00", "14.00"]),
    # six months are complete on 1 December: judged on 1 October they are not
    Case("vacancy is judged at the start of the quarter", f"fee: {{rate: 30, rate_per: month, every: quarter, {SINCE}}}", {"vacant_since": "2026-06-01"}, "90.00", "2026-Q4", more=MONTHS),
    Case("or month by month", f"fee: {{rate: 30, rate_per: month, every: quarter, judged: each_month, {SINCE}}}", {"vacant_since": "2026-06-01"}, "81.00", "2026-Q4", more=MONTHS),
    Case("on the first of the month it is not six months from the second", f"fee: {{rate: 30, {SINCE}}}", {"vacant_since": "2026-05-02"}, "30.00", more=MONTHS),
    Case("and it is from the first", f"fee: {{rate: 30, {SINCE}}}", {"vacant_since": "2026-05-01"}, "21.00", more=MONTHS),
    Case("who does not know since when pays in full", f"fee: {{rate: 30, {SINCE}}}", {}, "30.00", more=MONTHS),
    # handed over on 11 November: each month judged on its first day charged; 20 ÷ 30 × 30 + 30 × 0.7
    Case("a month is judged on its first day charged", f"fee: {{rate: 30, rate_per: month, every: quarter, judged: each_month, starts: handover, {SINCE}}}", {"vacant_since": "2026-05-12", "handover": "2026-11-11"}, "41.00", "2026-Q4", more=MONTHS),
    Case("six months complete between the first and the first day charged count", f"fee: {{rate: 30, rate_per: month, every: quarter, judged: each_month, starts: handover, {SINCE}}}", {"vacant_since": "2026-05-11", "handover": "2026-11-11"}, "35.00", "2026-Q4", more=MONTHS),
    Case("which a change in another year does not alter", f"fee: {{rate: 30, rate_per: month, every: quarter, judged: each_month, starts: handover, {SINCE}}}", {"vacant_since": "2026-05-11", "handover": "2026-11-11", "changes": [then("2030-01-01", vacant=True)]}, "35.00", "2026-Q4", more=MONTHS),
]  # fmt: skip


QUARTER = "every: quarter, judged: each_month, at_a_change: by_days"
SUMMER = "rate: 'if(month >= 7 and month <= 8, 1, 0.5)'"
SUMMER_TIERS = (
    "{over: month, table: '| up to | rate |\\n|--|--|\\n| 30 | 0.50 |\\n| above | 0.80 |'}".replace("'", '"')
)
MONTH_BY_MONTH = [
    # 92 m³ in 92 days: 31 and 31 at 1.00, 30 at 0.50
    Case("a quarter's usage is divided among its months", f"fee: {{per: used, {QUARTER}, {SUMMER}}}", {"used": "92"}, [{"amount": "77.00", "quantity": "92"}], "2026-Q3"),
    Case("all of it is the last month's where it goes to the later part", f"fee: {{per: used, {QUARTER.replace('by_days', 'all_to_the_later')}, {SUMMER}}}", {"used": "92"}, "46.00", "2026-Q3"),
    Case("by reading, the months need readings", f"fee: {{per: used, {QUARTER.replace('by_days', 'by_reading')}, {SUMMER}}}", {"used": "92"}, "no_reading_at_change", "2026-Q3"),
    Case("an owner who moves in pays the months from then on", f"fee: {{per: used, {QUARTER}, {SUMMER}}}", {"used": "92", "owner_id": "A", "changes": [then("2026-08-11", owner_id="B")]}, ["41.00", "36.00"], "2026-Q3"),
    # 30 × 0.50 + 1 × 0.80 in July and August, 30 × 0.50 in September
    Case("tiers of a month count in each month from nothing", f"fee: {{per: used, {QUARTER}, tiers: {SUMMER_TIERS}}}", {"used": "92"}, "46.60", "2026-Q3"),
    # the bands of the bill go on: 30 × 0.50 + 62 × 0.80
    Case("tiers of a bill count through its months", f"fee: {{per: used, {QUARTER}, tiers: {SUMMER_TIERS.replace('over: month, ', '')}}}", {"used": "92"}, "64.60", "2026-Q3"),
    Case("what is passed on is passed on once", f"fee: {{pass_through: used, {QUARTER}}}", {"used": "92.01"}, "92.01", "2026-Q3"),
    Case("also where months are rounded", "fee: {pass_through: used, every: quarter, at_a_change: by_days, rounding: [{stage: month, unit: 0.1}]}", {"used": "92"}, "92.00", "2026-Q3"),
    Case("a rate by the day counts each day once", "fee: {rate: 1, rate_per: day, every: quarter, judged: each_month}", {}, "92.00", "2026-Q3"),
    Case("a percentage of a quarter is charged once where months are rounded", "base: {rate: 100, rate_per: month, every: quarter}\nfee: {per: {fees: [base]}, rate: 3%, every: quarter, rounding: [{stage: month, unit: 0.1}]}", {}, {"base": "300.00", "fee": "9.00"}, "2026-Q3"),
]  # fmt: skip


@cases(VERSIONS, MIXED, TIERED, OWNERS, DEVELOPER, FACTS, VACANCY, MONTH_BY_MONTH)
def test_a_cut_is_what_a_person_works_out_by_hand(case: Case) -> None:
    check(case)


def test_a_cut_in_another_year_alters_nothing() -> None:
    """Every rule again, with a unit that has dated facts: nothing inside the period has changed."""
    for case in (*OWNERS, *DEVELOPER, *VACANCY):
        if "changes" in case.unit:
            continue
        for change in (
            then("2031-01-01", owner_id="Z"),
            then("2031-01-01", area="7"),
            then("2001-01-01", owner_id="Z"),
        ):
            dated = Case(
                case.title,
                case.fees,
                {**case.unit, "changes": [change]},
                case.expected,
                case.period,
                more=case.more,
            )
            if change["facts"].get("owner_id") is None or "payer_id" not in str(case.expected):
                check(dated)


def test_two_documents_may_not_claim_one_fee_of_one_unit() -> None:
    one, other = schedule("fee: {rate: 1}"), schedule("fee: {rate: 2}", name="other")
    with pytest.raises((feerules.RuleErrors, feerules.UnitErrors)):
        feerules.price({}, feerules.load_files({"one.yaml": one, "other.yaml": other}), "2026-11")


def test_a_schedule_that_has_nothing_to_charge_now_still_applies() -> None:
    monthly = schedule("fee: {rate: 1}").replace("\nfacts:", "\napplies: {type: home}\nfacts:")
    yearly = schedule("fee: {rate: 2, rate_per: cycle, every: year}", name="other").replace(
        "\nfacts:", "\napplies: {type: shop}\nfacts:"
    )
    book = feerules.load_files({"one.yaml": monthly, "other.yaml": yearly})
    assert [str(feerules.price({"type": kind}, book, "2026-11").total) for kind in ("home", "shop")] == [
        "1.00",
        "0.00",
    ]
    with pytest.raises(feerules.UnitErrors, match="no_schedule"):
        feerules.price({"type": "bay"}, book, "2026-11")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"facts": {"area": 12}}, "missing"),
        ({"from": None, "facts": {"area": 12}}, "missing"),
        ({"from": "16/11/2026", "area": 12}, "wrong_type"),
        ({"from": "2026-11-31", "area": 12}, "wrong_type"),
        ({"from": datetime(2026, 11, 16, 8), "area": 12}, "imprecise"),
        ({"from": "1016-11-16", "area": 12}, "out_of_domain"),
    ],
)
def test_a_change_that_does_not_tell_its_first_day_is_a_problem(change: dict[str, Any], code: str) -> None:
    book = feerules.load_files({"one.yaml": schedule("fee: {per: area, rate: 1}")})
    good = {"from": date(2026, 11, 16), "facts": {"area": 11}}
    with pytest.raises(feerules.UnitErrors) as caught:
        feerules.price({"unit_id": "A-1", "area": 10, "changes": [good, change]}, book, "2026-11")
    [problem] = caught.value.problems
    assert (problem.unit_id, problem.fact, problem.code) == ("A-1", "changes.from", code)


@pytest.mark.parametrize("changes", [{"from": "2026-11-16", "area": 12}, "2026-11-16", ["2026-11-16"]])
def test_changes_are_a_list_and_each_has_a_day_and_facts(changes: Any) -> None:
    book = feerules.load_files({"one.yaml": schedule("fee: {per: area, rate: 1}")})
    with pytest.raises(ValueError, match=r"expected a list of \{from: day"):
        feerules.price({"area": 10, "changes": changes}, book, "2026-11")


class Home(BaseModel):
    unit_id: str
    area: Decimal
    changes: list[dict[str, Any]] = []


def test_a_unit_may_be_a_pydantic_model() -> None:
    book = feerules.load_files({"one.yaml": schedule("fee: {per: area, rate: 1}")})
    whole = Home(unit_id="A-1", area=Decimal("10.5"))
    cut = Home(unit_id="A-1", area=Decimal(10), changes=[{"from": date(2026, 11, 16), "facts": {"area": 20}}])
    assert [str(line.amount) for line in feerules.price(whole, book, "2026-11")] == ["10.50"]
    assert [str(line.amount) for line in feerules.price(cut, book, "2026-11")] == ["5.00", "10.00"]
