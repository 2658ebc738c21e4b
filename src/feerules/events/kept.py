"""What a desk keeps of one account: its entries as far back as they matter, and what has fired, as JSON in bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from feerules.book import Book
from feerules.ledger.accounts import Account
from feerules.ledger.happenings import REVERSAL, Row
from feerules.periods import day_number
from feerules.plan.dunning import Compiled
from feerules.plan.patterns import WITHOUT
from feerules.vocabulary import HAPPENINGS, TOLD

__all__ = ["Kept", "Remembered", "is_kept", "remembered"]

JUDGED = {"promise_kept", "promise_broken"}
_SORTS = ("event", "payment", "charge", REVERSAL)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the reactions of a book make one remember of an account.

    `kinds` of entries, for `days` days; `tolerances`: how late promises may be; `waits`: by kind, after how many days
    something that does not come is missed; `changes`: the days on which a version begins, and may make a wait shorter.
    """

    kinds: frozenset[str]
    days: int
    tolerances: tuple[int, ...]
    waits: Mapping[str, tuple[int, ...]]
    changes: tuple[int, ...]

    @property
    def judges(self) -> bool:
        """Whether promises are asked about."""
        return bool(self.tolerances)


def remembered(book: Book) -> Remembered:
    """The most that any version of any policy of a book asks."""
    every = [*_compiled(book)]
    kinds = {kind for each in every for kind in each.reactions.kinds}
    judging = [each for each in every if JUDGED & each.reactions.kinds]
    if judging:
        kinds |= {"promise", "promise_closed", "payment"}
    if kinds & {"payment", "payment_in_transit"}:
        kinds |= {"payment_reversed"}
    waits: dict[str, set[int]] = {}
    for each in every:
        for one in each.reactions.reactions:
            for happening in one.first if one.form == WITHOUT else ():
                waits.setdefault(happening.kind, set()).add(one.within + 1)
    return Remembered(
        frozenset(kinds - JUDGED),
        max((each.reactions.longest for each in every), default=0),
        tuple(sorted({each.reactions.promise_tolerance for each in judging})),
        {kind: tuple(sorted(days)) for kind, days in waits.items()},
        tuple(sorted({version.first for versions in book.policies for version in versions})),
    )


def _compiled(book: Book) -> Iterator[Compiled]:
    for versions in book.policies:
        for version in versions:
            yield from (
                each for each in book.compiled_policies(version.first) if each.policy is version.policy
            )


@dataclass(slots=True)
class Kept:
    """One account: the last day that it was asked about, its currency, policy and facts, its entries, what has fired
    which rule, and whether it was asked under other rules, so that what was due by then may be due anew."""

    account_id: str
    day: int
    currency: str = "CNY"
    policy: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    spent: dict[str, frozenset[str]] = field(default_factory=dict)
    outdated: bool = False

    def is_of(self, account: Account) -> None:
        """Takes over who an account is; facts as JSON has them, which a policy reads the same."""
        self.currency, self.policy = account.currency, account.policy
        self.facts = {name: _fact(name, value) for name, value in account.facts.items()}

    def account(self) -> Account:
        """Who it is, for the choice of its policy: no entries."""
        return Account.model_construct(
            account_id=self.account_id, currency=self.currency, policy=self.policy, facts=dict(self.facts)
        )

    def has_spent(self, rule: str, keys: Iterable[str]) -> None:
        self.spent[rule] = self.spent.get(rule, frozenset()) | frozenset(keys)

    def mattering(self, asked: Remembered, late: int, day: int) -> dict[tuple[str, str], Row]:
        """The entries that may still matter on a day, though another may come so many days late."""
        since = day - asked.days - late
        promised = [
            row.day
            for row in self.rows.values()
            if asked.judges and row.promised is not None and row.promised + max(asked.tolerances) + 1 >= since
        ]
        since = min([since, *promised])
        return {key: row for key, row in self.rows.items() if row.day >= since}

    def prune(self, asked: Remembered, late: int) -> None:
        """Lets go of what can matter no more."""
        self.rows = self.mattering(asked, late, self.day)
        # By the id alone: the kind of an entry that comes again may change, and change back.
        known = {row.id for row in self.rows.values()}
        self.spent = {
            rule: left
            for rule, keys in self.spent.items()
            if (left := frozenset(key for key in keys if key.partition(":")[2] in known))
        }

    def due(self, asked: Remembered) -> int | None:
        """The next day on which something may fire though nothing comes in; None for never."""
        if self.outdated:
            return self.day
        days = [day for day in self._days(asked) if day > self.day]
        last = max(days, default=self.day)
        return min((*days, *(day for day in asked.changes if self.day < day < last)), default=None)

    def _days(self, asked: Remembered) -> Iterator[int]:
        for row in self.rows.values():
            yield row.day
            yield from (row.day + wait for wait in asked.waits.get(row.kind, ()))
            if row.promised is None:
                continue
            for tolerance in asked.tolerances:
                broken = row.promised + tolerance + 1
                yield broken
                yield from (broken + wait for wait in asked.waits.get("promise_broken", ()))
        # A promise is kept on the day of a payment, from which a wait may begin.
        kept = asked.waits.get("promise_kept", ())
        yield from (row.day + wait for row in self.rows.values() if row.kind == "payment" for wait in kept)

    # As bytes

    def to_bytes(self) -> bytes:
        told: dict[str, Any] = {"day": self.day, "rows": [*map(_listed, self.rows.values())]}
        if self.spent:
            told["spent"] = {rule: sorted(keys) for rule, keys in self.spent.items()}
        if self.currency != "CNY":
            told["currency"] = self.currency
        if self.policy is not None:
            told["policy"] = self.policy
        if self.facts:
            told["facts"] = dict(self.facts)
        if self.outdated:
            told["outdated"] = True
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def of_bytes(cls, account_id: str, data: bytes) -> Kept:
        return cls.of_told(account_id, json.loads(data))

    @classmethod
    def of_told(cls, account_id: str, told: Mapping[str, Any]) -> Kept:
        rows = [*map(_row, told["rows"])]
        spent = {rule: frozenset(keys) for rule, keys in told.get("spent", {}).items()}
        who = told.get("currency", "CNY"), told.get("policy"), told.get("facts", {})
        by_id = {(row.sort, row.id): row for row in rows}
        return cls(account_id, told["day"], *who, by_id, spent, told.get("outdated", False))


