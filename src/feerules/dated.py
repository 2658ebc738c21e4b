"""Units with dated facts: several rows for one unit, each with the days on which it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from polars import selectors

from feerules.plan.nodes import Leaf
from feerules.plan.spans import VALID_FROM, VALID_TO
from feerules.prepared import encoded, mark_of

__all__ = ["DATED", "overlapping", "with_days", "with_runs"]

DATED = ("valid_from", "valid_to")
# The days as they were given: without a first day a row holds since ever.
SINCE = VALID_FROM
UNTIL = replace(VALID_TO, default=None, optional=True)


def overlapping(frame: pl.LazyFrame, key: str) -> pl.Series:
    """The null key, and the units of which two rows hold on one day."""
    mark = mark_of(frame.collect_schema())
    days = _in_order(frame.filter(pl.col(key).is_not_null()), key, mark, readable=True)
    begins, before = pl.col(f"{mark}0"), pl.col(f"{mark}0").shift().over(key)
    twice = (before == begins) | (pl.col(f"{mark}end").shift().over(key) > begins)
    both = pl.concat([days.filter(twice).select(key), frame.filter(pl.col(key).is_null()).select(key)])
    return both.unique().collect(engine="streaming")[key]


def _in_order(frame: pl.LazyFrame, key: str, mark: str, *, readable: bool) -> pl.LazyFrame:
    """The rows of each unit in order; `mark` 0 is its first day, `mark` end the day after its last, null for none.

    A row without end holds until the next begins.
    """
    frame = encoded(frame, (SINCE, UNTIL), mark, readable=readable)
    frame = frame.sort(key, f"{mark}0", maintain_order=True)
    following = pl.col(f"{mark}0").shift(-1).over(key)
    end = pl.when(pl.col(f"{mark}has1")).then(pl.col(f"{mark}1").cast(pl.Int64)).otherwise(following)
    return frame.with_columns(end.alias(f"{mark}end"))


def with_days(frame: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """The rows of each unit in order, with `valid_from` and a `valid_to` that is the next row's first day if none is given.

    What cannot be read stays as it was given, for the plan to refuse.
    """
    mark = mark_of(frame.collect_schema())
    frame = _in_order(frame, key, mark, readable=False)
    schema = frame.collect_schema()
    for name in DATED:
        if schema.get(name, pl.Null()) == pl.Null:
            frame = frame.with_columns(pl.lit(None, pl.Date).alias(name))
    kind = frame.collect_schema()["valid_to"]
    given, day = pl.col("valid_to"), pl.col(f"{mark}end").cast(pl.Int32).cast(pl.Date)
    if isinstance(kind, pl.Datetime):
        day = day.cast(pl.Datetime(kind.time_unit)).dt.replace_time_zone(kind.time_zone)
    elif kind != pl.Date:
        given, day = given.cast(pl.String), day.cast(pl.String)
    ends = pl.when(pl.col(f"{mark}has1")).then(given).otherwise(day).alias("valid_to")
    return frame.with_columns(ends).drop(selectors.starts_with(mark))


def with_runs(frame: pl.LazyFrame, key: str, leaves: Sequence[Leaf]) -> pl.LazyFrame:
    """Tells each row in `run_from` since when all that the plan reads of its unit is the same.

    `leaves` are the facts that tell, who pays being none of them.
    """
    mark = mark_of(frame.collect_schema())
    facts = [*leaves, SINCE, UNTIL]
    frame = encoded(frame, facts, mark)
    begins, until = (pl.col(f"{mark}{number}") for number in (len(leaves), len(leaves) + 1))
    told = [pl.col(f"{mark}{has}{number}") for number in range(len(leaves)) for has in ("", "has")]
    changed = [each != each.shift() for each in told]
    other = pl.col(key).ne_missing(pl.col(key).shift()) | (begins != until.shift())
    starts = pl.any_horizontal(other.fill_null(True), *changed)
    run = pl.when(starts).then(begins).forward_fill()
    frame = frame.with_columns(run.cast(pl.Int32).cast(pl.Date).alias("run_from"))
    return frame.drop(selectors.starts_with(mark))
