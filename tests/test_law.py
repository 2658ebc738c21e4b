"""Which law a book is judged by, and what its tests are silent about."""

from __future__ import annotations

from pathlib import Path

import pytest

import feerules
from feerules import Finding
from feerules.checks.acts import acts_in
from feerules.checks.profiles import SHIPPED, law_of, shipped

ROOT = Path(__file__).parents[1]
HEAD = "kind: dunning-policy\nid: garden-dunning\neffective: {from: 2027-01-01}\n"
LIMITS = """\
limits: {day: {connected: 3, attempts: 6}, quiet: "22:00-08:00"}
windows: {workday: ["09:30-12:00", "15:00-18:00"], weekend: ["10:30-12:00"]}
"""
DEMAND = """\
    - {id: demand, when: {days_overdue: ">= 30"}, channels: [courier], must_be: delivered, period: 15 days, gap: 30 days}
"""


CLASSES = """\
classes:
  hit: first
  table: |
    | demand  | class |
    |---------|-------|
    | expired | sued  |
    | -       | other |
"""


def found(policy: str, profile: str | None = None, **others: str) -> list[Finding]:
    files = {"policy.yaml": HEAD + policy, **{f"{name}.yaml": text for name, text in others.items()}}
    return feerules.check(feerules.load_files(files), profile)


def codes(policy: str, profile: str | None = None, **others: str) -> set[str]:
    return {
        each.code for each in found(policy, profile, **others) if each.basis or each.code in ("unknown_act",)
    }


def ladder(*steps: str) -> str:
    return "ladder:\n  steps:\n" + "".join(f"    - {step}\n" for step in steps) + DEMAND + LIMITS


CUT = ladder('{id: cut, when: {days_overdue: ">= 90"}, at_most: 1, does: [stop_water]}')
PARKING = ladder('{id: bay, when: {days_overdue: ">= 90"}, at_most: 1, does: [stop_parking]}')


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_gives_a_rule_for_every_error_and_is_sure_of_it(name: str) -> None:
    law = law_of(shipped(name), {})
    errors = [each for each in (*law.acts.values(), *law.tests.values()) if each.severity == "error"]
    assert errors
    assert all(each.basis and any(rule.confidence == "high" for rule in each.basis) for each in errors)


def test_without_a_profile_the_law_of_the_mainland_is_asked() -> None:
    assert [each.severity for each in found(CUT) if each.code == "unlawful_act"] == ["error"]


def test_none_asks_no_law() -> None:
    assert codes(CUT, "none") == set()


@pytest.mark.parametrize(("profile", "severity"), [("cn-mainland", "warning"), ("cn-zhengzhou", "error")])
def test_a_local_profile_is_stricter_where_its_city_is(profile: str, severity: str) -> None:
    (one,) = (each for each in found(PARKING, profile) if each.code == "unlawful_act")
    assert one.severity == severity


def test_a_profile_is_for_documents_of_its_currency() -> None:
    assert codes(CUT.replace("ladder:", "currency: GBP\nladder:", 1)) == set()


def test_a_profile_that_nobody_knows_is_told_with_the_nearest() -> None:
    book = feerules.load_files({"policy.yaml": HEAD + CUT})
    with pytest.raises(ValueError, match='did you mean "cn-mainland"'):
        feerules.check(book, "cn-mainlnd")


def test_a_profile_may_be_given_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "strict.yaml"
    file.write_text(
        "kind: law-profile\nid: strict\njurisdiction: here\nas_of: 2026-11-01\n"
        "acts: {shout: {title: shouting, words: [shout], level: warning}}\n"
    )
    policy = ladder('{id: shout-loud, when: {days_overdue: ">= 90"}, at_most: 1}')
    (one,) = (
        each
        for each in feerules.check(feerules.load_files({"p.yaml": HEAD + policy}), file)
        if "shouting" in str(each)
    )
    assert one.code == "unlawful_act"


