"""What a statement is, once written: two texts, for the answers and for the rows that have none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Statement"]


@dataclass(frozen=True)
class Statement:
    """SQL in one dialect: `rows` gives the answers, `problems` what could not be answered and why.

    Each is one query without an end mark, to be run as it is, or to stand in a view, an INSERT or in parentheses.
    `parameters` are the names that both leave open. `digest` names the rules that they were written from.
    """

    rows: str
    problems: str
    dialect: str
    digest: str
    parameters: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.rows

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "dialect": self.dialect,
            "rows": self.rows,
            "problems": self.problems,
            "parameters": list(self.parameters),
            "digest": self.digest,
        }
