"""Whatever holds an estate is read as it is meant, or refused with cause and cure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import feerules
from feerules.frames import FrameError
from frame_kinds import Kind, polars_of

BOOK = feerules.load_files(
    {
        "garden.yaml": """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 10000, unit: m², aliases: [面积, JZMJ]}
  lift: {boolean: true, optional: true, words: {是: true, 否: false}}
  handover: {date: true, optional: true}
fees:
  management: {per: area, rate: 2.80, every: month, starts: handover}
  lift: {applies: {lift: true}, rate: 5, every: month}
"""
    }
)
MONTH = "2026-11"


def told(units: Any, **more: Any) -> tuple[dict[Any, str], set[tuple[Any, ...]]]:
    """(the total of each unit, its problems)."""
    result = feerules.price_estate(units, BOOK, MONTH, **more).collect()
    rows, problems = polars_of(result.rows), polars_of(result.problems)
    totals = {row[0]: str(row[-1]) for row in rows.iter_rows()}
    return totals, set(problems.select("unit_id", "fact", "value", "code").rows())


def refused(units: Any, **more: Any) -> str:
    with pytest.raises(FrameError) as caught:
        feerules.price_estate(units, BOOK, MONTH, **more).collect()
    return str(caught.value)


# Kinds


UNITS = pl.DataFrame(
    {
        "unit_id": ["A-1", "A-2", "A-3", "A-4"],
        "area": ["89.5", " 89.50 ", "many", None],
        "lift": ["是", None, None, "true"],
        "handover": ["2026-11-16", None, "2020-01-01", None],
    }
)


def test_every_kind_of_frame_gives_the_same_answer_and_gets_its_own_kind_back(
    kind: Kind, tmp_path: Path
) -> None:
    result = feerules.price_estate(kind.give(UNITS, tmp_path), BOOK, MONTH)
    assert type(result.rows) is type(result.problems) is kind.comes_back
    rows = polars_of(result.rows).sort("unit_id")
    assert rows["unit_id"].to_list() == ["A-1", "A-2"]
    assert [str(total) for total in rows["total"]] == ["130.30", "250.60"]
    assert sorted(polars_of(result.problems)["unit_id"]) == ["A-3", "A-4"]


def test_money_is_exact_in_every_kind_of_frame(kind: Kind, tmp_path: Path) -> None:
    rows = feerules.price_estate(kind.give(UNITS, tmp_path), BOOK, MONTH).rows
    amounts = rows["total"].to_pylist() if isinstance(rows, pa.Table) else None
    if isinstance(rows, pd.DataFrame):
        amounts = list(rows["total"])
    if amounts is None:
        amounts = polars_of(rows)["total"].to_list()
    assert {type(amount) for amount in amounts} == {Decimal}


def test_an_estate_without_units_gives_the_columns_of_the_answer(kind: Kind, tmp_path: Path) -> None:
    empty = pl.DataFrame(schema=dict.fromkeys(("unit_id", "area"), pl.String))
    result = feerules.price_estate(kind.give(empty, tmp_path), BOOK, MONTH)
    rows, problems = polars_of(result.rows), polars_of(result.problems)
    assert rows.columns == ["unit_id", "management", "lift", "total"]
    assert problems.columns == ["frame", "row_id", "unit_id", "fee", "fact", "value", "code", "reason"]
    assert rows.height == problems.height == 0


def test_a_pandas_index_counts_as_columns_where_it_has_names() -> None:
    frame = pd.DataFrame({"unit_id": ["A-1"], "area": [1]}, index=[7])
    assert list(feerules.price_estate(frame, BOOK, MONTH).rows.index) == [0]
    named = pd.DataFrame({"area": [1]}, index=pd.Index(["A-1"], name="unit_id"))
    assert told(named) == ({"A-1": "2.80"}, set())


def test_whole_numbers_with_a_gap_which_pandas_makes_floats_are_whole_numbers() -> None:
    frame = pd.DataFrame({"unit_id": [101, None, 102], "area": [1, 2, 3]})
    totals, problems = told(frame)
    assert totals == {101: "2.80", 102: "8.40"}
    assert problems == {(None, "unit_id", None, "null_key")}
    line = feerules.price_estate(frame, BOOK, MONTH, form="long").rows["charge_id"][0]
    assert line == "101:management:20261101:owner:2026-01-01"


def test_a_pandas_column_of_numbers_and_texts_is_read_value_by_value() -> None:
    frame = pd.DataFrame(
        {"unit_id": [1, "B", 3, 4], "area": ["many", 89.5, Decimal("1.50"), None]}, dtype=object
    )
    totals, problems = told(frame)
    assert totals == {"B": "250.60", "3": "4.20"}
    assert problems == {("1", "area", "many", "wrong_type"), ("4", "area", None, "missing")}


def test_a_pandas_column_of_other_objects_is_refused_by_its_name() -> None:
    assert refused(pd.DataFrame({"unit_id": ["A"], "area": [object()]})).startswith("the pandas frame cannot")
    mixed = pd.DataFrame({"unit_id": ["A", "B"], "area": [1, [2]]}, dtype=object)
    assert refused(mixed) == "the column area holds values of several types (int, list): make them one"


# Values: (as given, total of the unit or the code of its problem)


VALUES: list[tuple[str, Any, Any, str]] = [
    ("a text", "89.5", pl.String, "250.60"),
    ("a text with spaces around", " 89.5 ", pl.String, "250.60"),
    ("a text with zeros at both ends", "+0089.500", pl.String, "250.60"),
    ("the empty text", "", pl.String, "missing"),
    ("full-width digits", "８９", pl.String, "wrong_type"),
    ("an exponent", "1e3", pl.String, "wrong_type"),
    ("a comma for thousands", "1,000", pl.String, "wrong_type"),
    ("the word inf", "inf", pl.String, "wrong_type"),
    ("too many decimals", "89.505", pl.String, "imprecise"),
    ("a thousand digits", "9" * 1001, pl.String, "wrong_type"),
    ("a category", "89.5", pl.Categorical, "250.60"),
    ("a member of an enumeration", "89.5", pl.Enum(["89.5", "x"]), "250.60"),
    ("a float", 89.5, pl.Float64, "250.60"),
    ("a float of 32 bits", 89.5, pl.Float32, "250.60"),
    ("a float of 32 bits that is not exact", 89.1, pl.Float32, "imprecise"),
    ("a float with three decimals", 89.505, pl.Float64, "imprecise"),
    ("a sum of floats", 0.1 + 0.2, pl.Float64, "imprecise"),
    ("minus zero", -0.0, pl.Float64, "0.00"),
    ("no number", float("nan"), pl.Float64, "missing"),
    ("infinity", float("inf"), pl.Float64, "wrong_type"),
    ("a huge float", 1e300, pl.Float64, "imprecise"),
    ("an unsigned number", 89, pl.UInt8, "249.20"),
    ("a small number", -1, pl.Int8, "out_of_domain"),
    ("a number of 128 bits", 10**30, pl.Int128, "out_of_domain"),
    ("a decimal without places", Decimal(89), pl.Decimal(38, 0), "249.20"),
    ("a decimal with zeros", Decimal("89.5"), pl.Decimal(38, 20), "250.60"),
    ("a decimal with 38 places", Decimal("0.5"), pl.Decimal(38, 38), "1.40"),
    ("a decimal that is too precise", Decimal("89.505"), pl.Decimal(10, 3), "imprecise"),
    ("true", True, pl.Boolean, "wrong_type"),
    ("a column of nulls", None, pl.Null, "missing"),
    ("a list", [1], pl.List(pl.Int64), "wrong_type"),
    ("a struct", {"a": 1}, pl.Struct({"a": pl.Int64}), "wrong_type"),
    ("bytes", b"1", pl.Binary, "wrong_type"),
    ("a span of time", timedelta(1), pl.Duration, "wrong_type"),
    ("a day", date(2026, 1, 1), pl.Date, "wrong_type"),
]


@pytest.mark.parametrize(
    ("value", "dtype", "expected"), [case[1:] for case in VALUES], ids=[c[0] for c in VALUES]
)
def test_a_value_is_priced_or_is_a_problem_of_its_own(value: Any, dtype: Any, expected: str) -> None:
    frame = pl.DataFrame({"unit_id": ["A-1"], "area": pl.Series([value], dtype=dtype)})
    totals, problems = told(frame)
    found = totals.get("A-1") or next(code for _, _, _, code in problems)
    assert found == expected
    assert len(totals) + len(problems) == 1


SINGLY = [
    case
    for case in VALUES
    if not isinstance(case[2], pl.Enum) and case[2] not in (pl.Float32, pl.Binary, pl.Struct, pl.Duration)
]


@pytest.mark.parametrize(("value", "expected"), [(c[1], c[3]) for c in SINGLY], ids=[c[0] for c in SINGLY])
def test_one_unit_alone_is_judged_the_same(value: Any, expected: str) -> None:
    try:
        found = str(feerules.price({"unit_id": "A-1", "area": value}, BOOK, MONTH).total)
    except feerules.UnitErrors as error:
        found = error.problems[0].code
    assert found == expected


DAYS: list[tuple[str, Any, Any, str]] = [
    ("a day", date(2026, 11, 16), pl.Date, "1.40"),
    ("a text", "2026-11-16", pl.String, "1.40"),
    ("midnight", datetime(2026, 11, 16), pl.Datetime("us"), "1.40"),
    ("midnight in Shanghai", datetime(2026, 11, 15, 16), pl.Datetime("ms", "Asia/Shanghai"), "1.40"),
    ("noon", datetime(2026, 11, 16, 12), pl.Datetime("ns"), "imprecise"),
    ("another order", "16.11.2026", pl.String, "wrong_type"),
    ("without hyphens", "20261116", pl.String, "wrong_type"),
    ("a day that does not exist", "2026-11-31", pl.String, "wrong_type"),
    ("a number", 20261116, pl.Int64, "wrong_type"),
]


@pytest.mark.parametrize(
    ("value", "dtype", "expected"), [case[1:] for case in DAYS], ids=[c[0] for c in DAYS]
)
def test_a_day_comes_as_text_day_or_midnight(value: Any, dtype: Any, expected: str) -> None:
    frame = pl.DataFrame({"unit_id": ["A-1"], "area": [1], "handover": pl.Series([value]).cast(dtype)})
    totals, problems = told(frame)
    assert (totals.get("A-1") or next(code for _, _, _, code in problems)) == expected


# Columns


def test_a_fact_in_two_columns_is_what_the_first_that_says_something_says() -> None:
    frame = pl.DataFrame(
        {"unit_id": ["A", "B", "C"], "JZMJ": ["9", "8", None], "面积": ["7", "", ""], "area": ["1", None, ""]}
    )
    totals, problems = told(frame)
    assert totals == {"A": "2.80", "B": "22.40"}
    assert problems == {("C", "area", None, "missing")}
    alone = [feerules.price(unit, BOOK, MONTH).total for unit in frame.head(2).to_dicts()]
    assert [str(total) for total in alone] == [*totals.values()]


def test_a_fact_in_two_columns_of_different_types_is_refused() -> None:
    frame = pl.DataFrame({"unit_id": ["A"], "area": [1.5], "面积": ["2"]})
    assert refused(frame) == (
        "the fact area stands in columns of different types, area (Float64), 面积 (String): keep one"
    )


def test_a_column_that_the_book_maps_is_the_fact_or_the_key() -> None:
    files = {
        **BOOK.files,
        "book.yaml": b"kind: book\nid: own\nmapping: {unit_id: FWBH, area: MJ, account_id: ZH}\n",
    }
    book = feerules.load_files({name: bytes(text).decode() for name, text in files.items()})
    frame = pl.DataFrame({"FWBH": ["A"], "MJ": ["1"], "ZH": ["z"]})
    assert feerules.price_estate(frame, book, MONTH).rows.rows() == [
        ("A", "z", Decimal("2.80"), None, Decimal("2.80"))
    ]
    [line] = feerules.price(frame.to_dicts()[0], book, MONTH).lines
    found = feerules.price_estate(frame, book, MONTH, form="long").rows
    assert found.select("charge_id", "account_id").rows() == [(line.charge_id, line.account_id)]


def test_columns_that_no_rule_asks_for_do_no_harm() -> None:
    names = (
        "total",
        "0.active",
        "fee.management",
        "charged.lift",
        "#good",
        "~key",
        "fact",
        "code",
        "run_from",
    )
    frame = pl.DataFrame({"unit_id": ["A"], "area": ["1"]}).with_columns(pl.lit("x").alias(n) for n in names)
    assert told(frame) == ({"A": "2.80"}, set())
    assert feerules.price_estate(frame, BOOK, MONTH, form="long").rows["amount"].to_list() == [
        Decimal("2.80")
    ]


@pytest.mark.parametrize(
    "name", ["code", "value", "fact", "0.active", "charged.lift", "fee.lift", "#good", "房号"]
)
@pytest.mark.parametrize("form", ["wide", "long"])
def test_the_key_may_have_any_name_that_no_column_of_the_answer_has(name: str, form: Any) -> None:
    frame = pl.DataFrame({name: ["A", "B"], "area": ["1", "-1"]})
    result = feerules.price_estate(frame, BOOK, MONTH, key=name, form=form)
    assert result.rows[name].to_list() == ["A"]
    assert result.problems["unit_id"].to_list() == ["B"]


@pytest.mark.parametrize(
    ("name", "form"), [("total", "wide"), ("lift", "wide"), ("fee", "long"), ("unit", "long")]
)
def test_a_key_named_as_a_column_of_the_answer_is_refused(name: str, form: Any) -> None:
    found = refused(pl.DataFrame({name: ["A"], "area": ["1"]}), key=name, form=form)
    assert found == f'the key "{name}" is also the name of a column of the answer: rename it'


REPEATED = {
    "pandas": pd.DataFrame([["A", 1, 2]], columns=["unit_id", "area", "area"]),
    "pyarrow": pa.table([pa.array(["A"]), pa.array([1]), pa.array([2])], names=["unit_id", "area", "area"]),
}


@pytest.mark.parametrize("name", REPEATED)
def test_a_name_that_two_columns_have_is_refused(name: str) -> None:
    assert refused(REPEATED[name]) == "the column area occurs more than once: rename or drop one"


def test_a_decimal_of_256_bits_is_refused_before_polars_panics() -> None:
    wide = pa.table({"unit_id": ["A"], "area": pa.array([Decimal(1)], pa.decimal256(50, 2))})
    assert refused(wide) == "the column area is of type decimal256: cast it to decimal128"


@pytest.mark.parametrize(
    "thing", [None, 5, [{"unit_id": "A"}], {"unit_id": ["A"]}, pl.Series([1]), pd.Series([1])]
)
def test_what_is_no_frame_is_refused(thing: Any) -> None:
    assert "expected a frame of polars, pandas, pyarrow or Arrow, or the path of a" in refused(thing)


def test_a_frame_without_the_key_is_refused_with_the_columns_that_it_has() -> None:
    assert refused(pl.DataFrame({"id": ["A"], "area": [1]})).startswith(
        'no column "unit_id": found id, area;'
    )


# Files


GOOD = "unit_id,area\nA-1,1\n"
FILES: list[tuple[str, str, bytes]] = [
    ("with a byte order mark", "a.csv", b"\xef\xbb\xbf" + GOOD.encode()),
    ("with carriage returns", "a.csv", GOOD.replace("\n", "\r\n").encode()),
    ("with capitals in its ending", "A.CSV", GOOD.encode()),
    ("with brackets in its name", "a[1].csv", GOOD.encode()),
    ("with Chinese in it", "a.csv", "unit_id,面积\nA-1,1\n".encode()),
    ("with a short row", "a.csv", b"unit_id,area,lift\nA-1,1\n"),
]


@pytest.mark.parametrize(("name", "content"), [case[1:] for case in FILES], ids=[c[0] for c in FILES])
def test_a_csv_file_is_read(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert told(tmp_path / name) == ({"A-1": "2.80"}, set())


def test_a_quoted_value_may_hold_a_line_break_a_comma_and_quotes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('unit_id,area\n"A\n1, ""east""",1\n', encoding="utf-8")
    assert told(tmp_path / "a.csv") == ({'A\n1, "east"': "2.80"}, set())


