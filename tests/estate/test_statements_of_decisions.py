"""Statements over a table of positions give, in a database, what classify_estate and next_actions give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import accounts as ledgers
import feerules
from databases import Database, DuckDB, Postgres, postgres_server
from feerules.calendars import Calendar
from ledger_frames import frames, renamed
from random_policies import document, policies

SLOW = settings(
    max_examples=settings().max_examples // 6,
    suppress_health_check=list(HealthCheck),
    deadline=None,
    phases=[Phase.generate],
)
CALENDAR = Calendar(unknown_year="weekends_only")
VERBS: tuple[tuple[Any, Any], ...] = (
    ("classify_estate", feerules.classify_estate),
    ("next_actions", feerules.next_actions),
)
moments = st.builds(
    lambda day, hour, zone: datetime(day.year, day.month, day.day, hour, 20, tzinfo=zone),
    ledgers.days, st.integers(0, 23), st.sampled_from([None, UTC]),
)  # fmt: skip


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == "duckdb":
        found = DuckDB()
        found.run("SET TimeZone = 'UTC'")
        yield found
        return
    with postgres_server() as address, psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        yield Postgres(connection)


@st.composite
def estates(draw: Any) -> list[feerules.Account]:
    """Accounts with facts of their own; some share a party."""
    made = renamed(draw(st.lists(ledgers.accounts(faults=draw(st.booleans())), min_size=1, max_size=5)))
    some = st.sampled_from(
        [{}, {"vip": True}, {"estate": "east"}, {"estate": "west", "vip": False}, {"estate": "north"}]
    )
    parties = st.sampled_from(["P-1", 'P-2 "\\\t'])
    return [
        each.model_copy(update={"facts": draw(some), "parties": (feerules.Party(party_id=draw(parties)),)}) for each in made
    ]  # fmt: skip


def positions_of(
    accounts: list[feerules.Account], book: feerules.Book, as_of: Any, known_at: Any
) -> feerules.AccountsResult:
    facts = pl.DataFrame(
        [{"account_id": each.account_id, "currency": each.currency, **each.facts} for each in accounts],
        schema={"account_id": pl.String, "currency": pl.String, "vip": pl.Boolean, "estate": pl.String},
    )
    ledger = {"charges": None, **frames(accounts)}
    return feerules.positions(facts, book, as_of, known_at=known_at, **ledger)


def stored(positions: pl.DataFrame, database: Database) -> pl.DataFrame:
    """Positions as a database holds them: where it has no lists of records, as JSON."""
    if database.dialect == "duckdb":
        return positions
    said = pl.Series(
        "contradictions", [json.dumps(each) for each in positions["contradictions"].to_list()], pl.String
    )
    frame = positions.with_columns(said)
    return frame.unnest("facts") if "facts" in frame.columns else frame


def assert_same(
    database: Database, found: feerules.AccountsResult, book: feerules.Book, as_of: Any, known_at: Any = None
) -> None:
    types = database.load(stored(found.rows, database), "positions")
    before = {tuple(row) for row in found.problems.rows()}
    for verb, ask in VERBS:
        more = {"calendar": CALENDAR} if verb == "next_actions" else {}
        expected = ask(found, book, as_of, known_at=known_at, **more)
        written = feerules.to_sql(
            book,
            verb,
            database.dialect,
            "positions",
            columns=types,
            as_of=as_of,
            known_at=known_at,
            calendar=CALENDAR,
        )
        names = [*expected.rows.columns]
        rows = {row[0]: dict(zip(names, row, strict=True)) for row in database.run(written.rows)}
        assert rows.keys() == set(expected.rows["account_id"])
        for row in expected.rows.to_dicts():
            mine = rows[row["account_id"]]
            differing = {
                name: (mine[name], row[name])
                for name in names
                if mine[name] != row[name] and name != "contradictions"
            }
            assert not differing
        problems = sorted((row for row in expected.problems.rows() if row not in before), key=str)
        assert sorted(database.run(written.problems), key=str) == problems


@SLOW
@given(policies(), estates(), st.one_of(ledgers.days, moments), st.none() | ledgers.days)
def test_positions_are_decided_in_a_database_as_in_frames(
    database: Database, policy: Any, accounts: Any, as_of: Any, known_at: Any
) -> None:
    book = feerules.load_files({"policy.yaml": document(policy)})
    assert_same(database, positions_of(accounts, book, as_of, known_at), book, as_of, known_at)
