"""What comes of a contact in a run over days: an assumption that the caller states, the same every time it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import Any

from feerules.documents.policy import DunningPolicy
from feerules.errors import did_you_mean
from feerules.frames import into_lazy
from feerules.plan.ledgers import AWAY, CONNECTED, REFUSED, UNREACHABLE, LedgerTerms

__all__ = ["Outcome", "Outcomes"]

SPOKEN = ("phone", "visit")  # on all others a message is sent, which arrives or does not
KEYS = ("outcome", "delivered", "promised_in", "pays_in")
COLUMNS = ("step_id", "channel", *KEYS, "rate")
FILES = (".csv", ".parquet")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one contact ends: the word and the flag of its event; the days until a promised day, and until money comes."""

    outcome: str | None = None
    delivered: bool | None = None
    promised_in: int | None = None
    pays_in: int | None = None

    @classmethod
    def of(cls, said: Row, where: str) -> Outcome:
        """From plain data; `where` says what is read."""
        odd = [name for name in said if name not in KEYS]
        if odd:
            hint = did_you_mean(odd[0], KEYS)
            raise ValueError(f"found {odd[0]!r} in {where}, expected {', '.join(KEYS)}{_hinted(hint)}")
        for name in ("promised_in", "pays_in"):
            days = said.get(name)
            if days is not None and (type(days) is not int or days < 0):
                raise ValueError(
                    f"found {name} {days!r} in {where}, expected a whole number of days from 0 up"
                )
        delivered, word = said.get("delivered"), said.get("outcome")
        if delivered is not None and type(delivered) is not bool:
            raise ValueError(f"found delivered {delivered!r} in {where}, expected True, False or nothing")
        if word is not None and not isinstance(word, str):
            raise ValueError(f"found the outcome {word!r} in {where}, expected a word such as no_answer")
        return cls(word or None, delivered, said.get("promised_in"), said.get("pays_in"))


class Outcomes:
    """An outcome for each contact: a word, one outcome for all, rates of several, or a function of the action.

    Without any, nobody answers and every message arrives. What an outcome does not say of delivery follows
    from its word: on channels of messages, a word of those that reached nobody was not delivered.
    """

    def __init__(self, given: Any, policies: Iterable[DunningPolicy]) -> None:
        self.words = sorted({word for policy in policies for word in _words(policy)})
        # A name of a file is no word.
        self.given: Any = Path(given) if isinstance(given, str) and given.endswith(FILES) else given
        given = self.given
        self.rates: dict[tuple[str | None, str | None], list[tuple[int, Outcome]]] = {}
        if isinstance(given, str):
            self._check(given)
        elif isinstance(given, Mapping):
            self.given = Outcome.of(given, "outcome=")
            self._check(self.given.outcome)
        elif given is not None and not callable(given):
            self.rates = _rates(_rows(given))
            for rows in self.rates.values():
                for _, each in rows:
                    self._check(each.outcome)

    def of(self, act: Row, day: date, terms: LedgerTerms, nobody: str) -> Outcome:
        """What comes of an action on a day; `nobody` is the word of its policy for a call that nobody answers."""
        channel = act["channel"]
        found = self._said(act, day)
        if found is None:
            found = Outcome(nobody) if channel in SPOKEN else Outcome()
        delivered = found.delivered
        if delivered is None and channel not in SPOKEN:
            delivered = found.outcome not in terms.unreachable
        return Outcome(found.outcome, delivered, found.promised_in, found.pays_in)

    def _said(self, act: Row, day: date) -> Outcome | None:
        given = self.given
        if isinstance(given, Outcome):
            return given
        if isinstance(given, str):
            return Outcome(given) if act["channel"] in SPOKEN else None
        if callable(given):
            return self._answer(given, act)
        step, channel = act["step_id"], act["channel"]
        for key in ((step, channel), (step, None), (None, channel), (None, None)):
            if key in self.rates:
                draw = _drawn(act["account_id"], day, step)
                return next(each for most, each in self.rates[key] if draw < most)
        return None

    def _answer(self, function: Callable[[Row], Any], act: Row) -> Outcome | None:
        said = function(dict(act))
        if isinstance(said, str):
            said = {"outcome": said}
        if said is None:
            return None
        where = f"what outcome= said of {act['account_id']}"
        if not isinstance(said, Mapping):
            raise ValueError(f"found {said!r} as {where}, expected a word, a mapping or nothing")
        found = Outcome.of(said, where)
        self._check(found.outcome)
        return found

    def _check(self, word: str | None) -> None:
        if word is not None and word not in self.words:
            hint = _hinted(did_you_mean(word, self.words))
            raise ValueError(f"found the outcome {word!r}, expected one of {', '.join(self.words)}{hint}")


