"""Random dunning policies as people write them, drawn so that each loads; and short ones made by hand."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

import feerules
from accounts import accounts, charge, offsets, on
from feerules import Account, RuleErrors
from feerules.vocabulary import POSITION, PositionFact

HEAD = "kind: dunning-policy\nid: random\neffective: {from: 2000-01-01}\n"


# By hand


def book(body: str, **files: str) -> feerules.Book:
    """A book of one policy with this body, and further documents by name."""
    if not files:
        return book_of(HEAD + body)
    documents: dict[str, bytes | str] = {"policy.yaml": HEAD + body}
    return feerules.load_files(documents | {f"{name}.yaml": text for name, text in files.items()})


@lru_cache(maxsize=16)
def book_of(document: str) -> feerules.Book:
    """The book of a policy alone; one that was drawn has been loaded already, to see whether it can be."""
    return feerules.load_files({"policy.yaml": document})


# At random

CELLS = {
    "decimal": ["0", "> 0", ">= 100", "< 20", "[50..500)", "not(0)"],
    "integer": ["0", "> 0", ">= 2", "[1..3]", "not(2)"],
    "days": [">= 5", "[0..30]", "> 60", "< 0", "not([3..9])", "null", "1", "not(null)"],
    "date": ["< 2025-03-01", "[2025-02-01..2025-04-01]", "> 2025-05-01"],
    "boolean": ["true", "false"],
    "text": ["answered, no_answer", "not(away)", "call"],
}
STEPS = ("call", "demand", "old", "visit", "file")
BUCKETS = {"fresh": "[1..30]", "aged": "[31..90]", "odd": "[-10..-1], 5"}


def _cells_of(fact: PositionFact) -> st.SearchStrategy[str]:
    if fact.kind == "choice":
        return st.lists(st.sampled_from(fact.words), min_size=1, max_size=3, unique=True).map(", ".join)
    cells = CELLS["days" if fact.kind == "integer" and fact.optional else fact.kind]
    return st.sampled_from([cell for cell in cells if cell != "< 0" or fact.bounds[0] < 0])


# What pressing is about comes up more often than the rest.
ASKED = [POSITION[name] for name in (
    "days_overdue", "days_overdue", "overdue", "promise_in_days", "promise_state", "plan_state", "demand_state",
    "unreachable_streak", "days_since_contact", "days_since_payment", "late_fee_due", "limitation_in_days",
    "weekday", "broken_promises",
)]  # fmt: skip


@st.composite
def conditions(draw: Any, more: dict[str, list[str]]) -> str:
    """`{fact: cell}` over one to three facts, the policy's own among them."""
    facts = draw(st.lists(st.sampled_from([*ASKED, *POSITION.values()]), min_size=0, max_size=2))
    cells = {fact.name: draw(_cells_of(fact)) for fact in facts}
    if not cells or draw(st.integers(0, 2)) == 0:
        name = draw(st.sampled_from(sorted(more)))
        cells[name] = draw(st.sampled_from(more[name]))
    return "{" + ", ".join(f'{name}: "{cell}"' for name, cell in cells.items()) + "}"


def _holds(draw: Any, more: dict[str, list[str]]) -> str:
    if draw(st.integers(0, 3)):
        return f"when: {draw(conditions(more))}"
    return f"any: [{draw(conditions(more))}, {draw(conditions(more))}]"


@st.composite
def stops(draw: Any, number: int, more: dict[str, list[str]], steps: list[str]) -> str:
    then = draw(st.sampled_from(["hold", "wait", "review", "clear"]))
    days = ["promised_on: -1 day", "promised_on: 1 day", "hold_review_on: 0 days", "hold_until: 0 days"]
    until = draw(st.sampled_from(["", *days]))
    review = draw(st.sampled_from([1, 3, 10, 30]))
    through = draw(st.lists(st.sampled_from(steps), max_size=2, unique=True)) if steps else []
    # Only a promise ends by itself: whatever else stops an account is looked at again.
    is_promise = until.startswith("promised_on") and draw(st.booleans())
    holds = 'when: {promise_in_days: ">= 0"}' if is_promise else _holds(draw, more)
    parts = [f"id: stop-{number}", holds, f"then: {then}"]
    parts += [f"until: {{{until}}}"] if until else []
    parts += [f"review: {review} days"] if not is_promise or draw(st.booleans()) else []
    parts += [f"lets_through: [{', '.join(through)}]"] if through else []
    return "{" + ", ".join(parts) + "}"


