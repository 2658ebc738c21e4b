"""What changes from one version of rules to another: found, named, and told in both languages."""

from __future__ import annotations

import json
import pickle
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import feerules
from diffs import CALCULATED, CASES, CSV, FACTS, HEAD, MANAGEMENT, SAME, Case, exchanged, schedule
from feerules import Book, Diff
from feerules.errors import Where
from feerules.whatif.changes.keys import ATOMS, LABELS
from feerules.wording import translate
from test_docs import models

RULES = Path(__file__).parent.parent / "rules"
PEERS = [path for path in sorted((RULES / "dunning" / "peers").glob("*.yaml")) if ".cases" not in path.name]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_change_is_told_in_both_languages(case: Case) -> None:
    told = feerules.diff(*case.books())
    assert [(each.code, each.kind, str(each), each.explain("zh_CN")) for each in told] == case.told


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_change_taken_back_has_the_same_before_and_after_the_other_way(case: Case) -> None:
    old, new = case.books()
    there, back = feerules.diff(old, new), feerules.diff(new, old)
    assert {(repr(each.before), repr(each.after)) for each in there} == {
        (repr(each.after), repr(each.before)) for each in back
    }


@pytest.mark.parametrize("of", SAME)
def test_what_means_the_same_is_no_change(of: str) -> None:
    before, after = SAME[of]
    old, new = schedule(before, prices=CSV), schedule(after, prices=CSV)
    assert str(feerules.diff(old, new)) == "Nothing changes."
    assert feerules.diff(new, old).changes == ()


# Facts


def test_a_fact_with_one_alias_more_is_no_change() -> None:
    more = FACTS.replace("[面积]", "[面积, 产权面积]").replace("商铺: shop", "商铺: shop, 店铺: shop")
    assert feerules.diff(schedule(MANAGEMENT), schedule(MANAGEMENT, facts=more)).changes == ()


def test_a_wider_domain_is_told_once_and_not_for_every_row() -> None:
    wider = FACTS.replace("max: 120", "max: 150")
    told = feerules.diff(schedule(MANAGEMENT), schedule(MANAGEMENT, facts=wider))
    assert [str(each) for each in told] == ["From January 1, 2026, fact, floor, largest value: 120 → 150."]
    assert told[0].explain() == "自2026年1月1日起，房屋信息，楼层，最大值：由120改为150。"


def test_a_row_for_a_new_word_is_new() -> None:
    rows = exchanged(MANAGEMENT, ("    otherwise", "      | villa | - | - | 9.00 |\n    otherwise"))
    wider = FACTS.replace("[residential, shop]", "[residential, shop, villa]")
    told = feerules.diff(schedule(MANAGEMENT), schedule(rows, facts=wider))
    assert [(each.code, each.before, each.after) for each in told] == [
        ("row_added", None, Decimal("9.00")),
        ("fact_domain_changed", ("residential", "shop"), ("residential", "shop", "villa")),
    ]


def test_a_row_for_floors_that_could_not_be_is_new() -> None:
    rows = exchanged(
        MANAGEMENT,
        ("> 3 ", "[4..120] "),
        ("    otherwise", "      | residential | true | > 120 | 9.00 |\n    otherwise"),
    )
    told = feerules.diff(schedule(MANAGEMENT), schedule(rows, facts=FACTS.replace("max: 120", "max: 150")))
    assert [str(each) for each in told] == [
        "From January 1, 2026, Management fee, rate (residential, lift, floors 121 and up): 9.00, which is new.",
        "From January 1, 2026, fact, floor, largest value: 120 → 150.",
    ]


def test_an_alias_or_a_spelling_that_is_gone_is_told() -> None:
    fewer = FACTS.replace(", aliases: [面积]", "").replace(", 商铺: shop", "")
    told = feerules.diff(schedule(MANAGEMENT), schedule(MANAGEMENT, facts=fewer))
    assert [each.code for each in told] == ["fact_words_removed", "fact_alias_removed"]


