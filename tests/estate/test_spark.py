"""Estates on Spark are answered as on one machine, row for row and problem for problem."""

from __future__ import annotations

import pickle
import runpy
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from debtors import AS_OF, debtors, frames_of
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import feerules
import pages
from databases import SPARK_SETTINGS
from feerules.errors import FeeRulesError
from feerules.frame_kinds import is_spark
from feerules.frames import FrameError
from feerules.spark.packing import KEY
from feerules.spark.workers import gathered

# What PySpark 4.3 says of a pandas that is newer than it.
pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.long,
]

ROOT = Path(__file__).parents[2]
BOOK = feerules.load(ROOT / "rules" / "dunning").only("standard-cn")


@pytest.fixture
def on_spark(spark: Any, tmp_path: Path) -> Any:
    """Gives a frame of Polars to Spark, in files of some rows each."""
    return lambda frame: given_to(spark, frame, tmp_path / f"{len([*tmp_path.iterdir()])}")


def given_to(spark: Any, frame: pl.DataFrame, folder: Path) -> Any:
    folder.mkdir()
    for number in range(3):
        frame[number::3].write_parquet(folder / f"{number}.parquet")
    return spark.read.parquet(str(folder))


def polars_of(frame: Any) -> pl.DataFrame:
    found = pl.DataFrame(frame.toArrow())
    return found.sort(found.columns[: 7 if "code" in found.columns else 1], nulls_last=True)


def assert_same(ours: Any, theirs: Any) -> None:
    """That answers on Spark are those of Polars; words are texts on Spark."""
    kept = ours.rows.storageLevel.useMemory or getattr(ours, "answers", ours.rows).storageLevel.useMemory
    ours.persist()
    for name in ("rows", "problems"):
        expected = getattr(theirs, name).with_columns(pl.col(pl.Enum).cast(pl.String))
        found = polars_of(getattr(ours, name))
        order = expected.columns[: 7 if name == "problems" else 1]
        assert_frame_equal(found, expected.sort(order, nulls_last=True))
    if not kept:
        ours.unpersist()


# An estate with all that can be wrong with it


