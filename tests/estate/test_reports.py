"""Reports on small ledgers that a person can add up."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import feerules
from feerules.frames import FrameError
from feerules.reports.headings import HEADINGS
from test_import import place_of_the_package, run_fresh

CHARGES = pl.DataFrame(
    [
        ("c1", "A", "management", "charge", "2025-12-01", "2025-12-01", "2025-12-31", "100.00", None),
        ("c2", "A", "management", "charge", "2026-01-01", "2026-01-01", "2026-01-31", "100.00", None),
        ("c3", "B", "management", "charge", "2026-01-01", "2026-01-01", "2026-01-31", "300.10", None),
        ("l1", "A", "late_fee", "late_fee", None, "2026-01-05", "2026-01-05", "3.00", "c1"),
        ("w1", "A", "management", "waiver", "2025-12-01", "2026-01-10", None, "10.00", "c1"),
        ("k1", "A", "management", "credit", "2026-01-01", "2026-01-20", None, "-30.00", "c2"),
        ("d1", "B", "renovation", "deposit", None, "2025-11-01", "2025-11-01", "500.00", None),
        ("f1", "B", "renovation", "refund", None, "2026-01-25", None, "200.00", "d1"),
    ],
    schema=["charge_id", "account_id", "fee", "kind", "period_start", "issued_on", "due_on", "amount", "corrects_charge_id"],
    orient="row",
).with_columns(estate_id=pl.lit("E"))  # fmt: skip
PAYMENTS = pl.DataFrame(
    [
        ("p1", "A", "150.00", "2025-12-20", "cleared", None),
        ("p2", "B", "500.00", "2025-11-02", "cleared", None),
        ("p3", "A", "50.00", "2026-01-15", "cleared", None),
        ("p4", "B", "300.10", "2026-01-30", "in_transit", None),
        ("p5", "A", "150.00", "2026-01-30", "cleared", "p1"),
    ],
    schema=["payment_id", "account_id", "amount", "effective_on", "status", "reverses_payment_id"],
    orient="row",
)
ALLOCATIONS = pl.DataFrame(
    [("p1", "c1", "60"), ("p1", "c2", "90"), ("p2", "d1", "500"), ("p3", "c1", "40"), ("p4", "c3", "300.1")],
    schema=["payment_id", "charge_id", "amount"],
    orient="row",
)
LEDGER = (CHARGES, PAYMENTS, ALLOCATIONS)


def texts(rows: Any, *columns: str) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in rows.select(columns).iter_rows()]


def charges(*rows: dict[str, Any]) -> pl.DataFrame:
    """Charges that are like this but for what a row says."""
    like = {"account_id": "A", "fee": "management", "kind": "charge", "issued_on": date(2026, 1, 1)}
    like |= {
        "period_start": date(2026, 1, 1),
        "due_on": date(2026, 1, 31),
        "amount": "100",
        "corrects_charge_id": None,
    }
    told = [{"charge_id": f"c{n}", **like, **row} for n, row in enumerate(rows, 1)]
    return pl.DataFrame(told, infer_schema_length=None)


def paid(*rows: tuple[str, str, str], **payment: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A payment for each (day, charge, amount), allocated to that charge."""
    names = [f"p{n}" for n in range(1, len(rows) + 1)]
    days, ids, amounts = zip(*rows, strict=True) if rows else ((), (), ())
    text = {
        "schema_overrides": dict.fromkeys(("payment_id", "charge_id", "amount", "effective_on"), pl.String)
    }
    payments: dict[str, Any] = {"payment_id": names, "account_id": ["A"] * len(rows), "amount": list(amounts)}
    payments |= {"effective_on": list(days)} | {name: [each] * len(rows) for name, each in payment.items()}
    allocations = {"payment_id": names, "charge_id": list(ids), "amount": list(amounts)}
    return pl.DataFrame(payments, **text), pl.DataFrame(allocations, **text)


# Roll-forward


def test_receivables_roll_forward_by_estate_fee_and_year() -> None:
    result = feerules.roll_forward(*LEDGER, "2026-01")
    assert result.rows.columns == [
        *("estate_id", "fee", "charge_year", "currency", "opening", "billed", "received"),
        *("credited", "waived", "written_off", "closing"),
    ]
    # The reversal takes back 60 of the year before; of 90 applied on 1 January nothing is left at the end.
    assert texts(result.rows, *result.rows.columns[1:3], *result.rows.columns[4:]) == [
        ("late_fee", "2026", "0.00", "3.00", "0.00", "0.00", "0.00", "0.00", "3.00"),
        ("management", "2025", "40.00", "0.00", "-20.00", "0.00", "10.00", "0.00", "50.00"),
        ("management", "2026", "0.00", "400.10", "0.00", "30.00", "0.00", "0.00", "370.10"),
    ]
    assert result.rows.schema["closing"] == pl.Decimal(38, 2)


def test_deposits_stand_apart_with_what_is_held_of_them() -> None:
    deposits = feerules.roll_forward(*LEDGER, "2026-01").deposits
    assert texts(deposits, "fee", "opening", "closing", "held_opening", "refunded", "held_closing") == [
        ("renovation", "0.00", "0.00", "500.00", "200.00", "300.00")
    ]


