"""Bad documents are refused with words that mend them; each message is held by the text beside its document.

In data/bad, a document or a folder of them says in its first line why it is bad; the .txt of the same name
is what loading it says. After a change of words, run this file: it writes the texts anew, for git to show.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from feerules import Problem, RuleErrors

DATA = Path(__file__).parent / "data"
BAD = DATA / "bad"


def documents() -> list[Path]:
    return sorted(path for path in BAD.iterdir() if path.suffix != ".txt")


def text_of(path: Path) -> Path:
    return BAD / f"{path.stem}.txt"


def files_of(path: Path) -> list[Path]:
    return sorted(path.rglob("*.*")) if path.is_dir() else [path]


def refused(path: Path) -> RuleErrors:
    with pytest.raises(RuleErrors) as caught:
        feerules.load(path)
    return caught.value


every_bad_document = pytest.mark.parametrize(
    "path", documents(), ids=lambda path: path.stem.replace("_", " ")
)


@every_bad_document
def test_a_bad_document_is_told_word_for_word(path: Path) -> None:
    assert str(refused(path)) + "\n" == text_of(path).read_text(encoding="utf-8")


@every_bad_document
def test_a_bad_document_says_itself_why_it_is_bad(path: Path) -> None:
    firsts = [file.read_text(encoding="utf-8").partition("\n")[0] for file in files_of(path)]
    assert [first for first in firsts if first.startswith("# ")] != []


@every_bad_document
def test_a_problem_has_a_place_in_a_file_and_says_what_was_found_and_expected(path: Path) -> None:
    lines = {file.name: file.read_text(encoding="utf-8").split("\n") for file in files_of(path)}
    for problem in refused(path).problems:
        assert problem.code
        assert problem.found
        assert problem.expected
        assert 1 <= problem.where.line <= len(lines[problem.where.file])
        assert 1 <= problem.where.column <= len(lines[problem.where.file][problem.where.line - 1]) + 1


@every_bad_document
def test_problems_stand_in_the_order_of_the_files_each_once(path: Path) -> None:
    problems = refused(path).problems
    assert sorted(problems, key=lambda problem: problem.where) == list(problems)
    assert len(set(problems)) == len(problems)


def width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


@every_bad_document
def test_the_caret_stands_under_the_character_however_wide_the_line(path: Path) -> None:
    for problem in refused(path).problems:
        if problem.excerpt:
            _, shown, caret, *_ = str(problem).split("\n")
            before = width(shown) - width(problem.excerpt[problem.where.column - 1 :])
            assert width(caret) == before + 1


def test_every_text_belongs_to_a_document_and_there_are_many() -> None:
    texts = {path.stem for path in BAD.glob("*.txt")}
    assert texts == {path.stem for path in documents()}
    assert len(texts) >= 60


# Where the bytes of a file matter, or there are too many of them for a file of their own.

GARDEN = """\
kind: fee-schedule
id: garden
title: 锦绣花园收费标准
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 1000, unit: m²}
fees:
  management: {per: area, rate: 2.80}
"""

BYTES = [
    pytest.param(b"", """\
1 problem in the rules
garden.yaml:1:1: empty_file
  found:    an empty file
  expected: a document that begins with kind:
  hint:     begin with kind: fee-schedule, or another kind""", id="an empty file"),
    pytest.param(GARDEN.replace("²", "").encode("gbk"), """\
1 problem in the rules
garden.yaml:3:8: not_utf8
  3 | title: 锦绣花园收费标准
    |        ^
  found:    bytes that are not UTF-8, from byte 37
  expected: a file saved as UTF-8
  hint:     it looks like GB18030, the Chinese encoding of Windows: save it again as UTF-8""", id="GBK"),
    pytest.param(GARDEN.encode("utf-16"), """\
1 problem in the rules
garden.yaml:1:1: not_utf8
  1 | kind: fee-schedule
    | ^
  found:    bytes that are not UTF-8, from byte 0
  expected: a file saved as UTF-8
  hint:     it looks like UTF-16: save it again as UTF-8""", id="UTF-16"),
    pytest.param(GARDEN.replace("锦绣花园", "锦绣\x00花园").encode(), """\
