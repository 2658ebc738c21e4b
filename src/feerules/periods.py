"""Billing periods, cycles and proration: half-open ranges of days, and the months they are worth; days in numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from math import lcm
from typing import Final, Literal, get_args

from feerules.errors import FeeRulesError, did_you_mean

__all__ = [
    "MICROSECONDS",
    "MONTH_DENOMINATOR",
    "PRORATION_RULES",
    "Period",
    "PeriodError",
    "Proration",
    "ProrationRule",
    "Stamp",
    "add_months",
    "cycles_ending",
    "cycles_starting",
    "day_number",
    "from_day_number",
    "known_until",
    "months_between",
    "prorate",
    "seasons_ending",
    "seasons_starting",
    "stamp_of",
]

ProrationRule = Literal[
    "calendar_days",
    "thirty_day_months",
    "half_months",
    "whole_months",
    "full_months",
    "next_month",
    "days_365",
    "days_of_year",
    "cycle_days",
    "none",
]
PRORATION_RULES: Final[tuple[ProrationRule, ...]] = get_args(ProrationRule)

MONTH_DENOMINATOR: Final = lcm(28, 29, 30, 31)
"""377580: in these parts of a month, a day of any month is a whole number."""

MICROSECONDS: Final = 86_400_000_000
"""How many a day has, where no clock is changed."""

Stamp = tuple[int, int | None]
"""A moment as microseconds since 1970: by its own clock on the wall, and by UTC where its zone is told."""

# Rules that know how long a month is: nothing that counts as one, as a season may, can be longer.
_OF_MONTHS: Final = frozenset({"thirty_day_months", "half_months", "days_365", "days_of_year"})

MonthDay = tuple[int, int]

_EPOCH: Final = date(1970, 1, 1).toordinal()
_NAMED = re.compile(r"([0-9]{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])|H([12])))?").fullmatch
_DAYS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9]{4}-[0-9]{2}-[0-9]{2})").fullmatch
_FORMS: Final = "2026-11, 2026-Q4, 2026-H1, 2026 or 2026-11-01/2027-02-01 (the end is not included)"


class PeriodError(FeeRulesError, ValueError):
    """A period or cycle that cannot be read: what it was, what was expected, one hint."""

    def __init__(self, found: str, expected: str, hint: str = "") -> None:
        self.found, self.expected, self.hint = found, expected, hint
        super().__init__(found, expected, hint)

    def __str__(self) -> str:
        text = f"found {self.found}, expected {self.expected}"
        return f"{text}; {self.hint}" if self.hint else text


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` up to, and not including, `end`; never empty.

    >>> str(Period.parse("2026-11")), Period.parse("2026-Q4").days, Period.parse("2026-H1").months
    ('2026-11', 92, 6)
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if isinstance(self.start, datetime) or isinstance(self.end, datetime):
            raise PeriodError(f"{self.start}/{self.end}", "dates without a time of day")
        if not self.start < self.end:
            last = "the end is not included: for one day, end on the day after"
            raise PeriodError(f"{self.start}/{self.end}", "an end after the start", last)

    @classmethod
    def parse(cls, text: str) -> Period:
        """The period that a person wrote; PeriodError says which forms there are."""
        return _parsed(text)

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def months(self) -> int | None:
        """How many months, or None where the period is not a whole number of them."""
        count = months_between(self.start, self.end)
        return count if add_months(self.start, count) == self.end else None

    def contains(self, day: date) -> bool:
        return self.start <= day < self.end

    def intersect(self, other: Period) -> Period | None:
        """The days in both, or None where there are none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def __str__(self) -> str:
        return _written(self)


# A batch of bills asks for one period again and again.
@lru_cache(maxsize=1024)
def _written(period: Period) -> str:
    year, month = period.start.year, period.start.month
    months = period.months if period.start.day == 1 else None
    if months == 12 and month == 1:
        return f"{year:04}"
    if months == 6 and month in (1, 7):
        return f"{year:04}-H{month // 6 + 1}"
    if months == 3 and month % 3 == 1:
        return f"{year:04}-Q{month // 3 + 1}"
    if months == 1:
        return f"{year:04}-{month:02}"
    return f"{period.start}/{period.end}"


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Period:
    try:
        found = _read_named(text) or _read_days(text)
    except ValueError as error:
        raise PeriodError(f'"{text}"', "days that exist, from year 0001 to 9998", str(error)) from None
    if found is None:
        raise PeriodError(f'"{text[:60]}"', _FORMS, _hint_for(text[:60]))
    return Period(*found)


