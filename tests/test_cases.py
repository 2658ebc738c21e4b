"""Cases prove a schedule: what differs is told, each with its place, and nothing passes unseen."""

from __future__ import annotations

import pytest

import feerules

SCHEDULE = """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  handover: {date: true, default: 2020-01-01}
  deposit: {boolean: true, default: false}
fees:
  management: {per: area, rate: 3.00, starts: {fact: handover, before: developer}, due: {day: 10}}
  deposit: {applies: {deposit: true}, kind: deposit, rate: 100}
"""
HOME = "{area: 100}"
HANDED_OVER = "{area: 100, handover: 2026-11-11}"
MOVED = "{area: 100, changes: {from: 2026-11-11, area: 90}}"

# the unit, what is expected of it, and what is told ("" where the case passes)
TOLD = [
    (HOME, "{management: 300.00, deposit: none, total: 300}", ""),
    (HOME, "{management: {amount: 300.00, rate: 3, payer: owner, due_on: 2026-11-10}}", ""),
    (HANDED_OVER, "{management: 300.00}", ""),
    (HANDED_OVER, "{management: [100.00, {amount: 200.00, payer: owner}]}", ""),
    ("{}", "{problem: missing}", ""),
    ("{}", "{problem: missing, fact: area}", ""),
    # a fen is a difference
    (HOME, "{management: 300.01}", "management: expected 300.01, found 300.00"),
    (HOME, "{total: 299}", "total: expected 299, found 300.00"),
    (HOME, "{management: {rate: 3.01, payer: tenant}}",
     "management.rate: expected 3.01, found 3.00; management.payer: expected tenant, found owner"),
    (HOME, "{management: three}", "management: 'three' is no number"),
    # what is charged, or is not
    (HOME, "{management: none}", "management: expected nothing, found 300.00"),
    (HOME, "{deposit: 100}", "deposit: expected 100, found no line"),
    # one line is not another
    (HANDED_OVER, "{management: {amount: 100.00}}", "management: expected 1 line, found 2"),
    (HANDED_OVER, "{management: [100.00]}", "management: expected 1 line, found 2"),
    (HOME, "{management: [300.00, 0.00]}", "management: expected 2 lines, found 1"),
    # slips of the pen
    (HOME, "{managment: 300.00}", 'no fee managment in the schedule; did you mean "management"?'),
    (HOME, "{management: {amuont: 300.00}}", 'management: a line has no amuont; did you mean "amount"?'),
    # problems that are there and are not expected, and the reverse
    ("{}", "{management: 300.00}",
     "expected management 300.00, found the problems: missing: area: no value, and one is needed"),
    ("{}", "{problem: missing, fact: deposit}",
     "expected problem missing, fact deposit, found the problems: missing: area: no value, and one is needed"),
    (HOME, "{problem: missing}", "expected the problem missing, found a bill of 300.00"),
    # a unit that cannot even be asked about
    (MOVED, "{management: 300.00}",
     "found changes={'from': '2026-11-11', 'area': '90'}, expected a list of {from: day, facts: {…}}"),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "expect", "told"), TOLD, ids=lambda value: str(value)[:60])
def test_every_difference_is_told_with_its_place(unit: str, expect: str, told: str) -> None:
    cases = f"kind: cases\nfor: garden\ncases:\n  - {{name: a home, unit: {unit}, period: 2026-11, expect: {expect}}}\n"
    [result] = feerules.run_cases(feerules.load_files({"garden.yaml": SCHEDULE, "garden.cases.yaml": cases}))
    assert str(result) == f"garden.cases.yaml:4:5: a home: {told or 'passed'}"
    assert result.passed == (told == "")


def test_cases_of_a_document_that_the_book_has_not_do_not_pass() -> None:
    cases = "kind: cases\nfor: gardens\ncases:\n  - {name: a home, unit: {}, period: 2026-11, expect: {total: 0}}\n"
    [result] = feerules.run_cases(feerules.load_files({"garden.yaml": SCHEDULE, "a.cases.yaml": cases}))
    assert result.differences == ('no schedule gardens in the book; did you mean "garden"?',)
