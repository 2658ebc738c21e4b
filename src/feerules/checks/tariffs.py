"""Findings on prices: floats and rates that no bill may have, sums that do not add up, fees that nobody pays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from feerules.book import Book
from feerules.checks.exclusions import excluded_rows, holds_for_all, narrowed
from feerules.checks.findings import Finding, finding
from feerules.checks.reductions import adjusted_cliffs
from feerules.checks.steepness import cliffs, falling_tiers
from feerules.checks.valuation import MOST_POINTS, Point, Valued, constant, excluded, is_meant, points, valued
from feerules.documents.charging import Adjustment, Charge
from feerules.documents.model import Part
from feerules.documents.schedule import Fee, values_in
from feerules.documents.values import GuidedValue, SumValue, TableValue
from feerules.errors import Where
from feerules.plan.conditions import read_number
from feerules.plan.lines import Version
from feerules.plan.names import Names, place_of
from feerules.wording import sentence

__all__ = ["check_tariffs"]

Meant = Callable[[Point], bool]  # whether a fee is for such a unit


def check_tariffs(book: Book) -> Iterator[Finding]:
    """Every finding on the prices of a book's schedules, in all versions."""
    for versions in book.versions:
        for version in versions:
            yield from excluded_rows(version)
            for fee_id in version.schedule.fees:
                fee = version.schedule.complete(fee_id)
                yield from nobody_pays(version, fee_id, fee)
                yield from adjusted_cliffs(version, fee)
                for charge in (fee, *fee.parts.values()):
                    yield from _of_charge(version, fee, charge)


def _of_charge(version: Version, fee: Fee, charge: Charge) -> Iterator[Finding]:
    asked = (version.schedule.applies, fee.applies, charge.applies)
    meant = is_meant(version.names, asked)
    yield from _of_rate(version, charge, meant)
    yield from above_ceiling(version, charge, meant)
    yield from falling_tiers(version, charge)
    yield from cliffs(version, charge, meant)


def _of_rate(version: Version, charge: Charge, meant: Meant) -> Iterator[Finding]:
    for part in values_in(charge.rate) if isinstance(charge.rate, Part) else ():
        if isinstance(part, GuidedValue):
            yield from float_out_of_range(version, part, meant)
        elif isinstance(part, SumValue) and part.printed is not None:
            yield from wrong_sum(version, part, meant)
        elif isinstance(part, TableValue) and part.printed is not None:
            yield from wrong_totals(version, part)


# Rates that are refused whoever the unit is


def float_out_of_range(version: Version, value: GuidedValue, meant: Meant) -> Iterator[Finding]:
    """A float that is written, and beyond what is permitted."""
    names = version.names
    chosen = valued(value.float, names)
    down = None if value.down == "without_limit" else value.down
    for limit, sign in ((value.up, 1), (down, -1)):
        most = valued(limit, names)
        if chosen is None or most is None:
            continue
        for point in filter(meant, points(chosen, most)):
            told, permitted = chosen.at(point), most.at(point)
            if told is not None and permitted is not None and sign * told > permitted:
                yield finding(
                    "float_out_of_range", "error", value.where_of("float"),
                    sentence("a float of {float}, of which {most} are permitted: no such unit can be billed"),
                    sentence("mend the float, or what is permitted"),
                    witness=_facts(point, chosen, most), document=version.schedule.id,
                    float=_percent(told), most=_percent(sign * permitted),
                )  # fmt: skip
                break


def above_ceiling(version: Version, charge: Charge, meant: Meant) -> Iterator[Finding]:
    """A rate that is written, above the ceiling that stands beside it."""
    if charge.ceiling is None or charge.ceiling.beyond == "cap":
        return
    rate, most = valued(charge.rate, version.names), valued(charge.ceiling.rate, version.names)
    if rate is None or most is None:
        return
    for point in filter(meant, points(rate, most)):
        told, permitted = rate.at(point), most.at(point)
        if told is not None and permitted is not None and told > permitted:
            yield finding(
                "rate_above_ceiling", "error", charge.where_of("rate"),
                sentence("a rate of {rate} above the ceiling of {most}: no such unit can be billed"),
                sentence("mend the rate or the ceiling, or say beyond: cap"),
                witness=_facts(point, rate, most), document=version.schedule.id,
                rate=f"{told:f}", most=f"{permitted:f}",
            )  # fmt: skip
            return


def _facts(point: Mapping[str, int | None], *values: Valued) -> list[dict[str, str]]:
    told = {name: text for value in values for name, text in value.text(point).items()}
    return [told] if told else []


def _percent(number: Decimal) -> str:
    text = f"{number * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


# Sums and the totals that are printed beside them


def wrong_sum(version: Version, value: SumValue, meant: Meant) -> Iterator[Finding]:
    """Components of a sum that do not come to the total that was printed."""
    total, printed = valued(value, version.names), valued(value.printed, version.names)
    if total is None or printed is None:
        return
    seen: set[Where] = set()
    for point in filter(meant, points(total, printed)):
        made, told = total.at(point), printed.at(point)
        where = printed.place(point) or value.where_of("printed")
        if made is not None and told is not None and made != told and where not in seen:
            seen.add(where)
            yield finding(
                "wrong_sum", "warning", where, NOT_THE_SUM, MEND_THE_SUM, witness=_facts(point, total, printed),
                document=version.schedule.id, made=f"{made:f}", printed=f"{told:f}",
            )  # fmt: skip


