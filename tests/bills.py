"""Bills worked out by hand: what the tests of charges, tiers, cycles, cuts and rounding share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import dedent, indent
from typing import Any

import pytest

import feerules

FACTS = """
  type: {choice: [home, shop, bay], default: home}
  area: {decimal: 2, min: 0, max: 100000, unit: m²}
  floor: {integer: true, min: -5, max: 120, default: 1}
  height: {decimal: 2, min: 0, max: 20, unit: m, default: 3}
  lift: {boolean: true, optional: true}
  persons: {integer: true, min: 0, max: 30, default: 3}
  prepaid: {boolean: true, default: false}
  vacant: {boolean: true, default: false}
  vacant_since: {date: true, optional: true}
  handover: {date: true}
  moved_out: {date: true, optional: true}
  paid_on: {date: true, optional: true}
  back_on: {date: true, optional: true}
  contract_rate: {decimal: 6, min: 0, max: 100}
  chosen: {decimal: 4, min: -1, max: 1}
  number: {decimal: 6, min: -1000000, max: 1000000}
  used: {decimal: 2, min: 0, max: 99999, unit: m³, usage: true}
  before: {decimal: 2, min: 0, max: 999999, unit: m³, default: 0}
  peak: {decimal: 2, min: 0, max: 99999, unit: kWh, usage: true}
  valley: {decimal: 2, min: 0, max: 99999, unit: kWh, usage: true}
  company_bill: {decimal: 2, min: 0, max: 999999, unit: CNY, usage: true}
  entered: {datetime: true, optional: true}
  left: {datetime: true, optional: true}
"""

Told = str | Mapping[str, str]  # an amount, or what a line says by name
Expected = str | Sequence[Told] | Mapping[str, "Told | Sequence[Told]"]


@dataclass(frozen=True)
class Case:
    """One bill: the title says the rule in words, `expected` what a person gets with a calculator.

    `expected` is the amount of the one line; or all lines in order; or by fee; or the code of a problem,
    with its fact: "missing area". `later` are versions of the schedule: the first day, and its fees.
    """

    title: str
    fees: str
    unit: Mapping[str, Any]
    expected: Expected
    period: str = "2026-11"
    later: Sequence[tuple[str, str]] = ()
    more: str = ""  # other keys of the schedule
    accrue: bool = False
    shares: Mapping[str, Any] = field(default_factory=dict)


def schedule(fees: str, first: str = "2000-01-01", more: str = "", name: str = "example") -> str:
    """A fee schedule with the facts of this module."""
    head = f"kind: fee-schedule\nid: {name}\neffective: {{from: {first}}}\nfacts:{FACTS}"
    return f"{head}{dedent(more)}\nfees:\n{indent(dedent(fees).strip(), '  ')}\n"


def book_of(case: Case) -> feerules.Book:
    files = {"first.yaml": schedule(case.fees, more=case.more)}
    for first, fees in case.later:
        files[f"from-{first}.yaml"] = schedule(fees, first, case.more)
    return feerules.load_files(files)


def cases(*groups: Sequence[Case]) -> pytest.MarkDecorator:
    """Parametrizes a test by cases, each called by its title."""
    every = [case for group in groups for case in group]
    return pytest.mark.parametrize("case", every, ids=[case.title for case in every])


def bill_of(case: Case) -> feerules.Bill:
    return feerules.price(
        case.unit, book_of(case), case.period, accrue=case.accrue, shares=case.shares or None
    )


def check(case: Case) -> None:
    """Prices the case and holds it to what is expected, and to what is true of every bill."""
    try:
        bill = bill_of(case)
    except feerules.UnitErrors as error:
        codes = [each for p in error.problems for each in (p.code, f"{p.code} {p.fact}")]
        assert case.expected in codes
        return
    if isinstance(case.expected, Mapping):
        found = {fee: told(bill, fee, want) for fee, want in case.expected.items()}
        assert found == {fee: listed(want) for fee, want in case.expected.items()}
        assert set(bill.amounts) == {fee for fee, want in case.expected.items() if listed(want)}
    else:
        assert told(bill, None, case.expected) == listed(case.expected)
    assert_sound(bill)


def listed(expected: Told | Sequence[Told]) -> list[Told]:
    return [expected] if isinstance(expected, str | Mapping) else list(expected)


def told(bill: feerules.Bill, fee: str | None, expected: Told | Sequence[Told]) -> list[Told]:
    """The lines of a fee (or all), each as much as the expected line says."""
    lines = [line for line in bill.lines if fee in (None, line.fee)]
    wanted = listed(expected)
    wanted += ["0"] * (len(lines) - len(wanted))
    return [
        str(line.amount) if isinstance(want, str) else {name: shown(line, name) for name in want}
        for line, want in zip(lines, wanted, strict=False)
    ]


def shown(line: feerules.BillLine, name: str) -> str:
    """What a line says under a name; numbers other than money without the zeros at their end."""
    value = getattr(line, name)
    if name in ("quantity", "rate", "factor", "tax_rate") and value is not None:
        return format(value.normalize(), "f")
    return str(value)


def assert_sound(bill: feerules.Bill) -> None:
    """What holds for every bill, whatever the rules."""
    assert bill.total == sum(line.amount for line in bill.lines)
    assert all(line.net + line.tax == line.amount for line in bill.lines)
    assert all(line.period_start < line.period_end for line in bill.lines)
    identities = [line.charge_id for line in bill.lines]
    assert len(set(identities)) == len(identities)
    assert feerules.Bill.from_dict(bill.to_dict()) == bill
