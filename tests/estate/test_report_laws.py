"""What reports must keep to on every ledger: their equations, and plain Python's own reckoning."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feerules
import posted
from feerules.periods import Period
from how_often import often

SOME = settings(max_examples=often(25), suppress_health_check=list(HealthCheck))
SCHEMAS = {
    "charges": {
        **dict.fromkeys(("charge_id", "account_id", "estate_id", "fee", "kind"), pl.String),
        **dict.fromkeys(("period_start", "issued_on", "due_on"), pl.Date),
        "amount": pl.Decimal(18, 2), "corrects_charge_id": pl.String, "recorded_at": pl.Date,
    },
    "payments": {
        **dict.fromkeys(("payment_id", "account_id", "estate_id"), pl.String),
        "amount": pl.Decimal(18, 2), "status": pl.String, "effective_on": pl.Date,
        "reverses_payment_id": pl.String, "recorded_at": pl.Date,
    },
    "allocations": {
        "payment_id": pl.String, "charge_id": pl.String, "amount": pl.Decimal(18, 2), "recorded_at": pl.Date,
    },
}  # fmt: skip
MONTHS = st.sampled_from(["2025-11", "2025-12", "2026-01", "2026-02", "2025-Q4", "2025-12-15/2026-01-20"])
ZERO = Decimal("0.00")


def frames(ledger: posted.Ledger) -> list[pl.DataFrame]:
    return [pl.DataFrame(ledger[name], schema=schema) for name, schema in SCHEMAS.items()]


def moved(result: Any, *, flows: tuple[str, ...] = posted.FLOWS) -> None:
    for row in result.to_dicts():
        flow = sum(row[each] for each in flows)
        assert row["opening"] + row["billed"] - flow == row["closing"]


# Roll-forward


@SOME
@given(posted.ledgers(), MONTHS, st.sampled_from([(), ("estate_id", "fee", "charge_year"), ("account_id",)]))
def test_every_row_rolls_forward_to_the_fen(ledger: posted.Ledger, month: str, by: tuple[str, ...]) -> None:
    result = feerules.roll_forward(*frames(ledger), month, by=by, strict=False)
    moved(result.rows)
    moved(result.deposits)
    for row in result.deposits.to_dicts():
        assert row["held_opening"] + row["received"] - row["refunded"] == row["held_closing"]
    for row in result.prepayments.to_dicts():
        kept = row["opening"] + row["received"] + row["credited"] - row["applied"] - row["refunded"]
        assert kept == row["closing"]


@SOME
@given(posted.ledgers(), MONTHS)
def test_a_roll_forward_is_what_plain_reckoning_gives(ledger: posted.Ledger, month: str) -> None:
    period = Period.parse(month)
    result = feerules.roll_forward(*frames(ledger), month, strict=False)
    wanted = [Counter[Any](), Counter[Any]()]
    before = posted.folded(ledger, period.start - timedelta(days=1))
    after = posted.folded(ledger, period.end - timedelta(days=1))
    charges = {charge["charge_id"]: charge for charge in ledger["charges"]}
    for charge_id, reduced in after.items():
        charge = charges[charge_id]
        sums = wanted[charge["kind"] == "deposit"]
        key = (charge["estate_id"], charge["fee"], posted.year_of(charge))
        was = before.get(charge_id)
        sums[*key, "opening"] += ZERO if was is None else posted.open_of(charge, was)
        sums[*key, "billed"] += charge["amount"] if was is None else ZERO
        sums[*key, "closing"] += posted.open_of(charge, reduced)
        for sign, entries in ((1, reduced), (-1, was or [])):
            for _, what, _, part in entries:
                sums[*key, what] += sign * part
    columns = ("opening", "billed", *posted.FLOWS, "closing")
    for frame, sums in zip((result.rows, result.deposits), wanted, strict=True):
        told = Counter[Any]()
        for row in frame.to_dicts():
            for column in columns:
                told[row["estate_id"], row["fee"], row["charge_year"], column] += row[column]
        assert {key: each for key, each in told.items() if each} == {k: v for k, v in sums.items() if v}


@SOME
@given(posted.ledgers(), st.dates(date(2025, 11, 2), date(2026, 2, 27)))
def test_a_period_opens_as_the_one_before_closed(ledger: posted.Ledger, day: date) -> None:
    first = feerules.roll_forward(*frames(ledger), Period(date(2025, 11, 1), day), strict=False)
    second = feerules.roll_forward(*frames(ledger), Period(day, date(2026, 3, 1)), strict=False)
    for one, other in zip(
        *((each.rows, each.deposits, each.prepayments) for each in (first, second)), strict=True
    ):
        keys = [name for name in ("estate_id", "fee", "charge_year", "currency") if name in one.columns]
        closed = {row[:-1]: row[-1] for row in one.select(*keys, "closing").iter_rows() if row[-1]}
        opened = {row[:-1]: row[-1] for row in other.select(*keys, "opening").iter_rows() if row[-1]}
        assert closed == opened


@SOME
@given(posted.ledgers(), MONTHS)
def test_all_money_that_came_in_was_applied_given_back_or_is_still_there(
    ledger: posted.Ledger, month: str
) -> None:
    period = Period.parse(month)
    result = feerules.roll_forward(*frames(ledger), month, by=(), strict=False)
    eve, end = (
        sum(entry["amount"] for entry in posted.counting_payments(ledger, day).values())
        for day in (period.start - timedelta(days=1), period.end - timedelta(days=1))
    )
    received = sum(result.prepayments["received"].to_list())
    applied = sum(result.prepayments["applied"].to_list())
    assert received == end - eve
    assert applied == sum(sum(frame["received"].to_list()) for frame in (result.rows, result.deposits))


# The collection rate


@SOME
@given(posted.ledgers(), MONTHS, st.sampled_from([None, date(2026, 3, 31)]), st.none() | posted.days)
def test_the_rate_by_amount_is_received_by_receivable(
    ledger: posted.Ledger, month: str, as_of: date | None, known: date | None
) -> None:
    period = Period.parse(month)
    day = as_of or period.end - timedelta(days=1)
    result = feerules.collection_rate(
        *frames(ledger), month, by="fee", as_of=as_of, known_at=known, strict=False
    )
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    charges = {charge["charge_id"]: charge for charge in ledger["charges"]}
    for charge_id, reduced in posted.folded(ledger, day, known).items():
        charge = charges[charge_id]
        if charge["kind"] != "charge":
            continue
        mine = period.contains(charge["period_start"] or charge["issued_on"])
        each = sums[charge["fee"]]
        each[1] += charge["amount"] if mine else ZERO
        for _, what, _, part in reduced:
            each[0] += part if mine and what == "received" else ZERO
            each[1] -= part if mine and what in ("credited", "waived") else ZERO
    rows = {row["fee"]: row for row in result.rows.to_dicts()}
    assert {fee: [row["numerator"], row["denominator"]] for fee, row in rows.items()} == sums
    for row in rows.values():
        assert_rate(row)


def assert_rate(row: dict[str, Any]) -> None:
    if row["denominator"] == 0:
        assert row["rate"] is None
    else:
        assert 0 <= row["rate"] <= 1
        assert abs(row["rate"] * row["denominator"] - row["numerator"]) * 20_000 <= row["denominator"]
        assert row["rate"].as_tuple().exponent == -4


@SOME
@given(posted.ledgers(), MONTHS)
def test_households_are_whole(ledger: posted.Ledger, month: str) -> None:
    result = feerules.collection_rate(*frames(ledger), month, base="household", strict=False)
    amounts = feerules.collection_rate(*frames(ledger), month, by="account_id", strict=False).rows
    owes = amounts.filter(pl.col("denominator") > 0)
    (row,) = result.rows.to_dicts()
    assert row["denominator"] == owes.height
    assert row["numerator"] == owes.filter(pl.col("numerator") == pl.col("denominator")).height
    assert_rate(row)


@SOME
@given(posted.ledgers(), MONTHS)
def test_old_arrears_recovered_are_of_what_was_open(ledger: posted.Ledger, month: str) -> None:
    period = Period.parse(month)
    result = feerules.collection_rate(*frames(ledger), month, base="arrears", strict=False)
    charges = {charge["charge_id"]: charge for charge in ledger["charges"]}
    numerator = denominator = ZERO
    for charge_id, reduced in posted.folded(ledger, period.end - timedelta(days=1)).items():
        charge = charges[charge_id]
        if charge["kind"] != "charge" or (charge["period_start"] or charge["issued_on"]) >= period.start:
            continue
        denominator += charge["amount"]
        for _, what, at, part in reduced:
            new = at >= period.start
            numerator += part if new and what == "received" else ZERO
            denominator -= part if not new or what in ("credited", "waived") else ZERO
    (row,) = result.rows.to_dicts()
    assert [row["numerator"], row["denominator"]] == [numerator, denominator]
    assert_rate(row)


# Ageing and the arrears ledger


@SOME
@given(posted.ledgers(), posted.days, st.integers(0, 20))
def test_every_open_fen_is_in_one_bucket(ledger: posted.Ledger, day: date, grace: int) -> None:
    result = feerules.ageing_report(*frames(ledger), day, grace=grace, strict=False).rows
    charges = {charge["charge_id"]: charge for charge in ledger["charges"]}
    wanted: Counter[Any] = Counter()
    for charge_id, reduced in posted.folded(ledger, day).items():
        charge = charges[charge_id]
        overdue = (day - charge["due_on"]).days - grace
        bounds = ((0, "not_overdue"), (30, "bucket_1_30"), (60, "bucket_31_60"), (90, "bucket_61_90"))
        column = next((name for most, name in bounds if overdue <= most), "bucket_over_90")
        for name in (column, "open"):
            wanted[charge["account_id"], name] += posted.open_of(charge, reduced)
    told: Counter[Any] = Counter()
    for row in result.to_dicts():
        for name in result.columns[2:]:
            told[row["account_id"], name] += row[name]
        assert row["open"] == sum(row[name] for name in result.columns[3:])
    assert {key: each for key, each in told.items() if each} == {k: v for k, v in wanted.items() if v}


@SOME
@given(posted.ledgers(), posted.days, st.integers(0, 20))
def test_the_arrears_ledger_has_what_is_overdue(ledger: posted.Ledger, day: date, grace: int) -> None:
    arrears = feerules.arrears_ledger(*frames(ledger), day, grace=grace, strict=False).rows
    aged = feerules.ageing_report(*frames(ledger), day, grace=grace, strict=False).rows
    overdue = aged.select("account_id", amount=pl.col("open") - pl.col("not_overdue")).filter(
        pl.col("amount") > 0
    )
    assert dict(arrears.select("account_id", "amount").iter_rows()) == dict(overdue.iter_rows())
    assert all(each > 0 for each in arrears["days_overdue"])


# Workload

accounts = st.lists(
    st.fixed_dictionaries(
        {
            "account_id": st.sampled_from([f"户{n}" for n in range(12)]),
            "party_id": st.sampled_from([None, None, "P", "Q", "R"]),
            "building_id": st.sampled_from([None, "1", "2"]),
            "channel": st.sampled_from(["phone", "visit"]),
        }
    ),
    max_size=14,
)
ROWS = dict.fromkeys(("account_id", "party_id", "building_id", "channel"), pl.String)


@SOME
@given(
    accounts, st.integers(1, 4), st.sampled_from(["count", "minutes"]), st.sampled_from([None, "building_id"]), st.randoms()
)  # fmt: skip
def test_work_is_shared_whole_and_in_balance(
    rows: list[dict[str, Any]], collectors: int, by: Any, affinity: str | None, shuffled: Any
) -> None:
    ids = [f"收费员{n}" for n in range(collectors)]
    how: Any = {"by": by, "affinity": affinity, "minutes": {"phone": 6, "visit": 25}}
    result = feerules.workload(pl.DataFrame(rows, schema=ROWS), ids, **how)
    again = sorted(rows, key=lambda _: shuffled.random())
    assert feerules.workload(pl.DataFrame(again, schema=ROWS), ids[::-1], **how).rows.equals(result.rows)

    shared = dict(result.rows.select("account_id", "collector_id").iter_rows())
    assert sorted(shared) == sorted({row["account_id"] for row in rows}) == sorted(result.rows["account_id"])
    for party in ("P", "Q", "R"):
        assert len({shared[row["account_id"]] for row in rows if row["party_id"] == party}) <= 1
    weights = {row["account_id"]: 0 for row in rows}
    for row in rows:
        minutes = 6 if row["channel"] == "phone" else 25
        weights[row["account_id"]] = 1 if by == "count" else weights[row["account_id"]] + minutes
    loads = dict.fromkeys(ids, 0)
    for account, collector in shared.items():
        loads[collector] += weights[account]
    column = "accounts" if by == "count" else "minutes"
    assert dict(result.summary.select("collector_id", column).iter_rows()) == loads
    assert max(loads.values()) - min(loads.values()) <= largest_piece(rows, weights)


def largest_piece(rows: list[dict[str, Any]], weights: dict[str, int]) -> int:
    """The weight of the accounts that parties tie together, found by growing sets."""
    ties = [{row["account_id"]} for row in rows]
    ties += [{row["account_id"] for row in rows if row["party_id"] == party} for party in ("P", "Q", "R")]
    pieces: list[set[str]] = []
    for tie in ties:
        touching = [piece for piece in pieces if piece & tie]
        pieces = [piece for piece in pieces if not piece & tie] + [tie.union(*touching)]
    return max((sum(weights[account] for account in piece) for piece in pieces), default=0)
