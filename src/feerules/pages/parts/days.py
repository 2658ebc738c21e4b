"""What happens on which day: a column for each, its parts by step of the ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from feerules.pages.page import Chart, Point, Tone
from feerules.pages.parts.amounts import SERIES
from feerules.pages.reader import Reader
from feerules.wording import sentence

__all__ = ["per_day"]

MONDAY = 0
MOST_DAYS = 92  # longer spans are told by the week
ACTIONS = sentence("{number} actions on {days} days.")
PART = "step_id"


def per_day(
    reader: Reader,
    rows: pl.LazyFrame,
    titles: Mapping[str, str],
    *,
    values: str = "",
    told: str = ACTIONS,
) -> list[Chart]:
    """For each column of counts a chart; all have the same days, colours and scale. None of a single day.

    `rows` has `day` and, where bars have parts, `step_id`; `told` is a sentence with {number} and {days}.
    """
    text, counts = reader.words.text, [*titles]
    found = _counted(rows, counts, text("no step"))
    if found["day"].n_unique() < 2:
        return []
    days = _days(found)
    by_week = len(days) > MOST_DAYS
    if by_week:
        found = found.with_columns(pl.col("day").dt.truncate("1w"))
        days = [day for day in days if day.weekday() == MONDAY or day == days[0]]
        days[0] -= timedelta(days=days[0].weekday())
    tones = _tones(found, counts, text("others"))
    found = found.with_columns(pl.col(PART).replace_strict(list(tones), list(tones), default=text("others")))
    found = found.group_by("day", PART).agg(pl.col(counts).sum())
    top = found.group_by("day").agg(pl.col(counts).sum()).select(pl.max_horizontal(counts)).to_series().max()
    return [
        Chart(
            title,
            text(told, number=reader.number(int(found[name].sum())), days=reader.number(len(days))),
            "columns",
            "number",
            _points(found, name, days, tones),
            text("Week from") if by_week else text("Day"),
            values or text("Actions"),
            Decimal(str(top)),
        )
        for name, title in titles.items()
        if found[name].sum()
    ]


def _counted(rows: pl.LazyFrame, counts: Sequence[str], nothing: str) -> pl.DataFrame:
    parts = PART in rows.collect_schema()
    part = pl.col(PART).cast(pl.String).fill_null(nothing) if parts else pl.lit("")
    summed = rows.with_columns(part.alias(PART)).group_by("day", PART).agg(pl.col(counts).sum())
    return summed.drop_nulls("day").collect(engine="streaming")


def _days(found: pl.DataFrame) -> list[date]:
    """Every day from the first to the last: one on which nothing happens is one too."""
    first, last = found.select(first=pl.col("day").min(), last=pl.col("day").max()).row(0)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _tones(found: pl.DataFrame, counts: Sequence[str], other: str) -> dict[str, Tone]:
    """A colour for each part; where there are too many, the most frequent ones have their own."""
    if found[PART].n_unique() == 1:
        return {found[PART][0]: "plain"}
    most = found.group_by(PART).agg(pl.sum_horizontal(pl.col(counts).sum()).alias("#"))
    parts = most.sort("#", PART, descending=[True, False])[PART].to_list()
    own = parts if len(parts) <= len(SERIES) else [*parts[: len(SERIES) - 1], other]
    return dict(zip(own, SERIES, strict=False))


def _points(
    found: pl.DataFrame, name: str, days: Sequence[date], tones: Mapping[str, Tone]
) -> tuple[Point, ...]:
    counts = {(day, part): count for day, part, count in found.select("day", PART, name).iter_rows() if count}
    first = next(iter(tones))
    form = "%m-%d" if days[0].year == days[-1].year else "%Y-%m-%d"
    return tuple(
        Point(format(day, form), Decimal(counts.get((day, part), 0)), part, tone)
        for day in days
        for part, tone in tones.items()
        if (day, part) in counts or part == first  # a day has its place, with a bar or without
    )
