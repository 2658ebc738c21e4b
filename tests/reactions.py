"""Policies with reactions as people write them, random ones, and random lives of accounts; for the reference, the engine and desks."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from random import Random  # noqa: TID251  (made-up lives, from a seed)
from typing import Any

import feerules
from accounts import event, money, on, payment

HEAD = """\
kind: dunning-policy
id: garden
effective: {from: 2000-01-01}
ladder:
  steps:
    - {id: demand, when: {days_overdue: ">= 60"}, channels: [courier], must_be: delivered, at_most: 2}
    - {id: payment-order, when: {demand: expired}, role: legal}
reactions:
"""

TWICE_BROKEN = """\
  - id: twice-broken
    title: {zh: 三十日内两次失约, en: Two promises broken in 30 days}
    when: {count: promise_broken, at_least: 2, within: 30 days}
    then: escalate
    to: manager
"""
UNPAID = """\
  - id: demand-unpaid
    title: {zh: 催告后未付款, en: A demand without payment}
    when: {after: {event: demand, delivered: true}, without: payment, within: 15 days, unless: dispute}
    then: step
    step: payment-order
    source: {document: 民法典, clause: 第九百四十四条}
"""
THREE_CALLS = """\
  - id: three-calls
    title: {zh: 一周内三次未接通, en: Three calls unanswered in a week}
    when:
      count: {event: contact, channel: phone, reached: false}
      at_least: 3
      within: 7 days
      unless: {event: contact, reached: true}
    then: step
    step: demand
"""
PAID_BEFORE = """\
  - id: paid-before-visit
    title: {zh: 上门前已付款, en: Paid before the visit}
    when: {after: {event: action, channel: visit}, comes: payment, within: 30 days}
    then: [cancel, thank]
    template: thanks
"""
REVERSED = """\
  - id: payment-reversed
    title: {zh: 付款冲正, en: A payment was reversed}
    when: {event: payment_reversed}
    then: reopen
    to: clerk
