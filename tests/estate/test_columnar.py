"""The Polars engine gives what the scalar engine gives, value by value and problem by problem."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feerules.engines.columnar import Columnar
from feerules.engines.scalar import Scalar, function
from feerules.plan.bounds import Builder, TooLarge, fits_int64
from feerules.plan.nodes import And, Compare, Const, Fact, Guard, Leaf, Node, Not, Or, Plan, Present

MANY = settings(max_examples=400, suppress_health_check=list(HealthCheck))
MODES = ("half_up", "half_even", "half_down", "up", "down")
WORDS = ("shop", "home", "bay", "住宅", "a rather long word of the rules", "101", "7", "-3", "")

# Facts, and columns that may carry them


@st.composite
def leaves(draw: Any, number: int) -> Leaf:
    kind = draw(st.sampled_from(("decimal", "decimal", "integer", "boolean", "date", "datetime", "choice", "text")))
    places = draw(st.integers(0, 9)) if kind == "decimal" else 0
    codes, words, lo, hi = (), (), 0, 1
    if kind in ("choice", "text"):
        codes = draw(st.lists(st.sampled_from((*WORDS, *map(str, range(20)))), min_size=1, max_size=20, unique=True))
        lo, hi = 0, len(codes) - (kind == "choice")
    if kind in ("choice", "boolean"):
        spellings = draw(st.lists(st.sampled_from(("yes", "no", "true", "false", *WORDS)), max_size=4, unique=True))
        words = tuple((word, draw(st.integers(lo, hi))) for word in spellings)
    if kind in ("decimal", "integer", "date", "datetime"):
        most = 10 ** draw(st.sampled_from((1, 3, 5, 9, 18, 25)))
        lo, hi = sorted(draw(st.tuples(st.integers(-most, most), st.integers(-most, most))))
    default = draw(st.none() | st.integers(lo, hi))
    optional = draw(st.booleans())
    return Leaf(f"f{number}", kind, places, lo, hi, tuple(codes), words, optional, default)


def near(leaf: Leaf) -> st.SearchStrategy[int]:
    """Encoded values, most of them inside the domain or at its edges."""
    edges = st.sampled_from((leaf.lo, leaf.hi, leaf.lo - 1, leaf.hi + 1, 0))
    return st.integers(leaf.lo, leaf.hi) | edges


def scaled(value: int, places: int) -> Decimal:
    return Decimal(value).scaleb(-places)


def plain(number: Decimal) -> str:
    return format(number, "f")


GARBAGE = st.sampled_from(
    ("", " ", "abc", "1e3", ".5", "5.", "+7", "-0", "１２", "1,000", "00012.50", "1.2.3", "0" * 1001, "9" * 40, "7\n")
    + ("2026-13-01", "2026-02-29", "0000-01-01", "20260101", "2026-1-1", "2026-01-01T24:00", "2026-01-01T08:00Z")
    + ("2026-01-01", "2026-01-01T08:30", "2026-01-01 08:30:15", " 2026-01-01", "9999-12-31", "1969-12-31T23:59")
)


def texts(leaf: Leaf) -> st.SearchStrategy[str]:
    if leaf.kind in ("decimal", "integer"):
        number = near(leaf).map(lambda value: plain(scaled(value, leaf.places)))
        around = st.sampled_from(("{}", "{}", " {}", "{} ", "{}.0", "{}0", "0{}", "+{}"))
        return st.builds(str.format, around, number) | GARBAGE
    if leaf.kind in ("choice", "text", "boolean"):
        return st.sampled_from((*leaf.codes, *(word for word, _ in leaf.words), "any other")) | GARBAGE
    days = st.dates().map(str) | st.datetimes().map(lambda each: each.isoformat(draw_separator)[:16])
    return days | GARBAGE


draw_separator = "T"


def in_type(dtype: pl.DataType, lo: int, hi: int) -> tuple[int, int]:
    """The bounds of whole numbers that a column of this type can hold."""
    bits = int(str(dtype).lstrip("UInt"))
    least, most = (0, 2**bits - 1) if dtype.is_unsigned_integer() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return least, most


@st.composite
def columns(draw: Any, leaf: Leaf, height: int) -> pl.Series:
    make = draw(st.sampled_from((whole_column, float_column, decimal_column, text_column, text_column, day_column, odd_column)))
    fitting = {"date": day_column, "datetime": day_column, "boolean": boolean_column}.get(leaf.kind, make)
    return draw((fitting if draw(st.booleans()) else make)(leaf, height))


def listed(values: st.SearchStrategy[Any], height: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | values | values | values, min_size=height, max_size=height)


@st.composite
def whole_column(draw: Any, leaf: Leaf, height: int) -> pl.Series:
    types = (pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Int128(), pl.UInt8(), pl.UInt32(), pl.UInt64())
    dtype = draw(st.sampled_from(types))
    least, most = in_type(dtype, leaf.lo, leaf.hi)
    factor = 10**leaf.places
    numbers = near(leaf).map(lambda value: min(max(value // factor, least), most)) | st.sampled_from((least, most, 0))
    return pl.Series(draw(listed(numbers, height)), dtype=dtype)


@st.composite
def float_column(draw: Any, leaf: Leaf, height: int) -> pl.Series:
    odd = st.sampled_from((float("nan"), float("inf"), -float("inf"), -0.0, 0.1 + 0.2, 1e300, 2.0**53, 2.0**52 + 0.5))
    numbers = near(leaf).map(lambda value: float(scaled(value, leaf.places)))
    dtype = draw(st.sampled_from((pl.Float64, pl.Float64, pl.Float32)))
    return pl.Series(draw(listed(numbers | numbers | odd | st.floats(), height)), dtype=dtype, strict=False)


@st.composite
def decimal_column(draw: Any, leaf: Leaf, height: int) -> pl.Series:
    precision = draw(st.sampled_from((9, 18, 19, 38)))
    places = draw(st.integers(0, min(precision - 1, 11)))
    most = 10**precision - 1
    shift = 10 ** max(places - leaf.places, 0), 10 ** max(leaf.places - places, 0)
    numbers = near(leaf).map(lambda value: value * shift[0] // shift[1]) | st.integers(-most, most)
    decimals = numbers.map(lambda value: scaled(min(max(value, -most), most), places))
    return pl.Series(draw(listed(decimals, height)), dtype=pl.Decimal(precision, places))


@st.composite
def text_column(draw: Any, leaf: Leaf, height: int) -> pl.Series:
    values = draw(listed(texts(leaf), height))
    dtype = draw(st.sampled_from((pl.String(), pl.String(), pl.Categorical(), pl.Enum(sorted({*values} - {None})))))
    return pl.Series(values, dtype=dtype)


@st.composite
def boolean_column(draw: Any, leaf: Leaf, height: int) -> pl.Series:
    return pl.Series(draw(listed(st.booleans(), height)), dtype=pl.Boolean)


@st.composite
def day_column(draw: Any, leaf: Leaf, height: int) -> pl.Series:
    unit = 1 if leaf.kind == "date" else 1440
    most = 106_000  # days: about what 64 bits of nanoseconds hold
    days = near(leaf).map(lambda value: date(1970, 1, 1) + timedelta(min(max(value // unit, -most), most)))
    if draw(st.booleans()):
        return pl.Series(draw(listed(days, height)), dtype=pl.Date)
    parts = st.sampled_from((timedelta(), timedelta(minutes=510), timedelta(seconds=30), timedelta(microseconds=1000)))
    moments = st.builds(lambda day, part: datetime(day.year, day.month, day.day) + part, days, parts)
    zone = draw(st.sampled_from((None, None, "UTC", "Asia/Shanghai")))
    dtype = pl.Datetime(draw(st.sampled_from(("ms", "us", "ns"))))
    return pl.Series(draw(listed(moments, height)), dtype=dtype).dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    )


@st.composite
def odd_column(draw: Any, leaf: Leaf, height: int) -> pl.Series:
    kinds: dict[Any, Any] = {
        pl.Null(): None, pl.Time(): time(8), pl.Duration("us"): timedelta(1), pl.Binary(): b"7",
        pl.List(pl.Int64): [1], pl.Struct({"a": pl.Int64}): {"a": 1}, pl.Boolean(): True,
    }  # fmt: skip
    dtype = draw(st.sampled_from([*kinds]))
    return pl.Series(draw(listed(st.just(kinds[dtype]), height)), dtype=dtype)


# Plans


class Grown:
    """Random nodes over some facts, as a builder lets them be."""

    def __init__(self, draw: Any, facts: list[Leaf]) -> None:
        self.draw, self.b = draw, Builder()
        self.numbers: list[Node] = [self.b.fact(leaf) for leaf in facts]
        self.truths: list[Node] = [self.b.true, *(self.b.present(leaf) for leaf in facts)]

    def grow(self, steps: int) -> None:
        for _ in range(steps):
            try:
                self.draw(st.sampled_from((self.number, self.number, self.truth)))()
            except TooLarge:
                continue

    def one(self) -> Node:
        return self.draw(st.sampled_from(self.numbers) | st.sampled_from(self.numbers[-3:]) | self.constants())

    def constants(self) -> st.SearchStrategy[Node]:
        return st.builds(self.b.const, st.integers(-9, 9) | st.integers(-(10**9), 10**9), st.integers(0, 2))

    def test(self) -> Node:
        return self.draw(st.sampled_from(self.truths))

    def number(self) -> None:
        made = (self.arithmetic, self.arithmetic, self.division, self.choice, self.lookup, self.band)
        self.numbers.append(self.draw(st.sampled_from(made))())

    def truth(self) -> None:
        b, test = self.b, self.test()
        compared = b.compare(self.draw(st.sampled_from(("<", "<=", "==", "!="))), self.one(), self.one())
        joined = self.draw(st.sampled_from((b.all_of, b.any_of)))([test, compared])
        self.truths.append(self.draw(st.sampled_from((compared, joined, b.negate(test)))))

    def arithmetic(self) -> Node:
        b = self.b
        return self.draw(st.sampled_from((b.add, b.sub, b.mul, b.min, b.max)))(self.one(), self.one())

    def division(self) -> Node:
        b = self.b
        right = self.draw(st.integers(1, 40) | st.integers(1, 10**9))
        over = b.const(right)
        if self.draw(st.booleans()):
            over = b.max(over, b.unscaled(self.one()))
        return b.div_round(self.one(), over, self.draw(st.sampled_from(MODES)), self.draw(st.integers(0, 2)))

    def choice(self) -> Node:
        return self.b.choose(self.test(), self.one(), self.one())

    def lookup(self) -> Node:
        b = self.b
        entries = st.integers(0, 3) | st.integers(-(10**6), 10**6) | st.integers(-(10**20), 10**20)
        size = self.draw(st.integers(1, 12) | st.just(300))
        table = self.draw(st.lists(entries, min_size=min(size, 12), max_size=min(size, 12))) * (size // 12 or 1)
        first = self.draw(st.integers(0, len(table) - 1))
        index = b.clamp(b.unscaled(self.one()), b.const(first), b.const(len(table) - 1))
        return b.gather(tuple(table), index)

    def band(self) -> Node:
        of = self.one()
        count = self.draw(st.sampled_from((1, 3, 6, 40)))
        cuts = self.draw(st.lists(st.integers(of.lo, of.hi), min_size=1, max_size=count, unique=True))
        return self.b.band(tuple(sorted(cuts)), of)


@st.composite
def plans(draw: Any) -> tuple[Plan, dict[str, Node]]:
    facts = [draw(leaves(number)) for number in range(draw(st.integers(1, 4)))]
    grown = Grown(draw, facts)
    grown.grow(draw(st.integers(0, 25)))
    needs = [grown.test() if draw(st.booleans()) else grown.b.true for _ in facts]
    guards = [Guard("unreadable", need, None, leaf) for leaf, need in zip(facts, needs, strict=True)]
    for number in range(draw(st.integers(0, 2))):
        fact = draw(st.sampled_from((None, *facts)))
        guards.append(Guard(f"code_{number}", grown.test(), grown.test(), fact, draw(st.none() | st.just("water"))))
    nodes = [node for node in grown.numbers[-12:] if fits_int64(node.lo, node.hi)] + grown.truths[-4:]
    return Plan(tuple(facts), tuple(guards), ()), {f"o{n}": node for n, node in enumerate(nodes)}


@st.composite
def frames(draw: Any, plan: Plan) -> pl.DataFrame:
    height = draw(st.integers(1, 8))
    given = {leaf.name: draw(columns(leaf, height)) for leaf in plan.leaves if draw(st.integers(0, 9))}
    return pl.DataFrame({"id": pl.Series(range(height), dtype=pl.Int64), **given})


# What the scalar engine says


def said(value: Any) -> str | None:
    """What a row said, as text, where all engines write it alike; of other values only that there was one."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return plain(value)
    alike = isinstance(value, str | int) or type(value) is date
    return str(value) if alike else "something"


