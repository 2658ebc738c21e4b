"""On which lines of a fee the alternatives are tried: those that differ, and some that match; of a large estate a part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from feerules.errors import FeeRulesError
from feerules.frames import columns_of, into_lazy
from feerules.telling import about_of
from feerules.whatif.billed.altered import FeeAlone
from feerules.whatif.billed.trials import Asked

__all__ = ["Sample", "facts_of", "parts_of", "sample_of", "units_of"]

MOST_LINES = 50_000  # that differ; what they tell is then looked for in all
MOST_MATCHED = 20_000
MOST_AT_ONCE = 100_000
MOST_SHARING = 20_000  # units that share pools: each alternative is priced for all who share one
COLUMNS = ["unit_id", "ours", "billed"]


@dataclass(frozen=True, eq=False)
class Sample:
    """Lines that differ and lines that match (also units with no such line), and the estate that they need.

    `whole` tells whether every line that differs is here.
    """

    differing: pl.DataFrame
    matching: pl.DataFrame
    asked: Asked
    whole: bool


def sample_of(alone: FeeAlone, asked: Asked, rows: pl.DataFrame, priced: pl.Series) -> Sample:
    """The sample of a fee; `rows` has its lines (unit_id, ours, billed, state), `priced` every unit that was priced."""
    apart = rows.filter(pl.col("state") != "matched").select(COLUMNS)
    sharing = _sharing(alone, asked, apart) if alone.shares else None
    if sharing is not None:
        asked, units = sharing
        some = apart.filter(pl.col("unit_id").is_in(units.implode()))
        return Sample(some, _matching(rows, units), asked, len(some) == len(apart))
    some = apart.filter(_some_of(len(apart), MOST_LINES))
    matching = _matching(rows, priced.filter(_some_of(len(priced), MOST_MATCHED)))
    if not alone.shares:
        lines = pl.concat([some["unit_id"], matching["unit_id"]])
        asked = replace(asked, units=units_of(asked, lines).lazy())
    return Sample(some, matching, asked, len(some) == len(apart))


def _some_of(size: int, most: int) -> pl.Series:
    """Which of so many to take, about `most` of them: spread, and in step with nothing that recurs."""
    spread = np.arange(size, dtype=np.uint64) * np.uint64(2_654_435_761) % np.uint64(2**32)
    return pl.Series(spread < max(1, most) / max(1, size) * 2**32)


def units_of(asked: Asked, unit_ids: pl.Series) -> pl.DataFrame:
    """The rows of some units."""
    unit = pl.col(asked.key).cast(pl.String)
    return asked.units.filter(unit.is_in(unit_ids.implode())).collect(engine="streaming")


def _matching(rows: pl.DataFrame, units: pl.Series) -> pl.DataFrame:
    """The lines of some units that match, and nothing against nothing for those that have no line."""
    lines = rows.filter(pl.col("unit_id").is_in(units.implode()))
    without = pl.DataFrame({"unit_id": units.filter(~units.is_in(lines["unit_id"].implode()))})
    nothing = [pl.lit(None, rows.schema[name]).alias(name) for name in COLUMNS[1:]]
    return pl.concat(
        [lines.filter(pl.col("state") == "matched").select(COLUMNS), without.select("unit_id", *nothing)]
    )


def parts_of(alone: FeeAlone, asked: Asked, apart: pl.DataFrame) -> Iterator[tuple[Asked, pl.DataFrame]]:
    """All lines that differ, part by part, each with the estate that it needs: as much as the memory holds at ease."""
    groups = _groups(alone, asked, apart) if alone.shares else None
    if groups is not None:
        chunk = (pl.col("#units").cum_sum() - pl.col("#units")) // MOST_AT_ONCE
        for _, some in groups.sizes.filter(pl.col("#apart") > 0).group_by(chunk, maintain_order=True):
            part, units = groups.part(asked, some)
            yield part, apart.filter(pl.col("unit_id").is_in(units.implode()))
    elif alone.shares:
        yield asked, apart
    else:
        for some in apart.iter_slices(MOST_AT_ONCE):
            yield replace(asked, units=units_of(asked, some["unit_id"]).lazy()), some


def facts_of(alone: FeeAlone, asked: Asked, columns: Sequence[str]) -> list[str]:
    """The columns that hold what a fee asks of a unit."""
    plan = alone.own.plan(alone.period, accrue=asked.accrue, dated=asked.dated)
    names = {name for leaf in plan.leaves for name in (leaf.name, *leaf.aliases)}
    return [name for name in columns if name in names]


# Units that share


@dataclass(frozen=True, eq=False)
class _Groups:
    """Who shares with whom: `every` unit with its group, and of each group how many units and lines that differ."""

    every: pl.DataFrame
    sizes: pl.DataFrame
    among: dict[str, str]

    def part(self, asked: Asked, some: pl.DataFrame) -> tuple[Asked, pl.Series]:
        """The estate of some groups, and its units."""
        kept = some.select([*self.among])
        units = self.every.join(kept, on=[*self.among], how="semi")["unit_id"]
        pools = _pools_of(asked.pools, self.among, kept)
        return replace(asked, units=units_of(asked, units).lazy(), pools=pools), units


def _groups(alone: FeeAlone, asked: Asked, apart: pl.DataFrame) -> _Groups | None:
    """None where one pool is for all, or the estate is small; groups with many lines that differ come first."""
    among = _among(alone, asked)
    unit = pl.col(asked.key).cast(pl.String).alias("unit_id")
    named = [pl.col(column).cast(pl.String).alias(name) for name, column in among.items()]
    every = asked.units.select(unit, *named).collect(engine="streaming")
    if not among or len(every) <= MOST_SHARING:
        return None
    differs = pl.col("unit_id").is_in(apart["unit_id"].implode()).alias("#differs")
    groups = every.with_columns(differs).group_by([*among])
    sizes = groups.agg(pl.len().alias("#units"), pl.col("#differs").sum().alias("#apart"))
    order = [True, False, *(False for _ in among)]
    return _Groups(every, sizes.sort("#apart", "#units", *among, descending=order), among)


def _sharing(alone: FeeAlone, asked: Asked, apart: pl.DataFrame) -> tuple[Asked, pl.Series] | None:
    """Some pools with everybody who shares them; None where all are looked at."""
    groups = _groups(alone, asked, apart)
    if groups is None:
        return None
    kept = groups.sizes.filter(pl.col("#units").cum_sum() <= MOST_SHARING)
    return groups.part(asked, kept if kept.height else groups.sizes.head(1))


def _among(alone: FeeAlone, asked: Asked) -> dict[str, str]:
    """The facts that say who shares, each with its column; none where that differs from pool to pool."""
    plan = alone.own.plan(alone.period, accrue=asked.accrue, dated=asked.dated)
    pools = [pool for slot in plan.slots if (pool := about_of(slot).shown.pool) is not None]
    names = {pool.among for pool in pools}
    if len(names) != 1:
        return {}
    aliases = {leaf.name: leaf.aliases for leaf in pools[0].plan.leaves}
    return columns_of(asked.units.collect_schema(), {name: aliases.get(name, ()) for name in pools[0].among})


def _pools_of(given: Any, among: dict[str, str], kept: pl.DataFrame) -> Any:
    """The pools of some groups; all where they cannot be told apart."""
    try:
        frame = pl.DataFrame(given) if isinstance(given, list | tuple) else into_lazy(given)[0].collect()
    except (FeeRulesError, pl.exceptions.PolarsError, TypeError):
        return given
    held = {
        name: next((each for each in (name, column) if each in frame.columns), None)
        for name, column in among.items()
    }
    if None in held.values():
        return given
    keys = [pl.col(str(column)).cast(pl.String).alias(f"#{name}") for name, column in held.items()]
    told = frame.with_columns(keys)
    return told.join(
        kept.rename(lambda name: f"#{name}"), on=[f"#{name}" for name in among], how="semi"
    ).select(frame.columns)
