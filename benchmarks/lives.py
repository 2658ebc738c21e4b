"""Lives of accounts in which every reaction of a policy comes up, made without chance, and the policy."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

__all__ = ["AS_OF", "POLICY", "life"]

START = date(2026, 3, 2)
AS_OF = START + timedelta(90)

POLICY = """
kind: dunning-policy
id: live
effective: {from: 2026-01-01}
ladder:
  steps:
    - {id: demand, when: {days_overdue: ">= 60"}, channels: [courier], must_be: delivered, at_most: 2}
    - {id: payment-order, when: {demand: expired}, role: legal}
reactions:
  - {id: twice-broken, when: {count: promise_broken, at_least: 2, within: 30 days}, then: escalate, to: manager}
  - {id: demand-unpaid, when: {after: {event: demand, delivered: true}, without: payment, within: 15 days}, then: step, step: payment-order}
  - {id: three-calls, when: {count: {event: contact, channel: phone, reached: false}, at_least: 3, within: 7 days}, then: step, step: demand}
  - {id: paid-before-visit, when: {after: {event: action, channel: visit}, comes: payment, within: 30 days}, then: [cancel, thank]}
  - {id: payment-reversed, when: {event: payment_reversed}, then: reopen, to: clerk}
"""


def life(number: int) -> list[dict[str, Any]]:
    """Twelve entries in order of their days: every second account is reached by phone, every third pays in the end."""
    account, shift = f"A-{number}", number % 20

    def event(nth: int, type_: str, day: int, **more: Any) -> dict[str, Any]:
        on = START + timedelta(day + shift)
        return {
            "account_id": account,
            "event_id": f"E-{number}-{nth}",
            "type": type_,
            "effective_on": on,
            **more,
        }

    def call(nth: int, day: int) -> dict[str, Any]:
        outcome = "answered" if number % 2 and nth == 4 else "no_answer"
        return event(nth, "contact", day, channel="phone", outcome=outcome)

    def promise(nth: int, day: int) -> dict[str, Any]:
        on = START + timedelta(day + shift + 4)
        return event(nth, "promise", day, promised_on=on, amount="250.60")

    entries = [
        call(1, 0), event(2, "contact", 1, channel="wechat", delivered=True), promise(3, 2), call(4, 3), call(5, 6),
        promise(6, 9), event(7, "dispute", 12), event(8, "demand", 16, delivered=True, channel="courier"),
        event(9, "contact", 20, channel="sms", delivered=True), event(10, "action", 34, channel="visit"),
    ]  # fmt: skip
    paid = {"account_id": account, "payment_id": f"P-{number}", "amount": "250.60"}
    day = START + timedelta((20 if number % 3 else 36) + shift)
    back = {"account_id": account, "payment_id": f"R-{number}", "reverses_payment_id": f"P-{number}"}
    entries += [paid | {"effective_on": day}, back | {"effective_on": START + timedelta(60 + shift)}]
    return sorted(entries, key=lambda entry: entry["effective_on"])
