"""A tree of texts → a frozen model, with every problem at its place."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from feerules.documents.fields import (
    UNPLACED,
    Day,
    DocId,
    Flag,
    Id,
    MonthDay,
    Number,
    Phrase,
    Plain,
    Whole,
    Words,
    problem_with,
    refused,
)
from feerules.documents.limits import few, with_more
from feerules.documents.mistakes import explain
from feerules.documents.refusals import Tried
from feerules.documents.tree import Map, Seq, Text
from feerules.errors import Problem, Where

__all__ = [
    "UNPLACED",
    "Day",
    "DocId",
    "Flag",
    "Id",
    "MonthDay",
    "Number",
    "Part",
    "Phrase",
    "Plain",
    "Whole",
    "Words",
    "problem_with",
    "refused",
    "validate",
]


PLACED = (Text, Map, Seq)


class Part(BaseModel):
    """A piece of a document: frozen, with no keys but its own, and aware of where it was written.

    Two parts are equal when they say the same, wherever they stand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    short: ClassVar[JsonSchemaValue | str | None] = None
    """The JSON Schema of the short form of a part, or the key whose value alone is the short form."""

    _from: Text | Map | Seq | None = PrivateAttr(None)

    @model_validator(mode="wrap")
    @classmethod
    def _remember(cls, data: Any, handler: Any, info: ValidationInfo) -> Self:
        if not isinstance(data, PLACED):
            return handler(data)  # type: ignore[no-any-return]
        if isinstance(info.context, Tried):
            info.context.setdefault(id(data), []).append(cls)
        part: Self = handler(data)
        part._from = data
        return part

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(core)
        if cls.short is not None:
            long = handler.resolve_ref_schema(found)
            body = dict(long)
            long.clear()
            short = body["properties"][cls.short] if isinstance(cls.short, str) else cls.short
            long["anyOf"] = [short, body]
        return found

    @property
    def where(self) -> Where:
        """Where this part begins; `UNPLACED` for one made in Python."""
        origin = self._from
        return origin.where if origin is not None else UNPLACED

    def where_of(self, key: str) -> Where:
        """Where the value of a key stands, by the key as written; the part itself where it has no such key."""
        origin = self._from
        return origin.value_where(key) if isinstance(origin, Map) and key in origin else self.where

    def was_written(self, key: str) -> bool:
        """Whether the part says a key itself; so does one that was made in Python, or by its short form."""
        return not isinstance(self._from, Map) or key in self._from

    def as_written(self, key: str) -> str:
        """The text of a key in the file, such as 5%; "" where it has none."""
        value = self._from.get(key) if isinstance(self._from, Map) else self._from
        return value if isinstance(value, Text) else ""

    def problem(
        self, code: str, *, found: str, expected: str, hint: str = "", key: str | None = None
    ) -> Problem:
        """A problem with this part, or with the value of one of its keys."""
        where = self.where if key is None else self.where_of(key)
        excerpt = "" if self._from is None else self._from.lines.excerpt_of(where)
        return Problem(code, where, found, expected, hint, excerpt)

    def __eq__(self, other: object) -> bool:
        return self.__class__ is other.__class__ and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.__class__, *self.__dict__.values()))


P = TypeVar("P", bound=Part)


def validate(model: type[P], tree: Map) -> tuple[P | None, list[Problem]]:
    """The model, or every problem of the tree in the order of the file."""
    tried = Tried()
    try:
        return model.model_validate(tree, context=tried), []
    except ValidationError as error:
        every = error.errors(include_url=False)
        kept = list(few(every))
        problems = explain(kept, tree, tried)
        return None, problems if len(kept) == len(every) else with_more(problems)
