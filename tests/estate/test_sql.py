"""Statements give in a database what the verbs give, to the fen and to the word."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from books import GARDEN, garden_units

import feerules
from databases import Database, DuckDB, Postgres, quoted

TINY = """
kind: fee-schedule
id: tiny
effective: {from: 2026-01-01}
facts:
  type: {choice: [home, shop]}
  area: {decimal: 2, min: 0, max: 10000, unit: m²}
fees:
  management:
    per: area
    rate: |
      | type | rate |
      |------|------|
      | home | 2.80 |
      | shop | 6.50 |
  lift: {applies: {type: home}, rate: 5.00}
"""


def tiny() -> feerules.Book:
    return feerules.load_files({"tiny.yaml": TINY})


def homes(**columns: Any) -> pl.DataFrame:
    told = {"unit_id": ["A", "B", "C"], "type": ["home", "shop", "home"], "area": ["80", "45.20", "120.38"]}
    return pl.DataFrame({**told, **columns})


def asked(database: Database, frame: pl.DataFrame, book: feerules.Book, period: Any, **how: Any) -> Any:
    types = database.load(frame, "units")
    return feerules.to_sql(
        book, "price_estate", database.dialect, "units", period=period, columns=types, **how
    )


def assert_same(
    database: Database, frame: pl.DataFrame, book: feerules.Book, period: str, **how: Any
) -> None:
    """That the statement gives the rows and problems of `price_estate`, under the same names."""
    statement = asked(database, frame, book, period, **how)
    how.pop("unique", None)
    result = feerules.price_estate(frame, book, period, **how)
    for sql, expected in ((statement.rows, result.rows), (statement.problems, result.problems)):
        assert Counter(database.run(sql)) == Counter(expected.rows())
        assert database.names(sql) == expected.columns


# Whole estates


@pytest.mark.long
def test_100_000_homes_owe_in_a_database_what_each_owes_alone(postgres: Postgres) -> None:
    book, units = feerules.load(GARDEN), garden_units(100_000)
    for number in range(0, 100_000, 997):
        units[number]["area"] = ("", "12.345", "x", "-1")[number % 4]
    frame = pl.DataFrame(units)
    statement = asked(postgres, frame, book, "2026-11", unique=True)
    totals = {row[0]: row[-1] for row in postgres.run(statement.rows)}
    problems = {(row[2], row[4], row[5], row[6], row[7]) for row in postgres.run(statement.problems)}
    told = set()
    for unit in units:
        try:
            assert feerules.price(unit, book, "2026-11").total == totals.pop(unit["unit_id"])
        except feerules.UnitErrors as error:
            told |= {(each.unit_id, each.fact, each.value, each.code, each.reason) for each in error.problems}
    assert totals == {}
    assert problems == told
    assert len(problems) == 101


@pytest.mark.parametrize("form", ["wide", "long"])
def test_a_period_without_fees_has_the_columns_of_every_other(database: Database, form: str) -> None:
    assert_same(database, homes(), tiny(), "2025-11", form=form)


# Keys


@pytest.mark.parametrize("form", ["wide", "long"])
@pytest.mark.parametrize(
    "keys", [["A", "A", "B"], [None, None, "B"], ["", "A", "A"], [1, None, 1], [3, 2, 1]], ids=str
)
def test_keys_that_are_missing_or_repeat_are_problems(database: Database, keys: list[Any], form: str) -> None:
    assert_same(database, homes(unit_id=keys), tiny(), "2026-11", form=form)


def test_a_table_that_keeps_its_keys_apart_is_not_searched_for_repeats(database: Database) -> None:
    statement = asked(database, homes(unit_id=["A", None, "C"]), tiny(), "2026-11", unique=True)
    assert "HAVING" not in statement.rows + statement.problems
    assert sorted(row[0] for row in database.run(statement.rows)) == ["A", "C"]
    assert [row[6] for row in database.run(statement.problems)] == ["null_key"]


@pytest.mark.parametrize("form", ["wide", "long"])
def test_a_key_and_accounts_go_by_the_names_that_the_table_has(database: Database, form: str) -> None:
    frame = homes(owner_id=["X", None, "Z"], account_id=["1", "2", None]).rename({"unit_id": "房号"})
    assert_same(database, frame, tiny(), "2026-11", form=form, key="房号")


# Columns


def test_facts_stand_under_the_names_of_the_erp(database: Database) -> None:
    mapping = "kind: book\nid: erp\nmapping: {area: 建筑面积, type: Type of unit, unit_id: 房号}\n"
    book = feerules.load_files({"tiny.yaml": TINY, "book.yaml": mapping})
    frame = homes().rename({"area": "建筑面积", "type": "Type of unit"})
    assert_same(database, frame, book, "2026-11")


def test_a_key_goes_by_the_name_that_the_erp_has_for_it(database: Database) -> None:
    mapping = "kind: book\nid: erp\nmapping: {unit_id: 房号}\n"
    book = feerules.load_files({"tiny.yaml": TINY, "book.yaml": mapping})
    assert_same(database, homes().rename({"unit_id": "房号"}), book, "2026-11")


def test_a_fact_that_no_column_tells_is_missing_in_every_row(database: Database) -> None:
    assert_same(database, homes().drop("area"), tiny(), "2026-11")


def test_words_and_numbers_may_have_types_of_their_own() -> None:
    database = DuckDB()
    database.connection.execute(
        "CREATE TABLE units AS SELECT unit_id, type::ENUM('home', 'shop') AS type, area::FLOAT AS area "
        "FROM (VALUES (1, 'home', 80.5), (2, 'shop', 45.2)) AS t(unit_id, type, area)"
    )
    types = {row[0]: row[1] for row in database.connection.sql("DESCRIBE units").fetchall()}
    statement = feerules.to_sql(tiny(), "price_estate", "duckdb", "units", period="2026-11", columns=types)
    assert database.run(statement.problems) == [
        ("units", "2", "2", None, "area", "45.2", "imprecise", "more than 2 decimal places")
    ]


def test_types_of_postgres_and_what_cannot_carry_a_fact(postgres: Postgres) -> None:
    connection = postgres.connection
    connection.execute("DROP TABLE IF EXISTS odd")
    connection.execute(
        "CREATE TEMPORARY TABLE odd (unit_id char(4), type varchar(9), area numeric, net money, more text[])"
    )
    connection.execute(
        "INSERT INTO odd VALUES ('A1', 'home', 80.50, 5, '{}'), ('A2', 'shop', 'NaN', 5, '{}'), ('A3', 'shop', 'Infinity', 5, '{}'), "
        "('A4', 'shop', 1.2345, 5, '{}'), ('A5', 'shop', 1e20, 5, '{}')"
    )
    columns = {"unit_id": "character(4)", "type": "character varying(9)", "area": "numeric"}
    statement = feerules.to_sql(tiny(), "price_estate", "postgres", "odd", period="2026-11", columns=columns)
    assert postgres.run(statement.rows) == [("A1", Decimal("225.40"), Decimal("5.00"), Decimal("230.40"))]
    assert sorted((row[2], row[6]) for row in postgres.run(statement.problems)) == [
        ("A2", "missing"), ("A3", "wrong_type"), ("A4", "imprecise"), ("A5", "out_of_domain"),
    ]  # fmt: skip
    odd = {**columns, "area": "money"}
    statement = feerules.to_sql(tiny(), "price_estate", "postgres", "odd", period="2026-11", columns=odd)
    assert {row[6] for row in postgres.run(statement.problems)} == {"wrong_type"}


def test_a_uuid_is_a_key_by_its_text(database: Database) -> None:
    frame = homes(
        unit_id=["6f2e8bd2-9e0b-4ec0-8b4e-0dfb5d6d7f10", None, "6f2e8bd2-9e0b-4ec0-8b4e-0dfb5d6d7f12"]
    )
    columns = database.load(frame, "units")
    source = 'SELECT CAST(unit_id AS UUID) AS unit_id, "type", area FROM units'
    statement = feerules.to_sql(
        tiny(),
        "price_estate",
        database.dialect,
        source,
        period="2026-11",
        columns={**columns, "unit_id": "uuid"},
    )
    expected = feerules.price_estate(frame, tiny(), "2026-11")
    assert sorted(database.run(statement.rows)) == expected.rows.sort("unit_id").rows()
    assert [row[6] for row in database.run(statement.problems)] == ["null_key"]


def test_without_columns_every_fact_stands_in_one_of_its_name_and_kind(database: Database) -> None:
    frame = homes().with_columns(pl.col("area").cast(pl.Decimal(12, 3)))
    database.load(frame, "units")
    statement = feerules.to_sql(tiny(), "price_estate", database.dialect, "units", period="2026-11")
    expected = feerules.price_estate(frame, tiny(), "2026-11")
    assert sorted(database.run(statement.rows)) == expected.rows.sort("unit_id").rows()


# Sources


@pytest.mark.parametrize(
    "source",
    ["units", '"units"', " units ;", "SELECT * FROM units", "(SELECT * FROM units) AS u",
     "WITH u AS (SELECT * FROM units) SELECT * FROM u"],
)  # fmt: skip
def test_a_source_is_a_table_or_a_query(database: Database, source: str) -> None:
    types = database.load(homes(), "units")
    statement = feerules.to_sql(
        tiny(), "price_estate", database.dialect, source, period="2026-11", columns=types
    )
    assert sorted(row[-1] for row in database.run(statement.rows)) == [
        Decimal("229.00"), Decimal("293.80"), Decimal("342.06"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    ["", "units; DROP TABLE units", "units WHERE 1=1", "units, units", "DROP TABLE units",
     "SELECT 1; SELECT 2", "from units", "TABLE units", "units JOIN units u ON true", "units LIMIT 1", "(units", "DELETE FROM units"],
)  # fmt: skip
def test_what_is_no_table_is_refused(source: str) -> None:
    with pytest.raises(feerules.FeeRulesError) as caught:
        feerules.to_sql(tiny(), "price_estate", "duckdb", source, period="2026-11")
    assert str(caught.value) == f"found {source!r}, expected the name of a table, or one query"


def test_a_comment_in_a_query_is_refused_by_its_name() -> None:
    with pytest.raises(
        feerules.FeeRulesError, match=r"expected the name of a table, or one query; leave comments out$"
    ):
        feerules.to_sql(tiny(), "price_estate", "duckdb", "SELECT * FROM units -- all", period="2026-11")


def test_a_table_may_be_called_as_a_query_begins(database: Database) -> None:
    types = database.load(homes(), "select_units")
    statement = feerules.to_sql(
        tiny(), "price_estate", database.dialect, "select_units", period="2026-11", columns=types
    )
    assert len(database.run(statement.rows)) == 3


def refused(**how: Any) -> str:
    given: dict[str, Any] = {"dialect": "postgres", "table": "units", "period": "2026-11", **how}
    with pytest.raises(ValueError, match=r"^(found|no|the)") as caught:
        feerules.to_sql(tiny(), given.pop("verb", "price_estate"), **given)
    return str(caught.value)


REFUSED = [
    ({"dialect": "tsql"}, "found the dialect 'tsql', expected one of duckdb, postgres, spark: whole numbers divide through doubles there, and the last fen would be a guess, and it knows no arrays in which a table could be looked up"),
    ({"dialect": "mysql"}, "found the dialect 'mysql', expected one of duckdb, postgres, spark: it knows no arrays in which a table could be looked up"),
    ({"dialect": "Klingon"}, "found the dialect 'Klingon', expected one of duckdb, postgres, spark: of these alone every operation is proved to give the same fen"),
    ({"verb": "bill"}, "found the verb 'bill', expected one of price_estate, classify_estate, next_actions"),
    ({"form": "tall"}, "found form='tall', expected \"wide\" or \"long\""),
    ({"period": []}, "found no period, expected at least one that the parameter can be"),
    ({"columns": {"area": "numeric"}}, 'no column "unit_id": found area; name the key with key='),
    ({"columns": {"unit_id": "jsonb"}}, 'found values of another type in the key "unit_id", expected text, a whole number or a uuid: cast it to text, in a query in place of the table'),
    ({"as_of": "2026-11-25"}, "found as_of= with price_estate, expected it with classify_estate or next_actions: leave it out"),
    ({"verb": "next_actions", "as_of": "2026-11-25"}, "found period= with next_actions, expected it with price_estate: leave it out"),
    ({"columns": {"unit_id": "text", "area": " "}}, "found the type ' ' of the column area, expected one of postgres"),
    ({"columns": {"unit_id": "text", "area": "numeric(x)"}}, "found the type 'numeric(x)' of the column area, expected one of postgres"),
    ({"key": "Total"}, 'the key "Total" is also the name of a column of the answer: rename it'),
    ({"dialect": None}, "found dialect=None, expected a text"),
    ({"table": 7}, "found table=7, expected a text"),
    ({"key": 1}, "found key=1, expected a text"),
    ({"columns": {"area": None}}, "found columns={'area': None}, expected the columns with their types, such as {\"area\": \"numeric(10,2)\"}"),
    ({"period": 2026}, 'found period=2026, expected one such as "2026-11", or a list of them'),
    ({"period": [None]}, 'found period=[None], expected one such as "2026-11", or a list of them'),
    ({"table": "SELECT * FROM homes WHERE city = $1", "period": ["2026-11", "2026-12"]}, "found the parameter of the period in the query 'SELECT * FROM homes WHERE city = $1' too: give yours another number"),
    ({"key": "total"}, 'the key "total" is also the name of a column of the answer: rename it'),
]  # fmt: skip


@pytest.mark.parametrize(("how", "message"), REFUSED, ids=[str(how) for how, _ in REFUSED])
def test_what_cannot_be_asked_is_refused_with_the_reason(how: dict[str, Any], message: str) -> None:
    assert refused(**how) == message


# The period as a parameter


@pytest.mark.parametrize("form", ["wide", "long"])
def test_one_statement_answers_for_each_of_its_periods(database: Database, form: Any) -> None:
    later = TINY.replace("2026-01-01", "2026-12-01").replace("2.80", "2.95").replace("lift:", "garden:")
    book = feerules.load_files({"tiny.yaml": TINY, "later.yaml": later})
    frame = homes()
    statement = asked(database, frame, book, ["2026-11", "2026-12"], form=form)
    assert statement.parameters == ("period",)
    for period in ("2026-11", "2026-12"):
        rows = feerules.price_estate(frame, book, period, form=form).rows
        found = database.run(statement.rows, {"period": period})
        if form == "long":
            assert Counter(found) == Counter(rows.rows())
        else:
            assert sorted(row[-1] for row in found) == sorted(rows["total"])
        assert database.run(statement.problems, {"period": period}) == []


def test_the_parameters_of_a_query_stand_beside_the_period(database: Database) -> None:
    types = database.load(homes(), "units")
    name = "2" if database.dialect == "postgres" else "kind"
    query = f'SELECT * FROM units WHERE "type" = ${name}'
    statement = feerules.to_sql(
        tiny(), "price_estate", database.dialect, query, period=["2026-11", "2026-12"], columns=types
    )
    assert statement.parameters == ("period", name)
    assert [row[0] for row in database.run(statement.rows, {"period": "2026-11", name: "shop"})] == ["B"]


def test_a_period_that_the_statement_was_not_written_for_is_a_problem(database: Database) -> None:
    statement = asked(database, homes(), tiny(), ["2026-11", "2026-12"])
    assert database.run(statement.rows, {"period": "2027-01"}) == []
    assert database.run(statement.problems, {"period": "2027-01"}) == [
        ("units", None, None, None, None, "2027-01", "other_period", "the statement was not written for this period")
    ]  # fmt: skip


# Names and words that mean harm

HOSTILE = [
    "it's", 'a "name"', "x'; DROP TABLE units; --", "x'); DELETE FROM units; /*", "*/ --", "\\", "\\'; --", "\\\\''",
    "$$", "$q$ $q$", "＇；ＤＲＯＰ", "‘’“”", "100%", "%s %(x)s", "{0} {}", "? $1 :x @x", "line\nbreak\r\n", "tab\t",
    "\u202etrap", "楼😀", "E'\\n'", "`tick`", "[x]", "\x7f\x1b",
]  # fmt: skip


def written(value: Any) -> str:
    """A value as YAML has it; what a terminal would not show is escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f").replace("\u202e", "\\u202e")