SILENT = {
    "what a step says that it does not do": ladder(
        '{id: word, title: {zh: 告知不会停水停电, en: a word}, when: {days_overdue: ">= 90"}, channels: [phone], at_most: 1}'
    ),
    "a demand that saves the claim from limitation": ladder(
        '{id: save, title: {zh: 诉讼时效届满前催告, en: before limitation}, when: {limitation_in_days: "< 90"}, at_most: 1}'
    ),
    "a message that announces a suit": ladder(
        '{id: letter, title: {zh: 起诉告知函, en: Letter before a lawsuit}, when: {days_overdue: ">= 40"}, channels: [post], announces: [lawsuit], at_most: 1}'
    ),
    "a suit that asks for an expired demand": ladder(
        '{id: sue, does: [lawsuit], when: {demand: expired}, at_most: 1}'
    ),
    "a suit that counts what a demand has covered": ladder(
        '{id: sue, does: [lawsuit], when: {demand_covers: "> 0"}, at_most: 1}'
    ),
    "a suit after a demand whose days are over": ladder(
        '{id: sue, does: [lawsuit], after: {step: demand, days: ">= 15"}, at_most: 1}'
    ),
    "a suit after a step that comes after such a demand": ladder(
        '{id: sue, does: [lawsuit], after: lawyer, at_most: 1}',
        '{id: lawyer, after: {step: demand, days: ">= 20"}, channels: [post], at_most: 1}',
    ),
    "a suit of a class that only expired demands have": (
        CLASSES + ladder('{id: sue, does: [lawsuit], when: {class: sued}, at_most: 1}')
    ),
    "what follows a suit that was filed": ladder(
        '{id: follow-up, title: {zh: 诉讼跟进, en: Lawsuit followed up}, when: {court: "filed, scheduled"}, gap: 10 days, at_most: 9}'
    ),
    "a payment order that a stop keeps from disputes and from those nobody reaches": (
        'stops:\n  - {id: disputed, when: {dispute: open}, then: review, by: manager, review: 10 days}\n'
        '  - {id: lost, when: {unreachable: ">= 10"}, then: review, by: manager, review: 10 days}\n'
        + ladder('{id: order, does: [payment_order], legal: true, when: {days_overdue: ">= 60"}, at_most: 1}')
    ),
    "a late fee of 1.3 times the prime rate": (
        "late_fee: {rate: {parameter: lpr, times: 1.3}, per: year, cap: {share_of_principal: 0.30}}\n"
        "parameters: {lpr: [{from: 2025-05-20, value: 3.00%}]}\n"
    ),
    "a late fee capped by the year": "late_fee: {rate: 0.003, cap: {share_of_principal: 0.30, rate_per_year: 3.9%}}\n",
    "windows inside the day, without quiet hours": ladder(
        '{id: call, when: {days_overdue: ">= 90"}, channels: [phone], gap: 3 days, at_most: 3}'
    ).replace(', quiet: "22:00-08:00"', ""),
    "a board that the debtor alone sees": ladder(
        '{id: door, when: {days_overdue: ">= 90"}, channels: [{channel: board, audience: debtor}], at_most: 1}'
    ),
}  # fmt: skip


@pytest.mark.parametrize("policy", SILENT.values(), ids=SILENT.keys())
def test_the_law_is_silent_about(policy: str) -> None:
    assert codes(policy) == set()


NAMED = {
    "停止供水": "stop_water", "关闭水阀": "stop_water", "切断电源": "stop_electricity", "暂停供暖": "stop_heat",
    "关闭燃气": "stop_gas", "欠费户不予补办水卡": "refuse_water_card", "拒绝电费充值": "refuse_prepaid_topup",
    "限制梯控卡": "stop_access", "冻结门禁": "stop_access", "停办月租车": "stop_parking", "取消月保车位": "stop_parking",
    "暂停办理装修手续": "stop_renovation", "暂停入户维修": "withhold_services", "不受理报修": "withhold_services",
    "不出具证明": "refuse_certificates", "联系工作单位": "contact_employer", "致函所在单位": "contact_employer",
    "通知亲友": "contact_relatives", "张贴欠费名单": "publish_debtor",
    "Disconnect electricity": "stop_electricity", "Turn off the water": "stop_water", "cut-off-the-power": "stop_electricity",
    "Suspend access cards": "stop_access", "Notify the employer": "contact_employer", "Cancel monthly parking": "stop_parking",
}  # fmt: skip


