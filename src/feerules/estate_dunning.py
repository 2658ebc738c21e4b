"""Classes and decisions of an estate: from the positions of its accounts, each under the policy that applies to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

import polars as pl

from feerules.account_answers import AccountsResult, Asked, Pair, Part, result_of
from feerules.book import Book
from feerules.calendars import WorkdayCalendar
from feerules.clocks import read_known, read_moment
from feerules.deciding.actions import actions_under, classes_under
from feerules.deciding.questions import Question
from feerules.deciding.told import Description
from feerules.estate_ledgers import Batch, Ledgers
from feerules.estate_policies import BROUGHT, Policy, problem_of
from feerules.estate_positions import Standing
from feerules.frames import FrameError
from feerules.told_columns import ToldColumns, fact

__all__ = ["AccountsResult", "Answering", "answers", "refuse_differing"]

# What a position says that no class rests on: it is told with the position alone.
_OF_POSITIONS = (
    "overdue_charge_ids",
    "covered_charge_ids",
    "later_step",
    "later_on",
    "policy",
    "version",
    BROUGHT,
)


def answers(
    question: str,
    accounts: Any,
    book: Book,
    as_of: date | datetime | str,
    known_at: date | datetime | str | None,
    key: str,
    strict: bool,
    calendar: WorkdayCalendar | None,
    entries: Mapping[str, Any],
) -> AccountsResult:
    """See `feerules.next_actions`."""
    asked = Asked(question, book.digest, read_moment(as_of), read_known(known_at), key)
    if isinstance(accounts, AccountsResult):
        return _of_positions(accounts, asked, book, strict, calendar, entries)
    ledgers = Ledgers(accounts, entries, book.mapping, key)
    standing = Standing(book, asked.as_of, asked.known_at, key, every=question == "positions")
    told = Answering(asked, standing, calendar or book.calendar).of

    def answered(read: Callable[[], Batch]) -> Pair:
        return told(standing.of(read()))

    def parts() -> Iterator[Part]:
        for read in ledgers.reads(share=standing.shares):
            yield partial(answered, read)

    nothing = answered(ledgers.nothing) if ledgers.lazy else None
    return result_of(asked, parts, ledgers.back, nothing, strict=strict)


def _of_positions(
    positions: AccountsResult, asked: Asked, book: Book, strict: bool, calendar: WorkdayCalendar | None,
    entries: Mapping[str, Any],
) -> AccountsResult:  # fmt: skip
    """The answers from positions that were worked out before."""
    refuse_differing(positions.asked, asked, entries)
    standing = Standing(book, asked.as_of, asked.known_at, asked.key, every=False)
    told = Answering(asked, standing, calendar or book.calendar).of

    def answered(part: Part) -> Pair:
        return told(part())

    def parts() -> Iterator[Part]:
        return (partial(answered, part) for part in positions.parts())

    nothing = None
    if positions.lazy:
        rows, problems = (
            pl.DataFrame(schema=frame.collect_schema()) for frame in (positions.rows, positions.problems)
        )
        nothing = told((rows, problems))
    return result_of(asked, parts, positions.back, nothing, strict=strict)


def refuse_differing(positions: Asked, asked: Asked, entries: Mapping[str, Any]) -> None:
    """Refuses positions that were asked for otherwise, or that entries stand beside."""
    given = [name for name, frame in entries.items() if frame is not None]
    if given:
        raise FrameError(f"found positions and {', '.join(given)}, expected one or the other")
    differing = [
        f"{name} {mine}, not {other}"
        for name, mine, other in zip(
            Asked._fields, positions, asked._replace(question="positions"), strict=True
        )
        if str(mine) != str(other)  # one moment on two clocks may be two days
    ]
    if differing:
        raise FrameError(
            f"the answers given are of {'; '.join(differing)}: positions answer what they were asked for"
        )


class Answering:
    """One question about every account, from its position."""

    def __init__(self, asked: Asked, standing: Standing, calendar: WorkdayCalendar | None) -> None:
        self.asked, self.policies, self.calendar = asked, standing.policies, calendar
        self.policies_change_on = standing.policies_change_on
        self._descriptions: dict[int, Description] = {}

    def of(self, positions: Pair) -> Pair:
        rows, problems = positions
        if self.asked.question == "positions":
            return positions
        rows = rows.with_row_index("#acc")
        told, found = [], [problems, self._lacking(rows)]
        shared = [(policy, rows.filter(policy.is_of)) for policy in self.policies]
        # Without any row the columns are the same, whichever policy tells them.
        for policy, mine in [each for each in shared if each[1].height] or shared[:1]:
            answered, bad = self._under(policy, mine)
            told.append(answered)
            found.append(bad)
        answers_ = (
            pl.concat(told, how="diagonal_relaxed")
            if told
            else rows.clear().drop(_OF_POSITIONS, strict=False)
        )
        # Under one policy they stand in order already.
        answers_ = answers_.sort("#acc") if len(told) > 1 else answers_
        return answers_.drop("#acc"), pl.concat(found)

    def _lacking(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The accounts that no policy is for, as problems."""
        one = pl.any_horizontal([pl.lit(False), *(policy.is_of for policy in self.policies)])
        ids = rows.filter(~one.fill_null(False))[self.asked.key]
        nobody = pl.Series([None], dtype=pl.String).new_from_index(0, len(ids))
        return problem_of(ids, nobody, "no_policy")

    def _under(self, policy: Policy, mine: pl.DataFrame) -> Pair:
        description = self._described(policy)
        rows, problems = policy.run(description, mine, self.asked.key)
        told = ToldColumns(description, self.asked.as_of)
        if self.asked.question == "next_actions":
            return told.of(rows), problems
        names = (name for name in mine.columns if name not in _OF_POSITIONS and name != "#acc")
        return told.of(rows, *(fact(name).alias(name) for name in names)), problems

    def _described(self, policy: Policy) -> Description:
        """What is told of the positions under a policy, the same for every batch."""
        found = self._descriptions.get(id(policy))
        if found is None:
            asked, change = self.asked, self.policies_change_on
            question = Question(asked.as_of, asked.known_at, self.calendar, lambda day: change)
            found = (
                actions_under(policy.compiled, question, asked.key)
                if asked.question == "next_actions"
                else classes_under(policy.compiled, question)
            )
            self._descriptions[id(policy)] = found
        return found
