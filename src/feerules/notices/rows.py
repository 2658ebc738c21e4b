"""Rows of frames, as notices read them: each value in every form that is exact, else a `NoticeError`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from feerules.bill_line import in_force
from feerules.book import Book
from feerules.citations import titles
from feerules.errors import Problem
from feerules.frames import into_lazy, lacking
from feerules.notices.arrears_letters import OpenCharge, Titles
from feerules.notices.fee_notices import Billed
from feerules.notices.results import NoticeError, given
from feerules.reckoning import Reckoning
from feerules.wording import Wording

__all__ = [
    "Row", "billed_row", "charges_by_id", "day_in", "fields_in", "id_of", "list_in", "money_in", "open_row",
    "recipients_of", "text_in", "whole_in",
]  # fmt: skip

ONE_DAY = timedelta(days=1)
Row = Mapping[str, Any]


def charges_by_id(charges: Any) -> dict[str, Row]:
    if charges is None:
        return {}
    frame = into_lazy(charges)[0].collect()
    missing = [name for name in ("charge_id", "fee", "due_on", "amount") if name not in frame.columns]
    if missing:
        raise lacking("charges", missing, frame.columns)
    return {str(row["charge_id"]): row for row in frame.iter_rows(named=True)}


def recipients_of(recipients: Any) -> Mapping[str, Any]:
    if recipients is None or isinstance(recipients, Mapping):
        return recipients or {}
    frame = into_lazy(recipients)[0].collect()
    keys = [name for name in ("account_id", "payer_id", "unit_id") if name in frame.columns]
    if not keys:
        raise lacking("recipients", ["account_id, payer_id or unit_id"], frame.columns)
    told = [name for name in ("name", "unit", "address") if name in frame.columns]
    return {
        str(row[key]): {name: row[name] for name in told if row[name] is not None}
        for row in frame.iter_rows(named=True)
        for key in keys
        if row[key] is not None
    }


def id_of(row: Row) -> str | None:
    return text_in(row, "account_id") or text_in(row, "payer_id") or text_in(row, "unit_id")


def text_in(row: Row, name: str) -> str | None:
    value = row.get(name)
    return None if value is None else str(value)


def whole_in(row: Row, name: str) -> int | None:
    number = _number(row, name)
    return None if number is None else int(number)


def list_in(row: Row, name: str) -> tuple[str, ...]:
    """Several words or ids; in a file without lists, a text with commas."""
    value = row.get(name)
    if isinstance(value, str):
        value = [each.strip().strip('"') for each in value.strip("[]").split(",") if each.strip()]
    return () if value is None else tuple(map(str, value))


def fields_in(row: Row) -> Mapping[str, Any]:
    """The fields of an action's message, which are JSON."""
    with suppress(ValueError):
        told = json.loads(row["fields"] or "{}")
        if isinstance(told, dict):
            return told
    found = f"{row['fields']!r:.60}"
    raise NoticeError([Problem("not_json", given("fields"), found, "the fields of an action, as JSON")])


def money_in(row: Row, name: str) -> Decimal:
    value = row.get(name)
    if value is None:
        return Decimal(0)
    with suppress(InvalidOperation):
        if isinstance(value, Decimal | int | str) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite() and number == number.quantize(Decimal("0.01")):
                return number
        if isinstance(value, float) and round(value, 2) == value:
            return Decimal(f"{value:.2f}")
    expected = "an amount with two decimals, as a decimal, a whole number or text"
    raise NoticeError([Problem("not_an_amount", given(name), f"{value!r:.40}", expected)])


def day_in(row: Row, name: str) -> date | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    with suppress(ValueError):
        return date.fromisoformat(str(value)[:10])
    raise NoticeError([Problem("not_a_day", given(name), f"{value!r:.40}", "a day such as 2026-11-12")])


def needed_day(row: Row, name: str) -> date:
    day = day_in(row, name)
    if day is None:
        raise NoticeError([Problem("not_a_day", given(name), "nothing", "a day such as 2026-11-12")])
    return day


def _number(row: Row, name: str) -> Decimal | None:
    value = row.get(name)
    if value is None:
        return None
    with suppress(InvalidOperation):
        number = Decimal(str(value))
        if number.is_finite():
            return number.normalize()
    raise NoticeError([Problem("not_an_amount", given(name), f"{value!r:.40}", "a number")])


def billed_row(row: Row, named: Titles, book: Book | None, words: Wording) -> Billed:
    first, last = needed_day(row, "period_start"), needed_day(row, "period_end") - ONE_DAY
    amount, currency, fee = money_in(row, "amount"), text_in(row, "currency") or "CNY", str(row["fee"])
    return Billed(
        text_in(row, "charge_id") or "", text_in(row, "unit_id"), text_in(row, "account_id"),
        text_in(row, "payer") or "owner", text_in(row, "payer_id"), fee, words.title(named.get(fee, {}), fee),
        first, last, day_in(row, "issued_on"), needed_day(row, "due_on"), _calculation(row, amount, currency, words),
        amount, money_in(row, "tax"), currency, _rule(row, book, words), text_in(row, "source") or "",
    )  # fmt: skip


def _calculation(row: Row, amount: Decimal, currency: str, words: Wording) -> str:
    """Quantity × rate where that comes to the amount; else the amount alone."""
    factor = _number(row, "factor")
    reckoning = Reckoning(
        words, "", _number(row, "quantity"), text_in(row, "unit") or "", _number(row, "rate"),
        Fraction(1) if factor is None else Fraction(factor), "", currency, "", (),
    )  # fmt: skip
    told = reckoning.told(amount, amount - money_in(row, "tax"))
    return told.text if told.explained else words.money(amount, currency)


def _rule(row: Row, book: Book | None, words: Wording) -> str:
    document, version = text_in(row, "document") or "", text_in(row, "version") or ""
    if not document:
        return ""
    schedules = () if book is None else book.schedules
    title = next(
        (words.title(titles(each.title, each.id)) for each in schedules if each.id == document), document
    )
    return in_force(title, version, words) if version else title


def open_row(row: Row, left: Decimal | None, named: Titles, words: Wording) -> OpenCharge:
    fee, end = str(row["fee"]), day_in(row, "period_end")
    return OpenCharge(
        str(row["charge_id"]), text_in(row, "unit_id"), fee, words.title(named.get(fee, {}), fee),
        day_in(row, "period_start"), None if end is None else end - ONE_DAY, needed_day(row, "due_on"), None, left,
    )  # fmt: skip