1 problem in the rules
garden.yaml:3:10: control_character
  3 | title: 锦绣\ufffd花园收费标准
    |        \u3000\u3000^
  found:    a character that cannot be seen: U+0000
  expected: text that can be seen
  hint:     delete it, or type the line again""", id="a null byte"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "told"), BYTES)
def test_bytes_that_are_no_document_are_told_word_for_word(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "garden.yaml").write_bytes(content)
    assert str(refused(tmp_path)) == told


@pytest.mark.parametrize(("name", "code", "most"), [
    ("garden.yaml", "too_big", "4,194,304"),
    ("prices.csv", "file_too_big", "20,971,520"),
])  # fmt: skip
def test_a_file_of_100_mb_is_refused_unread(name: str, code: str, most: str, tmp_path: Path) -> None:
    rate = "{file: prices.csv, otherwise: problem}"
    (tmp_path / "garden.yaml").write_text(GARDEN.replace("2.80", rate), encoding="utf-8")
    with (tmp_path / name).open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    (problem,) = refused(tmp_path).problems
    assert (str(problem.where), problem.code) == (f"{name}:1:1", code)
    assert (problem.found, problem.expected) == ("a file of 104,857,600 bytes", f"at most {most} bytes")


def test_a_folder_without_documents_says_what_to_put_there(tmp_path: Path) -> None:
    assert str(refused(tmp_path)) == (
        "1 problem in the rules\n"
        ".:1:1: no_documents\n"
        "  found:    no .yaml file\n"
        "  expected: at least one document\n"
        "  hint:     put a document such as garden.yaml into the folder"
    )


@pytest.mark.parametrize("name", ["a\\0b.csv", "x" * 5_000 + ".csv", "folder", "link.csv"])
def test_a_file_that_cannot_be_read_is_a_problem(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "link.csv")
    document = GARDEN.replace("2.80", f'{{file: "{name}", otherwise: problem}}')
    (tmp_path / "garden.yaml").write_text(document, encoding="utf-8")
    (problem,) = refused(tmp_path).problems
    assert problem.code in ("unreadable", "missing_file")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("type,rate\nshop,6.50\n")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "prices.csv").symlink_to(tmp_path / "secret.csv")
    document = GARDEN.replace("2.80", "{file: prices.csv, otherwise: problem}")
    (tmp_path / "book" / "garden.yaml").write_text(document, encoding="utf-8")
    assert [problem.code for problem in refused(tmp_path / "book").problems] == ["missing_file"]


def table(head: str, rows: Iterator[str]) -> str:
    lines = "".join(f"      {line}\n" for line in (head, *rows))
    return GARDEN.replace("rate: 2.80}", "").replace("{per: area, ", f"\n    rate: |\n{lines}")


def test_a_table_that_is_too_wide_is_refused() -> None:
    document = table("|" + "".join(f" c{n} |" for n in range(201)), iter(["|" + " - |" * 201]))
    with pytest.raises(RuleErrors) as caught:
        feerules.load_files({"garden.yaml": document})
    assert str(caught.value).endswith("found:    201 columns\n  expected: at most 200")


def test_a_table_that_asks_for_too_much_is_refused_and_names_its_columns() -> None:
    facts = "".join(f"  f{n}: {{integer: true, min: 0, max: 1000000}}\n" for n in range(6))
    rows = (
        "|"
        + "".join(
            f" [{(7919 * row * (n + 1)) % 400_000}..{400_000 + (104_729 * row * (n + 2)) % 500_000}] |"
            for n in range(6)
        )
        + " 1 |"
        for row in range(400)
    )
    head = "|" + "".join(f" f{n} |" for n in range(6)) + " rate |"
    document = table(head, rows).replace("fees:\n", f"{facts}fees:\n") + "    otherwise: problem\n"
    with pytest.raises(RuleErrors) as caught:
        feerules.load_files({"garden.yaml": document})
    (problem,) = caught.value.problems
    assert problem.code == "table_too_large"
    assert problem.expected == "a table that needs at most 4,000,000"
    assert {f"f{n}" for n in range(6)} >= set(problem.found.partition("columns ")[2].split(", "))


def test_formulas_that_need_each_other_in_a_very_long_chain_are_refused() -> None:
    chain = "".join(f"  d{n}: d{n + 1} + 1\n" for n in range(2_000))
    document = GARDEN.replace("fees:\n", f"derived:\n{chain}  d2000: area\nfees:\n").replace(
        "area, rate", "d0, rate"
    )
    with pytest.raises(RuleErrors) as caught:
        feerules.load_files({"garden.yaml": document})
    assert {problem.code for problem in caught.value.problems} == {"too_deep"}


def test_includes_that_branch_again_and_again_are_read_once_each() -> None:
    files: dict[str, str | bytes] = {
        f"f{n}.yaml": f"kind: facts\nid: f{n}\ninclude: [f{n + 1}.yaml, f{n + 2}.yaml]\n" for n in range(35)
    }
    files |= {f"f{n}.yaml": f"kind: facts\nid: f{n}\n" for n in (35, 36)}
    feerules.load_files(files | {"garden.yaml": GARDEN.replace("facts:", "include: [f0.yaml]\nfacts:")})


# What looks wrong and is right


def amount(document: bytes, unit: dict[str, Any]) -> str:
    return str(feerules.price(unit, feerules.load_files({"garden.yaml": document}), "2026-11").total)


FLOORS = """\
kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts:
  area: {decimal: 2, min: 0, max: 1000, unit: m², aliases: [建筑面积]}
  floor: {integer: true, min: 1, max: 30, aliases: [楼层]}
