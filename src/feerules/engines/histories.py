"""What is seen of many accounts on a day: their entries in order and linked, and what is contradictory about them.

For each account what `ledger.seen` tells of one. Charges, payments and the rest are arrays in order of
account; a charge goes by its place among all charges.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from feerules.engines.batches import Entries
from feerules.engines.entries import (
    CHARGE_KINDS,
    EVENT_TYPES,
    PAYMENT_STATUSES,
    known_rows,
)
from feerules.engines.findings import Findings
from feerules.engines.rows import Charges, Events, Rows
from feerules.engines.segments import (
    ENDLESS,
    NONE,
    Bools,
    Ints,
    adding,
    day_keys,
    highest,
    ints,
    kept,
    offsets,
    order,
    rank_in,
    sums_of,
)
from feerules.plan.ledgers import LedgerTerms

__all__ = ["CHARGE", "CREDIT", "LATE_FEE", "WAIVER", "History"]

CHARGE, LATE_FEE, DEPOSIT, CREDIT, WAIVER, WRITE_OFF, REFUND = range(len(CHARGE_KINDS))
IN_TRANSIT, CLEARED, REVERSED = range(len(PAYMENT_STATUSES))
_CONTACT, _DEMAND, _ACTION = (EVENT_TYPES.index(name) for name in ("contact", "demand", "action"))


class History:
    """The entries of a batch of accounts as they are seen by `as_of` and known by `known_at`."""

    def __init__(self, entries: Entries, terms: LedgerTerms, as_of: int, known_at: date | None) -> None:
        self.terms, self.as_of, self.count = terms, as_of, len(entries.ids)
        self.findings = Findings()
        self.next_day = np.full(self.count, ENDLESS, np.int64)
        # When the newest entry was recorded: by the clock on the wall, and by UTC where that is told.
        self.recorded, self.recorded_utc = (np.full(self.count, NONE, np.int64) for _ in range(2))
        self._known = None if known_at is None else known_rows(known_at)
        self._entries = entries
        self._read_charges(self._mine(self._seen(entries.charges), "charge"))
        self._read_payments(self._mine(self._seen(entries.payments), "payment"))
        self._read_allocations(self._noted(self._known_of(entries.allocations)))
        self._read_events(self._seen(entries.events))

    def _known_of(self, frame: pl.DataFrame) -> Rows:
        return Rows(frame if self._known is None else kept(frame, self._known))

    def _seen(self, frame: pl.DataFrame) -> Rows:
        """The rows that are known and in effect; the first day of those to come is kept."""
        rows = self._known_of(frame)
        day = rows.ints("day")
        later = day > self.as_of
        if later.any():
            np.minimum.at(self.next_day, rows.ints("acc")[later], day[later])
            rows = rows.chosen(~later)
        return self._noted(rows)

    def _noted(self, rows: Rows) -> Rows:
        if rows.says("recorded_at"):
            acc, wall = rows.ints("acc"), rows.ints("recorded_at")
            latest = highest(wall, acc, self.count)
            newer = latest > self.recorded
            self.recorded[newer] = latest[newer]
            self.recorded_utc[newer] = NONE
            if rows.says("recorded_at.utc"):
                newest = np.flatnonzero((wall == latest[acc]) & newer[acc])
                # Of those of one moment the first tells: the last to be written here.
                self.recorded_utc[acc[newest[::-1]]] = rows.ints("recorded_at.utc")[newest[::-1]]
        return rows

    def _mine(self, rows: Rows, sort: str) -> Rows:
        """The rows in the currency of their account."""
        if not rows.says("currency"):
            return rows
        own = self._entries.currencies.gather(pl.Series(rows.ints("acc")))
        other = (rows.texts("currency") != own).fill_null(False).to_numpy()
        self._find("other_currency", sort, rows, other)
        return rows.chosen(~other)

    def _find(self, code: str, sort: str, rows: Rows, some: Bools) -> None:
        """What is contradictory about some of the rows."""
        at = np.flatnonzero(some)
        if len(at):
            self.findings.add(code, sort, rows.ints("acc")[at], rows.texts("id", at))

    # Charges, and what lowers them

    def _read_charges(self, rows: Rows) -> None:
        is_owed = rows.ints("kind") < CREDIT
        negative = is_owed & (rows.ints("amount") < 0)
        self._find("negative_amount", "charge", rows, negative)
        owed = rows.chosen(is_owed & ~negative)
        acc, due, day = owed.ints("acc"), owed.ints("due"), owed.ints("day")
        due = np.where(due == NONE, day, due)
        places = order(day_keys(acc, due, day), lambda at: owed.texts("id", at))
        self._owed = owed.taken(places)
        if self._owed is not owed:
            acc, due, day = acc[places], due[places], day[places]
        self.left_alone = np.zeros(0, np.int64)  # charges that do not count while they are disputed or held
        self.charges = self._treated(self._owed, acc, due, day)
        self._read_reductions(rows.chosen(~is_owed).apart())

    @cached_property
    def _index(self) -> pl.DataFrame:
        """Where each charge stands, by its account and id."""
        return self._owed.told("acc", "id").with_columns(at=pl.int_range(pl.len(), dtype=pl.Int64))

    def _debts(self, owed: Rows) -> Ints:
        """The charges on which posted late fees accrued."""
        debt = np.full(len(owed), -1, np.int64)
        if owed.says("corrects"):
            posted = np.flatnonzero((owed.ints("kind") == LATE_FEE) & owed.has("corrects"))
            if len(posted):
                debt[posted] = self._targets(owed.taken(posted), "corrects", "charge")
        return debt

    def _treated(self, owed: Rows, acc: Ints, due: Ints, day: Ints) -> Charges:
        terms, late, kind = self.terms, self.terms.late_fee, owed.ints("kind")
        debt = self._debts(owed)
        counts = np.ones(len(owed), np.bool_)
        if terms.exclude_fees:
            counts &= ~owed.among("fee", terms.exclude_fees)
        for each in terms.exclude_kinds:
            counts &= kind != CHARGE_KINDS.index(each)
        if terms.exclude_tags and owed.says("tags"):
            tags = owed.texts("tags").list.set_intersection([*sorted(terms.exclude_tags)])
            counts &= ~(tags.list.len() > 0).fill_null(False).to_numpy()
        bears = (kind == CHARGE) & counts if late is not None else np.zeros(len(owed), np.bool_)
        if late is not None and late.fees is not None:
            bears &= owed.among("fee", late.fees)
        ends = owed.ints("end")
        basis = due if terms.age_from == "due_on" else day
        if terms.age_from == "period_end":
            basis = np.where(ends == NONE, due, ends)
        return Charges(
            acc, due, day, kind, owed.ints("amount"), owed.ints("start"), ends, debt, counts, bears, bears, basis,
            self._fee_ranks(owed, debt), owed, offsets(acc, self.count),
        )  # fmt: skip

    def _fee_ranks(self, owed: Rows, debt: Ints) -> Ints:
        """The place of a fee among those that come first; a posted late fee goes with its debt."""
        line = self.terms.fee_order
        if not line:
            return np.zeros(len(owed), np.int64)
        found = owed.codes("fee", line)
        own = np.where(found < 0, len(line), found)
        of_debt = np.where(debt < 0, own, own[debt])
        return np.where(own < len(line), own, of_debt)

    def _targets(self, rows: Rows, name: str, sort: str) -> Ints:
        """The charges that rows name, -1 for one that is not seen; one that the account has not is a finding."""
        if not rows.says(name):
            return np.full(len(rows), -1, np.int64)
        asked = rows.told("acc", name)
        found = asked.join(
            self._index, left_on=["acc", name], right_on=["acc", "id"], how="left", maintain_order="left"
        )
        at = ints(found["at"], -1)
        lost = (at < 0) & rows.has(name)
        if lost.any():
            every = self._entries.charges.filter(pl.col("kind") < CREDIT)
            known = asked.join(
                every.select("acc", pl.col("id").alias(name), known=pl.lit(True)).unique(),
                on=["acc", name], how="left", maintain_order="left",
            )  # fmt: skip
            self._find("unknown_charge", sort, rows, lost & known["known"].is_null().to_numpy())
        return at

    def _read_reductions(self, given: Rows) -> None:
        target = self._targets(given, "corrects", "charge")
        # What names a charge waits for it, if there is one at all.
        keep = ~given.has("corrects") | (target >= 0)
        given, target = given.chosen(keep), target[keep]
        kind, amount, acc = given.ints("kind"), given.ints("amount"), given.ints("acc")
        back = (kind == REFUND) & (amount > 0)
        posted = np.zeros(len(target), np.bool_)
        posted[target >= 0] = self.charges.kind[target[target >= 0]] == LATE_FEE
        tagged = given.texts("tags").list.contains("late_fee").fill_null(False).to_numpy()
        late = (kind == WAIVER) & ~posted & (given.among("fee", ("late_fee",)) | tagged)
        self.late_waived = adding(np.abs(amount[late]), acc[late], self.count)
        kind = np.where(kind == REFUND, CREDIT, kind)
        day, rest = given.ints("day").copy(), ~back & ~late
        aims = target >= 0
        day[aims] = np.maximum(day[aims], self.charges.day[target[aims]])
        places = order(day_keys(acc, day), lambda at: given.texts("id", at))
        lower, refund = places[rest[places]], places[back[places]]
        self.lowered = (acc[lower], day[lower], kind[lower], np.abs(amount[lower]), target[lower])
        self.lowered_ids = given.texts("id", lower)
        self.refunds = (acc[refund], day[refund], np.abs(amount[refund]))
        self.refund_ids = given.texts("id", refund)

    # Payments

    def _read_payments(self, seen: Rows) -> None:
        rows, undone = seen, self._reversed(seen)
        if rows.says("reverses"):
            rows = rows.chosen(~rows.has("reverses"))
        amount, status = rows.ints("amount", 0), rows.ints("status")
        target = np.full(len(rows), -1, np.int64)
        if rows.says("charge_id"):
            named = np.flatnonzero(rows.has("charge_id"))
            target[named] = self._targets(rows.taken(named), "charge_id", "payment")
        self._find("negative_amount", "payment", rows, amount < 0)
        counts = (amount >= 0) & (status != REVERSED)
        if undone is not None:
            found = rows.told("acc", "id").join(undone, on=["acc", "id"], how="left", maintain_order="left")
            counts &= found["undone"].is_null().to_numpy()
        acc, day = rows.ints("acc"), rows.ints("day")
        coming = counts & (status == IN_TRANSIT)
        self.in_transit = adding(amount[coming], acc[coming], self.count)
        at = np.flatnonzero(counts & ~coming)
        at = at[order(day_keys(acc[at], day[at]), lambda some: rows.texts("id", at[some]))]
        self.pay_acc, self.pay_day, self.paid, self.pay_target = acc[at], day[at], amount[at], target[at]
        self.pay_rows = rows.taken(at)

    def _reversed(self, rows: Rows) -> pl.DataFrame | None:
        """The payments that never were one, as (acc, id, undone)."""
        if not rows.says("reverses"):
            return None
        some = rows.chosen(rows.has("reverses") & (rows.ints("status") != IN_TRANSIT))
        if not len(some):
            return None
        every = self._entries.payments.select("acc", reverses="id", known=pl.lit(True))
        others = rows.told("acc", "id", "amount", "reverses").select(
            "acc", reverses="id", other="amount", twice=pl.col("reverses").is_not_null()
        )
        back = some.told("acc", "id", "amount", "reverses")
        back = back.join(every, on=["acc", "reverses"], how="left", maintain_order="left")
        back = back.join(others, on=["acc", "reverses"], how="left", maintain_order="left")
        unknown, twice = pl.col("known").is_null(), pl.col("twice").fill_null(False)
        amount, other = pl.col("amount").fill_null(0), pl.col("other").fill_null(0)
        differs = (amount != 0) & (other != 0) & (amount.abs() != other.abs())
        for code, wrong in (
            ("unknown_payment", unknown),
            ("reverses_a_reversal", ~unknown & twice),
            ("reversal_differs", ~unknown & ~twice & differs),
        ):
            found = back.filter(wrong)
            self.findings.add(code, "payment", ints(found["acc"]), found["id"])
        undone = back.filter(~unknown & ~twice & ~differs)
        return undone.select("acc", id="reverses", undone=pl.lit(True)).unique()

    # What was charged and paid, of each account

    @cached_property
    def charged(self) -> Ints:
        return sums_of(self.charges.amount, self.charges.acc, self.count)

    @cached_property
    def received(self) -> Ints:
        return sums_of(self.paid, self.pay_acc, self.count)

    # Allocations

    def _read_allocations(self, rows: Rows) -> None:
        none = np.zeros(0, np.int64)
        self.posted = (none, none, none)
        if not len(rows):
            return
        charge = self._targets(rows, "charge_id", "allocation")
        places = self.pay_rows.told("acc", "id").select("acc", payment_id="id").with_row_index("at")
        every = self._entries.payments.filter(pl.col("reverses").is_null()).select(
            "acc", payment_id="id", known=pl.lit(True)
        )
        on = ["acc", "payment_id"]
        found = rows.told(*on).join(places, on=on, how="left", maintain_order="left")
        found = found.join(every, on=on, how="left", maintain_order="left")
        unknown, amount = found["known"].is_null().to_numpy(), rows.ints("amount")
        self._find("unknown_payment", "allocation", rows, unknown)
        self._find("negative_amount", "allocation", rows, ~unknown & (amount < 0))
        payment = ints(found["at"], -1)
        fine = np.flatnonzero(~unknown & (amount >= 0) & (charge >= 0) & (payment >= 0))
        fine = fine[np.lexsort((amount[fine], charge[fine], payment[fine]))]
        self._fit(payment[fine], charge[fine], amount[fine])

    def _fit(self, payment: Ints, charge: Ints, amount: Ints) -> None:
        """Keeps of each allocation what its payment and its charge can bear, one after the other."""
        fits = amount.copy()
        acc = self.pay_acc[payment]
        paid, owed = self.paid.copy(), self.charges.amount.copy()
        tight = np.zeros(self.count, np.bool_)
        tight[self.pay_acc[adding(amount, payment, len(paid)) > paid]] = True
        tight[self.charges.acc[adding(amount, charge, len(owed)) > owed]] = True
        hard = np.flatnonzero(tight[acc])
        rank = rank_in(acc[hard])
        over_payment, over_charge = np.zeros(len(fits), np.bool_), np.zeros(len(fits), np.bool_)
        for number in range(int(rank.max(initial=-1)) + 1):
            now = hard[rank == number]
            p, c = payment[now], charge[now]
            over_payment[now] = amount[now] > paid[p]
            over_charge[now] = ~over_payment[now] & (amount[now] > owed[c])
            fits[now] = np.minimum(amount[now], np.minimum(paid[p], owed[c]))
            paid[p] -= fits[now]
            owed[c] -= fits[now]
        for code, over in (
            ("allocation_over_payment", over_payment),
            ("allocation_over_charge", over_charge),
        ):
            at = np.flatnonzero(over)
            if len(at):
                names = pl.DataFrame(
                    {
                        "p": self.pay_rows.texts("id", payment[at]),
                        "c": self.charges.rows.texts("id", charge[at]),
                    }
                )
                self.findings.add(
                    code,
                    "allocation",
                    acc[at],
                    names.select(pl.concat_str("p", "c", separator="/")).to_series(),
                )
        self.posted = payment, charge, fits

    # Events

    def _read_events(self, rows: Rows) -> None:
        given = Events(rows)
        keys = day_keys(given.acc, given.day)
        every = Events(rows.taken(order(keys, lambda at: rows.texts("id", at), given.time)))
        foreign = every.ints("foreign") == 1
        # Of other accounts of the party: contacts, which count for limits alone.
        contact = (every.types == _CONTACT) | (every.types == _DEMAND)
        self.limits = every.chosen(foreign & contact & ~every.closing)
        own = every.chosen(~foreign)
        self._name(own.rows)
        self.events = own.chosen(self._sound(own))

    def _name(self, rows: Rows) -> None:
        """The charges that events name: (row of the event, place of the charge, -1 for one not seen)."""
        self.named_events = self.named_charges = np.zeros(0, np.int64)
        if not rows.says("charge_ids"):
            return
        named = rows.told("acc", "id", "charge_ids").with_columns(row=pl.Series(rows.at))
        named = named.filter(pl.col("charge_ids").list.len() > 0).explode("charge_ids")
        self.named_events = ints(named["row"])
        if len(self.named_events):
            self.named_charges = self._targets(Rows(named), "charge_ids", "event")

    def _sound(self, events: Events) -> Bools:
        """Whether each event is without a contradiction of its own."""
        rows, opens = events.rows, ~events.closing
        ends, amount, balance = events.ints("ends"), rows.ints("amount", 0), rows.ints("balance", 0)
        promised = events.ints("promised") != NONE
        early = (ends != NONE) & (ends < events.day)
        promise, plan, hold = (
            opens & (events.types == EVENT_TYPES.index(name)) for name in ("promise", "plan", "hold")
        )
        faults = {
            "promise_without_day": promise & ~promised,
            "plan_without_amount": plan & (amount == 0),
            "negative_amount": (promise & promised & (amount < 0))
            | (plan & (amount != 0) & ((amount < 0) | (balance < 0))),
            "plan_without_frequency": plan
            & (amount > 0)
            & (balance >= 0)
            & (events.ints("frequency") == NONE),
        }
        endless = hold & (events.ints("review") == NONE) & (ends == NONE)
        self._find("ends_before_start", "event", rows, early)
        # A hold without an end holds all the same: the safe side, until a person looks.
        self._find("hold_without_end", "event", rows, endless & ~early)
        bad = early
        for name, fault in faults.items():
            self._find(name, "event", rows, fault & ~early)
            bad = bad | fault
        sound: Bools = ~bad
        return sound

    def of_type(self, *names: str) -> Events:
        types = self.events.types
        some = [types == EVENT_TYPES.index(name) for name in names]
        wanted: Bools = np.logical_or.reduce(some)
        return self.events.chosen(wanted)

    @cached_property
    def are_demands(self) -> Bools:
        """Which events are demands: told as such, or as the contact or action of a step that demands."""
        types, steps = self.events.types, self.terms.demanding
        found: Bools = types == _DEMAND
        if steps:
            of_step = self.events.rows.among("step_id", steps)
            found |= of_step & np.isin(types, (_CONTACT, _ACTION)) & ~self.events.closing
        return found
