"""The fee schedule: what a person writes about fees, as frozen models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, PrivateAttr, WithJsonSchema

from feerules.documents.charging import (
    Adjustment,
    AtAChange,
    Charge,
    DueRule,
    Every,
    FactQuantity,
    FeesQuantity,
    Liability,
    Mode,
    Payer,
    Prorate,
    Rounding,
    Source,
    Tax,
)
from feerules.documents.facts import Derived, Fact
from feerules.documents.fields import Day, DocId, Id, Number, Phrase, Plain, Words
from feerules.documents.formulas import Formula as ParsedFormula
from feerules.documents.model import Part, problem_with, refused
from feerules.documents.values import Cells, FactValue, Formula, TableValue

__all__ = ["BillRounding", "Defaults", "FactLibrary", "Fee", "FeeSchedule", "Headed", "values_in"]


def _in_reach(day: date) -> date:
    if date(1900, 1, 1) <= day <= date(2199, 12, 31):
        return day
    expected = "a day from 1900-01-01 to 2199-12-31"
    raise refused(
        [problem_with(day, "out_of_range", found=f'"{day}"', expected=expected, hint="look at the year")]
    )


DayInForce = Annotated[Day, AfterValidator(_in_reach)]


def _currency(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch("(?!RMB)[A-Z]{3}", value):
        return value
    # RMB is the name of the money, CNY the code of its unit: bills and banks know the code alone.
    expected, hint = "a currency code of three letters", "write CNY for the yuan"
    raise refused([problem_with(value, "wrong_form", expected=expected, hint=hint)])


Currency = Annotated[
    str, PlainValidator(_currency), WithJsonSchema({"type": "string", "pattern": "^(?!RMB)[A-Z]{3}$"})
]


class Effective(Part):
    """The days on which the document holds: `from` its first day, `through` its last (both included)."""

    from_: DayInForce = Field(alias="from")
    through: DayInForce | None = None


class Publication(Part):
    """When and where the schedule was announced to owners."""

    announced: Day | None = None
    posted_at: Phrase | None = None
    approved_by: Phrase | None = None
    decided_on: Day | None = None


class BillRounding(Part):
    """Rounds the total of a bill; the difference is a line of its own."""

    unit: Number = Field(gt=0)
    mode: Mode = "half_up"


class Fee(Charge):
    """A charge item: what it costs, how often, from when to when, who pays, and why."""

    kind: Literal["charge", "deposit", "refund"] = "charge"
    every: Every | None = None
    billed: Literal["in_advance", "in_arrears"] | None = None
    issued: DueRule | None = None
    due: DueRule | None = None
    starts: Liability | None = Field(None, description="the date fact at which liability begins")
    ends: Liability | None = Field(None, description="the first day that is no longer charged")
    prorate: Prorate | None = None
    at_a_change: AtAChange | None = None
    judged: Literal["at_start", "each_month"] = "at_start"
    parts: dict[Id, Charge] = Field({}, description="charges that add up to the fee, each shown")
    adjustments: tuple[Adjustment, ...] = ()
    rounding: tuple[Rounding, ...] = ()
    tax: Tax | None = None
    payer: Payer | TableValue = "owner"
    category: Phrase | None = None
    source: Source | None = None
    tags: tuple[Phrase, ...] = ()


class Defaults(Part):
    """What every fee of the schedule does unless it says otherwise."""

    every: Every | None = None
    billed: Literal["in_advance", "in_arrears"] | None = None
    issued: DueRule | None = None
    due: DueRule | None = None
    starts: Liability | None = None
    ends: Liability | None = None
    prorate: Prorate | None = None
    at_a_change: AtAChange | None = None
    rounding: tuple[Rounding, ...] = ()
    tax: Tax | None = None
    payer: Payer | TableValue | None = None


def values_in(value: Any) -> Iterator[Any]:
    """Every part, formula and table inside a part of a document, and itself."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        form = _form(each.__class__)
        # Most keys say nothing, and are passed by at once.
        if form is Part:
            yield each
            waiting += filter(None, reversed(vars(each).values()))
        elif form is dict:
            waiting += filter(None, reversed(each.values()))
        elif form is tuple:
            waiting += filter(None, reversed(each))
        elif form is ParsedFormula:
            yield each


