"""Several policies about the same accounts: a row for each, with what it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from feerules.estate_ledgers import Batch
from feerules.whatif.policies.policy_sides import Sides
from feerules.whatif.policies.simulation import Simulation
from feerules.whatif.policies.trial_words import DECISIONS, plain_rows
from feerules.wording import Wording, translate

__all__ = ["PolicyGrid", "grid_frames", "grid_part"]

MONEY = ("overdue", "late_fee_due", "amount", "fee")
Part = tuple[list[pl.DataFrame], list[pl.DataFrame]]


@dataclass(frozen=True)
class PolicyGrid:
    """What each of several policies comes to, on one day and over the days after it.

    `rows` has a row for each policy and currency: accounts, how many of them act, wait, hold, review, clear,
    and the sums overdue, late_fee_due, amount (asked for), fee (of steps); with days also the totals of its run.
    `days` are those of each run, `problems` those of each policy; `runs` has the runs by name.
    """

    as_of: date | datetime
    rows: Any
    days: Any
    problems: Any
    runs: Mapping[str, Simulation]
    frames: Mapping[str, pl.DataFrame] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: the rows and the days."""
        days = self.frames.get("days")
        told = {"rows": plain_rows(self.frames["rows"]), "days": None if days is None else plain_rows(days)}
        return {"schema": 1, "as_of": self.as_of.isoformat(), **told}

    def __str__(self) -> str:
        return self.explain("en")

    def explain(self, locale: str = "zh_CN") -> str:
        """Each policy in a line or two; `locale` as in `Bill.explain`."""
        return "\n".join(self._lines(translate(locale)))

    def _lines(self, words: Wording) -> Iterator[str]:
        for row in self.frames["rows"].iter_rows(named=True):
            counts = words.listed(f"{words.text(DECISIONS[name])} {row[name]:,}" for name in DECISIONS)
            money = {name: words.money(row[name], row["currency"]) for name in ("late_fee_due", "fee")}
            said = words.text(
                "{counts}; late fee proposed {late_fee_due}, fees of steps {fee}.", counts=counts, **money
            )
            yield words.text("{policy}: {said}", policy=row["policy"], said=said)
            if "actions" in row:
                told = {name: f"{row[name]:,}" for name in ("actions", "undone", "never")}
                yield words.text(
                    "Over the days: {actions} actions, {undone} undone, {never} accounts never with an action.",
                    **told,
                )


def grid_part(sides: Sides, batch: Batch, key: str) -> Part:
    """For each side the sums of a batch by currency, and its problems."""
    answers = sides.of(batch)
    return [_sums(rows) for rows, _ in answers], [problems for _, problems in answers]


def _sums(rows: pl.DataFrame) -> pl.DataFrame:
    counts = [(pl.col("decision") == word).sum().cast(pl.Int64).alias(word) for word in DECISIONS]
    money = [pl.col(name).cast(pl.Decimal(38, 2)).sum() for name in MONEY]
    return rows.group_by("currency").agg(pl.len().cast(pl.Int64).alias("accounts"), *counts, *money)


def grid_frames(
    names: Sequence[str], parts: Sequence[Part], runs: Mapping[str, Mapping[str, pl.DataFrame]]
) -> dict[str, pl.DataFrame]:
    rows, problems, days = [], [], []
    for at, name in enumerate(names):
        policy = pl.lit(name).alias("policy")
        sums = (
            pl.concat([part[0][at] for part in parts]).group_by("currency").agg(pl.exclude("currency").sum())
        )
        if name in runs:
            sums = sums.join(runs[name]["totals"].drop("accounts"), on="currency", how="left")
            days.append(runs[name]["days"].select(policy, pl.all()))
        rows.append(sums.sort("currency").select(policy, pl.all()))
        problems.append(pl.concat([part[1][at] for part in parts]).select(policy, pl.all()))
    told = {"rows": pl.concat(rows), "problems": pl.concat(problems)}
    return told | ({"days": pl.concat(days)} if days else {})
