"""Several books about the same accounts on one day; positions that cannot differ are worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from typing import Any, Final

import polars as pl

from feerules.account_answers import Asked, Pair
from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.estate_dunning import Answering
from feerules.estate_ledgers import Batch
from feerules.estate_policies import Policy
from feerules.estate_positions import Standing

__all__ = ["ACTION", "FACTS", "Side", "Sides"]

# What is kept of an action, and of the position that it rests on: sums, and what the limits of contacts look at.
_TEXTS = (
    "party_id", "policy", "version", "class", "table_row", "decision", "step_id", "channel", "role", "needs_approval",
    "stop", "reasons_json",
)  # fmt: skip
_COUNTS = ("attempts_today", "contacts_today", "attempts_week")
FACTS: Final[Mapping[str, Any]] = {
    "currency": pl.String, "overdue": pl.Decimal(18, 2), "late_fee_due": pl.Decimal(18, 2),
} | dict.fromkeys(_COUNTS, pl.Int64)  # fmt: skip
ACTION: Final[Mapping[str, Any]] = dict.fromkeys(_TEXTS, pl.String) | {
    "legal": pl.Boolean, "charge_ids": pl.List(pl.String), "amount": pl.Decimal(18, 2), "fee": pl.Decimal(18, 2),
    "next_review_on": pl.Date, "reasons": pl.List(pl.String),
}  # fmt: skip


class Side:
    """What one book says of accounts on one day: the rows of `next_actions`, and some facts of the positions."""

    def __init__(
        self, book: Book, as_of: date | datetime, known_at: date | datetime | None, key: str,
        calendar: WorkdayCalendar | None,
    ) -> None:  # fmt: skip
        self.book, self.key, self.calendar = book, key, calendar
        self.asked = Asked("next_actions", book.digest, as_of, known_at, key)
        self.standing = Standing(book, as_of, known_at, key, every=False)

    def of(self, batch: Batch) -> Pair:
        return self.told(self.standing.of(batch))

    def told(self, positions: Pair) -> Pair:
        answering = Answering(self.asked, self.standing, self.calendar or self.book.calendar)
        rows, problems = answering.of(positions)
        facts = positions[0].select(self.key, *FACTS)
        # A book without a policy in force answers nothing, and without the columns of an action.
        kept = [_kept(name, kind, rows) for name, kind in ACTION.items()]
        rows = rows.select(self.key, _kept("until", None, rows), *kept)
        if rows.height != facts.height:
            return rows.join(facts, on=self.key, how="left", maintain_order="left"), problems
        return rows.hstack(facts.drop(self.key)), problems


def _kept(name: str, kind: Any, rows: pl.DataFrame) -> pl.Expr:
    if name in rows.columns:
        return pl.col(name) if kind is None else pl.col(name).cast(kind)
    return pl.lit(None, kind).alias(name)


class Sides:
    """The same question to several books. `named`: accounts tell their policies by id."""

    def __init__(self, sides: Sequence[Side], *, named: bool) -> None:
        self.sides = sides
        self.leaders = [
            next(n for n, other in enumerate(sides) if n == at or _alike(other, side, named=named))
            for at, side in enumerate(sides)
        ]
        for at, leader in enumerate(self.leaders):
            sides[leader].standing.brought |= sides[at].standing.brought

    def of(self, batch: Batch) -> list[Pair]:
        positions = {leader: self.sides[leader].standing.of(batch) for leader in {*self.leaders}}
        return [
            side.told(_renamed(positions[leader], self.sides[leader], side))
            for side, leader in zip(self.sides, self.leaders, strict=True)
        ]


def _alike(one: Side, other: Side, *, named: bool) -> bool:
    """Whether every account stands the same under both books, but for the names of policies and versions."""
    ours, theirs = one.standing.policies, other.standing.policies
    return len(ours) == len(theirs) and all(
        _same_terms(mine, his) and (not named or mine.compiled.policy.id == his.compiled.policy.id)
        for mine, his in zip(ours, theirs, strict=True)
    )


def _same_terms(one: Policy, other: Policy) -> bool:
    mine, his = one.compiled.policy, other.compiled.policy
    # Whom a policy is for rests on facts that other documents may declare: only the same words are safe.
    applies = (mine.applies, mine.facts, mine.derived, mine.tables, mine.include)
    return (
        one.compiled.terms == other.compiled.terms
        and mine.limits.per == his.limits.per
        and (
            not (mine.applies or his.applies)
            or (
                not mine.include and applies == (his.applies, his.facts, his.derived, his.tables, his.include)
            )
        )
    )


def _renamed(positions: Pair, leader: Side, side: Side) -> Pair:
    """Positions of the leader, with the names that the other book gives to its policies and their versions."""
    if leader is side:
        return positions
    rows, problems = positions
    pairs = [
        (mine, his.compiled.policy)
        for mine, his in zip(leader.standing.policies, side.standing.policies, strict=True)
    ]
    if all(
        (m.compiled.policy.id, m.compiled.policy.version_name) == (p.id, p.version_name) for m, p in pairs
    ):
        return positions

    def named(name: str, words: Sequence[str]) -> pl.Expr:
        nobody: pl.Expr = pl.lit(None, pl.String)
        return reduce(
            lambda found, each: pl.when(each[0][0].is_of).then(pl.lit(each[1])).otherwise(found),
            zip(pairs, words, strict=True),
            nobody,
        ).alias(name)

    ids, versions = [p.id for _, p in pairs], [p.version_name for _, p in pairs]
    return rows.with_columns(named("policy", ids), named("version", versions)), problems
