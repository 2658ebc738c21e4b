"""Arithmetic over facts as people write it: `1 + 0.125 * min(max(ceiling - 4, 0), 8)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal, NoReturn, cast

from feerules.documents.arithmetic import (
    COMPARISONS,
    POWER,
    Binary,
    BinaryOp,
    Call,
    Name,
    Node,
    Num,
    Unary,
    children,
    walk,
    written,
)
from feerules.documents.formula_text import FormulaError, FormulaProblem, Token, placed, read_tokens
from feerules.documents.tree import quote
from feerules.errors import Problem, Where, did_you_mean
from feerules.money import MAX_PLACES, ROUNDING_MODES

__all__ = [
    "FUNCTIONS",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "Binary",
    "BinaryOp",
    "Call",
    "Formula",
    "FormulaError",
    "FormulaProblem",
    "Name",
    "Node",
    "Num",
    "Unary",
    "parse_formula",
    "walk",
]

MAX_LENGTH: Final = 2000
MAX_DEPTH: Final = 50
"""Of the tree, so that every later walk may recurse; a chain a + b + c is as deep as it is long."""

FUNCTIONS: Final = {
    "min": "min(a, b)",
    "max": "max(a, b)",
    "abs": "abs(a)",
    "round": "round(a / b, 2) or round(a / b, 2, half_even)",
    "days_between": "days_between(from, to)",
    "months_between": "months_between(from, to)",
    "month_end": "month_end(day) or month_end(day, 30), 30 days later",
    "minutes_between": "minutes_between(from, to)",
    "year_of": "year_of(day)",
    "month_of": "month_of(day)",
    "day_of": "day_of(day)",
    "weekday_of": "weekday_of(day)",
    "if": "if(a > b, then, else)",
}
"""The closed set, each with how it is written."""

_ARGUMENTS: Final = {
    "min": (2, MAX_LENGTH),
    "max": (2, MAX_LENGTH),
    "abs": (1, 1),
    "round": (2, 3),
    "days_between": (2, 2),
    "months_between": (2, 2),
    "month_end": (1, 2),
    "minutes_between": (2, 2),
    "year_of": (1, 1),
    "month_of": (1, 1),
    "day_of": (1, 1),
    "weekday_of": (1, 1),
    "if": (3, 3),
}
# What the functions of spreadsheets and programming languages are here.
_INSTEAD: Final = {
    **dict.fromkeys(("floor", "int", "trunc", "rounddown"), "write round(x, 0, down)"),
    **dict.fromkeys(("ceil", "ceiling", "roundup"), "write round(x, 0, up)"),
    **dict.fromkeys(("pow", "power"), "write x * x"),
    **dict.fromkeys(("datediff", "datedif", "days"), "write days_between(from, to)"),
    "sum": "write a + b",
    **{name: f"write {name}_of(x)" for name in ("year", "month", "day", "weekday")},
}
_CONDITIONAL: Final = frozenset({"and", "or", "not", *COMPARISONS})
_Place = Literal["number", "condition", "quotient", "beside_quotient"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A checked formula; two are equal where their trees are, wherever and however they were written.

    >>> formula = parse_formula("(public + lift)×12.5%")
    >>> print(formula, sorted(formula.names()))
    (public + lift) * 0.125 ['lift', 'public']
    """

    root: Node
    text: str = field(default="", compare=False)

    def names(self) -> frozenset[str]:
        """Every name used; not the words of rounding modes."""
        return frozenset(node.name for node in walk(self.root) if isinstance(node, Name))

    def where(self, at: int) -> Where:
        """The file:line:column of an offset in the text."""
        return placed(self.text).spot(at)

    def problem(self, at: int, code: str, found: str, expected: str, hint: str = "") -> Problem:
        """What a later stage found wrong at a node, with its place and excerpt."""
        return FormulaProblem(at, code, found, expected, hint).located(self.text)

    def __str__(self) -> str:
        return written(self.root)


def parse_formula(text: str) -> Formula:
    """The formula that a person wrote; FormulaError has every problem of it.

    At most 2,000 characters and 50 levels; numbers have at most 12 decimals; "/" only in round().
    """
    if len(text) > MAX_LENGTH:
        found, hint = f"a formula of {len(text)} characters", "name a part of it as a derived fact"
        raise FormulaError(text, (FormulaProblem(0, "too_long", found, f"at most {MAX_LENGTH}", hint),))
    root, problems = _parsed(str(text))
    if root is None or problems:
        raise FormulaError(text, problems)
    return Formula(root, text)


# The formulas of a large book are mostly numbers, and mostly the same ones.
@lru_cache(maxsize=4_096)
def _parsed(text: str) -> tuple[Node | None, tuple[FormulaProblem, ...]]:
    problems: list[FormulaProblem] = []
    root = _Parser(read_tokens(text, problems), problems).whole()
    return root, tuple(problems)


class _Stop(Exception):
    """A problem was noted after which the rest has no clear meaning."""


