"""The frames of a ledger as numbers: which columns each has, how a row of them reads, and which rows cannot be read.

A row means here what an entry means to the models of one account. An empty text says nothing, as everywhere
in frames; a float is taken where it is exactly an amount.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

import polars as pl

from feerules.engines.encoding import Reading, read
from feerules.engines.guarding import CODES
from feerules.periods import MICROSECONDS, Stamp, day_number, known_until, stamp_of
from feerules.plan.nodes import Leaf
from feerules.vocabulary import MOST_MONEY

__all__ = ["FRAMES", "NAMES", "Column", "Sheet", "known_rows"]

Kind = Literal["text", "texts", "money", "day", "moment", "flag", "word"]

CHARGE_KINDS: Final = ("charge", "late_fee", "deposit", "credit", "waiver", "write_off", "refund")
PAYMENT_STATUSES: Final = ("in_transit", "cleared", "reversed")
EVENT_TYPES: Final = (
    "contact", "demand", "promise", "plan", "dispute", "hardship", "death", "hold", "pause", "court",
    "approval", "acknowledgement", "action",
)  # fmt: skip
EVENT_STATUSES: Final = ("open", "closed", "ended", "resolved", "cancelled")
FREQUENCIES: Final = ("weekly", "two_weekly", "four_weekly", "monthly", "one_off")
ROLES: Final = ("owner", "tenant", "developer", "heir")
OWED: Final = 3  # the first three kinds of charges are owed

_FIRST, _LAST = day_number(date.min), day_number(date.max)
_WORDS = (pl.String, pl.Categorical, pl.Enum)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}.*)?").fullmatch
_STAMP = pl.Struct({"wall": pl.Int64, "utc": pl.Int64, "ok": pl.Boolean})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a frame; `words` are those it may hold, the first of them (or `default`) where it is empty."""

    name: str
    kind: Kind = "text"
    required: bool = False
    words: tuple[str, ...] = ()
    default: int | None = None

    @property
    def leaf(self) -> Leaf:
        """How the encoding of facts reads it."""
        match self.kind:
            case "money":
                return Leaf(self.name, "decimal", 2, -MOST_MONEY, MOST_MONEY, optional=not self.required)
            case "day":
                return Leaf(self.name, "date", 0, _FIRST, _LAST, optional=not self.required)
            case "flag":
                words = (("true", 1), ("false", 0))
                return Leaf(self.name, "boolean", 0, 0, 1, words=words, optional=True)
            case "word":
                hi = len(self.words) - 1
                return Leaf(
                    self.name,
                    "choice",
                    0,
                    0,
                    hi,
                    self.words,
                    optional=not self.required,
                    default=self.default,
                )
            case "moment":
                return Leaf(self.name, "datetime", 0, _FIRST, _LAST, optional=True)
            case "text" | "texts":
                return Leaf(self.name, "text", 0, 0, 0, optional=not self.required)


def _day(name: str, *, required: bool = False) -> Column:
    return Column(name, "day", required)


def _money(name: str, *, required: bool = False) -> Column:
    return Column(name, "money", required)


_ACCOUNT = Column("account_id", required=True)
_RECORDED = Column("recorded_at", "moment")
_CURRENCY = Column("currency")

FRAMES: Final[Mapping[str, tuple[Column, ...]]] = {
    "accounts": (_ACCOUNT, _CURRENCY, Column("policy"), Column("away", "flag"), Column("refuses", "flag")),
    "parties": (
        Column("party_id", required=True), _ACCOUNT, Column("role", "word", words=ROLES, default=0),
        _day("liable_from"), _day("liable_to"),
    ),
    "charges": (
        Column("charge_id", required=True), _ACCOUNT, Column("fee", required=True),
        Column("kind", "word", words=CHARGE_KINDS, default=0), _day("period_start"), _day("period_end"),
        _day("issued_on"), _day("due_on"), _money("amount", required=True), _money("tax"), _CURRENCY,
        Column("corrects_charge_id"), Column("tags", "texts"), _RECORDED,
    ),
    "payments": (
        Column("payment_id", required=True), _ACCOUNT, _money("amount"), _CURRENCY,
        Column("status", "word", words=PAYMENT_STATUSES, default=1), _day("effective_on", required=True),
        Column("designated_fee"), Column("designated_charge_id"), Column("reverses_payment_id"), _RECORDED,
    ),
    "allocations": (
        Column("payment_id", required=True), Column("charge_id", required=True), _ACCOUNT,
        _money("amount", required=True), _RECORDED,
    ),
    "events": (
        Column("event_id", required=True), _ACCOUNT, Column("party_id"),
        Column("type", "word", required=True, words=EVENT_TYPES),
        Column("status", "word", words=EVENT_STATUSES, default=0), Column("step_id"), Column("channel"),
        Column("outcome"), Column("delivered", "flag"), _day("effective_on", required=True),
        Column("occurred_at", "moment"), _day("ends_on"), Column("charge_ids", "texts"), _money("amount"),
        Column("frequency", "word", words=FREQUENCIES), _money("balance"), _day("promised_on"),
        _day("review_on"), Column("reason"), _RECORDED,
    ),
}  # fmt: skip
"""The columns of each frame that a position rests on; the first tells its rows apart."""


