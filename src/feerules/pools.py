"""Shared costs: a total divided among units by weight, to the fen, with nothing left over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.frames import FrameError, columns_of, into_lazy, to_decimal
from feerules.money import to_scaled
from feerules.plan.nodes import Plan, Slot
from feerules.reasons import reason
from feerules.telling import about_of

__all__ = ["with_shares"]

Engine = Callable[[Plan], Any]  # what prepares a plan for a frame
Shares = tuple[pl.LazyFrame, dict[str, str], pl.DataFrame]


def with_shares(
    frame: pl.LazyFrame, slots: Sequence[Slot], pools: Any, key: str, engine: Engine, unkeyed: pl.LazyFrame
) -> Shares:
    """Adds to each unit its share of every pool.

    Gives the frame, the column of each share, and a problem row for each pool that no unit shares.
    `engine` prepares a weighing plan over the frame; a unit with dated facts weighs by its days.
    `unkeyed` holds the rows whose key tells no unit: as nobody can be billed their part, their pools are
    not shared. A unit that gets no share of a fee that it shares becomes a problem.
    """
    given = _pools(pools)
    columns, unshared = {}, []
    for slot in slots:
        sharing = Sharing(slot, key, engine)
        shares, nobody = sharing.shares(frame, _of_slot(given, slot), unkeyed)
        unshared.append(nobody)
        frame = frame.join(shares.lazy(), on=key, how="left", maintain_order="left")
        columns[sharing.pool.leaf.name] = sharing.pool.leaf.name
    return frame, columns, pl.concat(unshared)


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


class Sharing:
    """How one slot's pools are shared among the units of a frame."""

    def __init__(self, slot: Slot, key: str, engine: Engine) -> None:
        pool = about_of(slot).shown.pool
        assert pool is not None
        self.pool, self.key, self.engine = pool, key, engine
        self.cycle = about_of(slot).cycle.period

    def shares(
        self, frame: pl.LazyFrame, pools: pl.DataFrame, unkeyed: pl.LazyFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(key, share) of every unit, and a problem for each pool that nobody shares."""
        weighed, unweighed = self._weighed(frame)
        among = [pl.col(name).cast(pl.String) for name in self.pool.among]
        pools = pools.with_columns(among)
        lost = pl.concat([unweighed.select(self.pool.among), unkeyed.select(self.pool.among).collect()])
        blocked = _matching(pools, lost.with_columns(among), self.pool.among)["pool_id"].unique()
        parts = _matching(pools, weighed.with_columns(among), self.pool.among)
        heavy = parts.filter(pl.col("weight") > 0)["pool_id"].implode()
        empty = pools.filter(~pl.col("pool_id").is_in(heavy))
        left_out = pl.concat([blocked, empty["pool_id"]]).implode()
        parts = parts.filter(~pl.col("pool_id").is_in(left_out))
        shares = _divided(parts, self.key).group_by(self.key).agg(pl.col("share").sum())
        share = to_decimal(pl.col("share"), 2).alias(self.pool.leaf.name)
        return shares.select(self.key, share), _lost(empty)

    def _weighed(self, frame: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The weight of each unit that shares, and the rows that cannot be weighed."""
        schema = frame.collect_schema()
        missing = [name for name in self.pool.among if name not in schema]
        if missing:
            raise FrameError(f"units without the column {', '.join(missing)}, which says who shares a cost")
        dated = "run_from" in schema
        plan = self.pool.plan
        columns = columns_of(schema, {leaf.name: leaf.aliases for leaf in plan.leaves})
        prepared = self.engine(plan).prepare(frame, columns)
        outputs = {"weight": plan.slots[0].values["weight"], "shares": plan.slots[0].active}
        days = ("valid_from", "valid_to") if dated else ()
        keep = list(dict.fromkeys([self.key, *self.pool.among, *days]))
        weighed, unweighed = pl.collect_all(
            [prepared.rows(outputs, keep), prepared.problems(keep).select(keep).unique()], engine="streaming"
        )
        weighed = weighed.filter(pl.col("shares").cast(pl.Boolean)).drop("shares")
        return (self._by_days(weighed) if dated else weighed), unweighed

    def _by_days(self, weighed: pl.DataFrame) -> pl.DataFrame:
        """One row per unit: its weights over the days of the cycle on which each of its rows holds."""
        if self.cycle is not None:
            start = pl.max_horizontal(pl.col("valid_from"), pl.lit(self.cycle.start))
            end = pl.min_horizontal(pl.col("valid_to"), pl.lit(self.cycle.end))
            days = (end - start).dt.total_days().clip(0)
            weighed = weighed.with_columns(weight=pl.col("weight") * days)
        others = pl.all().exclude(self.key, "weight", "valid_from", "valid_to").last()
        return weighed.group_by(self.key, maintain_order=True).agg(pl.col("weight").sum(), others)


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
