"""What `import feerules` costs a service that starts: at most 100 ms beyond `import pydantic`."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 15
BUDGET_MS = 100


def start(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def milliseconds(code: str) -> float:
    begun = perf_counter()
    start(code)
    return (perf_counter() - begun) * 1_000


@pytest.mark.benchmark(group="import")
@pytest.mark.parametrize("code", ["pass", "import pydantic", "from pydantic import BaseModel"])
def test_import_of_what_feerules_stands_on(benchmark: BenchmarkFixture, code: str) -> None:
    benchmark.pedantic(start, args=[code], rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.benchmark(group="import")
def test_import_of_feerules_is_within_its_budget(benchmark: BenchmarkFixture) -> None:
    milliseconds("import pydantic")
    before = min(milliseconds("import pydantic") for _ in range(ROUNDS))
    benchmark.pedantic(start, args=["import feerules"], rounds=ROUNDS, warmup_rounds=1)
    beyond = benchmark.stats.stats.min * 1_000 - before
    benchmark.extra_info["ms_beyond_pydantic"] = round(beyond, 1)
    assert beyond <= BUDGET_MS
