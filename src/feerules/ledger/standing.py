"""Demands, disputes, hardship, holds and court: how the account stands."""

from __future__ import annotations

from collections.abc import Sequence

from feerules.ledger.agreements import Changes, Values
from feerules.ledger.allocation import Folded
from feerules.ledger.history import covered_by
from feerules.ledger.rows import EventRow
from feerules.ledger.seen import Contradiction, Seen
from feerules.ledger.treatment import Treatment
from feerules.plan.ledgers import LedgerTerms

__all__ = ["court_of", "covered_by_demands", "demands_of", "hold_reason_of", "states_of"]


def demands_of(treatment: Treatment, folded: Folded, as_of: int, values: Values, changes: Changes) -> None:
    """The state of the last demand, and what all demands cover that were delivered and have expired."""
    events = treatment.seen.events.get("demand")
    if not events:
        return
    terms, charges = treatment.terms, treatment.seen.charges
    last = events[-1]
    if not last.closing:
        values["demand_state"] = _state_of(last, terms, as_of)
        values["demand_age_days"] = as_of - last.day
    changes += [
        last_day + 1
        for event in _standing(events)
        if event.delivered is True and (last_day := _last_day(event, terms)) >= as_of
    ]
    covered = covered_by_demands(treatment, as_of).intersection(folded.unpaid)
    values["demand_covers"] = sum(folded.open[i] for i in covered if charges[i].kind == "charge")


def covered_by_demands(treatment: Treatment, as_of: int) -> set[int]:
    """The charges that delivered demands cover whose period has ended."""
    covered: set[int] = set()
    for event in _standing(treatment.seen.events.get("demand", ())):
        if event.delivered is True and as_of > _last_day(event, treatment.terms):
            covered.update(covered_by(treatment, event.charge_ids, event.day))
    return covered


def _standing(events: Sequence[EventRow]) -> list[EventRow]:
    """The events without those that were closed."""
    standing: list[EventRow] = []
    for event in events:
        if not event.closing:
            standing.append(event)
        elif standing:
            standing.pop()
    return standing


def _state_of(demand: EventRow, terms: LedgerTerms, as_of: int) -> str:
    if demand.delivered is None:
        return "sent"
    if not demand.delivered:
        return "failed"
    return "expired" if as_of > _last_day(demand, terms) else "delivered"


def _last_day(demand: EventRow, terms: LedgerTerms) -> int:
    """The last day that a demand gives: its own, else by the period of its step."""
    if demand.ends is not None:
        return demand.ends
    period = next((step.period for step in terms.steps if step.id == demand.step_id), 0)
    return demand.day + period


def states_of(seen: Seen, as_of: int, values: Values, changes: Changes) -> None:
    """Disputes, hardship, death and holds: each from its day, until it is closed or its end comes."""
    for name in ("hardship", "death", "hold"):
        values[name] = int(_is_open(seen.events.get(name), as_of, changes))
    if values["hold"]:
        values["hold_review_on"] = seen.events["hold"][-1].review
    disputes = seen.events.get("dispute")
    if disputes:
        values["dispute_state"] = "open" if _is_open(disputes, as_of, changes) else "closed"


def hold_reason_of(seen: Seen, values: Values) -> str | None:
    """Why the account is on hold, as the person wrote who put it there."""
    return seen.events["hold"][-1].reason if values["hold"] else None


def _is_open(events: Sequence[EventRow] | None, as_of: int, changes: Changes) -> bool:
    if not events or events[-1].closing:
        return False
    ends = events[-1].ends
    if ends is None:
        return True
    if as_of < ends:
        changes.append(ends)
    return as_of < ends


def court_of(seen: Seen, as_of: int, values: Values, changes: Changes) -> list[Contradiction]:
    """The state of proceedings: `ends_on` is the day of the hearing, `outcome` what the court said."""
    found: list[Contradiction] = []
    hearing: int | None = None
    state = "none"
    for event in seen.events.get("court", ()):
        if event.closing:
            hearing, state = None, "none"
            continue
        hearing = event.ends if event.ends is not None else hearing
        if event.outcome is not None:
            state = "decided"
            if hearing is None:
                found.append(("outcome_without_hearing", "event", event.id))
        elif hearing is None:
            state = "filed"
        else:
            state = "scheduled" if hearing >= as_of else "awaiting_outcome"
    values["court_state"] = state
    if state == "scheduled" and hearing is not None:
        changes.append(hearing + 1)
    return found
