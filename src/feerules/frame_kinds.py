"""Which library a frame is of, without loading any."""

from __future__ import annotations

from typing import Any

__all__ = ["is_spark"]


def is_spark(frame: Any) -> bool:
    """Whether this is a frame of PySpark, of a classic session or over Connect; PySpark need not be there."""
    kinds = type(frame).__mro__
    return any(kind.__name__ == "DataFrame" and kind.__module__.startswith("pyspark.sql.") for kind in kinds)
