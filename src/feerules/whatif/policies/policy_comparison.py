"""What another policy changes: classes, actions, fees, on one day and over the days after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from feerules.decisions import Decision
from feerules.whatif.policies.simulation import Simulation
from feerules.whatif.policies.trial_words import Names, plain_rows, titled
from feerules.wording import Wording, sentence, translate

__all__ = ["PolicyChange", "PolicyComparison"]

MOST = 5  # moves that a summary tells one by one
SUMS: Mapping[str, str] = {
    "overdue": sentence("Overdue in all"),
    "late_fee_due": sentence("Late fee proposed"),
    "amount": sentence("Asked for by actions"),
    "fee": sentence("Step fees"),
}


@dataclass(frozen=True)
class PolicyChange:
    """One account that gets another action: both decisions, each with its reasons.

    `overdue` is the larger of what is overdue under the two policies.
    """

    account_id: str | None
    overdue: Decimal
    currency: str
    old: Decision
    new: Decision

    def explain(self, locale: str = "zh_CN") -> str:
        words = translate(locale)
        head = words.text("Account {account}", account=str(self.account_id))
        return "\n".join(
            [
                words.text("{account}, {amount} overdue:", account=head, amount=words.money(self.overdue, self.currency)),
                words.text("Before: {said}", said=self.old.explain(locale)),
                words.text("After: {said}", said=self.new.explain(locale)),
            ]
        )  # fmt: skip

    def __str__(self) -> str:
        return self.explain("en")

    def to_dict(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "overdue": format(self.overdue, "f"),
            "currency": self.currency,
            "old": self.old.to_dict(),
            "new": self.new.to_dict(),
        }


@dataclass(frozen=True)
class PolicyComparison:
    """Two policies about the same accounts on the same day.

    `counts`: accounts = compared + problems; of those compared, how many moved class and how many have another
    action (changed). Frames of the kind that came in: `classes` and `actions` (from what to what: accounts and sums), `moved` and
    `changed` (the accounts, with the reasons of both; `differs` says what is other about the action), `totals`
    (overdue, late fee due, amount asked for, fees of steps; old, new, change, for each currency), `problems`
    (`side`: old, new or both). `largest` explains the accounts with another action that are most overdue. With
    days: `days` (both runs side by side), `old_run` and `new_run`.
    """

    as_of: date | datetime
    known_at: date | datetime | None
    old_digest: str
    new_digest: str
    counts: Mapping[str, int]
    classes: Any
    moved: Any
    actions: Any
    changed: Any
    totals: Any
    problems: Any
    days: Any
    largest: tuple[PolicyChange, ...]
    old_run: Simulation | None
    new_run: Simulation | None
    frames: Mapping[str, pl.DataFrame] = field(repr=False)
    names: Names = field(repr=False)

    def titles(self, locale: str = "zh_CN") -> dict[str, str]:
        """The words for the ids in the frames: classes, steps, stops, decisions, channels, and why something is undone.

        Where one id is several things, the step says, then the class.
        """
        told = titled(self.names, translate(locale))
        return {id_: word for kind in reversed(told) for id_, word in told[kind].items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: counts, sums, who moves where, the largest, the days; not the rows of accounts."""
        days = self.frames.get("days")
        runs = [None if run is None else run.to_dict() for run in (self.old_run, self.new_run)]
        return {
            "schema": 1,
            "as_of": self.as_of.isoformat(),
            "known_at": None if self.known_at is None else self.known_at.isoformat(),
            "old_digest": self.old_digest,
            "new_digest": self.new_digest,
            "counts": dict(self.counts),
            **{name: plain_rows(self.frames[name]) for name in ("classes", "actions", "totals")},
            "largest": [each.to_dict() for each in self.largest],
            "days": None if days is None else plain_rows(days),
            "old_run": runs[0],
            "new_run": runs[1],
        }

    def __str__(self) -> str:
        return self.explain("en")

    def explain(self, locale: str = "zh_CN") -> str:
        """The change in some lines, as a manager reads it; `locale` as in `Bill.explain`."""
        words = translate(locale)
        return "\n".join(self._lines(words, locale))

    def _lines(self, words: Wording, locale: str) -> Iterator[str]:
        titles = titled(self.names, words)
        told = {name: f"{count:,}" for name, count in self.counts.items()}
        day = words.moment(self.as_of) if isinstance(self.as_of, datetime) else words.day(self.as_of)
        yield words.text("Accounts on {day}: {accounts}; compared {compared}, with problems {problems}.", day=day,
                         **{name: told[name] for name in ("accounts", "compared", "problems")})  # fmt: skip
        moves = self._moves(words, titles, "classes", ("class",))
        yield _counted(words, words.text("To another class: {count}", count=told["moved"]), moves)
        moves = self._moves(words, titles, "actions", ("decision", "step", "channel"))
        yield _counted(words, words.text("With another action: {count}", count=told["changed"]), moves)
        for row in self.frames["totals"].iter_rows(named=True):
            money = {name: words.money(row[name], row["currency"]) for name in ("old", "new", "change")}
            yield words.text(
                "{what}: {old} before, {new} after, change {change}.",
                what=words.text(SUMS[row["what"]]),
                **money,
            )
        for title, run in (
            (sentence("Before: {said}"), self.old_run),
            (sentence("After: {said}"), self.new_run),
        ):
            if run is not None:
                yield words.text(title, said=run.explain(locale))

    def _moves(
        self, words: Wording, titles: Mapping[str, Mapping[str, str]], name: str, of: Sequence[str]
    ) -> list[str]:
        """The moves of most accounts, each as "from → to 12"."""
        frame, sides = self.frames[name], [[f"{side}_{each}" for each in of] for side in ("old", "new")]
        differs = pl.any_horizontal(pl.col(a).ne_missing(pl.col(b)) for a, b in zip(*sides, strict=True))
        by = [*sides[0], *sides[1]]
        moves = frame.filter(differs).group_by(by).agg(pl.col("accounts").sum())
        moves = moves.sort(["accounts", *by], descending=[True, *(False for _ in by)], nulls_last=True).head(
            MOST
        )
        nothing = words.text("none")

        def said(row: Mapping[str, Any], side: Sequence[str]) -> str:
            told = zip(of, (row[each] for each in side), strict=True)
            return " ".join(titles[kind].get(id_, id_) for kind, id_ in told if id_) or nothing

        return [
            f"{said(row, sides[0])} → {said(row, sides[1])} {row['accounts']:,}"
            for row in moves.iter_rows(named=True)
        ]


def _counted(words: Wording, head: str, moves: Sequence[str]) -> str:
    if not moves:
        return words.text("{head}.", head=head)
    return words.text("{head} ({moves}).", head=head, moves=words.listed(moves))
