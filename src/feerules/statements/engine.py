"""The engine of SQL, as the statements use it."""

from __future__ import annotations

from feerules.engines.sql import (
    TEXT,
    Column,
    Dialect,
    Prepared,
    call,
    cast,
    column,
    column_of,
    decimal,
    dialect_of,
    is_null,
    number,
    of,
    operated,
    selected,
    text,
    truth,
)

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