def _listed(row: Row) -> list[Any]:
    listed: list[Any] = [_SORTS.index(row.sort), *row[1:]]
    while listed[-1] in (None, ""):
        listed.pop()
    return listed


def _row(listed: list[Any]) -> Row:
    sort, name, day, time, kind, told, *rest = listed
    if rest and rest[0] is not None:
        rest[0] = rest[0][0], rest[0][1]
    return Row(_SORTS[sort], name, day, time, kind, told, *rest)


# Whether it is what was written


def is_kept(told: object) -> bool:
    """Whether something that JSON told is what is kept of an account, in each of its parts."""
    return (
        isinstance(told, dict)
        and {"day", "rows"} <= told.keys() <= _PARTS.keys()
        and all(_PARTS[name](value) for name, value in told.items())
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return type(value) is int


def _is_day(value: object) -> bool:
    return type(value) is int and day_number(date.min) <= value <= day_number(date.max)


def _is_spent(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(keys, list) and all(map(_is_text, keys)) for keys in value.values()
    )


def _is_told(value: object) -> bool:
    return isinstance(value, dict) and all(
        name in TOLD and type(each) is (int if TOLD[name].kind in ("decimal", "boolean") else str)
        for name, each in value.items()
    )


def _is_stamp(value: object) -> bool:
    match value:
        case None:
            return True
        case [wall, utc]:
            return _is_number(wall) and (utc is None or _is_number(utc))
    return False


def _is_row(value: object) -> bool:
    return (
        isinstance(value, list)
        and _FEWEST <= len(value) <= len(_ROW)
        and all(check(each) for check, each in zip(_ROW, value, strict=False))
    )


_ROW: tuple[Callable[[Any], bool], ...] = (
    lambda sort: _is_number(sort) and 0 <= sort < len(_SORTS), _is_text, _is_day, _is_number,
    lambda kind: _is_text(kind) and kind in HAPPENINGS, _is_told, _is_stamp, _is_text, _is_day,
)  # fmt: skip
_FEWEST = 6  # what is not told stands last, and is left out
_PARTS: Mapping[str, Callable[[Any], bool]] = {
    "day": _is_day,
    "rows": lambda rows: isinstance(rows, list) and all(map(_is_row, rows)),
    "spent": _is_spent,
    "currency": _is_text,
    "policy": _is_text,
    "facts": lambda facts: isinstance(facts, dict),
    "outdated": lambda outdated: outdated is True,
}


def _fact(name: str, value: Any) -> Any:
    """A fact as JSON has it; what a policy reads is the same."""
    if isinstance(value, Decimal):
        value = format(value, "f")
    elif isinstance(value, date):
        value = value.isoformat()
    if not (_is_json(name) and _is_json(value)):
        found = f"{value!a:.60} ({type(value).__name__}) as fact {name!a}"
        raise TypeError(f"found {found}, expected what JSON has: text, a number, true, false or null")
    return value


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True
