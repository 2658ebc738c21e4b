"""What owners are sent and boards show: notices in words, from bills, positions, decisions and books."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from feerules.bill import Bill
from feerules.book import Book
from feerules.decisions import Decision
from feerules.errors import MissingExtra
from feerules.notices.results import Notice, NoticeError, ShortMessage, one_of

if TYPE_CHECKING:
    from feerules.arrears import Arrears
    from feerules.ledger.position import Position
    from feerules.notices.estates import Notices

__all__ = [
    "Notice",
    "NoticeError",
    "ShortMessage",
    "action_notice",
    "capital_amount",
    "demand",
    "estate_notices",
    "fee_notice",
    "fee_notices",
    "notice",
    "payment_notice",
    "price_table",
    "reminder",
]

Day = date | datetime | str
Who = Mapping[str, Any] | str
Templates = str | Path | Mapping[str, str] | None
Audience = Literal["debtor", "household", "neighbours", "public"]


def fee_notice(
    bill: Bill | Iterable[Bill],
    sender: Who,
    *,
    recipient: Who | None = None,
    on: Day | None = None,
    locale: str = "zh_CN",
    templates: Templates = None,
    audience: Audience = "debtor",
    at_most_segments: int | None = None,
) -> Notice:
    """The fee notice (收费通知) of a bill, or of several of one payer: lines, sums, due days, how to pay.

    `sender` has `name`, and what is known of `payee, bank, account, hotline, address, hours, ways,
    complaints, signature`, each a text or {zh, en}; `recipient` has `name, unit, address`. `on` is the day of
    the notice, the last day of issue of its lines unless told. `templates` is a folder, or {name: text}, that
    stands for the shipped layouts; `at_most_segments` limits the short message. Raises `NoticeError` where
    the lines are of several payers, something given is wrong, or `audience` is one that may not read it.
    Needs the extra `notices`.
    """
    made = _making("fee_notice", sender, locale, templates, audience, at_most_segments)
    told: Notice = made.fee_notice(bill, recipient, on)
    return told


def fee_notices(
    bills: Bill | Iterable[Bill],
    sender: Who,
    *,
    recipients: Mapping[str, Who] | None = None,
    on: Day | None = None,
    locale: str = "zh_CN",
    templates: Templates = None,
    audience: Audience = "debtor",
    at_most_segments: int | None = None,
) -> list[Notice]:
    """A fee notice for each payer of some bills: nobody is told what another owes.

    `recipients` tells of each account (or payer, or unit, where a bill names no account) who it is.
    """
    made = _making("fee_notices", sender, locale, templates, audience, at_most_segments)
    told: list[Notice] = made.fee_notices(bills, recipients or {}, on)
    return told


def payment_notice(
    about: Position | Decision | Arrears,
    sender: Who,
    *,
    book: Book | None = None,
    recipient: Who | None = None,
    on: Day | None = None,
    pay_by: Day | None = None,
    locale: str = "zh_CN",
    templates: Templates = None,
    audience: Audience = "debtor",
    at_most_segments: int | None = None,
) -> Notice:
    """The payment notice (缴费通知单) of an account: what is overdue, by charge, and the late fee as a proposal.

    `about` is a position, or an answer that has one; `book` tells what its fees are called.
    """
    made = _making("payment_notice", sender, locale, templates, audience, at_most_segments, book)
    told: Notice = made.payment_notice(about, recipient, on, pay_by)
    return told


def demand(
    decision: Decision,
    sender: Who,
    *,
    book: Book | None = None,
    recipient: Who | None = None,
    on: Day | None = None,
    period: int | None = None,
    local_rule: str = "",
    locale: str = "zh_CN",
    templates: Templates = None,
    audience: Audience = "debtor",
    at_most_segments: int | None = None,
) -> Notice:
    """The demand (催告函) that an `Act` asks for: charges, sum, the days to pay, the basis, what may follow.

    The days are `period`, else those of the step, else fifteen. What follows is what the step `announces`:
    `NoticeError` for what the law forbids to announce, and for what is doubtful unless `local_rule` names
    the rule that allows it. Where the step's channel is one that others read, such as a board, the neutral
    `reminder` comes back instead.
    """
    made = _making("demand", sender, locale, templates, audience, at_most_segments, book)
    told: Notice = made.demand(decision, recipient, on, period, local_rule)
    return told


def action_notice(
    decision: Decision,
    sender: Who,
    *,
    book: Book | None = None,
    recipient: Who | None = None,
    on: Day | None = None,
    local_rule: str = "",
    locale: str = "zh_CN",
    templates: Templates = None,
    audience: Audience = "debtor",
    at_most_segments: int | None = None,
) -> Notice:
    """The message of the step that an `Act` asks for, by what the step is.

    A `demand` where the step gives days to pay, else a payment notice of what is open, and the neutral
    `reminder` where its channel is one that others read.
    """
    made = _making("action_notice", sender, locale, templates, audience, at_most_segments, book)
    told: Notice = made.action_notice(decision, recipient, on, local_rule)
    return told


def reminder(
    sender: Who,
    *,
    on: Day | None = None,
    units: Iterable[str] = (),
    local_rule: str = "",
    locale: str = "zh_CN",
    templates: Templates = None,
    at_most_segments: int | None = None,
) -> Notice:
    """The reminder (缴费提醒) for a group or a board: to everybody, with no name and no amount.

    `units` are named only with the `local_rule` that allows it.
    """
    made = _making("reminder", sender, locale, templates, "public", at_most_segments)
    told: Notice = made.reminder(on, units, local_rule)
    return told


def price_table(
    book: Book,
    sender: Who,
    *,
    on: Day,
    document_id: str | None = None,
    paper: Literal["A4", "A3"] = "A4",
    locale: str = "zh_CN",
    templates: Templates = None,
    at_most_segments: int | None = None,
) -> Notice:
    """The public price table (收费公示) of a book on a day: item, price, unit, cycle, basis, where to complain.

    `document_id` lists one schedule alone, `paper` is what the page is printed on, lying. `fields["prices"]` has a row for each price as data.
    """
    made = _making("price_table", sender, locale, templates, "public", at_most_segments, book)
    told: Notice = made.price_table(on, document_id, paper)
    return told


def estate_notices(
    rows: Any,
    sender: Who,
    *,
    kind: Literal["fee_notice", "payment_notice", "action"] = "fee_notice",
    book: Book | None = None,
    charges: Any = None,
    recipients: Any = None,
    on: Day | None = None,
    local_rule: str = "",
    locale: str = "zh_CN",
    templates: Templates = None,
    at_most_segments: int | None = None,
) -> Notices:
    """Notices for a whole estate, made one by one as they are asked for.

    `rows` is a frame, or a path, of bill lines (`price_estate(…, form="long")`) for fee notices, of positions
    for payment notices, of `next_actions` for actions: of each `act` a demand where its step gives days to pay,
    else a payment notice, and the neutral reminder where others read. `charges` (or its columns `open`) adds
    what each charge is of, `recipients` who each account is (columns account_id, payer_id or unit_id, and
    name, unit, address; or a mapping).
    Iterate over the answer, or `write` it into a folder, or ask for its `frame`. Needs the extras `notices`
    and `estate`.
    """
    made = _making("estate_notices", sender, locale, templates, "debtor", at_most_segments, book)
    told: Notices = _extra("estate_notices", "estates").Notices.of(
        made, rows, kind, charges=charges, recipients=recipients, on=on, local_rule=local_rule
    )
    return told


_SOURCES: Mapping[str, Callable[..., Notice]] = {
    "fee_notice": fee_notice,
    "payment_notice": payment_notice,
    "demand": demand,
    "action": action_notice,
    "price_table": price_table,
}


def notice(kind: str, about: Any = None, /, sender: Who = "", **options: Any) -> Notice:
    """A notice by the name of its kind: fee_notice, payment_notice, demand, action, price_table or
    reminder.

    `about` is what that function takes first; `options` are its others.
    """
    if kind == "reminder":
        return reminder(sender, **options)
    if kind not in _SOURCES:
        raise NoticeError([one_of("unknown_kind", "kind", kind, [*_SOURCES, "reminder"])])
    return _SOURCES[kind](about, sender, **options)


def capital_amount(amount: Any) -> str:
    """An amount of yuan in Chinese capitals (人民币大写): 250.60 is 人民币贰佰伍拾元陆角.

    `amount` is a Decimal, an int or text; ValueError for what is no whole number of fen, or beyond 10¹² yuan.
    Needs the extra `notices`.

    >>> capital_amount("250.60")
    '人民币贰佰伍拾元陆角'
    """
    told: str = _extra("capital_amount", "capitals").capital_of(amount)
    return told


def _making(
    function: str, sender: Who, locale: str, templates: Templates, audience: str, at_most_segments: int | None,
    book: Book | None = None,
) -> Any:  # fmt: skip
    return _extra(function, "making").Making.of(sender, locale, templates, audience, at_most_segments, book)


def _extra(function: str, module: str) -> Any:
    """A module that needs the extra `notices`, or `estate` too."""
    try:
        match module:
            case "capitals":
                from feerules.notices import capitals as found
            case "estates":
                from feerules.notices import estates as found  # type: ignore[no-redef]
            case _:
                from feerules.notices import making as found  # type: ignore[no-redef]
    except ModuleNotFoundError as error:
        extra = "estate" if error.name in ("polars", "narwhals", "numpy") else "notices"
        raise MissingExtra(function, extra, error.name or "") from error
    return found
