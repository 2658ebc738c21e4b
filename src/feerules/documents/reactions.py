"""Reactions: what a policy does when things happen on an account, in a pattern that it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from feerules.documents.charging import Source
from feerules.documents.durations import Days
from feerules.documents.fields import DocId, Phrase, Plain, Whole, Words
from feerules.documents.model import Part, problem_with, refused
from feerules.documents.synonyms import word_for
from feerules.errors import did_you_mean
from feerules.vocabulary import CLOSED, HAPPENINGS, TOLD

__all__ = ["DEEDS", "Counted", "Deed", "Followed", "Happening", "OneOf", "Pattern", "Reaction"]

MOST_DAYS = 3660  # ten years: what a service must remember of every account has an end
MOST_TIMES = 100

_KINDS = ", ".join(name for name in HAPPENINGS if not name.endswith(CLOSED))
_SEVERAL = "make a reaction for each, or count a list"


def _read_kind(value: Any) -> str:
    if isinstance(value, str) and value in HAPPENINGS:
        return value
    hint = _SEVERAL
    if isinstance(value, str):
        meant = word_for(value, HAPPENINGS)
        hint = f"write {meant}" if meant else did_you_mean(value, HAPPENINGS)
    expected = (
        f"one of: {_KINDS}; or with {CLOSED} behind it the end of what goes on, such as dispute{CLOSED}"
    )
    raise refused([problem_with(value, "unknown_word", expected=expected, hint=hint)])


Kind = Annotated[str, PlainValidator(_read_kind), WithJsonSchema({"enum": [*HAPPENINGS]})]
"""What happens, as vocabulary.HAPPENINGS calls it."""

DEEDS = ("escalate", "notify", "step", "cancel", "thank", "reopen", "review", "hold")
Deed = Literal["escalate", "notify", "step", "cancel", "thank", "reopen", "review", "hold"]


class Happening(Part):
    """Something that happens on an account, with cells over what its entry tells."""

    short: ClassVar[JsonSchemaValue] = {"enum": [*HAPPENINGS]}

    event: Kind
    channel: Plain | None = None
    outcome: Plain | None = None
    delivered: Plain | None = None
    reached: Plain | None = Field(
        None, description="whether it reached anybody, by ledger.outcomes: true, false"
    )
    step_id: Plain | None = None
    reason: Plain | None = None
    amount: Plain | None = None
    fee: Plain | None = None
    method: Plain | None = Field(None, description="how a payment was made")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"event": value} if isinstance(value, str) else value

    def cells(self) -> Iterator[tuple[str, str]]:
        """The conditions that it has: what an entry tells, and the cell."""
        for name in TOLD:
            cell = getattr(self, name)
            if cell is not None:
                yield name, cell


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


class _OneOrMore:
    """In JSON Schema: one stands for a list of one."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        found = handler(core)
        return {"anyOf": [found["items"], found]}


Several = Annotated[tuple[Happening, ...], BeforeValidator(_listed), _OneOrMore()]
OneOf = Annotated[Several, Field(min_length=1)]
"""One of some happenings; a single one needs no list."""


class Counted(Part):
    """So many happenings within so many days, of which each counts once."""

    count: OneOf
    at_least: Whole = Field(ge=2, le=MOST_TIMES)
    within: Days = Field(le=MOST_DAYS, description="from the first of them to the last, at most")
    unless: Several = Field((), description="what makes the count begin anew")


class Followed(Part):
    """After one happening another within so many days, or its absence: `comes` or `without`."""

    after: OneOf
    comes: Several = Field((), description="what follows within the days")
    without: Several = Field((), description="what does not follow within the days")
    within: Days = Field(le=MOST_DAYS)
    unless: Several = Field((), description="what ends the wait")


def _form(value: Any) -> str:
    if isinstance(value, Counted) or (isinstance(value, dict) and "count" in value):
        return "counted"
    if isinstance(value, Followed) or (isinstance(value, dict) and "after" in value):
        return "followed"
    return "alone"


Pattern = Annotated[
    Annotated[Happening, Tag("alone")]
    | Annotated[Counted, Tag("counted")]
    | Annotated[Followed, Tag("followed")],
    Discriminator(_form),
]


class Reaction(Part):
    """What is done when things happen in a pattern, once for each time that they do."""

    id: DocId
    title: Words | None = None
    when: Pattern
    then: Annotated[tuple[Deed, ...], BeforeValidator(_listed), Field(min_length=1), _OneOrMore()]
    to: Phrase | None = Field(None, description="the role that takes over, is told, or decides")
    step: DocId | None = Field(None, description="for then: step, the step of the ladder that is taken")
    template: Phrase | None = Field(
        None, description="the key of the message; default: the id of the reaction"
    )
    note: Words | None = None
    source: Source | None = None
