"""Why bills differ: what was planted in a system's bills is what the reconciliation names, with exactly those lines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from feerules.whatif.billed import sampling
from feerules.whatif.billed.causes import Cause
from feerules.whatif.billed.reconciliation import Reconciliation
from frame_kinds import Kind, polars_of
from planted import MONTH, SCHEDULE, altered, billed_by, book_of, estate, with_noise

UNITS = estate()
BOOK = book_of()
RIGHT = billed_by(BOOK, UNITS)
VACANCY = "      - {title: {zh: 空置优惠, en: Vacancy reduction}, when: {vacant: true}, times: 0.70}\n"
PRORATE = "    prorate: calendar_days\n"


def reconciled(
    billed: Any, units: Any = UNITS, book: feerules.Book = BOOK, period: str = MONTH, **options: Any
) -> Reconciliation:
    return feerules.reconcile(book, units, billed, period, progress=False, **options)


def lines_that_differ(billed: pl.DataFrame, right: pl.DataFrame = RIGHT) -> set[tuple[str, str]]:
    """(unit, fee) of every line that is not billed as it should be."""
    theirs, ours = (frame.group_by("unit_id", "fee").agg(pl.col("amount").sum()) for frame in (billed, right))
    both = ours.join(theirs, on=["unit_id", "fee"], how="full", coalesce=True, suffix="_theirs")
    amounts = (pl.col(name).fill_null(0) for name in ("amount", "amount_theirs"))
    return {*both.filter(pl.Expr.ne(*amounts)).select("unit_id", "fee").rows()}  # type: ignore[arg-type]


def lines_of(result: Reconciliation, cause: Cause | None = None) -> set[tuple[str, str]]:
    """(unit, fee) of the lines that a cause explains; without one, of those that some cause explains."""
    rows = polars_of(result.rows)
    chosen = pl.col("cause").is_not_null() if cause is None else pl.col("cause") == cause.id
    return {*rows.filter(chosen).select("unit_id", "fee").rows()}


# One rule of the old system differs

PLANTED: list[tuple[str, str, str, str]] = [
    ("months of 30 days", PRORATE, "    prorate: thirty_day_months\n", "prorate/thirty_day_months"),
    ("half months", PRORATE, "    prorate: half_months\n", "prorate/half_months"),
    ("a year of 365 days", PRORATE, "    prorate: days_365\n", "prorate/days_365"),
    ("whole months", PRORATE, "    prorate: whole_months\n", "prorate/whole_months"),
    ("half to even", PRORATE, PRORATE + "    rounding: [{mode: half_even}]\n", "rounding/0.01-half_even"),
    ("fractions cut off", PRORATE, PRORATE + "    rounding: [{mode: down}]\n", "rounding/0.01-down"),
    ("whole yuan", PRORATE, PRORATE + "    rounding: [{unit: 1}]\n", "rounding/1-half_up"),
    ("whole jiao", PRORATE, PRORATE + "    rounding: [{unit: 0.1}]\n", "rounding/0.1-half_up"),
    ("a rate in fen", PRORATE, PRORATE + "    rounding: [{stage: rate, unit: 0.01}]\n", "rounding/rate-0.01-half_up"),
    ("months in hundredths", PRORATE, PRORATE + "    rounding: [{stage: month_fraction, places: 2}]\n", "rounding/month_fraction-0.01-half_up"),
    ("no vacancy reduction", VACANCY, "", "adjustment/1"),
    ("vacancy reduction twice", VACANCY, VACANCY * 2, "adjustment_twice/1"),
    ("handover ignored", "    starts: handover\n", "", "prorate/whole_months"),
    ("the row of lower floors", "| home | true  | > 3    | 2.475 |", "| home | true  | > 3    | 2.03 |", "row/2-2026-01-01|3"),
    ("a rate of its own", "| home | true  | > 3    | 2.475 |", "| home | true  | > 3    | 2.60 |", "rate/3-2.6|3"),
    ("another column", "per: area", "per: inner_area", "quantity/area-inner_area"),
    ("tax on top", PRORATE, PRORATE + "    tax: {rate: 6%, included: false}\n", "tax_added/6%"),
    ("a discount for all", "when: {type: home, prepaid: true}, times: 0.95", "when: {type: home}, times: 0.95", "adjustment_when/2-prepaid"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "cause"), [case[1:] for case in PLANTED], ids=[case[0] for case in PLANTED]
)
def test_a_planted_cause_is_named_with_exactly_its_lines(old: str, new: str, cause: str) -> None:
    billed = billed_by(altered(old, new), UNITS)
    result = reconciled(billed)
    assert [each.id for each in result.causes] == [f"management/{cause}"]
    assert lines_of(result) == lines_that_differ(billed) != set()
    assert (result.causes[0].broken, result.causes[0].sureness) == (0, "high")
    assert result.unexplained == {
        "count": 0,
        **dict.fromkeys(("ours", "billed", "difference"), Decimal("0.00")),
    }


NOISY = [
    case
    for case in PLANTED
    if case[0] in ("months of 30 days", "half to even", "another column", "whole yuan")
]


@pytest.mark.parametrize(
    ("old", "new", "cause"), [case[1:] for case in NOISY], ids=[case[0] for case in NOISY]
)
def test_noise_hides_no_cause_and_is_explained_by_none(old: str, new: str, cause: str) -> None:
    clean = billed_by(altered(old, new), UNITS)
    noisy = with_noise(clean, every=100)
    result = reconciled(noisy)
    disturbed = lines_that_differ(noisy, clean)
    assert [each.id for each in result.causes] == [f"management/{cause}"]
    assert lines_of(result) == lines_that_differ(clean) - disturbed
    assert result.unexplained is not None
    assert result.unexplained["count"] == len(disturbed) == 4


def test_two_causes_are_told_apart_and_their_lines_in_common_have_both() -> None:
    text = SCHEDULE.replace("calendar_days", "thirty_day_months").replace(VACANCY, "")
    billed = with_noise(billed_by(book_of(text), UNITS), every=100)
    result = reconciled(billed)
    assert [each.id for each in result.causes] == [
        "management/prorate/thirty_day_months",
        "management/adjustment/1",
        "management/combination/prorate:thirty_day_months+adjustment:1",
    ]
    both = {
        (unit, "management")
        for unit, *_ in UNITS.filter(pl.col("vacant") & (pl.col("handover").dt.year() == 2026)).rows()
    }
    assert lines_of(result, result.causes[2]) <= both
    assert result.unexplained is not None
    assert result.unexplained["count"] == 4


@pytest.mark.parametrize(
    ("prorate", "rounding", "cause"),
    [
        ("thirty_day_months", "{mode: down}", "prorate:thirty_day_months+rounding:0.01-down"),
        ("half_months", "{unit: 1}", "prorate:half_months+rounding:1-half_up"),
    ],
)
def test_what_no_cause_explains_alone_two_may(prorate: str, rounding: str, cause: str) -> None:
    new = f"    prorate: {prorate}\n    rounding: [{rounding}]\n"
    result = reconciled(billed_by(altered(PRORATE, new), UNITS))
    assert f"management/combination/{cause}" in [each.id for each in result.causes]
    assert result.unexplained is not None
    assert result.unexplained["count"] == 0


# Amounts that are wrong as a whole


def some_of(frame: pl.DataFrame, change: Callable[[pl.Expr], pl.Expr]) -> pl.DataFrame:
    """The bills with every eleventh amount changed."""
    chosen = pl.int_range(pl.len()) % 11 == 5
    return frame.with_columns(amount=pl.when(chosen).then(change(pl.col("amount"))).otherwise("amount"))


WHOLE: list[tuple[str, pl.DataFrame, str]] = [
    ("billed twice", pl.concat([RIGHT, RIGHT.filter(pl.int_range(pl.len()) % 11 == 5)]), "times/2"),
    ("a slip of the point", some_of(RIGHT, lambda amount: amount * 10), "slip/10"),
    ("the sign", some_of(RIGHT, lambda amount: -amount), "sign/turned"),
]


@pytest.mark.parametrize(("billed", "cause"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_an_amount_that_is_wrong_as_a_whole_is_seen(billed: pl.DataFrame, cause: str) -> None:
    result = reconciled(billed)
    assert [each.id for each in result.causes] == [f"management/{cause}"]
    assert lines_of(result) == lines_that_differ(billed)
    assert result.causes[0].sureness == "medium"  # most lines are not so


FLOATS: dict[str, Callable[[float], Decimal]] = {
    "decimal_half_even": lambda amount: Decimal(str(round(amount, 2))),
    "scaled_half_up": lambda amount: Decimal(math.floor(amount * 100 + 0.5)) / 100,
}


@pytest.mark.parametrize("name", FLOATS)
def test_amounts_from_floating_point_numbers_are_known_by_their_fen(name: str) -> None:
    lines = feerules.price_estate(UNITS, BOOK, MONTH, form="long").rows
    amounts = [
        FLOATS[name](math.prod(map(float, numbers)))
        for numbers in lines.select("quantity", "rate", "factor").rows()
    ]
    billed = RIGHT.with_columns(amount=pl.Series(amounts).cast(pl.Decimal(18, 2)))
    result = reconciled(billed)
    assert [each.id for each in result.causes] == [f"management/float_arithmetic/{name}"]
    assert lines_of(result) == lines_that_differ(billed) != set()


# Lines that only one side has


def without(condition: pl.Expr) -> pl.DataFrame:
    """The bills without those of some units."""
    return RIGHT.join(UNITS.filter(condition), on="unit_id", how="anti")


GONE: list[tuple[str, pl.Expr, list[dict[str, Any]]]] = [
    ("shops", pl.col("type") == "shop", [{"fact": "type", "test": "=", "value": "shop"}]),
    (
        "vacant units with a lift",
        pl.col("vacant") & pl.col("lift"),
        [{"fact": "vacant", "test": "=", "value": True}, {"fact": "lift", "test": "=", "value": True}],
    ),
    ("two buildings", pl.col("building").is_in(["B1", "B3"]), [{"fact": "building", "test": "in", "value": ["B1", "B3"]}]),
    ("high floors", pl.col("floor") >= 7, [{"fact": "floor", "test": ">=", "value": 7}]),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "where"), [case[1:] for case in GONE], ids=[case[0] for case in GONE])
def test_a_fee_that_some_units_are_not_billed_is_told_with_what_they_have_in_common(
    condition: pl.Expr, where: list[dict[str, Any]]
) -> None:
    billed = without(condition)
    result = reconciled(billed)
    assert [(each.code, [*each.where]) for each in result.causes] == [("missing", where)]
    assert lines_of(result) == lines_that_differ(billed)


def test_a_fee_that_nobody_is_billed_is_told_so() -> None:
    result = reconciled(RIGHT.with_columns(amount=pl.lit("7.70"), fee=pl.lit("water")))
    assert [(each.id, each.count) for each in result.causes] == [
        ("management/missing/never", 400),
        ("water/unknown_fee/all", 400),
    ]


def test_a_fee_under_another_name_is_both_sides_of_one_cause() -> None:
    result = reconciled(RIGHT.with_columns(fee=pl.lit("WYF")))
    (cause,) = result.causes
    assert (cause.id, cause.count, cause.difference) == ("management/renamed/WYF", 800, Decimal("0.00"))
    assert cause.title("en") == "Billed under the name WYF"


def test_units_that_the_estate_does_not_have_are_told() -> None:
    stranger = RIGHT.head(3).with_columns(unit_id=pl.lit("Z-") + pl.col("unit_id"))
    result = reconciled(pl.concat([RIGHT, stranger]))
    assert [(each.id, each.count) for each in result.causes] == [("management/unknown_unit/all", 3)]


LIFT = """
  lift: {applies: {lift: true}, rate: 5, every: month}
