"""A desk gives every reaction once: in order and out of it, twice told, late, ahead of time, across threads and restarts."""

from __future__ import annotations

import json
import threading
from datetime import date
from random import Random  # noqa: TID251  (made-up lives, from a seed)
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from accounts import account, charge, event, on, payment
from feerules import Desk, EntryErrors, Event, SnapshotError, UnitErrors
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
    visit,
)

chances = st.integers(0, 10**9).map(Random)
Told = list[tuple[str, str, str]]


def desk(*reactions: str, **more: Any) -> Desk:
    return Desk(book(*reactions), engine="plain", **more)


def told(found: list[feerules.Reaction]) -> Told:
    return [(each.reaction, each.day.isoformat(), " ".join(one.id for one in each.events)) for each in found]


def heard(one: Desk, *entries: dict[str, Any], as_of: str | None = None, account: str = "A-1") -> Told:
    """What entries fire, each received on its own day or all on one."""
    return [
        each
        for entry in entries
        for each in told(one.receive(entry, as_of or day_of(entry), account_id=account))
    ]


def day_of(entry: dict[str, Any]) -> Any:
    return entry.get("effective_on") or entry.get("issued_on") or entry["due_on"]


# One after another

CALLS = [call("C-1", "2025-06-01"), call("C-2", "2025-06-04"), call("C-3", "2025-06-08")]
DEMAND = demand("D-1", "2025-04-01")


def test_the_entry_that_makes_a_pattern_whole_fires_it() -> None:
    one = desk(THREE_CALLS)
    assert heard(one, CALLS[0], CALLS[1]) == []
    assert heard(one, CALLS[2]) == [("three-calls", "2025-06-08", "C-1 C-2 C-3")]
    assert heard(one, call("C-4", "2025-06-09")) == []


def test_accounts_are_told_apart() -> None:
    one = desk(THREE_CALLS)
    assert heard(one, CALLS[0], account="A-1") + heard(one, *CALLS[1:], account="A-2") == []
    assert len(one) == 2
    assert "A-2" in one
    assert "A-3" not in one


def test_an_entry_may_name_its_account_itself() -> None:
    one = desk(REVERSED)
    (found,) = one.receive(
        Event.model_validate(event("E-1", "death", "2025-06-01", account_id="A-7")), "2025-06-01"
    ) or [None]
    assert found is None
    (found,) = one.receive(reversal("R-1", "2025-06-01", "P-1", account_id="A-7"), "2025-06-01")
    assert found is not None
    assert (found.account_id, found.reaction_id) == (
        "A-7",
        "garden/payment-reversed/A-7/payment_reversed:R-1",
    )


def test_a_whole_number_as_account_is_its_text() -> None:
    one = desk(UNPAID)
    one.receive(DEMAND, "2025-04-01", account_id=501)
    one.receive(demand("D-2", "2025-04-01"), "2025-04-01", account_id="501")
    assert [each.account_id for each in Desk.restore(one.book, one.snapshot()).tick("2025-04-17")] == [
        "501"
    ] * 2
    assert 501 in one
    one.forget(501)
    assert len(one) == 0


@pytest.mark.parametrize(("name", "said"), [
    (5.5, "found 5.5 (float)"), (True, "found True (bool)"), ("", "found '' (str)"), (b"A-1", "found b'A-1' (bytes)"),
    ("A-\ud800", "found 'A-\\ud800' (str)"),
])  # fmt: skip
def test_an_account_that_is_no_id_is_refused(name: Any, said: str) -> None:
    one = desk(UNPAID)
    with pytest.raises(EntryErrors) as caught:
        one.receive(DEMAND, "2025-04-01", account_id=name)
    assert f"{said}, expected an id: text in Unicode, or a whole number" in str(caught.value)
    assert len(one) == 0


@pytest.mark.parametrize("read", [dict, Event.model_validate])
@pytest.mark.parametrize("field", ["event_id", "account_id", "reason", "actor"])
def test_text_that_cannot_be_written_is_refused_when_it_comes_in(field: str, read: Any) -> None:
    one, entry = desk(UNPAID), read(DEMAND | {"account_id": "A-1", field: "x\ud800"})
    with pytest.raises(EntryErrors) as caught:
        one.receive(entry, "2025-04-01")
    assert f"{field} = 'x\\ud800': found half of a surrogate pair, expected text in Unicode" in str(
        caught.value
    )
    assert str(caught.value).encode()
    assert len(one) == 0


def test_what_is_wrong_with_such_text_can_be_written_itself() -> None:
    with pytest.raises(EntryErrors) as caught:
        desk(UNPAID).receive({"event_id": "E-1", "type": "y\ud800", "z\ud800": 1}, "2025-04-01")
    assert str(caught.value).encode().decode() == (
        "2 problems in the entries\n"
        "events E-1: wrong_type: type = 'y\\ud800': found half of a surrogate pair, expected text in Unicode\n"
        "events E-1: wrong_type: 'z\\ud800' = 1: found half of a surrogate pair, expected text in Unicode"
    )


# Time that passes


