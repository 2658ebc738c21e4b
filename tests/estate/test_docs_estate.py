"""The Python of the manual that needs an extra prints what it says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

import pages
from pages import PAGES

# Pages of Spark run where there is one: test_spark.
WITH_EXTRAS = [
    page
    for page in PAGES
    if pages.python_of(page, extras=True) != pages.python_of(page) and page.name != "scale.md"
]


LONG = ("trying-policies.md",)  # weeks of an estate, morning by morning


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.long] * (page.name in LONG)) for page in WITH_EXTRAS],
    ids=lambda page: page.name,
)
def test_python_of_the_manual_prints_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages.lay_out(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in pages.python_of(page, extras=True):
        pages.run(block, names)
        assert capsys.readouterr().out.splitlines() == pages.told(block), str(block)


def test_python_of_the_manual_for_postgres_runs_on_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_address: str
) -> None:
    page = pages.ROOT / "docs" / "sql.md"
    pages.lay_out(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    (block,) = (each for each in pages.blocks(page) if "postgres" in each.words)
    names: dict[str, Any] = {}
    for each in pages.python_of(page, extras=True):
        pages.run(each, names)
    with psycopg.connect(postgres_address, autocommit=True) as database:
        database.execute("CREATE TABLE homes (unit_id text PRIMARY KEY, type text, area numeric(10, 2))")
        database.execute("INSERT INTO homes VALUES ('A-501', 'residential', 89.50), ('S-1', 'shop', NULL)")
        there = block.text.replace("host=127.0.0.1 dbname=erp", postgres_address)
        pages.run(replace(block, text=there), names)
        found = database.execute("SELECT * FROM homes_owe").fetchall()
        database.execute("DROP TABLE homes CASCADE")
    assert found == [("A-501", Decimal("250.60"), Decimal("250.60"))]
