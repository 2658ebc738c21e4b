"""What YAML's errors mean, in the words of someone who writes a fee schedule."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from feerules.documents.tree import Lines, quote
from feerules.errors import Problem

__all__ = ["MAX_DEPTH", "Stumble", "explain", "tab_indents"]

MAX_DEPTH = 40

_BLOCK_HEADER = re.compile(r"(?:^|[:\-?]|\s)\s*(?:[&!]\S*\s+)*[|>][-+\d]{0,2}\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Stumble:
    """Where YAML stopped (0-based), where what it was reading began, and the last scalar before it.

    `lines` is what was read; `last` is (line, column, last line, style), style "" where it is plain.
    """

    lines: Lines
    context: str
    begun: tuple[int, int]
    problem: str
    at: tuple[int, int]
    last: tuple[int, int, int, str] | None

    @classmethod
    def of(cls, error: Any, lines: Lines, last: Any) -> Stumble:
        """From a MarkedYAMLError and the last ScalarEvent before it."""
        at = _inside(error.problem_mark or error.context_mark, lines)
        begun = _inside(error.context_mark, lines) if error.context_mark else at
        before = None
        if last is not None:
            # A mark behind a line break belongs to the line before it: "a: b⏎" ends in its own line.
            stop = last.end_mark.line - (last.end_mark.column == 0)
            before = (last.start_mark.line, last.start_mark.column, stop, last.style or "")
        return cls(lines, error.context or "", begun, error.problem or "", at, before)

    @property
    def source(self) -> str:
        return self.lines.line(self.at[0])

    def problem_at(
        self, at: tuple[int, int], found: str, expected: str, hint: str, code: str = "syntax"
    ) -> Problem:
        return self.lines.problem(code, *at, found, expected, hint)


def _inside(mark: Any, lines: Lines) -> tuple[int, int]:
    """The mark; where it lies behind the end of the file, the end of the last line that has text."""
    line, column = mark.line, mark.column
    last = len(lines.all()) - 1
    if line <= last and lines.line(line)[column:].strip():
        return line, column
    while line > 0 and not lines.line(line).strip():
        line -= 1
        column = len(lines.line(line).rstrip())
    return line, min(column, len(lines.line(line)))


def explain(stumble: Stumble) -> Problem:
    """The one problem that made YAML stop."""
    both = f"{stumble.context}; {stumble.problem}"
    return next((say(stumble) for words, say in _SAYINGS if all(w in both for w in words)), _unknown(stumble))


def _unterminated(s: Stumble) -> Problem:
    return _never_closed(s, s.begun)


def _never_closed(s: Stumble, at: tuple[int, int]) -> Problem:
    rest = s.lines.line(at[0])[at[1] :].rstrip()
    mark = rest[:1]
    hint = f"type {rest}{mark}" if rest[1:] else f"put {mark} at the end of the text"
    found = f"text that opens with {mark} and is not closed in its line"
    return s.problem_at(at, found, f"a closing {mark}", hint, "unterminated_text")


def _open_bracket(s: Stumble) -> Problem:
    line, column = s.begun
    rest = s.lines.line(line)[column:].rstrip() or "["
    opening, closing = rest[0], "}" if rest[0] == "{" else "]"
    if s.at[0] == line and closing in s.source[s.at[1] :]:
        return s.problem_at(
            s.at,
            f"{quote(s.source[s.at[1] :])} where an item of {opening}…{closing} should have ended",
            f'"," between the items, or "{closing}" after the last',
            "put a comma between the items, and quotes around text that holds , : [ ] { or }",
        )
    hint = f'put "{closing}" after the last item' if rest[-1] in "[{," else f"type {rest}{closing}"
    return s.problem_at(s.begun, f'"{opening}" that is not closed', f'a closing "{closing}"', hint)


def _second_colon(s: Stumble) -> Problem:
    line, column = s.at
    start = s.last[:2] if s.last else s.at
    if start[0] < line:
        above = s.lines.line(start[0])
        if not above[: start[1]].strip(" -"):
            return _without_colon(s, start)
        key = quote(s.source[:column].strip())
        return s.problem_at(
            (line, len(s.source) - len(s.source.lstrip())),
            f"the key {key} below {quote(above.strip())}, which has its value already",
            "keys of one mapping at one indentation, each with one value",
            f"move {key} to the indentation of the line above, or take the value off that line",
        )
    hint = f"quote the value if the colon belongs to it: {quoted(s.source[start[1] :].rstrip())}"
    return s.problem_at(s.at, "a second colon in one line", "one key and one value in a line", hint)


def _no_colon(s: Stumble) -> Problem:
    return _without_colon(s, s.begun)


def _without_colon(s: Stumble, at: tuple[int, int]) -> Problem:
    text = s.lines.line(at[0])[at[1] :].rstrip()
    if re.match("<{7}|={7}|>{7}", text):
        expected, hint = (
            "one version of each line",
            "keep one of the two versions, and delete the lines of marks",
        )
        return s.problem_at(at, f"{quote(text)}, the mark of a merge that was not finished", expected, hint)
    if text.count("|") > 1:
        return _stray_row(s, at)
    word, _, rest = text.partition(":" if ":" in text else " ")
    hint = "type a key, a colon and a space"
    if re.fullmatch(r"[A-Za-z_]\w*", word):
        hint = f"type {word}: {rest.strip()}".rstrip()
    what = "without a space after the colon" if ":" in text else "without a colon"
    return s.problem_at(at, f"{quote(text)}, a line {what}", '"key: value"', hint)


def _stray_row(s: Stumble, at: tuple[int, int]) -> Problem:
    """A row of a table that is not indented like the others, so that YAML does not see it as one."""
    above = next((n for n in range(at[0] - 1, -1, -1) if s.lines.line(n).strip()), at[0])
    before = s.lines.line(above)
    hint = f"indent it deeper than line {above + 1}"
    if re.search(r"\w:\s*$", before):
        hint = f"type | after the colon of line {above + 1}"
    if before.lstrip().startswith("|"):
        hint = f"indent it by {_spaces(len(before) - len(before.lstrip()))}, like line {above + 1}"
    row = quote(s.lines.line(at[0])[at[1] :].rstrip())
    expected = 'rows that begin with "|", indented alike and deeper than the key of the table'
    return s.problem_at(at, f"{row}, a row outside its table", expected, hint)


def _reserved(s: Stumble) -> Problem:
    char = s.source[s.at[1] : s.at[1] + 1]
    if char == "\t":
        return _tab(s)
    return s.problem_at(
        s.at, f"a text that begins with {char}", "text that begins with a letter or a digit, or quotes around it",
        f"type {quoted(_item_at(s.source, s.at[1]))}",
    )  # fmt: skip


def _item_at(source: str, column: int) -> str:
    """The value that begins there: the rest of the line, in brackets only up to its end."""
    before, rest = source[:column], source[column:].rstrip()
    if before.count("{") + before.count("[") <= before.count("}") + before.count("]"):
        return rest
    end = re.search(r"\s*(?:[}\]]|,\s*[\w.]+\s*:)", rest)
    return rest[: end.start()] if end else rest


def _tab(s: Stumble) -> Problem:
    line = s.at[0]
    return tab_problem(s.lines, [line])


def _misplaced(s: Stumble) -> Problem:
    """A block mapping or list ended in a way that fits no level."""
    line, column = s.at
    text = s.source[column:].rstrip()
    if s.last and s.last[3] in ("'", '"') and s.last[2] == line:
        if s.last[0] < line:
            return _never_closed(s, s.last[:2])
        whole = s.source[s.last[1] :].rstrip()
        return s.problem_at(
            s.at,
            f"{quote(text)} after the closing {s.last[3]}",
            "nothing but a comment after a quoted text",
            f"put all of it in quotes: {quoted(whole)}",
        )
    if s.source[:column].strip():
        return s.problem_at(
            s.at,
            f"{quote(text)} after a value that has ended",
            "one key and one value in a line",
            "put quotes around a text that begins with [ or {, or put the rest on a line of its own",
        )
    return _stranger(s, text) if s.begun[1] == column else _between(s)


def _stranger(s: Stumble, text: str) -> Problem:
    """A line at the indentation of a mapping or a list that is none of its keys or items."""
    if text.startswith(":"):
        return s.problem_at(
            s.at, "a colon without a key before it", '"key: value"', "type the key before the colon"
        )
    if "collection" in s.context:
        hint = 'begin the line with "- ", or move it to the indentation of the mapping it belongs to'
        return s.problem_at(
            s.at, f"{quote(text)} among the items of a list", 'a line that begins with "- "', hint
        )
    hint = "indent the items below their key, or delete the dash"
    return s.problem_at(s.at, f"{quote(text)} among the keys of a mapping", '"key: value"', hint)


def _between(s: Stumble) -> Problem:
    """A line whose indentation is that of no level."""
    line, column = s.at
    left = f"{_spaces(s.begun[1])}, like line {s.begun[0] + 1}"
    above = next((n for n in range(line - 1, -1, -1) if s.lines.line(n).strip()), line)
    deeper = len(s.lines.line(above)) - len(s.lines.line(above).lstrip(" "))
    found = f"a line indented by {_spaces(column)}"
    if deeper <= column:
        return s.problem_at(s.at, found, left, f"indent it by {left}")
    right = f"{_spaces(deeper)}, like line {above + 1}"
    return s.problem_at(
        s.at, found, f"{right}; or {left}", f"indent it by {right}, if the two belong together"
    )


def _spaces(count: int) -> str:
    return f"{count} space{'' if count == 1 else 's'}"


def _question(s: Stumble) -> Problem:
    hint = f"type {quoted(s.source[s.at[1] :].rstrip())} if the text is meant"
    return s.problem_at(s.at, "a question mark that stands alone", '"key: value"', hint)


def _dash(s: Stumble) -> Problem:
    return s.problem_at(
        s.at,
        "a list item on the line of its key",
        "each item on a line of its own, or a list in brackets",
        f"type [{s.source[s.at[1] :].lstrip('- ').rstrip()}], or begin a new line before the dash",
    )


def _no_content(s: Stumble) -> Problem:
    char = s.source[s.at[1] : s.at[1] + 1]
    if char in ("]", "}"):
        opening = "[" if char == "]" else "{"
        return s.problem_at(
            s.at,
            f'"{char}" without a "{opening}" before it',
            f'"{opening}" and "{char}" in pairs',
            f'delete "{char}"',
        )
    return s.problem_at(
        s.at,
        f"{quote(s.source[s.at[1] :])} where a value should stand",
        "a value",
        "type the value, or quote the text",
    )


def _escape(s: Stumble) -> Problem:
    return s.problem_at(
        (s.at[0], max(0, s.source.rfind("\\", 0, s.at[1] + 1))),
        "a backslash that does not begin an escape YAML knows",
        r"in double quotes: \\ \" \n \t or \u and four digits",
        "put the text in single quotes, where a backslash is a backslash",
    )


def _block_header(s: Stumble) -> Problem:
    line, column = s.begun
    if "tab" in s.problem:
        return _tab(s)
    source = s.lines.line(line)
    if not source[:column].strip() and source.count("|") > 1:
        return _stray_row(s, s.begun)
    mark, rest = source[column : column + 1], source[column + 1 :].strip()
    found, expected = f"{quote(rest)} after {mark}", f"the end of the line after {mark}"
    return s.problem_at((line, column + 1), found, expected, "begin the text on the next line, indented")


def _bare_mark(s: Stumble) -> Problem:
    text = _item_at(s.lines.line(s.begun[0]), s.begun[1])
    return s.problem_at(
        s.begun,
        f"a text that begins with {text[:1]}",
        "text that begins with a letter or a digit, or quotes around it",
        f"type {quoted(text)}",
    )


def _directive(s: Stumble) -> Problem:
    at = (s.begun[0], 0)
    return s.problem_at(
        at, f"the directive {quote(s.lines.line(at[0]))}", "a document without % lines", "delete the line"
    )


def _tag(s: Stumble) -> Problem:
    at = s.at if s.source[s.at[1] : s.at[1] + 1] == "!" else s.begun
    tag = s.lines.line(at[0])[at[1] :].split(" ")[0]
    expected = "plain text: its type follows from where it stands"
    return s.problem_at(at, f"the tag {quote(tag)}", expected, "delete the tag", "tag")


def _outdented(s: Stumble) -> Problem:
    if any(s.lines.line(n).rstrip() == "..." for n in range(s.at[0])):
        return s.problem_at(
            s.at, 'text after "...", the end of the document', "one document in a file", 'delete "..."'
        )
    return s.problem_at(
        s.at,
        "a line further left than the first key of the document",
        "every key of the document at the indentation of the first",
        "begin the first key in column 1, and every other key of the document too",
    )


def _too_deep(s: Stumble) -> Problem:
    """Newer releases of libyaml stop by themselves, far above the reader's own limit."""
    found, expected = f"more than {MAX_DEPTH} levels of nesting", f"at most {MAX_DEPTH} levels"
    return s.problem_at(s.at, found, expected, "look for brackets that are not closed", "too_deep")


