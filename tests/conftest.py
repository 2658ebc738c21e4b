"""Tests in tests/ need the core dependencies only; those that need an extra live in tests/estate/."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

# The same examples on every run and machine, and no time limit on any: a failure is a fact, not a mood.
# Nor is a busy machine one: drawing takes the time that it takes.
SLOWLY = [HealthCheck.too_slow]
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    max_examples=60,
    suppress_health_check=SLOWLY,
)
# HYPOTHESIS_PROFILE=thorough (`make thorough`) gives a law 100, and costly ones all of theirs: see how_often.py.
settings.register_profile(
    "thorough", derandomize=True, deadline=None, database=None, print_blob=True, suppress_health_check=SLOWLY
)
# HYPOTHESIS_PROFILE=search looks further, for a person who has time.
settings.register_profile("search", deadline=None, max_examples=2_000)
# HYPOTHESIS_PROFILE=quick says only whether a law is broken: shrinking an example can take minutes.
settings.register_profile(
    "quick", derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

EXTRAS = (
    "polars",
    "narwhals",
    "numpy",
    "openpyxl",
    "jinja2",
    "cn2an",
    "gsm0338",
    "vl_convert",
    "xlsxwriter",
    "typer",
    "rich",
    "sqlglot",
    "duckdb",
)
MISSING = [name for name in EXTRAS if find_spec(name) is None]
# What tests of estates share is a module beside the others, so that they find it by its name.
OF_ESTATES = [
    "estate",
    "browser.py",
    "databases.py",
    "engines.py",
    "frame_kinds.py",
    "ledger_frames.py",
    "plan_answers.py",
    "planted.py",
    "random_plans.py",
    "report_parts.py",
]
collect_ignore = OF_ESTATES if MISSING else []


def has_events() -> bool:
    """Whether durable-rules can be imported: it is built from source, and not every build works on every Python."""
    try:
        import durable.engine  # noqa: F401
    except ImportError:
        return False
    return True


HAS_EVENTS = has_events()
if not HAS_EVENTS:
    collect_ignore += ["estate/test_durable_rules.py", "estate/test_durable_desk.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Where extras are promised (`make test` sets this), a missing one must not pass as a shorter run."""
    if MISSING and os.environ.get("FEERULES_REQUIRE_EXTRAS") == "1":
        raise pytest.UsageError(f"tests/estate needs {', '.join(MISSING)}: pip install 'feerules[all]'")
    if not HAS_EVENTS and os.environ.get("FEERULES_REQUIRE_EVENTS") == "1":
        raise pytest.UsageError("tests of durable-rules need a C compiler: pip install 'feerules[events]'")


def pytest_report_header(config: pytest.Config) -> list[str]:
    told = [f"tests/estate is left out: {', '.join(MISSING)} not installed"] if MISSING else []
    return told if HAS_EVENTS else [*told, "tests of durable-rules are left out: it cannot be imported"]


# Tests that share what takes long to make (a Spark, a browser, what an example wrote) go to one worker. The marks of
# xdist for this are lost on pytest 9.2.
TOGETHER = ("spark", "test_report_in_browser.py", "test_examples.py", "test_layers.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Sharing(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((name for name in TOGETHER if name in nodeid), nodeid)

    return Sharing(config, log)