fees:
  management:
    per: 建筑面积
    rate: |
      | 楼层   | rate |
      |--------|------|
      | [1..3] | 2.00 |
      | > 3    | 2.80 |
"""
FINE = [
    ("a byte order mark", b"\xef\xbb\xbf" + FLOORS.encode()),
    ("the line ends of Windows", FLOORS.replace("\n", "\r\n").encode()),
    ("both", b"\xef\xbb\xbf" + FLOORS.replace("\n", "\r\n").encode()),
    ("Chinese names that are declared as aliases", FLOORS.encode()),
    ("a table without its line of dashes", FLOORS.replace("      |--------|------|\n", "").encode()),
    ("Chinese punctuation in a title", FLOORS.replace("id: garden", "id: garden\ntitle: 收费：甲、乙（丙），丁。").encode()),
]  # fmt: skip


@pytest.mark.parametrize(("title", "document"), FINE, ids=[title for title, _ in FINE])
def test_a_document_may_have(title: str, document: bytes) -> None:
    assert amount(document, {"建筑面积": "89.50", "楼层": 5}) == "250.60"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places_and_excerpts_do_not_depend_on_marks_and_line_ends(mark: bytes, end: str) -> None:
    document = FLOORS.replace("kind: fee-schedule", "kind: fee-schedul").replace("\n", end)
    with pytest.raises(RuleErrors) as first:
        feerules.load_files({"garden.yaml": mark + document.encode()})
    assert str(first.value.problems[0]).splitlines()[:3] == [
        "garden.yaml:1:7: unknown_word",
        "  1 | kind: fee-schedul",
        "    |       ^",
    ]
    later = FLOORS.replace("> 3 ", "> 30").replace("\n", end)
    with pytest.raises(RuleErrors) as second:
        feerules.load_files({"garden.yaml": mark + later.encode()})
    assert str(second.value.problems[0]).splitlines()[:3] == [
        "garden.yaml:14:9: outside_domain",
        "  14 |       | > 30   | 2.80 |",
        "     |         ^",
    ]


# Whatever is done to a document, it loads or is refused.

SEEDS = [
    {file.name: file.read_text(encoding="utf-8") for file in files_of(path)}
    for path in [*documents(), DATA / "lakeside.yaml"]
    if "bomb" not in path.stem
]
LINES = sorted({line for files in SEEDS for text in files.values() for line in text.split("\n")})
WORDS = sorted({word for line in LINES for word in line.replace("{", " ").replace("}", " ").split()})
SCRAPS = st.sampled_from(
    [*WORDS, "", "-", "~", "[]", "{}", "|", "&a", "*a", "0", "-1", "9999-12-31", "1/0", "｜", "1e99", "\t"]
)


@st.composite
def mangled(draw: st.DrawFn) -> dict[str, str]:
    """A document with a few lines deleted, repeated, exchanged, or with a word put in place of another."""
    files = dict(draw(st.sampled_from(SEEDS)))
    name = draw(st.sampled_from(sorted(files)))
    lines = files[name].split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        words = lines[at].split(" ")
        word = draw(st.integers(0, len(words) - 1))
        exchanged = " ".join([*words[:word], draw(SCRAPS), *words[word + 1 :]])
        done = draw(st.sampled_from([[], [lines[at]] * 2, [draw(st.sampled_from(LINES))], [exchanged]]))
        lines[at : at + 1] = done
        lines = lines or [""]
    return {**files, name: "\n".join(lines)}


def problems_of(files: dict[str, str]) -> tuple[Problem, ...]:
    try:
        feerules.load_files(files)
    except RuleErrors as error:
        return error.problems
    return ()


@settings(max_examples=200)
@given(mangled())
def test_whatever_is_done_to_a_document_it_loads_or_is_refused(files: dict[str, str]) -> None:
    for problem in problems_of(files):
        assert str(problem)
        assert "" not in (problem.code, problem.found, problem.expected)
        assert problem.where.file in {".", *files}


def rewrite() -> None:
    for path in documents():
        text_of(path).write_text(str(refused(path)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    rewrite()


def test_a_comma_that_cuts_a_text_is_told_as_such() -> None:
    cases = "kind: cases\nfor: a\ncases:\n  - {name: a home of 295,000, unit: {}, period: 2026-11, expect: {total: 0}}\n"
    with pytest.raises(feerules.RuleErrors) as refused:
        feerules.load_files({"a.cases.yaml": cases})
    hints = [problem.hint for problem in refused.value.problems if problem.code == "unknown_key"]
    assert hints == ["put a text with a comma into quotes: inside { } a comma begins the next key"]
