"""The sample estate, a thousand units at once: the same fen, and the same bill lines, as one by one."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import feerules
from feerules.money import share_out

ROOT = Path(__file__).parents[2]
MONTHS = ("2026-11", "2027-01")
NOT_A_FEE = ("unit_id", "account_id", "total")

Record = dict[str, Any]
Shares = dict[str, dict[str, Decimal]]


@pytest.fixture(scope="module")
def book() -> feerules.Book:
    return feerules.load(ROOT / "rules" / "sample-estate")


@pytest.fixture(scope="module")
def sample() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "examples"))
        yield runpy.run_path(str(ROOT / "examples" / "sample_estate.py"))


def shares_of(units: list[Record], pools: list[Record]) -> Shares:
    """Each unit's part of each pool, worked out over plain lists."""
    found: Shares = {unit["unit_id"]: {} for unit in units}
    for pool in pools:
        weights = {
            unit["unit_id"]: _weight(unit, pool["fee"])
            for unit in units
            if unit["building_id"] == pool["building_id"] and _shares_in(unit, pool["fee"])
        }
        parts = share_out(int(pool["amount"] * 100), list(weights.values()), list(weights))
        for unit_id, part in zip(weights, parts, strict=True):
            found[unit_id][pool["fee"]] = Decimal(part).scaleb(-2)
    return found


def _shares_in(unit: Record, fee: str) -> bool:
    if fee == "lift_energy":
        return bool(unit["kind"] == "home" and unit["lift"])
    return unit["kind"] in ("home", "shop")


def _weight(unit: Record, fee: str) -> int:
    if fee == "lift_energy":
        return int(unit["area"] * 100) if unit["floor"] > 1 else 0
    return 7 if unit["vacant"] else 10


@pytest.fixture(scope="module", params=MONTHS)
def priced(
    request: pytest.FixtureRequest, book: feerules.Book, sample: Any
) -> tuple[Any, dict[str, feerules.Bill], str]:
    """(the estate, the bill of every unit priced alone, the month)."""
    estate = sample["make"](1_000, month=request.param)
    units = estate.units.rows(named=True)
    shares = shares_of(units, estate.pools.rows(named=True))
    bills = {
        unit["unit_id"]: feerules.price(unit, book, request.param, shares=shares[unit["unit_id"]])
        for unit in units
    }
    return estate, bills, request.param


def test_a_row_of_fees_is_the_bill_of_each_unit(priced: Any, book: feerules.Book) -> None:
    estate, bills, month = priced
    result = feerules.price_estate(estate.units, book, month, pools=estate.pools)
    assert result.problems.height == 0
    assert result.rows["unit_id"].to_list() == estate.units["unit_id"].to_list()
    for row in result.rows.iter_rows(named=True):
        bill = bills[row["unit_id"]]
        fees = {name: amount for name, amount in row.items() if name not in NOT_A_FEE and amount is not None}
        assert (fees, row["total"]) == (bill.amounts, bill.total)


def test_every_bill_line_is_that_of_the_unit_alone(priced: Any, book: feerules.Book) -> None:
    estate, bills, month = priced
    rows = feerules.price_estate(estate.units, book, month, form="long", pools=estate.pools).rows
    lines = {line.charge_id: line for bill in bills.values() for line in bill}
    assert rows["charge_id"].n_unique() == rows.height == len(lines)
    names = [name for name in rows.columns if name != "source"]
    for row in rows.iter_rows(named=True):
        line = lines[row["charge_id"]]
        assert {name: row[name] for name in names} == {name: getattr(line, name) for name in names}
        assert row["source"] == " ".join(line.source.values())


def test_shares_sum_to_the_total_of_their_pool(priced: Any, book: feerules.Book) -> None:
    estate, _, month = priced
    rows = feerules.price_estate(estate.units, book, month, form="long", pools=estate.pools).rows
    shared = rows.join(estate.units.select("unit_id", "building_id"), on="unit_id")
    sums = shared.group_by("building_id", "fee").agg(pl.col("amount").sum())
    together = estate.pools.join(sums, on=["building_id", "fee"], how="left", suffix="_shared")
    assert together["amount"].to_list() == together["amount_shared"].to_list()


