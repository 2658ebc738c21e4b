"""What pydantic's errors mean for someone who writes a document, each put at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any

from pydantic_core import ErrorDetails

from feerules.documents.elsewhere import either_of, instead_of
from feerules.documents.lookalikes import half
from feerules.documents.mappings import MAX_LOOKED_AT, TYPES, as_mapping
from feerules.documents.refusals import Refusal, Tried
from feerules.documents.synonyms import EXAMPLES, example_beside, key_for, word_for
from feerules.documents.tree import Map, Seq, Text, describe, quote
from feerules.errors import Problem, did_you_mean

__all__ = ["explain"]


def explain(errors: Iterable[ErrorDetails], tree: Map, tried: Tried) -> list[Problem]:
    """The problems that errors stand for, in the order of the file, one for each value."""
    found = (Refusal(error, tree, tried) for error in errors)
    chosen = list(_choose(each for each in found if not each.is_miscounted))
    problems = map(_with_hint, _without_echoes(chosen))
    return sorted(dict.fromkeys(problems), key=lambda p: (p.where, p.code))


def _without_echoes(chosen: list[Refusal | _Either]) -> list[Problem]:
    """The problems, less each missing key that an unknown key of the same mapping was meant to be."""
    hints: dict[int, str] = {}
    for each in chosen:
        if isinstance(each, Refusal) and each.type == "extra_forbidden":
            hints[id(each.inside)] = hints.get(id(each.inside), "") + _problems(each)[0].hint
    return [problem for each in chosen if not _is_echo(each, hints) for problem in _problems(each)]


def _is_echo(each: Refusal | _Either, hints: dict[int, str]) -> bool:
    if not isinstance(each, Refusal) or each.type != "missing":
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


# Unions: the errors of every member arrive; one member was meant.


class _Either:
    """No member of a union takes the value: one problem that names them all."""

    def __init__(self, members: list[Refusal]) -> None:
        self.members = members

    def problems(self) -> list[Problem]:
        each = [problem for member in self.members for problem in _problems(member)[:1]]
        expected = "; or ".join(dict.fromkeys(problem.expected for problem in each))
        hints = [problem.hint for problem in each if problem.hint]
        hint = next((hint for hint in hints if hint.startswith("did you mean")), "".join(hints[:1]))
        return [replace(each[0], expected=expected, hint=hint)]


def _problems(each: Refusal | _Either) -> list[Problem]:
    if isinstance(each, _Either):
        return each.problems()
    return each.said() if "problems" in each.context else [_SAYINGS.get(each.type, _by_kind)(each)]


def _choose(found: Iterable[Refusal]) -> Iterator[Refusal | _Either]:
    unions: dict[tuple[Any, ...], dict[Any, list[Refusal]]] = {}
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


def _unknown_key(e: Refusal) -> Problem:
    key = e.error["loc"][-1]
    keys = list(e.fields())
    typed = half(str(key)).strip()
    meant = typed if typed in keys else key_for(str(key), keys)
    line = f"write {meant}: {EXAMPLES[meant]}" if meant in EXAMPLES and meant != typed else f'write "{meant}"'
    hint = (
        _belongs(e, keys) or instead_of(str(key), keys) or (line if meant else did_you_mean(str(key), keys))
    )
    place = e.owner()
    if not hint and e.error["input"] is None:
        hint = "put a text with a comma into quotes: inside { } a comma begins the next key"
    if not hint:
        hint = "delete it, or say it in note:" if "note" in keys else "delete it"
    expected = f"one of: {', '.join(keys)}" if keys else "a key that has a meaning here"
    return place.problem("unknown_key", found=f"the key {quote(str(key))}", expected=expected, hint=hint)


def _belongs(e: Refusal, keys: list[str]) -> str:
    """What to do with a key that stands where it does by its indentation, or by a comma in a number."""
    key = str(e.error["loc"][-1])
    inside = e.inside if isinstance(e.inside, Map) and len(e.inside) <= MAX_LOOKED_AT else Map()
    above = list(takewhile(lambda each: each != key, inside))
    value = inside.get(key)
    if isinstance(value, str) and value in TYPES and value in keys:
        return f"write {TYPES[value].strip('{}').partition(',')[0]}"
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


def _missing_key(e: Refusal) -> Problem:
    return _without(e, str(e.error["loc"][-1]))


def _without(e: Refusal, key: str) -> Problem:
    inside = f" in {e.holder[1]}" if e.holder and isinstance(e.holder[0], Map) else ""
    found, expected = f"no {quote(key)}{inside}", f"the key {quote(key)}"
    hint = f"add {key}: {example_beside(key, e.fields())}"
    return e.owner().problem("missing_key", found=found, expected=expected, hint=hint)


def _unknown_word(e: Refusal) -> Problem:
    words = re.findall(r"'((?:[^'\\]|\\.)*)'", str(e.context.get("expected", "")))
    hint = ""
    if isinstance(e.value, str):
        meant = half(e.value).strip().lower().replace(" ", "_").replace("-", "_")
        meant = meant if meant in words else word_for(e.value, words)
        hint = (
            _other_form(e)
            or either_of(e.value, words)
            or (f"write {meant}" if meant else did_you_mean(e.value, words))
        )
    expected = f"one of: {', '.join(words)}" if len(words) > 1 else quote("".join(words))
    return e.problem("unknown_word", describe(e.value), expected, hint)


def _other_form(e: Refusal) -> str:
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


def _unknown_form(e: Refusal) -> Problem:
    """A discriminated union whose deciding key has a word that no member has."""
    key = e.context["discriminator"].strip("'")
    words = re.findall(r"'((?:[^'\\]|\\.)*)'", e.context["expected_tags"])
    value = e.node[key] if isinstance(e.node, Map) and key in e.node else e.context["tag"]
    place = value if isinstance(value, Text) else e.place()
    hint = did_you_mean(str(value), words)
    expected = f"one of: {', '.join(words)}"
    return place.problem("unknown_word", found=describe(value), expected=expected, hint=hint)


def _formless(e: Refusal) -> Problem:
    return _without(e, e.context["discriminator"].strip("'"))


def _not_a_part(e: Refusal) -> Problem:
    fields = e.fields()
    expected = f"keys and values: {', '.join(fields)}" if fields else "keys and values"
    must = [key for key, required in fields.items() if required] or [*fields][:4]
    hint = as_mapping(e) or f"write {{{', '.join(f'{key}: …' for key in must) or 'key: value'}}}"
    if isinstance(e.value, str) and (typed := re.match(r"(\w+)[:：](?=\S)", e.value)):
        hint = f"put a half-width colon and a space after {quote(typed[1])}"
    return e.problem("wrong_type", describe(e.value), expected, hint)


def _not_a_list(e: Refusal) -> Problem:
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


def _not_a_formula(e: Refusal) -> Problem:
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


def _by_kind(e: Refusal) -> Problem:
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
