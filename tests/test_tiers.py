"""Prices by band, as bills worked out by hand: every kind of tier, what bands count over, raised and prorated bounds."""

from __future__ import annotations

from decimal import Decimal

import pytest

import feerules
from bills import Case, cases, check, schedule

BANDS = {
    "graduated": ("rate", "2.00", "3.00", "4.00"),
    "volume": ("rate", "2.00", "3.00", "4.00"),
    "step": ("amount", "15.00", "40.00", "90.00"),
    "surcharge": ("surcharge", "0", "0.50", "1.50"),
    "package": ("rate", "8.00", "9.00", "9.50"),
}
EXTRA = {"surcharge": "base: 2.00, ", "package": "size: 4, "}


def tiers(kind: str = "graduated", more: str = "", ends: tuple[int, int] = (10, 20)) -> str:
    """A fee by usage with bands up to 10, up to 20, and above."""
    column, *prices = BANDS[kind]
    rows = zip((*ends, "above"), prices, strict=True)
    table = "\\n".join(
        [f"| up to | {column} |", "|---|---|", *(f"| {end} | {price} |" for end, price in rows)]
    )
    return f'{{per: used, at_a_change: by_days, tiers: {{kind: {kind}, {EXTRA.get(kind, "")}{more}table: "{table}"}}}}'


# kind, usage, amount: on a bound, a hundredth above it, nothing at all
KINDS = [
    ("graduated", "0", "0.00"),
    ("graduated", "10", "20.00"),
    ("graduated", "10.01", "20.03"),
    ("graduated", "20", "50.00"),
    ("graduated", "25.50", "72.00"),
    ("volume", "0", "0.00"),
    ("volume", "10", "20.00"),
    ("volume", "10.01", "30.03"),
    ("volume", "20", "60.00"),
    ("volume", "20.01", "80.04"),
    ("step", "0", "15.00"),
    ("step", "10", "15.00"),
    ("step", "10.01", "40.00"),
    ("step", "20", "40.00"),
    ("step", "99999", "90.00"),
    ("surcharge", "0", "0.00"),
    ("surcharge", "10", "20.00"),
    ("surcharge", "10.01", "20.03"),  # 20.02 + 0.005 = 20.025
    ("surcharge", "30", "80.00"),  # 60 + 5 + 15
    # packages of 4: the ten of a band are three, the last of them not full
    ("package", "0", "0.00"),
    ("package", "4", "8.00"),
    ("package", "4.01", "16.00"),
    ("package", "10", "24.00"),
    ("package", "10.01", "33.00"),
    ("package", "20", "51.00"),
    ("package", "20.5", "60.50"),
]


@pytest.mark.parametrize(("kind", "used", "amount"), KINDS)
def test_a_band_goes_from_the_bound_before_it_up_to_its_own(kind: str, used: str, amount: str) -> None:
    check(Case("", f"fee: {tiers(kind)}", {"used": used}, [{"amount": amount, "quantity": plain(used)}]))


def plain(text: str) -> str:
    """A number without zeros at the end of its decimals."""
    return text.rstrip("0").rstrip(".") if "." in text else text


# kind, used before, usage now, the amount: what all of it costs, less what was used before
COUNTED = [
    ("graduated", "8", "4", "10.00"),  # 2 × 2 + 2 × 3
    ("graduated", "30", "4", "16.00"),
    ("volume", "8", "4", "20.00"),  # 12 × 3 - 8 × 2
    ("volume", "8", "2", "4.00"),
    ("step", "8", "4", "25.00"),  # 40 - 15
    ("step", "0", "4", "0.00"),  # nothing used costs 15 too, and was charged in January
    ("step", "8", "1", "0.00"),
    ("surcharge", "8", "4", "9.00"),  # 4 × 2 + 2 × 0.5
    ("package", "8", "1", "8.00"),  # 3 packages less 2
    ("package", "9", "1", "0.00"),  # the third has been started already
    ("package", "9", "2", "9.00"),
]


@pytest.mark.parametrize(("kind", "before", "used", "amount"), COUNTED)
def test_what_was_used_before_is_counted_and_not_charged_again(
    kind: str, before: str, used: str, amount: str
) -> None:
    fee = tiers(kind, "over: {each: year, used_before: before}, ")
    check(Case("", f"fee: {fee}", {"used": used, "before": before}, amount))


