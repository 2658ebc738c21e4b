"""What a policy says of ledgers, as integers: all that the kernels of `ledger/` and `engines/positions` obey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from feerules.periods import day_number
from feerules.plan.nodes import Mode
from feerules.vocabulary import PositionFact, step_facts

__all__ = [
    "APPROVED",
    "AWAY",
    "BY_DEBTOR",
    "CONNECTED",
    "DOING",
    "REFUSED",
    "RESTARTING",
    "THREE_YEARS_SINCE",
    "UNREACHABLE",
    "Allocate",
    "Bucket",
    "LateFeeTerms",
    "LedgerTerms",
    "RateFrom",
    "StepTerms",
]

Allocate = Literal["oldest_due_first", "newest_due_first", "civil_code_560"]
AgeFrom = Literal["due_on", "issued_on", "period_end"]
Bands = tuple[tuple[int, int], ...]  # half-open [a, b) of whole days, sorted and apart

# How a contact can end, in the words of the field; a policy may name its own.
CONNECTED = ("connected", "answered", "promised", "refused", "away", "read", "met")
UNREACHABLE = ("no_answer", "off", "busy", "not_met", "wrong_number", "undelivered")
AWAY = ("away",)
REFUSED = ("refused",)
# The events by which a step of the ladder is done or tried.
DOING = ("contact", "demand", "action")

# What starts limitation anew, beside a delivered demand. What the creditor does saves only a claim that can still be
# met; what the payer does revives one.
RESTARTING = ("court", "acknowledgement", "plan")
BY_DEBTOR = ("acknowledgement", "plan")
# Until then the general period of limitation was two years; what had run out stayed so.
THREE_YEARS_SINCE = day_number(date(2017, 10, 1))

# What an approval says that is one; without any word it is one too.
APPROVED = ("approved", "granted", "agreed", "同意", "批准", "通过")


@dataclass(frozen=True, slots=True)
class RateFrom:
    """From day number `day` on, each day costs num/den of the principal open on it."""

    day: int
    num: int
    den: int


@dataclass(frozen=True, slots=True)
class LateFeeTerms:
    """The late fee on the fees of `fees` (None: on every fee).

    `rates` ascend by day, the first holds from the beginning. `cap_share` and `cap_by_days` are (num, den) of
    an instalment, the second for each day of it. `flat` is added once, `daily` for each day.
    """

    fees: frozenset[str] | None
    rates: tuple[RateFrom, ...]
    grace: int = 0
    back_dated: bool = True
    thirty_day_months: bool = False
    flat: int = 0
    daily: int = 0
    cap_share: tuple[int, int] | None = None
    cap_amount: int | None = None
    cap_by_days: tuple[int, int] | None = None
    mode: Mode = "half_up"
    unit: int = 1  # fen


@dataclass(frozen=True, slots=True)
class Bucket:
    """An ageing bucket: the days overdue that fall into it."""

    name: str
    bands: Bands


@dataclass(frozen=True, slots=True)
class StepTerms:
    """What the history of a ladder's step depends on.

    `in_force`: for how many days a step that was done counts (None: for ever). `delivered`: it counts only
    where delivery is proved. `period`: the days that a demand gives before it expires (None: those of the
    policy). `more_than`: so many times 24 hours must have passed, and more, before it is done again (None:
    days are counted elsewhere).
    `channels`: how many it has; a try that failed gives way to the next of them. `in_turn`: they take turns.
    `rests`: for more than a day after it was done.
    """

    id: str
    in_force: int | None = None
    delivered: bool = False
    period: int | None = None
    more_than: int | None = None
    channels: int = 0
    in_turn: bool = False
    rests: bool = False

    @property
    def holds(self) -> bool:
        """Whether a try may hold it back that does not count as done."""
        return self.delivered or self.rests

    @property
    def facts(self) -> tuple[PositionFact, ...]:
        """What a position tells of it."""
        by_clock = self.more_than is not None
        return step_facts(self.id, by_clock=by_clock, holds=self.holds, in_turn=self.in_turn)

    @property
    def demands(self) -> bool:
        """Whether it is a demand, whatever sort of event tells of it."""
        return self.delivered or self.period is not None


@dataclass(frozen=True, slots=True)
class LedgerTerms:
    """Everything a ledger needs to know of a policy. The meaning of each is in `ledger/`.

    `restarts`: what was done for a debt that was wholly paid does not count for the next one.
    `edges` are the ages at which a charge becomes overdue or changes its bucket, `inside` the buckets (by
    number) below the first of them, between them and above the last, `untried` the facts of steps of which none
    was tried, `demanding` the steps that are demands.
    """

    currency: str = "CNY"
    allocate: Allocate = "oldest_due_first"
    fee_order: tuple[str, ...] = ()
    interest_first: bool = False
    credit_applied: bool = True
    age_from: AgeFrom = "due_on"
    grace: int = 0
    exclude_fees: frozenset[str] = frozenset()
    exclude_kinds: frozenset[str] = frozenset()
    exclude_tags: frozenset[str] = frozenset()
    exclude_named_by: tuple[str, ...] = ()  # events that last: dispute, hold
    late_fee: LateFeeTerms | None = None
    buckets: tuple[Bucket, ...] = ()
    limitation_years: int = 3
    limitation_separate: bool = True
    promise_tolerance: int = 0
    plan_tolerance: int = 0
    demand_period: int = 15
    connected: frozenset[str] = frozenset(CONNECTED)
    unreachable: frozenset[str] = frozenset(UNREACHABLE)
    away: frozenset[str] = frozenset(AWAY)
    refused: frozenset[str] = frozenset(REFUSED)
    approved: frozenset[str] = frozenset(APPROVED)
    steps: tuple[StepTerms, ...] = ()
    limits_per_party: bool = True
    restarts: bool = True
    edges: tuple[int, ...] = field(init=False, repr=False, compare=False)
    inside: tuple[tuple[int, ...], ...] = field(init=False, repr=False, compare=False)
    untried: Mapping[str, int | None] = field(init=False, repr=False, compare=False)
    demanding: frozenset[str] = field(init=False, repr=False, compare=False)

    def period_of(self, step_id: str | None) -> int | None:
        """The days that a demand of this step gives; None where the step is no demand."""
        step = next((step for step in self.steps if step.id == step_id), None)
        if step is None or not step.demands:
            return None
        return self.demand_period if step.period is None else step.period

    def __post_init__(self) -> None:
        edges = sorted({1, *(day for bucket in self.buckets for band in bucket.bands for day in band)})
        inside = [
            tuple(n for n, bucket in enumerate(self.buckets) if any(a <= age < b for a, b in bucket.bands))
            for age in (edges[0] - 1, *edges)
        ]
        object.__setattr__(self, "edges", tuple(edges))
        untried = {
            fact.name: None if fact.optional else int(fact.name.endswith(".rested"))
            for step in self.steps
            for fact in step.facts
        }
        object.__setattr__(self, "inside", tuple(inside))
        object.__setattr__(self, "untried", untried)
        object.__setattr__(self, "demanding", frozenset(step.id for step in self.steps if step.demands))
