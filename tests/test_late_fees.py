"""Late fee: days, grace, rates, pauses, caps, rounding; what was posted and waived of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts import charge, day, event, payment, position
from feerules.periods import day_number
from feerules.plan.ledgers import LateFeeTerms, LedgerTerms, RateFrom


def number(text: str) -> int:
    return day_number(day(text))


def terms(num: int = 1, den: int = 1_000, **more: Any) -> LedgerTerms:
    """A late fee on every fee; 0.1 % a day unless said otherwise."""
    given = {"fees": None, "rates": (RateFrom(0, num, den),)} | more
    return LedgerTerms(late_fee=LateFeeTerms(**given))


DEBT = charge("C-1", "2026-01-10", "1000.00", issued_on="2026-01-01")


def accrued(as_of: str, *entries: dict[str, Any], **more: Any) -> str:
    return str(position(as_of, *entries, terms=terms(**more)).late_fee_accrued)


# Days


@pytest.mark.parametrize(
    ("as_of", "fee"),
    [("2026-01-10", "0.00"), ("2026-01-11", "1.00"), ("2026-01-20", "10.00"), ("2027-01-10", "365.00")],
)
def test_each_day_after_due_bears_its_part(as_of: str, fee: str) -> None:
    assert accrued(as_of, DEBT) == fee


def test_a_payment_leaves_its_own_day_charged_in_full() -> None:
    half = payment("P-1", "2026-01-15", "400.00")
    # 5 days of 1000.00, then 5 days of 600.00.
    assert accrued("2026-01-20", DEBT, half) == "8.00"


def test_what_is_paid_in_time_bears_nothing() -> None:
    assert accrued("2026-06-30", DEBT, payment("P-1", "2026-01-10", "1000.00")) == "0.00"


def test_a_charge_that_credit_pays_when_it_is_issued_after_its_due_day_bears_nothing() -> None:
    late = charge("C-2", "2026-01-10", "100.00", issued_on="2026-01-25")
    assert accrued("2026-02-28", late, payment("P-1", "2026-01-01", "100.00")) == "0.00"
    assert accrued("2026-01-27", late) == "0.20"


def test_nothing_configured_bears_nothing() -> None:
    assert position("2026-01-30", charge("C-1", "2026-01-10", "100.00")).late_fee_accrued == 0
    assert accrued("2026-01-30", charge("C-1", "2026-01-10", "100.00"), num=0) == "0.00"


# 30 days of a rate of the field


def test_thirty_days_at_three_thousandths_of_the_debt() -> None:
    assert accrued("2026-02-09", charge("C-1", "2026-01-10", "143.00"), num=3, den=1_000) == "12.87"


# Grace


@pytest.mark.parametrize(
    ("paid", "as_of", "back_dated", "fee"),
    [
        ("2024-06-18", "2024-07-31", True, "0.00"),  # paid within grace: nothing, ever
        ("2024-06-20", "2024-07-31", True, "0.00"),  # on its last day
        ("2024-06-21", "2024-07-31", True, "6.00"),  # one day later: from the day after due
        ("2024-06-21", "2024-07-31", False, "1.00"),  # or from the day after grace
        ("2024-12-31", "2024-06-20", True, "0.00"),  # not paid yet, within grace
        ("2024-12-31", "2024-06-21", True, "6.00"),
        ("2024-12-31", "2024-06-21", False, "1.00"),
    ],
)
def test_within_grace_nothing_is_charged(paid: str, as_of: str, back_dated: bool, fee: str) -> None:
    debt = charge("C-1", "2024-06-15", "1000.00")
    found = accrued(as_of, debt, payment("P-1", paid, "1000.00"), grace=5, back_dated=back_dated)
    assert found == fee


def test_a_part_paid_within_grace_bears_its_own_days_only() -> None:
    part = payment("P-1", "2026-01-12", "400.00")
    assert accrued("2026-01-20", DEBT, part, grace=5) == "6.80"  # 400.00 for 2 days, 600.00 for 10
    assert accrued("2026-01-20", DEBT, part, grace=5, back_dated=False) == "3.00"  # 600.00 for 5


def test_what_was_paid_on_the_last_day_of_grace_bears_too_where_it_is_back_dated() -> None:
    """The numbers of the page on accounts."""
    part = payment("P-1", "2026-01-25", "400.00")
    assert accrued("2026-03-01", DEBT, part, grace=15) == "36.00"  # 1000.00 for 15 days, 600.00 for 35
    assert accrued("2026-03-01", DEBT, part, grace=15, back_dated=False) == "21.00"


# Rates, months, pauses


def test_a_new_rate_holds_from_its_own_day() -> None:
    rates = (RateFrom(0, 1, 1000), RateFrom(number("2026-01-16"), 2, 1000))
    assert accrued("2026-01-20", DEBT, rates=rates) == "15.00"  # 11–15 January at 1.00, 16–20 at 2.00


def test_rates_of_different_denominators_are_summed_exactly() -> None:
    rates = (RateFrom(0, 36, 36_500), RateFrom(number("2026-01-13"), 1, 7_000))
    # 2 × 0.98630… + 8 × 0.14285… = 3.11545…
    assert accrued("2026-01-20", DEBT, rates=rates) == "3.12"


def test_in_months_of_thirty_days_the_31st_adds_nothing_and_february_counts_in_full() -> None:
    month = {"thirty_day_months": True}
    assert accrued("2026-01-30", DEBT, **month) == accrued("2026-01-31", DEBT, **month) == "20.00"
    assert accrued("2026-03-10", DEBT, **month) == "60.00"
    assert accrued("2026-03-10", DEBT) == "59.00"


def test_paused_days_bear_nothing() -> None:
    pause = event("E-1", "pause", "2026-01-12", ends_on="2026-01-15")
    found = position("2026-01-20", DEBT, pause, terms=terms())
    assert (str(found.late_fee_accrued), found.days_overdue) == ("7.00", 7)


# Rounding and caps


def test_each_charge_is_rounded_once() -> None:
    parts = [payment(f"P-{n}", f"2026-01-{12 + n}", "3.33") for n in range(3)]
    debt = charge("C-1", "2026-01-10", "9.99")
    # 9.99 × 2 + 6.66 × 1 + 3.33 × 1 = 29.97, at 0.1 %: 0.02997.
    assert accrued("2026-01-20", debt, *parts) == "0.03"
    assert accrued("2026-01-20", debt, *parts, mode="down") == "0.02"


def test_half_a_fen_is_rounded_as_the_policy_says() -> None:
    debt = charge("C-1", "2026-01-10", "2.50")
    fees = {
        mode: accrued("2026-01-12", debt, mode=mode)
        for mode in ("half_up", "half_even", "half_down", "up", "down")
    }
    assert fees == {"half_up": "0.01", "half_even": "0.00", "half_down": "0.00", "up": "0.01", "down": "0.00"}


CAPS = [
    ({"cap_share": (3, 10)}, "300.00"),
    ({"cap_amount": 25_000}, "250.00"),
    ({"cap_share": (3, 10), "cap_amount": 25_000}, "250.00"),
    ({"cap_by_days": (24, 36_500)}, "240.00"),  # 0.1 % a day is 36.5 % a year
    ({"flat": 5_000}, "415.00"),
    ({"daily": 100}, "730.00"),
    ({"daily": 100, "cap_amount": 40_000}, "400.00"),
    ({"flat": 5_000, "cap_share": (3, 10)}, "300.00"),
]


@pytest.mark.parametrize(("more", "fee"), CAPS)
def test_a_late_fee_is_capped(more: dict[str, Any], fee: str) -> None:
    on = "2027-01-10" if {"cap_by_days", "flat", "daily"} & more.keys() else "2028-01-10"
    assert accrued(on, DEBT, **more) == fee


def test_a_cap_by_share_is_of_what_was_rightly_charged() -> None:
    credit = charge("K-1", "2026-01-05", "-500.00", kind="credit", corrects_charge_id="C-1")
    assert accrued("2036-01-10", DEBT, credit, cap_share=(1, 1)) == "500.00"


def test_a_sum_of_each_day_counts_the_days_on_which_anything_was_open() -> None:
    paid = payment("P-1", "2026-01-15", "999.99"), payment("P-2", "2026-01-20", "0.01")
    assert accrued("2026-03-01", DEBT, *paid, daily=100, num=0) == "10.00"
    stopped = event("E-1", "pause", "2026-01-12", ends_on="2026-01-17")
    assert accrued("2026-03-01", DEBT, *paid, stopped, daily=100, num=0) == "5.00"


def test_a_flat_sum_is_charged_once_the_debt_is_late() -> None:
    late = {"flat": 1_000, "grace": 5}
    assert accrued("2026-01-15", DEBT, **late) == "0.00"
    assert accrued("2026-01-16", DEBT, **late) == "16.00"


# What bears it


def test_only_the_fees_that_are_named_bear_it_and_only_principal() -> None:
    water = charge("W-1", "2026-01-10", "1000.00", fee="water")
    deposit = charge("D-1", "2026-01-10", "1000.00", kind="deposit")
    posted = charge("L-1", "2026-01-12", "2.00", kind="late_fee", fee="late_fee", corrects_charge_id="C-1")
    found = position("2026-01-20", DEBT, water, deposit, posted, terms=terms(fees=frozenset({"management"})))
    assert {c.charge_id: str(c.late_fee) for c in found.charges} == {
        "C-1": "10.00", "D-1": "0.00", "W-1": "0.00", "L-1": "0.00",
    }  # fmt: skip


# What is still due of it


def test_what_was_posted_is_not_due_again() -> None:
    posted = charge("L-1", "2026-01-15", "5.00", kind="late_fee", fee="late_fee", corrects_charge_id="C-1")
    found = position("2026-01-20", DEBT, posted, terms=terms())
    assert (found.late_fee_accrued, found.late_fee_due) == (Decimal("10.00"), Decimal("5.00"))
    assert found.outstanding == Decimal("1005.00")


def test_when_the_principal_is_paid_a_posted_late_fee_is_still_owed() -> None:
    posted = [
        charge("L-1", "2026-01-15", "0.41", kind="late_fee", fee="late_fee", corrects_charge_id="C-1"),
        charge("L-2", "2026-01-15", "10.00", kind="late_fee", fee="late_fee"),
    ]
    found = position("2026-01-20", DEBT, *posted, payment("P-1", "2026-01-10", "1000.00"), terms=terms())
    assert (found.outstanding, found.unpaid_count, found.late_fee_due) == (Decimal("10.41"), 2, Decimal(0))


@pytest.mark.parametrize(
    "waiver",
    [
        charge("K-1", "2026-01-15", "4.00", kind="waiver", fee="late_fee"),
        charge("K-1", "2026-01-15", "4.00", kind="waiver", tags=("late_fee",), corrects_charge_id="C-1"),
    ],
)
def test_a_waiver_of_late_fee_leaves_the_principal(waiver: dict[str, Any]) -> None:
    found = position("2026-01-20", DEBT, waiver, terms=terms())
    assert (found.late_fee_due, found.outstanding, found.waived) == (
        Decimal("6.00"),
        Decimal("1000.00"),
        Decimal(0),
    )


def test_a_waiver_of_a_posted_late_fee_lowers_that_charge() -> None:
    posted = charge("L-1", "2026-01-15", "5.00", kind="late_fee", fee="late_fee", corrects_charge_id="C-1")
    waiver = charge("K-1", "2026-01-16", "5.00", kind="waiver", fee="late_fee", corrects_charge_id="L-1")
    found = position("2026-01-20", DEBT, posted, waiver, terms=terms())
    assert (found.outstanding, found.waived, found.late_fee_due) == (
        Decimal("1000.00"),
        Decimal("5.00"),
        Decimal("5.00"),
    )


def test_more_posted_than_accrued_leaves_nothing_due() -> None:
    posted = charge("L-1", "2026-01-15", "50.00", kind="late_fee", fee="late_fee")
    assert position("2026-01-20", DEBT, posted, terms=terms()).late_fee_due == 0


# Sums that a notice charges for its work: a posted late fee stands as a sum of its own

NOTICES = [("0.00", "100.00"), ("10.00", "110.00"), ("25.00", "125.00")]


@pytest.mark.parametrize(("fee", "receivable"), NOTICES)
def test_fees_of_notices_add_to_what_is_owed_and_bear_nothing(fee: str, receivable: str) -> None:
    debt = charge("C-1", "2026-01-10", "100.00")
    notice = charge("L-1", "2026-01-20", fee, kind="late_fee", fee="notice", corrects_charge_id="C-1")
    found = position("2026-02-28", debt, notice, terms=terms(num=0))
    assert (str(found.outstanding), found.late_fee_accrued) == (receivable, 0)
