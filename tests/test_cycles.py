"""Which cycles stand on which bill, how long they are, and the days on which they are issued and due."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

import feerules
from bills import Case, cases, check, schedule

Days = tuple[str, str]  # the first day, and the day after the last


def cycle(title: str, fee: str, period: str, *expected: Days, **unit: str) -> Case:
    """A case that tells the days of its lines only."""
    return Case(
        title,
        f"fee: {{{fee}}}",
        unit,
        [{"period_start": first, "period_end": end} for first, end in expected],
        period,
    )


YEAR_OF = "rate: 24, rate_per: year, every: {anniversary_of: handover}"
HEATING = "rate: 30, every: {season: {from: 11-15, through: 03-15}}"
APRIL = "rate: 3, rate_per: month, every: {cycle: quarter, starts_on: 04-15}"
CYCLES = [
    cycle("a month is charged each month", "rate: 1", "2026-11", ("2026-11-01", "2026-12-01")),
    cycle("a bill of two months has two", "rate: 1", "2026-11-01/2027-01-01", ("2026-11-01", "2026-12-01"), ("2026-12-01", "2027-01-01")),
    cycle("months begin on the first, whatever the period", "rate: 1", "2026-11-10/2026-12-10", ("2026-12-01", "2027-01-01")),
    cycle("a bill of some days may have none", "rate: 1", "2026-11-10/2026-11-20"),
    cycle("a quarter stands on the bill of its first month", "rate: 1, rate_per: cycle, every: quarter", "2026-10", ("2026-10-01", "2027-01-01")),
    cycle("and on no other", "rate: 1, rate_per: cycle, every: quarter", "2026-11"),
    cycle("in arrears it stands on the bill of its last month", "rate: 1, rate_per: cycle, every: quarter, billed: in_arrears", "2026-12", ("2026-10-01", "2027-01-01")),
    cycle("and not on that of its first", "rate: 1, rate_per: cycle, every: quarter, billed: in_arrears", "2026-10"),
    cycle("half a year from July", "rate: 1, rate_per: cycle, every: half_year", "2026-H2", ("2026-07-01", "2027-01-01")),
    cycle("four months from March", "rate: 1, rate_per: month, every: {months: 4, starts_on: 03-01}", "2026-11", ("2026-11-01", "2027-03-01")),
    cycle("quarters from 15 April", APRIL, "2026", ("2026-01-15", "2026-04-15"), ("2026-04-15", "2026-07-15"), ("2026-07-15", "2026-10-15"), ("2026-10-15", "2027-01-15")),
    cycle("a quarter that ends on 14 July is in arrears on July's bill", f"{APRIL}, billed: in_arrears", "2026-07", ("2026-04-15", "2026-07-15")),
    cycle("months from the 31st end where their months do", "rate: 1, every: {cycle: month, starts_on: 01-31}", "2026-02-01/2026-05-01", ("2026-02-28", "2026-03-31"), ("2026-03-31", "2026-04-30"), ("2026-04-30", "2026-05-31")),
    cycle("a year from handover begins on its anniversary", YEAR_OF, "2026-11", ("2026-11-20", "2027-11-20"), handover="2020-11-20"),
    cycle("and in no other month", YEAR_OF, "2026-10", handover="2020-11-20"),
    cycle("its first year begins with handover itself", YEAR_OF, "2020-11", ("2020-11-20", "2021-11-20"), handover="2020-11-20"),
    cycle("none begins before", YEAR_OF, "2019-11", handover="2020-11-20"),
    cycle("29 February becomes the 28th", YEAR_OF, "2026-02", ("2026-02-28", "2027-02-28"), handover="2024-02-29"),
    cycle("and is the 29th again in a leap year", YEAR_OF, "2027-02-01/2028-03-01", ("2027-02-28", "2028-02-29"), ("2028-02-29", "2029-02-28"), handover="2024-02-29"),
    cycle("a period that begins on the 29th has that year too", YEAR_OF, "2028-02-29/2028-03-01", ("2028-02-29", "2029-02-28"), handover="2024-02-29"),
    cycle("a year in arrears ends with the eve of its anniversary", f"{YEAR_OF}, billed: in_arrears", "2026-11", ("2025-11-20", "2026-11-20"), handover="2020-11-20"),
    cycle("a year from the first of November ends in October", f"{YEAR_OF}, billed: in_arrears", "2026-10", ("2025-11-01", "2026-11-01"), handover="2020-11-01"),
    cycle("quarters from a handover on the 31st", "rate: 3, rate_per: cycle, every: {cycle: quarter, anniversary_of: handover}", "2026", ("2026-02-28", "2026-05-31"), ("2026-05-31", "2026-08-31"), ("2026-08-31", "2026-11-30"), ("2026-11-30", "2027-02-28"), handover="2025-08-31"),
    cycle("a season crosses the new year", HEATING, "2026-11", ("2026-11-15", "2027-03-16")),
    cycle("in arrears it stands on March's bill", f"{HEATING}, billed: in_arrears", "2027-03", ("2026-11-15", "2027-03-16")),
    cycle("and in advance on November's only", HEATING, "2027-03"),
    cycle("a season may lie inside a year", "rate: 30, every: {season: {from: 06-01, through: 08-31}}", "2026", ("2026-06-01", "2026-09-01")),
    cycle("a season through 29 February ends on the 28th", "rate: 30, every: {season: {from: 12-01, through: 02-29}}", "2026-12", ("2026-12-01", "2027-03-01")),
    cycle("in a leap year on the 29th", "rate: 30, every: {season: {from: 12-01, through: 02-29}}", "2027-12", ("2027-12-01", "2028-03-01")),
    cycle("a use is one day", "rate: 5, every: {use: left}", "2026-11", ("2026-11-05", "2026-11-06"), left="2026-11-05T23:59"),
]  # fmt: skip


@cases(CYCLES)
def test_a_bill_has_the_cycles_that_begin_or_end_in_its_period(case: Case) -> None:
    check(case)


AMOUNTS = [
    Case("a rate of a month counts three in a quarter", "fee: {rate: 2, rate_per: month, every: quarter}", {}, "6.00", "2026-Q4"),
    Case("a rate of a quarter counts a third in a month", "fee: {rate: 10, rate_per: quarter}", {}, "3.33", "2026-10"),
    Case("a rate of half a year", "fee: {rate: 10, rate_per: half_year, every: year}", {}, "20.00", "2026"),
    Case("a rate of a year counts a quarter of it", "fee: {rate: 10, rate_per: year, every: quarter}", {}, "2.50", "2026-Q4"),
    Case("a rate of a day counts 92 of them", "fee: {rate: 0.10, rate_per: day, every: quarter}", {}, "9.20", "2026-Q4"),
    Case("and 29 in a February", "fee: {rate: 0.10, rate_per: day}", {}, "2.90", "2024-02"),
    Case("the days charged, not those of the cycle", "fee: {rate: 0.10, rate_per: day, starts: handover}", {"handover": "2026-11-21"}, "1.00"),
    Case("a season's rate is for the whole of it", "fee: {rate: 30, every: {season: {from: 11-15, through: 03-15}}}", {}, "30.00"),
    # 121 days from 15 November to 15 March; from 1 December on 105
    Case("and for its part by days", "fee: {rate: 121, starts: handover, every: {season: {from: 11-15, through: 03-15}}}", {"handover": "2026-12-01"}, "105.00"),
    Case("a daily rate counts a season's days", "fee: {rate: 1, rate_per: day, every: {season: {from: 11-15, through: 03-15}}}", {}, "121.00"),
    # 15 January to 14 February are 31 days: 16 of them are 16/31 of a month
    Case("the months of a cycle from the 15th are its own", "fee: {rate: 31, starts: handover, every: {cycle: month, starts_on: 01-15}}", {"handover": "2026-01-30"}, "16.00", "2026-01"),
    Case("a year that begins on any day is twelve months", "fee: {rate: 20, rate_per: month, every: {anniversary_of: handover}}", {"handover": "2026-08-03"}, "240.00", "2026-08"),
    # 1.4 × 12 × 100.24 = 1684.032
    Case("a year in whole yuan", "fee: {per: area, rate: 1.4, rate_per: month, every: {anniversary_of: handover}, rounding: [{unit: 1}]}", {"area": "100.24", "handover": "2019-03-15"}, "1684.00", "2026-03"),
    # 4.50 × 52.69 × 3 = 711.315
    Case("three months are rounded once", "fee: {per: area, rate: 4.50, rate_per: month, every: quarter}", {"area": "52.69"}, "711.32", "2026-Q4"),
]  # fmt: skip

# 300 a month: rule, handed over on 11 November, 16 December, 1 November; moved out on 21 November
PRORATED = [
    ("calendar_days", "200.00", "154.84", "300.00", "200.00"),
    ("thirty_day_months", "200.00", "150.00", "300.00", "200.00"),
    ("half_months", "300.00", "150.00", "300.00", "300.00"),
    ("whole_months", "300.00", "300.00", "300.00", "300.00"),
    ("full_months", None, None, "300.00", None),
    ("next_month", None, None, None, "200.00"),
    ("days_365", "197.26", "157.81", "300.00", "197.26"),  # 3600 × 20 ÷ 365, × 16
    ("days_of_year", "197.26", "157.81", "300.00", "197.26"),
    ("cycle_days", "200.00", "154.84", "300.00", "200.00"),
    ("none", "300.00", "300.00", "300.00", "300.00"),
]


@pytest.mark.parametrize(("rule", "eleventh", "sixteenth", "first", "moved"), PRORATED)
def test_a_part_of_a_month_costs_what_its_rule_says(
    rule: str, eleventh: str | None, sixteenth: str | None, first: str | None, moved: str | None
) -> None:
    fee = f"fee: {{rate: 300, prorate: {rule}, starts: handover, ends: moved_out}}"
    for unit, period, expected in [
        ({"handover": "2026-11-11"}, "2026-11", eleventh),
        ({"handover": "2026-12-16"}, "2026-12", sixteenth),
        ({"handover": "2026-11-01"}, "2026-11", first),
        ({"handover": "2020-01-01", "moved_out": "2026-11-21"}, "2026-11", moved),
        ({"handover": "2027-01-01"}, "2026-11", None),
        ({"handover": "2020-01-01", "moved_out": "2026-11-01"}, "2026-11", None),
    ]:
        check(Case("", fee, unit, [] if expected is None else expected, period))


# 366 a year from 1 November to 31 October: rule, moved out on 1 May, and in the leap year 2028
YEARS = [
    ("calendar_days", "183.00", "183.00"),  # six months
    ("thirty_day_months", "183.00", "183.00"),
    ("days_365", "181.50", "182.50"),  # 181 and 182 days: × 366 ÷ 365 = 181.4958, 182.4986
    ("days_of_year", "181.50", "182.17"),  # 182 days: 61 × 366 ÷ 365 + 121
    ("cycle_days", "181.50", "182.00"),
]


@pytest.mark.parametrize(("rule", "common", "leap"), YEARS)
@pytest.mark.parametrize("every", ["{cycle: year, starts_on: 11-01}", "{anniversary_of: handover}"])
def test_half_a_year_is_the_same_on_days_of_the_calendar_and_from_handover(
    rule: str, common: str, leap: str, every: str
) -> None:
    fee = f"fee: {{rate: 366, rate_per: year, every: {every}, prorate: {rule}, ends: moved_out}}"
    check(Case("", fee, {"handover": "2020-11-01", "moved_out": "2027-05-01"}, common, "2026-11"))
    check(Case("", fee, {"handover": "2020-11-01", "moved_out": "2028-05-01"}, leap, "2027-11"))


WINTER = '{hit: first, table: "| month | rate |\\n|---|---|\\n| 12 | 10 |\\n| - | 1 |"}'
MONTHLY = "every: quarter, judged: each_month"
# 92 of them were used in October, November and December; 31 at 10
BY_MONTH = [
    Case("usage of a quarter is spread over its months, each at its price", f"fee: {{per: used, rate: {WINTER}, {MONTHLY}, at_a_change: by_days}}", {"used": "92"}, [{"amount": "371.00", "quantity": "92"}], "2026-Q4"),
    Case("or belongs to the last", f"fee: {{per: used, rate: {WINTER}, {MONTHLY}, at_a_change: all_to_the_later}}", {"used": "92"}, "920.00", "2026-Q4"),
    Case("or a reading at the end of each month must tell", f"fee: {{per: used, rate: {WINTER}, {MONTHLY}, at_a_change: by_reading}}", {"used": "92"}, "no_reading_at_change", "2026-Q4"),
    Case("usage of two owners too", f"fee: {{per: used, rate: {WINTER}, {MONTHLY}, at_a_change: by_days}}", {"used": "92", "owner_id": "A", "changes": [{"from": "2026-12-01", "facts": {"owner_id": "B"}}]}, ["61.00", "310.00"], "2026-Q4"),
    Case("a bill by months is rounded by months", "fee: {per: used, rate: 0.01, every: quarter, rounding: [{stage: month, unit: 0.1}], at_a_change: by_days}", {"used": "92"}, "0.90", "2026-Q4"),
    Case("what is passed on is passed on once", f"fee: {{pass_through: company_bill, at_a_change: by_days, {MONTHLY}}}", {"company_bill": "9.00"}, "9.00", "2026-Q4"),
    Case("a share is a share of the quarter", f"fee: {{share: {{by: 1}}, {MONTHLY}}}", {}, "12.00", "2026-Q4", shares={"fee": "12.00"}),
    # (31 + 30) × 0.10 + 31 × 1.00
    Case("a daily rate counts each day once", f"fee: {{rate: 0.1 * {{}}, rate_per: day, {MONTHLY}}}".replace("0.1 * {}", WINTER.replace("10", "1.0").replace("| 1 |", "| 0.1 |")), {}, "37.10", "2026-Q4"),
    # bands of the bill: 10 × 1 + 21 × 2 in October, 61 × 2 after it
    Case("bands count on from month to month", f'fee: {{per: used, {MONTHLY}, at_a_change: by_days, tiers: {{table: "| up to | rate |\\n|---|---|\\n| 10 | 1 |\\n| above | 2 |"}}}}', {"used": "92"}, "174.00", "2026-Q4"),
    Case("a fixed part is for each month, and usage for the quarter", "fee: {every: quarter, rate_per: month, rounding: [{stage: month}], at_a_change: by_days, parts: {a: {rate: 10}, b: {per: used, rate: 1}}}", {"used": "92"}, "122.00", "2026-Q4"),
    # a home of 120 m² reaches the second band in every month
    Case("bands of a month hold an area in each month", 'fee: {per: area, every: quarter, rate_per: month, tiers: {over: month, table: "| up to | rate |\\n|---|---|\\n| 100 | 1 |\\n| above | 2 |"}}', {"area": "120"}, "420.00", "2026-Q4"),
]  # fmt: skip

# How much of a longer bill is charged on each part of it
ACCRUED = [
    Case("half a month of a month", "fee: {rate: 300}", {}, "150.00", "2026-11-01/2026-11-16", accrue=True),
    Case("a month of a year", "fee: {rate: 24, rate_per: year, every: year}", {}, "2.00", accrue=True),
    Case("a month of a quarter in arrears", "fee: {rate: 6, rate_per: cycle, every: quarter, billed: in_arrears}", {}, "2.00", accrue=True),
    Case("parts of two months", "fee: {rate: 30}", {}, ["15.00", "16.00"], "2026-11-16/2026-12-17", accrue=True),  # 16 of 31 days: 15.48
    Case("a month of a year from handover", "fee: {rate: 366, rate_per: year, every: {anniversary_of: handover}, prorate: cycle_days}", {"handover": "2027-11-20"}, "31.00", "2028-01", accrue=True),
    Case("two years from handover meet in a month", "fee: {rate: 36.5, rate_per: year, every: {anniversary_of: handover}, prorate: cycle_days}", {"handover": "2024-11-20"}, ["1.90", "1.10"], accrue=True),
    Case("a one-off of the days", "fee: {every: {once: paid_on}, rate: 20}", {"paid_on": "2026-11-16"}, "20.00", "2026-11-16/2026-11-17", accrue=True),
    Case("and not of others", "fee: {every: {once: paid_on}, rate: 20}", {"paid_on": "2026-11-17"}, [], "2026-11-16/2026-11-17", accrue=True),
    Case("a fifth of a month has a fifth of the usage", "fee: {per: used, rate: 2, at_a_change: by_days}", {"used": "30"}, "12.00", "2026-11-25/2026-12-01", accrue=True),
    Case("usage of the later part is charged at the end", "fee: {per: used, rate: 2, at_a_change: all_to_the_later}", {"used": "30"}, "60.00", "2026-11-25/2026-12-01", accrue=True),
    Case("and not before", "fee: {per: used, rate: 2, at_a_change: all_to_the_later}", {"used": "30"}, [], "2026-11-01/2026-11-25", accrue=True),
    Case("usage by reading is not known for part of a cycle", "fee: {per: used, rate: 2, at_a_change: by_reading}", {"used": "30"}, "no_reading_at_change", "2026-11-01/2026-11-16", accrue=True),
    Case("but for all of it", "fee: {per: used, rate: 2, at_a_change: by_reading}", {"used": "30"}, "60.00", accrue=True),
    Case("a season's days", "fee: {rate: 121, every: {season: {from: 11-15, through: 03-15}}}", {}, "16.00", accrue=True),
]  # fmt: skip
ACCRUED[3] = Case(ACCRUED[3].title, ACCRUED[3].fees, {}, ["15.00", "15.48"], ACCRUED[3].period, accrue=True)


@cases(AMOUNTS, BY_MONTH, ACCRUED)
def test_time_counts_as_a_person_counts_it(case: Case) -> None:
    check(case)


ADDITIVE = ["calendar_days", "thirty_day_months", "cycle_days"]
EVERY = [
    "month",
    "quarter",
    "year",
    "{cycle: quarter, starts_on: 04-15}",
    "{anniversary_of: handover}",
    "{season: {from: 11-15, through: 03-15}}",
]


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("rule", ADDITIVE)
@pytest.mark.parametrize("cuts", [("01-17",), ("02-28", "03-31", "07-01"), ("01-31", "11-15", "12-31")])
def test_accrued_parts_of_a_year_sum_to_the_year(every: str, rule: str, cuts: Sequence[str]) -> None:
    if "season" in every and rule == "thirty_day_months":
        return  # a season is no number of months
    # whole yuan for each day of any month or cycle: nothing is rounded
    rate = "rate: 4655684762340" if rule == "cycle_days" else "rate: 11327400"
    fee = f"fee: {{{rate}, rate_per: cycle, every: {every}, prorate: {rule}}}"
    book = feerules.load_files({"first.yaml": schedule(fee)})
    days = ["2026-01-01", *(f"2026-{cut}" for cut in cuts), "2027-01-01"]
    unit = {"handover": "2020-02-29"}
    parts = [feerules.price(unit, book, f"{a}/{b}", accrue=True).total for a, b in pairwise(days)]
    whole = feerules.price(unit, book, "2026", accrue=True).total
    assert abs(sum(parts) - whole) <= feerules.price(unit, book, "2026", accrue=True).total * 0 + len(parts)


DUE = [
    ("nothing said: on its first day", "", "2026-11-01", "2026-11-01"),
    ("in arrears: on the day after its last", "billed: in_arrears", "2026-12-01", "2026-12-01"),
    ("on the tenth", "due: {day: 10}", "2026-11-01", "2026-11-10"),
    ("on the last day of the month", "due: {day: 31}", "2026-11-01", "2026-11-30"),
    (
        "issued in the month before",
        "issued: {day: 25, months_later: -1}, due: {after: issue, days: 15}",
        "2026-10-25",
        "2026-11-09",
    ),
    (
        "on the 15th of the month after its end",
        "billed: in_arrears, due: {day: 15, of: end, months_later: 1}",
        "2026-12-01",
        "2026-12-15",
    ),
    ("so many days after its start", "due: {after: start, days: 30}", "2026-11-01", "2026-12-01"),
    ("on the day after its end", "due: {after: end}", "2026-11-01", "2026-12-01"),
    ("31 in February, months later", "due: {day: 31, months_later: 3}", "2026-11-01", "2027-02-28"),
]


@pytest.mark.parametrize(("title", "keys", "issued", "due"), DUE, ids=[each[0] for each in DUE])
def test_a_line_is_issued_and_due(title: str, keys: str, issued: str, due: str) -> None:
    fee = f"fee: {{rate: 1{', ' if keys else ''}{keys}}}"
    check(Case(title, fee, {}, [{"issued_on": issued, "due_on": due}]))


def test_a_quarter_is_due_in_its_first_or_its_last_month() -> None:
    quarter = "fee: {{rate: 1, rate_per: cycle, every: quarter, due: {{day: 31, of: {}}}}}"
    check(Case("", quarter.format("start"), {}, [{"due_on": "2026-10-31"}], "2026-10"))
    check(Case("", quarter.format("end"), {}, [{"due_on": "2026-12-31"}], "2026-10"))


def test_a_year_from_handover_is_due_in_the_month_of_its_own_days() -> None:
    fee = f"fee: {{{YEAR_OF}, due: {{day: 31}}}}"
    check(
        Case(
            "",
            fee,
            {"handover": "2020-02-05"},
            [{"issued_on": "2026-02-05", "due_on": "2026-02-28"}],
            "2026-02",
        )
    )
    check(
        Case(
            "",
            fee,
            {"handover": "2020-07-05"},
            [{"issued_on": "2026-07-05", "due_on": "2026-07-31"}],
            "2026-07",
        )
    )


CALENDAR = """
kind: calendar
id: china
years: [2026]
holidays: [2026-10-01, 2026-10-02, 2026-10-05, 2026-10-06, 2026-10-07]
workdays: [2026-10-10]
"""
# day, roll, due: the 3rd is a Saturday in the holidays, the 10th a Saturday on which people work
ROLLED = [
    (3, "next_workday", "2026-10-08"),
    (3, "previous_workday", "2026-09-30"),
    (3, "none", "2026-10-03"),
    (10, "next_workday", "2026-10-10"),
    (11, "next_workday", "2026-10-12"),
    (8, "previous_workday", "2026-10-08"),
]


@pytest.mark.parametrize(("day", "roll", "due"), ROLLED)
def test_a_due_day_rolls_to_a_workday(day: int, roll: str, due: str) -> None:
    fee = f"fee: {{rate: 1, due: {{day: {day}, roll: {roll}}}}}"
    rules = schedule(fee).replace("{from: 2000-01-01}", "{from: 2026-01-01, through: 2026-11-30}")
    book = feerules.load_files({"first.yaml": rules, "calendar.yaml": CALENDAR})
    assert str(feerules.price({}, book, "2026-10").lines[0].due_on) == due


def test_a_bill_line_is_known_by_its_unit_fee_days_and_version() -> None:
    book = feerules.load_files({"first.yaml": schedule("a: {rate: 1}\nb: {rate: 1}")})
    bills = [
        feerules.price({"unit_id": unit}, book, period)
        for unit in ("A", "B")
        for period in ("2026-11", "2026-12")
    ]
    identities = [line.charge_id for bill in bills for line in bill]
    assert len(set(identities)) == 8
    again = feerules.load_files({"first.yaml": schedule("a: {rate: 2}\nb: {rate: 1}")})
    assert [line.charge_id for line in feerules.price({"unit_id": "A"}, again, "2026-11")] == identities[:2]


NOT_IN_FORCE = [
    ("before its first version", "2019-12", "no_schedule"),
    ("in its first month", "2020-01", "1.00"),
    ("in its last month", "2026-06", "1.00"),
    ("after its last day", "2026-07", "no_schedule"),
]


@pytest.mark.parametrize(
    ("title", "period", "expected"), NOT_IN_FORCE, ids=[each[0] for each in NOT_IN_FORCE]
)
def test_a_unit_is_never_free_because_no_schedule_is_in_force(title: str, period: str, expected: str) -> None:
    rules = schedule("fee: {rate: 1}").replace(
        "{from: 2000-01-01}", "{from: 2020-01-01, through: 2026-06-30}"
    )
    book = feerules.load_files({"first.yaml": rules})
    if expected == "no_schedule":
        with pytest.raises(feerules.UnitErrors) as error:
            feerules.price({}, book, period)
        assert [problem.code for problem in error.value.problems] == [expected]
    else:
        assert str(feerules.price({}, book, period).total) == expected


@pytest.mark.parametrize(("period", "is_free"), [("2019-12", False), ("2020-01", True), ("2026-07", False)])
def test_a_schedule_with_one_offs_is_for_no_day_on_which_it_is_not_in_force(
    period: str, is_free: bool
) -> None:
    fee = "card: {every: {once: moved_out}, applies: {moved_out: not(null)}, rate: 5}"
    rules = schedule(fee).replace("{from: 2000-01-01}", "{from: 2020-01-01, through: 2026-06-30}")
    book = feerules.load_files({"first.yaml": rules})
    if is_free:
        assert feerules.price({}, book, period).total == 0
    else:
        with pytest.raises(feerules.UnitErrors, match="no_schedule"):
            feerules.price({}, book, period)
