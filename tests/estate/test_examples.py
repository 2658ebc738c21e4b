"""The examples run as a reader would run them, and show what they promise."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import openpyxl
import polars as pl
import pytest

import feerules

EXAMPLES = Path(__file__).parents[2] / "examples"
CALLS = re.compile(r'(?:run|start)\("[^"]+"')
TESTED = ("test_examples.py", "test_spark.py")  # the tests that run them


def run(name: str, *arguments: str) -> str:
    """What an example prints; a warning, or anything but a bar on standard error, is a failure."""
    told, aside = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(told), redirect_stderr(aside):
        patch.setattr(sys, "argv", [name, *arguments])
        patch.syspath_prepend(str(EXAMPLES))
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    assert "Warning" not in aside.getvalue()
    return told.getvalue()


def start(name: str, *arguments: str) -> str:
    """The same in an interpreter of its own, as a reader starts it: costs what it takes to import everything."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


def words_of(output: str, start: str) -> list[str]:
    """The words of the first line that begins with `start`."""
    return next(line.split() for line in output.splitlines() if line.startswith(start))


def test_every_example_is_run_here() -> None:
    scripts = [path.name for path in EXAMPLES.glob("*.py") if "__main__" in path.read_text(encoding="utf-8")]
    here = "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in TESTED)
    assert len(scripts) > 5
    assert [
        name for name in scripts if not {f'run("{name}"', f'start("{name}"'} & {*CALLS.findall(here)}
    ] == []


@pytest.mark.long
def test_a_what_if_tells_sums_causes_bills_and_a_grid() -> None:
    output = run("what_if.py", "--units", "200", "--locale", "zh_CN")
    assert words_of(output, "2026-11：共200户")
    assert "物业管理费：单价（类型 home、有电梯 true、所在楼层 > 6），2.80 → 2.95：+¥" in output
    assert "物业管理费：减免 空置满六个月优惠，× 0.70 → × 0.85：+¥" in output
    assert "调整后：" in output
    assert words_of(output, "│ 0.00      ┆ 0.70")[-2] == "0.00"


@pytest.fixture(scope="module")
def demo() -> str:
    return run("demo.py", "--units", "300")


@pytest.mark.long
def test_the_demo_proves_the_rules_before_it_uses_them(demo: str) -> None:
    (proven,) = (line.split() for line in demo.splitlines() if line.endswith("cases come out to the fen"))
    assert proven[0] == proven[2] != "0"


@pytest.mark.long
def test_the_demo_shows_bills_totals_and_reasons(demo: str) -> None:
    assert words_of(demo, "E001-B01-H04")[1] == "141.90"
    assert words_of(demo, "物业管理费")[1:3] == ["Management", "fee"]
    assert "none of home, shop, bay, visit" in demo
    assert "outside -5 to 120" in demo


@pytest.mark.long
def test_the_demo_explains_a_bill_in_chinese_and_english(demo: str) -> None:
    assert "物业管理费（2026年11月1日至2026年11月30日）：" in demo
    assert "Management fee (November 1, 2026 to November 30, 2026): " in demo


@pytest.mark.long
def test_the_demo_finds_what_the_old_system_did_wrong(demo: str) -> None:
    assert words_of(demo, "matched")[-1] == "0.00"
    assert words_of(demo, "electricity")[1] == "missing"
    assert words_of(demo, "common_energy  ")[1] == "different"


@pytest.mark.long
def test_the_flaws_of_the_old_system_are_found_in_its_bills() -> None:
    told = run("old_system.py", "--units", "800")
    causes = [" ".join(line.split()[2:]) for line in told.partition("probable cause\n")[2].splitlines()]
    for cause in (
        "common_energy: Every share rounded by itself (half up), so that shares miss their total",
        'management: The adjustment "Reduction after six months of vacancy" left out',
        "management: area off by 0.5",
        "garbage: Billed by row 1 of the table (idle_months: < 2), where no row holds",
        "electricity: Never billed",
    ):
        assert cause in causes
    assert "Probability: high." in told


