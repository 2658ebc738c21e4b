"""Classes and next actions from the same positions by every engine, in one run: frames, DuckDB, PostgreSQL, and zen-engine.

FEERULES_POSITIONS sets the number of positions (default 1,000,000); PostgreSQL has a fiftieth of them, zen-engine, which
says three words of each, is asked of 20,000 and told for all. The positions are those of made-up debtors, repeated.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from debtors import AS_OF, debtors, frames_of
from ladder_peers import zen_verdicts
from ladder_rules import rules_of
from own_postgres import has_postgres, postgres_server
from test_ladder_peers import facts_in
from turns import Spent, in_turn, ratio

import feerules
from databases import DuckDB, Postgres

POSITIONS = int(os.environ.get("FEERULES_POSITIONS", "1000000"))
DRAWN, ROUNDS = 20_000, 2
BOOK = feerules.load(Path(__file__).parents[1] / "rules" / "dunning").only("standard-cn")
VERBS = ("classify_estate", "next_actions")


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
    return feerules.positions(None, BOOK, AS_OF, **many)


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
                BOOK, verb, database.dialect, "positions", as_of=AS_OF, columns=columns
            ).rows
            for verb in VERBS
        }

    def run(self, verb: str) -> None:
        self.database.connection.execute("DROP TABLE IF EXISTS answers")
        self.database.connection.execute(f"CREATE TEMPORARY TABLE answers AS {self.statements[verb]}")

    def decided(self) -> list[tuple[Any, ...]]:
        self.run("next_actions")
        told = self.database.run("SELECT decision, COUNT(*), SUM(amount) FROM answers GROUP BY 1")
        return sorted(told)


def decided(rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    told = rows.group_by(pl.col("decision").cast(pl.String)).agg(pl.len(), pl.col("amount").sum())
    # A sum of nothing is none in a database.
    return sorted((kind, count, None if kind != "act" else amount) for kind, count, amount in told.rows())


def told_of(tell: Any, spent: dict[str, Spent], count: int) -> None:
    for name, took in spent.items():
        tell(
            f"{count:,} positions, {name}",
            f"{took.clock:.1f} s, {took.processor:.1f} s of processor time",
            "–",
        )


def test_a_million_positions(benchmark: Any, tell: Any) -> None:
    found = positions_of(POSITIONS)
    asked = Asked(DuckDB(), stored(found.rows))
    assert asked.decided() == decided(feerules.next_actions(found, BOOK, AS_OF).rows)
    rules = rules_of(BOOK.policies[0][0].policy)
    facts, zen = facts_in(found.rows.head(DRAWN), rules), zen_verdicts(rules)
    ways = {f"DuckDB, {verb}": lambda verb=verb: asked.run(verb) for verb in VERBS}
    ways |= {
        f"frames, {verb}": lambda verb=verb: getattr(feerules, verb)(found, BOOK, AS_OF) for verb in VERBS
    }
    ways[f"zen-engine, three words of {DRAWN:,}"] = lambda: zen(facts)
    benchmark.group = f"{POSITIONS:,} positions"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": ROUNDS}, rounds=1)
    told_of(tell, spent, found.rows.height)
    for verb in VERBS:
        tell(f"DuckDB to frames, {verb}", ratio(spent[f"DuckDB, {verb}"], spent[f"frames, {verb}"]), "–")


@pytest.fixture
def server() -> Iterator[Postgres]:
    if not has_postgres():
        pytest.skip("found no initdb: PostgreSQL is not installed here")
    with postgres_server() as address, psycopg.connect(address, autocommit=True) as connection:
        yield Postgres(connection)


def test_positions_in_postgres(benchmark: Any, tell: Any, server: Postgres) -> None:
    found = positions_of(POSITIONS // 50)
    asked = Asked(server, stored(found.rows))
    assert asked.decided() == decided(feerules.next_actions(found, BOOK, AS_OF).rows)
    ways = {f"PostgreSQL, {verb}": lambda verb=verb: asked.run(verb) for verb in VERBS}
    benchmark.group = f"{found.rows.height:,} positions in PostgreSQL"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": ROUNDS}, rounds=1)
    # The clock alone: what the server works is not the time of this process.
    for name, took in spent.items():
        tell(f"{found.rows.height:,} positions, {name}", f"{took.clock:.1f} s", "–")
