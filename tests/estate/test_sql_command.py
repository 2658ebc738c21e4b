"""The command that writes SQL: what it writes a database runs, and what it cannot write it says."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner, Result

import feerules
import pages
from feerules.cli.commands import app

GARDEN = pages.ROOT / "docs" / "command-line.md"
OWED = [("A-501", Decimal("250.60")), ("S-1", Decimal("293.80"))]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sql", "garden.yaml", *arguments], prog_name="feerules")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages.lay_out(GARDEN, tmp_path)
    monkeypatch.chdir(tmp_path)
    units = pl.read_csv("units.csv", schema_overrides={"area": pl.Decimal(10, 2)})
    units.write_parquet("units.parquet")


def asked(statement: str, **parameters: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as database:
        database.execute("CREATE TABLE homes AS SELECT * FROM 'units.parquet'")
        return database.execute(statement, parameters).fetchall()


def totals(statement: str, **parameters: str) -> list[tuple[object, ...]]:
    return sorted((row[0], row[-1]) for row in asked(statement, **parameters))


def test_a_statement_is_printed_ready_to_run() -> None:
    told = run("homes", "2026-11", "--dialect", "duckdb", "--like", "units.parquet")
    assert told.exit_code == 0
    assert totals(told.stdout) == OWED
    problems = run("homes", "2026-11", "--dialect", "duckdb", "--like", "units.parquet", "--problems")
    assert [row[2:7] for row in asked(problems.stdout)] == [("A-502", None, "area", None, "missing")]


def test_both_statements_are_written_beside_each_other(tmp_path: Path) -> None:
    columns = ("-c", "unit_id=varchar", "-c", "type=varchar", "-c", "area=decimal(10, 2)")
    told = run("homes", "2026-11", "--dialect", "duckdb", *columns, "--form", "long", "--out", "bills.sql")
    assert told.output.splitlines() == ["written to bills.sql", "written to bills.problems.sql"]
    lines = asked(Path("bills.sql").read_text(encoding="utf-8"))
    assert sorted(line[0] for line in lines) == [
        "A-501:management:20261101:owner:2026-01-01", "S-1:management:20261101:owner:2026-01-01",
    ]  # fmt: skip
    assert len(asked(Path("bills.problems.sql").read_text(encoding="utf-8"))) == 1


def test_of_several_periods_one_is_the_parameter() -> None:
    told = run("homes", "2026-11", "2026-12", "--dialect", "duckdb", "--like", "units.parquet", "--json")
    statement = json.loads(told.stdout)
    assert statement["parameters"] == ["period"]
    assert totals(statement["rows"], period="2026-12") == OWED
    assert asked(statement["problems"], period="2027-01")[-1][6] == "other_period"


def test_a_column_that_is_named_goes_before_the_file_that_is_like_the_table() -> None:
    told = run("homes", "2026-11", "--dialect", "postgres", "--like", "units.parquet", "-c", "area=jsonb")
    assert told.exit_code == 0
    assert "ELSE NULL" in told.stdout
    assert "'a value of another type'" in run(
        "homes", "2026-11", "--dialect", "postgres", "--like", "units.parquet", "-c", "area=jsonb", "--problems"
    ).stdout  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("homes 2026-11 --dialect oracle", "found the dialect 'oracle', expected one of duckdb, postgres, spark: it knows no arrays"),
        ("homes 2026-13 --dialect duckdb", "2026-13"),
        ("homes;homes 2026-11 --dialect duckdb", "found 'homes;homes', expected the name of a table, or one query"),
        ("homes 2026-11 --dialect duckdb -c area=int -c area=int", "found area twice, expected each column once"),
        ("homes 2026-11 --dialect duckdb -c area=decimal", 'no column "unit_id": found area; name the key with key='),
        ("homes 2026-11 --dialect duckdb --like garden.yaml", "found garden.yaml, expected a .csv, .parquet or .xlsx file"),
        ("homes 2026-11 --dialect duckdb --out nowhere/bills.sql", "found no folder nowhere"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_told(line: str, said: str) -> None:
    told = run(*line.split())
    assert told.exit_code == 2
    assert said in told.stderr


POLICY = """
kind: dunning-policy
id: plain
effective: {from: 2026-01-01}
classes:
  hit: first
  table: |
    | days_overdue | class |
    |--------------|-------|
    | > 30         | late  |
    | -            | new   |