@st.composite
def classes(draw: Any) -> str:
    facts = draw(st.lists(st.sampled_from(ASKED), min_size=1, max_size=3, unique_by=lambda fact: fact.name))
    words = ["soon", "never", "later"]
    rows = [
        [draw(_cells_of(facts[0])), *(draw(st.just("-") | _cells_of(fact)) for fact in facts[1:]), word]
        for word in ["soon", *draw(st.lists(st.sampled_from(words), max_size=2))]
    ]
    rows.append([*("-" for _ in facts), "later"])
    lines = ["| " + " | ".join([*(fact.name for fact in facts), "class"]) + " |"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    body = "\n".join(f"    {line}" for line in lines)
    return f"classes:\n  hit: first\n  table: |\n{body}\n"


CHANNELS = [
    "[wechat, sms, phone]",
    "[phone, visit]",
    "[courier, in_person]",
    "[{channel: group, audience: public}, board, sms]",
]


@st.composite
def steps(draw: Any, name: str, more: dict[str, list[str]], before: list[str], proved: bool) -> str:
    parts = [f"id: {name}", _holds(draw, more)]
    if before and draw(st.integers(0, 2)) == 0:
        days = draw(st.sampled_from(["-", ">= 5", "[2..20]", "> 0"]))
        parts.append(f'after: {{step: {draw(st.sampled_from(before))}, days: "{days}"}}')
    in_force = draw(st.sampled_from([None, None, 20, 60]))
    parts.append(f"gap: {draw(st.sampled_from([1, 3, 7, 15]))} days")
    most = draw(st.integers(1, 4)) if draw(st.booleans()) else None
    parts += [f"at_most: {most}"] if most else []
    parts += [f"in_force: {in_force} days"] if in_force else []
    if proved or draw(st.integers(0, 3)):
        parts.append(f"channels: {draw(st.sampled_from(CHANNELS))}")
        parts += ["in_turn: true"] if draw(st.booleans()) else []
        parts += ["must_be: delivered, period: 15 days"] if proved else []
    parts += ["legal: true"] if draw(st.integers(0, 4)) == 0 else []
    parts += ["approval: manager"] if draw(st.integers(0, 4)) == 0 else []
    if most and most > 1 and draw(st.booleans()):
        parts.append(f"escalate: {{after: {most - 1}, to: leader}}")
    amount = draw(st.sampled_from(["outstanding", "late_fee_due", "overdue + late_fee_due"]))
    parts += [f"amount: {amount}"] if draw(st.booleans()) else []
    return "{" + ", ".join(parts) + "}"


LEDGER = {
    "allocate": ["oldest_due_first", "newest_due_first", "civil_code_560"],
    "within_a_debt": ["principal_first", "interest_first"],
    "credit": ["applied", "kept"],
    "age_from": ["due_on", "due_on", "issued_on", "period_end"],
    "grace": ["0 days", "7 days"],
    "exclude": ["{}", "{tags: [disputed], kinds: [deposit]}", "{disputed: true, held: true}"],
    "stale_after": ["400 days", "400 days", "30 days"],
}
LATE_FEES = [
    "",
    "late_fee: {rate: 0.0005}\n",
    "late_fee: {rate: {parameter: lpr}, per: year, grace: 5 days, after_grace: from_grace, cap: {share_of_principal: 0.3}}\n",
]
WINDOWS = [
    "", "",
    'windows: {workday: ["09:30-12:00", "15:00-18:00"]}\n',
    'windows: {workday: ["09:30-12:00"], weekend: ["10:30-12:00"], holiday: []}\n',
]  # fmt: skip
LIMITS = {
    "per": ["party", "account"],
    "day": ["{}", "{attempts: 1}", "{connected: 1, attempts: 3}"],
    "week": ["{}", "{at_most: 2}", "{target: 2, at_most: 3}"],
    "gap": ["0 days", "2 days"],
    "quiet": ['"22:00-08:00"'],
}
DERIVED = {
    "beyond_this_week": "outstanding - max(0, 100 - paid_this_week)",
    "aged_twice": "2 * max(days_past_due, 0) - 10",
    "since": "days_between(promised_on, as_of)",
}


@st.composite
def policies(draw: Any, stops_first: str = "stops:\n", needed: tuple[str, ...] = ()) -> str:
    """The body of a policy: everything that a policy may say comes up, after the stops that are given."""
    names = draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=4, unique=True))
    names += [name for name in needed if name not in names]
    own = {"bucket_fresh": CELLS["decimal"], "bucket_aged": CELLS["decimal"], "bucket_odd": ["> 0"]}
    own |= {"beyond_this_week": ["> 0", ">= 100"], "aged_twice": ["> 20", "[0..9]"]}
    for name in names:
        own[f"steps.{name}.count"] = own[f"steps.{name}.failed"] = CELLS["integer"]
        own[f"steps.{name}.days"] = CELLS["days"]
    proved = [name for name in names if name in ("demand", "visit") and draw(st.integers(0, 2))]
    own |= {f"steps.{name}.tried": CELLS["days"] for name in proved}
    has_classes = draw(st.booleans())
    in_ladder = own | ({"class": ["soon", "later", "not(later)"]} if has_classes else {})
    body = "ledger: {" + ", ".join(f"{k}: {draw(st.sampled_from(v))}" for k, v in LEDGER.items()) + "}\n"
    body += draw(st.sampled_from(LATE_FEES))
    body += "parameters: {lpr: [{from: 2024-01-01, value: 3.1%}, {from: 2025-03-01, value: 6%}]}\n"
    body += f"minimum: {draw(st.sampled_from(['0', '20.00', '300']))}\n"
    body += f"tolerance: {{promise: {draw(st.sampled_from([0, 3]))} days, plan: {draw(st.sampled_from([0, 5]))} days}}\n"
    body += "buckets: {" + ", ".join(f'{k}: "{v}"' for k, v in BUCKETS.items()) + "}\n"
    body += "derived: {" + ", ".join(f'{k}: "{v}"' for k, v in DERIVED.items() if k != "since") + "}\n"
    stopping = [draw(stops(n, own, names)) for n in range(draw(st.integers(0, 3)))]
    body += (
        stops_first + "".join(f"  - {each}\n" for each in stopping) if stopping or "-" in stops_first else ""
    )
    body += draw(classes()) if has_classes else ""
    order = draw(st.sampled_from(["first", "severest_first", "one_step_at_a_time"]))
    restart = draw(st.sampled_from(["when_paid", "when_paid", "never"]))
    body += f"ladder:\n  order: {order}\n  restart: {restart}\n  steps:\n"
    body += "".join(
        f"    - {draw(steps(name, in_ladder, names[:at], name in proved))}\n" for at, name in enumerate(names)
    )
    asked = draw(st.lists(st.sampled_from(sorted(LIMITS)), unique=True))
    body += "limits: {" + ", ".join(f"{k}: {draw(st.sampled_from(LIMITS[k]))}" for k in asked) + "}\n"
    body += draw(st.sampled_from(WINDOWS))
    assume(can_come_up(HEAD + body))
    return body


POINTLESS = {"no_demand", "unreachable_step", "contradiction", "always_true"}


def can_come_up(document: str) -> bool:
    """Whether each part of a random policy can ever matter: one in which a part cannot is refused."""
    try:
        book_of(document)
    except RuleErrors as error:
        if {problem.code for problem in error.problems} <= POINTLESS:
            return False
        raise
    return True


@st.composite
def owing(draw: Any) -> Account:
    """A random account that owes much more than it has paid, in two charges besides its own."""
    drawn = draw(accounts())
    dues = [draw(offsets), draw(offsets)]
    more = [charge(f"X-{n}", on(due).isoformat(), "9000.00") for n, due in enumerate(dues)]
    return Account.model_validate({**drawn.model_dump(), "charges": [*drawn.model_dump()["charges"], *more]})
