"""What people write in a cell, and the cell that they meant. Every hint given here is a cell that can be read."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from feerules.documents.literals import CellProblem, CellType
from feerules.documents.lookalikes import half
from feerules.documents.tree import quote
from feerules.documents.unary import Reading, read_tests

__all__ = ["explain"]

_VALUE = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|-?\s*[0-9]+(?:\.[0-9]+)?)"
_V = f"({_VALUE})"
# A closed list: 5万元 is not 5, and nothing may be cut off that could mean something.
_ONE = (
    "元|块|角|层|楼|平方米|平方|平米|平|㎡|m²|m2|sqm|立方米|立方|吨|㎥|m³|m3|度|千瓦时|kwh|人|户|个月|个|间|套|辆|台|次"
    "|天|日|月|年|岁|季度|小时|分钟|yuan|rmb|cny|days?|months?|years?|hours?|minutes?"
)
_UNITS = rf"(?:{_ONE})(?:[/·.每](?:{_ONE}))*"
_UNIT = rf"\s*(?:{_UNITS})?"
_MARKS = r'"<>=!,()\[\]'
_STRING = r'("(?:[^"\\\n]|\\.)*")'
_SIGN = r"((?:[<>]=?|!?=)?)"


class _Slip(NamedTuple):
    """A form that is no cell, and what to write instead; `code` is "" where the reader's own is as good.

    The pattern is compiled by `re` when a cell is first found wrong: most programs never need it.
    """

    code: str
    pattern: str
    meant: str | Callable[[re.Match[str]], str]
    expected: str = ""


def _percent(match: re.Match[str]) -> str:
    return format(Decimal(match[1]) / 100, "f")


def _ten_thousands(match: re.Match[str]) -> str:
    return format((Decimal(match[1]) * 10_000).normalize(), "f")


def _iso(match: re.Match[str]) -> str:
    return f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"


def _whole_month(match: re.Match[str]) -> str:
    year, month = int(match[1]), int(match[2])
    if not (year and 1 <= month <= 12):
        return match[0]
    return f"[{year:04d}-{month:02d}-01..{year:04d}-{month:02d}-{monthrange(year, month)[1]}]"


def _not_a_day(match: re.Match[str]) -> str:
    """The range that a spreadsheet took for a day: it shows 1-3 as 1月3日, or as 3-Jan."""
    months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    first, second = (
        months.index(part[:3].lower()) + 1 if part.isalpha() else int(part) for part in match.groups()
    )
    return f"[{min(first, second)}..{max(first, second)}]"


def _both(match: re.Match[str]) -> str:
    """The range that two comparisons joined by "and" describe."""
    low, high = sorted(match.groups(), key=lambda part: part[0] == "<")
    if low[0] != ">" or high[0] != "<":
        return match[0]
    opening, closing = "([" if low[1:2] == "=" else "((", "])" if high[1:2] == "=" else "))"
    return f"{opening[-1]}{low.lstrip('>= ')}..{high.lstrip('<= ')}{closing[0]}"


def _between(match: re.Match[str]) -> str:
    """The range of 90 < x <= 144, as mathematics writes it."""
    low, left, right, high = match.groups()
    return f"{'(['[left == '<=']}{low}..{high}{')]'[right == '<=']}"


_DATE = "a date as 2018-12-08"
_LOOSE_DATE = r"(?<![0-9])([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?![0-9])"
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_A_RANGE = "a range; a spreadsheet makes a day of 1-3 unless the cells are text"
_SIGNS = "a sign: >=, >, <=, < or !="
_RANGE = "a range in brackets: [a..b]; ( or ) leaves the bound out"
# Chinese law counts the number itself in 以上, 以下 and 以内, and not in 超过 and 不满 (Civil Code, Art. 1259).
_AT_LEAST = "(?:不低于|不小于|不少于|不早于|大于等于|大于或等于|至少|起码|at least|no less than|min|from)"
_AT_MOST = (
    "(?:不超过|不大于|不高于|不多于|不晚于|小于等于|小于或等于|至多|最多|at most|up to|no more than|max)"
)
_MORE = "(?:超过|大于|高于|多于|晚于|over|above|more than)"
_LESS = "(?:不满|不足|未满|小于|低于|少于|早于|under|below|less than)"
_INCLUSIVE = r"\s*(?:[(]?含[)]?|及其?|或)?"

# What is longer than a hint, or comes after the twentieth problem, was not written by hand.
_MAX_HINT = 160
_MAX_PROBLEMS = 20
_UNTIL = r"\s*(?:-|~|\.{2,}|…+|‥|至|到|to)\s*"

_SLIPS = (
    _Slip(
        "wrong_word", r"^\s*(?:\*|/|-{2,}|any|all|任意|任何|不限|全部|所有|均可)\s*$", "-", "- for any value"
    ),
    _Slip("wrong_date", _LOOSE_DATE, _iso, _DATE),
    _Slip("wrong_date", "^([0-9]{4})年?$", r"[\1-01-01..\1-12-31]", _DATE),
    _Slip("wrong_date", "^([0-9]{4})[-/.年]([0-9]{1,2})月?$", _whole_month, _DATE),
    _Slip("wrong_date", r"date\s*\(\s*'([0-9]{4}-[0-9]{2}-[0-9]{2})'\s*\)", r"\1", _DATE),
    _Slip("wrong_date", r"date\s*\(\s*([0-9]{4})\s*,\s*([0-9]{1,2})\s*,\s*([0-9]{1,2})\s*\)", _iso, _DATE),
    _Slip("", r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?!T)", r"\1T00:00:00"),
    _Slip("percent", r"([0-9]+(?:\.[0-9]+)?)\s*%", _percent, "a number without %"),
    _Slip("unit", r"([0-9]+(?:\.[0-9]+)?)\s*万元?", _ten_thousands, "a number with all its digits"),
    _Slip("wrong_sign", "≥|≧|⩾|=>", ">=", _SIGNS),
    _Slip("wrong_sign", "≤|≦|⩽|=<", "<=", _SIGNS),
    _Slip("wrong_sign", "≠|<>|!==?", "!=", _SIGNS),
    _Slip("wrong_sign", r"([<>!])\s+=", r"\1=", _SIGNS),
    _Slip("wrong_sign", "={2,}", "=", _SIGNS),
    _Slip("wrong_sign", r"\.{3,}|…+|‥", "..", "two dots in a range"),
    _Slip("wrong_sign", ";", ",", "a comma between tests"),
    _Slip("range_form", "^([0-9]{1,2})月([0-9]{1,2})日$", _not_a_day, _A_RANGE),
    _Slip("range_form", rf"^([0-9]{{1,2}})-({_MONTH})$", _not_a_day, _A_RANGE),
    _Slip("range_form", rf"^({_MONTH})-([0-9]{{1,2}})$", _not_a_day, _A_RANGE),
    _Slip("range_form", rf"^{_V}{_UNIT}{_UNTIL}{_V}{_UNIT}$", r"[\1..\2]", _RANGE),
    _Slip("range_form", rf"^[\[(]?\s*{_V}\s*\.\.$", r">= \1", _RANGE),
    _Slip("range_form", rf"^\.\.\s*{_V}\s*[\])]?$", r"<= \1", _RANGE),
    _Slip("range_form", rf"^(?:between|从|from)\s*{_V}\s*(?:and|到|至|to)\s*{_V}$", r"[\1..\2]", _RANGE),
    _Slip("range_form", rf"([\[(])\s*{_V}\s*(?:-|~|,|;|至|到)\s*{_V}\s*([\])])", r"\1\2..\3\4", _RANGE),
    _Slip(
        "range_form",
        rf"^\??\s*([<>]=?\s*{_VALUE})\s*(?:and|&&?|且|并且)?\s*\??\s*([<>]=?\s*{_VALUE})$",
        _both,
        _RANGE,
    ),
    _Slip("range_form", rf"^{_V}\s*(<=?)\s*\w+\s*(<=?)\s*{_V}$", _between, _RANGE),
    _Slip("wrong_word", rf"^{_V}{_UNIT}{_INCLUSIVE}\s*以上(?:\(含\))?$", r">= \1", _SIGNS),
    _Slip("wrong_word", rf"^{_V}{_UNIT}{_INCLUSIVE}\s*(?:以下|以内)(?:\(含\))?$", r"<= \1", _SIGNS),
    _Slip("wrong_word", rf"^{_AT_LEAST}\s*{_V}{_UNIT}$", r">= \1", _SIGNS),
    _Slip("wrong_word", rf"^{_AT_MOST}\s*{_V}{_UNIT}$", r"<= \1", _SIGNS),
    _Slip("wrong_word", rf"^{_MORE}\s*{_V}{_UNIT}$", r"> \1", _SIGNS),
    _Slip("wrong_word", rf"^{_LESS}\s*{_V}{_UNIT}$", r"< \1", _SIGNS),
    _Slip("wrong_word", rf"^{_V}\s*(?:\+|起|and (?:over|above|more))$", r">= \1", _SIGNS),
    _Slip("wrong_word", r"\s*(?:\bor\b|\|\|?|或者?)\s*", ", ", "a comma between alternatives"),
    _Slip("wrong_word", r"^(?:not\b|!|非)\s*([^\s=(].*)$", r"not(\1)", "not(…) around the cell"),
    _Slip("thousands_separator", r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", "a number without separators"),
    _Slip("unit", rf"^{_SIGN}\s*[¥￥$]?\s*{_V}\s*{_UNITS}$", r"\1 \2", "a number without its unit"),
    _Slip("unit", r"[¥$]\s*(?=[0-9])", "", "a number without its unit"),
    _Slip("unit", rf"(?<=[0-9])\s*{_UNITS}(?=\s*(?:\.\.|[\]),]|$))", "", "numbers without their unit"),
    _Slip("wrong_word", r"^(?:yes|y|on|是|有|1|真)$", "true", "true or false"),
    _Slip("wrong_word", r"^(?:no|n|off|否|无|没有|0|假)$", "false", "true or false"),
    _Slip("wrong_word", r"\b(?:true|false|null)\b", lambda match: match[0].lower(), "lower case"),
    _Slip("wrong_word", r"^(?:none|nil|n/a|空|空白|缺失)$", "null", "null for no value"),
    # The reader has said what is wrong; these only complete it.
    _Slip("", r"^in\b", ""),
    _Slip("", r"(?<=[0-9])\.(?![0-9.])", ""),
    _Slip("", r"\+\s*(?=[0-9])", ""),
    _Slip("", r"(?<![0-9.])0+(?=[0-9])", ""),
    _Slip("", rf"^{_SIGN}\s*'([^']*)'$", r'\1 "\2"'),
    _Slip("", r'^([^"]+)"$', r'"\1"'),
    _Slip("", r'^([^"]*"[^"]*)$', r'\1"'),
    _Slip("", rf"^{_SIGN}\s*([^\"<>=!,()\[\]\s][^\"<>=!,()\[\]]*)$", r'\1 "\2"'),
    _Slip("", r'"(-?[0-9][^"\\]*|true|false)"', r"\1"),
    _Slip("", r"^([\[(][^\[\]()]*\.\.[^\[\]()]*)$", r"\1]"),
    _Slip("", r"^([^\[\]()]*\.\.[^\[\]()]*[\])])$", r"[\1"),
    _Slip("", r"^((?:not\s*)?\(.*)$", r"\1)"),
    _Slip("", r"^(\[.*)$", r"\1]"),
    _Slip("", r"^(.*?)[\])]$", r"\1"),
    _Slip("", r",\s*(?=,|$)", ""),
    _Slip("", r"(?<=[0-9\"])\s+(?=[\"0-9])", ", "),
    _Slip(
        "quotes_needed", rf"^([^{_MARKS}]+\([^{_MARKS}]*\)[^{_MARKS}]*)$", r'"\1"', "quotes around brackets"
    ),
)


def explain(text: str, kind: CellType, bare: bool, read: Reading) -> tuple[CellProblem, ...]:
    """The problems of a cell, each with the hint that mends it where that is known."""
    problems = sorted(_explained(text, kind, bare, read), key=lambda problem: problem.offset)
    return tuple(dict.fromkeys(_quoted(problem, text) for problem in problems))


def _explained(text: str, kind: CellType, bare: bool, read: Reading) -> list[CellProblem]:
    plain = _half_outside_quotes(text)
    if plain == text:
        return _mended(text, kind, bare, read)[0]
    again = read_tests(plain, kind, bare)
    if not again.problems:
        return [_full_width(text, plain, f"write {plain.strip()}")]
    problems, rewritten = _mended(plain, kind, bare, again)
    problems = [_as_written(problem, text, plain) for problem in problems]
    return problems if rewritten else [_full_width(text, plain, ""), *problems]


def _quoted(problem: CellProblem, text: str) -> CellProblem:
    """Found text in quotes, as in every message, unless it is a literal in quotes itself."""
    found = problem.found
    if text[problem.offset :][: len(found)] != found:
        return problem
    shown = quote(found)
    return replace(problem, found=shown[1:-1] if found[0] == found[-1] == '"' and len(found) > 1 else shown)


def _half_outside_quotes(text: str) -> str:
    if text.isascii():
        return text
    return re.sub(rf'{_STRING}|[^"]+|"', lambda match: match[0] if match[1] else half(match[0]), text)


def _as_written(problem: CellProblem, text: str, plain: str) -> CellProblem:
    """The problem of the half-width text, said of the text itself; a character stands for a character."""
    stop = problem.offset + len(problem.found)
    if plain[problem.offset : stop] != problem.found:
        return problem
    found = text[problem.offset : stop]
    # A word in quotes keeps its full-width brackets: they belong to the name.
    hint = f'write "{found}"' if problem.code == "quotes_needed" else problem.hint
    return replace(problem, found=found, hint=hint)


def _full_width(text: str, plain: str, hint: str) -> CellProblem:
    changed = [at for at, pair in enumerate(zip(text, plain, strict=True)) if pair[0] != pair[1]]
    pairs = dict.fromkeys((text[at], plain[at]) for at in changed)
    found, expected = (" ".join(characters) for characters in zip(*pairs, strict=True))
    return CellProblem("full_width", changed[0], found, f"half-width: {expected}", hint)


def _mended(text: str, kind: CellType, bare: bool, read: Reading) -> tuple[list[CellProblem], bool]:
    """The problems with their hints, and whether every hint gives the text to write."""
    mended = []
    whole = (len(text) - len(text.lstrip()), text.strip())
    for problem, item in islice(zip(read.problems, read.items, strict=True), _MAX_PROBLEMS):
        if problem.hint and problem.code != "unknown_word":
            mended.append(problem)
        else:
            # Digits in groups of three, and brackets, are only seen in the whole cell.
            wide = problem.code in ("leading_zero", "missing_bracket") or whole[1][:1] in ("[", "(")
            parts = (whole, item) if wide else (item, whole)
            mended.append(_mend(problem, parts, kind, bare))
    return mended, all(problem.hint.startswith("write ") for problem in mended)


def _mend(
    problem: CellProblem, parts: tuple[tuple[int, str], ...], kind: CellType, bare: bool
) -> CellProblem:
    mended = _mend_once(problem, parts, kind, bare)
    start, text = max(parts, key=lambda part: len(part[1]))
    if mended == problem and not bare and len(text) <= _MAX_HINT:
        return _mend_plainer(problem, start, text, kind)
    return mended


def _mend_plainer(problem: CellProblem, start: int, text: str, kind: CellType) -> CellProblem:
    """Where one slip stands inside of another: the parts are made plain first, then the whole is looked at."""
    plainer = _plainer(text, kind)
    if kind == "date" and (side := re.fullmatch("([0-9]{4}-[0-9]{2}-[0-9]{2})之?(以?前|以?后)", plainer)):
        sign = "<" if side[2].endswith("前") else ">"
        hint = f"{sign}= {side[1]} with the day itself, {sign} {side[1]} without it"
        return CellProblem("wrong_word", start, text, _SIGNS, hint)
    if plainer == text:
        return problem
    code, expected = ("wrong_date", _DATE) if kind == "date" else ("wrong_word", _SIGNS)
    if not read_tests(plainer, kind).problems:
        return CellProblem(code, start, text, expected, f"write {plainer}")
    again = _mend_once(problem, ((start, plainer),), kind, bare=False)
    if not again.hint.startswith("write "):
        return problem
    if again != replace(problem, hint=again.hint):
        code, expected = again.code, again.expected
    return CellProblem(code, start, text, expected, again.hint)


# Parts of a cell, in an order in which each makes the next easier to see.
_PARTS = (
    (f"{_AT_LEAST}|[≥≧⩾]", ">="),
    (f"{_AT_MOST}|[≤≦⩽]", "<="),
    (_MORE, ">"),
    (_LESS, "<"),
    (rf"第?{_V}\s*(?:f\b|{_UNITS})", r"\1"),
    (rf"{_V}{_INCLUSIVE}\s*以上", r">=\1"),
    (rf"{_V}{_INCLUSIVE}\s*(?:以下|以内)", r"<=\1"),
    (r"(?<=[0-9])\s*-{2,}\s*(?=[0-9])", "-"),
    ("[,、]?(?:且|并且|同时)", " and "),
)


def _plainer(text: str, kind: CellType) -> str:
    """The text with its dates, units and words of comparison as cells write them."""
    if kind == "date":
        text = re.sub(_LOOSE_DATE, _iso, text)
    for pattern, plain in _PARTS:
        text = re.sub(pattern, plain, text, flags=re.IGNORECASE)
    return text.strip()


def _mend_once(
    problem: CellProblem, parts: tuple[tuple[int, str], ...], kind: CellType, bare: bool
) -> CellProblem:
    for start, text in parts:
        for slip in _SLIPS if len(text) <= _MAX_HINT else ():
            meant = re.sub(slip.pattern, slip.meant, text, flags=re.IGNORECASE).strip()
            if meant != text and len(meant) <= _MAX_HINT and not read_tests(meant, kind, bare).problems:
                if not slip.code:
                    return replace(problem, hint=f"write {meant}")
                return CellProblem(slip.code, start, text, slip.expected, f"write {meant}")
    return problem
