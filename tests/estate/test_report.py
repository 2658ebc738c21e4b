"""Reports as files: what stands in the HTML and in the workbook, in both languages, and what is refused."""

from __future__ import annotations

import re
import sys
from datetime import date
from decimal import Decimal, localcontext
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

import feerules
import report_parts
from feerules.errors import MissingExtra
from feerules.pages import workbook
from feerules.periods import PeriodError
from feerules.wording import translate
from frame_kinds import KINDS, Kind
from report_parts import EVIL, PARTS


def html(tmp_path: Path, *parts: Any, **more: Any) -> str:
    return feerules.report(tmp_path / "report.html", *parts, **more).read_text(encoding="utf-8")


def sheets(tmp_path: Path, *parts: Any, **more: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Every sheet of the workbook by name, its rows as values."""
    book = openpyxl.load_workbook(feerules.report(tmp_path / "report.xlsx", *parts, **more))
    return {name: [*book[name].iter_rows(values_only=True)] for name in book.sheetnames}


class Outline(HTMLParser):
    """The texts of a page by the elements that hold them."""

    VOID = ("meta", "link", "input", "br", "img")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        """An element of a drawing that holds nothing."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open:
            self.texts.append((self.open[-1], data.strip()))

    def of(self, tag: str) -> list[str]:
        return [text for each, text in self.texts if each == tag]


# Every kind of part


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("name", PARTS)
def test_every_kind_of_result_becomes_a_well_formed_page(tmp_path: Path, name: str, locale: str) -> None:
    outline = Outline(html(tmp_path, PARTS[name], PARTS["text"], locale=locale))
    assert len(outline.of("h2")) >= 4


@pytest.mark.parametrize("name", PARTS)
def test_every_kind_of_result_becomes_a_workbook(tmp_path: Path, name: str) -> None:
    told = sheets(tmp_path, PARTS[name], locale="en")
    assert next(iter(told)) == "Summary"
    assert all(rows for rows in told.values())


def test_a_page_of_english_has_no_chinese_but_what_users_wrote(tmp_path: Path) -> None:
    told = {name: part for name, part in PARTS.items() if name not in ("workload", "frame")}
    page = html(tmp_path, *told.values(), locale="en")
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    body = re.sub(r'font-family="[^"]*"', "", body)
    # A law is cited in its own language.
    for each in {rule for finding in PARTS["findings"] for rule in finding.basis}:
        body = body.replace(each.document, "").replace(each.clause, "")
    assert re.findall(r"[\u4e00-\u9fff]+", body) == []


def test_a_page_in_chinese_names_fees_columns_and_states_in_chinese(tmp_path: Path) -> None:
    outline = Outline(html(tmp_path, report_parts.book(), PARTS["reconciliation"]))
    assert "收费标准与已发账单对账" in outline.of("h2")
    assert {"房屋", "收费项目", "按标准应收", "已发账单", "差额", "状态"} <= {*outline.of("th")}
    assert {"物业管理费", "一致", "金额不同"} <= {*outline.of("td")}


def test_fees_go_by_their_ids_where_no_book_tells_their_titles(tmp_path: Path) -> None:
    outline = Outline(html(tmp_path, PARTS["reconciliation"]))
    assert "management" in outline.of("td")


def test_both_languages_stand_in_one_page(tmp_path: Path) -> None:
    page = html(tmp_path, PARTS["moved"], locale="both", title={"zh": "报告", "en": "A report"})
    outline = Outline(page)
    assert outline.of("h1") == ["报告", "A report"]
    assert re.findall(r'<main [^>]*lang="([^"]*)"', page) == ["zh-CN", "en"]


# What stands in it


def test_the_sums_of_the_bills_are_those_of_the_rows(tmp_path: Path) -> None:
    rows = PARTS["bills"].rows
    total = f"{rows['total'].sum():,}"
    outline = Outline(html(tmp_path, PARTS["bills"], locale="en"))
    assert outline.of("dd").count(total) == 1
    told = sheets(tmp_path, PARTS["bills"], locale="en")
    last = told["Bills, unit by unit"][-1]
    assert last[-1] == pytest.approx(float(rows["total"].sum()), abs=0)
    assert last[0] == "Sum"


def test_a_roll_forward_is_drawn_as_a_waterfall_from_opening_to_closing(tmp_path: Path) -> None:
    moved = PARTS["moved"].rows
    rows = sheets(tmp_path, PARTS["moved"], locale="en")["From opening to closing"]
    steps = dict(rows[1:])
    assert steps["Opening"] == float(moved["opening"].sum())
    assert steps["Received"] == -float(moved["received"].sum())
    assert sum(value for label, value in steps.items() if label != "Closing") == pytest.approx(
        steps["Closing"]
    )


def test_a_page_bears_the_day_that_it_is_given_and_the_digest_of_the_rules(tmp_path: Path) -> None:
    page = html(tmp_path, PARTS["bills"], on="2026-11-26")
    assert "2026年11月26日" in page
    assert report_parts.book().digest in page


def test_there_is_a_line_for_each_signature(tmp_path: Path) -> None:
    people = [{"zh": "财务总监", "en": "Finance director"}, "李"]
    outline = Outline(html(tmp_path, PARTS["text"], signed_by=people, locale="en"))
    assert [text for text in outline.of("span") if text != "Date:"] == ["Finance director", "李"]
    told = [row[0] for row in sheets(tmp_path, PARTS["text"], signed_by="财务总监")["摘要"]]
    assert told[-3:] == ["签署", None, "财务总监"]


def test_findings_stand_with_their_places_the_law_and_what_to_do(tmp_path: Path) -> None:
    outline = Outline(html(tmp_path, PARTS["findings"], locale="en"))
    found = PARTS["findings"]
    assert [str(each.where) for each in found] == [
        text for text in outline.of("td") if text.startswith(("dunning.yaml:", "garden.yaml:"))
    ]
    for each in found:
        cells = outline.of("td")
        assert {each.code, each.message["en"], each.hint["en"]} <= {*cells}
        assert all(any(rule.told(translate("en")) in cell for cell in cells) for rule in each.basis)


def test_no_findings_are_an_answer_too(tmp_path: Path) -> None:
    outline = Outline(html(tmp_path, []))
    assert "未发现问题。" in outline.of("p")


def test_the_page_forbids_every_request_and_every_script_but_its_own(tmp_path: Path) -> None:
    page = html(tmp_path, PARTS["text"])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-"
    )
    assert re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*\"", page) == []
    assert re.findall(r"https?://(?!www\.w3\.org/)", page) == []


