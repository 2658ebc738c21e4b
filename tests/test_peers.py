"""The policies and fees of other systems as rules of this one, held to what those systems answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import feerules
from feerules.money import share_out
from feerules.periods import Period
from published import cases, told

RULES = Path(__file__).parent.parent / "rules"
POLICIES = feerules.load(RULES / "dunning")
FEES = feerules.load(RULES / "peers-billing")


@pytest.mark.parametrize(("book", "document", "number", "case"), cases(POLICIES, FEES))
def test_a_peer_is_answered_as_it_answers_itself(book: Any, document: Any, number: int, case: Any) -> None:
    assert told(book, document, number, case) == ""


def test_every_document_has_cases() -> None:
    told = {policy.id for each in POLICIES.policies for policy in (version.policy for version in each)}
    told |= {schedule.id for schedule in FEES.schedules}
    assert told == {cases.for_ for book in (POLICIES, FEES) for _, cases in book.cases}


def test_each_document_says_where_its_figures_come_from() -> None:
    policies = [version.policy for each in POLICIES.policies for version in each]
    peers = [policy for policy in policies if policy.where.file.startswith("peers/")]
    silent = [part.id for part in (*peers, *FEES.schedules) if part.note is None]
    assert silent == []


# What a case cannot say: whole books, whole estates, documents that are refused

EUR: dict[str, Any] = {
    "account_id": "A-1",
    "currency": "EUR",
    "charges": ({"charge_id": "C-1", "fee": "plan", "due_on": "2024-03-01", "amount": "50.00"},),
}


def test_a_customers_own_campaign_beats_the_default_of_its_currency() -> None:
    names = ("campaign-default-eur", "campaign-customer-eur", "campaign-short-usd")
    files = {name: (RULES / "dunning/peers" / f"{name}.yaml").read_text(encoding="utf-8") for name in names}
    # Whoever does not name it must not get it.
    own = files["campaign-customer-eur"].replace(
        "facts:\n", "applies: {own_campaign: true}\nfacts:\n  own_campaign: {boolean: true, default: false}\n"
    )
    book = feerules.load_files({f"{name}.yaml": text for name, text in (files | {names[1]: own}).items()})
    mine = feerules.next_action({**EUR, "policy": "campaign-customer-eur"}, book, "2024-03-15T10:00")
    default = feerules.next_action(EUR, book, "2024-03-15T10:00")
    assert (mine.policy, mine.decision) == ("campaign-customer-eur", "act")
    assert (default.policy, default.decision) == ("campaign-default-eur", "wait")


@pytest.mark.parametrize("currency", ["GBP", "CNY"])
def test_a_debt_in_a_currency_without_a_policy_is_a_problem(currency: str) -> None:
    book = feerules.load(RULES / "dunning/peers/campaign-default-eur.yaml")
    with pytest.raises(feerules.UnitErrors) as caught:
        feerules.next_action({**EUR, "currency": currency}, book, "2024-03-15T10:00")
    assert [problem.code for problem in caught.value.problems] == ["no_policy"]


LOWEST = """
kind: dunning-policy
id: lowest
effective: {from: 2000-01-01}
ladder:
  order: one_step_at_a_time
  steps:
    - {id: level-1, after: {step: level-2, days: ">= 10"}, channels: [email], at_most: 1}
    - {id: level-2, channels: [email], at_most: 1}
"""


def test_the_lowest_level_may_not_count_from_a_reminder() -> None:
    with pytest.raises(feerules.RuleErrors) as caught:
        feerules.load_files({"lowest.yaml": LOWEST})
    problem = caught.value.problems[0]
    assert (problem.code, problem.where.line, problem.hint) == (
        "unreachable_step",
        8,
        "move it below level-2",
    )


@pytest.mark.parametrize(("text", "start", "end"), [("2026-Q3", "2026-07-01", "2026-10-01")])
def test_a_quarter_has_its_label(text: str, start: str, end: str) -> None:
    period = Period.parse(text)
    assert (period.start.isoformat(), period.end.isoformat(), str(period)) == (start, end, text)


def test_shares_by_area_add_up_to_their_total() -> None:
    shares = share_out(10001, [50, 30, 20], ["a", "b", "c"])
    assert (shares, sum(shares)) == ([5001, 3000, 2000], 10001)
