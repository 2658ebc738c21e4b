"""The dunning policy: what a person writes about arrears, as frozen models."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic.json_schema import JsonSchemaValue

from feerules.documents.arithmetic import Name
from feerules.documents.charging import Mode, Source
from feerules.documents.durations import Age, Days, Gap, Hours, HoursOfDay, Offset
from feerules.documents.facts import Derived, Fact
from feerules.documents.fields import Day, DocId, Flag, Id, Number, Phrase, Plain, Whole, Words
from feerules.documents.model import Part, problem_with, refused
from feerules.documents.reactions import Reaction
from feerules.documents.schedule import Headed
from feerules.documents.values import Cells, Formula, TableValue

__all__ = [
    "CHANNELS",
    "Channel",
    "DunningPolicy",
    "LateFee",
    "Limits",
    "Rate",
    "Step",
    "Stop",
    "Windows",
]

# Single values

CHANNELS = (
    "phone", "sms", "wechat", "app", "email", "visit", "in_person", "courier", "post", "notice",
    "group", "board", "court",
)  # fmt: skip
Kind = Literal[
    "phone", "sms", "wechat", "app", "email", "visit", "in_person", "courier", "post", "notice",
    "group", "board", "court",
]  # fmt: skip
Audience = Literal["debtor", "household", "neighbours", "public"]
Shown = Literal["name", "phone", "id_number", "photo", "plate", "amount", "period", "room"]


def _word(key: str) -> Any:
    def spread(value: Any) -> Any:
        return {key: value} if isinstance(value, str) else value

    return model_validator(mode="before")(spread)


class Channel(Part):
    """A way to reach a party, and who else can see what is sent on it."""

    short: ClassVar[JsonSchemaValue] = {"enum": list(CHANNELS)}

    channel: Kind
    audience: Audience | None = None

    _short = _word("channel")

    @property
    def seen_by(self) -> str:
        if self.audience is not None:
            return self.audience
        return {"group": "neighbours", "board": "public", "notice": "household"}.get(self.channel, "debtor")


# The ledger


class Exclude(Part):
    """Charges that a policy leaves alone."""

    fees: tuple[Id, ...] = ()
    kinds: tuple[Literal["charge", "late_fee", "deposit"], ...] = ()
    tags: tuple[Phrase, ...] = ()
    disputed: Flag = Field(False, description="charges that an open dispute names")
    held: Flag = Field(False, description="charges that a hold names")


class Outcomes(Part):
    """In which words an ERP records how contacts ended."""

    connected: tuple[Phrase, ...] = ()
    unreachable: tuple[Phrase, ...] = ()
    away: tuple[Phrase, ...] = ()
    refused: tuple[Phrase, ...] = ()
    approved: tuple[Phrase, ...] = Field((), description="what an approval says that is one")


class LedgerRules(Part):
    """How money is applied, and from when a debt is old."""

    allocate: Literal["oldest_due_first", "newest_due_first", "civil_code_560"] = "oldest_due_first"
    fees_first: tuple[Id, ...] = Field((), description="fees that are paid first, in this order")
    within_a_debt: Literal["principal_first", "interest_first"] = "principal_first"
    credit: Literal["applied", "kept"] = "applied"
    age_from: Literal["due_on", "issued_on", "period_end"] = "due_on"
    grace: Days = 0
    exclude: Exclude = Field(default_factory=Exclude)
    demand_period: Days = Field(
        15, description="the days that a demand gives to pay, where it does not say itself"
    )
    stale_after: Age | None = Field(None, description="a ledger without a newer entry goes to a person")
    outcomes: Outcomes = Field(default_factory=Outcomes)


class DatedValue(Part):
    """A number that holds from a day on."""

    from_: Day = Field(alias="from")
    value: Number


class ParameterRate(Part):
    """A rate that follows a dated parameter: {parameter: lpr_1y, times: 1.3}, {parameter: base, plus: 9%}."""

    parameter: Id
    times: Number = Field(Decimal(1), gt=0)
    plus: Number = Decimal(0)


# A name, and formulas as they stand elsewhere: base + 9%, base*2, max(1, base).
_NAME = r"[a-z_][a-z0-9_.]*"
_FORMULA = re.compile(rf"{_NAME}|.*[\w%)]\s+[-+*/]\s+.*|{_NAME}\s*[-+*/(].*|.*[\w%)]\*.*")
_OF_A_PARAMETER = re.compile(rf"({_NAME})(?:\s*\*\s*([0-9.]+))?(?:\s*\+\s*([0-9.]+%?))?")


def _in_fen(value: Decimal) -> Decimal:
    if value == value.quantize(Decimal("0.01")):
        return value
    expected, hint = "an amount of money, with at most 2 decimals", f"write {value:.2f}"
    raise refused(
        [problem_with(value, "too_many_decimals", found=f"{value:f}", expected=expected, hint=hint)]
    )


Money = Annotated[Number, AfterValidator(_in_fen)]


def _flat(value: Any) -> Any:
    if isinstance(value, str) and _FORMULA.fullmatch(value):
        expected, hint = "an amount such as 10.00: no name and no formula", "write the number itself"
        raise refused([problem_with(value, "wrong_type", expected=expected, hint=hint)])
    return value


def _rate(value: Any) -> Any:
    if isinstance(value, str) and _FORMULA.fullmatch(value):
        expected = "a number such as 0.0005 or 5%, or a dated parameter: no formula"
        hint = "write {parameter: …, times: 1.3, plus: 1%}, with a parameter that parameters: dates"
        if said := _OF_A_PARAMETER.fullmatch(value):
            times, plus = (
                f", {key}: {of}" if of else "" for key, of in (("times", said[2]), ("plus", said[3]))
            )
            hint = f"write {{parameter: {said[1]}{times}{plus}}}"
        raise refused([problem_with(value, "wrong_type", expected=expected, hint=hint)])
    return value


def _from_zero(value: Any) -> Any:
    if isinstance(value, Decimal) and value < 0:
        raise refused(
            [problem_with(value, "out_of_range", found=f'"{value:f}"', expected="a number of at least 0")]
        )
    return value


Rate = Annotated[Number | ParameterRate, BeforeValidator(_rate), AfterValidator(_from_zero)]
Flat = Annotated[Money, BeforeValidator(_flat)]


class Cap(Part):
    """The most that a late fee can be, for each instalment."""

    share_of_principal: Number | None = Field(None, gt=0)
    amount: Money | None = Field(None, gt=0)
    rate_per_year: Number | None = Field(None, gt=0)


class LateFee(Part):
    """违约金: what an overdue instalment costs, day by day; a proposal until a person approves it."""

    on: tuple[Id, ...] | Literal["all"] = "all"
    rate: Rate = Decimal(0)
    per: Literal["day", "month", "year"] = "day"
    flat: Flat = Field(Decimal(0), ge=0, description="a fixed sum for each overdue instalment")
    daily: Flat = Field(
        Decimal(0), ge=0, le=1_000_000, description="a fixed sum for each day of an overdue instalment"
    )
    grace: Days = 0
    after_grace: Literal["from_due", "from_grace"] = "from_due"
    days: Literal["calendar", "thirty_day_months"] = "calendar"
    cap: Cap | None = None
    mode: Mode = "half_up"
    unit: Literal["0.01", "0.1", "1"] = Field("0.01", description="what it is rounded to")
    source: Source | None = None


class Limitation(Part):
    """诉讼时效: how long a claim can be sued upon."""

    years: Whole = Field(3, ge=1, le=30)
    separate: Flag = Field(True, description="each instalment has a period of its own")
    source: Source | None = None


class Tolerances(Part):
    """How many days late a promise or an instalment of a plan may be."""

    promise: Days = 0
    plan: Days = 0


# What stops, and what is done


class Stop(Part):
    """A reason not to press for payment now; stops are asked in the order written."""

    id: DocId
    title: Words | None = None
    when: Cells = {}
    any: tuple[Cells, ...] = Field((), description="one of these holds; when: must hold as well")
    then: Literal["hold", "wait", "review", "clear"]
    until: dict[Phrase, Offset] = Field(
        {}, max_length=1, description="a day of the position: {promised_on: -1 day}"
    )
    review: Days | None = Field(None, ge=1, description="look again after so many days")
    by: Phrase | None = Field(None, description="the role that decides")
    lets_through: tuple[DocId, ...] = Field((), description="steps that are done all the same")
    note: Words | None = None
    source: Source | None = None


class After(Part):
    """Another step that must have been done, and how many days ago: {step: reminder, days: "[14..90]"}."""

    short: ClassVar[JsonSchemaValue] = {"type": "string"}

    step: DocId
    days: Plain = Field("-", description="a cell over the days since")
    months: Plain = Field("-", description="a cell over the calendar months since")

    _short = _word("step")


class Escalation(Part):
    """Who takes over when a step has been done so often."""

    after: Whole = Field(ge=1)
    to: Phrase


class Step(Part):
    """A step of the ladder: when it is due, how it reaches the party, how often, and who may do it."""

    id: DocId
    title: Words | None = None
    when: Cells = {}
    any: tuple[Cells, ...] = Field((), description="one of these holds; when: must hold as well")
    after: After | None = None
    gap: Gap | None = Field(None, description="at least so many days since it was last done")
    gap_by: Literal["day", "clock"] = Field(
        "day", description="clock: more than so many times 24 hours, to the second"
    )
    at_most: Whole | None = Field(None, ge=1, description="how often it may be done")
    in_force: Days | None = Field(None, ge=1, description="after so many days it is as if never done")
    channels: tuple[Channel, ...] = Field(
        (), description="how it reaches the party, the preferred one first, the next where one fails"
    )
    in_turn: Flag = Field(False, description="the channels take turns")
    must_be: Literal["delivered"] | None = Field(None, description="counts only where delivery is proved")
    period: Days | None = Field(
        None, description="the days that a demand gives to pay; default: ledger.demand_period"
    )
    legal: Flag = Field(False, description="a step of legal effect")
    role: Phrase | None = Field(None, description="who does it")
    approval: Phrase | None = Field(None, description="whose approval it needs")
    escalate: Escalation | None = None
    template: Phrase | None = Field(None, description="the key of the message; default: the id of the step")
    does: tuple[Phrase, ...] = Field(
        (), description="what it does beside reaching the party: lawsuit, stop_parking"
    )
    announces: tuple[Phrase, ...] = Field((), description="the consequences that the message announces")
    shows: tuple[Shown, ...] = Field((), description="what its message shows of the debtor")
    amount: Formula | None = Field(
        None, description="what it asks for: a fact, or a formula; default: overdue"
    )
    fee: Formula | None = Field(None, description="what it costs the debtor; rounded to 0.01, half up")
    note: Words | None = None
    source: Source | None = None

    @property
    def amount_name(self) -> str:
        """The one name that it asks for, "" where it asks for the result of a formula, or for what is usual."""
        root = None if self.amount is None else self.amount.root
        return root.name if isinstance(root, Name) else ""


class Ladder(Part):
    """The steps, and which of those that are due is taken.

    `first`: the first as written. `severest_first`: the last, and none milder than one that was done and is
    in force. `one_step_at_a_time`: the next after the furthest that was done and is in force, or that one again.
    """

    order: Literal["first", "severest_first", "one_step_at_a_time"] = "first"
    backwards: Literal["allowed", "review"] = Field(
        "allowed", description="what a day means that lies before one on which a step was done"
    )
    restart: Literal["when_paid", "never"] = Field(
        "when_paid", description="whether a debt that comes after all was paid begins at the first step"
    )
    steps: tuple[Step, ...] = Field(min_length=1)


class PerDay(Part):
    connected: Whole | None = Field(None, ge=1)
    attempts: Whole | None = Field(None, ge=1)


class PerWeek(Part):
    target: Whole | None = Field(None, ge=1, description="what people aim at; reported, never forced")
    at_most: Whole | None = Field(None, ge=1)


class Limits(Part):
    """How often a party may be contacted, and when never."""

    per: Literal["party", "account"] = "party"
    day: PerDay = Field(default_factory=PerDay)
    week: PerWeek = Field(default_factory=PerWeek)
    gap: Days | None = Field(None, description="at least so many days between two contacts of any kind")
    quiet: Hours | None = None


class Windows(Part):
    """The hours in which people are contacted; no hours: not on such days."""

    workday: HoursOfDay = ()
    weekend: HoursOfDay = ()
    holiday: HoursOfDay = ()
    unknown_year: Literal["refuse", "weekends_only"] | None = Field(
        None,
        description="what a year means whose holidays the calendar does not know; default: as the calendar says",
    )


class DunningPolicy(Headed):
    """One version of a dunning policy: from the ledger to the class of arrears and the next action."""

    kind: Literal["dunning-policy"]
    applies: Cells = Field({}, description="the accounts that this policy is for")
    facts: dict[Id, Fact] = Field({}, description="what an account tells beside its ledger")
    parameters: dict[Id, Annotated[tuple[DatedValue, ...], Field(min_length=1)]] = Field(
        {}, description="dated numbers, such as the LPR"
    )
    derived: dict[Id, Derived] = {}
    tables: dict[Id, TableValue] = {}
    ledger: LedgerRules = Field(default_factory=LedgerRules)
    late_fee: LateFee | None = None
    limitation: Limitation = Field(default_factory=Limitation)
    tolerance: Tolerances = Field(default_factory=Tolerances)
    minimum: Money = Field(Decimal(0), ge=0, description="what is overdue below this is left alone")
    buckets: dict[Id, Plain] = Field({}, description="ageing buckets: a cell over days_overdue")
    stops: tuple[Stop, ...] = ()
    classes: TableValue | None = None
    class_titles: dict[Phrase, Words] = {}
    ladder: Ladder | None = None
    limits: Limits = Field(default_factory=Limits)
    windows: Windows | None = None
    reactions: tuple[Reaction, ...] = Field((), description="what is done when things happen on the account")

    @property
    def first_day(self) -> date:
        return self.effective.from_

    def asks_for_all(self, step: Step) -> bool:
        """Whether what a step asks for is more than what is overdue: all that is open."""
        names = set() if step.amount is None else {*step.amount.names()}
        asked: set[str] = set()
        while names - asked:
            name = (names - asked).pop()
            asked.add(name)
            if name in self.derived:
                names |= self.derived[name].formula.names()
        return "outstanding" in asked
