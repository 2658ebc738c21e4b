"""Puts the rules into an ERP's own database: prices as a view, bill lines as an INSERT, and so every month.

python examples/erp_database.py ["host=... dbname=..."]

The address is one of PostgreSQL, in which a schema of this example's own is made, and dropped at the end. Without
an address a server is started for the example, if this machine has PostgreSQL; else it runs on DuckDB.
"""

from __future__ import annotations

import argparse
from decimal import Decimal
from typing import Any

from own_postgres import has_postgres, postgres_server

import feerules

RULES = """
kind: fee-schedule
id: garden
title: {zh: 花园小区收费标准, en: Garden estate fees}
effective: {from: 2026-01-01}
source: {document: "the owners' assembly of 2025-12-08", clause: "3"}
facts:
  type: {choice: [home, shop]}
  area: {decimal: 2, min: 10, max: 10000, unit: m²}
  lift: {boolean: true, default: false}
  water_used: {decimal: 2, min: 0, max: 99999, unit: m³, usage: true}
defaults: {every: month, due: {day: 15}}
fees:
  management:
    per: area
    rate: |
      | type | lift  | rate |
      |------|-------|------|
      | home | true  | 2.80 |
      | home | false | 1.50 |
      | shop | -     | 6.50 |
    tax: 6%
  rubbish: {applies: {type: home}, rate: 10.00}
  water: {per: water_used, rate: 3.40, at_a_change: by_days}
"""
MONTH, MONTHS = "2026-11", ["2026-11", "2026-12", "2027-01"]
SCHEMA = "feerules_example"

