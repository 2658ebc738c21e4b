"""Money on an account: where it goes, what stays open, how old it is, and what cannot be right."""

from __future__ import annotations

import pickle
from copy import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

import feerules
from accounts import account, charge, day, event, payment, position
from feerules import Account, Charge, Payment
from feerules.ledger.position import Position, position_of
from feerules.periods import day_number
from feerules.plan.ledgers import Bucket, LateFeeTerms, LedgerTerms, RateFrom


def open_of(found: Position) -> dict[str, str]:
    return {charge.charge_id: str(charge.open) for charge in found.charges}


JANUARY = charge(
    "C-1", "2026-01-10", "100.00", issued_on="2026-01-01", period_start="2026-01-01", period_end="2026-02-01"
)
FEBRUARY = charge(
    "C-2", "2026-02-10", "100.00", issued_on="2026-02-01", period_start="2026-02-01", period_end="2026-03-01"
)
MARCH = charge(
    "C-3", "2026-03-10", "100.00", issued_on="2026-03-01", period_start="2026-03-01", period_end="2026-04-01"
)
QUARTER = (JANUARY, FEBRUARY, MARCH)
WATER = charge("W-1", "2026-01-20", "40.00", issued_on="2026-01-01", fee="water")


# Where money goes


def test_money_goes_to_the_oldest_debt_first() -> None:
    found = position("2026-03-31", *QUARTER, payment("P-1", "2026-03-20", "150.00"))
    assert open_of(found) == {"C-1": "0.00", "C-2": "50.00", "C-3": "100.00"}
    assert (found.outstanding, found.overdue, found.credit) == (
        Decimal("150.00"),
        Decimal("150.00"),
        Decimal("0.00"),
    )


def test_money_goes_to_the_newest_debt_first_where_a_policy_says_so() -> None:
    newest = LedgerTerms(allocate="newest_due_first")
    found = position("2026-03-31", *QUARTER, payment("P-1", "2026-03-20", "150.00"), terms=newest)
    assert open_of(found) == {"C-1": "100.00", "C-2": "50.00", "C-3": "0.00"}


def test_what_the_payer_designates_comes_before_the_order_of_the_policy() -> None:
    paid = payment("P-1", "2026-03-20", "130.00", designated_charge_id="C-3")
    assert open_of(position("2026-03-31", *QUARTER, paid)) == {"C-1": "70.00", "C-2": "100.00", "C-3": "0.00"}


def test_what_a_designated_fee_does_not_need_goes_on_in_order() -> None:
    paid = payment("P-1", "2026-01-25", "60.00", designated_fee="water")
    assert open_of(position("2026-01-31", JANUARY, WATER, paid)) == {"C-1": "80.00", "W-1": "0.00"}


def test_fees_that_come_first_are_paid_first() -> None:
    terms = LedgerTerms(fee_order=("water",))
    found = position("2026-01-31", JANUARY, WATER, payment("P-1", "2026-01-25", "60.00"), terms=terms)
    assert open_of(found) == {"C-1": "80.00", "W-1": "0.00"}


def test_by_the_civil_code_what_is_due_comes_before_what_is_not_and_equals_share() -> None:
    same = [charge(f"S-{n}", "2026-01-10", amount) for n, amount in enumerate(("100.00", "50.00", "50.01"))]
    later = charge("A-0", "2026-06-10", "10.00", issued_on="2026-01-01")
    terms = LedgerTerms(allocate="civil_code_560")
    found = position("2026-01-31", later, *same, payment("P-1", "2026-01-20", "100.00"), terms=terms)
    # 49.9975…, 24.9988… and 25.0038…: the two fen that are left go to the largest remainders.
    assert open_of(found) == {"S-0": "50.00", "S-1": "25.00", "S-2": "25.01", "A-0": "10.00"}


def test_by_the_civil_code_a_debt_that_bears_late_fee_comes_before_an_older_one_that_bears_none() -> None:
    late = LateFeeTerms(frozenset({"water"}), (RateFrom(0, 1, 10_000),))
    terms = LedgerTerms(allocate="civil_code_560", late_fee=late)
    found = position("2026-01-31", JANUARY, WATER, payment("P-1", "2026-01-25", "50.00"), terms=terms)
    assert open_of(found) == {"C-1": "90.00", "W-1": "0.00"}


