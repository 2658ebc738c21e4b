"""What reports answer with: frames, and apart from them the entries that could not be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from feerules.errors import FeeRulesError

__all__ = ["EntryErrors", "EntryProblem", "Report", "RollForward", "Workload"]


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """Why one entry of a ledger cannot be used: a row of the `problems` frame.

    `frame` says which frame it stands in, `row_id` which row it is: its id, or for an allocation the ids
    of its payment and charge. `value` is what the entry said, as text; None where it said nothing.
    """

    frame: str
    row_id: str | None
    account_id: str | None
    fee: str | None
    fact: str
    value: str | None
    code: str
    reason: str

    def __str__(self) -> str:
        value = "" if self.value is None else f" = {self.value}"
        return f"{self.frame} {self.row_id}: {self.code}: {self.fact}{value}: {self.reason}"


class EntryErrors(FeeRulesError):
    """Every entry that a report cannot use, raised at once."""

    def __init__(self, problems: Iterable[EntryProblem]) -> None:
        self.problems: tuple[EntryProblem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the entries"
        return "\n".join([head, *map(str, self.problems)])

    def __reduce__(self) -> tuple[Any, ...]:
        return EntryErrors, (self.problems,)


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of a report and, apart, the entries that could not be used."""

    rows: Any
    problems: Any


@dataclass(frozen=True, slots=True)
class RollForward:
    """How receivables moved; deposits and prepayments, which are owed back, apart from them.

    On every row of `rows`: opening + billed − received − credited − waived − written_off = closing. The
    same holds in `deposits` for what is owed, and held_opening + received − refunded = held_closing for
    what is held. In `prepayments`: opening + received + credited − applied − refunded = closing.
    """

    rows: Any
    deposits: Any
    prepayments: Any
    problems: Any


@dataclass(frozen=True, slots=True)
class Workload:
    """Who calls on whom: a row per account, and in `summary` a row per collector."""

    rows: Any
    summary: Any
    problems: Any
