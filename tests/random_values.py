"""Random numbers, tables and bands as a schedule writes them: what the fees of `rulebooks.py` are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st


def plainly(number: Decimal) -> str:
    """A number as people write it: 0.0001, never 1E-4."""
    return format(number, "f")


prices = st.decimals(min_value=0, max_value=20, places=4).map(plainly)
small = st.decimals(min_value=0, max_value=2, places=3).map(plainly)
# What a cell of a table without a sum or a comparison may say, where every unit has its own.
outputs = st.one_of(
    prices, st.sampled_from(["contract_rate", "2 * contract_rate + 0.5", "0.1 * floor * floor"])
)
modes = st.sampled_from(["half_up", "half_even", "half_down", "up", "down"])

CELLS = {
    "type": ["-", "home", "shop, bay", "not(bay)"],
    "floor": ["-", "[1..3]", "> 3", "< 0", "not([2..5))"],
    "lift": ["-", "true", "false", "null"],
    "area": ["-", "< 89.555", "[90..144)", ">= 144"],
    "estate": ["-", "east", "not(east, west)"],
    "month": ["-", "[5..11]", "12, 1, 2"],
    "handover": ["-", "< 2020-01-01", "[2020-01-01..2026-06-30]"],
}
# Cells of one column of which exactly one holds for every unit.
DIVIDED = {
    "type": ["home", "shop", "bay"],
    "floor": ["< 0", "[0..3]", "> 3"],
    "lift": ["true", "false", "null"],
    "area": ["<= 89.555", "(89.555..144)", ">= 144"],
    "estate": ["east", "west", "not(east, west)"],
    "month": ["[5..11]", "12", "< 5"],
    "vacant_since": ["< 2026-06-15", ">= 2026-06-15"],
}
OVERLAPPING = (
    "first",
    "any",
    "priority",
    "collect",
    "collect+",
    "collect<",
    "collect>",
    "collect#",
    "rule_order",
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def pipes(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return quoted("\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]))


otherwise = st.one_of(prices, st.just("problem"))


@st.composite
def tables(draw: Any, output: str = "rate") -> str:
    """A decision table with any hit policy over a few columns."""
    return draw(st.one_of(_overlapping(output), _divided(output)))


@st.composite
def _overlapping(draw: Any, output: str) -> str:
    hit = draw(st.sampled_from(OVERLAPPING))
    columns = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=3, unique=True))
    outputs = [draw(prices) for _ in range(draw(st.integers(1, 4)))]
    if hit == "any":
        outputs = outputs[:1] * len(outputs)
    rows = [[*(draw(st.sampled_from(CELLS[name])) for name in columns), each] for each in outputs]
    told = [f"hit: {hit}"]
    if hit == "priority":
        told.append(f"priority: [{', '.join(draw(st.permutations(sorted(set(outputs)))))}]")
    if hit == "any" or draw(st.booleans()):
        told.append(f"otherwise: {draw(otherwise)}")
    else:
        rows.append([*("-" for _ in columns), draw(prices)])
    return "{" + ", ".join([*told, f"table: {pipes([*columns, output], rows)}"]) + "}"


@st.composite
def _divided(draw: Any, output: str) -> str:
    """Rows that tell all units apart, or all but those of one row that is left out."""
    columns = draw(st.lists(st.sampled_from(sorted(DIVIDED)), min_size=1, max_size=2, unique=True))
    rows = [[cell] for cell in DIVIDED[columns[0]]]
    if len(columns) > 1:
        rows = [[*row, cell] for row in rows for cell in DIVIDED[columns[1]]]
    rows = [[*row, draw(outputs)] for row in rows]
    told = ""
    if draw(st.booleans()):
        rows.pop(draw(st.integers(0, len(rows) - 1)))
        told = f"otherwise: {draw(otherwise)}, "
    return "{" + told + f"table: {pipes([*columns, output], rows)}" + "}"


def formulas() -> st.SearchStrategy[str]:
    return st.sampled_from(
        [
            "contract_rate",
            "contract_rate + 0.5",
            "day_of(handover) + 0.1 * weekday_of(handover)",
            "if(floor > 3, 2.8, 2)",
            "round(contract_rate / (persons + 1), 4)",
            "grade + 0.125",
            "abs(1 - contract_rate) * min(persons, 3)",
            "0.01 * days_between(line_start, line_end)",
        ]
    ).map(quoted)


def values(output: str = "rate") -> st.SearchStrategy[str]:
    """Any number that a schedule may write: a number, a formula, a table, a fact with a factor, a sum."""
    fact = small.map(lambda x: f"{{fact: contract_rate, times: {x}}}")
    named = st.tuples(prices, tables("two")).map(lambda x: f"{{sum: {{one: {x[0]}, two: {x[1]}}}}}")
    return st.one_of(prices, tables(output), formulas(), fact, named)


@st.composite
def rates(draw: Any) -> str:
    """The price of a fee: any value, a guided price, or columns that add up."""
    kind = draw(st.sampled_from(["value", "guided", "columns"]))
    if kind == "value":
        return draw(values())
    if kind == "columns":
        rows = [["home", draw(prices), draw(prices)], ["-", draw(prices), draw(prices)]]
        return f"{{hit: first, components: [a, b], table: {pipes(['type', 'a', 'b'], rows)}}}"
    chosen = draw(st.sampled_from(["0.05", "chosen", "{fact: chosen, times: 0.5}"]))
    up = draw(st.one_of(st.just("0.25"), tables("up")))
    down = draw(st.one_of(small, st.just("without_limit"), tables("down")))
    return f"{{base: {draw(values('base'))}, float: {chosen}, up: {up}, down: {down}}}"


@st.composite
def bands(draw: Any, columns: tuple[str, ...]) -> str:
    """A tier table, sometimes with groups of bands, and a price for each column."""
    groups = draw(st.sampled_from([[], [], ["home", "not(home)"], ["home", "shop"]]))
    heads = [*(["type"] if groups else []), "up to", *columns]
    rows = []
    for group in groups or [None]:
        ends = sorted(draw(st.sets(st.integers(1, 4000), min_size=0, max_size=3)))
        told = [*(plainly(Decimal(end) / 10) for end in ends), "above"]
        if ends and draw(st.booleans()):
            told[draw(st.integers(0, len(ends) - 1))] = "20 * persons - 10"
        rows += [[*([group] if group else []), end, *(draw(outputs) for _ in columns)] for end in told]
    table = pipes(heads, rows)
    return (
        table
        if len(groups) == 0
        else f"{{otherwise: {draw(st.sampled_from(['problem', 'not_charged']))}, table: {table}}}"
    )