"""


def test_a_fee_billed_without_regard_to_its_condition_is_told() -> None:
    book = book_of(SCHEDULE + LIFT)
    billed = billed_by(book_of(SCHEDULE + LIFT.replace("applies: {lift: true}, ", "")), UNITS)
    result = reconciled(billed, book=book)
    assert [each.id for each in result.causes] == ["lift/condition/lift-ignored"]
    assert lines_of(result) == lines_that_differ(billed, billed_by(book, UNITS))


def test_a_fee_billed_to_some_who_do_not_owe_it_is_told_with_what_they_have_in_common() -> None:
    book = book_of(SCHEDULE + LIFT)
    low = UNITS.filter(~pl.col("lift") & (pl.col("type") == "shop"))
    wrong = low.select(
        "unit_id", fee=pl.lit("lift"), amount=pl.lit(Decimal("8.00")).cast(RIGHT.schema["amount"])
    )
    result = reconciled(pl.concat([billed_by(book, UNITS), wrong]), book=book)
    (cause,) = result.causes
    assert (cause.code, cause.count) == ("extra", len(low))
    assert {"fact": "type", "test": "=", "value": "shop"} in cause.where


# Versions, usage, pools, longer cycles


def test_a_price_that_was_not_raised_is_the_version_before() -> None:
    later = SCHEDULE.replace("2026-01-01", "2026-10-01").replace("1.50", "1.65").replace("6.50", "7.00")
    book = book_of(SCHEDULE, later=later)
    result = reconciled(RIGHT, book=book)
    assert [each.id for each in result.causes] == ["management/version/earlier"]
    assert result.causes[0].title("en") == "Still billed by the version 2026-01-01"
    assert lines_of(result) == lines_that_differ(RIGHT, billed_by(book, UNITS))


METERED = """
kind: fee-schedule
id: meters
effective: {from: 2026-01-01}
facts:
  used: {decimal: 2, min: 0, max: 99999, unit: m³, usage: true}
  before: {decimal: 2, min: 0, max: 99999, unit: m³, default: 0}
  persons: {integer: true, min: 0, max: 50, default: 3}
  building: {text: true}
  area: {decimal: 2, min: 1, max: 10000, unit: m²}
