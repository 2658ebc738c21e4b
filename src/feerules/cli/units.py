"""Commands about units: what they owe, and why."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

import feerules
from feerules.cli.accounts import explain_account
from feerules.cli.frames import PARQUET, beside, read_frame, writable, write_frame
from feerules.cli.options import (
    Accrue,
    AsJson,
    BookPath,
    Command,
    KeyName,
    OutPath,
    Pools,
    Rows,
    Units,
    When,
    facts_of,
)
from feerules.cli.printing import (
    FOUND,
    ended,
    print_frame,
    print_json,
    print_problems,
    print_text,
    prints_problems,
    working,
)
from feerules.cli.speech import LOCALE, say
from feerules.frames import into_lazy
from feerules.wording import sentence

__all__ = ["COMMANDS"]

Facts = Annotated[
    list[str],
    typer.Option("--unit", "-u", help=say(sentence("a fact of one unit: area=89.50; once for each"))),
]


class Form(StrEnum):
    wide = "wide"
    long = "long"


@prints_problems
def price(
    book: BookPath,
    units: Units,
    period: When,
    out: OutPath = None,
    form: Annotated[
        Form, typer.Option(help=say(sentence("wide: a row per unit; long: a row per bill line")))
    ] = Form.wide,
    key: KeyName = "unit_id",
    pools: Pools = None,
    billed: Annotated[
        Path | None,
        typer.Option(exists=True, help=say(sentence("last time's lines: only the differences come"))),
    ] = None,
    accrue: Accrue = False,
    rows: Rows = 20,
    json: AsJson = False,
) -> None:
    writable(out)
    result = feerules.price_estate(
        read_frame(units), feerules.load(book), period, form=form.value, key=key, accrue=accrue,
        pools=None if pools is None else read_frame(pools), billed=None if billed is None else read_frame(billed),
    )  # fmt: skip
    if out is not None and out.suffix.lower() in PARQUET:
        result.sink(out)
        rows_, problems = pl.scan_parquet(out), pl.scan_parquet(beside(out))
    else:
        with working():
            collected = result.collect()
        rows_, problems = into_lazy(collected.rows)[0], into_lazy(collected.problems)[0]
        if out is not None:
            write_frame(rows_, out)
            write_frame(problems, beside(out))
    tell_estate(rows_, problems, key, out, rows, json, "total" if form is Form.wide else "amount")


def tell_estate(
    rows: pl.LazyFrame, problems: pl.LazyFrame, key: str, out: Path | None, most: int, json: bool, amount: str
) -> None:
    """The answers and, apart, what could not be answered; the command ends with 1 where there is any."""
    bad = problems.collect()
    if json:
        told: dict[str, Any] = {"problems": bad}
        print_json(told if out is not None else {"rows": rows.collect(engine="streaming"), **told})
        ended(FOUND if bad.height else 0)
        return
    count, total = rows.select(pl.len(), pl.col(amount).sum().alias("sum")).collect(engine="streaming").row(0)
    if out is None and most:
        print_frame(rows.head(most).collect())
    print_text(
        say(sentence("rows: {count}, together {total}"), count=f"{count:,}", total=f"{total or Decimal(0):,}")
    )
    if out is not None:
        print_text(say(sentence("written to {path}"), path=str(out)))
    print_problems(bad, (key, "unit_id", "fee", "fact", "value", "code", "reason"))
    ended(FOUND if bad.height else 0)


@prints_problems
def explain(
    book: BookPath,
    when: Annotated[str, typer.Argument(help=say(sentence("a period for a unit, a day for an account")))],
    unit: Facts = [],  # noqa: B006  (typer reads the default, nothing changes it)
    units: Annotated[
        Path | None, typer.Option(exists=True, help=say(sentence("the units, of which --id names one")))
    ] = None,
    charges: Annotated[
        Path | None,
        typer.Option(exists=True, help=say(sentence("the charges of accounts, of which --id names one"))),
    ] = None,
    payments: Annotated[Path | None, typer.Option(exists=True)] = None,
    events: Annotated[Path | None, typer.Option(exists=True)] = None,
    accounts: Annotated[Path | None, typer.Option(exists=True)] = None,
    id_: Annotated[str, typer.Option("--id", help=say(sentence("the unit or account")))] = "",
    key: Annotated[str, typer.Option(help=say(sentence("the column of --id")))] = "",
    accrue: Accrue = False,
    json: AsJson = False,
) -> None:
    rules = feerules.load(book)
    if charges is not None:
        explain_account(
            rules, when, id_, key or "account_id", json,
            {"charges": charges, "payments": payments, "events": events, "accounts": accounts},
        )  # fmt: skip
        return
    facts: dict[str, Any] = facts_of(unit) if unit else _found(units, key or "unit_id", id_)
    bill = feerules.price(facts, rules, when, accrue=accrue)
    if json:
        print_json(bill.to_dict())
    else:
        print_text(bill.explain(LOCALE))


def _found(units: Path | None, key: str, id_: str) -> dict[str, Any]:
    """The one unit that is meant, with its dated facts as changes."""
    if units is None or not id_:
        raise ValueError("found no unit, expected --unit area=89.50 …, or --units FILE --id A-501")
    frame = into_lazy(read_frame(units))[0]
    if key not in frame.collect_schema().names():
        raise ValueError(f"found no column {key} in {units}, expected one that --key names")
    rows = frame.filter(pl.col(key).cast(pl.String) == id_).collect().to_dicts()
    if not rows:
        raise ValueError(f"found no unit {id_} in {units}")
    if len(rows) > 1:
        raise ValueError(
            f"found {len(rows)} rows of {id_} in {units}, expected one: price the file, in the long form"
        )
    return {name: value for name, value in rows[0].items() if value is not None} | {"unit_id": id_}


COMMANDS: tuple[Command, ...] = (
    (
        "price", price, say(sentence("What every unit of a file owes for a period.")),
        (
            "price rules units.csv 2026-11",
            "price rules units.parquet 2026-11 --form long --out lines.parquet",
            "price rules units.xlsx 2026-Q4 --pools pools.csv --out bills.xlsx",
        ),
    ),
    (
        "explain", explain, say(sentence("Why one unit owes what it owes, or why an account gets what it gets.")),
        (
            "explain rules 2026-11 --unit type=residential --unit area=89.50",
            "explain rules 2026-11 --units units.csv --id A-501",
            "explain rules 2026-11-20 --charges charges.csv --payments payments.csv --id A-501",
        ),
    ),
)  # fmt: skip
