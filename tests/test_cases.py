"""Cases prove a schedule: what differs is told, each with its place, and nothing passes unseen."""

from __future__ import annotations

import json

import pytest

import feerules

SCHEDULE = """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 10000, unit: m², aliases: [面积]}
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


# Several problems, and problems of accounts

POLICY = """
kind: dunning-policy
id: random
effective: {from: 2026-01-01}
facts: {weekly_rent: {decimal: 2, min: 0, max: 1000, aliases: [周租金]}}
derived: {beyond: outstanding - weekly_rent}
ladder: {steps: [{id: reminder, when: {beyond: "> 0"}, channels: [sms], gap: 5 days}]}
"""
OWES = "position: {outstanding: 300, overdue: 300}"
PROBLEMS = [
    ("unit: {}", "{problems: [missing]}", ""),
    ("unit: {area: -1, deposit: 3}", "{problems: [{problem: out_of_domain, fact: area}, wrong_type]}", ""),
    ("unit: {area: -1, deposit: 3}", "{problem: wrong_type}", ""),
    ("unit: {area: -1, deposit: 3}", "{problems: [wrong_type]}",
     "expected problems wrong_type, found the problems: out_of_domain: area: outside 0.00 to 10000.00\nwrong_type: deposit: not true or false"),
    ("unit: {}", "{problems: [missing, {problem: wrong_type, fact: deposit}]}",
     "expected problems missing and wrong_type of deposit, found the problems: missing: area: no value, and one is needed"),
    ("unit: {area: 100}", "{problems: [missing]}", "expected the problem missing, found a bill of 300.00"),
    # by another name of the fact
    ("unit: {面积: -1}", "{problem: out_of_domain, fact: 面积}", ""),
    ("unit: {}", "{problem: missing, fact: 面积}", ""),
    ("position: {outstanding: 300, overdue: 300}", "{problem: missing, fact: 周租金}", ""),
    # slips of the pen, told whatever comes out
    ("unit: {area: 100}", "{problem: mising}",
     '"mising" is the code of no problem; did you mean "missing"?; expected the problem mising, found a bill of 300.00'),
    ("unit: {}", "{problem: mising}", '"mising" is the code of no problem; did you mean "missing"?'),
    ("unit: {}", "{problem: missing, total: 0}", "total: beside a problem nothing else comes out"),
    ("unit: {}", "{problem: missing, facts: area}", 'facts: beside a problem nothing else comes out; did you mean "fact"?'),
    ("unit: {}", "{problem: missing, problems: [missing]}", "problem: and problems:, of which one is enough"),
    ("unit: {}", "{problems: [[missing]]}", "['missing']: no problem, such as {problem: missing, fact: area}"),
    ("unit: {}", "{managment: 300.00}",
     'no fee managment in the schedule; did you mean "management"?; expected managment 300.00, found the problems: missing: area: no value, and one is needed'),
    # accounts are problems too
    (OWES, "{problem: missing, fact: weekly_rent}", ""),
    (OWES, "{problems: [missing]}", ""),
    (OWES, "{decision: act}",
     "expected decision act, found the problems: missing: weekly_rent: no value, and one is needed"),
    ("position: {outstanding: 300, overdue: 300, weekly_rent: 80}", "{decision: act, step: reminder}", ""),
    ("position: {outstanding: 300, overdue: 300, weekly_rent: 80}", "{problem: missing}",
     "expected the problem missing, found the decision act"),
    # what is no account at all
    ("account: {charges: 5}", "{decision: act}", "the case itself: found charges: '5', expected a list of entries"),
    ("account: {events: [5]}", "{decision: act}", "the case itself: found events: ['5'], expected a list of entries"),
    ("account: {weekly_rent: 80}", "{decision: act}", "weekly_rent: what the policy declares stands under facts of the account"),
    ("account: {chrges: []}", "{decision: act}", 'chrges: nothing that an account has; did you mean "charges"?'),
    ("account: {charges: [{due_on: 2026-11-01, amount: 5, amuont: 6}]}", "{decision: act}", "charges.0.amuont: nothing that an account has"),
    ("position: {overdue: 300, wekly_rent: 80}", "{decision: act}", 'the case itself: found "wekly_rent", did you mean "weekly_rent"?'),
    ("position: {overdue: [1, 2]}", "{decision: act}", "the case itself: found ['1', '2'] as overdue, expected one value"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expect", "told"), PROBLEMS, ids=lambda value: str(value)[:60])
def test_a_case_expects_problems_of_units_and_of_accounts(given: str, expect: str, told: str) -> None:
    of, day = ("garden", "period: 2026-11") if given.startswith("unit") else ("random", "as_of: 2026-11-10")
    cases = f"kind: cases\nfor: {of}\ncases:\n  - {{name: one, {given}, {day}, expect: {expect}}}\n"
    files = {"garden.yaml": SCHEDULE, "random.yaml": POLICY, "garden.cases.yaml": cases}
    [result] = feerules.run_cases(feerules.load_files(files))
    assert str(result).partition(": one: ")[2] == (told or "passed")


def test_a_case_of_days_that_the_calendar_does_not_know_fails_and_says_so() -> None:
    schedule = SCHEDULE.replace("due: {day: 10}", "due: {day: 10, roll: next_workday}")
    schedule = schedule.replace("from: 2026-01-01}", "from: 2026-01-01, through: 2027-06-30}")
    calendar = "kind: calendar\nid: china\nyears: [2026]\n"
    cases = "kind: cases\nfor: garden\ncases:\n  - {name: one, unit: {area: 1}, period: 2027-05, expect: {total: 3}}\n"
    book = feerules.load_files({"garden.yaml": schedule, "china.yaml": calendar, "a.cases.yaml": cases})
    [told] = feerules.run_cases(book)[0].differences
    assert told.startswith("the case itself: 1 problem in the rules\ngarden.yaml:10:105: unknown_year")
    assert "a due day in 2027, which the calendar does not know" in told


# What a result tells

TWO = """kind: cases
for: garden
cases:
  - {name: {zh: 整月, en: a month}, unit: {area: 100}, period: 2026-11, expect: {management: 300.01}}
  - {name: empty, unit: {}, period: 2026-11, expect: {management: 300}}
  - {name: {zh: 对的, en: right}, unit: {area: 100}, period: 2026-11, expect: {management: 300}}
