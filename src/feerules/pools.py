"""Shared costs: a total divided among units by weight, to the fen, with nothing left over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.frames import FrameError, columns_of, into_lazy, to_decimal
from feerules.money import to_scaled
from feerules.plan.figures import Pool
from feerules.plan.nodes import Plan, Slot
from feerules.reasons import reason
from feerules.telling import about_of

__all__ = ["with_shares"]

Engine = Callable[[Plan], Any]  # what prepares a plan for a frame
Shares = tuple[pl.LazyFrame, dict[str, str], pl.DataFrame]


def with_shares(frame: pl.LazyFrame, slots: Sequence[Slot], pools: Any, key: str, engine: Engine) -> Shares:
    """Adds to each unit its share of every pool.

    Gives the frame, the column of each share, and a problem row for each pool that no unit shares.
    `engine` prepares a weighing plan over the frame. A unit for which a fee is shared but that has no pool gets no value: it becomes a problem.
    """
    given = _pools(pools)
    columns, lost = {}, []
    for slot in slots:
        pool = about_of(slot).shown.pool
        assert pool is not None
        mine = _of_slot(given, slot)
        shares, unshared = _shares(frame, pool, mine, key, engine)
        lost.append(unshared)
        frame = frame.join(shares.lazy(), on=key, how="left", maintain_order="left")
        columns[pool.leaf.name] = pool.leaf.name
    return frame, columns, pl.concat(lost)


def _pools(pools: Any) -> pl.DataFrame:
    if pools is None:
        raise FrameError("the book shares costs among units: give the totals with pools=")
    if isinstance(pools, list | tuple):
        pools = pl.DataFrame([{name: _plain(value) for name, value in pool.items()} for pool in pools])
    frame = into_lazy(pools)[0].collect()
    missing = [name for name in ("pool_id", "fee", "period_start", "amount") if name not in frame.columns]
    if missing:
        raise FrameError(f"pools without the column {', '.join(missing)}: found {', '.join(frame.columns)}")
    fen = [to_scaled(str(amount), 2) for amount in frame["amount"]]
    start = pl.col("period_start")
    start = start.str.to_date() if frame["period_start"].dtype == pl.String else start.cast(pl.Date)
    return frame.with_columns(start, pl.Series("fen", fen, pl.Int128), pl.col("pool_id").cast(pl.String))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _of_slot(pools: pl.DataFrame, slot: Slot) -> pl.DataFrame:
    """The pools of a slot's fee that begin in its cycle."""
    about = about_of(slot)
    mine = pools.filter(pl.col("fee") == about.fee_id)
    if about.cycle.period is not None:
        mine = mine.filter(
            pl.col("period_start").is_between(about.cycle.period.start, about.cycle.period.end, closed="left")
        )
    return mine


def _shares(
    frame: pl.LazyFrame, pool: Pool, pools: pl.DataFrame, key: str, engine: Engine
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(key, share) of every unit, and a problem for each pool that nobody shares or nobody can weigh."""
    weighed, unweighed = _weighed(frame, pool, key, engine)
    among = [pl.col(name).cast(pl.String) for name in pool.among]
    pools = pools.with_columns(among)
    blocked = _matching(pools, unweighed.with_columns(among), pool.among)["pool_id"].unique()
    parts = _matching(pools, weighed.with_columns(among), pool.among)
    empty = pools.filter(~pl.col("pool_id").is_in(parts.filter(pl.col("weight") > 0)["pool_id"].implode()))
    parts = parts.filter(~pl.col("pool_id").is_in(pl.concat([blocked, empty["pool_id"]]).implode()))
    shares = _divided(parts, key).group_by(key).agg(pl.col("share").sum())
    return shares.select(key, to_decimal(pl.col("share"), 2).alias(pool.leaf.name)), _lost(empty)


def _weighed(frame: pl.LazyFrame, pool: Pool, key: str, engine: Engine) -> tuple[pl.DataFrame, pl.DataFrame]:
    schema = frame.collect_schema()
    missing = [name for name in pool.among if name not in schema]
    if missing:
        raise FrameError(f"units without the column {', '.join(missing)}, which says who shares a cost")
    columns = columns_of(schema, {leaf.name: leaf.aliases for leaf in pool.plan.leaves})
    prepared = engine(pool.plan).prepare(frame, columns)
    (slot,) = pool.plan.slots
    outputs = {"weight": slot.values["weight"], "shares": slot.active}
    keep = list(dict.fromkeys([key, *pool.among]))
    weighed, unweighed = pl.collect_all(
        [prepared.rows(outputs, keep), prepared.problems(keep).select(keep).unique()], engine="streaming"
    )
    return weighed.filter("shares").drop("shares"), unweighed


def _matching(pools: pl.DataFrame, units: pl.DataFrame, among: Sequence[str]) -> pl.DataFrame:
    pools = pools.select("pool_id", "fen", *among)
    return units.join(pools, on=list(among), how="inner") if among else units.join(pools, how="cross")


def _divided(parts: pl.DataFrame, key: str) -> pl.DataFrame:
    """Largest remainder, ties by the key's bytes; a negative total mirrors a positive one."""
    total, weight = pl.col("fen").abs(), pl.col("weight").cast(pl.Int128)
    parts = parts.with_columns(weight, sum=weight.sum().over("pool_id"))
    parts = parts.with_columns(
        whole=total * pl.col("weight") // pl.col("sum"), rest=total * pl.col("weight") % pl.col("sum")
    )
    parts = parts.with_columns(left=total - pl.col("whole").sum().over("pool_id"))
    parts = parts.sort(
        pl.col("pool_id"), pl.col("rest"), pl.col(key).cast(pl.String), descending=[False, True, False]
    )
    rank = pl.int_range(pl.len()).over("pool_id")
    share = pl.col("whole") + (rank < pl.col("left")).cast(pl.Int128)
    return parts.with_columns(share=(share * pl.col("fen").sign()).cast(pl.Int64))


def _lost(pools: pl.DataFrame) -> pl.DataFrame:
    said: Mapping[str, Any] = {
        "frame": pl.lit("pools"),
        "row_id": pl.col("pool_id"),
        "unit_id": pl.lit(None, pl.String),
        "fee": pl.col("fee"),
        "fact": pl.lit("amount"),
        "value": pl.col("amount").cast(pl.String),
        "code": pl.lit("empty_pool"),
        "reason": pl.lit(reason("empty_pool")),
    }
    return pools.select(**said)
