"""What bounded memory asks for gives the same: lines by batches of units, repeated keys by parts of their hashes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import feerules
from feerules.keys import bad_keys

BOOK = """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  type: {choice: [residential, shop]}
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  handover: {date: true}
defaults: {every: month}
fees:
  management:
    title: {zh: 物业费, en: Management fee}
    per: area
    starts: {fact: handover, before: developer}
    prorate: calendar_days
    tax: 6%
    rate: |
      | type        | rate |
      |-------------|------|
      | residential | 2.80 |
      | shop        | 6.50 |
  rubbish: {applies: {type: residential}, rate: 10}
"""


@pytest.fixture(scope="module")
def book() -> feerules.Book:
    return feerules.load_files({"garden.yaml": BOOK})


def homes(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "unit_id": range(count),
            "type": [("residential", "shop", "barn")[number % 3] for number in range(count)],
            "area": [f"{20 + number % 90}.50" for number in range(count)],
            "handover": [
                ("2020-03-01", "2026-11-16", "2027-01-01")[number % 7 % 3] for number in range(count)
            ],
        }
    )


PARTIES = {"account_id": pl.lit("A"), "owner_id": pl.col("unit_id") * 2, "developer_id": pl.lit("D")}


@pytest.mark.parametrize(
    "parties", [{}, {"owner_id": PARTIES["owner_id"]}, PARTIES], ids=["no", "one", "all"]
)
def test_a_file_holds_the_lines_that_the_rows_are(
    book: feerules.Book, parties: dict[str, pl.Expr], tmp_path: Path
) -> None:
    units = homes(5_000).with_columns(**parties).lazy()
    result = feerules.price_estate(units, book, "2026-11", form="long")
    result.sink(tmp_path / "lines.parquet", progress=False)
    rows = result.rows.collect()
    written = pl.read_parquet(tmp_path / "lines.parquet")
    assert rows.height > 5_000
    assert rows["payer"].unique().sort().to_list() == ["developer", "owner"]
    words = written.with_columns(pl.col(pl.Enum).cast(pl.String))
    assert_frame_equal(words.sort("charge_id"), rows.sort("charge_id"))
    problems = pl.read_parquet(tmp_path / "lines.problems.parquet")
    assert_frame_equal(problems, result.problems.collect())


def test_lines_are_written_in_the_order_of_the_units_however_they_come_in_batches(
    book: feerules.Book, tmp_path: Path
) -> None:
    units = homes(300).lazy()
    feerules.price_estate(units, book, "2026-11", form="long").sink(
        tmp_path / "lines.parquet", progress=False
    )
    written = pl.read_parquet(tmp_path / "lines.parquet").filter(pl.col("fee").cast(pl.String) == "rubbish")
    assert written["unit_id"].to_list() == [number for number in range(300) if number % 3 == 0]


@pytest.mark.parametrize("at_once", [20_000_000, 3])
@pytest.mark.parametrize(
    ("keys", "bad"),
    [
        ([1, 2, 3], []),
        ([3, 1, 2], []),
        ([3, 1, 2, 1, 3, 3], [1, 3]),
        ([1, None, 2], [None]),
        ([1, None, 1], [1, None]),
        (["b", "a", "b", "c"], ["b"]),
        (["1", "10", "2"], []),
        ([2.5, 1.5, 2.5, 0.5], [2.5]),
    ],
)
def test_repeated_keys_are_found_whatever_their_order_and_in_how_many_scans(
    keys: list[object], bad: list[object], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feerules.keys.HASHED_AT_ONCE", at_once)
    found = bad_keys(pl.LazyFrame({"unit_id": keys}), "unit_id")
    assert sorted(found.to_list(), key=str) == sorted(bad, key=str)
