"""The accounts of an estate on a day: positions, classes, and what is to be done."""

from __future__ import annotations

import polars as pl

from feerules.account_answers import AccountsResult
from feerules.frames import into_lazy
from feerules.pages.page import Block, Chart, Figure, Section
from feerules.pages.parts.amounts import bars, money_figures
from feerules.pages.parts.days import per_day
from feerules.pages.parts.ledgers import buckets
from feerules.pages.parts.problems import problem_figure, problem_tables
from feerules.pages.reader import Reader
from feerules.pages.tables import counted_by, summed, table_of
from feerules.wording import sentence

__all__ = ["accounts_section", "action_blocks", "action_figures", "class_blocks"]

DECISIONS = ("act", "wait", "hold", "review", "clear")
# What tells the machine what the other columns tell a person.
FOR_MACHINES = ("reasons_json", "fields", "charge_ids", "announces", "known_at", "template", "source")
REVIEWS = sentence("{number} accounts on {days} days.")


def accounts_section(result: AccountsResult, reader: Reader, title: str) -> Section:
    """What `positions`, `classify_estate` or `next_actions` answered."""
    text = reader.words.text
    whole = result.collect()
    rows = into_lazy(whole.rows)[0]
    problems = problem_tables(reader, whole.problems)
    question = result.asked.question
    if question == "next_actions":
        own, figures, blocks = (
            text("What is to be done"),
            action_figures(reader, rows),
            action_blocks(reader, rows),
        )
    else:
        own = text("Positions") if question == "positions" else text("Classes of arrears")
        figures = _position_figures(reader, rows)
        blocks = [
            *class_blocks(reader, rows),
            *buckets(reader, rows, ["not_overdue"] if "not_overdue" in rows.collect_schema() else []),
        ]
    every = table_of(
        reader, text("Accounts, one by one"), rows, without=(*FOR_MACHINES, *_one_language(reader, rows))
    )
    return Section(
        title or own,
        (*figures, *problem_figure(reader, problems)),
        (*blocks, *problems, every),
        ((text("Rules"), result.digest),),
    )


def _one_language(reader: Reader, rows: pl.LazyFrame) -> list[str]:
    other = "en" if reader.words.language == "zh" else "zh"
    return [name for name in rows.collect_schema() if name.endswith(f"_{other}")]


def _position_figures(reader: Reader, rows: pl.LazyFrame) -> list[Figure]:
    count = rows.select(pl.len()).collect(engine="streaming").item()
    shown = [
        name for name in ("outstanding", "overdue", "late_fee_due", "credit") if name in rows.collect_schema()
    ]
    labels = {
        "outstanding": reader.words.text("Open"),
        "overdue": reader.words.text("Overdue"),
        "late_fee_due": reader.words.text("Late fee due"),
        "credit": reader.words.text("Credit not used"),
    }
    money = [each for name in shown for each in money_figures(reader, labels[name], summed(rows, name))]
    return [Figure(reader.column("accounts"), reader.number(count)), *money]


def class_blocks(reader: Reader, rows: pl.LazyFrame) -> list[Block]:
    """How many accounts, and how much overdue, in each class."""
    schema = rows.collect_schema()
    if "class" not in schema:
        return []
    text, language = reader.words.text, reader.words.language
    titled = [pl.col(f"title_{language}")] if f"title_{language}" in schema else []
    named = rows.with_columns(
        pl.coalesce(*titled, pl.col("class").cast(pl.String), pl.lit("–")).alias("class")
    )
    sums = {name: pl.col(name).sum() for name in ("overdue", "outstanding") if name in schema}
    found = counted_by(named, "class", **sums)
    titles = {"class": text("Class"), "count": text("Accounts")}
    points = [(row["class"], row["count"]) for row in found.iter_rows(named=True)]
    chart = bars(
        reader,
        text("Accounts by class"),
        points,
        labels=text("Class"),
        values=text("Accounts"),
        kind="number",
    )
    return [*chart, table_of(reader, text("Class by class"), found, titles=titles)]


# Actions


def action_figures(reader: Reader, rows: pl.LazyFrame) -> list[Figure]:
    """How many accounts each decision is for."""
    counts = dict(
        rows.group_by(pl.col("decision").cast(pl.String))
        .agg(pl.len())
        .collect(engine="streaming")
        .iter_rows()
    )
    told = [Figure(reader.word(each), reader.number(counts[each])) for each in DECISIONS if each in counts]
    acts = rows.filter(pl.col("decision") == "act")
    amounts = summed(acts, "amount") if "amount" in rows.collect_schema() else {}
    return [*told, *money_figures(reader, reader.words.text("Amount to be asked for"), amounts)]


def action_blocks(reader: Reader, rows: pl.LazyFrame) -> list[Block]:
    """What is done how often: by step, by day and by channel, and why the others wait."""
    text = reader.words.text
    acts = rows.filter(pl.col("decision") == "act")
    steps = reader.translated(counted_by(acts, "step_id").lazy()).collect()
    points = [(row["step_id"], row["count"]) for row in steps.iter_rows(named=True)]
    charts: list[Block] = [
        *bars(
            reader,
            text("Actions by step"),
            points,
            labels=text("Step of the ladder"),
            values=text("Actions"),
            kind="number",
        ),
        *per_day(
            reader,
            reader.translated(acts.select(_day(acts).alias("day"), "step_id", pl.lit(1).alias("count"))),
            {"count": text("Actions per day")},
        ),
        *_reviews(reader, rows),
    ]
    keys = [
        name for name in ("step_id", "channel", "role", "needs_approval") if name in rows.collect_schema()
    ]
    sums = {"amount": pl.col("amount").sum()} if "amount" in rows.collect_schema() else {}
    titles = {"count": text("Actions")}
    return [
        *charts,
        table_of(reader, text("Actions by step and channel"), counted_by(acts, *keys, **sums), titles=titles),
    ]


def _day(rows: pl.LazyFrame) -> pl.Expr:
    """The day of an action: that of its first window, else the day that was asked about."""
    schema = rows.collect_schema()
    days = [
        pl.col(name).cast(pl.String).str.slice(0, 10) for name in ("not_before", "as_of") if name in schema
    ]
    return pl.coalesce(days).str.to_date(strict=False)


def _reviews(reader: Reader, rows: pl.LazyFrame) -> list[Chart]:
    """When the accounts that wait are looked at again."""
    if "next_review_on" not in rows.collect_schema():
        return []
    text = reader.words.text
    day = pl.col("next_review_on").cast(pl.String).str.slice(0, 10).str.to_date(strict=False)
    waiting = rows.filter(pl.col("decision") != "act").select(day.alias("day"), pl.lit(1).alias("count"))
    title = text("When the others are looked at again")
    return per_day(reader, waiting, {"count": title}, values=text("Accounts"), told=REVIEWS)