def hostile() -> tuple[feerules.Book, pl.DataFrame]:
    """A book whose words, titles and sources are all such texts, and units that say them."""
    words = [word for word in HOSTILE if word.strip() == word]
    fees = "\n".join(
        f"  fee_{place}:\n    title: {{zh: {written(word)}, en: {written(word)}}}\n"
        f"    applies: {{kind: {written(json.dumps(word, ensure_ascii=False))}}}\n    rate: {place}.25"
        for place, word in enumerate(words, 1)
    )
    text = f"""
kind: fee-schedule
id: hostile
title: {{zh: {written(HOSTILE[2])}, en: {written(HOSTILE[6])}}}
source: {{document: {written(HOSTILE[3])}, clause: {written(HOSTILE[12])}}}
effective: {{from: 2026-01-01}}
facts:
  kind: {{choice: {written(words)}}}
fees:
{fees}
"""
    book = feerules.load_files({"hostile.yaml": text})
    said = [*words, "none of them'; --"]
    keys = [f"{place} {word}" for place, word in enumerate(said)]
    return book, pl.DataFrame({"unit_id": keys, "kind": said, "account_id": said})


@pytest.mark.parametrize("form", ["wide", "long"])
def test_words_titles_sources_and_keys_stay_text(database: Database, form: str) -> None:
    book, frame = hostile()
    assert_same(database, frame, book, "2026-11", form=form)


