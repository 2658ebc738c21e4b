"""Prices, classes and next actions by every engine, on the same work in one run: frames, DuckDB, PostgreSQL, Spark, and peers.

FEERULES_UNITS and FEERULES_POSITIONS (default 1,000,000 each) set the sizes. zen-engine prices one table of the five and
says three words of a position; it is asked of some, and told for them. Positions are those of made-up debtors, repeated.
Every engine has both cores; PostgreSQL answers in one process. Processor time is that of all processes at work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time
from typing import Any

import peers
import polars as pl
from books import GARDEN
from debtors import AS_OF, debtors, frames_of
from ladder_peers import zen_verdicts
from ladder_rules import rules_of
from test_ladder_peers import facts_in
from test_sql import PERIOD, UNITS, Sides, homes
from turns import Spent, in_turn, of_backend, of_children, ratio

import feerules
from databases import DuckDB, Postgres

POSITIONS = int(os.environ.get("FEERULES_POSITIONS", "1000000"))
DRAWN, PRICED_BY_ZEN = 20_000, 100_000
POLICY = feerules.load(Path(__file__).parents[1] / "rules" / "dunning").only("standard-cn")
VERBS = ("classify_estate", "next_actions")
Way = Callable[[], object]


class Files:
    """A frame of Spark in a file, and answers that go to files."""

    def __init__(self, spark: Any, frame: pl.DataFrame, folder: Path) -> None:
        self.folder = folder
        frame.write_parquet(folder / "given.parquet", row_group_size=100_000)
        self.frame = spark.read.parquet(str(folder / "given.parquet"))

    def write(self, answers: Any) -> None:
        answers.sink(self.folder / "rows.parquet", self.folder / "problems.parquet", mode="overwrite")

    def written(self) -> pl.LazyFrame:
        return pl.scan_parquet(self.folder / "rows.parquet/*.parquet")


def measured(ways: Mapping[str, Way], server: Postgres) -> dict[str, Spent]:
    backend = of_backend(server)
    return in_turn(ways, 1, lambda: process_time() + of_children() + backend())


def told_of(tell: Any, spent: Mapping[str, Spent], work: str) -> None:
    for name, took in spent.items():
        frames = name.partition(", ")[0] + ", frames"
        than = f"; to frames {ratio(took, spent[frames])}" if frames in spent and frames != name else ""
        told = f"{took.clock:.1f} s, {took.processor:.1f} s of processor time"
        tell(f"{work}, {name}", f"{told}{than}", "–")


def test_prices(benchmark: Any, tell: Any, server: Postgres, spark: Any, tmp_path: Path) -> None:
    frame, book = homes(UNITS), feerules.load(GARDEN)
    duckdb, postgres, files = Sides(DuckDB(), frame), Sides(server, frame), Files(spark, frame, tmp_path)
    server.connection.execute("ANALYZE homes")
    for side in (duckdb, postgres):
        side.assert_alike(frame)
    records = frame.head(PRICED_BY_ZEN).select("type", "lift", "floor").to_dicts()
    zen = peers.zen_batch()
    ways: dict[str, Way] = {"prices, frames": lambda: feerules.price_estate(frame, book, PERIOD)}
    for name, side in (("DuckDB", duckdb), ("PostgreSQL", postgres)):
        of_rules, by_hand = side.written("wide"), side.by_hand()
        ways[f"prices, {name}"] = lambda side=side, of_rules=of_rules: side.run(*of_rules)
        ways[f"prices, {name} by hand"] = lambda side=side, by_hand=by_hand: side.run(*by_hand)
    ways["prices, Spark"] = lambda: files.write(feerules.price_estate(files.frame, book, PERIOD))
    ways[f"one table of {len(records):,}, zen-engine"] = lambda: zen(records)
    benchmark.group = f"{UNITS:,} homes, five fees"
    spent = benchmark.pedantic(measured, args=[ways, server], rounds=1)
    ours = feerules.price_estate(frame, book, PERIOD).rows
    assert ours.sort("unit_id").equals(files.written().sort("unit_id").collect())
    told_of(tell, spent, f"{UNITS:,} homes, five fees")


def positions_of(count: int) -> Any:
    """The positions of so many accounts: those of the debtors drawn, again and again."""
    ledger = frames_of(debtors(min(count, DRAWN)))
    times = range(-(-count // DRAWN))
    many = {
        name: pl.concat(
            frame.with_columns(pl.format("{}-{}", pl.lit(each), "account_id").alias("account_id"))
            for each in times
        )
        for name, frame in ledger.items()
    }
    return feerules.positions(None, POLICY, AS_OF, **many)


def stored(rows: pl.DataFrame) -> pl.DataFrame:
    """Positions as a database holds them: words and lists of records as texts."""
    records = [
        name for name, kind in rows.schema.items() if isinstance(kind, pl.List) and kind.inner != pl.String
    ]
    said = [pl.col(name).list.len().cast(pl.String).replace("0", "[]").alias(name) for name in records]
    return rows.with_columns(pl.col(pl.Enum).cast(pl.String), *said)


class Asked:
    """Both questions in one database, each into a table of its own."""

    def __init__(self, database: Any, rows: pl.DataFrame) -> None:
        self.database = database
        columns = database.load(rows, "positions")
        self.statements = {
            verb: feerules.to_sql(
                POLICY, verb, database.dialect, "positions", as_of=AS_OF, columns=columns, unique=True
            ).rows
            for verb in VERBS
        }

    def run(self, verb: str) -> None:
        self.database.connection.execute("DROP TABLE IF EXISTS answers")
        self.database.connection.execute(f"CREATE TEMPORARY TABLE answers AS {self.statements[verb]}")

    def decided(self) -> list[tuple[Any, ...]]:
        self.run("next_actions")
        return sorted(self.database.run("SELECT decision, COUNT(*), SUM(amount) FROM answers GROUP BY 1"))


def decided(rows: pl.LazyFrame) -> list[tuple[Any, ...]]:
    told = rows.group_by(pl.col("decision").cast(pl.String)).agg(pl.len(), pl.col("amount").sum()).collect()
    # A sum of nothing is none in a database.
    return sorted((kind, count, None if kind != "act" else amount) for kind, count, amount in told.rows())


def test_decisions(benchmark: Any, tell: Any, server: Postgres, spark: Any, tmp_path: Path) -> None:
    found = positions_of(POSITIONS)
    # It compiles a statement for longer than it runs.
    server.connection.execute("SET jit = off")
    rows = stored(found.rows)
    asked = {"DuckDB": Asked(DuckDB(), rows), "PostgreSQL": Asked(server, rows)}
    files = Files(spark, found.rows.with_columns(pl.col(pl.Enum).cast(pl.String)), tmp_path)
    rules = rules_of(POLICY.policies[0][0].policy)
    facts, zen = facts_in(found.rows.head(DRAWN), rules), zen_verdicts(rules)
    ways: dict[str, Way] = {}
    for verb in VERBS:
        answer = getattr(feerules, verb)
        ways[f"{verb}, frames"] = lambda answer=answer: answer(found, POLICY, AS_OF)
        for name, each in asked.items():
            ways[f"{verb}, {name}"] = lambda each=each, verb=verb: each.run(verb)
        ways[f"{verb}, Spark"] = lambda answer=answer: files.write(answer(files.frame, POLICY, AS_OF))
    ways[f"three words of {DRAWN:,}, zen-engine"] = lambda: zen(facts)
    benchmark.group = f"{found.rows.height:,} positions"
    spent = benchmark.pedantic(measured, args=[ways, server], rounds=1)
    expected = decided(feerules.next_actions(found, POLICY, AS_OF).rows.lazy())
    assert decided(files.written()) == expected
    for each in asked.values():
        assert each.decided() == expected
    told_of(tell, spent, f"{found.rows.height:,} positions")