def _hinted(hint: str) -> str:
    return f"; {hint}" if hint else ""


def _words(policy: DunningPolicy) -> Iterator[str]:
    """In which words the contacts of a policy end."""
    own = policy.ledger.outcomes
    yield from own.connected or CONNECTED
    yield from own.unreachable or UNREACHABLE
    yield from own.away or AWAY
    yield from own.refused or REFUSED


# Rates

SCALE = 1 << 64


def _drawn(account_id: str, day: date, step: str) -> int:
    """A number below SCALE that looks like chance, and is the same for the same account, day and step."""
    told = f"{account_id}\x1f{day.isoformat()}\x1f{step}".encode()
    return int.from_bytes(blake2b(told, digest_size=8).digest())


def _rows(given: Any) -> Sequence[Row]:
    if isinstance(given, list | tuple):
        return given
    rows = into_lazy(given)[0].collect().to_dicts()
    return [{name: _read(name, value) for name, value in row.items()} for row in rows]


def _read(name: str, value: Any) -> Any:
    """A value of a table that is all text, as one from a .csv file is."""
    if not isinstance(value, str):
        return value
    if name == "delivered":
        return {"true": True, "false": False, "": None}.get(value.lower(), value)
    if name in ("promised_in", "pays_in"):
        return int(value) if value.isdecimal() else value or None
    return value


def _rates(rows: Sequence[Row]) -> dict[tuple[str | None, str | None], list[tuple[int, Outcome]]]:
    """For each step and channel (None: any) its outcomes, each with the bound below which it is drawn."""
    shares: dict[tuple[str | None, str | None], list[tuple[Fraction, Outcome]]] = {}
    for number, row in enumerate(rows, start=1):
        where = f"row {number} of outcome="
        if not isinstance(row, Mapping):
            raise ValueError(f"found {row!r} as {where}, expected a mapping with outcome and rate")
        odd = [name for name in row if name not in COLUMNS]
        if odd:
            hint = _hinted(did_you_mean(str(odd[0]), COLUMNS))
            raise ValueError(f"found {odd[0]!r} in {where}, expected {', '.join(COLUMNS)}{hint}")
        found = Outcome.of({name: row.get(name) for name in KEYS}, where)
        key = row.get("step_id") or None, row.get("channel") or None
        shares.setdefault(key, []).append((_share(row.get("rate"), where), found))
    return {key: _bounds(key, each) for key, each in shares.items()}


def _share(rate: Any, where: str) -> Fraction:
    try:
        # A float is the number that its text shows.
        found = Decimal(str(rate))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found <= 1:
        raise ValueError(f"found the rate {rate!r} in {where}, expected a number from 0 to 1, such as 0.4")
    return Fraction(found)


def _bounds(
    key: tuple[str | None, str | None], shares: Sequence[tuple[Fraction, Outcome]]
) -> list[tuple[int, Outcome]]:
    whole = sum((share for share, _ in shares), Fraction(0))
    if whole != 1:
        about = " and ".join(
            f"the {name} {word}" for name, word in zip(("step", "channel"), key, strict=True) if word
        )
        raise ValueError(
            f"found rates of {about or 'any contact'} that add up to {Decimal(whole.numerator) / whole.denominator}, "
            "expected 1: give what happens in all other cases a row too"
        )
    bounds, sum_ = [], Fraction(0)
    for share, each in shares:
        sum_ += share
        bounds.append((int(sum_ * SCALE), each))
    return bounds
