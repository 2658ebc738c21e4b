"""Limitation: until when each open charge can be claimed before the payer may refuse it for its age."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from feerules.ledger.allocation import Folded
from feerules.ledger.demands import demand_events
from feerules.ledger.seen import Seen
from feerules.ledger.treatment import Treatment
from feerules.periods import add_months, day_number, from_day_number
from feerules.plan.ledgers import BY_DEBTOR, RESTARTING, THREE_YEARS_SINCE, LedgerTerms

__all__ = ["limitation_of"]

_LAST_YEAR: Final = 9999


def limitation_of(treatment: Treatment, folded: Folded) -> dict[int, int]:
    """The last day of limitation of each open charge that counts, by index."""
    terms, seen = treatment.terms, treatment.seen
    open_ = folded.unpaid
    if not open_:
        return {}
    years, acts = terms.limitation_years, _acts(seen, terms)
    if not terms.limitation_separate:
        # One debt in instalments: it starts with the last of them, and what is done for a part is for all.
        counted = [i for i, counts in enumerate(treatment.counts) if counts]
        latest = max(seen.charges[i].due for i in counted)
        paid = max(folded.paid_on[i] for i in counted)
        return dict.fromkeys(open_, _end(latest, acts, paid, years))
    ends = {}
    for i in open_:
        row = seen.charges[i]
        mine = [act for act in acts if (row.id in act[2] if act[2] else row.due <= act[0])] if acts else acts
        ends[i] = _end(row.due, mine, folded.paid_on[i], years)
    return ends


_Act = tuple[int, bool, tuple[str, ...]]  # its day, whether it is the creditor's, the charges that it names


def _acts(seen: Seen, terms: LedgerTerms) -> list[_Act]:
    """What starts limitation anew: of demands only those that were delivered."""
    demands = [event for event in demand_events(seen, terms) if event.delivered is True]
    events = [*demands, *(event for type_ in RESTARTING for event in seen.events.get(type_, ()))]
    return sorted(
        (event.day, event.type not in BY_DEBTOR, event.charge_ids) for event in events if not event.closing
    )


def _end(due: int, acts: list[_Act], paid_on: int, years: int) -> int:
    """The end of limitation after all that started it anew, each by the rule of its day."""
    end = _years_after(due, years)
    if paid_on > due:
        acts = sorted([*acts, (paid_on, False, ())])
    for day, by_creditor, _ in acts:
        if day > due and (day <= end or not by_creditor):
            end = max(end, _years_after(day, years))
    return end


# A pure function remembered: the charges of an estate fall due on the same days.
@lru_cache(maxsize=8192)
def _years_after(start: int, years: int) -> int:
    day = from_day_number(start)
    if day.year + years > _LAST_YEAR:
        return day_number(date.max)
    if years == 3 and (short := day_number(add_months(day, 24))) < THREE_YEARS_SINCE:
        return short
    return day_number(add_months(day, 12 * years))
