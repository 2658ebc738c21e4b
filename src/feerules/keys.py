"""Keys: which unit a row is about, and the rows that do not say so, or say what another says too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from feerules.frames import FrameError
from feerules.reasons import reason

__all__ = ["bad_keys", "key_of", "key_problems", "refuse_name", "sound_rows", "unkeyed_rows"]

HASHED_AT_ONCE = 20_000_000
WHOLE = 2.0**53  # a float holds every whole number below it


def key_of(name: str, dtype: pl.DataType) -> pl.Expr:
    """The key of each row, null where there is none; texts and whole numbers can be keys.

    The empty text is no key. Floats are taken where they are whole, for pandas makes floats of whole
    numbers with a gap among them.
    """
    key = pl.col(name)
    if dtype.is_float():
        return pl.when(key.is_between(-WHOLE, WHOLE) & (key.floor() == key)).then(
            key.cast(pl.Int64, strict=False)
        )
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return pl.when(key.cast(pl.String) != "").then(key)
    if isinstance(dtype, pl.Decimal) and dtype.scale == 0:
        return key.to_physical().cast(pl.Int128)
    if dtype == pl.Null:
        return key.cast(pl.String)
    if dtype.is_integer():
        return key
    raise FrameError(f'the key "{name}" is of type {dtype}, expected texts or whole numbers: cast it')


def refuse_name(key: str, names: Sequence[str]) -> None:
    """Two columns of the answer cannot have one name."""
    if key in names:
        raise FrameError(f'the key "{key}" is also the name of a column of the answer: rename it')


def bad_keys(frame: pl.LazyFrame, key: str) -> pl.Series:
    """The keys that cannot stand: null or repeated."""
    kind = frame.collect_schema()[key]
    rows, nulls, rising = _looked_over(frame, key, ordered=kind.is_integer() or kind == pl.String)
    repeated = np.empty(0, np.uint64) if rising else _repeated_hashes(frame, key, rows)
    if not len(repeated) and not nulls:
        return pl.Series(key, [], kind)
    # Equal hashes are only suspects: the keys themselves decide.
    suspects = frame.select(key).filter(
        pl.col(key).is_null() | pl.col(key).hash().is_in(pl.Series(repeated).implode())
    )
    counted = suspects.group_by(key).len().filter((pl.col("len") > 1) | pl.col(key).is_null())
    return counted.collect(engine="streaming")[key]


def _looked_over(frame: pl.LazyFrame, key: str, *, ordered: bool) -> tuple[int, int, bool]:
    """How many rows there are, and how many without a key; whether each key is more than the one before."""
    column = pl.col(key)
    rising = (column > column.shift()).all() if ordered else pl.lit(False)
    seen = frame.select(rows=pl.len(), nulls=column.null_count(), rising=rising).collect(engine="streaming")
    rows, nulls, rises = seen.row(0)
    return rows, nulls, rises and not nulls


def _repeated_hashes(frame: pl.LazyFrame, key: str, rows: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """The hashes of more than one row; of very many rows in several scans, so that they take little memory."""
    found, parts = [], 1 + rows // HASHED_AT_ONCE
    hashes = frame.select(pl.col(key).hash())
    for part in range(parts):
        some = hashes if parts == 1 else hashes.filter(pl.col(key) % parts == part)
        given = some.collect(engine="streaming")[key].to_numpy(writable=True)
        given.sort()
        found.append(np.unique(given[1:][given[1:] == given[:-1]]))
    return np.concatenate(found)


def sound_rows(frame: pl.LazyFrame, key: str, bad: pl.Series) -> pl.LazyFrame:
    """The rows whose key says which unit they are."""
    if bad.is_empty():
        return frame
    return frame.filter(pl.col(key).is_not_null() & ~pl.col(key).is_in(bad.drop_nulls().implode()))


def unkeyed_rows(frame: pl.LazyFrame, key: str, bad: pl.Series) -> pl.LazyFrame:
    """The other rows."""
    if bad.is_empty():
        return frame.limit(0)
    return frame.filter(pl.col(key).is_null() | pl.col(key).is_in(bad.drop_nulls().implode()))


def key_problems(rows: pl.LazyFrame, key: str, given: str, repeated: str) -> pl.LazyFrame:
    """A problem for each row whose key in the column `given` tells no unit; `repeated` is the code for a key that occurs again."""
    code = pl.when(pl.col(key).is_null()).then(pl.lit("null_key")).otherwise(pl.lit(repeated))
    said = {name: reason(name) for name in ("null_key", repeated)}
    text = pl.col(key).cast(pl.String)
    return rows.select(
        pl.lit("units").alias("frame"),
        text.alias("row_id"),
        text.alias("unit_id"),
        pl.lit(None, pl.String).alias("fee"),
        pl.lit(given).alias("fact"),
        pl.coalesce(text, pl.col(given).cast(pl.String, strict=False)).alias("value"),
        code.alias("code"),
        code.replace_strict(list(said), list(said.values()), return_dtype=pl.String).alias("reason"),
    )
