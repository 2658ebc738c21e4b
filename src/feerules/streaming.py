"""The engines for frames, as the verbs use them that answer about an estate."""

from __future__ import annotations

from feerules.engines.columnar import Columnar
from feerules.engines.positions import CODES, FRAMES, NAMES, Column, Entries, Sheet, facts_of, positions_of

__all__ = [
    "CODES",
    "FRAMES",
    "NAMES",
    "Column",
    "Columnar",
    "Entries",
    "Sheet",
    "facts_of",
    "positions_of",
]
