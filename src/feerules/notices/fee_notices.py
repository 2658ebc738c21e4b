"""The fee notice (收费通知): what one payer owes for a period, line by line, and how to pay it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from feerules.bill import Bill, BillLine
from feerules.bill_line import cited, in_force
from feerules.errors import Problem
from feerules.notices.letters import Letter, Pair, Row, Table, capitals, span, ways_to_pay, with_capitals
from feerules.notices.results import NoticeError, given
from feerules.notices.senders import Recipient, Sender
from feerules.wording import Wording, sentence

__all__ = ["Billed", "billed", "by_payer", "fee_letter"]

ONE_DAY = timedelta(days=1)
DEAR = {
    "owner": sentence("Dear owner,"),
    "tenant": sentence("Dear tenant,"),
    "developer": sentence("To the developer:"),
    "heir": sentence("Dear heir,"),
}


@dataclass(frozen=True, slots=True)
class Billed:
    """A line as a notice tells it, from a bill or from the row of a frame."""

    charge_id: str
    unit_id: str | None
    account_id: str | None
    payer: str
    payer_id: str | None
    fee: str
    title: str
    first: date
    last: date
    issued_on: date | None
    due_on: date
    calculation: str
    amount: Decimal
    tax: Decimal
    currency: str
    rule: str
    source: str

    @property
    def whose(self) -> tuple[str, str, str, str]:
        """Lines of one payer, of one account or else one unit, in one currency stand in one notice."""
        return self.account_id or self.unit_id or "", self.payer, self.payer_id or "", self.currency


def billed(line: BillLine, words: Wording) -> Billed:
    return Billed(
        line.charge_id, line.unit_id, line.account_id, line.payer, line.payer_id, line.fee,
        words.title(line.title, line.fee), line.period_start, line.period_end - ONE_DAY,
        line.issued_on, line.due_on, line.calculation(str(words.locale)), line.amount, line.tax, line.currency,
        in_force(words.title(line.document_title, line.document), line.version, words),
        cited(line.source, words),
    )  # fmt: skip


def by_payer(bills: Iterable[Bill], words: Wording) -> list[list[Billed]]:
    """The lines of bills, apart for each payer: nobody is told what another owes."""
    groups: dict[tuple[str, ...], list[Billed]] = {}
    for bill in bills:
        for line in bill:
            told = billed(line, words)
            groups.setdefault(told.whose, []).append(told)
    if not groups:
        expected, hint = "a bill with a line or more", "who owes nothing needs no notice"
        raise NoticeError([Problem("nothing_billed", given("bill"), "a bill without lines", expected, hint)])
    return [*groups.values()]


def fee_letter(
    lines: Sequence[Billed], sender: Sender, recipient: Recipient, words: Wording, on: date | None = None
) -> Letter:
    """The letter to the payer of `lines`, who is the same for all; dated on the last day of issue unless told."""
    first, total = lines[0], sum((line.amount for line in lines), Decimal(0))
    units = dict.fromkeys(line.unit_id for line in lines if line.unit_id)
    unit = recipient.unit or (words.listed(units) if units else "")
    start, last = min(line.first for line in lines), max(line.last for line in lines)
    days = {line.due_on for line in lines}
    day = on or max((line.issued_on for line in lines if line.issued_on), default=None)
    due_on = days.pop() if len(days) == 1 else None
    period, amount = span(start, last, words), words.money(abs(total), first.currency)
    data: dict[str, Any] = {
        "account_id": first.account_id,
        "unit_id": unit or None,
        "recipient": {"name": recipient.name, "unit": recipient.unit, "address": recipient.address},
        "payer": first.payer,
        "payer_id": first.payer_id,
        "period_start": start,
        "period_last": last,
        "lines": [_data(line) for line in lines],
        "total": total,
        "capital": capitals(total, first.currency),
        "due_on": due_on,
        "currency": first.currency,
    }
    asked = _asked(total, amount, due_on, words)
    return Letter(
        title=words.text("Fee notice"),
        data=data,
        sender=sender,
        greeting=greeting(recipient, first.payer, words),
        facts=facts_of(recipient, unit, first.account_id, words),
        opening=[words.text("These are the fees for {period}:", period=period)],
        tables=[_table(lines, words)],
        totals=_totals(lines, total, words),
        closing=[asked, *questions(sender, words)],
        payment=ways_to_pay(sender, words) if total > 0 else [],
        payment_title=words.text("How to pay"),
        basis=_basis(lines, words),
        day=day,
        sms=words.told(_sms(unit, period, total, amount, due_on, sender, words)),
    )


def greeting(recipient: Recipient, payer: str, words: Wording) -> str:
    if recipient.name:
        return words.text("Dear {name},", name=recipient.name)
    return words.text(DEAR.get(payer, DEAR["owner"]))


def facts_of(recipient: Recipient, unit: str, account_id: str | None, words: Wording) -> list[Pair]:
    told = {
        sentence("Unit"): unit,
        sentence("Account"): account_id or "",
        sentence("Address"): recipient.address,
    }
    return [(words.text(label), said) for label, said in told.items() if said]


def questions(sender: Sender, words: Wording) -> list[str]:
    if not sender.hotline:
        return []
    return [
        words.text("If you have a question or have paid already, call {hotline}.", hotline=sender.hotline)
    ]


def _data(line: Billed) -> Mapping[str, Any]:
    return {
        "charge_id": line.charge_id,
        "unit_id": line.unit_id,
        "fee": line.fee,
        "title": line.title,
        "period_start": line.first,
        "period_last": line.last,
        "due_on": line.due_on,
        "calculation": line.calculation,
        "amount": line.amount,
        "source": line.source,
    }


def _table(lines: Sequence[Billed], words: Wording) -> Table:
    many = len({line.unit_id for line in lines}) > 1
    texts = (
        sentence("Fee"),
        sentence("Period"),
        sentence("Calculation"),
        sentence("Due on"),
        sentence("Amount"),
    )
    columns = [words.text(each) for each in texts]
    if many:
        columns.insert(0, words.text("Unit"))
    return Table(
        tuple(columns), tuple(_row(line, many, words) for line in lines), frozenset({len(columns) - 1})
    )


def _row(line: Billed, many: bool, words: Wording) -> Row:
    period, due, amount = (
        span(line.first, line.last, words),
        words.day(line.due_on),
        words.money(line.amount, line.currency),
    )
    text = words.text(
        "{fee} ({period}): {reckoning}, due on {day}.",
        fee=line.title, period=period, reckoning=line.calculation, day=due,
    )  # fmt: skip
    cells: tuple[str, ...] = (line.title, period, line.calculation, due, amount)
    if many:
        text = words.text("Unit {unit}, {text}", unit=line.unit_id or "", text=text)
        cells = (line.unit_id or "", *cells)
    return Row(cells, text)


def _totals(lines: Sequence[Billed], total: Decimal, words: Wording) -> list[Pair]:
    currency = lines[0].currency
    label = words.text("Total") if total >= 0 else words.text("Total to be returned")
    pairs = with_capitals(label, abs(total), currency, words)
    if tax := sum((line.tax for line in lines), Decimal(0)):
        pairs.append((words.text("Of this, VAT"), words.money(abs(tax), currency)))
    return pairs


def _asked(total: Decimal, amount: str, due_on: date | None, words: Wording) -> str:
    if total < 0:
        return words.text("{amount} will be returned to you.", amount=amount)
    if total == 0:
        return words.text("There is nothing to pay.")
    if due_on is None:
        return words.text("Please pay each amount by its due day.")
    return words.text("Please pay {amount} by {day} at the latest.", amount=amount, day=words.day(due_on))


def _basis(lines: Sequence[Billed], words: Wording) -> list[Pair]:
    rules, sources = dict.fromkeys(line.rule for line in lines), dict.fromkeys(line.source for line in lines)
    told = {
        sentence("Fee schedule"): words.listed(filter(None, rules)) if any(rules) else "",
        sentence("Basis"): words.listed(filter(None, sources)) if any(sources) else "",
    }
    return [(words.text(label), said) for label, said in told.items() if said]


def _sms(
    unit: str, period: str, total: Decimal, amount: str, due_on: date | None, sender: Sender, words: Wording
) -> Iterable[str]:
    if unit:
        yield words.text(
            "{unit}: the fees for {period} come to {amount}.", unit=unit, period=period, amount=amount
        )
    else:
        yield words.text("Your fees for {period} come to {amount}.", period=period, amount=amount)
    if total > 0 and due_on is not None:
        yield words.text("Please pay by {day}.", day=words.day(due_on))
    if sender.hotline:
        yield words.text("Tel. {hotline}", hotline=sender.hotline)
