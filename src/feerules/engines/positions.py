"""The positions of many accounts: every fact of `ledger.position` for each, in arrays.

The engine reads frames of entries (`Sheet`), and gives for a batch of them (`Entries`) a frame with a row for
each account. Accounts of which two entries share an id, or whose sums pass 63 bits, are `exact`: there the
plain kernel decides, which compares whole entries and counts without bounds; the verb asks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl

from feerules.engines.accruals import late_fee_facts, late_fees
from feerules.engines.ageing import Facts, age_of_ledger, ages, limitation, money, owed_since
from feerules.engines.agreements import plans, promises
from feerules.engines.batches import Entries
from feerules.engines.conduct import contacts, court, demands, leave_alone, pauses_of, states
from feerules.engines.entries import FRAMES, NAMES, Column, Sheet
from feerules.engines.findings import repeated
from feerules.engines.folding import fold
from feerules.engines.guarding import CODES
from feerules.engines.histories import History
from feerules.engines.ladder_steps import steps
from feerules.engines.segments import ENDLESS, NONE, Bools, Ints
from feerules.periods import day_number, from_day_number, stamp_of
from feerules.plan.ledgers import LedgerTerms
from feerules.vocabulary import POSITION, PositionFact, bucket_fact

__all__ = [
    "CODES",
    "FRAMES",
    "NAMES",
    "Column",
    "Entries",
    "Positions",
    "Sheet",
    "facts_of",
    "positions_of",
]


@dataclass(frozen=True)
class Positions:
    """`facts` has a row for each account: the facts of `facts_of(terms)`, and beside them `party_id`, `currency`,
    `hold_reason`, `changes_on`, `contradictions` (lists of code, entry, id), `warnings`, and the ids of charges
    that are open, that are overdue and that demands cover, by due day. `exact`: those to ask the plain kernel for.
    """

    facts: pl.DataFrame
    exact: Bools


def facts_of(terms: LedgerTerms) -> tuple[PositionFact, ...]:
    """Every fact that a position tells under these terms, in order."""
    buckets = (bucket_fact(bucket.name) for bucket in terms.buckets)
    told = (fact for step in terms.steps for fact in step.facts)
    return (*POSITION.values(), *buckets, *told)


def positions_of(
    entries: Entries,
    terms: LedgerTerms,
    as_of: date,
    known_at: date | None,
    given: Mapping[str, Ints] | None = None,
) -> Positions:
    """The positions of a batch of accounts. `given` is what is known of accounts without a contact (away, refuses)."""
    count = len(entries.ids)
    moment = stamp_of(as_of) if isinstance(as_of, datetime) else None
    day = day_number(as_of)
    exact = repeated(entries)
    if exact.any():
        entries = entries.without(pl.Series(np.flatnonzero(exact)))
    history = History(entries, terms, day, known_at)
    leave_alone(history)
    charges = history.charges
    exact |= (history.charged >= 1 << 62) | (history.received >= 1 << 62)
    facts = Facts(count, day)
    folded = fold(history)
    pauses = pauses_of(history)
    fees = late_fees(history, folded, pauses)
    exact[charges.acc[fees >= 1 << 42]] = True
    facts.numbers |= late_fee_facts(history, folded, fees)
    money(history, folded, facts)
    age_of_ledger(history, moment, facts)
    overdue = ages(history, folded, pauses, facts)
    limitation(history, folded, facts)
    promises(history, folded, pauses, facts)
    plans(history, folded, facts)
    for_debt = owed_since(history, folded, facts)
    covered = demands(history, folded, for_debt, facts)
    contacts(history, facts, dict(given or {}))
    states(history, facts)
    court(history, facts)
    steps(history, moment, for_debt, facts)
    facts.numbers["as_of"] = np.full(count, day, np.int64)
    facts.numbers["weekday"] = np.full(count, (day + 3) % 7 + 1, np.int64)
    facts.numbers["day_of_month"] = np.full(count, from_day_number(day).day, np.int64)
    facts.note(np.arange(count), history.next_day)
    left = folded.open > 0
    ids = {
        "open_charge_ids": _lists(history, left & charges.counts),
        "overdue_charge_ids": _lists(history, left & charges.counts & (overdue > 0)),
        "covered_charge_ids": _lists(history, left & covered),
    }
    return Positions(_frame(history, facts, entries).with_columns(**ids), exact)


def _lists(history: History, some: Bools) -> pl.Series:
    """The ids of some charges, in a list for each account."""
    at = np.flatnonzero(some)
    charges = history.charges
    told = pl.LazyFrame({"acc": charges.acc[at], "id": charges.rows.texts("id", at)})
    lists = told.group_by("acc", maintain_order=True).agg("id")
    every = pl.LazyFrame({"acc": np.arange(history.count, dtype=np.int64)})
    found = every.join(lists, on="acc", how="left", maintain_order="left").collect()["id"]
    return found.fill_null(pl.Series([[]], dtype=pl.List(pl.String)))


def _frame(history: History, facts: Facts, entries: Entries) -> pl.DataFrame:
    columns = [_column(fact, facts) for fact in facts_of(history.terms)]
    changes = pl.Series("changes_on", facts.changes)
    columns += [
        facts.texts["hold_reason"].alias("hold_reason"),
        changes.set(changes >= ENDLESS, None).cast(pl.Int32).cast(pl.Date),
        entries.currencies.alias("currency"),
        _parties(entries, history.as_of),
        _contradictions(history, entries),
        _warnings(history, facts),
    ]
    return pl.DataFrame(columns)


def _column(fact: PositionFact, facts: Facts) -> pl.Series:
    if fact.kind == "text":
        return facts.texts[fact.name].alias(fact.name)
    numbers = pl.Series(fact.name, facts.numbers[fact.name])
    if fact.optional:
        numbers = numbers.set(numbers == NONE, None)
    match fact.kind:
        case "decimal":
            return numbers.cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2))
        case "boolean":
            return numbers == 1
        case "date":
            return numbers.cast(pl.Int32).cast(pl.Date)
        case "choice":
            return pl.Series(fact.name, list(fact.words), dtype=pl.Enum(list(fact.words))).gather(numbers)
        case _:
            return numbers


def _parties(entries: Entries, as_of: int) -> pl.Series:
    """Who is liable on the day: the first by the bytes of the id, where several are."""
    since, until = pl.col("liable_from"), pl.col("liable_to")
    liable = (since.is_null() | (since <= as_of)) & (until.is_null() | (as_of < until))
    found = entries.parties.filter(liable).group_by("acc").agg(pl.col("id").min())
    every = pl.DataFrame({"acc": np.arange(len(entries.ids), dtype=np.int32)})
    return every.join(found, on="acc", how="left", maintain_order="left")["id"].alias("party_id")


def _contradictions(history: History, entries: Entries) -> pl.Series:
    other = (entries.currencies != history.terms.currency).to_numpy()
    at = np.flatnonzero(other)
    history.findings.add("other_currency", "account", at, entries.ids.gather(pl.Series(at)))
    told = (
        history.findings.told()
        .group_by("acc", maintain_order=True)
        .agg(pl.struct("code", entry="sort", id="id").alias("contradictions"))
    )
    every = pl.DataFrame({"acc": np.arange(history.count, dtype=np.int32)})
    found = every.join(told, on="acc", how="left", maintain_order="left")["contradictions"]
    empty = pl.Series([[]], dtype=found.dtype)
    return found.to_frame().select(pl.col("contradictions").fill_null(pl.lit(empty).first())).to_series()


def _warnings(history: History, facts: Facts) -> pl.Series:
    count = history.count
    stray = (facts.numbers["credit"] > 0) & (facts.numbers["outstanding"] > 0)
    first_charge = np.full(count, ENDLESS, np.int64)
    np.minimum.at(first_charge, history.charges.acc, history.charges.day)
    early = np.zeros(count, np.bool_)
    early[history.pay_acc[history.pay_day < first_charge[history.pay_acc]]] = True
    words = [
        [],
        ["stray_credit"],
        ["payment_before_any_charge"],
        ["stray_credit", "payment_before_any_charge"],
    ]
    which = stray.astype(np.int64) + 2 * early.astype(np.int64)
    return pl.Series("warnings", words, dtype=pl.List(pl.String)).gather(pl.Series(which))
