"""Time since a step: calendar months to the day, hours to the second; what a step costs, and runs out of order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

import feerules
from feerules.periods import add_months
from feerules.plan.bounds import Builder
from feerules.plan.days import month_end

HEAD = "kind: dunning-policy\nid: policy\neffective: {from: 2000-01-01}\n"


def book_of(body: str) -> feerules.Book:
    return feerules.load_files({"policy.yaml": HEAD + body})


def account(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    charge = {"charge_id": "C-1", "fee": "management", "due_on": "2024-01-01", "amount": "100.00"}
    numbered = tuple({"event_id": f"E-{number}", **event} for number, event in enumerate(events, 1))
    return {"account_id": "A-1", "charges": (charge | more,), "events": numbered}


def done(step: str, day: date | str, **more: Any) -> dict[str, Any]:
    return {"type": "action", "step_id": step, "effective_on": day, **more}


# Months

MONTHS = book_of(
    """
ladder:
  steps:
    - {id: under, when: {steps.letter.months: "< 3"}, gap: 1 day}
    - {id: exact, when: {steps.letter.months: 3}, gap: 1 day}
    - {id: over, when: {steps.letter.months: "> 3"}, gap: 1 day}
    - {id: never, when: {steps.letter.months: "null"}, gap: 1 day}
    - {id: letter, when: {days_overdue: "> 10000"}, at_most: 1}
"""
)


def step_on(book: feerules.Book, day: date, *events: dict[str, Any]) -> str | None:
    decision = feerules.next_action(account(*events), book, day)
    return decision.step_id if isinstance(decision, feerules.Act) else None


@pytest.mark.parametrize(
    "since", [date(2024, 1, 31), date(2024, 2, 29), date(2023, 11, 30), date(2024, 3, 15)]
)
def test_months_are_counted_to_the_day_as_the_calendar_has_them(since: date) -> None:
    end = add_months(since, 3)
    for day in (end + timedelta(days=number) for number in range(-32, 33)):
        expected = "under" if day < end else "exact" if day == end else "over"
        assert step_on(MONTHS, day, done("letter", since)) == expected, day


def test_a_step_that_was_never_done_has_no_months() -> None:
    assert step_on(MONTHS, date(2024, 3, 15)) == "never"


AFTER = book_of(
    """
ladder:
  order: one_step_at_a_time
  steps:
    - {id: letter, channels: [post], at_most: 1}
    - {id: second, after: {step: letter, days: ">= 14", months: "<= 3"}, channels: [post], at_most: 1}
