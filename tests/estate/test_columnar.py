"""The Polars engine gives what the scalar engine gives, value by value and problem by problem."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import random_plans
from feerules.engines.columnar import Columnar, Prepared
from feerules.engines.scalar import function
from feerules.money import round_div
from feerules.plan.bounds import Builder
from feerules.plan.nodes import And, Compare, Guard, Leaf, Node, Not, Or, Plan, Present
from how_often import often
from plan_answers import one_by_one, told_alike

MANY = settings(max_examples=often(120), suppress_health_check=list(HealthCheck))


def at_once(
    plan: Plan, outputs: dict[str, Node], frame: pl.DataFrame, engine: Any
) -> tuple[list[Any], list[Any]]:
    held = {leaf.name: leaf.name for leaf in plan.leaves if leaf.name in frame.columns}
    prepared = Columnar(plan).prepare(frame.lazy(), held)
    both = [prepared.rows(outputs, ["id"]), prepared.problems(["id"])]
    rows, problems = pl.collect_all(both, engine=engine)
    for name, node in outputs.items():
        truth = isinstance(node, Compare | And | Or | Not | Present)
        assert rows.schema[name] == (pl.Boolean if truth else pl.Int64)
    return rows.rows(), told_alike(frame, problems.rows())


@MANY
@given(st.data())
def test_random_plans_over_random_frames_give_what_the_scalar_engine_gives(data: Any) -> None:
    plan, outputs = data.draw(random_plans.plans())
    frame = data.draw(random_plans.frames(plan))
    rows, problems = one_by_one(plan, outputs, frame)
    found, told = at_once(plan, outputs, frame, data.draw(st.sampled_from(("in-memory", "streaming"))))
    assert found == rows
    assert sorted(told, key=repr) == sorted(problems, key=repr)


# One thing at a time


def whole(name: str, lo: int, hi: int, **more: Any) -> Leaf:
    return Leaf(name, "integer", 0, lo, hi, **more)


def prepared(frame: pl.DataFrame, *facts: Leaf, guards: tuple[Guard, ...] = ()) -> Prepared:
    columns = {leaf.name: leaf.name for leaf in facts if leaf.name in frame.columns}
    return Columnar(Plan(facts, guards, ())).prepare(frame.lazy(), columns)


def answers(node: Node, frame: pl.DataFrame, *facts: Leaf) -> list[Any]:
    return prepared(frame, *facts).rows({"answer": node}, []).collect()["answer"].to_list()


@pytest.mark.parametrize("size", [1, 10**10, 10**30])
@pytest.mark.parametrize("mode", random_plans.MODES)
def test_a_division_rounds_as_money_does_for_both_signs_and_in_any_width(mode: Any, size: int) -> None:
    left, right = whole("left", -60 * size, 60 * size), whole("right", 1, 12 * size)
    numbers = [(a * size, b * size) for a in range(-60, 61) for b in range(1, 13)]
    frame = pl.DataFrame(numbers, schema={"left": pl.Int128, "right": pl.Int128}, orient="row")
    b = Builder()
    by_fact = b.within(b.div_round(b.fact(left), b.fact(right), mode), -60, 60)
    assert answers(by_fact, frame, left, right) == [round_div(x, y, mode) for x, y in numbers]
    by_seven = b.div_round(b.fact(left), b.const(7 * size), mode)
    assert answers(by_seven, frame, left, right) == [round_div(x, 7 * size, mode) for x, _ in numbers]


BANDS = {
    "few": (-50, 10**6, [-3, 0, 7]),
    "every value": (0, 3, [1, 2, 3]),
    "narrow": (-50, 1000, [*range(-40, 900, 13)]),
    "spread": (-(10**9), 10**9, [*range(-(10**9) + 5, 10**9, 4_000_037)]),
    "crowded": (0, 10**9, [*range(100, 200), 10**8, *range(10**9 - 9, 10**9)]),
    "wide": (-(10**30), 10**30, [*range(-(10**30) + 1, 10**30, 10**28)]),
}


@pytest.mark.parametrize("name", BANDS)
def test_a_band_counts_the_cuts_that_a_number_has_reached(name: str) -> None:
    lo, hi, cuts = BANDS[name]
    fact = whole("x", lo, hi)
    numbers = sorted({lo, hi, *(x for cut in cuts for x in (cut - 1, cut, cut + 1) if lo <= x <= hi)})
    b = Builder()
    found = answers(
        b.band(tuple(cuts), b.fact(fact)), pl.DataFrame({"x": pl.Series(numbers, dtype=pl.Int128)}), fact
    )
    assert found == [bisect_right(cuts, number) for number in numbers]


def test_every_float_with_two_decimals_is_taken_for_that_number() -> None:
    fact = Leaf("area", "decimal", 2, 0, 10**9)
    hundredths = [*range(100_000), *range(10**9 - 1000, 10**9)]
    frame = pl.DataFrame({"area": [number / 100 for number in hundredths]})
    assert answers(Builder().fact(fact), frame, fact) == hundredths


def test_shared_nodes_are_computed_once_however_deep_they_are() -> None:
    fact = whole("x", 0, 9)
    b = Builder()
    node: Node = b.fact(fact)
    for turn in range(300):  # as a tree, 2**300 nodes
        node = b.clamp(b.sub(b.add(node, node), b.const(turn % 7)), b.const(-turn), b.const(1_000_000 - turn))
    [expected] = function([fact], [node])(9, 1)
    assert answers(node, pl.DataFrame({"x": [9]}), fact) == [expected]


def test_an_output_beyond_64_bits_is_refused() -> None:
    fact = whole("x", 0, 10**30)
    with pytest.raises(ValueError, match=f"answer can pass 64 bits: 0..{10**30}"):
        answers(Builder().fact(fact), pl.DataFrame({"x": [1]}), fact)


def test_rows_keep_their_order_and_their_columns_as_they_came() -> None:
    fact = whole("#fact0", 0, 99)
    frame = pl.DataFrame({"#fact0": [5, 200, 7], "note": ["a", "b", None], "list": [[1], [2], []]})
    given = prepared(frame, fact)
    rows = given.rows({"answer": Builder().fact(fact)}, ["note", "#fact0", "list"]).collect()
    kept = frame.select("note", "#fact0", "list")[[0, 2]]
    assert_frame_equal(rows, kept.with_columns(answer=pl.Series([5, 7])))
    problems = given.problems(["note"]).collect().rows()
    assert problems == [("b", "#fact0", "200", "out_of_domain", None)]


def test_a_row_tells_every_guard_that_it_fails_but_computes_nothing_from_what_it_could_not_read() -> None:
    left, right = whole("left", 0, 9), whole("right", 0, 9)
    b = Builder()
    less = Guard("too_large", b.true, b.compare("<", b.fact(left), b.fact(right)), left, "water")
    frame = pl.DataFrame({"id": [1, 2, 3, 4], "left": [1, None, 5, 50], "right": [2, 11, 5, 9]})
    found = prepared(frame, left, right, guards=(less,)).problems(["id"]).collect()
    assert found.rows() == [
        (2, "left", None, "missing", None),
        (2, "right", "11", "out_of_domain", None),
        (3, "left", None, "too_large", "water"),
        (4, "left", "50", "out_of_domain", None),
    ]


def test_a_frame_without_rows_gives_frames_without_rows() -> None:
    fact = whole("x", 0, 9)
    given = prepared(pl.DataFrame(schema={"id": pl.String, "x": pl.Int64}), fact)
    rows, problems = pl.collect_all([given.rows({"y": Builder().fact(fact)}, ["id"]), given.problems(["id"])])
    assert rows.schema == {"id": pl.String, "y": pl.Int64}
    assert problems.schema == dict.fromkeys(("id", "fact", "value", "code", "fee"), pl.String)
    assert rows.height == problems.height == 0


def test_a_plan_that_asks_no_fact_answers_for_every_row() -> None:
    given = prepared(pl.DataFrame({"id": ["a", "b"]}))
    rows, problems = pl.collect_all([given.rows({"fee": Builder().const(7)}, ["id"]), given.problems(["id"])])
    assert rows.rows() == [("a", 7), ("b", 7)]
    assert problems.rows() == []


def test_answers_and_problems_are_written_from_one_scan(tmp_path: Path) -> None:
    fact = whole("x", 0, 9)
    pl.DataFrame({"id": range(1000), "x": [n % 20 for n in range(1000)]}).write_parquet(
        tmp_path / "units.parquet"
    )
    given = Columnar(Plan((fact,), (), ())).prepare(pl.scan_parquet(tmp_path / "units.parquet"), {"x": "x"})
    both = {"rows": given.rows({"y": Builder().fact(fact)}, ["id"]), "problems": given.problems(["id"])}
    sinks = [frame.sink_parquet(tmp_path / f"{name}.parquet", lazy=True) for name, frame in both.items()]
    assert pl.explain_all(sinks).count("Parquet SCAN") == 1
    pl.collect_all(sinks, engine="streaming")
    assert [pl.read_parquet(tmp_path / f"{name}.parquet").height for name in both] == [500, 500]