OVER = [
    Case(
        "each bill begins in the first band",
        f"fee: {tiers()}",
        {"used": "12"},
        ["26.00", "26.00"],
        "2026-10-01/2026-12-01",
    ),
    # 20 and 40: 24 × 2 … 20 × 2 + 4 × 3
    Case(
        "bands of a month hold twice as much on a bill of two months",
        f"fee: {{every: {{months: 2}}, {tiers(more='over: month, ')[1:]}",
        {"used": "24"},
        "52.00",
        "2026-11-01/2027-01-01",
    ),
    Case(
        "and all of a bill's bands on one of two months otherwise",
        f"fee: {{every: {{months: 2}}, {tiers()[1:]}",
        {"used": "24"},
        "66.00",  # 20 + 30 + 16
        "2026-11-01/2027-01-01",
    ),
    # 18 before: 2 × 3 + 2 × 4
    Case(
        "a year may begin in July",
        f"fee: {tiers(more='over: {year_from: 07-01, used_before: before}, ')}",
        {"used": "4", "before": "18"},
        "14.00",
        "2026-06",
    ),
    Case(
        "a season counts what was used in it",
        f"fee: {tiers(more='over: {season: {from: 11-15, through: 03-15}, used_before: before}, ')}",
        {"used": "4", "before": "18"},
        "14.00",
        "2026-12",
    ),
    Case(
        "a year without what was used before begins in the first band",
        f"fee: {tiers(more='over: year, ')}",
        {"used": "12", "before": "18"},
        "26.00",
    ),
]

# A quarter from 1 June to 31 August: 30 of its 92 days lie before the new year of 1 July.
QUARTER = "fee: {every: {cycle: quarter, starts_on: 06-01}, "
JULY = "over: {year_from: 07-01, used_before: before}, "


def crossing(rule: str) -> str:
    return QUARTER + tiers(more=JULY)[1:].replace("by_days", rule)


RESETS = [
    # 46 m³: 15 before July from 12 on: 8 × 3 + 7 × 4 = 52; 31 after it: 20 + 30 + 11 × 4 = 94
    Case(
        "usage is divided by days at a new year",
        crossing("by_days"),
        {"used": "46", "before": "12"},
        "146.00",
        "2026-06-01/2026-09-01",
    ),
    # 46 from nothing: 20 + 30 + 26 × 4
    Case(
        "or all of it falls into the new year",
        crossing("all_to_the_later"),
        {"used": "46", "before": "12"},
        "154.00",
        "2026-06-01/2026-09-01",
    ),
    Case(
        "or a reading must tell",
        crossing("by_reading"),
        {"used": "46", "before": "12"},
        "no_reading_at_change",
        "2026-06-01/2026-09-01",
    ),
    # 10 before July from 12 on: 8 × 3 + 2 × 4; 36 after it: 20 + 30 + 64
    Case(
        "and does, where the unit's facts are dated",
        crossing("by_reading"),
        {
            "used": "10",
            "before": "12",
            "changes": [{"from": "2026-07-01", "facts": {"used": "36", "before": "0"}}],
        },
        ["32.00", "114.00"],
        "2026-06-01/2026-09-01",
    ),
    Case(
        "a cycle that begins with the year is not divided",
        crossing("by_reading").replace("06-01", "07-01", 1),
        {"used": "46", "before": "0"},
        "154.00",
        "2026-07-01/2026-10-01",
    ),
    # 50 days of the season in 120: 15 November to 3 January … a cycle of December and January inside it is whole
    Case(
        "a season that ends inside a bill divides it too",
        "fee: " + tiers(more="over: {season: {from: 11-15, through: 03-15}, used_before: before}, "),
        # March: 15 of 31 days; 31 m³: 15 from 12 on = 52; 16 from nothing: 20 + 18 = 38
        {"used": "31", "before": "12"},
        "90.00",
        "2027-03",
    ),
]

