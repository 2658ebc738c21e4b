"""Cases as a YAML document that people read: one line for what goes in, one for what comes out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["WrittenCase", "document_of", "written"]

Plain = str | Sequence[Any] | Mapping[str, Any]
# What YAML does not take as it stands, inside { } and [ ].
_SPECIAL = re.compile(r"""[\[\]{},#&*!|>'"%@`\\\n\t]|:(?: |$)|^[-?](?: |$)|^ | $|^$""")


@dataclass(frozen=True, slots=True)
class WrittenCase:
    """A case as it is written: `given` says unit: or position:, `asked` the period or the day."""

    name: Mapping[str, str]
    given: tuple[str, Mapping[str, str]]
    asked: tuple[str, str]
    expect: Mapping[str, Any]
    shares: Mapping[str, str]


def document_of(
    document: str, title: Mapping[str, str], head: Iterable[str], cases: Iterable[WrittenCase]
) -> str:
    """A whole document of `kind: cases`, after some lines of comment."""
    lines = [
        *(f"# {line}".rstrip() for line in head),
        "kind: cases",
        f"for: {document}",
        f"title: {written(title)}",
    ]
    return "\n".join([*lines, "cases:", *(line for case in cases for line in _lines(case)), ""])


def _lines(case: WrittenCase) -> Iterable[str]:
    yield f"  - name: {written(case.name)}"
    yield f"    {case.given[0]}: {written(case.given[1])}"
    yield f"    {case.asked[0]}: {case.asked[1]}"
    if case.shares:
        yield f"    shares: {written(case.shares)}"
    yield f"    expect: {written(case.expect)}"


def written(value: Plain) -> str:
    """A value on one line.

    >>> written({"type": "home, shop", "area": "89.50", "lines": ["1", "2"]})
    '{type: "home, shop", area: 89.50, lines: [1, 2]}'
    """
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {written(each)}" for key, each in value.items()) + "}"
    return "[" + ", ".join(map(written, value)) + "]"


def _scalar(text: str) -> str:
    if _SPECIAL.search(text) is None:
        return text
    return (
        '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
    )
