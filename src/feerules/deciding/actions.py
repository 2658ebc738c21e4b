"""What is to be done with a position: who does what, on which channel, when, for which charges, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from feerules.citations import source_of
from feerules.deciding.causes import reasons_of
from feerules.deciding.classes import ALWAYS, class_columns, class_of, line_of, row_of, text
from feerules.deciding.facts import DRAWN, Facts
from feerules.deciding.questions import DAY, Question, Today
from feerules.deciding.reviews import Dated, Reviews
from feerules.deciding.told import (
    Case,
    Column,
    Constant,
    Day,
    Description,
    Field,
    Lists,
    Minute,
    Money,
    Own,
    Told,
    Truth,
    Words,
    as_json,
    columns_in,
    nodes_in,
)
from feerules.deciding.ways import DECISIONS, Ways
from feerules.documents.policy import Step
from feerules.dunning import channels_of
from feerules.plan.bounds import Builder
from feerules.plan.dunning import Compiled
from feerules.plan.nodes import Const, Node

__all__ = ["actions_under", "classes_under"]


def actions_under(compiled: Compiled, question: Question, key: str) -> Description:
    """What is decided about the positions under a policy; `key` is their column of the account's id."""
    ways = Ways(compiled, question)
    actions = _Actions(ways, Reviews(ways), key)
    return _over(
        ways.facts,
        Description(
            compiled.plan,
            DRAWN,
            actions.columns(),
            reasons_of(actions.reviews),
            ways.acts,
            tuple(actions.fields()),
        ),
    )


def classes_under(compiled: Compiled, question: Question) -> Description:
    """The classes of the positions under a policy."""
    b = Builder()
    return _over(
        Facts(b, compiled, Today(b, question)), Description(compiled.plan, {}, class_columns(compiled))
    )


def _over(facts: Facts, told: Description) -> Description:
    """The description over a plan that has all nodes which are told of."""
    acts = () if told.acts is None or isinstance(told.acts, Const) else (told.acts,)
    nodes = {id(node): node for node in (*nodes_in(told), *acts)}
    outputs = {f"~node{number}": node for number, node in enumerate(nodes.values())}
    names = {id(node): name for name, node in outputs.items()}
    return Description(
        facts.plan(outputs, columns_in(told)),
        told.drawn,
        told.columns,
        told.reasons,
        told.acts,
        told.fields,
        names,
    )


