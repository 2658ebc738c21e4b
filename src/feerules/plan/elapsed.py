"""The time since a step of the ladder, in calendar months: worked out from the days that a position tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feerules.errors import Where
from feerules.plan.bounds import Builder
from feerules.plan.days import months_between
from feerules.plan.names import FIRST_DAY, LAST_DAY
from feerules.plan.nodes import Node
from feerules.plan.terms import Scope, Term

__all__ = ["months_fact", "months_since"]


def months_fact(step: str) -> str:
    """The name under which conditions ask for it."""
    return f"steps.{step}.months"


def months_since(scope: Scope, steps: Iterable[str], where: Where) -> Iterator[tuple[str, Term]]:
    """For each step the months since it was last done, by name; without a value where it never was.

    3 is three months to the day, 3.5 is more than three and less than four: so "<= 3" and "< 3" differ by
    that day alone.
    """
    b, today = scope.b, scope.term("as_of", where).node
    for step in steps:
        days = scope.term(f"steps.{step}.days", where)
        # A step is never done after the day that is asked about.
        since = b.max(b.const(FIRST_DAY), b.sub(today, b.max(b.const(0), days.node)))
        yield months_fact(step), Term(_months(b, since, today), "decimal", None, None, days.present)


def _months(b: Builder, since: Node, until: Node) -> Node:
    before = b.max(b.const(FIRST_DAY), b.min(b.const(LAST_DAY), b.sub(until, b.const(1))))
    whole = months_between(b, since, until)
    more = b.all_of((b.compare("<", since, until), b.compare("==", months_between(b, since, before), whole)))
    half = b.choose(more, b.const(5, 1), b.const(0, 1))
    return b.within(b.add(b.raised(whole, 1), half), 0, 12 * 300 * 10)
