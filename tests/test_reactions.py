"""What fires a reaction, on which day, how often: the reference; durable-rules is held to it in tests/estate."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from random import Random  # noqa: TID251  (made-up lives, from a seed)
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import feerules
from accounts import account, charge, event, payment, position
from feerules import EntryErrors, Event, Payment, UnitErrors
from feerules.ledger.entries import CLOSING, EVENT_TYPES
from feerules.vocabulary import CLOSED, HAPPENINGS
from reactions import (
    FIVE,
    HEAD,
    PAID_BEFORE,
    REVERSED,
    THREE_CALLS,
    TWICE_BROKEN,
    UNPAID,
    a_book,
    a_life,
    book,
    call,
    demand,
    fired,
    promise,
    reversal,
    shortened,
    versions,
    visit,
)

# durable-rules, where it is installed, asks for the time in a way that newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

# Drawn from a seed, as accounts are: lives are full, and days spread evenly.
chances = st.integers(0, 10**9).map(Random)


# Counting


BROKEN = [promise("PR-1", "2025-03-01", "2025-03-05"), promise("PR-2", "2025-03-10", "2025-03-15")]


def test_two_broken_promises_within_thirty_days_escalate_on_the_morning_after_the_second() -> None:
    assert fired(book(TWICE_BROKEN), *BROKEN) == [("twice-broken", "2025-03-16", "PR-1 PR-2")]


def test_before_the_second_promise_is_broken_nothing_fires() -> None:
    assert fired(book(TWICE_BROKEN), *BROKEN, as_of="2025-03-15") == []


@pytest.mark.parametrize(("second", "fires"), [("2025-04-04", True), ("2025-04-05", False)])
def test_the_last_of_a_count_may_come_within_days_after_the_first_and_no_later(
    second: str, fires: bool
) -> None:
    later = promise("PR-2", "2025-04-01", second)
    assert bool(fired(book(TWICE_BROKEN), BROKEN[0], later)) is fires


def test_what_has_counted_once_counts_no_more() -> None:
    more = [
        promise(f"PR-{number}", f"2025-03-{day}", f"2025-03-{day}")
        for number, day in ((3, 16), (4, 17), (5, 18))
    ]
    assert fired(book(TWICE_BROKEN), *BROKEN, *more) == [
        ("twice-broken", "2025-03-16", "PR-1 PR-2"),
        ("twice-broken", "2025-03-18", "PR-3 PR-4"),
    ]


CALLS = [call("C-1", "2025-06-01"), call("C-2", "2025-06-04", "busy"), call("C-3", "2025-06-08")]


def test_three_unanswered_calls_within_a_week_take_the_step() -> None:
    assert fired(book(THREE_CALLS), *CALLS) == [("three-calls", "2025-06-08", "C-1 C-2 C-3")]


@pytest.mark.parametrize("outcome", ["answered", "promised", "refused"])
def test_a_call_that_reaches_somebody_begins_the_count_anew(outcome: str) -> None:
    assert fired(book(THREE_CALLS), *CALLS, call("C-x", "2025-06-05", outcome)) == []


@pytest.mark.parametrize("other", [
    {"channel": "sms"}, {"outcome": None}, {"outcome": "elsewhere"}, {"delivered": True}, {"type": "demand"},
    {"status": "cancelled"},
])  # fmt: skip
def test_what_is_no_unanswered_call_does_not_count(other: dict[str, Any]) -> None:
    assert fired(book(THREE_CALLS), CALLS[0], CALLS[1] | other, CALLS[2]) == []


def test_the_policy_says_in_which_words_a_contact_reached_nobody() -> None:
    own = HEAD.replace("reactions:", "ledger: {outcomes: {unreachable: [没人接]}}\nreactions:")
    calls = [each | {"outcome": "没人接"} for each in CALLS]
    assert fired(book(THREE_CALLS, head=own), *calls) != []
    assert fired(book(THREE_CALLS), *calls) == []


def test_a_payment_that_is_reversed_counts_no_more() -> None:
    rules = book("{id: instalments, when: {count: payment, at_least: 3, within: 20 days}, then: thank}")
    paid = [payment(f"P-{day}", f"2025-03-{day:02}", "10.00") for day in (1, 5, 9)]
    assert fired(rules, *paid) == [("instalments", "2025-03-09", "P-1 P-5 P-9")]
    assert fired(rules, *paid, reversal("R-1", "2025-03-07", "P-5")) == []
    again = payment("P-12", "2025-03-12", "10.00")
    found = fired(rules, *paid, reversal("R-1", "2025-03-07", "P-5"), again)
    assert found == [("instalments", "2025-03-12", "P-1 P-9 P-12")]


# What comes, and what does not


def test_a_payment_after_a_visit_was_planned_cancels_it_and_thanks() -> None:
    found = fired(book(PAID_BEFORE), visit("V-1", "2025-05-01"), payment("P-1", "2025-05-03", "250.60"))
    assert found == [("paid-before-visit", "2025-05-03", "V-1 P-1")]


@pytest.mark.parametrize(("paid", "fires"), [
    ("2025-04-30", False), ("2025-05-01", True), ("2025-05-31", True), ("2025-06-01", False),
])  # fmt: skip
def test_what_comes_may_come_on_the_day_itself_and_until_the_days_are_over(paid: str, fires: bool) -> None:
    found = fired(book(PAID_BEFORE), visit("V-1", "2025-05-01"), payment("P-1", paid, "250.60"))
    assert bool(found) is fires


def test_each_visit_is_answered_by_the_first_payment_after_it_and_once() -> None:
    lived = [
        visit("V-1", "2025-05-01"), visit("V-2", "2025-05-02"), payment("P-1", "2025-05-03", "1.00"),
        payment("P-2", "2025-05-04", "1.00"),
    ]  # fmt: skip
    assert fired(book(PAID_BEFORE), *lived) == [
        ("paid-before-visit", "2025-05-03", "V-1 P-1"),
        ("paid-before-visit", "2025-05-03", "V-2 P-1"),
    ]


def test_on_one_day_the_hours_tell_what_came_first() -> None:
    rules = book("{id: back, when: {after: {event: contact}, comes: dispute, within: 0 days}, then: review}")
    called = call("C-1", "2025-05-01", occurred_at="2025-05-01T10:00")
    objected = event("D-1", "dispute", "2025-05-01", occurred_at="2025-05-01T09:00")
    assert fired(rules, called, objected) == []
    assert fired(rules, called, objected | {"occurred_at": "2025-05-01T11:00"}) != []


def test_a_demand_without_payment_fires_on_the_day_after_its_days_are_over() -> None:
    rules = book(UNPAID)
    assert fired(rules, demand("D-1", "2025-04-01"), as_of="2025-04-16") == []
    assert fired(rules, demand("D-1", "2025-04-01"), as_of="2025-04-17") == [
        ("demand-unpaid", "2025-04-17", "D-1")
    ]


@pytest.mark.parametrize(("paid", "fires"), [
    ("2025-03-31", True), ("2025-04-01", False), ("2025-04-16", False), ("2025-04-17", True),
])  # fmt: skip
def test_a_payment_on_any_day_of_the_period_answers_a_demand(paid: str, fires: bool) -> None:
    found = fired(book(UNPAID), demand("D-1", "2025-04-01"), payment("P-1", paid, "1.00"))
    assert bool(found) is fires


def test_one_payment_answers_every_demand_whose_days_it_falls_into() -> None:
    lived = [demand("D-1", "2025-04-01"), demand("D-2", "2025-04-14"), payment("P-1", "2025-04-15", "1.00")]
    assert fired(book(UNPAID), *lived) == []


@pytest.mark.parametrize(("bounced", "fires"), [("2025-04-16", True), ("2025-04-17", False)])
def test_a_payment_that_is_reversed_within_the_days_answers_nothing(bounced: str, fires: bool) -> None:
    lived = [
        demand("D-1", "2025-04-01"),
        payment("P-1", "2025-04-10", "1.00"),
        reversal("R-1", bounced, "P-1"),
    ]
    assert bool(fired(book(UNPAID), *lived)) is fires


def test_what_ends_the_wait_ends_it_for_good() -> None:
    lived = [demand("D-1", "2025-04-01"), event("X-1", "dispute", "2025-04-05")]
    assert fired(book(UNPAID), *lived) == []
    assert fired(book(UNPAID), *lived, demand("D-2", "2025-04-06")) == [
        ("demand-unpaid", "2025-04-22", "D-2")
    ]


def test_one_of_several_is_enough() -> None:
    rules = book(
        "{id: silence, when: {after: [demand, contact], without: [payment, promise], within: 5 days}, then: notify}"
    )
    assert fired(rules, demand("D-1", "2025-04-01")) == [("silence", "2025-04-07", "D-1")]
    assert fired(rules, call("C-1", "2025-04-01"), promise("PR-1", "2025-04-02", "2025-04-20")) == []


# Alone


def test_a_reversed_payment_opens_the_account_again() -> None:
    lived = [payment("P-1", "2025-05-03", "250.60"), reversal("R-1", "2025-05-06", "P-1")]
    assert fired(book(REVERSED), *lived) == [("payment-reversed", "2025-05-06", "R-1")]


@pytest.mark.parametrize(("status", "kind"), [
    ("cleared", "payment"), ("in_transit", "payment_in_transit"), ("reversed", "payment_reversed"),
])  # fmt: skip
def test_a_payment_is_what_its_status_says(status: str, kind: str) -> None:
    rules = book(*(f"{{id: {each.replace('_', '-')}, when: {{event: {each}}}, then: notify}}" for each in ("payment", "payment_in_transit", "payment_reversed")))  # fmt: skip
    assert [name for name, _, _ in fired(rules, payment("P-1", "2025-05-03", "1.00", status=status))] == [
        kind.replace("_", "-")
    ]


def test_a_reversal_in_transit_is_nothing_yet() -> None:
    assert fired(book(REVERSED), reversal("R-1", "2025-05-06", "P-1", status="in_transit")) == []


@pytest.mark.parametrize("type_", EVENT_TYPES)
@pytest.mark.parametrize("status", ["open", *CLOSING])
def test_an_event_is_its_type_and_the_end_of_it_has_a_name_of_its_own(type_: str, status: str) -> None:
    rules = book(f"{{id: begins, when: {{event: {type_}}}, then: notify}}", f"{{id: ends, when: {{event: {type_}_closed}}, then: notify}}")  # fmt: skip
    told = fired(rules, event("E-1", type_, "2025-05-03", status=status, promised_on="2025-05-04"))
    assert [name for name, _, _ in told] == (["begins"] if status == "open" else ["ends"])


@pytest.mark.parametrize("kind", ["charge", "late_fee", "deposit", "credit", "waiver", "write_off", "refund"])
def test_charges_happen_on_the_day_of_their_issue(kind: str) -> None:
    rules = book(f"{{id: booked, when: {{event: {kind}, fee: management, amount: '>= 100'}}, then: notify}}")
    entry = charge("C-1", "2025-05-31", "100.00", kind=kind, issued_on="2025-05-03")
    assert fired(rules, entry) == [("booked", "2025-05-03", "C-1")]
    assert fired(rules, entry | {"amount": "99.99"}) == []
    assert fired(rules, entry | {"fee": "water"}) == []


def test_the_rules_can_name_everything_that_a_ledger_has() -> None:
    assert set(HAPPENINGS) >= {*EVENT_TYPES, *(each + CLOSED for each in EVENT_TYPES)}


# Cells


@pytest.mark.parametrize(("cell", "amount", "fires"), [
    (">= 100", "100.00", True), (">= 100", "99.99", False), ("[10..20)", "19.99", True), ("[10..20)", "20.00", False),
    ("not(5)", "5.00", False), ("not(5)", "5.01", True), ("-", "1.00", True),
])  # fmt: skip
def test_an_amount_is_asked_to_the_fen(cell: str, amount: str, fires: bool) -> None:
    rules = book(f'{{id: much, when: {{event: payment, amount: "{cell}"}}, then: thank}}')
    assert bool(fired(rules, payment("P-1", "2025-05-03", amount))) is fires


@pytest.mark.parametrize(("cell", "channel", "fires"), [
    ("phone", "phone", True), ("phone", "sms", False), ("phone, sms", "sms", True), ("not(phone)", "courier", True),
    ("not(phone)", "phone", False), ("not(phone)", None, False), ("null", None, True), ("null, phone", "phone", True),
    ("null", "phone", False), ("-", None, True), ("微信", "微信", True),
])  # fmt: skip
def test_what_is_not_told_matches_null_and_dash_alone(cell: str, channel: str | None, fires: bool) -> None:
    rules = book(f'{{id: by, when: {{event: contact, channel: "{cell}"}}, then: notify}}')
    assert bool(fired(rules, event("C-1", "contact", "2025-05-03", channel=channel))) is fires


def test_a_step_of_the_ladder_is_asked_by_its_id() -> None:
    rules = book("{id: order, when: {event: action, step_id: payment-order}, then: notify, to: legal}")
    assert fired(rules, visit("V-1", "2025-05-01", step_id="payment-order")) != []
    assert fired(rules, visit("V-1", "2025-05-01", step_id="demand")) == []


# Promises

JUDGED = (
    "{id: kept, when: {event: promise_kept}, then: thank}",
    "{id: broken, when: {event: promise_broken}, then: review}",
)
PROMISED = promise("PR-1", "2025-03-01", "2025-03-10", "100.00")


@pytest.mark.parametrize(("paid", "found"), [
    ([], [("broken", "2025-03-11")]),
    ([("2025-03-10", "100.00")], [("kept", "2025-03-10")]),
    ([("2025-03-02", "40.00"), ("2025-03-05", "60.00"), ("2025-03-06", "9.00")], [("kept", "2025-03-05")]),
    ([("2025-03-02", "99.99")], [("broken", "2025-03-11")]),
    ([("2025-03-11", "100.00")], [("broken", "2025-03-11")]),
    ([("2025-03-01", "100.00")], [("broken", "2025-03-11")]),  # what came on its day came before it
])  # fmt: skip
def test_a_promise_is_kept_by_the_money_of_its_days(
    paid: list[tuple[str, str]], found: list[tuple[str, str]]
) -> None:
    money = [payment(f"P-{number}", day, amount) for number, (day, amount) in enumerate(paid)]
    assert [each[:2] for each in fired(book(*JUDGED), PROMISED, *money)] == found


def test_a_promise_for_the_very_day_is_kept_by_its_money() -> None:
    same = promise("PR-1", "2025-03-01", "2025-03-01", "100.00")
    assert fired(book(*JUDGED), same, payment("P-1", "2025-03-01", "100.00")) == [
        ("kept", "2025-03-01", "PR-1")
    ]


def test_a_promise_without_an_amount_is_kept_by_any_money() -> None:
    assert [each[0] for each in fired(book(*JUDGED), PROMISED | {"amount": None}, payment("P-1", "2025-03-05", "0.01"))] == ["kept"]  # fmt: skip


def test_a_promise_may_be_late_by_the_tolerance_of_the_policy() -> None:
    patient = HEAD.replace("reactions:", "tolerance: {promise: 3 days}\nreactions:")
    assert fired(book(*JUDGED, head=patient), PROMISED) == [("broken", "2025-03-14", "PR-1")]
    assert fired(book(*JUDGED, head=patient), PROMISED, payment("P-1", "2025-03-13", "100.00")) == [("kept", "2025-03-13", "PR-1")]  # fmt: skip


@pytest.mark.parametrize(("closed", "broken"), [("2025-03-11", False), ("2025-03-12", True)])
def test_a_promise_that_is_closed_in_time_is_not_broken(closed: str, broken: bool) -> None:
    end = event("X-1", "promise", closed, status="cancelled")
    assert bool(fired(book(*JUDGED), PROMISED, end)) is broken


def test_a_promise_whose_money_was_reversed_is_broken_after_all() -> None:
    lived = [PROMISED, payment("P-1", "2025-03-05", "100.00"), reversal("R-1", "2025-03-09", "P-1")]
    assert [each[:2] for each in fired(book(*JUDGED), *lived)] == [
        ("kept", "2025-03-05"),
        ("broken", "2025-03-11"),
    ]


def test_a_promise_whose_money_is_reversed_after_its_day_was_kept_and_the_position_knows_better() -> None:
    lived = [PROMISED, payment("P-1", "2025-03-05", "100.00"), reversal("R-1", "2025-04-09", "P-1")]
    assert [each[:2] for each in fired(book(*JUDGED), *lived)] == [("kept", "2025-03-05")]
    assert position("2025-05-31", *lived)["broken_promises"] == 1


@given(chances)
def test_a_promise_with_an_amount_is_broken_where_the_position_says_so(chance: Random) -> None:
    lived = [each for each in a_life(chance, 20) if each.get("type") == "promise" or "payment_id" in each]
    # What is taken back after a promise's day stays an answer, as the test above says.
    lived = [each for each in lived if not each.get("reverses_payment_id")]
    lived = [each | {"amount": "30.00"} if each.get("type") == "promise" else each for each in lived]
    told = fired(book(JUDGED[1]), *lived, as_of="2025-05-31")
    assert len(told) == position("2025-05-31", *lived)["broken_promises"]


# Which entries count


def test_the_order_in_which_entries_are_given_says_nothing() -> None:
    lived = [
        *BROKEN,
        *CALLS,
        demand("D-1", "2025-04-01"),
        visit("V-1", "2025-05-01"),
        payment("P-1", "2025-05-03", "1.00"),
    ]
    assert fired(book(FIVE), *lived) == fired(book(FIVE), *reversed(lived))
    assert len(fired(book(FIVE), *lived)) == 4


def test_an_entry_that_is_given_twice_counts_once() -> None:
    assert fired(book(THREE_CALLS), CALLS[0], CALLS[0], CALLS[1]) == []


def test_of_two_words_on_one_entry_the_later_counts() -> None:
    sent = demand("D-1", "2025-04-01", delivered=None, recorded_at="2025-04-01")
    arrived = demand("D-1", "2025-04-03", recorded_at="2025-04-04")
    assert fired(book(UNPAID), sent, arrived) == [("demand-unpaid", "2025-04-19", "D-1")]
    assert fired(book(UNPAID), sent, arrived, known_at="2025-04-03") == []


ALONE = book("{id: much, when: {event: payment, amount: '>= 200'}, then: thank}")
MUCH, LITTLE = (payment("P-1", "2025-05-03", amount) for amount in ("300.00", "100.00"))


@pytest.mark.parametrize(("first", "second", "fires"), [
    ("2025-05-04", "2025-05-05", False), ("2025-05-05", "2025-05-04", True), ("2025-05-04", "2025-05-04", False),
    (None, "2025-05-04", False), ("2025-05-04", None, False), (None, None, False),
])  # fmt: skip
def test_the_later_word_counts_with_whatever_it_says(
    first: str | None, second: str | None, fires: bool
) -> None:
    words = MUCH | {"recorded_at": first}, LITTLE | {"recorded_at": second}
    assert bool(fired(ALONE, *words)) is fires


def test_of_clocks_in_two_zones_the_later_moment_counts() -> None:
    late, early = "2025-05-04T09:00+00:00", "2025-05-04T10:00+08:00"
    assert fired(ALONE, MUCH | {"recorded_at": late}, LITTLE | {"recorded_at": early}) != []


PAID = payment("P-1", "2025-04-10", "1.00", recorded_at="2025-04-10")


@pytest.mark.parametrize(("known_on", "found"), [
    ("2025-04-15", [("payment-reversed", "2025-04-15", "P-1"), ("demand-unpaid", "2025-04-17", "D-1")]),
    ("2025-04-25", [("payment-reversed", "2025-04-25", "P-1")]),
    ("2025-04-09", []),  # an older word than the payment's
])  # fmt: skip
def test_a_payment_whose_status_becomes_reversed_is_taken_back_when_that_becomes_known(
    known_on: str, found: list[tuple[str, str, str]]
) -> None:
    rules, gone = book(UNPAID, REVERSED), PAID | {"status": "reversed", "recorded_at": known_on}
    assert fired(rules, demand("D-1", "2025-04-01"), PAID, gone) == found
    assert fired(rules, demand("D-1", "2025-04-01"), gone, PAID) == found


def test_a_payment_that_is_cleared_after_it_was_reversed_stands() -> None:
    gone, again = (
        PAID | {"status": "reversed", "recorded_at": "2025-04-12"},
        PAID | {"recorded_at": "2025-04-13"},
    )
    assert fired(book(UNPAID, REVERSED), demand("D-1", "2025-04-01"), PAID, gone, again) == []


def test_what_is_effective_later_is_not_seen() -> None:
    assert fired(book(REVERSED), reversal("R-1", "2025-05-06", "P-1"), as_of="2025-05-05") == []


def test_what_was_recorded_later_is_not_known() -> None:
    late = reversal("R-1", "2025-05-06", "P-1", recorded_at="2025-05-20T10:00")
    assert fired(book(REVERSED), late, known_at="2025-05-19") == []
    assert fired(book(REVERSED), late, known_at="2025-05-20") != []


def test_since_leaves_out_what_fired_before_and_counts_it_all_the_same() -> None:
    assert fired(book(TWICE_BROKEN), *BROKEN, since="2025-03-16") != []
    assert fired(book(TWICE_BROKEN), *BROKEN, since="2025-03-17") == []


@pytest.mark.parametrize("strange", [
    {"account_id": "A-2"}, {"currency": "HKD"},
])  # fmt: skip
def test_in_an_account_what_is_of_another_or_in_another_currency_is_left_aside(
    strange: dict[str, str],
) -> None:
    lived = account(visit("V-1", "2025-05-01"), payment("P-1", "2025-05-03", "1.00", **strange))
    assert feerules.react(book(PAID_BEFORE), lived, "2025-12-31") == []


# What may be given


def test_an_account_its_mapping_and_its_entries_are_the_same_history() -> None:
    rules, lived = book(FIVE), account(*CALLS, demand("D-1", "2025-04-01"))
    told = feerules.react(rules, lived, "2025-12-31")
    assert [each.account_id for each in told] == ["A-1", "A-1"]
    assert feerules.react(rules, lived.model_dump(), "2025-12-31") == told
    named = [each.model_copy(update={"account_id": "A-1"}) for each in lived.events]
    assert feerules.react(rules, named, "2025-12-31") == told
    assert feerules.react(rules, (each.model_dump() for each in named), "2025-12-31") == told


def test_entries_that_name_no_account_are_of_one() -> None:
    (told,) = feerules.react(book(REVERSED), reversal("R-1", "2025-05-06", "P-1"), "2025-12-31")
    assert told.account_id is None
    assert told.reaction_id == "garden/payment-reversed//payment_reversed:R-1"


def test_what_was_allocated_is_nothing_that_happens() -> None:
    posted = {"payment_id": "P-1", "charge_id": "C-1", "amount": "1.00"}
    assert (
        feerules.react(book(FIVE), [posted, feerules.Allocation.model_validate(posted)], "2025-12-31") == []
    )


@pytest.mark.parametrize(("rules", "given", "said"), [
    (None, [], "found None (NoneType), expected a Book: feerules.load gives one"),
    ("p.yaml", [], "found 'p.yaml' (str), expected a Book: feerules.load gives one"),
    (book(FIVE), None, "found None (NoneType), expected an account, an entry or a list of entries"),
    (book(FIVE), 5, "found 5 (int), expected an account, an entry or a list of entries"),
    (book(FIVE), "C-1", "found 'C-1' (str), expected an account, an entry or a list of entries"),
])  # fmt: skip
def test_what_is_no_book_and_no_history_is_refused(rules: Any, given: Any, said: str) -> None:
    with pytest.raises(TypeError) as caught:
        feerules.react(rules, given, "2025-12-31")
    assert str(caught.value) == said


def test_every_entry_that_cannot_be_read_is_told_at_once() -> None:
    wrong = [
        event("E-1", "visit", "2025-05-01"), payment("P-1", "2025-5-3", "1.00"), {"type": "contact"}, "C-1",
        event("E-2", "contact", "2025-05-01", status="cancelled "), {"event_id": "E-3", "type": "contact"},
    ]  # fmt: skip
    with pytest.raises(EntryErrors) as caught:
        feerules.react(book(FIVE), wrong, "2025-12-31")
    assert str(caught.value) == (
        "6 problems in the entries\n"
        'events E-1: wrong_type: type = visit: found "visit", expected one of contact, demand, promise, plan, dispute,'
        " hardship, death, hold, pause, court, approval, acknowledgement, action\n"
        'payments P-1: wrong_type: effective_on = 2025-5-3: found "2025-5-3", expected a date, or a day as text such as 2026-11-30\n'
        "events #3: null_key: entry: found an entry that is none of event, payment or charge, expected event_id, payment_id or charge_id\n"
        "events #4: wrong_type: entry: found 'C-1' (str), expected an Event, a Payment, a Charge or a mapping\n"
        'events E-2: wrong_type: status = cancelled : found "cancelled ", expected one of open, closed, ended, resolved, cancelled; did you mean "cancelled"?\n'
        "events E-3: missing: effective_on: Field required"
    )


def test_entries_of_two_accounts_are_refused() -> None:
    two = [call("C-1", "2025-06-01", account_id="A-1"), call("C-2", "2025-06-01", account_id="A-2")]
    with pytest.raises(
        EntryErrors, match="found an entry of A-2, expected one of A-1: react is asked about one account"
    ):
        feerules.react(book(FIVE), two, "2025-12-31")


def test_entries_in_two_currencies_are_refused() -> None:
    two = [payment(f"P-{each}", "2025-06-01", "1.00", currency=each) for each in ("CNY", "HKD")]
    with pytest.raises(EntryErrors) as caught:
        feerules.react(book(FIVE), two, "2025-12-31")
    assert str(caught.value) == (
        "1 problem in the entries\n"
        "payments P-HKD: other_currency: currency = HKD: found an entry of HKD, expected one of CNY: react is asked"
        " about one account, in one currency"
    )


HONG_KONG = HEAD.replace("ladder:", "currency: HKD\nladder:")


@pytest.mark.parametrize("named", [{}, {"currency": "HKD"}])
def test_entries_that_name_no_currency_are_in_that_of_the_others_or_of_the_policies(
    named: dict[str, str],
) -> None:
    lived = visit("V-1", "2025-05-01"), payment("P-1", "2025-05-03", "1.00", **named)
    assert len(fired(book(PAID_BEFORE, head=HONG_KONG), *lived)) == 1


def test_where_policies_have_two_currencies_what_names_none_is_in_yuan() -> None:
    texts = {"a.yaml": HEAD + REVERSED, "b.yaml": HONG_KONG.replace("garden", "lake") + REVERSED}
    (told,) = feerules.react(feerules.load_files(texts), reversal("R-1", "2025-05-06", "P-1"), "2025-12-31")
    assert told.policy == "garden"


def test_an_account_without_a_policy_and_one_with_two_are_told() -> None:
    rules = book(FIVE)
    with pytest.raises(UnitErrors, match="no_policy"):
        feerules.react(rules, [], "1999-12-31")
    twice = feerules.load_files({"a.yaml": HEAD + FIVE, "b.yaml": HEAD.replace("garden", "lake") + FIVE})
    with pytest.raises(UnitErrors, match="policy_claimed_twice"):
        feerules.react(twice, [], "2025-12-31")
    assert feerules.react(twice, account(*CALLS, policy="lake"), "2025-12-31")[0].policy == "lake"


def test_a_policy_without_reactions_has_none() -> None:
    plain = feerules.load_files({"garden.yaml": HEAD.removesuffix("reactions:\n")})
    assert feerules.react(plain, CALLS, "2025-12-31") == []


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match='found \'drools\' as engine, expected "durable", "plain" or None'):
        feerules.react(book(FIVE), [], "2025-12-31", engine="drools")  # type: ignore[arg-type]


# Versions


def test_a_reaction_is_decided_by_the_version_of_its_day() -> None:
    old, new = (
        HEAD + TWICE_BROKEN,
        HEAD.replace("2000-01-01", "2025-03-12") + TWICE_BROKEN.replace("manager", "director"),
    )
    rules = versions(old, new)
    more = [
        promise(f"PR-{number}", f"2025-03-{day:02}", f"2025-03-{day:02}") for number, day in ((0, 2), (9, 20))
    ]
    told = feerules.react(rules, [*BROKEN, *more], "2025-12-31", engine="plain")
    assert [(each.day.isoformat(), each.to, each.version, each.events[0].id) for each in told] == [
        ("2025-03-06", "manager", "2000-01-01", "PR-0"),
        ("2025-03-21", "director", "2025-03-12", "PR-2"),
    ]


def test_what_has_fired_under_a_version_of_the_policy_fires_the_same_rule_of_the_next_no_more() -> None:
    rules = "{{id: silence, when: {{after: demand, without: payment, within: {days} days}}, then: notify}}"
    twice = "{{id: twice, when: {{count: dispute, at_least: {times}, within: 60 days}}, then: review}}"
    texts = [
        head + "".join(f"  - {each.format(days=days, times=times)}\n" for each in (rules, twice))
        for head, days, times in ((HEAD, 10, 2), (HEAD.replace("2000-01-01", "2025-06-01"), 20, 3))
    ]
    both = versions(*texts)
    lived = [
        demand("D-1", "2025-05-15"),
        *(
            event(f"X-{day}", "dispute", f"2025-{day}")
            for day in ("05-20", "05-21", "06-03", "06-04", "06-05")
        ),
    ]
    assert fired(both, *lived) == [
        ("twice", "2025-05-21", "X-05-20 X-05-21"),
        ("silence", "2025-05-26", "D-1"),
        ("twice", "2025-06-05", "X-06-03 X-06-04 X-06-05"),
    ]


@pytest.mark.parametrize(("lived", "found"), [
    ([demand("D-1", "2025-02-05")], [("demand-unpaid", "2025-03-01", "D-1")]),
    ([demand("D-1", "2025-02-20")], [("demand-unpaid", "2025-03-08", "D-1")]),
    ([demand("D-1", "2025-01-05")], [("demand-unpaid", "2025-02-05", "D-1")]),
    ([demand("D-1", "2025-02-05"), payment("P-1", "2025-02-26", "1.00")], []),  # in time, by the rules of that day
    ([demand("D-1", "2025-02-05"), event("X-1", "dispute", "2025-02-26")], []),
    ([demand("D-1", "2025-02-05"), payment("P-1", "2025-03-02", "1.00")], [("demand-unpaid", "2025-03-01", "D-1")]),
])  # fmt: skip
def test_a_version_that_makes_a_wait_shorter_ends_on_its_first_day_what_would_be_over(
    lived: list[dict[str, Any]], found: list[tuple[str, str, str]]
) -> None:
    assert fired(shortened("2025-03-01"), *lived) == found


def test_a_rule_that_is_new_ends_nothing_of_the_time_before_it() -> None:
    rules = versions(HEAD + REVERSED, HEAD.replace("2000-01-01", "2025-03-01") + UNPAID)
    assert fired(rules, demand("D-1", "2025-02-05")) == []


# What a reaction says


def whole() -> feerules.Reaction:
    lived = [demand("D-1", "2025-04-01", channel="courier", account_id="A-1")]
    (told,) = feerules.react(book(UNPAID), lived, "2025-12-31", engine="plain")
    return told


def test_a_reaction_carries_the_rule_its_place_and_its_source() -> None:
    told = whole()
    assert (told.reaction, told.then, told.step_id, told.template) == (
        "demand-unpaid",
        ("step",),
        "payment-order",
        "demand-unpaid",
    )
    assert (told.policy, told.version, told.where) == ("garden", "2000-01-01", "garden.yaml:9:5")
    assert told.source == {"document": "民法典", "clause": "第九百四十四条"}
    assert told.reaction_id == "garden/demand-unpaid/A-1/demand:D-1"


def test_a_reaction_is_plain_json() -> None:
    assert json.loads(json.dumps(whole().to_dict())) == {
        "schema": 1,
        "reaction_id": "garden/demand-unpaid/A-1/demand:D-1",
        "account_id": "A-1",
        "day": "2025-04-17",
        "reaction": "demand-unpaid",
        "title": {"zh": "催告后未付款", "en": "A demand without payment"},
        "then": ["step"],
        "to": None,
        "step_id": "payment-order",
        "template": "demand-unpaid",
        "events": [
            {
                "kind": "demand",
                "id": "D-1",
                "day": "2025-04-01",
                "told": {"channel": "courier", "delivered": True},
            }
        ],
        "waited": 15,
        "policy": "garden",
        "version": "2000-01-01",
        "where": "garden.yaml:9:5",
        "source": {"document": "民法典", "clause": "第九百四十四条"},
    }


EXPLAINED = {
    "absence": (
        UNPAID, [demand("D-1", "2025-04-01")],
        "催告后未付款：执行步骤payment-order。2025年4月17日触发，起因：2025年4月1日催告（D-1）、其后15天内没有等到应有的事项。",
        "A demand without payment: take the step payment-order. On April 17, 2025, because of: demand on April 1, 2025 (D-1), and in 15 days none of what was awaited.",
    ),
    "count": (
        TWICE_BROKEN, BROKEN,
        "三十日内两次失约：升级给manager处理。2025年3月16日触发，起因：2025年3月6日失约（PR-1）、2025年3月16日失约（PR-2）。",
        "Two promises broken in 30 days: hand over to manager. On March 16, 2025, because of: promise broken on March 6, 2025 (PR-1), promise broken on March 16, 2025 (PR-2).",
    ),
    "deeds": (
        PAID_BEFORE, [visit("V-1", "2025-05-01"), payment("P-1", "2025-05-03", "1.00")],
        "上门前已付款：取消原有安排、致谢。2025年5月3日触发，起因：2025年5月1日催缴安排（V-1）、2025年5月3日付款（P-1）。",
        "Paid before the visit: cancel what was arranged, thank for it. On May 3, 2025, because of: action on May 1, 2025 (V-1), payment on May 3, 2025 (P-1).",
    ),
    "role": (
        REVERSED, [reversal("R-1", "2025-05-06", "P-1")],
        "付款冲正：由clerk重新开启。2025年5月6日触发，起因：2025年5月6日付款冲正（R-1）。",
        "A payment was reversed: clerk opens it again. On May 6, 2025, because of: reversal of a payment on May 6, 2025 (R-1).",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_reaction_is_told_in_both_languages(name: str) -> None:
    rule, lived, chinese, english = EXPLAINED[name]
    (told,) = feerules.react(book(rule), lived, "2025-12-31", engine="plain")
    assert told.explain("zh_CN") == chinese
    assert told.explain("en") == english


def test_what_an_entry_tells_comes_with_the_reaction() -> None:
    (told,) = feerules.react(book(PAID_BEFORE), [visit("V-1", "2025-05-01"), payment("P-1", "2025-05-03", "250.60", method="wechat")], "2025-12-31")  # fmt: skip
    assert told.events[1].told == {"amount": Decimal("250.60"), "method": "wechat"}
    assert told.events[0].day == date(2025, 5, 1)


# Laws


@given(chances)
def test_as_days_pass_what_was_said_is_said_again(chance: Random) -> None:
    """What fires by a day follows from the entries by that day alone."""
    rules, lived = a_book(chance, 4), a_life(chance)
    whole, half = (fired(rules, *lived, as_of=day) for day in ("2025-06-30", "2025-02-05"))
    assert [each for each in whole if each[1] <= "2025-02-05"] == half


@given(chances)
def test_as_days_pass_what_was_said_is_said_again_by_versions_too(chance: Random) -> None:
    rules, lived = shortened("2025-02-05"), a_life(chance, 24)
    whole, half = (fired(rules, *lived, as_of=day) for day in ("2025-06-30", "2025-02-10"))
    assert [each for each in whole if each[1] <= "2025-02-10"] == half
    assert len({each[2] for each in whole}) == len(whole)


@given(chances)
def test_what_begins_a_reaction_begins_it_once(chance: Random) -> None:
    rules = a_book(chance, 4)
    told = feerules.react(rules, a_life(chance, 24), "2025-06-30", engine="plain")
    assert len({each.reaction_id for each in told}) == len(told)


@given(chances)
def test_given_entries_are_left_as_they_are(chance: Random) -> None:
    lived = a_life(chance)
    before = repr(lived)
    feerules.react(book(FIVE), lived, "2025-06-30")
    assert repr(lived) == before


def test_models_may_be_given_too() -> None:
    models = [Event.model_validate(each) for each in CALLS] + [
        Payment.model_validate(payment("P-1", "2025-06-09", "1.00"))
    ]
    assert [each.reaction for each in feerules.react(book(FIVE), models, "2025-12-31")] == ["three-calls"]
