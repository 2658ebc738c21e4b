"""An account: its entries together, and the rows that the kernel reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, TypeAlias

from pydantic import PrivateAttr

from feerules.ledger.entries import Allocation, Charge, Entry, Event, Party, Payment
from feerules.ledger.fields import Id
from feerules.ledger.rows import Rows

__all__ = ["Account"]

_Entries: TypeAlias = tuple[
    tuple[Party, ...], tuple[Charge, ...], tuple[Payment, ...], tuple[Allocation, ...], tuple[Event, ...]
]


class Account(Entry):
    """One account in one currency, with its whole history; the order of the entries says nothing.

    `facts` are further facts that a policy declares, `policy` names a policy document for this account.

    >>> account = Account(account_id="A-1", charges=({"charge_id": "C-1", "fee": "management",
    ...     "due_on": "2026-01-31", "amount": "250.60"},))
    >>> account.charges[0].amount, account.charges[0].due_on
    (Decimal('250.60'), datetime.date(2026, 1, 31))
    """

    account_id: Id
    currency: Id = "CNY"
    parties: tuple[Party, ...] = ()
    charges: tuple[Charge, ...] = ()
    payments: tuple[Payment, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    events: tuple[Event, ...] = ()
    facts: dict[str, Any] = {}
    policy: Id | None = None

    # What the kernel reads; no part of what the account says.
    _rows: Rows | None = PrivateAttr(None)

    def model_post_init(self, context: Any, /) -> None:
        self._rows = self._read()

    def rows(self) -> Rows:
        """The entries as the kernel reads them: made once, and anew where a changed copy brings others'."""
        # Not as self._rows: that way is slow, and every question comes along here.
        rows: Rows | None = (self.__pydantic_private__ or {}).get("_rows")
        if rows is None or not rows.are_of(self.account_id, self.currency, self._entries()):
            rows = self._rows = self._read()
        return rows

    def _read(self) -> Rows:
        return Rows(self.account_id, self.currency, *self._entries())

    def _entries(self) -> _Entries:
        return self.parties, self.charges, self.payments, self.allocations, self.events

    def with_bill(self, bill: Iterable[Any]) -> Self:
        """The account with a bill's lines as charges; a line that it already has is not charged again."""
        known = {_what_is_charged(charge) for charge in self.charges}
        new = [charge for charge in map(Charge.of, bill) if _what_is_charged(charge) not in known]
        return self.model_copy(update={"charges": (*self.charges, *new)})

    def __eq__(self, other: object) -> bool:
        return self.__class__ is other.__class__ and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[Any, Any]:
        return super().__getstate__() | {"__pydantic_private__": {"_rows": None}}


def _what_is_charged(charge: Charge) -> tuple[Any, ...]:
    """What makes a charge the same one, whenever it was recorded."""
    return charge.charge_id, charge.fee, charge.kind, charge.amount, charge.due_on
