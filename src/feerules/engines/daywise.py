"""The fold of many accounts day by day: one step of each account at a time, over charges side by side.

For accounts whose money is steered: by posted allocations, designations, credits, or an order of the policy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl

from feerules.engines.histories import CREDIT, WAIVER, History
from feerules.engines.segments import Bools, Ints, day_keys, distinct, firsts, ranges, rank_in

__all__ = ["Folded", "fold_day_by_day", "share"]

CELLS: Final = 1_500_000  # accounts × charges side by side
_NEVER: Final = 1 << 40  # the day of a place without a charge
_SAFE: Final = 1 << 62

# What happens on a day, in this order; that charges are issued needs no step.
_LOWER, _USE_CREDIT, _PAY, _REFUND = range(4)

Cuts = tuple[Ints, Ints, Ints]


@dataclass
class Folded:
    """What became of each charge, by its place; `cuts` are (charge, day, fen) by which it was lowered."""

    open: Ints
    paid_on: Ints
    credited: Ints
    waived: Ints
    written_off: Ints
    credit: Ints
    cuts: tuple[Ints, Ints, Ints] = field(init=False)
    bounds: Ints = field(init=False)  # of each charge among the cuts


def share(total: Ints, weights: Ints, of: Ints, ids: pl.Series, members: Ints) -> Ints:
    """Each total by weight, in whole numbers that sum to it: the largest remainders get the rest, ties go by id.

    `of` is the total of each weight; they stand in its order. No total is larger than its weights.
    """
    count = len(total)
    whole = np.zeros(count, np.int64)
    np.add.at(whole, of, weights)
    if total.max(initial=0) >= _SAFE // max(1, int(weights.max(initial=0))):
        # Past 63 bits: whole numbers of any size, at their price.
        wide = total[of].astype(object) * weights.astype(object)
        parts = (wide // whole[of]).astype(np.int64)
        rest = (wide % whole[of]).astype(np.int64)
    else:
        product = total[of] * weights
        parts, rest = product // np.maximum(whole[of], 1), product % np.maximum(whole[of], 1)
    left = total.copy()
    np.subtract.at(left, of, parts)
    open_ = np.flatnonzero((left[of] > 0) & (rest > 0))
    if len(open_):
        by_id = ids.gather(pl.Series(members[open_])).rank("dense").to_numpy()
        open_ = open_[np.lexsort((by_id, -rest[open_], of[open_]))]
        place = rank_in(of[open_])
        parts[open_[place < left[of[open_]]]] += 1
    found: Ints = parts
    return found


def fold_day_by_day(history: History, folded: Folded, accounts: Ints) -> list[Cuts]:
    """Folds these accounts into `folded`; those of about as many charges stand side by side."""
    sizes = np.diff(history.charges.bounds)[accounts]
    accounts = accounts[np.argsort(sizes, kind="stable")]
    sizes = np.sort(sizes)
    line = _line(history)
    cuts: list[Cuts] = []
    at = 0
    while at < len(accounts):
        # The last of a batch is the widest: as many as fit beside it.
        end = at + 1
        while end < len(accounts):
            further = min(2 * end - at, len(accounts))
            if (further - at) * max(1, int(sizes[further - 1])) > CELLS:
                break
            end = further
        cuts += _Batch(history, folded, np.sort(accounts[at:end]), line).done()
        at = end
    return cuts


def _line(history: History) -> Ints:
    """The charges in the order of the policy, account by account."""
    charges, terms = history.charges, history.terms
    own = np.arange(len(charges), dtype=np.int64)
    debt = np.where(charges.debt < 0, own, charges.debt)
    is_interest = (charges.debt >= 0).astype(np.int64)
    component = 1 - is_interest if terms.interest_first else is_interest
    if terms.allocate == "civil_code_560":
        burden = (~charges.burdens[debt]).astype(np.int64)
        keys: tuple[Ints, ...] = (own, component, charges.due[debt], burden, charges.fee_rank, charges.acc)
    else:
        sign = -1 if terms.allocate == "newest_due_first" else 1
        day = sign * np.cumsum(firsts(day_keys(charges.acc, charges.due)) | firsts(charges.day))
        keys = (own, day, component, debt, day[debt], charges.fee_rank, charges.acc)
    return np.lexsort(keys)


class _Batch:
    """Some accounts, their charges in the order of the policy side by side: row by account, column by place."""

    def __init__(self, history: History, folded: Folded, accounts: Ints, line: Ints) -> None:
        self.history, self.folded, self.accounts = history, folded, accounts
        charges, terms = history.charges, history.terms
        self.cells, row = ranges(charges.bounds[accounts], charges.bounds[accounts + 1])
        self.cells = line[self.cells]
        column = rank_in(row)
        self.shape = len(accounts), int(column.max(initial=0)) + 1
        self.place = np.full(len(charges) + 1, -1, np.int64)  # the last is where no charge stands
        self.place[self.cells] = row * self.shape[1] + column
        self.charge = self._side_by_side(self.cells, -1)
        self.open = self._side_by_side(charges.amount[self.cells], 0)
        self.issued = self._side_by_side(charges.day[self.cells], _NEVER)
        self.due = self._side_by_side(charges.due[self.cells], _NEVER)
        debt = np.where(charges.debt < 0, np.arange(len(charges)), charges.debt)[self.cells]
        self.debt_due = self._side_by_side(charges.due[debt], _NEVER)
        self.by_law = terms.allocate == "civil_code_560"
        self.ranks = (
            self._side_by_side(charges.fee_rank[self.cells], 0) if self.by_law and terms.fee_order else None
        )
        if self.by_law:
            self._group(debt)
        self.row_of = np.full(history.count, -1, np.int64)
        self.row_of[accounts] = np.arange(len(accounts))
        self.cuts: list[Cuts] = []
        self._read_posted()
        self.fee_codes = self._fees() if history.pay_rows.says("fee") else None

    def _side_by_side(self, values: Ints, none: int) -> Ints:
        table = np.full(self.shape[0] * self.shape[1], none, np.int64)
        table[self.place[self.cells] if len(self.cells) else np.zeros(0, np.int64)] = values
        return table.reshape(self.shape)

    def _group(self, debt: Ints) -> None:
        """Where the charges begin and end that share, because all that the law asks about them is equal."""
        charges = self.history.charges
        kind = charges.fee_rank[self.cells] * 4 + charges.burdens[debt] * 2 + (charges.debt[self.cells] >= 0)
        key = self._side_by_side(kind, -1)
        new = np.ones(self.shape, np.bool_)
        new[:, 1:] = (key[:, 1:] != key[:, :-1]) | (self.debt_due[:, 1:] != self.debt_due[:, :-1])
        columns = np.arange(self.shape[1])
        self.first = np.maximum.accumulate(np.where(new, columns, 0), axis=1)
        last = np.ones(self.shape, np.bool_)
        last[:, :-1] = new[:, 1:]
        far = np.where(last, columns, self.shape[1])
        self.last = np.minimum.accumulate(far[:, ::-1], axis=1)[:, ::-1]

    def _read_posted(self) -> None:
        """What posted allocations will take of a charge is not open to anything else, from the beginning."""
        payment, charge, amount = self.history.posted
        mine = self.place[charge] >= 0
        self.posted = payment[mine], charge[mine], amount[mine]
        np.subtract.at(self.open.reshape(-1), self.place[charge[mine]], amount[mine])
        self.posted_bounds = np.searchsorted(self.posted[0], np.arange(len(self.history.paid) + 1))

    def _fees(self) -> Ints:
        history = self.history
        words = history.pay_rows.texts("fee").drop_nulls().unique().to_list()
        self.pay_fee = history.pay_rows.codes("fee", words)
        codes = history.charges.rows.codes("fee", words)
        # A fee that no payment names is none of them.
        return self._side_by_side(np.where(codes < 0, -2, codes)[self.cells], -2)

    def done(self) -> list[Cuts]:
        acc, day, step, what = self._steps()
        rank = rank_in(acc)
        in_turn = np.argsort(rank, kind="stable")
        turns = np.searchsorted(rank[in_turn], np.arange(int(rank.max(initial=-1)) + 2))
        self._open_purses(acc, step)
        for start, end in pairwise(turns):
            now = in_turn[start:end]
            rows = self.row_of[acc[now]]
            for kind, act in (
                (_LOWER, self._lower),
                (_USE_CREDIT, self._use_credit),
                (_PAY, self._pay),
                (_REFUND, self._refund),
            ):
                mine = step[now] == kind
                if mine.any():
                    act(rows[mine], day[now][mine], what[now][mine])
        cells = self.charge[self.charge >= 0]
        self.folded.open[cells] = self.open[self.charge >= 0]
        self.folded.credit[self.accounts] = self.purses.sum(axis=1)
        return self.cuts

    def _steps(self) -> tuple[Ints, Ints, Ints, Ints]:
        history, charges = self.history, self.history.charges
        mine = self.row_of >= 0
        found: list[tuple[Ints, Ints, Ints, Ints]] = []

        def add(acc: Ints, day: Ints, step: int) -> None:
            at = np.flatnonzero(mine[acc])
            found.append((acc[at], day[at], np.full(len(at), step, np.int64), at))

        add(history.lowered[0], history.lowered[1], _LOWER)
        add(history.pay_acc, history.pay_day, _PAY)
        add(history.refunds[0], history.refunds[1], _REFUND)
        if history.terms.credit_applied:
            issues = distinct(day_keys(charges.acc[self.cells], charges.day[self.cells]))
            acc = issues >> 22
            day = issues - (acc << 22) - 1_000_000
            found.append((acc, day, np.full(len(acc), _USE_CREDIT, np.int64), acc))
        acc, day, step, what = (np.concatenate([each[number] for each in found]) for number in range(4))
        places = np.lexsort((what, step, day, acc))
        return acc[places], day[places], step[places], what[places]

    # Purses: money without a charge, oldest first, and whether it came from a payment

    def _open_purses(self, acc: Ints, step: Ints) -> None:
        keeps = self.row_of[acc[(step == _LOWER) | (step == _PAY)]]
        width = int(np.bincount(keeps, minlength=1).max(initial=0)) + 1
        self.purses = np.zeros((self.shape[0], width), np.int64)
        self.pays = np.zeros((self.shape[0], width), np.bool_)
        self.held = np.zeros(self.shape[0], np.int64)

    def _keep(self, rows: Ints, amount: Ints, *, pays: bool) -> None:
        some = amount > 0
        rows, amount = rows[some], amount[some]
        self.purses[rows, self.held[rows]] = amount
        self.pays[rows, self.held[rows]] = pays
        self.held[rows] += 1

    # The steps

    def _lower(self, rows: Ints, day: Ints, what: Ints) -> None:
        _, _, kind, amount, target = (each[what] for each in self.history.lowered)
        rest = amount.copy()
        cell = self._cell(target)
        named = cell >= 0
        rest[named] -= self._take(cell[named], day[named], amount[named], kind[named])
        loose = (target < 0) & (kind != CREDIT)
        if loose.any():
            rest[loose] = self._spread(rows[loose], day[loose], amount[loose], kind[loose], due_only=True)
        credit = (kind == CREDIT) & (rest > 0)
        if credit.any():
            left = self._spread(rows[credit], day[credit], rest[credit], None, pays=False)
            self._keep(rows[credit], left, pays=False)
        over = np.flatnonzero((kind != CREDIT) & (rest > 0))
        self.history.findings.add(
            "nothing_to_waive",
            "charge",
            self.accounts[rows[over]],
            self.history.lowered_ids.gather(pl.Series(what[over])),
        )

    def _use_credit(self, rows: Ints, day: Ints, what: Ints) -> None:
        some = self.purses[rows].any(axis=1)
        rows, day = rows[some], day[some]
        for column in np.flatnonzero(self.purses[rows].any(axis=0)):
            full = self.purses[rows, column] > 0
            for pays in (True, False):
                now = full & (self.pays[rows, column] == pays)
                if now.any():
                    at = rows[now]
                    self.purses[at, column] = self._spread(
                        at, day[now], self.purses[at, column], None, pays=pays
                    )

    def _pay(self, rows: Ints, day: Ints, what: Ints) -> None:
        history = self.history
        amount = history.paid[what].copy()
        parts, of = ranges(self.posted_bounds[what], self.posted_bounds[what + 1])
        if len(parts):
            charge, part = self.posted[1][parts], self.posted[2][parts]
            cell = self.place[charge]
            np.subtract.at(amount, of, part)
            np.add.at(self.open.reshape(-1), cell, part)  # it was kept for this
            turn = rank_in(of)
            on = np.maximum(day[of], history.charges.day[charge])
            for number in range(int(turn.max()) + 1):
                now = turn == number
                self._take(cell[now], on[now], part[now], None, pays=True)
        cell = self._cell(history.pay_target[what])
        named = (cell >= 0) & (amount > 0)
        named[named] = self.issued.reshape(-1)[cell[named]] <= day[named]
        amount[named] -= self._take(cell[named], day[named], amount[named], None, pays=True)
        if self.fee_codes is not None:
            meant = (self.pay_fee[what] >= 0) & (amount > 0)
            if meant.any():
                fees = self.pay_fee[what[meant]]
                amount[meant] = self._spread(
                    rows[meant], day[meant], amount[meant], None, pays=True, fees=fees
                )
        rest = amount > 0
        if rest.any():
            self._keep(
                rows[rest], self._spread(rows[rest], day[rest], amount[rest], None, pays=True), pays=True
            )

    def _refund(self, rows: Ints, day: Ints, what: Ints) -> None:
        amount = self.history.refunds[2][what].copy()
        purses = self.purses[rows]
        before = np.cumsum(purses, axis=1) - purses
        used = np.clip(amount[:, None] - before, 0, purses)
        self.purses[rows] = purses - used
        over = np.flatnonzero(amount > used.sum(axis=1))
        self.history.findings.add(
            "refund_over_credit",
            "charge",
            self.accounts[rows[over]],
            self.history.refund_ids.gather(pl.Series(what[over])),
        )

    # Money on its way

    def _cell(self, charge: Ints) -> Ints:
        """Where a charge stands; -1 for none."""
        return self.place[charge]

    def _take(self, cell: Ints, day: Ints, amount: Ints, kind: Ints | None, *, pays: bool = False) -> Ints:
        """Lowers each of some different charges by as much as is open of it; gives how much that was."""
        open_ = self.open.reshape(-1)
        used = np.minimum(open_[cell], amount)
        open_[cell] -= used
        self._book(cell, day, used, kind, pays=pays)
        return used

    def _book(self, cell: Ints, day: Ints, used: Ints, kind: Ints | None, *, pays: bool) -> None:
        some = used > 0
        charge, day, used = self.charge.reshape(-1)[cell[some]], day[some], used[some]
        self.cuts.append((charge, day, used))
        folded = self.folded
        if kind is not None:
            kind = kind[some]
            folded.credited[charge] += np.where(kind == CREDIT, used, 0)
            folded.waived[charge] += np.where(kind == WAIVER, used, 0)
            folded.written_off[charge] += np.where((kind != CREDIT) & (kind != WAIVER), used, 0)
        if pays:
            folded.paid_on[charge] = np.maximum(folded.paid_on[charge], day)

    def _spread(
        self, rows: Ints, day: Ints, amount: Ints, kind: Ints | None, *, pays: bool = False,
        fees: Ints | None = None, due_only: bool = False,
    ) -> Ints:  # fmt: skip
        """Money without a name, in the order of the policy; gives what finds nothing open."""
        may = self.issued[rows] <= day[:, None]
        if fees is not None and self.fee_codes is not None:
            may &= self.fee_codes[rows] == fees[:, None]
        if due_only:
            may &= self.due[rows] <= day[:, None]
        rest = amount
        for some in self._passes(rows, day):
            rest = self._pour(rows, day, rest, may if some is None else may & some, kind, pays=pays)
        return rest

    def _passes(self, rows: Ints, day: Ints) -> list[Bools | None]:
        """By law what is due comes before what is not, inside each of the fees that come first."""
        if not self.by_law:
            return [None]
        due = self.debt_due[rows] <= day[:, None]
        if self.ranks is None:
            return [due, ~due]
        ranks = self.ranks[rows]
        return [
            (ranks == rank) & each
            for rank in range(len(self.history.terms.fee_order) + 1)
            for each in (due, ~due)
        ]

    def _pour(
        self, rows: Ints, day: Ints, amount: Ints, may: Bools, kind: Ints | None, *, pays: bool
    ) -> Ints:
        open_ = np.where(may, self.open[rows], 0)
        before = np.cumsum(open_, axis=1) - open_
        if self.by_law:
            used = self._shared(rows, amount, open_, before)
        else:
            used = np.clip(amount[:, None] - before, 0, open_)
        self.open[rows] -= used
        row, column = np.nonzero(used)
        cell = rows[row] * self.shape[1] + column
        self._book(cell, day[row], used[row, column], None if kind is None else kind[row], pays=pays)
        rest: Ints = amount - used.sum(axis=1)
        return rest

    def _shared(self, rows: Ints, amount: Ints, open_: Ints, before: Ints) -> Ints:
        """Those that are equal before the law bear a part by what is open of each."""
        start = np.take_along_axis(before, self.first[rows], axis=1)
        whole = np.take_along_axis(before + open_, self.last[rows], axis=1) - start
        given = np.clip(amount[:, None] - start, 0, whole)
        used = np.where(given == whole, open_, 0)
        row, column = np.nonzero((given > 0) & (given < whole) & (open_ > 0))
        if len(row):
            # Of each account, one group of equals at most is met in part.
            group = np.cumsum(firsts(row)) - 1
            total = given[row, column][firsts(row)]
            members = self.charge[rows[row], column]
            used[row, column] = share(total, open_[row, column], group, self.history.charges.ids, members)
        return used
