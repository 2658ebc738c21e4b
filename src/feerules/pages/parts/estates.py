"""The bills of an estate: how much of which fee, and which units could not be priced."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from feerules.estate import EstateResult
from feerules.frames import into_lazy
from feerules.money import from_scaled, round_div, to_scaled
from feerules.pages.page import Block, Figure, Section, Table
from feerules.pages.parts.amounts import bars, money_figures
from feerules.pages.parts.problems import problem_figure, problem_tables
from feerules.pages.reader import Reader
from feerules.pages.tables import Columns, listed, summed, table_of

__all__ = ["estate_section"]


class FeeTotal(NamedTuple):
    fee: str
    currency: str
    charged: int
    amount: Decimal


def estate_section(result: EstateResult, reader: Reader, title: str) -> Section:
    """What `price_estate` answered, in its wide or long form, or as differences."""
    rows = into_lazy(result.rows)[0]
    text = reader.words.text
    long = {"fee", "amount", "charge_id"} <= {*rows.collect_schema()}
    fees = _of_lines(rows) if long else _of_units(rows)
    amount = "amount" if long else "total"
    every = table_of(
        reader,
        text("Bill lines") if long else text("Bills, unit by unit"),
        rows,
        totals=_summable(rows, long),
    )
    problems = problem_tables(reader, result.problems)
    counted = text("Bill lines") if long else text("Units priced")
    figures = [
        Figure(counted, reader.number(every.count)),
        *money_figures(reader, text("Sum of all bills"), summed(rows, amount)),
        *problem_figure(reader, problems),
    ]
    charts = bars(
        reader,
        text("What each fee comes to"),
        [(_named(reader, each, fees), each.amount) for each in fees],
        labels=text("Fee"),
        values=text("Amount of money"),
        sided=any(each.amount < 0 for each in fees),
    )
    blocks: tuple[Block, ...] = (*charts, _fee_table(reader, fees), *problems, every)
    return Section(
        title or text("Bills of the estate"), tuple(figures), blocks, ((text("Rules"), result.digest),)
    )


def _summable(rows: pl.LazyFrame, long: bool) -> list[str]:
    """The columns of money that may be added up: not over several currencies."""
    schema = rows.collect_schema()
    if not long:
        return [name for name, kind in schema.items() if isinstance(kind, pl.Decimal)]
    currencies = rows.select(pl.col("currency").n_unique()).collect(engine="streaming").item()
    return [name for name in ("tax", "amount") if name in schema] if currencies < 2 else []


def _of_units(rows: pl.LazyFrame) -> list[FeeTotal]:
    """The fees of the wide form: a column for each, null where it is not charged."""
    schema = rows.collect_schema()
    fees = [name for name, kind in schema.items() if isinstance(kind, pl.Decimal) and name != "total"]
    if not fees:
        return []
    asked = [pl.col(fee).count().alias(f"{fee}#") for fee in fees] + [pl.col(fee).sum() for fee in fees]
    found = rows.select(asked).collect(engine="streaming").row(0, named=True)
    return [FeeTotal(fee, "", found[f"{fee}#"], found[fee]) for fee in fees]


def _of_lines(rows: pl.LazyFrame) -> list[FeeTotal]:
    keys = [pl.col(name).cast(pl.String) for name in ("fee", "currency")]
    found = rows.group_by(keys).agg(pl.len().alias("#"), pl.col("amount").sum())
    told = found.sort("currency", "fee").collect(engine="streaming")
    return [FeeTotal(*row) for row in told.select("fee", "currency", "#", "amount").iter_rows()]


def _named(reader: Reader, each: FeeTotal, fees: Sequence[FeeTotal]) -> str:
    several = len({other.currency for other in fees}) > 1
    return f"{reader.fee(each.fee)} {each.currency}" if several else reader.fee(each.fee)


def _fee_table(reader: Reader, fees: Sequence[FeeTotal]) -> Table:
    text = reader.words.text
    rows = [(_named(reader, each, fees), each.charged, each.amount, _average(each)) for each in fees]
    columns: Columns = (
        (text("Fee"), "text"),
        (text("Charged"), "number"),
        (text("Amount of money"), "money"),
        (text("On average"), "money"),
    )
    return listed(text("Fee by fee"), columns, rows)


def _average(each: FeeTotal) -> Decimal | None:
    """To the fen, half up; of nothing there is none."""
    if not each.charged:
        return None
    return from_scaled(round_div(to_scaled(each.amount, 2), each.charged), 2)
