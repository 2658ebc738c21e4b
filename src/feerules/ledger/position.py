"""The position of an account: every fact that a policy may ask about, on one day, as then known."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from feerules.ledger.accounts import Account
from feerules.ledger.agreements import Changes, Values, plan_of, promises_of
from feerules.ledger.allocation import Folded, fold
from feerules.ledger.charges import ChargeState, charge_states
from feerules.ledger.contacts import contacts_of, steps_of, week_of
from feerules.ledger.demands import covered_by_demands, demands_of
from feerules.ledger.facts import GivenFacts, decoded, encoded, fact_named, fact_of, known_of, plain
from feerules.ledger.history import owed_since
from feerules.ledger.late_fees import late_fees
from feerules.ledger.limitation import limitation_of
from feerules.ledger.pauses import ENDLESS, Span, paused_between, pauses_of
from feerules.ledger.rows import NEVER, Rows, elapsed, moment_of, recorded_day
from feerules.ledger.seen import LATE_FEE, Contradiction, Seen, see
from feerules.ledger.standing import charges_named, court_of, states_of
from feerules.ledger.treatment import Treatment, treat
from feerules.periods import Stamp, day_number, from_day_number, known_until
from feerules.plan.ledgers import LedgerTerms
from feerules.vocabulary import ALIASES, POSITION

__all__ = ["COUNTING", "Position", "position_of"]

SCHEMA: Final = 1
LAST_DAY: Final = day_number(date.max)

COUNTING: Final = frozenset(
    {
        "as_of",
        "weekday",
        "day_of_month",
        "days_overdue",
        "late_fee_accrued",
        "late_fee_due",
        "ledger_age_minutes",
    }
    | {name for name, fact in POSITION.items() if fact.daily in ("up", "down")}
)
"""The facts that may move from day to day by counting; `steps.….days` too. All others stand until `changes_on`."""

_DEFAULTS: Final[Values] = {
    name: None if fact.optional else fact.words[0] if fact.kind == "choice" else 0
    for name, fact in POSITION.items()
}


@dataclass(frozen=True, slots=True)
class Position:
    """What an account comes to. Facts are read as attributes or by name; the names are `vocabulary.POSITION`'s.

    `values` has them as integers (fen, days since 1970-01-01, 0 and 1) and words. `contradictions` are
    (code, sort of entry, id): a person must look before anything is done. `changes_on` is a day until which
    nothing but the counting of days changes a fact, if nothing new is entered; None: for ever. `brought` are
    the facts of a policy's own that came with it, where no account stands behind it.
    """

    account_id: str
    party_id: str | None
    known_at: date | None
    currency: str
    values: Values
    contradictions: tuple[Contradiction, ...]
    warnings: tuple[str, ...]
    hold_reason: str | None
    changes_on: date | None
    _parts: Any = field(repr=False, compare=False)
    brought: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """A fact by name, such as bucket_over_90 or steps.demand.count; KeyError where there is none."""
        name = ALIASES.get(name, name)
        return decoded(self.values[name], fact_of(name))

    def __getattr__(self, name: str) -> Any:
        if name in POSITION or name.startswith("bucket_"):
            return self[name]
        raise AttributeError(f"a position has no {name}")

    @property
    def as_of(self) -> date:
        return from_day_number(int(self.values["as_of"] or 0))

    @property
    def open_charge_ids(self) -> tuple[str, ...]:
        """The charges that are open, by due day."""
        if self._parts is None:
            return ()
        treatment, folded, *_ = self._parts
        return tuple(treatment.seen.charges[i].id for i in folded.unpaid)

    @property
    def overdue_charge_ids(self) -> tuple[str, ...]:
        """The charges that are overdue, by due day."""
        if self._parts is None:
            return ()
        treatment, folded, _, _, pauses, day = self._parts
        late = day - treatment.terms.grace
        return tuple(
            row.id
            for i, row in enumerate(treatment.seen.charges)
            if folded.open[i]
            and treatment.counts[i]
            and late - treatment.basis[i] - paused_between(pauses, treatment.basis[i], day) > 0
        )

    @property
    def covered_charge_ids(self) -> tuple[str, ...]:
        """The open charges that a delivered and expired demand covers, by due day."""
        if self._parts is None:
            return ()
        treatment, folded, *_, day = self._parts
        covered = covered_by_demands(treatment, day)
        charges = treatment.seen.charges
        return tuple(
            row.id
            for i, row in enumerate(charges)
            if i in covered and row.kind == "charge" and folded.open[i]
        )

    @classmethod
    def given(cls, facts: Mapping[str, Any], as_of: date, currency: str = "CNY") -> Position:
        """A position told by its facts alone, as text or values; what is not told is 0, "none", or nothing.

        For what-ifs, and for answers over a table of positions. ValueError for a name that is no fact, or a
        value that it cannot have.
        """
        values: Values = dict(_DEFAULTS)
        _tell_day(values, day_number(as_of))
        for told, value in facts.items():
            name = ALIASES.get(told, told)
            values[name] = encoded(value, fact_named(name))
        return cls("", None, None, currency, GivenFacts(values), (), (), None, None, None)

    @property
    def charges(self) -> tuple[ChargeState, ...]:
        """Each charge that is owed: what became of it, by due day; none where the facts alone were given."""
        return () if self._parts is None else charge_states(*self._parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: money as text, days as ISO text, facts by their names."""
        facts = {name: plain(value, fact_of(name)) for name, value in self.values.items()}
        return {
            "schema": SCHEMA,
            "account_id": self.account_id,
            "party_id": self.party_id,
            "as_of": facts.pop("as_of"),
            "known_at": None if self.known_at is None else self.known_at.isoformat(),
            "currency": self.currency,
            **facts,
            "hold_reason": self.hold_reason,
            "changes_on": None if self.changes_on is None else self.changes_on.isoformat(),
            "contradictions": [
                {"code": code, "entry": sort, "id": name} for code, sort, name in self.contradictions
            ],
            "warnings": list(self.warnings),
            "charges": [charge.to_dict() for charge in self.charges],
        }


