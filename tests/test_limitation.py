"""Limitation: when a claim can first be refused for its age, and what starts it anew."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import charge, day, event, payment, position
from feerules.plan.ledgers import LedgerTerms, StepTerms


def limit(as_of: str, *entries: dict[str, Any], **more: Any) -> str | None:
    found = position(as_of, *entries, terms=LedgerTerms(**more)).limitation_on
    return None if found is None else found.isoformat()


DEBT = charge("C-1", "2022-03-31", "300.00")
SECOND = charge("C-2", "2022-06-30", "300.00")


def test_it_ends_three_years_after_due() -> None:
    found = position("2025-03-01", DEBT, SECOND)
    assert (found.limitation_on, found.limitation_in_days) == (day("2025-03-31"), 30)
    assert [c.limitation_on for c in found.charges] == [day("2025-03-31"), day("2025-06-30")]
    assert position("2025-04-02", DEBT).limitation_in_days == -2


def test_a_leap_day_ends_on_the_28th() -> None:
    assert limit("2024-03-01", charge("C-1", "2024-02-29", "1.00")) == "2027-02-28"


def test_what_is_paid_has_none() -> None:
    assert limit("2025-03-01", DEBT, payment("P-1", "2022-04-01", "300.00")) is None


STARTS_ANEW = [
    (event("E-1", "demand", "2023-05-01", delivered=True), "2026-05-01"),
    (event("E-1", "demand", "2023-05-01", delivered=False), "2025-03-31"),
    (event("E-1", "demand", "2023-05-01"), "2025-03-31"),  # nobody knows whether it arrived
    (event("E-1", "acknowledgement", "2023-05-01"), "2026-05-01"),
    (event("E-1", "plan", "2023-05-01", amount="50.00", frequency="monthly"), "2026-05-01"),
    (event("E-1", "court", "2023-05-01"), "2026-05-01"),
    (payment("P-1", "2023-05-01", "50.00"), "2026-05-01"),
    (event("E-1", "contact", "2023-05-01", outcome="answered"), "2025-03-31"),
]


@pytest.mark.parametrize(("entry", "ends"), STARTS_ANEW)
def test_what_starts_it_anew(entry: dict[str, Any], ends: str) -> None:
    assert limit("2024-01-01", DEBT, entry) == ends


LADDER = (StepTerms("demand", delivered=True), StepTerms("call"))


@pytest.mark.parametrize(
    ("more", "ends"),
    [
        ({"step_id": "demand", "delivered": True}, "2026-05-01"),
        ({"step_id": "demand", "delivered": False}, "2025-03-31"),
        ({"step_id": "demand"}, "2025-03-31"),
        ({"step_id": "call", "delivered": True}, "2025-03-31"),
    ],
)
def test_the_contact_of_a_step_that_demands_is_a_demand(more: dict[str, Any], ends: str) -> None:
    assert limit("2024-01-01", DEBT, event("E-1", "contact", "2023-05-01", **more), steps=LADDER) == ends


def test_a_demand_that_names_charges_is_for_those() -> None:
    named = event("E-1", "demand", "2023-05-01", delivered=True, charge_ids=["C-2"])
    found = position("2024-01-01", DEBT, SECOND, named)
    assert [c.limitation_on for c in found.charges] == [day("2025-03-31"), day("2026-05-01")]


def test_a_part_payment_is_for_the_charge_that_it_paid() -> None:
    found = position(
        "2024-01-01", DEBT, SECOND, payment("P-1", "2023-05-01", "10.00", designated_charge_id="C-2")
    )
    assert [c.limitation_on for c in found.charges] == [day("2025-03-31"), day("2026-05-01")]


def test_a_demand_before_a_charge_was_due_is_not_for_it() -> None:
    early = event("E-1", "demand", "2022-05-01", delivered=True)
    found = position("2024-01-01", DEBT, SECOND, early)
    assert [c.limitation_on for c in found.charges] == [day("2025-05-01"), day("2025-06-30")]


def test_as_one_debt_in_instalments_it_starts_with_the_last_and_a_part_is_for_all() -> None:
    assert limit("2024-01-01", DEBT, SECOND, limitation_separate=False) == "2025-06-30"
    named = event("E-1", "demand", "2023-05-01", delivered=True, charge_ids=["C-2"])
    assert limit("2024-01-01", DEBT, SECOND, named, limitation_separate=False) == "2026-05-01"


def test_a_demand_saves_no_claim_that_has_ended_but_the_payer_may_revive_it() -> None:
    late = event("E-1", "demand", "2025-04-01", delivered=True)
    assert limit("2025-05-01", DEBT, late) == "2025-03-31"
    assert limit("2025-05-01", DEBT, late | {"effective_on": "2025-03-31"}) == "2028-03-31"
    assert limit("2025-05-01", DEBT, event("E-1", "acknowledgement", "2025-04-01")) == "2028-04-01"


TRANSITION = [
    ("2015-09-30", "2017-09-30"),  # two years had run out before three came in
    ("2015-10-01", "2018-10-01"),
    ("2017-12-31", "2020-12-31"),
]


@pytest.mark.parametrize(("due", "ends"), TRANSITION)
def test_what_had_ended_after_two_years_before_october_2017_stays_so(due: str, ends: str) -> None:
    assert limit("2018-01-01", charge("C-1", due, "1.00")) == ends


def test_a_policy_of_another_law_has_its_own_years() -> None:
    assert limit("2018-01-01", charge("C-1", "2010-01-01", "1.00"), limitation_years=6) == "2016-01-01"
