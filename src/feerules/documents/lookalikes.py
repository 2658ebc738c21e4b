"""Characters of a Chinese keyboard that look like YAML's or a number's own, and what to type instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

__all__ = ["Edit", "candidates", "half", "is_number_like", "name", "suspicions", "title", "wide"]

# The half-width form of each: ASCII's full-width twins, then what the same keys give in Chinese.
_HALF: dict[int, str] = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_HALF.update(zip(map(ord, "\u3000\xa0、。．“”‘’−–—￥"), "  ,..\"\"''---¥", strict=True))
_WIDE = re.compile("[\uff01-\uff5e\u3000\xa0、。“”‘’−–—￥]")

# Each edit copies its line, so a line takes only as many as somebody may have typed.
MAX_EDITS = 50

_DASHES = re.compile(r"\s*(?:-\s+)*")
_NUMBER_LIKE = re.compile(r"[-+]?\d[\d.,:/%-]*|[-+]?[.,]\d+")
_WORD = "[a-z_][a-z0-9_-]*"


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `put` in the place of `length` characters at a 0-based line and column."""

    line: int
    column: int
    length: int
    put: str

    def on(self, line: str) -> str:
        return line[: self.column] + self.put + line[self.column + self.length :]


def half(text: str) -> str:
    """The text typed with half-width characters.

    >>> half("２．８０％")
    '2.80%'
    """
    return text.translate(_HALF)


def wide(text: str) -> str:
    """The first full-width character of the text, or ""."""
    found = None if text.isascii() else _WIDE.search(text)
    return found.group() if found else ""


def name(char: str) -> str:
    """The character and its name.

    >>> print(name("："))
    "：" (full-width colon)
    """
    return f'"{char}" ({title(char)})'


def title(char: str) -> str:
    """The name that Unicode gives a character, or its number where it gives none."""
    return unicodedata.name(char, "").lower().replace("fullwidth", "full-width") or f"U+{ord(char):04X}"


def is_number_like(text: str) -> bool:
    """Whether a text with full-width characters would be a number or a date without them."""
    return bool(wide(text)) and bool(_NUMBER_LIKE.fullmatch(half(text).strip()))


# What a plain scalar of valid YAML shows when a structure character was typed full-width. Group 1 is
# what to replace; chosen so that Chinese prose in a title (，：（）“”) is never suspected.
_KEY_COLON = re.compile(rf"{_WORD}(：\s*)")
_NO_SPACE = re.compile("[a-z_][a-z0-9_]*(:[\u3000\xa0]*)(?=[^\\s/:])")
_WIDE_SPACE = re.compile("[a-z_][a-z0-9_]*(:[\u3000\xa0]+)(?=[{\\[])")
_ITEM = re.compile(rf"([，、]\s*){_WORD}(：\s*)")
_COMMA = re.compile("([，、]\\s*)")
_BLOCK_MARK = re.compile("([｜＞])[+-]?$")
_DASH = re.compile("(－)\\s")
_COMMENT = re.compile("\\s(＃)")
_BLANK = re.compile("(?:^([\u3000\xa0]+)|([\u3000\xa0]+)$)")
_BRACKETS = re.compile("［.*］$|｛.*｝$|＂.*＂$")
_STRUCTURE = re.compile("[：，｛｝［］＂“”]\\s*")


def suspicions(line: int, column: int, source: str, text: str, flow: str, key: bool) -> tuple[Edit, ...]:
    """What was likely meant by a line `text` of a plain scalar at `column` of the line `source`.

    `flow` is "[" or "{" inside such brackets, else "".
    """
    starts = not flow and not key and _DASHES.fullmatch(source[:column]) is not None
    if _BRACKETS.match(text) and not key:
        return _structure(line, text, column)
    patterns = [_BLANK, _COMMENT]
    if starts:
        patterns += [_KEY_COLON, _NO_SPACE, _DASH]
    elif key:
        patterns += [_KEY_COLON, _NO_SPACE] if flow == "{" else [_KEY_COLON, _WIDE_SPACE]
    else:
        patterns += [_BLOCK_MARK]
    for pattern in patterns:
        found = pattern.search(text) if pattern in (_BLANK, _COMMENT) else pattern.match(text)
        if found:
            edit = _edit(line, column, found)
            # Beside a half-width space or the end, a full-width one is one too many.
            is_spare = pattern is _BLANK and (source[: edit.column].endswith(" ") or found.group(2))
            return (replace(edit, put="") if is_spare else edit,)
    if flow == "{":
        items = list(islice(_ITEM.finditer(text), MAX_EDITS))
        return tuple(_edit(line, column, found, group) for found in items for group in (1, 2))
    if flow == "[":
        return tuple(_edit(line, column, found) for found in islice(_COMMA.finditer(text), MAX_EDITS))
    return ()


def candidates(line: int, source: str) -> Iterator[tuple[Edit, ...]]:
    """Edits that may mend a line YAML stumbled over, the likeliest first; each is tried by reading again."""
    start = _DASHES.match(source)
    begin = start.end() if start else 0
    for pattern in (
        re.compile("[^\\s:：#'\"，]+(：\\s*)"),
        _NO_SPACE,
        re.compile("[^\\s:]+:([\u3000\xa0]+)"),
        _DASH,
    ):
        found = pattern.match(source, begin)
        if found:
            yield (_edit(line, 0, found),)
    blank = re.search("^ *([\u3000\xa0][\u3000\xa0 ]*)", source)
    if blank:
        yield (_edit(line, 0, blank),)
    every = _structure(line, source, 0)
    # The last is tried first: {zh: 空置，六个月，en: …} has its comma of prose before the one of structure.
    yield from ((edit,) for edit in every[:-9:-1])
    if len(every) > 1:
        yield every


def _structure(line: int, text: str, column: int) -> tuple[Edit, ...]:
    return tuple(
        Edit(line, column + found.start(), len(found.group()), _typed(found.group()))
        for found in islice(_STRUCTURE.finditer(text), MAX_EDITS)
    )


def _edit(line: int, column: int, found: re.Match[str], group: int = 1) -> Edit:
    group = group if found.group(group) is not None else 2
    start, stop = found.span(group)
    return Edit(line, column + start, stop - start, _typed(found.group(group)))


def _typed(text: str) -> str:
    """A colon or a comma of structure needs a space behind it."""
    typed = half(text)
    return typed[0] + " " if typed[0] in ":," else typed
