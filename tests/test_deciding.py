"""What is decided, as nodes and plain data, is what `next_action` says; also where each position has a day of its own."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import accounts as ledgers
import feerules
from accounts import FIRST
from descriptions import told_of
from feerules.assessing import assess
from feerules.calendars import Calendar
from feerules.deciding.actions import actions_under
from feerules.deciding.questions import Question
from feerules.ledger.entries import CLOSING
from policies import owing
from random_policies import document, policies

CALENDAR = Calendar(holidays=frozenset({date(2025, 4, 4), date(2025, 5, 1)}), years=frozenset({2024, 2025}))
LAST = FIRST + timedelta(days=200)
SLOW = settings(
    max_examples=settings().max_examples // 3, suppress_health_check=list(HealthCheck), deadline=None
)
days = st.integers(0, 190).map(lambda number: FIRST + timedelta(days=number))
moments = st.builds(lambda day, hour, zone: datetime(day.year, day.month, day.day, hour, 20, tzinfo=zone),
                    days, st.integers(0, 23), st.sampled_from([None, UTC]))  # fmt: skip
# One decision in `plainly`, and the same in a description: what each has beside the other is left out.
NAMES = ("decision", "step_id", "channel", "fallback", "audience", "not_before", "not_after", "needs_approval", "legal",
         "charge_ids", "amount", "fee", "template", "announces", "next_review_on", "class", "table_row")  # fmt: skip


def described(
    rules: feerules.Book, account: feerules.Account, as_of: date, until: date | None = None
) -> dict[str, Any]:
    """What a description tells of the account's position; with `until`, of any day from the first to then."""
    assessed = assess(account, rules, as_of, None)
    first = as_of if until is None else FIRST
    asked = Question(first, None, CALENDAR, rules.policies_change_after, until)
    later = later_step(rules, account, as_of)
    more = {"policy": assessed.compiled.policy.id, "version": assessed.compiled.policy.version_name,
            "later_step": later[1], "later_on": later[0]}  # fmt: skip
    description = actions_under(assessed.compiled, asked, "account_id")
    return told_of(description, assessed.position, account.facts, as_of, **more)


def later_step(
    rules: feerules.Book, account: feerules.Account, as_of: date
) -> tuple[date | None, str | None]:
    """The last step of the ladder that was done after the day."""
    ladder = rules.policies[0][0].policy.ladder
    ids = {step.id for step in ladder.steps} if ladder else set()
    day = as_of.date() if isinstance(as_of, datetime) else as_of
    later = [
        (each.effective_on, each.event_id, each.step_id)
        for each in account.events
        if each.step_id in ids and each.effective_on > day
        and each.status not in CLOSING and each.account_id in (None, account.account_id)
    ]  # fmt: skip
    return (max(later)[0], max(later)[2]) if later else (None, None)


def plainly(rules: feerules.Book, account: feerules.Account, as_of: date) -> dict[str, Any]:
    decision = feerules.next_action(account, rules, as_of, calendar=CALENDAR)
    plain = decision.to_dict()
    told = {name: getattr(decision, name, None) for name in NAMES} | {"class": decision.kind}
    lists = {name: None if told[name] is None else [*told[name]] for name in ("charge_ids", "announces")}
    return told | lists | {
        "reasons": [each.code for each in decision.reasons],
        "reasons_json": json.loads(json.dumps(plain["reasons"])),
        "fields": plain.get("message"),
        "role": getattr(decision, "by", getattr(decision, "role", None)),
        "until": getattr(decision, "until", None),
    }  # fmt: skip


@SLOW
@given(st.one_of(owing(), ledgers.accounts(faults=True)), policies(), st.one_of(days, moments))
def test_a_description_tells_what_is_decided(
    account: feerules.Account, policy: dict[str, Any], as_of: date
) -> None:
    rules = book_of(policy)
    expected, found = plainly(rules, account, as_of), described(rules, account, as_of)
    if isinstance(as_of, datetime) and expected["until"] is not None:
        day = expected["until"]
        expected["until"] = datetime(
            day.year,
            day.month,
            day.day,
            getattr(day, "hour", 0),
            getattr(day, "minute", 0),
            tzinfo=as_of.tzinfo,
        )
    assert {name: found[name] for name in expected} == expected


@SLOW
@given(st.one_of(owing(), ledgers.accounts(faults=True)), policies(), days)
def test_of_a_day_that_each_position_has_the_same_is_told_as_of_that_day_alone(
    account: feerules.Account, policy: dict[str, Any], as_of: date
) -> None:
    rules = book_of(policy)
    assert described(rules, account, as_of, LAST) == described(rules, account, as_of)


def book_of(policy: dict[str, Any]) -> feerules.Book:
    return feerules.load_files({"policy.yaml": document(policy)})
