"""Does a rule book hold before anybody is billed by it? Every check over every document, findings in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from feerules.book import Book
from feerules.checks.days import check_days, check_versions
from feerules.checks.findings import SEVERITIES, Finding
from feerules.checks.policies import check_policies
from feerules.checks.refusals import from_problem
from feerules.checks.tables import check_tables
from feerules.checks.tariffs import check_tariffs
from feerules.checks.unused import check_unused
from feerules.errors import Problem, RuleErrors
from feerules.folders import with_excerpts
from feerules.load import read_book

__all__ = ["check"]

Check = Callable[[Book], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (check_tables, check_tariffs, check_days, check_policies)
# What nobody uses, and which days nothing covers, can be said only of a book that was read whole.
OF_THE_WHOLE: tuple[Check, ...] = (check_versions, check_unused)


def check(book: Book | str | Path) -> list[Finding]:
    """Everything odd, wrong or unlawful in a book, or in the folder or file of one.

    The findings stand in the order of the files; of one place, the most severe first. What keeps rules from
    loading is an error among them where a path is given: then the documents that can be read are checked
    all the same, each by itself.
    """
    if isinstance(book, Book):
        return _found(book, (*CHECKS, *OF_THE_WHOLE))
    try:
        book, problems = read_book(book)
    except RuleErrors as errors:
        return [from_problem(each) for each in errors.problems]
    if not problems:
        return _found(book, (*CHECKS, *OF_THE_WHOLE))
    readable = _found(book.without(_ids_with(problems, book)), CHECKS)
    return sorted([*map(from_problem, problems), *readable], key=_place)


def _found(book: Book, checks: Iterable[Check]) -> list[Finding]:
    found = [finding for each in checks for finding in each(book)]
    return sorted(with_excerpts(found, book.files), key=_place)


def _ids_with(problems: Sequence[Problem], book: Book) -> set[str]:
    """The documents that were not read whole."""
    files = {problem.where.file for problem in problems}
    every = [(each.schedule, each.names) for versions in book.versions for each in versions]
    policies = [(each.policy, each.names) for versions in book.policies for each in versions]
    return {
        document.id
        for document, names in (*every, *policies)
        if names.problems or document.where.file in files
    }


def _place(finding: Finding) -> tuple[object, ...]:
    return finding.where, SEVERITIES[finding.severity], finding.code, finding.message["en"]
