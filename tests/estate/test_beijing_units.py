"""Homes of a city as they were published: what is dirty becomes a problem with its reason, and nothing is lost.

tests/data/city_homes.csv has a row of each kind of dirt. Where the 11,772 published homes of Beijing lie
beside the repository, they are priced too: blank lifts, ids that occur twice, and rows of which every
column after the district is shifted.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import feerules
from feerules.estate import EstateResult

DATA = Path(__file__).parents[1] / "data"
PUBLISHED = Path(__file__).parents[2].parent / "shared" / "data" / "beijing_units.csv"
MONTH = "2026-11"
CENTRE = {"东城", "西城", "朝阳", "海淀"}

Reasons = set[tuple[str | None, str, str]]


@pytest.fixture(scope="module")
def book() -> feerules.Book:
    return feerules.load(DATA / "city_homes.yaml")


@pytest.fixture(scope="module")
def published() -> list[dict[str, str]]:
    if not PUBLISHED.exists():
        pytest.skip(
            f"the published homes are not beside the repository ({PUBLISHED.parent.name}/{PUBLISHED.name})"
        )
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def reasons(result: EstateResult) -> Reasons:
    return set(result.problems.select("unit_id", "fact", "code").rows())


def amounts(result: EstateResult) -> dict[str, tuple[Decimal | None, ...]]:
    columns = ("management", "lift_upkeep", "garbage", "total")
    return {row[0]: row[1:] for row in result.rows.select("unit_id", *columns).rows()}


# By hand


def test_each_kind_of_dirt_becomes_a_problem_with_its_reason(book: feerules.Book) -> None:
    result = feerules.price_estate(DATA / "city_homes.csv", book, MONTH).collect()
    assert reasons(result) == {
        ("100000000004", "lift", "missing"),
        ("100000000005", "lift", "wrong_type"),  # 精装: the columns are shifted by one
        ("100000000005", "area", "out_of_domain"),  # and the area is a number of rooms
        ("100000000006", "unit_id", "duplicate_key"),
        (None, "unit_id", "null_key"),
        ("100000000007", "district", "unknown_value"),
        ("100000000008", "area", "imprecise"),
        ("100000000009", "area", "wrong_type"),
        ("100000000009", "storeys", "missing"),
        ("100000000010", "area", "wrong_type"),
        (
            "100000000010",
            "storeys",
            "imprecise",
        ),  # its year, 01年, matters to no fee of a home without a lift
        ("100000000012", "area", "out_of_domain"),
    }


def test_the_clean_rows_are_priced_to_the_fen(book: feerules.Book) -> None:
    result = feerules.price_estate(DATA / "city_homes.csv", book, MONTH).collect()
    assert amounts(result) == {
        "100000000001": (Decimal("209.15"), Decimal("18.25"), Decimal("3.00"), Decimal("230.40")),
        "100000000002": (Decimal("238.52"), Decimal("9.35"), Decimal("3.00"), Decimal("250.87")),
        "100000000003": (Decimal("43.13"), None, Decimal("3.00"), Decimal("46.13")),
        "100000000011": (Decimal("9.80"), None, Decimal("3.00"), Decimal("12.80")),
    }


def test_a_problem_tells_the_value_that_was_given(book: feerules.Book) -> None:
    problems = feerules.price_estate(DATA / "city_homes.csv", book, MONTH).collect().problems
    told = dict(problems.filter(pl.col("unit_id") == "100000000010").select("fact", "value").rows())
    assert told == {"area": "1,088", "storeys": "6.5"}


# As published


def expected_reasons(homes: list[dict[str, str]]) -> Reasons:
    """What is wrong with each home, told from the text of the file alone."""
    seen = Counter(home["unit_id"] for home in homes)
    return {found for home in homes for found in _reasons_of(home, repeated=seen[home["unit_id"]] > 1)}


def _reasons_of(home: dict[str, str], *, repeated: bool) -> Iterator[tuple[str, str, str]]:
    unit_id = home["unit_id"]
    if repeated:
        yield unit_id, "unit_id", "duplicate_key"
        return
    if home["lift"] not in ("有电梯", "无电梯"):
        yield unit_id, "lift", "wrong_type" if home["lift"] else "missing"
    if Decimal(home["area"]) < 10:
        yield unit_id, "area", "out_of_domain"


def expected_amounts(home: dict[str, str]) -> tuple[Decimal | None, ...]:
    """The tariff once more, in tenths of fen and whole numbers, read off the table by a person."""
    area, lift = int(Decimal(home["area"]) * 100), home["lift"] == "有电梯"
    if home["district"] in CENTRE:
        rate = (268 if int(home["storeys"]) > 18 else 235) if lift else 98
    else:
        rate = 185 if lift else 75
    management = (area * rate + 50) // 100
    built = int(home["built"])
    upkeep = (area * (305 if built < 1990 else 205 if built < 2005 else 105) + 500) // 1000 if lift else None
    total = management + (upkeep or 0) + 300
    return tuple(None if fen is None else Decimal(fen).scaleb(-2) for fen in (management, upkeep, 300, total))


def test_published_homes_are_priced_or_are_problems_and_none_is_lost(
    book: feerules.Book, published: list[dict[str, str]]
) -> None:
    result = feerules.price_estate(PUBLISHED, book, MONTH).collect()
    given = {home["unit_id"] for home in published}
    priced, bad = set(result.rows["unit_id"]), set(result.problems["unit_id"])
    assert not priced & bad
    assert priced | bad == given
    assert result.rows.height == len(priced)
    repeated = result.problems.filter(pl.col("code") == "duplicate_key")
    assert len(published) == len(priced) + len(bad) + repeated.height - repeated["unit_id"].n_unique()


def test_published_dirt_is_found_with_its_reason(
    book: feerules.Book, published: list[dict[str, str]]
) -> None:
    found = reasons(feerules.price_estate(PUBLISHED, book, MONTH).collect())
    assert found == expected_reasons(published)
    counted = Counter((fact, code) for _, fact, code in found)
    assert counted[("lift", "missing")] > 1_000
    assert counted[("unit_id", "duplicate_key")] > 100
    assert counted[("lift", "wrong_type")] == counted[("area", "out_of_domain")] > 10  # the shifted rows


def test_published_homes_owe_what_a_person_works_out(
    book: feerules.Book, published: list[dict[str, str]]
) -> None:
    found = amounts(feerules.price_estate(PUBLISHED, book, MONTH).collect())
    homes = {home["unit_id"]: home for home in published}
    assert found == {unit_id: expected_amounts(homes[unit_id]) for unit_id in found}


def test_published_homes_owe_the_same_one_by_one(
    book: feerules.Book, published: list[dict[str, str]]
) -> None:
    found = amounts(feerules.price_estate(PUBLISHED, book, MONTH).collect())
    for home in published:
        if home["unit_id"] in found:
            assert feerules.price(home, book, MONTH).total == found[home["unit_id"]][-1]