@cache
def _form(kind: type) -> type | None:
    """What a value is walked as; None for what holds no parts. Asked once for a class: a model's is slow to tell."""
    return next((form for form in (Part, dict, tuple, ParsedFormula) if issubclass(kind, form)), None)


def _names_of(part: Any) -> list[str]:
    match part:
        case FeesQuantity():
            return [f"fees.{name}" for name in part.fees]
        case FactQuantity() | FactValue():
            return [part.fact]
        case ParsedFormula():
            return sorted(part.names())
    return []


class FactLibrary(Part):
    """Facts, formulas and tables that schedules include."""

    kind: Literal["facts"]
    id: DocId
    title: Words | None = None
    note: Words | None = None
    include: tuple[Phrase, ...] = ()
    facts: dict[Id, Fact] = {}
    parameters: dict[Id, Formula] = {}
    derived: dict[Id, Derived] = {}
    tables: dict[Id, TableValue] = {}


class Headed(Part):
    """What every version of rules says first: what it is called, from when it holds, where it comes from."""

    kind: str
    id: DocId
    title: Words | None = None
    note: Words | None = None
    version: Plain | None = Field(None, description="a name of this version; default: its first day")
    effective: Effective
    currency: Currency = "CNY"
    source: Source | None = None
    publication: Publication | None = None
    include: tuple[Phrase, ...] = ()

    @property
    def version_name(self) -> str:
        return self.version or self.effective.from_.isoformat()


class FeeSchedule(Headed):
    """One version of the fee standards of an estate, a city or a company."""

    kind: Literal["fee-schedule"]
    applies: Cells = Field({}, description="the units that this schedule is for")
    facts: dict[Id, Fact] = {}
    parameters: dict[Id, Formula] = {}
    derived: dict[Id, Derived] = {}
    tables: dict[Id, TableValue] = {}
    # Made when it is asked for: an instance here would have pydantic build its validators on import.
    defaults: Defaults = Field(default_factory=Defaults)
    bill: BillRounding | None = None
    fees: dict[Id, Fee] = Field(min_length=1)

    _complete: dict[str, Fee] = PrivateAttr(default_factory=dict)

    def complete(self, fee_id: str) -> Fee:
        """A fee with the schedule's defaults where it says nothing itself."""
        complete = self._complete
        if fee_id not in complete:
            fee = self.fees[fee_id]
            missing = {
                name: getattr(self.defaults, name)
                for name in Defaults.model_fields
                if name not in fee.model_fields_set and getattr(self.defaults, name)
            }
            complete[fee_id] = fee.model_copy(update=missing) if missing else fee
        return complete[fee_id]

    def with_fees(self, fees: Mapping[str, Fee]) -> FeeSchedule:
        """The same version with other fees, and no rounding of the bill, which is of all fees together."""
        schedule = self.model_copy(update={"fees": dict(fees), "bill": None})
        schedule._complete = {}  # noqa: SLF001  (its own; a copy shares what its original has made)
        return schedule

    def fees_needed_by(self, fee_id: str) -> list[str]:
        """The other fees whose amounts a fee needs."""
        return self.fees_named_in(self.fees[fee_id])

    def fees_named_in(self, value: Any) -> list[str]:
        """The fees whose amounts a part of a fee or a formula names."""
        return [name.removeprefix("fees.") for name in self.names_in(value) if name.startswith("fees.")]

    def names_in(self, value: Any) -> list[str]:
        """Every name of a fact, fee or formula in a part of a fee, also by way of derived facts."""
        found = dict[str, None]()
        waiting: list[Any] = [value]
        while waiting:
            for each in values_in(waiting.pop()):
                for name in _names_of(each):
                    if name not in found:
                        found[name] = None
                        waiting += [x[name] for x in (self.derived, self.parameters) if name in x]
        return list(found)
