"""Databases that tests ask: each takes a frame as a table, and answers statements with rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import duckdb
import polars as pl
import psycopg
from psycopg.rows import dict_row

__all__ = ["SPARK_SETTINGS", "Database", "DuckDB", "Postgres", "Spark", "quoted"]


class Database(Protocol):
    """`dialect` is the name of its SQL; one statement takes it as long as `cost` of them take frames."""

    dialect: str
    cost: int

    def load(self, frame: pl.DataFrame, table: str) -> dict[str, str]:
        """Makes the table hold the frame, and tells the types of its columns as the database writes them."""

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a statement."""

    def records(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a statement, by the names of its columns."""

    def names(self, sql: str) -> list[str]:
        """The names of its columns."""


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def kept(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as a database holds it: words as text, and moments with a zone by the clock on its wall."""
    words = [name for name, dtype in frame.schema.items() if dtype in (pl.Categorical, pl.Enum)]
    zoned = [
        name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone
    ]
    by_wall = pl.col(zoned).dt.replace_time_zone(None).dt.replace_time_zone("UTC")
    return frame.with_columns(pl.col(words).cast(pl.String), *([by_wall] if zoned else []))


class DuckDB:
    dialect, cost = "duckdb", 3

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")

    def load(self, frame: pl.DataFrame, table: str) -> dict[str, str]:
        frame = kept(frame)
        # Arrow has no whole numbers of 128 bits.
        huge = [name for name, dtype in frame.schema.items() if dtype == pl.Int128]
        self.connection.register("arrived", frame.with_columns(pl.col(huge).cast(pl.String)).to_arrow())
        columns = [
            f"CAST({quoted(name)} AS HUGEINT) AS {quoted(name)}" if name in huge else quoted(name)
            for name in frame.columns
        ]
        arrived = f"SELECT {', '.join(columns)} FROM arrived"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS {arrived}")
        return {row[0]: row[1] for row in self.connection.sql(f"DESCRIBE {quoted(table)}").fetchall()}

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, parameters or {}).fetchall()

    def records(self, sql: str) -> list[dict[str, Any]]:
        found = self.connection.execute(sql)
        names = [each[0] for each in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def names(self, sql: str) -> list[str]:
        return self.connection.sql(sql).columns


SPARK_SETTINGS = {
    "spark.master": "local[2]", "spark.driver.memory": "1g", "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": "3",
    "spark.sql.session.timeZone": "Asia/Shanghai", "spark.sql.adaptive.coalescePartitions.enabled": "false",
    # What is small is done before it is compiled.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}  # fmt: skip


class Spark:
    """A session of Spark, which reads its tables from files in a folder."""

    dialect, cost = "spark", 20

    def __init__(self, session: Any, folder: Path) -> None:
        self.session, self.folder = session, folder

    def load(self, frame: pl.DataFrame, table: str) -> dict[str, str]:
        file = self.folder / f"{len([*self.folder.iterdir()])}.parquet"
        # Parquet has no whole numbers of 128 bits.
        kept(frame).with_columns(pl.col(pl.Int128).cast(pl.Decimal(38, 0))).write_parquet(file)
        found = self.session.read.parquet(str(file))
        found.createOrReplaceTempView(f"`{table.replace('`', '``')}`")
        return dict(found.dtypes)

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.sql(sql, parameters or {}).collect()]

    def records(self, sql: str) -> list[dict[str, Any]]:
        found = self.session.sql(sql)
        return [dict(zip(found.columns, row, strict=True)) for row in found.collect()]

    def names(self, sql: str) -> list[str]:
        return list(self.session.sql(sql).columns)


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
    dialect, cost = "postgres", 3

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
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
        names, place = ", ".join(map(quoted, types)), quoted(table)
        with psycopg.RawCursor(self.connection) as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {place}")
            cursor.execute(f"CREATE TEMPORARY TABLE {place} ({columns})")
            with cursor.copy(f"COPY {place} ({names}) FROM STDIN") as copy:
                for row in frame.iter_rows():
                    copy.write_row(row)
        return types

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        # A statement writes its parameters as the server does, $1, and knows no %.
        with psycopg.RawCursor(self.connection) as cursor:
            return cursor.execute(sql, [*(parameters or {}).values()]).fetchall()

    def records(self, sql: str) -> list[dict[str, Any]]:
        with psycopg.RawCursor(self.connection, row_factory=dict_row) as cursor:
            return cursor.execute(sql).fetchall()

    def names(self, sql: str) -> list[str]:
        with psycopg.RawCursor(self.connection) as cursor:
            return [column.name for column in cursor.execute(sql).description or ()]
