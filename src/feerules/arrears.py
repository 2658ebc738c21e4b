"""What kind of arrears is this? One account in, its class and the row that decides it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from feerules.assessing import Assessed, Given, assess
from feerules.book import Book
from feerules.citations import about_policy
from feerules.clocks import day_of, read_known, read_moment
from feerules.decisions import Reason, words_for
from feerules.ledger.contradictions import CONTRADICTIONS
from feerules.ledger.position import Position
from feerules.reviewing import next_review
from feerules.wording import translate

__all__ = ["Arrears", "class_of", "classify", "contradictory", "no_debt"]


@dataclass(frozen=True, slots=True)
class Arrears:
    """The class of an account's arrears, the row of the policy that decides it, and the position it rests on.

    `kind` is "" where the policy has no classes, or where nothing is owed. `next_review_on`: until then,
    without a new entry, it stays the same.
    """

    account_id: str | None
    as_of: date | datetime
    kind: str
    title: Mapping[str, str]
    table_row: str
    where: str
    policy: str
    version: str
    source: Mapping[str, str]
    reasons: tuple[Reason, ...]
    next_review_on: date | None
    position: Position

    def explain(self, locale: str = "zh_CN") -> str:
        """The class and why, as a clerk reads it; `locale` as in `Bill.explain`."""
        return words_for(self.reasons, self.next_review_on, self.position.currency, translate(locale))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; money as text, days as ISO text."""
        return {
            "schema": 1,
            "account_id": self.account_id,
            "as_of": self.as_of.isoformat(),
            "class": self.kind,
            "title": dict(self.title),
            "table_row": self.table_row,
            "where": self.where,
            "policy": self.policy,
            "version": self.version,
            "source": dict(self.source),
            "reasons": [each.to_dict() for each in self.reasons],
            "next_review_on": None if self.next_review_on is None else self.next_review_on.isoformat(),
            "position": self.position.to_dict(),
        }


def classify(
    account: Given, book: Book, as_of: date | datetime | str, *, known_at: date | datetime | str | None = None
) -> Arrears:
    """The class of an account's arrears on a day, by the classes of the policy that applies to it.

    `account` is an `Account`, the same as plain data, or a `Position` that is known already. Raises
    `UnitErrors` where no policy (or more than one) applies, or a fact that it asks for is missing.
    """
    as_of = read_moment(as_of)
    assessed = assess(account, book, as_of, read_known(known_at))
    policy, position, about = assessed.compiled.policy, assessed.position, about_policy(assessed.compiled)
    return Arrears(
        account_id=position.account_id,
        as_of=position.as_of,
        kind=assessed.kind,
        title=about.classes[assessed.kind].title,
        table_row=assessed.table_row,
        where=about.classes[assessed.kind].where,
        policy=policy.id,
        version=policy.version_name,
        source=about.source,
        reasons=_reasons(assessed),
        next_review_on=next_review(assessed, day_of(as_of), ()),
        position=position,
    )


def _reasons(assessed: Assessed) -> tuple[Reason, ...]:
    found = (contradictory(assessed), no_debt(assessed) or class_of(assessed))
    return tuple(reason for reason in found if reason is not None)


# The reasons that a class and an action share


def contradictory(assessed: Assessed) -> Reason | None:
    """That entries contradict each other, and how, in both languages."""
    found = [(CONTRADICTIONS[code], name) for code, _, name in assessed.position.contradictions]
    if not found:
        return None
    zh = "、".join(f"{told[0]}（{name}）" for told, name in found)
    en = "; ".join(f"{name}: {told[1]}" for told, name in found)
    return Reason("contradictory", {"what": {"zh": zh, "en": en}})


def no_debt(assessed: Assessed) -> Reason | None:
    """That nothing is owed, or less than the policy's minimum is overdue."""
    if assessed.answers["owes"]:
        return None
    position = assessed.position
    if not position.values["outstanding"]:
        return Reason("nothing_owed")
    told = {"amount": position["overdue"], "least": assessed.compiled.policy.minimum}
    return Reason("below_minimum", told)


def class_of(assessed: Assessed) -> Reason | None:
    """The class, and the row that decides it."""
    if not assessed.kind:
        return None
    about = about_policy(assessed.compiled).classes[assessed.kind]
    told = {"title": about.title, "row": assessed.table_row}
    return Reason("class", told, assessed.kind, about.where, about.source)