def test_prepayments_stand_apart_by_the_place_of_their_account() -> None:
    prepayments = feerules.roll_forward(*LEDGER, "2026-01").prepayments
    assert prepayments.columns[:2] == ["estate_id", "currency"]
    assert texts(prepayments, *prepayments.columns[2:]) == [
        ("90.00", "-100.00", "0.00", "-20.00", "0.00", "10.00")
    ]


def test_a_credit_beyond_what_was_open_is_the_payers_money() -> None:
    ledger = charges(
        {}, {"kind": "credit", "amount": "30", "issued_on": date(2026, 1, 20), "corrects_charge_id": "c1"}
    )
    result = feerules.roll_forward(ledger, *paid(("2026-01-10", "c1", "90")), "2026-01", by=())
    assert texts(result.rows, "received", "credited", "closing") == [("90.00", "10.00", "0.00")]
    assert texts(result.prepayments, "credited", "closing") == [("20.00", "20.00")]


def test_a_waiver_of_accrued_late_fee_waives_no_principal() -> None:
    waiver = {"kind": "waiver", "amount": "5", "corrects_charge_id": "c1"}
    for named in (
        {"fee": "late_fee"},
        {"tags": ["late_fee"]},
        {"corrects_charge_id": None, "fee": "late_fee"},
    ):
        result = feerules.roll_forward(charges({}, waiver | named), *paid(), "2026-01", by=())
        assert texts(result.rows, "waived", "closing") == [("0.00", "100.00")]
    posted = {"kind": "late_fee", "fee": "late_fee", "amount": "8"}
    result = feerules.roll_forward(
        charges(posted, waiver | {"fee": "late_fee"}), *paid(), "2026-01", by="kind"
    )
    assert texts(result.rows, "kind", "waived", "closing") == [("late_fee", "5.00", "3.00")]


def test_currencies_are_never_added() -> None:
    ledger = charges({}, {"currency": "USD"}).with_columns(pl.col("currency").fill_null("CNY"))
    result = feerules.roll_forward(ledger, *paid(), "2026-01", by=("currency",))
    assert texts(result.rows, "currency", "closing") == [("CNY", "100.00"), ("USD", "100.00")]


def test_sums_of_many_large_amounts_do_not_wrap() -> None:
    many = pl.DataFrame({"charge_id": range(2_000_000)}).with_columns(
        amount=pl.lit(10**11), issued_on=pl.lit(date(2026, 1, 1))
    )
    rows = feerules.roll_forward(many, *paid(), "2026-01", by=()).rows
    assert rows["closing"].to_list() == [Decimal("200000000000000000.00")]


def test_a_column_to_group_by_comes_from_the_units_as_well() -> None:
    by_unit = charges({"unit_id": "1-101"}, {"unit_id": "2-202"})
    units = pl.DataFrame({"unit_id": ["1-101", "2-202"], "building_id": ["1", "2"]})
    result = feerules.roll_forward(by_unit, *paid(), "2026-01", by="building_id", units=units)
    assert texts(result.rows, "building_id", "closing") == [("1", "100.00"), ("2", "100.00")]
    accounts = pl.DataFrame({"account_id": ["A", "A"], "estate_id": ["E9", "E9"]})
    result = feerules.roll_forward(
        charges({}), *paid(("2026-01-10", "c1", "40")), "2026-01", by="estate_id", units=accounts
    )
    assert texts(result.rows, "estate_id", "closing") == [("E9", "60.00")]
    assert texts(result.prepayments, "estate_id", "received", "applied") == [("E9", "40.00", "40.00")]


def test_a_column_that_nobody_has_is_named() -> None:
    with pytest.raises(
        FrameError, match='no column "estate_id": give it in the charges, or units= with unit_id'
    ):
        feerules.roll_forward(charges({}), *paid(), "2026-01")


def test_a_unit_to_group_by_may_be_that_of_the_account() -> None:
    units = pl.DataFrame({"account_id": ["A"], "unit_id": ["1-101"]})
    result = feerules.roll_forward(charges({}), *paid(), "2026-01", by="unit_id", units=units)
    assert texts(result.rows, "unit_id", "closing") == [("1-101", "100.00")]
    with pytest.raises(FrameError, match='no column "unit_id"'):
        feerules.roll_forward(charges({}), *paid(), "2026-01", by="unit_id", units=units.drop("account_id"))


def test_posted_allocations_are_asked_for() -> None:
    with pytest.raises(FrameError, match="needs payments and posted allocations"):
        feerules.roll_forward(CHARGES, PAYMENTS, None, "2026-01")
    with pytest.raises(
        FrameError, match=r"^allocations without the column amount: found payment_id, charge_id$"
    ):
        feerules.roll_forward(CHARGES, PAYMENTS, ALLOCATIONS.drop("amount"), "2026-01")


# Frames of every kind


