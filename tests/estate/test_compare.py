"""Who pays more and less under other rules, by how much, and because of which rule."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

import feerules
from feerules import Reform
from feerules.frames import FrameError
from feerules.whatif.prices.comparison import Comparison
from frame_kinds import Kind, polars_of

GARDEN = """\
kind: fee-schedule
id: garden
title: {zh: 花园收费标准, en: Garden fees}
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop], title: {zh: 类型, en: What it is}}
  area: {decimal: 2, min: 0, max: 10000, aliases: [建筑面积]}
  lift: {boolean: true, title: {zh: 有电梯, en: Has a lift}}
  vacant: {boolean: true, default: false}
fees:
  management:
    title: {zh: 物业费, en: Management fee}
    per: area
    rate: |
      | type | lift  | rate |
      |------|-------|------|
      | home | true  | 2.80 |
      | home | false | 1.50 |
      | shop | -     | 6.50 |
    adjustments:
      - {title: {zh: 空置优惠, en: Vacancy reduction}, when: {vacant: true}, times: 0.50}
  rubbish: {title: {zh: 垃圾费, en: Rubbish}, rate: 8}
"""
BOOK = feerules.load_files({"garden.yaml": GARDEN})
MONTH = "2026-11"
UNITS = pl.DataFrame(
    {
        "unit_id": ["A", "B", "C", "D", "E"],
        "type": ["home", "home", "home", "shop", "villa"],
        "建筑面积": ["100", "80", "50", "20", "10"],
        "lift": [True, True, False, False, True],
        "vacant": [False, True, False, False, False],
    }
)
REFORM = (
    Reform("dearer lifts, and less off")
    .rate("management", to="2.95", when={"type": "home", "lift": True})
    .adjustment("management", "空置优惠", to="0.70")
    .rate("rubbish", to=7)
)


def compared(reform: Reform = REFORM, units: Any = UNITS, **options: Any) -> Comparison:
    return feerules.compare(BOOK, reform.apply(BOOK), units, MONTH, **options)


def test_a_comparison_tells_its_sums_and_its_causes_in_both_languages() -> None:
    result = compared()
    assert str(result).splitlines() == [
        "2026-11: units: 5; compared: 4; paying more: 2, less: 2, the same: 0.",
        "Not compared: only the old rules can price 0, only the new 0, neither 1.",
        "Total: ¥629.00 → ¥693.20, +¥64.20.",
        "1. Management fee: rate (type home, lift true), 2.80 → 2.95: +¥21.00, units: 2.",
        "2. Management fee: adjustment Vacancy reduction, × 0.50 → × 0.70: +¥47.20, units: 1.",
        "3. Rubbish: rate, 8 → 7: -¥4.00, units: 4.",
    ]
    assert result.explain("zh_CN").splitlines()[3:] == [
        "1. 物业费：单价（类型 home、有电梯 true），2.80 → 2.95：+¥21.00，涉及2户。",
        "2. 物业费：减免 空置优惠，× 0.50 → × 0.70：+¥47.20，涉及1户。",
        "3. 垃圾费：单价，8 → 7：-¥4.00，涉及4户。",
    ]


def test_rows_hold_every_fee_on_both_sides() -> None:
    rows = compared().rows
    assert rows.columns[:4] == ["unit_id", "old", "new", "change"]
    assert rows.select("unit_id", "management.old", "management.new", "rubbish.change", "change").rows() == [
        ("A", Decimal("280.00"), Decimal("295.00"), Decimal("-1.00"), Decimal("14.00")),
        ("B", Decimal("112.00"), Decimal("165.20"), Decimal("-1.00"), Decimal("52.20")),
        ("C", Decimal("75.00"), Decimal("75.00"), Decimal("-1.00"), Decimal("-1.00")),
        ("D", Decimal("130.00"), Decimal("130.00"), Decimal("-1.00"), Decimal("-1.00")),
    ]


def test_the_units_that_move_furthest_come_with_both_bills() -> None:
    result = compared(worst=1)
    assert [(each.unit_id, each.change, each.percent) for each in (*result.raises, *result.falls)] == [
        ("B", Decimal("52.20"), Decimal("43.50")),
        ("C", Decimal("-1.00"), Decimal("-1.20")),
    ]
    told = result.raises[0].explain("zh_CN").splitlines()
    assert told[0] == "房屋B：¥120.00 → ¥172.20，+¥52.20"
    assert [line for line in told if line.startswith("合计")] == ["合计：¥120.00。", "合计：¥172.20。"]
    assert "80 × 2.95" in told[6]


def test_a_waterfall_leads_from_the_old_sum_to_the_new_one() -> None:
    result = compared()
    assert [(each.before, each.after) for each in result.causes] == [
        (Decimal("629.00"), Decimal("650.00")),
        (Decimal("650.00"), Decimal("697.20")),
        (Decimal("697.20"), Decimal("693.20")),
    ]
    first = result.causes[0]
    assert (first.kind, first.document, first.fee, first.path) == (
        "rule",
        "garden",
        "management",
        "fees.management.rate.0",
    )
    assert (first.old, first.new, first.from_) == ("2.80", "2.95", date(2026, 1, 1))
    assert (first.where_old, first.where_new) == ("garden.yaml:17:9", "garden.yaml:17:9")


def test_the_mean_over_all_orders_divides_what_rules_do_together() -> None:
    result = compared(attribute="averaged")
    # The rate is worth 16.20 with the old reduction and 18.60 with the new; each gets half of what both do.
    assert [each.change for each in result.causes] == [Decimal("22.20"), Decimal("46.00"), Decimal("-4.00")]
    assert sum(each.change for each in result.causes) == result.summary.change


def test_more_rules_than_can_be_averaged_are_refused() -> None:
    many = Reform().rate("management", times=2).rate("rubbish", to=1).set("fees.management.minimum", 5)
    many = many.set("fees.rubbish.minimum", 1).adjustment("management", 1, to="0.9")
    many = many.set("fees.rubbish.maximum", 100)
    with pytest.raises(
        ValueError, match='found 8 rules that differ, expected at most 6 for attribute="averaged"'
    ):
        compared(many, attribute="averaged")


def test_parts_of_units_are_told_cause_by_cause() -> None:
    rows = compared().cause_rows().filter(pl.col("unit_id") == "B")
    assert rows.select("number", "title_en", "change").rows() == [
        (1, "Management fee: rate (type home, lift true)", Decimal("6.00")),
        (2, "Management fee: adjustment Vacancy reduction", Decimal("47.20")),
        (3, "Rubbish: rate", Decimal("-1.00")),
    ]


def test_segments_are_columns_of_the_units_by_any_name_of_a_fact() -> None:
    result = compared()
    assert result.by_segment("type").select("type", "units", "more", "less", "change").rows() == [
        ("home", 3, 2, 1, Decimal("65.20")),
        ("shop", 1, 0, 1, Decimal("-1.00")),
    ]
    assert result.by_segment("area")["area"].to_list() == ["100", "20", "50", "80"]
    assert result.by_segment("fee", "type").select("fee", "type", "change").rows() == [
        ("management", "home", Decimal("68.20")),
        ("management", "shop", Decimal("0.00")),
        ("rubbish", "home", Decimal("-3.00")),
        ("rubbish", "shop", Decimal("-1.00")),
    ]


def test_bands_are_cells_over_a_number_and_what_is_in_none_stands_last() -> None:
    found = compared().by_segment(area=["< 60", "[60..100)"])
    assert found.select("area", "units", "change").rows() == [
        ("< 60", 2, Decimal("-2.00")),
        ("[60..100)", 1, Decimal("52.20")),
        (None, 1, Decimal("14.00")),
    ]


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(FrameError) as refused:
        compared().by_segment("tipe")
    assert str(refused.value) == (
        'no column "tipe" in the units: found unit_id, type, 建筑面积, lift, vacant; did you mean "type"?'
    )


def test_a_column_may_be_called_as_inside_and_not_as_in_the_answer() -> None:
    result = compared(units=UNITS.with_columns(unit=pl.lit("1-2"), new=pl.lit("x")))
    assert result.by_segment("unit").select("unit", "units").rows() == [("1-2", 4)]
    with pytest.raises(FrameError, match='the column "new" is also one of the answer: rename it'):
        result.by_segment("new")
    with pytest.raises(FrameError, match="found area, area, expected each column once"):
        result.by_segment("area", area=["> 1"])


def test_quantiles_are_changes_that_some_unit_has() -> None:
    told = {each.at: (str(each.change), str(each.percent)) for each in compared().quantiles}
    assert (told[0], told[50], told[75], told[100]) == (
        ("-1.00", "-1.20"),
        ("-1.00", "-0.72"),
        ("14.00", "4.86"),
        ("52.20", "43.50"),
    )


def test_bins_reach_from_falls_to_raises_and_hold_every_unit() -> None:
    bins = [(str(each.above), str(each.below), each.units) for each in compared().histogram if each.units]
    assert bins == [("-10.00", "0.00", 2), ("10.00", "20.00", 1), ("50.00", "60.00", 1)]


def test_a_change_is_plain_json() -> None:
    told = json.loads(json.dumps(compared().to_dict()))
    assert told["schema"] == 1
    assert told["summary"]["change"] == "64.20"
    assert told["causes"][0]["from"] == "2026-01-01"
    assert feerules.Bill.from_dict(told["raises"][0]["new_bill"]).total == Decimal("172.20")


def test_frames_come_back_as_the_kind_that_came_in(kind: Kind, tmp_path: Any) -> None:
    result = compared(units=kind.give(UNITS, tmp_path))
    frames = (result.rows, result.problems, result.by_segment("type"), result.cause_rows())
    assert {type(frame) for frame in frames} == {kind.comes_back}
    assert polars_of(result.rows)["change"].sum() == Decimal("64.20")


def test_the_days_of_a_period_alone_can_be_compared() -> None:
    half = feerules.compare(BOOK, REFORM.apply(BOOK), UNITS, "2026-11-01/2026-11-16", accrue=True)
    assert half.summary.change == Decimal("32.10")
    assert sum(each.change for each in half.causes) == Decimal("32.10")


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("rules", "found str, expected a Book: feerules.load gives one"),
        (REFORM, "found Reform, expected a Book: apply it to a book"),
    ],
    ids=["a path", "a reform"],
)
def test_what_is_no_book_is_refused(new: Any, expected: str) -> None:
    with pytest.raises(TypeError, match="expected a Book") as refused:
        feerules.compare(BOOK, new, UNITS, MONTH)
    assert str(refused.value) == expected


def test_amounts_of_two_currencies_are_not_compared() -> None:
    dollars = feerules.load_files({"garden.yaml": GARDEN.replace("facts:", "currency: USD\nfacts:", 1)})
    with pytest.raises(
        ValueError, match="found the old rules in CNY and the new in USD, expected one currency"
    ):
        feerules.compare(BOOK, dollars, UNITS, MONTH)
    assert feerules.compare(dollars, dollars, UNITS, MONTH).currency == "USD"


def test_units_without_their_key_are_refused_with_what_is_there() -> None:
    with pytest.raises(FrameError, match='no column "unit_id": found flat, type'):
        compared(units=UNITS.rename({"unit_id": "flat"}))


# Who is not compared


def test_a_unit_that_one_side_cannot_price_is_told_with_its_side() -> None:
    narrow = (
        Reform()
        .set("facts.type.choice", ["home", "villa"])
        .set("fees.management.rate", "| type | rate |\n|---|---|\n| home | 3 |\n| villa | 9 |")
    )
    result = compared(narrow)
    summary = result.summary
    assert (summary.compared, summary.newly_priced, summary.no_longer_priced, summary.neither) == (3, 1, 1, 0)
    assert (summary.newly_priced_new, summary.no_longer_priced_old) == (Decimal("98.00"), Decimal("138.00"))
    assert set(result.problems.select("side", "unit_id", "code").rows()) == {
        ("old", "E", "unknown_value"),
        ("new", "D", "unknown_value"),
    }


def test_rows_without_a_unit_are_counted_one_by_one() -> None:
    result = compared(units=pl.concat([UNITS, UNITS.head(2).with_columns(unit_id=None)]))
    assert (result.summary.units, result.summary.compared, result.summary.neither) == (7, 4, 3)


# Which rules


def test_fees_that_come_and_go_are_causes() -> None:
    result = compared(
        Reform().remove("fees.rubbish").add("fees.lamp", {"rate": 5, "title": {"zh": "路灯", "en": "Lamps"}})
    )
    assert [(each.kind, each.title["en"], each.change) for each in result.causes] == [
        ("fee", "Fee dropped: Rubbish", Decimal("-32.00")),
        ("fee", "New fee: Lamps", Decimal("20.00")),
    ]
    assert result.rows["lamp.old"].to_list() == [None] * 4


def test_a_price_that_comes_about_in_another_way_is_one_cause() -> None:
    formula = (
        Reform().add("derived", {"billed_area": "max(area, 60)"}).set("fees.management.per", "billed_area")
    )
    tiers = {"per": "area", "tiers": {"table": "| up to | rate |\n|---|---|\n| above | 0.1 |"}}
    result = compared(formula + Reform().set("fees.rubbish", tiers))
    assert [(each.path, each.old, each.change) for each in result.causes] == [
        ("fees.management.per", "area", Decimal("275.00")),
        ("fees.rubbish.price", "rate 8", Decimal("-7.00")),
    ]


def test_rules_that_make_no_book_alone_are_one_cause() -> None:
    narrow = Reform().set("facts.area.max", 20).set("fees.rubbish.rate", "area * 0.1")
    other = Reform().remove("facts.vacant").add("derived", {"vacant": "1"})
    other = other.set("fees.management.adjustments.1.when", {"vacant": "1"})
    result = compared(narrow.set("facts.area.max", 10000) + other)
    assert [each.title["en"] for each in result.causes] == [
        "Garden fees: fact vacant, Garden fees: derived fact vacant, Management fee: adjustment Vacancy reduction",
        "Rubbish: rate",
    ]


def test_words_and_due_days_are_no_causes() -> None:
    said = (
        Reform()
        .set("fees.rubbish.title", {"zh": "清运费", "en": "Removal"})
        .set("fees.rubbish.due", {"day": 9})
    )
    result = compared(said)
    assert (result.causes, result.titles["rubbish"]["en"]) == ((), "Removal")


def test_a_document_that_is_the_same_on_both_sides_is_no_cause() -> None:
    other = "kind: fee-schedule\nid: lamps\neffective: {from: 2026-01-01}\nfees: {lamp: {rate: 3}}\n"
    book = feerules.load_files({"garden.yaml": GARDEN, "lamps.yaml": other})
    result = feerules.compare(book, REFORM.apply(book), UNITS, MONTH)
    assert [each.change for each in result.causes] == [Decimal("21.00"), Decimal("47.20"), Decimal("-4.00")]
    assert result.summary.old == Decimal("641.00")


def test_a_new_document_is_a_cause_and_so_is_one_that_goes() -> None:
    other = "kind: fee-schedule\nid: lamps\ntitle: {zh: 路灯, en: Lamps}\neffective: {from: 2026-01-01}\nfees: {lamp: {rate: 3}}\n"
    more = feerules.load_files({"garden.yaml": GARDEN, "lamps.yaml": other})
    there = feerules.compare(BOOK, more, UNITS, MONTH)
    back = feerules.compare(more, BOOK, UNITS, MONTH)
    assert [(each.kind, each.title["zh"], each.change) for each in (*there.causes, *back.causes)] == [
        ("schedule", "新增收费标准：路灯", Decimal("12.00")),
        ("schedule", "停用收费标准：路灯", Decimal("-12.00")),
    ]


def test_very_many_rows_that_differ_are_one_cause() -> None:
    head = "kind: fee-schedule\nid: a\neffective: {from: 2026-01-01}\nfacts: {floor: {integer: true, min: 0, max: 99}}\n"
    tables = ["".join(f"      | {floor} | {floor + more} |\n" for floor in range(100)) for more in (1, 2)]
    books = [
        feerules.load_files({"a.yaml": f"{head}fees:\n  lamp:\n    rate: |\n      | floor | rate |\n{table}"})
        for table in tables
    ]
    units = pl.DataFrame({"unit_id": range(100), "floor": range(100)})
    result = feerules.compare(*books, units, MONTH)
    assert [(each.title["en"], each.units, each.change) for each in result.causes] == [
        ("lamp: rate", 100, 100)
    ]


# Time


def test_two_versions_of_one_book_are_compared_by_two_periods() -> None:
    book = Reform(effective="2027-01-01").rate("rubbish", to=9).apply(BOOK)
    result = feerules.compare(book, book, UNITS, "2026-12", new_period="2027-01")
    assert [(each.kind, each.title["en"], each.change) for each in result.causes] == [
        ("period", "The period: 2026-12 → 2027-01", Decimal("0.00")),
        ("rule", "Rubbish: rate", Decimal("4.00")),
    ]
    assert result.causes[1].from_ == date(2027, 1, 1)


def test_a_longer_period_is_a_cause_of_its_own() -> None:
    book = Reform(effective="2027-01-01").rate("rubbish", to=9).apply(BOOK)
    result = feerules.compare(book, book, UNITS, "2026-12", new_period="2027-Q1")
    assert [each.change for each in result.causes] == [2 * result.summary.old, Decimal("12.00")]


def test_rules_of_another_time_are_no_causes() -> None:
    later = Reform(effective="2027-01-01").rate("rubbish", to=9)
    assert compared(later).causes == ()


def test_a_version_that_begins_inside_the_period_is_a_cause() -> None:
    result = feerules.compare(
        BOOK, Reform(effective="2026-11-16").rate("rubbish", to=10).apply(BOOK), UNITS, MONTH
    )
    assert [(each.title["en"], each.change) for each in result.causes] == [("Rubbish: rate", Decimal("4.00"))]


def test_what_no_rule_explains_is_a_cause_too() -> None:
    old = feerules.load_files({"a.yaml": GARDEN})
    # The same rules from a day inside the month on: what is cut there is rounded twice.
    new = feerules.load_files({"a.yaml": GARDEN, "b.yaml": GARDEN.replace("2026-01-01", "2026-11-16")})
    units = UNITS.head(1).with_columns(pl.lit("0.01").alias("建筑面积"))
    result = feerules.compare(old, new, units, MONTH)
    assert [(each.kind, each.title["zh"], each.change) for each in result.causes] == [
        ("rest", "其他规则：执行日期、付款人", Decimal("-0.01"))
    ]


def test_the_rounding_of_a_bill_is_a_fee_with_a_title() -> None:
    result = compared(Reform().set("bill.unit", "1"), UNITS.with_columns(pl.lit("1.11").alias("建筑面积")))
    assert result.titles["rounding"]["zh"] != "rounding"
    assert sum(each.change for each in result.fees) == result.summary.change
    assert [each.title["zh"] for each in result.causes] == ["花园收费标准：账单取整"]


def test_the_calendar_is_no_rule_and_a_cause_all_the_same() -> None:
    files = {"garden.yaml": GARDEN.replace("rate: 8}", "rate: 8, due: {day: 1, roll: next_workday}}")}
    calendars = [
        f"kind: calendar\nid: c\nyears: [2026]\nunknown_year: weekends_only\nholidays: [{day}]\n"
        for day in ("2026-11-03", "2026-11-04")
    ]
    books = [feerules.load_files({**files, "c.yaml": calendar}) for calendar in calendars]
    result = feerules.compare(*books, UNITS, MONTH)
    assert [(each.title["zh"], each.change) for each in result.causes] == [
        ("日历与公摊总额", Decimal("0.00"))
    ]


# Shared costs, dated facts


def test_shares_and_facts_that_change_are_priced_as_they_are_billed() -> None:
    shared = GARDEN + "  light: {share: {by: area}, prorate: calendar_days}\n"
    book = feerules.load_files({"garden.yaml": shared})
    units = pl.DataFrame(
        {
            "unit_id": ["A", "A", "B"],
            "type": "home",
            "area": ["100", "120", "80"],
            "lift": True,
            "valid_from": [None, "2026-11-16", None],
        }
    )
    pools = [{"pool_id": "P", "fee": "light", "period_start": "2026-11-01", "amount": "100.01"}]
    changed = Reform().rate("management", times=2).set("fees.light.share.by", 1).apply(book)
    result = feerules.compare(book, changed, units, MONTH, pools=pools)
    assert result.summary.compared == 2
    assert sum(each.change for each in result.causes) == result.summary.change
    for each in (*result.raises, *result.falls):
        assert (each.old_bill.total, each.new_bill.total) == (each.old, each.new)


def test_other_shared_costs_are_a_cause() -> None:
    book = feerules.load_files({"garden.yaml": GARDEN + "  light: {share: {by: area}}\n"})
    pools = [
        {"pool_id": "P", "fee": "light", "period_start": "2026-11-01", "amount": amount}
        for amount in ("100", "130")
    ]
    units = UNITS.head(4)
    result = feerules.compare(book, book, units, MONTH, pools=pools[:1], new_pools=pools[1:])
    assert [(each.kind, each.change) for each in result.causes] == [("period", Decimal("30.00"))]


# Grids


def test_a_grid_has_a_row_for_each_combination() -> None:
    def reform(rate: Any, vacancy: Any) -> Reform:
        return (
            Reform()
            .rate("management", to=rate, when={"type": "home", "lift": True})
            .adjustment("management", 1, to=vacancy)
        )

    found = feerules.grid(BOOK, UNITS, MONTH, reform, {"rate": [2.80, 2.95], "vacancy": ["0.5", "0.7"]})
    assert found.select("rate", "vacancy", "compared", "more", "less", "change").rows() == [
        (Decimal("2.80"), "0.5", 4, 0, 0, Decimal("0.00")),
        (Decimal("2.80"), "0.7", 4, 1, 0, Decimal("44.80")),
        (Decimal("2.95"), "0.5", 4, 2, 0, Decimal("21.00")),
        (Decimal("2.95"), "0.7", 4, 2, 0, Decimal("68.20")),
    ]
    one = feerules.compare(BOOK, reform("2.95", "0.7").apply(BOOK), UNITS, MONTH).summary
    assert found.row(3, named=True)["raised"] == one.raised


BAD_GRIDS: list[tuple[dict[str, Any], str]] = [
    ({"rate": "2.80"}, "found rate='2.80', expected a list of values"),
    ({}, "found 1 combinations of 0 values, expected 1 to 10,000"),
    ({"change": ["1"]}, "found a value called change, which is a column of the answer: rename it"),
]


@pytest.mark.parametrize(
    ("values", "expected"), BAD_GRIDS, ids=["no list", "no values", "a name that is taken"]
)
def test_a_grid_that_cannot_be_is_refused(values: Any, expected: str) -> None:
    with pytest.raises(ValueError, match="found") as refused:
        feerules.grid(BOOK, UNITS, MONTH, lambda **_: REFORM, values)
    assert str(refused.value) == expected


def test_a_combination_that_makes_no_rules_is_named() -> None:
    with pytest.raises(feerules.RuleErrors) as refused:
        feerules.grid(
            BOOK, UNITS, MONTH, lambda rate: Reform().rate("rubbish", to=rate), {"rate": ["8", "much"]}
        )
    assert refused.value.__notes__ == ["with rate=much"]
