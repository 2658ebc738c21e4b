"""The engine for frames, as the verbs use it that answer about an estate."""

from __future__ import annotations

from feerules.engines.columnar import Columnar

__all__ = ["Columnar"]
