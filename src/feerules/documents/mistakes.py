"""What pydantic's errors mean for someone who writes a document, each put at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice, takewhile
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from feerules.documents.fields import UNPLACED
from feerules.documents.lookalikes import half
from feerules.documents.synonyms import EXAMPLES, key_for, word_for
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
    key, told = str(each.error["loc"][-1]), hints.get(id(each.node), "")
    return quote(key) in told or f"write {key}:" in told


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
    meant = typed if typed in keys else key_for(str(key), keys)
    line = f"write {meant}: {EXAMPLES[meant]}" if meant in EXAMPLES and meant != typed else f'write "{meant}"'
    hint = _belongs(e, keys) or (line if meant else did_you_mean(str(key), keys))
    place = e.owner()
    if not hint and e.error["input"] is None:
        hint = "put a text with a comma into quotes: inside { } a comma begins the next key"
    if not hint:
        hint = "delete it, or say it in note:" if "note" in keys else "delete it"
    expected = f"one of: {', '.join(keys)}" if keys else "a key that has a meaning here"
    return place.problem("unknown_key", found=f"the key {quote(str(key))}", expected=expected, hint=hint)


# Each key looks at its neighbours, so a mapping has only as many as somebody may have typed.
_MAX_LOOKED_AT = 500


def _belongs(e: _Found, keys: list[str]) -> str:
    """What to do with a key that stands where it does by its indentation, or by a comma in a number."""
    key = str(e.error["loc"][-1])
    inside = e.inside if isinstance(e.inside, Map) and len(e.inside) <= _MAX_LOOKED_AT else Map()
    above = list(takewhile(lambda each: each != key, inside))
    value = inside.get(key)
    if isinstance(value, str) and value in _TYPES and value in keys:
        return f"write {_TYPES[value].strip('{}').partition(',')[0]}"
    if value is None and above and re.fullmatch(r"[0-9]{3}(?:\.[0-9]+)?", key):
        begun = inside[above[-1]]
        if isinstance(begun, str) and re.fullmatch(r"[0-9]{1,3}", begun):
            return f"write {begun}{key}: a number has no separator of thousands"
    empty = next((each for each in reversed(above) if inside[each] is None and each in keys), None)
    if empty is not None and value is not None:
        return f"indent it, if it belongs to {empty}:"
    for kind, marks in _MEMBERS.items():
        if kind in keys and isinstance(value, Map) and marks & value.keys():
            return f"indent it below {kind}:"
    return ""


# What a fact and a fee are known by, where they stand beside the key they belong to.
_MEMBERS = {"facts": {"decimal", "integer", "boolean", "choice"}, "fees": {"rate", "tiers", "parts"}}


def _missing_key(e: _Found) -> Problem:
    return _without(e, str(e.error["loc"][-1]))


def _without(e: _Found, key: str) -> Problem:
    inside = f" in {e.holder[1]}" if e.holder and isinstance(e.holder[0], Map) else ""
    found, expected = f"no {quote(key)}{inside}", f"the key {quote(key)}"
    hint = f"add {key}: {EXAMPLES.get(key, '…')}"
    return e.owner().problem("missing_key", found=found, expected=expected, hint=hint)


def _unknown_word(e: _Found) -> Problem:
    words = re.findall(r"'((?:[^'\\]|\\.)*)'", str(e.context.get("expected", "")))
    hint = ""
    if isinstance(e.value, str):
        meant = half(e.value).strip().lower().replace(" ", "_").replace("-", "_")
        meant = meant if meant in words else word_for(e.value, words)
        hint = _other_form(e) or (f"write {meant}" if meant else did_you_mean(e.value, words))
    expected = f"one of: {', '.join(words)}" if len(words) > 1 else quote("".join(words))
    return e.problem("unknown_word", describe(e.value), expected, hint)


def _other_form(e: _Found) -> str:
    """What is no word of `every`, but one of its keys."""
    if "cycle" not in e.error["loc"]:
        return ""
    word = half(str(e.value)).strip().lower()
    if count := re.fullmatch("([0-9]{1,2}) ?(?:months?|个?月)", word):
        return f"write {{months: {count[1]}}}"
    return _OTHER_CYCLES.get(word, "")


_OTHER_CYCLES = {
    **dict.fromkeys(("season", "采暖季", "heating season"), "write {season: {from: 11-15, through: 03-15}}"),
    **dict.fromkeys(
        ("once", "一次性", "one-off"), "write {once: …} with the date fact on which it falls due"
    ),
    **dict.fromkeys(("day", "daily", "每天", "按天"), "write month, and rate_per: day"),
}


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
    must = [key for key, required in fields.items() if required] or [*fields][:4]
    hint = _as_mapping(e) or f"write {{{', '.join(f'{key}: …' for key in must) or 'key: value'}}}"
    if isinstance(e.value, str) and (typed := re.match(r"(\w+)[:：](?=\S)", e.value)):
        hint = f"put a half-width colon and a space after {quote(typed[1])}"
    return e.problem("wrong_type", describe(e.value), expected, hint)


def _as_mapping(e: _Found) -> str:
    """The mapping that was likely meant by something else."""
    key, value = str(e.holder[1]) if e.holder else "", e.value
    if value is None:
        return _nothing_below(e, key)
    if key == "tiers":
        return "write kind: graduated, and table: | with a row for each band"
    ids = (
        [str(item.get("id", "")) for item in value if isinstance(item, Map)] if isinstance(value, Seq) else []
    )
    if any(ids):
        return f"write each as a key of its own, without a dash: {next(filter(None, ids))}: …"
    if not isinstance(value, str):
        return f"write {EXAMPLES[key]}" if key in EXAMPLES else ""
    if said := re.fullmatch(r"\s*(\w+)\s*(==?|[<>]=?|!=)\s*(.+?)\s*", value):
        cell = said[3] if said[2] in ("=", "==") else f'"{said[2]} {said[3]}"'
        return f"write {{{said[1]}: {cell}}}"
    if value in _TYPES:
        return f"write {_TYPES[value]}"
    if key in ("effective", "due", "issued") and re.fullmatch("[0-9-]+", value):
        return f"write {{{'from' if key == 'effective' else 'day'}: {value}}}"
    return f"write a mapping such as {EXAMPLES[key]}" if key in EXAMPLES else ""


def _nothing_below(e: _Found, key: str) -> str:
    """Where what belongs to a key is not indented, it stands as the next key, which has no meaning there."""
    names = list(e.inside)[:_MAX_LOOKED_AT] if isinstance(e.inside, Map) else []
    after = names[names.index(key) + 1 :][:1] if key in names else []
    known = [name for part in e.tried.get(id(e.inside), []) for name in part.model_fields]
    if after and after[0] not in known:
        return f"indent {after[0]}: and what follows, if it belongs to {key}:"
    return f"write {key}: {EXAMPLES[key]}, or delete the key" if key in EXAMPLES else ""


_TYPES = {
    "decimal": "{decimal: 2, min: 0, max: 100000}",
    "integer": "{integer: true, min: 0, max: 100}",
    "choice": "{choice: [residential, shop]}",
    **{kind: f"{{{kind}: true}}" for kind in ("boolean", "date", "datetime", "text")},
}


def _not_a_list(e: _Found) -> Problem:
    hint = 'begin each item with "- "'
    if isinstance(e.value, str) and e.value:
        hint = f"write [{', '.join(part.strip() for part in re.split('[,，、]', e.value))}]"
        if e.holder and e.holder[1] == "rounding":
            hint = (
                "write [{unit: 0.01}] for the fen"
                if not e.value.isdigit()
                else f"write [{{places: {e.value}}}]"
            )
    return e.problem("wrong_type", describe(e.value), "a list", hint)


def _not_a_formula(e: _Found) -> Problem:
    items = [item for item in e.value if isinstance(item, str)] if isinstance(e.value, Seq) else []
    hint = f"write {items[0]}" if len(items) == 1 else "write one name or number"
    return e.problem("not_a_value", describe(e.value), "a number, or a formula over facts", hint)


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
            "wrong_form", describe(e.value), shape, f"write {key}: {EXAMPLES[key]}" if key in EXAMPLES else ""
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
    "dataclass_type": _not_a_formula,
    "dataclass_exact_type": _not_a_formula,
    "mapping_type": _not_a_part,
    "list_type": _not_a_list,
    "tuple_type": _not_a_list,
    "set_type": _not_a_list,
    "frozen_set_type": _not_a_list,
}
