"""Text becomes a tree of places; what is wrong with it is told word for word, all of it at once."""

from __future__ import annotations

import copy
import os
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from feerules.documents import reader
from feerules.documents.lookalikes import half
from feerules.documents.source import Lines, Map, Seq, Text, describe, quote, read, read_file
from feerules.errors import Problem, Where

MISTAKES = Path(__file__).parent / "data" / "source_mistakes.txt"


def mistakes() -> Iterator[Any]:
    """Blocks of a title, a document and, behind ***, what is told."""
    for block in MISTAKES.read_text(encoding="utf-8").split("=== ")[1:]:
        title, _, rest = block.partition("\n")
        document, told = rest.split("***\n")
        yield pytest.param(document, told.strip("\n"), id=title.replace(" ", "-"))


# What no data file can show: tabs, and characters that cannot be seen.
UNSEEN = [
    pytest.param(
        "fees:\n\tmanagement:\n\t\trate: 2.80\n\t\tper: area\n",
        """\
fees.yaml:2:1: tab_indent
  2 | →management:
    | ^
  found:    a tab in the indentation (and in 2 more lines)
  expected: spaces only
  hint:     replace each tab with two spaces""",
        id="tabs-for-indentation",
    ),
    pytest.param(
        "fees:\n  \tmanagement: 1\n",
        """\
fees.yaml:2:3: tab_indent
  2 |   →management: 1
    |   ^
  found:    a tab in the indentation
  expected: spaces only
  hint:     replace each tab with two spaces""",
        id="a-tab-behind-spaces",
    ),
    pytest.param(
        "",
        """\
fees.yaml:1:1: empty_file
  found:    an empty file
  expected: a document that begins with kind:
  hint:     begin with kind: fee-schedule, or another kind""",
        id="an-empty-file",
    ),
    pytest.param(
        "id: a\x07b\ntitle: \u202e费业物\nper: ar\u200bea\n",
        """\
fees.yaml:1:6: control_character
  1 | id: a\ufffdb
    |      ^
  found:    a character that cannot be seen: U+0007
  expected: text that can be seen
  hint:     delete it, or type the line again
fees.yaml:2:8: control_character
  2 | title: \ufffd费业物
    |        ^
  found:    a character that cannot be seen: right-to-left override
  expected: text that can be seen
  hint:     delete it, or type the line again
fees.yaml:3:8: control_character
  3 | per: ar\ufffdea
    |        ^
  found:    a character that cannot be seen: zero width space
  expected: text that can be seen
  hint:     delete it, or type the line again""",
        id="characters-that-cannot-be-seen",
    ),
    pytest.param(
        "rate:\u30002.80\nper: area\n",
        """\
fees.yaml:1:6: full_width
  1 | rate:\u30002.80
    |      ^
  found:    "\u3000" (ideographic space)
  expected: a half-width space
  hint:     type rate: 2.80""",
        id="an-ideographic-space-behind-a-colon",
    ),
    pytest.param(
        "fees:\n\u3000\u3000rate: 2.80\n",
        """\
fees.yaml:2:1: full_width
  2 | \u3000\u3000rate: 2.80
    | ^
  found:    "\u3000" (ideographic space)
  expected: a half-width space
  hint:     indent with half-width spaces""",
        id="ideographic-spaces-for-indentation",
    ),
    pytest.param(
        "type: \u3000住宅\n",
        """\
fees.yaml:1:7: full_width
  1 | type: \u3000住宅
    |       ^
  found:    "\u3000" (ideographic space)
  expected: a half-width space
  hint:     type type: 住宅""",
        id="an-ideographic-space-before-a-value",
    ),
]