@pytest.mark.parametrize(("title", "act"), NAMED.items(), ids=NAMED)
def test_what_an_act_is_called_by_people_is_known(title: str, act: str) -> None:
    law = law_of(shipped("cn-mainland"), {})
    assert [each.id for each in acts_in(title, law, declared=False)] == [act]


INNOCENT = [
    "停车费催缴", "水费账单提醒", "维修问题沟通", "门禁卡补办提醒", "装修押金退还通知", "充值方式告知", "上门核实是否已停租",
    "月租到期提醒", "服务质量回访", "Water bill reminder", "Call about a repair", "Parking fee reminder",
]  # fmt: skip


@pytest.mark.parametrize("title", INNOCENT)
def test_what_sounds_alike_is_no_act(title: str) -> None:
    assert [*acts_in(title, law_of(shipped("cn-mainland"), {}), declared=False)] == []


LOUD = {
    "a suit too soon after a demand": ('{id: sue, does: [lawsuit], after: {step: demand, days: ">= 10"}, at_most: 1}', "demand_before_suit"),
    "a suit of which one way has no demand": ('{id: sue, does: [lawsuit], any: [{demand: expired}, {days_overdue: "> 300"}], at_most: 1}', "demand_before_suit"),
    "a suit of a class that others have too": ('{id: sue, does: [lawsuit], when: {class: other}, at_most: 1}', "demand_before_suit"),
    "a step that is called after a suit": ('{id: step-9, title: {zh: 向法院起诉, en: To court}, when: {days_overdue: ">= 300"}, channels: [court], at_most: 1}', "demand_before_suit"),
    "a threat in a template": ('{id: text, template: water-off-notice, when: {days_overdue: ">= 9"}, channels: [sms], at_most: 1}', "unlawful_act"),
    "a threat in the other language": ('{id: text, title: {zh: 提醒, en: Power cutoff}, when: {days_overdue: ">= 9"}, channels: [sms], at_most: 1}', "unlawful_act"),
    "what is threatened for not paying": ('{id: text, title: {zh: 不缴停水通知, en: Text}, when: {days_overdue: ">= 9"}, channels: [sms], at_most: 1}', "unlawful_act"),
    "names in the group": ('{id: text, when: {days_overdue: ">= 9"}, channels: [wechat, group], shows: [name], at_most: 1}', "public_message"),
}  # fmt: skip


@pytest.mark.parametrize(("step", "code"), LOUD.values(), ids=LOUD.keys())
def test_the_law_finds(step: str, code: str) -> None:
    assert codes((CLASSES if "class:" in step else "") + ladder(step)) == {code}


# Prices

YEARS = """\
kind: fee-schedule
id: garden
effective: {from: %s}
source: {document: 业主大会决议}
facts:
  floor: {integer: true, min: -3, max: 60}
  used: {decimal: 2, min: 0, max: 9999, unit: m³, usage: true}
"""
BANDS = "fees:\n  water:\n    per: used\n    at_a_change: by_days\n    tiers:\n      table: |\n        | up to | rate |\n        |--|--|\n        | %s | 2 |\n        | above | %s |\n"
BY_FLOOR = "fees:\n  lift:\n    rate: |\n      | floor | rate |\n      |--|--|\n      | <= %s | 9 |\n      | > %s | %s |\n"
BY_PART = "fees: {lift: {parts: {a: {rate: 1}, b: {rate: {sum: {c: 1, d: %s}}}}}}\n"


def of_prices(*rules: str) -> list[Finding]:
    years = {f"{2027 + n}.yaml": YEARS % f"{2027 + n}-01-01" + each for n, each in enumerate(rules)}
    return feerules.check(feerules.load_files(years))