def test_an_answer_comes_back_as_the_charges_came(tmp_path: Path) -> None:
    wanted = feerules.roll_forward(*LEDGER, "2026-01").rows
    CHARGES.write_csv(tmp_path / "charges.csv")
    CHARGES.with_columns(pl.col("due_on").str.to_date()).write_parquet(tmp_path / "charges.parquet")
    numbers = CHARGES.with_columns(pl.col("amount").cast(pl.Float64), pl.col("fee").cast(pl.Categorical))
    for given in (
        CHARGES.lazy(),
        tmp_path / "charges.csv",
        str(tmp_path / "charges.parquet"),
        numbers.lazy(),
    ):
        rows = feerules.roll_forward(given, PAYMENTS, ALLOCATIONS, "2026-01").rows
        assert isinstance(rows, pl.LazyFrame)
        assert rows.collect().equals(wanted)
    pandas = feerules.roll_forward(CHARGES.to_pandas(), PAYMENTS.to_arrow(), ALLOCATIONS, "2026-01")
    assert type(pandas.rows).__module__.startswith("pandas")
    assert pl.DataFrame(pandas.prepayments)["closing"].to_list() == [Decimal("10.00")]
    arrow = feerules.roll_forward(CHARGES.to_arrow(), PAYMENTS, ALLOCATIONS, "2026-01")
    assert pl.DataFrame(arrow.rows).equals(wanted)


def test_bill_lines_are_charges_as_they_are() -> None:
    book = feerules.load_files(
        {
            "tiny.yaml": "kind: fee-schedule\nid: tiny\neffective: {from: 2026-01-01}\n"
            "facts: {area: {decimal: 2, min: 0, max: 10000}}\n"
            "fees: {management: {per: area, rate: 2.80, every: month}}\n"
        }
    )
    units = pl.DataFrame({"unit_id": ["A-1"], "account_id": ["A"], "area": ["89.50"]})
    lines = feerules.price_estate(units, book, "2026-01", form="long").rows
    rate = feerules.collection_rate(lines, *paid(("2026-01-20", lines["charge_id"][0], "125.30")), "2026-01")
    assert texts(rate.rows, "numerator", "denominator", "rate") == [("125.30", "250.60", "0.5000")]


# Entries that cannot be used


@pytest.mark.parametrize(
    ("charge", "fact", "value", "failed"),
    [
        ({"amount": "1,000"}, "amount", "1,000", "wrong_type"),
        ({"amount": "0.005"}, "amount", "0.005", "imprecise"),
        ({"amount": 0.005}, "amount", "0.005", "imprecise"),
        ({"amount": float("inf")}, "amount", "inf", "wrong_type"),
        ({"amount": float("nan")}, "amount", "NaN", "missing"),
        ({"amount": Decimal("1.005")}, "amount", "1.005", "imprecise"),
        ({"amount": ""}, "amount", "", "missing"),
        ({"amount": "-1"}, "amount", "-1.00", "out_of_domain"),
        ({"amount": "100000000000.01"}, "amount", "100000000000.01", "out_of_domain"),
        ({"amount": 2**62}, "amount", str(2**62), "out_of_domain"),
        ({"amount": True}, "amount", "true", "wrong_type"),
        ({"kind": "fine"}, "kind", "fine", "unknown_value"),
        ({"kind": None}, "kind", None, "missing"),
        ({"issued_on": "2026/1/5"}, "issued_on", "2026/1/5", "wrong_type"),
        ({"issued_on": datetime(2026, 1, 5, 8, 30)}, "issued_on", "2026-01-05 08:30:00.000000", "imprecise"),
        ({"issued_on": None, "due_on": None}, "due_on", None, "missing"),
        ({"period_end": date(2025, 12, 31)}, "period_end", "2025-12-31", "ends_before_start"),
        ({"charge_id": None}, "charge_id", None, "null_key"),
        ({"kind": "waiver"}, "corrects_charge_id", None, "missing"),
        ({"kind": "credit", "corrects_charge_id": "c9"}, "corrects_charge_id", "c9", "unknown_charge"),
        ({"account_id": 1.5}, "account_id", "1.5", "wrong_type"),
    ],
)
def test_a_charge_that_cannot_be_used_is_a_problem(
    charge: dict[str, Any], fact: str, value: str | None, failed: str
) -> None:
    ledger = charges(charge)
    result = feerules.roll_forward(ledger, *paid(), "2026-01", by=(), strict=False)
    (problem,) = result.problems.to_dicts()
    found = {name: problem[name] for name in ("frame", "row_id", "fact", "value", "code")}
    row_id = charge.get("charge_id", "c1")
    assert found == {"frame": "charges", "row_id": row_id, "fact": fact, "value": value, "code": failed}
    assert result.rows.is_empty()
    with pytest.raises(feerules.EntryErrors):
        feerules.roll_forward(ledger, *paid(), "2026-01", by=())


@pytest.mark.parametrize(
    "amount", ["100", " 100.00 ", "+100.000", 100, 100.0, Decimal("100.000"), Decimal("1E+2")]
)
def test_an_amount_is_read_to_the_fen_or_not_at_all(amount: Any) -> None:
    rows = feerules.roll_forward(charges({"amount": amount}), *paid(), "2026-01", by=()).rows
    assert rows["closing"].to_list() == [Decimal("100.00")]