class _Notes:
    def __init__(self, problems: list[FormulaProblem]) -> None:
        self.problems = problems

    def note(self, at: int, code: str, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(FormulaProblem(at, code, found, expected, hint))

    def stop(self, at: int, code: str, found: str, expected: str, hint: str = "") -> NoReturn:
        self.note(at, code, found, expected, hint)
        raise _Stop

    def too_deep(self, at: int) -> NoReturn:
        found, hint = "operations in each other or in a row", "name a part of it as a derived fact"
        self.stop(at, "too_deep", f"more than {MAX_DEPTH} {found}", f"at most {MAX_DEPTH}", hint)


class _Parser(_Notes):
    """Precedence climbing; where a slip has one likely meaning, it is noted and read on with."""

    def __init__(self, tokens: list[Token], problems: list[FormulaProblem]) -> None:
        super().__init__(problems)
        self.tokens = tokens
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.token
        self.index += token.kind != "end"
        return token

    def whole(self) -> Node | None:
        if not self.tokens:
            return None
        try:
            root = self.expression(1)
            self.end()
            if deep := _below(root, MAX_DEPTH):
                self.too_deep(deep.at)
        except _Stop:
            return None
        _Checker(self.problems).root(root)
        return root

    def end(self) -> None:
        if self.token.text == ")":
            self.stop(self.token.at, "unbalanced_parenthesis", '")" without its "("', 'a "(" before it')
        elif self.token.kind != "end":
            self.comma()

    def comma(self) -> NoReturn:
        before, comma, after = self.tokens[self.index - 1 : self.index + 2]
        hint = "only the arguments of a function are separated by commas"
        if before.kind == after.kind == "number" and len(after.text.partition(".")[0]) == 3:
            hint = f"write {before.text}{after.text}, without a separator of thousands"
        elif before.kind == after.kind == "number" and len(self.tokens) == 4:
            hint = f"write {before.text}.{after.text} if the comma was meant for the point"
        self.stop(comma.at, "unexpected_comma", '","', "one number", hint)

    def expression(self, floor: int) -> Node:
        left = self.unary()
        while (op := self.operator()) and POWER[op] >= floor:
            at = self.take().at
            left = Binary(cast("BinaryOp", op), left, self.expression(POWER[op] + 1), at)
            if op in COMPARISONS and self.token.text in COMPARISONS:
                found, hint = quote(self.token.text), "write a < b and b < c"
                self.stop(self.token.at, "chained_comparison", found, "one comparison", hint)
        return left

    def operator(self) -> str:
        """The operator that comes next, "" for none."""
        token = self.token
        if token.kind == "end" or token.text in (")", ","):
            return ""
        if token.kind != "op" or token.text in ("(", "not"):
            self.missing_operator(self.tokens[self.index - 1], token)
        return self.token.text

    def missing_operator(self, before: Token, token: Token) -> None:
        found, times = f"{quote(token.text)} straight after {quote(before.text)}", Token("op", "*", token.at)
        if token.text in ("x", "X"):
            self.note(token.at, "missing_operator", found, "an operator between them", "write * for times")
            self.tokens[self.index] = times
            return
        if token.text == "not":
            self.stop(token.at, "missing_operator", found, "an operator between them", "write and not")
        after = "(...)" if token.text == "(" else token.text
        hint = f"write {before.text} * {after}" if before.text != ")" else "write * for times"
        if before.kind == token.kind == "name":
            hint += f", or {before.text}_{token.text} for one name"
        self.note(token.at, "missing_operator", found, "an operator between them", hint)
        self.tokens.insert(self.index, times)

    def unary(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.too_deep(self.token.at)
        node = self.signed()
        self.depth -= 1
        return node

    def signed(self) -> Node:
        token = self.token
        if token.kind != "op" or token.text not in ("+", "-", "not"):
            return self.value()
        self.take()
        match token.text:
            case "-":
                return Unary("-", self.unary(), token.at)
            case "not":
                return Unary("not", self.expression(POWER["not"] + 1), token.at)
            case _:
                return self.unary()

    def value(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return self.number(token)
        if token.kind == "name":
            return self.call(token) if self.token.text == "(" else self.named(token)
        if token.text != "(":
            self.missing_operand(token)
        inner = self.expression(1)
        self.close(token)
        return inner

    def number(self, token: Token) -> Num:
        if token.text[:1] == "0" and token.text[1:2].isdigit():
            hint = f"write {Decimal(token.text):f}; thousands have no separator"
            self.note(token.at, "not_a_number", quote(token.text), "a number without leading zeros", hint)
        return Num(Decimal(token.text), token.at)

    def named(self, token: Token) -> Node:
        if token.text in FUNCTIONS:
            hint = f"write {FUNCTIONS[token.text]}"
            self.note(token.at, "missing_arguments", quote(token.text), '"(" after a function', hint)
        return Name(token.text, token.at)

    def missing_operand(self, token: Token) -> NoReturn:
        if len(self.tokens) == 1 and self.problems:
            raise _Stop
        if len(self.tokens) == 1:
            self.stop(0, "empty_formula", "nothing", "a number or a formula")
        found = quote(token.text) if token.text else "the end of the formula"
        position = self.index - (token.kind != "end")
        side = f"after {quote(self.tokens[position - 1].text)}" if position else f"before {found}"
        hint = f"write a value {side}" if position or token.text != "=" else "begin without the ="
        self.stop(token.at, "missing_operand", found, 'a number, a name or "("', hint)

    def close(self, opening: Token) -> None:
        if self.token.text == ",":
            self.comma()
        if self.take().text != ")":
            self.stop(opening.at, "unbalanced_parenthesis", '"(" without its ")"', 'a ")" after it')

    def call(self, token: Token) -> Node:
        opening, args = self.take(), []
        if self.token.text != ")":
            args.append(self.expression(1))
            while self.token.text == ",":
                self.take()
                args.append(self.expression(1))
        self.close(opening)
        return Call(self.function(token), tuple(args), token.at)

    def function(self, token: Token) -> str:
        word = token.text.rpartition(".")[2]
        if token.text not in FUNCTIONS:
            dotted = word != token.text
            hint = _INSTEAD.get(word.lower()) or did_you_mean(word, FUNCTIONS)
            hint = hint or ("" if dotted else f"to multiply, write {word} * (...)")
            code = "not_in_formulas" if dotted else "unknown_function"
            self.note(token.at, code, quote(f"{token.text}(...)"), f"one of {', '.join(FUNCTIONS)}", hint)
        return word.lower() if word.lower() in FUNCTIONS else token.text


def _below(root: Node, depth: int) -> Node | None:
    """The first node below this depth; without recursion, which a long chain would exhaust."""
    level: list[Node] = [root]
    for _ in range(depth):
        level = [child for node in level for child in children(node)]
        if not level:
            return None
    return level[0]


class _Checker(_Notes):
    """Numbers where numbers belong, conditions in if(), "/" in round(), and the arguments of functions."""

    def root(self, node: Node) -> None:
        match node:
            case Binary(op="=", left=Name(), right=right, at=at):
                hint = f"write the right-hand side only: {written(right)}"
                self.note(at, "not_in_formulas", '"="', "a number", hint)
            case _:
                self.check(node, "number")

    def check(self, node: Node, place: _Place) -> None:
        if isinstance(node, Name):
            return
        conditional = isinstance(node, Unary | Binary) and node.op in _CONDITIONAL
        if conditional and place != "condition":
            found, hint = quote(written(node)), "write if(condition, then, else)"
            self.note(node.at, "condition_outside_if", found, "a number", hint)
        elif place == "condition" and not conditional:
            self.note(node.at, "condition_expected", quote(written(node)), "a condition", "compare it: a > 0")
        match node:
            case Unary(op=op, operand=operand):
                self.check(operand, "condition" if op == "not" else "number")
            case Binary():
                self.binary(node, place)
            case Call(name=function) if function in FUNCTIONS:
                self.call(node)

    def binary(self, node: Binary, place: _Place) -> None:
        if node.op == "/" and place != "quotient":
            found, hint = quote(written(node)), f"write round({written(node)}, 2)"
            if place == "beside_quotient":
                hint += ", or divide last: round(a * b / c, 2)"
            self.note(node.at, "division_without_rounding", found, '"/" directly inside round()', hint)
        below: _Place = "number" if place in ("number", "condition") else "beside_quotient"
        for side in (node.left, node.right):
            self.check(side, "condition" if node.op in ("and", "or") else below)

    def call(self, node: Call) -> None:
        least, most = _ARGUMENTS[node.name]
        if not least <= len(node.args) <= most:
            expected = f"{least} or {most}" if least < most else f"{least}"
            expected = f"at least {least}" if most == MAX_LENGTH else expected
            found = f"{node.name} with {len(node.args)} argument{'s' * (len(node.args) != 1)}"
            self.note(node.at, "wrong_arguments", found, expected, f"write {FUNCTIONS[node.name]}")
        for place, arg in zip(_places_of(node), node.args, strict=False):
            self.check(arg, place)
        if node.name == "round":
            self.rounding(*node.args[1:3])

    def rounding(self, places: Node | None = None, mode: Node | None = None) -> None:
        if places and not (isinstance(places, Num) and places.value in range(MAX_PLACES + 1)):
            expected = f"a whole number of decimals from 0 to {MAX_PLACES}"
            self.note(places.at, "wrong_rounding", quote(written(places)), expected)
        if mode and not (isinstance(mode, Name) and mode.name in ROUNDING_MODES):
            found = written(mode)
            hint = did_you_mean(found, ROUNDING_MODES)
            self.note(mode.at, "wrong_rounding", quote(found), f"one of {', '.join(ROUNDING_MODES)}", hint)


def _places_of(node: Call) -> Sequence[_Place]:
    """What each argument must be; the places and the mode of a rounding are checked as words."""
    match node.name:
        case "round":
            return ["quotient"]
        case "if":
            return ["condition", "number", "number"]
        case _:
            return ["number"] * len(node.args)
