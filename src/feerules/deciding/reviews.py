"""Until when a decision stands: the ends of what decides, and the first day on which it can be another."""

from __future__ import annotations

from collections.abc import Iterator

from feerules.deciding.ways import Ways, gap_of
from feerules.documents.policy import Step, Stop
from feerules.plan.nodes import Node
from feerules.reviewing import ACCRUING, COUNTING_DOWN, DAILY, THIS_WEEK, TODAY, is_counting_up

__all__ = ["Dated", "Reviews"]

NEVER = 10_000_000  # later than any day
Dated = tuple[Node, Node]  # whether there is such a day, and its number


class Reviews:
    """Of the ways of a position: until when it stops (`stop_until`), rests (`idle_until`) or is limited, and when
    to look again (`next_on`)."""

    def __init__(self, ways: Ways) -> None:
        self.ways, self.b = ways, ways.b
        self.stop_until = self._stop_until()
        self.idle_until = self._earliest(self._resting())
        self.next_on = self._next_on()

    def _earliest(self, days: Iterator[Dated]) -> Dated:
        b, never = self.b, self.b.const(NEVER)
        first: Node = never
        for is_there, day in days:
            first = b.min(first, b.choose(is_there, day, never))
        return b.compare("<", first, never), first

    # Stops

    def _stop_until(self) -> Dated:
        ways, ends = self.ways, [*map(self._end_of, range(len(self.ways.stops)), self.ways.stops)]
        known = (ways.both(at, is_there) for at, (is_there, _) in zip(ways.at_stop, ends, strict=True))
        days = zip(ways.at_stop, (day for _, day in ends), strict=True)
        return ways.both(ways.stopped, self.b.any_of(known)), ways.chosen(days, ways.today.number)

    def _end_of(self, number: int, stop: Stop) -> Dated:
        """The day on which a stop ends or is looked at again; without one, its conditions end by themselves."""
        b, today = self.b, self.ways.today
        review = today.after(stop.review or 0)
        reviewed = b.true if stop.review is not None else b.false
        day = self.ways.totals.get(f"stop.{number}.until")
        if day is None:
            return reviewed, review
        ahead = b.compare("<", today.number, day)
        return b.any_of((ahead, reviewed)), b.choose(ahead, day, review)

    # Steps that rest

    def days_since(self, step: Step) -> Node:
        """Since the step that rests was done, or since a try that does not count and yet holds it back."""
        b, facts, gap = self.b, self.ways.facts, self.b.const(gap_of(step))
        least: Node = gap
        for name in (f"steps.{step.id}.days", f"steps.{step.id}.tried"):
            if name in facts:
                # By the clock, a step may rest on its last day too.
                held = b.all_of((facts.present(name), b.compare("<", facts.value(name), gap)))
                least = b.min(least, b.choose(held, facts.value(name), gap))
        return least

    def rests_until(self, step: Step) -> Node:
        rested = self.ways.today.after(self.b.sub(self.b.const(gap_of(step)), self.days_since(step)))
        return self.b.max(rested, self.ways.tomorrow)

    def rests(self, number: int) -> Node:
        """Whether a step would be due, had its gap passed."""
        totals, ways = self.ways.totals, self.ways
        met, left = totals[f"step.{number}.met"], totals[f"step.{number}.left"]
        return ways.both(ways.idle, met, left, self.b.negate(totals[f"step.{number}.rested"]))

    def _resting(self) -> Iterator[Dated]:
        for number, step in enumerate(self.ways.steps):
            yield self.rests(number), self.rests_until(step)

    # When to look again

    def _next_on(self) -> Dated:
        today = self.ways.today.number
        days = [*self._ends(), *self._changes(), *self._crossings(), *self._staleness()]
        ahead = ((self.b.all_of((is_there, self.b.compare("<", today, day))), day) for is_there, day in days)
        return self._earliest(ahead)

    def _ends(self) -> Iterator[Dated]:
        """The ends of what decides now."""
        ways, b = self.ways, self.b
        openings = ways.openings
        yield self.stop_until
        yield ways.is_limited, ways.limited_until
        yield ways.outside_hours, b.max(openings.day, ways.tomorrow)
        yield ways.contacts, openings.changes_on

    def _changes(self) -> Iterator[Dated]:
        """What is known to change on a day: entries that take effect, and versions of policies."""
        ways, facts = self.ways, self.ways.facts
        yield facts.present("@changes_on"), facts.value("@changes_on")
        after = ways.question.changes_after
        yield self.b.true, ways.today.told(lambda day: after(day) or 0)

    def _staleness(self) -> Iterator[Dated]:
        stale = self.ways.policy.ledger.stale_after
        if stale is not None:
            b, facts = self.b, self.ways.facts
            age = facts.value("ledger_age_days")
            # By the clock it can be stale on any day.
            left = b.sub(b.const(stale[0]), age) if stale[1] == "days" else b.const(0)
            yield facts.present("ledger_age_days"), self.ways.today.after(b.add(left, b.const(1)))

    def _crossings(self) -> Iterator[Dated]:
        """When a fact that the policy asks for crosses one of its cuts."""
        ways, b = self.ways, self.b
        for name, cuts in ways.compiled.cuts.items():
            if name not in ways.facts or cuts == ():
                continue
            if name in DAILY:
                yield b.true, ways.tomorrow
            elif name in ACCRUING:
                yield ways.above_zero("overdue"), ways.tomorrow
            elif name in TODAY:
                yield ways.above_zero(name), ways.tomorrow
            elif name in THIS_WEEK:
                yield ways.above_zero(name), ways.monday
            elif is_counting_up(name) or name in COUNTING_DOWN:
                in_days = self._days_to_cut(name, cuts)
                there = b.all_of((ways.facts.present(name), b.compare("<", in_days, b.const(NEVER))))
                yield there, ways.today.after(in_days)

    def _days_to_cut(self, name: str, cuts: tuple[int, ...] | None) -> Node:
        """In how many days a fact that counts days reaches the next of its cuts; NEVER where there is none."""
        b, value, never = self.b, self.ways.facts.value(name), self.b.const(NEVER)
        if cuts is None:
            return b.const(1)
        at = b.band(cuts, value)
        if name in COUNTING_DOWN:
            below = b.gather((0, *cuts), at)
            left = b.add(b.sub(value, below), b.const(1))
            return b.choose(b.compare("<", b.const(0), at), left, never)
        above = b.gather((*cuts, 0), at)
        return b.choose(b.compare("<", at, b.const(len(cuts))), b.sub(above, value), never)
