"""Ratios to peers, each measured in one run, told at the end of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from own_postgres import has_postgres, postgres_server

from databases import Postgres

RATIOS = pytest.StashKey[list[str]]()
Tell = Callable[[str, str, str], None]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RATIOS] = []


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Keeps a line for the end: the work, what was measured, the budget."""

    def keep(work: str, measured: str, budget: str) -> None:
        request.config.stash[RATIOS].append(f"{work}: {measured} (budget {budget})")

    return keep


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Spark with both cores, in a process that ends with the run."""
    pytest.importorskip("pyspark")
    from pyspark.sql import SparkSession

    settings = {
        "spark.master": "local[2]", "spark.driver.memory": "3g", "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": "8",
        # Java leaves methods of more than 8,000 bytes to its interpreter, and a statement of prices is one.
        "spark.driver.extraJavaOptions": "-XX:-DontCompileHugeMethods",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYSPARK_PYTHON", sys.executable)
        patched.setenv("POLARS_MAX_THREADS", "1")
        session = SparkSession.builder.config(map=settings).getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()


@pytest.fixture
def server() -> Iterator[Any]:
    """A server of PostgreSQL of its own, of which each question has one process."""
    psycopg = pytest.importorskip("psycopg")
    if not has_postgres():
        pytest.skip("found no initdb: PostgreSQL is not installed here")
    with postgres_server() as address, psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SET max_parallel_workers_per_gather = 0")
        yield Postgres(connection)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash[RATIOS]
    if lines:
        terminalreporter.section("against the budgets")
        for line in lines:
            terminalreporter.line(line)
