"""Prices inside databases against SQL written by hand and against frames: the same homes, fees and checks, in one run.

FEERULES_UNITS sets the number of homes in DuckDB and Polars (default 1,000,000); PostgreSQL has a fifth of them. The
tables have the types of an ERP and a primary key. What a server works is told by its own processor time.
"""

from __future__ import annotations

import os
from typing import Any

import duckdb
import numpy as np
import polars as pl
from books import GARDEN, TYPES, garden_columns
from turns import in_turn, of_backend, ratio

import feerules
from databases import Database, DuckDB, Postgres

UNITS = int(os.environ.get("FEERULES_UNITS", "1000000"))
ROUNDS = int(os.environ.get("FEERULES_ROUNDS", "5"))
PERIOD = "2026-11"
FEES = ("management", "fire_safety", "rubbish", "water", "drainage")

# By hand, in fen and hundredths: what somebody writes who knows that division must not go through floats.
GOOD = """
    type IN ('residential', 'shop', 'parking') AND area BETWEEN 0 AND 100000 AND floor BETWEEN -5 AND 120
    AND lift IS NOT NULL AND handover IS NOT NULL AND (vacant_months IS NULL OR vacant_months BETWEEN 0 AND 1200)
    AND household_size BETWEEN 0 AND 50 AND water_used BETWEEN 0 AND 99999 AND water_used_this_year BETWEEN 0 AND 999999
"""
BY_HAND = """
WITH told AS (
  SELECT unit_id, CAST(area * 100 AS BIGINT) AS a, CAST(water_used * 100 AS BIGINT) AS u,
    CAST(water_used_this_year * 100 AS BIGINT) AS b,
    LEAST(30, GREATEST(0, DATE '2026-12-01' - handover)) AS days,
    CASE WHEN vacant_months >= 6 THEN 70 ELSE 100 END AS share,
    CASE WHEN household_size >= 5 THEN 10000 ELSE 0 END AS more,
    CASE WHEN type = 'shop' THEN 650 WHEN type = 'parking' THEN 80 WHEN NOT lift THEN 150
      WHEN floor > 3 THEN 280 WHEN floor >= 1 THEN 200 ELSE 120 END AS rate
  FROM homes WHERE {good}
), used AS (
  SELECT *, 22000 + more AS one, 30000 + more AS two, b + u AS c FROM told
), fen AS (
  SELECT unit_id, days > 0 AS from_now,
    (a * rate * share * days + 150000) {over} 300000 AS management,
    ((LEAST(c, one) - LEAST(b, one)) * 192 + (GREATEST(LEAST(c, two), one) - GREATEST(LEAST(b, two), one)) * 330
      + (GREATEST(c, two) - GREATEST(b, two)) * 430 + 50) {over} 100 AS water,
    (u * 1530 + 500) {over} 1000 AS drainage
  FROM used
), every AS (SELECT *, (management + 50) {over} 100 AS fire_safety FROM fen)
SELECT unit_id, CASE WHEN from_now THEN CAST(management * 0.01 AS DECIMAL(18, 2)) END AS management,
  CAST(fire_safety * 0.01 AS DECIMAL(18, 2)) AS fire_safety, CAST(10 AS DECIMAL(18, 2)) AS rubbish,
  CAST(water * 0.01 AS DECIMAL(18, 2)) AS water, CAST(drainage * 0.01 AS DECIMAL(18, 2)) AS drainage,
  CAST((management + fire_safety + 1000 + water + drainage) * 0.01 AS DECIMAL(18, 2)) AS total
FROM every
"""


def homes(count: int) -> pl.DataFrame:
    """The garden's homes with the types of an ERP; one in a thousand cannot be priced."""
    columns = garden_columns(count)
    kinds = np.array(TYPES)[columns["type"]]
    frame = pl.DataFrame({"unit_id": np.arange(count), **columns, "type": kinds})
    money = pl.col("area", "water_used", "water_used_this_year").round(2).cast(pl.Decimal(10, 2))
    return frame.select(
        pl.col("unit_id").cast(pl.String).str.zfill(8), "type", "floor", "lift", "vacant_months", "household_size",
        money, handover=pl.when(pl.col("days") < 1).then(pl.date(2026, 11, 16)).otherwise(pl.date(2020, 3, 1)),
    ).with_columns(area=pl.when(pl.col("unit_id").str.ends_with("777")).then(None).otherwise("area"))  # fmt: skip


