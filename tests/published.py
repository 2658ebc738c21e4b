"""The cases of books, one test each: they are listed when tests are collected, and worked out when one is run."""

from __future__ import annotations

from typing import Any

import pytest

import feerules
from feerules.documents.others import Case, CasesDocument
from feerules.proving.cases import cases_of, run_case


def cases(*books: feerules.Book) -> list[Any]:
    """Each case of some books, with its book, its document and its number there."""
    return [
        pytest.param(book, document, number, case, id=f"{document.for_}: {case.name.en or case.name.zh}")
        for book in books
        for document, number, case in cases_of(book)
    ]


def told(book: feerules.Book, document: CasesDocument, number: int, case: Case) -> str:
    """What came out other than the case expects; nothing where it passes."""
    result = run_case(book, document, case, number)
    return "" if result.passed else str(result)
