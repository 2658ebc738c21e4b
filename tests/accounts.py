"""Random accounts and random terms of ledgers, for every kernel that gives positions; short names for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random  # noqa: TID251  (made-up accounts, from a seed)
from typing import Any

from hypothesis import strategies as st

from feerules.ledger.accounts import Account
from feerules.ledger.entries import EVENT_TYPES, OWED
from feerules.ledger.position import Position, position_of
from feerules.money import from_scaled
from feerules.plan.ledgers import Bucket, LateFeeTerms, LedgerTerms, RateFrom, StepTerms

FIRST = date(2025, 1, 1)
HORIZON = 90  # days after it on which entries may be
FEES = ("management", "water", "parking")
PLAIN = LedgerTerms()


# By hand


def day(text: str) -> date:
    return date.fromisoformat(text)


def charge(id_: str, due: str, amount: str, **more: Any) -> dict[str, Any]:
    """A charge, issued on the day it falls due unless another is given."""
    return {"charge_id": id_, "fee": "management", "due_on": due, "amount": amount, **more}


def payment(id_: str, on: str, amount: str | None, **more: Any) -> dict[str, Any]:
    return {"payment_id": id_, "effective_on": on, "amount": amount, **more}


def event(id_: str, type_: str, on: str, **more: Any) -> dict[str, Any]:
    return {"event_id": id_, "type": type_, "effective_on": on, **more}


def account(*entries: dict[str, Any], **more: Any) -> Account:
    """An account of the entries, each put where its id says."""
    sorts = ("charges", "payments", "allocations", "events")
    sorted_ = {name: [entry for entry in entries if sort_of(entry) == name] for name in sorts}
    return Account.model_validate({"account_id": "A-1", **sorted_, **more})


def sort_of(entry: dict[str, Any]) -> str:
    if "event_id" in entry:
        return "events"
    if "fee" in entry:
        return "charges"
    return "payments" if "effective_on" in entry else "allocations"


def position(as_of: str, *entries: dict[str, Any], terms: LedgerTerms = PLAIN, **more: Any) -> Position:
    """The position of an account of these entries."""
    return position_of(account(*entries, **more), terms, day(as_of))


# At random
#
# Drawn from a seed that hypothesis gives: accounts are full and days spread evenly, which drawing each value
# by hypothesis does not give. A failure shows the account; it is not made smaller.


def on(offset: int) -> date:
    return FIRST + timedelta(offset)


def money(fen: int) -> str:
    return str(from_scaled(fen, 2))


def a_sum(chance: Random) -> int:
    """Often round, so that sums meet and ties arise."""
    return chance.choice(
        [chance.randrange(13) * 5_000, chance.randrange(60_000), chance.choice([1, 33, 9_999])]
    )


def a_moment(chance: Random) -> date | None:
    at = datetime.combine(on(chance.randrange(HORIZON)), time(chance.randrange(24), 30))
    return chance.choice([None, at.date(), at, at.replace(tzinfo=UTC)])


def a_charge(chance: Random, number: int, ids: list[str]) -> dict[str, Any]:
    owed = not ids or chance.random() < 0.75
    kinds = ("charge",) * 6 + ("deposit", "late_fee") if owed else ("credit", "waiver", "write_off", "refund")
    kind = chance.choice(kinds)
    issued = chance.randrange(HORIZON)
    fen = a_sum(chance)
    names_one = ids and (kind == "late_fee" or not owed) and chance.random() < 0.75
    period = on(issued).replace(day=1)
    return {
        "charge_id": f"C-{number}",
        "fee": "late_fee" if kind == "late_fee" else chance.choice(FEES),
        "kind": kind,
        "period_start": chance.choice([None, period]),
        "period_end": chance.choice([None, period + timedelta(31)]),
        "issued_on": chance.choice([None, on(issued)]),
        "due_on": on(max(0, issued + chance.choice([0, 0, 10, 10, 30, -15]))),
        "amount": money(fen if owed else chance.choice([fen, -fen])),
        "corrects_charge_id": chance.choice(ids) if names_one else None,
        "tags": chance.choice([(), (), ("disputed",), ("late_fee",)]),
        "recorded_at": a_moment(chance),
    }


def a_payment(chance: Random, number: int, charge_ids: list[str], before: list[str]) -> dict[str, Any]:
    reverses = chance.choice(before) if before and chance.random() < 0.15 else None
    return {
        "payment_id": f"P-{number}",
        "amount": None if reverses else money(a_sum(chance)),
        "status": chance.choice(("cleared",) * 6 + ("in_transit", "reversed")),
        "effective_on": on(chance.randrange(HORIZON)),
        "designated_fee": chance.choice([None, None, None, *FEES]),
        "designated_charge_id": chance.choice([None, None, None, *charge_ids]),
        "reverses_payment_id": reverses,
        "recorded_at": a_moment(chance),
    }


LADDER = ("call", "demand", "old")
OUTCOMES = (None, "answered", "no_answer", "off", "away", "refused", "elsewhere")
# Those with more to them come up more often.
TYPES = (*EVENT_TYPES, "contact", "contact", "demand", "promise", "promise", "plan", "pause")
RHYTHMS = ("weekly", "two_weekly", "four_weekly", "monthly", "one_off")


NAMING = ("demand", "plan", "acknowledgement", "dispute", "hardship", "death", "hold", "court")


def an_event(
    chance: Random, number: int, charge_ids: list[str], types: tuple[str, ...] = TYPES
) -> dict[str, Any]:
    type_ = chance.choice(types)
    start = chance.randrange(HORIZON)
    later = on(start + chance.randrange(40))
    given: dict[str, Any] = {
        "event_id": f"E-{number}",
        "type": type_,
        "effective_on": on(start),
        "status": chance.choice(("open",) * 5 + ("closed", "cancelled")),
        "occurred_at": chance.choice([None, datetime.combine(on(start), time(9, 15))]),
        "recorded_at": a_moment(chance),
    }
    if type_ in ("contact", "demand", "action"):
        given["step_id"] = chance.choice([None, *LADDER])
        given["channel"] = chance.choice([None, "phone", "sms"])
        given["outcome"] = chance.choice(OUTCOMES) if type_ == "contact" else None
        given["delivered"] = chance.choice([None, True, True, False])
    if type_ in NAMING and chance.random() < 0.5:
        given["charge_ids"] = chance.sample(charge_ids, min(len(charge_ids), chance.randrange(4)))
    if type_ == "promise":
        given |= {"promised_on": later, "amount": chance.choice([None, money(a_sum(chance))])}
    if type_ == "plan":
        given |= {
            "amount": money(chance.randrange(1, 30_000)),
            "frequency": chance.choice(RHYTHMS),
            "balance": chance.choice([None, money(a_sum(chance))]),
            "promised_on": chance.choice([None, later]),
        }
    if type_ in ("hold", "pause", "dispute", "hardship", "court", "demand") and chance.random() < 0.6:
        given["ends_on"] = later
    if type_ == "hold":
        given |= {
            "review_on": chance.choice([None, later]),
            "reason": chance.choice([None, "asked by the owner"]),
        }
    if type_ == "court":
        given["outcome"] = chance.choice([None, None, "granted"])
    return given


def some_tries(chance: Random, number: int, steps: int, first: int = 0) -> list[dict[str, Any]]:
    """Some steps tried again and again, more often without success than with."""
    made: list[dict[str, Any]] = []
    for step in chance.sample(LADDER, steps):
        start = chance.randrange(first, HORIZON)
        for _ in range(chance.randrange(1, 8)):
            at = datetime.combine(on(start), time(chance.randrange(24), 15))
            made.append(
                event(
                    f"T-{number + len(made)}",
                    chance.choice(["contact", "contact", "demand", "action"]),
                    on(start).isoformat(),
                    step_id=step,
                    delivered=chance.choice([None, True, False, False, False]),
                    status=chance.choice(("open",) * 7 + ("cancelled",)),
                    occurred_at=chance.choice([None, at]),
                )
            )
            start += chance.choice([0, 1, 1, 4, 20])
    return made


def an_account(chance: Random, *, faults: bool, with_events: bool, types: tuple[str, ...] = TYPES) -> Account:
    made: list[dict[str, Any]] = []
    owed: list[str] = []
    for number in range(a_size(chance)):
        made.append(a_charge(chance, number, owed))
        owed += [made[-1]["charge_id"]] if made[-1]["kind"] in OWED else []
    paid: list[dict[str, Any]] = []
    for number in range(a_size(chance)):
        before = [p["payment_id"] for p in paid if not p["reverses_payment_id"]]
        paid.append(a_payment(chance, number, owed, before))
    happened = [
        an_event(chance, number, owed, types) for number in range(a_size(chance) if with_events else 0)
    ]
    happened += some_tries(chance, len(happened), chance.choice([0, 0, 1, 1, 2])) if with_events else []
    entries = {
        "charges": made,
        "payments": paid,
        "allocations": some_allocations(chance, made, paid),
        "events": happened,
    }
    if faults:
        for name, given in [*entries.items()]:
            if given and chance.random() < 0.25:
                entries[name] = [*given, a_fault(chance, name, given)]
    return Account.model_validate({"account_id": "A-1", "parties": [{"party_id": "P-1"}], **entries})


def a_debtor(chance: Random) -> Account:
    """An account that owes, of which nothing is known but what was tried."""
    owed = charge("C-1", FIRST.isoformat(), "9000.00")
    tries = some_tries(chance, 0, chance.randrange(1, 4), first=HORIZON - 20)
    return Account.model_validate({"account_id": "A-1", "charges": [owed], "events": tries})


def a_size(chance: Random) -> int:
    return chance.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])


def some_allocations(
    chance: Random, made: list[dict[str, Any]], paid: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Posted parts of payments, within what payments and charges can bear."""
    rest = {c["charge_id"]: c["amount"] for c in made if c["kind"] in OWED}
    left = {p["payment_id"]: p["amount"] for p in paid if p["amount"] is not None}
    fen = {name: int(amount.replace(".", "")) for name, amount in (rest | left).items()}
    posted = []
    for _ in range(chance.choice([0, 0, 0, 1, 2, 3]) if rest and left else 0):
        one, other = chance.choice(sorted(left)), chance.choice(sorted(rest))
        amount = chance.randint(0, min(fen[one], fen[other]))
        fen[one] -= amount
        fen[other] -= amount
        posted.append({"payment_id": one, "charge_id": other, "amount": money(amount)})
    return posted


