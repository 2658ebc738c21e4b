"""What a class and an action of one account cost together: 36 charges, 30 payments and 12 events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture
from test_positions import home

import feerules
from feerules import Account

BUDGETS_US = {"models": 200, "dicts": 500}
AS_OF = date(2025, 12, 20)
# Without the rule on stale ledgers, so that the ladder is asked.
POLICY = Path(__file__).parent.parent / "rules" / "dunning" / "standard-cn.yaml"
TEXT = (
    POLICY.read_text(encoding="utf-8")
    .replace("  stale_after: 7 days\n", "")
    .replace("2026-01-01}", "2025-01-01}")
)
BOOK = feerules.load_files({"standard-cn.yaml": TEXT})


def both(account: Account | Mapping[str, Any]) -> feerules.Decision:
    feerules.classify(account, BOOK, AS_OF)
    return feerules.next_action(account, BOOK, AS_OF)


def test_from_models(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["budget_us"] = BUDGETS_US["models"]
    fresh = Account.model_validate(home())

    def a_copy() -> tuple[tuple[Account], dict[str, Any]]:
        # Its entries are read anew: the position of the last round is not remembered.
        return (Account.model_validate(fresh.model_dump()),), {}

    found = benchmark.pedantic(both, setup=a_copy, rounds=200)
    assert isinstance(found, feerules.Decision)


def test_from_dicts(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["budget_us"] = BUDGETS_US["dicts"]
    found = benchmark(both, home())
    assert isinstance(found, feerules.Decision)
