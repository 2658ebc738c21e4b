"""Random accounts and random terms of ledgers, for every kernel that gives positions; short names for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from feerules.ledger.entries import EVENT_TYPES, Account
from feerules.ledger.position import Position, position_of
from feerules.money import from_scaled
from feerules.plan.ledgers import Bucket, LateFeeTerms, LedgerTerms, RateFrom, StepTerms

FIRST = date(2025, 1, 1)
HORIZON = 150  # days after it on which entries may be
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


def on(offset: int) -> date:
    return FIRST + timedelta(offset)


offsets = st.integers(0, HORIZON)
# Often round, so that sums meet and ties arise.
sums = st.one_of(
    st.integers(0, 12).map(lambda n: n * 5000), st.integers(0, 60_000), st.sampled_from([1, 33, 9999])
)
moments = st.one_of(
    st.none(),
    offsets.map(on),
    st.builds(lambda o, h: datetime.combine(on(o), time(h, 30)), offsets, st.integers(0, 23)),
    st.builds(lambda o, h: datetime.combine(on(o), time(h, 30), UTC), offsets, st.integers(0, 23)),
)


def money(fen: int) -> str:
    return str(from_scaled(fen, 2))


@st.composite
def charges(draw: Any, number: int, ids: list[str]) -> dict[str, Any]:
    owed = not ids or draw(st.integers(0, 3)) > 0
    kinds = ("charge",) * 6 + ("deposit", "late_fee") if owed else ("credit", "waiver", "write_off", "refund")
    kind = draw(st.sampled_from(kinds))
    issued = draw(offsets)
    due = max(0, issued + draw(st.sampled_from([0, 0, 10, 10, 30, -15])))
    fen = draw(sums)
    if not owed and draw(st.booleans()):
        fen = -fen
    names = None
    if ids and (kind == "late_fee" or not owed) and draw(st.integers(0, 3)):
        names = draw(st.sampled_from(ids))
    period = on(issued).replace(day=1)
    return {
        "charge_id": f"C-{number}",
        "fee": "late_fee" if kind == "late_fee" else draw(st.sampled_from(FEES)),
        "kind": kind,
        "period_start": period if draw(st.booleans()) else None,
        "period_end": period + timedelta(31) if draw(st.booleans()) else None,
        "issued_on": on(issued) if draw(st.booleans()) else None,
        "due_on": on(due),
        "amount": money(fen),
        "corrects_charge_id": names,
        "tags": draw(st.sampled_from([(), (), ("disputed",), ("late_fee",)])),
        "recorded_at": draw(moments),
    }


@st.composite
def payments(draw: Any, number: int, charge_ids: list[str], before: list[str]) -> dict[str, Any]:
    reverses = draw(st.sampled_from(before)) if before and draw(st.integers(0, 5)) == 0 else None
    return {
        "payment_id": f"P-{number}",
        "amount": None if reverses else money(draw(sums)),
        "status": draw(st.sampled_from(("cleared",) * 6 + ("in_transit", "reversed"))),
        "effective_on": on(draw(offsets)),
        "designated_fee": draw(st.sampled_from([None, None, None, *FEES])),
        "designated_charge_id": draw(st.sampled_from([None, None, None, *charge_ids])),
        "reverses_payment_id": reverses,
        "recorded_at": draw(moments),
    }


OUTCOMES = (None, "answered", "no_answer", "off", "away", "refused", "elsewhere")


# Those with more to them come up more often.
TYPES = (*EVENT_TYPES, "contact", "contact", "demand", "promise", "promise", "plan", "pause")


@st.composite
def events(draw: Any, number: int, charge_ids: list[str]) -> dict[str, Any]:
    type_ = draw(st.sampled_from(TYPES))
    start = draw(offsets)
    later = st.integers(0, 40).map(lambda days: on(start + days))
    given: dict[str, Any] = {
        "event_id": f"E-{number}",
        "type": type_,
        "effective_on": on(start),
        "status": draw(st.sampled_from(("open",) * 4 + ("closed", "cancelled"))),
        "occurred_at": draw(st.one_of(st.none(), st.just(datetime.combine(on(start), time(9, 15))))),
        "recorded_at": draw(moments),
    }
    if type_ in ("contact", "demand", "action"):
        given["step_id"] = draw(st.sampled_from([None, "call", "demand", "old"]))
        given["channel"] = draw(st.sampled_from([None, "phone", "sms"]))
        given["outcome"] = draw(st.sampled_from(OUTCOMES)) if type_ == "contact" else None
        given["delivered"] = draw(st.sampled_from([None, True, True, False]))
    if type_ in ("demand", "plan", "acknowledgement") and charge_ids and draw(st.booleans()):
        given["charge_ids"] = draw(st.lists(st.sampled_from(charge_ids), max_size=3, unique=True))
    if type_ == "promise":
        given |= {"promised_on": draw(later), "amount": draw(st.none() | sums.map(money))}
    if type_ == "plan":
        given |= {
            "amount": money(draw(st.integers(1, 30_000))),
            "frequency": draw(st.sampled_from(("weekly", "two_weekly", "four_weekly", "monthly", "one_off"))),
            "balance": draw(st.none() | sums.map(money)),
            "promised_on": draw(st.none() | later),
        }
    if type_ in ("hold", "pause", "dispute", "hardship", "court", "demand") and draw(st.booleans()):
        given["ends_on"] = draw(later)
    if type_ == "hold":
        given |= {"review_on": draw(later), "reason": draw(st.sampled_from([None, "asked by the owner"]))}
    if type_ == "court" and "ends_on" in given:
        given["outcome"] = draw(st.sampled_from([None, "granted"]))
    return given


@st.composite
def accounts(draw: Any, *, faults: bool = False, with_events: bool = True) -> Account:
    """An account with a few entries of every sort; with `faults` some of them contradict others."""
    made: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 7))):
        owed = [c["charge_id"] for c in made if c["kind"] in ("charge", "late_fee", "deposit")]
        made.append(draw(charges(number, owed)))
    owed = [c["charge_id"] for c in made if c["kind"] in ("charge", "late_fee", "deposit")]
    paid: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 7))):
        before = [p["payment_id"] for p in paid if not p["reverses_payment_id"]]
        paid.append(draw(payments(number, owed, before)))
    posted = draw(allocations(made, paid))
    happened = [draw(events(number, owed)) for number in range(draw(st.integers(0, 7)) if with_events else 0)]
    entries = {"charges": made, "payments": paid, "allocations": posted, "events": happened}
    if faults:
        for name, given in [*entries.items()]:
            if given and draw(st.integers(0, 3)) == 0:
                entries[name] = [*given, draw(faulty(name, given))]
    parties = [{"party_id": "P-1"}]
    return Account.model_validate({"account_id": "A-1", "parties": parties, **entries})


@st.composite
def allocations(draw: Any, made: list[dict[str, Any]], paid: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Posted parts of payments, within what payments and charges can bear."""
    rest = {c["charge_id"]: c["amount"] for c in made if c["kind"] in ("charge", "late_fee", "deposit")}
    left = {p["payment_id"]: p["amount"] for p in paid if p["amount"] is not None}
    fen = {name: int(amount.replace(".", "")) for name, amount in (rest | left).items()}
    posted = []
    for _ in range(draw(st.integers(0, 3)) if rest and left and draw(st.booleans()) else 0):
        one, other = draw(st.sampled_from(sorted(left))), draw(st.sampled_from(sorted(rest)))
        amount = draw(st.integers(0, max(0, min(fen[one], fen[other]))))
        fen[one] -= amount
        fen[other] -= amount
        posted.append({"payment_id": one, "charge_id": other, "amount": money(amount)})
    return posted


