"""The cases that stand beside a document: what goes in, and what must come out, to the fen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from feerules.book import Book
from feerules.documents.others import Case, CasesDocument
from feerules.proving.account_cases import account_differences
from feerules.proving.results import CaseResult, Difference, unknown
from feerules.proving.unit_cases import unit_differences
from feerules.wording import sentence

__all__ = ["cases_of", "run_case", "run_cases"]


def run_cases(
    book: Book, document_id: str | None = None, *, watch: Callable[[CaseResult], object] | None = None
) -> list[CaseResult]:
    """Runs every case of the book with tolerance zero, in the order of the files.

    A case of a unit expects an amount for each fee it names ("none" where nothing is charged), other numbers of
    its line ({amount: 250.60, rate: 2.80}), the total, or a problem ({problem: missing, fact: area}). A
    case of an account expects facts of its position, its class, and the decision with what that tells. With
    `document_id`, only the cases for one schedule or policy run. `watch` is given each result as soon as it is there.
    """
    results = []
    for document, number, case in cases_of(book, document_id):
        result = run_case(book, document, case, number)
        results.append(result)
        if watch is not None:
            watch(result)
    return results


def cases_of(book: Book, document_id: str | None = None) -> Iterator[tuple[CasesDocument, int, Case]]:
    """Each case with its document and its place there, from 1; ValueError where the book has no such document."""
    if document_id is not None and document_id not in (*_schedules(book), *_policies(book)):
        raise ValueError(f"the book has no document {document_id!r}")
    for _, document in book.cases:
        if document_id in (None, document.for_):
            yield from ((document, number, case) for number, case in enumerate(document.cases, 1))


def run_case(book: Book, document: CasesDocument, case: Case, number: int = 1) -> CaseResult:
    """What became of one case."""
    titles = {language: name for language in ("zh", "en") if (name := getattr(case.name, language))}
    name, differences = case.name.en or case.name.zh or "", tuple(_differences(book, document.for_, case))
    return CaseResult(name, document.for_, case.where, differences, titles, number)


def _differences(book: Book, name: str, case: Case) -> Iterator[Difference]:
    schedules, policies = _schedules(book), _policies(book)
    if name in schedules and case.unit is not None:
        yield from unit_differences(book.only(name), case)
    elif name in policies and case.unit is None:
        yield from account_differences(book, name, case)
    elif case.unit is not None:
        yield unknown(sentence("no schedule {id} in the book"), name, schedules, id=name)
    else:
        yield unknown(sentence("no policy {id} in the book"), name, policies, id=name)


def _schedules(book: Book) -> set[str]:
    return {schedule.id for schedule in book.schedules}


def _policies(book: Book) -> set[str]:
    return {version.policy.id for each in book.policies for version in each}
