"""Random ledgers with posted allocations, and what they come to, charge by charge in plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Entry = dict[str, Any]
Ledger = dict[str, list[Entry]]

FIRST = date(2025, 11, 1)
REDUCING = {"credit": "credited", "waiver": "waived", "write_off": "written_off"}
FLOWS = ("received", *REDUCING.values())

days = st.integers(0, 120).map(lambda n: FIRST + timedelta(days=n))
fen = st.integers(0, 500)
maybe_day = st.none() | days


def yuan(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """A few accounts; nothing is kept from being allocated or credited twice over."""
    owed = [_charge(draw, f"c{n}") for n in range(draw(st.integers(1, 5)))]
    reducing = [_reduction(draw, f"r{n}", owed) for n in range(draw(st.integers(0, 4)))]
    payments = [_payment(draw, f"p{n}") for n in range(draw(st.integers(0, 4)))]
    reversals = [
        _payment(draw, f"v{n}") | {"reverses_payment_id": draw(st.sampled_from(payments))["payment_id"]}
        for n in range(draw(st.integers(0, 1 if payments else 0)))
    ]
    allocations = [
        {
            "payment_id": draw(st.sampled_from(payments))["payment_id"],
            "charge_id": draw(st.sampled_from(owed))["charge_id"],
            "amount": yuan(draw(fen)),
            "recorded_at": draw(maybe_day),
        }
        for _ in range(draw(st.integers(0, 6 if payments else 0)))
    ]
    return {"charges": owed + reducing, "payments": payments + reversals, "allocations": allocations}


def _charge(draw: st.DrawFn, charge_id: str) -> Entry:
    issued = draw(days)
    return {
        "charge_id": charge_id,
        "account_id": draw(st.sampled_from(["A", "B", "乙"])),
        "estate_id": draw(st.sampled_from(["E1", "E2"])),
        "fee": draw(st.sampled_from(["management", "water"])),
        "kind": draw(st.sampled_from(["charge", "charge", "late_fee", "deposit"])),
        "period_start": draw(maybe_day),
        "issued_on": issued,
        "due_on": issued + timedelta(days=draw(st.integers(0, 40))),
        "amount": yuan(draw(fen)),
        "corrects_charge_id": None,
        "recorded_at": None,
    }


def _reduction(draw: st.DrawFn, charge_id: str, owed: list[Entry]) -> Entry:
    kind = draw(st.sampled_from([*REDUCING, "refund"]))
    named = kind in ("waiver", "write_off") or draw(st.booleans())
    return _charge(draw, charge_id) | {
        "kind": kind,
        "amount": yuan(draw(fen) * draw(st.sampled_from([1, -1]))),
        "corrects_charge_id": draw(st.sampled_from(owed))["charge_id"] if named else None,
    }


def _payment(draw: st.DrawFn, payment_id: str) -> Entry:
    return {
        "payment_id": payment_id,
        "account_id": draw(st.sampled_from(["A", "B", "乙"])),
        "estate_id": draw(st.sampled_from(["E1", "E2"])),
        "amount": yuan(draw(st.integers(0, 2000))),
        "status": draw(st.sampled_from(["cleared", "cleared", "in_transit", "reversed"])),
        "effective_on": draw(days),
        "reverses_payment_id": None,
        "recorded_at": None,
    }


# What it comes to


def counting_payments(ledger: Ledger, day: date) -> dict[str, Entry]:
    """The payments that count on a day, by id."""
    undone = {
        entry["reverses_payment_id"]
        for entry in ledger["payments"]
        if entry["status"] != "in_transit" and entry["effective_on"] <= day
    }
    return {
        entry["payment_id"]: entry
        for entry in ledger["payments"]
        if entry["status"] == "cleared"
        and entry["reverses_payment_id"] is None
        and entry["effective_on"] <= day
        and entry["payment_id"] not in undone
    }


def folded(
    ledger: Ledger, day: date, known: date | None = None
) -> dict[str, list[tuple[Entry, str, date, Decimal]]]:
    """For each charge that is issued by a day what has reduced it, one entry after another."""
    paid = counting_payments(ledger, day)
    found = {}
    for charge in ledger["charges"]:
        if charge["kind"] not in ("charge", "late_fee", "deposit") or charge["issued_on"] > day:
            continue
        entries = []
        for entry in ledger["charges"]:
            if entry["corrects_charge_id"] == charge["charge_id"] and _what(entry):
                at = max(entry["issued_on"], charge["issued_on"])
                entries.append((at, 0, entry["charge_id"], abs(entry["amount"]), _what(entry), entry))
        for entry in ledger["allocations"]:
            late = known is not None and entry["recorded_at"] is not None and entry["recorded_at"] > known
            if entry["charge_id"] == charge["charge_id"] and entry["payment_id"] in paid and not late:
                at = max(paid[entry["payment_id"]]["effective_on"], charge["issued_on"])
                entries.append((at, 1, entry["payment_id"], entry["amount"], "received", entry))
        open_, reduced = charge["amount"], []
        for at, _, _, amount, what, entry in sorted(entries, key=lambda each: each[:3]):
            if at <= day:
                part = min(amount, open_)
                open_ -= part
                reduced.append((entry, what, at, part))
        found[charge["charge_id"]] = reduced
    return found


def _what(entry: Entry) -> str | None:
    if entry["kind"] == "refund":
        return "credited" if entry["amount"] < 0 else None
    return REDUCING.get(entry["kind"])


def open_of(charge: Entry, reduced: list[tuple[Entry, str, date, Decimal]]) -> Decimal:
    return charge["amount"] - sum(part for *_, part in reduced)


def year_of(charge: Entry) -> int:
    day: date = charge["period_start"] or charge["issued_on"]
    return day.year
