"""A document as text with places: every scalar, mapping and list knows where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from feerules.errors import Problem, Where

__all__ = ["Lines", "Map", "Node", "Seq", "Text", "describe", "quote"]

EXCERPT = 160
LINE_BREAK = re.compile(r"\r\n|\r|\n")
# Text that moves the cursor or reorders what stands around it must not reach a terminal in a message.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


class Lines:
    """The lines of one file, split only when a place or an excerpt is asked for."""

    __slots__ = ("_split", "file", "text")

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._split: list[str] | None = None

    def all(self) -> list[str]:
        if self._split is None:
            self._split = LINE_BREAK.split(self.text)
        return self._split

    def line(self, index: int) -> str:
        """The line with this 0-based index; "" past the end."""
        lines = self.all()
        return lines[index] if 0 <= index < len(lines) else ""

    def excerpt_of(self, where: Where) -> str:
        """The line that `where` points into, at most 160 characters; "" where the column lies beyond."""
        if where.column > EXCERPT:
            return ""
        return _UNPRINTABLE.sub("\ufffd", self.line(where.line - 1)[:EXCERPT].rstrip()).replace("\t", "→")

    def where(self, line: int, column: int) -> Where:
        """The place of a 0-based line and column."""
        return Where(self.file, line + 1, column + 1)

    def problem(
        self, code: str, line: int, column: int, found: str, expected: str, hint: str = ""
    ) -> Problem:
        """A problem at a 0-based line and column, with its excerpt."""
        where = self.where(line, column)
        hint = hint if len(hint) <= EXCERPT else hint[: EXCERPT - 1] + "…"
        return Problem(code, where, found, expected, hint, self.excerpt_of(where))


class _Placed:
    """What Text, Map and Seq share: the file, and where in it they begin."""

    __slots__ = ()
    _lines: Lines | None
    _line: int
    _column: int

    @property
    def lines(self) -> Lines:
        """The file; a value made by hand stands in a file of its own, called <text>."""
        if self._lines is None:
            return Lines("<text>", str(self))
        return self._lines

    @property
    def where(self) -> Where:
        return self.lines.where(self._line, self._column)

    def problem(
        self, code: str, *, found: str, expected: str, hint: str = "", where: Where | None = None
    ) -> Problem:
        """A problem with this value, at its beginning unless `where` says more exactly."""
        lines = self.lines
        place = self.where if where is None else where
        return Problem(code, place, found, expected, hint, lines.excerpt_of(place))


class Text(str, _Placed):
    """A scalar as written: no number, date or truth value is ever guessed from it.

    >>> Text("2.80").where
    Where(file='<text>', line=1, column=1)
    """

    __slots__ = ("_column", "_line", "_lines", "_style")
    _style: str

    def __new__(
        cls, value: str = "", lines: Lines | None = None, line: int = 0, column: int = 0, style: str = ""
    ) -> Text:
        """`style` is YAML's: p (plain), ' or ", | or >; "" for a text that stands in its file unchanged."""
        self = str.__new__(cls, value)
        self._lines = lines
        self._line = line
        self._column = column
        self._style = style
        return self

    @property
    def quoted(self) -> bool:
        return self._style in ("'", '"')

    @property
    def block(self) -> bool:
        return self._style in ("|", ">")

    @property
    def where(self) -> Where:
        """The first character of the content: after the quote, on the line after `|`."""
        if self.block:
            return self.at(0)
        return self.lines.where(self._line, self._column + self.quoted)

    def at(self, line: int, column: int = 0) -> Where:
        """The place in the file of a 0-based line and column of this text."""
        if self.block and not self.strip("\n"):
            return self.lines.where(self._line, self._column)
        if self._style == "":
            return self.lines.where(self._line + line, column if line else self._column + column)
        if self._style == "|":
            source = self._line + 1 + line
            return self.lines.where(source, min(self._indent() + column, len(self.lines.line(source))))
        begin = self._column + self.quoted
        plain = self._style != ">" and line == 0
        if plain and self.lines.line(self._line).startswith(self, begin):
            return self.lines.where(self._line, begin + column)
        before = self.split("\n")[:line]
        return self._walk(sum(map(len, before)) + line + column)

    def spot(self, offset: int) -> Where:
        """The place in the file of the character with this 0-based offset."""
        before = self[:offset]
        return self.at(before.count("\n"), offset - (before.rfind("\n") + 1))

    def cut(self, start: int, stop: int) -> Text:
        """A piece of this text that keeps its place; exact where the piece lies within one line."""
        where = self.spot(start)
        return Text(self[start:stop], self._lines, where.line - 1, where.column - 1)

    def _indent(self) -> int:
        """How far a literal block is indented: each of its lines stands unchanged behind the indentation."""
        blank = len(self) - len(self.lstrip("\n"))
        end = self.find("\n", blank)
        first = (len(self) if end < 0 else end) - blank
        return max(0, len(self.lines.line(self._line + 1 + blank)) - first)

    def _walk(self, offset: int) -> Where:
        """Where YAML folds lines or reads escapes, source and text are walked side by side."""
        line, column = self._line, self._column + self.quoted
        if self._style == ">":
            line, column = line + 1, 0
            head = self.lines.line(line)
            column = len(head) - len(head.lstrip(" "))
        # Every break but an escaped one stands for a character, so the text bounds the lines.
        rest = "\n".join(self.lines.all()[line : line + offset + 100])[column:]
        spot = 0
        for token in _TOKENS[self._style].finditer(rest):
            spot = token.start()
            width = _width(token.group(), self._style)
            if offset < width:
                break
            offset -= width
            spot = token.end()
        above = rest.count("\n", 0, spot)
        return self.lines.where(
            line + above, spot - (rest.rfind("\n", 0, spot) + 1) if above else column + spot
        )


