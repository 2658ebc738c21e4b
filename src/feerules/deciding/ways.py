"""Which way a position goes: the data, then the stops, then the ladder, then the limits and the hours.

`dunning.py` says it of one account in Python, and is the meaning; here the same are nodes of a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from feerules.deciding.facts import CONTRADICTORY, Facts
from feerules.deciding.questions import FREE, NO_HOURS, OUTSIDE_HOURS, UNKNOWN_YEAR, Openings, Question, Today
from feerules.documents.policy import Step, Stop
from feerules.plan.bounds import Builder
from feerules.plan.days import weekday
from feerules.plan.dunning import Compiled
from feerules.plan.nodes import Node

__all__ = ["DECISIONS", "Ways", "gap_of"]

DECISIONS = ("act", "wait", "hold", "review", "clear")


class Ways:
    """What decides, under one policy, as truths and numbers.

    One of `contradictory`, `stale`, `backwards`, `clear`, `at_a_stop` and `on_the_ladder` holds: which way it
    goes. `step` is the number of the step that this leads to (their number for none), `here` whether it is each;
    `acts` whether it is done now, and where it is not, `week_limit`, `day_limit`, `near`, `unknown_year`,
    `no_hours` or `outside_hours` tells why. `stopped`: a stop decides, and `waiting`: the step that it lets
    through must wait, so that it does.
    """

    def __init__(self, compiled: Compiled, question: Question) -> None:
        self.compiled, self.policy, self.question = compiled, compiled.policy, question
        self.b = Builder()
        self.totals = compiled.plan.totals
        self.steps: Sequence[Step] = self.policy.ladder.steps if self.policy.ladder else ()
        self.stops: Sequence[Stop] = self.policy.stops
        self.today = Today(self.b, question)
        self.facts = Facts(self.b, compiled, self.today)
        self.openings = Openings(self.today, self.policy, question)
        self.tomorrow = self.today.after(1)
        week_day = weekday(self.b, self.today.number)
        self.monday = self.today.after(self.b.sub(self.b.const(8), week_day))
        self._way()
        self._which_step()
        self._limits()
        self._hours()
        self._acts()
        self._decides()

    # Small words

    def both(self, *tests: Node) -> Node:
        return self.b.all_of(tests)

    def no(self, *tests: Node) -> Node:
        """That none of them holds."""
        return self.b.negate(self.b.any_of(tests))

    def is_at(self, number: Node, at: int) -> Node:
        return self.b.compare("==", number, self.b.const(at))

    def below(self, left: Node, right: Node | int) -> Node:
        other = self.b.const(right, left.scale) if isinstance(right, int) else right
        return self.b.compare("<", left, other)

    def above_zero(self, name: str) -> Node:
        value = self.facts.value(name)
        return self.b.compare("<", self.b.const(0, value.scale), value)

    def chosen(self, pairs: Iterable[tuple[Node, Node]], otherwise: Node) -> Node:
        """The value of the first test that holds."""
        for test, value in reversed([*pairs]):
            otherwise = self.b.choose(test, value, otherwise)
        return otherwise

    def by_step(self, told: Callable[[Step], Node]) -> Node:
        """What is told of the step that is taken; nothing (0) where none is."""
        values = [told(step) for step in self.steps]
        zero = self.b.const(0, values[0].scale if values else 0)
        return self.chosen(zip(self.here, values, strict=True), zero)

    def any_step(self, test: Callable[[Step], bool]) -> Node:
        """Whether the step that is taken is one for which the test holds."""
        return self.b.any_of(here for here, step in zip(self.here, self.steps, strict=True) if test(step))

    # The way

    def _way(self) -> None:
        facts, owes = self.facts, self.totals["owes"]
        self.contradictory = facts.value(CONTRADICTORY)
        ways = [self.contradictory, self._is_stale(), self._is_backwards(), self.b.negate(owes)]
        ways.append(self.below(self.totals["stop"], len(self.stops)))
        first = [self.both(way, self.no(*ways[:number])) for number, way in enumerate(ways)]
        _, self.stale, self.backwards, self.clear, self.at_a_stop = first
        self.on_the_ladder = self.no(*ways)

    def _is_stale(self) -> Node:
        most = self.policy.ledger.stale_after
        if most is None:
            return self.b.false
        name = f"ledger_age_{most[1]}"
        is_old = self.b.compare("<", self.b.const(most[0]), self.facts.value(name))
        return self.both(self.facts.present(name), is_old)

    def _is_backwards(self) -> Node:
        """Whether a step was done later, where the policy minds; not where it is asked what was known then."""
        ladder = self.policy.ladder
        if ladder is None or ladder.backwards == "allowed" or self.question.known_at is not None:
            return self.b.false
        return self.facts.present("@later_step")

    # The step

    def _which_step(self) -> None:
        b, none = self.b, self.b.const(len(self.steps))
        self.stop = self.totals["stop"]
        self.at_stop = [self.is_at(self.stop, number) for number in range(len(self.stops))]
        through = [self.totals.get(f"step.through.{number}", none) for number in range(len(self.stops))]
        self.through = self.chosen(zip(self.at_stop, through, strict=True), none)
        ladder = self.totals.get("step", none)
        pairs = ((self.at_a_stop, self.through), (self.on_the_ladder, ladder))
        self.step = self.chosen(pairs, none)
        self.here = [self.is_at(self.step, number) for number in range(len(self.steps))]
        self.is_taken = self.below(self.step, len(self.steps))
        self.is_contact = self.any_step(lambda step: bool(step.channels))
        self.count = self.by_step(lambda step: self.facts.of_step(step, "count"))
        self.is_approved = self.by_step(lambda step: self.facts.of_step(step, "approved"))
        fees = [(here, self.totals[f"step.{number}.fee"])
                for number, here in enumerate(self.here) if f"step.{number}.fee" in self.totals]  # fmt: skip
        self.fee = self.chosen(fees, b.const(0, 2))

    # What keeps a contact from being made now

    def _limits(self) -> None:
        """The limits that another contact would pass, and the first day on which they allow it."""
        limits, facts = self.policy.limits, self.facts
        week, day, b = limits.week, limits.day, self.b
        weekly = self._reached("attempts_week", week.at_most)
        connected, attempts = (
            self._reached("contacts_today", day.connected),
            self._reached("attempts_today", day.attempts),
        )
        since, gap = facts.value("days_since_attempt"), limits.gap
        near = (
            b.false if gap is None else self.both(facts.present("days_since_attempt"), self.below(since, gap))
        )
        contact = self.is_contact
        self.week_limit = self.both(contact, weekly)
        self.day_limit = self.both(contact, self.no(weekly), b.any_of((connected, attempts)))
        self.near = self.both(contact, self.no(weekly, connected, attempts), near)
        self.is_limited = b.any_of((self.week_limit, self.day_limit, self.near))
        free_again = self.today.after(b.sub(b.const(gap or 0), since))
        pairs = ((self.week_limit, self.monday), (self.day_limit, self.tomorrow))
        self.limited_until = self.chosen(pairs, free_again)

    def _reached(self, name: str, most: int | None) -> Node:
        if most is None:
            return self.b.false
        return self.b.compare("<=", self.b.const(most), self.facts.value(name))

    def _hours(self) -> None:
        free, bar = self.both(self.is_contact, self.b.negate(self.is_limited)), self.openings.bar
        self.unknown_year = self.both(free, self.is_at(bar, UNKNOWN_YEAR))
        self.no_hours = self.both(free, self.is_at(bar, NO_HOURS))
        self.outside_hours = self.both(free, self.is_at(bar, OUTSIDE_HOURS))
        self.is_odd = self.b.any_of((self.unknown_year, self.no_hours))
        barred = self.both(self.is_contact, self.b.negate(self.is_at(bar, FREE)))
        self.is_barred = self.b.any_of((self.is_limited, barred))

    # What is done

    def _acts(self) -> None:
        b = self.b
        must_wait = b.any_of((self.is_limited, self.outside_hours))
        # What a stop lets through and must wait leaves the stop as it is.
        waiting = self.both(self.at_a_stop, must_wait)
        self.stepping = self.both(self.is_taken, b.negate(waiting))
        self.acts = self.both(self.stepping, b.negate(self.is_barred))
        self.contacts = self.both(self.acts, self.is_contact)
        self.stopped = self.both(self.at_a_stop, b.negate(self.stepping))
        self.idle = self.both(self.on_the_ladder, b.negate(self.is_taken))

    def _decides(self) -> None:
        """The number of the decision, by `DECISIONS`."""
        verdicts = tuple(DECISIONS.index(stop.then) for stop in self.stops)
        self.is_over = [self._is_over(number, stop) for number, stop in enumerate(self.stops)]
        over = (self.both(at, is_over) for at, is_over in zip(self.at_stop, self.is_over, strict=True))
        review = self.b.const(DECISIONS.index("review"))
        verdict = self.b.gather((*verdicts, 0), self.stop)
        verdict = self.b.choose(self.b.any_of(over), review, verdict)
        wait, clear, act = (self.b.const(DECISIONS.index(each)) for each in ("wait", "clear", "act"))
        self.decision = self.chosen(
            (
                (self.b.any_of((self.contradictory, self.stale, self.backwards)), review),
                (self.clear, clear),
                (self.stopped, verdict),
                (self.b.negate(self.stepping), wait),
                (self.acts, act),
                (self.is_odd, review),
            ),
            wait,
        )

    def _is_over(self, number: int, stop: Stop) -> Node:
        """Whether the day that a stop named has passed, or is not known: then a person decides."""
        if not stop.until or stop.review is None or stop.then not in ("wait", "hold"):
            return self.b.false
        return self.b.compare("<=", self.totals[f"stop.{number}.until"], self.today.number)

    def decided(self, word: str) -> Node:
        return self.is_at(self.decision, DECISIONS.index(word))


def gap_of(step: Step) -> int:
    """The days that a step rests: nothing is done twice on one day."""
    return max(step.gap or 0, 1)
