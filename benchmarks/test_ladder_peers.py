"""The stop, the class and the step of standard-cn: from positions, against zen-engine and durable-rules.

The peers cannot work out a position from a ledger. They are given the facts of positions that were computed before,
and say three words; what feerules says of a position is a whole answer: reasons, amounts, days of review. Both rule
sets are made from the policy itself, whole up to the step that is due; of limits and hours the peers are not asked.
FEERULES_ACCOUNTS sets the number of accounts of the estate (default 20,000).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from debtors import AS_OF, debtors, frames_of
from ladder_peers import durable_verdict, zen_verdict, zen_verdicts
from ladder_rules import NONE, Rules, Verdict, facts_of, plain_name, rules_of
from turns import Spent, in_turn, ratio

import feerules
from feerules import Account
from feerules.assessing import assess
from feerules.ledger.position import Position

ACCOUNTS = int(os.environ.get("FEERULES_ACCOUNTS", "20000"))
SOME, ROUNDS = 400, 7  # positions that are answered one by one
BOOK = feerules.load(Path(__file__).parents[1] / "rules" / "dunning").only("standard-cn")
POLICY = BOOK.policies[0][0].policy

# durable-rules asks for the time in a way that newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")


@pytest.fixture(scope="module")
def rules() -> Rules:
    return rules_of(POLICY)


@pytest.fixture(scope="module")
def positions() -> list[Position]:
    return [feerules.position(each, BOOK, AS_OF) for each in debtors(SOME)]


def verdict(position: Position) -> Verdict:
    """What both verbs say, by their reasons."""
    kind, told = feerules.classify(position, BOOK, AS_OF).kind, feerules.next_action(position, BOOK, AS_OF)
    because = {reason.code: reason.rule for reason in told.reasons}
    stop = "stale" if "stale" in because else because.get("stop", NONE)
    return Verdict("clear" if told.decision == "clear" else stop, kind or NONE, because.get("due", NONE))


def test_the_peers_say_the_same(rules: Rules, positions: list[Position]) -> None:
    ours, facts = [*map(verdict, positions)], [facts_of(each, rules) for each in positions]
    assert [*map(zen_verdict(rules), facts)] == ours
    assert zen_verdicts(rules)(facts) == ours
    assert [*map(durable_verdict(rules), facts)] == ours


def test_every_part_of_the_policy_comes_up(rules: Rules, positions: list[Position]) -> None:
    found = [*map(verdict, positions)]
    for said, rows in zip(zip(*found, strict=True), rules, strict=True):
        assert {*said} == {row.says for row in rows}


# One by one


def both(given: Position | Account) -> None:
    feerules.classify(given, BOOK, AS_OF)
    feerules.next_action(given, BOOK, AS_OF)


def test_one_by_one(benchmark: Any, tell: Any, rules: Rules, positions: list[Position]) -> None:
    facts = [facts_of(each, rules) for each in positions]
    zen, durable = zen_verdict(rules), durable_verdict(rules)
    # An account remembers its position and its answers: each round has accounts of its own.
    accounts = iter([[*map(Account.model_validate, debtors(SOME))] for _ in range(ROUNDS + 1)])
    ways = {
        "ours": lambda: [*map(both, positions)],
        "zen": lambda: [*map(zen, facts)],
        "durable": lambda: [*map(durable, facts)],
        "alone": lambda: [assess(each, BOOK, AS_OF, None) for each in positions],
        "whole": lambda: [*map(both, next(accounts))],
    }
    benchmark.group = f"class and step of {SOME} positions"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": ROUNDS}, rounds=1)
    work, ours = "classify and next_action from a position", spent["ours"]
    tell(work, each_takes(ours, SOME), "none")
    for peer in ("zen", "durable"):
        told = f"{ratio(spent[peer], ours)}; {each_takes(spent[peer], SOME)}"
        tell(f"{peer}'s three words of a position, to {work}", told, "none")
    alone = f"{ratio(spent['zen'], spent['alone'])}; {each_takes(spent['alone'], SOME)}"
    tell("zen's three words, to the same alone, as both verbs begin", alone, "none")
    tell("the whole work, both verbs from models", each_takes(spent["whole"], SOME), "none")


def each_takes(spent: Spent, count: int) -> str:
    return f"{spent.processor / count * 1e6:.1f} µs of processor time each"


# An estate


def facts_in(rows: pl.DataFrame, rules: Rules) -> list[dict[str, Any]]:
    """What `facts_of` gives, from a frame of positions."""
    named = {plain_name(name): name for name in rows.columns}
    columns = [pl.col(named[name]).alias(name) for name in rules.asked]
    fen = (pl.selectors.decimal() * 100).cast(pl.Int64)
    plain = rows.select(columns).with_columns(fen, pl.selectors.boolean().cast(pl.Int64))
    return [{name: value for name, value in row.items() if value is not None} for row in plain.to_dicts()]


def test_an_estate(benchmark: Any, tell: Any, rules: Rules) -> None:
    """From positions in memory: frames here, dicts there; and beside it what the positions take."""
    ledger, zen, batch = frames_of(debtors(ACCOUNTS)), zen_verdict(rules), zen_verdicts(rules)
    found = feerules.positions(None, BOOK, AS_OF, **ledger)
    facts = facts_in(found.rows, rules)

    def answers(given: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
        asked = (feerules.classify_estate, feerules.next_actions)
        classes, actions = (question(given, BOOK, AS_OF).rows for question in asked)
        return classes, actions

    assert_the_same(batch(facts), *answers(found))
    ways = {
        "ours": lambda: answers(found),
        "zen's batch": lambda: batch(facts),
        "zen in a loop": lambda: [*map(zen, facts)],
        "zen in a loop, from the frame": lambda: [*map(zen, facts_in(found.rows, rules))],
        "whole": lambda: answers(feerules.positions(None, BOOK, AS_OF, **ledger)),
    }
    benchmark.group = f"class and step of {ACCOUNTS:,} positions"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": 3}, rounds=1)
    work, ours = f"classify_estate and next_actions from {ACCOUNTS:,} positions", spent["ours"]
    tell(work, each_takes(ours, ACCOUNTS), "none")
    for way in ways:
        if way.startswith("zen"):
            told = f"{ratio(spent[way], ours)}; {each_takes(spent[way], ACCOUNTS)}"
            tell(f"{way}, three words of a position, to {work}", told, "none")
    tell("the whole work, positions and both from frames", each_takes(spent["whole"], ACCOUNTS), "none")


def assert_the_same(zen: list[Verdict], classes: pl.DataFrame, actions: pl.DataFrame) -> None:
    assert [each.kind for each in zen] == classes["class"].replace("", NONE).to_list()
    rows = zip(zen, actions["decision"], actions["step_id"], strict=True)
    for each, decision, step in rows:
        assert (decision == "clear") == (each.stop == "clear")
        assert decision != "act" or step == each.step
