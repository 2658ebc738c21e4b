"""The command line: parse, call a verb, print. Nothing is decided here."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from feerules.errors import MissingExtra

__all__ = ["main"]


def main() -> None:
    """Runs `feerules` with the arguments of the process."""
    try:
        from feerules.cli.commands import app
    except ModuleNotFoundError as error:
        sys.exit(str(MissingExtra("the command line", "cli", error.name or "")))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a code page without ¥ or → costs that sign, not the answer
            stream.reconfigure(errors="replace")
    app(prog_name="feerules")
