"""Several ways to do a work, measured in turn, so that what else the machine does falls on all alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

__all__ = ["Spent", "in_turn", "of_backend", "of_children", "ratio", "seconds_each"]


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


def of_children() -> float:
    """The seconds that all processes have worked which this one has started."""
    ticks = os.sysconf("SC_CLK_TCK")
    children: dict[int, list[tuple[int, float]]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        children.setdefault(int(told[1]), []).append((int(folder.name), sum(map(int, told[11:15])) / ticks))
    waiting, seconds = [os.getpid()], 0.0
    while waiting:
        for child, took in children.get(waiting.pop(), []):
            waiting.append(child)
            seconds += took
    return seconds


def of_backend(server: Any) -> Callable[[], float]:
    """What tells the seconds that the process of a server has worked which answers its connection."""
    ((process,),) = server.run("SELECT pg_backend_pid()")
    ticks = os.sysconf("SC_CLK_TCK")

    def worked() -> float:
        told = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
        return (int(told[11]) + int(told[12])) / ticks

    return worked
