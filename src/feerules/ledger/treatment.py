"""What a policy makes of each charge of an account: whether it counts, how old it is, where it stands in line."""

from __future__ import annotations

from functools import lru_cache

from feerules.ledger.seen import Seen
from feerules.plan.ledgers import LedgerTerms

__all__ = ["Treatment", "treat"]


def treat(seen: Seen, terms: LedgerTerms) -> Treatment:
    """The treatment of the charges that are seen; the last one asked for is remembered."""
    treated: Treatment | None = seen.treated
    if treated is None or treated.terms is not terms:
        treated = Treatment(seen, terms)
        seen.treated = treated
    return treated


# A pure function remembered: one policy is asked of many accounts.
@lru_cache(maxsize=64)
def edges_of(terms: LedgerTerms) -> tuple[list[int], list[tuple[int, ...]]]:
    """The ages at which a charge becomes overdue or changes its bucket; the buckets below, between and above."""
    edges = sorted({1, *(day for bucket in terms.buckets for band in bucket.bands for day in band)})
    ages = [edges[0] - 1, *edges]
    inside = [
        tuple(
            b
            for b, bucket in enumerate(terms.buckets)
            if any(first <= age < last for first, last in bucket.bands)
        )
        for age in ages
    ]
    return edges, inside


class Treatment:
    """Lists over the charges of `Seen`, by index.

    `counts`: whether the policy counts it at all; `bears`: whether a late fee runs on it; `basis`: the day
    from which it ages. `bearing` is the charges on which a late fee runs, each with the day after which it
    may: when it is both due and issued. `edges` are the ages at which a charge becomes overdue or changes its
    bucket, and the buckets between them. `line` is the charges as money goes to them; `fifo`: whether that needs no looking.
    """

    __slots__ = (
        "basis", "bearing", "bears", "counts", "edges", "fifo", "line", "paid_to", "place", "seen", "terms",
    )  # fmt: skip

    def __init__(self, seen: Seen, terms: LedgerTerms) -> None:
        self.seen, self.terms = seen, terms
        charges = seen.charges
        late = terms.late_fee
        self.counts = [
            row.fee not in terms.exclude_fees
            and row.kind not in terms.exclude_kinds
            and terms.exclude_tags.isdisjoint(row.tags)
            for row in charges
        ]
        self.bears = [
            late is not None
            and row.kind == "charge"
            and counts
            and (late.fees is None or row.fee in late.fees)
            for row, counts in zip(charges, self.counts, strict=True)
        ]
        self.bearing = [
            (i, max(row.due, row.day))
            for i, (row, bears) in enumerate(zip(charges, self.bears, strict=True))
            if bears
        ]
        self.edges = edges_of(terms)
        match terms.age_from:
            case "due_on":
                self.basis = [row.due for row in charges]
            case "issued_on":
                self.basis = [row.day for row in charges]
            case "period_end":
                self.basis = [row.due if row.period_end is None else row.period_end for row in charges]
        ends = [
            row.period_end
            for row, counts in zip(charges, self.counts, strict=True)
            if counts and row.kind == "charge" and row.period_end is not None
        ]
        self.paid_to = max(ends, default=None)
        oldest = terms.allocate == "oldest_due_first"
        self.fifo = seen.fifo and oldest and terms.credit_applied and not terms.fee_order
        self.line: list[int] = []
        self.place: list[int] = []
        if not self.fifo and terms.allocate != "civil_code_560":
            self.line = sorted(range(len(charges)), key=self._key)
            self.place = [0] * len(charges)
            for place, i in enumerate(self.line):
                self.place[i] = place

    def _debt(self, i: int) -> int:
        return i if self.seen.debt[i] < 0 else self.seen.debt[i]

    def _fee_rank(self, i: int) -> int:
        """The place of its fee among those that come first; a posted late fee goes with its debt."""
        order = self.terms.fee_order
        if not order:
            return 0
        for fee in (self.seen.charges[i].fee, self.seen.charges[self._debt(i)].fee):
            if fee in order:
                return order.index(fee)
        return len(order)

    def _component(self, i: int) -> int:
        """Which of a debt and the late fee on it comes first."""
        is_interest = self.seen.debt[i] >= 0
        return int(is_interest) if not self.terms.interest_first else int(not is_interest)

    def _key(self, i: int) -> tuple[int | str, ...]:
        debt, own = self.seen.charges[self._debt(i)], self.seen.charges[i]
        sign = -1 if self.terms.allocate == "newest_due_first" else 1
        rank, component = self._fee_rank(i), self._component(i)
        return (
            rank,
            sign * debt.due,
            sign * debt.day,
            debt.id,
            component,
            sign * own.due,
            sign * own.day,
            own.id,
        )

    def key_560(self, i: int, day: int) -> tuple[int, ...]:
        """Civil Code 560: due before not yet due, the more burdensome, the older; equal ones share."""
        debt = self._debt(i)
        due = self.seen.charges[debt].due
        return self._fee_rank(i), int(due > day), int(not self.bears[debt]), due, self._component(i)
