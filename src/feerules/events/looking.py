"""What a book's reactions say of one account: each by the version of the policy that was in force on its day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
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
from feerules.plan.patterns import COUNT, WITHOUT, Happened, Match, in_order
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

    def on_first_day(self, match: Match, overtaken: AbstractSet[tuple[str, str]]) -> Match:
        """A match, on the first day of the version where that overtook it."""
        if not overtaken or match.day >= self.version.first:
            return match
        rule = self.version.compiled.reactions.reactions[match.reaction].id
        was_awaited = (rule, _key(self.history[match.by[0]])) in overtaken
        return match._replace(day=self.version.first) if was_awaited else match

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
    rule has used up under an earlier version. A wait that is over by a version that makes it shorter, before its first
    day, is over on that day."""
    gone = dict(spent or {})
    by_key = {f"{row.kind}:{row.id}": row for row in rows}
    for earlier, version in zip((None, *versions), versions, strict=False):
        terms = version.compiled.reactions
        if not terms.reactions:
            continue
        history = happenings_of(rows, terms, until, known)
        policy = version.compiled.policy.id
        used = [_numbers(history, gone.get(_rule_key(policy, each.id))) for each in terms.reactions]
        looked = Looked(version, history, by_key)
        matches = engine(version.compiled, history, until, used)
        overtaken = _overtaken(rows, earlier, version, engine, known)
        for match in in_order(looked.on_first_day(match, overtaken) for match in matches):
            if version.first <= match.day < version.until:
                fired = looked.fired(match, account_id)
                gone[fired.rule] = gone.get(fired.rule, frozenset()) | {*fired.spent}
                yield fired


def _overtaken(
    rows: Sequence[Row], earlier: Version | None, version: Version, engine: Engine, known: Stamp | None
) -> set[tuple[str, str]]:
    """What a version still waited for when the next made the wait shorter: rules, and what began."""
    shorter = set() if earlier is None else _shorter(earlier.compiled, version.compiled)
    if earlier is None or not shorter:
        return set()
    terms = earlier.compiled.reactions
    history = happenings_of(rows, terms, version.first - 1, known)
    none_used = [frozenset[int]()] * len(terms.reactions)
    found = engine(earlier.compiled, history, version.first + terms.longest, none_used)
    return {
        (terms.reactions[match.reaction].id, _key(history[match.by[0]]))
        for match in found
        if match.day >= version.first and terms.reactions[match.reaction].id in shorter
    }


def _shorter(earlier: Compiled, later: Compiled) -> set[str]:
    """The rules of a policy that wait for less long than before."""
    if earlier.policy.id != later.policy.id:
        return set()
    before = {each.id: each.within for each in earlier.reactions.reactions if each.form == WITHOUT}
    return {
        each.id
        for each in later.reactions.reactions
        if each.form == WITHOUT and each.within < before.get(each.id, 0)
    }


def _rule_key(policy: str, reaction: str) -> str:
    return f"{policy}/{reaction}"


def _key(happened: Happened) -> str:
    return f"{happened.kind}:{happened.id}"


def _numbers(history: Sequence[Happened], keys: frozenset[str] | None) -> frozenset[int]:
    if not keys:
        return frozenset()
    return frozenset(number for number, each in enumerate(history) if _key(each) in keys)


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