@pytest.mark.parametrize(
    ("payment", "allocation", "frame", "failed"),
    [
        ({"payment_id": None}, {}, "payments", "null_key"),
        ({"amount": "-1"}, {}, "payments", "out_of_domain"),
        ({"effective_on": None}, {}, "payments", "missing"),
        ({"status": "bounced"}, {}, "payments", "unknown_value"),
        ({"reverses_payment_id": "p9"}, {}, "payments", "unknown_payment"),
        ({"currency": "USD"}, {}, "allocations", "other_currency"),
        ({"amount": "59"}, {}, "payments", "allocated_over_payment"),
        ({}, {"payment_id": "p9"}, "allocations", "unknown_payment"),
        ({}, {"charge_id": "c9"}, "allocations", "unknown_charge"),
        ({}, {"amount": "-60"}, "allocations", "out_of_domain"),
        ({"amount": "200"}, {"amount": "101"}, "allocations", "allocated_over_charge"),
    ],
)
def test_money_that_cannot_be_placed_is_a_problem(
    payment: dict[str, Any], allocation: dict[str, Any], frame: str, failed: str
) -> None:
    pay, allocate = paid(("2026-01-10", "c1", "60"), reverses_payment_id=None)
    pay = pay.with_columns(pl.lit(each, pl.String).alias(name) for name, each in payment.items())
    allocate = allocate.with_columns(pl.lit(each, pl.String).alias(name) for name, each in allocation.items())
    problems = feerules.roll_forward(charges({}), pay, allocate, "2026-01", by=(), strict=False).problems
    assert (frame, failed) in problems.select("frame", "code").rows()


def test_an_id_that_occurs_twice_counts_in_no_sum() -> None:
    ledger = charges({"charge_id": "c1"}, {"charge_id": "c1"}, {"charge_id": "c2"})
    result = feerules.roll_forward(ledger, *paid(), "2026-01", by=(), strict=False)
    assert result.problems["code"].to_list() == ["duplicate_id", "duplicate_id"]
    assert result.rows["closing"].to_list() == [Decimal("100.00")]


def test_more_waived_than_was_open_is_a_problem() -> None:
    ledger = charges({}, {"kind": "write_off", "amount": "120", "corrects_charge_id": "c1"})
    result = feerules.roll_forward(ledger, *paid(), "2026-01", by=(), strict=False)
    assert result.problems.select("row_id", "value", "code").rows() == [("c2", "120.00", "nothing_to_waive")]
    assert texts(result.rows, "written_off", "closing") == [("100.00", "0.00")]


def test_errors_tell_every_entry_in_one_layout() -> None:
    ledger = charges({"amount": "1,000"}, {"kind": "fine"})
    with pytest.raises(feerules.EntryErrors) as caught:
        feerules.roll_forward(ledger, *paid(("2026-01-10", "c1", "60")), "2026-01", by=())
    assert str(caught.value) == (
        "3 problems in the entries\n"
        "allocations p1:c1: unknown_charge: charge_id = c1: no charge of this id is owed\n"
        "charges c1: wrong_type: amount = 1,000: not a number\n"
        "charges c2: unknown_value: kind = fine: "
        "none of charge, late_fee, deposit, credit, waiver, write_off, refund"
    )
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


# Two clocks

SHANGHAI = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("recorded", "known_at", "seen"),
    [
        (date(2026, 1, 20), "2026-01-20", True),
        (date(2026, 1, 20), "2026-01-19", False),
        (date(2026, 1, 20), datetime(2026, 1, 20, 9, 0), True),
        (datetime(2026, 1, 20, 23, 59), date(2026, 1, 20), True),
        (datetime(2026, 1, 20, 9, 1), datetime(2026, 1, 20, 9, 0), False),
        (datetime(2026, 1, 20, 9, 0, tzinfo=SHANGHAI), datetime(2026, 1, 20, 1, 0, tzinfo=UTC), True),
        (datetime(2026, 1, 20, 9, 1, tzinfo=SHANGHAI), datetime(2026, 1, 20, 1, 0, tzinfo=UTC), False),
        ("2026-01-20", "2026-01-20", True),
        ("2026-01-20T09:01", "2026-01-20T09:00", False),
        ("2026-01-20 09:00:00", "2026-01-20T09:00", True),
        ("2026-01-20T09:00:00+08:00", "2026-01-20T01:00:00+00:00", True),
        ("2026-01-20T09:00:01+08:00", "2026-01-20T01:00:00+00:00", False),
        (None, "2020-01-01", True),
    ],
)
def test_only_what_was_recorded_by_then_is_known(recorded: Any, known_at: Any, seen: bool) -> None:
    payments, allocations = paid(("2026-01-10", "c1", "60"))
    column = pl.Series("recorded_at", [recorded])
    if isinstance(recorded, datetime) and recorded.tzinfo:
        column = column.dt.convert_time_zone("Asia/Shanghai")
    allocations = allocations.with_columns(column)
    rows = feerules.roll_forward(charges({}), payments, allocations, "2026-01", by=(), known_at=known_at).rows
    assert rows["received"].to_list() == [Decimal("60.00" if seen else "0.00")]


def test_a_time_of_recording_that_cannot_be_read_is_a_problem_where_it_is_asked_for() -> None:
    ledger = charges({"recorded_at": "yesterday"})
    assert feerules.roll_forward(ledger, *paid(), "2026-01", by=()).problems.is_empty()
    with pytest.raises(feerules.EntryErrors, match="charges c1: wrong_type: recorded_at = yesterday"):
        feerules.roll_forward(ledger, *paid(), "2026-01", by=(), known_at="2026-02-01")


