"""A whole estate: every unit is priced to the fen, or is a problem with its reasons, and none is lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from feerules.frames import FrameError
from frame_kinds import KINDS, Kind, polars_of, priced_elsewhere

SCHEDULE = """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
  floor: {integer: true, min: -5, max: 120, default: 1}
  type: {choice: [home, shop], words: {住宅: home}}
  lift: {boolean: true, optional: true, words: {是: true, 否: false}}
  handover: {date: true, optional: true}
fees:
  management:
    per: area
    every: month
    starts: handover
    rate: |
      | type | floor | rate |
      |------|-------|------|
      | home | > 3   | 2.80 |
      | home | <= 3  | 2.00 |
      | shop | -     | 6.50 |
  lift: {applies: {lift: true}, rate: 5, every: month}
"""
BOOK = feerules.load_files({"garden.yaml": SCHEDULE})
MONTH = "2026-11"


def units(**columns: Any) -> pl.DataFrame:
    told = {"unit_id": ["A", "B", "C"], "type": ["home"] * 3, "area": ["10", "20", "30"], **columns}
    return pl.DataFrame(told)


def price(frame: Any, **more: Any) -> Any:
    return feerules.price_estate(frame, BOOK, more.pop("period", MONTH), **more)


def codes(result: Any) -> list[tuple[Any, ...]]:
    return sorted(result.problems.select("unit_id", "fact", "value", "code").rows(), key=repr)


def totals(result: Any) -> dict[Any, str]:
    return {unit: str(total) for unit, total in result.rows.select(pl.first(), "total").rows()}


# Keys


def test_a_key_that_is_null_empty_or_repeated_is_a_problem_for_each_of_its_rows() -> None:
    frame = pl.concat([units(unit_id=["A", "A", None]), units(unit_id=["", "B", "C"])])
    result = price(frame)
    assert totals(result) == {"B": "40.00", "C": "60.00"}
    assert codes(result) == [
        ("A", "unit_id", "A", "duplicate_key"),
        ("A", "unit_id", "A", "duplicate_key"),
        (None, "unit_id", "", "null_key"),
        (None, "unit_id", None, "null_key"),
    ]


KEYS: list[tuple[str, list[Any], Any]] = [
    ("whole numbers", [1, 2, 3], pl.Int64),
    ("small unsigned numbers", [1, 2, 3], pl.UInt8),
    ("decimals without places", [Decimal(1), Decimal(2), Decimal(3)], pl.Decimal(20, 0)),
    ("whole floats", [1.0, 2.0, 3.0], pl.Float64),
    ("categories", ["a", "b", "c"], pl.Categorical),
    ("an enumeration", ["a", "b", "c"], pl.Enum(["c", "b", "a"])),
    ("long texts", ["a" * 10_000, "b" * 10_000, "c"], pl.String),
    ("texts of any script", ["1栋101", "é", "\U0001f3e0"], pl.String),
]


@pytest.mark.parametrize(("keys", "dtype"), [case[1:] for case in KEYS], ids=[case[0] for case in KEYS])
def test_keys_are_texts_or_whole_numbers(keys: list[Any], dtype: Any) -> None:
    frame = units().with_columns(unit_id=pl.Series(keys, dtype=dtype))
    assert [*totals(price(frame)).values()] == ["20.00", "40.00", "60.00"]
    lines = price(frame, form="long").rows
    whole = [str(int(key)) if not isinstance(key, str) else key for key in keys]
    assert [each.split(":")[0] for each in lines["charge_id"]] == whole
    dated = frame.with_columns(valid_from=date(2026, 11, 16))
    assert sorted(totals(price(dated)).values()) == ["10.00", "20.00", "30.00"]
    twice = price(pl.concat([frame, frame[:1]]))
    assert [row[3] for row in codes(twice)] == ["duplicate_key"] * 2
    assert twice.rows.height == 2


@pytest.mark.parametrize("keys", [[True, False, None], [1.5, 2.0, float("nan")]])
def test_other_keys_are_refused_or_are_no_keys(keys: list[Any]) -> None:
    frame = units(unit_id=keys)
    if isinstance(keys[0], bool):
        with pytest.raises(FrameError, match='the key "unit_id" is of type Boolean, expected texts or whole'):
            price(frame)
        return
    assert codes(price(frame)) == [(None, "unit_id", "1.5", "null_key"), (None, "unit_id", "NaN", "null_key")]


# Dirt

DIRT: dict[str, st.SearchStrategy[Any]] = {
    "area": st.sampled_from(
        ["10", " 10.50 ", "1,000", "１０", "", None, "-1", "10.005", "99999", "NaN", "1e2"]
    ),
    "floor": st.sampled_from(["1", "4", "4.0", "4.5", "", None, "121", "four"]),
    "type": st.sampled_from(["home", "shop", "住宅", "Home", "", None, "office"]),
    "lift": st.sampled_from(["true", "false", "是", "否", "1", "", None, "TRUE"]),
    "handover": st.sampled_from(
        ["2026-11-16", "2020-01-01", "2027-01-01", "", None, "2026-11-31", "16/11/2026"]
    ),
}
KEY = st.sampled_from(["A", "B", "C", "D", "E", "F", "", None])
ROW = st.fixed_dictionaries({"unit_id": KEY, **DIRT})


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(("unit_id", *DIRT), pl.String))


def alone(row: dict[str, Any]) -> tuple[str | None, set[tuple[Any, ...]]]:
    """(the total of a unit, its problems), from the unit alone."""
    try:
        return str(feerules.price(row, BOOK, MONTH).total), set()
    except feerules.UnitErrors as error:
        return None, {(p.unit_id, p.fact, p.value, p.code, p.reason) for p in error.problems}


@settings(max_examples=60)
@given(st.lists(ROW, max_size=8), st.sampled_from(["wide", "long"]))
def test_units_in_are_units_priced_and_units_with_problems(rows: list[dict[str, Any]], form: Any) -> None:
    result = price(frame_of(rows), form=form)
    given_keys = {row["unit_id"] or None for row in rows}
    priced, bad = set(result.rows["unit_id"]), set(result.problems["unit_id"])
    assert not priced & bad
    if form == "wide":
        assert priced | bad == given_keys
        repeated = result.problems.filter(pl.col("code").is_in(["duplicate_key", "null_key"]))
        others = bad - set(repeated["unit_id"])
        assert len(rows) == len(priced) + len(others) + repeated.height


@settings(max_examples=60)
@given(st.lists(ROW, max_size=6, unique_by=lambda row: row["unit_id"]))
def test_each_unit_of_a_dirty_estate_owes_or_fails_as_it_would_alone(rows: list[dict[str, Any]]) -> None:
    rows = [row for row in rows if row["unit_id"]]
    result = price(frame_of(rows))
    each = [alone(row) for row in rows]
    assert totals(result) == {
        row["unit_id"]: total for row, (total, _) in zip(rows, each, strict=True) if total
    }
    found = set(result.problems.select("unit_id", "fact", "value", "code", "reason").rows())
    assert found == set().union(*(problems for _, problems in each))


@settings(max_examples=20)
@given(st.lists(ROW, min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_but_the_order_of_answers(
    rows: list[dict[str, Any]], random: Any
) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)
    one, other = price(frame_of(rows)), price(frame_of(shuffled))
    assert sorted(one.rows.rows(), key=repr) == sorted(other.rows.rows(), key=repr)
    assert sorted(one.problems.rows(), key=repr) == sorted(other.problems.rows(), key=repr)
    assert one.rows["unit_id"].to_list() == [row["unit_id"] for row in rows if row["unit_id"] in totals(one)]


FILE_KINDS = [kind for kind in KINDS if kind.name not in ("CSV", "Parquet folder", "Parquet glob")]


@settings(max_examples=10)
@given(st.lists(ROW, min_size=1, max_size=6), st.sampled_from(FILE_KINDS))
def test_the_kind_of_frame_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], kind: Kind
) -> None:
    frame = frame_of(rows)
    plain, other = price(frame), price(kind.give(frame, tmp_path_factory.mktemp("units")))
    for expected, found in ((plain.rows, other.rows), (plain.problems, other.problems)):
        texts = [tuple(map(str, row)) for row in expected.rows()]
        assert sorted(tuple(map(str, row)) for row in polars_of(found).rows()) == sorted(texts)


def test_a_strict_estate_raises_every_problem_at_once() -> None:
    with pytest.raises(feerules.UnitErrors) as caught:
        price(units(area=["10", "many", None], type=["home", "office", "home"]), strict=True)
    assert [(p.unit_id, p.fact, p.code) for p in caught.value.problems] == [
        ("B", "area", "wrong_type"),
        ("B", "type", "unknown_value"),
        ("C", "area", "missing"),
    ]
    assert str(caught.value).splitlines()[::2] == [
        "B: wrong_type: area: not a number",
        "C: missing: area: no value, and one is needed",
    ]
    assert price(units(), strict=True).problems.height == 0


# Forms


def test_the_wide_form_has_the_key_the_account_every_fee_and_the_total() -> None:
    frame = units(lift=["true", None, "false"], owner_id=["o", "p", "q"])
    assert price(frame).rows.columns == ["unit_id", "management", "lift", "total"]
    rows = price(frame.with_columns(account_id=pl.Series([1, 2, 3]))).rows
    assert rows.columns == ["unit_id", "account_id", "management", "lift", "total"]
    assert rows.row(0) == ("A", 1, Decimal("20.00"), Decimal("5.00"), Decimal("25.00"))
    assert rows["lift"].to_list() == [Decimal("5.00"), None, None]


def test_the_long_form_sums_to_the_wide_form_and_has_the_lines_of_each_unit_alone() -> None:
    frame = units(lift=["true", None, None], owner_id=["o", "p", "q"])
    rows = price(frame, form="long").rows
    sums = dict(rows.group_by("unit_id").agg(pl.col("amount").sum()).rows())
    assert {unit: str(total) for unit, total in sums.items()} == totals(price(frame))
    lines = [line for unit in frame.to_dicts() for line in feerules.price(unit, BOOK, MONTH)]
    told = ("charge_id", "payer_id", "fee", "period_start", "due_on", "rate", "amount", "table_row")
    assert {tuple(row[name] for name in told) for row in rows.to_dicts()} == {
        tuple(getattr(line, name) for name in told) for line in lines
    }


def test_a_form_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match='found form=\'tall\', expected "wide" or "long"'):
        price(units(), form="tall")


def test_a_sum_over_many_large_bills_does_not_overflow() -> None:
    yuan = 10**9
    book = feerules.load_files(
        {
            "big.yaml": f"kind: fee-schedule\nid: big\neffective: {{from: 2026-01-01}}\nfees: {{rent: {{rate: {yuan}, every: month}}}}\n"
        }
    )
    result = feerules.price_estate(pl.DataFrame({"unit_id": range(200_000)}), book, "2026")
    assert result.rows["total"].sum() == Decimal(yuan * 12 * 200_000)


# Dated facts


def dated(*rows: tuple[Any, ...], dtype: Any = pl.String) -> pl.DataFrame:
    schema = {
        "unit_id": pl.String,
        "valid_from": dtype,
        "valid_to": dtype,
        "area": pl.String,
        "type": pl.String,
    }
    return pl.DataFrame([(*row, "home") for row in rows], schema=schema, orient="row")


def test_a_row_holds_until_the_next_begins_or_until_its_own_end() -> None:
    two = dated(("A", None, None, "30"), ("A", "2026-11-16", None, "60"))
    assert totals(price(two)) == {"A": "90.00"}
    gap = dated(("A", None, "2026-11-11", "30"), ("A", "2026-11-16", None, "60"))
    assert totals(price(gap)) == {"A": "80.00"}
    assert totals(price(dated(("A", "2026-11-16", None, "30")).drop("valid_to"))) == {"A": "30.00"}
    assert totals(price(dated(("A", None, "2026-11-16", "30")).drop("valid_from"))) == {"A": "30.00"}


DAYS = {
    "text": pl.String,
    "day": pl.Date,
    "moment": pl.Datetime("ns"),
    "zoned moment": pl.Datetime("ms", "Asia/Shanghai"),
}


@pytest.mark.parametrize("name", DAYS)
def test_the_days_of_a_row_come_in_any_type(name: str) -> None:
    frame = dated(("A", "2026-10-01", None, "30"), ("A", "2026-11-16", "2026-11-21", "60"))
    columns = [pl.col("valid_from", "valid_to").str.to_date()]
    if name == "text":
        columns = []
    elif name != "day":
        zone = DAYS[name].time_zone
        columns = [
            pl.col("valid_from", "valid_to")
            .str.to_date()
            .cast(pl.Datetime(DAYS[name].time_unit))
            .dt.replace_time_zone(zone)
        ]
    assert totals(price(frame.with_columns(columns))) == {"A": "50.00"}


OVERLAPS = {
    "two rows since ever": (("A", None, None, "1"), ("A", None, None, "2")),
    "two rows from one day": (("A", "2026-11-05", None, "1"), ("A", "2026-11-05", None, "2")),
    "an end after the next begins": (("A", None, "2026-11-10", "1"), ("A", "2026-11-09", None, "2")),
    "one row inside another": (("A", None, "2027-01-01", "1"), ("A", "2026-11-09", "2026-11-10", "2")),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_days_that_two_rows_tell_are_a_problem_and_never_billed_twice(name: str) -> None:
    result = price(pl.concat([dated(*OVERLAPS[name]), dated(("B", None, None, "10"))]))
    assert totals(result) == {"B": "20.00"}
    assert [row[::3] for row in codes(result)] == [("A", "overlapping_rows")] * 2


BAD_DAYS: list[tuple[str, Any, Any, tuple[Any, str]]] = [
    ("no day", "soon", pl.String, ("soon", "wrong_type")),
    ("a day that does not exist", "2026-11-31", pl.String, ("2026-11-31", "wrong_type")),
    ("a number", 20261116, pl.Int64, ("20261116", "wrong_type")),
    ("noon", datetime(2026, 11, 16, 12), pl.Datetime("ms"), ("2026-11-16 12:00:00.000", "imprecise")),
    ("the end of the calendar", date(9999, 12, 31), pl.Date, ("9999-12-31", "out_of_domain")),
]


@pytest.mark.parametrize("column", ["valid_from", "valid_to"])
@pytest.mark.parametrize(
    ("value", "dtype", "expected"), [c[1:] for c in BAD_DAYS], ids=[c[0] for c in BAD_DAYS]
)
def test_a_day_that_cannot_be_read_makes_the_whole_unit_a_problem(
    column: str, value: Any, dtype: Any, expected: tuple[Any, str]
) -> None:
    frame = dated(("A", None, None, "10"), ("A", None, None, "20"), ("B", None, None, "10"))
    other = "valid_to" if column == "valid_from" else "valid_from"
    days = pl.Series([date(2026, 11, 5), date(2026, 11, 8), None])
    frame = frame.with_columns(pl.Series(column, [None, value, None], dtype=dtype), days.alias(other))
    if column == "valid_from":
        frame = frame.drop("valid_to")
    result = price(frame)
    assert totals(result) == {"B": "20.00"}
    assert ("A", column, *expected) in codes(result)


def test_a_row_that_ends_before_it_starts_is_a_problem() -> None:
    result = price(dated(("A", "2026-11-16", "2026-11-10", "10")))
    assert [row[::3] for row in codes(result)] == [("A", "ends_before_start")]


def test_one_bad_row_of_a_unit_leaves_none_of_its_days_billed() -> None:
    for form in ("wide", "long"):
        result = price(dated(("A", None, None, "10"), ("A", "2026-11-16", None, "many")), form=form)
        assert result.rows.height == 0
        assert codes(result) == [("A", "area", "many", "wrong_type")]


def test_only_a_change_of_what_is_read_changes_what_is_owed_not_how_it_is_written() -> None:
    whole = dated(("A", None, None, "33.33")).with_columns(owner_id=pl.lit("o"))
    cuts = dated(
        ("A", None, None, "33.33"), ("A", "2026-11-08", None, " 33.330"), ("A", "2026-11-23", None, "33.33")
    )
    cuts = cuts.with_columns(type=pl.Series(["home", "住宅", "home"]), owner_id=pl.Series(["o", "p", "q"]))
    assert totals(price(cuts)) == totals(price(whole)) == {"A": "66.66"}


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(2, 29), st.sampled_from(["33.33", "33.330", "7.77", "100.01"])),
        max_size=4,
        unique_by=lambda c: c[0],
    )
)
def test_dated_rows_owe_what_the_changes_of_the_unit_alone_owe(cuts: list[tuple[int, str]]) -> None:
    cuts = sorted(cuts)
    unit = {
        "unit_id": "A",
        "type": "home",
        "area": "50.01",
        "changes": [{"from": f"2026-11-{day:02}", "area": area} for day, area in cuts],
    }
    rows = [("A", None, None, "50.01"), *(("A", f"2026-11-{day:02}", None, area) for day, area in cuts)]
    frame = dated(*rows)
    bill = feerules.price(unit, BOOK, MONTH)
    lines = price(frame, form="long").rows
    assert [(line.period_start, line.amount) for line in bill.lines] == lines.select(
        "period_start", "amount"
    ).rows()
    assert totals(price(frame.reverse())) == {"A": str(bill.total)}


# Results


def test_a_result_is_written_beside_its_problems_again_and_again(tmp_path: Path) -> None:
    units(area=["10", "many", "30"]).write_csv(tmp_path / "units.csv")
    result = price(tmp_path / "units.csv")
    for name, beside in (("bills.parquet", "bills.problems.parquet"), ("bills", "bills.problems")):
        for _ in range(2):
            result.sink(tmp_path / name)
        assert pl.read_parquet(tmp_path / name)["unit_id"].to_list() == ["A", "C"]
        assert pl.read_parquet(tmp_path / beside)["unit_id"].to_list() == ["B"]
    result.sink(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert pl.read_parquet(tmp_path / "b.parquet").equals(result.collect().problems)


def test_a_bar_counts_what_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = price(units())
    result.sink(tmp_path / "bills.parquet")
    assert capsys.readouterr().err == ""
    result.sink(tmp_path / "bills.parquet", progress=True)
    assert "3.00 rows" in capsys.readouterr().err


def test_a_result_is_not_written_over_its_units_its_problems_or_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "units.parquet"
    units().write_parquet(file)
    result = price(file)
    with pytest.raises(FrameError, match="the query also reads from this file"):
        result.sink(file)
    with pytest.raises(ValueError, match=r"for the rows and for the problems, expected two files"):
        result.sink(tmp_path / "a", tmp_path / "a")
    with pytest.raises(IsADirectoryError):
        result.sink(tmp_path)
    assert pl.read_parquet(file).equals(units())


def test_collecting_gives_computed_frames_and_leaves_those_that_are(kind: Kind, tmp_path: Path) -> None:
    result = price(kind.give(units(), tmp_path))
    once = result.collect()
    assert once.collect() is once
    lazy = kind.comes_back is pl.LazyFrame
    assert type(once.rows) is (pl.DataFrame if lazy else kind.comes_back)
    assert once.digest == BOOK.digest
    assert polars_of(once.rows).height == 3


def test_rows_and_problems_become_json_when_money_is_told_as_text() -> None:
    result = price(units(area=["10", "many", "30"]), form="long")
    told = json.loads(json.dumps([*result.rows.to_dicts(), *result.problems.to_dicts()], default=str))
    assert [each.get("amount") or each["code"] for each in told] == ["20.00", "60.00", "wrong_type"]


def test_a_result_pickles() -> None:
    result = price(units())
    again = pickle.loads(pickle.dumps(result))
    assert again.rows.equals(result.rows)
    assert again.digest == result.digest


def _in_a_worker(book: feerules.Book) -> list[tuple[Any, ...]]:
    return feerules.price_estate(units(), book, MONTH).rows.rows()


def test_threads_and_spawned_workers_share_a_book() -> None:
    expected = _in_a_worker(BOOK)
    fresh = pickle.loads(pickle.dumps(BOOK))
    with ThreadPoolExecutor(8) as threads:
        assert [*threads.map(_in_a_worker, [fresh] * 24)] == [expected] * 24
    with multiprocessing.get_context("spawn").Pool(1) as workers:
        [found] = workers.map(priced_elsewhere, [(BOOK, units().to_dicts(), MONTH)])
    assert found == expected


AFTER_A_FORK = """
import os, sys
import feerules, polars as pl

book = feerules.load(sys.argv[1])
feerules.price_estate(pl.DataFrame({"unit_id": ["A-1"], "area": ["10"], "type": ["home"]}), book, "2026-11")
child = os.fork()
if child == 0:
    print(feerules.price({"unit_id": "A-1", "area": "10", "type": "home"}, book, "2026-11").total, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_one_unit_is_priced_after_a_fork_even_where_polars_has_run(tmp_path: Path) -> None:
    (tmp_path / "garden.yaml").write_text(SCHEDULE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", AFTER_A_FORK, str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    here = feerules.price({"unit_id": "A-1", "area": "10", "type": "home"}, BOOK, "2026-11")
    assert done.stdout.split() == [str(here.total)]
