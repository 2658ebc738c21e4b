"""Peers that can say the ladder of a dunning policy: zen-engine and durable-rules, each by its fastest call.

Neither can work out a position from a ledger: they are given its facts, and say which stop holds, which class it
is and which step is due. No amounts, hours, limits, reasons or days of review.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from itertools import count
from operator import and_, or_
from typing import Any

from ladder_rules import Condition, Row, Rules, Verdict

from feerules.documents.ranges import Range, write_test

__all__ = ["durable_verdict", "zen_verdict", "zen_verdicts"]

Facts = Mapping[str, Any]


# zen-engine: three decision tables with the hit policy first


def zen_verdict(rules: Rules) -> Callable[[Facts], Verdict]:
    """One record, by an engine that holds its model."""
    engine = _zen_engine(rules)
    return lambda facts: Verdict(**engine.evaluate("ladder", facts)["result"])


def zen_verdicts(rules: Rules) -> Callable[[list[Facts]], list[Verdict]]:
    """Many records in one call of the same engine."""
    engine = _zen_engine(rules)

    def verdicts(many: list[Facts]) -> list[Verdict]:
        told = engine.evaluate_batch([{"key": "ladder", "context": facts} for facts in many])
        return [Verdict(**each["data"]["result"]) for each in told]

    return verdicts


def _zen_engine(rules: Rules) -> Any:
    import zen

    return zen.ZenEngine({"loader": {"type": "static", "content": {"ladder": json.loads(_zen_model(rules))}}})


def _zen_model(rules: Rules) -> str:
    """The table of steps is given the facts and what the two others say; the output, what all three say."""
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": place},
        *(
            {"id": name, "type": "decisionTableNode", "name": name, "position": place, "content": content}
            for name, content in zip(rules._fields, map(_zen_table, rules._fields, rules), strict=True)
        ),
        {"id": "out", "type": "outputNode", "name": "out", "position": place},
    ]
    ways = [("in", name) for name in rules._fields]
    ways += [("stop", "step"), ("kind", "step"), *((name, "out") for name in rules._fields)]
    edges = [
        {"id": f"{start}-{end}", "sourceId": start, "targetId": end, "type": "edge"} for start, end in ways
    ]
    return json.dumps({"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges})


def _zen_table(name: str, rows: tuple[Row, ...]) -> dict[str, Any]:
    cells = [_zen_cells(row) for row in rows]
    columns = dict.fromkeys(column for row in cells for column in row)
    return {
        "hitPolicy": "first",
        "inputs": [{"id": column, "name": column, "field": column.partition("#")[0]} for column in columns],
        "outputs": [{"id": "then", "name": name, "field": name}],
        "rules": [
            {"_id": str(number), **tests, "then": json.dumps(row.says)}
            for number, (row, tests) in enumerate(zip(rows, cells, strict=True))
        ],
    }


def _zen_cells(row: Row) -> dict[str, str]:
    """A cell for each condition; the second of one fact stands in a column of its own."""
    cells: dict[str, str] = {}
    for each in row.tests:
        before = sum(column.startswith(f"{each.fact}#") for column in cells)
        cells[f"{each.fact}#{before}"] = _zen_cell(each)
    return cells


def _zen_cell(one: Condition) -> str:
    """Unary tests, as people write them; but what has no value cannot be compared in zen, so that is asked first."""
    if one.optional and not one.null:
        (only,) = one.ranges  # an "or" would need brackets, which zen reads as an interval here
        return " and ".join(["$ != null", *_bounds(only)])
    ranges = [write_test(each, str) for each in one.ranges]
    return ", ".join([*(["null"] if one.null else []), *map(json.dumps, one.words), *ranges])


def _bounds(one: Range) -> Iterator[str]:
    if one.is_point:
        yield f"$ == {one.lo}"
        return
    if one.lo is not None:
        yield f"$ {'>' if one.lo_open else '>='} {one.lo}"
    if one.hi is not None:
        yield f"$ {'<' if one.hi_open else '<='} {one.hi}"


# durable-rules: one ruleset, in which an event for each question goes to the first rule that holds


def durable_verdict(rules: Rules) -> Callable[[Facts], Verdict]:
    """A context for each position, which is deleted when it has told: there can be 1,024 of them.

    An event is consumed by one rule, so each of the three questions is an event; it has all facts, since a rule
    sees one event at a time. What is posted is changed by the engine, so it is given a copy.
    """
    host, contexts = _durable_host(rules), count()

    def verdict(facts: Facts) -> Verdict:
        sid = str(next(contexts))
        told: dict[str, str] = {}
        for table in rules._fields:
            state = host.post("ladder", {**facts, **told, "sid": sid, "asked": table})
            told[table] = state[table]
        host.delete_state("ladder", sid)
        return Verdict(**told)

    return verdict


def _durable_host(rules: Rules) -> Any:
    from durable import engine, lang

    class Host(engine.Host):  # type: ignore[misc]
        def _run(self) -> None:
            """No thread beside: it would now and then take an event's action away from the post that waits."""

    ruleset = lang.ruleset("ladder")
    with ruleset:
        for table, rows in zip(rules._fields, rules, strict=True):
            for priority, row in enumerate(rows, 1):
                asked = [lang.m.asked == table, *(_durable_condition(lang.m, each) for each in row.tests)]
                lang.when_all(lang.pri(priority), reduce(and_, asked))(_durable_action(table, row.says))
    return Host(dict([ruleset.define()]))


def _durable_action(table: str, says: str) -> Callable[[Any], None]:
    def act(c: Any) -> None:
        c.s[table] = says

    return act


def _durable_condition(event: Any, one: Condition) -> Any:
    value = getattr(event, one.fact)
    choices = [value == word for word in one.words]
    choices += [reduce(and_, _durable_bounds(value, each)) for each in one.ranges]
    return reduce(or_, [*choices, -value] if one.null else choices)


def _durable_bounds(value: Any, one: Range) -> Iterator[Any]:
    if one.is_point:
        yield value == one.lo
        return
    if one.lo is not None:
        yield value > one.lo if one.lo_open else value >= one.lo
    if one.hi is not None:
        yield value < one.hi if one.hi_open else value <= one.hi
