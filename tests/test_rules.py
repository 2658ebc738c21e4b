"""The tariffs of rules/cn and rules/abroad, held to every example that was published or computed for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import feerules
from feerules.documents.schedule import FeeSchedule
from published import cases, told

RULES = Path(__file__).parent.parent / "rules"
BOOKS = [feerules.load(RULES / name) for name in ("cn", "abroad")]
SCHEDULES = [schedule for book in BOOKS for schedule in book.schedules]


@pytest.mark.parametrize(("book", "document", "number", "case"), cases(*BOOKS))
def test_a_tariff_gives_its_examples_to_the_fen(book: Any, document: Any, number: int, case: Any) -> None:
    assert told(book, document, number, case) == ""


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: f"{schedule.id} {schedule.version_name}")
def test_a_tariff_names_its_source_and_how_far_to_trust_it(schedule: FeeSchedule) -> None:
    assert schedule.source is not None, f"{schedule.where}: no source"
    assert schedule.source.document, f"{schedule.where}: no document"
    assert schedule.source.confidence, f"{schedule.where}: no confidence"


def test_every_tariff_has_examples() -> None:
    proven = {cases.for_ for book in BOOKS for _, cases in book.cases}
    assert {schedule.id for schedule in SCHEDULES} == proven
