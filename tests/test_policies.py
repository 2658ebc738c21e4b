"""Which policy an account has, what its classes say, and the cases that prove a policy."""

from __future__ import annotations

import json
import pickle
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import feerules
from accounts import account, charge, event
from feerules import Position, UnitErrors
from feerules.periods import PeriodError
from feerules.proving.results import CaseResult
from policies import HEAD, book

DUNNING = Path(__file__).parent.parent / "rules" / "dunning"
DEBT = charge("C-1", "2026-10-31", "250.60")
TODAY = "2026-11-10"


def policy(name: str, body: str = "", first: str = "2000-01-01") -> str:
    return HEAD.replace("random", name).replace("2000-01-01", first) + body


def errors_of(rules: feerules.Book, as_of: str = TODAY, **more: Any) -> list[tuple[str, str | None]]:
    with pytest.raises(UnitErrors) as caught:
        feerules.next_action(account(DEBT, **more), rules, as_of)
    return [(problem.code, problem.fact) for problem in caught.value.problems]


# Which policy


EAST = "facts: {estate: {choice: [east, west], words: {东区: east}}}\napplies: {estate: east}\n"
WEST = EAST.replace("estate: east}\n", "estate: west}\n")
TWO = {"east.yaml": policy("east", EAST), "west.yaml": policy("west", WEST)}


def test_a_policy_applies_by_the_facts_of_the_account() -> None:
    rules = feerules.load_files({**TWO})
    for estate, name in (("east", "east"), ("东区", "east"), ("west", "west")):
        assert feerules.classify(account(DEBT, facts={"estate": estate}), rules, TODAY).policy == name


def test_an_account_may_name_its_policy() -> None:
    rules = feerules.load_files({"one.yaml": policy("one"), "two.yaml": policy("two", "minimum: 300\n")})
    assert feerules.next_action(account(DEBT, policy="two"), rules, TODAY).decision == "clear"
    assert feerules.next_action(account(DEBT, policy="one"), rules, TODAY).decision == "wait"


def test_the_version_of_the_day_holds() -> None:
    rules = feerules.load_files({
        "old.yaml": policy("dun", first="2026-01-01"), "new.yaml": policy("dun", "minimum: 300\n", first="2026-11-10"),
    })  # fmt: skip
    before = feerules.next_action(account(DEBT), rules, "2026-11-09")
    after = feerules.next_action(account(DEBT), rules, "2026-11-10")
    assert (before.version, before.decision, before.next_review_on) == (
        "2026-01-01",
        "wait",
        date(2026, 11, 10),
    )
    assert (after.version, after.decision) == ("2026-11-10", "clear")


def test_no_policy_and_two_policies_are_problems_of_the_account() -> None:
    alike = feerules.load_files({"one.yaml": policy("one"), "two.yaml": policy("two")})
    assert errors_of(alike) == [("policy_claimed_twice", None)]
    assert errors_of(alike, policy="three") == [("no_policy", "policy")]
    with pytest.raises(feerules.UnitErrors, match="no_policy: policy"):
        feerules.position(account(DEBT, policy="three"), alike, TODAY)
    assert errors_of(book(""), "1999-12-31") == [("no_policy", None)]
    assert errors_of(feerules.load_files({**TWO})) == [("missing", "estate")]


RENT = """\
facts: {weekly_rent: {decimal: 2, min: 0, max: 1000}}
derived: {beyond: "outstanding - max(0, weekly_rent - paid_this_week)"}
ladder:
  steps:
    - {id: reminder, when: {beyond: ">= 10"}, channels: [sms], gap: 7 days}
"""


