"""How many problems of one kind are told: each looks at what stands around it, and nobody reads thousands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pydantic_core import ErrorDetails

from feerules.errors import Problem

__all__ = ["few", "with_more"]

MAX_UNKNOWN = 100  # unknown keys of one mapping


def few(errors: Iterable[ErrorDetails]) -> Iterator[ErrorDetails]:
    """The errors, but of the unknown keys of a mapping only the first."""
    unknown = Counter[tuple[int | str, ...]]()
    for error in errors:
        if error["type"] == "extra_forbidden":
            unknown[error["loc"][:-1]] += 1
            if unknown[error["loc"][:-1]] > MAX_UNKNOWN:
                continue
        yield error


def with_more(problems: list[Problem]) -> list[Problem]:
    """The problems, and behind them that there are more."""
    found, hint = f"more than {MAX_UNKNOWN} unknown keys in one mapping", "mend those above, then look again"
    more = replace(
        problems[-1], code="too_many_problems", found=found, expected="keys that have a meaning", hint=hint
    )
    return [*problems, more]
