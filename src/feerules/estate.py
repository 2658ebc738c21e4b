"""What does a whole estate owe? The plan of one unit, over a frame of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from feerules.book import Book
from feerules.dated import DATED, overlapping, with_days, with_runs
from feerules.errors import UnitErrors, UnitProblem
from feerules.frames import WIDE, FrameError, columns_of, into_lazy, to_decimal, told
from feerules.keys import bad_keys, key_of, key_problems, refuse_name, sound_rows, unkeyed_rows
from feerules.line_columns import LineColumns, enumerations, no_lines
from feerules.line_shapes import LINE_COLUMNS, shapes_of
from feerules.periods import Period, day_number
from feerules.plan.nodes import Node, Plan, Slot
from feerules.plan.spans import READ
from feerules.pools import read_pools, with_shares
from feerules.prepared import mark_of, prepare
from feerules.problems import PROBLEMS, problem_rows
from feerules.progress import counted
from feerules.rerating import Cycles, billed_fees, cycle_of, cycles_of, differences
from feerules.sent import sent_bills
from feerules.telling import about_of

__all__ = ["Estate", "EstateResult", "price_frame"]

Form = Literal["wide", "long"]
# What a bill line carries from its unit, beside the key.
CARRIED = ("account_id", "owner_id", "tenant_id", "developer_id", "heir_id")
# What tells for whom and when a row holds, and not what is priced.
_APART = (*CARRIED, *DATED, "run_from", "unread")

HASHED_AT_ONCE = 20_000_000
# Bounds of each part of a file take a quarter of the time to write bill lines, and let a reader skip few.
NO_BOUNDS = {"min": False, "max": False, "null_count": True}
LEVEL = 1  # of zstd: higher ones take half as long again and write decimals no smaller


@dataclass(frozen=True)
class EstateResult:
    """The answers for an estate, and apart from them the rows that have none.

    `rows` and `problems` are of the kind that came in (lazy frames for a lazy frame or a path). Every
    unit is in exactly one of them. `digest` names the rules that gave the answers.
    """

    rows: Any
    problems: Any
    digest: str
    _lazy: tuple[pl.LazyFrame, pl.LazyFrame] = field(repr=False)
    _to_write: pl.LazyFrame | None = field(default=None, repr=False)
    _source: str = field(default="", repr=False)

    def collect(self) -> EstateResult:
        """The same with both frames computed, in one pass over the units."""
        if not isinstance(self.rows, pl.LazyFrame):
            return self
        with told(self._source):
            rows, problems = pl.collect_all(self._lazy, engine="streaming")
        return EstateResult(rows, problems, self.digest, (rows.lazy(), problems.lazy()))

    def sink(
        self, path: str | Path, problems: str | Path | None = None, *, progress: bool | None = None
    ) -> None:
        """Writes the rows to a Parquet file, and the problems beside it, in bounded memory.

        The problems go to `problems`, by default to the name of `path` with `.problems` before its
        ending. `progress` shows a bar; by default where the standard error is a terminal.
        """
        path = Path(path)
        beside = Path(problems) if problems else path.with_suffix(f".problems{path.suffix}")
        if path.resolve() == beside.resolve():
            raise ValueError(f"found {path} for the rows and for the problems, expected two files")
        both = (self._lazy[0] if self._to_write is None else self._to_write, self._lazy[1])
        bounds = True if self._to_write is None else NO_BOUNDS
        with told(self._source), counted(both, progress) as (rows, bad):
            # One after the other: Polars holds what two sinks share until the slower one has taken it.
            rows.sink_parquet(path, compression_level=LEVEL, statistics=bounds, engine="streaming")
            bad.sink_parquet(beside, compression_level=LEVEL, engine="streaming")


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
    source = str(units) if isinstance(units, str | Path) else f"the {type(units).__name__}"
    with told(source):
        lazy, back = into_lazy(units)
        estate = Estate(lazy, book, period, key, accrue=accrue, pools=pools)
        if billed is not None:
            rows, problems = estate.differences(billed)
        else:
            rows, problems = estate.wide() if form == "wide" else estate.long(), estate.problems()
        if strict:
            _refuse(problems)
        if isinstance(units, pl.LazyFrame | str | Path):
            to_write = estate.long_to_write() if form == "long" and billed is None else None
            return EstateResult(rows, problems, book.digest, (rows, problems), to_write, source)
        both = [each.lazy() for each in pl.collect_all([rows, problems], engine="streaming")]
        return EstateResult(back(both[0]), back(both[1]), book.digest, (both[0], both[1]))


def _refuse(problems: pl.LazyFrame) -> None:
    """Raises every problem of the estate."""
    found = problems.collect(engine="streaming")
    if found.height:
        names = ("unit_id", "fact", "value", "code", "reason", "fee")
        raise UnitErrors(UnitProblem(*(row[name] for name in names)) for row in found.iter_rows(named=True))


class Estate:
    """One estate in one period: the checked frame, and the expressions over it.

    `plan` stands in for the book's own plan of the period. `frame` has the rows that tell their unit, with
    `row_key`, their days and their shares.
    """

    def __init__(
        self,
        frame: pl.LazyFrame,
        book: Book,
        period: Period,
        key: str,
        *,
        accrue: bool,
        pools: Any,
        plan: Plan | None = None,
    ) -> None:
        schema = frame.collect_schema()
        aliases = {name: (book.mapping[name],) for name in (key, *CARRIED) if name in book.mapping}
        found = columns_of(schema, {key: aliases.get(key, ())})
        if not found:
            raise FrameError(
                f'no column "{key}": found {", ".join(schema) or "none"}; name the key with key='
            )
        self.book, self.period, self.accrue = book, period, accrue
        self.key = found[key]  # its name in the frames that come and go
        self.row_key = f"{mark_of(schema)}key"  # what no fact and no number is called
        frame = frame.with_columns(key_of(self.key, schema[self.key]).alias(self.row_key))
        columns = columns_of(schema, {name: aliases.get(name, ()) for name in CARRIED if name != self.key})
        frame = frame.with_columns(pl.col(column).alias(name) for name, column in columns.items())
        self.carried = list(columns)
        self.dated = any(name in schema for name in DATED)
        self.plan = plan or book.plan(period, accrue=accrue, dated=self.dated)
        bad = overlapping(frame, self.row_key) if self.dated else bad_keys(frame, self.row_key)
        unkeyed = unkeyed_rows(frame, self.row_key, bad)
        repeated = "overlapping_rows" if self.dated else "duplicate_key"
        self._problems = [] if bad.is_empty() else [key_problems(unkeyed, self.row_key, self.key, repeated)]
        frame = sound_rows(frame, self.row_key, bad)
        if self.dated:
            frame = with_days(frame, self.row_key)
            facts = [leaf for leaf in self.plan.leaves if not leaf.name.startswith(READ)]
            frame = with_runs(frame, self.row_key, [leaf for leaf in facts if leaf.name not in _APART])
        self._found: list[pl.LazyFrame] = []
        self._unweighed: pl.Series | None = None
        self.frame = self._with_shares(frame, pools, unkeyed)
        self.prepared = prepare(self.plan, self.frame)

    def _with_shares(self, frame: pl.LazyFrame, given: Any, unkeyed: pl.LazyFrame) -> pl.LazyFrame:
        slots = [slot for slot in self.plan.slots if about_of(slot).shown.pool is not None]
        if given is None and not slots:
            return frame
        pools = read_pools(given, self.book.shared_fees(), slots)
        shared = with_shares(frame, slots, pools.rows, self.row_key, unkeyed)
        self._unweighed = shared.unweighed
        self._problems.append(pools.problems.lazy())
        self._found.append(shared.problems.lazy())
        return shared.frame

    # Answers

    def wide(self) -> pl.LazyFrame:
        """A row per unit: its key and account, an amount per fee (null: not charged), the total."""
        fees = [name.removeprefix("fee.") for name in self.plan.totals if name.startswith("fee.")]
        carried = [name for name in self.carried if name == "account_id"]
        refuse_name(self.key, [*carried, *fees, "total"])
        rows = self._priced(self.plan.totals, [self.row_key, *carried])
        if self.dated:
            flags = [pl.col(f"charged.{fee}").cast(pl.Boolean).any() for fee in fees]
            sums = pl.col("total", *(f"fee.{fee}" for fee in fees)).cast(pl.Int128).sum()
            last = [pl.col(name).last() for name in carried]
            rows = rows.group_by(self.row_key, maintain_order=True).agg(*last, sums, *flags)
        amounts = [self._amount(fee) for fee in fees]
        total = to_decimal(pl.col("total"), 2, most=self._most("total"))
        return rows.select(pl.col(self.row_key).alias(self.key), *carried, *amounts, total)

    def _most(self, name: str) -> int:
        """How large a total can get; over dated facts, several records add up."""
        node = self.plan.totals[name]
        return WIDE if self.dated else max(abs(node.lo), abs(node.hi))

    def _amount(self, fee: str) -> pl.Expr:
        amount = to_decimal(pl.col(f"fee.{fee}"), 2, most=self._most(f"fee.{fee}"))
        if self.plan.totals[f"charged.{fee}"].lo == 1:
            return amount.alias(fee)
        return pl.when(pl.col(f"charged.{fee}").cast(pl.Boolean)).then(amount).alias(fee)

    def long(self, *, with_cycle: bool = False) -> pl.LazyFrame:
        """A row per bill line, fee by fee; `with_cycle` tells the first day of the cycle as well."""
        slots, rows = self._slots(), self._numbers(with_cycle=with_cycle)
        lines = self._lines({})
        if not lines:
            cycle = [pl.lit(None, pl.Int64).alias("cycle_start")] if with_cycle else []
            return no_lines(rows, pl.col(self.row_key).alias(self.key), *cycle)
        if not with_cycle:
            return pl.concat(each.of(rows) for each in lines)
        starts = [self._starts(number, slot) for number, slot in enumerate(slots)]
        return pl.concat(each.of(rows, start) for each, start in zip(lines, starts, strict=True))

    def long_to_write(self) -> pl.LazyFrame:
        """The same for a file: fee by fee within each batch of units, for else all units would stay in memory.

        Columns of few words are enumerations, which a file holds five times cheaper.
        """
        rows, lines = self._numbers(), self._lines(enumerations(self._slots(), self.carried))
        if not lines:
            return no_lines(rows, pl.col(self.row_key).alias(self.key))

        def lines_of(batch: pl.LazyFrame) -> pl.LazyFrame:
            return pl.concat(each.of(batch) for each in lines)

        def of_batch(batch: pl.DataFrame) -> pl.DataFrame:
            return lines_of(batch.lazy()).collect(engine="in-memory")

        return rows.map_batches(of_batch, schema=lines_of(rows).collect_schema(), streamable=True)

    def _slots(self) -> list[Slot]:
        return [slot for slot in self.plan.slots if slot.active.hi]

    def _numbers(self, *, with_cycle: bool = False) -> pl.LazyFrame:
        """A row per unit: what it carries, and the numbers of every slot."""
        refuse_name(self.key, LINE_COLUMNS)
        outputs: dict[str, Node] = {}
        for number, slot in enumerate(self._slots()):
            outputs[f"{number}.active"] = slot.active
            outputs |= {f"{number}.{name}": node for name, node in slot.values.items()}
            if with_cycle:
                outputs[f"{number}.cycle_start"] = about_of(slot).cycle.start
        return self._priced(outputs, [self.row_key, *self.carried])

    def _lines(self, kinds: Mapping[str, pl.Enum]) -> list[LineColumns]:
        slots, key = self._slots(), pl.col(self.row_key).alias(self.key)
        shapes = shapes_of(slots)
        return [
            LineColumns(slot, number, key, self.carried, shapes, kinds) for number, slot in enumerate(slots)
        ]

    # Differences

    def differences(self, billed: Any) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        """What was billed compared with what is right, and the problems of both."""
        every, gone = billed_fees(self.book, self.plan.slots, self.period)
        sent = sent_bills(billed, self.key, days=True, fees=every)
        problems = pl.concat([self.problems(), sent.problems])
        fixed = cycles_of(self.plan.slots, self.period, accrue=self.accrue)
        cycles = Cycles(fixed, self._own_cycles(), gone, self.period)
        lines = self.long(with_cycle=True)
        return differences(lines, problems, sent.rows, cycles, self.key), problems

    def _own_cycles(self) -> pl.LazyFrame | None:
        """The cycles that differ from unit to unit, for each unit."""
        slots = [slot for slot in self.plan.slots if cycle_of(slot, self.period, accrue=self.accrue) is None]
        if not slots:
            return None
        outputs: dict[str, Node] = {}
        for number, slot in enumerate(slots):
            cycle = about_of(slot).cycle
            told = {"exists": cycle.exists, "cycle_start": cycle.start, "cycle_end": cycle.end}
            outputs |= {f"{number}.{name}": node for name, node in told.items()}
        rows = self._priced(outputs, [self.row_key])
        end = day_number(self.period.end)
        found = [
            rows.filter(pl.col(f"{number}.exists").cast(pl.Boolean)).select(
                pl.col(self.row_key).cast(pl.String).alias("#unit"),
                pl.lit(about_of(slot).fee_id).alias("fee"),
                self._starts(number, slot),
                pl.col(f"{number}.cycle_end")
                .clip(upper_bound=end if self.accrue else None)
                .alias("cycle_end"),
            )
            for number, slot in enumerate(slots)
        ]
        return pl.concat(found).unique()

    def _starts(self, number: int, slot: Slot) -> pl.Expr:
        """The first day of a slot's cycle, as bills are compared by it."""
        known = cycle_of(slot, self.period, accrue=self.accrue)
        if known is not None:
            return pl.lit(known[0], pl.Int64).alias("cycle_start")
        first = day_number(self.period.start) if self.accrue else None
        return pl.col(f"{number}.cycle_start").clip(lower_bound=first).alias("cycle_start")

    def _priced(self, outputs: Mapping[str, Node], keep: Sequence[str]) -> pl.LazyFrame:
        rows = self.prepared.rows(outputs, keep)
        if self._unweighed is not None and not self._unweighed.is_empty():
            rows = sound_rows(rows, self.row_key, self._unweighed)
        if not self.dated:
            return rows
        # A unit is priced for all of its days or not at all.
        bad = self.prepared.problems([self.row_key]).select(self.row_key).unique()
        return rows.join(bad, on=self.row_key, how="anti", maintain_order="left")

    # Problems

    def problems(self) -> pl.LazyFrame:
        """A row per reason; a unit with a problem has no row among the answers."""
        key = pl.col(self.row_key)
        bad = self.prepared.problems([self.row_key])
        found = problem_rows(bad, self.plan, "units", row_id=key, unit_id=key, fee=pl.col("fee"))
        if self._found:
            # Weighing and pricing find the same wrong with a fact that both read.
            found = pl.concat([found, *self._found]).unique(maintain_order=True)
        return pl.concat([found, *self._problems]).select(pl.col(PROBLEMS).cast(pl.String))
