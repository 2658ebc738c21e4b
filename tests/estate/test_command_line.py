"""The command line: what the manual shows is what it prints, and it ends as it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import pages
from feerules.cli.commands import app
from pages import PAGES, ROOT, Block

SESSIONS = [(page, [block for block in pages.blocks(page) if pages.commands_of(block)]) for page in PAGES]
SESSIONS = [(page, blocks) for page, blocks in SESSIONS if blocks]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), prog_name="feerules")


@pytest.mark.parametrize(("page", "blocks"), SESSIONS, ids=lambda value: getattr(value, "name", ""))
def test_a_session_of_the_manual_prints_what_it_shows(
    page: Path, blocks: list[Block], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.lay_out(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        for arguments, shown in pages.commands_of(block):
            told = [line.rstrip() for line in run(*arguments).output.splitlines()]
            assert told == shown, (str(block), arguments)


def test_every_console_line_of_the_manual_is_one_that_a_test_runs() -> None:
    lines = [
        line
        for page in PAGES
        for block in pages.blocks(page)
        if block.language == "console" and not pages.commands_of(block)
        for line in block.text.splitlines()
    ]
    # What installs and what calls make is run by every build.
    assert [line for line in lines if not line.startswith(("pip install", "make ", "#", "FEERULES_"))] == []


NAMED = sorted(
    {
        line
        for page in PAGES
        for line in re.findall(r"`feerules ([a-z][^`]*)`", page.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize("line", NAMED)
def test_a_command_that_a_text_names_is_there_with_its_options(line: str) -> None:
    command, *words = shlex.split(line)
    ended = run(command, "--help")
    assert ended.exit_code == 0
    assert [word for word in words if word.startswith("-") and word not in ended.stdout] == []


GARDEN = ROOT / "docs" / "command-line.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pages.lay_out(GARDEN, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("check garden.yaml --fail-on error", 0),
        ("check dunning.yaml", 1),
        ("check dunning.yaml --fail-on never", 0),
        ("test garden.yaml", 0),
        ("explain garden.yaml 2026-11 -u type=shop -u area=45.20", 0),
        ("price garden.yaml units.csv 2026-11", 1),
        ("price garden.yaml units.csv 2026-13", 2),
        ("price garden.yaml units.csv 2026-11 --out bills.doc", 2),
        ("price garden.yaml homes.csv 2026-11", 2),
        ("explain garden.yaml 2026-11", 2),
        ("explain garden.yaml 2026-11 --unit area", 2),
        ("actions dunning.yaml 2026-11-20", 2),
        ("react reacting.yaml 2026-11-20 --events events.csv", 0),
        ("react reacting.yaml 2026-11-20", 2),
        ("react reacting.yaml 2025-11-20 --events events.csv", 1),
        ("react reacting.yaml 2026-11-20 --events events.csv --key id", 2),
        ("check", 2),
        ("bill garden.yaml", 2),
    ],
)  # fmt: skip
def test_a_command_ends_with(line: str, code: int, folder: Path) -> None:
    assert run(*line.split()).exit_code == code


def test_rules_that_do_not_load_are_told_with_their_places(folder: Path) -> None:
    (folder / "rules").mkdir()
    text = (folder / "garden.yaml").read_text(encoding="utf-8").replace("per: area", "per: aera")
    (folder / "rules" / "garden.yaml").write_text(text, encoding="utf-8")
    ended = run("price", "rules", "units.csv", "2026-11")
    assert (ended.exit_code, ended.stderr.splitlines()[0]) == (1, "rules/garden.yaml:11:10: unknown_fact")


def test_check_of_rules_that_do_not_load_gives_them_as_findings(folder: Path) -> None:
    (folder / "odd.yaml").write_text("kind: fee-schedul\n", encoding="utf-8")
    ended = run("check", "odd.yaml", "--json")
    (found,) = json.loads(ended.stdout)["findings"]
    assert (ended.exit_code, found["code"], found["severity"]) == (1, "unknown_word", "error")


def test_a_line_for_editors_begins_with_the_place(folder: Path) -> None:
    first, *_ = run("check", "dunning.yaml", "--form", "lines").stdout.splitlines()
    assert first.startswith("dunning.yaml:")
    assert (
        "warning: people are contacted on public holidays too [contact_on_holidays]"
        in run("check", "dunning.yaml", "--form", "lines").stdout
    )


def test_annotations_are_as_github_reads_them(folder: Path) -> None:
    shown = run("check", "dunning.yaml", "--form", "github").stdout
    assert (
        "::warning file=dunning.yaml,line=16,col=9,title=contact_on_holidays::people are contacted" in shown
    )


def test_json_has_the_number_of_its_form_and_money_as_text(folder: Path) -> None:
    told = json.loads(run("price", "garden.yaml", "units.csv", "2026-11", "--json").stdout)
    assert told["schema"] == 1
    assert told["rows"][0] == {"unit_id": "A-501", "management": "250.60", "total": "250.60"}
    assert [each["unit_id"] for each in told["problems"]] == ["A-502"]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".xlsx"])
def test_what_was_written_can_be_read_again(ending: str, folder: Path) -> None:
    # The lines of a bill are what a correction starts from.
    assert (
        run(
            "price", "garden.yaml", "units.csv", "2026-11", "--form", "long", "--out", f"lines{ending}"
        ).exit_code
        == 1
    )
    again = run(
        "price",
        "garden.yaml",
        "units.csv",
        "2026-11",
        "--form",
        "long",
        "--billed",
        f"lines{ending}",
        "--json",
    )
    assert json.loads(again.stdout)["rows"] == []


def test_units_of_a_workbook_cost_what_those_of_a_text_cost(folder: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["unit_id", "type", "area"])
    book.active.append(["A-501", "residential", 89.5])
    book.active.append(["S-1", "shop", "45.20"])
    book.save(folder / "units.xlsx")
    told = json.loads(run("price", "garden.yaml", "units.xlsx", "2026-11", "--json").stdout)
    assert [each["total"] for each in told["rows"]] == ["250.60", "293.80"]


def test_a_text_that_looks_like_a_formula_stays_a_text_in_a_workbook(folder: Path) -> None:
    from openpyxl import load_workbook

    (folder / "units.csv").write_text("unit_id,type,area\n=1+1,shop,45.20\n", encoding="utf-8")
    run("price", "garden.yaml", "units.csv", "2026-11", "--out", "bills.xlsx")
    assert load_workbook(folder / "bills.xlsx").active["A2"].value == "'=1+1"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("price garden.yaml units.csv 2026-11 --out none/bills.xlsx", "found no folder none, expected one in which bills.xlsx can be written"),
        ("price garden.yaml odd.xlsx 2026-11", "odd.xlsx is no workbook: open it, and save it as .xlsx or .csv"),
        ("price garden.yaml garden.yaml 2026-11", "found garden.yaml, expected a .csv, .parquet or .xlsx file: save it as one"),
        ("explain garden.yaml 2026-11 -u area=3 -u area=4", "found area twice, expected each fact once"),
        ("explain dunning.yaml 2026-11-20 --charges charges.csv --id A-9", "found no account A-9 in charges.csv"),
        ("schema --out cards", "found the folder cards, expected the name of a file"),
        ("cases garden.yaml --generate --out garden.yaml", "found the file garden.yaml, expected a folder: that of the rules, or another"),
        ("notice fee_notice garden.yaml 2026-11 --units units.csv --sender sender.yaml --out all.html", "found all.html, expected the folder into which the letters go, or --id for one of them"),
        ("notice reminder garden.yaml 2026-11-20 --sender cards", "cards: Is a directory"),
    ],
)  # fmt: skip
def test_a_command_that_was_wrong_says_what_was_expected(line: str, told: str, folder: Path) -> None:
    (folder / "odd.xlsx").write_text("unit_id,area\n", encoding="utf-8")
    ended = run(*line.split())
    assert (ended.exit_code, ended.stderr.splitlines()) == (2, [told])


def test_a_language_that_nobody_speaks_here_is_refused(folder: Path) -> None:
    assert run("--lang", "fr", "check", "garden.yaml").exit_code == 2
    assert run("--lang", "zh-CN", "check", "garden.yaml").exit_code == 0


def test_cases_that_are_there_are_written_over_only_where_that_is_said(folder: Path) -> None:
    again = ("cases", "cards", "--generate", "--out", "edges")
    assert [run(*again).exit_code, run(*again).exit_code, run(*again, "--replace").exit_code] == [0, 2, 0]


def test_a_unit_without_a_price_gets_no_letter_and_is_told(folder: Path) -> None:
    ended = run(
        *[
            "notice",
            "fee_notice",
            "garden.yaml",
            "2026-11",
            "--units",
            "units.csv",
            "--sender",
            "sender.yaml",
            "--out",
            "letters",
            "--json",
        ]
    )
    told = json.loads(ended.stdout)
    assert (ended.exit_code, told["letters"], [each["unit_id"] for each in told["unanswered"]]) == (
        1,
        2,
        ["A-502"],
    )
    assert sorted(path.name.partition(".")[0] for path in (folder / "letters").iterdir()) == ["A-501", "S-1"]


def test_the_only_unit_asked_for_is_told_why_it_has_no_price(folder: Path) -> None:
    ended = run(
        *[
            "notice",
            "fee_notice",
            "garden.yaml",
            "2026-11",
            "--units",
            "units.csv",
            "--sender",
            "sender.yaml",
            "--id",
            "A-502",
        ]
    )
    assert (ended.exit_code, "no value, and one is needed" in ended.stdout) == (1, True)


def test_two_folders_with_the_same_file_are_told_apart(folder: Path) -> None:
    for year, name in (("2026", "garden.yaml"), ("2027", "garden-2027.yaml")):
        (folder / year).mkdir()
        (folder / year / "garden.yaml").write_bytes((folder / name).read_bytes())
    assert "[2026/garden.yaml:15 → 2027/garden.yaml:15]" in run("diff", "2026", "2027").stdout


def test_accounts_are_shown_with_the_column_that_tells_them_apart(folder: Path) -> None:
    shown = run("position", "dunning.yaml", "2026-11-20", "--charges", "charges.csv", "--key", "house").stdout
    assert "house" in shown.splitlines()[1]
    assert "A-501" in shown


HOOKS = [
    each
    for each in (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8").splitlines()
    if "entry:" in each
]


@pytest.mark.parametrize("entry", HOOKS, ids=lambda line: line.strip())
def test_what_a_hook_calls_is_a_command(entry: str, folder: Path) -> None:
    program, *arguments = entry.partition("entry:")[2].split()
    assert (program, run(*arguments, "garden.yaml").exit_code) == ("feerules", 0)


def chinese(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "feerules", *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "LANG": "zh_CN.UTF-8", "LC_ALL": "zh_CN.UTF-8", "PYTHONUTF8": "1"},
    ).stdout  # fmt: skip


def test_a_code_page_without_a_sign_costs_that_sign_and_not_the_answer(folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "feerules", "explain", "garden.yaml", "2026-11", "-u", "type=shop", "-u", "area=45.20"],
        capture_output=True, check=False, env={**os.environ, "LANG": "zh_CN.GBK", "LC_ALL": "zh_CN.GBK", "PYTHONIOENCODING": "gbk"},
    )  # fmt: skip
    assert (ended.returncode, "合计：?293.80" in ended.stdout.decode("gbk")) == (0, True)


def test_what_goes_into_a_file_is_plain_and_whole(folder: Path) -> None:
    (folder / "units.csv").write_text(f"unit_id,type,area\n{'A' * 120},shop,45.20\n", encoding="utf-8")
    shown = subprocess.run(
        [sys.executable, "-m", "feerules", "price", "garden.yaml", "units.csv", "2026-11"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"},
    ).stdout  # fmt: skip
    assert ("\x1b" in shown, "A" * 120 in shown) == (False, True)


def test_a_chinese_terminal_gets_chinese(folder: Path) -> None:
    assert "警告: contact_on_holidays" in chinese("check", "dunning.yaml")
    assert "文件中每个房屋在一个账期应缴多少" in chinese("price", "--help")
    assert "缺少必需的数据" in chinese("price", "garden.yaml", "units.csv", "2026-11")
    assert "缺少必需的数据" in chinese("compare", "garden.yaml", "garden-2027.yaml", "units.csv", "2026-11")


def test_reactions_as_json_are_whole_and_in_a_file_they_are_rows(folder: Path) -> None:
    line = ("react", "reacting.yaml", "2026-11-20", "--events", "events.csv")
    (first, second) = json.loads(run(*line, "--json").stdout)["rows"]
    assert (first["reaction_id"], second["account_id"]) == (
        "garden-reactions/demand-unpaid/A-501/demand:D-1",
        "A-502",
    )
    assert run(*line, "--out", "fired.csv").exit_code == 0
    rows = (folder / "fired.csv").read_text(encoding="utf-8").splitlines()
    assert rows[1].startswith("A-501,2026-11-18,demand-unpaid,notify,legal,,demand D-1")


def test_every_row_that_cannot_be_heard_is_told(folder: Path) -> None:
    (folder / "dirty.csv").write_text(
        "account_id,event_id,type,effective_on\n,D-1,demand,2026-11-02\nA-1,D-2,flood,2026-11-40\nA-1,D-3,demand,soon\n"
    )
    ended = run("react", "reacting.yaml", "2026-11-20", "--events", "dirty.csv", "--json")
    told = [
        (each["account_id"], each["code"], each["reason"][:22])
        for each in json.loads(ended.stdout)["problems"]
    ]
    assert told == [
        (None, "null_key", "dirty.csv, row 1: no k"),
        ("A-1", "wrong_type", 'events.0.type: found "'),
        ("A-1", "wrong_type", "events.0.effective_on:"),
        ("A-1", "wrong_type", "events.1.effective_on:"),
    ]


def test_a_day_that_is_none_is_told_once_and_not_for_every_account(folder: Path) -> None:
    ended = run("react", "reacting.yaml", "yesterday", "--events", "events.csv")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith('found "yesterday" as as_of, expected a day')


def test_an_account_whose_events_cannot_be_read_is_told_beside_the_reactions_of_others(folder: Path) -> None:
    lines = "account_id,event_id,type,effective_on,delivered\nA-1,D-1,demand,2026-11-02,true\nA-9,E-1,visit,2026-11-02,\n"
    (folder / "mixed.csv").write_text(lines, encoding="utf-8")
    ended = run("react", "reacting.yaml", "2026-11-20", "--events", "mixed.csv", "--json")
    told = json.loads(ended.stdout)
    assert (ended.exit_code, [each["account_id"] for each in told["rows"]]) == (1, ["A-1"])
    assert told["problems"][0]["reason"].startswith('events.0.type: found "visit", expected one of')
