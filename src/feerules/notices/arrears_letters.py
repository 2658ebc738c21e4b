"""What is overdue, told to the debtor: the payment notice (缴费通知单) and the demand (催告函)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from feerules.bill_line import cited
from feerules.checks.profiles import Law
from feerules.decisions import DAYS
from feerules.ledger.charges import ChargeState
from feerules.notices.fee_notices import facts_of, greeting
from feerules.notices.letters import Letter, Pair, Row, Table, capitals, span, ways_to_pay, with_capitals
from feerules.notices.posting import announced, shortest_period
from feerules.notices.senders import Recipient, Sender
from feerules.wording import Wording, sentence

__all__ = ["Asked", "OpenCharge", "demand_letter", "open_charge", "payment_letter"]

ONE_DAY = timedelta(days=1)
DEMAND_LAW = sentence("Civil Code of the People's Republic of China, article 944")
Titles = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class OpenCharge:
    """A charge as an arrears letter tells it; `open` and `days_overdue` None where they are not known."""

    charge_id: str
    unit_id: str | None
    fee: str
    title: str
    first: date | None
    last: date | None
    due_on: date
    days_overdue: int | None
    open: Decimal | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a debtor: from a position, a decision, or the row of a frame.

    `late_fee` and `fee` (what the step costs) are proposals. `pay_by` is the last day to pay.
    """

    account_id: str | None
    as_of: date
    amount: Decimal
    charges: Sequence[OpenCharge]
    currency: str = "CNY"
    late_fee: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    pay_by: date | None = None
    days_overdue: int | None = None
    oldest_due_on: date | None = None
    unpaid_periods: int | None = None
    step: str = ""
    announces: Sequence[str] = ()
    source: Mapping[str, str] | str = ""
    needs_approval: str | None = None
    all_overdue: bool = True  # else some of it may not be due yet

    @property
    def listed(self) -> Decimal | None:
        """What the charges come to; None where that of one is not known."""
        known = [each.open for each in self.charges if each.open is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(self.charges) else None


def open_charge(state: ChargeState, titles: Titles, words: Wording) -> OpenCharge:
    last = None if state.period_end is None else state.period_end - ONE_DAY
    return OpenCharge(
        state.charge_id, state.unit_id, state.fee, words.title(titles.get(state.fee, {}), state.fee),
        state.period_start, last, state.due_on, max(0, state.days_overdue), state.open,
    )  # fmt: skip


# By whether all is overdue, and whether the charges are listed below.
_OPENINGS = {
    (True, True): sentence("On {day}, these fees are overdue:"),
    (True, False): sentence("On {day}, fees are overdue."),
    (False, True): sentence("On {day}, these fees are open:"),
    (False, False): sentence("On {day}, fees are open."),
}


def payment_letter(
    asked: Asked, sender: Sender, recipient: Recipient, words: Wording, on: date | None = None
) -> Letter:
    """What is overdue on a day, by charge, and what the late fee would come to."""
    amount, day = words.money(asked.amount, asked.currency), words.day(asked.as_of)
    unit = _unit(asked, recipient, words)
    data: dict[str, Any] = {
        **_data(asked, unit, recipient),
        "overdue": asked.amount,
        "credit": asked.credit,
        "unpaid_periods": asked.unpaid_periods,
    }
    if asked.pay_by is not None:
        please = words.text(
            "Please pay {amount} by {day} at the latest.", amount=amount, day=words.day(asked.pay_by)
        )
    else:
        please = words.text("Please pay {amount} soon.", amount=amount)
    total = sentence("Overdue in all") if asked.all_overdue else sentence("Open in all")
    return Letter(
        title=words.text("Payment notice"),
        data=data,
        sender=sender,
        greeting=greeting(recipient, "owner", words),
        facts=facts_of(recipient, unit, asked.account_id, words),
        opening=[words.text(_OPENINGS[asked.all_overdue, bool(asked.charges)], day=day)],
        tables=[_table(asked.charges, asked.currency, words)] if asked.charges else [],
        totals=with_capitals(words.text(total), asked.amount, asked.currency, words),
        closing=[please, *_proposals(asked, words), *_already_paid(sender, words)],
        payment=ways_to_pay(sender, words),
        payment_title=words.text("How to pay"),
        day=on or asked.as_of,
        sms=_sms(asked, unit, amount, sender, words),
    )


def demand_letter(
    asked: Asked,
    sender: Sender,
    recipient: Recipient,
    words: Wording,
    law: Law,
    on: date | None = None,
    local_rule: str = "",
) -> Letter:
    """The formal demand: which charges, how much, until when, and what may follow by law and policy."""
    assert asked.pay_by is not None
    amount, unit = words.money(asked.amount, asked.currency), _unit(asked, recipient, words)
    period = (asked.pay_by - max(on or asked.as_of, asked.as_of)).days
    day, days = words.day(asked.pay_by), words.count(DAYS, str(period))
    data: dict[str, Any] = {
        **_data(asked, unit, recipient),
        "step": asked.step,
        "amount": asked.amount,
        "fee": asked.fee,
        "pay_by": asked.pay_by,
        "period": period,
        "consequences": list(asked.announces),
        "local_rule": local_rule,
    }
    del data["unpaid_periods"]
    return Letter(
        title=words.text("Demand for payment"),
        data=data,
        sender=sender,
        greeting=greeting(recipient, "owner", words),
        facts=facts_of(recipient, unit, asked.account_id, words),
        opening=[_owed(asked, words)],
        tables=[_table(asked.charges, asked.currency, words)] if asked.charges else [],
        totals=_totals(asked, words),
        closing=[
            words.text("We demand that you pay {amount} by {day}.", amount=amount, day=day),
            words.text(
                "Should this letter reach you after its date, you have {days} from that day.",
                days=days,
            ),
            *_proposals(asked, words),
            *_consequences(asked, law, local_rule, words),
            words.text("If you object to the amount, tell us in writing within this time."),
            *_already_paid(sender, words),
        ],
        payment=ways_to_pay(sender, words),
        payment_title=words.text("How to pay"),
        basis=[(words.text("Basis"), _basis(asked, local_rule, words))],
        day=on or asked.as_of,
        draft=_draft(asked, words),
        sms=_sms(asked, unit, amount, sender, words),
        warnings=_warnings(period, law, words),
    )


def _owed(asked: Asked, words: Wording) -> str:
    day = words.day(asked.as_of)
    if asked.charges:
        return words.text("On {day}, you owe these fees, which are due:", day=day)
    return words.text("On {day}, you owe fees which are due.", day=day)


def _unit(asked: Asked, recipient: Recipient, words: Wording) -> str:
    units = dict.fromkeys(each.unit_id for each in asked.charges if each.unit_id)
    return recipient.unit or (words.listed(units) if units else "")


def _data(asked: Asked, unit: str, recipient: Recipient) -> dict[str, Any]:
    return {
        "account_id": asked.account_id,
        "unit_id": unit or None,
        "recipient": {"name": recipient.name, "unit": recipient.unit, "address": recipient.address},
        "as_of": asked.as_of,
        "charges": [_charge_data(each) for each in asked.charges],
        "capital": capitals(asked.amount, asked.currency),
        "late_fee": asked.late_fee,
        "pay_by": asked.pay_by,
        "days_overdue": asked.days_overdue,
        "oldest_due_on": asked.oldest_due_on,
        "unpaid_periods": asked.unpaid_periods,
        "currency": asked.currency,
    }


def _charge_data(charge: OpenCharge) -> dict[str, Any]:
    return {
        "charge_id": charge.charge_id,
        "unit_id": charge.unit_id,
        "fee": charge.fee,
        "title": charge.title,
        "period_start": charge.first,
        "period_last": charge.last,
        "due_on": charge.due_on,
        "days_overdue": charge.days_overdue,
        "open": charge.open,
    }


# The charges

HEADS = {
    "fee": sentence("Fee"),
    "period": sentence("Period"),
    "due": sentence("Due on"),
    "days": sentence("Days overdue"),
    "open": sentence("Open"),
}


def _table(charges: Sequence[OpenCharge], currency: str, words: Wording) -> Table:
    """Only the columns of which something is known of every charge."""
    known = {
        "fee": True,
        "period": any(each.first for each in charges),
        "due": True,
        "days": all(each.days_overdue is not None for each in charges),
        "open": all(each.open is not None for each in charges),
    }
    shown = [name for name, there in known.items() if there]
    rows = []
    for each in charges:
        cells = _cells(each, currency, words)
        text = words.told([_sentence(cells, known, words)])
        rows.append(Row(tuple(cells[name] for name in shown), text))
    numbers = frozenset(at for at, name in enumerate(shown) if name in ("days", "open"))
    return Table(tuple(words.text(HEADS[name]) for name in shown), tuple(rows), numbers)


def _cells(charge: OpenCharge, currency: str, words: Wording) -> dict[str, str]:
    period = ""
    if charge.first is not None:
        period = span(charge.first, charge.last or charge.first, words)
    return {
        "fee": charge.title,
        "period": period,
        "due": words.day(charge.due_on),
        "days": str(charge.days_overdue),
        "open": "" if charge.open is None else words.money(charge.open, currency),
    }


def _sentence(cells: Mapping[str, str], known: Mapping[str, bool], words: Wording) -> str:
    fee = cells["fee"]
    if cells["period"]:
        fee = words.text("{fee} ({period})", fee=fee, period=cells["period"])
    told = [words.text("due on {day}", day=cells["due"])]
    if known["days"]:
        told.append(words.text("{days} overdue", days=words.count(DAYS, cells["days"])))
    if known["open"]:
        told.append(words.text("open {amount}", amount=cells["open"]))
    return words.text("{fee}: {details}.", fee=fee, details=words.listed(told))


# The sums


def _totals(asked: Asked, words: Wording) -> list[Pair]:
    pairs = []
    if asked.listed is not None and asked.listed != asked.amount:
        pairs.append((words.text("Open in all"), words.money(asked.listed, asked.currency)))
    return pairs + with_capitals(words.text("Demanded in all"), asked.amount, asked.currency, words)


def _proposals(asked: Asked, words: Wording) -> list[str]:
    """What a person must approve before it is owed."""
    said = []
    if asked.late_fee:
        message = sentence(
            "By {day}, a late fee of {amount} has accrued as agreed; it is owed only once it is approved."
        )
        said.append(
            words.text(
                message, day=words.day(asked.as_of), amount=words.money(asked.late_fee, asked.currency)
            )
        )
        if asked.listed == asked.amount:
            said.append(words.text("It is not part of the sum above."))
    if asked.fee:
        message = sentence("This letter costs {amount}, as agreed; that is owed only once it is approved.")
        said.append(words.text(message, amount=words.money(asked.fee, asked.currency)))
    return [words.told(said)] if said else []


def _consequences(asked: Asked, law: Law, local_rule: str, words: Wording) -> list[str]:
    told = announced(asked.announces, law, local_rule, words)
    if not told:
        return []
    message = sentence("If it is not paid within this time, these may follow by law: {consequences}.")
    return [words.text(message, consequences=words.listed(told))]


def _already_paid(sender: Sender, words: Wording) -> list[str]:
    if sender.hotline:
        return [
            words.text("If you have a question or have paid already, call {hotline}.", hotline=sender.hotline)
        ]
    return [words.text("If you have paid already, please disregard this letter.")]


def _basis(asked: Asked, local_rule: str, words: Wording) -> str:
    source = asked.source if isinstance(asked.source, str) else cited(asked.source, words)
    return words.listed(filter(None, [source or words.text(DEMAND_LAW), local_rule]))


def _draft(asked: Asked, words: Wording) -> str:
    if asked.needs_approval is None:
        return ""
    return words.text("Draft: not to be sent before {role} has approved it.", role=asked.needs_approval)


def _warnings(period: int, law: Law, words: Wording) -> tuple[str, ...]:
    if period >= shortest_period(law):
        return ()
    return (words.text("{days} to pay may not be a reasonable period.", days=words.count(DAYS, str(period))),)


# By whether all is overdue, and whether the unit is known.
_MESSAGES = {
    (True, True): sentence("{unit}: {amount} is overdue."),
    (True, False): sentence("{amount} of your fees is overdue."),
    (False, True): sentence("{unit}: {amount} is open."),
    (False, False): sentence("{amount} of your fees is open."),
}


def _sms(asked: Asked, unit: str, amount: str, sender: Sender, words: Wording) -> str:
    told = {"amount": amount} | ({"unit": unit} if unit else {})
    said = [words.text(_MESSAGES[asked.all_overdue, bool(unit)], **told)]
    if asked.pay_by is not None:
        said.append(words.text("Please pay by {day}.", day=words.day(asked.pay_by)))
    if sender.hotline:
        said.append(words.text("Tel. {hotline}", hotline=sender.hotline))
    return words.told(said)
