"""Demands: whether they arrived, until when they give time to pay, and which charges they cover."""

from __future__ import annotations

from collections.abc import Sequence

from feerules.ledger.agreements import Changes, Values
from feerules.ledger.allocation import Folded
from feerules.ledger.history import covered_by
from feerules.ledger.rows import EventRow
from feerules.ledger.seen import Seen
from feerules.ledger.standing import standing
from feerules.ledger.treatment import Treatment
from feerules.plan.ledgers import LedgerTerms

__all__ = ["covered_by_demands", "demand_events", "demands_of"]


def demand_events(seen: Seen, terms: LedgerTerms) -> Sequence[EventRow]:
    """The demands in order: told as such, or as the contact or action of a step that demands; one that was called
    off is none."""
    told = seen.events.get("demand", ())
    steps = terms.demanding
    others = [
        event
        for name in ("contact", "action")
        for event in seen.events.get(name, ())
        if event.step_id in steps and not event.closing
    ]
    return sorted([*told, *others]) if others else told


def demands_of(
    treatment: Treatment, folded: Folded, as_of: int, for_debt: int, values: Values, changes: Changes
) -> None:
    """The state of the last demand for this debt that stands, and what all cover that were delivered and have expired."""
    terms, charges = treatment.terms, treatment.seen.charges
    events = standing(demand_events(treatment.seen, terms), ending=False)
    if not events:
        return
    if events[-1].day >= for_debt:
        values["demand_state"] = _state_of(events[-1], terms, as_of)
        values["demand_age_days"] = as_of - events[-1].day
    changes += [
        last_day + 1
        for event in events
        if event.delivered is True and (last_day := _last_day(event, terms)) >= as_of
    ]
    covered = _covered(treatment, events, as_of).intersection(folded.unpaid)
    values["demand_covers"] = sum(folded.open[i] for i in covered if charges[i].kind == "charge")


def covered_by_demands(treatment: Treatment, as_of: int) -> set[int]:
    """The charges that delivered demands cover whose period has ended."""
    events = standing(demand_events(treatment.seen, treatment.terms), ending=False)
    return _covered(treatment, events, as_of)


def _covered(treatment: Treatment, demands: Sequence[EventRow], as_of: int) -> set[int]:
    covered: set[int] = set()
    for event in demands:
        if event.delivered is True and as_of > _last_day(event, treatment.terms):
            covered.update(covered_by(treatment, event.charge_ids, event.day))
    return covered


def _state_of(demand: EventRow, terms: LedgerTerms, as_of: int) -> str:
    if demand.delivered is None:
        return "sent"
    if not demand.delivered:
        return "failed"
    return "expired" if as_of > _last_day(demand, terms) else "delivered"


def _last_day(demand: EventRow, terms: LedgerTerms) -> int:
    """The last day that a demand gives: its own, else by the period of its step, else by that of the policy."""
    if demand.ends is not None:
        return demand.ends
    periods = (step.period for step in terms.steps if step.id == demand.step_id and step.period is not None)
    return demand.day + next(periods, terms.demand_period)
