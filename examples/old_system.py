"""Bills as the old system of the sample estate wrote them, flaws and all, for a reconciliation.

It knows the tariff of rules/sample-estate for 2026, and differs where old systems do:

- it rounds every share of a pool by itself, so that the shares of a building miss its total;
- it forgot the vacancy reduction of every fifth vacant home;
- it still has the area from before re-measuring for one home in a hundred: half a square metre more;
- it goes on billing garbage to homes that have long been idle;
- it has never billed electricity, renovation, cards, the reserve fund or visitors.

    python examples/old_system.py --units 1000    finds all of that in its bills
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import polars as pl

import feerules

COLUMNS = ("unit_id", "fee", "period_start", "period_end", "amount")


def billed(units: pl.DataFrame, pools: pl.DataFrame, month: str) -> pl.DataFrame:
    """A row for each unit and fee; amounts are in yuan, Decimal of two places."""
    start = pl.lit(date.fromisoformat(f"{month}-01"))
    known = units.with_row_index("row").with_columns(
        area=_hundredths("area"), used=_hundredths("water_used"), before=_hundredths("water_before")
    )
    homes_and_shops = known.filter(pl.col("kind").is_in(["home", "shop"]))
    management = homes_and_shops.select("unit_id", "kind", fen=_management(start))
    fees = {
        "management": management,
        "fire_safety": management.with_columns(fen=_divided(pl.col("fen"), 100)),
        "water": homes_and_shops.select("unit_id", fen=_water()),
        "drainage": homes_and_shops.select("unit_id", fen=_divided(pl.col("used") * _drainage(), 1_000)),
        "garbage": homes_and_shops.filter(_pays_garbage(start)).select("unit_id", fen=pl.lit(800)),
        "parking": known.filter(pl.col("kind") == "bay")
        .select("unit_id", fen=_parking(start))
        .filter(pl.col("fen") > 0),
        **{fee: _shares(homes_and_shops, pools, fee) for fee in ("lift_energy", "common_energy")},
    }
    lines = [
        lines.select(
            "unit_id",
            pl.lit(fee).alias("fee"),
            start.alias("period_start"),
            start.dt.offset_by("1mo").alias("period_end"),
            pl.col("fen")
            .cast(pl.Int128)
            .reinterpret(dtype=pl.Decimal(38, 2))
            .cast(pl.Decimal(12, 2))
            .alias("amount"),
        )
        for fee, lines in fees.items()
    ]
    return pl.concat(lines).select(COLUMNS)


def _hundredths(name: str) -> pl.Expr:
    return (pl.col(name) * 100).cast(pl.Int64)


def _divided(number: pl.Expr, by: int) -> pl.Expr:
    """Half up."""
    return (2 * number + by) // (2 * by)


def _management(start: pl.Expr) -> pl.Expr:
    """Rates in fen: area × rate, for the whole month whoever pays it."""
    floor, lift = pl.col("floor"), pl.col("lift")
    home = pl.when(~lift).then(150).when(floor <= 1).then(200).when(floor <= 6).then(240).otherwise(280)
    rate = pl.when(pl.col("kind") == "shop").then(650).otherwise(home)
    remeasured = (pl.col("kind") == "home") & (pl.col("row") % 100 == 50)
    area = pl.when(remeasured).then(pl.col("area") + 50).otherwise("area")
    long_vacant = pl.col("vacant") & (pl.col("vacant_since").dt.offset_by("6mo") <= start)
    reduced = (pl.col("kind") == "home") & long_vacant & (pl.col("row") % 5 > 0)
    prepaid = (pl.col("prepaid_months") >= 12) & ~pl.col("in_arrears")
    factor = pl.when(reduced).then(70).otherwise(100) * pl.when(prepaid).then(95).otherwise(100)
    return _divided(area * rate * factor, 1_000_000)


def _water() -> pl.Expr:
    """Three tiers of the year for homes, one price for shops; both readings in 0.01 m³."""
    raised = pl.max_horizontal(pl.col("household_size").fill_null(3) - 5, 0) * 4_000
    low, high = pl.col("before"), pl.col("before") + pl.col("used")

    def cost(upto: pl.Expr) -> pl.Expr:
        second, third = 22_000 + raised, 30_000 + raised
        return (
            upto * 210 + pl.max_horizontal(upto - second, 0) * 130 + pl.max_horizontal(upto - third, 0) * 280
        )

    shop = pl.col("used") * 380
    return _divided(pl.when(pl.col("kind") == "shop").then(shop).otherwise(cost(high) - cost(low)), 100)


def _drainage() -> pl.Expr:
    """0.9 of the water, at a rate in fen: in tenths."""
    return pl.when(pl.col("kind") == "shop").then(140 * 9).otherwise(95 * 9)


def _pays_garbage(start: pl.Expr) -> pl.Expr:
    idle_for_long = (pl.col("idle_months") >= 2) & (pl.col("idle_months") < 12)
    return (pl.col("kind") == "home") & ~pl.col("low_income") & ~idle_for_long


def _parking(start: pl.Expr) -> pl.Expr:
    """Half a month for a lease that begins after the 15th, or ends by it."""
    monthly = pl.when(pl.col("place") == "surface").then(20_000).when(pl.col("tenure") == "owned").then(6_000)
    end = start.dt.offset_by("1mo")
    begins = (
        pl.when(pl.col("lease_from") >= end)
        .then(2)
        .when(pl.col("lease_from") > start.dt.offset_by("14d"))
        .then(1)
    )
    ends = (
        pl.when(pl.col("lease_until") <= start)
        .then(2)
        .when(pl.col("lease_until") <= start.dt.offset_by("15d"))
        .then(1)
    )
    halves = pl.max_horizontal(2 - begins.otherwise(0) - ends.otherwise(0), 0)
    return monthly.otherwise(35_000) * halves // 2


def _shares(units: pl.DataFrame, pools: pl.DataFrame, fee: str) -> pl.DataFrame:
    """Every share rounded by itself."""
    if fee == "lift_energy":
        sharing = units.filter((pl.col("kind") == "home") & pl.col("lift"))
        weight = pl.when(pl.col("floor") > 1).then("area").otherwise(0)
    else:
        sharing = units
        weight = pl.when("vacant").then(7).otherwise(10)
    totals = pools.filter(pl.col("fee") == fee).select("building_id", total=_hundredths("amount"))
    parts = sharing.with_columns(weight=weight).join(totals, on="building_id")
    whole = pl.col("weight").sum().over("building_id")
    return parts.select("unit_id", fen=(2 * pl.col("total") * pl.col("weight") + whole) // (2 * whole))


def main() -> None:
    """Reconciles a month of the sample estate with these bills, and says why they differ."""
    from sample_estate import make  # which has the bills from here

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--units", type=int, default=1_000)
    parser.add_argument("--locale", default="en")
    given = parser.parse_args()
    book = feerules.load(Path(__file__).parents[1] / "rules" / "sample-estate")
    estate = make(given.units)
    result = feerules.reconcile(book, estate.units, estate.billed(), estate.month, pools=estate.pools)
    print(result)
    print()
    print(result.explain(given.locale))


if __name__ == "__main__":
    main()
