"""Contacts and steps: how often and when the party was reached, and what of the ladder was done."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts import account, charge, day, event, position
from feerules.errors import UnitErrors
from feerules.ledger.position import position_of
from feerules.plan.ledgers import LedgerTerms, StepTerms

DEBT = charge("C-1", "2026-01-10", "300.00")


def contact(on: str, outcome: str | None = None, time: str = "", **more: Any) -> dict[str, Any]:
    at = {"occurred_at": f"{on}T{time}"} if time else {}
    return event(f"E-{on}-{time}-{outcome}", "contact", on, outcome=outcome, **at, **more)


def test_attempts_and_contacts_are_counted_by_day_and_by_week() -> None:
    # 2026-02-02 is a Monday, 2026-02-04 a Wednesday.
    found = position(
        "2026-02-04",
        contact("2026-02-01", "answered"),
        contact("2026-02-02", "no_answer"),
        contact("2026-02-04", "no_answer", "10:00"),
        contact("2026-02-04", "promised", "16:00"),
        event("D-1", "demand", "2026-02-03", delivered=True),
    )
    assert (found.attempts_today, found.contacts_today) == (2, 1)
    assert (found.attempts_week, found.contacts_week) == (4, 2)
    assert found.changes_on == day("2026-02-05")


def test_a_new_week_starts_on_monday() -> None:
    found = position("2026-02-08", contact("2026-02-04", "answered"))
    assert (found.attempts_week, found.changes_on) == (1, day("2026-02-09"))
    assert position("2026-02-09", contact("2026-02-04", "answered")).attempts_week == 0


def test_contacts_of_another_account_of_the_party_count_for_its_limits_only() -> None:
    other = contact("2026-02-04", "answered", account_id="A-2", party_id="zhang")
    whole = account(DEBT, other, parties=[{"party_id": "zhang"}])
    found = position_of(whole, LedgerTerms(), date(2026, 2, 4))
    assert (found.attempts_today, found.contacts_week, found.contradictions) == (1, 1, ())
    assert (found.last_contact_on, found.unreachable_streak, found.last_outcome) == (None, 0, None)
    assert (found.days_since_attempt, found.days_since_contact) == (0, None)


@pytest.mark.parametrize(
    ("outcomes", "streak"),
    [
        (["answered", "no_answer", "off", "busy"], 3),
        (["no_answer", "answered"], 0),
        (["no_answer", None, "off"], 2),  # a message in between, of which nobody knows
        (["no_answer", "elsewhere", "off"], 1),  # a word that says neither
    ],
)
def test_attempts_that_reached_nobody_are_counted_to_the_last_that_did(
    outcomes: list[str | None], streak: int
) -> None:
    contacts = [contact(f"2026-02-0{n + 1}", outcome) for n, outcome in enumerate(outcomes)]
    assert position("2026-02-10", *contacts).unreachable_streak == streak


def test_a_message_that_was_delivered_reached_the_party() -> None:
    found = position("2026-02-04", contact("2026-02-03", "off"), contact("2026-02-04", None, delivered=True))
    assert (found.unreachable_streak, found.contacts_today) == (0, 1)


def test_of_two_contacts_of_a_day_the_later_is_the_last() -> None:
    found = position(
        "2026-02-06",
        contact("2026-02-04", "away", "16:00", channel="phone"),
        contact("2026-02-04", "no_answer", "09:30", channel="visit"),
    )
    assert (found.last_outcome, found.last_channel, found.away) == ("away", "phone", True)
    assert (found.last_contact_on, found.days_since_contact) == (day("2026-02-04"), 2)


def test_refusing_is_what_the_last_outcome_says() -> None:
    refused = contact("2026-02-03", "refused")
    assert position("2026-02-04", refused).refuses
    assert not position("2026-02-05", refused, contact("2026-02-04", "answered")).refuses


@pytest.mark.parametrize("name", ["away", "refuses"])
@pytest.mark.parametrize(
    ("told", "known"),
    [(True, True), ("true", True), (False, False), ("false", False), (None, False), ("", False)],
)
def test_that_a_party_is_away_or_refuses_may_be_a_fact_of_the_account(
    name: str, told: Any, known: bool
) -> None:
    found = position_of(account(facts={name: told}), LedgerTerms(), date(2026, 2, 4))
    assert found[name] is known


@pytest.mark.parametrize("told", ["yes", "TRUE", 1, 0.5, ["true"]])
def test_a_fact_of_the_account_that_cannot_be_read_is_a_problem(told: Any) -> None:
    with pytest.raises(UnitErrors) as caught:
        position_of(account(facts={"away": told, "refuses": told}), LedgerTerms(), date(2026, 2, 4))
    assert [(each.account_id, each.fact, each.value, each.code) for each in caught.value.problems] == [
        ("A-1", name, str(told), "wrong_type") for name in ("away", "refuses")
    ]


def test_a_contact_that_was_called_off_is_none() -> None:
    assert position("2026-02-04", contact("2026-02-04", status="cancelled")).attempts_today == 0


STEPS = LedgerTerms(steps=(StepTerms("reminder", 30), StepTerms("demand", None, True, 15)))


def test_steps_count_while_they_are_in_force() -> None:
    reminders = [contact(on, step_id="reminder") for on in ("2026-01-05", "2026-01-20")]
    found = position("2026-02-04", *reminders, terms=STEPS)
    assert (found["steps.reminder.count"], found["steps.reminder.days"]) == (2, 15)
    assert (found.last_step, found.days_since_step, found.changes_on) == ("reminder", 15, day("2026-02-05"))
    later = position("2026-02-05", *reminders, terms=STEPS)
    assert later["steps.reminder.count"] == 1
    ended = position("2026-02-20", *reminders, terms=STEPS)
    assert (ended["steps.reminder.count"], ended["steps.reminder.days"], ended.last_step) == (0, None, None)


def test_a_demand_that_was_not_delivered_is_an_attempt_but_no_step() -> None:
    failed = event("D-1", "demand", "2026-02-04", step_id="demand", delivered=False)
    found = position("2026-02-04", failed, terms=STEPS)
    assert (found.attempts_today, found["steps.demand.count"], found.last_step) == (1, 0, None)


GIVING_WAY = LedgerTerms(
    steps=(
        StepTerms("reminder", channels=3),
        StepTerms("letter", channels=1),
        StepTerms("file"),
        StepTerms("demand", delivered=True, period=15, channels=2),
        StepTerms("notice", delivered=True, period=15, channels=2),
    )
)


def tries(step: str, *delivered: bool | None, type_: str = "contact") -> list[dict[str, Any]]:
    """A step that was tried day after day from 1 February, and whether it arrived."""
    return [
        event(f"E-{step}-{n}", type_, f"2026-02-0{n}", step_id=step, delivered=said)
        for n, said in enumerate(delivered, 1)
    ]


@pytest.mark.parametrize(
    ("step", "delivered", "count", "days", "failed"),
    [
        ("reminder", [False], 0, None, 1),
        ("reminder", [False, False], 0, None, 2),
        ("reminder", [False, False, False], 1, 7, 0),  # done once, on the day of the last of them
        ("reminder", [False, False, False, False], 1, 7, 1),
        ("reminder", [False] * 6, 2, 4, 0),
        ("reminder", [False, True], 1, 8, 0),
        ("reminder", [False, None], 1, 8, 0),  # what nobody says to have failed was done
        ("reminder", [True, False], 1, 9, 1),
        ("reminder", [False, False, True, False, False], 1, 7, 2),
        ("letter", [False], 1, 9, 0),
        ("letter", [False, False], 2, 8, 0),
        ("file", [False], 1, 9, 0),
        ("demand", [False, False, False], 0, None, 3),
        ("demand", [False, None, True, None], 1, 7, 0),
    ],
)
def test_a_try_that_failed_is_done_only_where_no_channel_is_left(
    step: str, delivered: list[bool | None], count: int, days: int | None, failed: int
) -> None:
    found = position("2026-02-10", *tries(step, *delivered), terms=GIVING_WAY)
    assert [found[f"steps.{step}.{name}"] for name in ("count", "days", "failed")] == [count, days, failed]
    assert (found.last_step, found.days_since_step) == (step if count else None, days)


def test_a_step_that_failed_on_every_channel_is_in_force_from_the_last_of_them() -> None:
    terms = LedgerTerms(steps=(StepTerms("reminder", 9, channels=2),))
    failed = tries("reminder", False, False, False)
    inside, outside = (position(day, *failed, terms=terms) for day in ("2026-02-11", "2026-02-12"))
    assert (inside["steps.reminder.count"], inside.changes_on) == (1, day("2026-02-12"))
    assert (outside["steps.reminder.count"], outside["steps.reminder.failed"]) == (0, 1)


@pytest.mark.parametrize("type_", ["contact", "demand", "action"])
@pytest.mark.parametrize(
    ("delivered", "tried"),
    [
        ([], None),
        ([None], 9),
        ([False], None),  # the next channel is due
        ([False, False], 8),
        ([False, None], 8),
        ([None, False], None),
        ([False, False, False], 7),  # the last channel stays in use
        ([None, True], None),
        ([True, None], 8),
    ],
)
def test_what_must_be_delivered_tells_since_when_a_try_holds_it(
    type_: str, delivered: list[bool | None], tried: int | None
) -> None:
    found = position("2026-02-10", *tries("demand", *delivered, type_=type_), terms=GIVING_WAY)
    assert found["steps.demand.tried"] == tried
    assert found["steps.notice.tried"] is None


def test_a_try_that_was_called_off_holds_nothing() -> None:
    off = event("E-1", "demand", "2026-02-04", step_id="demand", status="cancelled")
    assert position("2026-02-10", off, terms=GIVING_WAY)["steps.demand.tried"] is None


def test_a_step_without_contact_is_a_step_and_no_attempt() -> None:
    done = event("X-1", "action", "2026-02-04", step_id="reminder")
    found = position("2026-02-05", done, terms=STEPS)
    assert (found["steps.reminder.days"], found.attempts_week, found.last_contact_on) == (1, 0, None)
