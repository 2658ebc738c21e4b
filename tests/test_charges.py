"""Every kind of charge, as bills worked out by hand: quantity × rate, percentages, limits, adjustments, tax."""

from __future__ import annotations

import pytest

import feerules
from bills import Case, cases, check, schedule

HOME = {"area": "89.50"}
FLAT = {"area": "100"}
FLOATS = (
    'up: {hit: first, table: "| type | up |\\n|---|---|\\n| shop | 20% |\\n| - | 10% |"}, '
    "down: 0.5 * contract_rate"
)

QUANTITIES = [
    Case("a fixed fee is its rate", "fee: {rate: 30}", {}, "30.00"),
    Case("a rate is multiplied by the area", "fee: {per: area, rate: 2.80}", HOME, "250.60"),
    # 12.34 × 56.78 = 700.6652
    Case(
        "a price of many digits is rounded once", "fee: {per: area, rate: 12.34}", {"area": "56.78"}, "700.67"
    ),
    # 3.13 × 141.9 = 444.147; 3.1305 × 141.894 would be inexact in doubles: 444.195 must become 444.20
    Case("a half fen goes up, which doubles lose", "fee: {per: area, rate: 4.44195}", FLAT, "444.20"),
    # (89.50 - 10) × 2 = 159
    Case("a formula may be the quantity", "fee: {per: area - 10, rate: 2}", HOME, "159.00"),
    # 18 × 0.9 = 16.2; × 1.70 = 27.54
    Case(
        "drainage is nine tenths of the water",
        "fee: {per: {fact: used, times: 0.9}, rate: 1.70, at_a_change: by_days}",
        {"used": "18"},
        [{"quantity": "16.2", "amount": "27.54"}],
    ),
    Case("a fee of nothing is a line of nothing", "fee: {per: area, rate: 2}", {"area": "0"}, "0.00"),
    Case("a fee for other units has no line", "fee: {applies: {type: shop}, rate: 2}", {"type": "home"}, []),
    Case("a missing area is a problem", "fee: {per: area, rate: 2}", {}, "missing area"),
    Case(
        "a missing reading is a problem",
        "fee: {per: used, rate: 2, at_a_change: by_days}",
        {},
        "missing used",
    ),
    Case("an area of null is missing", "fee: {per: area, rate: 2}", {"area": None}, "missing area"),
    Case(
        "an area beyond its bounds is a problem",
        "fee: {per: area, rate: 2}",
        {"area": "100000.01"},
        "out_of_domain area",
    ),
    Case(
        "a fact that only others' fees need may be missing",
        "fee: {applies: {type: shop}, per: area, rate: 2}",
        {},
        [],
    ),
]

