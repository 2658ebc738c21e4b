"""Estates on Spark beside the same on one machine, in one run: every answer the same, and what each takes.

FEERULES_SPARK_UNITS (default 1,000,000) and FEERULES_SPARK_ACCOUNTS (default 20,000) set the sizes; each account has 78
entries. Spark runs in the same process tree: its processor time is that of Java and of its Python workers together.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from test_dunning import AS_OF, RULES, write_ledger
from test_estate import BOOK, PERIOD, homes
from turns import of_children

import feerules

pytest.importorskip("pyspark")
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

UNITS = int(os.environ.get("FEERULES_SPARK_UNITS", "1000000"))
MILLION = 1_000_000
ACCOUNTS = int(os.environ.get("FEERULES_SPARK_ACCOUNTS", "20000"))


def measured(work: Any) -> tuple[float, float]:
    """Seconds on the clock and of the processors, of Spark."""
    began, worked = perf_counter(), of_children()
    work()
    return perf_counter() - began, of_children() - worked


def written(path: Path, key: str) -> pl.DataFrame:
    return pl.read_parquet(path / "*.parquet").sort(key, nulls_last=True)


def in_files(count: int, folder: Path) -> Path:
    """So many homes, a million in each file."""
    folder.mkdir()
    for first in range(0, count, MILLION):
        some = homes(min(count - first, MILLION)).with_columns(pl.col("unit_id") + first)
        some.write_parquet(folder / f"{first:09}.parquet", row_group_size=100_000)
    return folder


def sums_by_thousand(bills: str) -> pl.DataFrame:
    """What every thousand homes owe, fee by fee: a hundred million bills are too many to lay side by side."""
    rows = pl.scan_parquet(bills)
    fees = pl.exclude("unit_id")
    told = rows.group_by(pl.col("unit_id") // 1000).agg(pl.len().alias("homes"), fees.sum(), fees.count().name.suffix(" charged"))  # fmt: skip
    return told.sort("unit_id").collect(engine="streaming")


def test_homes_are_priced_alike(spark: Any, tmp_path: Path, tell: Any) -> None:
    units, alone = in_files(UNITS, tmp_path / "units"), tmp_path / "alone.parquet"
    book = feerules.load_files({"estate.yaml": BOOK})
    result = feerules.price_estate(spark.read.parquet(str(units)), book, PERIOD)
    clock, worked = measured(lambda: result.sink(tmp_path / "bills"))
    began = process_time()
    feerules.price_estate(units, book, PERIOD).sink(alone, progress=False)
    seconds = process_time() - began
    theirs = sums_by_thousand(f"{tmp_path}/bills/*.parquet")
    assert theirs["homes"].sum() == UNITS
    assert_frame_equal(theirs, sums_by_thousand(str(alone)))
    work = f"{UNITS:,} homes, five fees, Parquet to Parquet on Spark with two cores"
    tell(
        work,
        f"{worked:.1f} s of processor time, {clock:.1f} s on the clock",
        f"{seconds:.1f} s on one machine",
    )


def test_accounts_are_decided_alike(spark: Any, tmp_path: Path, tell: Any) -> None:
    ledger = write_ledger(tmp_path / "ledger", ACCOUNTS)
    book = feerules.load(RULES).only("standard-cn")
    frames = {name: spark.read.parquet(str(path)) for name, path in ledger.items()}
    result = feerules.next_actions(None, book, AS_OF, **frames)
    clock, worked = measured(lambda: result.sink(tmp_path / "actions"))
    began = process_time()
    alone = feerules.next_actions(None, book, AS_OF, **ledger).collect()
    seconds = process_time() - began
    assert_frame_equal(
        written(tmp_path / "actions", "account_id"), alone.rows.with_columns(pl.col(pl.Enum).cast(pl.String))
    )
    assert pl.read_parquet(tmp_path / "actions.problems/*.parquet").height == alone.problems.height == 0
    work = f"{ACCOUNTS:,} accounts of 78 entries, positions and next actions on Spark with two cores"
    tell(
        work,
        f"{worked:.1f} s of processor time, {clock:.1f} s on the clock",
        f"{seconds:.1f} s on one machine",
    )
