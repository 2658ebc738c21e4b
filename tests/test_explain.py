"""Bills explain themselves in both languages; that what they say is true, test_claims.py holds."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

import feerules
from bills import Case, bill_of
from feerules.bill import Bill, BillLine, Step

UNIT = {
    "unit_id": "A-1",
    "type": "home",
    "area": "89.50",
    "floor": 1,
    "handover": "2026-05-17",
    "water_used": "30",
    "heat_used": "412.55",
    "power_cost": "45.6",
    "vacant_since": "2025-11-15",
    "paid_on": "2026-05-03",
    "left_on": "2026-05-20",
    "entered_at": "2026-05-05T08:00",
    "exited_at": "2026-05-05T09:20",
}
HERE = Path(__file__).parent
BOOK = feerules.load_files({"lakeside.yaml": (HERE / "data" / "lakeside.yaml").read_text(encoding="utf-8")})

ZH = "收费标准：湖畔花园收费标准（2026年1月1日起执行）。依据：价服〔2025〕14号，第三条。"
EN = "Rule: Lakeside fee schedule (in force from January 1, 2026). Source: 价服〔2025〕14号, 第三条."


def lines_of(fee: str, period: str = "2026-05", **facts: Any) -> list[BillLine]:
    return [line for line in feerules.price(UNIT | facts, BOOK, period) if line.fee == fee]


def told(fee: str, locale: str, period: str = "2026-05", **facts: Any) -> str:
    """How the first line of a fee is explained, up to the rule."""
    text = lines_of(fee, period, **facts)[0].explain(locale)
    return text.partition("收费标准：" if locale == "zh" else " Rule: ")[0]


# One line, whole


def test_a_line_says_what_for_when_how_much_who_pays_by_when_and_by_which_rule() -> None:
    by_developer, by_owner = lines_of("management")
    assert by_developer.explain() == (
        "物业管理费（2026年5月1日至2026年5月16日）：89.50 m² × 2.00 × 16/31个月 ≈ 92.3871，四舍五入为¥92.39。"
        "由建设单位支付。应缴日期：2026年5月10日。"
        "收费标准：湖畔花园收费标准（2026年1月1日起执行），价目表第1行。依据：价服〔2025〕14号，第三条。"
    )
    assert by_owner.explain("en_GB") == (
        "Management fee (17 May 2026 to 31 May 2026): "
        "89.50 m² × 2.00 × 15/31 months ≈ 86.6129, rounded to ¥86.61. "
        "Due on 10 May 2026. "
        "Rule: Lakeside fee schedule (in force from 1 January 2026), table row 1. "
        "Source: 价服〔2025〕14号, 第三条."
    )


def test_a_bill_tells_each_line_and_then_the_total() -> None:
    bill = feerules.price(UNIT, BOOK, "2026-05")
    texts = bill.explain("en").split("\n")
    assert texts[:-1] == [line.explain("en") for line in bill]
    assert texts[-1] == f"Total: ¥{bill.total:,}."
    assert bill.explain().split("\n")[-1] == f"合计：¥{bill.total:,}。"


def test_chinese_is_what_an_owner_hears_unless_told_otherwise() -> None:
    bill = feerules.price(UNIT, BOOK, "2026-05")
    assert bill.explain() == bill.explain("zh_CN")


# Every kind of line: the fee, its Chinese, its English

KINDS = {
    "a table decides the rate": (
        "management", {"handover": "2020-01-01", "floor": 9},
        "物业管理费（2026年5月1日至2026年5月31日）：89.50 m² × 2.80 = ¥250.60。应缴日期：2026年5月10日。",
        "Management fee (May 1, 2026 to May 31, 2026): 89.50 m² × 2.80 = ¥250.60. Due on May 10, 2026.",
    ),
    "tiers": (
        "water", {},
        "水费（2026年5月1日至2026年5月31日）：10 m³ × 1.92 + 10 m³ × 3.30 + 10 m³ × 4.30 = ¥95.20。应缴日期：2026年5月1日。",
        "Water (May 1, 2026 to May 31, 2026): 10 m³ × 1.92 + 10 m³ × 3.30 + 10 m³ × 4.30 = ¥95.20. Due on May 1, 2026.",
    ),
    "components with six decimals": (
        "lifts", {},
        "电梯费（2026年5月1日至2026年5月31日）：89.50 m² × 0.373456 = 33.424312，四舍五入为¥33.42。单价构成：upkeep 0.25、power 0.123456。应缴日期：2026年5月1日。",
        "Lift fee (May 1, 2026 to May 31, 2026): 89.50 m² × 0.373456 = 33.424312, rounded to ¥33.42. Rate components: upkeep 0.25, power 0.123456. Due on May 1, 2026.",
    ),
    "two parts": (
        "heating", {},
        "采暖费（2026年5月1日至2026年5月31日）：基本热费 ¥358.00 + 计量热费 ¥66.01 = ¥424.01。其中：基本热费 89.50 m²按单价4.00、计量热费 412.55 kWh按单价0.16。应缴日期：2026年5月1日。",
        "Heating (May 1, 2026 to May 31, 2026): Base ¥358.00 + Usage ¥66.01 = ¥424.01. Of which: Base 89.50 m² at 4.00, Usage 412.55 kWh at 0.16. Due on May 1, 2026.",
    ),
    "the one part that costs anything": (
        "heating", {"heat_used": 0},
        "采暖费（2026年5月1日至2026年5月31日）：基本热费 ¥358.00。其中：基本热费 89.50 m²按单价4.00。应缴日期：2026年5月1日。",
        "Heating (May 1, 2026 to May 31, 2026): Base ¥358.00. Of which: Base 89.50 m² at 4.00. Due on May 1, 2026.",
    ),
    "a percentage of other fees": (
        "agency", {},
        "手续费（2026年5月1日至2026年5月31日）：¥274.20 × 1.5% = 4.113，四舍五入为¥4.11。应缴日期：2026年5月1日。",
        "Handling (May 1, 2026 to May 31, 2026): ¥274.20 × 1.5% = 4.113, rounded to ¥4.11. Due on May 1, 2026.",
    ),
    "a pass-through": (
        "power", {},
        "公摊电费（2026年5月1日至2026年5月31日）：代收代缴，据实收取；金额：¥45.60。应缴日期：2026年5月1日。",
        "Common power (May 1, 2026 to May 31, 2026): passed on at cost; amount: ¥45.60. Due on May 1, 2026.",
    ),
    "tax on top": (
        "cleaning", {},
        "保洁费（2026年5月1日至2026年5月31日）：89.50 m² × 0.50 = ¥44.75（不含税）。另加增值税¥2.69（6%），合计¥47.44。应缴日期：2026年5月1日。",
        "Cleaning (May 1, 2026 to May 31, 2026): 89.50 m² × 0.50 = ¥44.75 before tax. Plus VAT at 6% of ¥2.69, in all ¥47.44. Due on May 1, 2026.",
    ),
    "a fixed sum with tax in it": (
        "patrol", {},
        "秩序维护费（2026年5月1日至2026年5月31日）：¥53.00。其中增值税¥3.00（6%），不含税¥50.00。应缴日期：2026年5月1日。",
        "Patrol (May 1, 2026 to May 31, 2026): ¥53.00. Of this, ¥3.00 is VAT at 6%, and ¥50.00 is without tax. Due on May 1, 2026.",
    ),
    "adjustments": (
        "greening", {"vacant_since": "2025-10-01"},
        "绿化费（2026年5月1日至2026年5月31日）：89.50 m² × 0.40 × 0.7 − ¥3.00 = ¥22.06。调整：空置优惠（× 0.7）、首层减免（− ¥3.00）。应缴日期：2026年5月1日。",
        "Greening (May 1, 2026 to May 31, 2026): 89.50 m² × 0.40 × 0.7 − ¥3.00 = ¥22.06. Adjustments: Vacancy reduction (× 0.7), Ground floor relief (− ¥3.00). Due on May 1, 2026.",
    ),
    "month by month": (
        "parking", {"period": "2026-Q2", "vacant_since": "2025-11-01"},
        "车位费（2026年4月1日至2026年6月30日）：2026年4月 ¥100.00 + 2026年5月 ¥90.00 + 2026年6月 ¥90.00 = ¥280.00。调整：空置优惠（× 0.9），适用于2026年5月、2026年6月。应缴日期：2026年4月1日。",
        "Parking bay (April 1, 2026 to June 30, 2026): April 2026 ¥100.00 + May 2026 ¥90.00 + June 2026 ¥90.00 = ¥280.00. Adjustments: Vacancy reduction (× 0.9) in May 2026, June 2026. Due on April 1, 2026.",
    ),
    "a minimum": (
        "waste", {},
        "垃圾费（2026年5月1日至2026年5月31日）：89.50 m²按单价0.05；金额：¥8.00。最低收费：¥8.00。应缴日期：2026年5月1日。",
        "Waste (May 1, 2026 to May 31, 2026): 89.50 m² at 0.05; amount: ¥8.00. Minimum: ¥8.00. Due on May 1, 2026.",
    ),
    "another rounding": (
        "lamps", {},
        "路灯费（2026年5月1日至2026年5月31日）：89.50 m² × 0.0333 = 2.98035，按本项取整规则为¥2.90。应缴日期：2026年5月1日。",
        "Street lamps (May 1, 2026 to May 31, 2026): 89.50 m² × 0.0333 = 2.98035, by the rounding of this fee ¥2.90. Due on May 1, 2026.",
    ),
    "a deposit": (
        "deposit", {},
        "可退押金，装修押金（2026年5月3日）：¥2,000.00。应缴日期：2026年5月3日。",
        "Refundable deposit, Decoration deposit (May 3, 2026): ¥2,000.00. Due on May 3, 2026.",
    ),
    "a refund": (
        "deposit_back", {},
        "退费，装修押金（2026年5月20日）：¥2,000.00。应退日期：2026年5月20日。",
        "Refund, Decoration deposit (May 20, 2026): ¥2,000.00. To be returned by May 20, 2026.",
    ),
    "a visit by started time": (
        "visit", {},
        "临停费（2026年5月5日）：3个计时单位 × 2.00 = ¥6.00。应缴日期：2026年5月5日。",
        "Visitor parking (May 5, 2026): 3 started units × 2.00 = ¥6.00. Due on May 5, 2026.",
    ),
    "all at one tier's price": (
        "reclaimed", {},
        "中水费（2026年5月1日至2026年5月31日）：30 m³、全部按所达档位的单价；金额：¥60.00。应缴日期：2026年5月1日。",
        "Reclaimed water (May 1, 2026 to May 31, 2026): 30 m³, all at the price of the tier reached; amount: ¥60.00. Due on May 1, 2026.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fee", "facts", "zh", "en"), KINDS.values(), ids=KINDS)
def test_each_kind_of_line_is_told_in_both_languages(
    fee: str, facts: dict[str, Any], zh: str, en: str
) -> None:
    assert (told(fee, "zh", **facts), told(fee, "en", **facts)) == (zh, en)


def test_a_line_names_the_rows_of_its_tiers_and_its_own_source() -> None:
    assert "价目表第1-3行" in lines_of("water")[0].explain()
    assert ", table rows 1-3. Source" in lines_of("water")[0].explain("en")
    assert lines_of("power")[0].explain().endswith(ZH)
    assert lines_of("power")[0].explain("en").endswith(EN)
    assert lines_of("deposit_back")[0].explain().endswith("依据：装修管理协议，第八条。")


# No claim that is not true


def test_a_part_that_takes_the_remainder_of_a_cut_claims_no_calculation() -> None:
    cut = {"changes": [{"from": "2026-05-17", "facts": {"owner_id": "B"}}]}
    first, second = (line.explain("en") for line in lines_of("lifts", area="89.00", **cut))
    assert "89 m² × 0.373456 × 16/31 months ≈ 17.1549, rounded to ¥17.15." in first
    # 16.08(3) by itself, but the whole month is 33.24.
    assert "89 m² at 0.373456, factor 15/31; amount: ¥16.09." in second


def test_a_line_without_a_product_names_what_it_knows() -> None:
    line = replace(lines_of("management")[0], amount=Decimal("99.99"), net=Decimal("99.99"))
    assert "89.50 m² at 2.00, factor 16/31; amount: ¥99.99." in line.explain("en")
    assert "89.50 m²按单价2.00、系数16/31；金额：¥99.99。" in line.explain()


# From what the line carries alone


def test_a_bill_read_back_from_json_explains_itself_alike() -> None:
    bill = feerules.price(UNIT, BOOK, "2026-05")
    again = Bill.from_dict(json.loads(json.dumps(bill.to_dict())))
    assert again == bill
    assert (again.explain(), again.explain("en")) == (bill.explain(), bill.explain("en"))


def test_the_callers_decimal_context_changes_no_digit() -> None:
    bill = feerules.price(UNIT | {"area": "98765.43"}, BOOK, "2026-05")
    expected = bill.explain("en")
    with localcontext() as context:
        context.prec = 3
        assert bill.explain("en") == expected


def test_a_line_of_large_numbers_is_told_to_the_last_digit() -> None:
    line = replace(
        lines_of("management", handover="2020-01-01")[0],
        quantity=Decimal("123456789012.34"),
        rate=Decimal("0.000001"),
        net=Decimal("123456.79"),
        amount=Decimal("123456.79"),
    )
    told = "123,456,789,012.34 m² × 0.000001 = 123,456.78901234, rounded to ¥123,456.79."
    assert told in line.explain("en")


# Other bills


def test_a_bill_without_lines_says_so() -> None:
    empty = Bill("A-1", feerules.Period.parse("2026-11"), ())
    assert empty.explain() == "2026年11月1日至2026年11月30日无应收费用。"
    assert empty.explain("en") == "Nothing is charged for November 1, 2026 to November 30, 2026."


def test_a_bill_that_gives_money_back_says_how_much() -> None:
    refund = Bill("A-1", feerules.Period.parse("2026-05"), lines_of("deposit_back"))
    assert refund.total == Decimal("-2000.00")
    assert refund.explain("en").splitlines()[-1] == "Total to be returned: ¥2,000.00."
    assert refund.explain().splitlines()[-1] == "合计应退：¥2,000.00。"


@pytest.mark.parametrize(
    ("currency", "zh", "en"),
    [("HKD", "HK$250.60", "HK$250.60"), ("USD", "US$250.60", "$250.60"), ("JPY", "JP¥250.6", "JP¥250.6")],
)
def test_another_currency_has_its_own_sign(currency: str, zh: str, en: str) -> None:
    line = replace(lines_of("management", handover="2020-01-01", floor=9)[0], currency=currency)
    bill = Bill("A-1", feerules.Period.parse("2026-05"), (line,))
    assert f"89.50 m² × 2.80 = {zh}。" in bill.explain()
    assert bill.explain("en").splitlines()[-1] == f"Total: {en}."


def test_two_currencies_are_never_added() -> None:
    line = lines_of("patrol")[0]
    bill = Bill("A-1", feerules.Period.parse("2026-05"), (line, replace(line, currency="HKD")))
    assert bill.explain("en").splitlines()[-2:] == ["Total: ¥53.00.", "Total: HK$53.00."]


@pytest.mark.parametrize(
    ("step", "zh", "en"),
    [
        (Step("adjustment", "1", action="at_most", amount=Decimal(500)), "最高¥500.00", "at most ¥500.00"),
        (Step("adjustment", "1", action="at_least", amount=Decimal(5)), "最低¥5.00", "at least ¥5.00"),
        (Step("adjustment", "1", action="free_months", quantity=Decimal(1)), "免收1个月", "1 month free"),
        (Step("adjustment", "1", action="free_months", quantity=Decimal(2)), "免收2个月", "2 months free"),
        (Step("adjustment", "1", action="per_unit"), "按单位加收", "an addition per unit"),
        (Step("adjustment", "1", action="times"), "按系数", "by a factor"),
        (Step("adjustment", "1", {"zh": "优惠", "en": "Relief"}, action="plus"), "优惠", "Relief"),
    ],
)
def test_an_adjustment_is_told_by_its_title_and_its_number(step: Step, zh: str, en: str) -> None:
    line = replace(lines_of("patrol")[0], steps=(step,))
    assert f"调整：{zh}。" in line.explain()
    assert f"Adjustments: {en}." in line.explain("en")


@pytest.mark.parametrize(
    ("payer", "zh", "en"),
    [
        ("developer", "由建设单位支付。", "Payable by the developer."),
        ("tenant", "由承租人支付。", "Payable by the tenant."),
        ("heir", "由继承人支付。", "Payable by the heir."),
    ],
)
def test_who_pays_is_told_where_it_is_not_the_owner(payer: str, zh: str, en: str) -> None:
    line = replace(lines_of("patrol")[0], payer=payer)
    assert zh in line.explain()
    assert en in line.explain("en")
    back = replace(lines_of("deposit_back")[0], payer=payer)
    assert en.replace("Payable by", "Returned to") in back.explain("en")
    assert "Payable" not in lines_of("patrol")[0].explain("en")


def test_a_version_with_a_name_and_a_document_without_a_title_are_told_as_they_are() -> None:
    line = replace(lines_of("patrol")[0], version="spring", document_title={})
    assert "Rule: lakeside (version spring)." in line.explain("en")
    assert "收费标准：lakeside（版本：spring）。" in line.explain()


def test_a_month_that_is_free_is_taken_off_the_time() -> None:
    free = Step("adjustment", "1", action="free_months", quantity=Decimal(1))
    line = replace(
        lines_of("patrol")[0], steps=(free,), rate=Decimal("196.59"), factor=Decimal(13), rate_per="month",
        tax_rate=None, net=Decimal("2359.08"), amount=Decimal("2359.08"),
    )  # fmt: skip
    assert "196.59 × 12 months = ¥2,359.08." in line.explain("en")


def test_surcharge_tiers_stand_on_a_base_price() -> None:
    line = replace(
        lines_of("water")[0],
        basis="surcharge",
        rate=Decimal("0.5283"),
        net=Decimal("111.05"),
        amount=Decimal("111.05"),
    )
    told = "30 m³ × 0.5283 + 10 m³ × 1.92 + 10 m³ × 3.30 + 10 m³ × 4.30 = 111.049, rounded to ¥111.05."
    assert told in line.explain("en")


POWER = """
fee:
  registers: {peak: peak, valley: valley}
  at_a_change: by_days
  tiers:
    over: {each: year, used_before: before}
    table: |
      | up to | peak | valley |
      |-------|------|--------|
      | 100   | 0.56 | 0.30   |
      | above | 0.62 | 0.40   |
