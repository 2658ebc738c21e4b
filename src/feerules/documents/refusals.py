"""One error of pydantic, walked to its place in the tree of texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from feerules.documents.fields import UNPLACED
from feerules.documents.tree import Map, Seq, Text
from feerules.errors import Problem

__all__ = ["Refusal", "Tried"]


class Tried(dict[int, list[type[BaseModel]]]):
    """Which models were tried on a mapping: pydantic's errors do not name the keys that would be right."""


Step = tuple[Map | Seq, Any]


class Refusal:
    """One error of pydantic, walked to its place in the tree."""

    def __init__(self, error: ErrorDetails, tree: Map, tried: Tried) -> None:
        self.error = error
        self.type: str = error["type"]
        self.input = error["input"]
        self.context: dict[str, Any] = error.get("ctx", {})
        self.tree = tree
        self.tried = tried
        self.is_key = error["loc"][-1:] == ("[key]",)
        # What is missing has no place: its mapping is what was looked at.
        loc = error["loc"][:-1] if self.type == "missing" else error["loc"]
        self.steps = self._walk(loc)
        followed = {index for index, _ in self.steps}
        tags = [i for i, step in enumerate(loc) if i not in followed and step != "[key]"]
        self.union: tuple[Any, ...] | None = loc[: tags[0]] if tags else None
        self.tag = loc[tags[0]] if tags else None
        self.at_root = bool(tags) and len(self.steps) == tags[0]

    def _walk(self, loc: tuple[Any, ...]) -> list[tuple[int, Step]]:
        """The steps of loc that exist in the tree: pydantic puts names of union members between them.

        A member may be called like a key, so the walk that ends at the very value is preferred.
        """
        walks = list(islice(_walks(self.tree, loc, 0), 64))
        ends = (walk for walk in walks if _end(walk, self.tree) is self.input)
        return next(ends, walks[0])

    @property
    def is_miscounted(self) -> bool:
        """Items that were refused are missing from pydantic's count of them."""
        least = self.context.get("min_length", 0)
        return self.type == "too_short" and isinstance(self.node, Map | Seq) and len(self.node) >= least

    @property
    def holder(self) -> Step | None:
        return self.steps[-1][1] if self.steps else None

    @property
    def node(self) -> Any:
        return _end(self.steps, self.tree)

    @property
    def value(self) -> Any:
        """What was written."""
        return self.input if self.is_key else self.node

    @property
    def inside(self) -> Map | Seq:
        return self.holder[0] if self.holder else self.tree

    def place(self) -> Text | Map | Seq:
        """The nearest thing with a place: the value, or for an explicit null (and for a key) the key."""
        if self.is_key:
            return self.owner()
        if isinstance(self.node, Text | Map | Seq):
            return self.node
        return self.owner()

    def owner(self) -> Text | Map | Seq:
        """The key that holds the value, or the list it is in."""
        if self.holder is None:
            return self.tree
        inside, key = self.holder
        if isinstance(inside, Map):
            return next((k for k in inside if k == key and isinstance(k, Text)), inside)
        return self.node if isinstance(self.node, Text | Map | Seq) else inside

    def fields(self) -> dict[str, bool]:
        """The keys of the part that was tried on this value, as they are written, and whether each must be."""
        node = self.inside if self.type == "extra_forbidden" else self.node
        tried = self.tried.get(id(node), [])
        named = [part for part in tried if part.__name__ in self.error["loc"]]
        parts = (named or tried)[-1:]
        return {f.alias or name: f.is_required() for part in parts for name, f in part.model_fields.items()}

    def said(self) -> list[Problem]:
        """The problems that a type reports of itself, each at its place."""
        place = self.place()
        return [_placed(problem, place) for problem in self.context.get("problems", ())]

    def problem(self, code: str, found: str, expected: str, hint: str = "") -> Problem:
        return self.place().problem(code, found=found, expected=expected, hint=hint)


def _walks(node: Any, loc: tuple[Any, ...], index: int) -> Iterator[list[tuple[int, Step]]]:
    if index == len(loc):
        yield []
        return
    step = loc[index]
    if (isinstance(node, Map) and step in node) or (isinstance(node, Seq) and step in range(len(node))):
        for walk in _walks(node[step], loc, index + 1):
            yield [(index, (node, step)), *walk]
    yield from _walks(node, loc, index + 1)


def _end(walk: list[tuple[int, Step]], tree: Map) -> Any:
    if not walk:
        return tree
    inside, key = walk[-1][1]
    return inside[key]


def _placed(problem: Problem, place: Text | Map | Seq) -> Problem:
    if problem.where != UNPLACED:
        return problem
    return replace(problem, where=place.where, excerpt=place.lines.excerpt_of(place.where))
