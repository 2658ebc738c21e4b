"""Pauses: spans of days on which neither age nor late fee counts."""

from __future__ import annotations

from collections.abc import Sequence

from feerules.ledger.rows import EventRow

__all__ = ["ENDLESS", "Span", "paused_between", "pauses_of"]

Span = tuple[int, int]  # from the first day up to, and not including, the second

ENDLESS = 10**9


def pauses_of(events: Sequence[EventRow]) -> tuple[Span, ...]:
    """The spans of the pause events, apart and in order; one that is ended later is cut short on that day."""
    spans: list[Span] = []
    for event in events:
        if event.closing:
            spans = [(start, min(end, event.day)) for start, end in spans]
        else:
            spans.append((event.day, ENDLESS if event.ends is None else event.ends))
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def paused_between(pauses: Sequence[Span], first: int, last: int) -> int:
    """How many of the days that pass from `first` to `last` are paused."""
    return sum(max(0, min(end, last) - max(start, first)) for start, end in pauses)
