"""Notices for a whole estate: one for each payer or account of a frame, made as they are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import polars as pl

from feerules.bill_line import in_force
from feerules.book import Book
from feerules.citations import titles
from feerules.errors import Problem
from feerules.frames import into_lazy, lacking
from feerules.notices.arrears_letters import Asked, OpenCharge, Titles
from feerules.notices.fee_notices import Billed
from feerules.notices.making import Making
from feerules.notices.results import Notice, NoticeError, given, one_of
from feerules.progress import counting
from feerules.reckoning import Reckoning
from feerules.reports.results import Report
from feerules.wording import Wording

__all__ = ["KINDS", "Notices"]

KINDS: Final = ("fee_notice", "payment_notice", "action")
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "fee_notice": ("fee", "period_start", "period_end", "due_on", "amount"),
    "payment_notice": ("account_id", "as_of", "overdue"),
    "action": ("account_id", "as_of", "decision", "amount", "fields"),
}
ONE_DAY = timedelta(days=1)
Row = Mapping[str, Any]
Made = Callable[[], Notice]


@dataclass(frozen=True)
class Notices:
    """The notices of a frame. Iterate over them, `write` them into a folder, or ask for their `frame`."""

    making: Making
    kind: str
    rows: pl.DataFrame = field(repr=False)
    charges: Mapping[str, Row] = field(repr=False)
    recipients: Mapping[str, Any] = field(repr=False)
    on: Any
    local_rule: str
    back: Callable[[pl.LazyFrame], Any] = field(repr=False)

    @classmethod
    def of(
        cls, making: Making, rows: Any, kind: str, *, charges: Any, recipients: Any, on: Any,
        local_rule: str,
    ) -> Notices:  # fmt: skip
        if kind not in KINDS:
            raise NoticeError([one_of("unknown_kind", "kind", kind, KINDS)])
        lazy, back = into_lazy(rows)
        frame = lazy.collect()
        missing = [name for name in NEEDED[kind] if name not in frame.columns]
        if missing:
            raise lacking("rows", missing, frame.columns)
        return cls(making, kind, frame, _by_id(charges), _whom(recipients), on, local_rule, back)

    def __iter__(self) -> Iterator[Notice]:
        """Each notice; `NoticeError` at the first that cannot be made (`frame` and `write` go on)."""
        return (make() for _, make in self._each())

    def write(
        self, folder: str | Path, suffixes: Sequence[str] = (".html",), *, progress: bool | None = None
    ) -> Report:
        """Writes each notice into a folder, a file for each suffix of .html, .txt and .sms.

        The answer has a row for each notice with its file, and apart the problems of those not made.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        names: set[str] = set()

        def written(notice: Notice) -> dict[str, Any]:
            name = _file_name(notice, names)
            wanted = (suffix for suffix in suffixes if suffix != ".sms" or notice.sms is not None)
            files = [notice.write(folder / f"{name}{suffix}").name for suffix in wanted]
            return {
                "recipient_id": notice.recipient_id,
                "kind": notice.kind,
                "file": files[0] if files else None,
            }

        return self._reported(written, progress)

    def frame(self, *, progress: bool | None = False) -> Report:
        """A row for each notice with its texts, and apart the problems of those that could not be made."""
        return self._reported(_as_row, progress)

    def _reported(self, told: Callable[[Notice], dict[str, Any]], progress: bool | None) -> Report:
        rows, problems = [], []
        with counting(progress, "notices") as count:
            for whom, make in self._each():
                try:
                    rows.append(told(make()))
                except NoticeError as error:
                    problems += [
                        {
                            "recipient_id": whom,
                            "code": each.code,
                            "reason": f"found {each.found}, expected {each.expected}",
                        }
                        for each in error.problems
                    ]
                count(1)
        kinds: Mapping[str, Any] = (
            _ROW if told is _as_row else {"recipient_id": pl.String, "kind": pl.String, "file": pl.String}
        )
        given_back = (
            pl.DataFrame(rows, schema=kinds, orient="row"),
            pl.DataFrame(
                problems, schema=dict.fromkeys(("recipient_id", "code", "reason"), pl.String), orient="row"
            ),
        )
        return Report(*(self.back(each.lazy()) for each in given_back))

    # One by one

    def _each(self) -> Iterator[tuple[str | None, Made]]:
        """Whom each notice is for, and how it is made."""
        if self.kind == "fee_notice":
            return self._bills()
        return self._positions() if self.kind == "payment_notice" else self._actions()

    def _bills(self) -> Iterator[tuple[str | None, Made]]:
        whose = [
            name for name in ("account_id", "payer", "payer_id", "currency") if name in self.rows.columns
        ]
        if "unit_id" in self.rows.columns:
            # Without an account, a unit has a notice of its own.
            account = (
                pl.col("account_id").cast(pl.String) if "account_id" in whose else pl.lit(None, pl.String)
            )
            unit: pl.Expr = pl.when(account.is_null()).then(pl.col("unit_id").cast(pl.String))
        else:
            unit = pl.lit(None, pl.String)
        rows = self.rows.with_row_index("#n").with_columns(unit.alias("#unit"))
        first = pl.col("#n").min().over([*whose, "#unit"])
        named = self.making.titles
        for _, lines in groupby(
            rows.with_columns(first.alias("#first")).sort("#first", "#n").iter_rows(named=True),
            itemgetter("#first"),
        ):
            every = [*lines]
            yield _id_of(every[0]), self._of_lines(every, named)

    def _of_lines(self, rows: Sequence[Row], named: Titles) -> Made:
        def make() -> Notice:
            lines = [_billed(row, named, self.making.book, self.making.words) for row in rows]
            first = lines[0]
            return self.making.of_lines(
                lines, self._recipient(first.account_id, first.payer_id, first.unit_id), self.on
            )

        return make

    def _positions(self) -> Iterator[tuple[str | None, Made]]:
        named = self.making.titles
        for row in self.rows.iter_rows(named=True):
            if _money(row, "overdue"):
                yield _text(row, "account_id"), self._of_position(row, named)

    def _of_position(self, row: Row, named: Titles) -> Made:
        def make() -> Notice:
            asked = self._asked(row, named, _money(row, "overdue"), row.get("overdue_charge_ids") or (), row)
            return self.making.of_arrears(asked, self._recipient(asked.account_id), self.on)

        return make

    def _actions(self) -> Iterator[tuple[str | None, Made]]:
        named = self.making.titles
        for row in self.rows.iter_rows(named=True):
            if row["decision"] == "act":
                yield _text(row, "account_id"), self._of_action(row, named)

    def _of_action(self, row: Row, named: Titles) -> Made:
        """A demand where the step gives days to pay; else the payment notice, as that step's message."""

        def make() -> Notice:
            told = json.loads(row["fields"]) if row["fields"] else {}
            asked = self._asked(row, named, _money(row, "amount"), row.get("charge_ids") or (), told)
            template, audience = _text(row, "template") or "", _text(row, "audience")
            recipient = self._recipient(asked.account_id)
            if asked.pay_by is None:
                return self.making.of_step(asked, template, audience, recipient, self.on)
            return self.making.of_action(asked, template, audience, recipient, self.on, self.local_rule)

        return make

    def _asked(self, row: Row, named: Titles, amount: Decimal, charge_ids: Sequence[str], told: Row) -> Asked:
        as_of = _day(row, "as_of")
        assert as_of is not None
        return Asked(
            account_id=_text(row, "account_id"),
            as_of=as_of,
            amount=amount,
            charges=self._charges(charge_ids, amount, as_of, named),
            currency=_text(row, "currency") or "CNY",
            late_fee=_money(told, "late_fee_due"),
            fee=_money(told, "fee"),
            credit=_money(row, "credit"),
            pay_by=_day(told, "pay_by"),
            days_overdue=_whole(told, "days_overdue"),
            oldest_due_on=_day(told, "oldest_due_on"),
            unpaid_periods=_whole(told, "unpaid_periods"),
            step=_text(row, "step_id") or "",
            announces=tuple(row.get("announces") or ()),
            source=_text(row, "source") or "",
            needs_approval=_text(row, "needs_approval"),
        )

    def _charges(self, ids: Sequence[str], amount: Decimal, as_of: date, named: Titles) -> list[OpenCharge]:
        """What the charges are of, as far as all are known; what is open of each only where that is sure."""
        rows = [self.charges[each] for each in ids if each in self.charges]
        if len(rows) != len(ids):
            return []
        column = "open" if rows and all("open" in row for row in rows) else "amount"
        sums: list[Decimal | None] = [_money(row, column) for row in rows]
        if column == "amount" and sum(filter(None, sums), Decimal(0)) != amount:
            sums = [None] * len(rows)
        return [
            _open_charge(row, left, named, self.making.words) for row, left in zip(rows, sums, strict=True)
        ]

    def _recipient(self, *ids: str | None) -> Any:
        return next(
            (self.recipients[each] for each in ids if each is not None and each in self.recipients), None
        )


