"""The columns of an action, of what was decided: who does what, on which channel, when, for which charges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from feerules.citations import source_of
from feerules.clocks import day_of
from feerules.documents.policy import Step
from feerules.frames import to_decimal
from feerules.hours import Opening
from feerules.moment_columns import first_moment, moment, told_at
from feerules.plan.dunning import Compiled
from feerules.reason_columns import by_step, entry, fact, json_day, json_money, json_text
from feerules.vocabulary import MOST_MONEY

__all__ = ["ActionRows"]

_NO_TEXT = pl.lit(None, pl.String)
_NO_DAY = pl.lit(None, pl.Date)


class ActionRows:
    """The decisions under one policy as rows. `opening` are the hours, the same for all, `bar` what bars a contact."""

    def __init__(
        self, compiled: Compiled, as_of: date | datetime, known_at: date | datetime | None,
        opening: Opening | None, bar: str | None, key: str,
    ) -> None:  # fmt: skip
        policy, self.terms, self.key = compiled.policy, compiled.terms, key
        self.policy, self.as_of, self.known_at, self.opening, self.bar = policy, as_of, known_at, opening, bar
        self.today = day_of(as_of)
        self.steps = policy.ladder.steps if policy.ladder else ()

    def columns(self) -> list[pl.Expr]:
        acts, step, contact = pl.col("~acts"), pl.col("~step"), pl.col("~acts") & pl.col("~contact")
        opening = self.opening if self.bar is None else None
        start, end = (None, None) if opening is None else (opening.start, opening.end)
        channel, fallback, audience = self._channels()
        reviewer = pl.when(pl.col("decision") == "review").then(pl.col("~by"))
        role = pl.when(acts).then(self._role()).otherwise(reviewer)
        approval = pl.when(acts & ~pl.col("~approved")).then(
            entry([each.approval for each in self.steps], step)
        )
        legal = entry([each.legal for each in self.steps], step, pl.Boolean)
        charge_ids = by_step(self.steps, self._charge_ids, pl.List(pl.String))
        amount = pl.when(acts).then(by_step(self.steps, self._asked, pl.Decimal(18, 2)))
        policy_source = self.policy.source
        sources = [_line(source_of(each.source or policy_source)) for each in self.steps]
        return [
            fact("party_id").alias("party_id"),
            told_at(self.as_of).alias("as_of"),
            told_at(self.known_at).alias("known_at"),
            pl.col("decision"),
            pl.when(acts).then(entry([each.id for each in self.steps], step)).alias("step_id"),
            pl.when(contact).then(channel).alias("channel"),
            pl.when(contact).then(fallback).alias("fallback"),
            pl.when(contact).then(audience).alias("audience"),
            pl.when(contact).then(moment(start, self.as_of)).alias("not_before"),
            pl.when(contact).then(moment(end, self.as_of)).alias("not_after"),
            self._until().alias("until"),
            pl.col("reasons"),
            role.alias("role"),
            approval.alias("needs_approval"),
            pl.when(acts).then(legal).alias("legal"),
            pl.when(acts).then(charge_ids).alias("charge_ids"),
            amount.alias("amount"),
            pl.when(acts).then(pl.col("~fee")).alias("fee"),
            pl.when(acts).then(entry([each.template or each.id for each in self.steps], step)).alias("template"),
            pl.when(acts).then(self._message(amount)).alias("fields"),
            pl.when(acts).then(entry([list(each.announces) for each in self.steps], step, pl.List(pl.String))).alias("announces"),
            pl.col("next_review_on"),
            pl.col("~class").alias("class"),
            pl.col("stop_id").alias("stop"),
            fact("policy").alias("policy"),
            fact("version").alias("version"),
            pl.col("table_row"),
            pl.when(acts).then(entry(sources, step)).alias("source"),
            pl.col("reasons_json"),
        ]  # fmt: skip

    def _until(self) -> pl.Expr:
        """A day; with a moment as `as_of`, a moment, a day being its first."""
        ends = pl.when(pl.col("decision") != "clear").then(pl.col("~stop_until"))
        day = pl.coalesce(ends, "~idle_until", pl.when("~stepping").then(pl.col("~blocked")))
        outside = (pl.col("~bar") == "outside_hours") & pl.col("~stepping")
        opening = self.opening
        if not isinstance(self.as_of, datetime):
            return (
                pl.when(outside)
                .then(pl.lit(None if opening is None else opening.day, pl.Date))
                .otherwise(day)
            )
        start = None if opening is None else opening.start
        return pl.when(outside).then(moment(start, self.as_of)).otherwise(first_moment(day, self.as_of))

    def _channels(self) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
        """Channels take turns, or give way to the next where they did not deliver."""
        count, failed = pl.col("~count"), pl.col("~failed")

        def at(step: Step) -> pl.Expr:
            size = len(step.channels)
            if not step.in_turn:
                return pl.min_horizontal(failed, pl.lit(size - 1))
            return (pl.max_horizontal(count, fact(f"steps.{step.id}.turns")) + failed) % size

        def next_(step: Step, number: int) -> str | None:
            size = len(step.channels)
            following = (number + 1) % size if step.in_turn else number + 1
            return step.channels[following].channel if following < size and following != number else None

        def told(table: Callable[[Step], Sequence[str | None]]) -> pl.Expr:
            return by_step(
                self.steps,
                lambda step: entry(table(step), at(step)) if step.channels else _NO_TEXT,
                pl.String,
            )

        return (
            told(lambda step: [each.channel for each in step.channels]),
            told(lambda step: [next_(step, number) for number in range(len(step.channels))]),
            told(lambda step: [each.seen_by for each in step.channels]),
        )

    def _role(self) -> pl.Expr:
        def role(step: Step) -> pl.Expr:
            own = pl.lit(step.role, pl.String)
            if step.escalate is None:
                return own
            return (
                pl.when(pl.col("~count") >= step.escalate.after).then(pl.lit(step.escalate.to)).otherwise(own)
            )

        return by_step(self.steps, role, pl.String)

    def _costs(self, step: Step) -> pl.Expr:
        return _NO_TEXT if step.fee is None else json_money(pl.col("~fee"))

    def _pay_by(self, step: Step) -> pl.Expr:
        period = self.terms.period_of(step.id)
        return _NO_DAY if period is None else pl.lit(self.today + timedelta(days=period))

    def _asked(self, step: Step) -> pl.Expr:
        if step.amount is None:
            return fact("demand_covers" if step.legal else "overdue")
        number = next(number for number, each in enumerate(self.steps) if each is step)
        return to_decimal(pl.col(f"step.{number}.amount"), 2, most=MOST_MONEY)

    def _charge_ids(self, step: Step) -> pl.Expr:
        if step.legal:
            return fact("covered_charge_ids")
        return fact("open_charge_ids") if self.policy.asks_for_all(step) else fact("overdue_charge_ids")

    def _message(self, amount: pl.Expr) -> pl.Expr:
        """The fields of the message as JSON; what there is nothing to tell of is left out."""
        ends = by_step(self.steps, self._pay_by, pl.Date)
        told = {
            "account_id": json_text(fact(self.key).cast(pl.String)),
            "amount": json_money(amount),
            "late_fee_due": json_money(fact("late_fee_due")),
            "days_overdue": fact("days_overdue").cast(pl.String),
            "oldest_due_on": json_day(fact("oldest_due_on")),
            "unpaid_periods": fact("unpaid_periods").cast(pl.String),
            "promised_on": json_day(fact("promised_on")),
            "fee": by_step(self.steps, self._costs, pl.String),
            "pay_by": json_day(ends),
        }
        parts = [pl.concat_str(pl.lit(f'"{name}": '), value) for name, value in told.items()]
        return pl.concat_str(
            pl.lit("{"), pl.concat_str(parts, separator=", ", ignore_nulls=True), pl.lit("}")
        )


def _line(source: Mapping[str, str]) -> str:
    return " ".join(source[name] for name in ("document", "clause", "address") if name in source)
