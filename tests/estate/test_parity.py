"""One book, every engine: the same fen, the same deciding rows, the same problems."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feerules
import rulebooks
from engines import Engine
from how_often import often

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


def as_often(engine: Engine, count: int) -> settings:
    return settings(max_examples=often(count, engine.cost), suppress_health_check=list(HealthCheck))


def keyed(units: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"unit_id": f"U{number}", **unit} for number, unit in enumerate(units)]


def test_every_engine_gives_the_same_lines_and_problems(engine: Engine) -> None:
    @as_often(engine, 30)
    @given(rulebooks.priced(), rulebooks.units(), st.booleans())
    def law(drawn: tuple[list[dict[str, str]], str], given_: list[dict[str, Any]], accrue: bool) -> None:
        [files], period = drawn
        book, units = rulebooks.loaded(files, period, accrue=accrue), keyed(given_)
        frame = pl.DataFrame(units, schema=dict.fromkeys(units[0], pl.String))
        lines, problems = one_by_one(units, book, period, accrue=accrue)
        found, bad = engine.price(frame, book, period, form="long", accrue=accrue)
        assert Counter(map(told, found)) == Counter(map(told, lines))
        assert Counter(map(said, bad)) == Counter(map(said, problems))
        if engine.name != "frames":
            whole = feerules.price_estate(frame, book, period, form="long", accrue=accrue)
            assert in_order(found) == in_order(whole.rows.to_dicts())
            assert in_order(bad) == in_order(whole.problems.to_dicts())

    law()


def test_every_engine_adds_up_the_same_totals(engine: Engine) -> None:
    @as_often(engine, 25)
    @given(rulebooks.priced(), rulebooks.units())
    def law(drawn: tuple[list[dict[str, str]], str], given_: list[dict[str, Any]]) -> None:
        [files], period = drawn
        book, units = rulebooks.loaded(files, period), keyed(given_)
        frame = pl.DataFrame(units, schema=dict.fromkeys(units[0], pl.String))
        lines, problems = one_by_one(units, book, period)
        found, bad = engine.price(frame, book, period)
        assert {*by_unit(found)} == {unit["unit_id"] for unit in units} - {each.unit_id for each in problems}
        assert Counter(map(said, bad)) == Counter(map(said, problems))
        for unit_id, row in by_unit(found).items():
            sums: dict[str, Any] = dict.fromkeys(name for name in row if name not in ("unit_id", "total"))
            for line in lines:
                if line.unit_id == unit_id:
                    sums[line.fee] = (sums[line.fee] or 0) + line.amount
            assert row == {"unit_id": unit_id, **sums, "total": sum(each or 0 for each in sums.values())}

    law()


def test_dated_facts_give_the_same_lines_and_problems(engine_of_dated_facts: Engine) -> None:
    engine = engine_of_dated_facts

    @as_often(engine, 16)
    @given(rulebooks.priced(), rulebooks.units(4), st.data())
    def law(drawn: tuple[list[dict[str, str]], str], given_: list[dict[str, Any]], data: Any) -> None:
        [files], period = drawn
        # A row of a frame tells every reading, a change only those that it names: by reading they differ.
        files = {name: text.replace("by_reading", "by_days") for name, text in files.items()}
        book = rulebooks.loaded(files, period, dated=True)
        records, singles = [], []
        for facts_of_unit in keyed(given_):
            unit = {"owner_id": "A", **facts_of_unit}
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
        found, bad = engine.price(frame, book, period, form="long")
        assert Counter(map(told, found)) == Counter(map(told, lines))
        assert {(each["unit_id"], each["code"]) for each in bad} >= {
            (each.unit_id, each.code) for each in problems
        }
        if engine.name != "frames":
            whole = feerules.price_estate(frame, book, period, form="long")
            assert in_order(found) == in_order(whole.rows.to_dicts())
            assert in_order(bad) == in_order(whole.problems.to_dicts())

    law()


def in_order(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(records, key=repr)


def by_unit(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {each["unit_id"]: each for each in records}
    assert len(found) == len(records)
    return found
