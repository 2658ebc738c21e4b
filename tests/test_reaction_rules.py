"""Reactions as documents: what may be written, what changes mean, and cases that expect them; wrong ones are in data/bad."""

from __future__ import annotations

import json
from typing import get_args

import pytest

import feerules
from feerules.documents.reactions import DEEDS, Deed, Happening, Reaction
from feerules.events.reaction import DEEDS as TOLD_DEEDS
from feerules.ledger.entries import CHARGE_KINDS, EVENT_TYPES
from feerules.vocabulary import CLOSED, HAPPENINGS, TOLD
from reactions import FIVE, HEAD, REVERSED, THREE_CALLS, TWICE_BROKEN, UNPAID, book

# What may be written


def when(text: str) -> Reaction:
    policy = book(f"{{id: one, when: {text}, then: notify}}").policies[0][0].policy
    return policy.reactions[0]


@pytest.mark.parametrize(("short", "long"), [
    ("{count: payment, at_least: 2, within: 1 week}", "{count: [{event: payment}], at_least: 2, within: 7 days}"),
    ("{after: demand, without: payment, within: 3 days}", "{after: {event: demand}, without: [payment], within: 3 days, unless: []}"),
    ("{event: payment}", '{"event": "payment"}'),
    ("payment", "{event: payment}"),
])  # fmt: skip
def test_what_may_be_left_out_means_the_same(short: str, long: str) -> None:
    assert when(short) == when(long)


def test_every_happening_of_a_ledger_has_a_name_and_every_name_a_happening() -> None:
    judged = {"promise_kept", "promise_broken"}
    money = {"payment", "payment_in_transit", "payment_reversed"}
    events = {*EVENT_TYPES, *(each + CLOSED for each in EVENT_TYPES)}
    assert {*HAPPENINGS} == events | money | judged | {*CHARGE_KINDS}


def test_a_happening_has_a_key_for_everything_that_is_told() -> None:
    assert (
        {*Happening.model_fields} - {"event"}
        == {*TOLD}
        == {name for each in HAPPENINGS.values() for name in each.tells}
    )


def test_every_deed_can_be_told() -> None:
    assert {*DEEDS} == {*get_args(Deed)} == {*TOLD_DEEDS}


def test_a_rule_is_found_again_in_the_schema_of_editors() -> None:
    schema = json.dumps(feerules.schema())
    assert all(
        f'"{name}"' in schema for name in (*HAPPENINGS, *TOLD, *DEEDS, "at_least", "without", "unless")
    )


# What changes


CHANGES = {
    "how many": (TWICE_BROKEN, ("at_least: 2", "at_least: 3"), "reaction_when_at_least_changed",
        "自2000年1月1日起，三十日内两次失约，条件，不低于：由2改为3。",
        "From January 1, 2000, Two promises broken in 30 days, condition, at least: 2 → 3."),
    "how long": (UNPAID, ("within: 15 days", "within: 3 weeks"), "reaction_when_within_changed",
        "自2000年1月1日起，催告后未付款，条件，期限：由15天改为21天。",
        "From January 1, 2000, A demand without payment, condition, within: 15 days → 21 days."),
    "what answers": (UNPAID, ("without: payment", "without: [payment, promise]"), "reaction_when_without_changed",
        "自2000年1月1日起，催告后未付款，条件，其后未有事项：由payment改为payment、promise。",
        "From January 1, 2000, A demand without payment, condition, what does not follow: payment → payment, promise."),
    "who": (REVERSED, ("to: clerk", "to: manager"), "reaction_to_changed",
        "自2000年1月1日起，付款冲正，通知对象：由clerk改为manager。",
        "From January 1, 2000, A payment was reversed, who is told: clerk → manager."),
    "what is done": (REVERSED, ("then: reopen", "then: [reopen, notify]"), "reaction_then_changed",
        "自2000年1月1日起，付款冲正，处理方式：由reopen改为reopen、notify。",
        "From January 1, 2000, A payment was reversed, what is done: reopen → reopen, notify."),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told_by_what_it_means(name: str) -> None:
    rule, (old, new), code, chinese, english = CHANGES[name]
    (change,) = feerules.diff(book(rule), book(rule.replace(old, new)))
    assert (change.code, change.kind) == (code, "condition")
    assert (change.explain("zh_CN"), change.explain("en")) == (chinese, english)


def test_a_reaction_that_is_new_and_one_that_is_gone_are_told() -> None:
    codes = [each.code for each in feerules.diff(book(THREE_CALLS), book(REVERSED))]
    assert sorted(codes) == ["reaction_added", "reaction_removed"]


def test_a_list_of_one_is_no_change() -> None:
    assert [
        *feerules.diff(book(UNPAID), book(UNPAID.replace("without: payment", "without: [payment]")))
    ] == []


# Cases that expect reactions

CASES = """\
kind: cases
for: garden
cases:
  - name: one
    account:
      payments: [{payment_id: P1, amount: 1.00, effective_on: 2025-05-01}, {payment_id: P2, reverses_payment_id: P1, effective_on: 2025-05-02}]
    as_of: 2025-05-03
    expect: {reactions: [payment-reversed]}
"""


def proven(cases: str) -> list[str]:
    rules = feerules.load_files({"garden.yaml": HEAD + FIVE, "garden.cases.yaml": cases})
    return [str(each) for each in feerules.run_cases(rules) if not each.passed]


@pytest.mark.parametrize(("expected", "as_of"), [
    ("[payment-reversed]", "2025-05-03"), ("[]", "2025-05-01"), ("none", "2025-05-01"),
])  # fmt: skip
def test_a_case_may_expect_what_has_fired_by_its_day(expected: str, as_of: str) -> None:
    assert proven(CASES.replace("[payment-reversed]", expected).replace("2025-05-03", as_of)) == []


def test_a_case_that_expects_another_reaction_says_what_fired() -> None:
    (told,) = proven(CASES.replace("[payment-reversed]", "[twice-broken]"))
    assert "expected twice-broken, found payment-reversed" in told


def test_of_a_position_alone_nothing_has_happened() -> None:
    case = CASES.replace(
        CASES[CASES.index("    account:") : CASES.index("    as_of")], "    position: {outstanding: 1.00}\n"
    )
    assert proven(case.replace("[payment-reversed]", "none")) == []
