"""The engine of SQL, as the statements use it."""

from __future__ import annotations

from feerules.engines.sql import BIGINT, TEXT, WIDE, Column, Dialect, Prepared, column_of, dialect_of, truth

__all__ = ["BIGINT", "TEXT", "WIDE", "Column", "Dialect", "Prepared", "column_of", "dialect_of", "truth"]
