"""An estate against hand-written Polars, from the same Parquet to the same Parquet, in one run.

FEERULES_UNITS sets the number of homes (default 1,000,000; the budgets speak of 10,000,000).
Both ways write Parquet alike: zstd at its first level.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from turns import in_turn, ratio

import feerules

UNITS = int(os.environ.get("FEERULES_UNITS", "1000000"))
ROUNDS = int(os.environ.get("FEERULES_ROUNDS", "7"))
PERIOD = "2026-11"
FEES = ("management", "water", "drainage", "lift_energy", "garbage")
BOOK = """
kind: fee-schedule
id: estate
effective: {from: 2026-01-01}
facts:
  type: {choice: [residential, shop, parking]}
  area: {decimal: 2, min: 0, max: 100000, unit: m²}
  floor: {integer: true, min: -5, max: 120}
  lift: {boolean: true}
  household_size: {integer: true, min: 0, max: 50}
  water_used: {decimal: 2, min: 0, max: 99999, unit: m³, usage: true}
  water_before: {decimal: 2, min: 0, max: 999999, unit: m³, usage: true}
defaults: {every: month, at_a_change: by_days}
fees:
  management:
    per: area
    otherwise: not_charged
    rate: |
      | type        | lift  | floor  | rate |
      |-------------|-------|--------|------|
      | residential | true  | [1..3] | 2.00 |
      | residential | true  | > 3    | 2.80 |
      | residential | false | -      | 1.50 |
      | shop        | -     | -      | 6.50 |
  water:
    per: water_used
    tiers:
      over: {year_from: 01-01, used_before: water_before}
      raise_bounds: [{when: {household_size: ">= 5"}, by: 100}]
      table: |
        | up to | rate |
        |-------|------|
        | 220   | 1.92 |
        | 300   | 3.30 |
        | above | 4.30 |
  drainage: {per: {fact: water_used, times: 0.9}, rate: 1.70}
  lift_energy: {applies: {lift: true}, per: area, rate: 0.35}
  garbage: {applies: {type: residential}, rate: 6}
"""


def homes(count: int) -> pl.DataFrame:
    random = np.random.default_rng(7)
    return pl.DataFrame(
        {
            "unit_id": np.arange(count),
            "type": random.choice(["residential", "shop", "parking"], count),
            "area": np.round(random.uniform(20, 200, count), 2),
            "floor": random.integers(-2, 40, count),
            "lift": random.random(count) > 0.4,
            "household_size": random.integers(1, 8, count),
            "water_used": np.round(random.uniform(0, 40, count), 2),
            "water_before": np.round(random.uniform(0, 400, count), 2),
        }
    )


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Homes in a Parquet file, as an ERP exports them: floats for areas and readings."""
    path = tmp_path_factory.mktemp("estate") / "units.parquet"
    homes(UNITS).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def book() -> feerules.Book:
    return feerules.load_files({"estate.yaml": BOOK})


# The same by hand


def scaled(name: str, most: int) -> tuple[pl.Expr, pl.Expr]:
    """A float as hundredths, and whether it is exactly that and in its domain."""
    k = (pl.col(name) * 100).round()
    # By a column: Polars divides by a constant through its reciprocal, which is wrong in the last bit.
    good = (k / (k * 0.0 + 100.0) == pl.col(name)) & k.is_between(0, most * 100)
    return k.cast(pl.Int64), good.fill_null(value=False)


