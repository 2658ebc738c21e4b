"""Notices for a whole estate: one for each payer or account of a frame, made as they are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import polars as pl

from feerules.frames import into_lazy, lacking
from feerules.notices.arrears_letters import Asked, OpenCharge, Titles
from feerules.notices.making import Making, whom
from feerules.notices.results import Notice, NoticeError, one_of
from feerules.notices.rows import (
    Row,
    billed_row,
    charges_by_id,
    day_in,
    fields_in,
    id_of,
    list_in,
    money_in,
    open_row,
    recipients_of,
    text_in,
    whole_in,
)  # fmt: skip
from feerules.progress import counting
from feerules.reports.results import Report

__all__ = ["KINDS", "Notices"]

KINDS: Final = ("fee_notice", "payment_notice", "action")
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "fee_notice": ("fee", "period_start", "period_end", "due_on", "amount"),
    "payment_notice": ("account_id", "as_of", "overdue"),
    "action": ("account_id", "as_of", "decision", "amount", "fields"),
}
SUFFIXES: Final = (".html", ".txt", ".sms")
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
        return cls(
            making, kind, frame, charges_by_id(charges), recipients_of(recipients), on, local_rule, back
        )

    def __iter__(self) -> Iterator[Notice]:
        """Each notice; `NoticeError` at the first that cannot be made (`frame` and `write` go on)."""
        return (make() for _, make in self._each())

    def write(
        self, folder: str | Path, suffixes: Sequence[str] = (".html",), *, progress: bool | None = None
    ) -> Report:
        """Writes each notice into a folder, a file for each suffix of .html, .txt and .sms.

        The answer has a row for each notice with its file, and apart the problems of those not made.
        """
        for suffix in suffixes:
            if suffix not in SUFFIXES:
                raise NoticeError([one_of("unknown_form", "suffixes", suffix, SUFFIXES)])
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
        shared = [name for name in ("account_id", "#unit") if name in rows.columns]
        payers = [pl.col(name) for name in ("payer", "payer_id", "currency") if name in rows.columns]
        rows = rows.with_columns(
            pl.col("#n").min().over([*whose, "#unit"]).alias("#first"),
            (pl.struct(*payers, pl.lit(0)).n_unique().over(shared) == 1).alias("#alone"),
        )
        for _, lines in groupby(rows.sort("#first", "#n").iter_rows(named=True), itemgetter("#first")):
            every = [*lines]
            yield id_of(every[0]), self._of_lines(every)

    def _of_lines(self, rows: Sequence[Row]) -> Made:
        def make() -> Notice:
            making = self.making
            lines = [billed_row(row, making.titles, making.book, making.words) for row in rows]
            told = whom(lines[0], self.recipients, alone=rows[0]["#alone"])
            return making.of_lines(lines, told, self.on)

        return make

    def _positions(self) -> Iterator[tuple[str | None, Made]]:
        named = self.making.titles
        for row in self.rows.iter_rows(named=True):
            if _owes(row):
                yield text_in(row, "account_id"), self._of_position(row, named)

    def _of_position(self, row: Row, named: Titles) -> Made:
        def make() -> Notice:
            asked = self._asked(row, named, money_in(row, "overdue"), list_in(row, "overdue_charge_ids"), row)
            return self.making.of_arrears(asked, self._recipient(asked.account_id), self.on)

        return make

    def _actions(self) -> Iterator[tuple[str | None, Made]]:
        named = self.making.titles
        for row in self.rows.iter_rows(named=True):
            if row["decision"] == "act":
                yield text_in(row, "account_id"), self._of_action(row, named)

    def _of_action(self, row: Row, named: Titles) -> Made:
        """A demand where the step gives days to pay; else the payment notice, as that step's message."""

        def make() -> Notice:
            told = fields_in(row)
            asked = self._asked(row, named, money_in(row, "amount"), list_in(row, "charge_ids"), told)
            template, audience = text_in(row, "template") or "", text_in(row, "audience")
            recipient = self._recipient(asked.account_id)
            return self.making.of_action(asked, template, audience, recipient, self.on, self.local_rule)

        return make

    def _asked(self, row: Row, named: Titles, amount: Decimal, charge_ids: Sequence[str], told: Row) -> Asked:
        as_of = day_in(row, "as_of")
        assert as_of is not None
        return Asked(
            account_id=text_in(row, "account_id"),
            as_of=as_of,
            amount=amount,
            charges=self._charges(charge_ids, amount, as_of, named),
            currency=text_in(row, "currency") or "CNY",
            late_fee=money_in(told, "late_fee_due"),
            fee=money_in(told, "fee"),
            credit=money_in(row, "credit"),
            pay_by=day_in(told, "pay_by"),
            days_overdue=whole_in(told, "days_overdue"),
            oldest_due_on=day_in(told, "oldest_due_on"),
            unpaid_periods=whole_in(told, "unpaid_periods"),
            step=text_in(row, "step_id") or "",
            announces=list_in(row, "announces"),
            source=text_in(row, "source") or "",
            needs_approval=text_in(row, "needs_approval"),
        )

    def _charges(self, ids: Sequence[str], amount: Decimal, as_of: date, named: Titles) -> list[OpenCharge]:
        """What the charges are of, as far as all are known; what is open of each only where that is sure."""
        rows = [self.charges[each] for each in ids if each in self.charges]
        if len(rows) != len(ids):
            return []
        column = "open" if rows and all("open" in row for row in rows) else "amount"
        sums: list[Decimal | None] = [money_in(row, column) for row in rows]
        if column == "amount" and sum(filter(None, sums), Decimal(0)) != amount:
            sums = [None] * len(rows)
        return [open_row(row, left, named, self.making.words) for row, left in zip(rows, sums, strict=True)]

    def _recipient(self, account_id: str | None) -> Any:
        return None if account_id is None else self.recipients.get(account_id)


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


def _owes(row: Row) -> bool:
    """Whether a position owes, or says so in a way that cannot be read."""
    with suppress(NoticeError):
        return bool(money_in(row, "overdue"))
    return True


def _file_name(notice: Notice, taken: set[str]) -> str:
    """A name that no folder minds, and that no other notice has."""
    whom = re.sub(r"[^\w.-]", "_", notice.recipient_id or "notice").lstrip(".") or "notice"
    whom = whom.encode()[:180].decode(
        errors="ignore"
    )  # folders count bytes, of which a Chinese sign has three
    name = base = f"{whom}.{notice.kind}"
    number = 1
    while name.lower() in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name.lower())
    return name
