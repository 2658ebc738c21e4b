"""What was lowered before is used again only where it means the same and is needed as much."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from feerules.plan.bounds import Builder
from feerules.plan.context import Context
from feerules.plan.moments import Moment
from feerules.plan.nodes import Leaf, Node

B = Builder()
JANUARY, JULY = B.const(20_454), B.const(20_635)
VACANT = B.compare("==", B.fact(Leaf("vacant", "boolean", 0, 0, 1)), B.const(1))
LET = B.compare("==", B.fact(Leaf("let", "boolean", 0, 0, 1)), B.const(1))


def times_lowered(ask: Callable[[Context, Callable[[], None]], None], reads: str) -> int:
    context = Context(B, Moment({"judged_on": JANUARY, "line_end": JULY}))
    lowered: list[Node] = []

    def lower() -> None:
        if reads == "fees":
            context.reads_fees()
        else:
            context.judged(reads)
        lowered.append(context.need)

    ask(context, lambda: context.once("it", lower))
    return len(lowered)


def twice(context: Context, ask: Callable[[], None]) -> None:
    ask()
    ask()


def on_another_day(context: Context, ask: Callable[[], None]) -> None:
    ask()
    with context.at(Moment({"judged_on": JULY, "line_end": JULY})):
        ask()
        ask()
    ask()


def where_more_has_to_hold(context: Context, ask: Callable[[], None]) -> None:
    ask()
    with context.needing(VACANT), context.needing(LET):
        ask()


def where_something_else_has_to_hold(context: Context, ask: Callable[[], None]) -> None:
    for need in (VACANT, LET, VACANT):
        with context.needing(need):
            ask()


def first_where_more_has_to_hold(context: Context, ask: Callable[[], None]) -> None:
    with context.needing(VACANT):
        ask()
    ask()


CASES = [
    (twice, "judged_on", 1),
    (on_another_day, "judged_on", 2),
    (on_another_day, "line_end", 1),  # which is the same on both
    (on_another_day, "fees", 2),  # other fees' amounts are those of one moment alone
    (where_more_has_to_hold, "judged_on", 1),
    (where_something_else_has_to_hold, "judged_on", 2),
    (first_where_more_has_to_hold, "judged_on", 2),  # else a fact would not be asked of every record
]


@pytest.mark.parametrize(("ask", "reads", "times"), CASES, ids=lambda x: getattr(x, "__name__", str(x)))
def test_what_means_the_same_is_lowered_once(
    ask: Callable[[Context, Callable[[], None]], None], reads: str, times: int
) -> None:
    assert times_lowered(ask, reads) == times


def test_what_is_made_of_something_lowered_before_has_read_what_that_did() -> None:
    context = Context(B, Moment({"judged_on": JANUARY}))
    made: list[Node] = []

    def outer() -> Node:
        made.append(context.once("inner", context.judged, "judged_on"))
        return made[-1]

    context.once("inner", context.judged, "judged_on")
    context.once("outer", outer)
    with context.at(Moment({"judged_on": JULY})):
        context.once("outer", outer)
    assert made == [JANUARY, JULY]
