"""Databases that tests ask: each takes a frame as a table, and answers statements with rows."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import polars as pl
import psycopg

__all__ = ["Database", "DuckDB", "Postgres", "Spark", "postgres_server"]


class Database(Protocol):
    """`dialect` is the name of its SQL."""

    dialect: str

    def load(self, frame: pl.DataFrame, table: str) -> dict[str, str]:
        """Makes the table hold the frame, and tells the types of its columns as the database writes them."""

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a statement."""


def kept(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as a database holds it: words as text, and moments with a zone by the clock on its wall."""
    words = [name for name, dtype in frame.schema.items() if dtype in (pl.Categorical, pl.Enum)]
    zoned = [
        name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone
    ]
    by_wall = pl.col(zoned).dt.replace_time_zone(None).dt.replace_time_zone("UTC")
    return frame.with_columns(pl.col(words).cast(pl.String), *([by_wall] if zoned else []))


class DuckDB:
    dialect = "duckdb"

    def __init__(self) -> None:
        self.connection = duckdb.connect()

    def load(self, frame: pl.DataFrame, table: str) -> dict[str, str]:
        frame = kept(frame)
        # Arrow has no whole numbers of 128 bits.
        huge = [name for name, dtype in frame.schema.items() if dtype == pl.Int128]
        self.connection.register("arrived", frame.with_columns(pl.col(huge).cast(pl.String)).to_arrow())
        columns = [
            f'CAST("{name}" AS HUGEINT) AS "{name}"' if name in huge else f'"{name}"'
            for name in frame.columns
        ]
        self.connection.execute(
            f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT {", ".join(columns)} FROM arrived'  # noqa: S608
        )
        return {row[0]: row[1] for row in self.connection.sql(f'DESCRIBE "{table}"').fetchall()}

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, parameters or {}).fetchall()


class Spark:
    """A session of Spark, which reads its tables from files in a folder."""

    dialect = "spark"

    def __init__(self, session: Any, folder: Path) -> None:
        self.session, self.folder = session, folder

    def load(self, frame: pl.DataFrame, table: str) -> dict[str, str]:
        file = self.folder / f"{len([*self.folder.iterdir()])}.parquet"
        kept(frame).write_parquet(file)
        found = self.session.read.parquet(str(file))
        found.createOrReplaceTempView(table)
        return dict(found.dtypes)

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.sql(sql, parameters or {}).collect()]


POSTGRES_TYPES = {
    "Int8": "smallint", "Int16": "smallint", "Int32": "integer", "Int64": "bigint", "Int128": "numeric(39,0)",
    "UInt8": "smallint", "UInt16": "integer", "UInt32": "bigint", "UInt64": "numeric(20,0)", "Float32": "real",
    "Float64": "double precision", "String": "text", "Boolean": "boolean", "Date": "date", "Time": "time",
    "Binary": "bytea", "Null": "text",
}  # fmt: skip


def _postgres_type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"numeric({dtype.precision},{dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        return "timestamp" if dtype.time_zone is None else "timestamptz"
    if dtype == pl.List(pl.String):
        return "text[]"
    return POSTGRES_TYPES.get(str(dtype), "jsonb")


class Postgres:
    dialect = "postgres"

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def load(self, frame: pl.DataFrame, table: str) -> dict[str, str]:
        frame = kept(frame)
        odd = [name for name, dtype in frame.schema.items() if _postgres_type(dtype) == "jsonb"]
        frame = frame.with_columns(
            pl.Series(name, [None if value is None else json.dumps(str(value)) for value in frame[name]])
            for name in odd
        )
        types = {
            name: "jsonb" if name in odd else _postgres_type(dtype) for name, dtype in frame.schema.items()
        }
        columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        names = ", ".join(f'"{name}"' for name in types)
        with self.connection.cursor() as cursor:
            cursor.execute(f'DROP TABLE IF EXISTS "{table}"; CREATE TEMPORARY TABLE "{table}" ({columns})')
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in frame.iter_rows():
                    copy.write_row(row)
        return types

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            return cursor.execute(sql, parameters).fetchall()


def _found(name: str) -> str | None:
    """A program of the server: on PATH, or in the newest of the folders where Debian has them."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name) or next((str(each / name) for each in folders if (each / name).exists()), None)


def has_postgres() -> bool:
    return _found("initdb") is not None


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a server of its own on loopback, which ends with the block."""
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    who = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="feerules-pg") as folder:
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = f"{folder}/data"

        def run(*words: str) -> None:
            subprocess.run(words, check=True, capture_output=True, cwd=folder, **who)  # type: ignore[call-overload]

        run(
            str(_found("initdb")),
            "-D",
            data,
            "-U",
            "feerules",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        )
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        )
        pg_ctl = str(_found("pg_ctl"))
        run(pg_ctl, "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"host=127.0.0.1 port={port} user=feerules dbname=postgres"
        finally:
            run(pg_ctl, "-D", data, "-w", "-m", "immediate", "stop")
