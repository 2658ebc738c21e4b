"""An output cell of a table may be a formula: a rate, a factor, a bound, the price of a band."""

from __future__ import annotations

import pytest

import feerules
from bills import Case, cases, check, schedule


def table(*lines: str) -> str:
    return '"' + r"\n".join([*lines]) + '"'


DUTY = table(
    "| area | rate |",
    "|--|--|",
    "| <= 100 | 50 |",
    "| (100..200] | 50 + 10% * (area - 100) |",
    "| > 200 | 0.75 * area |",
)
BY_TYPE = table(
    "| type | rate |",
    "|--|--|",
    "| home | 2.80 |",
    "| shop | contract_rate |",
    "| bay | 0.9 * contract_rate |",
)
RAISED = table(
    "| up to | rate |",
    "|--|--|",
    "| 20 + 5 * max(persons - 4, 0) | 2.00 |",
    "| 30 + 7 * max(persons - 4, 0) | 3.00 |",
    "| above | 5.00 |",
)
FALLING = table("| up to | rate |", "|--|--|", "| 2 * persons | 2.00 |", "| 10 | 3.00 |", "| above | 5.00 |")
PRICED = table("| up to | rate |", "|--|--|", "| 10 | base |", "| above | base + 0.05 |")
GROUPS = table(
    "| type | up to | rate |",
    "|--|--|--|",
    "| home | 3 * persons | 2.00 |",
    "| home | above | 3.00 |",
    "| shop, bay | above | contract_rate |",
)
HIGHEST = table("| floor | rate |", "|--|--|", "| > 3 | contract_rate |", "| - | 2.00 |")
RATES = [
    Case("a row may be a number", f"fee: {{rate: {DUTY}}}", {"area": "100"}, "50.00"),
    Case("or a formula", f"fee: {{rate: {DUTY}}}", {"area": "150.05"}, [{"amount": "55.01", "rate": "55.005"}]),
    Case("and the next row another", f"fee: {{rate: {DUTY}}}", {"area": "200.04"}, "150.03"),
    Case("a formula may be one fact", f"fee: {{per: area, rate: {BY_TYPE}}}", {"type": "shop", "area": "10", "contract_rate": "4"}, "40.00"),
    Case("or a part of it", f"fee: {{per: area, rate: {BY_TYPE}}}", {"type": "bay", "area": "10", "contract_rate": "4"}, "36.00"),
    Case("its facts are needed where it decides", f"fee: {{per: area, rate: {BY_TYPE}}}", {"type": "shop", "area": "10"}, "missing contract_rate"),
    Case("and nowhere else", f"fee: {{per: area, rate: {BY_TYPE}}}", {"area": "10"}, "28.00"),
    Case("a named table may have it", "fee: {per: area, rate: 2 * own}", {"type": "bay", "area": "10", "contract_rate": "4"}, "72.00", more=f"tables: {{own: {BY_TYPE.replace('| rate |', '| value |')}}}"),
    Case("so may an adjustment", f"fee: {{rate: 100, adjustments: [{{times: {BY_TYPE.replace('| rate |', '| times |')}}}]}}", {"type": "bay", "contract_rate": "0.5"}, "45.00"),
    Case("the first row that matches decides", f"fee: {{rate: {{hit: first, table: {HIGHEST}}}}}", {"floor": 4, "contract_rate": "7"}, "7.00"),
    Case("where none matches, otherwise holds", "fee: {rate: " + table("| floor | rate |", "|--|--|", "| > 3 | contract_rate |") + ", otherwise: 9}", {"floor": 1}, "9.00"),
]  # fmt: skip
TIERS = [
    # 30 × 2 + 14 × 3 + 6 × 5; of a quarter 60 × 2 + 30 × 3 + 10 × 5
    Case("every bound may rise by its own measure", f"fee: {{per: used, at_a_change: by_days, tiers: {{table: {RAISED}}}}}", {"used": "50", "persons": 6}, "132.00"),
    Case("a bound over a quarter is three months'", f"fee: {{per: used, at_a_change: by_days, every: quarter, tiers: {{over: month, table: {RAISED}}}}}", {"used": "100", "persons": 4}, "260.00", "2026-Q4"),
    # 12 × 2 and 8 × 5: the second band ends where it begins
    Case("a bound below the one before it leaves its band empty", f"fee: {{per: used, at_a_change: by_days, tiers: {{table: {FALLING}}}}}", {"used": "20", "persons": 6}, "64.00"),
    Case("and above it does not", f"fee: {{per: used, at_a_change: by_days, tiers: {{table: {FALLING}}}}}", {"used": "20", "persons": 3}, "74.00"),
    Case("the price of a band may rest on a parameter", f"fee: {{per: used, at_a_change: by_days, tiers: {{table: {PRICED}}}}}", {"used": "20"}, "10.50", more="parameters: {base: 0.50}"),
    Case("groups may have formulas and numbers", f"fee: {{per: used, at_a_change: by_days, tiers: {{table: {GROUPS}}}}}", {"used": "20", "persons": 4}, "48.00"),
    Case("each its own", f"fee: {{per: used, at_a_change: by_days, tiers: {{table: {GROUPS}}}}}", {"type": "shop", "used": "20", "contract_rate": "1.5"}, "30.00"),
]  # fmt: skip


@cases(RATES, TIERS)
def test_a_formula_in_a_cell_is_what_a_person_works_out_by_hand(case: Case) -> None:
    check(case)


# what is wrong, the fees, code, place, found, hint
WRONG = [
    ("a range is no difference", 'fee: {rate: "| lift | rate |\\n|--|--|\\n| - | 10-20 |"}', "not_a_number", 'the cell "10-20"', ""),
    ("a word that is no fact is no formula", 'fee: {rate: "| lift | rate |\\n|--|--|\\n| - | free |"}', "not_a_number", 'the cell "free"', "write 0 if nothing is to be paid"),
    ("a slip in a name", 'fee: {rate: "| lift | rate |\\n|--|--|\\n| - | 2 * contract_rat |"}', "unknown_fact", 'the name "contract_rat"', 'did you mean "contract_rate"?'),
    ("a date is no number", 'fee: {rate: "| lift | rate |\\n|--|--|\\n| - | handover |"}', "wrong_type", "a day", ""),
    ("another fee is not asked in a cell", 'other: {rate: 1}\nfee: {rate: "| lift | rate |\\n|--|--|\\n| - | 2 * fees.other |"}', "unsupported", "fees.other in a cell", "name other fees in a formula outside the table"),
    ("what adds up is numbers", 'fee: {rate: {hit: collect+, otherwise: 0, table: "| lift | rate |\\n|--|--|\\n| - | 2 * area |"}}', "unsupported", "a formula in a table with hit: collect+", "write a table for each of what adds up, and add them in a formula"),
    ("a bound has a name that exists", 'fee: {per: used, at_a_change: by_days, tiers: {table: "| up to | rate |\\n|--|--|\\n| 5 * persns | 1 |\\n| above | 2 |"}}', "unknown_fact", 'the name "persns"', 'did you mean "persons"?'),
]  # fmt: skip


@pytest.mark.parametrize(("title", "fees", "code", "found", "hint"), WRONG, ids=[each[0] for each in WRONG])
def test_a_wrong_formula_in_a_cell_is_told_at_the_cell(
    title: str, fees: str, code: str, found: str, hint: str
) -> None:
    with pytest.raises(feerules.RuleErrors) as refused:
        feerules.load_files({"first.yaml": schedule(fees)})
    (problem,) = refused.value.problems
    assert (problem.code, problem.found, problem.hint) == (code, found, hint)
