"""Frames in and out: whatever holds an estate becomes a Polars lazy frame, and answers go back as it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from feerules.errors import FeeRulesError

__all__ = ["WIDE", "FrameError", "columns_of", "digits", "fen", "into_lazy", "to_decimal"]

WIDE = 10**38 - 1
Back = Callable[[pl.LazyFrame], Any]


class FrameError(FeeRulesError, TypeError):
    """The data handed in is no frame, or lacks the column that names its rows."""


def into_lazy(frame: Any) -> tuple[pl.LazyFrame, Back]:
    """A frame of any kind as a lazy frame, and the way back to its own kind.

    Takes polars (eager and lazy), pandas, pyarrow, DuckDB relations, anything with the Arrow PyCapsule
    interface, and paths of .parquet and .csv files; a path comes back as a lazy frame.
    """
    if isinstance(frame, str | Path):
        return _scan(Path(frame)), lambda lazy: lazy
    if isinstance(frame, pl.LazyFrame):
        return frame, lambda lazy: lazy
    if isinstance(frame, pl.DataFrame):
        return frame.lazy(), _collected
    kind = type(frame).__module__.partition(".")[0]
    if kind == "pandas":
        return nw.from_native(frame, eager_only=True).to_polars().lazy(), lambda lazy: _collected(
            lazy
        ).to_pandas()
    if hasattr(frame, "__arrow_c_stream__"):
        back: Back = (lambda lazy: _collected(lazy).to_arrow()) if kind == "pyarrow" else _collected
        return pl.DataFrame(frame).lazy(), back
    raise FrameError(
        f"found {type(frame).__name__}, expected a frame of polars, pandas, pyarrow or Arrow, "
        "or the path of a .parquet or .csv file"
    )


def _collected(lazy: pl.LazyFrame) -> pl.DataFrame:
    return lazy.collect(engine="streaming")


def _scan(path: Path) -> pl.LazyFrame:
    if path.suffix == ".csv":
        # As text: every value is read by its fact's own rules, never guessed.
        return pl.scan_csv(path, infer_schema=False)
    if path.suffix in (".parquet", ".pq") or path.is_dir():
        return pl.scan_parquet(path)
    raise FrameError(f"found {path.name}, expected a .parquet or .csv file")


def columns_of(schema: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """For each name the column that carries it: the name itself, else the first of its aliases."""
    found = {}
    for name, aliases in names.items():
        column = next((each for each in (name, *aliases) if each in schema), None)
        if column is not None:
            found[name] = column
    return found


def fen(column: str, schema: Mapping[str, Any]) -> pl.Expr:
    """An amount of money that another system wrote (text, float, decimal or whole yuan) in fen.

    A text that is no amount is null. Bills have two decimals: a float is the amount nearest to it.
    """
    amount, kind = pl.col(column), schema[column]
    if kind == pl.String:
        shape = amount.str.strip_chars(" ").str.contains(r"^[+-]?[0-9]{1,15}(\.[0-9]{1,2})?$")
        amount = pl.when(shape).then(amount.str.strip_chars(" ")).str.to_decimal(scale=2)
    elif kind.is_float():
        return (amount * 100).round().cast(pl.Int64)
    return amount.cast(pl.Decimal(38, 2)).reinterpret(dtype=pl.Int128).cast(pl.Int64)


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
