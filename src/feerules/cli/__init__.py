"""The command line: parse, call a verb, print. Nothing is decided here."""

from __future__ import annotations

import sys

from feerules.errors import MissingExtra

__all__ = ["main"]


def main() -> None:
    """Runs `feerules` with the arguments of the process."""
    try:
        from feerules.cli.commands import app
    except ModuleNotFoundError as error:
        sys.exit(str(MissingExtra("the command line", "cli", error.name or "")))
    app(prog_name="feerules")