@pytest.mark.parametrize(
    ("interest_first", "left"),
    [
        (False, {"C-1": "0.00", "L-1": "5.00", "C-2": "100.00"}),
        (True, {"C-1": "5.00", "L-1": "0.00", "C-2": "100.00"}),
    ],
)
def test_a_posted_late_fee_stands_beside_its_debt(interest_first: bool, left: dict[str, str]) -> None:
    posted = charge("L-1", "2026-02-28", "5.00", fee="late_fee", kind="late_fee", corrects_charge_id="C-1")
    terms = LedgerTerms(interest_first=interest_first)
    found = position(
        "2026-02-28", JANUARY, FEBRUARY, posted, payment("P-1", "2026-02-28", "100.00"), terms=terms
    )
    assert open_of(found) == left


def test_an_allocation_with_a_receipt_stays_where_it_is() -> None:
    paid = payment("P-1", "2026-01-05", "100.00")
    receipt = {"payment_id": "P-1", "charge_id": "C-2", "amount": "80.00"}
    found = position("2026-03-31", *QUARTER, paid, receipt)
    assert open_of(found) == {"C-1": "80.00", "C-2": "20.00", "C-3": "100.00"}


def test_credit_pays_the_next_charge_on_the_day_of_its_issue() -> None:
    paid = payment("P-1", "2026-01-05", "150.00")
    before = position("2026-01-31", *QUARTER, paid)
    assert (before.credit, before.outstanding, before.changes_on) == (
        Decimal("50.00"),
        Decimal(0),
        day("2026-02-01"),
    )
    after = position("2026-02-01", *QUARTER, paid)
    assert (after.credit, after.outstanding) == (Decimal("0.00"), Decimal("50.00"))


def test_credit_that_a_policy_keeps_waits_for_an_allocation() -> None:
    paid = payment("P-1", "2026-01-05", "150.00")
    kept = LedgerTerms(credit_applied=False)
    found = position("2026-02-28", *QUARTER, paid, terms=kept)
    assert (found.credit, found.outstanding, found.warnings) == (
        Decimal("50.00"),
        Decimal("100.00"),
        ("stray_credit",),
    )
    receipt = {"payment_id": "P-1", "charge_id": "C-2", "amount": "50.00"}
    assert position("2026-02-28", *QUARTER, paid, receipt, terms=kept).credit == 0


def test_money_before_any_charge_is_told() -> None:
    found = position("2026-01-05", JANUARY, payment("P-1", "2025-12-20", "30.00"))
    assert found.warnings == ("payment_before_any_charge",)


def test_money_on_its_way_pays_nothing_yet() -> None:
    found = position("2026-01-31", JANUARY, payment("P-1", "2026-01-30", "100.00", status="in_transit"))
    assert (found.outstanding, found.in_transit, found.payment_in_transit) == (
        Decimal(100),
        Decimal(100),
        True,
    )


def test_a_reversed_payment_never_was() -> None:
    paid = payment("P-1", "2026-01-20", "100.00")
    undone = payment("P-2", "2026-02-20", None, reverses_payment_id="P-1")
    before, after = (position(on, *QUARTER, paid, undone) for on in ("2026-02-19", "2026-02-20"))
    assert open_of(before)["C-1"] == "0.00"
    assert open_of(after)["C-1"] == "100.00"
    assert after.values == position("2026-02-20", *QUARTER).values


# What lowers a debt


@pytest.mark.parametrize("amount", ["30.00", "-30.00"])
@pytest.mark.parametrize("kind", ["credit", "waiver", "write_off"])
def test_a_charge_is_lowered_by_an_entry_of_either_sign(kind: str, amount: str) -> None:
    entry = charge("K-1", "2026-01-15", amount, kind=kind, corrects_charge_id="C-1")
    found = position("2026-01-31", JANUARY, entry)
    (state,) = found.charges
    assert (state.open, found.outstanding) == (Decimal("70.00"), Decimal("70.00"))
    assert {"credit": state.credited, "waiver": state.waived, "write_off": state.written_off}[kind] == 30