fees:
  water:
    every: month
    billed: in_arrears
    at_a_change: by_days
    per: used
    tiers:
      over: {year_from: 01-01, used_before: before}
      raise_bounds: [{when: {persons: "> 5"}, by: 40}]
      table: |
        | up to | rate |
        | 220   | 1.92 |
        | 300   | 3.30 |
        | above | 4.30 |
  drainage: {every: month, billed: in_arrears, at_a_change: by_days, per: {fact: used, times: 0.9}, rate: 1.70}
  energy: {every: month, billed: in_arrears, at_a_change: by_days, share: {by: area, among: [building]}}
  upkeep: {every: quarter, per: area, rate: 1.235, rate_per: month}
"""
METERS = book_of(METERED)
HOMES = pl.DataFrame(
    {
        "unit_id": [f"H-{n:03}" for n in range(240)],
        "building": [f"B{n % 4}" for n in range(240)],
        "used": [f"{8 + n * 37 % 150 / 10:.2f}" for n in range(240)],
        "before": [f"{n * 83 % 320}" for n in range(240)],
        "persons": [n % 7 for n in range(240)],
        "area": [f"{50 + n * 7 % 90}.{n % 10}{n % 3}" for n in range(240)],
    }
)
POOLS = [
    {
        "pool_id": f"P{n}",
        "fee": "energy",
        "building": f"B{n}",
        "period_start": "2026-10-01",
        "amount": f"{970 + n}.37",
    }
    for n in range(4)
]

METER_CASES: list[tuple[str, str, str, str]] = [
    ("usage before ignored", "used_before: before", 'used_before: "0"', "water/used_before/ignored"),
    ("bounds not raised", '      raise_bounds: [{when: {persons: "> 5"}, by: 40}]\n', "", "water/raise_bounds/ignored"),
    ("all at the highest rate", "over: {year_from", "kind: volume\n      over: {year_from", "water/tiers/volume"),
    ("the factor left out", "{fact: used, times: 0.9}", "used", "drainage/quantity_times/ignored"),
    ("shares by unit", "share: {by: area", 'share: {by: "1"', "energy/share/1"),
    ("a quarter rounded by the month", "rate_per: month}", "rate_per: month, rounding: [{stage: month}, {stage: fee_line}]}", "upkeep/rounding/month-0.01-half_up"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "cause"), [case[1:] for case in METER_CASES], ids=[case[0] for case in METER_CASES]
)
def test_usage_pools_and_quarters_have_their_own_causes(old: str, new: str, cause: str) -> None:
    right = billed_by(METERS, HOMES, "2026-10", pools=POOLS)
    billed = billed_by(altered(old, new, METERED), HOMES, "2026-10", pools=POOLS)
    result = reconciled(billed, HOMES, METERS, "2026-10", pools=POOLS)
    assert [each.id for each in result.causes] == [cause]
    assert lines_of(result) == lines_that_differ(billed, right) != set()


def test_shares_that_are_rounded_one_by_one_are_told() -> None:
    right = billed_by(METERS, HOMES, "2026-10", pools=POOLS)
    area, total = pl.col("area").cast(pl.Float64), pl.col("amount").cast(pl.Float64)
    pools = pl.DataFrame(POOLS).select("building", "amount")
    share = (total * area / area.sum().over("building")).round(2).cast(pl.Decimal(18, 2))
    shares = HOMES.join(pools, on="building").select(
        "unit_id", fee=pl.lit("energy"), amount=share.cast(right.schema["amount"])
    )
    billed = pl.concat([right.filter(pl.col("fee") != "energy"), shares])
    result = reconciled(billed, HOMES, METERS, "2026-10", pools=POOLS)
    assert [each.id for each in result.causes] == ["energy/share_rounding/half_up"]
    assert lines_of(result) == lines_that_differ(billed, right) != set()


SURCHARGE = """
  fire: {per: {fees: [management]}, rate: 10%, every: month}
