"""What an estate on Spark owes: one statement of SQL, so that no row ever passes through Python."""

from __future__ import annotations

from typing import Any, Literal

from feerules.book import Book
from feerules.frame_kinds import is_spark
from feerules.frames import FrameError, columns_of
from feerules.periods import Period
from feerules.pools import records_of, text_of
from feerules.spark.answers import SparkResult, refuse_strict
from feerules.spark.columns import sql_type
from feerules.statements.asking import price_statement

__all__ = ["price_units"]


def price_units(
    units: Any,
    book: Book,
    period: str | Period,
    *,
    form: Literal["wide", "long"],
    key: str,
    accrue: bool,
    pools: Any,
    billed: Any,
    strict: bool,
) -> SparkResult:
    """See `feerules.price_estate`."""
    if billed is not None:
        raise FrameError(
            "found billed=, whose differences are not worked out on Spark: give units as the path of their Parquet "
            "files, so that one machine does it in bounded memory"
        )
    refuse_strict(strict=strict)
    columns = _columns(units)
    aliases = (book.mapping[key],) if key in book.mapping else ()
    key = columns_of(columns, {key: aliases}).get(key, key)  # its name in the frames that come and go
    totals = None if pools is None else _as_frame(pools, units.sparkSession)
    # Names that no text of the rules holds, which the digest is made of.
    frames = {f"{name}_{book.digest[:32]}": frame for name, frame in (("units", units), ("pools", totals))}
    of_units, of_pools = frames
    statement = price_statement(
        book, "spark", of_units, period,
        columns=columns, form=form, key=key, accrue=accrue, unique=False,
        pools=None if totals is None else of_pools, pool_columns=None if totals is None else _columns(totals),
    )  # fmt: skip
    rows, problems = (_over(frames, query) for query in (statement.rows, statement.problems))
    return SparkResult(rows, problems, book.digest)


def _columns(frame: Any) -> dict[str, str]:
    return {field.name: sql_type(field.dataType) for field in frame.schema.fields}


def _as_frame(pools: Any, session: Any) -> Any:
    """Pools as a frame of PySpark; there are few, so that any other kind is handed over as texts."""
    if is_spark(pools):
        return pools
    records, names = records_of(pools)
    rows = [[text_of(record.get(name)) for name in names] for record in records]
    return session.createDataFrame(rows, ", ".join(f"`{name}` string" for name in names))


def _over(frames: dict[str, Any], query: str) -> Any:
    """The answer to a query over frames, which nobody else sees under a name."""
    text = query.replace("{", "{{").replace("}", "}}")
    given = {name: frame for name, frame in frames.items() if frame is not None}
    for name in given:
        text = text.replace(name, f"{{{name.partition('_')[0]}}}")
    session = next(iter(given.values())).sparkSession
    return session.sql(text, **{name.partition("_")[0]: frame for name, frame in given.items()})