RATES = [
    # 2.345678 × 100 = 234.5678
    Case(
        "a contract may name the rate",
        "fee: {per: area, rate: contract_rate}",
        {**FLAT, "contract_rate": "2.345678"},
        "234.57",
    ),
    # 2.10 × 0.9 = 1.89
    Case(
        "a rate may be a fact with a factor",
        "fee: {per: area, rate: {fact: contract_rate, times: 0.9}}",
        {**FLAT, "contract_rate": "2.10"},
        "189.00",
    ),
    # 1.80 + 0.30 + 0.01 × (8 - 6) = 2.12
    Case(
        "a rate may be a sum of components",
        """
        fee:
          per: area
          rate: {sum: {service: 1.80, lift: "if(floor > 3, 0.30, 0)", high: "0.01 * max(floor - 6, 0)"}}
        """,
        {**FLAT, "floor": 8},
        [{"rate": "2.12", "amount": "212.00"}],
    ),
    Case(
        "the columns of a table may be components",
        """
        fee:
          per: area
          rate:
            components: [service, repair]
            table: |
              | type | service | repair |
              |------|---------|--------|
              | home | 1.90    | 0.40   |
              | -    | 2.00    | 0.50   |
            hit: first
        """,
        FLAT,
        "230.00",
    ),
    # 2.00 × 1.2
    Case(
        "a float at its limit is permitted",
        "fee: {per: area, rate: {base: 2.00, float: chosen, up: 20%, down: 10%}}",
        {**FLAT, "chosen": "0.2"},
        "240.00",
    ),
    Case(
        "a float above its limit is a problem",
        "fee: {per: area, rate: {base: 2.00, float: chosen, up: 20%, down: 10%}}",
        {**FLAT, "chosen": "0.2001"},
        "float_out_of_range",
    ),
    Case(
        "a float below its limit is a problem",
        "fee: {per: area, rate: {base: 2.00, float: chosen, up: 20%, down: 10%}}",
        {**FLAT, "chosen": "-0.1001"},
        "float_out_of_range",
    ),
    # 2.00 × (1 - 0.75)
    Case(
        "a price may float down without limit",
        "fee: {per: area, rate: {base: 2.00, float: chosen, up: 20%, down: without_limit}}",
        {**FLAT, "chosen": "-0.75"},
        "50.00",
    ),
    # shops may go up by a fifth, homes by a tenth
    Case(
        "a table may say how far a price may float",
        f"fee: {{per: area, rate: {{base: 2.00, float: chosen, {FLOATS}}}}}",
        {**FLAT, "chosen": "0.20", "type": "shop", "contract_rate": "0.1"},
        [{"amount": "240.00", "table_row": ""}],
    ),
    Case(
        "and for whom it is less",
        f"fee: {{per: area, rate: {{base: 2.00, float: chosen, {FLOATS}}}}}",
        {**FLAT, "chosen": "0.20", "type": "home", "contract_rate": "0.1"},
        "float_out_of_range",
    ),
    Case(
        "a formula may say it downwards",
        f"fee: {{per: area, rate: {{base: 2.00, float: chosen, {FLOATS}}}}}",
        {**FLAT, "chosen": "-0.05", "type": "home", "contract_rate": "0.1"},
        "190.00",
    ),
    Case(
        "and hold it there",
        f"fee: {{per: area, rate: {{base: 2.00, float: chosen, {FLOATS}}}}}",
        {**FLAT, "chosen": "-0.0501", "type": "home", "contract_rate": "0.1"},
        "float_out_of_range",
    ),
    Case(
        "a base without a float is the price",
        "fee: {per: area, rate: {base: 2.00, up: 20%, down: 10%}}",
        FLAT,
        "200.00",
    ),
    # 2.00 × 1.05 = 2.10; 2.10 × 0.3333 = 0.69993
    Case(
        "a guided price is not rounded before it is multiplied",
        "fee: {per: area, rate: {base: 2.00, float: 5%}}",
        {"area": "0.33"},
        "0.69",
    ),
    Case(
        "a rate at its ceiling is allowed",
        "fee: {per: area, rate: contract_rate, ceiling: 2.80}",
        {**FLAT, "contract_rate": "2.8"},
        "280.00",
    ),
    Case(
        "a rate above its ceiling is a problem",
        "fee: {per: area, rate: contract_rate, ceiling: 2.80}",
        {**FLAT, "contract_rate": "2.800001"},
        "above_ceiling",
    ),
    Case(
        "a ceiling may cut the rate",
        "fee: {per: area, rate: contract_rate, ceiling: {rate: 2.80, beyond: cap}}",
        {**FLAT, "contract_rate": "2.9"},
        [{"rate": "2.8", "amount": "280.00"}],
    ),
    # the float counts before the ceiling: 2.60 × 1.2 = 3.12
    Case(
        "a guided price is held against its ceiling with its float",
        "fee: {per: area, rate: {base: 2.60, float: 20%, up: 20%}, ceiling: 3}",
        FLAT,
        "above_ceiling",
    ),
]

