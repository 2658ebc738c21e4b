"""What holds for every pair of books: no difference without a change, no change without a difference in the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

import feerules
from accounts import accounts
from feerules import Account, Book, Diff
from how_often import often
from policies import HEAD, owing, policies
from rulebooks import books, units
from test_decision_laws import days

RULES = Path(__file__).parent.parent / "rules"
NUMBER = re.compile(r"(?<![\w.\-:/\"])(\d+(?:\.\d+)?)(?![\w:\-/.]|\.\d)")
# Words that say something else when they are exchanged.
SWAPS = (
    ("half_up", "up"), ("true", "false"), ("home", "shop"), ("> 3", "<= 3"), ("month", "quarter"), ("by_days", "by_reading"),
    ("in_advance", "in_arrears"), ("rate", "rate"), ("times:", "plus:"), ("graduated", "volume"), ("calendar_days", "none"),
    ("proportional", "in_order"), ("owner", "tenant"), ("used - 20", "used"), ("first", "severest_first"), ("phone", "sms"),
    ("review", "hold"), ("principal_first", "interest_first"), ("oldest_due_first", "newest_due_first"),
)  # fmt: skip


def changed(draw: Any, text: str) -> str:
    """A text with one number or word exchanged for another."""
    numbers = [(found.start(1), found.end(1)) for found in NUMBER.finditer(text)]
    words = [
        (found.start(), found.end(), other)
        for one, other in SWAPS
        for found in re.finditer(rf"(?<!\w){re.escape(one)}(?!\w)", text)
    ]
    if words and draw(st.booleans()):
        start, end, other = draw(st.sampled_from(words))
    else:
        assume(numbers)
        start, end = draw(st.sampled_from(numbers))
        other = draw(st.sampled_from(["0", "1", "2", "5", "0.5", "100", "0.06"]))
    return text[:start] + other + text[end:]


def loaded(files: dict[str, str]) -> Book:
    try:
        return feerules.load_files(files)
    except feerules.RuleErrors:
        assume(False)
        raise


def bill(unit: dict[str, Any], book: Book, period: str) -> Any:
    """What a unit owes, without what names the version; None where it cannot be priced."""
    try:
        lines = feerules.price(unit, book, period).to_dict()["lines"]
    except feerules.UnitErrors:
        return None
    told = (
        "fee",
        "payer",
        "period_start",
        "period_end",
        "issued_on",
        "due_on",
        "amount",
        "tax",
        "quantity",
        "rate",
    )
    return [[line[key] for key in told] for line in lines]


@settings(deadline=None, max_examples=often(8))
@given(books())
def test_a_book_differs_in_nothing_from_itself(files: dict[str, str]) -> None:
    assert feerules.diff(loaded(files), loaded(files)).changes == ()


@settings(deadline=None, max_examples=often(12))
@given(st.data(), books(), units(6), st.sampled_from(["2026-Q1", "2026-07", "2027"]))
def test_bills_that_differ_have_a_change_that_moves_them(
    data: st.DataObject, files: dict[str, str], several: list[dict[str, Any]], period: str
) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    old, new = loaded(files), loaded({**files, name: data.draw(st.composite(changed)(files[name]))})
    told = feerules.diff(old, new)
    for number, unit in enumerate(several):
        before, after = (bill({"unit_id": str(number), **unit}, book, period) for book in (old, new))
        if before is not None and after is not None and before != after:
            note(f"{before}\n{after}\n{told}")
            assert [each for each in told if each.kind != "words"]
            return


@settings(deadline=None, max_examples=often(15))
@given(policies())
def test_a_policy_differs_in_nothing_from_itself(body: str) -> None:
    files = {"policy.yaml": HEAD + body}
    assert feerules.diff(loaded(files), loaded(files)).changes == ()


@settings(deadline=None, max_examples=often(20))
@given(st.data(), policies(), st.lists(st.one_of(owing(), accounts()), min_size=1, max_size=4), days)
def test_decisions_that_differ_have_a_change_that_moves_them(
    data: st.DataObject, body: str, several: list[Account], as_of: Any
) -> None:
    old = loaded({"policy.yaml": HEAD + body})
    new = loaded({"policy.yaml": HEAD + data.draw(st.composite(changed)(body))})
    told = feerules.diff(old, new)
    for account in several:
        before, after = (_decided(account, book, as_of) for book in (old, new))
        if before != after:
            note(f"{before}\n{after}\n{told}")
            assert [each for each in told if each.kind != "words"]
            return


def _decided(account: Account, book: Book, as_of: Any) -> Any:
    decision = feerules.next_action(account, book, as_of).to_dict()
    return {key: value for key, value in decision.items() if key not in ("digest", "reasons", "position")}


# Tables, unit by unit

FLATS = """kind: fee-schedule
id: flats
effective: {from: 2026-01-01}
facts: {type: {choice: [a, b, c]}, floor: {integer: true, min: 0, max: 6}, lift: {boolean: true, optional: true}}
fees: {f: {rate: {hit: HIT, otherwise: not_charged, table: TABLE}}}
"""
CELLS = {
    "type": st.sampled_from(["-", "-", "a", "b", "a, c", "not(b)"]),
    "floor": st.sampled_from(["-", "-", "3", "<= 2", "> 4", "[2..5]", "1, 6", "not(0)"]),
    "lift": st.sampled_from(["-", "-", "true", "false", "null", "null, true", "not(true)"]),
}
RATES = st.sampled_from(["1", "2", "3.5"])
UNITS = [
    {"unit_id": "x", "type": kind, "floor": floor, "lift": lift}
    for kind in "abc"
    for floor in range(7)
    for lift in (True, False, None)
]


@st.composite
def flats(draw: Any, hit: str) -> str:
    """A table in which rows may overlap; where they may not, each has floors of its own."""
    count = draw(st.integers(1, 5))
    rows = [[draw(cells) for cells in CELLS.values()] + [draw(RATES)] for _ in range(count)]
    if hit == "unique":
        edges = sorted(draw(st.sets(st.integers(0, 6), min_size=count, max_size=count)))
        spans = zip(edges, [*edges[1:], 7], strict=True)
        rows = [[a, f"[{lo}..{hi})", c, rate] for (a, _, c, rate), (lo, hi) in zip(rows, spans, strict=True)]
    head = ["type", "floor", "lift", "rate"]
    text = "\\n".join("| " + " | ".join(row) + " |" for row in [head, *rows])
    return FLATS.replace("HIT", f'"{hit}"').replace("TABLE", f'"{text}"')


HITS = st.sampled_from(["unique", "unique", "first", "first", "collect+", "collect>"])


@settings(deadline=None, max_examples=often(15))
@given(st.data(), HITS, HITS)
def test_a_region_has_just_the_units_whose_price_is_another(
    data: st.DataObject, one: str, other: str
) -> None:
    old, new = (loaded({"flats.yaml": data.draw(flats(hit))}) for hit in (one, other))
    told = feerules.diff(old, new)
    for unit in UNITS:
        before, after = (_rate(unit, book) for book in (old, new))
        regions = [(each.before, each.after) for each in told if _holds(each.conditions, unit)]
        note(f"{unit} {before} {after} {regions}\n{told}")
        assert regions == ([] if before == after else [(before, after)])


def _rate(unit: dict[str, Any], book: Book) -> Any:
    lines = feerules.price(unit, book, "2026-03").lines
    return lines[0].rate if lines else "not_charged"


def _holds(conditions: Any, unit: dict[str, Any]) -> bool:
    kinds = {"type": "string", "floor": "number", "lift": "boolean"}
    cells = [
        (each.fact, feerules.Cell.parse(each.cell, type=kinds[each.fact], bare=each.fact == "type"))
        for each in conditions
    ]
    return all(cell.matches(unit[fact]) for fact, cell in cells)


# One number of a shipped book


@dataclass(frozen=True)
class Place:
    """A number in a document of a shipped book."""

    folder: str
    file: str
    line: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.start + 1}"


# What is said to people, and days: a book cannot be told by them.
PROSE = re.compile(
    r"^\s*(title|source|note|id|zh|en|document|address|years|#)\b|source:|note:|\d{4}-\d\d-\d\d|[\u4e00-\u9fff]|\b[A-Z][a-z]+ "
)


@cache
def files_of(folder: str) -> dict[str, str]:
    place = RULES / folder
    found = [place] if place.is_file() else sorted(place.glob("*.yaml"))
    return {file.name: file.read_text(encoding="utf-8") for file in found if ".cases." not in file.name}


@cache
def book_of(folder: str) -> Book:
    return feerules.load_files(files_of(folder))


def places() -> Iterator[Place]:
    folders = [path.parent for path in sorted(RULES.glob("cn/*/*.yaml"))] + [RULES / "sample-estate"]
    names = [folder.relative_to(RULES).as_posix() for folder in dict.fromkeys(folders)]
    for folder in (*names, "dunning/standard-cn.yaml", "dunning/peers/balance-ladder.yaml"):
        for file, text in files_of(folder).items():
            for number, line in enumerate(text.splitlines(), 1):
                if not PROSE.search(line):
                    for found in NUMBER.finditer(line.partition(" #")[0]):
                        yield Place(folder, file, number, found.start(1), found.end(1))


PLACES = [*places()]


@settings(deadline=None, max_examples=often(15))
@given(st.sampled_from(PLACES), st.sampled_from(["1", "2", "3", "7", "0.5"]))
def test_one_number_of_a_shipped_book_is_found_at_its_line(place: Place, digits: str) -> None:
    lines = files_of(place.folder)[place.file].split("\n")
    line = lines[place.line - 1]
    before = line[place.start : place.end]
    after = before[:-1] + digits[-1] if "." in before else digits
    assume(float(before) != float(after))
    lines[place.line - 1] = line[: place.start] + after + line[place.end :]
    told = feerules.diff(
        book_of(place.folder), loaded({**files_of(place.folder), place.file: "\n".join(lines)})
    )
    note(f"{line}\n{lines[place.line - 1]}\n{told}")
    assert lines_of(told) & {(place.file, place.line)}


def lines_of(told: Diff) -> set[tuple[str, int]]:
    return {
        (each.file, each.line) for change in told for each in (change.old, change.new) if each is not None
    }


@pytest.mark.parametrize("folder", ["cn", "abroad", "sample-estate", "peers-billing"])
def test_a_shipped_book_differs_in_nothing_from_itself(folder: str) -> None:
    book = feerules.load(RULES / folder)
    assert feerules.diff(book, feerules.load(RULES / folder)).changes == ()
