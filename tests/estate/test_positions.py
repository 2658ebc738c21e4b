"""Positions of an estate: each account's is what `position` gives for it alone, whatever the policy's terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import accounts as ledgers
import feerules
from feerules import estate_ledgers
from feerules.engines import entries as columns
from feerules.estate_ledgers import Ledgers
from feerules.frames import FrameError
from feerules.ledger import entries
from feerules.ledger.accounts import Account
from feerules.ledger.position import position_of
from feerules.plan.ledgers import LateFeeTerms, LedgerTerms, RateFrom
from feerules.position_rows import placed
from feerules.streaming import facts_of
from how_often import often
from ledger_frames import frames, renamed

MANY = settings(max_examples=often(33), suppress_health_check=list(HealthCheck))
# No policy is for these accounts, so that the plain terms hold.
BOOK = feerules.load_files({"f.yaml": "kind: book\nid: plain\n"})
NO_CHARGES = pl.DataFrame(schema={"account_id": pl.String, "charge_id": pl.String})


def facts(
    accounts: list[Account], terms: LedgerTerms, as_of: date, known_at: date | None = None
) -> list[dict[str, Any]]:
    """The facts of the accounts as the kernel over arrays gives them."""
    ids = pl.DataFrame({"account_id": [account.account_id for account in accounts]})
    ledger = Ledgers(ids, frames(accounts), {}, "account_id")
    found = []
    for read in ledger.reads(share=False):
        batch = read()
        assert batch.problems.is_empty()
        found += placed(batch.accounts, batch.entries, terms, as_of, known_at).to_dicts()
    return found


def one_by_one(
    accounts: list[Account], terms: LedgerTerms, as_of: date, known_at: date | None = None
) -> list[dict[str, Any]]:
    """The same by the plain kernel."""
    told = []
    for account in accounts:
        found = position_of(account, terms, as_of, known_at)
        row = {fact.name: found[fact.name] for fact in facts_of(terms)}
        contradictions = [
            dict(zip(("code", "entry", "id"), each, strict=True)) for each in found.contradictions
        ]
        told.append(row | {
            "hold_reason": found.hold_reason, "changes_on": found.changes_on, "currency": found.currency,
            "party_id": found.party_id, "contradictions": contradictions, "warnings": list(found.warnings),
        })  # fmt: skip
    return told


def assert_same(
    accounts: list[Account], terms: LedgerTerms, as_of: date, known_at: date | None = None
) -> None:
    pairs = zip(
        facts(accounts, terms, as_of, known_at), one_by_one(accounts, terms, as_of, known_at), strict=True
    )
    for given_, expected in pairs:
        differing = {name: (given_[name], value) for name, value in expected.items() if given_[name] != value}
        assert not differing, differing


@MANY
@given(
    st.lists(ledgers.accounts(faults=True), min_size=1, max_size=6), ledgers.ledger_terms(), ledgers.days,
    st.none() | ledgers.days,
)  # fmt: skip
def test_every_fact_is_that_of_the_account_alone(
    accounts: list[Account], terms: LedgerTerms, as_of: date, known_at: date | None
) -> None:
    assert_same(renamed(accounts), terms, as_of, known_at)


@MANY
@given(st.lists(ledgers.agitated_accounts(), min_size=1, max_size=6), ledgers.ledger_terms(), ledgers.days)
def test_events_of_one_sort_follow_and_close_each_other_as_in_the_account_alone(
    accounts: list[Account], terms: LedgerTerms, as_of: date
) -> None:
    assert_same(renamed(accounts), terms, as_of)


@settings(max_examples=often(30), suppress_health_check=list(HealthCheck))
@given(st.lists(ledgers.accounts(with_events=False), min_size=2, max_size=5), st.booleans(), ledgers.days)
def test_equal_debts_share_what_is_paid(accounts: list[Account], interest_first: bool, as_of: date) -> None:
    """Civil Code 560: all that falls due on one day shares, to the fen."""
    same = [
        account.model_copy(update={
            "charges": tuple(each.model_copy(update={"due_on": ledgers.on(30), "issued_on": None, "kind": "charge",
                                                     "amount": abs(each.amount), "corrects_charge_id": None})
                             for each in account.charges)})
        for account in renamed(accounts)
    ]  # fmt: skip
    assert_same(same, LedgerTerms(allocate="civil_code_560", interest_first=interest_first), as_of)


def test_a_promise_is_of_what_equal_debts_left_open() -> None:
    """What was open on the day of a promise is read from the pieces in which equal debts were paid."""
    charges = [
        ledgers.charge(f"C-{due}-{n}", f"2026-0{due}-10", f"{100 * n}.01")
        for due in (1, 2)
        for n in (1, 2, 3)
    ]
    payments = [ledgers.payment(f"P-{n}", f"2026-02-{10 + n}", "133.33") for n in range(9)]
    account = ledgers.account(
        *charges, *payments, ledgers.event("E", "promise", "2026-02-14", promised_on="2026-02-20")
    )
    terms = LedgerTerms(allocate="civil_code_560")
    assert_same(renamed([account, account]), terms, ledgers.day("2026-03-01"))
    assert facts(renamed([account]), terms, ledgers.day("2026-03-01"))[0]["promised"] == Decimal("533.41")


WIDE = [
    # Sums past what running sums of a batch can hold.
    ledgers.account(
        ledgers.charge("C-1", "2026-01-31", "99999999999.99"), ledgers.charge("C-2", "2026-01-31", "99999999999.97"),
        ledgers.payment("P-1", "2026-03-01", "99999999999.98"),
    ),
    # A late fee whose money-days times rate pass 63 bits.
    ledgers.account(
        ledgers.charge("C-1", "2020-01-31", "99999999999.99"), ledgers.payment("P-1", "2024-03-01", "12345678901.23"),
    ),
    ledgers.account(ledgers.charge("C-1", "2026-01-31", "250.60")),
]  # fmt: skip


@pytest.mark.parametrize("allocate", ["oldest_due_first", "newest_due_first", "civil_code_560"])
@pytest.mark.parametrize("mode", ["half_up", "half_even", "down"])
def test_sums_past_63_bits_are_exact(allocate: Any, mode: Any) -> None:
    rates = RateFrom(0, 897, 7_300_000), RateFrom(19_000, 403, 3_650_001)
    late = LateFeeTerms(None, rates, mode=mode, cap_share=(1_000_003, 999_983), cap_by_days=(24, 36_500))
    terms = LedgerTerms(allocate=allocate, late_fee=late)
    assert_same(renamed(WIDE), terms, ledgers.day("2026-11-30"))
    assert_same(
        renamed(WIDE),
        replace(terms, late_fee=replace(late, rates=(RateFrom(0, 10**15 + 1, 10**19),))),
        ledgers.day("2026-11-30"),
    )


def test_a_batch_gives_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = renamed([ledgers.account(ledgers.charge("C", "2026-01-31", f"{n}.00")) for n in range(1, 40)])
    whole = feerules.positions(None, BOOK, "2026-03-01", **frames(accounts)).rows
    monkeypatch.setattr(estate_ledgers, "ROWS", 7)
    batched = feerules.positions(None, BOOK, "2026-03-01", **frames(accounts)).rows
    assert batched.equals(whole)
    assert sorted(whole["outstanding"]) == [Decimal(n) for n in range(1, 40)]


# What cannot be read: what the models refuse for one account is a problem row here

BAD = [
    # frame, its row, the fact that is wrong, the code
    ("charges", {"amount": "12,50"}, "amount", "wrong_type"),
    ("charges", {"amount": "12.505"}, "amount", "imprecise"),
    ("charges", {"amount": "100000000000.01"}, "amount", "out_of_domain"),
    ("charges", {"amount": None}, "amount", "missing"),
    ("charges", {"due_on": None}, "due_on", "missing"),
    ("charges", {"due_on": "2026-02-30"}, "due_on", "wrong_type"),
    ("charges", {"kind": "fine"}, "kind", "unknown_value"),
    ("charges", {"fee": None}, "fee", "missing"),
    ("charges", {"charge_id": None}, "charge_id", "missing"),
    ("charges", {"tax": "much"}, "tax", "wrong_type"),
    ("charges", {"recorded_at": "yesterday"}, "recorded_at", "wrong_type"),
    ("payments", {"amount": None}, "amount", "missing"),
    ("payments", {"status": "done"}, "status", "unknown_value"),
    ("payments", {"effective_on": None}, "effective_on", "missing"),
    ("events", {"type": "letter"}, "type", "unknown_value"),
    ("events", {"type": None}, "type", "missing"),
    ("events", {"status": "gone"}, "status", "unknown_value"),
    ("events", {"frequency": "daily"}, "frequency", "unknown_value"),
    ("parties", {"party_id": None}, "party_id", "missing"),
    ("parties", {"role": "friend"}, "role", "unknown_value"),
]  # fmt: skip
# What is known of a party without a contact, as a column of the accounts
KNOWN = [
    (["true", "false", "", None], [True, False, False, False]),
    ([True, False, None, None], [True, False, False, False]),
]


@pytest.mark.parametrize(("column", "known"), KNOWN)
@pytest.mark.parametrize("name", ["away", "refuses"])
def test_what_accounts_tell_of_their_party_is_read_as_for_one(
    name: str, column: list[Any], known: list[bool]
) -> None:
    accounts = pl.DataFrame({"account_id": ["A", "B", "C", "D"], name: column})
    rows = feerules.positions(accounts, BOOK, "2026-03-01", charges=NO_CHARGES).rows
    assert rows.sort("account_id")[name].to_list() == known
    told = [Account.model_validate({"account_id": "A", "facts": {name: each}}) for each in column]
    assert [position_of(each, LedgerTerms(), date(2026, 3, 1))[name] for each in told] == known


@pytest.mark.parametrize("column", [["true", "yes"], [None, "1"]])
def test_what_accounts_tell_of_their_party_and_cannot_be_read_is_a_problem(column: list[Any]) -> None:
    book = feerules.load_files({"f.yaml": "kind: book\nid: plain\nmapping: {away: 异地}\n"})
    accounts = pl.DataFrame({"account_id": ["A", "B"], "异地": column})
    result = feerules.positions(accounts, book, "2026-03-01", charges=NO_CHARGES)
    problems = result.problems.select("frame", "account_id", "fact", "value", "code", "reason").rows()
    assert problems == [("accounts", "B", "away", column[1], "wrong_type", problems[0][-1])]
    assert result.rows["account_id"].to_list() == ["A"]
    with pytest.raises(feerules.UnitErrors) as caught:
        feerules.position({"account_id": "B", "facts": {"away": column[1]}}, book, "2026-03-01")
    assert caught.value.problems[0].reason == problems[0][-1]


GOOD: dict[str, dict[str, Any]] = {
    "charges": {"charge_id": "C", "fee": "management", "due_on": "2026-01-31", "amount": "5", "kind": None, "tax": None, "recorded_at": None},
    "payments": {"payment_id": "P", "effective_on": "2026-02-01", "amount": "5", "status": None},
    "events": {"event_id": "E", "type": "contact", "effective_on": "2026-02-01", "status": None, "frequency": None},
    "parties": {"party_id": "X", "role": None},
}  # fmt: skip


@pytest.mark.parametrize(("sort", "wrong", "fact", "code"), BAD)
def test_a_row_that_the_models_refuse_is_a_problem(
    sort: str, wrong: dict[str, Any], fact: str, code: str
) -> None:
    row = {**GOOD[sort], **wrong}
    with pytest.raises(ValueError, match="validation error"):
        Account.model_validate({"account_id": "A", sort: [{k: v for k, v in row.items() if v is not None}]})
    rows = [{"account_id": "A", **row}, {"account_id": "B", **GOOD[sort]}]
    given_ = {"charges": NO_CHARGES} | {sort: pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))}
    result = feerules.positions(None, BOOK, "2026-03-01", **given_)
    found = result.problems.select("frame", "account_id", "fact", "value", "code").rows()
    assert found == [(sort, "A", fact, wrong.get(fact), code)]
    assert result.rows["account_id"].to_list() == ["B"]


def test_the_words_are_those_of_the_models() -> None:
    assert columns.CHARGE_KINDS == entries.CHARGE_KINDS
    assert columns.CHARGE_KINDS[: columns.OWED] == entries.OWED
    assert columns.PAYMENT_STATUSES == entries.PAYMENT_STATUSES
    assert columns.EVENT_TYPES == entries.EVENT_TYPES
    assert ("open", *entries.CLOSING) == columns.EVENT_STATUSES
    assert columns.FREQUENCIES == entries.FREQUENCIES
    assert columns.ROLES == entries.ROLES


def test_every_account_is_answered_or_has_a_problem() -> None:
    charges = pl.DataFrame({
        "account_id": ["A", "B", None, "C"], "charge_id": ["1", "2", "3", "4"], "fee": "f",
        "due_on": date(2026, 1, 31), "amount": [10.5, 0.1 + 0.2, 1.0, 2.0],
    })  # fmt: skip
    accounts = pl.DataFrame({"account_id": ["A", "B", "D", "D", None]})
    result = feerules.positions(accounts, BOOK, "2026-03-01", charges=charges)
    assert result.rows["account_id"].to_list() == ["A"]
    assert sorted(result.problems.select("frame", "row_id", "account_id", "code").rows(), key=str) == [
        ("accounts", "D", "D", "duplicate_key"), ("accounts", "D", "D", "duplicate_key"), ("accounts", None, None, "null_key"),
        ("charges", "2", "B", "imprecise"), ("charges", "3", None, "missing"),
    ]  # fmt: skip


def test_a_frame_of_any_kind_is_answered_in_its_kind(tmp_path: Path) -> None:
    charges = pl.DataFrame(
        {
            "account_id": [7, 8],
            "charge_id": [1, 2],
            "fee": "f",
            "due_on": date(2026, 1, 31),
            "amount": ["5", "6"],
        }
    )
    for given_, kind in (
        (charges, pl.DataFrame),
        (charges.to_pandas(), pd.DataFrame),
        (charges.to_arrow(), pa.Table),
        (charges.lazy(), pl.LazyFrame),
    ):
        result = feerules.positions(None, BOOK, "2026-03-01", charges=given_)
        assert isinstance(result.rows, kind)
        rows = result.collect().rows.select("account_id", "outstanding").rows()
        assert rows == [(7, Decimal(5)), (8, Decimal(6))]
    charges.write_csv(tmp_path / "charges.csv")
    lazy = feerules.positions(None, BOOK, "2026-03-01", charges=tmp_path / "charges.csv").rows
    assert lazy.select("account_id", "overdue").collect().rows() == [("7", Decimal(5)), ("8", Decimal(6))]


def test_columns_go_by_the_names_of_the_book() -> None:
    book = feerules.load_files(
        {"names.yaml": "kind: book\nid: x\nmapping: {amount: 金额, due_on: 应缴日, account_id: 客户号}\n"}
    )
    charges = pl.DataFrame(
        {"客户号": ["A"], "charge_id": ["1"], "fee": "f", "应缴日": "2026-01-31", "金额": "8.80"}
    )
    assert feerules.positions(None, book, "2026-03-01", charges=charges).rows["overdue"].to_list() == [
        Decimal("8.80")
    ]


def test_without_a_column_of_accounts_there_is_no_answer() -> None:
    with pytest.raises(FrameError, match='no column "account_id" in charges'):
        feerules.positions(None, BOOK, "2026-03-01", charges=pl.DataFrame({"charge_id": ["1"]}))


def test_an_allocation_goes_with_its_payment() -> None:
    accounts = renamed([ledgers.account(ledgers.charge(f"C-{n}", "2026-01-31", "5"), ledgers.charge(f"D-{n}", "2026-02-28", "5"),
                                        ledgers.payment(f"P-{n}", "2026-02-01", "5")) for n in range(3)])  # fmt: skip
    allocations = pl.DataFrame(
        {"payment_id": ["P-0", "P-2", "P-9"], "charge_id": ["D-0", "D-2", "X"], "amount": ["5", "1.005", "1"]}
    )
    result = feerules.positions(None, BOOK, "2026-03-10", **frames(accounts), allocations=allocations)
    oldest = dict(result.rows.select("account_id", "oldest_due_on").rows())
    assert oldest == {"A-0": date(2026, 1, 31), "A-1": date(2026, 2, 28)}
    assert result.problems.select("row_id", "account_id", "code").rows() == [
        ("P-9/X", None, "no_account"), ("P-2/D-2", "A-2", "imprecise"),
    ]  # fmt: skip


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Shanghai"])
def test_clocks_are_read_as_the_models_read_them(zone: str | None) -> None:
    at = datetime(2026, 2, 1, 23, 30)
    told = pl.Series([at]).dt.replace_time_zone(zone)
    charges = pl.DataFrame(
        {
            "account_id": ["A"],
            "charge_id": ["1"],
            "fee": "f",
            "due_on": "2026-01-31",
            "amount": "5",
            "recorded_at": told,
        }
    )
    moment = told.to_list()[0]
    one = Account.model_validate({"account_id": "A", "charges": [{
        "charge_id": "1", "fee": "f", "due_on": "2026-01-31", "amount": "5", "recorded_at": moment}]})  # fmt: skip
    for known_at in (
        date(2026, 2, 1),
        date(2026, 1, 31),
        datetime(2026, 2, 1, 16, tzinfo=UTC),
        datetime(2026, 2, 1, 15, 20, tzinfo=UTC),
    ):
        rows = feerules.positions(None, BOOK, "2026-03-01", charges=charges, known_at=known_at).rows
        assert rows["outstanding"].to_list() == [
            position_of(one, LedgerTerms(), date(2026, 3, 1), known_at).outstanding
        ]


def test_a_large_estate_adds_up() -> None:
    random = np.random.default_rng(3)
    account = np.repeat(np.arange(3000), 6)
    charges = pl.DataFrame({
        "account_id": account, "charge_id": np.arange(len(account)), "fee": "f", "amount": random.integers(1, 900, len(account)),
        "due_on": pl.Series(random.integers(20_000, 20_400, len(account)).astype(np.int32)).cast(pl.Date),
    })  # fmt: skip
    payments = pl.DataFrame({
        "account_id": account, "payment_id": np.arange(len(account)), "amount": random.integers(1, 900, len(account)),
        "effective_on": pl.Series(random.integers(20_000, 20_400, len(account)).astype(np.int32)).cast(pl.Date),
    })  # fmt: skip
    rows = feerules.positions(None, BOOK, "2026-03-01", charges=charges, payments=payments).rows
    assert (
        charges["amount"].sum() - payments["amount"].sum() == rows["outstanding"].sum() - rows["credit"].sum()
    )