"""
)


@pytest.mark.parametrize(
    ("day", "step"),
    [("2024-03-14", None), ("2024-03-15", "second"), ("2024-06-01", "second"), ("2024-06-02", None)],
)
def test_a_step_comes_some_days_to_some_months_after_another(day: str, step: str | None) -> None:
    assert step_on(AFTER, date.fromisoformat(day), done("letter", "2024-03-01")) == step


def test_the_end_of_a_month_so_many_days_later() -> None:
    body = 'derived: {since: "days_between(month_end(oldest_due_on, 30), as_of)"}\nladder: {steps: [{id: letter, when: {days_overdue: "> 0", since: ">= 0"}, gap: 1 day}]}\n'
    book = book_of(body)
    # 1 January and 30 days is the 31st.
    assert [step_on(book, date(2024, 1, day)) for day in (30, 31)] == [None, "letter"]


def test_the_last_day_of_a_month_is_its_own_end() -> None:
    b = Builder()
    ends = [month_end(b, b.const(day)).lo for day in range(19723, 19723 + 31)]  # January 2024
    assert set(ends) == {19753}


# The clock

CLOCK = book_of(
    "ladder: {steps: [{id: attempt, channels: [email], gap: 2 days, gap_by: clock, at_most: 9}]}\n"
)


@pytest.mark.parametrize(
    ("happened", "as_of", "acts"),
    [
        ("2024-03-13T10:00:00", "2024-03-15T10:00:00", False),  # to the second
        ("2024-03-13T10:00:00", "2024-03-15T10:00:01", True),
        ("2024-03-13T10:00:00", "2024-03-15", False),  # a whole day: two days are not more than two
        ("2024-03-13T10:00:00", "2024-03-16", True),
        (None, "2024-03-15T23:59:59", False),  # nobody wrote down when: whole days again
        (None, "2024-03-16T00:00:00", True),
        ("2024-03-13T10:00:00+08:00", "2024-03-15T02:00:00+00:00", False),
        ("2024-03-13T10:00:00+08:00", "2024-03-15T02:00:01+00:00", True),
    ],
)
def test_a_gap_by_the_clock_has_passed_only_after_its_last_second(
    happened: str | None, as_of: str, acts: bool
) -> None:
    event = {"type": "contact", "step_id": "attempt", "effective_on": "2024-03-13", "occurred_at": happened}
    decision = feerules.next_action(account(event), CLOCK, as_of)
    assert decision.decision == ("act" if acts else "wait")
    assert ("resting" in [reason.code for reason in decision.reasons]) is not acts


MUST_ARRIVE = book_of(
    "ladder: {steps: [{id: letter, channels: [courier], must_be: delivered, gap: 2 days, gap_by: clock, at_most: 9}]}\n"
)


@pytest.mark.parametrize(
    ("delivered", "as_of", "acts"),
    [
        (None, "2024-03-15T10:00:00", False),
        (None, "2024-03-15T10:00:01", True),
        (False, "2024-03-15T10:00:00", False),
        (False, "2024-03-15T10:00:01", True),
        (True, "2024-03-15T10:00:00", False),
    ],
)
def test_a_gap_by_the_clock_counts_from_a_try_too(delivered: bool | None, as_of: str, acts: bool) -> None:
    event = {"type": "demand", "step_id": "letter", "effective_on": "2024-03-13", "delivered": delivered}
    happened = event | {"occurred_at": "2024-03-13T10:00:00"}
    decision = feerules.next_action(account(happened), MUST_ARRIVE, as_of)
    assert decision.decision == ("act" if acts else "wait")


STALE = book_of("ledger: {stale_after: 60 minutes}\nladder: {steps: [{id: letter, gap: 1 day}]}\n")


@pytest.mark.parametrize(
    ("recorded", "as_of", "minutes"),
    [
        ("2024-03-15T10:00", "2024-03-15T11:00", 60),
        ("2024-03-15T10:00", "2024-03-15T11:00:01", 61),
        ("2024-03-15T10:00+08:00", "2024-03-15T03:01+00:00", 61),
        ("2024-03-15", "2024-03-15", 0),
        ("2024-03-14", "2024-03-15", 1440),
    ],
)
def test_a_ledger_can_be_stale_by_minutes(recorded: str, as_of: str, minutes: int) -> None:
    decision = feerules.next_action(account(recorded_at=recorded), STALE, as_of)
    assert decision.position["ledger_age_minutes"] == minutes
    assert decision.decision == ("review" if minutes > 60 else "act")
    assert ("stale_by_clock" in [reason.code for reason in decision.reasons]) is (minutes > 60)


# What a step costs, and runs out of order

FEES = book_of(
    """
facts: {weekly_rent: {decimal: 2, min: 0, max: 100000, optional: true}}
ladder:
  order: one_step_at_a_time
  steps:
    - {id: first, at_most: 1, fee: 10}
    - {id: second, at_most: 1, fee: "min(12, 1.205% * overdue)"}
    - {id: third, when: {overdue: "> 1000"}, at_most: 1, fee: weekly_rent}
"""
)


def test_a_step_costs_what_its_formula_says() -> None:
    first = feerules.next_action(account(), FEES, "2024-03-15")
    second = feerules.next_action(account(done("first", "2024-03-01")), FEES, "2024-03-15")
    assert isinstance(first, feerules.Act)
    assert isinstance(second, feerules.Act)
    assert (str(first.fee), str(second.fee)) == ("10.00", "1.21")
    assert (first.to_dict()["fee"], str(second.message["fee"])) == ("10.00", "1.21")
    assert "costs" in [reason.code for reason in second.reasons]


def test_what_a_fee_needs_is_a_problem_only_where_its_step_is_due() -> None:
    given = done("first", "2024-03-01"), done("second", "2024-03-02")
    assert feerules.next_action(account(*given), FEES, "2024-03-15").decision == "wait"
    with pytest.raises(feerules.UnitErrors) as caught:
        feerules.next_action(account(*given, amount="2000"), FEES, "2024-03-15")
    assert [problem.fact for problem in caught.value.problems] == ["weekly_rent"]


def test_a_run_before_the_last_step_goes_to_a_person_where_the_policy_minds() -> None:
    body = "ladder: {backwards: review, steps: [{id: letter, gap: 1 day}]}\n"
    given = account(done("letter", "2024-03-15"))
    minds, allows = book_of(body), book_of(body.replace("backwards: review, ", ""))
    decision = feerules.next_action(given, minds, "2024-03-14")
    assert (decision.decision, decision.reasons[-1].code) == ("review", "before_last_step")
    assert decision.reasons[-1].fields["day"] == date(2024, 3, 15)
    assert feerules.next_action(given, allows, "2024-03-14").decision == "act"
    assert feerules.next_action(given, minds, "2024-03-16").decision == "act"
    # What was right then, as then known, is history and not a run.
    assert feerules.next_action(given, minds, "2024-03-14", known_at=date(2024, 3, 14)).decision == "act"
