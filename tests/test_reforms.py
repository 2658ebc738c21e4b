"""Reforms: what an analyst types, and which lines of the rules change by it."""

from __future__ import annotations

import pickle
from decimal import Decimal
from difflib import ndiff
from pathlib import Path
from typing import Any

import pytest

import feerules
from feerules import Reform

GARDEN = """\
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop], words: {住宅: home}}
  area: {decimal: 2, min: 0, max: 10000}
  floor: {integer: true, min: -5, max: 60}
  lift: {boolean: true, aliases: [有电梯]}
  used: {decimal: 2, min: 0, max: 9999, usage: true}
fees:
  management:  # by the month
    per: area
    rate: |
      | type | lift  | floor  | rate | note |
      |------|-------|--------|------|------|
      | home | true  | [1..3] | 2.00 | low  |
      | home | true  | > 3    | 2.80 | high |
      | home | true  | < 1    | 0    |      |
      | home | false | -      | 1.50 |      |
      | shop | -     | -      | 6.50 |      |
    adjustments:
      - {when: {floor: "> 50"}, times: 0.90, title: {zh: 高层优惠, en: High floors}}
  water:
    applies: {type: home}
    per: used
    at_a_change: by_days
    tiers:
      table: |
        | type      | up to | rate |
        | not(shop) | 220   | 2.10 |
        | not(shop) | above | 3.40 |
        | shop      | above | 9    |
  rubbish: {rate: 8, minimum: 2}
  fire: {per: {fees: [management]}, rate: 1%}
"""
BOOK = feerules.load_files({"garden.yaml": GARDEN})
HIGH = {"type": "home", "lift": True, "floor": ">= 4"}


def difference(reform: Reform, book: feerules.Book = BOOK) -> list[str]:
    """The lines that a reform takes out and puts in, of all files."""
    found = []
    changed = reform.apply(book)
    for name, content in changed.files.items():
        before = book.files.get(name, b"").decode().splitlines()
        lines = ndiff(before, content.decode().splitlines())
        found += [line[0] + line[2:].strip() for line in lines if line[0] in "+-"]
    return found


