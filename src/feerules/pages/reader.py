"""For whom a page is made: the language of its words, and what fees and facts are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import polars as pl

from feerules.pages.columns import COLUMNS
from feerules.pages.page import Kind
from feerules.reports.headings import heading
from feerules.vocabulary import POSITION
from feerules.wording import Wording, sentence

__all__ = ["NOTHING", "Reader", "Told"]

Told = str | Mapping[str, str]  # a text, or {"zh": …, "en": …}
NOTHING = "–"  # where a number would stand
# The closed words of frames, by what they are told as.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "matched": sentence("Matched"),
        "different": sentence("Different"),
        "missing": sentence("Missing in the bills"),
        "extra": sentence("Extra in the bills"),
        "problem": sentence("Cannot be priced"),
        "act": sentence("Act"),
        "wait": sentence("Wait"),
        "hold": sentence("Hold"),
        "review": sentence("Review by a person"),
        "clear": sentence("Nothing to do"),
        "charge": sentence("Charge"),
        "late_fee": sentence("Late fee"),
        "deposit": sentence("Deposit"),
        "credit": sentence("Credit"),
        "refund": sentence("Refund"),
        "household": sentence("By household"),
        "amount": sentence("By amount"),
        "arrears": sentence("Arrears of earlier periods"),
        "phone": sentence("Phone"),
        "sms": sentence("SMS"),
        "wechat": sentence("WeChat"),
        "app": sentence("App"),
        "email": sentence("Email"),
        "visit": sentence("Visit"),
        "in_person": sentence("In person"),
        "courier": sentence("Courier"),
        "post": sentence("Post"),
        "notice": sentence("Notice"),
        "old": sentence("Old rules"),
        "new": sentence("New rules"),
        "both": sentence("Old and new rules"),
    }
)
# Where ids of steps, classes and stops stand.
NAMED = ("step_id", "last_step", "class", "stop")
# In which columns they stand; the same word in another column is somebody's own.
WORDED = ("state", "decision", "kind", "base", "channel", "fallback", "side")


@dataclass(frozen=True)
class Reader:
    """Who reads a page. `fees` are the titles of fees by id, {"zh": …, "en": …}; `names` those of steps, classes, stops.

    `facts` are the titles of what is known of a unit, `spellings` how its values are written in Chinese.
    """

    words: Wording
    fees: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    spellings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def said(self, told: Told | None) -> str:
        """A text, or the one of two that is in the reader's language."""
        if told is None or isinstance(told, str):
            return told or ""
        return self.words.title(told)

    def fee(self, fee_id: str) -> str:
        return self.words.title(self.fees.get(fee_id, {}), self.word(fee_id))

    def column(self, name: str) -> str:
        """What a column is called: after its fee, by the house, after a fact of a position, else by its own name."""
        if name in self.fees:
            return self.fee(name)
        if name in COLUMNS:
            return self.words.text(COLUMNS[name])
        own = heading(name, self.words)
        if own == name and name in POSITION and self.words.language == "zh":
            return POSITION[name].zh
        return own

    def fact(self, name: str) -> str:
        """What a column is called that holds a fact of units; another means what it means elsewhere."""
        return self.words.title(self.facts[name], name) if name in self.facts else self.column(name)

    def values(self, rows: pl.LazyFrame, names: Iterable[str]) -> pl.LazyFrame:
        """The rows with the values of facts as people call them: 住宅 for home, 空置 for true."""
        schema = rows.collect_schema()
        told = []
        for name in names:
            spelled = self.spellings.get(name, {}) if self.words.language == "zh" else {}
            if schema[name] == pl.Boolean:
                truths = {
                    value: spelled.get(str(value).lower()) or self._truth(name, value)
                    for value in (True, False)
                }
                told.append(pl.col(name).replace_strict(truths, default=None, return_dtype=pl.String))
            elif name in self.facts and schema[name] == pl.String:
                told.append(pl.col(name).replace(spelled))
        return rows.with_columns(told)

    def _truth(self, name: str, value: bool) -> str:
        return self.words.text("{name}: {value}", name=self.fact(name), value=self.written(value, "text"))

    def word(self, word: str) -> str:
        """A closed word of a frame, as the reader calls it."""
        return self.words.text(WORDS[word]) if word in WORDS else word

    def translated(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows with closed words, fees and the reasons of problems in the reader's language."""
        schema = rows.collect_schema()
        texts = [
            name for name, kind in schema.items() if isinstance(kind, pl.String | pl.Categorical | pl.Enum)
        ]
        words = {word: self.word(word) for word in WORDS}
        fees = {fee: self.fee(fee) for fee in self.fees}
        changed = [pl.col(name).cast(pl.String).replace(words) for name in texts if name in WORDED]
        if "fee" in texts:
            changed.append(pl.col("fee").cast(pl.String).replace({"late_fee": self.word("late_fee"), **fees}))
        named = [name for name in texts if name in NAMED]
        if self.names and named:
            names = {id_: self.words.title(title) for id_, title in self.names.items()}
            changed.append(pl.col(named).cast(pl.String).replace(names))
        if {"code", "reason"} <= {*texts}:
            changed.append(self._reasons())
        return rows.with_columns(changed)

    def _reasons(self) -> pl.Expr:
        def told(pairs: pl.Series) -> pl.Series:
            known = {
                (pair["code"], pair["reason"]): self.words.retold(pair["reason"] or "", pair["code"] or "")
                for pair in pairs.unique()
            }
            texts = [known[pair["code"], pair["reason"]] for pair in pairs]
            return pl.Series("reason", texts, pl.String)

        return pl.struct("code", "reason").map_batches(told, return_dtype=pl.String).alias("reason")

    # Values as text

    def money(self, amount: Decimal, currency: str = "") -> str:
        return self.words.money(amount, currency) if currency else self.words.number(amount, 2)

    def number(self, value: Decimal | int) -> str:
        return self.words.number(Decimal(value))

    def written(self, value: Any, kind: Kind) -> str:
        """A value as it stands in a cell."""
        match value:
            case None:
                return "" if kind in ("text", "day", "place") else NOTHING
            case bool():
                return self.words.text("yes") if value else self.words.text("no")
            case str():
                return value
            case bytes():
                return value.hex(" ")
            case int() | Decimal() | float() if value != value:  # not a number
                return NOTHING
            case Decimal() if kind == "share":
                return self.words.percent(value)
            case Decimal() if kind == "number":
                return _shortest(value)
            case int() | Decimal() | float():
                return f"{value:,}"
            case datetime():
                return f"{value:%Y-%m-%d %H:%M}"
            case date():
                return value.isoformat()
        return self._several(value) if isinstance(value, Iterable) else str(value)

    def _several(self, values: Iterable[Any]) -> str:
        pairs = values.items() if isinstance(values, Mapping) else ((None, each) for each in values)
        texts = [
            self.written(each, "text") if name is None else f"{name} {self.written(each, 'text')}"
            for name, each in pairs
        ]
        return self.words.listed(texts) if texts else ""


def _shortest(value: Decimal) -> str:
    """A number without the zeros that only its column asks for: 105.180000 is 105.18, 2.8 is 2.80, 3.00 is 3."""
    whole, point, decimals = f"{value:,f}".partition(".")
    told = decimals.rstrip("0")
    return f"{whole}{point}{told:0<2}" if told else whole
