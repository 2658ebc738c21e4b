"""What a description tells of positions, as columns of frames: each value an expression over the nodes' columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from feerules.deciding.told import (
    Because,
    Case,
    Column,
    Constant,
    Contradictions,
    Count,
    Day,
    Description,
    Lists,
    Minute,
    Money,
    Own,
    Part,
    Told,
    Truth,
    Words,
    as_json,
)
from feerules.frames import to_decimal
from feerules.ledger.contradictions import CONTRADICTIONS
from feerules.moment_columns import minute_of, moment, told_at
from feerules.plan.nodes import Const, Node
from feerules.vocabulary import MOST_MONEY

__all__ = ["OWN", "ToldColumns", "fact"]

OWN = "@"  # before the name of a column of the position
EPOCH = datetime(1970, 1, 1)


def fact(name: str) -> pl.Expr:
    """A column of the position."""
    return pl.col(f"{OWN}{name}")


class ToldColumns:
    """The columns of a description over rows in which its nodes stand, `#acc` being the place of each."""

    def __init__(self, description: Description, as_of: date | datetime) -> None:
        self.description, self.as_of = description, as_of

    def of(self, rows: pl.DataFrame, *keep: pl.Expr) -> pl.DataFrame:
        """What is kept, and the columns that are told."""
        columns = self.description.columns
        if self.description.reasons:
            rows = self._reasoned(rows)
        told = [self._column(column).alias(name) for name, column in columns.items()]
        return rows.select("#acc", *keep, *told)

    # Nodes

    def _number(self, node: Node) -> pl.Expr:
        if isinstance(node, Const):
            return pl.lit(node.value, pl.Int64)
        return pl.col(self.description.name_of(node))

    def _flag(self, node: Node) -> pl.Expr:
        if isinstance(node, Const):
            return pl.lit(bool(node.value))
        return pl.col(self.description.name_of(node)).cast(pl.Boolean)

    # Values

    def _column(self, column: Column) -> pl.Expr:
        match column.kind:
            case "reasons" | "reasons_json":
                return pl.col(f"~{column.kind}")
            case "message":
                return self._message()
        return self._first_of(column.cases, self._nothing(column))

    def _first_of(self, cases: Sequence[Case], found: pl.Expr) -> pl.Expr:
        for case in reversed(cases):
            if isinstance(case.when, Const):
                found = self._value(case.told) if case.when.value else found
            else:
                found = pl.when(self._flag(case.when)).then(self._value(case.told)).otherwise(found)
        return found

    def _nothing(self, column: Column) -> pl.Expr:
        if column.kind == "moment":
            return moment(None, self.as_of)
        kinds: dict[str, Any] = {
            "text": pl.String, "texts": pl.List(pl.String), "flag": pl.Boolean, "count": pl.Int64,
            "money": pl.Decimal(18, 2), "day": pl.Date,
        }  # fmt: skip
        return pl.lit(None, kinds[column.kind])

    def _value(self, told: Told) -> pl.Expr:
        match told:
            case Constant(value=value):
                return pl.lit(value, pl.String) if isinstance(value, str) else told_at(value)
            case Words(table=table, at=at):
                return self._entry(table, at, pl.String)
            case Lists(table=table, at=at):
                return self._entry([*map(list, table)], at, pl.List(pl.String))
            case Truth(of=node):
                return self._flag(node)
            case Count(of=node):
                return self._number(node)
            case Money(fen=node):
                return to_decimal(self._number(node), 2, most=MOST_MONEY)
            case Day(number=node):
                return self._number(node).cast(pl.Int32).cast(pl.Date)
            case Minute(number=Const() as node):
                return moment(self._moment(node), self.as_of)
            case Minute(number=node):
                return minute_of(self._number(node), self.as_of)
            case Own(column=name):
                return fact(name)
            case Contradictions():
                return self._json(told)

    def _entry(self, table: Sequence[Any], at: Node, dtype: Any) -> pl.Expr:
        if isinstance(at, Const):
            return pl.lit(pl.Series([table[at.value]], dtype=dtype)).first()
        return pl.lit(pl.Series(table, dtype=dtype)).gather(self._number(at))

    def _moment(self, minute: Const) -> datetime:
        """A moment that is the same for all, on the clock of the question."""
        zone = self.as_of.tzinfo if isinstance(self.as_of, datetime) else None
        return EPOCH.replace(tzinfo=zone) + timedelta(minutes=minute.value)

    # JSON

    def _text(self, parts: Sequence[Part]) -> pl.Expr:
        return pl.concat_str([pl.lit(part) if isinstance(part, str) else self._json(part) for part in parts])

    def _json(self, told: Told) -> pl.Expr:
        value = _contradictions() if isinstance(told, Contradictions) else self._value(told)
        match told:
            case Contradictions():
                return value
            case Minute(number=Const() as node):
                return pl.lit(as_json(self._moment(node).isoformat()))
            case Minute():
                return _quoted(value.dt.strftime("%Y-%m-%dT%H:%M:%S"))
            case Count() | Own(kind="count"):
                return value.cast(pl.String)
            case Money() | Own(kind="money"):
                return _quoted(value.cast(pl.String))
            case Day() | Own(kind="day"):
                return _quoted(value.dt.strftime("%Y-%m-%d"))
        return json_text(value.cast(pl.String))

    def _message(self) -> pl.Expr:
        """The fields of the message as JSON, where there is one."""
        acts = self.description.acts
        assert acts is not None
        parts = [
            self._text(each.parts)
            if isinstance(each.when, Const)
            else pl.when(self._flag(each.when)).then(self._text(each.parts))
            for each in self.description.fields
            if each.when.hi
        ]
        told = pl.concat_str(parts, separator=", ", ignore_nulls=True)
        return pl.when(self._flag(acts)).then(pl.concat_str(pl.lit("{"), told, pl.lit("}")))

    # Reasons

    def _reasoned(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the codes of their reasons, and all of them as JSON; one is put into words only where it
        comes up."""
        found = [
            # Lazily, so that only the columns that the text tells of are filtered.
            self._said(rows.lazy().filter(mask), reason)
            for reason in self.description.reasons
            for mask in [self._mask(rows, reason)]
            if mask.any()
        ]
        nothing = pl.LazyFrame(
            schema={"#acc": rows.schema["#acc"], "~reasons": pl.String, "~json": pl.String}
        )
        lists = pl.concat([nothing, *found]).group_by("#acc", maintain_order=True).agg("~reasons", "~json")
        json_ = pl.concat_str(pl.lit("["), pl.col("~json").list.join(", "), pl.lit("]"))
        told = lists.select("#acc", "~reasons", json_.alias("~reasons_json"))
        return rows.lazy().join(told, on="#acc", how="left", maintain_order="left").collect()

    def _mask(self, rows: pl.DataFrame, reason: Because) -> pl.Series:
        if isinstance(reason.when, Const):
            return pl.repeat(True, rows.height, eager=True)
        return rows[self.description.name_of(reason.when)].cast(pl.Boolean)

    def _said(self, rows: pl.LazyFrame, reason: Because) -> pl.LazyFrame:
        return rows.select(
            "#acc", pl.lit(reason.code).alias("~reasons"), self._text(reason.parts).alias("~json")
        )


def json_text(text: pl.Expr) -> pl.Expr:
    """A text as JSON, `null` where there is none."""
    told = pl.struct(text.alias("x")).struct.json_encode()
    return told.str.slice(5, told.str.len_chars() - 6)


def _quoted(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), text, pl.lit('"'))


def _contradictions() -> pl.Expr:
    """What contradicts what, in the words of `CONTRADICTIONS`, as JSON."""
    told = (_contradicting(number).alias(language) for number, language in enumerate(("zh", "en")))
    return pl.struct(*told).struct.json_encode()


def _contradicting(language: int) -> pl.Expr:
    code, name = (pl.element().struct.field(each) for each in ("code", "id"))
    said = code.replace_strict(
        list(CONTRADICTIONS), [words[language] for words in CONTRADICTIONS.values()], return_dtype=pl.String
    )
    told = pl.format("{}: {}", name, said) if language else pl.format("{}（{}）", said, name)
    return fact("contradictions").list.eval(told).list.join("; " if language else "、")
