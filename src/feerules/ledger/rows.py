"""The entries of an account as rows of integers and texts: fen, day numbers, moments; made once per account."""

from __future__ import annotations

from datetime import date, datetime
from operator import attrgetter, is_, itemgetter
from typing import Any, Final, NamedTuple

from feerules.ledger.entries import CLOSING, OWED, Allocation, Charge, Event, Party, Payment
from feerules.money import to_scaled
from feerules.periods import MICROSECONDS, Stamp, day_number, stamp_of

__all__ = [
    "NEVER",
    "AllocationRow",
    "ChargeRow",
    "EventRow",
    "PaymentRow",
    "Rows",
    "elapsed",
    "is_known",
    "moment_of",
]

NEVER: Final = -(10**9)  # before every day

_OWED: Final = frozenset(OWED)
_CLOSING: Final = frozenset(CLOSING)


class ChargeRow(NamedTuple):
    """`day` is the day of its effect; the first six tell entries apart that share an id."""

    due: int
    day: int
    id: str
    fee: str
    kind: str
    amount: int
    period_start: int | None
    period_end: int | None
    corrects: str | None
    tags: tuple[str, ...]
    unit_id: str | None
    account_id: str | None
    currency: str | None
    stamp: Stamp | None


class PaymentRow(NamedTuple):
    day: int
    id: str
    amount: int | None
    status: str
    fee: str
    charge_id: str
    reverses: str
    account_id: str | None
    currency: str | None
    stamp: Stamp | None


class AllocationRow(NamedTuple):
    payment_id: str
    charge_id: str
    amount: int
    account_id: str | None
    stamp: Stamp | None


class EventRow(NamedTuple):
    """`time` is when on its day it happened, in microseconds, 0 where that is not told."""

    day: int
    time: int
    id: str
    type: str
    closing: bool
    step_id: str | None
    channel: str | None
    outcome: str | None
    delivered: bool | None
    ends: int | None
    charge_ids: tuple[str, ...]
    amount: int | None
    frequency: str | None
    balance: int | None
    promised: int | None
    review: int | None
    reason: str | None
    party_id: str | None
    account_id: str | None
    stamp: Stamp | None
    happened: Stamp | None = None


class Rows:
    """All entries of an account: charges by due day, day and id; payments by day and id; events by moment and id.

    `plain`: each id is there once, and every entry is of this account and in its currency. `last` remembers
    what was seen of them when they were last asked about, `told` the position that was the answer, `answered`
    what a policy said of that.
    """

    __slots__ = (
        "account_id", "allocations", "answered", "charges", "currency", "entries", "events", "last", "last_day", "parties",
        "payments", "plain", "told", "whole",
    )  # fmt: skip

    def __init__(
        self,
        account_id: str,
        currency: str,
        parties: tuple[Party, ...],
        charges: tuple[Charge, ...],
        payments: tuple[Payment, ...],
        allocations: tuple[Allocation, ...],
        events: tuple[Event, ...],
    ) -> None:
        self.account_id, self.currency = account_id, currency
        self.entries = parties, charges, payments, allocations, events
        self.parties = frozenset(party.party_id for party in parties)
        self.charges = sorted(map(_charge, charges), key=_by_due_day)
        self.payments = sorted(map(_payment, payments), key=_by_day)
        self.allocations = [*map(_allocation, allocations)]
        self.events = sorted(map(_event, events), key=_by_moment)
        days = [row.day for rows in (self.charges, self.payments, self.events) for row in rows]
        self.last_day = max(days, default=NEVER)
        self.plain = self._is_plain()
        self.whole: Any = None
        self.last: Any = None
        self.told: Any = None
        self.answered: Any = None

    def _is_plain(self) -> bool:
        money: tuple[list[Any], list[Any]] = (self.charges, self.payments)
        return (
            all(len({row.id for row in rows}) == len(rows) for rows in (*money, self.events))
            and {row.account_id for rows in money for row in rows} <= {None, self.account_id}
            and {row.currency for rows in money for row in rows} <= {None, self.currency}
        )

    def are_of(self, account_id: str, currency: str, entries: tuple[object, ...]) -> bool:
        """Whether these are the rows of the very same entries."""
        same = all(map(is_, self.entries, entries))
        return same and self.account_id == account_id and self.currency == currency