# The collection rate

OLD = {"period_start": date(2025, 12, 1), "issued_on": date(2025, 12, 1)}


@pytest.mark.parametrize(
    ("ledger", "payments", "numerator", "denominator", "rate"),
    [
        pytest.param([{}], [("2026-01-10", "c1", "60")], "60.00", "100.00", "0.6000", id="part"),
        pytest.param([{}], [("2025-12-10", "c1", "60")], "60.00", "100.00", "0.6000", id="prepayment applied"),
        pytest.param([{}], [("2026-02-10", "c1", "60")], "0.00", "100.00", "0.0000", id="paid later"),
        pytest.param([{}, OLD], [("2026-01-10", "c2", "60")], "0.00", "100.00", "0.0000", id="other period"),
        pytest.param([{}, {"kind": "late_fee"}], [("2026-01-10", "c2", "60")], "0.00", "100.00", "0.0000", id="penalty"),
        pytest.param([{}, {"kind": "deposit"}], [("2026-01-10", "c2", "60")], "0.00", "100.00", "0.0000", id="deposit"),
        pytest.param(
            [{}, {"kind": "waiver", "amount": "10", "corrects_charge_id": "c1"}],
            [("2026-01-10", "c1", "60")], "60.00", "90.00", "0.6667", id="waived",
        ),
        pytest.param(
            [{}, {"kind": "write_off", "amount": "10", "corrects_charge_id": "c1"}],
            [("2026-01-10", "c1", "60")], "60.00", "100.00", "0.6000", id="written off is still receivable",
        ),
        pytest.param([OLD], [("2026-01-10", "c1", "60")], "0.00", "0.00", "None", id="nothing receivable"),
        pytest.param([{"amount": 0}], [], "0.00", "0.00", "None", id="nothing charged"),
        pytest.param([{"amount": "0.06"}], [("2026-01-10", "c1", "0.01")], "0.01", "0.06", "0.1667", id="half up"),
    ],
)  # fmt: skip
def test_the_current_rate_by_amount(
    ledger: list[dict[str, Any]], payments: list[Any], numerator: str, denominator: str, rate: str
) -> None:
    result = feerules.collection_rate(charges(*ledger), *paid(*payments), "2026-01")
    assert texts(result.rows, "base", "as_of", "numerator", "denominator", "rate") == [
        ("amount", "2026-01-31", numerator, denominator, rate)
    ]


def test_a_rate_as_of_a_later_day_counts_what_came_in_since() -> None:
    result = feerules.collection_rate(
        charges({}), *paid(("2026-02-10", "c1", "60")), "2026-01", as_of="2026-02-28", places=2
    )
    assert texts(result.rows, "as_of", "rate") == [("2026-02-28", "0.60")]


def test_the_rate_by_household_counts_those_who_paid_in_full() -> None:
    ledger = charges({}, {}, {"account_id": "B"}, {"account_id": "C", **OLD})
    payments = paid(("2026-01-10", "c1", "100"), ("2026-01-10", "c2", "99.99"), ("2026-01-10", "c3", "100"))
    result = feerules.collection_rate(ledger, *payments, "2026-01", base="household")
    assert texts(result.rows, "base", "numerator", "denominator", "rate") == [
        ("household", "1", "2", "0.5000")
    ]


def test_the_recovery_of_old_arrears() -> None:
    # 300 of old charges; 100 came in before, 30 are waived in the period, 80 come in.
    ledger = charges(
        {}, OLD | {"amount": "300"}, {"kind": "waiver", "amount": "30", "corrects_charge_id": "c2"}
    )
    payments = paid(("2025-12-10", "c2", "100"), ("2026-01-10", "c2", "80"), ("2026-01-10", "c1", "100"))
    result = feerules.collection_rate(ledger, *payments, "2026-01", base="arrears")
    assert texts(result.rows, "numerator", "denominator", "rate") == [("80.00", "170.00", "0.4706")]