class Sides:
    """The ways to price a table in one database, each into tables of the database's own."""

    def __init__(self, database: Database, frame: pl.DataFrame) -> None:
        self.database, self.dialect = database, database.dialect
        self.columns = database.load(frame, "homes")

    def run(self, *statements: str) -> None:
        for place, statement in enumerate(statements):
            self.database.connection.execute(f"DROP TABLE IF EXISTS out_{place}")
            self.database.connection.execute(f"CREATE TEMPORARY TABLE out_{place} AS {statement}")

    def written(self, form: Any) -> tuple[str, str]:
        statement = feerules.to_sql(
            feerules.load(GARDEN), "price_estate", self.dialect, "homes", period=PERIOD, columns=self.columns,
            form=form, unique=True,
        )  # fmt: skip
        return statement.rows, statement.problems

    def by_hand(self) -> tuple[str, str]:
        rows = BY_HAND.format(good=GOOD, over="//" if self.dialect == "duckdb" else "/")
        return rows, f"SELECT unit_id FROM homes WHERE NOT COALESCE({GOOD}, FALSE)"  # noqa: S608

    def ways(self) -> dict[str, Any]:
        wide, long, by_hand = self.written("wide"), self.written("long"), self.by_hand()
        return {
            "wide": lambda: self.run(*wide), "long": lambda: self.run(*long), "by hand": lambda: self.run(*by_hand),
        }  # fmt: skip

    def sums(self, statement: str) -> list[Any]:
        told = ", ".join(f"SUM({name})" for name in (*FEES, "total"))
        return self.database.run(f"SELECT COUNT(*), {told} FROM ({statement}) AS every")  # noqa: S608

    def assert_alike(self, frame: pl.DataFrame) -> None:
        """The same fen for each fee, as many homes, and the same homes without a price."""
        (wide, problems), (by_hand, bad) = self.written("wide"), self.by_hand()
        expected = feerules.price_estate(frame, feerules.load(GARDEN), PERIOD)
        totals = expected.rows.select(pl.len(), pl.col(*FEES, "total").sum()).row(0)
        assert self.sums(wide) == self.sums(by_hand) == [totals]
        keys = {row[0] for row in self.database.run(bad)}
        assert {row[2] for row in self.database.run(problems)} == keys == {*expected.problems["unit_id"]}


def test_a_million_homes_in_duckdb(benchmark: Any, tell: Any) -> None:
    frame, book = homes(UNITS), feerules.load(GARDEN)
    sides = Sides(DuckDB(), frame)
    sides.assert_alike(frame)
    ways = {
        **sides.ways(),
        "polars": lambda: feerules.price_estate(frame, book, PERIOD),
        "polars, long": lambda: feerules.price_estate(frame, book, PERIOD, form="long"),
    }
    benchmark.group = f"{UNITS:,} homes in DuckDB, five fees"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": ROUNDS}, rounds=1)
    told = f"{UNITS:,} homes in DuckDB {duckdb.__version__}"
    for name, took in spent.items():
        tell(f"{told}, {name}", f"{took.clock:.2f} s, {took.processor:.2f} s of processor time", "–")
    tell("wide, to SQL by hand with the same checks", ratio(spent["wide"], spent["by hand"]), "2 ×")
    tell("wide, to price_estate", ratio(spent["wide"], spent["polars"]), "–")
    tell("long, to wide", ratio(spent["long"], spent["wide"]), "–")


def test_homes_in_postgres(benchmark: Any, tell: Any, server: Postgres) -> None:
    frame = homes(UNITS // 5)
    sides = Sides(server, frame)
    server.connection.execute("ALTER TABLE homes ADD PRIMARY KEY (unit_id)")
    server.connection.execute("ANALYZE homes")
    sides.assert_alike(frame)
    benchmark.group = f"{frame.height:,} homes in PostgreSQL, five fees"
    spent = benchmark.pedantic(
        in_turn, args=[sides.ways()], kwargs={"rounds": ROUNDS, "worked": of_backend(server)}, rounds=1
    )
    told = f"{frame.height:,} homes in PostgreSQL"
    for name, took in spent.items():
        tell(f"{told}, {name}", f"{took.clock:.2f} s, {took.processor:.2f} s of processor time", "–")
    tell("wide, to SQL by hand with the same checks", ratio(spent["wide"], spent["by hand"]), "2 ×")
    tell("long, to wide", ratio(spent["long"], spent["wide"]), "–")
