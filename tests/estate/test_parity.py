"""One book, every engine: the same fen, the same deciding rows, the same problems."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings

import feerules
import rulebooks
from how_often import often

# A search looks further here as well.
SLOW = settings(max_examples=often(25), suppress_health_check=list(HealthCheck))
LINE = ("charge_id", "fee", "period_start", "period_end", "issued_on", "due_on", "payer", "table_row")
NUMBERS = ("quantity", "rate", "factor", "tax", "net", "amount", "tax_rate")


def one_by_one(
    units: list[dict[str, Any]], book: feerules.Book, period: str, *, accrue: bool = False
) -> tuple[list[Any], list[Any]]:
    """The lines and problems of the scalar engine, unit by unit."""
    lines, problems = [], []
    for unit in units:
        try:
            lines += feerules.price(unit, book, period, accrue=accrue).lines
        except feerules.UnitErrors as error:
            problems += error.problems
    return lines, problems


def told(line: Any) -> tuple[Any, ...]:
    get = line.get if isinstance(line, dict) else lambda name: getattr(line, name)
    return tuple(get(name) for name in (*LINE, *NUMBERS))


def said(problem: Any) -> tuple[Any, ...]:
    get = problem.get if isinstance(problem, dict) else lambda name: getattr(problem, name)
    return tuple(get(name) for name in ("unit_id", "fact", "value", "code", "reason", "fee"))


def assert_same(
    units: list[dict[str, Any]],
    frame: pl.DataFrame,
    book: feerules.Book,
    period: str,
    *,
    accrue: bool = False,
) -> None:
    lines, problems = one_by_one(units, book, period, accrue=accrue)
    result = feerules.price_estate(frame, book, period, form="long", accrue=accrue)
    assert Counter(map(told, result.rows.to_dicts())) == Counter(map(told, lines))
    assert Counter(map(said, result.problems.to_dicts())) == Counter(map(said, problems))


@SLOW
@given(rulebooks.priced(), rulebooks.units())
def test_every_engine_gives_the_same_lines_and_problems(
    drawn: tuple[list[dict[str, str]], str], units: list[dict[str, Any]]
) -> None:
    [files], period = drawn
    book = rulebooks.loaded(files, period)
    units = [{"unit_id": f"U{n}", **unit} for n, unit in enumerate(units)]
    frame = pl.DataFrame(units, schema=dict.fromkeys(units[0], pl.String))
    assert_same(units, frame, book, period)


@SLOW
@given(rulebooks.priced(), rulebooks.units())
def test_the_days_of_a_period_are_the_same_in_every_engine(
    drawn: tuple[list[dict[str, str]], str], units: list[dict[str, Any]]
) -> None:
    [files], period = drawn
    book = rulebooks.loaded(files, period, accrue=True)
    units = [{"unit_id": f"U{n}", **unit} for n, unit in enumerate(units)]
    frame = pl.DataFrame(units, schema=dict.fromkeys(units[0], pl.String))
    assert_same(units, frame, book, period, accrue=True)


@SLOW
@given(rulebooks.priced(), rulebooks.units(4), rulebooks.st.data())
def test_dated_facts_give_the_same_lines_and_problems(
    drawn: tuple[list[dict[str, str]], str], units: list[dict[str, Any]], data: Any
) -> None:
    [files], period = drawn
    # A row of a frame tells every reading, a change only those that it names: by reading they differ.
    files = {name: text.replace("by_reading", "by_days") for name, text in files.items()}
    book = rulebooks.loaded(files, period, dated=True)
    records, singles = [], []
    for number, facts_of_unit in enumerate(units):
        unit = {"unit_id": f"U{number}", "owner_id": "A", **facts_of_unit}
        changes = data.draw(rulebooks.changes_of(unit))
        singles.append({**unit, "changes": changes})
        facts: dict[str, Any] = {**unit, "valid_from": None}
        records.append(facts)
        for change in changes:
            facts = {**facts, **change["facts"], "valid_from": change["from"]}
            records.append(facts)
    schema = {name: pl.Date if name == "valid_from" else pl.String for name in records[0]}
    frame = pl.DataFrame(records, schema=schema)
    lines, problems = one_by_one(singles, book, period)
    result = feerules.price_estate(frame, book, period, form="long")
    assert Counter(map(told, result.rows.to_dicts())) == Counter(map(told, lines))
    assert {(p["unit_id"], p["code"]) for p in result.problems.to_dicts()} >= {
        (p.unit_id, p.code) for p in problems
    }


@SLOW
@given(rulebooks.priced(), rulebooks.units())
def test_wide_totals_are_the_sums_of_the_long_lines(
    drawn: tuple[list[dict[str, str]], str], units: list[dict[str, Any]]
) -> None:
    [files], period = drawn
    book = rulebooks.loaded(files, period)
    units = [{"unit_id": f"U{n}", **unit} for n, unit in enumerate(units)]
    frame = pl.DataFrame(units, schema=dict.fromkeys(units[0], pl.String))
    wide = feerules.price_estate(frame, book, period)
    long = feerules.price_estate(frame, book, period, form="long").rows
    sums = dict(long.group_by("unit_id").agg(pl.col("amount").sum()).iter_rows())
    for row in wide.rows.to_dicts():
        assert row["total"] == sums.get(row["unit_id"], 0)
    assert wide.rows.height + wide.problems["unit_id"].n_unique() == len(units)