def test_what_does_not_come_fires_when_time_passes() -> None:
    one = desk(UNPAID)
    assert heard(one, DEMAND) == []
    assert one.due == date(2025, 4, 17)
    assert one.tick("2025-04-16") == []
    assert told(one.tick("2025-04-17")) == [("demand-unpaid", "2025-04-17", "D-1")]
    assert one.tick("2025-12-31") == []
    assert one.due is None


def test_a_tick_that_comes_late_tells_the_day_on_which_it_was_due() -> None:
    one = desk(UNPAID)
    heard(one, DEMAND)
    assert told(one.tick("2025-11-30")) == [("demand-unpaid", "2025-04-17", "D-1")]


def test_what_comes_in_later_brings_what_was_due_before() -> None:
    one = desk(UNPAID)
    assert heard(one, DEMAND, payment("P-1", "2025-04-20", "1.00")) == [
        ("demand-unpaid", "2025-04-17", "D-1")
    ]


def test_a_promise_is_broken_when_time_passes() -> None:
    one = desk(TWICE_BROKEN)
    heard(one, promise("PR-1", "2025-03-01", "2025-03-05"), promise("PR-2", "2025-03-02", "2025-03-09"))
    assert told(one.tick("2025-03-09")) == []
    assert one.due == date(2025, 3, 10)
    assert told(one.tick("2025-03-10")) == [("twice-broken", "2025-03-10", "PR-1 PR-2")]


def test_ticks_come_by_day_and_account() -> None:
    one = desk(UNPAID)
    for name, day in (("A-2", "2025-04-01"), ("A-3", "2025-03-30"), ("A-1", "2025-04-01")):
        heard(one, demand("D-1", day), account=name)
    found = one.tick("2025-05-01")
    assert [(each.day.day, each.account_id) for each in found] == [(15, "A-3"), (17, "A-1"), (17, "A-2")]


def test_a_wait_that_a_version_makes_shorter_is_over_on_its_first_day() -> None:
    one = Desk(shortened("2025-03-01"), engine="plain")
    heard(one, demand("D-1", "2025-02-05"))
    assert one.tick("2025-02-28") == []
    assert one.due == date(2025, 3, 1)
    assert told(one.tick("2025-03-01")) == [("demand-unpaid", "2025-03-01", "D-1")]
    assert one.tick("2025-12-31") == []


# Out of order, twice, late, ahead


def test_entries_may_come_in_any_order() -> None:
    one = desk(THREE_CALLS)
    assert heard(one, CALLS[2], CALLS[0], as_of="2025-06-08") == []
    assert heard(one, CALLS[1], as_of="2025-06-09") == [("three-calls", "2025-06-08", "C-1 C-2 C-3")]


def test_an_entry_that_comes_twice_is_heard_once() -> None:
    one = desk(THREE_CALLS, REVERSED)
    assert heard(one, CALLS[0], CALLS[0], CALLS[1]) == []
    assert len(heard(one, reversal("R-1", "2025-06-09", "P-1"), reversal("R-1", "2025-06-09", "P-1"))) == 1
    assert one.ignored == {"duplicate": 2}


def test_an_entry_that_says_more_replaces_what_was_known() -> None:
    one = desk(UNPAID)
    assert heard(one, demand("D-1", "2025-04-01", delivered=None)) == []
    assert one.due == date(2025, 4, 17)  # looked at again, though nothing was delivered
    assert one.tick("2025-04-17") == []
    arrived = demand("D-1", "2025-04-03")
    assert heard(one, arrived, as_of="2025-04-18") == []
    assert told(one.tick("2025-04-19")) == [("demand-unpaid", "2025-04-19", "D-1")]


def test_words_on_one_entry_that_come_again_in_turn_fire_once() -> None:
    one = desk(FIVE)
    cleared, reversed_ = (
        payment("P-1", "2025-06-01", "250.60", status=status) for status in ("cleared", "reversed")
    )
    fired_by_each = [heard(one, each, as_of="2025-06-02") for each in (cleared, reversed_) * 3]
    assert [len(each) for each in fired_by_each] == [0, 1, 0, 0, 0, 0]


def test_a_payment_whose_status_becomes_reversed_is_taken_back_on_the_day_it_comes_in() -> None:
    one, paid = desk(UNPAID, REVERSED), payment("P-1", "2025-04-10", "1.00")
    gone = paid | {"status": "reversed"}
    assert heard(one, DEMAND, paid) + told(one.tick("2025-04-17")) == []
    assert heard(one, gone, as_of="2025-04-25") == [("payment-reversed", "2025-04-25", "P-1")]
    again = Desk.restore(one.book, one.snapshot(), engine="plain")
    assert heard(again, paid, gone, as_of="2025-04-28") + told(again.tick("2025-12-31")) == []
    assert again.ignored == {"duplicate": 2}


def test_an_older_word_that_comes_later_is_left_aside() -> None:
    one = desk(UNPAID)
    heard(one, demand("D-1", "2025-04-03", recorded_at="2025-04-04"))
    heard(one, demand("D-1", "2025-04-01", delivered=None, recorded_at="2025-04-01"))
    assert one.ignored == {"duplicate": 1}
    assert one.due == date(2025, 4, 19)


