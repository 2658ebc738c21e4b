"""Promises to pay and payment plans: whether they are kept."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts import charge, day, event, payment, position
from feerules.plan.ledgers import LedgerTerms

DEBT = charge("C-1", "2026-01-10", "300.00")
NEXT = charge("C-2", "2026-02-10", "100.00", issued_on="2026-02-01")
PROMISE = event("E-1", "promise", "2026-01-20", promised_on="2026-01-30", amount="200.00")

# Promises


@pytest.mark.parametrize(
    ("as_of", "paid", "state", "days"),
    [
        ("2026-01-19", [], "none", None),
        ("2026-01-20", [], "due", 10),
        ("2026-01-30", [], "due", 0),
        ("2026-01-31", [], "broken", None),
        ("2026-01-31", [("2026-01-30", "200.00")], "kept", None),
        ("2026-01-25", [("2026-01-21", "50.00"), ("2026-01-22", "150.00")], "kept", None),
        (
            "2026-01-25",
            [("2026-01-20", "50.00"), ("2026-01-22", "150.00")],
            "due",
            5,
        ),  # 50.00 of the same day
        ("2026-01-31", [("2026-01-30", "199.99")], "broken", None),
        ("2026-02-05", [("2026-01-19", "200.00")], "broken", None),  # before the promise
        ("2026-02-05", [("2026-01-31", "200.00")], "broken", None),  # too late
    ],
)
def test_a_promise_is_due_kept_or_broken(
    as_of: str, paid: list[tuple[str, str]], state: str, days: int | None
) -> None:
    found = position(as_of, DEBT, PROMISE, *(payment(f"P-{on}", on, sum_) for on, sum_ in paid))
    assert (found.promise_state, found.promise_in_days) == (state, days)
    assert found.broken_promises == int(state == "broken")


def test_what_came_in_on_the_day_of_a_promise_does_not_keep_it() -> None:
    promise = event("E-1", "promise", "2026-01-20", promised_on="2026-01-30")
    part = payment("P-1", "2026-01-20", "200.00")
    found = position("2026-01-20", DEBT, promise, part)
    assert (found.promised, found.promise_state) == (Decimal("100.00"), "due")
    assert position("2026-01-31", DEBT, promise, part).promise_state == "broken"
    assert (
        position("2026-01-31", DEBT, promise, part, payment("P-2", "2026-01-30", "100.00")).promise_state
        == "kept"
    )


TODAY = [
    # the sum that is promised for the same day, what is paid on it, the sum that is needed, the state
    ("200.00", "200.00", "200.00", "kept"),
    ("200.00", "199.99", "200.00", "due"),
    (None, "150.00", "300.00", "due"),
    (None, "300.00", "300.00", "kept"),
]


@pytest.mark.parametrize(("sum_", "paid", "promised", "state"), TODAY)
def test_a_promise_for_its_own_day_is_kept_by_what_comes_in_on_it(
    sum_: str | None, paid: str, promised: str, state: str
) -> None:
    promise = event("E-1", "promise", "2026-01-20", promised_on="2026-01-20", amount=sum_)
    found = position("2026-01-20", DEBT, promise, payment("P-1", "2026-01-20", paid))
    assert (str(found.promised), found.promise_state) == (promised, state)
    later = position("2026-01-21", DEBT, promise, payment("P-1", "2026-01-20", paid))
    assert later.promise_state == ("broken" if state == "due" else state)


DEPOSIT = charge("D-1", "2026-01-10", "500.00", fee="deposit")
ELSEWHERE = [
    # what is meant for a charge or a fee that the policy leaves alone; the rest counts
    ([payment("P-1", "2026-01-25", "200.00", designated_charge_id="D-1")], "broken"),
    ([payment("P-1", "2026-01-25", "200.00", designated_fee="deposit")], "broken"),
    ([payment("P-1", "2026-01-25", "200.00", designated_charge_id="C-1")], "kept"),
    ([payment("P-1", "2026-01-25", "200.00", designated_fee="management")], "kept"),
    ([payment("P-1", "2026-01-25", "200.00"), {"payment_id": "P-1", "charge_id": "D-1", "amount": "0.01"}], "broken"),
    ([payment("P-1", "2026-01-25", "200.01"), {"payment_id": "P-1", "charge_id": "D-1", "amount": "0.01"}], "kept"),
    ([payment("P-1", "2026-01-25", "200.00", designated_fee="deposit"), {"payment_id": "P-1", "charge_id": "C-1", "amount": "200.00"}], "kept"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "state"), ELSEWHERE)
def test_money_for_what_the_policy_leaves_alone_keeps_no_promise(
    entries: list[dict[str, Any]], state: str
) -> None:
    terms = LedgerTerms(exclude_fees=frozenset({"deposit"}))
    assert position("2026-02-01", DEBT, DEPOSIT, PROMISE, *entries, terms=terms).promise_state == state


def lowered(kind: str, on: str, amount: str) -> dict[str, Any]:
    return charge(f"K-{on}", on, amount, kind=kind, corrects_charge_id="C-1")


CLEARED = [
    # by the promised day nothing is open of what was overdue
    ([lowered("waiver", "2026-01-25", "300.00")], "kept"),
    ([lowered("credit", "2026-01-25", "250.00"), payment("P-1", "2026-01-28", "50.00")], "kept"),
    ([lowered("write_off", "2026-01-25", "250.00")], "broken"),
    ([lowered("waiver", "2026-01-31", "300.00")], "broken"),  # too late
    ([lowered("waiver", "2026-01-20", "150.00"), payment("P-1", "2026-01-28", "150.00")], "kept"),
    ([payment("P-1", "2026-01-19", "150.00"), payment("P-2", "2026-01-28", "150.00")], "kept"),
]


@pytest.mark.parametrize(("entries", "state"), CLEARED)
@pytest.mark.parametrize("sum_", ["290.00", None])
def test_a_promise_is_kept_too_where_nothing_is_left_of_what_was_overdue(
    entries: list[dict[str, Any]], state: str, sum_: str | None
) -> None:
    promise = PROMISE | {"amount": sum_}
    assert position("2026-02-01", DEBT, NEXT, promise, *entries).promise_state == state


def test_a_promise_about_what_is_not_charged_yet_is_not_kept_by_nothing() -> None:
    assert position("2026-01-25", NEXT, PROMISE).promise_state == "due"
    assert position("2026-01-31", NEXT, PROMISE).promise_state == "broken"


def test_a_policy_may_wait_some_days_for_what_was_promised() -> None:
    patient = LedgerTerms(promise_tolerance=3)
    states = [position(f"2026-02-0{n}", DEBT, PROMISE, terms=patient) for n in (2, 3)]
    assert [found.promise_state for found in states] == ["due", "broken"]
    assert states[0].promise_in_days == -3
    assert states[0].changes_on == day("2026-02-03")


def test_money_on_its_way_or_reversed_keeps_no_promise() -> None:
    waiting = payment("P-1", "2026-01-25", "200.00", status="in_transit")
    gone = [
        payment("P-2", "2026-01-25", "200.00"),
        payment("P-3", "2026-02-01", None, reverses_payment_id="P-2"),
    ]
    assert position("2026-02-01", DEBT, PROMISE, waiting, *gone).promise_state == "broken"


def test_a_promise_without_a_sum_is_of_what_was_overdue_when_it_was_made() -> None:
    promise = event("E-1", "promise", "2026-02-01", promised_on="2026-02-05")
    part = payment("P-1", "2026-02-01", "100.00")
    found = position("2026-02-20", DEBT, NEXT, promise, part)
    assert (found.promised, found.promise_state) == (Decimal("200.00"), "broken")
    before_due = event("E-1", "promise", "2026-02-01", promised_on="2026-02-05")
    assert position("2026-02-04", NEXT, before_due).promised == Decimal("100.00")


def test_broken_promises_are_counted_and_the_last_decides() -> None:
    again = event("E-2", "promise", "2026-02-01", promised_on="2026-02-10", amount="300.00")
    found = position("2026-02-05", DEBT, PROMISE, again)
    assert (found.broken_promises, found.promise_state, found.promised_on) == (1, "due", day("2026-02-10"))
    assert position("2026-02-11", DEBT, PROMISE, again).broken_promises == 2


def test_a_promise_that_was_taken_back_is_none_and_is_broken_only_if_it_was_before() -> None:
    early, late = (event("E-2", "promise", on, status="cancelled") for on in ("2026-01-25", "2026-02-05"))
    assert position("2026-02-10", DEBT, PROMISE, early).broken_promises == 0
    found = position("2026-02-10", DEBT, PROMISE, late)
    assert (found.promise_state, found.promised, found.broken_promises) == ("none", Decimal(0), 1)


# Plans

PLANS = [
    # The first instalment missed, within tolerance.
    ("monthly", "50.00", "100.00", "2019-11-05", "100.00", "live", "0.00"),
    # Weekly: the day before the fourth check, and the day of it.
    ("weekly", "20.00", "100.00", "2019-11-26", "40.00", "live", "0.00"),
    ("weekly", "20.00", "100.00", "2019-11-27", "40.00", "broken", "20.00"),
    # Every four weeks: on the third check.
    ("four_weekly", "20.00", "100.00", "2020-01-01", "60.00", "broken", "20.00"),
    # At once: half paid after tolerance, and all.
    ("one_off", "100.00", "100.00", "2019-11-06", "50.00", "broken", "50.00"),
    ("one_off", "100.00", "100.00", "2019-11-06", "0.00", "completed", "0.00"),
    # Five months in, short by what is still open.
    ("monthly", "500.00", "1000.00", "2020-04-01", "200.55", "broken", "200.55"),
    ("two_weekly", "20.00", "100.00", "2019-11-20", "60.00", "live", "0.00"),
    ("two_weekly", "20.00", "100.00", "2019-12-04", "60.00", "broken", "20.00"),
]


@pytest.mark.parametrize(("frequency", "sum_", "start", "as_of", "now", "state", "short"), PLANS)
def test_a_plan_is_live_until_more_is_open_than_it_allows(
    frequency: str, sum_: str, start: str, as_of: str, now: str, state: str, short: str
) -> None:
    plan = event("E-1", "plan", "2019-11-01", amount=sum_, frequency=frequency)
    paid = payment("P-1", "2019-11-02", str(Decimal(start) - Decimal(now)))
    terms = LedgerTerms(plan_tolerance=5)
    found = position(as_of, charge("C-1", "2019-10-01", start), plan, paid, terms=terms)
    assert (found.plan_state, str(found.plan_shortfall)) == (state, short)
    told = position(as_of, charge("C-1", "2019-10-01", start), plan | {"balance": start}, paid, terms=terms)
    assert told.values == found.values


def test_an_instalment_of_the_first_day_counts_for_the_plan() -> None:
    plan = event("E-1", "plan", "2026-01-15", amount="100.00", frequency="monthly", promised_on="2026-01-31")
    found = position("2026-02-27", DEBT, plan, payment("P-1", "2026-01-31", "100.00"))
    assert (found.plan_state, found.changes_on) == ("live", day("2026-03-01"))  # after the 31st of February
    assert position("2026-03-01", DEBT, plan, payment("P-1", "2026-01-31", "100.00")).plan_state == "broken"


MISSED = [
    # so many days of tolerance, the day that is asked about, the state; the instalment is of the 15th
    (0, "2026-01-15", "live"),
    (0, "2026-01-16", "broken"),
    (1, "2026-01-15", "live"),
    (1, "2026-01-16", "broken"),
    (2, "2026-01-16", "live"),
    (2, "2026-01-17", "broken"),
    (5, "2026-01-19", "live"),
    (5, "2026-01-20", "broken"),
]


@pytest.mark.parametrize(("tolerance", "as_of", "state"), MISSED)
def test_an_instalment_is_missed_from_the_last_day_of_tolerance_on_and_never_on_its_own_day(
    tolerance: int, as_of: str, state: str
) -> None:
    plan = event("E-1", "plan", "2026-01-15", amount="50.00", frequency="one_off")
    found = position(as_of, DEBT, plan, terms=LedgerTerms(plan_tolerance=tolerance))
    assert found.plan_state == state
    if state == "live":
        assert found.changes_on == day("2026-01-15") + timedelta(max(1, tolerance))


def test_a_plan_is_of_what_it_names_else_of_what_was_due_at_its_start() -> None:
    plan = event("E-1", "plan", "2026-02-11", amount="50.00", frequency="one_off", charge_ids=["C-2"])
    assert position("2026-02-12", DEBT, NEXT, plan).plan_shortfall == Decimal("50.00")
    assert position("2026-02-12", DEBT, NEXT, plan | {"charge_ids": []}).plan_shortfall == Decimal("50.00")
    early = plan | {"effective_on": "2026-02-01", "charge_ids": []}
    found = position("2026-02-12", DEBT, NEXT, early, payment("P-1", "2026-02-12", "300.00"))
    assert found.plan_state == "completed"  # what fell due later is not its concern


AGREED = event("E-1", "plan", "2026-01-20", amount="100.00", frequency="monthly", promised_on="2026-02-15")


def test_what_is_paid_before_the_first_instalment_counts_for_the_plan() -> None:
    ahead = payment("P-1", "2026-02-01", "100.00")
    states = [
        position(on, DEBT, AGREED, ahead).plan_state for on in ("2026-02-16", "2026-03-15", "2026-03-16")
    ]
    assert states == ["live", "live", "broken"]


def test_what_falls_due_between_agreement_and_first_instalment_is_not_of_the_plan() -> None:
    paid = payment("P-1", "2026-02-15", "100.00")
    found = position("2026-02-20", DEBT, NEXT, AGREED, paid)
    assert (found.plan_state, found.plan_shortfall) == ("live", Decimal("0.00"))
    # Paid up to what it is of, it is completed though the next charge is open.
    found = position("2026-02-20", DEBT, NEXT, AGREED, payment("P-1", "2026-02-15", "300.00"))
    assert (found.plan_state, found.outstanding) == ("completed", Decimal("100.00"))


@pytest.mark.parametrize(
    "before", [(), (charge("C-0", "2025-12-10", "50.00"), payment("P-0", "2025-12-10", "50.00"))]
)
def test_a_plan_agreed_before_anything_is_due_is_of_what_was_issued(
    before: tuple[dict[str, Any], ...],
) -> None:
    plan = event("E-1", "plan", "2026-02-05", amount="50.00", frequency="weekly")
    states = [
        position(on, *before, NEXT, plan).plan_state for on in ("2026-02-05", "2026-02-06", "2026-02-13")
    ]
    assert states == ["live", "broken", "broken"]
    paid = payment("P-1", "2026-02-06", "100.00")
    assert position("2026-02-06", *before, NEXT, plan, paid).plan_state == "completed"


def test_a_plan_of_nothing_is_none() -> None:
    plan = event("E-1", "plan", "2026-01-05", amount="50.00", frequency="weekly")
    assert position("2026-02-20", NEXT, plan | {"balance": "100.00"}).plan_state == "none"
    named = position("2026-01-20", NEXT, plan | {"charge_ids": ["C-2"]})
    assert (named.plan_state, named.changes_on) == ("none", day("2026-02-01"))  # when its charge is issued


def test_a_cancelled_plan_is_none() -> None:
    plan = event("E-1", "plan", "2026-01-15", amount="50.00", frequency="weekly")
    ended = event("E-2", "plan", "2026-01-20", status="cancelled")
    found = position("2026-01-21", DEBT, plan, ended)
    assert (found.plan_state, found.plan_shortfall) == ("none", Decimal(0))
