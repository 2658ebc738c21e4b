"""Random dunning policies as text: stops, classes, ladders in every order, limits and hours."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from policies import can_come_up

STEPS = ("call", "demand", "suit", "old")
CLASSES = ("promised", "away", "undecided")

# Cells over facts of a position, as conditions of stops and steps.
CONDITIONS = (
    {"days_overdue": ">= 1"}, {"days_overdue": "[5..40]"}, {"days_past_due": "> 20"}, {"overdue": ">= 50"},
    {"promise_in_days": "> 1"}, {"promise": "due, kept"}, {"promise": "broken"}, {"broken_promises": ">= 1"},
    {"plan": "live"}, {"plan": "broken, completed"}, {"payment_in_transit": True}, {"dispute": "open"},
    {"hold": True}, {"death": True}, {"hardship": True}, {"court": "filed, scheduled"}, {"demand": "expired"},
    {"demand_covers": "> 0"}, {"demand_age_days": ">= 10"}, {"unreachable": ">= 1"}, {"last_channel": "phone"},
    {"days_since_contact": ">= 3"}, {"limitation_in_days": "<= 1100"}, {"late_fee_due": "> 0"},
    {"credit": "> 0"}, {"contacts_week": ">= 1"}, {"attempts_today": "0"}, {"weekday": "[1..5]"},
    {"paid_this_week": "> 0"}, {"unpaid_periods": ">= 1"}, {"last_step": "call"}, {"vip": False},
    {"days_since_payment": "not([0..10])"}, {"ledger_age_days": "<= 90"}, {"oldest_due_on": "not(null)"},
)  # fmt: skip
conditions = st.sampled_from(CONDITIONS)
cells = st.one_of(conditions, st.builds(lambda a, b: {**a, **b}, conditions, conditions))


@st.composite
def stops(draw: Any, number: int, steps: list[str]) -> dict[str, Any]:
    stop: dict[str, Any] = {
        "id": f"stop-{number}",
        "when": draw(cells),
        "then": draw(st.sampled_from(["hold", "wait", "review", "clear"])),
    }
    if draw(st.integers(0, 4)) == 0:
        stop["any"] = draw(st.lists(cells, min_size=1, max_size=2))
    if draw(st.booleans()):
        stop["until"] = draw(st.sampled_from([{"promised_on": "-1 day"}, {"hold_review_on": "0 days"}]))
    # Only a promise ends by itself: whatever else stops an account is looked at again.
    is_promise = "promised_on" in stop.get("until", ()) and "promise_in_days" in stop["when"]
    if not is_promise or draw(st.booleans()):
        stop["review"] = f"{draw(st.integers(1, 20))} days"
    if draw(st.booleans()):
        stop["by"] = "manager"
    if draw(st.integers(0, 2)) == 0:
        stop["title"] = {"zh": "停止 “引号”", "en": 'a "stop"'}
    if steps and draw(st.integers(0, 2)) == 0:
        stop["lets_through"] = draw(st.lists(st.sampled_from(steps), min_size=1, max_size=2, unique=True))
    return stop


@st.composite
def steps(draw: Any, name: str, before: list[str]) -> dict[str, Any]:
    step: dict[str, Any] = {"id": name, "when": draw(cells), "gap": f"{draw(st.integers(1, 15))} days"}
    if draw(st.booleans()):
        channels = ["courier", "phone", {"channel": "group", "audience": "household"}]
        step["channels"] = draw(st.lists(st.sampled_from(channels), min_size=1, max_size=3, unique_by=str))
        step["in_turn"] = draw(st.booleans())
    if "courier" in step.get("channels", ()) and draw(st.booleans()):
        step |= {"must_be": "delivered", "period": "10 days"}
    if before and draw(st.integers(0, 2)) == 0:
        step["after"] = {
            "step": draw(st.sampled_from(before)),
            "days": draw(st.sampled_from(["-", ">= 3", "[2..30]"])),
        }
    if draw(st.integers(0, 3)) == 0:
        step["gap_by"] = "clock"
    if draw(st.integers(0, 3)) == 0:
        step["fee"] = draw(st.sampled_from(["min(overdue, 12.50)", "3"]))
    if draw(st.booleans()):
        step["at_most"] = draw(st.integers(1, 3))
    if draw(st.booleans()):
        step["in_force"] = f"{draw(st.integers(15, 90))} days"
    for key, value in (
        ("legal", True), ("role", "collector"), ("approval", "manager"), ("escalate", {"after": 1, "to": "leader"}),
        ("template", "letter"), ("announces", ["lawsuit"]), ("amount", "outstanding"),
        ("title", {"zh": "步骤", "en": "a step"}), ("source", {"document": "民法典", "clause": "944"}),
    ):  # fmt: skip
        if draw(st.integers(0, 3)) == 0:
            step[key] = value
    return step


@st.composite
def ladders(draw: Any) -> dict[str, Any]:
    order = draw(st.sampled_from(["first", "severest_first", "one_step_at_a_time"]))
    names = list(STEPS[: draw(st.integers(1, 4))])
    made = [draw(steps(name, names[:number])) for number, name in enumerate(names)]
    has_demand = any("must_be" in step for step in made)
    for step in made:
        if step.get("at_most", 1 if order == "one_step_at_a_time" else 2) == 1:
            step.pop("escalate", None)
        if "legal" in step and not has_demand:
            step["amount"] = "outstanding"
    backwards, restart = (
        draw(st.sampled_from(words)) for words in (["allowed", "review"], ["when_paid", "never"])
    )
    return {"order": order, "backwards": backwards, "restart": restart, "steps": made}


TABLE = """
| promise | away | {fact} | class     |
|---------|------|--------|-----------|
| due     | -    | -      | promised  |
| -       | true | -      | away      |
| -       | -    | {cell} | {word}    |
| -       | -    | -      | undecided |
"""
quiet = st.sampled_from(["22:00-08:00", "12:00-13:00", None])
hours = st.sampled_from([[], ["09:30-12:00", "15:00-18:00"], ["10:00-11:00"]])


@st.composite
def policies(draw: Any, name: str = "random") -> dict[str, Any]:
    """A policy as the plain data of its document."""
    policy: dict[str, Any] = {
        "kind": "dunning-policy", "id": name, "effective": {"from": "2020-01-01"},
        "facts": {"vip": {"boolean": True, "default": False}, "estate": {"choice": ["east", "west"], "optional": True}},
        "minimum": draw(st.sampled_from([0, 1, 80])),
    }  # fmt: skip
    policy["ledger"] = {
        "allocate": draw(st.sampled_from(["oldest_due_first", "civil_code_560", "newest_due_first"])),
        "within_a_debt": draw(st.sampled_from(["principal_first", "interest_first"])),
        "credit": draw(st.sampled_from(["applied", "applied", "kept"])),
        "grace": f"{draw(st.sampled_from([0, 5]))} days",
        "exclude": draw(
            st.sampled_from([{}, {}, {"disputed": "true"}, {"disputed": "true", "held": "true"}])
        ),
    }
    if draw(st.integers(0, 3)) == 0:
        policy["ledger"]["stale_after"] = draw(st.sampled_from(["60 days", "90000 minutes"]))
    if draw(st.booleans()):
        policy["late_fee"] = {"on": "all", "rate": "0.0005", "per": "day", "grace": "5 days"}
    if draw(st.booleans()):
        policy["buckets"] = {"young": "[1..30]", "old": "> 30"}
    if draw(st.integers(0, 4)):
        fact, cell = draw(
            st.sampled_from([("days_overdue", ">= 20"), ("unreachable", ">= 2"), ("estate", "east")])
        )
        table = TABLE.format(fact=fact, cell=cell, word=draw(st.sampled_from(CLASSES)))
        policy["classes"] = {"hit": "first", "table": table}
        policy["class_titles"] = {"undecided": {"zh": "暂未明确类", "en": "undecided"}}
    if draw(st.integers(0, 5)):
        policy["ladder"] = draw(ladders())
    ids = [step["id"] for step in policy.get("ladder", {"steps": []})["steps"]]
    policy["stops"] = [draw(stops(number, ids)) for number in range(draw(st.integers(0, 3)))]
    limits: dict[str, Any] = {"per": draw(st.sampled_from(["party", "account"])), "quiet": draw(quiet)}
    if draw(st.booleans()):
        limits["day"] = {"connected": draw(st.integers(1, 2)), "attempts": draw(st.integers(1, 3))}
    limits["week"] = draw(st.sampled_from([{"target": 2, "at_most": 5}, {"at_most": 1}, {"target": 1}, {}]))
    if draw(st.booleans()):
        limits["gap"] = f"{draw(st.integers(1, 4))} days"
    policy["limits"] = {key: value for key, value in limits.items() if value}
    if draw(st.booleans()):
        policy["windows"] = {kind: draw(hours) for kind in ("workday", "weekend", "holiday")}
    assume(can_come_up(document(policy)))
    return policy


@st.composite
def pressing(draw: Any) -> dict[str, Any]:
    """A policy that is a ladder of one or two steps and nothing else: each is due, or rests, or is used up."""
    made = []
    for name in STEPS[: draw(st.integers(1, 2))]:
        channels = draw(st.permutations(["courier", "phone", "visit"]))[: draw(st.integers(1, 3))]
        step = {"id": name, "channels": channels, "gap": f"{draw(st.integers(2, 15))} days"}
        step |= draw(st.sampled_from([{}, {"in_turn": True}, {"at_most": 2}, {"in_force": "20 days"}]))
        if channels != ["phone"] and draw(st.integers(0, 2)):
            when = {f"steps.{name}.tried": draw(st.sampled_from(["[0..20]", "null", ">= 3"]))}
            step |= {"must_be": "delivered", "period": "10 days"}
            step |= draw(st.sampled_from([{}, {"gap_by": "clock"}, {"when": when}]))
        made.append(step)
    head = {"kind": "dunning-policy", "id": "pressing", "effective": {"from": "2020-01-01"}}
    return {**head, "ladder": {"steps": made}}


def document(policy: dict[str, Any]) -> str:
    """The document of a policy: JSON is YAML too."""
    return json.dumps(policy, ensure_ascii=False, indent=1)