def estate() -> dict[str, pl.DataFrame]:
    """Debtors of every story, two to a party, of each sort some rows that cannot be read or name nobody."""
    told = frames_of(debtors(240))
    ids = told["charges"]["account_id"].unique().sort()
    number = pl.col("account_id").cast(pl.Int64)
    day, money = pl.col("effective_on").str.to_date(), pl.col("amount").cast(pl.Decimal(12, 2))
    charges = told["charges"].with_columns(
        money, due_on=pl.col("due_on").str.to_date(), recorded_at=pl.col("recorded_at").str.to_date().cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        tags=pl.when(number % 9 == 0).then(pl.lit(["late_fee"])),
    )  # fmt: skip
    events = told["events"].with_columns(day, party_id=pl.format("P-{}", number // 2))
    wrong = {
        "charges": charges[:4].with_columns(account_id=pl.Series([None, "", "000007", "nobody"]), due_on=pl.lit(None, pl.Date), issued_on=pl.lit(None, pl.String)),
        "payments": told["payments"][:2].with_columns(account_id=pl.Series(["000011", None]), amount=pl.Series(["many", "1"])),
        "events": events[:2].with_columns(account_id=pl.Series(["000013", None]), type=pl.lit("dance")),
    }  # fmt: skip
    accounts = pl.DataFrame({
        "account_id": [*ids[:-20], "000003", "000003", None, "silent"],
        "policy": [None] * (len(ids) - 16 - 10) + ["standard-cn"] * 9 + ["gone"],
        "away": [None] * (len(ids) - 17) + [True],
        "remark": "not asked for",
    })  # fmt: skip
    return {
        "accounts": accounts,
        "charges": pl.concat([charges, wrong["charges"]]),
        "payments": pl.concat([told["payments"], wrong["payments"]]),
        "events": pl.concat([events, wrong["events"]]),
        "parties": pl.DataFrame({"account_id": ids, "party_id": [f"P-{int(each) // 2}" for each in ids]}),
    }


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return estate()


@pytest.fixture(scope="module")
def ledger(
    spark: Any, frames: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("ledger")
    return {name: given_to(spark, frame, folder / name) for name, frame in frames.items()}


@pytest.fixture(scope="module")
def standing(ledger: dict[str, Any]) -> Iterator[Any]:
    """The positions of the estate, kept by Spark."""
    found = feerules.positions(book=BOOK, as_of=AS_OF, **ledger).persist()
    yield found
    found.unpersist()


@pytest.fixture(scope="module")
def theirs(frames: dict[str, pl.DataFrame]) -> Any:
    """The same on one machine."""
    return feerules.positions(book=BOOK, as_of=AS_OF, **frames)


def test_every_account_stands_as_on_one_machine(standing: Any, theirs: Any) -> None:
    assert theirs.rows.height > 200
    assert theirs.problems["code"].n_unique() > 5
    assert_same(standing, theirs)


@pytest.mark.parametrize("verb", [feerules.classify_estate, feerules.next_actions])
def test_positions_that_spark_keeps_serve_every_question(verb: Any, standing: Any, theirs: Any) -> None:
    assert_same(verb(standing, BOOK, AS_OF), verb(theirs, BOOK, AS_OF))


@pytest.mark.parametrize("verb", [feerules.classify_estate, feerules.next_actions])
def test_positions_of_a_table_are_answered_by_sql_alone(verb: Any, on_spark: Any) -> None:
    book = feerules.load_files({"call.yaml": CALL})
    found = feerules.positions(None, book, "2026-03-02", charges=PLAIN)
    table = pl.concat([found.rows, found.rows[:1].with_columns(as_of=date(2026, 3, 1))])
    ours, theirs = verb(on_spark(table), book, "2026-03-02"), verb(found, book, "2026-03-02")
    assert "Python" not in ours.rows._jdf.queryExecution().toString()
    assert_frame_equal(polars_of(ours.rows), theirs.rows.with_columns(pl.col(pl.Enum).cast(pl.String)))
    assert [(row["account_id"], row["fact"], row["value"]) for row in ours.problems.collect()] == [
        ("A", "as_of", "2026-03-01")
    ]


def test_a_frame_that_is_none_of_positions_is_refused(on_spark: Any) -> None:
    with pytest.raises(
        FeeRulesError, match=r"^positions without the column .*: found account_id; keep every"
    ):
        feerules.next_actions(on_spark(PLAIN.select("account_id")), BOOK, AS_OF)


def test_what_was_written_is_what_is_read_from_then_on(standing: Any, theirs: Any, tmp_path: Path) -> None:
    written = standing.sink(tmp_path / "positions.parquet")
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "positions.parquet",
        "positions.problems.parquet",
    ]
    assert standing.answers.storageLevel.useMemory  # what a user keeps stays kept
    assert "positions.parquet" in written.rows.inputFiles()[0]
    assert_same(feerules.classify_estate(written, BOOK, AS_OF), feerules.classify_estate(theirs, BOOK, AS_OF))


def test_accounts_need_no_frame_of_their_own(frames: Any, ledger: Any) -> None:
    ours, theirs = (
        feerules.next_actions(
            None, BOOK, AS_OF, **{name: given_[name] for name in given_ if name != "accounts"}
        )
        for given_ in (ledger, frames)
    )
    assert_same(ours, theirs)


def test_nothing_is_computed_before_it_is_asked_for(spark: Any, ledger: Any) -> None:
    spark.sparkContext.setJobGroup("asking", "")
    found = feerules.positions(book=BOOK, as_of=AS_OF, **ledger)
    feerules.next_actions(found, BOOK, AS_OF)
    assert list(spark.sparkContext.statusTracker().getJobIdsForGroup("asking")) == []
    assert len(found.rows.columns) > 100


# Keys, names, types


BARE = feerules.load_files({"f.yaml": "kind: book\nid: plain\n"})
PLAIN = pl.DataFrame({"account_id": ["A", "B"], "charge_id": ["1", "2"], "fee": "f", "due_on": "2026-01-31", "amount": ["5", "6"]})  # fmt: skip


CALL = """
kind: dunning-policy
id: call
effective: {from: 2020-01-01}
ladder: {steps: [{id: call, when: {days_overdue: ">= 1"}, gap: 3 days, channels: [phone]}]}
"""


def test_an_allocation_goes_with_its_payment_or_its_charge(on_spark: Any) -> None:
    charges = pl.DataFrame({
        "account_id": ["A", "A", "B", "C", None], "charge_id": ["1", "2", "3", "4", "5"], "fee": "f",
        "due_on": ["2026-01-31", "2026-02-28", "2026-01-31", "2026-01-31", "2026-01-31"], "amount": ["5", "5", "6", "7", "8"],
    })  # fmt: skip
    payments = pl.DataFrame(
        {
            "account_id": ["A", "B", None],
            "payment_id": ["P", "Q", "R"],
            "effective_on": "2026-02-01",
            "amount": "5",
        }
    )
    allocations = pl.DataFrame({
        "payment_id": ["P", "Q", "gone", "gone", "R"], "charge_id": ["2", "3", "4", "nowhere", "1"], "amount": ["5", "1.005", "1", "1", "1"],
    })  # fmt: skip
    entries = {"charges": charges, "payments": payments, "allocations": allocations}
    theirs = feerules.positions(None, BARE, "2026-03-10", **entries)
    ours = feerules.positions(
        None, BARE, "2026-03-10", **{name: on_spark(each) for name, each in entries.items()}
    )
    assert ("gone/nowhere", "no_account") in theirs.problems.select("row_id", "code").rows()
    assert_same(ours, theirs)


def test_ids_are_whole_numbers_and_columns_go_by_the_names_of_the_book(on_spark: Any) -> None:
    book = feerules.load_files(
        {
            "names.yaml": "kind: book\nid: x\nmapping: {amount: '金额 (`元`)', due_on: 应缴.日, account_id: 客户号}\n"
        }
    )
    charges = pl.DataFrame({"客户号": [7, 8, None], "charge_id": [1, 2, 3], "fee": "f", "应缴.日": date(2026, 1, 31), "金额 (`元`)": [8.8, 0.1 + 0.2, 1.0]})  # fmt: skip
    ours, theirs = (
        feerules.positions(None, book, "2026-03-01", charges=each) for each in (on_spark(charges), charges)
    )
    assert theirs.rows["account_id"].to_list() == [7]
    assert_same(ours, theirs)


def test_a_clock_with_a_zone_is_read_on_that_of_the_session(on_spark: Any) -> None:
    at = datetime(2026, 2, 1, 16, 30, tzinfo=UTC)  # already 2 February in Shanghai
    charges = PLAIN.with_columns(recorded_at=pl.lit(at).dt.convert_time_zone("Asia/Shanghai"))
    for known_at in (date(2026, 2, 1), date(2026, 2, 2)):
        ours, theirs = (
            feerules.positions(None, BARE, "2026-03-01", charges=each, known_at=known_at)
            for each in (on_spark(charges), charges)
        )
        assert_same(ours, theirs)


def test_an_estate_without_a_row_has_no_answer(on_spark: Any) -> None:
    found = feerules.next_actions(None, BOOK, AS_OF, charges=on_spark(PLAIN.clear()))
    assert found.rows.count() == 0
    assert found.problems.count() == 0


# Prices


CITY = feerules.load_files({"city.yaml": """
kind: fee-schedule
id: city
effective: {from: 2026-01-01}
source: {document: 物价〔2026〕7号, clause: 第三条}
facts:
  type: {choice: [home, shop, bay], words: {住宅: home}}
  area: {decimal: 2, min: 0, max: 100000, unit: m²}
  floor: {integer: true, min: -5, max: 120}
  lift: {boolean: true}
  handover: {date: true, min: 2025-01-01, max: 2027-12-31}
  vacant_since: {date: true, min: 2025-01-01, max: 2027-12-31, default: 2027-12-31}
  used: {decimal: 2, min: 0, max: 99999, unit: m³, usage: true}
  used_before: {decimal: 2, min: 0, max: 999999, unit: m³, usage: true}
derived:
  vacant_months: {formula: "max(months_between(vacant_since, judged_on), 0)", unit: month}
defaults: {every: month, due: {day: 15}, starts: handover, prorate: calendar_days, tax: 6%}
fees:
  management:
    per: area
    rate: |
      | type | lift  | floor  | rate |
      |------|-------|--------|------|
      | home | true  | [1..3] | 2.00 |
      | home | true  | > 3    | 2.80 |
      | home | true  | <= 0   | 1.20 |
      | home | false | -      | 1.50 |
      | shop | -     | -      | 6.55 |
      | bay  | -     | -      | 0    |
    adjustments:
      - {when: {vacant_months: ">= 6"}, times: 0.7, title: {zh: 空置优惠, en: Vacancy reduction}}
  water:
    per: used
    at_a_change: by_days
    tiers:
      over: {year_from: 01-01, used_before: used_before}
      table: |
        | up to | rate |
        |-------|------|
        | 220   | 1.92 |
        | above | 4.30 |
  fire_safety: {per: {fees: [management]}, rate: "round(area / 10000, 4) + 0.01"}
"""})  # fmt: skip


def city() -> pl.DataFrame:
    """Homes, shops and bays, in columns of every type; some say nothing, or what cannot be."""
    random = np.random.default_rng(3)
    count = 800
    every = pl.int_range(pl.len())

    def now_and_then(number: int, wrong: object) -> pl.Expr:
        return pl.when(every % 97 == number).then(pl.lit(wrong))

    units = pl.DataFrame({
        "unit_id": [f"U-{number}" for number in range(count)],
        "account_id": [f"A-{number}" for number in random.integers(1, 500, count)],
        "type": random.choice(["home", "住宅", "shop", "bay"], count),
        "area": np.round(random.uniform(5, 300, count), 2),
        "floor": random.integers(-5, 40, count).astype(np.int16),
        "lift": random.choice(["true", "false"], count),
        "handover": pl.Series(random.integers(20_400, 20_800, count).astype(np.int32)).cast(pl.Date).cast(pl.Datetime("us")),
        "vacant_since": random.choice(["2026-01-31", "2026-11-30", ""], count),
        "used": pl.Series(random.integers(0, 90_000, count)).cast(pl.Decimal(12, 3)) / 10,
        "used_before": [str(each) for each in random.integers(0, 900, count)],
        "`odd` {name}": [[1]] * count,
    })  # fmt: skip
    return units.with_columns(
        unit_id=now_and_then(1, None).when(every % 97 == 3).then(pl.lit("U-5")).otherwise("unit_id"),
        type=now_and_then(5, "barn").otherwise("type"),
        area=now_and_then(6, None).when(every % 97 == 7).then(float("nan")).when(every % 97 == 8).then(123456.5).when(every % 97 == 9).then(0.1 + 0.2).otherwise("area"),
        vacant_since=now_and_then(10, "2026-02-30").otherwise("vacant_since"),
        used_before=now_and_then(11, "1,5").when(every % 97 == 12).then(pl.lit("9" * 40)).otherwise("used_before"),
        used=(now_and_then(13, Decimal("0.001")).otherwise("used")).cast(pl.Decimal(12, 3)),
    )  # fmt: skip


@pytest.mark.parametrize(("form", "ansi"), [("wide", "true"), ("long", "false")])
def test_a_city_is_priced_as_on_one_machine(form: Any, ansi: str, spark: Any, on_spark: Any) -> None:
    units = city()
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    ours, theirs = (
        feerules.price_estate(each, CITY, "2026-11", form=form) for each in (on_spark(units), units)
    )
    assert theirs.problems["code"].n_unique() > 6
    key = "charge_id" if form == "long" else "unit_id"
    assert_frame_equal(
        pl.DataFrame(ours.rows.toArrow()).sort(key),
        theirs.rows.with_columns(pl.col(pl.Enum).cast(pl.String)).sort(key),
    )
    assert_frame_equal(
        polars_of(ours.problems), theirs.problems.sort(theirs.problems.columns, nulls_last=True)
    )


WIDE = feerules.load_files({"wide.yaml": """
kind: fee-schedule
id: wide
effective: {from: 2026-01-01}
facts:
  a: {decimal: 6, min: -1000000000, max: 1000000000}
  b: {decimal: 6, min: 0, max: 1000000000}
fees:
  product: {rate: "round(a * b / 100000000000, 2)", title: {zh: "积 {units}", en: "a {product}; DROP VIEW '--"}}
"""})  # fmt: skip


@pytest.mark.parametrize("ansi", ["true", "false"])
def test_numbers_of_more_than_63_bits_are_exact(ansi: str, spark: Any, on_spark: Any) -> None:
    random = np.random.default_rng(11)
    wholes = [[int(each) for each in random.integers(low, 10**15, 200)] for low in (-(10**15), 0)]
    a, b = ([str(Decimal(each).scaleb(-6)) for each in [*some, 10**15, 10**15 - 1]] for some in wholes)
    units = pl.DataFrame({"unit_id": range(len(a)), "a": a, "b": b})
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    ours, theirs = (feerules.price_estate(each, WIDE, "2026-11") for each in (on_spark(units), units))
    exact = [
        (Decimal(x) * Decimal(y) / 10**11).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        for x, y in zip(a, b, strict=True)
    ]
    assert theirs.rows["product"].to_list() == exact
    assert_same(ours, theirs)


HOMES = """
kind: fee-schedule
id: homes
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop]}
  area: {decimal: 2, min: 0, max: 100000, unit: m²}
  used: {decimal: 2, min: 0, max: 99999, unit: m³, usage: true}
defaults: {at_a_change: by_days}
fees:
  management:
    per: area
    rate: |
      | type | area  | rate |
      |------|-------|------|
      | home | <= 90 | 2.80 |
      | home | > 90  | 2.95 |
      | shop | -     | 6.50 |
  water:
    per: used
    tiers: {over: month, table: "| up to | rate |\\n|---|---|\\n| 20 | 1.92 |\\n| above | 3.30 |"}
  drainage: {per: {fact: used, times: 0.9}, rate: 1.70}
"""


def homes(count: int) -> pl.DataFrame:
    random = np.random.default_rng(7)
    return pl.DataFrame({
        "unit_id": np.arange(count), "type": random.choice(["home", "shop"], count),
        "area": np.round(random.uniform(20, 200, count), 2), "used": np.round(random.uniform(0, 40, count), 2),
    })  # fmt: skip


def test_a_million_homes_are_priced_as_on_one_machine(spark: Any, tmp_path: Path) -> None:
    book = feerules.load_files({"homes.yaml": HOMES})
    units = homes(1_000_000).with_columns(
        area=pl.when(pl.col("unit_id") % 1_000 == 7).then(None).otherwise("area")
    )
    units.write_parquet(tmp_path / "units.parquet", row_group_size=100_000)
    ours = feerules.price_estate(spark.read.parquet(str(tmp_path / "units.parquet")), book, "2026-11")
    written = ours.sink(tmp_path / "bills.parquet")
    theirs = feerules.price_estate(units, book, "2026-11")
    assert theirs.problems.height == 1_000
    for name in ("rows", "problems"):
        found = pl.read_parquet(tmp_path / f"bills{'' if name == 'rows' else '.problems'}.parquet/*.parquet")
        assert_frame_equal(found.sort("unit_id"), getattr(theirs, name).sort("unit_id"))
    assert written.rows.count() == 999_000


def test_prices_are_written_beside_their_problems(on_spark: Any, tmp_path: Path) -> None:
    units = pl.DataFrame({"unit_id": [1, 2], "a": ["1000", "many"], "b": ["1000000", "1"]})
    written = feerules.price_estate(on_spark(units), WIDE, "2026-11").sink(str(tmp_path / "bills"))
    assert pl.read_parquet(tmp_path / "bills/*.parquet").rows() == [(1, Decimal("0.01"), Decimal("0.01"))]
    assert [row["code"] for row in written.problems.collect()] == ["wrong_type"]
    assert (tmp_path / "bills.problems").is_dir()


def test_what_needs_one_machine_is_refused(on_spark: Any) -> None:
    units = on_spark(pl.DataFrame({"unit_id": [1], "a": ["1"], "b": ["1"]}))
    with pytest.raises(FrameError) as caught:
        feerules.price_estate(units.selectExpr("*", "a as valid_from"), WIDE, "2026-11", pools=[])
    assert str(caught.value) == (
        "found pools=, the column valid_from, which on Spark is not worked out: give units as the path of their Parquet files, so that "
        "one machine prices them in bounded memory"
    )
    with pytest.raises(FeeRulesError, match='no column "home": found unit_id, a, b'):
        feerules.price_estate(units, WIDE, "2026-11", key="home")
    with pytest.raises(FrameError, match="strict= asks for every problem"):
        feerules.price_estate(units, WIDE, "2026-11", strict=True)


# What is refused


def test_the_kinds_of_frames_are_not_mixed(on_spark: Any) -> None:
    with pytest.raises(FrameError) as caught:
        feerules.positions(
            None, BARE, "2026-03-01", charges=on_spark(PLAIN), payments=PLAIN, events="events.parquet"
        )
    assert str(caught.value) == (
        "found payments as DataFrame of polars, events as str beside frames of PySpark, expected all of one kind: "
        "read files with spark.read, and make frames with spark.createDataFrame"
    )


def test_problems_are_not_asked_for_at_once(on_spark: Any) -> None:
    with pytest.raises(FrameError, match=r"strict= asks for every problem at once.* look at result.problems"):
        feerules.positions(None, BARE, "2026-03-01", charges=on_spark(PLAIN), strict=True)


def test_an_estate_is_not_collected(on_spark: Any) -> None:
    found = feerules.positions(None, BARE, "2026-03-01", charges=on_spark(PLAIN))
    with pytest.raises(FrameError, match=r"collect\(\) would bring a whole estate to the driver"):
        found.collect()


def test_columns_that_differ_by_capitals_are_named(spark: Any) -> None:
    units = spark.createDataFrame([("A", "1", "2")], "unit_id string, area string, AREA string")
    with pytest.raises(FrameError) as caught:
        feerules.price_estate(units, CITY, "2026-11")
    assert str(caught.value) == (
        "found more than one column area, whose capitals Spark does not tell apart: rename one"
    )


def test_a_column_that_cannot_be_is_named(on_spark: Any) -> None:
    charges = on_spark(PLAIN)
    with pytest.raises(FrameError, match='no column "account_id" in charges: found charge_id'):
        feerules.positions(None, BARE, "2026-03-01", charges=charges.drop("account_id"))
    with pytest.raises(FrameError, match="the column amount occurs more than once in charges"):
        feerules.positions(None, BARE, "2026-03-01", charges=charges.selectExpr("*", "amount as Amount"))
    with pytest.raises(FrameError, match="the column amount is of type interval day: cast it"):
        feerules.positions(
            None,
            BARE,
            "2026-03-01",
            charges=charges.drop("amount").selectExpr("*", "interval '1' day as amount"),
        )


def test_positions_answer_only_what_they_were_asked_for(on_spark: Any) -> None:
    found = feerules.positions(None, BARE, "2026-03-01", charges=on_spark(PLAIN))
    with pytest.raises(FrameError, match="as_of 2026-03-01, not 2026-03-02"):
        feerules.next_actions(found, BARE, "2026-03-02")
    with pytest.raises(FrameError, match="found positions and charges"):
        feerules.classify_estate(found, BARE, "2026-03-01", charges=on_spark(PLAIN))


def test_what_does_not_compute_on_spark_says_what_does(on_spark: Any) -> None:
    with pytest.raises(FrameError, match="found a frame of PySpark, which price_estate, positions"):
        feerules.reconcile(BARE, on_spark(PLAIN), PLAIN, "2026-03")


# Workers


def test_a_worker_without_the_library_says_what_to_install() -> None:
    from feerules.account_answers import Asked
    from feerules.spark.shipping import shipped
    from feerules.spark.workers import Task

    task = Task(
        BARE,
        Asked("positions", BARE.digest, AS_OF, None, "account_id"),
        None,
        None,
        None,
        (pl.Schema(), pl.Schema()),
    )
    from pyspark import cloudpickle

    code = "import pickle, sys; sys.modules['feerules'] = None; [*pickle.load(sys.stdin.buffer)([])]"
    child = subprocess.run(
        [sys.executable, "-c", code], input=cloudpickle.dumps(shipped(task)), capture_output=True, check=False
    )
    assert child.stderr.decode().splitlines()[-1] == (
        "ModuleNotFoundError: feerules is not installed where Spark runs Python; every worker needs the feerules of the "
        'driver: pip install "feerules[spark]" there, or ship an environment with spark.archives'
    )


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), max_size=12),
    st.integers(1, 8),
    st.integers(1, 12),
)
def test_the_rows_of_one_key_are_gathered_together(runs: list[tuple[int, int]], size: int, most: int) -> None:
    keys = sorted(key for key, times in runs for _ in range(times))
    batches = [
        pa.record_batch({KEY: pa.array([b"%d" % key for key in keys[at : at + size]], pa.binary())})
        for at in range(0, len(keys), size)
    ]
    found = [frame[KEY].to_list() for frame in gathered(batches, most, KEY)]
    assert [key for some in found for key in some] == [b"%d" % key for key in keys]
    together = [key for some in found for key in {*some}]
    assert len(together) == len({*together})


