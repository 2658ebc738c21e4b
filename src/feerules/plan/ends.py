"""Nothing is stopped for ever: whether a stop has a day on which it is looked at again, wherever it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feerules.documents.policy import Stop
from feerules.errors import Problem
from feerules.plan.alternatives import Alternative, Reading, within
from feerules.plan.grid import Condition
from feerules.plan.names import place_of
from feerules.vocabulary import ALIASES, POSITION

__all__ = ["endless_stops"]

# The day of the position that a fact counts to (1), or from (-1), whatever is entered meanwhile.
COUNTED = {
    "limitation_on": ("limitation_in_days", 1),
    "last_payment_on": ("days_since_payment", -1),
    "last_contact_on": ("days_since_contact", -1),
    "oldest_due_on": ("days_past_due", -1),
}
_DUE = POSITION["promise_state"].words.index("due")
IS_DUE = Condition(((_DUE, _DUE + 1),))


def endless_stops(stops: Sequence[Stop], reading: Reading) -> Iterator[Problem]:
    for stop in stops:
        if stop.then == "clear" or stop.review is not None:
            continue
        if not stop.until:
            yield stop.problem(
                "no_review", found=f"the stop {stop.id}, which nothing ends", expected="review: or until:",
                hint="write review: 30 days",
            )  # fmt: skip
        for day, offset in stop.until.items():
            if not _has_an_end(stop, ALIASES.get(day, day), offset, reading):
                yield Problem(
                    "no_review", place_of(day, stop.where), f"the stop {stop.id}, until {day}, a day that may be missing or past",
                    "review: beside it, for where that day ends nothing", "add review: 30 days",
                )  # fmt: skip


def _has_an_end(stop: Stop, day: str, offset: int, reading: Reading) -> bool:
    """Whether a day is told wherever a stop holds, and it does not hold for ever. What cannot be read is told
    elsewhere."""
    leaf, known = reading.names.leaves.get(day), reading.of(stop)
    if known is None or (leaf is None and day not in reading.names.derived):
        return True
    if leaf is not None and leaf.kind != "date":
        return True
    return all(_passes(day, offset, each) for each in known)


def _passes(day: str, offset: int, known: Alternative) -> bool:
    """Whether conditions tell of a day, and hold no longer some time after it."""
    if day == "as_of":
        return offset > 0
    if day == "promised_on":
        # Then the promise is kept, or broken.
        state, days = known.get("promise_state"), known.get("promise_in_days")
        return (state is not None and within(state, IS_DUE)) or (days is not None and not days.null)
    counter, sign = COUNTED.get(day, ("", 0))
    days = known.get(counter)
    if days is None or days.null:
        return False
    lo, hi = POSITION[counter].bounds
    return all(first > lo if sign > 0 else end <= hi for first, end in days.bands)