RISES = {
    "a rate by parameters": ("parameters: {p: 1}\nfees: {a: {rate: p * 2}}\n", "parameters: {p: 1.5}\nfees: {a: {rate: p * 2}}\n", ["2", "3"]),
    "a rate that was one and is a table": ("fees: {lift: {rate: 9}}\n", BY_FLOOR % (6, 6, 12), ["9", "12"]),
    "rows that are cut elsewhere": (BY_FLOOR % (9, 9, 12), BY_FLOOR % (6, 6, 12), ["9", "12"]),
    "a band": (BANDS % (10, 3), BANDS % (10, 3.5), ["3", "3.5"]),
    "a component of a part": (BY_PART % 1, BY_PART % 1.5, ["2", "2.5"]),
    "what a guided price floats about": ("fees: {a: {rate: {base: 2, up: 20%}}}\n", "fees: {a: {rate: {base: 2.1, up: 20%}}}\n", ["2", "2.1"]),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "prices"), RISES.values(), ids=RISES.keys())
def test_a_price_that_rises_is_found_in(old: str, new: str, prices: list[str]) -> None:
    (risen,) = [each for each in of_prices(old, new) if each.code == "price_rise"]
    assert f"rises from {prices[0]} to {prices[1]}," in str(risen)
    assert [each for each in of_prices(new, old) if each.code == "price_rise"] == []


def test_the_witness_of_a_rise_pays_both_prices() -> None:
    old, new = BY_FLOOR % (9, 9, 12), BY_FLOOR % (6, 6, 12)
    (risen,) = [each for each in of_prices(old, new) if each.code == "price_rise"]
    (unit,) = risen.witness
    book = feerules.load_files({"1.yaml": YEARS % "2027-01-01" + old, "2.yaml": YEARS % "2028-01-01" + new})
    assert [str(feerules.price(unit, book, month).total) for month in ("2027-06", "2028-06")] == [
        "9.00",
        "12.00",
    ]


CHARGED = {
    "a rate of the tax by rows": (BY_FLOOR % (6, 6, 9) + "    tax: |\n      | floor | rate |\n      |--|--|\n      | <= 6 | 6% |\n      | > 6 | 7% |\n", "vat_rate"),
    "a percentage of what is passed on, as a formula": ("fees:\n  water: {pass_through: used * 3, at_a_change: by_days}\n  more: {rate: 3% * fees.water}\n", "utility_markup"),
    "a factor that stands in a parameter": ("parameters: {more: 1.05}\nfees:\n  water: {pass_through: used * 3, at_a_change: by_days, adjustments: [{times: more}]}\n", "utility_markup"),
    "a share that stands in a parameter": ("parameters: {one: 1}\nfees: {light: {share: {by: one}}}\n", "share_by_area"),
}  # fmt: skip


@pytest.mark.parametrize(("rules", "code"), CHARGED.values(), ids=CHARGED.keys())
def test_the_law_finds_in_prices(rules: str, code: str) -> None:
    assert {each.code for each in of_prices(rules) if each.basis} == {code}


@pytest.mark.parametrize("rate", ["fees.water - fees.water", "0 - 0.5% * fees.lift"])
def test_a_rate_that_names_a_fee_is_no_markup_unless_it_is_a_part_of_a_utility(rate: str) -> None:
    rules = f"fees:\n  water: {{pass_through: used * 3, at_a_change: by_days}}\n  lift: {{rate: 9}}\n  other: {{rate: {rate}}}\n"
    assert "utility_markup" not in {each.code for each in of_prices(rules)}


def test_the_witness_of_a_suit_without_a_demand_is_a_position_for_which_it_is_due() -> None:
    sue = '{id: sue, does: [lawsuit], any: [{demand: expired}, {days_overdue: "> 300", overdue: ">= 500"}], at_most: 1}'
    (one,) = (each for each in found(ladder(sue)) if each.code == "demand_before_suit")
    (witness,) = one.witness
    book = feerules.load_files({"policy.yaml": HEAD + ladder(sue)})
    position = {"outstanding": 500, "limitation_in_days": 500, **witness}
    case = f"kind: cases\nfor: garden-dunning\ncases:\n  - name: due\n    position: {position}\n    as_of: 2027-06-01\n    expect: {{step: sue}}\n"
    (result,) = feerules.run_cases(
        feerules.load_files({**book.files, "due.cases.yaml": case.replace("'", '"')})
    )
    assert result.differences == ()


def test_the_shipped_policy_offends_no_law() -> None:
    assert [str(each) for each in feerules.check(ROOT / "rules/dunning/standard-cn.yaml") if each.basis] == []


