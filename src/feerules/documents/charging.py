"""How a charge comes about: its quantity, price, tiers, limits, adjustments, days and tax."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from feerules.documents.fields import Flag, Id, MonthDay, Number, Phrase, Plain, Whole, Words, read_day
from feerules.documents.model import Part
from feerules.documents.values import Cells, Formula, Otherwise, TableValue, Value

__all__ = [
    "Adjustment",
    "AtAChange",
    "Ceiling",
    "Charge",
    "DueRule",
    "Every",
    "FactQuantity",
    "FeesQuantity",
    "Liability",
    "Limit",
    "Mode",
    "Over",
    "Payer",
    "PerUnit",
    "Prorate",
    "ProrateBounds",
    "RaiseBounds",
    "Rounding",
    "Season",
    "Share",
    "Source",
    "Started",
    "Tax",
    "Tiers",
]

Mode = Literal["half_up", "half_even", "half_down", "up", "down"]
Payer = Literal["owner", "tenant", "developer", "heir"]
Prorate = Literal[
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
AtAChange = Literal["by_days", "by_reading", "all_to_the_later"]


def _minutes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d{1,4}) (minute|hour|day)s?", value)
    if not found:
        raise PydanticCustomError("wrong_type", "a duration such as 30 minutes, 1 hour or 1 day")
    return int(found[1]) * {"minute": 1, "hour": 60, "day": 1440}[found[2]]


Duration = Annotated[
    int,
    BeforeValidator(_minutes),
    WithJsonSchema({"type": "string", "pattern": r"^\d+ (minute|hour|day)s?$"}),
]


def _hours(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", value)
    start, end = (0, 0) if found is None else (_minute(*found.groups()[:2]), _minute(*found.groups()[2:]))
    if start == end:
        raise PydanticCustomError("wrong_type", "hours of the day, such as 08:00-20:00 or 20:00-08:00")
    return start, (end - start) % 1440 or 1440


def _minute(hour: str | None, minute: str | None) -> int:
    return 1440 if hour is None or minute is None else int(hour) * 60 + int(minute)


Hours = Annotated[
    tuple[int, int],
    BeforeValidator(_hours),
    WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d-\d\d:\d\d$"}),
]
"""A part of each day: the minute at which it begins, and how many minutes it has."""


def _named(key: str) -> Any:
    """A before-validator that lets one word stand for a mapping with that word under `key`."""

    def spread(value: Any) -> Any:
        return {key: value} if isinstance(value, str) else value

    return model_validator(mode="before")(spread)


def _day_or_fact(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return read_day(value)
    return value


DayOrFact = Annotated[date | Phrase, BeforeValidator(_day_or_fact), WithJsonSchema({"type": "string"})]


class Source(Part):
    """Where a rule comes from; carried into every result."""

    short = {"type": "string"}

    document: Phrase | None = None
    clause: Plain | None = None
    address: Phrase | None = None
    published: Phrase | None = None
    confidence: Phrase | None = None
    note: Words | None = None

    _short = _named("document")


class Rounding(Part):
    """Round at a stage to a unit (0.01 yuan) or to places, by a mode."""

    stage: Literal["month_fraction", "rate", "component", "register", "slice", "month", "fee_line"] = (
        "fee_line"
    )
    unit: Number | None = Field(None, gt=0)
    places: Whole | None = Field(None, ge=0, le=9)
    mode: Mode = "half_up"

    @property
    def step(self) -> Decimal:
        if self.unit is not None:
            return self.unit
        return Decimal(1).scaleb(-(2 if self.places is None else self.places))


class Season(Part):
    """The same days of every year: `from` the first day, `through` the last (both included)."""

    from_: MonthDay = Field(alias="from")
    through: MonthDay


class Every(Part):
    """How often a fee falls due: a word, a number of months, a season, a day of the unit, or per use."""

    short = {"enum": ["month", "quarter", "half_year", "year"]}

    cycle: Literal["month", "quarter", "half_year", "year"] | None = None
    months: Whole | None = Field(None, ge=1, le=60)
    starts_on: MonthDay | None = Field(None, description="the day on which cycles begin; default 01-01")
    anniversary_of: Phrase | None = Field(None, description="a date fact on whose anniversaries cycles begin")
    season: Season | None = None
    once: Phrase | None = Field(None, description="a date fact: charged in the period that holds that day")
    use: Phrase | None = Field(None, description="a date or datetime fact of each use, such as left_at")

    _short = _named("cycle")

    @property
    def length(self) -> int | None:
        """The months of a cycle; None for seasons, one-offs and uses."""
        words = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
        return self.months or words.get(self.cycle or "")


class DueRule(Part):
    """A day: a day of the month in which the cycle starts or ends, or some days after another day."""

    day: Whole | None = Field(None, ge=1, le=31, description="day of the month; 31 means its last day")
    of: Literal["start", "end"] = Field("start", description="the month of the cycle's first or last day")
    months_later: Whole = Field(0, ge=-12, le=24)
    after: Literal["issue", "start", "end"] | None = None
    days: Whole | None = Field(None, ge=0, le=3650)
    roll: Literal["none", "next_workday", "previous_workday"] = "none"


class Liability(Part):
    """A date fact at which the payer's liability begins or ends, and who pays on the other side."""

    short = {"type": "string", "description": "a date fact"}

    fact: Phrase
    before: Payer | Literal["nobody"] = Field("nobody", description="who pays the days before it")
    after: Payer | Literal["nobody"] = Field("nobody", description="who pays the days from it on")

    _short = _named("fact")


