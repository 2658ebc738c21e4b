"""Frames of several sorts as rows of one: columns of one type share a place, whatever their names.

So a shuffle brings together all that is about an account, and a row is as wide as the widest sort, not as all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import polars as pl

from feerules.spark.columns import quoted

__all__ = ["KEY", "Packing", "Sort"]

KEY = "#key"
SORT = "#sort"
Column = tuple[str, str]  # a column and its type, or the column and its place


@dataclass(frozen=True)
class Sort:
    """Rows of one sort: a frame of Spark, the columns to send of it with their types, and what brings rows together."""

    name: str
    frame: Any
    columns: tuple[Column, ...]
    key: str  # SQL: text, never null


@dataclass(frozen=True)
class Packing:
    """Which place each column of each sort has."""

    places: Mapping[str, tuple[Column, ...]]

    @classmethod
    def of(cls, sorts: list[Sort]) -> Packing:
        places = {}
        for sort in sorts:
            counts = Counter[str]()
            found = []
            for column, kind in sort.columns:
                found.append((column, f"{kind} {counts[kind]}"))
                counts[kind] += 1
            places[sort.name] = tuple(found)
        return cls(places)

    def packed(self, sorts: list[Sort]) -> Any:
        """All rows in one lazy frame of Spark: what is about one key in one part of it, in order of the keys."""
        kinds = dict.fromkeys(place for found in self.places.values() for _, place in found)
        frames = [self._selected(number, sort, list(kinds)) for number, sort in enumerate(sorts)]
        together = reduce(lambda one, other: one.unionAll(other), frames)
        return together.repartition(quoted(KEY)).sortWithinPartitions(quoted(KEY))

    def _selected(self, number: int, sort: Sort, kinds: list[str]) -> Any:
        at = {place: column for column, place in self.places[sort.name]}
        told = [
            f"cast({sort.key} as binary) as {quoted(KEY)}",
            f"cast({number} as tinyint) as {quoted(SORT)}",
        ]
        for place in kinds:
            value = quoted(at[place]) if place in at else "null"
            # A cast also where there is a value: texts of any collation are texts here.
            told.append(f"cast({value} as {place.rpartition(' ')[0]}) as {quoted(place)}")
        return sort.frame.selectExpr(*told)

    def unpacked(self, rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The rows of each sort again, by the names of their columns."""
        return {
            name: rows.lazy()
            .filter(pl.col(SORT) == number)
            .select(pl.col(place).alias(column) for column, place in found)
            .collect()
            for number, (name, found) in enumerate(self.places.items())
        }
