"""The two clocks of a question, as people give them: as of which day or moment, and what was known by when."""

from __future__ import annotations

from datetime import date, datetime

from feerules.periods import PeriodError

__all__ = ["day_of", "read_day", "read_known", "read_moment"]

_MOMENT = "a day such as 2026-11-12, or a moment such as 2026-11-12T09:30+08:00"


def read_moment(given: date | datetime | str, name: str = "as_of") -> date | datetime:
    """A day, or a moment, as it is or from ISO text; PeriodError for anything else."""
    if isinstance(given, date):
        return given
    if not isinstance(given, str):
        raise PeriodError(f"{given!r} as {name}", _MOMENT)
    try:
        return datetime.fromisoformat(given) if ":" in given else date.fromisoformat(given)
    except ValueError:
        raise PeriodError(f'"{given}" as {name}', _MOMENT) from None


def read_known(given: date | datetime | str | None) -> date | datetime | None:
    """`known_at`: a date means its whole day; without one, all is known."""
    return None if given is None else read_moment(given, "known_at")


def read_day(given: date | str, name: str = "as_of") -> date:
    """A day where a moment has no meaning."""
    day = read_moment(given, name)
    if isinstance(day, datetime):
        raise PeriodError(f"the moment {day}", f"a day such as {day.date()}")
    return day


def day_of(as_of: date | datetime) -> date:
    return as_of.date() if isinstance(as_of, datetime) else as_of
