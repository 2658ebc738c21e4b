"""Shared costs: a total divided among units by weight, to the fen, with nothing left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.frames import FrameError, columns_of, into_lazy, lacking, to_decimal
from feerules.periods import day_number
from feerules.plan.names import FIRST_DAY, LAST_DAY
from feerules.plan.nodes import Fact, Leaf, Plan, Slot
from feerules.prepared import prepare
from feerules.problems import PROBLEMS, problem_rows
from feerules.reasons import reason
from feerules.telling import about_of

__all__ = ["Pools", "Shared", "read_pools", "with_shares"]

NEEDED = ("pool_id", "fee", "period_start", "amount")
# Times any weight and any number of days, a total stays below 38 digits.
AMOUNT = Leaf("amount", "decimal", 2, -(10**15), 10**15)
BEGINS = Leaf("period_start", "date", 0, FIRST_DAY, LAST_DAY)
NO_PROBLEM = pl.DataFrame(schema=dict.fromkeys(PROBLEMS, pl.String))


@dataclass(frozen=True)
class Pools:
    """Pools as they were given, and what is wrong with them.

    `rows` has `pool`, its number, with pool_id, fee, `begins` (a day number), `fen` (null where the pool
    cannot be shared) and, as text, the columns that say who shares.
    """

    rows: pl.DataFrame
    problems: pl.DataFrame


# Reading pools


def read_pools(given: Any, fees: Sequence[str], slots: Sequence[Slot]) -> Pools:
    """The pools of a frame of any kind or of a list of records; `fees` are all that can be shared."""
    if given is None:
        raise FrameError("the book shares costs among units: give the totals with pools=")
    records, names = _records(given)
    missing = [name for name in NEEDED if name not in names]
    if missing and records:
        raise lacking("pools", missing, names)
    held = {name: column for slot in slots for name, column in _among(slot, names).items()}
    held |= {name: name for name in NEEDED}
    texts = {name: [_text(record.get(column)) for record in records] for name, column in held.items()}
    rows = pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String)).with_row_index("pool")
    problems = [NO_PROBLEM]
    choice = Leaf("fee", "choice", 0, 0, max(len(fees) - 1, 0), tuple(fees))
    for leaf, name in ((choice, "known"), (BEGINS, "begins"), (AMOUNT, "fen")):
        plan = Plan((leaf,), (), ())
        prepared = prepare(plan, rows.lazy().with_columns(of="fee"))
        read, bad = pl.collect_all(
            [
                prepared.rows({name: Fact(leaf.lo, leaf.hi, leaf.places, leaf)}, ["pool"]),
                _told(prepared.problems(["pool_id", "of"]), plan),
            ]
        )
        rows, problems = rows.join(read, on="pool", how="left"), [*problems, bad]
    repeated = rows.filter(pl.struct(*held).is_duplicated())
    problems.append(_row_of(repeated, "repeated_pool", "pool_id", pl.col("pool_id")))
    fen = pl.when(~pl.struct(*held).is_duplicated() & pl.col("begins").is_not_null()).then(pl.col("fen"))
    return Pools(rows.with_columns(fen.cast(pl.Int128).alias("fen")), pl.concat(problems))


def _records(given: Any) -> tuple[Sequence[Mapping[str, Any]], list[str]]:
    if isinstance(given, list | tuple):
        return [*given], list(dict.fromkeys(name for record in given for name in record))
    frame = into_lazy(given)[0].collect()
    return frame.rows(named=True), frame.columns


def _among(slot: Slot, names: Iterable[str]) -> dict[str, str]:
    """For each fact that says who shares a slot's pools, the column of the pools that tells it."""
    pool = about_of(slot).shown.pool
    assert pool is not None
    aliases = {leaf.name: leaf.aliases for leaf in pool.plan.leaves}
    return columns_of(dict.fromkeys(names), {name: aliases.get(name, ()) for name in pool.among})


def _text(value: Any) -> str | None:
    """A value as text, as a frame would write it."""
    if value is None or value != value:
        return None
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return format(value, "f")
        case datetime() if value.time() == time():
            return value.date().isoformat()
    return str(value)


