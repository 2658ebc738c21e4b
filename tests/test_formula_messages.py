"""What is no formula, and the words it is refused with."""

from __future__ import annotations

import pickle

import pytest

from feerules.documents.formulas import FUNCTIONS, FormulaError, parse_formula
from feerules.documents.tree import Lines, Text
from feerules.errors import FeeRulesError, Where
from feerules.money import ROUNDING_MODES

SYNTAX = "numbers, names, + - * ( ) and functions"
ONE_OF = f"one of {', '.join(FUNCTIONS)}"
VALUE = 'a number, a name or "("'
A_NUMBER = "a number such as 12.5"
IF = "write if(condition, then, else)"
PERCENT = "a percentage is written 12.5%, without a space; there is no modulo"

# text, then for each problem: offset, code, found, expected, hint
WRONG: list[tuple[str, *tuple[tuple[int, str, str, str, str], ...]]] = [
    ("", (0, "empty_formula", "nothing", "a number or a formula", "")),
    (" \n ", (0, "empty_formula", "nothing", "a number or a formula", "")),
    ("7折", (0, "number_with_unit", '"7折"', A_NUMBER, "write 0.7: the part of the price that is still charged")),
    ("打8.5折 ", (0, "number_with_unit", '"打8.5折"', A_NUMBER, "write 0.85: the part of the price that is still charged")),
    # what other languages write
    ("a ** 2", (2, "not_in_formulas", '"**"', SYNTAX, "there are no powers: write x * x")),
    ("a ^ 2", (2, "not_in_formulas", '"^"', SYNTAX, "there are no powers: write x * x")),
    ("if(a == 1, 2, 3)", (5, "not_in_formulas", '"=="', SYNTAX, "write = to compare, inside the condition of if")),
    ("if(a <> 1, 2, 3)", (5, "not_in_formulas", '"<>"', SYNTAX, "write !=")),
    ("if(a ≤ 1, 2, 3)", (5, "not_in_formulas", '"≤"', SYNTAX, "write <=")),
    ("if(a => 1, 2, 3)", (5, "not_in_formulas", '"=>"', SYNTAX, "write >=")),
    (
        "if(a && !b || c, 2, 3)",
        (5, "not_in_formulas", '"&&"', SYNTAX, "write and"),
        (8, "not_in_formulas", '"!"', SYNTAX, "write not"),
        (11, "not_in_formulas", '"||"', SYNTAX, "write or"),
    ),
    ("if(a AND b, 2, 3)", (5, "not_in_formulas", '"AND"', '"and" in small letters', "write and")),
    ("10 % 3", (3, "not_in_formulas", '"%"', SYNTAX, PERCENT)),
    ("10%3", (2, "not_in_formulas", '"%"', SYNTAX, PERCENT)),
    ("rate%", (4, "not_in_formulas", '"%"', SYNTAX, PERCENT)),
    ("round(a // b, 0)", (8, "not_in_formulas", '"//"', SYNTAX, "write round(x / y, 0, down)")),
    ("a.b()", (0, "not_in_formulas", '"a.b(...)"', ONE_OF, "")),
    ("Math.max(1, 2)", (0, "not_in_formulas", '"Math.max(...)"', ONE_OF, 'did you mean "max"?')),
    (
        'if(type = "shop", 1, 2)',
        (10, "not_in_formulas", 'the text "shop"', SYNTAX, "a choice is written without quotes: shop"),
    ),
    ("'two words'", (0, "not_in_formulas", 'the text "two words"', SYNTAX, "")),
    (
        "2 * [a + b]",
        (4, "not_in_formulas", '"["', SYNTAX, "write round parentheses"),
        (10, "not_in_formulas", '"]"', SYNTAX, "write round parentheses"),
    ),
    ("fee = a + b", (4, "not_in_formulas", '"="', "a number", "write the right-hand side only: a + b")),
    ("fee := a + b", (4, "not_in_formulas", '":="', SYNTAX, "write the right-hand side only")),
    ("a # note", (2, "not_in_formulas", '"#"', SYNTAX, "a formula has no comments: write a note beside it")),
    (
        "a ? b : c",
        (2, "not_in_formulas", '"?"', SYNTAX, IF),
        (6, "not_in_formulas", '":"', SYNTAX, IF),
    ),
    (
        "area²",
        (4, "not_in_formulas", '"²"', SYNTAX, "for a square write area * area; the unit belongs to the fact"),
    ),
    ("a \u200b+ b", (2, "not_in_formulas", '"\u200b" (zero width space)', SYNTAX, "")),
    ("a.", (1, "not_in_formulas", '"." (full stop)', SYNTAX, "")),
    # numbers
    ("2.80元", (0, "number_with_unit", '"2.80元"', A_NUMBER, "write 2.80: the unit belongs to the fact")),
    ("2.80元/月·㎡ * area", (0, "number_with_unit", '"2.80元/月·㎡"', A_NUMBER,
                          "write 2.80: the unit belongs to the fact")),
    ("¥2.80", (0, "number_with_unit", '"¥2.80"', "a number such as 12.5", "write 2.80: the document declares its currency")),
    ("1e5", (0, "not_a_number", '"1e5"', A_NUMBER, "write 100000")),
    ("1E-3 * a", (0, "not_a_number", '"1E-3"', A_NUMBER, "write 0.001")),
    (".5 + 5. + 1_000", (0, "not_a_number", '".5"', A_NUMBER, "write 0.5"),
     (5, "not_a_number", '"5."', A_NUMBER, "write 5"), (10, "not_a_number", '"1_000"', A_NUMBER, "write 1000")),
    ("1..3", (0, "not_a_number", '"1..3"', A_NUMBER, "a range belongs in a cell of a table")),
    ("1.2.3", (0, "not_a_number", '"1.2.3"', A_NUMBER, "")),
    ("0x1F", (0, "not_a_number", '"0x1F"', A_NUMBER, "write it with the digits 0 to 9")),
    ("1,000", (1, "unexpected_comma", '","', "one number", "write 1000, without a separator of thousands")),
    # min(1, 000) would silently be 0
    ("min(1,000, a)", (6, "not_a_number", '"000"', "a number without leading zeros",
                       "write 0; thousands have no separator")),
    ("0.1234567890123", (0, "too_many_decimals", '"0.1234567890123", 13 decimals', "at most 12", "")),
    ("0.12345678901%", (0, "too_many_decimals", '"0.0012345678901", 13 decimals', "at most 12", "")),
    ("9" * 41, (0, "too_long", "a number of 41 digits", "at most 40", "")),
    # full-width characters of a Chinese keyboard
    (
        "（a＋b）＊２",
        (0, "full_width", '"（" (full-width left parenthesis)', "half-width characters", "write (a+b)*2"),
    ),
    ("max（a，１０）", (3, "full_width", '"（" (full-width left parenthesis)', "half-width characters",
                    "write max(a,10)")),
    ("a － b", (2, "full_width", '"－" (full-width hyphen-minus)', "half-width characters", "write a - b")),
    ("a – b", (2, "full_width", '"–" (en dash)', "half-width characters", "write a - b")),
    # operands and operators
    ("a +", (3, "missing_operand", "the end of the formula", VALUE, 'write a value after "+"')),
    ("* a", (0, "missing_operand", '"*"', VALUE, 'write a value before "*"')),
    ("a + * b", (4, "missing_operand", '"*"', VALUE, 'write a value after "+"')),
    ("()", (1, "missing_operand", '")"', VALUE, 'write a value after "("')),
    ("min(a, )", (7, "missing_operand", '")"', VALUE, 'write a value after ","')),
    ("area rate", (5, "missing_operator", '"rate" straight after "area"', "an operator between them",
                   "write area * rate, or area_rate for one name")),
    ("area x rate", (5, "missing_operator", '"x" straight after "area"', "an operator between them",
                     "write * for times")),
    ("2area", (1, "missing_operator", '"area" straight after "2"', "an operator between them", "write 2 * area")),
    ("2(a + b)", (1, "missing_operator", '"(" straight after "2"', "an operator between them", "write 2 * (...)")),
    ("(a) 2", (4, "missing_operator", '"2" straight after ")"', "an operator between them", "write * for times")),
    ("if(a not b, 1, 2)", (5, "missing_operator", '"not" straight after "a"', "an operator between them",
                           "write and not")),
    ("(a + b", (0, "unbalanced_parenthesis", '"(" without its ")"', 'a ")" after it', "")),
    ("max(a, (b)", (3, "unbalanced_parenthesis", '"(" without its ")"', 'a ")" after it', "")),
    ("a + b)", (5, "unbalanced_parenthesis", '")" without its "("', 'a "(" before it', "")),
    ("a, b", (1, "unexpected_comma", '","', "one number", "only the arguments of a function are separated by commas")),
    # functions
    ("maximum(a, b)", (0, "unknown_function", '"maximum(...)"', ONE_OF, 'did you mean "max"?')),
    ("MIN(a, b)", (0, "unknown_function", '"MIN(...)"', ONE_OF, 'did you mean "min"?')),
    ("floor(a)", (0, "unknown_function", '"floor(...)"', ONE_OF, "write round(x, 0, down)")),
    ("area(b + c)", (0, "unknown_function", '"area(...)"', ONE_OF, "to multiply, write area * (...)")),
    ("a + min", (4, "missing_arguments", '"min"', '"(" after a function', "write min(a, b)")),
    ("min()", (0, "wrong_arguments", "min with 0 arguments", "at least 2", "write min(a, b)")),
    ("max(a)", (0, "wrong_arguments", "max with 1 argument", "at least 2", "write max(a, b)")),
    ("abs(a, b)", (0, "wrong_arguments", "abs with 2 arguments", "1", "write abs(a)")),
    ("if(a, b)", (0, "wrong_arguments", "if with 2 arguments", "3", "write if(a > b, then, else)")),
    ("round(a)", (0, "wrong_arguments", "round with 1 argument", "2 or 3",
                  "write round(a / b, 2) or round(a / b, 2, half_even)")),
    ("round(a, -1)", (9, "wrong_rounding", '"-1"', "a whole number of decimals from 0 to 12", "")),
    ("round(a, 2.5)", (9, "wrong_rounding", '"2.5"', "a whole number of decimals from 0 to 12", "")),
    ("round(a, b)", (9, "wrong_rounding", '"b"', "a whole number of decimals from 0 to 12", "")),
    ("round(a, 2, halfup)", (12, "wrong_rounding", '"halfup"', f"one of {', '.join(ROUNDING_MODES)}",
                             'did you mean "half_up"?')),
    # division
    ("a / b", (2, "division_without_rounding", '"a / b"', '"/" directly inside round()', "write round(a / b, 2)")),
    ("round(a / b * c, 2)", (8, "division_without_rounding", '"a / b"', '"/" directly inside round()',
                             "write round(a / b, 2), or divide last: round(a * b / c, 2)")),
    ("round(a, 2 / 1)", (11, "wrong_rounding", '"2 / 1"', "a whole number of decimals from 0 to 12", "")),
    # conditions
    ("a > b", (2, "condition_outside_if", '"a > b"', "a number", IF)),
    ("1 + (a > b)", (7, "condition_outside_if", '"a > b"', "a number", IF)),
    ("not a", (0, "condition_outside_if", '"not a"', "a number", IF)),
    ("if(a > 1, b and c, 0)", (12, "condition_outside_if", '"b and c"', "a number", IF)),
    ("if(a + 1, 2, 3)", (5, "condition_expected", '"a + 1"', "a condition", "compare it: a > 0")),
    ("if(1 and a, 2, 3)", (3, "condition_expected", '"1"', "a condition", "compare it: a > 0")),
    ("if(0 < a < 5, 1, 2)", (9, "chained_comparison", '"<"', "one comparison", "write a < b and b < c")),
    # every problem at once
    (
        "floor(a / b) + 2.80元 ** c",
        (0, "unknown_function", '"floor(...)"', ONE_OF, "write round(x, 0, down)"),
        (15, "number_with_unit", '"2.80元"', A_NUMBER, "write 2.80: the unit belongs to the fact"),
        (21, "not_in_formulas", '"**"', SYNTAX, "there are no powers: write x * x"),
    ),
    # limits
    ("a" * 2001, (0, "too_long", "a formula of 2001 characters", "at most 2000", "name a part of it as a derived fact")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [(text, list(problems)) for text, *problems in WRONG])
def test_a_formula_is_refused_with_what_was_found_expected_and_a_hint(
    text: str, expected: list[tuple[int, str, str, str, str]]
) -> None:
    with pytest.raises(FormulaError) as caught:
        parse_formula(text)
    assert [(p.at, p.code, p.found, p.expected, p.hint) for p in caught.value.problems] == expected


def test_problems_are_told_at_their_place_in_the_file() -> None:
    lines = Lines("rules/a.yaml", "derive:\n  share: |\n    area\n      / total\n")
    text = Text("area\n  / total\n", lines, 1, 9, "|")
    with pytest.raises(FormulaError) as caught:
        parse_formula(text)
    told = (
        "rules/a.yaml:4:7: division_without_rounding\n"
        "  4 |       / total\n"
        "    |       ^\n"
        '  found:    "area / total"\n'
        '  expected: "/" directly inside round()\n'
        "  hint:     write round(area / total, 2)"
    )
    assert str(caught.value) == told
    assert [str(problem) for problem in caught.value.problems_in(text)] == [told]
    assert str(pickle.loads(pickle.dumps(caught.value))) == told


def test_problems_of_a_text_without_a_file_are_told_in_it() -> None:
    with pytest.raises(FormulaError) as caught:
        parse_formula("a +\n b c")
    assert isinstance(caught.value, FeeRulesError)
    assert isinstance(caught.value, ValueError)
    assert [problem.where for problem in caught.value.problems_in("a +\n b c")] == [Where("<text>", 2, 4)]