"""


@pytest.fixture
def results() -> list[feerules.CaseResult]:
    return feerules.run_cases(feerules.load_files({"garden.yaml": SCHEDULE, "a.cases.yaml": TWO}))


def test_a_result_explains_itself_in_both_languages(results: list[feerules.CaseResult]) -> None:
    assert [each.explain() for each in results] == [
        "a.cases.yaml:4:5: 整月：management：预期300.01，实际300.00",
        "a.cases.yaml:5:5: empty：预期management 300，实际问题：area：缺少必需的数据。",
        "a.cases.yaml:6:5: 对的：通过",
    ]
    assert results[0].explain("en") == "a.cases.yaml:4:5: a month: management: expected 300.01, found 300.00"


def test_a_result_is_plain_json(results: list[feerules.CaseResult]) -> None:
    told = json.loads(json.dumps(results[0].to_dict()))
    assert told["name"] == {"zh": "整月", "en": "a month"}
    assert (told["file"], told["line"], told["passed"]) == ("a.cases.yaml", 4, False)
    assert told["differences"] == [
        {
            "message": "management: expected 300.01, found 300.00",
            "name": "management",
            "expected": "300.01",
            "found": "300.00",
            "problems": [],
        }
    ]
    assert results[1].to_dict()["differences"][0]["problems"][0]["code"] == "missing"


def test_results_are_seen_as_they_come_and_for_one_document_alone() -> None:
    book = feerules.load_files({"garden.yaml": SCHEDULE, "random.yaml": POLICY, "a.cases.yaml": TWO})
    seen: list[feerules.CaseResult] = []
    assert feerules.run_cases(book, "garden", watch=seen.append) == seen
    assert [each.number for each in seen] == [1, 2, 3]
    assert feerules.run_cases(book, "random") == []
    with pytest.raises(ValueError, match="the book has no document 'gardens'"):
        feerules.run_cases(book, "gardens")
