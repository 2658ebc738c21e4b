"""Limitation: until when each open charge can be claimed before the payer may refuse it for its age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from feerules.ledger.allocation import Folded
from feerules.ledger.rows import EventRow
from feerules.ledger.treatment import Treatment
from feerules.periods import add_months, day_number, from_day_number

__all__ = ["limitation_of"]

# Until then the general period was two years; what had run out stayed so.
_THREE_YEARS_SINCE: Final = day_number(date(2017, 10, 1))
_LAST_YEAR: Final = 9999

# What the creditor does saves only a claim that can still be met; what the payer does revives one.
_BY_CREDITOR: Final = frozenset({"demand", "court"})
_RESTARTS: Final = ("demand", "court", "acknowledgement", "plan")


def limitation_of(treatment: Treatment, folded: Folded) -> dict[int, int]:
    """The last day of limitation of each open charge that counts, by index."""
    terms, seen = treatment.terms, treatment.seen
    counted = [i for i, counts in enumerate(treatment.counts) if counts]
    open_ = [i for i in counted if folded.open[i]]
    if not open_:
        return {}
    years, separate = terms.limitation_years, terms.limitation_separate
    restarts = sorted(
        (event for type_ in _RESTARTS for event in seen.events.get(type_, ()) if _restarts(event)),
        key=lambda event: (event.day, event.type, event.id),
    )
    latest = max(seen.charges[i].due for i in counted)
    together = max(folded.paid_on[i] for i in counted)
    if not separate:
        # One debt in instalments: it starts with the last of them, and what is done for a part is for all.
        end = _end(latest, restarts, together, years)
        return dict.fromkeys(open_, end)
    ends = {}
    for i in open_:
        row = seen.charges[i]
        mine = [event for event in restarts if _covers(event, row.id, row.due)] if restarts else ()
        ends[i] = _end(row.due, mine, folded.paid_on[i], years)
    return ends


def _restarts(event: EventRow) -> bool:
    return not event.closing and (event.type != "demand" or event.delivered is True)


def _covers(event: EventRow, charge_id: str, due: int) -> bool:
    return charge_id in event.charge_ids if event.charge_ids else due <= event.day


def _end(due: int, restarts: Sequence[EventRow], paid_on: int, years: int) -> int:
    """The end of limitation after all restarts, each by the rule of its day."""
    acts = [(event.day, event.type in _BY_CREDITOR) for event in restarts]
    if paid_on > due:
        acts.append((paid_on, False))
    end = _years_after(due, years)
    for day, by_creditor in sorted(acts):
        if day > due and (day <= end or not by_creditor):
            end = max(end, _years_after(day, years))
    return end


# A pure function remembered: the charges of an estate fall due on the same days.
@lru_cache(maxsize=8192)
def _years_after(start: int, years: int) -> int:
    day = from_day_number(start)
    if day.year + years > _LAST_YEAR:
        return day_number(date.max)
    if years == 3 and (short := day_number(add_months(day, 24))) < _THREE_YEARS_SINCE:
        return short
    return day_number(add_months(day, 12 * years))