@pytest.fixture(params=["libyaml", "pure Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers: the second serves where libyaml is absent."""
    if request.param == "pure Python":
        monkeypatch.setattr(reader, "_Loader", yaml.BaseLoader)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("document", "told"), [*mistakes(), *UNSEEN])
def test_a_mistake_is_told_word_for_word(document: str, told: str) -> None:
    assert "\n".join(map(str, read(document, "fees.yaml")[1])) == told


# What the writer typed, and what the problem says to type: both must be read as the same tree.
MENDED = {
    "kind: x\nrate：2.80\nper：area\n": "kind: x\nrate: 2.80\nper: area\n",
    "物业费：\n  rate：2.80\n": "物业费:\n  rate: 2.80\n",
    "fees:\n  rate:2.80\n  per:area\n": "fees:\n  rate: 2.80\n  per: area\n",
    "choice: [住宅，商铺、车位]\n": "choice: [住宅, 商铺, 车位]\n",
    "area：｛min：0，max：100，unit: m²｝\n": "area: {min: 0, max: 100, unit: m²}\n",
    "area: {min: 0，max：100, unit：m²}\n": "area: {min: 0, max: 100, unit: m²}\n",
    "title: {zh: 空置，六个月，en: Vacant}\n": "title: {zh: '空置，六个月', en: Vacant}\n",
    "rate: ｜\n  | floor |\n  |-------|\n": "rate: |\n  | floor |\n  |-------|\n",
    "channels:\n  － phone\n  － visit\n": "channels:\n  - phone\n  - visit\n",
    "fees:\n\u3000\u3000rate: 1\n\u3000\u3000per: area\n": "fees:\n  rate: 1\n  per: area\n",
    "rate: ２．８０ ＃ 元\n": "rate: 2.80 # 元\n",
    "lift: yes\nvacant: [No, 'no']\n": "lift: true\nvacant: [false, 'no']\n",
    "rate: 2.80\nrate: 3.00\n": "rate: 2.80\n",
    "rate: !money 2.80\n": "rate: 2.80\n",
    "id: a\u200b\n": "id: a\n",
}


@pytest.mark.parametrize(("typed", "meant"), MENDED.items(), ids=range(len(MENDED)))
def test_a_plain_slip_leaves_the_tree_that_was_meant_so_that_later_stages_can_tell_theirs(
    typed: str, meant: str
) -> None:
    assert read(typed, "fees.yaml")[1]
    assert read(meant, "fees.yaml") == (read(typed, "fees.yaml")[0], [])


RIGHT = [
    "title: 空置，六个月：八折（含）；其余【全额】\n",
    "title: “尊享”服务\nnote: 见\n  注意：此处\n",
    "title: １２号楼\ndocument: 杭价服［2017］14号\n",
    "title: \"rate：2.80，３\"\nother: '［a］'\n",
    "address: https://example.org/a:b\nquiet: 22:00-08:00\nkeys: [a:b]\n",
    "on: [a]\ny: 1\nno: 2\n",
    "lift: 'yes'\nword: yesterday\n",
    "rate: |\n  | 楼层：高，低 | ２ |\n  \t| tab | here |\n",
    "base: &base {per: area}\nother: *base\n",
    "a: 1 # 全角：，［\n",
    "# 标题：物业费\na: 1\n",
    "a:\n- 1\n- 2\n",
    "a: 1\n \t \nb: 2\n",
    "%YAML 1.2\n---\na: 1\n...\n",
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("document", RIGHT)
def test_chinese_prose_and_ordinary_yaml_are_not_suspected(document: str) -> None:
    assert read(document, "fees.yaml")[1] == []


def tree_of(document: str) -> Map:
    tree, problems = read(document, "f")
    assert problems == []
    assert tree is not None
    return tree


def test_scalars_stay_the_text_that_was_written() -> None:
    tree = tree_of("a: 0.0005\nb: 1e3\n1: 012\nd: 2026-01-01\ne: 'yes'\nf: ~\ng:\nh: ''\ni: Null\n")
    assert tree == {
        "a": "0.0005", "b": "1e3", "1": "012", "d": "2026-01-01", "e": "yes",
        "f": None, "g": None, "h": "", "i": None,
    }  # fmt: skip


def test_texts_know_whether_they_were_quoted_or_a_block() -> None:
    tree = tree_of("a: x\nb: 'x'\nc: \"x\"\nd: |\n  x\ne: >\n  x\n")
    assert [(text.quoted, text.block) for text in tree.values()] == [
        (False, False), (True, False), (True, False), (False, True), (False, True),
    ]  # fmt: skip


# Each character in « » is looked for in the value of "a"; the marks are taken out before it is read.
PLACES = [
    "a: «x»yz\n",
    "a: xy«z»\n",
    "a: '«x»y'\n",
    "a: 'it''s «x»y'\n",
    'a: "中\\u4e2d\\n\\"«x»y"\n',
    'a: "one\\\n   «x»"\n',
    "a: one\n  two\n\n  th«r»ee\n",
    "a: 'one\n  two\n\n\n  th«r»ee'\n",
    "a: |\n  | a |\n  | 中«b» |\n",
    "a: |  # 说明\n\n      two\n        «b»\n",
    "a: |2\n    «b»\n",
    "a: |-\n  one\n\n  «b»",
    "a: >\n  one\n  two «b»\n",
    "b: 1\na: &name «x»y\n",
    "b: 1\na: &name\n  «x»y\n",
    "b: {c: [1, 2]}\na: {b: «x»}\n",
    "b: '中文'\na: [1, «x»]\n",
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "BOM"])
@pytest.mark.parametrize("marked", PLACES)
def test_each_character_of_a_text_knows_its_line_and_column(marked: str, newline: str, bom: str) -> None:
    before, wanted, _ = re.split("[«»]", marked)
    place = Where("f", before.count("\n") + 1, len(before) - before.rfind("\n"))
    tree = tree_of(bom + re.sub("[«»]", "", marked).replace("\n", newline))
    value = tree["a"]
    while not isinstance(value, Text):
        value = value["b"] if isinstance(value, Map) else value[-1]
    offset = value.index(wanted)
    line = value[:offset].count("\n")
    assert value.spot(offset) == place
    assert value.at(line, offset - (value.rfind("\n", 0, offset) + 1)) == place
    assert value.cut(offset, offset + 1).where == place
    assert value.cut(offset, offset + 1) == wanted


def test_mappings_lists_and_keys_know_where_they_begin() -> None:
    tree = tree_of("a:\n  b: [1,\n    {c: ~}]\n")
    items = tree["a"]["b"]
    assert [str(node.where) for node in (tree, tree["a"], items, items[1])] == [
        "f:1:1",
        "f:2:3",
        "f:2:6",
        "f:3:5",
    ]
    assert str(tree["a"].key_where("b")) == "f:2:3"
    assert str(tree["a"].value_where("b")) == "f:2:6"
    assert str(items[1].value_where("c")) == "f:3:6"
    assert str(items[1].key_where("nowhere")) == "f:3:5"


def test_a_text_made_by_hand_stands_in_a_file_of_its_own() -> None:
    text = Text("one\ntwo")
    assert text.problem("odd", found="two", expected="three", where=text.at(1, 1)) == Problem(
        "odd", Where("<text>", 2, 2), "two", "three", "", "two"
    )


def test_nodes_keep_their_places_through_pickle_and_copy() -> None:
    tree = tree_of("a: [x, {b: 'y'}]\n")
    for other in (pickle.loads(pickle.dumps(tree)), copy.deepcopy(tree)):
        assert other == tree
        assert [type(other), type(other["a"]), type(other["a"][0])] == [Map, Seq, Text]
        assert other["a"][1]["b"].where == tree["a"][1]["b"].where == Where("f", 1, 13)
        assert other["a"][1]["b"].quoted


def test_an_excerpt_shows_no_more_than_160_characters_and_none_where_the_column_lies_beyond() -> None:
    lines = Lines("f", "x" * 200)
    assert lines.excerpt_of(Where("f", 1, 160)) == "x" * 160
    assert lines.excerpt_of(Where("f", 1, 161)) == ""
    assert lines.excerpt_of(Where("f", 9, 1)) == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Text("月"), '"月"'),
        (Text("x" * 41), f'"{"x" * 39}…"'),
        (Text("one\ntwo"), '"one…"'),
        (Text("a\x1b[31mb"), '"a\ufffd[31mb"'),
        (Text(""), "an empty text"),
        (None, "nothing"),
        (Map({Text("zh"): 1, Text("en"): 2}), "a mapping (zh, en)"),
        (Map(), "an empty mapping"),
        (Seq([1]), "a list"),
        (Seq(), "an empty list"),
        (2.5, "2.5 (float)"),
    ],
)
def test_what_was_found_is_said_in_words(value: object, said: str) -> None:
    assert describe(value) == said


