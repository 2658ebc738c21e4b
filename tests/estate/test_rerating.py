"""Corrections: what was billed and what is right now differ by exactly the lines that come back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from feerules.frames import FrameError
from frame_kinds import Kind, polars_of
from how_often import often

SCHEDULE = """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop], default: home}
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  opened: {date: true, optional: true}
fees:
  management: {per: area, rate: 2.00, every: month}
  garbage: {rate: 3.00, every: month}
  heating: {rate: 30.00, rate_per: month, every: quarter}
  licence: {rate: 12.00, rate_per: cycle, every: {cycle: quarter, anniversary_of: opened}, applies: {type: shop}}
  deposit: {rate: 100.00, every: {once: opened}, kind: deposit, applies: {type: shop}}
"""
BOOK = feerules.load_files({"garden.yaml": SCHEDULE})
MONTH = "2026-11"
UNITS = pl.DataFrame({"unit_id": ["A", "B"], "area": ["10", "20"]})


def lines_of(
    units: pl.DataFrame, period: str = MONTH, book: feerules.Book = BOOK, **more: Any
) -> pl.DataFrame:
    rows: pl.DataFrame = feerules.price_estate(units, book, period, form="long", **more).rows
    return rows


def changes(
    units: pl.DataFrame, billed: Any, period: str = MONTH, book: feerules.Book = BOOK, **more: Any
) -> Any:
    return feerules.price_estate(units, book, period, billed=billed, **more)


def brief(rows: pl.DataFrame) -> set[tuple[str, str, str, str]]:
    return {(row["unit_id"], row["fee"], row["kind"], str(row["amount"])) for row in rows.to_dicts()}


def posted(*frames: pl.DataFrame) -> pl.DataFrame:
    """What stands in the ledger after these lines were inserted by their ids."""
    return pl.concat(frames, how="diagonal_relaxed").unique("charge_id", keep="first", maintain_order=True)


# Differences


def test_nothing_comes_back_where_nothing_changed() -> None:
    result = changes(UNITS, lines_of(UNITS))
    assert result.rows.height == result.problems.height == 0


def test_a_difference_is_a_charge_or_a_credit_that_names_what_it_corrects() -> None:
    corrected = UNITS.with_columns(area=pl.Series(["15", "19.50"]))
    rows = changes(corrected, lines_of(UNITS)).rows
    assert brief(rows) == {("A", "management", "charge", "10.00"), ("B", "management", "credit", "-1.00")}
    [credit] = rows.filter(pl.col("kind") == "credit").to_dicts()
    assert credit["corrects_charge_id"] == "B:management:20261101:owner:2026-01-01"
    told = {
        name: credit[name] for name in ("net", "tax", "unit", "quantity", "rate", "period_start", "document")
    }
    assert told == {
        "net": Decimal("-1.00"), "tax": Decimal("0.00"), "unit": "m²", "quantity": None, "rate": None,
        "period_start": date(2026, 11, 1), "document": "garden",
    }  # fmt: skip


def test_what_was_never_billed_is_charged() -> None:
    rows = changes(UNITS, lines_of(UNITS.head(1))).rows
    assert brief(rows) == {("B", "management", "charge", "40.00"), ("B", "garbage", "charge", "3.00")}
    assert rows["corrects_charge_id"].to_list() == [None, None]


def test_a_unit_that_left_the_estate_is_credited() -> None:
    rows = changes(UNITS.head(1), lines_of(UNITS)).rows
    assert brief(rows) == {("B", "management", "credit", "-40.00"), ("B", "garbage", "credit", "-3.00")}


def test_a_fee_that_no_schedule_in_force_knows_any_more_is_credited() -> None:
    later = SCHEDULE.replace("2026-01-01", "2026-11-01").replace(
        "  garbage: {rate: 3.00, every: month}\n", ""
    )
    book = feerules.load_files({"garden.yaml": SCHEDULE, "later.yaml": later})
    rows = changes(UNITS, lines_of(UNITS), book=book).rows
    assert brief(rows) == {("A", "garbage", "credit", "-3.00"), ("B", "garbage", "credit", "-3.00")}
    # A quarter that was billed in October is none of November's business, with or without its fee.
    assert changes(UNITS, posted(lines_of(UNITS), lines_of(UNITS, "2026-10")), book=book).rows.height == 2


def test_several_bills_of_one_cycle_count_together() -> None:
    sent = lines_of(UNITS).filter(fee="management")
    half = sent.with_columns(amount=pl.col("amount").cast(pl.String).replace("40.00", "15.00"))
    more = half.filter(unit_id="B").with_columns(charge_id=pl.lit("X"), amount=pl.lit("25.00"))
    assert changes(UNITS, pl.concat([half, more])).rows.filter(fee="management").height == 0


def test_a_bill_belongs_to_the_cycle_in_which_its_days_begin() -> None:
    sent = lines_of(UNITS, "2026-10")  # with the quarter from October to December
    rows = changes(UNITS, sent.with_columns(period_start=pl.lit("2026-10-20")), "2026-10").rows
    assert rows.height == 0
    heating = pl.lit("2026-12-20")
    late = sent.with_columns(
        period_start=pl.when(fee="heating").then(heating).otherwise(pl.lit("2026-10-01"))
    )
    assert changes(UNITS, late, "2026-10").rows.height == 0


def test_of_a_cycle_that_began_before_only_the_days_of_the_period_are_compared_when_they_accrue() -> None:
    months = [lines_of(UNITS, month, accrue=True) for month in ("2026-10", "2026-11", "2026-12")]
    assert all(changes(UNITS, posted(*months), m, accrue=True).rows.height == 0 for m in ("2026-10", MONTH))


def test_bills_may_be_any_kind_of_frame(kind: Kind, tmp_path: Any) -> None:
    billed = kind.give(lines_of(UNITS).drop("source"), tmp_path)
    corrected = UNITS.with_columns(area=pl.Series(["15", "20"]))
    assert brief(polars_of(changes(corrected, billed).rows)) == {("A", "management", "charge", "10.00")}


def test_floats_of_another_system_are_the_amounts_that_they_show() -> None:
    sent = lines_of(UNITS).with_columns(pl.col("amount").cast(pl.Float64) + 1e-12)
    assert changes(UNITS, sent).rows.height == 0


# Anniversaries and single days


SHOP = pl.DataFrame({"unit_id": ["S"], "type": ["shop"], "area": ["0"], "opened": ["2026-08-20"]})


def test_a_cycle_of_ones_own_is_compared_with_its_own_bills() -> None:
    sent = posted(*(lines_of(SHOP, month) for month in ("2026-08", "2026-09", "2026-10", "2026-11")))
    assert changes(SHOP, sent).rows.height == 0
    # A part of the cycle from August to November, cut on 1 November, is not one of the cycle from 20 November.
    part = (
        sent.filter(fee="licence")
        .head(1)
        .with_columns(charge_id=pl.lit("part"), period_start=date(2026, 11, 1), period_end=date(2026, 11, 20))
    )
    assert changes(SHOP, pl.concat([sent, part])).rows.height == 0


def test_a_cycle_in_arrears_is_billed_once() -> None:
    book = feerules.load_files(
        {
            "garden.yaml": SCHEDULE.replace(
                "applies: {type: shop}}\n  dep", "applies: {type: shop}, billed: in_arrears}\n  dep"
            )
        }
    )
    sent = lines_of(SHOP, book=book)
    assert "licence" in set(sent["fee"])
    assert changes(SHOP, sent, book=book).rows.height == 0


def test_a_cycle_that_moved_is_not_charged_again() -> None:
    sent = lines_of(SHOP.with_columns(opened=pl.lit("2026-11-05")))
    moved = changes(SHOP.with_columns(opened=pl.lit("2026-11-20")), sent)
    assert moved.rows.height == 0


def test_a_single_day_that_moved_within_the_period_is_not_charged_again() -> None:
    sent = lines_of(SHOP.with_columns(opened=pl.lit("2026-11-05"))).filter(fee="deposit")
    assert sent.height == 1
    rows = changes(SHOP.with_columns(opened=pl.lit("2026-11-20")), sent).rows
    assert rows.filter(fee="deposit").height == 0


def test_two_schedules_with_cycles_of_their_own_for_one_fee_do_not_mix() -> None:
    head = "kind: fee-schedule\nid: {0}\neffective: {{from: 2026-01-01}}\nfacts: {{type: {{choice: [home, shop]}}}}\napplies: {{type: {0}}}\nfees: {{rent: {{rate: 10, rate_per: month, every: {1}}}}}\n"
    book = feerules.load_files(
        {"h.yaml": head.format("home", "month"), "s.yaml": head.format("shop", "quarter")}
    )
    units = pl.DataFrame({"unit_id": ["H", "S"], "type": ["home", "shop"]})
    sent = posted(*(lines_of(units, month, book) for month in ("2026-10", "2026-11", "2026-12")))
    assert sent.height == 4
    assert changes(units, sent, "2026-10", book).rows.height == 0
    assert brief(changes(units, sent.filter(unit_id="H"), "2026-10", book).rows) == {
        ("S", "rent", "charge", "30.00")
    }


# Again and again


def test_a_correction_that_was_posted_is_not_made_again_and_one_that_returns_is() -> None:
    other = UNITS.with_columns(area=pl.Series(["15", "20"]))
    ledger = lines_of(UNITS)
    seen: list[str] = []
    for units, amount in ((other, "10.00"), (UNITS, "-10.00"), (other, "10.00")):
        rows = changes(units, ledger).rows
        assert [str(each) for each in rows["amount"]] == [amount]
        seen += rows["charge_id"].to_list()
        ledger = posted(ledger, rows)
        assert changes(units, ledger).rows.height == 0
    assert len(set(seen)) == 3
    assert set(ledger.filter(pl.col("corrects_charge_id").is_not_null())["corrects_charge_id"]) == {
        "A:management:20261101:owner:2026-01-01"
    }


areas = st.lists(st.integers(0, 5000).map(lambda n: f"{n}.{n % 100:02}"), min_size=3, max_size=3)


@settings(max_examples=often(10))
@given(st.lists(areas, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_whatever_was_billed_the_differences_bring_it_to_what_is_right_and_then_there_are_none(
    steps: list[list[str]], random: Any
) -> None:
    frames = [pl.DataFrame({"unit_id": ["A", "B", "C"], "area": each}) for each in steps]
    ledger = lines_of(frames[0].head(2))
    for frame in frames:
        order = list(range(ledger.height))
        random.shuffle(order)
        straight, shuffled = changes(frame, ledger).rows, changes(frame, ledger[order]).rows
        assert set(straight.rows()) == set(shuffled.rows())
        ledger = posted(ledger, straight)
        right = lines_of(frame).group_by("unit_id", "fee").agg(pl.col("amount").sum())
        sums = ledger.group_by("unit_id", "fee").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0)
        assert set(sums.rows()) == set(right.filter(pl.col("amount") != 0).rows())
        assert changes(frame, ledger).rows.height == 0


# Problems


BAD: list[tuple[str, pl.Expr, tuple[str, Any, str]]] = [
    ("no amount", pl.lit(None, pl.String).alias("amount"), ("amount", None, "missing")),
    ("a comma in an amount", pl.lit("20,00").alias("amount"), ("amount", "20,00", "wrong_type")),
    ("three decimals", pl.lit("20.005").alias("amount"), ("amount", "20.005", "imprecise")),
    ("three decimals of a float", pl.lit(20.005).alias("amount"), ("amount", "20.005", "imprecise")),
    ("infinity", pl.lit(float("inf")).alias("amount"), ("amount", "inf", "wrong_type")),
    ("no day", pl.lit(None, pl.Date).alias("period_start"), ("period_start", None, "missing")),
    (
        "a day in another order",
        pl.lit("1.11.2026").alias("period_start"),
        ("period_start", "1.11.2026", "wrong_type"),
    ),
    ("a fee that no schedule knows", pl.lit("managment").alias("fee"), ("fee", "managment", "unknown_value")),
    ("no unit", pl.lit(None, pl.String).alias("unit_id"), ("unit_id", None, "missing")),
]


@pytest.mark.parametrize(("spoilt", "expected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bill_that_cannot_be_read_is_a_problem_and_its_unit_is_left_as_it_was_billed(
    spoilt: pl.Expr, expected: tuple[str, Any, str]
) -> None:
    sent = lines_of(UNITS).filter(unit_id="A", fee="management")
    result = changes(UNITS.head(1), sent.with_columns(spoilt))
    told = result.problems.select("frame", "row_id", "fact", "value", "code").rows()
    assert told == [("billed", sent["charge_id"][0], *expected)]
    if expected[0] != "unit_id":
        assert result.rows.height == 0
    with pytest.raises(feerules.UnitErrors):
        changes(UNITS, sent.with_columns(spoilt), strict=True)


def test_a_unit_that_cannot_be_priced_is_left_as_it_was_billed() -> None:
    result = changes(UNITS.with_columns(area=pl.Series(["10", "many"])), lines_of(UNITS))
    assert result.rows.height == 0
    assert result.problems["unit_id"].to_list() == ["B"]


def test_bills_without_a_column_that_is_needed_are_refused() -> None:
    with pytest.raises(FrameError) as caught:
        changes(UNITS, lines_of(UNITS).select("unit_id", "fee", "amount"))
    assert str(caught.value) == (
        "bill lines without the column charge_id, period_start: found unit_id, fee, amount"
    )


KEYS = {"texts": pl.String, "whole numbers": pl.Int64, "categories": pl.Categorical, "floats": pl.Float64}


@pytest.mark.parametrize("billed", KEYS)
@pytest.mark.parametrize("units", KEYS)
def test_keys_meet_whatever_their_types_are(units: str, billed: str) -> None:
    frame = pl.DataFrame({"unit_id": ["7", "8"], "area": ["1", "2"]})
    sent = lines_of(frame).with_columns(pl.col("unit_id").cast(KEYS[billed]))
    given = frame.head(1).with_columns(pl.col("unit_id").cast(KEYS[units]))
    rows = changes(given, sent).rows
    assert {str(each) for each in rows["unit_id"]} == {"8"}
    assert rows["amount"].sum() == Decimal("-7.00")