# The short names of the kernel; columns that are not here keep theirs.
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "accounts": {},
    "parties": {"party_id": "id"},
    "charges": {
        "charge_id": "id", "period_start": "start", "period_end": "end", "due_on": "due",
        "corrects_charge_id": "corrects",
    },
    "payments": {
        "payment_id": "id", "effective_on": "day", "designated_fee": "fee", "designated_charge_id": "charge_id",
        "reverses_payment_id": "reverses",
    },
    "allocations": {},
    "events": {
        "event_id": "id", "effective_on": "day", "ends_on": "ends", "promised_on": "promised", "review_on": "review",
    },
}  # fmt: skip


class Sheet:
    """One frame of entries: lazily, its columns found by name, and what each row comes to."""

    def __init__(self, name: str, frame: pl.LazyFrame, columns: Mapping[str, str]) -> None:
        self.name, self.frame, self.columns = name, frame, columns
        self.fields = FRAMES[name]
        schema = frame.collect_schema()
        self.readings = [
            _reading(
                field, columns.get(field.name), schema.get(columns.get(field.name, ""), pl.Null()), number
            )
            for number, field in enumerate(self.fields)
        ]

    @property
    def key(self) -> pl.Expr:
        """The account of a row as text, null where it names none."""
        return self.readings[[field.name for field in self.fields].index("account_id")].told

    def encoded(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The values of the frame's columns, by the names of the kernel; `good` where the row can be read."""
        frame = self._raw(frame)
        names = NAMES[self.name]
        values = {names.get(name, name): expr for each in self.readings for name, expr in each.values.items()}
        match self.name:
            case "charges":
                values["day"] = pl.coalesce(values["issued_on"], values["due"])
            case "allocations":
                values["id"] = self._row_id()
            case "events":
                values["foreign"] = pl.lit(False)
        good = pl.all_horizontal([*(each.sound for each in self.readings), self._whole()])
        return frame.select(**values, good=good.fill_null(False))

    def problems(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """A row for each reason for which a row of the frame cannot be read."""
        frame = self._raw(frame).filter(
            ~pl.all_horizontal([*(each.sound for each in self.readings), self._whole()]).fill_null(False)
        )
        of_a_row = [
            self._problem(each.field.name, ~each.sound.fill_null(False), each.said, each.code)
            for each in self.readings
        ]
        readable = pl.all_horizontal([each.sound for each in self.readings]).fill_null(False)
        lacking = {"charges": "due_on", "payments": "amount"}.get(self.name)
        if lacking:
            none, missing = pl.lit(None, pl.String), pl.lit(CODES.index("missing"), pl.UInt8)
            of_a_row.append(self._problem(lacking, readable & ~self._whole(), none, missing))
        found = frame.select(
            self._row_id().alias("row_id"), self.key.alias("account_id"), told=pl.concat_list(of_a_row)
        )
        found = found.explode("told").unnest("told").filter(pl.col("fact").is_not_null())
        return found.select(pl.lit(self.name).alias("frame"), "row_id", "account_id", "fact", "value", "code")

    def _problem(self, fact: str, test: pl.Expr, value: pl.Expr, code: pl.Expr) -> pl.Expr:
        codes = pl.lit(pl.Series(CODES, dtype=pl.String)).gather(code)
        return pl.struct(
            fact=pl.when(test).then(pl.lit(fact)),
            value=pl.when(test).then(value),
            code=pl.when(test).then(codes),
        )

    def _raw(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.with_columns(expr for each in self.readings for expr in each.raw)

    def _row_id(self) -> pl.Expr:
        if self.name == "allocations":
            return pl.concat_str(self.readings[0].told, self.readings[1].told, separator="/")
        return self.readings[0].told

    def _whole(self) -> pl.Expr:
        """What no single column tells: a charge has its day, a payment its amount."""
        values = {name: expr for each in self.readings for name, expr in each.values.items()}
        match self.name:
            case "charges":
                undated = (values["kind"] < OWED) | values["issued_on"].is_null()
                return ~(values["due_on"].is_null() & undated)
            case "payments":
                return values["amount"].is_not_null() | values["reverses_payment_id"].is_not_null()
        return pl.lit(True)


@dataclass(frozen=True, slots=True)
class _Told:
    """How a column is read: `raw` are columns to add first; the others are over the frame and these."""

    field: Column
    raw: tuple[pl.Expr, ...]
    values: Mapping[str, pl.Expr]
    sound: pl.Expr
    code: pl.Expr
    said: pl.Expr

    @property
    def told(self) -> pl.Expr:
        return self.values[self.field.name]


def _reading(field: Column, column: str | None, dtype: pl.DataType, number: int) -> _Told:
    name = f"#{number}"
    if column is None or dtype == pl.Null:
        return _nothing(field)
    match field.kind:
        case "text":
            return _text(field, pl.col(column), dtype)
        case "texts":
            return _texts(field, pl.col(column), dtype, name)
        case "moment":
            return _moment(field, pl.col(column), dtype, name)
    return _encoded(field, read(field.leaf, column, dtype, name), name)


def _code(name: str) -> pl.Expr:
    return pl.lit(CODES.index(name), pl.UInt8)


_TYPES: Mapping[Kind, Any] = {
    "text": pl.String, "texts": pl.List(pl.String), "money": pl.Int64, "day": pl.Int32, "moment": pl.Int64,
    "flag": pl.Int8, "word": pl.Int8,
}  # fmt: skip


def _nothing(field: Column) -> _Told:
    value = pl.lit(field.default, _TYPES[field.kind])
    values = {field.name: value}
    if field.kind == "moment":
        values[f"{field.name}.utc"] = pl.lit(None, pl.Int64)
    return _Told(field, (), values, pl.lit(not field.required), _code("missing"), pl.lit(None, pl.String))


def _encoded(field: Column, reading: Reading, name: str) -> _Told:
    value: pl.Expr = pl.when(reading.ok & ~reading.missing).then(reading.value.cast(_TYPES[field.kind]))
    if field.default is not None:
        value = pl.when(reading.missing).then(pl.lit(field.default, _TYPES[field.kind])).otherwise(value)
    return _Told(
        field, (reading.raw.alias(name),), {field.name: value}, reading.sound, reading.code, reading.said
    )


def _text(field: Column, column: pl.Expr, dtype: pl.DataType) -> _Told:
    if dtype.is_integer() or dtype in _WORDS:
        text = column.cast(pl.String)
        text = text if dtype.is_integer() else pl.when(text != "").then(text)
        sound = text.is_not_null() if field.required else pl.lit(True)
        return _Told(field, (), {field.name: text}, sound, _code("missing"), text)
    if dtype.is_float():
        # pandas makes floats of whole numbers with a gap among them.
        whole = pl.when(column.is_finite() & (column == column.round()) & (column.abs() < 2**53)).then(column)
        text, absent = whole.cast(pl.Int64).cast(pl.String), column.is_null() | column.is_nan()
        sound = text.is_not_null() if field.required else text.is_not_null() | absent
        code = pl.when(absent).then(_code("missing")).otherwise(_code("wrong_type"))
        said = pl.when(~absent).then(column.cast(pl.String))
        return _Told(field, (), {field.name: text}, sound, code, said)
    return _wrong(field, column, dtype)


def _wrong(field: Column, column: pl.Expr, dtype: pl.DataType) -> _Told:
    """A column of a type that never carries such a value: whatever it gives is wrong."""
    sound = pl.lit(False) if field.required else column.is_null()
    code = pl.when(column.is_null()).then(_code("missing")).otherwise(_code("wrong_type"))
    plain = dtype.is_numeric() or dtype in (pl.Boolean, pl.Date, pl.Datetime, pl.Time)
    said = column.cast(pl.String) if plain else pl.lit(f"a value of type {dtype}")
    values = {field.name: pl.lit(None, _TYPES[field.kind])}
    if field.kind == "moment":
        values[f"{field.name}.utc"] = pl.lit(None, pl.Int64)
    return _Told(field, (), values, sound, code, pl.when(column.is_not_null()).then(said))


def _texts(field: Column, column: pl.Expr, dtype: pl.DataType, name: str) -> _Told:
    """A list of texts, or one text that separates them by commas."""
    if dtype in _WORDS:
        parts = column.cast(pl.String).str.split(",").list.eval(pl.element().str.strip_chars())
        parts = parts.list.eval(pl.element().filter(pl.element() != ""))
        value = pl.col(name)
        return _Told(
            field, (parts.alias(name),), {field.name: value}, pl.lit(True), _code("wrong_type"), column
        )
    if isinstance(dtype, pl.List) and (dtype.inner == pl.String or dtype.inner == pl.Null):
        texts = column.cast(pl.List(pl.String))
        blank = texts.list.eval(pl.element().is_null() | (pl.element() == "")).list.any()
        said = pl.lit("a list with an empty text")
        return _Told(
            field,
            (texts.alias(name),),
            {field.name: pl.col(name)},
            ~blank.fill_null(False),
            _code("wrong_type"),
            said,
        )
    return _wrong(field, column, dtype)


def _moment(field: Column, column: pl.Expr, dtype: pl.DataType, name: str) -> _Told:
    values = {field.name: pl.col(name), f"{field.name}.utc": pl.col(f"{name}.utc")}
    said = pl.when(column.is_not_null()).then(column.cast(pl.String))
    if dtype in _WORDS:
        text = column.cast(pl.String)
        stamp = text.map_batches(_stamps, return_dtype=_STAMP, is_elementwise=True)
        fields = stamp.struct.field("wall"), stamp.struct.field("utc")
        raw = fields[0].alias(name), fields[1].alias(f"{name}.utc")
        missing = text.is_null() | (text == "")
        return _Told(field, raw, values, pl.col(name).is_not_null() | missing, _code("wrong_type"), said)
    if dtype == pl.Date:
        raw = (column.to_physical().cast(pl.Int64) * MICROSECONDS).alias(name), _none(f"{name}.utc")
        return _Told(field, raw, values, pl.lit(True), _code("wrong_type"), said)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            raw = _micros(column, dtype).alias(name), _none(f"{name}.utc")
        else:
            wall = column.dt.replace_time_zone(None)
            raw = _micros(wall, dtype).alias(name), _micros(column, dtype).alias(f"{name}.utc")
        return _Told(field, raw, values, pl.lit(True), _code("wrong_type"), said)
    return _wrong(field, column, dtype)


def _none(name: str) -> pl.Expr:
    return pl.lit(None, pl.Int64).alias(name)


def _micros(column: pl.Expr, dtype: pl.Datetime) -> pl.Expr:
    count = column.to_physical()
    return {"ms": count * 1000, "us": count, "ns": count // 1000}[dtype.time_unit]


def _stamps(texts: pl.Series) -> pl.Series:
    """Moments written as text, each way of writing read once."""
    unique = texts.unique()
    told = [_stamp(text) for text in unique]
    stamps = pl.DataFrame(
        {"text": unique, "wall": [each[0] for each in told], "utc": [each[1] for each in told]},
        schema={"text": pl.String, "wall": pl.Int64, "utc": pl.Int64},
    )
    joined = (
        texts.alias("text")
        .to_frame()
        .join(stamps, on="text", how="left", maintain_order="left", nulls_equal=True)
    )
    return joined.select(pl.struct("wall", "utc", ok=pl.col("wall").is_not_null())).to_series()


def _stamp(text: str | None) -> Stamp | tuple[None, None]:
    if not text or not _MOMENT(text):
        return None, None
    try:
        return stamp_of(datetime.fromisoformat(text))
    except ValueError:
        return None, None


def known_rows(known_at: date | None) -> pl.Expr:
    """Which rows were recorded by then: a day is known to its end, clocks without a zone are read as they stand."""
    until = known_until(known_at)
    if until is None:
        return pl.lit(True)
    wall, utc = until
    by_wall = pl.col("recorded_at") <= wall
    by_clock = (
        by_wall
        if utc is None
        else pl.when(pl.col("recorded_at.utc").is_not_null())
        .then(pl.col("recorded_at.utc") <= utc)
        .otherwise(by_wall)
    )
    return pl.col("recorded_at").is_null() | by_clock