BAD_FILES: list[tuple[str, bytes, str]] = [
    (
        "GBK",
        "unit_id,面积\nA-1,1\n".encode("gbk"),
        "a.csv is not UTF-8 (byte 8): it may be GBK; save it as UTF-8",
    ),
    ("UTF-16", GOOD.encode("utf-16"), "a.csv is not UTF-8 (byte 0): it may be GBK; save it as UTF-8"),
    ("nothing", b"", "found nothing in a.csv, expected a line of column names"),
    (
        "a name twice",
        b"unit_id,area,area\nA,1,2\n",
        "the column area occurs more than once: rename or drop one",
    ),
    ("semicolons", b"unit_id;area\nA;1\n", 'no column "unit_id": found unit_id;area; name the key with key='),
]


@pytest.mark.parametrize(
    ("content", "message"), [case[1:] for case in BAD_FILES], ids=[c[0] for c in BAD_FILES]
)
def test_a_csv_file_that_would_be_read_wrong_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert refused(tmp_path / "a.csv") == message


def test_what_polars_finds_wrong_with_a_file_is_told_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("unit_id,area\nA,1,2\n", encoding="utf-8")
    assert refused(tmp_path / "a.csv").endswith("put a value that holds a comma in quotes")
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    assert refused(tmp_path / "a.parquet").startswith(f"{tmp_path / 'a.parquet'} cannot be read: parquet:")
    assert refused(tmp_path / "none*.parquet").endswith("no file has such a name")
    assert refused(tmp_path).startswith(f"{tmp_path} cannot be read")


def test_a_folder_without_parquet_and_a_file_of_another_kind_are_refused(tmp_path: Path) -> None:
    assert (
        refused(tmp_path) == f'found no .parquet file in {tmp_path}; for .csv files give "{tmp_path}/*.csv"'
    )
    (tmp_path / "a.xlsx").write_bytes(b"")
    assert refused(tmp_path / "a.xlsx") == "found a.xlsx, expected a .parquet or .csv file"


def test_a_path_to_nothing_is_not_found() -> None:
    with pytest.raises(FileNotFoundError, match=r"no such file or folder: nowhere.parquet"):
        feerules.price_estate("nowhere.parquet", BOOK, MONTH)
