"""A service that listens: entries come in as they happen, a desk says what to do, and nothing is done twice.

The desk stands between a queue of entries and whoever acts. What it gives is kept by its `reaction_id` before it is
done, and the desk is written to a file now and then: after a restart, the entries since then are heard again.

Run it with `python examples/live_desk.py`; with `pip install "feerules[events]"` the reactions are found by durable-rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feerules

RULES = Path(__file__).parents[1] / "rules" / "dunning"


def main() -> None:
    book = feerules.load(RULES).only("standard-cn")
    done: dict[str, str] = {}  # a table of your system: reaction_id, what was done
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "desk.jsonl"
        morning(feerules.Desk(book), done, saved)
        print("restart")
        evening(feerules.Desk.restore(book, saved.read_bytes()), done)


def morning(desk: feerules.Desk, done: dict[str, str], saved: Path) -> None:
    """Entries as they come in, on the day on which they do; then the desk is kept."""
    for day, entry in entries():
        carry_out(desk.receive(entry, day), done)
    print(f"accounts: {len(desk)}, looked at again on {desk.due}, left aside: {desk.ignored}")
    saved.write_bytes(desk.snapshot())


def evening(desk: feerules.Desk, done: dict[str, str]) -> None:
    """The queue gives the last entries again, which the desk knows; then time passes."""
    for day, entry in [*entries()][-2:]:
        carry_out(desk.receive(entry, day), done)
    carry_out(desk.tick("2026-03-31"), done)
    print(f"done in all: {len(done)}")


def entries() -> Iterator[tuple[str, dict[str, Any]]]:
    """What a queue delivers: late, twice and out of order, as queues do."""
    promise = {"type": "promise", "amount": "250.60"}
    call = {"type": "contact", "channel": "phone", "outcome": "no_answer"}
    yield (
        "2026-03-02",
        {
            "account_id": "A-501",
            "event_id": "E-1",
            "effective_on": "2026-03-02",
            "promised_on": "2026-03-05",
            **promise,
        },
    )
    yield "2026-03-03", {"account_id": "B-202", "event_id": "E-2", "effective_on": "2026-03-03", **call}
    yield "2026-03-06", {"account_id": "B-202", "event_id": "E-4", "effective_on": "2026-03-06", **call}
    yield (
        "2026-03-06",
        {"account_id": "B-202", "event_id": "E-3", "effective_on": "2026-03-05", **call},
    )  # a day late
    yield (
        "2026-03-07",
        {
            "account_id": "A-501",
            "event_id": "E-5",
            "effective_on": "2026-03-07",
            "promised_on": "2026-03-10",
            **promise,
        },
    )
    yield (
        "2026-03-07",
        {
            "account_id": "A-501",
            "event_id": "E-5",
            "effective_on": "2026-03-07",
            "promised_on": "2026-03-10",
            **promise,
        },
    )
    yield (
        "2026-03-09",
        {
            "account_id": "C-303",
            "event_id": "E-6",
            "type": "action",
            "channel": "visit",
            "effective_on": "2026-03-09",
        },
    )
    yield (
        "2026-03-10",
        {"account_id": "C-303", "payment_id": "P-1", "amount": "336.00", "effective_on": "2026-03-10"},
    )
    yield (
        "2026-03-12",
        {
            "account_id": "D-404",
            "event_id": "E-7",
            "type": "demand",
            "delivered": True,
            "effective_on": "2026-03-12",
        },
    )


def carry_out(reactions: list[feerules.Reaction], done: dict[str, str]) -> None:
    for each in reactions:
        if each.reaction_id not in done:
            done[each.reaction_id] = ", ".join(each.then)
            print(f"{each.day} {each.account_id}: {each.explain('en').partition('. On ')[0]}")


if __name__ == "__main__":
    main()
