"""What the position of one account costs: 36 charges, 30 payments and 12 events, from models and from dicts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from feerules import Account
from feerules.ledger.position import position_of
from feerules.periods import add_months
from feerules.plan.ledgers import Bucket, LateFeeTerms, LedgerTerms, RateFrom, StepTerms

BUDGET_US = 120
AS_OF = date(2025, 12, 20)
TERMS = LedgerTerms(
    late_fee=LateFeeTerms(frozenset({"management"}), (RateFrom(0, 1, 10_000),), grace=15, cap_share=(1, 1)),
    buckets=(Bucket("30", ((1, 31),)), Bucket("90", ((31, 91),)), Bucket("more", ((91, 100_000),))),
    steps=(StepTerms("call", 90), StepTerms("demand", 180, delivered=True, period=15)),
)
CIVIL_CODE = LedgerTerms(allocate="civil_code_560", late_fee=TERMS.late_fee, buckets=TERMS.buckets)

HAPPENED: tuple[dict[str, Any], ...] = (
    {"type": "contact", "outcome": "no_answer", "step_id": "call", "channel": "phone"},
    {"type": "contact", "outcome": "answered", "step_id": "call", "channel": "phone"},
    {"type": "demand", "delivered": True, "step_id": "demand"},
    {"type": "promise", "promised_on": "2025-04-15", "amount": "300.00"},
    {"type": "contact", "outcome": "no_answer", "step_id": "call"},
    {"type": "dispute"},
    {"type": "contact", "outcome": "answered"},
    {"type": "promise", "promised_on": "2025-08-15", "amount": "300.00"},
    {"type": "contact", "outcome": "off"},
    {"type": "dispute", "status": "closed"},
    {"type": "contact", "outcome": "answered"},
    {"type": "contact", "outcome": "no_answer"},
)


def home() -> dict[str, Any]:
    """Three years of monthly charges, paid late and not always in full; the last months not at all."""
    months = [add_months(date(2023, 1, 1), n) for n in range(36)]
    charges = [
        {
            "charge_id": f"C-{month:%Y-%m}",
            "fee": "management",
            "period_start": month.isoformat(),
            "period_end": add_months(month, 1).isoformat(),
            "issued_on": month.isoformat(),
            "due_on": (month + timedelta(9)).isoformat(),
            "amount": "250.60",
            "recorded_at": month.isoformat(),
        }
        for month in months
    ]
    payments = [
        {
            "payment_id": f"P-{month:%Y-%m}",
            "amount": "200.00" if n % 3 == 0 else "260.00",
            "effective_on": (month + timedelta(24)).isoformat(),
            "recorded_at": (month + timedelta(24)).isoformat(),
        }
        for n, month in enumerate(months[:30])
    ]
    events = [
        {"event_id": f"E-{n}", "effective_on": (month + timedelta(4)).isoformat(), **what}
        for n, (month, what) in enumerate(zip(months[-12:], HAPPENED, strict=True))
    ]
    return {"account_id": "A-1", "charges": charges, "payments": payments, "events": events}


@pytest.fixture(scope="module")
def account() -> Account:
    return Account.model_validate(home())


@pytest.mark.parametrize("terms", [TERMS, CIVIL_CODE], ids=["oldest first", "civil code"])
@pytest.mark.benchmark(group="position of an account")
def test_position_from_models(benchmark: BenchmarkFixture, terms: LedgerTerms) -> None:
    """Of another account each time, so that nothing of the last answer is remembered."""
    benchmark.extra_info["budget_us"] = BUDGET_US

    def an_account() -> tuple[tuple[Account, LedgerTerms, date], dict[str, Any]]:
        return (Account.model_validate(home()), terms, AS_OF), {}

    assert benchmark.pedantic(position_of, setup=an_account, rounds=300).unpaid_count == 8


@pytest.mark.benchmark(group="position of an account")
def test_position_of_an_earlier_day(benchmark: BenchmarkFixture, account: Account) -> None:
    """Another day each time, so that nothing of the last answer helps."""
    days = iter([date(2024, 1, 1) + timedelta(n) for n in range(700)] * 1_000)
    assert benchmark(lambda: position_of(account, TERMS, next(days))).unpaid_count > 0


@pytest.mark.benchmark(group="position of an account")
def test_position_from_dicts(benchmark: BenchmarkFixture) -> None:
    given = home()
    found = benchmark(lambda: position_of(Account.model_validate(given), TERMS, AS_OF))
    assert found.unpaid_count == 8
