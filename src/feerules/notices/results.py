"""A notice: what an owner is sent or a board shows, as text, as HTML and as a short message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from feerules.errors import FeeRulesError, Problem, Where, did_you_mean

__all__ = ["KINDS", "Notice", "NoticeError", "ShortMessage", "given", "one_of"]

SCHEMA: Final = 1
KINDS: Final = ("fee_notice", "price_table", "payment_notice", "demand", "reminder")


class NoticeError(FeeRulesError, ValueError):
    """Why a notice cannot be made, every reason at once; `problems` are as those of rules."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} with the notice"
        return "\n".join([head, *map(_told, self.problems)])

    def __reduce__(self) -> tuple[Any, ...]:
        return NoticeError, (self.problems,)


def given(name: str) -> Where:
    """The place of something that a caller gave and no file holds: its name."""
    return Where(name, 0, 0)


def _told(problem: Problem) -> str:
    text = str(problem)
    return text if problem.where.line else text.replace(":0:0:", ":", 1)


def one_of(code: str, what: str, word: str, known: Iterable[str]) -> Problem:
    """That a word is none of those that there are."""
    known = list(known)
    expected = f"one of {', '.join(known)}"
    return Problem(code, given(what), f'"{word}"', expected, did_you_mean(word, known))


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """A text for SMS: how it is encoded, how long it is, and in how many segments it goes out.

    `characters` are those that are paid for: septets in GSM-7, where € and brackets count twice, and
    UTF-16 units in UCS-2, the signature counted.
    """

    text: str
    encoding: str
    characters: int
    segments: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "encoding": self.encoding,
            "characters": self.characters,
            "segments": self.segments,
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice in one language. `fields` are the data that stand in it; `template` is its key.

    `audience` says who may see it. `needs_approval` names who must agree before it goes out, `warnings`
    tell a person what to look at before. `recipient_id` is the account or unit that it goes to.
    """

    kind: str
    locale: str
    title: str
    text: str
    html: str
    sms: ShortMessage | None
    fields: Mapping[str, Any]
    template: str
    audience: str
    recipient_id: str | None = None
    needs_approval: str | None = None
    warnings: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a `schema` number: money and numbers as text, days as ISO text."""
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "locale": self.locale,
            "title": self.title,
            "text": self.text,
            "html": self.html,
            "sms": None if self.sms is None else self.sms.to_dict(),
            "fields": _plain(self.fields),
            "template": self.template,
            "audience": self.audience,
            "recipient_id": self.recipient_id,
            "needs_approval": self.needs_approval,
            "warnings": list(self.warnings),
        }

    def write(self, path: str | Path) -> Path:
        """Writes the notice as UTF-8 by the suffix of the path: .html, .txt, or .sms for the short message."""
        path = Path(path)
        forms = {".html": self.html, ".txt": self.text}
        if self.sms is not None:
            forms[".sms"] = self.sms.text
        if path.suffix not in forms:
            raise NoticeError([one_of("unknown_form", "path", path.suffix or path.name, forms)])
        path.write_text(forms[path.suffix], encoding="utf-8", newline="\n")
        return path

    def __str__(self) -> str:
        return self.text


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value