@pytest.mark.parametrize("ending", ["html", "xlsx"])
def test_the_same_parts_give_the_same_bytes(tmp_path: Path, ending: str) -> None:
    parts = [PARTS[name] for name in ("rules", "findings", "bills", "moved", "ageing", "segments", "frame")]
    told = [feerules.report(tmp_path / f"{number}.{ending}", *parts) for number in (1, 2)]
    assert told[0].read_bytes() == told[1].read_bytes()


def test_sums_do_not_depend_on_the_decimals_that_a_caller_keeps(tmp_path: Path) -> None:
    usual = html(tmp_path, PARTS["bills"], PARTS["segments"], PARTS["ageing"])
    with localcontext() as context:
        context.prec = 2
        assert html(tmp_path, PARTS["bills"], PARTS["segments"], PARTS["ageing"]) == usual


# Many rows


def test_a_table_of_many_rows_is_cut_and_says_where_the_others_are(tmp_path: Path) -> None:
    rows = pl.DataFrame({"n": range(2_500)})
    outline = Outline(html(tmp_path, ("many", rows), locale="en"))
    told = "Shown are the first 1,000 of 2,500 rows; all of them stand in this report as a workbook (.xlsx)."
    assert told in outline.of("p")
    assert len(outline.of("td")) == 1_000
    assert len(sheets(tmp_path, ("many", rows))["many"]) == 2_501


def test_rows_beyond_a_sheet_go_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_SHEET_ROWS", 10)
    told = sheets(tmp_path, ("many", pl.DataFrame({"n": range(25)})))
    assert [*told][1:] == ["many", "many (2)", "many (3)"]
    assert [row[0] for name in [*told][1:] for row in told[name][1:]] == [*range(25)]


