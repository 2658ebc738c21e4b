"""Cells: the conditions of decision tables and policies, in S-FEEL, the cell language of the DMN standard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from feerules.documents.literals import CellProblem, CellType, NotALiteral, as_value, cell_type, write
from feerules.documents.ranges import Range, Unequal, complement, union, write_test
from feerules.documents.slips import explain
from feerules.documents.tree import Text
from feerules.documents.unary import is_plain_word, read_tests
from feerules.errors import FeeRulesError, Problem

__all__ = ["Cell", "CellError", "CellProblem", "CellType", "Range", "Ranges", "Unequal"]

Ranges = tuple[Range, ...]


class CellError(FeeRulesError, ValueError):
    """Everything wrong with one cell, or with a value that was to be matched; `text` is what it says."""

    def __init__(self, text: str, problems: tuple[CellProblem, ...]) -> None:
        super().__init__(text, problems)
        self.text = text
        self.problems = problems

    def problems_in(self, text: str) -> list[Problem]:
        """The problems at their places in the file; `text` is what was given to `Cell.parse`."""
        placed = text if isinstance(text, Text) else Text(text)
        return [
            placed.problem(
                p.code, found=p.found, expected=p.expected, hint=p.hint, where=placed.spot(p.offset)
            )
            for p in self.problems
        ]

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems_in(str(self.text))))


@dataclass(frozen=True, slots=True, repr=False)
class Cell:
    """One condition on one value, read by `Cell.parse`; equal cells say the same in the same order.

    >>> low = Cell.parse("[1..3], 5", type="number")
    >>> low.matches(2), low.matches("4"), low.matches(None)
    (True, False, False)
    >>> print(Cell.parse("not((residential), shop)", type="string", bare=True))
    not(residential, shop)

    `any` is the cell `-`; `null` says that the cell names null, `negated` that it is `not(…)`.
    """

    type: CellType
    tests: tuple[Range | Unequal, ...] = ()
    any: bool = False
    null: bool = False
    negated: bool = False
    bare: bool = False

    @classmethod
    def parse(cls, text: str, *, type: str, bare: bool = False) -> Cell:  # noqa: A002  (DMN's word)
        """Reads S-FEEL unary tests: `-`, `6`, `>= 6`, `[90..144)`, `"a", "b"`, `not("shop")`, `null`.

        `type` is number, string, boolean, date, datetime, time or duration, or DMN's longer name. With
        `bare`, the words of a choice need no quotes. Raises CellError with every problem of the cell.
        """
        return _parsed(str(text), cell_type(type), bare)

    def matches(self, value: object) -> bool:
        """Whether the value satisfies the cell; None, which is null, does only for `-` and `null`.

        Takes Python values, or the text of a literal such as `date("2018-12-08")`; for a string cell, text
        that is a complete quoted literal is read as that literal. Raises CellError for any other value.
        """
        try:
            known = as_value(value, self.type)
        except NotALiteral as wrong:
            found = f"{value!r:.80}"
            raise CellError(found, (CellProblem(wrong.code, 0, found, wrong.expected, wrong.hint),)) from None
        if self.any or known is None:
            return self.matches_null if known is None else True
        if self.tests and self.type == "duration" and not isinstance(known, _kind_of(self.tests[0])):
            return False  # months and days cannot be compared
        return self.negated != any(known in test for test in self.tests)

    @property
    def matches_null(self) -> bool:
        return self.any or (self.null and not self.negated)

    @property
    def literals(self) -> frozenset[Any]:
        """The values that the cell names, bounds included, null not."""
        values: set[Any] = set()
        for test in self.tests:
            values |= {test.value} if isinstance(test, Unequal) else {test.lo, test.hi}
        return frozenset(values - {None})

    def ranges(self) -> Ranges | None:
        """The values that match, null aside, as ranges in order that neither overlap nor touch.

        None for strings and booleans, which a decision grid takes by their `literals`.

        >>> [(r.lo, r.hi) for r in Cell.parse("not([2018-01-01..2019-01-01))", type="date").ranges()]
        [(None, datetime.date(2018, 1, 1)), (datetime.date(2019, 1, 1), None)]
        """
        if self.type in ("string", "boolean"):
            return None
        if self.any:
            return (Range(),)
        covered = union(part for test in self.tests for part in test.parts())
        return complement(covered) if self.negated else covered

    def __str__(self) -> str:
        """The canonical text: parsed again with the same type, it gives an equal cell."""
        if self.any:
            return "-"
        tests = ", ".join([*["null"] * self.null, *(write_test(test, self._literal) for test in self.tests)])
        return f"not({tests})" if self.negated else tests

    def __repr__(self) -> str:
        return f"Cell({str(self)!r}, type={self.type!r}{', bare=True' * self.bare})"

    def _literal(self, value: Any) -> str:
        return value if self.bare and is_plain_word(value) else write(value)


def _kind_of(test: Range | Unequal) -> type:
    if isinstance(test, Unequal):
        return type(test.value)
    return type(test.hi if test.lo is None else test.lo) if test != Range() else object


@lru_cache(maxsize=16_384)
def _parsed(text: str, kind: CellType, bare: bool) -> Cell:
    read = read_tests(text, kind, bare)
    if read.problems:
        raise CellError(text, explain(text, kind, bare, read))
    return Cell(kind, read.tests, read.any, read.null, read.negated, bare)
