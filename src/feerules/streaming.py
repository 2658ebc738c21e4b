"""The kernel of many positions, as the verbs use it that answer about an estate."""

from __future__ import annotations

from feerules.engines.positions import CODES, FRAMES, NAMES, Column, Entries, Sheet, facts_of, positions_of

__all__ = [
    "CODES",
    "FRAMES",
    "NAMES",
    "Column",
    "Entries",
    "Sheet",
    "facts_of",
    "positions_of",
]