def a_fault(chance: Random, sort: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the entries again, or one that cannot be right."""
    entry = dict(chance.choice(entries))
    wrong: dict[str, list[dict[str, Any]]] = {
        "charges": [
            {}, {"amount": "7.00"}, {"charge_id": "C-x", "amount": "-5.00", "kind": "charge"},
            {"charge_id": "C-x", "kind": "credit", "corrects_charge_id": "C-none"},
            {"charge_id": "C-x", "currency": "HKD"}, {"charge_id": "C-x", "account_id": "A-2"},
            {"charge_id": "C-x", "kind": "refund", "amount": "9999.00"},
            {"charge_id": "C-x", "kind": "waiver", "amount": "9999.00", "corrects_charge_id": None},
        ],
        "payments": [
            {}, {"payment_id": "P-x", "amount": "-5.00"}, {"payment_id": "P-x", "currency": "HKD"},
            {"payment_id": "P-x", "reverses_payment_id": "P-none"},
            {"payment_id": "P-x", "designated_charge_id": "C-none"},
            {"payment_id": "P-x", "reverses_payment_id": entry.get("payment_id"), "amount": "0.01"},
        ],
        "allocations": [
            {"amount": "99999.00"}, {"amount": "-1.00"}, {"charge_id": "C-none"}, {"payment_id": "P-none"},
        ],
        "events": [
            {}, {"event_id": "E-x", "ends_on": FIRST - timedelta(1)}, {"event_id": "E-x", "account_id": "A-2"},
            {"event_id": "E-x", "account_id": "A-2", "party_id": "P-1"},
            {"event_id": "E-x", "type": "promise", "promised_on": None},
            {"event_id": "E-x", "type": "hold", "ends_on": None, "review_on": None},
            {"event_id": "E-x", "type": "plan", "amount": None},
        ],
    }  # fmt: skip
    return entry | chance.choice(wrong[sort])


def a_late_fee(chance: Random) -> LateFeeTerms:
    changes = sorted(chance.sample(range(20_090, 20_200), chance.randrange(3)))  # days about the entries
    rates = [
        RateFrom(day, chance.randrange(50), chance.choice([1_000, 10_000, 365, 36_000]))
        for day in (0, *changes)
    ]
    return LateFeeTerms(
        fees=chance.choice([None, None, frozenset({"management"}), frozenset({"management", "water"})]),
        rates=tuple(rates),
        grace=chance.choice([0, 0, 5, 15]),
        back_dated=chance.choice([True, False]),
        thirty_day_months=chance.random() < 0.25,
        flat=chance.choice([0, 0, 500]),
        cap_share=chance.choice([None, None, (1, 1), (3, 10)]),
        cap_amount=chance.choice([None, None, None, 2_000]),
        daily=chance.choice([0, 0, 25]),
        cap_by_days=chance.choice([None, None, None, (24, 36_500)]),
        mode=chance.choice(["half_up", "half_up", "half_even", "half_down", "up", "down"]),
        unit=chance.choice([1, 1, 1, 10, 100]),
    )


BUCKETS = (
    Bucket("month", ((1, 31),)),
    Bucket("quarter", ((31, 91),)),
    Bucket("odd", ((-10, 0), (5, 6), (91, 200))),
)


def some_steps(chance: Random) -> tuple[StepTerms, ...]:
    return tuple(
        StepTerms(
            name,
            in_force=chance.choice([None, 20, 60]),
            delivered=chance.random() < (0.7 if name == "demand" else 0.2),
            period=chance.choice([None, 15, 30]),
            more_than=chance.choice([None, None, 3]),
            channels=chance.randrange(4),
            in_turn=chance.random() < 0.3,
            rests=chance.random() < 0.7,
        )
        for name in LADDER
    )


DEMANDING = (StepTerms("call"), StepTerms("demand", None, True))


def some_terms(chance: Random, *, late_fee: bool) -> LedgerTerms:
    none: frozenset[str] = frozenset()
    return LedgerTerms(
        allocate=chance.choice(["oldest_due_first", "newest_due_first", "civil_code_560"]),
        fee_order=chance.choice([(), (), ("water",), ("late_fee", "parking")]),
        interest_first=chance.choice([True, False]),
        credit_applied=chance.random() < 0.75,
        age_from=chance.choice(["due_on", "due_on", "issued_on", "period_end"]),
        grace=chance.choice([0, 0, 7]),
        exclude_fees=chance.choice([none, none, frozenset({"parking"})]),
        exclude_kinds=chance.choice([none, frozenset({"deposit"})]),
        exclude_tags=chance.choice([none, frozenset({"disputed"})]),
        exclude_named_by=chance.choice([(), (), ("dispute",), ("hold",), ("dispute", "hold")]),
        late_fee=a_late_fee(chance) if late_fee or chance.random() < 0.5 else None,
        buckets=chance.choice([(), BUCKETS]),
        limitation_years=chance.choice([3, 3, 6]),
        limitation_separate=chance.choice([True, False]),
        promise_tolerance=chance.choice([0, 3]),
        plan_tolerance=chance.choice([0, 5]),
        steps=chance.choice([(), some_steps(chance), some_steps(chance), DEMANDING]),
        demand_period=chance.choice([15, 15, 3]),
        restarts=chance.random() < 0.7,
    )


_seeds = st.randoms(use_true_random=True)


def accounts(*, faults: bool = False, with_events: bool = True) -> st.SearchStrategy[Account]:
    """Accounts with some entries of every sort; with `faults` some of them contradict others."""
    return _seeds.map(lambda chance: an_account(chance, faults=faults, with_events=with_events))


def debtors() -> st.SearchStrategy[Account]:
    """Accounts that owe, with the steps that were tried on them."""
    return _seeds.map(a_debtor)


def agitated_accounts() -> st.SearchStrategy[Account]:
    """Accounts whose events are all of one sort, so that they overlap, follow and close each other."""
    return _seeds.map(
        lambda chance: an_account(chance, faults=False, with_events=True, types=(chance.choice(TYPES),))
    )


def ledger_terms(*, late_fee: bool = False) -> st.SearchStrategy[LedgerTerms]:
    """Terms of every sort; with `late_fee` always with one."""
    return _seeds.map(lambda chance: some_terms(chance, late_fee=late_fee))


def lone_payments() -> st.SearchStrategy[dict[str, Any]]:
    """A payment that no account has."""
    return _seeds.map(lambda chance: a_payment(chance, 99, [], []))


offsets = st.integers(0, HORIZON)
days = st.sampled_from(range(HORIZON // 3, HORIZON + 60)).map(on)
