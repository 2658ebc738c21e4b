"""A decision before it is made: dearer lifts, and less off for empty homes.

    python examples/what_if.py                      a summary, in English
    python examples/what_if.py --locale zh_CN       in Chinese
    python examples/what_if.py --units 100_000

The sample estate is priced by its rules of 2026, and by the same with a reform; then with every combination of
some surcharges and reductions.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import sample_estate

import feerules
from feerules import Reform

RULES = Path(__file__).parents[1] / "rules" / "sample-estate"
MONTH = "2026-11"
HIGH = {"kind": "home", "lift": True, "floor": "> 6"}


def reform(surcharge: str, vacancy: str) -> Reform:
    """More for high floors with a lift, and another share of the fee for homes that are empty for half a year."""
    return (
        Reform(f"surcharge {surcharge}, vacancy {vacancy}", document="sample-estate", version="2026-01-01")
        .rate("management", by=surcharge, when=HIGH)
        .adjustment("management", "空置满六个月优惠", to=vacancy)
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--units", type=int, default=1_000)
    parser.add_argument("--locale", default="en")
    options = parser.parse_args()
    estate = sample_estate.make(options.units, month=MONTH)
    book = feerules.load(RULES)

    chosen = reform("0.15", "0.85")
    result = feerules.compare(book, chosen.apply(book), estate.units, MONTH, pools=estate.pools)
    print(chosen)
    print(result.explain(options.locale))
    print()
    print(result.by_segment("kind", area=["< 90", "[90..144)", ">= 144"]))
    print(result.raises[0].explain(options.locale))

    values = {"surcharge": ["0.00", "0.15", "0.30"], "vacancy": ["0.70", "0.85", "1.00"]}
    table = feerules.grid(book, estate.units, MONTH, reform, values, pools=estate.pools)
    print(table.select("surcharge", "vacancy", "more", "less", "change"))


if __name__ == "__main__":
    main()
