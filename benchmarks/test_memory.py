"""From Parquet to Parquet in a process of its own: how much memory it takes, and whether time grows as the estate.

FEERULES_LARGE sets the number of homes (default 2,000,000; the budget speaks of 100,000,000, which need 3 GB of
disk). Keys fall from row to row, which is the dearest order to look for repeated ones in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import test_estate

LARGE = int(os.environ.get("FEERULES_LARGE", "2000000"))
CHILD = """
import resource, sys, time
import feerules
book = feerules.load_files({"estate.yaml": sys.argv[1]})
begun = time.process_time()
feerules.price_estate(sys.argv[2], book, sys.argv[3], form=sys.argv[5]).sink(sys.argv[4], progress=False)
print(time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def estate_of(homes: Path, count: int, path: Path) -> Path:
    """Copies of a million homes under keys of their own, written in bounded memory."""
    many = pl.scan_parquet(homes)
    each = many.select(pl.len()).collect().item()
    copies = [many.with_columns(count - (pl.col("unit_id") + at)) for at in range(0, count, each)]
    pl.concat(copies).head(count).sink_parquet(path)
    return path


def priced(units: Path, form: str) -> tuple[float, float]:
    """Seconds of processor time, and gigabytes at the highest."""
    given = [test_estate.BOOK, str(units), test_estate.PERIOD, str(units.with_suffix(".bills")), form]
    child = subprocess.run([sys.executable, "-c", CHILD, *given], check=True, capture_output=True, text=True)
    seconds, kilobytes = map(float, child.stdout.split())
    return seconds, kilobytes / 1e6


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("homes") / "homes.parquet"
    test_estate.homes(1_000_000).write_parquet(path)
    return path


@pytest.mark.parametrize("form", ["wide", "long"])
def test_memory_is_bounded_and_time_linear(
    benchmark: Any, homes: Path, tmp_path: Path, form: str, tell: Any
) -> None:
    small = estate_of(homes, LARGE // 10, tmp_path / "small.parquet")
    large = estate_of(homes, LARGE, tmp_path / "large.parquet")
    less, _ = priced(small, form)
    more, peak = benchmark.pedantic(priced, args=[large, form], rounds=1)
    tell(f"{LARGE:,} homes, {form}", f"{peak:.2f} GB at the highest", "2 GB")
    tell(f"{LARGE:,} homes, {form}", f"{more / less:.1f} × the time of a tenth", "10 ×, linear")