"""


def test_a_fee_on_another_differs_for_the_same_cause() -> None:
    book = book_of(SCHEDULE + SURCHARGE)
    billed = billed_by(altered(VACANCY, "", SCHEDULE + SURCHARGE), UNITS)
    result = reconciled(billed, book=book)
    assert [each.id for each in result.causes] == ["fire/management/adjustment/1", "management/adjustment/1"]
    assert result.causes[0].title("en") == 'The adjustment "Vacancy reduction" left out (in management)'


# Tariffs as they are shipped

CN = Path(__file__).parents[2] / "rules/cn"
PLACES: dict[str, tuple[str, dict[str, Callable[[int], Any]], str]] = {
    "zhuzhou/zhuzhou-components": (
        "2026-10",
        {
            "building": lambda n: "multi_storey" if n % 3 else "high_rise",
            "grade": lambda n: n % 5 + 1,
            "area": lambda n: f"{50 + n * 7 % 60}.{n % 10}5",
        },
        "management",
    ),
    "hangzhou/hangzhou-management-2017": (
        "2026",
        {
            "grade": lambda n: "甲乙丙丁"[n % 4],
            "lift": lambda n: n % 3 == 0,
            "area": lambda n: f"{50 + n * 7 % 60}.{n % 10}5",
            "float": lambda n: f"{(n % 5 - 2) / 20:.2f}",
        },
        "management",
    ),
    "beijing/beijing-water-2014": (
        "2026-10",
        {
            "read_on": lambda n: f"2026-10-{n % 28 + 1:02}",
            "water_used": lambda n: f"{20 + n * 13 % 60}.{n % 10}0",
            "used_this_year": lambda n: n * 29 % 300,
            "persons": lambda n: n % 8 + 1,
        },
        "water",
    ),
}
SHIPPED: list[tuple[str, str, str, str]] = [
    ("hangzhou/hangzhou-management-2017", "      float: float\n", "      float: 0\n", "float/ignored"),
    ("hangzhou/hangzhou-management-2017", "| 丙    | true  | -          | 1.25 |", "| 丙    | true  | -          | 0.95 |", "row/4-2017-01-01|3"),
    ("zhuzhou/zhuzhou-components", "        cleaning: |", "        cleaning: 0\n        gone: |", "component/cleaning"),
    ("beijing/beijing-water-2014", "used_before: used_this_year", 'used_before: "0"', "used_before/water.ignored"),
    ("beijing/beijing-water-2014", "rate: 1.36", "rate: 0", "part/sewage"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "cause"), SHIPPED, ids=[case[3] for case in SHIPPED])
def test_a_cause_planted_in_a_citys_tariff_is_named(name: str, old: str, new: str, cause: str) -> None:
    period, facts, fee = PLACES[name]
    text = (CN / f"{name}.yaml").read_text(encoding="utf-8")
    if new.endswith("gone: |"):  # a component that costs nothing
        start, end = text.index(old), text.index("        order: |")
        old, new = text[start:end], '        cleaning: "0"\n'
    units = pl.DataFrame(
        [{"unit_id": f"U{n}", **{key: of(n) for key, of in facts.items()}} for n in range(90)]
    )
    book = book_of(text)
    billed = billed_by(altered(old, new, text), units, period)
    result = reconciled(billed, units, book, period)
    assert [each.id for each in result.causes] == [f"{fee}/{cause}"]
    assert lines_of(result) == lines_that_differ(billed, billed_by(book, units, period)) != set()


# Estates that are larger than what is searched


@pytest.fixture
def small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"MOST_LINES": 25, "MOST_MATCHED": 60, "MOST_SHARING": 100, "MOST_AT_ONCE": 70}.items():
        monkeypatch.setattr(sampling, name, size)


LARGE = [case for case in PLANTED if case[0] in ("whole yuan", "a rate of its own", "no vacancy reduction")]


@pytest.mark.usefixtures("small_samples")
@pytest.mark.parametrize(
    ("old", "new", "cause"), [case[1:] for case in LARGE], ids=[case[0] for case in LARGE]
)
def test_what_a_sample_tells_is_found_in_all_lines(old: str, new: str, cause: str) -> None:
    billed = billed_by(altered(old, new), UNITS)
    result = reconciled(billed)
    assert [each.id for each in result.causes] == [f"management/{cause}"]
    assert lines_of(result) == lines_that_differ(billed)


@pytest.mark.usefixtures("small_samples")
def test_some_pools_tell_of_all() -> None:
    right = billed_by(METERS, HOMES, "2026-10", pools=POOLS)
    billed = billed_by(altered("share: {by: area", 'share: {by: "1"', METERED), HOMES, "2026-10", pools=POOLS)
    result = reconciled(billed, HOMES, METERS, "2026-10", pools=pl.DataFrame(POOLS))
    assert [each.id for each in result.causes] == ["energy/share/1"]
    assert lines_of(result) == lines_that_differ(billed, right)


@pytest.mark.usefixtures("small_samples")
def test_a_condition_that_a_sample_tells_is_asked_of_all() -> None:
    billed = without(pl.col("type") == "shop")
    result = reconciled(billed)
    assert [(each.id, each.count) for each in result.causes] == [("management/missing/some", 40)]
    assert lines_of(result) == lines_that_differ(billed)


# Where there is no cause

NOISE: list[tuple[int, int, float]] = [
    (-5_000, 5_000, 1),
    (-1, 1, 0.5),
    (-1, 1, 0.05),
    (-100, 100, 0.2),
    (0, 3, 0.3),
]


@pytest.mark.parametrize(("low", "high", "share"), NOISE)
def test_random_differences_have_no_cause(low: int, high: int, share: float) -> None:
    draw = np.random.default_rng(7)
    off = np.where(draw.random(len(RIGHT)) < share, draw.integers(low, high, len(RIGHT), endpoint=True), 0)
    fen = pl.Series(off).cast(pl.Decimal(18, 2)) / 100
    billed = RIGHT.with_columns(amount=pl.col("amount").cast(pl.Decimal(18, 2)) + fen.cast(pl.Decimal(18, 2)))
    result = reconciled(billed)
    assert result.causes == ()
    assert result.unexplained is not None
    assert result.unexplained["count"] == len(lines_that_differ(billed)) > 0


def test_bills_that_were_lost_at_random_have_no_cause() -> None:
    kept = np.random.default_rng(7).random(len(RIGHT)) > 0.05
    billed = RIGHT.filter(pl.Series(kept))
    assert reconciled(billed).causes == ()


# What is told


def test_a_cause_of_one_line_alone_is_not_sure() -> None:
    book = feerules.load_files({"garden.yaml": ONE_FEE})
    units = pl.DataFrame({"unit_id": ["A", "B", "C"], "area": ["89.50", "120.38", "45.20"]})
    billed = pl.DataFrame(
        {"unit_id": ["A", "B", "C"], "fee": ["management"] * 3, "amount": ["250.60", "337.00", "126.56"]}
    )
    billed = billed.with_columns(amount=pl.col("amount").replace({"126.56": "126.50"}))
    told = {n: reconciled(billed.head(n), units.head(n), book) for n in (2, 3)}
    assert [[(each.count, each.sureness) for each in told[n].causes] for n in (2, 3)] == [
        [(1, "low")],
        [(2, "high")],
    ]


ONE_FEE = """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts: {area: {decimal: 2, min: 0, max: 10000}}
fees: {management: {per: area, rate: 2.80}}
"""


def test_a_report_reads_well_in_both_languages() -> None:
    billed = billed_by(altered(VACANCY, ""), UNITS)
    result = reconciled(billed)
    assert result.explain("en").splitlines() == [
        "Reconciliation of 2026-10",
        "Of 400 lines, 350 match and 50 do not. In all the book charges 78,086.47, and 81,836.45 was billed: -3,749.98.",
        (
            '1. management: The adjustment "Vacancy reduction" left out. Lines: 50; ours − billed: -3,749.98. Of the '
            "lines that it would change (50) it explains 50; of those that match (350) it would break 0. "
            "Probability: high. For example 01-106: 115.03 by the book, 164.33 billed."
        ),
        "Every difference is explained.",
    ]
    assert result.explain("zh").splitlines()[2] == (
        "1. management：未执行“空置优惠”。共50笔，应收减已计费为-3,749.98。它会改变50笔，其中50笔与账单分文不差；"
        "原本一致的350笔中，0笔会因此不一致。可能性：高。例如01-106：规则库为115.03，实际计费164.33。"
    )


def test_a_cause_tells_examples_with_facts_and_the_books_own_reckoning() -> None:
    result = reconciled(billed_by(altered(PRORATE, "    prorate: thirty_day_months\n"), UNITS))
    cause = result.causes[0]
    assert cause.change == {"prorate": ["calendar_days", "thirty_day_months"]}
    example = cause.examples[0]
    assert example.facts["handover"] == "2026-10-05"
    assert "102.57 m² × 1.50 × 27/31 months" in example.explanation["en"]
    assert example.difference == (example.ours or 0) - (example.billed or 0)


def test_another_row_is_told_with_the_cells_that_differ() -> None:
    old, new = "| home | true  | > 3    | 2.475 |", "| home | true  | > 3    | 2.03 |"
    cause = reconciled(billed_by(altered(old, new), UNITS)).causes[0]
    assert cause.title("en") == "Billed by row 2 of the table (floor: <= 3) instead of row 3 (floor: > 3)"


def test_all_is_plain_json() -> None:
    text = SCHEDULE.replace("calendar_days", "thirty_day_months").replace(VACANCY, "")
    plain = reconciled(billed_by(book_of(text), UNITS)).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["causes"][2]["change"]["all_of"][0] == {
        "code": "prorate",
        "name": "thirty_day_months",
        "prorate": ["calendar_days", "thirty_day_months"],
    }


def test_causes_can_be_left_out() -> None:
    result = reconciled(billed_by(altered(VACANCY, ""), UNITS), causes=False)
    assert result.causes == ()
    assert polars_of(result.rows)["cause"].null_count() == 400


def test_causes_are_found_in_every_kind_of_frame(kind: Kind, tmp_path: Path) -> None:
    for name in ("units", "billed"):
        (tmp_path / name).mkdir()
    text = UNITS.head(120).with_columns(pl.col("handover", "area", "inner_area").cast(pl.String))
    billed = billed_by(altered(PRORATE, "    prorate: thirty_day_months\n"), UNITS.head(120))
    result = reconciled(kind.give(billed, tmp_path / "billed"), kind.give(text, tmp_path / "units"))
    assert [each.id for each in result.causes] == ["management/prorate/thirty_day_months"]
    assert type(result.rows) is kind.comes_back


def test_facts_that_change_are_tried_as_they_are_priced() -> None:
    moved = UNITS.head(40).with_columns(valid_from=pl.lit(None, pl.Date))
    later = moved.head(10).with_columns(valid_from=pl.date(2026, 10, 11), area=pl.col("area") + 10)
    units = pl.concat([moved, later])
    billed = billed_by(altered(PRORATE, "    prorate: thirty_day_months\n"), units)
    result = reconciled(billed, units)
    assert "management/prorate/thirty_day_months" in [each.id for each in result.causes]
    assert lines_of(result) <= lines_that_differ(billed, billed_by(BOOK, units))


def test_columns_of_any_type_may_stand_beside_the_facts() -> None:
    units = UNITS.head(120).with_columns(
        type=pl.col("type").cast(pl.Categorical), building=pl.col("building").cast(pl.Enum(["B1", "B2"])),
        tags=pl.lit([1, 2]), seen=pl.lit("2026-10-01").str.to_datetime(), nothing=pl.lit(None), amount=pl.lit(1),
        fee=pl.lit("x"), photo=pl.lit(b"x"), at=pl.time(10), kept=pl.struct(a=1),
    )  # fmt: skip
    billed = billed_by(altered(PRORATE, "    prorate: thirty_day_months\n"), UNITS.head(120))
    gone = units.filter(pl.col("building") == "B2")["unit_id"]
    result = reconciled(billed.filter(~pl.col("unit_id").is_in(gone.implode())), units)
    assert [(each.id, each.count) for each in result.causes] == [
        ("management/missing/some", 20),
        ("management/prorate/thirty_day_months", 14),
    ]


def test_a_month_that_was_caught_up_is_seen() -> None:
    units = UNITS.filter(pl.col("handover").dt.year() == 2020).head(100)
    more = billed_by(BOOK, units, "2026-09").filter(pl.int_range(pl.len()) % 5 == 0)
    book = book_of(SCHEDULE.replace("2.03", "2.10").replace("2026-01-01", "2026-10-01"), before=SCHEDULE)
    billed = pl.concat([billed_by(book, units), more])
    result = reconciled(billed, units, book)
    assert "management/period/before-beside" in [each.id for each in result.causes]
    assert lines_of(result) == lines_that_differ(billed, billed_by(book, units))


# Laws


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 44),
            st.sampled_from(["management", "WYF"]),
            st.sampled_from(["ours", "double", "odd", "none"]),
        ),
        max_size=30,
    ),
    st.sampled_from(["calendar_days", "thirty_day_months"]),
)
def test_every_line_is_matched_explained_unexplained_or_a_problem(
    told: list[tuple[int, str, str]], prorate: str
) -> None:
    units = UNITS.head(40).with_columns(
        area=pl.when(pl.int_range(pl.len()) == 7).then(None).otherwise("area")
    )
    billed = billed_by(altered("calendar_days", prorate), UNITS.head(40))
    for n, fee, what in told:
        unit = f"{n // 20 + 1:02}-{n % 20 + 101}"
        if what == "none":
            billed = billed.filter(pl.col("unit_id") != unit)
        else:
            amount = {"ours": "100.00", "double": "250.60", "odd": "-3.33"}[what]
            line = pl.DataFrame(
                {"unit_id": [unit], "fee": [fee], "amount": [Decimal(amount)]}, schema=billed.schema
            )
            billed = pl.concat([billed, line])
    result = reconciled(billed, units)
    rows, unexplained = result.rows, result.unexplained
    assert unexplained is not None
    groups = [
        result.summary["matched"],
        result.summary.get("problem", {"count": 0, "ours": 0, "billed": 0}),
        unexplained,
    ]
    causes = [{"count": each.count, "ours": each.ours, "billed": each.billed} for each in result.causes]
    for name in ("ours", "billed"):
        assert sum(each[name] for each in (*groups, *causes)) == (rows[name].sum() or 0)
    assert sum(each["count"] for each in (*groups, *causes)) == rows.height
    assert rows["cause"].drop_nulls().is_in([each.id for each in result.causes]).all()
    assert rows.filter(pl.col("state").is_in(["matched", "problem"]))["cause"].null_count() == len(
        rows.filter(pl.col("state").is_in(["matched", "problem"]))
    )
