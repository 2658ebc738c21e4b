"""Who pays more and less under new rules: an estate priced with both, and the change put down to its causes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from feerules.book import Book
from feerules.citations import titles
from feerules.dated import DATED
from feerules.estate import CARRIED, Estate
from feerules.frames import Back, into_lazy, told
from feerules.money import from_scaled
from feerules.periods import Period
from feerules.plan.nodes import Plan
from feerules.plan.spans import READ
from feerules.pricing import bill_of
from feerules.progress import counting
from feerules.telling import about_of
from feerules.whatif.prices.attribution import Attribute, Step, Steps, attributed
from feerules.whatif.prices.causes import About, about_rest, about_setting
from feerules.whatif.prices.comparison import Cause, Comparison, Summary, UnitChange
from feerules.whatif.prices.segments import segmented
from feerules.whatif.prices.timelines import Blends, frozen, reach_of, standing
from feerules.whatif.prices.unit_changes import (
    UNIT,
    amount_of,
    bins_of,
    fees_of,
    fen_of,
    percent_of,
    quantiles_of,
    rows_of,
    sides_of,
)

__all__ = ["Side", "Sides", "compare_frames"]


@dataclass(frozen=True)
class Side:
    """An estate under one book: the fen of each unit, in all and for each fee, and who has none."""

    estate: Estate
    book: Book
    period: Period
    rows: pl.DataFrame
    problems: pl.DataFrame

    def bill(self, records: Sequence[Mapping[str, Any]]) -> Any:
        estate = self.estate
        return bill_of(records, self.book, self.period, accrue=estate.accrue, dated=estate.dated)


class Sides:
    """The units of a comparison, and how they are priced under any book."""

    def __init__(self, units: Any, key: str, *, accrue: bool, books: Sequence[Book]) -> None:
        self.lazy, self.back = into_lazy(units)
        self.units = self.lazy
        if isinstance(units, pl.LazyFrame):
            # What a query comes to is asked for once, and only what the rules look at.
            kept = [
                name
                for name in self.lazy.collect_schema()
                if name in _asked(books, key) or name.startswith(READ)
            ]
            self.lazy = self.lazy.select(kept).collect(engine="streaming").lazy()
        self.key, self.accrue = key, accrue

    def estate(self, book: Book, period: Period, pools: Any, plan: Plan | None = None) -> Estate:
        return Estate(self.lazy, book, period, self.key, accrue=self.accrue, pools=pools, plan=plan)

    def side(self, book: Book, period: Period, pools: Any) -> Side:
        estate = self.estate(book, period, pools)
        wide, problems = pl.collect_all([estate.wide(), estate.problems()], engine="streaming")
        fees = [name for name in wide.columns if name not in (estate.key, "account_id", "total")]
        fen = [_fen(name).alias(f"fee.{name}") for name in fees]
        rows = wide.select(pl.col(estate.key).alias(UNIT), _fen("total").alias("total"), *fen)
        return Side(estate, book, period, rows, problems)

    def totals(self, book: Book, period: Period, pools: Any, plan: Plan | None = None) -> pl.DataFrame:
        """The fen of every unit that can be priced."""
        estate = self.estate(book, period, pools, plan)
        asked = estate.wide().select(pl.col(estate.key).alias(UNIT), _fen("total").alias("total"))
        return asked.collect(engine="streaming")

    @property
    def dated(self) -> bool:
        return any(name in DATED for name in self.lazy.collect_schema())


def _asked(books: Sequence[Book], key: str) -> set[str]:
    """Every column that the rules of some books may look at."""
    asked = {key, *CARRIED, *DATED}
    for book in books:
        asked |= {key, *book.mapping.values()}
        for version in (each for versions in book.versions for each in versions):
            asked |= {name for leaf in version.names.leaves.values() for name in (leaf.name, *leaf.aliases)}
    return asked


def _fen(name: str) -> pl.Expr:
    return pl.col(name).reinterpret(dtype=pl.Int128).cast(pl.Int64)


def compare_frames(
    old: Book,
    new: Book,
    units: Any,
    period: str | Period,
    *,
    new_period: str | Period | None,
    key: str,
    accrue: bool,
    pools: Any,
    new_pools: Any,
    worst: int,
    attribute: Attribute,
    progress: bool | None,
) -> Comparison:
    """See `feerules.compare`."""
    if attribute not in ("in_order", "averaged", "no"):
        raise ValueError(f'found attribute={attribute!r}, expected "in_order", "averaged" or "no"')
    if worst < 0:
        raise ValueError(f"found worst={worst}, expected 0 or more")
    _refuse_currencies(old, new)
    source = str(units) if isinstance(units, str | Path) else f"the {type(units).__name__}"
    periods = _period(period), _period(period if new_period is None else new_period)
    shared = pools, pools if new_pools is None else new_pools
    with told(source), counting(progress, "books") as done:
        sides = Sides(units, key, accrue=accrue, books=(old, new))
        before, after = (
            sides.side(book, each, given)
            for book, each, given in zip((old, new), periods, shared, strict=True)
        )
        done(2)
        moved = sides_of(before.rows, after.rows)
        steps: list[Step] = []
        if attribute != "no":
            work = _Work(sides, before, after, moved, shared[1], done)
            steps = work.steps(attribute, other_pools=new_pools is not None)
    return _answered(sides, before, after, moved, steps, worst)


def _refuse_currencies(old: Book, new: Book) -> None:
    """Amounts of two currencies have no difference."""
    known = [sorted({each.currency for each in book.schedules}) for book in (old, new)]
    if all(known) and not set(known[0]) & set(known[1]):
        told = [" and ".join(each) for each in known]
        raise ValueError(f"found the old rules in {told[0]} and the new in {told[1]}, expected one currency")


def _period(period: str | Period) -> Period:
    return Period.parse(period) if isinstance(period, str) else period


class _Work:
    """The steps from the old bills to the new ones."""

    def __init__(
        self, sides: Sides, old: Side, new: Side, moved: pl.DataFrame, pools: Any, done: Any
    ) -> None:
        self.sides, self.old, self.new = sides, old, new
        self.units, self.pools, self.done = moved.select(UNIT), pools, done
        self.before, self.after = moved["old"], moved["new"]

    def steps(self, how: Attribute, *, other_pools: bool) -> list[Step]:
        """Every cause with what it moves; together they move each unit from its old bill to its new one."""
        found: list[Step] = []
        plans = [self.old.estate.plan, self.new.estate.plan]
        versions, current = self.old.book.versions, self.before
        if self._is_set_otherwise(other_pools):
            versions = frozen(self.old.book, self.old.period)
            book = standing(versions, self.new.book)
            plan = self._plan(book)
            plans.append(plan)
            setting = self._totals(book, plan).fill_null(current)
            found.append(Step(about_setting(str(self.old.period), str(self.new.period)), setting - current))
            current = setting
            self.done(1)
        blends = Blends(versions, self.new.book, reach_of(plans, self.new.period))
        steps = Steps(self._totals, self._plan, self.done)
        first = current
        if blends.left_out and blends.rules:
            book = blends.book(())
            first = self._totals(book, self._plan(book)).fill_null(0)
        found += attributed(blends, first, steps, how)
        rest = self.after - self.before
        for step in found:
            rest = rest - step.change
        if (rest != 0).any():
            found.append(Step(about_rest(), rest))
        return found

    def _is_set_otherwise(self, other_pools: bool) -> bool:
        old, new = self.old.book, self.new.book
        return other_pools or self.old.period != self.new.period or old.calendar != new.calendar

    def _plan(self, book: Book) -> Plan:
        """The plan of a part of a book: a unit that no schedule of it is for owes nothing."""
        plan = book.plan(self.new.period, accrue=self.sides.accrue, dated=self.sides.dated)
        guards = tuple(guard for guard in plan.guards if guard.code != "no_schedule")
        return Plan(plan.leaves, guards, plan.slots, plan.totals)

    def _totals(self, book: Book, plan: Plan | None) -> pl.Series:
        rows = self.sides.totals(book, self.new.period, self.pools, plan)
        if rows.height == self.units.height and rows[UNIT].equals(self.units[UNIT]):
            return rows["total"]
        return self.units.join(rows, on=UNIT, how="left", maintain_order="left")["total"]


# The answer


def _answered(
    sides: Sides, old: Side, new: Side, moved: pl.DataFrame, steps: Sequence[Step], worst: int
) -> Comparison:
    back: Back = sides.back
    fees = _fee_titles((old, new))
    causes = tuple(_causes(moved, steps))
    parts = [step.change.rename(f"{number}") for number, step in enumerate(steps, 1)]
    problems = _problems(old.problems, new.problems)
    key = old.estate.key
    said = {cause.number: cause.title for cause in causes}
    raises, falls = (_movers(sides, old, new, moved, worst, up=up) for up in (True, False))
    return Comparison(
        str(old.period), str(new.period), old.book.digest, new.book.digest, _currency(old.book, new.book), fees,
        _summary(moved, old, new), fees_of(moved, fees), causes, quantiles_of(moved), bins_of(moved), raises, falls,
        lambda: back(rows_of(moved, list(fees), key).lazy()),
        lambda: back(problems.lazy()),
        partial(segmented, sides.units, moved, list(fees), (old, new), back),
        lambda: back(_cause_rows(moved, parts, said, key).lazy()),
    )  # fmt: skip


def _currency(*books: Book) -> str:
    return next((schedule.currency for book in books for schedule in book.schedules), "CNY")


def _fee_titles(sides: Sequence[Side]) -> dict[str, dict[str, str]]:
    """The fees that either side may charge, as the newest version calls them."""
    charged = dict.fromkeys(n.removeprefix("fee.") for side in sides for n in side.rows.columns[2:])
    named = {each.fee_id: each.fee.title for side in sides for each in map(about_of, side.estate.plan.slots)}
    return {fee: titles(named.get(fee), fee) for fee in charged}


def _summary(moved: pl.DataFrame, old: Side, new: Side) -> Summary:
    change = moved["new"] - moved["old"]
    up, down = change.filter(change > 0), change.filter(change < 0)
    only_old = old.rows.join(moved.select(UNIT), on=UNIT, how="anti")
    only_new = new.rows.join(moved.select(UNIT), on=UNIT, how="anti")
    units = old.rows.height + _unpriced(old.problems)
    return Summary(
        units=units,
        compared=moved.height,
        more=len(up),
        less=len(down),
        same=moved.height - len(up) - len(down),
        newly_priced=only_new.height,
        no_longer_priced=only_old.height,
        neither=units - moved.height - only_old.height - only_new.height,
        old=amount_of(moved["old"]),
        new=amount_of(moved["new"]),
        change=amount_of(change),
        raised=amount_of(up),
        lowered=amount_of(down),
        newly_priced_new=amount_of(only_new["total"]),
        no_longer_priced_old=amount_of(only_old["total"]),
    )


def _unpriced(problems: pl.DataFrame) -> int:
    """How many units have problems; rows without a key count one by one."""
    of_units = problems.filter(pl.col("frame") == "units")
    return of_units["unit_id"].drop_nulls().n_unique() + of_units["unit_id"].null_count()


def _problems(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """The problems of both sides, those that are the same told once."""
    sides = [each.with_columns(pl.lit(side).alias("side")) for each, side in ((old, "old"), (new, "new"))]
    names = old.columns
    nth = pl.int_range(pl.len()).over(names).alias("nth")
    every = pl.concat([each.with_columns(nth) for each in sides])
    joined = every.group_by(*names, "nth", maintain_order=True).agg(pl.col("side"))
    side = pl.when(pl.col("side").list.len() == 2).then(pl.lit("both")).otherwise(pl.col("side").list.first())
    return joined.with_columns(side.alias("side")).select("side", *names)


def _causes(moved: pl.DataFrame, steps: Sequence[Step]) -> Iterator[Cause]:
    upto = fen_of(moved["old"])
    for number, step in enumerate(steps, 1):
        change = step.change
        up, down = change.filter(change > 0), change.filter(change < 0)
        before, upto = upto, upto + fen_of(change)
        about: About = step.about
        yield Cause(
            number, about.kind, about.title, about.document, about.fee, about.path, about.from_, about.old, about.new,
            about.where_old, about.where_new, from_scaled(upto - before, 2), amount_of(up), amount_of(down),
            len(up) + len(down), len(up), len(down), from_scaled(before, 2), from_scaled(upto, 2),
        )  # fmt: skip


def _cause_rows(
    moved: pl.DataFrame, parts: Sequence[pl.Series], said: Mapping[int, Mapping[str, str]], key: str
) -> pl.DataFrame:
    from_fen = pl.col("change").cast(pl.Int128).reinterpret(dtype=pl.Decimal(38, 2))
    empty = moved.select(UNIT).clear().with_columns(number=pl.lit(0), change=pl.lit(0, pl.Int64))
    found = [
        moved.select(UNIT)
        .with_columns(number=pl.lit(int(part.name)), change=part)
        .filter(pl.col("change") != 0)
        for part in parts
    ]
    rows = pl.concat(
        [empty.select(UNIT, "number", "change"), *(each.select(UNIT, "number", "change") for each in found)]
    )
    names = {language: [each.get(language, "") for each in said.values()] for language in ("zh", "en")}
    title = [
        pl.col("number")
        .replace_strict(list(said), names[language], return_dtype=pl.String)
        .alias(f"title_{language}")
        if said
        else pl.lit("").alias(f"title_{language}")
        for language in ("zh", "en")
    ]
    return rows.select(pl.col(UNIT).alias(key), "number", *title, from_fen.alias("change"))


def _movers(
    sides: Sides, old: Side, new: Side, moved: pl.DataFrame, worst: int, *, up: bool
) -> tuple[UnitChange, ...]:
    """The units that move furthest, ties by the order in which they came, with both bills of each."""
    change = pl.col("new") - pl.col("old")
    far = moved.select(UNIT, "old", "new").filter(change > 0 if up else change < 0)
    far = far.sort(change.abs(), descending=True, maintain_order=True).head(worst)
    if far.is_empty():
        return ()
    records = [_records(side.estate, far[UNIT]) for side in (old, new)]
    found = []
    for unit, fen_old, fen_new in far.iter_rows():
        before, after = (from_scaled(fen, 2) for fen in (fen_old, fen_new))
        percent = percent_of(fen_new - fen_old, fen_old)
        bills = [side.bill(some[unit]) for side, some in zip((old, new), records, strict=True)]
        found.append(UnitChange(str(unit), before, after, after - before, percent, bills[0], bills[1]))
    return tuple(found)


def _records(estate: Estate, units: pl.Series) -> dict[Any, list[dict[str, Any]]]:
    """The rows of some units as records, with the shares that each has."""
    frame = estate.frame.filter(pl.col(estate.row_key).is_in(units.implode()))
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in frame.collect(engine="streaming").iter_rows(named=True):
        unit = row.pop(estate.row_key)
        found.setdefault(unit, []).append({**row, "unit_id": unit})
    return found
