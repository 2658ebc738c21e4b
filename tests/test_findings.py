"""Each finding has a document that shows it, its words in both languages, and a place in docs/findings.md.

In data/findings, a document or a folder of them says in its first line why it is odd; the .txt of the same name
is what checking it says. After a change of words, run this file: it writes the texts anew, for git to show.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import feerules
from feerules import Finding

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data" / "findings"
PAGE = ROOT / "docs" / "findings.md"


def documents() -> list[Path]:
    return sorted(path for path in DATA.iterdir() if path.suffix != ".txt")


def text_of(path: Path) -> Path:
    return DATA / f"{path.stem}.txt"


def told(findings: list[Finding]) -> str:
    return "".join(f"{each}\n{each.explain('zh_CN')}\n" for each in findings)


every_document = pytest.mark.parametrize("path", documents(), ids=lambda path: path.stem.replace("_", " "))


@every_document
def test_a_finding_is_told_word_for_word_in_both_languages(path: Path) -> None:
    assert told(feerules.check(path)) == text_of(path).read_text(encoding="utf-8")


@every_document
def test_a_document_with_findings_says_itself_what_is_odd(path: Path) -> None:
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    assert any(file.read_text(encoding="utf-8").startswith("# ") for file in files)


def codes_shown() -> set[str]:
    return {each.code for path in documents() for each in feerules.check(path)}


def test_each_code_of_the_manual_is_shown_by_a_document_and_each_shown_one_is_in_the_manual() -> None:
    page = PAGE.read_text(encoding="utf-8")
    errors = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^### `(\w+)`", page, re.MULTILINE))
    refusals = set(re.findall(r"^### `(\w+)`", errors, re.MULTILINE))
    assert codes_shown() - refusals == explained - refusals


if __name__ == "__main__":
    for document in documents():
        text_of(document).write_text(told(feerules.check(document)), encoding="utf-8")
