"""Columns that cross from Spark to Polars and back: which type is which, and a frame as batches of Arrow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from feerules.frames import FrameError

__all__ = ["batches_of", "from_batches", "plain", "polars_type", "quoted", "spark_type", "sql_type"]

_PLAIN: Mapping[str, Any] = {
    "string": pl.String, "boolean": pl.Boolean, "tinyint": pl.Int8, "smallint": pl.Int16, "int": pl.Int32,
    "bigint": pl.Int64, "float": pl.Float32, "double": pl.Float64, "date": pl.Date, "binary": pl.Binary,
    "timestamp": pl.Datetime("us", "UTC"), "timestamp_ntz": pl.Datetime("us"), "void": pl.Null,
}  # fmt: skip
_DDL: Mapping[Any, str] = {
    pl.String: "string", pl.Boolean: "boolean", pl.Int8: "tinyint", pl.Int16: "smallint", pl.Int32: "int",
    pl.Int64: "bigint", pl.Float32: "float", pl.Float64: "double", pl.Date: "date", pl.Binary: "binary",
}  # fmt: skip
_OFFSET = re.compile(r"(?:GMT|UTC)([+-])(\d{1,2})(?::?(\d\d))?").fullmatch


def quoted(name: str) -> str:
    """A name as Spark SQL reads it, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def sql_type(kind: Any) -> str:
    """A Spark type as SQL writes it: texts of any length or collation are texts, and what holds no fact is binary."""
    match kind.typeName():
        case "array":
            return f"array<{sql_type(kind.elementType)}>"
        case "struct":
            fields = (f"{quoted(each.name)}: {sql_type(each.dataType)}" for each in kind.fields)
            return f"struct<{', '.join(fields)}>"
    told: str = kind.simpleString()
    if told.startswith(("string", "char(", "varchar(")):
        return "string"
    return told if told in _PLAIN or kind.typeName() == "decimal" else "binary"


def polars_type(kind: Any, name: str) -> Any:
    """The Polars type of a Spark type (`df.schema[name].dataType`)."""
    match kind.typeName():
        case "decimal":
            return pl.Decimal(kind.precision, kind.scale)
        case "array":
            return pl.List(polars_type(kind.elementType, name))
    told = kind.simpleString()
    told = "string" if told.startswith(("string", "char(", "varchar(")) else told
    if told not in _PLAIN:
        raise FrameError(
            f"the column {name} is of type {told}: cast it to string, a number, a day or a timestamp"
        )
    return _PLAIN[told]


def plain(dtype: Any) -> Any:
    """The type in which Spark gives a column of this one back: words are texts, and no number is without a sign."""
    if isinstance(dtype, pl.List):
        return pl.List(plain(dtype.inner))
    if isinstance(dtype, pl.Struct):
        return pl.Struct({each.name: plain(each.dtype) for each in dtype.fields})
    wider = {
        pl.Enum: pl.String,
        pl.Categorical: pl.String,
        pl.Null: pl.String,
        pl.UInt8: pl.Int16,
        pl.UInt16: pl.Int32,
        pl.UInt32: pl.Int64,
    }
    return wider.get(dtype.base_type(), dtype)


def spark_type(dtype: Any) -> str:
    """The Spark type, as DDL, that a column of Polars becomes."""
    if isinstance(dtype, pl.Decimal):
        return f"decimal({dtype.precision},{dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        return "timestamp_ntz" if dtype.time_zone is None else "timestamp"
    if isinstance(dtype, pl.List):
        return f"array<{spark_type(dtype.inner)}>"
    if isinstance(dtype, pl.Struct):
        return (
            f"struct<{', '.join(f'{quoted(each.name)}: {spark_type(each.dtype)}' for each in dtype.fields)}>"
        )
    return _DDL[dtype.base_type()]


def from_batches(batches: Any) -> pl.DataFrame:
    """Batches of Arrow, as Spark gives them, as one frame."""
    import pyarrow as pa

    table = pa.Table.from_batches(batches)
    for number, field in enumerate(table.schema):
        zone = getattr(field.type, "tz", None)
        if zone is not None and (offset := _OFFSET(zone)):
            # Spark knows zones that Arrow's readers do not: GMT+8 is +08:00.
            told = f"{offset[1]}{int(offset[2]):02}:{offset[3] or '00'}"
            table = table.set_column(number, field.name, table.column(number).cast(pa.timestamp("us", told)))
    return pl.DataFrame(table)


def batches_of(frame: pl.DataFrame) -> Any:
    """A frame as batches of Arrow, in the types that Spark expects for it."""
    import pyarrow as pa

    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    kinds = [_arrow_type(dtype, pa) for dtype in frame.dtypes]
    return table.cast(pa.schema(zip(frame.columns, kinds, strict=True))).to_batches()


def _arrow_type(dtype: Any, pa: Any) -> Any:
    if isinstance(dtype, pl.Decimal):
        return pa.decimal128(dtype.precision, dtype.scale)
    if isinstance(dtype, pl.Datetime):
        return pa.timestamp("us", dtype.time_zone)
    if isinstance(dtype, pl.List):
        return pa.list_(_arrow_type(dtype.inner, pa))
    if isinstance(dtype, pl.Struct):
        return pa.struct([(each.name, _arrow_type(each.dtype, pa)) for each in dtype.fields])
    return {
        "string": pa.string(), "boolean": pa.bool_(), "tinyint": pa.int8(), "smallint": pa.int16(), "int": pa.int32(),
        "bigint": pa.int64(), "float": pa.float32(), "double": pa.float64(), "date": pa.date32(), "binary": pa.binary(),
    }[_DDL[dtype.base_type()]]  # fmt: skip