OTHER_FEES = [
    # 2.005 × 1 = 2.005 → 2.01; 10 % of 2.01 = 0.201 → 0.20; of 2.005 it would be 0.2005 → 0.20
    # 15.05 and 2.01: 50 % of 17.06
    Case(
        "a percentage is of amounts after their rounding",
        "a: {rate: 2.005}\nb: {rate: 15.045}\nfee: {per: {fees: [a, b]}, rate: 50%}",
        {},
        {"a": "2.01", "b": "15.05", "fee": [{"quantity": "17.06", "amount": "8.53"}]},
    ),
    Case(
        "a formula may name another fee's amount",
        "a: {rate: 2.005}\nfee: {rate: fees.a * 0.5}",
        {},
        {"a": "2.01", "fee": "1.01"},  # 1.005
    ),
    Case(
        "a percentage of a percentage",
        "c: {per: {fees: [b]}, rate: 10%}\nb: {per: {fees: [a]}, rate: 10%}\na: {rate: 1234.56}",
        {},
        {"a": "1234.56", "b": "123.46", "c": "12.35"},
    ),
    Case(
        "a fee that does not apply adds nothing to a percentage",
        "a: {rate: 200}\nb: {applies: {type: shop}, rate: 100}\nfee: {per: {fees: [a, b]}, rate: 3%}",
        {"type": "home"},
        {"a": "200.00", "fee": "6.00"},
    ),
    Case(
        "a percentage for the year counts its months",
        "a: {rate: 100}\nfee: {per: {fees: [a]}, rate: 1%, every: year}",
        {},
        {"a": ["100.00"] * 12, "fee": "12.00"},
        "2026",
    ),
    Case(
        "a percentage counts what stands on another bill",
        "a: {rate: 9, rate_per: month, every: quarter, billed: in_arrears}\nfee: {per: {fees: [a]}, rate: 10%, every: quarter}",
        {},
        "2.70",
        "2026-10",
    ),
    Case(
        "and all the months of its quarter",
        "a: {rate: 9}\nfee: {per: {fees: [a]}, rate: 10%, every: quarter}",
        {},
        {"a": "9.00", "fee": "2.70"},
        "2026-10",
    ),
    Case(
        "a percentage of a season",
        "a: {rate: 900, every: {season: {from: 11-15, through: 03-15}}}\nfee: {per: {fees: [a]}, rate: 1%, every: {season: {from: 11-15, through: 03-15}}}",
        {},
        {"a": "900.00", "fee": "9.00"},
    ),
    Case(
        "a percentage of a year from handover",
        "a: {rate: 900, rate_per: year, every: {anniversary_of: handover}}\nfee: {per: {fees: [a]}, rate: 1%, every: {anniversary_of: handover}}",
        {"handover": "2020-11-20"},
        {"a": "900.00", "fee": "9.00"},
    ),
    Case(
        "a percentage of half a month",
        "a: {rate: 300, starts: handover}\nfee: {per: {fees: [a]}, rate: 1%}",
        {"handover": "2026-11-16"},
        {"a": "150.00", "fee": "1.50"},
    ),
    # 0.01 × 150, and not half of it again
    Case(
        "a formula over another fee is for its days already",
        "a: {rate: 300, starts: handover}\nfee: {rate: 1% * fees.a, starts: handover}",
        {"handover": "2026-11-16"},
        {"a": "150.00", "fee": "1.50"},
    ),
    Case(
        "and so is a cap",
        "a: {rate: 300, starts: handover}\nfee: {rate: 90, starts: handover, adjustments: [{at_most: 20% * fees.a}]}",
        {"handover": "2026-11-16"},
        {"a": "150.00", "fee": "30.00"},
    ),
    Case(
        "a cap relative to another price",
        "a: {per: area, rate: 2}\nfee: {rate: 80, adjustments: [{at_most: 30% * fees.a}]}",
        FLAT,
        {"a": "200.00", "fee": "60.00"},
    ),
    Case(
        "a percentage of a refund is negative",
        "a: {kind: refund, rate: 10.01}\nfee: {per: {fees: [a]}, rate: 50%}",
        {},
        {"a": "-10.01", "fee": "-5.01"},  # -5.005, mirrored
    ),
    # with the tax on top: 200 + 12
    Case(
        "a percentage is of amounts with their tax",
        "a: {rate: 200, tax: {rate: 6%, included: false}}\nfee: {per: {fees: [a]}, rate: 1%}",
        {},
        {"a": "212.00", "fee": "2.12"},
    ),
]

PARTS = [
    # 100 × 12 + 5000 × 0.16
    Case(
        "a two-part price adds a basic and a metered part",
        "fee: {at_a_change: by_days, parts: {basic: {per: area, rate: 12}, metered: {per: used, rate: 0.16}}}",
        {**FLAT, "used": "5000"},
        "2000.00",
    ),
    Case(
        "a part is for some units only",
        "fee: {parts: {all: {rate: 10}, high: {applies: {floor: '> 6'}, rate: 5}}}",
        {"floor": 6},
        "10.00",
    ),
    Case(
        "a part has its own minimum and maximum",
        "fee: {parts: {a: {per: area, rate: 1, minimum: 200}, b: {per: area, rate: 3, maximum: 120}}}",
        FLAT,
        "320.00",
    ),
    # 1.0 % of 1: at least 8.40; 0.5 %: at least 3.60
    Case(
        "each part of a commission has its limits",
        """
        fee:
          parts:
            acquiring: {per: number, rate: 0.0168, minimum: 8.4, maximum: 1050}
            commission: {per: number, rate: 0.0072, minimum: 3.6, maximum: 450}
          rounding: [{stage: component}]
        """,
        {"number": "812"},  # 13.6416 → 13.64 and 5.8464 → 5.85
        "19.49",
    ),
    Case(
        "registers without tiers are parts",
        "fee: {at_a_change: by_days, parts: {peak: {per: peak, rate: 0.56}, valley: {per: valley, rate: 0.30}}}",
        {"peak": "120", "valley": "80"},
        "91.20",
    ),
    Case(
        "what a part needs is only needed where it applies",
        "fee: {parts: {all: {rate: 10}, big: {applies: {type: shop}, per: area, rate: 1}}}",
        {"type": "home"},
        "10.00",
    ),
]

PASSED_ON = [
    Case(
        "what is passed on has no mark-up",
        "fee: {pass_through: company_bill, at_a_change: by_days}",
        {"company_bill": "123.45"},
        "123.45",
    ),
    Case("a share of a pool is given", "fee: {share: {by: area}}", FLAT, "12.34", shares={"fee": "12.34"}),
    Case(
        "a share that is not known is a problem, never nothing",
        "fee: {share: {by: area}}",
        FLAT,
        "missing share.fee.2026-11-01",
    ),
    Case(
        "each cycle has a share of its own",
        "fee: {share: {by: 1}}",
        {},
        ["1.00", "2.00"],
        "2026-10-01/2026-12-01",
        shares={"fee": {"2026-10-01": "1", "2026-11-01": "2.00"}},
    ),
    Case("a pool may give money back", "fee: {share: {by: 1}}", {}, "-3.21", shares={"fee": "-3.21"}),
]

