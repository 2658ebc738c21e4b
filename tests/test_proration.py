"""What the days of a part of a cycle are worth, by each convention; figures of published bills and systems."""

from __future__ import annotations

import pickle
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feerules.money import Rounding, from_scaled, round_div
from feerules.periods import (
    MONTH_DENOMINATOR,
    PRORATION_RULES,
    Period,
    PeriodError,
    Proration,
    ProrationRule,
    add_months,
    cycles_starting,
    prorate,
    seasons_starting,
)

DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31))
CALENDAR = date(2000, 1, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def months_owed(
    rule: ProrationRule, liable: Period, through: Period, months: int = 1, anchor: date = CALENDAR
) -> Fraction:
    """The months of the cycles that start in `through`, for a unit liable from `liable.start` to its end."""
    total = Fraction(0)
    for cycle in cycles_starting(through, months, anchor):
        if shared := cycle.intersect(liable):
            arrays = prorate(rule, cycle, months)
            first, last = (shared.start - cycle.start).days, (shared.end - cycle.start).days
            begins_here = cycle.contains(liable.start)
            worth = arrays.part(first, last, (first, last), begins_here=begins_here)
            total += Fraction(worth, arrays.denominator)
    return total


# rule, liable, months, of how much a month, amount. 100 m² at 2.50, handed over on 20 March 2025, through June
HANDOVERS: list[tuple[ProrationRule, str, str, str, str]] = [
    ("next_month", "2025-03-20/2025-07-01", "3", "250", "750.00"),
    ("calendar_days", "2025-03-20/2025-07-01", "105/31", "250", "846.77"),
    ("thirty_day_months", "2025-03-20/2025-07-01", "101/30", "250", "841.67"),
    ("half_months", "2025-03-20/2025-07-01", "7/2", "250", "875.00"),
    ("days_365", "2025-03-20/2025-04-01", "144/365", "250", "98.63"),
    ("days_of_year", "2025-03-20/2025-04-01", "144/365", "250", "98.63"),
    ("days_of_year", "2024-03-20/2024-04-01", "144/366", "250", "98.36"),
    ("whole_months", "2025-03-20/2025-07-01", "4", "250", "1000.00"),
    ("full_months", "2025-03-20/2025-07-01", "3", "250", "750.00"),
    ("none", "2025-03-20/2025-07-01", "4", "250", "1000.00"),
    # 8 April to 30 June at thirtieths, rounded once
    ("thirty_day_months", "2023-04-08/2023-07-01", "83/30", "3950", "10928.33"),
    # 8 of the 30 days of a month
    ("thirty_day_months", "2023-04-01/2023-04-09", "8/30", "249.95", "66.65"),
    # 24 to 28 February
    ("calendar_days", "2019-02-24/2019-03-01", "5/28", "28", "5.00"),
    ("half_months", "2025-03-15/2025-04-01", "1", "250", "250.00"),
    ("half_months", "2025-03-16/2025-04-01", "1/2", "250", "125.00"),
    ("half_months", "2025-03-01/2025-03-16", "1/2", "250", "125.00"),
    ("half_months", "2025-03-01/2025-03-17", "1", "250", "250.00"),
    # the developer pays the month of handover, even when that is its first day
    ("next_month", "2025-03-01/2025-05-01", "1", "250", "250.00"),
    ("next_month", "2025-03-31/2025-05-16", "46/31", "31", "46.00"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "liable", "months", "monthly", "amount"), HANDOVERS)
def test_a_handover_is_prorated_by_the_named_convention(
    rule: ProrationRule, liable: str, months: str, monthly: str, amount: str
) -> None:
    days = Period.parse(liable)
    owed = months_owed(rule, days, Period(date(days.start.year, days.start.month, 1), days.end))
    assert owed == Fraction(months)
    exact = Fraction(monthly) * owed
    assert to_fen(exact) == Decimal(amount)


def to_fen(exact: Fraction) -> Decimal:
    return from_scaled(Rounding().divide(exact.numerator, exact.denominator), 2)


def test_a_year_that_starts_on_any_day_is_twelve_months() -> None:
    year = Period.parse("2026-08-03/2027-08-03")
    assert [c.months for c in cycles_starting(year, 12, year.start)] == [12]
    for rule in PRORATION_RULES:
        if rule != "next_month":
            assert months_owed(rule, year, year, 12, anchor=year.start) * 20 == 240


def test_head_days_whole_months_and_tail_days_may_be_rounded_before_they_are_added() -> None:
    liable = Period.parse("2023-01-12/2023-09-15")
    parts = [
        months_owed("calendar_days", liable, c) for c in cycles_starting(Period.parse("2023"), 1, CALENDAR)
    ]
    to_four = Rounding.to_places(4)
    rounded = [Decimal(to_four.divide(p.numerator, p.denominator)).scaleb(-4) for p in parts if p]
    assert (rounded[0], sum(rounded[1:-1]), rounded[-1]) == (Decimal("0.6452"), 7, Decimal("0.4667"))
    assert sum(rounded) == Decimal("8.1119")


def test_a_month_fraction_that_is_rounded_early_moves_the_amount_by_a_fen() -> None:
    exact = months_owed("calendar_days", Period.parse("2025-03-20/2025-07-01"), Period.parse("2025-H1"))
    early = round_div(exact.numerator * 10**4, exact.denominator)
    assert to_fen(250 * exact) == Decimal("846.77")
    assert to_fen(250 * Fraction(early, 10**4)) == Decimal("846.78")


def test_seller_and_buyer_pay_parts_that_sum_to_the_month() -> None:
    september = prorate("calendar_days", Period.parse("2025-09"), 1)
    month = Fraction("88.5") * Fraction("1.9")
    seller = to_fen(month * Fraction(september.part(0, 9), september.denominator))
    assert (seller, to_fen(month) - seller) == (Decimal("50.45"), Decimal("117.70"))


ADDITIVE: tuple[ProrationRule, ...] = ("calendar_days", "thirty_day_months", "cycle_days")

# rule, denominator, then opens, begins, closes, cuts at the offsets 0, 1, 14, 15, 16, 30, 31 of March
Row = list[int]
THIRTIETHS, DAYS = [0, 1, 14, 15, 16, 30, 30], [0, 1, 14, 15, 16, 30, 31]
PARTS = [12180 * days for days in DAYS]
FROM_START, FROM_END = [0, 12, 168, 180, 192, 360, 365], [0, 5, 161, 173, 185, 353, 365]
FLOOR, CEILING = [0, 0, 0, 0, 0, 0, 1], [0, 1, 1, 1, 1, 1, 1]
HALVES, HALVES_BY_LAST_DAY = [0, 0, 0, 1, 1, 1, 2], [0, 1, 1, 1, 2, 2, 2]
MARCH: list[tuple[ProrationRule, int, Row, Row, Row, Row]] = [
    ("calendar_days", MONTH_DENOMINATOR, PARTS, PARTS, PARTS, PARTS),
    ("thirty_day_months", 30, THIRTIETHS, THIRTIETHS, THIRTIETHS, THIRTIETHS),
    ("half_months", 2, HALVES, HALVES, HALVES_BY_LAST_DAY, HALVES),
    ("whole_months", 1, FLOOR, FLOOR, CEILING, CEILING),
    ("full_months", 1, CEILING, CEILING, FLOOR, CEILING),
    ("days_365", 365, FROM_END, FROM_END, FROM_START, FROM_START),
    ("cycle_days", 31, DAYS, DAYS, DAYS, DAYS),
    ("none", 1, FLOOR, FLOOR, CEILING, CEILING),
]


@pytest.mark.parametrize(("rule", "denominator", "opens", "begins", "closes", "cuts"), MARCH)
def test_a_month_opens_closes_and_is_cut_as_its_rule_says(
    rule: ProrationRule,
    denominator: int,
    opens: Row,
    begins: Row,
    closes: Row,
    cuts: Row,
) -> None:
    arrays = prorate(rule, Period.parse("2025-03"), 1)
    assert arrays.denominator == denominator
    given_ = arrays.opens, arrays.begins, arrays.closes, arrays.cuts
    assert [[array[x] for x in (0, 1, 14, 15, 16, 30, 31)] for array in given_] == [
        opens,
        begins,
        closes,
        cuts,
    ]


def test_next_month_gives_the_month_of_handover_away_but_not_a_later_cycles_first_month() -> None:
    quarter = prorate("next_month", Period.parse("2025-Q1"), 3)
    month = quarter.denominator
    assert [quarter.begins[x] // month for x in (0, 30, 31, 58, 59, 89, 90)] == [1, 1, 2, 2, 3, 3, 3]
    assert quarter.opens[0] == 0
    assert quarter.opens[1:] == quarter.begins[1:]
    assert quarter.part(0, 90) == 3 * month
    assert quarter.part(0, 90, begins_here=True) == 2 * month


def test_half_a_month_after_a_cut_on_the_tenth_is_the_whole_month() -> None:
    march = prorate("half_months", Period.parse("2025-03"), 1)
    assert (march.part(0, 9), march.part(9, 31)) == (0, 2)
    assert (march.part(0, 15), march.part(15, 31)) == (1, 1)


def test_a_season_is_worth_its_months_though_its_last_month_is_longer() -> None:
    season = Period.parse("2026-11-15/2027-03-16")
    arrays = prorate("calendar_days", season, 4)
    assert arrays.part(0, season.days) == 4 * arrays.denominator
    assert Fraction(arrays.part(0, 92), arrays.denominator) == 3
    assert Fraction(arrays.part(92, 93), arrays.denominator) == Fraction(1, 29)


def test_months_of_a_cycle_from_28_february_to_31_may_end_on_the_31st() -> None:
    arrays = prorate("whole_months", Period.parse("2026-02-28/2026-05-31"), 3)
    starts = [offset for offset in range(92) if arrays.closes[offset + 1] > arrays.closes[offset]]
    assert [str(day("2026-02-28") + timedelta(x)) for x in starts] == [
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
    ]


def test_a_season_may_count_as_one_month_and_is_shared_by_its_days() -> None:
    season = Period.parse("2026-11-15/2027-03-16")
    for rule in ADDITIVE[::2]:
        arrays = prorate(rule, season, 1)
        assert Fraction(arrays.part(0, 21), arrays.denominator) == Fraction(21, season.days)
    assert prorate("whole_months", season, 1).part(120, 121, (120, 121)) == 1


@pytest.mark.parametrize("rule", ["thirty_day_months", "half_months", "days_365", "days_of_year"])
def test_a_season_that_counts_as_one_month_has_no_halves_or_thirtieths(rule: ProrationRule) -> None:
    with pytest.raises(PeriodError) as caught:
        prorate(rule, Period.parse("2026-11-15/2027-03-16"), 1)
    assert str(caught.value) == (
        f"found {rule} over 121 days, expected no more days than the cycle's months have; "
        "a season takes cycle_days"
    )


@pytest.mark.parametrize(("cycle", "months"), [("2026-11", 2), ("2026-11", 0), ("2026-Q1", 4)])
def test_a_cycle_is_refused_where_it_has_not_so_many_months(cycle: str, months: int) -> None:
    with pytest.raises(PeriodError, match="expected as many months as the cycle has"):
        prorate("calendar_days", Period.parse(cycle), months)


def test_an_unknown_proration_is_named_with_the_nearest_one() -> None:
    with pytest.raises(PeriodError) as caught:
        prorate("calender_days", Period.parse("2026-11"), 1)  # type: ignore[arg-type]
    assert str(caught.value) == (
        'found the proration "calender_days", expected one of calendar_days, thirty_day_months, half_months, '
        "whole_months, full_months, next_month, days_365, days_of_year, cycle_days, none; "
        'did you mean "calendar_days"?'
    )


@st.composite
def cycles(draw: st.DrawFn) -> tuple[Period, int]:
    """A cycle of some months that starts on some day, or a heating season."""
    if draw(st.booleans()):
        months = draw(st.integers(1, 12))
        return draw(st.sampled_from(cycles_starting(Period.parse("2024"), months, draw(DATES)))), months
    return seasons_starting(Period(date(2023, 7, 1), date(2024, 7, 1)))[0], 4


@given(cycle=cycles(), rule=st.sampled_from(PRORATION_RULES))
def test_running_totals_never_fall_and_a_whole_cycle_is_exactly_its_months(
    cycle: tuple[Period, int], rule: ProrationRule
) -> None:
    period, months = cycle
    arrays = prorate(rule, period, months)
    for array in (arrays.opens, arrays.begins, arrays.closes, arrays.cuts):
        assert len(array) == period.days + 1
        assert list(array) == sorted(array)
        assert array[-1] == months * arrays.denominator
    assert arrays.opens[0] == arrays.closes[0] == arrays.cuts[0] == 0
    assert arrays.part(0, period.days) == months * arrays.denominator


@given(cycle=cycles(), rule=st.sampled_from(PRORATION_RULES), begins_here=st.booleans(), data=st.data())
def test_parts_of_a_liability_sum_to_the_whole_of_it_wherever_it_is_cut(
    cycle: tuple[Period, int], rule: ProrationRule, begins_here: bool, data: st.DataObject
) -> None:
    period, months = cycle
    arrays = prorate(rule, period, months)
    first = data.draw(st.integers(0, period.days - 1))
    last = data.draw(st.integers(first + 1, period.days))
    inside = st.lists(st.integers(first, last), max_size=4)
    edges = [first, *sorted(data.draw(inside)), last]
    parts = [arrays.part(a, b, (first, last), begins_here=begins_here) for a, b in pairwise(edges)]
    assert all(part >= 0 for part in parts)
    assert sum(parts) == arrays.part(first, last, (first, last), begins_here=begins_here)
    assert sum(parts) <= months * arrays.denominator


@given(cycle=cycles(), rule=st.sampled_from(ADDITIVE))
def test_all_ends_agree_for_rules_that_count_days(cycle: tuple[Period, int], rule: ProrationRule) -> None:
    arrays = prorate(rule, *cycle)
    assert arrays.opens == arrays.begins == arrays.closes == arrays.cuts


@given(cycle=cycles(), rule=st.sampled_from(("days_365", "days_of_year")), data=st.data())
def test_a_part_that_starts_or_ends_a_cycle_counts_its_days_of_the_year(
    cycle: tuple[Period, int], rule: ProrationRule, data: st.DataObject
) -> None:
    period, months = cycle
    arrays = prorate(rule, period, months)
    x = data.draw(st.integers(1, period.days - 1))
    days = [period.start + timedelta(d) for d in range(period.days)]
    lengths = [366 if rule == "days_of_year" and d.year == 2024 else 365 for d in days]
    daily = [Fraction(12, length) for length in lengths]
    head = Fraction(arrays.part(0, x, (0, x)), arrays.denominator)
    tail = Fraction(arrays.part(x, period.days, (x, period.days)), arrays.denominator)
    assert head == min(sum(daily[:x]), months)
    assert tail == min(sum(daily[x:]), months)


@given(month=st.integers(0, 2400), data=st.data())
def test_days_of_a_calendar_month_are_worth_their_share_of_it(month: int, data: st.DataObject) -> None:
    period = cycles_starting(Period(add_months(date(1900, 1, 1), month), date(2101, 1, 1)), 1, CALENDAR)[0]
    a = data.draw(st.integers(0, period.days))
    b = data.draw(st.integers(a, period.days))
    arrays = prorate("calendar_days", period, 1)
    assert arrays.denominator == MONTH_DENOMINATOR == 377580
    assert Fraction(arrays.part(a, b), arrays.denominator) == Fraction(b - a, period.days)


def test_a_proration_is_a_value() -> None:
    arrays = prorate("half_months", Period.parse("2026-11"), 1)
    assert isinstance(arrays, Proration)
    assert pickle.loads(pickle.dumps(arrays)) == arrays