def rounded(amount: pl.Expr, divisor: int) -> pl.Expr:
    return (amount + divisor // 2) // divisor


def by_hand(path: Path, *, checked: bool) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The rows and the rejected rows that the rules above come to."""
    frame = pl.scan_parquet(path)
    area, area_good = scaled("area", 100_000)
    used, used_good = scaled("water_used", 99_999)
    before, before_good = scaled("water_before", 999_999)
    kind, floor, lift = pl.col("type"), pl.col("floor"), pl.col("lift")
    good = (
        area_good & used_good & before_good & kind.is_in(["residential", "shop", "parking"])
        & floor.is_between(-5, 120) & lift.is_not_null() & pl.col("household_size").is_between(0, 50)
    ).fill_null(value=False)  # fmt: skip
    frame = frame.with_columns(a=area, u=used, b=before, good=good)
    bad = frame.filter(~pl.col("good")).select("unit_id")
    rows = frame.filter("good") if checked else frame
    home = kind == "residential"
    rate = (
        pl.when(home & lift & floor.is_between(1, 3)).then(200)
        .when(home & lift & (floor > 3)).then(280)
        .when(home & ~lift).then(150)
        .when(kind == "shop").then(650)
    )  # fmt: skip
    extra = pl.when(pl.col("household_size") >= 5).then(10_000).otherwise(0)
    rows = rows.with_columns(first=22_000 + extra, second=30_000 + extra, to=pl.col("b") + pl.col("u"))

    def part(low: pl.Expr | int, high: pl.Expr | None) -> pl.Expr:
        def upto(x: pl.Expr) -> pl.Expr:
            capped = x if high is None else pl.min_horizontal(x, high)
            return pl.max_horizontal(capped, low)

        return upto(pl.col("to")) - upto(pl.col("b"))

    first, second = pl.col("first"), pl.col("second")
    water = part(0, first) * 192 + part(first, second) * 330 + part(second, None) * 430
    rows = rows.select(
        "unit_id",
        management=rounded(pl.col("a") * rate, 100),
        water=rounded(water, 100),
        drainage=rounded(pl.col("u") * 9 * 170, 1000),
        lift_energy=pl.when(lift).then(rounded(pl.col("a") * 35, 100)),
        garbage=pl.when(home).then(600),
    )
    total = pl.sum_horizontal(pl.col(*FEES).fill_null(0))
    rows = rows.with_columns(total=total)
    money = [pl.col(name).cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2)) for name in (*FEES, "total")]
    return rows.select("unit_id", *money), bad


def run_by_hand(path: Path, out: Path, *, checked: bool) -> None:
    if checked:
        assert not pl.scan_parquet(path).select(pl.col("unit_id").is_duplicated().any()).collect().item()
    rows, bad = by_hand(path, checked=checked)
    if not checked:
        rows.sink_parquet(out, compression_level=1)
        return
    files = ((rows, out), (bad, out.with_suffix(".bad")))
    sinks = [frame.sink_parquet(file, compression_level=1, lazy=True) for frame, file in files]
    pl.collect_all(sinks, engine="streaming")


def test_the_peer_gives_the_same_fen(units: Path, book: feerules.Book) -> None:
    ours = feerules.price_estate(units, book, PERIOD).rows.collect()
    theirs = by_hand(units, checked=True)[0].collect()
    assert ours.select("unit_id", *FEES, "total").equals(theirs)


def test_an_estate_wide_long_and_by_hand(
    benchmark: Any, units: Path, book: feerules.Book, tmp_path: Path, tell: Any
) -> None:
    out = tmp_path / "bills.parquet"

    def write(form: Any) -> None:
        feerules.price_estate(units, book, PERIOD, form=form).sink(out, progress=False)

    ways = {
        "wide": lambda: write("wide"),
        "long": lambda: write("long"),
        "checked": lambda: run_by_hand(units, out, checked=True),
        "unchecked": lambda: run_by_hand(units, out, checked=False),
    }
    benchmark.group = f"{UNITS:,} homes, five fees, Parquet to Parquet"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": ROUNDS}, rounds=1)
    benchmark.extra_info.update({name: each._asdict() for name, each in spent.items()})
    tell(f"{UNITS:,} homes, wide", f"{spent['wide'].clock:.2f} s", "as below")
    tell("wide, to Polars by hand with the same checks", ratio(spent["wide"], spent["checked"]), "1.25 ×")
    tell("wide, to Polars by hand without checks", ratio(spent["wide"], spent["unchecked"]), "2 ×")
    tell("long, to wide", ratio(spent["long"], spent["wide"]), "3 ×")


TABLES = {
    5: [
        ("residential", "> 3", "2.80"),
        ("residential", "<= 3", "2.00"),
        ("shop", "-", "6.50"),
        ("parking", "> 0", "1.00"),
        ("parking", "<= 0", "0.80"),
    ],
    360: [
        (kind, f"[{low}..{low}]" if low < 114 else f">= {low}", f"{1 + (low + 5) % 17}.{low % 9}5")
        for kind in ("residential", "shop", "parking")
        for low in range(-5, 115)
    ],
}


def book_of_table(rows: int) -> feerules.Book:
    lines = "\n".join(f"      | {kind} | {floor} | {rate} |" for kind, floor, rate in TABLES[rows])
    head = "fees:\n  management:\n    per: area\n    rate: |\n      | type | floor | rate |\n      |---|---|---|\n"
    return feerules.load_files({"table.yaml": BOOK[: BOOK.index("fees:")] + head + lines + "\n"})


def test_the_length_of_a_table_costs_nothing(benchmark: Any, units: Path, tell: Any) -> None:
    frame = pl.scan_parquet(units)

    def total(table: feerules.Book) -> Decimal:
        rows = feerules.price_estate(frame, table, PERIOD).rows
        return rows.select(pl.col("total").sum()).collect(engine="streaming").item()  # type: ignore[no-any-return]

    short, long = book_of_table(5), book_of_table(360)
    assert total(short) > 0
    assert total(long) > 0
    ways = {"5 rows": lambda: total(short), "360 rows": lambda: total(long)}
    benchmark.group = "a table of 360 rows against one of 5, same columns"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": ROUNDS}, rounds=1)
    tell("a table of 360 rows, to one of 5", ratio(spent["360 rows"], spent["5 rows"]), "1.5 ×")