@pytest.mark.parametrize(
    "frame", [pl.DataFrame(), pl.DataFrame({"n": []}), pl.DataFrame({"n": [None]}), pl.DataFrame({"b": [b"\x00\xff"]})]
)  # fmt: skip
def test_a_frame_with_next_to_nothing_is_a_part_too(tmp_path: Path, frame: pl.DataFrame) -> None:
    assert Outline(html(tmp_path, ("t", frame))).of("h1") == ["t"]
    assert "摘要" in sheets(tmp_path, ("t", frame))


def test_a_text_without_a_word_is_a_part_too(tmp_path: Path) -> None:
    assert "提示" in Outline(html(tmp_path, "", PARTS["text"])).of("h2")


# Frames of any kind


def test_any_kind_of_frame_gives_the_same_table(tmp_path: Path, kind: Kind) -> None:
    frame = pl.DataFrame({"unit_id": ["A", "B"], "amount": ["1.50", "2.00"]})
    expected = html(tmp_path, ("table", frame))
    given = kind.give(frame, tmp_path)
    assert html(tmp_path, ("table", Path(given) if isinstance(given, str) else given)) == expected


def test_a_text_that_names_a_file_is_that_file(tmp_path: Path) -> None:
    pl.DataFrame({"n": [7]}).write_parquet(tmp_path / "n.parquet")
    assert "7" in Outline(html(tmp_path, str(tmp_path / "n.parquet"))).of("td")


@pytest.mark.parametrize(
    "kind",
    [each for each in KINDS if each.name in ("pandas", "pyarrow", "polars lazy")],
    ids=lambda each: each.name,
)
def test_bills_in_any_kind_of_frame_give_the_same_page(tmp_path: Path, kind: Kind) -> None:
    units = report_parts.units().with_columns(pl.col("area").fill_null("50.00"))
    like, other = (
        feerules.price_estate(each, report_parts.book(), "2026-11")
        for each in (units, kind.give(units, tmp_path))
    )
    assert html(tmp_path, other) == html(tmp_path, like)


# The workbook


def test_money_is_a_number_with_two_decimals_and_days_are_days(tmp_path: Path) -> None:
    frame = pl.DataFrame({"amount": ["1234.50", "-0.01"], "on": [date(2026, 11, 26), None]}).with_columns(
        pl.col("amount").cast(pl.Decimal(18, 2))
    )
    book = openpyxl.load_workbook(feerules.report(tmp_path / "r.xlsx", ("t", frame)))
    cells = [book["t"]["A2"], book["t"]["A3"], book["t"]["B2"]]
    assert [cell.value for cell in cells[:2]] == [1234.5, -0.01]
    assert cells[0].number_format == "#,##0.00"
    assert (cells[2].value.date(), cells[2].number_format) == (date(2026, 11, 26), "yyyy-mm-dd")


def test_a_number_of_more_digits_than_a_sheet_holds_is_text(tmp_path: Path) -> None:
    rows = sheets(tmp_path, ("t", report_parts.frame()))["t"]
    assert rows[4][2] == "99,999,999,999,999,999.99"
    assert rows[1][2] == 1234.5


def test_what_begins_like_a_formula_is_text(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(
        feerules.report(tmp_path / "r.xlsx", PARTS["frame"], title="=1+1", note="@SUM(1)")
    )
    cells = [
        cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)
    ]
    active = [cell for cell in cells if cell.value[0] in "=+-@"]
    assert {"=1+1", "@SUM(1)", "=HYPERLINK(1)", "@b", "-1+1", "+1"} <= {cell.value for cell in active}
    assert {cell.data_type for cell in active} == {"s"}
    assert all(cell.quotePrefix for cell in active)


def test_the_heading_of_a_sheet_stays_and_filters(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(feerules.report(tmp_path / "r.xlsx", PARTS["reconciliation"]))
    sheet = book["逐行对照"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", sheet.dimensions)
    assert sheet.column_dimensions["B"].width > 8


def test_names_of_sheets_are_such_as_a_workbook_can_have(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [1]})
    titles = ["a/b:c*d?e[f]g\\h", "'quoted'", "x" * 40, "X" * 40, "History", "", "摘要"]
    told = [*sheets(tmp_path, *((title, frame) for title in titles))]
    assert told == [
        "摘要", "a b c d e f g h", "quoted", "x" * 31, "X" * 27 + " (2)", "History (2)", "表", "摘要 (2)",
    ]  # fmt: skip


def test_a_text_longer_than_a_cell_is_cut(tmp_path: Path) -> None:
    rows = sheets(tmp_path, ("t", pl.DataFrame({"x": ["长" * 40_000]})))["t"]
    assert rows[1][0] == "长" * 32_766 + "…"


# What is refused


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"^found report\.pdf, expected a file that ends in \.html or \.xlsx$"
    ):
        feerules.report(tmp_path / "report.pdf", PARTS["text"])


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    for ending in ("html", "xlsx"):
        with pytest.raises(FileNotFoundError, match=r"^no such folder: .*nowhere$"):
            feerules.report(tmp_path / "nowhere" / f"report.{ending}", PARTS["text"])


