"""Frames in and out: whatever holds an estate becomes a Polars lazy frame, and answers go back as it came."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from feerules.errors import FrameError
from feerules.frame_kinds import is_spark

__all__ = [
    "WIDE",
    "Back",
    "FrameError",
    "columns_of",
    "digits",
    "into_lazy",
    "lacking",
    "to_decimal",
    "told",
]

WIDE = 10**38 - 1
HEAD = 1 << 20  # bytes of a file that show how it was written
CSV, PARQUET = (".csv",), (".parquet", ".pq")
Back = Callable[[pl.LazyFrame], Any]


def into_lazy(frame: Any) -> tuple[pl.LazyFrame, Back]:
    """A frame of any kind as a lazy frame, and the way back to its own kind.

    Takes polars (eager and lazy), pandas, pyarrow, DuckDB relations, anything with the Arrow PyCapsule
    interface, and paths of .parquet files, folders of them, and .csv files; a path comes back as a lazy
    frame.
    """
    if is_spark(frame):
        raise FrameError(
            "found a frame of PySpark, which price_estate, positions, classify_estate and next_actions alone "
            "take: give frame.toArrow(), where it fits into memory, or the path of its Parquet files"
        )
    if isinstance(frame, str | Path):
        return _scan(Path(frame).expanduser()), lambda lazy: lazy
    if isinstance(frame, pl.LazyFrame):
        return frame, lambda lazy: lazy
    if isinstance(frame, pl.DataFrame):
        return frame.lazy(), _collected
    kind = type(frame).__module__.partition(".")[0]
    if kind == "pandas" and hasattr(frame, "columns"):
        return _from_pandas(frame).lazy(), lambda lazy: _collected(lazy).to_pandas()
    if hasattr(frame, "__arrow_c_stream__") and kind != "pandas" and not isinstance(frame, pl.Series):
        back: Back = (lambda lazy: _collected(lazy).to_arrow()) if kind == "pyarrow" else _collected
        return _from_arrow(frame).lazy(), back
    raise FrameError(
        f"found {type(frame).__name__}, expected a frame of polars, pandas, pyarrow or Arrow, "
        "or the path of a .parquet or .csv file"
    )


def _collected(lazy: pl.LazyFrame) -> pl.DataFrame:
    return lazy.collect(engine="streaming")


def _from_pandas(frame: Any) -> pl.DataFrame:
    """The columns of a pandas frame, and the levels of its index that have names."""
    levels = [name for name in frame.index.names if name is not None and name not in frame.columns]
    frame = frame.reset_index(levels) if levels else frame
    _refuse_repeats(map(str, frame.columns))
    mixed = {name: _as_texts(name, frame[name]) for name in frame.columns if _is_mixed(frame[name])}
    try:
        given = nw.from_native(frame.drop(columns=list(mixed)), eager_only=True).to_polars()
    except (
        ValueError,
        TypeError,
        NotImplementedError,
    ) as error:  # Arrow's, for objects that it does not know
        raise FrameError(f"the pandas frame cannot be read: {error}") from error
    columns = {name: mixed[name] if name in mixed else given[str(name)] for name in frame.columns}
    return pl.DataFrame({str(name): column for name, column in columns.items()})


def _is_mixed(column: Any) -> bool:
    """Whether a pandas column holds Python objects of several types, as one read from a sheet does."""
    return column.dtype == object and len({type(value) for value in column.dropna()}) > 1


def _as_texts(name: object, column: Any) -> pl.Series:
    """Numbers and texts in one column are all taken as text, which each fact reads for itself."""
    kinds = {type(value) for value in column.dropna()}
    if not kinds <= {str, int, float, Decimal}:
        told = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise FrameError(f"the column {name} holds values of several types ({told}): make them one")
    gaps = column.isna()
    texts = [
        None if gap else format(value, "f") if isinstance(value, Decimal) else str(value)
        for value, gap in zip(column, gaps, strict=True)
    ]
    return pl.Series(texts, dtype=pl.String)


def _from_arrow(frame: Any) -> pl.DataFrame:
    fields: Any = getattr(frame, "schema", ())
    if isinstance(getattr(fields, "names", None), list):
        _refuse_repeats(fields.names)
        huge = [field.name for field in fields if str(field.type).startswith("decimal256")]
        if huge:
            raise FrameError(f"the column {', '.join(huge)} is of type decimal256: cast it to decimal128")
    return pl.DataFrame(frame)


def _refuse_repeats(names: Iterable[str]) -> None:
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise FrameError(f"the column {', '.join(repeated)} occurs more than once: rename or drop one")


# Files


def _scan(path: Path) -> pl.LazyFrame:
    kind, there = path.suffix.lower(), path.exists()
    if not there and not any(sign in str(path) for sign in "*?["):
        raise FileNotFoundError(f"no such file or folder: {path}")
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix.lower() in PARQUET and each.is_file())
        if not files:
            raise FrameError(f'found no .parquet file in {path}; for .csv files give "{path}/*.csv"')
        return pl.scan_parquet(files, glob=False)
    if kind in CSV:
        if there:
            _check_csv(path)
        # As text: every value is read by its fact's own rules, never guessed.
        return pl.scan_csv(path, infer_schema=False, glob=not there)
    if kind in PARQUET:
        return pl.scan_parquet(path, glob=not there)
    raise FrameError(f"found {path.name}, expected a .parquet or .csv file")


def _check_csv(path: Path) -> None:
    """Refuses what would be read without an error, and wrong: another encoding, a name that occurs twice."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip():
        raise FrameError(f"found nothing in {path.name}, expected a line of column names")
    # The last character may be cut in the middle.
    lines = head if len(head) < HEAD else head[: head.rfind(b"\n") + 1]
    try:
        text = lines.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FrameError(
            f"{path.name} is not UTF-8 (byte {error.start}): it may be GBK; save it as UTF-8"
        ) from None
    _refuse_repeats(next(csv.reader(text.splitlines(keepends=True))))


