"""What a book's reactions say of one account: each by the version of the policy that was in force on its day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from feerules.assessing import policy_of
from feerules.book import Book
from feerules.citations import source_of, titles
from feerules.events.engines import Engine
from feerules.events.reaction import Reaction, Trigger
from feerules.ledger.accounts import Account
from feerules.ledger.happenings import Row, happenings_of
from feerules.money import from_scaled
from feerules.periods import Stamp, from_day_number
from feerules.plan.dunning import Compiled
from feerules.plan.patterns import COUNT, WITHOUT, Happened, Match
from feerules.vocabulary import TOLD

__all__ = ["Fired", "Spent", "Version", "reactions_of", "versions_between"]

Spent: TypeAlias = Mapping[str, frozenset[str]]
"""By policy and reaction, what has fired it before."""


class Fired(NamedTuple):
    """A reaction, the rule that it is of, and what it has used up: nothing of that fires the same rule again."""

    reaction: Reaction
    rule: str
    spent: tuple[str, ...]


class Version(NamedTuple):
    """A policy, and the days on which it decides: from the first on, before the other."""

    compiled: Compiled
    first: int
    until: int


def versions_between(account: Account, book: Book, first: int, last: int) -> list[Version]:
    """The policies of an account from a day to another, each with its days; days without a policy have none."""
    found: list[Version] = []
    day: int | None = first
    while day is not None and day <= last:
        until = book.policies_change_after(day)
        compiled = policy_of(account, book, from_day_number(day))
        end = last + 1 if until is None else until
        if compiled is not None and found and found[-1].compiled is compiled:
            found[-1] = found[-1]._replace(until=end)
        elif compiled is not None:
            found.append(Version(compiled, day, end))
        day = until
    return found


@dataclass(frozen=True, slots=True)
class Looked:
    """One history under one version of a policy."""

    version: Version
    history: Sequence[Happened]
    rows: Mapping[str, Row]

    def fired(self, match: Match, account_id: str | None) -> Fired:
        form = self.version.compiled.reactions.reactions[match.reaction].form
        reaction = self._reaction(match, account_id)
        # What follows may follow upon another beginning too.
        spent = reaction.events if form == COUNT else reaction.events[:1]
        return Fired(
            reaction, _rule_key(reaction.policy, reaction.reaction), tuple(each.key for each in spent)
        )

    def _reaction(self, match: Match, account_id: str | None) -> Reaction:
        policy = self.version.compiled.policy
        rule, terms = (
            policy.reactions[match.reaction],
            self.version.compiled.reactions.reactions[match.reaction],
        )
        events = tuple(self._trigger(self.history[number]) for number in match.by)
        return Reaction(
            reaction_id=f"{policy.id}/{rule.id}/{account_id or ''}/{events[0].key}",
            account_id=account_id,
            day=from_day_number(match.day),
            reaction=rule.id,
            title=titles(rule.title, rule.id),
            then=rule.then,
            to=rule.to,
            step_id=rule.step,
            template=rule.template or rule.id,
            events=events,
            waited=terms.within if terms.form == WITHOUT else None,
            policy=policy.id,
            version=policy.version_name,
            where=str(rule.where),
            source=source_of(rule.source or policy.source),
        )

    def _trigger(self, happened: Happened) -> Trigger:
        row = self.rows[_row_key(happened)]
        told = {name: _told(name, value) for name, value in row.told.items()}
        return Trigger(happened.kind, happened.id, from_day_number(happened.day), told)


def reactions_of(
    rows: Sequence[Row],
    versions: Sequence[Version],
    account_id: str | None,
    until: int,
    engine: Engine,
    known: Stamp | None = None,
    spent: Spent | None = None,
) -> Iterator[Fired]:
    """Every reaction of the versions by the evening of a day, in order; what is spent fires none again, nor does what a
    rule has used up under an earlier version."""
    gone = dict(spent or {})
    by_key = {f"{row.kind}:{row.id}": row for row in rows}
    for version in versions:
        terms = version.compiled.reactions
        if not terms.reactions:
            continue
        history = happenings_of(rows, terms, until, known)
        policy = version.compiled.policy.id
        used = [_numbers(history, gone.get(_rule_key(policy, each.id))) for each in terms.reactions]
        looked = Looked(version, history, by_key)
        for match in engine(version.compiled, history, until, used):
            if version.first <= match.day < version.until:
                fired = looked.fired(match, account_id)
                gone[fired.rule] = gone.get(fired.rule, frozenset()) | {*fired.spent}
                yield fired


def _rule_key(policy: str, reaction: str) -> str:
    return f"{policy}/{reaction}"


def _numbers(history: Sequence[Happened], keys: frozenset[str] | None) -> frozenset[int]:
    if not keys:
        return frozenset()
    return frozenset(number for number, each in enumerate(history) if f"{each.kind}:{each.id}" in keys)


def _row_key(happened: Happened) -> str:
    """The entry that says so: of a promise that is judged, the promise."""
    kind = (
        "promise"
        if happened.kind.startswith("promise_") and not happened.kind.endswith("_closed")
        else happened.kind
    )
    return f"{kind}:{happened.id}"


def _told(name: str, value: str | int) -> str | bool | Decimal:
    match TOLD[name].kind:
        case "decimal":
            return from_scaled(int(value), 2)
        case "boolean":
            return bool(value)
    return str(value)
