"""What an output cell of a table says: a number, or a formula over facts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from feerules.documents.arithmetic import Name
from feerules.documents.facts import KIND_WORDS
from feerules.documents.formulas import Formula, FormulaError, parse_formula
from feerules.documents.tree import Text
from feerules.plan.conditions import MAX_DECIMALS, decimals_of, read_number, wrong_number
from feerules.plan.names import Names
from feerules.plan.nodes import Node
from feerules.plan.terms import Scope

__all__ = ["Output", "chosen", "number_of", "read_output"]

Output = Decimal | Formula


def read_output(names: Names, cell: Text) -> Output | tuple[str, str, str, str]:
    """The number or formula of a cell, or what is wrong with it: code, found, expected, hint."""
    number = read_number(cell)
    if number is not None and decimals_of(number) <= MAX_DECIMALS:
        return number or Decimal(0)
    formula = _formula(names, cell)
    if formula is None:
        wrong = wrong_number(cell)
        assert wrong is not None  # the number above was none
        return wrong
    fees = sorted(name for name in formula.names() if name.startswith("fees."))
    if fees:
        expected, hint = "a number, or a formula over facts", "name other fees in a formula outside the table"
        return "unsupported", f"{fees[0]} in a cell", expected, hint
    return formula


def _formula(names: Names, cell: Text) -> Formula | None:
    """A formula names a fact: "10-20" is no difference, and "free" no fact."""
    try:
        formula = parse_formula(cell)
    except FormulaError:
        return None
    if isinstance(formula.root, Name):
        return formula if names.is_number(formula.root.name) else None
    return formula if formula.names() else None


def number_of(scope: Scope, formula: Formula) -> Node:
    """A formula that must be a number; raises `Refused`."""
    term = scope.formula(formula)
    if term.kind not in ("decimal", "integer"):
        raise scope.names.refuse(formula.where(0), "wrong_type", KIND_WORDS[term.kind], "a number")
    return term.node


def chosen(scope: Scope, number: Node, formulas: Mapping[Formula, Node]) -> Node:
    """The number, or the formula whose test holds; its facts are needed only there."""
    for formula, holds in formulas.items():
        with scope.needing(holds):
            number = scope.b.choose(holds, number_of(scope, formula), number)
    return number
