"""Columns of a table: what the type of each carries, as its database tells it, and how wide whole numbers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from feerules.engines.dialects import BIGINT, WIDE, Dialect

__all__ = ["Column", "column_of", "width"]

SQL = exp.Expr
Carried = Literal[
    "integer", "decimal", "float", "boolean", "text", "date", "moment", "zoned", "nothing", "other"
]
WIDEST = 10**38 - 1


def width(lo: int, hi: int) -> str:
    """The narrower of the two kinds of whole numbers that holds lo..hi; `OverflowError` beyond 38 digits."""
    if lo >= -(2**63) and hi < 2**63:
        return BIGINT
    if max(-lo, hi) > WIDEST:
        raise OverflowError(f"{lo}..{hi} passes the 38 digits of a database's numbers")
    return WIDE


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name, and what its type carries; `places` are the decimals of an exact number, `digits`
    all that it has."""

    name: str
    carries: Carried
    places: int | None = None
    digits: int | None = None

    def expr(self) -> SQL:
        return exp.column(self.name, quoted=True)

    def compares(self, scaled: int, places: int) -> bool:
        """Whether one decimal type holds the column and a number of some places: DuckDB compares them in it."""
        if self.digits is None or self.places is None:
            return True
        whole = max(self.digits - self.places, len(str(scaled // 10**places)))
        return whole + max(self.places, places) <= 38


_KINDS: dict[Carried, tuple[str, ...]] = {
    "integer": (
        "TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INT", "UINT", "BIGINT", "UBIGINT", "INT128", "UINT128",
        "SMALLSERIAL", "SERIAL", "BIGSERIAL",
    ),
    "decimal": ("DECIMAL",),
    "float": ("FLOAT", "DOUBLE"),
    "boolean": ("BOOLEAN",),
    "text": ("TEXT", "VARCHAR", "CHAR", "NCHAR", "NVARCHAR", "BPCHAR", "ENUM", "NAME", "UUID"),
    "date": ("DATE",),
    "moment": ("TIMESTAMP", "TIMESTAMPNTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATETIME"),
    "zoned": ("TIMESTAMPTZ", "TIMESTAMPLTZ"),
    "nothing": ("NULL",),
}  # fmt: skip
_CARRIED: dict[str, Carried] = {kind: carried for carried, kinds in _KINDS.items() for kind in kinds}


def column_of(name: str, kind: str, dialect: Dialect) -> Column:
    """A column of a type, as the database writes it; `ValueError` where that is no type."""
    written = kind.strip().strip('"')
    if written.lower() in ("null", "void"):
        return Column(name, "nothing")
    if written.upper().startswith("TIMESTAMPTZ"):
        written = "TIMESTAMPTZ"  # DuckDB has one of finer steps
    built = exp.DataType.build(written, dialect=dialect.name, udt=True)
    carried = _CARRIED.get(str(getattr(built.this, "value", built.this)), "other")
    sizes = [int(part.name) for part in built.expressions] if carried == "decimal" else []
    places = sizes[1] if len(sizes) > 1 else 0 if sizes else None
    # Spark's own moments are read by the clock of its session.
    carried = "moment" if carried == "zoned" and dialect.name == "spark" else carried
    return Column(name, carried, places, sizes[0] if sizes else None)