"""
FIVE = TWICE_BROKEN + UNPAID + THREE_CALLS + PAID_BEFORE + REVERSED


def book(*reactions: str, head: str = HEAD) -> feerules.Book:
    """A book of one policy that says these reactions, each as an item of the list or as a line of one."""
    texts = [each if each.startswith("  - ") else f"  - {each}\n" for each in reactions]
    return feerules.load_files({"garden.yaml": head + "".join(texts)})


def versions(*texts: str) -> feerules.Book:
    """A book of one policy in several versions."""
    return feerules.load_files({f"{number}.yaml": text for number, text in enumerate(texts)})


def shortened(day: str) -> feerules.Book:
    """A demand is awaited for thirty days, and from a day on for fifteen."""
    older = HEAD + UNPAID.replace("15 days", "30 days")
    return versions(older, HEAD.replace("2000-01-01", day) + UNPAID)


def fired(
    rules: feerules.Book, *entries: dict[str, Any], as_of: str = "2025-12-31", **more: Any
) -> list[tuple[str, str, str]]:
    """What fires: the reaction, its day, and the ids of the entries that fired it."""
    found = feerules.react(rules, [*entries], as_of, **{"engine": "plain", **more})
    return [(each.reaction, each.day.isoformat(), " ".join(one.id for one in each.events)) for each in found]


# By hand


def promise(id_: str, day: str, promised: str, amount: str | None = "100.00", **more: Any) -> dict[str, Any]:
    return event(id_, "promise", day, promised_on=promised, amount=amount, **more)


def call(id_: str, day: str, outcome: str = "no_answer", **more: Any) -> dict[str, Any]:
    return event(id_, "contact", day, channel="phone", outcome=outcome, **more)


def demand(id_: str, day: str, *, delivered: bool | None = True, **more: Any) -> dict[str, Any]:
    return event(id_, "demand", day, delivered=delivered, **more)


def visit(id_: str, day: str, **more: Any) -> dict[str, Any]:
    return event(id_, "action", day, channel="visit", **more)


def reversal(id_: str, day: str, of: str, **more: Any) -> dict[str, Any]:
    return payment(id_, day, None, reverses_payment_id=of, **more)


# At random

DAYS = 70
KINDS = (
    "contact",
    "contact",
    "demand",
    "action",
    "promise",
    "promise",
    "dispute",
    "dispute_closed",
    "promise_closed",
)
CELLS = {
    "channel": ["phone", "sms, visit", "not(phone)", "null", "null, phone"],
    "outcome": ["no_answer", "answered, busy", "not(null)"],
    "reached": ["true", "false", "null"],
    "delivered": ["true", "false", "null, false"],
    "amount": [">= 50", "< 50", "[10..60)", "null", "not(100)"],
    "fee": ["management", "null"],
}
TELLS = {
    "contact": ("channel", "outcome", "reached", "delivered"),
    "demand": ("channel", "delivered", "amount"),
    "action": ("channel",),
    "promise": ("amount",),
    "payment": ("amount", "fee"),
    "payment_reversed": ("amount",),
    "charge": ("amount", "fee"),
}


def some_happenings(chance: Random) -> Any:
    found = [a_happening(chance) for _ in range(chance.choice([1, 1, 1, 2]))]
    return found[0] if len(found) == 1 else found


def a_happening(chance: Random) -> dict[str, str]:
    kind = chance.choice([*KINDS, "payment", "payment", "payment", "payment_reversed", "promise_broken", "promise_kept", "charge", "payment_in_transit"])  # fmt: skip
    names = [name for name in TELLS.get(kind, ()) if chance.random() < 0.3]
    return {"event": kind, **{name: chance.choice(CELLS[name]) for name in names}}


def a_pattern(chance: Random) -> dict[str, Any]:
    within = f"{chance.choice([0, 1, 3, 7, 15, 30])} days"
    pattern: dict[str, Any] = {}
    match chance.choice(["alone", "count", "count", "comes", "without", "without"]):
        case "alone":
            return a_happening(chance)
        case "count":
            pattern = {
                "count": some_happenings(chance),
                "at_least": chance.choice([2, 2, 3, 4]),
                "within": within,
            }
        case form:
            pattern = {"after": some_happenings(chance), form: some_happenings(chance), "within": within}
    return pattern | ({"unless": some_happenings(chance)} if chance.random() < 0.4 else {})


def a_book(chance: Random, most: int = 6) -> feerules.Book:
    rules = [
        {"id": f"r-{number}", "when": a_pattern(chance), "then": "notify"}
        for number in range(chance.randint(1, most))
    ]
    head = HEAD.replace(
        "reactions:\n", f"tolerance: {{promise: {chance.choice([0, 0, 2])} days}}\nreactions:\n"
    )
    return book(*map(json.dumps, rules), head=head)


def a_life(chance: Random, most: int = 16) -> list[dict[str, Any]]:
    """The entries of an account over some weeks, in no order."""
    made: list[dict[str, Any]] = []
    for number in range(chance.randint(0, most)):
        day = chance.randrange(DAYS)
        made.append(chance.choice([an_event, an_event, a_payment, a_charge])(chance, number, day, made))
    return made


def an_event(chance: Random, number: int, day: int, _: list[dict[str, Any]]) -> dict[str, Any]:
    type_, _, closed = chance.choice(KINDS).partition("_")
    given = event(f"E-{number}", type_, on(day).isoformat(), status="closed" if closed else "open")
    if chance.random() < 0.4:
        given["occurred_at"] = datetime.combine(on(day), time(chance.randrange(8, 18)))
    if type_ in ("contact", "demand", "action"):
        given["channel"] = chance.choice([None, "phone", "sms", "visit"])
        given["outcome"] = chance.choice([None, "answered", "no_answer", "busy", "elsewhere"])
        given["delivered"] = chance.choice([None, True, False])
    if type_ == "promise" and not closed:
        given |= {
            "promised_on": on(day + chance.randrange(12)),
            "amount": chance.choice([None, "20.00", "100.00"]),
        }
    return given


def a_payment(chance: Random, number: int, day: int, made: list[dict[str, Any]]) -> dict[str, Any]:
    paid = [each["payment_id"] for each in made if each.get("payment_id")]
    given = payment(f"P-{number}", on(day).isoformat(), money(chance.choice([1000, 5000, 10000])))
    given["status"] = chance.choice(("cleared",) * 5 + ("in_transit", "reversed"))
    given["designated_fee"] = chance.choice([None, "management"])
    if paid and chance.random() < 0.3:
        given |= {"reverses_payment_id": chance.choice(paid), "amount": None}
    return given


def a_charge(chance: Random, number: int, day: int, _: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "charge_id": f"C-{number}", "fee": chance.choice(["management", "water"]),
        "due_on": on(day + chance.randrange(10)), "issued_on": on(day), "amount": money(chance.choice([1000, 20000])),
    }  # fmt: skip


def day_after(day: str, more: int) -> str:
    return (datetime.fromisoformat(day) + timedelta(more)).date().isoformat()
