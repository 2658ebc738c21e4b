"""What was likely meant by something else than a mapping where keys and values belong."""

from __future__ import annotations

import re

from feerules.documents.refusals import Refusal
from feerules.documents.synonyms import example_of
from feerules.documents.tree import Map, Seq, Text

__all__ = ["MAX_LOOKED_AT", "TYPES", "as_mapping"]

# Each key looks at its neighbours, so a mapping has only as many as somebody may have typed.
MAX_LOOKED_AT = 500

TYPES = {
    "decimal": "{decimal: 2, min: 0, max: 100000}",
    "integer": "{integer: true, min: 0, max: 100}",
    "choice": "{choice: [residential, shop]}",
    **{kind: f"{{{kind}: true}}" for kind in ("boolean", "date", "datetime", "text")},
}


def as_mapping(e: Refusal) -> str:
    """What to write instead; "" where nothing can be guessed."""
    key, value = _key_of(e), e.value
    example = example_of(key, str(e.tree.get(Text("kind"), "")))
    if "event" in e.fields():
        example = "{event: payment}"  # the condition of a reaction
    if value is None:
        return _nothing_below(e, key, example)
    if key == "tiers":
        return "write kind: graduated, and table: | with a row for each band"
    if isinstance(value, Seq):
        return _of_a_list(key, value) or (f"write {example}" if example else "")
    if not isinstance(value, str):
        return f"write {example}" if example else ""
    return _of_a_text(key, value) or (f"write a mapping such as {example}" if example else "")


def _key_of(e: Refusal) -> str:
    """The key that holds the value; of conditions in a list, the key of the list."""
    inside, key = e.holder or (e.tree, "")
    if isinstance(inside, Seq) and not e.fields() and len(e.steps) > 1:
        inside, key = e.steps[-2][1]
    return str(key) if isinstance(inside, Map) else ""


def _of_a_list(key: str, value: Seq) -> str:
    words = [str(item) for item in value if isinstance(item, str)]
    if key == "after" and words:
        more = ", ".join(f'steps.{word}.count: "> 0"' for word in words[1:])
        return f"write after: {words[0]}, one step" + f", and ask for the others in when: {{{more}}}" * bool(
            more
        )
    ids = [str(item["id"]) for item in value if isinstance(item, Map) and "id" in item]
    if any(ids):
        return f"write each as a key of its own, without a dash: {next(filter(None, ids))}: …"
    return ""


def _of_a_text(key: str, value: str) -> str:
    if said := re.fullmatch(r"\s*(\w+)\s*(==?|[<>]=?|!=)\s*(.+?)\s*", value):
        cell = said[3] if said[2] in ("=", "==") else f'"{said[2]} {said[3]}"'
        return f"write {{{said[1]}: {cell}}}"
    if value in TYPES:
        return f"write {TYPES[value]}"
    if key in ("effective", "due", "issued") and re.fullmatch("[0-9-]+", value):
        return f"write {{{'from' if key == 'effective' else 'day'}: {value}}}"
    if key == "until" and re.fullmatch("[a-z][a-z0-9_]*", value):
        return f"write {{{value}: 0 days}}"
    return ""


def _nothing_below(e: Refusal, key: str, example: str) -> str:
    """Where what belongs to a key is not indented, it stands as the next key, which has no meaning there."""
    names = list(e.inside)[:MAX_LOOKED_AT] if isinstance(e.inside, Map) else []
    after = names[names.index(key) + 1 :][:1] if key in names else []
    known = [name for part in e.tried.get(id(e.inside), []) for name in part.model_fields]
    if after and after[0] not in known:
        return f"indent {after[0]}: and what follows, if it belongs to {key}:"
    return f"write {key}: {example}, or delete the key" if example else ""