# Entries of one id are told apart where they are seen.
_by_due_day = itemgetter(0, 1, 2)
_by_day = itemgetter(0, 1)
_by_moment = itemgetter(0, 1, 2)

_of_charge = attrgetter(
    "kind", "issued_on", "due_on", "charge_id", "fee", "amount", "period_start", "period_end",
    "corrects_charge_id", "tags", "unit_id", "account_id", "currency", "recorded_at",
)  # fmt: skip


def _charge(entry: Charge) -> ChargeRow:
    (kind, issued, due, name, fee, amount, start, end, corrects, tags, unit, account, currency, recorded) = (
        _of_charge(entry)
    )
    day = day_number(issued or due)
    # What is not owed falls due on no day; the day of its effect stands in.
    falls_due = day_number(due) if kind in _OWED else day
    return ChargeRow(
        falls_due, day, name, fee, kind, to_scaled(amount, 2), _maybe_day(start), _maybe_day(end),
        corrects, tags, unit, account, currency, _maybe_stamp(recorded),
    )  # fmt: skip


def _payment(entry: Payment) -> PaymentRow:
    return PaymentRow(
        day_number(entry.effective_on),
        entry.payment_id,
        _maybe_fen(entry.amount),
        entry.status,
        entry.designated_fee or "",
        entry.designated_charge_id or "",
        entry.reverses_payment_id or "",
        entry.account_id,
        entry.currency,
        _maybe_stamp(entry.recorded_at),
    )


def _allocation(entry: Allocation) -> AllocationRow:
    return AllocationRow(
        entry.payment_id,
        entry.charge_id,
        to_scaled(entry.amount, 2),
        entry.account_id,
        _maybe_stamp(entry.recorded_at),
    )


def _event(entry: Event) -> EventRow:
    happened = entry.occurred_at
    return EventRow(
        day_number(entry.effective_on),
        0 if happened is None else stamp_of(happened)[0] % MICROSECONDS,
        entry.event_id,
        entry.type,
        entry.status in _CLOSING,
        entry.step_id,
        entry.channel,
        entry.outcome,
        entry.delivered,
        _maybe_day(entry.ends_on),
        entry.charge_ids,
        _maybe_fen(entry.amount),
        entry.frequency,
        _maybe_fen(entry.balance),
        _maybe_day(entry.promised_on),
        _maybe_day(entry.review_on),
        entry.reason,
        entry.party_id,
        entry.account_id,
        _maybe_stamp(entry.recorded_at),
        _maybe_stamp(happened),
    )


def _maybe_day(day: date | None) -> int | None:
    return None if day is None else day_number(day)


def _maybe_fen(amount: Any) -> int | None:
    return None if amount is None else to_scaled(amount, 2)


def _maybe_stamp(moment: date | None) -> Stamp | None:
    return None if moment is None else stamp_of(moment)


def is_known(stamp: Stamp | None, until: Stamp | None) -> bool:
    """Whether an entry was recorded by then; clocks without a zone are read as they stand on the wall."""
    if stamp is None or until is None:
        return True
    if stamp[1] is not None and until[1] is not None:
        return stamp[1] <= until[1]
    return stamp[0] <= until[0]


def recorded_day(stamp: Stamp) -> int:
    return stamp[0] // MICROSECONDS


def moment_of(as_of: date) -> Stamp | None:
    """The moment that is asked about; None where it is a whole day."""
    return stamp_of(as_of) if isinstance(as_of, datetime) else None


def elapsed(since: Stamp | None, until: Stamp | None, days: int) -> int:
    """Microseconds from one moment to another; where either is a whole day, those of the days between them."""
    if since is None or until is None:
        return days * MICROSECONDS
    if since[1] is not None and until[1] is not None:
        return until[1] - since[1]
    return until[0] - since[0]
