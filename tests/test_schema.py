"""The schema for editors takes every document that ships, and underlines what no document may say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import feerules
from feerules import RuleErrors

jsonschema = pytest.importorskip("jsonschema")
ROOT = Path(__file__).parent.parent
SHIPPED = sorted([*(ROOT / "rules").rglob("*.yaml"), *(ROOT / "tests" / "data").glob("*.yaml")])
VALIDATOR = jsonschema.Draft202012Validator(feerules.schema())


class Editor(yaml.SafeLoader):
    """Reads scalars as editors do, by YAML 1.2: days stay text, yes and no are words."""


Editor.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", "true|false", "tf"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", "~|null|", ["~", "n", ""]),
):
    Editor.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))  # type: ignore[no-untyped-call]


def underlined(text: str) -> list[str]:
    """Where the editor would underline something, as paths."""
    document: Any = Editor(text).get_single_data()
    return sorted("/".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors(document))


def test_the_schema_is_one() -> None:
    VALIDATOR.check_schema(feerules.schema())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_nothing_is_underlined_in_a_document_that_ships(path: Path) -> None:
    assert underlined(path.read_text(encoding="utf-8")) == []


GARDEN = """\
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 1000, unit: m²}
fees:
  management: {per: area, rate: 2.80, every: quarter, rate_per: month, due: {day: 10}}
"""

BROKEN = [
    ("kind: fee-schedule", "kind: fee_schedule", ["kind"]),
    ("effective: {from: 2026-01-01}", "", [""]),
    ("from: 2026-01-01", "from: 2026/1/1", ["effective/from"]),
    ("from:", "form:", ["effective", "effective"]),
    ("id: garden", "id: 花园", ["id"]),
    ("decimal: 2", "decimal: two", ["facts/area/decimal"]),
    ("unit:", "units:", ["facts/area"]),
    ("management:", "物业费:", ["fees"]),
    ("rate: 2.80", "rates: 2.80", ["fees/management"]),
    ("rate: 2.80", "rate: [2.80]", ["fees/management/rate"]),
    ("every: quarter", "every: monthly", ["fees/management/every"]),
    ("rate_per: month", "rate_per: week", ["fees/management/rate_per"]),
    ("day: 10", "day: 32", ["fees/management/due"]),
    ("day: 10", "date: 10", ["fees/management/due"]),
]


@pytest.mark.parametrize(("written", "wrong", "where"), BROKEN)
def test_what_no_document_may_say_is_underlined(written: str, wrong: str, where: list[str]) -> None:
    assert underlined(GARDEN) == []
    broken = GARDEN.replace(written, wrong)
    assert underlined(broken) == where
    with pytest.raises(RuleErrors):
        feerules.load_files({"garden.yaml": broken})


VALUES = [
    "2.50",
    "area * 0.9",
    "{fact: area, times: 0.9}",
    "{sum: {a: 1, b: 2}}",
    "{base: 2.00, up: 20%}",
    '{table: "| area | rate |\\n| - | 2.5 |"}',
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("key", ["rate", "ceiling", "minimum", "maximum", "tax"])
def test_every_form_of_a_value_stands_wherever_a_value_may(key: str, value: str) -> None:
    document = GARDEN.replace(
        "rate: 2.80", f"rate: 2.80, {key}: {value}" if key != "rate" else f"rate: {value}"
    )
    assert underlined(document) == []