def test_waived_and_written_off_are_told_apart() -> None:
    waived = charge("K-1", "2026-01-15", "30.00", kind="waiver", corrects_charge_id="C-1")
    written = charge("K-2", "2026-01-15", "20.00", kind="write_off", corrects_charge_id="C-1")
    found = position("2026-01-31", JANUARY, waived, written)
    assert (found.waived, found.written_off) == (Decimal("30.00"), Decimal("20.00"))


def test_a_credit_that_its_charge_does_not_need_becomes_credit() -> None:
    paid = payment("P-1", "2026-01-12", "90.00")
    credit = charge("K-1", "2026-01-15", "-30.00", kind="credit", corrects_charge_id="C-1")
    assert position("2026-01-31", JANUARY, paid, credit).credit == Decimal("20.00")


def test_a_refund_below_zero_is_owed_to_the_payer_and_one_above_was_paid_back() -> None:
    owed = charge("R-1", "2026-01-15", "-30.00", kind="refund")
    assert position("2026-01-20", owed).credit == Decimal("30.00")
    back = charge("R-2", "2026-01-18", "30.00", kind="refund")
    assert position("2026-01-20", owed, back).credit == 0


def test_a_waiver_that_names_no_charge_lowers_what_is_due() -> None:
    entry = charge("K-1", "2026-01-15", "30.00", kind="waiver")
    assert open_of(position("2026-02-05", JANUARY, FEBRUARY, entry)) == {"C-1": "70.00", "C-2": "100.00"}


@pytest.mark.parametrize("kind", ["credit", "waiver", "write_off"])
def test_what_lowers_a_charge_waits_until_that_is_issued(kind: str) -> None:
    early = charge("K-1", "2026-01-15", "30.00", kind=kind, corrects_charge_id="C-2")
    before, after = (position(on, JANUARY, FEBRUARY, early) for on in ("2026-01-31", "2026-02-01"))
    assert (open_of(before), before.contradictions) == ({"C-1": "100.00"}, ())
    assert (open_of(after), after.contradictions) == ({"C-1": "100.00", "C-2": "70.00"}, ())
    assert before.changes_on == day("2026-02-01")


# Age


def test_due_today_is_not_overdue() -> None:
    found = position("2024-03-15", charge("C-1", "2024-03-15", "100.00"))
    assert (found.overdue_count, found.overdue, found.days_overdue) == (0, Decimal(0), 0)


def test_of_two_instalments_only_the_one_whose_day_has_passed_is_overdue() -> None:
    first, second = (
        charge(f"C-{d}", d, "50.00", issued_on="2024-03-01") for d in ("2024-03-06", "2024-03-11")
    )
    found = position("2024-03-07", first, second)
    assert (found.unpaid_count, found.overdue_count, found.overdue) == (2, 1, Decimal("50.00"))


PAUSED = [
    ("2012-02-01", "2012-02-06", [], [], 5),
    ("2012-02-01", "2012-03-12", [("2012-02-06", "2012-03-10")], ["2012-02-10"], 36),  # cut short
    ("2012-02-01", "2012-02-23", [("2012-02-06", "2012-02-10"), ("2012-02-13", "2012-02-18")], [], 13),
    ("2023-01-24", "2023-01-30", [], [], 6),
    ("2023-01-24", "2023-01-30", [("2023-01-27", "2023-02-15")], [], 3),  # entered afterwards
    ("2024-03-15", "2024-03-15", [], [], 0),
    (
        "2012-02-01",
        "2012-02-23",
        [("2012-02-06", "2012-02-12"), ("2012-02-08", "2012-02-10")],
        [],
        16,
    ),  # once
    ("2012-02-10", "2012-02-23", [("2012-02-01", "2012-02-12")], [], 11),  # begun before the debt
]


@pytest.mark.parametrize(("due", "as_of", "pauses", "ended", "days"), PAUSED)
def test_paused_days_do_not_count(
    due: str, as_of: str, pauses: list[tuple[str, str]], ended: list[str], days: int
) -> None:
    events = [event(f"E-{start}", "pause", start, ends_on=end) for start, end in pauses]
    events += [event(f"E-{on}", "pause", on, status="ended") for on in ended]
    found = position(as_of, charge("C-1", due, "100.00"), *events)
    assert found.days_overdue == days
    assert found.days_past_due == (day(as_of) - day(due)).days