_FOLD = r"[ \t]*(?:\n[ \t]*)+"
_PLAIN = re.compile(rf"{_FOLD}|.", re.S)
_TOKENS = {
    "p": _PLAIN,
    ">": _PLAIN,
    "'": re.compile(rf"{_FOLD}|''|.", re.S),
    '"': re.compile(rf"{_FOLD}|\\(?:x..|u.{{4}}|U.{{8}}|\n[ \t]*|.)|.", re.S),
}


def _width(token: str, style: str) -> int:
    """How many characters of the text a token of the source stands for."""
    if style == '"' and token.startswith("\\\n"):
        return 0
    breaks = token.count("\n")
    return breaks - 1 if breaks > 1 else 1


class Map(dict[str, Any], _Placed):
    """A mapping; its keys are Text, in the order written, and any str finds them."""

    __slots__ = ("_column", "_line", "_lines")

    def __init__(self, items: Any = (), lines: Lines | None = None, line: int = 0, column: int = 0) -> None:
        super().__init__(items)
        self._lines = lines
        self._line = line
        self._column = column

    def key_where(self, key: str) -> Where:
        """Where the key stands; where the mapping begins if it has no such key."""
        return next((k.where for k in self if k == key and isinstance(k, Text)), self.where)

    def value_where(self, key: str) -> Where:
        """Where the value of the key stands; an explicit null has no place of its own, so the key's."""
        value = self.get(key)
        return value.where if isinstance(value, _Placed) else self.key_where(key)


class Seq(list[Any], _Placed):
    """A list, of block or flow form."""

    __slots__ = ("_column", "_line", "_lines")

    def __init__(
        self, items: Iterable[Any] = (), lines: Lines | None = None, line: int = 0, column: int = 0
    ) -> None:
        super().__init__(items)
        self._lines = lines
        self._line = line
        self._column = column


Node = Text | Map | Seq | None


def quote(text: str, at_most: int = 40) -> str:
    """The text as it is quoted in a message: one line, at most 40 characters.

    >>> print(quote("2.80元"), quote("kind" * 20))
    "2.80元" "kindkindkindkindkindkindkindkindkindkin…"
    """
    line = _UNPRINTABLE.sub("\ufffd", text.strip("\n").replace("\t", "→"))
    first, broken, _ = line.partition("\n")
    if len(first) > at_most or broken:
        first = first[: at_most - 1] + "…"
    return f'"{first}"'


def describe(value: object) -> str:
    """What was found, in words: the text itself, a mapping, a list, nothing."""
    if isinstance(value, str):
        return quote(value) if value else "an empty text"
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping (" + quote(", ".join(map(str, value)))[1:-1] + ")" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return f"{value!r} ({type(value).__name__})"
