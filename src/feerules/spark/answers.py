"""Answers on Spark: lazy frames of rows and problems, computed where the data is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from feerules.account_answers import Asked
from feerules.frames import FrameError
from feerules.spark.columns import spark_type
from feerules.spark.workers import PROBLEM, ROW

__all__ = ["SparkAnswers", "ddl"]

Schemas = tuple[pl.Schema, pl.Schema]


@dataclass(frozen=True)
class SparkAnswers:
    """The answers for the accounts of an estate on Spark, and apart from them the rows that have none.

    `rows` and `problems` are lazy frames of PySpark. Both are read from one frame, `answers` (a row of it tells one of
    them: `row` or `problem`), which is computed for each of them unless it is kept: `persist`, or write both with `sink`.
    """

    answers: Any = field(repr=False)
    rows: Any
    problems: Any
    asked: Asked = field(repr=False)
    schemas: Schemas = field(repr=False)

    @classmethod
    def of(cls, answers: Any, asked: Asked, schemas: Schemas) -> SparkAnswers:
        rows, problems = (
            answers.filter(f"{name} is not null").select(f"{name}.*") for name in (ROW, PROBLEM)
        )
        return cls(answers, rows, problems, asked, schemas)

    @property
    def digest(self) -> str:
        """Names the rules that gave the answers."""
        return self.asked.digest

    def persist(self, *level: Any) -> SparkAnswers:
        """Lets Spark keep the answers once they are computed, so that rows and problems cost one computation.

        `level` is a `pyspark.StorageLevel`; by default memory, and disk where that is too small.
        """
        self.answers.persist(*level)
        return self

    def unpersist(self) -> SparkAnswers:
        self.answers.unpersist()
        return self

    def collect(self) -> SparkAnswers:
        raise FrameError(
            "collect() would bring a whole estate to the driver: write both frames with sink(), keep them with persist(), or "
            "take what you need, as in result.rows.limit(1000).toPandas()"
        )

    def sink(
        self,
        path: str | Path,
        problems: str | Path | None = None,
        *,
        mode: str = "error",
        progress: bool | None = None,
    ) -> SparkAnswers:
        """Writes rows and problems as folders of Parquet files, in one computation.

        The problems go to `problems`, by default to the name of `path` with `.problems` before its ending. `mode` is that
        of a Spark writer: "error" where something is there already, or "overwrite", "append". What comes back are the
        same answers, read from these files. Spark shows its own progress; `progress` is of other frames.
        """
        beside = str(problems) if problems else _beside(str(path))
        kept = self.answers.storageLevel
        if not (kept.useMemory or kept.useDisk):
            self.answers.persist()
        try:
            for frame, place in ((self.rows, str(path)), (self.problems, beside)):
                frame.write.mode(mode).parquet(place)
        finally:
            if not (kept.useMemory or kept.useDisk):
                self.answers.unpersist()
        read = self.answers.sparkSession.read
        return self._read(read.parquet(str(path)), read.parquet(beside))

    def _read(self, rows: Any, problems: Any) -> SparkAnswers:
        """The same from frames that were written."""
        kinds = [spark_type(pl.Struct(schema)) for schema in self.schemas]
        told = rows.selectExpr(f"struct(*) as {ROW}", f"cast(null as {kinds[1]}) as {PROBLEM}")
        bad = problems.selectExpr(f"cast(null as {kinds[0]}) as {ROW}", f"struct(*) as {PROBLEM}")
        return SparkAnswers(told.unionAll(bad), rows, problems, self.asked, self.schemas)


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
