"""A made-up estate of any size: units, pools, parties, and the bills that an old system sent.

The same numbers give the same estate, on every machine, and a small estate is the beginning of a large
one. Nothing here is a real place or person.

    from sample_estate import make

    estate = make(1_000, month="2026-11")
    estate.units, estate.pools, estate.parties(), estate.billed()

    python examples/sample_estate.py FOLDER --units 10_000_000    writes them as Parquet, block by block

A building has 100 units: 4 shops, 76 homes, 18 parking bays and 2 visitors' cars. **units** has the
columns that rules/sample-estate/facts.yaml declares, and beside them:

    unit_id, estate_id, building_id, account_id    E001-B07-H42 in E001 and E001-B07, paid from A-E001-B07-H42
    owner_id, tenant_id, developer_id              who the payers are; null where there is none
    area, water_used, …                            Decimal, two places; null where a unit has none
    handover, vacant_since, lease_from, …          dates; entered_at and left_at: local times

**pools** has pool_id, fee, building_id, period_start, period_end, amount: what a building used together.
**parties** has party_id, account_id, role, liable_from, liable_to (the first day no longer liable).
**billed** has unit_id, fee, period_start, period_end, amount: with the flaws of an old system, see old_system.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import old_system
import polars as pl

BLOCK = 100_000  # units that are drawn together: 1,000 buildings
HOME, SHOP, BAY, VISIT = range(4)
EPOCH = date(1970, 1, 1)
SEASONS = (90, 80, 90, 100, 110, 130, 150, 150, 120, 100, 90, 90)  # % of a usual month's water
Ints = np.ndarray[Any, np.dtype[np.int64]]


def day(text: str) -> int:
    """Days since 1970-01-01."""
    return (date.fromisoformat(text) - EPOCH).days


@dataclass(frozen=True)
class Estate:
    """The units of one month, and what belongs to them."""

    units: pl.DataFrame
    pools: pl.DataFrame
    month: str

    def parties(self) -> pl.DataFrame:
        """Who is liable for each account: the developer until handover, then the owner; tenants of shops."""
        units = self.units.filter(pl.col("kind") != "visit")
        owners = units.select(
            pl.col("owner_id").alias("party_id"), "account_id", role=pl.lit("owner"), liable_from="handover"
        )
        developers = units.filter(pl.col("handover").is_not_null()).select(
            pl.col("developer_id").alias("party_id"),
            "account_id",
            role=pl.lit("developer"),
            liable_to="handover",
        )
        tenants = units.filter(pl.col("tenant_id").is_not_null()).select(
            pl.col("tenant_id").alias("party_id"), "account_id", role=pl.lit("tenant"), liable_from="handover"
        )
        columns = ["party_id", "account_id", "role", "liable_from", "liable_to"]
        return pl.concat([owners, developers, tenants], how="diagonal").select(columns)

    def billed(self) -> pl.DataFrame:
        """The lines that the old system sent for this month."""
        return old_system.billed(self.units, self.pools, self.month)


def make(units: int = 1_000, *, month: str = "2026-11", seed: int = 1, dirty: int = 0) -> Estate:
    """An estate in one month; `dirty` rows of its last buildings are spoilt, as in a table kept by hand."""
    blocks = list(_blocks(units, month, seed))
    frame = pl.concat(each[0] for each in blocks)
    return Estate(spoilt(frame, dirty) if dirty else frame, pl.concat(each[1] for each in blocks), month)


def write(folder: Path, units: int, *, month: str = "2026-11", seed: int = 1) -> None:
    """units/ and pools/ as Parquet, a file for each block, so that no size is too large for the memory."""
    for name in ("units", "pools"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, (frame, pools) in enumerate(_blocks(units, month, seed)):
        frame.write_parquet(folder / "units" / f"part-{number:04}.parquet")
        pools.write_parquet(folder / "pools" / f"part-{number:04}.parquet")


def _blocks(units: int, month: str, seed: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    for first in range(0, units, BLOCK):
        block = _Block(first, min(BLOCK, units - first), month, seed)
        yield block.units(), block.pools()


# One block


@dataclass
class _Block:
    """Up to `BLOCK` units from number `first` on. Each column is drawn from a stream of its own."""

    first: int
    count: int
    month: str
    seed: int
    columns: dict[str, pl.Series] = field(default_factory=dict)
    streams: int = 0

    def __post_init__(self) -> None:
        self.number = np.arange(self.first, self.first + self.count, dtype=np.int64)
        self.place = self.number % 100
        self.building = self.number // 100
        self.kind = np.select([self.place < 4, self.place < 80, self.place < 98], [SHOP, HOME, BAY], VISIT)
        self.home, self.shop = self.kind == HOME, self.kind == SHOP
        self.lived = self.home | self.shop
        # A last building of a few units has no lift: nobody would share its energy.
        self.lift = (self.building % 4 != 2) & ((self.number[-1] - self.building * 100) >= 20)
        self.start = day(f"{self.month}-01")
        self.month_number = int(self.month[5:7])

    def draw(self, low: int, high: int) -> Ints:
        """Whole numbers from `low` to below `high`, one for each unit, from the next stream."""
        self.streams += 1
        stream = np.random.default_rng([self.seed, self.first // BLOCK, self.streams])
        return stream.integers(low, high, BLOCK)[: self.count]

    def one_in(self, n: int) -> Any:
        return self.draw(0, n) == 0

    # Columns: each is null where `where` does not hold

    def numbers(self, name: str, values: Ints, where: Any = None, places: int = 0) -> None:
        column = pl.Series(name, values)
        if places:
            column = (
                column.cast(pl.Int128).reinterpret(dtype=pl.Decimal(38, places)).cast(pl.Decimal(12, places))
            )
        self._keep(column, where)

    def flags(self, name: str, values: Any) -> None:
        self._keep(pl.Series(name, values), None)

    def days(self, name: str, values: Ints, where: Any = None) -> None:
        self._keep(pl.Series(name, values.astype(np.int32)).cast(pl.Date), where)

    def words(self, name: str, words: Sequence[str], codes: Ints, where: Any = None) -> None:
        self._keep(pl.Series(name, words, pl.String).gather(pl.Series(codes)).alias(name), where)

    def texts(self, name: str, text: pl.Expr, where: Any = None) -> None:
        known = pl.DataFrame(
            {"n": self.number, "building": self.building, "place": self.place, "kind": self.kind}
        )
        self._keep(known.select(text.alias(name)).to_series(), where)

    def _keep(self, column: pl.Series, where: Any) -> None:
        if where is not None:
            column = column.zip_with(pl.Series(where), pl.Series(column.name, [None], column.dtype))
        self.columns[column.name] = column

    # What there is

    def units(self) -> pl.DataFrame:
        self._names()
        self._building()
        self._people()
        self._meters()
        self._heating()
        self._cars()
        self._once_in_a_while()
        return pl.DataFrame(list(self.columns.values()))

    def _names(self) -> None:
        letter = pl.lit(pl.Series(["H", "S", "P", "V"])).gather(pl.col("kind"))
        estate = pl.format("E{}", _digits(pl.col("building") // 25 + 1, 3))
        building = pl.format("{}-B{}", estate, _digits(pl.col("building") % 25 + 1, 2))
        unit = pl.format("{}-{}{}", building, letter, _digits(pl.col("place"), 2))
        self.texts("unit_id", unit)
        self.texts("estate_id", estate)
        self.texts("building_id", building)
        self.texts("account_id", pl.format("A-{}", unit), self.kind != VISIT)
        # A bay belongs to the owner of a home in the same building.
        home = pl.when(pl.col("kind") == BAY).then(pl.col("n") - 60).otherwise("n")
        self.texts("owner_id", pl.format("P-{}", home), self.kind != VISIT)
        self.let = self.shop & (self.draw(0, 10) < 7)
        self.texts("tenant_id", pl.format("T-{}", "n"), self.let)
        self.texts("developer_id", pl.lit("D-1"), self.kind != VISIT)
        self.words("kind", ("home", "shop", "bay", "visit"), self.kind)

    def _building(self) -> None:
        homes, shops = self.draw(4_500, 16_001), self.draw(2_000, 40_001)
        self.area = np.where(self.home, homes, shops)
        self.numbers("area", self.area, self.lived, places=2)
        levels = np.where(self.lift, (self.place - 4) // 4, (self.place - 4) // 4 % 6)
        self.floor = np.where(self.home, 1 + levels, 1)
        self.numbers("floor", self.floor, self.lived)
        self.flags("lift", self.lift)

    def _people(self) -> None:
        finished = day("2016-01-01") + _mixed(self.building) % 3_600  # a day of 2016 to 2025
        late, lately = self.one_in(60), self.one_in(40)
        self.handover = np.where(late, day("2027-03-01"), finished + self.draw(0, 60))
        self.handover = np.where(lately, day("2026-10-01") + self.draw(0, 61), self.handover)
        self.days("handover", self.handover, self.kind != VISIT)
        self.flags("let", self.let)
        sizes = np.array([1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6, 7])
        self.numbers("household_size", sizes[self.draw(0, len(sizes))], self.home)
        self.flags("low_income", self.home & self.one_in(50))
        self.vacant = self.lived & self.one_in(16)
        self.vacant_since = day("2025-06-01") + self.draw(0, 480)
        self.flags("vacant", self.vacant)
        self.days("vacant_since", self.vacant_since, self.vacant)

    def _meters(self) -> None:
        usual = np.where(self.shop, self.draw(100, 6_000), self.draw(400, 2_800))
        months = [usual * season * self.draw(70, 131) // 10_000 for season in SEASONS]
        used = [np.where(self.vacant | (self.handover >= self.start), 0, each) for each in months]
        before = np.sum(used[: self.month_number - 1], axis=0, dtype=np.int64) + np.zeros_like(usual)
        self.numbers("water_used", used[self.month_number - 1], self.lived, places=2)
        self.numbers("water_before", before, self.lived, places=2)
        meter = np.array([0] * 16 + [1] * 2 + [2] * 2)[self.draw(0, 20)]
        self.words("electricity_meter", ("grid", "shared", "time_of_use"), meter, self.lived)
        for name, code, low, high in (
            ("kwh", 1, 2_000, 40_000),
            ("peak_kwh", 2, 4_000, 40_000),
            ("valley_kwh", 2, 0, 25_000),
        ):
            self.numbers(name, self.draw(low, high), self.lived & (meter == code), places=2)
        idle = np.maximum((self.start - self.vacant_since) // 30, 0)
        self.numbers("idle_months", np.where(self.vacant, idle, 0), self.lived)

    def _heating(self) -> None:
        tariff = np.array([1, 2, 1, 0])[self.building % 4]
        self.words("heating", ("none", "by_area", "two_part"), tariff, self.lived)
        self.numbers("heat_kwh", self.draw(100_000, 1_200_000), self.lived & (tariff == 2), places=2)
        self.flags("heat_stopped", self.lived & self.one_in(30))

    def _cars(self) -> None:
        bay, visit = self.kind == BAY, self.kind == VISIT
        place = self.draw(0, 10) // 7
        rented = np.where(place == 0, self.draw(0, 10) // 6, 1)
        self.words("place", ("underground", "surface"), place, bay)
        self.words("tenure", ("owned", "rented"), rented, bay)
        self.days("lease_from", day("2024-12-01") + self.draw(0, 730), bay & (rented == 1))
        self.days("lease_until", day("2026-12-01") + self.draw(0, 730), bay & (rented == 1))
        left = self.start * 1_440 + self.draw(1, 28 * 1_440)
        times = {"entered_at": left - self.draw(5, 3_000), "left_at": left}
        for name, minutes in times.items():
            self._keep(pl.Series(name, minutes * 60_000).cast(pl.Datetime("ms")), visit)

    def _once_in_a_while(self) -> None:
        self.days("renovation_start", day("2026-09-01") + self.draw(0, 120), self.lived & self.one_in(40))
        carded = self.lived & self.one_in(30)
        self.numbers("cards", self.draw(1, 4), carded)
        self.days("cards_made_on", day("2026-09-01") + self.draw(0, 120), carded)
        fund = self.lived & (self.building % 10 == 3)
        self.numbers("fund_instalment", self.area // 2, fund, places=2)
        self.numbers("prepaid_months", np.where(self.one_in(20), 12, 0), self.lived)
        self.flags("in_arrears", self.lived & self.one_in(9))

    def pools(self) -> pl.DataFrame:
        """What each building used together: light and water, and where it has lifts, their energy."""
        names = pl.DataFrame([self.columns["building_id"], pl.Series("lift", self.lift)]).unique(
            maintain_order=True
        )
        stream = np.random.default_rng([self.seed, self.first // BLOCK, 1_000 + self.month_number])
        common, lifts = (stream.integers(low, low * 3, len(names)) for low in (30_000, 90_000))
        parts = [
            names.with_columns(fee=pl.lit("common_energy"), fen=pl.Series(common)),
            names.with_columns(fee=pl.lit("lift_energy"), fen=pl.Series(lifts)).filter("lift"),
        ]
        start = date.fromisoformat(f"{self.month}-01")
        amount = pl.col("fen").cast(pl.Int128).reinterpret(dtype=pl.Decimal(38, 2)).cast(pl.Decimal(12, 2))
        return pl.concat(parts).select(
            pl.format("{}/{}/{}", "building_id", "fee", pl.lit(self.month)).alias("pool_id"),
            "fee",
            "building_id",
            pl.lit(start).alias("period_start"),
            pl.lit(start).dt.offset_by("1mo").alias("period_end"),
            amount.alias("amount"),
        )


def _mixed(building: Ints) -> Ints:
    """A number that looks drawn, and is the same for all units of a building."""
    return building * 2_654_435_761 % 4_294_967_296 // 65_536


def _digits(number: pl.Expr, width: int) -> pl.Expr:
    return number.cast(pl.String).str.zfill(width)


# Dirt

DIRT: tuple[tuple[str, Any], ...] = (
    ("unit_id", "again"),
    ("area", None),
    ("area", "89,50"),
    ("area", "89.505"),
    ("area", "一百"),
    ("floor", 199),
    ("handover", None),
    ("kind", "仓库"),
    ("water_used", "-3.00"),
    ("unit_id", None),
)


def spoilt(units: pl.DataFrame, dirty: int) -> pl.DataFrame:
    """The same units with mistakes in the last `dirty` homes; areas and readings become text, as in a CSV."""
    rows = units.with_row_index("row").filter(pl.col("kind") == "home")["row"][-dirty:]
    text = units.with_columns(pl.col("area", "water_used").cast(pl.String))
    for number, row in enumerate(rows):
        column, value = DIRT[number % len(DIRT)]
        here = pl.int_range(pl.len()) == row
        mistake = pl.col("unit_id").shift() if value == "again" else pl.lit(value, text.schema[column])
        text = text.with_columns(pl.when(here).then(mistake).otherwise(pl.col(column)).alias(column))
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a made-up estate as Parquet.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--units", type=int, default=1_000)
    parser.add_argument("--month", default="2026-11")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write(given.folder, given.units, month=given.month, seed=given.seed)
    print(f"{given.units:,} units in {given.folder / 'units'}, what they share in {given.folder / 'pools'}")


if __name__ == "__main__":
    main()