"""
GUIDED = "fee: {per: area, rate: {base: 2.00, float: chosen, up: 20%, down: 10%}}"
RELIEF = """
fee:
  rate: 100
  adjustments: [{title: {zh: 优惠, en: Relief}, times: 0.9, source: {document: 减免办法, clause: 第三条}}]
"""
PARTS = "fee: {parts: {all: {rate: 10}, high: {applies: {floor: '> 6'}, per: area, rate: 5}}}"
# what is told, the fee, the facts, in Chinese and in English
MORE = [
    (
        "each register and what was counted before", POWER, {"peak": "120", "valley": "80", "before": "20"},
        "200 kWh、按分时时段计费；金额：¥100.32。分时用量：peak 120 kWh、valley 80 kWh。此前已计用量：20 kWh。",
        "200 kWh, by time of use; amount: ¥100.32. Registers: peak 120 kWh, valley 80 kWh. Counted before: 20 kWh.",
    ),
    (
        "the base and the float of a price", GUIDED, {"area": "100", "chosen": "-0.05"},
        "100 m² × 1.90 = ¥190.00。政府指导价：基准价2.00，浮动-5%。",
        "100 m² × 1.90 = ¥190.00. Guided price: base 2.00, float -5%.",
    ),
    (
        "the source of an adjustment", RELIEF, {},
        "100.00 × 0.9 = ¥90.00。调整：优惠（× 0.9）（依据：减免办法，第三条）。",
        "100.00 × 0.9 = ¥90.00. Adjustments: Relief (× 0.9) (source: 减免办法, 第三条).",
    ),
    (
        "only the parts that are for the unit", PARTS, {"floor": 3, "area": "100"},
        "all ¥10.00。其中：all 单价10.00。", "all ¥10.00. Of which: all rate 10.00.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("title", "fee", "unit", "zh", "en"), MORE, ids=[each[0] for each in MORE])
def test_a_line_tells_more_than_its_product(
    title: str, fee: str, unit: dict[str, Any], zh: str, en: str
) -> None:
    bill = bill_of(Case(title, fee, unit, ""))
    assert zh in bill.explain()
    assert en in bill.explain("en")
    assert Bill.from_dict(json.loads(json.dumps(bill.to_dict()))) == bill


def test_a_part_tells_its_quantity_its_rate_and_its_unit() -> None:
    steps = [step.to_dict() for step in lines_of("heating")[0].steps if step.kind == "part"]
    assert [(step["quantity"], step["rate"], step["unit"]) for step in steps] == [
        ("89.50", "4.00", "m²"),
        ("412.55", "0.16", "kWh"),
    ]


def test_a_bill_cannot_be_changed_and_survives_a_pickle() -> None:
    bill = feerules.price(UNIT, BOOK, "2026-05")
    again = pickle.loads(pickle.dumps(bill))
    assert again == bill
    assert again.explain() == bill.explain()
    for held, name in (
        (bill, "period"),
        (bill.lines[0], "amount"),
        (lines_of("heating")[0].steps[0], "rate"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(held, name, None)
