"""When a check is silent, since what it could tell of is meant; and that its witnesses are what the engine says."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import feerules
from feerules import Finding

SCHEDULE = """\
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
source: {document: 业主大会决议}
facts:
  type: {choice: [home, shop]}
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  floor: {integer: true, min: -3, max: 60}
  used: {decimal: 2, min: 0, max: 99999, unit: m³, usage: true}
"""
POLICY = """\
kind: dunning-policy
id: garden-dunning
effective: {from: 2026-01-01}
"""


def findings(*documents: str) -> list[Finding]:
    book = feerules.load_files({f"{number}.yaml": text for number, text in enumerate(documents)})
    return feerules.check(book, profile="none")


def codes(*documents: str) -> set[str]:
    """What is told, but that an example leaves facts unused."""
    return {each.code for each in findings(*documents)} - {"unused_name"}


def rates(rows: str, more: str = "", *, per: str = "", beside: str = "") -> str:
    lines = "".join(f"        {line.strip()}\n" for line in rows.strip().splitlines())
    return f"{SCHEDULE}fees:\n  management:\n{per}    rate:\n{more}      table: |\n{lines}{beside}"


FLOORS = "| floor | rate |\n|--|--|\n"
PER_AREA = "    per: area\n"
HIT_FIRST = "      hit: first\n"

MEANT_TABLES = {
    "a table with otherwise": rates(FLOORS + "| > 3 | 2 |", "      otherwise: not_charged\n"),
    "a wide row below a narrow one": rates(FLOORS + "| > 3 | 2 |\n| - | 1 |", HIT_FIRST),
    "rows that add up": rates(FLOORS + "| > 3 | 2 |\n| > 9 | 2 |", "      hit: collect+\n      otherwise: 0\n"),
    "rows that agree under any": rates(FLOORS + "| > 3 | 2 |\n| < 9 | 2.00 |", "      hit: any\n"),
    "rows alike that a note tells apart": rates("| type | floor | rate | 备注 |\n|--|--|--|--|\n| home | < 0 | 2 | 地下 |\n| home | >= 0 | 2 | 地上 |\n| shop | - | 3 | |"),
    "outputs that priority leaves last": rates(FLOORS + "| > 3 | 9 |\n| - | 5 |", "      hit: priority\n      priority: [9, 5]\n"),
    "one row of first": rates(FLOORS + "| - | 2 |", HIT_FIRST),
}  # fmt: skip


@pytest.mark.parametrize("document", MEANT_TABLES.values(), ids=MEANT_TABLES)
def test_nothing_is_told_of(document: str) -> None:
    assert codes(document) - {"idle_column"} == set()


def test_a_column_that_decides_nothing_is_called_as_the_table_calls_it() -> None:
    facts = SCHEDULE.replace("floor: {integer: true,", "floor: {integer: true, aliases: [楼层],")
    assert facts != SCHEDULE
    table = (
        "| type | 楼层 | rate |\n|--|--|--|\n| home | <= 3 | 2 |\n| home | > 3 | 2 |\n| not(home) | - | 3 |"
    )
    (idle,) = [each for each in findings(facts + rates(table)[len(SCHEDULE) :]) if each.code == "idle_column"]
    assert "“楼层”" in idle.explain("zh_CN")


def test_rows_of_first_that_others_stand_between_are_not_called_one() -> None:
    rows = FLOORS + "| < 0 | 1 |\n| [0..9] | 2 |\n| > 9 | 1 |\n| - | 3 |"
    assert codes(rates(rows, HIT_FIRST)) == {"unreachable_row"}


def test_rows_with_the_same_output_in_other_words_are_one() -> None:
    rows = "| type | floor | rate |\n|--|--|--|\n| home | < 0 | 5% |\n| home | [0..9] | 0.05 |\n| home | > 9 | 2 |\n| shop | - | 1 |"
    told = {each.code: each.hint["en"] for each in findings(rates(rows))}
    assert told["mergeable_rows"].startswith("write one row for them, with <= 9 as floor,")


def test_a_table_that_documents_share_is_told_once() -> None:
    library = (
        "kind: facts\nid: shared\nfacts: {floor: {integer: true, min: 0, max: 9}}\ntables:\n  price:\n    hit: first\n"
        "    table: |\n      | floor | value |\n      |--|--|\n      | < 3 | 1 |\n      | >= 3 | 2 |\n"
    )
    schedules = [
        f"kind: fee-schedule\nid: {name}\neffective: {{from: 2026-01-01}}\nsource: 业主大会决议\n"
        f"include: [0.yaml]\nfees: {{{name}: {{rate: price}}}}\n"
        for name in ("one", "two")
    ]
    assert [(each.code, each.where.file) for each in findings(library, *schedules)] == [
        ("better_hit", "0.yaml")
    ]


TIERS = "fees:\n  water:\n    per: {per}\n    at_a_change: by_days\n    tiers:\n      kind: {kind}\n      table: |\n        | up to | {head} | note |\n        |--|--|--|\n        | 100 | {low} | |\n        | above | {high} | {note} |\n"


def tiers(kind: str, low: str, high: str, *, per: str = "used", note: str = "") -> str:
    head = "amount" if kind == "step" else "rate"
    return SCHEDULE + TIERS.format(kind=kind, low=low, high=high, per=per, note=note, head=head)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (tiers("graduated", "3", "2"), {"falling_tiers"}),
        (tiers("graduated", "2", "3"), set()),
        (tiers("graduated", "3", "2", note="大用户"), set()),
        (tiers("graduated", "3", "2", per="area").replace("    at_a_change: by_days\n", ""), set()),
        (tiers("volume", "3", "2"), {"cliff"}),
        (tiers("volume", "2", "3"), set()),
        (tiers("volume", "3", "2", note="大用户"), set()),
        (tiers("step", "30", "20"), {"cliff"}),
        (tiers("step", "20", "30"), set()),
    ],
)
def test_tiers_are_told_of_where_more_costs_less(document: str, expected: set[str]) -> None:
    assert codes(document) == expected


def test_prices_that_stand_in_parameters_are_prices_too() -> None:
    document = tiers("graduated", "dear", "0.5 * dear") + "parameters: {base: 2, dear: base + 1}\n"
    (falls,) = [each for each in findings(document) if each.code == "falling_tiers"]
    assert "falls from 3 to 1.5" in str(falls)


AREAS = "| area | rate |\n|--|--|\n| < 90 | 3.00 |\n| >= 90 | 2.50 |"


IN_PARTS = """\
fees:
  management:
    per: area
    rate:
      components: [service, repair]
      table: |
        | area  | service | repair |
        |-------|---------|--------|
        | < 90  | 2.60    | 0.4    |
        | >= 90 | 2.25    | 0.25   |
