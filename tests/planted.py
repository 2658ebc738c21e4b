"""Bills as another system would send them: a small estate, billed under a book with one rule altered."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

import feerules

SCHEDULE = """
kind: fee-schedule
id: garden
title: {zh: 花园小区收费标准, en: Garden estate fees}
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop]}
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  inner_area: {decimal: 2, min: 0, max: 10000, unit: m²}
  floor: {integer: true, min: -5, max: 120}
  lift: {boolean: true}
  handover: {date: true}
  vacant: {boolean: true, default: false}
  prepaid: {boolean: true, default: false}
fees:
  management:
    title: {zh: 物业管理费, en: Management fee}
    every: month
    per: area
    rate: |
      | type | lift  | floor  | rate  |
      |------|-------|--------|-------|
      | home | false | -      | 1.50  |
      | home | true  | <= 3   | 2.03  |
      | home | true  | > 3    | 2.475 |
      | shop | -     | -      | 6.50  |
    adjustments:
      - {title: {zh: 空置优惠, en: Vacancy reduction}, when: {vacant: true}, times: 0.70}
      - {title: {zh: 预交优惠, en: Prepayment discount}, when: {type: home, prepaid: true}, times: 0.95}
    starts: handover
    prorate: calendar_days
"""
MONTH = "2026-10"  # of 31 days


def estate(count: int = 400) -> pl.DataFrame:
    """Homes and shops whose facts follow from their number; the same numbers give the same units."""
    rows = [_unit(n) for n in range(count)]
    return pl.DataFrame(rows)


def _unit(n: int) -> dict[str, Any]:
    handed_over = date(2026, 10, 2) + timedelta(days=n % 29) if n % 7 == 3 else date(2020, 5, 1)
    area = Decimal(4500 + n * 7919 % 9000) / 100
    return {
        "unit_id": f"{n // 20 + 1:02}-{n % 20 + 101}",
        "building": f"B{n // 100 + 1}",
        "type": "shop" if n % 10 == 9 else "home",
        "area": area,
        "inner_area": (area * Decimal("0.8")).quantize(Decimal("0.01")),
        "floor": n % 20 // 2 - 1,
        "lift": n % 3 != 0,
        "handover": handed_over,
        "vacant": n % 8 == 5,
        "prepaid": n % 6 == 2,
    }


def book_of(text: str = SCHEDULE, **others: str) -> feerules.Book:
    return feerules.load_files(
        {"garden.yaml": text, **{f"{name}.yaml": each for name, each in others.items()}}
    )


def billed_by(book: feerules.Book, units: pl.DataFrame, period: str = MONTH, **options: Any) -> pl.DataFrame:
    """unit_id, fee, amount as the book bills them."""
    result = feerules.price_estate(units, book, period, form="long", **options)
    assert result.problems.is_empty()
    return result.rows.select("unit_id", "fee", "amount")


def altered(old: str, new: str, text: str = SCHEDULE) -> feerules.Book:
    """The book with a passage of its schedule written otherwise."""
    assert old in text
    return book_of(text.replace(old, new))


def with_noise(
    billed: pl.DataFrame, every: int, sizes: tuple[str, ...] = ("0.37", "-1.11", "12.06", "-7.53", "3.19")
) -> pl.DataFrame:
    """The bills with every so manieth amount off by this or that."""
    off = pl.Series(
        [
            Decimal(sizes[n // every % len(sizes)]) if n % every == 0 else Decimal("0.00")
            for n in range(len(billed))
        ]
    )
    return billed.with_columns(
        amount=(pl.col("amount").cast(pl.Decimal(18, 2)) + off.cast(pl.Decimal(18, 2)))
    )
