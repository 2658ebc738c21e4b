"""The decision about each account of a frame, as columns: `dunning.next_action` for all of them at once.

The position and the answers of the policy's plan stand in the columns; what is decided follows by expressions,
and what is the same for all accounts of a policy (hours, words, rules) from small tables of its stops and steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import polars as pl

from feerules.action_rows import ActionRows
from feerules.calendars import UnknownYear, WorkdayCalendar
from feerules.citations import source_of, titles
from feerules.clocks import day_of
from feerules.documents.policy import Step, Stop
from feerules.frames import to_decimal
from feerules.hours import Hours, Opening
from feerules.ledger.contradictions import CONTRADICTIONS
from feerules.periods import day_number, from_day_number
from feerules.plan.dunning import Compiled
from feerules.reason_columns import (
    Why,
    after,
    by_step,
    entry,
    fact,
    first_of,
    json_day,
    json_money,
    json_text,
)
from feerules.reviewing import ACCRUING, COUNTING_DOWN, DAILY, THIS_WEEK, TODAY, is_counting_up
from feerules.vocabulary import MOST_MONEY

__all__ = ["Actions"]

ONE_DAY = timedelta(days=1)
Moment = date | datetime
_NO_TEXT = pl.lit(None, pl.String)
_NO_DAY = pl.lit(None, pl.Date)


class Actions:
    """The decisions under one policy on one day."""

    def __init__(
        self,
        compiled: Compiled,
        as_of: Moment,
        known_at: Moment | None,
        calendar: WorkdayCalendar | None,
        policies_change_on: int | None,
    ) -> None:
        self.policies_change_on = policies_change_on
        self.compiled, self.policy = compiled, compiled.policy
        self.as_of, self.known_at, self.today = as_of, known_at, day_of(as_of)
        self.steps = self.policy.ladder.steps if self.policy.ladder else ()
        self.stops = self.policy.stops
        self.totals = compiled.plan.totals
        self.hours = Hours.of(self.policy.windows, self.policy.limits.quiet, calendar)
        self.why = Why()

    def of(self, rows: pl.DataFrame, key: str) -> pl.DataFrame:
        """A row for each of `rows`, which are judged positions; `key` names the account in both."""
        rows = self._chosen(rows)
        rows = self._blocked(rows)
        self._reasons()
        rows = self.why.told(rows).with_columns(self._what())
        rows = rows.with_columns(self._next_review().alias("next_review_on"))
        told = ActionRows(self.compiled, self.as_of, self.known_at, self.opening, self.bar, key)
        return rows.select("#acc", fact(key).alias(key), *told.columns())

    # What decides

    def _flag(self, name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Boolean)

    def _chosen(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Which of the ways is gone (~way), by which stop, to which step (their number for none)."""
        most = self.policy.ledger.stale_after
        stale = pl.lit(False) if most is None else (fact(f"ledger_age_{most[1]}") > most[0]).fill_null(False)
        ladder_ = self.policy.ladder
        minds = ladder_ is not None and ladder_.backwards != "allowed" and self.known_at is None
        backwards = fact("later_step").is_not_null() if minds else pl.lit(False)
        stops, steps = len(self.stops), len(self.steps)
        way = first_of(
            (fact("contradictions").list.len() > 0, "contradictory"),
            (stale, "stale"),
            (backwards, "backwards"),
            (~self._flag("owes"), "clear"),
            (pl.col("stop") < stops, "stop"),
            otherwise="ladder",
        )
        through: pl.Expr = pl.lit(steps)
        for number in range(stops):
            if f"step.through.{number}" in self.totals:
                through = (
                    pl.when(pl.col("stop") == number)
                    .then(pl.col(f"step.through.{number}"))
                    .otherwise(through)
                )
        ladder = pl.col("step") if "step" in self.totals else pl.lit(steps)
        rows = rows.with_columns(way.alias("~way"), through.cast(pl.Int64).alias("~through"))
        step = first_of(
            (pl.col("~way") == "stop", pl.col("~through")),
            (pl.col("~way") == "ladder", ladder),
            otherwise=pl.lit(steps),
        ).cast(pl.Int64)
        fees: pl.Expr = pl.lit(0)
        for number in range(steps):
            if f"step.{number}.fee" in self.totals:
                fees = pl.when(pl.col("~step") == number).then(pl.col(f"step.{number}.fee")).otherwise(fees)
        return rows.with_columns(step.alias("~step")).with_columns(
            to_decimal(fees, 2, most=MOST_MONEY).alias("~fee"),
            entry([bool(each.channels) for each in self.steps], pl.col("~step"), pl.Boolean).fill_null(False).alias("~contact"),
            by_step(self.steps, lambda step: fact(f"steps.{step.id}.count"), pl.Int64).fill_null(0).alias("~count"),
            by_step(self.steps, lambda step: fact(f"steps.{step.id}.failed"), pl.Int64).fill_null(0).alias("~failed"),
            by_step(self.steps, lambda step: fact(f"steps.{step.id}.approved"), pl.Boolean).fill_null(False).alias("~approved"),
        )  # fmt: skip

    def _blocked(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What keeps a contact from being made now (~bar), and until when the limits do (~blocked)."""
        limits = self.policy.limits
        week, day, since = limits.week, limits.day, fact("days_since_attempt")
        no = pl.lit(False)
        weekly = no if week.at_most is None else fact("attempts_week") >= week.at_most
        daily = no if day.connected is None else fact("contacts_today") >= day.connected
        daily = daily if day.attempts is None else daily | (fact("attempts_today") >= day.attempts)
        near = no if limits.gap is None else (since < limits.gap).fill_null(False)
        monday = self.today + timedelta(days=7 - self.today.weekday())
        bar = pl.when(weekly).then(pl.lit("week_limit")).when(daily).then(pl.lit("day_limit"))
        bar = bar.when(near).then(pl.lit("contact_gap"))
        until = pl.when(weekly).then(pl.lit(monday)).when(daily).then(pl.lit(self.today + ONE_DAY))
        if limits.gap is not None:
            until = until.when(near).then(pl.lit(self.today) + after(limits.gap - since))
        touches = pl.col("~contact")
        rows = rows.with_columns(
            pl.when(touches).then(bar).alias("~bar"),
            pl.when(touches).then(until).cast(pl.Date).alias("~blocked"),
        )
        self.opening, self.bar = self._opening(bool(rows["~contact"].any()))
        held = pl.col("~bar").is_null() & touches
        rows = rows.with_columns(
            pl.when(held).then(pl.lit(self.bar, pl.String)).otherwise(pl.col("~bar")).alias("~bar")
        )
        # What a stop lets through and must wait leaves the stop as it is.
        waits = ~pl.col("~bar").is_in(["unknown_year", "no_hours"]).fill_null(True)
        stepping = (pl.col("~step") < len(self.steps)) & ~((pl.col("~way") == "stop") & waits)
        return rows.with_columns(
            (stepping & pl.col("~bar").is_null()).alias("~acts"), stepping.alias("~stepping")
        )

    def _opening(self, asked: bool) -> tuple[Opening | None, str | None]:
        """The first hours that are allowed, the same for all, and what bars a contact now."""
        if not asked:
            return None, None
        try:
            opening = self.hours.first(self.as_of)
        except UnknownYear:
            return None, "unknown_year"
        if opening is None:
            return None, "no_hours"
        now = opening.day == self.today and (
            opening.start is None or not isinstance(self.as_of, datetime) or opening.start <= self.as_of
        )
        return opening, None if now else "outside_hours"

    # Reasons, in the order in which they come up

    def _reasons(self) -> None:
        because, way = self.why.because, pl.col("~way")
        what = pl.struct(_contradictions(0).alias("zh"), _contradictions(1).alias("en")).struct.json_encode()
        because(way == "contradictory", "contradictory", None, {"what": what})
        if self.policy.ledger.stale_after is not None:
            most, unit = self.policy.ledger.stale_after
            told = "stale" if unit == "days" else "stale_by_clock"
            age = fact(f"ledger_age_{unit}").cast(pl.String)
            because(way == "stale", told, None, {unit: age, "most": most})
        for step in self.steps:
            here = (way == "backwards") & (fact("later_step") == step.id)
            fields = {"title": titles(step.title, step.id), "day": json_day(fact("later_on"))}
            because(here, "before_last_step", step, fields)
        some, least = fact("outstanding") > 0, format(self.policy.minimum, "f")
        because(
            (way == "clear") & some,
            "below_minimum",
            None,
            {"amount": json_money(fact("overdue")), "least": least},
        )
        because((way == "clear") & ~some, "nothing_owed")
        for number, stop in enumerate(self.stops):
            here = (way == "stop") & (pl.col("stop") == number)
            because(here, "stop", stop, {"title": titles(stop.title, stop.id)})
            if stop.lets_through:
                because(here & (pl.col("~through") < len(self.steps)), "lets_through", stop)
        held = (way == "stop") & fact("hold_reason").is_not_null()
        because(held, "held", None, {"what": json_text(fact("hold_reason"))})
        self._class()
        self._resting()
        for number, step in enumerate(self.steps):
            self._of_a_step(pl.col("~step") == number, step)
        self._warn()
        for number, stop in enumerate(self.stops):
            because(
                self._stopped & (pl.col("stop") == number) & self._is_over(number, stop), "stop_over", stop
            )

    def _class(self) -> None:
        policy, compiled = self.policy, self.compiled
        here, kind = pl.col("~way") == "ladder", pl.col("~class")
        for word in compiled.classes:
            title = titles(policy.class_titles.get(word), word)
            told = {"title": title or word, "row": json_text(pl.col("table_row"))}
            place = "" if policy.classes is None else str(policy.classes.where)
            self.why.add(here & (kind == word), "class", told, (word, place, source_of(policy.source)))

    def _resting(self) -> None:
        """Why the steps whose conditions hold are not due now."""
        idle = (pl.col("~way") == "ladder") & ~pl.col("~stepping")
        if not self.steps:
            self.why.because(idle, "no_ladder")
            return
        any_: pl.Expr = pl.lit(False)
        for number, step in enumerate(self.steps):
            met = idle & self._flag(f"step.{number}.met")
            left, rested = self._flag(f"step.{number}.left"), self._flag(f"step.{number}.rested")
            title = titles(step.title, step.id)
            count, days = fact(f"steps.{step.id}.count"), self._days_since(step)
            self.why.because(met & ~left, "used_up", step, {"title": title, "count": count.cast(pl.String)})
            told = {"title": title, "days": days.cast(pl.String), "until": json_day(self._rests_until(step))}
            self.why.because(met & left & ~rested, "resting", step, told)
            any_ = any_ | (met & (~left | ~rested))
        self.why.because(idle & ~any_, "nothing_due")

    def _rests_until(self, step: Step) -> pl.Expr:
        rested = pl.lit(self.today) + after(_gap_of(step) - self._days_since(step))
        return pl.max_horizontal(rested.cast(pl.Date), pl.lit(self.today + ONE_DAY))

    def _days_since(self, step: Step) -> pl.Expr:
        """Since the step that rests was done, or since a try that does not count and yet holds it back."""
        gap, own = _gap_of(step), self.compiled.own
        names = [name for name in (f"steps.{step.id}.days", f"steps.{step.id}.tried") if name in own]
        # By the clock, a step may rest on its last day too.
        since = (pl.when(fact(name) < gap).then(fact(name)) for name in names)
        return pl.min_horizontal(since).fill_null(gap)

    def _of_a_step(self, here: pl.Expr, step: Step) -> None:
        because, bar, limits = self.why.because, pl.col("~bar"), self.policy.limits
        title = titles(step.title, step.id)
        because(here, "due", step, {"title": title})
        if step.channels:
            for code in ("week_limit", "day_limit"):
                because(here & (bar == code), code)
            since = fact("days_since_attempt").cast(pl.String)
            because(here & (bar == "contact_gap"), "contact_gap", None, {"days": since})
            if limits.week.target is not None:
                free = bar.is_null() | bar.is_in(["unknown_year", "no_hours", "outside_hours"])
                few, count = fact("contacts_week") < limits.week.target, fact("contacts_week").cast(pl.String)
                because(
                    here & free & few, "week_target", None, {"count": count, "target": limits.week.target}
                )
            for code in ("unknown_year", "no_hours"):
                because(here & (bar == code), code)
            if self.opening is not None:
                until = self.opening.start or self.opening.day
                because(here & (bar == "outside_hours"), "outside_hours", None, {"until": until.isoformat()})
        here = here & pl.col("~acts")
        if step.escalate is not None:
            told = {"title": title, "count": pl.col("~count").cast(pl.String), "role": step.escalate.to}
            because(here & (pl.col("~count") >= step.escalate.after), "escalated", step, told)
        if step.approval is not None:
            because(here & ~pl.col("~approved"), "needs_approval", step, {"role": step.approval})
        if step.fee is not None:
            because(here & (pl.col("~fee") != 0), "costs", step, {"amount": json_money(pl.col("~fee"))})

    def _warn(self) -> None:
        """What whoever asks for money must know before."""
        acts, because = pl.col("~acts"), self.why.because
        stray = fact("warnings").list.contains("stray_credit")
        because(acts & stray, "stray_credit", None, {"amount": json_money(fact("credit"))})
        barred = (fact("limitation_in_days") < 0).fill_null(False)
        because(acts & barred, "time_barred", None, {"day": json_day(fact("limitation_on"))})

    # What is decided

    _stopped = (pl.col("~way") == "stop") & ~pl.col("~stepping")

    def _is_over(self, number: int, stop: Stop) -> pl.Expr:
        """Whether the day that a stop named has passed, or is not known: then a person decides."""
        if not stop.until or stop.review is None or stop.then not in ("wait", "hold"):
            return pl.lit(False)
        return pl.col(f"stop.{number}.until") <= day_number(self.today)

    def _what(self) -> list[pl.Expr]:
        way, stepping, bar = pl.col("~way"), pl.col("~stepping"), pl.col("~bar")
        stopped = self._stopped
        verdict = entry([stop.then for stop in self.stops], pl.col("stop"))
        for number, stop in enumerate(self.stops):
            over = (pl.col("stop") == number) & self._is_over(number, stop)
            verdict = pl.when(over).then(pl.lit("review")).otherwise(verdict)
        odd = bar.is_in(["unknown_year", "no_hours"]).fill_null(False)
        decision = first_of(
            (way.is_in(["contradictory", "stale", "backwards"]), "review"),
            (way == "clear", "clear"),
            (stopped, verdict),
            (~stepping, "wait"),
            (pl.col("~acts"), "act"),
            (odd, "review"),
            otherwise="wait",
        )
        ends = [
            (self._end_of(number, stop)).alias(f"~until{number}") for number, stop in enumerate(self.stops)
        ]
        until: pl.Expr = _NO_DAY
        for number, end in enumerate(ends):
            until = pl.when(pl.col("stop") == number).then(end).otherwise(until)
        return [
            decision.alias("decision"),
            pl.when(stopped).then(until).cast(pl.Date).alias("~stop_until"),
            pl.when(stopped)
            .then(entry([stop.id for stop in self.stops], pl.col("stop")))
            .otherwise(pl.lit(""))
            .alias("stop_id"),
            pl.when(stopped).then(entry([stop.by for stop in self.stops], pl.col("stop"))).alias("~by"),
            self._idle_until().alias("~idle_until"),
        ]

    def _end_of(self, number: int, stop: Stop) -> pl.Expr:
        after = _NO_DAY if stop.review is None else pl.lit(self.today + timedelta(days=stop.review))
        if f"stop.{number}.until" not in self.totals:
            return after
        day = pl.col(f"stop.{number}.until")
        return pl.when(day > day_number(self.today)).then(day.cast(pl.Int32).cast(pl.Date)).otherwise(after)

    def _idle_until(self) -> pl.Expr:
        """The first day on which a step that rests is due again."""
        idle = (pl.col("~way") == "ladder") & ~pl.col("~stepping")
        ends = [
            pl.when(
                idle
                & self._flag(f"step.{n}.met")
                & self._flag(f"step.{n}.left")
                & ~self._flag(f"step.{n}.rested")
            ).then(self._rests_until(step))
            for n, step in enumerate(self.steps)
        ]
        return pl.min_horizontal(ends).cast(pl.Date) if ends else _NO_DAY

    # When to look again

    def _next_review(self) -> pl.Expr:
        today = self.today
        days = [
            pl.col("~stop_until"),
            pl.col("~blocked"),
            fact("changes_on"),
        ]
        if self.opening is not None and self.bar == "outside_hours":
            end = max(self.opening.day, today + ONE_DAY)
            days.append(pl.when(pl.col("~bar") == "outside_hours").then(pl.lit(end)))
        if self.opening is not None and self.bar is None:
            later = self.hours.changes_after(today)
            days.append(pl.when(pl.col("~acts") & pl.col("~contact")).then(pl.lit(later, pl.Date)))
        if self.policies_change_on is not None:
            days.append(pl.lit(from_day_number(self.policies_change_on)))
        days += self._crossings()
        stale = self.policy.ledger.stale_after
        if stale is not None:
            age = fact("ledger_age_days")
            # By the clock it can be stale on any day.
            most = pl.lit(stale[0]) if stale[1] == "days" else age
            days.append(pl.lit(today) + after(most - age + 1))
        ahead = [pl.when(each.cast(pl.Date) > today).then(each.cast(pl.Date)) for each in days]
        return pl.min_horizontal(ahead)

    def _crossings(self) -> list[pl.Expr]:
        """When a fact that the policy asks for crosses one of its cuts."""
        today = self.today
        tomorrow, monday = today + ONE_DAY, today + timedelta(days=7 - today.weekday())
        found = []
        for name, cuts in self.compiled.cuts.items():
            if name not in self.compiled.own or cuts == ():
                continue
            value = fact(name)
            if name in DAILY:
                found.append(pl.lit(tomorrow))
            elif name in ACCRUING:
                found.append(pl.when(fact("overdue") > 0).then(pl.lit(tomorrow)))
            elif name in TODAY:
                found.append(pl.when(value > 0).then(pl.lit(tomorrow)))
            elif name in THIS_WEEK:
                found.append(pl.when(value > 0).then(pl.lit(monday)))
            elif is_counting_up(name):
                ahead = value + 1 if cuts is None else self._cut(cuts, value, 0)
                found.append(pl.lit(today) + after(ahead - value))
            elif name in COUNTING_DOWN:
                below = value if cuts is None else self._cut(cuts, value, -1)
                found.append(pl.lit(today) + after(value - below + 1))
        return found

    def _cut(self, cuts: Sequence[int], value: pl.Expr, offset: int) -> pl.Expr:
        """The first cut above a value, or with an offset of -1 the last at or below it."""
        at = (
            pl.lit(pl.Series(cuts, dtype=pl.Int64)).search_sorted(value, side="right").cast(pl.Int64) + offset
        )
        found = pl.lit(pl.Series([*cuts, None], dtype=pl.Int64)).gather(
            pl.when(at < 0).then(len(cuts)).otherwise(at)
        )
        return pl.when(value.is_not_null()).then(found)


def _gap_of(step: Step) -> int:
    return max(step.gap or 0, 1)


def _contradictions(language: int) -> pl.Expr:
    """What contradicts what, in the words of `CONTRADICTIONS`: Chinese (0) or English (1)."""
    code, name = (pl.element().struct.field(each) for each in ("code", "id"))
    said = code.replace_strict(
        list(CONTRADICTIONS), [words[language] for words in CONTRADICTIONS.values()], return_dtype=pl.String
    )
    told = pl.format("{}: {}", name, said) if language else pl.format("{}（{}）", said, name)
    return fact("contradictions").list.eval(told).list.join("; " if language else "、")
