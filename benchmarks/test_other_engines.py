"""An estate against other engines: zen-engine's batch of the same table, OpenFisca's five fees by the same formulas.

FEERULES_UNITS sets the number of homes, of which zen gets at most 100,000.
"""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

import numpy as np
import peers
import polars as pl
import pytest
from books import GARDEN, TYPES, garden_columns
from turns import in_turn, ratio

import feerules

UNITS = int(os.environ.get("FEERULES_UNITS", "1000000"))
PERIOD = "2026-11"
TABLE = """
kind: fee-schedule
id: table
effective: {from: 2026-01-01}
facts:
  type: {choice: [residential, shop, parking]}
  floor: {integer: true, min: -5, max: 120}
  lift: {boolean: true}
fees:
  management:
    every: month
    otherwise: not_charged
    rate: |
      | type        | lift  | floor  | rate |
      |-------------|-------|--------|------|
      | residential | true  | [1..3] | 2.00 |
      | residential | true  | > 3    | 2.80 |
      | residential | true  | < 1    | 1.20 |
      | residential | false | -      | 1.50 |
      | shop        | -     | -      | 6.50 |
      | parking     | -     | -      | 0.80 |
"""


def homes(columns: dict[str, Any]) -> pl.DataFrame:
    """The garden's columns as a frame: words for types, days for handovers."""
    handover = pl.when(pl.col("days") < 1).then(pl.date(2026, 11, 16)).otherwise(pl.date(2020, 3, 1))
    kinds = np.array(TYPES)[columns["type"]]
    frame = pl.DataFrame({"unit_id": np.arange(len(kinds)), **columns, "type": kinds})
    return frame.with_columns(handover=handover).drop("days")


def test_one_table_against_zen(benchmark: Any, tell: Any) -> None:
    """The same table for the same homes, to a price each: from a frame, and from the dicts that zen takes."""
    frame = homes(garden_columns(min(UNITS, 100_000))).select("unit_id", "type", "lift", "floor")
    records = frame.drop("unit_id").to_dicts()
    book, batch = feerules.load_files({"table.yaml": TABLE}), peers.zen_batch()

    def price(given: pl.DataFrame) -> pl.DataFrame:
        return feerules.price_estate(given, book, PERIOD).rows  # type: ignore[no-any-return]

    assert price(frame)["total"].to_list()[:1000] == [
        Decimal(str(each["data"]["result"]["rate"])).quantize(Decimal("0.01"))
        for each in batch(records[:1000])
    ]
    ways = {
        "frame": lambda: price(frame),
        "dicts": lambda: price(pl.DataFrame(records).with_row_index("unit_id")),
        "zen": lambda: batch(records),
    }
    benchmark.group = f"one table, {frame.height:,} homes"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": 3}, rounds=1)
    tell("zen's batch of one table, to price_estate of it", ratio(spent["zen"], spent["frame"]), "20 ×")
    tell("the same, a list of dicts made a frame each time", ratio(spent["zen"], spent["dicts"]), "20 ×")


def test_five_fees_against_openfisca(benchmark: Any, tell: Any) -> None:
    """Both from columns in memory to an amount for each fee; OpenFisca in floats and without checks."""
    columns = garden_columns(UNITS)
    frame, book = homes(columns), feerules.load(GARDEN)
    simulate = peers.openfisca_simulation(UNITS, columns)
    ours, theirs = feerules.price_estate(frame, book, PERIOD).rows, simulate(PERIOD)
    for fee in peers.FEES:  # OpenFisca's floats have 32 bits
        assert float(ours[fee].sum()) == pytest.approx(float(theirs[fee].sum()), rel=1e-4)
    ways = {
        "rules": lambda: feerules.price_estate(frame, book, PERIOD),
        "openfisca": lambda: simulate(PERIOD),
    }
    benchmark.group = f"five fees, {UNITS:,} homes"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": 5}, rounds=1)
    tell("OpenFisca's five fees, to price_estate of them", ratio(spent["openfisca"], spent["rules"]), "5 ×")
