"""What kind of arrears is this? One account in, its class and the row that decides it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from feerules.assessing import Given, assess, read_moment
from feerules.book import Book
from feerules.citations import about_policy
from feerules.ledger.position import Position

__all__ = ["Arrears", "classify"]


@dataclass(frozen=True, slots=True)
class Arrears:
    """The class of an account's arrears, the row of the policy that decides it, and the position it rests on.

    `kind` is "" where the policy has no classes, or where nothing is owed.
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
    position: Position

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
            "position": self.position.to_dict(),
        }


def classify(
    account: Given, book: Book, as_of: date | datetime | str, *, known_at: date | datetime | None = None
) -> Arrears:
    """The class of an account's arrears on a day, by the classes of the policy that applies to it.

    `account` is an `Account`, the same as plain data, or a `Position` that is known already. Raises
    `UnitErrors` where no policy (or more than one) applies, or a fact that it asks for is missing.
    """
    assessed = assess(account, book, read_moment(as_of), known_at)
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
        position=position,
    )
