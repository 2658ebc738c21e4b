"""Prices by time used: started units of a visit, in all or in some hours of each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feerules.documents.charging import Charge, Started
from feerules.documents.facts import KIND_WORDS
from feerules.plan.bounds import Exact
from feerules.plan.metering import Metering, Use
from feerules.plan.names import place_of
from feerules.plan.nodes import Node
from feerules.plan.terms import Term

__all__ = ["Visits"]

DAY = 1440


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of a visit: it begins `after` so many minutes and lasts `minutes`; only the first has free time."""

    after: Node
    minutes: Node
    is_first: Node


class Visits(Metering):
    """The amounts of a line that come from how long something was used."""

    stretch: Stretch | None = None  # the part of the visit in hand, where parts of it have a most

    def _visit(self, charge: Charge, rule: Started) -> Exact:
        if self.cycle.months is not None:
            raise self.scope.names.refuse(
                rule.where, "missing_key", "a price by time in a fee with cycles", "every: {use: <moment>}",
                "add every: {use: left_at}: each use is charged once",
            )  # fmt: skip
        if rule.during is not None:
            return self._in_hours(charge, rule, *rule.during)
        if rule.next_day is not None:
            raise self.scope.names.refuse(
                rule.where_of("next_day"), "contradiction", "next_day: without during:",
                "during: the hours of each day", 'add during: "00:00-24:00"',
            )  # fmt: skip
        b = self.b
        beyond = self._beyond_free(rule, b.rounded(self._minutes(rule), 0, "up"))
        if rule.cap is None:
            return self._pieces(charge, rule, [(beyond, b.const(1))])
        block = b.const(rule.cap_per or DAY)
        blocks = b.div_round(beyond, block, "down")
        rest = b.within(b.sub(beyond, b.mul(blocks, block)), 0, block.hi)
        return self._pieces(charge, rule, [(block, blocks), (rest, b.const(1))])

    def _beyond_free(self, rule: Started, minutes: Node) -> Node:
        b = self.b
        free: Node = b.const(rule.free)
        if self.stretch is not None:
            free = b.choose(self.stretch.is_first, free, b.const(0))
        if rule.beyond_free == "from_its_end":
            return b.max(b.sub(minutes, free), b.const(0))
        return b.choose(b.compare("<=", minutes, free), b.const(0), minutes)

    def _pieces(self, charge: Charge, rule: Started, pieces: Sequence[tuple[Node, Node]]) -> Exact:
        """The price of stays of some minutes, each so many times; every one is capped by itself."""
        b, nothing = self.b, Exact(self.b, self.b.const(0))
        cap = None if rule.cap is None else Exact(b, self._number(rule.cap))
        started = [(b.div_round(minutes, b.const(rule.started), "up"), times) for minutes, times in pieces]
        counted = b.total(b.mul(units, times) for units, times in started)
        total = nothing
        for units, times in [(counted, b.const(1))] if rule.next_day == "counts_on" else started:
            price = self._priced(charge, Use(b.const(0), units, units))
            # A step costs something for nothing used, but time that is free costs nothing.
            price = price.where(b.compare("<", b.const(0), units), nothing)
            total = total.plus((price if cap is None else price.at_most(cap)).times(times))
        self.shown.quantity = counted
        return total

    # Hours of the day

    def _in_hours(self, charge: Charge, rule: Started, start: int, length: int) -> Exact:
        """Each day's hours are a stay of their own, begun and ended by the visit or by the clock."""
        self._check_hours(rule)
        b = self.b
        entered, left = self._stay(rule)
        beyond = self._beyond_free(rule, b.sub(left, entered))
        entered = b.sub(left, beyond)
        (first, begun), (last, ended) = (self._clock(x, start, length) for x in (entered, left))
        same = b.compare("==", first, last)
        whole = b.const(length)
        # Within one day's hours the minutes between; else the rest of the first, and what has passed of the last.
        head = b.choose(same, b.max(b.sub(ended, begun), b.const(0)), b.sub(whole, begun))
        tail = b.choose(same, b.const(0), ended)
        between = b.max(b.sub(b.sub(last, first), b.const(1)), b.const(0))
        return self._pieces(charge, rule, [(head, b.const(1)), (whole, between), (tail, b.const(1))])

    def _clock(self, moment: Node, start: int, length: int) -> tuple[Node, Node]:
        """On which day's hours a moment falls, or which it follows, and how many minutes of these have passed."""
        b = self.b
        base = (moment.lo - start) // DAY * DAY + start
        passed = b.sub(moment, b.const(base))
        day = b.div_round(passed, b.const(DAY), "down")
        minute = b.within(b.sub(passed, b.mul(day, b.const(DAY))), 0, DAY - 1)
        return b.add(day, b.const((base - start) // DAY)), b.min(minute, b.const(length))

    def _check_hours(self, rule: Started) -> None:
        if rule.cap_per is not None:
            raise self.scope.names.refuse(
                rule.where_of("cap_per"), "contradiction", "cap_per: beside during:",
                "a cap for each day's hours", "take cap_per: out",
            )  # fmt: skip
        if rule.cap is not None and rule.next_day == "counts_on":
            raise self.scope.names.refuse(
                rule.where_of("cap"), "contradiction", "cap: beside next_day: counts_on",
                "a cap for each day's hours, which begin anew", "take one of them out",
            )  # fmt: skip
        if rule.between is None:
            raise self.scope.names.refuse(
                rule.where_of("during"), "missing_key", "hours of the day without the moments of a visit",
                "between: [entered_at, left_at]", "minutes alone do not say at what time of day",
            )  # fmt: skip

    # How long

    def _minutes(self, rule: Started) -> Node:
        if self.stretch is not None:
            return self.stretch.minutes
        return self._whole_minutes(rule)

    def _whole_minutes(self, rule: Started) -> Node:
        if rule.minutes is None:
            entered, left = self._whole_stay(rule)
            return self.b.sub(left, entered)
        node = self._number(rule.minutes)
        self.scope.guard("ends_before_start", self.b.compare("<=", self.b.const(0), node))
        return self.b.max(node, self.b.const(0))

    def _stay(self, rule: Started) -> tuple[Node, Node]:
        entered, left = self._whole_stay(rule)
        if self.stretch is None:
            return entered, left
        entered = self.b.add(entered, self.stretch.after)
        return entered, self.b.add(entered, self.stretch.minutes)

    def _whole_stay(self, rule: Started) -> tuple[Node, Node]:
        """The moments from which and until which something is used, the second never before the first."""
        if rule.between is None:
            raise self.scope.names.refuse(
                rule.where, "missing_key", "started time without a duration", "between: [entered_at, left_at]"
            )
        entered, left = (self._moment(name, rule).node for name in rule.between)
        self.scope.guard("ends_before_start", self.b.compare("<=", entered, left))
        return entered, self.b.max(left, entered)

    def _moment(self, name: str, rule: Started) -> Term:
        where = place_of(name, rule.where)
        term = self.scope.number(name, where)
        if term.kind != "datetime":
            found = f'"{name}", {KIND_WORDS[term.kind]}'
            raise self.scope.names.refuse(where, "wrong_type", found, "a datetime fact, such as entered_at")
        return term

    # The most for each so many days

    def _stretches(self, rules: Sequence[Started], each: int) -> list[tuple[Stretch, Node]]:
        """The visit in parts of so many minutes, from its beginning: each with how often it occurs."""
        b, rule = self.b, rules[0]
        for other in rules[1:]:
            if (other.between, other.minutes) != (rule.between, rule.minutes):
                raise self.scope.names.refuse(
                    other.where, "contradiction", "parts of a visit with different times",
                    "one visit: the same between: in every part", "write a fee of its own for the other visit",
                )  # fmt: skip
        minutes, length, nothing = b.rounded(self._whole_minutes(rule), 0, "up"), b.const(each), b.const(0)
        whole = b.div_round(minutes, length, "down")
        passed = b.mul(whole, length)
        rest = b.within(b.sub(minutes, passed), 0, each)
        begun = b.compare("<", nothing, whole)
        return [
            (Stretch(nothing, length, b.true), b.choose(begun, b.const(1), nothing)),
            (Stretch(nothing, length, b.false), b.max(b.sub(whole, b.const(1)), nothing)),
            (Stretch(passed, rest, b.negate(begun)), b.const(1)),
        ]
