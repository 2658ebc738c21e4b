"""Who pays more and who less: two books over one estate, and its segments."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.frames import into_lazy
from feerules.pages.page import Block, Chart, Figure, Point, Section, Table
from feerules.pages.parts.amounts import bars, side, signed, waterfall
from feerules.pages.parts.problems import problem_figure, problem_tables
from feerules.pages.reader import Reader
from feerules.pages.tables import Columns, listed, table_of

__all__ = ["SEGMENT", "comparison_section", "segment_section"]

SEGMENT = {"units", "more", "less", "same", "old", "new", "change", "raised", "lowered"}
MOST_SEGMENTS, MOST_FIGURES = 24, 3


def comparison_section(result: Any, reader: Reader, title: str) -> Section:
    """What `compare` answered."""
    text = reader.words.text
    problems = problem_tables(reader, result.problems)
    charts = [*_distribution(result, reader), *_causes(result, reader), *_fees(result, reader)]
    tables: list[Block] = [
        _cause_table(result, reader),
        _fee_table(result, reader),
        _quantile_table(result, reader),
        *_worst(result, reader),
        *problems,
        table_of(reader, text("Units, one by one"), result.rows, titles=_columns(result, reader)),
    ]
    digests = ((text("Old rules"), result.old_digest), (text("New rules"), result.new_digest))
    figures = (*_figures(result, reader), *problem_figure(reader, problems))
    return Section(title or text("Who pays more and who less"), figures, (*charts, *tables), digests)


def _figures(result: Any, reader: Reader) -> list[Figure]:
    text, summary, money = reader.words.text, result.summary, result.currency

    def change(value: Decimal) -> str:
        return signed(reader.money(value, money), value)

    figures = [
        Figure(
            text("Change in all"),
            change(summary.change),
            _percent(reader, summary.change, summary.old),
            side(summary.change),
        ),
        Figure(text("Pay more"), reader.number(summary.more), change(summary.raised), "more"),
        Figure(text("Pay less"), reader.number(summary.less), change(summary.lowered), "less"),
        Figure(text("Pay the same"), reader.number(summary.same)),
        Figure(text("Old rules"), reader.money(summary.old, money)),
        Figure(text("New rules"), reader.money(summary.new, money)),
    ]
    if summary.newly_priced:
        new = reader.money(summary.newly_priced_new, money)
        figures.append(Figure(text("Priced by the new rules only"), reader.number(summary.newly_priced), new))
    if summary.no_longer_priced:
        old = reader.money(summary.no_longer_priced_old, money)
        figures.append(
            Figure(text("Priced by the old rules only"), reader.number(summary.no_longer_priced), old)
        )
    return figures


def _percent(reader: Reader, change: Decimal, old: Decimal) -> str:
    if not old:
        return ""
    share = (change / abs(old)).quantize(Decimal("0.0001"))
    return signed(reader.words.percent(share), share)


# Charts


def _distribution(result: Any, reader: Reader) -> list[Chart]:
    text, bins = reader.words.text, _without_empty_ends(result.histogram)
    if not bins:
        return []
    points = tuple(Point(_span(each, reader), Decimal(each.units), "", _side_of(each)) for each in bins)
    summary = result.summary
    told = text(
        "{more} units pay more, {less} less, {same} the same.",
        more=reader.number(summary.more), less=reader.number(summary.less), same=reader.number(summary.same),
    )  # fmt: skip
    name = text("Change of a unit ({currency})", currency=result.currency)
    return [
        Chart(text("How the changes are distributed"), told, "columns", "number", points, name, text("Units"))
    ]


def _without_empty_ends(bins: Sequence[Any]) -> Sequence[Any]:
    full = [number for number, each in enumerate(bins) if each.units]
    return bins[full[0] : full[-1] + 1] if full else ()


def _span(each: Any, reader: Reader) -> str:
    """A bin as people write it: below −50, −50 to −20, 0, 20 to 50, above 50."""
    if each.above is None:
        return reader.words.text("up to {number}", number=_short(each.below))
    if each.below is None:
        return reader.words.text("over {number}", number=_short(each.above))
    if each.above == each.below:
        return _short(each.above)
    return f"{_short(each.above)} ~ {_short(each.below)}"


def _short(value: Decimal) -> str:
    return f"{value.normalize():,f}" if value else "0"


def _side_of(each: Any) -> Any:
    if each.above is None or each.above < 0:
        return "less"
    return "more" if each.below is None or each.below > 0 else "total"


def _causes(result: Any, reader: Reader) -> list[Chart]:
    if not result.causes:
        return []
    text = reader.words.text
    steps = [(reader.said(each.title), each.change) for each in result.causes]
    old, new = (text("Old rules"), result.summary.old), (text("New rules"), result.summary.new)
    return [
        waterfall(
            reader,
            text("What the change comes from"),
            old,
            steps,
            new,
            values=_in(result, text("Amount of money"), reader),
        )
    ]


def _fees(result: Any, reader: Reader) -> list[Chart]:
    text = reader.words.text
    points = [(reader.said(each.title) or each.fee, each.change) for each in result.fees if each.change]
    return bars(
        reader,
        text("Change by fee"),
        points,
        labels=text("Fee"),
        values=_in(result, text("Change"), reader),
        sided=True,
    )


def _in(result: Any, name: str, reader: Reader) -> str:
    return reader.words.text("{name} ({currency})", name=name, currency=result.currency)


# Tables


def _cause_table(result: Any, reader: Reader) -> Table:
    text = reader.words.text
    columns: Columns = (
        ("#", "number"), (text("Cause"), "text"), (text("Old"), "text"), (text("New"), "text"), (text("Change"), "money"),
        (text("Units"), "number"), (text("Pay more"), "number"), (text("Pay less"), "number"), (text("In the file"), "place"),
    )  # fmt: skip
    rows = [
        (
            c.number,
            reader.said(c.title),
            reader.said(c.old),
            reader.said(c.new),
            c.change,
            c.units,
            c.more,
            c.less,
            c.where_new or c.where_old,
        )
        for c in result.causes
    ]
    note = text(
        "The changes add up to the change in all, to the fen. Each cause is counted after those above it."
    )
    return listed(text("Causes"), columns, rows, note)


def _fee_table(result: Any, reader: Reader) -> Table:
    text = reader.words.text
    columns: Columns = (
        (text("Fee"), "text"), (text("Old rules"), "money"), (text("New rules"), "money"), (text("Change"), "money"),
        (text("Units, old"), "number"), (text("Units, new"), "number"), (text("Pay more"), "number"), (text("Pay less"), "number"),
    )  # fmt: skip
    rows = [
        (reader.said(f.title) or f.fee, f.old, f.new, f.change, f.units_old, f.units_new, f.more, f.less)
        for f in sorted(result.fees, key=lambda each: -abs(each.change))
    ]
    return listed(text("Fee by fee"), columns, rows)


def _quantile_table(result: Any, reader: Reader) -> Table:
    text = reader.words.text
    columns: Columns = (
        (text("Of all units, %"), "number"),
        (text("Change at most"), "money"),
        (text("In per cent"), "number"),
    )
    return listed(
        text("Quantiles of the change"), columns, [(q.at, q.change, q.percent) for q in result.quantiles]
    )


def _worst(result: Any, reader: Reader) -> list[Table]:
    text = reader.words.text
    columns: Columns = (
        (text("Unit"), "text"), (text("Old"), "money"), (text("New"), "money"), (text("Change"), "money"),
        (text("In per cent"), "number"), (text("Old bill"), "text"), (text("New bill"), "text"),
    )  # fmt: skip
    sides = (
        (text("The largest raises, with both bills"), result.raises),
        (text("The largest falls, with both bills"), result.falls),
    )
    note = text("Of each bill the fees that change, and the total.")
    return [
        listed(name, columns, [_unit(each, reader) for each in units], note) for name, units in sides if units
    ]


def _unit(each: Any, reader: Reader) -> tuple[Any, ...]:
    bills = [
        _lines_that_differ(own, other, reader)
        for own, other in ((each.old_bill, each.new_bill), (each.new_bill, each.old_bill))
    ]
    return each.unit_id, each.old, each.new, each.change, each.percent, *bills


def _lines_that_differ(bill: Any, other: Any, reader: Reader) -> str:
    """How the fees come about that the other bill has otherwise, and the total."""
    if bill is None:
        return ""
    others = {} if other is None else other.amounts
    lines = [line for line in bill.lines if bill.amounts[line.fee] != others.get(line.fee)]
    total = reader.words.text(
        "Total: {amount}.", amount=reader.money(bill.total, lines[0].currency if lines else "")
    )
    return "\n".join([*(_reckoned(line, reader) for line in lines), total])


def _reckoned(line: Any, reader: Reader) -> str:
    value = line.calculation(reader.words.language)
    return reader.words.text("{name}: {value}", name=reader.said(line.title) or line.fee, value=value)


def _columns(result: Any, reader: Reader) -> dict[str, str]:
    """What the columns of the rows are called: each fee three times."""
    text = reader.words.text
    sides = {"old": text("Old"), "new": text("New"), "change": text("Change")}
    fees = {
        f"{fee}.{name}": f"{reader.said(title) or fee}, {word}"
        for fee, title in result.titles.items()
        for name, word in sides.items()
    }
    return {**sides, **fees}


# Segments


def segment_section(frame: Any, reader: Reader, title: str) -> Section:
    """What `Comparison.by_segment` answered: who pays more and less in each segment."""
    text = reader.words.text
    rows = into_lazy(frame)[0]
    keys = [name for name in rows.collect_schema() if name not in SEGMENT]
    rows = reader.values(rows, keys)
    told = reader.translated(rows).collect(engine="streaming")
    labels = [reader.words.listed(_shown(row[key]) for key in keys) for row in told.iter_rows(named=True)]
    pairs = list(zip(labels, told.iter_rows(named=True), strict=True))
    called = {key: reader.fact(key) for key in keys}
    name = reader.words.listed(called.values()) if keys else text("Segment")
    change = bars(
        reader, text("Change by segment"), [(label, row["change"]) for label, row in pairs],
        labels=name, values=text("Change"), sided=True,
    )  # fmt: skip
    titles = {**called, "more": text("Pay more"), "less": text("Pay less"), "same": text("Pay the same"), "units": text("Units"),
              "old": text("Old rules"), "new": text("New rules"), "change": text("Change"), "raised": text("Raised"), "lowered": text("Lowered")}  # fmt: skip
    table = table_of(
        reader,
        text("Segment by segment"),
        rows,
        titles=titles,
        totals=[] if "fee" in keys else _additive(told),
    )
    figures = (
        Figure(text("Segments"), reader.number(len(pairs))),
        *(
            Figure(label, signed(reader.money(row["change"]), row["change"]), tone=side(row["change"]))
            for label, row in sorted(pairs, key=lambda pair: -abs(pair[1]["change"]))[:MOST_FIGURES]
        ),
    )  # fmt: skip
    return Section(
        title or text("Winners and losers by {segment}", segment=name),
        figures,
        (*_sides(pairs, reader, name), *change, table),
    )


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)


def _additive(rows: pl.DataFrame) -> list[str]:
    return [name for name in rows.columns if name in SEGMENT]


def _sides(pairs: Sequence[tuple[str, dict[str, Any]]], reader: Reader, name: str) -> list[Chart]:
    """How many pay more to the right, how many less to the left."""
    text = reader.words.text
    largest = sorted(pairs, key=lambda pair: -pair[1]["units"])[:MOST_SEGMENTS]
    points = tuple(
        each
        for label, row in largest
        for each in (
            Point(label, Decimal(row["more"]), text("Pay more"), "more"),
            Point(label, Decimal(-row["less"]), text("Pay less"), "less"),
        )
    )
    if not points:
        return []
    more, less = (sum(row[each] for _, row in pairs) for each in ("more", "less"))
    told = text("In all {more} pay more, {less} less.", more=reader.number(more), less=reader.number(less))
    values = text("Units, less to the left")
    return [Chart(text("Who pays more and who less"), told, "bars", "number", points, name, values)]
