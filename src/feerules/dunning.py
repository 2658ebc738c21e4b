"""What do we do next? One account in, a decision with all its reasons out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from feerules.arrears import class_of, contradictory, no_debt
from feerules.assessing import Assessed, Given, assess
from feerules.book import Book
from feerules.calendars import UnknownYear, WorkdayCalendar
from feerules.citations import about_policy
from feerules.clocks import day_of, read_known, read_moment
from feerules.decisions import Act, Clear, Decision, Hold, Moment, Reason, Review, Wait
from feerules.documents.policy import Step, Stop
from feerules.hours import Hours
from feerules.ledger.entries import CLOSING
from feerules.money import from_scaled
from feerules.periods import day_number, from_day_number
from feerules.plan.dunning import Compiled
from feerules.reviewing import next_review

__all__ = ["next_action"]

ONE_DAY = timedelta(days=1)


def next_action(
    account: Given,
    book: Book,
    as_of: date | datetime | str,
    *,
    known_at: date | datetime | str | None = None,
    calendar: WorkdayCalendar | None = None,
) -> Decision:
    """What is to be done with an account: `Act`, `Wait`, `Hold`, `Review` or `Clear`, with every reason.

    With a day as `as_of`, an action names the first hours of that day in which it is allowed; with a moment,
    it is an action only if it is allowed at that moment. `calendar` stands for the book's own. Raises
    `UnitErrors` where no policy (or more than one) applies, or a fact that it asks for is missing.
    """
    as_of, known_at = read_moment(as_of), read_known(known_at)
    assessed = assess(account, book, as_of, known_at)
    return _Deciding(assessed, as_of, known_at, calendar or book.calendar).decision()


class _Deciding:
    """One account on one day: the data, then the stops, then the ladder, then the limits and hours."""

    def __init__(
        self, assessed: Assessed, as_of: Moment, known_at: Moment | None, calendar: WorkdayCalendar | None
    ) -> None:
        self.assessed, self.as_of, self.known_at = assessed, as_of, known_at
        self.answers, self.position = assessed.answers, assessed.position
        self.values: Mapping[str, Any] = self.position.values
        self.policy = assessed.compiled.policy
        self.today = day_of(as_of)
        self.steps = self.policy.ladder.steps if self.policy.ladder else ()
        self.hours = hours_of(assessed.compiled, calendar)
        self.about = about_policy(assessed.compiled)
        self.reasons: list[Reason] = []
        self.ends: list[date] = []  # days on which something that decides now comes to its end

    def decision(self) -> Decision:
        return self._of_the_data() or self._of_the_debt() or self._of_a_stop() or self._of_the_ladder()

    # The data

    def _of_the_data(self) -> Decision | None:
        if self._holds(contradictory(self.assessed)):
            return self._review("", None, None)
        if self._is_stale() or self._is_backwards():
            return self._review("", None, None)
        return None

    def _is_stale(self) -> bool:
        if self.policy.ledger.stale_after is None:
            return False
        most, unit = self.policy.ledger.stale_after
        age = self.values[f"ledger_age_{unit}"]
        if age is None or age <= most:
            return False
        self._because("stale" if unit == "days" else "stale_by_clock", **{unit: age}, most=most)
        return True

    def _is_backwards(self) -> bool:
        """Whether a step was done after the day that is asked about, where the policy minds.

        Not where `known_at` is given: that asks what was right then.
        """
        ladder, account = self.policy.ladder, self.assessed.account
        if ladder is None or ladder.backwards == "allowed" or account is None or self.known_at is not None:
            return False
        steps = {step.id: step for step in ladder.steps}
        later = [
            event
            for event in account.events
            if event.step_id in steps
            and event.effective_on > self.today
            and event.status not in CLOSING
            and event.account_id in (None, account.account_id)
        ]
        if not later:
            return False
        last = max(later, key=lambda event: (event.effective_on, event.event_id))
        step = steps[str(last.step_id)]
        self._because("before_last_step", step, title=self._title(step), day=last.effective_on)
        return True

    def _of_the_debt(self) -> Decision | None:
        if not self._holds(no_debt(self.assessed)):
            return None
        return Clear(**self._common(), stop="")

    # Stops

    def _of_a_stop(self) -> Decision | None:
        number = self.answers["stop"]
        if number == len(self.policy.stops):
            return None
        stop = self.policy.stops[number]
        self._because("stop", stop, title=self._title(stop))
        through = self.answers.get(f"step.through.{number}", len(self.steps))
        if through < len(self.steps):
            self._because("lets_through", stop)
        if self.position.hold_reason:
            self._because("held", what=self.position.hold_reason)
        if through < len(self.steps):
            found = self._of_a_step(self.steps[through])
            if not isinstance(found, Wait):
                return found
        until, is_over = self._end_of(number, stop)
        if until is not None:
            self.ends.append(until)
        if is_over and stop.then in ("wait", "hold"):
            self._because("stop_over", stop)
            return self._review(stop.id, stop.by, until)
        match stop.then:
            case "wait":
                return Wait(**self._common(), until=until)
            case "hold":
                return Hold(**self._common(), stop=stop.id, until=until)
            case "clear":
                return Clear(**self._common(), stop=stop.id)
        return self._review(stop.id, stop.by, until)

    def _end_of(self, number: int, stop: Stop) -> tuple[date | None, bool]:
        """The day on which a stop ends or is looked at again, and whether the day that it named has passed or
        is not known."""
        day = self.answers.get(f"stop.{number}.until", 0)
        if day > day_number(self.today):
            return from_day_number(day), False
        if stop.review is None:
            return None, False  # its conditions end by themselves
        return self.today + timedelta(days=stop.review), bool(stop.until)

    # The ladder

    def _of_the_ladder(self) -> Decision:
        self._holds(class_of(self.assessed))
        number = self.answers.get("step", 0)
        if number < len(self.steps):
            return self._of_a_step(self.steps[number])
        if not self.steps:
            self._because("no_ladder")
            return Wait(**self._common(), until=None)
        until = self._resting()
        if not any(reason.code in ("resting", "used_up") for reason in self.reasons):
            self._because("nothing_due")
        return Wait(**self._common(), until=until)

    def _resting(self) -> date | None:
        """Why the steps whose conditions hold are not due now, and the first day on which one is."""
        ends = []
        for number, step in enumerate(self.steps):
            if not self.answers[f"step.{number}.met"]:
                continue
            if not self.answers[f"step.{number}.left"]:
                count = self.values[f"steps.{step.id}.count"]
                self._because("used_up", step, title=self._title(step), count=count)
            elif not self.answers[f"step.{number}.rested"]:
                gap = max(step.gap or 0, 1)
                days = self._days_since(step, gap)
                until = max(self.today + timedelta(days=gap - days), self.today + ONE_DAY)
                self._because("resting", step, title=self._title(step), days=days, until=until)
                ends.append(until)
        return min(ends, default=None)

    def _days_since(self, step: Step, gap: int) -> int:
        """Since the step that rests was done, or since a try that does not count and yet holds it back."""
        tried = self.values.get(f"steps.{step.id}.tried")
        since: tuple[int | None, ...] = (self.values[f"steps.{step.id}.days"], tried)
        # By the clock, a step may rest on its last day too.
        return min((days for days in since if days is not None and days < gap), default=gap)

    # A step

    def _of_a_step(self, step: Step) -> Decision:
        self._because("due", step, title=self._title(step))
        opening = None
        if step.channels:
            blocked = self._limited()
            if blocked is not None:
                self.ends.append(blocked)
                return Wait(**self._common(), until=blocked)
            try:
                opening = self.hours.first(self.as_of)
            except UnknownYear:
                self._because("unknown_year")
                return self._review("", None, None)
            if opening is None:
                self._because("no_hours")
                return self._review("", None, None)
            if not self._is_now(opening.day, opening.start):
                until = opening.start if isinstance(self.as_of, datetime) else opening.day
                self._because("outside_hours", until=opening.start or opening.day)
                self.ends.append(max(opening.day, self.today + ONE_DAY))
                return Wait(**self._common(), until=until)
        start, end = (opening.start, opening.end) if opening else (None, None)
        return self._act(step, start, end)

    def _is_now(self, day: date, start: datetime | None) -> bool:
        if day != self.today:
            return False
        return start is None or not isinstance(self.as_of, datetime) or start <= self.as_of

    def _limited(self) -> date | None:
        """The first day on which the limits allow another contact, where today they do not."""
        limits, values = self.policy.limits, self.values
        week, day = limits.week, limits.day
        if week.at_most is not None and values["attempts_week"] >= week.at_most:
            self._because("week_limit")
            return self.today + timedelta(days=7 - self.today.weekday())
        full = (
            day.connected is not None and values["contacts_today"] >= day.connected,
            day.attempts is not None and values["attempts_today"] >= day.attempts,
        )
        if any(full):
            self._because("day_limit")
            return self.today + ONE_DAY
        since = values["days_since_attempt"]
        if limits.gap is not None and since is not None and since < limits.gap:
            self._because("contact_gap", days=since)
            return self.today + timedelta(days=limits.gap - since)
        if week.target is not None and values["contacts_week"] < week.target:
            self._because("week_target", count=values["contacts_week"], target=week.target)
        return None

    def _act(self, step: Step, start: datetime | None, end: datetime | None) -> Act:
        count = self.values[f"steps.{step.id}.count"]
        failed = self.values.get(f"steps.{step.id}.failed", 0)
        # In force or not, turns go on; a position that is told by hand may have counts alone.
        turns = max(self.values.get(f"steps.{step.id}.turns", 0), count)
        channel, fallback, audience = channels_of(step, turns, failed)
        role, approval = step.role, step.approval
        if step.escalate is not None and count >= step.escalate.after:
            role = step.escalate.to
            self._because("escalated", step, title=self._title(step), count=count, role=role)
        if approval is not None and self.values.get(f"steps.{step.id}.approved"):
            approval = None
        if approval is not None:
            self._because("needs_approval", step, role=approval)
        amount, charge_ids = self._asked(step)
        fee = from_scaled(self.answers.get(f"step.{self.steps.index(step)}.fee", 0), 2)
        if fee:
            self._because("costs", step, amount=fee)
        self._warn()
        if step.channels:
            later = self.hours.changes_after(self.today)
            self.ends += [later] if later else []
        return Act(
            **self._common(),
            step_id=step.id,
            title=self._title(step),
            channel=channel,
            fallback=fallback,
            audience=audience,
            not_before=start,
            not_after=end,
            role=role,
            needs_approval=approval,
            legal=step.legal,
            charge_ids=charge_ids,
            amount=amount,
            fee=fee,
            template=step.template or step.id,
            message=self._message(step, amount, fee),
            announces=step.announces,
            source=self.about.rules[id(step)].source or self.about.source,
        )

    def _warn(self) -> None:
        """What whoever asks for money must know before."""
        if "stray_credit" in self.position.warnings:
            self._because("stray_credit", amount=self.position["credit"])
        days = self.values["limitation_in_days"]
        if days is not None and days < 0:
            self._because("time_barred", day=self.position["limitation_on"])

    def _asked(self, step: Step) -> tuple[Decimal, tuple[str, ...]]:
        """What a step asks for, and the charges that it is about; a step of legal effect only for what a
        delivered, expired demand covered."""
        position = self.position
        if step.amount is not None:
            amount = from_scaled(self.answers[f"step.{self.steps.index(step)}.amount"], 2)
        else:
            amount = position["demand_covers" if step.legal else "overdue"]
        if step.legal:
            return amount, position.covered_charge_ids
        return amount, position.open_charge_ids if self.policy.asks_for_all(
            step
        ) else position.overdue_charge_ids

    def _message(self, step: Step, amount: Decimal, fee: Decimal) -> Mapping[str, Any]:
        position = self.position
        told: dict[str, Any] = {
            "account_id": position.account_id,
            "amount": amount,
            "late_fee_due": position["late_fee_due"],
            "days_overdue": position["days_overdue"],
            "oldest_due_on": position["oldest_due_on"],
            "unpaid_periods": position["unpaid_periods"],
            "promised_on": position["promised_on"],
        }
        if step.fee is not None:
            told["fee"] = fee
        period = self.assessed.compiled.terms.period_of(step.id)
        if period is not None:
            told["pay_by"] = self.today + timedelta(days=period)
        return {name: value for name, value in told.items() if value is not None}

    # What every decision has

    def _holds(self, reason: Reason | None) -> bool:
        """Keeps the reason, where there is one."""
        self.reasons += [reason] if reason else []
        return reason is not None

    def _because(self, code: str, rule: Stop | Step | None = None, **told: Any) -> None:
        if rule is None:
            self.reasons.append(Reason(code, told))
        else:
            about = self.about.rules[id(rule)]
            self.reasons.append(Reason(code, told, rule.id, about.where, about.source))

    def _title(self, rule: Stop | Step) -> Mapping[str, str]:
        return self.about.rules[id(rule)].title

    def _review(self, stop: str, by: str | None, until: date | None) -> Review:
        return Review(**self._common(), stop=stop, by=by, until=until)

    def _common(self) -> dict[str, Any]:
        return {
            "account_id": self.position.account_id,
            "party_id": self.position.party_id,
            "as_of": self.as_of,
            "known_at": self.known_at,
            "kind": self.assessed.kind,
            "reasons": tuple(self.reasons),
            "next_review_on": next_review(self.assessed, self.today, self.ends),
            "policy": self.policy.id,
            "version": self.policy.version_name,
            "table_row": self.assessed.table_row,
            "position": self.position,
        }


_hours: WeakKeyDictionary[Compiled, tuple[WorkdayCalendar | None, Hours]] = WeakKeyDictionary()


def hours_of(compiled: Compiled, calendar: WorkdayCalendar | None) -> Hours:
    """The hours of a policy over a calendar, which remember the days that were asked about."""
    known = _hours.get(compiled)
    if known is None or known[0] is not calendar:
        policy = compiled.policy
        known = _hours[compiled] = calendar, Hours.of(policy.windows, policy.limits.quiet, calendar)
    return known[1]


def channels_of(step: Step, turns: int, failed: int) -> tuple[str | None, str | None, str | None]:
    """The channel to use, the one to fall back on, and who sees what is sent: channels take turns, or give
    way to the next where they did not deliver."""
    channels: Sequence[Any] = step.channels
    if not channels:
        return None, None, None
    at = (turns + failed) % len(channels) if step.in_turn else min(failed, len(channels) - 1)
    following = (at + 1) % len(channels) if step.in_turn else at + 1
    fallback = channels[following].channel if following < len(channels) and following != at else None
    return channels[at].channel, fallback, channels[at].seen_by