ladder:
  order: severest_first
  steps: [{id: reminder, when: {days_overdue: ">= 5"}, channels: [sms], gap: 5 days, at_most: 2}]
"""


def test_positions_are_asked_for_their_class_and_for_the_next_action() -> None:
    Path("plain.yaml").write_text(POLICY, encoding="utf-8")
    book = feerules.load("plain.yaml")
    accounts = pl.DataFrame({"account_id": ["A", "B"]})
    owed = pl.DataFrame({"account_id": ["A", "B"], "charge_id": ["1", "2"], "fee": "rent", "due_on": ["2026-01-01", "2026-03-01"], "amount": "9.00"})  # fmt: skip
    feerules.positions(accounts, book, "2026-03-02", charges=owed).rows.write_parquet("positions.parquet")
    for verb, kinds in (("classify_estate", ["late", "new"]), ("next_actions", ["act", "wait"])):
        told = CliRunner().invoke(
            app, ["sql", "plain.yaml", "positions", "2026-03-02", "--dialect", "duckdb", "--verb", verb, "--like", "positions.parquet"],
        )  # fmt: skip
        with duckdb.connect() as database:
            database.execute("CREATE TABLE positions AS SELECT * FROM 'positions.parquet'")
            name = "class" if verb == "classify_estate" else "decision"
            found = (
                database.sql(told.stdout.rstrip().removesuffix(";"))
                .select("account_id", f'"{name}"')
                .fetchall()
            )
        assert [row[1] for row in sorted(found)] == kinds


def test_more_days_than_a_first_and_a_last_are_refused() -> None:
    told = run(
        "positions", "2026-03-01", "2026-03-02", "2026-03-03", "--dialect", "duckdb", "--verb", "next_actions"
    )
    assert (told.exit_code, told.stderr.strip()) == (
        2,
        "found 3 days, expected one, or the first and the last",
    )


def test_what_units_share_stands_in_a_table_of_its_own() -> None:
    Path("shared.yaml").write_text(
        "kind: fee-schedule\nid: shared\neffective: {from: 2026-01-01}\n"
        "facts: {area: {decimal: 2, min: 0, max: 10000}}\nfees: {power: {every: month, share: {by: area}}}\n",
        encoding="utf-8",
    )
    words = [
        "sql",
        "shared.yaml",
        "homes",
        "2026-11",
        "--dialect",
        "duckdb",
        "-c",
        "unit_id=text",
        "-c",
        "area=numeric(10,2)",
    ]
    refused = CliRunner().invoke(app, words)
    assert "the fee power shares costs among units" in refused.stderr
    told = CliRunner().invoke(app, [*words, "--pools", "totals", "--pool-columns", "pool_id=text", "--pool-columns", "fee=text", "--pool-columns", "period_start=date", "--pool-columns", "amount=numeric(18,2)"])  # fmt: skip
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE homes AS SELECT * FROM (VALUES ('A', 1.00), ('B', 2.00)) AS t(unit_id, area)"
        )
        database.execute(
            "CREATE TABLE totals AS SELECT 'P' AS pool_id, 'power' AS fee, DATE '2026-11-01' AS period_start, 1.00 AS amount"
        )
        assert sorted(database.sql(told.stdout.rstrip().removesuffix(";")).fetchall()) == [
            ("A", Decimal("0.33"), Decimal("0.33")),
            ("B", Decimal("0.67"), Decimal("0.67")),
        ]