ONCE = [
    Case(
        "a card is charged in the month of its day",
        "fee: {every: {once: paid_on}, rate: 20}",
        {"paid_on": "2026-11-30"},
        "20.00",
    ),
    Case("and in no other month", "fee: {every: {once: paid_on}, rate: 20}", {"paid_on": "2026-12-01"}, []),
    Case("a unit without that day has no line", "fee: {every: {once: paid_on}, rate: 20}", {}, []),
    Case(
        "a deposit is a line of its own kind",
        "fee: {kind: deposit, every: {once: paid_on}, rate: 2000}",
        {"paid_on": "2026-11-05"},
        [{"amount": "2000.00", "kind": "deposit", "period_start": "2026-11-05", "period_end": "2026-11-06"}],
    ),
    Case(
        "a refund is negative",
        "fee: {kind: refund, every: {once: back_on}, rate: 2000}",
        {"back_on": "2026-11-05"},
        [{"amount": "-2000.00", "kind": "refund"}],
    ),
    # 200 ÷ 1.06 × 0.06 = 11.3207…
    Case(
        "a refund gives back its tax",
        "fee: {kind: refund, rate: 200, tax: 6%}",
        {},
        [{"amount": "-200.00", "net": "-188.68", "tax": "-11.32"}],
    ),
    Case("half a fen of a refund is rounded like a charge", "fee: {kind: refund, rate: 0.125}", {}, "-0.13"),
    Case(
        "a one-off is whole although liability begins later",
        "fee: {every: {once: paid_on}, rate: 20, starts: handover}",
        {"paid_on": "2026-11-05", "handover": "2026-11-20"},
        "20.00",
    ),
]
REFUND = """
fee:
  kind: refund
  applies: {paid_on: not(null), back_on: not(null)}
  every: {once: back_on}
  rate: |
    | days_kept | rate |
    |-----------|------|
    | <= 90     | 2000 |
    | (90..180] | 1500 |
    | > 180     | 1000 |
"""
KEPT = "derived: {days_kept: 'days_between(paid_on, back_on)'}"
ONCE += [
    Case(
        f"a deposit kept until {back_on} comes back as {amount}",
        REFUND,
        {"paid_on": "2026-01-01", "back_on": back_on},
        amount,
        "2026",
        more=KEPT,
    )
    for back_on, amount in [
        ("2026-04-01", "-2000.00"),  # 90 days
        ("2026-04-02", "-1500.00"),
        ("2026-06-30", "-1500.00"),  # 180 days
        ("2026-07-01", "-1000.00"),
    ]
]

LIMITS = [
    Case("a minimum lifts a small amount", "fee: {per: area, rate: 2, minimum: 250}", FLAT, "250.00"),
    Case("a maximum cuts a large amount", "fee: {per: area, rate: 2, maximum: 150.5}", FLAT, "150.50"),
    Case(
        "a minimum may be a table",
        'fee: {rate: 1, minimum: {table: "| type | minimum |\\n|---|---|\\n| home | 7 |\\n| - | 9 |", hit: first}}',
        {},
        "7.00",
    ),
    Case("a minimum may be a formula", "fee: {rate: 1, minimum: 0.05 * area}", FLAT, "5.00"),
    Case(
        "half a month has half the minimum",
        "fee: {rate: 1, minimum: 30, starts: handover}",
        {"handover": "2026-11-16"},
        "15.00",
    ),
    Case(
        "a whole minimum holds for half a month",
        "fee: {rate: 1, minimum: {amount: 30, whole: true}, starts: handover}",
        {"handover": "2026-11-16"},
        "30.00",
    ),
    Case(
        "limits come after the adjustments",
        "fee: {rate: 100, minimum: 90, adjustments: [{times: 0.5}]}",
        {},
        "90.00",
    ),
    Case("a maximum below the minimum holds", "fee: {rate: 100, minimum: 90, maximum: 80}", {}, "80.00"),
]

