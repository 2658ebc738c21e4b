"""Which policy is an account's, its position under it, and what the policy's plan says of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from feerules.book import Book
from feerules.clocks import day_of, read_known, read_moment
from feerules.errors import UnitErrors, UnitProblem
from feerules.ledger.accounts import Account
from feerules.ledger.position import Position, position_of
from feerules.periods import PeriodError, day_number
from feerules.plan.dunning import Compiled
from feerules.plan.ledgers import LedgerTerms
from feerules.plan.nodes import Fact, Leaf, in_order
from feerules.reasons import reason
from feerules.reference import Scalar, Unreadable, encoder, function, is_missing

__all__ = [
    "Assessed",
    "arguments_under",
    "assess",
    "currency_of",
    "no_policy",
    "policy_of",
    "position",
    "read_account",
]

Given: TypeAlias = Account | Mapping[str, Any] | Position


@dataclass(frozen=True, slots=True)
class Assessed:
    """An account under its policy: the position, and the answers of the policy's plan by name."""

    account: Account | None
    position: Position
    compiled: Compiled
    answers: Mapping[str, int]
    policies_change_on: int | None

    @property
    def kind(self) -> str:
        """The class of the arrears; "" where nothing is owed, or the policy has no classes."""
        told = "class" in self.answers and self.answers["owes"]
        return self.compiled.classes[self.answers["class"]] if told else ""

    @property
    def table_row(self) -> str:
        """The row that decides the class."""
        return self.compiled.rows[self.answers["class.leaf"]] if self.kind else ""


def position(
    account: Account | Mapping[str, Any],
    book: Book,
    as_of: date | datetime | str,
    *,
    known_at: date | datetime | str | None = None,
) -> Position:
    """What an account owes and what has happened on it, as of a day: derived from its entries, never stored.

    Only what is effective by `as_of` and was recorded by `known_at` counts. The terms (allocation, grace,
    late fee, buckets …) are those of the policy that applies to the account, or the plain ones where the
    book has none. Raises `UnitErrors` where two policies claim the account, or it names one that is not there.
    """
    account, as_of = read_account(account), read_moment(as_of)
    compiled = policy_of(account, book, as_of)
    if compiled is None and account.policy is not None:
        raise no_policy(account)
    terms = LedgerTerms(account.currency) if compiled is None else compiled.terms
    return position_of(account, terms, as_of, read_known(known_at))


def assess(given: Given, book: Book, as_of: date | datetime, known_at: date | datetime | None) -> Assessed:
    """Raises `UnitErrors` where no policy, or more than one, applies, or where a fact that it asks for is missing."""
    account = None if isinstance(given, Position) else read_account(given)
    compiled = policy_of(account, book, as_of)
    if compiled is None:
        raise no_policy(account)
    if isinstance(given, Position):
        if given.as_of != day_of(as_of):
            raise PeriodError(
                f"a position of {given.as_of}", f"one of {day_of(as_of)}, the day that is asked about"
            )
        found, answers = given, _running(compiled).answers(None, given, given.brought)
    else:
        assert account is not None
        found = position_of(account, compiled.terms, as_of, known_at)
        answers = _answers(account, compiled, found)
    return Assessed(account, found, compiled, answers, book.policies_change_after(day_number(day_of(as_of))))


def arguments_under(assessed: Assessed, compiled: Compiled) -> tuple[int, ...]:
    """What an account that was assessed tells the functions of another plan of its policy."""
    facts = assessed.position.brought if assessed.account is None else assessed.account.facts
    arguments, _ = _running(compiled).read(assessed.position.values, facts)
    return arguments


def _answers(account: Account, compiled: Compiled, found: Position) -> Mapping[str, int]:
    """What the policy says of an account; a class and an action are asked one after the other."""
    rows = account.rows()
    last = rows.answered
    if last is not None and last[0] is compiled and last[1] is found and last[2] == account.facts:
        answers: Mapping[str, int] = last[3]
        return answers
    answers = _running(compiled).answers(account, found, account.facts)
    rows.answered = compiled, found, dict(account.facts), answers
    return answers


def read_account(account: Account | Mapping[str, Any]) -> Account:
    return account if isinstance(account, Account) else Account.model_validate(account)


def currency_of(book: Book) -> str:
    """The currency of what names none: that of the book's policies where they have one, else CNY."""
    told = {version.policy.currency for each in book.policies for version in each}
    return told.pop() if len(told) == 1 else "CNY"