def _unknown(s: Stumble) -> Problem:
    if re.match(":[}\\],]", s.source[s.at[1] :]):
        found, hint = "a key without a value", "type a space and the value after the colon, or delete the key"
        return s.problem_at(s.at, found, '"key: value"', hint)
    return s.problem_at(
        s.at,
        f"{quote(s.source[s.at[1] :])} where YAML can go no further"
        if s.source
        else "an end that comes too early",
        "lines of the form key: value",
        "look at the brackets, quotes, colons and indentation of this line and the one above",
    )


def quoted(text: str) -> str:
    """The text in the quotes it can be typed in, without quotes it has already."""
    bare = text.replace('"', "").replace("'", "") if text[:1] in ("'", '"') else text
    return f"'{bare}'" if '"' in bare or "\\" in bare else f'"{bare}"'


# In this order: which words of libyaml's (or of PyYAML's own parser's) error, and what they mean here.
_SAYINGS: tuple[tuple[tuple[str, ...], Callable[[Stumble], Problem]], ...] = (
    (("nesting depth",), _too_deep),
    (("document start",), _outdented),
    (("quoted scalar", "escape"), _escape),
    (("quoted scalar",), _unterminated),
    (("flow sequence",), _open_bracket),
    (("flow mapping",), _open_bracket),
    (("mapping values",), _second_colon),
    (("mapping keys",), _question),
    (("simple key",), _no_colon),
    (("tab character",), _tab),
    (("cannot start any token",), _reserved),
    (("sequence entries",), _dash),
    (("block mapping",), _misplaced),
    (("block collection",), _misplaced),
    (("node content",), _no_content),
    (("block scalar",), _block_header),
    (("anchor",), _bare_mark),
    (("alias",), _bare_mark),
    (("directive",), _directive),
    (("incompatible",), _directive),
    (("tag",), _tag),
)


def tab_indents(lines: Lines) -> list[int]:
    """The 0-based lines that are indented with a tab, outside the text of block scalars."""
    found: list[int] = []
    block: int | None = None
    for number, line in enumerate(lines.all()):
        spaces = len(line) - len(line.lstrip(" "))
        if not line.strip():
            continue
        if block is not None and spaces > block:
            continue
        block = None
        if line[spaces : spaces + 1] == "\t":
            found.append(number)
        elif _BLOCK_HEADER.search(line):
            block = spaces
    return found


def tab_problem(lines: Lines, numbers: list[int]) -> Problem:
    """One problem for all lines indented with tabs: they have one cause and one cure."""
    first, *others = numbers
    line = lines.line(first)
    more = f" (and in {len(others)} more line{'s' if len(others) > 1 else ''})" if others else ""
    return lines.problem(
        "tab_indent",
        first,
        max(0, line.find("\t")),
        f"a tab in the indentation{more}",
        "spaces only",
        "replace each tab with two spaces",
    )
