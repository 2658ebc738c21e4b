"""The columns of a frame of entries: what each value means, and what is wrong with it.

Money becomes whole fen, exactly or not at all; days become dates. A row with a value that cannot be read
is told as a problem and is not among the sound rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal

import polars as pl

from feerules.frames import FrameError, into_lazy
from feerules.plan.nodes import Leaf
from feerules.reasons import reason

__all__ = ["MOST", "Fact", "Known", "Read", "hour_of", "problem_rows", "read_frame"]

MOST = 10**13  # fen: a hundred thousand million yuan in one entry
NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
FEN = r"^[+-]?[0-9]+(\.[0-9]{1,2}0*)?$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
FLOAT_EXACT = 2**53 - 1
TEXTS = (pl.String, pl.Categorical, pl.Enum)

Kind = Literal["money", "count", "text", "word", "day", "list"]
Tests = Sequence[tuple[pl.Expr, str]]  # where the test holds, this is the problem's code
Known = date | datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of an entry. Where it is `needed`, an entry without it is a problem.

    A `default` stands for a column that is not there; in a column that is there, nothing is assumed.
    """

    name: str
    kind: Kind = "text"
    needed: bool = False
    words: tuple[str, ...] = ()
    default: str | None = None
    least: int = -MOST

    @property
    def leaf(self) -> Leaf:
        """The fact as the sentences about problems know it."""
        match self.kind:
            case "money":
                return Leaf(self.name, "decimal", 2, self.least, MOST)
            case "count":
                return Leaf(self.name, "integer", 0, 0, MOST)
            case "day":
                return Leaf(self.name, "date", 0, 0, 0)
            case "word":
                return Leaf(self.name, "choice", 0, 0, len(self.words), self.words)
            case "text" | "list":
                return Leaf(self.name, "text", 0, 0, 0)


@dataclass(frozen=True)
class Read:
    """A frame of entries, read: its sound rows, and a row for each thing that is wrong with another."""

    rows: pl.LazyFrame
    problems: pl.DataFrame


def read_frame(
    name: str,
    frame: Any,
    facts: Sequence[Fact],
    *,
    key: str | None,
    unique: bool = True,
    known_at: Known | None = None,
    log: str = "",
    carry: Sequence[str] = (),
) -> Read:
    """Reads the facts of a frame, and carries further columns as they are.

    With `key`, the rows are told apart by it: a null one and, if it is `unique`, a repeated one is a
    problem. Entries that were recorded after `known_at` are not seen at all. Of a `log`, rows of one key that
    say the same in that column, the last that was recorded counts.
    """
    lazy, _ = into_lazy(frame)
    schema = lazy.collect_schema()
    needed = [fact.name for fact in facts if (fact.needed and fact.default is None) or fact.name == key]
    if lacking := [each for each in needed if each not in schema]:
        raise FrameError(f"{name} without the column {', '.join(lacking)}: found {', '.join(schema)}")
    tests: dict[str, Tests] = {}
    recorded = schema.get("recorded_at", pl.Null())
    if known_at is not None and recorded != pl.Null:
        seen, unreadable = _seen(pl.col("recorded_at"), recorded, known_at)
        lazy = lazy.filter(seen.fill_null(True))
        tests["recorded_at"] = [(unreadable, "wrong_type")]
    if log and key and recorded != pl.Null:
        lazy = _last_words(
            lazy, key, log if log in schema else key, _wall_of(pl.col("recorded_at"), recorded)
        )
    values = []
    for fact in facts:
        value, tests[fact.name] = _column(fact, schema)
        values.append(value.alias(fact.name))
        if fact.name == key:
            again = pl.col(key).is_duplicated() if unique else pl.lit(False)
            tests[key] = [*tests[key], (value.is_null(), "null_key"), (again, "duplicate_id")]
    carried = [pl.col(each) for each in carry if each not in {fact.name for fact in facts}]
    return _sorted_out(name, lazy, schema, facts, tests, [*values, *carried], key)


