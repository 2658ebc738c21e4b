"""Reasons of decisions as columns: their codes in order, and all that each tells as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from feerules.citations import source_of
from feerules.documents.policy import Step, Stop

__all__ = ["Why", "after", "by_step", "entry", "fact", "first_of", "json_day", "json_money", "json_text"]


def fact(name: str) -> pl.Expr:
    """A fact of the position."""
    return pl.col(f"@{name}")


def after(count: pl.Expr) -> pl.Expr:
    return pl.duration(days=count)


def _text(day: pl.Expr) -> pl.Expr:
    return day.dt.strftime("%Y-%m-%d")


class Why:
    """Reasons as they come up: when each does, its code, and it all as JSON."""

    def __init__(self) -> None:
        self.parts: list[tuple[pl.Expr, str, pl.Expr]] = []

    def because(
        self, when: pl.Expr, code: str, rule: Stop | Step | None = None, told: Mapping[str, Any] | None = None
    ) -> None:
        """`told` are its fields: constants, or expressions that give JSON."""
        where = ("", "", {}) if rule is None else (rule.id, str(rule.where), source_of(rule.source))
        self.add(when, code, told or {}, where)

    def add(
        self, when: pl.Expr, code: str, told: Mapping[str, Any], where: tuple[str, str, Mapping[str, str]]
    ) -> None:
        parts: list[Any] = [f'{{"code": {json.dumps(code)}, "fields": {{']
        for number, (name, value) in enumerate(told.items()):
            parts.append(f"{', ' if number else ''}{json.dumps(name)}: ")
            parts.append(value if isinstance(value, pl.Expr) else _json(value))
        rule, place, source = (_json(each) for each in where)
        parts.append(f'}}, "rule": {rule}, "where": {place}, "source": {source}}}')
        text = pl.concat_str([part if isinstance(part, pl.Expr) else pl.lit(part) for part in parts])
        self.parts.append((when, code, text))

    def told(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with `reasons` and `reasons_json`. A reason is put into words only where it comes up."""
        masks = rows.select(when.fill_null(False).alias(str(n)) for n, (when, _, _) in enumerate(self.parts))
        found = []
        for mask, (_, code, text) in zip(masks, self.parts, strict=True):
            if mask.any():
                # Lazily, so that only the columns that the text tells of are filtered.
                said = (
                    rows.lazy()
                    .filter(mask)
                    .select("#acc", pl.lit(code).alias("reasons"), text.alias("~json"))
                )
                found.append(said)
        nothing = pl.LazyFrame(schema={"#acc": rows.schema["#acc"], "reasons": pl.String, "~json": pl.String})
        lists = pl.concat([nothing, *found]).group_by("#acc", maintain_order=True).agg("reasons", "~json")
        json_ = pl.concat_str(pl.lit("["), pl.col("~json").list.join(", "), pl.lit("]"))
        told = lists.select("#acc", "reasons", reasons_json=json_)
        return rows.lazy().join(told, on="#acc", how="left", maintain_order="left").collect()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def json_text(text: pl.Expr) -> pl.Expr:
    """A text as JSON, `null` where there is none."""
    told = pl.struct(text.alias("x")).struct.json_encode()
    return told.str.slice(5, told.str.len_chars() - 6)


def json_day(day: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), _text(day), pl.lit('"'))


def json_money(amount: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), amount.cast(pl.String), pl.lit('"'))


def entry(table: Sequence[Any], at: pl.Expr, dtype: Any = pl.String) -> pl.Expr:
    """The entry of a small table; null beyond its end."""
    return pl.lit(pl.Series([*table, None], dtype=dtype)).gather(at)


def by_step(steps: Sequence[Step], told: Callable[[Step], pl.Expr], dtype: Any) -> pl.Expr:
    """What is told of the step that is taken; null where none is."""
    found: pl.Expr = pl.lit(None, dtype)
    for number, step in reversed([*enumerate(steps)]):
        found = pl.when(pl.col("~step") == number).then(told(step)).otherwise(found)
    return found


def first_of(*pairs: tuple[pl.Expr, pl.Expr | str], otherwise: pl.Expr | str | None = None) -> pl.Expr:
    """The value of the first test that holds."""
    found = otherwise if isinstance(otherwise, pl.Expr) else pl.lit(otherwise)
    for test, value in reversed(pairs):
        found = pl.when(test).then(value if isinstance(value, pl.Expr) else pl.lit(value)).otherwise(found)
    return found