def _read_named(text: str) -> tuple[date, date] | None:
    if not (match := _NAMED(text)):
        return None
    year, month, quarter, half = match.groups()
    if month:
        first, length = int(month), 1
    elif quarter:
        first, length = 3 * int(quarter) - 2, 3
    elif half:
        first, length = 6 * int(half) - 5, 6
    else:
        first, length = 1, 12
    start = date(int(year), first, 1)
    return start, add_months(start, length)


def _read_days(text: str) -> tuple[date, date] | None:
    if not (match := _DAYS(text)):
        return None
    return date.fromisoformat(match[1]), date.fromisoformat(match[2])


def _hint_for(text: str) -> str:
    """The text to write instead, where the meaning is plain."""
    plain = unicodedata.normalize("NFKC", text).strip()
    wide = dict.fromkeys(char for char in text if "\uff01" <= char <= "\uff5e")
    because = f"full-width {' '.join(wide)}: " if wide else ""
    try:
        suggestion = plain if _NAMED(plain) or _DAYS(plain) else _suggest(plain)
    except (ValueError, OverflowError):
        suggestion = ""
    if suggestion and suggestion != text:
        return f'{because}write "{suggestion}"'
    return because and f"{because}write half-width digits and signs"


def _suggest(text: str) -> str:
    if match := re.fullmatch(r"([0-9]{4})[-/.年 ]?([0-9]{1,2})月?", text):
        year, month = match[1], int(match[2])
        return f"{year}-{month:02}" if 1 <= month <= 12 else ""
    if match := re.fullmatch(r"([0-9]{4})[-/.年 ]?([QqHh])([1-4])", text):
        return f"{match[1]}-{match[2].upper()}{match[3]}"
    if match := re.fullmatch(r"([0-9]{4})年度?", text):
        return match[1]
    first, _, last = text.partition("/")
    if (begin := _read_named(first)) and (end := _read_named(last)):
        return f"{begin[0]}/{end[1]}"
    days = re.findall(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)
    if len(days) == 2:
        # Who names the last day of a month means to include it.
        after = date.fromisoformat(days[1]) + timedelta(1)
        return f"{days[0]}/{after if after.day == 1 else days[1]}"
    return f"{text}/{date.fromisoformat(text) + timedelta(1)}" if days == [text] else ""


def day_number(day: date) -> int:
    """Days since 1970-01-01, negative before."""
    return day.toordinal() - _EPOCH


def from_day_number(number: int) -> date:
    return date.fromordinal(number + _EPOCH)


def stamp_of(moment: date) -> Stamp:
    """A moment in numbers; a day is its first.

    >>> stamp_of(date(1970, 1, 2)), stamp_of(datetime(1970, 1, 1, 8, tzinfo=UTC))
    ((86400000000, None), (28800000000, 28800000000))
    """
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        return _wall(moment), None
    return _wall(moment), _wall(moment.astimezone(UTC))


def _wall(moment: date) -> int:
    day = day_number(moment) * MICROSECONDS
    if not isinstance(moment, datetime):
        return day
    seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second
    return day + seconds * 1_000_000 + moment.microsecond


def known_until(known_at: date | None) -> Stamp | None:
    """The last moment that `known_at` takes in: a day is known to its end."""
    if known_at is None:
        return None
    wall, utc = stamp_of(known_at)
    return (wall, utc) if isinstance(known_at, datetime) else (wall + MICROSECONDS - 1, None)


