"""Pairs of rules that differ in one thing, for the tests of what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import feerules
from feerules import Book

FACTS = """
facts:
  type: {choice: [residential, shop], words: {住宅: residential, 商铺: shop}, title: {zh: 类型, en: Type}}
  lift: {boolean: true, words: {有电梯: true, 无电梯: false}, title: {zh: 电梯, en: Lift}}
  floor: {integer: true, min: -5, max: 120, title: {zh: 楼层, en: Floor}}
  area: {decimal: 2, min: 0, max: 10000, unit: m², title: {zh: 建筑面积, en: Area}, aliases: [面积]}
  handover: {date: true, title: {zh: 交付日期, en: Handover}}
  persons: {integer: true, min: 0, max: 30, optional: true, title: {zh: 户籍人口, en: Persons}}
  estate: {text: true, title: {zh: 小区, en: Estate}}
  water_used: {decimal: 2, min: 0, max: 9999, unit: m³, usage: true}
"""
HEAD = "kind: fee-schedule\nid: garden\neffective: {from: 2026-01-01}\n"
MANAGEMENT = """
fees:
  management:
    title: {zh: 物业费, en: Management fee}
    per: area
    rate: |
      | type        | lift  | floor  | rate |
      |-------------|-------|--------|------|
      | residential | true  | [1..3] | 2.00 |
      | residential | true  | > 3    | 2.80 |
      | residential | false | -      | 1.50 |
      | shop        | -     | -      | 6.50 |
    otherwise: not_charged
"""
WATER = """
fees:
  water:
    title: {zh: 水费, en: Water}
    per: water_used
    at_a_change: by_days
    tiers:
      over: {year_from: 01-01}
      table: |
        | up to | rate |
        | 220   | 1.92 |
        | 300   | 3.30 |
        | above | 4.30 |
"""
ADJUSTED = (
    MANAGEMENT
    + """\
    adjustments:
      - {title: {zh: 空置优惠, en: Vacancy}, when: {floor: ">= 6", area: "> 90"}, times: 0.70}
      - {when: {lift: false}, minus: 5}
"""
)
FULL = (
    MANAGEMENT
    + """\
    tax: 6%
    due: {day: 15}
    prorate: calendar_days
    starts: handover
    minimum: 10
    source: {document: 合同, clause: 第三条}
    note: 旧
  card: {title: {zh: 门禁卡, en: Card}, rate: 15}
"""
)
CALCULATED = """
parameters: {base: 2.00}
defaults: {tax: 6%}
derived: {paid: {formula: area - 5, min: 0}}
fees:
  management: {per: paid, rate: base * 1.5}
  garbage: {per: area, rate: 0.50, tax: 3%}