def _told(bad: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """What an engine says of pools, whose fee stands in `of`."""
    nobody = pl.lit(None, pl.String)
    return problem_rows(bad, plan, "pools", row_id=pl.col("pool_id"), unit_id=nobody, fee=pl.col("of"))


def _row_of(pools: pl.DataFrame, code: str, fact: str, value: pl.Expr) -> pl.DataFrame:
    said = {
        "frame": pl.lit("pools"),
        "row_id": pl.col("pool_id"),
        "unit_id": pl.lit(None, pl.String),
        "fee": pl.col("fee"),
        "fact": pl.lit(fact),
        "value": value.cast(pl.String),
        "code": pl.lit(code),
        "reason": pl.lit(reason(code)),
    }
    return pools.select(**said)


# Sharing


@dataclass(frozen=True)
class Shared:
    """`frame` with each unit's shares; `problems` of pools that nobody shares and of units that cannot be weighed.

    `unweighed` holds the keys of those units: they have no answer, whether they pay the fee or not.
    """

    frame: pl.LazyFrame
    problems: pl.DataFrame
    unweighed: pl.Series


def with_shares(
    frame: pl.LazyFrame, slots: Sequence[Slot], pools: pl.DataFrame, key: str, unkeyed: pl.LazyFrame
) -> Shared:
    """Adds to each unit its share of every pool.

    A unit with dated facts weighs by its days. `unkeyed` holds the rows whose key tells no unit: as
    nobody can be billed their part, their pools are not shared. A unit that gets no share of a fee that
    it shares becomes a problem.
    """
    problems = [NO_PROBLEM]
    unweighed = [pl.Series(key, [], frame.collect_schema()[key])]
    # Several lines of a cycle, as of two payers, are parts of one share.
    for slot in {_leaf_of(slot).name: slot for slot in reversed(slots)}.values():
        sharing = Sharing(slot, key)
        weighed = sharing.weighed(frame)
        shares, nobody = sharing.shares(weighed, _of_slot(pools, slot), unkeyed)
        problems += [nobody, weighed.problems]
        unweighed.append(weighed.lost[key])
        # What the units say of their shares themselves does not count.
        frame = frame.drop(_leaf_of(slot).name, strict=False)
        frame = frame.join(shares.lazy(), on=key, how="left", maintain_order="left")
    return Shared(frame, pl.concat(problems).unique(maintain_order=True), pl.concat(unweighed).unique())


def _leaf_of(slot: Slot) -> Leaf:
    pool = about_of(slot).shown.pool
    assert pool is not None
    return pool.leaf


def _of_slot(pools: pl.DataFrame, slot: Slot) -> pl.DataFrame:
    """The pools of a slot's fee that begin in its cycle."""
    about = about_of(slot)
    mine = pools.filter(pl.col("fee") == about.fee_id)
    days = about.cycle.period
    if days is None:
        return mine
    start, end = day_number(days.start), day_number(days.end)
    inside = pl.col("begins").is_between(start, end, closed="left")
    return mine.filter(inside | pl.col("begins").is_null())  # of an unknown day, it may be of this cycle


@dataclass(frozen=True)
class Weighed:
    """Of the units of a frame: the key and weight of each that shares; those that are `lost`, and why."""

    units: pl.DataFrame
    lost: pl.DataFrame
    problems: pl.DataFrame


class Sharing:
    """How one slot's pools are shared among the units of a frame."""

    def __init__(self, slot: Slot, key: str) -> None:
        pool = about_of(slot).shown.pool
        assert pool is not None
        self.slot, self.pool, self.key = slot, pool, key
        self.cycle = about_of(slot).cycle.period

    def shares(
        self, weighed: Weighed, pools: pl.DataFrame, unkeyed: pl.LazyFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(key, share) of every unit, and a problem for each pool that nobody shares."""
        missing = [name for name in self.pool.among if name not in pools.columns]
        if missing and pools.height:
            raise FrameError(f"pools of {about_of(self.slot).fee_id} without the column {', '.join(missing)}")
        pools = pools.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
        among = self._among(unkeyed.collect_schema())
        # With their keys: a frame of no columns would have no rows either.
        lost = pl.concat(
            [weighed.lost.select(self.key, *self.pool.among), unkeyed.select(self.key, *among).collect()]
        )
        parts = _matching(pools, weighed.units, self.pool.among)
        bad = pl.concat(
            [
                _matching(pools, lost, self.pool.among)["pool"],
                pools.filter(pl.col("fen").is_null())["pool"],
            ]
        )
        heavy = parts.filter(pl.col("weight") > 0)["pool"]
        empty = pools.filter(~pl.col("pool").is_in(heavy.implode()) & (pl.col("fen") != 0))
        bad = pl.concat([bad, empty["pool"]]).unique()
        # A unit of which one share is not known has none.
        without = parts.filter(pl.col("pool").is_in(bad.implode()))[self.key].unique()
        parts = parts.filter(~pl.col("pool").is_in(bad.implode()))
        shares = _divided(parts, self.key).group_by(self.key).agg(pl.col("share").sum())
        shares = shares.filter(~pl.col(self.key).is_in(without.implode()))
        share = to_decimal(pl.col("share"), 2).alias(self.pool.leaf.name)
        lost_amount = to_decimal(pl.col("fen"), 2)
        return shares.select(self.key, share), _row_of(empty, "empty_pool", "amount", lost_amount)

    def _among(self, schema: pl.Schema) -> list[pl.Expr]:
        """The facts that say who shares, as text."""
        aliases = {leaf.name: leaf.aliases for leaf in self.pool.plan.leaves}
        found = columns_of(schema, {name: aliases.get(name, ()) for name in self.pool.among})
        missing = [name for name in self.pool.among if name not in found]
        if missing:
            raise FrameError(f"units without the column {', '.join(missing)}, which says who shares a cost")
        return [pl.col(column).cast(pl.String).alias(name) for name, column in found.items()]

    def weighed(self, frame: pl.LazyFrame) -> Weighed:
        """Weighs every unit that shares."""
        schema = frame.collect_schema()
        among, dated, plan = self._among(schema), "run_from" in schema, self.pool.plan
        prepared = prepare(plan, frame)
        outputs = {"#weight": plan.slots[0].values["weight"], "#shares": plan.slots[0].active}
        facts = [name for each in among for name in each.meta.root_names()]
        days = ("valid_from", "valid_to") if dated else ()
        keep = list(dict.fromkeys([self.key, *facts, *days]))
        units, lost, problems = pl.collect_all(
            [
                prepared.rows(outputs, keep).filter(pl.col("#shares").cast(pl.Boolean)),
                prepared.problems(keep).select(keep).unique(),
                problem_rows(
                    prepared.problems([self.key]), plan, "units",
                    row_id=pl.col(self.key), unit_id=pl.col(self.key), fee=pl.col("fee"),
                ),
            ],
            engine="streaming",
        )  # fmt: skip
        weight = pl.col("#weight").cast(pl.Int128).alias("weight")
        units = units.select(self.key, *among, weight, *days)
        return Weighed(self._by_days(units) if dated else units, lost.select(self.key, *among), problems)

    def _by_days(self, weighed: pl.DataFrame) -> pl.DataFrame:
        """One row per unit: its weights over the days of the cycle on which each of its rows holds."""
        if self.cycle is not None:
            begins, ends = (_as_day(name, weighed.schema[name]) for name in ("valid_from", "valid_to"))
            start = pl.max_horizontal(begins, pl.lit(self.cycle.start))
            end = pl.min_horizontal(ends, pl.lit(self.cycle.end))
            days = (end - start).dt.total_days().clip(0).cast(pl.Int128)
            weighed = weighed.with_columns(weight=pl.col("weight") * days)
        others = [pl.col(name).last() for name in self.pool.among]
        return weighed.group_by(self.key, maintain_order=True).agg(pl.col("weight").sum(), *others)


def _as_day(name: str, dtype: pl.DataType) -> pl.Expr:
    day = pl.col(name)
    if dtype == pl.String:
        return day.str.to_date("%Y-%m-%d", strict=False)
    # The day on the clock of its zone; a cast would give the day in Greenwich.
    return day.dt.date() if isinstance(dtype, pl.Datetime) else day


def _matching(pools: pl.DataFrame, units: pl.DataFrame, among: Sequence[str]) -> pl.DataFrame:
    pools = pools.select("pool", "fen", *among)
    return units.join(pools, on=list(among), how="inner") if among else units.join(pools, how="cross")


def _divided(parts: pl.DataFrame, key: str) -> pl.DataFrame:
    """Largest remainder, ties by the key's bytes; a negative total mirrors a positive one."""
    total, weight = pl.col("fen").abs(), pl.col("weight")
    # Where all weights are zero the total is zero too.
    parts = parts.with_columns(sum=weight.sum().over("pool").clip(1))
    parts = parts.with_columns(whole=total * weight // pl.col("sum"), rest=total * weight % pl.col("sum"))
    parts = parts.with_columns(left=total - pl.col("whole").sum().over("pool"))
    parts = parts.sort("pool", pl.col("rest"), pl.col(key).cast(pl.String), descending=[False, True, False])
    rank = pl.int_range(pl.len()).over("pool")
    share = pl.col("whole") + (rank < pl.col("left")).cast(pl.Int128)
    return parts.with_columns(share=(share * pl.col("fen").sign()).cast(pl.Int64))
