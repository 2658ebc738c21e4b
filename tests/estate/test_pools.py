"""Shared costs: every pool adds up to the fen, or says why it is not shared."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from feerules.frames import FrameError
from feerules.money import share_out
from frame_kinds import Kind, polars_of

SCHEDULE = """
kind: fee-schedule
id: shared
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  building: {text: true, aliases: [楼栋]}
fees:
  power: {every: month, share: {by: area, among: [building]}}
  guard: {every: quarter, share: {by: 1}}
"""
BOOK = feerules.load_files({"shared.yaml": SCHEDULE})
MONTH = "2026-11"  # in which no quarter begins
SHARE = "share.power.2026-11-01"


def pool(**more: Any) -> dict[str, Any]:
    told = {"pool_id": "P", "fee": "power", "period_start": "2026-11-01", "amount": "1.00", "building": "A"}
    return {**told, **more}


def units(weights: dict[str, str | None], **more: Any) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"unit_id": [*weights], "area": [*weights.values()]},
        schema=dict.fromkeys(("unit_id", "area"), pl.String),
    )
    return frame.with_columns(pl.lit("A").alias("building")).with_columns(**more)


def shares(frame: Any, pools: Any, period: str = MONTH, fee: str = "power") -> dict[str, str]:
    result = feerules.price_estate(frame, BOOK, period, pools=pools)
    return {row["unit_id"]: str(row[fee]) for row in polars_of(result.rows).to_dicts()}


def problems(frame: Any, pools: Any, period: str = MONTH) -> set[tuple[Any, ...]]:
    found = feerules.price_estate(frame, BOOK, period, pools=pools).problems
    return set(polars_of(found).select("frame", "row_id", "fact", "value", "code").rows())


# Amounts


def test_the_rest_goes_to_the_largest_remainders_and_ties_to_the_lower_key_by_bytes() -> None:
    # Thirds: the fen that is left goes to "B", which stands before "a" and "é".
    assert shares(units({"é": "1", "a": "1", "B": "1"}), [pool()]) == {"é": "0.33", "a": "0.33", "B": "0.34"}
    # 100 × 2/7 = 28.57, × 5/7 = 71.43: the first has the larger remainder.
    assert shares(units({"a": "2", "b": "5"}), [pool()]) == {"a": "0.29", "b": "0.71"}


def test_a_credit_mirrors_a_charge() -> None:
    frame = units({"a": "1", "b": "1", "c": "1"})
    assert shares(frame, [pool(amount="-1.00")]) == {"a": "-0.34", "b": "-0.33", "c": "-0.33"}


def test_a_weight_of_zero_bears_nothing() -> None:
    assert shares(units({"a": "0", "b": "0.01"}), [pool()]) == {"a": "0.00", "b": "1.00"}


def test_nothing_can_be_shared_by_those_who_weigh_nothing() -> None:
    assert shares(units({"a": "0"}), [pool(amount="0.00")]) == {"a": "0.00"}
    assert problems(units({"a": "0"}), [pool()]) == {
        ("pools", "P", "amount", "1.00", "empty_pool"),
        ("units", "a", SHARE, None, "missing"),
    }


AMOUNTS = {
    "text": "12.30",
    "decimal": Decimal("12.3"),
    "float": 12.3,
    "whole number": 1230,
    "text with spaces": " 12.30 ",
}


@pytest.mark.parametrize("name", AMOUNTS)
def test_a_total_comes_as_text_decimal_float_or_whole_number(name: str) -> None:
    amount = AMOUNTS[name]
    total = Decimal(str(amount).strip()).quantize(Decimal("0.01"))
    assert shares(units({"a": "1"}), [pool(amount=amount)]) == {"a": str(total)}


STARTS = {"text": "2026-11-30", "day": date(2026, 11, 1), "midnight": datetime(2026, 11, 1)}


@pytest.mark.parametrize("name", STARTS)
def test_a_pool_belongs_to_the_cycle_in_which_it_begins(name: str) -> None:
    pools = [pool(period_start=STARTS[name]), pool(pool_id="Q", period_start="2026-10-31")]
    assert shares(units({"a": "1"}), pools) == {"a": "1.00"}


def test_two_pools_of_one_fee_add_up_each_shared_alone() -> None:
    frame = units({"a": "1", "b": "1", "c": "1"})
    both = [pool(), pool(amount="1.01"), pool(pool_id="Q", amount=0.5)]
    assert shares(frame, both) == {"a": "0.85", "b": "0.84", "c": "0.82"}


def test_a_fee_without_among_is_shared_by_all() -> None:
    frame = units({"a": "1", "b": "2"}, building=pl.Series(["A", "B"]))
    pools = [pool(period_start="2026-10-01"), pool(period_start="2026-10-01", building="B", pool_id="Q")]
    pools.append({"pool_id": "G", "fee": "guard", "period_start": "2026-10-01", "amount": "0.03"})
    assert shares(frame, pools, "2026-10", "guard") == {"a": "0.02", "b": "0.01"}


def test_pools_may_be_any_kind_of_frame(kind: Kind, tmp_path: Any) -> None:
    frame = pl.DataFrame([pool(), pool(pool_id="Q", amount="0.10")])
    assert shares(units({"a": "1", "b": "1"}), kind.give(frame, tmp_path)) == {"a": "0.55", "b": "0.55"}


def test_who_shares_may_stand_under_an_alias() -> None:
    frame = units({"a": "1"}).rename({"building": "楼栋"})
    told = {name: value for name, value in pool().items() if name != "building"}
    assert shares(frame, [{**told, "楼栋": "A"}]) == {"a": "1.00"}


def test_what_the_units_say_of_their_shares_does_not_count() -> None:
    assert shares(units({"a": "1"}, **{SHARE: pl.lit("9.99")}), [pool()]) == {"a": "1.00"}


def test_a_unit_with_dated_facts_weighs_by_its_days() -> None:
    frame = pl.DataFrame(
        {
            "unit_id": ["a", "a", "b"],
            "valid_from": [None, "2026-11-16", None],
            "area": ["1", "3", "2"],
            "building": ["A", "A", "A"],
        }
    )
    # a: 15 days of 1 and 15 of 3, as much as b with 30 of 2.
    assert shares(frame, [pool(amount="10.00")]) == {"a": "5.00", "b": "5.00"}
    days = pl.col("valid_from").str.to_date()
    zoned = days.cast(pl.Datetime("us")).dt.replace_time_zone("Asia/Shanghai")
    for each in (days, zoned):
        assert shares(frame.with_columns(each), [pool(amount="10.00")]) == {"a": "5.00", "b": "5.00"}


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any),
    st.integers(-(10**15), 10**15),
    st.randoms(use_true_random=False),
)
def test_shares_add_up_to_every_total_and_do_not_depend_on_the_order(
    weights: list[int], fen: int, random: Any
) -> None:
    areas = {f"U{number}": f"{weight // 100}.{weight % 100:02}" for number, weight in enumerate(weights)}
    total = Decimal(fen).scaleb(-2)
    expected = share_out(fen, weights, [*areas])
    order = list(areas)
    random.shuffle(order)
    frame = units({name: areas[name] for name in order})
    result = feerules.price_estate(frame, BOOK, MONTH, pools=[pool(amount=total)])
    if max(map(abs, expected)) > 10**11:
        assert set(result.problems["code"]) == {"out_of_domain"}
        return
    found = dict(result.rows.select("unit_id", "power").iter_rows())
    assert [found[name] for name in areas] == [Decimal(part).scaleb(-2) for part in expected]
    assert sum(found.values()) == total


# Problems


BAD: list[tuple[str, dict[str, Any], tuple[str, Any, str]]] = [
    ("no amount", {"amount": None}, ("amount", None, "missing")),
    ("an amount that is no number", {"amount": "1,00"}, ("amount", "1,00", "wrong_type")),
    ("a truth", {"amount": True}, ("amount", "true", "wrong_type")),
    ("too many decimals", {"amount": Decimal("1.005")}, ("amount", "1.005", "imprecise")),
    ("a sum of floats", {"amount": 0.1 + 0.2}, ("amount", "0.30000000000000004", "imprecise")),
    ("infinity", {"amount": float("inf")}, ("amount", "inf", "wrong_type")),
    ("more than there is", {"amount": 10**14}, ("amount", "100000000000000", "out_of_domain")),
    ("no day", {"period_start": None}, ("period_start", None, "missing")),
    ("a month for a day", {"period_start": "2026-11"}, ("period_start", "2026-11", "wrong_type")),
]


@pytest.mark.parametrize(("told", "expected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_pool_that_cannot_be_read_is_a_problem_and_so_are_those_who_share_it(
    told: dict[str, Any], expected: tuple[str, Any, str]
) -> None:
    # Another good pool of the same fee must not be billed as if it were all.
    pools = [pool(pool_id="Q", **told), pool()]
    frame = units({"a": "1", "b": "1"}, building=pl.Series(["A", "B"]))
    found = problems(frame, [*pools, pool(pool_id="R", building="B")])
    assert found == {("pools", "Q", *expected), ("units", "a", SHARE, None, "missing")}


def test_a_pool_of_a_fee_that_the_book_does_not_share_is_a_problem() -> None:
    pools = [pool(), pool(pool_id="Q", fee="powr"), pool(pool_id="R", fee=None)]
    assert problems(units({"a": "1"}), pools) == {
        ("pools", "Q", "fee", "powr", "unknown_value"),
        ("pools", "R", "fee", None, "missing"),
    }


def test_a_pool_that_is_given_twice_is_not_shared_twice() -> None:
    assert problems(units({"a": "1"}), [pool(), pool()]) == {
        ("pools", "P", "pool_id", "P", "repeated_pool"),
        ("units", "a", SHARE, None, "missing"),
    }


def test_where_a_weight_or_a_key_is_unknown_no_share_of_the_pool_is_right() -> None:
    frame = units({"a": "1", "b": "many"})
    assert problems(frame, [pool()]) == {
        ("units", "a", SHARE, None, "missing"),
        ("units", "b", SHARE, None, "missing"),
        ("units", "b", "area", "many", "wrong_type"),
    }
    assert {
        row[1]
        for row in problems(pl.concat([units({"a": "1"}), units({"c": "1"}), units({"c": "1"})]), [pool()])
    } == {"a", "c"}


def test_where_a_key_is_unknown_no_share_of_a_pool_for_all_is_right_either() -> None:
    frame = units({"a": "1", "b": "2"}).with_columns(unit_id=pl.Series(["a", None]))
    guard = {"pool_id": "G", "fee": "guard", "period_start": "2026-10-01", "amount": "0.03"}
    pools = [pool(period_start="2026-10-01", amount="0.00"), guard]
    result = feerules.price_estate(frame, BOOK, "2026-10", pools=pools)
    assert result.rows.is_empty()
    assert ("a", "share.guard.2026-10-01") in set(result.problems.select("unit_id", "fact").rows())


def test_a_pool_for_nobody_and_a_unit_without_a_pool_are_problems() -> None:
    frame = units({"a": "1", "b": "1", "c": "1"}, building=pl.Series(["A", "B", None]))
    assert problems(frame, [pool(), pool(pool_id="Q", building="C")]) == {
        ("pools", "Q", "amount", "1.00", "empty_pool"),
        ("units", "b", SHARE, None, "missing"),
        ("units", "c", SHARE, None, "missing"),
        ("units", "c", "building", None, "missing"),
    }


def test_every_unit_is_a_problem_where_the_list_of_pools_is_empty() -> None:
    assert problems(units({"a": "1"}), []) == {("units", "a", SHARE, None, "missing")}


REFUSED: list[tuple[str, Any, Any, str]] = [
    ("no pools", {}, None, "the book shares costs among units: give the totals with pools="),
    ("no amount", {}, [{"pool_id": "P", "fee": "power"}], "pools without the column period_start, amount: found pool_id, fee"),
    ("no building of the pool", {}, [{k: v for k, v in pool().items() if k != "building"}], "pools of power without the column building"),
    ("no building of the units", "building", [pool()], "units without the column building, which says who shares a cost"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("drop", "pools", "message"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_pools_and_units_that_lack_a_column_are_refused(drop: Any, pools: Any, message: str) -> None:
    frame = units({"a": "1"}).drop(drop or [])
    with pytest.raises(FrameError) as caught:
        feerules.price_estate(frame, BOOK, MONTH, pools=pools)
    assert str(caught.value) == message


def test_one_unit_alone_needs_to_be_told_its_share() -> None:
    unit = {"unit_id": "a", "area": "1", "building": "A"}
    assert feerules.price(unit, BOOK, MONTH, shares={"power": "0.34"}).total == Decimal("0.34")
    with pytest.raises(feerules.UnitErrors) as caught:
        feerules.price(unit, BOOK, MONTH)
    assert [(each.fact, each.code) for each in caught.value.problems] == [(SHARE, "missing")]