"""
BY_NAME = """\
tables:
  by_size: |
    | area  | value |
    |-------|-------|
    | < 90  | 3.00  |
    | >= 90 | 2.50  |
fees: {management: {per: area, rate: by_size}}
"""


@pytest.mark.parametrize(
    "document",
    [rates(AREAS, per=PER_AREA), SCHEDULE + IN_PARTS, SCHEDULE + BY_NAME],
    ids=["of a rate", "of components", "of a named table"],
)
def test_both_units_of_a_cliff_pay_what_is_told(document: str) -> None:
    (cliff,) = [each for each in findings(document) if each.code == "cliff"]
    book = feerules.load_files({"a.yaml": document})
    paid = [feerules.price({**UNIT, **unit}, book, "2026-11").total for unit in cliff.witness]
    assert paid == [Decimal(unit["amount"]) for unit in cliff.witness]
    assert paid == [Decimal("269.97"), Decimal("225.00")]


UNIT: dict[str, Any] = {"type": "home", "area": 0, "floor": 1, "used": 0}


@pytest.mark.parametrize(
    "document",
    [
        rates(AREAS, per=PER_AREA, beside="    minimum: 300\n"),
        rates(AREAS, per="    per: used\n", beside="    at_a_change: by_days\n"),
        rates(AREAS.replace("2.50", "2.9999"), per=PER_AREA),
        rates(AREAS, per=PER_AREA + '    applies: {area: "< 90"}\n'),
    ],
    ids=[
        "with a minimum",
        "where the quantity is another fact",
        "where the price hardly falls",
        "where no unit is beyond the edge",
    ],
)
def test_no_cliff_is_told_of(document: str) -> None:
    assert "cliff" not in codes(document)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("{base: 2.00, float: 25%, up: 20%}", {"float_out_of_range"}),
        ("{base: 2.00, float: 20%, up: 20%}", set()),
        ("{base: 2.00, float: -25%, down: 20%}", {"float_out_of_range"}),
        ("{base: 2.00, float: -25%, down: without_limit}", set()),
        ("{sum: {a: 1.00, b: 0.50}, printed: 1.60}", {"wrong_sum"}),
        ("{sum: {a: 1.00, b: 0.50}, printed: 1.5}", set()),
        ("0", {"nobody_pays"}),
    ],
)
def test_prices_that_are_written_are_judged(rate: str, expected: set[str]) -> None:
    assert codes(f"{SCHEDULE}fees: {{management: {{rate: {rate}}}}}\n") == expected


def test_a_rate_that_is_for_nobody_is_not_above_its_ceiling() -> None:
    document = rates("| floor | rate |\n|--|--|\n| <= 9 | 2 |\n| > 9 | 3 |", beside="    ceiling: 2.50\n")
    assert codes(document) == {"rate_above_ceiling"}
    assert codes(document + '    applies: {floor: "<= 9"}\n') == {"unreachable_row"}


def test_a_printed_total_is_on_no_bill() -> None:
    document = f"{SCHEDULE}fees: {{management: {{rate: {{sum: {{a: 1.00, b: 0.50}}, printed: 1.60}}}}}}\n"
    bill = feerules.price({}, feerules.load_files({"a.yaml": document}), "2026-11")
    assert bill.total == Decimal("1.50")


@pytest.mark.parametrize(
    ("fee", "is_told"),
    [
        ("{applies: {type: shop}, rate: 1}", True),
        ("{applies: {type: home}, rate: 1}", False),
        ("{rate: 1, adjustments: [{times: 0}]}", True),
        ("{rate: 1, adjustments: [{times: 0}, {plus: 5}]}", False),
        ("{rate: 1, adjustments: [{when: {floor: 1}, times: 0}]}", False),
        ("{rate: 10, adjustments: [{minus: 10}]}", True),
        ("{rate: 10, adjustments: [{times: 2}, {minus: 10}]}", False),
        ("{rate: 10, rate_per: month, every: quarter, adjustments: [{minus: 10}]}", False),
        ("{rate: 10, adjustments: [{at_most: 0}]}", False),
        ("{rate: 0, minimum: 5}", False),
        ("{rate: 0, note: 公示为免费}", False),
    ],
)
def test_a_fee_that_nobody_pays_is_told_and_no_other(fee: str, is_told: bool) -> None:
    document = f"{SCHEDULE}applies: {{type: home}}\nfees: {{one: {fee}}}\n"
    assert ("nobody_pays" in codes(document)) == is_told


@pytest.mark.parametrize(("least", "is_told"), [(15, False), (45, True)])
def test_how_long_before_is_as_the_law_profile_says(least: int, is_told: bool) -> None:
    law = (
        "kind: law-profile\nid: city\njurisdiction: 本市\nas_of: 2026-01-01\n"
        f"tests: {{short_notice: {{level: warning, least: {least}}}}}\n"
    )
    document = f"{SCHEDULE}publication: {{announced: 2025-12-05, approved_by: 业主大会}}\nfees: {{one: {{rate: 1}}}}\n"
    found = feerules.check(feerules.load_files({"a.yaml": document, "law.yaml": law}))
    assert ("short_notice" in {each.code for each in found}) == is_told
    assert "short_notice" in codes(document)


# Names


def test_a_fact_that_one_of_two_documents_uses_is_used() -> None:
    library = (
        "kind: facts\nid: shared\nfacts:\n  a: {integer: true}\n  b: {integer: true}\n  c: {integer: true}\n"
    )
    one = "kind: fee-schedule\nid: {0}\neffective: {{from: 2026-01-01}}\nsource: 决议\ninclude: [0.yaml]\nfees: {{{0}: {{per: {1}, rate: 2}}}}\n"
    found = findings(library, one.format("east", "a"), one.format("west", "b"))
    assert [each.message["en"] for each in found] == ["the fact c, which no rule asks"]


def test_what_one_document_includes_may_be_used_by_others_elsewhere() -> None:
    library = "kind: facts\nid: shared\nfacts:\n  a: {integer: true}\n  b: {integer: true}\n"
    one = "kind: fee-schedule\nid: x\neffective: {from: 2026-01-01}\nsource: 决议\ninclude: [0.yaml]\nfees: {x: {per: a, rate: 2}}\n"
    assert findings(library, one) == []


ASKED = {
    "in a condition": "fees: {one: {applies: {mark: 1}, rate: 2}}",
    "in a formula": "fees: {one: {rate: 2 * mark}}",
    "in a quantity": "fees: {one: {per: {fact: mark, times: 2}, rate: 2}}",
    "in a formula in a cell": "fees:\n  one:\n    rate: |\n      | floor | rate |\n      |--|--|\n      | < 3 | 2 * mark |\n      | >= 3 | 1 |",
    "in a bound of tiers": "fees:\n  one:\n    per: floor\n    tiers:\n      table: |\n        | up to | rate |\n        |--|--|\n        | 9 + mark | 2 |\n        | above | 3 |",
    "by way of a derived fact": "derived: {twice: mark * 2}\nfees: {one: {rate: twice}}",
    "to share a pool": "fees: {one: {share: {by: 1, among: [mark]}}}",
    "in an adjustment": "fees: {one: {rate: 2, adjustments: [{when: {mark: 1}, times: 0.5}]}}",
}  # fmt: skip


@pytest.mark.parametrize("rules", ASKED.values(), ids=ASKED)
def test_a_fact_is_used_when_it_is_asked(rules: str) -> None:
    document = f"kind: fee-schedule\nid: x\neffective: {{from: 2026-01-01}}\nsource: 决议\nfacts: {{mark: {{integer: true, min: 0, max: 9}}, floor: {{integer: true, min: 0, max: 9}}}}\n{rules}\n"
    assert "the fact mark, which no rule asks" not in {each.message["en"] for each in findings(document)}


# Policies


def test_an_account_whose_ladder_has_ended_is_left_waiting() -> None:
    policy = (
        POLICY
        + 'ladder:\n  order: one_step_at_a_time\n  steps:\n    - {id: one, when: {days_overdue: ">= 5"}, channels: [sms]}\n    - {id: two, when: {days_overdue: ">= 9"}, channels: [phone]}\n'
    )
    book = feerules.load_files({"p.yaml": policy})
    (found,) = [each for each in feerules.check(book, profile="none") if each.code == "ladder_ends"]
    position = {
        "outstanding": 100,
        "overdue": 100,
        **found.witness[0],
        "steps.one.days": 90,
        "steps.two.days": 80,
    }
    day = date(2026, 11, 1)
    decision = feerules.next_action(feerules.Position.given(position, day), book, day)
    assert (decision.decision, decision.next_review_on) == ("wait", None)


ENDS = {
    "a person takes the last step": "{id: last, when: {days_overdue: \">= 60\"}, role: manager, at_most: 1}",
    "somebody else takes over": "{id: last, when: {days_overdue: \">= 60\"}, channels: [phone], at_most: 3, escalate: {after: 2, to: manager}}",
    "the step is no longer in force one day": "{id: last, when: {days_overdue: \">= 60\"}, channels: [phone], at_most: 1, in_force: 90 days}",
    "the step goes on": "{id: last, when: {days_overdue: \">= 60\"}, channels: [phone], gap: 30 days}",
}  # fmt: skip


@pytest.mark.parametrize("step", ENDS.values(), ids=ENDS)
def test_a_ladder_does_not_end_in_nothing_where(step: str) -> None:
    assert "ladder_ends" not in codes(f"{POLICY}ladder:\n  steps:\n    - {step}\n")


def test_a_stop_that_looks_at_what_was_done_is_an_end_of_the_ladder() -> None:
    policy = (
        POLICY
        + 'stops:\n  - {id: used-up, when: {steps.one.count: ">= 1"}, then: review, review: 30 days}\n'
        + 'ladder:\n  steps:\n    - {id: one, when: {days_overdue: ">= 5"}, channels: [sms], at_most: 1}\n'
    )
    assert "ladder_ends" not in codes(policy)


def test_weekend_days_that_are_worked_on_may_have_the_hours_of_workdays() -> None:
    policy = (
        POLICY
        + 'ladder:\n  steps: [{id: call, when: {weekday: "[6..7]"}, channels: [phone], gap: 7 days}]\nwindows: {workday: ["09:00-18:00"]}\n'
    )
    calendar = "kind: calendar\nid: days\nyears: [2026]\nworkdays: [2026-10-10]\n"
    assert "never_sent" in codes(policy)
    assert "never_sent" not in codes(policy, calendar)


@pytest.mark.parametrize(("most", "is_idle"), [(4, False), (5, True)])
def test_a_most_that_is_told_to_be_idle_never_holds_a_step_back(most: int, is_idle: bool) -> None:
    step = f"{{id: call, when: {{overdue: '> 0'}}, channels: [phone], gap: 7 days, at_most: {most}, in_force: 30 days}}"
    book = feerules.load_files({"p.yaml": f"{POLICY}ladder:\n  steps:\n    - {step}\n"})
    assert ("idle_limit" in {each.code for each in feerules.check(book, profile="none")}) == is_idle
    account = {
        "account_id": "A",
        "charges": [{"charge_id": "C", "fee": "m", "due_on": "2026-01-01", "amount": "9"}],
    }
    done: list[date] = []
    for number in range(71):
        today = date(2026, 2, 1) + timedelta(number)
        events = [
            {"event_id": str(day), "type": "contact", "step_id": "call", "effective_on": str(day)}
            for day in done
        ]
        if feerules.next_action({**account, "events": events}, book, today).decision == "act":
            done.append(today)
    weekly = [date(2026, 2, 1) + timedelta(number) for number in range(0, 71, 7)]
    assert (done == weekly) == is_idle


# What does not load

GAP = rates(FLOORS + "| > 3 | 2 |")


def test_what_can_be_read_is_checked_beside_what_cannot(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(GAP, encoding="utf-8")
    (tmp_path / "good.yaml").write_text(
        rates(FLOORS + "| <= 3 | 2 |\n| > 3 | 1 |", HIT_FIRST).replace("garden", "other"), encoding="utf-8"
    )
    found = feerules.check(tmp_path, profile="none")
    assert [(each.where.file, each.code) for each in found] == [
        ("bad.yaml", "gap"),
        ("good.yaml", "better_hit"),
    ]


def test_a_problem_of_a_table_has_its_unit_as_data(tmp_path: Path) -> None:
    with pytest.raises(feerules.RuleErrors) as caught:
        feerules.load_files({"a.yaml": GAP})
    (problem,) = caught.value.problems
    assert problem.to_dict()["witness"] == {"floor": "-3"}


def test_the_same_number_in_other_words_is_the_same_output_under_any() -> None:
    book = feerules.load_files({"a.yaml": rates(FLOORS + "| <= 9 | 2.00 |\n| > 3 | 2 |", "      hit: any\n")})
    assert feerules.price({"floor": 5}, book, "2026-11").total == Decimal("2.00")


# What the conditions around a fee leave

SOMEBODY_PAYS = {
    "a condition that some satisfy": '{rate: 5, adjustments: [{when: {floor: "> -3"}, times: 0}]}',
    "days of the developer": "{rate: 5, starts: {fact: moved, before: developer}, ends: moved}",
    "a band that conditions cut": '{applies: {floor: "> 6"}, rate: *floors}',
    "a row that one of two fees can have": "{applies: {floor: 5}, rate: *floors}",
}
FLOORS_OF_TWO = 'fees:\n  first:\n    applies: {floor: "<= 5"}\n    rate: &floors |\n      | floor | rate |\n      |--|--|\n      | <= 3 | 2 |\n      | > 3 | 3 |\n'


@pytest.mark.parametrize("fee", SOMEBODY_PAYS.values(), ids=SOMEBODY_PAYS)
def test_somebody_pays_by(fee: str) -> None:
    facts = SCHEDULE.replace("facts:\n", "facts:\n  moved: {date: true}\n")
    assert codes(f"{facts}{FLOORS_OF_TWO}  second: {fee}\n") == set()


NOBODY_PAYS = {
    "a condition that every unit of the fee satisfies": '{applies: {floor: "> 6"}, rate: 5, adjustments: [{when: {floor: "> 0"}, times: 0}]}',
    "days that end where they start": "{rate: 5, starts: moved, ends: moved}",
}


@pytest.mark.parametrize("fee", NOBODY_PAYS.values(), ids=NOBODY_PAYS)
def test_nobody_pays_by(fee: str) -> None:
    facts = SCHEDULE.replace("facts:\n", "facts:\n  moved: {date: true}\n")
    assert codes(f"{facts}fees:\n  second: {fee}\n") == {"nobody_pays"}


def test_a_row_that_conditions_exclude_is_told_but_where_a_note_explains_it() -> None:
    table = "| type | rate | note |\n|--|--|--|\n| home | 2 | |\n| shop | 3 | {} |"
    around = "    applies: {type: home}\n"
    assert codes(rates(table.format(""), beside=around)) == {"unreachable_row"}
    assert codes(rates(table.format("next year"), beside=around)) == set()


# Edges of adjustments

REDUCED_FROM = "per: area, rate: 2, adjustments: [{{when: {{area: {cell}}}, {action}}}]{more}"
EDGES = {
    "a share less": ('"> 144"', "times: 0.8", "", {"cliff"}),
    "a sum less": ('"> 144"', "minus: 20", "", {"cliff"}),
    "a surcharge up to an edge": ('"<= 144"', "times: 1.1", "", {"cliff"}),
    "a share more": ('"> 144"', "times: 1.2", "", set()),
    "a share less up to an edge": ('"<= 144"', "times: 0.8", "", set()),
    "a share less that a minimum bounds": ('"> 144"', "times: 0.8", ", minimum: 288", set()),
    "a share less that is explained": ('"> 144"', "times: 0.8, note: 大户型优惠", "", set()),
    "a share less for nobody": ('"> 144"', "times: 0.8", ', applies: {area: "<= 100"}', set()),
    "a share less for everybody": ('">= 0"', "times: 0.8", "", set()),
}


@pytest.mark.parametrize(("cell", "action", "more", "told"), EDGES.values(), ids=EDGES)
def test_an_edge_of_an_adjustment_is_told_where_the_larger_pays_less(
    cell: str, action: str, more: str, told: set[str]
) -> None:
    fee = REDUCED_FROM.format(cell=cell, action=action, more=more)
    assert codes(f"{SCHEDULE}fees:\n  management: {{{fee}}}\n") == told


def test_the_units_around_an_edge_of_an_adjustment_pay_what_is_told_of_them() -> None:
    fee = REDUCED_FROM.format(cell='"> 144", type: home', action="times: 0.8", more=", every: month")
    document = f"{SCHEDULE}fees:\n  management: {{{fee}}}\n"
    (cliff,) = [each for each in findings(document) if each.code == "cliff"]
    book = feerules.load_files({"a.yaml": document})
    for witness in cliff.witness:
        unit = {name: value for name, value in witness.items() if name != "amount"}
        amount = feerules.price(unit, book, "2026-11").total
        assert amount == Decimal(witness["amount"]).quantize(Decimal("0.01"))


# Witnesses


def test_a_witness_is_told_by_the_titles_of_its_facts_and_is_data_by_their_names() -> None:
    titled = SCHEDULE.replace("unit: m²}", "unit: m², title: {zh: 建筑面积, en: Gross floor area}}")
    fee = REDUCED_FROM.format(cell='"> 144", floor: 3', action="times: 0.8", more="")
    told = findings(f"{titled}fees:\n  management: {{{fee}}}\n")
    (cliff,) = [each for each in told if each.code == "cliff"]
    (chinese, english) = (
        next(line for line in cliff.explain(locale).splitlines() if "288.00" in line and "144" in line)
        for locale in ("zh_CN", "en")
    )
    assert chinese == "  例证: floor 3、建筑面积 144.00、金额 288.00"
    assert english == "  witness: floor 3, Gross floor area 144.00, amount 288.00"
    assert cliff.to_dict()["witness"][0] == {"area": "144.00", "floor": "3", "amount": "288.00"}
