"""The fold over the histories of many accounts: which money went to which charge on which day, what is still open.

Where money meets charges in their order, it is a merge of two running sums; accounts of which something
steers it go day by day (`daywise`). Both give what `ledger.allocation` gives for one account.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from feerules.engines.daywise import Folded, fold_day_by_day, share
from feerules.engines.histories import History
from feerules.engines.segments import NONE, Bools, Ints, adding, day_keys, firsts, offsets, ranges, rank_in

__all__ = ["fold", "sums_of"]

_SUM_BITS: Final = 42  # of fen, for the running sums of a whole batch in one number


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
    by_charge = np.argsort(parts[0], kind="stable")
    folded.cuts = parts[0][by_charge], parts[1][by_charge], parts[2][by_charge]
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
    named = (history.pay_target >= 0) | history.pay_fees.is_not_null().to_numpy()
    steered[history.pay_acc[named]] = True
    acc, day = charges.acc, charges.day
    same = acc[1:] == acc[:-1]
    steered[acc[1:][same & (day[1:] < day[:-1])]] = True
    if terms.allocate == "civil_code_560":
        # Those due on one day share, so that they must come on one day; the more burdensome go before others.
        steered[acc[1:][same & (charges.due[1:] == charges.due[:-1]) & (day[1:] != day[:-1])]] = True
        steered[acc[1:][same & (charges.bears[1:] != charges.bears[:-1])]] = True
    most = 1 << _SUM_BITS
    for sums in (sums_of(charges.amount, acc, count), sums_of(history.paid, history.pay_acc, count)):
        steered[sums >= most] = True
    return ~steered


def sums_of(values: Ints, acc: Ints, count: int) -> Ints:
    """The sum of each account, or 2**62 where it is larger than numbers of 64 bits can be sure of."""
    # In units of 2**20, rounded up: no sum of a million rows passes 64 bits.
    rough = adding((values >> 20) + 1, acc, count)
    return np.where(rough >= 1 << 42, 1 << 62, adding(values, acc, count))


def _merged(history: History, folded: Folded, plain: Bools) -> list[tuple[Ints, Ints, Ints]]:
    """First in, first out: each fen is used on the later of two days."""
    charges = history.charges
    c = np.flatnonzero(plain[charges.acc])
    p = np.flatnonzero(plain[history.pay_acc])
    # What is owed on one day by law is one sum here, which is divided afterwards.
    by_law = history.terms.allocate == "civil_code_560"
    lead = firsts(day_keys(charges.acc[c], charges.due[c])) if by_law else np.ones(len(c), np.bool_)
    heads = c[lead]
    group = np.cumsum(lead) - 1
    owed = adding(charges.amount[c], group, len(heads))
    acc, pay_acc = charges.acc[heads], history.pay_acc[p]
    owed_to, paid_to = _upto(owed, acc, history.count), _upto(history.paid[p], pay_acc, history.count)
    due_sum = adding(owed, acc, history.count)
    paid_sum = adding(history.paid[p], pay_acc, history.count)
    folded.credit[plain] = np.maximum(0, paid_sum - due_sum)[plain]
    # The pieces end where a charge or a payment does; each lies inside one of either.
    ends = np.concatenate([(acc << _SUM_BITS) + owed_to, (pay_acc << _SUM_BITS) + paid_to])
    ends.sort(kind="stable")
    ends = ends[firsts(ends)]
    of, upto = ends >> _SUM_BITS, ends & ((1 << _SUM_BITS) - 1)
    used = upto <= np.minimum(due_sum, paid_sum)[of]
    ends, of, upto = ends[used], of[used], upto[used]
    before = np.where(firsts(of), 0, np.concatenate([np.zeros(1, np.int64), upto[:-1]])[: len(of)])
    piece = upto - before
    real = piece > 0
    ends, piece = ends[real], piece[real]
    to = np.searchsorted((acc << _SUM_BITS) + owed_to, ends)
    by = np.searchsorted((pay_acc << _SUM_BITS) + paid_to, ends)
    day = np.maximum(history.pay_day[p[by]], charges.day[heads[to]])
    if by_law and len(heads) < len(c):
        charge, day, piece = _divided(history, c, heads, to, day, piece)
    else:
        charge = heads[to]
    np.subtract.at(folded.open, charge, piece)
    np.maximum.at(folded.paid_on, charge, day)
    return [(charge, day, piece)]


def _upto(values: Ints, acc: Ints, count: int) -> Ints:
    """The running sum of each account; what the sum over all accounts wraps, the difference unwraps."""
    sums = np.cumsum(values)
    starts = offsets(acc, count)[:-1]
    base = np.concatenate([np.zeros(1, np.int64), sums])[starts]
    found: Ints = sums - base[acc]
    return found


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
