"""What a schedule says that nobody can have meant: found by reading it, before anything is compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from feerules.documents.arithmetic import Name, Num, Unary
from feerules.documents.charging import Adjustment, Charge, DueRule, Every, RaiseBounds, Rounding
from feerules.documents.facts import Fact
from feerules.documents.formulas import Formula
from feerules.documents.model import Part
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import Defaults, Fee, FeeSchedule, values_in
from feerules.documents.values import FactValue, GuidedValue, SumValue, TableValue
from feerules.errors import Problem, Where
from feerules.plan.conditions import MAX_DECIMALS, decimals_of
from feerules.plan.lines import Version
from feerules.plan.names import FRAME_FACTS, Names, place_of

__all__ = ["RESERVED", "check_effective", "unsound"]

# Names that a bill, a frame of bills or a case gives another meaning.
RESERVED = ("total", "problem", "rounding", "valid_from", "valid_to", *FRAME_FACTS)

PRICES = ("rate", "tiers", "pass_through", "share")
ACTIONS = ("times", "plus", "minus", "at_most", "at_least", "free_months", "per_unit")


def unsound(version: Version, *, has_calendar: bool) -> Iterator[Problem]:
    """Every problem of a version that shows without its plan."""
    schedule, names = version.schedule, version.names
    yield from check_effective(schedule)
    yield from check_fee_ids(schedule)
    yield from check_prices_given(schedule)
    parts = list(values_in(schedule))
    yield from check_decimals(schedule, names, parts)
    for fact in names.facts.values():
        yield from check_choices(fact)
    for part in parts:
        for check in CHECKS.get(type(part), ()):
            yield from check(part)
        if type(part) is DueRule and not has_calendar:
            yield from check_roll(part)


def check_effective(schedule: FeeSchedule | DunningPolicy) -> Iterator[Problem]:
    days = schedule.effective
    if days.through is not None and days.through < days.from_:
        yield days.problem(
            "inverted_range",
            found=f"the last day {days.through} before the first day {days.from_}",
            expected="a last day that is not before the first",
            hint="through: is the last day in force; leave it out where the end is open",
            key="through",
        )


def check_fee_ids(schedule: FeeSchedule) -> Iterator[Problem]:
    for fee_id, fee in schedule.fees.items():
        if fee_id in RESERVED:
            yield Problem(
                "reserved_id", place_of(fee_id, fee.where), f'the fee "{fee_id}"',
                f"another id: {', '.join(RESERVED)} mean something else on a bill",
                f"write {fee_id}_fee",
            )  # fmt: skip


def check_prices_given(schedule: FeeSchedule) -> Iterator[Problem]:
    """A charge has one price: of several, all but one would silently be left out."""
    for charge in _charges(schedule):
        given = [name for name in PRICES if getattr(charge, name) is not None]
        if len(given) > 1:
            yield charge.problem(
                "contradiction",
                found=" and ".join(given),
                expected="one price: rate, tiers, pass_through or share",
                hint="write each as a part of its own, under parts:",
                key=given[1],
            )
    for fee in schedule.fees.values():
        yield from _beside_parts(fee)


def _beside_parts(fee: Fee) -> Iterator[Problem]:
    """With parts, a fee has no price of its own: it would be charged beside them, and shown nowhere."""
    own = [name for name in (*PRICES, "per", "registers", "otherwise", "ceiling") if getattr(fee, name)]
    if fee.parts and own:
        yield fee.problem(
            "contradiction",
            found=f"{own[0]} and parts in one fee",
            expected="parts, each with its price and quantity",
            hint=f"move {own[0]} into a part",
            key=own[0],
        )


def _charges(schedule: FeeSchedule) -> Iterator[Charge]:
    for fee in schedule.fees.values():
        yield from (fee, *fee.parts.values())


def check_decimals(schedule: FeeSchedule, names: Names, parts: Sequence[Any]) -> Iterator[Problem]:
    """Rates have at most six decimals; cells are counted where their table is read."""
    for charge in _charges(schedule):
        ceiling = charge.ceiling.rate if charge.ceiling else None
        base = charge.tiers.base if charge.tiers else None
        for value in (charge.rate, ceiling, base):
            yield from _too_fine(value, names, charge.where)
    for part in parts:
        if isinstance(part, TableValue) and isinstance(part.otherwise, Decimal):
            yield from _finer(part.otherwise, part.where_of("otherwise"))


def _too_fine(value: Any, names: Names, where: Where) -> Iterator[Problem]:
    match value:
        case Formula(root=Num(value=number) | Unary(operand=Num(value=number))):
            yield from _finer(number, value.where(0))
        case Formula(root=Name(name=name)):
            yield from _fact_too_fine(name, names, value.where(0))
        case FactValue(fact=name):
            yield from _fact_too_fine(name, names, place_of(name, where))
        case SumValue():
            for each in value.sum.values():
                yield from _too_fine(each, names, where)
        case GuidedValue():
            yield from _too_fine(value.base, names, where)


def _finer(number: Decimal, where: Where) -> Iterator[Problem]:
    if decimals_of(number) > MAX_DECIMALS:
        found, rounded = f"{number:f}, {decimals_of(number)} decimals", f"{number:.{MAX_DECIMALS}f}"
        yield Problem(
            "too_many_decimals", where, found, f"at most {MAX_DECIMALS} decimals", f"write {rounded}"
        )


def _fact_too_fine(name: str, names: Names, where: Where) -> Iterator[Problem]:
    fact = names.facts.get(names.aliases.get(name, name))
    if fact is not None and (fact.decimal or 0) > MAX_DECIMALS:
        yield Problem(
            "too_many_decimals", where, f"the rate {name}, a fact with {fact.decimal} decimals",
            f"at most {MAX_DECIMALS} decimals", f"declare it as decimal: {MAX_DECIMALS}",
        )  # fmt: skip


def check_choices(fact: Fact) -> Iterator[Problem]:
    words = fact.choice or ()
    for at, word in enumerate(words):
        if word in words[:at]:
            where = place_of(word, fact.where)
            yield Problem(
                "defined_twice", where, f'"{word}" a second time', "each word once", "take one of them out"
            )


def check_actions(rule: Adjustment) -> Iterator[Problem]:
    given = [name for name in ACTIONS if getattr(rule, name) is not None]
    if len(given) > 1:
        yield rule.problem(
            "contradiction",
            found=f"{' and '.join(given)} in one adjustment",
            expected="one change in each adjustment: the order matters",
            hint="write two adjustments, in the order in which they apply",
            key=given[1],
        )


def check_raise(rule: RaiseBounds) -> Iterator[Problem]:
    if rule.by is None and rule.times is None:
        yield rule.problem(
            "missing_key", found="bounds that are not raised", expected="by: or times:", hint="add by: 100"
        )


def check_cycle(every: Every) -> Iterator[Problem]:
    given = [
        name for name in ("cycle", "months", "season", "once", "use") if getattr(every, name) is not None
    ]
    if len(given) > 1:
        yield every.problem(
            "contradiction",
            found=" and ".join(given),
            expected="one of cycle, months, season, once, use",
            hint="write a fee for each",
            key=given[1],
        )


def check_day(rule: DueRule) -> Iterator[Problem]:
    if rule.after is not None and rule.day is not None:
        yield rule.problem(
            "contradiction",
            found="a day of the month, and a day after another",
            expected="day: with of:, or days: with after:",
            hint=f"write {{day: {rule.day}}}, or {{days: {rule.days or 15}, after: {rule.after}}}",
            key="after",
        )


def check_roll(rule: DueRule) -> Iterator[Problem]:
    if rule.roll != "none":
        yield rule.problem(
            "missing_calendar",
            found=f"roll: {rule.roll} in a book without a calendar",
            expected="a calendar that says which days are workdays",
            hint="add a file with kind: calendar, id: workdays, years: [2026], holidays: [2026-01-01, …]",
            key="roll",
        )


def check_priority(table: TableValue) -> Iterator[Problem]:
    if table.hit == "priority" and not table.priority:
        yield table.problem(
            "missing_key",
            found="hit: priority without the order of the outputs",
            expected="priority: with the outputs, the first wins",
            hint="add priority: [6.50, 2.80]",
            key="hit",
        )


def check_printed(table: TableValue) -> Iterator[Problem]:
    if table.printed is not None and not table.components:
        yield table.problem(
            "missing_key",
            found=f"printed: {table.printed} without components",
            expected="components: with the columns that come to it",
            hint="add components: [service, repair]",
            key="printed",
        )


def check_stages(part: Fee | Defaults) -> Iterator[Problem]:
    """Only the line may be rounded twice: of two roundings of another stage, one would be left out."""
    seen = set[str]()
    for rule in part.rounding:
        if rule.stage in seen and rule.stage != "fee_line":
            yield rule.problem(
                "contradiction",
                found=f"the stage {rule.stage} a second time",
                expected="each stage once; fee_line alone may be rounded several times, in order",
                hint="take one of them out",
                key="stage",
            )
        seen.add(rule.stage)


def check_step(rule: Rounding) -> Iterator[Problem]:
    if rule.unit is not None and rule.places is not None:
        yield rule.problem(
            "contradiction",
            found="unit and places",
            expected="one of them",
            hint=f"write {{unit: {rule.unit}}}, or {{places: {rule.places}}}",
            key="places",
        )


CHECKS: Mapping[type[Part], Sequence[Any]] = {
    Adjustment: (check_actions,),
    RaiseBounds: (check_raise,),
    Every: (check_cycle,),
    DueRule: (check_day,),
    TableValue: (check_priority, check_printed),
    Rounding: (check_step,),
    Fee: (check_stages,),
    Defaults: (check_stages,),
}
