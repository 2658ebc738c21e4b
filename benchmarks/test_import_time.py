"""What `import feerules` costs a service that starts, beyond `import pydantic`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 15


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
def test_import_of_feerules(benchmark: BenchmarkFixture, tell: Callable[[str, str, str], None]) -> None:
    milliseconds("import pydantic")
    before = min(milliseconds("import pydantic") for _ in range(ROUNDS))
    benchmark.pedantic(start, args=["import feerules"], rounds=ROUNDS, warmup_rounds=1)
    beyond = benchmark.stats.stats.min * 1_000 - before
    tell("import feerules, beyond import pydantic", f"{beyond:.0f} ms", "100 ms")
