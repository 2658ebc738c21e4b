"""Many reforms of one book at once: a row of sums for each combination of some values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl

from feerules.book import Book
from feerules.errors import RuleErrors
from feerules.frames import to_decimal, told
from feerules.periods import Period
from feerules.progress import counting
from feerules.whatif.prices.compare import Sides
from feerules.whatif.prices.unit_changes import CHANGE, UNIT
from feerules.whatif.reforms.moves import number_text
from feerules.whatif.reforms.reform import Reform

__all__ = ["grid_frame"]

MOST = 10_000
MONEY = ("old", "new", "change", "raised", "lowered")
FIGURES = ("compared", "more", "less", "same", "newly_priced", "no_longer_priced", *MONEY)


def grid_frame(
    book: Book,
    units: Any,
    period: str | Period,
    reform: Callable[..., Reform | Book],
    values: Mapping[str, Sequence[Any]],
    *,
    key: str,
    accrue: bool,
    pools: Any,
    progress: bool | None,
) -> Any:
    """See `feerules.grid`."""
    _check(values)
    period = Period.parse(period) if isinstance(period, str) else period
    source = str(units) if isinstance(units, str | Path) else f"the {type(units).__name__}"
    combinations = [dict(zip(values, each, strict=True)) for each in product(*values.values())]
    books = [_made(book, reform, each) for each in combinations]
    with told(source), counting(progress, "books") as done:
        sides = Sides(units, key, accrue=accrue, books=[book, *books])
        before = sides.totals(book, period, pools).rename({"total": "old"})
        done(1)
        rows = []
        for each in books:
            rows.append(_figures(before, sides.totals(each, period, pools).rename({"total": "new"})))
            done(1)
    found = pl.concat(rows).with_columns(to_decimal(pl.col(name), 2).alias(name) for name in MONEY)
    columns = [_column(name, [each[name] for each in combinations]) for name in values]
    return sides.back(pl.concat([pl.DataFrame(columns), found], how="horizontal").lazy())


def _check(values: Mapping[str, Sequence[Any]]) -> None:
    count = 1
    for name, some in values.items():
        if isinstance(some, str) or not len(some):
            raise ValueError(f"found {name}={some!r}, expected a list of values")
        if name in FIGURES:
            raise ValueError(f"found a value called {name}, which is a column of the answer: rename it")
        count *= len(some)
    if count > MOST or not values:
        raise ValueError(f"found {count:,} combinations of {len(values)} values, expected 1 to {MOST:,}")


def _made(book: Book, reform: Callable[..., Reform | Book], values: Mapping[str, Any]) -> Book:
    try:
        made = reform(**values)
        return made.apply(book) if isinstance(made, Reform) else made
    except (RuleErrors, ValueError) as error:
        error.add_note("with " + ", ".join(f"{name}={value}" for name, value in values.items()))
        raise


def _figures(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    if before[UNIT].equals(after[UNIT]):
        both = before.with_columns(after["new"])
    else:
        both = before.join(after, on=UNIT, how="inner")
    up, down = pl.max_horizontal(CHANGE, 0), pl.min_horizontal(CHANGE, 0)
    counts = {"more": CHANGE > 0, "less": CHANGE < 0, "same": CHANGE == 0}
    sums = {"old": pl.col("old"), "new": pl.col("new"), "change": CHANGE, "raised": up, "lowered": down}
    unpaired = {"newly_priced": after.height - both.height, "no_longer_priced": before.height - both.height}
    return both.select(
        pl.len().cast(pl.Int64).alias("compared"),
        *(test.sum().cast(pl.Int64).alias(name) for name, test in counts.items()),
        *(pl.lit(count, pl.Int64).alias(name) for name, count in unpaired.items()),
        *(number.cast(pl.Int128).sum().alias(name) for name, number in sums.items()),
    )


def _column(name: str, values: Sequence[Any]) -> pl.Series:
    """Numbers as exact as they were typed, anything else as text."""
    if all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values):
        numbers = [Decimal(number_text(value)) for value in values]
        places = max(max(-int(each.as_tuple().exponent), 0) for each in numbers)
        return pl.Series(name, numbers, dtype=pl.Decimal(38, places))
    return pl.Series(name, list(map(str, values)), dtype=pl.String)
