"""Answers on Spark: lazy frames of rows and problems, computed where the data is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import polars as pl

from feerules.account_answers import Asked
from feerules.frames import FrameError
from feerules.spark.columns import spark_type
from feerules.spark.workers import PROBLEM, ROW

__all__ = ["SparkAnswers", "SparkResult", "ddl", "refuse_strict"]

Schemas = tuple[pl.Schema, pl.Schema]


@dataclass(frozen=True)
class SparkResult:
    """The answers for an estate on Spark, and apart from them the rows that have none: lazy frames of PySpark.

    Nothing is computed before it is asked for, and each frame on its own. `digest` names the rules.
    """

    rows: Any
    problems: Any
    digest: str

    def persist(self, *level: Any) -> Self:
        """Lets Spark keep the answers once they are computed; `level` is a `pyspark.StorageLevel`, by default memory and disk."""
        for frame in self._kept():
            frame.persist(*level)
        return self

    def unpersist(self) -> Self:
        for frame in self._kept():
            frame.unpersist()
        return self

    def _kept(self) -> tuple[Any, ...]:
        return self.rows, self.problems

    def collect(self) -> Self:
        raise FrameError(
            "collect() would bring a whole estate to the driver: write both frames with sink(), keep them with "
            "persist(), or take what you need, as in result.rows.limit(1000).toPandas()"
        )

    def sink(
        self, path: str | Path, problems: str | Path | None = None, *, mode: str = "error", progress: bool | None = None
    ) -> Self:  # fmt: skip
        """Writes rows and problems as folders of Parquet files.

        The problems go to `problems`, by default to the name of `path` with `.problems` before its ending.
        `mode` is that of a Spark writer: "error" where something is there already, "overwrite", "append". What
        comes back are the same answers, read from these files. Spark shows its own progress.
        """
        beside = str(problems) if problems else _beside(str(path))
        self._write(mode, str(path), beside)
        read = self.rows.sparkSession.read
        return self._read(read.parquet(str(path)), read.parquet(beside))

    def _write(self, mode: str, *places: str) -> None:
        for frame, place in zip((self.rows, self.problems), places, strict=True):
            frame.write.mode(mode).parquet(place)

    def _read(self, rows: Any, problems: Any) -> Self:
        return replace(self, rows=rows, problems=problems)


@dataclass(frozen=True)
class SparkAnswers(SparkResult):
    """The answers for the accounts of an estate on Spark.

    Both frames are read from one, `answers` (a row of it tells one of them: `row` or `problem`), which is
    computed for each of them unless it is kept: `persist`, or write both with `sink`.
    """

    answers: Any = field(repr=False)
    asked: Asked = field(repr=False)
    schemas: Schemas = field(repr=False)

    @classmethod
    def of(cls, answers: Any, asked: Asked, schemas: Schemas) -> SparkAnswers:
        rows, problems = (
            answers.filter(f"{name} is not null").select(f"{name}.*") for name in (ROW, PROBLEM)
        )
        return cls(rows, problems, asked.digest, answers, asked, schemas)

    def _kept(self) -> tuple[Any, ...]:
        return (self.answers,)

    def _write(self, mode: str, *places: str) -> None:
        """In one computation."""
        level = self.answers.storageLevel
        kept = level.useMemory or level.useDisk
        try:
            if not kept:
                self.persist()
            super()._write(mode, *places)
        finally:
            if not kept:
                self.unpersist()

    def _read(self, rows: Any, problems: Any) -> SparkAnswers:
        kinds = [spark_type(pl.Struct(schema)) for schema in self.schemas]
        told = rows.selectExpr(f"struct(*) as {ROW}", f"cast(null as {kinds[1]}) as {PROBLEM}")
        bad = problems.selectExpr(f"cast(null as {kinds[0]}) as {ROW}", f"struct(*) as {PROBLEM}")
        return replace(self, rows=rows, problems=problems, answers=told.unionAll(bad))


def refuse_strict(*, strict: bool) -> None:
    if strict:
        raise FrameError(
            "strict= asks for every problem at once, and on Spark nothing is computed before it is asked for: "
            "look at result.problems"
        )


def ddl(schemas: Schemas) -> str:
    """The columns of a frame of answers."""
    return ", ".join(
        f"{name} {spark_type(pl.Struct(schema))}"
        for name, schema in zip((ROW, PROBLEM), schemas, strict=True)
    )


def _beside(path: str) -> str:
    """`a/bills.parquet` → `a/bills.problems.parquet`; a path of Spark may be an address, so it is text here."""
    folder, slash, name = path.rstrip("/").rpartition("/")
    stem, dot, ending = name.rpartition(".")
    return f"{folder}{slash}{stem}.problems{dot}{ending}" if dot else f"{folder}{slash}{name}.problems"
