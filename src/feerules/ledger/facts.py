"""The facts of a position by their names: as the kernel has them, as people read them, as text."""

from __future__ import annotations

from datetime import date
from typing import Any

from feerules.errors import UnitErrors, UnitProblem, did_you_mean
from feerules.ledger.accounts import Account
from feerules.money import from_scaled, scaled_text, to_scaled
from feerules.periods import day_number, from_day_number
from feerules.plan.nodes import Leaf
from feerules.reasons import reason
from feerules.reference import Unreadable, encoder, is_missing
from feerules.vocabulary import ALIASES, POSITION, STEP_DAYS, PositionFact, bucket_fact, step_facts

__all__ = ["GivenFacts", "decoded", "encoded", "fact_named", "fact_of", "known_of", "plain"]

# What an account may tell of its party without an event, read like any fact of a record.
_WORDS = (("true", 1), ("false", 0))
_KNOWN = {name: Leaf(name, "boolean", 0, 0, 1, words=_WORDS, optional=True) for name in ("away", "refuses")}
_READ = {name: encoder(leaf) for name, leaf in _KNOWN.items()}


def known_of(account: Account) -> dict[str, int]:
    """What is known of the party without a contact: whether it is away or refuses. UnitErrors for what cannot be read."""
    known, problems = dict.fromkeys(_KNOWN, 0), []
    for name, read in _READ.items():
        value = account.facts.get(name)
        if is_missing(value):
            continue
        try:
            known[name] = read(value)
        except Unreadable as wrong:
            sentence = reason(wrong.code, _KNOWN[name])
            problems.append(
                UnitProblem(None, name, str(value), wrong.code, sentence, account_id=account.account_id)
            )
    if problems:
        raise UnitErrors(problems)
    return known


def fact_of(name: str) -> PositionFact:
    if name in POSITION:
        return POSITION[name]
    if name.startswith("bucket_"):
        return bucket_fact(name.removeprefix("bucket_"))
    facts = step_facts(
        name.removeprefix("steps.").rpartition(".")[0], by_clock=True, holds=True, in_turn=True
    )
    return next(fact for fact in facts if fact.name == name)


def fact_named(name: str) -> PositionFact:
    try:
        return fact_of(name)
    except (StopIteration, KeyError):
        hint = did_you_mean(name, [*POSITION, *ALIASES])
        expected = f"expected a fact of a position: {', '.join(POSITION)}"
        raise ValueError(f'found "{name}", {hint or expected}') from None


def encoded(value: Any, fact: PositionFact) -> int | str | None:
    if value is None or (value == "none" and fact.optional):
        return None
    match fact.kind:
        case "decimal":
            return to_scaled(value, 2)
        case "integer":
            return to_scaled(value, 0)
        case "boolean" if str(value).lower() in ("true", "false"):
            return int(str(value).lower() == "true")
        case "date":
            return day_number(date.fromisoformat(value) if isinstance(value, str) else value)
        case "choice" if value in fact.words:
            return str(value)
        case "text":
            return str(value)
    raise ValueError(f"found {value!r} as {fact.name}, expected {', '.join(fact.words) or 'true or false'}")


class GivenFacts(dict[str, Any]):
    """Facts of buckets and steps that are not told: nothing is in a bucket, no step was done."""

    def __missing__(self, name: str) -> int | None:
        if not name.startswith(("bucket_", "steps.")):
            raise KeyError(name)
        return None if name.endswith(STEP_DAYS) else 0

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self or name.startswith(("bucket_", "steps.")) else default


def decoded(value: int | str | None, fact: PositionFact) -> Any:
    if value is None or isinstance(value, str):
        return value
    match fact.kind:
        case "decimal":
            return from_scaled(value, 2)
        case "date":
            return from_day_number(value)
        case "boolean":
            return bool(value)
        case _:
            return value


def plain(value: int | str | None, fact: PositionFact) -> Any:
    if isinstance(value, int) and fact.kind == "decimal":
        return scaled_text(value, 2)
    found = decoded(value, fact)
    return found.isoformat() if isinstance(found, date) else found
