"""The public price table: every fee in words, as data, and by the day."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

import feerules
from feerules import NoticeError
from letters import ESTATE, LOCALES, ROOT, SENDER

HEAD = """
kind: fee-schedule
id: example
title: {zh: 示例收费标准, en: Example}
effective: {from: 2026-01-01}
defaults: {at_a_change: by_days}
facts:
  type: {choice: [home, shop], words: {住宅: home, 商铺: shop}}
  grade: {choice: [甲, 乙], words: {A: 甲}, title: {zh: 服务等级, en: Grade}}
  lift: {boolean: true, title: {zh: 有电梯, en: Lift}}
  floor: {integer: true, min: -5, max: 120, title: {zh: 楼层, en: Floor}}
  area: {decimal: 2, min: 0, max: 100000, unit: m², title: {zh: 建筑面积, en: Area}}
  used: {decimal: 2, min: 0, max: 99999, unit: m³, usage: true, title: {zh: 用水量, en: Water used}}
  cards: {integer: true, min: 0, max: 9, title: {zh: 门禁卡, en: Cards}}
  handover: {date: true, title: {zh: 交付日期, en: Handover}}
  agreed: {decimal: 2, min: 0, max: 100, title: {zh: 合同单价, en: Agreed price}}
  peak: {decimal: 2, min: 0, max: 99999, unit: kWh, usage: true, title: {zh: 峰时, en: Peak}}
  valley: {decimal: 2, min: 0, max: 99999, unit: kWh, usage: true, title: {zh: 谷时, en: Valley}}
  entered: {datetime: true}
  left: {datetime: true}
  cost: {decimal: 2, min: 0, max: 99999, title: {zh: 实际费用, en: Cost}}
