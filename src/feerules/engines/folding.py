"""The fold over the histories of many accounts: which money went to which charge on which day, what is still open.

Where money meets charges in their order, it is a merge of two running sums; accounts of which something
steers it go day by day (`daywise`). Both give what `ledger.allocation` gives for one account.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from feerules.engines.daywise import Folded, fold_day_by_day, share
from feerules.engines.histories import History
from feerules.engines.segments import NONE, Bools, Ints, firsts, offsets, ranges, rank_in

__all__ = ["fold"]

_SUM_BITS: Final = 41  # of fen: with an account (21 bits) and what ends there (1) they are one number


def fold(history: History) -> Folded:
    charges, count = history.charges, history.count
    size = len(charges)
    none = [np.zeros(size, np.int64) for _ in range(3)]
    never = np.full(size, NONE, np.int64)
    folded = Folded(charges.amount.copy(), never, none[0], none[1], none[2], np.zeros(count, np.int64))
    plain = _in_line(history)
    cuts = _merged(history, folded, plain)
    steered = np.flatnonzero(~plain)
    if len(steered):
        cuts = [*cuts, *fold_day_by_day(history, folded, steered)]
    parts = [
        np.concatenate([each[number] for each in cuts]) if cuts else np.zeros(0, np.int64)
        for number in range(3)
    ]
    if (parts[0][1:] < parts[0][:-1]).any():
        by_charge = np.argsort(parts[0], kind="stable")
        parts = [part[by_charge] for part in parts]
    folded.cuts = parts[0], parts[1], parts[2]
    folded.bounds = offsets(parts[0], size)
    return folded


def _in_line(history: History) -> Bools:
    """The accounts whose money meets charges in the order of the charges, with nothing to steer it."""
    terms, charges, count = history.terms, history.charges, history.count
    if terms.allocate == "newest_due_first" or not terms.credit_applied or terms.fee_order:
        return np.zeros(count, np.bool_)
    steered = np.zeros(count, np.bool_)
    for acc in (
        history.lowered[0],
        history.refunds[0],
        history.pay_acc[history.posted[0]],
        charges.acc[charges.debt >= 0],
    ):
        steered[acc] = True
    named = history.pay_target >= 0
    if history.pay_rows.says("fee"):
        named |= history.pay_rows.has("fee")
    steered[history.pay_acc[named]] = True
    acc, day = charges.acc, charges.day
    same = acc[1:] == acc[:-1]
    steered[acc[1:][same & (day[1:] < day[:-1])]] = True
    if terms.allocate == "civil_code_560":
        # Those due on one day share, so that they must come on one day; the more burdensome go before others.
        steered[acc[1:][same & (charges.due[1:] == charges.due[:-1]) & (day[1:] != day[:-1])]] = True
        steered[acc[1:][same & (charges.burdens[1:] != charges.burdens[:-1])]] = True
    most = 1 << _SUM_BITS
    for sums in (history.charged, history.received):
        steered[sums >= most] = True
    return ~steered


def _merged(history: History, folded: Folded, plain: Bools) -> list[tuple[Ints, Ints, Ints]]:
    """First in, first out: each fen is used on the later of two days."""
    charges = history.charges
    c, p = _of_accounts(plain, charges.acc), _of_accounts(plain, history.pay_acc)
    # What is owed on one day by law is one sum here, which is divided afterwards.
    by_law = history.terms.allocate == "civil_code_560"
    heads, owed = c, charges.amount[c]
    if by_law:
        lead = np.flatnonzero(firsts(charges.acc[c], charges.due[c]))
        if len(lead) < len(c):
            heads, owed = c[lead], np.add.reduceat(owed, lead)
    to, by, piece = _pieces(
        charges.acc[heads], owed, history.pay_acc[p], history.paid[p], history.charged, history.received
    )
    folded.credit[plain] = np.maximum(0, history.received - history.charged)[plain]
    day = np.maximum(history.pay_day[p][by], charges.day[heads][to])
    if len(heads) < len(c):
        charge, day, piece = _divided(history, c, heads, to, day, piece)
    else:
        charge = heads[to]
    np.subtract.at(folded.open, charge, piece)
    np.maximum.at(folded.paid_on, charge, day)
    return [(charge, day, piece)]


def _of_accounts(some: Bools, acc: Ints) -> Ints:
    """The places of the rows of some accounts."""
    return np.arange(len(acc), dtype=np.int64) if some.all() else np.flatnonzero(some[acc])


def _pieces(
    acc: Ints, owed: Ints, pay_acc: Ints, paid: Ints, charged: Ints, received: Ints
) -> tuple[Ints, Ints, Ints]:
    """Where the running sums of debts and of payments cross: to which debt how much of which payment goes.

    A piece ends where a debt or a payment does, and lies inside one of either. One number tells the account, the
    sum up to there, and (its last bit) that a payment ends there; in their order, how many debts and payments have
    ended before is a matter of counting.
    """
    ends = np.concatenate([
        (((acc << _SUM_BITS) + _upto(owed, acc)) << 1),
        (((pay_acc << _SUM_BITS) + _upto(paid, pay_acc)) << 1) | 1,
    ])  # fmt: skip
    ends.sort(kind="stable")
    pays = ends & 1
    ends >>= 1
    by = np.cumsum(pays)
    by -= pays
    of = ends >> _SUM_BITS
    piece = np.empty_like(ends)
    piece[1:] = ends[1:] - ends[:-1]
    ends &= (1 << _SUM_BITS) - 1
    new = firsts(of)
    piece[new] = ends[new]
    # Beyond what was paid, or what is owed, nothing meets.
    real = np.flatnonzero((piece > 0) & (ends <= np.minimum(charged, received)[of]))
    by = by[real]
    return real - by, by, piece[real]


def _upto(values: Ints, acc: Ints) -> Ints:
    """The running sum of each account; what the sum over all accounts wraps, the difference unwraps."""
    sums = np.cumsum(values)
    new = np.flatnonzero(firsts(acc))
    base = np.zeros(len(new), np.int64)
    base[1:] = sums[new[1:] - 1]
    sums -= np.repeat(base, np.diff(np.append(new, len(acc))))
    return sums


def _divided(
    history: History, c: Ints, heads: Ints, to: Ints, day: Ints, piece: Ints
) -> tuple[Ints, Ints, Ints]:
    """What went to the charges of one day, divided by what was open of each at that moment."""
    charges = history.charges
    starts = np.searchsorted(c, heads)
    sizes = np.diff(np.append(starts, len(c)))
    alone = sizes[to] == 1
    found = [(heads[to[alone]], day[alone], piece[alone])]
    shared = np.flatnonzero(~alone)
    open_ = charges.amount.copy()
    rank = rank_in(to[shared])
    for number in range(int(rank.max(initial=-1)) + 1):
        now = shared[rank == number]
        cells, of = ranges(starts[to[now]], starts[to[now]] + sizes[to[now]])
        members = c[cells]
        parts = share(piece[now], open_[members], of, charges.ids, members)
        open_[members] -= parts
        real = parts > 0
        found.append((members[real], day[now][of[real]], parts[real]))
    one, two, three = (np.concatenate([each[number] for each in found]) for number in range(3))
    return one, two, three
