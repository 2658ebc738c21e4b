"""What holds for every account under every policy: when a decision can change, and what is never done."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

import feerules
from accounts import FIRST, a_charge, a_payment, accounts, an_event, charge, event, payment
from feerules import Account, Act, Book, Decision, Event
from feerules.documents.policy import DunningPolicy, Step
from feerules.plan.ledgers import CONNECTED
from how_often import often
from policies import book, owing, policies

MOST = 60  # days that are asked about one by one, before the last
MANY = often(100)
SOME = often(50)  # of laws that ask for a decision many times over
days = st.integers(0, 190).map(lambda number: FIRST + timedelta(days=number))
debtors = st.one_of(owing(), owing(), accounts())


def said(decision: Decision) -> tuple[str, str, str, str]:
    """What must not change before the day of review."""
    step, stop = getattr(decision, "step_id", ""), getattr(decision, "stop", "")
    return decision.decision, step, stop, decision.kind


def plainly(account: Account, rules: Book, as_of: date, **more: Any) -> dict[str, Any]:
    return feerules.next_action(account, rules, as_of, **more).to_dict()


@settings(deadline=None, max_examples=MANY)
@given(debtors, policies(), days)
def test_a_decision_stands_until_its_day_of_review(account: Account, body: str, as_of: date) -> None:
    rules = book(body)
    decision = feerules.next_action(account, rules, as_of)
    end = decision.next_review_on or as_of + timedelta(days=400)
    assert end > as_of
    first = [as_of + timedelta(days=number) for number in range(1, MOST)]
    for day in [day for day in (*first, end - timedelta(days=1)) if as_of < day < end]:
        later = feerules.next_action(account, rules, day)
        note(f"{body}\n{decision.next_review_on}: {said(decision)}, on {day}: {said(later)}")
        assert said(later) == said(decision)


VERSIONS = ["2025-02-01", "2025-03-10", "2025-06-01"]


@settings(deadline=None, max_examples=MANY)
@given(debtors, policies(), policies(), days, st.sampled_from(VERSIONS))
def test_a_new_version_of_the_policy_ends_a_decision(
    account: Account, body: str, later: str, as_of: date, first: str
) -> None:
    head = f"kind: dunning-policy\nid: random\neffective: {{from: {first}}}\n"
    rules = book(body, second=head + later)
    decision = feerules.next_action(account, rules, as_of)
    if as_of < date.fromisoformat(first):
        assert decision.next_review_on is not None
        assert decision.next_review_on <= date.fromisoformat(first)
    assert decision.version == ("2000-01-01" if as_of < date.fromisoformat(first) else first)


# What is never done

STOPS = """\
stops:
  - {id: held, when: {hold: true}, then: hold, review: 3 days, lets_through: [file]}
  - {id: disputed, when: {dispute: open}, then: review, review: 9 days, lets_through: [file, visit]}
