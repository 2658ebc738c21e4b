"""Cases of accounts: entries or a position go in; facts, a class and a decision come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from feerules.assessing import assess, read_account
from feerules.book import Book
from feerules.clocks import read_known, read_moment
from feerules.decisions import Decision
from feerules.documents.others import Case
from feerules.documents.tree import Text
from feerules.dunning import next_action
from feerules.errors import UnitErrors, did_you_mean
from feerules.ledger.position import Position

__all__ = ["account_differences", "plain", "problem_differences"]

# What an expectation may ask of a decision, and what the decision calls it.
ASKED = {
    "decision": "decision", "step": "step_id", "channel": "channel", "fallback": "fallback", "role": "role",
    "approval": "needs_approval", "until": "until", "not_before": "not_before", "not_after": "not_after",
    "amount": "amount", "fee": "fee", "stop": "stop", "by": "by", "next_review_on": "next_review_on", "template": "template",
    "charge_ids": "charge_ids",
}  # fmt: skip


def account_differences(book: Book, policy: str, case: Case) -> Iterator[str]:
    """What a case of a policy expects and that does not say."""
    only = book.only(policy)
    try:
        as_of = read_moment(case.as_of or "")
        known_at = read_known(case.known_at)
        given = _given(case, as_of)
        assessed = assess(given, only, as_of, known_at)
        decision = next_action(given, only, as_of, known_at=known_at)
    except UnitErrors as error:
        told = problem_differences(error, case.expect)
        yield from (each + _another(book, policy, error, given, as_of) for each in told)
        return
    except (ValidationError, ValueError) as error:
        yield f"the case itself: {error}"
        return
    for key, expected in case.expect.items():
        if key == "class":
            found: Any = assessed.kind
        elif key == "reason":
            yield from _reason_difference(decision, str(expected))
            continue
        elif key in ASKED:
            found = getattr(decision, ASKED[key], None)
        elif key in assessed.position.values:
            found = assessed.position[key]
        else:
            hint = did_you_mean(key, ["class", "reason", *ASKED, *assessed.position.values])
            yield f"{key}: neither a fact of the position nor a part of a decision" + f"; {hint}" * bool(hint)
            continue
        if not _same(found, expected):
            yield f"{key}: expected {plain(expected)}, found {_told(found)}"


def _another(book: Book, policy: str, error: UnitErrors, given: Any, as_of: Any) -> str:
    """Which policy of the book applies, where that of the cases does not."""
    if all(problem.code != "no_policy" for problem in error.problems):
        return ""
    try:
        found = assess(given, book, as_of, None).compiled.policy.id
    except UnitErrors:
        return ""
    return f"; the cases are for {policy}, and {found} applies"


def _reason_difference(decision: Decision, expected: str) -> Iterator[str]:
    codes = [reason.code for reason in decision.reasons]
    if expected not in codes:
        yield f"reason: expected {expected}, found {', '.join(codes)}"


def _given(case: Case, as_of: Any) -> Any:
    if case.position is not None:
        return Position.given(plain(case.position), as_of)
    return read_account(_complete(plain(case.account)))


def _complete(account: dict[str, Any]) -> dict[str, Any]:
    """The account with ids where a case leaves them out: charges C1, C2 …, payments P1 …, events E1 …"""
    account = {"account_id": "A-1", **account}
    for name, key, letter in (
        ("charges", "charge_id", "C"),
        ("payments", "payment_id", "P"),
        ("events", "event_id", "E"),
    ):
        given = account.get(name, [])
        account[name] = [{key: f"{letter}{number}", **each} for number, each in enumerate(given, 1)]
    for charge in account["charges"]:
        charge.setdefault("fee", "management")
    for event in account["events"]:
        if event.get("delivered") in ("true", "false"):
            event["delivered"] = event["delivered"] == "true"
    return account


def problem_differences(error: UnitErrors, expect: Mapping[str, Any]) -> Iterator[str]:
    """What a case expects where a record cannot be answered."""
    found = [(problem.code, problem.fact) for problem in error.problems]
    wanted = (expect.get("problem"), expect.get("fact"))
    if not any(code == wanted[0] and wanted[1] in (None, fact) for code, fact in found):
        told = ", ".join(f"{key} {value}" for key, value in plain(dict(expect)).items())
        yield f"expected {told}, found the problems: {error}"


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        return list(found or ()) == [str(each) for each in expected]
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
        case tuple():
            return ", ".join(map(str, found))
    return str(found)


def plain(value: Any) -> Any:
    """A tree of texts as plain values: the engine's own reading applies to each."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Text) else value
