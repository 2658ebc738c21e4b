"""What is seen of many accounts on a day: their entries in order and linked, and what is contradictory about them.

For each account what `ledger.seen` tells of one. Charges, payments and the rest are arrays in order of
account; a charge goes by its place among all charges.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from feerules.engines.batches import Entries
from feerules.engines.entries import (
    CHARGE_KINDS,
    EVENT_STATUSES,
    EVENT_TYPES,
    PAYMENT_STATUSES,
    known_rows,
)
from feerules.engines.findings import Findings
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
    taken,
)
from feerules.periods import MICROSECONDS
from feerules.plan.ledgers import LedgerTerms

__all__ = ["CHARGE", "CREDIT", "LATE_FEE", "WAIVER", "Charges", "Events", "History"]

CHARGE, LATE_FEE, DEPOSIT, CREDIT, WAIVER, WRITE_OFF, REFUND = range(len(CHARGE_KINDS))
IN_TRANSIT, CLEARED, REVERSED = range(len(PAYMENT_STATUSES))
_OPEN: Final = EVENT_STATUSES.index("open")
_CONTACT, _DEMAND, _ACTION = (EVENT_TYPES.index(name) for name in ("contact", "demand", "action"))


@dataclass(frozen=True)
class Charges:
    """Charges that are owed, by account, due day, day of issue and id.

    `debt` is the charge on which a posted late fee accrued, -1 where there is none. The rest is what the
    policy makes of each: whether it counts, bears late fee, from when it ages, the place of its fee among
    those that come first.
    """

    acc: Ints
    due: Ints
    day: Ints
    kind: Ints
    amount: Ints
    start: Ints
    end: Ints
    debt: Ints
    counts: Bools
    bears: Bools
    basis: Ints
    fee_rank: Ints
    ids: pl.Series
    fees: pl.Series
    bounds: Ints

    def __len__(self) -> int:
        return len(self.acc)


@dataclass(frozen=True)
class Events:
    """The events of one type or several, by account, day, time of day and id."""

    frame: pl.DataFrame
    acc: Ints
    day: Ints
    time: Ints
    closing: Bools

    def __len__(self) -> int:
        return len(self.acc)

    def chosen(self, rows: Bools) -> Events:
        frame = self.frame.filter(pl.Series(rows))
        return Events(frame, self.acc[rows], self.day[rows], self.time[rows], self.closing[rows])

    def ints(self, name: str) -> Ints:
        return ints(self.frame[name])

    def flags(self, name: str) -> Bools:
        """A column of yes, no and nothing said."""
        found: Bools = self.ints(name) == 1
        return found

    @property
    def types(self) -> Ints:
        return ints(self.frame["type"])


class History:
    """The entries of a batch of accounts as they are seen by `as_of` and known by `known_at`."""

    def __init__(self, entries: Entries, terms: LedgerTerms, as_of: int, known_at: date | None) -> None:
        self.terms, self.as_of, self.count = terms, as_of, len(entries.ids)
        self.findings = Findings()
        self.next_day = np.full(self.count, ENDLESS, np.int64)
        # When the newest entry was recorded: by the clock on the wall, and by UTC where that is told.
        self.recorded, self.recorded_utc = (np.full(self.count, NONE, np.int64) for _ in range(2))
        known, self._all_known = known_rows(known_at), known_at is None
        self._entries = entries
        charges = self._seen(entries.charges, known)
        self._read_charges(charges)
        payments = self._seen(entries.payments, known)
        self._read_payments(payments)
        self._read_allocations(self._noted(entries.allocations.filter(known)))
        self._read_events(self._seen(entries.events, known))

    def _seen(self, frame: pl.DataFrame, known: pl.Expr) -> pl.DataFrame:
        """The rows that are known and in effect; the first day of those to come is kept."""
        frame = frame if self._all_known else kept(frame, known)
        later = frame.select("acc", "day").filter(pl.col("day") > self.as_of)
        np.minimum.at(self.next_day, ints(later["acc"]), ints(later["day"]))
        return self._noted(frame.filter(pl.col("day") <= self.as_of) if later.height else frame)

    def _noted(self, frame: pl.DataFrame) -> pl.DataFrame:
        stamps = frame["recorded_at"]
        if stamps.null_count() < len(stamps):
            at = np.flatnonzero(stamps.is_not_null().to_numpy())
            acc, wall = ints(frame["acc"])[at], ints(stamps)[at]
            latest = highest(wall, acc, self.count)
            first = np.full(self.count, len(at), np.int64)
            newest = np.flatnonzero(wall == latest[acc])
            np.minimum.at(first, acc[newest], newest)
            newer = latest > self.recorded
            self.recorded[newer] = latest[newer]
            self.recorded_utc[newer] = ints(frame["recorded_at.utc"])[at[first[newer]]]
        return frame

    def _mine(self, frame: pl.DataFrame, sort: str) -> pl.DataFrame:
        """The rows in the currency of their account."""
        currency = frame["currency"]
        if currency.null_count() == len(currency):
            return frame
        own = self._entries.currencies.gather(frame["acc"])
        other = (currency != own).fill_null(False)
        self._find("other_currency", sort, frame.filter(other))
        return frame.filter(~other)

    def _find(self, code: str, sort: str, frame: pl.DataFrame) -> None:
        self.findings.add(code, sort, ints(frame["acc"]), frame["id"])

    # Charges, and what lowers them

    def _read_charges(self, seen: pl.DataFrame) -> None:
        mine = self._mine(seen, "charge")
        is_owed = pl.col("kind") < CREDIT
        self._find("negative_amount", "charge", mine.filter(is_owed & (pl.col("amount") < 0)))
        owed = kept(mine, is_owed & (pl.col("amount") >= 0)).with_columns(due=pl.coalesce("due", "day"))
        keys = day_keys(ints(owed["acc"]), ints(owed["due"]), ints(owed["day"]))
        owed = taken(owed, order(keys, owed["id"]))
        self._index = owed.select("acc", "id", at=pl.int_range(pl.len(), dtype=pl.Int64))
        debt = np.full(owed.height, -1, np.int64)
        posted = np.flatnonzero(((owed["kind"] == LATE_FEE) & owed["corrects"].is_not_null()).to_numpy())
        if len(posted):
            rows = owed[posted]
            debt[posted] = self._targets(rows, rows["corrects"], "charge")[0]
        self.charges = self._treated(owed, debt)
        self._read_reductions(mine.filter(~is_owed))

    def _treated(self, owed: pl.DataFrame, debt: Ints) -> Charges:
        terms, late = self.terms, self.terms.late_fee
        kinds = [CHARGE_KINDS.index(kind) for kind in terms.exclude_kinds]
        fee, kind = pl.col("fee"), pl.col("kind")
        counts = ~fee.is_in([*terms.exclude_fees]) & ~kind.is_in(kinds)
        if terms.exclude_tags:
            tagged = pl.col("tags").list.set_intersection([*sorted(terms.exclude_tags)]).list.len() > 0
            counts = counts & ~tagged.fill_null(False)
        bears = pl.lit(False) if late is None else (kind == CHARGE) & counts
        if late is not None and late.fees is not None:
            bears = bears & fee.is_in([*late.fees])
        treated = (
            owed.select(counts=counts, bears=bears)
            if owed.height
            else pl.DataFrame(schema={"counts": pl.Boolean, "bears": pl.Boolean})
        )
        acc, due, day = ints(owed["acc"]), ints(owed["due"]), ints(owed["day"])
        ends = ints(owed["end"])
        basis = {"due_on": due, "issued_on": day, "period_end": np.where(ends == NONE, due, ends)}
        return Charges(
            acc, due, day, ints(owed["kind"]), ints(owed["amount"]), ints(owed["start"]), ends, debt,
            treated["counts"].to_numpy(), treated["bears"].to_numpy(), basis[terms.age_from],
            self._fee_ranks(owed["fee"], debt), owed["id"], owed["fee"], offsets(acc, self.count),
        )  # fmt: skip

    def _fee_ranks(self, fees: pl.Series, debt: Ints) -> Ints:
        """The place of a fee among those that come first; a posted late fee goes with its debt."""
        line = self.terms.fee_order
        if not line:
            return np.zeros(len(fees), np.int64)
        places = {fee: place for place, fee in reversed([*enumerate(line)])}
        own = ints(fees.replace_strict(places, default=len(line), return_dtype=pl.Int64))
        of_debt = np.where(debt < 0, own, own[debt])
        return np.where(own < len(line), own, of_debt)

    def _targets(self, rows: pl.DataFrame, names: pl.Series, sort: str) -> tuple[Ints, Bools]:
        """The charges that rows name, -1 for one that is not seen, and whether the account has it at all."""
        if names.null_count() == len(names):
            return np.full(len(names), -1, np.int64), np.ones(len(names), np.bool_)
        asked = rows.select("acc", name=names)
        found = asked.join(
            self._index, left_on=["acc", "name"], right_on=["acc", "id"], how="left", maintain_order="left"
        )
        at = ints(found["at"], -1)
        lost = np.flatnonzero((at < 0) & asked["name"].is_not_null().to_numpy())
        known = np.ones(len(at), np.bool_)
        if len(lost):
            every = self._entries.charges.filter(pl.col("kind") < CREDIT).select(
                "acc", name="id", known=pl.lit(True)
            )
            missing = (
                asked[lost]
                .join(every, on=["acc", "name"], how="left", maintain_order="left")["known"]
                .is_null()
            )
            known[lost] = ~missing.to_numpy()
            self._find("unknown_charge", sort, rows[lost].filter(missing))
        return at, known

    def _read_reductions(self, given: pl.DataFrame) -> None:
        named = given["corrects"].is_not_null().to_numpy()
        target, _ = self._targets(given, given["corrects"], "charge")
        # What names a charge waits for it, if there is one at all.
        keep = ~named | (target >= 0)
        given, target = given.filter(pl.Series(keep)), target[keep]
        kind, amount, acc = ints(given["kind"]), ints(given["amount"]), ints(given["acc"])
        back = (kind == REFUND) & (amount > 0)
        posted = np.zeros(len(target), np.bool_)
        posted[target >= 0] = self.charges.kind[target[target >= 0]] == LATE_FEE
        of_fee = (given["fee"] == "late_fee") | given["tags"].list.contains("late_fee").fill_null(False)
        late = (kind == WAIVER) & ~posted & of_fee.to_numpy() if given.height else back
        self.late_waived = adding(np.abs(amount[late]), acc[late], self.count)
        kind[kind == REFUND] = CREDIT
        day, rest = ints(given["day"]), ~back & ~late
        aims = target >= 0
        day[aims] = np.maximum(day[aims], self.charges.day[target[aims]])
        places = order(day_keys(acc, day), given["id"])
        lower, refund = places[rest[places]], places[back[places]]
        self.lowered = (acc[lower], day[lower], kind[lower], np.abs(amount[lower]), target[lower])
        self.lowered_ids = given["id"].gather(pl.Series(lower))
        self.refunds = (acc[refund], day[refund], np.abs(amount[refund]))
        self.refund_ids = given["id"].gather(pl.Series(refund))

    # Payments

    def _read_payments(self, seen: pl.DataFrame) -> None:
        rows = self._mine(seen, "payment")
        undone = self._reversed(rows)
        rows = kept(rows, pl.col("reverses").is_null())
        if undone is not None:
            rows = rows.join(undone, on=["acc", "id"], how="left", maintain_order="left")
        amount, status = ints(rows["amount"], 0), ints(rows["status"])
        target = np.full(rows.height, -1, np.int64)
        named = np.flatnonzero(rows["charge_id"].is_not_null().to_numpy())
        if len(named):
            target[named] = self._targets(rows[named], rows["charge_id"].gather(pl.Series(named)), "payment")[
                0
            ]
        self._find("negative_amount", "payment", rows.filter(pl.Series(amount < 0)))
        counts = (amount >= 0) & (status != REVERSED)
        if undone is not None:
            counts &= rows["undone"].is_null().to_numpy()
        acc = ints(rows["acc"])
        coming = counts & (status == IN_TRANSIT)
        self.in_transit = adding(amount[coming], acc[coming], self.count)
        at = np.flatnonzero(counts & ~coming)
        at = at[order(day_keys(acc[at], ints(rows["day"])[at]), rows["id"].gather(pl.Series(at)))]
        self.pay_acc, self.pay_day, self.paid = acc[at], ints(rows["day"])[at], amount[at]
        self.pay_target = target[at]
        self.pay_ids, self.pay_fees = (rows[name].gather(pl.Series(at)) for name in ("id", "fee"))
        self.pay_bounds = offsets(self.pay_acc, self.count)

    def _reversed(self, rows: pl.DataFrame) -> pl.DataFrame | None:
        """The payments that never were one, as (acc, id, undone)."""
        back = rows.filter(pl.col("reverses").is_not_null() & (pl.col("status") != IN_TRANSIT))
        if not back.height:
            return None
        every = self._entries.payments.select("acc", reverses="id", known=pl.lit(True))
        others = rows.select("acc", reverses="id", other="amount", twice=pl.col("reverses").is_not_null())
        back = back.join(every, on=["acc", "reverses"], how="left", maintain_order="left")
        back = back.join(others, on=["acc", "reverses"], how="left", maintain_order="left")
        unknown, twice = pl.col("known").is_null(), pl.col("twice").fill_null(False)
        amount, other = pl.col("amount").fill_null(0), pl.col("other").fill_null(0)
        differs = (amount != 0) & (other != 0) & (amount.abs() != other.abs())
        self._find("unknown_payment", "payment", back.filter(unknown))
        self._find("reverses_a_reversal", "payment", back.filter(~unknown & twice))
        self._find("reversal_differs", "payment", back.filter(~unknown & ~twice & differs))
        undone = back.filter(~unknown & ~twice & ~differs)
        return undone.select("acc", id="reverses", undone=pl.lit(True)).unique()

    # Allocations

    def _read_allocations(self, rows: pl.DataFrame) -> None:
        none = np.zeros(0, np.int64)
        self.posted = (none, none, none)
        if not rows.height:
            return
        charge, _ = self._targets(rows, rows["charge_id"], "allocation")
        places = pl.DataFrame(
            {"acc": self.pay_acc.astype(np.int32), "payment_id": self.pay_ids}
        ).with_row_index("at")
        every = self._entries.payments.filter(pl.col("reverses").is_null()).select(
            "acc", payment_id="id", known=pl.lit(True)
        )
        on = ["acc", "payment_id"]
        rows = rows.join(places, on=on, how="left", maintain_order="left")
        rows = rows.join(every, on=on, how="left", maintain_order="left")
        unknown, amount = rows["known"].is_null(), ints(rows["amount"])
        self._find("unknown_payment", "allocation", rows.filter(unknown))
        self._find("negative_amount", "allocation", rows.filter(~unknown & (rows["amount"] < 0)))
        payment = ints(rows["at"], -1)
        fine = np.flatnonzero(~unknown.to_numpy() & (amount >= 0) & (charge >= 0) & (payment >= 0))
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
                        "p": self.pay_ids.gather(pl.Series(payment[at])),
                        "c": self.charges.ids.gather(pl.Series(charge[at])),
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

    def _read_events(self, rows: pl.DataFrame) -> None:
        acc, day = ints(rows["acc"]), ints(rows["day"])
        time = ints(rows["occurred_at"], 0) % MICROSECONDS
        places = order(day_keys(acc, day), rows["id"], time)
        rows = taken(rows, places).with_row_index("row")
        acc, day, time = acc[places], day[places], time[places]
        closing = (rows["status"] != _OPEN).to_numpy()
        every = Events(rows, acc, day, time, closing)
        foreign = rows["foreign"].to_numpy()
        self._name(rows.filter(~rows["foreign"]))
        # Of other accounts of the party: contacts, which count for limits alone.
        self.limits = every.chosen(foreign & np.isin(every.types, (_CONTACT, _DEMAND)) & ~closing)
        own = every.chosen(~foreign)
        self.events = own.chosen(self._sound(own))

    def _name(self, rows: pl.DataFrame) -> None:
        """The charges that events name: (row of the event, place of the charge, -1 for one not seen)."""
        named = rows.select("acc", "id", "row", "charge_ids").filter(pl.col("charge_ids").list.len() > 0)
        named = named.explode("charge_ids")
        self.named_events = ints(named["row"])
        self.named_charges = (
            self._targets(named, named["charge_ids"], "event")[0] if named.height else self.named_events
        )

    def _sound(self, events: Events) -> Bools:
        rows = events.frame
        ends, opens = pl.col("ends"), pl.col("status") == _OPEN
        type_ = pl.col("type")
        amount, balance = pl.col("amount").fill_null(0), pl.col("balance").fill_null(0)
        early = ends.is_not_null() & (ends < pl.col("day"))
        promise, plan = (opens & (type_ == EVENT_TYPES.index(name)) for name in ("promise", "plan"))
        faults = {
            "promise_without_day": promise & pl.col("promised").is_null(),
            "plan_without_amount": plan & (amount == 0),
            "negative_amount": (promise & pl.col("promised").is_not_null() & (amount < 0))
            | (plan & (amount != 0) & ((amount < 0) | (balance < 0))),
            "plan_without_frequency": plan & (amount > 0) & (balance >= 0) & pl.col("frequency").is_null(),
        }
        hold = opens & (type_ == EVENT_TYPES.index("hold")) & pl.col("review").is_null() & ends.is_null()
        told = rows.select(
            early=early, hold=hold & ~early, **{name: each & ~early for name, each in faults.items()}
        )
        self._find("ends_before_start", "event", rows.filter(told["early"]))
        # A hold without an end holds all the same: the safe side, until a person looks.
        self._find("hold_without_end", "event", rows.filter(told["hold"]))
        bad = told["early"]
        for name in faults:
            self._find(name, "event", rows.filter(told[name]))
            bad = bad | told[name]
        return (~bad).to_numpy()

    def of_type(self, *names: str) -> Events:
        types = self.events.types
        return self.events.chosen(np.isin(types, [EVENT_TYPES.index(name) for name in names]))

    @cached_property
    def are_demands(self) -> Bools:
        """Which events are demands: told as such, or as the contact or action of a step that demands."""
        types, steps = self.events.types, [step.id for step in self.terms.steps if step.demands]
        found: Bools = types == _DEMAND
        if steps:
            of_step = self.events.frame["step_id"].is_in(steps).fill_null(False).to_numpy()
            found |= of_step & np.isin(types, (_CONTACT, _ACTION))
        return found
