"""What `make demo` shows: the sample estate, priced for a month, explained, and compared with old bills.

python examples/demo.py [--units 1000] [--month 2026-11]
"""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import polars as pl
from sample_estate import make

import feerules

RULES = Path(__file__).parents[1] / "rules" / "sample-estate"
SHOWN = (
    "management",
    "common_energy",
    "lift_energy",
    "water",
    "drainage",
    "garbage",
    "heating",
    "parking",
    "total",
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Prices a made-up estate for one month.")
    parser.add_argument("--units", type=int, default=1_000)
    parser.add_argument("--month", default="2026-11")
    given = parser.parse_args()
    book = load()
    with TemporaryDirectory() as folder:
        rows, problems = price_month(book, given.units, given.month, Path(folder))
    show_bills(rows)
    show_totals(book, rows)
    show_problems(problems)
    explain_one(book, rows, given.units, given.month)
    reconcile_last_month(book, given.units, given.month)


def load() -> feerules.Book:
    """Every document is checked when it is loaded, and every case must come out to the fen."""
    heading("The rules")
    book = feerules.load(RULES)
    results = feerules.run_cases(book)
    print(f"{book}\n{sum(result.passed for result in results)} of {len(results)} cases come out to the fen")
    return book


def price_month(
    book: feerules.Book, units: int, month: str, folder: Path
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Parquet to Parquet: the units of the month, ten of them spoilt, to a row of fees for each unit."""
    heading(f"{units:,} units, {month}")
    estate = make(units, month=month, dirty=min(10, units // 10))
    estate.units.write_parquet(folder / "units.parquet")
    started = perf_counter()
    result = feerules.price_estate(folder / "units.parquet", book, month, pools=estate.pools)
    result.sink(folder / "bills.parquet", progress=True)
    print(f"priced in {perf_counter() - started:.1f} s under the rules {result.digest[:12]}")
    return pl.read_parquet(folder / "bills.parquet"), pl.read_parquet(folder / "bills.problems.parquet")


def show_bills(rows: pl.DataFrame) -> None:
    heading("The first bills (yuan; empty: not charged)")
    first = rows.filter(pl.col("management").is_not_null()).head(8)
    first = pl.concat([first, rows.filter(pl.col("parking").is_not_null()).head(2)]).select("unit_id", *SHOWN)
    table([name.replace("_", " ") for name in first.columns], first.rows())


def show_totals(book: feerules.Book, rows: pl.DataFrame) -> None:
    heading("Totals by fee (yuan)")
    fees = {fee_id: fee for schedule in book.schedules for fee_id, fee in schedule.fees.items()}
    lines = [
        (*titles(fees[fee].title, fee), rows[fee].count(), rows[fee].sum())
        for fee in fees
        if fee in rows.columns
    ]
    lines.append(("合计", "all fees", len(rows), rows["total"].sum()))
    table(("", "fee", "units", "amount"), lines)


def show_problems(problems: pl.DataFrame) -> None:
    """What cannot be priced is never zero: it is a row with its reason."""
    heading("What cannot be priced, and why")
    about = problems.group_by("code", "fact", maintain_order=True).agg(
        pl.len().alias("rows"), pl.col("unit_id").first(), pl.col("value").first(), pl.col("reason").first()
    )
    columns = ("rows", "unit_id", "fact", "value", "reason")
    table(columns, about.sort("rows", "fact").select(columns).rows())
    print("A pool is divided among all who share it or not at all: spoilt rows hold up their whole building.")


def explain_one(book: feerules.Book, rows: pl.DataFrame, units: int, month: str) -> None:
    """The same home, alone: the fen of the estate, and the sentence for every number."""
    home = rows.filter(pl.col("lift_energy") > 0).row(0, named=True)
    unit = make(units, month=month).units.row(by_predicate=pl.col("unit_id") == home["unit_id"], named=True)
    shares = {fee: home[fee] for fee in ("common_energy", "lift_energy")}
    bill = feerules.price(unit, book, month, shares=shares)
    assert bill.total == home["total"]
    for locale in ("zh_CN", "en"):
        heading(f"The bill of {home['unit_id']}, explained ({locale})")
        print(bill.explain(locale))


def reconcile_last_month(book: feerules.Book, units: int, month: str) -> None:
    last = str(date.fromisoformat(f"{month}-01") - timedelta(days=1))[:7]
    heading(f"Against the bills that the old system sent for {last}")
    estate = make(units, month=last)
    result = feerules.reconcile(book, estate.units, estate.billed(), last, pools=estate.pools)
    print(result)
    differences = result.rows.filter(pl.col("state") != "matched")
    by_fee = (
        differences.group_by("fee", "state").agg(pl.len(), pl.col("difference").sum()).sort("state", "fee")
    )
    print()
    table(("fee", "state", "units", "difference"), by_fee.rows())


# Tables


def heading(text: str) -> None:
    print(f"\n{text}\n{'─' * width(text)}")


def titles(words: Any, otherwise: str) -> tuple[str, str]:
    return (words.zh, words.en) if words else (otherwise, otherwise)


def width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    texts = [
        ["" if each is None else f"{each:,}" if not isinstance(each, str) else each for each in row]
        for row in rows
    ]
    widths = [max(width(row[at]) for row in [list(head), *texts]) for at in range(len(head))]
    for row in [list(head), *texts]:
        cells = [
            _padded(cell, size, left=_is_text(texts, at))
            for at, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _is_text(rows: Sequence[Sequence[str]], at: int) -> bool:
    return any(
        row[at] and not row[at].replace(",", "").replace(".", "").lstrip("-").isdigit() for row in rows
    )


def _padded(text: str, size: int, *, left: bool) -> str:
    space = " " * (size - width(text))
    return text + space if left else space + text


if __name__ == "__main__":
    main()