def test_a_rate_of_nothing_at_all_is_one_row_without_a_rate() -> None:
    for base in ("amount", "household", "arrears"):
        result = feerules.collection_rate(charges({}).clear(), *paid(), "2026-01", base=base)  # type: ignore[arg-type]
        assert result.rows["rate"].to_list() == [None]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"base": "area"}, "found base='area', expected one of amount, household, arrears"),
        ({"belongs": "paid_on"}, "found belongs='paid_on', expected one of period_start, issued_on, due_on"),
        ({"places": 13}, "found places=13, expected 0 to 12"),
        (
            {"as_of": "2025-12-31"},
            "found as_of=2025-12-31, expected a day of the period 2026-01 or a later one",
        ),
        (
            {"as_of": datetime(2026, 1, 31)},
            "found the moment 2026-01-31 00:00:00, expected a day such as 2026-01-31",
        ),
    ],
)
def test_a_rate_that_cannot_be_asked_for_is_refused(how: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        feerules.collection_rate(charges({}), *paid(), "2026-01", **how)
    assert str(caught.value) == told


# Ageing

FOUR = charges(*({"issued_on": date(2023, 10, 1), "due_on": date(2023, m, d), "amount": 250} for m, d in ((10, 1), (10, 16), (10, 31), (11, 15))))  # fmt: skip


@pytest.mark.parametrize(
    ("day", "open_", "buckets"),
    [
        ("2023-11-16", "1000.00", ("0.00", "250.00", "250.00", "500.00", "0.00")),
        ("2023-12-16", "1000.00", ("0.00", "0.00", "0.00", "500.00", "500.00")),
        ("2023-10-16", "1000.00", ("750.00", "0.00", "250.00", "0.00", "0.00")),
    ],
)
def test_what_is_open_is_aged_by_declared_buckets(day: str, open_: str, buckets: tuple[str, ...]) -> None:
    cells = {"1": "[1..3]", "3": "(3..30]", "30": "[31..60]", "60": "> 60"}
    rows = feerules.ageing_report(FOUR, *paid(), day, buckets=cells).rows
    assert rows.columns[2:] == ["open", "not_overdue", *(f"bucket_{name}" for name in cells)]
    # Due on 16 October, 16 November is 31 days later; one row is due a day before.
    assert texts(rows, *rows.columns[2:]) == [(open_, *buckets)]


@pytest.mark.parametrize(
    ("buckets", "told"),
    [
        ({"a": "[1..30]", "b": "> 31"}, "no bucket holds 31 days overdue: before b, declare one that does"),
        ({"a": "[1..30]", "b": ">= 30"}, "the buckets a and b overlap: both hold 30 days overdue"),
        ({"a": "[1..30]"}, 'no bucket holds 31 days overdue: declare one, such as ">= 31"'),
        ({}, 'no bucket holds 1 days overdue: declare one, such as ">= 1"'),
    ],
)
def test_buckets_hold_every_day_once(buckets: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        feerules.ageing_report(FOUR, *paid(), "2023-11-16", buckets=buckets)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("due", "as_of", "pauses", "days"),
    [
        ("2012-02-01", "2012-02-06", [], 5),
        ("2012-02-01", "2012-03-12", [("2012-02-06", "2012-03-10", None), ("2012-02-10", None, "ended")], 36),
        (
            "2012-02-01",
            "2012-02-23",
            [("2012-02-06", "2012-02-10", None), ("2012-02-13", "2012-02-18", None)],
            13,
        ),
        (
            "2012-02-01",
            "2012-02-23",
            [("2012-02-06", "2012-02-10", None), ("2012-02-08", "2012-02-12", None)],
            16,
        ),
        ("2023-01-24", "2023-01-30", [("2023-01-27", "2023-02-15", None)], 3),
        ("2023-01-24", "2023-01-30", [("2023-01-01", None, None)], 0),
    ],
)
def test_paused_days_do_not_age(due: str, as_of: str, pauses: list[Any], days: int) -> None:
    events = pl.DataFrame(
        [(f"e{n}", "A", "pause", *each) for n, each in enumerate(pauses)],
        schema=dict.fromkeys(
            ("event_id", "account_id", "type", "effective_on", "ends_on", "status"), pl.String
        ),
        orient="row",
    )
    ledger = charges({"due_on": due, "issued_on": "2010-01-01"})
    cells = {str(n): str(n) for n in range(1, 40)} | {"more": "> 39"}
    rows = feerules.ageing_report(ledger, *paid(), as_of, buckets=cells, events=events).rows
    column = f"bucket_{days}" if days else "not_overdue"
    assert rows[column].to_list() == [Decimal("100.00")]


def test_ageing_may_leave_kinds_out_and_count_from_another_day() -> None:
    ledger = charges({"period_end": date(2026, 3, 1)}, {"kind": "deposit"})
    rows = feerules.ageing_report(ledger, *paid(), "2026-03-31", by="kind", kinds=("deposit",)).rows
    assert texts(rows, "kind", "open", "bucket_31_60") == [("deposit", "100.00", "100.00")]
    rows = feerules.ageing_report(ledger.head(1), *paid(), "2026-03-31", age_from="period_end", grace=3).rows
    assert texts(rows, "bucket_1_30") == [("100.00",)]
    with pytest.raises(feerules.EntryErrors, match="charges c2: missing: period_end"):
        feerules.ageing_report(ledger, *paid(), "2026-03-31", age_from="period_end")


# The arrears ledger


def events(*rows: tuple[str, str, str | None, str | None, str | None]) -> pl.DataFrame:
    names = ("event_id", "effective_on", "type", "status", "reason", "outcome")
    told = [(f"e{n}", *row) for n, row in enumerate(rows)]
    frame = pl.DataFrame(told, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.with_columns(account_id=pl.lit("A"), channel=pl.lit("phone"))


def test_the_arrears_ledger_tells_amount_time_and_reason() -> None:
    old = {
        "period_start": date(2025, 11, 1),
        "period_end": date(2025, 12, 1),
        "due_on": date(2025, 11, 30),
        "issued_on": date(2025, 11, 1),
    }
    ledger = charges(
        old,
        old | {"fee": "water"},
        {"period_end": date(2026, 2, 1)},
        {"due_on": date(2026, 3, 31)},
        {"account_id": "B", "due_on": date(2026, 3, 31)},
    )
    happened = events(
        ("2026-01-05", "dispute", None, "漏水未修", None), ("2026-02-10", "contact", None, None, "no_answer")
    )
    result = feerules.arrears_ledger(ledger, *paid(("2025-12-10", "c1", "30")), "2026-02-28", events=happened)
    assert result.rows.to_dicts() == [
        {
            "account_id": "A", "currency": "CNY", "amount": Decimal("270.00"), "charges": 3, "periods": 2,
            "oldest_due_on": date(2025, 11, 30), "days_overdue": 90,
            "first_period_start": date(2025, 11, 1), "last_period_end": date(2026, 2, 1),
            "reason_type": "dispute", "reason": "漏水未修", "reason_on": date(2026, 1, 5),
            "last_contact_on": date(2026, 2, 10), "last_channel": "phone", "last_outcome": "no_answer",
            "last_payment_on": date(2025, 12, 10),
        }
    ]  # fmt: skip
    without = feerules.arrears_ledger(ledger, *paid(), "2026-02-28").rows
    assert without.schema == result.rows.schema
    assert without["reason"].to_list() == [None]


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (
            [("2026-01-05", "dispute", None, "漏水", None), ("2026-02-01", "dispute", "closed", None, None)],
            None,
        ),
        (
            [("2026-01-05", "dispute", None, "漏水", None), ("2026-01-09", "hardship", None, "失业", None)],
            "失业",
        ),
        (
            [("2026-01-05", "dispute", None, "漏水", None), ("2026-01-09", "contact", None, "出差", None)],
            "出差",
        ),
        (
            [("2026-01-05", "dispute", None, "漏水", None), ("2026-03-09", "hardship", None, "失业", None)],
            "漏水",
        ),
        ([("2026-01-05", "approval", None, "同意", None)], None),
        (
            [("2026-01-05", "contact", None, "出差", None), ("2026-01-05", "promise", None, "发薪", None)],
            "发薪",
        ),
    ],
    ids=["closed", "the latest", "a contact that names one", "not yet", "no reason of arrears", "same day"],
)
def test_the_reason_is_the_last_that_holds(happened: list[Any], reason: str | None) -> None:
    result = feerules.arrears_ledger(charges({}), *paid(), "2026-02-28", events=events(*happened))
    assert result.rows["reason"].to_list() == [reason]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        # Two disputes, one of them resolved: the other is open.
        ([("2026-01-09", None, None, None), ("2026-02-01", "resolved", None, None)], "漏水"),
        ([("2026-01-09", "resolved", None, None), ("2026-02-01", "resolved", None, None)], None),
        ([("2026-01-09", None, "2026-02-20", None)], "漏水"),
        ([("2026-01-09", None, "2026-03-20", None)], "later"),
        ([("2026-01-09", None, None, ["c2"]), ("2026-02-01", "resolved", None, ["c1"])], "later"),
        ([("2026-01-09", None, None, ["c2"]), ("2026-02-01", "resolved", None, ["c2"])], "漏水"),
        ([("2026-01-09", None, None, ["c2", "c3"]), ("2026-02-01", "resolved", None, ["c3", "c2"])], "漏水"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_a_dispute_is_a_reason_while_it_stands(more: list[Any], reason: str | None, listed: bool) -> None:
    told = [("2026-01-05", None, None, ["c1"]), *more]
    frame = pl.DataFrame({
        "event_id": [f"e{n}" for n in range(len(told))], "account_id": "A", "type": "dispute",
        "effective_on": [each[0] for each in told], "status": [each[1] for each in told],
        "ends_on": [each[2] for each in told], "reason": ["漏水", *("later" for _ in more)],
        "charge_ids": [each[3] if listed else each[3] and ", ".join(each[3]) for each in told],
    })  # fmt: skip
    result = feerules.arrears_ledger(charges({}), *paid(), "2026-02-28", events=frame)
    assert result.rows["reason"].to_list() == [reason]


def test_the_hour_tells_which_of_two_events_of_a_day_came_later() -> None:
    frame = events(
        ("2026-01-05", "dispute", None, "leak", None), ("2026-01-05", "dispute", "closed", None, None)
    )
    hours = pl.Series(["2026-01-05T09:00", "2026-01-05T15:00"])
    ids = pl.Series(["z", "a"])  # by their ids, the closing one comes first
    happened = frame.with_columns(occurred_at=hours, event_id=ids)
    result = feerules.arrears_ledger(charges({}), *paid(), "2026-02-28", events=happened)
    assert result.rows["reason"].to_list() == [None]


@pytest.mark.parametrize(
    ("known", "received"), [("2026-01-20", "0.00"), ("2026-01-25", "60.00"), (None, "60.00")]
)
def test_of_a_log_the_last_word_that_was_known_counts(known: str | None, received: str) -> None:
    payments, allocations = paid(("2026-01-20", "c1", "60"))
    words = [payments.with_columns(pl.lit(status).alias("status"), pl.lit(on).alias("recorded_at"))
             for status, on in (("in_transit", "2026-01-20"), ("cleared", "2026-01-23T10:00"))]  # fmt: skip
    result = feerules.roll_forward(
        charges({}), pl.concat(words), allocations, "2026-01", by=(), known_at=known
    )
    assert result.rows["received"].to_list() == [Decimal(received)]


def test_events_that_cannot_be_used_are_problems() -> None:
    bad = events(("2026-01-05", "quarrel", None, None, None), ("2026-01-05", "hold", None, None, None))
    bad = bad.with_columns(ends_on=pl.lit("2026-01-01"))
    result = feerules.arrears_ledger(charges({}), *paid(), "2026-02-28", events=bad, strict=False)
    assert result.problems.select("frame", "row_id", "code").rows() == [
        ("events", "e0", "unknown_value"),
        ("events", "e1", "ends_before_start"),
    ]
    with pytest.raises(ValueError, match="expected account_id among the columns"):
        feerules.arrears_ledger(charges({}), *paid(), "2026-02-28", by="fee")


# Workload


def test_work_is_shared_evenly_and_the_same_way_every_time() -> None:
    accounts = pl.DataFrame({"account_id": [f"A{n}" for n in range(7)]})
    result = feerules.workload(accounts, ["王", "李"])
    # Whoever comes first by id gets the odd one.
    assert result.summary.rows() == [("李", 4, 0), ("王", 3, 0)]
    assert feerules.workload(accounts.reverse(), ["李", "王"]).rows.equals(result.rows)


def test_work_is_weighed_by_the_minutes_of_its_channel() -> None:
    actions = pl.DataFrame(
        {
            "account_id": ["A1", "A2", "A3", "A4", "A5"],
            "channel": ["visit", "phone", "phone", "phone", "phone"],
            "party_id": [None, None, "P", "P", None],
        }
    )
    result = feerules.workload(actions, ["L", "W"], by="minutes", minutes={"phone": 6, "visit": 25})
    assert result.rows.rows() == [
        ("A1", "L", 25),
        ("A2", "W", 6),
        ("A3", "W", 6),
        ("A4", "W", 6),
        ("A5", "W", 6),
    ]
    assert result.summary.rows() == [("L", 1, 0, 25), ("W", 4, 1, 24)]


def test_minutes_may_stand_in_the_frame() -> None:
    accounts = pl.DataFrame({"account_id": ["A1", "A2", "A2"], "minutes": [30, 10, 15]})
    assert feerules.workload(accounts, ["L", "W"], by="minutes").summary["minutes"].to_list() == [30, 25]


def test_a_collector_stays_in_a_building_as_far_as_balance_permits() -> None:
    accounts = pl.DataFrame(
        {"account_id": [f"A{n}" for n in range(6)], "building_id": ["1", "2", "1", "2", "2", "1"]}
    )
    near = feerules.workload(accounts, ["L", "W"], affinity="building_id")
    assert near.summary.rows() == [("L", 3, 0, 1), ("W", 3, 0, 1)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"account_id": None}, "null_key"),
        ({"channel": "pigeon"}, "unknown_value"),
        ({"channel": None}, "missing"),
    ],
)
def test_an_account_that_cannot_be_given_out_is_a_problem(row: dict[str, Any], code: str) -> None:
    accounts = pl.DataFrame(
        [{"account_id": "A1", "channel": "phone"}, {"account_id": "A2", "channel": "phone"} | row]
    )
    how: Any = {"by": "minutes", "minutes": {"phone": 6}}
    result = feerules.workload(accounts, ["L"], **how, strict=False)
    assert result.rows["account_id"].to_list() == ["A1"]
    assert result.problems["code"].to_list() == [code]
    with pytest.raises(feerules.EntryErrors):
        feerules.workload(accounts, ["L"], **how)


