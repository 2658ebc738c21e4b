"""Random facts, columns that carry them, and plans over them, as a builder lets them be."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from math import inf, nan
from typing import Any

import polars as pl
from hypothesis import strategies as st

from feerules.money import from_scaled
from feerules.plan.bounds import Builder, TooLarge, fits_int64
from feerules.plan.nodes import Const, Guard, Leaf, Node, Plan

MODES = ("half_up", "half_even", "half_down", "up", "down")
WORDS = (
    "shop",
    "home",
    "bay",
    "住宅",
    "a rather long word of the rules",
    "101",
    "-3",
    "",
    *map(str, range(15)),
)
LONG = 90_000  # days or minutes from 1970: nanoseconds in 64 bits hold no more than 106,751 days

# Facts, and columns that carry them

GARBAGE = (
    "", " ", "abc", "1e3", ".5", "5.", "+7", "-0", "１２", "1,000", "00012.50", "1.2.3", "0" * 1001, "9" * 40, "7\n",
    "2026-13-01", "2026-02-29", "0000-01-01", "20260101", "2026-1-1", "2026-01-01T24:00", "2026-01-01T08:00Z",
    "2026-01-01T0830", "2026-01-01x08:30", "2026-01-01T08", "2026-01-01T08:30+00", "2026-01-01T08:30:15.5",
    "2026-01-01", "2026-01-01T08:30", "2026-01-01 08:30:15", " 2026-01-01", "9999-12-31", "1969-12-31T23:59",
)  # fmt: skip


@st.composite
def leaves(draw: Any, number: int) -> Leaf:
    kind = draw(
        st.sampled_from(("decimal", "decimal", "integer", "boolean", "date", "datetime", "choice", "text"))
    )
    places = draw(st.integers(0, 9)) if kind == "decimal" else 0
    codes: list[str] = []
    words: list[tuple[str, int]] = []
    lo, hi = 0, 1
    if kind in ("choice", "text"):
        codes = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=20, unique=True))
        lo, hi = 0, len(codes) - (kind == "choice")
    if kind in ("choice", "boolean"):
        spellings = draw(
            st.lists(st.sampled_from(("yes", "no", "true", "false", *WORDS)), max_size=4, unique=True)
        )
        words = [(word, draw(st.integers(lo, hi))) for word in spellings]
    if kind in ("decimal", "integer", "date", "datetime"):
        exponents = {"date": (3, 4), "datetime": (3, 7)}.get(kind, (1, 3, 5, 7, 9, 18, 25))
        most = 10 ** draw(st.sampled_from(exponents))
        lo, hi = sorted(draw(st.tuples(st.integers(-most, most), st.integers(-most, most))))
    default = draw(st.none() | st.none() | st.integers(lo, hi))
    return Leaf(f"f{number}", kind, places, lo, hi, tuple(codes), tuple(words), draw(st.booleans()), default)


class Column:
    """Draws what a column of a frame says of one fact: as it should be, or dirty."""

    def __init__(self, draw: Any, leaf: Leaf, height: int) -> None:
        self.draw, self.leaf, self.height = draw, leaf, height
        self.dirty = draw(st.integers(0, 3)) == 0

    def series(self) -> pl.Series:
        fitting = {
            "date": (self.days, self.texts), "datetime": (self.days, self.texts),
            "boolean": (self.booleans, self.texts), "choice": (self.texts,), "text": (self.texts, self.wholes),
        }.get(self.leaf.kind, (self.wholes, self.floats, self.decimals, self.texts))  # fmt: skip
        every = (self.wholes, self.floats, self.decimals, self.texts, self.days, self.booleans, self.odd)
        return self.draw(st.sampled_from(every if self.dirty else fitting))()

    def drawn(self, values: st.SearchStrategy[Any]) -> list[Any]:
        given = st.none() | values | values | values if self.dirty or self.leaf.optional else values
        return self.draw(st.lists(given, min_size=self.height, max_size=self.height))

    def encoded(self) -> st.SearchStrategy[int]:
        lo, hi = self.leaf.lo, self.leaf.hi
        inside = st.integers(lo, hi) | st.sampled_from((lo, hi))
        return inside | st.sampled_from((lo - 1, hi + 1, 0)) if self.dirty else inside

    def wholes(self) -> pl.Series:
        types = (
            pl.Int8(),
            pl.Int16(),
            pl.Int32(),
            pl.Int64(),
            pl.Int128(),
            pl.UInt8(),
            pl.UInt32(),
            pl.UInt64(),
        )
        dtype = self.draw(st.sampled_from(types))
        bits = int(str(dtype).lstrip("UInt"))
        least, most = (0, 2**bits - 1) if str(dtype)[0] == "U" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        factor = 10**self.leaf.places
        numbers = self.encoded().map(lambda value: min(max(value // factor, least), most))
        edges = st.sampled_from((least, most)) if self.dirty else numbers
        return pl.Series(self.drawn(numbers | numbers | edges), dtype=dtype)

    def floats(self) -> pl.Series:
        odd = st.sampled_from((nan, inf, -inf, -0.0, 0.1 + 0.2, 1e300, 2.0**53, 2.0**52 + 0.5)) | st.floats()
        numbers = self.encoded().map(lambda value: float(from_scaled(value, self.leaf.places)))
        dtype = self.draw(st.sampled_from((pl.Float64, pl.Float64, pl.Float32)))
        return pl.Series(self.drawn(numbers | odd if self.dirty else numbers), dtype=dtype, strict=False)

    def decimals(self) -> pl.Series:
        precision = self.draw(st.sampled_from((9, 18, 19, 38)))
        places = min(self.draw(st.integers(0, 11)), precision - 1)
        most = 10**precision - 1
        up, down = 10 ** max(places - self.leaf.places, 0), 10 ** max(self.leaf.places - places, 0)
        numbers = self.encoded().map(lambda value: value * up // down)
        if self.dirty:
            numbers |= st.integers(-most, most)
        decimals = numbers.map(lambda value: from_scaled(min(max(value, -most), most), places))
        return pl.Series(self.drawn(decimals), dtype=pl.Decimal(precision, places))

    def texts(self) -> pl.Series:
        values = self.drawn(self.said() | st.sampled_from(GARBAGE) if self.dirty else self.said())
        types = (pl.String(), pl.String(), pl.Categorical(), pl.Enum(sorted({*values} - {None})))
        return pl.Series(values, dtype=self.draw(st.sampled_from(types)))

    def said(self) -> st.SearchStrategy[str]:
        match self.leaf.kind:
            case "decimal" | "integer":
                number = self.encoded().map(lambda value: plain(from_scaled(value, self.leaf.places)))
                return st.builds(str.format, st.sampled_from(("{}", "{}", " {}", "{} ")), number)
            case "date":
                return self.moments().map(lambda moment: moment.date().isoformat())
            case "datetime":
                forms = ("{:%Y-%m-%dT%H:%M}", "{:%Y-%m-%d %H:%M:00}")
                return st.builds(str.format, st.sampled_from(forms), self.moments())
        spelled = (*self.leaf.codes, *(word for word, _ in self.leaf.words))
        other = ("any other",) if self.leaf.kind == "text" or self.dirty or not spelled else ()
        return st.sampled_from((*spelled, *other))

    def moments(self) -> st.SearchStrategy[datetime]:
        step = timedelta(minutes=1) if self.leaf.kind == "datetime" else timedelta(days=1)
        return self.encoded().map(lambda value: datetime(1970, 1, 1) + min(max(value, -LONG), LONG) * step)

    def days(self) -> pl.Series:
        if self.leaf.kind != "datetime" and self.draw(st.booleans()):
            return pl.Series(self.drawn(self.moments().map(datetime.date)), dtype=pl.Date)
        moments = self.moments()
        if self.dirty:
            more = st.sampled_from(
                (timedelta(0), timedelta(hours=8), timedelta(seconds=30), timedelta(milliseconds=1))
            )
            moments = st.builds(lambda moment, later: moment + later, moments, more)
        zones = (None, None, "UTC", "Asia/Shanghai") if self.dirty or self.leaf.kind == "date" else (None,)
        series = pl.Series(
            self.drawn(moments), dtype=pl.Datetime(self.draw(st.sampled_from(("ms", "us", "ns"))))
        )
        zone = self.draw(st.sampled_from(zones))
        return series.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")

    def booleans(self) -> pl.Series:
        return pl.Series(self.drawn(st.booleans()), dtype=pl.Boolean)

    def odd(self) -> pl.Series:
        kinds: dict[Any, Any] = {
            pl.Null(): None, pl.Time(): time(8), pl.Duration("us"): timedelta(1), pl.Binary(): b"7",
            pl.List(pl.Int64): [1], pl.Struct({"a": pl.Int64}): {"a": 1},
        }  # fmt: skip
        dtype = self.draw(st.sampled_from([*kinds]))
        return pl.Series(self.drawn(st.just(kinds[dtype])), dtype=dtype)


def plain(number: Decimal) -> str:
    return format(number, "f")


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
        return self.draw(
            st.sampled_from(self.numbers) | st.sampled_from(self.numbers[-3:]) | self.constants()
        )

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
        self.truths.append(self.draw(st.sampled_from((compared, compared, joined, joined, b.negate(test)))))

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
        entries = st.integers(0, 3) | st.integers(-(10**6), 10**6) | st.integers(-(10**37), 10**37)
        size = self.draw(st.integers(1, 12) | st.just(300))
        table = self.draw(st.lists(entries, min_size=min(size, 12), max_size=min(size, 12))) * (
            size // 12 or 1
        )
        first = self.draw(st.integers(0, len(table) - 1))
        index = b.clamp(b.unscaled(self.one()), b.const(first), b.const(len(table) - 1))
        return b.gather(tuple(table), index)

    def band(self) -> Node:
        of = self.one()
        count = self.draw(st.sampled_from((1, 3, 6, 40)))
        step = self.draw(st.sampled_from((1, max((of.hi - of.lo) // 200, 1))))
        some = st.integers(of.lo, of.hi).map(lambda cut: cut // step * step)
        cuts = self.draw(st.lists(some, min_size=1, max_size=count, unique=True))
        return self.b.band(tuple(sorted(cuts)), of)


@st.composite
def plans(draw: Any) -> tuple[Plan, dict[str, Node]]:
    facts = [draw(leaves(number)) for number in range(draw(st.integers(1, 4)))]
    grown = Grown(draw, facts)
    grown.grow(draw(st.integers(0, 25)))
    needs = [draw(st.sampled_from((grown.b.true, grown.test()))) for _ in facts]
    guards = [Guard("unreadable", need, None, leaf) for leaf, need in zip(facts, needs, strict=True)]
    for number in range(draw(st.integers(0, 2))):
        fact = draw(st.sampled_from((None, *facts)))
        guards.append(
            Guard(f"code_{number}", grown.test(), grown.test(), fact, draw(st.none() | st.just("water")))
        )
    nodes = [node for node in grown.numbers[-12:] if fits_int64(node.lo, node.hi)] + grown.truths[-4:]
    nodes = [node for node in nodes if not isinstance(node, Const)] or nodes
    return Plan(tuple(facts), tuple(guards), ()), {f"o{n}": node for n, node in enumerate(nodes)}


@st.composite
def frames(draw: Any, plan: Plan) -> pl.DataFrame:
    height = draw(st.integers(1, 8))
    given = {
        leaf.name: Column(draw, leaf, height).series() for leaf in plan.leaves if draw(st.integers(0, 19))
    }
    return pl.DataFrame({"id": pl.Series(range(height), dtype=pl.Int64), **given})
