"""A desk on durable-rules says what a desk on the reference says, with one context at a time however many accounts it has."""

from __future__ import annotations

import threading
from random import Random  # noqa: TID251  (made-up lives, from a seed)
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import on, payment
from feerules import Desk
from feerules.engines import rete
from reactions import FIVE, REVERSED, a_book, a_life, book, call, demand, reversal

# durable-rules asks for the time in a way that newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

chances = st.integers(0, 10**9).map(Random)


@settings(max_examples=25)
@given(chances)
def test_both_engines_say_the_same_at_every_moment(chance: Random) -> None:
    rules, life = a_book(chance, 4), a_life(chance, 16)
    chance.shuffle(life)
    durable, plain = Desk(rules, engine="durable"), Desk(rules, engine="plain")
    for number, entry in enumerate(life):
        day = on(number * 4)
        assert durable.receive(entry, day, account_id="A-1") == plain.receive(entry, day, account_id="A-1")
    assert durable.tick("2025-12-31") == plain.tick("2025-12-31")
    assert durable.snapshot() == plain.snapshot()


def test_more_accounts_than_there_are_contexts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    tell = rete.Rete._tell

    def told(self: rete.Rete, *args: Any) -> None:
        tell(self, *args)
        seen.append(self.contexts)

    monkeypatch.setattr(rete.Rete, "_tell", told)
    desk = Desk(book(REVERSED), engine="durable")
    for number in range(1_100):
        entry = reversal("R-1", "2025-06-01", "P-1")
        assert len(desk.receive(entry, "2025-06-01", account_id=f"A-{number}")) == 1
    assert len(desk) == 1_100
    assert max(seen) == 1


def test_threads_share_the_engine_and_each_reaction_is_fired_once() -> None:
    desk, found = Desk(book(FIVE), engine="durable"), list[str]()
    life = [
        demand("D-1", "2025-04-01"), *(call(f"C-{day}", f"2025-06-0{day}") for day in (1, 4, 8)),
        payment("P-1", "2025-06-09", "1.00"), reversal("R-1", "2025-06-10", "P-1"),
    ]  # fmt: skip

    def work(names: list[str]) -> None:
        for name in names:
            for entry in life:
                found.extend(
                    each.reaction_id for each in desk.receive(entry, entry["effective_on"], account_id=name)
                )

    names = [f"A-{number}" for number in range(8)]
    threads = [threading.Thread(target=work, args=([*names[start:], *names[:start]],)) for start in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == len(set(found)) == 3 * len(names)