CHANGES: list[tuple[str, Reform, list[str]]] = [
    ("a rate of the rows that a condition means", Reform().rate("management", to="2.95", when=HIGH),
     ["-| home | true  | > 3    | 2.80 | high |", "+| home | true  | > 3    | 2.95 | high |"]),
    ("more in several rows", Reform().rate("management", by="0.15", when={"type": "home", "lift": True, "floor": ">= 1"}),
     ["-| home | true  | [1..3] | 2.00 | low  |", "-| home | true  | > 3    | 2.80 | high |",
      "+| home | true  | [1..3] | 2.15 | low  |", "+| home | true  | > 3    | 2.95 | high |"]),
    ("a condition in other words", Reform().rate("management", to=3, when={"type": "住宅", "有电梯": False}),
     ["-| home | false | -      | 1.50 |      |", "+| home | false | -      | 3    |      |"]),
    ("a rate that needs more room", Reform().rate("management", times="1.0123", when={"type": "shop"}),
     ["-| shop | -     | -      | 6.50 |      |", "+| shop | -     | -      | 6.57995 |      |"]),
    ("a rate rounded", Reform().rate("management", times="1.0123", places=2, when={"type": "shop"}),
     ["-| shop | -     | -      | 6.50 |      |", "+| shop | -     | -      | 6.58 |      |"]),
    ("a tier by its bound, of the units that the fee is for", Reform().rate("water", to="2.20", when={"type": "home", "up to": 220}),
     ["-| not(shop) | 220   | 2.10 |", "+| not(shop) | 220   | 2.20 |"]),
    ("a number between braces", Reform().rate("rubbish", to=9),
     ["-rubbish: {rate: 8, minimum: 2}", "+rubbish: {rate: 9, minimum: 2}"]),
    ("a float as it is typed", Reform().rate("rubbish", to=8.5),
     ["-rubbish: {rate: 8, minimum: 2}", "+rubbish: {rate: 8.5, minimum: 2}"]),
    ("a share stays one", Reform().rate("fire", by="0.005"),
     ["-fire: {per: {fees: [management]}, rate: 1%}", "+fire: {per: {fees: [management]}, rate: 1.5%}"]),
    ("an adjustment by its title", Reform().adjustment("management", "高层优惠", to="0.85"),
     ['-- {when: {floor: "> 50"}, times: 0.90, title: {zh: 高层优惠, en: High floors}}',
      '+- {when: {floor: "> 50"}, times: 0.85, title: {zh: 高层优惠, en: High floors}}']),
    ("an adjustment by its place", Reform().adjustment("management", 1, times="0.5"),
     ['-- {when: {floor: "> 50"}, times: 0.90, title: {zh: 高层优惠, en: High floors}}',
      '+- {when: {floor: "> 50"}, times: 0.45, title: {zh: 高层优惠, en: High floors}}']),
    ("a limit that was not there", Reform().set("fees.management.minimum", 30), ["+minimum: 30"]),
    ("a mapping that was not there", Reform().set("bill.unit", "0.1"), ["+bill: {unit: 0.1}"]),
    ("a fee off", Reform().remove("fees.rubbish"), ["-rubbish: {rate: 8, minimum: 2}"]),
    ("a fee on", Reform().add("fees.lamp", {"rate": Decimal("1.20")}), ["+lamp: {rate: 1.20}"]),
    ("another table", Reform().set("fees.rubbish.rate", "| type | rate |\n|---|---|\n| home | 8 |\n| shop | 20 |"),
     ["-rubbish: {rate: 8, minimum: 2}", '+rubbish: {rate: "| type | rate |\\n|---|---|\\n| home | 8 |\\n| shop | 20 |", minimum: 2}']),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reform", "expected"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES]
)
def test_a_reform_changes_the_lines_that_it_means(reform: Reform, expected: list[str]) -> None:
    assert sorted(difference(reform)) == sorted(expected)


def test_the_book_stays_as_it_was_and_the_new_one_is_a_book_like_any() -> None:
    unit = {"type": "home", "area": 100, "floor": 9, "lift": True, "used": 0}
    dearer = Reform().rate("management", to="3", when=HIGH).apply(BOOK)
    assert BOOK.files["garden.yaml"] == GARDEN.encode()
    assert feerules.price(unit, BOOK, "2026-11").amounts["management"] == Decimal("280.00")
    assert feerules.price(unit, dearer, "2026-11").amounts["management"] == Decimal("300.00")
    assert pickle.loads(pickle.dumps(dearer)).digest == dearer.digest != BOOK.digest


def test_reforms_add_up_in_order() -> None:
    both = Reform("first").rate("rubbish", by=1) + Reform("second").rate("rubbish", times=2)
    assert str(both) == "first; second\n- fees.rubbish.rate by 1\n- fees.rubbish.rate times 2"
    assert "+rubbish: {rate: 18, minimum: 2}" in difference(both)


