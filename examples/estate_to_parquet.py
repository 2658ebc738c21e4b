"""Parquet to Parquet, in bounded memory: a row of fees for each unit, and a row for each bill line.

python examples/estate_to_parquet.py [--units 100000] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl
from sample_estate import write

import feerules

RULES = Path(__file__).parents[1] / "rules" / "sample-estate"
MONTH = "2026-11"


def main() -> None:
    parser = argparse.ArgumentParser(description="Prices a made-up estate from Parquet to Parquet.")
    parser.add_argument("--units", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with TemporaryDirectory() as elsewhere:
        run(given.folder or Path(elsewhere), given.units)


def run(folder: Path, units: int) -> None:
    write(folder, units, month=MONTH)
    book = feerules.load(RULES)
    pools = pl.scan_parquet(folder / "pools")
    for form in ("wide", "long"):
        # A path comes in lazily; nothing is read before the answers are written.
        result = feerules.price_estate(folder / "units", book, MONTH, form=form, pools=pools)
        started = perf_counter()
        result.sink(folder / f"{form}.parquet", progress=True)
        took = perf_counter() - started
        rows = pl.scan_parquet(folder / f"{form}.parquet")
        total = rows.select(pl.col("total" if form == "wide" else "amount").sum(), pl.len()).collect()
        problems = pl.scan_parquet(folder / f"{form}.problems.parquet").select(pl.len()).collect().item()
        print(
            f"{form}: {total['len'].item():,} rows, {total.to_series(0).item():,} yuan, {problems} problems, {took:.1f} s"
        )


if __name__ == "__main__":
    main()