def test_a_charge_that_falls_due_in_a_pause_ages_up_to_its_due_day_and_then_stands() -> None:
    pause = event("E-1", "pause", "2026-01-05", ends_on="2026-02-01")
    entry = charge("C-1", "2026-01-20", "100.00", issued_on="2026-01-01")
    found = {
        on: position(on, entry, pause) for on in ("2026-01-10", "2026-01-20", "2026-01-31", "2026-02-02")
    }
    assert [each.days_overdue for each in found.values()] == [-10, 0, 0, 1]
    assert found["2026-01-10"].changes_on == day("2026-01-20")


def test_grace_is_taken_off_the_days_overdue() -> None:
    terms = LedgerTerms(grace=10)
    for on, days, overdue in (("2026-01-20", 0, "0.00"), ("2026-01-21", 1, "100.00")):
        found = position(on, JANUARY, terms=terms)
        assert (found.days_overdue, str(found.overdue)) == (days, overdue)


@pytest.mark.parametrize(("age_from", "days"), [("due_on", 21), ("issued_on", 30), ("period_end", -1)])
def test_age_counts_from_the_day_that_the_policy_names(age_from: Any, days: int) -> None:
    assert position("2026-01-31", JANUARY, terms=LedgerTerms(age_from=age_from)).days_past_due == days


BANDS = (
    Bucket("1_3", ((1, 4),)),
    Bucket("4_30", ((4, 31),)),
    Bucket("31_60", ((31, 61),)),
    Bucket("61_90", ((61, 91),)),
)


@pytest.mark.parametrize(
    ("as_of", "sums"),
    [
        ("2023-11-16", ("250.00", "250.00", "500.00", "0.00")),
        ("2023-12-16", ("0.00", "0.00", "500.00", "500.00")),
    ],
)
def test_each_instalment_stands_in_the_bucket_of_its_own_age(as_of: str, sums: tuple[str, ...]) -> None:
    due = ("2023-10-01", "2023-10-16", "2023-10-31", "2023-11-15")
    found = position(as_of, *(charge(d, d, "250.00") for d in due), terms=LedgerTerms(buckets=BANDS))
    # On 16 December the youngest is 31 days overdue, the oldest 76.
    assert tuple(str(found[f"bucket_{band.name}"]) for band in BANDS) == sums


def test_periods_and_the_day_up_to_which_all_is_paid() -> None:
    paid = payment("P-1", "2026-01-12", "100.00")
    found = position("2026-03-31", *QUARTER, WATER, paid, payment("P-2", "2026-01-12", "40.00"))
    assert (found.unpaid_periods, found.paid_to, found.oldest_due_on) == (
        2,
        day("2026-02-01"),
        day("2026-02-10"),
    )
    everything = position("2026-03-31", *QUARTER, payment("P-1", "2026-03-12", "300.00"))
    assert (everything.paid_to, everything.oldest_due_on) == (day("2026-04-01"), None)
    assert (everything.days_past_due, everything.days_overdue) == (None, None)


def test_what_a_policy_leaves_out_is_not_counted_but_is_paid_in_its_turn() -> None:
    deposit = charge("D-1", "2026-01-02", "60.00", kind="deposit", fee="deposit")
    terms = LedgerTerms(exclude_kinds=frozenset({"deposit"}))
    found = position("2026-01-31", JANUARY, deposit, payment("P-1", "2026-01-15", "10.00"), terms=terms)
    assert (found.outstanding, found.unpaid_count) == (Decimal("100.00"), 1)
    assert open_of(found) == {"D-1": "50.00", "C-1": "100.00"}


def test_payments_of_the_week_are_told() -> None:
    paid = [payment(f"P-{n}", on, "10.00") for n, on in enumerate(("2026-01-18", "2026-01-19", "2026-01-21"))]
    found = position("2026-01-21", JANUARY, *paid)  # a Wednesday
    assert (found.paid_this_week, found.last_payment_on) == (Decimal("20.00"), day("2026-01-21"))
    assert found.changes_on == day("2026-01-26")


# Two clocks


KNOWN = [
    ("2026-02-01", date(2026, 2, 1), True),
    ("2026-02-01T18:00", date(2026, 2, 1), True),  # a day is known to its end
    ("2026-02-02", date(2026, 2, 1), False),
    ("2026-02-01T18:00", datetime(2026, 2, 1, 17, 59), False),
    ("2026-02-01T18:00+08:00", datetime(2026, 2, 1, 10, 0, tzinfo=UTC), True),
    ("2026-02-01T18:00+08:00", datetime(2026, 2, 1, 9, 59, tzinfo=UTC), False),
    ("2026-02-01T18:00", datetime(2026, 2, 1, 18, 0, tzinfo=UTC), True),  # no zone: as it stands on the wall
]