def test_one_home_is_priced_and_explained() -> None:
    output = start("price_one_home.py")
    assert words_of(output, "total") == ["total", "348.54"]
    assert "12 m³ × 3.40 = ¥40.80" in output
    assert output.rstrip().splitlines()[-3:] == [
        "imprecise: area: more than 2 decimal places",
        "missing: lift: no value, and one is needed",
        "out_of_domain: floor: outside -5 to 120",
    ]


def test_slips_in_a_tariff_are_shown_with_their_cure() -> None:
    output = run("write_a_tariff.py")
    assert "my-estate.yaml:13:10: unknown_fact" in output
    assert 'did you mean "area"?' in output
    assert "no row for type home, floor -3" in output
    assert "floor 6: 214.80\nfloor 7: 250.60\nfloor -1: no_row" in output


def test_parquet_becomes_parquet_wide_and_long(tmp_path: Path) -> None:
    output = start("estate_to_parquet.py", "--units", "1000", "--folder", str(tmp_path))
    wide, long = pl.read_parquet(tmp_path / "wide.parquet"), pl.read_parquet(tmp_path / "long.parquet")
    assert wide["total"].sum() == long["amount"].sum()
    assert words_of(output, "wide")[1:5] == ["1,000", "rows,", f"{wide['total'].sum():,}", "yuan,"]
    assert words_of(output, "long")[1:5] == [
        f"{long.height:,}",
        "rows,",
        f"{long['amount'].sum():,}",
        "yuan,",
    ]


def test_a_sale_cuts_the_bill_and_changes_no_total() -> None:
    output = run("owner_change.py")
    assert "without the sale 252.98, with it 252.98" in output
    assert "as a frame: 8 lines, total 255.51" in output
    payers = [line.split()[4:6] for line in output.splitlines() if line.startswith("management")]
    assert [payer for payer, _ in payers] == ["developer", "owner", "owner", "owner"]


def test_a_month_is_billed_once_and_corrected_by_its_differences() -> None:
    output = run("monthly_run.py")
    assert "run again: 0 new charges" in output
    assert "credit: management -86.29 corrects E001-B01-H30:management:20261101:owner:2026-01-01" in output
    assert "share 2.26 more" in output


def test_the_sample_estate_is_written_as_parquet(tmp_path: Path) -> None:
    run("sample_estate.py", str(tmp_path), "--units", "250")
    assert pl.read_parquet(tmp_path / "units").height == 250


def test_one_account_is_followed_from_a_promise_to_a_demand() -> None:
    told = run("one_account.py")
    assert words_of(told, "2026-11-09")[-1] == "promised"
    assert "To wait until November 11, 2026." in told
    assert "待办：书面催告。" in told


@pytest.mark.long
def test_a_collector_has_a_list_for_today() -> None:
    told = run("month_of_dunning.py")
    assert "reminder" in words_of(told, "Week of 2026-11-02:")
    assert "demand" in words_of(told, "Week of 2026-11-16:")
    assert "act" in told.partition("On 2026-11-30:")[2]


def test_letters_are_written_in_both_languages(tmp_path: Path) -> None:
    told = run("letters.py", str(tmp_path / "letters"))
    assert "催告函: demand.zh_CN.html, as a short message 1 segment(s)" in told
    assert sorted(path.name for path in (tmp_path / "letters").iterdir()) == [
        f"{kind}.{locale}.html"
        for kind in ("demand", "fee_notice", "price_table")
        for locale in ("en", "zh_CN")
    ]


@pytest.mark.long
def test_a_gentler_ladder_is_tried_before_it_is_used() -> None:
    told = run("gentler_ladder.py")
    assert words_of(told, "Accounts on")[5] == "160;"
    _, _, _, before, _, _, now, *_ = words_of(told, "Week of 2026-11-09:")
    assert int(before) > int(now.removesuffix(";")) > 0


ERP = [
    "billed: 14,418 new lines",
    "run again: 0 new lines",
    "5 units without a bill: missing: area: no value, and one is needed",
    "4 units without a bill: unknown_value: type: none of home, shop",
]


