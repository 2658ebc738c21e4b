"""Moments in frames: a zone by its name, where it has one that frames know, else by the clock of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

__all__ = ["first_moment", "moment", "told_at"]


def zone_of(as_of: date | datetime) -> str | None:
    zone = as_of.tzinfo if isinstance(as_of, datetime) else None
    return None if zone is None else getattr(zone, "key", "UTC")


def moment(at: datetime | None, as_of: date | datetime) -> pl.Expr:
    """A moment on the clock of `as_of`."""
    zone = zone_of(as_of)
    plain = at if at is None or zone is None else at.astimezone(UTC).replace(tzinfo=None)
    found = pl.lit(plain, pl.Datetime("us"))
    return found if zone is None else found.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)


def told_at(at: date | datetime | None) -> pl.Expr:
    """A day or a moment, as it was asked."""
    return moment(at, at) if isinstance(at, datetime) else pl.lit(at, pl.Date)


def first_moment(day: pl.Expr, as_of: datetime) -> pl.Expr:
    """The first moment of a day, where it is `as_of`."""
    zone, found = zone_of(as_of), day.cast(pl.Datetime("us"))
    if zone is None:
        return found
    if hasattr(as_of.tzinfo, "key"):
        return found.dt.replace_time_zone(zone)
    return (found - pl.lit(as_of.utcoffset())).dt.replace_time_zone("UTC")
