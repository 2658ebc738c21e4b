"""The Python of the manual that needs an extra prints what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pages
from pages import PAGES

# Pages of Spark run where there is one: test_spark.
WITH_EXTRAS = [
    page
    for page in PAGES
    if pages.python_of(page, extras=True) != pages.python_of(page) and page.name != "scale.md"
]


@pytest.mark.parametrize("page", WITH_EXTRAS, ids=lambda page: page.name)
def test_python_of_the_manual_prints_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages.lay_out(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in pages.python_of(page, extras=True):
        pages.run(block, names)
        assert capsys.readouterr().out.splitlines() == pages.told(block), str(block)
