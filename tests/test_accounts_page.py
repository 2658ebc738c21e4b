"""The page on accounts is whole: every key of an entry, every fact of a position, every code."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from pydantic import BaseModel

import test_ledger
from feerules import Account, Allocation, Charge, Event, Party, Payment
from feerules.ledger.contradictions import CONTRADICTIONS, WARNINGS
from feerules.ledger.entries import CHARGE_KINDS, EVENT_TYPES, FREQUENCIES
from feerules.plan.ledgers import AWAY, CONNECTED, REFUSED, UNREACHABLE
from feerules.vocabulary import POSITION
from pages import ROOT

PAGE = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")


def rows_of(heading: str, columns: int) -> list[tuple[str, ...]]:
    """The rows of the tables below a heading, whose first cell is a name."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in section.splitlines()]
    return [row for row in rows if len(row) == columns and re.fullmatch(r"`\w+`", row[0])]


def test_the_table_of_facts_is_the_vocabulary() -> None:
    told = [
        (f"`{fact.name}`", fact.zh, fact.en, ", ".join(fact.words) or fact.kind) for fact in POSITION.values()
    ]
    assert rows_of("Facts of a position", 4) == told


def test_the_tables_of_codes_are_whole() -> None:
    every: Mapping[str, tuple[str, str]] = {**CONTRADICTIONS, **WARNINGS}
    assert rows_of("What cannot be right", 3) == [(f"`{code}`", zh, en) for code, (zh, en) in every.items()]


def test_every_contradiction_is_proved_by_a_case() -> None:
    source = (ROOT / "tests" / "test_ledger.py").read_text(encoding="utf-8")
    assert {code for code, _, _ in test_ledger.WRONG} <= CONTRADICTIONS.keys()
    assert [code for code in CONTRADICTIONS if f'"{code}"' not in source] == []
    assert [code for code in WARNINGS if f'"{code}"' not in source] == []


@pytest.mark.parametrize("model", [Account, Party, Charge, Payment, Allocation, Event])
def test_every_key_of_an_entry_is_on_the_page(model: type[BaseModel]) -> None:
    (about,) = re.findall(rf"^\*\*{model.__name__.lower()}\*\* — (.*)$", PAGE, re.M)
    assert [key for key in model.model_fields if f"`{key}`" not in about] == []


def test_every_word_of_an_entry_is_on_the_page() -> None:
    words = {*CHARGE_KINDS, *EVENT_TYPES, *FREQUENCIES}
    assert {word for word in words if not re.search(rf"[`( ]{word}[`,)]", PAGE)} == set()


def test_the_words_of_outcomes_are_those_that_count() -> None:
    told = dict(re.findall(r"^\| (connected|unreachable|away|refused) \| (.*) \|$", PAGE, re.M))
    words = {"connected": CONNECTED, "unreachable": UNREACHABLE, "away": AWAY, "refused": REFUSED}
    assert told == {name: ", ".join(f"`{word}`" for word in each) for name, each in words.items()}
