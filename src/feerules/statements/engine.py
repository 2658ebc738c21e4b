"""The engine of SQL, as the statements use it."""

from __future__ import annotations

from feerules.engines.dialects import (
    TEXT,
    Dialect,
    call,
    cast,
    column,
    decimal,
    dialect_of,
    is_null,
    number,
    of,
    operated,
    selected,
    text,
)
from feerules.engines.sql import Column, Prepared, column_of, truth

__all__ = [
    "TEXT",
    "Column",
    "Dialect",
    "Prepared",
    "call",
    "cast",
    "column",
    "column_of",
    "decimal",
    "dialect_of",
    "is_null",
    "number",
    "of",
    "operated",
    "selected",
    "text",
    "truth",
]