def test_an_erp_bills_inside_its_own_postgres(postgres_address: str) -> None:
    told = run("erp_database.py", postgres_address).splitlines()
    # How the condition is written is the planner's own.
    assert [line for line in told if not line.startswith("Index Cond: ")] == [
        "postgres: 4,991 of 5,000 units owe 1,715,821.21",
        "A-10777 owes 271.67, asked of the database and of the library",
        "->  Index Scan using homes_pkey on homes",
        *ERP,
        "bill('2026-12'): 14,418 new lines",
        "bill('2026-12'): 0 new lines",
        "bill('2027-02'): 0 new lines, the statement was not written for this period",
    ]


def test_an_erp_without_postgres_bills_in_duckdb(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import erp_database

    erp_database.on_duckdb(feerules.load_files({"garden.yaml": erp_database.RULES}))
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "duckdb: 4,991 of 5,000 units owe 1,715,821.21",
        "A-10777 owes 271.67, asked of the database and of the library",
        *ERP,
        "2026-12: 28,836 lines in all",
    ]


# A decision, from its rules to what is signed


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("decision")
    return run("decision.py", str(folder), "--units", "200", "--days", "3"), folder


@pytest.mark.long
def test_a_decision_has_no_new_error_and_a_case_for_every_rule(decided: tuple[str, Path]) -> None:
    assert "New errors: 0. Cases: 14 of 14. Rules without one: 0." in decided[0]


@pytest.mark.long
def test_a_decision_is_written_as_rules_that_give_the_prices_of_both_years(decided: tuple[str, Path]) -> None:
    book = feerules.load(decided[1] / "fees")
    home = {"kind": "home", "area": "100", "floor": 13, "lift": True, "handover": "2020-05-01"}
    totals = [str(feerules.price(home, book, month).amounts["lift"]) for month in ("2026-12", "2027-01")]
    assert totals == ["80.00", "95.00"]
    assert (decided[1] / "dunning" / "standard-cn.2027-01-01.yaml").is_file()


@pytest.mark.long
def test_the_report_of_a_decision_is_signed_in_both_languages(decided: tuple[str, Path]) -> None:
    page = (decided[1] / "decision.html").read_text(encoding="utf-8")
    for said in (
        "业主委员会主任",
        "Head of finance",
        "电梯附加费",
        "Lift surcharge",
        "住宅、[7..12]",
        "空置",
    ):
        assert said in page
    sheets = openpyxl.load_workbook(decided[1] / "decision.xlsx", read_only=True).sheetnames
    assert len(sheets) > 20


@pytest.mark.long
def test_new_prices_stand_on_the_price_list(decided: tuple[str, Path]) -> None:
    assert "¥0.95" in (decided[1] / "prices.zh_CN.html").read_text(encoding="utf-8")


def test_the_numbers_of_a_decision_are_those_of_its_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the notebook and the grid try is what the reform says, where the numbers are the same."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import decision

    today = decision.of_today()
    for written, tried, book in (
        ("dearer-lifts.yaml", decision.dearer("0.15", "0.70"), today.fees),
        ("gentler-ladder.yaml", decision.gentler(7, 30), today.ladder),
    ):
        asked = feerules.diff(feerules.Reform.load(decision.WRITTEN / written).apply(book), tried.apply(book))
        assert [change for change in asked if change.kind == "amount"] == []


@pytest.mark.long
def test_the_notebook_of_the_decision_runs_and_comes_to_the_same_sum(decided: tuple[str, Path]) -> None:
    told = start("decision_notebook.py")
    change = "2. Lift surcharge: rate (floor [2..6]), 0.40 → 0.55"
    assert words_of(told, "Total:")[-1].startswith("+¥")
    assert words_of(told, change)[:3] == words_of(decided[0], change)[:3]


def test_a_desk_that_listens_says_each_thing_once_across_a_restart() -> None:
    before, _, after = run("live_desk.py").partition("restart\n")
    assert before.splitlines() == [
        "2026-03-06 B-202: three calls unanswered in a week: take the step demand",
        "2026-03-10 C-303: paid before the visit that was planned: cancel what was arranged, thank for it",
        "accounts: 4, looked at again on 2026-03-11, left aside: {'duplicate': 1}",
    ]
    assert after.splitlines() == [
        "2026-03-11 A-501: two promises broken in 30 days: hand over to team_leader",
        "2026-03-28 D-404: nothing paid by the end of a demand: notify legal",
        "done in all: 4",
    ]
