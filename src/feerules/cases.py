"""The cases that stand beside a document: what goes in, and what must come out, to the fen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from feerules.account_cases import account_differences, plain, problem_differences
from feerules.bill import Bill, BillLine
from feerules.book import Book
from feerules.documents.others import Case, CasesDocument
from feerules.errors import UnitErrors, Where, did_you_mean
from feerules.pricing import price

__all__ = ["CaseResult", "run_cases"]

NUMBERS = ("amount", "net", "tax", "quantity", "rate", "factor", "tax_rate")
DAYS = ("period_start", "period_end", "issued_on", "due_on")
WORDS = (
    "payer",
    "payer_id",
    "unit",
    "currency",
    "kind",
    "version",
    "document",
    "table_row",
    "unit_id",
    "account_id",
)
TOLD = (*NUMBERS, *DAYS, *WORDS)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case and every difference between what it expects and what the book says."""

    name: str
    document: str
    where: Where
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        told = "; ".join(self.differences) or "passed"
        return f"{self.where}: {self.name}: {told}"


def run_cases(book: Book) -> list[CaseResult]:
    """Runs every case of the book with tolerance zero, in the order of the files.

    A case of a unit expects an amount for each fee it names ("none" where nothing is charged), other numbers of
    its line ({amount: 250.60, rate: 2.80}), the total, or a problem ({problem: missing, fact: area}). A
    case of an account expects facts of its position, its class, and the decision with what that tells.
    """
    return [_result(book, document, case) for _, document in book.cases for case in document.cases]


def _result(book: Book, document: CasesDocument, case: Case) -> CaseResult:
    name = case.name.en or case.name.zh or ""
    schedules = {schedule.id for schedule in book.schedules}
    policies = {version.policy.id for each in book.policies for version in each}
    if document.for_ in schedules and case.unit is not None:
        differences = list(_differences(book.only(document.for_), case))
    elif document.for_ in policies and case.unit is None:
        differences = list(account_differences(book, document.for_, case))
    else:
        what, known = ("schedule", schedules) if case.unit is not None else ("policy", policies)
        near = did_you_mean(document.for_, known)
        differences = [f"no {what} {document.for_} in the book" + (f"; {near}" if near else "")]
    return CaseResult(name, document.for_, case.where, tuple(differences))


def _differences(book: Book, case: Case) -> Iterator[str]:
    try:
        bill = price(plain(case.unit), book, case.period or "", accrue=bool(case.accrue), shares=case.shares)
    except UnitErrors as error:
        yield from problem_differences(error, case.expect)
        return
    except ValueError as error:  # changes that are no list, a share of a fee that is not shared
        yield str(error)
        return
    if "problem" in case.expect:
        yield f"expected the problem {case.expect['problem']}, found a bill of {bill.total}"
        return
    fees = {fee for schedule in book.schedules for fee in schedule.fees}
    for key, expected in case.expect.items():
        if key not in fees and key not in ("total", "rounding"):
            near = did_you_mean(key, fees)
            yield f"no fee {key} in the schedule" + (f"; {near}" if near else "")
        elif key == "total":
            yield from _number_difference("total", bill.total, expected)
        else:
            yield from _fee_differences(bill, key, expected)


def _fee_differences(bill: Bill, fee: str, expected: Any) -> Iterator[str]:
    lines = [line for line in bill.lines if line.fee == fee]
    if expected == "none":
        if lines:
            yield f"{fee}: expected nothing, found {bill.amounts[fee]}"
        return
    if not lines:
        yield f"{fee}: expected {expected}, found no line"
        return
    if not isinstance(expected, list | dict):
        yield from _number_difference(fee, bill.amounts[fee], expected)
        return
    wanted = [expected] if isinstance(expected, dict) else expected
    if len(wanted) != len(lines):
        yield f"{fee}: expected {len(wanted)} line{'s'[: len(wanted) != 1]}, found {len(lines)}"
    for line, each in zip(lines, wanted, strict=False):
        yield from _line_differences(line, each)


def _line_differences(line: BillLine, expected: Any) -> Iterator[str]:
    wanted = expected if isinstance(expected, dict) else {"amount": expected}
    for key, value in wanted.items():
        if key not in TOLD:
            near = did_you_mean(key, TOLD)
            yield f"{line.fee}: a line has no {key}" + (f"; {near}" if near else "")
            continue
        found = getattr(line, key)
        if key in NUMBERS:
            yield from _number_difference(f"{line.fee}.{key}", found, value)
        elif str(found) != str(value):
            yield f"{line.fee}.{key}: expected {value}, found {found}"


def _number_difference(name: str, found: Decimal | None, expected: Any) -> Iterator[str]:
    try:
        wanted = Decimal(str(expected))
    except InvalidOperation:
        yield f"{name}: {expected!r} is no number"
        return
    if found is None or found != wanted:
        yield f"{name}: expected {wanted}, found {found}"