def test_no_shipped_rule_is_called_unlawful() -> None:
    folders = [
        *(ROOT / "rules/cn").iterdir(),
        ROOT / "rules/dunning",
        ROOT / "rules/sample-estate",
        ROOT / "rules/abroad",
    ]
    errors = [
        each
        for folder in folders
        for each in feerules.check(folder)
        if each.severity == "error" and each.basis
    ]
    assert [str(each) for each in errors] == []


def test_what_differs_by_language_only_is_said_in_both() -> None:
    (one,) = (each for each in found(CUT) if each.code == "unlawful_act")
    assert one.message == {
        "zh": "cut对欠费人采取：停水或限水",
        "en": "cut does this to a debtor: stopping or limiting water",
    }
    assert one.to_dict()["basis"][0]["jurisdiction"] == {"zh": "中国内地", "en": "mainland China"}


# Items that are charged twice, and reductions for vacancy

FEES = """\
kind: fee-schedule
id: garden
effective: {from: 2027-01-01}
source: {document: 业主大会决议}
facts:
  type: {choice: [home, shop]}
  let: {boolean: true}
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  handover: {date: true}
  idle: {integer: true, min: 0, max: 600, aliases: [空置月数]}
fees:
"""
SERVICES = "title: {zh: 物业服务费}, per: area, rate: 2"


def told_of_fees(*fees: str, more: str = "") -> set[str]:
    lines = "".join(f"  {name}: {{{fee}}}\n" for name, fee in zip("abc", fees, strict=False))
    files = {"fees.yaml": FEES + lines, **({"more.yaml": more} if more else {})}
    return {each.code for each in feerules.check(feerules.load_files(files))} & {
        "duplicate_item",
        "developer_vacancy",
    }


TWICE = {
    "one title": (SERVICES, SERVICES),
    "one title in one language": (SERVICES, "title: {zh: 物业 服务费, en: Services}, rate: 30"),
    "conditions that can hold together": (f"{SERVICES}, applies: {{type: home}}", f"{SERVICES}, applies: {{let: true}}"),
}  # fmt: skip
NOT_TWICE = {
    "other conditions": (f"{SERVICES}, applies: {{type: home}}", f"{SERVICES}, applies: {{type: shop}}"),
    "one price and other titles": ("title: {zh: 保洁费}, rate: 12", "title: {zh: 安保费}, rate: 12"),
    "one ends where the other starts": (f"{SERVICES}, ends: handover", f"{SERVICES}, starts: {{fact: handover, before: nobody}}"),
    "a deposit beside a charge": (SERVICES, "title: {zh: 物业服务费}, kind: deposit, rate: 100"),
    "other days": ("title: {zh: 卡费}, rate: 5, every: {once: handover}", "title: {zh: 卡费}, rate: 5"),
    "no title": ("rate: 12", "rate: 12"),
}  # fmt: skip


@pytest.mark.parametrize("fees", TWICE.values(), ids=TWICE)
def test_an_item_is_charged_twice_by(fees: tuple[str, ...]) -> None:
    assert told_of_fees(*fees) & {"duplicate_item"}


@pytest.mark.parametrize("fees", NOT_TWICE.values(), ids=NOT_TWICE)
def test_no_item_is_charged_twice_by(fees: tuple[str, ...]) -> None:
    assert not told_of_fees(*fees) & {"duplicate_item"}


@pytest.mark.parametrize(
    ("applies", "told"),
    [("{type: home}", {"duplicate_item"}), ("{type: shop}", set()), ("{let: true}", set()), ("{}", set())],
)
def test_an_item_of_two_schedules_is_charged_twice_where_both_claim_the_same_units(
    applies: str, told: set[str]
) -> None:
    first = FEES.replace("source:", "applies: {type: home}\nsource:")
    second = FEES.replace("id: garden", "id: other").replace("source:", f"applies: {applies}\nsource:")
    book = feerules.load_files(
        {"a.yaml": f"{first}  a: {{{SERVICES}}}\n", "b.yaml": f"{second}  b: {{{SERVICES}}}\n"}
    )
    assert {each.code for each in feerules.check(book)} & {"duplicate_item"} == told


