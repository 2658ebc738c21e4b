"""The arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from feerules.cli.speech import say
from feerules.wording import sentence

__all__ = [
    "Accrue", "AsJson", "AsOf", "BookPath", "Charges", "Command", "Entries", "KeyName", "KnownAt", "OutPath", "Pools",
    "ReportPath", "Rows", "Units", "When", "facts_of", "pairs_of",
]  # fmt: skip

Command = tuple[str, Any, str, tuple[str, ...]]  # its name, its function, its help, lines to copy

BookPath = Annotated[
    Path, typer.Argument(exists=True, help=say(sentence("a folder of rules, or one document")))
]
AsJson = Annotated[bool, typer.Option("--json", help=say(sentence("JSON for machines")))]
OutPath = Annotated[
    Path | None,
    typer.Option("--out", "-o", help=say(sentence("writes the rows to a .csv, .parquet or .xlsx file"))),
]
KeyName = Annotated[str, typer.Option(help=say(sentence("the column that tells rows apart")))]
Rows = Annotated[int, typer.Option(min=0, help=say(sentence("how many rows a table shows")))]


ReportPath = Annotated[
    Path | None, typer.Option(help=say(sentence("writes a report to a .html or .xlsx file")))
]

# About units
Units = Annotated[Path, typer.Argument(exists=True, help=say(sentence("the units: .csv, .parquet or .xlsx")))]
When = Annotated[str, typer.Argument(help=say(sentence("2026-11, 2026-Q4, 2026, 2026-11-01/2027-02-01")))]
Pools = Annotated[Path | None, typer.Option(exists=True, help=say(sentence("the totals that units share")))]
Accrue = Annotated[bool, typer.Option("--accrue", help=say(sentence("only the days of the period")))]

# About accounts
AsOf = Annotated[str, typer.Argument(help=say(sentence("the day, such as 2026-11-20")))]
Charges = Annotated[
    Path, typer.Option(exists=True, help=say(sentence("the charges: .csv, .parquet or .xlsx")))
]
Entries = Annotated[Path | None, typer.Option(exists=True)]
KnownAt = Annotated[str | None, typer.Option(help=say(sentence("only what was recorded by then")))]


def facts_of(given: list[str]) -> dict[str, str]:
    """The facts of a unit from area=89.50."""
    return pairs_of(given, "a fact such as area=89.50")


def pairs_of(given: list[str], expected: str) -> dict[str, str]:
    """What stands before and behind =, of each; ValueError for what is no such thing."""
    odd = [each for each in given if "=" not in each]
    if odd:
        raise ValueError(f"found {odd[0]!r}, expected {expected}")
    pairs = [(name.strip(), value.strip()) for name, _, value in (each.partition("=") for each in given)]
    twice = [name for at, (name, _) in enumerate(pairs) if name in dict(pairs[:at])]
    if twice:
        raise ValueError(f"found {twice[0]} twice, expected each {expected.split()[1]} once")
    return dict(pairs)
