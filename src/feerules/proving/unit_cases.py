"""Cases of units: facts and a period go in; amounts and lines, or problems, come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from feerules.bill import Bill, BillLine
from feerules.book import Book
from feerules.documents.others import Case
from feerules.errors import RuleErrors, UnitErrors
from feerules.pricing import price
from feerules.proving.problem_cases import (
    expects_problem,
    plain,
    problem_differences,
    told_problems,
    unknown_problems,
)
from feerules.proving.results import EXPECTED, Difference, number_difference, unknown
from feerules.wording import sentence

__all__ = ["unit_differences"]

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
SUMS = ("total", "rounding")


def unit_differences(book: Book, case: Case) -> Iterator[Difference]:
    """What a case of a schedule expects and that does not come out; `book` has this schedule alone."""
    fees = {fee for schedule in book.schedules for fee in schedule.fees}
    told = [*_unknown(case.expect, fees)]
    yield from told
    try:
        bill = price(plain(case.unit), book, case.period or "", accrue=bool(case.accrue), shares=case.shares)
    except UnitErrors as error:
        if not (told and expects_problem(case.expect)):
            names = (version.names for versions in book.versions for version in versions)
            aliases = {alias: fact for each in names for alias, fact in each.aliases.items()}
            yield from problem_differences(error, case.expect, aliases)
        return
    except RuleErrors as error:  # days that the calendar of the book does not know
        yield Difference(sentence("the case itself: {error}"), {"error": str(error)})
        return
    except ValueError as error:  # changes that are no list, a share of a fee that is not shared
        yield Difference("{error}", {"error": str(error)})
        return
    if expects_problem(case.expect):
        wanted = {"code": told_problems(case.expect), "total": str(bill.total)}
        yield Difference(sentence("expected the problem {code}, found a bill of {total}"), wanted)
        return
    for key, expected in case.expect.items():
        if key == "total":
            yield from number_difference("total", bill.total, expected)
        elif key in fees or key in SUMS:
            yield from _fee_differences(bill, key, expected)


def _unknown(expect: Mapping[str, Any], fees: set[str]) -> Iterator[Difference]:
    """What an expectation names that no bill can tell."""
    if expects_problem(expect):
        yield from unknown_problems(expect)
        return
    for key, expected in expect.items():
        if key not in fees and key not in SUMS:
            known = [*fees, *SUMS, "problem", "problems"]
            yield unknown(sentence("no fee {key} in the schedule"), key, known, key=str(key))
            continue
        for line in expected if isinstance(expected, list) else [expected]:
            for name in line if isinstance(line, Mapping) else ():
                if name not in TOLD:
                    told = {"fee": str(key), "key": str(name)}
                    yield unknown(sentence("{fee}: a line has no {key}"), name, TOLD, **told)


def _fee_differences(bill: Bill, fee: str, expected: Any) -> Iterator[Difference]:
    lines = [line for line in bill.lines if line.fee == fee]
    if expected == "none":
        if lines:
            told = {"name": fee, "found": str(bill.amounts[fee])}
            yield Difference(sentence("{name}: expected nothing, found {found}"), told)
        return
    if not lines:
        told = {"name": fee, "expected": str(plain(expected))}
        yield Difference(sentence("{name}: expected {expected}, found no line"), told)
        return
    if not isinstance(expected, list | dict):
        yield from number_difference(fee, bill.amounts[fee], expected)
        return
    wanted = [expected] if isinstance(expected, dict) else expected
    if len(wanted) != len(lines):
        counts = {"expected": len(wanted)}
        told = {"name": fee, "found": str(len(lines))}
        yield Difference(EXPECTED, told, counts)
    for line, each in zip(lines, wanted, strict=False):
        yield from _line_differences(line, each)


def _line_differences(line: BillLine, expected: Any) -> Iterator[Difference]:
    wanted = expected if isinstance(expected, dict) else {"amount": expected}
    for key, value in wanted.items():
        if key not in TOLD:
            continue  # told before anything ran
        found, name = getattr(line, key), f"{line.fee}.{key}"
        if key in NUMBERS:
            yield from number_difference(name, found, value)
        elif str(found) != str(value):
            yield Difference(EXPECTED, {"name": name, "expected": str(plain(value)), "found": str(found)})
