"""What a ledger says: ageing, collection rate, arrears, the roll-forward, and who calls on whom."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.frames import into_lazy
from feerules.pages.page import Block, Chart, Figure, Point, Section
from feerules.pages.parts.amounts import SERIES, bars, money_figures, waterfall
from feerules.pages.parts.problems import problem_figure, problem_tables
from feerules.pages.reader import Reader
from feerules.pages.tables import summed, table_of
from feerules.reports.results import Report, RollForward, Workload

__all__ = ["buckets", "report_section", "roll_forward_section", "workload_section"]

MONEY = ("opening", "billed", "received", "credited", "waived", "written_off", "closing")
GIVEN = ("received", "credited", "waived", "written_off")
HELD = ("held_opening", "refunded", "held_closing", "applied")


def report_section(report: Report, reader: Reader, title: str) -> Section:
    """Ageing, a collection rate or an arrears ledger, told by its columns."""
    rows = into_lazy(report.rows)[0]
    names = {*rows.collect_schema()}
    if "not_overdue" in names:
        own, figures, blocks = _ageing(rows, reader)
    elif {"numerator", "denominator", "rate"} <= names:
        own, figures, blocks = _rate(rows, reader)
    elif "oldest_due_on" in names:
        own, figures, blocks = _arrears(rows, reader)
    else:
        own, figures, blocks = reader.words.text("Table"), [], [table_of(reader, title, rows)]
    problems = problem_tables(reader, report.problems)
    return Section(title or own, (*figures, *problem_figure(reader, problems)), (*blocks, *problems))


Parts = tuple[str, list[Figure], list[Block]]


# Ageing


def _ageing(rows: pl.LazyFrame, reader: Reader) -> Parts:
    text = reader.words.text
    open_, overdue = (
        summed(rows, "open"),
        summed(rows.with_columns(_overdue=pl.col("open") - pl.col("not_overdue")), "_overdue"),
    )
    figures = [
        *money_figures(reader, text("Open"), open_),
        *money_figures(reader, text("Overdue"), overdue, "alert"),
    ]
    keys = [name for name, kind in rows.collect_schema().items() if not isinstance(kind, pl.Decimal)]
    money = [name for name in rows.collect_schema() if name not in keys]
    table = table_of(reader, text("Ageing in full"), rows, totals=money if len(open_) < 2 else ())
    own = text("Ageing of what is open")
    return own, figures, [*buckets(reader, rows, ["not_overdue"], keys[:1]), table]


def buckets(reader: Reader, rows: pl.LazyFrame, first: Sequence[str], by: Sequence[str] = ()) -> list[Chart]:
    """A column for each bucket; stacked by a column that has few different values. Of one currency only."""
    schema = rows.collect_schema()
    names = [*first, *(name for name in schema if name.startswith("bucket_"))]
    if len(names) < 2 or ("currency" in schema and _different(rows, "currency") > 1):
        return []
    by = [name for name in by if name != "currency" and 1 < _different(rows, name) <= len(SERIES)]
    sums = rows.group_by(by or pl.lit("").alias("#")).agg(pl.col(name).sum() for name in names)
    found = reader.translated(sums.sort(by or "#")).collect(engine="streaming")
    points = [
        Point(
            reader.column(name), row[name], str(row[by[0]]) if by else "", SERIES[number] if by else "plain"
        )
        for name in names
        for number, row in enumerate(found.iter_rows(named=True))
    ]
    if not any(point.value for point in points):
        return []
    text = reader.words.text
    total = sum((point.value for point in points), Decimal(0))
    told = text("{amount} in all, by how long it is overdue.", amount=reader.money(total))
    return [
        Chart(
            text("Ageing"),
            told,
            "columns",
            "money",
            tuple(points),
            text("Days overdue"),
            text("Amount of money"),
        )
    ]


def _different(rows: pl.LazyFrame, column: str) -> int:
    found: int = rows.select(pl.col(column).n_unique()).collect(engine="streaming").item()
    return found


# Collection rate


def _rate(rows: pl.LazyFrame, reader: Reader) -> Parts:
    text = reader.words.text
    told = reader.translated(rows).collect(engine="streaming")
    keys = [name for name in told.columns[: told.columns.index("base")] if name != "currency"]
    several = [*keys, *(["currency"] if told["currency"].n_unique() > 1 else [])]
    labels = [
        reader.words.listed(str(row[key]) for key in several) if several else ""
        for row in told.iter_rows(named=True)
    ]
    pairs = list(zip(labels, told.iter_rows(named=True), strict=True))
    figures = [
        Figure(label or str(row["base"]), reader.written(row["rate"], "share"), _fraction(reader, row))
        for label, row in pairs[:6]
    ]
    chart = bars(
        reader, text("Collection rate"), [(label, row["rate"]) for label, row in pairs if row["rate"] is not None],
        labels=reader.words.listed(map(reader.column, several)) if several else "", values=text("Rate"), kind="share",
    )  # fmt: skip
    table = table_of(
        reader, text("Collection rate in full"), rows, kinds={"rate": "share"}, titles={"rate": text("Rate")}
    )
    return text("Collection rate"), figures, [*chart, table]


def _fraction(reader: Reader, row: dict[str, Any]) -> str:
    return f"{row['numerator']:,} / {row['denominator']:,}"


# Arrears


def _arrears(rows: pl.LazyFrame, reader: Reader) -> Parts:
    text = reader.words.text
    amounts = summed(rows, "amount")
    table = table_of(
        reader,
        text("Accounts in arrears"),
        rows,
        titles={"reason": text("Reason")},
        totals=["amount"] if len(amounts) < 2 else (),
    )
    longest = rows.select(pl.col("days_overdue").max()).collect(engine="streaming").item()
    figures = [
        Figure(text("Accounts in arrears"), reader.number(table.count)),
        *money_figures(reader, text("Overdue"), amounts, "alert"),
        *([] if longest is None else [Figure(text("Longest overdue, days"), reader.number(longest))]),
    ]
    by_reason = rows.group_by(pl.coalesce("reason", "reason_type").alias("reason")).agg(
        pl.col("amount").sum()
    )
    points = [
        (reason or text("No reason told"), amount)
        for reason, amount in by_reason.sort("reason").collect(engine="streaming").iter_rows()
    ]
    chart = bars(
        reader, text("Arrears by reason"), points if len(amounts) < 2 else [],
        labels=text("Reason"), values=text("Amount of money"),
    )  # fmt: skip
    return text("Arrears ledger"), figures, [*chart, table]


# The roll-forward


def roll_forward_section(result: RollForward, reader: Reader, title: str) -> Section:
    text = reader.words.text
    rows = into_lazy(result.rows)[0]
    opening, closing = summed(rows, "opening"), summed(rows, "closing")
    figures = [
        *money_figures(reader, text("Opening"), opening),
        *money_figures(reader, text("Billed"), summed(rows, "billed")),
        *money_figures(reader, text("Received"), summed(rows, "received")),
        *money_figures(reader, text("Closing"), closing),
    ]
    blocks: list[Block] = [] if len(opening) != 1 else [_movement(reader, rows)]
    for own, frame in (
        (text("Receivables"), result.rows),
        (text("Deposits"), result.deposits),
        (text("Prepayments"), result.prepayments),
    ):
        lazy = into_lazy(frame)[0]
        totals = [name for name in (*MONEY, *HELD) if name in lazy.collect_schema()]
        table = table_of(reader, own, lazy, totals=totals if _different(lazy, "currency") < 2 else ())
        blocks += [table] if table.count else []
    problems = problem_tables(reader, result.problems)
    return Section(
        title or text("How receivables moved"),
        (*figures, *problem_figure(reader, problems)),
        (*blocks, *problems),
    )


def _movement(reader: Reader, rows: pl.LazyFrame) -> Chart:
    text = reader.words.text
    sums = rows.select(pl.col(*MONEY).sum()).collect(engine="streaming").row(0, named=True)
    steps = [
        (reader.column("billed"), sums["billed"]),
        *((reader.column(name), -sums[name]) for name in GIVEN),
    ]
    return waterfall(
        reader,
        text("From opening to closing"),
        (reader.column("opening"), sums["opening"]),
        steps,
        (reader.column("closing"), sums["closing"]),
        values=text("Amount of money"),
    )


# Workload


def workload_section(result: Workload, reader: Reader, title: str) -> Section:
    text = reader.words.text
    summary = into_lazy(result.summary)[0].collect(engine="streaming")
    weighed = "minutes" if "minutes" in summary.columns and summary["minutes"].sum() else "accounts"
    chart = bars(
        reader, text("Who has how much to do"), zip(summary["collector_id"], summary[weighed], strict=True),
        labels=reader.column("collector_id"), values=reader.column(weighed), kind="number",
    )  # fmt: skip
    rows = table_of(reader, text("Who calls on whom"), result.rows)
    problems = problem_tables(reader, result.problems)
    figures = [
        Figure(reader.column("accounts"), reader.number(rows.count)),
        Figure(text("Collectors"), reader.number(summary.height)),
        *problem_figure(reader, problems),
    ]
    blocks: tuple[Block, ...] = (
        *chart,
        table_of(reader, text("Collector by collector"), summary),
        rows,
        *problems,
    )
    return Section(title or text("Workload"), tuple(figures), blocks)