def test_every_fee_of_the_book_occurs_in_the_estate(book: feerules.Book, sample: Any) -> None:
    fees = {fee for schedule in book.schedules for fee in schedule.fees}
    charged: set[str] = set()
    for month in ("2026-11", "2027-03"):  # a heating season begins and ends
        estate = sample["make"](1_000, month=month)
        rows = feerules.price_estate(estate.units, book, month, form="long", pools=estate.pools).rows
        charged |= set(rows["fee"])
    assert charged == fees


@pytest.mark.long
def test_the_old_system_differs_only_where_it_is_known_to_be_wrong(book: feerules.Book, sample: Any) -> None:
    estate = sample["make"](2_000, month="2026-10")
    result = feerules.reconcile(book, estate.units, estate.billed(), "2026-10", pools=estate.pools)
    found = result.rows.filter(pl.col("state") != "matched").join(
        estate.units.with_row_index("row"), on="unit_id"
    )
    by_state = {
        state: set(found.filter(pl.col("state") == state)["fee"])
        for state in ("different", "missing", "extra")
    }
    assert by_state == {
        "different": {"management", "fire_safety", "lift_energy", "common_energy"},
        "missing": {"electricity", "renovation_deposit", "renovation_rubbish", "access_card", "reserve_fund", "visitor_parking"},
        "extra": {"garbage"},
    }  # fmt: skip
    shares = found.filter(pl.col("fee").is_in(["lift_energy", "common_energy"]))
    assert shares["difference"].abs().max() == Decimal("0.01")
    management = found.filter(pl.col("fee") == "management")
    assert management.filter(~pl.col("vacant") & (pl.col("row") % 100 != 50)).height == 0


def test_an_estate_is_the_same_each_time_and_the_beginning_of_a_larger_one(sample: Any) -> None:
    make = sample["make"]
    assert make(500).units.equals(make(500).units)
    assert make(500).units.equals(make(1_000).units.head(500))
    assert not make(500, seed=2).units.equals(make(500).units)


def test_written_in_blocks_it_is_the_same_estate(sample: Any, tmp_path: Path) -> None:
    sample["write"](tmp_path, 100_200)
    whole = sample["make"](100_200)
    assert len(list((tmp_path / "units").iterdir())) == 2
    assert pl.read_parquet(tmp_path / "units").equals(whole.units)
    assert pl.read_parquet(tmp_path / "pools").equals(whole.pools)


def test_spoilt_rows_become_problems_and_the_rest_is_priced(book: feerules.Book, sample: Any) -> None:
    estate = sample["make"](1_000, dirty=20)
    result = feerules.price_estate(estate.units, book, "2026-11", pools=estate.pools)
    codes = {
        "missing",
        "wrong_type",
        "imprecise",
        "out_of_domain",
        "unknown_value",
        "duplicate_key",
        "null_key",
    }
    assert set(result.problems["code"]) >= codes
    given = set(estate.units["unit_id"])
    assert set(result.rows["unit_id"]) | set(result.problems["unit_id"]) == given
    assert not set(result.rows["unit_id"]) & set(result.problems["unit_id"])


def test_parties_hold_every_account_and_end_where_the_owner_begins(sample: Any) -> None:
    estate = sample["make"](200)
    parties = estate.parties()
    assert set(parties["account_id"]) == set(estate.units["account_id"].drop_nulls())
    owners = parties.filter(pl.col("role") == "owner").select("account_id", "liable_from")
    developers = parties.filter(pl.col("role") == "developer").join(owners, on="account_id", suffix="_owner")
    assert developers["liable_to"].to_list() == developers["liable_from_owner"].to_list()