PROMISED = promise("PR-1", "2025-03-01", "2025-03-05", "300.00", recorded_at="2025-03-01")
CORRECTED = PROMISED | {"amount": "100.00", "recorded_at": "2025-03-02"}
BROKEN = "{id: broken, when: {event: promise_broken}, then: review}"


@pytest.mark.parametrize(("words", "broken"), [
    ([PROMISED, CORRECTED], False), ([CORRECTED, PROMISED], False), ([PROMISED], True),
    ([PROMISED | {"recorded_at": None}, CORRECTED | {"recorded_at": None}], False),
    ([CORRECTED | {"recorded_at": None}, PROMISED | {"recorded_at": None}], True),
])  # fmt: skip
def test_a_corrected_amount_is_the_later_word_for_a_desk_and_for_react(
    words: list[dict[str, Any]], broken: bool
) -> None:
    one, lived = desk(BROKEN), [*words, payment("P-1", "2025-03-04", "100.00")]
    assert heard(one, *lived, as_of="2025-03-04") == []
    found = told(one.tick("2025-12-31"))
    assert found == fired(book(BROKEN), *lived)
    assert bool(found) is broken


def test_a_later_word_that_no_reaction_asks_for_takes_the_place_of_what_was_known() -> None:
    one, closed = desk(UNPAID), DEMAND | {"status": "cancelled"}
    assert heard(one, DEMAND, closed) == []
    assert one.tick("2025-12-31") == []
    assert fired(book(UNPAID), DEMAND, closed) == []


def test_what_has_fired_is_used_up_whatever_comes_in_late() -> None:
    one = desk("{id: twice, when: {count: dispute, at_least: 2, within: 30 days}, then: review}")
    first, late, third, fourth = (event(f"X-{day}", "dispute", f"2025-03-{day:02}") for day in (1, 5, 10, 12))
    assert heard(one, first, third) == [("twice", "2025-03-10", "X-1 X-10")]
    assert heard(one, late, as_of="2025-03-11") == []
    assert heard(one, fourth) == [("twice", "2025-03-12", "X-5 X-12")]


def test_a_payment_that_is_recorded_after_the_days_were_over_takes_nothing_back() -> None:
    one = desk(UNPAID)
    heard(one, DEMAND)
    assert len(one.tick("2025-04-17")) == 1
    assert heard(one, payment("P-1", "2025-04-10", "1.00"), as_of="2025-04-20") == []
    assert one.tick("2025-12-31") == []


def test_a_delayed_entry_fires_with_the_day_on_which_it_would_have() -> None:
    one = desk(UNPAID)
    assert heard(one, DEMAND, as_of="2025-05-01") == [("demand-unpaid", "2025-04-17", "D-1")]


def test_an_entry_from_the_future_waits_for_its_day() -> None:
    one = desk(REVERSED)
    assert heard(one, reversal("R-1", "2025-06-20", "P-1"), as_of="2025-06-01") == []
    assert one.due == date(2025, 6, 20)
    assert one.tick("2025-06-19") == []
    assert told(one.tick("2025-06-20")) == [("payment-reversed", "2025-06-20", "R-1")]


def test_an_entry_that_comes_too_late_is_left_aside_and_counted() -> None:
    one = desk(PAID_BEFORE, late=10)  # it waits 30 days, and the day after
    heard(one, visit("V-1", "2025-05-31"))
    assert heard(one, visit("V-0", "2025-04-19"), as_of="2025-05-31") == []
    assert one.ignored == {"too_late": 1}
    assert heard(one, visit("V-2", "2025-05-02"), as_of="2025-05-31") == []
    assert heard(one, payment("P-1", "2025-05-31", "1.00")) == [
        ("paid-before-visit", "2025-05-31", "V-2 P-1"), ("paid-before-visit", "2025-05-31", "V-1 P-1"),
    ]  # fmt: skip


def test_the_clock_of_an_account_does_not_go_back() -> None:
    one = desk(UNPAID)
    heard(one, DEMAND)
    assert len(one.tick("2025-04-30")) == 1
    assert heard(one, demand("D-2", "2025-04-10"), as_of="2025-04-10") == [
        ("demand-unpaid", "2025-04-26", "D-2")
    ]


def test_what_no_reaction_asks_for_is_not_kept() -> None:
    one = desk(REVERSED)
    heard(one, charge("C-1", "2025-06-30", "250.60"), event("E-1", "hold", "2025-06-01"))
    assert len(one) == 0
    assert one.ignored == {"unasked": 2}


# Accounts


def test_an_account_nobody_has_heard_of_begins_with_its_entry() -> None:
    one = desk(REVERSED)
    assert len(heard(one, reversal("R-1", "2025-06-01", "P-1"), account="new")) == 1
    assert len(one) == 1


EAST = HEAD.replace("ladder:", "facts: {estate: {choice: [east, west]}}\napplies: {estate: east}\nladder:")


