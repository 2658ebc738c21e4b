"""Labels beside bars: how wide they are, and where they break, whichever letters the machine has."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from unicodedata import combining, east_asian_width

__all__ = ["apart", "extent", "folded", "shortened", "width_of"]

LETTER = 6.7  # pixels of a Latin letter of the charts; a Chinese one takes two
WIDEST, MOST_LINES = 30, 2
INVISIBLE = "\u200b"
AFTER = " ，、；：）→-/,;:)"  # where a line may end


def width_of(text: str) -> int:
    """How wide a text is, in Latin letters: a Chinese character takes two."""
    return sum(
        0 if combining(char) or char == INVISIBLE else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )


def extent(labels: Iterable[str]) -> int:
    """The room that folded labels need, in pixels."""
    lines = (line for label in labels for line in label.split("\n"))
    return round(max(map(width_of, lines), default=0) * LETTER) + 8


def folded(text: str) -> str:
    """A text in at most two lines of a label; what does not fit is cut, and stands whole in the table."""
    lines: list[str] = []
    rest = " ".join(text.split())
    while rest and len(lines) < MOST_LINES:
        end = _fits(rest)
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    if rest:
        lines[-1] = shortened(f"{lines[-1]}{rest}", WIDEST)
    return "\n".join(lines)


def shortened(text: str, most: int) -> str:
    """A text of at most so many letters, with a sign where it is cut."""
    if width_of(text) <= most:
        return text
    while width_of(text) > most - 2:
        text = text[:-1]
    return f"{text}…"


def apart(labels: Iterable[str]) -> list[str]:
    """The labels with a letter that nobody sees behind each that came before: they stay two."""
    told: list[str] = []
    for label in labels:
        another = next(
            f"{label}{INVISIBLE * times}" for times in count() if label + INVISIBLE * times not in told
        )
        told.append(another)
    return told


def _fits(text: str) -> int:
    """How many characters go into a line: up to where it may end, if that is not too early."""
    if width_of(text) <= WIDEST:
        return len(text)
    end = next(number for number in range(len(text)) if width_of(text[: number + 1]) > WIDEST)
    good = max(text.rfind(char, 0, end) for char in AFTER) + 1
    return good if good * 2 > end else end
