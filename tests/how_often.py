"""How many examples a law gets whose every example is costly: it loads books, or asks several engines."""

from __future__ import annotations

import os

__all__ = ["often"]

# By the profile of conftest.py; any other one runs them all.
SHARES = {"ci": (1, 3), "quick": (1, 3), "search": (20, 1)}


def often(examples: int, cost: int = 1) -> int:
    """A third of them in the usual run, all of them with HYPOTHESIS_PROFILE=thorough, twenty times with search.

    Of an engine that takes so many times as long for each, fewer by as much.
    """
    times, over = SHARES.get(os.environ.get("HYPOTHESIS_PROFILE", "ci"), (1, 1))
    return max(examples * times // over // cost, 1)