def position_of(
    account: Account,
    terms: LedgerTerms,
    as_of: date,
    known_at: date | None = None,
) -> Position:
    """What an account comes to at the end of `as_of`, from the entries recorded by `known_at`.

    Both are a date or a datetime; of `as_of` only the day counts, but where a policy counts by the clock.
    Without `known_at`, all is known. UnitErrors where a fact that the account gives cannot be read.
    """
    rows, moment = account.rows(), moment_of(as_of)
    known = known_of(account) if account.facts else {}
    asked = day_number(as_of), moment, None if known_at is None else known_at.isoformat(), known
    told = rows.told
    # A class and an action are asked one after the other: the second finds the position of the first.
    if told is not None and told[0] is terms and told[1] == asked:
        found: Position = told[2]
        return found
    found = _position(account, rows, terms, as_of, known_at, known)
    rows.told = terms, asked, found
    return found


def _position(
    account: Account,
    rows: Rows,
    terms: LedgerTerms,
    as_of: date,
    known_at: date | None,
    known: Mapping[str, int],
) -> Position:
    day, moment = day_number(as_of), moment_of(as_of)
    seen = see(rows, day, known_until(known_at))
    treatment = treat(seen, terms, charges_named(seen, terms.exclude_named_by, day))
    folded = fold(seen, treatment)
    pauses = pauses_of(seen.events["pause"]) if "pause" in seen.events else ()
    values: Values = {**_DEFAULTS, **known}
    changes: Changes = []
    _tell_day(values, day)
    fees = late_fees(treatment, folded, day, pauses)
    _tell_money(treatment, folded, fees, values)
    _tell_age_of_ledger(seen, day, moment, values)
    _tell_payments(seen, day, values, changes)
    _tell_ages(treatment, folded, day, pauses, values, changes)
    limits = limitation_of(treatment, folded)
    if limits:
        values["limitation_on"] = min(limits.values())
        values["limitation_in_days"] = min(limits.values()) - day
    contradictions = [*seen.contradictions, *folded.contradictions]
    hold_reason = None
    since, follows = owed_since(treatment, folded)
    values["owed_since"] = since
    # Of a debt that was wholly paid, nothing counts for the next.
    for_debt = (since if since is not None else day + 1) if follows and terms.restarts else NEVER
    if seen.events or seen.limits:
        promises_of(treatment, folded, day, pauses, values, changes)
        plan_of(treatment, folded, day, values, changes)
        demands_of(treatment, folded, day, for_debt, values, changes)
        contacts_of(seen, terms, day, values, changes)
        hold_reason = states_of(seen, day, values, changes)
        court_of(seen, day, values, changes)
    steps_of(seen, terms, day, moment, for_debt, values, changes)
    if account.currency != terms.currency:
        contradictions.append(("other_currency", "account", account.account_id))
    if seen.next_day is not None:
        changes.append(seen.next_day)
    coming = [change for change in changes if day < change <= LAST_DAY]
    return Position(
        account.account_id,
        _party_of(account, day),
        known_at,
        account.currency,
        values,
        tuple(sorted(set(contradictions))) if contradictions else (),
        _warnings(seen, values),
        hold_reason,
        from_day_number(min(coming)) if coming else None,
        (treatment, folded, fees, limits, pauses, day),
    )


def _tell_day(values: Values, day: int) -> None:
    values["as_of"] = day
    values["weekday"] = (day + 3) % 7 + 1
    values["day_of_month"] = from_day_number(day).day


