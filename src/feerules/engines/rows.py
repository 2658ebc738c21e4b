"""Rows of a frame, whose columns become arrays when they are asked for; what is seen of charges and events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from feerules.engines.entries import EVENT_STATUSES
from feerules.engines.segments import NONE, Bools, Ints, ints
from feerules.periods import MICROSECONDS

__all__ = ["Charges", "Events", "Rows"]


class Rows:
    """Rows of a frame by their places, without copies of them: a column that nobody asks for costs nothing.

    The arrays of whole columns are kept, for all that are chosen from the same frame; none is to be written to.
    """

    def __init__(
        self, frame: pl.DataFrame, at: Ints | None = None, kept: dict[Any, Any] | None = None
    ) -> None:
        self.frame = frame
        self._at = at  # None: all of them, in the order of the frame
        self._kept = {} if kept is None else kept

    def __len__(self) -> int:
        return self.frame.height if self._at is None else len(self._at)

    @property
    def at(self) -> Ints:
        """The places of the rows in the frame: what tells them apart."""
        return np.arange(self.frame.height, dtype=np.int64) if self._at is None else self._at

    def chosen(self, rows: Bools) -> Rows:
        """The rows for which something holds."""
        if rows.all():
            return self
        return Rows(self.frame, np.flatnonzero(rows) if self._at is None else self._at[rows], self._kept)

    def taken(self, places: Ints) -> Rows:
        """The rows at some places among these, in that order."""
        if len(places) == len(self) and bool((places[1:] > places[:-1]).all()):
            return self
        return Rows(self.frame, places if self._at is None else self._at[places], self._kept)

    def apart(self) -> Rows:
        """The same in a frame of their own: for a few of many, of which several columns are asked for."""
        return Rows(self.frame if self._at is None else self.frame[self._at])

    # Columns

    def ints(self, name: str, none: int = NONE) -> Ints:
        """A column of whole numbers; `none` where nothing is said."""
        found: Ints = self._of_the_frame((name, none), lambda: ints(self.frame[name], none))
        return found

    def has(self, name: str) -> Bools:
        """Whether each row says something."""
        found: Bools = self._of_the_frame((name, "has"), lambda: self.frame[name].is_not_null().to_numpy())
        return found

    def among(self, name: str, words: Collection[str]) -> Bools:
        """Whether a text is one of these words."""

        def told() -> Any:
            return self.frame[name].is_in([*words]).fill_null(False).to_numpy()

        found: Bools = self._of_the_frame((name, frozenset(words)), told)
        return found

    def codes(self, name: str, words: Sequence[str]) -> Ints:
        """The place of a text among these words; -1 where it is none of them."""

        def told() -> Ints:
            if not words:
                return np.full(self.frame.height, -1, np.int64)
            return ints(self.frame[name].cast(pl.Enum([*words]), strict=False).to_physical(), -1)

        found: Ints = self._of_the_frame((name, tuple(words)), told)
        return found

    def says(self, name: str) -> bool:
        """Whether any row of the whole frame says something in this column."""
        return self.frame[name].null_count() < self.frame.height

    def texts(self, name: str, places: Ints | None = None) -> pl.Series:
        """A column as it stands, of all the rows or of those at some places among them."""
        at = self._at
        if places is not None:
            at = places if at is None else at[places]
        column = self.frame[name]
        return column if at is None else column.gather(pl.Series(at))

    def told(self, *names: str) -> pl.DataFrame:
        """Some columns as a frame."""
        return pl.DataFrame({name: self.texts(name) for name in names})

    def _of_the_frame(self, key: Any, column: Callable[[], Any]) -> Any:
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = column()
            found.flags.writeable = False
        return found if self._at is None else found[self._at]


@dataclass(frozen=True)
class Charges:
    """Charges that are owed, by account, due day, day of issue and id.

    `debt` is the charge on which a posted late fee accrued, -1 where there is none. The rest is what the
    policy makes of each: whether it counts, bears late fee (or would, were it not left alone), from when it ages, the place of its fee among
    those that come first.
    """

    acc: Ints
    due: Ints
    day: Ints
    kind: Ints
    amount: Ints
    start: Ints
    end: Ints
    debt: Ints
    counts: Bools
    bears: Bools
    burdens: Bools
    basis: Ints
    fee_rank: Ints
    rows: Rows
    bounds: Ints

    @property
    def ids(self) -> pl.Series:
        return self.rows.texts("id")

    def __len__(self) -> int:
        return len(self.acc)


class Events:
    """The events of one type or several, by account, day, time of day and id."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def chosen(self, rows: Bools) -> Events:
        return Events(self.rows.chosen(rows))

    @cached_property
    def acc(self) -> Ints:
        return self.rows.ints("acc")

    @cached_property
    def day(self) -> Ints:
        return self.rows.ints("day")

    @cached_property
    def time(self) -> Ints:
        """The time of day, 0 where none is told."""
        return self.rows.ints("occurred_at", 0) % MICROSECONDS

    @cached_property
    def closing(self) -> Bools:
        found: Bools = self.rows.ints("status") != EVENT_STATUSES.index("open")
        return found

    @cached_property
    def types(self) -> Ints:
        return self.rows.ints("type")

    def ints(self, name: str) -> Ints:
        return self.rows.ints(name)

    def flags(self, name: str) -> Bools:
        """A column of yes, no and nothing said."""
        found: Bools = self.ints(name) == 1
        return found