@pytest.mark.parametrize("name", [name for name in HOSTILE if len(name.encode()) < 60])
def test_names_of_tables_and_columns_stay_names(database: Database, name: str) -> None:
    mapping = {"kind": "book", "id": "erp", "mapping": {"area": name}}
    book = feerules.load_files({"tiny.yaml": TINY, "book.yaml": written(mapping)})
    frame = homes().rename({"unit_id": f"k{name}", "area": name}).with_columns(pl.lit(1).alias("~key"))
    types = database.load(frame, name)
    statement = feerules.to_sql(
        book, "price_estate", database.dialect, quoted(name), period="2026-11", columns=types, key=f"k{name}"
    )
    assert sorted(row[-1] for row in database.run(statement.rows)) == [
        Decimal("229.00"), Decimal("293.80"), Decimal("342.06"),
    ]  # fmt: skip
    assert database.names(statement.rows)[0] == f"k{name}"


def test_a_text_with_nul_is_refused() -> None:
    book = feerules.load_files(
        {"tiny.yaml": TINY.replace("id: tiny", 'id: tiny\nsource: {document: "a\\0b"}')}
    )
    with pytest.raises(feerules.FeeRulesError) as caught:
        feerules.to_sql(book, "price_estate", "postgres", "units", period="2026-11", form="long")
    assert str(caught.value) == "found a NUL character in 'a\\x00b', expected text that a database can hold"


