"""What does a whole estate owe? The plan of one unit, over a frame of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from feerules.book import Book
from feerules.errors import UnitErrors, UnitProblem
from feerules.frames import WIDE, FrameError, columns_of, into_lazy, to_decimal
from feerules.line_columns import LineColumns, enumerations, no_lines, shapes_of
from feerules.periods import Period
from feerules.plan.nodes import Node
from feerules.pools import with_shares
from feerules.progress import counted
from feerules.reasons import reason
from feerules.rerating import cycle_of, differences
from feerules.streaming import Columnar
from feerules.telling import about_of

__all__ = ["EstateResult", "price_frame"]

Form = Literal["wide", "long"]
PROBLEMS = ("frame", "row_id", "unit_id", "fee", "fact", "value", "code", "reason")
# What a bill line carries from its unit, beside the key.
CARRIED = ("account_id", "owner_id", "tenant_id", "developer_id", "heir_id")


@dataclass(frozen=True)
class EstateResult:
    """The answers for an estate, and apart from them the rows that have none.

    `rows` and `problems` are of the kind that came in (lazy frames for a lazy frame or a path). Every
    unit is in exactly one of them. `digest` names the rules that gave the answers.
    """

    rows: Any
    problems: Any
    digest: str
    _lazy: tuple[pl.LazyFrame, pl.LazyFrame]
    _to_write: pl.LazyFrame | None = None

    def collect(self) -> EstateResult:
        """The same with both frames computed, in one pass over the units."""
        rows, problems = pl.collect_all(self._lazy, engine="streaming")
        return EstateResult(rows, problems, self.digest, (rows.lazy(), problems.lazy()))

    def sink(
        self, path: str | Path, problems: str | Path | None = None, *, progress: bool | None = None
    ) -> None:
        """Writes the rows to a Parquet file, and the problems beside it, in one pass and bounded memory.

        The problems go to `problems`, by default to the name of `path` with `.problems` before its
        ending. `progress` shows a bar; by default where the standard error is a terminal.
        """
        path = Path(path)
        beside = Path(problems) if problems else path.with_suffix(f".problems{path.suffix}")
        both = (self._lazy[0] if self._to_write is None else self._to_write, self._lazy[1])
        with counted(both, progress) as (rows, bad):
            sinks = [rows.sink_parquet(path, lazy=True), bad.sink_parquet(beside, lazy=True)]
            pl.collect_all(sinks, engine="streaming")


def price_frame(
    units: Any,
    book: Book,
    period: str | Period,
    *,
    form: Form,
    key: str,
    accrue: bool,
    pools: Any,
    billed: Any,
    strict: bool,
) -> EstateResult:
    """See `feerules.price_estate`."""
    period = Period.parse(period) if isinstance(period, str) else period
    if form not in ("wide", "long"):
        raise ValueError(f'found form={form!r}, expected "wide" or "long"')
    lazy, back = into_lazy(units)
    estate = _Estate(lazy, book, period, key, accrue=accrue, pools=pools)
    problems = estate.problems()
    if billed is not None:
        rows = differences(
            estate.long(with_cycle=True), problems, billed, estate.plan.slots, estate.key, period
        )
    else:
        rows = estate.wide() if form == "wide" else estate.long()
    if strict:
        _refuse(problems)
    if isinstance(units, pl.LazyFrame | str | Path):
        to_write = estate.long(to_write=True) if form == "long" and billed is None else None
        return EstateResult(rows, problems, book.digest, (rows, problems), to_write)
    both = [each.lazy() for each in pl.collect_all([rows, problems], engine="streaming")]
    return EstateResult(back(both[0]), back(both[1]), book.digest, (both[0], both[1]))


def _refuse(problems: pl.LazyFrame) -> None:
    """Raises every problem of the estate."""
    found = problems.collect(engine="streaming")
    if found.height:
        names = ("unit_id", "fact", "value", "code", "reason", "fee")
        raise UnitErrors(UnitProblem(*(row[name] for name in names)) for row in found.iter_rows(named=True))


class _Estate:
    """One estate in one period: the checked frame, and the expressions over it."""

    def __init__(
        self, frame: pl.LazyFrame, book: Book, period: Period, key: str, *, accrue: bool, pools: Any
    ) -> None:
        schema = frame.collect_schema()
        aliases = (book.mapping[key],) if key in book.mapping else ()
        found = columns_of(schema, {key: aliases})
        if not found:
            raise FrameError(f'no column "{key}": found {", ".join(schema)}; name the key with key=')
        self.key = found[key]
        self.given = frame
        self.period = period
        self.dated = "valid_from" in schema
        self.plan = book.plan(period, accrue=accrue, dated=self.dated)
        self.columns = columns_of(schema, {leaf.name: leaf.aliases for leaf in self.plan.leaves})
        self.carried = [name for name in CARRIED if name in schema and name != self.key]
        self.bad_keys = bad_keys(frame, self.key, dated=self.dated)
        frame = sound_rows(frame, self.key, self.bad_keys)
        if self.dated:
            frame = with_runs(frame, self.key, [c for n, c in self.columns.items() if n not in _PARTIES])
            self.columns |= {"valid_from": "valid_from", "valid_to": "valid_to", "run_from": "run_from"}
        shared = [slot for slot in self.plan.slots if about_of(slot).shown.pool is not None]
        self.lost_pools: pl.DataFrame | None = None
        if shared:
            frame, columns, self.lost_pools = with_shares(
                frame, shared, pools, self.key, Columnar, self._unkeyed()
            )
            self.columns |= columns
        self.prepared = Columnar(self.plan).prepare(frame, self.columns)

    def _unkeyed(self) -> pl.LazyFrame:
        """The rows whose key tells no unit."""
        key = pl.col(self.key)
        bad = self.bad_keys.drop_nulls().implode()
        return (
            self.given.filter(key.is_null() | key.is_in(bad)) if self.bad_keys.len() else self.given.limit(0)
        )

    # Answers

    def wide(self) -> pl.LazyFrame:
        """A row per unit: its key and account, an amount per fee (null: not charged), the total."""
        fees = [name.removeprefix("fee.") for name in self.plan.totals if name.startswith("fee.")]
        keep = [self.key, *self.carried[:1]]
        rows = self._priced(self.plan.totals, keep)
        if self.dated:
            flags, sums = (
                pl.col("^charged\\..*$").cast(pl.Boolean).any(),
                pl.col("total", *(f"fee.{fee}" for fee in fees)).sum(),
            )
            carried = [pl.col(name).last() for name in keep[1:]]
            rows = rows.group_by(self.key, maintain_order=True).agg(*carried, sums, flags)
        amounts = [self._amount(fee) for fee in fees]
        return rows.select(*keep, *amounts, to_decimal(pl.col("total"), 2, most=self._most("total")))

    def _most(self, name: str) -> int:
        """How large a total can get; over dated facts, several records add up."""
        node = self.plan.totals[name]
        return WIDE if self.dated else max(abs(node.lo), abs(node.hi))

    def _amount(self, fee: str) -> pl.Expr:
        amount = to_decimal(pl.col(f"fee.{fee}"), 2, most=self._most(f"fee.{fee}"))
        if self.plan.totals[f"charged.{fee}"].lo == 1:
            return amount.alias(fee)
        return pl.when(pl.col(f"charged.{fee}").cast(pl.Boolean)).then(amount).alias(fee)

    def long(self, *, with_cycle: bool = False, to_write: bool = False) -> pl.LazyFrame:
        """A row per bill line, fee by fee; `with_cycle` tells the first day of the cycle as well.

        `to_write` gives the columns of few words as enumerations, which a file holds five times cheaper.
        """
        slots = [slot for slot in self.plan.slots if slot.active.hi]
        outputs: dict[str, Node] = {}
        for number, slot in enumerate(slots):
            outputs[f"{number}.active"] = slot.active
            outputs |= {f"{number}.{name}": node for name, node in slot.values.items()}
        keep = [self.key, *self.carried]
        rows = self._priced(outputs, keep)
        shapes = shapes_of(slots)
        lines = [
            LineColumns(slot, number, self.key, self.carried, shapes) for number, slot in enumerate(slots)
        ]
        if not lines:
            cycle = [pl.lit(None, pl.Date).alias("cycle_start")] if with_cycle else []
            return no_lines(rows, self.key, *cycle)
        starts = [pl.lit(cycle_of(slot, self.period)[0], pl.Date).alias("cycle_start") for slot in slots]
        found = [
            each.of(rows, start) if with_cycle else each.of(rows)
            for each, start in zip(lines, starts, strict=True)
        ]
        if to_write:
            kinds = enumerations(slots)
            found = [
                each.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items()) for each in found
            ]
        return pl.concat(found)

    def _priced(self, outputs: Mapping[str, Node], keep: Sequence[str]) -> pl.LazyFrame:
        rows = self.prepared.rows(outputs, keep)
        if not self.dated:
            return rows
        # A unit is priced for all of its days or not at all.
        bad = self.prepared.problems([self.key]).select(self.key).unique()
        return rows.join(bad, on=self.key, how="anti", nulls_equal=True, maintain_order="left")

    # Problems

    def problems(self) -> pl.LazyFrame:
        """A row per reason; a unit with a problem has no row among the answers."""
        key = pl.col(self.key).cast(pl.String)
        found = self.prepared.problems([self.key]).select(
            pl.lit("units").alias("frame"),
            key.alias("row_id"),
            key.alias("unit_id"),
            "fee", "fact", "value", "code",
            self._reasons().alias("reason"),
        )  # fmt: skip
        parts = [found]
        if not self.bad_keys.is_empty():
            parts.append(self._key_problems())
        if self.lost_pools is not None and self.lost_pools.height:
            parts.append(self.lost_pools.lazy())
        return pl.concat(parts).with_columns(pl.col(PROBLEMS).cast(pl.String))

    def _reasons(self) -> pl.Expr:
        told: dict[str, str] = {}
        for guard in self.plan.guards:
            codes = READING_CODES if guard.ok is None else (guard.code,)
            name = "" if guard.fact is None else guard.fact.name
            told |= {f"{code}|{name}": reason(code, guard.fact) for code in codes}
        at = pl.concat_str(pl.col("code"), pl.lit("|"), pl.col("fact").fill_null(""))
        return at.replace_strict(list(told), list(told.values()), default=None, return_dtype=pl.String)

    def _key_problems(self) -> pl.LazyFrame:
        key = pl.col(self.key)
        bad = self._unkeyed().select(key.cast(pl.String).alias("unit_id"))
        repeated = "overlapping_rows" if self.dated else "duplicate_key"
        code = pl.when(pl.col("unit_id").is_null()).then(pl.lit("null_key")).otherwise(pl.lit(repeated))
        said = {name: reason(name) for name in ("null_key", repeated)}
        return bad.select(
            pl.lit("units").alias("frame"),
            pl.col("unit_id").alias("row_id"),
            "unit_id",
            pl.lit(None, pl.String).alias("fee"),
            pl.lit(self.key).alias("fact"),
            pl.col("unit_id").alias("value"),
            code.alias("code"),
            code.replace_strict(list(said), list(said.values()), return_dtype=pl.String).alias("reason"),
        )


READING_CODES = ("missing", "wrong_type", "imprecise", "out_of_domain", "unknown_value")
_PARTIES = ("account_id", *CARRIED, "valid_from", "valid_to", "run_from")


# Keys and days


def bad_keys(frame: pl.LazyFrame, key: str, *, dated: bool) -> pl.Series:
    """The keys that cannot stand: null, repeated, or (with dated facts) with days told twice."""
    if dated:
        return _overlapping(frame, key)
    hashes = frame.select(pl.col(key).hash(), empty=pl.col(key).is_null()).collect(engine="streaming")
    nulls = bool(hashes["empty"].any())
    sorted_hashes = np.sort(hashes[key].to_numpy())
    repeated = sorted_hashes[1:][sorted_hashes[1:] == sorted_hashes[:-1]]
    if not len(repeated) and not nulls:
        return pl.Series(key, [], frame.collect_schema()[key])
    # Equal hashes are only suspects: the keys themselves decide.
    suspects = frame.select(key).filter(
        pl.col(key).is_null() | pl.col(key).hash().is_in(pl.Series(np.unique(repeated)).implode())
    )
    counted = suspects.group_by(key).len().filter((pl.col("len") > 1) | pl.col(key).is_null())
    return counted.collect(engine="streaming")[key]


def _overlapping(frame: pl.LazyFrame, key: str) -> pl.Series:
    """Units of which two rows hold on one day; a row without end holds until the next begins."""
    days = _days(frame, key).select(key, "valid_from", "valid_to")
    before = pl.col("valid_to").shift().over(key)
    bad = days.filter((before > pl.col("valid_from")) | pl.col(key).is_null())
    return bad.select(pl.col(key).unique()).collect(engine="streaming")[key]


def _days(frame: pl.LazyFrame, key: str) -> pl.LazyFrame:
    schema = frame.collect_schema()
    names = [name for name in ("valid_from", "valid_to") if name in schema]
    frame = frame.with_columns(
        pl.col(name).str.to_date(strict=False) if schema[name] == pl.String else pl.col(name).cast(pl.Date)
        for name in names
    )
    if "valid_to" not in schema:
        frame = frame.with_columns(pl.lit(None, pl.Date).alias("valid_to"))
    frame = frame.sort(key, "valid_from", nulls_last=False, maintain_order=True)
    following = pl.col("valid_from").shift(-1).over(key)
    return frame.with_columns(pl.coalesce("valid_to", following).alias("valid_to"))


def sound_rows(frame: pl.LazyFrame, key: str, bad: pl.Series) -> pl.LazyFrame:
    """The rows whose key says which unit they are."""
    if bad.is_empty():
        return frame
    return frame.filter(pl.col(key).is_not_null() & ~pl.col(key).is_in(bad.drop_nulls().implode()))


def with_runs(frame: pl.LazyFrame, key: str, facts: Sequence[str]) -> pl.LazyFrame:
    """Tells each row since when its unit's facts, parties aside, are the same."""
    frame = _days(frame, key)
    changed = [pl.col(name).ne_missing(pl.col(name).shift()) for name in facts]
    apart = pl.col("valid_from").ne_missing(pl.col("valid_to").shift())
    starts = pl.any_horizontal(pl.col(key).ne_missing(pl.col(key).shift()), apart, *changed)
    run = pl.when(starts).then(pl.col("valid_from").fill_null(date(1900, 1, 1))).forward_fill()
    return frame.with_columns(run.alias("run_from"))
