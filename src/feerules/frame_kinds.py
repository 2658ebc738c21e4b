"""Which library a frame is of, without loading any."""

from __future__ import annotations

from typing import Any

__all__ = ["is_relation", "is_spark"]


def is_relation(units: Any) -> bool:
    """Whether this is a relation of DuckDB, which need not be there."""
    kind = type(units)
    return kind.__name__ == "DuckDBPyRelation" and kind.__module__.partition(".")[0] in ("duckdb", "_duckdb")


def is_spark(frame: Any) -> bool:
    """Whether this is a frame of PySpark, of a classic session or over Connect; PySpark need not be there."""
    kinds = type(frame).__mro__
    return any(kind.__name__ == "DataFrame" and kind.__module__.startswith("pyspark.sql.") for kind in kinds)