ADJUSTED = [
    Case(
        "adjustments follow the order written",
        "fee: {rate: 100, adjustments: [{times: 0.9}, {plus: 10}]}",
        {},
        "100.00",
    ),
    Case(
        "and come out otherwise in another order",
        "fee: {rate: 100, adjustments: [{plus: 10}, {times: 0.9}]}",
        {},
        "99.00",
    ),
    Case(
        "an adjustment counts where its conditions hold",
        "fee: {rate: 100, adjustments: [{when: {type: shop}, times: 0.9}]}",
        {},
        "100.00",
    ),
    Case(
        "all conditions of an adjustment must hold",
        "fee: {rate: 100, adjustments: [{when: {type: home, floor: '> 3'}, times: 0.9}]}",
        {"floor": 3},
        "100.00",
    ),
    Case(
        "a cap in the middle limits what came before it",
        "fee: {rate: 100, adjustments: [{plus: 50}, {at_most: 120}, {plus: 5}]}",
        {},
        "125.00",
    ),
    Case(
        "a floor in the middle lifts what came before it",
        "fee: {rate: 100, adjustments: [{minus: 95}, {at_least: 20}, {times: 2}]}",
        {},
        "40.00",
    ),
    Case(
        "more may be taken off than is owed", "fee: {rate: 10, adjustments: [{minus: 12.345}]}", {}, "-2.35"
    ),  # -2.345, mirrored
    # 300 × (1 + 2 × 0.125)
    Case(
        "each begun metre above four adds an eighth",
        "fee: {rate: 300, adjustments: [{per_unit: {of: height, above: 4, times: 12.5%, started: true}}]}",
        {"height": "5.01"},
        "375.00",
    ),
    # 300 × (1 + 1.01 × 0.125) = 337.875
    Case(
        "or in proportion, where nothing is said of begun ones",
        "fee: {rate: 300, adjustments: [{per_unit: {of: height, above: 4, times: 12.5%}}]}",
        {"height": "5.01"},
        "337.88",
    ),
    Case(
        "what is not above the bound adds nothing",
        "fee: {rate: 300, adjustments: [{per_unit: {of: height, above: 4, times: 12.5%, started: true}}]}",
        {"height": "4"},
        "300.00",
    ),
    Case(
        "an addition per unit has a limit",
        "fee: {rate: 300, adjustments: [{per_unit: {of: height, above: 4, times: 12.5%, at_most: 100%}}]}",
        {"height": "15"},
        "600.00",
    ),
    Case(
        "a sum for each person above three",
        "fee: {rate: 300, adjustments: [{per_unit: {of: persons, above: 3, plus: 2.50}}]}",
        {"persons": 5},
        "305.00",
    ),
    Case(
        "paying the year in advance makes a month free",
        "fee: {rate: 200, rate_per: month, every: year, adjustments: [{when: {prepaid: true}, free_months: 1}]}",
        {"prepaid": True},
        "2200.00",
        "2026",
    ),
    Case(
        "more free months than the cycle has cost nothing",
        "fee: {rate: 200, rate_per: month, every: quarter, adjustments: [{free_months: 4}]}",
        {},
        "0.00",
        "2026-Q4",
    ),
    # 600 × 2.5 ÷ 3
    Case(
        "half a month may be free",
        "fee: {rate: 200, rate_per: month, every: quarter, adjustments: [{free_months: 0.5}]}",
        {},
        "500.00",
        "2026-Q4",
    ),
    # 2 of 3 months liable: 400 × 0.75 ÷ 2
    Case(
        "and a month and a quarter of two",
        "fee: {rate: 200, rate_per: month, every: quarter, starts: handover, adjustments: [{free_months: 1.25}]}",
        {"handover": "2026-11-01"},
        "150.00",
        "2026-Q4",
    ),
    # 2 of 3 months liable, 1 of them free
    Case(
        "a free month of a part of a quarter is a whole month",
        "fee: {rate: 200, rate_per: month, every: quarter, starts: handover, adjustments: [{free_months: 1}]}",
        {"handover": "2026-11-01"},
        "200.00",
        "2026-Q4",
    ),
    Case(
        "a table may say how much is taken off",
        """
        fee:
          rate: 100
          adjustments:
            - minus:
                otherwise: 0
                table: |
                  | persons | minus |
                  |---------|-------|
                  | 1       | 20    |
                  | 2       | 10    |
        """,
        {"persons": 2},
        "90.00",
    ),
]

TAXED = [
    Case(
        "tax is inside the amount",
        "fee: {rate: 200, tax: 6%}",
        {},
        [{"amount": "200.00", "net": "188.68", "tax": "11.32", "tax_rate": "0.06"}],
    ),
    Case(
        "or on top of it",
        "fee: {rate: 200, tax: {rate: 6%, included: false}}",
        {},
        [{"amount": "212.00", "net": "200.00", "tax": "12.00"}],
    ),
    # 0.25 × 6 % = 0.015
    Case(
        "half a fen of tax goes up",
        "fee: {rate: 0.25, tax: {rate: 6%, included: false}}",
        {},
        [{"amount": "0.27", "tax": "0.02"}],
    ),
    Case(
        "tax of nothing is told",
        "fee: {rate: 200, tax: 0%}",
        {},
        [{"amount": "200.00", "tax": "0.00", "tax_rate": "0"}],
    ),
    Case(
        "a table may say the tax rate",
        'fee: {rate: 109, tax: {rate: {table: "| type | rate |\\n|---|---|\\n| bay | 9% |\\n| - | 6% |", hit: first}}}',
        {"type": "bay"},
        [{"amount": "109.00", "net": "100.00", "tax": "9.00"}],
    ),
    # the amount is whole yuan; its tax is not
    Case(
        "tax is of the rounded amount",
        "fee: {rate: 199.60, tax: 6%, rounding: [{unit: 1}]}",
        {},
        [{"amount": "200.00", "tax": "11.32"}],
    ),
]

