"""Plans over frames: each fact is found among the columns, then read, judged and computed by the engine of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from feerules.engines.columnar import Columnar, Prepared
from feerules.frames import FrameError
from feerules.plan.nodes import Const, Fact, Guard, Leaf, Plan, Present

__all__ = ["encoded", "mark_of", "prepare"]

WORDED = (pl.String, pl.Categorical, pl.Enum)


def prepare(plan: Plan, frame: pl.LazyFrame, columns: Mapping[str, str] | None = None) -> Prepared:
    """The plan over a frame.

    A fact stands in the column of its name or of an alias; where it stands in several, the first that
    says something counts, as in a record. `columns` names the column of a fact outright.
    """
    schema = frame.collect_schema()
    mark = mark_of(schema)
    found: dict[str, str] = {}
    for number, leaf in enumerate(plan.leaves):
        given = (columns or {}).get(leaf.name)
        held = [name for name in dict.fromkeys((leaf.name, *leaf.aliases)) if name in schema]
        if given is not None:
            held = [given]
        if len(held) > 1:
            frame = frame.with_columns(_first_said(leaf, held, schema).alias(f"{mark}{number}"))
            held = [f"{mark}{number}"]
        if held:
            found[leaf.name] = held[0]
    return Columnar(plan).prepare(frame, found)


def _first_said(leaf: Leaf, held: Sequence[str], schema: pl.Schema) -> pl.Expr:
    kinds = {schema[name] for name in held} - {pl.Null()}
    if len(kinds) > 1:
        told = ", ".join(f"{name} ({schema[name]})" for name in held)
        raise FrameError(f"the fact {leaf.name} stands in columns of different types, {told}: keep one")
    return pl.coalesce(_said(name, schema[name]) for name in held)


def _said(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column with null wherever it says nothing."""
    column = pl.col(name)
    if dtype.is_float():
        return column.fill_nan(None)
    return pl.when(column.cast(pl.String) != "").then(column) if dtype in WORDED else column


def encoded(
    frame: pl.LazyFrame, leaves: Sequence[Leaf], mark: str, *, readable: bool = False
) -> pl.LazyFrame:
    """The frame with the number that stands for each fact as `mark` and its place, and `mark`, "has" and its
    place for whether it was given. `readable` keeps only the rows in which every fact can be read.
    """
    never = Const(0, 0, 0, 0)
    guards = () if readable else tuple(Guard("unreadable", never, None, leaf) for leaf in leaves)
    outputs: dict[str, Fact | Present] = {}
    for number, leaf in enumerate(leaves):
        outputs[f"{mark}{number}"] = Fact(leaf.lo, leaf.hi, leaf.places, leaf)
        outputs[f"{mark}has{number}"] = Present(0, 1, 0, leaf)
    return prepare(Plan(tuple(leaves), guards, ()), frame).rows(outputs, list(frame.collect_schema()))


def mark_of(schema: Mapping[str, object]) -> str:
    """What no name of a column begins with."""
    mark = "~"
    while any(name.startswith(mark) for name in schema):
        mark += "~"
    return mark
