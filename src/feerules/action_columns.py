"""The decision about each account of a frame, as columns: `dunning.next_action` for all of them at once.

The position and the answers of the policy's plan stand in the columns; what is decided follows by expressions,
and what is the same for all accounts of a policy (hours, words, rules) from small tables of its stops and steps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from feerules.assessing import day_of
from feerules.calendars import UnknownYear, WorkdayCalendar
from feerules.documents.policy import Step, Stop
from feerules.hours import Hours, Opening
from feerules.periods import day_number
from feerules.plan.dunning import Compiled
from feerules.reviewing import ACCRUING, COUNTING_DOWN, COUNTING_UP, DAILY, THIS_WEEK, TODAY
from feerules.telling import source_of, titles

__all__ = ["Actions"]

ONE_DAY = timedelta(days=1)
Moment = date | datetime
_NO_TEXT = pl.lit(None, pl.String)
_NO_DAY = pl.lit(None, pl.Date)


def fact(name: str) -> pl.Expr:
    """A fact of the position."""
    return pl.col(f"@{name}")


def _days(count: pl.Expr) -> pl.Expr:
    return pl.duration(days=count)


def _text(day: pl.Expr) -> pl.Expr:
    return day.dt.strftime("%Y-%m-%d")


class _Why:
    """Reasons as they come up: when each does, its code, and it all as JSON."""

    def __init__(self) -> None:
        self.codes: list[pl.Expr] = []
        self.told: list[pl.Expr] = []

    def because(
        self, when: pl.Expr, code: str, rule: Stop | Step | None = None, told: Mapping[str, Any] | None = None
    ) -> None:
        """`told` are its fields: constants, or expressions that give JSON."""
        where = ("", "", {}) if rule is None else (rule.id, str(rule.where), source_of(rule.source))
        self.add(when, code, told or {}, where)

    def add(
        self, when: pl.Expr, code: str, told: Mapping[str, Any], where: tuple[str, str, Mapping[str, str]]
    ) -> None:
        parts: list[Any] = [f'{{"code": {json.dumps(code)}, "fields": {{']
        for number, (name, value) in enumerate(told.items()):
            parts.append(f"{', ' if number else ''}{json.dumps(name)}: ")
            parts.append(value if isinstance(value, pl.Expr) else _json(value))
        rule, place, source = (_json(each) for each in where)
        parts.append(f'}}, "rule": {rule}, "where": {place}, "source": {source}}}')
        text = pl.concat_str([part if isinstance(part, pl.Expr) else pl.lit(part) for part in parts])
        self.codes.append(pl.when(when).then(pl.lit(code)))
        self.told.append(pl.when(when).then(text))

    def columns(self) -> tuple[pl.Expr, pl.Expr]:
        if not self.codes:
            return pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first(), pl.lit("[]")
        text = pl.concat_list(self.told).list.drop_nulls().list.join(", ")
        return pl.concat_list(self.codes).list.drop_nulls(), pl.concat_str(pl.lit("["), text, pl.lit("]"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: pl.Expr) -> pl.Expr:
    """A text as JSON, `null` where there is none."""
    told = pl.struct(text.alias("x")).struct.json_encode()
    return told.str.slice(5, told.str.len_chars() - 6)


def _day(day: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), _text(day), pl.lit('"'))


def _money(amount: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), amount.cast(pl.String), pl.lit('"'))


class Actions:
    """The decisions under one policy on one day."""

    def __init__(
        self, compiled: Compiled, as_of: Moment, known_at: Moment | None, calendar: WorkdayCalendar | None
    ) -> None:
        self.compiled, self.policy = compiled, compiled.policy
        self.as_of, self.known_at, self.today = as_of, known_at, day_of(as_of)
        self.steps = self.policy.ladder.steps if self.policy.ladder else ()
        self.stops = self.policy.stops
        self.totals = compiled.plan.totals
        self.hours = Hours.of(self.policy.windows, self.policy.limits.quiet, calendar)
        self.why = _Why()

    def of(self, rows: pl.DataFrame, charges: pl.DataFrame, ids: pl.Series, key: str) -> pl.DataFrame:
        """A row for each of `rows`; `ids` are the accounts by `#acc`."""
        rows = rows.with_columns(ids.gather(rows["#acc"]).alias("~id"))
        rows = self._chosen(rows)
        rows = self._blocked(rows)
        self._reasons()
        codes, told = self.why.columns()
        rows = rows.with_columns(codes.alias("reasons"), told.alias("reasons_json"), *self._what())
        rows = rows.with_columns(self._next_review().alias("next_review_on"))
        rows = self._with_charges(rows, charges)
        return rows.select("#acc", pl.col("~id").alias(key), *self._columns())

    # What decides

    def _flag(self, name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Boolean)

    def _at(self, table: Sequence[Any], at: pl.Expr, dtype: Any = pl.String) -> pl.Expr:
        """The entry of a small table; null beyond its end."""
        return pl.lit(pl.Series([*table, None], dtype=dtype)).gather(at)

    def _chosen(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Which of the ways is gone (~way), by which stop, to which step (their number for none)."""
        most, age = self.policy.ledger.stale_after, fact("ledger_age_days")
        stale = pl.lit(False) if most is None else (age > most).fill_null(False)
        stops, steps = len(self.stops), len(self.steps)
        way = pl.when(fact("contradictions").list.len() > 0).then(pl.lit("contradictory"))
        way = way.when(stale).then(pl.lit("stale")).when(~self._flag("owes")).then(pl.lit("clear"))
        way = way.when(pl.col("stop") < stops).then(pl.lit("stop")).otherwise(pl.lit("ladder"))
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
        step = pl.when(pl.col("~way") == "stop").then(pl.col("~through"))
        step = step.when(pl.col("~way") == "ladder").then(ladder).otherwise(pl.lit(steps)).cast(pl.Int64)
        return rows.with_columns(step.alias("~step")).with_columns(
            self._at([bool(each.channels) for each in self.steps], pl.col("~step"), pl.Boolean).fill_null(False).alias("~contact"),
            self._by_step(lambda step: fact(f"steps.{step.id}.count"), pl.Int64).fill_null(0).alias("~count"),
            self._by_step(lambda step: fact(f"steps.{step.id}.failed"), pl.Int64).fill_null(0).alias("~failed"),
            self._by_step(lambda step: fact(f"steps.{step.id}.approved"), pl.Boolean).fill_null(False).alias("~approved"),
        )  # fmt: skip

    def _by_step(self, told: Any, dtype: Any) -> pl.Expr:
        found: pl.Expr = pl.lit(None, dtype)
        for number, step in reversed([*enumerate(self.steps)]):
            found = pl.when(pl.col("~step") == number).then(told(step)).otherwise(found)
        return found

    def _blocked(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What keeps a contact from being made now (~bar), and until when the limits do (~blocked)."""
        limits = self.policy.limits
        week, day, since = limits.week, limits.day, fact("days_since_contact")
        no = pl.lit(False)
        weekly = no if week.at_most is None else fact("contacts_week") >= week.at_most
        daily = no if day.connected is None else fact("contacts_today") >= day.connected
        daily = daily if day.attempts is None else daily | (fact("attempts_today") >= day.attempts)
        near = no if limits.gap is None else (since < limits.gap).fill_null(False)
        monday = self.today + timedelta(days=7 - self.today.weekday())
        bar = pl.when(weekly).then(pl.lit("week_limit")).when(daily).then(pl.lit("day_limit"))
        bar = bar.when(near).then(pl.lit("contact_gap"))
        until = pl.when(weekly).then(pl.lit(monday)).when(daily).then(pl.lit(self.today + ONE_DAY))
        if limits.gap is not None:
            until = until.when(near).then(pl.lit(self.today) + _days(limits.gap - since))
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
        stepping = pl.col("~step") < len(self.steps)
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
        what = (
            fact("contradictions")
            .list.eval(
                pl.concat_str(
                    pl.element().struct.field("code"),
                    pl.element().struct.field("entry"),
                    pl.element().struct.field("id"),
                    separator=" ",
                )
            )
            .list.join(", ")
        )
        because(way == "contradictory", "contradictory", None, {"what": _quoted(what)})
        age = fact("ledger_age_days").cast(pl.String)
        because(way == "stale", "stale", None, {"days": age, "most": self.policy.ledger.stale_after})
        some, least = fact("outstanding") > 0, format(self.policy.minimum, "f")
        because(
            (way == "clear") & some,
            "below_minimum",
            None,
            {"amount": _money(fact("overdue")), "least": least},
        )
        because((way == "clear") & ~some, "nothing_owed")
        for number, stop in enumerate(self.stops):
            here = (way == "stop") & (pl.col("stop") == number)
            because(here, "stop", stop, {"title": titles(stop.title, stop.id)})
            if stop.lets_through:
                because(here & (pl.col("~through") < len(self.steps)), "lets_through", stop)
        self._class()
        self._resting()
        for number, step in enumerate(self.steps):
            self._of_a_step(pl.col("~step") == number, step)

    def _class(self) -> None:
        policy, compiled = self.policy, self.compiled
        here, kind = pl.col("~way") == "ladder", pl.col("~class")
        for word in compiled.classes:
            title = titles(policy.class_titles.get(word), word)
            told = {"title": title or word, "row": _quoted(pl.col("table_row"))}
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
            count, days = fact(f"steps.{step.id}.count"), fact(f"steps.{step.id}.days")
            self.why.because(met & ~left, "used_up", step, {"title": title, "count": count.cast(pl.String)})
            told = {"title": title, "days": days.cast(pl.String), "until": _day(self._rests_until(step))}
            self.why.because(met & left & ~rested, "resting", step, told)
            any_ = any_ | (met & (~left | ~rested))
        self.why.because(idle & ~any_, "nothing_due")

    def _rests_until(self, step: Step) -> pl.Expr:
        return pl.lit(self.today) + _days(max(step.gap or 0, 1) - fact(f"steps.{step.id}.days"))

    def _of_a_step(self, here: pl.Expr, step: Step) -> None:
        because, bar, limits = self.why.because, pl.col("~bar"), self.policy.limits
        title = titles(step.title, step.id)
        because(here, "due", step, {"title": title})
        if step.channels:
            for code in ("week_limit", "day_limit"):
                because(here & (bar == code), code)
            since = fact("days_since_contact").cast(pl.String)
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

    # What is decided

    def _what(self) -> list[pl.Expr]:
        way, stepping, bar = pl.col("~way"), pl.col("~stepping"), pl.col("~bar")
        stopped = (way == "stop") & ~stepping
        verdict = self._at([stop.then for stop in self.stops], pl.col("stop"))
        odd = bar.is_in(["unknown_year", "no_hours"]).fill_null(False)
        decision = (
            pl.when(way.is_in(["contradictory", "stale"]))
            .then(pl.lit("review"))
            .when(way == "clear")
            .then(pl.lit("clear"))
        )
        decision = decision.when(stopped).then(verdict).when(~stepping).then(pl.lit("wait"))
        decision = (
            decision.when(pl.col("~acts"))
            .then(pl.lit("act"))
            .when(odd)
            .then(pl.lit("review"))
            .otherwise(pl.lit("wait"))
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
            .then(self._at([stop.id for stop in self.stops], pl.col("stop")))
            .otherwise(pl.lit(""))
            .alias("stop_id"),
            pl.when(stopped).then(self._at([stop.by if stop.then == "review" else None for stop in self.stops], pl.col("stop"))).alias("~by"),
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
            pl.when(pl.col("~stepping")).then(pl.col("~blocked")),
            fact("changes_on"),
        ]
        if self.opening is not None and self.bar == "outside_hours":
            end = max(self.opening.day, today + ONE_DAY)
            days.append(pl.when(pl.col("~bar") == "outside_hours").then(pl.lit(end)))
        if self.opening is not None and self.bar is None:
            later = self.hours.changes_after(today)
            days.append(pl.when(pl.col("~acts") & pl.col("~contact")).then(pl.lit(later, pl.Date)))
        days += self._crossings()
        stale = self.policy.ledger.stale_after
        if stale is not None:
            age = fact("ledger_age_days")
            days.append(pl.when(age <= stale).then(pl.lit(today) + _days(stale - age + 1)))
        ahead = [pl.when(each.cast(pl.Date) > today).then(each.cast(pl.Date)) for each in days]
        return pl.min_horizontal(ahead)

    def _crossings(self) -> list[pl.Expr]:
        """When a fact that the policy asks for crosses one of its cuts."""
        today = self.today
        tomorrow, monday = today + ONE_DAY, today + timedelta(days=7 - today.weekday())
        found = []
        for name, cuts in self.compiled.cuts.items():
            if name not in self.compiled.own:
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
            elif name in COUNTING_UP or name.endswith(".days"):
                ahead = value + 1 if cuts is None else self._cut(cuts, value, 0)
                found.append(pl.lit(today) + _days(ahead - value))
            elif name in COUNTING_DOWN:
                below = value if cuts is None else self._cut(cuts, value, -1)
                found.append(pl.lit(today) + _days(value - below + 1))
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

    # The columns

    def _with_charges(self, rows: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
        legal = self._at([step.legal for step in self.steps], pl.col("~step"), pl.Boolean)
        rows = rows.with_columns(pl.when(pl.col("~acts")).then(legal).alias("~legal"))
        acting = rows.filter("~acts").select(pl.col("#acc").cast(pl.Int64).alias("acc"), "~legal")
        asked = charges.with_columns(pl.col("acc").cast(pl.Int64)).join(
            acting, on="acc", how="inner", maintain_order="left"
        )
        asked = asked.filter(pl.when("~legal").then("covered").otherwise("overdue"))
        lists = asked.group_by("acc", maintain_order=True).agg(pl.col("id").alias("~ids"))
        joined = rows.with_columns(pl.col("#acc").cast(pl.Int64).alias("acc")).join(
            lists, on="acc", how="left", maintain_order="left"
        )
        empty = pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first()
        return joined.with_columns(pl.when("~acts").then(pl.col("~ids").fill_null(empty)).alias("charge_ids"))

    def _columns(self) -> list[pl.Expr]:
        acts, step, contact = pl.col("~acts"), pl.col("~step"), pl.col("~acts") & pl.col("~contact")
        opening = self.opening if self.bar is None else None
        zone = getattr(self.as_of, "tzinfo", None)
        kind = pl.Datetime("us", None if zone is None else str(zone))
        start, end = (None, None) if opening is None else (opening.start, opening.end)
        channel, fallback, audience = self._channels()
        role = pl.when(acts).then(self._role()).otherwise(pl.col("~by"))
        approval = pl.when(acts & ~pl.col("~approved")).then(
            self._at([each.approval for each in self.steps], step)
        )
        amount = pl.when(acts).then(self._by_step(self._asked, pl.Decimal(18, 2)))
        policy_source = self.policy.source
        sources = [_line(source_of(each.source or policy_source)) for each in self.steps]
        return [
            fact("party_id").alias("party_id"),
            pl.lit(self.as_of).alias("as_of"),
            (pl.lit(None, pl.Date) if self.known_at is None else pl.lit(self.known_at)).alias("known_at"),
            "decision",
            pl.when(acts).then(self._at([each.id for each in self.steps], step)).alias("step_id"),
            pl.when(contact).then(channel).alias("channel"),
            pl.when(contact).then(fallback).alias("fallback"),
            pl.when(contact).then(audience).alias("audience"),
            pl.when(contact).then(pl.lit(start, kind)).alias("not_before"),
            pl.when(contact).then(pl.lit(end, kind)).alias("not_after"),
            self._until().alias("until"),
            "reasons",
            role.alias("role"),
            approval.alias("needs_approval"),
            pl.col("~legal").alias("legal"),
            "charge_ids",
            amount.alias("amount"),
            pl.when(acts).then(self._at([each.template or each.id for each in self.steps], step)).alias("template"),
            pl.when(acts).then(self._message(amount)).alias("fields"),
            pl.when(acts).then(self._at([list(each.announces) for each in self.steps], step, pl.List(pl.String))).alias("announces"),
            "next_review_on",
            pl.col("~class").alias("class"),
            pl.col("stop_id").alias("stop"),
            "policy", "version", "table_row",
            pl.when(acts).then(self._at(sources, step)).alias("source"),
            "reasons_json",
        ]  # fmt: skip

    def _until(self) -> pl.Expr:
        """A day; with a moment as `as_of`, a moment, a day being its first."""
        ends = pl.when(pl.col("decision") != "clear").then(pl.col("~stop_until"))
        day = pl.coalesce(ends, "~idle_until", pl.when("~stepping").then(pl.col("~blocked")))
        outside = pl.col("~bar") == "outside_hours"
        opening = self.opening
        if not isinstance(self.as_of, datetime):
            return (
                pl.when(outside)
                .then(pl.lit(None if opening is None else opening.day, pl.Date))
                .otherwise(day)
            )
        zone = self.as_of.tzinfo
        kind = pl.Datetime("us", None if zone is None else str(zone))
        moment = day.cast(pl.Datetime("us"))
        moment = moment if zone is None else moment.dt.replace_time_zone(str(zone))
        return (
            pl.when(outside).then(pl.lit(None if opening is None else opening.start, kind)).otherwise(moment)
        )

    def _channels(self) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
        """Channels take turns, or give way to the next where they did not deliver."""
        found = []
        count, failed = pl.col("~count"), pl.col("~failed")

        def at(step: Step) -> pl.Expr:
            size = len(step.channels)
            return (count + failed) % size if step.in_turn else pl.min_horizontal(failed, pl.lit(size - 1))

        def next_(step: Step, number: int) -> str | None:
            size = len(step.channels)
            following = (number + 1) % size if step.in_turn else number + 1
            return step.channels[following].channel if following < size and following != number else None

        tables = (
            lambda step: [each.channel for each in step.channels],
            lambda step: [next_(step, number) for number in range(len(step.channels))],
            lambda step: [each.seen_by for each in step.channels],
        )
        for table in tables:
            found.append(
                self._by_step(
                    lambda step, table=table: self._at(table(step), at(step)) if step.channels else _NO_TEXT,
                    pl.String,
                )
            )
        return found[0], found[1], found[2]

    def _role(self) -> pl.Expr:
        def role(step: Step) -> pl.Expr:
            own = pl.lit(step.role, pl.String)
            if step.escalate is None:
                return own
            return (
                pl.when(pl.col("~count") >= step.escalate.after).then(pl.lit(step.escalate.to)).otherwise(own)
            )

        return self._by_step(role, pl.String)

    def _asked(self, step: Step) -> pl.Expr:
        return fact(step.amount or ("demand_covers" if step.legal else "overdue"))

    def _message(self, amount: pl.Expr) -> pl.Expr:
        """The fields of the message as JSON; what there is nothing to tell of is left out."""
        ends = self._by_step(
            lambda step: _NO_DAY if step.period is None else pl.lit(self.today + timedelta(days=step.period)),
            pl.Date,
        )
        told = {
            "account_id": _quoted(pl.col("~id")),
            "amount": _money(amount),
            "late_fee_due": _money(fact("late_fee_due")),
            "days_overdue": fact("days_overdue").cast(pl.String),
            "oldest_due_on": _day(fact("oldest_due_on")),
            "unpaid_periods": fact("unpaid_periods").cast(pl.String),
            "promised_on": _day(fact("promised_on")),
            "pay_by": _day(ends),
        }
        parts = [pl.concat_str(pl.lit(f'"{name}": '), value) for name, value in told.items()]
        return pl.concat_str(
            pl.lit("{"), pl.concat_list(parts).list.drop_nulls().list.join(", "), pl.lit("}")
        )


def _line(source: Mapping[str, str]) -> str:
    return " ".join(source[name] for name in ("document", "clause", "address") if name in source)