VISIT = "fee: {{every: {{use: left}}, per: {{started: 1 hour, between: [entered, left], free: 30 minutes{}}}, rate: 5}}"
BEYOND, WHOLE = VISIT.format(", cap: 40"), VISIT.format(", cap: 40, beyond_free: from_the_start")
TWELVE = VISIT.format(", cap: 20, cap_per: 12 hours")


def stay(entered: str, left: str) -> dict[str, str]:
    return {"entered": f"2026-11-{entered}", "left": f"2026-11-{left}"}


VISITS = [
    Case("a visit within the free time costs nothing", BEYOND, stay("05T08:00", "05T08:30"), "0.00"),
    Case("a minute beyond is a started hour", BEYOND, stay("05T08:00", "05T08:31"), "5.00"),
    Case("the free time is left off a longer stay", BEYOND, stay("05T08:00", "05T09:30"), "5.00"),
    Case("or a longer stay pays from its start", WHOLE, stay("05T08:00", "05T08:31"), "5.00"),
    Case("all of it: 90 minutes are two hours", WHOLE, stay("05T08:00", "05T09:30"), "10.00"),
    Case("within the free time it is free all the same", WHOLE, stay("05T08:00", "05T08:30"), "0.00"),
    Case("a day costs no more than its cap", WHOLE, stay("05T08:00", "06T08:00"), "40.00"),
    # 60 hours: 2 capped days and 12 hours, which are 60 and capped as well
    Case("each day of several has its cap", WHOLE, stay("05T08:00", "07T20:00"), "120.00"),
    # 24 hours 30 minutes, less 30 minutes
    Case("the cap's day begins after the free time", BEYOND, stay("05T08:00", "06T08:30"), "40.00"),
    Case("and a minute more begins the next day", BEYOND, stay("05T08:00", "06T08:31"), "45.00"),
    # 25 hours: 20 + 20 + 5
    Case("a cap may be for half a day", TWELVE, stay("05T08:00", "06T09:30"), "45.00"),
    Case(
        "a visit belongs to the month in which it ends",
        BEYOND,
        {"entered": "2026-10-31T23:00", "left": "2026-11-01T01:00"},
        "10.00",
    ),
    Case(
        "a visit that ended in another month has no line", BEYOND, stay("05T08:00", "05T09:00"), [], "2026-12"
    ),
    Case("who left before they came is a problem", BEYOND, stay("05T08:00", "05T07:59"), "ends_before_start"),
    Case("nobody came", BEYOND.replace("{every", "{applies: {left: not(null)}, every"), {}, []),
    Case(
        "minutes may be given instead of moments",
        "fee: {every: {use: left}, per: {started: 15 minutes, minutes: number}, rate: 2}",
        {"left": "2026-11-05T08:00", "number": "30.5"},  # begun minutes count: 31, which are 3 quarters
        "6.00",
    ),
    Case(
        "the first hours of a visit may cost more",
        'fee: {every: {use: left}, per: {started: 1 hour, between: [entered, left]}, tiers: {table: "| up to | rate |\\n|---|---|\\n| 2 | 5 |\\n| above | 3 |"}}',
        stay("05T08:00", "05T12:30"),  # 2 × 5 + 3 × 3
        "19.00",
    ),
]

PAYERS = [
    Case(
        "the schedule may name the payer of every fee",
        "a: {rate: 1}\nb: {rate: 2, payer: owner}",
        {},
        {"a": [{"payer": "tenant"}], "b": [{"payer": "owner"}]},
        more="defaults: {payer: tenant}",
    ),
    Case("the owner pays", "fee: {rate: 1}", {"owner_id": "O"}, [{"payer": "owner", "payer_id": "O"}]),
    Case(
        "or the tenant",
        "fee: {rate: 1, payer: tenant}",
        {"tenant_id": "T", "owner_id": "O"},
        [{"payer": "tenant", "payer_id": "T"}],
    ),
    Case(
        "a table may say who pays",
        """
        fee:
          rate: 1
          payer: |
            | vacant | payer     |
            |--------|-----------|
            | true   | developer |
            | false  | heir      |
        """,
        {"vacant": True, "developer_id": "D"},
        [{"payer": "developer", "payer_id": "D"}],
    ),
    Case("nobody may be known by name", "fee: {rate: 1}", {}, [{"payer": "owner", "payer_id": "None"}]),
]