"""


@settings(deadline=None, max_examples=MANY)
@given(debtors, policies(STOPS, ("file", "visit")), days)
def test_nothing_is_done_with_who_owes_nothing_or_is_stopped(
    account: Account, body: str, as_of: date
) -> None:
    decision = feerules.next_action(account, book(body), as_of)
    if not isinstance(decision, Act):
        return
    position = decision.position
    assert position.outstanding > 0
    assert not position.contradictions
    if position.hold:
        assert decision.step_id == "file"
    elif position.dispute_state == "open":
        assert decision.step_id in ("file", "visit")


def done(decision: Act, number: int, delivered: bool | None, outcome: str | None, must_be: bool) -> Event:
    """The event that an ERP records when an action was carried out."""
    day = decision.as_of
    given = event(
        f"Z-{number}",
        "demand" if must_be else "contact" if decision.channel else "action",
        day.isoformat(),
        step_id=decision.step_id,
        channel=decision.channel,
        delivered=delivered,
        outcome=outcome if decision.channel and not must_be else None,
        occurred_at=datetime.combine(day, time(10, number % 60)),
    )
    return Event.model_validate(given)


def attempts(account: Account, first: date, last: date) -> list[Event]:
    """The contacts of some days, counted by hand."""
    return [
        each
        for each in account.events
        if each.type in ("contact", "demand") and each.status == "open" and first <= each.effective_on <= last
    ]


def reached(found: list[Event]) -> int:
    return sum(each.delivered is True or each.outcome in CONNECTED for each in found)


def check_limits(account: Account, policy: DunningPolicy, day: date) -> None:
    """Another contact today is within every limit."""
    limits = policy.limits
    today, monday = attempts(account, day, day), day - timedelta(days=day.weekday())
    if limits.day.attempts is not None:
        assert len(today) < limits.day.attempts
    if limits.day.connected is not None:
        assert reached(today) < limits.day.connected
    if limits.week.at_most is not None:
        assert reached(attempts(account, monday, day)) < limits.week.at_most
    for number in range(limits.gap or 0):
        before = day - timedelta(days=number)
        assert not attempts(account, before, before)


def channel_of(step: Step, decision: Act, failed: int) -> str:
    """The channel of a step that has just failed so often."""
    at = decision.position[f"steps.{step.id}.count"] + failed if step.in_turn else failed
    most = len(step.channels)
    return step.channels[at % most if step.in_turn else min(at, most - 1)].channel


results = st.tuples(
    st.sampled_from([None, True, False, False]), st.sampled_from([None, "answered", "no_answer"])
)


@settings(deadline=None, max_examples=SOME)
@given(owing(), policies(), days, st.lists(results, min_size=40, max_size=40))
def test_carried_out_day_after_day_no_gap_and_no_limit_is_passed(
    account: Account, body: str, start: date, outcomes: list[tuple[bool | None, str | None]]
) -> None:
    rules = book(body)
    policy = rules.policies[0][0].policy
    assert policy.ladder is not None
    steps = {step.id: step for step in policy.ladder.steps}
    # What was done before has its own examples: here each step begins anew.
    account = account.model_copy(
        update={"events": tuple(each for each in account.events if not each.step_id)}
    )
    last: dict[str, date] = {}
    failed: dict[str, int] = defaultdict(int)
    number = 0
    for passed in range(28):
        day = start + timedelta(days=passed)
        while number < len(outcomes):
            decision = feerules.next_action(account, rules, day)
            for rests in (steps[each.rule] for each in decision.reasons if each.code == "resting"):
                assert (day - last[rests.id]).days < max(rests.gap or 0, 1)
            if not isinstance(decision, Act):
                break
            step = steps[decision.step_id]
            note(f"{day}: {decision.step_id} {decision.channel} {outcomes[number]}")
            if step.id in last:
                assert (day - last[step.id]).days >= max(step.gap or 0, 1)
            if decision.channel:
                check_limits(account, policy, day)
                assert decision.channel == channel_of(step, decision, failed[step.id])
            delivered, outcome = outcomes[number]
            made = done(decision, number, delivered, outcome, step.must_be is not None)
            account = account.model_copy(update={"events": (*account.events, made)})
            number += 1
            # A failed delivery gives way to the next channel at once, until none is left.
            failed[step.id] += delivered is False
            gives_way = delivered is False and failed[step.id] < len(step.channels)
            if not gives_way:
                last[step.id] = day
            if delivered if step.must_be else not gives_way:
                failed[step.id] = 0


# History


@settings(deadline=None, max_examples=SOME)
@given(debtors, policies(), days, st.integers(0, 190), st.integers(0, 40))
def test_a_reversed_payment_restores_the_decision(
    account: Account, body: str, as_of: date, paid: int, later: int
) -> None:
    on = FIRST + timedelta(days=paid)
    assume(on + timedelta(days=later) <= as_of)
    given = payment("Z-1", on.isoformat(), "7777.00")
    back = payment("Z-2", (on + timedelta(days=later)).isoformat(), None, reverses_payment_id="Z-1")
    entries = account.model_dump()
    reversed_ = Account.model_validate({**entries, "payments": [*entries["payments"], given, back]})
    rules = book(body)
    assert plainly(reversed_, rules, as_of) == plainly(account, rules, as_of)


@settings(deadline=None, max_examples=SOME)
@given(st.one_of(owing(), accounts(faults=True)), policies(), days, st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_nothing(account: Account, body: str, as_of: date, random: Any) -> None:
    entries = account.model_dump()
    for name in ("charges", "payments", "allocations", "events"):
        entries[name] = random.sample([*entries[name]], len(entries[name]))
    rules = book(body)
    assert plainly(Account.model_validate(entries), rules, as_of) == plainly(account, rules, as_of)


@settings(deadline=None, max_examples=SOME)
@given(debtors, policies(), days, days, st.data())
def test_what_is_recorded_later_changes_no_answer_of_before(
    account: Account, body: str, as_of: date, known_at: date, data: st.DataObject
) -> None:
    later = known_at + timedelta(days=data.draw(st.integers(1, 30)))
    chance = data.draw(st.randoms(use_true_random=False))
    owed = [each.charge_id for each in account.charges if each.kind == "charge"]
    more = {
        "charges": [a_charge(chance, 90, owed), charge("Z-9", "2025-01-05", "1.00")],
        "payments": [a_payment(chance, 90, owed, [])],
        "events": [an_event(chance, 90, owed)],
    }
    entries = account.model_dump()
    for name, added in more.items():
        entries[name] = [*entries[name], *({**each, "recorded_at": later} for each in added)]
    rules = book(body)
    before = plainly(account, rules, as_of, known_at=known_at)
    assert plainly(Account.model_validate(entries), rules, as_of, known_at=known_at) == before
