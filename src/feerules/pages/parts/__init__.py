"""Results as sections of a page: one function for each kind of result, found by its class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from feerules.book import Book
from feerules.frames import FrameError, into_lazy
from feerules.pages.page import Figure, Prose, Section
from feerules.pages.parts.accounts import accounts_section, action_blocks, action_figures
from feerules.pages.parts.books import bill_section, book_section
from feerules.pages.parts.comparisons import SEGMENT, comparison_section, segment_section
from feerules.pages.parts.estates import estate_section
from feerules.pages.parts.ledgers import report_section, roll_forward_section, workload_section
from feerules.pages.parts.policies import grid_section, policy_section, simulation_section
from feerules.pages.parts.proofs import cases_section, coverage_section, diff_section, findings_section
from feerules.pages.parts.reconciliations import reconciliation_section
from feerules.pages.reader import Reader, Told
from feerules.pages.tables import table_of

__all__ = ["KNOWN", "books_in", "section_of"]

Maker = Callable[[Any, Reader, str], Section]
# By the name of the class, so that a report of findings loads nothing that compares estates.
RESULTS: Mapping[str, Maker] = MappingProxyType(
    {
        "AccountsResult": accounts_section,
        "Bill": bill_section,
        "Book": book_section,
        "Comparison": comparison_section,
        "Coverage": coverage_section,
        "Diff": diff_section,
        "EstateResult": estate_section,
        "PolicyComparison": policy_section,
        "PolicyGrid": grid_section,
        "Reconciliation": reconciliation_section,
        "Report": report_section,
        "RollForward": roll_forward_section,
        "Simulation": simulation_section,
        "Workload": workload_section,
    }
)
LISTS: Mapping[str, Maker] = MappingProxyType({"CaseResult": cases_section, "Finding": findings_section})
KNOWN = (*RESULTS, *(f"list of {name}" for name in LISTS), "a frame", "a text", "(title, any of these)")


def section_of(part: Any, reader: Reader) -> Section:
    """A part of a report as a section: a result, a list of findings or cases, a frame, a text, or (title, one of these)."""
    title, part = _titled(part)
    said = reader.said(title)
    if (isinstance(part, str) and not _is_file(part)) or (
        isinstance(part, Mapping) and {*part} <= {"zh", "en"}
    ):
        return Section(said or reader.words.text("Note"), blocks=(_prose(reader.said(part)),))
    if isinstance(part, list | tuple):
        return _of_list(part, reader, said)
    name = type(part).__name__
    if name in RESULTS and type(part).__module__.partition(".")[0] == "feerules":
        return RESULTS[name](part, reader, said)
    return _of_frame(part, reader, said)


def _titled(part: Any) -> tuple[Told | None, Any]:
    if isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], str | Mapping):
        return part[0], part[1]
    return None, part


def _is_file(text: str) -> bool:
    """Whether a text is the name of a file with a frame, and no sentence."""
    return "\n" not in text and text.lower().endswith((".parquet", ".pq", ".csv"))


def books_in(parts: Sequence[Any]) -> list[Book]:
    """The books among the parts: fees are called by their titles."""
    return [part for part in (_titled(each)[1] for each in parts) if isinstance(part, Book)]


def _prose(text: str) -> Prose:
    return Prose(tuple(line.strip() for line in text.splitlines() if line.strip()))


def _of_list(part: Sequence[Any], reader: Reader, title: str) -> Section:
    """Findings or cases; nothing at all is that nothing was found."""
    names = {type(each).__name__ for each in part} or {"Finding"}
    maker = LISTS.get(next(iter(names))) if len(names) == 1 else None
    if maker is None:
        raise _unknown(
            f"a list of {', '.join(sorted(names))}", "; give parts one after another, not as a list"
        )
    return maker(part, reader, title)


def _of_frame(frame: Any, reader: Reader, title: str) -> Section:
    """A frame, or the path of one; segments and actions are told by their columns."""
    try:
        rows = into_lazy(frame)[0]
    except FrameError as error:
        if isinstance(frame, str | Path):
            raise
        raise _unknown(type(frame).__name__) from error
    names = {*rows.collect_schema()}
    if names >= SEGMENT:
        return segment_section(frame, reader, title)
    text = reader.words.text
    if {"decision", "step_id"} <= names:
        every = table_of(reader, text("Accounts, one by one"), rows)
        blocks = (*action_blocks(reader, rows), every)
        return Section(title or text("What is to be done"), tuple(action_figures(reader, rows)), blocks)
    table = table_of(reader, title or text("Table"), rows)
    return Section(title or text("Table"), (Figure(text("Rows"), reader.number(table.count)),), (table,))


def _unknown(found: str, hint: str = "") -> TypeError:
    return TypeError(f"found {found}, expected parts of a report: {', '.join(KNOWN)}{hint}")