_ROW: Final[Mapping[str, Any]] = {
    "recipient_id": pl.String, "kind": pl.String, "template": pl.String, "audience": pl.String, "title": pl.String,
    "text": pl.String, "html": pl.String, "sms": pl.String, "sms_encoding": pl.String, "sms_characters": pl.Int64,
    "sms_segments": pl.Int64, "needs_approval": pl.String, "warnings": pl.List(pl.String),
}  # fmt: skip


def _as_row(notice: Notice) -> dict[str, Any]:
    sms = notice.sms
    return {
        "recipient_id": notice.recipient_id, "kind": notice.kind, "template": notice.template,
        "audience": notice.audience, "title": notice.title, "text": notice.text, "html": notice.html,
        "sms": sms and sms.text, "sms_encoding": sms and sms.encoding, "sms_characters": sms and sms.characters,
        "sms_segments": sms and sms.segments, "needs_approval": notice.needs_approval,
        "warnings": list(notice.warnings),
    }  # fmt: skip


def _file_name(notice: Notice, taken: set[str]) -> str:
    """A name that no folder minds, and that no other notice has."""
    whom = re.sub(r"[^\w.-]", "_", notice.recipient_id or "notice").lstrip(".") or "notice"
    name = base = f"{whom[:100]}.{notice.kind}"
    number = 1
    while name.lower() in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name.lower())
    return name