HOMES = """
CREATE TABLE homes (
    unit_id VARCHAR(20) PRIMARY KEY, account_id VARCHAR(20), type TEXT, area NUMERIC(10, 2), lift BOOLEAN,
    water_used NUMERIC(10, 2)
)
"""
# What an ERP has gathered over the years: of 5,000 units some have no area, and some are of a type that nobody knows.
GATHERED = """
INSERT INTO homes
SELECT 'A-' || (10000 + n), 'P-' || (10000 + n / 2), CASE WHEN n % 9 = 0 THEN 'shop' WHEN n % 1000 = 7 THEN 'villa' ELSE 'home' END,
    CASE WHEN n % 1000 <> 3 THEN 40 + (n * 7919 % 12000) * 0.01 END, n % 3 > 0, (n * 104729 % 2500) * 0.01
FROM generate_series(1, 5000) AS t(n)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Prices the units of a database inside it.")
    parser.add_argument(
        "address", nargs="?", help="of a PostgreSQL server, such as host=127.0.0.1 dbname=erp"
    )
    address = parser.parse_args().address
    book = feerules.load_files({"garden.yaml": RULES})
    if address:
        on_postgres(address, book)
    elif has_postgres():
        with postgres_server() as own:
            on_postgres(own, book)
    else:
        on_duckdb(book)


def on_postgres(address: str, book: feerules.Book) -> None:
    import psycopg

    with psycopg.connect(address, autocommit=True) as database:
        database.execute(f"CREATE SCHEMA {SCHEMA}")
        try:
            database.execute(f"SET search_path TO {SCHEMA}")
            fill(database)
            database.execute("ANALYZE homes")
            types = database.execute(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
                "WHERE attrelid = 'homes'::regclass AND attnum > 0 AND NOT attisdropped"
            )
            columns = dict(types.fetchall())
            show_view(database, "postgres", book, columns)
            bill_a_month(database, "postgres", book, columns)
            bill_every_night(database, book, columns)
        finally:
            database.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def on_duckdb(book: feerules.Book) -> None:
    import duckdb

    database = duckdb.connect()
    fill(database)
    columns = {row[0]: row[1] for row in database.execute("DESCRIBE homes").fetchall()}
    show_view(database, "duckdb", book, columns)
    bill_a_month(database, "duckdb", book, columns)
    lines, _ = monthly("duckdb", book, columns)
    database.execute(f"INSERT INTO bill_lines {lines} ON CONFLICT DO NOTHING", {"period": "2026-12"})
    print(f"2026-12: {count(database, 'bill_lines'):,} lines in all")


def fill(database: Any) -> None:
    database.execute(HOMES)
    database.execute(GATHERED)


def count(database: Any, table: str) -> int:
    (found,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  (names of this script)
    return int(found)


def show_view(database: Any, dialect: str, book: feerules.Book, columns: dict[str, str]) -> None:
    """What each home owes this month, for every screen and report of the ERP: the rules as a view."""
    # The primary key keeps units apart, so that the statement need not look for repeats.
    owed = feerules.to_sql(book, "price_estate", dialect, "homes", period=MONTH, columns=columns, unique=True)
    database.execute(f"CREATE VIEW homes_owe AS {owed.rows}")
    total = database.execute("SELECT sum(total) FROM homes_owe").fetchone()[0]
    print(f"{dialect}: {count(database, 'homes_owe'):,} of {count(database, 'homes'):,} units owe {total:,}")

    one = "SELECT total FROM homes_owe WHERE unit_id = 'A-10777'"
    unit = database.execute(
        "SELECT type, area, lift, water_used FROM homes WHERE unit_id = 'A-10777'"
    ).fetchone()
    facts = dict(zip(("type", "area", "lift", "water_used"), unit, strict=True))
    bill = feerules.price({"unit_id": "A-10777", **facts}, book, MONTH)
    asked: Decimal = database.execute(one).fetchone()[0]
    assert asked == bill.total
    print(f"A-10777 owes {asked}, asked of the database and of the library")
    if dialect == "postgres":
        plan = [line for (line,) in database.execute(f"EXPLAIN (COSTS OFF) {one}").fetchall()]
        print("\n".join(line.strip() for line in plan if "homes" in line or "Index Cond" in line))


def bill_a_month(database: Any, dialect: str, book: feerules.Book, columns: dict[str, str]) -> None:
    """Bill lines into a table of the ERP, whose key is that of a charge: a second run adds nothing."""
    statement = feerules.to_sql(
        book, "price_estate", dialect, "homes", period=MONTH, columns=columns, form="long", unique=True
    )
    database.execute(f"CREATE TABLE bill_lines AS SELECT * FROM ({statement.rows}) AS lines LIMIT 0")  # noqa: S608
    database.execute("ALTER TABLE bill_lines ADD PRIMARY KEY (charge_id)")
    for run in ("billed", "run again"):
        before = count(database, "bill_lines")
        database.execute(f"INSERT INTO bill_lines {statement.rows} ON CONFLICT DO NOTHING")
        print(f"{run}: {count(database, 'bill_lines') - before:,} new lines")

    # What could not be priced is work for somebody: a row for each reason.
    database.execute(f"CREATE TABLE bill_problems AS {statement.problems}")
    found = database.execute(
        "SELECT fact, code, reason, count(*) FROM bill_problems GROUP BY 1, 2, 3 ORDER BY 1"
    ).fetchall()
    for fact, code, reason, units in found:
        print(f"{units} units without a bill: {code}: {fact}: {reason}")


def monthly(dialect: str, book: feerules.Book, columns: dict[str, str]) -> tuple[str, str]:
    """Lines and problems for any of some months, of which one is the parameter of the statement."""
    statement = feerules.to_sql(
        book, "price_estate", dialect, "homes", period=MONTHS, columns=columns, form="long", unique=True
    )
    return statement.rows, statement.problems


def bill_every_night(database: Any, book: feerules.Book, columns: dict[str, str]) -> None:
    """A function of the database that the ERP's scheduler calls: SELECT bill('2026-12')."""
    from psycopg.sql import SQL, Literal

    lines, problems = monthly("postgres", book, columns)
    body = f"""
        DELETE FROM bill_problems;
        INSERT INTO bill_problems {problems};
        WITH new AS (INSERT INTO bill_lines {lines} ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM new;
    """  # noqa: S608
    # As a literal, and not between dollars: rules may hold any text.
    database.execute(
        SQL("CREATE FUNCTION bill(text) RETURNS bigint LANGUAGE sql SET jit = off AS {}").format(
            Literal(body)
        )
    )
    for month in ("2026-12", "2026-12", "2027-02"):
        (new,) = database.execute("SELECT bill(%s)", [month]).fetchone()
        (wrong,) = database.execute("SELECT min(reason) FROM bill_problems WHERE unit_id IS NULL").fetchone()
        print(f"bill('{month}'): {new:,} new lines{f', {wrong}' if wrong else ''}")


if __name__ == "__main__":
    main()