WRONG: list[tuple[str, Reform, str]] = [
    ("a fee that is not there", Reform().rate("managment", to=3),
     """\
1 problem in the rules
garden.yaml:10:1: unknown_path
  10 | fees:
     | ^
  found:    "managment" in fees.managment.rate
  expected: one of management, water, rubbish, fire
  hint:     did you mean "management"?"""),
    ("a column that is not there", Reform().rate("management", to=3, when={"storey": 3}),
     """\
1 problem in the rules
garden.yaml:16:9: unknown_column
  16 |       | home | true  | [1..3] | 2.00 | low  |
     |         ^
  found:    "storey" in when=
  expected: a column of the table: type, lift, floor, rate, note"""),
    ("no such row", Reform().rate("management", to=3, when={"type": "shop", "lift": False}),
     """\
1 problem in the rules
garden.yaml:20:9: reaches_beyond
  20 |       | shop | -     | -      | 6.50 |      |
     |         ^
  found:    the row type shop, lift -
  expected: rows that hold for nothing but type shop, lift false
  hint:     divide the row first, or widen when="""),
    ("a part of a row", Reform().rate("management", to=3, when={"type": "home", "lift": True, "floor": ">= 10"}),
     """\
1 problem in the rules
garden.yaml:17:9: reaches_beyond
  17 |       | home | true  | > 3    | 2.80 | high |
     |         ^
  found:    the row type home, lift true, floor > 3
  expected: rows that hold for nothing but type home, lift true, floor >= 10
  hint:     divide the row first, or widen when="""),
    ("no row at all", Reform().rate("water", to=3, when={"up to": 100}),
     """\
1 problem in the rules
garden.yaml:30:11: no_row
  30 |         | not(shop) | 220   | 2.10 |
     |           ^
  found:    no row for up to 100
  expected: a row that lies inside of it
  hint:     there is the row up to 220; the row up to above"""),
    ("a condition without a table", Reform().rate("rubbish", to=3, when={"type": "home"}),
     """\
1 problem in the rules
garden.yaml:33:13: not_a_table
  33 |   rubbish: {rate: 8, minimum: 2}
     |             ^
  found:    when= for fees.rubbish.rate, which is no table
  expected: a table with rows
  hint:     leave out when=, or put a table there first"""),
    ("a cell that is none", Reform().rate("management", to=3, when={"floor": "> three"}),
     """\
1 problem in the rules
garden.yaml:16:9: unknown_word
  16 |       | home | true  | [1..3] | 2.00 | low  |
     |         ^
  found:    floor > three
  expected: a number: 6, >= 6, [6..10), not(6), or - for any"""),
    ("no number", Reform().set("fees.water.at_a_change", times=2),
     """\
1 problem in the rules
garden.yaml:26:5: not_a_number
  26 |     at_a_change: by_days
     |     ^
  found:    by= or times= for "by_days"
  expected: a number or a formula
  hint:     give another value with to="""),
    ("no such document", Reform(document="gardn").rate("rubbish", to=3),
     """\
1 problem in the rules
garden.yaml:1:1: unknown_document
  1 | kind: fee-schedule
    | ^
  found:    the document "gardn"
  expected: one of garden
  hint:     did you mean "garden"?"""),
    ("what is gone by then", Reform().remove("fees.fire").remove("fees.fire"),
     """\
1 problem in the rules
garden.yaml:10:1: unknown_path
  10 | fees:
     | ^
  found:    "fire" in fees.fire
  expected: one of management, water, rubbish"""),
    ("a neighbour that is not there", Reform().add("fees.management.adjustments.x", {"times": 1}, after="高层"),
     """\
1 problem in the rules
garden.yaml:21:5: unknown_path
  21 |     adjustments:
     |     ^
  found:    "高层" in fees.management.adjustments
  expected: one of 高层优惠
  hint:     did you mean "高层优惠"?"""),
    ("what is there already", Reform().add("fees.fire", {"rate": 3}),
     """\
1 problem in the rules
garden.yaml:10:1: defined_twice
  10 | fees:
     | ^
  found:    fees.fire, which is there already
  expected: a name that is free
  hint:     change it: set('fees.fire', …)"""),
    ("what makes no rules", Reform().set("fees.rubbish.minimum", "lots"),
     """\
1 problem in the rules
garden.yaml:33:31: unknown_fact
  33 |   rubbish: {rate: 8, minimum: lots}
     |                               ^
  found:    the name "lots"
  expected: a fact (type, area, floor, lift, used), a derived fact, a parameter or a table of this schedule
  hint:     declare it under facts, for example lots: {decimal: 2, min: 0, max: 100000}"""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reform", "expected"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_a_reform_that_cannot_be_says_what_is_there_instead(reform: Reform, expected: str) -> None:
    with pytest.raises(feerules.RuleErrors) as refused:
        reform.apply(BOOK)
    assert str(refused.value) == expected


def test_every_change_that_cannot_be_is_told_at_once() -> None:
    reform = Reform().rate("managment", to=3).rate("water", to=3, when={"up to": 100})
    with pytest.raises(feerules.RuleErrors) as refused:
        reform.apply(BOOK)
    assert [problem.code for problem in refused.value.problems] == ["unknown_path", "no_row"]


MISUSED: list[tuple[dict[str, Any], str]] = [
    ({"to": 3, "by": 1}, "found to= and by= for fees.rubbish.rate, expected one of to=, by= and times="),
    ({}, "found no change for fees.rubbish.rate, expected one of to=, by= and times="),
    ({"by": "5%"}, "found by='5%', expected a number: write times=\"1.05\" for 5 % more"),
]


@pytest.mark.parametrize(("said", "expected"), MISUSED, ids=["two changes", "none", "a share of what is"])
def test_a_change_is_one_number(said: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        Reform().rate("rubbish", **said)
    assert str(refused.value) == expected


def test_a_float_that_nobody_typed_is_refused() -> None:
    with pytest.raises(ValueError, match=r'found 3\.3000000000000003, .* type it in quotes, such as "2\.95"'):
        Reform().rate("rubbish", to=3 * 1.1)


GUIDED = """\
kind: fee-schedule
id: guided
effective: {from: 2026-01-01}
facts: {grade: {choice: [a, b]}, area: {decimal: 2, min: 0, max: 10000}}
fees:
  management:
    per: area
    rate:
      base: |
        | grade | rate |
        | a     | 2.00 |
        | b     | 1.50 |
      up: 10%
  lift: {per: area, rate: {sum: {lift: 0.30, fire: "0.10 + 0.02"}}}
  late: {rate: {fact: area, times: 0.5}}
  parking: {parts: {day: {rate: 5}, night: {rate: 2}}}
"""

DEEP = [
    (Reform().rate("management", to=3, when={"grade": "a"}), ["-| a     | 2.00 |", "+| a     | 3    |"]),
    (
        Reform().rate("lift", times=2),
        [
            '-lift: {per: area, rate: {sum: {lift: 0.30, fire: "0.10 + 0.02"}}}',
            '+lift: {per: area, rate: {sum: {lift: 0.60, fire: "(0.10 + 0.02) * 2"}}}',
        ],
    ),
    (
        Reform().rate("late", times="1.1"),
        ["-late: {rate: {fact: area, times: 0.5}}", "+late: {rate: {fact: area, times: 0.55}}"],
    ),
    (
        Reform().rate("parking", part="night", by=1),
        [
            "-parking: {parts: {day: {rate: 5}, night: {rate: 2}}}",
            "+parking: {parts: {day: {rate: 5}, night: {rate: 3}}}",
        ],
    ),
]


@pytest.mark.parametrize(("reform", "expected"), DEEP, ids=["a base", "a sum", "a fact", "a part"])
def test_a_rate_is_found_however_it_is_written(reform: Reform, expected: list[str]) -> None:
    book = feerules.load_files({"guided.yaml": GUIDED})
    assert sorted(difference(reform, book)) == sorted(expected)


def test_of_a_fee_with_parts_one_is_to_be_named() -> None:
    with pytest.raises(feerules.RuleErrors) as refused:
        Reform().rate("parking", to=3).apply(feerules.load_files({"guided.yaml": GUIDED}))
    assert refused.value.problems[0].hint == 'say which part: part="day"'


# From a day on


def test_from_a_day_on_there_is_another_version() -> None:
    changed = Reform(effective="2026-07-01").rate("rubbish", to=9).apply(BOOK)
    assert changed.files["garden.yaml"] == GARDEN.encode()
    assert [each.version_name for each in changed.schedules] == ["2026-01-01", "2026-07-01"]
    unit = {"type": "shop", "area": 1, "floor": 1, "lift": True, "used": 0}
    amounts = [feerules.price(unit, changed, month).amounts["rubbish"] for month in ("2026-06", "2026-07")]
    assert amounts == [8, 9]


def test_later_versions_are_changed_too_and_earlier_ones_are_not() -> None:
    later = GARDEN.replace("2026-01-01", "2027-01-01").replace("rate: 8", "rate: 10")
    book = feerules.load_files({"2026.yaml": GARDEN, "2027.yaml": later})
    changed = Reform(effective="2026-07-01").rate("rubbish", times="1.1").apply(book)
    rates = {each.version_name: str(each.fees["rubbish"].rate) for each in changed.schedules}
    assert rates == {"2026-01-01": "8", "2026-07-01": "8.8", "2027-01-01": "11"}


def test_several_changes_from_one_day_make_one_version() -> None:
    reform = Reform(effective="2026-07-01").rate("rubbish", to=9).set("fees.rubbish.minimum", 3)
    assert len(reform.apply(BOOK).schedules) == 2


def test_one_version_alone_can_be_meant() -> None:
    later = GARDEN.replace("2026-01-01", "2027-01-01")
    book = feerules.load_files({"2026.yaml": GARDEN, "2027.yaml": later})
    changed = Reform(version="2027-01-01").rate("rubbish", to=9).apply(book)
    assert [str(each.fees["rubbish"].rate) for each in changed.schedules] == ["8", "9"]


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="found effective='2027-1-1', expected a day such as 2027-01-01"):
        Reform(effective="2027-1-1")


def test_a_day_on_which_nothing_holds_is_refused() -> None:
    ended = GARDEN.replace("{from: 2026-01-01}", "{from: 2026-01-01, through: 2026-12-31}")
    with pytest.raises(feerules.RuleErrors) as refused:
        Reform(effective="2030-01-01").rate("rubbish", to=9).apply(feerules.load_files({"a.yaml": ended}))
    assert str(refused.value).splitlines()[4:] == [
        "  found:    no version in force on 2030-01-01 or later",
        "  expected: a day on which a version holds, from 2026-01-01",
        "  hint:     leave out effective=, or name another day",
    ]


# Tables in files


SHARED = "kind: fee-schedule\nid: {id}\neffective: {{from: 2026-01-01}}\napplies: {{estate_id: {id}}}\n"
PRICES = (
    SHARED
    + "facts: {{type: {{choice: [home, shop]}}}}\nfees: {{{id}_lamp: {{rate: {{file: prices.csv}}}}}}\n"
)


def test_a_table_in_a_file_is_changed_there() -> None:
    files = {"a.yaml": PRICES.format(id="a"), "prices.csv": "type,rate\nhome,1\nshop,2\n"}
    changed = Reform().rate("a_lamp", to=3, when={"type": "shop"}).apply(feerules.load_files(files))
    assert changed.files["prices.csv"] == b"type,rate\nhome,1\nshop,3\n"


def test_a_file_that_others_read_too_stays_as_it_is() -> None:
    files = {
        "a.yaml": PRICES.format(id="a"),
        "b.yaml": PRICES.format(id="b"),
        "prices.csv": "type,rate\nhome,1\nshop,2\n",
    }
    changed = Reform().rate("a_lamp", to=3, when={"type": "shop"}).apply(feerules.load_files(files))
    assert changed.files["prices.csv"] == files["prices.csv"].encode()
    assert changed.files["prices.a.csv"] == b"type,rate\nhome,1\nshop,3\n"
    assert b"{file: prices.a.csv}" in changed.files["a.yaml"]


# A reform as a document


DOCUMENT = """\
kind: reform
title: {zh: 提高电梯房单价, en: Dearer lifts}
effective: 2027-01-01
changes:
  - {rate: management, when: {type: home, lift: true, floor: ">= 4"}, to: 2.95}
  - {adjustment: management, name: 高层优惠, to: 0.85}
  - {set: fees.rubbish.minimum, by: 1}
  - {add: fees.lamp, value: {rate: 1.20, title: {zh: 路灯, en: Lamps}}}
  - {remove: fees.water}
  - set: fees.rubbish.rate
    to: |
      | type | rate |
      | home | 8    |
      | shop | 20   |
"""


def test_a_reform_can_be_a_document() -> None:
    typed = (
        Reform("Dearer lifts", effective="2027-01-01")
        .rate("management", to="2.95", when=HIGH)
        .adjustment("management", "高层优惠", to="0.85")
        .set("fees.rubbish.minimum", by=1)
        .add("fees.lamp", {"rate": "1.20", "title": {"zh": "路灯", "en": "Lamps"}})
        .remove("fees.water")
        .set("fees.rubbish.rate", "| type | rate |\n| home | 8    |\n| shop | 20   |\n")
    )
    written = Reform.read(DOCUMENT)
    assert written.apply(BOOK).files == typed.apply(BOOK).files
    assert str(written).splitlines()[0] == "Dearer lifts"


BAD_DOCUMENTS = [
    (
        "- {rate: management, to: 3, by: 1}",
        "reform.yaml:3:5: contradiction",
        ["  found:    to and by", "  expected: what it becomes, by to, by or times"],
    ),
    (
        "- {to: 3}",
        "reform.yaml:3:5: contradiction",
        ["  found:    none of them", "  expected: what is changed, by rate, adjustment, set, add or remove"],
    ),
    (
        "- {rate: management, too: 3, to: 4}",
        "reform.yaml:3:24: unknown_key",
        ['  found:    the key "too"'],
    ),
    (
        "- {adjustment: management, to: 3}",
        "reform.yaml:3:5: missing_key",
        ['  found:    no "name"', "  expected: the title of the adjustment, or its place"],
    ),
    (
        "- {rate: management, by: 5 yuan}",
        "reform.yaml:3:28: wrong_type",
        ['  found:    "5 yuan" with a unit'],
    ),
]


@pytest.mark.parametrize(("change", "place", "told"), BAD_DOCUMENTS)
def test_a_reform_that_is_written_wrongly_is_told_with_its_place(
    change: str, place: str, told: list[str]
) -> None:
    with pytest.raises(feerules.RuleErrors) as refused:
        Reform.read(f"kind: reform\nchanges:\n  {change}\n")
    lines = str(refused.value).splitlines()
    assert lines[1] == place
    assert lines[4 : 4 + len(told)] == told


def test_a_reform_is_loaded_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "lifts.yaml").write_text(DOCUMENT, encoding="utf-8")
    assert Reform.load(tmp_path / "lifts.yaml") == Reform.read(DOCUMENT)


# Policies


def test_a_policy_is_reformed_by_the_names_of_its_steps() -> None:
    rules = Path(__file__).parents[1] / "rules" / "dunning"
    book = feerules.load(rules).only("standard-cn")
    reform = (
        Reform("gentler")
        .set("ladder.steps.reminder.at_most", 3)
        .set("ladder.steps.reminder.gap", "9 days")
        .set("limits.week.at_most", 2)
        .add("ladder.steps.letter", {"when": {"days_overdue": ">= 45"}, "at_most": 1}, after="reminder")
        .remove("ladder.steps.remote-call")
    )
    policy = reform.apply(book).policies[0][0].policy
    assert policy.ladder is not None
    steps = {step.id: step for step in policy.ladder.steps}
    assert steps["reminder"].at_most == 3
    assert "remote-call" not in steps
    assert [*steps].index("letter") == [*steps].index("reminder") + 1
    assert policy.limits.week.at_most == 2
    assert [each[0].policy.id for each in reform.apply(book).policies] == ["standard-cn"]