# Reading rows


def _by_id(charges: Any) -> dict[str, Row]:
    if charges is None:
        return {}
    frame = into_lazy(charges)[0].collect()
    missing = [name for name in ("charge_id", "fee", "due_on", "amount") if name not in frame.columns]
    if missing:
        raise lacking("charges", missing, frame.columns)
    return {str(row["charge_id"]): row for row in frame.iter_rows(named=True)}


def _whom(recipients: Any) -> Mapping[str, Any]:
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


def _id_of(row: Row) -> str | None:
    return _text(row, "account_id") or _text(row, "payer_id") or _text(row, "unit_id")


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    return None if value is None else str(value)


def _whole(row: Row, name: str) -> int | None:
    value = row.get(name)
    return None if value is None else int(value)


def _money(row: Row, name: str) -> Decimal:
    value = row.get(name)
    if value is None:
        return Decimal(0)
    with suppress(InvalidOperation):
        if not isinstance(value, float | bool):
            return Decimal(value)
        if round(value, 2) == value:
            return Decimal(f"{value:.2f}")
    expected = "an amount with two decimals, as a decimal, a whole number or text"
    raise NoticeError([Problem("not_an_amount", given(name), f"{value!r:.40}", expected)])


def _day(row: Row, name: str) -> date | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    with suppress(ValueError):
        return date.fromisoformat(str(value)[:10])
    raise NoticeError([Problem("not_a_day", given(name), f"{value!r:.40}", "a day such as 2026-11-12")])


def _needed_day(row: Row, name: str) -> date:
    day = _day(row, name)
    if day is None:
        raise NoticeError([Problem("not_a_day", given(name), "nothing", "a day such as 2026-11-12")])
    return day


def _number(row: Row, name: str) -> Decimal | None:
    value = row.get(name)
    return None if value is None else Decimal(str(value)).normalize()


def _billed(row: Row, named: Titles, book: Book | None, words: Wording) -> Billed:
    first, last = _needed_day(row, "period_start"), _needed_day(row, "period_end") - ONE_DAY
    amount, currency, fee = _money(row, "amount"), _text(row, "currency") or "CNY", str(row["fee"])
    return Billed(
        _text(row, "charge_id") or "", _text(row, "unit_id"), _text(row, "account_id"),
        _text(row, "payer") or "owner", _text(row, "payer_id"), fee, words.title(named.get(fee, {}), fee),
        first, last, _day(row, "issued_on"), _needed_day(row, "due_on"), _calculation(row, amount, currency, words),
        amount, _money(row, "tax"), currency, _rule(row, book, words), _text(row, "source") or "",
    )  # fmt: skip


def _calculation(row: Row, amount: Decimal, currency: str, words: Wording) -> str:
    """Quantity × rate where that comes to the amount; else the amount alone."""
    factor = _number(row, "factor")
    reckoning = Reckoning(
        words, "", _number(row, "quantity"), _text(row, "unit") or "", _number(row, "rate"),
        Fraction(1) if factor is None else Fraction(factor), "", currency, "", (),
    )  # fmt: skip
    told = reckoning.told(amount, amount - _money(row, "tax"))
    return told.text if told.explained else words.money(amount, currency)


def _rule(row: Row, book: Book | None, words: Wording) -> str:
    document, version = _text(row, "document") or "", _text(row, "version") or ""
    if not document:
        return ""
    schedules = () if book is None else book.schedules
    title = next(
        (words.title(titles(each.title, each.id)) for each in schedules if each.id == document), document
    )
    return in_force(title, version, words) if version else title


def _open_charge(row: Row, left: Decimal | None, named: Titles, words: Wording) -> OpenCharge:
    fee, end = str(row["fee"]), _day(row, "period_end")
    return OpenCharge(
        str(row["charge_id"]), _text(row, "unit_id"), fee, words.title(named.get(fee, {}), fee),
        _day(row, "period_start"), None if end is None else end - ONE_DAY, _needed_day(row, "due_on"), None, left,
    )  # fmt: skip