@pytest.mark.parametrize("collectors", [[], ["L", "L"], [None], pl.DataFrame({"collector_id": ["L", "L"]})])
def test_collectors_are_told_apart(collectors: Any) -> None:
    with pytest.raises(ValueError, match="expected one or more ids, each once"):
        feerules.workload(pl.DataFrame({"account_id": ["A"]}), collectors)


# Titles and the extra


def test_columns_have_titles_in_both_languages() -> None:
    aged = feerules.ageing_report(charges({}), *paid(), "2026-03-31").rows
    assert feerules.titles(aged).columns == [
        *("账户", "币种", "未缴金额", "未逾期", "逾期1至30天", "逾期31至60天", "逾期61至90天", "逾期超过90天")
    ]
    assert feerules.titles(aged, "en").columns[-2:] == ["61 to 90 days overdue", "Over 90 days overdue"]
    assert feerules.titles(pl.DataFrame({"account_id": ["A"], "mine": [1]})).columns == ["账户", "mine"]


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_no_two_columns_have_one_title(locale: str) -> None:
    frame = pl.DataFrame({name: [None] for name in HEADINGS})
    assert len(feerules.titles(frame, locale).columns) == len(HEADINGS)


WITHOUT = """
import json, sys
sys.modules["polars"] = None
import feerules
told = []
for function, given in (("roll_forward", 4), ("collection_rate", 4), ("ageing_report", 4), ("arrears_ledger", 4), ("workload", 2), ("titles", 1)):
    try:
        getattr(feerules, function)(*[None] * given)
    except feerules.MissingExtra as error:
        told.append(str(error))
print(json.dumps({"told": told}))
"""


def test_without_the_extra_each_report_tells_how_to_get_it() -> None:
    told = run_fresh(WITHOUT, place_of_the_package())["told"]
    functions = ("roll_forward", "collection_rate", "ageing_report", "arrears_ledger", "workload", "titles")
    assert told == [f'{each} needs polars: run pip install "feerules[estate]"' for each in functions]