def test_a_fact_by_which_policies_apply_is_told_by_registering_the_account() -> None:
    one = Desk(book(REVERSED, head=EAST), engine="plain")
    with pytest.raises(UnitErrors, match="missing: estate"):
        heard(one, reversal("R-1", "2025-06-01", "P-1"))
    assert len(one) == 0
    one.register({"account_id": "A-1", "facts": {"estate": "east"}}, "2025-06-01")
    assert len(heard(one, reversal("R-1", "2025-06-01", "P-1"))) == 1


def test_an_account_may_come_with_its_history() -> None:
    one = desk(FIVE)
    assert told(one.register(account(*CALLS[:2], DEMAND), "2025-06-05")) == []  # the demand is of long ago
    assert one.ignored == {"too_late": 1}
    assert heard(one, CALLS[2]) == [("three-calls", "2025-06-08", "C-1 C-2 C-3")]


def test_a_history_that_comes_as_a_whole_is_looked_at_as_a_whole() -> None:
    one = desk(UNPAID)
    paid = account(
        demand("D-1", "2025-05-01"), payment("P-1", "2025-05-10", "1.00"), demand("D-2", "2025-05-11")
    )
    assert told(one.register(paid, "2025-06-01")) == [("demand-unpaid", "2025-05-27", "D-2")]
    assert one.register(paid, "2025-06-01") == []


def test_an_account_that_is_forgotten_is_as_if_never_heard_of() -> None:
    one = desk(UNPAID)
    heard(one, DEMAND)
    one.forget("A-1")
    one.forget("A-1")
    assert (len(one), one.due, one.tick("2025-12-31")) == (0, None, [])


def test_an_account_that_cannot_be_asked_when_time_passes_stands_apart() -> None:
    ended = HEAD.replace("from: 2000-01-01", "from: 2000-01-01, through: 2025-04-10")
    one = Desk(book(UNPAID, head=ended), engine="plain")
    heard(one, DEMAND)
    assert one.tick("2025-04-17") == []
    assert {name: str(error) for name, error in one.problems.items()} == {
        "A-1": "no_policy: no dunning policy of the book applies to this account"
    }
    again = Desk.restore(book(UNPAID), one.snapshot(), engine="plain")
    assert told(again.tick("2025-04-17")) == [("demand-unpaid", "2025-04-17", "D-1")]


def test_an_account_that_cannot_be_asked_is_due_again_on_the_next_day() -> None:
    ended = HEAD.replace("from: 2000-01-01", "from: 2000-01-01, through: 2025-04-10")
    one, days = Desk(book(UNPAID, head=ended), engine="plain"), []
    heard(one, DEMAND)
    while one.due and one.due <= date(2025, 4, 19):
        days.append(str(one.due))
        one.tick(one.due)
    assert days == ["2025-04-17", "2025-04-18", "2025-04-19"]
    assert [*one.problems] == ["A-1"]


def test_an_engine_that_fails_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one = desk(UNPAID)
    heard(one, DEMAND, account="A-1")
    heard(one, DEMAND, account="A-2")
    look = one._look

    def failing(compiled: Any, history: Any, until: int, used: Any) -> Any:
        if failing.left:  # type: ignore[attr-defined]
            failing.left -= 1  # type: ignore[attr-defined]
            raise feerules.FeeRulesError("out of order")
        return look(compiled, history, until, used)

    failing.left = 1  # type: ignore[attr-defined]
    monkeypatch.setattr(one, "_look", failing)
    first, second = one.tick("2025-04-17"), one.tick("2025-04-17")
    assert len(first) == len(second) == 1
    assert {each.account_id for each in (*first, *second)} == {"A-1", "A-2"}
    assert one.problems == {}