def one_by_one(plan: Plan, outputs: dict[str, Node], frame: pl.DataFrame) -> tuple[list[Any], list[Any]]:
    engine, answers = Scalar(plan), function(plan.leaves, [*outputs.values()])
    rows, problems = [], []
    for record in frame.to_dicts():
        arguments, bad = engine.read(record)
        failures = engine.failures(arguments, bad)
        for guard, code, value in failures:
            fact = guard.fact.name if guard.fact else None
            problems.append((record["id"], fact, said(value), code, guard.fee))
        if not failures:
            rows.append((record["id"], *answers(*arguments)))
    return rows, problems


def at_once(plan: Plan, outputs: dict[str, Node], frame: pl.DataFrame, engine: Any) -> tuple[list[Any], list[Any]]:
    held = {leaf.name: leaf.name for leaf in plan.leaves if leaf.name in frame.columns}
    prepared = Columnar(plan).prepare(frame.lazy(), held)
    both = [prepared.rows(outputs, ["id"]), prepared.problems(["id"])]
    rows, problems = pl.collect_all(both, engine=engine)
    for name, node in outputs.items():
        truth = isinstance(node, Compare | And | Or | Not | Present)
        assert rows.schema[name] == (pl.Boolean if truth else pl.Int64)
    told = [
        (key, fact, text if exact(frame, fact) or text is None else "something", code, fee)
        for key, fact, text, code, fee in problems.rows()
    ]
    return rows.rows(), told


def exact(frame: pl.DataFrame, fact: str | None) -> bool:
    dtype = frame.schema.get(fact or "", pl.Null())
    return dtype.is_integer() or dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Date, pl.Decimal)


@MANY
@given(st.data())
def test_random_plans_over_random_frames_give_what_the_scalar_engine_gives(data: Any) -> None:
    plan, outputs = data.draw(plans())
    frame = data.draw(frames(plan))
    rows, problems = one_by_one(plan, outputs, frame)
    engine = data.draw(st.sampled_from(("in-memory", "streaming")))
    found, told = at_once(plan, outputs, frame, engine)
    assert found == rows
    assert sorted(told, key=repr) == sorted(problems, key=repr)
