"""Findings on decision tables, read from their grids: rows that decide nothing, columns that decide nothing."""

from __future__ import annotations

from collections.abc import Iterable

from feerules.book import Book
from feerules.checks.findings import Finding

__all__ = ["check_tables"]


def check_tables(book: Book) -> Iterable[Finding]:
    """Every finding on the tables of a book's documents."""
    return ()