def test_a_quotation_is_as_long_as_it_may_be() -> None:
    assert quote("x" * 40) == f'"{"x" * 40}"'


def test_full_width_characters_have_a_half_width_form_each() -> None:
    assert half("１２．８，：［］｛｝（）％－＋｜＃“”‘’、。￥　") == "12.8,:[]{}()%-+|#\"\"'',.¥ "


# Files


ENCODED = [
    (
        "title: 物业费\n".encode("gb18030"),
        """\
fees.yaml:1:8: not_utf8
  1 | title: 物业费
    |        ^
  found:    bytes that are not UTF-8, from byte 7
  expected: a file saved as UTF-8
  hint:     it looks like GB18030, the Chinese encoding of Windows: save it again as UTF-8""",
    ),
    (
        "a: 1\n".encode("utf-16"),
        """\
fees.yaml:1:1: not_utf8
  1 | a: 1
    | ^
  found:    bytes that are not UTF-8, from byte 0
  expected: a file saved as UTF-8
  hint:     it looks like UTF-16: save it again as UTF-8""",
    ),
    (
        b"id: x\ntitle: \xff\n",
        """\
fees.yaml:2:8: not_utf8
  2 | title: \ufffd
    |        ^
  found:    bytes that are not UTF-8, from byte 13
  expected: a file saved as UTF-8
  hint:     save it again as UTF-8""",
    ),
]


