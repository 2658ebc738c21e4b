"""What pydantic's errors mean for someone who writes a document, each put at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from feerules.documents.fields import UNPLACED
from feerules.documents.lookalikes import half
from feerules.documents.tree import Map, Seq, Text, describe, quote
from feerules.errors import Problem, did_you_mean

__all__ = ["Tried", "explain"]


class Tried(dict[int, list[type[BaseModel]]]):
    """Which models were tried on a mapping: pydantic's errors do not name the keys that would be right."""


def explain(errors: Iterable[ErrorDetails], tree: Map, tried: Tried) -> list[Problem]:
    """The problems that errors stand for, in the order of the file, one for each value."""
    found = (_Found(error, tree, tried) for error in errors)
    chosen = list(_choose(each for each in found if not each.is_miscounted))
    problems = map(_with_hint, _without_echoes(chosen))
    return sorted(dict.fromkeys(problems), key=lambda p: (p.where, p.code))


def _without_echoes(chosen: list[_Found | _Either]) -> list[Problem]:
    """The problems, less each missing key that an unknown key of the same mapping was meant to be."""
    hints: dict[int, str] = {}
    for each in chosen:
        if isinstance(each, _Found) and each.type == "extra_forbidden":
            hints[id(each.inside)] = hints.get(id(each.inside), "") + each.problems()[0].hint
    return [problem for each in chosen if not _is_echo(each, hints) for problem in each.problems()]


def _is_echo(each: _Found | _Either, hints: dict[int, str]) -> bool:
    if not isinstance(each, _Found) or each.type != "missing":
        return False
    return quote(str(each.error["loc"][-1])) in hints.get(id(each.node), "")


def _with_hint(problem: Problem) -> Problem:
    """What can be said of any value of the wrong kind, where its type says nothing better."""
    if problem.hint or problem.code != "wrong_type":
        return problem
    if problem.found == "nothing":
        return replace(problem, hint="write the value, or delete the key")
    if problem.found.startswith(("a list", "an empty list", "a mapping", "an empty mapping")):
        return replace(problem, hint=f"write one value instead of {problem.found.partition(' (')[0]}")
    return problem


Step = tuple[Map | Seq, Any]


class _Found:
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

    def problems(self) -> list[Problem]:
        if "problems" in self.context:
            place = self.place()
            return [_placed(problem, place) for problem in self.context["problems"]]
        return [_SAYINGS.get(self.type, _by_kind)(self)]

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


# Unions: the errors of every member arrive; one member was meant.


class _Either:
    """No member of a union takes the value: one problem that names them all."""

    def __init__(self, members: list[_Found]) -> None:
        self.members = members

    def problems(self) -> list[Problem]:
        each = [problem for member in self.members for problem in member.problems()[:1]]
        expected = "; or ".join(dict.fromkeys(problem.expected for problem in each))
        hints = [problem.hint for problem in each if problem.hint]
        hint = next((hint for hint in hints if hint.startswith("did you mean")), "".join(hints[:1]))
        return [replace(each[0], expected=expected, hint=hint)]


def _choose(found: Iterable[_Found]) -> Iterator[_Found | _Either]:
    unions: dict[tuple[Any, ...], dict[Any, list[_Found]]] = {}
    for each in found:
        if each.union is None:
            yield each
        else:
            unions.setdefault(each.union, {}).setdefault(each.tag, []).append(each)
    for members in unions.values():
        # A member whose errors lie deeper took the shape of the value, so it is the one that was meant.
        fitting = [
            errors
            for errors in members.values()
            if not any(e.at_root and e.type != "missing" for e in errors)
        ]
        if fitting:
            yield from min(fitting, key=len)
        elif len(members) == 1:
            yield from next(iter(members.values()))
        else:
            yield _Either([errors[0] for errors in members.values()])


# What pydantic's errors mean, by type.


def _unknown_key(e: _Found) -> Problem:
    key = e.error["loc"][-1]
    keys = list(e.fields())
    typed = half(str(key)).strip()
    hint = f'write "{typed}"' if typed in keys else did_you_mean(str(key), keys)
    place = e.owner()
    if not hint and e.error["input"] is None:
        hint = "put a text with a comma into quotes: inside { } a comma begins the next key"
    if not hint and "note" in keys:
        hint = "delete it, or say it in note:"
    expected = f"one of: {', '.join(keys)}" if keys else "a key that has a meaning here"
    return place.problem("unknown_key", found=f"the key {quote(str(key))}", expected=expected, hint=hint)


# The line to type, where it is likely the same in every document.
_LINES = {
    "id": "id: jinxiu-garden",
    "for": "for: jinxiu-garden",
    "effective": "effective: {from: 2026-01-01}",
    "fees": "fees: {management: {per: area, rate: 2.80}}",
    "years": "years: [2026]",
    "from": "from: 2026-01-01",
}