def test_a_fact_of_another_kind_tells_the_rows_as_they_are_written() -> None:
    facts = FACTS.replace(
        "{boolean: true, words: {有电梯: true, 无电梯: false}", "{choice: [goods, people, none]"
    )
    pairs = (
        ("| true  | [1..3]", "| goods | [1..3]"),
        ("| true  | > 3", "| goods | > 3"),
        ("| false |", "| none |"),
    )
    told = feerules.diff(schedule(MANAGEMENT), schedule(exchanged(MANAGEMENT, *pairs), facts=facts))
    assert [(each.before, each.after) for each in told if each.path.startswith("fees.")] == [
        (None, Decimal("2.00")), (None, Decimal("2.80")), (None, Decimal("1.50")),
        (Decimal("2.00"), None), (Decimal("2.80"), None), (Decimal("1.50"), None),
    ]  # fmt: skip


# Which versions meet


def test_the_sample_estate_of_two_years_is_told_whole() -> None:
    told = feerules.diff(feerules.load(RULES / "sample-estate"))
    assert told.explain("zh_CN").splitlines()[:7] == [
        "示例小区物业服务收费标准（2027 年），版本2026-01-01 → 2027-01-01，自2027年1月1日起",
        "  物业管理费",
        "    单价（住宅，无电梯）：1.50 → 1.60  [schedule-2026.yaml:26 → schedule-2027.yaml:27]",
        "    单价（住宅，有电梯，1层及以下）：2.00 → 2.10  [schedule-2026.yaml:27 → schedule-2027.yaml:28]",
        "    单价（住宅，有电梯，2至6层）：2.40 → 2.55  [schedule-2026.yaml:28 → schedule-2027.yaml:29]",
        "    单价（住宅，有电梯，7层及以上）：2.80 → 2.95  [schedule-2026.yaml:29 → schedule-2027.yaml:30]",
        "    单价（商铺）：6.50 → 6.80  [schedule-2026.yaml:30 → schedule-2027.yaml:31]",
    ]
    assert told.explain("en", places=False).splitlines()[1:4] == [
        "  Management fee",
        "    rate (home, has a lift: no): 1.50 → 1.60",
        "    rate (home, has a lift, floors up to 1): 2.00 → 2.10",
    ]
    assert [each.kind for each in told] == ["amount"] * 5 + ["words"] * 2


LATER = HEAD.replace("2026-01-01", "2027-01-01")
DEARER = exchanged(MANAGEMENT, ("2.80", "2.95"))


def two_years(first: str, second: str) -> Book:
    return feerules.load_files({"a.yaml": HEAD + FACTS + first, "b.yaml": LATER + FACTS + second})


def test_the_last_version_of_one_book_is_compared_with_the_one_before() -> None:
    (change,) = feerules.diff(two_years(MANAGEMENT, DEARER))
    assert (change.effective, change.before, change.after) == (
        date(2027, 1, 1),
        Decimal("2.80"),
        Decimal("2.95"),
    )
    assert (change.old, change.new) == (Where("a.yaml", 23, 40), Where("b.yaml", 23, 40))


def test_a_version_that_was_added_to_a_book_holds_from_its_first_day() -> None:
    told = feerules.diff(schedule(MANAGEMENT), two_years(MANAGEMENT, DEARER))
    assert [(each.code, each.effective) for each in told] == [("rate_changed", date(2027, 1, 1))]


def test_a_folder_for_each_year_changes_from_the_later_one_on() -> None:
    told = feerules.diff(schedule(MANAGEMENT), schedule(DEARER, head=LATER))
    assert [(each.code, each.effective) for each in told] == [
        ("rate_changed", date(2027, 1, 1)),
        ("days_removed", date(2026, 1, 1)),
    ]
    assert told[1].explain() == "自2026年1月1日起，执行日期：取消，原为2026年1月1日至2026年12月31日。"


def test_the_same_rules_from_another_day_on_are_not_the_same() -> None:
    told = feerules.diff(schedule(MANAGEMENT), schedule(MANAGEMENT, head=LATER))
    assert [str(each) for each in told] == [
        "From January 1, 2026, days on which it holds: no longer, before January 1, 2026 to December 31, 2026."
    ]


def test_a_book_in_which_nothing_has_two_versions_says_so() -> None:
    told = feerules.diff(schedule(MANAGEMENT))
    assert told.explain("en") == "Nothing to compare: no document has two versions."
    assert told.explain() == "没有可比较的内容：没有文档有两个版本。"