FAMILY = "raise_bounds: [{when: {persons: '> 3'}, by: 3 * (persons - 3)}], "
RAISED = [
    # 13 and 23: 13 × 2 + 7 × 3
    Case(
        "a person above three raises the bounds",
        f"fee: {tiers(more=FAMILY)}",
        {"used": "20", "persons": 4},
        "47.00",
    ),
    Case("three persons do not", f"fee: {tiers(more=FAMILY)}", {"used": "20", "persons": 3}, "50.00"),
    Case(
        "bounds may be for each person",
        f"fee: {tiers(more='raise_bounds: [{times: persons}], ')}",
        {"used": "35", "persons": 3},
        "75.00",
    ),  # 30, 60
    # 10 × 2 + 5 = 25, 20 × 2 + 5 = 45: 25 × 2 + 5 × 3
    Case(
        "multiplied first, then raised",
        f"fee: {tiers(more='raise_bounds: [{times: 2, by: 5}], ')}",
        {"used": "30"},
        "65.00",
    ),
    Case(
        "one after the other",
        f"fee: {tiers(more='raise_bounds: [{by: 5}, {times: 2}], ')}",
        {"used": "31"},
        "63.00",
    ),  # 30, 50
    # 2 months × 10 + 5
    Case(
        "bounds of months are raised once for the bill",
        f"fee: {{every: {{months: 2}}, {tiers(more='over: month, raise_bounds: [{by: 5}], ')[1:]}",
        {"used": "26"},
        "53.00",
        "2026-11-01/2027-01-01",
    ),
    Case(
        "a bound lowered below nothing leaves its band empty",
        f"fee: {tiers(more='raise_bounds: [{by: 0 - 15}], ')}",
        {"used": "6"},
        "19.00",
    ),  # 5 × 3 + 4
]

FIRST_YEAR = "over: {{each: year, used_before: before}}, prorate_bounds: {{since: {}}}, "
PRORATED = [
    # 220 × 5 ÷ 12 = 91.67 → 92, 300 × 5 ÷ 12 = 125: 92 × 2 + 8 × 3
    Case(
        "bounds of a first year count the months in force",
        "fee: " + tiers(more=FIRST_YEAR.format("handover"), ends=(220, 300)),
        {"used": "100", "handover": "2026-08-15"},
        "208.00",
    ),
    Case(
        "the first day of a month is in it",
        "fee: " + tiers(more=FIRST_YEAR.format("handover"), ends=(220, 300)),
        {"used": "100", "handover": "2026-08-01"},
        "208.00",
    ),
    Case(
        "the last day too",
        "fee: " + tiers(more=FIRST_YEAR.format("handover"), ends=(220, 300)),
        {"used": "100", "handover": "2026-08-31"},
        "208.00",
    ),
    Case(
        "a later year is whole",
        "fee: " + tiers(more=FIRST_YEAR.format("handover"), ends=(220, 300)),
        {"used": "221", "handover": "2025-12-31"},
        "443.00",
    ),
    # 220 × 139 ÷ 365 = 83.78 → 84
    Case(
        "or the days in force",
        "fee: " + tiers(more=FIRST_YEAR.format("handover, by: days"), ends=(220, 300)),
        {"used": "85", "handover": "2026-08-15"},
        "171.00",
    ),
    # 91.666… cut to 91.6
    Case(
        "rounded as the rule says",
        "fee: " + tiers(more=FIRST_YEAR.format("handover, unit: 0.1, mode: down"), ends=(220, 300)),
        {"used": "91.7", "handover": "2026-08-15"},
        "183.50",
    ),
    # 220 × 2 ÷ 12 = 36.67 → 37
    Case(
        "a supply may begin on one day for all",
        "fee: " + tiers(more=FIRST_YEAR.format("2026-11-01"), ends=(220, 300)),
        {"used": "38"},
        "77.00",
    ),
    # from September 2026 on, 10 months are left of the year from July: 220 × 10 ÷ 12 = 183.33 → 183
    Case(
        "months in force of a year from July",
        "fee: "
        + tiers(
            more="over: {year_from: 07-01, used_before: before}, prorate_bounds: {since: handover}, ",
            ends=(220, 300),
        ),
        {"used": "184", "handover": "2026-09-30"},
        "369.00",
        "2027-03",
    ),
]