"""


def book(fees: str, more: str = "") -> feerules.Book:
    return feerules.load_files(
        {"a.yaml": f"{HEAD}{dedent(more)}\nfees:\n{indent(dedent(fees).strip(), '  ')}\n"}
    )


def prices(fees: str, locale: str, more: str = "") -> list[dict[str, Any]]:
    return list(
        feerules.price_table(book(fees, more), SENDER, on="2026-11-01", locale=locale).fields["prices"]
    )


CASES = {
    "a price for each square metre and month": (
        "management: {per: area, rate: 2.80}",
        [("", "¥2.80/m²·月", "按月", "")],
        [("", "¥2.80 per m² and month", "every month", "")],
    ),
    "a price for a year that is billed by the quarter": (
        "management: {per: area, every: quarter, rate_per: year, rate: 24}",
        [("", "¥24.00/m²·年", "按季度", "")],
        [("", "¥24.00 per m² and year", "every quarter", "")],
    ),
    "a fixed sum": (
        "clean: {rate: 8}",
        [("", "¥8.00/月", "按月", "")],
        [("", "¥8.00 per month", "every month", "")],
    ),
    "a table of homes and shops": (
        """
        management:
          applies: {type: "home, shop"}
          per: area
          otherwise: not_charged
          rate: |
            | type | lift  | floor  | rate | note     |
            |------|-------|--------|------|----------|
            | home | true  | [1..3] | 2.00 | 低层     |
            | home | true  | > 3    | 2.80 | -        |
            | home | false | -      | 1.50 | -        |
            | shop | -     | -      | 6.50 | -        |
        """,
        [
            ("住宅；有电梯：是；楼层：1至3", "¥2.00/m²·月（低层）", "按月", ""),
            ("住宅；有电梯：是；楼层：超过3", "¥2.80/m²·月", "按月", ""),
            ("住宅；有电梯：否", "¥1.50/m²·月", "按月", ""),
            ("商铺", "¥6.50/m²·月", "按月", ""),
        ],
        [
            ("home; Lift: yes; Floor: 1 to 3", "¥2.00 per m² and month (低层)", "every month", ""),
            ("home; Lift: yes; Floor: over 3", "¥2.80 per m² and month", "every month", ""),
            ("home; Lift: no", "¥1.50 per m² and month", "every month", ""),
            ("shop", "¥6.50 per m² and month", "every month", ""),
        ],
    ),
    "words of a choice in the spelling of the language": (
        "management: {applies: {grade: not(乙), floor: '[2..5), > 9'}, rate: 1}",
        [("服务等级：除乙外；楼层：2及以上、不足5、超过9", "¥1.00/月", "按月", "")],
        [("Grade: other than 乙; Floor: 2 or more, under 5, over 9", "¥1.00 per month", "every month", "")],
    ),
    "days in conditions": (
        "a: {applies: {handover: '>= 2020-05-01'}, rate: 1}",
        [("交付日期：自2020年5月1日起", "¥1.00/月", "按月", "")],
        [("Handover: from May 1, 2020 on", "¥1.00 per month", "every month", "")],
    ),
    "tiers": (
        """
        water:
          per: used
          tiers:
            over: {year_from: 01-01}
            table: |
              | up to | rate |
              |-------|------|
              | 220   | 1.92 |
              | 300   | 3.30 |
              | above | 4.30 |
        """,
        [
            ("220 m³及以下", "¥1.92/m³", "按月", "阶梯计价，各档用量分别按该档价格计算。用量按年累计。"),
            ("超过220 m³至300 m³（含）", "¥3.30/m³", "按月", "阶梯计价，各档用量分别按该档价格计算。用量按年累计。"),
            ("超过300 m³", "¥4.30/m³", "按月", "阶梯计价，各档用量分别按该档价格计算。用量按年累计。"),
        ],
        [
            ("220 m³ or less", "¥1.92 per m³", "every month", "Each part of the quantity at the price of its tier. The quantity is that of a year."),
            ("over 220 m³, up to 300 m³", "¥3.30 per m³", "every month", "Each part of the quantity at the price of its tier. The quantity is that of a year."),
            ("over 300 m³", "¥4.30 per m³", "every month", "Each part of the quantity at the price of its tier. The quantity is that of a year."),
        ],
    ),
    "registers": (
        """
        power:
          registers: {peak: peak, valley: valley}
          assign: proportional
          tiers: {table: "| up to | peak | valley |\\n| above | 0.568 | 0.288 |"}
        """,
        [("", "峰时：¥0.568/kWh、谷时：¥0.288/kWh", "按月", "阶梯计价，各档用量分别按该档价格计算。")],
        [("", "Peak: ¥0.568 per kWh, Valley: ¥0.288 per kWh", "every month", "Each part of the quantity at the price of its tier.")],
    ),
    "a percentage of another fee": (
        "management: {title: {zh: 物业费, en: Management}, rate: 100}\nfire: {per: {fees: [management]}, rate: 1%}",
        [("", "¥100.00/月", "按月", ""), ("", "物业费的1%", "按月", "")],
        [("", "¥100.00 per month", "every month", ""), ("", "1% of Management", "every month", "")],
    ),
    "what each contract names": (
        "a: {per: area, rate: {fact: agreed}}",
        [("", "按约定：合同单价", "按月", "")],
        [("", "as agreed: Agreed price", "every month", "")],
    ),
    "a guided price": (
        "a: {per: area, rate: {base: 2.00, float: 0.1, up: 20%, down: without_limit}}",
        [("", "¥2.00/m²·月（基准价、上浮不超过20%、下浮不限）", "按月", "")],
        [("", "¥2.00 per m² and month (base price, at most 20% above, any price below)", "every month", "")],
    ),
    "components": (
        "a: {per: area, rate: {sum: {public: 1.20, lift_part: 0.40}}}",
        [("", "public：¥1.20/m²·月", "按月", ""), ("", "lift_part：¥0.40/m²·月", "按月", "")],
        [("", "public: ¥1.20 per m² and month", "every month", ""), ("", "lift_part: ¥0.40 per m² and month", "every month", "")],
    ),
    "passed on, shared, counted, given back": (
        """
        passed: {applies: {cost: "> 0"}, pass_through: cost}
        shared: {share: {by: area}}
        card: {applies: {cards: "> 0"}, every: {once: handover}, per: cards, rate: 15}
        back: {kind: refund, every: {once: handover}, pass_through: cost}
        held: {kind: deposit, every: {once: handover}, rate: 2000}
        """,
        [
            ("", "据实代收，不加价", "按月", ""),
            ("", "按实际发生费用分摊，权数：建筑面积", "按月", ""),
            ("", "¥15.00 × 门禁卡", "一次性", ""),
            ("", "按实际核算", "一次性", ""),
            ("", "¥2,000.00", "一次性", "押金，到期退还。"),
        ],
        [
            ("", "passed on at cost, without mark-up", "every month", ""),
            ("", "a share of the actual cost, by Area", "every month", ""),
            ("", "¥15.00 × Cards", "once", ""),
            ("", "as reckoned in each case", "once", ""),
            ("", "¥2,000.00", "once", "A deposit, which is given back."),
        ],
    ),
    "parking by started time": (
        "park: {every: {use: left}, rate: 5, per: {started: 1 hour, between: [entered, left], free: 30 minutes, cap: 40, cap_per: 1 day}}",
        [("", "每1小时¥5.00（不足1小时按1小时计）", "按次", "30分钟内免费。每1天最多¥40.00。")],
        [("", "¥5.00 for each 1 hour begun", "for each use", "The first 30 minutes are free. At most ¥40.00 in 1 day.")],
    ),
    "adjustments, limits and tax": (
        """
        a:
          per: area
          rate: 2
          adjustments:
            - {title: {zh: 顶层优惠, en: Top floor}, when: {floor: "> 30"}, times: 0.9}
            - {plus: 5}
          minimum: 20
          maximum: 500
          ceiling: 3
          tax: 6%
          note: {zh: 含电梯, en: lifts included}
        """,
        [("", "¥2.00/m²·月", "按月", "符合“楼层：超过30”的，顶层优惠（× 0.9）。+ ¥5.00。最低收费：¥20.00。最高收费：¥500.00。最高限价：¥3.00。含增值税6%。含电梯。")],
        [("", "¥2.00 per m² and month", "every month", "Where Floor: over 30: Top floor (× 0.9). + ¥5.00. Minimum: ¥20.00. Maximum: ¥500.00. Highest price: ¥3.00. VAT of 6% is included. lifts included.")],
    ),
    "rows that leave others, and of which the first holds": (
        """
        a:
          per: area
          otherwise: 3
          rate: {hit: first, table: "| lift | floor | rate |\\n| true | > 9 | 1 |\\n| true | - | 2 |"}
        """,
        [
            ("有电梯：是；楼层：超过9", "¥1.00/m²·月", "按月", "有多行符合的，以最先符合的一行为准。"),
            ("有电梯：是", "¥2.00/m²·月", "按月", "有多行符合的，以最先符合的一行为准。"),
            ("其他", "¥3.00/m²·月", "按月", "有多行符合的，以最先符合的一行为准。"),
        ],
        [
            ("Lift: yes; Floor: over 9", "¥1.00 per m² and month", "every month", "Of several rows that fit, the first holds."),
            ("Lift: yes", "¥2.00 per m² and month", "every month", "Of several rows that fit, the first holds."),
            ("all others", "¥3.00 per m² and month", "every month", "Of several rows that fit, the first holds."),
        ],
    ),
    "what only a table tells is not left unsaid": (
        """
        a:
          rate: 100
          otherwise: 0
          adjustments: [{times: "| lift | times |\\n| true | 2 |\\n| false | 1 |"}]
          minimum: "| lift | amount |\\n| true | 2 |\\n| false | 1 |"
          tax: "| lift | rate |\\n| true | 6% |\\n| false | 9% |"
        """,
        [("", "¥100.00/月", "按月", "按系数。设有最低收费。含增值税。")],
        [("", "¥100.00 per month", "every month", "by a factor. A minimum applies. VAT is included.")],
    ),
    "packages": (
        """
        data: {per: used, tiers: {kind: package, size: 10, table: "| up to | rate |\\n| above | 5 |"}}
        """,
        [("", "每10 m³¥5.00（不足10 m³按10 m³计）", "按月", "按份计价，不足一份按一份计。")],
        [("", "¥5.00 for each 10 m³ begun", "every month", "Charged by packages begun.")],
    ),
    "a longer stay pays from its start": (
        "park: {every: {use: left}, rate: 5, per: {started: 1 hour, between: [entered, left], free: 30 minutes, beyond_free: from_the_start}}",
        [("", "每1小时¥5.00（不足1小时按1小时计）", "按次", "30分钟以内免费；超过的，自开始时起计费。")],
        [("", "¥5.00 for each 1 hour begun", "for each use", "Up to 30 minutes are free; what is longer pays from its start.")],
    ),
    "a season": (
        "heat: {every: {season: {from: 11-15, through: 03-15}}, per: area, rate: 24}",
        [("", "¥24.00/m²·季", "每季，11月15日至3月15日", "")],
        [("", "¥24.00 per m² and season", "each season, 11/15 to 3/15", "")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("title", CASES)
def test_a_price_in_words(title: str, locale: str) -> None:
    fees, zh, en = CASES[title]
    told = []
    for each in prices(fees, locale):
        note = each["note"]
        price = each["price"] + (f"（{note}）" if locale == "zh_CN" else f" ({note})") * bool(note)
        told.append((each["for"], price, each["cycle"], each["remarks"]))
    assert told == (zh if locale == "zh_CN" else en)


def test_a_rate_may_name_a_table_or_a_parameter_of_the_schedule() -> None:
    more = (
        'tables: {by_grade: "| grade | value |\\n| 甲 | 2.20 |\\n| 乙 | 1.70 |"}\nparameters: {light: 0.30}'
    )
    found = prices("a: {per: area, rate: by_grade}\nb: {rate: light}", "zh_CN", more)
    assert [(each["for"], each["price"]) for each in found] == [
        ("服务等级：甲", "¥2.20/m²·月"), ("服务等级：乙", "¥1.70/m²·月"), ("", "¥0.30/月"),
    ]  # fmt: skip


def test_a_price_is_there_as_data_too() -> None:
    (price,) = prices("a: {per: area, rate: 2.80, source: {document: 合同, clause: 第三条}}", "en")
    assert (price["rate"], price["unit"], price["basis"]) == ("2.80", "m² and month", "合同, 第三条")
    assert Decimal(price["rate"]) == Decimal("2.80")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_shipped_schedule_has_a_price_list(locale: str) -> None:
    """Whatever a schedule can say can be posted: each fee has a line, and no line is without a price."""
    for path in sorted((ROOT / "rules").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if not text.startswith("kind: fee-schedule") or "include:" in text:
            continue
        alone = feerules.load_files({path.name: text})
        for schedule in alone.schedules:
            notice = feerules.price_table(alone, SENDER, on=schedule.effective.from_, locale=locale)
            listed = notice.fields["prices"]
            assert {each["fee"] for each in listed} == {*schedule.fees}, path
            assert all(each["price"] for each in listed), path


def test_the_prices_are_those_of_the_day() -> None:
    told = {
        on: feerules.price_table(ESTATE, SENDER, on=on, document_id="sample-estate")
        for on in ("2026-12-31", "2027-01-01")
    }
    versions = {on: [each["version"] for each in notice.fields["documents"]] for on, notice in told.items()}
    assert versions == {"2026-12-31": ["2026-01-01"], "2027-01-01": ["2027-01-01"]}
    assert told["2026-12-31"].text != told["2027-01-01"].text


def test_what_a_price_list_must_say_stands_above_the_prices() -> None:
    more = "source: {document: 业主大会决定}\npublication: {announced: 2025-11-20, approved_by: 业主大会}"
    text = feerules.price_table(book("a: {rate: 1}", more), SENDER, on="2026-11-01").text
    assert text.startswith(
        "物业服务收费公示\n\n收费标准：示例收费标准\n执行日期：2026年1月1日起\n依据：业主大会决定\n批准单位：业主大会\n"
        "公示日期：2025年11月20日\n收费单位：花园物业服务有限公司\n联系电话：010-5555 0100\n价格投诉电话：12345、12315\n"
    )


def test_a_list_of_one_schedule_among_several_does_not_say_that_it_is_all() -> None:
    whole = feerules.price_table(ESTATE, SENDER, on="2026-11-01").text
    part = feerules.price_table(ESTATE, SENDER, on="2026-11-01", document_id="sample-parking").text
    assert ("不另收取其他费用" in whole, "不另收取其他费用" in part) == (True, False)


@pytest.mark.parametrize(
    ("on", "document_id", "code", "hint"),
    [
        ("2026-11-01", "sample-parkin", "unknown_document", 'did you mean "sample-parking"?'),
        ("1999-01-01", None, "no_prices", ""),
    ],
)
def test_a_list_that_cannot_be_made_is_told(on: str, document_id: str | None, code: str, hint: str) -> None:
    with pytest.raises(NoticeError) as refused:
        feerules.price_table(ESTATE, SENDER, on=on, document_id=document_id)
    assert [(problem.code, problem.hint) for problem in refused.value.problems] == [(code, hint)]


@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_a_list_is_printed_on_the_paper_that_is_asked_for(paper: str) -> None:
    assert (
        f"@page {{ size: {paper} landscape;"
        in feerules.notice("price_table", ESTATE, sender="A", on="2026-11-01", paper=paper).html
    )
    with pytest.raises(NoticeError, match="expected: one of A4, A3"):
        feerules.price_table(ESTATE, SENDER, on="2026-11-01", paper="B4")  # type: ignore[arg-type]


def test_a_book_without_schedules_has_no_prices() -> None:
    policy = feerules.load(Path(ROOT / "rules" / "dunning" / "standard-cn.yaml"))
    with pytest.raises(NoticeError, match="expected: a book with a fee schedule"):
        feerules.price_table(policy, SENDER, on="2026-11-01")