def wrong_totals(version: Version, value: TableValue) -> Iterator[Finding]:
    """Rows whose outputs do not come to the total that was printed."""
    table = value.table
    if table is None:
        return
    heads = [str(head.name) for head in table.header]
    at, parts = heads.index(str(value.printed)), [heads.index(name) for name in value.components]
    for row in table.rows:
        told = read_number(row.cells[at])
        numbers = [read_number(row.cells[part]) for part in parts]
        made = sum((number for number in numbers if number is not None), Decimal(0))
        if told is not None and None not in numbers and made != told:
            facts = {head: str(cell) for head, cell in zip(heads, row.cells, strict=True)}
            yield finding(
                "wrong_sum", "warning", row.cells[at].where, NOT_THE_SUM, MEND_THE_SUM, witness=[facts],
                document=version.schedule.id, made=f"{made:f}", printed=f"{told:f}",
            )  # fmt: skip


NOT_THE_SUM = sentence("the components come to {made}, and {printed} is printed; bills have the components")
MEND_THE_SUM = sentence("find out which of them is right, and mend the other")


# Fees that nobody pays


def nobody_pays(version: Version, fee_id: str, fee: Fee) -> Iterator[Finding]:
    """A fee that no unit can have, or that costs nothing whoever has it; a note says that this is meant."""
    if fee.note is not None:
        return
    where = place_of(next(name for name in version.schedule.fees if name == fee_id), fee.where)
    for cells in (fee.applies, *(part.applies for part in fee.parts.values())):
        other = version.schedule.applies if cells is fee.applies else fee.applies
        name = excluded(version.names, cells, other)
        if name is not None:
            yield finding(
                "nobody_pays", "warning", place_of(name, where),
                sentence("{fee} is for units whose {fact} the rules around it exclude: nobody pays it"),
                sentence("mend one of the two conditions on {fact}, or say in a note why it stands here"),
                document=version.schedule.id, fee=fee_id, fact=str(name),
            )  # fmt: skip
    if _has_no_days(version.names, fee):
        yield finding(
            "nobody_pays", "warning", where,
            sentence("{fee} ends on the day on which it starts, {fact}: nobody pays it"),
            sentence("mend starts: or ends:, or say in a note why it stands here"),
            document=version.schedule.id, fee=fee_id, fact=fee.ends.fact if fee.ends else "",
        )  # fmt: skip
    if _costs_nothing(version, fee):
        yield finding(
            "nobody_pays", "warning", where,
            sentence("{fee} costs nothing, whoever has it: nobody pays it"),
            sentence("mend its price, or say in a note why it stands here"),
            document=version.schedule.id, fee=fee_id,
        )  # fmt: skip


def _has_no_days(names: Names, fee: Fee) -> bool:
    """Whether liability ends where it starts, and nobody pays the days around it."""
    starts, ends = fee.starts, fee.ends
    if starts is None or ends is None or starts.before != "nobody" or ends.after != "nobody":
        return False
    return names.aliases.get(starts.fact, starts.fact) == names.aliases.get(ends.fact, ends.fact)


def _costs_nothing(version: Version, fee: Fee) -> bool:
    charges = [
        charge for charge in (fee, *fee.parts.values()) if charge.rate is not None or charge is not fee
    ]
    if fee.minimum is not None or any(charge.minimum is not None for charge in charges):
        return False
    free = bool(charges) and all(_is_nothing(version, fee, charge) for charge in charges)
    changes = [rule for rule in fee.adjustments if _adds(rule)]
    return (free and not changes) or _is_given_away(version, fee)


def _is_nothing(version: Version, fee: Fee, charge: Charge) -> bool:
    """Whether the rate of a charge is 0 or none for every unit that it is for."""
    rate = None if charge.rate is None else valued(charge.rate, version.names)
    if rate is None:
        return False
    numbers = [rate.number, *(otherwise or Decimal(0) for _, otherwise in rate.tables)]
    outputs = [number for made, _ in rate.tables for values, _ in made.outputs.values() for number in values]
    if not any(numbers) and not any(outputs):
        return True
    asked = (version.schedule.applies, fee.applies, charge.applies)
    around, meant = narrowed(version.names, asked), is_meant(version.names, asked)
    every = [*points(rate, around=around)]
    return len(every) < MOST_POINTS and not any(rate.at(point) for point in filter(meant, every))


def _adds(rule: Adjustment) -> bool:
    return any((rule.plus, rule.at_least, rule.per_unit and rule.per_unit.plus))


def _is_given_away(version: Version, fee: Fee) -> bool:
    """Whether an adjustment for everybody leaves nothing, and none after it adds anything."""
    names = version.names
    around = narrowed(names, (version.schedule.applies, fee.applies))
    free, rate = False, constant(fee.rate, names) if fee.per is None and fee.rate_per is None else None
    for rule in fee.adjustments:
        less = constant(rule.minus, names)
        all_of_it = rate is not None and less is not None and rate == less and rule is fee.adjustments[0]
        zero = constant(rule.times, names) == 0 or all_of_it
        free = (free and not _adds(rule)) or (zero and holds_for_all(names, rule.when, around))
    return free
