"""Shared costs inside a database: the shares and the problems of frames, to the fen."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feerules
from databases import Database
from how_often import often

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
TEXTS = ("pool_id", "fee", "period_start", "amount", "building")


def pool(**more: str | None) -> dict[str, str | None]:
    told: dict[str, str | None] = {
        "pool_id": "P",
        "fee": "power",
        "period_start": "2026-10-01",
        "amount": "1.00",
        "building": "A",
    }
    return {**told, **more}


GUARD = pool(pool_id="G", fee="guard", amount="0.03", building=None)


def assert_same(
    database: Database, units: pl.DataFrame, pools: list[dict[str, str | None]], form: Any
) -> None:
    totals = pl.DataFrame(pools, schema=dict.fromkeys(TEXTS, pl.String))
    result = feerules.price_estate(units, BOOK, "2026-10", form=form, pools=totals)
    statement = feerules.to_sql(
        BOOK, "price_estate", database.dialect, "units", period="2026-10", form=form,
        columns=database.load(units, "units"), pools="pools", pool_columns=database.load(totals, "pools"),
    )  # fmt: skip
    assert Counter(database.run(statement.rows)) == Counter(result.rows.rows())
    assert Counter(database.run(statement.problems)) == Counter(result.problems.rows())


def homes(*areas: str | None, **more: Any) -> pl.DataFrame:
    ids = [f"{letter}{number}" for number, letter in enumerate("éaB楼b", 1)][: len(areas)]
    frame = pl.DataFrame({"unit_id": ids, "area": areas}, schema={"unit_id": pl.String, "area": pl.String})
    return frame.with_columns(pl.lit("A").alias("building")).with_columns(**more)


CASES: dict[str, tuple[pl.DataFrame, list[dict[str, str | None]]]] = {
    "thirds": (homes("1", "1", "1"), [pool(), GUARD]),
    "a credit": (homes("1", "1", "1"), [pool(amount="-1.00"), GUARD]),
    "two pools of one fee": (homes("2", "5"), [pool(), pool(pool_id="Q", amount="0.01"), GUARD]),
    "a pool given twice": (homes("2", "5"), [pool(), pool(), GUARD]),
    "nobody weighs": (homes("0", "0"), [pool(), GUARD]),
    "a pool for nobody": (homes("1"), [pool(), pool(pool_id="Q", building="Z"), GUARD]),
    "a unit without a pool": (homes("1", "1", building=pl.Series(["A", "B"])), [pool(), GUARD]),
    "no pool at all": (homes("1"), []),
    "a weight that is missing": (homes("1", None, "3"), [pool(), GUARD]),
    "a weight that is none": (homes("1", "a lot", building=pl.Series(["A", "B"])), [pool(), pool(building="B"), GUARD]),
    "an amount of half a fen": (homes("1"), [pool(amount="0.005"), GUARD]),
    "a day that is none": (homes("1"), [pool(period_start="2026-02-30"), GUARD]),
    "a fee that is not shared": (homes("1"), [pool(), pool(fee="rent"), GUARD]),
    "an unknown unit among those who share": (pl.concat([homes("1"), homes("1").with_columns(unit_id=pl.lit(None, pl.String))]), [pool(), GUARD]),
    "a unit given twice": (pl.concat([homes("1", "2"), homes("1")]), [pool(), GUARD]),
    "dated facts": (homes("1", "2", "3").with_columns(unit_id=pl.Series(["a", "a", "b"]), valid_from=pl.Series([None, "2026-10-11", None])), [pool(), GUARD]),
    "dated facts that overlap": (homes("1", "2", "3").with_columns(unit_id=pl.Series(["a", "a", "b"]), valid_from=pl.Series(["2026-10-11", "2026-10-11", None])), [pool(), GUARD]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_pools_are_shared_in_a_database_as_in_frames(database: Database, name: str) -> None:
    assert_same(database, *CASES[name], "wide")


def test_bill_lines_tell_the_shares_too(database: Database) -> None:
    assert_same(database, *CASES["thirds"], "long")


def test_any_total_is_divided_as_in_frames(database: Database) -> None:
    @settings(max_examples=often(20, database.cost), suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from("AB")), min_size=1, max_size=5),
        st.lists(st.tuples(st.integers(-(10**15), 10**15), st.sampled_from("AB")), min_size=1, max_size=3),
    )
    def law(units: Any, totals: Any) -> None:
        buildings = pl.Series([building for _, building in units])
        frame = homes(*(f"{area / 100:.2f}" for area, _ in units), building=buildings)
        pools = [pool(pool_id=f"P{n}", amount=f"{fen // 100}.{fen % 100:02}" if fen >= 0 else f"-{-fen // 100}.{-fen % 100:02}", building=building) for n, (fen, building) in enumerate(totals)]  # fmt: skip
        assert_same(database, frame, [*pools, GUARD], "wide")

    law()


def test_pools_of_which_nothing_is_told_stand_under_their_own_names(database: Database) -> None:
    units, pools = homes("2.00", "5.00"), [pool(), GUARD]
    totals = pl.DataFrame(pools, schema=dict.fromkeys(TEXTS, pl.String)).with_columns(
        pl.col("period_start").str.to_date(), pl.col("amount").cast(pl.Decimal(18, 2))
    )
    database.load(totals, "pools")
    statement = feerules.to_sql(
        BOOK, "price_estate", database.dialect, "units", period="2026-10",
        columns=database.load(units, "units"), pools="pools",
    )  # fmt: skip
    expected = feerules.price_estate(units, BOOK, "2026-10", pools=totals).rows
    assert sorted(database.run(statement.rows)) == sorted(expected.rows())
    assert expected.height == 2


def test_a_fee_that_is_shared_needs_its_totals(database: Database) -> None:
    columns = database.load(homes("1"), "units")
    with pytest.raises(feerules.FeeRulesError) as refused:
        feerules.to_sql(BOOK, "price_estate", database.dialect, "units", period="2026-10", columns=columns)
    assert str(refused.value) == (
        "the fee guard, power shares costs among units: give the table of their totals with pools="
    )


def test_pools_that_lack_a_column_are_refused(database: Database) -> None:
    columns = database.load(homes("1"), "units")
    with pytest.raises(feerules.FeeRulesError) as refused:
        feerules.to_sql(
            BOOK, "price_estate", database.dialect, "units", period="2026-10", columns=columns,
            pools="pools", pool_columns={"pool_id": "TEXT", "fee": "TEXT"},
        )  # fmt: skip
    assert str(refused.value) == "pools without the column period_start, amount: found pool_id, fee"


@pytest.mark.parametrize(
    "more", [{"pools": "pools"}, {"columns": {"unit_id": "string", "valid_from": "date"}}]
)
def test_spark_is_not_asked_for_what_it_would_plan_for_minutes(more: Any) -> None:
    with pytest.raises(feerules.FeeRulesError) as refused:
        feerules.to_sql(BOOK, "price_estate", "spark", "units", period="2026-10", **more)
    assert str(refused.value) == (
        "found pools= or dated facts (valid_from, valid_to), which are not worked out on Spark: one machine "
        "prices them in bounded memory from Parquet files, and so do duckdb and postgres"
    )
