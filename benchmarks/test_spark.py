"""Estates on Spark beside the same on one machine, in one run: every answer the same, and what each takes.

FEERULES_SPARK_UNITS (default 1,000,000) and FEERULES_SPARK_ACCOUNTS (default 20,000) set the sizes; each account has 78
entries. Spark runs in the same process tree: its processor time is that of Java and of its Python workers together.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from test_dunning import AS_OF, RULES, write_ledger
from test_estate import BOOK, PERIOD, homes

import feerules

pytest.importorskip("pyspark")
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

UNITS = int(os.environ.get("FEERULES_SPARK_UNITS", "1000000"))
ACCOUNTS = int(os.environ.get("FEERULES_SPARK_ACCOUNTS", "20000"))
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    settings = {
        "spark.master": "local[2]", "spark.driver.memory": "2g", "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": "8",
        # Java leaves methods of more than 8,000 bytes to its interpreter, and a statement of prices is one.
        "spark.driver.extraJavaOptions": "-XX:-DontCompileHugeMethods",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYSPARK_PYTHON", sys.executable)
        patched.setenv("POLARS_MAX_THREADS", "1")
        session = SparkSession.builder.config(map=settings).getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()


def processor_time() -> float:
    """Seconds of all processes that this one has started."""
    children: dict[int, list[tuple[int, float]]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        children.setdefault(int(told[1]), []).append((int(folder.name), sum(map(int, told[11:15])) / TICKS))
    waiting, seconds = [os.getpid()], 0.0
    while waiting:
        for child, took in children.get(waiting.pop(), []):
            waiting.append(child)
            seconds += took
    return seconds


def measured(work: Any) -> tuple[float, float]:
    """Seconds on the clock and of the processors, of Spark."""
    began, worked = perf_counter(), processor_time()
    work()
    return perf_counter() - began, processor_time() - worked


def written(path: Path, key: str) -> pl.DataFrame:
    return pl.read_parquet(path / "*.parquet").sort(key, nulls_last=True)


def test_a_million_homes_are_priced_alike(spark: Any, tmp_path: Path, tell: Any) -> None:
    homes(UNITS).write_parquet(tmp_path / "units.parquet", row_group_size=100_000)
    book = feerules.load_files({"estate.yaml": BOOK})
    result = feerules.price_estate(spark.read.parquet(str(tmp_path / "units.parquet")), book, PERIOD)
    clock, worked = measured(lambda: result.sink(tmp_path / "bills"))
    began = process_time()
    alone = feerules.price_estate(tmp_path / "units.parquet", book, PERIOD).collect()
    seconds = process_time() - began
    assert_frame_equal(written(tmp_path / "bills", "unit_id"), alone.rows.sort("unit_id"))
    assert pl.read_parquet(tmp_path / "bills.problems/*.parquet").height == alone.problems.height
    work = f"{UNITS:,} homes, five fees, on Spark with two cores"
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