def test_a_book_that_is_a_part_of_another_is_pickled_as_that_part() -> None:
    assert repr(pickle.loads(pickle.dumps(BOOK))) == repr(BOOK) == "<Book standard-cn 2026-01-01>"


@pytest.mark.parametrize(
    "module", ["pyspark.sql.dataframe", "pyspark.sql.classic.dataframe", "pyspark.sql.connect.dataframe"]
)
def test_frames_of_every_session_are_known_without_pyspark(module: str) -> None:
    kind = type("DataFrame", (), {"__module__": module})
    assert is_spark(kind())
    assert not is_spark(pl.DataFrame())


# What readers are shown


def run(name: str, *arguments: str) -> None:
    """An example in the Spark that runs already."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(ROOT / "examples" / name), run_name="__main__")


def test_the_example_reads_and_writes_partitions(
    spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("spark_month.py", "--folder", str(tmp_path), "--accounts", "600")
    # Every third has paid, every fifth was reminded before; the entries of two accounts are no money.
    assert capsys.readouterr().out.splitlines() == [
        "act demand: 80", "act reminder: 319", "clear -: 199", "problems: 6"
    ]  # fmt: skip
    folders = [each.name for each in (tmp_path / "actions").iterdir() if each.is_dir()]
    assert sorted(folders) == ["decision=act", "decision=clear"]


@pytest.mark.usefixtures("spark")
@pytest.mark.usefixtures("has_spark")
def test_the_example_runs_unchanged_with_spark_submit(tmp_path: Path) -> None:
    import pyspark

    settings = SPARK_SETTINGS | {"spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false"}
    told = [each for name, value in settings.items() for each in ("--conf", f"{name}={value}")]
    command = [
        Path(pyspark.__file__).parent / "bin" / "spark-submit",
        *told,
        ROOT / "examples" / "spark_month.py",
    ]
    done = subprocess.run([*command, "--accounts", "60"], capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    # PySpark's own warnings come before.
    assert done.stdout.splitlines()[-4:] == [
        "act demand: 8",
        "act reminder: 31",
        "clear -: 20",
        "problems: 3",
    ]


@pytest.mark.usefixtures("spark")
def test_python_of_the_page_on_scale_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    found = pages.python_of(ROOT / "docs" / "scale.md", extras=True)
    assert found
    for block in found:
        pages.run(block, names)
        assert capsys.readouterr().out.splitlines() == pages.told(block), str(block)