def _missing_key(e: _Found) -> Problem:
    return _without(e, str(e.error["loc"][-1]))


def _without(e: _Found, key: str) -> Problem:
    inside = f" in {e.holder[1]}" if e.holder and isinstance(e.holder[0], Map) else ""
    found, expected = f"no {quote(key)}{inside}", f"the key {quote(key)}"
    hint = f"add {_LINES.get(key, f'{key}: …')}"
    return e.owner().problem("missing_key", found=found, expected=expected, hint=hint)


def _unknown_word(e: _Found) -> Problem:
    words = re.findall(r"'((?:[^'\\]|\\.)*)'", str(e.context.get("expected", "")))
    hint = ""
    if isinstance(e.value, str):
        meant = half(e.value).strip().lower().replace(" ", "_").replace("-", "_")
        hint = f"write {meant}" if meant in words else did_you_mean(e.value, words)
    expected = f"one of: {', '.join(words)}" if len(words) > 1 else quote("".join(words))
    return e.problem("unknown_word", describe(e.value), expected, hint)


def _unknown_form(e: _Found) -> Problem:
    """A discriminated union whose deciding key has a word that no member has."""
    key = e.context["discriminator"].strip("'")
    words = re.findall(r"'((?:[^'\\]|\\.)*)'", e.context["expected_tags"])
    value = e.node[key] if isinstance(e.node, Map) and key in e.node else e.context["tag"]
    place = value if isinstance(value, Text) else e.place()
    hint = did_you_mean(str(value), words)
    expected = f"one of: {', '.join(words)}"
    return place.problem("unknown_word", found=describe(value), expected=expected, hint=hint)


def _formless(e: _Found) -> Problem:
    return _without(e, e.context["discriminator"].strip("'"))


def _not_a_part(e: _Found) -> Problem:
    fields = e.fields()
    expected = f"keys and values: {', '.join(fields)}" if fields else "keys and values"
    must = ", ".join(f"{key}: …" for key, required in fields.items() if required)
    hint = f"write {{{must or 'key: value'}}}"
    if isinstance(e.value, str) and (typed := re.match(r"(\w+)[:：](?=\S)", e.value)):
        hint = f"put a half-width colon and a space after {quote(typed[1])}"
    return e.problem("wrong_type", describe(e.value), expected, hint)


def _not_a_list(e: _Found) -> Problem:
    hint = 'begin each item with "- "'
    if isinstance(e.value, str) and e.value:
        hint = f"write [{', '.join(re.split('[,，、]', e.value))}]"
    return e.problem("wrong_type", describe(e.value), "a list", hint)


_KINDS = {
    "string": "a text",
    "int": "a whole number such as 12",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "date": "a day such as 2026-01-31",
}
_BOUNDS = {
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number of at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
}
_SHAPES = {
    "string_too_short": "a text of {min_length} or more characters",
    "string_too_long": "a text of at most {max_length} characters",
    "too_short": "a list of {min_length} or more",
    "too_long": "a list of at most {max_length}",
    "string_pattern_mismatch": "a text of the form {pattern}",
}


def _by_kind(e: _Found) -> Problem:
    kind = e.type.partition("_")[0]
    if e.type in _BOUNDS:
        return e.problem("out_of_range", describe(e.value), _BOUNDS[e.type].format_map(e.context))
    if e.type in _SHAPES:
        shape = _SHAPES[e.type].format_map(e.context)
        if isinstance(e.value, dict):
            shape = shape.replace("a list of", "a mapping with") + " keys"
        key = e.error["loc"][-1]
        return e.problem(
            "wrong_form", describe(e.value), shape, f"write {_LINES[key]}" if key in _LINES else ""
        )
    if e.type.endswith(("_type", "_parsing", "_parsing_size", "_from_float")) and kind in _KINDS:
        return e.problem("wrong_type", describe(e.value), _KINDS[kind])
    said = e.context.get("error")
    code = "wrong_value" if e.type in ("value_error", "assertion_error") else e.type
    return e.problem(code, describe(e.value), str(said) if said else e.error["msg"])


_SAYINGS = {
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
    "literal_error": _unknown_word,
    "enum": _unknown_word,
    "union_tag_invalid": _unknown_form,
    "union_tag_not_found": _formless,
    "model_type": _not_a_part,
    "model_attributes_type": _not_a_part,
    "dict_type": _not_a_part,
    "mapping_type": _not_a_part,
    "list_type": _not_a_list,
    "tuple_type": _not_a_list,
    "set_type": _not_a_list,
    "frozen_set_type": _not_a_list,
}
