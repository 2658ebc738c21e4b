"""Formulas: arithmetic over facts, read into trees and written back."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feerules.documents.formulas import (
    MAX_DEPTH,
    Binary,
    Call,
    Formula,
    FormulaError,
    Name,
    Node,
    Num,
    Unary,
    parse_formula,
    walk,
)
from feerules.documents.tree import Lines, Text
from feerules.errors import Problem, Where
from feerules.money import ROUNDING_MODES

# as written, canonical, the names in it
FORMULAS = [
    ("2.80", "2.80", ""),
    ("-5", "-5", ""),
    ("+ 5", "5", ""),
    ("12.5%", "0.125", ""),
    ("100%", "1.00", ""),
    ("0.000000000001", "0.000000000001", ""),
    (
        "(public + lift + fire) * (title_area - storage_area)",
        "(public + lift + fire) * (title_area - storage_area)",
        "fire lift public storage_area title_area",
    ),
    ("1+0.125*min(max(ceiling-4,0),8)", "1 + 0.125 * min(max(ceiling - 4, 0), 8)", "ceiling"),
    (
        "arrears - max(0, weekly_rent - paid_this_week)",
        "arrears - max(0, weekly_rent - paid_this_week)",
        "arrears paid_this_week weekly_rent",
    ),
    ("面积 × 单价 − 减免", "面积 * 单价 - 减免", "减免 单价 面积"),
    ("fees.management * 3%", "fees.management * 0.03", "fees.management"),
    ("a - b - c", "a - b - c", "a b c"),
    ("a - (b - c)", "a - (b - c)", "a b c"),
    ("a * (b * c)", "a * (b * c)", "a b c"),
    ("((a)) + (b * c)", "a + b * c", "a b c"),
    ("-a * -(b + c)", "-a * -(b + c)", "a b c"),
    ("a--b", "a - -b", "a b"),
    ("round(a ÷ b, 2)", "round(a / b, 2)", "a b"),
    ("round(12 * (a + b) / (c - d), 0, half_even)", "round(12 * (a + b) / (c - d), 0, half_even)", "a b c d"),
    ("round((a / b), 2, up) + up", "round(a / b, 2, up) + up", "a b up"),
    ("round(price, 1, down)", "round(price, 1, down)", "price"),
    ("abs(a)\n  + days_between(handover,\n period_start)", "abs(a) + days_between(handover, period_start)",
     "a handover period_start"),
    ("months_between(a, b) * rate", "months_between(a, b) * rate", "a b rate"),
    ("if(lift, 2.80, 1.50)", "if(lift, 2.80, 1.50)", "lift"),
    ("if(type=shop,a,b)", "if(type = shop, a, b)", "a b shop type"),
    ("if(not a > 1 and b != 2 or c, 1, -x)", "if(not a > 1 and b != 2 or c, 1, -x)", "a b c x"),
    ("if(not (a and (b or c)), 1, 2)", "if(not (a and (b or c)), 1, 2)", "a b c"),
    ("if((a + 1) * 2 <= if(b, 1, 2), 1, 2)", "if((a + 1) * 2 <= if(b, 1, 2), 1, 2)", "a b"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "canonical", "names"), FORMULAS)
def test_a_formula_is_read_and_written_back(text: str, canonical: str, names: str) -> None:
    formula = parse_formula(text)
    assert str(formula) == canonical
    assert parse_formula(canonical) == formula
    assert " ".join(sorted(formula.names())) == names


def test_a_formula_is_a_tree_whose_nodes_know_their_place() -> None:
    root = parse_formula("a + 2 × min(b, -12.5%)").root
    assert root == Binary(
        "+", Name("a"), Binary("*", Num(Decimal(2)), Call("min", (Name("b"), MINUS_EIGHTH)))
    )
    assert [(type(node).__name__, node.at) for node in walk(root)] == [
        ("Binary", 2),
        ("Name", 0),
        ("Binary", 6),
        ("Num", 4),
        ("Call", 8),
        ("Name", 12),
        ("Unary", 15),
        ("Num", 16),
    ]


MINUS_EIGHTH = Unary("-", Num(Decimal("0.125")))


def test_equal_formulas_are_equal_however_they_were_written() -> None:
    one, other = parse_formula("a×12.5%"), parse_formula("  a * 0.1250\n")
    assert one == other
    assert hash(one) == hash(other)
    assert one != parse_formula("0.125 * a")


def test_a_formula_survives_a_pickle_with_its_place_in_the_file() -> None:
    lines = Lines("rules/a.yaml", "fees:\n  rate: base * factor\n")
    formula = parse_formula(Text("base * factor", lines, 1, 8, "p"))
    again = pickle.loads(pickle.dumps(formula))
    assert again == formula
    assert again.where(7) == Where("rules/a.yaml", 2, 16)
    assert str(again.problem(7, "unknown_name", '"factor"', "a declared fact", "declare it")) == (
        "rules/a.yaml:2:16: unknown_name\n"
        "  2 |   rate: base * factor\n"
        "    |                ^\n"
        '  found:    "factor"\n'
        "  expected: a declared fact\n"
        "  hint:     declare it"
    )


@pytest.mark.parametrize(
    "text",
    [
        "(" * 51 + "a" + ")" * 51,
        "-" * 51 + "a",
        " + ".join("a" * 52),
        "max(a, " * 51 + "b" + ")" * 51,
        "(" * 1000,
        "if(" + "not " * 400,
    ],
)
def test_a_formula_that_is_too_deep_is_refused_before_it_exhausts_the_stack(text: str) -> None:
    with pytest.raises(FormulaError, match="too_deep"):
        parse_formula(text)


def test_a_formula_may_be_as_deep_as_the_limit() -> None:
    deep = [" + ".join("a" * MAX_DEPTH), "-" * (MAX_DEPTH - 1) + "a", "abs(" * 49 + "a" + ")" * 49]
    for text in [*deep, "if(a or (b and (c > (1 + (2 * (-" + "(" * 40 + "a" + ")" * 45 + ", 1, 2)"]:
        formula = parse_formula(text)
        assert parse_formula(str(formula)) == pickle.loads(pickle.dumps(formula))


NAMES = st.sampled_from(["a", "area", "面积", "fees.management", "_x1"]).map(Name)
LEAVES = NAMES | st.decimals(0, 10**6, places=4).map(Num)
FORMS = st.sampled_from(["+", "-", "*", "minus", "min", "max", "round", "if"])


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Node:
    form = draw(FORMS) if depth and draw(st.booleans()) else "leaf"
    below = trees(depth - 1)
    match form:
        case "leaf":
            return draw(LEAVES)
        case "+" | "-" | "*":
            return Binary(form, draw(below), draw(below))
        case "minus":
            return Unary("-", draw(below))
        case "round":
            quotient = Binary("/", draw(below), draw(below)) if draw(st.booleans()) else draw(below)
            places, mode = draw(st.integers(0, 12)), draw(st.sampled_from(ROUNDING_MODES))
            return Call(form, (quotient, Num(Decimal(places)), Name(mode)))
        case "if":
            return Call(form, (draw(conditions(depth - 1)), draw(below), draw(below)))
        case _:
            return Call(form, tuple(draw(st.lists(below, min_size=2, max_size=3))))


@st.composite
def conditions(draw: st.DrawFn, depth: int) -> Node:
    form = draw(st.sampled_from(["and", "or", "not", "<", "<=", ">", ">=", "=", "!=", "fact"]))
    match form:
        case "and" | "or" if depth:
            return Binary(form, draw(conditions(depth - 1)), draw(conditions(depth - 1)))
        case "not" if depth:
            return Unary("not", draw(conditions(depth - 1)))
        case "<" | "<=" | ">" | ">=" | "=" | "!=":
            return Binary(form, draw(trees(depth)), draw(trees(depth)))
        case _:
            return draw(NAMES)


@given(trees())
def test_every_tree_is_read_back_from_its_text(root: Node) -> None:
    formula = Formula(root)
    assert parse_formula(str(formula)) == formula
    assert formula.names() <= {"a", "area", "面积", "fees.management", "_x1"}


TOKENS = [
    "a",
    "x",
    "min",
    "if",
    "round",
    "2",
    "2.80元",
    "5%",
    "(",
    ")",
    "（",
    "+",
    "-",
    "*",
    "/",
    ",",
    "<",
    "=",
    "==",
]
TOKENS += [
    "and",
    "not",
    "'",
    '"',
    "[",
    "?",
    "²",
    ".",
    " ",
    "\n",
    "元",
    "\ud800",
    "🏠",
    "１",
    "%",
    "&&",
    "half_up",
]


def problems_of(text: str) -> list[Problem]:
    try:
        formula = parse_formula(text)
    except FormulaError as error:
        return error.problems_in(text)
    assert parse_formula(str(formula)) == formula
    return []


@given(st.lists(st.sampled_from(TOKENS), max_size=30).map("".join) | st.text(max_size=30))
def test_any_text_is_a_formula_or_is_refused_in_words(text: str) -> None:
    assert all(p.code and p.found and p.expected and str(p) for p in problems_of(text))
