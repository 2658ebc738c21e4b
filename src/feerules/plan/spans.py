"""Which days of a cycle a line covers: its version, its record, its payer."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Literal

from feerules.documents.charging import Liability
from feerules.documents.facts import KIND_WORDS
from feerules.documents.schedule import Fee
from feerules.plan.bounds import Builder
from feerules.plan.cycles import Cycle, Progress
from feerules.plan.metering import Point, Span
from feerules.plan.names import FIRST_DAY, LAST_DAY, place_of
from feerules.plan.nodes import Leaf, Node
from feerules.plan.terms import Scope

__all__ = ["READ", "RUN_FROM", "UNREAD", "VALID_FROM", "VALID_TO", "Days", "progress_of", "read_of"]

# The days on which a record's facts hold, and since when all facts but its payer's are the same.
VALID_FROM = Leaf("valid_from", "date", 0, FIRST_DAY, LAST_DAY, default=FIRST_DAY)
VALID_TO = Leaf("valid_to", "date", 0, FIRST_DAY, LAST_DAY, default=LAST_DAY)
RUN_FROM = Leaf("run_from", "date", 0, FIRST_DAY, LAST_DAY, default=FIRST_DAY)
# Whether a record began with a change that told only some of its facts, and whether it told this one.
UNREAD = Leaf("unread", "boolean", 0, 0, 1, ("false", "true"), default=0)
READ = "read."


class Days:
    """The days of a cycle that a line covers: its version, its record and its payer's liability.

    `force` holds the day numbers from and until which the version is in force.
    """

    def __init__(self, scope: Scope, fee: Fee, cycle: Cycle, force: tuple[int, int], *, dated: bool) -> None:
        self.scope, self.b, self.cycle, self.dated = scope, scope.b, cycle, dated
        self.progress = progress_of(scope.b, cycle, fee)
        self.first, self.until = force
        self.before = None if fee.starts is None or fee.starts.before == "nobody" else fee.starts.before
        self.after = None if fee.ends is None or fee.ends.after == "nobody" else fee.ends.after
        self.starts = self._liability(fee.starts, FIRST_DAY)
        self.ends = self._liability(fee.ends, LAST_DAY)
        if self.starts is not None and fee.prorate == "next_month":
            self.starts = self._month_after(self.starts)
        if self.starts is not None and self.ends is not None:
            self.ends = self.b.max(self.ends, self.starts)

    def _liability(self, liability: Liability | None, absent: int) -> Node | None:
        """The day at which liability begins or ends; an absent optional fact means that it does not."""
        if liability is None:
            return None
        where = place_of(liability.fact, liability.where)
        term = self.scope.term(liability.fact, where)
        if term.kind != "date":
            found = f'"{liability.fact}", {KIND_WORDS[term.kind]}'
            raise self.scope.names.refuse(where, "wrong_type", found, "a date fact")
        if term.present is None:
            return term.node
        return self.b.choose(term.present, term.node, self.b.const(absent))

    def _month_after(self, day: Node) -> Node:
        """The first day of the cycle's month after the one that holds `day`."""
        b, cycle = self.b, self.cycle
        begins = cycle.end
        for start in reversed(cycle.month_starts[1:-1]):
            begins = b.choose(b.compare("<", day, start), start, begins)
        return b.choose(b.compare("<", day, cycle.start), day, begins)

    # Totals at a day, over all who pay

    @cached_property
    def _floor(self) -> Node:
        return self.b.const(0) if self.starts is None else self.progress.opens(self.starts)

    @cached_property
    def _ceiling(self) -> Node:
        b = self.b
        if self.ends is None:
            return b.const(self.progress.whole)
        if self.starts is None:
            return self.progress.closes(self.ends)
        closed = b.max(self._counted("closes", self.ends, self.starts, self._floor), self._floor)
        # Who is never liable pays nothing, also where any day makes a whole month.
        return b.choose(b.compare("<=", self.ends, self.starts), self._floor, closed)

    def _counted(self, table: Literal["cuts", "closes"], day: Node, since: Node | None, total: Node) -> Node:
        """The running total at a day; by daily prices the days are counted from `since` on, where it was `total`."""
        b, progress, whole = self.b, self.progress, self.b.const(self.progress.whole)
        found = progress.closes(day) if table == "closes" else progress.cuts(day)
        if since is None or not progress.daily:
            return found
        counted = b.clamp(b.add(total, b.sub(found, progress.cuts(since))), b.const(0), whole)
        return b.choose(b.compare("<=", self.cycle.end, day), whole, counted)

    def _upto(self, day: Node) -> Node:
        """The running total at a day of the cycle, of the days for which somebody pays."""
        b = self.b
        floor, ceiling = self._floor, self._ceiling
        total = b.clamp(self._counted("cuts", day, self.starts, floor), floor, ceiling)
        first = self.cycle.start if self.starts is None else b.max(self.starts, self.cycle.start)
        last = self.cycle.end if self.ends is None else b.min(self.ends, self.cycle.end)
        total = b.choose(b.compare("<=", last, day), ceiling, total)
        total = b.choose(b.compare("<=", day, first), floor, total)
        if self.before is not None and self.starts is not None:
            earlier = b.min(self.progress.cuts(day), floor)
            total = b.choose(b.compare("<", day, self.starts), earlier, total)
        if self.after is not None and self.ends is not None:
            later = b.max(self._counted("cuts", day, self.ends, ceiling), ceiling)
            total = b.choose(b.compare("<", self.ends, day), later, total)
        return total

    def _outer(self) -> tuple[Node, Node, Node]:
        """(run, first, last) of the record and the version inside the cycle."""
        b = self.b
        first = b.max(self.cycle.start, b.const(self.first))
        last = b.min(self.cycle.end, b.const(self.until))
        run = first
        if self.dated:
            run = b.max(first, b.fact(RUN_FROM))
            first = b.max(first, b.fact(VALID_FROM))
            last = b.min(last, b.fact(VALID_TO))
        if self.starts is not None and self.before is None:
            run = b.max(run, self.starts)
        return run, first, last

    def span(self) -> tuple[Span, Node]:
        run, first, last = self._outer()
        if self.starts is not None:
            first = self.b.max(first, self.starts)
        if self.ends is not None:
            last = self.b.min(last, self.ends)
        return self._between(run, first, last)

    def span_before(self) -> tuple[Span, Node]:
        assert self.starts is not None
        run, first, last = self._outer()
        return self._between(run, first, self.b.min(last, self.starts))

    def span_after(self) -> tuple[Span, Node]:
        assert self.ends is not None
        run, first, last = self._outer()
        return self._between(run, self.b.max(first, self.ends), last)

    def _between(self, run: Node, first: Node, last: Node) -> tuple[Span, Node]:
        """The span from `first` to `last`, and whether there is a day in it."""
        start, end = Point(first, self._upto(first)), Point(last, self._upto(last))
        begin = start if run is first else Point(run, self._upto(run))
        return self._spanned(begin, start, end), self.b.compare("<", first, last)

    def _spanned(self, begin: Point, start: Point, end: Point) -> Span:
        b = self.b
        split = self.before is not None or self.after is not None or self.dated
        static = self.first <= self.cycle.start.lo and self.until >= self.cycle.end.hi
        first, last = self.cycle.start, self.cycle.end
        if self.starts is not None and self.before is None:
            first = b.max(first, self.starts)
        if self.ends is not None and self.after is None:
            last = b.min(last, self.ends)
        sides = ((self.before, self.starts), (self.after, self.ends))
        splits = tuple(day for payer, day in sides if payer is not None and day is not None)
        total = self._liable_total()
        return Span(begin, start, end, (first, last), total, whole=static and not split, splits=splits)

    def _liable_total(self) -> Node:
        """The running total of all days of the cycle for which somebody pays."""
        b, whole = self.b, self.progress.whole
        floor = self._floor if self.before is None else b.const(0)
        ceiling = self._ceiling if self.after is None else b.const(whole)
        return b.within(b.sub(ceiling, floor), 0, whole)


@cache
def read_of(leaf: Leaf) -> Leaf:
    """Whether a change told this fact, under whichever of its names."""
    aliases = tuple(f"{READ}{alias}" for alias in leaf.aliases)
    return Leaf(f"{READ}{leaf.name}", "boolean", 0, 0, 1, ("false", "true"), default=0, aliases=aliases)


def progress_of(b: Builder, cycle: Cycle, fee: Fee) -> Progress:
    return Progress(b, cycle, fee.prorate or ("cycle_days" if cycle.season else "calendar_days"))
