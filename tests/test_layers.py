"""The laws of the house (laws.py) hold for the source, and each law catches its breach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from laws import (
    FOUNDATIONS,
    LAWS,
    PACKAGE,
    House,
    documents_know_no_machine,
    engines_come_off_with_one_line,
    engines_see_nodes_only,
    files_stay_short,
    foundations_stand_alone,
    functions_import_optional_dependencies_only,
    names_say_what_is_inside,
    no_cycles,
    nobody_imports_the_cli,
    plans_know_no_engine,
    read_house,
    the_front_door_only_names,
)

SOURCE = Path(__file__).parents[1] / "src" / PACKAGE


@pytest.fixture(scope="module")
def house() -> House:
    return read_house(SOURCE)


def assert_kept(breaches: list[str]) -> None:
    if breaches:
        pytest.fail("\n".join(breaches), pytrace=False)


def test_the_walk_sees_the_whole_house(house: House) -> None:
    assert len(house.trees) == len(list(SOURCE.rglob("*.py")))
    assert house.trees.keys() >= FOUNDATIONS


def test_documents_import_only_documents_and_the_foundations(house: House) -> None:
    assert_kept(documents_know_no_machine(house))


def test_plans_import_no_engine_and_no_verb(house: House) -> None:
    assert_kept(plans_know_no_engine(house))


def test_engines_see_only_plan_nodes_and_the_foundations(house: House) -> None:
    assert_kept(engines_see_nodes_only(house))


def test_foundations_import_only_the_standard_library_and_each_other(house: House) -> None:
    assert_kept(foundations_stand_alone(house))


def test_nobody_imports_the_cli(house: House) -> None:
    assert_kept(nobody_imports_the_cli(house))


def test_imports_have_no_cycle(house: House) -> None:
    assert_kept(no_cycles(house))


def test_functions_import_nothing_but_optional_dependencies(house: House) -> None:
    assert_kept(functions_import_optional_dependencies_only(house))


def test_no_module_is_named_for_a_drawer(house: House) -> None:
    assert_kept(names_say_what_is_inside(house))


def test_no_file_is_longer_than_450_lines(house: House) -> None:
    assert_kept(files_stay_short(house))


def test_the_package_holds_only_imports_and_a_sorted_all(house: House) -> None:
    assert_kept(the_front_door_only_names(house))


def test_deleting_an_engine_touches_one_line_elsewhere(house: House) -> None:
    assert_kept(engines_come_off_with_one_line(house))


# The checker itself: a tiny house that keeps every law, and one breach of each.

TIDY = {
    "__init__.py": '"""Fees."""\n\nfrom feerules.pricing import Bill, price\n\n__all__ = ["Bill", "price"]\n',
    "errors.py": "import json\n",
    "money.py": "from feerules.errors import Problem\n",
    "wording.py": "def words():\n    from babel.numbers import format_decimal\n",
    "documents/__init__.py": "",
    "documents/cells.py": "import pydantic\nfrom feerules import money\nfrom feerules.errors import Problem\n",
    "documents/tables.py": "from feerules.documents.cells import Cell\ndef read():\n    import openpyxl\n",
    "plan/__init__.py": "",
    "plan/nodes.py": "from feerules.documents.tables import Table\n",
    "engines/__init__.py": "",
    "engines/columnar.py": "import polars\nfrom feerules.plan.nodes import Node\n",
    "pricing.py": "def price_estate():\n    from feerules.engines.columnar import run\n",
    "cli.py": "from feerules.pricing import price\n",
}

BREACHES = [
    (documents_know_no_machine, "documents/a.py", "from feerules.plan.nodes import Node", "documents.a:1"),
    (documents_know_no_machine, "documents/a.py", "import feerules.pricing", "imports feerules.pricing"),
    (
        documents_know_no_machine,
        "documents/a.py",
        "from ..engines import columnar",
        "feerules.engines.columnar",
    ),
    (documents_know_no_machine, "documents/a.py", "from feerules import price", "imports feerules"),
    (plans_know_no_engine, "plan/a.py", "from feerules.engines import columnar", "plan.a:1"),
    (plans_know_no_engine, "plan/a.py", "from feerules import pricing", "imports feerules.pricing"),
    (engines_see_nodes_only, "engines/a.py", "from feerules.documents.cells import Cell", "engines.a:1"),
    (engines_see_nodes_only, "engines/a.py", "from feerules.plan import grid", "imports feerules.plan"),
    (engines_see_nodes_only, "engines/a.py", "from feerules.engines import columnar", "engines.columnar"),
    (foundations_stand_alone, "periods.py", "import pydantic", "periods:1 imports pydantic"),
    (foundations_stand_alone, "periods.py", "from feerules.plan import nodes", "imports feerules.plan.nodes"),
    (foundations_stand_alone, "wording.py", "import babel", "wording:1 imports babel"),
    (foundations_stand_alone, "periods.py", "def f():\n    import pydantic", "periods:2 imports pydantic"),
    (
        foundations_stand_alone,
        "errors.py",
        "from feerules.bill import Bill",
        "errors:1 imports feerules.bill",
    ),
    (nobody_imports_the_cli, "notices.py", "from feerules import cli", "notices:1 imports feerules.cli"),
    (no_cycles, "errors.py", "from feerules.money import Money", "errors -> money -> errors"),
    (no_cycles, "errors.py", "from feerules import price", "feerules -> pricing -> "),
    (functions_import_optional_dependencies_only, "a.py", "def f():\n    import json", "a:2 imports json"),
    (functions_import_optional_dependencies_only, "a.py", "def f():\n    from feerules import money", "a:2"),
    (
        functions_import_optional_dependencies_only,
        "a.py",
        "f = lambda: 0\nasync def g():\n    import re",
        "a:3",
    ),
    (names_say_what_is_inside, "table_utils.py", "", "not utils"),
    (names_say_what_is_inside, "common/tables.py", "", "not common"),
    (files_stay_short, "long.py", "x = 1\n" * 451, "long.py has 451 lines"),
    (the_front_door_only_names, "__init__.py", "import os\nos.getcwd()", "__init__.py:2"),
    (the_front_door_only_names, "__init__.py", "def price(): ...\n__all__ = ['price']", "__init__.py:1"),
    (the_front_door_only_names, "__init__.py", "from feerules.pricing import price", "no __all__"),
    (the_front_door_only_names, "__init__.py", "__all__ = ['price']", "price, which is not imported"),
    (
        the_front_door_only_names,
        "__init__.py",
        "from feerules.pricing import Bill, price\n__all__ = ['price', 'Bill']",
        "unsorted",
    ),
    (engines_come_off_with_one_line, "engines/idle.py", "", "engines.idle must be imported by one line"),
    (
        engines_come_off_with_one_line,
        "arrears.py",
        "from feerules.engines import columnar",
        "not 2: arrears:1",
    ),
]


def build(root: Path, files: dict[str, str]) -> House:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return read_house(root)


@pytest.mark.parametrize("law", LAWS)
def test_a_tidy_house_keeps_every_law(law: Callable[[House], list[str]], tmp_path: Path) -> None:
    assert law(build(tmp_path, TIDY)) == []


@pytest.mark.parametrize(("law", "file", "text", "told"), BREACHES)
def test_a_breach_of_a_law_is_told(
    law: Callable[[House], list[str]], file: str, text: str, told: str, tmp_path: Path
) -> None:
    breaches = law(build(tmp_path, TIDY | {file: text}))
    assert told in "\n".join(breaches)


def test_every_law_has_a_breach_that_proves_it() -> None:
    assert {law for law, *_ in BREACHES} == set(LAWS)
