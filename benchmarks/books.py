"""The books that the benchmarks load: five fees of a home, a city's worth of schedules, and very long tables."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, product
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["GARDEN", "city_book", "garden_columns", "garden_units"]

GARDEN = Path(__file__).parent / "data" / "garden"

TYPES = ("residential", "shop", "parking")


def garden_units(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Homes for the book of `GARDEN`, as an ERP's rows: texts, integers and truth values."""
    random = Random(seed)  # noqa: S311  # made-up homes, no secret
    return [
        {
            "unit_id": f"{number:06}",
            "type": random.choice(TYPES),
            "area": f"{random.randint(2_000, 20_000) / 100:.2f}",
            "floor": random.randint(-3, 33),
            "lift": random.random() < 0.7,
            "handover": "2026-11-16" if random.random() < 0.1 else "2020-03-01",
            "vacant_months": random.choice((0, 0, 0, 7)),
            "household_size": random.randint(1, 7),
            "water_used": f"{random.randint(100, 6_000) / 100:.2f}",
            "water_used_this_year": f"{random.randint(0, 40_000) / 100:.2f}",
        }
        for number in range(count)
    ]


def garden_columns(count: int, seed: int = 1) -> dict[str, Any]:
    """Such homes as numpy columns for engines that know neither texts nor days, in November 2026."""
    import numpy as np

    random = np.random.default_rng(seed)
    return {
        "type": random.integers(0, len(TYPES), count),
        "area": random.integers(2_000, 20_000, count) / 100,
        "floor": random.integers(-3, 34, count),
        "lift": random.random(count) < 0.7,
        "days": np.where(random.random(count) < 0.1, 0.5, 1.0),
        "vacant_months": random.choice((0, 0, 0, 7), count),
        "household_size": random.integers(1, 8, count),
        "water_used": random.integers(100, 6_000, count) / 100,
        "water_used_this_year": random.integers(0, 40_000, count) / 100,
    }


SCHEDULE = """\
kind: fee-schedule
id: estate-{number:03}
title: {{zh: 第{number}小区收费标准, en: Fee schedule of estate {number}}}
effective: {{from: 2026-01-01}}
source: {{document: "物价〔2026〕{number}号", clause: 第三条}}
applies: {{estate_id: estate-{number:03}}}
facts:
  type: {{choice: [home, shop, bay], words: {{住宅: home, 商铺: shop}}}}
  area: {{decimal: 2, min: 0, max: 100000, unit: m²}}
  floor: {{integer: true, min: -5, max: 120}}
  lift: {{boolean: true}}
  place: {{choice: [surface, underground]}}
  handover: {{date: true}}
  vacant_since: {{date: true, default: 2199-12-31}}
  persons: {{integer: true, min: 0, max: 30, unit: person}}
  used: {{decimal: 2, min: 0, max: 99999, unit: m³, usage: true}}
  used_before: {{decimal: 2, min: 0, max: 999999, unit: m³, usage: true}}
derived:
  vacant_months: {{formula: "max(months_between(vacant_since, judged_on), 0)", unit: month}}
defaults: {{every: month, due: {{day: 15}}, starts: handover, prorate: calendar_days}}
fees:
  management:
    title: {{zh: 物业管理费, en: Management fee}}
    per: area
    rate: |
{management}
    adjustments:
      - {{when: {{vacant_months: ">= 6"}}, times: 0.{vacant}, title: {{zh: 空置优惠, en: Vacancy reduction}}}}
      - {{when: {{floor: "< 0", type: shop}}, times: 0.9}}
    tax: 6%
  parking:
    title: {{zh: 车位服务费, en: Parking}}
    applies: {{type: bay}}
    rate: |
{parking}
    minimum: 20
  water:
    title: {{zh: 水费, en: Water}}
    per: used
    at_a_change: by_days
    tiers:
      over: {{year_from: 01-01, used_before: used_before}}
      raise_bounds: [{{when: {{persons: ">= 5"}}, by: 36 * (persons - 4)}}]
      table: |
{water}
  drainage: {{per: {{fact: used, times: 0.9}}, rate: 1.{vacant}, at_a_change: by_days, title: {{zh: 污水处理费, en: Drainage}}}}
  fire_safety: {{per: {{fees: [management]}}, rate: "round(area / 10000, 4) + 0.01", title: {{zh: 消防费, en: Fire safety}}}}
"""


def pipe_table(head: str, rows: Iterable[str], indent: int) -> str:
    lines = [head, "|---" * (head.count("|") - 1) + "|", *rows]
    return "\n".join(" " * indent + line for line in lines)


def city_book(schedules: int = 200) -> dict[str, str]:
    """Schedules of 100 lines, of which 50 are rows of tables; no two have the same prices or bounds."""
    random = Random(3)  # noqa: S311  # a made-up city, no secret
    return {f"estate-{number:03}.yaml": _schedule(number, random) for number in range(1, schedules + 1)}


def _schedule(number: int, random: Random) -> str:
    floors = [-5, *sorted(random.sample(range(1, 40), 3)), 121]
    areas = [0, *sorted(random.sample(range(3_000, 30_000), 2)), 10_000_001]
    kinds = (("home", "true"), ("home", "false"), ("shop", "-"))
    management = [
        f"| {kind} | {lift} | [{a}..{b}) | [{c / 100:.2f}..{d / 100:.2f}) | {_price(random)} |"
        for (kind, lift), (a, b), (c, d) in product(kinds, pairwise(floors), pairwise(areas))
    ]
    management.append("| bay | - | - | - | 0 |")
    bays = product(("surface", "underground"), pairwise([0, 1_200, 1_500, 2_000, 10_000_001]))
    parking = (f"| {place} | [{c // 100}..{d / 100:.2f}) | {_price(random)} |" for place, (c, d) in bays)
    ends = [*sorted(random.sample(range(100, 400), 4)), "above"]
    water = (f"| {end} | {_price(random)} |" for end in ends)
    return SCHEDULE.format(
        number=number,
        vacant=random.randint(50, 90),
        management=pipe_table("| type | lift | floor | area | rate |", management, 6),
        parking=pipe_table("| place | area | rate |", parking, 6),
        water=pipe_table("| up to | rate |", water, 8),
    )


def _price(random: Random) -> str:
    return f"{random.randint(50, 999) / 100:.2f}"
