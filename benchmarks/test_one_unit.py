"""One home, five fees: `price` and `to_dict`, beside zen-engine's evaluation of one of the five's tables."""

from __future__ import annotations

from typing import Any

import peers
import pytest
from books import GARDEN, garden_units
from turns import seconds_each

import feerules

PERIOD = "2026-11"


@pytest.fixture(scope="module")
def book() -> feerules.Book:
    return feerules.load(GARDEN)


@pytest.fixture(scope="module")
def homes() -> list[Any]:
    return garden_units(60)


@pytest.mark.benchmark(group="one home")
class TestOneHome:
    def test_price_five_fees(self, benchmark: Any, book: feerules.Book, homes: list[Any]) -> None:
        assert len(benchmark(feerules.price, homes[0], book, PERIOD)) == 5

    def test_price_five_fees_and_tell_the_bill(
        self, benchmark: Any, book: feerules.Book, homes: list[Any]
    ) -> None:
        bill = benchmark(lambda: feerules.price(homes[0], book, PERIOD).to_dict())
        assert len(bill["lines"]) == 5

    def test_zen_evaluates_one_table(self, benchmark: Any, homes: list[Any]) -> None:
        assert benchmark(peers.zen_decision(), homes[0]) > 0

    def test_zen_with_models_of_its_own_evaluates_one_table(self, benchmark: Any, homes: list[Any]) -> None:
        assert benchmark(peers.zen_loaded(), homes[0]) > 0


def test_one_home_against_zen(benchmark: Any, book: feerules.Book, homes: list[Any], tell: Any) -> None:
    """The least time of each call, so that a busy machine disturbs it little."""
    ways = {
        "price": lambda unit: feerules.price(unit, book, PERIOD),
        "price and to_dict": lambda unit: feerules.price(unit, book, PERIOD).to_dict(),
        "zen": peers.zen_decision(),
        "zen with models of its own": peers.zen_loaded(),
    }
    spent = benchmark.pedantic(
        lambda: {name: seconds_each(run, homes, 100) * 1e6 for name, run in ways.items()}, rounds=1
    )
    benchmark.extra_info.update(spent)
    tell("price, five fees", f"{spent['price']:.1f} µs", "20 µs")
    tell("price and to_dict", f"{spent['price and to_dict']:.1f} µs", "60 µs")
    for name in ("zen", "zen with models of its own"):
        tell(f"{name}, one table", f"{spent[name] / spent['price']:.1f} × price of five fees", "8 ×")