WRONG = {
    "nobody's": ({"event_id": "E-1", "type": "death", "effective_on": "2025-06-01"}, "no_account: account_id: nothing tells whose it is"),
    "another's": (payment("P-9", "2025-06-01", "1.00", account_id="A-2"), "other_account: account_id = A-2: found an entry of A-2, expected one of A-1, the account it was given for"),
    "unreadable": ({"event_id": "E-1", "account_id": "A-1", "type": "death"}, "missing: effective_on: Field required"),
    "another currency": (payment("P-9", "2025-06-01", "1.00", account_id="A-1", currency="HKD"), "other_currency: currency = HKD: found HKD, expected CNY, the currency of its account"),
    "no entry": ({"account_id": "A-1"}, "null_key: entry: found an entry that is none of event, payment or charge"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_an_entry_that_cannot_be_used_is_told_and_the_desk_stays_as_it_was(name: str) -> None:
    entry, said = WRONG[name]
    one = desk(FIVE)
    heard(one, CALLS[0])
    before = one.snapshot()
    with pytest.raises(EntryErrors) as caught:
        one.receive(entry, "2025-06-02", account_id="A-1" if name == "another's" else None)
    assert said in str(caught.value)
    assert one.snapshot() == before


def test_an_account_has_no_more_entries_than_the_desk_has_room_for() -> None:
    one = desk(THREE_CALLS, most=3)
    quiet = [call(f"Q-{number}", "2025-06-01", "answered") for number in range(3)]
    heard(one, *quiet)
    with pytest.raises(
        EntryErrors,
        match="too_many_entries: account_id = A-1: the account has 3 entries of the last 38 days, and that is the most",
    ):
        heard(one, CALLS[0])
    heard(one, call("Q-9", "2025-08-01"))  # what was long ago is let go
    assert len(one) == 1


# What is kept


def test_an_account_keeps_no_more_than_its_longest_wait_and_what_may_come_late() -> None:
    one = desk(THREE_CALLS, late=5)
    for number in range(200):
        heard(one, call(f"C-{number}", on(number).isoformat(), "answered"))
    (line,) = one.snapshot().splitlines()[1:]
    kept = json.loads(line)[1]
    assert len(kept["rows"]) == 8 + 5 + 1  # seven days and the one after, what may come late, and today
    assert "spent" not in kept


def test_a_promise_is_kept_as_long_as_it_may_be_broken() -> None:
    one = desk("{id: broken, when: {event: promise_broken}, then: review}")
    heard(one, promise("PR-1", "2025-01-01", "2025-12-01", "30.00"))
    for number in range(1, 10):
        heard(one, payment(f"P-{number}", f"2025-0{number}-02", "1.00"))
    assert told(one.tick("2025-12-02")) == [("broken", "2025-12-02", "PR-1")]


@pytest.mark.long
def test_a_hundred_thousand_accounts_fire_once_each_and_take_300_bytes_each() -> None:
    one, many = desk(UNPAID), 100_000
    for number in range(many):
        assert one.receive(DEMAND, "2025-04-01", account_id=f"A-{number}") == []
    assert len(one) == many
    assert len(one.snapshot()) < 300 * many
    assert len({each.account_id for each in one.tick("2025-04-17")}) == many
    assert one.tick("2025-04-18") == []


# Restarts


def test_a_desk_goes_on_where_its_snapshot_was_taken() -> None:
    one = desk(FIVE)
    heard(one, *CALLS[:2], DEMAND)
    again = Desk.restore(book(FIVE), one.snapshot(), engine="plain")
    assert (len(again), again.due) == (len(one), one.due)
    assert heard(again, CALLS[2]) == heard(one, CALLS[2]) == [("three-calls", "2025-06-08", "C-1 C-2 C-3")]
    third = Desk.restore(book(FIVE), again.snapshot(), engine="plain")
    assert heard(third, CALLS[2]) == []


def test_how_late_entries_may_come_and_how_many_outlive_a_restart() -> None:
    one = desk(THREE_CALLS, late=90, most=2)
    again = Desk.restore(one.book, one.snapshot(), engine="plain")
    assert (again.late, again.most) == (90, 2)
    other = Desk.restore(one.book, one.snapshot(), engine="plain", late=0, most=5)
    assert (other.late, other.most) == (0, 5)


def test_a_snapshot_is_lines_of_json() -> None:
    one = desk(FIVE)
    heard(one, payment("P-1", "2025-06-01", "250.60", designated_fee="物业费"), account="账户\n1")
    head, line = one.snapshot().decode().splitlines()
    assert json.loads(head) == {
        "kind": "feerules-desk",
        "schema": 1,
        "accounts": 1,
        "digest": one.book.digest,
        "late": 30,
        "most": 1_000,
        "policies": ["garden"],
    }
    assert json.loads(line)[0] == "账户\n1"


def test_facts_and_currency_outlive_a_restart() -> None:
    hong_kong = EAST.replace("ladder:", "currency: HKD\nladder:", 1)
    one = Desk(book(REVERSED, head=hong_kong), engine="plain")
    one.register({"account_id": "A-1", "currency": "HKD", "facts": {"estate": "east"}}, "2025-06-01")
    again = Desk.restore(one.book, one.snapshot(), engine="plain")
    assert len(heard(again, reversal("R-1", "2025-06-02", "P-1", currency="HKD"))) == 1


def test_an_account_begins_in_the_currency_of_the_policies() -> None:
    one = Desk(book(REVERSED, head=HEAD.replace("ladder:", "currency: HKD\nladder:")), engine="plain")
    assert len(heard(one, reversal("R-1", "2025-06-02", "P-1"))) == 1


def test_under_a_newer_book_what_has_fired_stays_so() -> None:
    one = desk(REVERSED)
    heard(one, reversal("R-1", "2025-06-01", "P-1"))
    newer = book(
        REVERSED.replace("clerk", "manager"), "{id: told, when: {event: payment_reversed}, then: notify}"
    )
    again = Desk.restore(newer, one.snapshot(), engine="plain")
    found = again.receive(reversal("R-2", "2025-06-02", "P-1"), "2025-06-02", account_id="A-1")
    assert [(each.reaction, each.to, each.events[0].id) for each in found] == [
        ("told", None, "R-1"), ("payment-reversed", "manager", "R-2"), ("told", None, "R-2"),
    ]  # fmt: skip


def test_what_a_newer_book_would_have_fired_before_is_not_lost() -> None:
    one, shorter = desk(UNPAID.replace("15 days", "30 days")), book(UNPAID)
    heard(one, DEMAND, demand("D-2", "2025-04-20"))
    again = Desk.restore(shorter, one.snapshot(), engine="plain")
    assert again.due == date(2025, 4, 20)
    again = Desk.restore(shorter, again.snapshot(), engine="plain")  # still not asked
    assert told(again.tick("2025-04-21")) == [("demand-unpaid", "2025-04-17", "D-1")]
    assert told(again.tick("2025-12-31")) == [("demand-unpaid", "2025-05-06", "D-2")]


def test_under_the_same_book_nothing_is_asked_again() -> None:
    one = desk(UNPAID)
    heard(one, DEMAND)
    one.tick("2025-04-10")
    assert Desk.restore(one.book, one.snapshot(), engine="plain").due == date(2025, 4, 17)


def twice(data: bytes) -> bytes:
    head, line, _ = data.split(b"\n")
    return b"\n".join([head.replace(b'"accounts": 1', b'"accounts": 2'), line, line, b""])


SPOILT = {
    "nothing": (lambda data: b"", "found b'' in the first line, expected a snapshot of a desk: kind feerules-desk"),
    "another file": (lambda data: b'{"kind": "book"}\n', "expected a snapshot of a desk"),
    "a later schema": (lambda data: data.replace(b'"schema": 1', b'"schema": 2'), "found a snapshot of schema 2, expected schema 1"),
    "cut off": (lambda data: data[:-9], "whole lines, expected 1: the snapshot was cut off, or changed"),
    "a line too many": (lambda data: data + b"[]\n", "found 2 whole lines, expected 1"),
    "no account": (lambda data: data.replace(b'"rows"', b'"rowx"'), "in line 2, expected an account and what is kept of it"),
    "text": (lambda data: data.decode(), "found a str, expected bytes, as snapshot() gives them"),
    "no count": (lambda data: data.replace(b'"accounts"', b'"accountx"'), "found accountx, digest, late, most, policies in the first line, expected accounts, digest, late, most, policies, each as a desk writes it"),
    "half an entry": (lambda data: data.replace(b'"rows":[[0,', b'"rows":[[1],[0,'), "in line 2, expected an account and what is kept of it"),
    "an entry of no sort": (lambda data: data.replace(b'"rows":[[0,', b'"rows":[[9,'), "in line 2, expected an account and what is kept of it"),
    "an account twice": (twice, "found 'A-1' in line 3 and in line 2, expected each account once"),
    "patience of text": (lambda data: data.replace(b'"late": 30', b'"late": "30"'), "in the first line, expected accounts, digest, late, most, policies, each as a desk writes it"),
    "a head that says more": (lambda data: data.replace(b'"late"', b'"lates": 1, "late"'), "found accounts, digest, lates, late, most, policies in the first line"),
    "another book": (lambda data: data.replace(b'["garden"]', b'["lake"]'), "found a snapshot under the policies lake, expected one under those of the book: garden"),
    "an account of another policy": (lambda data: data.replace(b'"rows"', b'"policy":"lake","rows"'), "found the account 'A-1' in line 2, of the policy lake, expected one of the policies of the book: garden"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_snapshot_is_refused(name: str) -> None:
    one = desk(FIVE)
    heard(one, DEMAND)
    spoil, said = SPOILT[name]
    with pytest.raises(SnapshotError) as caught:
        Desk.restore(book(FIVE), spoil(one.snapshot()), engine="plain")
    assert said in str(caught.value)


SPOILT_PARTS: dict[str, Any] = {
    "a day of text": {"day": "2025-04-01"}, "no day": {"day": None}, "a day that is true": {"day": True},
    "a day beyond the calendar": {"day": 10**9}, "entries of text": {"rows": "none"},
    "a key that nobody knows": {"spnt": {}}, "what is spent as a list": {"spent": ["garden/silence"]},
    "what is spent by one": {"spent": {"garden/silence": "demand:D-1"}}, "a currency of null": {"currency": None},
    "a policy that is a number": {"policy": 5}, "facts as a list": {"facts": []},
    "half of a surrogate pair": {"currency": "\ud800"}, "outdated in words": {"outdated": "yes"},
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT_PARTS)
def test_what_a_desk_does_not_keep_is_refused_with_its_line(name: str) -> None:
    with pytest.raises(SnapshotError, match="in line 2, expected an account and what is kept of it"):
        Desk.restore(book(FIVE), changed(lambda kept: kept.update(SPOILT_PARTS[name])), engine="plain")


@pytest.mark.parametrize(("place", "value"), [
    (0, True), (0, -1), (1, 5), (2, "2025-04-01"), (2, None), (3, "09:00"), (4, "visit"), (4, None), (5, []), (5, None),
    (5, {"channel": 1}), (5, {"amount": "1.00"}), (5, {"color": "red"}), (6, 7), (6, [1, "2"]), (7, None), (8, "2025-04-05"),
])  # fmt: skip
def test_an_entry_with_a_value_of_another_type_is_refused(place: int, value: Any) -> None:
    def spoil(kept: Any) -> None:
        row = kept["rows"][0]
        row += [None, "", 20181][len(row) - 6 :]
        row[place] = value

    assert len(Desk.restore(book(FIVE), changed(lambda kept: None), engine="plain")) == 1
    with pytest.raises(SnapshotError, match="in line 2, expected an account and what is kept of it"):
        Desk.restore(book(FIVE), changed(spoil), engine="plain")


def changed(change: Any) -> bytes:
    """The snapshot of a desk that has heard of one demand, with a change to what it keeps."""
    one = desk(FIVE)
    heard(one, DEMAND)
    head, line = one.snapshot().splitlines()
    name, kept = json.loads(line)
    change(kept)
    return b"\n".join([head, json.dumps([name, kept]).encode(), b""])


def test_a_desk_without_room_or_patience_is_refused() -> None:
    with pytest.raises(ValueError, match="found late=-1 and most=0, expected days from 0 and entries from 1"):
        desk(FIVE, late=-1, most=0)


@pytest.mark.parametrize("late", [None, "30", 1.5, True])
def test_a_desk_is_patient_for_whole_days(late: Any) -> None:
    with pytest.raises(TypeError, match="and most=1000, expected whole numbers of days and entries"):
        desk(FIVE, late=late)


def test_a_desk_needs_a_book() -> None:
    said = r"found None \(NoneType\), expected a Book: feerules.load gives one"
    with pytest.raises(TypeError, match=said):
        Desk(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=said):
        Desk.restore(None, desk(FIVE).snapshot())  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [None, "A-1", 5, [CALLS[0]]])
def test_what_is_no_account_is_not_registered(given: Any) -> None:
    with pytest.raises(TypeError, match="expected an Account or a mapping"):
        desk(FIVE).register(given, "2025-06-01")


@pytest.mark.parametrize("fact", [{1}, b"east", float("nan"), 1j, "\ud800", [date(2025, 1, 1)]])
def test_a_fact_that_no_snapshot_could_have_is_refused(fact: Any) -> None:
    one = desk(FIVE)
    with pytest.raises(TypeError, match="as fact 'estate', expected what JSON has"):
        one.register({"account_id": "A-1", "facts": {"estate": fact}}, "2025-06-01")
    assert len(one) == 0


@pytest.mark.parametrize("name", ["account_id", "currency", "policy"])
def test_an_account_that_cannot_be_written_is_not_registered(name: str) -> None:
    with pytest.raises(EntryErrors, match=f"wrong_type: {name} = 'x.ud800': found half of a surrogate pair"):
        desk(FIVE).register({"account_id": "A-1", name: "x\ud800"}, "2025-06-01")


def test_what_others_fire_is_not_lost_where_the_engine_fails_on_one() -> None:
    one, fails = desk(UNPAID), ["A-1", "A-2"]
    for number in range(6):
        heard(one, DEMAND | {"event_id": f"D-{number}"}, account=f"A-{number}")
    look = one._look

    def failing(compiled: Any, history: Any, until: int, used: Any) -> Any:
        if fails and history[0].id[-1] in "12":
            raise RuntimeError(fails.pop())
        return look(compiled, history, until, used)

    one._look = failing
    assert [each.account_id for each in one.tick("2025-04-17")] == ["A-0", "A-3", "A-4", "A-5"]
    assert sorted(one.problems) == ["A-1", "A-2"]
    assert [each.account_id for each in one.tick("2025-04-17")] == ["A-1", "A-2"]
    assert (one.problems, one.due, one.tick("2025-04-18")) == ({}, None, [])


def test_whatever_an_account_raises_nothing_of_the_others_is_lost() -> None:
    one = desk(UNPAID)
    for name in ("A-1", "A-2", "A-3"):
        heard(one, DEMAND, account=name)
    shard = one._shard("A-2")
    shard.accounts["A-2"] = b"{"
    assert [each.account_id for each in one.tick("2025-04-17")] == ["A-1", "A-3"]
    assert [*one.problems] == ["A-2"]


def test_of_an_account_with_its_history_entries_of_others_are_left_aside() -> None:
    one = desk(REVERSED)
    given = account(
        reversal("R-1", "2025-06-01", "P-1"),
        reversal("R-2", "2025-06-02", "P-2", currency="HKD"),
        reversal("R-3", "2025-06-03", "P-3", account_id="A-2"),
    )
    assert [each.events[0].id for each in one.register(given, "2025-06-30")] == ["R-1"]


# Threads


def test_threads_fire_each_reaction_once() -> None:
    one, found = desk(FIVE), list[Told]()
    names = [f"A-{number}" for number in range(12)]

    def work() -> None:
        mine: Told = []
        for name in names:
            mine += heard(one, *CALLS, account=name)
        mine += told(one.tick("2025-06-30"))
        found.append(mine)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    every = [each for mine in found for each in mine]
    assert every == [("three-calls", "2025-06-08", "C-1 C-2 C-3")] * len(names)


def test_a_snapshot_may_be_taken_while_others_write() -> None:
    one, stop = desk(FIVE), threading.Event()

    def write() -> None:
        for number in range(300):
            heard(one, demand(f"D-{number}", "2025-04-01"), account=f"A-{number % 40}")
        stop.set()

    thread = threading.Thread(target=write)
    thread.start()
    counts = []
    while not stop.is_set():
        counts.append(len(Desk.restore(one.book, one.snapshot(), engine="plain")))
    thread.join()
    assert counts == sorted(counts)
    assert len(Desk.restore(one.book, one.snapshot(), engine="plain")) == 40


# Laws


@settings(max_examples=60)
@given(chances)
def test_a_desk_that_hears_all_in_time_says_what_react_says(chance: Random) -> None:
    """With a day for each entry: on one day entries may come in another order than they count."""
    rules = a_book(chance, 4)
    life = {str(day_of(entry)): entry for entry in a_life(chance, 20)}
    # Nothing is taken back before it came: a desk that heard so has let go of it when the payment comes.
    paid = {entry.get("payment_id"): day for day, entry in life.items()}
    life = {
        day: entry for day, entry in life.items() if paid.get(entry.get("reverses_payment_id"), day) <= day
    }
    one, found = Desk(rules, engine="plain"), Told()
    for day in sorted(life):
        found += heard(one, life[day], as_of=day)
        found += told(one.tick(day)) if chance.random() < 0.3 else []
    found += told(one.tick("2025-06-30"))
    assert sorted(found) == sorted(fired(rules, *life.values(), as_of="2025-06-30"))


@settings(max_examples=60)
@given(chances)
def test_a_desk_that_hears_all_in_time_says_what_react_says_by_versions_too(chance: Random) -> None:
    rules = shortened(str(on(chance.randrange(70))))
    life = {str(day_of(each)): each for each in a_life(chance, 24) if "reverses_payment_id" not in each}
    one, found = Desk(rules, engine="plain"), Told()
    for day in sorted(life):
        found += heard(one, life[day], as_of=day)
    found += told(one.tick("2025-06-30"))
    assert sorted(found) == sorted(fired(rules, *life.values(), as_of="2025-06-30"))


@settings(max_examples=60)
@given(chances)
def test_a_desk_that_hears_in_time_that_payments_were_reversed_says_what_react_says(chance: Random) -> None:
    rules, life = a_book(chance, 4), dict[str, dict[str, Any]]()
    for entry in a_life(chance, 20):
        if "reverses_payment_id" not in entry:
            life[str(day_of(entry))] = entry | {"recorded_at": str(day_of(entry))}
    for number, paid in enumerate([each for each in life.values() if each.get("status") == "cleared"]):
        day = str(on(80 + number) if chance.random() < 0.5 else on(chance.randrange(70)))
        if day not in life and day > day_of(paid):
            life[day] = paid | {"status": "reversed", "recorded_at": day}
    one, found = Desk(rules, engine="plain", late=100), Told()
    for day in sorted(life):
        found += heard(one, life[day], as_of=day)
        found += told(one.tick(day)) if chance.random() < 0.3 else []
    found += told(one.tick("2025-06-30"))
    assert sorted(found) == sorted(fired(rules, *life.values(), as_of="2025-06-30"))


@settings(max_examples=60)
@given(chances)
def test_whatever_the_order_and_however_often_nothing_is_used_twice(chance: Random) -> None:
    rules, life = a_book(chance, 4), a_life(chance, 20)
    one, found = Desk(rules, engine="plain", late=400), list[feerules.Reaction]()
    mixed = [*life, *chance.sample(life, len(life) // 2)]
    chance.shuffle(mixed)
    for number, entry in enumerate(mixed):
        found += one.receive(entry, on(number * 3), account_id="A-1")
    found += one.tick("2025-12-31")
    assert one.tick("2026-12-31") == []
    counting = {each.id for each in rules.policies[0][0].policy.reactions if hasattr(each.when, "count")}
    used = [
        (each.reaction, part.key)
        for each in found
        for part in (each.events if each.reaction in counting else each.events[:1])
    ]
    assert len(set(used)) == len(used)
    assert len({each.reaction_id for each in found}) == len(found)


@settings(max_examples=40)
@given(chances)
def test_a_restart_at_any_moment_changes_nothing(chance: Random) -> None:
    rules, life = a_book(chance, 4), a_life(chance, 20)
    chance.shuffle(life)
    steady, restarted = (Desk(rules, engine="plain") for _ in range(2))
    for number, entry in enumerate(life):
        if chance.random() < 0.3:
            restarted = Desk.restore(rules, restarted.snapshot(), engine="plain")
        day = on(number * 4)
        assert restarted.receive(entry, day, account_id="A-1") == steady.receive(entry, day, account_id="A-1")
        if chance.random() < 0.2:
            assert restarted.tick(day) == steady.tick(day)
    assert restarted.due == steady.due
    assert restarted.tick("2025-12-31") == steady.tick("2025-12-31")
