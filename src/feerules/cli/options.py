"""The arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from feerules.cli.speech import say
from feerules.wording import sentence

__all__ = ["AsJson", "BookPath", "Command", "KeyName", "OutPath", "Rows", "facts_of"]

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


def facts_of(given: list[str]) -> dict[str, str]:
    """The facts of a unit from area=89.50; ValueError for what is no such thing."""
    odd = [each for each in given if "=" not in each]
    if odd:
        raise ValueError(f"found {odd[0]!r}, expected a fact such as area=89.50")
    return {name.strip(): value.strip() for name, _, value in (each.partition("=") for each in given)}
