"""A report as its readers see it: in Debian's Chromium, on a screen, on a phone, and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import browser
import feerules
import report_parts

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with browser.browser(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of part, in both languages."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    return feerules.report(
        path, *report_parts.PARTS.values(), title=report_parts.EVIL, locale="both", on="2026-11-26",
        note=report_parts.EVIL, signed_by=[report_parts.EVIL],
    )  # fmt: skip


@pytest.fixture
def report(window: Any, page: Path) -> Any:
    """The browser with the report just opened."""
    window.set_window_size(1280, 1400)
    browser.visit(window, page)
    return window


def texts(window: Any, selector: str) -> list[str]:
    told: list[str] = window.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent.trim())", selector
    )
    return told


# What a page may do


def test_the_watch_sees_a_request_that_leaves_and_an_error_that_is_said(window: Any, tmp_path: Path) -> None:
    path = tmp_path / "leaky.html"
    path.write_text('<img src="http://example.invalid/leak.png"><script>console.error("wrong")</script>')
    browser.visit(window, path)
    assert browser.left(window) == ["http://example.invalid/leak.png"]
    assert any("wrong" in message for message in browser.said(window))


def test_a_report_opens_without_a_request_and_without_an_error(report: Any) -> None:
    assert texts(report, "main.zh h1") == [report_parts.EVIL]
    assert browser.left(report) == []
    assert browser.said(report) == []


def test_what_users_wrote_is_shown_and_never_run(report: Any) -> None:
    assert report.title == report_parts.EVIL
    assert (
        report.execute_script("return document.querySelectorAll('img, main script, svg script').length") == 0
    )
    assert report_parts.EVIL in texts(report, "main.zh tbody td")


def test_a_script_that_is_not_ours_does_not_run(report: Any) -> None:
    """The policy of the page forbids it, should anything ever slip through."""
    report.execute_script(
        "const script = document.createElement('script');"
        "script.textContent = \"document.title = 'ran'\"; document.body.append(script)"
    )
    assert report.title == report_parts.EVIL
    assert any("Content Security Policy" in message for message in browser.said(report))


def test_an_image_from_elsewhere_is_not_asked_for(report: Any) -> None:
    report.execute_async_script(
        "const image = new Image(); image.onload = image.onerror = () => arguments[0]();"
        "image.src = 'http://example.invalid/a.png'; document.body.append(image)"
    )
    assert browser.left(report) == []
    assert any("Content Security Policy" in message for message in browser.said(report))


# What is there


def test_every_chart_has_a_size_and_a_sentence(report: Any) -> None:
    sizes = report.execute_script(
        "return [...document.querySelectorAll('main.zh svg')]"
        ".map((each) => [each.getBoundingClientRect().width, each.getBoundingClientRect().height,"
        " each.querySelectorAll('path[fill], rect[fill]').length, each.getAttribute('aria-label')])"
    )
    assert len(sizes) >= 8
    assert [each for each in sizes if each[0] < 300 or each[1] < 60 or not each[2] or not each[3]] == []


def test_text_of_a_chart_stands_inside_its_picture(report: Any) -> None:
    outside = report.execute_script(
        """
        return [...document.querySelectorAll('main.zh svg')].flatMap((svg) => {
          const box = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')].filter((text) => {
            const its = text.getBoundingClientRect();
            return its.width && (its.left < box.left - 2 || its.right > box.right + 2 || its.bottom > box.bottom + 2);
          }).map((text) => text.textContent);
        })
        """
    )
    assert outside == []


# Languages


def test_one_language_is_shown_and_the_other_a_click_away(report: Any) -> None:
    seen = "return [...document.querySelectorAll('main')].map((each) => each.offsetHeight > 0)"
    assert report.execute_script(seen) == [True, False]
    report.find_element("css selector", ".languages [for=in-en]").click()
    assert report.execute_script(seen) == [False, True]


# Tables


def table(window: Any, heading: str, language: str = "zh") -> Any:
    found = window.execute_script(
        "return [...document.querySelectorAll(`main.${arguments[1]} .table`)]"
        ".find((each) => each.querySelector(`[role=region]`)?.ariaLabel === arguments[0])",
        heading,
        language,
    )
    assert found is not None, heading
    return found


def column(window: Any, shown: Any, number: int) -> list[str]:
    told: list[str] = window.execute_script(
        "return [...arguments[0].querySelectorAll('tbody tr:not([hidden])')].map((row) => row.cells[arguments[1]].textContent)",
        shown,
        number,
    )
    return told


def heading(window: Any, shown: Any, number: int) -> Any:
    """The heading of a column, in view: a table that was not in view yet grows when it comes into it."""
    found = shown.find_elements("css selector", "th [role=button]")[number]
    for _ in range(2):
        window.execute_async_script(
            "arguments[0].scrollIntoView({block: 'center'});"
            "requestAnimationFrame(() => requestAnimationFrame(arguments[1]))",
            found,
        )
    return found


def test_money_sorts_as_numbers_with_what_is_empty_at_the_end(report: Any) -> None:
    shown = table(report, report_parts.EVIL)
    heading(report, shown, 2).click()
    rising = ["-0.01", "3.00", "20.00", "1,234.50", "99,999,999,999,999,999.99", "–"]
    assert column(report, shown, 2) == rising
    assert shown.find_element("css selector", "th:nth-child(3)").get_attribute("aria-sort") == "ascending"
    heading(report, shown, 2).click()
    assert column(report, shown, 2) == [*reversed(rising[:-1]), "–"]


def test_a_heading_sorts_by_the_keyboard_too(report: Any) -> None:
    shown = table(report, report_parts.EVIL)
    heading(report, shown, 1).send_keys(" ")
    assert column(report, shown, 1) == ["0", "1", "2", "3", "10", "–"]


def test_rows_are_filtered_by_every_word_that_is_typed(report: Any) -> None:
    shown = table(report, "逐行对照")
    every = column(report, shown, 0)
    box = shown.find_element("css selector", "input[type=search]")
    box.send_keys("u-00 物业管理费")
    kept = column(report, shown, 0)
    assert 0 < len(kept) < len(every)
    assert all(unit.startswith("U-00") for unit in kept)
    assert {*column(report, shown, 1)} == {"物业管理费"}
    count = shown.find_element("css selector", "output").text
    assert count == f"显示{len(kept)}行，共{len(every)}行"


def test_a_column_of_few_words_is_chosen_from_a_list(report: Any) -> None:
    shown = table(report, "逐行对照")
    states = next(
        each
        for each in shown.find_elements("css selector", "select")
        if each.get_attribute("aria-label") == "状态"
    )
    states.find_element("css selector", "option[value='金额不同']").click()
    assert {*column(report, shown, 5)} == {"金额不同"}


def test_sums_are_hidden_while_rows_are(report: Any) -> None:
    shown = table(report, "逐户账单")
    sums = shown.find_element("css selector", "tfoot tr")
    assert sums.is_displayed()
    shown.find_element("css selector", "input[type=search]").send_keys("U-00")
    assert not sums.is_displayed()


# A phone, and paper


def test_nothing_is_wider_than_a_phone(report: Any) -> None:
    report.set_window_size(500, 900)
    inner, page_width = report.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
    assert page_width <= inner


def pages(window: Any) -> int:
    return len(re.findall(rb"/Type /Page\b", browser.on_paper(window)))


def test_a_report_prints_on_pages_of_a4(report: Any) -> None:
    printed = browser.on_paper(report)
    assert printed.startswith(b"%PDF")
    boxes = {
        tuple(round(float(each)) for each in box.split())
        for box in re.findall(rb"/MediaBox \[([^\]]*)\]", printed)
    }
    assert boxes <= {(0, 0, 595, 842), (0, 0, 842, 595)}
    assert len(re.findall(rb"/Type /Page\b", printed)) > 5


def test_long_tables_are_cut_on_paper(window: Any, tmp_path: Path) -> None:
    numbers = pl.DataFrame({"n": range(1, 901)})
    short, long = tmp_path / "short.html", tmp_path / "long.html"
    feerules.report(short, ("numbers", numbers.head(60)), locale="en")
    feerules.report(long, ("numbers", numbers), locale="en")
    browser.visit(window, short)
    few = pages(window)
    browser.visit(window, long)
    assert pages(window) == few
    assert texts(window, ".on-paper") == ["On paper the first 50 rows that are shown."]


def test_boxes_to_filter_are_not_printed(report: Any) -> None:
    report.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = report.execute_script(
            "return [...document.querySelectorAll('.tools, .languages, details')].filter((each) => each.offsetHeight).length"
        )
    finally:
        report.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown == 0


# Without the script


def test_without_its_script_everything_can_still_be_read(window: Any, page: Path) -> None:
    window.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.visit(window, page)
    finally:
        window.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert window.find_elements("css selector", ".tools") == []
    assert "E" in table(window, "应收款").text
