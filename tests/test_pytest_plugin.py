"""The cases of a book are tests of pytest: by a setting, by an option, or by one line of a test file."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import feerules
import feerules_pytest
from test_import import place_of_the_package, run_fresh

pytest_plugins = ["pytester"]

SCHEDULE = """kind: fee-schedule
id: garden
effective: {from: 2026-01-01}
facts: {area: {decimal: 2, min: 0, max: 10000, unit: m²}}
fees: {management: {per: area, rate: 3.00}}
"""
CASES = """kind: cases
for: garden
cases:
  - {name: {zh: 整月, en: a month}, unit: {area: 100}, period: 2026-11, expect: {management: 300}}
  - {name: {zh: 错的, en: a wrong one}, unit: {area: 100}, period: 2026-11, expect: {management: 300.01}}
"""
ALIKE = """kind: cases
for: garden
cases:
  - {name: twice, unit: {area: 1}, period: 2026-11, expect: {management: 3}}
  - {name: twice, unit: {area: 2}, period: 2026-11, expect: {management: 6}}
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a book of two documents of cases, and a test of its own."""
    files = {"garden.yaml": SCHEDULE, "garden.cases.yaml": CASES, "east/alike.cases.yaml": ALIKE}
    for name, text in files.items():
        path = pytester.path / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (pytester.path / "tests").mkdir()
    (pytester.path / "tests" / "test_own.py").write_text("def test_own(): pass\n")
    return pytester


def ran(project: pytest.Pytester, *args: str) -> pytest.RunResult:
    # What a run imports is forgotten after it, and YAML's parser cannot be loaded twice: so all is there before.
    feerules.load_files({"garden.yaml": SCHEDULE})
    return project.runpytest_inprocess("-p", "no:cacheprovider", *args, plugins=[feerules_pytest])


def setting(project: pytest.Pytester, text: str = "feerules_books = rules\ntestpaths = tests\n") -> None:
    project.makeini(f"[pytest]\n{text}")


def test_a_setting_makes_each_case_a_test_beside_the_others(project: pytest.Pytester) -> None:
    setting(project)
    result = ran(project, "-v")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "tests/test_own.py::test_own PASSED*",
            "rules/east/alike.cases.yaml::twice PASSED*",
            "rules/east/alike.cases.yaml::twice (2) PASSED*",
            "rules/garden.cases.yaml::a month PASSED*",
            "rules/garden.cases.yaml::a wrong one FAILED*",
        ],
    )


def test_a_case_that_fails_shows_its_differences_and_no_traceback(project: pytest.Pytester) -> None:
    result = ran(project, "--feerules", "rules")
    result.stdout.fnmatch_lines(
        ["garden.cases.yaml:5:5: a wrong one", "  management: expected 300.01, found 300.00"],
        consecutive=True,
    )
    assert "Traceback" not in result.stdout.str()
    assert ".py:" not in result.stdout.str()


def test_differences_are_told_in_chinese(project: pytest.Pytester) -> None:
    setting(project, "feerules_books = rules\nfeerules_locale = zh_CN\n")
    result = ran(project)
    result.stdout.fnmatch_lines(
        ["garden.cases.yaml:5:5: 错的", "  management：预期300.01，实际300.00"], consecutive=True
    )


CHOSEN = [
    (("tests/test_own.py",), {"passed": 1}),
    (("rules",), {"passed": 3, "failed": 1}),
    (("rules/garden.cases.yaml",), {"passed": 1, "failed": 1}),
    (("rules/garden.cases.yaml::a month",), {"passed": 1}),
    (("rules/east/alike.cases.yaml::twice (2)",), {"passed": 1}),
    (("-k", "twice"), {"passed": 2, "deselected": 3}),
    (("--feerules", "rules", "tests"), {"passed": 4, "failed": 1}),
]


@pytest.mark.parametrize(("args", "outcome"), CHOSEN, ids=lambda value: " ".join(value)[:40])
def test_cases_are_chosen_as_other_tests_are(
    project: pytest.Pytester, args: tuple[str, ...], outcome: dict[str, int]
) -> None:
    setting(project)
    ran(project, *args).assert_outcomes(**outcome)


def test_an_option_asks_for_the_cases_alone(project: pytest.Pytester) -> None:
    ran(project, "--feerules", "rules").assert_outcomes(passed=3, failed=1)


def test_a_book_that_does_not_load_is_one_error_with_its_problems(project: pytest.Pytester) -> None:
    (project.path / "rules" / "garden.yaml").write_text(SCHEDULE.replace("rate: 3.00", "rat: 3.00"))
    result = ran(project, "--feerules", "rules")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*problem* in the rules", "garden.yaml:5:*: unknown_key", '*did you mean "rate"*']
    )
    assert "Traceback" not in result.stdout.str()


ONE_LINE = 'from feerules_pytest import cases\n\ntest_cases = cases("rules")\n'


def test_one_line_of_a_test_file_runs_the_cases(project: pytest.Pytester) -> None:
    (project.path / "tests" / "test_fees.py").write_text(ONE_LINE)
    result = ran(project, "-v", "tests/test_fees.py")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*test_fees.py::test_cases?a wrong one? FAILED*"])
    result.stdout.fnmatch_lines(
        ["garden.cases.yaml:5:5: a wrong one", "  management: expected 300.01, found 300.00"],
        consecutive=True,
    )


def test_one_line_for_a_book_that_does_not_load_tells_its_problems(project: pytest.Pytester) -> None:
    (project.path / "rules" / "garden.yaml").write_text(SCHEDULE.replace("rate: 3.00", "rat: 3.00"))
    (project.path / "tests" / "test_fees.py").write_text(ONE_LINE)
    result = ran(project, "tests/test_fees.py")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*garden.yaml:5:*: unknown_key"])


def test_the_plugin_loads_nothing_until_a_book_is_asked_for() -> None:
    loaded = "[m for m in sys.modules if m.partition('.')[0] in ('feerules', 'pydantic', 'yaml', 'babel')]"
    code = f"import json, sys, feerules_pytest; print(json.dumps({{'loaded': {loaded}}}))"
    assert run_fresh(code, place_of_the_package()) == {"loaded": []}
    tree = ast.parse(Path(feerules_pytest.__file__).read_text(encoding="utf-8"))
    asked = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    asked |= {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert asked <= {"pytest", *sys.stdlib_module_names, "collections.abc"}
