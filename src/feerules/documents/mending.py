"""Text typed with full-width characters where YAML's own were meant → what was meant, and what to type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from feerules.documents.lookalikes import Edit, candidates, half, name, wide
from feerules.documents.reader import MAX_PROBLEMS, Reader, stops
from feerules.documents.syntax import Stumble, explain
from feerules.documents.tree import Lines, Node, quote
from feerules.errors import Problem

__all__ = ["read_mended"]

# Mending reads the text again for each mistake; this many characters in all.
MAX_MENDED = 4_000_000

Fix = tuple[Edit, ...]


def read_mended(lines: Lines, text: str) -> tuple[Node, list[Problem], Problem | None]:
    """The tree of a text, what was mended or refused in it, and where YAML stumbled for good.

    Reading, mending and reading again finds all mistakes of a kind that lets YAML stop at the first.
    """
    edits: list[Edit] = []
    slips: list[Problem] = []
    sound = False
    while True:
        reader = Reader(Lines(lines.file, text), lines, edits)
        tree = reader.document()
        # What stumbles only after mending is no second mistake.
        sound = sound or reader.stumble is None
        fixes = _fixes(reader) if len(slips) <= MAX_PROBLEMS else []
        slips += [reader.original(_slip(reader.mine, fix)) for fix in fixes]
        if not fixes or (len(edits) + 1) * len(text) > MAX_MENDED:
            break
        text = _apply(reader.mine, fixes, edits)
    problems = [*_by_line(slips, reader.mine), *reader.problems]
    if reader.stumble is None or sound:
        return tree, problems, None
    return tree, problems, reader.original(explain(reader.stumble))


def _fixes(reader: Reader) -> list[Fix]:
    if reader.fixes or reader.stumble is None or len(reader.mine.text) * 20 > MAX_MENDED:
        return reader.fixes
    return next(_helpful(reader.stumble, reader.mine), [])


def _helpful(stumble: Stumble, mine: Lines) -> Iterator[list[Fix]]:
    """Fixes near the place that let YAML read past it, found by trying."""
    near = [stumble.at[0], stumble.begun[0], stumble.at[0] - 1]
    if stumble.last:
        near.insert(1, stumble.last[0])
    for line in dict.fromkeys(near):
        for fix in candidates(line, mine.line(line)):
            stopped = stops(_apply(mine, [fix], []))
            if stopped is None or stopped > stumble.at[0]:
                yield [fix]


def _apply(mine: Lines, fixes: list[Fix], edits: list[Edit]) -> str:
    """The text with the fixes, which join the edits made before them."""
    lines = list(mine.all())
    # From the last to the first, so that no edit moves the place of another.
    for edit in sorted({e for fix in fixes for e in fix}, key=lambda e: (e.line, e.column), reverse=True):
        lines[edit.line] = edit.on(lines[edit.line])
        edits.append(edit)
    return "\n".join(lines)


def _slip(mine: Lines, fix: Fix) -> Problem:
    """The problem that a fix mends, its hint still open."""
    first = fix[0]
    source = mine.line(first.line)
    chars = source[first.column : first.column + first.length]
    if not wide(chars):
        before, after = source[: first.column], source[first.column :]
        piece = re.split(r"[\s,{\[]", before)[-1] + re.split(r"[\s,}\]]", after)[0]
        found = f"{quote(piece)} without a space after the colon"
        expected = 'a space after the colon of a key: "key: value"'
        return mine.problem("missing_space", first.line, first.column, found, expected)
    char = wide(chars)
    expected = {" ": "a half-width space", '"': "a half-width '\"'"}.get(
        half(char), f"a half-width {quote(half(char))}"
    )
    column = first.column + chars.index(char)
    hint = "indent with half-width spaces" if half(char) == " " and not source[: first.column].strip() else ""
    return mine.problem("full_width", first.line, column, name(char), expected, hint)


def _by_line(slips: list[Problem], mended: Lines) -> Iterator[Problem]:
    """One problem for each line, with the whole line as it should be typed."""
    lines: dict[int, list[Problem]] = {}
    for slip in slips:
        lines.setdefault(slip.where.line, []).append(slip)
    for line, told in lines.items():
        first = min(told, key=lambda slip: slip.where.column)
        more = f", and {len(told) - 1} more in this line" if len(told) > 1 else ""
        typed = mended.problem("", line - 1, 0, "", "", f"type {mended.line(line - 1).strip()}").hint
        yield replace(first, found=first.found + more, hint=first.hint or typed)
