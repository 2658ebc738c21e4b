"""A file → text → a tree of places; types are read later, by the schema."""

from __future__ import annotations

import os
import re
import stat
from itertools import islice
from pathlib import Path

from feerules.documents.lookalikes import title
from feerules.documents.mending import read_mended
from feerules.documents.reader import MAX_PROBLEMS
from feerules.documents.syntax import tab_indents, tab_problem
from feerules.documents.tree import LINE_BREAK, Lines, Map, Node, Seq, Text, describe, quote
from feerules.errors import Problem, Where

__all__ = ["Lines", "Map", "Node", "Seq", "Text", "describe", "quote", "read", "read_file"]

MAX_BYTES = 4 * 1024 * 1024

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
# A tab in a line of blanks cannot be seen and says nothing, yet YAML stumbles over it.
_BLANK_LINE = re.compile(r"(?:^|(?<=[\r\n]))[ \t]*\t[ \t]*(?=[\r\n]|\Z)")


def read_file(path: str | os.PathLike[str], label: str) -> tuple[Map | None, list[Problem]]:
    """Read a file; `label` is its name in messages. A file over 4 MB is refused before it is read."""
    try:
        status = Path(path).stat()
        if status.st_size > MAX_BYTES:
            return None, [_too_big(label, status.st_size)]
        if not stat.S_ISREG(status.st_mode):
            return None, [_unreadable(label, "it is not a file")]
        with Path(path).open("rb") as file:
            return read(file.read(MAX_BYTES + 1), label)
    except OSError as error:
        return None, [_unreadable(label, error.strerror or str(error))]


def read(content: str | bytes, label: str) -> tuple[Map | None, list[Problem]]:
    """Read one document; the tree is None where its structure cannot be trusted.

    Never raises for what the text says. A tree may come with problems: what was meant is then clear
    (a duplicate key, `yes`, `２.８０`) and stands in the tree, so that later stages can report theirs too.
    """
    if len(content) > MAX_BYTES:
        return None, [_too_big(label, len(content))]
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8")
        except UnicodeDecodeError as error:
            return None, [_not_utf8(error.object, error.start, label)]
    lines = Lines(label, content.removeprefix("\ufeff"))
    problems = _unseen(lines)
    text = _UNSEEN.sub(" ", lines.text) if problems else lines.text
    if "\t" in text:
        if numbers := tab_indents(lines):
            return None, _in_order([*problems, tab_problem(lines, numbers)], lines)
        text = _BLANK_LINE.sub(lambda blank: " " * len(blank[0]), text)
    tree, others, stumble = read_mended(lines, text)
    # Where characters were taken out, their absence may have broken the structure.
    if stumble is not None and not problems:
        others.append(stumble)
    if not isinstance(tree, Map | None):
        others.append(_not_a_mapping(tree))
        tree = None
    return tree, _in_order(problems + others, lines)


def _unseen(lines: Lines) -> list[Problem]:
    """Characters that cannot be seen: control characters, and marks that reorder or split what is read."""
    if not _UNSEEN.search(lines.text):
        return []
    found = ((number, match) for number, line in enumerate(lines.all()) for match in _UNSEEN.finditer(line))
    return [
        lines.problem(
            "control_character",
            number,
            match.start(),
            f"a character that cannot be seen: {title(match.group())}",
            "text that can be seen",
            "delete it, or type the line again",
        )
        for number, match in islice(found, MAX_PROBLEMS + 1)
    ]


def _not_utf8(content: bytes, offset: int, label: str) -> Problem:
    encoding, hint = _encoding(content)
    lines = Lines(label, content.decode(encoding, "replace"))
    before = LINE_BREAK.split(content[:offset].decode(encoding, "ignore"))
    found = f"bytes that are not UTF-8, from byte {offset}"
    return lines.problem("not_utf8", len(before) - 1, len(before[-1]), found, "a file saved as UTF-8", hint)


def _encoding(content: bytes) -> tuple[str, str]:
    """What the bytes may be, and what to do."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", "it looks like UTF-16: save it again as UTF-8"
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return "utf-8", "save it again as UTF-8"
    return "gb18030", "it looks like GB18030, the Chinese encoding of Windows: save it again as UTF-8"


def _too_big(label: str, size: int) -> Problem:
    expected = f"at most {MAX_BYTES:,} bytes"
    hint = "put large tables in a CSV file beside the document"
    return Problem("too_big", Where(label, 1, 1), f"a file of {size:,} bytes", expected, hint)


def _unreadable(label: str, reason: str) -> Problem:
    found = f"a file that cannot be read: {reason}"
    return Problem(
        "unreadable_file", Where(label, 1, 1), found, "a YAML file", "look at its path and its rights"
    )


def _not_a_mapping(tree: Text | Seq) -> Problem:
    found = f"{describe(tree)} at the top of the document"
    expected = 'keys and values: "key: value"'
    return tree.problem("not_a_mapping", found=found, expected=expected, hint="begin with kind: fee-schedule")


def _in_order(problems: list[Problem], lines: Lines) -> list[Problem]:
    """The problems in the order of the file, as many as anybody will read."""
    ordered = sorted(dict.fromkeys(problems), key=lambda p: (p.where, p.code))
    if len(ordered) <= MAX_PROBLEMS:
        return ordered
    where = ordered[MAX_PROBLEMS].where
    found, expected = f"more than {MAX_PROBLEMS} problems in one file", "a file that can be read to its end"
    hint = "mend the problems above, then look again"
    more = Problem("too_many_problems", where, found, expected, hint, lines.excerpt_of(where))
    return [*ordered[:MAX_PROBLEMS], more]
