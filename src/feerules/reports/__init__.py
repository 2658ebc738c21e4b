"""What a manager answers for, from the entries of a ledger: how receivables moved, the collection rate, ageing,
who is in arrears and why, and who calls on whom. Pure functions of frames; they need the extra `estate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from feerules.errors import MissingExtra
from feerules.reports.kinds import OWED
from feerules.reports.results import EntryErrors, EntryProblem, Report, RollForward, Workload

if TYPE_CHECKING:
    from feerules.periods import Period

__all__ = [
    "EntryErrors",
    "EntryProblem",
    "Report",
    "RollForward",
    "Workload",
    "ageing_report",
    "arrears_ledger",
    "collection_rate",
    "roll_forward",
    "titles",
    "workload",
]

BUCKETS: Mapping[str, str] = MappingProxyType(
    {"1_30": "[1..30]", "31_60": "[31..60]", "61_90": "[61..90]", "over_90": "> 90"}
)
Day = str | date
Moment = str | date | datetime


def roll_forward(
    charges: Any,
    payments: Any,
    allocations: Any,
    period: str | Period,
    *,
    by: str | Sequence[str] = ("estate_id", "fee", "charge_year"),
    units: Any = None,
    known_at: Moment | None = None,
    strict: bool = True,
) -> RollForward:
    """How what is owed moved in a period: opening + billed − received − credited − waived − written off = closing.

    `allocations` are posted facts (payment_id, charge_id, amount): nothing is allocated here. `by` names
    columns of the charges, or of `units` (found by unit_id or account_id), or charge_year and charge_month,
    which follow from the charge's period, or its issue day where it has none. Rows are apart by currency.
    Deposits, and prepayments (money received and not applied), stand in frames of their own. `known_at`
    leaves out what was recorded later. Raises `EntryErrors` with every entry that cannot be used; with
    `strict=False` they are problem rows, and the sums are without them. Needs the extra `estate`.
    """
    result: RollForward = _extra("roll_forward").rolled_forward(
        charges, payments, allocations, period, by=by, units=units, known_at=known_at, strict=strict
    )
    return result


def collection_rate(
    charges: Any,
    payments: Any,
    allocations: Any,
    period: str | Period,
    *,
    base: Literal["amount", "household", "arrears"] = "amount",
    by: str | Sequence[str] = (),
    belongs: Literal["period_start", "issued_on", "due_on"] = "period_start",
    as_of: Day | None = None,
    known_at: Moment | None = None,
    places: int = 4,
    units: Any = None,
    strict: bool = True,
) -> Report:
    """The collection rate (收缴率) of a period, with its base, numerator and denominator.

    `base="amount"`: received for the period's charges, prepayments applied, ÷ receivable less credits and
    waivers. `"household"`: accounts that have paid all of that ÷ accounts that owe any. `"arrears"` (清欠率):
    received in the period for charges of earlier ones ÷ what was open of them when it began. Receipts for
    other periods and late fees do not count in the first two. `belongs` names the day by which a charge
    belongs to the period; receipts count up to `as_of`, the last day of the period by default. `rate` has
    `places` decimals, rounded half up; where nothing is receivable it is null. Needs the extra `estate`.
    """
    result: Report = _extra("collection_rate").rated(
        charges, payments, allocations, period,
        base=base, by=by, belongs=belongs, as_of=as_of, known_at=known_at, places=places, units=units,
        strict=strict,
    )  # fmt: skip
    return result


def ageing_report(
    charges: Any,
    payments: Any,
    allocations: Any,
    as_of: Day,
    *,
    by: str | Sequence[str] = ("account_id",),
    buckets: Mapping[str, str] = BUCKETS,
    grace: int = 0,
    age_from: Literal["due_on", "issued_on", "period_end"] = "due_on",
    events: Any = None,
    kinds: Sequence[str] = OWED,
    units: Any = None,
    known_at: Moment | None = None,
    strict: bool = True,
) -> Report:
    """What is open at the end of a day, in buckets by days overdue (账龄).

    Days overdue are days since `age_from`, less `grace` and, with `events`, the days of pauses. `buckets`
    are cells over days overdue, as in a dunning policy; each day from 1 up must be in exactly one. On every
    row: open = not_overdue + every bucket. Needs the extra `estate`.
    """
    result: Report = _extra("ageing_report").aged(
        charges, payments, allocations, as_of,
        by=by, buckets=buckets, grace=grace, age_from=age_from, events=events, kinds=kinds, units=units,
        known_at=known_at, strict=strict,
    )  # fmt: skip
    return result


def arrears_ledger(
    charges: Any,
    payments: Any,
    allocations: Any,
    as_of: Day,
    *,
    events: Any = None,
    by: str | Sequence[str] = ("account_id",),
    grace: int = 0,
    kinds: Sequence[str] = OWED,
    units: Any = None,
    known_at: Moment | None = None,
    strict: bool = True,
) -> Report:
    """The arrears ledger (欠费台账): for each account in arrears the amount, since when, for how many periods, why.

    The reason is what `events` last told and still holds: an open dispute, hardship, death or hold, or the
    reason that a contact or promise gave. `by` may name further columns beside account_id.
    Needs the extra `estate`.
    """
    result: Report = _extra("arrears_ledger").ledger_of_arrears(
        charges, payments, allocations, as_of,
        events=events, by=by, grace=grace, kinds=kinds, units=units, known_at=known_at, strict=strict,
    )  # fmt: skip
    return result


def workload(
    accounts: Any,
    collectors: Any,
    *,
    by: Literal["count", "minutes"] = "count",
    party: str = "party_id",
    minutes: Mapping[str, int] | None = None,
    affinity: str | None = None,
    strict: bool = True,
) -> Workload:
    """Divides accounts (or actions) among collectors in balance, the same way every time.

    `collectors` are ids, or a frame with collector_id. `by="minutes"` weighs each row by `minutes[channel]`,
    or by its own column `minutes`. All accounts of one party go to one collector. With `affinity`, such as
    "building_id", a collector who already is at a place gets more of it, as far as balance permits: the
    loads never differ by more than the largest piece. Needs the extra `estate`.
    """
    result: Workload = _extra("workload").shared_out(
        accounts, collectors, by=by, party=party, minutes=minutes, affinity=affinity, strict=strict
    )
    return result


def titles(frame: Any, locale: str = "zh_CN") -> Any:
    """The frame of a report with the titles of its columns in Chinese or English; other columns as they are.

    Needs the extra `estate`.
    """
    return _extra("titles").titled(frame, locale)


def _extra(function: str) -> Any:
    """The module that needs the extra `estate` for a function."""
    try:
        from feerules.reports import ageing, arrears, headings, rates, rollforward, workloads
    except ModuleNotFoundError as error:
        raise MissingExtra(function, "estate", error.name or "") from error
    return {
        "roll_forward": rollforward,
        "collection_rate": rates,
        "ageing_report": ageing,
        "arrears_ledger": arrears,
        "workload": workloads,
        "titles": headings,
    }[function]
