"""Two books over an estate, against pricing it twice, in one run.

FEERULES_UNITS sets the number of homes, as for the estate.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from test_estate import BOOK, PERIOD, homes
from turns import in_turn, ratio

import feerules
from feerules import Reform

UNITS = int(os.environ.get("FEERULES_UNITS", "1000000"))
ROUNDS = int(os.environ.get("FEERULES_ROUNDS", "5"))
REFORM = (
    Reform()
    .rate("management", to="2.95", when={"type": "residential", "lift": True, "floor": "> 3"})
    .rate("management", to="1.60", when={"type": "residential", "lift": False})
    .rate("water", to="4.40", when={"up to": "above"})
    .rate("drainage", by="0.05")
    .rate("garbage", to=7)
)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compared") / "units.parquet"
    homes(UNITS).write_parquet(path)
    return path


def test_a_comparison_against_pricing_twice(benchmark: Any, units: Path, tell: Any) -> None:
    old = feerules.load_files({"estate.yaml": BOOK})
    new = REFORM.apply(old)

    def priced_twice() -> list[pl.DataFrame]:
        return [feerules.price_estate(units, book, PERIOD).collect().rows for book in (old, new)]

    def compared(how: Any) -> Any:
        return feerules.compare(old, new, units, PERIOD, attribute=how, progress=False)

    rows, result = priced_twice(), compared("in_order")
    assert result.summary.change == rows[1]["total"].sum() - rows[0]["total"].sum()
    assert len(result.causes) == 5
    ways = {
        "twice": priced_twice,
        "compared": lambda: compared("no"),
        "with causes": lambda: compared("in_order"),
    }
    benchmark.group = f"{UNITS:,} homes, five fees, two books"
    spent = benchmark.pedantic(in_turn, args=[ways], kwargs={"rounds": ROUNDS}, rounds=1)
    benchmark.extra_info.update({name: each._asdict() for name, each in spent.items()})
    tell(f"{UNITS:,} homes compared, five causes", f"{spent['with causes'].clock:.2f} s", "seconds")
    tell("compared without causes, to pricing twice", ratio(spent["compared"], spent["twice"]), "4 ×")
    tell("compared with five causes, to pricing twice", ratio(spent["with causes"], spent["twice"]), "8 ×")
