"""The command that writes the rules as SQL, for a database that runs them itself."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

import feerules
from feerules.cli.frames import beside, in_a_folder, read_frame
from feerules.cli.options import Accrue, AsJson, BookPath, Command, pairs_of
from feerules.cli.printing import print_json, print_text, prints_problems, tell_written
from feerules.cli.speech import say
from feerules.cli.units import Form
from feerules.frames import into_lazy
from feerules.wording import sentence

__all__ = ["COMMANDS"]


Table = Annotated[
    str, typer.Argument(help=say(sentence("the table of units or positions, or a query in its place")))
]
When = Annotated[
    list[str],
    typer.Argument(
        help=say(
            sentence(
                "a period such as 2026-11; of several, one is the statement's parameter. "
                "Of positions the day, or the first and the last"
            )
        )
    ),
]


class Verb(StrEnum):
    price_estate = "price_estate"
    classify_estate = "classify_estate"
    next_actions = "next_actions"


@prints_problems
def sql(
    book: BookPath,
    table: Table,
    when: When,
    dialect: Annotated[str, typer.Option(help=say(sentence("duckdb, postgres or spark")))],
    verb: Annotated[
        Verb, typer.Option(help=say(sentence("what is asked; the last two of a table of positions")))
    ] = Verb.price_estate,
    form: Annotated[
        Form, typer.Option(help=say(sentence("wide: a row per unit; long: a row per bill line")))
    ] = Form.wide,
    columns: Annotated[
        list[str],
        typer.Option(
            "--columns", "-c", help=say(sentence("a column and its type: area=numeric(10,2); once for each"))
        ),
    ] = [],  # noqa: B006  (typer reads the default, nothing changes it)
    like: Annotated[
        Path | None,
        typer.Option(exists=True, help=say(sentence("a file whose columns the table has: .csv or .parquet"))),
    ] = None,
    pools: Annotated[
        str | None, typer.Option(help=say(sentence("the table of the totals that units share, or a query")))
    ] = None,
    pool_columns: Annotated[
        list[str],
        typer.Option(
            "--pool-columns", help=say(sentence("a column of the totals and its type; once for each"))
        ),
    ] = [],  # noqa: B006  (typer reads the default, nothing changes it)
    key: Annotated[
        str | None,
        typer.Option(help=say(sentence("the column that tells rows apart: unit_id or account_id"))),
    ] = None,
    unique: Annotated[
        bool, typer.Option("--unique", help=say(sentence("the table itself keeps keys from repeating")))
    ] = False,
    accrue: Accrue = False,
    problems: Annotated[
        bool, typer.Option("--problems", help=say(sentence("the statement of what could not be answered")))
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help=say(sentence("writes both statements: to this file, and beside it"))
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    in_a_folder(out)
    given = {
        **({} if like is None else _types_of(like)),
        **pairs_of(columns, "a column such as area=numeric(10,2)"),
    }
    asked: dict[str, Any] = {"as_of": _days(when)}
    if verb is Verb.price_estate:
        asked = {"period": when[0] if len(when) == 1 else when}
    shared = pairs_of(pool_columns, "a column such as amount=numeric(18,2)")
    statement = feerules.to_sql(
        feerules.load(book), verb.value, dialect, table,
        columns=given or None, form=form.value, key=key, unique=unique, accrue=accrue,
        pools=pools, pool_columns=shared or None, **asked,
    )  # fmt: skip
    if out is not None:
        for path, text in ((out, statement.rows), (beside(out), statement.problems)):
            path.write_text(f"{text};\n", encoding="utf-8")
            tell_written(path)
    elif json:
        print_json(statement.to_dict())
    else:
        print_text(f"{statement.problems if problems else statement.rows};")


def _days(when: list[str]) -> str | tuple[str, str]:
    """The day that positions are of, or the first and the last of several."""
    match when:
        case [day]:
            return day
        case [first, last]:
            return first, last
    raise ValueError(f"found {len(when)} days, expected one, or the first and the last")


TYPES = {
    pl.Int8: "smallint", pl.Int16: "smallint", pl.Int32: "integer", pl.Int64: "bigint", pl.UInt8: "smallint",
    pl.UInt16: "integer", pl.UInt32: "bigint", pl.UInt64: "decimal(20, 0)", pl.Int128: "decimal(38, 0)",
    pl.Float32: "real", pl.Float64: "double precision", pl.Boolean: "boolean", pl.Date: "date", pl.Null: "null",
}  # fmt: skip


def _types_of(path: Path) -> dict[str, str]:
    """The columns of a file, with types that every dialect knows; those of a CSV file are texts."""
    schema = into_lazy(read_frame(path))[0].collect_schema()
    return {name: _type_of(dtype) for name, dtype in schema.items()}


def _type_of(dtype: pl.DataType) -> str:
    match dtype:
        case pl.Decimal():
            return f"decimal({dtype.precision}, {dtype.scale})"
        case pl.Datetime():
            return "timestamp" if dtype.time_zone is None else "timestamp with time zone"
        case pl.String() | pl.Categorical() | pl.Enum():
            return "text"
    return TYPES.get(type(dtype), str(dtype).lower())


COMMANDS: tuple[Command, ...] = (
    (
        "sql", sql, say(sentence("What a table of units owes, or what positions lead to, as SQL: a database gives the same fen.")),
        (
            "sql rules homes 2026-11 --dialect postgres --like units.parquet --unique",
            "sql rules homes 2026-11 2026-12 --dialect duckdb --form long --out lines.sql",
            "sql rules homes 2026-11 --dialect postgres -c unit_id=text -c area='numeric(10,2)' --problems",
            "sql rules positions 2026-11-25 --dialect postgres --verb next_actions",
        ),
    ),
)  # fmt: skip