HINTS = {
    "more fields": "a row has more values than there are columns: put a value that holds a comma in quotes",
    "utf-8": "save the file as UTF-8",
    "could not parse": "a quote may be open to the end",
    "extra column": "every file needs the same columns",
    "mismatch": "every file needs the same types",
    "expanded paths were empty": "no file has such a name",
}


@contextmanager
def told(source: object) -> Iterator[None]:
    """Tells what Polars finds wrong with the data as a `FrameError`, with a cure where one is known."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        text = str(error)
        name = str(source) if isinstance(source, str | Path) else f"the {type(source).__name__}"
        hint = next((hint for sign, hint in HINTS.items() if sign in text), "")
        line = next(iter(text.splitlines()), type(error).__name__)
        raise FrameError(f"{name} cannot be read: {line}{f'; {hint}' if hint else ''}") from error


# Columns


def columns_of(schema: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """For each name the column that carries it: the name itself, else the first of its aliases."""
    found = {}
    for name, aliases in names.items():
        column = next((each for each in (name, *aliases) if each in schema), None)
        if column is not None:
            found[name] = column
    return found


def lacking(what: str, missing: Iterable[str], found: Iterable[str]) -> FrameError:
    return FrameError(f"{what} without the column {', '.join(missing)}: found {', '.join(found) or 'none'}")


def to_decimal(number: pl.Expr, scale: int, places: int | None = None, *, most: int = WIDE) -> pl.Expr:
    """A scaled integer as a Decimal of `places` decimals (at least `scale`), exactly.

    `most` bounds the integer: what fits 18 digits is written in half the space.
    """
    factor = 10 ** ((scale if places is None else places) - scale)
    kind = pl.Decimal(digits(most * factor), scale if places is None else places)
    if factor > 1:
        # In 64 bits where they hold the product: 128 cost several times as much.
        narrow = most * factor < 2**63
        number = number.cast(pl.Int64 if narrow else pl.Int128) * factor
    return number.cast(pl.Int128).reinterpret(dtype=kind)


def digits(most: int) -> int:
    """The precision of a Decimal column: 18 digits take 8 bytes in a file, 38 take 16."""
    return 18 if most < 10**18 else 38
