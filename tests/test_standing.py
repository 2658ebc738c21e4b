"""Demands, disputes, hardship, death, holds and court: how the account stands."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts import account, charge, day, event, payment, position
from feerules import Act, next_action
from feerules.plan.ledgers import LedgerTerms, StepTerms
from policies import book

DEBT = charge("C-1", "2026-01-10", "300.00")
NEXT = charge("C-2", "2026-02-10", "100.00", issued_on="2026-02-01")

# Demands

LADDER = LedgerTerms(steps=(StepTerms("demand", None, True, 15),))


def demand(on: str, delivered: bool | None = True, **more: Any) -> dict[str, Any]:
    return event(f"D-{on}", "demand", on, **{"step_id": "demand", "delivered": delivered} | more)


@pytest.mark.parametrize(
    ("as_of", "delivered", "state", "covers"),
    [
        ("2026-02-15", None, "sent", "0.00"),
        ("2026-03-01", False, "failed", "0.00"),
        ("2026-02-15", True, "delivered", "0.00"),
        ("2026-02-16", True, "delivered", "0.00"),
        ("2026-02-17", True, "expired", "300.00"),
    ],
)
def test_a_demand_expires_when_its_period_has_passed(
    as_of: str, delivered: bool | None, state: str, covers: str
) -> None:
    found = position(as_of, DEBT, NEXT, demand("2026-02-01", delivered), terms=LADDER)
    assert (found.demand_state, str(found.demand_covers)) == (state, covers)
    assert found.changes_on == (day("2026-02-17") if state == "delivered" else None)


def test_a_demand_covers_what_it_names_as_far_as_it_is_open() -> None:
    named = demand("2026-02-10", charge_ids=["C-2"])
    paid = payment("P-1", "2026-03-01", "30.00", designated_charge_id="C-2")
    found = position("2026-03-10", DEBT, NEXT, named, paid, terms=LADDER)
    assert (found.demand_covers, found.demand_age_days) == (Decimal("70.00"), 28)


def test_a_demand_may_give_a_day_of_its_own() -> None:
    states = [
        position(on, DEBT, demand("2026-02-01", ends_on="2026-02-08"), terms=LADDER)
        for on in ("2026-02-08", "2026-02-09")
    ]
    assert [found.demand_state for found in states] == ["delivered", "expired"]


GIVES = [
    # the step of the demand, the terms, the days that it gives
    (None, LedgerTerms(), 15),
    (None, LADDER, 15),
    ("old", LADDER, 15),  # no step of this policy
    ("demand", LedgerTerms(steps=(StepTerms("demand", delivered=True),)), 15),
    ("demand", LedgerTerms(steps=(StepTerms("demand", period=0),)), 0),
    ("demand", LedgerTerms(steps=(StepTerms("demand", period=30),)), 30),
    (None, LedgerTerms(demand_period=7), 7),
    ("demand", LedgerTerms(demand_period=7, steps=(StepTerms("demand", delivered=True),)), 7),
]


@pytest.mark.parametrize(("step", "terms", "days"), GIVES)
def test_a_demand_gives_the_days_of_its_step_else_those_of_the_policy(
    step: str | None, terms: LedgerTerms, days: int
) -> None:
    told_on = [day("2026-02-01") + timedelta(n) for n in (days, days + 1)]
    states = [
        position(on.isoformat(), DEBT, demand("2026-02-01", step_id=step), terms=terms) for on in told_on
    ]
    assert [found.demand_state for found in states] == ["delivered", "expired"]
    assert [found.covered_charge_ids for found in states] == [(), ("C-1",)]


STEPS = (StepTerms("demand", delivered=True), StepTerms("letter", period=15), StepTerms("call"))
DEMANDS = [
    (("contact", "demand"), True, "expired"),
    (("contact", "letter"), True, "expired"),
    (("action", "letter"), True, "expired"),
    (("contact", "demand"), None, "sent"),
    (("contact", "demand"), False, "failed"),
    (("contact", "call"), True, "none"),
    (("contact", None), True, "none"),
    (("approval", "demand"), None, "none"),
]


@pytest.mark.parametrize(("logged", "delivered", "state"), DEMANDS)
def test_the_contact_or_action_of_a_step_that_demands_is_a_demand(
    logged: tuple[str, str | None], delivered: bool | None, state: str
) -> None:
    done = event("D-1", logged[0], "2026-02-01", step_id=logged[1], delivered=delivered)
    found = position("2026-02-20", DEBT, done, terms=LedgerTerms(steps=STEPS))
    assert (found.demand_state, found.demand_age_days) == (state, None if state == "none" else 19)
    assert found.demand_covers == Decimal("300.00" if state == "expired" else "0.00")


def test_of_the_demands_that_stand_the_last_tells_the_state() -> None:
    sent = demand("2026-02-10", None, charge_ids=["C-2"])
    withdrawn = event("D-9", "demand", "2026-02-20", status="cancelled")
    found = position("2026-02-20", DEBT, NEXT, demand("2026-02-01"), sent, withdrawn, terms=LADDER)
    assert (found.demand_state, found.demand_age_days) == ("expired", 19)
    named = withdrawn | {"charge_ids": ["C-1"]}
    first = demand("2026-02-01", charge_ids=["C-1"])
    found = position("2026-02-20", DEBT, NEXT, first, sent, named, terms=LADDER)
    assert (found.demand_state, found.demand_covers) == ("sent", Decimal("0.00"))


def test_a_contact_that_was_called_off_takes_back_no_demand() -> None:
    done = event("D-1", "contact", "2026-02-01", step_id="demand", delivered=True)
    off = event("D-2", "contact", "2026-02-05", step_id="demand", status="cancelled")
    assert position("2026-02-20", DEBT, done, off, terms=LADDER).demand_state == "expired"


# Disputes, hardship, death, holds, court


def opened(on: str, until: str | None = None, *charge_ids: str, **more: Any) -> dict[str, Any]:
    """An event of any sort, such as a dispute; its sort is given when it is used."""
    return {"on": on, "ends_on": until, "charge_ids": charge_ids, **more}


def closed(on: str, *charge_ids: str) -> dict[str, Any]:
    return opened(on, None, *charge_ids, status="resolved")


def told(type_: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
    return [event(f"E-{n}", type_, **each) for n, each in enumerate(events)]


STANDING = [
    # what happened, the day that is asked about, whether any of it stands
    ([opened("2026-01-12")], "2026-01-11", None),
    ([opened("2026-01-12")], "2026-01-12", True),
    ([opened("2026-01-12"), closed("2026-01-20")], "2026-01-19", True),
    ([opened("2026-01-12"), closed("2026-01-20")], "2026-01-20", False),
    ([closed("2026-01-20")], "2026-01-20", False),
    # Its own end comes; the day of the end is the first without it.
    ([opened("2026-01-12", "2026-02-01")], "2026-01-31", True),
    ([opened("2026-01-12", "2026-02-01")], "2026-02-01", False),
    # Another that came later is over: the first stands.
    ([opened("2026-01-12"), opened("2026-01-14", "2026-01-16")], "2026-01-31", True),
    ([opened("2026-01-12"), opened("2026-01-14"), closed("2026-01-20")], "2026-01-31", True),
    ([opened("2026-01-12"), opened("2026-01-14"), closed("2026-01-20"), closed("2026-01-21")], "2026-01-31", False),
    # What came to its end is not what is closed later.
    ([opened("2026-01-12"), opened("2026-01-14", "2026-01-16"), closed("2026-01-20")], "2026-01-31", False),
    ([opened("2026-01-12", "2026-03-01"), opened("2026-01-14", "2026-03-02"), closed("2026-01-20")], "2026-03-01", False),
    # A closing event that names charges closes what is about exactly these.
    ([opened("2026-01-12", None, "C-1"), opened("2026-01-14"), closed("2026-01-20", "C-1")], "2026-01-31", True),
    ([opened("2026-01-12", None, "C-1"), closed("2026-01-20", "C-1")], "2026-01-31", False),
    ([opened("2026-01-12", None, "C-1", "C-2"), closed("2026-01-20", "C-1")], "2026-01-31", True),
    ([opened("2026-01-12", None, "C-1", "C-2"), closed("2026-01-20", "C-2", "C-1")], "2026-01-31", False),
    ([opened("2026-01-12"), closed("2026-01-20", "C-1")], "2026-01-31", True),
    ([opened("2026-01-12", None, "C-1"), closed("2026-01-20")], "2026-01-31", False),
]  # fmt: skip


@pytest.mark.parametrize(("events", "as_of", "stands"), STANDING)
def test_a_dispute_is_open_while_any_stands(
    events: list[dict[str, Any]], as_of: str, stands: bool | None
) -> None:
    state = position(as_of, DEBT, NEXT, *told("dispute", *events)).dispute_state
    assert state == {None: "none", True: "open", False: "closed"}[stands]


@pytest.mark.parametrize("type_", ["hold", "hardship", "death"])
@pytest.mark.parametrize(("events", "as_of", "stands"), STANDING)
def test_a_hold_hardship_or_death_is_noted_while_any_stands(
    events: list[dict[str, Any]], as_of: str, stands: bool | None, type_: str
) -> None:
    assert position(as_of, DEBT, NEXT, *told(type_, *events))[type_] is (stands is True)


def test_the_end_of_any_that_stands_may_change_a_fact() -> None:
    holds = told("hold", opened("2026-01-12", "2026-03-01"), opened("2026-01-14", "2026-02-05"))
    assert position("2026-01-31", charge("C-1", "2026-01-10", "0.00"), *holds).changes_on == day("2026-02-05")


HELD = [
    # each hold: its end, the day on which it is looked at again, why; then what the account tells
    ([("2026-03-01", "2026-01-25", "a flood")], ("2026-01-25", "a flood")),
    ([(None, "2026-03-01", "a flood"), (None, "2026-02-10", "asked")], ("2026-03-01", "a flood")),
    ([(None, "2026-02-10", "a flood"), (None, "2026-02-10", "asked")], ("2026-02-10", "asked")),
    ([("2026-03-01", "2026-02-10", "a flood"), ("2026-04-01", None, "asked")], ("2026-02-10", "a flood")),
    ([("2026-03-01", None, "a flood"), ("2026-02-20", None, "asked")], (None, "asked")),
    ([(None, "2026-02-10", "a flood"), ("2026-01-20", "2026-05-01", "asked")], ("2026-02-10", "a flood")),
    ([("2026-01-20", "2026-05-01", "asked")], (None, None)),
]


@pytest.mark.parametrize(("holds", "tells"), HELD)
def test_of_the_holds_that_stand_the_one_looked_at_last_tells_why(
    holds: list[tuple[str | None, str | None, str]], tells: tuple[str | None, str | None]
) -> None:
    events = [
        opened(f"2026-01-1{n}", end, review_on=review, reason=why)
        for n, (end, review, why) in enumerate(holds)
    ]
    found = position("2026-01-31", DEBT, *told("hold", *events))
    assert (found.hold_review_on, found.hold_reason) == (tells[0] and day(tells[0]), tells[1])


UNTIL = [
    # each hold: its end, and the day on which it is looked at again; then the last day of any
    ([("2026-03-01", "2026-01-25")], "2026-03-01"),
    ([("2026-03-01", "2026-05-01")], "2026-03-01"),  # its end says when it ends
    ([(None, "2026-02-10")], "2026-02-10"),
    ([("2026-03-01", None), (None, "2026-04-10")], "2026-04-10"),
    ([("2026-03-01", None), ("2026-02-10", None)], "2026-03-01"),
    ([("2026-02-10", None), (None, None)], "2026-02-10"),
    ([(None, None)], None),
    ([("2026-01-20", None)], None),  # over
]


@pytest.mark.parametrize(("holds", "until"), UNTIL)
def test_an_account_is_on_hold_until_the_last_of_its_holds_ends_or_is_looked_at(
    holds: list[tuple[str | None, str | None]], until: str | None
) -> None:
    events = [opened(f"2026-01-1{n}", end, review_on=review) for n, (end, review) in enumerate(holds)]
    assert position("2026-01-31", DEBT, *told("hold", *events)).hold_until == (until and day(until))


COURT = [
    ([("2026-01-12", {})], "filed"),
    ([("2026-01-12", {}), ("2026-01-15", {"ends_on": "2026-01-31"})], "scheduled"),
    ([("2026-01-12", {"ends_on": "2026-01-30"})], "awaiting_outcome"),
    ([("2026-01-12", {"ends_on": "2026-01-30"}), ("2026-01-31", {"outcome": "granted"})], "decided"),
    ([("2026-01-12", {"ends_on": "2026-01-30"}), ("2026-01-31", {"status": "closed"})], "none"),
    # A payment order has no hearing.
    ([("2026-01-12", {}), ("2026-01-20", {"outcome": "granted"})], "decided"),
    ([("2026-01-20", {"outcome": "granted"})], "decided"),
    # After it, a suit is another proceeding.
    ([("2026-01-12", {}), ("2026-01-20", {"outcome": "objected"}), ("2026-01-25", {})], "filed"),
    # What is closed is the last that stands; the one before it goes on.
    ([("2026-01-12", {"ends_on": "2026-01-30"}), ("2026-01-15", {}), ("2026-01-20", {"status": "closed"})], "awaiting_outcome"),
    ([("2026-01-12", {}), ("2026-01-15", {}), ("2026-01-20", {"status": "closed"}), ("2026-01-21", {"status": "closed"})], "none"),
    # Named by their charges, each is heard, decided and closed by itself.
    ([("2026-01-12", {"charge_ids": ["C-1"]}), ("2026-01-15", {"charge_ids": ["C-2"]}), ("2026-01-20", {"charge_ids": ["C-1"], "outcome": "granted"})], "filed"),
    ([("2026-01-12", {"charge_ids": ["C-1"]}), ("2026-01-15", {"charge_ids": ["C-2"]}), ("2026-01-20", {"charge_ids": ["C-1"], "status": "closed"})], "filed"),
    ([("2026-01-12", {"charge_ids": ["C-1"], "ends_on": "2026-01-31"}), ("2026-01-15", {"charge_ids": ["C-2"]}), ("2026-01-20", {"charge_ids": ["C-2"], "status": "closed"})], "scheduled"),
    ([("2026-01-12", {}), ("2026-01-20", {"charge_ids": ["C-1"], "status": "closed"})], "filed"),
]  # fmt: skip


@pytest.mark.parametrize(("filed", "state"), COURT)
def test_proceedings_are_filed_heard_and_decided(filed: list[tuple[str, dict[str, Any]]], state: str) -> None:
    events = [event(f"E-{on}", "court", on, **more) for on, more in filed]
    found = position("2026-01-31", DEBT, charge("C-2", "2026-01-10", "1.00"), *events)
    assert (found.court_state, found.contradictions) == (state, ())
    assert found.changes_on == (day("2026-02-01") if state == "scheduled" else None)


# Charges in dispute

LEAVE_OUT = LedgerTerms(exclude_named_by=("dispute", "hold"))
ABOUT_ONE = event("E-1", "dispute", "2026-02-05", charge_ids=["C-1"])


@pytest.mark.parametrize(("events", "outstanding", "days_overdue"), [
    ([ABOUT_ONE], "100.00", 18),
    ([ABOUT_ONE, event("E-2", "dispute", "2026-02-20", status="resolved", charge_ids=["C-1"])], "400.00", 49),
    ([ABOUT_ONE | {"ends_on": "2026-02-28"}], "400.00", 49),
    ([event("E-1", "dispute", "2026-02-05")], "400.00", 49),  # about no charge in particular
    ([ABOUT_ONE, event("E-2", "dispute", "2026-02-06", charge_ids=["C-2"])], "0.00", None),
    ([event("E-1", "hold", "2026-02-05", charge_ids=["C-1"], review_on="2026-03-05")], "100.00", 18),
])  # fmt: skip
def test_what_is_disputed_may_be_left_alone(
    events: list[dict[str, Any]], outstanding: str, days_overdue: int | None
) -> None:
    found = position("2026-02-28", DEBT, NEXT, *events, terms=LEAVE_OUT)
    assert (str(found.outstanding), found.days_overdue) == (outstanding, days_overdue)
    assert position("2026-02-28", DEBT, NEXT, *events).outstanding == Decimal("400.00")


def test_a_disputed_charge_can_be_left_alone_by_a_policy() -> None:
    rules = book(
        "ledger: {exclude: {disputed: true}}\n"
        'ladder:\n  steps:\n    - {id: reminder, when: {overdue: "> 0"}, channels: [sms], gap: 3 days}\n'
    )
    found = next_action(account(DEBT, NEXT, ABOUT_ONE), rules, "2026-02-28")
    assert isinstance(found, Act)
    assert (found.amount, found.charge_ids) == (Decimal("100.00"), ("C-2",))


def test_who_disputes_all_that_is_owed_is_asked_for_stops_and_not_cleared() -> None:
    rules = book(
        "ledger: {exclude: {disputed: true}}\n"
        "stops: [{id: disputed, when: {dispute: open}, then: review, review: 10 days, by: service}]\n"
    )
    found = next_action(account(DEBT, ABOUT_ONE), rules, "2026-02-28")
    assert (found.decision, str(found.position.left_alone)) == ("review", "300.00")