def test_versions_are_chosen_by_name() -> None:
    book = two_years(MANAGEMENT, DEARER)
    back = feerules.diff(book, book, old_version="2027-01-01", new_version="2026-01-01")
    assert [(each.before, each.after) for each in back] == [(Decimal("2.95"), Decimal("2.80"))]
    assert feerules.diff(book, new_version="2027-01-01")[0].after == Decimal("2.95")


def test_a_document_that_one_book_alone_has_is_told_with_its_days() -> None:
    lake = HEAD.replace("garden", "lake") + FACTS + MANAGEMENT.replace("management:", "other:")
    both = feerules.load_files({"a.yaml": HEAD + FACTS + MANAGEMENT, "b.yaml": lake})
    (change,) = feerules.diff(schedule(MANAGEMENT), both)
    assert (change.code, change.document, change.after) == ("days_added", "lake", date(2026, 1, 1))


def test_the_only_schedule_of_each_book_may_have_another_id() -> None:
    told = feerules.diff(schedule(MANAGEMENT), schedule(DEARER, head=HEAD.replace("garden", "lake")))
    assert [(each.code, each.kind) for each in told] == [
        ("rate_changed", "amount"),
        ("document_changed", "words"),
    ]


def test_one_document_is_compared_alone_even_under_another_id() -> None:
    book = feerules.load(RULES / "cn" / "practice")
    assert feerules.diff(book, book, document_id="handover-days-365").changes == ()
    told = feerules.diff(book, book, document_id=("handover-days-365", "handover-half-months"))
    assert ("prorate_changed", "days_365", "half_months") in [
        (each.code, each.before, each.after) for each in told
    ]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"document_id": "gardn"}, "the book has no document 'gardn': did you mean \"garden\"?"),
        ({"document_id": "x"}, "the book has no document 'x': it has garden"),
        (
            {"new_version": "2028-01-01"},
            "no document has a version '2028-01-01': found 2026-01-01, 2027-01-01",
        ),
        ({"new_version": "2026-01-01"}, "no document has both versions, an earlier one and 2026-01-01"),
    ],
)
def test_what_a_book_does_not_have_is_said(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match="no document") as caught:
        feerules.diff(two_years(MANAGEMENT, DEARER), **asked)
    assert str(caught.value) == told


@pytest.mark.parametrize("peer", PEERS, ids=lambda path: path.stem)
def test_any_policy_can_be_compared_with_the_standard_one(peer: Path) -> None:
    standard = feerules.load(RULES / "dunning" / "standard-cn.yaml")
    told = feerules.diff(standard, feerules.load(peer))
    assert {"amount", "condition", "words"} == {each.kind for each in told}
    assert all(each.old or each.new for each in told)
    assert json.dumps(told.to_dict())
    assert told.explain("zh_CN").count("\n") == told.explain("en").count("\n") > len(told)


# What several share


def test_a_change_of_included_facts_is_told_once_for_all_that_include_them() -> None:
    paths = [path for path in (RULES / "sample-estate").glob("*.yaml") if "cases" not in path.name]
    files = {path.name: path.read_text(encoding="utf-8") for path in paths}
    facts = exchanged(files["facts.yaml"], ("min: 1, max: 20000", "min: 1, max: 30000"))
    (change,) = feerules.diff(feerules.load_files(files), feerules.load_files(files | {"facts.yaml": facts}))
    assert (change.code, str(change.new)) == ("fact_domain_changed", "facts.yaml:16:35")
    assert change.document == "sample-estate"
    assert change.also
    assert {"management", "renovation_rubbish"} <= {*change.fees}


def test_holidays_of_a_calendar_are_changes_of_the_whole_book() -> None:
    calendar = "kind: calendar\nid: days\nyears: [2026]\nholidays: [2026-01-01]\n"
    files = {"a.yaml": HEAD + FACTS + MANAGEMENT, "days.yaml": calendar}
    later = files | {"days.yaml": calendar.replace("2026-01-01]", "2026-01-02]")}
    told = feerules.diff(feerules.load_files(files), feerules.load_files(later))
    assert told.explain("en") == (
        "The whole book\n"
        "  In general\n"
        "    holidays of the calendar: no longer, before January 1, 2026\n"
        "    holidays of the calendar: new, January 2, 2026"
    )


