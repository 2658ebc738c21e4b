"""The parts of a notice in words, before a template lays them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from feerules.notices.capitals import capital_amount
from feerules.notices.senders import Sender
from feerules.wording import Wording, sentence

__all__ = ["Letter", "Row", "Table", "capitals", "span", "ways_to_pay", "with_capitals"]

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells, and the same as one line of plain text.

    `spans` says over how many rows each cell goes, 0 where one above goes over it; () where none does.
    """

    cells: tuple[str, ...]
    text: str
    spans: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the columns of `numbers` are set to the right."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    numbers: frozenset[int] = frozenset()
    title: str = ""
    facts: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """What stands in a notice, from the top to the bottom; what is empty is left out."""

    title: str
    data: Mapping[str, Any]
    sender: Sender
    sms: str = ""
    greeting: str = ""
    opening: Sequence[str] = ()
    facts: Sequence[Pair] = ()
    tables: Sequence[Table] = ()
    totals: Sequence[Pair] = ()
    closing: Sequence[str] = ()
    payment: Sequence[Pair] = ()
    payment_title: str = ""
    basis: Sequence[Pair] = ()
    day: date | None = None
    draft: str = ""
    landscape: bool = False
    paper: str = "A4"
    warnings: tuple[str, ...] = field(default=())


def capitals(amount: Decimal, currency: str) -> str:
    """The sum in Chinese capitals; "" for money other than yuan, which has no such form."""
    return capital_amount(amount) if currency == "CNY" else ""


def with_capitals(label: str, amount: Decimal, currency: str, words: Wording) -> list[Pair]:
    """A sum in figures, and below it in capitals."""
    pairs = [(label, words.money(amount, currency))]
    if said := capitals(amount, currency):
        pairs.append((words.text("In Chinese capitals"), said))
    return pairs


def span(first: date, last: date, words: Wording) -> str:
    """The days of a period; of whole months, the month or months."""
    if first.day != 1 or (last + timedelta(days=1)).day != 1:
        return words.days(first, last)
    if (first.year, first.month) == (last.year, last.month):
        return words.month(first)
    return words.text("{first} to {last}", first=words.month(first), last=words.month(last))


WAYS = {
    "payee": sentence("Payee"),
    "bank": sentence("Bank"),
    "account": sentence("Account number"),
    "address": sentence("Place"),
    "hours": sentence("Hours"),
    "ways": sentence("Other ways"),
    "hotline": sentence("Telephone"),
}


def ways_to_pay(sender: Sender, words: Wording) -> list[Pair]:
    return [(words.text(label), said) for key, label in WAYS.items() if (said := getattr(sender, key))]
