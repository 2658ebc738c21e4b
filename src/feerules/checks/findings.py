"""A finding: what a check has to say about rules that load, in two languages, with a witness and its legal basis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from feerules.errors import Where, pointed
from feerules.wording import Wording, sentence, translate

__all__ = ["LANGUAGES", "SEVERITIES", "Basis", "Confidence", "Finding", "Severity", "Told", "finding"]

Severity = Literal["error", "warning", "note"]
Confidence = Literal["high", "medium", "low"]
Told = Mapping[str, str]  # {"zh": …, "en": …}
SEVERITIES: Mapping[Severity, int] = {"error": 0, "warning": 1, "note": 2}
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Basis:
    """A rule of law that a finding rests on: 民法典, 第九百四十四条; how sure, and where it holds."""

    document: str
    clause: str = ""
    confidence: Confidence = "high"
    jurisdiction: Told = field(default_factory=dict, hash=False)

    def to_dict(self) -> dict[str, Any]:
        return {
            "document": self.document,
            "clause": self.clause,
            "confidence": self.confidence,
            "jurisdiction": dict(self.jurisdiction),
        }

    def told(self, words: Wording) -> str:
        rule = f"{self.document} {self.clause}".strip()
        sure = words.text(CONFIDENCES[self.confidence])
        if not self.jurisdiction:
            return words.text("{rule} ({sure})", rule=rule, sure=sure)
        place = words.title(self.jurisdiction)
        return words.text("{rule} ({jurisdiction}, {sure})", rule=rule, jurisdiction=place, sure=sure)


CONFIDENCES: Mapping[Confidence, str] = {
    "high": sentence("certain"),
    "medium": sentence("probable"),
    "low": sentence("disputed"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found in rules that load.

    `witness` are concrete units, accounts or days that show it: the facts of each, by name, as text. `basis` are
    the rules of law that it offends, where it is about law. `excerpt` is the source line that `where` points into,
    `titles` are those of facts of the witness, for people.
    """

    code: str
    severity: Severity
    where: Where
    message: Told = field(hash=False)
    hint: Told = field(hash=False)
    witness: tuple[Mapping[str, str], ...] = field(default=(), hash=False)
    basis: tuple[Basis, ...] = ()
    document: str = ""
    excerpt: str = ""
    titles: Mapping[str, Told] = field(default_factory=dict, hash=False, compare=False, repr=False)

    def explain(self, locale: str = "zh_CN") -> str:
        """The finding as a person reads it, in Chinese or English."""
        words = translate(locale)
        severity = words.text(TITLES[self.severity])
        lines = [f"{self.where}: {severity}: {self.code}", *pointed(self.where, self.excerpt)]
        labelled = [
            (words.text("found"), self.message[words.language]),
            *((words.text("witness"), self._listed(each, words)) for each in self.witness),
            *((words.text("basis"), each.told(words)) for each in self.basis),
            (words.text("hint"), self.hint[words.language]),
        ]
        return "\n".join([*lines, *(f"  {label}: {text}" for label, text in labelled if text)])

    def _listed(self, witness: Mapping[str, str], words: Wording) -> str:
        """A unit by the titles of its facts, or their names where they have none."""
        return words.listed(f"{self._called(name, words)} {value}" for name, value in witness.items())

    def _called(self, name: str, words: Wording) -> str:
        if name in self.titles:
            return self.titles[name].get(words.language) or name
        return words.text(CALLED[name]) if name in CALLED else name

    def __str__(self) -> str:
        return self.explain("en")

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "document": self.document,
            "file": self.where.file,
            "line": self.where.line,
            "column": self.where.column,
            "message": dict(self.message),
            "hint": dict(self.hint),
            "witness": [dict(each) for each in self.witness],
            "basis": [each.to_dict() for each in self.basis],
        }


# What witnesses tell beside facts.
CALLED: Mapping[str, str] = {
    "amount": sentence("amount"),
    "day": sentence("date"),
    "quantity": sentence("quantity"),
}
TITLES: Mapping[Severity, str] = {
    "error": sentence("error"),
    "warning": sentence("warning"),
    "note": sentence("note"),
}


def finding(
    code: str,
    severity: Severity,
    where: Where,
    message: str,
    hint: str,
    *,
    witness: Sequence[Mapping[str, str]] = (),
    basis: Sequence[Basis] = (),
    document: str = "",
    **fields: str | Told,
) -> Finding:
    """A finding whose message and hint are sentences of the catalogs, with the same fields.

    A field is a text, or a title in both languages.
    """
    told: dict[str, dict[str, str]] = {"message": {}, "hint": {}}
    for language in LANGUAGES:
        words = translate(language)
        known = {name: each if isinstance(each, str) else words.title(each) for name, each in fields.items()}
        told["message"][language] = words.text(message, **known)
        told["hint"][language] = words.text(hint, **known) if hint else ""
    return Finding(
        code, severity, where, told["message"], told["hint"], tuple(witness), tuple(basis), document
    )
