"""Relations of DuckDB in, relations out: the answers of frames, worked out by DuckDB in the memory that it is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import feerules

SCHEDULE = """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  building: {text: true}
fees:
  management: {per: area, rate: 2.80, every: month}
"""
BOOK = feerules.load_files({"garden.yaml": SCHEDULE})
SHARED = feerules.load_files(
    {"garden.yaml": SCHEDULE + "  power: {every: month, share: {by: area, among: [building]}}\n"}
)
UNITS = pl.DataFrame(
    {"unit_id": ["A-501", "A-502", "S-1", "S-1"], "area": ["89.50", None, "45.20", "1"], "building": ["A", "B", "C", "C"]}
)  # fmt: skip
POOLS = [
    {
        "pool_id": f"P-{each}",
        "fee": "power",
        "period_start": "2026-11-01",
        "amount": "100.00",
        "building": each,
    }
    for each in "ABC"
]
MONTH = "2026-11"


def relation_of(frame: pl.DataFrame) -> Any:
    return duckdb.connect().from_arrow(frame.to_arrow())


def rows_of(relation: Any) -> list[Any]:
    return sorted(relation.fetchall(), key=repr)


def assert_same(ours: Any, theirs: Any) -> None:
    for name in ("rows", "problems"):
        found, expected = getattr(ours, name), getattr(theirs, name)
        assert type(found).__name__ == "DuckDBPyRelation"
        assert found.columns == expected.columns
        assert rows_of(found) == sorted(expected.rows(), key=repr)


@pytest.mark.parametrize("form", ["wide", "long"])
def test_a_relation_is_priced_as_a_frame_is(form: Any) -> None:
    ours, theirs = (
        feerules.price_estate(each, BOOK, MONTH, form=form) for each in (relation_of(UNITS), UNITS)
    )
    assert_same(ours, theirs)
    assert_same(ours.collect(), theirs)
    assert ours.digest == BOOK.digest


def test_pools_and_corrections_come_back_as_relations_too() -> None:
    assert_same(
        feerules.price_estate(relation_of(UNITS), SHARED, MONTH, pools=POOLS),
        feerules.price_estate(UNITS, SHARED, MONTH, pools=POOLS),
    )
    billed = feerules.price_estate(UNITS[:1], BOOK, MONTH, form="long").rows
    larger = UNITS[:1].with_columns(area=pl.lit("90.00"))
    ours, theirs = (
        feerules.price_estate(each, BOOK, MONTH, billed=billed) for each in (relation_of(larger), larger)
    )
    assert theirs.rows.height > 0
    assert_same(ours, theirs)


def test_two_relations_of_one_connection_each_answer_for_their_own_units() -> None:
    database = duckdb.connect()
    told = [
        feerules.price_estate(
            database.sql(f"SELECT '{unit}' AS unit_id, 'A' AS building, {area} AS area"), BOOK, MONTH
        )
        for unit, area in (("A", "10.00"), ("B", "20.00"))
    ]
    assert [[row[0] for row in each.rows.fetchall()] for each in told] == [["A"], ["B"]]


def test_both_are_written_beside_each_other(tmp_path: Path) -> None:
    result = feerules.price_estate(relation_of(UNITS), BOOK, MONTH)
    result.sink(tmp_path / "bills.parquet")
    assert pl.read_parquet(tmp_path / "bills.parquet").rows() == result.rows.fetchall()
    assert pl.read_parquet(tmp_path / "bills.problems.parquet").height == 3
    with pytest.raises(ValueError, match="for the rows and for the problems, expected two files"):
        result.sink(tmp_path / "a.parquet", tmp_path / "a.parquet")


def test_strict_tells_every_problem() -> None:
    with pytest.raises(feerules.UnitErrors) as raised:
        feerules.price_estate(relation_of(UNITS), BOOK, MONTH, strict=True)
    assert sorted((each.unit_id, each.code) for each in raised.value.problems) == [
        ("A-502", "missing"),
        ("S-1", "duplicate_key"),
        ("S-1", "duplicate_key"),
    ]


@pytest.mark.long
def test_an_estate_that_does_not_fit_into_memory_is_priced_all_the_same(tmp_path: Path) -> None:
    # The keys alone, 64 letters each, take more than what DuckDB may keep.
    many = 1_000_000
    database = duckdb.connect(config={"memory_limit": "100MB", "threads": 2, "temp_directory": str(tmp_path / "spill"), "preserve_insertion_order": False})  # fmt: skip
    units = database.sql(
        f"SELECT sha256(CAST(i AS VARCHAR)) AS unit_id, 'A' AS building, CAST(50.00 + i % 100 AS DECIMAL(7, 2)) AS area FROM range({many}) AS t(i)"
    )
    result = feerules.price_estate(units, BOOK, MONTH)
    result.sink(tmp_path / "bills.parquet")
    owed = (
        pl.scan_parquet(tmp_path / "bills.parquet").select(pl.len(), pl.col("total").sum()).collect().row(0)
    )
    assert owed[0] == many
    assert str(owed[1]) == "278600000.00"  # a mean of 99.50 m² at 2.80


def test_a_ledger_of_relations_is_answered_by_relations() -> None:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE charges AS SELECT * FROM (VALUES ('A', '1', 'fee', DATE '2026-01-31', 5.00), "
        "('B', '2', 'fee', DATE '2026-01-31', -1)) AS t(account_id, charge_id, fee, due_on, amount)"
    )
    book = feerules.load_files(
        {
            "call.yaml": """
kind: dunning-policy
id: call
effective: {from: 2020-01-01}
ladder: {steps: [{id: call, when: {days_overdue: ">= 1"}, gap: 3 days, channels: [phone]}]}
"""
        }
    )
    charges = connection.table("charges")
    positions = feerules.positions(None, book, "2026-03-02", charges=charges)
    frames = feerules.positions(None, book, "2026-03-02", charges=charges.pl())
    assert (
        positions.rows.project("account_id, overdue").fetchall()
        == frames.rows.select("account_id", "overdue").rows()
    )
    assert [row[2:] for row in positions.problems.fetchall()] == [row[2:] for row in frames.problems.rows()]
    for verb in (feerules.classify_estate, feerules.next_actions):
        at_once = verb(None, book, "2026-03-02", charges=charges)
        assert (
            at_once.rows.project("account_id").fetchall()
            == verb(positions.rows, book, "2026-03-02").rows.project("account_id").fetchall()
        )


def test_one_period_is_asked_of_a_relation() -> None:
    connection = duckdb.connect()
    book = feerules.load_files(
        {"f.yaml": "kind: fee-schedule\nid: f\neffective: {from: 2026-01-01}\nfees: {lift: {rate: 5}}\n"}
    )
    with pytest.raises(TypeError, match=r"found period=\['2026-11'\], expected one such as \"2026-11\""):
        feerules.price_estate(connection.sql("SELECT 'A' AS unit_id"), book, ["2026-11"])  # type: ignore[arg-type]