"""
POLICY = (Path(__file__).parent.parent / "rules" / "dunning" / "standard-cn.yaml").read_text(encoding="utf-8")


def schedule(fees: str, *, facts: str = FACTS, head: str = HEAD, **files: str) -> Book:
    """A book of one schedule, in garden.yaml."""
    named = {f"{name}.csv": text for name, text in files.items()}
    return feerules.load_files({"garden.yaml": head + facts.lstrip() + fees.lstrip(), **named})


def policy(*exchanged: tuple[str, str]) -> Book:
    """The standard policy, each text exchanged for the one beside it."""
    text = POLICY
    for before, after in exchanged:
        assert text.count(before) >= 1, before
        text = text.replace(before, after, 1)
    return feerules.load_files({"policy.yaml": text})


@dataclass(frozen=True)
class Case:
    """Some texts of rules exchanged, and what is told of it: code, kind, English, Chinese."""

    of: str
    text: str
    exchanged: list[tuple[str, str]]
    told: list[tuple[str, str, str, str]]

    def __str__(self) -> str:
        return self.of

    def books(self) -> tuple[Book, Book]:
        if self.text == POLICY:
            return policy(), policy(*self.exchanged)
        return schedule(self.text), schedule(exchanged(self.text, *self.exchanged))


def exchanged(text: str, *pairs: tuple[str, str]) -> str:
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


CASES = [
    Case(
        "the rate of a row",
        MANAGEMENT,
        [("2.80", "2.95")],
        [
            (
                "rate_changed",
                "amount",
                "From January 1, 2026, Management fee, rate (residential, lift, floors 4 and up): 2.80 → 2.95.",
                "自2026年1月1日起，物业费，单价（住宅，有电梯，4层及以上）：由2.80改为2.95。",
            ),
        ],
    ),
    Case(
        "a row that was split in two, of which one has another rate",
        MANAGEMENT,
        [
            (
                "      | residential | true  | > 3    | 2.80 |\n",
                "      | residential | true  | [4..10] | 2.80 |\n      | residential | true  | > 10   | 2.95 |\n",
            )
        ],
        [
            (
                "rate_changed",
                "amount",
                "From January 1, 2026, Management fee, rate (residential, lift, floors 11 and up): 2.80 → 2.95.",
                "自2026年1月1日起，物业费，单价（住宅，有电梯，11层及以上）：由2.80改为2.95。",
            ),
        ],
    ),
    Case(
        "two rows made one",
        MANAGEMENT,
        [
            (
                "      | residential | true  | > 3    | 2.80 |\n      | residential | false | -      | 1.50 |\n",
                "      | residential | true  | > 3    | 2.80 |\n      | residential | false | > 0    | 1.60 |\n",
            )
        ],
        [
            (
                "rate_changed",
                "amount",
                "From January 1, 2026, Management fee, rate (residential, lift: no, floors 1 and up): 1.50 → 1.60.",
                "自2026年1月1日起，物业费，单价（住宅，无电梯，1层及以上）：由1.50改为1.60。",
            ),
            (
                "row_removed",
                "amount",
                "From January 1, 2026, Management fee, rate (residential, lift: no, floors up to 0): 1.50 → not charged.",
                "自2026年1月1日起，物业费，单价（住宅，无电梯，0层及以下）：由1.50改为不收费。",
            ),
        ],
    ),
    Case(
        "a gap that is filled",
        MANAGEMENT,
        [("[1..3]", "<= 3  ")],
        [
            (
                "row_added",
                "amount",
                "From January 1, 2026, Management fee, rate (residential, lift, floors up to 0): not charged → 2.00.",
                "自2026年1月1日起，物业费，单价（住宅，有电梯，0层及以下）：由不收费改为2.00。",
            ),
        ],
    ),
    Case(
        "a row that is gone",
        MANAGEMENT,
        [("      | shop        | -     | -      | 6.50 |\n", "")],
        [
            (
                "row_removed",
                "amount",
                "From January 1, 2026, Management fee, rate (shop): 6.50 → not charged.",
                "自2026年1月1日起，物业费，单价（商铺）：由6.50改为不收费。",
            ),
        ],
    ),
    Case(
        "what holds where no row matches",
        MANAGEMENT,
        [("otherwise: not_charged", "otherwise: problem")],
        [
            (
                "otherwise_changed",
                "amount",
                "From January 1, 2026, Management fee, rate, where no row matches: not charged → not priced, a problem.",
                "自2026年1月1日起，物业费，单价，没有匹配行时：由不收费改为不计价，列为问题。",
            ),
        ],
    ),
    Case(
        "a bound between two rows that moved",
        MANAGEMENT,
        [("[1..3]", "[1..4]"), ("> 3 ", "> 4 ")],
        [
            (
                "rate_changed",
                "amount",
                "From January 1, 2026, Management fee, rate (residential, lift, floor 4): 2.80 → 2.00.",
                "自2026年1月1日起，物业费，单价（住宅，有电梯，4层）：由2.80改为2.00。",
            ),
        ],
    ),
    Case(
        "the bound of a tier",
        WATER,
        [("220", "240")],
        [
            (
                "tier_bound_moved",
                "amount",
                "From January 1, 2026, Water, tiers, upper bound of tier 1: 220 → 240.",
                "自2026年1月1日起，水费，阶梯价，第1档上限：由220改为240。",
            ),
        ],
    ),
    Case(
        "the price of a tier",
        WATER,
        [("3.30", "3.45")],
        [
            (
                "tier_rate_changed",
                "amount",
                "From January 1, 2026, Water, tiers, tier 2, above 220 up to 300: 3.30 → 3.45.",
                "自2026年1月1日起，水费，阶梯价，第2档，超过220至300：由3.30改为3.45。",
            ),
        ],
    ),
    Case(
        "a tier more",
        WATER,
        [("        | above | 4.30 |", "        | 400   | 4.30 |\n        | above | 6.00 |")],
        [
            (
                "tier_added",
                "amount",
                "From January 1, 2026, Water, tiers, upper bound of tier 3: 400, which is new.",
                "自2026年1月1日起，水费，阶梯价，第3档上限：新增，400。",
            ),
            (
                "tier_rate_changed",
                "amount",
                "From January 1, 2026, Water, tiers, above 400: 4.30 → 6.00.",
                "自2026年1月1日起，水费，阶梯价，超过400：由4.30改为6.00。",
            ),
        ],
    ),
    Case(
        "a tier less",
        WATER,
        [("        | 300   | 3.30 |\n", "")],
        [
            (
                "tier_removed",
                "amount",
                "From January 1, 2026, Water, tiers, upper bound of tier 2: no longer, before 300.",
                "自2026年1月1日起，水费，阶梯价，第2档上限：取消，原为300。",
            ),
            (
                "tier_rate_changed",
                "amount",
                "From January 1, 2026, Water, tiers, above 220 up to 300: 3.30 → 4.30.",
                "自2026年1月1日起，水费，阶梯价，超过220至300：由3.30改为4.30。",
            ),
        ],
    ),
    Case(
        "the year of the tiers",
        WATER,
        [("01-01", "07-01")],
        [
            (
                "tiers_over_changed",
                "amount",
                "From January 1, 2026, Water, tiers, what tiers count over: {year_from: 01-01} → {year_from: 07-01}.",
                "自2026年1月1日起，水费，阶梯价，分档计量期：由{year_from: 01-01}改为{year_from: 07-01}。",
            ),
        ],
    ),
    Case(
        "the factor of an adjustment",
        ADJUSTED,
        [("0.70", "0.50")],
        [
            (
                "adjustment_times_changed",
                "amount",
                "From January 1, 2026, Management fee, Vacancy, factor: 0.70 → 0.50.",
                "自2026年1月1日起，物业费，空置优惠，倍数：由0.70改为0.50。",
            ),
        ],
    ),
    Case(
        "the condition of an adjustment",
        ADJUSTED,
        [(">= 6", ">= 12")],
        [
            (
                "adjustment_when_changed",
                "condition",
                "From January 1, 2026, Management fee, Vacancy, condition: floors 6 and up → floors 12 and up.",
                "自2026年1月1日起，物业费，空置优惠，条件：由6层及以上改为12层及以上。",
            ),
        ],
    ),
    Case(
        "a condition more and one less",
        ADJUSTED,
        [('area: "> 90"', 'area: "-", lift: true')],
        [
            (
                "adjustment_when_changed",
                "condition",
                "From January 1, 2026, Management fee, Vacancy, condition: area above 90 m² → any area.",
                "自2026年1月1日起，物业费，空置优惠，条件：由建筑面积超过90 m²改为任何建筑面积。",
            ),
            (
                "adjustment_when_added",
                "condition",
                "From January 1, 2026, Management fee, Vacancy, condition: lift, which is new.",
                "自2026年1月1日起，物业费，空置优惠，条件：新增，有电梯。",
            ),
        ],
    ),
    Case(
        "an adjustment less",
        ADJUSTED,
        [("      - {when: {lift: false}, minus: 5}\n", "")],
        [
            (
                "adjustment_removed",
                "amount",
                "From January 1, 2026, Management fee, adjustment, no. 2: no longer, before {when: {lift: false}, minus: 5}.",
                "自2026年1月1日起，物业费，减免，第2项：取消，原为{when: {lift: false}, minus: 5}。",
            ),
        ],
    ),
    Case(
        "an adjustment more",
        ADJUSTED,
        [("minus: 5}\n", "minus: 5}\n      - {title: {zh: 早缴, en: Early}, plus: -3}\n")],
        [
            (
                "adjustment_added",
                "amount",
                "From January 1, 2026, Management fee, adjustment, Early: {plus: -3}, which is new.",
                "自2026年1月1日起，物业费，减免，早缴：新增，{plus: -3}。",
            ),
        ],
    ),
    Case(
        "the tax",
        FULL,
        [("6%", "9%")],
        [
            (
                "tax_changed",
                "amount",
                "From January 1, 2026, Management fee, tax: 6% → 9%.",
                "自2026年1月1日起，物业费，税率：由6%改为9%。",
            ),
        ],
    ),
    Case(
        "the due day",
        FULL,
        [("day: 15", "day: 20")],
        [
            (
                "due_day_changed",
                "condition",
                "From January 1, 2026, Management fee, due day, day of the month: 15 → 20.",
                "自2026年1月1日起，物业费，应缴日期，每月几日：由15改为20。",
            ),
        ],
    ),
    Case(
        "how a part of a month is charged",
        FULL,
        [("calendar_days", "thirty_day_months")],
        [
            (
                "prorate_changed",
                "amount",
                "From January 1, 2026, Management fee, parts of a cycle: by calendar days → by months of 30 days.",
                "自2026年1月1日起，物业费，不足周期的折算：由按日历天改为按每月30天。",
            ),
        ],
    ),
    Case(
        "who pays before handover",
        FULL,
        [("starts: handover", "starts: {fact: handover, before: developer}")],
        [
            (
                "starts_changed",
                "condition",
                "From January 1, 2026, Management fee, start of liability: handover → {fact: handover, before: developer}.",
                "自2026年1月1日起，物业费，起算日：由handover改为{fact: handover, before: developer}。",
            ),
        ],
    ),
    Case(
        "the minimum",
        FULL,
        [("minimum: 10", "minimum: 12.50")],
        [
            (
                "minimum_changed",
                "amount",
                "From January 1, 2026, Management fee, minimum: 10 → 12.50.",
                "自2026年1月1日起，物业费，最低收费：由10改为12.50。",
            ),
        ],
    ),
    Case(
        "the clause",
        FULL,
        [("第三条", "第四条")],
        [
            (
                "source_changed",
                "words",
                "From January 1, 2026, Management fee, source, clause: 第三条 → 第四条.",
                "自2026年1月1日起，物业费，依据，条款：由第三条改为第四条。",
            ),
        ],
    ),
    Case(
        "a note",
        FULL,
        [("旧", "新")],
        [
            (
                "note_changed",
                "words",
                "From January 1, 2026, Management fee, remark: “旧” → “新”.",
                "自2026年1月1日起，物业费，备注：由“旧”改为“新”。",
            ),
        ],
    ),
    Case(
        "the title of a fee",
        FULL,
        [("物业费", "物业服务费")],
        [
            (
                "title_changed",
                "words",
                "From January 1, 2026, Management fee, title: “物业费” → “物业服务费”.",
                "自2026年1月1日起，物业服务费，名称：由“物业费”改为“物业服务费”。",
            ),
        ],
    ),
    Case(
        "a fee less",
        FULL,
        [("  card: {title: {zh: 门禁卡, en: Card}, rate: 15}\n", "")],
        [
            (
                "fee_removed",
                "amount",
                "From January 1, 2026, Card, the whole fee: no longer, before {rate: 15}.",
                "自2026年1月1日起，门禁卡，整个项目：取消，原为{rate: 15}。",
            ),
        ],
    ),
    Case(
        "a fee more",
        MANAGEMENT,
        [
            (
                "otherwise: not_charged\n",
                "otherwise: not_charged\n  card: {title: {zh: 门禁卡, en: Card}, rate: 15}\n",
            )
        ],
        [
            (
                "fee_added",
                "amount",
                "From January 1, 2026, Card, the whole fee: {rate: 15}, which is new.",
                "自2026年1月1日起，门禁卡，整个项目：新增，{rate: 15}。",
            ),
        ],
    ),
    Case(
        "how often",
        FULL,
        [("    tax: 6%\n", "    tax: 6%\n    every: quarter\n    rate_per: month\n")],
        [
            (
                "rate_per_added",
                "amount",
                "From January 1, 2026, Management fee, time that the rate is for: each month, which is new.",
                "自2026年1月1日起，物业费，单价所对应的时间：新增，每月。",
            ),
            (
                "every_changed",
                "condition",
                "From January 1, 2026, Management fee, how often: each month → each quarter.",
                "自2026年1月1日起，物业费，计费周期：由每月改为每季度。",
            ),
        ],
    ),
    Case(
        "the units that a fee is for",
        MANAGEMENT,
        [
            (
                "    per: area\n",
                '    per: area\n    applies: {estate: "东苑, 西苑", handover: "< 2020-01-01", persons: "null"}\n',
            )
        ],
        [
            (
                "applies_added",
                "condition",
                "From January 1, 2026, Management fee, for whom: estate 东苑 or 西苑, which is new.",
                "自2026年1月1日起，物业费，适用范围：新增，小区为东苑或西苑。",
            ),
            (
                "applies_added",
                "condition",
                "From January 1, 2026, Management fee, for whom: handover before January 1, 2020, which is new.",
                "自2026年1月1日起，物业费，适用范围：新增，交付日期在2020年1月1日之前。",
            ),
            (
                "applies_added",
                "condition",
                "From January 1, 2026, Management fee, for whom: persons without a value, which is new.",
                "自2026年1月1日起，物业费，适用范围：新增，户籍人口无值。",
            ),
        ],
    ),
    Case(
        "how a fee is rounded",
        MANAGEMENT,
        [("    per: area\n", "    per: area\n    rounding: [{unit: 1, mode: down}]\n")],
        [
            (
                "rounding_added",
                "amount",
                "From January 1, 2026, Management fee, rounding: {unit: 1, mode: down}, which is new.",
                "自2026年1月1日起，物业费，舍入：新增，{unit: 1, mode: down}。",
            ),
        ],
    ),
    Case(
        "a parameter",
        CALCULATED,
        [("2.00", "2.10")],
        [
            (
                "parameter_changed",
                "amount",
                "From January 1, 2026, parameter, base: 2.00 → 2.10.",
                "自2026年1月1日起，参数，base：由2.00改为2.10。",
            ),
        ],
    ),
    Case(
        "a formula",
        CALCULATED,
        [("base * 1.5", "base + 1")],
        [
            (
                "rate_changed",
                "amount",
                "From January 1, 2026, management, rate: base * 1.5 → base + 1.",
                "自2026年1月1日起，management，单价：由base * 1.5改为base + 1。",
            ),
        ],
    ),
    Case(
        "a derived fact",
        CALCULATED,
        [("area - 5", "area - 6")],
        [
            (
                "derived_formula_changed",
                "amount",
                "From January 1, 2026, derived fact, paid, formula: area - 5 → area - 6.",
                "自2026年1月1日起，推算数据，paid，公式：由area - 5改为area - 6。",
            ),
        ],
    ),
    Case(
        "what all fees do that say nothing themselves",
        CALCULATED,
        [("tax: 6%", "tax: 9%")],
        [
            (
                "tax_changed",
                "amount",
                "From January 1, 2026, what holds for all fees, tax: 6% → 9%.",
                "自2026年1月1日起，各项目共同规定，税率：由6%改为9%。",
            ),
        ],
    ),
    Case(
        "the interest of the late fee",
        POLICY,
        [("times: 1.3", "times: 1.5")],
        [
            (
                "late_fee_rate_changed",
                "amount",
                "From January 1, 2026, late fee, interest rate: lpr_1y * 1.3 → lpr_1y * 1.5.",
                "自2026年1月1日起，违约金，费率：由lpr_1y * 1.3改为lpr_1y * 1.5。",
            ),
        ],
    ),
    Case(
        "a day from which a parameter is another",
        POLICY,
        [
            (
                "{from: 2025-05-20, value: 3.00%}",
                "{from: 2025-05-20, value: 3.00%}\n    - {from: 2026-11-20, value: 2.90%}",
            )
        ],
        [
            (
                "parameter_added",
                "amount",
                "From January 1, 2026, parameter, lpr 1y, 2026-11-20: 2.9%, which is new.",
                "自2026年1月1日起，参数，lpr_1y，2026-11-20：新增，2.9%。",
            ),
        ],
    ),
    Case(
        "how long a step rests",
        POLICY,
        [("gap: 3 days\n      at_most: 12", "gap: 7 days\n      at_most: 12")],
        [
            (
                "step_gap_changed",
                "condition",
                "From January 1, 2026, calls and visits in turn, gap: 3 days → 7 days.",
                "自2026年1月1日起，电话与上门交替催缴，间隔：由3天改为7天。",
            ),
        ],
    ),
    Case(
        "a stop less",
        POLICY,
        [
            (
                "  - id: in-transit\n    title: {zh: 付款在途, en: a payment is on its way}\n    when: {payment_in_transit: true}\n    then: hold\n    review: 3 days\n",
                "",
            )
        ],
        [
            (
                "stop_removed",
                "condition",
                "From January 1, 2026, stop, a payment is on its way: no longer, before {when: {payment_in_transit: true}, then: hold, review: 3 days}.",
                "自2026年1月1日起，停催，付款在途：取消，原为{when: {payment_in_transit: true}, then: hold, review: 3 days}。",
            ),
        ],
    ),
    Case(
        "the class of a row",
        POLICY,
        [
            (
                "| open    | -       | -       | -    | refusing  |",
                "| open    | -       | -       | -    | undecided |",
            )
        ],
        [
            (
                "class_changed",
                "condition",
                "From January 1, 2026, class (dispute state open): refusing → undecided.",
                "自2026年1月1日起，欠费类别（争议状态为open）：由特殊拒交类改为暂未明确类。",
            ),
        ],
    ),
    Case(
        "contacts in a day",
        POLICY,
        [("attempts: 6", "attempts: 3")],
        [
            (
                "limits_day_attempts_changed",
                "condition",
                "From January 1, 2026, limits, in a day, attempts: 6 → 3.",
                "自2026年1月1日起，联系限制，每日，联系次数：由6改为3。",
            ),
        ],
    ),
    Case(
        "hours of contact",
        POLICY,
        [('"09:30-12:00"', '"09:00-12:00"')],
        [
            (
                "windows_workday_changed",
                "condition",
                "From January 1, 2026, hours of contact, workday: 09:30-12:00, 15:00-18:00 → 09:00-12:00, 15:00-18:00.",
                "自2026年1月1日起，联系时段，工作日：由09:30-12:00、15:00-18:00改为09:00-12:00、15:00-18:00。",
            ),
        ],
    ),
    Case(
        "the smallest sum",
        POLICY,
        [("minimum: 20.00", "minimum: 50.00")],
        [
            (
                "minimum_changed",
                "condition",
                "From January 1, 2026, smallest sum that is pursued: 20.00 → 50.00.",
                "自2026年1月1日起，起催金额：由20.00改为50.00。",
            ),
        ],
    ),
    Case(
        "the order of channels",
        POLICY,
        [("channels: [wechat, sms, phone]", "channels: [sms, wechat, phone]")],
        [
            (
                "step_channels_changed",
                "condition",
                "From January 1, 2026, reminder, channels: wechat, sms, phone → sms, wechat, phone.",
                "自2026年1月1日起，缴费提醒，联系方式：由wechat、sms、phone改为sms、wechat、phone。",
            ),
        ],
    ),
    Case(
        "when a step is due",
        POLICY,
        [('days_overdue: ">= 60"', 'days_overdue: ">= 45"')],
        [
            (
                "step_when_changed",
                "condition",
                "From January 1, 2026, written demand, condition: days overdue 60 and up → days overdue 45 and up.",
                "自2026年1月1日起，书面催告，条件：由逾期天数60及以上改为逾期天数45及以上。",
            ),
        ],
    ),
    Case(
        "one of several conditions",
        POLICY,
        [('{unreachable: ">= 10"}', '{unreachable: ">= 8"}')],
        [
            (
                "step_any_changed",
                "condition",
                "From January 1, 2026, small claims, any of these conditions: days since payment-order was last done 30 and up, unreachable streak 10 and up → days since payment-order was last done 30 and up, unreachable streak 8 and up.",
                "自2026年1月1日起，小额诉讼，任一条件：由距 payment-order 天数30及以上、连续未接通次数10及以上改为距 payment-order 天数30及以上、连续未接通次数8及以上。",
            ),
        ],
    ),
    Case(
        "the step before",
        POLICY,
        [('after: {step: reminder, days: ">= 15"}', 'after: {step: reminder, days: ">= 20"}')],
        [
            (
                "step_after_changed",
                "condition",
                "From January 1, 2026, written demand, after which step: {step: reminder, days: >= 15} → {step: reminder, days: >= 20}.",
                "自2026年1月1日起，书面催告，在何步骤之后：由{step: reminder, days: >= 15}改为{step: reminder, days: >= 20}。",
            ),
        ],
    ),
    Case(
        "how long a claim can be sued upon",
        POLICY,
        [("limitation: {years: 3", "limitation: {years: 5")],
        [
            (
                "limitation_years_changed",
                "condition",
                "From January 1, 2026, limitation, length: 3 years → 5 years.",
                "自2026年1月1日起，诉讼时效，期间：由3年改为5年。",
            ),
        ],
    ),
    Case(
        "the title of a step in one language",
        POLICY,
        [("en: written demand", "en: formal demand")],
        [
            (
                "step_title_changed",
                "words",
                "From January 1, 2026, formal demand, title: “written demand” → “formal demand”.",
                "自2026年1月1日起，书面催告，名称：由“written demand”改为“formal demand”。",
            ),
        ],
    ),
]


# What means the same

FIRST = exchanged(MANAGEMENT, ("rate: |", "rate:\n      hit: first\n      table: |")).replace(
    "      |", "        |"
)
CSV = "rate,floor,lift,type\n1.5,-,false,residential\n6.5,-,-,shop\n2,[1..3],true,residential\n2.8,> 3,true,residential\n"
IN_A_FILE = (
    MANAGEMENT[: MANAGEMENT.index("    rate: |")] + "    rate: {file: prices.csv, otherwise: not_charged}\n"
)
SAME: dict[str, tuple[str, str]] = {
    "a comment": (MANAGEMENT, exchanged(MANAGEMENT, ("    per: area\n", "    per: area  # built area\n"))),
    "a number with more zeros": (MANAGEMENT, exchanged(MANAGEMENT, ("2.80", "2.8"), ("1.50", "1.500000"))),
    "wider columns": (MANAGEMENT, MANAGEMENT.replace("| shop        |", "| shop |")),
    "rows in another order": (
        MANAGEMENT,
        exchanged(
            MANAGEMENT,
            ("      | shop        | -     | -      | 6.50 |\n", ""),
            ("      | residential | true  | [1..3]", "      | shop | - | - | 6.50 |\n      | residential | true  | [1..3]"),
        ),
    ),
    "keys in another order": (
        MANAGEMENT,
        exchanged(MANAGEMENT, ("    otherwise: not_charged\n", ""), ("    per: area\n", "    otherwise: not_charged\n    per: area\n")),
    ),
    "the alias of a fact": (MANAGEMENT, exchanged(MANAGEMENT, ("per: area", "per: 面积"))),
    "other words for values": (MANAGEMENT, exchanged(MANAGEMENT, ("| shop  ", "| 商铺  "), ("| > 3 ", "| (3..120] "))),
    "a table in a file": (MANAGEMENT, IN_A_FILE),
    "a fact as a mapping": (MANAGEMENT, exchanged(MANAGEMENT, ("per: area", "per: {fact: area}"))),
    "a formula in another form": (CALCULATED, exchanged(CALCULATED, ("base * 1.5", "base×150%"))),
    "what holds anyway": (
        FULL, exchanged(FULL, ("    tax: 6%\n", "    tax: {rate: 6%, included: true}\n    every: {months: 1}\n    billed: in_advance\n    payer: owner\n"))
    ),
    "a default said by each fee": (
        CALCULATED, exchanged(CALCULATED, ("rate: base * 1.5}", "rate: base * 1.5, tax: 6%}"))
    ),
    "conditions in another order": (
        ADJUSTED, exchanged(ADJUSTED, ('{floor: ">= 6", area: "> 90"}', '{area: "(90..10000]", floor: ">= 6"}'))
    ),
    "a row that never decides": (
        FIRST,
        exchanged(FIRST, ("    otherwise", "        | shop        | false | 9      | 9.99 |\n    otherwise")),
    ),
}  # fmt: skip
