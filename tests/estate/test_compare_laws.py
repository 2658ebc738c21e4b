"""Laws of comparisons, over random rule books and random units, dirty ones among them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings

import feerules
import rulebooks
from feerules.whatif.prices.comparison import Comparison
from how_often import often

# A search looks further here as well: every example compiles a dozen books.
SLOW = settings(max_examples=often(6), suppress_health_check=list(HealthCheck))
FEW = settings(SLOW, max_examples=often(4))


def frame_of(units: list[dict[str, Any]]) -> pl.DataFrame:
    named = [{"unit_id": f"U{n}", **unit} for n, unit in enumerate(units)]
    return pl.DataFrame(named, schema=dict.fromkeys(named[0], pl.String))


def sums(frame: pl.DataFrame, name: str = "change") -> Decimal:
    return sum(frame[name].to_list(), Decimal(0))


def billed(units: pl.DataFrame, book: feerules.Book, period: str) -> dict[str, Decimal]:
    """The total of every unit that can be priced, one by one."""
    found = {}
    for unit in units.to_dicts():
        try:
            found[unit["unit_id"]] = feerules.price(unit, book, period).total
        except feerules.UnitErrors:
            continue
    return found


def assert_sound(result: Comparison, units: pl.DataFrame) -> None:
    """Nothing is lost, and everything adds up."""
    summary, rows = result.summary, result.rows
    assert summary.units == units.height
    assert summary.compared == rows.height == summary.more + summary.less + summary.same
    unpriced = summary.newly_priced + summary.no_longer_priced + summary.neither
    assert unpriced == units.height - rows.height
    assert result.problems["unit_id"].n_unique() == unpriced
    assert summary.new - summary.old == summary.change == summary.raised + summary.lowered == sums(rows)
    assert sum((fee.change for fee in result.fees), Decimal(0)) == summary.change
    assert sum(each.units for each in result.histogram) == summary.compared
    assert sum((each.change for each in result.histogram), Decimal(0)) == summary.change
    for by in (["type"], ["fee"], ["type", "fee"]):
        assert sums(result.by_segment(*by)) == summary.change


def assert_attributed(result: Comparison) -> None:
    """The causes lead from the old sum to the new one, and each unit from its old bill to its new one."""
    at = result.summary.old
    for cause in result.causes:
        assert cause.before == at
        assert cause.change == cause.raised + cause.lowered == cause.after - cause.before
        at = cause.after
    assert at == result.summary.new or not result.causes
    assert sum((cause.change for cause in result.causes), Decimal(0)) == result.summary.change
    parts = result.cause_rows().group_by("unit_id").agg(pl.col("change").sum())
    moved = result.rows.filter(pl.col("change") != 0).select("unit_id", "change")
    assert dict(parts.filter(pl.col("change") != 0).iter_rows()) == dict(moved.iter_rows())


@SLOW
@given(rulebooks.priced(2), rulebooks.units())
def test_a_change_adds_up_however_it_is_divided(
    drawn: tuple[list[dict[str, str]], str], units: list[dict[str, Any]]
) -> None:
    pair, period = drawn
    frame = frame_of(units)
    before, after = (rulebooks.loaded(files, period) for files in pair)
    result = feerules.compare(before, after, frame, period)
    assert_sound(result, frame)
    assert_attributed(result)
    ours = {row["unit_id"]: (row["old"], row["new"]) for row in result.rows.to_dicts()}
    theirs = [billed(frame, book, period) for book in (before, after)]
    assert ours == {unit: (theirs[0][unit], theirs[1][unit]) for unit in theirs[0] if unit in theirs[1]}
    for each in (*result.raises, *result.falls):
        assert (each.old_bill.total, each.new_bill.total) == ours[each.unit_id]


@SLOW
@given(rulebooks.priced(), rulebooks.units())
def test_a_book_changes_nothing_against_itself(
    drawn: tuple[list[dict[str, str]], str], units: list[dict[str, Any]]
) -> None:
    [files], period = drawn
    frame, book = frame_of(units), rulebooks.loaded(files, period)
    result = feerules.compare(book, feerules.load_files(files), frame, period)
    assert_sound(result, frame)
    assert (result.summary.change, result.summary.more, result.summary.less, result.causes) == (0, 0, 0, ())


@FEW
@given(rulebooks.priced(2), rulebooks.units())
def test_the_other_way_round_every_change_has_the_other_sign(
    drawn: tuple[list[dict[str, str]], str], units: list[dict[str, Any]]
) -> None:
    pair, period = drawn
    frame = frame_of(units)
    books = [rulebooks.loaded(files, period) for files in pair]
    there = feerules.compare(*books, frame, period, attribute="no")
    back = feerules.compare(*reversed(books), frame, period, attribute="no")
    assert there.summary.change == -back.summary.change
    assert there.rows["change"].to_list() == [-each for each in back.rows["change"].to_list()]
    assert [each.unit_id for each in there.raises] == [each.unit_id for each in back.falls]


@FEW
@given(rulebooks.priced(), rulebooks.units(), rulebooks.st.sampled_from(rulebooks.SHORT))
def test_two_periods_of_one_book_are_compared_whole(
    drawn: tuple[list[dict[str, str]], str], units: list[dict[str, Any]], other: str
) -> None:
    [files], period = drawn
    frame, book = frame_of(units), rulebooks.loaded(files, period)
    rulebooks.loaded(files, other)
    result = feerules.compare(book, book, frame, period, new_period=other)
    assert_sound(result, frame)
    assert_attributed(result)
