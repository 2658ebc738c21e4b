"""YAML's events → a tree, within limits."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from feerules.documents.lookalikes import Edit, half, is_number_like, suspicions, wide
from feerules.documents.syntax import MAX_DEPTH, Stumble
from feerules.documents.tree import Lines, Map, Node, Seq, Text, describe, quote
from feerules.errors import Problem, Where

__all__ = ["MAX_PROBLEMS", "Reader", "stops"]

MAX_NODES = 200_000
MAX_ALIASES = 100
MAX_EXPANDED = 10_000
MAX_PROBLEMS = 100
MAX_SUSPECT = 100  # lines of one plain text that are looked at for full-width characters

# Events, not compose(): libyaml's composer calls itself once per level and overflows the C stack on
# "[" * 100_000, which ends the process. The event parser keeps its own stack, so the depth is ours to limit.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_NULLS = frozenset(["", "~", "null", "Null", "NULL"])
_TRUTH = {"y": "true", "yes": "true", "on": "true", "n": "false", "no": "false", "off": "false"}
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:[ \t]+|$))*(?:#.*)?")
_TAG = re.compile(r"(?:&\S+\s+)?(![^\s,\[\]{}]*)")

# code: what was found, what was expected, one hint.
_MESSAGES = {
    "boolean_word": (
        "{word} without quotes",
        "true or false, or quotes",
        "write {meant}, or {word} in quotes if the word itself is meant",
    ),
    "duplicate_key": (
        "the key {key} a second time",
        "each key once",
        "the first {key} is in line {line}; keep one of them",
    ),
    "empty_file": (
        "{what}",
        "a document that begins with kind:",
        "begin with kind: fee-schedule, or another kind",
    ),
    "full_width": (
        "{text} in full-width characters",
        "half-width characters in numbers and dates",
        "type {typed}",
    ),
    "key_not_text": ("{what} where a key should stand", "a word as the key", "quote a text that begins with {{ or ["),
    "merge_key": (
        'the merge key "<<"',
        "every key written where it holds",
        "copy the keys that are meant to this place",
    ),
    "several_documents": ('a second document, after "---"', "one document in a file", "move it to a file of its own"),
    "tag": ("the tag {tag}", "plain text: its type follows from where it stands", "delete the tag"),
    "too_deep": (
        f"more than {MAX_DEPTH} levels of nesting",
        f"at most {MAX_DEPTH} levels",
        "look for brackets that are not closed",
    ),
    "too_many_aliases": (
        "{alias}, one alias too many",
        f"at most {MAX_ALIASES} aliases, which stand for at most {MAX_EXPANDED:,} values",
        "write the values out, or put them in a table",
    ),
    "too_many_values": (
        f"more than {MAX_NODES:,} values in one file",
        f"at most {MAX_NODES:,} values",
        "put large tables in a CSV file beside the document",
    ),
    "unknown_alias": (
        "{alias}, which nothing above it is named",
        "an anchor (&name) above its alias (*name)",
        "put the text in quotes if no alias is meant",
    ),
}  # fmt: skip


class Reader:
    """One pass over a text. `mine` is the text as mended so far by `edits`, `lines` the file as written."""

    def __init__(self, mine: Lines, lines: Lines, edits: list[Edit]) -> None:
        self.mine = mine
        self.lines = lines
        self.edits = edits
        self.problems: list[Problem] = []
        self.fixes: list[tuple[Edit, ...]] = []
        self.stumble: Stumble | None = None
        self._next: Any = None
        self._last: Any = None
        self._nodes = 0
        self._aliases = 0
        self._expanded = 0
        self._anchors: dict[str, tuple[Any, int, int]] = {}

    def document(self) -> Node:
        """The tree, or None where YAML stumbled or a limit was passed."""
        try:
            self._next = _Loader(self.mine.text).get_event
            return self._document()
        except _Enough:
            return None
        except yaml.MarkedYAMLError as error:
            self.stumble = Stumble.of(error, self.mine, self._last)
            return None

    def original(self, problem: Problem) -> Problem:
        """A problem of the mended text, put where it stands in the file as written."""
        line = problem.where.line - 1
        where = self.lines.where(line, self.column(line, problem.where.column - 1))
        return replace(problem, where=where, excerpt=self.lines.excerpt_of(where))

    def column(self, line: int, column: int) -> int:
        """The column in the file as written."""
        for edit in reversed(self.edits):
            if edit.line == line and edit.column < column:
                column = max(edit.column, column - len(edit.put) + edit.length)
        return column

    def _document(self) -> Node:
        self._next()
        if type(first := self._next()) is StreamEndEvent:
            self._tell(
                "empty_file", 0, 0, what="only comments" if self.mine.text.strip() else "an empty file"
            )
            return None
        tree: Node = self._node(self._next(), 1, "")
        self._next()
        if type(event := self._next()) is DocumentStartEvent:
            mark: Any = event.start_mark
            self._tell("several_documents", mark.line, mark.column)
        if tree is None and not self.problems:
            self._tell("empty_file", first.start_mark.line, 0, what="a document without content")
        return tree

    def _tell(self, code: str, line: int, column: int, **words: str) -> None:
        self._add(code, self.lines.where(line, self.column(line, column)), **words)

    def _add(self, code: str, where: Where, **words: str) -> None:
        found, expected, hint = (text.format_map(words) for text in _MESSAGES[code])
        self.problems.append(Problem(code, where, found, expected, hint, self.lines.excerpt_of(where)))
        self._stop_at_many()

    def _stop_at_many(self) -> None:
        if len(self.problems) + len(self.fixes) > MAX_PROBLEMS:
            raise _Enough

    def _node(self, event: Any, depth: int, flow: str) -> Any:
        """`flow` is the bracket that the node stands in, "" in block form."""
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event, flow)
        if kind is AliasEvent:
            return self._alias(event, depth)
        mark = event.start_mark
        self._count(mark)
        if depth > MAX_DEPTH:
            self._tell("too_deep", mark.line, mark.column)
            raise _Enough
        if event.tag is not None:
            self._tag(mark)
        before = self._nodes + self._expanded
        tree = self._mapping(event, depth) if kind is MappingStartEvent else self._sequence(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (tree, self._nodes + self._expanded - before + 1, _height(tree))
        return tree

    def _mapping(self, event: Any, depth: int) -> Map:
        mark, flow = event.start_mark, "{" if event.flow_style else ""
        tree = Map((), self.lines, mark.line, self.column(mark.line, mark.column))
        advance, keep = self._next, dict.__setitem__
        while type(event := advance()) is not MappingEndEvent:
            key = self._key(event, depth, flow)
            event = advance()
            # Most values are scalars, so they skip a call.
            is_scalar = type(event) is ScalarEvent
            value = self._scalar(event, flow) if is_scalar else self._node(event, depth + 1, flow)
            if key is None:
                continue
            if key in tree:
                first = tree.key_where(key).line
                self._add("duplicate_key", key.where, key=quote(key), line=str(first))
            else:
                keep(tree, key, value)
        return tree

    def _sequence(self, event: Any, depth: int) -> Seq:
        mark, flow = event.start_mark, "[" if event.flow_style else ""
        tree = Seq((), self.lines, mark.line, self.column(mark.line, mark.column))
        while type(event := self._next()) is not SequenceEndEvent:
            tree.append(self._node(event, depth + 1, flow))
        return tree

    def _key(self, event: Any, depth: int, flow: str) -> Text | None:
        """The key, or None for one that is refused; its value is read all the same."""
        mark = event.start_mark
        if type(event) is ScalarEvent:
            key: Any = self._scalar(event, flow, True)
            if key == "<<" and not event.style:
                self._tell("merge_key", mark.line, mark.column)
                return None
            if key or event.style:
                return key  # type: ignore[no-any-return]
        else:
            key = self._node(event, depth + 1, flow)
            if isinstance(key, Text):
                return key
        self._tell("key_not_text", mark.line, mark.column, what=describe(key or None))
        return None

    def _scalar(self, event: Any, flow: str, key: bool = False) -> Text | None:
        self._nodes += 1
        self._last = event
        value, mark, style = event.value, event.start_mark, event.style or "p"
        line, column = mark.line, mark.column
        if self._nodes > MAX_NODES:
            self._count(mark)
        if event.tag is not None:
            self._tag(mark)
        if event.tag is not None or event.anchor is not None:
            line, column = self._behind_properties(line, column)
        if style == "p":
            if not value.isascii() or ":" in value:
                value = self._suspect(event, value, flow, key)
            if not key and len(value) < 4 and value.lower() in _TRUTH:
                meant = _TRUTH[value.lower()]
                self._tell("boolean_word", line, column, word=quote(value), meant=meant)
                value = meant
        at = self.column(line, column) if self.edits else column
        text = (
            None if style == "p" and not key and value in _NULLS else Text(value, self.lines, line, at, style)
        )
        if event.anchor is not None:
            self._anchors[event.anchor] = (text, 1, 0)
        return text

    def _behind_properties(self, line: int, column: int) -> tuple[int, int]:
        """Where the text behind an anchor or a tag begins: on its line, or on one of the next."""
        at, start, source = line, column, self.mine.line(line)
        while (found := _PROPERTIES.match(source, start)) and not source[found.end() :].strip():
            if at + 1 >= len(self.mine.all()):
                return line, column
            at, source = at + 1, self.mine.line(at + 1)
            start = len(source) - len(source.lstrip(" "))
        return (at, found.end()) if found else (line, column)

    def _suspect(self, event: Any, value: str, flow: str, key: bool) -> str:
        """Look for full-width characters where YAML's own or a number's were meant, line by line."""
        start, end = event.start_mark, event.end_mark
        if start.line == end.line and not key and is_number_like(value):
            typed = half(value).strip()
            self._tell("full_width", start.line, start.column, text=quote(value), typed=typed)
            return typed
        if ":" not in value and not wide(value):
            return value
        for line in range(start.line, min(end.line + 1, start.line + MAX_SUSPECT)):
            source = self.mine.line(line)
            begin = start.column if line == start.line else len(source) - len(source.lstrip(" "))
            piece = source[begin : end.column if line == end.line else None]
            if edits := suspicions(line, begin, source, piece, flow, key):
                self.fixes.append(edits)
                self._stop_at_many()
        return value

    def _alias(self, event: Any, depth: int) -> Any:
        mark, alias = event.start_mark, quote(f"*{event.anchor}")
        tree, size, height = self._anchors.get(event.anchor, (None, 0, 0))
        self._aliases += 1
        self._expanded += size
        if size == 0:
            self._tell("unknown_alias", mark.line, mark.column, alias=alias)
        elif self._aliases > MAX_ALIASES or self._expanded > MAX_EXPANDED or depth + height > MAX_DEPTH + 1:
            self._tell("too_many_aliases", mark.line, mark.column, alias=alias)
            raise _Enough
        return tree

    def _count(self, mark: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._tell("too_many_values", mark.line, mark.column)
            raise _Enough

    def _tag(self, mark: Any) -> None:
        found = _TAG.match(self.mine.line(mark.line), mark.column)
        column, tag = (found.start(1), found.group(1)) if found else (mark.column, "!")
        self._tell("tag", mark.line, column, tag=quote(tag))


class _Enough(Exception):
    """Reading stops here; the reason is among the problems."""


def _height(tree: Any) -> int:
    """The levels of nesting in an anchored value."""
    inner = tree.values() if isinstance(tree, Map) else tree if isinstance(tree, Seq) else None
    return 0 if inner is None else 1 + max(map(_height, inner), default=0)


def stops(text: str) -> int | None:
    """The 0-based line on which YAML stops reading, if it does."""
    loader = _Loader(text)
    try:
        for _ in range(2 * MAX_NODES):
            if type(loader.get_event()) is StreamEndEvent:
                break
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return int(mark.line) if mark else 0
    return None