GROUPS = """
fee:
  per: used
  at_a_change: by_days
  tiers:
    table:
      otherwise: {}
      table: |
        | type | up to | rate |
        |------|-------|------|
        | home | 10    | 2.00 |
        | home | above | 3.00 |
        | shop | above | 5.00 |
"""
CHOSEN = [
    Case(
        "conditions choose among groups of bands",
        GROUPS.format("problem"),
        {"used": "11", "type": "home"},
        [{"amount": "23.00", "table_row": "1-2"}],
    ),
    Case(
        "a group may have one band only",
        GROUPS.format("problem"),
        {"used": "11", "type": "shop"},
        [{"amount": "55.00", "table_row": "3-3"}],
    ),
    Case(
        "a unit of no group is a problem", GROUPS.format("problem"), {"used": "11", "type": "bay"}, "no_row"
    ),
    Case("or is not charged", GROUPS.format("not_charged"), {"used": "11", "type": "bay"}, []),
    # 100 × 15 days of 30: time counts after the tiers
    Case(
        "bands of an area are for a whole cycle",
        'fee: {per: area, starts: handover, tiers: {kind: step, table: "| up to | amount |\\n|---|---|\\n| 90 | 15 |\\n| above | 20 |"}}',
        {"area": "90.01", "handover": "2026-11-16"},
        "10.00",
    ),
    Case(
        "each band may have packages of its own size",
        'fee: {per: used, at_a_change: by_days, tiers: {kind: package, table: "| up to | size | rate |\\n|---|---|---|\\n| 10 | 5 | 8 |\\n| above | 2.5 | 6 |"}}',
        {"used": "15.01"},
        "34.00",  # 2 × 8 + 3 × 6
    ),
]

REGISTERS = """
fee:
  registers: {{peak: peak, valley: valley}}
  assign: {}
  at_a_change: by_days
  tiers:
    table: |
      | up to | peak | valley |
      |-------|------|--------|
      | 100   | 0.56 | 0.30   |
      | above | 0.62 | 0.40   |
"""
SPLIT, FILLED = REGISTERS.format("proportional"), REGISTERS.format("in_order")


SURCHARGES = """
fee:
  registers: {{peak: peak, valley: valley}}
  assign: {}
  at_a_change: by_days
  tiers:
    kind: surcharge
    base: 0.20
    table: |
      | up to | peak | valley |
      |-------|------|--------|
      | 100   | 0    | 0      |
      | above | 0.10 | 0.05   |
"""


def in_a_new_year(fee: str) -> str:
    """The same in quarters from June, with bands of a year from 17 July."""
    fee = fee.replace("  assign", "  every: {cycle: quarter, starts_on: 06-01}\n  assign")
    return fee.replace("  tiers:\n", "  tiers:\n    over: {year_from: 07-17, used_before: before}\n")


BY_TIME = [
    # 60 % of each hundred is peak: 33.60 + 12.00 + 37.20 + 16.00
    Case("each slice is divided as the registers are", SPLIT, {"peak": "120", "valley": "80"}, "98.80"),
    # 100 × 0.56 + 20 × 0.62 + 80 × 0.40
    Case(
        "or one register fills the bands after the other", FILLED, {"peak": "120", "valley": "80"}, "100.40"
    ),
    Case("below the bound both agree", FILLED, {"peak": "60", "valley": "40"}, "45.60"),
    Case("in proportion too", SPLIT, {"peak": "60", "valley": "40"}, "45.60"),
    Case("nothing used costs nothing in proportion", SPLIT, {"peak": "0", "valley": "0"}, "0.00"),
    Case("nor in order", FILLED, {"peak": "0", "valley": "0"}, "0.00"),
    Case("one register alone", SPLIT, {"peak": "0", "valley": "150"}, "50.00"),
    # 46 of 92 days before 17 July: 60 + 40 kWh from 80 on, 20 × 0.56 + 40 × 0.62 + 40 × 0.40 = 52.00;
    # then 60 × 0.56 + 40 × 0.30 = 45.60
    Case(
        "a new year inside a bill begins the bands of every register anew",
        in_a_new_year(FILLED),
        {"peak": "120", "valley": "80", "before": "80"},
        "97.60",
        "2026-06",
    ),
    # 60 % of 20 × 0.56 + 80 × 0.62 is 36.48, 40 % of 20 × 0.30 + 80 × 0.40 is 15.20; then 45.60
    Case(
        "and in proportion too",
        in_a_new_year(SPLIT),
        {"peak": "120", "valley": "80", "before": "80"},
        "97.28",
        "2026-06",
    ),
    # peak with one place beside valley with two: 2 ÷ 3 of 56 + 31 and 1 ÷ 3 of 30 + 20
    Case(
        "registers may be read to different places",
        SPLIT.replace("peak: peak", "peak: 'round(peak, 1)'"),
        {"peak": "100", "valley": "50"},
        "74.67",
    ),
    # 150 × 0.20, and of 50 above the norm two thirds × 0.10 and a third × 0.05
    Case(
        "every unit of a surcharge pays its base, whatever the register",
        SURCHARGES.format("proportional"),
        {"peak": "100", "valley": "50"},
        "34.17",
    ),
    # 50 of the valley come last: 150 × 0.20 + 50 × 0.05
    Case("in order too", SURCHARGES.format("in_order"), {"peak": "100", "valley": "50"}, "32.50"),
    # 1 ÷ 3 of 100 and of 50: 33.3… × 0.56 + 66.6… × 0.30 + 16.6… × 0.62 + 33.3… × 0.40 = 62.333…
    Case("a part that is no decimal is exact until the end", SPLIT, {"peak": "50", "valley": "100"}, "62.33"),
]