def test_a_column_that_an_erp_calls_otherwise_is_a_change() -> None:
    book = "kind: book\nid: erp\nmapping: {area: mianji}\n"
    files = {"a.yaml": HEAD + FACTS + MANAGEMENT, "book.yaml": book}
    later = files | {"book.yaml": book.replace("mianji", "gfa")}
    told = feerules.diff(feerules.load_files(files), feerules.load_files(later))
    assert [str(each) for each in told] == [
        "From January 1, 2026, column of the fact: area: mianji → area: gfa."
    ]


# Law


LAW = """kind: law-profile
id: local
title: {zh: 本市法规, en: Local law}
jurisdiction: {zh: 本市, en: the city}
as_of: 2026-11-01
acts:
  stop_water:
    level: error
    confidence: high
    basis: [{document: 民法典, clause: 第九百四十四条第三款}]
    words: [停水]
tests:
  vat_rate: {level: warning, confidence: medium, basis: [{document: 增值税法}], rates: [6%, 9%]}
parameters:
  lpr_1y: [{from: 2026-01-01, value: 3.00%}]
"""
LAWS = [
    (
        ("level: error", "level: warning"), ("act_level_changed", "condition"),
        "From November 1, 2026, act, stop water, severity: error → warning.",
        "自2026年11月1日起，行为，stop_water，严重程度：由error改为warning。",
    ),
    (
        ("第三款", "第四款"), ("act_basis_changed", "words"),
        "From November 1, 2026, act, stop water, legal basis: {document: 民法典, clause: 第九百四十四条第三款} → {document: 民法典, clause: 第九百四十四条第四款}.",
        "自2026年11月1日起，行为，stop_water，法律依据：由{document: 民法典, clause: 第九百四十四条第三款}改为{document: 民法典, clause: 第九百四十四条第四款}。",
    ),
    (
        ("words: [停水]", "words: [停水, 断水]"), ("act_words_changed", "condition"),
        "From November 1, 2026, act, stop water, words that betray it: 停水 → 停水, 断水.",
        "自2026年11月1日起，行为，stop_water，识别用语：由停水改为停水、断水。",
    ),
    (
        ("6%, 9%", "3%, 6%, 9%"), ("test_rates_changed", "condition"),
        "From November 1, 2026, test, vat rate, rates that are lawful: 0.06, 0.09 → 0.03, 0.06, 0.09.",
        "自2026年11月1日起，检查项，vat_rate，合法税率：由0.06、0.09改为0.03、0.06、0.09。",
    ),
    (
        ("3.00%", "3.10%"), ("parameter_value_changed", "condition"),
        "From November 1, 2026, parameter, lpr 1y, 2026-01-01, value: 3% → 3.1%.",
        "自2026年11月1日起，参数，lpr_1y，2026-01-01，值：由3%改为3.1%。",
    ),
    (
        ("as_of: 2026-11-01", "as_of: 2027-01-01"), ("as_of_changed", "words"),
        "From January 1, 2027, law as of: November 1, 2026 → January 1, 2027.",
        "自2027年1月1日起，法律截止日：由2026年11月1日改为2027年1月1日。",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("exchanged", "code", "en", "zh"), LAWS, ids=lambda each: each[0])
def test_a_change_of_a_law_profile_is_told(
    exchanged: tuple[str, str], code: tuple[str, str], en: str, zh: str
) -> None:
    assert exchanged[0] in LAW
    books = [feerules.load_files({"law.yaml": text}) for text in (LAW, LAW.replace(*exchanged))]
    told = [(each.code, each.kind, str(each), each.explain("zh_CN")) for each in feerules.diff(*books)]
    assert told == [(*code, en, zh)]


def test_law_that_one_book_alone_has_is_told() -> None:
    files = {"a.yaml": HEAD + FACTS + MANAGEMENT}
    books = feerules.load_files(files), feerules.load_files(files | {"law.yaml": LAW})
    assert feerules.diff(*books).explain("en") == (
        "Local law, version 2026-11-01, in the new rules only\n"
        "  In general\n"
        "    law profile: new, November 1, 2026  [– → law.yaml:1]"
    )
    assert [each.code for each in feerules.diff(books[1], books[0])] == ["law_profile_removed"]


def test_one_law_profile_is_compared_alone() -> None:
    files = {"a.yaml": HEAD + FACTS + MANAGEMENT, "law.yaml": LAW}
    later = {"a.yaml": files["a.yaml"].replace("2.80", "2.95"), "law.yaml": LAW.replace("停水]", "断水]")}
    told = feerules.diff(feerules.load_files(files), feerules.load_files(later), document_id="local")
    assert [each.code for each in told] == ["act_words_changed"]


# For machines


def test_a_change_is_plain_json_with_its_place_rows_and_conditions() -> None:
    (change,) = feerules.diff(schedule(MANAGEMENT), schedule(DEARER))
    assert json.loads(json.dumps(change.to_dict())) == {
        "id": "garden@2026-01-01/fees.management.rate[type=residential,lift=true,floor=>= 4]",
        "code": "rate_changed",
        "kind": "amount",
        "document": "garden",
        "also": [],
        "path": "fees.management.rate",
        "fee": "management",
        "fees": ["management"],
        "subject": {
            "zh": "物业费，单价（住宅，有电梯，4层及以上）",
            "en": "Management fee, rate (residential, lift, floors 4 and up)",
        },
        "conditions": [
            {"fact": "type", "cell": "residential"},
            {"fact": "lift", "cell": "true"},
            {"fact": "floor", "cell": ">= 4"},
        ],
        "before": "2.80",
        "after": "2.95",
        "unit": "",
        "partly": False,
        "effective": "2026-01-01",
        "old": "garden.yaml:21:40",
        "new": "garden.yaml:21:40",
        "old_rows": "2",
        "new_rows": "2",
    }


def test_a_diff_is_a_sequence_that_pickles_and_is_plain_json() -> None:
    told = feerules.diff(feerules.load(RULES / "sample-estate"))
    again: Diff = pickle.loads(pickle.dumps(told))
    assert again.to_dict() == told.to_dict() == json.loads(json.dumps(told.to_dict()))
    assert [each.id for each in told[:2]] == [each.id for each in again.of("amount")[:2]]
    assert len({each.id for each in told}) == len(told)


def test_kinds_are_three() -> None:
    with pytest.raises(ValueError, match="expected one of amount, condition, words"):
        feerules.diff(schedule(MANAGEMENT), schedule(MANAGEMENT)).of("money")  # type: ignore[arg-type]


def test_the_changes_of_a_bill_line_are_those_of_its_rows() -> None:
    book = feerules.load(RULES / "sample-estate").only("sample-estate")
    told = feerules.diff(book)
    unit = {
        "unit_id": "A",
        "kind": "home",
        "lift": "true",
        "floor": "9",
        "area": "100.00",
        "handover": "2020-01-01",
    }
    rows = [
        next(line.table_row for line in feerules.price(unit, book, period).lines if line.fee == "management")
        for period in ("2026-12", "2027-01")
    ]
    found = told.of_line("sample-estate", "management", old_rows=rows[0], new_rows=rows[1])
    assert [(each.before, each.after) for each in found] == [(Decimal("2.80"), Decimal("2.95"))]
    assert len(told.of_line("sample-estate", "management")) == 5
    assert len(told.of_line("sample-estate", "fire_safety")) == 5  # a percentage of the management fee
    assert told.of_line("sample-estate", "access_card") == ()


def test_a_name_reaches_the_fees_that_ask_for_it_by_whatever_way() -> None:
    (change,) = feerules.diff(schedule(CALCULATED), schedule(exchanged(CALCULATED, ("2.00", "2.10"))))
    assert change.fees == ("management",)


# Every key


def test_every_key_of_rules_has_a_name_in_both_languages() -> None:
    # Some are told by what they stand for, or with their table.
    told = {"id", "effective", "include", "table", "from", "through", "file", "output", "components"}
    keys = {field.alias or key for model in rules() for key, field in model.model_fields.items()}
    assert keys - {*LABELS} == told
    assert all(translate(locale).text(label) for label in LABELS.values() for locale in ("zh_CN", "en"))


def rules() -> list[type[BaseModel]]:
    others = ("BookDocument", "CalendarDocument", "Case", "CasesDocument")
    return [each for each in models() if each.__name__ not in others and each not in ATOMS]


# Conditions in words


@pytest.mark.parametrize(
    ("cell", "en", "zh"),
    [
        ("true", "lift", "有电梯"),
        ("false", "lift: no", "无电梯"),
        ("null", "lift without a value", "电梯无值"),
        ("null, true", "lift or lift without a value", "有电梯或电梯无值"),
        ("true, false", "lift with a value", "电梯有值"),
    ],
)
def test_a_truth_is_said_with_and_without_a_value(cell: str, en: str, zh: str) -> None:
    assert condition(
        "lift",
        "{boolean: true, optional: true, words: {有电梯: true, 无电梯: false}, title: {zh: 电梯, en: Lift}}",
        cell,
    ) == (en, zh)


@pytest.mark.parametrize(
    ("cell", "en", "zh"),
    [
        ("a", "grade a", "等级为a"),
        ("first", "first", "一级"),
        ("first, second", "first or second", "一级或second"),
        ("not(a)", "grade other than a", "等级不为a"),
        ("null, a", "grade a or grade without a value", "等级为a或等级无值"),
        ("!= null", "grade a, first, second or third", "等级为a、一级、second或third"),
    ],
)
def test_words_are_said_with_their_fact_where_they_do_not_speak(cell: str, en: str, zh: str) -> None:
    grade = "{choice: [a, first, second, third], optional: true, words: {一级: first}, title: {zh: 等级, en: Grade}}"
    assert condition("grade", grade, cell) == (en, zh)


@pytest.mark.parametrize(
    ("cell", "en", "zh"),
    [
        ("90", "area 90 m²", "面积90 m²"),
        ("> 90", "area above 90 m²", "面积超过90 m²"),
        (">= 90.5", "area 90.5 m² and up", "面积90.5 m²及以上"),
        ("< 90", "area below 90 m²", "面积不满90 m²"),
        ("[90..144)", "area 90 m² to below 144 m²", "面积90 m²及以上、不满144 m²"),
        ("(90..144]", "area above 90 m² up to 144 m²", "面积超过90 m²至144 m²"),
        ("(90..144)", "area above 90 m² and below 144 m²", "面积超过90 m²、不满144 m²"),
        ("< 60, > 90", "area below 60 m² or area above 90 m²", "面积不满60 m²或面积超过90 m²"),
    ],
)
def test_numbers_are_said_by_the_bounds_that_were_written(cell: str, en: str, zh: str) -> None:
    assert condition(
        "area", "{decimal: 2, min: 0, max: 10000, unit: m², title: {zh: 面积, en: Area}}", cell
    ) == (en, zh)


@pytest.mark.parametrize(
    ("cell", "en", "zh"),
    [
        ("2020-05-01", "handover on May 1, 2020", "交付日为2020年5月1日"),
        (">= 2020-05-01", "handover from May 1, 2020 on", "交付日在2020年5月1日及以后"),
        ("<= 2020-12-31", "handover before January 1, 2021", "交付日在2021年1月1日之前"),
        (
            "[2020-01-01..2021-01-01)",
            "handover from January 1, 2020, before January 1, 2021",
            "交付日自2020年1月1日起、在2021年1月1日之前",
        ),
    ],
)
def test_days_are_said_as_days(cell: str, en: str, zh: str) -> None:
    assert condition("handover", "{date: true, title: {zh: 交付日, en: Handover}}", cell) == (en, zh)


def condition(fact: str, declared: str, cell: str) -> tuple[str, str]:
    """How a condition that is new is said."""
    facts, fees = f"facts:\n  {fact}: {declared}\n", "fees: {card: {rate: 15}}"
    asked = fees.replace("rate: 15", f"rate: 15, applies: {{{fact}: '{cell}'}}")
    (change,) = feerules.diff(schedule(fees, facts=facts), schedule(asked, facts=facts))
    said = [change.after.in_words(translate(locale)) for locale in ("en", "zh_CN")]
    return said[0], said[1]
