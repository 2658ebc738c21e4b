"""What is done next: the ladder, channels, stops, limits and hours, each rule by an example."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import feerules
from accounts import account, charge, event, payment
from feerules import Account, Act, Clear, Decision, Hold, Review, Wait
from feerules.calendars import Calendar
from feerules.decisions import SAYINGS, Reason
from feerules.wording import translate
from policies import book

DEBT = charge("C-1", "2026-10-31", "250.60")
TODAY = "2026-11-10"  # a Tuesday; ten days overdue


def did(number: int, step: str, on: str, **more: Any) -> dict[str, Any]:
    return event(f"E-{number}", more.pop("type", "contact"), on, step_id=step, **more)


def steps(*each: str, order: str = "first") -> str:
    return f"ladder:\n  order: {order}\n  steps:\n" + "".join(f"    - {{{step}}}\n" for step in each)


@dataclass(frozen=True)
class Case:
    """A policy, what happened on an account, and what is told of the decision."""

    title: str
    body: str
    events: tuple[dict[str, Any], ...] = ()
    expected: dict[str, Any] = field(default_factory=dict)
    as_of: str = TODAY
    entries: tuple[dict[str, Any], ...] = (DEBT,)


def told(decision: Decision, name: str) -> Any:
    if name == "reasons":
        return " ".join(reason.code for reason in decision.reasons)
    value = decision.to_dict().get(name)
    return value


def check(case: Case) -> None:
    found = feerules.next_action(account(*case.entries, *case.events), book(case.body), case.as_of)
    assert {name: told(found, name) for name in case.expected} == case.expected


def cases(*groups: list[Case]) -> Any:
    every = [case for group in groups for case in group]
    return pytest.mark.parametrize("case", every, ids=lambda case: case.title)


REMINDER = 'id: reminder, when: {days_overdue: ">= 5"}, channels: [wechat, sms], gap: 5 days, at_most: 2'
CALL = 'id: call, when: {days_overdue: ">= 3"}, channels: [phone, visit], gap: 3 days'
TWO = (REMINDER, CALL)

ORDERS = [
    Case("the first that is due, as written", steps(*TWO), (), {"step_id": "reminder"}),
    Case("the next where the first rests", steps(*TWO), (did(1, "reminder", "2026-11-09"),), {"step_id": "call", "reasons": "due"}),
    Case("the severest is the last as written", steps(*TWO, order="severest_first"), (), {"step_id": "call"}),
    Case("none milder than what was done", steps(*TWO, order="severest_first"), (did(1, "call", "2026-11-09"),), {"decision": "wait", "reasons": "resting"}),
    Case("one at a time begins with the first", steps(*TWO, order="one_step_at_a_time"), (), {"step_id": "reminder"}),
    Case("and goes on with the next", steps(REMINDER.replace(", at_most: 2", ""), CALL, order="one_step_at_a_time"), (did(1, "reminder", "2026-11-01"),), {"step_id": "call"}),
    Case("but not on the same day", steps(REMINDER, CALL, order="one_step_at_a_time"), (did(1, "reminder", TODAY),), {"decision": "wait", "next_review_on": "2026-11-11"}),
    Case("never back to one before the furthest", steps(*TWO, order="one_step_at_a_time"), (did(1, "reminder", "2026-11-01"), did(2, "call", "2026-11-02")), {"decision": "wait"}),
    Case("nothing is skipped", steps(REMINDER.replace(">= 5", ">= 50"), CALL, order="one_step_at_a_time"), (), {"decision": "wait", "reasons": "nothing_due"}),
    Case("no ladder", "minimum: 1\n", (), {"decision": "wait", "until": None, "reasons": "no_ladder"}),
]  # fmt: skip

TIMES = [
    Case("not again inside the gap", steps(REMINDER), (did(1, "reminder", "2026-11-06"),), {"decision": "wait", "until": "2026-11-11", "reasons": "resting", "next_review_on": "2026-11-11"}),
    Case("again when the gap has passed", steps(REMINDER), (did(1, "reminder", "2026-11-05"),), {"step_id": "reminder"}),
    Case("never twice on one day", steps(REMINDER.replace("gap: 5 days, ", "")), (did(1, "reminder", TODAY),), {"decision": "wait", "until": "2026-11-11"}),
    Case("so often and no more", steps(REMINDER), (did(1, "reminder", "2026-10-01"), did(2, "reminder", "2026-10-20")), {"decision": "wait", "until": None, "reasons": "used_up"}),
    Case("out of force is as if never done", steps(REMINDER + ", in_force: 20 days"), (did(1, "reminder", "2026-10-01"), did(2, "reminder", "2026-10-20")), {"decision": "wait", "reasons": "used_up"}, "2026-10-20", (charge("C-1", "2026-09-01", "9.00"),)),
    Case("and the ladder begins again", steps(REMINDER + ", in_force: 20 days"), (did(1, "reminder", "2026-10-01"), did(2, "reminder", "2026-10-20")), {"step_id": "reminder"}),
    Case("a demand whose delivery nobody knows yet rests too", steps('id: demand, channels: [courier], must_be: delivered, period: 15 days, gap: 9 days, when: {overdue: "> 0"}'), (did(1, "demand", "2026-11-07", type="demand"),), {"decision": "wait", "until": "2026-11-16", "next_review_on": "2026-11-16"}),
    Case("one that failed gives way to the next channel", steps('id: demand, channels: [in_person, courier], must_be: delivered, period: 15 days, gap: 9 days, when: {overdue: "> 0"}'), (did(1, "demand", "2026-11-09", type="demand", delivered=False),), {"channel": "courier", "fallback": None}),
    Case("one that failed on every channel rests", steps('id: demand, channels: [in_person, courier], must_be: delivered, period: 15 days, gap: 9 days, when: {overdue: "> 0"}'), (did(1, "demand", "2026-11-09", type="demand", delivered=False), did(2, "demand", "2026-11-10", type="demand", delivered=False)), {"decision": "wait", "until": "2026-11-19"}),
]  # fmt: skip

UNKNOWN = did(1, "first", "2026-11-07", type="demand")
FIRST, SECOND = (
    f'id: {name}, channels: [courier, in_person], must_be: delivered, period: 15 days, gap: 9 days, when: {{overdue: "> 0"}}'
    for name in ("first", "second")
)
TRIED = [
    Case("a try of one step holds no other", steps(FIRST, SECOND), (UNKNOWN,), {"step_id": "second"}),
    Case("nor does what became of another hide it", steps(FIRST, SECOND), (UNKNOWN, did(2, "second", "2026-11-08", type="demand", delivered=True)), {"decision": "wait", "until": "2026-11-16", "next_review_on": "2026-11-16"}),
    Case("a failure of one step moves no other to its next channel", steps(FIRST, SECOND), (UNKNOWN, did(2, "second", "2026-11-08", type="demand", delivered=False)), {"step_id": "second", "channel": "in_person"}),
    Case("a try that was recorded as a contact holds it too", steps(FIRST), (did(1, "first", "2026-11-07"),), {"decision": "wait", "until": "2026-11-16"}),
    Case("when the gap has passed and still nobody knows, it is due again", steps(FIRST), (did(1, "first", "2026-11-01", type="demand"),), {"step_id": "first", "channel": "courier"}),
    Case("on the channel that was tried last", steps(FIRST), (did(1, "first", "2026-10-31", type="demand", delivered=False), did(2, "first", "2026-11-01", type="demand")), {"step_id": "first", "channel": "in_person"}),
]  # fmt: skip

NEW_DEBT = (charge("C-0", "2026-08-31", "80.00"), payment("P-1", "2026-10-20", "80.00"), DEBT)
TWICE = (did(1, "reminder", "2026-09-10"), did(2, "reminder", "2026-10-10"))
RESTARTS = [
    Case("after all was paid, a new debt begins at the first step", steps(*TWO, order="one_step_at_a_time"), (*TWICE, did(3, "call", "2026-10-15")), {"step_id": "reminder"}, TODAY, NEW_DEBT),
    Case("what was done for the old debt is not used up", steps(REMINDER), TWICE, {"step_id": "reminder", "channel": "wechat"}, TODAY, NEW_DEBT),
    Case("and nothing comes after it", steps(CALL.replace("when", "after: {step: reminder}, when")  , REMINDER.replace(">= 5", ">= 50")), TWICE, {"decision": "wait", "reasons": "nothing_due"}, TODAY, NEW_DEBT),
    Case("yet no sooner than its gap allows", steps(REMINDER.replace("gap: 5", "gap: 35")), TWICE, {"decision": "wait", "until": "2026-11-14", "reasons": "resting"}, TODAY, NEW_DEBT),
    Case("nor where nobody knows yet whether it arrived", steps(FIRST), (did(1, "first", "2026-11-02", type="demand"),), {"decision": "wait", "until": "2026-11-11"}, TODAY, (NEW_DEBT[0], payment("P-1", "2026-11-03", "80.00"), charge("C-1", "2026-11-05", "250.60"))),
    Case("a demand for the old debt is none for the new one", steps('id: agency, when: {demand: expired}, at_most: 1', FIRST.replace("> 0", "> 9000")), (did(1, "first", "2026-09-10", type="demand", delivered=True),), {"decision": "wait", "reasons": "nothing_due"}, TODAY, NEW_DEBT),
    Case("not where something of it is left", steps(REMINDER), TWICE, {"decision": "wait", "reasons": "used_up"}, TODAY, (*NEW_DEBT[:1], payment("P-1", "2026-10-20", "79.99"), DEBT)),
    Case("nor where the new debt came before it was paid", steps(REMINDER), TWICE, {"decision": "wait", "reasons": "used_up"}, TODAY, (*NEW_DEBT[:2], DEBT | {"issued_on": "2026-10-20"})),
    Case("nor where the payment is reversed", steps(REMINDER), TWICE, {"decision": "wait", "reasons": "used_up"}, TODAY, (*NEW_DEBT, payment("P-2", "2026-11-02", None, reverses_payment_id="P-1"))),
    Case("nor where the ladder never restarts", steps(REMINDER).replace("  steps", "  restart: never\n  steps"), TWICE, {"decision": "wait", "reasons": "used_up"}, TODAY, NEW_DEBT),
    Case("what was done before the first debt counts", steps(REMINDER), TWICE, {"decision": "wait", "reasons": "used_up"}),
    Case("an approval for the old debt is none for the new one", steps(REMINDER + ", approval: manager"), (did(1, "reminder", "2026-10-01", type="approval"),), {"needs_approval": "manager"}, TODAY, NEW_DEBT),
]  # fmt: skip

AFTER = 'id: call, after: {step: reminder, days: "[5..20]"}, channels: [phone], gap: 3 days'
AFTERS = [
    Case("not before the other step", steps(AFTER, REMINDER), (), {"step_id": "reminder"}),
    Case("not too soon after it", steps(AFTER, REMINDER), (did(1, "reminder", "2026-11-06"),), {"decision": "wait", "next_review_on": "2026-11-11"}),
    Case("from the first day of the range", steps(AFTER, REMINDER), (did(1, "reminder", "2026-11-05"),), {"step_id": "call"}),
    Case("to its last", steps(AFTER, REMINDER), (did(1, "reminder", "2026-10-21"),), {"step_id": "call"}),
    Case("and not beyond", steps(AFTER, REMINDER), (did(1, "reminder", "2026-10-20"),), {"step_id": "reminder"}),
    Case("one of several conditions holds", steps('id: call, any: [{hardship: true}, {days_overdue: 10}], channels: [phone], gap: 1 day'), (), {"step_id": "call"}),
    Case("and none does", steps('id: call, any: [{hardship: true}, {days_overdue: 11}], channels: [phone], gap: 1 day'), (), {"decision": "wait"}),
    Case("what is not asked need not be known", "derived: {since: steps.call.days - 3}\n" + steps('id: a, when: {days_overdue: "> 50"}, any: [{steps.call.count: 0}, {since: ">= 0"}], gap: 1 day', 'id: call, when: {overdue: "> 0"}, any: [{steps.call.count: 0}, {since: ">= 0"}], channels: [phone], gap: 1 day'), (), {"step_id": "call"}),
    Case("when and any hold together", steps('id: call, when: {hold: true}, any: [{days_overdue: 10}], channels: [phone], gap: 1 day'), (), {"decision": "wait"}),
]  # fmt: skip

TURNS = 'id: call, when: {overdue: "> 0"}, channels: [phone, visit, {channel: group, audience: public}], in_turn: true, gap: 1 day, escalate: {after: 2, to: leader}, role: collector'
CHANNELS = [
    Case("the preferred channel, and the next to fall back on", steps(REMINDER), (), {"channel": "wechat", "fallback": "sms", "audience": "debtor"}),
    Case("the last has none", steps('id: a, when: {overdue: "> 0"}, channels: [board], gap: 1 day'), (), {"channel": "board", "fallback": None, "audience": "public"}),
    Case("in turn: the first", steps(TURNS), (), {"channel": "phone", "fallback": "visit", "role": "collector"}),
    Case("in turn: the second", steps(TURNS), (did(1, "call", "2026-11-05"),), {"channel": "visit", "fallback": "group"}),
    Case("in turn: the last, and somebody else takes over", steps(TURNS), (did(1, "call", "2026-11-05"), did(2, "call", "2026-11-08")), {"channel": "group", "fallback": "phone", "audience": "public", "role": "leader", "reasons": "due escalated"}),
    Case("turns go on where what was done is out of force", steps(TURNS + ", in_force: 4 days"), (did(1, "call", "2026-11-01"), did(2, "call", "2026-11-08")), {"channel": "group", "role": "collector"}),
    Case("a step without channels knows no hours", steps('id: file, when: {overdue: "> 0"}, gap: 1 day') + 'windows: {holiday: ["09:00-10:00"]}\n', (), {"step_id": "file", "channel": None, "not_before": None}),
    Case("an amount by a formula", steps('id: file, when: {overdue: "> 0"}, gap: 1 day, amount: overdue + late_fee_due') + "late_fee: {rate: 0.001}\n", (), {"amount": "253.11", "charge_ids": ["C-1"]}),
    Case("an amount of its own", steps('id: file, when: {overdue: "> 0"}, gap: 1 day, amount: outstanding'), (), {"amount": "300.60", "charge_ids": ["C-1", "C-2"]}, TODAY, (DEBT, charge("C-2", "2026-12-31", "50.00", issued_on="2026-11-01"))),
]  # fmt: skip


def failed(step: str, *on: str) -> tuple[dict[str, Any], ...]:
    return tuple(did(number, step, day, delivered=False) for number, day in enumerate(on, 100))


UNTIL_REMINDED = CALL.replace("when", "after: {step: reminder}, when")
GIVING_WAY = [
    Case("a channel that did not deliver gives way at once to the next", steps(REMINDER), failed("reminder", TODAY), {"step_id": "reminder", "channel": "sms", "fallback": None}),
    Case("within the limits", steps(REMINDER) + "limits: {day: {attempts: 1}}\n", failed("reminder", TODAY), {"decision": "wait", "until": "2026-11-11", "reasons": "due day_limit"}),
    Case("no step comes after it before", steps(UNTIL_REMINDED, REMINDER), failed("reminder", "2026-11-09"), {"step_id": "reminder", "channel": "sms"}),
    Case("when every channel failed, it was done once and rests", steps(REMINDER), failed("reminder", "2026-11-09", TODAY), {"decision": "wait", "until": "2026-11-15", "reasons": "resting"}),
    Case("and the next step comes after the last of them", steps(UNTIL_REMINDED, REMINDER), failed("reminder", "2026-11-09", TODAY), {"step_id": "call"}),
    Case("one at a time goes on too", steps(REMINDER, CALL, order="one_step_at_a_time"), failed("reminder", "2026-11-08", "2026-11-09"), {"step_id": "call"}),
    Case("it begins again with the first channel", steps(REMINDER), failed("reminder", "2026-11-04", "2026-11-05"), {"channel": "wechat"}),
    Case("so often and no more, each time on every channel", steps(REMINDER), failed("reminder", "2026-10-20", "2026-10-21", "2026-10-28", "2026-10-29"), {"decision": "wait", "reasons": "used_up"}),
    Case("what arrived on the next channel was done", steps(REMINDER), (*failed("reminder", "2026-11-09"), did(1, "reminder", TODAY)), {"decision": "wait", "until": "2026-11-15"}),
    Case("a single channel has none to give way to", steps('id: a, when: {overdue: "> 0"}, channels: [sms], gap: 3 days'), failed("a", "2026-11-09"), {"decision": "wait", "until": "2026-11-12"}),
    Case("in turn: the one after what failed", steps(TURNS), (did(1, "call", "2026-11-05"), *failed("call", "2026-11-06")), {"channel": "group", "role": "collector"}),
    Case("in turn: when every one failed, the next begins", steps(TURNS), failed("call", "2026-11-05", "2026-11-06", "2026-11-07"), {"channel": "visit", "role": "collector"}),
    Case("somebody else takes over by what was done, not by what failed", steps(TURNS), failed("call", "2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"), {"role": "leader", "reasons": "due escalated"}),
]  # fmt: skip

DEMAND = 'id: demand, when: {overdue: "> 0"}, channels: [courier], must_be: delivered, period: 15 days, gap: 30 days, approval: manager'
ORDER = "id: order, when: {demand: expired}, legal: true, at_most: 1"
OLD = (charge("C-1", "2026-08-31", "800.00"), charge("C-2", "2026-10-31", "250.60"))
SERVED = did(1, "demand", "2026-09-20", type="demand", delivered=True)
LEGAL = [
    Case("approval is needed", steps(DEMAND), (), {"step_id": "demand", "needs_approval": "manager", "reasons": "due needs_approval"}),
    Case("a demand tells by when to pay", steps(DEMAND.replace("period: 15 days, ", "")), (), {"message": {"account_id": "A-1", "amount": "250.60", "days_overdue": 10, "late_fee_due": "0.00", "oldest_due_on": "2026-10-31", "pay_by": "2026-11-25", "unpaid_periods": 1}}),
    Case("approval is given", steps(DEMAND), (did(1, "demand", "2026-11-09", type="approval"),), {"step_id": "demand", "needs_approval": None}),
    Case("approval is refused", steps(DEMAND), (did(1, "demand", "2026-11-09", type="approval", outcome="refused"),), {"needs_approval": "manager"}),
    Case("a word that is none of approval", steps(DEMAND), (did(1, "demand", "2026-11-09", type="approval", outcome="拒绝"),), {"needs_approval": "manager"}),
    Case("approval by a word", steps(DEMAND), (did(1, "demand", "2026-11-09", type="approval", outcome="同意"),), {"needs_approval": None}),
    Case("approval by a word of one's own", "ledger: {outcomes: {approved: [ok]}}\n" + steps(DEMAND), (did(1, "demand", "2026-11-09", type="approval", outcome="ok"),), {"needs_approval": None}),
    Case("approval of another step", steps(DEMAND), (did(1, "order", "2026-11-09", type="approval"),), {"needs_approval": "manager"}),
    Case("approval was used up by the step", steps(DEMAND), (did(1, "demand", "2026-09-01", type="approval"), did(2, "demand", "2026-09-20", type="demand", delivered=True)), {"needs_approval": "manager"}),
    Case("on the same day too", steps(DEMAND), (did(1, "demand", "2026-09-20", type="approval"), did(2, "demand", "2026-09-20", type="demand", delivered=True)), {"needs_approval": "manager"}),
    Case("but for one that came later on that day", steps(DEMAND), (did(1, "demand", "2026-09-20", type="approval", occurred_at="2026-09-20T15:00"), did(2, "demand", "2026-09-20", type="demand", delivered=True, occurred_at="2026-09-20T09:00")), {"needs_approval": None}),
    Case("and no later than the step is in force", steps(DEMAND.replace("gap: 30", "in_force: 40 days, gap: 30")), (did(1, "demand", "2026-09-01", type="approval"), did(2, "demand", "2026-09-20", type="demand", delivered=True)), {"needs_approval": "manager"}),
    Case("credit beside what is owed is told of", "ledger: {credit: kept}\n" + steps(REMINDER), (), {"decision": "act", "reasons": "due stray_credit"}, TODAY, (DEBT, payment("P-1", "2026-10-01", "5.00"))),
    Case("a claim that may be refused for its age is told of", steps(REMINDER), (), {"decision": "act", "reasons": "due time_barred"}, "2029-11-10"),
    Case("and not before", steps(REMINDER), (), {"reasons": "due"}, "2029-10-31"),
    Case("a legal step is not due where nothing is covered", steps(ORDER.replace("demand: expired", "overdue: '> 0'"), DEMAND.replace("> 0", "> 99999")), (), {"decision": "wait", "reasons": "nothing_due"}, TODAY, OLD),
    Case("a legal step asks only for what the demand covered", steps(ORDER), (SERVED,), {"step_id": "order", "amount": "800.00", "charge_ids": ["C-1"]}, TODAY, OLD),
    Case("and not while its period runs", steps(ORDER), (SERVED,), {"decision": "wait", "next_review_on": "2026-10-06"}, "2026-10-01", OLD),
]  # fmt: skip
LEGAL[-1] = Case(LEGAL[-1].title, steps(ORDER, DEMAND), (SERVED,), {"decision": "wait"}, "2026-10-01", OLD)


def contacts(*on: str, outcome: str = "answered") -> tuple[dict[str, Any], ...]:
    return tuple(did(number, "other", day, outcome=outcome) for number, day in enumerate(on))


STOPS = """\
stops:
  - {id: promised, when: {promise_in_days: "> 1"}, then: wait, until: {promised_on: -1 day}}
  - {id: disputed, when: {dispute: open}, then: review, review: 10 days, by: service_manager, lets_through: [file]}
  - {id: held, when: {hold: true}, then: hold, until: {hold_review_on: 0 days}, review: 7 days}
  - {id: frail, any: [{hardship: true}, {death: true}], then: clear}