ABSENT = [
    Case("a cell of null matches what is absent", "fee: {applies: {lift: 'null'}, rate: 1}", {}, "1.00"),
    Case("and not what is there", "fee: {applies: {lift: 'null'}, rate: 1}", {"lift": False}, []),
    Case("a dash matches both", "fee: {applies: {lift: '-'}, rate: 1}", {}, "1.00"),
    Case("not(true) needs a value", "fee: {applies: {lift: not(true)}, rate: 1}", {}, []),
    Case(
        "false, null matches both", "fee: {applies: {lift: 'false, null'}, rate: 1}", {"lift": False}, "1.00"
    ),
    Case(
        "an absent number cannot be computed with",
        "fee: {rate: 'days_between(paid_on, line_end)'}",
        {},
        "missing paid_on",
    ),
    Case("a default stands for what is absent", "fee: {per: persons, rate: 2}", {}, "6.00"),
]


@cases(QUANTITIES, RATES, OTHER_FEES, PARTS, PASSED_ON, ONCE, LIMITS, ADJUSTED, TAXED, VISITS, PAYERS, ABSENT)
def test_a_charge_is_what_a_person_works_out_by_hand(case: Case) -> None:
    check(case)


TABLE = """
fee:
  rate:
    hit: {hit}
    otherwise: {otherwise}
    table: |
      | floor  | type | rate |
      |--------|------|------|
      | > 2    | -    | 30   |
      | -      | shop | 20   |
      | > 10   | -    | 20   |
"""
# hit policy, floor and type of the unit, amount
HITS = [
    ("first", 12, "shop", "30.00"),
    ("first", 1, "shop", "20.00"),
    ("priority, priority: [20, 30]", 12, "home", "20.00"),
    ("priority, priority: [30, 20]", 12, "home", "30.00"),
    ("collect", 12, "shop", "70.00"),
    ("collect+", 12, "shop", "70.00"),
    ("rule_order", 12, "shop", "70.00"),
    ("collect<", 12, "shop", "20.00"),
    ("collect>", 12, "shop", "30.00"),
    ("collect#", 12, "shop", "2.00"),  # 30 and 20: two different outputs
    ("collect#", 1, "home", "7.00"),  # otherwise
    ("collect+", 1, "home", "7.00"),
    ("first", 1, "home", "7.00"),
]


@pytest.mark.parametrize(("hit", "floor", "kind", "amount"), HITS)
def test_where_several_rows_match_the_hit_policy_decides(
    hit: str, floor: int, kind: str, amount: str
) -> None:
    policy, _, priority = hit.partition(", ")
    fees = TABLE.replace("hit: {hit}", f"hit: {policy}" + (f"\n    {priority}" if priority else "")).format(
        otherwise=7
    )
    check(Case("", fees, {"floor": floor, "type": kind}, amount))


@pytest.mark.parametrize(
    ("otherwise", "expected"), [("not_charged", []), ("problem", "no_row"), ("12.5", "12.50")]
)
def test_where_no_row_matches_otherwise_decides(otherwise: str, expected: str | list[str]) -> None:
    fees = TABLE.format(hit="first", otherwise=otherwise)
    check(Case("", fees, {"floor": 1, "type": "home"}, expected))
    check(Case("", fees, {"floor": 3, "type": "home"}, "30.00"))


# what is wrong, the fees, the code of the problem
REFUSED = [
    ("two rows of a unique table match one unit", TABLE.format(hit="unique", otherwise=0), "overlap"),
    ("rows that overlap say different things", TABLE.format(hit="any", otherwise=0), "overlap"),
    ("a table has a gap", "fee:\n  rate: |\n    | floor | rate |\n    |---|---|\n    | > 2 | 1 |", "gap"),
    ("fees need each other", "a: {per: {fees: [b]}, rate: 1%}\nb: {per: {fees: [a]}, rate: 1%}", "circular_fees"),
    ("a fee needs itself", "a: {rate: fees.a + 1}", "circular_fees"),
    ("a percentage is of a fee that does not exist", "a: {per: {fees: [b]}, rate: 1%}", "unknown_fee"),
    ("a percentage is of a fee with longer cycles", "a: {rate: 9, rate_per: month, every: quarter}\nb: {per: {fees: [a]}, rate: 1%}", "unsupported"),
    ("a percentage is of a fee whose months begin on another day", "a: {rate: 9, every: {cycle: month, starts_on: 01-15}}\nb: {per: {fees: [a]}, rate: 1%}", "unsupported"),
    ("a percentage of months is of years from handover", "a: {rate: 9, rate_per: year, every: {anniversary_of: handover}}\nb: {per: {fees: [a]}, rate: 1%}", "unsupported"),
    ("a percentage of months is of a one-off", "a: {rate: 9, every: {once: handover}}\nb: {per: {fees: [a]}, rate: 1%}", "unsupported"),
    ("a percentage of months is of a season", "a: {rate: 9, every: {season: {from: 11-15, through: 03-15}}}\nb: {per: {fees: [a]}, rate: 1%}", "unsupported"),
    ("a usage fee does not say where usage goes at a change", "a: {per: used, rate: 1}", "missing_key"),
    ("a quarterly rate does not say what time it is for", "a: {rate: 1, every: quarter}", "missing_key"),
    ("a season's rate is for a month", "a: {rate: 1, rate_per: month, every: {season: {from: 11-15, through: 03-15}}}", "unsupported"),
    ("a percentage is judged month by month", "a: {rate: 1, rate_per: month, every: quarter}\nb: {per: {fees: [a]}, rate: 1%, every: quarter, judged: each_month}", "unsupported"),
    ("bands of a month are in a season", "a: {per: used, every: {season: {from: 11-15, through: 03-15}}, at_a_change: by_days, tiers: {over: month, table: \"| up to | rate |\\n|---|---|\\n| above | 1 |\"}}", "unsupported"),
    ("months of a season are free", "a: {rate: 1, every: {season: {from: 11-15, through: 03-15}}, adjustments: [{free_months: 1}]}", "unsupported"),
    ("months of a one-off are free", "a: {rate: 1, every: {once: paid_on}, adjustments: [{free_months: 1}]}", "unsupported"),
    ("a base price of tiers that are no surcharge, by registers", "a: {registers: {peak: peak}, at_a_change: by_days, tiers: {base: 1, table: \"| up to | peak |\\n|---|---|\\n| above | 1 |\"}}", "contradiction"),
    ("a fee has no price", "a: {per: area}", "missing_key"),
    ("numbers of different units are added", "a: {per: area + used, rate: 1, at_a_change: by_days}", "unit_mismatch"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "fees", "code"), REFUSED, ids=[title for title, _, _ in REFUSED])
