"""Generated cases stand at the edges of every rule, load beside the book, and pass until somebody changes a rule."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import feerules
from rulebooks import books, loaded

RULES = Path(__file__).parent.parent / "rules"

GARDEN = """kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop]}
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  floor: {integer: true, min: -3, max: 60}
  moved_out: {date: true, optional: true}
fees:
  management:
    title: {zh: 物业费, en: Management}
    per: area
    rate: |
      | type | floor  | rate |
      | home | [1..3] | 2.00 |
      | home | > 3    | 2.80 |
      | shop | -      | 6.50 |
    otherwise: problem
"""
AT_THE_EDGES = """# 由现行规则计算得出，尚未经人工确认。
# 请逐条核对，有误则修改规则，无误后签字；此后规则如有变动即可看出。
# Computed from the rules as they are, and not yet confirmed by a person.
# Read each case, mend the rules where it is wrong, and sign: later changes are then seen.
kind: cases
for: garden
title: {zh: 规则边界校验案例, en: Cases at the edges of the rules}
cases:
  - name: {zh: 物业费：价目表第1行、type home、floor 1（下限）, en: "Management: row 1, type home, floor 1 (lower edge)"}
    unit: {type: home, area: 100, floor: 1}
    period: 2026-01
    expect: {management: 200.00}
  - name: {zh: 物业费：价目表第1行、floor 3（上限）, en: "Management: row 1, floor 3 (upper edge)"}
    unit: {type: home, area: 100, floor: 3}
    period: 2026-01
    expect: {management: 200.00}
  - name: {zh: 物业费：价目表第1行、floor 0（刚低于下限）, en: "Management: row 1, floor 0 (just below)"}
    unit: {type: home, area: 100, floor: 0}
    period: 2026-01
    expect: {problem: no_row, fee: management}
  - name: {zh: 物业费：价目表第2行、type home、floor 4（下限）, en: "Management: row 2, type home, floor 4 (lower edge)"}
    unit: {type: home, area: 100, floor: 4}
    period: 2026-01
    expect: {management: 280.00}
  - name: {zh: 物业费：价目表第2行、type shop（其他值）, en: "Management: row 2, type shop (another value)"}
    unit: {type: shop, area: 100, floor: 4}
    period: 2026-01
    expect: {management: 650.00}
  - name: {zh: 物业费：价目表第3行、type shop, en: "Management: row 3, type shop"}
    unit: {type: shop, area: 100, floor: 1}
    period: 2026-01
    expect: {management: 650.00}