"""
PROMISE = event("E-1", "promise", "2026-11-05", promised_on="2026-11-20")
DISPUTE = event("E-2", "dispute", "2026-11-06")
FILE = "id: file, when: {dispute: open}, at_most: 1"
STOPPED = [
    Case("waits until the day before the promised one", STOPS + steps(*TWO, FILE), (PROMISE,), {"decision": "wait", "until": "2026-11-19", "next_review_on": "2026-11-19", "reasons": "stop"}),
    Case("the first stop that holds wins", STOPS + steps(*TWO, FILE), (PROMISE, DISPUTE), {"decision": "wait", "until": "2026-11-19"}),
    Case("a stop lets a step through", STOPS + steps(*TWO, FILE), (DISPUTE,), {"decision": "act", "step_id": "file", "reasons": "stop lets_through due"}),
    Case("and stops once that is done", STOPS + steps(*TWO, FILE), (DISPUTE, did(3, "file", "2026-11-08", type="action")), {"decision": "review", "stop": "disputed", "by": "service_manager", "until": "2026-11-20"}),
    Case("held until its day of review", STOPS + steps(*TWO, FILE), (event("E-1", "hold", "2026-11-01", review_on="2026-11-25"),), {"decision": "hold", "stop": "held", "until": "2026-11-25"}),
    Case("when that day has passed, a person decides", STOPS + steps(*TWO, FILE), (event("E-1", "hold", "2026-11-01", review_on="2026-11-05"),), {"decision": "review", "stop": "held", "until": "2026-11-17", "reasons": "stop stop_over", "next_review_on": "2026-11-17"}),
    Case("and where nobody knows it", STOPS + steps(*TWO, FILE), (event("E-1", "hold", "2026-11-01", ends_on="2026-12-24"),), {"decision": "review", "reasons": "stop stop_over"}),
    Case("a step that is let through and must wait leaves the stop", STOPS + steps(*TWO, FILE + ", channels: [phone]") + "limits: {day: {attempts: 1}}\n", (DISPUTE, *contacts(TODAY)), {"decision": "review", "stop": "disputed", "by": "service_manager", "reasons": "stop lets_through due day_limit", "next_review_on": "2026-11-11"}),
    Case("a person's reason is told", STOPS + steps(*TWO, FILE), (event("E-1", "hold", "2026-11-01", review_on="2026-11-25", reason="住院"),), {"decision": "hold", "reasons": "stop held"}),
    Case("a stop that clears", STOPS + steps(*TWO, FILE), (event("E-1", "hardship", "2026-11-01"),), {"decision": "clear", "stop": "frail"}),
    Case("no stop holds", STOPS + steps(*TWO, FILE), (), {"decision": "act", "step_id": "reminder"}),
]  # fmt: skip


LIMITED = steps(REMINDER)
LIMITS = [
    Case("attempts of a day", LIMITED + "limits: {day: {attempts: 2}}\n", contacts(TODAY, TODAY, outcome="no_answer"), {"decision": "wait", "until": "2026-11-11", "reasons": "due day_limit", "next_review_on": "2026-11-11"}),
    Case("contacts of a day that reached the party", LIMITED + "limits: {day: {connected: 2}}\n", contacts(TODAY, TODAY), {"decision": "wait", "until": "2026-11-11"}),
    Case("attempts that reached nobody do not count there", LIMITED + "limits: {day: {connected: 2}}\n", contacts(TODAY, TODAY, outcome="no_answer"), {"decision": "act"}),
    Case("contacts of a week, to its Sunday", LIMITED + "limits: {week: {at_most: 2}}\n", contacts("2026-11-09", "2026-11-10"), {"decision": "wait", "until": "2026-11-16", "reasons": "due week_limit"}),
    Case("and those that reached nobody", LIMITED + "limits: {week: {at_most: 2}}\n", contacts("2026-11-09", "2026-11-10", outcome="no_answer"), {"decision": "wait", "reasons": "due week_limit"}),
    Case("those of last week do not count", LIMITED + "limits: {week: {at_most: 2}}\n", contacts("2026-11-07", "2026-11-08"), {"decision": "act"}),
    Case("days between any two contacts", LIMITED + "limits: {gap: 3 days}\n", contacts("2026-11-08"), {"decision": "wait", "until": "2026-11-11", "reasons": "due contact_gap"}),
    Case("a target is told and forces nothing", LIMITED + "limits: {week: {target: 2, at_most: 5}}\n", contacts("2026-11-09"), {"decision": "act", "reasons": "due week_target"}),
    Case("of the party, with its other accounts", LIMITED + "limits: {day: {attempts: 1}}\n", (did(1, "other", TODAY, account_id="A-2", party_id="P-1"),), {"decision": "wait"}),
    Case("of the party, between contacts about any of its accounts", LIMITED + "limits: {gap: 3 days}\n", (did(1, "other", "2026-11-09", account_id="A-2", party_id="P-1"),), {"decision": "wait", "until": "2026-11-12", "reasons": "due contact_gap"}),
    Case("or of the account alone", LIMITED + "limits: {per: account, day: {attempts: 1}}\n", (did(1, "other", TODAY, account_id="A-2", party_id="P-1"),), {"decision": "act"}),
]  # fmt: skip

HOURS = (
    LIMITED
    + 'windows: {workday: ["09:30-12:00", "15:00-18:00"], weekend: ["10:30-12:00"]}\nlimits: {quiet: "22:00-08:00"}\n'
)
WHEN = [
    Case("of a day, its first hours", HOURS, (), {"decision": "act", "not_before": "2026-11-10T09:30:00", "not_after": "2026-11-10T12:00:00"}),
    Case("of a weekend, other ones", HOURS, (), {"not_before": "2026-11-14T10:30:00"}, "2026-11-14"),
    Case("a moment inside: now", HOURS, (), {"decision": "act", "not_before": "2026-11-10T15:20:00", "not_after": "2026-11-10T18:00:00"}, "2026-11-10T15:20"),
    Case("a moment between: later today", HOURS, (), {"decision": "wait", "until": "2026-11-10T15:00:00", "reasons": "due outside_hours", "next_review_on": "2026-11-11"}, "2026-11-10T12:00"),
    Case("a moment after: tomorrow", HOURS, (), {"decision": "wait", "until": "2026-11-11T09:30:00"}, "2026-11-10T18:00"),
    Case("a moment with its zone", HOURS, (), {"decision": "wait", "until": "2026-11-10T15:00:00+08:00"}, "2026-11-10T12:00+08:00"),
    Case("no hours at all", LIMITED + 'windows: {holiday: ["09:30-12:00"]}\n', (), {"decision": "review", "reasons": "due no_hours"}),
    Case("no hours today", LIMITED + 'windows: {workday: ["09:30-12:00"]}\n', (), {"decision": "wait", "until": "2026-11-16", "next_review_on": "2026-11-16"}, "2026-11-14"),
    Case("a year that nobody knows", LIMITED + 'windows: {workday: ["09:30-12:00"], unknown_year: refuse}\n', (), {"decision": "review", "reasons": "due unknown_year"}),
]  # fmt: skip

DATA = [
    Case("nothing owed", LIMITED, (), {"decision": "clear", "reasons": "nothing_owed", "next_review_on": None}, TODAY, ()),
    Case("paid", LIMITED, (), {"decision": "clear", "stop": ""}, TODAY, (DEBT, payment("P-1", "2026-11-05", "250.60"))),
    Case("below the minimum", "minimum: 300\n" + LIMITED, (), {"decision": "clear", "reasons": "below_minimum"}),
    Case("not yet due", "minimum: 300\n" + LIMITED, (), {"decision": "wait", "next_review_on": "2026-11-01"}, "2026-10-20", (charge("C-1", "2026-10-31", "250.60", issued_on="2026-10-01"),)),
    Case("entries that contradict", LIMITED, (event("E-1", "promise", "2026-11-01"),), {"decision": "review", "reasons": "contradictory", "stop": "", "by": None}),
    Case("a stale ledger", "ledger: {stale_after: 7 days}\n" + LIMITED, (), {"decision": "review", "reasons": "stale"}, TODAY, (charge("C-1", "2026-10-31", "250.60", recorded_at="2026-11-02"),)),
    Case("fresh to the last day", "ledger: {stale_after: 7 days}\n" + LIMITED, (), {"decision": "act", "next_review_on": "2026-11-11"}, TODAY, (charge("C-1", "2026-10-31", "250.60", recorded_at="2026-11-03"),)),
]  # fmt: skip


@cases(ORDERS, TIMES, TRIED, RESTARTS, AFTERS, CHANNELS, GIVING_WAY, LEGAL, STOPPED, LIMITS, WHEN, DATA)
def test_a_policy_decides(case: Case) -> None:
    assert case.expected
    if "of the party" in case.title or "account alone" in case.title:
        shared = account(*case.entries, *case.events, parties=[{"party_id": "P-1"}])
        found = feerules.next_action(shared, book(case.body), case.as_of)
        assert {name: told(found, name) for name in case.expected} == case.expected
        return
    check(case)


# Which calendar


def test_the_book_has_a_calendar_and_a_caller_may_bring_another() -> None:
    days = "kind: calendar\nid: cn\nyears: [2026]\nholidays: [2026-11-10]\n"
    rules = book(HOURS, calendar=days)
    found = feerules.next_action(account(DEBT), rules, TODAY)
    assert (found.decision, found.to_dict()["until"]) == ("wait", "2026-11-11")
    plain = Calendar(years=frozenset({2026}))
    assert feerules.next_action(account(DEBT), rules, TODAY, calendar=plain).decision == "act"


def test_a_moment_of_a_zone_keeps_it() -> None:
    as_of = datetime(2026, 11, 10, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    found = feerules.next_action(account(DEBT), book(HOURS), as_of)
    assert isinstance(found, Act)
    assert found.not_after == datetime(2026, 11, 10, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_an_action_before_a_year_that_nobody_knows_is_looked_at_again_in_it() -> None:
    strict = Calendar(years=frozenset({2026}))
    daily = LIMITED + 'windows: {workday: ["09:30-12:00"], weekend: ["09:30-12:00"]}\n'
    found = feerules.next_action(account(DEBT), book(daily), "2026-12-20", calendar=strict)
    assert (found.decision, found.next_review_on) == ("act", date(2027, 1, 1))
    assert (
        feerules.next_action(account(DEBT), book(daily), "2027-01-01", calendar=strict).decision == "review"
    )


# What a decision is

EVERY = [
    (Act, feerules.next_action(account(DEBT), book(HOURS), TODAY)),
    (Wait, feerules.next_action(account(DEBT, PROMISE), book(STOPS + steps(*TWO, FILE)), TODAY)),
    (Hold, feerules.next_action(account(DEBT, event("E-1", "hold", "2026-11-01", review_on="2026-11-25")), book(STOPS + steps(*TWO, FILE)), TODAY)),
    (Review, feerules.next_action(account(DEBT, event("E-1", "promise", "2026-11-01")), book(LIMITED), TODAY)),
    (Clear, feerules.next_action(account(), book(LIMITED), TODAY)),
]  # fmt: skip
every = pytest.mark.parametrize(("kind", "decision"), EVERY, ids=[kind.__name__ for kind, _ in EVERY])


@every
def test_a_decision_is_plain_json_that_reads_back(kind: type[Decision], decision: Decision) -> None:
    assert type(decision) is kind
    plain = decision.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["schema"] == 1
    assert plain["decision"] == kind.__name__.lower()
    assert plain["position"]["account_id"] == "A-1"


@every
def test_a_decision_pickles_and_nobody_can_change_it(kind: type[Decision], decision: Decision) -> None:
    again = pickle.loads(pickle.dumps(decision))
    assert (type(again), again.to_dict()) == (kind, decision.to_dict())
    with pytest.raises(FrozenInstanceError):
        decision.policy = "other"  # type: ignore[misc]


@every
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_a_decision_explains_itself(kind: type[Decision], decision: Decision, locale: str) -> None:
    said = decision.explain(locale)
    assert said
    assert "{" not in said


TOLD = {
    "amount": Decimal("12.50"), "least": Decimal(20), "what": "duplicate_id charge C-1", "days": 3, "most": 7,
    "title": {"zh": "缴费提醒", "en": "reminder"}, "row": "3", "until": date(2026, 11, 20), "count": 2, "target": 3,
    "role": "manager", "minutes": 90, "day": date(2026, 11, 21),
}  # fmt: skip


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("code", sorted(SAYINGS))
def test_every_reason_is_a_sentence(code: str, locale: str) -> None:
    said = Reason(code, TOLD).explain(translate(locale), "CNY")
    assert said.endswith("。" if locale == "zh_CN" else ".")
    assert "{" not in said


def test_a_book_answers_many_threads_alike() -> None:
    rules = book(STOPS + steps(*TWO, FILE) + "limits: {week: {at_most: 2}}\n")
    shared = account(DEBT, *contacts("2026-11-09"))
    asked = [date(2026, 11, 1 + number % 28) for number in range(200)]

    def ask(as_of: date) -> dict[str, Any]:
        return feerules.next_action(shared, rules, as_of).to_dict()

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, asked))
    fresh = Account.model_validate(shared.model_dump())
    assert found == [feerules.next_action(fresh, rules, as_of).to_dict() for as_of in asked]