def add_months(day: date, months: int) -> date:
    """The corresponding day `months` later (or earlier); the month's last day where it has none.

    >>> add_months(date(2026, 1, 31), 1), add_months(date(2024, 2, 29), 12)
    (datetime.date(2026, 2, 28), datetime.date(2025, 2, 28))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day <= 28:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, _length_of(year, month + 1)))


def _length_of(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def months_between(a: date, b: date) -> int:
    """Completed months from `a` to `b`: from the 31st, a shorter month is complete on its last day.

    Negative where `b` is earlier: months_between(a, b) == -months_between(b, a).
    """
    if b < a:
        return -months_between(b, a)
    count = (b.year - a.year) * 12 + b.month - a.month
    return count if b.day >= a.day or add_months(a, count) <= b else count - 1


def cycles_starting(period: Period, months: int, anchor: date) -> list[Period]:
    """The cycles that begin in the period; cycles run from anchor + k·months, for any k.

    An anchor on the 29th to 31st falls on the last day of a shorter month, and returns to its day after it.
    """
    starts = _boundaries(period.start, period.end - timedelta(1), months, anchor)
    return [Period(start, add_months(anchor, (k + 1) * months)) for k, start in starts]


def cycles_ending(period: Period, months: int, anchor: date) -> list[Period]:
    """The cycles whose last day is in the period."""
    ends = _boundaries(period.start + timedelta(1), period.end, months, anchor)
    return [Period(add_months(anchor, (k - 1) * months), end) for k, end in ends]


def _boundaries(first: date, last: date, months: int, anchor: date) -> Iterator[tuple[int, date]]:
    """Every k and day anchor + k·months from `first` to `last`."""
    if months < 1:
        raise PeriodError(f"cycles of {months} months", "at least 1 month")
    k = ((first.year - anchor.year) * 12 + first.month - anchor.month) // months
    while (day := add_months(anchor, k * months)) <= last:
        if day >= first:
            yield k, day
        k += 1


def seasons_starting(period: Period, from_: MonthDay = (11, 15), through: MonthDay = (3, 15)) -> list[Period]:
    """The seasons that begin in the period; `through` is the last day, of the next year where it is earlier.

    29 February is the 28th in a common year, at both ends.
    """
    return [season for season in _seasons(period, from_, through) if period.contains(season.start)]


def seasons_ending(period: Period, from_: MonthDay = (11, 15), through: MonthDay = (3, 15)) -> list[Period]:
    """The seasons whose last day is in the period."""
    return [season for season in _seasons(period, from_, through) if period.start < season.end <= period.end]


def _seasons(period: Period, from_: MonthDay, through: MonthDay) -> Iterator[Period]:
    for month, day in (from_, through):
        if not (1 <= month <= 12 and 1 <= day <= _length_of(2000, month)):
            raise PeriodError(f"the day {month:02}-{day:02}", "a day of the year such as 11-15")
    for year in range(max(1, period.start.year - 1), period.end.year + 1):
        end = _on(year + (through < from_), through) + timedelta(1)
        # From 29 to 28 February is a whole year: in common years both are the 28th, and would overlap.
        yield Period(_on(year, from_), min(end, _on(year + 1, from_)))


def _on(year: int, day: MonthDay) -> date:
    return date(year, day[0], min(day[1], _length_of(year, day[0])))


@dataclass(frozen=True, slots=True)
class Proration:
    """What the days of one cycle are worth, as running totals in 1/denominator of a month.

    Each array has one value per day offset 0..days of the cycle. `opens` is read where liability begins,
    `begins` where that is its raw first day, `closes` where it ends (exclusive), `cuts` at other changes.
    """

    denominator: int
    opens: tuple[int, ...]
    begins: tuple[int, ...]
    closes: tuple[int, ...]
    cuts: tuple[int, ...]

    def part(
        self, start: int, end: int, liable: tuple[int, int] | None = None, *, begins_here: bool = False
    ) -> int:
        """What the days [start, end) are worth to a unit liable on the days [liable[0], liable[1]).

        All are offsets in the cycle; `begins_here` says that liability is new on liable[0], not older
        than the cycle. Parts of one liability sum to the whole of it, and none is negative.
        """
        first, last = liable or (0, len(self.cuts) - 1)
        floor = (self.begins if begins_here else self.opens)[first]
        ceiling = max(self.closes[last], floor)

        def upto(day: int) -> int:
            if day <= first:
                return floor
            return ceiling if day >= last else min(max(self.cuts[day], floor), ceiling)

        return upto(end) - upto(start)


def prorate(rule: ProrationRule, cycle: Period, months: int) -> Proration:
    """The running totals of a rule over a cycle of so many months; a whole cycle is exactly `months`.

    Months run from the cycle's first day; the last ends with the cycle, and may be a whole season. With
    days_365 and days_of_year a liability that starts or ends with the cycle counts its days, a whole
    cycle its months; the odds fall to one that does neither. PeriodError for fewer months than `months`.
    """
    if rule not in PRORATION_RULES:
        words = ", ".join(PRORATION_RULES)
        raise PeriodError(f'the proration "{rule}"', f"one of {words}", did_you_mean(rule, PRORATION_RULES))
    return _prorate(rule, cycle, months)


# A pure function remembered: an estate asks for the same cycles for every unit.
@lru_cache(maxsize=512)
def _prorate(rule: ProrationRule, cycle: Period, months: int) -> Proration:
    bounds = _month_bounds(cycle, months)
    if rule in _OF_MONTHS and cycle.end >= add_months(cycle.start, months + 1):
        found, expected = f"{rule} over {cycle.days} days", "no more days than the cycle's months have"
        raise PeriodError(found, expected, "a season takes cycle_days")
    match rule:
        case "calendar_days":
            return _additive(*_by_calendar_days(bounds))
        case "thirty_day_months":
            return _additive(30, _by_month(bounds, 30, lambda day, _: min(day, 30)))
        case "half_months":
            opens = _by_month(bounds, 2, lambda day, _: int(day >= 15))
            closes = _by_month(bounds, 2, lambda day, _: (day > 0) + (day > 15))
            return Proration(2, opens, opens, closes, opens)
        case "whole_months" | "full_months":
            begun = _by_month(bounds, 1, lambda day, _: int(day > 0))
            done = _by_month(bounds, 1, lambda *_: 0)
            opens, closes = (done, begun) if rule == "whole_months" else (begun, done)
            return Proration(1, opens, opens, closes, begun)
        case "next_month":
            denominator, totals = _by_calendar_days(bounds)
            begins = _by_month(bounds, denominator, lambda *_: denominator)
            # An earlier liability is clipped to the cycle's start, and has had its free month.
            return Proration(denominator, (0, *begins[1:]), begins, totals, totals)
        case "days_365":
            return _by_daily_price(365, [12] * cycle.days, months)
        case "days_of_year":
            days = (cycle.start + timedelta(day) for day in range(cycle.days))
            prices = [12 * (365 if _length_of(day.year, 2) == 29 else 366) for day in days]
            return _by_daily_price(365 * 366, prices, months)
        case "cycle_days":
            return _additive(cycle.days, tuple(months * day for day in range(cycle.days + 1)))
        case "none":
            first = (0, *[months] * cycle.days)
            last = (*[0] * cycle.days, months)
            return Proration(1, last, last, first, first)


def _month_bounds(cycle: Period, months: int) -> list[int]:
    """The offset of each month's first day, and of the cycle's end."""
    starts = [add_months(cycle.start, k) for k in range(months)]
    if add_months(cycle.end, -months) == cycle.start:
        # Anchored on the 31st, a cycle that starts on 28 February has months that end on the 31st.
        starts = [add_months(cycle.end, k - months) for k in range(months)]
    if not starts or not starts[-1] < cycle.end:
        raise PeriodError(f"the cycle {cycle} of {months} months", "as many months as the cycle has")
    return [(day - cycle.start).days for day in (*starts, cycle.end)]


def _by_month(bounds: list[int], denominator: int, share: Callable[[int, int], int]) -> tuple[int, ...]:
    """Whole months before each day, and share(days since the month began, days of that month)."""
    months = enumerate(pairwise(bounds))
    totals = [k * denominator + share(day, b - a) for k, (a, b) in months for day in range(b - a)]
    return (*totals, (len(bounds) - 1) * denominator)


def _by_calendar_days(bounds: list[int]) -> tuple[int, tuple[int, ...]]:
    denominator = lcm(MONTH_DENOMINATOR, bounds[-1] - bounds[-2])
    return denominator, _by_month(bounds, denominator, lambda day, length: denominator // length * day)


def _by_daily_price(denominator: int, prices: list[int], months: int) -> Proration:
    """Days counted from the cycle's start, and back from its end; never more than the whole cycle."""
    whole, counted = months * denominator, list(accumulate(prices, initial=0))
    from_start = (*(min(days, whole) for days in counted[:-1]), whole)
    from_end = (0, *(max(0, whole - (counted[-1] - days)) for days in counted[1:]))
    return Proration(denominator, from_end, from_end, from_start, from_start)


def _additive(denominator: int, totals: tuple[int, ...]) -> Proration:
    return Proration(denominator, totals, totals, totals, totals)
