"""Two policies over the same accounts, one policy day by day, and several beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.frames import into_lazy
from feerules.pages.page import Block, Chart, Figure, Section, Table
from feerules.pages.parts.amounts import bars, side, signed
from feerules.pages.parts.days import per_day
from feerules.pages.parts.problems import problem_figure, problem_tables
from feerules.pages.reader import NOTHING, Reader
from feerules.pages.tables import Columns, listed, table_of
from feerules.wording import sentence

__all__ = ["grid_section", "policy_section", "simulation_section"]

# Columns that hold ids of classes, steps and decisions, on either side.
NAMED = ("class", "decision", "step", "step_id", "last_step", "stop", "why")
FOR_MACHINES = ("reasons_json", "old_reasons_json", "new_reasons_json", "old_row", "new_row")
CHANNELS = ("phone", "sms", "wechat", "app", "email", "visit", "in_person", "courier", "post", "notice")
WHAT: Mapping[str, str] = {
    "overdue": sentence("Overdue"),
    "late_fee_due": sentence("Late fee due"),
    "amount": sentence("Amount to be asked for"),
    "fee": sentence("Fees of steps"),
}
# What the columns of a policy what-if are called, without their side.
TITLES: Mapping[str, str] = {
    "class": sentence("Class"),
    "decision": sentence("Decision"),
    "step": sentence("Step of the ladder"),
    "step_id": sentence("Step of the ladder"),
    "channel": sentence("Channel"),
    "role": sentence("Role"),
    "approval": sentence("Approval"),
    "until": sentence("Until"),
    "amount": sentence("Amount to be asked for"),
    "fee": sentence("Fees of steps"),
    "fees": sentence("Fees of steps"),
    "stop": sentence("Stop"),
    "reasons": sentence("Reasons"),
    "overdue": sentence("Overdue"),
    "actions": sentence("Actions"),
    "contacts": sentence("Contacts"),
    "connected": sentence("Reached"),
    "undone": sentence("Left undone"),
    "differs": sentence("Differs in"),
    "day": sentence("Day"),
    "why": sentence("Why"),
    "policy": sentence("Policy"),
    "act": sentence("Act"),
    "wait": sentence("Wait"),
    "hold": sentence("Hold"),
    "review": sentence("Review by a person"),
    "clear": sentence("Nothing to do"),
    "legal": sentence("Legal steps"),
    "never": sentence("Never acted on"),
    "acted_on": sentence("Acted on"),
    "paid": sentence("Paid"),
    "approvals_asked": sentence("Approvals asked for"),
    "approvals_waiting": sentence("Approvals waiting"),
    "late_fee_due": sentence("Late fee due"),
}


def policy_section(result: Any, reader: Reader, title: str) -> Section:
    """What `compare_policies` answered."""
    text, told = reader.words.text, _Told(reader, result.titles(reader.words.language))
    problems = problem_tables(reader, result.problems)
    counts = result.counts
    figures = [
        Figure(text("Accounts compared"), reader.number(counts["compared"])),
        *_runs(result, told),
        Figure(
            text("Move to another class"),
            reader.number(counts["moved"]),
            tone="more" if counts["moved"] else "plain",
        ),
        Figure(
            text("Get another action"),
            reader.number(counts["changed"]),
            tone="more" if counts["changed"] else "plain",
        ),
        *_totals(result.totals, reader),
        *problem_figure(reader, problems),
    ]
    blocks: list[Block] = [*_moves(result.classes, told), *_days_of_both(result, told)]
    blocks += [
        told.table(text("From class to class"), result.classes),
        told.table(text("From action to action"), result.actions),
        *([] if result.days is None else [told.table(text("Day by day"), result.days)]),
        *_largest(result, reader),
        told.table(text("Accounts that move to another class"), result.moved),
        told.table(text("Accounts with another action"), result.changed),
        *problems,
    ]
    digests = ((text("Old policy"), result.old_digest), (text("New policy"), result.new_digest))
    return Section(title or text("What another policy changes"), tuple(figures), tuple(blocks), digests)


class _Told:
    """Frames of a policy what-if, in the words of a reader and of the policies."""

    def __init__(self, reader: Reader, titles: Mapping[str, str]) -> None:
        self.reader, self.titles = reader, titles

    def rows(self, frame: Any) -> pl.LazyFrame:
        rows = into_lazy(frame)[0]
        schema = rows.collect_schema()
        ids = [name for name in schema if _bare(name) in NAMED and schema[name] == pl.String]
        channels = [name for name in schema if _bare(name) in ("channel", "fallback")]
        words = {name: self.reader.word(name) for name in CHANNELS}
        said = {name: self.title(name) for name in TITLES}
        return rows.with_columns(
            *(pl.col(ids).replace({**self.titles, "": NOTHING}),) if ids else (),
            *(pl.col(channels).cast(pl.String).replace(words),) if channels else (),
            *(pl.col("differs").list.eval(pl.element().replace(said)),) if "differs" in schema else (),
        )

    def table(self, title: str, frame: Any, totals: Sequence[str] = ()) -> Table:
        rows = self.rows(frame)
        titles = {name: self.title(name) for name in rows.collect_schema()}
        return table_of(self.reader, title, rows, titles=titles, without=FOR_MACHINES, totals=totals)

    def title(self, name: str) -> str:
        """The title of a column; with its side, where it has one."""
        text, bare = self.reader.words.text, _bare(name)
        told = text(TITLES[bare]) if bare in TITLES else self.reader.column(bare)
        if name.startswith("old_"):
            return text("{name}, old", name=told)
        return text("{name}, new", name=told) if name.startswith("new_") else told


def _bare(name: str) -> str:
    return name.removeprefix("old_").removeprefix("new_")


def _runs(result: Any, told: _Told) -> list[Figure]:
    """What the days come to under the new policy, and by how much that is more."""
    if result.old_run is None or result.new_run is None:
        return []
    figures = []
    for name in ("actions", "undone"):
        old, new = (
            int(into_lazy(run.totals)[0].select(pl.col(name).sum()).collect().item())
            for run in (result.old_run, result.new_run)
        )
        change = signed(told.reader.number(new - old), Decimal(new - old)) if new != old else ""
        figures.append(Figure(told.title(name), told.reader.number(new), change, side(Decimal(new - old))))
    return figures


def _totals(frame: Any, reader: Reader) -> list[Figure]:
    """What all accounts come to under the new policy, and by how much that is more."""
    figures = []
    for row in into_lazy(frame)[0].collect(engine="streaming").iter_rows(named=True):
        new, change = (reader.money(row[name], row["currency"] or "") for name in ("new", "change"))
        label = reader.words.text(WHAT[row["what"]])
        if row["new"] or row["change"]:
            figures.append(
                Figure(
                    label, new, signed(change, row["change"]) if row["change"] else "", side(row["change"])
                )
            )
    return figures


def _moves(classes: Any, told: _Told) -> list[Chart]:
    """How many accounts go from one class to another."""
    text = told.reader.words.text
    rows = told.rows(into_lazy(classes)[0].filter(pl.col("old_class") != pl.col("new_class")))
    found = (
        rows.group_by("old_class", "new_class").agg(pl.col("accounts").sum()).sort("old_class", "new_class")
    )
    points = [(f"{old} → {new}", count) for old, new, count in found.collect(engine="streaming").iter_rows()]
    return bars(
        told.reader,
        text("Who moves to another class"),
        points,
        labels=text("From → to"),
        values=text("Accounts"),
        kind="number",
    )


def _days_of_both(result: Any, told: _Told) -> list[Chart]:
    """The actions of both policies, day by day, with the same colours and on the same scale."""
    if result.days is None:
        return []
    text = told.reader.words.text
    titles = {
        "old_actions": text("Actions per day, old policy"),
        "new_actions": text("Actions per day, new policy"),
    }
    return per_day(told.reader, told.rows(result.days), titles)


def _largest(result: Any, reader: Reader) -> list[Table]:
    """The accounts that owe most of those that change, with both decisions in words."""
    text, locale = reader.words.text, reader.words.language
    columns: Columns = (
        (text("Account"), "text"),
        (text("Overdue"), "money"),
        (text("Old policy"), "text"),
        (text("New policy"), "text"),
    )
    rows = [
        (each.account_id, each.overdue, each.old.explain(locale), each.new.explain(locale))
        for each in result.largest
    ]
    return (
        [listed(text("The largest accounts that change, with both decisions"), columns, rows)] if rows else []
    )


# One policy, day by day


def simulation_section(result: Any, reader: Reader, title: str) -> Section:
    """What `simulate` answered."""
    text, told = reader.words.text, _Told(reader, result.titles(reader.words.language))
    problems = problem_tables(reader, result.problems)
    figures = [Figure(text("Days"), f"{result.first_day} – {result.last_day}")]
    for row in into_lazy(result.totals)[0].collect(engine="streaming").iter_rows(named=True):
        figures += [
            Figure(told.title(name), reader.number(row[name]))
            for name in ("accounts", "acted_on", "never", "actions", "connected", "undone", "legal")
        ]
        figures += [
            Figure(told.title(name), reader.money(row[name], row["currency"] or ""))
            for name in ("fees", "paid")
            if row[name]
        ]
    blocks: list[Block] = [
        *per_day(
            reader,
            told.rows(result.days),
            {"actions": text("Actions per day"), "undone": text("Left undone per day")},
        ),
        told.table(text("Day by day"), result.days),
        told.table(text("What stays undone, and why"), result.undone),
        told.table(text("In arrears and never acted on"), result.never),
        told.table(text("Accounts, one by one"), result.accounts),
        *problems,
    ]
    return Section(
        title or text("A policy day by day"),
        (*figures, *problem_figure(reader, problems)),
        tuple(blocks),
        ((text("Rules"), result.digest),),
    )


# Several policies


def grid_section(result: Any, reader: Reader, title: str) -> Section:
    """What `try_policies` answered."""
    text, told = reader.words.text, _Told(reader, {})
    problems = problem_tables(reader, result.problems)
    rows = into_lazy(result.rows)[0].collect(engine="streaming")
    name = "actions" if "actions" in rows.columns else "act"
    chart = bars(
        reader, told.title(name), [(row["policy"], row[name]) for row in rows.iter_rows(named=True)],
        labels=text("Policy"), values=told.title(name), kind="number",
    )  # fmt: skip
    figures = [
        Figure(text("Policies"), reader.number(rows["policy"].n_unique())),
        *problem_figure(reader, problems),
    ]
    days = [] if result.days is None else [told.table(text("Day by day"), result.days)]
    table = told.table(text("Policy by policy"), rows)
    return Section(title or text("Several policies"), tuple(figures), (*chart, table, *days, *problems))