class Over(Part):
    """What tiers count over: each bill, month, season or year, and the usage already counted."""

    short = {"enum": ["bill", "month", "season", "year"]}

    each: Literal["bill", "month", "season", "year"] | None = None
    year_from: MonthDay | None = None
    season: Season | None = None
    used_before: Formula | None = Field(None, description="the usage already counted when the cycle starts")

    _short = _named("each")

    @property
    def counts(self) -> Literal["bill", "month", "season", "year"]:
        if self.season is not None:
            return "season"
        return "year" if self.year_from is not None else self.each or "bill"


class RaiseBounds(Part):
    when: Cells = {}
    by: Formula | None = Field(None, description="added to every bound")
    times: Formula | None = Field(None, description="multiplies every bound")


class ProrateBounds(Part):
    """Bounds in the part of the first tier year that is in force: bound × months ÷ 12."""

    since: DayOrFact = Field(description="a date fact or a day")
    by: Literal["months", "days"] = "months"
    unit: Number = Decimal(1)
    mode: Mode = "half_up"


class Tiers(Part):
    """Prices by the band in which a quantity falls; bands are (previous, up to], without gaps."""

    kind: Literal["graduated", "volume", "step", "surcharge", "package"] = "graduated"
    over: Over | None = None
    table: TableValue
    base: Value | None = Field(None, description="for surcharge: the price of every unit")
    size: Number | None = Field(None, gt=0, description="for package: how many units a package holds")
    raise_bounds: tuple[RaiseBounds, ...] = ()
    prorate_bounds: ProrateBounds | None = None


class Started(Part):
    """A quantity in started units of time between two moments, such as a parking visit."""

    started: Duration = Field(gt=0)
    between: tuple[Phrase, Phrase] | None = Field(None, description="two datetime facts: from, to")
    minutes: Formula | None = Field(None, description="the duration in minutes, where that is the fact")
    during: Hours | None = Field(None, description="only these hours of each day, such as 08:00-20:00")
    next_day: Literal["begins_anew", "counts_on"] | None = Field(
        None,
        description="whether the units of each day's hours are priced by themselves (the default) or as one",
    )
    free: Duration = 0
    beyond_free: Literal["from_its_end", "from_the_start"] = Field(
        "from_its_end", description="whether a longer stay pays from the end of the free time or for all"
    )
    cap: Formula | None = Field(None, description="the most for each `cap_per`, or each time of `during`")
    cap_per: Duration | None = Field(None, gt=0, description="default 1 day")


class FactQuantity(Part):
    fact: Phrase
    times: Number = Decimal(1)


class FeesQuantity(Part):
    """The amounts of other fees on the same bill, as the quantity of a percentage fee."""

    fees: tuple[Id, ...] = Field(min_length=1)


