"""The text of a formula: its words and their places, and what people write that is none of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from feerules.documents.lookalikes import half, name
from feerules.documents.numerals import UNITS, number_in, without_unit
from feerules.documents.tree import Text, quote
from feerules.errors import FeeRulesError, Problem
from feerules.money import MAX_PLACES

__all__ = ["FormulaError", "FormulaProblem", "Token", "placed", "read_tokens"]


@dataclass(frozen=True, slots=True, order=True)
class FormulaProblem:
    """One thing wrong with a formula; `at` is its 0-based offset in the text."""

    at: int
    code: str
    found: str
    expected: str
    hint: str = ""

    def located(self, text: str) -> Problem:
        """The problem at its file:line:column; of a plain str the file is called <text>."""
        source = placed(text)
        where = source.spot(min(self.at, len(text)))
        return source.problem(
            self.code, found=self.found, expected=self.expected, hint=self.hint, where=where
        )


class FormulaError(FeeRulesError, ValueError):
    """Every problem of one formula, in the order of the text."""

    def __init__(self, text: str, problems: tuple[FormulaProblem, ...]) -> None:
        self.text, self.problems = text, tuple(sorted(problems))
        super().__init__(text, self.problems)

    def problems_in(self, text: str) -> list[Problem]:
        """The problems at their places, where `text` is the formula as it was read from a file."""
        return [problem.located(text) for problem in self.problems]

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems_in(self.text)))


def placed(text: str) -> Text:
    return text if isinstance(text, Text) else Text(text)


class Token(NamedTuple):
    """`text` is canonical ("×" is "*", "12.5%" is "0.125"); `at` is where it was written."""

    kind: Literal["number", "name", "op", "end"]
    text: str
    at: int


_WORD = r"[^\W\d]\w*"
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    | (?P<number>[0-9]+(?:\.[0-9]+)?%?(?![\w.%]))
    | (?P<messy>[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+(?!\w)|\.?[0-9][\w.]*%?)
    | (?P<name>{_WORD}(?:\.{_WORD})*)
    | (?P<text>"[^"]*"?|'[^']*'?)
    | (?P<foreign>\*\*|//|<>|=<|=>|==|&&|\|\||[:+*/-]=)
    | (?P<op><=|>=|!=|[-+*/×÷−<>=(),])
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_MAX_DIGITS: Final = 40
_SAME: Final = {"×": "*", "÷": "/", "−": "-"}
_WIDE = re.compile("[\uff01-\uff5e、。“”‘’–—]")
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_UNIT = re.compile(UNITS, re.IGNORECASE)
_PER_UNIT = re.compile(rf"(?:[/·](?:{UNITS})(?!\w))*", re.IGNORECASE)
# A word alone is a name, whatever it looks like; a number of one token is told with its own place.
_WORDY = re.compile(
    r"[0-9]\s+[^\W\d]|[^\W\d]\s*[0-9]|[¥$]|[0-9.]+[^\W\d]+(?:起|左右|整|\s)|[0-9]/|[0-9]\s*折"
)
_CURRENCY = re.compile(r"\s*(?:[¥$]|人民币|rmb|cny|y)", re.IGNORECASE)
_WORD_ALONE = re.compile(_WORD)
_ALLOWED: Final = "numbers, names, + - * ( ) and functions"
_UNIT_HINT: Final = "the unit belongs to the fact"

# What other languages write → what is read in its place (" " = nothing, "" = no further reading), and a hint.
_FOREIGN: Final[dict[str, tuple[str, str]]] = {
    **dict.fromkeys(("**", "^"), ("*", "there are no powers: write x * x")),
    **dict.fromkeys(("<>", "≠"), ("!=", "write !=")),
    **dict.fromkeys(("=<", "≤"), ("<=", "write <=")),
    **dict.fromkeys(("=>", "≥"), (">=", "write >=")),
    **dict.fromkeys(("&&", "&"), ("and", "write and")),
    **dict.fromkeys(("||", "|"), ("or", "write or")),
    **dict.fromkeys("[{", ("(", "write round parentheses")),
    **dict.fromkeys("]}", (")", "write round parentheses")),
    **dict.fromkeys("·•∙⋅∗✕✖", ("*", "write * for times")),
    **dict.fromkeys((":=", "+=", "-=", "*=", "/="), ("", "write the right-hand side only")),
    **dict.fromkeys("?:", ("", "write if(condition, then, else)")),
    **dict.fromkeys("¥￥$€", (" ", "write the number alone: the document declares its currency")),
    **dict.fromkeys("㎡㎥°", (" ", f"write the number alone: {_UNIT_HINT}")),
    **dict.fromkeys("²³", (" ", f"for a square write area * area; {_UNIT_HINT}")),
    "==": ("=", "write = to compare, inside the condition of if"),
    "!": ("not", "write not"),
    "//": ("/", "write round(x / y, 0, down)"),
    "%": ("", "a percentage is written 12.5%, without a space; there is no modulo"),
    ";": (",", "write a comma"),
    "#": ("", "a formula has no comments: write a note beside it"),
}


class _Reader:
    """One pass over the text; problems are noted, and a likely meaning is read on with."""

    def __init__(self, text: str, problems: list[FormulaProblem]) -> None:
        self.text = half(text)
        self.problems = problems
        self.tokens: list[Token] = []
        self.readable = True

    def note(self, at: int, code: str, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(FormulaProblem(at, code, found, expected, hint))

    def read(self) -> None:
        at = 0
        while match := _TOKEN.match(self.text, at):
            at = match.end()
            match match.lastgroup:
                case "number":
                    self.number(match.group(), match.start())
                case "messy":
                    at = self.messy(match.group(), match.start())
                case "name":
                    self.name(match.group(), match.start())
                case "text":
                    self.quoted(match.group(), match.start())
                case "op":
                    self.add("op", _SAME.get(match.group(), match.group()), match.start())
                case "foreign" | "other":
                    self.foreign(match.group(), match.start())
        self.add("end", "", len(self.text.rstrip()))

    def add(self, kind: Literal["number", "name", "op", "end"], text: str, at: int) -> None:
        self.tokens.append(Token(kind, text, at))

    def number(self, text: str, at: int) -> None:
        if text.endswith("%"):
            text = f"{Decimal(text[:-1] + 'E-2'):f}"
        decimals = len(text.partition(".")[2])
        if decimals > MAX_PLACES:
            self.note(at, "too_many_decimals", f"{quote(text)}, {decimals} decimals", f"at most {MAX_PLACES}")
        elif len(text) > _MAX_DIGITS:
            self.note(at, "too_long", f"a number of {len(text)} digits", f"at most {_MAX_DIGITS}")
        self.add("number", text, at)

    def messy(self, text: str, at: int) -> int:
        """A number that runs into something else; returns where to read on."""
        digits = found.group() if (found := _DIGITS.match(text)) else "0"
        rest, end = text[len(digits) :], at + len(text)
        self.add("number", digits, at)
        if rest == "%":
            self.foreign("%", end - 1)
        elif _UNIT.fullmatch(rest):
            per = _PER_UNIT.match(self.text, end)
            end = per.end() if per else end
            found_unit, hint = quote(self.text[at:end]), f"write {without_unit(digits, rest)}: {_UNIT_HINT}"
            self.note(at, "number_with_unit", found_unit, "a number such as 12.5", hint)
        elif rest[:1].isalpha() and not re.match(r"[eExX][+-]?[0-9]", rest):
            return at + len(digits)
        else:
            hint = _number_hint(text, digits, rest)
            self.note(at, "not_a_number", quote(text), "a number such as 12.5", hint)
        return end

    def name(self, text: str, at: int) -> None:
        for offset, char in enumerate(text):
            if not (char.isalpha() or char in "_.0123456789"):
                self.foreign(char, at + offset)
        word = text.lower()
        if word not in ("and", "or", "not"):
            self.add("name", text, at)
            return
        if word != text:
            self.note(at, "not_in_formulas", quote(text), f'"{word}" in small letters', f"write {word}")
        self.add("op", word, at)

    def quoted(self, text: str, at: int) -> None:
        inner = text.strip(text[0])
        choice = re.fullmatch(_WORD, inner)
        hint = f"a choice is written without quotes: {inner}" if choice else ""
        self.note(at, "not_in_formulas", f"the text {quote(inner)}", _ALLOWED, hint)
        self.add("name", inner if choice else "_", at)

    def foreign(self, text: str, at: int) -> None:
        if text not in _FOREIGN:
            self.note(at, "not_in_formulas", name(text), _ALLOWED)
            return
        meant, hint = _FOREIGN[text]
        self.note(at, "not_in_formulas", quote(text), _ALLOWED, hint)
        if meant == "":
            self.readable = False
        elif meant != " ":
            self.add("op", meant, at)


def _number_hint(text: str, digits: str, rest: str) -> str:
    if re.fullmatch(r"[eE][+-]?[0-9]{1,2}", rest):
        return f"write {Decimal(text):f}"
    if ".." in text:
        return "a range belongs in a cell of a table"
    if re.fullmatch(r"[0-9_]+", text):
        return f"write {text.replace('_', '')}"
    if re.fullmatch(r"\.[0-9]+", text):
        return f"write 0{text}"
    if re.match(r"0[xX]", text):
        return "write it with the digits 0 to 9"
    return f"write {digits}" if rest == "." else ""


def _number_said(text: str) -> str:
    """The number where a whole formula is one number with words or signs beside it."""
    return number_in(text) if _WORDY.search(text) and not _WORD_ALONE.fullmatch(text) else ""


def _why_alone(text: str) -> str:
    if "折" in text:
        return "the part of the price that is still charged"
    return "the document declares its currency" if _CURRENCY.match(text) else _UNIT_HINT


def read_tokens(text: str, problems: list[FormulaProblem]) -> list[Token]:
    """The words of a formula, the last of kind "end"; [] where what follows a problem has no clear meaning."""
    if (meant := _number_said(text)) and not re.search(r"[\uff01-\uff5e]", text):
        found, hint = quote(text.strip()), f"write {meant}: {_why_alone(text)}"
        at = len(text) - len(text.lstrip())
        problems.append(FormulaProblem(at, "number_with_unit", found, "a number such as 12.5", hint))
        return []
    if wide := _WIDE.search(text):
        expected, hint = "half-width characters", f"write {quote(half(text).strip(), 160)[1:-1]}"
        problems.append(FormulaProblem(wide.start(), "full_width", name(wide.group()), expected, hint))
    reader = _Reader(text, problems)
    reader.read()
    return reader.tokens if reader.readable else []