LESS = tiers(more="over: {each: year, used_before: before}, ").replace("per: used", "per: used - 5")
GIVEN_BACK = [
    # 12 were counted, 5 too many: 2 × 3 + 3 × 2
    Case(
        "less than was counted is given back in the bands in which it was counted",
        f"fee: {LESS}",
        {"used": "0", "before": "12"},
        "-12.00",
    ),
    Case(
        "down to nothing",
        f"fee: {LESS}",
        {"used": "0", "before": "5"},
        "-10.00",
    ),
    Case(
        "less than nothing has no band",
        f"fee: {LESS}",
        {"used": "0", "before": "4.99"},
        "below_zero",
    ),
    Case(
        "nor has a bill of less than nothing",
        f"fee: {tiers().replace('per: used', 'per: used - 5')}",
        {"used": "4"},
        "below_zero",
    ),
    Case(
        "a register of less than nothing is no part of a band",
        SPLIT.replace("peak: peak", "peak: peak - 60"),
        {"peak": "50", "valley": "100"},
        "below_zero",
    ),
]


@cases(OVER, RESETS, RAISED, PRORATED, CHOSEN, BY_TIME, GIVEN_BACK)
def test_a_price_by_bands_is_what_a_person_works_out_by_hand(case: Case) -> None:
    check(case)


# 231 m³ in a year: 220 × 2 + 11 × 3; 231 × 3; the second band; 231 × 2 + 11 × 0.5; 55 × 8 + 3 × 9
YEARS = [("graduated", "473"), ("volume", "693"), ("step", "40"), ("surcharge", "467.5"), ("package", "467")]


@pytest.mark.parametrize(("kind", "year"), YEARS)
def test_twelve_months_cost_what_the_year_costs(kind: str, year: str) -> None:
    fee = tiers(kind, "over: {each: year, used_before: before}, ", ends=(220, 300))
    book = feerules.load_files({"first.yaml": schedule(f"fee: {fee}")})
    used = [Decimal(n) * 7 / 2 for n in range(12)]
    bills = [
        feerules.price({"used": each, "before": sum(used[:n])}, book, f"2026-{n + 1:02}")
        for n, each in enumerate(used)
    ]
    assert sum(bill.total for bill in bills) == Decimal(year)


# what is wrong, the tiers, the code
WRONG = [
    ("bounds do not rise", "| up to | rate |\\n|---|---|\\n| 20 | 1 |\\n| 10 | 2 |\\n| above | 3 |", "overlapping_tiers"),
    ("the last band has an end", "| up to | rate |\\n|---|---|\\n| 10 | 1 |\\n| 20 | 2 |", "tier_gap"),
    ("a band before the last has none", "| up to | rate |\\n|---|---|\\n| above | 1 |\\n| above | 2 |", "overlapping_tiers"),
    ("a bound is not above nothing", "| up to | rate |\\n|---|---|\\n| 0 | 1 |\\n| above | 2 |", "not_a_number"),
    ("there is no column of prices", "| up to | price |\\n|---|---|\\n| above | 1 |", "missing_column"),
    ("there is no column of bounds", "| rate |\\n|---|\\n| 1 |", "missing_column"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "table", "code"), WRONG, ids=[title for title, _, _ in WRONG])
def test_bands_with_gaps_are_refused(title: str, table: str, code: str) -> None:
    fee = f'fee: {{per: used, at_a_change: by_days, tiers: {{table: "{table}"}}}}'
    with pytest.raises(feerules.RuleErrors) as refused:
        feerules.load_files({"first.yaml": schedule(fee)})
    assert code in {problem.code for problem in refused.value.problems}