def test_rules_that_could_bill_wrongly_are_refused(title: str, fees: str, code: str) -> None:
    with pytest.raises(feerules.RuleErrors) as refused:
        feerules.load_files({"first.yaml": schedule(fees)})
    assert code in {problem.code for problem in refused.value.problems}


def test_what_only_the_days_of_a_later_cycle_make_too_large_is_refused_when_loaded() -> None:
    # The numbers fit in a season of 90 days, and not in one of 91.
    season = "every: {season: {from: 12-01, through: 02-29}}, prorate: calendar_days"
    fees = f"fee: {{per: area * {{}}, rate: 2.000001, {season}, adjustments: [{{times: 0.333333}}, {{times: 0.333333}}]}}"
    feerules.load_files({"first.yaml": schedule(fees.replace("{}", "1000000"), "2026-02-01")})
    with pytest.raises(feerules.RuleErrors) as refused:
        feerules.load_files({"first.yaml": schedule(fees.replace("{}", "10000000"), "2026-02-01")})
    assert [problem.code for problem in refused.value.problems] == ["overflow"]


def test_rows_that_overlap_may_say_the_same() -> None:
    fees = TABLE.format(hit="any", otherwise=0).replace("30", "20")
    check(Case("", fees, {"floor": 12, "type": "shop"}, "20.00"))


def test_several_tiers_on_one_usage_are_several_fees() -> None:
    table = '"| up to | rate |\\n|---|---|\\n| 10 | 1 |\\n| above | 2 |"'
    fees = f"water: {{per: used, at_a_change: by_days, tiers: {{table: {table}}}}}\n"
    fees += f"sewage: {{per: {{fact: used, times: 0.9}}, at_a_change: by_days, tiers: {{table: {table}}}}}"
    # 10 + 2 × 10 = 30; 0.9 × 20 = 18: 10 + 2 × 8 = 26
    check(Case("", fees, {"used": "20"}, {"water": "30.00", "sewage": "26.00"}))


def test_every_missing_fact_is_told_at_once() -> None:
    book = feerules.load_files({"first.yaml": schedule("a: {per: area, rate: 1}\nb: {rate: contract_rate}")})
    with pytest.raises(feerules.UnitErrors) as error:
        feerules.price({"unit_id": "A-1"}, book, "2026-11")
    assert {(p.unit_id, p.fact, p.code) for p in error.value.problems} == {
        ("A-1", "area", "missing"),
        ("A-1", "contract_rate", "missing"),
    }


def test_the_total_of_a_bill_may_be_rounded_with_a_line_that_says_so() -> None:
    fees = "a: {per: area, rate: 2.80}\nb: {rate: 12.50}"
    bill = "bill: {unit: 1, mode: down}"
    # 250.74 + 12.50 = 263.24
    check(Case("", fees, {"area": "89.55"}, {"a": "250.74", "b": "12.50", "rounding": "-0.24"}, more=bill))
    check(Case("", fees, {"area": "90"}, {"a": "252.00", "b": "12.50", "rounding": "-0.50"}, more=bill))
    check(Case("", "a: {rate: 12}", {}, {"a": "12.00"}, more=bill))
    # a refund that outweighs the rest: -12.50 is -12 without its jiao
    check(Case("", "a: {rate: 12.5, kind: refund}", {}, {"a": "-12.50", "rounding": "0.50"}, more=bill))