def test_names_that_postgres_would_cut_are_refused_and_others_that_begin_alike_are_not(
    database: Database,
) -> None:
    long = "water_supply_to_the_upper_floors_of_the_third_building_by_pu"
    alike = [f"{long}{end}" for end in ("mp1", "mp2")]
    assert {len(name) for name in alike} == {63}
    fees = "".join(f"  {name}: {{rate: {rate}}}\n" for rate, name in enumerate(alike, 1))
    schedule = f"kind: fee-schedule\nid: long\neffective: {{from: 2026-01-01}}\nfees:\n{fees}"
    assert_same(database, homes(), feerules.load_files({"long.yaml": schedule}), "2026-11")
    longer = feerules.load_files({"long.yaml": schedule.replace("mp2", "mps2")})
    if database.dialect != "postgres":
        assert_same(database, homes(), longer, "2026-11")
        return
    with pytest.raises(feerules.FeeRulesError) as caught:
        feerules.to_sql(longer, "price_estate", "postgres", "units", period="2026-11")
    assert str(caught.value) == (
        f"the column {long}mps2 would have a name of 64 bytes, and postgres keeps 63: shorten it"
    )


def test_a_year_that_is_too_wide_for_postgres_is_refused_before_it_asks() -> None:
    book = feerules.load(GARDEN.parents[2] / "rules" / "sample-estate")
    with pytest.raises(feerules.FeeRulesError, match=r"has room for 1,600: ask for a shorter period"):
        feerules.to_sql(book, "price_estate", "postgres", "units", period="2026", form="long", pools="totals")
