"""The engine of SQL gives what the scalar engine gives, value by value and problem by problem, in real databases."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

import random_plans
from databases import Database
from feerules.engines.scalar import function
from feerules.money import round_div
from feerules.plan.bounds import Builder
from feerules.plan.nodes import Guard, Leaf, Node, Plan
from feerules.statements.engine import Prepared, column_of, dialect_of
from how_often import often
from plan_answers import one_by_one, told_alike


@pytest.fixture(scope="module")
def database(every_database: Database) -> Database:
    """Spark answers here too."""
    return every_database


class Asked:
    """A plan over a frame that a database holds."""

    def __init__(self, database: Database, frame: pl.DataFrame, plan: Plan) -> None:
        self.database, self.dialect = database, dialect_of(database.dialect)
        types = database.load(frame, "units")
        names = [leaf.name for leaf in plan.leaves if leaf.name in types]
        columns = {name: column_of(name, types[name], self.dialect) for name in names}
        self.prepared = Prepared(plan, self.dialect, exp.select("*").from_("units"), columns)

    def rows(self, outputs: dict[str, Node], *keep: str) -> list[Any]:
        return self.database.run(self.dialect.sql(self.prepared.rows(outputs, keep)))

    def problems(self, *keep: str) -> list[Any]:
        return self.database.run(self.dialect.sql(self.prepared.problems(keep)))


def test_random_plans_over_random_frames_give_what_the_scalar_engine_gives(database: Database) -> None:
    @settings(max_examples=often(200, database.cost), suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def law(data: Any) -> None:
        plan, outputs = data.draw(random_plans.plans())
        frame = data.draw(random_plans.frames(plan))
        rows, problems = one_by_one(plan, outputs, frame)
        asked = Asked(database, frame, plan)
        assert sorted(asked.rows(outputs, "id")) == rows
        assert sorted(told_alike(frame, asked.problems("id")), key=repr) == sorted(problems, key=repr)

    law()


# One thing at a time


def whole(name: str, lo: int, hi: int, **more: Any) -> Leaf:
    return Leaf(name, "integer", 0, lo, hi, **more)


def numbers(name: str, values: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"id": range(len(values)), name: pl.Series(values, dtype=pl.Int128)})


def answers(database: Database, node: Node, frame: pl.DataFrame, *facts: Leaf) -> list[Any]:
    """One answer for each row, in their order."""
    asked = Asked(database, frame, Plan(facts, (), ()))
    return [answer for _, answer in sorted(asked.rows({"answer": node}, "id"))]


@pytest.mark.parametrize("size", [1, 10**10, 10**30])
def test_a_division_rounds_as_money_does_for_both_signs_and_in_any_width(
    database: Database, size: int
) -> None:
    left, right = whole("left", -60 * size, 60 * size), whole("right", 1, 12 * size)
    pairs = [(a * size, b * size) for a in range(-60, 61) for b in range(1, 13)]
    frame = pl.DataFrame(pairs, schema={"left": pl.Int128, "right": pl.Int128}, orient="row")
    b = Builder()
    by_fact = {
        mode: b.within(b.div_round(b.fact(left), b.fact(right), mode), -60, 60) for mode in random_plans.MODES
    }
    by_seven = {
        f"{mode} by 7": b.div_round(b.fact(left), b.const(7 * size), mode) for mode in random_plans.MODES
    }
    asked = Asked(database, frame.with_row_index("id"), Plan((left, right), (), ()))
    found = sorted(asked.rows({**by_fact, **by_seven}, "id"))
    assert [row[1:6] for row in found] == [
        tuple(round_div(x, y, mode) for mode in random_plans.MODES) for x, y in pairs
    ]
    assert [row[6:] for row in found] == [
        tuple(round_div(x, 7 * size, mode) for mode in random_plans.MODES) for x, _ in pairs
    ]


BANDS = {
    "few": (-50, 10**6, [-3, 0, 7]),
    "every value": (0, 3, [1, 2, 3]),
    "many": (-(10**9), 10**9, [*range(-(10**9) + 5, 10**9, 4_000_037)]),
    "crowded": (0, 10**9, [*range(100, 200), 10**8, *range(10**9 - 9, 10**9)]),
    "wide": (-(10**30), 10**30, [*range(-(10**30) + 1, 10**30, 10**28)]),
}


@pytest.mark.parametrize("name", BANDS)
def test_a_band_counts_the_cuts_that_a_number_has_reached(database: Database, name: str) -> None:
    lo, hi, cuts = BANDS[name]
    fact = whole("x", lo, hi)
    near = sorted({lo, hi, *(x for cut in cuts for x in (cut - 1, cut, cut + 1) if lo <= x <= hi)})
    b = Builder()
    found = answers(database, b.band(tuple(cuts), b.fact(fact)), numbers("x", near), fact)
    assert found == [bisect_right(cuts, number) for number in near]


@pytest.mark.parametrize("size", [1, 10**17, 10**30])
@pytest.mark.parametrize("count", [2, 4_000, 4_001, 10_000])
def test_an_entry_of_a_table_is_found_by_its_place_however_long_the_table_is(
    database: Database, count: int, size: int
) -> None:
    table = tuple((place * 7919 % 9973 - 5000) * size for place in range(count))
    fact = whole("x", 0, count - 1)
    places = [0, 1, count // 2, count - 2, count - 1]
    b = Builder()
    entry = b.gather(table, b.fact(fact))
    node = b.within(b.div_round(entry, b.const(size), "down"), -5000, 4973)
    assert answers(database, node, numbers("x", places), fact) == [table[at] // size for at in places]


EDGES = [-(2**63), -(2**63) + 1, -1, 0, 1, 2**63 - 2, 2**63 - 1]


def test_what_passes_63_bits_on_the_way_comes_back_exactly(database: Database) -> None:
    fact = whole("x", EDGES[0], EDGES[-1])
    b = Builder()
    x = b.fact(fact)
    ways = {
        "there and back": b.sub(b.add(x, b.const(10**18)), b.const(10**18)),
        "negated": b.sub(b.const(-1), b.sub(b.const(-1), x)),
        "halved": b.div_round(b.mul(x, b.const(2**60)), b.const(2**61), "half_up"),
        "tripled": b.div_round(b.mul(x, b.const(3 * 10**18)), b.const(3 * 10**18), "half_even"),
        "the larger": b.max(x, b.sub(x, b.const(1))),
    }
    asked = Asked(database, numbers("x", EDGES), Plan((fact,), (), ()))
    expected = function([fact], [*ways.values()])
    assert [row[1:] for row in sorted(asked.rows(ways, "id"))] == [tuple(expected(x, 1)) for x in EDGES]


def test_a_wide_number_that_is_narrow_again_divides_without_a_fraction(database: Database) -> None:
    fact = whole("x", 0, 10**20)
    b = Builder()
    capped = b.min(b.fact(fact), b.const(32_280))
    node = b.div_round(capped, b.const(100), "down")
    assert answers(database, node, numbers("x", [99, 199, 32_279, 10**20]), fact) == [0, 1, 322, 322]


@pytest.mark.parametrize("dtype", [pl.Int128, pl.String, pl.Decimal(38, 0)], ids=str)
def test_38_digits_are_read_to_the_last(database: Database, dtype: Any) -> None:
    most = 10**38 - 1
    fact = whole("x", -most, most)
    given = [-most, -(10**37), -(2**63) - 1, -1, 0, 2**63, 10**37 + 1, most - 1, most]
    frame = pl.DataFrame({"id": range(len(given)), "x": pl.Series([*map(Decimal, given)]).cast(pl.String)})
    frame = frame.with_columns(pl.col("x").cast(dtype))
    b = Builder()
    ranks = b.band(tuple(given), b.fact(fact))
    assert answers(database, ranks, frame, fact) == [*range(1, len(given) + 1)]


@pytest.mark.parametrize(("digits", "places"), [(38, 37), (38, 1), (20, 18), (38, 0)])
def test_a_decimal_of_any_width_is_read_beside_any_bounds(
    database: Database, digits: int, places: int
) -> None:
    fact = whole("x", 0, 120)
    given = [Decimal(5), Decimal(10 ** (digits - places) - 1)]
    frame = pl.DataFrame({"id": [0, 1], "x": pl.Series(given, dtype=pl.Decimal(digits, places))})
    rows, problems = one_by_one(Plan((fact,), (), ()), {}, frame)
    asked = Asked(database, frame, Plan((fact,), (), ()))
    assert sorted(asked.rows({}, "id")) == rows
    assert [row[:2] + row[3:] for row in asked.problems("id")] == [row[:2] + row[3:] for row in problems]


@pytest.mark.parametrize("most", [10**18, 2**63 - 1, 10**19, 10**37, 10**38 - 1])
def test_a_text_with_as_many_digits_as_the_largest_number_is_read_or_refused(
    database: Database, most: int
) -> None:
    fact = whole("x", -most - (most == 2**63 - 1), most)
    given = [fact.lo - 1, fact.lo, most, most + 1, 10 ** len(str(most)) - 1, 1 - 10 ** len(str(most))]
    frame = pl.DataFrame({"id": range(len(given)), "x": [str(number) for number in given]})
    rows, problems = one_by_one(Plan((fact,), (), ()), {}, frame)
    asked = Asked(database, frame, Plan((fact,), (), ()))
    assert sorted(asked.rows({}, "id")) == rows
    assert sorted(asked.problems("id")) == sorted(problems)


def test_every_float_with_two_decimals_is_taken_for_that_number(database: Database) -> None:
    fact = Leaf("area", "decimal", 2, 0, 10**9)
    hundredths = [*range(20_000), *range(10**9 - 1000, 10**9)]
    frame = pl.DataFrame({"id": range(len(hundredths)), "area": [number / 100 for number in hundredths]})
    assert answers(database, Builder().fact(fact), frame, fact) == hundredths


def test_shared_nodes_are_computed_once_however_deep_they_are(database: Database) -> None:
    fact = whole("x", 0, 9)
    b = Builder()
    node: Node = b.fact(fact)
    for turn in range(60):  # as a tree, 2**60 nodes
        node = b.clamp(b.sub(b.add(node, node), b.const(turn % 7)), b.const(-turn), b.const(1_000_000 - turn))
    [expected] = function([fact], [node])(9, 1)
    assert answers(database, node, numbers("x", [9]), fact) == [expected]


def test_an_output_beyond_64_bits_is_refused(database: Database) -> None:
    fact = whole("x", 0, 10**30)
    with pytest.raises(ValueError, match=rf"answer can pass 64 bits: 0\.\.{10**30}"):
        answers(database, Builder().fact(fact), numbers("x", [1]), fact)


def test_columns_that_are_kept_come_as_they_were(database: Database) -> None:
    fact = whole("x", 0, 99)
    frame = pl.DataFrame({"x": [5, 200, 7], "note": ["a", "b", None]})
    asked = Asked(database, frame, Plan((fact,), (), ()))
    rows = asked.rows({"answer": Builder().fact(fact)}, "note")
    assert sorted(rows, key=repr) == [("a", 5), (None, 7)]
    assert asked.problems("note") == [("b", "x", "200", "out_of_domain", None)]


def test_a_row_tells_every_guard_that_it_fails_but_computes_nothing_from_what_it_could_not_read(
    database: Database,
) -> None:
    left, right = whole("left", 0, 9), whole("right", 0, 9)
    b = Builder()
    less = Guard("too_large", b.true, b.compare("<", b.fact(left), b.fact(right)), left, "water")
    frame = pl.DataFrame({"id": [1, 2, 3, 4], "left": [1, None, 5, 50], "right": [2, 11, 5, 9]})
    found = Asked(database, frame, Plan((left, right), (less,), ())).problems("id")
    assert sorted(found) == [
        (2, "left", None, "missing", None),
        (2, "right", "11", "out_of_domain", None),
        (3, "left", None, "too_large", "water"),
        (4, "left", "50", "out_of_domain", None),
    ]


def test_a_table_without_rows_gives_no_rows(database: Database) -> None:
    fact = whole("x", 0, 9)
    asked = Asked(database, pl.DataFrame(schema={"id": pl.String, "x": pl.Int64}), Plan((fact,), (), ()))
    assert asked.rows({"y": Builder().fact(fact)}, "id") == asked.problems("id") == []


def test_a_plan_that_asks_no_fact_answers_for_every_row(database: Database) -> None:
    asked = Asked(database, pl.DataFrame({"id": ["a", "b"]}), Plan((), (), ()))
    assert sorted(asked.rows({"fee": Builder().const(7)}, "id")) == [("a", 7), ("b", 7)]
    assert asked.problems("id") == []