class _Actions:
    """The columns of an action, in order, and the fields of its message."""

    def __init__(self, ways: Ways, reviews: Reviews, key: str) -> None:
        self.ways, self.reviews, self.key = ways, reviews, key
        self.steps: Sequence[Step] = ways.steps
        self.asks_for_moment = isinstance(ways.question.as_of, datetime)
        self.channel, self.tables = self._channels()

    def columns(self) -> Mapping[str, Column]:
        ways, acts = self.ways, self.ways.acts
        decision = Words(DECISIONS, ways.decision)
        contact = ways.contacts
        ids = tuple(stop.id for stop in ways.stops)
        sources = (line_of(source_of(step.source or ways.policy.source)) for step in self.steps)
        known_at = ways.question.known_at
        return {
            self.key: text((ALWAYS, Own(self.key))),
            "party_id": text((ALWAYS, Own("party_id"))),
            "as_of": self._as_of(),
            "known_at": Column("moment" if isinstance(known_at, datetime) else "day", (Case(ALWAYS, Constant(known_at)),)),
            "decision": text((ALWAYS, decision)),
            "step_id": self._by_step(acts, (step.id for step in self.steps)),
            **{name: text((contact, Words(table, self.channel))) if table else text() for name, table in self.tables.items()},
            "not_before": self._opening(ways.openings.start),
            "not_after": self._opening(ways.openings.end),
            "until": self._until(),
            "reasons": Column("reasons", ()),
            "role": self._role(),
            "needs_approval": self._by_step(
                ways.both(acts, ways.no(ways.is_approved)), (step.approval for step in self.steps)
            ),
            "legal": Column("flag", (Case(acts, Truth(ways.any_step(lambda step: step.legal))),)),
            "charge_ids": self._charge_ids(),
            "amount": Column("money", tuple(self._amounts(acts))),
            "fee": Column("money", (Case(acts, Money(ways.fee)),)),
            "template": self._by_step(acts, (step.template or step.id for step in self.steps)),
            "fields": Column("message", ()),
            "announces": self._announces(),
            "next_review_on": _days(self.reviews.next_on),
            "class": class_of(ways.compiled),
            "stop": text(*([(ways.stopped, Words((*ids, ""), ways.stop))] if ids else []), otherwise=""),
            "policy": text((ALWAYS, Own("policy"))),
            "version": text((ALWAYS, Own("version"))),
            "table_row": row_of(ways.compiled),
            "source": self._by_step(acts, sources),
            "reasons_json": Column("reasons_json", ()),
        }  # fmt: skip

    def _by_step(self, when: Node, table: Iterator[str | None] | Sequence[str | None]) -> Column:
        """What the table tells of the step that is taken; nothing where none is."""
        return text((when, Words((*table, None), self.ways.step)))

    def _as_of(self) -> Column:
        if self.asks_for_moment:
            return Column("moment", (Case(ALWAYS, Constant(self.ways.question.as_of)),))
        return Column("day", (Case(ALWAYS, Day(self.ways.today.number)),))

    # When

    def _opening(self, minute: Node) -> Column:
        limited = self.ways.openings.limited
        return Column("moment", (Case(self.ways.contacts, Minute(minute)),) if limited else ())

    def _until(self) -> Column:
        """A day; with a moment as `as_of`, a moment, a day being its first."""
        ways = self.ways
        outside = ways.both(ways.outside_hours, ways.stepping)
        (stops, stop_until), (idle, idle_until) = self.reviews.stop_until, self.reviews.idle_until
        ends = ways.both(stops, ways.no(ways.decided("clear")))
        limited = ways.both(ways.is_limited, ways.stepping)
        days = ((ends, stop_until), (idle, idle_until), (limited, ways.limited_until))
        if not self.asks_for_moment:
            cases = [Case(when, Day(day)) for when, day in ((outside, ways.openings.day), *days)]
            return Column("day", tuple(cases))
        minutes = ((when, ways.b.mul(day, ways.b.const(DAY))) for when, day in days)
        cases = [Case(when, Minute(minute)) for when, minute in ((outside, ways.openings.start), *minutes)]
        return Column("moment", tuple(cases))

    # How

    def _channels(self) -> tuple[Node, Mapping[str, tuple[str | None, ...]]]:
        """The number of the channel among those of all steps, and what is told of each: channels take turns, or
        give way to the next where they did not deliver."""
        b, first = self.ways.b, 0
        rows: list[tuple[str | None, str | None, str | None]] = []
        numbers = []
        for here, step in zip(self.ways.here, self.steps, strict=True):
            if step.channels:
                numbers.append((here, b.add(b.const(first), self._turn(step))))
                rows += (_told_of(step, number) for number in range(len(step.channels)))
                first = len(rows)
        columns = zip(*rows, strict=True) if rows else ((), (), ())
        tables = dict(zip(("channel", "fallback", "audience"), map(tuple, columns), strict=True))
        return self.ways.chosen(numbers, b.const(0)), tables

    def _turn(self, step: Step) -> Node:
        """Which of its channels a step uses."""
        b, facts, size = self.ways.b, self.ways.facts, len(step.channels)
        failed = facts.of_step(step, "failed")
        if not step.in_turn:
            return b.min(failed, b.const(size - 1))
        turns = facts.of_step(step, "count")
        if f"steps.{step.id}.turns" in facts:
            # In force or not, turns go on.
            turns = b.max(turns, facts.of_step(step, "turns"))
        turn = b.add(turns, failed)
        rounds = b.mul(b.div_round(turn, b.const(size), "down"), b.const(size))
        return b.within(b.sub(turn, rounds), 0, size - 1)

    # Who

    def _role(self) -> Column:
        ways, b = self.ways, self.ways.b
        often = ways.chosen(
            (
                (here, b.compare("<=", b.const(step.escalate.after), self.ways.count))
                for here, step in zip(ways.here, self.steps, strict=True)
                if step.escalate is not None
            ),
            b.false,
        )
        above = tuple(None if step.escalate is None else step.escalate.to for step in self.steps)
        own = tuple(step.role for step in self.steps)
        by = tuple(stop.by for stop in ways.stops)
        reviewed = ways.both(ways.stopped, ways.decided("review"))
        return text(
            (ways.both(ways.acts, often), Words((*above, None), ways.step)),
            (ways.acts, Words((*own, None), ways.step)),
            (reviewed, Words((*by, None), ways.stop)),
        )

    # For what

    def _charge_ids(self) -> Column:
        """A step of legal effect is about what a delivered, expired demand covered."""
        ways = self.ways
        about = (
            ("covered_charge_ids", lambda step: step.legal),
            ("open_charge_ids", lambda step: not step.legal and ways.policy.asks_for_all(step)),
            ("overdue_charge_ids", lambda step: not step.legal and not ways.policy.asks_for_all(step)),
        )  # fmt: skip
        return Column("texts", tuple(self._where(test, Own(name, "texts")) for name, test in about))

    def _amounts(self, acts: Node) -> Iterator[Case]:
        ways = self.ways
        for number, step in enumerate(self.steps):
            if step.amount is not None:
                amount = Money(ways.totals[f"step.{number}.amount"])
                yield Case(ways.both(acts, ways.here[number]), amount)
        yield self._where(lambda step: step.amount is None and step.legal, Own("demand_covers", "money"))
        yield self._where(lambda step: step.amount is None and not step.legal, Own("overdue", "money"))

    def _where(self, test: Callable[[Step], bool], told: Told) -> Case:
        return Case(self.ways.both(self.ways.acts, self.ways.any_step(test)), told)

    def _announces(self) -> Column:
        table = (*(tuple(step.announces) for step in self.steps), ())
        return Column("texts", (Case(self.ways.acts, Lists(table, self.ways.step)),))

    # The message

    def fields(self) -> Iterator[Field]:
        """The fields of the message; those that have nothing to tell are left out."""
        ways, facts = self.ways, self.ways.facts
        yield self._field("account_id", ALWAYS, Own(self.key))
        for case in self._amounts(ways.b.true):
            yield self._field("amount", case.when, case.told)
        yield self._field("late_fee_due", ALWAYS, Own("late_fee_due", "money"))
        yield self._field("days_overdue", facts.present("days_overdue"), Own("days_overdue", "count"))
        yield self._field("oldest_due_on", facts.present("oldest_due_on"), Own("oldest_due_on", "day"))
        yield self._field("unpaid_periods", ALWAYS, Own("unpaid_periods", "count"))
        yield self._field("promised_on", facts.present("promised_on"), Own("promised_on", "day"))
        yield self._field("fee", ways.any_step(lambda step: step.fee is not None), Money(ways.fee))
        periods = [self.ways.compiled.terms.period_of(step.id) for step in self.steps]
        for here, period in zip(ways.here, periods, strict=True):
            if period is not None:
                yield self._field("pay_by", here, Day(ways.today.after(period)))

    def _field(self, name: str, when: Node, told: Told) -> Field:
        return Field(when, (f"{as_json(name)}: ", told))


def _told_of(step: Step, number: int) -> tuple[str | None, str | None, str | None]:
    """What is told of one channel of a step."""
    turns, failed = (number, 0) if step.in_turn else (0, number)
    return channels_of(step, turns, failed)


def _days(dated: Dated) -> Column:
    is_there, day = dated
    return Column("day", (Case(is_there, Day(day)),))
