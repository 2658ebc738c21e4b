"""What was open of an account at an earlier day, as its entries tell it now: the base of promises and plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from feerules.ledger.allocation import Folded
from feerules.ledger.pauses import ENDLESS, Span, paused_between
from feerules.ledger.treatment import Treatment

__all__ = ["agreed_on", "covered_by", "open_before", "owed_at", "owed_since"]


def open_before(folded: Folded, charges: Iterable[int], day: int) -> int:
    """What was open of the charges in the morning of a day, before what came in on it."""
    cuts, open_ = folded.cuts, folded.open
    return sum(open_[i] + sum(part for on, part in cuts[i] or () if on >= day) for i in charges)


def owed_at(
    treatment: Treatment, folded: Folded, day: int, morning: int, pauses: Sequence[Span]
) -> list[int]:
    """The charges that were overdue on a day, of those open on a morning; where none was, all that were open."""
    basis, grace = treatment.basis, treatment.terms.grace
    left = _open_on(treatment, folded, day, morning)
    overdue = [i for i in left if day - basis[i] - grace - paused_between(pauses, basis[i], day) > 0]
    return overdue or left


def _open_on(treatment: Treatment, folded: Folded, day: int, morning: int) -> list[int]:
    """The charges that were issued by a day, of those open on a morning."""
    counts, charges = treatment.counts, treatment.seen.charges
    late = (i for i, closed in enumerate(folded.closed_on) if closed >= morning)
    return [i for i in late if counts[i] and charges[i].day <= day]


def covered_by(treatment: Treatment, charge_ids: Sequence[str], day: int) -> list[int]:
    """The charges that an event names; where it names none, those that were issued and due by its day."""
    seen = treatment.seen
    if charge_ids:
        named = (seen.index.get(charge_id, -1) for charge_id in charge_ids)
        return sorted({i for i in named if i >= 0 and treatment.counts[i]})
    charges = seen.charges
    return [
        i
        for i, counts in enumerate(treatment.counts)
        if counts and charges[i].due <= day and charges[i].day <= day
    ]


def agreed_on(treatment: Treatment, folded: Folded, charge_ids: Sequence[str], day: int) -> list[int]:
    """The charges of a plan: those that it names, else what was open and due on its day; where nothing was due,
    what was open."""
    if charge_ids:
        return covered_by(treatment, charge_ids, day)
    charges, left = treatment.seen.charges, _open_on(treatment, folded, day, day)
    return [i for i in left if charges[i].due <= day] or left


def owed_since(treatment: Treatment, folded: Folded) -> tuple[int | None, bool]:
    """From which day on something that counts was open every evening until now; and whether there was a debt
    before it that was wholly paid. None where nothing is open."""
    spans = [
        (row.day, closed)
        for row, closed, counts in zip(
            treatment.seen.charges, folded.closed_on, treatment.counts, strict=True
        )
        if counts and closed > row.day
    ]
    start = reach = None
    before = False
    for first, last in sorted(spans):
        if reach is None or first > reach:
            before = reach is not None
            start, reach = first, last
        elif last > reach:
            reach = last
    return (start, before) if reach == ENDLESS else (None, reach is not None)