@pytest.mark.parametrize(("content", "told"), ENCODED, ids=["GB18030", "UTF-16", "neither"])
def test_a_file_that_is_not_utf8_is_refused_at_its_first_wrong_byte(content: bytes, told: str) -> None:
    tree, problems = read(content, "fees.yaml")
    assert tree is None
    assert "\n".join(map(str, problems)) == told


def test_a_file_is_read_from_its_path_and_called_by_its_label(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffid: 物业\r\nlift: no\r\n".encode())
    tree, problems = read_file(path, "book/a.yaml")
    assert tree == {"id": "物业", "lift": "false"}
    assert [str(p.where) for p in problems] == ["book/a.yaml:2:7"]


def test_a_file_of_100_mb_is_refused_by_its_size_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "big.yaml"
    path.touch()
    os.truncate(path, 100_000_000)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("the file was opened"))
    [problem] = read_file(path, "big.yaml")[1]
    assert (
        str(problem)
        == """\
big.yaml:1:1: too_big
  found:    a file of 100,000,000 bytes
  expected: at most 4,194,304 bytes
  hint:     put large tables in a CSV file beside the document"""
    )


def test_a_path_that_is_no_file_is_a_problem_and_not_an_exception(tmp_path: Path) -> None:
    for path, reason in [
        (tmp_path / "none.yaml", "No such file or directory"),
        (tmp_path, "it is not a file"),
    ]:
        [problem] = read_file(path, "none.yaml")[1]
        assert (problem.code, problem.found) == ("unreadable_file", f"a file that cannot be read: {reason}")


# Hostile documents


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{inner}'] * 9)}]\n"
    for inner, name in zip("abcdef", "bcdefg", strict=True)
)
ALIAS_TOWER = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [[[[*a{n - 1}]]]]\n" for n in range(1, 20))

