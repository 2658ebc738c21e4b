"""How the rules and the bills of another system agree, and why where they do not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.frames import into_lazy
from feerules.pages.page import Block, Figure, Section, Table
from feerules.pages.parts.amounts import bars, side, signed
from feerules.pages.parts.problems import problem_figure, problem_tables
from feerules.pages.reader import Reader
from feerules.pages.tables import Columns, listed, table_of
from feerules.wording import sentence

__all__ = ["reconciliation_section"]

SURE = {"high": sentence("sure"), "medium": sentence("likely"), "low": sentence("possible")}


def reconciliation_section(result: Any, reader: Reader, title: str) -> Section:
    """What `reconcile` answered."""
    text = reader.words.text
    problems = problem_tables(reader, result.problems)
    causes = getattr(result, "causes", ())
    points = [(_named(each, reader), each.difference) for each in causes]
    chart = bars(
        reader, text("What the differences come from"), points,
        labels=text("Cause"), values=text("Difference"), sided=True,
    )  # fmt: skip
    names = {each.id: _named(each, reader) for each in causes}
    rows = table_of(
        reader,
        text("Lines, one by one"),
        _worst_first(result.rows, names),
        titles={"billed": text("Their bills")},
    )
    blocks: list[Block] = [*chart, _states(result, reader)]
    if causes:
        blocks += [_causes(causes, reader), *_examples(causes, reader)]
    figures = (*_figures(result, reader), *problem_figure(reader, problems))
    digest = ((text("Rules"), result.digest),)
    return Section(
        title or text("The rules and the bills that were sent"), figures, (*blocks, *problems, rows), digest
    )


def _named(cause: Any, reader: Reader) -> str:
    """A cause with the fee that it is about."""
    title = str(cause.title(reader.words.language))
    return f"{reader.fee(cause.fee)}: {title}" if cause.fee else title


def _worst_first(frame: Any, causes: Mapping[str, str]) -> pl.LazyFrame:
    """The lines with their causes in words; what matches is the last that anybody looks at."""
    rows = into_lazy(frame)[0]
    if "cause" in rows.collect_schema():
        rows = rows.with_columns(pl.col("cause").cast(pl.String).replace(dict(causes)))
    matched = pl.col("state") == "matched"
    return rows.sort(
        matched, pl.col("difference").abs(), descending=[False, True], nulls_last=True, maintain_order=True
    )


def _figures(result: Any, reader: Reader) -> list[Figure]:
    text, states = reader.words.text, result.summary
    lines = sum(each["count"] for each in states.values())
    apart = [each for state, each in states.items() if state in ("different", "missing", "extra")]
    difference = sum((each["difference"] for each in apart), Decimal(0))
    figures = [
        Figure(text("Lines compared"), reader.number(lines)),
        Figure(
            text("Matched"),
            reader.number(states["matched"]["count"]),
            _share(reader, states["matched"]["count"], lines),
        ),
        Figure(
            text("Do not match"),
            reader.number(sum(each["count"] for each in apart)),
            tone="alert" if any(each["count"] for each in apart) else "plain",
        ),
        Figure(text("Ours less theirs"), signed(reader.money(difference), difference), tone=side(difference)),
    ]
    left = getattr(result, "unexplained", None)
    if left:
        figures.append(
            Figure(
                text("Unexplained"),
                reader.number(left["count"]),
                reader.money(left["difference"]),
                "alert" if left["count"] else "plain",
            )
        )
    return figures


def _share(reader: Reader, part: int, whole: int) -> str:
    return reader.words.percent((Decimal(part) / whole).quantize(Decimal("0.0001"))) if whole else ""


def _states(result: Any, reader: Reader) -> Table:
    text = reader.words.text
    columns: Columns = (
        (text("State"), "text"), (text("Lines"), "number"), (text("Ours"), "money"), (text("Their bills"), "money"),
        (text("Difference"), "money"),
    )  # fmt: skip
    rows = [
        (reader.word(state), each["count"], each["ours"], each["billed"], each["difference"])
        for state, each in result.summary.items()
    ]
    return listed(text("State by state"), columns, rows)


def _causes(causes: Any, reader: Reader) -> Table:
    text = reader.words.text
    columns: Columns = (
        (text("Cause"), "text"), (text("Lines"), "number"), (text("Ours"), "money"), (text("Their bills"), "money"),
        (text("Difference"), "money"), (text("Sureness"), "text"), (text("Lines it would break"), "number"),
        (text("Says the same"), "text"),
    )  # fmt: skip
    rows = [
        (_named(c, reader), c.count, c.ours, c.billed, c.difference, text(SURE[c.sureness]), c.broken,
         "\n".join(reader.said(other["titles"]) for other in c.also))
        for c in causes
    ]  # fmt: skip
    note = text("A cause explains a line where it gives, to the fen, what was billed.")
    return listed(text("Probable causes"), columns, rows, note)


def _examples(causes: Any, reader: Reader) -> list[Table]:
    text = reader.words.text
    columns: Columns = (
        (text("Cause"), "text"), (text("Unit"), "text"), (text("Ours"), "money"), (text("Their bills"), "money"),
        (text("Difference"), "money"), (text("Facts"), "text"), (text("Explanation"), "text"),
    )  # fmt: skip
    rows = [
        (_named(c, reader), e.unit_id, e.ours, e.billed, e.difference, reader.written(e.facts, "text"), reader.said(e.explanation))
        for c in causes
        for e in c.examples
    ]  # fmt: skip
    return [listed(text("Examples"), columns, rows)] if rows else []