OF_DEVELOPERS = "per: area, rate: 2, starts: {fact: handover, before: developer}"
REDUCED = 'adjustments: [{when: {idle: ">= 6"}, times: 0.7}]'
REACHED = {
    "days before the handover": f"{OF_DEVELOPERS}, {REDUCED}",
    "a fee of the developer": f"rate: 2, payer: developer, {REDUCED}",
    "something less": f'{OF_DEVELOPERS}, adjustments: [{{when: {{idle: "> 0"}}, minus: 5}}]',
}
NOT_REACHED = {
    "a fee of owners": f"rate: 2, {REDUCED}",
    "days that nobody pays": f"rate: 2, starts: {{fact: handover, before: nobody}}, {REDUCED}",
    "a reduction after the handover": f'{OF_DEVELOPERS}, adjustments: [{{when: {{idle: ">= 6", handover: "< 2026-01-01"}}, times: 0.7}}]',
    "a surcharge": f'{OF_DEVELOPERS}, adjustments: [{{when: {{idle: ">= 6"}}, times: 1.2}}]',
    "another reduction": f"{OF_DEVELOPERS}, adjustments: [{{when: {{let: true}}, times: 0.7}}]",
}


@pytest.mark.parametrize("fee", REACHED.values(), ids=REACHED)
def test_a_reduction_for_vacancy_reaches_the_developer_by(fee: str) -> None:
    assert told_of_fees(fee) & {"developer_vacancy"}


@pytest.mark.parametrize("fee", NOT_REACHED.values(), ids=NOT_REACHED)
def test_a_reduction_for_vacancy_does_not_reach_the_developer_by(fee: str) -> None:
    assert not told_of_fees(fee) & {"developer_vacancy"}


def test_a_developer_in_another_row_of_the_payers_than_the_vacancy_is_not_reached() -> None:
    table = '"| type | payer |\\n|--|--|\\n| home | owner |\\n| shop | developer |"'
    fee = f"rate: 2, payer: {table}, adjustments: [{{when: {{type: home, idle: '>= 6'}}, times: 0.7}}]"
    assert told_of_fees(fee) == set()
    assert told_of_fees(fee.replace("type: home, ", "")) == {"developer_vacancy"}


# What is passed on

PASSED_ON = {
    "an amount in yuan and more": ("paid * 1.1", True),
    "an amount in yuan and a percentage of it": ("paid + paid * 5%", True),
    "an amount by its title, rounded": ("round(water_bill * 1.05, 2)", True),
    "an amount in yuan times a parameter": ("paid * more", True),
    "an amount in yuan": ("paid", False),
    "a part of an amount": ("paid * 0.5", False),
    "a quantity of which nobody knows the price": ("used * 3 * 1.1", False),
    "two amounts": ("paid + water_bill", False),
    "a share of an amount by another fact": ("paid * used", False),
}


@pytest.mark.parametrize(("formula", "told"), PASSED_ON.values(), ids=PASSED_ON)
def test_a_formula_of_what_is_passed_on_is_marked_up(formula: str, told: bool) -> None:
    facts = """facts:
  paid: {decimal: 2, min: 0, max: 1000, unit: 元}
  water_bill: {decimal: 2, min: 0, max: 1000, title: {zh: 实缴水费}}
  used: {decimal: 2, min: 0, max: 1000, unit: m³}
"""
    document = (
        FEES.replace("facts:\n", f"parameters: {{more: 1.02}}\n{facts}")
        + f'  a: {{pass_through: "{formula}"}}\n'
    )
    found = feerules.check(feerules.load_files({"fees.yaml": document}))
    assert ("utility_markup" in {each.code for each in found}) == told


@pytest.mark.parametrize(
    ("cap", "told"),
    [("", True), (", cap: {rate_per_year: 10%}", True), (", cap: {amount: 50}", False), (", cap: {share_of_principal: 30%}", False)],
)  # fmt: skip
def test_a_fixed_sum_for_each_day_grows_without_an_end_unless_a_sum_or_a_share_caps_it(
    cap: str, told: bool
) -> None:
    assert ("late_fee_cap" in codes(f"late_fee: {{daily: 5{cap}}}\n")) == told
