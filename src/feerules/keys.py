"""Keys: which unit a row is about, and the rows that do not say so, or say what another says too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from feerules.frames import FrameError
from feerules.reasons import reason

__all__ = ["bad_keys", "key_of", "key_problems", "refuse_name", "sound_rows", "unkeyed_rows"]

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
    hashes = frame.select(pl.col(key).hash(), empty=pl.col(key).is_null()).collect(engine="streaming")
    nulls = bool(hashes["empty"].any())
    sorted_hashes = np.sort(hashes[key].to_numpy())
    repeated = sorted_hashes[1:][sorted_hashes[1:] == sorted_hashes[:-1]]
    if not len(repeated) and not nulls:
        return pl.Series(key, [], frame.collect_schema()[key])
    # Equal hashes are only suspects: the keys themselves decide.
    suspects = frame.select(key).filter(
        pl.col(key).is_null() | pl.col(key).hash().is_in(pl.Series(np.unique(repeated)).implode())
    )
    counted = suspects.group_by(key).len().filter((pl.col("len") > 1) | pl.col(key).is_null())
    return counted.collect(engine="streaming")[key]


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
