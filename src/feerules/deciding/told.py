"""What is told of a decision, as plain data: which words, days and amounts, by which nodes of a plan.

An engine that runs the plan and can write these few sorts of value tells every decision; it knows no policy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from feerules.plan.nodes import Const, Node, Plan

__all__ = [
    "Because", "Case", "Column", "Constant", "Contradictions", "Count", "Day", "Description", "Field", "Lists",
    "Minute", "Money", "Own", "Part", "Told", "Truth", "Words", "as_json", "columns_in", "json_parts", "nodes_in",
]  # fmt: skip

Kind = Literal[
    "text", "texts", "flag", "count", "money", "day", "moment", "reasons", "reasons_json", "message"
]


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """The same for all: a text, a day or a moment; None for none."""

    value: str | date | datetime | None


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The entry of a table at a number, which is always inside it; None for none."""

    table: tuple[str | None, ...]
    at: Node


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """The same, of lists of texts."""

    table: tuple[tuple[str, ...], ...]
    at: Node


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    of: Node


@dataclass(frozen=True, slots=True, eq=False)
class Count:
    of: Node


@dataclass(frozen=True, slots=True, eq=False)
class Money:
    """An amount of so many fen."""

    fen: Node


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """A day by its number since 1970-01-01."""

    number: Node


@dataclass(frozen=True, slots=True, eq=False)
class Minute:
    """A moment by its minutes since 1970-01-01, on the clock of the question."""

    number: Node


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What the position itself says in one of its columns, as it stands there."""

    column: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True, eq=False)
class Contradictions:
    """What contradicts what, in both languages: JSON, from the column `contradictions` of the position."""


Told: TypeAlias = Constant | Words | Lists | Truth | Count | Money | Day | Minute | Own | Contradictions
Part: TypeAlias = str | Told  # of JSON: a text as it stands, or a value


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    when: Node
    told: Told


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What is told by the first of the cases that holds; nothing where none does.

    Reasons (their codes, and all of them as JSON) and the message have no cases: they are told apart.
    """

    kind: Kind
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Because:
    """A reason: where it comes up, its code, and all that it tells as the parts of a JSON object."""

    when: Node
    code: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of the message, as parts of JSON; one that has nothing to tell is left out."""

    when: Node
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """All that is told of the positions under one policy, over one plan.

    The plan's `totals` are the nodes that are told of, by a name (`name_of`), but for constants. Its leaves are
    those of the policy, and more facts of the position; such as `drawn` are flags that come of a list of it:
    whether that column has the entry, or for None whether it has any. Columns of `own` are told as they stand.

    A message is told where `acts` holds. Reasons stand in the order in which they come up.
    """

    plan: Plan
    drawn: Mapping[str, tuple[str, str | None]]
    columns: Mapping[str, Column]
    reasons: tuple[Because, ...] = ()
    acts: Node | None = None
    fields: tuple[Field, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)

    def name_of(self, node: Node) -> str:
        """The column in which a node stands that is no constant."""
        return self.names[id(node)]


def nodes_in(description: Description) -> Iterator[Node]:
    """Every node that is told of, or that says when, once, but for constants."""
    seen: dict[int, Node] = {}
    for when, told in _pairs(description):
        seen |= {id(node): node for node in (when, *_nodes(told))}
    yield from (node for node in seen.values() if not isinstance(node, Const))


def columns_in(description: Description) -> set[str]:
    """The columns of the position that are told as they stand, and those of which flags are drawn."""
    found = {column for column, _ in description.drawn.values()}
    for _, told in _pairs(description):
        if isinstance(told, Own):
            found.add(told.column)
        elif isinstance(told, Contradictions):
            found.add("contradictions")
    return found


def _pairs(description: Description) -> Iterator[tuple[Node, Told]]:
    """All that is told, with when it is."""
    for column in description.columns.values():
        yield from ((case.when, case.told) for case in column.cases)
    spoken: tuple[Because | Field, ...] = (*description.reasons, *description.fields)
    for each in spoken:
        yield each.when, Constant(None)
        yield from ((each.when, part) for part in each.parts if not isinstance(part, str))


def _nodes(told: Told) -> tuple[Node, ...]:
    match told:
        case Words(at=node) | Lists(at=node) | Truth(of=node) | Count(of=node):
            return (node,)
        case Money(fen=node) | Day(number=node) | Minute(number=node):
            return (node,)
    return ()


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def json_parts(*parts: Part) -> tuple[Part, ...]:
    """The same with texts that follow each other joined."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)
