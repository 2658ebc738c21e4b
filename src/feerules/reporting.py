"""A report for people who decide and sign: any results, as one HTML file or as a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feerules.clocks import read_day
from feerules.errors import MissingExtra
from feerules.wording import EXACT, translate

if TYPE_CHECKING:
    from feerules.pages.page import Page
    from feerules.pages.reader import Reader

__all__ = ["charts", "report"]

Told = str | Mapping[str, str]
ENDINGS = (".html", ".htm", ".xlsx")
BOTH = ("zh_CN", "en")


def report(
    path: str | Path,
    *parts: Any,
    title: Told = "",
    locale: str = "zh_CN",
    on: str | date | None = None,
    note: Told = "",
    signed_by: Told | Sequence[Told] = (),
    most_rows: int = 1_000,
) -> Path:
    """Writes results as one file: `.html` to read and print, `.xlsx` to calculate with; the same parts in both.

    A part is what a verb of feerules answered (a comparison, a reconciliation, bills, actions, a report of a
    ledger), the findings of `check`, the results of `run_cases`, a `Book` (fees are then called by their
    titles), any frame, a text, or `(title, one of these)`. Titles and texts are a text or {"zh": …, "en": …}.
    `locale="both"` gives both languages: with a switch in the page, as sheets one after the other in a
    workbook. `on` is the day that the report bears; there is no clock. `signed_by` are lines for signatures.
    In HTML a table has at most `most_rows` rows and says so; the workbook has them all. The HTML needs nothing
    besides itself and asks nothing of any network. The same parts give the same bytes. Gives the path.
    Needs the extra `report`.

    >>> report("bills.pdf", "text")
    Traceback (most recent call last):
    ValueError: found bills.pdf, expected a file that ends in .html or .xlsx
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"found {path.name}, expected a file that ends in .html or .xlsx")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.parent}")
    if not parts:
        raise ValueError("found no parts, expected at least one result to report")
    if most_rows < 1:
        raise ValueError(f"found most_rows={most_rows}, expected at least 1")
    day = None if on is None else read_day(on, "on")
    locales = BOTH if locale == "both" else (locale,)
    for each in locales:
        translate(each)
    signatures = [signed_by] if isinstance(signed_by, str | Mapping) else [*signed_by]
    with localcontext(EXACT):
        pages = [_page(parts, each, title, day, note, signatures) for each in locales]
        if path.suffix.lower() == ".xlsx":
            _extra("workbook").write_workbook(path, pages)
        else:
            path.write_text(
                _extra("html").html_of(pages, most_rows=most_rows), encoding="utf-8", newline="\n"
            )
    return path


def charts(*parts: Any, locale: str = "zh_CN") -> list[str]:
    """The charts that `report` draws of these parts, each as a piece of HTML with an SVG, such as a notebook shows.

    A part without anything to draw has none. Needs the extra `report`.
    """
    with localcontext(EXACT):
        page, _ = _page(parts, locale, "", None, "", ())
        drawn: list[str] = _extra("html").charts_of(page)
    return drawn


def _page(
    parts: Sequence[Any], locale: str, title: Told, on: date | None, note: Told, signed_by: Sequence[Told]
) -> tuple[Page, Reader]:
    module = _extra("making")
    made: tuple[Page, Reader] = module.page_of(
        parts, locale, title=title, on=on, note=note, signed_by=signed_by
    )
    return made


def _extra(module: str) -> Any:
    """The modules that need the extra `report`."""
    try:
        from feerules.pages import html, making, workbook
    except ModuleNotFoundError as error:
        raise MissingExtra("report", "report", error.name or "") from error
    return {"html": html, "making": making, "workbook": workbook}[module]