@st.composite
def faulty(draw: Any, sort: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the entries again, or one that cannot be right."""
    entry = dict(draw(st.sampled_from(entries)))
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
            {"event_id": "E-x", "type": "court", "outcome": "granted", "ends_on": None},
            {"event_id": "E-x", "type": "plan", "amount": None},
        ],
    }  # fmt: skip
    return entry | draw(st.sampled_from(wrong[sort]))


@st.composite
def late_fee_terms(draw: Any) -> LateFeeTerms:
    changes = sorted(
        draw(st.lists(st.integers(20_050, 20_300), max_size=2, unique=True))
    )  # days about the entries
    rates = [
        RateFrom(day, draw(st.integers(0, 50)), draw(st.sampled_from([1000, 10_000, 365, 36_000])))
        for day in (0, *changes)
    ]
    return LateFeeTerms(
        fees=draw(st.sampled_from([None, frozenset({"management"}), frozenset({"management", "water"})])),
        rates=tuple(rates),
        grace=draw(st.sampled_from([0, 0, 5, 15])),
        back_dated=draw(st.booleans()),
        thirty_day_months=draw(st.integers(0, 3)) == 0,
        flat=draw(st.sampled_from([0, 0, 500])),
        cap_share=draw(st.sampled_from([None, (1, 1), (3, 10), (1, 3)])),
        cap_amount=draw(st.sampled_from([None, None, 2000])),
        cap_annual=draw(st.sampled_from([None, None, (24, 100)])),
        mode=draw(st.sampled_from(["half_up", "half_up", "half_even", "half_down", "up", "down"])),
    )


BUCKETS = (
    Bucket("month", ((1, 31),)),
    Bucket("quarter", ((31, 91),)),
    Bucket("odd", ((-10, 0), (5, 6), (91, 200))),
)


@st.composite
def ledger_terms(draw: Any) -> LedgerTerms:
    return LedgerTerms(
        allocate=draw(st.sampled_from(["oldest_due_first", "newest_due_first", "civil_code_560"])),
        fee_order=draw(st.sampled_from([(), (), ("water",), ("late_fee", "parking")])),
        interest_first=draw(st.booleans()),
        credit_applied=draw(st.integers(0, 3)) > 0,
        age_from=draw(st.sampled_from(["due_on", "due_on", "issued_on", "period_end"])),
        grace=draw(st.sampled_from([0, 0, 7])),
        exclude_fees=draw(st.sampled_from([frozenset(), frozenset(), frozenset({"parking"})])),
        exclude_kinds=draw(st.sampled_from([frozenset(), frozenset({"deposit"})])),
        exclude_tags=draw(st.sampled_from([frozenset(), frozenset({"disputed"})])),
        late_fee=draw(st.none() | late_fee_terms()),
        buckets=draw(st.sampled_from([(), BUCKETS])),
        limitation_years=draw(st.sampled_from([3, 3, 2, 6])),
        limitation_separate=draw(st.booleans()),
        promise_tolerance=draw(st.sampled_from([0, 3])),
        plan_tolerance=draw(st.sampled_from([0, 5])),
        steps=draw(
            st.sampled_from(
                [(), (StepTerms("call", 20), StepTerms("demand", None, True, 15), StepTerms("old"))]
            )
        ),
    )


days = st.integers(-5, HORIZON + 60).map(on)