def _sorted_out(
    name: str,
    lazy: pl.LazyFrame,
    schema: Mapping[str, Any],
    facts: Sequence[Fact],
    tests: Mapping[str, Tests],
    values: Sequence[pl.Expr],
    key: str | None,
) -> Read:
    def said(column: str) -> pl.Expr:
        """What a column says, as text; nested values are not told."""
        nested = column in schema and schema[column] in (pl.List, pl.Struct, pl.Array, pl.Object)
        return pl.col(column).cast(pl.String) if column in schema and not nested else pl.lit(None, pl.String)

    about = {fact.name: fact for fact in facts}
    codes = {fact: _code(each) for fact, each in tests.items() if each}
    coded = lazy.with_columns(code.alias(f"?{fact}") for fact, code in codes.items())
    fine = pl.all_horizontal(pl.lit(True), *(pl.col(f"?{fact}").is_null() for fact in codes))
    # Read once, however often a report looks at it.
    rows, bad = pl.collect_all([coded.filter(fine).select(*values), coded.filter(~fine)], engine="streaming")
    row_id = said(key) if key else pl.concat_str(said("payment_id"), pl.lit(":"), said("charge_id"))
    problems = [
        problem_rows(
            name, bad, about.get(fact, Fact(fact)), pl.col(f"?{fact}"),
            row_id=row_id, value=said(fact), account_id=said("account_id"), fee=said("fee"),
        )
        for fact in codes
    ]  # fmt: skip
    return Read(rows.lazy(), pl.concat([NO_PROBLEMS, *problems]))


def problem_rows(
    name: str,
    rows: pl.DataFrame,
    fact: Fact,
    code: pl.Expr,
    *,
    row_id: pl.Expr,
    value: pl.Expr,
    account_id: pl.Expr | None = None,
    fee: pl.Expr | None = None,
) -> pl.DataFrame:
    """A problem for each row in which there is a code."""
    if rows.is_empty():
        return NO_PROBLEMS
    reasons = {each: reason(each, fact.leaf) for each in CODES}
    nobody = pl.lit(None, pl.String)
    return rows.filter(code.is_not_null()).select(
        pl.lit(name).alias("frame"),
        row_id.alias("row_id"),
        (nobody if account_id is None else account_id).alias("account_id"),
        (nobody if fee is None else fee).alias("fee"),
        pl.lit(fact.name).alias("fact"),
        value.alias("value"),
        code.alias("code"),
        code.replace_strict(list(reasons), list(reasons.values()), return_dtype=pl.String).alias("reason"),
    )


NO_PROBLEMS = pl.DataFrame(
    schema=dict.fromkeys(
        ("frame", "row_id", "account_id", "fee", "fact", "value", "code", "reason"), pl.String
    )
)
# Every code that a report can give.
CODES = (
    *("missing", "wrong_type", "imprecise", "out_of_domain", "unknown_value", "ends_before_start"),
    *("null_key", "duplicate_id", "unknown_charge", "unknown_payment", "other_currency"),
    *("allocated_over_charge", "allocated_over_payment", "nothing_to_waive"),
)


def _code(tests: Tests) -> pl.Expr:
    """The code of the first test that holds, else null."""
    code = pl.lit(None, pl.String)
    for test, each in reversed(tests):
        code = pl.when(test).then(pl.lit(each)).otherwise(code)
    return code


def _column(fact: Fact, schema: Mapping[str, Any]) -> tuple[pl.Expr, Tests]:
    """A fact's value, and the tests of what can be wrong with it."""
    if fact.name not in schema:
        return pl.lit(fact.default, pl.Date if fact.kind == "day" else pl.String), ()
    column, dtype = pl.col(fact.name), schema[fact.name]
    missing: pl.Expr = column.is_null()
    if dtype.is_float():
        missing = missing | column.is_nan()
    value, tests = _value(fact, column, dtype)
    if dtype in TEXTS:
        missing = missing | (column.cast(pl.String).str.strip_chars(" ") == "")
    found = [(~missing & test, code) for test, code in tests]
    return pl.when(~missing).then(value), [(missing, "missing"), *found] if fact.needed else found


