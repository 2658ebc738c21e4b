"""Ratios to peers, each measured in one run, told at the end of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

RATIOS = pytest.StashKey[list[str]]()
Tell = Callable[[str, str, str], None]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RATIOS] = []


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Keeps a line for the end: the work, what was measured, the budget."""

    def keep(work: str, measured: str, budget: str) -> None:
        request.config.stash[RATIOS].append(f"{work}: {measured} (budget {budget})")

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash[RATIOS]
    if lines:
        terminalreporter.section("against the budgets")
        for line in lines:
            terminalreporter.line(line)
