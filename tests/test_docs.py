"""The manual cannot drift: its documents load, its cases pass, its Python prints what it says, its lists are whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

import feerules
import pages
from feerules.documents.cells import CellError
from feerules.documents.facts import BUILT_IN
from feerules.documents.formulas import FUNCTIONS, FormulaError, parse_formula
from feerules.load import KINDS
from feerules.money import ROUNDING_MODES
from feerules.reasons import CODES
from pages import PAGES, ROOT, Block, Folder, blocks, folders

MANUAL = ROOT / "docs" / "writing-rules.md"
POLICIES = ROOT / "docs" / "writing-policies.md"
LAW = ROOT / "docs" / "law-profiles.md"
ERRORS = ROOT / "docs" / "errors.md"

FOLDERS = [each for page in PAGES for each in folders(page)]
WRONG = [each for page in PAGES for each in folders(page, wrong=True)]


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_documents_of_the_manual_load_and_their_cases_pass(folder: Folder) -> None:
    book = feerules.load_files(folder.files)
    assert [str(case) for case in feerules.run_cases(book) if not case.passed] == []


@pytest.mark.parametrize("folder", WRONG, ids=str)
def test_wrong_documents_of_the_manual_have_the_problem_they_stand_below(folder: Folder) -> None:
    with pytest.raises(feerules.RuleErrors) as caught:
        feerules.load_files(folder.files)
    assert folder.first.heading.strip("`") in [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if pages.python_of(page)], ids=lambda page: page.name
)
def test_python_of_the_manual_prints_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages.lay_out(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in pages.python_of(page):
        pages.run(block, names)
        assert capsys.readouterr().out.splitlines() == pages.told(block), str(block)


def test_links_of_the_manual_lead_somewhere() -> None:
    assert [broken for page in PAGES for broken in pages.broken_links(page)] == []


# The reference is whole


def manual() -> str:
    return "".join(page.read_text(encoding="utf-8") for page in (MANUAL, POLICIES, LAW))


def test_every_key_of_every_document_is_in_the_manual() -> None:
    text = manual()
    missing = {key for key in keys() if not re.search(rf"[`{{ ]{key}(`|:)", text)}
    assert missing == set()


def keys() -> set[str]:
    return {field.alias or name for model in models() for name, field in model.model_fields.items()}


def models() -> set[type[BaseModel]]:
    """Every part that a document can have."""
    found: set[type[BaseModel]] = set()
    waiting: list[Any] = list(KINDS.values())
    while waiting:
        each = waiting.pop()
        if isinstance(each, type) and issubclass(each, BaseModel):
            if each not in found:
                found.add(each)
                waiting += [field.annotation for field in each.model_fields.values()]
        else:
            waiting += [part for part in get_args(each) if not isinstance(part, str)]
    return found


def test_every_closed_word_is_in_the_manual() -> None:
    text = manual()
    assert {word for word in words() if not re.search(rf"[`\[ ]{re.escape(word)}[`,\]}})\n]", text)} == set()


def words() -> set[str]:
    annotations = [field.annotation for model in models() for field in model.model_fields.values()]
    return {word for annotation in annotations for word in literals(annotation)} | {*ROUNDING_MODES}


def literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (word for word in get_args(annotation) if isinstance(word, str))
    elif isinstance(annotation, UnionType) or get_args(annotation):
        for part in get_args(annotation):
            yield from literals(part)


def test_every_function_and_built_in_name_is_in_the_manual() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    assert [name for name in FUNCTIONS if f"`{name}(" not in text] == []
    assert [name for name in BUILT_IN if f"| `{name}` |" not in text] == []


# The problems are listed

# Functions that are given a problem's code, as their first text.
REPORTERS = {
    *("problem", "Problem", "refuse", "_refused", "problem_with", "PydanticCustomError"),
    *("NotALiteral", "CellProblem", "_Slip", "FormulaProblem"),
    *("note", "stop", "tell", "report", "_tell", "_add"),
}
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)*")
# What is no code of its own: a validator's way to hand on problems that have theirs.
HANDED_ON = {"refused"}


def test_every_code_of_a_problem_is_on_the_page_and_no_other() -> None:
    written = {code for path in sorted((ROOT / "src").rglob("*.py")) for code in codes_in(path)}
    assert listed() == written - HANDED_ON


def test_every_code_of_a_unit_is_on_the_page_and_no_other() -> None:
    table = ERRORS.read_text(encoding="utf-8").partition("## Problems of a unit")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(CODES)


def listed() -> set[str]:
    text = ERRORS.read_text(encoding="utf-8").partition("## Problems of a unit")[0]
    return set(re.findall(r"^(?:### |\| )`(\w+)`", text, re.M))


def codes_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for text in candidates(node):
            if CODE.fullmatch(text):
                yield text


def candidates(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id="problem_at") | ast.Attribute(attr="problem_at"), args=args):
            # found, expected and hint come before its code, which is "syntax" unless given.
            yield from texts(args[4]) if len(args) > 4 else ["syntax"]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in REPORTERS:
            yield from next((found for arg in args if (found := list(texts(arg)))), [])
        case ast.keyword(arg="custom_error_type", value=value):
            yield from texts(value)
        case ast.Assign(targets=[ast.Name(id="code")], value=value):
            yield from texts(value)
        case ast.FunctionDef(name="_text_of"):
            tuples = [each for each in ast.walk(node) if isinstance(each, ast.Tuple) and len(each.elts) == 3]
            yield from (text for each in tuples for text in texts(each.elts[1]))


def texts(node: ast.expr | None) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from texts(body)
            yield from texts(orelse)


# The examples in its tables are what they are said to be

ROW = re.compile(r"\| `(\w+)` \|.*")
TYPES = {"floor": "number", "area": "number", "handover": "date", "entered": "datetime", "type": "string"}


def rows(heading: str) -> list[list[str]]:
    """The rows of the table below a heading, each cell without its backquotes."""
    section = ERRORS.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if ROW.fullmatch(line)]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(
    ("code", "fact", "wrong", "right"), [(r[0], r[2], r[3], r[4]) for r in rows("Cells") if r[2]]
)
def test_cells_of_the_page_on_problems(code: str, fact: str, wrong: str, right: str) -> None:
    how = {"type": TYPES[fact], "bare": TYPES[fact] == "string"}
    with pytest.raises(CellError) as caught:
        feerules.Cell.parse(wrong, **how)
    assert code in [problem.code for problem in caught.value.problems]
    feerules.Cell.parse(right, **how)


@pytest.mark.parametrize(("code", "wrong", "right"), [(r[0], r[2], r[3]) for r in rows("Formulas") if r[3]])
def test_formulas_of_the_page_on_problems(code: str, wrong: str, right: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse_formula(wrong)
    assert code in [problem.code for problem in caught.value.problems]
    parse_formula(right)


def test_blocks_are_found() -> None:
    """An empty list of blocks would pass every test above."""
    found: list[Block] = [block for page in PAGES for block in blocks(page)]
    assert len(FOLDERS) > 70
    assert len(WRONG) > 50
    assert len([block for block in found if block.language == "python"]) > 4
