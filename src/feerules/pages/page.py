"""A page in one language, as data: what every result becomes before it is written as HTML or as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

import polars as pl

__all__ = [
    "Block",
    "Chart",
    "Column",
    "Figure",
    "Kind",
    "Page",
    "Point",
    "Prose",
    "Section",
    "Shape",
    "Table",
    "Tone",
]

# What a value is: money and numbers stand to the right and sort as numbers, a place is file:line:column.
Kind = Literal["money", "number", "share", "day", "text", "place"]
# Bars lie, columns stand, a waterfall leads from one total to another.
Shape = Literal["bars", "columns", "waterfall"]
# How a value is meant: `more` and `less` are two sides, neither good nor bad; `first` to `fifth` tell series apart.
Tone = Literal["plain", "total", "more", "less", "alert", "first", "second", "third", "fourth", "fifth"]


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that a section is about, as text."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Point:
    """One bar, or one part of it: points of one label stand on each other, apart by series.

    A waterfall's points are totals (where the bar ends) and the steps between them.
    """

    label: str
    value: Decimal
    series: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Chart:
    """Values to be seen; `told` says in a sentence what they show, for those who do not see them."""

    title: str
    told: str
    shape: Shape
    kind: Kind
    points: tuple[Point, ...]
    labels: str  # what the labels are, such as "Fee"
    values: str  # what the values are, such as "Change"
    top: Decimal | None = (
        None  # where the axis ends at least, so that charts beside each other can be compared
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name in the frame, its title, and what its values are."""

    name: str
    title: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the columns that are shown, of `count` in all; `totals` are sums by column name."""

    title: str
    columns: tuple[Column, ...]
    rows: pl.LazyFrame = field(repr=False)
    count: int
    note: str = ""
    totals: Mapping[str, Decimal | int] = field(default_factory=dict)


Block = Prose | Chart | Table


@dataclass(frozen=True, slots=True)
class Section:
    """What one result says: its figures first, then the rest."""

    title: str
    figures: tuple[Figure, ...] = ()
    blocks: tuple[Block, ...] = ()
    digests: tuple[tuple[str, str], ...] = ()  # what it rests on: a label and the digest of the rules


@dataclass(frozen=True, slots=True)
class Page:
    """A report in one language."""

    title: str
    locale: str
    sections: tuple[Section, ...]
    on: date | None = None
    note: str = ""
    signatures: tuple[str, ...] = ()

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """What all sections rest on, each once."""
        every = [pair for section in self.sections for pair in section.digests if pair[1]]
        return tuple(dict.fromkeys(every))