HOSTILE = {
    "levels in brackets": ("a: " + "[" * 1_000_000, "too_deep"),
    "levels in dashes": ("- " * 1_000_000, "too_deep"),
    "levels of keys": ("? " * 1_000_000, "too_deep"),
    "levels by indentation": ("".join(f"{' ' * n}a:\n" for n in range(100)), "too_deep"),
    "values": ("a: [" + "b," * 300_000 + "]", "too_many_values"),
    "aliases": ("a: &a [x]\nb: [" + "*a," * 101 + "]", "too_many_aliases"),
    "aliases of aliases": (BOMB, "too_many_aliases"),
    "levels by aliases": (ALIAS_TOWER, "too_many_aliases"),
    "characters": ("a: " + "x" * 5_000_000, "too_big"),
    "mistakes": ("a: 1\n" * 1000, "too_many_problems"),
    "lines to mend": ("a：1\n" * 50_000, "too_many_problems"),
    "commas to mend": ("a: [" + "b，" * 300_000 + "]", "full_width"),
    "control characters": ("\x00" * 1_000_000, "too_many_problems"),
}


@pytest.mark.parametrize(("document", "code"), HOSTILE.values(), ids=HOSTILE)
def test_a_document_with_too_much_of_something_is_refused(document: str, code: str) -> None:
    problems = read(document, "f")[1]
    assert problems[-1].code == code
    assert len(problems) <= 101
    assert max(len(p.found) + len(p.hint) for p in problems) < 400


def test_forty_levels_and_a_hundred_aliases_are_allowed() -> None:
    assert read("a: " + "[" * 39 + "x" + "]" * 39, "f")[1] == []
    assert read("a: " + "[" * 40 + "x" + "]" * 40, "f")[1][0].code == "too_deep"
    assert read("a: &a [x]\nb: [" + "*a," * 100 + "]", "f")[1] == []


# Whatever is typed


PIECES = [
    "a", "rate", "物业", ": ", ":", "：", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ", ", "，", "、", "'", '"',
    "|\n", ">", "&a ", "*a", "!x ", " #", "＃", "? ", "\t", "yes", "~", "２．８", "2.80", "“", "”", "｜", "－ ", "\u3000",
    "\xa0", "\x00", "\u200b", "\u2028", "\ufeff", "---\n", "...\n", "<<", "\\", "\\q", "\\\n", "\ud800", "😀", "\r\n",
    "［", "］", "%YAML 1.1\n", "''",
]  # fmt: skip


def check_promises(document: str | bytes) -> None:
    tree, problems = read(document, "f")
    assert tree is None or isinstance(tree, Map)
    assert tree is not None or problems
    text = document if isinstance(document, str) else document.decode("utf-8", "replace")
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    for problem in problems:
        assert problem.found
        assert problem.expected
        assert problem.hint
        if isinstance(document, str):
            assert 1 <= problem.where.column <= len(lines[problem.where.line - 1]) + 1
        assert "token" not in str(problem)
    if tree is not None:
        check_places(tree, lines)


def check_places(node: Any, lines: list[str]) -> None:
    if isinstance(node, Map | Seq):
        assert node.where.line <= len(lines)
        for inner in [*node, *(node.values() if isinstance(node, Map) else ())]:
            check_places(inner, lines)
    elif node is not None:
        for place in (node.where, node.spot(len(node) // 2), node.spot(len(node))):
            assert place.line <= len(lines) + 1


@given(st.text())
def test_any_text_gives_a_tree_or_problems_and_never_an_exception(document: str) -> None:
    check_promises(document)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_heap_of_yaml_pieces_gives_a_tree_or_problems_and_never_an_exception(document: str) -> None:
    check_promises(document)


@given(st.binary())
def test_any_bytes_give_a_tree_or_problems_and_never_an_exception(document: bytes) -> None:
    check_promises(document)


@given(st.recursive(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=4),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcd", min_size=1), inner),
))  # fmt: skip
def test_what_yaml_writes_is_read_back_as_it_was(value: Any) -> None:
    document = yaml.dump({"a": value}, allow_unicode=True, Dumper=yaml.SafeDumper, default_style='"')
    assert read(document, "f") == ({"a": value}, [])
