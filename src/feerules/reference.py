"""The reference engine, as the verbs use it that answer about one record."""

from __future__ import annotations

from feerules.engines.scalar import Scalar, Unreadable, encoder, function, is_missing

__all__ = ["Scalar", "Unreadable", "encoder", "function", "is_missing"]