@pytest.mark.parametrize(("recorded", "known", "seen"), KNOWN)
def test_an_entry_is_seen_from_when_it_was_recorded(recorded: str, known: date, seen: bool) -> None:
    entries = account(JANUARY, payment("P-1", "2026-01-20", "100.00", recorded_at=recorded))
    found = position_of(entries, LedgerTerms(), day("2026-03-01"), known)
    assert (found.outstanding == 0) == seen


def test_the_age_of_the_ledger_counts_from_its_last_record() -> None:
    entries = (
        JANUARY | {"recorded_at": "2026-01-02"},
        payment("P-1", "2026-01-20", "1.00", recorded_at="2026-01-21T09:00"),
    )
    assert position("2026-01-31", *entries).ledger_age_days == 10
    assert position("2026-01-31", JANUARY).ledger_age_days is None


def test_charges_without_a_period_count_for_the_month_in_which_they_fall_due() -> None:
    plain = [
        charge("C-1", "2026-01-10", "9.00"),
        charge("C-2", "2026-01-20", "9.00"),
        charge("C-3", "2026-02-10", "9.00"),
    ]
    assert position("2026-03-31", *plain).unpaid_periods == 2


def test_the_ids_of_a_database_may_be_numbers() -> None:
    entries = {"charge_id": 7, "fee": "management", "due_on": "2026-01-10", "amount": "9.00"}
    found = Account.model_validate({"account_id": 1, "charges": [entries]})
    assert (found.account_id, found.charges[0].charge_id) == ("1", "7")
    with pytest.raises(ValidationError, match="valid string"):
        Account.model_validate({"account_id": 1.5})


SINCE = [
    ("2026-03-31", [JANUARY], "2026-01-01"),
    ("2026-03-31", [JANUARY, payment("P-1", "2026-02-28", "100.00"), FEBRUARY | {"issued_on": "2026-03-02"}], "2026-03-02"),
    ("2026-03-31", [JANUARY, FEBRUARY, payment("P-1", "2026-02-28", "100.00")], "2026-01-01"),  # one follows the other
    ("2026-03-31", [JANUARY, payment("P-1", "2026-02-01", "100.00"), FEBRUARY], "2026-01-01"),  # on the same day too
    ("2026-03-31", [JANUARY, payment("P-1", "2026-01-09", "100.00"), FEBRUARY], "2026-02-01"),  # paid before it was due
    ("2026-03-31", [JANUARY, payment("P-1", "2026-02-28", "100.00")], None),
    ("2026-03-31", [], None),
]  # fmt: skip


@pytest.mark.parametrize(("as_of", "entries", "since"), SINCE)
def test_a_debt_lasts_since_the_last_evening_on_which_nothing_was_open(
    as_of: str, entries: list[dict[str, Any]], since: str | None
) -> None:
    assert position(as_of, *entries).owed_since == (None if since is None else day(since))


LOG = (
    payment("P-1", "2026-01-20", "100.00", status="in_transit", recorded_at="2026-01-20"),
    payment("P-1", "2026-01-20", "100.00", recorded_at="2026-01-23"),
    event("E-1", "demand", "2026-01-15", recorded_at="2026-01-15"),
    event("E-1", "demand", "2026-01-15", delivered=True, recorded_at="2026-01-18"),
)


@pytest.mark.parametrize(("known", "outstanding", "in_transit", "demand"), [
    ("2026-01-16", "100.00", "0.00", "sent"),
    ("2026-01-22", "100.00", "100.00", "expired"),
    ("2026-01-31", "0.00", "0.00", "none"),  # a demand ends with its debt
    (None, "0.00", "0.00", "none"),
])  # fmt: skip
def test_of_a_log_the_last_word_that_was_known_counts(
    known: str | None, outstanding: str, in_transit: str, demand: str
) -> None:
    entries = account(JANUARY, *LOG)
    found = position_of(entries, LedgerTerms(), day("2026-03-01"), None if known is None else day(known))
    assert (found.outstanding, found.in_transit) == (Decimal(outstanding), Decimal(in_transit))
    assert (found.demand_state, found.contradictions) == (demand, ())


