"""A ledger as a patient clerk would keep it: one day after the other, every charge looked at on each.

Written for being plainly right, with nothing taken from the kernel but its models and terms.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from feerules.ledger.accounts import Account
from feerules.ledger.entries import Charge, Payment
from feerules.plan.ledgers import LedgerTerms

OWED = ("charge", "late_fee", "deposit")
EPOCH = date(1970, 1, 1)
ONE = timedelta(1)


def fen(amount: Decimal) -> int:
    return int(amount * 100)


class Clerk:
    """Keeps an account without contradictions from its first day to `as_of`."""

    def __init__(self, account: Account, terms: LedgerTerms, as_of: date) -> None:
        self.account, self.terms, self.as_of = account, terms, as_of
        self.owed: dict[str, Charge] = {}
        self.open: dict[str, int] = {}
        self.kept: dict[str, int] = defaultdict(int)  # for allocations that are posted
        self.evenings: dict[str, dict[date, int]] = defaultdict(dict)
        self.credit: list[list[Any]] = []
        self.nothing_to_waive: set[str] = set()
        self.over_refunded: set[str] = set()
        self.credited: dict[str, int] = defaultdict(int)
        issued = {c.charge_id: starts(c) for c in account.charges if c.kind in OWED}
        # What lowers a charge that it names waits for that charge.
        self.starts = {
            c.charge_id: max(starts(c), issued.get(c.corrects_charge_id or "", date.min))
            if c.kind not in OWED
            else starts(c)
            for c in account.charges
        }
        self.charges = [c for c in account.charges if self.starts[c.charge_id] <= as_of]
        dead = {
            p.reverses_payment_id
            for p in account.payments
            if p.reverses_payment_id and p.status != "in_transit" and p.effective_on <= as_of
        }
        self.payments = [
            p
            for p in account.payments
            if p.effective_on <= as_of
            and p.status == "cleared"
            and not p.reverses_payment_id
            and p.payment_id not in dead
        ]
        ids = {c.charge_id for c in self.charges if c.kind in OWED}
        alive = {p.payment_id for p in self.payments}
        self.allocations = [a for a in account.allocations if a.charge_id in ids and a.payment_id in alive]
        days = [self.starts[c.charge_id] for c in self.charges] + [p.effective_on for p in self.payments]
        day = min(days, default=as_of)
        while day <= as_of:
            self.live(day)
            day += ONE

    def live(self, day: date) -> None:
        today = sorted(
            (c for c in self.charges if self.starts[c.charge_id] == day), key=lambda c: c.charge_id
        )
        for c in today:
            if c.kind in OWED:
                self.owed[c.charge_id] = c
                kept = sum(fen(a.amount) for a in self.allocations if a.charge_id == c.charge_id)
                self.open[c.charge_id], self.kept[c.charge_id] = fen(c.amount) - kept, kept
        for c in today:
            if c.kind not in OWED and not (c.kind == "refund" and c.amount > 0):
                self.lower(c, day)
        if self.terms.credit_applied and any(c.kind in OWED for c in today):
            self.credit = [[self.spend(rest, day), name] for rest, name in self.credit]
        self.pay_posted(day)
        for p in sorted(self.payments, key=lambda p: p.payment_id):
            if p.effective_on == day:
                self.pay(p, day)
        for c in today:
            if c.kind == "refund" and c.amount > 0:
                self.refund(c)
        for name, left in self.open.items():
            self.evenings[name][day] = left + self.kept[name]

    def lower(self, c: Charge, day: date) -> None:
        rest, target = abs(fen(c.amount)), c.corrects_charge_id
        posted = target in self.owed and self.owed[target].kind == "late_fee"
        if c.kind == "waiver" and not posted and ("late_fee" in c.tags or c.fee == "late_fee"):
            return
        if target is not None:
            used = min(rest, self.open.get(target, 0))
            if used:
                self.open[target] -= used
            rest -= used
            if c.kind in ("credit", "refund"):
                self.credited[target] += used
        elif c.kind in ("waiver", "write_off"):
            rest = self.spend(rest, day, lambda name: self.owed[name].due_on <= day)
        if c.kind in ("credit", "refund"):
            self.credit.append([self.spend(rest, day), c.charge_id])
        elif rest:
            self.nothing_to_waive.add(c.charge_id)

    def pay_posted(self, day: date) -> None:
        paid = {p.payment_id: p.effective_on for p in self.payments}
        for a in self.allocations:
            if max(paid[a.payment_id], starts_of(self, a.charge_id)) == day:
                self.kept[a.charge_id] -= fen(a.amount)

    def pay(self, p: Payment, day: date) -> None:
        assert p.amount is not None
        rest = fen(p.amount) - sum(fen(a.amount) for a in self.allocations if a.payment_id == p.payment_id)
        if p.designated_charge_id in self.open:
            used = min(rest, self.open[p.designated_charge_id])
            self.open[p.designated_charge_id] -= used
            rest -= used
        if p.designated_fee:
            rest = self.spend(rest, day, lambda name: self.owed[name].fee == p.designated_fee)
        self.credit.append([self.spend(rest, day), p.payment_id])

    def refund(self, c: Charge) -> None:
        rest = fen(c.amount)
        for purse in self.credit:
            used = min(rest, purse[0])
            purse[0] -= used
            rest -= used
        if rest:
            self.over_refunded.add(c.charge_id)

    # The order in which charges are paid

    def spend(self, rest: int, day: date, may: Any = lambda name: True) -> int:
        while rest:
            names = [name for name, left in self.open.items() if left and may(name)]
            if not names:
                break
            best = min(self.key(name, day) for name in names)
            group = sorted(name for name in names if self.key(name, day) == best)
            whole = sum(self.open[name] for name in group)
            amount = min(rest, whole)
            shares = {name: Fraction(amount * self.open[name], whole) for name in group}
            parts = {name: int(share) for name, share in shares.items()}
            by_rest = sorted(group, key=lambda name: (parts[name] - shares[name], name))
            for name in by_rest[: amount - sum(parts.values())]:
                parts[name] += 1
            for name in group:
                self.open[name] -= parts[name]
            rest -= amount
        return rest

    def key(self, name: str, day: date) -> tuple[Any, ...]:
        own, terms = self.owed[name], self.terms
        linked = own.kind == "late_fee" and own.corrects_charge_id in {c.charge_id for c in self.charges}
        debt = next(c for c in self.charges if c.charge_id == (own.corrects_charge_id if linked else name))
        order = list(terms.fee_order)
        rank = next((order.index(c.fee) for c in (own, debt) if c.fee in order), len(order))
        second = linked if not terms.interest_first else not linked
        assert debt.due_on is not None
        assert own.due_on is not None
        if terms.allocate == "civil_code_560":
            return rank, debt.due_on > day, not self.burdens(debt), debt.due_on, second
        sign = -1 if terms.allocate == "newest_due_first" else 1
        age = (sign * debt.due_on.toordinal(), sign * starts(debt).toordinal(), debt.charge_id)
        return rank, *age, second, sign * own.due_on.toordinal(), sign * starts(own).toordinal(), name

    # Late fee

    def counts(self, c: Charge) -> bool:
        left_alone = any(c.charge_id in self.named_by(sort) for sort in self.terms.exclude_named_by)
        return not (self.is_excluded(c) or left_alone)

    def is_excluded(self, c: Charge) -> bool:
        terms = self.terms
        tagged = terms.exclude_tags.intersection(c.tags)
        return bool(c.fee in terms.exclude_fees or c.kind in terms.exclude_kinds or tagged)

    def named_by(self, sort: str) -> set[str]:
        """The charges that events of a sort name which are open in the evening."""
        told = [
            e
            for e in self.account.events
            if e.type == sort
            and e.effective_on <= self.as_of
            and e.account_id in (None, self.account.account_id)
            and (e.ends_on is None or e.ends_on >= e.effective_on)
        ]
        open_: list[Any] = []
        for e in sorted(told, key=lambda e: (e.effective_on, str(e.occurred_at or ""), e.event_id)):
            if e.status == "open":
                open_.append(e)
                continue
            for other in reversed(open_):
                ended = other.ends_on is not None and other.ends_on <= e.effective_on
                if not ended and (not e.charge_ids or {*e.charge_ids} == {*other.charge_ids}):
                    open_.remove(other)
                    break
        lasting = [e for e in open_ if e.ends_on is None or e.ends_on > self.as_of]
        return {name for e in lasting for name in e.charge_ids}

    def bears(self, c: Charge) -> bool:
        return self.burdens(c) and self.counts(c)

    def burdens(self, c: Charge) -> bool:
        """Whether it bears late fee, or would, were it not left alone for a time."""
        late = self.terms.late_fee
        fits = late is not None and (late.fees is None or c.fee in late.fees)
        return fits and c.kind == "charge" and not self.is_excluded(c)

    def is_paused(self, day: date) -> bool:
        """Whether the day that passes from `day` to the next is paused."""
        spans: list[list[date]] = []
        events = [
            e
            for e in self.account.events
            if e.type == "pause"
            and e.effective_on <= self.as_of
            and e.account_id in (None, self.account.account_id)
            and (e.ends_on is None or e.ends_on >= e.effective_on)
        ]
        for e in sorted(events, key=lambda e: (e.effective_on, str(e.occurred_at or ""), e.event_id)):
            if e.status != "open":
                spans = [[start, min(end, e.effective_on)] for start, end in spans]
            else:
                spans.append([e.effective_on, e.ends_on or date.max])
        return any(start <= day < end for start, end in spans)

    def late_fee(self, name: str) -> int:
        """Day after day, what the principal that was open in the morning bears."""
        late, c = self.terms.late_fee, self.owed[name]
        if late is None or not self.bears(c):
            return 0
        assert c.due_on is not None
        due = max(c.due_on, starts(c))
        over = due + timedelta(late.grace)
        if self.as_of <= over or self.evenings[name].get(over, 0) == 0:
            return 0
        day = due if late.back_dated else over
        total, money_days, days = Fraction(0), 0, 0
        while day < self.as_of:
            morning, day = self.evenings[name][day], day + ONE
            if not self.is_paused(day - ONE):
                length = thirty(day) - thirty(day - ONE) if late.thirty_day_months else 1
                rate = [r for r in late.rates[1:] if EPOCH + timedelta(r.day) <= day] or late.rates[:1]
                total += morning * length * Fraction(rate[-1].num, rate[-1].den)
                money_days += morning * length
                days += length if morning else 0
        if not money_days:
            return 0
        caps = [rounded(total / late.unit, late.mode) * late.unit + late.flat + late.daily * days]
        if late.cap_amount is not None:
            caps.append(late.cap_amount)
        if late.cap_share is not None:
            caps.append(int((fen(c.amount) - self.credited[name]) * Fraction(*late.cap_share)))
        if late.cap_by_days is not None:
            caps.append(int(money_days * Fraction(*late.cap_by_days)))
        return min(caps)


def starts(c: Charge) -> date:
    day = c.issued_on or c.due_on
    assert day is not None
    return day


def starts_of(clerk: Clerk, charge_id: str) -> date:
    return next(starts(c) for c in clerk.charges if c.charge_id == charge_id)


def thirty(day: date) -> int:
    return day.year * 360 + day.month * 30 + min(day.day, 30)


def rounded(value: Fraction, mode: str) -> int:
    """A value of 0 or more as a whole number."""
    down = int(value)
    rest = value - down
    goes_up = {
        "half_up": rest >= Fraction(1, 2),
        "half_down": rest > Fraction(1, 2),
        "half_even": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and down % 2 == 1),
        "up": rest > 0,
        "down": False,
    }
    return down + goes_up[mode]
