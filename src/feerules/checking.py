"""Does a rule book hold before anybody is billed by it? Every check over every document, findings in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from feerules.book import Book
from feerules.checks.findings import SEVERITIES, Finding, from_problem
from feerules.checks.tables import check_tables
from feerules.errors import RuleErrors
from feerules.folders import with_excerpts
from feerules.load import load

__all__ = ["check"]

CHECKS: tuple[Callable[[Book], Iterable[Finding]], ...] = (check_tables,)


def check(book: Book | str | Path) -> list[Finding]:
    """Everything odd, wrong or unlawful in a book, or in the folder or file of one.

    The findings stand in the order of the files; of one place, the most severe first. What keeps rules from
    loading is an error among them where a path is given.
    """
    if not isinstance(book, Book):
        try:
            book = load(book)
        except RuleErrors as errors:
            return [from_problem(each) for each in errors.problems]
    found = [finding for each in CHECKS for finding in each(book)]
    return sorted(with_excerpts(found, book.files), key=_place)


def _place(finding: Finding) -> tuple[object, ...]:
    return finding.where, SEVERITIES[finding.severity], finding.code, finding.message["en"]
