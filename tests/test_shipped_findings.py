"""What a check says of the rules that are shipped: every finding that is kept, with the reason why it is true and stays.

The law has a test of its own: here it is not asked.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import feerules
import pages
from pages import PAGES, Folder, folders

ROOT = Path(__file__).parents[1]
RULES = ROOT / "rules"

SCRIPT = "a short example of how to price, that nobody published"
LEVELS = "the other system's ladder ends at its highest level, and this is that ladder"
NO_LIMITS = "the other system knows no limits of contacts"
HEEDS_NOT = "the other system asks none of these, or leaves it to whoever runs it"

KEPT: dict[str, dict[str, str]] = {
    "cn/zhuzhou/zhuzhou-components.yaml": {
        "wrong_sum": "the scan prints two totals that are not the sums of their components"
    },
    "peers-billing/area-and-meter.yaml": {"missing_publication": SCRIPT},
    "peers-billing/commission-kept-back.yaml": {"missing_publication": SCRIPT},
    "peers-billing/commission-on-top.yaml": {"missing_publication": SCRIPT},
    "peers-billing/parts-of-months.yaml": {"missing_publication": SCRIPT},
    "dunning/peers/arrears-conduct.yaml": {"no_limits": "its limits are hours alone"},
    "dunning/peers/campaign-customer-eur.yaml": {"ladder_ends": LEVELS, "no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
    "dunning/peers/campaign-default-eur.yaml": {"ladder_ends": LEVELS, "no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
    "dunning/peers/campaign-short-eur.yaml": {"ladder_ends": LEVELS, "no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
    "dunning/peers/campaign-short-usd.yaml": {"ladder_ends": LEVELS, "no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
    "dunning/peers/interest-and-fee.yaml": {"no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
    "dunning/peers/level-by-level.yaml": {"ladder_ends": LEVELS, "no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
    "dunning/peers/level-fees.yaml": {"ladder_ends": LEVELS, "no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
    "dunning/peers/no-interest-no-fee.yaml": {"no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
    "dunning/peers/one-step-per-run.yaml": {"ladder_ends": LEVELS, "no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
    "dunning/peers/rent-income.yaml": {"no_limits": NO_LIMITS, "unheeded": HEEDS_NOT},
}  # fmt: skip


def books() -> list[Path]:
    """Each folder with rules; what stands below the folder of another is a book by itself too."""
    return sorted({path.parent for path in RULES.rglob("*.yaml")})


@pytest.mark.parametrize("folder", books(), ids=lambda path: path.relative_to(RULES).as_posix())
def test_a_shipped_book_has_the_findings_that_are_kept_and_no_other(folder: Path) -> None:
    inside = {name: codes for name, codes in KEPT.items() if (RULES / name).is_relative_to(folder)}
    found: dict[str, set[str]] = {}
    for each in feerules.check(folder, profile="none"):
        name = (folder / each.where.file).relative_to(RULES).as_posix()
        found.setdefault(name, set()).add(each.code)
    assert found == {name: set(codes) for name, codes in inside.items()}


def test_the_totals_that_a_city_printed_wrongly_are_found() -> None:
    found = feerules.check(RULES / "cn" / "zhuzhou", profile="none")
    told = [(each.message["en"].partition(" printed")[0], each.witness[0]["grade"]) for each in found]
    assert told == [
        ("the components come to 0.90, and 1.00 is", "3"),
        ("the components come to 1.28, and 1.20 is", "2"),
    ]


def test_every_reason_is_of_a_rule_that_is_there() -> None:
    assert [name for name in KEPT if not (RULES / name).is_file()] == []


def test_the_lakeside_estate_has_no_findings() -> None:
    assert feerules.check(ROOT / "tests" / "data" / "lakeside.yaml", profile="none") == []


# The manual

MANUAL = [each for page in PAGES if page.name != "findings.md" for each in folders(page)]
# What an example need not say: it stands alone, and shows one thing.
OF_EXAMPLES = {"missing_publication", "unused_name", "no_limits", "unheeded", "short_calendar", "ladder_ends"}
KEPT_IN_THE_MANUAL = {
    # Whose class no step asks is left alone, as the text says.
    "garden-dunning.yaml": {"two_classes", "unused_class"},
    # The rest, for which a table of classes needs a word.
    "dunning.yaml": {"unused_class"},
    "gentler.yaml": {"unused_class"},
}


@pytest.mark.parametrize("folder", MANUAL, ids=str)
def test_an_example_of_the_manual_has_no_findings_but_those_of_its_brevity(folder: Folder) -> None:
    book = feerules.load_files(folder.files)
    kept = set().union(*(KEPT_IN_THE_MANUAL.get(name, set()) for name in folder.files))
    found = {each.code for each in feerules.check(book, profile="none")}
    assert found - kept - OF_EXAMPLES == set()


# The page of findings shows each of them

SHOWN = [each for each in folders(pages.ROOT / "docs" / "findings.md") if "odd" in each.first.words]


@pytest.mark.parametrize("folder", SHOWN, ids=lambda folder: folder.first.heading.strip("`"))
def test_an_odd_example_has_the_finding_that_it_stands_below(folder: Folder) -> None:
    found = feerules.check(feerules.load_files(folder.files))
    assert folder.first.heading.strip("`") in {each.code for each in found}
