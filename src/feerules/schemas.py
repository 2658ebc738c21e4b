"""The JSON Schema of the documents, so that an editor completes and checks them while they are written."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from feerules.load import KINDS

__all__ = ["schema"]


def schema() -> dict[str, Any]:
    """One JSON Schema (draft 2020-12) for every kind of document, chosen by its `kind`.

    >>> schema()["properties"]["kind"]
    {'enum': ['fee-schedule', 'dunning-policy', 'law-profile', 'facts', 'calendar', 'cases', 'book']}
    """
    models = [(model, "validation") for model in KINDS.values()]
    refs, definitions = models_json_schema(models, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    _complete(definitions)
    by_kind = {kind: refs[(model, "validation")]["$ref"] for kind, model in KINDS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "feerules documents",
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(by_kind)}},
        # One condition for each kind, so that an editor shows the errors of the right one only.
        "allOf": [_where_kind_is(kind, ref) for kind, ref in by_kind.items()],
        "$defs": definitions["$defs"],
    }


# Pydantic leaves the bounds of an optional number under its own names, which no editor knows.
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def _complete(schema: Any) -> None:
    """Says of every part of a schema what its models say: bounds, forms, and that names have one form."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema["additionalProperties"] = False
        if "oneOf" in schema:
            # Forms may overlap: the word without_limit could be a name in a formula too.
            schema["anyOf"] = schema.pop("oneOf")
        for ours, theirs in _BOUNDS.items():
            if isinstance(schema.get(ours), int):
                schema[theirs] = schema.pop(ours)
        for each in schema.values():
            _complete(each)
    elif isinstance(schema, list):
        for each in schema:
            _complete(each)


def _where_kind_is(kind: str, ref: str) -> dict[str, Any]:
    test = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
    return {"if": test, "then": {"$ref": ref}}
