"""A tariff from text, with two slips: what is said about them, and what it costs once they are mended."""

from __future__ import annotations

import feerules

TARIFF = """
kind: fee-schedule
id: my-estate
title: {zh: 我的小区, en: My estate}
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop]}
  area: {decimal: 2, min: 0, max: 100000, unit: m²}
  floor: {integer: true, min: -3, max: 60}
fees:
  management:
    title: {zh: 物业管理费, en: Management fee}
    per: aera
    every: month
    rate: |
      | type | floor  | rate |
      |------|--------|------|
      | home | [1..6] | 2.40 |
      | home | > 6    | 2.80 |
      | shop | -      | 6.50 |
"""


def main() -> None:
    try:
        feerules.load_files({"my-estate.yaml": TARIFF})
    except feerules.RuleErrors as error:
        print(error)

    # The cure: a name that exists, and an answer for the homes that the table forgot.
    mended = TARIFF.replace("per: aera", "per: area") + "    otherwise: problem\n"
    book = feerules.load_files({"my-estate.yaml": mended})
    print(f"\n{book}")
    for floor in (6, 7):
        bill = feerules.price({"type": "home", "area": "89.50", "floor": floor}, book, "2026-11")
        print(f"floor {floor}: {bill.total}")
    try:
        feerules.price({"type": "home", "area": "89.50", "floor": -1}, book, "2026-11")
    except feerules.UnitErrors as error:
        print(f"floor -1: {error}")


if __name__ == "__main__":
    main()