TWICE = [
    (JANUARY | {"recorded_at": "2026-01-02"}, JANUARY | {"recorded_at": "2026-01-03"}),
    (LOG[0], LOG[1] | {"amount": "90.00"}),
    (LOG[0], LOG[1] | {"recorded_at": None}),
    (LOG[0], LOG[1] | {"recorded_at": "2026-01-20"}),
]


@pytest.mark.parametrize("entries", TWICE, ids=["charges", "amounts", "no clock", "one clock"])
def test_what_is_no_log_is_contradictory(entries: tuple[dict[str, Any], ...]) -> None:
    found = position("2026-01-31", *entries)
    assert [code for code, _, _ in found.contradictions] == ["duplicate_id"]


# What cannot be right

WRONG = [
    ("duplicate_id", "C-1", [JANUARY | {"amount": "90.00"}]),
    ("negative_amount", "C-9", [charge("C-9", "2026-01-10", "-5.00")]),
    ("negative_amount", "P-1", [payment("P-1", "2026-01-10", "-5.00")]),
    ("other_account", "C-9", [charge("C-9", "2026-01-10", "5.00", account_id="A-2")]),
    ("other_account", "E-1", [event("E-1", "contact", "2026-01-10", account_id="A-2")]),
    ("other_currency", "P-1", [payment("P-1", "2026-01-10", "5.00", currency="HKD")]),
    ("unknown_charge", "P-1", [payment("P-1", "2026-01-10", "5.00", designated_charge_id="C-x")]),
    ("unknown_charge", "K-1", [charge("K-1", "2026-01-10", "5.00", kind="credit", corrects_charge_id="C-x")]),
    ("unknown_charge", "E-1", [event("E-1", "demand", "2026-01-10", charge_ids=["C-x"])]),
    ("unknown_payment", "P-2", [payment("P-2", "2026-01-10", None, reverses_payment_id="P-x")]),
    ("unknown_payment", "P-x/C-1", [{"payment_id": "P-x", "charge_id": "C-1", "amount": "1.00"}]),
    ("nothing_to_waive", "K-1", [charge("K-1", "2026-01-15", "100.01", kind="waiver", corrects_charge_id="C-1")]),
    ("nothing_to_waive", "K-1", [charge("K-1", "2026-01-09", "1.00", kind="write_off")]),  # nothing is due yet
    ("refund_over_credit", "R-1", [charge("R-1", "2026-01-15", "1.00", kind="refund")]),
    ("promise_without_day", "E-1", [event("E-1", "promise", "2026-01-15", amount="50.00")]),
    ("plan_without_amount", "E-1", [event("E-1", "plan", "2026-01-15", frequency="weekly")]),
    ("plan_without_frequency", "E-1", [event("E-1", "plan", "2026-01-15", amount="50.00")]),
    ("hold_without_end", "E-1", [event("E-1", "hold", "2026-01-15")]),
    ("ends_before_start", "E-1", [event("E-1", "pause", "2026-01-15", ends_on="2026-01-14")]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "name", "entries"), WRONG)
def test_what_contradicts_is_told_by_its_id(code: str, name: str, entries: list[dict[str, Any]]) -> None:
    found = position("2026-01-31", JANUARY, *entries)
    assert [(c, i) for c, _, i in found.contradictions] == [(code, name)]


def test_an_allocation_is_no_more_than_its_payment_and_its_charge() -> None:
    paid = payment("P-1", "2026-01-12", "120.00")
    over = [{"payment_id": "P-1", "charge_id": "C-1", "amount": amount} for amount in ("110.00", "15.00")]
    found = position("2026-01-31", JANUARY, paid, over[0])
    assert found.contradictions == (("allocation_over_charge", "allocation", "P-1/C-1"),)
    assert (found.outstanding, found.credit) == (Decimal(0), Decimal("20.00"))
    beyond = position("2026-01-31", JANUARY, FEBRUARY, payment("P-1", "2026-01-12", "10.00"), over[1])
    assert beyond.contradictions == (("allocation_over_payment", "allocation", "P-1/C-1"),)


