"""Why a decision is what it is: its reasons, in the order in which they come up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from feerules.citations import source_of, titles
from feerules.deciding.facts import STRAY_CREDIT
from feerules.deciding.questions import OUTSIDE_HOURS
from feerules.deciding.reviews import Reviews
from feerules.deciding.told import (
    Because,
    Contradictions,
    Count,
    Day,
    Minute,
    Money,
    Own,
    Part,
    Told,
    Words,
    as_json,
    json_parts,
)
from feerules.documents.policy import Step, Stop
from feerules.plan.nodes import Node

__all__ = ["because", "reasons_of"]


def because(
    when: Node, code: str, rule: Stop | Step | None = None, told: Mapping[str, Any] | None = None
) -> Because:
    """`told` are its fields: values that a node gives, or what is the same for all."""
    where = ("", "", {}) if rule is None else (rule.id, str(rule.where), source_of(rule.source))
    return _reason(when, code, told or {}, where)


def _reason(
    when: Node, code: str, told: Mapping[str, Any], where: tuple[str, str, Mapping[str, str]]
) -> Because:
    parts: list[Part] = [f'{{"code": {as_json(code)}, "fields": {{']
    for number, (name, value) in enumerate(told.items()):
        parts.append(f"{', ' if number else ''}{as_json(name)}: ")
        parts.append(value if isinstance(value, Told) else as_json(value))
    rule, place, source = map(as_json, where)
    parts.append(f'}}, "rule": {rule}, "where": {place}, "source": {source}}}')
    return Because(when, code, json_parts(*parts))


def reasons_of(reviews: Reviews) -> tuple[Because, ...]:
    """Every reason that can come up; those of conditions that never hold are left out."""
    found = _Reasons(reviews).all()
    return tuple(each for each in found if each.when.hi)


class _Reasons:
    def __init__(self, reviews: Reviews) -> None:
        self.reviews, self.ways = reviews, reviews.ways
        self.facts, self.policy = self.ways.facts, self.ways.policy

    def all(self) -> Iterator[Because]:
        yield from self._of_the_data()
        yield from self._of_the_debt()
        yield from self._of_a_stop()
        yield from self._of_the_class()
        yield from self._of_the_ladder()
        for number, step in enumerate(self.ways.steps):
            yield from self._of_a_step(self.ways.here[number], step)
        yield from self._warnings()
        for number, stop in enumerate(self.ways.stops):
            over = self.ways.both(self.ways.stopped, self.ways.at_stop[number], self.ways.is_over[number])
            yield because(over, "stop_over", stop)

    def _of_the_data(self) -> Iterator[Because]:
        ways = self.ways
        yield because(ways.contradictory, "contradictory", None, {"what": Contradictions()})
        if self.policy.ledger.stale_after is not None:
            most, unit = self.policy.ledger.stale_after
            said = "stale" if unit == "days" else "stale_by_clock"
            yield because(ways.stale, said, None, {unit: self._own_count(f"ledger_age_{unit}"), "most": most})
        for number, step in enumerate(ways.steps):
            here = ways.both(ways.backwards, ways.is_at(self.facts.value("@later_step"), number))
            told = {"title": titles(step.title, step.id), "day": Own("later_on", "day")}
            yield because(here, "before_last_step", step, told)

    def _of_the_debt(self) -> Iterator[Because]:
        ways, some = self.ways, self.ways.above_zero("outstanding")
        least = format(self.policy.minimum, "f")
        told = {"amount": Own("overdue", "money"), "least": least}
        yield because(ways.both(ways.clear, some), "below_minimum", None, told)
        yield because(ways.both(ways.clear, ways.no(some)), "nothing_owed")

    def _of_a_stop(self) -> Iterator[Because]:
        ways = self.ways
        for number, stop in enumerate(ways.stops):
            here = ways.both(ways.at_a_stop, ways.at_stop[number])
            yield because(here, "stop", stop, {"title": titles(stop.title, stop.id)})
            if stop.lets_through:
                yield because(
                    ways.both(here, ways.below(ways.through, len(ways.steps))), "lets_through", stop
                )
        held = ways.both(ways.at_a_stop, self.facts.present("@hold_reason"))
        yield because(held, "held", None, {"what": Own("hold_reason")})

    def _of_the_class(self) -> Iterator[Because]:
        policy, compiled, ways = self.policy, self.ways.compiled, self.ways
        for number, word in enumerate(compiled.classes):
            title = titles(policy.class_titles.get(word), word)
            row = Words(compiled.rows, ways.totals["class.leaf"])
            place = "" if policy.classes is None else str(policy.classes.where)
            here = ways.both(ways.on_the_ladder, ways.is_at(ways.totals["class"], number))
            told = {"title": title or word, "row": row}
            yield _reason(here, "class", told, (word, place, source_of(policy.source)))

    def _of_the_ladder(self) -> Iterator[Because]:
        """Why the steps whose conditions hold are not due now."""
        ways, totals = self.ways, self.ways.totals
        if not ways.steps:
            yield because(ways.idle, "no_ladder")
            return
        told: list[Node] = []
        for number, step in enumerate(ways.steps):
            title = titles(step.title, step.id)
            used_up = ways.both(
                ways.idle, totals[f"step.{number}.met"], ways.no(totals[f"step.{number}.left"])
            )
            count = self._own_count(f"steps.{step.id}.count")
            yield because(used_up, "used_up", step, {"title": title, "count": count})
            rests, days = self.reviews.rests(number), Count(self.reviews.days_since(step))
            until = Day(self.reviews.rests_until(step))
            yield because(rests, "resting", step, {"title": title, "days": days, "until": until})
            told += (used_up, rests)
        yield because(ways.both(ways.idle, ways.no(*told)), "nothing_due")

    def _own_count(self, name: str) -> Own:
        return Own(name, "count")

    # A step

    def _of_a_step(self, here: Node, step: Step) -> Iterator[Because]:
        ways, title = self.ways, titles(step.title, step.id)
        yield because(here, "due", step, {"title": title})
        if step.channels:
            yield from self._of_a_contact(here)
        acts = ways.both(here, ways.acts)
        count = self.facts.of_step(step, "count")
        if step.escalate is not None:
            often = ways.b.compare("<=", ways.b.const(step.escalate.after), count)
            told = {
                "title": title,
                "count": self._own_count(f"steps.{step.id}.count"),
                "role": step.escalate.to,
            }
            yield because(ways.both(acts, often), "escalated", step, told)
        if step.approval is not None:
            approved = self.facts.of_step(step, "approved")
            yield because(ways.both(acts, ways.no(approved)), "needs_approval", step, {"role": step.approval})
        if step.fee is not None:
            costs = ways.b.compare("!=", ways.fee, ways.b.const(0, 2))
            yield because(ways.both(acts, costs), "costs", step, {"amount": Money(ways.fee)})

    def _of_a_contact(self, here: Node) -> Iterator[Because]:
        ways, target = self.ways, self.policy.limits.week.target
        yield because(ways.both(here, ways.week_limit), "week_limit")
        yield because(ways.both(here, ways.day_limit), "day_limit")
        since = self._own_count("days_since_attempt")
        yield because(ways.both(here, ways.near), "contact_gap", None, {"days": since})
        if target is not None:
            few = ways.below(self.facts.value("contacts_week"), target)
            told = {"count": self._own_count("contacts_week"), "target": target}
            yield because(ways.both(here, ways.no(ways.is_limited), few), "week_target", None, told)
        yield because(ways.both(here, ways.unknown_year), "unknown_year")
        yield because(ways.both(here, ways.no_hours), "no_hours")
        if ways.openings.bar.hi == OUTSIDE_HOURS:
            openings = ways.openings
            until = Minute(openings.start) if openings.limited else Day(openings.day)
            yield because(ways.both(here, ways.outside_hours), "outside_hours", None, {"until": until})

    def _warnings(self) -> Iterator[Because]:
        """What whoever asks for money must know before."""
        ways, facts = self.ways, self.facts
        stray = ways.both(ways.acts, facts.value(STRAY_CREDIT))
        yield because(stray, "stray_credit", None, {"amount": Own("credit", "money")})
        late = ways.both(
            facts.present("limitation_in_days"), ways.below(facts.value("limitation_in_days"), 0)
        )
        told = {"day": Own("limitation_on", "day")}
        yield because(ways.both(ways.acts, late), "time_barred", None, told)