def policy_of(account: Account | None, book: Book, as_of: date | datetime) -> Compiled | None:
    """The policy that an account names, or the one whose `applies` holds for it."""
    found = book.compiled_policies(day_number(day_of(as_of)))
    if account is not None and account.policy is not None:
        found = [each for each in found if each.policy.id == account.policy]
    elif account is not None:
        found = [each for each in found if each.policy.currency == account.currency]
        found = [each for each in found if not each.policy.applies or _running(each).applies(account)]
    if len(found) > 1:
        raise _errors(account, "policy_claimed_twice")
    return found[0] if found else None


def no_policy(account: Account | None) -> UnitErrors:
    return _errors(account, "no_policy")


def _errors(account: Account | None, code: str) -> UnitErrors:
    account_id, policy = (None, None) if account is None else (account.account_id, account.policy)
    fact = None if policy is None else "policy"
    return UnitErrors([UnitProblem(None, fact, policy, code, reason(code), account_id=account_id)])


# Plans, ready to run

_WORDS = ("choice", "text")

_ready: WeakKeyDictionary[Any, _Running] = WeakKeyDictionary()


def _running(compiled: Compiled) -> _Running:
    found = _ready.get(compiled.plan)
    if found is None:
        found = _ready[compiled.plan] = _Running(compiled)
    return found


class _Running:
    """The plan of a policy as one function of the facts of a position and those that an account gives."""

    def __init__(self, compiled: Compiled) -> None:
        plan = compiled.plan
        # Facts of the position stand in its own form, whole numbers and words; only others are read.
        self._leaves = [
            (
                leaf,
                leaf.name,
                {word: code for code, word in enumerate(leaf.codes)} if leaf.kind in _WORDS else None,
                leaf.lo,
                leaf.hi,
                leaf.default,
                None if leaf.name in compiled.own else encoder(leaf),
            )
            for leaf in plan.leaves
        ]
        self._names = tuple(plan.totals)
        self._run = function(plan.leaves, [*plan.totals.values()])
        self._scalar = Scalar(plan)
        self._asked = {node.leaf for node in in_order([plan.totals["applies"]]) if isinstance(node, Fact)}

    def answers(
        self, account: Account | None, position: Position, facts: Mapping[str, Any]
    ) -> Mapping[str, int]:
        arguments, bad = self.read(position.values, facts)
        failures = self._scalar.failures(arguments, bad)
        if failures:
            raise UnitErrors(_problem(account, guard.fact, code, value) for guard, code, value in failures)
        return dict(zip(self._names, self._run(*arguments), strict=True))

    def applies(self, account: Account) -> bool:
        """Whether the policy is for the account; its position is not asked."""
        arguments, bad = self.read({}, account.facts)
        missing = [each for each in bad if each[0] in self._asked]
        if missing:
            raise UnitErrors(_problem(account, leaf, code, value) for leaf, code, value in missing)
        return bool(self._run(*arguments)[self._names.index("applies")])

    def read(self, values: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[tuple[int, ...], list[Any]]:
        numbers, present = [], []
        bad: list[Any] = []
        for leaf, name, codes, lo, hi, default, read in self._leaves:
            value = values.get(name) if read is None else _given(leaf, facts)
            if value is None:
                numbers.append(lo if default is None else default)
                present.append(0 if default is None else 1)
                if read is not None and default is None and not leaf.optional:
                    bad.append((leaf, "missing", None))
                continue
            present.append(1)
            if read is not None:
                try:
                    value = read(value)
                except Unreadable as problem:
                    bad.append((leaf, problem.code, value))
                    value = lo
            elif codes is not None:
                value = codes.get(value, len(codes))
            elif not lo <= value <= hi:
                bad.append((leaf, "out_of_domain", value))
                value = lo
            numbers.append(value)
        return (*numbers, *present), bad


def _problem(account: Account | None, leaf: Leaf | None, code: str, value: Any) -> UnitProblem:
    account_id = None if account is None else account.account_id
    name, told = None if leaf is None else leaf.name, None if value is None else str(value)
    return UnitProblem(None, name, told, code, reason(code, leaf), account_id=account_id)


def _given(leaf: Leaf, facts: Mapping[str, Any]) -> Any:
    told = (facts.get(name) for name in (leaf.name, *leaf.aliases))
    return next((value for value in told if not is_missing(value)), None)
