"""The reform as a document: changes of a book that people write, read and sign."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from feerules.documents.fields import Day, DocId, Number, Phrase, Plain, Whole, Words
from feerules.documents.model import Part, problem_with, refused
from feerules.documents.values import Cells

__all__ = ["Change", "ReformDocument"]

VERBS = ("rate", "adjustment", "set", "add", "remove")
MOVES = ("to", "by", "times")


class Change(Part):
    """One change: exactly one of rate, adjustment, set, add and remove says what is changed."""

    rate: Phrase | None = Field(None, description="a fee")
    adjustment: Phrase | None = Field(None, description="a fee")
    set: Phrase | None = Field(None, description="the way to a value: fees.water.minimum")
    add: Phrase | None = Field(None, description="the way to something new")
    remove: Phrase | None = Field(None, description="the way to something less")
    to: Any = None
    by: Number | None = None
    times: Number | None = None
    value: Any = Field(None, description="what is added")
    when: Cells = {}
    name: Plain | None = Field(None, description="the title of an adjustment, or its place")
    action: Phrase = Field("times", description="what the adjustment does: times, plus, at_most …")
    column: Phrase | None = None
    part: Phrase | None = None
    places: Whole | None = Field(None, ge=0, le=9)
    before: Phrase | None = None
    after: Phrase | None = None

    @model_validator(mode="before")
    @classmethod
    def _says_one_thing(cls, value: Any) -> Any:
        if isinstance(value, dict):
            verb = _only(value, VERBS, "what is changed")
            if verb in ("rate", "adjustment", "set"):
                _only(value, MOVES, "what it becomes")
            if verb == "adjustment" and "name" not in value:
                expected, hint = "the title of the adjustment, or its place", "add name: 1"
                raise refused(
                    [problem_with(value, "missing_key", found='no "name"', expected=expected, hint=hint)]
                )
        return value

    @property
    def verb(self) -> str:
        return next(name for name in VERBS if name in self.model_fields_set)


def _only(value: dict[str, Any], names: tuple[str, ...], what: str) -> str:
    """The one key of some that a mapping has."""
    said = [name for name in names if name in value]
    if len(said) != 1:
        found = " and ".join(said) or "none of them"
        expected = f"{what}, by {', '.join(names[:-1])} or {names[-1]}"
        raise refused([problem_with(value, "contradiction", found=found, expected=expected)])
    return said[0]


class ReformDocument(Part):
    """Changes of a book; it stands beside the book's folder, and not in it."""

    kind: Literal["reform"]
    id: DocId | None = None
    title: Words | None = None
    note: Words | None = None
    document: DocId | None = None
    version: Plain | None = None
    effective: Day | None = Field(None, description="the first day on which the changes hold")
    changes: tuple[Change, ...] = Field(min_length=1)