def test_of_two_entries_with_one_id_the_order_does_not_choose() -> None:
    one, other = (JANUARY | {"tags": (tag,)} for tag in ("disputed", "plain"))
    terms = LedgerTerms(exclude_tags=frozenset({"disputed"}))
    assert (
        position("2026-01-31", one, other, terms=terms).values
        == position("2026-01-31", other, one, terms=terms).values
    )


def test_reversing_a_reversal_or_another_sum_is_told() -> None:
    paid = payment("P-1", "2026-01-12", "100.00")
    undone = payment("P-2", "2026-01-13", None, reverses_payment_id="P-1")
    again = payment("P-3", "2026-01-14", None, reverses_payment_id="P-2")
    found = position("2026-01-31", JANUARY, paid, undone, again)
    assert found.contradictions == (("reverses_a_reversal", "payment", "P-3"),)
    half = position("2026-01-31", JANUARY, paid, undone | {"amount": "-50.00"})
    assert half.contradictions == (("reversal_differs", "payment", "P-2"),)


def test_an_allocation_of_a_reversed_payment_is_no_contradiction() -> None:
    paid = payment("P-1", "2026-01-12", "100.00")
    undone = payment("P-2", "2026-01-13", "-100.00", reverses_payment_id="P-1")
    receipt = {"payment_id": "P-1", "charge_id": "C-1", "amount": "100.00"}
    found = position("2026-01-31", JANUARY, paid, undone, receipt)
    assert (found.contradictions, found.outstanding) == ((), Decimal("100.00"))


def test_an_account_in_another_currency_than_the_policy_is_told() -> None:
    found = position("2026-01-31", JANUARY, currency="HKD")
    assert found.contradictions == (("other_currency", "account", "A-1"),)


# What is read

UNREADABLE = [
    (Charge, {"amount": 1.5}, "amount", 'found the float 1.5, expected money as Decimal, int or text such as "250.60"'),
    (Charge, {"amount": "1.505"}, "amount", 'found "1.505" (3 decimals), expected at most 2 decimals'),
    (Charge, {"amount": "1e3"}, "amount", 'found "1e3", expected a number such as 250.60 (Decimal, int, or text like "250.60")'),
    (Charge, {"amount": True}, "amount", 'found True (bool), expected a number such as 250.60 (Decimal, int, or text like "250.60")'),
    (Charge, {"amount": 10**12}, "amount", 'found "1000000000000", expected at most 100000000000.00'),
    (Charge, {"due_on": "2026-02-30"}, "due_on", 'found "2026-02-30", expected a day that exists; day is out of range for month'),
    (Charge, {"due_on": "20260130"}, "due_on", 'found "20260130", expected a date, or a day as text such as 2026-11-30'),
    (Charge, {"due_on": 45_000}, "due_on", "found 45000 (int), expected a date, or a day as text such as 2026-11-30"),
    (Charge, {"due_on": datetime(2026, 1, 30, 8, 0)}, "due_on", "found the moment 2026-01-30T08:00:00, expected a day; its day is 2026-01-30"),
    (Charge, {"kind": "chrge"}, "kind", 'found "chrge", expected one of charge, late_fee, deposit, credit, waiver, write_off, refund; did you mean "charge"?'),
    (Charge, {"recorded_at": "yesterday"}, "recorded_at", 'found "yesterday", expected a date, a datetime, or text such as 2026-11-30 or 2026-11-30T09:30+08:00'),
    (Charge, {"due_on": None}, "", "Value error, found a charge without due_on, expected the day on which it is due"),
    (Charge, {"due_on": None, "kind": "credit"}, "", "Value error, found a credit without due_on, expected issued_on, the day of its effect"),
    (Payment, {"amount": None}, "", "Value error, found a payment without amount, expected what was paid"),
    (Payment, {"status": "done"}, "status", 'found "done", expected one of in_transit, cleared, reversed'),
]  # fmt: skip


@pytest.mark.parametrize(("model", "values", "key", "message"), UNREADABLE)
def test_what_is_not_read_says_what_was_found_and_expected(
    model: Any, values: dict[str, Any], key: str, message: str
) -> None:
    whole = {
        Charge: charge("C-1", "2026-01-10", "1.00"),
        Payment: payment("P-1", "2026-01-10", "1.00"),
    }[model]
    with pytest.raises(ValidationError) as caught:
        model.model_validate(whole | values)
    (error,) = caught.value.errors()
    assert (".".join(map(str, error["loc"])), error["msg"]) == (key, message)


