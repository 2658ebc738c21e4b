"""Every kind of frame and every database, for the tests that hold for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from own_postgres import has_postgres, postgres_server

from databases import Database, DuckDB, Postgres
from frame_kinds import KINDS, Kind


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """The address of a real server, which lives as long as the tests."""
    if not has_postgres():
        missing = "PostgreSQL is not installed: apt-get install postgresql"
        # Where it is promised (CI sets this), a missing one must not pass as a shorter run.
        if os.environ.get("FEERULES_REQUIRE_POSTGRES") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with postgres_server() as address:
        yield address


@pytest.fixture(scope="session")
def postgres(postgres_address: str) -> Iterator[Postgres]:
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        yield Postgres(connection)


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """Every database that answers statements here."""
    found: Database = DuckDB() if request.param == "duckdb" else request.getfixturevalue("postgres")
    return found