def _tell_money(treatment: Treatment, folded: Folded, fees: list[int], values: Values) -> None:
    seen = treatment.seen
    values["credit"] = folded.credit
    values["in_transit"] = seen.in_transit
    values["payment_in_transit"] = int(seen.in_transit > 0)
    if treatment.left_alone:
        named = (seen.index.get(name) for name in treatment.left_alone)
        values["left_alone"] = sum(folded.open[i] for i in named if i is not None)
    if folded.waived:
        values["waived"] = sum(folded.waived.values())
    if folded.written_off:
        values["written_off"] = sum(folded.written_off.values())
    accrued = sum(fees)
    values["late_fee_accrued"] = accrued
    posted = values["late_fee_posted"] = _posted(treatment, folded)
    if accrued:
        values["late_fee_due"] = max(0, accrued - posted - seen.late_waived)


def _posted(treatment: Treatment, folded: Folded) -> int:
    """Late fee that was charged: on charges on which it runs, or on none that is named."""
    charges, debt = treatment.seen.charges, treatment.seen.debt
    return sum(
        row.amount - folded.credited.get(i, 0)
        for i, row in enumerate(charges)
        if row.kind == LATE_FEE and (debt[i] < 0 or treatment.bears[debt[i]])
    )


def _tell_age_of_ledger(seen: Seen, day: int, moment: Stamp | None, values: Values) -> None:
    if seen.recorded is None:
        return
    age = day - recorded_day(seen.recorded)
    values["ledger_age_days"] = age
    passed = elapsed(seen.recorded, moment, age)
    values["ledger_age_minutes"] = max(0, -(-passed // 60_000_000))


def _tell_payments(seen: Seen, day: int, values: Values, changes: Changes) -> None:
    payments = seen.payments
    if not payments:
        return
    last = payments[-1][0]
    values["last_payment_on"] = last
    values["days_since_payment"] = day - last
    monday = week_of(day)
    if last >= monday:
        values["paid_this_week"] = sum(row[2] for row in payments if row[0] >= monday)
        changes.append(monday + 7)


def _tell_ages(
    treatment: Treatment,
    folded: Folded,
    day: int,
    pauses: tuple[Span, ...],
    values: Values,
    changes: Changes,
) -> None:
    """Sums, numbers and ages of what is open; the day on which the next charge passes an edge."""
    terms, charges = treatment.terms, treatment.seen.charges
    basis, grace, open_ = treatment.basis, terms.grace, folded.open
    edges, inside = terms.edges, terms.inside
    buckets = [0] * len(terms.buckets)
    outstanding = overdue = unpaid = late = 0
    oldest = oldest_due = oldest_period = None
    most = -ENDLESS
    periods: set[int] = set()
    for i in folded.unpaid:
        left, row, since = open_[i], charges[i], basis[i]
        age = day - since - grace
        if pauses:
            age -= paused_between(pauses, since, day)
            changes.append(since)  # only from then on does a pause hold its age
        outstanding += left
        unpaid += 1
        if age > most:
            most = age
        if oldest is None or since < oldest:
            oldest = since
        if oldest_due is None or row.due < oldest_due:
            oldest_due = row.due
        start = row.period_start if row.kind == "charge" else None
        if start is not None and (oldest_period is None or start < oldest_period):
            oldest_period = start
        if age > 0:
            overdue += left
            late += 1
            if row.kind == "charge":
                periods.add(row.due if start is None else start)
        edge = bisect_right(edges, age)
        for b in inside[edge]:
            buckets[b] += left
        if edge < len(edges):
            changes.append(day + edges[edge] - age)
    for bucket, left in zip(terms.buckets, buckets, strict=True):
        values[f"bucket_{bucket.name}"] = left
    values["paid_to"] = treatment.paid_to
    if oldest is None:
        return
    changes += [end for start, end in pauses if start <= day < end]
    values["outstanding"] = outstanding
    values["overdue"] = overdue
    values["unpaid_count"] = unpaid
    values["overdue_count"] = late
    values["unpaid_periods"] = len({_month(start) for start in periods})
    values["days_past_due"] = day - oldest
    values["days_overdue"] = most
    values["oldest_due_on"] = oldest_due
    if oldest_period is not None:
        values["paid_to"] = oldest_period


def _month(day: int) -> tuple[int, int]:
    date = from_day_number(day)
    return date.year, date.month


def _party_of(account: Account, day: int) -> str | None:
    """Who is liable on a day: the first by id, where several are."""
    liable = [
        party.party_id
        for party in account.parties
        if (party.liable_from is None or day_number(party.liable_from) <= day)
        and (party.liable_to is None or day < day_number(party.liable_to))
    ]
    return min(liable, key=str.encode, default=None)


def _warnings(seen: Seen, values: Values) -> tuple[str, ...]:
    found = []
    if values["credit"] and values["outstanding"]:
        found.append("stray_credit")
    if seen.payments and (seen.first_issue is None or seen.payments[0][0] < seen.first_issue):
        found.append("payment_before_any_charge")
    return tuple(found)
