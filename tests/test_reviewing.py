"""The day on which a decision must be looked at again, for each thing that can change it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import feerules
from accounts import account, charge, event, payment
from policies import book

DEBT = charge("C-1", "2026-10-31", "250.60")
CALL = "channels: [phone], gap: 3 days}\n"


def ladder(when: str) -> str:
    return f"ladder:\n  steps:\n    - {{id: call, when: {{{when}}}, {CALL}"


# why, the policy, more entries, the day that is asked about, the day of review
REVIEWS: list[tuple[str, str, list[dict[str, Any]], str, str | None]] = [
    ("a count of days crosses a bound", ladder('days_overdue: ">= 30"'), [], "2026-11-10", "2026-11-30"),
    ("or passes the end of a range", ladder('days_overdue: "[5..30]"'), [], "2026-11-10", "2026-12-01"),
    ("or one day that is named", ladder("days_overdue: 12"), [], "2026-11-10", "2026-11-12"),
    ("and not a bound that is past", ladder('days_overdue: ">= 5"'), [], "2026-11-10", None),
    ("days to come count down", ladder('promise_in_days: "<= 2"'), [event("E-1", "promise", "2026-11-05", promised_on="2026-11-20")], "2026-11-10", "2026-11-18"),
    ("a promise falls due", ladder("promise: broken"), [event("E-1", "promise", "2026-11-05", promised_on="2026-11-20")], "2026-11-10", "2026-11-21"),
    ("a charge falls due", ladder('overdue: "> 300"'), [charge("C-2", "2026-11-15", "100.00", issued_on="2026-11-01")], "2026-11-10", "2026-11-16"),
    ("a payment that is known already counts", ladder('overdue: "> 300"'), [payment("P-1", "2026-11-14", "250.60")], "2026-11-10", "2026-11-14"),
    ("the gap of a step ends", ladder('overdue: "> 0"'), [event("E-1", "contact", "2026-11-09", step_id="call")], "2026-11-10", "2026-11-12"),
    ("the gap after a try ends", ladder('overdue: "> 0"').replace("[phone]", "[courier], must_be: delivered"), [event("E-1", "contact", "2026-11-09", step_id="call")], "2026-11-10", "2026-11-12"),
    ("the days since a try cross a bound", ladder('steps.call.tried: ">= 5"').replace("[phone]", "[courier], must_be: delivered"), [event("E-1", "contact", "2026-11-09", step_id="call")], "2026-11-13", "2026-11-14"),
    ("a formula over days may change any day", 'derived: {twice: "2 * days_past_due"}\n' + ladder('twice: "> 100"'), [], "2026-11-10", "2026-11-11"),
    ("the day itself is asked", ladder("weekday: 1"), [], "2026-11-10", "2026-11-11"),
    ("the late fee runs", "late_fee: {rate: 0.0005}\n" + ladder('late_fee_due: "> 10"'), [], "2026-11-10", "2026-11-11"),
    ("and asks nothing where nobody asks it", "late_fee: {rate: 0.0005}\n" + ladder('overdue: "> 300"'), [], "2026-11-10", None),
    ("the ledger becomes stale", "ledger: {stale_after: 7 days}\n" + ladder('overdue: "> 300"'), [payment("P-1", "2026-11-01", "1.00", recorded_at="2026-11-08")], "2026-11-10", "2026-11-16"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "body", "entries", "as_of", "review"), REVIEWS, ids=[each[0] for each in REVIEWS]
)
def test_a_decision_is_looked_at_again_when(
    why: str, body: str, entries: list[dict[str, Any]], as_of: str, review: str | None
) -> None:
    found = feerules.next_action(account(DEBT, *entries), book(body), as_of).next_review_on
    assert found == (None if review is None else date.fromisoformat(review))