"""


def generated(*fees: str, facts: str = "", of: str = "") -> str:
    """The cases of a schedule of some fees, without their heads."""
    text = f"kind: fee-schedule\nid: garden\neffective: {{from: 2026-01-01}}\nfacts: {{{facts}}}\n{of}fees:\n"
    text += "".join(f"  {fee}\n" for fee in fees)
    found = feerules.generate_cases(feerules.load_files({"garden.yaml": text}))
    assert found.missed == ()
    return "\n".join(found.documents.values()).partition("cases:\n  - ")[2]


def test_every_row_has_cases_at_its_edges_and_just_outside() -> None:
    found = feerules.generate_cases(feerules.load_files({"garden.yaml": GARDEN}))
    assert dict(found.documents) == {"garden.edges.cases.yaml": AT_THE_EDGES}
    assert (found.count, found.missed) == (6, ())


def test_generated_cases_pass_until_a_price_changes() -> None:
    files = {"garden.yaml": GARDEN, "garden.edges.cases.yaml": AT_THE_EDGES}
    assert all(each.passed for each in feerules.run_cases(feerules.load_files(files)))
    dearer = {**files, "garden.yaml": GARDEN.replace("> 3    | 2.80", "> 3    | 2.81")}
    wrong = [each.name for each in feerules.run_cases(feerules.load_files(dearer)) if not each.passed]
    assert wrong == ["Management: row 2, type home, floor 4 (lower edge)"]
    moved = {**files, "garden.yaml": GARDEN.replace("[1..3]", "[1..4]").replace("> 3 ", "> 4 ")}
    wrong = [each.name for each in feerules.run_cases(feerules.load_files(moved)) if not each.passed]
    assert wrong == ["Management: row 2, type home, floor 4 (lower edge)"]


AREA = "area: {decimal: 2, min: 0, max: 10000}"
USED = "water_used: {decimal: 2, min: 0, max: 9999, usage: true}"
TIERS = 'tiers: {{{kind}table: "| up to | {column} |\\n| 10 | 2 |\\n| above | 3 |\\n"}}'


def tiers(kind: str, column: str = "rate", more: str = "") -> str:
    said = TIERS.format(kind=f"kind: {kind}, {more}", column=column)
    return f"water: {{per: water_used, at_a_change: by_days, {said}}}"


BANDS = [
    (tiers("graduated"), "20.00", "20.03"),
    (tiers("volume"), "20.00", "30.03"),
    (tiers("step", "amount"), "2.00", "3.00"),
    (tiers("surcharge", "surcharge", "base: 1, "), "30.00", "30.04"),
    (tiers("package", more="size: 5, "), "4.00", "7.00"),
]


@pytest.mark.parametrize(
    ("fee", "at", "above"), BANDS, ids=["graduated", "volume", "step", "surcharge", "package"]
)
def test_tiers_have_a_case_at_each_bound_and_one_a_step_above(fee: str, at: str, above: str) -> None:
    found = generated(fee, facts=USED)
    assert (
        f'10（上限）, en: "water: band 1, 10 (upper edge)"}}\n    unit: {{water_used: 10}}\n    period: 2026-01\n    expect: {{water: {at}}}'
        in found
    )
    assert f"unit: {{water_used: 10.01}}\n    period: 2026-01\n    expect: {{water: {above}}}" in found


FOUND = [
    # a table behind conditions that must hold first
    ('lift: {applies: {area: "> 500"}, rate: "| floor | rate |\\n| > 6 | 1 |\\n| <= 6 | 2 |\\n"}',
     f"{AREA}, floor: {{integer: true, min: 0, max: 60}}", "unit: {area: 500.01, floor: 7}"),
    # a column of a derived fact
    ('lift: {rate: "| both | rate |\\n| > 150 | 1 |\\n| <= 150 | 2 |\\n"}',
     f"{AREA}, more: {{decimal: 2, min: 0, max: 10}}", "unit: {area: 140.01, more: 10}"),
    # a day of the line, for which another month is looked for
    ('lift: {rate: "| judged_on | rate |\\n| <= 2027-12-31 | 1 |\\n| > 2027-12-31 | 2 |\\n"}', AREA, "period: 2028-01"),
    # a one-off, on a day of the month that is asked about
    ("lift: {every: {once: paid}, applies: {paid: not(null)}, rate: 5}", "paid: {date: true, optional: true}",
     "unit: {paid: 2026-01-01}"),
    # an optional fact, with a value and without
    ('lift: {rate: "| let | rate |\\n| null | 1 |\\n| not(null) | 2 |\\n"}', "let: {date: true, optional: true}",
     "unit: {}"),
    # a share of a pool
    ("lift: {share: {by: area}}", AREA, "shares: {lift: 100}"),
    # started time
    ("parked: {every: {use: left}, per: {started: 1 hour, between: [came, left]}, applies: {came: STAY}, rate: 5}",
     "came: {datetime: true}, left: {datetime: true}", "came: 2026-01-05T08:00"),
]  # fmt: skip


@pytest.mark.parametrize(("fee", "facts", "told"), FOUND, ids=[told for *_, told in FOUND])
def test_facts_are_found_for_which_a_rule_decides(fee: str, facts: str, told: str) -> None:
    fee = fee.replace("STAY", '">= 2026-01-05T08:00:00"')
    assert told in generated(fee, facts=facts, of="derived: {both: area + more}\n" if "both" in fee else "")


POLICY = """kind: dunning-policy
id: random
effective: {from: 2026-01-01}
facts: {weekly_rent: {decimal: 2, min: 0, max: 1000}}
derived: {beyond: outstanding - weekly_rent}
stops: [{id: promised, when: {promise_in_days: "> 1"}, then: wait, until: {promised_on: -1 day}, review: 9 days}]
ladder:
  steps:
    - {id: call, when: {beyond: ">= 100"}, after: {step: reminder, days: ">= 14"}, channels: [phone], gap: 3 days, at_most: 2}
    - {id: reminder, when: {overdue: "> 0"}, channels: [sms], gap: 5 days}
