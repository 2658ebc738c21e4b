"""What became of a case: every difference between what it expects and what the book says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from feerules.errors import UnitProblem, Where, did_you_mean
from feerules.wording import Wording, counted, sentence, translate

__all__ = ["CaseResult", "Difference", "number_difference", "unknown"]

LINES = counted("{number} line", "{number} lines")
EXPECTED = sentence("{name}: expected {expected}, found {found}")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a case expects and that is not so: a sentence of the catalogs, and its fields.

    `lines` are fields that count lines, `problems` what a record failed of, `near` a word that was likely meant.
    """

    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[UnitProblem, ...] = ()
    near: str = ""

    def __str__(self) -> str:
        counts = {name: f"{number} line{'s' * (number != 1)}" for name, number in self.lines.items()}
        told = self.message.format(**self.fields, **counts) + "\n".join(map(str, self.problems))
        return f"{told}; {self.near}" if self.near else told

    def explain(self, words: Wording) -> str:
        """The same in another language; what an error of Python says stays as it is."""
        counts = {name: words.count(LINES, str(number)) for name, number in self.lines.items()}
        told = words.text(self.message, **self.fields, **counts)
        told += "".join(problem.explain(words.language) for problem in self.problems)
        if not self.near:
            return told
        word = self.near.partition('"')[2].rpartition('"')[0]
        return words.text("{difference} (did you mean {word}?)", difference=told, word=word)

    def to_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"message": str(self), "problems": [each.to_dict() for each in self.problems]}
        return plain | {
            name: self.fields[name] for name in ("name", "expected", "found") if name in self.fields
        }


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case and every difference between what it expects and what the book says, as text.

    `document` is the id of the schedule or policy, `number` the place of the case in its document, from 1;
    `found` are the differences as data.
    """

    name: str
    document: str
    where: Where
    found: tuple[Difference, ...]
    titles: Mapping[str, str] = field(default_factory=dict)
    number: int = 1

    @property
    def passed(self) -> bool:
        return not self.found

    @property
    def differences(self) -> tuple[str, ...]:
        return tuple(map(str, self.found))

    def __str__(self) -> str:
        told = "; ".join(self.differences) or "passed"
        return f"{self.where}: {self.name}: {told}"

    def explained(self, locale: str = "zh_CN") -> list[str]:
        """Each difference as a person reads it; `locale` as in `Bill.explain`."""
        words = translate(locale)
        return [each.explain(words) for each in self.found]

    def explain(self, locale: str = "zh_CN") -> str:
        """The case and its differences as a person reads them."""
        words = translate(locale)
        told = "; ".join(self.explained(locale)) or words.text("passed")
        name = words.title(self.titles, self.name)
        return f"{self.where}: " + words.text("{case}: {told}", case=name, told=told)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "schema": 1,
            "document": self.document,
            "name": dict(self.titles) or {"en": self.name},
            "file": self.where.file,
            "line": self.where.line,
            "column": self.where.column,
            "passed": self.passed,
            "differences": [each.to_dict() for each in self.found],
        }


def unknown(message: str, word: str, known: Iterable[str], **fields: str) -> Difference:
    """A word that says nothing here, with the one that was likely meant."""
    return Difference(message, fields, near=did_you_mean(word, known))


def number_difference(name: str, found: Decimal | None, expected: Any) -> list[Difference]:
    """What there is to tell of a number, with tolerance zero."""
    try:
        wanted = Decimal(str(expected))
    except InvalidOperation:
        return [Difference(sentence("{name}: {value} is no number"), {"name": name, "value": repr(expected)})]
    if found is not None and found == wanted:
        return []
    return [Difference(EXPECTED, {"name": name, "expected": str(wanted), "found": str(found)})]
