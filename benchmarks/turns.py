"""Several ways to do a work, measured in turn, so that what else the machine does falls on all alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter, process_time
from typing import NamedTuple

__all__ = ["Spent", "in_turn", "ratio", "seconds_each"]


class Spent(NamedTuple):
    """The least that a round took, in seconds on the clock and of the processors."""

    clock: float
    processor: float


def in_turn(
    ways: Mapping[str, Callable[[], object]], rounds: int = 7, worked: Callable[[], float] = process_time
) -> dict[str, Spent]:
    """What each way takes: the least of all rounds, after one that does not count.

    `worked` tells how long the processors have worked for what is measured, in seconds.
    """
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, run in ways.items():
            begun, before = perf_counter(), worked()
            run()
            took = Spent(perf_counter() - begun, worked() - before)
            if number:
                spent[name].append(took)
    return {name: Spent(*map(min, zip(*each, strict=True))) for name, each in spent.items()}


def ratio(one: Spent, other: Spent) -> str:
    """How many times the other one is, by both measures."""
    return f"{one.clock / other.clock:.2f} × on the clock, {one.processor / other.processor:.2f} × of processor time"


def seconds_each(run: Callable[[object], object], given: list[object], rounds: int) -> float:
    """The seconds of one call: the mean over what is given of the least that each took."""
    least = [float("inf")] * len(given)
    for _ in range(rounds):
        for number, each in enumerate(given):
            begun = perf_counter()
            run(each)
            least[number] = min(least[number], perf_counter() - begun)
    return sum(least) / len(least)
