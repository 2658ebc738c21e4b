"""What the command line prints: tables for people, JSON for machines, and how a command ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

import feerules
from feerules.checks.findings import Finding
from feerules.cli.speech import LOCALE, say
from feerules.errors import FeeRulesError, Problem, RuleErrors, UnitErrors, Where
from feerules.proving.marks import Rule
from feerules.proving.results import CaseResult
from feerules.wording import sentence, translate

__all__ = [
    "FOUND",
    "USAGE",
    "ended",
    "placed",
    "print_frame",
    "print_json",
    "print_problems",
    "print_text",
    "prints_problems",
    "seen",
    "tell_written",
    "working",
    "write_report",
]

FOUND, USAGE = 1, 2
F = TypeVar("F", bound=Callable[..., Any])
P = TypeVar("P", Problem, Finding, CaseResult, Rule)
SHOWN = 20  # rows of a table in a terminal


def print_text(text: str, *, to_error: bool = False) -> None:
    """A text as it is: nothing in it is markup, and no line is broken."""
    stream = sys.stderr if to_error else sys.stdout
    stream.write(text + "\n")


def print_json(value: Any) -> None:
    """One JSON document with a number for its form."""
    said = {"schema": 1, **value} if isinstance(value, dict) else value
    print_text(json.dumps(said, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return f"{value:f}"
        case date() | datetime():
            return value.isoformat()
        case pl.DataFrame():
            return value.to_dicts()
        case _:
            return str(value)


def print_frame(frame: Any, title: str = "", columns: Sequence[str] = (), most: int = SHOWN) -> None:
    """The first rows of a frame as a table; columns without a value are left out."""
    whole = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    shown = whole.head(most)
    chosen = [name for name in dict.fromkeys(columns) if name in shown.columns] or shown.columns
    shown = shown.select(
        name for name in chosen if shown[name].null_count() < shown.height or name == chosen[0]
    )
    table = Table(title=title or None, title_justify="left", title_style="bold")
    for name, kind in shown.schema.items():
        table.add_column(name, justify="right" if kind.is_numeric() else "left", overflow="fold")
    for row in shown.iter_rows():
        table.add_row(*("" if value is None else _told(value) for value in row))
    _console().print(table)
    if whole.height > most:
        print_text(say(sentence("… and {more} more rows"), more=f"{whole.height - most:,}"))


def _console() -> Console:
    # Where no terminal tells how wide it is, no cell is cut.
    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 240)


def _told(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, list | pl.Series):
        return ", ".join(map(str, value))
    return str(value)


def print_problems(frame: Any, columns: Sequence[str] = (), most: int = SHOWN) -> None:
    """What could not be answered, in the language of the terminal; nothing where there is none."""
    whole = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    if whole.height:
        title = say(sentence("problems: {count}"), count=f"{whole.height:,}")
        print_frame(_in_words(whole), title, columns, max(most, 1))


def _in_words(problems: pl.DataFrame) -> pl.DataFrame:
    words = translate(LOCALE)
    told = [words.retold(each["reason"], each["code"]) for each in problems.iter_rows(named=True)]
    return problems.with_columns(pl.Series("reason", told, pl.String))


@contextmanager
def working() -> Iterator[None]:
    """Says that something is being done, where a person is watching."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(say(sentence("working …"))):
        yield


def tell_written(path: Path | None) -> None:
    """Tells which file was written, apart from what the command prints."""
    if path is not None:
        print_text(say(sentence("written to {path}"), path=str(path)), to_error=True)


def write_report(path: Path | None, *parts: Any) -> None:
    """Writes what was found as a report, where one is asked for."""
    if path is not None:
        feerules.report(path, *parts, locale=LOCALE)
        tell_written(path)


def ended(code: int) -> None:
    """Ends the command with a code, unless it is 0."""
    if code:
        raise typer.Exit(code)


# Places in files, as the terminal sees them


def placed(found: Iterable[P], root: Path) -> list[P]:
    """The same with paths from where the command was called, so that an editor opens them."""
    return [replace(each, where=seen(each.where, root)) for each in found]


def seen(where: Where, root: Path) -> Where:
    """A place in the rules at `root`, a folder or a document, from where the command was called."""
    base = root if root.is_dir() else root.parent
    try:
        told = os.path.relpath(base / where.file)
    except ValueError:  # on another drive
        told = str(base / where.file)
    return Where(Path(told).as_posix(), where.line, where.column)


def prints_problems(command: F) -> F:
    """A command whose errors are told as what they are: rules and data end it with 1, its own use with 2."""

    @wraps(command)
    def told(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except RuleErrors as errors:
            root = next((value for value in options.values() if isinstance(value, Path)), Path())
            print_text("\n".join(map(str, placed(errors.problems, root))), to_error=True)
            code = FOUND
        except UnitErrors as errors:
            print_text(str(errors) if LOCALE == "en" else errors.explain(LOCALE), to_error=True)
            code = FOUND
        except OSError as error:
            print_text(_of_system(error), to_error=True)
            code = USAGE
        except (FeeRulesError, ValueError, TypeError) as error:
            print_text(str(error), to_error=True)
            code = USAGE
        raise typer.Exit(code)

    return told  # type: ignore[return-value]


def _of_system(error: OSError) -> str:
    """What the system says of a file, without the number that it has for it."""
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
