"""Which days of a cycle a line covers: its version, its record, its payer."""

from __future__ import annotations

from feerules.documents.charging import Liability
from feerules.documents.facts import KIND_WORDS
from feerules.documents.schedule import Fee
from feerules.plan.bounds import Builder
from feerules.plan.cycles import Cycle, Progress
from feerules.plan.metering import Point, Span
from feerules.plan.names import FIRST_DAY, LAST_DAY, place_of
from feerules.plan.nodes import Leaf, Node
from feerules.plan.terms import Scope

__all__ = ["RUN_FROM", "VALID_FROM", "VALID_TO", "Days", "progress_of"]

# The days on which a record's facts hold, and since when all facts but its payer's are the same.
VALID_FROM = Leaf("valid_from", "date", 0, FIRST_DAY, LAST_DAY, default=FIRST_DAY)
VALID_TO = Leaf("valid_to", "date", 0, FIRST_DAY, LAST_DAY, default=LAST_DAY)
RUN_FROM = Leaf("run_from", "date", 0, FIRST_DAY, LAST_DAY, default=FIRST_DAY)


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

    # Totals at a day, for the liable payer and for those on the other sides

    def _floor(self) -> Node:
        return self.b.const(0) if self.starts is None else self.progress.opens(self.starts)

    def _ceiling(self) -> Node:
        whole = self.b.const(self.progress.whole)
        return whole if self.ends is None else self.b.max(self.progress.closes(self.ends), self._floor())

    def _upto(self, day: Node) -> Node:
        """The running total at a day, of the days on which the payer is liable."""
        b = self.b
        floor, ceiling = self._floor(), self._ceiling()
        total = b.clamp(self.progress.cuts(day), floor, ceiling)
        first = self.cycle.start if self.starts is None else b.max(self.starts, self.cycle.start)
        last = self.cycle.end if self.ends is None else b.min(self.ends, self.cycle.end)
        total = b.choose(b.compare("<=", last, day), ceiling, total)
        return b.choose(b.compare("<=", day, first), floor, total)

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
        return run, first, last

    def span(self) -> tuple[Span, Node]:
        b = self.b
        run, first, last = self._outer()
        if self.starts is not None:
            first = b.max(first, self.starts)
        if self.ends is not None:
            last = b.min(last, self.ends)
        start, end = Point(first, self._upto(first)), Point(last, self._upto(last))
        begin = start
        if self.before is not None:
            begin = Point(run, b.clamp(self.progress.cuts(run), b.const(0), self._floor()))
        elif self.dated:
            begin = Point(run, self._upto(run))
        return self._spanned(begin, start, end), b.compare("<", first, last)

    def span_before(self) -> tuple[Span, Node]:
        b = self.b
        assert self.starts is not None
        run, first, last = self._outer()
        last = b.min(last, self.starts)
        floor = self._floor()

        def upto(day: Node) -> Node:
            total = b.min(self.progress.cuts(day), floor)
            return b.choose(b.compare("<=", self.starts or day, day), floor, total)

        start, end = Point(first, upto(first)), Point(last, upto(last))
        begin = Point(run, upto(run)) if self.dated else start
        return self._spanned(begin, start, end), b.compare("<", first, last)

    def span_after(self) -> tuple[Span, Node]:
        b = self.b
        assert self.ends is not None
        run, first, last = self._outer()
        first = b.max(first, self.ends)
        ceiling = self._ceiling()

        def upto(day: Node) -> Node:
            total = b.max(self.progress.cuts(day), ceiling)
            return b.choose(b.compare("<=", day, self.ends or day), ceiling, total)

        start, end = Point(first, upto(first)), Point(last, upto(last))
        begin = Point(b.max(run, b.const(0)), self._upto(run)) if self.starts is None else start
        return self._spanned(begin, start, end), b.compare("<", first, last)

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
        floor = self._floor() if self.before is None else b.const(0)
        ceiling = self._ceiling() if self.after is None else b.const(whole)
        return b.within(b.sub(ceiling, floor), 0, whole)


def progress_of(b: Builder, cycle: Cycle, fee: Fee) -> Progress:
    return Progress(b, cycle, fee.prorate or ("cycle_days" if cycle.season else "calendar_days"))