def _quantity(value: Any) -> str | None:
    if isinstance(value, dict):
        for key in ("fact", "fees", "started"):
            if key in value:
                return key
        return None
    kinds: dict[type, str] = {FactQuantity: "fact", FeesQuantity: "fees", Started: "started"}
    return kinds.get(type(value), "formula")


Quantity = Annotated[
    Annotated[Formula, Tag("formula")]
    | Annotated[FactQuantity, Tag("fact")]
    | Annotated[FeesQuantity, Tag("fees")]
    | Annotated[Started, Tag("started")],
    Discriminator(
        _quantity,
        custom_error_type="not_a_value",
        custom_error_message="a fact, a formula, or a mapping with fact, fees or started",
    ),
]


class Share(Part):
    """A part of a pool: a total shared among the units that have the same facts."""

    by: Value = Field(description="the weight of a unit: 1, area, a table …")
    among: tuple[Phrase, ...] = Field((), description="facts that must equal the pool's")


class Limit(Part):
    """A minimum or maximum of a line; it is for a whole cycle, and part of a cycle gets its part."""

    short = "amount"

    amount: Value
    whole: Flag = Field(False, description="applies in full to every line, however short")
    each: Duration | None = Field(
        None, gt=0, multiple_of=1440, description="of a visit: for so many days of it, from its beginning"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_value(cls, value: Any) -> Any:
        return value if isinstance(value, dict) and "amount" in value else {"amount": value}


class PerUnit(Part):
    """Something for each unit of a fact above a bound: 12.5 % per metre over 4, at most 100 %."""

    of: Formula
    above: Formula
    times: Formula | None = Field(None, description="a share of the amount for each unit")
    plus: Formula | None = Field(None, description="a sum for each unit")
    started: Flag = Field(False, description="a started unit counts as a whole one")
    at_most: Formula | None = None


class Adjustment(Part):
    """One change of the amount, in the order written. Exactly one of the actions is given."""

    title: Words | None = None
    when: Cells = {}
    times: Value | None = None
    plus: Value | None = None
    minus: Value | None = None
    at_most: Value | None = None
    at_least: Value | None = None
    free_months: Formula | None = Field(None, description="months of the cycle that cost nothing")
    per_unit: PerUnit | None = None
    source: Source | None = None
    note: Words | None = None


class Ceiling(Part):
    """A highest rate; beyond it the unit is a problem, or the rate is cut."""

    short = "rate"

    rate: Value
    beyond: Literal["problem", "cap"] = "problem"

    @model_validator(mode="before")
    @classmethod
    def _from_value(cls, value: Any) -> Any:
        return value if isinstance(value, dict) and "rate" in value else {"rate": value}


class Tax(Part):
    """Value-added tax in the amount (included) or on top of it."""

    short = "rate"

    rate: Value
    included: Flag = True

    @model_validator(mode="before")
    @classmethod
    def _from_value(cls, value: Any) -> Any:
        return value if isinstance(value, dict) and "rate" in value else {"rate": value}


class Charge(Part):
    """How an amount comes about: a quantity times a rate, tiers, a pass-through or a share."""

    title: Words | None = None
    applies: Cells = Field({}, description="the units that this is for")
    per: Quantity | None = Field(None, description="the quantity; without it the rate is per unit")
    rate: Value | None = None
    rate_per: Literal["month", "quarter", "half_year", "year", "day", "cycle"] | None = Field(
        None, description="the time that the rate is for; default: the cycle of `every`, if that is a month"
    )
    tiers: Tiers | None = None
    registers: dict[Id, Formula] = Field({}, description="time-of-use registers, each with its usage")
    assign: Literal["proportional", "in_order"] | None = Field(
        None, description="how slices of the tiers are assigned to registers"
    )
    pass_through: Formula | None = Field(None, description="an amount passed on without mark-up")
    share: Share | None = None
    otherwise: Otherwise | None = Field(None, description="where no row of the rate table matches")
    ceiling: Ceiling | None = None
    minimum: Limit | None = None
    maximum: Limit | None = None
    note: Words | None = None
