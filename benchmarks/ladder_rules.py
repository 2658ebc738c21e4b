"""A dunning policy as plain rows of conditions over the facts of a position, for engines that know no policies.

Three tables, of each of which the first row that holds counts: which stop, which class, which step is due.
They end where the limits and hours of contacts begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from feerules.documents.cells import Cell
from feerules.documents.policy import DunningPolicy, Step, Stop
from feerules.documents.ranges import Range
from feerules.ledger.facts import fact_named
from feerules.ledger.position import Position
from feerules.plan.ledger_terms import step_terms
from feerules.plan.lookups import NOTES
from feerules.vocabulary import ALIASES, PositionFact

__all__ = ["NONE", "Condition", "Row", "Rules", "Verdict", "facts_of", "plain_name", "rules_of"]

NONE = "none"  # no stop holds, nothing is owed that has a class, no step is due
CELL_TYPES = {"boolean": "boolean", "choice": "string", "text": "string"}


class Condition(NamedTuple):
    """A fact is one of some words, or lies in one of some ranges, or has no value where `null` says so."""

    fact: str
    words: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()
    null: bool = False
    optional: bool = False


class Row(NamedTuple):
    says: str
    tests: tuple[Condition, ...]


class Rules(NamedTuple):
    """The tables, in the order in which they are asked: the steps ask for the stop and the class."""

    stop: tuple[Row, ...]
    kind: tuple[Row, ...]
    step: tuple[Row, ...]

    @property
    def asked(self) -> tuple[str, ...]:
        """The facts of a position that any row asks for."""
        found = {test.fact: None for table in self for row in table for test in row.tests}
        return tuple(name for name in found if name not in self._fields)


class Verdict(NamedTuple):
    """What the three tables say of a position."""

    stop: str
    kind: str
    step: str


def facts_of(position: Position, rules: Rules) -> dict[str, Any]:
    """The facts that the rules ask for as plain data: fen, 0 and 1, words; nothing for what has no value."""
    known = {plain_name(name): value for name, value in position.values.items()}
    return {name: known[name] for name in rules.asked if known[name] is not None}


def rules_of(policy: DunningPolicy) -> Rules:
    """Only what rows of conditions can say: no other order of steps, no gap by the clock, no calendar months."""
    assert policy.ladder is not None
    assert policy.ladder.order == "first"
    nothing_owed = [*_nothing_owed(policy)]
    stops = [*_stale(policy), *(Row("clear", tests) for tests in nothing_owed)]
    stops += [Row(stop.id, tests) for stop in policy.stops for tests in _alternatives(stop)]
    kinds = [Row(NONE, tests) for tests in nothing_owed]
    steps = [
        Row(step.id, (_let_through(step, policy), *tests, *_may_be_done(step)))
        for step in policy.ladder.steps
        for tests in _alternatives(step)
    ]
    last = Row(NONE, ())
    return Rules((*stops, last), (*kinds, *_classes(policy)), (*steps, last))


# Rows


def _stale(policy: DunningPolicy) -> Iterator[Row]:
    if policy.ledger.stale_after is not None:
        most, unit = policy.ledger.stale_after
        yield Row("stale", (_number(f"ledger_age_{unit}", Range(lo=most)),))


def _nothing_owed(policy: DunningPolicy) -> Iterator[tuple[Condition, ...]]:
    least = int(policy.minimum * 100)
    yield (_number("outstanding", Range.of(0)),)
    yield (_number("overdue", Range(lo=0, hi=least)),)


def _classes(policy: DunningPolicy) -> Iterator[Row]:
    assert policy.classes is not None
    assert policy.classes.table is not None
    table = policy.classes.table
    heads = [str(head.name) for head in table.header]
    for row in table.rows:
        cells = dict(zip(heads, map(str, row.cells), strict=True))
        says = cells.pop("class")
        yield Row(says, _tests({name: cell for name, cell in cells.items() if name not in NOTES}))


def _alternatives(part: Stop | Step) -> Iterator[tuple[Condition, ...]]:
    """`when` with each of `any`: a row for each, as decision tables say "or"."""
    for cells in part.any or ({},):
        yield (*_tests(part.when), *_tests(cells))


def _let_through(step: Step, policy: DunningPolicy) -> Condition:
    return Condition("stop", (NONE, *(stop.id for stop in policy.stops if step.id in stop.lets_through)))


def _may_be_done(step: Step) -> Iterator[Condition]:
    """What keys other than `when` and `any` ask: an earlier step, a debt that a demand covers, the gap, how often."""
    assert step.gap_by == "day"
    since = f"steps.{step.id}"
    if step.after is not None:
        assert step.after.months == "-"
        yield from _tests({f"steps.{step.after.step}.days": step.after.days})
    if step.legal:
        yield _number("demand_covers", Range(lo=0))
    for fact in ("days", "tried") if step_terms(step).holds else ("days",):
        rested = Range(lo=max(step.gap or 0, 1), lo_open=False)
        yield _number(f"{since}.{fact}", rested)._replace(null=True)
    if step.at_most is not None:
        yield _number(f"{since}.count", Range(hi=step.at_most))


# Conditions


def _tests(cells: Mapping[str, str]) -> tuple[Condition, ...]:
    return tuple(_test(str(name), str(cell)) for name, cell in cells.items() if cell != "-")


def _test(name: str, text: str) -> Condition:
    if name == "class":
        return Condition("kind", _words(Cell.parse(text, type="string", bare=True)))
    name = ALIASES.get(name, name)
    fact = fact_named(name)
    kind = CELL_TYPES.get(fact.kind, "number")
    cell = Cell.parse(text, type=kind, bare=kind == "string")
    if kind == "string":
        return Condition(plain_name(name), _words(cell), null=cell.matches_null, optional=fact.optional)
    return _number(name, *_ranges(cell, fact))._replace(null=cell.matches_null)


def _number(name: str, *ranges: Range) -> Condition:
    return Condition(plain_name(name), ranges=ranges, optional=fact_named(name).optional)


def _words(cell: Cell) -> tuple[str, ...]:
    assert not cell.negated
    return tuple(sorted(cell.literals))


def _ranges(cell: Cell, fact: PositionFact) -> tuple[Range, ...]:
    """In the whole numbers of positions: fen, 0 and 1."""
    ranges = cell.ranges()
    if ranges is None:
        return tuple(Range.of(int(value)) for value in cell.literals)
    return tuple(
        Range(_scaled(each.lo, fact.places), each.lo_open, _scaled(each.hi, fact.places), each.hi_open)
        for each in ranges
    )


def _scaled(bound: Any, places: int) -> int | None:
    return None if bound is None else int(bound * 10**places)


def plain_name(name: str) -> str:
    """A name that every engine takes: a dot would lead into an object."""
    return name.replace(".", "_").replace("-", "_")