"""


def test_stops_and_steps_have_cases_at_their_edges() -> None:
    found = feerules.generate_cases(feerules.load_files({"random.yaml": POLICY}))
    [text] = found.documents.values()
    assert found.missed == ()
    for told in (
        "stop promised, promise_in_days 2 (lower edge)",
        "stop promised, promise_in_days 1 (just below)",
        "step call, beyond 100.00 (lower edge)",
        "step call, beyond 99.99 (just below)",
        "step call, steps.reminder.days 13 (just below)",
        "step call, steps.call.count 2 (just above)",
        "step call, steps.call.days 2 (just below)",
    ):
        assert told in text


def shipped() -> list[str]:
    return ["sample-estate", "cn", "abroad", "peers-billing", "dunning"]


# What cannot be: who heats by area or by parts never comes to the otherwise of that table.
VAIN = {"sample-estate": ["utilities.yaml:125:7"]}


@pytest.mark.parametrize("folder", shipped())
def test_cases_of_the_shipped_books_load_pass_and_reach_every_rule(folder: str) -> None:
    book = feerules.load(RULES / folder)
    found = feerules.generate_cases(book)
    own = {name: text for name, text in book.files.items() if not name.endswith(".cases.yaml")}
    again = feerules.load_files({**own, **found.documents})
    results = feerules.run_cases(again)
    assert [str(each) for each in results if not each.passed] == []
    assert len(results) == found.count
    missed = [str(each.rule.where) for each in feerules.coverage(again, results).missed]
    assert missed == [str(rule.where) for rule in found.missed] == VAIN.get(folder, [])


@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_cases_of_any_book_load_and_pass(data: st.DataObject) -> None:
    files = data.draw(books())
    found = feerules.generate_cases(loaded(files, "2026-01"), at_most=30)
    results = feerules.run_cases(feerules.load_files({**files, **found.documents}))
    assert [str(each) for each in results if not each.passed] == []
    assert len(results) == found.count


def long_table(rows: int) -> str:
    cells = "".join(f"      | [{n}..{n + 1}) | {n % 97}.50 |\n" for n in range(rows))
    return f"""kind: fee-schedule
id: long
effective: {{from: 2026-01-01}}
facts: {{area: {{decimal: 2, min: 0, max: 100000}}}}
fees:
  management:
    otherwise: not_charged
    rate: |
      | area | rate |
{cells}"""


def test_of_a_long_table_rows_are_chosen_evenly_and_the_others_are_told() -> None:
    found = feerules.generate_cases(feerules.load_files({"long.yaml": long_table(500)}), at_most=50)
    numbers = [rule.number for rule in found.missed if rule.kind == "row"]
    assert found.count <= 51
    assert (len(numbers), len(found.missed)) == (451, 451)
    assert max(b - a for a, b in pairwise(numbers)) <= 3
    assert "# Rules that no case here reaches: 451." in found.documents["long.edges.cases.yaml"]


def test_a_long_table_leaves_room_for_the_rules_beside_it() -> None:
    tables = (
        long_table(500) + "  cleaning: {applies: {area: '> 7'}, rate: 12}\n  lift: {rate: 9, minimum: 10}\n"
    )
    found = feerules.generate_cases(feerules.load_files({"long.yaml": tables}), at_most=50)
    assert {rule.kind for rule in found.missed} == {"row"}


def test_generated_cases_are_the_same_each_time() -> None:
    book = feerules.load(RULES / "cn" / "beijing")
    assert feerules.generate_cases(book) == feerules.generate_cases(feerules.load(RULES / "cn" / "beijing"))


def test_cases_are_written_into_the_book_and_never_over_what_is_there(tmp_path: Path) -> None:
    found = feerules.generate_cases(feerules.load_files({"east/garden.yaml": GARDEN}))
    [path] = found.write(tmp_path)
    assert path == tmp_path / "east" / "garden.edges.cases.yaml"
    assert path.read_text(encoding="utf-8") == AT_THE_EDGES
    path.write_text("signed")
    with pytest.raises(FileExistsError, match="expected no such file: say replace=True"):
        found.write(tmp_path)
    found.write(tmp_path, replace=True)
    assert path.read_text(encoding="utf-8") == AT_THE_EDGES


def test_cases_for_a_document_that_the_book_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match="the book has no document 'gardens'"):
        feerules.generate_cases(feerules.load_files({"garden.yaml": GARDEN}), "gardens")
