"""What pages are made of: values as text, labels, charts, and the sums that they show."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feerules.pages.charts import drawn, levels
from feerules.pages.labels import MOST_LINES, WIDEST, folded, width_of
from feerules.pages.page import Chart, Kind, Point, Shape
from feerules.pages.parts.amounts import MOST_BARS, bars, waterfall
from feerules.pages.reader import Reader
from feerules.pages.tables import listed, table_of
from feerules.wording import translate
from report_parts import EVIL

ZH, EN = Reader(translate("zh_CN")), Reader(translate("en"))
money = st.decimals(-(10**9), 10**9, places=2)


# Values as text


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (Decimal("1234.50"), "money", "1,234.50"),
        (Decimal("-0.01"), "money", "-0.01"),
        (Decimal("105.180000"), "number", "105.18"),
        (Decimal("2.800000"), "number", "2.80"),
        (Decimal("3.000000"), "number", "3"),
        (Decimal("0.000001"), "number", "0.000001"),
        (1234567, "number", "1,234,567"),
        (2.25, "number", "2.25"),
        (float("nan"), "number", "–"),
        (Decimal("0.0305"), "share", "3.05%"),
        (None, "money", "–"),
        (None, "text", ""),
        (None, "day", ""),
        (date(2026, 11, 6), "day", "2026-11-06"),
        (datetime(2026, 11, 6, 9, 30), "text", "2026-11-06 09:30"),
        ("=1+1", "text", "=1+1"),
        ([], "text", ""),
    ],
)
def test_a_value_is_written_alike_in_both_languages(value: Any, kind: Kind, said: str) -> None:
    assert (ZH.written(value, kind), EN.written(value, kind)) == (said, said)


def test_truths_and_lists_are_written_in_the_readers_words() -> None:
    assert (ZH.written(True, "text"), EN.written(False, "text")) == ("是", "no")
    assert (ZH.written(["a", 2], "text"), EN.written({"area": "89.50", "floor": 3}, "text")) == (
        "a、2",
        "area 89.50, floor 3",
    )


def test_a_closed_word_is_told_in_its_own_columns_only() -> None:
    rows = pl.LazyFrame({"state": ["matched"], "name": ["matched"]})
    assert ZH.translated(rows).collect().row(0) == ("一致", "matched")


def test_columns_go_by_fees_then_by_the_house_then_by_their_own_names() -> None:
    reader = Reader(translate("zh"), {"rate": {"zh": "费率费", "en": "Rate fee"}})
    told = [reader.column(name) for name in ("rate", "unit_id", "days_overdue", "bucket_1_30", "my_column")]
    assert told == ["费率费", "房屋", "逾期天数", "逾期1至30天", "my_column"]


# Tables


def test_a_table_counts_its_rows_and_sums_what_it_is_asked_to() -> None:
    frame = pl.DataFrame(
        {"unit_id": ["A", "B"], "amount": [Decimal("1.50"), None]},
        schema_overrides={"amount": pl.Decimal(18, 2)},
    )
    table = table_of(EN, "t", frame, totals=["amount", "missing"])
    assert (table.count, table.totals) == (2, {"amount": Decimal("1.50")})
    assert [(column.title, column.kind) for column in table.columns] == [
        ("Unit", "text"),
        ("Amount of money", "money"),
    ]


def test_listed_values_keep_every_digit() -> None:
    table = listed(
        "t",
        [("m", "money"), ("n", "number"), ("x", "text")],
        [(Decimal("1.5"), Decimal("0.000001"), 7), (None, 2, None)],
    )
    assert table.rows.collect().rows() == [
        (Decimal("1.50"), Decimal("0.000001"), "7"),
        (None, Decimal("2.000000"), None),
    ]


# Labels


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("物业管理费", ["物业管理费"]),
        ("Management fee", ["Management fee"]),
        ("Vacancy reduction of residential homes", ["Vacancy reduction of", "residential homes"]),
        ("住宅有电梯4层以上物业管理费，自2027年起", ["住宅有电梯4层以上物业管理费，", "自2027年起"]),
        ("x" * 100, ["x" * 30, "x" * 28 + "…"]),
        ("a\nb  c", ["a b c"]),
        ("", [""]),
    ],
)
def test_a_label_is_folded_where_words_end(text: str, lines: list[str]) -> None:
    assert folded(text).split("\n") == lines


@given(st.text(alphabet="物业费 abc，(1）-", max_size=120))
def test_a_folded_label_fits_its_room(text: str) -> None:
    lines = folded(text).split("\n")
    assert len(lines) <= MOST_LINES
    assert max(map(width_of, lines)) <= WIDEST


# Charts


def chart(shape: Shape, *points: tuple[Any, ...], kind: Kind = "number") -> Chart:
    told = tuple(Point(label, Decimal(value), *rest) for label, value, *rest in points)
    return Chart("title", "sentence", shape, kind, told, "labels", "values")


def texts(svg: str) -> list[str]:
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", svg)


@pytest.mark.parametrize("shape", ["bars", "columns", "waterfall"])
def test_a_chart_is_a_picture_with_a_sentence_that_runs_nothing(shape: Shape) -> None:
    svg = drawn(chart(shape, (EVIL, 3, EVIL), ("b", 2)))
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 ')
    assert 'role="img" aria-label="title: sentence"' in svg
    assert re.findall(r"<script|<image|<a |href=|url\(", svg) == []


@pytest.mark.parametrize("shape", ["bars", "columns", "waterfall"])
def test_a_chart_of_one_point_or_of_nothing_but_zeros_can_be_drawn(shape: Shape) -> None:
    assert "a" in texts(drawn(chart(shape, ("a", 0))))


def test_bars_carry_their_values_exactly() -> None:
    svg = drawn(chart("bars", ("a", "1234567.89"), ("b", "-0.01"), kind="money"))
    assert {"1,234,567.89", "-0.01"} <= {*texts(svg)}


def test_of_a_few_things_the_axis_counts_no_halves() -> None:
    assert {"0.5", "1.5"} & {*texts(drawn(chart("columns", ("a", 2), ("b", 1))))} == set()


@pytest.mark.parametrize("shape", ["bars", "columns"])
def test_labels_that_are_cut_alike_keep_their_own_bars(shape: Shape) -> None:
    svg = drawn(chart(shape, ("x" * 90 + "1", 7), ("x" * 90 + "2", 9)))
    assert {"7", "9"} <= {*texts(svg)}


def test_steps_of_one_name_stand_apart() -> None:
    points = [
        ("old", 10, "", "total"),
        ("rate", 1, "", "more"),
        ("rate", -2, "", "less"),
        ("new", 9, "", "total"),
    ]
    said = texts(drawn(chart("waterfall", *points)))
    assert len([each for each in said if each.startswith("rate")]) == 2


@given(money, st.lists(money, max_size=40))
def test_the_steps_of_a_waterfall_lead_from_its_opening_to_its_closing(
    opening: Decimal, changes: list[Decimal]
) -> None:
    closing = opening + sum(changes)
    steps = [(f"{number}", change) for number, change in enumerate(changes)]
    told = waterfall(EN, "t", ("old", opening), steps, ("new", closing), values="v")
    assert len(told.points) <= MOST_BARS + 2
    reached = [last for _, last in levels(told.points)]
    assert (reached[0], reached[-2], reached[-1]) == (opening, closing, closing)


@pytest.mark.parametrize(
    ("opening", "change", "cut"),
    [("2030000.00", "23000.00", True), ("2000.00", "-700.00", False), ("0", "5", False), ("5", "-9", False)],
)
def test_a_waterfall_says_where_its_axis_does_not_begin_at_zero(opening: str, change: str, cut: bool) -> None:
    first, step = Decimal(opening), Decimal(change)
    told = waterfall(EN, "t", ("old", first), [("step", step)], ("new", first + step), values="v").told
    assert told.endswith("The axis does not begin at zero.") == cut


@given(st.lists(money, min_size=2, max_size=40))
def test_bars_sum_to_what_they_were_given(values: list[Decimal]) -> None:
    told = bars(
        EN, "t", [(f"{number}", value) for number, value in enumerate(values)], labels="l", values="v"
    )
    for each in told:
        assert sum(point.value for point in each.points) == sum(values)
        assert len(each.points) <= MOST_BARS + 1
    assert bool(told) == any(values)