def test_an_unknown_key_and_an_unknown_event_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        account(JANUARY | {"amout": "1.00"})
    with pytest.raises(
        ValidationError, match=r'found "contct", expected one of contact, demand, .*did you mean "contact"'
    ):
        account(event("E-1", "contct", "2026-01-10"))


def test_an_account_is_plain_json_and_back() -> None:
    whole = account(
        JANUARY,
        payment("P-1", "2026-01-12", "1.00"),
        event("E-1", "hold", "2026-01-12", review_on="2026-02-01"),
    )
    plain = whole.model_dump(mode="json")
    assert plain["charges"][0]["amount"] == "100.00"
    assert Account.model_validate(plain) == whole


def test_a_position_is_plain_json() -> None:
    plain = position("2026-01-31", JANUARY, terms=LedgerTerms(buckets=BANDS)).to_dict()
    expected = {
        "account_id": "A-1", "as_of": "2026-01-31", "known_at": None, "currency": "CNY", "outstanding": "100.00",
        "overdue": "100.00", "days_overdue": 21, "oldest_due_on": "2026-01-10", "bucket_4_30": "100.00",
        "hold": False, "promise_state": "none", "changes_on": "2026-02-10", "contradictions": [], "warnings": [],
    }  # fmt: skip
    assert {name: plain[name] for name in expected} == expected
    assert plain["charges"][0]["open"] == "100.00"


def test_facts_are_read_by_name_as_attributes_and_by_their_short_names() -> None:
    found = position("2026-01-31", JANUARY, terms=LedgerTerms(buckets=BANDS))
    assert found["overdue"] == found.overdue == found["amount"] == Decimal("100.00")
    assert found.bucket_4_30 == Decimal("100.00")
    assert found.values["oldest_due_on"] == day_number(day("2026-01-10"))
    with pytest.raises(AttributeError, match="a position has no overdu"):
        _ = found.overdu
    with pytest.raises(KeyError):
        found["bucket_none"]


def test_a_position_can_be_sent_to_another_process() -> None:
    found = position("2026-01-31", *QUARTER, payment("P-1", "2026-01-20", "30.00"))
    assert pickle.loads(pickle.dumps(found)).to_dict() == found.to_dict()
    assert copy(found) == found


def test_days_at_the_end_of_all_days_are_no_trouble() -> None:
    last = charge("C-1", "9999-12-31", "100.00", issued_on="2026-01-01")
    plan = event("E-1", "plan", "2026-01-05", amount="1.00", frequency="monthly", promised_on="9999-12-31")
    pause = event("E-2", "pause", "2026-01-05", ends_on="9999-12-31")
    found = position(
        "2026-01-31", last, plan, pause, terms=LedgerTerms(buckets=(Bucket("all", ((0, 10**7),)),))
    )
    assert (found.limitation_on, found.plan_state) == (date.max, "live")
    assert position("9999-12-31", last, plan, pause).outstanding == Decimal("100.00")


# Bills


def test_a_bill_becomes_charges_and_is_not_charged_twice() -> None:
    book = feerules.load_files(
        {
            "garden.yaml": "kind: fee-schedule\nid: garden\neffective: {from: 2026-01-01}\n"
            "facts: {area: {decimal: 2, min: 0, max: 1000}}\n"
            "fees: {management: {per: area, rate: 2.80, every: month, due: {day: 10}}}\n"
        }
    )
    bill = feerules.price({"unit_id": "1-101", "account_id": "A-1", "area": "89.50"}, book, "2026-01")
    billed = Account(account_id="A-1").with_bill(bill)
    (one,) = billed.charges
    (line,) = bill
    assert (one.charge_id, one.amount, one.due_on) == (line.charge_id, Decimal("250.60"), line.due_on)
    assert Charge.of(line.to_dict()) == one
    recorded = billed.model_copy(
        update={"charges": (one.model_copy(update={"recorded_at": date(2026, 1, 2)}),)}
    )
    assert recorded.with_bill(bill) == recorded
    assert position_of(billed, LedgerTerms(), date(2026, 1, 31)).outstanding == Decimal("250.60")