@pytest.mark.parametrize(("facts", "problem"), [
    ({}, ("missing", "weekly_rent")),
    ({"weekly_rent": ""}, ("missing", "weekly_rent")),
    ({"weekly_rent": "a lot"}, ("wrong_type", "weekly_rent")),
    ({"weekly_rent": "20.005"}, ("imprecise", "weekly_rent")),
    ({"weekly_rent": "1000.01"}, ("out_of_domain", "weekly_rent")),
])  # fmt: skip
def test_a_fact_that_the_policy_asks_for_must_be_told(
    facts: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert errors_of(book(RENT), facts=facts) == [problem]


def test_of_who_owes_nothing_no_fact_is_asked() -> None:
    assert feerules.next_action(account(), book(RENT), TODAY).decision == "clear"


@pytest.mark.parametrize(("rent", "decision"), [("240.60", "act"), ("240.61", "wait"), ("0", "act")])
def test_a_formula_says_what_no_fact_says(rent: str, decision: str) -> None:
    found = feerules.next_action(account(DEBT, facts={"weekly_rent": rent}), book(RENT), TODAY)
    assert found.decision == decision


def test_more_than_can_be_counted_is_a_problem_not_nothing() -> None:
    much = [charge(f"C-{number}", "2026-10-31", "60000000000.00") for number in range(2)]
    with pytest.raises(feerules.UnitErrors, match="out_of_domain: overdue"):
        feerules.next_action(account(*much), book("minimum: 20.00\n"), TODAY)


@pytest.mark.parametrize("verb", [feerules.position, feerules.classify, feerules.next_action])
@pytest.mark.parametrize("clock", ["as_of", "known_at"])
@pytest.mark.parametrize("given", ["tomorrow", "2026-13-01", 20261112])
def test_a_clock_that_cannot_be_read_is_told(verb: Any, clock: str, given: Any) -> None:
    clocks = {"as_of": TODAY, clock: given}
    with pytest.raises(PeriodError, match=f"as {clock}, expected a day such as 2026-11-12"):
        verb(account(DEBT), book(""), clocks.pop("as_of"), **clocks)


# Classes

CLASSES = """\
classes:
  hit: first
  table: |
    | dispute | promise | class     | note |
    |---------|---------|-----------|------|
    | open    | -       | refusing  | d    |
    | -       | due     | promised  | a    |
    | -       | -       | undecided | b    |
class_titles: {promised: {zh: 近期交纳类, en: promised}}
"""


@pytest.mark.parametrize(("entries", "kind", "row"), [
    ([event("E-1", "dispute", "2026-11-01"), event("E-2", "promise", "2026-11-01", promised_on="2026-11-20")], "refusing", "1"),
    ([event("E-2", "promise", "2026-11-01", promised_on="2026-11-20")], "promised", "2"),
    ([], "undecided", "3"),
])  # fmt: skip
def test_the_first_row_that_matches_is_the_class(entries: list[dict[str, Any]], kind: str, row: str) -> None:
    found = feerules.classify(account(DEBT, *entries), book(CLASSES), TODAY)
    assert (found.kind, found.table_row, found.where) == (kind, row, "policy.yaml:5:3")
    assert found.title == (
        {"zh": "近期交纳类", "en": "promised"} if kind == "promised" else {"zh": kind, "en": kind}
    )


def test_who_owes_nothing_has_no_class() -> None:
    found = feerules.classify(account(), book(CLASSES), TODAY)
    assert (found.kind, found.table_row, found.title) == ("", "", {})


def test_a_class_says_why() -> None:
    found = feerules.classify(account(DEBT), book(CLASSES), TODAY)
    assert found.explain("en").startswith("Class: undecided (row ")
    assert [reason.code for reason in found.reasons] == ["class"]
    paid = feerules.classify(account(), book(CLASSES), TODAY)
    assert paid.explain() == "无欠费。"
    twice = feerules.classify(account(DEBT, DEBT | {"amount": "1.00"}), book(CLASSES), TODAY)
    assert [reason.code for reason in twice.reasons] == ["contradictory", "class"]


def test_a_class_stands_until_it_is_looked_at_again() -> None:
    promise = event("E-1", "promise", "2026-11-09", promised_on="2026-11-20")
    rules = book(CLASSES)
    found = feerules.classify(account(DEBT, promise), rules, TODAY)
    assert found.next_review_on is not None
    before = found.next_review_on - timedelta(days=1)
    assert feerules.classify(account(DEBT, promise), rules, before).kind == found.kind


def test_a_class_is_plain_json_and_pickles() -> None:
    found = feerules.classify(account(DEBT), book(CLASSES), TODAY)
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["class"] == "undecided"
    assert pickle.loads(pickle.dumps(found)).to_dict() == plain


def test_a_position_is_as_good_as_its_account() -> None:
    rules = book(
        CLASSES
        + "ladder:\n  steps:\n    - {id: call, when: {class: undecided}, channels: [phone], gap: 3 days}\n"
    )
    told = Position.given({"outstanding": "300", "overdue": "300", "days_overdue": 12}, date(2026, 11, 10))
    assert feerules.classify(told, rules, TODAY).kind == "undecided"
    assert feerules.next_action(told, rules, TODAY).to_dict()["step_id"] == "call"


def test_the_second_question_finds_the_position_of_the_first() -> None:
    rules, asked = book(CLASSES), account(DEBT)
    first = feerules.classify(asked, rules, TODAY).position
    assert feerules.next_action(asked, rules, TODAY).position is first
    others = [
        feerules.next_action(asked, rules, "2026-11-11").position,
        feerules.next_action(asked, rules, TODAY, known_at=date(2026, 11, 10)).position,
        feerules.next_action(asked, book(CLASSES), TODAY).position,
        feerules.next_action(asked.model_copy(update={"facts": {"away": True}}), rules, TODAY).position,
    ]
    assert [first is other for other in others] == [False] * 4
    assert others[-1].away


def test_a_book_of_policies_pickles_and_answers_alike() -> None:
    rules = book(CLASSES)
    again = pickle.loads(pickle.dumps(rules))
    assert again.digest == rules.digest
    assert (
        feerules.classify(account(DEBT), again, TODAY).to_dict()
        == feerules.classify(account(DEBT), rules, TODAY).to_dict()
    )


# Cases


@pytest.mark.parametrize(
    "result",
    feerules.run_cases(feerules.load(DUNNING)),
    ids=lambda result: f"{result.document}: {result.name}",
)
def test_a_policy_of_the_rules_decides_as_its_cases_say(result: CaseResult) -> None:
    assert result.passed, str(result)


LADDER = (
    'ladder:\n  steps:\n    - {id: reminder, when: {overdue: "> 0"}, channels: [sms, phone], gap: 5 days}\n'
)
OWED = "position: {outstanding: 300, overdue: 300}, as_of: 2026-11-10"
WRONG = [
    (f"{OWED}, expect: {{descision: act}}", 'descision: neither a fact of the position nor a part of a decision; did you mean "decision"?'),
    (f"{OWED}, expect: {{mood: bad}}", "mood: neither a fact of the position nor a part of a decision"),
    (f"{OWED}, expect: {{step: remider}}", "step: expected remider, found reminder"),
    (f"{OWED}, expect: {{decision: wait, fallback: none}}", "decision: expected wait, found act; fallback: expected none, found phone"),
    (f"{OWED}, expect: {{reason: stop}}", "reason: expected stop, found due"),
    (f"{OWED}, expect: {{overdue: 300.01}}", "overdue: expected 300.01, found 300.00"),
    ("position: {overdu: 300}, as_of: 2026-11-10, expect: {decision: act}", 'the case itself: found "overdu", did you mean "overdue"?'),
    ("position: {promise: maybe}, as_of: 2026-11-10, expect: {decision: act}", "the case itself: found 'maybe' as promise_state, expected none, due, kept, broken"),
    ("account: {}, as_of: 1999-12-31, expect: {decision: act}", "expected decision act, found the problems: no_policy: no dunning policy of the book applies to this account"),
    ("account: {}, as_of: 1999-12-31, expect: {problem: no_policy}", "passed"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "told"), WRONG, ids=[told[:40] for _, told in WRONG])
def test_a_case_that_fails_says_what_it_expected_and_what_was_found(case: str, told: str) -> None:
    text = f"kind: cases\nfor: random\ncases:\n  - {{name: one, {case}}}\n"
    (result,) = feerules.run_cases(book(LADDER, cases=text))
    assert str(result).partition(": one: ")[2] == told


# Late fee

BASE = "parameters: {base: [{from: 2026-01-01, value: 3%}, {from: 2026-07-01, value: 2%}]}\n"
RATES = [
    ("rate: 12%, per: year, days: thirty_day_months", "2027-01-10", "120.00"),
    ("rate: 24%, per: year, days: thirty_day_months, cap: {rate_per_year: 0.12}", "2027-01-10", "120.00"),
    ("daily: 0.25, cap: {amount: 10.00}", "2026-01-20", "2.50"),
    ("rate: 12%, per: year, unit: 1", "2026-02-10", "10.00"),
    ("rate: 12%, per: year, unit: 1, mode: up", "2026-02-10", "11.00"),
    ("rate: 12%, per: year, unit: 0.1", "2026-02-10", "10.20"),
    ("rate: 12%, per: year, days: thirty_day_months", "2026-02-10", "10.00"),
    ("rate: 12%, per: year", "2027-01-10", "120.00"),
    ("rate: 12%, per: month", "2026-02-09", "120.00"),
    ("rate: {parameter: base, plus: 9%}, per: year", "2026-06-30", "56.22"),  # 171 days at 12 %
    ("rate: {parameter: base, plus: 9%}, per: year", "2026-07-10", "59.23"),  # and 10 at 11 %
    ("rate: {parameter: base, times: 2, plus: 1%}, per: year", "2026-06-30", "32.79"),
]


@pytest.mark.parametrize(("fee", "as_of", "expected"), RATES)
def test_a_rate_counts_as_its_policy_says(fee: str, as_of: str, expected: str) -> None:
    debt = charge("C-1", "2026-01-10", "1000.00", issued_on="2026-01-01")
    found = feerules.position(account(debt), book(f"late_fee: {{{fee}}}\n{BASE}"), as_of)
    assert str(found.late_fee_accrued) == expected


# Cases of moments, and of other policies

HOURS = LADDER + 'windows: {workday: ["08:00-12:00"]}\n'


@pytest.mark.parametrize(("until", "told"), [
    ("2026-11-11T08:00", "passed"),
    ("2026-11-11T08:00:00", "passed"),
    ("2026-11-11T08:01", "until: expected 2026-11-11T08:01, found 2026-11-11T08:00:00"),
    ("tomorrow", "until: expected tomorrow, found 2026-11-11T08:00:00"),
])  # fmt: skip
def test_a_moment_in_a_case_needs_no_seconds(until: str, told: str) -> None:
    case = (
        f"{{name: one, {OWED.replace('11-10', '11-10T13:00')}, expect: {{decision: wait, until: {until}}}}}"
    )
    (result,) = feerules.run_cases(book(HOURS, cases=f"kind: cases\nfor: random\ncases:\n  - {case}\n"))
    assert str(result).partition(": one: ")[2] == told


@pytest.mark.parametrize(("asked", "told"), [
    ("account: {facts: {estate: west}}", "the cases are for east, and west applies"),
    ("account: {policy: west}", "the cases are for east, and west applies"),
    ("account: {policy: north}", "no_policy: policy: no dunning policy of the book applies to this account"),
])  # fmt: skip
def test_a_case_of_another_policy_says_which_applies(asked: str, told: str) -> None:
    case = f"kind: cases\nfor: east\ncases:\n  - {{name: one, {asked}, as_of: 2026-11-10, expect: {{decision: clear}}}}\n"
    (result,) = feerules.run_cases(feerules.load_files({**TWO, "one.cases.yaml": case}))
    assert not result.passed
    assert str(result).endswith(told)


# What a step asks for


@pytest.mark.parametrize(("amount", "asked", "charges"), [
    ("overdue - 500", "0.00", ("C-1",)),
    ("all_of_it", "350.60", ("C-1", "C-2")),
    ("overdue + 9", "259.60", ("C-1",)),
])  # fmt: skip
def test_a_step_asks_for_what_its_formula_says(amount: str, asked: str, charges: tuple[str, ...]) -> None:
    rules = book(
        "derived: {all_of_it: outstanding + 50}\nladder:\n  steps:\n"
        f'    - {{id: letter, when: {{overdue: "> 0"}}, channels: [post], gap: 3 days, amount: {amount}}}\n'
    )
    coming = charge("C-2", "2026-12-31", "50.00", issued_on="2026-11-01")
    found = feerules.next_action(account(DEBT, coming), rules, TODAY)
    assert isinstance(found, feerules.Act)
    assert (str(found.amount), found.charge_ids) == (asked, charges)


def test_a_position_answers_for_its_own_day_alone() -> None:
    rules = book(CLASSES)
    found = feerules.position(account(DEBT), rules, TODAY)
    with pytest.raises(PeriodError, match="found a position of 2026-11-10, expected one of 2026-11-11"):
        feerules.next_action(found, rules, "2026-11-11")
