"""Why a record cannot be answered, in English that never changes and in Chinese."""

from __future__ import annotations

import pickle
from typing import get_args

import pytest

from feerules import UnitErrors, UnitProblem
from feerules.plan.nodes import Kind, Leaf
from feerules.reasons import _KINDS, CODES, reason


def leaf(kind: Kind, places: int = 0, lo: int = 0, hi: int = 1, codes: tuple[str, ...] = ()) -> Leaf:
    return Leaf("fact", kind, places, lo, hi, codes)


def test_every_reason_has_a_chinese_form() -> None:
    for code in CODES:
        said = reason(code, leaf("choice", codes=("home", "shop")), "zh_CN")
        assert said != reason(code, leaf("choice", codes=("home", "shop"))), code
        assert "{" not in said, code


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_fact_has_a_chinese_name(kind: Kind) -> None:
    assert reason("wrong_type", leaf(kind)) == f"not {_KINDS[kind]}"
    said = reason("wrong_type", leaf(kind), "zh_CN")
    assert said.startswith("应为")
    assert _KINDS[kind] not in said


@pytest.mark.parametrize(
    ("code", "about", "en", "zh"),
    [
        ("imprecise", leaf("decimal", 2), "more than 2 decimal places", "小数位数超过2位"),
        ("out_of_domain", leaf("integer", 0, -5, 120), "outside -5 to 120", "不在-5至120的范围内"),
        (
            "out_of_domain",
            leaf("decimal", 2, 0, 10**7),
            "outside 0.00 to 100000.00",
            "不在0.00至100000.00的范围内",
        ),
        (
            "out_of_domain",
            leaf("decimal", 2, 0, 2**53 - 1),
            "outside 0.00 to 90071992547409.91",
            "不在0.00至90071992547409.91的范围内",
        ),
        (
            "out_of_domain",
            leaf("decimal", 9, 0, 10**27),
            "outside 0.000000000 to 1000000000000000000.000000000",
            "不在0.000000000至1000000000000000000.000000000的范围内",
        ),
        (
            "out_of_domain",
            leaf("date", 0, 0, 365),
            "outside 1970-01-01 to 1971-01-01",
            "不在1970-01-01至1971-01-01的范围内",
        ),
        (
            "out_of_domain",
            leaf("datetime", 0, 0, 1441),
            "outside 1970-01-01T00:00 to 1970-01-02T00:01",
            "不在1970-01-01T00:00至1970-01-02T00:01的范围内",
        ),
        (
            "unknown_value",
            leaf("choice", codes=("home", "shop")),
            "none of home, shop",
            "不是以下任何一项：home, shop",
        ),
    ],
)
def test_a_reason_names_the_same_numbers_in_both_languages(code: str, about: Leaf, en: str, zh: str) -> None:
    assert (reason(code, about), reason(code, about, "en_GB"), reason(code, about, "zh-CN")) == (en, en, zh)


def test_a_problem_row_is_told_in_chinese_and_english() -> None:
    row = {"unit_id": "A-1", "fee": "water", "fact": "area", "value": "89.505", "code": "imprecise",
           "reason": "more than 2 decimal places"}  # fmt: skip
    problem = UnitProblem(**row)
    assert problem.explain() == "房屋A-1、收费项目water、area = 89.505：小数位数超过2位。"
    assert problem.explain("en") == "Unit A-1, fee water, area = 89.505: more than 2 decimal places."
    assert problem.to_dict() == {**row, "account_id": None}


def test_a_problem_without_unit_or_fact_is_its_reason() -> None:
    problem = UnitProblem(None, None, None, "no_schedule", CODES["no_schedule"])
    assert problem.explain() == "该账期内没有适用于该房屋的收费标准。"
    assert (
        UnitProblem("A-1", "lift", None, "missing", CODES["missing"]).explain()
        == "房屋A-1、lift：缺少必需的数据。"
    )


def test_a_reason_of_another_release_is_told_as_it_is() -> None:
    assert UnitProblem(None, None, None, "imprecise", "too many decimals").explain() == "too many decimals。"
    assert UnitProblem(None, None, None, "brand_new", "of a new kind").explain() == "of a new kind。"


def test_braces_in_a_value_are_no_placeholders() -> None:
    problem = UnitProblem("{unit}", "area", "{0.__class__}", "wrong_type", "not a number")
    assert problem.explain("en") == "Unit {unit}, area = {0.__class__}: not a number."


def test_all_problems_of_a_unit_are_told_line_by_line() -> None:
    errors = UnitErrors([UnitProblem("A-1", "lift", None, "missing", CODES["missing"])] * 2)
    assert errors.explain().splitlines() == ["房屋A-1、lift：缺少必需的数据。"] * 2
    assert pickle.loads(pickle.dumps(errors)).explain() == errors.explain()