def _value(fact: Fact, column: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, Tests]:
    match fact.kind:
        case "money":
            return _money(column, dtype)
        case "count":
            return _count(column, dtype)
        case "day":
            return _day(column, dtype)
        case "text":
            return _text(column, dtype)
        case "word":
            word, tests = _text(column, dtype)
            return word, [*tests, (~word.is_in(fact.words), "unknown_value")]
        case "list":
            return column, ()


def _money(column: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, Tests]:
    """An amount in fen."""
    if dtype.is_integer():
        return _within(column.cast(pl.Int128), 100)
    if isinstance(dtype, pl.Decimal):
        raw = column.cast(pl.Decimal(38, dtype.scale)).reinterpret(dtype=pl.Int128)
        if dtype.scale <= 2:
            return _within(raw, 10 ** (2 - dtype.scale))
        finer = pl.lit(10 ** (dtype.scale - 2), pl.Int128)
        return _within(raw // finer, 1, (raw % finer != 0, "imprecise"))
    if dtype.is_float():
        given = column.cast(pl.Float64)
        fen = (given * 100.0).round()
        # By a column: by a constant Polars divides through its reciprocal, wrong in the last bit.
        exact = (fen / (fen * 0.0 + 100.0) == given) & (fen.abs() <= float(FLOAT_EXACT))
        whole = pl.when(exact).then(fen).cast(pl.Int128)
        return _within(whole, 1, (given.is_infinite(), "wrong_type"), (~exact, "imprecise"))
    if dtype in TEXTS:
        text = column.cast(pl.String).str.strip_chars(" ")
        shape, exact = text.str.contains(NUMBER), text.str.contains(FEN)
        # The pattern leaves the cast nothing to round; more than 38 digits become null.
        number = pl.when(exact).then(text).cast(pl.Decimal(38, 2), strict=False).reinterpret(dtype=pl.Int128)
        return _within(number, 1, (~shape, "wrong_type"), (~exact, "imprecise"))
    return pl.lit(None, pl.Int64), [(pl.lit(True), "wrong_type")]


def _within(number: pl.Expr, worth: int, *tests: tuple[pl.Expr, str]) -> tuple[pl.Expr, Tests]:
    """A number of so many fen each; what is too large for an entry is out of its domain."""
    small = number.is_between(-MOST // worth, MOST // worth).fill_null(False)
    return pl.when(small).then(number).cast(pl.Int64) * worth, [*tests, (~small, "out_of_domain")]


def _count(column: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, Tests]:
    """A whole number that is not negative."""
    hundredths, tests = _money(column, dtype)
    whole = [(hundredths % 100 != 0, "imprecise"), (hundredths < 0, "out_of_domain")]
    return hundredths // 100, [*tests, *whole]


def _day(column: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, Tests]:
    if dtype == pl.Date:
        return column, ()
    if isinstance(dtype, pl.Datetime):
        wall = column if dtype.time_zone is None else column.dt.replace_time_zone(None)
        return wall.dt.date(), [(wall.dt.date().cast(pl.Datetime(dtype.time_unit)) != wall, "imprecise")]
    if dtype in TEXTS:
        text = column.cast(pl.String).str.strip_chars(" ")
        # Polars reads a year 0000, which is none.
        shape = text.str.contains(DAY) & ~text.str.starts_with("0000")
        day = pl.when(shape).then(text).str.to_date("%Y-%m-%d", strict=False)
        return day, [(day.is_null(), "wrong_type")]
    return pl.lit(None, pl.Date), [(pl.lit(True), "wrong_type")]


def _text(column: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, Tests]:
    if dtype in (*TEXTS, pl.Null) or dtype.is_integer():
        return column.cast(pl.String), ()
    return pl.lit(None, pl.String), [(pl.lit(True), "wrong_type")]


# Two clocks


def _seen(column: pl.Expr, dtype: pl.DataType, known_at: Known) -> tuple[pl.Expr, pl.Expr]:
    """Whether an entry was recorded by then (null: nobody says when), and whether that cannot be read.

    Clocks are compared as instants where both tell their zone, else as they stand on the wall.
    """
    zoned = isinstance(known_at, datetime) and known_at.tzinfo is not None
    if dtype == pl.Date:
        return column <= _date_of(known_at), pl.lit(False)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is not None and zoned:
            return column <= pl.lit(known_at).dt.convert_time_zone(dtype.time_zone), pl.lit(False)
        return _not_after(_wall_of(column, dtype), known_at), pl.lit(False)
    if dtype in TEXTS:
        text = column.cast(pl.String)
        shape = text.str.contains(MOMENT)
        return pl.when(shape).then(_text_seen(text, known_at, zoned)), ~shape
    return pl.lit(None, pl.Boolean), column.is_not_null()


def _last_words(lazy: pl.LazyFrame, key: str, same: str, recorded: pl.Expr) -> pl.LazyFrame:
    """The rows without those that later ones on the same thing replace: a payment in transit, then cleared."""
    again = pl.col(key).is_duplicated() & pl.col(key).is_not_null()
    if not lazy.select(again.any()).collect().item():
        return lazy
    told_apart = (
        recorded.is_not_null().all() & (recorded.n_unique() == pl.len()) & (pl.col(same).n_unique() == 1)
    )
    return lazy.filter(~(again & told_apart.over(key) & (recorded < recorded.max().over(key))))


def hour_of(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The time of day of a moment; midnight where none is told."""
    return _wall_of(column, dtype).dt.time().fill_null(time(0))


def _wall_of(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A moment as it stands on the wall; a day is its first."""
    if isinstance(dtype, pl.Datetime):
        return column if dtype.time_zone is None else column.dt.replace_time_zone(None)
    if dtype not in TEXTS:
        return column.cast(pl.Datetime("us"), strict=False)
    text = column.cast(pl.String)
    clock = text.str.extract(r"[T ]([0-9:.]+)").fill_null("00:00")
    full = pl.when(clock.str.len_bytes() == 5).then(clock + ":00").otherwise(clock)
    return (text.str.slice(0, 10) + "T" + full).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False)


def _text_seen(text: pl.Expr, known_at: Known, zoned: bool) -> pl.Expr:
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    clock = text.str.extract(r"[T ]([0-9:.]+)").fill_null("")
    moment = _wall_of(text, pl.String())
    timed = _not_after(moment, known_at)
    if zoned and isinstance(known_at, datetime):
        offset = text.str.extract(r"([+-][0-9]{2}:[0-9]{2}|Z)$")
        minutes = offset.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0) * 60
        minutes += offset.str.slice(4, 2).cast(pl.Int64, strict=False).fill_null(0)
        east = pl.when(offset.str.starts_with("-")).then(-minutes).otherwise(minutes)
        instant = known_at.astimezone(UTC).replace(tzinfo=None)
        timed = pl.when(offset.is_null()).then(timed).otherwise(moment - pl.duration(minutes=east) <= instant)
    return pl.when(clock == "").then(day <= _date_of(known_at)).otherwise(timed)


def _not_after(wall: pl.Expr, known_at: Known) -> pl.Expr:
    if isinstance(known_at, datetime):
        return wall <= known_at.replace(tzinfo=None)
    return wall.dt.date() <= known_at


def _date_of(known_at: Known) -> date:
    return known_at.date() if isinstance(known_at, datetime) else known_at
