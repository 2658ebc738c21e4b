"""What holds for every account and every policy, whatever stands in them."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accounts import HORIZON, accounts, agitated_accounts, days, ledger_terms, lone_payments, offsets, on
from feerules import Account, Payment
from feerules.ledger.allocation import fold, fold_day_by_day, fold_first_in_first_out
from feerules.ledger.history import open_before, owed_since
from feerules.ledger.position import COUNTING, Position, position_of
from feerules.ledger.seen import Seen, see
from feerules.ledger.treatment import treat
from feerules.periods import day_number
from feerules.plan.ledgers import LedgerTerms
from feerules.vocabulary import POSITION, STEP_DAYS
from ledger_oracle import Clerk, fen

LAST = on(HORIZON + 60)


def told(position: Position) -> dict[str, Any]:
    """Everything that a position says."""
    return position.to_dict()


# Money


@given(accounts(faults=True), ledger_terms(), days)
def test_what_was_charged_is_open_or_accounted_for(account: Account, terms: LedgerTerms, day: date) -> None:
    for charge in position_of(account, terms, day).charges:
        gone = charge.allocated + charge.credited + charge.waived + charge.written_off
        assert charge.amount == charge.open + gone
        assert min(charge.open, charge.allocated, charge.credited, charge.waived, charge.written_off) >= 0


@given(accounts(), ledger_terms(), days)
def test_what_came_in_is_allocated_or_credit(account: Account, terms: LedgerTerms, day: date) -> None:
    position = position_of(account, terms, day)
    clerk = Clerk(account, terms, day)
    assume(not clerk.over_refunded)
    paid = sum((p.amount or Decimal(0) for p in clerk.payments), Decimal(0))
    credits_ = sum(
        (abs(c.amount) for c in clerk.charges if c.kind == "credit" or (c.kind == "refund" and c.amount < 0)),
        Decimal(0),
    )
    refunded = sum((c.amount for c in clerk.charges if c.kind == "refund" and c.amount > 0), Decimal(0))
    used = sum((c.allocated + c.credited for c in position.charges), Decimal(0))
    assert paid + credits_ == used + position.credit + refunded


@given(accounts(with_events=False), ledger_terms(), days)
def test_each_charge_is_as_open_as_a_clerk_finds_it(account: Account, terms: LedgerTerms, day: date) -> None:
    position, clerk = position_of(account, terms, day), Clerk(account, terms, day)
    assert {c.charge_id: fen(c.open) for c in position.charges} == clerk.open
    assert fen(position.credit) == sum(rest for rest, _ in clerk.credit)
    wrong = {("nothing_to_waive", "charge", name) for name in clerk.nothing_to_waive}
    wrong |= {("refund_over_credit", "charge", name) for name in clerk.over_refunded}
    assert set(position.contradictions) == wrong


@given(accounts(), ledger_terms(late_fee=True), days)
def test_late_fee_is_the_sum_of_its_days(account: Account, terms: LedgerTerms, day: date) -> None:
    position, clerk = position_of(account, terms, day), Clerk(account, terms, day)
    found = {c.charge_id: fen(c.late_fee) for c in position.charges}
    assert found == {name: clerk.late_fee(name) for name in clerk.owed}
    assert fen(position.late_fee_accrued) == sum(found.values())


@given(accounts(with_events=False), ledger_terms(), days)
@pytest.mark.parametrize("allocate", ["oldest_due_first", "civil_code_560"])
def test_the_short_way_of_the_fold_ends_where_the_long_one_does(
    allocate: str, account: Account, terms: LedgerTerms, day: date
) -> None:
    plain = [c for c in account.charges if c.kind in ("charge", "deposit")]
    plain = [c.model_copy(update={"issued_on": c.due_on}) for c in plain]
    if allocate == "civil_code_560":  # what falls due on one day shares
        plain = [*{c.due_on: c for c in plain}.values()]
        terms = replace(terms, late_fee=None)
    freely = [
        p.model_copy(update={"designated_fee": None, "designated_charge_id": None}) for p in account.payments
    ]
    update = {"charges": tuple(plain), "payments": tuple(freely), "allocations": ()}
    seen = see(account.model_copy(update=update).rows(), day_number(day), None)
    by_age = replace(terms, allocate=allocate, fee_order=(), credit_applied=True)
    assert treat(seen, by_age).fifo
    short, long = fold_first_in_first_out(seen), fold_day_by_day(seen, with_line(seen, by_age))
    for name in ("open", "paid_on", "credit"):
        assert getattr(short, name) == getattr(long, name)
    assert short.cuts == long.cuts


def with_line(seen: Seen, terms: LedgerTerms) -> Any:
    """The treatment that the long way needs, where the short one would do."""
    seen.treated, seen.fifo = None, False
    treatment = treat(seen, terms)
    seen.fifo = True
    return treatment


@given(accounts(with_events=False), ledger_terms(), days)
def test_a_debt_lasts_as_long_as_no_evening_is_without_one(
    account: Account, terms: LedgerTerms, day: date
) -> None:
    seen = see(account.rows(), day_number(day), None)
    treatment = treat(seen, terms)
    folded = fold(seen, treatment)
    first, last = min((row.day for row in seen.charges), default=0), day_number(day)
    evenings = [
        sum(open_before(folded, [i], evening + 1) for i, row in enumerate(seen.charges) if row.day <= evening and treatment.counts[i])
        for evening in range(first, last + 1)
    ]  # fmt: skip
    runs = [(is_open, sum(1 for _ in run)) for is_open, run in groupby(evenings, key=bool)]
    expected = last - runs[-1][1] + 1 if runs and runs[-1][0] and seen.charges else None
    follows = sum(is_open for is_open, _ in runs) > (expected is not None)
    assert owed_since(treatment, folded) == (expected, follows)


# Time


@given(accounts(), ledger_terms(late_fee=True))
def test_late_fee_never_falls_as_days_pass(account: Account, terms: LedgerTerms) -> None:
    after = LAST  # when every entry has taken effect
    fees = [
        position_of(account, terms, after + timedelta(n)).late_fee_accrued for n in (0, 1, 2, 30, 31, 400)
    ]
    assert fees == sorted(fees)


@given(accounts(), ledger_terms(late_fee=True))
def test_late_fee_stops_at_its_cap(account: Account, terms: LedgerTerms) -> None:
    assert terms.late_fee is not None
    num, den = terms.late_fee.cap_share or (1, 1)
    capped = replace(terms, late_fee=replace(terms.late_fee, cap_share=(num, den)))
    for charge in position_of(account, capped, on(4000)).charges:
        assert charge.late_fee * den <= (charge.amount - charge.credited) * num


@given(accounts(faults=True) | agitated_accounts(), ledger_terms(), days)
def test_nothing_but_counting_changes_a_fact_until_the_day_that_is_told(
    account: Account, terms: LedgerTerms, day: date
) -> None:
    position = position_of(account, terms, day)
    last = position.changes_on or LAST + timedelta(400)
    assert last > day
    step = max(1, (last - day).days // 7)
    for passed in {*range(1, (last - day).days, step), (last - day).days - 1} - {0}:
        later = position_of(account, terms, day + timedelta(passed))
        assert standing(later) == standing(position)
        for name, fact in POSITION.items():
            if fact.daily in ("up", "down") and position.values[name] is not None:
                assert moved(position, later, name) == (passed if fact.daily == "up" else -passed)
        for name in position.values:
            if name.startswith("steps.") and name.endswith(STEP_DAYS) and position.values[name] is not None:
                assert moved(position, later, name) == passed
        if position.values["days_overdue"] is not None:
            # In a pause it stands still, once it is past due: all the time until then, or not at all.
            stands = paused_on(account, day) and position.days_past_due >= 0
            assert moved(position, later, "days_overdue") == (0 if stands else passed)


def moved(before: Position, after: Position, name: str) -> int:
    one, other = before.values[name], after.values[name]
    assert isinstance(one, int)
    assert isinstance(other, int)
    return other - one


def paused_on(account: Account, day: date) -> bool:
    return Clerk(
        account.model_copy(update={"charges": (), "payments": (), "allocations": ()}), LedgerTerms(), day
    ).is_paused(day)


def standing(position: Position) -> dict[str, Any]:
    """The facts that no counting moves."""
    plain = {name: value for name, value in position.values.items() if name not in COUNTING}
    days_of_steps = {name for name in plain if name.startswith("steps.") and name.endswith(STEP_DAYS)}
    kept = {name: value for name, value in plain.items() if name not in days_of_steps}
    kept["unset"] = sorted(name for name, value in position.values.items() if value is None)
    return kept | {"contradictions": position.contradictions, "warnings": position.warnings}


# What is seen


@given(accounts(faults=True), ledger_terms(), days, st.randoms())
def test_the_order_of_the_entries_says_nothing(
    account: Account, terms: LedgerTerms, day: date, chance: Any
) -> None:
    names = ("charges", "payments", "allocations", "events")
    mixed = {name: chance.sample(getattr(account, name), len(getattr(account, name))) for name in names}
    other = account.model_copy(update={name: tuple(entries) for name, entries in mixed.items()})
    assert told(position_of(other, terms, day)) == told(position_of(account, terms, day))


@given(accounts(), accounts(), ledger_terms(), days)
def test_entries_of_later_days_change_nothing(
    account: Account, more: Account, terms: LedgerTerms, day: date
) -> None:
    """But the day on which the position changes next, which they may bring nearer."""
    later = shifted(more, (day - on(0)).days + 1)
    before, after = (
        told(position_of(account, terms, day)),
        told(position_of(joined(account, later), terms, day)),
    )
    coming, sooner = before.pop("changes_on"), after.pop("changes_on")
    assert after == before
    assert coming is None or sooner <= coming


@given(accounts(), accounts(), ledger_terms(), days, days)
def test_entries_that_were_recorded_later_change_nothing(
    account: Account, more: Account, terms: LedgerTerms, day: date, known: date
) -> None:
    names = ("charges", "payments", "allocations", "events")
    late = {
        name: tuple(e.model_copy(update={"recorded_at": known + timedelta(1)}) for e in getattr(more, name))
        for name in names
    }
    both = joined(account, renamed(more.model_copy(update=late)))
    assert told(position_of(both, terms, day, known)) == told(position_of(account, terms, day, known))


@given(
    accounts(),
    ledger_terms(),
    days,
    lone_payments(),
    offsets,
    st.sampled_from(["cleared", "reversed"]),
)
def test_a_reversed_payment_never_was(
    account: Account, terms: LedgerTerms, day: date, paid: dict[str, Any], reversed_on: int, status: str
) -> None:
    undo = {
        "payment_id": "undo",
        "reverses_payment_id": "P-99",
        "effective_on": on(reversed_on),
        "status": status,
    }
    both = tuple(
        map(Payment.model_validate, (paid | {"recorded_at": None, "designated_charge_id": None}, undo))
    )
    with_both = account.model_copy(update={"payments": (*account.payments, *both)})
    found, wanted = told(position_of(with_both, terms, LAST)), told(position_of(account, terms, LAST))
    assert found == wanted
    if reversed_on <= (day - on(0)).days:
        found, wanted = told(position_of(with_both, terms, day)), told(position_of(account, terms, day))
        coming, sooner = wanted.pop("changes_on"), found.pop("changes_on")
        assert found == wanted
        assert coming is None or sooner <= coming


def shifted(account: Account, by: int) -> Account:
    """The account with all its days moved, and its ids its own."""
    moved = renamed(account)
    day_fields = ("effective_on", "issued_on", "due_on", "ends_on", "promised_on", "review_on")

    def move(entry: Any) -> Any:
        given_days = {name: getattr(entry, name, None) for name in day_fields}
        update = {name: d + timedelta(by) for name, d in given_days.items() if d is not None}
        return entry.model_copy(
            update=update | ({"occurred_at": None} if hasattr(entry, "occurred_at") else {})
        )

    # An allocation counts from the days of what it joins, and a charge without a day of issue from its due day.
    update = {name: tuple(map(move, getattr(moved, name))) for name in ("charges", "payments", "events")}
    return moved.model_copy(update=update)


def renamed(account: Account) -> Account:
    """The account with other ids, so that it can stand beside another."""
    ids = ("charge_id", "payment_id", "event_id", "corrects_charge_id", "designated_charge_id")

    def rename(entry: Any) -> Any:
        update: dict[str, Any] = {
            name: f"more-{value}"
            for name in (*ids, "reverses_payment_id")
            if (value := getattr(entry, name, None)) is not None
        }
        if getattr(entry, "charge_ids", ()):
            update["charge_ids"] = tuple(f"more-{name}" for name in entry.charge_ids)
        return entry.model_copy(update=update)

    names = ("charges", "payments", "allocations", "events")
    return account.model_copy(update={name: tuple(map(rename, getattr(account, name))) for name in names})


def joined(one: Account, other: Account) -> Account:
    names = ("charges", "payments", "allocations", "events")
    return one.model_copy(update={name: getattr(one, name) + getattr(other, name) for name in names})


# What is kept in mind changes nothing


@given(
    accounts(faults=True), st.lists(st.tuples(ledger_terms(), days, st.none() | days), min_size=2, max_size=4)
)
def test_an_account_that_was_asked_before_answers_the_same(account: Account, questions: Any) -> None:
    for terms, day, known in questions:
        fresh = pickle.loads(pickle.dumps(account))
        assert told(position_of(account, terms, day, known)) == told(position_of(fresh, terms, day, known))


@given(accounts(), ledger_terms(), days)
def test_every_fact_of_the_vocabulary_is_told(account: Account, terms: LedgerTerms, day: date) -> None:
    position = position_of(account, terms, day)
    for name, fact in POSITION.items():
        value = position.values[name]
        assert value is not None or fact.optional
        if fact.kind == "choice":
            assert value in fact.words
        elif isinstance(value, int) and fact.kind in ("decimal", "integer"):
            least, most = fact.bounds
            assert least <= value <= most
    more = {f"bucket_{bucket.name}" for bucket in terms.buckets}
    for step in terms.steps:
        told_of = step.facts
        more |= {fact.name for fact in told_of}
    assert position.values.keys() == POSITION.keys() | more
