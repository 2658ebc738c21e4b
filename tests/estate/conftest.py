"""Every kind of frame and every database, for the tests that hold for all of them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import psycopg
import pytest
from own_postgres import has_postgres, postgres_server

from databases import SPARK_SETTINGS, Database, DuckDB, Postgres, Spark
from engines import Engine, frames, inside
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
        connection.execute("SET TIME ZONE 'UTC'")
        yield Postgres(connection)


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """Every database that answers statements here in no time."""
    return database_of(request.param, request)


# What PySpark 4.3 says of a pandas that is newer than it.
ON_SPARK = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.long,
]


@pytest.fixture(scope="session", params=["duckdb", "postgres", pytest.param("spark", marks=ON_SPARK)])
def every_database(request: pytest.FixtureRequest) -> Database:
    """Every one, Spark too: a statement takes it seconds."""
    return database_of(request.param, request)


@pytest.fixture(
    scope="session", params=["frames", "duckdb", "postgres", pytest.param("spark", marks=ON_SPARK)]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every engine that prices an estate."""
    return frames() if request.param == "frames" else inside(database_of(request.param, request))


@pytest.fixture(scope="session", params=["frames", "duckdb", "postgres"])
def engine_of_dated_facts(request: pytest.FixtureRequest) -> Engine:
    """Every engine that prices facts with the days on which they hold."""
    return frames() if request.param == "frames" else inside(database_of(request.param, request))


def database_of(name: str, request: pytest.FixtureRequest) -> Database:
    found: Database = DuckDB() if name == "duckdb" else request.getfixturevalue(_FIXTURES[name])
    return found


_FIXTURES = {"postgres": "postgres", "spark": "spark_by_utc"}


@pytest.fixture(scope="session")
def spark_by_utc(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Spark:
    """Spark as a database, whose clock is that of UTC."""
    session = spark.newSession()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    # For plans of more than a hundred steps, each of which rests on the one before.
    session.conf.set("spark.sql.analyzer.maxIterations", "1000")
    return Spark(session, tmp_path_factory.mktemp("tables"))


LACKING = [("pyspark", "FEERULES_REQUIRE_EXTRAS")] * (find_spec("pyspark") is None)
LACKING += [("java", "FEERULES_REQUIRE_JAVA")] * (shutil.which("java") is None)


@pytest.fixture(scope="session")
def has_spark() -> None:
    """Leaves a test out where Spark cannot run; where it is promised, that is a failure."""
    for lacking, promise in LACKING:
        if os.environ.get(promise) == "1":
            pytest.fail(f"{promise} is set, and {lacking} is not installed")
        pytest.skip(f"Spark is left out: {lacking} is not installed")


@pytest.fixture(scope="session")
def spark(has_spark: None) -> Iterator[Any]:
    """One small Spark for all tests: two threads, three partitions after a shuffle, nothing that listens outside."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYSPARK_PYTHON", sys.executable)
        patched.setenv("POLARS_MAX_THREADS", "1")
        session = SparkSession.builder.config(map=SPARK_SETTINGS).getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()
