"""The kinds of frames in which an estate can come, each with its way in and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa

import feerules


class Capsule:
    """What has nothing but the Arrow PyCapsule interface, as a DuckDB relation."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._frame.__arrow_c_stream__(requested_schema)


@dataclass(frozen=True)
class Kind:
    """`give` makes this kind of a polars frame, `comes_back` is the type of the answer, `lossless` keeps every type."""

    name: str
    give: Callable[[pl.DataFrame, Path], Any]
    comes_back: type
    lossless: bool = True


def polars_of(answer: Any) -> pl.DataFrame:
    """An answer of any kind, to look at."""
    if isinstance(answer, pl.LazyFrame):
        return answer.collect()
    if isinstance(answer, pd.DataFrame):
        return pl.from_pandas(answer)
    if isinstance(answer, pa.Table):
        return pl.DataFrame(answer)
    assert isinstance(answer, pl.DataFrame)
    return answer


def _parquet(frame: pl.DataFrame, folder: Path) -> Path:
    frame.write_parquet(folder / "units.parquet")
    return folder / "units.parquet"


def _parquet_folder(frame: pl.DataFrame, folder: Path) -> str:
    (folder / "units").mkdir()
    for number in range(2):
        frame[number::2].write_parquet(folder / "units" / f"{number}.parquet")
    return str(folder / "units")


def _parquet_glob(frame: pl.DataFrame, folder: Path) -> str:
    return f"{_parquet_folder(frame, folder)}/*.parquet"


def _csv(frame: pl.DataFrame, folder: Path) -> str:
    frame.write_csv(folder / "units.csv")
    return str(folder / "units.csv")


def _chunks(frame: pl.DataFrame, _: Path) -> pl.DataFrame:
    return pl.concat([frame[:1], frame[1:]], rechunk=False)


KINDS = (
    Kind("polars", lambda frame, _: frame, pl.DataFrame),
    Kind("polars in chunks", _chunks, pl.DataFrame),
    Kind("polars, a slice", lambda frame, _: pl.concat([frame[:1], frame])[1:], pl.DataFrame),
    Kind("polars lazy", lambda frame, _: frame.lazy(), pl.LazyFrame),
    Kind("pandas", lambda frame, _: frame.to_pandas(), pd.DataFrame, lossless=False),
    Kind("pyarrow", lambda frame, _: frame.to_arrow(), pa.Table),
    Kind("Arrow capsule", lambda frame, _: Capsule(frame), pl.DataFrame),
    Kind("Parquet file", _parquet, pl.LazyFrame),
    Kind("Parquet folder", _parquet_folder, pl.LazyFrame),
    Kind("Parquet glob", _parquet_glob, pl.LazyFrame),
    Kind("CSV", _csv, pl.LazyFrame, lossless=False),
)


def priced_elsewhere(told: tuple[Any, list[dict[str, Any]], str]) -> list[tuple[Any, ...]]:
    """The rows of an estate, for a worker that imports this module by its name."""
    book, units, period = told
    rows: list[tuple[Any, ...]] = feerules.price_estate(pl.DataFrame(units), book, period).rows.rows()
    return rows
