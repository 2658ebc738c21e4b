"""Reads the text of a cell: S-FEEL unary tests, as DMN's decision tables use them."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from feerules.documents.literals import (
    TYPE_NAMES,
    CellProblem,
    CellType,
    Months,
    NotALiteral,
    read_bare,
    read_call,
    read_number,
    read_string,
    write,
)
from feerules.documents.ranges import Range, Unequal, union, write_test
from feerules.errors import did_you_mean

__all__ = ["Reading", "forms_of", "is_plain_word", "read_tests"]

_MAX_LENGTH = 4_000
_MAX_DEPTH = 20

_FORMS: dict[CellType, str] = {
    "number": "a number: 6, >= 6, [6..10), not(6), or - for any",
    "string": 'text in quotes: "a", not("a"), or - for any',
    "boolean": "true, false, or - for any",
    "date": "a date: 2018-12-08, >= 2018-12-08, [2018-01-01..2019-01-01), or - for any",
    "datetime": "a date and time: >= 2018-12-08T10:30:00, or - for any",
    "time": "a time of day: 10:30:00, [09:30:00..12:00:00), or - for any",
    "duration": "a duration: >= P5D, [P1Y..P3Y), or - for any",
}
_CLOSED_WORDS: dict[CellType, tuple[str, ...]] = {
    "boolean": ("true", "false"),
    "date": ("date",),
    "datetime": ("date and time",),
    "time": ("time",),
    "duration": ("duration",),
}

_NO_ORDER = "=, != or a list: these values have no order"

_COMMON = r'(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<open>"[\s\S]*)|(?P<op><=|>=|!=|[<>=])'
_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_TOKEN = re.compile(
    rf"""\s*(?:{_COMMON}
    |(?P<temporal>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?![0-9])(?:T{_CLOCK}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?)?
        |{_CLOCK}
        |-?P(?=[0-9T])(?:[0-9]+(?:\.[0-9]+)?[YMDHS]|T(?=[0-9]))+(?!\w))
    |(?P<dots>\.{{2,}})
    |(?P<number>-?[ ]*(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<call>(?:(?:date\s+and\s+time|date|time|duration)\s*\(\s*"[^"\n]*"\s*\))|@\s*"[^"\n]*")
    |(?P<word>[^\W\d]\w*)
    |(?P<mark>[\[\](),-])
    |(?P<other>\S))""",
    re.VERBOSE,
)
# A word of a choice column: anything that has no meaning in a cell, and no punctuation that looks
# like what has.
_PUNCTUATION = r'"<>=!,()\[\]“”„‟＂‘’；;，、（）［］＜＞＝！≤≥≠'
_WORD = rf"[^\s{_PUNCTUATION}](?:[^{_PUNCTUATION}]*[^\s{_PUNCTUATION}])?"
_BARE_TOKEN = re.compile(rf"\s*(?:{_COMMON}|(?P<word>{_WORD})|(?P<mark>[\[\](),])|(?P<other>\S))")
# After a sign, so that a list such as 101,102 is left alone.
_THOUSANDS = re.compile(r"[<>=] *(-?[0-9]{1,3}(?:,[0-9]{3})+)(?![0-9])")
_CALL = re.compile(r'([^("]+?)\s*[(]?\s*"([^"]*)"')


class Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class Reading(NamedTuple):
    """What a cell says, or what is wrong with it; `items` are what each problem spoils: a start and a text."""

    tests: tuple[Range | Unequal, ...] = ()
    any: bool = False
    null: bool = False
    negated: bool = False
    problems: tuple[CellProblem, ...] = ()
    items: tuple[tuple[int, str], ...] = ()


class _Stop(Exception):
    """Leaves one item of a list, so that the next one can be read."""

    def __init__(self, problem: CellProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class _Lost(Exception):
    """Brackets do not match: what follows cannot be read."""


def forms_of(kind: CellType, bare: bool) -> str:
    return "words: residential, shop, not(shop), or - for any" if bare else _FORMS[kind]


def is_plain_word(text: str) -> bool:
    """Whether a choice reads back as itself without quotes."""
    return bool(re.fullmatch(_WORD, text)) and _is_word(text) and text not in ("null", "not")


def _is_word(text: str) -> bool:
    return any(map(str.isalnum, text)) and text.isprintable() and not re.match(r"not\s|.*\.\.", text)


def read_tests(text: str, kind: CellType, bare: bool = False) -> Reading:
    """Reads a cell; collects every problem that does not follow from another one."""
    if not text.strip():
        return _refused(CellProblem("empty_cell", 0, "nothing", forms_of(kind, bare), "write -"))
    if len(text) > _MAX_LENGTH:
        expected = f"at most {_MAX_LENGTH} characters"
        return _refused(CellProblem("cell_too_long", 0, f"{len(text)} characters", expected, "split the row"))
    return _Reader(text, kind, bare).read()


def _refused(problem: CellProblem) -> Reading:
    return Reading(problems=(problem,), items=((0, ""),))


def _tokens(text: str, bare: bool) -> list[Token]:
    pattern = _BARE_TOKEN if bare else _TOKEN
    tokens = []
    for match in pattern.finditer(text.rstrip()):
        kind = match.lastgroup or "other"
        tokens.append(Token(kind, match[kind], match.start(kind)))
    tokens.append(Token("end", "", len(text)))
    return tokens


class _Reader:
    """A cursor over the tokens of one cell; each method reads one form of the grammar."""

    def __init__(self, text: str, kind: CellType, bare: bool) -> None:
        self.text, self.kind, self.bare = text, kind, bare
        self.tokens = _tokens(text, bare)
        self.position = 0
        self.null = False
        self.python_type: type | None = None
        self.problems: list[tuple[CellProblem, tuple[int, str]]] = []

    @property
    def whole(self) -> tuple[int, str]:
        return self.tokens[0].start, self.text.strip()

    @property
    def here(self) -> Token:
        return self.tokens[self.position]

    def ahead(self, count: int) -> Token:
        return self.tokens[min(self.position + count, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.tokens[self.position]
        self.position += token.kind != "end"
        return token

    def read(self) -> Reading:
        if self.here.text == "-" and len(self.tokens) == 2:
            return Reading(any=True)
        negated = self.here.text == "not" and self.ahead(1).text == "("
        tests: list[Range | Unequal] = []
        try:
            if negated:
                self.position = 2
            tests = self.items(")" if negated else "", 0)
            if self.here.kind != "end":
                self.report("unexpected", self.here, "nothing after not(…)")
        except _Lost:
            pass
        if not self.problems and len(tests) > 1:
            self.check_sense(tests, negated)
        problems, items = zip(*self.problems, strict=True) if self.problems else ((), ())
        return Reading(tuple(tests), False, self.null, negated, problems, items)

    def items(self, closing: str, depth: int) -> list[Range | Unequal]:
        """A list of tests up to its closing bracket, or up to the end."""
        tests: list[Range | Unequal] = []
        while True:
            start = self.here.start
            try:
                tests += self.item(depth)
                if self.here.text not in (",", closing):
                    self.stop_at_rest(closing)
            except _Stop as stop:
                self.skip()
                self.problems.append((stop.problem, (start, self.text[start : self.here.start].rstrip())))
            if self.here.text == ",":
                self.take()
            elif self.here.text == closing:
                self.take()
                return tests
            else:
                raise self.lost(closing)

    def skip(self) -> None:
        """To the next comma or closing bracket of the same list."""
        depth = 0
        while self.here.kind != "end" and (depth or self.here.text not in (",", ")", "]")):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(self.take().text, 0)

    def lost(self, closing: str) -> _Lost:
        if not self.problems:
            self.report("missing_bracket", self.here, f"{closing} closes the list" if closing else "the end")
        return _Lost()

    def stop_at_rest(self, closing: str) -> None:
        here = self.here
        if here.kind == "end" or here.text in (")", "]"):
            expected = f"a closing {closing}" if closing else f"no {here.text}, for none was opened"
            raise self.stop("missing_bracket", here, expected)
        if here.kind == "other":
            raise self.stop("unexpected", here, forms_of(self.kind, self.bare))
        raise self.stop("missing_comma", here, "a comma between two tests")

    def item(self, depth: int) -> list[Range | Unequal]:
        here = self.here
        if here.text == "?" and not self.bare:
            return self.question(depth)
        if here.kind == "op":
            return self.comparison()
        if here.text in ("(", "[", "]"):
            if self.ahead(1).kind == "dots" or self.ahead(2).kind == "dots":
                return [self.range()]
            if here.text != "]":
                return self.nested(depth)
        if here.text == "-":
            hint = "leave it out, or let it stand alone"
            raise self.stop("dash_in_list", here, "- stands alone and means any value", hint)
        if here.text == "not" and self.ahead(1).text == "(":
            raise self.stop("not_inside", here, "not(…) around the whole cell")
        return self.point(self.literal())

    def question(self, depth: int) -> list[Range | Unequal]:
        """`?` is the value itself, as DMN's expressions name it: `? > 5`, `? in [1..5]`, `? between 1 and 5`."""
        self.take()
        sign = self.here
        if sign.kind == "op":
            return self.comparison()
        if sign.text not in ("in", "between"):
            raise self.stop("missing_value", sign, "a comparison after ?, or only the comparison")
        self.take()
        if sign.text == "in":
            if self.here.text == "?":
                raise self.stop("unexpected", self.here, forms_of(self.kind, self.bare))
            return self.item(depth)
        lo = self.literal()
        if self.here.text != "and":
            raise self.stop("missing_value", self.here, "and, with the larger bound")
        self.take()
        self.need_order(sign)
        return [self.checked(Range(lo, False, self.literal(), False), sign, self.tokens[self.position - 1])]

    def nested(self, depth: int) -> list[Range | Unequal]:
        opening = self.take()
        if depth >= _MAX_DEPTH:
            self.report("too_deep", opening, f"at most {_MAX_DEPTH} brackets inside each other")
            raise _Lost
        before = len(self.problems)
        tests = self.items(")" if opening.text == "(" else "]", depth + 1)
        if opening.text == "[" and tests:
            # A list of FEEL may hold values of other types: they equal nothing. A list of tests may not.
            self.problems[before:] = [p for p in self.problems[before:] if p[0].code != "wrong_type"]
        return tests

    def comparison(self) -> list[Range | Unequal]:
        sign = self.take()
        value = self.literal()
        if value is None and sign.text not in ("=", "!="):
            raise self.stop("no_order", sign, "= or !=, for null is neither more nor less")
        if sign.text == "=":
            return self.point(value)
        if sign.text == "!=":
            return [Range() if value is None else Unequal(value)]
        self.need_order(sign)
        is_open = len(sign.text) == 1
        return [Range(hi=value, hi_open=is_open) if sign.text[0] == "<" else Range(value, is_open)]

    def point(self, value: Any) -> list[Range | Unequal]:
        if value is None:
            self.null = True
            return []
        return [Range.of(value)]

    def range(self) -> Range:
        opening = self.take()
        lo = None if self.here.kind == "dots" else self.literal()
        dots = self.take()
        if dots.text != "..":
            raise self.stop("wrong_sign", dots, "two dots in a range")
        hi = None if self.here.kind in ("mark", "end") else self.literal()
        closing = self.here
        if closing.text not in (")", "]", "["):
            raise self.stop("missing_bracket", closing, "] or ) closes the range")
        self.take()
        self.need_order(dots)
        return self.checked(Range(lo, opening.text != "[", hi, closing.text != "]"), opening, closing)

    def checked(self, made: Range, opening: Token, closing: Token) -> Range:
        whole = Token("range", self.text[opening.start : closing.end], opening.start)
        if made.lo is None or made.hi is None:
            plain = "-" if made.lo is made.hi else write_test(made)
            raise self.stop("missing_bound", whole, "both bounds, or a comparison", f"write {plain}")
        if made.lo > made.hi:
            right = write_test(Range(made.hi, made.lo_open, made.lo, made.hi_open))
            raise self.stop("inverted_range", whole, "the smaller bound first", f"write {right}")
        if made.is_point and (made.lo_open or made.hi_open):
            raise self.stop("empty_range", whole, "a range that holds a value", f"write {write(made.lo)}")
        return made

    def need_order(self, token: Token) -> None:
        if self.kind == "boolean" or self.bare:
            raise self.stop("no_order", token, _NO_ORDER)

    def literal(self) -> Any:
        token = self.here
        if token.text == "null":
            self.take()
            return None
        try:
            found = self.read_literal(token)
        except NotALiteral as wrong:
            raise self.stop(wrong.code, token, wrong.expected, wrong.hint) from None
        self.take()
        if found[0] != self.kind:
            self.wrong_type(token, TYPE_NAMES[found[0]], TYPE_NAMES[self.kind])
        self.python_type = self.python_type or type(found[1])
        if type(found[1]) is not self.python_type:
            kinds = "a duration of days and time", "a duration of years and months"
            self.wrong_type(token, *(kinds if self.python_type is Months else kinds[::-1]))
        return found[1]

    def wrong_type(self, token: Token, found: str, expected: str) -> None:
        raise self.stop("wrong_type", token, f"{expected}, not {found}")

    def read_literal(self, token: Token) -> tuple[CellType, Any]:
        match token.kind:
            case "string":
                return "string", read_string(token.text)
            case "number":
                return "number", read_number(token.text)
            case "temporal":
                return read_bare(token.text)
            case "call":
                call = _CALL.match(token.text)
                return read_call(call[1].strip(), call[2]) if call else read_bare(token.text)
            case "word" if self.bare and _is_word(token.text):
                return "string", token.text
            case "word" if self.bare and ".." in token.text:
                raise self.stop("no_order", token, _NO_ORDER, "list the words: a, b")
            case "word" if token.text in ("true", "false"):
                return "boolean", token.text == "true"
        raise self.not_a_literal(token)

    def not_a_literal(self, token: Token) -> _Stop:
        if token.kind == "open":
            return self.stop("unterminated_string", token, 'a closing " on the same line')
        if token.kind == "word":
            known = ("null", "not", *_CLOSED_WORDS.get(self.kind, ()))
            hint = "" if token.text in known else did_you_mean(token.text, known)
            return self.stop("unknown_word", token, forms_of(self.kind, self.bare), hint)
        if token.kind == "end" or token.text in (",", ")", "]"):
            return self.stop("missing_value", token, forms_of(self.kind, self.bare))
        return self.stop("unexpected", token, forms_of(self.kind, self.bare))

    def stop(self, code: str, token: Token, expected: str, hint: str = "") -> _Stop:
        return _Stop(CellProblem(code, token.start, token.text or "the end of the cell", expected, hint))

    def report(self, code: str, token: Token, expected: str, hint: str = "") -> None:
        self.problems.append((self.stop(code, token, expected, hint).problem, self.whole))

    def check_sense(self, tests: list[Range | Unequal], negated: bool) -> None:
        """Refuses a list that holds for every value: its writer meant "and", but a comma is "or"."""
        cell = Token("cell", self.whole[1], self.whole[0])
        if thousands := _THOUSANDS.search(self.text):
            apart, joined = (thousands[1].replace(",", by) for by in (", ", ""))
            hint = f"write {self.whole[1].replace(thousands[1], joined)}"
            self.report("thousands_separator", cell, f"one number, or a space after the comma: {apart}", hint)
        elif self.kind != "boolean" and Range() not in tests and _covers_all(tests):
            code = "never_true" if negated else "always_true"
            meant = f"not({_meant(tests)})" if negated else _meant(tests)
            hint = "" if meant == "not(-)" else f"write {meant}"
            self.report(code, cell, "tests that leave some value out; a comma means or", hint)


def _covers_all(tests: list[Range | Unequal]) -> bool:
    return union(part for test in tests for part in test.parts()) == (Range(),)


def _meant(tests: list[Range | Unequal]) -> str:
    if all(isinstance(test, Unequal) for test in tests):
        return f"not({', '.join(write(test.value) for test in tests if isinstance(test, Unequal))})"
    match sorted((part for test in tests for part in test.parts()), key=lambda part: part.lo is None):
        case [Range(hi=None) as above, Range(lo=None) as below] if above.lo < below.hi:
            return write_test(Range(above.lo, above.lo_open, below.hi, below.hi_open))
    return "-"
