"""One charge of a position: what became of it, and how old it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from feerules.ledger.allocation import Folded
from feerules.ledger.pauses import Span, paused_between
from feerules.ledger.treatment import Treatment
from feerules.money import from_scaled
from feerules.periods import from_day_number

__all__ = ["ChargeState", "charge_states"]


@dataclass(frozen=True, slots=True)
class ChargeState:
    """amount = open + allocated + credited + waived + written_off, to the fen.

    `counts` is False for a charge that the policy leaves out. `late_fee` is what has accrued on it, posted
    or not; `limitation_on` is told of open charges that count.
    """

    charge_id: str
    unit_id: str | None
    fee: str
    kind: str
    period_start: date | None
    period_end: date | None
    issued_on: date
    due_on: date
    amount: Decimal
    open: Decimal
    allocated: Decimal
    credited: Decimal
    waived: Decimal
    written_off: Decimal
    days_past_due: int
    days_overdue: int
    late_fee: Decimal
    limitation_on: date | None
    counts: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: money as text, days as ISO text."""
        return {name: _plain(getattr(self, name)) for name in _FIELDS}


_FIELDS = tuple(each.name for each in fields(ChargeState))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def charge_states(
    treatment: Treatment,
    folded: Folded,
    fees: Sequence[int],
    limits: dict[int, int],
    pauses: Sequence[Span],
    day: int,
) -> tuple[ChargeState, ...]:
    """The charges by due day, day of issue and id."""
    states = []
    for i, row in enumerate(treatment.seen.charges):
        since = treatment.basis[i]
        lowered = [each.get(i, 0) for each in (folded.credited, folded.waived, folded.written_off)]
        allocated = row.amount - folded.open[i] - sum(lowered)
        states.append(
            ChargeState(
                charge_id=row.id,
                unit_id=row.unit_id,
                fee=row.fee,
                kind=row.kind,
                period_start=_maybe(row.period_start),
                period_end=_maybe(row.period_end),
                issued_on=from_day_number(row.day),
                due_on=from_day_number(row.due),
                amount=from_scaled(row.amount, 2),
                open=from_scaled(folded.open[i], 2),
                allocated=from_scaled(allocated, 2),
                credited=from_scaled(lowered[0], 2),
                waived=from_scaled(lowered[1], 2),
                written_off=from_scaled(lowered[2], 2),
                days_past_due=day - since,
                days_overdue=day - since - treatment.terms.grace - paused_between(pauses, since, day),
                late_fee=from_scaled(fees[i], 2),
                limitation_on=_maybe(limits.get(i)),
                counts=treatment.counts[i],
            )
        )
    return tuple(states)


def _maybe(day: int | None) -> date | None:
    return None if day is None else from_day_number(day)
