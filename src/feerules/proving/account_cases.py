"""Cases of accounts: entries or a position go in; facts, a class and a decision come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from feerules.assessing import assess, currency_of, read_account
from feerules.book import Book
from feerules.clocks import day_of, read_known, read_moment
from feerules.decisions import Decision
from feerules.documents.facts import Fact
from feerules.documents.others import Case
from feerules.dunning import next_action
from feerules.errors import UnitErrors, did_you_mean
from feerules.events.reacting import react
from feerules.events.reaction import Reaction
from feerules.ledger.accounts import Account
from feerules.ledger.facts import fact_named
from feerules.ledger.position import Position
from feerules.proving.problem_cases import (
    expects_problem,
    plain,
    problem_differences,
    told_problems,
    unknown_problems,
)
from feerules.proving.results import EXPECTED, Difference, unknown
from feerules.vocabulary import ALIASES, POSITION
from feerules.wording import sentence

__all__ = ["ASKED", "account_differences", "given_by"]

# What an expectation may ask of a decision, and what the decision calls it.
ASKED = {
    "decision": "decision", "step": "step_id", "channel": "channel", "fallback": "fallback", "role": "role",
    "approval": "needs_approval", "until": "until", "not_before": "not_before", "not_after": "not_after",
    "amount": "amount", "fee": "fee", "stop": "stop", "by": "by", "next_review_on": "next_review_on", "template": "template",
    "charge_ids": "charge_ids",
}  # fmt: skip
REACTIONS = "reactions"
ENTRIES = (("charges", "charge_id", "C"), ("payments", "payment_id", "P"), ("events", "event_id", "E"))


def account_differences(book: Book, policy: str, case: Case) -> Iterator[Difference]:
    """What a case of a policy expects and that does not come out."""
    only, known = book.only(policy), _known(book, policy)
    told = [*_unknown(case.expect, known)]
    yield from told
    try:
        as_of = read_moment(case.as_of or "")
        known_at = read_known(case.known_at)
        given = given_by(only, case)
        assessed = assess(given, only, as_of, known_at)
        decision = next_action(given, only, as_of, known_at=known_at)
    except UnitErrors as error:
        if not (told and expects_problem(case.expect)):
            yield from problem_differences(error, case.expect, _aliases(only))
            yield from _another(book, policy, error, case)
        return
    except ValidationError as error:
        yield from _mistakes(error, _declared(only))
        return
    except ValueError as error:
        yield Difference(sentence("the case itself: {error}"), {"error": str(error)})
        return
    if expects_problem(case.expect):
        wanted = {"code": told_problems(case.expect), "decision": decision.decision}
        yield Difference(sentence("expected the problem {code}, found the decision {decision}"), wanted)
        return
    for key, expected in case.expect.items():
        if key == REACTIONS:
            yield from _fired(only, given, case, expected)
        elif key in known:
            yield from _difference(key, expected, decision, assessed.kind, assessed.position)


def _fired(book: Book, given: Any, case: Case, expected: Any) -> Iterator[Difference]:
    """Which reactions have fired by the day, in order; of a position alone nothing is known that has happened."""
    fired: list[Reaction] = []
    if isinstance(given, Account):
        fired = react(book, given, case.as_of or "", known_at=case.known_at, engine="plain")
    found = tuple(each.reaction for each in fired)
    if not _same(found or None, expected):
        told = {"name": REACTIONS, "expected": _told(plain(expected)), "found": _told(found or None)}
        yield Difference(EXPECTED, told)


def _difference(
    key: str, expected: Any, decision: Decision, kind: str, position: Position
) -> Iterator[Difference]:
    if key == "reason":
        codes = [reason.code for reason in decision.reasons]
        if expected not in codes:
            told = {"name": "reason", "expected": str(expected), "found": ", ".join(codes)}
            yield Difference(EXPECTED, told)
        return
    if key == "class":
        found: Any = kind
    elif key in ASKED:
        found = getattr(decision, ASKED[key], None)
    else:
        found = position[key]
    if not _same(found, expected):
        told = {"name": key, "expected": _told(plain(expected)), "found": _told(found)}
        yield Difference(EXPECTED, told)


def _unknown(expect: Mapping[str, Any], known: set[str]) -> Iterator[Difference]:
    """What an expectation names that neither a position nor a decision tells."""
    if expects_problem(expect):
        yield from unknown_problems(expect)
        return
    message = sentence("{key}: neither a fact of the position nor a part of a decision")
    for key in expect:
        if key not in known:
            yield unknown(message, key, sorted(known), key=str(key))


def _known(book: Book, policy: str) -> set[str]:
    """Everything that a case of a policy may expect, in any of its versions."""
    versions = [version for each in book.policies for version in each if version.policy.id == policy]
    own = {name for version in versions for name in version.names.leaves if name not in version.names.facts}
    return {"class", "reason", REACTIONS, *ASKED, *POSITION, *ALIASES, *own}


def _another(book: Book, policy: str, error: UnitErrors, case: Case) -> Iterator[Difference]:
    """Which policy of the book applies, where that of the cases does not."""
    if all(problem.code != "no_policy" for problem in error.problems) or expects_problem(case.expect):
        return
    with suppress(UnitErrors):
        given = given_by(book.only(policy), case)
        found = assess(given, book, read_moment(case.as_of or ""), None).compiled.policy.id
        told = {"policy": policy, "found": found}
        yield Difference(sentence("the cases are for {policy}, and {found} applies"), told)


# What goes in


def _mistakes(error: ValidationError, declared: set[str]) -> Iterator[Difference]:
    """What is wrong with the entries of an account, each by itself."""
    for each in error.errors(include_url=False):
        place = ".".join(map(str, each["loc"]))
        if each["type"] != "extra_forbidden":
            told = each["msg"].removeprefix("Value error, ")
            yield Difference(sentence("the case itself: {error}"), {"error": f"{place}: {told}"})
        elif place in declared:
            yield Difference(
                sentence("{key}: what the policy declares stands under facts of the account"), {"key": place}
            )
        else:
            known = Account.model_fields if len(each["loc"]) == 1 else ()
            yield unknown(
                sentence("{key}: nothing that an account has"), str(each["loc"][-1]), known, key=place
            )


def given_by(book: Book, case: Case) -> Any:
    """The account or the position of a case; ValueError (and pydantic's) for what is none.

    Beside the facts of a position may stand those that the policy declares, which an account brings.
    """
    if case.position is None:
        return read_account(_complete(plain(case.account)))
    told: dict[str, Any] = plain(case.position)
    for name, value in told.items():
        if isinstance(value, list | dict):
            raise ValueError(f"found {value!r} as {name}, expected one value")
    brought = {name: told[name] for name in told.keys() & _declared(book)}
    facts = {name: value for name, value in told.items() if name not in brought}
    for name in facts:
        _check_fact(name, _declared(book))
    as_of = read_moment(case.as_of or "")
    return replace(Position.given(facts, day_of(as_of), currency_of(book)), brought=brought)


def _check_fact(name: str, declared: set[str]) -> None:
    try:
        fact_named(ALIASES.get(name, name))
    except ValueError:
        known = [*sorted(declared), *POSITION, *ALIASES]
        expected = "expected a fact of a position, or one that the policy declares"
        raise ValueError(f'found "{name}", {did_you_mean(name, known) or expected}') from None


def _aliases(book: Book) -> dict[str, str]:
    """For each other name of a fact that the policies declare, its own."""
    names = (version.names for each in book.policies for version in each)
    return {alias: fact for each in names for alias, fact in each.aliases.items()}


def _declared(book: Book) -> set[str]:
    """The facts that a policy declares itself, by every name that they have."""
    versions = [version for each in book.policies for version in each]
    every: list[tuple[str, Fact]] = [pair for version in versions for pair in version.names.facts.items()]
    return {name for key, fact in every for name in (key, *fact.aliases)} - POSITION.keys()


def _complete(account: dict[str, Any]) -> dict[str, Any]:
    """The account with ids where a case leaves them out: charges C1, C2 …, payments P1 …, events E1 …"""
    account = {"account_id": "A-1", **account}
    for name, key, letter in ENTRIES:
        given = account.get(name, [])
        if not (isinstance(given, list) and all(isinstance(each, dict) for each in given)):
            raise ValueError(f"found {name}: {given!r}, expected a list of entries")
        account[name] = [{key: f"{letter}{number}", **each} for number, each in enumerate(given, 1)]
    for charge in account["charges"]:
        charge.setdefault("fee", "management")
    for event in account["events"]:
        if event.get("delivered") in ("true", "false"):
            event["delivered"] = event["delivered"] == "true"
    return account


# What comes out


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        return (
            [*found] == [str(each) for each in expected]
            if isinstance(found, tuple)
            else not (found or expected)
        )
    text = "none" if expected is None else str(expected)
    if isinstance(found, datetime):
        with suppress(ValueError):
            return datetime.fromisoformat(text) == found  # 08:00 is 08:00:00
        return False
    if isinstance(found, Decimal) or (isinstance(found, int) and not isinstance(found, bool)):
        try:
            return Decimal(text) == found
        except InvalidOperation:
            return False
    return _told(found) == text


def _told(found: Any) -> str:
    match found:
        case None:
            return "none"
        case bool():
            return "true" if found else "false"
        case date():
            return found.isoformat()
        case tuple() | list():
            return ", ".join(map(str, found))
    return str(found)
