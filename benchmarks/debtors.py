"""Made-up accounts that differ in what became of their debts, so that every stop, class and step comes up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

__all__ = ["AS_OF", "debtors", "frames_of"]

AS_OF = date(2026, 11, 25)
Event = dict[str, Any]


def debtors(count: int, seed: int = 5) -> list[dict[str, Any]]:
    """Accounts as plain data: monthly charges of some months, the oldest of them paid, and one or two stories."""
    random = Random(seed)  # noqa: S311  # made-up debts, no secret
    return [_debtor(random, f"{number:06}") for number in range(count)]


def frames_of(accounts: list[dict[str, Any]]) -> dict[str, Any]:
    """The same as the frames of a ledger."""
    import polars as pl

    return {
        name: pl.DataFrame(
            [{"account_id": each["account_id"], **row} for each in accounts for row in each[name]],
            infer_schema_length=None,
        )
        for name in ("charges", "payments", "events")
    }


def _debtor(random: Random, account_id: str) -> dict[str, Any]:
    # Three years, less some weeks: the oldest claim is about to be lost to limitation.
    first = random.choice((0, 0, 40, 100, 300, 3 * 365 - random.randint(5, 85)))
    amount = random.choice((1_500, 12_000, 25_060, 80_000))
    due = [first + 20 - 30 * month for month in range(random.randint(1, 4))]
    read = _ago(_days_since_import(random))
    charges = [
        {
            "charge_id": f"C{number}",
            "fee": "management",
            "issued_on": _ago(days + 15),
            "due_on": _ago(days),
            "amount": _money(amount),
            "recorded_at": read,
        }
        for number, days in enumerate(due)
    ]
    events: list[Event] = []
    for story in random.sample(STORIES, random.choice((0, 1, 1, 1, 2))):
        events += story(random)
    numbered = [{"event_id": f"E{number}", **event} for number, event in enumerate(events)]
    payments = _payments(random, amount, due)
    return {"account_id": account_id, "charges": charges, "payments": payments, "events": numbered}


def _payments(random: Random, amount: int, due: list[int]) -> list[dict[str, Any]]:
    """Nothing, something, everything, or what is still at the bank."""
    paid = random.choice((0, 0, 0, 0, 0, amount // 2, amount * len(due)))
    found = [(paid, "cleared")] if paid else []
    if random.random() < 0.04:
        found.append((amount, "in_transit"))
    return [
        {"payment_id": f"P{number}", "effective_on": _ago(2), "amount": _money(fen), "status": status}
        for number, (fen, status) in enumerate(found)
    ]


def _days_since_import(random: Random) -> int:
    """The age of the ledger, of which a few are stale."""
    return 20 if random.random() < 0.04 else random.randint(0, 6)


def _ago(days: int) -> str:
    return (AS_OF - timedelta(days)).isoformat()


def _money(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


# Stories


def _said(kind: str, **told: Any) -> Callable[[Random], list[Event]]:
    """One event, of some day of the last weeks."""
    return lambda random: [{"type": kind, "effective_on": _ago(random.randint(1, 25)), **told}]


def _reminded(random: Random) -> list[Event]:
    return [_contact("reminder", random.choice((1, 3, 16, 30, 95)), "sms", "read")]


def _called(random: Random) -> list[Event]:
    last, times = random.randint(0, 9), random.choice((1, 4, 7, 13))
    calls = [_contact("call-or-visit", last + 4 * n, "phone", "no_answer") for n in range(times)]
    return [_contact("reminder", 80, "sms", "read"), *calls]


def _called_away(random: Random) -> list[Event]:
    last = random.randint(0, 9)
    return [
        _contact("reminder", 60, "sms", "read"),
        *(_contact("remote-call", last + 6 * n, "phone", "away") for n in range(3)),
    ]


def _demanded(random: Random) -> list[Event]:
    days = random.choice((5, 20, 40, 70))
    sent = {"type": "demand", "step_id": "demand", "channel": "courier", "effective_on": _ago(days)}
    return [_contact("reminder", days + 16, "sms", "read"), sent | {"delivered": random.random() < 0.8}]


def _tried_to_demand(random: Random) -> list[Event]:
    """A demand of which nobody knows yet whether it arrived."""
    sent = {"type": "contact", "step_id": "demand", "channel": "courier"}
    return [_contact("reminder", 70, "sms", "read"), sent | {"effective_on": _ago(random.randint(1, 50))}]


def _ordered(random: Random) -> list[Event]:
    order = {"type": "action", "step_id": "payment-order", "effective_on": _ago(random.choice((10, 35)))}
    return [*_demanded_long_ago(), order]


def _unreachable(random: Random) -> list[Event]:
    calls = [_contact("call-or-visit", n, "phone", "no_answer") for n in range(1, random.choice((8, 13)))]
    return [*_demanded_long_ago(), *calls]


def _demanded_long_ago() -> list[Event]:
    sent = {"type": "demand", "step_id": "demand", "channel": "courier", "delivered": True}
    return [_contact("reminder", 89, "sms", "read"), sent | {"effective_on": _ago(60)}]


def _looked_into(random: Random) -> list[Event]:
    found = {"type": "action", "step_id": "find-problem", "effective_on": _ago(random.choice((4, 12)))}
    return [_contact("call-or-visit", 14, "visit", "refused"), found]


def _promised(random: Random) -> list[Event]:
    day = _ago(-random.choice((-3, 0, 1, 1, 6)))
    return [{"type": "promise", "effective_on": _ago(5), "promised_on": day}]


def _disputed(random: Random) -> list[Event]:
    opened = {"type": "dispute", "effective_on": _ago(30)}
    found = {"type": "action", "step_id": "find-problem", "effective_on": _ago(12)}
    return [opened, *([found] if random.random() < 0.4 else [])]


def _before_a_court(random: Random) -> list[Event]:
    filed = {"type": "court", "effective_on": _ago(20)}
    told = random.choice(({}, {"ends_on": _ago(-9)}, {"outcome": "decided"}))
    return [filed | told]


def _contact(step: str, days: int, channel: str, outcome: str) -> Event:
    return {
        "type": "contact",
        "step_id": step,
        "effective_on": _ago(days),
        "channel": channel,
        "outcome": outcome,
    }


STORIES = (
    _reminded,
    _reminded,
    _called,
    _called,
    _called_away,
    _demanded,
    _tried_to_demand,
    _ordered,
    _unreachable,
    _looked_into,
    _promised,
    _promised,
    _disputed,
    _before_a_court,
    _said("plan", frequency="monthly", amount="60.00", promised_on=_ago(-20)),
    _said("hold", reason="kept back", review_on=_ago(-9)),
    _said("hardship"),
    _said("death"),
    _said("contact", channel="phone", outcome="away"),
    _said("contact", channel="phone", outcome="refused"),
)
