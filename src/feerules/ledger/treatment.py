"""What a policy makes of each charge of an account: whether it counts, how old it is, where it stands in line."""

from __future__ import annotations

from operator import and_

from feerules.ledger.rows import NEVER
from feerules.ledger.seen import Seen
from feerules.plan.ledgers import LedgerTerms

__all__ = ["Treatment", "treat"]


def treat(seen: Seen, terms: LedgerTerms, left_alone: frozenset[str] = frozenset()) -> Treatment:
    """The treatment of the charges that are seen; the last one asked for is remembered.

    `left_alone`: the charges that the policy leaves alone while they are disputed or held.
    """
    treated: Treatment | None = seen.treated
    if treated is None or treated.terms is not terms or treated.left_alone != left_alone:
        treated = Treatment(seen, terms, left_alone)
        seen.treated = treated
    return treated


class Treatment:
    """Lists over the charges of `Seen`, by index.

    `counts`: whether the policy counts it at all; `bears`: whether a late fee runs on it, `burdens`: whether
    it would, were it not left alone, so that a dispute moves no money that has found its charge; `basis`: the day
    from which it ages. `bearing` is the charges on which a late fee runs, each with the day after which it
    may: when it is both due and issued.

    `fifo`: whether money goes to the charges as they stand. Where not, it goes to them line by line (of
    `lines`), in each by `place`; those of one place share. From the day on which it `falls_due` a charge is
    in the `line` given, before that in the next.
    """

    __slots__ = (
        "basis", "bearing", "bears", "burdens", "counts", "falls_due", "fifo", "left_alone", "line", "lines", "paid_to", "place",
        "seen", "terms",
    )  # fmt: skip

    def __init__(self, seen: Seen, terms: LedgerTerms, left_alone: frozenset[str]) -> None:
        self.seen, self.terms, self.left_alone = seen, terms, left_alone
        charges = seen.charges
        late = terms.late_fee
        fees, lasting = None if late is None else late.fees, self._counted()
        self.burdens = [
            late is not None and counts and row.kind == "charge" and (fees is None or row.fee in fees)
            for row, counts in zip(charges, lasting, strict=True)
        ]
        self.counts, self.bears = lasting, self.burdens
        if left_alone:
            asked = [row.id not in left_alone for row in charges]
            self.counts = [*map(and_, lasting, asked)]
            self.bears = [*map(and_, self.burdens, asked)]
        self.bearing = [
            (i, row.due if row.due > row.day else row.day) for i, row in enumerate(charges) if self.bears[i]
        ]
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
            if counts and row.period_end is not None and row.kind == "charge"
        ]
        self.paid_to = max(ends, default=None)
        self.fifo = seen.fifo and terms.credit_applied and not terms.fee_order and self._goes_by_age()
        if not self.fifo:
            self._stand_in_line()

    def _counted(self) -> list[bool]:
        """Whether each charge counts, whatever is disputed or held for a time."""
        terms, charges = self.terms, self.seen.charges
        if not (terms.exclude_fees or terms.exclude_kinds or terms.exclude_tags):
            return [True] * len(charges)
        return [
            row.fee not in terms.exclude_fees
            and row.kind not in terms.exclude_kinds
            and terms.exclude_tags.isdisjoint(row.tags)
            for row in charges
        ]

    # Who comes first

    def _goes_by_age(self) -> bool:
        """Whether the order of the policy is that of the due days; by law, where all else is alike."""
        match self.terms.allocate:
            case "oldest_due_first":
                return True
            case "civil_code_560":
                charges = self.seen.charges
                return len({*self.burdens}) < 2 and len({row.due for row in charges}) == len(charges)
        return False

    def _stand_in_line(self) -> None:
        count, charges = range(len(self.counts)), self.seen.charges
        by_law = self.terms.allocate == "civil_code_560"
        keys = [self._key_560(i) if by_law else self._key(i) for i in count]
        places = {key: place for place, key in enumerate(sorted({*keys}))}
        self.place = [places[key] for key in keys]
        self.lines, self.line, self.falls_due = 1, [0] * len(keys), [NEVER] * len(keys)
        if by_law:  # of each rank, what is due goes before what is not
            self.lines = 2 * (len(self.terms.fee_order) + 1)
            self.line = [2 * self._fee_rank(i) for i in count]
            self.falls_due = [charges[self._debt(i)].due for i in count]

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

    def _key_560(self, i: int) -> tuple[int | str, ...]:
        """Civil Code 560, among what is due: the more burdensome, the older; equal ones share."""
        debt = self._debt(i)
        return self._fee_rank(i), int(not self.burdens[debt]), self.seen.charges[debt].due, self._component(i)
