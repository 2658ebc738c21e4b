"""Reactions: one account by both engines, against durable-rules used directly; and a desk of many accounts.

FEERULES_DESK sets the accounts of the desk (default 2,000); the figure of the manual is of 100,000.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from lives import AS_OF, POLICY, life
from reaction_peers import durable_fired
from turns import in_turn, ratio

import feerules
from feerules import Desk
from feerules.events.reading import read_history
from feerules.ledger.happenings import happenings_of
from feerules.periods import day_number

SOME, ROUNDS = 60, 5
ENTRIES = len(life(0))
DESK = int(os.environ.get("FEERULES_DESK", "2000"))
UNTIL = day_number(AS_OF)

# durable-rules asks for the time in a way that newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")


@pytest.fixture(scope="module")
def book() -> feerules.Book:
    return feerules.load_files({"live.yaml": POLICY})


@pytest.fixture(scope="module")
def peer(book: feerules.Book) -> Any:
    terms = book.compiled_policies(UNTIL)[0].reactions
    run = durable_fired({name: dict(codes) for name, codes in terms.codes.items()})
    histories = [happenings_of(read_history(life(number)).rows, terms, UNTIL) for number in range(SOME)]
    return lambda: [run(history, UNTIL) for history in histories]


def names(book: feerules.Book, number: int, engine: Any) -> list[str]:
    return sorted(each.reaction for each in feerules.react(book, life(number), AS_OF, engine=engine))


def test_all_say_the_same(book: feerules.Book, peer: Any) -> None:
    plain, durable = (
        [names(book, number, engine) for number in range(SOME)] for engine in ("plain", "durable")
    )
    assert plain == durable == peer()
    assert {name for each in plain for name in each} == {
        each.id for each in book.policies[0][0].policy.reactions
    }


def test_one_account(benchmark: Any, tell: Any, book: feerules.Book, peer: Any) -> None:
    lives = [life(number) for number in range(SOME)]
    ways = {
        "plain": lambda: [feerules.react(book, each, AS_OF, engine="plain") for each in lives],
        "durable": lambda: [feerules.react(book, each, AS_OF, engine="durable") for each in lives],
        "direct": peer,
    }
    benchmark.group = f"react to {SOME} accounts of {ENTRIES} entries"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": ROUNDS}, rounds=1)
    for name, each in spent.items():
        tell(
            f"{name}: an entry of a history of {ENTRIES}",
            f"{each.processor / SOME / ENTRIES * 1e6:.0f} µs of processor time",
            "none",
        )
    tell(
        "durable-rules directly, without reading or words, to react by it",
        ratio(spent["direct"], spent["durable"]),
        "none",
    )
    tell("durable-rules directly, to react by the reference", ratio(spent["direct"], spent["plain"]), "none")


def heard(desk: Desk, lives: list[list[dict[str, Any]]]) -> int:
    return sum(len(desk.receive(entry, entry["effective_on"])) for each in lives for entry in each)


@pytest.mark.parametrize("engine", ["plain", "durable"])
def test_a_desk_that_hears_one_entry_at_a_time(
    benchmark: Any, tell: Any, book: feerules.Book, engine: Any
) -> None:
    lives = [life(number) for number in range(SOME)]
    ways = {engine: lambda: heard(Desk(book, engine=engine), lives)}
    benchmark.group = f"a desk that hears {ENTRIES} entries of {SOME} accounts"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": 3}, rounds=1)[engine]
    tell(
        f"Desk.receive, {engine}",
        f"{spent.processor / SOME / ENTRIES * 1e6:.0f} µs of processor time",
        "none",
    )


def test_a_desk_of_many_accounts(tell: Any) -> None:
    told = in_a_process(DESK)
    assert told["accounts"] == DESK
    tell(
        f"a desk of {DESK:,} accounts with {ENTRIES} entries heard each",
        f"{told['megabytes']:.0f} MB, {told['bytes_each']:.0f} bytes for each in its snapshot, {told['us_each']:.0f} µs an entry,"
        f" {told['seconds']:.1f} s for snapshot and restart",
        "none",
    )


def in_a_process(count: int) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, str(count)], capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def resident() -> float:
    """Megabytes in memory: Linux tells them."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(count: int) -> None:
    book = feerules.load_files({"live.yaml": POLICY})
    desk = Desk(book, engine="plain")
    heard(desk, [life(0)])
    before, begun = resident(), process_time()
    for number in range(count):
        heard(desk, [life(number)])
    spent, megabytes = process_time() - begun, resident() - before
    begun = process_time()
    snapshot = desk.snapshot()
    accounts = len(Desk.restore(book, snapshot, engine="plain"))
    told = {
        "accounts": accounts,
        "megabytes": megabytes,
        "bytes_each": len(snapshot) / count,
        "us_each": spent / count / ENTRIES * 1e6,
        "seconds": process_time() - begun,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
