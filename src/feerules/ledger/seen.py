"""What is seen of an account on a day: its entries in order and linked, and what is contradictory about them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final

from feerules.ledger.entries import OWED
from feerules.ledger.rows import (
    AllocationRow,
    ChargeRow,
    EventRow,
    PaymentRow,
    Rows,
    is_known,
)
from feerules.periods import Stamp
from feerules.plan.ledgers import DOING

__all__ = ["CREDIT", "WAIVER", "WRITE_OFF", "Contradiction", "Seen", "see"]

Contradiction = tuple[str, str, str]  # code, sort of entry, id

CREDIT, WAIVER, WRITE_OFF = "credit", "waiver", "write_off"
_OWED: Final = frozenset(OWED)
LATE_FEE: Final = "late_fee"
_NO_TARGET: Final = -1


def see(rows: Rows, as_of: int, known: Stamp | None) -> Seen:
    """The entries effective by `as_of` and recorded by `known`."""
    if known is None and as_of >= rows.last_day:
        whole: Seen | None = rows.whole
        if whole is None:
            whole = Seen(rows, rows.charges, rows.payments, rows.allocations, rows.events, None)
            rows.whole = whole
        return whole
    last = rows.last
    if last is not None and last[0] == as_of and last[1] == known:
        return last[2]  # type: ignore[no-any-return]
    seen = _filtered(rows, as_of, known)
    rows.last = as_of, known, seen
    return seen


def _filtered(rows: Rows, as_of: int, known: Stamp | None) -> Seen:
    every: tuple[list[Any], ...] = (rows.charges, rows.payments, rows.allocations, rows.events)
    if known is not None:
        every = tuple([row for row in each if is_known(row.stamp, known)] for each in every)
    charges, payments, allocations, events = every
    later = [row.day for each in (charges, payments, events) for row in each if row.day > as_of]
    return Seen(
        rows,
        [row for row in charges if row.day <= as_of],
        [row for row in payments if row.day <= as_of],
        allocations,
        [row for row in events if row.day <= as_of],
        min(later, default=None),
    )


class Seen:
    """The entries of an account that are seen, sorted; what is contradictory is left out.

    Charges that are owed stand in `charges` by due day, day of issue and id, and go by their index there.
    `debt` is the charge on which a posted late fee accrued, `reductions` are (day, id, kind, amount, charge),
    each from the later of its own day and its charge's,
    `payments` (day, id, amount, charge, fee), `allocations` (payment, charge, amount), `refunds` (day, id,
    amount); -1 and "" where none is named.
    """

    __slots__ = (
        "allocations", "charges", "contradictions", "debt", "events", "fifo", "first_issue", "ids",
        "in_transit", "index", "late_waived", "limits", "next_day", "ordered", "paid_days", "payments", "recorded",
        "reductions", "refunds", "rows", "steps", "treated",
    )  # fmt: skip

    def __init__(
        self,
        rows: Rows,
        charges: list[ChargeRow],
        payments: list[PaymentRow],
        allocations: list[AllocationRow],
        events: list[EventRow],
        next_day: int | None,
    ) -> None:
        self.rows = rows
        self.next_day = next_day
        self.treated: Any = None
        self.ordered: list[tuple[int, int, str, int]] | None = None
        self.contradictions: list[Contradiction] = []
        every: tuple[Iterable[Any], ...] = (charges, payments, allocations, events)
        stamps = [row.stamp for rows in every for row in rows if row.stamp is not None]
        self.recorded = max(stamps, key=itemgetter(0), default=None)  # when the newest entry was
        self._read_charges(charges)
        self._read_payments(payments)
        self._read_allocations(allocations)
        self._read_events(events)
        self._is_fifo()

    def _refuse(self, code: str, sort: str, name: str) -> None:
        self.contradictions.append((code, sort, name))

    def _mine(self, rows: list[Any], sort: str) -> list[Any]:
        """The rows that are of this account, in its currency, and the first with their id."""
        if self.rows.plain:
            return rows
        own, currencies = (None, self.rows.account_id), (None, self.rows.currency)
        strange = [row for row in rows if row.account_id not in own or row.currency not in currencies]
        if strange:
            rows = [row for row in rows if row not in strange]
        for row in strange:
            self._refuse("other_currency" if row.account_id in own else "other_account", sort, row.id)
        return self._once(rows, sort)

    def _once(self, rows: list[Any], sort: str) -> list[Any]:
        """The rows without those whose id was there before."""
        if self.rows.plain or len({row.id for row in rows}) == len(rows):
            return rows
        kept: dict[str, Any] = {}
        # By all that they say, lest the order in which they were given decides.
        for row in sorted(rows, key=lambda row: (row[:2], repr(row))):
            first = kept.setdefault(row.id, row)
            if first is row:
                continue
            if sort == "charge" or not _is_later_word(first, row):
                self._refuse("duplicate_id", sort, row.id)
            elif first.stamp < row.stamp:
                kept[row.id] = row
        return [row for row in rows if kept[row.id] is row]

    # Charges, and what lowers them

    def _read_charges(self, given: list[ChargeRow]) -> None:
        rows = self._mine(given, "charge")
        self.charges = [row for row in rows if row.kind in _OWED and row.amount >= 0]
        self.ids = [row.id for row in self.charges]
        self.index = {name: i for i, name in enumerate(self.ids)}
        self.debt = [_NO_TARGET] * len(self.charges)
        self.reductions: list[tuple[int, str, str, int, int]] = []
        self.refunds: list[tuple[int, str, int]] = []
        self.late_waived = 0
        for i, row in enumerate(self.charges):
            if row.corrects is not None and row.kind == LATE_FEE:
                self.debt[i] = self._target(row.corrects, "charge", row.id)
        if len(self.charges) == len(rows):
            return
        for row in rows:
            if row.kind not in _OWED:
                self._read_reduction(row)
            elif row.amount < 0:
                self._refuse("negative_amount", "charge", row.id)
        self.reductions.sort()
        self.refunds.sort()

    def _target(self, charge_id: str | None, sort: str, name: str) -> int:
        """The index of a charge that an entry names; one that is not seen yet is as if it were not named."""
        if not charge_id:
            return _NO_TARGET
        if charge_id not in self.index and not self._comes(charge_id):
            self._refuse("unknown_charge", sort, name)
        return self.index.get(charge_id, _NO_TARGET)

    def _comes(self, charge_id: str) -> bool:
        """Whether the account has such a charge, though it is not seen or is left out."""
        return any(row.id == charge_id and row.kind in _OWED for row in self.rows.charges)

    def _read_reduction(self, row: ChargeRow) -> None:
        target = self._target(row.corrects, "charge", row.id)
        if row.corrects and target == _NO_TARGET:
            return  # it waits for its charge, or there is none
        day = row.day if target == _NO_TARGET else max(row.day, self.charges[target].day)
        amount = abs(row.amount)
        if row.kind == "refund" and row.amount > 0:
            self.refunds.append((day, row.id, amount))
        elif row.kind == WAIVER and self._is_of_late_fee(row, target):
            self.late_waived += amount
        else:
            kind = CREDIT if row.kind == "refund" else row.kind
            self.reductions.append((day, row.id, kind, amount, target))

    def _is_of_late_fee(self, row: ChargeRow, target: int) -> bool:
        """Whether a waiver is of late fee that has accrued; of a posted one it is as of any charge."""
        posted = target != _NO_TARGET and self.charges[target].kind == LATE_FEE
        return not posted and (row.fee == LATE_FEE or LATE_FEE in row.tags)

    # Payments

    def _read_payments(self, given: list[PaymentRow]) -> None:
        rows = self._mine(given, "payment")
        reversed_ = self._reversed(rows)
        self.payments: list[tuple[int, str, int, int, str]] = []
        self.in_transit = 0
        for row in rows:
            if row.reverses:
                continue
            amount = row.amount or 0
            target = self._target(row.charge_id, "payment", row.id) if row.charge_id else _NO_TARGET
            if amount < 0:
                self._refuse("negative_amount", "payment", row.id)
            elif row.id in reversed_ or row.status == "reversed":
                continue
            elif row.status == "in_transit":
                self.in_transit += amount
            else:
                self.payments.append((row.day, row.id, amount, target, row.fee))
        self.paid_days = [row[0] for row in self.payments]

    def _reversed(self, rows: list[PaymentRow]) -> set[str]:
        if not any(row.reverses for row in rows):
            return set()
        given = {row.id: row for row in rows}
        known = {row.id for row in self.rows.payments}
        found = set()
        for row in rows:
            if not row.reverses or row.status == "in_transit":
                continue
            other = given.get(row.reverses)
            if row.reverses not in known:
                self._refuse("unknown_payment", "payment", row.id)
            elif other is not None and other.reverses:
                self._refuse("reverses_a_reversal", "payment", row.id)
            elif other is not None and row.amount and other.amount and abs(row.amount) != abs(other.amount):
                self._refuse("reversal_differs", "payment", row.id)
            else:
                found.add(row.reverses)
        return found

    def _read_allocations(self, given: list[AllocationRow]) -> None:
        self.allocations: list[tuple[int, int, int]] = []
        if not given:
            return
        place = {row[1]: p for p, row in enumerate(self.payments)}
        known = {row.id for row in self.rows.payments if not row.reverses}
        found = []
        for row in given:
            name = f"{row.payment_id}/{row.charge_id}"
            charge = self._target(row.charge_id, "allocation", name)
            payment = place.get(row.payment_id, _NO_TARGET)
            if row.account_id is not None and row.account_id != self.rows.account_id:
                self._refuse("other_account", "allocation", name)
            elif row.payment_id not in known:
                self._refuse("unknown_payment", "allocation", name)
            elif row.amount < 0:
                self._refuse("negative_amount", "allocation", name)
            elif charge != _NO_TARGET and payment != _NO_TARGET:
                found.append((payment, charge, row.amount))
        self._fit(sorted(found))

    def _fit(self, allocations: list[tuple[int, int, int]]) -> None:
        """Keeps of each allocation what its payment and its charge can bear."""
        paid = [row[2] for row in self.payments]
        owed = [row.amount for row in self.charges]
        for payment, charge, amount in allocations:
            name = f"{self.payments[payment][1]}/{self.ids[charge]}"
            if amount > paid[payment]:
                self._refuse("allocation_over_payment", "allocation", name)
            elif amount > owed[charge]:
                self._refuse("allocation_over_charge", "allocation", name)
            fits = min(amount, paid[payment], owed[charge])
            paid[payment] -= fits
            owed[charge] -= fits
            self.allocations.append((payment, charge, fits))

    # Events

    def _read_events(self, given: list[EventRow]) -> None:
        """`events` by type; `steps` what was done; `limits` contacts of other accounts of the same party."""
        self.events: dict[str, list[EventRow]] = {}
        self.limits: list[EventRow] = []
        self.steps: list[EventRow] = []
        if not given:
            return
        own = self.rows.account_id
        for row in self._once(given, "event"):
            if row.account_id is not None and row.account_id != own:
                if row.party_id is None or row.party_id not in self.rows.parties:
                    self._refuse("other_account", "event", row.id)
                elif row.type in ("contact", "demand") and not row.closing:
                    self.limits.append(row)
            elif self._is_sound(row):
                self.events.setdefault(row.type, []).append(row)
                if row.step_id is not None and not row.closing and row.type in DOING:
                    self.steps.append(row)

    def _is_sound(self, row: EventRow) -> bool:
        for charge_id in row.charge_ids:
            self._target(charge_id, "event", row.id)
        if row.ends is not None and row.ends < row.day:
            self._refuse("ends_before_start", "event", row.id)
            return False
        if row.closing:
            return True
        code = _fault_of(row)
        if code:
            self._refuse(code, "event", row.id)
        # A hold without an end holds all the same: the safe side, until a person looks.
        return not code or row.type == "hold"

    def _is_fifo(self) -> None:
        """Whether money meets charges first in, first out: each in its order, with nothing to steer it."""
        days = [row.day for row in self.charges]
        self.first_issue = min(days, default=None)
        self.fifo = (
            not (self.reductions or self.refunds or self.allocations)
            and all(row[3] == _NO_TARGET and not row[4] for row in self.payments)
            and all(debt == _NO_TARGET for debt in self.debt)
            and all(a <= b for a, b in pairwise(days))
        )


def _is_later_word(one: PaymentRow | EventRow, other: PaymentRow | EventRow) -> bool:
    """Whether two entries of one id are what was known of one thing at two times: a payment in transit, then cleared."""
    told = one.stamp is not None and other.stamp is not None and one.stamp[0] != other.stamp[0]
    return told and one.amount == other.amount


def _fault_of(row: EventRow) -> str:
    """The code of what an event lacks, or ""."""
    if row.type == "promise":
        if row.promised is None:
            return "promise_without_day"
        return "negative_amount" if (row.amount or 0) < 0 else ""
    if row.type == "plan":
        if not row.amount:
            return "plan_without_amount"
        if row.amount < 0 or (row.balance or 0) < 0:
            return "negative_amount"
        return "" if row.frequency else "plan_without_frequency"
    if row.type == "hold" and row.review is None and row.ends is None:
        return "hold_without_end"
    return ""
