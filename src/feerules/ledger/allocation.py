"""The fold over an account's history: which money went to which charge on which day, and what is still open."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import groupby, takewhile
from operator import itemgetter

from feerules.ledger.pauses import ENDLESS
from feerules.ledger.rows import NEVER
from feerules.ledger.seen import CREDIT, WAIVER, Contradiction, Seen
from feerules.ledger.treatment import Treatment
from feerules.money import share_out

__all__ = ["Folded", "fold"]

_NO_TARGET = -1

Step = tuple[int, int, str, int]  # day, what happens, id, index

# What happens on a day, in this order.
_ISSUE, _LOWER, _USE_CREDIT, _PAY, _REFUND = range(5)


class Folded:
    """Lists over the charges, by index.

    `open` is what is still open, `cuts` the (day, fen) by which it was lowered, in no order (None: never),
    `paid_on` the last day on which a payment went to it, `closed_on` the day on which nothing was left of it
    (ENDLESS: something is, NEVER: there never was). The dicts tell what other entries lowered; what
    remains of amount - open went to it from payments and credit. `credit` is money that found no charge,
    `unpaid` the charges that are open and that the policy counts.
    """

    __slots__ = (
        "closed_on", "contradictions", "credit", "credited", "cuts", "open", "paid_on", "unpaid", "waived",
        "written_off",
    )  # fmt: skip

    def __init__(self, seen: Seen) -> None:
        self.open = [row.amount for row in seen.charges]
        self.cuts: list[list[tuple[int, int]] | None] = [None] * len(self.open)
        self.paid_on = [NEVER] * len(self.open)
        self.closed_on: list[int] = []
        self.credited: dict[int, int] = {}
        self.waived: dict[int, int] = {}
        self.written_off: dict[int, int] = {}
        self.credit = 0
        self.unpaid: list[int] = []
        self.contradictions: list[Contradiction] = []


def fold(seen: Seen, treatment: Treatment) -> Folded:
    """Every entry that is seen, day by day: charges, then what lowers them, then payments, then refunds."""
    folded = fold_first_in_first_out(seen) if treatment.fifo else fold_day_by_day(seen, treatment)
    counts = treatment.counts
    folded.closed_on = [*map(_closed_on, folded.open, folded.cuts)]
    folded.unpaid = [i for i, left in enumerate(folded.open) if left and counts[i]]
    return folded


def _closed_on(left: int, cuts: list[tuple[int, int]] | None) -> int:
    if left:
        return ENDLESS
    return NEVER if cuts is None else max(cuts)[0]


def fold_first_in_first_out(seen: Seen) -> Folded:
    """The same where payments and charges meet in their order: each fen is used on the later of two days."""
    folded = Folded(seen)
    open_, cuts, paid_on, charges = folded.open, folded.cuts, folded.paid_on, seen.charges
    i, count = 0, len(charges)
    for day, _, paid, _, _ in seen.payments:
        rest = paid
        while rest:
            if i == count:
                folded.credit += rest
                break
            left = open_[i]
            used = left if left < rest else rest
            if used:
                issued = charges[i][1]
                on = day if day > issued else issued
                paid_on[i] = on
                already = cuts[i]
                if already is None:
                    cuts[i] = [(on, used)]
                else:
                    already.append((on, used))
                open_[i] = left - used
                rest -= used
            if used == left:
                i += 1
    return folded


def fold_day_by_day(seen: Seen, treatment: Treatment) -> Folded:
    return _Fold(seen, treatment).done()


def _steps(seen: Seen) -> list[Step]:
    """What happens, in order; kept with what is seen, as no policy changes it."""
    if seen.ordered is None:
        steps = [(row.day, _ISSUE, row.id, i) for i, row in enumerate(seen.charges)]
        steps += [(day, _USE_CREDIT, "", 0) for day in {row.day for row in seen.charges}]
        steps += [(row[0], _LOWER, row[1], i) for i, row in enumerate(seen.reductions)]
        steps += [(row[0], _PAY, row[1], i) for i, row in enumerate(seen.payments)]
        steps += [(row[0], _REFUND, row[1], i) for i, row in enumerate(seen.refunds)]
        seen.ordered = sorted(steps)
    return seen.ordered


class _Fold:
    """The state between two entries.

    What posted allocations will take of a charge is not open to anything else, from the beginning: they
    are facts. `lines` holds the charges that are issued as money goes to them, line after line, each as its
    place and its index; `coming` those that fall due, by day. `credit` is money without a charge, oldest
    first, and whether it came from a payment.
    """

    def __init__(self, seen: Seen, treatment: Treatment) -> None:
        self.seen, self.treatment = seen, treatment
        self.folded = Folded(seen)
        self.open, self.cuts = self.folded.open, self.folded.cuts
        self.lines: list[list[tuple[int, int]]] = [[] for _ in range(treatment.lines)]
        self.coming: list[tuple[int, int]] = []
        self.credit: list[list[int]] = []
        self.posted: dict[int, list[tuple[int, int]]] = {}
        for payment, charge, amount in seen.allocations:
            self.posted.setdefault(payment, []).append((charge, amount))
            self.open[charge] -= amount

    def done(self) -> Folded:
        for day, step, _, i in _steps(self.seen):
            if step == _ISSUE:
                self._issue(i, day)
            elif step == _LOWER:
                self._lower(i)
            elif step == _USE_CREDIT:
                if self.credit and self.treatment.terms.credit_applied:
                    self._use_credit(day)
            elif step == _PAY:
                self._pay(i)
            else:
                self._refund(i)
        self.folded.credit = sum(amount for amount, _ in self.credit)
        return self.folded

    # The steps

    def _issue(self, i: int, day: int) -> None:
        treatment = self.treatment
        line, due = treatment.line[i], treatment.falls_due[i]
        if due > day:
            heappush(self.coming, (due, i))
            line += 1
        insort(self.lines[line], (treatment.place[i], i))

    def _fall_due(self, day: int) -> None:
        """What has fallen due goes to the line before."""
        while self.coming and self.coming[0][0] <= day:
            _, i = heappop(self.coming)
            line, entry = self.treatment.line[i], (self.treatment.place[i], i)
            early = self.lines[line + 1]
            at = bisect_left(early, entry)
            if at < len(early) and early[at] == entry:
                del early[at]
                insort(self.lines[line], entry)

    def _lower(self, r: int) -> None:
        day, name, kind, amount, target = self.seen.reductions[r]
        rest = amount
        if target != _NO_TARGET:
            rest -= self._take(target, day, amount, self._book_of(kind))
        elif kind != CREDIT:
            rest = self._spread(day, amount, self._groups(day, due_only=True), self._book_of(kind))
        if not rest:
            return
        if kind == CREDIT:
            self._keep(self._spend(day, rest, pays=False), pays=False)
        else:
            self.folded.contradictions.append(("nothing_to_waive", "charge", name))

    def _book_of(self, kind: str) -> dict[int, int]:
        folded = self.folded
        return {CREDIT: folded.credited, WAIVER: folded.waived}.get(kind, folded.written_off)

    def _use_credit(self, day: int) -> None:
        for purse in self.credit:
            purse[0] = self._spend(day, purse[0], pays=bool(purse[1]))
        self.credit = [purse for purse in self.credit if purse[0]]

    def _pay(self, p: int) -> None:
        day, _, amount, target, fee = self.seen.payments[p]
        for charge, part in self.posted.get(p, ()):
            amount -= part
            self.open[charge] += part  # it was kept for this
            self._take(charge, max(day, self.seen.charges[charge].day), part, None, pays=True)
        if amount and target != _NO_TARGET and self.seen.charges[target].day <= day:
            amount -= self._take(target, day, amount, None, pays=True)
        if amount and fee:
            amount = self._spread(day, amount, self._groups(day, fee=fee), None, pays=True)
        if amount:
            self._keep(self._spend(day, amount, pays=True), pays=True)

    def _refund(self, k: int) -> None:
        _, name, amount = self.seen.refunds[k]
        for purse in self.credit:
            used = min(purse[0], amount)
            purse[0] -= used
            amount -= used
        self.credit = [purse for purse in self.credit if purse[0]]
        if amount:
            self.folded.contradictions.append(("refund_over_credit", "charge", name))

    # Money on its way

    def _keep(self, amount: int, *, pays: bool) -> None:
        if amount:
            self.credit.append([amount, int(pays)])

    def _spend(self, day: int, amount: int, *, pays: bool) -> int:
        """Money without a name, in the order of the policy; gives what finds nothing open."""
        self._fall_due(day)
        for line in self.lines:
            while amount and line:
                amount = self._spend_on_first(line, day, amount, pays=pays)
        return amount

    def _spend_on_first(self, line: list[tuple[int, int]], day: int, amount: int, *, pays: bool) -> int:
        """On the first of a line, or on all that share its place."""
        place, i = line[0]
        if len(line) > 1 and line[1][0] == place:
            group = [i for _, i in takewhile(lambda entry: entry[0] == place, line) if self.open[i]]
            amount = self._spread(day, amount, [group], None, pays=pays)
        else:
            amount -= self._take(i, day, amount, None, pays=pays)
        if not self.open[i]:
            del line[0]
        return amount

    def _groups(self, day: int, *, fee: str = "", due_only: bool = False) -> Iterator[list[int]]:
        """The open charges in the order of the policy; those of one list share."""
        self._fall_due(day)
        charges, open_ = self.seen.charges, self.open
        found = [
            (place, i)
            for line in self.lines
            for place, i in line
            if open_[i] and (not fee or charges[i].fee == fee) and (not due_only or charges[i].due <= day)
        ]
        return ([i for _, i in group] for _, group in groupby(found, key=itemgetter(0)))

    def _spread(
        self,
        day: int,
        amount: int,
        groups: Iterable[list[int]],
        book: dict[int, int] | None,
        *,
        pays: bool = False,
    ) -> int:
        for group in groups:
            if not amount:
                break
            if len(group) == 1:
                amount -= self._take(group[0], day, amount, book, pays=pays)
                continue
            wanted = [self.open[i] for i in group]
            whole = sum(wanted)
            parts = share_out(amount, wanted, [self.seen.ids[i] for i in group]) if amount < whole else wanted
            for i, part in zip(group, parts, strict=True):
                amount -= self._take(i, day, part, book, pays=pays)
        return amount

    def _take(self, i: int, day: int, amount: int, book: dict[int, int] | None, *, pays: bool = False) -> int:
        """Lowers a charge by as much as is open of it; gives how much that was."""
        left: int = self.open[i]
        used = left if left < amount else amount
        if used:
            self.open[i] -= used
            cuts = self.cuts[i]
            if cuts is None:
                self.cuts[i] = [(day, used)]
            else:
                cuts.append((day, used))
            if book is not None:
                book[i] = book.get(i, 0) + used
            if pays and day > self.folded.paid_on[i]:
                self.folded.paid_on[i] = day
        return used
