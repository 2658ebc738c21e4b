"""What another system billed, unit by unit and fee by fee, against what the book says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from feerules.frames import FrameError
from frame_kinds import Kind, polars_of

SCHEDULE = """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  lift: {boolean: true, default: false}
fees:
  management: {per: area, rate: 2.00, every: month}
  lift: {applies: {lift: true}, rate: 5, every: month}
"""
BOOK = feerules.load_files({"garden.yaml": SCHEDULE})
MONTH = "2026-11"
UNITS = pl.DataFrame({"unit_id": ["A", "B", "C"], "area": ["10", "20", "many"]})


def bills(*rows: tuple[Any, str, Any], dtype: Any = pl.String) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["unit_id", "fee", "amount"], orient="row", strict=False)
    return frame.with_columns(pl.col("amount").cast(dtype))


def states(billed: Any, units: Any = UNITS) -> dict[tuple[str, str], tuple[str, str]]:
    """The state and the difference of every unit and fee."""
    rows = polars_of(feerules.reconcile(BOOK, units, billed, MONTH).rows)
    return {(row["unit_id"], row["fee"]): (row["state"], str(row["difference"])) for row in rows.to_dicts()}


CASES: list[tuple[str, list[tuple[Any, str, Any]], dict[tuple[str, str], tuple[str, str]]]] = [
    ("as it should be", [("A", "management", "20.00")], {("A", "management"): ("matched", "0.00")}),
    ("a fen too much", [("A", "management", "20.01")], {("A", "management"): ("different", "-0.01")}),
    ("in two lines", [("A", "management", "15"), ("A", "management", "5")], {("A", "management"): ("matched", "0.00")}),
    ("forgotten", [("B", "management", "40")], {("A", "management"): ("missing", "20.00")}),
    ("without reason", [("A", "lift", "5")], {("A", "lift"): ("extra", "-5.00")}),
    ("nothing without reason", [("A", "lift", "0.00")], {("A", "lift"): ("matched", "0.00")}),
    ("another system's fee", [("A", "water", "7.70")], {("A", "water"): ("extra", "-7.70")}),
    ("a unit that is not there", [("Z", "management", "1")], {("Z", "management"): ("extra", "-1.00")}),
    ("a unit that cannot be priced", [("C", "management", "1")], {("C", "management"): ("problem", "-1.00")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("billed", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_every_unit_and_fee_has_a_state(billed: list[Any], expected: dict[Any, Any]) -> None:
    found = states(bills(*billed))
    assert {at: found[at] for at in expected} == expected


def test_the_sums_tell_how_far_the_systems_are_apart() -> None:
    result = feerules.reconcile(
        BOOK, UNITS, bills(("A", "management", "20"), ("B", "lift", "5"), ("C", "x", "1")), MONTH
    )
    assert {state: tuple(map(str, each.values())) for state, each in result.summary.items()} == {
        "matched": ("1", "20.00", "20.00", "0.00"),
        "different": ("0", "0.00", "0.00", "0.00"),
        "missing": ("1", "40.00", "0.00", "40.00"),
        "extra": ("1", "0.00", "5.00", "-5.00"),
        "problem": ("1", "0.00", "1.00", "-1.00"),
    }
    assert str(result).splitlines()[0].split() == ["count", "ours", "billed", "difference"]
    assert str(result).splitlines()[3].split() == ["missing", "1", "40.00", "0.00", "40.00"]


def test_both_sides_may_be_any_kind_of_frame(kind: Kind, tmp_path: Any) -> None:
    (tmp_path / "billed").mkdir()
    billed = kind.give(bills(("A", "management", "20.00"), ("B", "management", "39.00")), tmp_path / "billed")
    (tmp_path / "units").mkdir()
    result = feerules.reconcile(BOOK, kind.give(UNITS, tmp_path / "units"), billed, MONTH)
    assert type(result.rows) is type(result.problems) is kind.comes_back
    assert polars_of(result.rows)["state"].to_list() == ["matched", "different"]
    assert polars_of(result.problems)["unit_id"].to_list() == ["C"]


AMOUNTS = {"text": pl.String, "float": pl.Float64, "decimal": pl.Decimal(38, 6), "whole number": pl.Int32}


@pytest.mark.parametrize("name", AMOUNTS)
def test_amounts_come_in_any_type(name: str) -> None:
    billed = bills(("A", "management", 20), ("B", "management", 40), dtype=AMOUNTS[name])
    assert {state for state, _ in states(billed).values()} == {"matched"}


@pytest.mark.parametrize("kind", [pl.String, pl.Int64, pl.Categorical, pl.Float64, pl.Decimal(20, 0)])
def test_keys_of_any_type_meet(kind: Any) -> None:
    units = pl.DataFrame({"unit_id": [7, 8], "area": ["10", "20"]})
    billed = bills((7, "management", "20"), (8, "management", "40")).with_columns(
        pl.col("unit_id").cast(pl.Int64).cast(pl.String if kind == pl.Categorical else kind).cast(kind),
        pl.col("fee").cast(pl.Categorical),
    )
    assert states(billed, units) == {
        ("7", "management"): ("matched", "0.00"),
        ("8", "management"): ("matched", "0.00"),
    }


def test_the_key_may_have_the_name_of_ones_own_system() -> None:
    own = feerules.load_files(
        {"garden.yaml": SCHEDULE, "own.yaml": "kind: book\nid: own\nmapping: {unit_id: FWBH}\n"}
    )
    units = UNITS.rename({"unit_id": "FWBH"})
    billed = bills(("A", "management", "20.00"), ("B", "management", "40.00"))
    for each in (billed, billed.rename({"unit_id": "FWBH"})):
        result = feerules.reconcile(own, units, each, MONTH)
        assert result.summary["matched"]["count"] == 2
    named = feerules.reconcile(BOOK, units, billed.rename({"unit_id": "FWBH"}), MONTH, key="FWBH")
    assert named.summary["matched"]["count"] == 2


BAD: list[tuple[str, Any, tuple[Any, str]]] = [
    ("nothing", None, (None, "missing")),
    ("a currency", "¥20.00", ("¥20.00", "wrong_type")),
    ("too many decimals", "20.005", ("20.005", "imprecise")),
]


@pytest.mark.parametrize(("amount", "expected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_an_amount_that_cannot_be_read_is_a_problem_and_never_nothing(amount: Any, expected: Any) -> None:
    result = feerules.reconcile(
        BOOK, UNITS.head(2), bills(("A", "management", amount), ("B", "management", "40")), MONTH
    )
    assert result.problems.select("frame", "unit_id", "fee", "fact", "value", "code").rows() == [
        ("billed", "A", "management", "amount", *expected)
    ]
    assert result.rows.select("unit_id", "state").rows() == [("A", "problem"), ("B", "matched")]


def test_bills_without_an_amount_are_refused() -> None:
    with pytest.raises(FrameError, match="bill lines without the column amount: found unit_id, fee"):
        feerules.reconcile(BOOK, UNITS, pl.DataFrame({"unit_id": ["A"], "fee": ["lift"]}), MONTH)


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABCZ"), st.sampled_from(["management", "lift", "water"]), st.integers(-500, 5000)
        ),
        max_size=8,
    )
)
def test_the_sums_of_the_states_are_all_that_was_billed_and_all_that_is_right(
    told: list[tuple[str, str, int]],
) -> None:
    billed = (
        bills(*((unit, fee, str(Decimal(fen).scaleb(-2))) for unit, fee, fen in told))
        if told
        else bills(("A", "lift", "0"))
    )
    result = feerules.reconcile(BOOK, UNITS, billed, MONTH)
    sums = result.summary.values()
    assert sum(each["billed"] for each in sums) == Decimal(sum(fen for *_, fen in told)).scaleb(-2)
    assert sum(each["ours"] for each in sums) == Decimal("60.00")
    assert sum(each["count"] for each in sums) == result.rows.height
    assert sum(each["difference"] for each in sums) == result.rows["difference"].sum()
