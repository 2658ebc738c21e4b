"""Coverage: a rule is reached where it decides what a case expects and that comes out, and nowhere else."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

import feerules
from feerules.proving.coverage import CoveredRule

SCHEDULE = """kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop, kiosk]}
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  floor: {integer: true, min: -3, max: 60, default: 1}
  vacant: {boolean: true, default: false}
  water_used: {decimal: 2, min: 0, max: 9999, usage: true, default: 0}
tables:
  grade:
    hit: first
    table: |
      | floor | grade |
      | > 3   | 1.00  |
      | > 9   | 9.00  |
      | -     | 0     |
fees:
  management:
    per: area
    rate: |
      | type | rate |
      | home | 2.00 |
      | shop | 6.50 |
    otherwise: not_charged
    adjustments: [{when: {vacant: true}, times: 0.7}]
  water:
    per: water_used
    at_a_change: by_days
    tiers:
      table: |
        | up to | rate |
        | 10    | 2.00 |
        | 20    | 3.00 |
        | above | 4.00 |
  lift: {rate: 5 + grade}
  fund: {per: {fees: [management]}, rate: 3%}
"""
POLICY = """kind: dunning-policy
id: random
effective: {from: 2026-01-01}
stops: [{id: promised, when: {promise_in_days: "> 1"}, then: wait, until: {promised_on: -1 day}}]
classes:
  hit: first
  table: |
    | away | class |
    | true | away  |
    | -    | here  |
ladder:
  steps:
    - {id: call, when: {class: here}, after: {step: reminder, days: ">= 5"}, channels: [phone], gap: 3 days}
    - {id: reminder, when: {overdue: "> 0"}, channels: [sms], gap: 5 days}
"""


def covered(*cases: str, of: str = "garden") -> feerules.Coverage:
    rows = "".join(f"  - {{name: one, {case}}}\n" for case in cases)
    documents = {"garden": SCHEDULE, "random": POLICY}
    files = {f"{of}.yaml": documents[of], "a.cases.yaml": f"kind: cases\nfor: {of}\ncases:\n{rows}"}
    return feerules.coverage(feerules.load_files(files))


def told(rules: tuple[CoveredRule, ...]) -> set[str]:
    return {" ".join(filter(None, (r.rule.kind, r.rule.name, str(r.rule.number or "")))) for r in rules}


def unit(facts: str, expect: str) -> str:
    return f"unit: {{{facts}}}, period: 2026-11, expect: {{{expect}}}"


def account(facts: str, expect: str) -> str:
    return f"position: {{outstanding: 300, overdue: 300, {facts}}}, as_of: 2026-11-10, expect: {{{expect}}}"


REACHED = [
    (unit("type: shop, area: 10", "management: 65.00"), {"fee management", "row management 2"}),
    # what a case does not expect, it does not prove
    (unit("type: shop, area: 10", "water: 0.00"), {"fee water"}),
    (unit("type: shop, area: 10", "fund: 1.95"), {"fee fund", "fee management", "row management 2"}),
    (unit("type: kiosk, area: 10", "management: none"), {"otherwise management"}),
    (unit("type: home, area: 10, vacant: true", "management: 14.00"),
     {"fee management", "row management 1", "adjustment management 1"}),
    # each slice decides a part of the amount, and a bound belongs to the band below
    (unit("type: home, area: 1, water_used: 20", "water: 50.00"), {"fee water", "band water 1", "band water 2"}),
    (unit("type: home, area: 1, water_used: 20.01", "water: 50.04"),
     {"fee water", "band water 1", "band water 2", "band water 3"}),
    (unit("type: home, area: 1, floor: 4", "lift: 6.00"), {"fee lift", "row lift 1"}),
    # nothing is proved by a problem, or by a case that says what is no fee
    (unit("type: home", "problem: missing"), set()),
    (unit("type: home, area: 10", "managment: 20.00"), set()),
]  # fmt: skip


@pytest.mark.parametrize(("case", "reached"), REACHED, ids=[case[:90] for case, _ in REACHED])
def test_a_rule_is_reached_where_it_decides_what_a_case_expects(case: str, reached: set[str]) -> None:
    assert told(covered(case).reached) == reached


DECIDED = [
    (account("away: true", "class: away"), {"class class 1"}),
    (account("", "decision: act, step: reminder"), {"class class 2", "step reminder"}),
    (account("steps.reminder.days: 5", "step: call"), {"class class 2", "step call"}),
    (
        account("promise_in_days: 2, promised_on: 2026-11-12", "decision: wait, reason: stop"),
        {"class class 2", "stop promised"},
    ),
    (account("", "overdue: 300"), set()),
]


@pytest.mark.parametrize(("case", "reached"), DECIDED, ids=[case[:90] for case, _ in DECIDED])
def test_stops_classes_and_steps_are_reached_where_they_decide(case: str, reached: set[str]) -> None:
    assert told(covered(case, of="random").reached) == reached


def test_a_rule_that_only_failing_cases_reach_is_told_apart() -> None:
    found = covered(
        unit("type: shop, area: 10", "management: 65.01"), unit("type: home, area: 10", "management: 20")
    )
    states = {
        (each.rule.kind, each.rule.number): each.state
        for each in found.rules
        if each.rule.name == "management"
    }
    assert states[("row", 1)] == "reached"
    assert states[("row", 2)] == "failing"
    assert "row management 2" in told(found.missed)


def test_a_row_that_nothing_can_reach_counts_for_nothing() -> None:
    found = covered(unit("type: home, area: 10", "management: 20.00"))
    assert told(found.unreachable) == {"row lift 2"}
    assert found.counts["row"] == (1, 4)


def test_the_ratio_is_exact() -> None:
    assert covered(unit("type: shop, area: 10", "management: 65.00")).ratio == Fraction(2, 13)


def test_coverage_says_what_is_missing_and_where() -> None:
    found = covered(unit("type: home, area: 10, floor: 4, vacant: true", "total: 20.42"))
    assert (
        str(found)
        == """fees: 4 of 4
rows of tables: 2 of 4
otherwise of tables: 0 of 1
bands of tiers: 0 of 3
adjustments: 1 of 1
No case reaches:
  garden.yaml:24:9: management: row 2
  garden.yaml:22:7: management: no row of the table
  garden.yaml:33:11: water: band 1
  garden.yaml:34:11: water: band 2
  garden.yaml:35:11: water: band 3
  garden.yaml:17:9: lift: row 3
Nothing can reach, since other rows come before:
  garden.yaml:16:9: lift: row 2"""
    )
    assert found.explain().splitlines()[:2] == ["收费项目：4项中涉及4项", "价目表的行：4项中涉及2项"]
    assert "  garden.yaml:24:9: management：价目表第2行" in found.explain().splitlines()


def test_coverage_is_plain_json() -> None:
    plain = json.loads(json.dumps(covered(unit("type: shop, area: 10", "management: 65.00")).to_dict()))
    assert plain["ratio"] == "2/13"
    assert plain["counts"]["row"] == {"reached": 1, "of": 4}
    assert plain["rules"][0] == {
        "document": "garden", "version": "2026-01-01", "kind": "fee", "name": "management", "number": None,
        "file": "garden.yaml", "line": 20, "column": 5, "state": "reached", "cases": ["a.cases.yaml:4:5"],
    }  # fmt: skip


def test_coverage_takes_the_results_of_a_run() -> None:
    book = feerules.load("rules/sample-estate")
    assert feerules.coverage(book, feerules.run_cases(book)) == feerules.coverage(book)
    assert feerules.coverage(book, []).reached == ()
