"""Statements of SQL over frames of Spark, so that no row ever passes through Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from feerules.book import Book
from feerules.errors import FrameError
from feerules.spark.answers import SparkResult
from feerules.spark.columns import sql_type
from feerules.statements.statement import Statement

__all__ = ["answered"]


def answered(frame: Any, book: Book, write: Callable[[str, dict[str, str]], Statement]) -> SparkResult:
    """The rows and problems of a statement over a frame; `write` is given a name for it, and its columns."""
    columns = {field.name: sql_type(field.dataType) for field in frame.schema.fields}
    again = [name for name, count in Counter(map(str.lower, frame.columns)).items() if count > 1]
    if again:
        raise FrameError(
            f"found more than one column {', '.join(again)}, whose capitals Spark does not tell apart: rename one"
        )
    # A name that no text of the rules holds, which the digest is made of.
    name = f"feerules_{book.digest[:32]}"
    statement = write(name, columns)
    rows, problems = (_over(frame, query, name) for query in (statement.rows, statement.problems))
    return SparkResult(rows, problems, statement.digest)


def _over(frame: Any, query: str, name: str) -> Any:
    """The answer to a query over a frame, which nobody else sees under a name."""
    text = query.replace("{", "{{").replace("}", "}}").replace(name, "{frame}")
    return frame.sparkSession.sql(text, frame=frame)
