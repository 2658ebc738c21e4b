"""What can be wrong, said so that it can be mended: where, what was found, what was expected, one hint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from unicodedata import combining, east_asian_width

from feerules.wording import translate

__all__ = [
    "FeeRulesError",
    "FrameError",
    "MissingExtra",
    "Problem",
    "RuleErrors",
    "UnitErrors",
    "UnitProblem",
    "Where",
    "did_you_mean",
    "nearest",
    "pointed",
]


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a file that a person wrote; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def right(self, columns: int) -> Where:
        return Where(self.file, self.line, self.column + columns)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a rule document, as data.

    `excerpt` is the source line that `where` points into, or "". `witness` is a unit or account that shows it, as
    the names and texts of its facts; nothing where none can.
    """

    code: str
    where: Where
    found: str
    expected: str
    hint: str = ""
    excerpt: str = ""
    witness: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "file": self.where.file,
            "line": self.where.line,
            "column": self.where.column,
            "found": self.found,
            "expected": self.expected,
            "hint": self.hint,
            "witness": dict(self.witness),
        }

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.code}", *pointed(self.where, self.excerpt)]
        lines += [f"  found:    {self.found}", f"  expected: {self.expected}"]
        if self.hint:
            lines.append(f"  hint:     {self.hint}")
        return "\n".join(lines)


def pointed(where: Where, excerpt: str) -> list[str]:
    """The line that a place is in, and a caret under it; nothing without the line."""
    if not excerpt:
        return []
    number, before = str(where.line), excerpt[: where.column - 1]
    caret = _blank(before) + " " * (where.column - 1 - len(before)) + "^"
    return [f"  {number} | {excerpt}", f"  {' ' * len(number)} | {caret}"]


def _blank(text: str) -> str:
    """Blanks as wide as the text: terminals show a Chinese character in two columns."""
    if text.isascii():
        return " " * len(text)
    return "".join(
        "\u3000" if east_asian_width(char) in "WF" else " " * (not combining(char)) for char in text
    )


@dataclass(frozen=True, slots=True)
class UnitProblem:
    """Why one record cannot be answered: a row of the `problems` frame.

    `value` is what the record said, as text; None where it said nothing.
    """

    unit_id: str | None
    fact: str | None
    value: str | None
    code: str
    reason: str
    fee: str | None = None
    account_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "unit_id": self.unit_id,
            "account_id": self.account_id,
            "fee": self.fee,
            "fact": self.fact,
            "value": self.value,
            "code": self.code,
            "reason": self.reason,
        }

    def explain(self, locale: str = "zh_CN") -> str:
        """The problem as a person reads it, in Chinese or English (see `Bill.explain`).

        >>> print(UnitProblem("A-1", "area", "89.505", "imprecise", "more than 2 decimal places").explain())
        房屋A-1、area = 89.505：小数位数超过2位。
        """
        words = translate(locale)
        subject = [] if self.unit_id is None else [words.text("Unit {unit}", unit=self.unit_id)]
        if self.account_id is not None:
            subject.append(words.text("Account {account}", account=self.account_id))
        if self.fee is not None:
            subject.append(words.text("fee {fee}", fee=self.fee))
        if self.fact is not None and self.value is not None:
            subject.append(words.text("{fact} = {value}", fact=self.fact, value=self.value))
        elif self.fact is not None:
            subject.append(self.fact)
        reason = words.retold(self.reason, self.code)
        if not subject:
            return words.text("{reason}.", reason=reason)
        return words.text("{subject}: {reason}.", subject=words.listed(subject), reason=reason)

    def __str__(self) -> str:
        subject = self.fact or self.fee
        return f"{self.code}: {subject}: {self.reason}" if subject else f"{self.code}: {self.reason}"


class FeeRulesError(Exception):
    """The base of every exception that feerules raises on purpose."""


class RuleErrors(FeeRulesError):
    """Every problem of a book, raised once; `problems` is in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems, key=lambda p: (p.where, p.code)))
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the rules"
        return "\n".join([head, *map(str, self.problems)])

    def __reduce__(self) -> tuple[Any, ...]:
        return RuleErrors, (self.problems,)


class UnitErrors(FeeRulesError):
    """Why a unit could not be priced, every reason at once."""

    def __init__(self, problems: Iterable[UnitProblem]) -> None:
        self.problems: tuple[UnitProblem, ...] = tuple(problems)
        super().__init__(self.problems)

    def explain(self, locale: str = "zh_CN") -> str:
        """Every problem as a person reads it, a line for each."""
        return "\n".join(problem.explain(locale) for problem in self.problems)

    def __str__(self) -> str:
        if len({problem.unit_id for problem in self.problems}) < 2:
            return "\n".join(map(str, self.problems))
        return "\n".join(f"{problem.unit_id}: {problem}" for problem in self.problems)

    def __reduce__(self) -> tuple[Any, ...]:
        return UnitErrors, (self.problems,)


class FrameError(FeeRulesError, TypeError):
    """The data handed in is no frame, cannot be read, or lacks a column that is needed."""


class MissingExtra(FeeRulesError, ImportError):
    """A function needs packages that are not installed; the message gives the command."""

    def __init__(self, what: str, extra: str, module: str) -> None:
        self.extra = extra
        super().__init__(f'{what} needs {module}: run pip install "feerules[{extra}]"')


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or "" where none is near."""
    near = nearest(word, known)
    return f'did you mean "{near}"?' if near else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or ""."""
    return next(iter(get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)), "")