def test_a_report_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^found no parts, expected at least one result to report$"):
        feerules.report(tmp_path / "report.html")


def test_what_is_no_result_is_told_with_what_would_be(tmp_path: Path) -> None:
    with pytest.raises(TypeError) as caught:
        feerules.report(tmp_path / "report.html", 7)
    assert str(caught.value).startswith("found int, expected parts of a report: AccountsResult, Bill, Book")
    with pytest.raises(
        TypeError,
        match=r"^found a list of Book, EstateResult, .*; give parts one after another, not as a list$",
    ):
        feerules.report(tmp_path / "report.html", [PARTS["bills"], PARTS["rules"]])


def test_nothing_is_written_where_a_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        feerules.report(tmp_path / "report.html", PARTS["text"], 7)
    assert [*tmp_path.iterdir()] == []


def test_a_day_that_is_none_and_a_language_that_is_unknown_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PeriodError, match=r"26\.11"):
        feerules.report(tmp_path / "report.html", PARTS["text"], on="26.11.2026")
    with pytest.raises(ValueError, match="found the locale 'fr'"):
        feerules.report(tmp_path / "report.html", PARTS["text"], locale="fr")


def test_a_text_that_was_meant_as_a_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such file or folder: .*nothing\.parquet"):
        feerules.report(tmp_path / "report.html", ("t", tmp_path / "nothing.parquet"))


def test_an_extra_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("feerules.pages.html")
    monkeypatch.setitem(sys.modules, "feerules.pages.html", None)
    with pytest.raises(MissingExtra, match=r'report needs .*: run pip install "feerules\[report\]"'):
        feerules.report(tmp_path / "report.html", PARTS["text"])


def test_decimals_of_any_size_are_written_whole(tmp_path: Path) -> None:
    wide = pl.DataFrame(
        {"x": [Decimal("1234567890123456789012345678.901234")]}, schema={"x": pl.Decimal(38, 6)}
    )
    assert "1,234,567,890,123,456,789,012,345,678.901234" in html(tmp_path, ("t", wide))


def test_user_text_is_escaped_everywhere(tmp_path: Path) -> None:
    page = html(tmp_path, *PARTS.values(), title=EVIL, note=EVIL, signed_by=[EVIL])
    assert "<script>document" not in page
    assert "<img" not in page


def test_segments_go_by_the_titles_and_spellings_of_facts(tmp_path: Path) -> None:
    text = """
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  kind: {choice: [home, shed], words: {住宅: home, 储藏室: shed}, title: {zh: 类型, en: Type}}
  empty: {boolean: true, title: {zh: 空置, en: Vacant}}
fees: {card: {applies: {kind: home}, rate: 3}, gate: {applies: {empty: true}, rate: 2}}
"""
    book = feerules.load_files({"garden.yaml": text})
    units = pl.DataFrame({"unit_id": ["A", "B"], "kind": ["home", "shed"], "empty": [True, False]})
    dearer = feerules.Reform().rate("card", to=4).apply(book)
    segments = feerules.compare(book, dearer, units, "2026-11").by_segment("kind", "empty")
    assert '<th scope="row">住宅、空置：是</th>' in html(tmp_path, book, segments)
    assert '<th scope="row">shed, Vacant: no</th>' in html(tmp_path, book, segments, locale="en")


def test_charts_come_alone_for_a_notebook() -> None:
    (drawn,) = feerules.charts(PARTS["ageing"], locale="en")
    assert drawn.startswith("<figure")
    assert "<svg" in drawn
    assert feerules.charts("A text.") == []
