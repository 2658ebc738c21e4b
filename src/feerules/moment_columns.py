"""Moments in frames: a zone by its name, or by its whole hours from UTC; else by the clock of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

__all__ = ["minute_of", "moment", "told_at"]


def zone_of(as_of: date | datetime) -> str | None:
    zone = as_of.tzinfo if isinstance(as_of, datetime) else None
    if zone is None or not isinstance(as_of, datetime):
        return None
    return getattr(zone, "key", None) or _by_offset(as_of.utcoffset() or timedelta())


def _by_offset(offset: timedelta) -> str:
    """The zone of an offset of whole hours, whose names count westwards; frames know no others."""
    hours, rest = divmod(offset, timedelta(hours=1))
    if rest or not -14 <= -hours <= 12:
        return "UTC"
    return "UTC" if not hours else f"Etc/GMT{-hours:+d}"


def moment(at: datetime | None, as_of: date | datetime) -> pl.Expr:
    """A moment on the clock of `as_of`."""
    zone = zone_of(as_of)
    plain = at if at is None or zone is None else at.astimezone(UTC).replace(tzinfo=None)
    found = pl.lit(plain, pl.Datetime("us"))
    return found if zone is None else found.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)


def told_at(at: date | datetime | None) -> pl.Expr:
    """A day or a moment, as it was asked."""
    return moment(at, at) if isinstance(at, datetime) else pl.lit(at, pl.Date)


def minute_of(number: pl.Expr, as_of: date | datetime) -> pl.Expr:
    """A moment by its minutes since 1970-01-01 on the clock of `as_of`."""
    zone, found = zone_of(as_of), (number * 60_000_000).cast(pl.Datetime("us"))
    if zone is None or not isinstance(as_of, datetime):
        return found
    if hasattr(as_of.tzinfo, "key"):
        return found.dt.replace_time_zone(zone)
    return (found - pl.lit(as_of.utcoffset())).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
