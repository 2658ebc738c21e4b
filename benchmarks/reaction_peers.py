"""durable-rules used directly on the reactions of `lives`: rules in its own language, a context for each account.

It cannot judge promises and has no days: it is given what happened, with days as numbers, and told when a wait is over.
An event goes to one rule, so it is given once for each that may want it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from feerules.plan.patterns import Happened

__all__ = ["durable_fired"]

WITHIN = {"twice-broken": 30, "demand-unpaid": 15, "three-calls": 7, "paid-before-visit": 30}
WANTED = {
    "promise_broken": ("twice-broken",),
    "demand": ("demand-unpaid",),
    "contact": ("three-calls",),
    "action": ("paid-before-visit",),
    "payment": ("demand-unpaid", "paid-before-visit"),
    "payment_reversed": ("payment-reversed",),
}


def durable_fired(words: dict[str, dict[str, int]]) -> Callable[[Sequence[Happened], int], list[str]]:
    """What fires for a history, by reaction; `words` are the codes of what entries tell."""
    from durable import engine, lang

    class Host(engine.Host):  # type: ignore[misc]
        def _run(self) -> None:
            """No thread beside: it would now and then take an event's action away from the post that waits."""

    fired: list[str] = []
    ruleset = lang.ruleset("live")
    with ruleset:
        _rules(lang, fired, words)
    host = Host(dict([ruleset.define()]))

    def run(history: Sequence[Happened], until: int) -> list[str]:
        fired.clear()
        ends = [each.day + WITHIN["demand-unpaid"] + 1 for each in history if each.kind == "demand"]
        ends = [day for day in ends if day <= until]
        _post(host, engine, {"rule": "begin"})
        for at, each in enumerate(history):
            while ends and ends[0] <= each.day:
                _post(host, engine, {"rule": "demand-unpaid", "kind": "over", "day": ends.pop(0)})
            for rule in WANTED[each.kind]:
                _post(host, engine, {"rule": rule, "kind": each.kind, "day": each.day, "at": at, **each.told})
        for day in ends:
            _post(host, engine, {"rule": "demand-unpaid", "kind": "over", "day": day})
        host.delete_state("live", "1")
        return sorted(fired)

    return run


def _post(host: Any, engine: Any, event: dict[str, Any]) -> None:
    try:
        host.post("live", {**event, "sid": "1"})
    except engine.MessageNotHandledException:
        return


def _rules(lang: Any, fired: list[str], words: dict[str, dict[str, int]]) -> None:
    m, c = lang.m, lang.c

    def note(name: str) -> Callable[[Any], None]:
        return lambda c: fired.append(name)

    phone, visit = words["channel"]["phone"], words["channel"]["visit"]
    call = (m.rule == "three-calls") & (m.channel == phone) & (m.reached == 0)
    broken = m.rule == "twice-broken"
    lang.when_all(m.rule == "begin")(lambda c: None)  # a context in which nothing has fired cannot be deleted
    lang.when_all(c.a << broken, c.b << (m.rule == "twice-broken") & (m.at > c.a.at) & (m.day <= c.a.day + 30))(note("twice-broken"))  # fmt: skip
    lang.when_all(
        c.a << call,
        c.b << (m.rule == "three-calls") & (m.channel == phone) & (m.reached == 0) & (m.at > c.a.at),
        c.d << (m.rule == "three-calls") & (m.channel == phone) & (m.reached == 0) & (m.at > c.b.at) & (m.day <= c.a.day + 7),
    )(note("three-calls"))  # fmt: skip
    lang.when_all(c.a << (m.kind == "action") & (m.channel == visit), c.b << (m.rule == "paid-before-visit") & (m.kind == "payment") & (m.at > c.a.at) & (m.day <= c.a.day + 30))(note("paid-before-visit"))  # fmt: skip
    lang.when_all(m.kind == "payment_reversed")(note("payment-reversed"))
    lang.when_all(c.a << (m.kind == "demand") & (m.delivered == 1), c.b << (m.rule == "demand-unpaid") & (m.kind == "payment") & (m.at > c.a.at))(lambda c: None)  # fmt: skip
    lang.when_all(c.a << (m.kind == "demand") & (m.delivered == 1), c.b << (m.kind == "over") & (m.day > c.a.day + 15))(note("demand-unpaid"))  # fmt: skip
