"""Frames in and out of the command line: CSV, Parquet and XLSX by their endings."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import polars as pl

from feerules.errors import MissingExtra

__all__ = ["PARQUET", "beside", "in_a_folder", "read_frame", "writable", "write_frame"]

WORKBOOK, CSV, PARQUET = ".xlsx", ".csv", (".parquet", ".pq")
MOST_ROWS = 1_048_575  # of a sheet, below its head


def writable(path: Path | None) -> Path | None:
    """A path that can be written to, asked before the work is done; ValueError for an ending that is not known."""
    if path is not None and path.suffix.lower() not in (WORKBOOK, CSV, *PARQUET):
        raise ValueError(f"found {path.name}, expected a name that ends in .csv, .parquet or .xlsx")
    return in_a_folder(path)


def in_a_folder(path: Path | None) -> Path | None:
    """A path whose folder is there, and that is no folder itself; ValueError for another."""
    if path is not None and not path.parent.is_dir():
        raise ValueError(f"found no folder {path.parent}, expected one in which {path.name} can be written")
    if path is not None and path.is_dir():
        raise ValueError(f"found the folder {path}, expected the name of a file")
    return path


def beside(path: Path) -> Path:
    """Where the problems stand that belong to a file of rows."""
    return path.with_suffix(f".problems{path.suffix}")


def read_frame(path: Path) -> Any:
    """A frame as the verbs take it: the path of a .parquet or .csv file, or the rows of the first sheet of a workbook.

    Of a workbook every cell is text, as a person would type it, so that the facts are read by their own rules.
    """
    if not path.exists():
        raise FileNotFoundError(f"no file {path}")
    if not path.is_dir() and path.suffix.lower() not in (WORKBOOK, CSV, *PARQUET):
        raise ValueError(f"found {path.name}, expected a .csv, .parquet or .xlsx file: save it as one")
    return _workbook(path) if path.suffix.lower() == WORKBOOK else str(path)


def _workbook(path: Path) -> pl.DataFrame:
    try:
        from openpyxl import load_workbook  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise MissingExtra(f"reading {path.name}", "tables", error.name or "") from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError) as error:
        raise ValueError(f"{path.name} is no workbook: open it, and save it as .xlsx or .csv") from error
    try:
        rows = [[_text(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
    filled = [row for row in rows if any(cell is not None for cell in row)]
    if not filled:
        raise ValueError(f"found no rows in {path}, expected a head and rows in its first sheet")
    head, *body = filled
    names = [name for name in head if name is not None]
    if len(set(names)) < len(names):
        raise ValueError(f"found a column twice in {path}, expected each name once in the first row")
    kept = [at for at, name in enumerate(head) if name is not None]
    columns = {str(head[at]): [row[at] if at < len(row) else None for row in body] for at in kept}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    if isinstance(value, datetime):
        # A day comes out of a workbook as its midnight.
        midnight = value.hour == value.minute == value.second == 0
        return value.date().isoformat() if midnight else value.isoformat(timespec="minutes")
    return value.isoformat() if isinstance(value, date) else str(value)


def write_frame(frame: Any, path: Path) -> None:
    """Writes a frame to a .csv, .parquet or .xlsx file; lists and mappings as JSON where cells hold text only."""
    whole = frame.collect(engine="streaming") if isinstance(frame, pl.LazyFrame) else frame
    match path.suffix.lower():
        case ".csv":
            _flat(whole).write_csv(path)
        case ".xlsx":
            _write_workbook(_flat(whole), path)
        case _:
            whole.write_parquet(path)


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    nested = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join("; ") for name in nested)


def _write_workbook(frame: pl.DataFrame, path: Path) -> None:
    try:
        from openpyxl import Workbook
    except ModuleNotFoundError as error:
        raise MissingExtra(f"writing {path.name}", "tables", error.name or "") from error
    if frame.height > MOST_ROWS:
        found = f"found {frame.height:,} rows, expected at most {MOST_ROWS:,} in a workbook"
        raise ValueError(f"{found}: write .csv or .parquet")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("feerules")
    sheet.append(frame.columns)
    for row in frame.iter_rows():
        sheet.append([_cell(value) for value in row])
    book.save(path)


def _cell(value: Any) -> Any:
    """A cell is never a formula, whatever a text begins with."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@"):
        return "'" + value
    return value
