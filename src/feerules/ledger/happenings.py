"""What happened on an account, in order: its entries as rows, and what days make of promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from feerules.ledger.entries import CLOSING, Charge, Event, Payment
from feerules.ledger.rows import is_known, recorded_day
from feerules.money import to_scaled
from feerules.periods import MICROSECONDS, Stamp, day_number, stamp_of
from feerules.plan.patterns import Happened, ReactionsTerms
from feerules.vocabulary import CLOSED

__all__ = ["REVERSAL", "Row", "happenings_of", "is_news", "once", "put", "row_of"]

Told: TypeAlias = Mapping[str, "str | int"]
_CLOSING: Final = frozenset(CLOSING)
PAYMENT, IN_TRANSIT, REVERSED = "payment", "payment_in_transit", "payment_reversed"
REVERSAL = "reversal"  # the sort of a payment's own word that it never was
PROMISE, KEPT, BROKEN = "promise", "promise_kept", "promise_broken"

# On one day charges come before what is done about them, and that before money: who pays on the day of a
# demand has paid after it. What the day itself brings comes first.
_RANKS: Final = {BROKEN: -1, PAYMENT: 2, IN_TRANSIT: 2, REVERSED: 3, KEPT: 4}


class Row(NamedTuple):
    """One entry as it can be kept: plain values only; `told` has what it tells, money in fen.

    `time` is when on its day it happened, in microseconds, 0 where that is not told. `takes_back` names the payment
    that never was, `promised` is the day of a promise.
    """

    sort: str
    id: str
    day: int
    time: int
    kind: str
    told: Told
    stamp: Stamp | None = None
    takes_back: str = ""
    promised: int | None = None


# Entries → rows


def row_of(entry: Event | Payment | Charge) -> Row | None:
    """The row of an entry; None for one that is nothing yet, such as a reversal that is still in transit."""
    match entry:
        case Event():
            return _of_event(entry)
        case Payment():
            return _of_payment(entry)
        case Charge():
            day = entry.issued_on or entry.due_on
            assert day is not None  # a charge has one
            told = _told(amount=entry.amount, fee=entry.fee)
            return Row(
                "charge", entry.charge_id, day_number(day), 0, entry.kind, told, _stamp(entry.recorded_at)
            )


def _of_event(entry: Event) -> Row:
    closing = entry.status in _CLOSING
    told = _told(
        channel=entry.channel,
        outcome=entry.outcome,
        delivered=entry.delivered,
        step_id=entry.step_id,
        reason=entry.reason,
        amount=entry.amount,
    )
    happened = entry.occurred_at
    return Row(
        "event",
        entry.event_id,
        day_number(entry.effective_on),
        0 if happened is None else stamp_of(happened)[0] % MICROSECONDS,
        entry.type + CLOSED if closing else entry.type,
        told,
        _stamp(entry.recorded_at),
        promised=day_number(entry.promised_on) if entry.promised_on and entry.type == PROMISE else None,
    )


def _of_payment(entry: Payment) -> Row | None:
    takes_back = entry.reverses_payment_id or ""
    if takes_back and entry.status == "in_transit":
        return None
    told = _told(amount=entry.amount, fee=entry.designated_fee, method=entry.method)
    day, stamp = day_number(entry.effective_on), _stamp(entry.recorded_at)
    if entry.status == "reversed" and not takes_back:
        # It was a payment until that became known.
        known_on = day if stamp is None else max(day, recorded_day(stamp))
        return Row(REVERSAL, entry.payment_id, known_on, 0, REVERSED, told, stamp, entry.payment_id)
    kind = IN_TRANSIT if entry.status == "in_transit" else PAYMENT
    return Row(PAYMENT, entry.payment_id, day, 0, REVERSED if takes_back else kind, told, stamp, takes_back)


def _told(**said: object) -> Told:
    return {name: _plain(value) for name, value in said.items() if value is not None}


def _plain(value: object) -> str | int:
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, str) else to_scaled(value, 2)


def _stamp(moment: object) -> Stamp | None:
    return None if moment is None else stamp_of(moment)  # type: ignore[arg-type]


def once(rows: Iterable[Row]) -> list[Row]:
    """Each entry once: of several with one id the later word."""
    kept: dict[tuple[str, str], Row] = {}
    for row in rows:
        if is_news(kept, row):
            put(kept, row)
    return [*kept.values()]


def is_news(known: Mapping[tuple[str, str], Row], row: Row) -> bool:
    """Whether a row says what is not known yet, nor outdated."""
    same = known.get((row.sort, row.id))
    if same is not None and (same == row or not is_later_word(same, row)):
        return False
    paid = known.get((PAYMENT, row.id)) if row.sort == REVERSAL else None
    return paid is None or is_later_word(paid, row)


def put(known: dict[tuple[str, str], Row], row: Row) -> None:
    """Puts a row in the place of what was known of its entry; a payment that was taken back may stand again."""
    known[row.sort, row.id] = row
    reversal = known.get((REVERSAL, row.id)) if row.sort == PAYMENT else None
    if reversal is not None and is_later_word(reversal, row):
        del known[REVERSAL, row.id]


def is_later_word(known: Row, row: Row) -> bool:
    """Whether a row is what became known later of the same thing, such as a payment in transit, then cleared; where
    `recorded_at` does not tell, what comes later is."""
    return is_known(known.stamp, row.stamp)


# Rows → what happened


def happenings_of(
    rows: Sequence[Row], terms: ReactionsTerms, until: int, known: Stamp | None = None
) -> list[Happened]:
    """All that happened by the evening of a day and was recorded by then, in order, as far as a reaction asks for it."""
    seen = [row for row in rows if row.day <= until and is_known(row.stamp, known)]
    seen.sort(key=_order)
    reversed_on = _reversals(seen)
    kinds = terms.kinds
    # What takes a payment back is told too, for whoever looked at the payment.
    asked = kinds | ({REVERSED} if kinds & {PAYMENT, IN_TRANSIT} else set())
    told = [
        row
        for row in seen
        if row.kind in asked and not (row.kind == PAYMENT and reversed_on.get(row.id, row.day) < row.day)
    ]
    if kinds & {KEPT, BROKEN}:
        told += (row for row in _judged(seen, reversed_on, terms, until) if row.kind in kinds)
        told.sort(key=_order)
    place = {row.id: number for number, row in enumerate(told) if row.kind in (PAYMENT, IN_TRANSIT)}
    return [
        Happened(row.day, row.kind, row.id, _coded(row, terms), place.get(row.takes_back, -1)) for row in told
    ]


def _order(row: Row) -> tuple[int, int, int, str, str]:
    rank = _RANKS.get(row.kind, 0 if row.sort == "charge" else 1)
    return row.day, rank, row.time, row.id, row.kind


def _reversals(rows: Iterable[Row]) -> dict[str, int]:
    """On which day a payment turned out never to have been."""
    found: dict[str, int] = {}
    for row in rows:
        if row.takes_back:
            found.setdefault(row.takes_back, row.day)
    return found


def _coded(row: Row, terms: ReactionsTerms) -> dict[str, int]:
    """What an entry tells of the fields that any cell asks."""
    coded = {}
    for name in terms.fields:
        value = _reached(row, terms) if name == "reached" else row.told.get(name)
        if value is not None:
            coded[name] = _code(value, terms.codes.get(name, {})) if isinstance(value, str) else value
    return coded


def _code(word: str, codes: Mapping[str, int]) -> int:
    return codes.get(word, len(codes))


def _reached(row: Row, terms: ReactionsTerms) -> int | None:
    delivered, outcome = row.told.get("delivered"), row.told.get("outcome")
    if delivered == 1 or outcome in terms.connected:
        return 1
    return 0 if delivered == 0 or outcome in terms.unreachable else None


# Promises


def _judged(
    rows: Sequence[Row], reversed_on: Mapping[str, int], terms: ReactionsTerms, until: int
) -> Iterator[Row]:
    """Promises that were kept, on the day of the money; those that were broken, on the morning after their last day."""
    promises: list[tuple[Row, int | None]] = []
    for row in rows:
        if row.kind == PROMISE and row.promised is not None:
            promises.append((row, None))
        elif row.kind == PROMISE + CLOSED and promises and promises[-1][1] is None:
            promises[-1] = promises[-1][0], row.day
    for promise, closed in promises:
        yield from _verdict(promise, closed, _Money(rows, reversed_on), terms.promise_tolerance, until)


def _verdict(promise: Row, closed: int | None, money: _Money, tolerance: int, until: int) -> Iterator[Row]:
    assert promise.promised is not None
    last = promise.promised + tolerance
    # What came in on the day of a promise came before it, unless the promise is for that very day.
    since = promise.day if promise.promised == promise.day else promise.day + 1
    amount = promise.told.get("amount")
    least = amount if isinstance(amount, int) and amount > 0 else 1
    kept = money.comes_to(least, since, last)
    if kept is not None and kept <= until and (closed is None or kept < closed):
        yield promise._replace(kind=KEPT, day=kept, time=0)
    if last < until and money.between(since, last) < least and (closed is None or closed > last + 1):
        yield promise._replace(kind=BROKEN, day=last + 1, time=0)


class _Money:
    """Payments, as they stood on a day: a reversal counts from its own day on."""

    def __init__(self, rows: Sequence[Row], reversed_on: Mapping[str, int]) -> None:
        self.paid = [
            (row.day, int(row.told.get("amount", 0)), reversed_on.get(row.id))
            for row in rows
            if row.kind == PAYMENT
        ]

    def between(self, first: int, last: int, on: int | None = None) -> int:
        """What came in from a day to another, as it stood on the last."""
        on = last if on is None else on
        return sum(
            amount for day, amount, gone in self.paid if first <= day <= last and (gone is None or gone > on)
        )

    def comes_to(self, least: int, first: int, last: int) -> int | None:
        """The first day on which so much had come in and stood."""
        days = sorted({day for day, _, _ in self.paid if first <= day <= last})
        return next((day for day in days if self.between(first, day) >= least), None)
