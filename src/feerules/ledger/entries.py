"""The entries of an account: what was charged, paid, allocated and done, as an ERP hands them over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from feerules.ledger.fields import Day, Id, Moment, Money, word

__all__ = [
    "CHARGE_KINDS",
    "CLOSING",
    "EVENT_TYPES",
    "FREQUENCIES",
    "OWED",
    "PAYMENT_STATUSES",
    "Allocation",
    "Charge",
    "Entry",
    "Event",
    "Party",
    "Payment",
]

OWED: Final = ("charge", "late_fee", "deposit")
CHARGE_KINDS: Final = (*OWED, "credit", "waiver", "write_off", "refund")
PAYMENT_STATUSES: Final = ("in_transit", "cleared", "reversed")
ROLES: Final = ("owner", "tenant", "developer", "heir")
EVENT_TYPES: Final = (
    "contact", "demand", "promise", "plan", "dispute", "hardship", "death", "hold", "pause", "court",
    "approval", "acknowledgement", "action",
)  # fmt: skip
CLOSING: Final = ("closed", "ended", "resolved", "cancelled")
FREQUENCIES: Final = ("weekly", "two_weekly", "four_weekly", "monthly", "one_off")


class Entry(BaseModel):
    """What all entries have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Party(Entry):
    """Who is liable for the account, or is contacted about it; liable on the days from ≤ day < to."""

    party_id: Id
    account_id: Id | None = None
    role: Annotated[str, word(*ROLES)] = "owner"
    liable_from: Day | None = None
    liable_to: Day | None = None


class Charge(Entry):
    """A sum that is owed, or one that lowers what is owed.

    `charge`, `late_fee` and `deposit` are owed from `issued_on` (where absent: from `due_on`). `credit`,
    `waiver` and `write_off` lower what is owed by the amount, whichever sign it has; `corrects_charge_id`
    names the charge. A `refund` below zero is owed to the payer, one above zero was paid back.
    """

    charge_id: Id
    account_id: Id | None = None
    unit_id: Id | None = None
    fee: Id
    kind: Annotated[str, word(*CHARGE_KINDS)] = "charge"
    period_start: Day | None = None
    period_end: Day | None = None
    issued_on: Day | None = None
    due_on: Day | None = None
    amount: Money
    tax: Money | None = None
    currency: Id | None = None
    corrects_charge_id: Id | None = None
    tags: tuple[str, ...] = ()
    recorded_at: Moment | None = None

    @model_validator(mode="after")
    def _has_its_day(self) -> Self:
        if self.due_on is None and (self.kind in OWED or self.issued_on is None):
            expected = (
                "the day on which it is due" if self.kind in OWED else "issued_on, the day of its effect"
            )
            raise ValueError(f"found a {self.kind} without due_on, expected {expected}")
        return self

    @classmethod
    def of(cls, line: object) -> Self:
        """The charge that a line of a bill becomes: a `BillLine`, or its dict; what a charge has not is dropped."""
        if isinstance(line, Mapping):
            values = {name: line[name] for name in cls.model_fields if line.get(name) is not None}
        else:
            given = ((name, getattr(line, name, None)) for name in cls.model_fields)
            values = {name: value for name, value in given if value is not None}
        return cls.model_validate(values)


class Payment(Entry):
    """Money that came in; or, with `reverses_payment_id`, that a payment never was one.

    It counts from `effective_on` once it is cleared. It goes to the charge or the fee that the payer
    designated, as far as that is open, then where the policy says.
    """

    payment_id: Id
    account_id: Id | None = None
    amount: Money | None = None
    currency: Id | None = None
    method: str | None = None
    status: Annotated[str, word(*PAYMENT_STATUSES)] = "cleared"
    effective_on: Day
    designated_fee: Id | None = None
    designated_charge_id: Id | None = None
    reverses_payment_id: Id | None = None
    recorded_at: Moment | None = None

    @model_validator(mode="after")
    def _has_its_amount(self) -> Self:
        if self.amount is None and self.reverses_payment_id is None:
            raise ValueError("found a payment without amount, expected what was paid")
        return self


class Allocation(Entry):
    """That a part of a payment was put to a charge, with a receipt: a fact, which no policy moves."""

    payment_id: Id
    charge_id: Id
    amount: Money
    account_id: Id | None = None
    recorded_at: Moment | None = None


class Event(Entry):
    """Something that happened to the account, or was done about it.

    The last event of a type decides; one whose `status` is closed, ended, resolved or cancelled ends the
    one before it. `charge_ids` are the charges that it is about (none: all that are due). `frequency` and
    `balance` (what was open at its start) are a plan's.
    """

    event_id: Id
    account_id: Id | None = None
    party_id: Id | None = None
    type: Annotated[str, word(*EVENT_TYPES)]
    status: Annotated[str, word("open", *CLOSING)] = "open"
    step_id: Id | None = None
    channel: str | None = None
    outcome: str | None = None
    delivered: bool | None = Field(None, strict=True)
    effective_on: Day
    occurred_at: Moment | None = None
    ends_on: Day | None = None
    charge_ids: tuple[Id, ...] = ()
    amount: Money | None = None
    frequency: Annotated[str, word(*FREQUENCIES)] | None = None
    balance: Money | None = None
    promised_on: Day | None = None
    review_on: Day | None = None
    reason: str | None = None
    actor: str | None = None
    evidence: str | None = None
    recorded_at: Moment | None = None
